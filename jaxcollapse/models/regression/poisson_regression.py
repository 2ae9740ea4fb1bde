"""Poisson regression: labels are counts."""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.chain.prediction import Forms
from jaxcollapse.chain.schedule import Scheduled
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.models.regression.generalised_linear import (
    Features,
    GeneralisedLinear,
    TableSums,
    first_order,
    population,
    rows_of,
)
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.random import multinomial, poisson, split
from jaxcollapse.theory import regression


class PoissonRegression(GeneralisedLinear):
    """Poisson regression: a label is a count with mean ``exp(x'w)``.

    **Arguments** As for `LogisticRegression`.

    **Metrics** `squared_error` ``|w - w0|^2``, and for Gaussian rows and those of a `Table` `risk`, the squared error
    in the metric of the Fisher information at the truth.

    **Raises** As `LogisticRegression`.

    **Exactness** Both samplings are exact in law. Newton's method solves for the fit to rounding. Without a penalty
    there is none where a direction makes zeros ever more likely and changes nothing else: with fewer rows than
    coefficients, or all counts zero on one side of a hyperplane. The fit is NaN then, and so is every later generation;
    and also where the mean of a count, or of the sum over one row of a table, is above ``4.29e9``: counts are 32-bit
    integers.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.PoissonRegression(jc.theory.Spectrum.isotropic(3, norm=0.5))
    >>> jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=100, generations=4).risk.shape
    (4,)

    ```
    """

    spectrum: Spectrum
    penalty: Scheduled
    features: Features | None
    design: Literal["fresh", "fixed"] = eqx.field(static=True)
    sampling: Literal["exact", "raw"] = eqx.field(static=True)
    intercept: Float[Array, ""] | None

    def __init__(
        self,
        spectrum: Spectrum,
        *,
        penalty: Any = 0.0,
        features: Features | None = None,
        design: Literal["fresh", "fixed"] = "fresh",
        sampling: Literal["exact", "raw"] = "exact",
        intercept: Any = None,
    ):
        self.spectrum, self.penalty, self.intercept = population(spectrum, penalty, intercept)
        self.features, self.design, self.sampling = rows_of(spectrum, features, design, sampling)

    def labels(self, key, predictor):
        """Counts; NaN where they may not fit into an integer."""
        return poisson(key, jnp.exp(predictor))

    def sums(self, key, predictor, n):
        """A multinomial variate, and Poisson variates: sums of counts are counts."""
        row_key, label_key = split(key)
        share = jnp.full_like(predictor, 1 / len(predictor))
        copies = multinomial(row_key, n, share)
        return TableSums(copies, self.totals(label_key, predictor, copies))

    def totals(self, key, predictor, counts):
        """Sums of counts are counts."""
        return poisson(key, counts * jnp.exp(predictor))

    def log_partition(self, predictor):
        """``exp(x'w)``."""
        return jnp.exp(predictor)

    def moments(self, predictor):
        """Both are ``exp(x'w)``."""
        mean = jnp.exp(predictor)
        return mean, mean

    def unbounded(self, predictor, y, present):
        """Whether all counts are zero, on one side of a hyperplane."""
        return jnp.all(jnp.where(present, (y == 0) & (predictor < 0), True))

    def information(self):
        """That of `jaxcollapse.theory.regression.poisson_information`."""
        return self._information(regression.poisson_information)

    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """To first order, without a penalty."""
        return first_order(self, workflow, samples)
