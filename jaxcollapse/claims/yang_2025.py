"""Yang et al. 2025: how to spend a budget over rounds of data that a reward lets through.

Accepted rows of a normal model with a Gaussian reward are normal, so that a chain of them is a mean that is drawn from
a shrunk copy of the last one: generation ``g = T`` is their ``T``. Sizes count accepted rows.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.theory import mean
from jaxcollapse.theory.papers import YANG_2025 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal, Probability

_WIDTH, _VARIANCE = 1.5, 1.0
_TOTAL = _WIDTH**2 + _VARIANCE
_KEPT = _WIDTH**2 / _TOTAL
_DIM, _START = 3, 2.0
_CHAIN = {"distance": _START, "width": _WIDTH, "dim": _DIM}
_GENERATIONS = 6


def _shrunk(kept, params):
    return kept * params


def _means(key, samples, start: float = _START, dim: int = _DIM, generations: int = _GENERATIONS):
    """The mean of every generation."""
    model = NormalMean(jnp.zeros(dim).at[0].set(_KEPT * start), variance=_KEPT * _VARIANCE)
    chain = Biased(model, Partial(_shrunk, _KEPT))
    return simulate(chain, Replace(), key=key, samples=samples, generations=generations).estimate


def _reward(means):
    """The mean reward of a row that is drawn around a mean."""
    best = (_WIDTH**2 / _TOTAL) ** (0.5 * means.shape[-1])
    return best * jnp.exp(-0.5 * jnp.sum(means**2, axis=-1) / _TOTAL)


_FEW = 2


def _earned_and_spent(key):
    means = _means(key, _FEW)
    start = jnp.zeros((1, _DIM)).at[0, 0].set(_START)
    return jnp.stack([_reward(means), 1 / _reward(jnp.concatenate([start, means[:-1]]))])


def _earned_and_spent_theory():
    chain = mean.mean_rewarded_replace(**_CHAIN, samples=_FEW, generations=_GENERATIONS)
    return jnp.stack([chain.reward, chain.draws])


_BUDGET, _SCHEDULES = 120.0, ("the best", "equal", "linear", "doubled")


def _sizes():
    """Sizes of one budget: the best ones, equal ones, and ones that grow linearly, or twofold."""
    best = mean.mean_rewarded_allocation(budget=_BUDGET, width=_WIDTH, generations=_GENERATIONS)
    rising = jnp.arange(1.0, _GENERATIONS + 1)
    sizes = best, jnp.full(_GENERATIONS, _BUDGET / _GENERATIONS), _BUDGET * rising / rising.sum()
    return jnp.round(jnp.stack([*sizes, 2.0**rising]))


def _last_squares(key):
    return jax.lax.map(lambda n: jnp.mean(_means(key, n, 0.0, 20)[-1] ** 2), jnp.asarray(_known_sizes()))


def _known_sizes():
    with jax.ensure_compile_time_eval():
        return np.asarray(_sizes())


def _last_squares_theory():
    """Of the doubled sizes by what many generations leave."""
    chain = partial(mean.mean_rewarded_replace, **{**_CHAIN, "distance": 0.0}, generations=_GENERATIONS)
    *sizes, doubled = _sizes()
    variances = jax.vmap(lambda n: chain(samples=n).variance[-1])(jnp.stack(sizes))
    begun = 1 - (2 * _KEPT**2) ** _GENERATIONS
    limit = mean.mean_rewarded_variance_limit(width=_WIDTH, growth=2.0) * begun / doubled[-1]
    return jnp.append(variances, limit)


_CONSTANT, _LATE = np.array([10, 100]), 12
_GAP = 0.004


def _far_from_the_best(key):
    """Whether a model stays below the best reward by a part of it, after many rounds of one size."""
    best = (_WIDTH**2 / _TOTAL) ** 0.5
    last = jax.lax.map(lambda n: _means(key, n, 0.0, 1, _LATE)[-1], jnp.asarray(_CONSTANT, float))
    return _reward(last) < best * (1 - _GAP)


def _far_from_the_best_theory():
    limit = mean.mean_rewarded_variance_limit(width=_WIDTH) * (1 - _KEPT ** (2 * _LATE))
    law = partial(mean.mean_rewarded_gap_probability, _GAP, width=_WIDTH)
    return jax.vmap(lambda n: law(variance_of_mean=limit / n))(jnp.asarray(_CONSTANT, float))


_claim = partial(Claim, reference=REFERENCE)
_SETTING = "Rows N(θ, 1), accepted with probability exp(−|x|²/(2 k²)), k = 1.5; "
TOUR = "yang-reward"
CLAIMS = (
    _claim(
        name="yang-reward",
        statement="Each round of rewarded data earns more and costs less, down to a noise that stays.",
        theory=_earned_and_spent_theory,
        experiment=_earned_and_spent,
        relation=Equal(tolerance=0.025),
        formula=(
            "(k²/(A + v))^{d/2} exp(−ρ^{2g}|θ_0|²/(2 (A + v))) and "
            "(A²/(k² (A − v)))^{d/2} exp(ρ^{2(g−1)}|θ_0|²/(2 (A − v))), A = 1 + k², ρ = k²/A"
        ),
        protocol=_SETTING + "d = 3, |θ_0| = 2, n = 2 accepted rows a round.",
        labels=("reward of a row", "rows drawn for an accepted one"),
        axis=generation_axis(_GENERATIONS),
        quantity="reward, cost",
    ),
    _claim(
        name="yang-schedule",
        statement="Of one budget, sizes that grow exponentially leave the least variance.",
        theory=_last_squares_theory,
        experiment=_last_squares,
        relation=Equal(tolerance=0.025),
        formula="v = ρ Σ ρ^{2(G−g)}/n_g, least for n_g ∝ ρ^{−g}",
        protocol=_SETTING + "120 accepted rows in six rounds, or 2, 4, ..., 64.",
        labels=_SCHEDULES,
        quantity="variance of the last mean",
    ),
    _claim(
        name="yang-gap",
        statement="With rounds of one size the reward stays below the best by a part of order 1/n.",
        theory=_far_from_the_best_theory,
        experiment=_far_from_the_best,
        relation=Probability(tolerance=0.025),
        formula="P(χ²_1 ≥ −2 A ln(1 − γ)/v), v = ρ/(n (1 − ρ²))",
        protocol=_SETTING + "d = 1, n accepted rows a round, twelve rounds; γ = 0.004.",
        labels=tuple(f"n = {n}" for n in _CONSTANT),
        quantity="P(reward < (1 − γ) best)",
    ),
)
