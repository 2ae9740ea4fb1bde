"""Vu, Reeves and Wenger 2025: linear models that train on each other's data.

Each model has private real data, all share public real data; from generation 2 on the weight ``alpha`` is on what the
models of the generation before have labelled. Their step ``t`` is our ``g = t + 1``: ``g = 1`` is the fit to real data.
The sizes are ours: those of the paper's figures are not known to us.
"""

from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.simulate import Trajectory, simulate
from jaxcollapse.chain.workflow import Mix
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.mutual import Mutual
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, mutual
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.reference import Reference
from jaxcollapse.verification.relation import Asymptotic, Equal

REFERENCE = Reference(
    key="vu2025",
    authors="Hung Anh Vu, Galen Reeves and Emily Wenger",
    title="What happens when generative AI models train recursively on each others' outputs?",
    year=2025,
    arxiv="2505.21677",
)
_claim = partial(Claim, reference=REFERENCE)
_DIM, _NOISE, _PRIVATE_WEIGHT = 10, 1.0, 0.5
_GENERATIONS, _AXIS = 6, generation_axis(6)
_ALPHAS = np.array([0.0, 0.25, 0.5, 0.75])
_LARGE = shared(models=4, private_samples=2000, public_samples=8000, synthetic_samples=2000)
_SMALL = shared(models=3, private_samples=30, public_samples=30, synthetic_samples=30)


def _run(key, *, alpha: Any, generations: int, design: Literal["fresh", "fixed"], sizes: dict[str, Any]) -> Trajectory:
    regression = LinearRegression(Spectrum.isotropic(_DIM), noise=_NOISE, design=design)
    model = Mutual(
        regression,
        models=sizes["models"],
        private_weight=_PRIVATE_WEIGHT,
        public_samples=sizes["public_samples"],
    )
    workflow = Mix("fixed", weight=1 - alpha, real_samples=sizes["private_samples"])
    return simulate(model, workflow, key=key, samples=sizes["synthetic_samples"], generations=generations)


def _risk(sizes: dict[str, Any]):
    common = dict(dim=_DIM, private_weight=_PRIVATE_WEIGHT, noise=_NOISE, generations=_GENERATIONS)
    return mutual.risk(**common, **sizes, synthetic_weight=0.6)


def _disagreement():
    """Of the second generation, for every weight of the synthetic data."""
    sizes = dict(private_samples=_LARGE["private_samples"], private_weight=_PRIVATE_WEIGHT)
    return jnp.stack(
        [
            mutual.disagreement(dim=_DIM, **sizes, synthetic_weight=alpha, noise=_NOISE, generations=2)[-1]
            for alpha in _ALPHAS
        ]
    )


def _disagreements(key):
    def apart(alpha):
        return _run(key, alpha=alpha, generations=2, design="fresh", sizes=_LARGE).disagreement[-1]

    return jax.lax.map(apart, jnp.asarray(_ALPHAS))


CLAIMS = (
    _claim(
        name="vu-risk",
        statement="Models that train on each other's data share what their private data taught them.",
        theory=lambda: _risk(_LARGE),
        experiment=lambda key: _run(key, alpha=0.6, generations=_GENERATIONS, design="fresh", sizes=_LARGE).risk,
        relation=Asymptotic(allowance=0.01),
        formula=(
            "R(g) = σ² d [β²/(K n_P) + (1 − β)²/n_* + s_g + (1 − α_g)² β² (1 − 1/K)/n_P], "
            "s_g = α_g² (s_{g−1} + 1/(K m)), α_1 = s_1 = 0"
        ),
        protocol=(
            "K = 4 least-squares models, d = 10, σ = 1, n_P = 2000 private and n_* = 8000 public real rows, m = 2000 "
            "synthetic rows from each model at every generation; α = 0.6, β = 0.5."
        ),
        axis=_AXIS,
        quantity="mean squared error",
    ),
    _claim(
        name="vu-disagreement",
        statement="Training on each other's data draws models together at once, by the weight left to real data.",
        theory=_disagreement,
        experiment=_disagreements,
        relation=Asymptotic(allowance=0.01),
        formula="E|θ_k − θ_j|² = 2 d σ² (1 − α)² β²/n_P",
        protocol=(
            "K = 4 least-squares models, d = 10, σ = 1, n_P = 2000 private and n_* = 8000 public real rows, m = 2000 "
            "synthetic rows from each model; β = 0.5, generation 2."
        ),
        axis=Axis("weight α of the synthetic data", _ALPHAS),
        quantity="squared distance of two models",
    ),
    _claim(
        name="vu-one-design",
        statement="If all data sets have one design, the risk of models that train on each other is known exactly.",
        theory=lambda: 30 / (30 - _DIM - 1) * _risk(_SMALL),
        experiment=lambda key: _run(key, alpha=0.6, generations=_GENERATIONS, design="fixed", sizes=_SMALL).risk,
        relation=Equal(),
        formula=(
            "R(g) = σ² d/(T − d − 1) [β²/K + (1 − β)² + s_g + (1 − α_g)² β² (1 − 1/K)], "
            "s_g = α_g² (s_{g−1} + 1/K), α_1 = s_1 = 0"
        ),
        protocol=(
            "K = 3 least-squares models, d = 10, σ = 1, T = 30 rows of one design for private, public and synthetic "
            "data; α = 0.6, β = 0.5."
        ),
        axis=_AXIS,
        quantity="excess risk",
    ),
)
