"""Several copies of a model that train on what all of them generate.

Protocol: every copy has private real data, all share one public real data set. What a copy is shown as real data is a
mixture of its private (total weight ``beta``) and the public data (``1 - beta``); what it is shown as synthetic data is
a batch from each of the copies, with equal weights. A workflow mixes the two: ``Mix("fixed", weight=1 - alpha)`` is the
protocol of the paper.

Reference: Vu, Reeves and Wenger 2025, arXiv:2505.21677.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.arguments.check import check_length
from jaxcollapse.arguments.numbers import at_once, number
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.model import Model, Wrapper, measured
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.prediction import ClosedForm, Exactness, Forms, NotKnown
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.copies import Shown, check_copied, disagreement, fit_each, starts, truths
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.inflated import unbiased
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.models.regression.predicted import Chain
from jaxcollapse.random import split
from jaxcollapse.theory import mutual
from jaxcollapse.theory.papers import VU_2025


class _Units(NamedTuple):
    """The error of a model for one unit of noise in the mean of its labels, and what it says of the closed forms."""

    metric: str
    risk: Any
    apart: Any
    exactness: Exactness
    order: str


class Mutual(Wrapper):
    """Several copies of a model that train on each other's data.

    The loss of a copy counts private real data ``(1 - alpha) beta``, public real data ``(1 - alpha)(1 - beta)``, and a
    batch from each of the ``K`` copies ``alpha/K``, all as means over rows: the number of rows of a source changes its
    noise, not its weight.

    **Arguments**

    - `model`: the model that all are copies of. It must draw sufficient statistics.
    - `models`: their number ``K``, at least 1.
    - `private_weight`: ``beta``, the weight of private among real data, in [0, 1]; a number or a schedule.
    - `public_samples`: the size of the public data set; that of a private one by default. Private data sets have the
      size of the workflow's real batch.

    Simulate it with ``Mix("fixed", weight=1 - alpha, real_samples=...)``: one real data set for all generations, of
    which generation 1 is trained alone. Under workflows without a real batch every copy is trained on the same pool,
    and batch 1 of it comes from the truth.

    **Metrics** those of the model, averaged over the copies, and `disagreement`: the mean over pairs of copies of
    the squared distance of their parameters.

    **Raises** `ValueError` or `TypeError` for a model that draws rows, fewer than one copy or one public sample, and a
    weight outside [0, 1].

    **Exactness** As for the model. Designs are fresh, each source its own, or with ``design="fixed"`` one for all
    sources and generations.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.Mutual(jc.NormalMean(0.0), models=4, private_weight=0.5)
    >>> run = jc.simulate(model, jc.Mix("fixed", weight=0.5), key=jax.random.key(0), samples=50, generations=3)
    >>> bool(run.disagreement[2] < run.disagreement[0])
    True

    ```
    """

    model: Model
    models: int = eqx.field(static=True)
    private_weight: Scheduled
    public_samples: Float[Array, ""] | None

    def __init__(self, model: Model, *, models: Count, private_weight: Any, public_samples: Any = None):
        check_copied(model)
        check_length("models", models)
        self.model = model
        self.models = int(models)
        self.private_weight = number_or_schedule(private_weight, "private_weight", 0.0, 1.0)
        self.public_samples = None if public_samples is None else number(public_samples, "public_samples", 1.0)

    def truth(self) -> PyTree:
        """That of the model, for every copy."""
        return truths(self.model, self.models)

    def real(self, key: Key[Array, ""], truth: PyTree, n: Scalar | int) -> Shown:
        """Draw private data of size `n` from each model's own truth, and public data from the common one."""
        *keys, public_key = split(key, self.models + 1)
        n_public = n if self.public_samples is None else self.public_samples
        private = jax.vmap(self.model.real, (0, 0, None))(jnp.stack(keys), truth, n)
        public = ((1 - self.private_weight) * n / n_public) * self.model.real(public_key, self.model.truth(), n_public)
        return Shown(jax.vmap(lambda own: self.private_weight * own + public)(private))

    def start(self, key: Key[Array, ""]) -> PyTree:
        """Where each copy may begin."""
        return starts(self.model, key, self.models)

    def sample(self, key: Key[Array, ""], params: PyTree, n: Scalar | int) -> Shown:
        """Draw `n` samples from each model, and show all of them to all, with the weight of `n`."""
        batches = jax.vmap(self.model.sample, (0, 0, None))(jnp.stack(split(key, self.models)), params, n)
        pool = (1 / self.models) * batches.union()
        return Shown(jax.tree.map(lambda leaf: jnp.stack([leaf] * self.models), pool))

    def fit(self, data: Shown, **context) -> PyTree:
        """Fit each copy to what it is shown."""
        return fit_each(self.model, data, count=self.models, **context)

    @lenient()
    def metrics(self, params: PyTree, **context) -> dict[str, Float[Array, "..."]]:
        """The metrics of the copies on average, and their disagreement."""
        means = jax.tree.map(
            lambda values: values.mean(axis=0), jax.vmap(lambda own: measured(self.model, own, **context))(params)
        )
        return {**means, "disagreement": disagreement(params, self.models)}

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """For one fixed real data set of each copy, and models that are linear in their data."""
        size, real, beta = single(samples), workflow.real_size(samples), single(self.private_weight)
        known = size is not None and real is not None and beta is not None
        units = self._units(real) if known and workflow.mixes == "fixed" else None
        if units is None:
            nearest = 'Mix("fixed"), one size, NormalMean or least squares: theory.mutual.risk'
            return {"": NotKnown("it is for linear models and one real data set for all generations", nearest)}
        shared = {
            "dim": 1,
            "noise": 1.0,
            "private_samples": real,
            "private_weight": beta,
            "synthetic_weight": jnp.diagonal(workflow.weights(samples)[0]),
            "generations": generations,
        }
        public = real if self.public_samples is None else self.public_samples
        risk = mutual.risk(models=self.models, public_samples=public, synthetic_samples=size, **shared)
        apart = mutual.disagreement(**shared) if self.models > 1 else jnp.zeros(generations)
        kind = {"exactness": units.exactness, "order": units.order, "reference": VU_2025}
        return {
            units.metric: ClosedForm(units.risk * risk, mutual.risk, **kind),
            "disagreement": ClosedForm(units.apart * apart, mutual.disagreement, **kind),
            **({"estimate": unbiased(self.model.truth(), samples)} if units.metric == "squared_error" else {}),
        }

    def _units(self, rows: Any) -> "_Units | None":
        """What one unit of noise in one row is for the metrics of the model, if that is linear in its data."""
        model = self.model
        if isinstance(model, NormalMean):
            total = model.parameter.size * model.variance
            return _Units("squared_error", total, total, "exact", "")
        if not isinstance(model, LinearRegression) or model.features is not None or rows is None:
            return None
        with jax.ensure_compile_time_eval():
            sizes = jnp.asarray(rows)[None]
        chain = Chain(model.spectrum, model.noise, model.penalty, model.design, Replace(), sizes)
        noise, spare = single(model.noise), rows - chain.dim - 1
        if noise is None or not chain.least_squares or not bool(spare > 0):
            return None
        total, apart = noise**2 * chain.dim, noise**2 * jnp.sum(1 / model.spectrum.eigenvalues)
        if model.design == "fresh":
            return _Units("risk", total, apart, "asymptotic", "d/n")
        return _Units("risk", total * rows / spare, apart * rows / spare, "exact", "")

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """What the model cannot do with these sizes, or with that of the public data."""
        self.model.check(workflow, samples)
        if self.public_samples is not None:
            with at_once(samples, self.public_samples):
                self.model.check(Replace(), jnp.append(workflow.all_sizes(samples), self.public_samples))

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> "Mutual":
        """The copies with the one design that they keep, if that is fixed."""
        if self.public_samples is not None:
            with jax.ensure_compile_time_eval():
                samples = jnp.append(samples, self.public_samples)
        return eqx.tree_at(lambda mutual: mutual.model, self, self.model.prepare(key, samples))
