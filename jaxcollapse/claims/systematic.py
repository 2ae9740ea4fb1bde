"""Results without a paper: real data is a finite set, so that systematic errors add up where noise does not.

The setting is that of Wang et al. 2024, arXiv:2412.14872: no new real data, and synthetic rows in any number. Each
model draws from a parameter that is shifted, or multiplied. Generation ``g = 1`` is the fit to real data.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxcollapse.chain.pooled import Accumulate, MovingAverage, Replace, Weighted, Window
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
_SHIFT, _NOISE, _FACTOR = 0.1, 0.1, 0.6
_WORKFLOWS = {
    "replace": lambda: Replace(),
    "accumulate": lambda: Accumulate(),
    "last 3 batches": lambda: Window(3),
    "moving average": lambda: MovingAverage(0.4),
}
_SCALED = shared(samples=60.0, generations=12)


def _shifted(by, mean):
    return mean + by


def _times(factor, mean):
    return factor * mean


def _errors(key):
    """The squared errors of the last generation, under every workflow as its matrix."""
    model = Biased(NormalMean(0.0, variance=_NOISE), Partial(_shifted, _SHIFT))
    matrices = [make().weights(jnp.asarray(_FEW["samples"]))[0] for make in _WORKFLOWS.values()]
    run = lambda matrix: simulate(model, Weighted(matrix), key=key, **_FEW).squared_error[-1]  # noqa: E731
    return jax.lax.map(run, jnp.stack(matrices))


def _errors_theory():
    def error(workflow):
        bias = mean.accumulated_bias(workflow, bias=_SHIFT, **_FEW)
        return (bias**2 + _NOISE * mean.inflation(workflow, **_FEW) / _FEW["samples"][0])[-1]

    return jnp.stack([error(make()) for make in _WORKFLOWS.values()])


def _scales(key):
    model = Biased(Exponential(1.0), Partial(_times, _FACTOR))
    return simulate(model, Accumulate(), key=key, **_SCALED).estimate


CLAIMS = (
    Claim(
        name="own-systematic-bias",
        statement="A bias of every model adds up without a bound wherever rows are added, however few; noise does not.",
        theory=_errors_theory,
        experiment=_errors,
        relation=Equal(tolerance=0.025),
        formula="E e² = B_g² + σ² c_g/n₁, B_g = Σ_i W_gi (B_{i−1} + b); accumulate: B_g = b Σ_{1<t≤g} m_t/N_t",
        protocol="Gaussian mean, σ² = 0.1; 40 real rows, 5 from each of 9 models with a mean shifted by 0.1.",
        labels=tuple(_WORKFLOWS),
        quantity="squared error of generation 10",
        first_look=16384,
    ),
    Claim(
        name="own-systematic-factor",
        statement="A scale that every model shrinks falls by a power of the generation where data accumulates.",
        theory=lambda: mean.remaining_scale(Accumulate(), factor=_FACTOR, **_SCALED),
        experiment=_scales,
        relation=Equal(tolerance=0.015),
        formula="v_g = Σ_i W_gi λ v_{i−1}; accumulate: Γ(g + λ)/(Γ(g + 1) Γ(1 + λ)) ~ g^−(1 − λ)/Γ(1 + λ)",
        protocol="Exponential law, n = 60 rows in each of 12 generations, drawn with 0.6 times the fitted mean.",
        axis=generation_axis(_SCALED["generations"]),
        quantity="mean, in units of the true one",
        first_look=2048,
    ),
)
