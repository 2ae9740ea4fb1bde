"""Ferbach et al. 2024: a loop whose samples are curated maximises the reward of the curator.

Their ``p_t`` is our generation ``g = t`` without real data, and ``g = t + 1`` with. Their weight of synthetic data
``lambda/(1 + lambda)`` is one minus our weight of real data. Finite samples, and all sizes, are ours.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import Trajectory, simulate
from jaxcollapse.claims.frame import generation_axis
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.models.discrete.curated import Curated
from jaxcollapse.theory import discrete
from jaxcollapse.theory.papers import FERBACH_2024 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast, AtMost, Equal

_claim = partial(Claim, reference=REFERENCE)
_LANGUAGE = np.array([0.4, 0.3, 0.2, 0.1])
_REWARDS = np.array([0.0, 0.5, 1.0, 1.5])
_SAMPLES = 50
_CANDIDATES = np.array([2, 4, 8])
_MANY, _LARGE, _GENERATIONS = 500, 10_000, 6
_GAP, _FEW, _DRIFT = 0.5, 15, 12  # of two symbols
_SHARE, _LATE = 0.7, 10


def _chosen(key, candidates: int):
    """One generation from the truth, of which all candidates are drawn."""
    model = Curated(Categorical(_LANGUAGE, sampling="raw"), rewards=_REWARDS, candidates=candidates)
    return simulate(model, Replace(), key=key, samples=_SAMPLES, generations=2, first=_LANGUAGE)


def _rewards(key):
    return jnp.stack([_chosen(key, int(k)).reward[1] for k in _CANDIDATES])


def _least_reward():
    gains = [discrete.curated_reward_gain(_LANGUAGE, rewards=_REWARDS, candidates=int(k)) for k in _CANDIDATES]
    return _LANGUAGE @ np.exp(_REWARDS) + jnp.stack(gains)


def _paths(key):
    """A loop with many samples, chosen among many candidates."""
    model = Curated(Categorical(_LANGUAGE), rewards=_REWARDS, candidates=_MANY)
    return simulate(model, Replace(), key=key, samples=_LARGE, generations=_GENERATIONS)


def _preferred(key):
    """The probability of the preferred one of two symbols."""
    model = Curated(Categorical([0.5, 0.5], sampling="raw"), rewards=[_GAP, 0.0], candidates=2)
    return simulate(model, Replace(), key=key, samples=_FEW, generations=_DRIFT).params[:, 0]


def _mean_preferred():
    law = discrete.curated_replace_two_symbols(0.5, reward=_GAP, candidates=2, samples=_FEW, generations=_DRIFT)
    return law @ np.linspace(0.0, 1.0, _FEW + 1)


def _mixed(key, generations: int) -> Trajectory:
    """A loop with real data."""
    model = Curated(Categorical(_LANGUAGE), rewards=_REWARDS, candidates=2)
    return simulate(model, Mix("fresh", weight=_SHARE), key=key, samples=_LARGE, generations=generations)


@lenient()
def _divergence(key):
    """How far it is from the truth."""
    return jnp.sum(_LANGUAGE * jnp.log(_LANGUAGE / _mixed(key, _LATE).params[1:]), axis=1)


_SETTING = "Probabilities 0.4, 0.3, 0.2, 0.1 of symbols with rewards 0, 0.5, 1, 1.5"
_CURATED = f"{_SETTING}; n = {_SAMPLES} samples, each chosen among K candidates; the model before is the truth."

_FREQUENCY, _DRAWS, _ENDS, _GAPS = 0.3, 30, 250, np.array([0.01, 0.02])


@lenient()
def _won(key):
    """Whether the preferred symbol is all that is left, for every difference of rewards."""

    def step(share, uniform):
        chosen = share + share * (1 - share) * jnp.tanh(_GAPS / 2)  # of two candidates
        return jnp.sum(uniform[:, None] < chosen, axis=0) / _DRAWS, None

    uniforms = jax.random.uniform(key, (_ENDS, _DRAWS))
    start = jnp.sum(uniforms[0] < _FREQUENCY) / _DRAWS * jnp.ones(len(_GAPS))
    return jax.lax.scan(step, start, uniforms[1:])[0] == 1


TOUR = "ferbach-mixed"
CLAIMS = (
    _claim(
        name="ferbach-choice",
        statement="What a user chooses among finitely many candidates has a law that one integral gives.",
        theory=lambda: jnp.stack(
            [discrete.curate(_LANGUAGE, rewards=_REWARDS, candidates=int(k)) @ np.exp(_REWARDS) for k in _CANDIDATES]
        ),
        experiment=_rewards,
        relation=Equal(),
        formula="p'_i = K p_i ∫₀^∞ e^{r_i} exp(−u e^{r_i}) M(u)^{K−1} du, M(u) = Σ_j p_j exp(−u e^{r_j})",
        protocol=_CURATED,
        axis=Axis("candidates K", _CANDIDATES),
        quantity="mean of e^r",
    ),
    _claim(
        name="ferbach-gain",
        statement="Curation raises the mean of e^r by a multiple of its variance at least.",
        theory=_least_reward,
        experiment=_rewards,
        relation=AtLeast(),
        formula="E' e^r ≥ E e^r + (1 − 1/K) Var(e^r)/max e^r",
        protocol=_CURATED,
        axis=Axis("candidates K", _CANDIDATES),
        quantity="mean of e^r",
    ),
    _claim(
        name="ferbach-many-candidates",
        statement="With very many candidates every generation multiplies the density by e^r.",
        theory=lambda: discrete.curated_replace_limit(_LANGUAGE, rewards=_REWARDS, generations=_GENERATIONS)[:, -1],
        experiment=lambda key: _paths(key).params[:, -1],
        relation=Asymptotic(allowance=0.01),
        formula="p_g ∝ p₀ e^{(g − 1) r}",
        protocol=f"{_SETTING}; n = {_LARGE:,} samples, each chosen among K = {_MANY} candidates.",
        axis=generation_axis(_GENERATIONS),
        quantity="probability of the best symbol",
        first_look=256,
    ),
    _claim(
        name="ferbach-selection",
        statement="With few samples a curated loop is natural selection with genetic drift, a finite Markov chain.",
        theory=_mean_preferred,
        experiment=_preferred,
        relation=Equal(),
        formula="a Markov chain: n draws with probability q + q(1 − q) tanh(Δ/2), q the share in the last n",
        protocol=(
            f"Two equally likely symbols, rewards that differ by Δ = {_GAP}; n = {_FEW} samples, each chosen among "
            "K = 2 candidates."
        ),
        axis=generation_axis(_DRIFT),
        quantity="mean probability of the preferred symbol",
    ),
    _claim(
        name="ferbach-real-data",
        statement="With enough real data the loop stays near the truth for ever, whatever the rewards.",
        theory=lambda: jnp.full(_LATE - 1, discrete.curated_mix_divergence(real_share=_SHARE, candidates=2)),
        experiment=_divergence,
        relation=AtMost(),
        formula="KL(p₀ ‖ p_g) ≤ −log(1 − λ(K − 1)), λ = (1 − w)/w",
        protocol=f"{_SETTING}; n = {_LARGE:,} fresh real samples of weight w = {_SHARE} and n curated ones, K = 2.",
        axis=generation_axis(np.arange(2, _LATE + 1)),
        quantity="KL(p₀ ‖ p_g)",
        first_look=256,
    ),
    _claim(
        name="ferbach-mixed",
        statement="A curated loop with real data goes to where curation and the real data hold each other.",
        theory=lambda: discrete.curated_mix(
            _LANGUAGE, rewards=_REWARDS, candidates=2, real_share=_SHARE, generations=_GENERATIONS
        )[:, -1],
        experiment=lambda key: _mixed(key, _GENERATIONS).params[:, -1],
        relation=Asymptotic(allowance=0.005),
        formula="p_g = w p₀ + (1 − w) p'_{g−1}, p' the law of the chosen",
        protocol=f"{_SETTING}; n = {_LARGE:,} fresh real samples of weight w = {_SHARE} and n curated ones, K = 2.",
        axis=generation_axis(_GENERATIONS),
        quantity="probability of the best symbol",
        first_look=256,
    ),
    _claim(
        name="ferbach-fixation",
        statement="Of two symbols the preferred one is not sure to win: it does with the odds of natural selection.",
        theory=lambda: jnp.stack(
            [discrete.curated_replace_fixation(_FREQUENCY, reward=r, candidates=2, samples=_DRAWS) for r in _GAPS]
        ),
        experiment=_won,
        relation=Asymptotic(allowance=0.008, tolerance=0.02),
        formula="P → (1 − e^{−2nsp})/(1 − e^{−2ns}), s = (1 − 1/K) Δ",
        protocol=(
            f"Two symbols, the preferred one of probability p = {_FREQUENCY} and a reward larger by Δ; n = {_DRAWS} "
            f"samples, each chosen among K = 2 candidates; generation {_ENDS}."
        ),
        axis=Axis("difference Δ of rewards", _GAPS),
        quantity="P(the preferred symbol is left alone)",
        first_look=16384,
    ),
)
