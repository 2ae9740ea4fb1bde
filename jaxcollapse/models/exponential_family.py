"""One-parameter exponential families: the fit needs the mean of one statistic of the data.

Each family draws the sum of its sufficient statistic directly, at a cost that does not depend on the sample size.

Reference: Barzilai and Shamir 2025, arXiv:2505.19046, appendix G; Dey and Donoho 2024, arXiv:2410.22812.
"""

import abc
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_at_least, check_at_most, check_choice, is_traced
from jaxcollapse.arguments.numbers import as_floats, positive
from jaxcollapse.chain.data import Samples, WeightedSum
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import ClosedForm, Forms
from jaxcollapse.chain.schedule import single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.inflated import inflated, unbiased
from jaxcollapse.random import bernoulli, binomial, chi_square, normal, poisson
from jaxcollapse.random.counts import LARGEST_COUNT
from jaxcollapse.theory import exponential_family
from jaxcollapse.theory.papers import DEY_2024


class ExponentialFamily(Model):
    """A family fitted by the mean of its sufficient statistic.

    A member defines its truth, how to draw rows, how to draw the sum of the statistic over ``n`` rows, the statistic
    itself and the estimate that belongs to its mean.

    **Metrics** `estimate`, the fitted parameter, and `squared_error`, its squared distance from the truth.
    """

    parameter: eqx.AbstractVar[Float[Array, "..."]]
    sampling: eqx.AbstractVar[Literal["exact", "raw"]]

    @abc.abstractmethod
    @lenient()
    def rows(self, key: Key[Array, ""], params: Float[Array, "..."], n: int) -> Float[Array, "n ..."]:
        """Draw `n` rows."""

    @abc.abstractmethod
    def total(self, key: Key[Array, ""], params: Float[Array, "..."], n: Scalar) -> Float[Array, "..."]:
        """Draw the sum of the statistic over `n` rows; `n` may be traced."""

    @abc.abstractmethod
    def statistic(self, row: Float[Array, "..."]) -> Float[Array, "..."]:
        """The sufficient statistic of one row."""

    @abc.abstractmethod
    def estimate(self, mean: Float[Array, "..."]) -> Float[Array, "..."]:
        """The maximum-likelihood estimate, given the mean of the statistic."""

    @property
    def quadratic_variance(self) -> tuple[Float[Array, ""], float] | None:
        """The variance of the statistic of one row, and the curvature ``c`` of its variance as a function of its mean.

        For a family whose estimate is the mean of the statistic and whose variance is a quadratic function of it: then
        `jaxcollapse.predict` knows its errors. None for any other, the default.
        """
        return None

    @property
    def draws_sums(self) -> bool:
        return self.sampling == "exact"

    def truth(self) -> Float[Array, "..."]:
        """The true parameter."""
        return self.parameter

    def metrics(self, params: Float[Array, "..."], **context) -> dict[str, Float[Array, "..."]]:
        """The estimate and its squared error."""
        return {"estimate": params, "squared_error": jnp.sum((params - self.parameter) ** 2)}

    def sample(self, key: Key[Array, ""], params: Float[Array, "..."], n: Scalar | int) -> WeightedSum | Samples:
        """Draw the sum of the statistic over `n` rows (exact), or the rows themselves (raw)."""
        if not self.draws_sums:
            return Samples(self.rows(key, params, int(n)))
        n = jnp.asarray(n, params.dtype)
        return WeightedSum(self.total(key, params, n), n)

    def summed(self, data: Samples) -> WeightedSum:
        """The sum of the statistic over rows."""
        return WeightedSum(data.count * data.mean(self.statistic), data.count)

    def fit(self, data: WeightedSum | Samples, **context) -> Float[Array, "..."]:
        """The maximum-likelihood estimate."""
        mean = data.mean(self.statistic) if isinstance(data, Samples) else data.mean
        return self.estimate(mean)

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """The estimate has no bias; its error is exact for a constant variance, for `Replace` and for equal batches."""
        law = self.quadratic_variance
        if law is None:
            return {}
        return {"estimate": unbiased(self.parameter, samples), "squared_error": _error(*law, workflow, samples)}


def _error(
    variance: Float[Array, ""], curvature: float, workflow: Workflow, samples: Float[Array, " generations"]
) -> ClosedForm:
    """The mean squared error of the estimate of a family with a quadratic variance."""
    setting = {"variance": variance, "curvature": curvature, "generations": len(samples)}
    if curvature == 0:
        return inflated(variance / samples[0], workflow, samples, "exact")
    if workflow.newest_alone:
        curve = exponential_family.variance_replace(samples=samples, **setting)
        return ClosedForm(curve, exponential_family.variance_replace)
    if workflow.keeps_all and (size := single(samples)) is not None:
        curve = exponential_family.variance_accumulate(samples=size, **setting)
        return ClosedForm(curve, exponential_family.variance_accumulate, reference=DEY_2024)
    return inflated(variance / samples[0], workflow, samples)


class NormalMean(ExponentialFamily):
    """A Gaussian with unknown mean and known covariance ``variance * I``: the plain random walk.

    **Arguments**

    - `mean`: the true mean, a number or an array of shape ``(dim,)``.
    - `variance`: the known variance of each coordinate, positive.
    - `sampling`: ``"exact"`` draws one normal per coordinate, whatever the size; ``"raw"`` draws rows.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> run = jc.simulate(jc.NormalMean(0.0), jc.Accumulate(), key=jax.random.key(0), samples=100, generations=3)
    >>> run.estimate.shape
    (3,)

    ```
    """

    parameter: Float[Array, "..."]
    variance: Float[Array, ""]
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(self, mean: Any = 0.0, *, variance: Any = 1.0, sampling: Literal["exact", "raw"] = "exact"):
        check_at_least("mean", mean, -float("inf"))
        self.parameter = as_floats(mean)
        self.variance = positive(variance, "variance")
        check_choice("sampling", sampling, ("exact", "raw"))
        self.sampling = sampling

    @lenient()
    def rows(self, key, params, n):
        """Normal rows."""
        z = jax.random.normal(key, (n, *params.shape), params.dtype)
        return params + jnp.sqrt(self.variance) * z

    def total(self, key, params, n):
        """One normal per coordinate."""
        return n * params + jnp.sqrt(n * self.variance) * normal(key, params.shape, params.dtype)

    def statistic(self, row):
        """The row."""
        return row

    def estimate(self, mean):
        """The sample mean."""
        return mean

    @property
    def quadratic_variance(self):
        """Constant; summed over the coordinates."""
        return self.parameter.size * self.variance, 0.0


class Exponential(ExponentialFamily):
    """The exponential distribution with density ``exp(-x / mean) / mean``, fitted by its mean.

    **Arguments**

    - `mean`: the true mean, positive.
    - `sampling`: ``"exact"`` draws one gamma variate per batch; ``"raw"`` draws rows.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> run = jc.simulate(jc.Exponential(1.0), jc.Accumulate(), key=jax.random.key(0), samples=20, generations=3)
    >>> bool((run.estimate > 0).all())
    True

    ```
    """

    parameter: Float[Array, ""]
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(self, mean: Any = 1.0, *, sampling: Literal["exact", "raw"] = "exact"):
        self.parameter = positive(mean, "mean")
        check_choice("sampling", sampling, ("exact", "raw"))
        self.sampling = sampling

    @lenient()
    def rows(self, key, params, n):
        """Exponential rows."""
        return params * jax.random.exponential(key, (n,), params.dtype)

    def total(self, key, params, n):
        """A gamma variate of shape `n`: half a chi-square with ``2n`` degrees of freedom."""
        return 0.5 * params * chi_square(key, 2 * n)

    def statistic(self, row):
        """The row."""
        return row

    def estimate(self, mean):
        """The sample mean."""
        return mean

    @property
    def quadratic_variance(self):
        """The squared mean."""
        return self.parameter**2, 1.0


class Beta(ExponentialFamily):
    """The distribution on [0, 1] with density ``shape * x^(shape - 1)``: Beta(shape, 1).

    **Arguments**

    - `shape`: the true shape, positive.
    - `sampling`: ``"exact"`` draws one gamma variate per batch (``-log x`` is exponential with rate ``shape``);
      ``"raw"`` draws rows.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> run = jc.simulate(jc.Beta(0.5), jc.Accumulate(), key=jax.random.key(0), samples=20, generations=3)
    >>> bool((run.estimate > 0).all())
    True

    ```
    """

    parameter: Float[Array, ""]
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(self, shape: Any = 1.0, *, sampling: Literal["exact", "raw"] = "exact"):
        self.parameter = positive(shape, "shape")
        check_choice("sampling", sampling, ("exact", "raw"))
        self.sampling = sampling

    @lenient()
    def rows(self, key, params, n):
        """The logs of the rows: small shapes would round the rows themselves to zero."""
        return -jax.random.exponential(key, (n,), params.dtype) / params

    def total(self, key, params, n):
        """The sum of ``-log x``: a gamma variate of shape `n`."""
        return 0.5 * chi_square(key, 2 * n) / params

    def statistic(self, row):
        """Minus the log that the row holds."""
        return -row

    def estimate(self, mean):
        """One over the mean of ``-log x``."""
        return 1 / mean

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """To first order: the estimate is no mean, and has a bias of order ``1/n``."""
        estimate = ClosedForm(jnp.broadcast_to(self.parameter, generations), "consistent", "asymptotic", order="1/n")
        return {
            "estimate": estimate,
            "squared_error": inflated(self.parameter**2 / samples[0], workflow, samples),
        }


class Poisson(ExponentialFamily):
    """The Poisson distribution, fitted by its mean; a mean of zero is absorbing.

    **Arguments**

    - `mean`: the true mean, positive.
    - `sampling`: ``"exact"`` draws one Poisson variate per batch; ``"raw"`` draws rows.

    **Raises** `ValueError` for a mean that is not positive, and where a count has a mean above ``2^31``: of a batch,
    ``samples * mean``, or of a row if rows are drawn.

    **Exactness** Exact in law up to that limit. Where an estimate has drifted to twice as much, what follows is NaN.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> run = jc.simulate(jc.Poisson(3.0), jc.Replace(), key=jax.random.key(0), samples=20, generations=3)
    >>> run.estimate.shape
    (3,)

    ```
    """

    parameter: Float[Array, ""]
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(self, mean: Any = 1.0, *, sampling: Literal["exact", "raw"] = "exact"):
        self.parameter = positive(mean, "mean")
        check_choice("sampling", sampling, ("exact", "raw"))
        self.sampling = sampling

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """Counts are within the limit of their sampler."""
        check_at_most("mean", self.parameter, LARGEST_COUNT)
        sizes = workflow.all_sizes(samples)
        if self.draws_sums and not is_traced(sizes) and not is_traced(self.parameter):
            if (most := np.asarray(sizes, np.float64).max() * float(self.parameter)) >= LARGEST_COUNT:
                raise ValueError(f"samples * mean must be below 2^31, got {most:g}")

    @lenient()
    def rows(self, key, params, n):
        """Poisson rows."""
        return poisson(key, jnp.broadcast_to(params, (n,)))

    def total(self, key, params, n):
        """A Poisson variate."""
        return poisson(key, n * params)

    def statistic(self, row):
        """The row."""
        return row

    def estimate(self, mean):
        """The sample mean."""
        return mean

    @property
    def quadratic_variance(self):
        """The mean itself."""
        return self.parameter, 0.0


class Bernoulli(ExponentialFamily):
    """The Bernoulli distribution, fitted by its mean; 0 and 1 are absorbing.

    **Arguments**

    - `probability`: the true probability of a one, in (0, 1].
    - `sampling`: ``"exact"`` draws one binomial variate per batch; ``"raw"`` draws rows.

    **Raises** `ValueError` for a probability outside of (0, 1], and for batches of more than ``2^31`` rows.

    **Exactness** Exact in law up to that limit.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> run = jc.simulate(jc.Bernoulli(0.5), jc.Replace(), key=jax.random.key(0), samples=20, generations=3)
    >>> run.estimate.shape
    (3,)

    ```
    """

    parameter: Float[Array, ""]
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(self, probability: Any = 0.5, *, sampling: Literal["exact", "raw"] = "exact"):
        self.parameter = positive(probability, "probability")
        check_at_most("probability", self.parameter, 1.0)
        check_choice("sampling", sampling, ("exact", "raw"))
        self.sampling = sampling

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """Counts are within the limit of their sampler."""
        if self.draws_sums:
            check_at_most("samples", workflow.all_sizes(samples), LARGEST_COUNT)

    @lenient()
    def rows(self, key, params, n):
        """Zeros and ones."""
        return bernoulli(key, jnp.broadcast_to(params, (n,))).astype(params.dtype)

    def total(self, key, params, n):
        """A binomial variate."""
        return binomial(key, n, params)

    def statistic(self, row):
        """The row."""
        return row

    def estimate(self, mean):
        """The share of ones."""
        return mean

    @property
    def quadratic_variance(self):
        """``p (1 - p)``."""
        return self.parameter * (1 - self.parameter), -1.0
