"""Jain, Montanari and Sasoglu 2024: a few real rows and many surrogate ones."""

import jax.numpy as jnp

from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.random import split
from jaxcollapse.theory import mean
from jaxcollapse.theory.papers import JAIN_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

_REAL, _OTHER, _SHIFTS, _DIM = 10, 100, (0.1, 0.5, 3.0), 20
_HALF = 0.5


def _weighted(key):
    """Errors of a coordinate with half of the weight on surrogate rows, and with the best weight."""
    model = NormalMean(jnp.zeros(_DIM))
    own, others = split(key)
    real = model.sample(own, model.truth(), _REAL)

    def error(shift, weight):
        surrogate = model.sample(others, jnp.full(_DIM, shift), _OTHER)
        fit = model.fit(((1 - weight) / _REAL) * real + (weight / _OTHER) * surrogate)
        return jnp.mean(fit**2)

    return jnp.stack([error(shift, weight) for shift in _SHIFTS for weight in (_HALF, _best(shift))])


def _best(shift):
    return mean.mean_surrogate_optimal_weight(samples=_REAL, surrogate_samples=_OTHER, shift=shift)


def _theory():
    sizes = {"samples": _REAL, "surrogate_samples": _OTHER}
    pairs = [(shift, weight) for shift in _SHIFTS for weight in (_HALF, _best(shift))]
    return jnp.stack([mean.mean_surrogate(weight=weight, shift=shift, **sizes) for shift, weight in pairs])


TOUR = "jain-surrogate"
CLAIMS = (
    Claim(
        name="jain-surrogate",
        statement="Surrogate rows help if their weight is right, however far from the truth they are.",
        theory=_theory,
        experiment=_weighted,
        reference=REFERENCE,
        relation=Equal(tolerance=0.02),
        formula="(1 − α)² A + α² B, least A B/(A + B) < A at α = A/(A + B), A = 1/n, B = 1/m + δ²",
        protocol="A mean, σ = 1, n = 10 real rows and m = 100 surrogate ones around a mean that is shifted by δ.",
        labels=tuple(f"shift {shift:g}, {weight}" for shift in _SHIFTS for weight in ("α = 1/2", "the best α")),
        quantity="squared error",
    ),
)
