"""Results without a paper: curation by several groups of users, which keeps no more modes than there are groups.

The setting is that of Falahati et al. 2026, arXiv:2605.07724: a choice is made by a random group, by the rewards of
that group. Generation ``g = 1`` is the fit to real data, which nobody curates.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.models.discrete.curated import Curated
from jaxcollapse.theory import discrete
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, AtMost

REFERENCE = None
_LANGUAGE = np.array([0.4, 0.3, 0.2, 0.1])
_TASTES = shared(rewards=np.array([[0.0, 0.5, 1.0, 1.5], [1.0, -1.0, 0.0, 0.5]]), weights=np.array([0.3, 0.7]))


def _once(key, model, language, samples):
    """The probabilities of the next generation."""
    return simulate(model, Replace(), key=key, samples=samples, generations=2, first=language).params[1]


_RARE, _GROWING = 5e-4, shared(advantages=np.array([2.0, -1.0]), weights=np.array([0.4, 0.6]))
_CANDIDATES = (2, 8)


def _grown(key):
    language = np.array([_RARE, 1 - _RARE])
    rewards = np.stack([_GROWING["advantages"], np.zeros(2)], axis=1)

    def share(candidates):
        model = Curated(Categorical(language), rewards=rewards, weights=_GROWING["weights"], candidates=candidates)
        return _once(key, model, language, 400_000)[0] / _RARE

    return jnp.stack([share(candidates) for candidates in _CANDIDATES])


def _grown_theory():
    return jnp.stack([1 + discrete.curated_replace_growth(candidates=k, **_GROWING) for k in _CANDIDATES])


_GAPS, _LESS, _OUTSIDE = np.array([0.5, 1.0, 2.0, 4.0]), 0.4, 0.01


def _compromise(key):
    """How much less the compromise would have to be worth not to grow, where it is rare between two modes."""
    language = np.array([0.5 - _OUTSIDE / 2, _OUTSIDE, 0.5 - _OUTSIDE / 2])

    def at(gap):
        rewards = jnp.array([[0.0, -_LESS, 0.0], [0.0, -_LESS, 0.0]]).at[0, 2].set(-gap).at[1, 0].set(-gap)
        model = Curated(Categorical(language), rewards=rewards, weights=[0.5, 0.5], candidates=None)
        return _LESS + jnp.log(_once(key, model, language, 1_000_000)[1] / _OUTSIDE)

    return jax.lax.map(at, jnp.asarray(_GAPS))


_BASINS, _WEIGHTS = shared(gap=1.5, other_gap=2.2), np.array([0.4, 0.5, 0.7])


def _shares(key):
    rewards = np.array([[0.0, -_BASINS["gap"]], [-_BASINS["other_gap"], 0.0]])

    def at(weight):
        model = Curated(
            Categorical([0.5, 0.5]), rewards=rewards, weights=jnp.stack([weight, 1 - weight]), candidates=None
        )
        return simulate(model, Replace(), key=key, samples=100_000, generations=40).params[-1, 0]

    return jax.lax.map(at, jnp.asarray(_WEIGHTS))


def _shares_theory():
    return jnp.stack([discrete.curated_replace_two_basins(weight=q, **_BASINS) for q in _WEIGHTS])


_SHARE = 0.2


def _held(key):
    model = Curated(Categorical(_LANGUAGE), candidates=None, **_TASTES)
    return simulate(model, Mix("fresh", weight=_SHARE), key=key, samples=100_000, generations=25).params[-1]


_USERS, _SYMBOLS = np.array([0.3, 0.5, 0.2]), 8


def _modes(key):
    """How many symbols are left, if each of three groups likes them as it likes."""
    taste_key, key = jax.random.split(key)
    rewards = 3 * jax.random.normal(taste_key, (len(_USERS), _SYMBOLS))
    model = Curated(Categorical(np.full(_SYMBOLS, 1 / _SYMBOLS)), rewards=rewards, weights=_USERS, candidates=None)
    run = simulate(model, Replace(), key=key, samples=100_000, generations=60)
    return jnp.sum(run.params[-1] > 1e-3, dtype=float)


_claim = partial(Claim, reference=REFERENCE)
CLAIMS = (
    _claim(
        name="own-groups-growth",
        statement="Whether two groups keep two modes depends on the number of candidates: with two they never do.",
        theory=_grown_theory,
        experiment=_grown,
        relation=Asymptotic(allowance=0.005),
        formula="p'/p = 1 + Σ_g w_g (K − 1)(e^D_g − 1)/(e^D_g + K − 1) where p is small",
        protocol=f"A symbol of probability {_RARE}, worth 2 more to a group of weight 0.4 and 1 less to the other one.",
        labels=tuple(f"K = {k}" for k in _CANDIDATES),
        quantity="growth in one generation",
        first_look=1024,
    ),
    _claim(
        name="own-groups-compromise",
        statement="A compromise that nobody likes best drives out what each group likes best, if it is good enough.",
        theory=lambda: discrete.curated_replace_compromise(gap=_GAPS),
        experiment=_compromise,
        relation=Asymptotic(allowance=0.01),
        formula="it takes all if 2 e^−δ > 1 + e^−Δ, and dies otherwise; δ* = log 2 − log(1 + e^−Δ)",
        protocol=f"Two equal groups, two modes, a compromise of probability {_OUTSIDE} worth 0.4 less; K = ∞.",
        axis=Axis("gap Δ of the mode of the others", _GAPS),
        quantity="δ at which it neither grows nor dies",
        first_look=1024,
    ),
    _claim(
        name="own-groups-share",
        statement="Two groups end at shares of two modes that depend on all gaps, and not on where the loop began.",
        theory=_shares_theory,
        experiment=_shares,
        relation=Asymptotic(allowance=0.003),
        formula="q* = q/(1 − κ₂) − (1 − q) κ₁/(1 − κ₁), κ = e^−Δ",
        protocol="Two symbols, gaps 1.5 and 2.2, n = 100,000 samples, infinitely many candidates; generation 40.",
        axis=Axis("weight q of the first group", _WEIGHTS),
        quantity="share of the first mode",
        first_look=64,
    ),
    _claim(
        name="own-groups-real",
        statement="With any share of real data a loop that several groups curate settles at one and the same law.",
        theory=lambda: discrete.curated_mix_equilibrium(_LANGUAGE, real_share=_SHARE, **_TASTES),
        experiment=_held,
        relation=Asymptotic(allowance=0.004),
        formula="p = α p₀/(1 − (1 − α) ψ), ψ = Σ_g w_g e^{r_g}/E_p e^{r_g}",
        protocol="Probabilities 0.4, 0.3, 0.2, 0.1; groups of weight 0.3 and 0.7; K = ∞, α = 0.2, n = 100,000.",
        labels=tuple(f"symbol {i}" for i in range(1, 5)),
        quantity="probability",
        first_look=64,
    ),
    _claim(
        name="own-groups-modes",
        statement="As many modes survive as there are groups of users at most, out of however many symbols.",
        theory=lambda: float(len(_USERS)),
        experiment=_modes,
        relation=AtMost(),
        formula="p' = p Σ_g w_g e^{r_g}/E_p e^{r_g} climbs to the maximum of Σ_g w_g log E_p e^{r_g}",
        protocol="8 symbols, three groups with normal rewards, σ = 3; K = ∞, n = 100,000; those above 0.001 at g = 60.",
        quantity="modes that are left",
        first_look=64,
    ),
)
