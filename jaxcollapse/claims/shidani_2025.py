"""Shidani et al. 2025: synthetic data as a regulariser, which serves few real rows if not trusted too much.

We know the setting through others, a kernel ridge regression that is pulled towards a generator; their theorem is a
rate, and the form of the limit is ours.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.claims.frame import shared
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import SHIDANI_2025 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic

_DIM, _SETTING = 30, shared(samples=45, noise=0.6)
_RIGHT = 0.7
"""The part of every coefficient that the generator has right."""
_PULLS = np.array([0.1, 0.6**2 * _DIM / (45 * (1 - _RIGHT) ** 2), 20.0])


def _generator():
    return _RIGHT * np.asarray(Spectrum.isotropic(_DIM).signal)


def _pulled(key):
    """The risks of fits to the same rows, which are pulled more and more."""
    model = LinearRegression(Spectrum.isotropic(_DIM), noise=_SETTING["noise"], penalty=1.0)
    data: Any = model.sample(key, model.truth(), _SETTING["samples"])
    rest = dataclasses.replace(data, moment=data.moment - data.gram @ _generator())

    def risk(penalty):
        fit = LinearRegression(model.spectrum, noise=_SETTING["noise"], penalty=penalty).fit(rest)
        return model.metrics(_generator() + fit)["risk"]

    return jax.lax.map(risk, jnp.asarray(_PULLS))


def _pulled_theory():
    law = lambda pull: regression.ridge_pulled(  # noqa: E731
        Spectrum.isotropic(_DIM), generator=_generator(), penalty=pull, **_SETTING
    )
    return jnp.stack([law(pull) for pull in _PULLS])


TOUR = "shidani-pulled"
CLAIMS = (
    Claim(
        name="shidani-pulled",
        reference=REFERENCE,
        statement="A fit that is pulled towards a generator is best between noise of few rows and its error.",
        theory=_pulled_theory,
        experiment=_pulled,
        relation=Asymptotic(allowance=0.008, tolerance=0.013),
        formula="[κ² Σ s (w − g)²/(s + κ)² + σ² df₂/n]/(1 − df₂/n); isotropic, best at λ = σ² d/(n |w − g|²)",
        protocol="Ridge towards 0.7 of the truth, d = 30 isotropic features, n = 45 rows, σ = 0.6.",
        labels=tuple(f"λ = {pull:.3g}" for pull in _PULLS),
        quantity="excess risk",
        first_look=1024,
    ),
)
