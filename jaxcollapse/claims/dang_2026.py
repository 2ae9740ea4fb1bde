"""Dang, Patil and Rinaldo 2026: ridge regression on its own predictions of the rows that it was fitted to.

We know the results through others; the form of the limit, and what is compared here, are ours.
"""

import dataclasses
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.claims.frame import shared
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import DANG_2026 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic

_STRONG, _WEAK, _ROWS = 20, 60, 200
_SETTING = shared(noise=0.8, penalty=1.0)
_MIXINGS = np.array([-1.0, 0.0, 1.0])


def _spectrum():
    """Strong directions that hold all of the signal, and weak ones."""
    values, signal = np.repeat([3.0, 0.3], [_STRONG, _WEAK]), np.repeat([_STRONG**-0.5, 0.0], [_STRONG, _WEAK])
    return Spectrum.from_eigenvalues(values, signal)


def _students(key):
    model = LinearRegression(_spectrum(), **_SETTING)
    data: Any = model.sample(key, model.truth(), _ROWS)
    teacher = model.fit(data)

    def risk(mixing):
        labels = (1 - mixing) * data.moment + mixing * data.gram @ teacher
        return model.metrics(model.fit(dataclasses.replace(data, moment=labels)))["risk"]

    return jax.lax.map(risk, _mixings())


def _mixings():
    best = regression.ridge_self_distilled_mixing(_spectrum(), samples=_ROWS, **_SETTING)
    return jnp.stack([*_MIXINGS, best])


def _students_theory():
    law = partial(regression.ridge_self_distilled, _spectrum(), samples=_ROWS, **_SETTING)
    return jnp.stack([law(mixing=mixing) for mixing in _mixings()])


_DIM, _FEWER = 40, 60
_OTHERS = np.array([0.05, 0.3, 1.5])


def _pairs(key):
    """The products of the errors of a fit, and of fits to the same data with other penalties."""
    spectrum = Spectrum.isotropic(_DIM)
    model = LinearRegression(spectrum, noise=0.8, penalty=_OTHERS[0])
    data = model.sample(key, model.truth(), _FEWER)
    fits = [LinearRegression(spectrum, noise=0.8, penalty=p).fit(data) - model.truth() for p in _OTHERS]
    return jnp.stack([fits[0] @ fit for fit in fits])


def _pairs_theory():
    law = partial(regression.ridge_two_penalties, Spectrum.isotropic(_DIM), samples=_FEWER, noise=0.8)
    return jnp.stack([law(penalty=_OTHERS[0], other_penalty=other) for other in _OTHERS])


TOUR = "dang-students"
_claim = partial(Claim, reference=REFERENCE, relation=Asymptotic(allowance=0.01, tolerance=0.018))

CLAIMS = (
    _claim(
        name="dang-students",
        statement="A student on its teacher's predictions of the same rows may gain or lose, most of it with ξ < 0.",
        theory=_students_theory,
        experiment=_students,
        first_look=512,
        formula="R + ξ λ R′ + ξ² λ² B, R = V(λ, λ), R′ = dR/dλ, B = d²V/dλ₁dλ₂; best at −R′/(2 λ B)",
        protocol="Ridge, λ = 1, σ = 0.8, 20 directions with variance 3 and the signal, 60 with 0.3, n = 200 rows.",
        labels=(*(f"ξ = {mixing:g}" for mixing in _MIXINGS), "the best ξ"),
        quantity="excess risk",
    ),
    _claim(
        name="dang-two-penalties",
        statement="How alike the errors of two ridge fits to the same data are follows from both effective penalties.",
        theory=_pairs_theory,
        experiment=_pairs,
        first_look=1024,
        formula="V(λ₁, λ₂) = [Σ s w² (1 − D₁)(1 − D₂) + σ² df/n]/(1 − df/n), df = Σ D₁ D₂, D = s/(s + κ)",
        protocol="Ridge, d = 40 isotropic features, n = 60 rows, σ = 0.8; the penalty 0.05 beside 0.05, 0.3 and 1.5.",
        labels=tuple(f"λ = {other:g}" for other in _OTHERS),
        quantity="product of two errors",
    ),
)
