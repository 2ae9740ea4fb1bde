"""Pareek, Du and Oh 2024: ridge regression on its own predictions of the same rows, round after round.

We know the results through others; what is compared here is ours.
"""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.data import Samples
from jaxcollapse.claims.frame import shared
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.models.regression.sums import RegressionSums
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import PAREEK_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import AtLeast, Equal

_claim = partial(Claim, reference=REFERENCE)
_NOISE, _ROWS, _ROUNDS = 0.8, 40, 3
_SETTING = shared(noise=_NOISE, penalty=0.4)
_VALUES, _SIGNAL = np.repeat([2.0, 0.7, 0.1], 5), np.repeat([0.6, 0.0, 0.0], 5)


def _design():
    """Three distinct eigenvalues; the signal lies in the largest one."""
    return Spectrum.from_eigenvalues(_VALUES, _SIGNAL)


def _mixings():
    """Predictions alone, and the best shares for two and for three rounds; a round without predictions changes none."""
    best = [
        regression.ridge_self_distilled_rounds_mixing(_design(), samples=_ROWS, rounds=k, **_SETTING)
        for k in (_ROUNDS - 1, _ROUNDS)
    ]
    return jnp.stack([jnp.ones(_ROUNDS), jnp.concatenate([jnp.zeros(1), best[0]]), best[1]])


def _rounds(key):
    """The risks of fits to the same rows, with labels that are mixed with predictions in every round."""
    model = LinearRegression(_design(), **_SETTING)
    gram = _ROWS * jnp.diag(jnp.asarray(_VALUES))
    errors = _NOISE * jnp.sqrt(_ROWS * jnp.asarray(_VALUES)) * jax.random.normal(key, _VALUES.shape)
    data = RegressionSums(gram, gram @ _SIGNAL + errors, jnp.asarray(float(_ROWS)), jnp.asarray(float(_ROWS)))

    def fit_again(fit, xi):
        labels = (1 - xi) * data.moment + xi * data.gram @ fit
        return model.fit(dataclasses.replace(data, moment=labels)), None

    def last(mixing):
        return model.metrics(jax.lax.scan(fit_again, model.fit(data), mixing)[0])["risk"]

    return jax.lax.map(last, _mixings())


def _rounds_theory():
    law = lambda mixing: regression.ridge_self_distilled_rounds(  # noqa: E731
        _design(), samples=_ROWS, mixing=mixing, rounds=_ROUNDS, **_SETTING
    )
    return jnp.stack([law(mixing)[-1] for mixing in _mixings()])


_ROWS_LEFT, _DEVIATION, _MOST = 12, 0.2001, 14
_SIZES = np.array([0.8, 1.0, 1.2])  # of labels; what is left of them with equal eigenvalues is just below the error
_EIGENVALUES = {"equal eigenvalues": np.ones(_ROWS_LEFT), "unequal ones": np.geomspace(2.0, 0.01, _ROWS_LEFT)}


def _penalty(values, labels):
    """With which a fit has the error, by halving."""

    def halve(ends, _):
        middle = jnp.mean(ends)
        missed = jnp.exp(middle) / (values + jnp.exp(middle))
        low = jnp.mean((missed * labels) ** 2) < _DEVIATION**2
        return jnp.where(low, ends.at[0].set(middle), ends.at[1].set(middle)), None

    return jnp.exp(jnp.mean(jax.lax.scan(halve, jnp.array([-15.0, 15.0]), None, 55)[0]))


def _fits(key):
    """How many fits are not zero, if each leaves the same error of labels that the last one predicted."""
    labels_key, key = jax.random.split(key)
    labels = jax.random.normal(labels_key, (_ROWS_LEFT,))
    labels = jax.random.choice(key, _SIZES) * labels / jnp.sqrt(jnp.mean(labels**2))

    def count(values):
        x = jnp.diag(jnp.sqrt(_ROWS_LEFT * values))

        def fit_again(labels, _):
            model = LinearRegression(Spectrum.from_eigenvalues(values), noise=0.0, penalty=_penalty(values, labels))
            more = jnp.mean(labels**2) > _DEVIATION**2
            return jnp.where(more, x @ model.fit(Samples((x, labels))), 0.0), more

        return jnp.sum(jax.lax.scan(fit_again, labels, None, _MOST)[1], dtype=float)

    return jnp.stack([count(values) for values in _EIGENVALUES.values()])


def _fits_theory():
    """Of the mean size, in which the bound is linear."""
    least = regression.ridge_self_distilled_least_rounds(label_size=_SIZES.mean(), error=_DEVIATION**2)
    return jnp.full(len(_EIGENVALUES), least)


TOUR = "pareek-rounds"
CLAIMS = (
    _claim(
        name="pareek-rounds",
        statement="Rounds on predictions alone forget; with the best shares as many as eigenvalues make the best fit.",
        theory=_rounds_theory,
        experiment=_rounds,
        relation=Equal(tolerance=0.02),
        formula="Σ l w² (1 − f)² + (σ²/n) f², f_i = s (1 − ξ_i + ξ_i f_{i−1}), s = l/(l + λ); best u Σ l w²/(l w² + u)",
        protocol="Ridge, λ = 0.4, on one design: n = 40 rows, eigenvalues 2, 0.7 and 0.1, five times each, σ = 0.8.",
        labels=("3 rounds of ξ = 1", *(f"the best {k}" for k in (_ROUNDS - 1, _ROUNDS))),
        quantity="excess risk",
    ),
    _claim(
        name="pareek-least-rounds",
        statement="If every fit leaves the same error, predictions alone last for a number of fits at least.",
        theory=_fits_theory,
        experiment=_fits,
        relation=AtLeast(),
        formula="fits that are not zero ≥ |y|/√(n ε) − 1",
        protocol="Ridge, 12 rows and features, ε = 0.2001², random labels of root mean square 0.8, 1 or 1.2.",
        labels=tuple(_EIGENVALUES),
        quantity="fits that are not zero",
        first_look=256,
    ),
)
