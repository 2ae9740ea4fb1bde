"""Bigram models in a loop, exactly: label smoothing, and real text of which a model edits some tokens.

Protocol: each of ``C`` contexts is a prompt ``n`` times, the newest model writes the next of ``V`` symbols, and a
softmax over all pairs is trained to convergence: its probabilities are the frequencies ``k/N`` of the pool, with label
smoothing ``q(k) = (1 - eps) k/N + eps/V``. The count of one symbol after one context is a Markov chain of its own: of
Wright and Fisher with mutation where data is replaced, an urn where it accumulates.

Reference: derived here; Zhu et al. 2024, arXiv:2412.14689, for edits of tokens.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_at_most,
    check_conditionals,
    check_fits,
    check_integer,
    check_length,
    check_positive,
    check_probabilities,
    check_scalar,
    check_shape,
)
from jaxcollapse.arguments.numbers import as_floats, common_type
from jaxcollapse.arguments.types import Count, Matrix, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.special import binomial_law


class BigramLoss(NamedTuple):
    """What is expected of a bigram model at every generation, in nats a token."""

    loss: Float[Array, " generations"]
    """The test cross-entropy."""
    entropy: Float[Array, " generations"]
    """The entropy of the model's own next symbol, after contexts of real text."""


@lenient()
def bigram_smoothed_replace(
    rows: Matrix, contexts: Vector, *, samples: Count, smoothing: Number, generations: Count
) -> BigramLoss:
    """Test cross-entropy and entropy of a bigram model with label smoothing whose data is replaced.

    The counts obey ``k' ~ Bin(n, q(k))``, one chain with ``n + 1`` states for all symbols and contexts: smoothing is
    mutation.

    **Arguments**

    - `rows`: true probabilities ``P`` of the next symbol, shape ``(contexts, symbols)``, each row summing to one.
    - `contexts`: their weights ``pi`` in the test text, shape ``(contexts,)``, summing to one.
    - `samples`: ``n``, prompts of each context in a batch, a positive integer.
    - `smoothing`: ``eps``, above 0 and at most 1: without it a symbol that was not seen costs infinitely much.
    - `generations`: ``G``, a positive integer.

    **Returns** `BigramLoss`, each of shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every ``n`` and ``g``.

    **Reference** Derived here.

    ```python
    >>> found = bigram_smoothed_replace([[0.7, 0.3]], [1.0], samples=20, smoothing=0.1, generations=3)
    >>> [round(float(value), 4) for value in found.loss], [round(float(value), 4) for value in found.entropy]
    ([0.6323, 0.651, 0.6672], [0.6069, 0.6042, 0.6025])

    ```
    """
    rows, contexts, smoothing = _language(rows, contexts, samples, smoothing, generations)
    q = _smoothed(jnp.arange(samples + 1) / samples, smoothing, rows.shape[1])
    chain = _binomials(q, samples)
    found = jax.lax.scan(lambda f, _: (chain @ f, f), _surprise(q), length=int(generations))[1]
    return _expected(rows, contexts, samples, found)


@lenient()
def bigram_smoothed_accumulate(
    rows: Matrix, contexts: Vector, *, samples: Count, smoothing: Number, generations: Count
) -> BigramLoss:
    """Test cross-entropy and entropy of a bigram model with label smoothing that keeps all its data.

    The counts of the pool obey ``k_{g+1} = k_g + Bin(n, q_g(k_g))``: an urn of Polya's kind.

    **Arguments** as for `bigram_smoothed_replace`.

    **Returns** `BigramLoss`, each of shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every ``n`` and ``g``; it takes of the order of ``n^2 G^3`` operations.

    **Reference** Derived here.

    ```python
    >>> found = bigram_smoothed_accumulate([[0.7, 0.3]], [1.0], samples=20, smoothing=0.1, generations=3)
    >>> [round(float(value), 4) for value in found.loss]
    [0.6323, 0.6358, 0.6369]

    ```
    """
    rows, contexts, smoothing = _language(rows, contexts, samples, smoothing, generations)
    check_fits("samples: an urn of them", 24.0 * generations * float(samples) ** 2, "take fewer, or fewer generations")
    count = jnp.arange(generations * samples + 1)
    later = jnp.minimum(count[:, None] + jnp.arange(samples + 1), count[-1])
    model = lambda i: _smoothed(jnp.minimum(count / (i * samples), 1.0), smoothing, rows.shape[1])  # noqa: E731

    def back(found, i):
        """From expectations given the pool of generation ``i + 1`` to those given that of generation ``i``."""
        batch = _binomials(model(i), samples)
        before = jax.lax.map(lambda f: jnp.sum(batch[..., None] * f[later], axis=1), found)
        return jnp.where((jnp.arange(generations) >= i)[:, None, None], before, found), None

    last = jax.lax.map(lambda g: _surprise(model(g)), jnp.arange(1, generations + 1))
    found = jax.lax.scan(back, last, jnp.arange(generations - 1, 0, -1))[0]
    return _expected(rows, contexts, samples, found[:, : samples + 1])


@lenient()
def edited_excess(
    parameters: Number, *, samples: Number, share: Number, generations: Count
) -> Float[Array, " generations"]:
    """The excess test cross-entropy of real text of which a share is edited by the model, at random.

    Every generation trains on fresh real text, each token of which its predecessor has replaced by one of its own with
    probability ``m``: ``p (1 - m^(2g))/(2 n (1 - m^2))``. It stays below ``p/(2n (1 - m^2))``; for ``m = 1`` it is that
    of `Replace`.

    **Arguments**

    - `parameters`: ``p``, the number of free ones, positive.
    - `samples`: ``n``, tokens of a batch, positive.
    - `share`: ``m``, above 0 and at most 1.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``, in nats a token.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic, with a relative error of order ``p g/n``, for models that are right.

    **Reference** Zhu et al. 2024, arXiv:2412.14689, for the protocol; derived here.

    ```python
    >>> [round(float(e), 4) for e in edited_excess(12, samples=1000, share=0.5, generations=4)]
    [0.006, 0.0075, 0.0079, 0.008]

    ```
    """
    for name, value in (("parameters", parameters), ("samples", samples), ("share", share)):
        check_scalar(name, value)
        check_positive(name, value)
    check_at_most("share", share, 1.0)
    check_length("generations", generations)
    unit = parameters / (2 * as_floats(samples))
    powers = as_floats(share) ** (2 * jnp.arange(int(generations)))
    return unit * jnp.cumsum(powers)


@lenient()
def edited_rows(rows: Matrix, *, threshold: Number, generations: Count) -> Float[Array, "generations contexts symbols"]:
    """The bigram models of real text whose likely tokens are edited: those that the model gives the threshold or more.

    ``P_1 = P`` and ``P_{g+1} = P 1[P_g < p*] + (sum_u P_u 1[P_g >= p*]) P_g``: what was likely is spread over all
    symbols. A perfect model is not kept, and the map may oscillate; it is bounded, as nothing below ``p*`` is lost.

    **Arguments**

    - `rows`: true probabilities ``P`` of the next symbol, shape ``(contexts, symbols)``, each row summing to one.
    - `threshold`: ``p*``, above 0 and at most 1.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations, contexts, symbols)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many tokens; the threshold is a jump, whose place has no derivative.

    **Reference** Zhu et al. 2024, arXiv:2412.14689, for the protocol.

    ```python
    >>> edited_rows([[0.75, 0.25]], threshold=0.5, generations=3)[:, 0, 0].tolist()
    [0.75, 0.5625, 0.421875]

    ```
    """
    check_conditionals("rows", rows)
    truth = as_floats(rows)
    check_scalar("threshold", threshold)
    check_above("threshold", threshold, 0.0)
    check_at_most("threshold", threshold, 1.0)
    check_length("generations", generations)

    def edit(now, _):
        likely = now >= threshold
        kept = jnp.where(likely, 0.0, truth)
        return kept + jnp.sum(truth - kept, axis=1, keepdims=True) * now, now

    return jax.lax.scan(edit, truth, length=int(generations))[1]


def _smoothed(share: Array, smoothing: Array, size: int) -> Array:
    """The probability of a symbol with that share of a pool."""
    return (1 - smoothing) * share + smoothing / size


def _surprise(q: Array) -> Float[Array, "states 2"]:
    """What a symbol of probability ``q`` adds to the negative cross-entropy, per true probability, and entropy."""
    return jnp.stack([jnp.log(q), q * jnp.log(q)], axis=-1)


def _binomials(q: Array, draws: Count) -> Float[Array, "... outcomes"]:
    """The binomial probabilities at every `q`."""
    return jnp.vectorize(lambda q: binomial_law(q, draws=int(draws)), signature="()->(k)")(q)


def _expected(rows: Array, contexts: Array, samples: Count, given: Float[Array, "generations states 2"]) -> BigramLoss:
    """Means over the counts of real text, of what is expected given each of them."""
    means = jnp.einsum("cvk,gke->gcve", _binomials(rows, samples), given)
    loss = jnp.einsum("c,cv,gcv->g", contexts, rows, means[..., 0])
    return BigramLoss(-loss, -jnp.einsum("c,gcv->g", contexts, means[..., 1]))


def _language(rows: Any, contexts: Any, samples: Any, smoothing: Any, generations: Any) -> tuple[Array, Array, Array]:
    """The arguments as arrays of one precision."""
    check_conditionals("rows", rows)
    truth = as_floats(rows)
    check_probabilities("contexts", contexts)
    check_shape("contexts", contexts, truth.shape[:1])
    check_integer("samples", samples, minimum=1)
    check_fits(f"samples={samples:,}: a chain of their counts", 24.0 * float(samples) ** 2, "take fewer")
    check_fits("rows: the counts of every cell", 24.0 * truth.size * (samples + 1.0), "take fewer symbols or samples")
    check_scalar("smoothing", smoothing)
    check_positive("smoothing", smoothing)
    check_at_most("smoothing", smoothing, 1.0)
    check_length("generations", generations)
    weights, eps = as_floats(contexts), as_floats(smoothing)
    dtype = common_type(truth, weights, eps)
    return truth.astype(dtype), weights.astype(dtype), eps.astype(dtype)
