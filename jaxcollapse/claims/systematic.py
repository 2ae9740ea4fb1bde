"""Results without a paper: real data is a finite set, so that systematic errors add up where noise does not.

The setting is that of Wang et al. 2024, arXiv:2412.14872: no new real data, and synthetic rows in any number. Each
model draws from a parameter that is shifted, or multiplied. Generation ``g = 1`` is the fit to real data.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxcollapse.chain.mix import Mix
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


_WIDER, _PLUS, _TIMES = 1.5, 0.2, (0.5, 1.0, 2.0)
_MIXED = shared(samples=60.0, generations=8)


def _widened(scale):
    return _WIDER * scale + _PLUS


def _shares():
    """Of real data: half of what is needed, as much, and twice that."""
    return jnp.asarray(_TIMES) * mean.mean_mix_needed_share(expansion=_WIDER)


def _widths(key):
    """The scale of the last generation."""
    model = Biased(Exponential(1.0), _widened)
    run = lambda share: simulate(model, Mix("fresh", weight=share), key=key, **_MIXED).estimate[-1]  # noqa: E731
    return jax.lax.map(run, _shares())


def _widths_theory():
    """At the needed share it is a straight line."""
    law = lambda share: mean.remaining_scale(  # noqa: E731
        Mix("fresh", weight=share), factor=_WIDER, added=_PLUS, **_MIXED
    )[-1]
    below, needed, above = _shares()
    line = 1 + (_MIXED["generations"] - 1) * (needed + (1 - needed) * _PLUS)
    return jnp.stack([law(below), line, law(above)])


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
    Claim(
        name="own-widened",
        statement="A sampler that widens what it draws needs a share of real data, whatever it adds beside that.",
        theory=_widths_theory,
        experiment=_widths,
        relation=Equal(tolerance=0.015),
        formula="v_g = α + (1 − α)(λ v_{g−1} + e), bounded if α > 1 − 1/λ, a line of slope α + (1 − α) e at it",
        protocol="Exponential law, n = 60 rows drawn with 1.5 times the fitted mean plus 0.2; real rows of weight α.",
        labels=tuple(f"{times:g} times the needed share" for times in _TIMES),
        quantity="mean of generation 8, in units of the true one",
        first_look=2048,
    ),
)
