"""Loops of Gaussian diffusion models with exact scores: samplers with a finite range of noise, and errors that add up.

A sampler that starts from wide noise and stops at some noise makes the same errors in every generation. They point in
one direction, and add up to more than errors that are independent of each other.

Reference: the setting of Khelifa et al. 2026, arXiv:2602.16601; the laws are derived here.
"""

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_choice,
    check_length,
    check_nonnegative,
    check_positive,
    check_share,
    is_traced,
)
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number

SAMPLERS = ("ode", "sde")


@lenient()
def ranged_replace(
    sampler: Literal["ode", "sde"], *, variance: Number, sigma_min: Number, sigma_max: Number, generations: Count
) -> Float[Array, " generations"]:
    """The variance in a loop whose sampler starts from ``N(0, S)`` and stops at the level ``s``, for exact scores.

    With ``S = sigma_max^2`` and ``s = sigma_min^2`` the flow makes ``S (v + s)/(v + S)`` of ``v``: it forgets the data
    within some ``sigma_max/(2 sigma_min)`` generations and ends at ``sigma_min sigma_max``, and the distances
    ``(v - v*)/(v + v*)`` are powers of ``(sigma_max - sigma_min)/(sigma_max + sigma_min)``. The reverse diffusion makes
    ``(v + s) - v (v + s)^2/(v + S)^2``: the error of the start is squared.

    **Arguments**

    - `sampler`: ``"ode"``, whose map is `jaxcollapse.theory.networks.ideal_diffusion`, or ``"sde"``.
    - `variance`: of the truth, positive.
    - `sigma_min`: where the sampler stops, at least 0.
    - `sigma_max`: where it starts, above `sigma_min`.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in the limit of large batches, for data of mean zero.

    ```python
    >>> curve = ranged_replace("ode", variance=1.0, sigma_min=0.1, sigma_max=20.0, generations=1000)
    >>> round(float(curve[0]), 3), round(float(curve[-1]), 3)
    (1.007, 2.0)

    ```
    """
    check_choice("sampler", sampler, SAMPLERS)
    check_positive("variance", variance)
    check_range(sigma_min, sigma_max)
    check_length("generations", generations)
    dtype = jnp.result_type(variance, sigma_min, sigma_max, float)
    v, s, start = (jnp.asarray(value, dtype) for value in (variance, sigma_min, sigma_max))

    def step(v, _):
        after = ranged(sampler, v, s**2, start**2)[1]
        return after, after

    return jax.lax.scan(step, v, None, int(generations))[1]


def ranged(
    sampler: Literal["ode", "sde"], v: Float[Array, "..."], s: Float[Array, ""], start: Float[Array, ""]
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """The factor of the mean and the variance that a sampler between two levels makes of a variance."""
    left = (v + s) / (v + start)
    if sampler == "ode":
        return 1 - jnp.sqrt(left), start * left
    return 1 - left, (v + s) - v * left**2


def check_range(sigma_min: Any, sigma_max: Any) -> None:
    """Noise levels that decrease."""
    check_nonnegative("sigma_min", sigma_min)
    check_positive("sigma_max", sigma_max)
    check_one_number("sigma_min", sigma_min, "for all generations")
    check_one_number("sigma_max", sigma_max, "for all generations")
    if not (is_traced(sigma_min) or is_traced(sigma_max)) and not np.asarray(sigma_max) > np.asarray(sigma_min):
        raise ValueError(f"sigma_max must be above sigma_min = {sigma_min}, got {sigma_max}")


@lenient()
def preserving_replace(*, variance: Number, time: Number, generations: Count) -> Float[Array, " generations"]:
    """The variance in a loop of diffusion models that keep the variance and run for a time, for exact scores.

    Data goes to noise by ``dX = -X/2 dt + dB`` until the time ``T``, and the flow back starts from ``N(0, 1)`` instead
    of what it became: with ``a^2 = e^-T`` it makes ``v/(a^2 v + 1 - a^2)`` of ``v``, so that
    ``1/v_g - 1 = (1 - a^2)^g (1/v_0 - 1)``. Whatever the data was, the loop ends at the noise.

    **Arguments**

    - `variance`: of the truth, ``v_0``, positive.
    - `time`: ``T``, positive.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in the limit of large batches, for data of mean zero.

    **Reference** The process is that of Khelifa et al. 2026, arXiv:2602.16601; derived here.

    ```python
    >>> curve = preserving_replace(variance=4.0, time=2.0, generations=20)
    >>> round(float(curve[0]), 3), round(float(curve[-1]), 3)
    (2.845, 1.043)

    ```
    """
    for name, value in (("variance", variance), ("time", time)):
        check_positive(name, value)
        check_one_number(name, value, "for all generations")
    check_length("generations", generations)
    dtype = jnp.result_type(variance, time, float)
    v, t = jnp.asarray(variance, dtype), jnp.asarray(time, dtype)
    missed = (-jnp.expm1(-t)) ** jnp.arange(1, int(generations) + 1)
    return v / (v + missed * (1 - v))


@lenient()
def accumulated_error(*, real_share: Number, aligned: bool, generations: Count) -> Float[Array, " generations"]:
    """What errors of every generation add up to if a share of the data is real, in units of the square of one of them.

    The deviation from the truth passes on with the factor ``k = 1 - alpha``, and each generation adds an error.
    Independent errors add up to ``(1 - k^2g)/(1 - k^2)``, errors that all point in one direction, such as early
    stopping, to ``((1 - k^g)/(1 - k))^2``: in the end ``(2 - alpha)/alpha`` times as much.

    **Arguments**

    - `real_share`: ``alpha`` in [0, 1].
    - `aligned`: whether all errors are the same, or else independent.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for errors that do not depend on the deviation.

    **Reference** Khelifa et al. 2026, arXiv:2602.16601, for the setting.

    ```python
    >>> for aligned in (False, True):
    ...     print(round(float(accumulated_error(real_share=0.1, aligned=aligned, generations=1000)[-1]), 2))
    5.26
    100.0

    ```
    """
    check_share("real_share", real_share)
    check_one_number("real_share", real_share, "for all generations")
    if not isinstance(aligned, bool):
        raise TypeError(f"aligned must be True or False, got {shown(aligned)}")
    check_length("generations", generations)
    k = 1 - jnp.asarray(real_share, jnp.result_type(real_share, float))
    powers = jnp.concatenate([jnp.ones(1, k.dtype), jnp.cumprod(jnp.broadcast_to(k, (int(generations),)))])[:-1]
    return jnp.cumsum(powers) ** 2 if aligned else jnp.cumsum(powers**2)
