"""Ridge regression on isotropic rows as a walk of two numbers: the length of the estimate, and its share of the truth.

Every other direction of the estimate is uniform, so these two are a Markov chain. `LinearRegression` reduces to it by
itself; it is a model like any other.
"""

from typing import Any, Literal, TypeAlias, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.numbers import number
from jaxcollapse.chain.data import Moved
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule
from jaxcollapse.machine.differentiation import differentiated
from jaxcollapse.models.regression.least_squares_walk import least_squares_move
from jaxcollapse.random import chi_square, isotropic_ridge, normal, normal_pair
from jaxcollapse.random.ridge.rotation import ratio, root

RidgeFit: TypeAlias = Literal["penalised", "least squares", "minimum norm"]


RIDGE_FITS: tuple[RidgeFit, ...] = get_args(RidgeFit)


class Coefficients(eqx.Module):
    """Coefficients up to a rotation that keeps the truth: their component along it and the length of the rest."""

    along: Float[Array, ""]
    across: Float[Array, ""]


class RidgeWalk(Model):
    """The estimate of a ridge chain with isotropic features under `Replace`, as two numbers.

    The data of one generation enters as the bidiagonal form of a Gaussian design, which is drawn step by step
    (`jaxcollapse.random.isotropic_ridge`): three draws for each step, of which there are at most ``min(n, dim)``. A
    generation without a penalty moves like a `LeastSquaresWalk`; or, for ``n < dim``, to its projection on the span of
    the rows and along the noise there, which takes eight draws. The reduction of `LinearRegression` with a fresh design
    and equal eigenvalues.

    **Arguments**

    - `dim`: number of coefficients.
    - `eigenvalue`: of the covariance of the features, positive.
    - `length`: of the true coefficients, at least 0.
    - `noise`, `penalty`: as for `LinearRegression`; numbers or schedules.
    - `fits`: which kinds of fits there will be, as far as that is known: all of them by default. What does not occur
      is not compiled.

    **Metrics** `risk`: the excess test risk.

    **Exactness** Exact in law for every ``n``, up to the tolerance of the iteration (1e-12; single precision 1e-7).

    ```python
    >>> import jax, jaxcollapse as jc
    >>> walk = jc.models.regression.ridge_walk.RidgeWalk(100, 1.0, 1.0, noise=1.0, penalty=0.1)
    >>> jc.simulate(walk, jc.Replace(), key=jax.random.key(0), samples=200, generations=3).risk.shape
    (3,)

    ```
    """

    dim: int = eqx.field(static=True)
    eigenvalue: Float[Array, ""]
    length: Float[Array, ""]
    noise: Scheduled
    penalty: Scheduled
    fits: tuple[RidgeFit, ...] = eqx.field(static=True)

    def __init__(
        self,
        dim: int,
        eigenvalue: Any,
        length: Any,
        *,
        noise: Any,
        penalty: Any,
        fits: tuple[RidgeFit, ...] = RIDGE_FITS,
    ):
        self.dim = dim
        self.fits = fits
        self.eigenvalue = number(eigenvalue, "eigenvalue", 0.0)
        self.length = number(length, "length", 0.0)
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.penalty = number_or_schedule(penalty, "penalty", 0.0)

    @property
    def draws_sums(self) -> bool:
        return True

    def truth(self) -> Coefficients:
        """The true coefficients."""
        return Coefficients(self.length, jnp.zeros_like(self.length))

    def metrics(self, params: Coefficients, **context) -> dict[str, Float[Array, ""]]:
        """The excess test risk."""
        return {"risk": self.eigenvalue * ((params.along - self.length) ** 2 + params.across**2)}

    def sample(self, key: Key[Array, ""], params: Coefficients, n: Scalar | int) -> Moved:
        """The coefficients after a fit to `n` samples."""
        dtype = params.along.dtype
        n = jnp.asarray(n, dtype)
        size = root(params.along**2 + params.across**2)
        noise, penalty = self.noise / jnp.sqrt(self.eigenvalue), self.penalty / self.eigenvalue

        def shrink():
            return isotropic_ridge(key, size, noise, n, penalty, self.dim)

        def move():
            forward, across = least_squares_move(key, noise, n, self.dim, dtype)
            return size + forward, across

        def project():
            return _minimum_norm_move(key, size, noise, n, self.dim)

        def rotation():
            z, other = normal_pair(key, dtype, stream=_ROTATION)
            df = jnp.asarray(max(self.dim - 2.0, 0.0), dtype)
            return z, chi_square(key, df, stream=_ROTATION + 1, z=other)

        # Which branch serves each kind, if only the kinds that occur have one.
        moves = {"penalised": shrink, "least squares": move, "minimum norm": project}
        served = jnp.array([self.fits.index(kind) if kind in self.fits else 0 for kind in moves])
        kind = jnp.where((penalty > 0) | differentiated(penalty), 0, jnp.where(n < self.dim, 2, 1))
        branches = [lambda kind=kind: (*moves[kind](), *rotation()) for kind in self.fits]
        along, across, z, others = jax.lax.switch(served[kind], branches)

        # What is across the old coefficients is uniform on the sphere orthogonal to them.
        cos = jnp.where(size > 0, ratio(params.along, size), 1.0)
        sin = ratio(params.across, size)
        inside = across * z / jnp.sqrt(z**2 + others)
        outside = across * jnp.sqrt(others / (z**2 + others))
        return Moved(Coefficients(along * cos - inside * sin, root((along * sin + inside * cos) ** 2 + outside**2)))

    def fit(self, data: Moved, **context) -> Coefficients:
        """The coefficients that were drawn."""
        return data.params


_ROTATION = 2**24  # a stream that no step of the iteration reaches


def _minimum_norm_move(key: Key[Array, ""], size: Array, noise: Array, n: Array, dim: int) -> tuple[Array, Array]:
    """The minimum-norm fit to fewer rows than columns, along the old coefficients and across them."""
    n = jnp.minimum(n, dim - 1.0)  # where this branch is computed in vain, as under `vmap`
    # All in one call, which is compiled once; zero degrees of freedom would be drawn the long way.
    inside, outside, above, below, rest = chi_square(
        key, jnp.stack([n, dim - n, n, dim - n + 1, jnp.maximum(n - 1, 0.0)])
    )
    kept = inside / (inside + outside)  # of the squared length, in the span of the rows
    length = noise * jnp.sqrt(above / below)
    z = normal(key, (), size.dtype, stream=8)
    cos = z / jnp.sqrt(z**2 + rest)  # between what was kept and what the noise adds
    projected = jnp.sqrt(kept) * size + length * cos
    return projected * jnp.sqrt(kept), root(projected**2 * (1 - kept) + length**2 * (1 - cos**2))
