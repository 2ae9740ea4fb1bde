"""Kernel ridge regression: a linear kernel is linear regression, weights are what they say, test points stay unseen."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.distance import cdist

import jaxcollapse as jc
from jaxcollapse.claims.dohmatob_2024 import digits
from jaxcollapse.random import fold_in

Spectrum = jc.theory.Spectrum
POINTS, DIM = 25, 3


@pytest.fixture
def table(x64):
    rng = np.random.default_rng(0)
    return jc.features.Table(rng.normal(size=(POINTS, DIM)) @ rng.normal(size=(DIM, DIM)))


@pytest.fixture
def linear(table):
    """The same population twice: rows of a table, and a linear kernel."""
    spectrum = Spectrum.from_eigenvalues(table.eigenvalues, jnp.array([1.0, -0.5, 2.0]))
    kernel = jc.kernels.polynomial(table.rows, degree=1, offset=0.0)
    return spectrum, kernel, table.rows @ spectrum.signal


@pytest.fixture
def curved(x64):
    """A population under a kernel without a finite basis."""
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(POINTS, DIM))
    return jc.kernels.rbf(inputs, bandwidth=0.3), np.sin(inputs.sum(axis=1))


WORKFLOWS = {
    "replace": jc.Replace(),
    "accumulate": jc.Accumulate(),
    "mix": jc.Mix("fresh", weight=0.3, real_samples=7),
}


@pytest.mark.parametrize(
    "workflow", ["mix", *(pytest.param(w, marks=pytest.mark.slow) for w in WORKFLOWS if w != "mix")]
)
def test_a_linear_kernel_is_linear_regression(workflow, table, linear):
    """The same draws give the same chain, with sizes and penalties that change."""
    spectrum, kernel, targets = linear
    settings = dict(noise=lambda g: 0.2 * g, penalty=lambda g: 0.3 / g)
    rows = jc.LinearRegression(spectrum, features=table, **settings)
    points = jc.KernelRidge(kernel, targets, **settings)
    run = dict(key=jax.random.key(0), samples=lambda g: 6 + 3 * g, generations=4)
    expected, got = (jc.simulate(model, WORKFLOWS[workflow], **run) for model in (rows, points))
    np.testing.assert_allclose(got.risk, expected.risk, rtol=1e-9)
    np.testing.assert_allclose(got.params, expected.params @ table.rows.T, rtol=1e-9, atol=1e-10)


def test_the_spectrum_of_a_linear_kernel(table, linear):
    spectrum, kernel, targets = linear
    found = jc.KernelRidge(kernel, targets, noise=1.0, penalty=0.1).spectrum
    np.testing.assert_allclose(found.eigenvalues[:DIM], table.eigenvalues, rtol=1e-12)
    np.testing.assert_allclose(np.abs(found.signal[:DIM]), np.abs(spectrum.signal), rtol=1e-10)
    assert (found.eigenvalues[DIM:] < 1e-13 * found.eigenvalues[0]).all()
    setting = dict(samples=jnp.array([8.0, 30.0]), noise=0.7, penalty=jnp.array([0.2, 0.05]), generations=2)
    a, b = (jc.theory.regression.ridge_replace(population, **setting) for population in (found, spectrum))
    np.testing.assert_allclose(a, b, rtol=1e-10)


def test_the_spectrum_of_any_kernel(curved):
    """The features that it stands for have the kernel as inner products, and the coefficients give the targets."""
    kernel, targets = curved
    found = Spectrum.from_kernel(kernel, targets)
    _, vectors = np.linalg.eigh(kernel)
    features = np.sqrt(POINTS * found.eigenvalues) * vectors[:, ::-1]
    np.testing.assert_allclose(features @ features.T, kernel, atol=1e-12)
    np.testing.assert_allclose(features.T @ features / POINTS, np.diag(found.eigenvalues), atol=1e-14)
    sign = np.sign(features.T @ targets * found.signal)
    np.testing.assert_allclose((features * sign) @ found.signal, targets, rtol=1e-9)
    np.testing.assert_allclose(jnp.sum(found.eigenvalues * found.signal**2), np.mean(targets**2), rtol=1e-12)


def test_targets_out_of_reach_count_as_risk(x64):
    """Two points that are the same, with different targets: no fit can tell them apart."""
    inputs = np.array([[0.0], [0.0], [1.0], [2.0]])
    kernel = jc.kernels.polynomial(inputs, degree=1)
    population = Spectrum.from_kernel(kernel, [1.0, -1.0, 0.0, 0.0])
    risk = jc.theory.regression.ridge_replace(population, samples=1e9, noise=0.0, penalty=1e-7, generations=1)
    np.testing.assert_allclose(risk, 0.5, rtol=1e-5)


def test_weights_count_rows(curved):
    """A weight of two is a row twice, of zero none; only ratios matter."""
    kernel, targets = curved
    model = jc.KernelRidge(kernel, targets, noise=1.0, penalty=0.1)
    index, labels = jnp.array([4, 9, 9, 17]), jnp.array([1.0, -0.5, 0.2, 3.0])
    expected = model.fit(jc.Samples((index, labels)))
    twice = jc.Samples((jnp.array([4, 9, 17, 2]), jnp.array([1.0, -0.15, 3.0, 99.0])), jnp.array([1.0, 2.0, 1.0, 0.0]))
    np.testing.assert_allclose(model.fit(twice), expected, rtol=1e-12)
    np.testing.assert_allclose(model.fit(0.7 * twice), expected, rtol=1e-12)

    def objective(coefficients, weights):
        f = kernel @ coefficients
        loss = jnp.sum(weights * (labels - f[index]) ** 2) / weights.sum()
        return loss + 0.1 * coefficients @ kernel @ coefficients

    weights = jnp.array([0.5, 2.0, 1.0, 0.3])
    fitted = model.fit(jc.Samples((index, labels), weights))
    slope = jax.grad(objective)(jnp.linalg.solve(kernel, fitted), weights)
    np.testing.assert_allclose(slope, 0.0, atol=1e-8)


def test_test_points_are_never_drawn(curved):
    kernel, targets = curved
    model = jc.KernelRidge(kernel, targets, noise=0.0, penalty=0.1, test=10)
    seen = []
    for seed in range(3):
        prepared = model.prepare(jax.random.key(seed), jnp.ones(1))
        index, labels = prepared.sample(jax.random.key(seed), model.truth(), 2000).rows
        drawn = set(np.asarray(index).tolist())
        assert len(drawn) == 15 and drawn.isdisjoint(np.asarray(prepared.order[-10:]).tolist())
        np.testing.assert_array_equal(labels, targets[index])
        counts = np.bincount(index, minlength=POINTS)
        assert ((counts[counts > 0] - 2000 / 15) ** 2 / (2000 / 15)).sum() < 37  # chi-square, 14 degrees of freedom
        error = (jnp.ones(POINTS) - targets) ** 2
        np.testing.assert_allclose(prepared.metrics(jnp.ones(POINTS))["risk"], error[prepared.order[-10:]].mean())
        seen.append(drawn)
    assert seen[0] != seen[1] != seen[2]
    fixed = dataclasses.replace(model, order=np.arange(POINTS))
    assert fixed.prepare(jax.random.key(0), jnp.ones(1)) is fixed
    assert int(fixed.sample(jax.random.key(0), model.truth(), 2000).rows[0].max()) == 14
    everything = dataclasses.replace(model, test=0)
    np.testing.assert_allclose(everything.metrics(jnp.ones(POINTS))["risk"], error.mean())


def test_one_split_for_all_generations(curved):
    kernel, targets = curved
    model = jc.KernelRidge(kernel, targets, noise=0.5, penalty=0.1, test=5)
    key = jax.random.key(3)
    run = jc.simulate(model, jc.Replace(), key=key, samples=12, generations=3)
    held_out = model.prepare(fold_in(key, 0), jnp.ones(1)).order[-5:]
    np.testing.assert_allclose(run.risk, ((run.params - targets) ** 2)[:, held_out].mean(axis=1), rtol=1e-12)


def test_gradients(curved):
    """The penalty and the bandwidth of the kernel are differentiable."""
    inputs, targets = np.random.default_rng(1).normal(size=(POINTS, DIM)), curved[1]

    @jax.jit
    def risk(penalty, bandwidth):
        model = jc.KernelRidge(jc.kernels.rbf(inputs, bandwidth=bandwidth), targets, noise=0.3, penalty=penalty)
        return jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=10, generations=2).risk[-1]

    slopes = jax.jit(jax.grad(risk, argnums=(0, 1)))(0.1, 0.3)
    h = 1e-5
    np.testing.assert_allclose(slopes[0], (risk(0.1 + h, 0.3) - risk(0.1 - h, 0.3)) / (2 * h), rtol=1e-6)
    np.testing.assert_allclose(slopes[1], (risk(0.1, 0.3 + h) - risk(0.1, 0.3 - h)) / (2 * h), rtol=1e-6)


def test_a_model_made_in_every_replication(curved):
    """What is known before compilation is checked and computed there; penalties are points of a grid."""
    inputs, targets = np.random.default_rng(1).normal(size=(POINTS, DIM)), curved[1]

    def risk(key, penalty):
        kernel = jc.kernels.rbf(inputs, bandwidth=0.3)
        assert not isinstance(kernel, jax.core.Tracer)
        model = jc.KernelRidge(kernel, targets, noise=0.3, penalty=penalty, test=8)
        return jc.simulate(model, jc.Replace(), key=key, samples=10, generations=2).risk[-1]

    grid = jc.Grid(penalty=jnp.array([0.01, 0.1]))
    estimate = jc.monte_carlo(risk, jax.random.key(1), 3, grid=grid, progress=False)
    expected = [[risk(jax.random.fold_in(jax.random.key(1), i), p) for p in (0.01, 0.1)] for i in range(3)]
    np.testing.assert_allclose(estimate.mean, np.mean(expected, axis=0), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("kernel", "exponent"), [(digits.rbf, 1.0), (digits.polynomial, 1.05)])
def test_the_rule_of_figure_4(kernel, exponent, x64):
    """The exponent that capacity and source of the spectrum lead to is one, and the rule is near the best penalty."""
    inputs, targets = jc.datasets.digits()
    spectrum = Spectrum.from_kernel(kernel(inputs), targets)
    power = np.asarray(spectrum.eigenvalues * spectrum.signal**2)
    missed = np.cumsum(power[::-1])[::-1]  # beyond direction j: j^(-2 beta r)
    j = np.arange(10, 300)
    capacity, source = (-np.polyfit(np.log(j), np.log(curve[j - 1]), 1)[0] for curve in (spectrum.eigenvalues, missed))
    np.testing.assert_allclose(capacity / (source + 1), exponent, atol=0.02)
    best = jax.jit(jc.theory.regression.adaptive_penalty, static_argnames="generators")
    for samples in (50.0, 200.0):
        found = best(spectrum, samples=samples, noise=1.0, generators=0, generator_samples=1.0, generator_noise=0.0)
        assert 0.8 < found / digits.rule(samples) < 1.0


def test_kernels(x64):
    x = np.random.default_rng(2).normal(size=(7, 4)) + 3.0
    np.testing.assert_allclose(jc.kernels.rbf(x, bandwidth=0.2), np.exp(-0.2 * cdist(x, x) ** 2), rtol=1e-12)
    expected = [[(0.5 * a @ b + 2.0) ** 3 for b in x] for a in x]
    np.testing.assert_allclose(jc.kernels.polynomial(x, degree=3, scale=0.5, offset=2.0), expected, rtol=1e-12)


def test_digits():
    x, y = jc.datasets.digits()
    assert x.shape == (1797, 64) and y.shape == (1797,)
    assert x.min() == 0 and x.max() == 1 and set(y) == {0.0, 1.0}
    assert y[:10].tolist() == [0, 1] * 5  # the first ten images show 0 to 9


def test_a_file_of_images(tmp_path):
    images, labels = np.arange(24, dtype=np.uint8).reshape(3, 2, 4), np.array([7, 0, 3])
    np.savez(tmp_path / "own.npz", x=images, y=labels)
    x, y = jc.datasets.load(tmp_path / "own.npz")
    np.testing.assert_array_equal(x, images.reshape(3, 8) / 23)
    assert y.tolist() == [1.0, 0.0, 1.0]
    for arrays, message in (
        (dict(x_train=images, y_train=labels), "arrays x and y, got .* with \\['x_train', 'y_train'\\]"),
        (dict(x=images, y=labels / 2), "y must hold 3 integers"),
        (dict(x=images, y=labels[:2]), "y must hold 3 integers"),
        (dict(x=-images.astype(float), y=labels), "x must hold images"),
        (dict(x=labels, y=labels), "x must hold images"),
    ):
        np.savez(tmp_path / "wrong.npz", **arrays)
        with pytest.raises(ValueError, match=message):
            jc.datasets.load(tmp_path / "wrong.npz")


_PAIR = dict(kernel=np.eye(2), targets=np.ones(2), noise=1.0, penalty=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jc.KernelRidge(**(_PAIR | dict(kernel=np.eye(3)))), r"kernel must have shape \(2, 2\), got \(3, 3\)"),
        (lambda: jc.KernelRidge(**(_PAIR | dict(kernel=[[1.0, 2.0], [0.0, 1.0]]))), "kernel must be symmetric"),
        (lambda: jc.KernelRidge(**(_PAIR | dict(kernel=-np.eye(2)))), "kernel must be symmetric, with a diagonal"),
        (lambda: jc.KernelRidge(**(_PAIR | dict(kernel=np.full((2, 2), np.inf)))), "kernel must be finite"),
        (lambda: jc.KernelRidge(**(_PAIR | dict(targets=np.ones((2, 2))))), r"targets must have shape \(points,\)"),
        (lambda: jc.KernelRidge(**(_PAIR | dict(noise=-1.0))), "noise must be finite and at least 0"),
        (lambda: jc.KernelRidge(**(_PAIR | dict(penalty=0.0))), "penalty must be positive"),
        (lambda: jc.KernelRidge(**_PAIR, test=2), "test must be below 2, the number of points, got 2"),
        (lambda: jc.KernelRidge(**_PAIR, test=-1), "test must be at least 0"),
        (lambda: jc.KernelRidge(**_PAIR, order=np.arange(3)), r"order must have shape \(2,\)"),
        (lambda: jc.KernelRidge(**_PAIR, order=np.array([0, 0])), "order must hold every point from 0 to 1 once"),
        (lambda: Spectrum.from_kernel(-np.eye(2), np.ones(2)), "kernel must be positive semi-definite"),
        (lambda: Spectrum.from_kernel(np.eye(3), np.ones(2)), r"kernel must have shape \(2, 2\)"),
        (lambda: Spectrum.from_kernel(np.eye(2), 1.0), r"targets must have shape \(points,\)"),
        (lambda: jc.kernels.rbf(np.ones(3), bandwidth=1.0), r"inputs must have shape \(points, dim\)"),
        (lambda: jc.kernels.rbf(np.full((2, 1), np.nan), bandwidth=1.0), "inputs must be finite"),
        (lambda: jc.kernels.rbf(np.zeros((10**6, 1)), bandwidth=1.0), "a kernel of 1,000,000 points would take"),
        (lambda: jc.kernels.polynomial(np.zeros((10**6, 1)), degree=2), "a kernel of 1,000,000 points would take"),
        (lambda: jc.kernels.rbf(np.ones((2, 1)), bandwidth=0.0), "bandwidth must be positive"),
        (lambda: jc.kernels.polynomial(np.ones((2, 1)), degree=2.0), "degree must be an integer"),
        (lambda: jc.kernels.polynomial(np.ones((2, 1)), degree=0), "degree must be at least 1"),
        (lambda: jc.kernels.polynomial(np.ones((2, 1)), degree=2, scale=-1.0), "scale must be finite and at least 0"),
        (lambda: jc.kernels.polynomial(np.ones((2, 1)), degree=2, offset=-1.0), "offset must be finite and at least 0"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
