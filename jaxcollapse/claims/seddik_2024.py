"""Seddik et al. 2024: what a language model of independent symbols forgets, with real text and without.

Their ``p^(m)`` is the fit of our generation ``g = m``. Sizes are ours.
"""

from functools import partial

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import generation_axis
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.theory import discrete
from jaxcollapse.theory.papers import SEDDIK_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import AtLeast, AtMost, Equal, Probability

_claim = partial(Claim, reference=REFERENCE)
_LANGUAGE = np.array([0.4, 0.3, 0.2, 0.1])
_SAMPLES, _GENERATIONS = 15, 12
_REAL, _LONG = 30, 60  # draws of the real text, and of the synthetic one that is pooled with it
_LATE = np.arange(15, 61, 5)
_HORIZON = 250  # by then all but one chain in a million has collapsed
_AXIS = generation_axis(_GENERATIONS)


def _run(key, workflow: Workflow, samples: int, generations: int = _GENERATIONS):
    return simulate(Categorical(_LANGUAGE), workflow, key=key, samples=samples, generations=generations)


@lenient()
def _time(key):
    """The first generation with one symbol."""
    return 1.0 + jnp.sum(_run(key, Replace(), _SAMPLES, _HORIZON).support > 1)


_SETTING = f"Probabilities 0.4, 0.3, 0.2, 0.1; n = {_SAMPLES} draws of the newest model at every generation."

TOUR = "seddik-time-upper"
CLAIMS = (
    _claim(
        name="seddik-diversity",
        statement="On synthetic text alone the diversity of a language decays geometrically.",
        theory=lambda: discrete.categorical_replace_diversity(_LANGUAGE, samples=_SAMPLES, generations=_GENERATIONS),
        experiment=lambda key: _run(key, Replace(), _SAMPLES).diversity,
        relation=Equal(),
        formula="E[1 − Σ_i p_i²] = (1 − 1/n)^g (1 − S₀), S₀ = Σ_i p_i² of the truth",
        protocol=_SETTING,
        axis=_AXIS,
        quantity="P(two draws differ)",
    ),
    _claim(
        name="seddik-collapse",
        statement="The probability that a single symbol is left is known exactly at every generation.",
        theory=lambda: discrete.categorical_replace_collapsed(_LANGUAGE, samples=_SAMPLES, generations=int(_LATE[-1]))[
            _LATE - 1
        ],
        experiment=lambda key: _run(key, Replace(), _SAMPLES, int(_LATE[-1])).support[_LATE - 1] == 1,
        relation=Probability(tolerance=0.02),
        formula="Σ_j P(A_g = j) Σ_i p_i^j with the number of ancestors A_g: balls in n bins, g − 1 times",
        protocol=_SETTING,
        axis=generation_axis(_LATE),
        quantity="P(collapsed)",
    ),
    _claim(
        name="seddik-time",
        statement="The mean time to total collapse is finite, and the solution of a triangular system.",
        theory=lambda: discrete.categorical_replace_collapse_time(_LANGUAGE, samples=_SAMPLES),
        experiment=_time,
        relation=Equal(),
        formula="E T = 1 + Σ_g P(not collapsed at g)",
        protocol=_SETTING,
        quantity="generations",
    ),
    _claim(
        name="seddik-collapse-bound",
        statement="The diversity alone bounds the probability that a single symbol is left from above.",
        theory=lambda: discrete.categorical_replace_collapsed_bounds(
            _LANGUAGE, samples=_SAMPLES, generations=int(_LATE[-1])
        ).upper[_LATE - 1],
        experiment=lambda key: _run(key, Replace(), _SAMPLES, int(_LATE[-1])).support[_LATE - 1] == 1,
        relation=AtMost(),
        formula="P ≤ 1 − (1 − S₀)(1 − 1/n)^g/(1 − 1/s) for s symbols",
        protocol=_SETTING,
        axis=generation_axis(_LATE),
        quantity="P(collapsed)",
    ),
    _claim(
        name="seddik-time-bounds",
        statement="The time to total collapse is at least linear in the length of the text, which is the right order.",
        theory=lambda: discrete.categorical_replace_collapse_time_bounds(_LANGUAGE, samples=_SAMPLES).lower,
        experiment=_time,
        relation=AtLeast(),
        formula="E T ≥ 1 + (n − 1)(1 − S₀)/(1 − 1/s); the upper bound 1 + n(n − 1)(1 − S₀) is off by a factor of n",
        protocol=_SETTING,
        quantity="generations",
    ),
    _claim(
        name="seddik-time-upper",
        statement="The time to total collapse is at most quadratic in the length of the text: a loose bound.",
        theory=lambda: discrete.categorical_replace_collapse_time_bounds(_LANGUAGE, samples=_SAMPLES).upper,
        experiment=_time,
        relation=AtMost(),
        formula="E T ≤ 1 + n(n − 1)(1 − S₀)",
        protocol=_SETTING,
        quantity="generations",
    ),
    _claim(
        name="seddik-mixed",
        statement="With one real text in every pool the model stays near it, however long the synthetic text is.",
        theory=lambda: discrete.categorical_mix(_LANGUAGE, real_samples=_REAL, samples=_LONG, generations=_GENERATIONS),
        experiment=lambda key: _run(key, Mix("fixed", real_samples=_REAL), _LONG).squared_error,
        relation=Equal(),
        formula="(1 − S₀)/N + (1 − 1/N)(1 − S₀)(α²/n)(1 − ρ^(g−1))/(1 − ρ), α = n/(N + n), ρ = α²(1 − 1/n)",
        protocol=f"Probabilities 0.4, 0.3, 0.2, 0.1; N = {_REAL} real draws, always the same; n = {_LONG} synthetic.",
        axis=_AXIS,
        quantity="squared distance from the truth",
    ),
)
