"""A root with its derivatives: what Newton's method found, told to those who differentiate."""

from collections.abc import Callable
from typing import Any


def differentiable(newton: Callable[..., Any], root: Any, *setting: Any) -> Any:
    """A root that was found with everything held constant, after two Newton steps with the true `setting`.

    From a constant, every Newton step doubles the number of derivatives that are right. A rule of our own for the first
    derivative would be lost when a scan is differentiated twice in reverse mode.

    **Arguments**

    - `newton`: one step, ``newton(root, *setting)``, which a root does not move.
    - `root`: a number, or several as a pytree.
    - `setting`: what the root depends on.

    **Returns** the root, with first, second and third derivatives in the setting.

    ```python
    >>> import jax
    >>> half = lambda x, a: 0.5 * (x + a / x)  # towards the square root of a
    >>> root = lambda a: differentiable(half, jax.lax.stop_gradient(a**0.5), a)
    >>> [float(f(4.0)) for f in (root, jax.grad(root), jax.grad(jax.grad(root)))]
    [2.0, 0.25, -0.03125]

    ```
    """
    for _ in range(2):
        root = newton(root, *setting)
    return root
