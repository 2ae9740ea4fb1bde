"""Results without a paper: real data is a finite set, so that systematic errors add up where noise does not.

The setting is that of Wang et al. 2024, arXiv:2412.14872: no new real data, and synthetic rows in any number. Each
model draws from a parameter that is shifted, or multiplied. Generation ``g = 1`` is the fit to real data.
"""

import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Accumulate, AccumulateSubsample, MovingAverage, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.exponential_family import Exponential, NormalMean
from jaxcollapse.theory import mean
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

REFERENCE = None
_GENERATIONS = 10
_FEW = shared(samples=np.array([40.0] + [5.0] * (_GENERATIONS - 1)), generations=_GENERATIONS)
_SHIFT, _NOISE, _FACTOR, _TIMES = 0.05, 0.1, 0.6, np.array([3, 12])
_WORKFLOWS = {
    "replace": lambda: Replace(),
    "accumulate": lambda: Accumulate(),
    "moving average": lambda: MovingAverage(0.4),
    "random part of all": lambda: AccumulateSubsample(),
}
_SCALED = shared(samples=60.0, generations=12)
_SCALES = {
    "accumulate": lambda: Accumulate(),
    "a fifth real": lambda: Mix("fresh", weight=0.2),
}


def _shifted(by, mean):
    return mean + by


def _times(factor, mean):
    return factor * mean


def _run(key, workflow, shift, sampling="exact"):
    model = Biased(NormalMean(0.0, variance=_NOISE, sampling=sampling), Partial(_shifted, shift))
    return simulate(model, workflow, key=key, **_FEW)


def _biases(key):
    raw = lambda workflow: "raw" if workflow.needs_rows else "exact"  # noqa: E731
    workflows = [make() for make in _WORKFLOWS.values()]
    return jnp.stack([_run(key, workflow, 1.0, raw(workflow)).estimate[-1] for workflow in workflows])


def _biases_theory():
    return jnp.stack([mean.accumulated_bias(make(), **_FEW)[-1] for make in _WORKFLOWS.values()])


def _errors_theory():
    bias = mean.accumulated_bias(Accumulate(), bias=_SHIFT, **_FEW)
    return bias**2 + _NOISE * mean.inflation(Accumulate(), **_FEW) / _FEW["samples"][0]


def _scales(key):
    model = Biased(Exponential(1.0), Partial(_times, _FACTOR))
    runs = (simulate(model, make(), key=key, **_SCALED) for make in _SCALES.values())
    return jnp.concatenate([run.estimate[_TIMES - 1] for run in runs])


def _scales_theory():
    curves = (mean.remaining_scale(make(), factor=_FACTOR, **_SCALED) for make in _SCALES.values())
    return jnp.concatenate([curve[_TIMES - 1] for curve in curves])


CLAIMS = (
    Claim(
        name="own-systematic-bias",
        statement="A bias of every model adds up without a bound wherever rows are added, however few.",
        theory=_biases_theory,
        experiment=_biases,
        relation=Equal(tolerance=0.02),
        formula="B_g = Σ_i W_gi (B_{i−1} + b); accumulate: b Σ_{1<t≤g} m_t/N_t, about b log(N_g/N_1)",
        protocol="Gaussian mean, σ² = 0.1; 40 real rows, 5 from each of 9 models with a mean shifted by 1.",
        labels=tuple(_WORKFLOWS),
        quantity="bias of generation 10",
    ),
    Claim(
        name="own-systematic-error",
        statement="Where few rows are added to many real ones the noise stays, and a bias of every model takes over.",
        theory=_errors_theory,
        experiment=lambda key: _run(key, Accumulate(), _SHIFT).squared_error,
        relation=Equal(tolerance=0.03),
        formula="E e² = (b Σ_{1<t≤g} m_t/N_t)² + σ² Σ_{t≤g} m_t/N_t²",
        protocol="Gaussian mean, σ² = 0.1; 40 real rows, 5 from each of 9 models with a mean shifted by 0.05.",
        axis=generation_axis(_GENERATIONS),
        quantity="squared error",
        first_look=32768,
    ),
    Claim(
        name="own-systematic-factor",
        statement="A scale that every model shrinks falls by a power of the generation where data accumulates.",
        theory=_scales_theory,
        experiment=_scales,
        relation=Equal(tolerance=0.02),
        formula="v_g = Σ_i W_gi λ v_{i−1}; accumulate: Γ(g + λ)/(Γ(g + 1) Γ(1 + λ)) ~ g^−(1 − λ)/Γ(1 + λ)",
        protocol="Exponential law, n = 60 rows in each of 12 generations, drawn with 0.6 times the fitted mean.",
        labels=tuple(f"{name}, g = {g}" for name in _SCALES for g in _TIMES),
        quantity="mean, in units of the true one",
    ),
)
