"""Rezaei et al. 2025: which synthetic features serve a fit on real and synthetic rows best.

One fit to real rows and to synthetic ones with features of another covariance and the same coefficients. We know the
results through others; the formula is that of `jaxcollapse.theory.regression.ridge_sources`, and what is compared here
is ours.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.random import split
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import REZAEI_2025 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic

_NOISE = 0.5
_SHARES = {"the real covariance": (1.0, 1.0), "an exaggerated one": (1.44, 0.56)}
_MORE, _FEW = (40, 50, 70), (60, 15, 20)
"""Features, real and synthetic rows."""


def _features(dim: int, shares=(1.0, 1.0)):
    """Half of the directions with variance two, half with one half, each times its share."""
    return np.repeat([2.0 * shares[0], 0.5 * shares[1]], dim // 2)


def _rows_of(key, models, rows) -> Any:
    """Features of real and of synthetic rows, of each kind as many as it has."""
    drawn = [
        model.sample(k, model.truth(), n).rows[0] for model, k, n in zip(models, split(key), rows, strict=True) if n
    ]
    return jnp.concatenate(drawn)


def _mean_risk(x, signal, metric):
    """The risk of least squares on these rows, its mean over the noise of labels; of few rows of the minimum norm."""
    n, dim = x.shape
    if n > dim:
        return _NOISE**2 * jnp.trace(jnp.linalg.solve(x.T @ x, metric))
    inverse = jnp.linalg.solve(x @ x.T, x)  # of x, transposed
    unseen = signal - inverse.T @ (x @ signal)
    return unseen @ metric @ unseen + _NOISE**2 * jnp.trace(inverse @ metric @ inverse.T)


def _fit(key, sizes, shares):
    """The risk of a fit to real and to synthetic rows."""
    dim, *rows = sizes
    flat = np.full(dim, dim**-0.5)
    spectra = [Spectrum.from_eigenvalues(_features(dim, s), flat) for s in ((1.0, 1.0), shares)]
    models = [LinearRegression(spectrum, noise=_NOISE, sampling="raw") for spectrum in spectra]
    return _mean_risk(_rows_of(key, models, rows), flat, jnp.diag(jnp.asarray(_features(dim))))


def _risks(sizes):
    return lambda key: jnp.stack([_fit(key, sizes, shares) for shares in _SHARES.values()])


def _theory(sizes):
    """The limit, with the one of ``|n - d| - 1`` in its noise, which is exact for covariances in proportion."""
    dim, *rows = sizes
    spare = abs(sum(rows) - dim)
    fit = {"samples": np.array(rows, float), "coefficients": np.full(dim, dim**-0.5), "penalty": 0.0}
    law = jax.jit(lambda pair, noise: regression.ridge_sources(pair, noise=noise, **fit))  # compiled once for all four
    sources = [np.stack([np.diag(_features(dim)), np.diag(_features(dim, shares))]) for shares in _SHARES.values()]
    silent, noisy = (jnp.stack([law(pair, noise) for pair in sources]) for noise in (0.0, _NOISE))
    return silent + (noisy - silent) * spare / (spare - 1)


_DIM, _ALONE, _MIXED = 40, 120, (60, 80)
"""Features, synthetic rows alone, and real beside synthetic rows."""
_TOWARDS, _LENGTHS = 4.0, (0.5, 3.0)
"""How long the means of real rows and of synthetic ones are."""


def _means(length: float):
    """Of real and of synthetic rows, at an angle of 45 degrees."""
    directions = np.zeros((2, _DIM))
    directions[0, 0], directions[1, :2] = _TOWARDS, length * 0.5**0.5
    return directions


def _moments(length: float):
    """Second moments of real and of synthetic rows; the synthetic ones have unit variances."""
    covariances = np.stack([np.diag(_features(_DIM)), np.eye(_DIM)])
    return covariances + np.einsum("gi,gj->gij", _means(length), _means(length))


def _shifted(variances, mean, key, n):
    return mean + jnp.sqrt(variances) * jax.random.normal(key, (int(n), _DIM))


def _shifted_risks(key):
    """Of fits to synthetic rows alone, for means of both lengths, and to both kinds."""

    def risk(length, rows):
        laws = zip((_features(_DIM), np.ones(_DIM)), _means(length), strict=True)
        features = [Partial(_shifted, jnp.asarray(variances), jnp.asarray(mean)) for variances, mean in laws]
        models = [LinearRegression(Spectrum.isotropic(_DIM), noise=_NOISE, features=drawn) for drawn in features]
        return _mean_risk(_rows_of(key, models, rows), np.zeros(_DIM), jnp.asarray(_moments(length)[0]))

    return jnp.stack([*(risk(length, (0, _ALONE)) for length in _LENGTHS), risk(_LENGTHS[1], _MIXED)])


def _shifted_theory():
    """With ``n - d - 1`` for ``n - d``, as above: all of the risk is noise. Next to no row counts as none."""
    fit = {"noise": _NOISE, "coefficients": np.zeros(_DIM), "penalty": 0.0}
    law = jax.jit(lambda moments, rows: regression.ridge_sources(moments, samples=rows, metric=moments[0], **fit))

    def exact(length, rows):
        spare = sum(rows) - _DIM
        return law(_moments(length), np.maximum(rows, 1e-9)) * spare / (spare - 1)

    return jnp.stack([*(exact(length, (0, _ALONE)) for length in _LENGTHS), exact(_LENGTHS[1], _MIXED)])


_claim = partial(
    Claim,
    reference=REFERENCE,
    quantity="excess risk",
    formula="|ubar − u|² + Σ c_g (σ² + |ubar − u|²_g), a_g = 1/(1 + q_g), q_g = tr Σ_g (Σ n_g a_g Σ_g)⁻¹",
    first_look=256,
)
_PROTOCOL = "Least squares, half of the directions with variance 2, half with 1/2, flat signal, σ = 0.5; "
TOUR = "rezaei-more-rows"
CLAIMS = (
    _claim(
        name="rezaei-more-rows",
        labels=tuple(_SHARES),
        statement="With more rows than features, synthetic rows serve best if their covariance is the real one.",
        theory=lambda: _theory(_MORE),
        experiment=_risks(_MORE),
        relation=Asymptotic(allowance=0.007, tolerance=0.018),
        protocol=_PROTOCOL + "d = 40, 50 real and 70 synthetic rows.",
    ),
    _claim(
        name="rezaei-fewer-rows",
        labels=tuple(_SHARES),
        statement="With fewer rows than features a covariance that exaggerates the real one serves better.",
        theory=lambda: _theory(_FEW),
        experiment=_risks(_FEW),
        relation=Asymptotic(allowance=0.012, tolerance=0.015),
        protocol=_PROTOCOL + "d = 60, 15 real and 20 synthetic rows, minimum norm.",
    ),
    _claim(
        name="rezaei-means",
        labels=(*(f"synthetic rows, |μ| = {length:g}" for length in _LENGTHS), "both kinds of rows, |μ| = 3"),
        statement="A mean of the rows counts as a part of their second moments, of any length.",
        theory=_shifted_theory,
        experiment=_shifted_risks,
        relation=Asymptotic(allowance=0.007, tolerance=0.018),
        protocol="Least squares, d = 40, real rows around |μ_t| = 4 with variances 2 and 1/2, synthetic ones N(μ, I) "
        "at 45°: 120 of them, or 80 beside 60 real ones; σ = 0.5.",
    ),
)
