"""Stochastic gradient descent over rows with biased labels, mixed or one kind after the other. The results are ours."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.random import split
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Equal

REFERENCE = None
_DIM, _STEPS = 10, 120
_SHARES = {"mixed": np.full(_STEPS, 0.5), "biased rows first": np.repeat([1.0, 0.0], _STEPS // 2)}
_SETTING = {"noise": 0.5, "rate": 0.04, "bias": 1.0}
_SEEN = np.array([20, 60, 80, 120])


def _descent(key, shares):
    """The risk after some of the steps."""
    model = LinearRegression(Spectrum.isotropic(_DIM), noise=_SETTING["noise"], sampling="raw")
    rows_key, choice = split(key)
    truth = model.truth()
    delta = jnp.zeros(_DIM).at[0].set(1.0)
    delta = (delta - delta @ truth * truth) * _SETTING["bias"]
    delta = delta / jnp.linalg.norm(delta) * _SETTING["bias"]
    x, y = model.sample(rows_key, truth, _STEPS).rows
    y = y + jnp.where(jax.random.uniform(choice, (_STEPS,)) < shares, x @ delta, 0.0)

    def step(w, row):
        w = w + _SETTING["rate"] * row[0] * (row[1] - row[0] @ w)
        return w, jnp.sum((w - truth) ** 2)

    return jax.lax.scan(step, jnp.zeros(_DIM), (x, y))[1][_SEEN - 1]


def _theory():
    law = partial(regression.sgd_biased_labels, dim=_DIM, steps=_STEPS, **_SETTING)
    return jnp.stack([law(share=shares)[_SEEN - 1] for shares in _SHARES.values()])


CLAIMS = (
    Claim(
        name="own-curriculum",
        statement="Biased rows do no lasting harm if descent sees them first; mixed in, they leave a floor.",
        theory=_theory,
        experiment=lambda key: jnp.stack([_descent(key, shares) for shares in _SHARES.values()]),
        relation=Equal(tolerance=0.02),
        formula="a ← a − 2γ(a − p b) + γ²[(d + 2)(a − 2 p b + p |δ|²) + d σ²], b ← (1 − γ) b + γ p |δ|²",
        protocol="One pass, γ = 0.04, d = 10, σ = 0.5, |w_0| = |δ| = 1; half of 120 rows has labels of w_0 + δ.",
        labels=tuple(_SHARES),
        axis=Axis("step", _SEEN),
        quantity="excess risk",
    ),
)
