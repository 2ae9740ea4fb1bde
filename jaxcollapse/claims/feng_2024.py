"""Feng et al. 2024: synthetic labels need a verifier, which need not be perfect.

Rows of two Gaussian classes, ridge classifiers. With infinitely many rows the accuracy is a step at the share of wrong
labels ``phi/(phi + rho)``; the curve at finite ``N/d`` is that of the setting of El Firdoussi et al. 2024,
arXiv:2410.08942. The classifier is our ``g = 2``, the first that is fitted to synthetic rows. The sizes are ours.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.models.regression.pruned_classifier import PrunedClassifier
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import FENG_2024 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast, Equal

_claim = partial(Claim, reference=REFERENCE, quantity="accuracy", first_look=1024)
_DIM, _PENALTY, _REAL, _SYNTHETIC = 40, 0.1, 80, 400
_ERRORS = np.array([0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9])
_LARGE_ERRORS = np.array([0.4, 0.5, 0.6])
_WEAK = shared(keep_right=0.8, keep_wrong=0.4)
_GOOD = shared(keep_right=0.9, keep_wrong=0.1)
_ORACLE = shared(keep_right=1.0, keep_wrong=0.0)
_SIZES = np.array([20, 80, 320])


def _mixture() -> Spectrum:
    return Spectrum.from_eigenvalues(np.geomspace(2.0, 0.5, _DIM), np.full(_DIM, 1.5 * _DIM**-0.5))


def _theory(errors: np.ndarray, verifier: dict[str, float], **sizes: Any):
    fixed = dict(penalty=_PENALTY, **verifier, **sizes)
    return jnp.stack([regression.pruned_accuracy(_mixture(), error_rate=error, **fixed) for error in errors])


def _accuracy(verifier: dict[str, float], samples: int = _SYNTHETIC, real_samples: int = 0):
    """The accuracy after training on verified synthetic rows, and on real ones, for a share of wrong labels."""
    workflow = Mix("fresh", real_samples=real_samples) if real_samples else Replace()

    def accuracy(key, error):
        model = PrunedClassifier(_mixture(), penalty=_PENALTY, error_rate=error, **verifier)
        return simulate(model, workflow, key=key, samples=samples, generations=2).accuracy[-1]

    return accuracy


def _for_each(accuracy, errors: np.ndarray):
    """One replication for all shares of wrong labels, with the same random numbers."""
    return lambda key: jax.lax.map(lambda error: accuracy(key, error), jnp.asarray(errors))


_ROWS = "Ridge classifier, d = 40, class mean of length 1.5, variances from 2 to 0.5, γ = 0.1; "
_FORMULA = (
    "Φ(μ'w/√(w'Cw + g² df₂)), w = λ (C + μμ' + κ)⁻¹ μ, g² = [1 − 2λ μ'w + w'Cw + (μ'w)²]/(N − df₂), "
    "λ = [n + m(φ(1 − ε) − ρε)]/N, N = n + m(φ(1 − ε) + ρε)"
)


_SIDES, _MANY, _LIMIT = np.array([0.3, 0.9]), 8000, shared(penalty=_PENALTY, **_WEAK)
_SHARES_REAL, _HARSH = np.array([0.1, 0.25]), shared(keep_right=0.6, keep_wrong=0.9)


def _sided(accuracies):
    """The accuracy below the threshold, and what is left to one above it."""
    right, wrong = accuracies
    return jnp.stack([right, 1 - wrong])


def _many_rows(key):
    return _sided([_accuracy(_WEAK, _MANY)(key, error) for error in _SIDES])


def _limits():
    return _sided([regression.pruned_accuracy_limit(_mixture(), **_LIMIT, error_rate=error) for error in _SIDES])


def _at_threshold(key):
    accuracies = []
    for ratio in _SHARES_REAL:
        error = regression.pruned_threshold(**_HARSH, ratio=ratio)
        accuracies.append(_accuracy(_HARSH, 80, real_samples=int(80 * ratio))(key, error))
    return jnp.stack(accuracies)


TOUR = "feng-verified-rows"
CLAIMS = (
    _claim(
        "feng-weak-verifier",
        "With a weak verifier the accuracy falls smoothly around ε* = φ/(φ + ρ), here two thirds.",
        theory=lambda: _theory(_ERRORS, _WEAK, samples=_SYNTHETIC),
        experiment=_for_each(_accuracy(_WEAK), _ERRORS),
        relation=Asymptotic(allowance=0.015),
        formula=_FORMULA,
        protocol=_ROWS + "m = 400 synthetic rows, φ = 0.8, ρ = 0.4, no real rows.",
        axis=Axis("share ε of wrong labels", _ERRORS),
    ),
    _claim(
        "feng-oracle",
        "With an oracle as verifier wrong labels cost only the rows that are lost.",
        theory=lambda: _theory(_ERRORS, _ORACLE, samples=_SYNTHETIC),
        experiment=_for_each(_accuracy(_ORACLE), _ERRORS),
        relation=Asymptotic(allowance=0.01),
        formula=_FORMULA,
        protocol=_ROWS + "m = 400 synthetic rows, φ = 1, ρ = 0, no real rows.",
        axis=Axis("share ε of wrong labels", _ERRORS),
    ),
    _claim(
        "feng-threshold",
        "At ε* = φ/(φ + ρ) a classifier learns nothing, whatever the number of rows.",
        theory=np.full(len(_SIZES), 0.5),
        experiment=lambda key: jnp.stack([_accuracy(_WEAK, int(m))(key, 2 / 3) for m in _SIZES]),
        relation=Equal(),
        formula="accuracy = 1/2 at ε* = φ/(φ + ρ)",
        protocol=_ROWS + "φ = 0.8, ρ = 0.4, ε = 2/3, no real rows.",
        axis=Axis("synthetic rows m", _SIZES),
    ),
    _claim(
        "feng-verified-rows",
        "Verified synthetic rows improve on real rows alone, even if most of their labels were wrong.",
        theory=lambda: _theory(0 * _LARGE_ERRORS, _ORACLE, samples=0, real_samples=_REAL),
        experiment=_for_each(_accuracy(_GOOD, real_samples=_REAL), _LARGE_ERRORS),
        relation=AtLeast(),
        formula="accuracy ≥ that of the n real rows alone",
        protocol=_ROWS + "n = 80 real and m = 400 synthetic rows, φ = 0.9, ρ = 0.1.",
        axis=Axis("share ε of wrong labels", _LARGE_ERRORS),
    ),
    _claim(
        "feng-limit",
        "With very many rows a classifier is as good as with right labels below the threshold, and as wrong above.",
        theory=_limits,
        experiment=_many_rows,
        relation=Asymptotic(allowance=0.01),
        formula="Φ(±μ'w/√(w'Cw)), w = (C + γ)⁻¹ μ",
        protocol=_ROWS + "m = 8,000 synthetic rows, φ = 0.8, ρ = 0.4, no real rows.",
        labels=("accuracy at ε = 0.3", "1 − accuracy at ε = 0.9"),
        first_look=64,
    ),
    _claim(
        "feng-threshold-real",
        "Real rows move the threshold by their share of the kept labels.",
        theory=np.full(len(_SHARES_REAL), 0.5),
        experiment=_at_threshold,
        relation=Equal(),
        formula="accuracy = 1/2 at ε* = (φ + n/m)/(φ + ρ)",
        protocol=_ROWS + "m = 80 synthetic rows, φ = 0.6, ρ = 0.9.",
        axis=Axis("real rows for a synthetic one, n/m", _SHARES_REAL),
    ),
)
