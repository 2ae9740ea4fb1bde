"""Linear and ridge regression on Gaussian designs.

Protocol: ``y = x'w + noise * e`` with ``x ~ N(0, Sigma)``, and ``w`` re-estimated at every generation as
``argmin_w |y - Xw|^2 / n + penalty * |w|^2`` (the minimum-norm solution at ``penalty = 0`` and ``n < d``). ``Sigma``
is diagonal without loss of generality: everything is written in its eigenbasis.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse._check import check_choice, is_traced
from jaxcollapse.data import Samples, Statistic
from jaxcollapse.model import Model
from jaxcollapse.models.regression_walk import LeastSquaresWalk, RidgeWalk
from jaxcollapse.random import bartlett, chi_square, gram, normal, split
from jaxcollapse.schedule import Scheduled, Table, number_or_schedule
from jaxcollapse.theory.spectrum import Spectrum
from jaxcollapse.workflow import Replace, Workflow


class RegressionSums(Statistic):
    """What a ridge fit needs: the Gram matrix ``X'X``, the moment ``X'y``, the total weight and the number of rows."""

    gram: Float[Array, "dim dim"]
    moment: Float[Array, " dim"]
    weight: Float[Array, ""]
    rows: Float[Array, ""]

    @staticmethod
    def of(data: Samples) -> "RegressionSums":
        """The sums over the rows ``(x, y)`` of a buffer."""
        x, y = data.rows
        weighted = data.weights[:, None] * x
        return RegressionSums(weighted.T @ x, weighted.T @ y, data.count, jnp.sum(data.weights > 0, dtype=y.dtype))


class LinearRegression(Model):
    """Ridge, least squares and minimum-norm regression with a Gaussian design.

    **Arguments**

    - `spectrum`: a `jaxcollapse.theory.Spectrum`: the eigenvalues of the covariance of ``x``, shape ``(dim,)``, and
      the true coefficients in its eigenbasis.
    - `noise`: standard deviation of the label noise, at least 0; a number or a schedule.
    - `penalty`: ``lambda`` per sample, at least 0; a number or a schedule.
    - `design`: ``"fresh"`` draws a new ``X`` at every generation, ``"fixed"`` keeps one for all (labels are always
      new). The two have different finite-sample laws. A fixed design needs a constant number of samples.
    - `sampling`: ``"exact"`` draws ``X'X`` and ``X'y`` directly, at ``O(dim^3)`` whatever the number of samples;
      ``"raw"`` draws rows at ``O(samples * dim^2)`` and never reduces.

    **Metrics** `risk`: the excess test risk ``|w - w0|_Sigma^2``, label noise excluded.

    **Raises** `ValueError` or `TypeError` for a negative noise or penalty, an unknown design or sampling.

    **Exactness** Both samplings are exact in law for every ``n`` and ``dim``. Under `Replace` with a fresh design the
    chain reduces to a `LeastSquaresWalk` for ``penalty = 0`` and ``n >= dim``, three draws a generation, and for
    isotropic features to a `RidgeWalk`, three draws for each of at most ``min(n, dim)`` steps.

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
    sampling: Literal["exact", "raw"] = eqx.field(static=True)
    held: Float[Array, "..."] | None
    """The design that one replication keeps: rows of ``X`` (raw) or the factor of ``X'X`` (exact)."""

    def __init__(
        self,
        spectrum: Spectrum,
        *,
        noise: Any,
        penalty: Any = 0.0,
        design: Literal["fresh", "fixed"] = "fresh",
        sampling: Literal["exact", "raw"] = "exact",
        held: Array | None = None,
    ):
        """Takes the population, the estimator and the way of sampling."""
        if not isinstance(spectrum, Spectrum):
            raise TypeError(f"spectrum must be a jaxcollapse.theory.Spectrum, got {spectrum!r}")
        check_choice("design", design, ("fresh", "fixed"))
        check_choice("sampling", sampling, ("exact", "raw"))
        self.spectrum = spectrum
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.penalty = number_or_schedule(penalty, "penalty", 0.0)
        self.design = design
        self.sampling = sampling
        self.held = held

    @property
    def exact(self) -> bool:
        """Whether `sample` takes a traced `n`."""
        return self.sampling == "exact"

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
        if not is_traced(samples) and len(set(np.asarray(samples).tolist())) != 1:
            raise ValueError(f'samples must be the same for every batch under design="fixed", got {samples}')
        held = self._factor(key, samples[0]) if self.exact else self._rows(key, int(np.asarray(samples)[0]))
        return eqx.tree_at(lambda model: model.held, self, held, is_leaf=lambda leaf: leaf is None)

    def sample(self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar | int) -> RegressionSums | Samples:
        """Draw the sums over `n` rows (exact), or the rows themselves (raw)."""
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
        full_rank = (ridge > 0) | (sums.rows >= self.spectrum.dim)
        return jax.lax.cond(full_rank, _solve, _minimum_norm, sums.gram, sums.moment, ridge)

    def refit(self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar, **context) -> Float[Array, " dim"]:
        """Sample and fit in one draw.

        Least squares moves by ``noise * Sigma^(-1/2) z / sqrt(chi2(n - dim + 1))``, ``O(dim)``. Otherwise, with the
        triangular factor ``A`` of ``X'X``, ``w = A (A'A + penalty n)^-1 (A'w + noise u)``: one Cholesky
        decomposition, on both sides of ``n = dim`` and down to ``penalty = 0``.
        """
        design_key, noise_key = split(key)
        dim = self.spectrum.dim

        def move(params):
            z = normal(noise_key, (dim,), params.dtype)
            chi2 = chi_square(design_key, n - dim + 1.0)
            return params + self.noise * z / jnp.sqrt(self.spectrum.eigenvalues * chi2)

        def solve(params):
            factor = self._factor(design_key, n) if self.held is None else self.held
            response = self._response(noise_key, factor, params)
            present = jnp.arange(dim) < n
            diagonal = jnp.where(present, self.penalty * n, 1.0)
            return factor @ _solve(gram(factor) + jnp.diag(diagonal), jnp.where(present, response, 0.0), 0.0)

        if self.held is not None:
            return solve(params)
        return jax.lax.cond((self.penalty == 0) & (n >= dim), move, solve, params)

    def reduce(self, workflow: Workflow, samples: Float[Array, " generations"]) -> Model:
        """A `LeastSquaresWalk` or a `RidgeWalk` under `Replace`, where there is one; itself otherwise."""
        if not (self.exact and self.design == "fresh" and isinstance(workflow, Replace)):
            return self
        penalty = self.penalty.values if isinstance(self.penalty, Table) else self.penalty
        if not is_traced(penalty) and not is_traced(samples):
            if np.all(np.asarray(penalty) == 0) and np.all(np.asarray(samples) >= self.spectrum.dim):
                return LeastSquaresWalk(self.spectrum.dim, noise=self.noise)
        eigenvalues = self.spectrum.eigenvalues
        if not is_traced(eigenvalues) and np.ptp(np.asarray(eigenvalues)) == 0 and np.all(np.asarray(eigenvalues) > 0):
            length = jnp.linalg.norm(self.spectrum.signal)
            return RidgeWalk(self.spectrum.dim, eigenvalues[0], length, noise=self.noise, penalty=self.penalty)
        return self

    def _factor(self, key: Key[Array, ""], n: Scalar | int) -> Float[Array, "dim dim"]:
        """The triangular factor ``A`` of ``X'X = A A'``."""
        return jnp.sqrt(self.spectrum.eigenvalues)[:, None] * bartlett(key, n, self.spectrum.dim)

    def _response(self, key: Key[Array, ""], factor: Float[Array, "dim dim"], params: Float[Array, " dim"]):
        """The labels in the coordinates of the factor: ``X'y = A (A'w + noise u)``."""
        return factor.T @ params + self.noise * normal(key, params.shape, params.dtype)

    def _rows(self, key: Key[Array, ""], n: int) -> Float[Array, "n dim"]:
        return jnp.sqrt(self.spectrum.eigenvalues) * jax.random.normal(key, (n, self.spectrum.dim))


def _solve(gram: Float[Array, "dim dim"], moment: Float[Array, " dim"], ridge: Scalar | float) -> Float[Array, " dim"]:
    factor = jax.scipy.linalg.cho_factor(gram + ridge * jnp.eye(len(moment), dtype=gram.dtype), lower=True)
    return jax.scipy.linalg.cho_solve(factor, moment)


def _minimum_norm(gram: Float[Array, "dim dim"], moment: Float[Array, " dim"], ridge: Scalar) -> Float[Array, " dim"]:
    values, vectors = jnp.linalg.eigh(gram)
    floor = values[-1] * len(moment) * jnp.finfo(gram.dtype).eps
    inverse = jnp.where(values > floor, 1 / jnp.where(values > floor, values, 1.0), 0.0)
    return vectors @ (inverse * (vectors.T @ moment))
