"""How fast samples must grow, with a bias and without, and how a budget is best spent."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.chain.data import WeightedSum
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.schedule import polynomial
from jaxcollapse.chain.simulate import Trajectory, simulate
from jaxcollapse.claims.xu_2025.protocol import claim
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.theory import mean
from jaxcollapse.verification.claim import Axis
from jaxcollapse.verification.relation import Asymptotic, AtMost, Equal

_SCALE, _WALK_GENERATIONS = 2.0, 100

_WALK_TIMES = np.array([1, 2, 5, 10, 20, 50, 100])


def _walk(growth: float):
    """Squared error of a mean with ``n_t = 2 t^(1 + growth)``, rounded to whole samples."""

    def experiment(key):
        sizes = polynomial(_SCALE, 1 + growth)
        run = simulate(NormalMean(0.0), Replace(), key=key, samples=sizes, generations=_WALK_GENERATIONS)
        return run.squared_error[_WALK_TIMES - 1]

    return experiment


def _sizes(growth: float) -> Float[Array, " generations"]:
    return jnp.round(polynomial(_SCALE, 1 + growth)(jnp.arange(1.0, _WALK_GENERATIONS + 1)))


class BiasedMean(Wrapper):
    """A sample mean with a bias of ``0.5 / sqrt(n)``: an estimator of bias order 1/2."""

    model: NormalMean

    def fit(self, data, **context):
        """The sample mean plus its bias."""
        assert isinstance(data, WeightedSum)
        return self.model.fit(data) + _OFFSET / jnp.sqrt(data.weight)


_OFFSET = 0.5


def _biased_run(key, growth: Any) -> Trajectory:
    """The same with the bias."""
    sizes = polynomial(_SCALE, 1 + growth)
    return simulate(BiasedMean(NormalMean(0.0)), Replace(), key=key, samples=sizes, generations=_WALK_GENERATIONS)


def _biased_walk(growth: float):
    """Its squared error."""
    return lambda key: _biased_run(key, growth).squared_error[_WALK_TIMES - 1]


_BUDGET, _BUDGET_GENERATIONS = 4000.0, 20


def _spent(key):
    """The error of all generations together, with equal sizes and with the best ones."""

    def total(sizes):
        run = simulate(NormalMean(0.0), Replace(), key=key, samples=sizes, generations=_BUDGET_GENERATIONS)
        return run.squared_error.sum()

    equal = jnp.full(_BUDGET_GENERATIONS, _BUDGET / _BUDGET_GENERATIONS)
    best = mean.mean_replace_allocation(budget=_BUDGET, generations=_BUDGET_GENERATIONS, objective="sum")
    return jnp.stack([total(equal), total(best)])


def _spent_theory():
    heirs = jnp.arange(1.0, _BUDGET_GENERATIONS + 1)
    return jnp.stack([_BUDGET_GENERATIONS * heirs.sum(), jnp.sqrt(heirs).sum() ** 2]) / _BUDGET


CLAIMS = (
    claim(
        name="xu-linear-schedule",
        statement="With linearly growing samples the error of a mean grows without bound, like a harmonic sum.",
        theory=lambda: mean.mean_replace_variance(samples=_sizes(0.0))[_WALK_TIMES - 1],
        experiment=_walk(0.0),
        relation=Equal(),
        formula="E(θ_T − θ)² = σ² Σ_{t≤T} 1/n_t = σ² H_T / c",
        protocol="Mean of a Gaussian with known variance, n_t = 2t, replace.",
        axis=Axis("generation T", _WALK_TIMES),
        quantity="squared error",
    ),
    claim(
        name="xu-superlinear-schedule",
        statement="With superlinearly growing samples the error of a mean stays below a zeta value.",
        theory=lambda: jnp.full(len(_WALK_TIMES), mean.mean_replace_variance_limit(scale=_SCALE, growth=1.0)),
        experiment=_walk(1.0),
        relation=AtMost(),
        formula="E(θ_T − θ)² ≤ σ² ζ(1 + s) / c",
        protocol="Mean of a Gaussian with known variance, n_t = 2t² (s = 1), replace.",
        axis=Axis("generation T", _WALK_TIMES),
        quantity="squared error",
    ),
    claim(
        name="xu-biased-slow",
        statement="With a bias of order n^(-1/2), samples growing like t^1.5 are not enough: the error diverges.",
        theory=lambda: mean.mean_replace_squared_error(samples=_sizes(0.5), coefficient=_OFFSET, order=0.5)[
            _WALK_TIMES - 1
        ],
        experiment=_biased_walk(0.5),
        relation=Equal(),
        formula="E(θ_T − θ)² = (Σ B n_t^(−1/2))² + σ² Σ 1/n_t, divergent for s ≤ 1/κ − 1 = 1",
        protocol="Gaussian mean plus 0.5/√n, n_t = 2 t^1.5 (s = 0.5), replace.",
        axis=Axis("generation T", _WALK_TIMES),
        quantity="squared error",
    ),
    claim(
        name="xu-biased-fast",
        statement="With a bias of order n^(-1/2), samples growing like t^3.5 keep the error below its finite limit.",
        theory=lambda: jnp.full(
            len(_WALK_TIMES),
            mean.mean_replace_bias_limit(scale=_SCALE, growth=2.5, coefficient=_OFFSET, order=0.5) ** 2
            + mean.mean_replace_variance_limit(scale=_SCALE, growth=2.5),
        ),
        experiment=_biased_walk(2.5),
        relation=AtMost(),
        formula="E(θ_T − θ)² ≤ B² ζ(κ(1+s))²/c + σ² ζ(1+s)/c, finite for s > 1/κ − 1 = 1",
        protocol="Gaussian mean plus 0.5/√n, n_t = 2 t^3.5 (s = 2.5), replace.",
        axis=Axis("generation T", _WALK_TIMES),
        quantity="squared error",
    ),
    claim(
        name="xu-budget",
        statement="If all generations count, a budget of samples is best spent on the early ones.",
        theory=_spent_theory,
        experiment=_spent,
        relation=Asymptotic(allowance=0.001),
        formula="Σ_t E(θ_t − θ)² = (Σ_{s≤T} √s)²/N with n_t ∝ √(T − t + 1); T²(T + 1)/(2N) with equal sizes",
        protocol="Mean of a Gaussian with known variance, N = 4,000 samples for T = 20 generations, replace.",
        labels=("equal sizes", "best sizes"),
        quantity="sum of squared errors",
    ),
    claim(
        name="xu-bias",
        statement="Biases add up: with a bias of order n^(-1/2) the mean of the walk drifts off for ever.",
        theory=lambda: mean.mean_replace_bias(samples=_sizes(0.5), coefficient=_OFFSET, order=0.5)[_WALK_TIMES - 1],
        experiment=lambda key: _biased_run(key, 0.5).estimate[_WALK_TIMES - 1],
        relation=Equal(),
        formula="E θ_T − θ = B Σ_{t≤T} n_t^(−κ)",
        protocol="Gaussian mean plus 0.5/√n, n_t = 2 t^1.5 (s = 0.5), replace.",
        axis=Axis("generation T", _WALK_TIMES),
        quantity="bias",
    ),
    claim(
        name="xu-required-growth",
        statement="At the growth that samples must exceed, biases of order n^(-1/2) add up like a harmonic sum.",
        theory=lambda: _OFFSET * _SCALE**-0.5 * jnp.cumsum(1 / jnp.arange(1.0, _WALK_GENERATIONS + 1))[_WALK_TIMES - 1],
        experiment=lambda key: _biased_run(key, mean.mean_replace_required_growth(order=0.5)).estimate[_WALK_TIMES - 1],
        relation=Equal(),
        formula="s* = 1/κ − 1 = 1: E θ_T − θ = B Σ_{t≤T} (c t^{1+s*})^(−κ) = B c^(−κ) H_T",
        protocol="Gaussian mean plus 0.5/√n, n_t = 2 t^{1+s*}, replace.",
        axis=Axis("generation T", _WALK_TIMES),
        quantity="bias",
    ),
)
