"""Rows that are labelled twice, by the truth and by the last model: a fit to weighted means of both labels.

Protocol: generation ``g`` is fitted to ``w y + (1 - w) y'`` on one batch of rows ``X``, with fresh real labels
``y = X w0 + noise e`` and synthetic ones ``y' = X w_{g-1} + noise e'``. `jaxcollapse.Mix` draws rows of their own for
both; on one fixed design the two are the same.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.names import shown
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, single, values
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.models.regression.predicted import Chain
from jaxcollapse.models.regression.sums import RegressionSums
from jaxcollapse.theory import regression
from jaxcollapse.theory.papers import GARG_2025


class MixedLabels(Wrapper):
    """Ridge, least squares and minimum-norm regression on labels that mix real and synthetic ones row by row.

    **Arguments**

    - `regression`: a `LinearRegression` with the population, the noise of either label, the penalty and the design.
    - `weight`: ``w``, the weight of the real label in [0, 1]; a number or a schedule. At generation 1, where nothing
      synthetic is there yet, it is 1.

    Simulate it with ``Replace()``: the real labels come with the rows of each generation.

    **Metrics** `risk`: the excess test risk ``|w - w0|_Sigma^2``, label noise excluded.

    **Raises** `ValueError` or `TypeError` for another regression and a weight outside [0, 1].

    **Exactness** As for `LinearRegression`: exact in law.

    **Reference** Garg, Bhattacharya and Sur 2025, arXiv:2509.22341;
    `jaxcollapse.theory.regression.minimum_norm_mixed_labels_fresh` has the mean risk without a penalty.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> regression = jc.LinearRegression(jc.theory.Spectrum.isotropic(40), noise=1.0)
    >>> model = jc.MixedLabels(regression, weight=0.618)
    >>> jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=15, generations=4).risk.shape
    (4,)

    ```
    """

    regression: LinearRegression
    weight: Scheduled

    def __init__(self, regression: LinearRegression, *, weight: Any):
        if not isinstance(regression, LinearRegression):
            raise TypeError(f"regression must be a jaxcollapse LinearRegression, got {shown(regression)}")
        self.regression = regression
        self.weight = number_or_schedule(weight, "weight", 0.0, 1.0)

    @property
    def model(self) -> LinearRegression:
        """The regression, which draws the real labels of batch 1."""
        return self.regression

    def sample(self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar | int) -> RegressionSums | Samples:
        """Draw `n` rows with mixed labels."""
        labeller, mixed = self._mixed(params)
        return labeller.sample(key, mixed, n)

    def refit(self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar | int, **context):
        """Sample and fit in one draw, as the regression does."""
        labeller, mixed = self._mixed(params)
        return labeller.refit(key, mixed, n, **context)

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """Without a penalty, for batches of one size."""
        model, size = self.regression, single(samples)
        noise = single(model.noise)
        chain = Chain(model.spectrum, model.noise, model.penalty, model.design, workflow, samples)
        nearest = "Replace, penalty=0, one size and noise; for any penalty theory.regression.ridge_mixed_labels_limit"
        unknown: Forms = {"risk": NotKnown("mixed labels are known without a penalty", nearest)}
        if not (workflow.newest_alone and chain.unpenalised and model.features is None):
            return unknown
        if size is None or noise is None:
            return unknown
        setting = {"samples": size, "noise": noise, "generations": generations}
        setting["real_weight"] = values(self.weight, generations)
        exact = chain.least_squares or chain.equal
        if model.design == "fixed":
            function = regression.minimum_norm_mixed_labels
            curve = function(model.spectrum, **setting)
        elif exact:
            function = regression.minimum_norm_mixed_labels_fresh
            curve = function(dim=chain.dim, norm=chain.norm, **setting)
        else:
            return {"risk": NotKnown("the minimum norm on fresh rows is known for equal eigenvalues", "samples > dim")}
        exactness, order = ("exact", "") if exact else ("asymptotic", "1/d")
        return {"risk": ClosedForm(curve, function, exactness, order=order, reference=GARG_2025)}

    def _mixed(self, params: Float[Array, " dim"]) -> tuple[LinearRegression, Float[Array, " dim"]]:
        """The regression and the coefficients that draw mixed labels: the noise of a mean of two is smaller."""
        w = self.weight
        noise = self.regression.noise * jnp.sqrt(w**2 + (1 - w) ** 2)
        labeller = eqx.tree_at(lambda regression: regression.noise, self.regression, noise)
        return labeller, w * self.truth() + (1 - w) * params
