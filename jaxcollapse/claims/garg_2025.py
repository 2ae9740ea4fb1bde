"""Garg, Bhattacharya and Sur 2025: labels that mix fresh real and synthetic ones, on one design or on new ones.

Generation ``g`` is fitted to ``w y_g + (1 - w) (X w_{g-1} + noise e)`` with fresh real labels ``y_g``; their iteration
``t`` is our ``g = t + 1``. The sizes are ours: those of the paper are not known to us.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.machine.precision import untraced
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.models.regression.mixed_labels import MixedLabels
from jaxcollapse.theory import Spectrum, mean, regression
from jaxcollapse.theory.papers import GARG_2025 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast, Equal

_claim = partial(Claim, reference=REFERENCE, quantity="excess risk")
_GENERATIONS, _AXIS = 6, generation_axis(6)
_WEIGHTS = np.array([0.4, 0.618, 0.8])


def _spectrum(dim: int) -> Spectrum:
    return Spectrum.from_eigenvalues(np.geomspace(1.0, 0.1, dim))


def _risk(spectrum: Spectrum, key, *, samples: int, noise: float, real_weight: Any, penalty: float, generations: int):
    model = LinearRegression(spectrum, noise=noise, penalty=penalty, design="fixed")
    return simulate(model, Mix("fresh", weight=real_weight), key=key, samples=samples, generations=generations).risk


_FULL = shared(samples=40, noise=1.0, real_weight=(5**0.5 - 1) / 2, generations=_GENERATIONS)
_FEW = shared(samples=15, noise=1.0, real_weight=0.4, generations=_GENERATIONS)
_RIDGE = shared(samples=120, noise=1.0, penalty=0.1)


def _ridge(key, weights: Any):
    """A late generation, for every weight, with the same random numbers."""

    def risk(weight):
        return _risk(_spectrum(60), key, **_RIDGE, real_weight=weight, generations=9)[-1]

    return jax.lax.map(risk, jnp.asarray(weights))


def _same_labels(key):
    model = LinearRegression(Spectrum.isotropic(10), noise=1.0, design="fixed")
    return simulate(model, Mix("fixed", weight=0.5), key=key, samples=40, generations=_GENERATIONS).risk


def _same_labels_theory():
    first = regression.ols_replace(dim=10, samples=40, noise=1.0, generations=1)
    return first * mean.inflation(Mix("fixed", weight=0.5), generations=_GENERATIONS)


def _fresh(key):
    model = MixedLabels(LinearRegression(Spectrum.isotropic(40), noise=_FEW["noise"]), weight=_FEW["real_weight"])
    sizes = dict(samples=_FEW["samples"], generations=_FEW["generations"])
    return simulate(model, Replace(), key=key, **sizes).risk


_FACTORS = np.array([0.6, 1.0, 1.4])


def _best():
    return untraced(lambda: regression.ridge_mixed_labels_optimal_weight(_spectrum(60), **_RIDGE))


def _least_risk():
    return jnp.full(len(_FACTORS), regression.ridge_mixed_labels_limit(_spectrum(60), **_RIDGE, real_weight=_best()))


def _around_the_best(key):
    return _ridge(key, _best() * _FACTORS)


TOUR = "garg-same-labels"
CLAIMS = (
    _claim(
        name="garg-least-squares",
        statement="At the golden weight the risk of least squares tends to 0.618 of that of real labels.",
        theory=lambda: regression.minimum_norm_mixed_labels(_spectrum(10), **_FULL),
        experiment=lambda key: _risk(_spectrum(10), key, **_FULL, penalty=0.0),
        relation=Equal(),
        formula="R(g) = v_g σ² d/(n − d − 1), v_1 = 1, v_g = w² + (1 − w)² (v_{g−1} + 1)",
        protocol="Least squares, d = 10, n = 40, σ = 1, eigenvalues from 1 to 0.1; one design, w = 0.618.",
        axis=_AXIS,
    ),
    _claim(
        name="garg-same-labels",
        statement="If the real labels stay the same, synthetic ones only add to the risk, whatever their weight.",
        theory=_same_labels_theory,
        experiment=_same_labels,
        relation=Equal(),
        formula="R(g) = v_g σ² d/(n − d − 1), v_1 = 1, v_g → 1/(w (2 − w)) ≥ 1",
        protocol="Least squares, d = 10, n = 40, σ = 1; one design, the same real labels at every generation, w = 0.5.",
        axis=_AXIS,
    ),
    _claim(
        name="garg-minimum-norm",
        statement="With fewer rows than coefficients the weight of the real labels changes the variance alone.",
        theory=lambda: regression.minimum_norm_mixed_labels(Spectrum.isotropic(40), **_FEW),
        experiment=lambda key: _risk(Spectrum.isotropic(40), key, **_FEW, penalty=0.0),
        relation=Equal(),
        formula="R(g) = (1 − n/d) |w₀|² + v_g σ² n/(d − n − 1), v_1 = 1, v_g = w² + (1 − w)² (v_{g−1} + 1)",
        protocol="Minimum norm, d = 40, n = 15, σ = 1, isotropic; one design, w = 0.4.",
        axis=_AXIS,
    ),
    _claim(
        name="garg-minimum-norm-fresh",
        statement="On fresh designs real labels also bring back what the few rows of each generation forget.",
        theory=lambda: regression.minimum_norm_mixed_labels_fresh(dim=40, **_FEW),
        experiment=_fresh,
        relation=Equal(),
        formula="R(g) = (1 − η)|w₀|² + (1 − w)² η R(g − 1) + (w² + (1 − w)²) σ² n/(d − n − 1), η = n/d",
        protocol="Minimum norm, d = 40, n = 15, σ = 1, isotropic; every generation draws a new design, w = 0.4.",
        axis=_AXIS,
    ),
    _claim(
        name="garg-ridge",
        statement="Ridge on mixed labels tends to the bias of the penalty λ/w and to a variance of its own.",
        theory=lambda: jnp.stack(
            [regression.ridge_mixed_labels_limit(_spectrum(60), **_RIDGE, real_weight=w) for w in _WEIGHTS]
        ),
        experiment=lambda key: _ridge(key, _WEIGHTS),
        relation=Asymptotic(allowance=0.01),
        formula=(
            "R = Bias(a) + σ² (w² + (1 − w)²)/(w (2 − w)) · D/(n − D), D = Σ s²/[(s + a)(s + b)], "
            "a = κ(λ/w), b = κ(λ/(2 − w))"
        ),
        protocol="Ridge, d = 60, n = 120, σ = 1, λ = 0.1, eigenvalues from 1 to 0.1; one design, generation 9.",
        axis=Axis("weight w of the real labels", _WEIGHTS),
        first_look=1024,
    ),
    _claim(
        name="garg-best-weight",
        statement="For ridge regression no weight of the real labels has a smaller risk than that which is computed.",
        theory=_least_risk,
        experiment=_around_the_best,
        relation=AtLeast(tolerance=0.02),
        formula="R(0.6 w*), R(w*) and R(1.4 w*) are at least the closed form of R(w*)",
        protocol="Ridge, d = 60, n = 120, σ = 1, λ = 0.1, eigenvalues from 1 to 0.1; one design, generation 9.",
        axis=Axis("weight w of the real labels, relative to w*", _FACTORS),
        first_look=1024,
    ),
)
