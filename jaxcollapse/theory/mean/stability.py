"""How much one real row still counts in later generations, and a verifier that is the first model.

Reference: the settings of Fu et al. 2025, arXiv:2502.18865 (recursive stability), and of Yi, Liu, Cheng and Xu 2025,
arXiv:2510.16657 (verifiers); the laws are derived here.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_at_least, check_length, check_nonnegative, check_positive, check_share
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, over_generations, per_generation
from jaxcollapse.theory.gaussian.traits import truncated_variance


@lenient()
def mean_mix_sensitivity(
    *, samples: Number, real_share: Number, expansion: Number | Curve = 1.0, generations: Count
) -> Float[Array, " generations"]:
    """By how much the fit of each generation moves with one of ``n`` real rows that all of them are trained on.

    ``s_1 = 1/n`` and ``s_g = alpha/n + (1 - alpha) l s_{g-1}`` if what a model draws moves ``l`` times as much as the
    model. It ends at ``alpha/(n (1 - (1 - alpha) l))`` if ``(1 - alpha) l < 1``, and explodes for less real data.

    **Arguments**

    - `samples`: ``n`` real rows, one number, at least 1.
    - `real_share`: ``alpha``, the weight of the real rows, in [0, 1].
    - `expansion`: ``l``, at least 0, a number or shape ``(generations,)``; the last entry is not used.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for means: `jaxcollapse.NormalMean` in `jaxcollapse.Biased` with ``Mix("fixed", weight=alpha)``.

    ```python
    >>> curve = mean_mix_sensitivity(samples=20, real_share=0.2, expansion=1.1, generations=200)
    >>> round(float(curve[0]), 3), round(float(curve[-1]), 4)
    (0.05, 0.0833)

    ```
    """
    check_at_least("samples", samples, 1.0)
    check_share("real_share", real_share)
    check_nonnegative("expansion", expansion)
    for name, value in (("samples", samples), ("real_share", real_share)):
        check_one_number(name, value, "for one data set")
    check_length("generations", generations)
    n, alpha, growth = over_generations(generations, samples=samples, real_share=real_share, expansion=expansion)
    step = lambda s, now: ((1 - now[1]) * now[2] * s + now[1] / now[0],) * 2  # noqa: E731
    later = jax.lax.scan(step, 1 / n[0], (n[1:], alpha[1:], growth[:-1]))[1]
    return jnp.concatenate([1 / n[:1], later])


@lenient()
def mean_mix_needed_share(*, expansion: Any) -> Float[Array, "..."]:
    """The share of real data that keeps a loop bounded whose models pass on ``l`` times of what they have: ``1 - 1/l``.

    It is where ``(1 - alpha) l = 1``. With less, the move of a fit by one row (`mean_mix_sensitivity`) and a scale that
    every model widens (`remaining_scale`) grow exponentially; with more they settle, whatever every generation adds. A
    sampler that makes ``(1 + c) u + e`` of a variance ``u`` needs ``c/(1 + c)``.

    **Arguments**

    - `expansion`: ``l``, positive, a number or an array.

    **Returns** the shape of the expansion; 0 where ``l`` is at most 1.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> [round(float(mean_mix_needed_share(expansion=ell)), 3) for ell in (0.9, 1.1, 1.5)]
    [0.0, 0.091, 0.333]

    ```
    """
    check_positive("expansion", expansion)
    return jnp.maximum(1 - 1 / as_floats(expansion), 0.0)


@lenient()
def self_verified_replace(
    *, samples: Number | Curve, radius: Number, generations: Count
) -> Float[Array, " generations"]:
    """The squared error of a mean if only rows count that the first model finds likely: it stays for ever.

    Rows of a generation are those within ``R`` standard deviations of the mean that was fitted to ``n_1`` real rows. A
    deviation from that mean shrinks by ``rho = 1 - 2 R phi(R)/(2 Phi(R) - 1)`` in a generation, which adds ``rho/n_g``:
    ``1/n_1 + v_g`` with ``v_g = rho^2 v_{g-1} + rho/n_g``, in the end ``1/n_1 + rho/(n (1 - rho^2))`` instead of
    ``1/n_1 + (g - 1)/n``. It never beats the first fit.

    **Arguments**

    - `samples`: ``n_g`` rows that count, at least 1, a number or shape ``(generations,)``.
    - `radius`: ``R``, positive.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``, in units of the variance of a row.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic: an upper bound, with a relative error of order ``1/n``.

    ```python
    >>> curve = self_verified_replace(samples=15, radius=1.3, generations=30)
    >>> round(float(curve[-1] - curve[0]), 4)
    0.0373

    ```
    """
    check_at_least("samples", samples, 1.0)
    check_one_number("radius", radius, "for all generations")
    check_length("generations", generations)
    check_positive("radius", radius)
    rho = truncated_variance(cutoff=radius)
    sizes = per_generation("samples", samples, generations)
    sizes = sizes.astype(jnp.result_type(sizes, rho))
    step = lambda v, n: (rho**2 * v + rho / n,) * 2  # noqa: E731
    drift = jax.lax.scan(step, jnp.zeros((), sizes.dtype), sizes[1:])[1]
    return 1 / sizes[0] + jnp.concatenate([jnp.zeros(1, sizes.dtype), drift])
