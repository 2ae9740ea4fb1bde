"""Alemohammad et al. 2023: loops with and without real data, and samples that are chosen for their quality.

Their sampling bias ``lambda`` shrinks what a model generates; generation ``g = 1`` has real data alone. Means are exact
for pooled maximum likelihood, and derived here; sizes are ours.
"""

from functools import partial
from typing import Literal

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import gaussian
from jaxcollapse.theory.papers import ALEMOHAMMAD_2023 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

_claim = partial(Claim, reference=REFERENCE)
_BIAS, _GENERATIONS = 0.8, 8
_LOOP = shared(samples=30, generations=_GENERATIONS)
_REAL = 20


def _biased(ddof: Literal[0, 1]) -> Biased:
    """A Gaussian that generates with a share of its variance."""
    return Biased(Gaussian(ddof=ddof), lambda fit: fit.scaled(_BIAS))


def _loop(real: Literal["fresh", "fixed"]):
    """Variance and squared error of the mean."""

    def experiment(key):
        run = simulate(_biased(ddof=0), Mix(real, real_samples=_REAL), key=key, **_LOOP)
        return jnp.concatenate([run.variance, run.squared_error])

    return experiment


def _loop_theory(real: Literal["fresh", "fixed"]):
    moments = gaussian.moments_mix(real=real, real_samples=_REAL, sampling_bias=_BIAS, **_LOOP)
    return jnp.concatenate([moments.variance, moments.mean_square])


def _mixed(name: str, statement: str, real: Literal["fresh", "fixed"], formula: str) -> Claim:
    return _claim(
        name=name,
        statement=statement,
        theory=lambda: _loop_theory(real),
        experiment=_loop(real),
        relation=Equal(),
        formula=formula + ", E X′ = (1 − a) + a(E μ² + λ E X) − E μ′², a = n/(n + m)",
        protocol=f"Gaussian, divisor n + m, m = 20 {real} real rows, n = 30 synthetic ones of variance λ = 0.8.",
        labels=tuple(f"{name}, g = {g}" for name in ("E X", "E μ²") for g in range(1, _GENERATIONS + 1)),
        quantity="E X and E μ²",
    )


def _alone(key):
    run = simulate(_biased(ddof=1), Replace(), key=key, samples=100, generations=_GENERATIONS)
    return run.variance


TOUR = "alemohammad-synthetic"
CLAIMS = (
    _mixed(
        "alemohammad-fresh",
        "With fresh real rows in every pool a biased loop settles near the truth.",
        "fresh",
        "E μ′² = (1 − a)²/m + a²(E μ² + λ E X/n)",
    ),
    _mixed(
        "alemohammad-fixed",
        "With the same real rows in every pool a biased loop settles too, no closer than they allow.",
        "fixed",
        "E μ′² = (1 − a²)/m + a²(E μ² + λ E X/n)",
    ),
    _claim(
        name="alemohammad-synthetic",
        statement="Without real rows the variance falls geometrically with the sampling bias.",
        theory=_BIAS ** np.arange(_GENERATIONS),
        experiment=_alone,
        relation=Equal(),
        formula="E X_g = λ^(g − 1)",
        protocol="Gaussian, unbiased variance, n = 100 synthetic rows of λ = 0.8 times the variance, replace.",
        axis=generation_axis(_GENERATIONS),
        quantity="E X",
    ),
)
