"""Gradient descent in the regression loop: against its steps, taken one by one, for every noise alone."""

import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum, networks, regression

pytestmark = pytest.mark.usefixtures("x64")
RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(4, 6))
TARGETS, SIGMA, G = np.array([0.8, -0.3, 0.5, 1.1]), 0.4, 5
FLOWS = {
    "replace": lambda: jc.Replace(),
    "accumulate": lambda: jc.Accumulate(),
    "fixed": lambda: jc.Mix("fixed", weight=0.4),
    "average": lambda: jc.MovingAverage(0.3),
}


def by_steps(flow, rate, steps, decay, warm):
    """Descent on ``|y - Phi w|^2/(2N) + decay |w|^2/2``, of a chain that is linear in the truth and in every noise."""
    matrix = np.asarray(flow.weights(jnp.full(G, 4.0))[0])

    def chain(truth, noise):
        values, w = [truth], np.zeros(6)
        for g in range(G):
            y = sum(matrix[g, i] * (values[i] + noise[i]) for i in range(g + 1))
            w = w if warm else np.zeros(6)
            for _ in range(steps):
                w = w - rate * (FEATURES.T @ (FEATURES @ w - y) / 4 + decay * w)
            values.append(FEATURES @ w)
        return np.array(values[1:])

    none = np.zeros((G, 4))
    risk = ((chain(TARGETS, none) - TARGETS) ** 2).mean(axis=1)
    for i in range(G):
        for j in range(4):
            one = none.copy()
            one[i, j] = SIGMA
            risk = risk + (chain(np.zeros(4), one) ** 2).mean(axis=1)
    return risk


def risk(flow, rate=0.3, steps=7, decay=0.0, warm=False):
    kernel, shrinkage = FEATURES @ FEATURES.T, networks.gradient_descent(rate, steps, decay)
    return regression.descent_risk(kernel, TARGETS, shrinkage, flow, noise=SIGMA, warm=warm, generations=G)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("decay", [0.0, 0.2])
@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("kind", FLOWS)
def test_step_by_step(kind, warm, decay):
    found = risk(FLOWS[kind](), decay=decay, warm=warm)
    np.testing.assert_allclose(found, by_steps(FLOWS[kind](), 0.3, 7, decay, warm), rtol=1e-10)


def test_replaced_labels_are_forgotten_cold_and_walk_warm():
    s, basis = np.linalg.eigh(FEATURES @ FEATURES.T / 4)
    h, f, g = 1 - (1 - 0.3 * s) ** 7, basis.T @ TARGETS, np.arange(1, G + 1)[:, None]
    cold = (1 - h**g) ** 2 * f**2 + SIGMA**2 * np.array(
        [(h ** (2 * np.arange(1, k + 1)[:, None])).sum(axis=0) for k in g[:, 0]]
    )
    np.testing.assert_allclose(risk(jc.Replace()), cold.mean(axis=1), rtol=1e-10)
    warm = (1 - h) ** 2 * f**2 + g * SIGMA**2 * h**2
    np.testing.assert_allclose(risk(jc.Replace(), warm=True), warm.mean(axis=1), rtol=1e-10)


def test_it_is_linear_regression_on_the_features():
    """Of the same chain in coefficients, each error times its eigenvalue."""
    population = Spectrum.from_kernel(FEATURES @ FEATURES.T, TARGETS)
    setting = dict(samples=4, noise=SIGMA, warm=True, generations=G)
    errors = networks.early_stopping_squared_error(
        population, networks.gradient_descent(0.3, 7, 0.1), jc.Accumulate(), **setting
    )
    found = risk(jc.Accumulate(), decay=0.1, warm=True)
    np.testing.assert_allclose(found, errors @ population.eigenvalues, rtol=1e-8)


def test_decay_for_long_is_a_ridge_penalty():
    s = np.array([2.0, 0.3, 0.0])
    descent, ridge = networks.gradient_descent(0.5, 400, 0.2), networks.ridge_shrinkage(0.2)
    np.testing.assert_allclose(descent(s), ridge(s), atol=1e-12)
    np.testing.assert_allclose(descent.missed(s), ridge.missed(s), atol=1e-12)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            dict(rate=0.6),
            "rate must be below 2 over the largest eigenvalue 4 .*below 0.5, or .* got 0.6",
        ),
        (dict(rate=0.4, decay=1.1), "rate must be below 2 over the largest eigenvalue 5.1"),
        (dict(kernel=np.diag([8.0, -1.0])), "kernel must be positive semi-definite, got the eigenvalue -1"),
        (dict(kernel=np.eye(3)), "kernel must have shape .2, 2."),
        (dict(targets=1.0), "targets must have shape .points,."),
    ],
)
def test_wrong_arguments(changes, message):
    given = dict(kernel=np.diag([8.0, 1.0]), targets=[1.0, 2.0], rate=0.2, decay=0.0) | changes
    shrinkage = networks.gradient_descent(given["rate"], 5, given["decay"])
    with pytest.raises(ValueError, match=message):
        regression.descent_risk(given["kernel"], given["targets"], shrinkage, jc.Replace(), noise=0.1, generations=2)
