"""The Gaussian chain: its exact law against oracles of its own, the published table, moments and tails."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy import integrate
from scipy.special import digamma, gammaln
from scipy.stats import binomtest, chi2

import jaxcollapse as jc
from jaxcollapse.theory import gaussian

pytestmark = pytest.mark.usefixtures("x64")
HORIZONS = (100, 200, 300, 400, 500)


def cdf(t, ddof=1, x=0.05):
    return float(gaussian.variance_cdf(x, samples=100, generations=t, ddof=ddof))


def test_figure_3_of_the_random_walk_paper():
    np.testing.assert_allclose(
        [cdf(t) for t in HORIZONS], [0.082963, 0.315328, 0.506670, 0.644077, 0.741496], atol=6e-7
    )
    mle = [0.246569, 0.696448, 0.892029, 0.962467, 0.986991]
    np.testing.assert_allclose([cdf(t, ddof=0) for t in HORIZONS], mle, atol=6e-7)
    np.testing.assert_allclose([cdf(300), cdf(500)], [0.5066704904947, 0.7414962140554], rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("t", "band", "median", "risk"),
    [
        (100, (47.1, 80.2, 186), 0.3642, 6.39),
        pytest.param(200, (130, 277, 919), 0.1322, 53.6, marks=pytest.mark.slow),
        pytest.param(300, (225, 568, 2472), 0.0480, 402.5, marks=pytest.mark.slow),
        pytest.param(400, (303, 887, 4856), 0.0174, 2981, marks=pytest.mark.slow),
        pytest.param(500, (350, 1163, 7802), 0.0063, 22033, marks=pytest.mark.slow),
    ],
)
def test_maximum_median_and_risk(t, band, median, risk):
    fixed = dict(samples=100, generations=t, ddof=1)
    got = [float(gaussian.variance_maximum_quantile(p, replications=10_000, **fixed)) for p in (0.05, 0.5, 0.95)]
    np.testing.assert_allclose(got, band, rtol=3e-3)
    np.testing.assert_allclose(gaussian.variance_quantile(0.5, **fixed), median, rtol=8e-3)
    np.testing.assert_allclose(gaussian.variance_risk(**fixed)[-1], risk, rtol=8e-4)


@pytest.mark.parametrize("samples", [2, 3, 4, 10, 100])
@pytest.mark.parametrize("x", [1e-6, 1e-3, 0.3, 0.9, 1.0, 1.3, 3.0, 8.0])
def test_one_generation_is_chi_square(samples, x):
    """Both tails keep their relative accuracy, also where they are tiny."""
    fixed = dict(samples=samples, generations=1, ddof=1)
    law = chi2(samples - 1)
    tiny = 1e-290
    np.testing.assert_allclose(gaussian.variance_cdf(x, **fixed), law.cdf(x * (samples - 1)), rtol=1e-8, atol=tiny)
    np.testing.assert_allclose(gaussian.variance_sf(x, **fixed), law.sf(x * (samples - 1)), rtol=1e-8, atol=tiny)


@pytest.mark.parametrize("x", [0.01, 0.5, 2.0, 20.0])
def test_two_generations_by_quadrature(x):
    """P(c1 c2 / nu^2 <= x) by integrating over the first factor at 30 digits."""
    mpmath.mp.dps = 30
    half = mpmath.mpf(5) / 2

    def density(c):
        return c ** (half - 1) * mpmath.e ** (-c / 2) / (2**half * mpmath.gamma(half))

    def conditional(c):
        return mpmath.gammainc(half, 0, x * 25 / c / 2, regularized=True)

    exact = mpmath.quad(lambda c: density(c) * conditional(c), [0, 1, 5, 20, 60, 200])
    np.testing.assert_allclose(gaussian.variance_cdf(x, samples=6, generations=2, ddof=1), float(exact), rtol=1e-9)


def test_the_law_under_a_growing_sample_and_its_transformations():
    sizes = jnp.array([5.0, 9.0, 30.0])
    x = jnp.linspace(0.1, 4.0, 7)
    mapped = jax.vmap(lambda v: gaussian.variance_cdf(v, samples=sizes, generations=3, ddof=1))(x)
    single = jnp.stack([gaussian.variance_cdf(v, samples=sizes, generations=3, ddof=1) for v in x])
    np.testing.assert_allclose(mapped, single, rtol=1e-12)
    assert (jnp.diff(mapped) > 0).all()
    upper = jax.vmap(lambda v: gaussian.variance_sf(v, samples=sizes, generations=3, ddof=1))(x)
    np.testing.assert_allclose(mapped + upper, 1.0, rtol=1e-9)
    draws = np.prod([chi2(n - 1).rvs(400_000, random_state=i) / (n - 1) for i, n in enumerate((5, 9, 30))], axis=0)
    share = (draws[:, None] <= np.asarray(x)).mean(axis=0)
    assert (np.abs(share - mapped) < 4.5 * np.sqrt(mapped * (1 - mapped) / 400_000)).all()


def test_quantiles_invert_the_law():
    for p in (1e-8, 0.05, 0.5, 0.999):
        x = gaussian.variance_quantile(p, samples=20, generations=30, ddof=1)
        np.testing.assert_allclose(gaussian.variance_cdf(x, samples=20, generations=30, ddof=1), p, rtol=1e-9)


@pytest.mark.slow
def test_moments_follow_from_the_mellin_transform():
    """Two derivations of each number: the product formula and derivatives of K."""
    for ddof in (0, 1):
        fixed = dict(samples=12, generations=7, ddof=ddof)

        def k(s, fixed=fixed):
            return gaussian.log_mellin(s, **fixed)

        np.testing.assert_allclose(gaussian.variance_mean(**fixed)[-1], jnp.exp(k(1.0)), rtol=1e-12)
        second = jnp.exp(k(2.0)) - 2 * jnp.exp(k(1.0)) + 1
        np.testing.assert_allclose(gaussian.variance_risk(**fixed)[-1], second, rtol=1e-11)
        np.testing.assert_allclose(gaussian.log_variance_mean(**fixed)[-1], jax.grad(k)(0.0), rtol=1e-10)
        log_variance = gaussian.log_variance_variance(samples=12, generations=7)[-1]
        np.testing.assert_allclose(log_variance, jax.grad(jax.grad(k))(0.0), rtol=1e-9)


def test_closed_forms_of_the_moments():
    g = np.arange(1, 41)
    unbiased, mle = (dict(samples=15, generations=40, ddof=ddof) for ddof in (1, 0))
    np.testing.assert_allclose(gaussian.variance_mean(**unbiased), 1.0, rtol=1e-12)
    np.testing.assert_allclose(gaussian.variance_mean(**mle), (1 - 1 / 15) ** g, rtol=1e-12)
    np.testing.assert_allclose(gaussian.variance_risk(**unbiased), (1 + 2 / 14) ** g - 1, rtol=1e-11)
    expected = ((15**2 - 1) / 15**2) ** g - 2 * (1 - 1 / 15) ** g + 1
    np.testing.assert_allclose(gaussian.variance_risk(**mle), expected, rtol=1e-11)
    np.testing.assert_allclose(gaussian.mean_square(**unbiased), g / 15, rtol=1e-12)
    np.testing.assert_allclose(gaussian.mean_square(**mle), 1 - (1 - 1 / 15) ** g, rtol=1e-11)


def test_published_runs():
    """Exact values behind the Gaussian runs of Kazdan et al. 2024 at 100 generations, n = 10, 32, 100."""
    for n, pooled, log_mean, square in (
        (10, 0.84428, -22.057, 0.99997),
        (32, 0.94968, -6.4354, 0.95820),
        (100, 0.98373, -2.0185, 0.63397),
    ):
        fixed = dict(samples=n, generations=100, ddof=0)
        np.testing.assert_allclose(
            gaussian.variance_accumulate_mean(samples=n, generations=100, ddof=0)[-1], pooled, atol=6e-6
        )
        np.testing.assert_allclose(gaussian.log_variance_mean(**fixed)[-1], log_mean, rtol=3e-5)
        np.testing.assert_allclose(gaussian.mean_square(**fixed)[-1], square, atol=6e-6)


def test_distances_in_closed_form():
    g, n, nu = np.arange(1, 31), 15, 14
    c4 = np.sqrt(2 / nu) * np.exp(gammaln(n / 2) - gammaln(nu / 2))
    unbiased, mle = (dict(samples=n, generations=30, ddof=ddof) for ddof in (1, 0))
    np.testing.assert_allclose(gaussian.wasserstein(**unbiased), g / n + 2 * (1 - c4**g), rtol=1e-10)
    np.testing.assert_allclose(gaussian.wasserstein(**mle), 2 * (1 - (c4 * np.sqrt(nu / n)) ** g), rtol=1e-10)
    drift = g * (digamma(nu / 2) - np.log(nu / 2))
    np.testing.assert_allclose(gaussian.kl_to_truth(**unbiased), 0.5 * (g / n - drift), rtol=1e-10)
    for ddof, fixed in ((1, unbiased), (0, mle)):
        k = (n - ddof) / (nu - 2)
        shift = g * (digamma(nu / 2) - np.log((n - ddof) / 2))
        exact = 0.5 * (shift + k**g - 1 + np.cumsum(k**g) / n)
        np.testing.assert_allclose(gaussian.kl_from_truth(**fixed), exact, rtol=1e-9)
    assert np.isposinf(gaussian.kl_from_truth(samples=[9, 3, 9], generations=3, ddof=1)).tolist() == [0, 1, 1]


def test_moments_of_any_power():
    fixed = dict(samples=jnp.array([5.0, 9.0, 40.0]), generations=3, ddof=0)
    np.testing.assert_allclose(gaussian.variance_moment(1.0, **fixed), gaussian.variance_mean(**fixed), rtol=1e-12)
    whole = jnp.exp(gaussian.log_mellin(-1.3, **fixed))
    np.testing.assert_allclose(gaussian.variance_moment(-1.3, **fixed)[-1], whole, rtol=1e-12)
    assert np.isposinf(gaussian.variance_moment(-2.0, **fixed)).all()


@pytest.mark.parametrize("ddof", [0, 1])
def test_the_time_to_fall_has_its_mean_and_deviation(ddof):
    fixed = dict(samples=60, ddof=ddof)
    time = np.arange(0.0, 6000.0)
    above = 1 - np.concatenate([[0.0], gaussian.first_passage_cdf(time[1:], threshold=0.1, **fixed)])
    passage = gaussian.first_passage(0.1, **fixed)
    np.testing.assert_allclose(integrate.trapezoid(above, time), passage.mean, rtol=1e-4)  # time is continuous here
    square = 2 * integrate.trapezoid(time * above, time) - passage.mean**2
    np.testing.assert_allclose(np.sqrt(square), passage.deviation, rtol=1e-4)
    np.testing.assert_allclose(gaussian.first_passage(0.05, samples=100, ddof=1).mean, 303.794, rtol=1e-5)


def test_pools_have_their_identities():
    """Two batches of one size are one pool, whatever it is called; a subsample of one batch is that batch."""
    np.testing.assert_allclose(gaussian.variance_accumulate_mean(samples=7, generations=1, ddof=1), 1.0, rtol=1e-12)
    mean = gaussian.variance_accumulate_mean(samples=7, generations=2, ddof=0)
    loop = gaussian.moments_mix(real="fixed", real_samples=7, samples=7, generations=2)
    np.testing.assert_allclose(loop.variance, mean, rtol=1e-12)
    np.testing.assert_allclose(loop.mean_square, 1 - mean, rtol=1e-12)
    part = gaussian.moments_accumulate_subsample(samples=7, generations=400)
    np.testing.assert_allclose(part.mean_square[0], 1 / 7, rtol=1e-12)
    np.testing.assert_allclose(part.mean_square + part.variance, 1.0, rtol=1e-12)
    late = gaussian.moments_accumulate_subsample(samples=1e7, generations=3000).mean_square[-1] * 1e7
    np.testing.assert_allclose(late, np.pi**2 / 2 - 2, rtol=1e-3)


def test_the_pooled_variance_is_a_product_of_factors():
    """Moments of the factors by numerical integration, and the unbiased mean from the two moments of each pool."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    n, square = 12, 1.0
    for t in range(1, 5):
        k = 1 / t
        normal = 1 - k + k * (1 - k) / n * nodes**2
        factor = weights @ normal**2 + 2 * k / n * (n - 1) * (weights @ normal) + (k / n) ** 2 * ((n - 1) * (n + 1))
        square *= factor
        np.testing.assert_allclose(
            gaussian.variance_accumulate_square(samples=n, generations=t)[-1], square, rtol=1e-12
        )
    mean = 1.0
    for t in range(1, 5):
        total = (t + 1) * n
        within = t * n * (1 - 1 / (t * n)) * mean + (n - 1) * mean
        between = t * n * n / total * mean / n
        mean = (within + between) / (total - 1)
        exact = gaussian.variance_accumulate_mean(samples=n, generations=t + 1, ddof=1)[-1]
        np.testing.assert_allclose(exact, mean, rtol=1e-12)


def test_a_biased_loop_settles():
    """The fixed point of two linear equations, and generations that forget where they came from."""
    for real in ("fresh", "fixed"):
        fixed = dict(real=real, real_samples=8.0, samples=24.0, sampling_bias=0.6)
        a, b, late = 0.75, 0.6, gaussian.moments_mix(**fixed, generations=200)
        kept = (1 - a) ** 2 if real == "fresh" else 1 - a**2
        matrix = np.array([[a**2, a**2 * b / 24], [a - a**2, a * b - a**2 * b / 24]])
        steady = np.linalg.solve(np.eye(2) - matrix, [kept / 8, 1 - a - kept / 8])
        np.testing.assert_allclose([late.mean_square[-1], late.variance[-1]], steady, rtol=1e-12)


SIZES = np.array([12.0, 30.0, 1.0, 8.0, 20.0])


@pytest.mark.parametrize("ddof", [0, 1])
def test_any_weights_have_the_moments_of_those_with_a_formula(x64, ddof):
    def moments(workflow, samples=9.0, generations=5):
        return gaussian.moments_weighted(workflow, samples=samples, ddof=ddof, generations=generations)

    fixed = dict(samples=9.0, generations=5)
    kept = gaussian.variance_accumulate_mean(**fixed, ddof=ddof)
    np.testing.assert_allclose(moments(jc.Accumulate()).variance, kept, rtol=1e-12)
    few = dict(samples=jnp.array([5.0, 9.0, 40.0]), generations=3, ddof=ddof)
    replaced = gaussian.moments_weighted(jc.Replace(), **few)
    np.testing.assert_allclose(replaced.variance, gaussian.variance_mean(**few), rtol=1e-12)
    np.testing.assert_allclose(replaced.mean_square, gaussian.mean_square(**few), rtol=1e-12)
    if ddof == 0:
        for real in ("fresh", "fixed"):
            loop = gaussian.moments_mix(real=real, real_samples=7.0, **fixed)
            np.testing.assert_allclose(moments(jc.Mix(real, real_samples=7.0)), loop, rtol=1e-12)
        tempered = gaussian.variance_mix_tempered(temperature=1.0, real_share=0.3, **fixed)
        np.testing.assert_allclose(moments(jc.Mix("fresh", weight=0.3)).variance, tempered, rtol=1e-12)


@pytest.mark.parametrize("ddof", [0, 1])
def test_any_weights_by_the_moments_of_all_batch_means(x64, ddof):
    """The second moments of the means of all batches, one after the other, and the scatter of their union."""
    weights = np.tril(np.random.default_rng(3).uniform(size=(5, 5)))
    weights /= weights.sum(axis=1, keepdims=True)
    sizes, means, variances, squares = SIZES, np.zeros((6, 6)), [1.0], [0.0]
    for g in range(5):
        means[g, g] = squares[g] + variances[g] / sizes[g]
        row = weights[g, : g + 1]
        scatter = row @ ((1 - 1 / sizes[: g + 1]) * np.array(variances) + np.diagonal(means)[: g + 1])
        squares.append(row @ means[: g + 1, : g + 1] @ row)
        total = sizes[: g + 1].sum()
        variances.append((scatter - squares[-1]) * total / (total - ddof))
        means[g + 1, : g + 1] = means[: g + 1, g + 1] = row @ means[: g + 1, : g + 1]
    found = gaussian.moments_weighted(jc.Weighted(weights), samples=SIZES, ddof=ddof, generations=5)
    np.testing.assert_allclose(found.variance, variances[1:], rtol=1e-12)
    np.testing.assert_allclose(found.mean_square, squares[1:], rtol=1e-12)


def test_covariances_in_one_dimension_and_in_one_generation():
    fixed = dict(samples=11, generations=4)
    moments = gaussian.trace_moments([[1.5]], **fixed)
    exact = 1.5**2 * (1 + gaussian.variance_risk(**fixed, ddof=1))
    np.testing.assert_allclose(moments.of_square, exact, rtol=1e-12)
    np.testing.assert_allclose(moments.squared, exact, rtol=1e-12)
    for statistic, univariate in (
        (gaussian.log_determinant_mean, gaussian.log_variance_mean(**fixed, ddof=1)),
        (gaussian.log_determinant_variance, gaussian.log_variance_variance(**fixed)),
    ):
        np.testing.assert_allclose(statistic(dim=1, **fixed), univariate, rtol=1e-12)
    sigma = np.array([[2.0, 0.3], [0.3, 0.5]])
    a, b = (sigma**2).sum(), np.trace(sigma) ** 2
    first = gaussian.trace_moments(sigma, samples=11, generations=1)
    np.testing.assert_allclose([first.of_square[0], first.squared[0]], [a * 1.1 + b / 10, b + 2 * a / 10], rtol=1e-12)
    rates = gaussian.lyapunov_exponents(dim=3, samples=11)
    total = gaussian.log_determinant_mean(dim=3, **fixed)
    np.testing.assert_allclose(total, np.arange(1, 5) * rates.sum(), rtol=1e-12)
    np.testing.assert_allclose(rates, digamma((10 - np.arange(3)) / 2) - np.log(5), rtol=1e-12)


def test_a_bound_on_the_deviation_is_loose():
    bound = gaussian.deviation_bound(0.1, samples=100, generations=2000)[-1]
    exact = gaussian.variance_sf(0.01, samples=100, generations=2000, ddof=1)
    np.testing.assert_allclose([bound, exact], [6.66e-2, 7.05e-3], rtol=3e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gaussian.first_passage(1.5, samples=10, ddof=1), "1 - threshold must be positive"),
        (lambda: gaussian.first_passage(0.5, samples=[10, 20], ddof=1), "samples must be one number"),
        (
            lambda: gaussian.first_passage_cdf(0, threshold=0.5, samples=9, ddof=1),
            "generation must be finite and at least 1",
        ),
        (lambda: gaussian.deviation_bound(0.0, samples=10, generations=3), "threshold must be positive"),
        (lambda: gaussian.moments_accumulate_subsample(samples=1, generations=3), "samples must be finite and above 1"),
        (lambda: gaussian.variance_accumulate_mean(samples=5, generations=3, ddof=2), "ddof must be 0 or 1"),
        (
            lambda: gaussian.moments_mix(real="old", real_samples=5, samples=5, generations=3),
            "real must be 'fresh' or 'fixed'",
        ),
        (
            lambda: gaussian.moments_mix(real="fresh", real_samples=5, samples=5, sampling_bias=-1, generations=3),
            "sampling_bias must be finite and at least 0",
        ),
        (
            lambda: gaussian.moments_weighted(jc.AccumulateSubsample(), samples=9, ddof=0, generations=3),
            "workflow must weigh whole batches for one fit",
        ),
        (lambda: gaussian.trace_moments([1.0, 2.0], samples=9, generations=3), "covariance must have shape"),
        (lambda: gaussian.lyapunov_exponents(dim=5, samples=5), "samples must be finite and above 5"),
        (lambda: gaussian.variance_mean(samples=1, generations=3, ddof=1), "samples must be finite and above 1"),
        (lambda: gaussian.variance_mean(samples=10, generations=0, ddof=1), "generations must be at least 1"),
        (lambda: gaussian.variance_mean(samples=10, generations=3, ddof=2), "ddof must be 0 or 1"),
        (lambda: gaussian.variance_mean(samples=[10, 20], generations=3, ddof=1), "samples must be a number or have"),
        (lambda: gaussian.variance_cdf(-1.0, samples=10, generations=3, ddof=1), "x must be positive"),
        (lambda: gaussian.variance_quantile(1.0, samples=10, generations=3, ddof=1), "p must be positive"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("samples", "generations", "replications"),
    [(100, 20, 100), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((12, 30, 1000), (1000, 5, 500)))],
)
def test_the_estimated_risk_has_its_law(samples, generations, replications):
    """The share of simulated estimates below each predicted quantile, by exact binomial limits."""
    rng = np.random.default_rng(samples)
    log_x = np.zeros((3000, replications))
    for _ in range(generations):
        log_x += np.log(rng.chisquare(samples - 1, log_x.shape) / (samples - 1))
    estimates = (np.expm1(log_x) ** 2).mean(axis=1)
    settings = dict(replications=replications, samples=samples, generations=generations, ddof=1)
    for p in (0.05, 0.5, 0.95):
        quantile = gaussian.estimated_risk_quantile(p, **settings)
        np.testing.assert_allclose(gaussian.estimated_risk_cdf(quantile, **settings), p, atol=1e-9)
        assert binomtest(int((estimates <= quantile).sum()), 3000, p).pvalue > 1e-3 / 9


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("samples", "generations"), [(100, 50), (10, 5), (30, 15), (1000, 100)])
def test_the_estimated_risk_of_one_replication_is_known(x64, samples, generations):
    """Its square is at most x where the variance is within the root of x of one."""
    settings = dict(samples=samples, generations=generations, ddof=1)
    for x in (1e-3, 0.1, 0.9, 1.01, 2.0, 5.0):
        known = gaussian.variance_cdf(1 + x**0.5, **settings)
        known -= gaussian.variance_cdf(1 - x**0.5, **settings) if x < 1 else 0.0
        found = gaussian.estimated_risk_cdf(x, replications=1, **settings)
        np.testing.assert_allclose(found, known, atol=2e-4)


@pytest.mark.slow
def test_the_estimated_risk_falls_short_of_the_exact_one():
    """Figure 3 of the paper: with 10,000 replications the estimate misses a factor of 80 at T = 500."""
    settings = dict(replications=10_000, samples=100, ddof=1)
    for generations, median in ((100, 5.833), (500, 262.2)):
        quantile = gaussian.estimated_risk_quantile(0.5, generations=generations, **settings)
        np.testing.assert_allclose(quantile, median, rtol=1e-3)
        assert quantile < gaussian.variance_risk(samples=100, generations=generations, ddof=1)[-1]
