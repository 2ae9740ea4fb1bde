"""Wu, Yang and Sun 2026: labels with noise once, and noiseless ones of the model itself from then on.

A chain whose first labels alone are noisy: the recursions of `jaxcollapse.theory.regression` for replaced data. We know
of the paper its abstract; what is compared here is ours.
"""

from functools import partial

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import WU_2026 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

_GENERATIONS = 8
_FLAT = shared(samples=12, generations=_GENERATIONS)


def _first(noise, g):
    return jnp.where(g == 1, noise, 0.0)


def _noises(noise: float):
    return _first(noise, np.arange(1, _GENERATIONS + 1))


def _minimum_norm(noise: float):
    def experiment(key):
        model = LinearRegression(Spectrum.isotropic(20), noise=partial(_first, noise))
        return simulate(model, Replace(), key=key, **_FLAT).risk

    return experiment


_claim = partial(Claim, reference=REFERENCE, quantity="excess risk")
_LEVELS = (0.3, 2.0)
TOUR = "wu-monotone"
CLAIMS = (
    _claim(
        name="wu-monotone",
        axis=generation_axis(_GENERATIONS),
        statement="With a flat spectrum self-training without noise helps at every step or at none: there is no U.",
        theory=lambda: jnp.stack(
            [
                regression.minimum_norm_replace(dim=20, noise=_noises(noise), design="fresh", **_FLAT)
                for noise in _LEVELS
            ]
        ),
        experiment=lambda key: jnp.stack([_minimum_norm(noise)(key) for noise in _LEVELS]),
        relation=Equal(tolerance=0.02),
        formula="(1 − η^g)|w_0|² + η^{g−1} σ² n/(d − n − 1), η = n/d",
        protocol="Minimum norm, d = 20 isotropic features, n = 12 fresh rows, |w_0| = 1; noise in the first labels.",
        labels=tuple(f"σ = {noise:g}" for noise in _LEVELS),
    ),
)
