"""Figure 3: how the variance of a Gaussian collapses, and what replications show of its moments."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.claims.xu_2025.protocol import HORIZONS, REPLICATIONS, SAMPLES, claim
from jaxcollapse.machine.precision import untraced
from jaxcollapse.models.gaussian.tilted import TiltedGaussian
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import gaussian
from jaxcollapse.verification.claim import Axis, Numbers
from jaxcollapse.verification.relation import Equal, Probability

_FIGURE_3 = "Gaussian with unknown mean and variance, unbiased variance, n = 100, replace; "


def _collapsed(key):
    """Whether the fitted variance is at most 0.05, at each horizon."""
    chain = simulate(Gaussian(ddof=1), Replace(), key=key, samples=SAMPLES, generations=HORIZONS[-1])
    return chain.variance[np.array(HORIZONS) - 1] <= 0.05


def _figure_3() -> Numbers:
    """What a reader of the figure wants: exact probabilities, risks, and bands for what 10,000 chains show."""
    rows = []
    for ddof in (1, 0):
        for horizon in HORIZONS:
            exact = shared(samples=SAMPLES, generations=horizon, ddof=ddof)
            many = shared(replications=REPLICATIONS, **exact)
            largest = [gaussian.variance_maximum_quantile(p, **many) for p in _MAXIMUM_LEVELS]
            probability, risk = gaussian.variance_cdf(0.05, **exact), gaussian.variance_risk(**exact)[-1]
            typical = gaussian.estimated_risk_quantile(0.5, **many)
            rows.append((float(ddof), float(horizon), *map(float, (probability, *largest, risk, typical))))
    bands = (f"max {level:.0%}" for level in _MAXIMUM_LEVELS)
    return Numbers(("ddof", "T", "P(X ≤ .05)", *bands, "exact risk", "median estimate"), tuple(rows))


_MAXIMUM_HORIZON, _MAXIMUM_LEVELS = 100, (0.05, 0.5, 0.95)


def _exceedance(key):
    """Weight of the event that the variance exceeds each quantile of the maximum, in a chain tilted towards it.

    With the power chosen so that the tilted chain often exceeds the quantile, the weighted share has a small variance
    where the plain share would need billions of replications.
    """
    exact = dict(samples=SAMPLES, generations=_MAXIMUM_HORIZON)
    quantile = partial(gaussian.variance_maximum_quantile, replications=REPLICATIONS, **exact, ddof=1)
    log_quantiles = untraced(lambda: jnp.log(jnp.stack([quantile(p) for p in _MAXIMUM_LEVELS])))
    run = simulate(TiltedGaussian(Gaussian(ddof=1), power=3.0), Replace(), key=key, **exact)
    return jnp.where(run.log_variance[-1] > log_quantiles, jnp.exp(run.log_weight[-1]), 0.0)


_ESTIMATES = 9  # of the risk, whose median is one replication


def _expected_median() -> Float[Array, ""]:
    """The mean of the median of nine estimates of the risk, from the law of one: ``int P(median > x) dx``."""
    exact = dict(replications=REPLICATIONS, samples=SAMPLES, generations=_MAXIMUM_HORIZON, ddof=1)
    x = jnp.linspace(0.0, 20.0, 201)
    single = jax.lax.map(lambda x: gaussian.estimated_risk_cdf(x, **exact), x[1:])
    middle = (_ESTIMATES + 1) / 2
    above = 1 - jax.scipy.special.betainc(middle, middle, single)
    return jnp.trapezoid(jnp.concatenate([jnp.ones(1), above]), x)


def _median_estimate(key) -> Float[Array, ""]:
    """The median of nine estimates of ``E (X_T - 1)^2``, each from 10,000 chains."""

    def squares(key):
        chain = simulate(Gaussian(ddof=1), Replace(), key=key, samples=SAMPLES, generations=_MAXIMUM_HORIZON)
        return jnp.expm1(chain.log_variance[-1]) ** 2

    def batch(key):
        return jnp.mean(jax.vmap(squares)(jax.random.split(key, 250)))

    batches = jax.lax.map(batch, jax.random.split(key, _ESTIMATES * REPLICATIONS // 250))
    return jnp.median(batches.reshape(_ESTIMATES, -1).mean(axis=1))


_LATE = shared(samples=SAMPLES, generations=HORIZONS[-1])


def _tilted(key):
    """``X_T^2`` with its weight, in chains where it is likely to be large."""
    run = simulate(TiltedGaussian(Gaussian(ddof=1), power=1.8), Replace(), key=key, **_LATE)
    return jnp.exp(run.log_weight[-1] + 2 * run.log_variance[-1])


_PLAIN_CHAINS, _SHORTFALL = 100, 0.1


def _plain(key):
    """Whether the risk as 100 plain chains estimate it is below a tenth of the exact one."""

    def square(key):
        return jnp.expm1(simulate(Gaussian(ddof=1), Replace(), key=key, **_LATE).log_variance[-1]) ** 2

    estimate = jnp.mean(jax.vmap(square)(jax.random.split(key, _PLAIN_CHAINS)))
    return estimate <= _SHORTFALL * gaussian.variance_risk(**_LATE, ddof=1)[-1]


def _plain_theory():
    exact = shared(replications=_PLAIN_CHAINS, ddof=1, **_LATE)
    return gaussian.estimated_risk_cdf(_SHORTFALL * gaussian.variance_risk(**_LATE, ddof=1)[-1], **exact)


_LEVELS = (0.2, 0.5, 0.8)


def _below(key):
    """Whether the variance is below each quantile of its law."""
    sizes = shared(samples=SAMPLES, generations=_MAXIMUM_HORIZON)
    quantiles = untraced(lambda: jnp.stack([gaussian.variance_quantile(p, **sizes, ddof=1) for p in _LEVELS]))
    return simulate(Gaussian(ddof=1), Replace(), key=key, **sizes).variance[-1] <= quantiles


CLAIMS = (
    claim(
        name="xu-figure-3-probability",
        statement="The variance of a Gaussian chain falls to a twentieth with the probability of the exact law.",
        theory=lambda: jnp.stack(
            [gaussian.variance_cdf(0.05, samples=SAMPLES, generations=t, ddof=1) for t in HORIZONS]
        ),
        experiment=_collapsed,
        relation=Probability(tolerance=np.array([0.07, 0.03, 0.02, 0.015, 0.015])),
        formula="P(∏_{t≤T} χ²_{n−1}/(n−1) ≤ 0.05), by saddle-point contour inversion",
        protocol=_FIGURE_3 + "T = 100, ..., 500.",
        axis=Axis("generation T", np.array(HORIZONS)),
        quantity="P(σ̂²_T ≤ 0.05)",
        first_look=65536,
        numbers=_figure_3,
    ),
    claim(
        name="xu-figure-3-maximum",
        statement="The largest variance among 10,000 chains has the quantiles of the exact law.",
        theory=lambda: jnp.array([-jnp.expm1(jnp.log(p) / REPLICATIONS) for p in _MAXIMUM_LEVELS]),
        experiment=_exceedance,
        relation=Equal(tolerance=0.03),
        formula="P(σ̂²_T > x_q) = 1 − q^(1/10000) at the q-quantile x_q of the maximum of 10,000 chains",
        protocol=_FIGURE_3 + "T = 100; rare events by exact exponential tilting.",
        labels=tuple(f"{p:.0%} quantile" for p in _MAXIMUM_LEVELS),
        quantity="P(σ̂²_T > quantile of the maximum)",
    ),
    claim(
        name="xu-figure-3-risk",
        statement="The risk as 10,000 chains estimate it typically falls short; its median is that of the exact law.",
        theory=_expected_median,
        experiment=_median_estimate,
        relation=Equal(tolerance=0.03),
        formula="median 5.83 of the mean of 10,000 (X_T − 1)², X_T = ∏ χ²_{n−1}/(n−1); E (X_T − 1)² = 6.39",
        protocol=_FIGURE_3
        + "T = 100, 10,000 chains an estimate; the median of nine estimates, against its expectation.",
        quantity="median of the estimated risk",
        first_look=256,
    ),
    claim(
        name="xu-tilted-moment",
        statement="Chains that are drawn where the variance is large find the second moment that plain ones miss.",
        theory=lambda: jnp.exp(gaussian.log_mellin(2.0, **_LATE, ddof=1)),
        experiment=_tilted,
        relation=Equal(),
        formula="E X_T² = (1 + 2/(n − 1))^T as the mean of e^{K(s)} X_T^{2−s} in chains of χ²_{n−1+2s}, s = 1.8",
        protocol=_FIGURE_3 + "T = 500; importance sampling by exact exponential tilting.",
        quantity="E X_T²",
    ),
    claim(
        name="xu-plain-moment",
        statement="A plain estimate of the risk is nearly always below a tenth of it, and the law of that is known.",
        theory=_plain_theory,
        experiment=_plain,
        relation=Probability(tolerance=0.01),
        formula="P(mean of 100 (X_T − 1)² ≤ 0.1 E (X_T − 1)²), from the characteristic function",
        protocol=_FIGURE_3 + "T = 500; the mean of 100 plain chains.",
        quantity="P(estimate ≤ a tenth of the risk)",
        first_look=512,
    ),
    claim(
        name="xu-figure-3-quantiles",
        statement="The quantiles of the exact law of the variance are those of its chains.",
        theory=np.array(_LEVELS),
        experiment=_below,
        relation=Probability(tolerance=0.02),
        formula="P(σ̂²_T ≤ x_p) = p at the p-quantile x_p of ∏ χ²_{n−1}/(n−1)",
        protocol=_FIGURE_3 + "T = 100.",
        labels=tuple(f"{p:.0%} quantile" for p in _LEVELS),
        quantity="P(σ̂²_T ≤ quantile)",
    ),
)
