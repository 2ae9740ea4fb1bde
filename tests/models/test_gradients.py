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


@pytest.mark.parametrize("workflow", WORKFLOWS)
@pytest.mark.parametrize("model", MODELS)
def test_weights(model, workflow):
    def total(x):
        run = jc.simulate(MODELS[model](), WORKFLOWS[workflow](x), key=KEY, samples=9, generations=3)
        return sum(jnp.sum(metric) for metric in run.metrics.values())

    check(total, 0.45)


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


@pytest.mark.parametrize("model", [*MODELS, "counts", "labels"])
def test_the_size_of_a_real_batch_may_be_traced(model):
    others = {"counts": lambda: jc.Poisson(2.0), "labels": lambda: jc.Bernoulli(0.4)}
    made = (MODELS | others)[model]()

    def numbers(n):
        return jc.simulate(made, jc.Mix("fresh", real_samples=n), key=KEY, samples=9, generations=3).metrics

    for traced, known in zip(*map(jax.tree.leaves, (jax.jit(numbers)(7.0), numbers(7.0))), strict=True):
        np.testing.assert_allclose(traced, known, rtol=1e-10)
