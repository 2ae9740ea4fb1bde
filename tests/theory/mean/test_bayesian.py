"""Bayesian learners of a mean: one step by conditioning, and where they end."""

import numpy as np
import pytest

from jaxcollapse.theory import mean

pytestmark = pytest.mark.usefixtures("x64")


def test_two_learners_by_conditioning():
    """A truth, rows of it, a draw from the posterior, and again: means and variances of a Gaussian vector."""
    distance, prior, n, sigma2 = 1.3, 0.6, 7, 1.4
    posterior = 1 / (1 / prior + n / sigma2)
    law = mean.mean_bayesian_replace(
        distance=distance, prior_variance=prior, samples=n, variance=sigma2, generations=300
    )
    center, spread = distance, 0.0
    for g in range(2):
        gain = posterior * n / sigma2
        center, spread = gain * center, gain**2 * (spread + sigma2 / n) + posterior
        np.testing.assert_allclose([law.mean[g], law.variance[g]], [center, spread], rtol=1e-12)
    np.testing.assert_allclose([law.mean[-1], law.variance[-1]], [0.0, prior], atol=1e-12)
    with pytest.raises(ValueError, match="prior_variance must be positive"):
        mean.mean_bayesian_replace(distance=1.0, prior_variance=0.0, samples=3, generations=2)
