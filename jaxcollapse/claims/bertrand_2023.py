"""Bertrand et al. 2023: retraining on real data and ``lambda`` times as much of one's own is stable.

Each generation maximises the log-likelihood of real data plus ``lambda`` times that of its predecessor's: `Mix` with
the weight ``1/(1 + lambda)`` on the real batch. The first fit is to real data. Sizes are ours.
"""

from functools import partial

import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.theory import mean
from jaxcollapse.theory.papers import BERTRAND_2023 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

_claim = partial(Claim, reference=REFERENCE)
_SHARE, _REAL, _GENERATIONS = 3.0, 40, 12  # lambda is well above the 1/2 up to which the theorem reaches
_WEIGHT, _SYNTHETIC = 1 / (1 + _SHARE), _SHARE * 40
_AXIS = generation_axis(_GENERATIONS)
_PROTOCOL = "Mean of a Gaussian with known variance; n = 40 {} real and λn = 120 synthetic rows, all of weight one."


def _risk(real):
    def experiment(key):
        workflow = Mix(real, weight=_WEIGHT, real_samples=_REAL)
        run = simulate(NormalMean(0.0), workflow, key=key, samples=_SYNTHETIC, generations=_GENERATIONS)
        return run.squared_error

    return experiment


def _fixed_theory():
    workflow = Mix("fixed", weight=_WEIGHT, real_samples=_REAL)
    return mean.inflation(workflow, generations=_GENERATIONS, samples=_SYNTHETIC) / _SYNTHETIC


_OFFSET = 2.0


def _return(key):
    """How far a model that starts off the truth still is."""
    workflow = Mix("fresh", weight=_WEIGHT, real_samples=_REAL)
    run = simulate(NormalMean(0.0), workflow, key=key, samples=_SYNTHETIC, generations=_GENERATIONS, first=_OFFSET)
    return run.estimate


TOUR = "bertrand-fixed"
CLAIMS = (
    _claim(
        name="bertrand-fresh",
        statement="With fresh real rows the error settles below that of real data alone.",
        theory=lambda: mean.mean_mix(real_weight=_WEIGHT, ratio=1 / _SHARE, generations=_GENERATIONS) / _REAL,
        experiment=_risk("fresh"),
        relation=Equal(),
        formula="E(θ_g − θ)² → σ² (1/n)(1 + λ)/(1 + 2λ)",
        protocol=_PROTOCOL.format("fresh"),
        axis=_AXIS,
        quantity="squared error",
    ),
    _claim(
        name="bertrand-fixed",
        statement="With the same real rows the error settles above theirs: synthetic rows only add noise.",
        theory=_fixed_theory,
        experiment=_risk("fixed"),
        relation=Equal(),
        formula="E(θ_g − θ)² → σ² [1/n + β²/(λn (1 − β²))], β = λ/(1 + λ)",
        protocol=_PROTOCOL.format("fixed"),
        axis=_AXIS,
        quantity="squared error",
    ),
    _claim(
        name="bertrand-stable",
        statement="A model that starts off the truth returns to it, also for shares far beyond the theorem's.",
        theory=_OFFSET * (_SHARE / (1 + _SHARE)) ** np.arange(_GENERATIONS),
        experiment=_return,
        relation=Equal(),
        formula="E θ_g − θ = (λ/(1 + λ))^(g − 1) (θ_1 − θ): stable for every λ; λ < 1/2 is sufficient",
        protocol="As for fresh real rows, λ = 3; the first model is two standard deviations off.",
        axis=_AXIS,
        quantity="error of the mean",
    ),
)
