"""What holds besides the mean of theorem 4.1: laws, other test data, few rows, estimated noise, and endless chains.

Sizes are small where formulas are exact for every size.
"""

from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.dohmatob_2024.protocol import claim, downstream
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.models.regression.linear_gaussian import LinearGaussian
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.verification.claim import Axis
from jaxcollapse.verification.relation import Asymptotic, Equal, Probability

_Design = Literal["fresh", "fixed"]
_DESIGNS: tuple[_Design, ...] = ("fresh", "fixed")


def _risk(key, spectrum: Spectrum, design: _Design = "fresh", *, samples: int, generations: int, **fields):
    """Excess risk of a chain at every generation."""
    model = LinearRegression(spectrum, design=design, **fields)
    return simulate(model, Replace(), key=key, samples=samples, generations=generations).risk


# Four rows more than coefficients: the risk has a mean, but no variance.
_LAW = shared(noise=1.0, samples=14, generations=8)
_LAW_DIM, _LAW_RISK = 10, 15.0

_SPREAD = shared(noise=1.0, samples=60, generations=8)
_SPREAD_DIM, _SPREAD_AT = 20, np.array([1, 8])


def _spread(key):
    """Squared distance of the risk from its mean, on fresh designs and then on one."""
    mean = regression.ols_replace(dim=_SPREAD_DIM, **_SPREAD)
    gaps = [(_risk(key, Spectrum.isotropic(_SPREAD_DIM), design, **_SPREAD) - mean) ** 2 for design in _DESIGNS]
    return jnp.concatenate([gap[_SPREAD_AT - 1] for gap in gaps])


def _spread_theory():
    curves = [regression.ols_replace_variance(dim=_SPREAD_DIM, **_SPREAD, design=design) for design in _DESIGNS]
    return jnp.concatenate([curve[_SPREAD_AT - 1] for curve in curves])


_TRAINED, _TESTED = (1.0, 0.7, 0.5, 0.2), (0.3, 1.0, 0.1, 0.4)
_SHIFTED = shared(noise=1.0, samples=24, generations=5)


@lenient()
def _shifted(key):
    """Risk on test rows of another covariance."""
    spectrum = Spectrum.from_eigenvalues(_TRAINED)
    chain = LinearRegression(spectrum, noise=_SHIFTED["noise"])
    sizes = dict(samples=_SHIFTED["samples"], generations=_SHIFTED["generations"])
    params = simulate(chain, Replace(), key=key, **sizes, truth=spectrum.signal).params
    return (params - spectrum.signal) ** 2 @ jnp.array(_TESTED)


_FEW = shared(noise=0.4, samples=20, generations=6)
_FEW_DIM = 50


def _estimated(key):
    model = LinearGaussian(Spectrum.isotropic(4), noise=1.0, ddof="none")
    return simulate(model, Replace(), key=key, samples=24, generations=8).risk


_ENDLESS = shared(noise=0.7, samples=100, penalty=0.5)
_ENDLESS_GENERATIONS = 40


def _endless_population() -> Spectrum:
    return Spectrum.isotropic(60, norm=0.3)


def _endless(key):
    run = partial(_risk, key, _endless_population(), generations=_ENDLESS_GENERATIONS, **_ENDLESS)
    return jnp.stack([run(design=design)[-1] for design in _DESIGNS])


def _endless_theory():
    population = _endless_population()
    return jnp.stack([regression.ridge_replace_limit(population, **_ENDLESS, design=design) for design in _DESIGNS])


_SHRUNK = shared(samples=120, noise=0.5, generators=3, generator_samples=150, generator_noise=0.5)
_SHRUNK_DIM = 60


def _best_alone():
    """The best penalty, if the fit is not made smaller."""
    with enable_x64(True):
        return regression.adaptive_penalty(Spectrum.isotropic(_SHRUNK_DIM), **_SHRUNK)


def _shrunk(key):
    """Risk of the best ridge fit that is made smaller, and of the best that is not."""
    spectrum = Spectrum.isotropic(_SHRUNK_DIM)
    best = regression.ridge_downstream_shrunk(dim=_SHRUNK_DIM, **_SHRUNK)

    def risk(penalty, factor):
        chain = downstream(spectrum, key, penalty=penalty, **_SHRUNK, truth=spectrum.signal)
        return spectrum.eigenvalues @ (factor * chain.params[-1] - spectrum.signal) ** 2

    return jnp.stack([risk(best.penalty, best.shrinkage), risk(_best_alone(), 1.0)])


def _shrunk_theory():
    alone = regression.ridge_downstream(
        Spectrum.isotropic(_SHRUNK_DIM), penalty=_best_alone(), **_SHRUNK, design="fresh"
    )
    return jnp.stack([regression.ridge_downstream_shrunk(dim=_SHRUNK_DIM, **_SHRUNK).risk, alone])


_FIT, _BLOCKS, _EACH = shared(penalty=0.2, samples=80), np.array([2.0, 1.0, 0.25]), 20


def _blocks(signal: float = 60**-0.5) -> Spectrum:
    return Spectrum.from_eigenvalues(np.repeat(_BLOCKS, _EACH), np.full(60, signal))


def _shrinkage(key):
    """Of one fit, on average over the directions of one eigenvalue."""
    spectrum, sizes = _blocks(), shared(samples=_FIT["samples"], generations=1)
    model = LinearRegression(spectrum, noise=0.3, penalty=_FIT["penalty"])
    fit = simulate(model, Replace(), key=key, **sizes, truth=spectrum.signal).params[0]
    return jnp.mean((fit / spectrum.signal).reshape(-1, _EACH), axis=1)


@lenient()
def _degrees(key):
    """The trace of the matrix that makes fitted values of labels, and the risk of a fit to noise alone."""
    rows_key, key = jax.random.split(key)
    rows = jax.random.normal(rows_key, (_FIT["samples"], 60)) * jnp.sqrt(_blocks().eigenvalues)
    eigenvalues = jnp.linalg.eigvalsh(rows.T @ rows / _FIT["samples"])
    risk = _risk(key, _blocks(0.0), noise=1.0, generations=1, **_FIT)[0]
    return jnp.stack([jnp.sum(eigenvalues / (eigenvalues + _FIT["penalty"])), risk])


def _degrees_theory():
    kappa = regression.kappa(_blocks(), **_FIT)
    first, second = (regression.degrees_of_freedom(_blocks(), kappa=kappa, order=order) for order in (1, 2))
    return jnp.stack([first, second / (_FIT["samples"] - second)])


CLAIMS = (
    claim(
        "dohmatob-law",
        "On one design the risk of least squares has an F law at every generation, also without a variance.",
        theory=lambda: regression.ols_replace_cdf(_LAW_RISK, dim=_LAW_DIM, **_LAW),
        experiment=lambda key: _risk(key, Spectrum.isotropic(_LAW_DIM), "fixed", **_LAW) <= _LAW_RISK,
        relation=Probability(tolerance=0.02),
        formula="R(g) ~ g σ² d/(T − d + 1) · F(d, T − d + 1)",
        protocol="Least squares, d = 10, T = 14, σ = 1, one design, labels replaced at every generation; P(R(g) ≤ 15).",
        axis=generation_axis(_LAW["generations"]),
        quantity="P(excess risk ≤ 15)",
    ),
    claim(
        name="dohmatob-spread",
        statement="The risk has the same mean on one design as on fresh ones, but a larger variance.",
        theory=_spread_theory,
        experiment=_spread,
        relation=Equal(),
        formula=(
            "Fixed: (g σ²)² 2d(T − 1)/((T − d − 1)²(T − d − 3)). Fresh, ν = T − d + 1: "
            "σ⁴ [d(d + 2)(g/((ν − 2)(ν − 4)) + g(g − 1)/(ν − 2)²) − (g d/(ν − 2))²]"
        ),
        protocol="Least squares, d = 20, T = 60, σ = 1, isotropic Gaussian rows.",
        labels=tuple(f"{design}, g = {g}" for design in _DESIGNS for g in _SPREAD_AT),
        quantity="variance of the excess risk",
    ),
    claim(
        "dohmatob-shifted",
        "On test data of another covariance the risk of least squares is the same multiple of its trace.",
        theory=lambda: regression.ols_replace_shifted(
            Spectrum.from_eigenvalues(_TRAINED), test_variances=_TESTED, **_SHIFTED
        ),
        experiment=_shifted,
        relation=Equal(),
        formula="R(g) = g σ² tr(Σ_test Σ⁻¹)/(T − d − 1)",
        protocol="Least squares, T = 24, σ = 1, variances 1, 0.7, 0.5, 0.2 in training, 0.3, 1, 0.1, 0.4 in testing.",
        axis=generation_axis(_SHIFTED["generations"]),
    ),
    claim(
        "dohmatob-minimum-norm",
        "With fewer rows than coefficients on fresh designs, the truth is forgotten and the noise saturates.",
        theory=lambda: regression.minimum_norm_replace(dim=_FEW_DIM, design="fresh", **_FEW),
        experiment=lambda key: _risk(key, Spectrum.isotropic(_FEW_DIM), **_FEW),
        relation=Equal(),
        formula="R(g) = (1 − η^g)|w₀|² + σ² T/(d − T − 1) · (1 − η^g)/(1 − η), η = T/d",
        protocol="Minimum norm, d = 50, T = 20, σ = 0.4, isotropic rows; every generation draws a new design.",
        axis=generation_axis(_FEW["generations"]),
    ),
    claim(
        "dohmatob-minimum-norm-fixed",
        "With fewer rows than coefficients on one design, the truth is projected once and the noise grows linearly.",
        theory=lambda: regression.minimum_norm_replace(dim=_FEW_DIM, design="fixed", **_FEW),
        experiment=lambda key: _risk(key, Spectrum.isotropic(_FEW_DIM), "fixed", **_FEW),
        relation=Equal(),
        formula="R(g) = (1 − η)|w₀|² + g σ² T/(d − T − 1), η = T/d",
        protocol="Minimum norm, d = 50, T = 20, σ = 0.4, isotropic rows; all generations label one design.",
        axis=generation_axis(_FEW["generations"]),
        first_look=2048,
    ),
    claim(
        "dohmatob-estimated-noise",
        "If each generation also passes on the noise that it estimates by maximum likelihood, the risk is bounded.",
        theory=lambda: regression.ols_replace_estimated_noise(dim=4, samples=24, noise=1.0, generations=8, ddof="none"),
        experiment=_estimated,
        relation=Equal(),
        formula="R(g) = σ² d/(T − d − 1) · (1 − a^g)/(1 − a), a = 1 − d/T",
        protocol="Least squares, d = 4, T = 24, σ = 1; labels of the next generation scatter by the root of RSS/T.",
        axis=generation_axis(8),
    ),
    claim(
        name="dohmatob-endless",
        statement="A ridge chain with one penalty forgets the truth, but its noise stays bounded; more on one design.",
        theory=_endless_theory,
        experiment=_endless,
        relation=Asymptotic(allowance=0.01),
        formula=(
            "Fixed: |w₀|² + σ²/(2λ) [tr Σ/T − (κ(λ/2) − λ/2)]. "
            "Fresh: |w₀|² + γ² Σ_j s_j²/(κ (2 s_j + κ)), the fixed point of the recursion"
        ),
        protocol="Ridge, d = 60, T = 100, σ = 0.7, λ = 0.5, |w₀| = 0.3, isotropic rows, after 40 generations.",
        labels=_DESIGNS,
        first_look=2048,
    ),
    claim(
        name="dohmatob-shrunk",
        statement="Fake labels are longer than the truth: a ridge fit that is then made smaller beats every penalty.",
        theory=_shrunk_theory,
        experiment=_shrunk,
        relation=Asymptotic(allowance=0.01),
        formula="λ = σ² (d/T)/q, then |w₀|²/q times the fit, with q = |w₀|² + n σ₀² d/(T₀ − d − 1)",
        protocol="Isotropic rows, d = 60, T = 120, σ = 0.5, n = 3 generators, T₀ = 150, σ₀ = 0.5.",
        labels=("ridge, then smaller", "best penalty alone"),
        first_look=2048,
    ),
    claim(
        name="dohmatob-shrinkage",
        statement="The mean of a ridge fit is the truth, shrunk in every direction by the effective penalty.",
        theory=lambda: jnp.asarray(_BLOCKS) / (_BLOCKS + regression.kappa(_blocks(), **_FIT)),
        experiment=_shrinkage,
        relation=Asymptotic(allowance=0.007),
        formula="E ŵ_j/w_j = s_j/(s_j + κ), κ − λ = κ df₁(κ)/T",
        protocol="Ridge, d = 60, T = 80, σ = 0.3, λ = 0.2; 20 eigenvalues each of 2, 1 and 0.25, equal w_j.",
        axis=Axis("eigenvalue", _BLOCKS),
        quantity="coefficient, relative to the truth",
        first_look=1024,
    ),
    claim(
        name="dohmatob-degrees-of-freedom",
        statement="A ridge fit has df₁ degrees of freedom on its rows, and pays for noise by those of second order.",
        theory=_degrees_theory,
        experiment=_degrees,
        relation=Asymptotic(allowance=0.005),
        formula="E tr X(X'X + Tλ)⁻¹X' = df₁(κ), E|ŵ|²_Σ = σ² df₂(κ)/(T − df₂(κ)) for w₀ = 0",
        protocol="Ridge, d = 60, T = 80, σ = 1, λ = 0.2; 20 eigenvalues each of 2, 1 and 0.25.",
        labels=("trace", "risk"),
        quantity="degrees of freedom, and excess risk",
        first_look=1024,
    ),
)
