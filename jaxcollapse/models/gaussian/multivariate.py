"""Fits of a multivariate Gaussian: the random walk of a mean vector and a covariance matrix.

Protocol: ``n`` draws from the fitted ``N(mean, covariance)``, then the sample mean and the sample covariance with
divisor ``n - ddof``. The covariance lives as a triangular factor with a log scale, so that nothing underflows however
long the chain collapses.

Reference: Xu, He and Cheng 2025, arXiv:2505.13947; Kazdan et al. 2024, arXiv:2410.16713.
"""

import functools
import operator
from typing import Any, ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float, Key, Real, Scalar

from jaxcollapse.arguments.check import check_at_least, check_choice, check_numbers, check_shape, is_traced
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.chain.model import Model, weighted
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.differentiation import beside_zero
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.gaussian.predicted import mean_square_of, variance_of
from jaxcollapse.models.gaussian.univariate import centred_rows, check_rows_for, log_or_none
from jaxcollapse.random import bartlett, normal, split
from jaxcollapse.random.ridge.rotation import root
from jaxcollapse.theory import gaussian


class MultivariateNormal(eqx.Module):
    """A Gaussian in `dim` dimensions: its mean and the factor of its covariance.

    The covariance is ``L L'`` with ``L = unit * exp(log_diagonal)``: a unit lower triangular matrix whose columns are
    scaled. The columns of a collapsing chain shrink at different rates, and none of them underflows. Of a singular
    covariance the last columns are zero: their scale is ``-inf``.
    """

    mean: Float[Array, " dim"]
    unit: Float[Array, "dim dim"]
    log_diagonal: Float[Array, " dim"]

    @lenient()
    def times(self, lower: Float[Array, "dim dim"], mean: Float[Array, " dim"]) -> "MultivariateNormal":
        """The Gaussian with mean `mean` and factor ``L @ lower``, for a lower triangular matrix.

        Columns of `lower` from some place on may be zero, as those of a Bartlett factor of few rows.
        """
        diagonal = jnp.diagonal(lower)
        log_diagonal = self.log_diagonal + jnp.log(diagonal)
        there = log_diagonal > -jnp.inf
        scale = jnp.where(there, self.log_diagonal, 0.0)
        growth = jnp.exp(self.log_diagonal[:, None] - scale)  # row k against column j, used for k >= j
        used = there & (jnp.tril(jnp.ones_like(lower)) > 0)
        relative = jnp.where(used, growth * (lower / jnp.where(there, diagonal, 1.0)), jnp.eye(len(diagonal)))
        return MultivariateNormal(mean, jnp.tril(self.unit @ relative), log_diagonal)

    @property
    @lenient()
    def factor(self) -> Float[Array, "dim dim"]:
        """The lower triangular factor ``L`` of the covariance."""
        return self.unit * jnp.exp(self.log_diagonal)

    @property
    def covariance(self) -> Float[Array, "dim dim"]:
        """The covariance ``L L'``."""
        return self.factor @ self.factor.T

    @lenient()
    def log_density(self, rows: Real[Any, "rows dim"]) -> Float[Array, " rows"]:
        """The log of the density at each row; minus infinity where the covariance is singular."""
        singular = jnp.any(self.log_diagonal == -jnp.inf)
        log_diagonal = jnp.where(singular, 0.0, self.log_diagonal)
        z = solve_triangular(self.unit, (rows - self.mean).T, lower=True, unit_diagonal=True)
        squares = jnp.sum((z * jnp.exp(-log_diagonal)[:, None]) ** 2, axis=0)
        density = -0.5 * (squares + len(self.mean) * np.log(2 * np.pi)) - jnp.sum(log_diagonal)
        return jnp.where(singular, -jnp.inf, density)

    @staticmethod
    @lenient()
    def of(mean: Float[Array, " dim"], factor: Float[Array, "dim dim"], log_scale: Scalar) -> "MultivariateNormal":
        """The Gaussian with covariance ``exp(log_scale) * factor @ factor.T``."""
        diagonal = jnp.diagonal(factor)
        there = diagonal > 0
        unit = jnp.where(there, factor / jnp.where(there, diagonal, 1.0), jnp.eye(len(diagonal), dtype=factor.dtype))
        log_diagonal = jnp.where(there, jnp.log(jnp.where(there, diagonal, 1.0)) + 0.5 * log_scale, -jnp.inf)
        return MultivariateNormal(mean, unit, log_diagonal)


class MultivariateSums(Data):
    """What a multivariate fit needs: total weight, mean, and ``exp(log_scale) * factor @ factor.T``, the scatter.

    The factor is lower triangular. It is never decomposed: a union reflects the rows of both factors, and of the gap
    between the means, onto one (``dim + 1`` rows more than needed), so that it has the digits of the rows, not those
    of their squares, and that a scatter of fewer rows than dimensions is one like any other.
    """

    weight: Float[Array, ""]
    mean: Float[Array, " dim"]
    factor: Float[Array, "dim dim"]
    log_scale: Float[Array, ""]
    """Minus infinity where all rows are one."""
    grows: ClassVar[bool] = False

    @lenient()
    def __add__(self, other: "MultivariateSums") -> "MultivariateSums":
        """The union of two data sets."""
        weight = self.weight + other.weight
        total = jnp.where(weight > 0, weight, 1.0)
        size = jnp.abs(self.mean) + jnp.abs(other.mean)
        gap = other.mean - self.mean
        gap = jnp.where(jnp.abs(gap) > 2 * jnp.finfo(gap.dtype).eps * size, gap, 0.0)  # the rest is rounding
        log_between = 0.5 * log_or_none(self.weight * other.weight / total)
        log_gap = log_between + log_or_none(jnp.abs(gap))
        log_scale = jnp.maximum(jnp.maximum(self.log_scale, other.log_scale), 2 * jnp.max(log_gap))
        half = 0.5 * jnp.where(log_scale > -jnp.inf, log_scale, 0.0)
        rows = jnp.concatenate(
            [
                jnp.exp(0.5 * self.log_scale - half) * self.factor.T,
                jnp.exp(0.5 * other.log_scale - half) * other.factor.T,
                jnp.sign(gap) * jnp.exp(log_gap - half)[None],
            ]
        )
        rounding = jnp.where(gap != 0, jnp.exp(log_between + log_or_none(size) - half), 0.0)
        return MultivariateSums(weight, self.mean + gap * other.weight / total, _triangular(rows, rounding), log_scale)

    @lenient()
    def __rmul__(self, weight: Scalar | float) -> "MultivariateSums":
        """The same data, every row counted `weight` times."""
        weight = beside_zero(jnp.asarray(weight, self.factor.dtype))
        return MultivariateSums(weight * self.weight, self.mean, self.factor, self.log_scale + jnp.log(weight))

    def empty(self) -> "MultivariateSums":
        """Data without a single row."""
        zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), self)
        return eqx.tree_at(lambda sums: sums.log_scale, zeros, zeros.log_scale - jnp.inf)

    def union(self) -> "MultivariateSums":
        """The union of a stack of batches."""
        first = jax.tree.map(lambda leaf: leaf[0], self)
        rest = jax.tree.map(lambda leaf: leaf[1:], self)
        return jax.lax.scan(lambda pool, batch: (pool + batch, None), first, rest)[0]

    @staticmethod
    def scattered_as(law: MultivariateNormal, weight: Float[Array, ""]) -> "MultivariateSums":
        """Sums of this weight whose mean is that of a Gaussian, and whose scatter is its covariance."""
        log_scale = 2 * jnp.max(law.log_diagonal)
        factor = law.unit * jnp.exp(law.log_diagonal - 0.5 * jnp.where(log_scale > -jnp.inf, log_scale, 0.0))
        return MultivariateSums(weight, law.mean, factor, log_scale)

    @staticmethod
    @lenient()
    def of(data: Samples) -> "MultivariateSums":
        """The sums over the rows of a buffer."""
        mean, centred = centred_rows(data)
        roots = root(data.weights)[:, None]
        factor = _triangular(roots * centred, jnp.linalg.norm(roots * data.rows, axis=0))
        log_scale = jnp.where(jnp.any(factor != 0), 0.0, -jnp.inf).astype(factor.dtype)
        return MultivariateSums(data.count, mean, factor, log_scale)


@jax.custom_jvp
@lenient()
def _triangular(rows: Float[Array, "rows dim"], rounding: Float[Array, " dim"]) -> Float[Array, "dim dim"]:
    """The lower triangular ``L`` with ``L L' = rows' rows`` and no negative number on its diagonal.

    Rows that lie in a plane span that plane and no more: from the first column on whose diagonal is within rounding,
    all are zero. The rows are differences of numbers of the size of `rounding`. What is rounded in one coordinate is
    met again in those behind it, times their slope on what it adds to those before.
    """
    dim = rows.shape[1]
    missing = max(dim - rows.shape[0], 0)
    upper = jnp.linalg.qr(jnp.concatenate([rows, jnp.zeros((missing, dim), rows.dtype)]), mode="r")
    diagonal = jnp.diagonal(upper)
    own = 4 * dim**0.5 * jnp.finfo(rows.dtype).eps * (jnp.linalg.norm(rows, axis=0) + rounding)
    slopes = jax.lax.stop_gradient(upper / jnp.where(diagonal != 0, diagonal, 1.0)[:, None])

    def meet(i, squares):
        behind = jnp.arange(dim) > i
        return squares + jnp.where(behind, slopes[i] ** 2 * squares[i], 0.0)

    noise = jnp.sqrt(jax.lax.fori_loop(0, dim, meet, jax.lax.stop_gradient(own) ** 2))
    there = jnp.cumsum(~(jnp.abs(diagonal) > noise)) == 0
    sign = jnp.where(diagonal < 0, -1.0, 1.0)[:, None].astype(rows.dtype)
    return jnp.where(there[:, None], sign * upper, 0.0).T


@_triangular.defjvp
@lenient()
def _triangular_jvp(primals: Any, tangents: Any) -> tuple[Array, Array]:
    """The derivative of a Cholesky factor, in the columns that there are: a plane of rows remains one."""
    rows, rounding = primals
    lower = _triangular(rows, rounding)
    there = jnp.diagonal(lower) > 0
    whole = jnp.where(there, lower, jnp.eye(len(there), dtype=lower.dtype))
    over = lambda x: solve_triangular(whole, x.T, lower=True).T  # noqa: E731
    product = over(tangents[0]).T @ over(rows)
    half = jnp.tril(product + product.T) - jnp.diag(jnp.diagonal(product))
    return lower, jnp.where(there, whole @ half, 0.0)


class MultivariateGaussian(Model):
    """A Gaussian in several dimensions with unknown mean and covariance.

    **Arguments**

    - `covariance`: the true covariance, shape ``(dim, dim)``, positive definite.
    - `ddof`: 1 for the unbiased covariance (divisor ``n - 1``), 0 for maximum likelihood (divisor ``n``).
    - `mean`: the true mean, shape ``(dim,)``; zero by default.
    - `sampling`: ``"exact"`` draws a Bartlett factor, ``O(dim^3)`` whatever the number of samples; ``"raw"`` draws
      rows.

    With as many samples as dimensions, or fewer, the fitted covariance is singular: ``n - 1`` directions are left, the
    log determinant is ``-inf``, and the trace and the mean are what they are in more dimensions than one. Rows that
    are pooled with other data later count as ever. In a pool a direction is taken for lost when it is smaller than the
    rounding of the rows, about ``4 sqrt(dim)`` units in the last place of the coordinates.

    **Metrics** `trace` and `log_determinant` of the fitted covariance, `squared_error` ``|mean - true mean|^2``.

    **Raises** `ValueError` for another `ddof` or `sampling`, a covariance that is not symmetric positive definite,
    mismatched shapes, and a generation that is trained on a single row with ``ddof=1``.

    **Exactness** Both samplings are exact in law for every number of samples. No covariance is decomposed: under
    `Replace` its factor is multiplied, elsewhere the factors of batches are pooled.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> model = jc.MultivariateGaussian(jnp.eye(3), ddof=1)
    >>> jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=20, generations=5).trace.shape
    (5,)

    ```
    """

    ddof: Literal[0, 1] = eqx.field(static=True)
    mean: Float[Array, " dim"]
    covariance: Float[Array, "dim dim"]
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(
        self,
        covariance: Any,
        *,
        ddof: Literal[0, 1],
        mean: Any = None,
        sampling: Literal["exact", "raw"] = "exact",
    ):
        check_choice("ddof", ddof, (0, 1))
        check_choice("sampling", sampling, ("exact", "raw"))
        self.ddof = ddof
        self.sampling = sampling
        check_numbers("covariance", covariance)
        self.covariance = as_floats(covariance)
        shape = self.covariance.shape
        if len(shape) != 2 or shape[0] != shape[1] or 0 in shape:
            raise ValueError(f"covariance must have shape (dim, dim), got {shape}")
        if not is_traced(self.covariance):
            with jax.ensure_compile_time_eval():
                symmetric = jnp.allclose(self.covariance, self.covariance.T)
                if not symmetric or not jnp.linalg.eigvalsh(self.covariance)[0] > 0:
                    raise ValueError("covariance must be symmetric and positive definite")
        mean = jnp.zeros(shape[0]) if mean is None else mean
        check_at_least("mean", mean, -float("inf"))
        self.mean = as_floats(mean)
        check_shape("mean", self.mean, (shape[0],))

    @property
    def draws_sums(self) -> bool:
        return self.sampling == "exact"

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return self.mean.shape[0]

    def truth(self) -> MultivariateNormal:
        """The true mean and the factor of the true covariance."""
        with jax.ensure_compile_time_eval():
            factor = jnp.linalg.cholesky(self.covariance)
        return MultivariateNormal.of(self.mean, factor, jnp.zeros(()))

    def metrics(self, params: MultivariateNormal, **context) -> dict[str, Float[Array, ""]]:
        """Trace and log determinant of the covariance, and the squared error of the mean."""
        return {
            "trace": jnp.sum(params.factor**2),
            "log_determinant": 2 * jnp.sum(params.log_diagonal),
            "squared_error": jnp.sum((params.mean - self.mean) ** 2),
        }

    @lenient()
    def sample(self, key: Key[Array, ""], params: MultivariateNormal, n: Scalar | int) -> MultivariateSums | Samples:
        """Draw the mean and the scatter of `n` rows (exact), or the rows themselves (raw)."""
        if not self.draws_sums:
            z = normal(key, (int(n), self.dim), params.mean.dtype)
            return Samples(params.mean + z @ params.factor.T)
        scattered = self._scattered(key, params, n)
        return MultivariateSums.scattered_as(scattered, jnp.asarray(n, scattered.mean.dtype))

    def summed(self, data: Samples) -> MultivariateSums:
        """The sums over vectors."""
        return MultivariateSums.of(data)

    def fit(self, data: MultivariateSums | Samples, **context) -> MultivariateNormal:
        """The sample mean and the factor of the sample covariance."""
        sums = self.summed(data) if isinstance(data, Samples) else data
        log_scale = sums.log_scale - jnp.log(sums.weight - self.ddof)
        return MultivariateNormal.of(sums.mean, sums.factor, log_scale)

    def refit(self, key: Key[Array, ""], params: MultivariateNormal, n: Scalar | int, **context) -> MultivariateNormal:
        """Sample and fit in one draw: the factor times a Bartlett factor, without a decomposition."""
        return self._scattered(key, params, n, divisor=n - self.ddof)

    @lenient()
    def average(
        self, estimates: tuple[MultivariateNormal, ...], shares: Float[Array, " estimates"]
    ) -> MultivariateNormal:
        """The mean of the means, and that of the covariances: the scatter of a union whose parts have one mean."""
        mean = weighted(tuple(estimate.mean for estimate in estimates), shares)
        laws = (MultivariateNormal(mean, estimate.unit, estimate.log_diagonal) for estimate in estimates)
        one = jnp.ones((), mean.dtype)
        parts = (share * MultivariateSums.scattered_as(law, one) for share, law in zip(shares, laws, strict=True))
        union = functools.reduce(operator.add, parts)
        return MultivariateNormal.of(mean, union.factor, union.log_scale)

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """A single row has no unbiased covariance."""
        check_rows_for(self.ddof, workflow, samples)

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """Every coordinate is a univariate chain; the log determinant is a sum of independent ones."""
        trace = jnp.trace(self.covariance)
        scaled = {
            "trace": variance_of(workflow, samples, self.ddof),
            "squared_error": mean_square_of(workflow, samples, self.ddof),
        }
        return {
            **{name: form.times(trace) if isinstance(form, ClosedForm) else form for name, form in scaled.items()},
            "log_determinant": self._log_determinant(workflow, samples),
        }

    def _log_determinant(self, workflow: Workflow, samples: Float[Array, " generations"]) -> ClosedForm | NotKnown:
        size = single(samples)
        if not workflow.newest_alone or size is None or not bool(size > self.dim):
            function = "theory.gaussian.log_determinant_mean"
            return NotKnown("it is for batches of one size", f"Replace with more rows than dimensions, {function}")
        curve = gaussian.log_determinant_mean(dim=self.dim, samples=size, generations=len(samples))
        g = jnp.arange(1, len(samples) + 1)
        divisor = g * self.dim * jnp.log((size - 1) / (size - self.ddof))
        start = 2 * jnp.sum(jnp.log(jnp.diagonal(jnp.linalg.cholesky(self.covariance))))
        return ClosedForm(start + curve + divisor, gaussian.log_determinant_mean)

    def _scattered(
        self, key: Key[Array, ""], params: MultivariateNormal, n: Scalar | int, divisor: Scalar | float = 1.0
    ) -> MultivariateNormal:
        """The mean of `n` rows, and the factor of their scatter about it over `divisor`."""
        mean_key, scatter_key = split(key)
        z = normal(mean_key, (self.dim,), params.mean.dtype)
        mean = params.mean + params.factor @ z / jnp.sqrt(n)
        return params.times(bartlett(scatter_key, n - 1, self.dim) / jnp.sqrt(divisor), mean)
