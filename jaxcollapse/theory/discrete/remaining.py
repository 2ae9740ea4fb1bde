"""How much of the diversity of a categorical distribution each workflow leaves: its effective size.

The diversity ``1 - sum_i P_i^2`` is the probability that two draws differ. It is the expected heterozygosity of
population genetics, and a workflow a scheme of mating: fitting ``n`` own draws loses a share ``1/n`` of it, and the
effective size of any workflow is the ``n`` that would lose as much. Frequencies have no bias, so that what is lost is
the mean squared distance from the truth.

Reference: Wright 1931, "Evolution in Mendelian populations", for the effective size; the recursions for workflows are
derived here.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_at_least, check_count, check_length, check_share, is_traced
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.chain.edit import in_blocks
from jaxcollapse.chain.schedule import values
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import from_the_second, per_generation
from jaxcollapse.theory.mean.workflow import check_workflow, responses, weights_of


@lenient()
def remaining_diversity(
    workflow: Any, *, samples: Number | Curve, real_share: Number | Curve = 0.0, generations: Count
) -> Float[Array, " generations"]:
    """The mean diversity of each generation, in units of that of the truth, under any workflow.

    Two draws of a model differ where the draws differ that they descend from. With ``k = 1 - alpha`` and
    ``m = k^2 D + 1 - k^2``, the diversity of what a model with ``D`` draws in truth:

    - the newest batch alone: ``D_g = (1 - 1/n) m_{g-1}``;
    - a random part of all ``N``: that of the pool times ``N (n - 1)/(n (N - 1))``;
    - a buffer of ``B`` rows, one at a time, of which a random one leaves: ``D_g = (1 - 2/B^2) D_{g-1}`` without real
      draws; where the oldest leaves the loss tends to about ``4/(B + 1)^2``, twice as much;
    - one data set of ``n`` rows, of which each is drawn anew with probability ``p``: a pair of rows differs as before
      if both stay, else as two draws, ``h_g = (1 - p)^2 h_{g-1} + (1 - (1 - p)^2) (1 - 1/n) h_{g-1}`` with
      ``D_g = (1 - 1/n) h_g``, without real draws; where the edited rows are chosen, by whether each row of a pair is;
    - weights ``W``: errors pass through them, ``X_g = sum_i W_gi (k_i X_{i-1} + e_i)`` with
      ``E e_i^2 = (1 - k_i^2 (1 - D_{i-1}))/n_i``. Of ``n_r`` fresh real rows among ``n`` the distance ``V = 1 - D`` is
      ``V_g = [n_r + (n - n_r)(1 - V_{g-1}) + (n - n_r)^2 V_{g-1}]/n^2``.

    **Arguments**

    - `workflow`: such as `jaxcollapse.Accumulate`; one with a matrix of weights, `jaxcollapse.AccumulateSubsample`,
      `jaxcollapse.ReplayBuffer` or `jaxcollapse.Edit`.
    - `samples`: ``n``, at least 1, a number or shape ``(generations,)``.
    - `real_share`: ``alpha`` in [0, 1], the probability that a draw of a later batch is real, a number or shape
      ``(generations,)``; the first entry is not used. None by default.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``: ``1 - D_g`` times the diversity of the truth is the mean squared distance.

    **Raises** `ValueError` or `TypeError` for other arguments, `NotImplementedError` for a workflow that states no
    weights.

    **Exactness** Exact, whatever the probabilities are; for workflows with weights up to an absolute rounding error.

    ```python
    >>> import jaxcollapse as jc
    >>> for workflow in (jc.Replace(), jc.Accumulate(), jc.ReplayBuffer(20), jc.ReplayBuffer(20, evict="oldest")):
    ...     print(round(float(remaining_diversity(workflow, samples=10, generations=20)[-1]), 3))
    0.122
    0.848
    0.436
    0.38

    ```
    """
    check_workflow(workflow)
    check_length("generations", generations)
    check_at_least("samples", samples, 1.0)
    check_share("real_share", real_share)
    sizes = per_generation("samples", samples, generations)
    kept = 1 - from_the_second("real_share", real_share, generations, first=1.0).astype(sizes.dtype)
    if getattr(workflow, "newest_alone", False):
        return _newest(sizes, kept)
    if getattr(workflow, "resamples", False):
        return _subsampled(sizes, kept)
    if getattr(workflow, "evicts", None):
        check_holds(workflow, sizes)
        buffer = _random_buffer if workflow.evicts == "random" else _queue
        return buffer(sizes, kept, workflow.capacity)
    if getattr(workflow, "edits", None):
        share, mask = workflow.edits
        sizes = workflow.all_sizes(sizes)
        shares = values(share, generations).astype(sizes.dtype)
        if mask == "fresh":
            return _freshly_edited(sizes, kept, shares)
        return _edited(sizes, kept, shares[-1], blocks=1 if mask == "fixed" else generations - 1)
    return _weighed(workflow, sizes, kept)


@lenient()
def effective_size(workflow: Any, *, samples: Number | Curve, generations: Count) -> Float[Array, " generations"]:
    """The number of draws that would lose as much diversity in one generation of `jaxcollapse.Replace`.

    ``D_g = D_{g-1} (1 - 1/n_e(g))`` with the diversity of `remaining_diversity`: ``n`` where the newest batch is all;
    ``N^2/n`` in a pool of ``N`` rows to which ``n`` were added; ``n/gain^2`` for a moving average; for a window of
    ``K`` batches about ``n ((K + 1)/2)^2`` in the end, and ``B^2/2`` for a buffer of ``B`` rows of which a random one
    is replaced: about ``(B + 1)^2/4``, half as much, where it is the oldest.

    **Arguments** as for `remaining_diversity`.

    **Returns** shape ``(generations,)``; infinite where nothing is lost, negative where fresh real data adds diversity.

    **Raises** `ValueError` or `TypeError` for other arguments, `NotImplementedError` for a workflow that states no
    weights.

    **Exactness** Exact. It is a difference of what `remaining_diversity` rounds: use double precision, except for
    `jaxcollapse.Replace` and `jaxcollapse.Accumulate`.

    **Reference** Wright 1931, "Evolution in Mendelian populations"; for windows, Kaj, Krone and Lascoux 2001,
    "Coalescent theory for seed bank models".

    ```python
    >>> import jaxcollapse as jc
    >>> for workflow in (jc.Replace(), jc.Accumulate(), jc.MovingAverage(0.5)):
    ...     print(effective_size(workflow, samples=10, generations=3).round(1).tolist())
    [10.0, 10.0, 10.0]
    [10.0, 40.0, 90.0]
    [10.0, 40.0, 40.0]

    ```
    """
    check_workflow(workflow)
    check_length("generations", generations)
    check_at_least("samples", samples, 1.0)
    sizes = per_generation("samples", samples, generations)
    if getattr(workflow, "newest_alone", False):
        return sizes
    if getattr(workflow, "keeps_all", False):
        return jnp.cumsum(sizes) ** 2 / sizes
    left = remaining_diversity(workflow, samples=sizes, generations=generations)
    before = jnp.concatenate([jnp.ones_like(left[:1]), left[:-1]])
    return before / (before - left)


@lenient()
def chi_square_from_truth(
    workflow: Any, *, symbols: Count, samples: Number | Curve, real_share: Number | Curve = 0.0, generations: Count
) -> Float[Array, " generations"]:
    """The mean chi-square distance ``sum_i (P_i - p_i)^2/p_i`` from the truth, whatever the probabilities are.

    ``(K - 1)(1 - D_g)`` of ``K`` symbols with what is left of the diversity, `remaining_diversity`. Where data is
    replaced it is ``(K - 1)/n (1 - rho^g)/(1 - rho)`` with ``rho = (1 - alpha)^2 (1 - 1/n)``: each generation makes
    independent errors of the same size, of which the next one passes on ``(1 - alpha)^2``.

    **Arguments**

    - `symbols`: ``K`` of positive probability, a positive integer.
    - the others as for `remaining_diversity`.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments, `NotImplementedError` for a workflow that states no
    weights.

    **Exactness** Exact. It is a difference of what `remaining_diversity` rounds: use double precision.

    **Reference** Khelifa et al. 2026, arXiv:2602.16601, for the distance in a loop; derived here.

    ```python
    >>> import jaxcollapse as jc
    >>> loop = dict(symbols=10, samples=100, generations=200)
    >>> for share in (0.0, 0.1, 0.5):
    ...     print(round(float(chi_square_from_truth(jc.Replace(), real_share=share, **loop)[-1]), 3))
    7.794
    0.454
    0.12

    ```
    """
    check_count("symbols", symbols, minimum=1)
    case = {"samples": samples, "real_share": real_share, "generations": generations}
    return (int(symbols) - 1) * (1 - remaining_diversity(workflow, **case))


def check_holds(workflow: Any, sizes: Float[Array, " generations"]) -> None:
    """A buffer has room for the largest batch."""
    if not is_traced(sizes) and np.asarray(sizes).max() > workflow.capacity:
        raise ValueError(f"samples must be at most the capacity of the buffer, {workflow.capacity}, got {sizes}")


def _drawn(diversity: Float[Array, ""], kept: Float[Array, ""]) -> Float[Array, ""]:
    """The diversity of what is drawn: two draws that are synthetic both differ as those of the model."""
    return kept**2 * diversity + (1 - kept) * (1 + kept)


def _newest(sizes, kept):
    def step(diversity, now):
        n, k = now
        diversity = (1 - 1 / n) * _drawn(diversity, k)
        return diversity, diversity

    return jax.lax.scan(step, jnp.ones_like(sizes[0]), (sizes, kept))[1]


def _weighed(workflow, sizes, kept):
    _, batch, independent = weights_of(workflow, sizes, len(sizes))
    squares = responses(batch, independent, kept) ** 2
    own, others = squares[:, : len(sizes)] / sizes, squares[:, len(sizes) :].sum(axis=1) / sizes[0]
    # D_g = 1 - sum_i own_gi (1 - k_i^2 + k_i^2 D_{i-1}) - others_g, D_0 = 1
    feedback = jnp.eye(len(sizes), dtype=sizes.dtype) + jnp.pad((own * kept**2)[:, 1:], ((0, 0), (0, 1)))
    lost = own @ ((1 - kept**2).at[0].set(1.0)) + others
    return jax.scipy.linalg.solve_triangular(feedback, 1 - lost, lower=True, unit_diagonal=True)


def _subsampled(sizes, kept):
    """Pairs with replacement of a pool, and of the part that a model is fitted to."""

    def step(before, now):
        total, pool, model = before
        n, k = now
        with_new = k * pool + 1 - k  # an old row and a new one; a part of the pool has the pool's mean
        new = (1 - 1 / n) * _drawn(model, k)
        after = total + n
        pool = (total**2 * pool + 2 * total * n * with_new + n**2 * new) / after**2
        model = pool * jnp.where(after > 1, after * (n - 1) / (n * jnp.where(after > 1, after - 1, 1.0)), 1.0)
        return (after, pool, model), model

    zero = jnp.zeros_like(sizes[0])
    return jax.lax.scan(step, (zero, zero, zero + 1), (sizes, kept))[1]


def _freshly_edited(sizes, kept, shares):
    """``pair``: the probability that two rows of the one data set differ."""
    n = sizes[0]

    def step(pair, now):
        k, p = now
        model = (1 - 1 / n) * pair
        pair = p**2 * _drawn(model, k) + 2 * p * (1 - p) * (k * model + 1 - k) + (1 - p) ** 2 * pair
        return pair, (1 - 1 / n) * pair

    first = jnp.ones_like(n)
    later = jax.lax.scan(step, first, (kept[1:], shares[1:]))[1]
    return jnp.concatenate([1 - 1 / sizes[:1], later])


def _edited(sizes, kept, share, blocks):
    """The probabilities that two rows differ, by the blocks that are edited together, one after the other.

    The last block is edited again and again; behind it are the rows that never are.
    """
    n = sizes[0]
    counts = n * in_blocks(jnp.round(share * n) / n, blocks)
    counts = jnp.append(counts, n - counts.sum())
    place = jnp.arange(blocks + 1)

    def mean(pairs):
        return (counts @ pairs @ counts - counts @ jnp.diagonal(pairs)) / n**2

    def step(pairs, now):
        g, k = now
        edited = place == jnp.minimum(g - 2, blocks - 1)
        with_new = k * (counts @ pairs - jnp.diagonal(pairs)) / n + 1 - k  # an old row and one drawn from all of them
        both = edited[:, None] & edited
        one = edited[:, None] ^ edited
        other = jnp.where(edited[:, None], with_new[None, :], with_new[:, None])
        pairs = jnp.where(both, _drawn(mean(pairs), k), jnp.where(one, other, pairs))
        return pairs, mean(pairs)

    first = jnp.ones((blocks + 1, blocks + 1), sizes.dtype)
    later = jax.lax.scan(step, first, (jnp.arange(2, len(sizes) + 1), kept[1:]))[1]
    return jnp.concatenate([mean(first)[None], later])


def _random_buffer(sizes, kept, capacity):
    """``pair``: the probability that two rows of the buffer differ."""

    def step(before, now):
        filled, pair, model = before
        n, k = now
        stay = filled - jnp.maximum(filled + n - capacity, 0.0)
        after = stay + n
        with_new = k * model + 1 - k  # a row and one that is drawn from all of them
        pairs = stay * (stay - 1) * pair + 2 * stay * n * with_new + n * (n - 1) * _drawn(model, k)
        model = pairs / after**2
        pair = pairs / (after * jnp.where(after > 1, after - 1, 1.0))
        return (after, pair, model), model

    zero = jnp.zeros_like(sizes[0])
    return jax.lax.scan(step, (zero, zero, zero + 1), (sizes, kept))[1]


def _queue(sizes, kept, capacity):
    """The probabilities that two rows differ, by their ages."""
    age = jnp.arange(capacity)

    def step(before, now):
        filled, pairs, model = before  # pairs has zeros where there is no row
        n, k = now
        count = jnp.round(n).astype(age.dtype)
        after = jnp.minimum(filled + n, capacity)
        there = filled + (filled == 0)
        with_new = k * jnp.sum(pairs, axis=0) / there + 1 - k  # of an old row
        new, old = age < count, (age >= count) & (age < after)
        moved = lambda rows: jnp.roll(rows, count, axis=-1)  # noqa: E731
        shifted = jnp.roll(moved(pairs), count, axis=0)
        both = jnp.where(new[:, None] & new, _drawn(model, k) * (age[:, None] != age), 0.0)
        one = jnp.where(new[:, None] & old, moved(with_new), 0.0)
        pairs = jnp.where(old[:, None] & old, shifted, 0.0) + both + one + one.T
        model = jnp.sum(pairs) / after**2
        return (after, pairs, model), model

    start = jnp.zeros_like(sizes[0]), jnp.zeros((capacity, capacity), sizes.dtype), jnp.ones_like(sizes[0])
    return jax.lax.scan(step, start, (sizes, kept))[1]
