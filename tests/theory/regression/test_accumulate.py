"""Closed forms of accumulation: identities between derivations, limits, infinite expectations, gradients, errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gamma, polygamma
from scipy.stats import f as f_law

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum, mean, regression
from jaxcollapse.theory.regression.accumulate import _marchenko_pastur as marchenko_pastur

pytestmark = pytest.mark.usefixtures("x64")


class Weighted:
    """A workflow for the theory alone: batch i counts omega_i times at every generation."""

    def __init__(self, omega):
        self.omega = jnp.asarray(omega)

    def weights(self, samples):
        kept = jnp.tril(jnp.broadcast_to(self.omega, (len(samples), len(samples))))
        return kept / kept.sum(axis=1, keepdims=True), jnp.zeros_like(samples)


@pytest.mark.slow
def test_weights_against_the_weight_matrix():
    omega = [3.0, 0.5, 1.0, 7.0, 0.1]
    curve = regression.ols_accumulate_weighted(dim=7, samples=20, noise=0.6, weights=omega)
    factors = mean.inflation(Weighted(omega), generations=5)
    np.testing.assert_allclose(curve, factors * 0.36 * 7 / 12, rtol=1e-12)
    assert (curve >= curve[0]).all()  # nothing beats the real data alone
    scaled = regression.ols_accumulate_weighted(dim=7, samples=20, noise=0.6, weights=5 * np.array(omega))
    np.testing.assert_allclose(curve, scaled, rtol=1e-12)


def test_equal_weights_are_plain_accumulation():
    fixed = dict(dim=10, samples=31, noise=1.3)
    curve = regression.ols_accumulate_weighted(**fixed, weights=jnp.full(30, 0.7))
    plain = regression.ols_accumulate(**fixed, generations=30, design="fixed")
    np.testing.assert_allclose(curve, plain, rtol=1e-12)
    limit = regression.ols_accumulate_weighted_limit(**fixed, real_weight=1.0)
    np.testing.assert_allclose(limit, regression.ols_accumulate_limit(**fixed, design="fixed"), rtol=1e-12)


@pytest.mark.parametrize("real_weight", [0.3, 1.0, 5.0, 40.0])
def test_the_limit_of_a_weighted_real_batch(real_weight):
    fixed = dict(dim=10, samples=31, noise=1.0)
    count = 200_000
    curve = regression.ols_accumulate_weighted(**fixed, weights=jnp.r_[real_weight, jnp.ones(count - 1)])
    rest = 0.5 / (real_weight + count - 0.5)  # the tail of the sum, times the first risk
    np.testing.assert_allclose(
        regression.ols_accumulate_weighted_limit(**fixed, real_weight=real_weight), curve[-1] + rest, rtol=1e-10
    )
    np.testing.assert_allclose(curve[-1] + rest, 0.5 * (1 + polygamma(1, real_weight + 1)), rtol=1e-10)


@pytest.mark.slow
def test_the_law_of_least_squares_on_one_design():
    dim, samples, noise = 10, 32, 1.3
    inflation = float(mean.inflation(jc.Accumulate(), generations=7)[-1])
    fixed = dict(dim=dim, samples=samples, noise=noise, inflation=inflation)
    scale = inflation * noise**2 * dim / (samples - dim + 1)
    points = np.array([0.1, 0.5, 1.0, 3.0])
    expected = f_law.cdf(points / scale, dim, samples - dim + 1)
    np.testing.assert_allclose(regression.ols_cdf(points, **fixed), expected, rtol=1e-12)
    average = quad(lambda r: 1 - float(regression.ols_cdf(r, **fixed)), 0, np.inf)[0]
    accumulated = regression.ols_accumulate(dim=dim, samples=samples, noise=noise, generations=7, design="fixed")
    np.testing.assert_allclose(average, accumulated[-1], rtol=1e-6)
    assert regression.ols_cdf(0.0, **fixed) == 0


def test_subsampling_costs_a_known_factor():
    """A_1 = 1, A_{t+1} = A_t + (2 - 1/t)/(t + 1)^2, c_t = A_t + 1 - 1/t, which tends to pi^2/2 - 2 like 3/t."""
    generations = 1000
    factors = mean.inflation(jc.AccumulateSubsample(), generations=generations)
    a, expected = 1.0, []
    for t in range(1, generations + 1):
        expected.append(a + 1 - 1 / t)
        a += (2 - 1 / t) / (t + 1) ** 2
    np.testing.assert_allclose(factors, expected, rtol=1e-11)
    np.testing.assert_allclose(factors[99], 2.905, atol=5e-4)
    np.testing.assert_allclose(factors[-1] + 3 / generations, np.pi**2 / 2 - 2, atol=3e-6)


def test_minimum_norm_is_least_squares_with_enough_rows():
    sizes = [40.0, 15.0, 80.0, 3.0]
    fixed = dict(dim=12, samples=sizes, noise=0.7, generations=4)
    plain = regression.ols_accumulate(**fixed, design="fresh")
    np.testing.assert_allclose(regression.minimum_norm_accumulate(**fixed, norm=3.0), plain, rtol=1e-12)


def test_minimum_norm_freezes_its_bias():
    dim, sizes = 20, [6, 4, 26, 12]
    silent = regression.minimum_norm_accumulate(dim=dim, samples=sizes, noise=0.0, generations=4, norm=1.5)
    np.testing.assert_allclose(silent, np.full(4, (1 - 6 / 20) * 1.5**2), rtol=1e-12)
    noisy = regression.minimum_norm_accumulate(dim=dim, samples=sizes, noise=0.5, generations=4, norm=1.5) - silent
    expected = 0.25 * np.cumsum([6 / 13, 4 / 9, 26 / 36 * 20 / 15, 12 / 48 * 20 / 27])
    np.testing.assert_allclose(noisy, expected, rtol=1e-12)
    first = regression.ridge_replace(Spectrum.isotropic(dim), samples=6, noise=0.5, penalty=0.0, generations=1)
    np.testing.assert_allclose(
        regression.minimum_norm_accumulate(dim=dim, samples=6, noise=0.5, generations=1), first, rtol=1e-12
    )


@pytest.mark.parametrize("pool", [19, 20, 21])
def test_a_pool_of_about_as_many_rows_as_coefficients_is_a_trap(pool):
    sizes = [9, pool - 9, 200, 200]
    curve = regression.minimum_norm_accumulate(dim=20, samples=sizes, noise=0.5, generations=4)
    assert jnp.isfinite(curve[0]) and jnp.isinf(curve[1:]).all()
    silent = regression.minimum_norm_accumulate(dim=20, samples=sizes, noise=0.0, generations=4)
    np.testing.assert_allclose(silent, 11 / 20, rtol=1e-12)
    for neighbour in (18, 22):
        near = regression.minimum_norm_accumulate(dim=20, samples=[9, neighbour - 9], noise=0.5, generations=2)
        assert jnp.isfinite(near).all()


def test_ridge_given_a_design_against_matrices():
    """The fits are linear in the truth and in all noises: their exact mean square, without eigenvectors."""
    dim, rows, penalty, noise, generations = 4, 6, 0.3, 0.7, 5
    rng = np.random.default_rng(0)
    x, truth = rng.normal(size=(rows, dim)), rng.normal(size=dim)
    mean, spread = [truth], [np.zeros((dim, generations * rows))]  # coefficients of one, and of every noise
    labels_mean, labels_spread = np.zeros(rows), np.zeros((rows, generations * rows))
    risks = []
    for g in range(1, generations + 1):
        own = np.zeros((rows, generations * rows))
        own[:, (g - 1) * rows : g * rows] = noise * np.eye(rows)
        labels_mean = labels_mean + x @ mean[-1]
        labels_spread = labels_spread + x @ spread[-1] + own
        fit = np.linalg.solve(g * x.T @ x + penalty * g * rows * np.eye(dim), x.T)
        mean.append(fit @ labels_mean)
        spread.append(fit @ labels_spread)
        risks.append(((mean[-1] - truth) ** 2).sum() + (spread[-1] ** 2).sum())
    values, basis = np.linalg.eigh(x.T @ x / rows)
    design = Spectrum.from_eigenvalues(values, basis.T @ truth)
    settings = dict(penalty=penalty, samples=rows, noise=noise, generations=generations)
    np.testing.assert_allclose(regression.ridge_accumulate_given_design(design, **settings), risks, rtol=1e-12)


def test_shrinkage_that_compounds_is_a_gamma_function():
    design, penalty = Spectrum.from_eigenvalues([0.4], [2.0]), 0.1
    curve = regression.ridge_accumulate_given_design(design, penalty=penalty, samples=9, noise=0.0, generations=150)
    g, s = np.arange(1, 151), 0.8
    mean = gamma(g + s) / gamma(g + 1.0) / gamma(s)
    np.testing.assert_allclose(curve, 4 * (1 - mean) ** 2, rtol=1e-10)
    np.testing.assert_allclose(1 - np.sqrt(curve[-1] / 4), 150 ** (s - 1) / gamma(s), rtol=1e-3)  # ~ g^(s-1)


def test_a_small_penalty_per_sample_is_least_squares():
    design = Spectrum.from_eigenvalues([0.5, 1.0, 2.0])
    curve = regression.ridge_accumulate_given_design(design, penalty=1e-12, samples=9, noise=1.0, generations=20)
    inflation = mean.inflation(jc.Accumulate(), generations=20)
    np.testing.assert_allclose(curve, inflation * (2 + 1 + 0.5) / 9, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("samples", [30, 60, 100, 400])
def test_marchenko_and_pastur_agree_with_the_effective_penalty(samples):
    """The mean over eigenvalues and the equation for kappa are derived apart and agree to rounding."""
    dim, penalty, noise = 60, 0.2, 0.7
    first = regression.ridge_accumulate_per_sample_penalty(
        dim=dim, samples=samples, noise=noise, penalty=penalty, generations=1, norm=1.5
    )
    chain = regression.ridge_replace(
        Spectrum.isotropic(dim, norm=1.5), samples=samples, noise=noise, penalty=penalty, generations=1
    )
    np.testing.assert_allclose(first, chain, rtol=1e-11)
    total = penalty * samples
    curve = regression.ridge_accumulate_total_penalty(
        Spectrum.isotropic(dim, norm=1.5), penalty=total, samples=samples, noise=noise, generations=6, design="fixed"
    )
    nodes, weights = marchenko_pastur(jnp.asarray(dim / samples))
    np.testing.assert_allclose(weights.sum(), min(1.0, samples / dim), rtol=1e-11)
    np.testing.assert_allclose(weights @ nodes, 1.0, rtol=1e-11)
    bias = 1.5**2 * (max(0.0, 1 - samples / dim) + weights @ (penalty / (nodes + penalty)) ** 2)
    g = np.arange(1, 7)[:, None]
    steps = (nodes * samples / (g * nodes * samples + total) ** 2) @ weights
    np.testing.assert_allclose(curve, bias + noise**2 * dim * np.cumsum(steps), rtol=1e-10)


@pytest.mark.slow
def test_the_penalty_per_sample_forgets_and_the_total_penalty_does_not():
    fixed = dict(samples=200, noise=0.1, generations=3000)
    forgets = regression.ridge_accumulate_per_sample_penalty(dim=50, penalty=1.0, **fixed)
    bounded = regression.ridge_accumulate_total_penalty(Spectrum.isotropic(50), penalty=200.0, design="fixed", **fixed)
    assert (jnp.diff(forgets) > 0).all() and forgets[-1] > 0.95
    np.testing.assert_allclose(bounded[-1], bounded[0], rtol=0.02)
    np.testing.assert_allclose(bounded[0], forgets[0], rtol=1e-10)


@pytest.mark.slow
def test_the_total_penalty_with_fresh_designs():
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1.0, 0.05, 30))
    sizes = jnp.array([60.0, 30.0, 90.0])
    settings = dict(samples=sizes, noise=0.5, generations=3, design="fresh")
    curve = regression.ridge_accumulate_total_penalty(spectrum, penalty=3.0, **settings)
    steps = []
    for share, rows in ((1.0, 60.0), (1 / 3, 90.0), (0.5, 180.0)):
        terms = regression.ridge_downstream_terms(
            spectrum, penalty=3.0 / rows, samples=rows, noise=0.5, generator_samples=99
        )
        steps.append(share * terms.variance)
        if rows == 60.0:
            bias = terms.bias
    np.testing.assert_allclose(curve, bias + np.cumsum(steps), rtol=1e-11)
    tiny = regression.ridge_accumulate_total_penalty(spectrum, penalty=1e-9, **settings)
    pool = np.cumsum(sizes)
    np.testing.assert_allclose(tiny, 0.25 * 30 * np.cumsum(sizes / pool / (pool - 30)), rtol=1e-8)


@pytest.mark.slow
def test_gradients_are_difference_quotients():
    def risk(penalty, noise):
        settings = dict(samples=60, noise=noise, generations=5)
        total = regression.ridge_accumulate_total_penalty(
            Spectrum.isotropic(30), penalty=60 * penalty, design="fresh", **settings
        )
        return total[-1] + regression.ridge_accumulate_per_sample_penalty(dim=30, penalty=penalty, **settings)[-1]

    point = (0.2, 0.7)
    for i, slope in enumerate(jax.grad(risk, argnums=(0, 1))(*point)):
        up, down = (tuple(v + s * 1e-5 * (i == j) for j, v in enumerate(point)) for s in (1, -1))
        np.testing.assert_allclose(slope, (risk(*up) - risk(*down)) / 2e-5, rtol=1e-7)
    curves = jax.vmap(lambda p: regression.ridge_accumulate_per_sample_penalty(
        dim=30, samples=60, noise=0.5, penalty=p, generations=3))(jnp.array([0.1, 0.2]))  # fmt: skip
    alone = regression.ridge_accumulate_per_sample_penalty(dim=30, samples=60, noise=0.5, penalty=0.2, generations=3)
    np.testing.assert_allclose(curves[1], alone, rtol=1e-12)


_OLS = dict(dim=10, samples=31, noise=1.0)
_RIDGE = dict(samples=31, noise=1.0, generations=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: regression.ols_accumulate_weighted(**_OLS, weights=[1.0, 0.0]), "weights must be positive and finite"),
        (lambda: regression.ols_accumulate_weighted(**_OLS, weights=1.0), "weights must have shape"),
        (
            lambda: regression.ols_accumulate_weighted(dim=10, samples=9, noise=1.0, weights=[1.0]),
            "samples must be finite and",
        ),
        (lambda: regression.ols_accumulate_weighted_limit(**_OLS, real_weight=0.0), "real_weight must be positive"),
        (lambda: regression.ols_cdf(-1.0, **_OLS, inflation=1.0), "risk must be finite and at least 0"),
        (lambda: regression.ols_cdf(1.0, **_OLS, inflation="2"), "inflation must be a number"),
        (lambda: regression.minimum_norm_accumulate(**_OLS, generations=0), "generations must be at least 1"),
        (
            lambda: regression.minimum_norm_accumulate(dim=10, samples=[3, 4], noise=1.0, generations=3),
            "samples must be a number or have shape",
        ),
        (
            lambda: regression.ridge_accumulate_total_penalty(
                Spectrum.isotropic(3), penalty=0.0, design="fresh", **_RIDGE
            ),
            "penalty must be positive",
        ),
        (
            lambda: regression.ridge_accumulate_total_penalty(
                Spectrum.isotropic(3), penalty=1.0, design="same", **_RIDGE
            ),
            "design must be 'fresh' or 'fixed'",
        ),
        (
            lambda: regression.ridge_accumulate_total_penalty(
                Spectrum.isotropic(3), penalty=1.0, design="fixed", samples=[5, 6], noise=1.0, generations=2
            ),
            "samples must be one number",
        ),
        (
            lambda: regression.ridge_accumulate_given_design(Spectrum.isotropic(3), penalty=-1.0, **_RIDGE),
            "penalty must be pos",
        ),
        (
            lambda: regression.ridge_accumulate_per_sample_penalty(dim=0, penalty=1.0, **_RIDGE),
            "dim must be at least 1",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
