"""Several copies of a model, each of which reads some of the others and real data.

Protocol: every copy is fitted to real data at generation 1. Later the batch of copy ``i`` consists of a share ``w_i0``
of fresh real data and of shares ``w_ij`` that copy ``j`` of the generation before has drawn, for this reader alone.
`jaxcollapse.Mutual` is the other protocol: copies with private and public real data that stay, all of which are shown
the same synthetic data.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.arguments.check import check_graph, is_traced
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.chain.data import Data
from jaxcollapse.chain.model import Model, Wrapper, measured
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.copies import Shown, check_copied, disagreement, fit_each, starts, truths
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.inflated import unbiased
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.models.regression.predicted import Chain
from jaxcollapse.random import split
from jaxcollapse.theory import graph


class Graph(Wrapper):
    """Several copies of a model that read each other and fresh real data, by a matrix of weights.

    **Arguments**

    - `model`: the model that all are copies of. It must draw sufficient statistics.
    - `weights`: shape ``(models, models + 1)``, not negative, each row summing to one. Row ``i`` says of what the batch
      of copy ``i`` consists: the share of fresh real data first, then that of each copy. Times the sample size it is a
      whole number of rows.

    Simulate it with ``Replace()``: batches are new at every generation, real data among them. Other workflows keep what
    they keep for each copy.

    **Metrics** those of the model, shape ``(models,)`` at every generation, and `disagreement`: the mean over pairs of
    copies of the squared distance of their parameters.

    **Raises** `ValueError` or `TypeError` for a model that draws rows, weights of another shape, negative or whose rows
    do not sum to one, and sizes of which a share is no whole number of rows.

    **Exactness** As for the model. Every reader has rows of its own.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> ring = [[0.0, 0.0, 1.0], [0.2, 0.8, 0.0]]  # the first reads the second alone
    >>> run = jc.simulate(jc.Graph(jc.NormalMean(0.0), ring), jc.Replace(), key=jax.random.key(0), samples=50,
    ...                   generations=3)
    >>> run.squared_error.shape
    (3, 2)

    ```
    """

    model: Model
    weights: Float[Array, "models sources"]

    def __init__(self, model: Model, weights: Any):
        check_copied(model)
        self.model = model
        check_graph("weights", weights)
        self.weights = as_floats(weights)

    @property
    def models(self) -> int:
        """Their number."""
        return len(self.weights)

    def truth(self) -> PyTree:
        """That of the model, for every copy."""
        return truths(self.model, self.models)

    def real(self, key: Key[Array, ""], truth: PyTree, n: Scalar | int) -> Shown:
        """Draw `n` real samples for each copy."""
        batches: Any = jax.vmap(self.model.real, (0, 0, None))(jnp.stack(split(key, self.models)), truth, n)
        return Shown(batches)

    def start(self, key: Key[Array, ""]) -> PyTree:
        """Where each copy may begin."""
        return starts(self.model, key, self.models)

    @lenient()
    def sample(self, key: Key[Array, ""], params: PyTree, n: Scalar | int) -> Shown:
        """Draw the batch of each copy: its shares of `n` of real data and from the copies that it reads."""
        truth = self.model.truth()

        def read(key, rows):
            real_key, *keys = split(key, self.models + 1)
            own = jax.vmap(lambda key, params, n: _batch(self.model.sample, key, params, n))
            return _batch(self.model.real, real_key, truth, rows[0]) + own(jnp.stack(keys), params, rows[1:]).union()

        return Shown(jax.vmap(read)(jnp.stack(split(key, self.models)), jnp.round(n * self.weights)))

    def fit(self, data: Shown, **context) -> PyTree:
        """Fit each copy to what it reads."""
        return fit_each(self.model, data, count=self.models, **context)

    @lenient()
    def metrics(self, params: PyTree, **context) -> dict[str, Float[Array, "..."]]:
        """The metrics of each copy, and their disagreement."""
        each = jax.vmap(lambda own: measured(self.model, own, **context))(params)
        return {**each, "disagreement": disagreement(params, self.models)}

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """Shares are whole numbers of rows, and the model can be fitted to them."""
        if is_traced(samples) or is_traced(self.weights):
            return
        rows = np.unique(np.asarray(samples, float)[:, None, None] * np.asarray(self.weights, float))
        if np.abs(rows - np.round(rows)).max() > 1e-3:
            part = rows[np.abs(rows - np.round(rows)) > 1e-3][0]
            raise ValueError(f"weights times samples must be whole numbers of rows, got {part:g}")
        sizes = np.concatenate([np.asarray(samples, float), np.round(rows[rows > 0.5])])
        with jax.ensure_compile_time_eval():
            self.model.check(Replace(), jnp.asarray(sizes, samples.dtype))

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """For models that are linear in their data, on the newest batches alone."""
        model = self.model
        if workflow.newest_alone and isinstance(model, NormalMean):
            total = model.parameter.size * model.variance
            covariance = total * graph.mean_covariance(self.weights, samples=samples, generations=generations)
            known = self._forms("squared_error", covariance, graph.mean_covariance, 1.0)
            return {"estimate": unbiased(self.truth(), samples), **known}
        if workflow.newest_alone and isinstance(model, LinearRegression) and model.features is None:
            chain = Chain(model.spectrum, model.noise, model.penalty, model.design, workflow, samples)
            if chain.least_squares and chain.more_rows and model.design == "fresh":
                covariance = graph.ols_covariance(self.weights, dim=chain.dim, noise=chain.noises, **chain.sizes)
                scale = jnp.mean(1 / model.spectrum.eigenvalues)
                return self._forms("risk", covariance, graph.ols_covariance, scale)
        nearest = "Replace, NormalMean or least squares on fresh designs: theory.graph.ols_covariance"
        return {"": NotKnown("it is for linear models and the newest batches alone", nearest)}

    def _forms(
        self, metric: str, covariance: Float[Array, "generations models models"], name: Any, scale: Any
    ) -> Forms:
        risks = jnp.diagonal(covariance, axis1=1, axis2=2)
        pairs = max(self.models * (self.models - 1), 1)
        apart = 2 * (self.models * risks.sum(axis=1) - covariance.sum(axis=(1, 2))) / pairs
        return {metric: ClosedForm(risks, name), "disagreement": ClosedForm(scale * apart, name)}


def _batch(draw: Any, key: Key[Array, ""], params: PyTree, n: Scalar) -> Data:
    """`n` samples, or none."""
    some = n > 0
    return jnp.where(some, 1.0, 0.0) * draw(key, params, jnp.where(some, n, 1.0))
