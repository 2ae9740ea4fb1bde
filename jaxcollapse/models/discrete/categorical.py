"""A distribution over finitely many symbols, fitted by their frequencies: a language without grammar.

Trained on its own output it is the Wright-Fisher model of genetic drift: a symbol that is missing from one generation
of data is missing for ever.
"""

from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_at_most, check_choice, check_probabilities, is_traced
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.chain.data import Samples, Statistic
from jaxcollapse.chain.model import Model, keeping
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random import multinomial, symbol_counts, symbols
from jaxcollapse.random.counts import LARGEST_COUNT
from jaxcollapse.theory import discrete, exponential_family
from jaxcollapse.theory.papers import SEDDIK_2024


class Counts(Statistic):
    """How often every symbol occurs, by weight."""

    counts: Float[Array, " symbols"]


class Categorical(Model):
    """Symbols ``0, ..., k - 1`` with unknown probabilities, fitted by their frequencies.

    **Arguments**

    - `probabilities`: of the symbols, shape ``(k,)``, not negative, summing to one;
      `jaxcollapse.theory.discrete.zipf` gives those of Zipf's law.
    - `sampling`: ``"exact"`` takes the cheapest of the first two below; a name asks for that one.

      | sampling | draws | numbers in one batch of ``n`` |
      |---|---|---|
      | ``"count"`` | the text, and counts it; sizes must be known before compilation | ``n`` |
      | ``"binomial"`` | the count of one symbol after another; any size | ``k`` |
      | ``"raw"`` | the text, and keeps it | ``n`` |

    **Metrics** `support`, the number of symbols that are left; `unseen`, the true probability of those that are not:
    the test error of a learner that answers right what it has seen; `diversity`, the probability that two draws
    differ; `squared_error`, the squared Euclidean distance of the probabilities from the true ones.

    **Raises** `ValueError` or `TypeError` for probabilities of another shape, sign or sum, an unknown sampling, and
    batches of more than ``2^31`` symbols.

    **Exactness** Exact in law, up to rounding: the probability of a range of symbols is met to 1e-15, in single
    precision to 1e-7. A symbol without probability is never drawn.

    **Reference** The learner that remembers: Dohmatob, Feng, Yang, Charton and Kempe 2024, arXiv:2402.07043, after
    Hutter 2021, "Learning Curve Theory".

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.Categorical(jc.theory.discrete.zipf(1000, exponent=2.0))
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=500, generations=20)
    >>> bool((run.support[1:] <= run.support[:-1]).all())
    True

    ```
    """

    probabilities: Float[Array, " symbols"]
    sampling: Literal["exact", "count", "binomial", "raw"] = eqx.field(static=True)
    most: int | None = eqx.field(static=True, init=False)
    """The size of the largest batch of a replication, where that is known before compilation."""

    def __init__(
        self,
        probabilities: Any,
        *,
        sampling: Literal["exact", "count", "binomial", "raw"] = "exact",
    ):
        check_probabilities("probabilities", probabilities)
        check_choice("sampling", sampling, ("exact", "count", "binomial", "raw"))
        self.probabilities = as_floats(probabilities)
        self.sampling = sampling
        self.most = None

    @property
    def draws_sums(self) -> bool:
        return self.sampling != "raw"

    def truth(self) -> Float[Array, " symbols"]:
        """The true probabilities."""
        return self.probabilities

    def metrics(self, params: Float[Array, " symbols"], **context) -> dict[str, Float[Array, ""]]:
        """What is left of the symbols, and how far the probabilities have drifted."""
        left = params > 0
        return {
            "support": jnp.sum(left, dtype=params.dtype),
            "unseen": jnp.sum(jnp.where(left, 0.0, self.probabilities)),
            "diversity": 1 - jnp.sum(params**2),
            "squared_error": jnp.sum((params - self.probabilities) ** 2),
        }

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """Counts are within the limit of their sampler."""
        if self.draws_sums:
            check_at_most("samples", workflow.all_sizes(samples), LARGEST_COUNT)

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> "Categorical":
        """The model with room for the text of its largest batch, as far as this is known."""
        return self if is_traced(samples) else keeping(self, most=int(np.asarray(samples).max()))

    def sample(self, key: Key[Array, ""], params: Float[Array, " symbols"], n: Scalar | int) -> Counts | Samples:
        """Draw the counts of `n` symbols, or the symbols themselves (raw)."""
        if self.sampling == "raw":
            return Samples(symbols(key, params, int(n)))
        capacity = self.most if is_traced(n) else int(n)
        few = self.sampling == "exact" and capacity is not None and capacity <= _FEW * params.size
        if capacity is not None and (few or self.sampling == "count"):
            return Counts(symbol_counts(key, params, n, capacity=capacity).astype(params.dtype))
        if self.sampling == "count":
            raise TypeError('sampling="count" needs a number of samples that is known before compilation')
        return Counts(multinomial(key, n, params))

    def summed(self, data: Samples) -> Counts:
        """How often every symbol occurs; NaN where a row with weight is no symbol."""
        text, size = data.rows, self.probabilities.size
        if not jnp.issubdtype(text.dtype, jnp.integer):
            raise TypeError(f"rows must be symbols 0, 1, ..., as integers, got {text.dtype}")
        unknown = jnp.any(((text < 0) | (text >= size)) & (data.weights > 0))
        counts = jnp.zeros(size, data.weights.dtype).at[text].add(data.weights)
        return Counts(jnp.where(unknown, jnp.nan, counts))

    def fit(self, data: Counts | Samples, **context) -> Float[Array, " symbols"]:
        """The frequencies of the symbols."""
        counts = (self.summed(data) if isinstance(data, Samples) else data).counts
        return counts / counts.sum()

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """The drift of the probabilities, and for `Replace` which symbols are left."""
        diversity = 1 - jnp.sum(self.probabilities**2)
        error = self._squared_error(diversity, workflow, samples)
        return {
            "squared_error": error,
            "diversity": error.times(-1.0, plus=diversity),  # probabilities have no bias
            **self._left(workflow, samples),
        }

    def _squared_error(
        self, diversity: Float[Array, ""], workflow: Workflow, samples: Float[Array, " generations"]
    ) -> ClosedForm:
        """Every symbol is a Bernoulli variate."""
        p, generations = self.probabilities, len(samples)
        if workflow.evicts:
            return lost_diversity(diversity, workflow, samples)
        size, real = single(samples), workflow.real_size(samples)
        if workflow.newest_alone and size is not None:
            curve = discrete.categorical_replace_diversity(p, samples=size, generations=generations)
            form = ClosedForm(curve, discrete.categorical_replace_diversity, reference=SEDDIK_2024)
            return form.times(-1.0, plus=diversity)
        if workflow.newest_alone:
            curve = exponential_family.variance_replace(
                samples=samples, variance=diversity, curvature=-1.0, generations=generations
            )
            return ClosedForm(curve, exponential_family.variance_replace)
        if workflow.keeps_all:
            curve = discrete.contaminated_accumulate(p, samples=samples, real_share=0.0, generations=generations)
            return ClosedForm(curve, discrete.contaminated_accumulate)
        if workflow.mixes == "fixed" and workflow.counts_alike and size is not None and real is not None:
            curve = discrete.categorical_mix(p, samples=size, real_samples=real, generations=generations)
            return ClosedForm(curve, discrete.categorical_mix, reference=SEDDIK_2024)
        return lost_diversity(diversity, workflow, samples)

    def _left(self, workflow: Workflow, samples: Float[Array, " generations"]) -> Forms:
        """The mean number of symbols that are left, and the mean probability of those that are not."""
        size = one_known_size(workflow, samples)
        if size is None:
            why = NotKnown("what is left is known of batches of one size", f"Replace, samples up to {_MOST}")
            return {"support": why, "unseen": why}
        function = discrete.categorical_replace_lost
        lost = function(self.probabilities, samples=size, generations=len(samples))
        return left_of(lost, self.probabilities, function)


def lost_diversity(
    diversity: Float[Array, ""],
    workflow: Workflow,
    samples: Float[Array, " generations"],
    real_share: Float[Array, " generations"] | float = 0.0,
) -> ClosedForm:
    """The mean squared distance from probabilities of this diversity, under any workflow."""
    left = discrete.remaining_diversity(workflow, samples=samples, real_share=real_share, generations=len(samples))
    return ClosedForm(diversity * (1 - left), discrete.remaining_diversity)


def left_of(lost: Float[Array, "generations symbols"], p: Float[Array, " symbols"], function: Callable) -> Forms:
    """Support and unseen probability, from how often each symbol is missing."""
    return {"support": ClosedForm(jnp.sum(1 - lost, axis=1), function), "unseen": ClosedForm(lost @ p, function)}


def one_known_size(workflow: Workflow, samples: Float[Array, " generations"]) -> int | None:
    """The size of all batches, where each replaces the last and the law of their ancestors can be computed."""
    size = single(samples) if workflow.newest_alone else None
    return None if size is None or not bool(size <= _MOST) else int(size)


_MOST = 2048  # samples up to which the law of the ancestors, of their square in numbers, is computed


_FEW = 100  # symbols of text per symbol of the alphabet, up to which it is cheaper to count them
