"""Whether JAX is differentiating: for a computation with a way of its own at one value only."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxcollapse.machine.leniency import lenient


@jax.custom_jvp
@lenient()
def _followed(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    return jnp.zeros_like(x)


@_followed.defjvp
@lenient()
def _followed_jvp(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Array, Array]:
    return jnp.ones_like(primals[0]), jnp.zeros_like(primals[0])


def differentiated(x: Float[Array, "*shape"]) -> Bool[Array, "*shape"]:
    """True inside of a derivative with respect to something that `x` depends on, false elsewhere.

    A branch that is taken at a single value, such as a penalty of zero, knows nothing of the values beside it: its
    derivative there would be zero. Where this is true the way of the values beside it is to be taken.

    ```python
    >>> import jax, jax.numpy as jnp
    >>> short_cut = lambda x: jnp.where((x == 0) & ~differentiated(x), 1.0, jnp.exp(x))
    >>> float(short_cut(jnp.zeros(()))), float(jax.grad(short_cut)(0.0))
    (1.0, 1.0)

    ```
    """
    return _followed(x) > 0


def beside_zero(x: Any) -> Any:
    """`x`, but inside of a derivative with respect to it a number next to nothing where it is zero.

    The logarithm of a weight has no derivative at a weight of zero, and a row without weight is left out; what is made
    of them, such as a variance, has one: that is found beside zero. What is added is the smallest number over the
    rounding of one, some 1e-31 in single and 1e-292 in double precision. Numbers of Python are returned as they are.

    ```python
    >>> import jax, jax.numpy as jnp
    >>> mixed = lambda weight: jnp.logaddexp(jnp.log(1 - weight), jnp.log(beside_zero(weight)) + 1.0)
    >>> print(f"{float(jax.grad(mixed)(0.0)):.3f}")  # exp(1) - 1
    1.718

    ```
    """
    if not isinstance(x, jax.Array) or not jnp.issubdtype(x.dtype, jnp.floating):
        return x
    tiny = jnp.finfo(x.dtype).tiny / jnp.finfo(x.dtype).eps
    return x + jnp.where((x == 0) & differentiated(x), tiny, jnp.zeros_like(x))
