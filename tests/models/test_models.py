"""Models: what they draw has the law of raw data, at every size and depth."""

import dataclasses
import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import ks_2samp, norm

import jaxcollapse as jc
from jaxcollapse.models.gaussian import multivariate, univariate
from jaxcollapse.models.regression.fixed_design_walk import FixedDesignWalk
from jaxcollapse.models.regression.fixed_ridge_walk import FixedRidgeWalk
from jaxcollapse.models.regression.least_squares_walk import LeastSquaresWalk
from jaxcollapse.models.regression.ridge_walk import RidgeWalk
from jaxcollapse.models.regression.sums import RegressionSums
from jaxcollapse.random import bartlett, chi_square
from jaxcollapse.replication import linear_algebra
from jaxcollapse.theory import gaussian
from stand_ins import by_default

Spectrum = jc.theory.Spectrum


def replicate(function, count, seed=0, batch=250):
    """One result per replication; `batch` is None for a function with linear algebra, which may hang in batches."""
    keys = jax.random.split(jax.random.key(seed), count)
    return np.asarray(jax.jit(lambda keys: jax.lax.map(function, keys, batch_size=batch))(keys), np.float64)


def assert_same_law(a, b, comparisons):
    """Kolmogorov-Smirnov at a family-wise false-alarm rate of 1e-3; the seeds are fixed."""
    assert ks_2samp(a, b).pvalue > 1e-3 / comparisons


def test_chi_square_at_and_beyond_its_edge():
    draws = chi_square(jax.random.key(0), jnp.array([0.0, -1.0, 2.0]))
    assert draws[0] == 0 and jnp.isnan(draws[1]) and draws[2] > 0


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize(("samples", "dim"), [(12, 5), (5, 5), (3, 5), (1, 4)])
def test_bartlett_has_the_law_of_a_gram_matrix(samples, dim):
    def features(gram):
        gram = gram + 0.0
        return jnp.stack([gram[0, 0], gram[-1, 0], jnp.trace(gram), jnp.sum(gram**2)])

    def exact(key):
        factor = bartlett(key, samples, dim)
        return features(factor @ factor.T)

    def raw(key):
        x = jax.random.normal(key, (samples, dim))
        return features(x.T @ x)

    a, b = replicate(exact, 4000, 1), replicate(raw, 4000, 2)
    for j in range(4):
        assert_same_law(a[:, j], b[:, j], 16)


def risks(model, workflow, samples, generations, seed, count=2500):
    return replicate(
        lambda key: jc.simulate(model, workflow, key=key, samples=samples, generations=generations).risk, count, seed
    )


def assert_law_of_raw_data(model, workflow, samples, generations, sizes):
    """The risk at each generation, and the ratio of two, for one of `sizes` cases."""
    raw = dataclasses.replace(model, sampling="raw")
    a, b = (risks(each, workflow, samples, generations, seed, 4000) for seed, each in enumerate((model, raw), 1))
    comparisons = (generations + 1) * sizes
    for g in range(generations):
        assert_same_law(a[:, g], b[:, g], comparisons)
    assert_same_law(a[:, -1] / a[:, -3], b[:, -1] / b[:, -3], comparisons)


WEIGHTED = jc.Accumulate(weight=lambda g: 2.0 / g)
ONE_DESIGN = ((5, 12), (5, 5), (3, 9), (1, 4))


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(("dim", "samples"), by_default(ONE_DESIGN, [(5, 12)]))
@pytest.mark.parametrize(
    "workflow",
    [jc.Replace(), WEIGHTED, pytest.param(jc.Window(2), marks=pytest.mark.slow)],
    ids=["replace", "all", "window"],
)
def test_the_walk_on_one_design_has_the_law_of_raw_data(dim, samples, workflow, x64):
    """Each generation, and the ratio of two: fewer and more of them than columns, and a noise that changes."""
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1.0, 0.1, dim))

    model = jc.LinearRegression(spectrum, noise=lambda g: 0.3 * g, design="fixed")
    assert isinstance(model.reduce(workflow, jnp.full(4, float(samples))), FixedDesignWalk)
    assert_law_of_raw_data(model, workflow, samples, generations=4, sizes=3 * len(ONE_DESIGN))


ONE_RIDGE = ((5, 12, 0.1), (4, 4, 0.05), (5, 3, 0.0), (5, 3, 0.2), (1, 3, 0.3))


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(("dim", "samples", "penalty"), by_default(ONE_RIDGE, [(5, 12, 0.1)]))
@pytest.mark.parametrize("workflow", [jc.Replace(), WEIGHTED, jc.Mix("fresh", weight=0.6)], ids=["last", "all", "mix"])
def test_the_ridge_walk_on_one_design_has_the_law_of_raw_data(dim, samples, penalty, workflow, x64):
    """Each generation, and the ratio of two: more and fewer rows than columns, with and without a penalty."""
    spectrum = Spectrum(jnp.full(dim, 0.5), jnp.linspace(1.0, 2.0, dim))

    model = jc.LinearRegression(spectrum, noise=lambda g: 0.3 * g, penalty=penalty, design="fixed")
    assert isinstance(model.reduce(workflow, jnp.full(3, float(samples))), FixedRidgeWalk)
    assert_law_of_raw_data(model, workflow, samples, generations=3, sizes=3 * len(ONE_RIDGE))


LABELS = ((4, 9, 0.0), (5, 3, 0.0), (5, 3, 0.2))


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(("dim", "samples", "penalty"), by_default(LABELS, LABELS[::2]))
@pytest.mark.parametrize("sampling", ["exact", pytest.param("raw", marks=pytest.mark.slow)])
def test_mixed_labels_on_one_design_are_mixed_rows(dim, samples, penalty, sampling, x64):
    """`Mix` pools real and synthetic rows, which on one design is a mean of their labels."""
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1.0, 0.1, dim))
    fields = dict(noise=0.5, penalty=penalty, design="fixed")
    labelled = jc.MixedLabels(jc.LinearRegression(spectrum, **fields, sampling=sampling), weight=lambda g: 0.5 / g)
    rows = jc.LinearRegression(spectrum, **fields, sampling="raw")
    a = risks(labelled, jc.Replace(), samples, 3, 1, 4000)
    b = risks(rows, jc.Mix("fresh", weight=lambda g: 0.5 / g), samples, 3, 2, 4000)
    for g in range(3):
        assert_same_law(a[:, g], b[:, g], 18)


PENALTIES = (0.0, 0.3)
SIZES = ((4, 9), (4, 4), (4, 3), (6, 2), (10, 40))
REGRESSIONS = tuple((w, p, *size) for w, p, size in itertools.product(("replace", "accumulate"), PENALTIES, SIZES))
# Fewer and more rows than columns, with and without a penalty: each once.
CORNERS = (
    ("replace", 0.3, 4, 9),
    ("replace", 0.0, 4, 3),
    ("accumulate", 0.0, 4, 9),
    ("accumulate", 0.3, 4, 3),
)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("workflow", "penalty", "dim", "samples"), by_default(REGRESSIONS, CORNERS))
def test_exact_regression_has_the_law_of_raw_data(workflow, penalty, dim, samples, x64):
    """On both sides of n = dim, at dim itself and at the minimum norm, for an anisotropic covariance, three deep."""
    workflow = jc.Replace() if workflow == "replace" else jc.Accumulate()
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1.0, 0.1, dim))
    model = {
        sampling: jc.LinearRegression(spectrum, noise=0.5, penalty=penalty, sampling=sampling)
        for sampling in ("exact", "raw")
    }
    a = risks(model["exact"], workflow, samples, 3, seed=3)
    b = risks(model["raw"], workflow, samples, 3, seed=4)
    for g in range(3):
        assert_same_law(a[:, g], b[:, g], 3 * 2 * len(SIZES) * len(PENALTIES))


POOLS = {
    "replace": jc.Replace(),
    "accumulate": WEIGHTED,
    "fresh": jc.Mix("fresh", weight=0.6),
    "window": jc.Window(2),
    "fixed": jc.Mix("fixed"),
}
POOLED = tuple(itertools.product(POOLS, ("fresh", "fixed"), (9, 3)))


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("workflow", "design", "samples"), by_default(POOLED, [("accumulate", "fresh", 9), ("fresh", "fresh", 9)])
)
def test_fixed_design_and_mixtures_have_the_law_of_raw_data(workflow, design, samples, x64):
    """By default those that neither the walks on one design nor the plain pools above have for a case."""
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1.0, 0.1, 4))
    model = jc.LinearRegression(spectrum, noise=0.5, penalty=0.1, design=design)
    raw = dataclasses.replace(model, sampling="raw")
    a, b = (risks(each, POOLS[workflow], samples, 3, seed) for seed, each in enumerate((model, raw)))
    for g in range(3):
        assert_same_law(a[:, g], b[:, g], 3 * len(POOLED))


@pytest.mark.slow
def test_the_walk_has_the_law_of_the_chain_that_it_reduces(x64):
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1.0, 0.1, 5))
    exact = jc.LinearRegression(spectrum, noise=0.5)
    raw = jc.LinearRegression(spectrum, noise=0.5, sampling="raw")
    sizes = jnp.full(4, 12.0)
    assert isinstance(exact.reduce(jc.Replace(), sizes), LeastSquaresWalk)
    for kept in (
        raw.reduce(jc.Replace(), sizes),
        exact.reduce(jc.Accumulate(), sizes),
        exact.reduce(jc.Replace(), jnp.full(4, 3.0)),
        jc.LinearRegression(spectrum, noise=0.5, penalty=0.1).reduce(jc.Replace(), sizes),
        jc.LinearRegression(spectrum, noise=0.5, design="fixed").reduce(jc.Mix("fresh"), sizes),
        jc.LinearRegression(spectrum, noise=0.5, design="fixed", penalty=0.1).reduce(jc.Replace(), sizes),
    ):
        assert isinstance(kept, jc.LinearRegression)
    a, b = (risks(model, jc.Replace(), 12, 4, seed, 4000) for seed, model in enumerate((exact, raw)))
    for g in range(4):
        assert_same_law(a[:, g], b[:, g], 4)


WALKS = ((5, 12, 0.1), (5, 3, 0.0), (5, 3, 0.2), (8, 8, 0.05), (2, 5, 0.3))


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(("dim", "samples", "penalty"), by_default(WALKS, WALKS[:3:2]))
def test_the_ridge_walk_has_the_law_of_the_chain_that_it_reduces(dim, samples, penalty, x64):
    """Penalised and unpenalised generations alternate, and the covariance has a scale."""
    spectrum = Spectrum.from_eigenvalues(jnp.full(dim, 2.0), jnp.linspace(0.0, 1.0, dim))

    def schedule(g):
        return jnp.where(g == 2, 0.0, penalty)

    exact, raw = (
        jc.LinearRegression(spectrum, noise=0.5, penalty=schedule, sampling=sampling) for sampling in ("exact", "raw")
    )
    sizes = jnp.full(3, float(samples))
    assert isinstance(exact.reduce(jc.Replace(), sizes), RidgeWalk)
    assert isinstance(raw.reduce(jc.Replace(), sizes), jc.LinearRegression)
    assert isinstance(exact.reduce(jc.Accumulate(), sizes), jc.LinearRegression)
    a, b = (risks(model, jc.Replace(), samples, 3, seed, 4000) for seed, model in enumerate((exact, raw)))
    for g in range(3):
        assert_same_law(a[:, g], b[:, g], 15)


MEANS = ((5, 12, 0.1), (8, 3, 0.2), (6, 6, 0.05), (1, 2, 0.5), (40, 400, 0.0), (10, 25, 0.0), (12, 4, 0.0))


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(("samples", "expected"), [(12, "minimum norm"), (30 + 20, "least squares")])
def test_an_unpenalised_walk_has_the_exact_mean(samples, expected, x64):
    """To five standard errors, 0.2 % of the mean each: 3 % of any number that is drawn would show."""
    dim, noise, setting = 30, 0.7, dict(samples=samples, generations=3)
    walk = RidgeWalk(dim, 1.0, 1.3, noise=noise, penalty=0.0)
    run = jc.monte_carlo(
        lambda key: jc.simulate(walk, jc.Replace(), key=key, **setting).risk, jax.random.key(0), 200_000
    )
    theory = jc.theory.regression.minimum_norm_replace(dim=dim, noise=noise, norm=1.3, design="fresh", **setting)
    assert (run.stderr < 2e-3 * run.mean).all(), expected
    assert (np.abs(run.mean - theory) < 5 * run.stderr).all()


@pytest.mark.slow
@pytest.mark.parametrize(("dim", "samples", "penalty"), by_default(MEANS, MEANS[-1:]))
def test_expected_curves_have_the_mean_of_the_paths(dim, samples, penalty, x64):
    """At every generation, with a penalty and a noise that change and a covariance with a scale."""
    spectrum = Spectrum.from_eigenvalues(jnp.full(dim, 2.0), jnp.linspace(0.2, 1.0, dim))
    model = jc.LinearRegression(
        spectrum, noise=lambda g: 0.5 + 0.1 * g, penalty=lambda g: penalty * (1 + (g == 2)), sampling="exact"
    )

    def run(model):
        return lambda key: jc.simulate(model, jc.Replace(), key=key, samples=samples, generations=4).risk

    paths = jc.monte_carlo(run(model), jax.random.key(0), 40_000, progress=False)
    means = jc.monte_carlo(run(model.expected()), jax.random.key(1), 20_000, progress=False)
    z = (paths.mean - means.mean) / np.hypot(paths.stderr, means.stderr)
    assert np.abs(z).max() < norm.isf(1e-3 / 2 / 4 / len(MEANS))
    assert (means.stderr < paths.stderr).all()


@pytest.mark.slow
def test_an_expected_curve_meets_its_closed_form_to_a_thousandth(x64):
    """Least squares: the mean risk of every generation is known."""
    model = jc.LinearRegression(Spectrum.isotropic(10), noise=1.0).expected()
    run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=40, generations=5).risk  # noqa: E731
    estimate = jc.monte_carlo(run, jax.random.key(0), 20_000, progress=False)
    exact = jc.theory.regression.ols_replace(dim=10, samples=40, noise=1.0, generations=5)
    np.testing.assert_allclose(estimate.mean, exact, rtol=0.005)
    assert (np.abs(estimate.mean - exact) < 4 * estimate.stderr).all() and (estimate.stderr < 1.3e-3 * exact).all()


def test_walks_and_means_refuse_what_they_cannot_do():
    isotropic = jc.LinearRegression(Spectrum.isotropic(5), noise=1.0, penalty=0.1)
    for model in (isotropic.expected(), isotropic.reduce(jc.Replace(), jnp.full(2, 9.0))):
        for workflow in (jc.Accumulate(), jc.Window(2), jc.Mix("fresh")):
            with pytest.raises(TypeError, match="a walk keeps no data that a workflow could pool"):
                jc.simulate(model, workflow, key=jax.random.key(0), samples=9, generations=2)
    fixed = jc.LinearRegression(Spectrum.isotropic(5), noise=1.0, design="fixed")
    with pytest.raises(TypeError, match="serves no workflow that draws real data"):
        walk = fixed.reduce(jc.Accumulate(), jnp.full(2, 9.0))
        jc.simulate(walk, jc.Mix("fresh"), key=jax.random.key(0), samples=9, generations=2)
    with pytest.raises(ValueError, match="samples must be the same for every batch"):
        jc.simulate(fixed, jc.Accumulate(), key=jax.random.key(0), samples=jnp.array([9, 10]), generations=2)
    with pytest.raises(ValueError, match="expected.. needs a fresh design and a spectrum of equal"):
        jc.LinearRegression(Spectrum.power_law(5, capacity=2.0, source=0.5), noise=1.0).expected()
    with pytest.raises(ValueError, match="expected.. needs a fresh design"):
        jc.LinearRegression(Spectrum.isotropic(5), noise=1.0, design="fixed").expected()


SHAPES = ((12, 30, 0.01), (12, 30, 0.0), (12, 7, 0.0), (12, 7, 0.05), (12, 12, 0.1), (40, 80, 0.003), (2, 5, 0.3))


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(("dim", "samples", "penalty"), by_default(SHAPES, SHAPES[1:3]))
def test_the_design_that_is_never_stored_has_the_law_of_raw_data(dim, samples, penalty, x64):
    """Generation 2 always has a penalty, so that samplers alternate where the others have none."""
    spectrum = Spectrum.power_law(dim, capacity=1.5, source=0.4)

    def schedule(g):
        return jnp.where(g == 2, 0.02, penalty)

    a, b = (
        risks(
            jc.LinearRegression(spectrum, noise=0.5, penalty=schedule, sampling=sampling), jc.Replace(), samples, 4, s
        )
        for s, sampling in enumerate(("krylov", "raw"))
    )
    for g in range(4):
        assert_same_law(a[:, g], b[:, g], 4 * len(SHAPES))


@pytest.mark.slow
def test_the_cheapest_exact_sampling_is_chosen():
    """LSQR where it needs few steps; a name asks for a sampling, and is refused where that cannot serve."""
    sizes = jnp.full(3, 600.0)
    steep, flat = Spectrum.power_law(300, capacity=2.0, source=0.5), Spectrum.from_eigenvalues(jnp.linspace(1, 2, 300))
    room = {
        penalty: jc.LinearRegression(spectrum, noise=1.0, penalty=penalty).reduce(jc.Replace(), sizes).steps
        for spectrum, penalty in ((steep, 0.01), (flat, 0.1), (flat, 0.001), (steep, 1e-6))
    }
    assert room[0.01] == 32 and room[0.1] == 128 and room[0.001] is room[1e-6] is None
    for sampling in ("bartlett", "raw"):
        model = jc.LinearRegression(Spectrum.isotropic(3), noise=1.0, penalty=0.1, sampling=sampling)
        assert model.reduce(jc.Replace(), sizes) is model

    def run(sampling, workflow, spectrum, design="fresh"):
        model = jc.LinearRegression(spectrum, noise=1.0, penalty=0.1, sampling=sampling, design=design)
        jc.simulate(model, workflow, key=jax.random.key(0), samples=5, generations=2)

    for workflow, design in ((jc.Accumulate(), "fresh"), (jc.Replace(), "fixed")):
        with pytest.raises(ValueError, match="sampling='krylov' serves the newest batch alone .fresh design"):
            run("krylov", workflow, steep, design)
    for workflow, design in ((jc.Window(2), "fresh"), (jc.Accumulate(), "fixed"), (jc.Replace(), "fresh")):
        with pytest.raises(ValueError, match="sampling='walk' serves least squares, no other real data"):
            run("walk", workflow, steep, design)
    run("walk", jc.Replace(), Spectrum.isotropic(3))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("penalty", "sampling"), [pytest.param(0.01, "krylov", marks=pytest.mark.slow), (1e-6, "bartlett")]
)
def test_sizes_that_are_not_known_choose_when_they_are(penalty, sampling, x64):
    """A traced penalty, as on a grid, gives the very numbers of the sampling that is best for its value."""
    spectrum = Spectrum.power_law(80, capacity=2.0, source=0.5)

    def risk(penalty, samples, sampling):
        model = jc.LinearRegression(spectrum, noise=1.0, penalty=penalty, sampling=sampling)
        return jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=samples, generations=3).risk

    traced = jax.jit(functools.partial(risk, sampling="exact"))(penalty, 160.0)
    for name in (sampling, "exact"):
        np.testing.assert_allclose(traced, jax.jit(functools.partial(risk, penalty, 160, name))(), rtol=1e-6)


def slow_operations(function):
    """The linear-algebra calls and rejection loops anywhere in a function of a key."""
    names = set()

    def walk(jaxpr):
        for equation in jaxpr.eqns:
            names.add(equation.primitive.name)
            for inner in linear_algebra.inner(equation):
                walk(inner)

    walk(jax.make_jaxpr(function)(jax.random.key(0)).jaxpr)
    return names & (linear_algebra._LINEAR_ALGEBRA | {"random_gamma"})


@pytest.mark.sampled(1)
@pytest.mark.parametrize("workflow", [jc.Replace(), jc.Accumulate(), jc.Window(2), jc.Mix("fixed", weight=0.5)])
def test_regression_needs_neither_linear_algebra_nor_rejection(workflow):
    """In the whole program of a chain, for every sampling that draws no rows."""
    spectra = Spectrum.isotropic(40), Spectrum.power_law(40, capacity=2.0, source=0.5)
    for spectrum, penalty, samples, design in itertools.product(spectra, (0.0, 0.1), (20, 100), ("fresh", "fixed")):
        model = jc.LinearRegression(spectrum, noise=1.0, penalty=penalty, design=design)
        run = lambda key: jc.simulate(model, workflow, key=key, samples=samples, generations=3).risk  # noqa: E731, B023
        assert not slow_operations(run)


def test_gaussian_chains_need_neither_linear_algebra_nor_rejection():
    models = jc.Gaussian(ddof=1), jc.MultivariateGaussian(jnp.eye(3), ddof=1)
    for model in models:
        run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=9, generations=3).metrics  # noqa: E731, B023
        assert not slow_operations(run)
    assert slow_operations(
        lambda key: jnp.linalg.inv(jnp.eye(2)) + jax.vmap(jax.random.gamma, (None, 0))(key, jnp.ones(2))
    )


def test_an_estimate_out_of_reach_is_not_a_number():
    """A Gram matrix of rank one where there should be two is singular, whatever the solver says."""
    model = jc.LinearRegression(Spectrum.isotropic(2), noise=1.0)
    sums = RegressionSums(jnp.ones((2, 2)), jnp.array([1.0, 2.0]), jnp.asarray(5.0), jnp.asarray(5.0))
    assert jnp.isnan(model.fit(sums)).all()


@pytest.mark.slow
def test_the_minimum_norm_fit_is_the_pseudo_inverse(x64):
    model = jc.LinearRegression(Spectrum.isotropic(6), noise=0.1, sampling="raw")
    data = model.sample(jax.random.key(0), model.truth(), 4)
    x, y = data.rows
    np.testing.assert_allclose(model.fit(data), jnp.linalg.pinv(x) @ y, rtol=1e-10)


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("sampling", ["exact", "bartlett", "raw"])
@pytest.mark.parametrize("workflow", [jc.Accumulate(), jc.Mix("fresh", weight=0.4)], ids=["accumulate", "mix"])
def test_one_design_counts_once_towards_the_minimum_norm(sampling, workflow, x64):
    """Ten rows, labelled again and again: the fits stay in their span, however many the pool counts."""
    model = jc.LinearRegression(Spectrum.isotropic(16), noise=1.0, design="fixed", sampling=sampling)
    run = jc.simulate(model, workflow, key=jax.random.key(3), samples=10, generations=12)
    params = np.asarray(jax.tree.leaves(run.params)[0])
    assert np.linalg.matrix_rank(params, tol=1e-8) == 10


def test_ridge_minimises_its_loss(x64):
    model = jc.LinearRegression(Spectrum.isotropic(3), noise=0.5, penalty=0.2, sampling="raw")
    data = 2.0 * model.sample(jax.random.key(0), model.truth(), 8)
    x, y = data.rows

    def loss(w):
        return jnp.mean((y - x @ w) ** 2) + 0.2 * jnp.sum(w**2)

    np.testing.assert_allclose(jax.grad(loss)(model.fit(data)), 0.0, atol=1e-12)
    half = RegressionSums.of(data)
    np.testing.assert_allclose(model.fit(half), model.fit(7.0 * half), rtol=1e-12)  # a penalty is per sample


GAUSSIANS = tuple(itertools.product(("replace", "accumulate", "window", "fresh"), (0, 1)))
ONE_DIVISOR_EACH = [GAUSSIANS[i] for i in (0, 1, 3, 4, 7)]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("workflow", "ddof"), by_default(GAUSSIANS, ONE_DIVISOR_EACH))
def test_exact_gaussians_have_the_law_of_raw_data(workflow, ddof, x64):
    workflow = {**POOLS, "accumulate": jc.Accumulate()}[workflow]

    def run(sampling):
        model = jc.Gaussian(ddof=ddof, mean=1.0, variance=2.0, sampling=sampling)

        def function(key):
            chain = jc.simulate(model, workflow, key=key, samples=5, generations=3)
            return jnp.stack([chain.mean, chain.log_variance])

        return replicate(function, 3000, seed=len(sampling))

    a, b = run("exact"), run("raw")
    for i, g in itertools.product(range(2), range(3)):
        assert_same_law(a[:, i, g], b[:, i, g], 6 * 8)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("workflow", [jc.Replace(), jc.Accumulate()], ids=["replace", "accumulate"])
def test_exact_covariances_have_the_law_of_raw_data(workflow, x64):
    covariance = jnp.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 0.5]])

    def run(sampling):
        model = jc.MultivariateGaussian(covariance, ddof=1, mean=jnp.arange(3.0), sampling=sampling)

        def function(key):
            chain = jc.simulate(model, workflow, key=key, samples=8, generations=3)
            last = chain.params.covariance if False else jax.vmap(lambda p: p.covariance)(chain.params)
            return jnp.stack([chain.trace, chain.log_determinant, chain.squared_error, last[:, 0, 1]])

        return replicate(function, 3000, seed=len(sampling), batch=None)

    a, b = run("exact"), run("raw")
    for i, g in itertools.product(range(4), range(3)):
        assert_same_law(a[:, i, g], b[:, i, g], 12 * 2)


@pytest.mark.slow
def test_moving_averages_have_the_law_of_raw_data(x64):
    """Of logs of variances, and of means, with a gain that changes."""
    workflow = jc.MovingAverage(lambda g: 1 / g)

    def run(sampling):
        model = jc.Gaussian(ddof=0, sampling=sampling)
        chain = lambda key: jc.simulate(model, workflow, key=key, samples=6, generations=3)  # noqa: E731
        return replicate(lambda key: jnp.stack([chain(key).log_variance, chain(key).mean]), 4000, len(sampling))

    a, b = run("exact"), run("raw")
    for g in range(3):
        assert_same_law(a[:, 0, g], b[:, 0, g], 12)
        assert_same_law(a[:, 1, g], b[:, 1, g], 12)


@pytest.mark.slow
def test_weights_of_tilted_chains_give_the_means_of_plain_ones(x64):
    """Of one, of the squared error of the mean and of powers of the variance; one product does not vary."""
    model = jc.TiltedGaussian(jc.Gaussian(ddof=0), power=1.2)

    def terms(key):
        run = jc.simulate(model, jc.Replace(), key=key, samples=12.0, generations=5)
        values = jnp.stack([jnp.ones(5), run.squared_error, run.variance, run.variance**1.2, run.variance**2])
        return jnp.exp(run.log_weight) * values

    exact, generations = dict(samples=12, generations=5, ddof=0), 5
    theory = [np.ones(generations), gaussian.mean_square(**exact)]
    theory += [gaussian.variance_moment(s, **exact) for s in (1.0, 1.2, 2.0)]
    estimate = jc.monte_carlo(terms, jax.random.key(0), 40_000, progress=False)
    assert (np.abs(estimate.mean - theory) < 4.5 * estimate.stderr + 1e-9).all()
    np.testing.assert_allclose(estimate.mean[3], theory[3], rtol=1e-9)
    np.testing.assert_allclose(estimate.effective_samples[3], 40_000, rtol=1e-6)
    with pytest.raises(TypeError, match="a walk keeps no data"):
        jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=12, generations=2)


@pytest.mark.slow
def test_pooled_gaussian_sums_are_those_of_the_pooled_rows(x64):
    a, b = jax.random.normal(jax.random.key(0), (2, 7)) * 3 + 1
    for model, rows in (
        (jc.Gaussian(ddof=1, sampling="raw"), (a, b)),
        (jc.MultivariateGaussian(jnp.eye(1), ddof=1, sampling="raw"), (a[:, None], b[:, None])),
    ):
        sums = type(model.fit(jc.Samples(rows[0])))
        pooled = model.fit(jc.Samples(rows[0]) + 2.0 * jc.Samples(rows[1]))
        statistic = {univariate.Normal: univariate.NormalSums}.get(sums, multivariate.MultivariateSums)
        parts = statistic.of(jc.Samples(rows[0])) + 2.0 * statistic.of(jc.Samples(rows[1]))
        got, expected = jax.tree.leaves(model.fit(parts)), jax.tree.leaves(pooled)
        for x, y in zip(got, expected, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-12)
        everything = jnp.concatenate([a, b, b])
        np.testing.assert_allclose(jnp.ravel(pooled.mean)[0], everything.mean(), rtol=1e-12)


def test_nothing_underflows_in_ten_thousand_generations():
    chain = jc.simulate(jc.Gaussian(ddof=0), jc.Replace(), key=jax.random.key(0), samples=10, generations=10_000)
    assert jnp.isfinite(chain.log_variance).all() and chain.log_variance[-1] < -500
    model = jc.MultivariateGaussian(jnp.eye(5), ddof=1)
    chain = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=20, generations=10_000)
    assert jnp.isfinite(chain.log_determinant).all() and jnp.isfinite(chain.params.unit).all()
    assert chain.log_determinant[-1] < -1000


def test_single_precision_resolves_a_billion_samples():
    """The mean log variance falls by 1/n a generation; its spread is sqrt(2/n)."""
    generations, n = 300, 10**9

    def run(key):
        one = jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=n, generations=generations)
        two = jc.simulate(jc.MultivariateGaussian(jnp.eye(2), ddof=1), jc.Replace(), key=key, samples=n, generations=50)
        return one.log_variance[-1], two.log_determinant[-1]

    one, two = (np.asarray(part, float) for part in jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(0), 4096)))
    for sample, mean, variance in ((one, -generations / n, 2 * generations / n), (two, -50 * 3 / n, 50 * 4 / n)):
        assert abs(sample.mean() - mean) < 5 * np.sqrt(variance / sample.size)
        assert abs(sample.var() / variance - 1) < 5 * np.sqrt(2 / sample.size)


FAMILIES = [jc.NormalMean, jc.Exponential, jc.Poisson, jc.Bernoulli, jc.Beta]


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("workflow", [jc.Replace(), jc.Accumulate()], ids=["replace", "accumulate"])
def test_exact_families_have_the_law_of_raw_data(family, workflow, x64):
    def run(sampling):
        model = family(0.7, sampling=sampling)
        return replicate(
            lambda key: jc.simulate(model, workflow, key=key, samples=6, generations=3).estimate, 4000, len(sampling)
        )

    a, b = (np.round(run(sampling), 9) for sampling in ("exact", "raw"))  # of integers: ties must be ties
    for g in range(3):
        assert_same_law(a[:, g], b[:, g], 3 * 2 * len(FAMILIES))


def two_generations(model, workflow, samples):
    return jc.simulate(model, workflow, key=jax.random.key(0), samples=samples, generations=2)


def test_a_single_row_serves_where_it_is_not_alone():
    """Maximum likelihood has no variance then; in a pool that one row may be added to."""
    for model, workflow, samples in (
        (jc.Gaussian(ddof=0), jc.Replace(), [5, 1]),
        (jc.Gaussian(ddof=1), jc.Accumulate(), [5, 1]),
        (jc.Gaussian(ddof=1), jc.Mix("fixed", real_samples=5), 1),
    ):
        assert not np.isnan(two_generations(model, workflow, samples).variance).any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jc.LinearRegression(Spectrum.isotropic(3), noise=-1.0), "noise must be finite and at least 0"),
        (lambda: jc.LinearRegression(Spectrum.isotropic(3), noise=float("nan")), "noise must be finite"),
        (lambda: jc.LinearRegression(Spectrum.isotropic(3), noise=1.0, penalty=-0.1), "penalty must be finite"),
        (lambda: jc.LinearRegression(Spectrum.isotropic(3), noise="loud"), "noise must be a number or a function"),
        (lambda: jc.LinearRegression(jnp.ones(3), noise=1.0), "spectrum must be a jaxcollapse.theory.Spectrum"),
        (lambda: jc.LinearRegression(Spectrum.isotropic(3), noise=1.0, design="same"), "design must be 'fresh' or"),
        (lambda: jc.LinearRegression(Spectrum.isotropic(3), noise=1.0, sampling="x"), "sampling must be 'exact' or"),
        (lambda: jc.LinearRegression(Spectrum.isotropic(3), noise=jnp.ones((2, 2))), "noise must be one number"),
        (lambda: jc.MixedLabels(jc.NormalMean(0.0), weight=0.5), "regression must be a jaxcollapse LinearRegression"),
        (lambda: jc.MixedLabels(jc.LinearRegression(Spectrum.isotropic(3), noise=1.0), weight=2), "weight must be at"),
        (lambda: jc.Gaussian(ddof=2), "ddof must be 0 or 1"),
        (lambda: two_generations(jc.Gaussian(ddof=1), jc.Replace(), [5, 1]), "samples must be at least 2 for ddof=1"),
        (lambda: two_generations(jc.Gaussian(ddof=1), jc.Accumulate(), [1, 5]), "samples must be at least 2 for ddof"),
        (lambda: two_generations(jc.Poisson(3.0), jc.Replace(), 1e9), r"samples \* mean must be below 2\^31"),
        (lambda: jc.TiltedGaussian(jc.NormalMean(0.0), power=1.0), "gaussian must be a jaxcollapse Gaussian"),
        (lambda: jc.TiltedGaussian(jc.Gaussian(ddof=1, sampling="raw"), power=1.0), "must draw sufficient statistics"),
        (lambda: jc.MovingAverage(1.5), "gain must be at most 1"),
        (lambda: jc.Gaussian(ddof=1, variance=-1.0), "variance must be"),
        (lambda: jc.MultivariateGaussian(jnp.ones((2, 3)), ddof=1), "covariance must have shape"),
        (lambda: jc.MultivariateGaussian(-jnp.eye(2), ddof=1), "positive definite"),
        (lambda: jc.MultivariateGaussian(jnp.eye(2), ddof=1, mean=jnp.zeros(3)), "mean must have shape"),
        (lambda: jc.Exponential(0.0), "mean must be positive"),
        (lambda: jc.Bernoulli(1.5), "probability must be at most 1"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
