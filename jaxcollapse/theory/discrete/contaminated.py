"""Frequencies estimated from samples of which a share is real and nobody knows which.

Batch 1 has ``n_1`` real draws from probabilities ``p``; each of the ``n_g`` draws of a later batch is real with
probability ``alpha_g``, else from the estimate before it. ``V_g`` is the mean squared distance of the estimate from
``p``, and ``H = 1 - sum_i p_i^2``. `jaxcollapse.ContaminatedCategorical` simulates it.

Under `Replace` it is drift with mutation that does not depend on the parent: read backwards, the draws of a generation
descend from those of the one before, as many as they hit of ``n`` bins, and each line ends where a draw is real.

Reference: Kanabar and Gastpar 2025, arXiv:2501.19273, for the setting and the rates; recursions are derived here.
Wright 1931, "Evolution in Mendelian populations", for `contaminated_replace`.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_above, check_at_least, check_length, check_probabilities, check_share
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Curve, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, from_the_second, per_generation
from jaxcollapse.theory.discrete.categorical import occupied


@lenient()
def contaminated_accumulate(
    probabilities: Vector, *, samples: Number | Curve, real_share: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The error of frequencies in the pool of all draws, as if all of them were real.

    ``V_g = (1 - alpha b)^2 V_{g-1} + b^2 [H - (1 - alpha)^2 V_{g-1}]/n_g`` with ``b = n_g/(n_1 + ... + n_g)``. For a
    constant ``alpha`` and ``N`` draws in all there are three phases: ``N V_g`` tends to ``H/(2 alpha - 1)`` above
    ``alpha = 1/2``, grows like ``log N`` there, and ``V_g`` falls like ``N^(-2 alpha)`` alone below.

    **Arguments**

    - `probabilities`: ``p``, shape ``(symbols,)``, not negative, summing to one.
    - `real_share`: ``alpha`` in [0, 1], a number or shape ``(generations,)``; the first entry is not used.
    - `samples`: ``n_g``, at least 1, a number or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> curve = contaminated_accumulate([0.5, 0.5], real_share=0.75, samples=10, generations=1000)
    >>> round(float(10_000 * curve[-1]), 2)  # 1.0 in the limit
    0.98

    ```
    """
    diversity, shares, sizes = _arguments(probabilities, real_share, samples, generations)
    b = sizes / jnp.cumsum(sizes)

    def step(before, now):
        alpha, b, n = now
        v = (1 - alpha * b) ** 2 * before + b**2 * (diversity - (1 - alpha) ** 2 * before) / n
        return v, v

    return jax.lax.scan(step, jnp.zeros_like(diversity), (shares, b, sizes))[1]


@lenient()
def contaminated_accumulate_debiased(
    probabilities: Vector,
    *,
    samples: Number | Curve,
    real_share: Number | Curve,
    weights: Any = None,
    generations: Count,
) -> Float[Array, " generations"]:
    """The error if from each batch what the model is known to have added is subtracted first.

    The parts ``D_i`` of all batches are without bias and uncorrelated: with weights ``w_i`` that sum to one,
    ``V_g = sum_{i<=g} w_i^2 [H - (1 - alpha_i)^2 V_{i-1}]/(n_i alpha_i^2)``. With ``w_i`` in proportion to
    ``n_i alpha_i^2`` it is about ``H/sum_i n_i alpha_i^2``, for every share of real draws: the phases of
    `contaminated_accumulate` are those of an estimator, not of the data.

    **Arguments**

    - `probabilities`, `real_share`, `samples`, `generations`: as for `contaminated_accumulate`, `real_share` above 0.
    - `weights`: of the rows of each batch, positive, shape ``(generations,)``; ``alpha_i^2`` by default.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact while no probability of a batch is negative.

    ```python
    >>> curve = contaminated_accumulate_debiased([0.5, 0.5], real_share=0.5, samples=100, generations=100)
    >>> round(float(curve[-1] * 100 * 0.25 * 100), 2)  # H = 1/2 in the limit
    0.49

    ```
    """
    diversity, shares, sizes = _arguments(probabilities, real_share, samples, generations)
    check_above("real_share", real_share, 0.0)
    rows = shares**2 if weights is None else per_generation("weights", weights, generations)
    check_above("weights", rows, 0.0)
    weight = sizes * rows

    def step(carry, now):
        before, total, squares = carry
        alpha, n, w = now
        total, squares = total + w, squares + w**2 * (diversity - (1 - alpha) ** 2 * before) / (n * alpha**2)
        v = squares / total**2
        return (v, total, squares), v

    zero = jnp.zeros_like(diversity)
    return jax.lax.scan(step, (zero, zero, zero), (shares, sizes, weight))[1]


@lenient()
def contaminated_replace(
    probabilities: Vector, *, samples: Number | Curve, real_share: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The error of frequencies in the newest batch alone, of which some draws are real.

    ``V_g = H/n_g + (1 - 1/n_g)(1 - alpha_g)^2 V_{g-1}``: with constants it tends to ``(H/n)/(1 - rho)``,
    ``rho = (1 - alpha)^2 (1 - 1/n)``, about ``H/(1 + 2 n alpha)`` for a small share.

    **Arguments** as for `contaminated_accumulate`.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> curve = contaminated_replace([0.5, 0.5], real_share=0.1, samples=10, generations=100)
    >>> round(float(curve[-1]), 4)  # of 0.5 without a real draw
    0.1845

    ```
    """
    diversity, shares, sizes = _arguments(probabilities, real_share, samples, generations)

    def step(before, now):
        alpha, n = now
        v = diversity / n + (1 - 1 / n) * (1 - alpha) ** 2 * before
        return v, v

    return jax.lax.scan(step, jnp.zeros_like(diversity), (shares, sizes))[1]


@lenient()
def contaminated_replace_lost(
    probabilities: Vector, *, samples: Count, real_share: Number | Curve, generations: Count
) -> Float[Array, "generations symbols"]:
    """The probability that a symbol is missing from the newest batch, of which some draws are real.

    Let ``v_g(j)`` be the probability that none of ``j`` draws of batch ``g`` is the symbol. ``l`` of them are real, and
    the others hit ``m`` of ``n`` bins, the draws of the batch before: ``v_1(j) = (1 - p)^j`` and
    ``v_g(j) = sum_l Bin(j, alpha_g)(l) (1 - p)^l sum_m P(j - l balls hit m bins) v_{g-1}(m)``. Without real draws
    `categorical_replace_lost` says the same from the law of the ancestors alone.

    **Arguments**

    - `probabilities`: ``p``, shape ``(symbols,)``, not negative, summing to one.
    - `samples`: ``n`` draws in every generation, a positive integer; the cost is ``n^2`` flops for each symbol and
      generation.
    - `real_share`: ``alpha`` in [0, 1], a number or shape ``(generations,)``; the first entry is not used.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations, symbols)``. The sum of one minus them is the mean number of symbols.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** The duality of drift with mutation and a coalescent with killing is that of the Wright-Fisher model.

    ```python
    >>> law = contaminated_replace_lost([0.9, 0.1], samples=10, real_share=0.1, generations=100)
    >>> [round(float(p), 3) for p in law[-1]]  # it comes and goes
    [0.002, 0.636]

    ```
    """
    check_one_number("samples", samples, "for batches of one size")
    check_length("samples", samples)
    _, shares, _ = _arguments(probabilities, real_share, samples, generations)
    missed, hit = 1 - as_floats(probabilities), occupied(int(samples))

    def draw(free, alpha):
        """Ball by ball, real or not; row ``i`` has ``i`` that are not, on top of those to come."""
        later = jnp.concatenate([free[1:], free[-1:]])  # beyond the end nothing is read
        free = alpha * missed * free + (1 - alpha) * later
        return free, free[0]

    def step(missing, alpha):
        before = hit @ missing
        free = jax.lax.scan(lambda f, _: draw(f, alpha), before, None, int(samples))[1]
        missing = jnp.concatenate([before[:1], free])
        return missing, missing[-1]

    first = missed ** jnp.arange(samples + 1)[:, None]
    later = jax.lax.scan(step, first, shares[1:])[1]
    return jnp.concatenate([first[-1:], later])


@lenient()
def contaminated_replace_concentration(*, samples: Number, real_share: Number) -> Float[Array, ""]:
    """The total ``theta`` of the Dirichlet law, of parameters ``theta p``, that frequencies of new batches tend to.

    ``(n - 1) alpha (2 - alpha)`` gives their second moments exactly, a diversity of ``theta/(1 + theta)`` times that of
    the truth; the ``2 n alpha`` of the diffusion limit is its leading term. A buffer, of which rows leave one by one,
    has the half of it, ``n alpha/(1 - alpha)``, and that law exactly (`contaminated_replay_law`).

    **Arguments**

    - `samples`: ``n`` draws in every generation, above 1.
    - `real_share`: ``alpha`` in (0, 1], the probability that a draw is real.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for second moments. Asymptotic for others, in the limit of many draws of which few are real.

    **Reference** Wright 1931, "Evolution in Mendelian populations", for the limit.

    ```python
    >>> round(float(contaminated_replace_concentration(samples=30, real_share=0.05)), 4)
    2.8275

    ```
    """
    check_above("samples", samples, 1.0)
    check_above("real_share", real_share, 0.0)
    check_share("real_share", real_share)
    for name, value in (("samples", samples), ("real_share", real_share)):
        check_one_number(name, value, "for a law that stays")
    alpha = jnp.asarray(real_share, jnp.result_type(samples, real_share, float))
    return (samples - 1) * alpha * (2 - alpha)


@lenient()
def contaminated_replace_spectrum(*, samples: Count, real_share: Number) -> Float[Array, " outcomes"]:
    """The rates at which frequencies of the newest batch forget: ``(1 - alpha)^j prod_{i<j} (1 - i/n)``.

    The mean returns to the truth at the rate of the real draws alone, the diversity to its balance by the factor
    ``(1 - alpha)^2 (1 - 1/n)`` in a generation.

    **Arguments**

    - `samples`: ``n`` draws in every generation, a positive integer.
    - `real_share`: ``alpha`` in [0, 1], the probability that a draw is real.

    **Returns** shape ``(samples + 1,)``, from 1 down: what one generation leaves of a polynomial of degree ``j`` in the
    share of a symbol, less polynomials of a lower degree.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, of a symbol against all others.

    **Reference** The model of Wright and Fisher with mutation that does not depend on the parent.

    ```python
    >>> contaminated_replace_spectrum(samples=2, real_share=0.5).tolist()
    [1.0, 0.5, 0.125]

    ```
    """
    check_length("samples", samples)
    check_share("real_share", real_share)
    check_one_number("real_share", real_share, "for all generations")
    alpha = as_floats(real_share)
    lines = 1 - jnp.arange(int(samples), dtype=alpha.dtype) / samples
    return jnp.concatenate([jnp.ones(1, alpha.dtype), jnp.cumprod((1 - alpha) * lines)])


def _arguments(
    probabilities: Vector, real_share: Number | Curve, samples: Number | Curve, generations: Count
) -> tuple[Float[Array, ""], Float[Array, " generations"], Float[Array, " generations"]]:
    """The diversity of the truth, and shares and sizes of all batches."""
    check_probabilities("probabilities", probabilities)
    check_length("generations", generations)
    check_share("real_share", real_share)
    check_at_least("samples", samples, 1.0)
    p = as_floats(probabilities)
    shares = from_the_second("real_share", real_share, generations, first=1.0).astype(p.dtype)
    return 1 - jnp.sum(p**2), shares, per_generation("samples", samples, generations).astype(p.dtype)
