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

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.simulate import Trajectory, simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.mutual import Mutual
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, mutual
from jaxcollapse.theory.papers import VU_2025 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, Equal

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


_LATE_ALPHAS = np.array([0.4, 0.7])


def _limits():
    common = dict(dim=_DIM, private_weight=_PRIVATE_WEIGHT, noise=_NOISE)
    scale = 30 / (30 - _DIM - 1)
    return scale * jnp.stack([mutual.risk_limit(**common, **_SMALL, synthetic_weight=alpha) for alpha in _LATE_ALPHAS])


def _late_risks(key):
    def late(alpha):
        return _run(key, alpha=alpha, generations=10, design="fixed", sizes=_SMALL).risk[-1]

    return jax.lax.map(late, jnp.asarray(_LATE_ALPHAS))


_DESIGNS = dict(private=(2, 4, 2), public=(5, 2), synthetic=(2, 3, 2))
_TRAINING = shared(private_weight=_PRIVATE_WEIGHT, synthetic_weight=0.6, generations=4)


def _rows() -> list[np.ndarray]:
    """The designs of the private, the public and the synthetic data."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in _DESIGNS.values()]


def _given_theory():
    grams = {name: jnp.asarray(np.swapaxes(x, -1, -2) @ x) for name, x in zip(_DESIGNS, _rows(), strict=True)}
    sizes = {f"{name}_samples": shape[-2] for name, shape in _DESIGNS.items()}
    law = mutual.given_designs(noise=_NOISE, **grams, **sizes, **_TRAINING)
    return jnp.concatenate([law.risk, law.disagreement])


@lenient()
def _given(key):
    """Labels of all rows, and weighted least squares; the truth is zero."""
    (private, public, synthetic), beta = _rows(), _PRIVATE_WEIGHT
    private_key, public_key, key = jax.random.split(key, 3)
    means = lambda x: np.swapaxes(x, -1, -2) / x.shape[-2]  # noqa: E731, the mean of x y over rows
    labels = _NOISE * jax.random.normal(private_key, private.shape[:2])
    moments = beta * jnp.einsum("kdn,kn->kd", means(private), labels)
    moments += (1 - beta) * means(public) @ (_NOISE * jax.random.normal(public_key, public.shape[:1]))
    gram = beta * means(private) @ private + (1 - beta) * means(public) @ public
    own = np.mean(means(synthetic) @ synthetic, axis=0)
    errors = []
    for g in range(_TRAINING["generations"]):
        alpha = _TRAINING["synthetic_weight"] if g else 0.0
        taught = jnp.zeros(2)
        if g:
            noise = _NOISE * jax.random.normal(jax.random.fold_in(key, g), synthetic.shape[:2])
            answers = jnp.einsum("knd,kd->kn", synthetic, errors[-1]) + noise
            taught = jnp.mean(jnp.einsum("kdn,kn->kd", means(synthetic), answers), axis=0)
        solver = np.linalg.inv((1 - alpha) * gram + alpha * own)
        errors.append(jnp.einsum("kde,ke->kd", solver, (1 - alpha) * moments + alpha * taught))
    fits = jnp.stack(errors)
    return jnp.concatenate(
        [jnp.mean(jnp.sum(fits**2, axis=2), axis=1), jnp.sum((fits[:, 0] - fits[:, 1]) ** 2, axis=1)]
    )


TOUR = "vu-given-designs"
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
    _claim(
        name="vu-limit",
        statement="After many generations the risk of models that train on each other is a sum of four terms.",
        theory=_limits,
        experiment=_late_risks,
        relation=Equal(tolerance=0.02),
        formula=("R → σ² d/(T − d − 1) [β²/K + (1 − β)² + α²/((1 − α²) K) + (1 − α)² β² (1 − 1/K)]"),
        protocol=(
            "K = 3 least-squares models, d = 10, σ = 1, T = 30 rows of one design for private, public and synthetic "
            "data; β = 0.5, generation 10."
        ),
        axis=Axis("weight α of the synthetic data", _LATE_ALPHAS),
        quantity="excess risk",
    ),
    _claim(
        name="vu-given-designs",
        statement="If all designs are known, the law of models that train on each other is that of a linear recursion.",
        theory=_given_theory,
        experiment=_given,
        relation=Equal(),
        formula="B ← P + Q B, C ← Q (C + C_w) Q', Cov = B C_z B' + C, with P and Q from the Gram matrices",
        protocol=(
            "K = 2 least-squares models, d = 2, σ = 1; 4 private, 5 public and 3 synthetic rows, all drawn once; "
            "α = 0.6, β = 0.5."
        ),
        labels=tuple(f"{name}, g = {g}" for name in ("risk", "distance") for g in range(1, 5)),
        quantity="squared error and squared distance of two models",
    ),
)
