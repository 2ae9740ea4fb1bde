"""Results without a paper: students of students that see each row once.

The setting is that of Worschech and Rosenow 2024, arXiv:2410.09005. Generation ``g = 1`` is trained on real labels.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Equal

REFERENCE = None
_RATE, _SIZES = 0.15, shared(samples=15, generations=5)


def _spectrum():
    return Spectrum.from_eigenvalues([1.5, 0.6, 0.2], [0.5, -0.8, 1.0])


class _OnePass(Wrapper):
    """A linear student that takes one step for every row."""

    model: LinearRegression
    warm: Any

    def fit(self, data, *, previous, **context):
        def learn(w, row):
            x, y = row
            return w + _RATE * (y - x @ w) * x, None

        return jax.lax.scan(learn, jnp.where(self.warm, previous, 0.0), data.rows)[0]


def _students(key):
    regression = LinearRegression(_spectrum(), noise=0.4, sampling="raw")
    run = lambda warm: simulate(_OnePass(regression, warm), Replace(), key=key, **_SIZES).risk  # noqa: E731
    return jax.lax.map(run, jnp.array([False, True])).ravel()


def _students_theory():
    curves = (regression.sgd_replace(_spectrum(), rate=_RATE, noise=0.4, warm=warm, **_SIZES) for warm in (False, True))
    return jnp.concatenate(list(curves))


_DECAY, _TIMES = 1.0, np.array([2, 5, 20])


def _biases(key):
    """The squared bias on forty thousand eigenvalues, in units of the first: a computation without noise."""
    k = jnp.arange(1.0, 40_001.0)
    kept = -jnp.expm1(1000 * jnp.log1p(-0.5 * k ** -(1 + _DECAY)))
    return jnp.stack([jnp.sum((1 - kept**g) ** 2 / k ** (1 + _DECAY)) for g in (1, *_TIMES)])[1:] / jnp.sum(
        (1 - kept) ** 2 / k ** (1 + _DECAY)
    )


CLAIMS = (
    Claim(
        name="own-one-pass",
        statement="Students that see each row of their teacher once forget as early stopping does, or walk if warm.",
        theory=_students_theory,
        experiment=_students,
        relation=Equal(tolerance=0.02),
        formula="m' = (1 − a^P) m, s' = s − 2a^P s + K^P s + N, K = diag(1 − 2ηλ + 2η²λ²) + η²λλ'; warm: + Σ λN",
        protocol="d = 3, unequal eigenvalues, σ = 0.4, η = 0.15, P = 15 rows of the last student.",
        labels=tuple(f"{name}, g = {g}" for name in ("from zero", "warm") for g in range(1, 6)),
        quantity="excess risk",
        first_look=8192,
    ),
    Claim(
        name="own-one-pass-forgotten",
        statement="On a power-law spectrum students that begin at zero forget like a power of log g.",
        theory=lambda: regression.sgd_replace_forgotten(decay=_DECAY, generations=20)[_TIMES - 1],
        experiment=_biases,
        relation=Asymptotic(allowance=0.005),
        formula="I_g/I_1, I_g = ∫₀^∞ (1 − (1 − e^−v)^g)² v^(c − 1) dv, c = β/(1 + β)",
        protocol="Eigenvalues k^−2 up to k = 40,000, equal coefficients, no noise, η = 0.5, P = 1000.",
        axis=generation_axis(_TIMES),
        quantity="squared bias, in units of the first",
        first_look=2,
    ),
)
