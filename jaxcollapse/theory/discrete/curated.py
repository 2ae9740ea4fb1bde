"""Curated synthetic data: of every ``K`` draws of a model, the one that a user prefers is kept.

Protocol: the model ``p`` draws ``K`` candidates, of which candidate ``x_k`` is chosen with probability
``e^r(x_k) / sum_j e^r(x_j)``: the choice model of Bradley and Terry, and of Luce. The next model is fitted to the
chosen ones, mixed with a share of real data or not. With infinitely many samples this is a map from distributions to
distributions.

Reference: Ferbach, Bertrand, Bose and Gidel 2024, arXiv:2407.09499.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_at_most,
    check_count,
    check_fits,
    check_length,
    check_numbers,
    check_positive,
    check_probabilities,
    check_shape,
    check_share,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Matrix, Number, Shares, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.former import formerly
from jaxcollapse.theory.special import binomial_law

_NODES = 512
_TAIL = 40.0  # e^-40 is nothing in double precision


@lenient()
def curate(
    probabilities: Vector, *, rewards: Vector | Matrix, candidates: Count | None = None, weights: Shares | None = None
) -> Float[Array, " symbols"]:
    """The law of the chosen one of ``K`` candidates: ``K p_i E[e^{r_i} / (e^{r_i} + e^{r(X_2)} + ... + e^{r(X_K)})]``.

    As ``1/s`` is the integral of ``e^{-us}``, the mean over the other candidates is an integral of one number:
    ``K p_i int e^{r_i} exp(-u e^{r_i}) M(u)^(K-1) du`` with ``M(u) = sum_j p_j exp(-u e^{r_j})``.

    **Arguments**

    - `probabilities`: ``p`` of the model, shape ``(symbols,)``, at least 0, summing to one.
    - `rewards`: ``r``, shape ``(symbols,)``, or ``(groups, symbols)`` with `weights`; finite, and ``e^r`` a number.
    - `candidates`: ``K``, a positive integer; one is no curation, None stands for infinitely many.
    - `weights`: of groups of users, each of which chooses by rewards of its own, shape ``(groups,)``, at least 0,
      summing to one; None for one group.

    **Returns** shape ``(symbols,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact up to quadrature: a relative error below 1e-10 for rewards that differ by 60 at most. The
    trapezoid rule in ``log u`` converges faster than any power.

    **Reference** Ferbach et al. 2024, arXiv:2407.09499, section 2.

    ```python
    >>> [round(float(p), 4) for p in curate([0.5, 0.5], rewards=[1.0, 0.0], candidates=2)]
    [0.6155, 0.3845]

    ```
    """
    p, r, w = as_groups(probabilities, rewards, weights)
    return chooser(r, w, candidates)(p)


@formerly(share="real_share")
@lenient()
def curated_mix(
    probabilities: Vector,
    *,
    rewards: Vector | Matrix,
    candidates: Count | None = None,
    real_share: Number = 0.0,
    generations: Count,
    weights: Shares | None = None,
) -> Float[Array, "generations symbols"]:
    """The distributions of a curated loop: ``p_1 = p_0`` and ``p_g = w p_0 + (1 - w) curate(p_{g-1})``.

    **Arguments**

    - `probabilities`, `rewards`, `candidates`, `weights`: as for `curate`, with ``p_0`` the truth.
    - `generations`: ``G``, a positive integer.
    - `real_share`: ``w`` of real data, which is not curated, in [0, 1].

    **Returns** shape ``(generations, symbols)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples; with ``n`` the error of the mean is of order ``1/n``, and zero for
    one step.

    **Reference** Ferbach et al. 2024, arXiv:2407.09499; their weight of synthetic data ``lambda/(1 + lambda)`` is
    ``1 - w``.

    ```python
    >>> curve = curated_mix([0.5, 0.5], rewards=[1.0, 0.0], candidates=2, generations=3)
    >>> [round(float(p), 4) for p in curve[:, 0]]
    [0.5, 0.6155, 0.7249]

    ```
    """
    p, r, w = as_groups(probabilities, rewards, weights)
    chosen = chooser(r, w, candidates)
    check_length("generations", generations)
    check_share("real_share", real_share)

    def step(q, _):
        return real_share * p + (1 - real_share) * chosen(q), q

    return jax.lax.scan(step, p, None, int(generations))[1]


@lenient()
def curated_replace_limit(
    probabilities: Vector, *, rewards: Vector, generations: Count
) -> Float[Array, "generations symbols"]:
    """The distributions of a curated loop with very many candidates: ``p_g`` in proportion to ``p_0 e^{(g-1) r}``.

    **Arguments** as for `curated_mix`.

    **Returns** shape ``(generations, symbols)``. For a Gaussian of variance ``v`` and rewards ``a x`` the mean grows by
    ``a v`` in every generation.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** The limit of `curated_mix` without real data for ``K`` to infinity; the error is of order ``1/K``.

    **Reference** Ferbach et al. 2024, arXiv:2407.09499.

    ```python
    >>> [round(float(p), 4) for p in curated_replace_limit([0.5, 0.5], rewards=[1.0, 0.0], generations=2)[:, 0]]
    [0.5, 0.7311]

    ```
    """
    p, (r,), _ = as_groups(probabilities, rewards, None)
    check_length("generations", generations)
    best = jax.lax.stop_gradient(jnp.max(jnp.where(p > 0, r, -jnp.inf)))
    # The largest reward of a symbol that occurs is the unit; one without probability may have any other.
    growth = jnp.arange(int(generations))[:, None] * jnp.where(p > 0, r - best, jnp.clip(r - best, None, 0.9))
    weights = p * jnp.exp(growth)
    return weights / jnp.sum(weights, axis=1, keepdims=True)


@lenient()
def curated_reward_gain(probabilities: Vector, *, rewards: Vector, candidates: Count) -> Float[Array, ""]:
    """A lower bound of the gain in ``E e^r`` by one step of curation: ``(K - 1)/K Var(e^r)/max e^r``.

    **Arguments** as for `curate`; the maximum is over symbols that have a probability.

    **Returns** a scalar. The mean of ``e^r`` so grows until all probability is on the largest reward.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A bound.

    **Reference** Ferbach et al. 2024, arXiv:2407.09499.

    ```python
    >>> round(float(curated_reward_gain([0.5, 0.5], rewards=[1.0, 0.0], candidates=2)), 4)
    0.1358

    ```
    """
    p, (r,), _ = as_groups(probabilities, rewards, None)
    check_count("candidates", candidates, minimum=1)
    value = jnp.exp(r)
    variance = p @ (value - p @ value) ** 2
    return (1 - 1 / candidates) * variance / jnp.max(jnp.where(p > 0, value, 0.0))


@formerly(share="real_share")
@lenient()
def curated_mix_divergence(*, real_share: Number, candidates: Count) -> Float[Array, ""]:
    """An upper bound of ``KL(p_0 | p_g)`` with real data: ``-log(1 - l (K - 1))``, with ``l = (1 - w)/w``.

    **Arguments**

    - `real_share`: ``w`` of real data, in (0, 1].
    - `candidates`: ``K``, a positive integer.

    **Returns** a scalar; infinite if ``l (K - 1) >= 1``, where the bound says nothing.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A bound for all generations, rewards and truths.

    **Reference** Ferbach et al. 2024, arXiv:2407.09499.

    ```python
    >>> round(float(curated_mix_divergence(real_share=0.8, candidates=2)), 4)
    0.2877

    ```
    """
    check_positive("real_share", real_share)
    check_share("real_share", real_share)
    check_count("candidates", candidates, minimum=1)
    w = as_floats(real_share)
    left = 1 - (1 - w) / w * (candidates - 1)
    return jnp.where(left > 0, -jnp.log(jnp.where(left > 0, left, 1.0)), jnp.inf)


@lenient()
def curated_replace_two_symbols(
    probability: Number, *, samples: Count, reward: Number, candidates: Count, generations: Count
) -> Float[Array, "generations outcomes"]:
    """The law of how often a preferred symbol occurs in ``n`` draws, curated from generation 2 on.

    Genetic drift with selection.

    **Arguments**

    - `probability`: ``p`` of the symbol in the truth, in [0, 1]; the other has ``1 - p``.
    - `reward`: of the symbol, more than that of the other.
    - `candidates`: ``K``, a positive integer.
    - `samples`: ``n`` chosen ones in every generation, a positive integer; the cost is ``n^2`` per generation.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations, samples + 1)``: entry ``(g - 1, j)`` is the probability of ``j`` of ``n``. The
    last entry is the probability that the other symbol is lost.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact under `Replace`, up to the quadrature of `curate`.

    ```python
    >>> law = curated_replace_two_symbols(0.5, reward=1.0, candidates=2, samples=10, generations=50)
    >>> round(float(law[-1, -1]), 4)
    0.9696

    ```
    """
    check_numbers("reward", reward)
    check_share("probability", probability)
    check_count("candidates", candidates, minimum=1)
    check_length("samples", samples)
    check_fits(f"samples={samples:,}: a square of that size", 16.0 * float(samples) ** 2, "take fewer")
    check_length("generations", generations)
    dtype = jnp.result_type(probability, reward, float)
    r = jnp.stack([jnp.asarray(reward, dtype), jnp.zeros((), dtype)])
    j = jnp.arange(samples + 1, dtype=dtype)
    count = lambda q: binomial_law(q, draws=int(samples))  # noqa: E731
    chosen = lambda p: _curate(jnp.stack([p, 1 - p]), r, int(candidates))[0]  # noqa: E731
    move = jax.vmap(count)(jax.vmap(chosen)(j / samples))
    start = count(jnp.asarray(probability, dtype))
    return jax.lax.scan(lambda law, _: (law @ move, law), start, None, int(generations))[1]


@lenient()
def curated_replace_fixation(
    probability: Number, *, samples: Number, reward: Number, candidates: Count
) -> Float[Array, ""]:
    """The probability that the other of two symbols is lost in the end: ``(1 - e^{-2nsp})/(1 - e^{-2ns})``.

    A preferred symbol gains ``s p (1 - p)`` in a generation, with ``s = (1 - 1/K) r`` for a small reward ``r``.

    **Arguments**

    - `probability`, `reward`, `candidates`, `samples`: as for `curated_replace_two_symbols`; the reward may be zero,
      which gives ``p``.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** The diffusion limit of `curated_replace_two_symbols`: ``n`` to infinity with ``n r`` fixed.

    **Reference** Kimura 1962, "On the probability of fixation of mutant genes in a population", Genetics 47.

    ```python
    >>> round(float(curated_replace_fixation(0.5, reward=0.1, candidates=2, samples=20)), 4)
    0.7311

    ```
    """
    check_numbers("reward", reward)
    check_share("probability", probability)
    check_count("candidates", candidates, minimum=1)
    check_positive("samples", samples)
    p = as_floats(probability)
    x = 2 * samples * (1 - 1 / candidates) * jnp.asarray(reward, p.dtype)
    small = jnp.abs(x) < 1e-4
    safe = jnp.where(small, 1.0, x)
    series = p * (1 + (1 - p) * x / 2 + (1 - p) * (1 - 2 * p) * x**2 / 12)
    size = jnp.abs(safe)  # exponents that are not positive, whichever symbol is preferred
    preferred = jnp.expm1(-size * p) / jnp.expm1(-size)
    other = jnp.exp(-size * (1 - p)) * preferred
    return jnp.where(small, series, jnp.where(safe > 0, preferred, other))


def _curate(p: Float[Array, " symbols"], r: Float[Array, " symbols"], candidates: int) -> Float[Array, " symbols"]:
    held = jax.lax.stop_gradient(r)  # where the nodes lie does not matter
    low = -jnp.max(held) - jnp.log(1.0 * candidates) - _TAIL
    high = -jnp.min(held) + jnp.log(_TAIL)
    log_u = jnp.linspace(low, high, _NODES, dtype=p.dtype)
    value = jnp.exp(log_u[:, None] + r)  # u e^r
    survival = jnp.exp(-value)
    density = value * survival * (survival @ p)[:, None] ** (candidates - 1)
    chosen = p * jnp.sum(density, axis=0)
    return chosen / jnp.sum(chosen)  # the sum of p to the power of K: rounding would grow from step to step


def chooser(
    r: Float[Array, "groups symbols"], w: Float[Array, " groups"], candidates: Count | None
) -> Callable[[Float[Array, " symbols"]], Float[Array, " symbols"]]:
    """The map from the law of one candidate to that of the chosen one."""
    if candidates is None:
        return lambda p: w @ jax.vmap(_tilted, (None, 0))(p, r)
    check_count("candidates", candidates, minimum=1)
    return lambda p: w @ jax.vmap(_curate, (None, 0, None))(p, r, int(candidates))


def _tilted(p: Float[Array, " symbols"], r: Float[Array, " symbols"]) -> Float[Array, " symbols"]:
    """The choice among infinitely many candidates: in proportion to ``p e^r``."""
    best = jax.lax.stop_gradient(jnp.max(jnp.where(p > 0, r, -jnp.inf)))
    weight = p * jnp.exp(r - best)
    return weight / jnp.sum(weight)


def as_groups(
    probabilities: Vector, rewards: Vector | Matrix, weights: Shares | None
) -> tuple[Float[Array, " symbols"], Float[Array, "groups symbols"], Float[Array, " groups"]]:
    """The probabilities, and the rewards and weights of all groups: of one, where there are no weights."""
    check_probabilities("probabilities", probabilities)
    p = as_floats(probabilities)
    check_rewards(rewards, p.size, weights)
    r = as_floats(rewards).astype(p.dtype).reshape(-1, p.size)
    return p, r, jnp.ones(1, p.dtype) if weights is None else as_floats(weights).astype(p.dtype)


def check_rewards(rewards: Any, symbols: int, weights: Any) -> None:
    """One for every symbol, or for every symbol and group, of which ``e^r`` is a number."""
    check_at_least("rewards", rewards, -np.inf)
    if weights is not None:
        check_probabilities("weights", weights)
    check_shape("rewards", rewards, (symbols,) if weights is None else (np.size(weights), symbols))
    check_at_most("rewards", rewards, float(np.log(jnp.finfo(as_floats(rewards).dtype).max)))
