"""Random walks and inflation factors: tables, limits, identities."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2
from scipy.stats import f as f_distribution
from scipy.stats import t as student

import jaxcollapse as jc
from jaxcollapse.theory import mean

pytestmark = pytest.mark.usefixtures("x64")


def inflation(workflow, generations, samples=None):
    return np.asarray(mean.inflation(workflow, generations=generations, samples=samples))


def test_inflation_of_every_workflow():
    g = np.arange(1, 41)
    np.testing.assert_allclose(inflation(jc.Replace(), 40), g, rtol=1e-12)
    np.testing.assert_allclose(inflation(jc.Accumulate(), 40), np.cumsum(1 / g**2), rtol=1e-12)
    subsampled = 1 + np.cumsum(np.r_[0, (2 - 1 / g[:-1]) / g[1:] ** 2]) + 1 - 1 / g
    np.testing.assert_allclose(inflation(jc.AccumulateSubsample(), 40), subsampled, rtol=1e-12)
    assert abs(inflation(jc.AccumulateSubsample(), 2000)[-1] - (np.pi**2 / 2 - 2)) < 2e-3
    fixed = inflation(jc.Mix("fixed", weight=0.3), 60)[-1]
    np.testing.assert_allclose(fixed, 1 / (1 - 0.7**2), rtol=1e-8)
    np.testing.assert_allclose(inflation(jc.Mix("fixed"), 40), 1 + (1 - 4.0 ** -(g - 1)) / 3, rtol=1e-12)
    for gain in (0.2, 0.7):  # a moving average, with a slope of its own
        np.testing.assert_allclose(inflation(jc.MovingAverage(gain), 40), 1 + gain**2 * (g - 1), rtol=1e-12)
    linear = np.cumsum((g / np.cumsum(g)) ** 2)  # weights that grow like the generation: 4 (pi^2/6 - 1)
    np.testing.assert_allclose(inflation(jc.Accumulate(weight=lambda g: g), 40), linear, rtol=1e-12)
    for k in (2, 3, 5):
        tail = inflation(jc.Window(k), 400)
        np.testing.assert_allclose(tail[-1] - tail[-2], 4 / (k + 1) ** 2, rtol=1e-6)
    np.testing.assert_allclose(inflation(jc.Window(1), 9), inflation(jc.Replace(), 9))


@pytest.mark.slow
def test_the_golden_ratio():
    """Fresh real data of the same size: the best constant weight and its risk are both 0.618."""
    golden = (np.sqrt(5) - 1) / 2
    risks = {w: inflation(jc.Mix("fresh", weight=w), 200)[-1] for w in (golden - 0.02, golden, golden + 0.02)}
    np.testing.assert_allclose(risks[golden], golden, rtol=1e-10)
    assert risks[golden] == min(risks.values())
    np.testing.assert_allclose(inflation(jc.Mix("fresh"), 100)[-1], 2 / 3, rtol=1e-10)
    fibonacci = [2 / 3, 5 / 8, 13 / 21]
    optimal = jc.Mix("fresh", weight=lambda g: jnp.where(g == 2, 2 / 3, jnp.where(g == 3, 5 / 8, 13 / 21)))
    np.testing.assert_allclose(inflation(optimal, 4)[1:], fibonacci, rtol=1e-12)


def test_unequal_batches():
    sizes = jnp.array([10.0, 30.0, 5.0, 100.0])
    np.testing.assert_allclose(inflation(jc.Replace(), 4, sizes), 10 * np.cumsum(1 / sizes), rtol=1e-12)
    pool = np.cumsum(sizes)
    np.testing.assert_allclose(inflation(jc.Accumulate(), 4, sizes), 10 * np.cumsum(sizes / pool**2), rtol=1e-12)
    doubling = inflation(jc.Accumulate(), 40, 2.0 ** jnp.arange(40))[-1]
    np.testing.assert_allclose(doubling, 1.372, atol=5e-4)
    k = 10 / 40
    w = (np.sqrt(k**2 + 4 * k) - k) / 2
    mixed = inflation(jc.Mix("fresh", weight=w, real_samples=10), 200, jnp.full(200, 40.0))[-1]
    np.testing.assert_allclose(mixed * 10 / 40, w, rtol=1e-8)  # in units of the real batch


@pytest.mark.parametrize("sizes", [[2, 1, 2], [1, 1, 1, 1], [1, 3, 2], [3, 2, 1], [2, 2, 2], [4, 1, 3]])
def test_a_random_part_of_the_pool_over_all_choices(sizes):
    """Given which rows are picked, means are linear in the noise of the rows: the average over every choice."""
    generations, total = len(sizes), sum(sizes)
    covariance, choices = np.zeros((generations, generations)), 0
    ends = np.cumsum(sizes)
    picks = [itertools.combinations(range(end), n) for end, n in zip(ends, sizes, strict=True)]
    for picked in itertools.product(*map(list, picks)):
        means, rows = np.zeros((generations, total)), np.zeros((total, total))  # as coefficients of the noises
        for g, (end, n) in enumerate(zip(ends, sizes, strict=True)):
            rows[end - n : end] = (means[g - 1] if g else 0) + np.eye(total)[end - n : end]
            means[g] = rows[list(picked[g])].mean(axis=0)
        covariance += means @ means.T
        choices += 1
    fixed = dict(samples=jnp.array(sizes, float), generations=generations)
    found = mean.inflation_covariance(jc.AccumulateSubsample(), **fixed)
    np.testing.assert_allclose(found, sizes[0] * covariance / choices, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("sizes", [[6, 1, 2, 8], [5] * 6, [10] * 4])
def test_a_random_part_of_the_pool_against_rows(sizes):
    """The simulator, with all of its rows, at four standard errors."""
    model, fixed = jc.NormalMean(0.0, sampling="raw"), dict(samples=sizes, generations=len(sizes))
    run = lambda key: jc.simulate(model, jc.AccumulateSubsample(), key=key, **fixed).squared_error  # noqa: E731
    estimate = jc.monte_carlo(run, jax.random.key(0), 60_000, progress=False)
    exact = inflation(jc.AccumulateSubsample(), len(sizes), jnp.array(sizes, float)) / sizes[0]
    assert (np.abs(estimate.mean - exact) < 4 * estimate.stderr).all()
    assert (estimate.stderr < 0.01 * exact).all()


@pytest.mark.slow
def test_the_euclidean_norm():
    """Equal variances are the Mahalanobis norm; a direction without variance does not count."""
    for ratio in (0.01, 1.7, 40.0):
        for dim in (1, 3, 10):
            plain = mean.improvement_probability(ratio=ratio, dim=dim)
            equal = mean.euclidean_improvement_probability(np.full(dim, 2.0), ratio=ratio)
            np.testing.assert_allclose(equal, plain, rtol=1e-10, atol=1e-15)
    lone = mean.euclidean_improvement_probability([1.0, 1e-12], ratio=1.0)
    np.testing.assert_allclose(lone, mean.improvement_probability(ratio=1.0), rtol=1e-6)


def test_the_euclidean_norm_of_two_directions():
    """Against draws, at four standard errors."""
    variances, ratio = np.array([3.0, 0.2]), 1.4
    rng = np.random.default_rng(0)
    first = rng.standard_normal((400_000, 2)) * np.sqrt(variances)
    last = first + ratio * rng.standard_normal((400_000, 2)) * np.sqrt(variances)
    wins = ((last**2).sum(axis=1) < (first**2).sum(axis=1)).mean()
    exact = float(mean.euclidean_improvement_probability(variances, ratio=ratio))
    assert abs(wins - exact) < 4 * np.sqrt(exact * (1 - exact) / 400_000)


def test_other_data_is_beaten_as_often_as_not():
    for dim in (1, 4):
        even = mean.independent_improvement_probability(ratio=1.0, dim=dim)
        np.testing.assert_allclose(even, 0.5, rtol=1e-12)
    one = mean.independent_improvement_probability(ratio=2.5)
    np.testing.assert_allclose(one, 2 / np.pi * np.arctan(1 / 2.5), rtol=1e-12)
    three = mean.independent_improvement_probability(ratio=2.5, dim=3)
    np.testing.assert_allclose(three, f_distribution.cdf(1 / 2.5**2, 3, 3), rtol=1e-12)


@pytest.mark.slow
def test_an_estimated_variance_helps():
    """By integration for two generations, to the known variance for many samples, and published values."""
    fixed = dict(samples=jnp.array([8.0, 12.0, 30.0]), generations=3, ddof=0)
    curve = mean.estimated_improvement_probability(**fixed)
    assert curve[0] == 0.5
    x, w = np.polynomial.legendre.leggauss(400)
    u, w = 0.5 * (x + 1), 0.5 * w
    first, second = chi2.ppf(u, 7) / 8, chi2.ppf(u, 11) / 12
    exact = w @ np.arctan2(2 / np.sqrt(8.0), np.sqrt(first / 12)) / np.pi
    np.testing.assert_allclose(curve[1], exact, rtol=1e-5)
    drift = first[:, None] * (1 / 12 + second / 30)
    np.testing.assert_allclose(curve[2], w @ np.arctan2(2 / np.sqrt(8.0), np.sqrt(drift)) @ w / np.pi, rtol=1e-5)
    many = mean.estimated_improvement_probability(samples=1e7, generations=20, ddof=1)
    plain = mean.improvement_probability(ratio=mean.mean_replace_drift_ratio(samples=jnp.full(20, 1e7)))
    np.testing.assert_allclose(many, plain, rtol=1e-5)
    late = mean.estimated_improvement_probability(samples=10, generations=50, ddof=1)[-1]
    np.testing.assert_allclose(late, 0.169, atol=1e-3)


def test_covariance_of_generations():
    matrix = mean.inflation_covariance(jc.Accumulate(), generations=5)
    increments = np.cumsum(1 / np.arange(1, 6) ** 2)
    np.testing.assert_allclose(matrix, np.minimum.outer(increments, increments), rtol=1e-12)


@pytest.mark.slow
def test_improvement_probabilities():
    ratio = jnp.array([0.3, 1.0, 4.0])
    for dim in (1, 2, 10):
        expected = student(dim).sf(np.sqrt(dim) * np.asarray(ratio) / 2)
        np.testing.assert_allclose(mean.improvement_probability(ratio=ratio, dim=dim), expected, rtol=1e-10)
    limits = [
        mean.improvement_probability(ratio=mean.mean_replace_drift_ratio_limit(growth=s)) for s in (0.1, 0.5, 1.0, 2.0)
    ]
    np.testing.assert_allclose(limits, [0.1826, 0.3199, 0.3785, 0.4296], atol=6e-5)
    accumulate = np.sqrt(np.pi**2 / 6 - 1)
    got = [mean.improvement_probability(ratio=accumulate, dim=dim) for dim in (1, 10, 100)]
    np.testing.assert_allclose(got, [0.3785, 0.1165, 5.7e-5], rtol=8e-3)
    assert mean.improvement_probability(ratio=0.0) == 0.5


def test_growth_conditions():
    g = jnp.arange(1.0, 20_001)
    np.testing.assert_allclose(
        mean.mean_replace_variance(samples=3 * g**2.5)[-1],
        mean.mean_replace_variance_limit(scale=3.0, growth=1.5),
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        mean.mean_replace_bias(samples=3 * g**7, coefficient=2.0, order=0.5)[-1],
        mean.mean_replace_bias_limit(scale=3.0, growth=6.0, coefficient=2.0, order=0.5),
        rtol=1e-5,
    )
    assert jnp.isinf(mean.mean_replace_variance_limit(scale=1.0, growth=0.0))
    assert jnp.isinf(mean.mean_replace_bias_limit(scale=1.0, growth=1.0, coefficient=1.0, order=0.5))
    assert jnp.isfinite(mean.mean_replace_bias_limit(scale=1.0, growth=1.1, coefficient=1.0, order=0.5))
    np.testing.assert_allclose(
        [mean.mean_replace_required_growth(order=k) for k in (1.0, 0.5, 0.25, 2.0)], [0, 1, 3, 0]
    )
    np.testing.assert_allclose(
        mean.mean_replace_drift_ratio(samples=jnp.full(10, 7.0)), np.sqrt(np.arange(10)), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean.mean_replace_variance(samples=5.0), "samples must have shape"),
        (lambda: mean.mean_replace_variance(samples=[1.0, 0.0]), "samples must be positive"),
        (lambda: mean.mean_replace_bias(samples=[1.0], coefficient=1.0, order=0.0), "order must be positive"),
        (lambda: mean.improvement_probability(ratio=-1.0), "ratio must be finite and at least 0"),
        (lambda: mean.improvement_probability(ratio=1.0, dim=0), "dim must be at least 1"),
        (lambda: mean.inflation(jc.Replace(), generations=0), "generations must be at least 1"),
        (lambda: mean.inflation(jc.Replace(), generations=3, samples=[1.0, 2.0]), r"have shape \(3,\), got"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
