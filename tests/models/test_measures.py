"""Measures of laws against SciPy, integrals and matrix functions, and their means along a chain against the theory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import linalg, stats
from scipy.integrate import quad

import jaxcollapse as jc
from jaxcollapse import measures
from jaxcollapse.models.gaussian.multivariate import MultivariateNormal
from jaxcollapse.models.gaussian.univariate import Normal
from jaxcollapse.models.kernel_density import KernelMixture

pytestmark = pytest.mark.usefixtures("x64")


def probabilities(size, seed):
    rng = np.random.default_rng(seed)
    weights = rng.exponential(size=size) * (rng.uniform(size=size) < 0.7)
    return weights / weights.sum()


def gaussian(dim, seed):
    """Mean, covariance, and the law."""
    rng = np.random.default_rng(seed)
    mean, root = rng.normal(size=dim), rng.normal(size=(dim, dim)) + 2 * np.eye(dim)
    covariance = root @ root.T
    factor = np.linalg.cholesky(covariance)
    return mean, covariance, MultivariateNormal.of(jnp.asarray(mean), jnp.asarray(factor), jnp.zeros(()))


def line(mean, deviation):
    return Normal(jnp.asarray(float(mean)), jnp.asarray(2 * np.log(deviation)))


@pytest.mark.slow
@pytest.mark.parametrize("size", [5, 200])
def test_symbols_are_measured_as_by_scipy(size):
    p, q = probabilities(size, 0), probabilities(size, 1)
    full = (q + 0.01) / (q + 0.01).sum()
    np.testing.assert_allclose(measures.entropy(p), stats.entropy(p), rtol=1e-12)
    np.testing.assert_allclose(measures.kl(p, full), stats.entropy(p, full), rtol=1e-12)
    assert measures.kl(full, p) == np.inf
    np.testing.assert_allclose(measures.total_variation(p, q), np.abs(p - q).sum() / 2, rtol=1e-12)
    gaps = np.cumsum(p) - np.cumsum(q)
    np.testing.assert_allclose(measures.cramer_von_mises(p, q), (gaps**2) @ q, rtol=1e-12)
    text = np.random.default_rng(2).choice(size, 300, p=p)
    np.testing.assert_allclose(measures.log_loss(p, text), -np.log(p[text]).mean(), rtol=1e-12)
    assert measures.log_loss(p, np.flatnonzero(p == 0)[:1]) == np.inf
    np.testing.assert_allclose(measures.support_precision(p, q), p[q > 0].sum(), rtol=1e-12)
    np.testing.assert_allclose(measures.support_recall(p, q), q[p > 0].sum(), rtol=1e-12)
    np.testing.assert_allclose(measures.support_recall(p, q, above=0.1), q[p > 0.1].sum(), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("dim", [1, 4])
def test_gaussians_are_measured_as_by_matrices(dim):
    (m, c, p), (k, s, q) = gaussian(dim, 0), gaussian(dim, 1)
    np.testing.assert_allclose(measures.entropy(p), stats.multivariate_normal(m, c).entropy(), rtol=1e-10)
    kl = 0.5 * (
        np.trace(np.linalg.solve(s, c)) + (k - m) @ np.linalg.solve(s, k - m) - dim
        + np.linalg.slogdet(s)[1] - np.linalg.slogdet(c)[1]
    )  # fmt: skip
    np.testing.assert_allclose(measures.kl(p, q), kl, rtol=1e-10)
    root = np.real(linalg.sqrtm(linalg.sqrtm(c) @ s @ linalg.sqrtm(c)))
    distance = ((m - k) ** 2).sum() + np.trace(c + s - 2 * root)
    np.testing.assert_allclose(measures.squared_wasserstein(p, q), distance, rtol=1e-10)
    np.testing.assert_allclose(measures.covariance_error(p, q), ((c - s) ** 2).sum(), rtol=1e-10)
    rows = np.random.default_rng(3).normal(size=(50, dim))
    loss = -stats.multivariate_normal(m, c).logpdf(rows).mean()
    np.testing.assert_allclose(measures.log_loss(p, rows), loss, rtol=1e-10)
    assert measures.kl(p, p) == pytest.approx(0, abs=1e-12)


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("first", "second"),
    [((0, 1), (0, 2)), ((0.3, 1), (-1, 0.2)), ((1, 1), (2, 1)), ((1, 1), (2, 1 + 1e-9)), ((5, 0.1), (-5, 3))],
)
def test_gaussians_on_the_line_against_integrals(first, second):
    p, q, (f, g) = line(*first), line(*second), (stats.norm(*first), stats.norm(*second))
    points = sorted([first[0], second[0]])
    integral = lambda h: quad(h, -40, 40, points=points, limit=500, epsabs=1e-11)[0]  # noqa: E731
    total = 0.5 * integral(lambda x: abs(f.pdf(x) - g.pdf(x)))
    np.testing.assert_allclose(measures.total_variation(p, q), total, atol=1e-8)
    np.testing.assert_allclose(measures.total_variation(q, p), total, atol=1e-8)
    kl = integral(lambda x: f.pdf(x) * (f.logpdf(x) - g.logpdf(x)) if f.pdf(x) > 0 else 0.0)
    np.testing.assert_allclose(measures.kl(p, q), kl, rtol=1e-6)
    squares = integral(lambda x: (f.cdf(x) - g.cdf(x)) ** 2 * g.pdf(x))
    for found in measures.cramer_von_mises(p, q), measures.cramer_von_mises(q, p):
        np.testing.assert_allclose(found, squares, rtol=1e-6, atol=1e-9)
    distance = (first[0] - second[0]) ** 2 + (first[1] - second[1]) ** 2
    np.testing.assert_allclose(measures.squared_wasserstein(p, q), distance, rtol=1e-12)
    assert measures.total_variation(p, p) == 0


def test_the_distance_of_laws_that_are_close_keeps_its_digits():
    """To second order it is ``(gap^2 + log(ratio)^2/3)/(2 pi sqrt(3))``."""
    for gap, ratio in ((1e-9, 0.0), (0.0, 1e-9), (3e-8, 2e-8)):
        found = measures.cramer_von_mises(line(gap, 1.0), Normal(jnp.zeros(()), jnp.asarray(2 * ratio)))
        known = (gap**2 + ratio**2 / 3) / (2 * np.pi * 3**0.5)
        np.testing.assert_allclose(found, known, rtol=1e-6)
    far = Normal(jnp.zeros(()), jnp.asarray(-1400.0)), Normal(jnp.ones(()), jnp.asarray(-1500.0))
    np.testing.assert_allclose(measures.cramer_von_mises(*far), 1 / 3, rtol=1e-12)
    narrow = measures.cramer_von_mises(Normal(jnp.zeros(()), jnp.asarray(-1500.0)), line(0, 1))
    np.testing.assert_allclose(narrow, 1 / 12, rtol=1e-12)


def test_mixtures_are_scored_as_sums_of_densities():
    mixture = jc.GaussianMixture([0.3, 0.7], [[-2.0, 0.0], [2.0, 1.0]], [[1.0, 0.5], [0.3, 2.0]]).truth()
    rows = np.random.default_rng(0).normal(size=(20, 2))
    parts = [
        stats.norm(m, np.sqrt(v)).pdf(rows).prod(axis=1) for m, v in zip(mixture.means, mixture.variances, strict=True)
    ]
    loss = -np.log(0.3 * parts[0] + 0.7 * parts[1]).mean()
    np.testing.assert_allclose(measures.log_loss(mixture, rows), loss, rtol=1e-10)
    kernels = KernelMixture(jnp.array([0.0, 1.0, 9.0]), jnp.array([1.0, 3.0, 0.0]), jnp.asarray(0.5))
    density = 0.25 * stats.norm(0, 0.5).pdf(rows[:, 0]) + 0.75 * stats.norm(1, 0.5).pdf(rows[:, 0])
    np.testing.assert_allclose(measures.log_loss(kernels, rows[:, 0]), -np.log(density).mean(), rtol=1e-10)


def test_a_singular_covariance_is_infinitely_far():
    flat = MultivariateNormal.of(jnp.zeros(2), jnp.diag(jnp.array([1.0, 0.0])), jnp.zeros(()))
    whole = gaussian(2, 0)[2]
    assert measures.entropy(flat) == -np.inf
    assert measures.kl(flat, whole) == measures.kl(whole, flat) == measures.log_loss(flat, np.ones((1, 2))) == np.inf
    assert np.isfinite(measures.squared_wasserstein(flat, whole))


@pytest.mark.slow
def test_their_means_along_a_chain_are_those_of_the_theory():
    model = jc.Gaussian(ddof=1)
    truth = model.truth()
    own = {
        "far": lambda law: measures.squared_wasserstein(law, truth),
        "to": lambda law: measures.kl(law, truth),
        "away": lambda law: measures.kl(truth, law),
    }
    setting = dict(samples=30, generations=4)
    run = lambda key: jc.simulate(model, jc.Replace(), key=key, metrics=own, **setting).metrics  # noqa: E731
    found = jc.monte_carlo(run, jax.random.key(0), 20_000, progress=False)
    theory = jc.theory.gaussian
    for name, function in (("far", theory.wasserstein), ("to", theory.kl_to_truth), ("away", theory.kl_from_truth)):
        known, error = function(**setting, ddof=1), found.stderr[name]
        assert (np.abs(found.mean[name] - known) < 5 * error).all() and (error < 0.01 * known).all(), name


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p: measures.entropy("law"), TypeError, "law must be the parameters of a Gaussian, or probabilities"),
        (lambda p: measures.entropy(jnp.ones((2, 2))), ValueError, "law must be probabilities of shape (symbols,)"),
        (lambda p: measures.kl(p, jnp.ones(3) / 3), ValueError, "both laws must have one shape, got (2,) and (3,)"),
        (lambda p: measures.kl(p, line(0, 1)), TypeError, "both laws must be of one kind, got "),
        (lambda p: measures.kl(line(0, 1), gaussian(2, 0)[2]), ValueError, "one dimension, got 1 and 2"),
        (lambda p: measures.total_variation(gaussian(2, 0)[2], gaussian(2, 1)[2]), ValueError, "Gaussians on the line"),
        (lambda p: measures.cramer_von_mises(*(gaussian(2, i)[2] for i in (0, 1))), ValueError, "on the line"),
        (lambda p: measures.squared_wasserstein(p, p), TypeError, "law must be the parameters of a Gaussian"),
        (lambda p: measures.log_loss(p, jnp.ones(3)), TypeError, "rows must be symbols 0, 1, ..., as integers"),
        (lambda p: measures.log_loss(p, jnp.array([2])), ValueError, "rows must be symbols from 0 to 1"),
        (lambda p: measures.log_loss(3, jnp.array([2])), TypeError, "log_density(rows), got int"),
        (lambda p: measures.support_recall(line(0, 1), line(0, 1)), TypeError, "law must be probabilities"),
        (lambda p: measures.support_recall(p, p, above=-1.0), ValueError, "above must be finite and at least 0"),
    ],
)  # fmt: skip
def test_other_laws_are_refused(call, error, message):
    with pytest.raises(error) as raised:
        call(jnp.array([0.5, 0.5]))
    assert message in str(raised.value)
