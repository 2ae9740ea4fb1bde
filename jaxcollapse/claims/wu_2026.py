"""Wu, Yang and Sun 2026: labels with noise once, and noiseless ones of the model itself from then on.

A chain whose first labels alone are noisy: the recursions of `jaxcollapse.theory.regression` for replaced data. We know
of the paper its abstract; what is compared here is ours.
"""

from functools import partial

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import RIDGE_CHAIN, generation_axis, shared
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import WU_2026 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Equal

_GENERATIONS, _TURNS = 8, 6
_FLAT = shared(samples=12, generations=_GENERATIONS)
_STEEP = shared(samples=100, generations=_TURNS)
_STRONG, _WEAK, _PENALTY = 16, 144, 0.1


def _first(noise, g):
    return jnp.where(g == 1, noise, 0.0)


def _noises(noise: float):
    return _first(noise, np.arange(1, _GENERATIONS + 1))


def _minimum_norm(noise: float):
    def experiment(key):
        model = LinearRegression(Spectrum.isotropic(20), noise=partial(_first, noise))
        return simulate(model, Replace(), key=key, **_FLAT).risk

    return experiment


def _uneven():
    """Strong directions, which a chain keeps, and weak ones, whose noise it forgets."""
    values = np.repeat([10.0, 0.5], [_STRONG, _WEAK])
    return Spectrum.from_eigenvalues(values, np.repeat([0.25 * 0.5**0.5, 0.02 * 0.5**0.5], [_STRONG, _WEAK]))


def _ridge(key):
    model = LinearRegression(_uneven(), noise=partial(_first, 1.0), penalty=_PENALTY)
    return simulate(model, Replace(), key=key, **_STEEP).risk


_claim = partial(Claim, reference=REFERENCE, quantity="excess risk")
_LEVELS = (0.3, 2.0)
TOUR = "wu-u-curve"
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
    _claim(
        name="wu-u-curve",
        axis=generation_axis(_TURNS),
        statement="With strong and weak directions self-training first forgets noise, and then the signal.",
        theory=lambda: regression.ridge_replace(_uneven(), noise=_noises(1.0)[:_TURNS], penalty=_PENALTY, **_STEEP),
        experiment=_ridge,
        relation=Asymptotic(allowance=0.012, tolerance=0.016),
        first_look=512,
        formula=RIDGE_CHAIN + " with σ in the first step alone",
        protocol="Ridge, λ = 0.1, 16 directions with variance 10 and 144 with 1/2, n = 100 fresh rows, σ = 1 once.",
    ),
)
