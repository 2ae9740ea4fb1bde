"""Learners with a prior: by enumeration of counts, in the limits, and the spectrum of their chain."""

import numpy as np
import pytest
from scipy.stats import beta, betabinom, binom

from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")
N, A, B, P = 5, 1.5, 0.7, 0.3
COUNTS = np.arange(N + 1)
MOVE = np.stack([betabinom.pmf(COUNTS, N, A + k, B + N - k) for k in COUNTS])  # counts to counts


def test_by_enumeration():
    law = binom.pmf(COUNTS, N, P)
    found = discrete.bayesian_replace([P, 1 - P], prior=[A, B], samples=N, generations=3)
    for g in range(3):
        mean, variance = beta.stats(A + COUNTS, B + N - COUNTS)
        expected = law @ mean
        np.testing.assert_allclose(found.mean[g, 0], expected, rtol=1e-12)
        np.testing.assert_allclose(found.variance[g, 0], law @ (variance + mean**2) - expected**2, rtol=1e-11)
        law = law @ MOVE
    long = discrete.bayesian_replace([P, 1 - P], prior=[A, B], samples=N, generations=200)
    np.testing.assert_allclose([long.mean[-1, 0], long.variance[-1, 0]], beta.stats(A, B), rtol=1e-10)


def test_the_spectrum():
    rates = discrete.bayesian_replace_spectrum(prior_total=A + B, samples=N)
    np.testing.assert_allclose(rates, np.sort(np.linalg.eigvals(MOVE).real)[::-1], atol=1e-12)


def test_smoothed_frequencies():
    """By enumeration of the counts; at no weight it is drift."""
    weight, target = 0.2, 0.6
    share = weight * target + (1 - weight) * COUNTS / N
    move, law = np.stack([binom.pmf(COUNTS, N, q) for q in share]), binom.pmf(COUNTS, N, P)
    found = discrete.smoothed_replace(
        [P, 1 - P], prior=[target, 1 - target], prior_weight=weight, samples=N, generations=3
    )
    for g in range(3):
        np.testing.assert_allclose(found.mean[g, 0], law @ share, rtol=1e-12)
        np.testing.assert_allclose(found.variance[g, 0], law @ share**2 - (law @ share) ** 2, rtol=1e-11)
        law = law @ move
    drift = discrete.smoothed_replace([P, 1 - P], prior=[0.5, 0.5], prior_weight=0.0, samples=N, generations=6)
    np.testing.assert_allclose(drift.variance[:, 0], P * (1 - P) * (1 - 0.8 ** np.arange(1, 7)), rtol=1e-12)


@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments():
    with pytest.raises(ValueError, match="prior must be positive"):
        discrete.bayesian_replace([0.5, 0.5], prior=[1.0, 0.0], samples=3, generations=2)
    with pytest.raises(ValueError, match="prior must sum to one"):
        discrete.smoothed_replace([0.5, 0.5], prior=[1.0, 1.0], prior_weight=0.1, samples=3, generations=2)
    with pytest.raises(ValueError, match="prior_weight must be at most 1"):
        discrete.smoothed_replace([0.5, 0.5], prior=[0.5, 0.5], prior_weight=1.1, samples=3, generations=2)
