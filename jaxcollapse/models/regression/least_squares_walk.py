"""Least squares with new rows at every generation as a walk of one number, the length of the error.

`LinearRegression` reduces to it by itself; it is a model like any other.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.chain.data import Moved
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule
from jaxcollapse.random import chi_square, normal_pair
from jaxcollapse.random.ridge.rotation import root


class LeastSquaresWalk(Model):
    """The error norm of a least-squares chain under `Replace`: three draws a generation, for any covariance.

    ``r = |w - w0|_Sigma`` moves by ``r^2 <- (r + s z)^2 + s^2 chi2(dim - 1)`` with a standard normal ``z`` and
    ``s^2 = noise^2 / chi2(n - dim + 1)``: the reduction of `LinearRegression` with a fresh design and no penalty.

    **Arguments**

    - `dim`: number of coefficients.
    - `noise`: standard deviation of the label noise, at least 0; a number or a schedule.

    **Metrics** `risk`: the excess test risk ``r^2``.

    **Exactness** Exact in law for ``n >= dim``; NaN below.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> walk = jc.models.regression.least_squares_walk.LeastSquaresWalk(100, noise=1.0)
    >>> jc.simulate(walk, jc.Replace(), key=jax.random.key(0), samples=200, generations=3).risk.shape
    (3,)

    ```
    """

    dim: int = eqx.field(static=True)
    noise: Scheduled

    def __init__(self, dim: int, *, noise: Any):
        self.dim = dim
        self.noise = number_or_schedule(noise, "noise", 0.0)

    @property
    def draws_sums(self) -> bool:
        return True

    def truth(self) -> Float[Array, ""]:
        """No error."""
        return jnp.zeros(())

    def metrics(self, params: Float[Array, ""], **context) -> dict[str, Float[Array, ""]]:
        """The excess test risk."""
        return {"risk": params**2}

    def sample(self, key: Key[Array, ""], params: Float[Array, ""], n: Scalar | int) -> Moved:
        """The error after a fit to `n` samples."""
        along, across = least_squares_move(key, self.noise, n, self.dim, params.dtype)
        return Moved(root((params + along) ** 2 + across**2))

    def fit(self, data: Moved, **context) -> Float[Array, ""]:
        """The error that was drawn."""
        return data.params


def least_squares_move(key: Key[Array, ""], noise: Scalar, n: Scalar | int, dim: int, dtype) -> tuple[Array, Array]:
    """How far a least-squares fit moves, along a given direction and across it (relative to the features' scale)."""
    z, other = normal_pair(key, dtype)
    scale = noise / jnp.sqrt(chi_square(key, jnp.asarray(n - dim + 1.0, dtype), stream=1, z=other))
    across = chi_square(key, jnp.asarray(dim - 1.0, dtype), stream=8)
    return scale * z, scale * jnp.sqrt(across)
