"""Fits of a Gaussian: the random walk of a mean and a log variance.

Protocol: ``n`` draws from the fitted ``N(mean, variance)``, then the sample mean and the sample variance with divisor
``n - ddof``. The variance lives as its log, so that nothing underflows however long the chain collapses.

Reference: Xu, He and Cheng 2025, arXiv:2505.13947; Kazdan et al. 2024, arXiv:2410.16713.
"""

import functools
from typing import Any, ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Real, Scalar

from jaxcollapse.arguments.check import check_choice, is_traced
from jaxcollapse.arguments.numbers import number
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.chain.model import Model, weighted
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.differentiation import beside_zero
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.gaussian.predicted import mean_square_of, variance_of
from jaxcollapse.models.inflated import unbiased
from jaxcollapse.random import chi_square, normal_pair
from jaxcollapse.random.gaussian import Words
from jaxcollapse.random.logarithm import log
from jaxcollapse.theory import gaussian
from jaxcollapse.theory.papers import XU_2025


class Normal(eqx.Module):
    """A univariate Gaussian: its mean and the log of its variance."""

    mean: Float[Array, ""]
    log_variance: Float[Array, ""]

    def scaled(self, factor: Scalar | float) -> "Normal":
        """The same with `factor` times the variance: what a bias or a temperature makes of it."""
        return Normal(self.mean, self.log_variance + jnp.log(factor))

    @lenient()
    def log_density(self, rows: Real[Any, "..."]) -> Float[Array, "..."]:
        """The log of the density at each row."""
        z = (rows - self.mean) * jnp.exp(-0.5 * self.log_variance)
        return -0.5 * (z**2 + self.log_variance + np.log(2 * np.pi))


class NormalSums(Data):
    """What a univariate fit needs: total weight, mean, and the log of the sum of squares about it."""

    weight: Float[Array, ""]
    mean: Float[Array, ""]
    log_scatter: Float[Array, ""]
    grows: ClassVar[bool] = False

    def __add__(self, other: "NormalSums") -> "NormalSums":
        """The union of two data sets."""
        weight = self.weight + other.weight
        total = jnp.where(weight > 0, weight, 1.0)
        gap = other.mean - self.mean
        between = log_or_none(self.weight * other.weight / total) + 2 * log_or_none(jnp.abs(gap))
        log_scatter = _log_sum(_log_sum(self.log_scatter, other.log_scatter), between)
        return NormalSums(weight, self.mean + gap * other.weight / total, log_scatter)

    def __rmul__(self, weight: Scalar | float) -> "NormalSums":
        """The same data, every row counted `weight` times."""
        weight = beside_zero(weight)
        return NormalSums(weight * self.weight, self.mean, jnp.log(weight) + self.log_scatter)

    def empty(self) -> "NormalSums":
        """Data without a single row."""
        zero = jnp.zeros(self.weight.shape, self.weight.dtype)
        return NormalSums(zero, zero, zero - jnp.inf)

    def union(self) -> "NormalSums":
        """The union of a stack of batches."""
        first = jax.tree.map(lambda leaf: leaf[0], self)
        rest = jax.tree.map(lambda leaf: leaf[1:], self)
        return jax.lax.scan(lambda pool, batch: (pool + batch, None), first, rest)[0]

    @staticmethod
    def of(data: Samples) -> "NormalSums":
        """The sums over the rows of a buffer."""
        mean, centred = centred_rows(data)
        return NormalSums(data.count, mean, jnp.log(data.weights @ centred**2))


def log_or_none(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``log x``; minus infinity at zero, without a derivative there, which would be infinite."""
    there = x > 0
    return jnp.where(there, jnp.log(jnp.where(there, x, 1.0)), -jnp.inf)


def _log_sum(a: Float[Array, ""], b: Float[Array, ""]) -> Float[Array, ""]:
    """``log(e^a + e^b)``, with derivatives also where both are nothing."""
    none = (a == -jnp.inf) & (b == -jnp.inf)
    return jnp.where(none, -jnp.inf, jnp.logaddexp(jnp.where(none, 0.0, a), jnp.where(none, 0.0, b)))


def centred_rows(data: Samples) -> tuple[Float[Array, "..."], Float[Array, "capacity ..."]]:
    """The mean, and the rows less it: nothing is left of rows that are all one, however their mean is rounded."""
    one = data.rows[jnp.argmax(data.weights > 0)]
    apart = jnp.where((data.weights > 0).reshape(-1, *[1] * one.ndim), data.rows - one, 0.0)
    mean = jnp.tensordot(data.weights, apart, axes=1) / data.count
    return one + mean, apart - mean


class Gaussian(Model):
    """A univariate Gaussian with unknown mean and variance.

    **Arguments**

    - `ddof`: 1 for the unbiased variance (divisor ``n - 1``), 0 for maximum likelihood (divisor ``n``). Always
      explicit: the conclusions change with it.
    - `mean`, `variance`: the truth; 0 and 1 by default.
    - `sampling`: ``"exact"`` draws one normal and one chi-square per batch, whatever its size; ``"raw"`` draws rows.

    **Metrics** `mean`, `log_variance` and `variance` of the fit, and `squared_error`, ``(mean - true mean)^2``.
    The mean of `variance` stops being estimable by plain replications once ``generations`` passes a few times the
    number of samples (its relative variance is ``(1 + 2/(n - 1))^g - 1``): use `log_variance`, quantiles or the CDF.

    **Raises** `ValueError` for another `ddof` or `sampling`, a variance that is not positive, and a generation that is
    trained on a single row with ``ddof=1``.

    **Exactness** Both samplings are exact in law; the exact one for any ``n >= 2``, the variance in logs.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> chain = jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=jax.random.key(0), samples=100, generations=3)
    >>> chain.log_variance.shape
    (3,)

    ```
    """

    ddof: Literal[0, 1] = eqx.field(static=True)
    mean: Float[Array, ""]
    log_variance: Float[Array, ""]
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(
        self, *, ddof: Literal[0, 1], mean: Any = 0.0, variance: Any = 1.0, sampling: Literal["exact", "raw"] = "exact"
    ):
        check_choice("ddof", ddof, (0, 1))
        check_choice("sampling", sampling, ("exact", "raw"))
        self.ddof = ddof
        self.sampling = sampling
        self.mean = number(mean, "mean", -float("inf"))
        variance = number(variance, "variance", 0.0)
        with jax.ensure_compile_time_eval():
            self.log_variance = jnp.log(variance)

    @property
    def draws_sums(self) -> bool:
        return self.sampling == "exact"

    def truth(self) -> Normal:
        """The true mean and log variance."""
        return Normal(self.mean, self.log_variance)

    def metrics(self, params: Normal, **context) -> dict[str, Float[Array, ""]]:
        """The fitted mean and variance, and the squared error of the mean."""
        return {
            "mean": params.mean,
            "log_variance": params.log_variance,
            "variance": jnp.exp(params.log_variance),
            "squared_error": (params.mean - self.mean) ** 2,
        }

    def sample(self, key: Key[Array, ""], params: Normal, n: Scalar | int) -> NormalSums | Samples:
        """Draw the mean and the scatter of `n` rows (exact), or the rows themselves (raw)."""
        scale = jnp.exp(0.5 * params.log_variance)
        if not self.draws_sums:
            return Samples(params.mean + scale * jax.random.normal(key, (int(n),), scale.dtype))
        mean, chi2 = self.statistics(key, params, n)
        return NormalSums(jnp.asarray(n, scale.dtype), mean, params.log_variance + log(chi2))

    def refit(self, key: Key[Array, ""], params: Normal, n: Scalar | int, **context) -> Normal:
        """Sample and fit in one draw: the log of a ratio next to one, where single precision resolves its spread."""
        words = context.get("words")
        mean, chi2 = self.statistics(key, params, n, words=words and words(key))
        return Normal(mean, params.log_variance + log(chi2 / (n - self.ddof)))

    def summed(self, data: Samples) -> NormalSums:
        """The sums over numbers."""
        return NormalSums.of(data)

    def fit(self, data: NormalSums | Samples, **context) -> Normal:
        """The sample mean and the log of the sample variance."""
        sums = self.summed(data) if isinstance(data, Samples) else data
        return Normal(sums.mean, sums.log_scatter - jnp.log(sums.weight - self.ddof))

    @lenient()
    def average(self, estimates: tuple[Normal, ...], shares: Float[Array, " estimates"]) -> Normal:
        """The mean of the means, and that of the variances."""
        mean = weighted(tuple(estimate.mean for estimate in estimates), shares)
        logs, there = jnp.stack([estimate.log_variance for estimate in estimates]), shares > 0
        parts = jnp.where(there, logs + jnp.log(jnp.where(there, shares, 1.0)), -jnp.inf).astype(logs.dtype)
        return Normal(mean, functools.reduce(_log_sum, parts))

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """A single row has no unbiased variance."""
        check_rows_for(self.ddof, workflow, samples)

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """Those of a chain of unit variance, in units of the true one."""
        variance = jnp.exp(self.log_variance)
        scaled = {
            "variance": variance_of(workflow, samples, self.ddof),
            "squared_error": mean_square_of(workflow, samples, self.ddof),
        }
        logs = NotKnown("the log of a pooled variance", "Replace, theory.gaussian.log_variance_mean")
        if workflow.newest_alone:
            curve = gaussian.log_variance_mean(samples=samples, generations=generations, ddof=self.ddof)
            logs = ClosedForm(self.log_variance + curve, gaussian.log_variance_mean, reference=XU_2025)
        return {
            "mean": unbiased(self.mean, samples),
            "log_variance": logs,
            **{name: form.times(variance) if isinstance(form, ClosedForm) else form for name, form in scaled.items()},
        }

    def statistics(
        self,
        key: Key[Array, ""],
        params: Normal,
        n: Scalar | int,
        extra: Scalar | float = 0.0,
        words: Words | None = None,
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """The mean of `n` rows, and the sum of squares about it in units of the variance; of `extra` more freedom."""
        scale = jnp.exp(0.5 * params.log_variance)
        n = jnp.asarray(n, scale.dtype)
        z, other = normal_pair(key, scale.dtype, words)
        return params.mean + scale * z / jnp.sqrt(n), chi_square(key, n - 1 + extra, stream=1, z=other)


def check_rows_for(ddof: Literal[0, 1], workflow: Workflow, samples: Float[Array, " generations"]) -> None:
    """An unbiased variance needs two rows at every generation, and rows of a total weight above one."""
    if ddof == 1 and not is_traced(samples):
        with jax.ensure_compile_time_eval():
            rows = workflow.all_sizes(samples) if workflow.fits_apart else workflow.rows(samples)
            counted = rows if workflow.fits_apart else workflow.counted(samples)
        # A weight or the size of a real batch may be traced.
        if not is_traced(rows) and np.asarray(rows).min() < 2:
            raise ValueError(f"samples must be at least 2 for ddof=1, got {samples}")
        if not is_traced(counted) and np.asarray(counted).min() < 1 + 1e-6:
            raise ValueError(f"workflow must give rows a total weight above 1 for ddof=1, got {counted} for {samples}")
