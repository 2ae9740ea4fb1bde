"""Derivatives at the ends of a range: a weight of zero leaves rows out, but not what they do beside it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum

pytestmark = pytest.mark.usefixtures("x64")
KEY = jax.random.key(3)
COVARIANCE = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 0.5]])


def spectrum():
    return Spectrum.from_eigenvalues([2.0, 1.0, 0.5], [0.5, -0.3, 0.8])


MODELS = {
    "gaussian": lambda: jc.Gaussian(ddof=0),
    "gaussian rows": lambda: jc.Gaussian(ddof=0, sampling="raw"),
    "multivariate": lambda: jc.MultivariateGaussian(COVARIANCE, ddof=0),
    "multivariate rows": lambda: jc.MultivariateGaussian(COVARIANCE, ddof=0, sampling="raw"),
    "normal mean": lambda: jc.NormalMean(jnp.arange(2.0)),
    "exponential": lambda: jc.Exponential(1.0),
    "kernel density": lambda: jc.KernelDensity(0.5),
    "ridge": lambda: jc.LinearRegression(spectrum(), noise=1.0, penalty=0.1),
    "ridge rows": lambda: jc.LinearRegression(spectrum(), noise=1.0, penalty=0.1, sampling="raw"),
    "logistic": lambda: jc.LogisticRegression(spectrum(), penalty=0.1),
    "autoencoder": lambda: jc.LinearVAE([4.0, 2.0], noise=0.25, solver="optimum"),
    "principal components": lambda: jc.ProbabilisticPCA([4.0, 2.0, 1.0], latent=1),
}
STAYS = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
MOVES = np.array([[0.0, 0.0, 0.0], [-1.0, 1.0, 0.0], [-0.5, -0.5, 1.0]])
WORKFLOWS = {
    "no fresh rows": (lambda x: jc.Mix("fresh", weight=x), 0.0),
    "no fixed rows": (lambda x: jc.Mix("fixed", weight=x), 0.0),
    "fresh rows alone": (lambda x: jc.Mix("fresh", weight=x), 1.0),
    "fixed rows alone": (lambda x: jc.Mix("fixed", weight=x), 1.0),
    "the first average": (lambda x: jc.MovingAverage(x), 0.0),
    "no average": (lambda x: jc.MovingAverage(x), 1.0),
    "batches without weight": (lambda x: jc.Weighted(STAYS + x * MOVES), 0.0),
}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("workflow", WORKFLOWS)
@pytest.mark.parametrize("model", MODELS)
def test_weights_at_the_ends_of_their_range(model, workflow):
    make, end = WORKFLOWS[workflow]
    inwards = 1e-4 * (1 - 2 * end)

    @jax.jit
    def total(x):
        run = jc.simulate(MODELS[model](), make(x), key=KEY, samples=9, generations=3)
        return sum(jnp.sum(metric) for metric in run.metrics.values())

    values = [float(total(end + k * inwards)) for k in range(4)]
    difference = np.dot([-11 / 6, 3, -3 / 2, 1 / 3], values) / inwards  # of one side, with an error of third order
    for mode in (jax.grad, jax.jacfwd):
        np.testing.assert_allclose(mode(total)(end), difference, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_what_is_added_is_lost_in_rounding():
    """Outside of derivatives nothing is added; inside, the value is that of outside."""

    def total(x):
        run = jc.simulate(jc.Gaussian(ddof=0), jc.Mix("fixed", weight=x), key=KEY, samples=9, generations=3)
        return jnp.sum(run.log_variance)

    assert float(jax.value_and_grad(total)(0.0)[0]) == float(total(0.0))
