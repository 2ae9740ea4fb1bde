"""Curation by several groups of users, each with rewards of its own: how many modes survive, and which.

Of every ``K`` draws of a model one is kept: a group ``g`` comes with probability ``w_g``, and chooses with
probabilities in proportion to ``e^{r_g}``. With very many candidates ``p' = p sum_g w_g e^{r_g}/E_p e^{r_g}``: Cover's
iteration for the best portfolio. ``sum_g w_g log E_p e^{r_g}`` rises with every step, and from full support the loop
ends at its maximum, which as many symbols as there are groups can reach: no more modes than groups survive.
`jaxcollapse.theory.discrete.curated_mix` computes the path, and `jaxcollapse.Curated` simulates it.

Reference: Cover 1984, "An algorithm for maximizing expected log investment return", IEEE Trans. Inform. Theory 30; the
setting of Falahati et al. 2026, arXiv:2605.07724. Derived here.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_count,
    check_positive,
    check_probabilities,
    check_shape,
    check_share,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Matrix, Number, Shares, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number
from jaxcollapse.theory.discrete.curated import as_groups


@lenient()
def curated_mix_equilibrium(
    probabilities: Vector, *, rewards: Matrix, weights: Shares, real_share: Number
) -> Float[Array, " symbols"]:
    """Where a loop ends that several groups curate and a share of whose data is real, for very many candidates.

    With ``psi(x) = sum_g w_g e^{r_g(x)}/E_p e^{r_g}`` the loop ``p' = alpha p_0 + (1 - alpha) p psi`` is the EM
    algorithm of ``alpha E_{p_0} log p + (1 - alpha) sum_g w_g log E_p e^{r_g}``, which is concave. It converges for
    every share of real data to the maximum, ``p = alpha p_0/(1 - (1 - alpha) psi)``.

    **Arguments**

    - `probabilities`: ``p_0`` of the truth, shape ``(symbols,)``, at least 0, summing to one.
    - `rewards`: ``r``, shape ``(groups, symbols)``, finite, so that ``e^r`` is a number.
    - `weights`: ``w`` of the groups, shape ``(groups,)``, positive, summing to one.
    - `real_share`: ``alpha`` of real data, in (0, 1].

    **Returns** shape ``(symbols,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples and candidates, found by Newton's method.

    ```python
    >>> p = curated_mix_equilibrium([0.5, 0.5], rewards=[[1.0, 0.0], [0.0, 1.0]], weights=[0.8, 0.2], real_share=0.1)
    >>> [round(float(q), 4) for q in p]
    [0.8439, 0.1561]

    ```
    """
    check_positive("weights", weights)
    p, r, w = as_groups(probabilities, rewards, weights)
    check_positive("real_share", real_share)
    check_share("real_share", real_share)
    check_one_number("real_share", real_share, "for all generations")
    alpha = jnp.asarray(real_share, p.dtype)
    there = p > 0
    best = jax.lax.stop_gradient(jnp.max(jnp.where(there, r, -jnp.inf), axis=1))
    value = jnp.where(there, jnp.exp(r - best[:, None]), 0.0)

    def slack(theta):
        return 1 - (1 - alpha) * theta @ value

    def loss(theta):  # of the multipliers ``theta_g = w_g/E_p e^{r_g}``, convex
        left = slack(theta)
        sound = jnp.all(left > 0) & jnp.all(theta > 0)
        logs = jnp.log(jnp.where(there & (left > 0), left, 1.0))
        bent = jnp.where(alpha < 1, alpha / jnp.where(alpha < 1, 1 - alpha, 1.0), 0.0) * (p @ logs)
        return jnp.where(sound, -bent - w @ jnp.log(jnp.where(theta > 0, theta, 1.0)), jnp.inf)

    def newton(theta):
        left = slack(theta)
        gradient = value @ (alpha * p / left) - w / theta
        bent = (value * (alpha * (1 - alpha) * p / left**2)) @ value.T + jnp.diag(w / theta**2)
        return jnp.linalg.solve(bent, gradient)

    def search(theta, _):
        lengths = jnp.concatenate([jnp.zeros(1, p.dtype), 0.5 ** jnp.arange(_HALVINGS, dtype=p.dtype)])
        tried = theta - lengths[:, None] * newton(theta)
        return tried[jnp.argmin(jax.vmap(loss)(tried))], None

    found = jax.lax.stop_gradient(jax.lax.scan(search, w, None, _STEPS)[0])
    theta = found
    for _ in range(2):  # the derivatives of the implicit function theorem, and the last digits
        theta = theta - newton(theta)
    return alpha * p / slack(theta)


@lenient()
def curated_replace_two_basins(*, weight: Number, gap: Any, other_gap: Any) -> Float[Array, "..."]:
    """How two groups share two modes in the end: ``q/(1 - k_2) - (1 - q) k_1/(1 - k_1)``, within [0, 1].

    Group 1 gives the second mode ``Delta_1`` less than its own, and group 2 the first mode ``Delta_2`` less than its
    own, ``k = e^-Delta``. Very many candidates; both modes survive only while this lies inside of (0, 1), and for wide
    gaps it is the weight ``q`` of the first group, as if both had bargained.

    **Arguments**

    - `weight`: ``q`` of group 1, in [0, 1].
    - `gap`, `other_gap`: ``Delta_1`` and ``Delta_2``, positive; numbers or arrays of one shape.

    **Returns** the share of the first mode, in the shape of the arguments.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples and candidates, whatever the first share of both modes.

    ```python
    >>> round(float(curated_replace_two_basins(weight=0.4, gap=1.0, other_gap=2.2)), 4)
    0.1007

    ```
    """
    check_share("weight", weight)
    check_positive("gap", gap)
    check_positive("other_gap", other_gap)
    q, first, second = as_floats(weight), as_floats(gap), as_floats(other_gap)
    return jnp.clip(-q / jnp.expm1(-second) - (1 - q) / jnp.expm1(first), 0.0, 1.0)


@lenient()
def curated_replace_compromise(*, gap: Any) -> Float[Array, "..."]:
    """How much less a compromise may be worth to two equal groups to take everything: ``log 2 - log(1 + e^-Delta)``.

    Each group gives the mode of the other ``Delta`` less than its own, and the compromise ``delta`` less. It drives
    both modes out if ``2 e^-delta > 1 + e^-Delta``, and dies otherwise: that nothing outside of the modes survives
    needs rewards that are worse for all.

    **Arguments**

    - `gap`: ``Delta``, positive; a number or an array.

    **Returns** the largest ``delta``, at most ``log 2``, in the shape of the gap.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples and candidates.

    ```python
    >>> round(float(curated_replace_compromise(gap=1.0)), 4)
    0.3799

    ```
    """
    check_positive("gap", gap)
    return jnp.log(2.0) - jnp.log1p(jnp.exp(-as_floats(gap)))


@lenient()
def curated_replace_growth(*, advantages: Shares, weights: Shares, candidates: Count | None = None) -> Float[Array, ""]:
    """By how much a rare symbol grows in one generation: ``sum_g w_g (K - 1)(e^D_g - 1)/(e^D_g + K - 1)``.

    ``D_g`` is what group ``g`` gives it more than the common one. Two modes coexist if and only if each of them would
    grow where it is rare. With two candidates a gain for one is the same loss for the other, so that two groups never
    keep two modes.

    **Arguments**

    - `advantages`: ``D``, shape ``(groups,)``, finite.
    - `weights`: ``w``, shape ``(groups,)``, at least 0, summing to one.
    - `candidates`: ``K``, a positive integer; None for infinitely many gives ``sum_g w_g e^D_g - 1``.

    **Returns** a scalar: the relative growth of its probability.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples, in the limit of a small probability.

    ```python
    >>> groups = dict(advantages=[2.0, -1.0], weights=[0.4, 0.6])
    >>> for candidates in (2, 4, None):
    ...     print(round(float(curated_replace_growth(**groups, candidates=candidates)), 4))
    0.0274
    0.4001
    2.1764

    ```
    """
    check_probabilities("weights", weights)
    check_at_least("advantages", advantages, -np.inf)
    check_shape("advantages", advantages, np.shape(weights))
    if candidates is not None:
        check_count("candidates", candidates, minimum=1)
    w, d = as_floats(weights), as_floats(advantages)
    gained = jnp.expm1(d) if candidates is None else (candidates - 1) * jnp.expm1(d) / (jnp.expm1(d) + candidates)
    return w @ gained


_STEPS, _HALVINGS = 40, 40
