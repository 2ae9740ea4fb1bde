"""Least squares on pooled rows of which few are left over: fresh real rows that make things worse.

Every generation is fitted to fresh real rows and to rows labelled by the model before it; generation ``g = 1`` to as
many real rows alone. The results are ours.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast, Equal

REFERENCE = None
_DIM, _REAL, _OWN, _GENERATIONS = 32, 12, 29, 4
_CRITICAL, _AT = shared(samples=27, real_samples=7), 23
_PENALTIES, _WEIGHTS = np.array([0.02, 0.1]), np.array([0.3, 0.5, 0.7])
_MIXTURE = shared(dim=_DIM, samples=_OWN, real_samples=_REAL)
_LARGER = shared(dim=48, samples=44, real_samples=18)


def _real_rows() -> np.ndarray:
    """As many at first as rows of both kinds later on."""
    return np.array([_OWN + _REAL] + [_REAL] * (_GENERATIONS - 1), float)


def _risk(key):
    model, workflow = LinearRegression(Spectrum.isotropic(_DIM), noise=1.0), Mix("fresh", real_samples=_real_rows())
    return simulate(model, workflow, key=key, samples=_OWN, generations=_GENERATIONS).risk


def _kept(key, *, dim: int, samples: Any, real_samples: Any, penalty: Any = 0.0, weight: Any = None):
    """The risk after one generation without noise of a model whose risk is one; the truth is zero."""
    model = LinearRegression(Spectrum.isotropic(dim, norm=0.0), noise=0.0, penalty=penalty)
    first = jnp.zeros(dim).at[0].set(1.0)
    workflow = Mix("fresh", weight=weight, real_samples=real_samples)
    return simulate(model, workflow, key=key, samples=samples, generations=2, first=first).risk[1]


def _over_penalties(key):
    return jax.lax.map(lambda penalty: _kept(key, **_LARGER, penalty=penalty), jnp.asarray(_PENALTIES))


def _over_weights(key):
    return jax.lax.map(lambda weight: _kept(key, **_MIXTURE, weight=weight), jnp.asarray(_WEIGHTS))


_claim = partial(Claim, reference=REFERENCE, quantity="excess risk")
_ROWS = f"d = {_DIM}, {_REAL} fresh real rows and {_OWN} of the last model"
_CONTRACTION = "c = m(m + 2)/(N(N + 2)) + m n (N + 1)(d − 1)/(N(N + 2)(N − 1)(N − d − 1)), N = m + n"
CLAIMS = (
    _claim(
        name="own-pooling-explodes",
        statement="Fresh real rows can be worse than none: beside them collapse may be exponential, not linear.",
        theory=lambda: regression.ols_mix(
            dim=_DIM, samples=_OWN, noise=1.0, real_samples=_real_rows(), generations=_GENERATIONS
        ),
        experiment=_risk,
        relation=Equal(tolerance=0.025),
        formula="R(g) = c R(g − 1) + σ² d/(N − d − 1), " + _CONTRACTION,
        protocol=f"Least squares, σ = 1, isotropic; {_ROWS} (c = 1.31); g = 1 has {_OWN + _REAL} real rows.",
        axis=generation_axis(_GENERATIONS),
        scale="log",
    ),
    _claim(
        name="own-pooling-critical",
        statement="At the critical number of features pooled least squares keeps an old error as it is.",
        theory=lambda: regression.ols_mix_critical_dim(**_CRITICAL) / _AT,
        experiment=lambda key: _kept(key, dim=_AT, **_CRITICAL),
        relation=Equal(tolerance=0.025),
        formula="c = 1 at d* = [m(N + 1) + (N − 1)²(N + m + 2)]/[m(N + 1) + (N − 1)(N + m + 2)], N = m + n",
        protocol="Least squares, σ = 0, isotropic; n = 7 fresh real rows, m = 27 others, d = d* = 23; g = 2.",
        quantity="share of the squared error that is kept",
    ),
    _claim(
        name="own-pooling-ridge",
        statement="A small penalty keeps pooled rows from enlarging old errors.",
        theory=lambda: jnp.stack(
            [regression.ridge_mix_contraction(**_LARGER, penalty=penalty) for penalty in _PENALTIES]
        ),
        experiment=_over_penalties,
        relation=Asymptotic(allowance=0.01, tolerance=0.02),
        formula="c = D² p²(1 + u(1 − p)) + u p(1 − D p)², D = 1/(1 + κ), u = D² d/(N − D² d), p = m/N",
        protocol="Ridge, σ = 0, isotropic; d = 48, 18 fresh real rows and 44 others; the truth is zero, g = 2.",
        axis=Axis("penalty λ", _PENALTIES),
        quantity="share of the squared error that is kept",
        first_look=1024,
    ),
    _claim(
        name="own-pooling-weights",
        statement="No weight of the real rows keeps few of them from enlarging old errors.",
        theory=np.ones(len(_WEIGHTS)),
        experiment=_over_weights,
        relation=AtLeast(),
        formula="c(w) > 1 for every weight w of the real rows",
        protocol=f"Least squares, σ = 0, isotropic; {_ROWS}; g = 2.",
        axis=Axis("weight w of the real rows", _WEIGHTS),
        quantity="share of the squared error that is kept",
        first_look=1024,
    ),
)
