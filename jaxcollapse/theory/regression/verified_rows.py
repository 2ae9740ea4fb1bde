"""Least squares on Gaussian rows whose labels a verifier accepts: each round goes on towards the verifier.

Protocol: generation 1 is fitted to ``n_1`` real rows. Every later one is fitted to ``n_g`` rows ``x ~ N(0, Sigma)``
that its predecessor labels with ``y = x'w + sigma e`` and that a verifier with coefficients ``w_c`` accepts: those with
``|y - x'w_c| <= c``. Sizes count accepted rows.

With the distance ``D^2 = |w - w_c|_Sigma^2`` the deviation ``y - x'w_c`` is ``N(0, s^2)``, ``s^2 = sigma^2 + D^2``. Of
its variance the accepted rows have the part ``k = 1 - 2 r phi(r)/(2 Phi(r) - 1)``, ``r = c/s``. It is the only thing
that accepted rows are chosen by, so that least squares on them gives ``w_c + rho (w - w_c)`` and residuals of the
variance ``rho sigma^2``, with ``rho = k s^2/(k D^2 + sigma^2)``.

Reference: Yi, Liu, Cheng and Xu 2025, arXiv:2510.16657, for the setting, which we know through others; what is here is
derived. On copies of an orthonormal basis, instead of Gaussian rows, it is `jaxcollapse.theory.mean.verified`.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_count,
    check_length,
    check_nonnegative,
    check_positive,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, per_generation
from jaxcollapse.theory.gaussian.traits import truncated_variance
from jaxcollapse.theory.regression.inverse_moments import inverse_moment


@lenient()
def ols_verified_contraction(*, distance: Any, radius: Number, noise: Number) -> Float[Array, "..."]:
    """The part of its distance from the verifier that a model keeps in one round: ``k s^2/(k D^2 + sigma^2)``.

    It is largest at the verifier, where it is ``k`` of ``c/sigma``, and falls to ``(c^2/3)/(c^2/3 + sigma^2)`` far
    away: errors of the first fit go fast, and what is left goes at the rate of the centre.

    **Arguments**

    - `distance`: ``D``, at least 0; a number or an array.
    - `radius`: ``c``, positive: how far from the verifier's prediction a label may lie.
    - `noise`: ``sigma`` of the labels, positive.

    **Returns** the shape of the distance, in (0, 1).

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in the limit of many rows, for Gaussian features of any covariance.

    **Reference** Derived here; the setting is that of Yi et al. 2025, arXiv:2510.16657.

    ```python
    >>> [round(float(ols_verified_contraction(distance=d, radius=1.0, noise=1.0)), 4) for d in (0.0, 0.5, 2.0)]
    [0.2911, 0.2823, 0.2576]

    ```
    """
    check_nonnegative("distance", distance)
    _check_verifier(radius, noise)
    dtype = jnp.result_type(distance, radius, noise, float)
    far, c, sigma = (jnp.asarray(value, dtype) for value in (distance, radius, noise))
    return _kept(far**2, c, sigma)


@lenient()
def ols_verified_replace(
    *, dim: Count, samples: Number | Curve, bias: Number, radius: Number, noise: Number, generations: Count
) -> Float[Array, " generations"]:
    """The risk of least squares on verified rows: it falls at first, and ends near the square of the verifier's bias.

    The mean square of the distance from the verifier is ``q_1 = b^2 + sigma^2 d/(n_1 - d - 1)`` and
    ``q_{g+1} = rho^2 q_g + rho sigma^2 d/(n_{g+1} - d - 1)`` with ``rho`` of `ols_verified_contraction` at ``q_g``; the
    mean moves towards the verifier by the same factors. With batches of one size and ``k = rho(0)`` it ends near
    ``b^2 + k sigma^2 d/((n - d - 1)(1 - k^2))``.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: ``n_g``, accepted rows of generation ``g``, and real ones of the first, above ``d + 1``, a number or
      shape ``(generations,)``.
    - `bias`: ``b = |w_c - w_0|_Sigma`` of the verifier, at least 0.
    - `radius`: ``c``, positive: how far from the verifier's prediction a label may lie.
    - `noise`: ``sigma`` of the labels, positive.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic, with a relative error of order ``d/n``; exact at the first generation.

    **Reference** Derived here; the setting is that of Yi et al. 2025, arXiv:2510.16657.

    ```python
    >>> risk = ols_verified_replace(dim=5, samples=50, bias=0.1, radius=1.0, noise=1.0, generations=4)
    >>> [round(float(r), 4) for r in risk]
    [0.1136, 0.0469, 0.0448, 0.0455]

    ```
    """
    check_count("dim", dim, minimum=1)
    check_length("generations", generations)
    check_at_least("samples", samples, dim + 2.0)
    check_nonnegative("bias", bias)
    check_one_number("bias", bias, "for one verifier")
    _check_verifier(radius, noise)
    dtype = jnp.result_type(bias, radius, noise, float)
    sizes = per_generation("samples", samples, generations)
    dtype = jnp.result_type(dtype, sizes)
    b, c, sigma = (jnp.asarray(value, dtype) for value in (bias, radius, noise))
    drawn = dim * sigma**2 * inverse_moment(sizes.astype(dtype) - dim - 1)

    def step(now, new):
        square, left = now
        kept = _kept(square, c, sigma)
        after = kept**2 * square + kept * new, kept * left
        return after, after

    first = b**2 + drawn[0], b
    later = jax.lax.scan(step, first, drawn[1:])[1]
    square, left = (jnp.concatenate([jnp.stack([start]), curve]) for start, curve in zip(first, later, strict=True))
    return square + b**2 - 2 * b * left


def _check_verifier(radius: Number, noise: Number) -> None:
    for name, value in (("radius", radius), ("noise", noise)):
        check_positive(name, value)
        check_one_number(name, value, "for one verifier")


def _kept(square: Float[Array, "..."], c: Float[Array, ""], sigma: Float[Array, ""]) -> Float[Array, "..."]:
    """``rho`` from the square of the distance."""
    spread = sigma**2 + square
    k = truncated_variance(cutoff=c / jnp.sqrt(spread))
    return k * spread / (k * square + sigma**2)
