"""What a regression chain reduces to when its metrics depend on a few numbers of the estimate.

`LinearRegression` reduces to these models by itself; they are models like any other.
"""

from typing import Any, Literal, TypeAlias, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse._check import check_integer, is_traced
from jaxcollapse.data import Moved, WeightedSum
from jaxcollapse.model import Model
from jaxcollapse.random import chi_square, inverse_wishart_factor, isotropic_ridge, normal, wishart_resolvents
from jaxcollapse.random.bidiagonal import ratio, root
from jaxcollapse.schedule import Scheduled, number, number_or_schedule

RidgeFit: TypeAlias = Literal["penalised", "least squares", "minimum norm"]
RIDGE_FITS: tuple[RidgeFit, ...] = get_args(RidgeFit)


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
    >>> walk = jc.models.regression_walk.LeastSquaresWalk(100, noise=1.0)
    >>> jc.simulate(walk, jc.Replace(), key=jax.random.key(0), samples=200, generations=3).risk.shape
    (3,)

    ```
    """

    dim: int = eqx.field(static=True)
    noise: Scheduled

    def __init__(self, dim: int, *, noise: Any):
        """Takes the number of coefficients and the label noise."""
        self.dim = dim
        self.noise = number_or_schedule(noise, "noise", 0.0)

    @property
    def exact(self) -> bool:
        """Whether `sample` takes a traced `n`: always."""
        return True

    def truth(self) -> Float[Array, ""]:
        """No error."""
        return jnp.zeros(())

    def metrics(self, params: Float[Array, ""]) -> dict[str, Float[Array, ""]]:
        """The excess test risk."""
        return {"risk": params**2}

    def sample(self, key: Key[Array, ""], params: Float[Array, ""], n: Scalar | int) -> Moved:
        """The error after a fit to `n` samples."""
        along, across = _least_squares_move(key, self.noise, n, self.dim, params.dtype)
        return Moved(root((params + along) ** 2 + across**2))

    def fit(self, data: Moved, **context) -> Float[Array, ""]:
        """The error that was drawn."""
        return data.params


class FixedDesignWalk(Model):
    """The errors of a least-squares chain on one design, as coordinates along the noise that it has met.

    With ``Z = X Sigma^(-1/2)`` the error is ``Sigma^(-1/2) (Z'Z)^-1 v`` for a vector ``v`` that moves by a standard
    normal vector times the noise, and is averaged where batches are pooled. In the directions in which it has moved,
    one more at each generation, the risk ``v'(Z'Z)^-1 v`` is a quadratic form in a small block of an inverse Wishart
    matrix. The reduction of `LinearRegression` with a fixed design and no penalty, under `Replace`, `Accumulate` and
    `Window`.

    **Arguments**

    - `dim`: number of coefficients.
    - `generations`: how many there will be, which is the cost: ``g`` numbers for generation ``g``, and
      ``generations^2 / 2`` for the design.
    - `noise`: standard deviation of the label noise, at least 0; a number or a schedule.

    **Metrics** `risk`: the excess test risk.

    **Raises** `TypeError` under a workflow that draws real data again, such as `Mix`.

    **Exactness** Exact in law for any covariance and ``n >= dim``; NaN below.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> walk = jc.models.regression_walk.FixedDesignWalk(100, 3, noise=1.0)
    >>> jc.simulate(walk, jc.Accumulate(), key=jax.random.key(0), samples=200, generations=3).risk.shape
    (3,)

    ```
    """

    dim: int = eqx.field(static=True)
    directions: int = eqx.field(static=True)
    noise: Scheduled
    held: Float[Array, "directions directions"] | None
    """The factor of the inverse Gram matrix in the directions that the noise takes: one replication keeps it."""

    def __init__(self, dim: int, generations: int, *, noise: Any):
        """Takes the number of coefficients, that of the generations, and the label noise."""
        check_integer("generations", generations, minimum=1)
        self.dim = dim
        self.directions = min(dim, generations)
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.held = None

    @property
    def exact(self) -> bool:
        """Whether `sample` takes a traced `n`: always."""
        return True

    def truth(self) -> "Displacement":
        """No error, and no direction so far."""
        return Displacement(jnp.zeros(self.directions), jnp.zeros(()))

    def metrics(self, params: "Displacement") -> dict[str, Float[Array, ""]]:
        """The excess test risk."""
        if self.held is None:
            raise ValueError("the risk depends on the design, which prepare() draws: use simulate")
        return {"risk": jnp.sum(jnp.sum(params.along[:, None] * self.held, axis=0) ** 2)}

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> "FixedDesignWalk":
        """The walk with the design that it keeps."""
        check_one_size(samples)
        held = inverse_wishart_factor(key, samples[0], self.dim, self.directions)
        return eqx.tree_at(lambda model: model.held, self, held, is_leaf=lambda leaf: leaf is None)

    def sample(self, key: Key[Array, ""], params: "Displacement", n: Scalar | int) -> WeightedSum:
        """The displacement by `n` new labels, `n` times."""
        known = jnp.arange(self.directions)
        dtype = params.along.dtype
        z = normal(key, (self.directions,), dtype)
        # What the new noise does not share with the old one makes the next direction.
        fresh = jnp.sqrt(chi_square(key, jnp.maximum(self.dim - params.met, 1.0), stream=8))
        noise = jnp.where(known < params.met, z, jnp.where(known == params.met, fresh, 0.0))
        n = jnp.asarray(n, dtype)
        return WeightedSum(n * (params.along + self.noise * noise), n)

    def real(self, key: Key[Array, ""], truth: "Displacement", n: Scalar | int) -> WeightedSum:
        """Refused: the noise of a second batch would take a direction of its own."""
        raise TypeError("a walk on one design has one batch a generation: it serves Replace, Accumulate and Window")

    def fit(self, data: WeightedSum, *, previous: "Displacement", **context) -> "Displacement":
        """The mean displacement."""
        return Displacement(data.mean, previous.met + 1)


class Displacement(eqx.Module):
    """A vector in the directions that were met, and how many these are."""

    along: Float[Array, " directions"]
    met: Float[Array, ""]


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
    >>> walk = jc.models.regression_walk.RidgeWalk(100, 1.0, 1.0, noise=1.0, penalty=0.1)
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
        """Takes the population and the estimator."""
        self.dim = dim
        self.fits = fits
        self.eigenvalue = number(eigenvalue, "eigenvalue", 0.0)
        self.length = number(length, "length", 0.0)
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.penalty = number_or_schedule(penalty, "penalty", 0.0)

    @property
    def exact(self) -> bool:
        """Whether `sample` takes a traced `n`: always."""
        return True

    def truth(self) -> Coefficients:
        """The true coefficients."""
        return Coefficients(self.length, jnp.zeros_like(self.length))

    def metrics(self, params: Coefficients) -> dict[str, Float[Array, ""]]:
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
            forward, across = _least_squares_move(key, noise, n, self.dim, dtype)
            return size + forward, across

        def project():
            return _minimum_norm_move(key, size, noise, n, self.dim)

        def rotation():
            others = chi_square(key, jnp.asarray(max(self.dim - 2.0, 0.0), dtype), stream=_ROTATION + 1)
            return normal(key, (), dtype, stream=_ROTATION), others

        # Which branch serves each kind, if only the kinds that occur have one.
        moves = {"penalised": shrink, "least squares": move, "minimum norm": project}
        served = jnp.array([self.fits.index(kind) if kind in self.fits else 0 for kind in moves])
        kind = jnp.where(penalty > 0, 0, jnp.where(n < self.dim, 2, 1))
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


class ExpectedRidge(Model):
    """The mean risk of a ridge chain with isotropic features under `Replace`, given its designs: no paths.

    Averaged over the labels and over the rotations of the designs, ``E|w|^2`` and ``E<w, w0>`` follow a linear
    recursion whose coefficients are traces of functions of ``X'X``. One replication draws one design a generation and
    follows the recursion: its mean is that of the paths, its variance a small part of theirs (1/20,000 for 200 samples
    in 100 dimensions at a penalty of 0.1). `LinearRegression.expected` returns this model.

    **Arguments**

    - `walk`: the chain, as a `RidgeWalk`.

    **Metrics** `risk`: the mean excess test risk given the designs.

    **Exactness** Exact in the mean for every ``n``, and only there: it has neither the law nor the variance of a risk.
    At a penalty of zero with ``n`` next to `dim` the mean is infinite, and so is the variance of this estimate.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LinearRegression(jc.theory.Spectrum.isotropic(100), noise=1.0, penalty=0.1).expected()
    >>> run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=200, generations=3).risk
    >>> estimate = jc.monte_carlo(run, jax.random.key(0), 256)
    >>> bool((estimate.stderr < 0.001 * estimate.mean).all())
    True

    ```
    """

    walk: RidgeWalk

    @property
    def exact(self) -> bool:
        """Whether `sample` takes a traced `n`: always."""
        return True

    def truth(self) -> "MeanCoefficients":
        """The true coefficients."""
        return MeanCoefficients(self.walk.length**2, self.walk.length**2)

    def metrics(self, params: "MeanCoefficients") -> dict[str, Float[Array, ""]]:
        """The mean excess test risk."""
        walk = self.walk
        return {"risk": walk.eigenvalue * (params.square - 2 * params.overlap + walk.length**2)}

    def sample(self, key: Key[Array, ""], params: "MeanCoefficients", n: Scalar | int) -> Moved:
        """The means after a fit to `n` samples."""
        walk, dim = self.walk, self.walk.dim
        n = jnp.asarray(n, params.square.dtype)
        ridge = n * walk.penalty / walk.eigenvalue
        minimum_norm = (ridge == 0) & (n < dim)
        ridge = jnp.where(minimum_norm, 1.0, ridge)
        resolvent, resolvent_square = wishart_resolvents(key, n, dim, ridge)
        # The fit is M w + (Z'Z + ridge)^-1 Z'e with M = Z'Z (Z'Z + ridge)^-1; of the minimum norm, M projects on the
        # rows, and the mean of the trace of the pseudo-inverse is known.
        kept = (dim - ridge * resolvent) / dim
        kept_square = (dim - 2 * ridge * resolvent + ridge**2 * resolvent_square) / dim
        spread = resolvent - ridge * resolvent_square
        rows = n / dim, n / dim, n / jnp.maximum(dim - n - 1, 0.0)
        kept, kept_square, spread = (
            jnp.where(minimum_norm, known, drawn)
            for known, drawn in zip(rows, (kept, kept_square, spread), strict=True)
        )
        noise = walk.noise**2 / walk.eigenvalue * spread
        return Moved(MeanCoefficients(kept_square * params.square + noise, kept * params.overlap))

    def fit(self, data: Moved, **context) -> "MeanCoefficients":
        """The means that were computed."""
        return data.params


class MeanCoefficients(eqx.Module):
    """The mean squared length of the coefficients and their mean inner product with the truth."""

    square: Float[Array, ""]
    overlap: Float[Array, ""]


def check_one_size(samples: Float[Array, " batches"]) -> None:
    """Raises unless all batches that use one design have one size, as far as this is known."""
    if not is_traced(samples) and len(set(np.asarray(samples).tolist())) != 1:
        raise ValueError(f'samples must be the same for every batch under design="fixed", got {samples}')


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


def _least_squares_move(key: Key[Array, ""], noise: Scalar, n: Scalar | int, dim: int, dtype) -> tuple[Array, Array]:
    """How far a least-squares fit moves, along a given direction and across it (relative to the features' scale)."""
    scale = noise / jnp.sqrt(chi_square(key, n - dim + 1.0, stream=1))
    across = chi_square(key, jnp.asarray(dim - 1.0, dtype), stream=8)
    return scale * normal(key, (), dtype), scale * jnp.sqrt(across)
