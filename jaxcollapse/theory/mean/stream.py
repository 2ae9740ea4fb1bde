"""A mean estimated from a stream of rows of which a share is real and nobody knows which.

Batch 1 has ``n_1`` real rows of variance 1; each row of a later batch is real with probability ``alpha``, else drawn
from the estimate before it. The categorical twins are `jaxcollapse.theory.discrete.contaminated_accumulate` and
`jaxcollapse.theory.discrete.contaminated_accumulate_debiased`: here the deviation of the estimate itself spreads rows.

Reference: the setting of Amin et al. 2026, arXiv:2601.15468; the recursions are derived here.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_above, check_at_least, check_length, check_share
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import from_the_second, per_generation


@lenient()
def contaminated_mean_accumulate(
    *, samples: Number | Curve, real_share: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The squared error of the mean of all rows, as if all of them were real.

    ``V_g = (1 - alpha b)^2 V_{g-1} + b^2 (1 + alpha (1 - alpha) V_{g-1})/n_g`` with ``b = n_g/(n_1 + ... + n_g)``. For
    ``N`` rows in all ``N V_g`` tends to ``1/(2 alpha - 1)`` above ``alpha = 1/2``, and ``V_g`` falls like
    ``N^(-2 alpha)`` alone below.

    **Arguments**

    - `samples`: ``n_g``, at least 1, a number or shape ``(generations,)``.
    - `real_share`: ``alpha`` in [0, 1], a number or shape ``(generations,)``; the first entry is not used.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``, in units of the variance of a row.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> curve = contaminated_mean_accumulate(real_share=0.75, samples=10, generations=1000)
    >>> round(float(10_000 * curve[-1]), 2)  # 2.0 in the limit
    1.97

    ```
    """
    shares, sizes = _arguments(samples, real_share, generations)
    b = sizes / jnp.cumsum(sizes)

    def step(before, now):
        alpha, b, n = now
        v = (1 - alpha * b) ** 2 * before + b**2 * (1 + alpha * (1 - alpha) * before) / n
        return v, v

    return jax.lax.scan(step, jnp.zeros((), sizes.dtype), (shares, b, sizes))[1]


@lenient()
def contaminated_mean_accumulate_debiased(
    *, samples: Number | Curve, real_share: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The squared error if what the model is known to have added is subtracted, and batches have the best weights.

    ``D_g = (mean of batch g - (1 - alpha) theta_{g-1})/alpha`` has no bias and the variance
    ``u_g = (1 + alpha (1 - alpha) V_{g-1})/(n_g alpha^2)``. With weights in proportion to ``1/u_g``
    ``1/V_g = 1/V_{g-1} + 1/u_g``: ``N V_g`` tends to ``1/alpha^2`` for every share of real rows, better by
    ``alpha^2/(2 alpha - 1)`` than `contaminated_mean_accumulate`.

    **Arguments** as for `contaminated_mean_accumulate`, `real_share` above 0.

    **Returns** shape ``(generations,)``. The weight of a row of batch ``g`` is ``(1/V_g - 1/V_{g-1})/n_g``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> curve = contaminated_mean_accumulate_debiased(real_share=0.5, samples=10, generations=1000)
    >>> round(float(10_000 * curve[-1]), 2)  # 4.0 in the limit
    3.99

    ```
    """
    shares, sizes = _arguments(samples, real_share, generations)
    check_above("real_share", real_share, 0.0)

    def step(before, now):
        alpha, n = now
        v = 1 / (1 / before + n * alpha**2 / (1 + alpha * (1 - alpha) * before))
        return v, v

    later = jax.lax.scan(step, 1 / sizes[0], (shares[1:], sizes[1:]))[1]
    return jnp.concatenate([1 / sizes[:1], later])


def _arguments(
    samples: Number | Curve, real_share: Number | Curve, generations: Count
) -> tuple[Float[Array, " generations"], Float[Array, " generations"]]:
    """Shares and sizes of all batches."""
    check_length("generations", generations)
    check_share("real_share", real_share)
    check_at_least("samples", samples, 1.0)
    shares = from_the_second("real_share", real_share, generations, first=1.0)
    sizes = per_generation("samples", samples, generations)
    dtype = jnp.result_type(shares, sizes)
    return shares.astype(dtype), sizes.astype(dtype)
