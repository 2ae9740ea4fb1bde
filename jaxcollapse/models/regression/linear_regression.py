"""Linear and ridge regression, on Gaussian designs and others.

Protocol: ``y = x'w + noise * e`` with ``x ~ N(0, Sigma)`` unless other features are given, and ``w`` re-estimated at
every generation as ``argmin_w |y - Xw|^2 / n + penalty * |w|^2`` (the minimum-norm solution at ``penalty = 0`` and
``n < d``). ``Sigma`` is diagonal without loss of generality: everything is written in its eigenbasis.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_choice, check_shape, is_traced
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.schedule import Scheduled, Table, number_or_schedule
from jaxcollapse.chain.workflow import Accumulate, Replace, Window, Workflow
from jaxcollapse.models.regression.expected_ridge import ExpectedRidge
from jaxcollapse.models.regression.fixed_design_walk import FixedDesignWalk, check_one_size
from jaxcollapse.models.regression.fixed_ridge_walk import FixedRidgeWalk
from jaxcollapse.models.regression.least_squares_walk import LeastSquaresWalk
from jaxcollapse.models.regression.ridge_walk import RIDGE_FITS, RidgeFit, RidgeWalk
from jaxcollapse.models.regression.sums import RegressionSums, conjugate_gradients, ridge_solution
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.random import bartlett, chi_square, diagonal_ridge, normal, split, steps_needed


class LinearRegression(Model):
    """Ridge, least squares and minimum-norm regression.

    **Arguments**

    - `spectrum`: a `jaxcollapse.theory.Spectrum`: the eigenvalues of the covariance of ``x``, shape ``(dim,)``, and
      the true coefficients in its eigenbasis.
    - `noise`: standard deviation of the label noise, at least 0; a number or a schedule.
    - `penalty`: ``lambda`` per sample, at least 0; a number or a schedule.
    - `design`: ``"fresh"`` draws a new ``X`` at every generation, ``"fixed"`` keeps one for all (labels are always
      new). The two have different finite-sample laws. A fixed design needs a constant number of samples.
    - `sampling`: ``"exact"`` takes the cheapest of the first three below that the workflow and the fields allow; a name
      asks for that one. The first two keep no data, and serve only what the table says.

      | sampling | draws | cost of one generation, in ``k`` steps |
      |---|---|---|
      | ``"walk"`` | least squares (no penalty, ``n >= d``), `Replace`, fresh design: its error | 3 numbers |
      | | the same, fixed design, also `Accumulate` and `Window`: error in ``g`` directions | ``g`` numbers |
      | | ridge, equal eigenvalues, `Replace`, fresh design: a recursion of scalars | ``3 k`` numbers |
      | | the same with the minimum norm: a projection | 8 numbers |
      | | equal eigenvalues, fixed design, any workflow that keeps sums | ``d`` numbers |
      | ``"krylov"`` | `Replace`, fresh design: the products that LSQR asks for | ``k d`` numbers, ``k^2 d`` flops |
      | ``"bartlett"`` | ``X'X`` and ``X'y`` | ``d^2/2`` numbers, ``k d^2`` flops, ``d^3`` if data is kept |
      | ``"raw"`` | the rows | ``n d`` numbers, ``n d^2`` flops |

      for ``n`` samples in ``d`` dimensions, with ``k`` at most the smaller of them and usually some tens.

    - `features`: how a row ``x`` is drawn, if not from ``N(0, Sigma)``: a function of a key and of ``n`` that gives an
      array of shape ``(n, dim)``, in the eigenbasis of the covariance; see `jaxcollapse.features`. Data is drawn raw.

    **Metrics** `risk`: the excess test risk ``|w - w0|_Sigma^2``, label noise excluded.

    **Raises** `ValueError` or `TypeError` for a negative noise or penalty, an unknown design or sampling, a sampling
    that does not serve the workflow or the features, and features of another shape.

    **Exactness** All samplings are exact in law for every ``n`` and ``dim``, up to the tolerance of an iteration:
    1e-12, in single precision 1e-6 or better. Equations are solved by conjugate gradients; an estimate that these
    cannot reach, because ``X'X`` is singular to working precision, is NaN.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LinearRegression(spectrum=jc.theory.Spectrum.isotropic(10), noise=1.0, penalty=0.1)
    >>> jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=50, generations=4).risk.shape
    (4,)

    ```
    """

    spectrum: Spectrum
    noise: Scheduled
    penalty: Scheduled
    design: Literal["fresh", "fixed"] = eqx.field(static=True)
    sampling: Literal["exact", "walk", "krylov", "bartlett", "raw"] = eqx.field(static=True)
    features: Callable[[Key[Array, ""], int], Float[Array, "n dim"]] | None
    held: Float[Array, "..."] | None
    """The design that one replication keeps: rows of ``X`` (raw) or the factor of ``X'X`` (exact)."""
    steps: int | None = eqx.field(static=True)
    """The room for steps of LSQR, where these are drawn."""

    def __init__(
        self,
        spectrum: Spectrum,
        *,
        noise: Any,
        penalty: Any = 0.0,
        design: Literal["fresh", "fixed"] = "fresh",
        sampling: Literal["exact", "walk", "krylov", "bartlett", "raw"] = "exact",
        features: Callable[[Key[Array, ""], int], Float[Array, "n dim"]] | None = None,
        held: Array | None = None,
        steps: int | None = None,
    ):
        """Takes the population, the estimator and the way of sampling."""
        check_spectrum(spectrum)
        check_choice("design", design, ("fresh", "fixed"))
        check_choice("sampling", sampling, ("exact", "walk", "krylov", "bartlett", "raw"))
        self.spectrum = spectrum
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.penalty = number_or_schedule(penalty, "penalty", 0.0)
        self.design = design
        if features is not None and (sampling not in ("exact", "raw") or not callable(features)):
            raise ValueError(
                f'features must be a function of a key and a number of rows, and needs sampling="raw"; '
                f"got {features!r} and sampling={sampling!r}"
            )
        self.sampling = sampling if features is None else "raw"
        self.features = features
        self.held = held
        self.steps = spectrum.dim if steps is None and sampling == "krylov" else steps

    @property
    def exact(self) -> bool:
        """Whether `sample` takes a traced `n`."""
        return self.sampling != "raw"

    def truth(self) -> Float[Array, " dim"]:
        """The true coefficients in the eigenbasis of the covariance."""
        return self.spectrum.signal

    def metrics(self, params: Float[Array, " dim"]) -> dict[str, Float[Array, ""]]:
        """The excess test risk."""
        return {"risk": jnp.sum(self.spectrum.eigenvalues * (params - self.spectrum.signal) ** 2)}

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " generations"]) -> "LinearRegression":
        """The model with the design that it keeps, if that is fixed."""
        if self.design == "fresh":
            return self
        check_one_size(samples)
        held = self._factor(key, samples[0]) if self.exact else self._rows(key, int(np.asarray(samples)[0]))
        return eqx.tree_at(lambda model: model.held, self, held, is_leaf=lambda leaf: leaf is None)

    def sample(self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar | int) -> RegressionSums | Samples:
        """Draw the sums over `n` rows (exact), or the rows themselves (raw)."""
        if self.sampling in _SERVES:
            raise ValueError(f"sampling={self.sampling!r} serves {_SERVES[self.sampling]}")
        design_key, noise_key = split(key)
        if self.exact:
            factor = self._factor(design_key, n) if self.held is None else self.held
            response = self._response(noise_key, factor, params)
            n = jnp.asarray(n, factor.dtype)
            return RegressionSums(factor @ factor.T, factor @ response, n, n)
        x = self._rows(design_key, int(n)) if self.held is None else self.held
        return Samples((x, x @ params + self.noise * jax.random.normal(noise_key, (int(n),), x.dtype)))

    def fit(self, data: RegressionSums | Samples, **context) -> Float[Array, " dim"]:
        """The ridge estimate, least squares at ``penalty = 0``, the minimum-norm one if rows are fewer than columns."""
        sums = RegressionSums.of(data) if isinstance(data, Samples) else data
        ridge = self.penalty * sums.weight
        rows = sums.rows
        if self.held is not None:  # the same rows again and again have the rank of one batch
            rows = jnp.minimum(rows, jnp.any(self.held != 0, axis=0 if self.exact else 1).sum())
        return ridge_solution(sums.gram, sums.moment, ridge, rows >= self.spectrum.dim)

    def refit(
        self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar | int, **context
    ) -> Float[Array, " dim"]:
        """Sample and fit in one draw.

        Least squares moves by ``noise * Sigma^(-1/2) z / sqrt(chi2(n - dim + 1))``, ``O(dim)``. Otherwise the fit is
        that of `jaxcollapse.random.diagonal_ridge`; or, with the triangular factor ``A`` of ``X'X``, it is
        ``w = A (A'A + penalty n)^-1 (A'w + noise u)``, on both sides of ``n = dim`` and down to ``penalty = 0``.
        """
        if self.sampling == "walk" or (self.sampling == "krylov" and self.held is not None):
            raise ValueError(f"sampling={self.sampling!r} serves {_SERVES[self.sampling]}")
        design_key, noise_key = split(key)
        dim = self.spectrum.dim

        def move(params):
            z = normal(noise_key, (dim,), params.dtype)
            chi2 = chi_square(design_key, n - dim + 1.0)
            return params + self.noise * z / jnp.sqrt(self.spectrum.eigenvalues * chi2)

        def reveal(params):
            eigenvalues = self.spectrum.eigenvalues
            return diagonal_ridge(design_key, params, eigenvalues, self.noise, n, self.penalty, self.steps)

        def solve(params):
            factor = self._factor(design_key, n) if self.held is None else self.held
            response = self._response(noise_key, factor, params)
            present = jnp.arange(dim) < n
            ridge = jnp.where(present, self.penalty * n, 1.0)
            scale = jnp.sum(factor**2, axis=0) + ridge
            matrix = lambda v: factor.T @ (factor @ v) + ridge * v  # noqa: E731
            return factor @ conjugate_gradients(matrix, jnp.where(present, response, 0.0), scale)

        if self.held is not None:
            return solve(params)
        unpenalised = (self.penalty == 0) & (n >= dim)
        if self.sampling == "krylov" or self.steps is None:
            return jax.lax.cond(unpenalised, move, solve if self.steps is None else reveal, params)
        short = steps_needed(self.spectrum.eigenvalues, n, self.penalty) <= self.steps
        return jax.lax.switch(jnp.where(unpenalised, 0, jnp.where(short, 1, 2)), (move, reveal, solve), params)

    def reduce(self, workflow: Workflow, samples: Float[Array, " generations"]) -> Model:
        """One of the walks or the model with room for LSQR, where that is cheaper; or itself."""
        if self.sampling in ("bartlett", "raw"):
            return self
        dim, eigenvalues = self.spectrum.dim, self.spectrum.eigenvalues
        penalty = self.penalty.values if isinstance(self.penalty, Table) else self.penalty
        sizes_known = isinstance(penalty, jax.Array) and not is_traced(penalty) and not is_traced(samples)
        if self.sampling in ("exact", "walk"):
            least_squares = sizes_known and np.all(np.asarray(penalty) == 0) and np.all(np.asarray(samples) >= dim)
            if self.design == "fixed":
                if least_squares and isinstance(workflow, Replace | Accumulate | Window):
                    return FixedDesignWalk(dim, len(samples), noise=self.noise)
                if _equal(eigenvalues) and not workflow.needs_rows:
                    return FixedRidgeWalk(dim, eigenvalues[0], self._length, noise=self.noise, penalty=self.penalty)
            elif isinstance(workflow, Replace):
                if least_squares:
                    return LeastSquaresWalk(dim, noise=self.noise)
                if _equal(eigenvalues):
                    return self._ridge_walk(_kinds(penalty, samples, dim) if sizes_known else RIDGE_FITS)
        if self.sampling == "walk" or self.design == "fixed" or not isinstance(workflow, Replace):
            return self
        if is_traced(eigenvalues):
            return self
        half = dim // 2
        if sizes_known:
            steps = _most_steps(eigenvalues, samples, penalty)
            if self.sampling == "krylov" or steps <= half:  # in multiples of 16: few values, few programs
                return dataclasses.replace(self, sampling="krylov", steps=16 * math.ceil(steps / 16))
        elif self.sampling == "exact" and dim >= _LARGE:  # whether the room is enough turns out later
            return dataclasses.replace(self, steps=half)
        return self

    def expected(self) -> ExpectedRidge:
        """The model of the mean risk under `Replace`, for a fresh design and equal eigenvalues: no paths.

        **Raises** `ValueError` for a fixed design and for eigenvalues that differ or are not known before compilation.
        """
        if self.design == "fixed" or not _equal(self.spectrum.eigenvalues):
            raise ValueError("expected() needs a fresh design and a spectrum of equal, positive eigenvalues")
        return ExpectedRidge(self._ridge_walk(RIDGE_FITS))

    def _ridge_walk(self, fits: tuple[RidgeFit, ...]) -> RidgeWalk:
        """The chain under `Replace` with a fresh design and equal eigenvalues."""
        dim, eigenvalue = self.spectrum.dim, self.spectrum.eigenvalues[0]
        return RidgeWalk(dim, eigenvalue, self._length, noise=self.noise, penalty=self.penalty, fits=fits)

    @property
    def _length(self) -> Float[Array, ""]:
        return jnp.linalg.norm(self.spectrum.signal)

    def _factor(self, key: Key[Array, ""], n: Scalar | int) -> Float[Array, "dim dim"]:
        """The triangular factor ``A`` of ``X'X = A A'``."""
        return jnp.sqrt(self.spectrum.eigenvalues)[:, None] * bartlett(key, n, self.spectrum.dim)

    def _response(self, key: Key[Array, ""], factor: Float[Array, "dim dim"], params: Float[Array, " dim"]):
        """The labels in the coordinates of the factor: ``X'y = A (A'w + noise u)``."""
        return factor.T @ params + self.noise * normal(key, params.shape, params.dtype)

    def _rows(self, key: Key[Array, ""], n: int) -> Float[Array, "n dim"]:
        if self.features is not None:
            rows = self.features(key, n)
            check_shape("features(key, n)", rows, (n, self.spectrum.dim))
            return rows
        return jnp.sqrt(self.spectrum.eigenvalues) * jax.random.normal(key, (n, self.spectrum.dim))


_SERVES = {
    "walk": "Replace with a fresh design, if eigenvalues are equal or there is no penalty and n >= dim; a fixed design "
    "with equal eigenvalues; and Replace, Accumulate and Window with a fixed design, without a penalty and n >= dim: "
    "known before compilation",
    "krylov": "Replace with a fresh design",
}
_LARGE = 64  # the dimension from which LSQR may be worth a longer compilation


def _equal(eigenvalues: Float[Array, " dim"]) -> bool:
    """Whether all eigenvalues are known to be equal and positive."""
    return not is_traced(eigenvalues) and bool(np.ptp(np.asarray(eigenvalues)) == 0 and np.asarray(eigenvalues)[0] > 0)


def _kinds(penalty: Array, samples: Array, dim: int) -> tuple[RidgeFit, ...]:
    """The kinds of fits in a chain."""
    penalised, few = np.asarray(penalty) > 0, np.asarray(samples) < dim
    occur = penalised, ~penalised & ~few, ~penalised & few
    return tuple(fit for fit, where in zip(RIDGE_FITS, occur, strict=True) if np.any(where))


def _most_steps(eigenvalues: Float[Array, " dim"], samples: Array, penalty: Array) -> int:
    """The steps of LSQR that a chain may need in any generation."""
    with jax.ensure_compile_time_eval():
        steps = jax.vmap(steps_needed, (None, 0, 0))(eigenvalues, *jnp.broadcast_arrays(samples, penalty))
        unpenalised = (penalty == 0) & (samples >= len(eigenvalues))
        return int(jnp.max(jnp.where(unpenalised, 1.0, steps)))
