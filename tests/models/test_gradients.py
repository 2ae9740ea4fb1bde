"""Derivatives of a path in what a model and a workflow are given, against differences with the same key."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum

pytestmark = pytest.mark.usefixtures("x64")
KEY = jax.random.key(0)
TRIANGLE = np.array([[1.0, 0.0, 0.0], [0.4, 0.6, 0.0], [0.2, 0.3, 0.5]])
TILT = np.array([[0.0, 0.0, 0.0], [1.0, -1.0, 0.0], [0.5, 0.5, -1.0]])
MODELS = {
    "gaussian": lambda: jc.Gaussian(ddof=1),
    "multivariate": lambda: jc.MultivariateGaussian(jnp.diag(jnp.array([1.0, 2.0])), ddof=0),
    "normal mean": lambda: jc.NormalMean(jnp.arange(2.0)),
    "least squares": lambda: jc.LinearRegression(Spectrum.isotropic(3), noise=1.0),
}
WORKFLOWS = {
    "weighted rows": lambda x: jc.Accumulate(weight=3 * x),
    "scheduled weights": lambda x: jc.Accumulate(weight=lambda g: (1 + x) ** g),
    "average": lambda x: jc.MovingAverage(x),
    "mix": lambda x: jc.Mix("fixed", weight=x),
    "matrix": lambda x: jc.Weighted(TRIANGLE + (x - 0.4) * 0.3 * TILT),
}


def check(function, x, *modes):
    h = 1e-5
    function = jax.jit(function)
    difference = (float(function(x + h)) - float(function(x - h))) / (2 * h)
    for mode in (jax.grad, *modes):
        derivative = mode(function)(x)
        np.testing.assert_allclose(derivative, difference, rtol=1e-6, atol=1e-8)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("workflow", WORKFLOWS)
@pytest.mark.parametrize("model", MODELS)
def test_weights(model, workflow):
    def total(x):
        run = jc.simulate(MODELS[model](), WORKFLOWS[workflow](x), key=KEY, samples=9, generations=3)
        return sum(jnp.sum(metric) for metric in run.metrics.values())

    check(total, 0.45)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("family", [jc.LogisticRegression, jc.PoissonRegression])
@pytest.mark.parametrize("table", [False, True])
def test_the_solution_of_newtons_method(family, table):
    """The fit to given labels: those of later generations jump with the parameters."""
    rows = jc.features.Table(np.random.default_rng(0).normal(size=(5, 2))) if table else None
    spectrum = Spectrum.from_eigenvalues([1.0, 0.7] if rows is None else rows.eigenvalues, [0.4, -0.2])

    def error(penalty):
        model = family(spectrum, penalty=penalty, features=rows)
        return jc.simulate(model, jc.Accumulate(), key=KEY, samples=40, generations=1).squared_error[0]

    check(error, 0.1, jax.jacfwd)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("model", [*MODELS, "counts", "labels"])
def test_the_size_of_a_real_batch_may_be_traced(model):
    others = {"counts": lambda: jc.Poisson(2.0), "labels": lambda: jc.Bernoulli(0.4)}
    made = (MODELS | others)[model]()

    def numbers(n):
        return jc.simulate(made, jc.Mix("fresh", real_samples=n), key=KEY, samples=9, generations=3).metrics

    for traced, known in zip(*map(jax.tree.leaves, (jax.jit(numbers)(7.0), numbers(7.0))), strict=True):
        np.testing.assert_allclose(traced, known, rtol=1e-10)


@pytest.mark.parametrize("rows", [2, pytest.param(3, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("sampling", ["exact", "raw"])
@pytest.mark.parametrize(
    "workflow", [jc.Accumulate(), *(pytest.param(w, marks=pytest.mark.slow) for w in (jc.Window(2), jc.Mix("fixed")))]
)
def test_a_pool_of_few_rows(workflow, sampling, rows):
    """Of a singular covariance, in both modes; batches of a window may be empty."""
    covariance = jnp.array([[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 0.5]])

    def numbers(x):
        model = jc.MultivariateGaussian(
            x * covariance + (x - 1) * jnp.eye(3), ddof=1, mean=x * jnp.ones(3), sampling=sampling
        )
        run = jc.simulate(model, workflow, key=KEY, samples=rows, generations=3)
        last = jax.tree.map(lambda leaf: leaf[-1], run.params)
        return run.trace[-1] + run.squared_error[-1] + last.factor[2, 0]

    check(numbers, 1.0, jax.jacfwd)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "sampling, rows, equal",
    [
        pytest.param("exact", 20, True, marks=pytest.mark.slow),
        pytest.param("exact", 3, True, marks=pytest.mark.slow),
        ("exact", 20, False),
        ("raw", 3, False),
        pytest.param("krylov", 20, False, marks=pytest.mark.slow),
        pytest.param("bartlett", 3, False, marks=pytest.mark.slow),
        pytest.param("raw", 20, False, marks=pytest.mark.slow),
    ],
)
def test_a_penalty_of_zero_is_the_end_of_those_beside_it(sampling, rows, equal):
    """Least squares and the minimum norm have ways of their own, on which a penalty has no influence."""
    spectrum = Spectrum.isotropic(6) if equal else Spectrum.from_eigenvalues([1.0, 0.9, 0.8, 0.7, 0.6, 0.5])

    @jax.jit
    @jax.grad
    def slope(penalty):
        model = jc.LinearRegression(spectrum, noise=1.0, penalty=penalty, sampling=sampling)
        return jc.simulate(model, jc.Replace(), key=KEY, samples=rows, generations=2).risk[-1]

    assert abs(slope(0.0)) > 0.1
    np.testing.assert_allclose(slope(0.0), slope(1e-6), rtol=2e-3)


@pytest.mark.slow
def test_the_mean_fit_of_minimum_norm_knows_what_a_penalty_does():
    """Its derivatives at zero are known; beside zero they are drawn. In the risk those of the truth cancel."""

    def slopes(penalty, key):
        def fitted(penalty):
            model = jc.LinearRegression(Spectrum.isotropic(16), noise=0.7, penalty=penalty).expected()
            run = jc.simulate(model, jc.Replace(), key=key, samples=4, generations=2)
            return jnp.stack([run.risk[-1], run.params.square[-1], run.params.overlap[-1]])

        return jax.jacrev(fitted)(penalty)

    drawn = jax.jit(jax.vmap(lambda key: slopes(1e-6, key)))(jax.random.split(KEY, 40_000))
    mean, error = drawn.mean(axis=0), drawn.std(axis=0) / np.sqrt(len(drawn))
    assert (error < 0.008 * abs(mean)).all()
    assert (abs(jax.jit(slopes)(0.0, KEY) - mean) < 4 * error).all()
