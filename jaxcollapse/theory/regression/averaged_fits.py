"""A fit to real and one to synthetic rows, averaged: least squares like a mean that has ``d + 1`` rows fewer.

Protocol: generation 1 is fitted to real rows; every later one is the average of a fit to real rows, fresh or always the
same, and of one to rows labelled by the model before it. ``jaxcollapse.Mix(..., average="estimates")`` simulates it.

Both fits are unbiased whatever their designs: the error of a generation is the weighted sum of the errors of the real
fit, of the last generation and of the labels, and nothing is enlarged as it is where rows are pooled.
"""

from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_choice,
    check_count,
    check_length,
    check_nonnegative,
    check_share,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, from_the_second, over_generations
from jaxcollapse.theory.regression.inverse_moments import estimation_variance


@lenient()
def ols_mix_estimates(
    *,
    dim: Count,
    samples: Number | Curve,
    noise: Number,
    real_samples: Number | Curve,
    real_weight: Number | Curve,
    real: Literal["fresh", "fixed"],
    generations: Count,
) -> Float[Array, " generations"]:
    """The risk of least squares when a fit to real rows and one to synthetic rows are averaged at every generation.

    With ``e(T) = sigma^2 d/(T - d - 1)``, the risk of a fit to ``T`` rows, and the weight ``w_g`` of the real fit,
    ``R_1 = e(T_r)`` and ``R_g = w_g^2 e(T_r) + (1 - w_g)^2 [R_{g-1} + e(T_s)]`` for fresh real rows. For real rows that
    stay, whose error has the weight one in all generations, ``R_g = R_1 + q_g`` with ``q_1 = 0`` and
    ``q_g = (1 - w_g)^2 [q_{g-1} + e(T_s)]``. These are the errors of a mean of ``T - d - 1`` numbers in the place of
    ``T``, so that the golden weight is the best one for fresh rows that are as many as the synthetic ones, exactly.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`, `real_samples`: ``T_s`` and ``T_r``, at least ``d``, numbers or shape ``(generations,)``; one number of
      real rows that stay. That of synthetic ones at generation 1 does not count.
    - `noise`: ``sigma``, at least 0, of real and synthetic labels.
    - `real_weight`: ``w_g`` in [0, 1], a number or shape ``(generations,)``; that of generation 1 does not count.
    - `real`: ``"fresh"`` rows at every generation, or ``"fixed"`` ones.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; infinite from the first fit on that has ``d`` or ``d + 1`` rows and a weight.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance.

    **Reference** Derived here; the weights are those of He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> sizes = dict(dim=10, samples=31, real_samples=31, noise=1.0, generations=3)
    >>> [round(float(risk), 4) for risk in ols_mix_estimates(real_weight=0.5, real="fresh", **sizes)]
    [0.5, 0.375, 0.3438]

    ```
    """
    check_choice("real", real, ("fresh", "fixed"))
    check_count("dim", dim, minimum=1)
    check_length("generations", generations)
    check_nonnegative("noise", noise)
    check_one_number("noise", noise, "of real and synthetic labels")
    check_share("real_weight", real_weight)
    if real == "fixed":
        check_one_number("real_samples", real_samples, "of rows that stay")
    weight = from_the_second("real_weight", real_weight, generations, first=1.0)
    rows, ours = over_generations(generations, samples=samples, real_samples=real_samples)
    check_at_least("samples", rows[1:], float(dim))
    check_at_least("real_samples", ours, float(dim))
    theirs, own = (dim * estimation_variance(jnp.asarray(noise, n.dtype), n - dim - 1) for n in (rows, ours))
    weight, theirs, own = (array.astype(jnp.result_type(weight, own)) for array in (weight, theirs, own))
    added = _times_square(weight, own) if real == "fresh" else jnp.zeros_like(own)

    def step(risk, generation):
        weight, theirs, added = generation
        risk = added + _times_square(1 - weight, risk + theirs)
        return risk, risk

    curve = jax.lax.scan(step, jnp.zeros_like(own[0]), (weight, theirs, added))[1]
    return curve if real == "fresh" else own + curve


def _times_square(share: Float[Array, "..."], risk: Float[Array, "..."]) -> Float[Array, "..."]:
    """``share^2 risk``: what has no share counts for nothing, also where it is infinite."""
    return jnp.where(share > 0, share**2 * jnp.where(share > 0, risk, 0.0), 0.0)
