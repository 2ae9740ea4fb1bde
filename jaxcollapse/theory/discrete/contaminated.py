"""Frequencies estimated from accumulating samples of which a share is real and nobody knows which.

Batch 1 has ``n_1`` real draws from probabilities ``p``; each of the ``n_g`` draws of a later batch is real with
probability ``alpha_g``, else from the estimate before it. ``V_g`` is the mean squared distance of the estimate from
``p``, and ``H = 1 - sum_i p_i^2``. `jaxcollapse.ContaminatedCategorical` simulates it.

Reference: Kanabar and Gastpar 2025, arXiv:2501.19273, for the setting and the rates; recursions are derived here.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_above, check_at_least, check_length, check_probabilities, check_share
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Curve, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import from_the_second, per_generation


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
