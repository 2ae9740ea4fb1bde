"""Mixtures of Gaussians: steps keep the moments of the data, reach the fit of scikit-learn, and lose no number."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as Fit

import jaxcollapse as jc
from jaxcollapse.theory import gaussian

WEIGHTS, MEANS = [0.5, 0.3, 0.2], [[-3.0, 0.0], [0.0, 2.0], [3.0, 0.0]]
VARIANCES = [[1.0, 0.5], [0.5, 1.0], [1.0, 1.0]]


def model(**fields):
    return jc.GaussianMixture(WEIGHTS, MEANS, VARIANCES, **fields)


@pytest.mark.parametrize("iterations", [1, 30])
def test_every_step_keeps_the_moments_of_the_data(iterations, x64):
    """Those of rows with weights; a single component is a Gaussian."""
    rows = jax.random.normal(jax.random.key(0), (40, 2)) * jnp.array([3.0, 1.0])
    data = jc.Samples(rows, jnp.linspace(0.0, 2.0, 40))
    fit = model(iterations=iterations).fit(data, key=jax.random.key(1))
    mean = data.mean(lambda row: row)
    np.testing.assert_allclose(fit.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(fit.variance, data.mean(lambda row: (row - mean) ** 2), rtol=1e-12)
    one = jc.GaussianMixture([1.0], [[0.0, 0.0]], [[1.0, 1.0]]).fit(data, key=jax.random.key(1))
    np.testing.assert_allclose(one.variances[0], fit.variance, rtol=1e-12)


@pytest.mark.parametrize("kind", ["full", pytest.param("tied", marks=pytest.mark.slow)])
@pytest.mark.parametrize("n", [40, pytest.param(300, marks=pytest.mark.slow)])
def test_covariances_are_those_of_scikit_learn(kind, n, x64):
    """Weights, means and every entry of the covariances after some steps, and the density of the rows."""
    covariances = np.array([[[1.0, 0.7], [0.7, 1.0]], [[0.5, -0.2], [-0.2, 2.0]], [[1.0, 0.0], [0.0, 0.3]]])
    covariances = covariances[[0, 0, 0]] if kind == "tied" else covariances
    mixture = jc.GaussianMixture(WEIGHTS, MEANS, covariances, iterations=12, tied=kind == "tied")
    data = mixture.sample(jax.random.key(1), mixture.truth(), n)
    fit = jax.jit(lambda data: mixture.fit(data, key=jax.random.key(2), previous=mixture.truth()))(data)
    other = Fit(3, covariance_type=kind, tol=0.0, reg_covar=0.0, max_iter=12)
    precisions = np.linalg.inv(covariances)
    other.weights_init, other.means_init = WEIGHTS, MEANS
    other.precisions_init = precisions[0] if kind == "tied" else precisions
    with pytest.warns(match="did not converge"):
        other.fit(np.asarray(data.rows))
    np.testing.assert_allclose(fit.weights, other.weights_, rtol=1e-8)
    np.testing.assert_allclose(fit.means, other.means_, rtol=1e-7, atol=1e-9)
    known = np.broadcast_to(other.covariances_, (3, 2, 2))
    np.testing.assert_allclose(fit.covariances, known, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fit.log_density(data.rows), other.score_samples(np.asarray(data.rows)), rtol=1e-8)
    whole = data.variance(lambda row: row, ddof=0)
    np.testing.assert_allclose(fit.variance, whole, rtol=1e-12)


def test_rows_have_the_covariance_of_their_component(x64):
    covariance = np.array([[2.0, -0.9, 0.3], [-0.9, 1.0, 0.0], [0.3, 0.0, 0.5]])
    one = jc.GaussianMixture([1.0], np.zeros((1, 3)), covariance[None])
    rows = np.asarray(one.sample(jax.random.key(2), one.truth(), 40_000).rows)
    np.testing.assert_allclose(np.cov(rows, rowvar=False), covariance, atol=5 * 2 * (2 / 40_000) ** 0.5)
    np.testing.assert_allclose(one.truth().covariances[0], covariance, atol=1e-12)


def test_few_rows_have_a_covariance_at_the_floor(x64):
    """Two rows in three dimensions: along the line through them as they are, at the floor elsewhere."""
    rows = jnp.array([[0.0, 0.0, 0.0], [2.0, 4.0, -2.0]])
    one = jc.GaussianMixture([1.0], np.zeros((1, 3)), np.eye(3)[None], floor=1e-4)
    fit = one.fit(jc.Samples(rows), key=jax.random.key(0))
    step = np.array([1.0, 2.0, -1.0])
    np.testing.assert_allclose(fit.covariances[0], np.outer(step, step) + np.diag([0.0, 1e-4, 1e-4]), atol=1e-12)


def test_the_fit_is_that_of_scikit_learn(x64):
    mixture = model(iterations=25)
    data = mixture.sample(jax.random.key(1), mixture.truth(), 300)
    start = dict(key=jax.random.key(2), previous=mixture.truth())
    fit = mixture.fit(data, **start)
    begin = dict(weights_init=WEIGHTS, means_init=MEANS, precisions_init=1 / np.array(VARIANCES))
    other = Fit(3, covariance_type="diag", tol=0.0, reg_covar=0.0, max_iter=25, **begin)
    with pytest.warns(match="did not converge"):
        other.fit(np.asarray(data.rows))
    np.testing.assert_allclose(fit.weights, other.weights_, rtol=1e-8)
    np.testing.assert_allclose(fit.means, other.means_, rtol=1e-7)
    np.testing.assert_allclose(fit.variances, other.covariances_, rtol=1e-7)
    longer = model(iterations=4000).fit(data, **start)  # what it converges to does not move
    again = model(iterations=4000).fit(data, key=start["key"], previous=longer)
    np.testing.assert_allclose(again.means, longer.means, rtol=1e-6)


def test_tied_variances_are_those_of_scikit_learn(x64):
    """On a line, where a common covariance is a common variance; components without weight share it too."""
    means = [[-2.0], [0.0], [3.0]]
    mixture = jc.GaussianMixture(WEIGHTS, means, [[0.5]] * 3, iterations=25, tied=True)
    data = mixture.sample(jax.random.key(1), mixture.truth(), 200)
    fit = jax.jit(lambda data: mixture.fit(data, key=jax.random.key(2), previous=mixture.truth()))(data)
    other = Fit(3, covariance_type="tied", tol=0.0, reg_covar=0.0, max_iter=25)
    other.weights_init, other.means_init, other.precisions_init = WEIGHTS, means, np.array([[2.0]])
    with pytest.warns(match="did not converge"):
        other.fit(np.asarray(data.rows))
    np.testing.assert_allclose(fit.variances, np.full((3, 1), other.covariances_[0, 0]), rtol=1e-6)
    np.testing.assert_allclose(fit.means, other.means_, rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match="variances must be the same for all components of a tied mixture"):
        jc.GaussianMixture(WEIGHTS, MEANS, VARIANCES, tied=True)


@pytest.mark.slow
def test_restarts_find_the_largest_of_several_maxima(x64):
    """A start at which two components sit on one cluster stays there; with other starts all four are found."""
    centres = 8.0 * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    true = dict(weights=[0.25] * 4, means=centres, variances=np.ones((4, 2)))
    bad = jc.GaussianMixture(
        **{**true, "means": np.array([[-8.0, -9.0], [-8.0, -7.0], [-8.0, 8.0], [8.0, 0.0]])}
    ).truth()
    data = jc.GaussianMixture(**true).sample(jax.random.key(3), jc.GaussianMixture(**true).truth(), 200)
    found = {}
    for restarts in (0, 6):
        model = jc.GaussianMixture(**true, restarts=restarts)
        fit = model.fit(data, key=jax.random.key(4), previous=bad)
        found[restarts] = float(fit.log_density(data.rows).mean())
    best = jc.GaussianMixture(**true).fit(data, key=jax.random.key(4), previous=jc.GaussianMixture(**true).truth())
    assert found[0] < found[6] - 0.1
    np.testing.assert_allclose(found[6], best.log_density(data.rows).mean(), rtol=1e-9)


def test_the_first_fit_begins_at_rows_that_lie_apart(x64):
    """Without a model before it: three clusters of rows, each found whatever the key; never the truth itself."""
    apart = jc.GaussianMixture(WEIGHTS, 10 * jnp.array(MEANS), VARIANCES)
    data = apart.sample(jax.random.key(1), apart.truth(), 300)
    for seed in range(5):
        fit = apart.fit(data, key=jax.random.key(seed))
        order = jnp.argsort(fit.means[:, 0])
        np.testing.assert_allclose(fit.means[order], 10 * np.array(MEANS), atol=0.5)
        np.testing.assert_allclose(fit.weights[order], WEIGHTS, atol=0.1)


def test_rows_have_the_moments_of_the_mixture(x64):
    mixture = model()
    rows = np.asarray(mixture.sample(jax.random.key(2), mixture.truth(), 100_000).rows)
    truth = mixture.truth()
    assert (np.abs(rows.mean(axis=0) - truth.mean) < 4 * np.sqrt(truth.variance / 1e5)).all()
    np.testing.assert_allclose(rows.var(axis=0), truth.variance, rtol=0.02)
    share = (rows[:, 0] < -1.5).mean()
    exact = sum(
        w * jax.scipy.stats.norm.cdf((-1.5 - m[0]) / v[0] ** 0.5)
        for w, m, v in zip(WEIGHTS, MEANS, VARIANCES, strict=True)
    )
    assert abs(share - exact) < 4 * np.sqrt(exact * (1 - exact) / 1e5)


@pytest.mark.slow
def test_a_chain_has_the_moments_of_one_gaussian(x64):
    """Also where components are lost, which is reached without NaN."""
    run = lambda key: jc.simulate(model(iterations=5), jc.Replace(), key=key, samples=8, generations=12)  # noqa: E731
    fits = jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(3), 3000))
    assert np.isfinite(fits.trace).all() and (fits.smallest[:, -1] < 1e-3).mean() > 0.2
    total = float(jnp.sum(model().truth().variance))
    exact = total * gaussian.mean_square(samples=8, generations=12, ddof=0)
    gap = np.abs(fits.squared_error.mean(axis=0) - exact)
    assert (gap < 4 * fits.squared_error.std(axis=0) / np.sqrt(3000)).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jc.GaussianMixture([0.5, 0.6], MEANS[:2], VARIANCES[:2]), "weights must sum to one"),
        (lambda: jc.GaussianMixture(WEIGHTS, MEANS[:2], VARIANCES[:2]), r"means must have shape \(3, dim\)"),
        (lambda: jc.GaussianMixture(WEIGHTS, MEANS, VARIANCES[:2]), r"variances must have shape \(3, 2\)"),
        (lambda: jc.GaussianMixture([1.0], [[0.0]], [[0.0]]), "variances must be positive"),
        (lambda: jc.GaussianMixture([1.0], [[0.0, 0.0]], [[[1.0, 2.0], [2.0, 1.0]]]), "symmetric, positive definite"),
        (lambda: jc.GaussianMixture([1.0], [[0.0, 0.0]], [[[1.0]]]), r"variances must have shape \(1, 2, 2\)"),
        (lambda: jc.GaussianMixture([1.0], [[0.0]], [[1.0]], iterations=0), "iterations must be at least 1"),
        (lambda: jc.GaussianMixture([1.0], [[0.0]], [[1.0]], floor=0.0), "floor must be positive"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
