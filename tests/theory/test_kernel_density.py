"""Kernel density estimates in a loop: the law of the depth, moments by other routes, the error by a recursion."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import jaxcollapse as jc
from jaxcollapse.theory import kernel_density

pytestmark = pytest.mark.usefixtures("x64")


GENERATIONS = 12
depths = jax.jit(kernel_density.depths)


def law_of(workflow):
    return np.asarray(depths(workflow.weights(jnp.full(GENERATIONS, 10.0))[0]))


def phi(variance):
    return 1 / np.sqrt(2 * np.pi * variance)


def test_the_law_of_the_depth():
    """The generation; the number of cycles of a random permutation; a geometric law with fresh data."""
    np.testing.assert_array_equal(law_of(jc.Replace()), np.eye(12, 13, 1))
    law, pool = law_of(jc.Accumulate()), np.array([1.0])
    for g in range(1, GENERATIONS + 1):
        pool = np.convolve(pool, [1 - 1 / g, 1 / g])  # Stirling numbers of the first kind over g!
        np.testing.assert_allclose(law[g - 1, : g + 1], pool, atol=1e-15)
    np.testing.assert_allclose(law @ np.arange(13), np.cumsum(1 / np.arange(1, 13)), rtol=1e-13)
    np.testing.assert_allclose(law_of(jc.AccumulateSubsample()), law, atol=1e-15)
    share, d = 0.3, np.arange(1, 13)
    fresh = law_of(jc.Mix("fresh", weight=share))
    np.testing.assert_allclose(fresh[-1, 1:], np.where(d < 12, share * (1 - share) ** (d - 1), (1 - share) ** 11))
    np.testing.assert_allclose(law_of(jc.Mix("fixed", weight=share)), fresh, atol=1e-15)
    np.testing.assert_allclose(law_of(jc.Window(2))[2, :4], [0, 0, 0.75, 0.25], atol=1e-15)
    np.testing.assert_allclose(fresh.sum(axis=1), 1.0, rtol=1e-14)
    unequal = kernel_density.depths([[1.0, 0.0], [0.75, 0.25]])
    np.testing.assert_allclose(unequal, [[0, 1, 0], [0, 0.75, 0.25]])


def test_second_moments():
    """With fresh data; the variance of the model and the wandering of its mean add up to that of the mean density."""
    fresh = kernel_density.second_moment(jnp.asarray(law_of(jc.Mix("fresh", weight=0.25))), bandwidth=0.3)
    g = np.arange(1, 13)
    np.testing.assert_allclose(fresh, 1 + 0.09 * (1 - 0.75**g) / 0.25, rtol=1e-12)
    variances = kernel_density.model_variance(bandwidth=0.7, samples=12, generations=12, variance=2.0)
    total = kernel_density.second_moment(jnp.asarray(law_of(jc.Replace())), bandwidth=0.7, variance=2.0)
    np.testing.assert_allclose(total, 2 + 0.49 * g, rtol=1e-13)
    wandering = np.cumsum(np.append(2.0, variances[:-1]) / 12)
    np.testing.assert_allclose(variances + wandering, total, rtol=1e-13)
    late = kernel_density.model_variance(bandwidth=0.7, samples=12, generations=500)
    np.testing.assert_allclose(late[-1], 12 * 0.49, rtol=1e-12)


def test_the_mean_density_is_a_density_with_that_second_moment():
    x = jnp.linspace(-30, 30, 6001)
    law = jnp.asarray(law_of(jc.Accumulate()))
    density = kernel_density.mean_density(x, law, bandwidth=0.8, variance=1.5)
    assert density.shape == (12, 6001)
    np.testing.assert_allclose(density.sum(axis=1) * 0.01, 1.0, rtol=1e-12)
    moments = kernel_density.second_moment(law, bandwidth=0.8, variance=1.5)
    np.testing.assert_allclose(density @ x**2 * 0.01, moments, rtol=1e-12)


def test_the_squared_error_by_a_recursion():
    """Of ``E phi_c(X - Y)`` of two rows, with replacement, over generations; its ends for one sample and for many."""
    h2, n = 0.3, 7

    def pairs(c, g):
        return phi(c) / n + (1 - 1 / n) * (pairs(c + 2 * h2, g - 1) if g > 1 else phi(c + 2))

    expected = [pairs(2 * h2, g) - 2 * phi(2 + g * h2) + phi(2) for g in range(1, 9)]
    np.testing.assert_allclose(
        kernel_density.squared_error(bandwidth=h2**0.5, samples=n, generations=8), expected, rtol=1e-12
    )
    g = np.arange(1, 9)
    one = kernel_density.squared_error(bandwidth=h2**0.5, samples=1, generations=8)
    np.testing.assert_allclose(one, phi(2 * h2) - 2 * phi(2 + g * h2) + phi(2), rtol=1e-12)
    many = kernel_density.squared_error(bandwidth=h2**0.5, samples=1e12, generations=8)
    np.testing.assert_allclose(many, phi(2 + 2 * g * h2) - 2 * phi(2 + g * h2) + phi(2), rtol=1e-9)


@pytest.mark.parametrize(("generation", "expected"), [(1, 0.4455), (10, 0.2765)])
def test_the_best_bandwidth(generation, expected):
    def error(h, n=100, g=generation):
        a = np.arange(g)
        same = np.sum((1 - 1 / n) ** a / n * phi(2 * h**2 * (1 + a)))
        return same + (1 - 1 / n) ** g * phi(2 + 2 * g * h**2) - 2 * phi(2 + g * h**2)

    best = float(kernel_density.optimal_bandwidth(samples=100, generation=generation))
    np.testing.assert_allclose(best, expected, atol=5e-5)
    found = minimize_scalar(error, bounds=(0.1, 1.0), method="bounded", options=dict(xatol=1e-9)).x
    np.testing.assert_allclose(best, found, rtol=1e-6)


def test_gradients_exist():
    error = jax.jit(lambda h: kernel_density.squared_error(bandwidth=h, samples=50, generations=4)[-1])
    slope = jax.jit(jax.grad(error))(0.4)
    np.testing.assert_allclose(slope, (error(0.4 + 1e-6) - error(0.4 - 1e-6)) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kernel_density.depths([1.0]), r"weights must have shape \(generations, generations\), got shape \(1,"),
        (lambda: kernel_density.depths([[1.0, 0.0]]), r"weights must have shape \(generations, generations\)"),
        (lambda: kernel_density.depths([[0.5, 0.5], [0.0, 1.0]]), "weights must be zero above the diagonal"),
        (
            lambda: kernel_density.depths([[1.0, 0.0, 0.0], [0.4, 0.6, 0.0], [0.0, 0.6, 0.6]]),
            "weights, summed over the synthetic batches, must be at most 1",
        ),
        (lambda: kernel_density.depths([[1.0, 0.0], [-0.1, 0.6]]), "weights must be finite and at least 0"),
        (lambda: kernel_density.second_moment(jnp.eye(1, 2), bandwidth=-1), "bandwidth must be finite and at least 0"),
        (lambda: kernel_density.mean_density(0.0, jnp.eye(1, 2), bandwidth=1, variance=0), "variance must be positive"),
        (lambda: kernel_density.squared_error(bandwidth=0, samples=5, generations=1), "bandwidth must be positive"),
        (
            lambda: kernel_density.squared_error(bandwidth=1, samples=0.5, generations=1),
            "samples must be finite and at",
        ),
        (
            lambda: kernel_density.model_variance(bandwidth=1, samples=5, generations=0),
            "generations must be at least 1",
        ),
        (lambda: kernel_density.optimal_bandwidth(samples=5, generation=1.5), "generation must be an integer"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_depths_of_real_data_that_is_fixed_and_of_another_size():
    """The first column holds what a linear estimator makes of fixed real data, which is no share of rows."""
    workflow = jc.Mix("fixed", real_samples=60)
    law = np.asarray(kernel_density.depths(workflow.weights(jnp.full(4, 20.0))[0]))
    share, expected = 20 / 80, [np.array([0.0, 1.0, 0.0, 0.0, 0.0])]
    for _ in range(3):
        expected.append(share * np.roll(expected[-1], 1) + (1 - share) * expected[0])
    np.testing.assert_allclose(law, expected, atol=1e-7)
