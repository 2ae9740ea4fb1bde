"""Yi et al. 2025: a verifier in the loop helps at first, and leaves its own bias in the end.

A mean of normal rows, coordinate by coordinate, which is least squares on copies of an orthonormal design, and least
squares on Gaussian rows. We know the setting through others; the formulas, and what is compared here, are ours. Sizes
count accepted rows.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr, ndtri

from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.models.verified import Verified
from jaxcollapse.random import split
from jaxcollapse.theory import Spectrum, mean, regression
from jaxcollapse.theory.papers import YI_2025 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtMost

_DIM = 20  # of coordinates that are alike, for many replications in one
_REAL, _ROWS, _GENERATIONS = 10, 20, 7
_SETTING = shared(bias=0.1, radius=1.0)


def _errors(key, samples, *, bias: float, radius: float, of: float = 0.0):
    """Squared errors of one coordinate from the truth, or with `of` the bias from the verifier."""
    model = Verified(NormalMean(jnp.zeros(_DIM)), centre=bias, radius=radius)
    run = simulate(model, Replace(), key=key, samples=samples, generations=len(samples))
    return jnp.mean((run.estimate - of) ** 2, axis=1)


def _without_noise():
    """The error of one round with infinitely many rows."""
    sizes = jnp.array([_REAL, 1e12])
    return mean.mean_verified_replace(samples=sizes, generations=2, **_SETTING).squared_error[1]


def _rounds(key):
    """All errors, the last one again, and how many rows the first round is worth, from what they take off its error."""
    errors = _errors(key, [_REAL, *[_ROWS] * (_GENERATIONS - 1)], **_SETTING)
    worth = _ROWS * (errors[1] - _without_noise()) / (1 / _REAL - _without_noise())
    return jnp.concatenate([errors, errors[-1:], worth[None]])


def _rounds_theory():
    sizes = jnp.full(_GENERATIONS, float(_ROWS)).at[0].set(_REAL)
    curve = mean.mean_verified_replace(samples=sizes, generations=_GENERATIONS, **_SETTING).squared_error
    limit = mean.mean_verified_limit(samples=_ROWS, **_SETTING)
    worth = mean.mean_verified_break_even(real_samples=_REAL, **_SETTING)
    return jnp.concatenate([curve, jnp.stack([limit, worth])])


_GROWING = [5, 10, 15, 20]
_STRICT = shared(bias=0.6, radius=1.5)


def _bound():
    """The distance from the verifier, as it would be if the map had the slope of its centre everywhere."""
    kept = mean.mean_verified_contraction(radius=_STRICT["radius"])
    bound = [jnp.asarray(_STRICT["bias"] ** 2 + 1 / _GROWING[0])]
    for n in _GROWING[1:]:
        bound.append(kept**2 * bound[-1] + kept / n)
    return jnp.stack(bound[1:])


_FEATURES, _NOISE = 5, 1.0
_ROUND = shared(bias=0.5, radius=1.0, noise=_NOISE)
_FITS = shared(samples=np.array([40.0, *[60.0] * 4]), generations=5)
_AWAY, _PLENTY = np.array([0.5, 2.0]), 150


class _VerifiedRows(Wrapper):
    """Least squares whose rows a verifier accepts, drawn from their law."""

    model: LinearRegression
    centre: Any

    def sample(self, key, params, n):
        """Any row, moved to a deviation from the verifier that is drawn between the bounds."""
        row_key, key = split(key)
        x, deviation = self.model.sample(row_key, params - self.centre, n).rows
        spread = _NOISE**2 + jnp.sum((params - self.centre) ** 2)
        ends = ndtr(_ROUND["radius"] / jnp.sqrt(spread) * jnp.array([-1.0, 1.0]))
        accepted = jnp.sqrt(spread) * ndtri(ends[0] + jnp.diff(ends) * jax.random.uniform(key, deviation.shape))
        x = x + jnp.outer(accepted - deviation, (params - self.centre) / spread)
        return Samples((x, accepted + x @ self.centre))


def _verified_rows(key):
    """The risks of a chain with a verifier that is off, and what single rounds keep of a distance from a right one."""
    fitted = LinearRegression(Spectrum.isotropic(_FEATURES, norm=0.0), noise=_NOISE, sampling="raw")
    first = jnp.zeros(_FEATURES).at[0].set(1.0)
    risk = simulate(_VerifiedRows(fitted, _ROUND["bias"] * first), Replace(), key=key, **_FITS).risk

    def kept(far):
        run = simulate(
            _VerifiedRows(fitted, 0 * first), Replace(), key=key, samples=_PLENTY, generations=2, first=far * first
        )
        return run.params[1, 0] / far

    return jnp.concatenate([risk, jax.lax.map(kept, jnp.asarray(_AWAY))])


def _verified_rows_theory():
    kept = regression.ols_verified_contraction(distance=_AWAY, radius=_ROUND["radius"], noise=_NOISE)
    return jnp.concatenate([regression.ols_verified_replace(dim=_FEATURES, **_ROUND, **_FITS), kept])


_claim = partial(Claim, reference=REFERENCE, first_look=512)
_ALLOWED = np.array([0.0, 0.0, *[0.005] * (_GENERATIONS - 2), 0.01, 0.0])  # a single round is exact
_TOLERANCE = np.array([*[0.02] * _GENERATIONS, 0.018, 0.025])
_FAR_ALLOWED = np.array([0.0, 0.015, *[0.01] * 5])
TOUR = "yi-rounds"
CLAIMS = (
    _claim(
        name="yi-rounds",
        statement="With a verifier the error falls at once and stays, down to the verifier's bias: collapse ends.",
        theory=_rounds_theory,
        experiment=_rounds,
        relation=Asymptotic(allowance=_ALLOWED, tolerance=_TOLERANCE),
        formula=(
            "m ← E T(u), v ← Var T(u) + E Var(row | u)/n, u ~ N(m, v); in the end b² + ρ/(n (1 − ρ²)), "
            "ρ = 1 − 2 h φ(h)/(2 Φ(h) − 1); worth E Var(row | u)/(1/n_1 − E (T(u) − θ*)²) rows"
        ),
        protocol="Normal rows, σ = 1, 10 real and 20 accepted ones a round, within h = 1 of a centre off by b = 0.1.",
        labels=(*(f"error, g = {g}" for g in range(1, _GENERATIONS + 1)), "error, in the end", "worth of a round"),
        quantity="squared error",
    ),
    _claim(
        name="yi-contraction",
        statement="Each round takes the model nearer to the verifier, by a factor at least.",
        theory=_bound,
        experiment=lambda key: _errors(key, _GROWING, of=_STRICT["bias"], **_STRICT)[1:],
        relation=AtMost(),
        formula="E (θ_g − θ_c)² ≤ ρ² E (θ_{g−1} − θ_c)² + ρ/n_g, ρ = 1 − 2 h φ(h)/(2 Φ(h) − 1)",
        protocol="Normal rows, σ = 1, n_g = 5 g, accepted within h = 1.5 of a centre that is off by 0.6.",
        axis=generation_axis(range(2, len(_GROWING) + 1)),
        quantity="squared distance from the verifier",
    ),
    _claim(
        name="yi-gaussian-rows",
        statement="With Gaussian features verified rows lead to the verifier as on a basis, and faster from far away.",
        theory=_verified_rows_theory,
        experiment=_verified_rows,
        relation=Asymptotic(allowance=_FAR_ALLOWED, tolerance=0.03),
        formula=(
            "q ← κ² q + κ σ² d/(n − d − 1), κ = ρ s²/(ρ q + σ²), s² = σ² + q, ρ = 1 − 2 r φ(r)/(2 Φ(r) − 1), r = c/s; "
            "risk q + b² − 2 b Π κ b"
        ),
        protocol="Least squares, d = 5, σ = 1, 40 real and 60 accepted rows, within c = 1 of a verifier off by 0.5; "
        "150 rows within 1 of a right one.",
        labels=(*(f"risk, g = {g}" for g in range(1, 6)), *(f"kept at a distance of {far:g}" for far in _AWAY)),
        quantity="excess risk, and what is left of a distance",
    ),
)
