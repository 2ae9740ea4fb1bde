"""Kazdan et al. 2024: Gaussians that are replaced, accumulate, or are fitted to a part of what accumulates.

Their iteration ``t`` is our generation ``g = t``; they divide by ``n`` (``ddof = 0``). Sizes are ours.
"""

from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Accumulate, AccumulateSubsample, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import gaussian
from jaxcollapse.theory.papers import KAZDAN_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

_claim = partial(Claim, reference=REFERENCE)
_LONG = shared(samples=20, generations=30)
_TIMES = np.array([1, 2, 5, 30])
_SHORT = shared(samples=6, generations=4)


def _run(key, workflow: Workflow, sizes: dict[str, Any], **fields: Any):
    return simulate(Gaussian(**{"ddof": 0, **fields}), workflow, key=key, **sizes)


def _pooled(key):
    """Variance, its square and the squared error of the mean."""
    run = _run(key, Accumulate(), _LONG)
    return jnp.concatenate([moment[_TIMES - 1] for moment in (run.variance, run.variance**2, run.squared_error)])


def _pooled_theory():
    mean, square = gaussian.variance_accumulate_mean(**_LONG, ddof=0), gaussian.variance_accumulate_square(**_LONG)
    return jnp.concatenate([moment[_TIMES - 1] for moment in (mean, square, 1 - mean)])


def _part(key):
    run = _run(key, AccumulateSubsample(), _SHORT, sampling="raw")
    return jnp.concatenate([run.variance, run.squared_error])


def _part_theory():
    moments = gaussian.moments_accumulate_subsample(**_SHORT)
    return jnp.concatenate([moments.variance, moments.mean_square])


TOUR = "kazdan-accumulate-unbiased"
CLAIMS = (
    _claim(
        name="kazdan-accumulate",
        statement="A Gaussian on accumulating data keeps a positive variance, whose moments are products.",
        theory=_pooled_theory,
        experiment=_pooled,
        relation=Equal(),
        formula="E X_g = ∏_{t≤g} (1 − 1/(n t²)), E μ_g² = 1 − E X_g, E X_g² a product of E F_t²",
        protocol="Gaussian with unknown mean and variance, divisor n = 20, accumulate.",
        labels=tuple(f"{name}, g = {g}" for name in ("E X", "E X²", "E μ²") for g in _TIMES),
        quantity="E X, E X² and E μ²",
    ),
    _claim(
        name="kazdan-accumulate-unbiased",
        statement="Without bias in any generation, the variance still falls on accumulating data.",
        theory=lambda: gaussian.variance_accumulate_mean(**_LONG, ddof=1)[_TIMES - 1],
        experiment=lambda key: _run(key, Accumulate(), _LONG, ddof=1).variance[_TIMES - 1],
        relation=Equal(),
        formula="k_g (1 − 1/n) ∏_{t<g} [1 − (1 − k_t(1 − 1/n) − (1 − 1/(t+1)) k_t/n)/(t + 1)], k_t = tn/(tn − 1)",
        protocol="Gaussian with unknown mean and variance, divisor N − 1 for N rows in the pool, n = 20, accumulate.",
        axis=generation_axis(_TIMES),
        quantity="E X",
    ),
    _claim(
        name="kazdan-replace",
        statement="With the maximum-likelihood variance a replaced Gaussian does not wander far: its mean stops.",
        theory=lambda: gaussian.mean_square(**_LONG, ddof=0)[_TIMES - 1],
        experiment=lambda key: _run(key, Replace(), _LONG).squared_error[_TIMES - 1],
        relation=Equal(),
        formula="E μ_g² = 1 − (1 − 1/n)^g ≤ 1, and E X_g = (1 − 1/n)^g",
        protocol="Gaussian with unknown mean and variance, divisor n = 20, replace.",
        axis=generation_axis(_TIMES),
        quantity="E μ²",
    ),
    _claim(
        name="kazdan-subsample",
        statement="Fits to a part of the accumulating rows settle between replacement and accumulation.",
        theory=_part_theory,
        experiment=_part,
        relation=Equal(),
        formula="E μ_t² = A_t + V(N − n)/(n(N − 1)), E X_t = V N(n − 1)/((N − 1)n), N = tn, V = 1 − A_t, A_1 = 1/n",
        protocol="Gaussian rows, divisor n = 6; every fit to 6 rows of the pool, drawn without replacement.",
        labels=tuple(f"{name}, g = {g}" for name in ("E X", "E μ²") for g in range(1, 5)),
        quantity="E X and E μ²",
    ),
)
