"""A categorical distribution whose samples are real only now and then: what is scraped from the web.

Every draw of a batch is real with some probability, else from the newest model, and nobody knows which.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_choice, is_traced
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, values
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.discrete.categorical import Categorical, Counts, left_of, lost_diversity, one_known_size
from jaxcollapse.theory import discrete
from jaxcollapse.theory.papers import KANABAR_2025


class ContaminatedCategorical(Wrapper):
    """A `Categorical` distribution fitted to draws of which a known share is real.

    A batch comes from ``alpha p + (1 - alpha) p_g``. A fit takes it for real, or with ``debiased`` first subtracts what
    the model is known to have added: ``[counts - (1 - alpha) n p_g]/alpha`` has the mean ``n p``.

    **Arguments**

    - `probabilities`: as for `Categorical`.
    - `real_share`: ``alpha`` in (0, 1], a number or a schedule. Batch 1 is real.
    - `debiased`: whether the model's own part is subtracted. Estimates may then be negative.
    - `sampling`: as for `Categorical`; ``"raw"`` for workflows that pick rows, without ``debiased``.

    Under `Accumulate` batches are pooled by their sizes, and with ``weight=lambda g: alpha(g)**2`` in the way that is
    best for debiased ones.

    **Metrics** those of `Categorical`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law. Where a debiased estimate has become so negative that no batch can be drawn, all that
    follows is NaN.

    **Reference** Kanabar and Gastpar 2025, arXiv:2501.19273; see `jaxcollapse.theory.discrete.contaminated`.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.ContaminatedCategorical([0.5, 0.3, 0.2], real_share=0.6)
    >>> run = jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=100, generations=5)
    >>> run.squared_error.shape
    (5,)

    ```
    """

    categorical: Categorical
    real_share: Scheduled
    debiased: bool = eqx.field(static=True)

    def __init__(
        self,
        probabilities: Any,
        *,
        real_share: Any,
        debiased: bool = False,
        sampling: Literal["exact", "count", "binomial", "raw"] = "exact",
    ):
        check_choice("sampling", sampling, ("exact", "count", "binomial", "raw"))
        if debiased and sampling == "raw":
            raise ValueError('sampling must not be "raw" with debiased=True: what is subtracted has no rows')
        self.categorical = Categorical(probabilities, sampling=sampling)
        self.real_share = number_or_schedule(real_share, "real_share", 0.0, 1.0)
        self.debiased = bool(debiased)

    @property
    def model(self) -> Categorical:
        """The distribution whose draws are contaminated."""
        return self.categorical

    def sample(self, key: Key[Array, ""], params: Float[Array, " symbols"], n: Scalar | int) -> Counts | Samples:
        """Draw the counts of `n` symbols of either kind; less those that the model is expected to add, if debiased."""
        own = (1 - self.real_share) * params
        mixed = self.real_share * self.truth() + own
        batch = self.categorical.sample(key, jnp.where(jnp.all(mixed >= 0), mixed, jnp.nan), n)
        if not self.debiased or not isinstance(batch, Counts):
            return batch
        return Counts((batch.counts - n * own) / self.real_share)

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """The error, of frequencies that have no bias, debiased or not; for `Replace` which symbols are there."""
        shares = values(self.real_share, generations)
        setting = {"samples": samples, "real_share": shares, "generations": generations}
        p = self.categorical.probabilities
        diversity = 1 - jnp.sum(p**2)
        rows = row_weights(workflow, samples) if self.debiased else None
        if not self.debiased and workflow.keeps_all:
            curve = discrete.contaminated_accumulate(p, **setting)
            error = ClosedForm(curve, discrete.contaminated_accumulate, reference=KANABAR_2025)
        elif not self.debiased and workflow.newest_alone:
            error = ClosedForm(discrete.contaminated_replace(p, **setting), discrete.contaminated_replace)
        elif not self.debiased:
            error = lost_diversity(diversity, workflow, samples, shares)
        elif rows is not None:
            function = discrete.contaminated_accumulate_debiased
            curve = function(p, weights=rows, **setting)
            # exact as long as no probability of a batch is negative
            error = ClosedForm(curve, function, "asymptotic", order="e^-n", reference=KANABAR_2025)
        else:
            why = NotKnown("it is for a pool of all draws", "Accumulate, theory.discrete.contaminated_accumulate")
            return {"squared_error": why, "diversity": why}
        known: Forms = {"squared_error": error, "diversity": error.times(-1.0, plus=diversity)}
        size = None if self.debiased else one_known_size(workflow, samples)
        if size is None:
            return known
        lost = discrete.contaminated_replace_lost(p, **{**setting, "samples": size})
        return {**known, **left_of(lost, p, discrete.contaminated_replace_lost)}


def row_weights(workflow: Workflow, samples: Float[Array, " generations"]) -> Float[Array, " generations"] | None:
    """How often a row of each batch counts, where all are kept with the same weights for ever."""
    if workflow.keeps_all:
        return jnp.ones_like(samples)
    if workflow.newest_alone or workflow.needs_rows or workflow.draws_real:
        return None
    with jax.ensure_compile_time_eval():
        weights = workflow.weights(samples)[0]
    if is_traced(weights) or not (np.asarray(weights)[-1] > 0).all():
        return None
    kept = np.tril(np.broadcast_to(weights[-1], weights.shape))
    same = np.allclose(kept / kept.sum(axis=1, keepdims=True), weights)
    return weights[-1] / samples if same else None
