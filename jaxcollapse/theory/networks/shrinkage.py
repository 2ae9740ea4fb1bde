"""Filters of gradient descent: how much of the least-squares answer a fit reaches along each eigenvector.

Training towards the answer ``u`` ends at ``F u``, or, begun at ``b``, at ``F u + (1 - F) b``.

Reference: Ali, Kolter and Tibshirani 2019, arXiv:1810.10082.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_count, check_nonnegative, check_positive, check_scalar, is_traced
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.regression.descent import Shrinkage


@lenient()
def gradient_flow(time: Number) -> Shrinkage:
    """Gradient flow on ``|y - Xw|^2/(2n)``, stopped: ``F = 1 - exp(-time s)``.

    **Arguments**

    - `time`: how long, positive.

    **Returns** a `Shrinkage`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Ali, Kolter and Tibshirani 2019, arXiv:1810.10082.

    ```python
    >>> round(float(gradient_flow(time=2.0)(0.5)), 4)
    0.6321

    ```
    """
    check_scalar("time", time)
    check_positive("time", time)
    return _Flow(as_floats(time))


@lenient()
def gradient_descent(rate: Number, steps: Count, decay: Number = 0.0) -> Shrinkage:
    """Steps of gradient descent on ``|y - Xw|^2/(2n)``: ``F = 1 - (1 - rate s)^steps``.

    With weight decay, on that and ``decay |w|^2/2``, ``F = s/(s + decay) [1 - (1 - rate (s + decay))^steps]``.

    **Arguments**

    - `rate`: of the descent, positive; it diverges along eigenvectors with ``rate s > 2``.
    - `steps`: how many, a positive integer.
    - `decay`: of the weights, at least 0: after many steps it is a ridge penalty.

    **Returns** a `Shrinkage`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Ali, Kolter and Tibshirani 2019, arXiv:1810.10082, for its limit, `gradient_flow`.

    ```python
    >>> float(gradient_descent(rate=0.5, steps=2)(1.0))
    0.75

    ```
    """
    check_scalar("rate", rate)
    check_positive("rate", rate)
    check_count("steps", steps, minimum=1)
    check_scalar("decay", decay)
    check_nonnegative("decay", decay)
    return _Descent(as_floats(rate), as_floats(decay), int(steps))


@lenient()
def ridge_shrinkage(penalty: Number) -> Shrinkage:
    """A ridge penalty, trained to the end: ``F = s/(s + penalty)``.

    **Arguments**

    - `penalty`: ``lambda`` per sample, positive: ``argmin_w |y - Xw|^2/n + lambda |w|^2``.

    **Returns** a `Shrinkage`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact; with it, and all data kept, `early_stopping_squared_error` is
    `jaxcollapse.theory.regression.ridge_accumulate_given_design`.

    **Reference** Derived here.

    ```python
    >>> float(ridge_shrinkage(penalty=0.5)(1.5))
    0.75

    ```
    """
    check_scalar("penalty", penalty)
    check_positive("penalty", penalty)
    return _Ridge(as_floats(penalty))


class _Flow(Shrinkage):
    time: Float[Array, ""]

    @lenient()
    def missed(self, eigenvalues):
        return jnp.exp(-self.time * eigenvalues)

    @lenient()
    def __call__(self, eigenvalues):
        return -jnp.expm1(-self.time * eigenvalues)


class _Descent(Shrinkage):
    rate: Float[Array, ""]
    decay: Float[Array, ""]
    steps: int = eqx.field(static=True)

    @lenient()
    def missed(self, eigenvalues):
        share, _ = self._penalised(eigenvalues)
        return 1 - share + share * self.kept(eigenvalues)

    @lenient()
    def kept(self, eigenvalues):
        return (1 - self.rate * (eigenvalues + self.decay)) ** self.steps

    @lenient()
    def __call__(self, eigenvalues):
        share, total = self._penalised(eigenvalues)
        step = self.rate * total
        small = step < 0.5
        gone = self.steps * jnp.log1p(-jnp.where(small, step, 0.0))
        return share * jnp.where(small, -jnp.expm1(gone), 1 - (1 - step) ** self.steps)

    def check(self, eigenvalues):
        largest = jnp.max(eigenvalues) + self.decay
        if not is_traced(largest) and not is_traced(self.rate) and float(self.rate * largest) >= 2:
            raise ValueError(
                f"rate must be below 2 over the largest eigenvalue {float(largest):g} (decay included), that is below "
                f"{2 / float(largest):g}, or descent diverges: got {float(self.rate):g}"
            )

    def _penalised(self, eigenvalues: Any) -> tuple[Array, Array]:
        """What decay leaves in the end, and the curvature of the loss with it."""
        s = jnp.asarray(eigenvalues)
        total = s + self.decay
        return jnp.where(total > 0, s / jnp.where(total > 0, total, 1.0), 1.0), total


class _Ridge(Shrinkage):
    penalty: Float[Array, ""]

    @lenient()
    def missed(self, eigenvalues):
        return self.penalty / (eigenvalues + self.penalty)

    @lenient()
    def __call__(self, eigenvalues):
        return eigenvalues / (eigenvalues + self.penalty)
