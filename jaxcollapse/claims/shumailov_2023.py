"""Shumailov et al. 2023: Gaussians fitted to their own samples lose their variance and wander off.

The paper bounds the distance to the truth and states its leading term; the exact values below are derived here. Sizes
are ours.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.event import first_time
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.gaussian.multivariate import MultivariateGaussian
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import gaussian
from jaxcollapse.theory.papers import SHUMAILOV_2023 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Equal, Probability

_claim = partial(Claim, reference=REFERENCE)
_CHAIN = shared(samples=100, generations=10)
_AXIS, _SOME = generation_axis(10), np.array([1, 3, 10])
_PROTOCOL = "Gaussian with unknown mean and variance, unbiased variance, n = 100, replace."


def _chain(key):
    return simulate(Gaussian(ddof=1), Replace(), key=key, **_CHAIN)


def _wasserstein(key):
    """Squared Wasserstein-2 distance to the truth."""
    chain = _chain(key)
    return chain.squared_error + (jnp.exp(0.5 * chain.log_variance) - 1) ** 2


def _divergence(key):
    """KL(fit || truth) at some generations, and then KL(truth || fit)."""
    chain = _chain(key)
    to_truth = chain.variance + chain.squared_error - 1 - chain.log_variance
    from_truth = (1 + chain.squared_error) / chain.variance - 1 + chain.log_variance
    return 0.5 * jnp.concatenate([to_truth[_SOME - 1], from_truth[_SOME - 1]])


def _divergence_theory():
    curves = gaussian.kl_to_truth(**_CHAIN, ddof=1), gaussian.kl_from_truth(**_CHAIN, ddof=1)
    return jnp.concatenate([curve[_SOME - 1] for curve in curves])


_COVARIANCE = np.array([[2.0, 0.6, 0.0], [0.6, 1.0, 0.3], [0.0, 0.3, 0.5]])
_MANY = shared(samples=40, generations=5)


def _many(key):
    return simulate(MultivariateGaussian(_COVARIANCE, ddof=1), Replace(), key=key, **_MANY)


def _traces(key):
    """Squared Frobenius norm of the fitted covariance, and its squared trace."""
    covariance = jax.vmap(lambda fit: fit.covariance)(_many(key).params)
    return jnp.concatenate([jnp.sum(covariance**2, axis=(1, 2)), jnp.trace(covariance, axis1=1, axis2=2) ** 2])


def _log_determinant(key):
    return _many(key).log_determinant - np.linalg.slogdet(_COVARIANCE)[1]


_PLANE = shared(samples=10, generations=200)
_HALF = _PLANE["generations"] // 2


def _exponents(key):
    """The rates at which both log eigenvalues fall, over the second half: the larger one is the trace by then."""
    run = simulate(MultivariateGaussian(np.eye(2), ddof=1), Replace(), key=key, **_PLANE)
    larger = jnp.log(run.trace)
    fall = jnp.stack([larger, run.log_determinant - larger])
    return (fall[:, -1] - fall[:, _HALF - 1]) / _HALF


_LEVEL = 0.05
_TIMES = np.array([100, 150, 200, 300])


def _fallen(key):
    """Whether the variance has been below a twentieth, at each time."""
    chain = simulate(Gaussian(ddof=1), Replace(), key=key, samples=100, generations=int(_TIMES[-1]))
    lowest = jax.lax.cummin(chain.log_variance)
    return lowest[_TIMES - 1] <= jnp.log(_LEVEL)


_STEPS, _HORIZON = shared(samples=100, ddof=1), 4000  # by then all but one chain in 20,000 have passed


def _passage(key):
    """How far the log variance has fallen when it first is below a twentieth, in units of the drift of one step.

    Its mean is that of the time, by Wald's identity, and it scatters little where the time does much.
    """
    chain = simulate(Gaussian(ddof=1), Replace(), key=key, samples=_STEPS["samples"], generations=_HORIZON)
    passed = first_time(chain.log_variance <= jnp.log(_LEVEL))
    return chain.log_variance[passed.time - 1] / gaussian.log_variance_mean(**_STEPS, generations=1)[0]


TOUR = "shumailov-wasserstein"
CLAIMS = (
    _claim(
        name="shumailov-wasserstein",
        statement="The squared Wasserstein distance to the truth grows linearly, by 3/(2n) a generation at first.",
        theory=lambda: gaussian.wasserstein(**_CHAIN, ddof=1),
        experiment=_wasserstein,
        relation=Equal(),
        formula="E W₂² = g/n + 2(1 − c₄^g), c₄ = √(2/(n − 1)) Γ(n/2)/Γ((n − 1)/2)",
        protocol=_PROTOCOL,
        axis=_AXIS,
        quantity="squared Wasserstein-2 distance",
    ),
    _claim(
        name="shumailov-divergence",
        statement="The divergence of the fit from the truth grows linearly, that of the truth from the fit faster.",
        theory=_divergence_theory,
        experiment=_divergence,
        relation=Equal(),
        formula=(
            "2 E KL(fit‖truth) = g/n − g(ψ(ν/2) + ln(2/ν)), 2 E KL(truth‖fit) = κ^g + Σ_{j≤g} κ^j/n − 1 + "
            "g(ψ(ν/2) + ln(2/ν)), ν = n − 1, κ = ν/(ν − 2)"
        ),
        protocol=_PROTOCOL,
        labels=tuple(f"{name}, g = {g}" for name in ("KL(fit‖truth)", "KL(truth‖fit)") for g in _SOME),
        quantity="Kullback-Leibler divergence",
    ),
    _claim(
        name="shumailov-covariance",
        statement="The mean of the fitted covariance stays, while its second moments grow geometrically.",
        theory=lambda: jnp.concatenate(gaussian.trace_moments(_COVARIANCE, **_MANY)),
        experiment=_traces,
        relation=Equal(),
        formula=(
            "E tr S² = (2a + b)/3 (1 + 2/ν)^g + (a − b)/3 (1 − 1/ν)^g, E (tr S)² with −2(a − b)/3, "
            "a = tr Σ², b = (tr Σ)²"
        ),
        protocol="Gaussian in three dimensions with correlations, unbiased covariance, n = 40, replace.",
        labels=tuple(f"{name}, g = {g}" for name in ("E tr S²", "E (tr S)²") for g in range(1, 6)),
        quantity="E tr S² and E (tr S)²",
    ),
    _claim(
        name="shumailov-determinant",
        statement="The log determinant of the covariance falls linearly: the distribution collapses almost surely.",
        theory=lambda: gaussian.log_determinant_mean(dim=3, **_MANY),
        experiment=_log_determinant,
        relation=Equal(),
        formula="E log |S|/|Σ| = g Σ_{i<d} [ψ((ν − i)/2) + ln(2/ν)]",
        protocol="Gaussian in three dimensions with correlations, unbiased covariance, n = 40, replace.",
        axis=generation_axis(5),
        quantity="log |S|/|Σ|",
    ),
    _claim(
        name="shumailov-exponents",
        statement="A covariance collapses at a different rate in each direction: first to a line, then to a point.",
        theory=lambda: gaussian.lyapunov_exponents(dim=2, samples=_PLANE["samples"]),
        experiment=_exponents,
        relation=Asymptotic(allowance=0.005),
        formula="log λ_i/g → ψ((ν − i)/2) + ln(2/ν), i = 0, 1",
        protocol="Gaussian in two dimensions, unbiased covariance, n = 10, replace; generations 100 to 200.",
        labels=("larger eigenvalue", "smaller eigenvalue"),
        quantity="log eigenvalue per generation",
    ),
    _claim(
        name="shumailov-passage",
        statement="The time at which the variance first falls below a level has an inverse Gaussian law.",
        theory=lambda: gaussian.first_passage_cdf(_TIMES, threshold=_LEVEL, samples=100, ddof=1),
        experiment=_fallen,
        relation=Probability(tolerance=0.03),
        formula="Φ((δg − a)/√(vg)) + e^{2δa/v} Φ(−(δg + a)/√(vg)), a = ln(1/ε) + 0.58 √v, δ = −E log G, v = Var log G",
        protocol="Gaussian with unknown mean and variance, unbiased variance, n = 100, replace; ε = 0.05.",
        axis=generation_axis(_TIMES),
        quantity="P(σ̂² ≤ 0.05 by g)",
    ),
    _claim(
        name="shumailov-determinant-spread",
        statement="Around its mean the log determinant scatters with a variance that grows linearly too.",
        theory=lambda: gaussian.log_determinant_variance(dim=3, **_MANY),
        experiment=lambda key: (_log_determinant(key) - gaussian.log_determinant_mean(dim=3, **_MANY)) ** 2,
        relation=Equal(tolerance=0.02),
        formula="Var log |S| = g Σ_{i<d} ψ₁((ν − i)/2)",
        protocol="Gaussian in three dimensions with correlations, unbiased covariance, n = 40, replace.",
        axis=generation_axis(5),
        quantity="variance of log |S|",
    ),
    _claim(
        name="shumailov-passage-time",
        statement="The time until the variance first falls below a level is about three times n.",
        theory=lambda: gaussian.first_passage(_LEVEL, **_STEPS).mean,
        experiment=_passage,
        relation=Asymptotic(allowance=0.004),
        formula="E T = a/δ, a = ln(1/ε) + 0.58 √v, δ = −E log G, v = Var log G; E log(1/X_T) = δ E T exactly",
        protocol="Gaussian with unknown mean and variance, unbiased variance, n = 100, replace; ε = 0.05.",
        quantity="log(1/σ̂²)/δ at the first σ̂² ≤ 0.05",
        first_look=1024,
    ),
)
