"""Exact laws of a categorical distribution that is refitted to its own draws: genetic drift, read backwards.

The ``n`` draws of generation ``g`` descend from a random number of draws of the real text: ``j`` draws descend from as
many of the generation before as ``j`` balls occupy of ``n`` bins. A symbol is missing from generation ``g`` if and only
if none of those ancestors is of its kind. So the law of the number of ancestors gives the fate of every symbol at once.

Reference: the duality is that of the Wright-Fisher model; Suresh, Thangaraj and Khandavally 2024, arXiv:2412.17646, and
Seddik et al. 2024, arXiv:2404.05090, study the recursion as one of language models.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_length,
    check_nonnegative,
    check_positive,
    check_probabilities,
    check_share,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Number, Vector
from jaxcollapse.machine.leniency import lenient


@lenient()
def categorical_replace_ancestors(*, samples: Count, generations: Count) -> Float[Array, "generations outcomes"]:
    """The law of the number of draws of the real text from which the draws of a generation descend.

    **Arguments**

    - `samples`: ``n`` draws in every generation, a positive integer; the cost is ``n^2`` numbers, and as many flops in
      each generation.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations, samples + 1)``: entry ``(g - 1, j)`` is the probability of ``j`` ancestors of
    generation ``g``. All ``n`` are their own at ``g = 1``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> law = categorical_replace_ancestors(samples=2, generations=3)
    >>> law.tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.5, 0.5], [0.0, 0.75, 0.25]]

    ```
    """
    check_length("samples", samples)
    check_length("generations", generations)
    hit = occupied(int(samples))
    start = jnp.zeros(samples + 1, hit.dtype).at[samples].set(1.0)
    _, later = jax.lax.scan(lambda law, _: (law @ hit, law), start, None, int(generations))
    return later


@lenient()
def categorical_replace_ancestors_limit(*, samples: Count, generations: Count) -> Float[Array, " generations"]:
    """The mean number of draws of the real text from which the draws of a generation descend, if they are many.

    Two lines meet with the probability ``1/n`` in a generation, and ``j`` of them at ``j (j - 1)/2`` times this rate:
    ``sum_j (2j - 1) n_[j]/n_(j) exp(-j (j - 1)(g - 1)/(2n))`` with ``n_[j] = n (n - 1) ... (n - j + 1)`` and
    ``n_(j) = n (n + 1) ... (n + j - 1)``; about ``2n/g`` while this is many and few of ``n``.

    **Arguments**

    - `samples`: ``n`` draws in every generation, a positive integer.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``: all ``n`` at ``g = 1``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic, of many draws: it is 7 % above the mean of `categorical_replace_ancestors` for ``n = 50``
    at ``g = 6``, 3 % at 26, and 1 % at 101.

    **Reference** Kingman 1982, "The coalescent"; Tavaré 1984, "Line-of-descent and genealogical processes".

    ```python
    >>> counts = categorical_replace_ancestors_limit(samples=50, generations=26)
    >>> [round(float(counts[g - 1]), 1) for g in (1, 6, 26)]
    [50.0, 14.6, 4.1]

    ```
    """
    check_length("samples", samples)
    check_length("generations", generations)
    n, passed = int(samples), jnp.arange(int(generations))[:, None]
    i = jnp.arange(n, dtype=jnp.result_type(float))
    lines = (2 * i + 1) * jnp.cumprod((n - i) / (n + i))
    return jnp.exp(-i * (i + 1) * passed / (2 * n)) @ lines


@lenient()
def categorical_replace_lost(
    probabilities: Vector, *, samples: Count, generations: Count
) -> Float[Array, "generations symbols"]:
    """The probability that a symbol has been lost: ``sum_j P(A_g = j) (1 - p_i)^j``.

    ``A_g`` is the number of `categorical_replace_ancestors`.

    **Arguments**

    - `probabilities`: true ones, shape ``(symbols,)``, at least 0; divided by their sum.
    - `samples`, `generations`: as for `categorical_replace_ancestors`.

    **Returns** shape ``(generations, symbols)``. The sum of one minus them is the mean number of symbols that are left.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, for all symbols at once.

    ```python
    >>> [round(float(p), 4) for p in categorical_replace_lost([0.5, 0.3, 0.2], samples=10, generations=20)[-1]]
    [0.4188, 0.6314, 0.7476]

    ```
    """
    check_probabilities("probabilities", probabilities)
    p = as_floats(probabilities)
    law = categorical_replace_ancestors(samples=samples, generations=generations)
    return law @ (1 - p) ** jnp.arange(samples + 1)[:, None]


@lenient()
def categorical_replace_collapsed(
    probabilities: Vector, *, samples: Count, generations: Count
) -> Float[Array, " generations"]:
    """The probability that one symbol is all that is left: ``sum_j P(A_g = j) sum_i p_i^j``.

    **Arguments** as for `categorical_replace_lost`.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> [round(float(p), 4) for p in categorical_replace_collapsed([0.5, 0.5], samples=2, generations=3)]
    [0.5, 0.75, 0.875]

    ```
    """
    check_probabilities("probabilities", probabilities)
    p = as_floats(probabilities)
    law = categorical_replace_ancestors(samples=samples, generations=generations)
    return law @ _all_alike(p, int(samples))


@lenient()
def categorical_replace_collapse_time(probabilities: Vector, *, samples: Count) -> Float[Array, ""]:
    """The mean number of generations until one symbol is all that is left.

    **Arguments** as for `categorical_replace_lost`.

    **Returns** a scalar, at least 1. For two symbols about ``-2n [p log p + (1 - p) log(1 - p)]``; for many rare ones
    about ``2n``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact: ``1 + sum_g P(not collapsed at g)``, as the solution of a triangular system.

    ```python
    >>> round(float(categorical_replace_collapse_time([0.5, 0.5], samples=200)), 1)
    275.0

    ```
    """
    check_probabilities("probabilities", probabilities)
    p = as_floats(probabilities)
    check_length("samples", samples)
    if samples == 1:
        return jnp.ones((), p.dtype)
    several = occupied(int(samples))[2:, 2:]  # one ancestor is the end
    left = 1 - _all_alike(p, int(samples))[2:]
    return 1 + solve_triangular(jnp.eye(samples - 1) - several, left, lower=True)[-1]


class Bounds(NamedTuple):
    """What a number lies between."""

    lower: Float[Array, "..."]
    upper: Float[Array, "..."]


@lenient()
def categorical_replace_collapsed_bounds(probabilities: Vector, *, samples: Number, generations: Count) -> Bounds:
    """Bounds on the probability that one symbol is all that is left, from the mean diversity alone.

    With the diversity ``D_g`` of `categorical_replace_diversity` and ``s`` symbols,
    ``1 - n D_g <= P <= 1 - D_g/(1 - 1/s)``: before the collapse it is between ``1/n`` and ``1 - 1/s``.
    `categorical_replace_collapsed` has the exact probability.

    **Arguments** as for `categorical_replace_diversity`; symbols without probability do not count.

    **Returns** `Bounds` of shape ``(generations,)``; the lower one is negative at first.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Bounds.

    **Reference** Seddik et al. 2024, arXiv:2404.05090.

    ```python
    >>> bounds = categorical_replace_collapsed_bounds([0.5, 0.5], samples=5, generations=10)
    >>> round(float(bounds.lower[-1]), 3), round(float(bounds.upper[-1]), 3)
    (0.732, 0.893)

    ```
    """
    left = categorical_replace_diversity(probabilities, samples=samples, generations=generations)
    return Bounds(1 - samples * left, 1 - _share_of_most(left, probabilities))


@lenient()
def categorical_replace_collapse_time_bounds(probabilities: Vector, *, samples: Number) -> Bounds:
    """Bounds on the mean number of generations until one symbol is all that is left.

    ``1 + (n - 1)(1 - S)/(1 - 1/s) <= E T <= 1 + n (n - 1)(1 - S)`` with ``S = sum_i p_i^2``: the sums of
    `categorical_replace_collapsed_bounds`. `categorical_replace_collapse_time` has the exact mean, of the order of the
    lower one.

    **Arguments** and **Raises** as for `categorical_replace_diversity`.

    **Returns** `Bounds` of scalars. **Exactness** Bounds.

    **Reference** Seddik et al. 2024, arXiv:2404.05090.

    ```python
    >>> bounds = categorical_replace_collapse_time_bounds([0.5, 0.5], samples=20)
    >>> float(bounds.lower), float(bounds.upper)
    (20.0, 191.0)

    ```
    """
    first = categorical_replace_diversity(probabilities, samples=samples, generations=1)[0] * samples
    return Bounds(1 + _share_of_most(first, probabilities), 1 + samples * first)


@lenient()
def categorical_replace_survival_bound(
    *, samples: Number, probability: Number, generations: Count
) -> Float[Array, " generations"]:
    """An upper bound on the probability that one symbol is still there: `poisson_replace_survival` is the lower one.

    ``1 - (1 - 3 n p^2 - 3 g p) exp(-n p h_g)`` with the recursion ``h_1 = 1``, ``h_{g+1} = 1 - exp(-h_g)``.

    **Arguments**

    - `probability`: ``p`` of the symbol, in [0, 1].
    - `samples`: ``n``, positive.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; it says nothing where it is above 1, from about ``1/(3p)`` generations on.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A bound.

    **Reference** Suresh, Thangaraj and Khandavally 2024, arXiv:2412.17646.

    ```python
    >>> [round(float(p), 4) for p in categorical_replace_survival_bound(probability=0.001, samples=1000, generations=3)]
    [0.6343, 0.4733, 0.3816]

    ```
    """
    check_share("probability", probability)
    lower = poisson_replace_survival(rate=probability, samples=samples, generations=generations)
    p, g = jnp.asarray(probability, lower.dtype), jnp.arange(1, generations + 1)
    return 1 - (1 - 3 * samples * p**2 - 3 * g * p) * (1 - lower)


@lenient()
def categorical_replace_diversity(
    probabilities: Vector, *, samples: Number, generations: Count
) -> Float[Array, " generations"]:
    """The mean probability that two draws differ: ``(1 - 1/n)^g (1 - sum_i p_i^2)``.

    **Arguments**

    - `probabilities`: as for `categorical_replace_lost`.
    - `samples`: ``n``, at least 1, may be traced.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``. What it has lost is the mean squared distance from the true probabilities.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Seddik et al. 2024, arXiv:2404.05090, the case of synthetic data alone.

    ```python
    >>> [round(float(h), 4) for h in categorical_replace_diversity([0.5, 0.5], samples=10, generations=3)]
    [0.45, 0.405, 0.3645]

    ```
    """
    check_probabilities("probabilities", probabilities)
    p = as_floats(probabilities)
    check_positive("samples", samples)
    check_length("generations", generations)
    g = jnp.arange(1, generations + 1)
    return (1 - jnp.sum(p**2)) * (1 - 1 / jnp.asarray(samples)) ** g


@lenient()
def categorical_mix(
    probabilities: Vector, *, samples: Number, real_samples: Number, generations: Count
) -> Float[Array, " generations"]:
    """The mean squared distance from the true probabilities, if one real text is pooled with the newest synthetic one.

    ``(1 - S_0)/N + (1 - 1/N)(1 - S_0) (alpha^2/n) (1 - rho^(g-1))/(1 - rho)`` with ``S_0 = sum_i p_i^2``,
    ``alpha = n/(N + n)`` and ``rho = alpha^2 (1 - 1/n)``.

    **Arguments**

    - `probabilities`: as for `categorical_replace_lost`.
    - `real_samples`: ``N`` draws of the real text, the same at every generation, at least 1.
    - `samples`: ``n`` draws of the newest model, at least 1.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``. The synthetic part adds at most ``(1 - S_0)/(2N + 1)``, however long it is: it
    need not be short.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** The setting of Seddik et al. 2024, arXiv:2404.05090, equation 9; the distance is derived here.

    ```python
    >>> [round(float(d), 5) for d in categorical_mix([0.5, 0.5], real_samples=50, samples=50, generations=3)]
    [0.01, 0.01245, 0.01305]

    ```
    """
    check_probabilities("probabilities", probabilities)
    p = as_floats(probabilities)
    check_positive("real_samples", real_samples)
    check_positive("samples", samples)
    check_length("generations", generations)
    size, n = jnp.asarray(real_samples), jnp.asarray(samples)
    spread = 1 - jnp.sum(p**2)
    alpha = n / (size + n)
    rho = alpha**2 * (1 - 1 / n)
    powers = rho ** jnp.arange(int(generations))
    past = jnp.cumsum(powers) - powers  # (1 - rho^(g-1))/(1 - rho), also where rho rounds to one
    return spread / size + (1 - 1 / size) * spread * alpha**2 / n * past


@lenient()
def poisson_replace_survival(*, samples: Number, rate: Number, generations: Count) -> Float[Array, " generations"]:
    """The probability that a rare symbol is left: ``1 - exp(-n lambda g_k)``, ``g_1 = 1``, ``g_{k+1} = 1 - exp(-g_k)``.

    **Arguments**

    - `rate`: ``lambda``, the mean number in one draw: at least 0.
    - `samples`: ``n``, positive. Only their product counts.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; about ``2 n lambda/g`` in the end.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for `jaxcollapse.Poisson` under `Replace`, and a lower bound for a symbol of probability
    `rate` of a categorical distribution, which it approaches for a small `rate`.

    **Reference** Suresh, Thangaraj and Khandavally 2024, arXiv:2412.17646.

    ```python
    >>> [round(float(p), 4) for p in poisson_replace_survival(rate=0.01, samples=100, generations=3)]
    [0.6321, 0.4685, 0.3741]

    ```
    """
    check_nonnegative("rate", rate)
    check_positive("samples", samples)
    check_length("generations", generations)
    dtype = jnp.result_type(rate, samples, float)
    _, kept = jax.lax.scan(lambda g, _: (-jnp.expm1(-g), g), jnp.ones((), dtype), None, int(generations))
    return -jnp.expm1(-jnp.asarray(samples * jnp.asarray(rate), dtype) * kept)


def _share_of_most(diversity: Float[Array, "..."], probabilities: Vector) -> Float[Array, "..."]:
    """A diversity over the largest that these symbols can have; a single symbol has none, and nothing to lose."""
    p = as_floats(probabilities)
    most = 1 - 1 / jnp.sum(p > 0, dtype=p.dtype)
    return jnp.where(most > 0, diversity / jnp.where(most > 0, most, 1.0), 0.0)


def occupied(samples: int) -> Float[Array, "balls bins"]:
    """The probability that ``j`` balls occupy ``i`` of ``n`` bins, for ``j`` and ``i`` from 0 to ``n``."""
    i = jnp.arange(samples + 1, dtype=jnp.result_type(float))
    stays, grows = i / samples, 1 - (i - 1) / samples

    def throw(row, _):
        return row * stays + jnp.roll(row, 1).at[0].set(0.0) * grows, row

    _, rows = jax.lax.scan(throw, jnp.zeros_like(i).at[0].set(1.0), None, samples + 1)
    return rows


def _all_alike(p: Float[Array, " symbols"], samples: int) -> Float[Array, " outcomes"]:
    """The probability that ``j`` draws are of one kind, for ``j`` from 0 to ``n``."""
    alike = jnp.sum(p ** jnp.arange(samples + 1)[:, None], axis=1)
    return alike.at[0].set(1.0)
