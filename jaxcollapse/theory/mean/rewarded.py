"""A mean that is refitted to rows which a reward lets through: what it earns, what it costs, how to spend a budget.

Protocol: rows ``N(theta_{g-1}, s^2 I)`` are drawn and accepted with the probability ``exp(-|x|^2/(2 k^2))``, their
reward, until ``n_g`` are; ``theta_g`` is their mean, from ``theta_0`` on. An accepted row is
``N(rho theta, rho s^2 I)`` with ``rho = k^2/(k^2 + s^2)``, so that ``theta_g`` is normal around ``rho^g theta_0``.

Reference: Yang, Feng, Chen, Wu and Li 2025, arXiv:2501.18962.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import gammaincc
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_at_least,
    check_at_most,
    check_count,
    check_length,
    check_nonnegative,
    check_positive,
    is_traced,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import per_generation


class Rewarded(NamedTuple):
    """A mean that is refitted to rows which a reward lets through, at generations ``1, ..., G``."""

    squared_mean: Float[Array, " generations"]
    """``|E theta_g|^2``."""
    variance: Float[Array, " generations"]
    """``v_g`` of each coordinate."""
    reward: Float[Array, " generations"]
    """The mean reward of a row that generation ``g`` draws."""
    draws: Float[Array, " generations"]
    """How many rows are drawn, in the mean, for each that generation ``g`` is fitted to."""


@lenient()
def mean_rewarded_replace(
    *,
    distance: Number,
    width: Number,
    samples: Number | Curve,
    variance: Number = 1.0,
    dim: Count = 1,
    generations: Count,
) -> Rewarded:
    """A mean that is refitted to accepted rows: ``theta_g ~ N(rho^g theta_0, v_g I)``, its reward and its cost.

    ``v_g = rho^2 v_{g-1} + rho s^2/n_g``. With ``A = s^2 + k^2`` the mean reward is
    ``(k^2/(A + v_g))^(d/2) exp(-rho^(2g) |theta_0|^2/(2 (A + v_g)))``, and ``(A/k^2)^(d/2) (1 - v/A)^(-d/2)
    exp(|m|^2/(2 (A - v)))`` rows are drawn for each accepted one, ``m`` and ``v`` those of the generation before.

    **Arguments**

    - `distance`: ``|theta_0|`` from the place of the highest reward, at least 0.
    - `width`: ``k`` of the reward, positive.
    - `samples`: ``n_g``, accepted rows, at least 1, a number or shape ``(generations,)``.
    - `variance`: ``s^2`` of a coordinate of a row, positive.
    - `dim`: ``d``, a positive integer.
    - `generations`: ``G``, a positive integer.

    **Returns** a `Rewarded`. Its `draws` are infinite where ``v >= A``: estimates so far away that next to nothing is
    accepted are rare, and cost without a bound.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Yang et al. 2025, arXiv:2501.18962, for the protocol and the reward in one dimension; the cost is
    derived here.

    ```python
    >>> chain = mean_rewarded_replace(distance=2.0, width=1.0, samples=10, generations=3)
    >>> [round(float(reward), 4) for reward in chain.reward], [round(float(n), 2) for n in chain.draws]
    ([0.5473, 0.6554, 0.6853], [3.84, 1.85, 1.53])

    ```
    """
    check_nonnegative("distance", distance)
    check_count("dim", dim, minimum=1)
    check_length("generations", generations)
    check_at_least("samples", samples, 1.0)
    kept, total = _setting(width, variance)
    sizes = per_generation("samples", samples, generations).astype(kept.dtype)

    def step(v, n):
        v = kept**2 * v + kept * variance / n
        return v, v

    variances = jax.lax.scan(step, jnp.zeros_like(kept), sizes)[1]
    squares = kept ** (2 * jnp.arange(1, generations + 1)) * jnp.asarray(distance, kept.dtype) ** 2
    best = total - variance  # k^2
    spread = total + variances
    reward = (best / spread) ** (0.5 * dim) * jnp.exp(-0.5 * squares / spread)
    before = jnp.concatenate([jnp.zeros(1, kept.dtype), variances[:-1]])
    start = jnp.concatenate([jnp.asarray(distance, kept.dtype)[None] ** 2, squares[:-1]])
    finite = before < total
    rest = total - jnp.where(finite, before, 0.0)
    draws = (total / jnp.sqrt(best * rest)) ** dim * jnp.exp(0.5 * start / rest)
    return Rewarded(squares, variances, reward, jnp.where(finite, draws, jnp.inf))


@lenient()
def mean_rewarded_allocation(
    *, budget: Number, width: Number, variance: Number = 1.0, cost: Number | Curve = 1.0, generations: Count
) -> Float[Array, " generations"]:
    """The sizes that leave the least variance to the last mean: they grow like ``(1 + s^2/k^2)^g``.

    ``n_g`` in proportion to ``rho^(G - g)/sqrt(c_g)``: what a generation adds is shrunk by all later ones. At equal
    costs the variance is ``rho s^2 ((1 - rho^G)/(1 - rho))^2/budget``. Where ``|theta_0|`` is so large that the mean
    has not come near the best place by then, more variance may be a gain, and these sizes are not the best.

    **Arguments**

    - `budget`: what ``sum_g c_g n_g`` may be, positive.
    - `cost`: ``c_g`` of one accepted row, positive, a number or shape ``(generations,)``.
    - the others as for `mean_rewarded_replace`.

    **Returns** shape ``(generations,)``, not rounded.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, for sizes that need not be whole; the best for the reward while
    ``|theta_0| <= (1 + s^2/k^2)^G sqrt(d (s^2 + k^2))``.

    **Reference** Yang et al. 2025, arXiv:2501.18962, theorem 3.1, in one dimension and at equal costs.

    ```python
    >>> [round(float(n), 2) for n in mean_rewarded_allocation(budget=70, width=1.0, generations=3)]
    [10.0, 20.0, 40.0]

    ```
    """
    check_positive("budget", budget)
    check_length("generations", generations)
    check_positive("cost", cost)
    kept, _ = _setting(width, variance)
    costs = per_generation("cost", cost, generations).astype(kept.dtype)
    shrunk = kept ** jnp.arange(generations - 1, -1, -1)
    return budget * shrunk / jnp.sqrt(costs) / jnp.sum(shrunk * jnp.sqrt(costs))


@lenient()
def mean_rewarded_variance_limit(*, width: Number, variance: Number = 1.0, growth: Number = 1.0) -> Float[Array, ""]:
    """The variance of the last mean after many generations, times the size of the last one, if sizes grow by a factor.

    ``rho s^2/(1 - rho^2 b)`` for ``n_g`` in proportion to ``b^g``: a schedule that is too flat spends on generations
    whose noise is forgotten, one that is too steep leaves noise of the first ones.

    **Arguments**

    - `growth`: ``b`` of the sizes from one generation to the next, positive; 1 for sizes that are equal or grow like a
      power.
    - the others as for `mean_rewarded_replace`.

    **Returns** a scalar; infinite for ``rho^2 b >= 1``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** The limit of `mean_rewarded_replace`.

    **Reference** Derived here; the setting is that of Yang et al. 2025, arXiv:2501.18962.

    ```python
    >>> [round(float(mean_rewarded_variance_limit(width=1.0, growth=b)), 4) for b in (1.0, 2.0, 4.0)]
    [0.6667, 1.0, inf]

    ```
    """
    check_positive("growth", growth)
    kept, _ = _setting(width, variance)
    rest = 1 - kept**2 * growth
    return jnp.where(rest > 0, kept * variance / jnp.where(rest > 0, rest, 1.0), jnp.inf)


@lenient()
def mean_rewarded_gap_probability(
    gap: Number, *, variance_of_mean: Number, width: Number, variance: Number = 1.0, dim: Count = 1
) -> Float[Array, ""]:
    """The probability that the reward of a model stays below the highest one by a part of it, or by more.

    ``P(chi^2_d >= -2 A log(1 - gap)/v)`` for ``theta ~ N(0, v I)``: the part is of the order of ``v``, not of its
    square root.

    **Arguments**

    - `gap`: a part of the highest reward, in (0, 1).
    - `variance_of_mean`: ``v``, positive, such as `mean_rewarded_variance_limit` over the size of the last generation.
    - the others as for `mean_rewarded_replace`.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Derived here; the setting is that of Yang et al. 2025, arXiv:2501.18962.

    ```python
    >>> round(float(mean_rewarded_gap_probability(0.1, variance_of_mean=0.1, width=1.0)), 4)
    0.0401

    ```
    """
    check_above("gap", gap, 0.0)
    check_at_most("gap", gap, 1.0)
    if not is_traced(gap) and float(gap) == 1:
        raise ValueError("gap must be below 1: no model has a reward of zero")
    check_positive("variance_of_mean", variance_of_mean)
    check_count("dim", dim, minimum=1)
    kept, total = _setting(width, variance)
    part = jnp.asarray(gap, kept.dtype)
    half = jnp.asarray(0.5 * dim, kept.dtype)
    return gammaincc(half, -total * jnp.log1p(-part) / variance_of_mean)


def _setting(width: Number, variance: Number) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """``rho`` and ``A``."""
    check_positive("width", width)
    check_positive("variance", variance)
    dtype = jnp.result_type(width, variance, float)
    square = jnp.asarray(width, dtype) ** 2
    total = square + jnp.asarray(variance, dtype)
    return square / total, total
