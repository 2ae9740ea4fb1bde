"""Closed forms of verified labels: reductions to clean rows, symmetries, the engine of regression, and the limit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.regression import ridge_equivalent

pytestmark = pytest.mark.usefixtures("x64")
WEAK = dict(keep_right=0.8, keep_wrong=0.4)


def mixture():
    return Spectrum.from_eigenvalues(np.geomspace(2.0, 0.5, 20), np.linspace(0.1, 0.6, 20))


def accuracy(**changes):
    return regression.pruned_accuracy(mixture(), **{"penalty": 0.1, "samples": 200.0, "error_rate": 0.3, **changes})


def test_right_labels_are_real_rows():
    clean = accuracy(error_rate=0.0, samples=0.0, real_samples=200.0)
    np.testing.assert_allclose(accuracy(error_rate=0.0), clean, rtol=1e-14)
    np.testing.assert_allclose(accuracy(error_rate=0.0, samples=150, real_samples=50), clean, rtol=1e-14)
    np.testing.assert_allclose(accuracy(error_rate=0.0, keep_right=0.5, real_samples=100), clean, rtol=1e-14)


@pytest.mark.parametrize("real_samples", [0.0, 60.0])
def test_an_oracle_loses_rows_alone(real_samples):
    pruned = accuracy(keep_wrong=0.0, real_samples=real_samples)
    np.testing.assert_allclose(pruned, accuracy(error_rate=0.0, samples=140.0, real_samples=real_samples), rtol=1e-13)


def test_a_verifier_that_guesses_loses_rows_alone():
    guess = accuracy(keep_right=0.25, keep_wrong=0.25)
    np.testing.assert_allclose(guess, accuracy(samples=50.0), rtol=1e-14)


def test_all_labels_swapped_is_the_opposite_classifier():
    for error_rate in (0.0, 0.2, 0.7):
        here = accuracy(error_rate=error_rate, **WEAK)
        there = accuracy(error_rate=1 - error_rate, keep_right=0.4, keep_wrong=0.8)
        np.testing.assert_allclose(here + there, 1.0, rtol=1e-14)


@pytest.mark.parametrize("real_samples", [0.0, 60.0])
def test_nothing_is_learned_at_the_threshold(real_samples):
    critical = regression.pruned_threshold(**WEAK, ratio=real_samples / 200)
    np.testing.assert_allclose(critical, (0.8 + real_samples / 200) / 1.2, rtol=1e-15)
    np.testing.assert_allclose(accuracy(error_rate=critical, **WEAK, real_samples=real_samples), 0.5, atol=1e-14)
    below, above = (accuracy(error_rate=critical + shift, **WEAK, real_samples=real_samples) for shift in (-0.01, 0.01))
    assert below > 0.505 and above < 0.495


def test_more_rows_make_the_threshold_sharp():
    """Below and above it the accuracies tend to the limit, with an error like one over the number of rows."""
    for error_rate in (0.6, 0.7):
        limit = regression.pruned_accuracy_limit(mixture(), penalty=0.1, error_rate=error_rate, **WEAK)
        gaps = [abs(float(accuracy(error_rate=error_rate, **WEAK, samples=m) - limit)) for m in (1e7, 1e8, 1e9)]
        np.testing.assert_allclose(gaps[0] / gaps[1], 10, rtol=0.01)
        assert gaps[2] < 1e-5 and gaps[1] > 1e-6
    mixed = dict(error_rate=0.75, **WEAK)  # real rows move the threshold from 0.67 to 0.83
    limit = regression.pruned_accuracy_limit(mixture(), penalty=0.1, **mixed, ratio=0.2)
    np.testing.assert_allclose(accuracy(**mixed, samples=1e9, real_samples=2e8), limit, rtol=1e-5)
    best = norm.cdf(np.sqrt(np.sum(mixture().signal ** 2 / mixture().eigenvalues)))
    np.testing.assert_allclose(
        regression.pruned_accuracy_limit(mixture(), penalty=0.0, error_rate=0.1), best, rtol=1e-13
    )
    assert regression.pruned_accuracy_limit(mixture(), penalty=0.1, error_rate=0.5) == 0.5


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("error_rate", "real_samples"), [(0.3, 0.0), (0.8, 0.5), (0.1, 1.0)])
def test_the_same_from_the_equivalent_of_a_regression(error_rate, real_samples):
    """Rows turned to one class are rows of covariance ``C + mu mu'``, their labels a linear signal and a rest.

    There the effective penalty counts the direction of the mean as well: they agree up to one over the dimension.
    """
    length, penalty, dim = 1.4, 0.2, 10_000
    population = Spectrum(jnp.ones(dim), jnp.zeros(dim).at[0].set(length))
    n, m = real_samples * dim, 3.0 * dim
    right, wrong = 0.8 * (1 - error_rate), 0.4 * error_rate
    kept = n + m * (right + wrong)
    agreement = (n + m * (right - wrong)) / kept
    turned = Spectrum(jnp.ones(dim).at[0].add(length**2), jnp.ones(dim))
    signal = jnp.zeros(dim).at[0].set(agreement * length / (1 + length**2))
    rest = jnp.sqrt(1 - agreement * length * signal[0])
    fit = ridge_equivalent(
        turned, samples=[kept], noise=[rest], penalty=penalty, labellers=[[1.0]], moments=signal[None, None] ** 2
    )
    w = fit.coefficients[0] * signal
    expected = norm.cdf(length * w[0] / np.sqrt(np.sum(w**2 + fit.variance)))
    setting = dict(penalty=penalty, samples=m, real_samples=n, error_rate=error_rate)
    np.testing.assert_allclose(regression.pruned_accuracy(population, **setting, **WEAK), expected, rtol=1e-4)


def test_the_best_penalty_by_gradient():
    """It exists: the accuracy rises from no penalty, and falls again."""
    slope = jax.grad(lambda log: accuracy(penalty=jnp.exp(log), samples=2000.0))
    assert slope(jnp.log(1e-3)) > 0 > slope(jnp.log(1e3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: accuracy(penalty=-1.0), "penalty must be finite and at least 0"),
        (lambda: accuracy(error_rate=1.5), "error_rate must be at most 1"),
        (lambda: accuracy(keep_right=-0.5), "keep_right must be finite and at least 0"),
        (lambda: accuracy(keep_wrong=1.5), "keep_wrong must be at most 1"),
        (lambda: accuracy(samples=-1), "samples must be finite and at least 0"),
        (lambda: accuracy(real_samples=-1), "real_samples must be finite and at least 0"),
        (lambda: accuracy(keep_right=0.0, keep_wrong=0.0), "the number of kept rows must be positive"),
        (
            lambda: regression.pruned_threshold(keep_right=0.0, keep_wrong=0.0),
            r"keep_right \+ keep_wrong must be positive",
        ),
        (lambda: regression.pruned_threshold(keep_right=1.0, keep_wrong=0.5, ratio=-1.0), "ratio must be finite"),
        (lambda: regression.pruned_accuracy_limit(mixture(), penalty=-1.0, error_rate=0.5), "penalty must be finite"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
