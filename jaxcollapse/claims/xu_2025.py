"""Xu, He and Cheng 2025: recursive estimation as a random walk.

Their iteration ``t`` is our generation ``g = t``: the first fit is to real data. Figure 3 of the paper: a Gaussian
with unknown mean and variance, ``n = 100``, ``T = 100, ..., 500``, 10,000 replications, unbiased variance.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse import datasets
from jaxcollapse._precision import untraced, x64_enabled
from jaxcollapse.claim import Axis, Claim, Numbers, Reference
from jaxcollapse.data import WeightedSum
from jaxcollapse.features import Table
from jaxcollapse.model import Model
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.gaussian import Gaussian, MultivariateGaussian
from jaxcollapse.models.generalised_linear import LogisticRegression, TableSums
from jaxcollapse.models.tilted_gaussian import TiltedGaussian
from jaxcollapse.relation import Asymptotic, AtMost, Equal, Probability
from jaxcollapse.schedule import polynomial
from jaxcollapse.simulate import simulate
from jaxcollapse.theory import design, estimated_risk, gaussian, random_walk, workflows
from jaxcollapse.theory.spectrum import Spectrum
from jaxcollapse.workflow import Accumulate, Replace, Workflow

REFERENCE = Reference(
    key="xu2025",
    authors="Shirong Xu, Hengzhi He and Guang Cheng",
    title="A Probabilistic Perspective on Model Collapse",
    year=2025,
    arxiv="2505.13947",
)
SAMPLES, HORIZONS, REPLICATIONS = 100, (100, 200, 300, 400, 500), 10_000
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
            exact: dict[str, Any] = dict(samples=SAMPLES, generations=horizon, ddof=ddof)
            many: dict[str, Any] = dict(replications=REPLICATIONS, **exact)
            largest = [gaussian.maximum_quantile(p, **many) for p in _MAXIMUM_LEVELS]
            probability, risk = gaussian.variance_cdf(0.05, **exact), gaussian.variance_risk(**exact)[-1]
            typical = estimated_risk.estimated_risk_quantile(0.5, **many)
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
    with jax.ensure_compile_time_eval():
        quantiles = [gaussian.maximum_quantile(p, replications=REPLICATIONS, **exact, ddof=1) for p in _MAXIMUM_LEVELS]
        log_quantiles = jnp.log(jnp.stack(quantiles))
    run = simulate(TiltedGaussian(Gaussian(ddof=1), power=3.0), Replace(), key=key, **exact)
    return jnp.where(run.log_variance[-1] > log_quantiles, jnp.exp(run.log_weight[-1]), 0.0)


_ESTIMATES = 9  # of the risk, whose median is one replication


def _expected_median() -> Float[Array, ""]:
    """The mean of the median of nine estimates of the risk, from the law of one: ``int P(median > x) dx``."""
    exact = dict(replications=REPLICATIONS, samples=SAMPLES, generations=_MAXIMUM_HORIZON, ddof=1)
    x = jnp.linspace(0.0, 20.0, 201)
    single = jax.lax.map(lambda x: estimated_risk.estimated_risk_cdf(x, **exact), x[1:])
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


_BEAT_TIMES = np.array([2, 5, 10, 20])


def _beats(dim: int, workflow: Workflow, samples):
    """Whether the estimate at each time is closer to the truth than the fit to real data."""

    def experiment(key):
        model = NormalMean(jnp.zeros(dim))
        errors = simulate(model, workflow, key=key, samples=samples, generations=_BEAT_TIMES[-1]).squared_error
        return errors[_BEAT_TIMES - 1] < errors[0]

    return experiment


def _beat_probability(dim: int, workflow: Workflow, samples) -> Float[Array, " times"]:
    """From the drift after the first fit, in units of the variance of that fit."""
    sizes = samples(jnp.arange(1.0, _BEAT_TIMES[-1] + 1))
    drift = workflows.inflation(workflow, generations=_BEAT_TIMES[-1], samples=sizes) - 1
    return random_walk.improvement_probability(ratio=jnp.sqrt(drift[_BEAT_TIMES - 1]), dim=dim)


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


class BiasedMean(Model):
    """A sample mean with a bias of ``0.5 / sqrt(n)``: an estimator of bias order 1/2."""

    mean: NormalMean

    @property
    def exact(self) -> bool:
        """Sums are drawn, not rows."""
        return self.mean.exact

    def truth(self):
        """The true mean."""
        return self.mean.truth()

    def metrics(self, params):
        """The estimate and its squared error."""
        return self.mean.metrics(params)

    def sample(self, key, params, n):
        """The sum of `n` rows."""
        return self.mean.sample(key, params, n)

    def fit(self, data, **context):
        """The sample mean plus its bias."""
        assert isinstance(data, WeightedSum)
        return self.mean.fit(data) + _OFFSET / jnp.sqrt(data.weight)


_OFFSET = 0.5


def _biased_walk(growth: float):
    """The same with the bias."""

    def experiment(key):
        sizes = polynomial(_SCALE, 1 + growth)
        run = simulate(BiasedMean(NormalMean(0.0)), Replace(), key=key, samples=sizes, generations=_WALK_GENERATIONS)
        return run.squared_error[_WALK_TIMES - 1]

    return experiment


def _beat_claim(name: str, statement: str, dim: int, workflow: Workflow, power: float, **fields) -> Claim:
    samples = polynomial(float(SAMPLES), power)
    return Claim(
        name=name,
        statement=statement,
        theory=lambda: _beat_probability(dim, workflow, samples),
        experiment=_beats(dim, workflow, samples),
        relation=Probability(tolerance=0.025),
        reference=REFERENCE,
        axis=Axis("generation g", _BEAT_TIMES),
        quantity="P(synthetic beats real-only)",
        **fields,
    )


_LATE: dict[str, Any] = dict(samples=SAMPLES, generations=HORIZONS[-1])


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
    exact: dict[str, Any] = dict(replications=_PLAIN_CHAINS, ddof=1, **_LATE)
    return estimated_risk.estimated_risk_cdf(_SHORTFALL * gaussian.variance_risk(**_LATE, ddof=1)[-1], **exact)


_SMALL: dict[str, Any] = dict(samples=10, generations=50)
_SMALL_TIMES = np.array([2, 5, 10, 50])


def _beats_with_estimated_variance(key):
    errors = simulate(Gaussian(ddof=1), Replace(), key=key, **_SMALL).squared_error
    return errors[_SMALL_TIMES - 1] < errors[0]


_VARIANCES = np.array([4.0, 1.0, 0.25])


def _beats_in_the_euclidean_norm(key):
    """The same for a mean whose coordinates have different variances."""
    walk = simulate(NormalMean(jnp.zeros(3)), Replace(), key=key, samples=SAMPLES, generations=int(_BEAT_TIMES[-1]))
    errors = walk.estimate**2 @ _VARIANCES
    return errors[_BEAT_TIMES - 1] < errors[0]


def _euclidean_theory():
    ratios = random_walk.drift_ratio(jnp.full(_BEAT_TIMES[-1], float(SAMPLES)))[_BEAT_TIMES - 1]
    return jnp.stack([random_walk.euclidean_improvement_probability(_VARIANCES, ratio=ratio) for ratio in ratios])


def _beats_other_data(key):
    """Whether the estimate is closer to the truth than a fit to real data that the chain has not seen."""
    chain_key, other_key = jax.random.split(key)
    sizes = dict(samples=SAMPLES, generations=int(_BEAT_TIMES[-1]))
    errors = simulate(NormalMean(jnp.zeros(3)), Accumulate(), key=chain_key, **sizes).squared_error
    other = simulate(NormalMean(jnp.zeros(3)), Replace(), key=other_key, samples=SAMPLES, generations=1).squared_error
    return errors[_BEAT_TIMES - 1] < other[0]


def _other_data_theory():
    inflation = workflows.inflation(Accumulate(), generations=_BEAT_TIMES[-1])[_BEAT_TIMES - 1]
    return random_walk.independent_improvement_probability(ratio=jnp.sqrt(inflation), dim=3)


_BUDGET, _BUDGET_GENERATIONS = 4000.0, 20


def _spent(key):
    """The error of all generations together, with equal sizes and with the best ones."""

    def total(sizes):
        run = simulate(NormalMean(0.0), Replace(), key=key, samples=sizes, generations=_BUDGET_GENERATIONS)
        return run.squared_error.sum()

    equal = jnp.full(_BUDGET_GENERATIONS, _BUDGET / _BUDGET_GENERATIONS)
    best = design.allocation(budget=_BUDGET, generations=_BUDGET_GENERATIONS, objective="sum")
    return jnp.stack([total(equal), total(best)])


def _spent_theory():
    heirs = jnp.arange(1.0, _BUDGET_GENERATIONS + 1)
    return jnp.stack([_BUDGET_GENERATIONS * heirs.sum(), jnp.sqrt(heirs).sum() ** 2]) / _BUDGET


# Recursive training on real tables.
_TABLE_GENERATIONS, _TABLE_TIMES = 10, np.array([3, 10])
TABLE_SAMPLES = 50.0
POWERS = {"constant": 0.0, "linear": 1.0, "superlinear": 2.0}  # n_t = 50 t^power
_WINE_COLUMNS = [0, 1, 9, 12]  # alcohol, malic acid, colour intensity, proline
_TUMOUR_COLUMNS = [1, 8]  # texture, symmetry
TUMOURS, _TUMOUR_TIMES = 569, np.array([2, 3, 5])
LABELLED = 4 * TUMOURS  # four labels of each


def table_sizes(scale: float, power: float, generations: int) -> Float[Array, " generations"]:
    """``scale * t^power`` samples at generation ``t``."""
    return polynomial(scale, power)(jnp.arange(1.0, generations + 1))


def wine_covariance() -> Float[np.ndarray, "dim dim"]:
    """Of four standardised columns."""
    return np.cov(datasets.wine()[0][:, _WINE_COLUMNS].T, ddof=0)


def wine_error(key, sizes: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """Squared error of the mean of a Gaussian with that covariance, which is unknown."""
    model = MultivariateGaussian(wine_covariance(), ddof=1)
    return simulate(model, Replace(), key=key, samples=sizes, generations=len(sizes)).squared_error


def wine_theory(sizes: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """A walk whose steps have the covariance of the wines over the size of the sample."""
    return np.trace(wine_covariance()) * random_walk.drift_variance(sizes)


def _wine(key):
    """At some times, for each schedule, with the same random numbers."""
    sizes = jnp.stack([table_sizes(TABLE_SAMPLES, power, _TABLE_GENERATIONS) for power in POWERS.values()])
    return jax.lax.map(lambda n: wine_error(key, n)[_TABLE_TIMES - 1], sizes).ravel()


def _wine_theory():
    sizes = (table_sizes(TABLE_SAMPLES, power, _TABLE_GENERATIONS) for power in POWERS.values())
    return jnp.concatenate([wine_theory(n)[_TABLE_TIMES - 1] for n in sizes])


def tumours() -> LogisticRegression:
    """Of malignancy on two columns of a table and an intercept; the truth is the fit to the real labels."""
    return _on_tumours(_real_fit(x64_enabled()))


def _on_tumours(coefficients=None) -> LogisticRegression:
    rows = Table(datasets.breast_cancer()[0][:, _TUMOUR_COLUMNS], intercept=True)
    return LogisticRegression(Spectrum.from_eigenvalues(rows.eigenvalues, coefficients), features=rows, design="fixed")


@functools.cache
def _real_fit(double: bool) -> Float[np.ndarray, " dim"]:
    """In the precision of the thread, which is what `double` tells apart."""
    labels = datasets.breast_cancer()[1]
    return np.asarray(untraced(lambda: _on_tumours().fit(TableSums(jnp.ones(TUMOURS), jnp.asarray(labels)))))


def tumour_risk(key, sizes: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """Distance from the fit to real labels, which is generation 1: the others have labels of their own."""
    model = tumours()
    return simulate(model, Replace(), key=key, samples=sizes, generations=len(sizes), first=model.truth()).risk


def tumour_theory(sizes: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """To first order: each step but the first adds one unit for every coefficient, over the size of its sample."""
    return tumours().spectrum.dim * (random_walk.drift_variance(sizes) - 1 / sizes[0])


def _tumour_bound():
    limit = random_walk.drift_limit(scale=LABELLED, growth=1.0) - 1 / LABELLED
    return jnp.full(len(_TUMOUR_TIMES), tumours().spectrum.dim * limit)


CLAIMS = (
    Claim(
        name="xu-figure-3-probability",
        statement="The variance of a Gaussian chain falls to a twentieth with the probability of the exact law.",
        theory=lambda: jnp.stack(
            [gaussian.variance_cdf(0.05, samples=SAMPLES, generations=t, ddof=1) for t in HORIZONS]
        ),
        experiment=_collapsed,
        relation=Probability(tolerance=np.array([0.07, 0.03, 0.02, 0.015, 0.015])),
        reference=REFERENCE,
        formula="P(∏_{t≤T} χ²_{n−1}/(n−1) ≤ 0.05), by saddle-point contour inversion",
        protocol=_FIGURE_3 + "T = 100, ..., 500.",
        axis=Axis("generation T", np.array(HORIZONS)),
        quantity="P(σ̂²_T ≤ 0.05)",
        first_look=65536,
        numbers=_figure_3,
    ),
    Claim(
        name="xu-figure-3-maximum",
        statement="The largest variance among 10,000 chains has the quantiles of the exact law.",
        theory=lambda: jnp.array([-jnp.expm1(jnp.log(p) / REPLICATIONS) for p in _MAXIMUM_LEVELS]),
        experiment=_exceedance,
        relation=Equal(tolerance=0.03),
        reference=REFERENCE,
        formula="P(σ̂²_T > x_q) = 1 − q^(1/10000) at the q-quantile x_q of the maximum of 10,000 chains",
        protocol=_FIGURE_3 + "T = 100; rare events by exact exponential tilting.",
        labels=tuple(f"{p:.0%} quantile" for p in _MAXIMUM_LEVELS),
        quantity="P(σ̂²_T > quantile of the maximum)",
    ),
    Claim(
        name="xu-figure-3-risk",
        statement="The risk as 10,000 chains estimate it typically falls short; its median is that of the exact law.",
        theory=_expected_median,
        experiment=_median_estimate,
        relation=Equal(tolerance=0.03),
        reference=REFERENCE,
        formula="median 5.83 of the mean of 10,000 (X_T − 1)², X_T = ∏ χ²_{n−1}/(n−1); E (X_T − 1)² = 6.39",
        protocol=_FIGURE_3
        + "T = 100, 10,000 chains an estimate; the median of nine estimates, against its expectation.",
        quantity="median of the estimated risk",
        first_look=384,
    ),
    _beat_claim(
        "xu-improvement-replace",
        "Under replacement the chance to beat the fit to real data decays like one over the square root of time.",
        dim=1,
        workflow=Replace(),
        power=0.0,
        formula="P = arctan(2 s₁/s₂)/π with s₂²/s₁² = Σ_{2≤t≤g} n₁/n_t = g − 1",
        protocol="Mean of a Gaussian with known variance, n = 100, replace.",
    ),
    _beat_claim(
        "xu-improvement-superlinear",
        "With quadratically growing samples the chance to beat the fit to real data stays above 0.378.",
        dim=1,
        workflow=Replace(),
        power=2.0,
        formula="P = arctan(2 s₁/s₂)/π → arctan(2/√(π²/6 − 1))/π = 0.3785",
        protocol="Mean of a Gaussian with known variance, n_t = 100 t², replace.",
    ),
    _beat_claim(
        "xu-improvement-10d",
        "In ten dimensions accumulated synthetic data beats real data alone in one case of nine.",
        dim=10,
        workflow=Accumulate(),
        power=0.0,
        formula="P = P(t_p > √p s₂/(2 s₁)), t_p Student with p degrees of freedom, s₂²/s₁² = Σ_{2≤t≤g} 1/t²",
        protocol="Mean of a Gaussian with known covariance in p = 10 dimensions, n = 100, accumulate.",
    ),
    Claim(
        name="xu-improvement-estimated",
        statement="If the variance is estimated too, it collapses and spares the mean: the chance to win falls slower.",
        theory=lambda: random_walk.estimated_improvement_probability(**_SMALL, ddof=1)[_SMALL_TIMES - 1],
        experiment=_beats_with_estimated_variance,
        relation=Probability(tolerance=0.02),
        reference=REFERENCE,
        formula="P = E arctan(2 s₁/s₂)/π over the law of s₂² = Σ_{2≤t≤g} σ̂²_{t−1}/n",
        protocol="Gaussian with unknown mean and variance, unbiased variance, n = 10, replace.",
        axis=Axis("generation g", _SMALL_TIMES),
        quantity="P(synthetic beats real-only)",
    ),
    Claim(
        name="xu-improvement-euclidean",
        statement="In the Euclidean norm the chance to win depends on the spectrum of the Fisher information.",
        theory=_euclidean_theory,
        experiment=_beats_in_the_euclidean_norm,
        relation=Probability(tolerance=0.025),
        reference=REFERENCE,
        formula="P(Σ_j λ_j (a₊ u_j² + a₋ v_j²) < 0), a± = s₂²/2 ± √(s₂⁴/4 + s₁² s₂²), u, v normal; by Imhof's integral",
        protocol="Mean of a Gaussian with known variances 4, 1 and 0.25, n = 100, replace.",
        axis=Axis("generation g", _BEAT_TIMES),
        quantity="P(synthetic beats real-only)",
    ),
    Claim(
        name="xu-improvement-other",
        statement="Against real data that the chain has not seen, accumulated synthetic data wins more often.",
        theory=_other_data_theory,
        experiment=_beats_other_data,
        relation=Probability(tolerance=0.02),
        reference=REFERENCE,
        formula="P = P(F_{p,p} < b²/a²), a²/b² = Σ_{t≤g} 1/t²",
        protocol="Mean of a Gaussian with known covariance in p = 3 dimensions, n = 100, accumulate.",
        axis=Axis("generation g", _BEAT_TIMES),
        quantity="P(synthetic beats real-only)",
    ),
    Claim(
        name="xu-tilted-moment",
        statement="Chains that are drawn where the variance is large find the second moment that plain ones miss.",
        theory=lambda: jnp.exp(gaussian.log_mellin(2.0, **_LATE, ddof=1)),
        experiment=_tilted,
        relation=Equal(),
        reference=REFERENCE,
        formula="E X_T² = (1 + 2/(n − 1))^T as the mean of e^{K(s)} X_T^{2−s} in chains of χ²_{n−1+2s}, s = 1.8",
        protocol=_FIGURE_3 + "T = 500; importance sampling by exact exponential tilting.",
        quantity="E X_T²",
    ),
    Claim(
        name="xu-plain-moment",
        statement="A plain estimate of the risk is nearly always below a tenth of it, and the law of that is known.",
        theory=_plain_theory,
        experiment=_plain,
        relation=Probability(tolerance=0.01),
        reference=REFERENCE,
        formula="P(mean of 100 (X_T − 1)² ≤ 0.1 E (X_T − 1)²), from the characteristic function",
        protocol=_FIGURE_3 + "T = 500; the mean of 100 plain chains.",
        quantity="P(estimate ≤ a tenth of the risk)",
        first_look=512,
    ),
    Claim(
        name="xu-linear-schedule",
        statement="With linearly growing samples the error of a mean grows without bound, like a harmonic sum.",
        theory=lambda: random_walk.drift_variance(_sizes(0.0))[_WALK_TIMES - 1],
        experiment=_walk(0.0),
        relation=Equal(),
        reference=REFERENCE,
        formula="E(θ_T − θ)² = σ² Σ_{t≤T} 1/n_t = σ² H_T / c",
        protocol="Mean of a Gaussian with known variance, n_t = 2t, replace.",
        axis=Axis("generation T", _WALK_TIMES),
        quantity="squared error",
    ),
    Claim(
        name="xu-superlinear-schedule",
        statement="With superlinearly growing samples the error of a mean stays below a zeta value.",
        theory=lambda: jnp.full(len(_WALK_TIMES), random_walk.drift_limit(scale=_SCALE, growth=1.0)),
        experiment=_walk(1.0),
        relation=AtMost(),
        reference=REFERENCE,
        formula="E(θ_T − θ)² ≤ σ² ζ(1 + s) / c",
        protocol="Mean of a Gaussian with known variance, n_t = 2t² (s = 1), replace.",
        axis=Axis("generation T", _WALK_TIMES),
        quantity="squared error",
    ),
    Claim(
        name="xu-biased-slow",
        statement="With a bias of order n^(-1/2), samples growing like t^1.5 are not enough: the error diverges.",
        theory=lambda: random_walk.mean_square_error(_sizes(0.5), coefficient=_OFFSET, order=0.5)[_WALK_TIMES - 1],
        experiment=_biased_walk(0.5),
        relation=Equal(),
        reference=REFERENCE,
        formula="E(θ_T − θ)² = (Σ B n_t^(−1/2))² + σ² Σ 1/n_t, divergent for s ≤ 1/κ − 1 = 1",
        protocol="Gaussian mean plus 0.5/√n, n_t = 2 t^1.5 (s = 0.5), replace.",
        axis=Axis("generation T", _WALK_TIMES),
        quantity="squared error",
    ),
    Claim(
        name="xu-biased-fast",
        statement="With a bias of order n^(-1/2), samples growing like t^3.5 keep the error below its finite limit.",
        theory=lambda: jnp.full(
            len(_WALK_TIMES),
            random_walk.bias_limit(scale=_SCALE, growth=2.5, coefficient=_OFFSET, order=0.5) ** 2
            + random_walk.drift_limit(scale=_SCALE, growth=2.5),
        ),
        experiment=_biased_walk(2.5),
        relation=AtMost(),
        reference=REFERENCE,
        formula="E(θ_T − θ)² ≤ B² ζ(κ(1+s))²/c + σ² ζ(1+s)/c, finite for s > 1/κ − 1 = 1",
        protocol="Gaussian mean plus 0.5/√n, n_t = 2 t^3.5 (s = 2.5), replace.",
        axis=Axis("generation T", _WALK_TIMES),
        quantity="squared error",
    ),
    Claim(
        name="xu-budget",
        statement="If all generations count, a budget of samples is best spent on the early ones.",
        theory=_spent_theory,
        experiment=_spent,
        relation=Asymptotic(allowance=0.001),
        reference=REFERENCE,
        formula="Σ_t E(θ_t − θ)² = (Σ_{s≤T} √s)²/N with n_t ∝ √(T − t + 1); T²(T + 1)/(2N) with equal sizes",
        protocol="Mean of a Gaussian with known variance, N = 4,000 samples for T = 20 generations, replace.",
        labels=("equal sizes", "best sizes"),
        quantity="sum of squared errors",
    ),
    Claim(
        name="xu-real-table-gaussian",
        statement="With the covariance of a real table the error of a mean follows the schedule in the same way.",
        theory=_wine_theory,
        experiment=_wine,
        relation=Equal(tolerance=0.02),
        reference=REFERENCE,
        formula="E|μ̂_T − μ|² = tr Σ · Σ_{t≤T} 1/n_t",
        protocol="Gaussian with mean and covariance of four columns of the wine data, unbiased covariance; replace, "
        "n_t = 50, 50 t, 50 t².",
        labels=tuple(f"{name}, T = {time}" for name in POWERS for time in _TABLE_TIMES),
        quantity="squared error",
        first_look=32768,
    ),
    Claim(
        name="xu-real-table-logistic",
        statement="On a real table superlinear samples keep the error of logistic regression below a zeta value.",
        theory=_tumour_bound,
        experiment=lambda key: tumour_risk(key, table_sizes(LABELLED, 2.0, int(_TUMOUR_TIMES[-1])))[_TUMOUR_TIMES - 1],
        relation=AtMost(),
        reference=REFERENCE,
        formula="E (ŵ_T − ŵ₁)′I(ŵ_T − ŵ₁) ≤ d (ζ(2) − 1)/n, I = E p(1 − p) xx′ over the table, d = 3",
        protocol="Malignancy of 569 tumours by texture, symmetry and an intercept; generation 1 is the fit to the real "
        "labels, generation t is fitted to 4 t² synthetic labels of each row, n = 2,276.",
        axis=Axis("generation T", _TUMOUR_TIMES),
        quantity="squared distance from the fit to real labels",
        first_look=4096,
    ),
)
