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


def _fit(key, sizes, shares):
    """The risk of a fit to real and to synthetic rows."""
    dim, *rows = sizes
    flat = np.full(dim, dim**-0.5)
    spectra = [Spectrum.from_eigenvalues(_features(dim, s), flat) for s in ((1.0, 1.0), shares)]
    models = [LinearRegression(spectrum, noise=_NOISE) for spectrum in spectra]
    parts: list[Any] = [model.sample(k, model.truth(), n) for model, k, n in zip(models, split(key), rows, strict=True)]
    return models[0].metrics(models[0].fit(parts[0] + parts[1]))["risk"]


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


_claim = partial(
    Claim,
    reference=REFERENCE,
    labels=tuple(_SHARES),
    quantity="excess risk",
    formula="|ubar − u|² + Σ c_g (σ² + |ubar − u|²_g), a_g = 1/(1 + q_g), q_g = tr Σ_g (Σ n_g a_g Σ_g)⁻¹",
    first_look=256,
)
_PROTOCOL = "Least squares, half of the directions with variance 2, half with 1/2, flat signal, σ = 0.5; "
TOUR = "rezaei-more-rows"
CLAIMS = (
    _claim(
        name="rezaei-more-rows",
        statement="With more rows than features, synthetic rows serve best if their covariance is the real one.",
        theory=lambda: _theory(_MORE),
        experiment=_risks(_MORE),
        relation=Asymptotic(allowance=0.007, tolerance=0.018),
        protocol=_PROTOCOL + "d = 40, 50 real and 70 synthetic rows.",
    ),
    _claim(
        name="rezaei-fewer-rows",
        statement="With fewer rows than features a covariance that exaggerates the real one serves better.",
        theory=lambda: _theory(_FEW),
        experiment=_risks(_FEW),
        relation=Asymptotic(allowance=0.012, tolerance=0.015),
        protocol=_PROTOCOL + "d = 60, 15 real and 20 synthetic rows, minimum norm.",
    ),
)
