"""Suresh, Thangaraj and Khandavally 2024: how long a model remembers a rare symbol.

Their iteration ``k`` is our generation ``g``. Sizes are ours.
"""

from functools import partial

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.models.exponential_family import Poisson
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import discrete, gaussian
from jaxcollapse.theory.papers import SURESH_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import AtLeast, AtMost, Equal, Probability

_claim = partial(Claim, reference=REFERENCE)
_GENERATIONS = 12
_AXIS = generation_axis(_GENERATIONS)
_SAMPLES, _RARE = 20, 0.1
_LANGUAGE = np.array([0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.04, 0.03, 0.02, 0.01])


def _counts(key):
    run = simulate(Poisson(_RARE), Replace(), key=key, samples=_SAMPLES, generations=_GENERATIONS)
    return run.estimate > 0


def _symbols(key, probabilities):
    return simulate(Categorical(probabilities), Replace(), key=key, samples=_SAMPLES, generations=_GENERATIONS)


def _rare_symbol(key):
    """Whether the rarer of two symbols is left."""
    return _symbols(key, [_RARE, 1 - _RARE]).params[:, 0] > 0


def _bound():
    return discrete.poisson_replace_survival(rate=_RARE, samples=_SAMPLES, generations=_GENERATIONS)


_RARER, _LONG, _FEW = 0.005, 200, 6


def _rarer_symbol(key):
    language = [_RARER, 1 - _RARER]
    run = simulate(Categorical(language), Replace(), key=key, samples=_LONG, generations=_FEW)
    return run.params[:, 0] > 0


_LEVEL, _BATCH, _LATE = 0.1, 20, np.array([200, 250, 300, 400])


def _above(key, times: np.ndarray):
    """Whether the standard deviation is above a tenth of the true one."""
    run = simulate(Gaussian(ddof=1), Replace(), key=key, samples=_BATCH, generations=int(times[-1]))
    return run.log_variance[times - 1] > 2 * jnp.log(_LEVEL)


_EARLY = np.array([40, 60, 80])
_DRAWS, _TIME, _KINDS = 6, 4, np.array([2, 3, 4])


@lenient()
def _ancestors(key):
    """Whether as many of the first draws, no two of which are of one kind, have descendants."""
    alike = np.full(_DRAWS, 1 / _DRAWS)
    run = simulate(Categorical(alike), Replace(), key=key, samples=_DRAWS, generations=_TIME, first=alike)
    return run.support[-1] == _KINDS


TOUR = "suresh-vocabulary"
CLAIMS = (
    _claim(
        name="suresh-poisson",
        statement="A rare word, whose count is Poisson, is remembered with the probability of a branching process.",
        theory=_bound,
        experiment=_counts,
        relation=Probability(tolerance=0.02),
        formula="P(left at g) = 1 − exp(−n λ h_g), h_1 = 1, h_{g+1} = 1 − exp(−h_g) ≈ 2/g",
        protocol="A Poisson mean of 0.1, fitted to n = 20 counts at every generation, which replace the last ones.",
        axis=_AXIS,
        quantity="P(left)",
    ),
    _claim(
        name="suresh-symbol",
        statement="A symbol of a categorical distribution is remembered at least as long as a Poisson count.",
        theory=_bound,
        experiment=_rare_symbol,
        relation=AtLeast(tolerance=0.02),
        formula="P(left at g) ≥ 1 − exp(−n p h_g)",
        protocol="A symbol of probability 0.1 and its complement, n = 20 draws at every generation.",
        axis=_AXIS,
        quantity="P(left)",
    ),
    _claim(
        name="suresh-vocabulary",
        statement="How many symbols are left after any number of generations is known exactly, all symbols at once.",
        theory=lambda: jnp.sum(
            1 - discrete.categorical_replace_lost(_LANGUAGE, samples=_SAMPLES, generations=_GENERATIONS), axis=1
        ),
        experiment=lambda key: _symbols(key, _LANGUAGE).support,
        relation=Equal(),
        formula="Σ_i (1 − Σ_j P(A_g = j)(1 − p_i)^j): no ancestor of the n draws was of kind i",
        protocol="Ten symbols with probabilities from 0.3 to 0.01, n = 20 draws at every generation.",
        axis=_AXIS,
        quantity="symbols left",
    ),
    _claim(
        name="suresh-upper-bound",
        statement="A word is remembered with at most a probability that tends to the branching process for rare words.",
        theory=lambda: discrete.categorical_replace_survival_bound(probability=_RARER, samples=_LONG, generations=_FEW),
        experiment=_rarer_symbol,
        relation=AtMost(),
        formula="P(left at g) ≤ 1 − (1 − 3np² − 3gp) exp(−n p h_g)",
        protocol="Two symbols, the rarer of probability 0.005; n = 200 draws of the newest model at every generation.",
        axis=generation_axis(_FEW),
        quantity="P(left)",
    ),
    _claim(
        name="suresh-deviation-bound",
        statement="The chance that a Gaussian chain keeps a standard deviation falls geometrically: a loose bound.",
        theory=lambda: gaussian.deviation_bound(_LEVEL, samples=_BATCH, generations=int(_LATE[-1]))[_LATE - 1],
        experiment=lambda key: _above(key, _LATE),
        relation=AtMost(),
        formula="P(σ̂_g > ε) ≤ (σ/ε) exp(−g/(4n − 1))",
        protocol="Gaussian with unknown mean and variance, unbiased variance, n = 20, replace; ε = 0.1.",
        axis=generation_axis(_LATE),
        quantity="P(σ̂ > 0.1)",
    ),
    _claim(
        name="suresh-ancestors",
        statement="As many real draws have descendants as balls that are thrown again and again occupy bins.",
        theory=lambda: discrete.categorical_replace_ancestors(samples=_DRAWS, generations=_TIME)[-1, _KINDS],
        experiment=_ancestors,
        relation=Probability(tolerance=0.025),
        formula="the law of A_g: A_1 = n, A_{g+1} the number of bins of n that A_g balls occupy",
        protocol=f"n = {_DRAWS} draws at every generation, all different at g = 1; ancestors of those at g = {_TIME}.",
        labels=tuple(f"{count} ancestors" for count in _KINDS),
        quantity="P(number of ancestors)",
    ),
    _claim(
        name="suresh-deviation",
        statement="The chance that a Gaussian chain keeps a standard deviation is known exactly.",
        theory=lambda: jnp.stack(
            [gaussian.variance_sf(_LEVEL**2, samples=_BATCH, generations=int(t), ddof=1) for t in _EARLY]
        ),
        experiment=lambda key: _above(key, _EARLY),
        relation=Probability(tolerance=0.02),
        formula="P(∏_{t≤g} χ²_{n−1}/(n−1) > ε²), by saddle-point contour inversion",
        protocol="Gaussian with unknown mean and variance, unbiased variance, n = 20, replace; ε = 0.1.",
        axis=generation_axis(_EARLY),
        quantity="P(σ̂ > 0.1)",
    ),
)
