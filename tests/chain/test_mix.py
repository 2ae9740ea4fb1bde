"""Real data beside synthetic: what is averaged, what comes first, and three parts instead of two."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc

KEY = jax.random.key(0)
SIZES = [(12, 9), pytest.param((30, 60), marks=pytest.mark.slow)]


def mean_of(model, workflow, metric, samples, generations=4, replications=8192):
    def run(key):
        return jc.simulate(model, workflow, key=key, samples=samples, generations=generations).metrics[metric]

    return jc.monte_carlo(run, KEY, replications, progress=False)


def agrees(estimate, theory, rtol):
    """Within 4.5 standard errors, which are small enough to tell a wrong formula."""
    assert (estimate.stderr < rtol * np.abs(theory)).all()
    assert (np.abs(estimate.mean - theory) < 4.5 * estimate.stderr).all()


@pytest.mark.slow
@pytest.mark.parametrize("real", ["fresh", "fixed"])
def test_means_of_rows_are_averaged_like_their_rows(real, x64):
    """With the same random numbers."""
    weight = lambda g: 0.2 + 0.1 * g  # noqa: E731
    runs = [
        jc.simulate(
            jc.NormalMean(jnp.zeros(2)),
            jc.Mix(real, weight=weight, real_samples=7, average=average),
            key=KEY,
            samples=[5, 9, 20],
            generations=3,
        )
        for average in ("rows", "estimates")
    ]
    np.testing.assert_allclose(runs[1].estimate, runs[0].estimate, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(12, 9), (30, 60)])
def test_least_squares_of_two_fits(sizes, x64):
    """Each fit has the risk ``d/(n - d - 1)``: exact for every size, where weighted rows have a limit only."""
    (real, synthetic), dim, weight = sizes, 3, 0.35
    model = jc.LinearRegression(jc.theory.Spectrum.isotropic(dim), noise=1.0)
    own, theirs = dim / (real - dim - 1), dim / (synthetic - dim - 1)
    for kind, kept in (("fresh", 0.0), ("fixed", own)):
        risks = [own - kept]
        for _ in range(3):
            risks.append(weight**2 * (own - kept) + (1 - weight) ** 2 * (risks[-1] + theirs))
        workflow = jc.Mix(kind, weight=weight, real_samples=real, average="estimates")
        said = jc.predict(model, workflow, samples=synthetic, generations=4)
        assert said.forms["risk"].exactness == "exact"
        np.testing.assert_allclose(said.risk, kept + np.array(risks), rtol=1e-12)
        agrees(mean_of(model, workflow, "risk", synthetic), said.risk, 0.02)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(
    ("model", "metric"),
    [
        (jc.Gaussian(ddof=0), "variance"),
        pytest.param(jc.MultivariateGaussian(np.diag([0.25, 0.75]), ddof=0), "trace", marks=pytest.mark.slow),
    ],
    ids=["Gaussian", "MultivariateGaussian"],
)
def test_variances_are_averaged_and_not_their_logs(model, metric, sizes, x64):
    (real, synthetic), weight = sizes, 0.35
    means = [1 - 1 / real]
    for _ in range(3):
        means.append(weight * (1 - 1 / real) + (1 - weight) * (1 - 1 / synthetic) * means[-1])
    workflow = jc.Mix("fixed", weight=weight, real_samples=real, average="estimates")
    agrees(mean_of(model, workflow, metric, synthetic), np.array(means), 0.01)


@pytest.mark.slow
def test_a_covariance_of_two_is_the_weighted_mean(x64):
    model = jc.MultivariateGaussian(np.eye(2), ddof=1)
    laws = [
        jc.MultivariateGaussian(jnp.asarray(c), mean=m, ddof=1).truth()
        for c, m in (([[2.0, 0.5], [0.5, 1.0]], [1.0, 0.0]), ([[1.0, -0.9], [-0.9, 1.0]], [0.0, 2.0]))
    ]
    found = model.average(tuple(laws), jnp.array([0.3, 0.7]))
    np.testing.assert_allclose(found.covariance, 0.3 * laws[0].covariance + 0.7 * laws[1].covariance, rtol=1e-12)
    np.testing.assert_allclose(found.mean, [0.3, 1.4], rtol=1e-12)


def test_an_estimate_without_a_share_may_be_anything():
    found = jc.NormalMean(0.0).average((jnp.array([1.0, 2.0]), jnp.array([jnp.nan, jnp.inf])), jnp.array([1.0, 0.0]))
    np.testing.assert_array_equal(found, [1.0, 2.0])


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("real", ["fresh", "fixed"])
@pytest.mark.parametrize("average", ["rows", pytest.param("estimates", marks=pytest.mark.slow)])
def test_generation_1_may_see_as_many_real_rows_as_there_are_later(real, average, sizes, x64):
    """The errors by their noises: of the real batches, of the others of generation 1, and of what models draw."""
    (own, synthetic), weight = sizes, 0.35
    first = own / (own + synthetic)
    kept, rest, errors = first, (1 - first) ** 2 / synthetic, []
    for g in range(4):
        if g:
            rest = (1 - weight) ** 2 * (rest + 1 / synthetic)
            kept = (weight + (1 - weight) * kept) if real == "fixed" else kept
            rest += weight**2 / own if real == "fresh" else 0.0
        errors.append(rest + (kept**2 / own if real == "fixed" or g == 0 else 0.0))
        if real == "fresh" and g == 0:
            rest, kept = errors[0], 0.0
    workflow = jc.Mix(real, weight=weight, real_samples=own, first="all", average=average)
    estimate = mean_of(jc.NormalMean(0.0), workflow, "squared_error", synthetic, replications=16_384)
    agrees(estimate, np.array(errors), 0.02)
    np.testing.assert_allclose(errors[0], 1 / (own + synthetic))
    if real == "fresh":
        found = jc.theory.mean.inflation(workflow, samples=float(synthetic), generations=4) / synthetic
        np.testing.assert_allclose(found, errors, rtol=1e-9)
    else:
        said = jc.predict(jc.NormalMean(0.0), workflow, samples=synthetic, generations=4)
        assert not said.forms and "does not say how it weighs" in said.summary()


def test_what_is_predicted_of_two_fits():
    """Exactly for least squares and means, to first order with more real rows at first, and nothing about pools."""
    workflow = jc.Mix("fresh", weight=0.4, average="estimates")
    regression = jc.LinearRegression(jc.theory.Spectrum.isotropic(3), noise=1.0)
    sizes = dict(samples=50, generations=3)
    own = jc.predict(regression, workflow, **sizes).forms["risk"]
    assert (own.name, own.exactness) == ("theory.regression.ols_mix_estimates", "exact")
    more = jc.predict(regression, jc.Mix("fresh", weight=0.4, average="estimates", first="all"), **sizes)
    assert more.forms["risk"].name == "theory.mean.inflation"
    assert jc.predict(jc.NormalMean(0.0), workflow, **sizes).forms["squared_error"].exactness == "exact"
    assert "variance" in jc.predict(jc.Gaussian(ddof=0), workflow, **sizes).unknown


def test_three_parts(x64):
    """The shares within each row, whatever the sizes; two of them are `Mix`, and `Accumulate` has others each time."""
    sizes = jnp.array([4.0, 6.0, 2.0, 8.0])
    matrix = jc.Shares(real=0.5, previous=0.2, newest=0.3).weights(sizes)[0]
    expected = [[1, 0, 0, 0], [0.625, 0.375, 0, 0], [0.5, 0.2, 0.3, 0], [0.5, 0.15, 0.05, 0.3]]
    np.testing.assert_allclose(matrix, expected, rtol=1e-12)
    two = jc.Shares(real=0.3, previous=0.0, newest=0.7)
    mixed = jc.Mix("fixed", weight=0.3, real_samples=5)
    found = [jc.theory.mean.inflation(w, samples=5.0, generations=4) for w in (two, mixed)]
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.parametrize("samples", [6, pytest.param(40, marks=pytest.mark.slow)])
def test_three_parts_of_rows_in_numpy(samples):
    """The error of a mean, against arrays of rows with their weights."""
    rng, shares, generations = np.random.default_rng(0), (0.5, 0.2, 0.3), 4
    errors = np.zeros((2000, generations))
    for replication in range(len(errors)):
        batches, centre = [], 0.0
        for g in range(generations):
            batches.append(centre + rng.standard_normal(samples))
            old = np.concatenate(batches[1:-1]).mean() if g > 1 else 0.0
            parts = np.array([batches[0].mean(), old, batches[-1].mean()])
            weights = np.where([True, g > 1, True], shares, 0.0)
            centre = batches[0].mean() if g == 0 else parts @ weights / weights.sum()
            errors[replication, g] = centre**2
    model = jc.NormalMean(0.0, sampling="raw")
    estimate = mean_of(model, jc.Shares(real=0.5, previous=0.2, newest=0.3), "squared_error", samples)
    stderr = np.hypot(errors.std(axis=0) / len(errors) ** 0.5, estimate.stderr)
    assert (np.abs(estimate.mean - errors.mean(axis=0)) < 4.5 * stderr).all()
    theory = jc.predict(model, jc.Shares(real=0.5, previous=0.2, newest=0.3), samples=samples, generations=generations)
    agrees(estimate, theory.squared_error, 0.03)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jc.Mix("fresh", weight=0.5, average="estimate"), "average must be 'rows' or 'estimates'"),
        (lambda: jc.Mix("fresh", average="estimates"), "weight must be given"),
        (lambda: jc.Mix("fresh", first="some"), "first must be 'real' or 'all'"),
        (lambda: jc.Shares(real=0.5, previous=0.2, newest=0.2), "must sum to one, got a sum of 0.9"),
        (lambda: jc.Shares(real=0.0, previous=1.0, newest=0.0), "previous must be below 1"),
        (lambda: jc.Shares(real=-0.5, previous=0.5, newest=1.0), "real must be finite and at least 0"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_parameters_of_another_kind_have_no_average():
    workflow = jc.Mix("fresh", weight=0.5, average="estimates")
    with pytest.raises(TypeError, match="an average of estimates serves parameters that are arrays"):
        jc.simulate(jc.KernelDensity(0.3), workflow, key=KEY, samples=9, generations=3)


def test_each_of_two_fits_needs_two_rows_for_a_variance():
    workflow = jc.Mix("fresh", weight=0.5, real_samples=1, average="estimates")
    with pytest.raises(ValueError, match="samples must be at least 2 for ddof=1"):
        jc.simulate(jc.Gaussian(ddof=1), workflow, key=KEY, samples=9, generations=3)
