"""Rezaei et al. 2025: which synthetic features serve a fit on real and synthetic rows best.

One fit to real rows and to synthetic ones with features of another covariance and the same coefficients. We know the
results through others; the formula is that of `jaxcollapse.theory.regression.ridge_sources`, and what is compared here
is ours.
"""

from functools import partial

import jax.numpy as jnp
import numpy as np

from jaxcollapse.claims.frame import shared
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.random import split
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import REZAEI_2025 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic

_DIM, _MORE, _FEW = 40, (50, 70), (10, 14)
_FEATURES = np.repeat([2.0, 0.5], _DIM // 2)
_FLAT = np.full(_DIM, _DIM**-0.5)
_SHARES = {"matched": np.ones(_DIM), "stronger on strong directions": np.repeat([1.44, 0.56], _DIM // 2)}
_NOISE = shared(noise=0.5)


def _fit(key, rows, shares):
    """The risk of a fit to real and to synthetic rows."""
    models = [LinearRegression(Spectrum.from_eigenvalues(_FEATURES * s, _FLAT), **_NOISE) for s in (1.0, shares)]
    keys = split(key)
    parts = [model.sample(k, model.truth(), n) for model, k, n in zip(models, keys, rows, strict=True)]
    return models[0].metrics(models[0].fit(parts[0] + parts[1]))["risk"]


def _risks(rows):
    return lambda key: jnp.stack([_fit(key, rows, shares) for shares in _SHARES.values()])


def _theory(rows):
    real = np.diag(_FEATURES)
    setting = {**_NOISE, "samples": np.array(rows, float), "coefficients": _FLAT, "penalty": 0.0}
    return jnp.stack([regression.ridge_sources([real, np.diag(_FEATURES * s)], **setting) for s in _SHARES.values()])


_claim = partial(
    Claim,
    reference=REFERENCE,
    labels=tuple(_SHARES),
    quantity="excess risk",
    formula="|ubar − u|² + Σ c_g (σ² + |ubar − u|²_g), a_g = 1/(1 + q_g), q_g = tr Σ_g (Σ n_g a_g Σ_g)⁻¹",
)
_PROTOCOL = "Least squares, d = 40, half of the directions with variance 2, half with 1/2, flat signal, σ = 0.5; "
TOUR = "rezaei-more-rows"
CLAIMS = (
    _claim(
        name="rezaei-more-rows",
        statement="With more rows than features, synthetic rows serve best if their covariance is the real one.",
        # For covariances in proportion the limit lacks the one of n − d − 1.
        theory=lambda: _theory(_MORE) * (sum(_MORE) - _DIM) / (sum(_MORE) - _DIM - 1),
        experiment=_risks(_MORE),
        relation=Asymptotic(allowance=0.008, tolerance=0.018),
        first_look=256,
        protocol=_PROTOCOL + "50 real and 70 synthetic rows.",
    ),
    _claim(
        name="rezaei-fewer-rows",
        statement="With fewer rows than features a covariance that exaggerates the real one serves better.",
        theory=lambda: _theory(_FEW),
        experiment=_risks(_FEW),
        relation=Asymptotic(allowance=0.015, tolerance=0.01),
        first_look=256,
        protocol=_PROTOCOL + "20 real and 27 synthetic rows, minimum norm.",
    ),
)
