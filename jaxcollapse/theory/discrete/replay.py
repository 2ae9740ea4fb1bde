"""Exact laws of categorical distributions that change row by row: a buffer, and an urn.

A buffer of ``n`` rows is fitted by its frequencies. At each event one row comes, real with probability ``alpha`` or
drawn from the fit, and a random one goes: `jaxcollapse.ReplayBuffer` with ``samples=[n, 1, 1, ...]`` and
`jaxcollapse.ContaminatedCategorical`. Where no row goes it is Polya's urn: `jaxcollapse.Accumulate` with batches of one
row.

Reference: Moran 1958, "Random processes in genetics", for the buffer; Ewens 1972, "The sampling theory of selectively
neutral alleles"; Blackwell and MacQueen 1973, "Ferguson distributions via Polya urn schemes".
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_at_least,
    check_length,
    check_numbers,
    check_positive,
    check_probabilities,
    check_share,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number


@lenient()
def contaminated_replay_law(
    probabilities: Vector, *, capacity: Count, real_share: Number
) -> Float[Array, "outcomes symbols"]:
    """The stationary law of how often each symbol is in a buffer into which some real rows come.

    The counts of all symbols are Dirichlet-multinomial of parameters ``theta p``, ``theta = n alpha/(1 - alpha)``: as
    if row after row were drawn, the next of ``m`` with the probability ``(theta p_i + count_i)/(theta + m)`` of
    symbol ``i``. Their diversity is ``(1 - 1/n) theta/(1 + theta)`` times that of the truth.

    **Arguments**

    - `probabilities`: ``p``, shape ``(symbols,)``, not negative, summing to one.
    - `capacity`: ``n`` rows, a positive integer; the cost is ``n^2`` flops for each symbol.
    - `real_share`: ``alpha`` in (0, 1].

    **Returns** shape ``(capacity + 1, symbols)``: entry ``(j, i)`` is the probability of ``j`` rows of symbol ``i``.
    The first row is how often it is missing.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact at every ``n``; the buffer is there after some ``n/alpha`` events.

    ```python
    >>> law = contaminated_replay_law([0.5, 0.5], capacity=4, real_share=0.2)
    >>> [round(float(p), 3) for p in law[:, 0]]  # theta p = 1/2
    [0.273, 0.156, 0.141, 0.156, 0.273]

    ```
    """
    check_probabilities("probabilities", probabilities)
    p = as_floats(probabilities)
    n, alpha = _buffer(capacity, real_share)
    alpha = alpha.astype(p.dtype)
    return _urn(n * alpha * p, n * alpha, 1 - alpha, n)


@lenient()
def contaminated_replay_spectrum(*, capacity: Count, real_share: Number) -> Float[Array, " outcomes"]:
    """The eigenvalues of one event in a buffer: how much of a polynomial of the count of a symbol is left.

    ``1 - j alpha/n - (1 - alpha) j (j - 1)/n^2`` for degrees ``j = 0, ..., n``: the mean forgets at the rate
    ``alpha/n``, the diversity at ``2 alpha/n + 2 (1 - alpha)/n^2``.

    **Arguments**

    - `capacity`: ``n`` rows, a positive integer.
    - `real_share`: ``alpha`` in [0, 1].

    **Returns** shape ``(capacity + 1,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, of a symbol against all others.

    ```python
    >>> contaminated_replay_spectrum(capacity=2, real_share=0.5).tolist()
    [1.0, 0.75, 0.25]

    ```
    """
    check_share("real_share", real_share)
    check_one_number("real_share", real_share, "for all events")
    check_length("capacity", capacity)
    alpha, j = as_floats(real_share), jnp.arange(int(capacity) + 1)
    return 1 - j * alpha / capacity - (1 - alpha) * j * (j - 1) / capacity**2


@lenient()
def contaminated_replay_information(*, capacity: Count, real_share: Number, events: Count) -> Float[Array, " events"]:
    """What a stationary buffer tells of itself some events ago: ``sum_{j=1}^n lambda_j^(2t)``.

    It is the mean over what the buffer was of the chi-square distance of the law of what it is, given that, from the
    law that stays; one more is the sum over all counts of the probability of being back after ``2t`` events.

    **Arguments**

    - `capacity`: ``n`` rows, a positive integer.
    - `real_share`: ``alpha`` in [0, 1]; without real rows nothing is forgotten of two symbols but which one is left.
    - `events`: ``t`` up to this number, a positive integer.

    **Returns** shape ``(events,)``, for ``t = 1, ..., events``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, of a symbol against all others, whatever its probability: the eigenvalues are those of
    `contaminated_replay_spectrum`, and the buffer is reversible.

    ```python
    >>> told = contaminated_replay_information(capacity=50, real_share=0.1, events=1000)
    >>> [round(float(told[t - 1]), 3) for t in (1, 100, 1000)]
    [25.457, 1.381, 0.018]

    ```
    """
    check_length("events", events)
    rates = contaminated_replay_spectrum(capacity=capacity, real_share=real_share)[1:]
    return jnp.sum(rates ** (2 * jnp.arange(1, int(events) + 1)[:, None]), axis=1)


class Originals(NamedTuple):
    """The real rows of which copies are in a buffer."""

    mean: Float[Array, ""]
    """Their mean number."""
    single: Float[Array, ""]
    """The probability that all rows are copies of one."""


@lenient()
def contaminated_replay_originals(*, capacity: Count, real_share: Number) -> Originals:
    """How many different real rows the rows of a stationary buffer are copies of, if no two real rows are alike.

    ``sum_{j<n} theta/(theta + j)`` in the mean, about ``theta log(1 + n/theta)``, and one alone with probability
    ``prod_{j=1}^{n-1} j/(theta + j)``, ``theta = n alpha/(1 - alpha)``.

    **Arguments**

    - `capacity`: ``n`` rows, a positive integer.
    - `real_share`: ``alpha`` in (0, 1].

    **Returns** `Originals`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Ewens 1972, "The sampling theory of selectively neutral alleles".

    ```python
    >>> originals = contaminated_replay_originals(capacity=100, real_share=0.01)
    >>> round(float(originals.mean), 2), round(float(originals.single), 3)
    (5.22, 0.01)

    ```
    """
    n, alpha = _buffer(capacity, real_share)
    j = jnp.arange(n, dtype=alpha.dtype)
    new, again = n * alpha, (1 - alpha) * j
    return Originals(jnp.sum(new / (new + again)), jnp.prod(again[1:] / (new + again[1:])))


@lenient()
def categorical_replay_fixation(*, capacity: Count, preference: Number = 1.0) -> Float[Array, " outcomes"]:
    """The probability that a symbol takes over a buffer without real rows, by the number of its rows.

    ``(1 - r^-k)/(1 - r^-n)`` of ``k`` rows, if each of them is copied ``r`` times as often as another one; ``k/n``
    without a preference.

    **Arguments**

    - `capacity`: ``n`` rows, a positive integer.
    - `preference`: ``r``, positive.

    **Returns** shape ``(capacity + 1,)``, for ``k = 0, ..., n``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Moran 1958, "Random processes in genetics".

    ```python
    >>> [round(float(p), 3) for p in categorical_replay_fixation(capacity=4, preference=2.0)]
    [0.0, 0.533, 0.8, 0.933, 1.0]

    ```
    """
    check_length("capacity", capacity)
    check_positive("preference", preference)
    check_one_number("preference", preference, "for one symbol")
    r = as_floats(preference)
    steps = jax.nn.softmax(-jnp.log(r) * jnp.arange(int(capacity)))
    return jnp.concatenate([jnp.zeros(1, steps.dtype), jnp.cumsum(steps)])


@lenient()
def categorical_replay_fixation_time(*, capacity: Count) -> Float[Array, " outcomes"]:
    """The mean number of events until one of two symbols is all that is left in a buffer without real rows.

    ``n [(n - k) sum_{j=1}^k 1/(n - j) + k sum_{j=k+1}^{n-1} 1/j]`` with ``k`` rows of a symbol at first, about
    ``-n^2 [x log x + (1 - x) log(1 - x)]`` for ``x = k/n``.

    **Arguments**

    - `capacity`: ``n`` rows, a positive integer.

    **Returns** shape ``(capacity + 1,)``, for ``k = 0, ..., n``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Moran 1958, "Random processes in genetics".

    ```python
    >>> [round(float(t), 2) for t in categorical_replay_fixation_time(capacity=4)]
    [0.0, 7.33, 9.33, 7.33, 0.0]

    ```
    """
    check_length("capacity", capacity)
    n = int(capacity)
    k = jnp.arange(n + 1, dtype=jnp.result_type(float))
    inside = (k > 0) & (k < n)
    inverse = jnp.where(inside, 1 / jnp.where(inside, k, 1.0), 0.0)
    sums = jnp.cumsum(inverse)
    return n * ((n - k) * (sums[-1] - sums[::-1] + inverse[::-1]) + k * (sums[-1] - sums))


@lenient()
def categorical_accumulate_urn(counts: Vector, *, draws: Count) -> Float[Array, "outcomes symbols"]:
    """How often each symbol is among the next draws, if each is a copy of a random row of all so far: Polya's urn.

    The counts are Dirichlet-multinomial with the parameters `counts`; the frequencies tend to a random limit, of law
    ``Dirichlet(counts)``: the Bayesian bootstrap.

    **Arguments**

    - `counts`: rows of each symbol at first, shape ``(symbols,)``, not negative, one or more in all.
    - `draws`: ``M`` rows that are added, a positive integer.

    **Returns** shape ``(draws + 1, symbols)``: entry ``(j, i)`` is the probability that ``j`` of them are symbol ``i``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact: `jaxcollapse.Accumulate` with ``samples=[sum(counts), 1, 1, ...]``, given the real batch.

    **Reference** Blackwell and MacQueen 1973, "Ferguson distributions via Polya urn schemes".

    ```python
    >>> [round(float(p), 3) for p in categorical_accumulate_urn([1.0, 1.0], draws=3)[:, 0]]  # uniform
    [0.25, 0.25, 0.25, 0.25]

    ```
    """
    check_numbers("counts", counts)
    if np.ndim(counts) != 1:
        raise ValueError(f"counts must have shape (symbols,), got shape {np.shape(counts)}")
    check_at_least("counts", counts, 0.0)
    check_length("draws", draws)
    start = as_floats(counts)
    check_above("the sum of counts", jnp.sum(start), 0.0)
    return _urn(start, jnp.sum(start), jnp.ones((), start.dtype), int(draws))


def _buffer(capacity: Count, real_share: Number) -> tuple[int, Float[Array, ""]]:
    """The size of a buffer that does not collapse, and its real share."""
    check_length("capacity", capacity)
    check_one_number("real_share", real_share, "for all events")
    check_above("real_share", real_share, 0.0)
    check_share("real_share", real_share)
    return int(capacity), as_floats(real_share)


def _urn(
    own: Float[Array, " symbols"], total: Float[Array, ""], gain: Float[Array, ""], draws: int
) -> Float[Array, "outcomes symbols"]:
    """Draw by draw: the weight `own` of a symbol, of `total`, grows by `gain` with each draw of it."""
    count = jnp.arange(draws + 1, dtype=own.dtype)[:, None]

    def draw(law, m):
        chance = (own + gain * count) / (total + gain * m)
        return law * (1 - chance) + jnp.roll(law * chance, 1, axis=0).at[0].set(0.0), None

    start = jnp.zeros((draws + 1, len(own)), own.dtype).at[0].set(1.0)
    return jax.lax.scan(draw, start, jnp.arange(draws, dtype=own.dtype))[0]
