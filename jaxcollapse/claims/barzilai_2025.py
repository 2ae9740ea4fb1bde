"""Barzilai and Shamir 2025: iterative maximum likelihood on accumulating data stays consistent.

Their ``theta^(T)`` is our generation ``g = T``: it is fitted to ``T n`` samples, ``n`` of them real. Families, sample
sizes and horizon are those of their appendix G.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.claim import Claim, Reference
from jaxcollapse.models.exponential_family import Beta, Exponential
from jaxcollapse.models.gaussian import Gaussian
from jaxcollapse.relation import Asymptotic, Equal
from jaxcollapse.simulate import simulate
from jaxcollapse.theory import exponential_family, workflows
from jaxcollapse.workflow import Accumulate

REFERENCE = Reference(
    key="barzilai2025",
    authors="Daniel Barzilai and Ohad Shamir",
    title="When Models Don't Collapse: On the Consistency of Iterative MLE",
    year=2025,
    arxiv="2505.19046",
)
SAMPLES, TIMES, GENERATIONS = (20, 50, 100, 1000), np.array([1, 10, 100]), 100
_PROTOCOL = "Maximum likelihood on accumulating data, T = 1, 10, 100; n = 20, 50, 100 and, further out, 1000; "
_LABELS = tuple(f"n = {n}, T = {t}" for n in SAMPLES for t in TIMES)


def _flat(estimate, truth: float):
    """``sqrt(n)`` times the absolute error, for every sample size and horizon."""

    def experiment(key):
        errors = [jnp.sqrt(n) * jnp.abs(estimate(key, n)[TIMES - 1] - truth) for n in SAMPLES]
        return jnp.concatenate(errors)

    return experiment


def _family(model):
    return lambda key, n: simulate(model(), Accumulate(), key=key, samples=n, generations=GENERATIONS).estimate


def _gaussian_mean(key, n):
    return simulate(Gaussian(ddof=0), Accumulate(), key=key, samples=n, generations=GENERATIONS).mean


def _asymptote() -> Float[Array, " cells"]:
    """Mean of a half normal with the accumulated variance: the limit of large n, for unit Fisher information."""
    inflation = workflows.inflation(Accumulate(), generations=GENERATIONS)[TIMES - 1]
    return jnp.tile(jnp.sqrt(2 / jnp.pi * inflation), len(SAMPLES))


def _flat_claim(name: str, family: str, estimate, constant: float) -> Claim:
    allowance = np.repeat([constant / n for n in SAMPLES], len(TIMES))
    return Claim(
        name=name,
        statement=f"For the {family} the error of iterative maximum likelihood times √n is flat in n and bounded in T.",
        theory=_asymptote,
        experiment=estimate,
        relation=Asymptotic(allowance=allowance, tolerance=0.015),
        reference=REFERENCE,
        formula="√n E|θ⁽ᵀ⁾ − θ*| → √(2/π · Σ_{g≤T} 1/g²) ≤ 1.024",
        protocol=_PROTOCOL + f"{family}.",
        labels=_LABELS,
        quantity="√n E|θ⁽ᵀ⁾ − θ*|",
    )


def _inflation_theory() -> Float[Array, " cells"]:
    """Exact second moments of the mean of an exponential distribution, whose variance function is its square."""
    curves = [
        n * exponential_family.variance_accumulate(variance=1.0, curvature=1.0, samples=n, generations=GENERATIONS)
        for n in SAMPLES[:3]
    ]
    return jnp.concatenate([curve[TIMES - 1] for curve in curves])


def _inflation(key) -> Float[Array, " cells"]:
    """``n`` times the squared error of an exponential mean."""
    errors = []
    for n in SAMPLES[:3]:
        run = simulate(Exponential(1.0), Accumulate(), key=key, samples=n, generations=GENERATIONS)
        errors.append(n * run.squared_error[TIMES - 1])
    return jnp.concatenate(errors)


_SCALES, _SCALE_TIMES, _SCALE_SAMPLES = (0.1, 1.0), np.array([1, 10, 100]), 20


def _equivariance_theory() -> Float[Array, " cells"]:
    """``1/theta`` is the mean of an exponential variable, whose relative error forgets its scale."""
    curve = exponential_family.variance_accumulate(
        variance=1.0, curvature=1.0, samples=_SCALE_SAMPLES, generations=GENERATIONS
    )
    return jnp.tile(curve[_SCALE_TIMES - 1], len(_SCALES))


def _equivariance(key) -> Float[Array, " cells"]:
    """Squared relative error of ``1/theta`` for true shapes of different size, with randomness of their own."""
    errors = []
    for i, scale in enumerate(_SCALES):
        own = jax.random.fold_in(key, i)
        run = simulate(Beta(scale), Accumulate(), key=own, samples=_SCALE_SAMPLES, generations=GENERATIONS)
        errors.append((scale / run.estimate[_SCALE_TIMES - 1] - 1) ** 2)
    return jnp.concatenate(errors)


CLAIMS = (
    _flat_claim("barzilai-flat-gaussian", "mean of a Gaussian", _flat(_gaussian_mean, 0.0), 1.0),
    _flat_claim("barzilai-flat-exponential", "exponential distribution", _flat(_family(Exponential), 1.0), 1.0),
    _flat_claim("barzilai-flat-beta", "Beta(θ, 1) distribution", _flat(_family(Beta), 1.0), 2.0),
    Claim(
        name="barzilai-inflation",
        statement="Accumulation inflates the squared error of the first fit by Σ 1/g², less than π²/6, up to O(1/n).",
        theory=_inflation_theory,
        experiment=_inflation,
        relation=Equal(tolerance=0.025),
        reference=REFERENCE,
        formula="n E(θ⁽ᵀ⁾ − θ)²/θ² = n [∏_{g≤T} (1 + 1/(n g²)) − 1] → Σ_{g≤T} 1/g² (exact for the exponential mean)",
        protocol="Maximum likelihood on accumulating data, n = 20, 50, 100; mean of an exponential distribution.",
        labels=_LABELS[: 3 * len(TIMES)],
        quantity="n E(θ⁽ᵀ⁾ − θ)²/θ²",
    ),
    Claim(
        name="barzilai-scale-equivariance",
        statement="For Beta(θ, 1) the relative error does not depend on θ: no true parameter is harder than another.",
        theory=_equivariance_theory,
        experiment=_equivariance,
        relation=Equal(tolerance=0.025),
        reference=REFERENCE,
        formula="E(θ/θ⁽ᵀ⁾ − 1)² = ∏_{g≤T} (1 + 1/(n g²)) − 1 for every θ",
        protocol="Maximum likelihood on accumulating data from Beta(θ, 1), n = 20, T = 1, 10, 100, θ = 0.1 and 1.",
        labels=tuple(f"θ = {scale:g}, T = {t}" for scale in _SCALES for t in _SCALE_TIMES),
        quantity="E(θ/θ⁽ᵀ⁾ − 1)²",
    ),
)
