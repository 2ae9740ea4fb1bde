"""Sensitivity to one row, and a verifier that is the first model, against their limits."""

import numpy as np
import pytest

from jaxcollapse.theory import mean
from jaxcollapse.theory.gaussian.traits import truncated_variance

pytestmark = pytest.mark.usefixtures("x64")


def test_sensitivity():
    curve = mean.mean_mix_sensitivity(samples=8, real_share=0.25, expansion=1.2, generations=200)
    np.testing.assert_allclose(curve[:2], [1 / 8, 0.25 / 8 + 0.75 * 1.2 / 8], rtol=1e-12)
    np.testing.assert_allclose(curve[-1], 0.25 / (8 * (1 - 0.9)), rtol=1e-8)
    exact = mean.mean_mix_sensitivity(samples=8, real_share=0.25, generations=5)
    np.testing.assert_allclose(exact, 1 / 8, rtol=1e-12)
    needed = float(mean.mean_mix_needed_share(expansion=1.2))
    at_it = mean.mean_mix_sensitivity(samples=8, real_share=needed, expansion=1.2, generations=20)
    np.testing.assert_allclose(np.diff(at_it), needed / 8, rtol=1e-10)  # along a line


def test_a_verifier_that_is_the_first_model():
    curve = mean.self_verified_replace(samples=np.array([10.0] + 60 * [25.0]), radius=0.9, generations=61)
    rho = truncated_variance(cutoff=0.9)
    np.testing.assert_allclose(curve[:2], [0.1, 0.1 + rho / 25], rtol=1e-12)
    np.testing.assert_allclose(curve[-1], 0.1 + rho / (25 * (1 - rho**2)), rtol=1e-10)
    nobody = mean.self_verified_replace(samples=25, radius=30.0, generations=5)
    np.testing.assert_allclose(nobody, np.arange(1, 6) / 25, rtol=1e-10)


@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments():
    with pytest.raises(ValueError, match="radius must be positive"):
        mean.self_verified_replace(samples=5, radius=0.0, generations=3)
    with pytest.raises(ValueError, match="real_share must be at most 1"):
        mean.mean_mix_sensitivity(samples=5, real_share=1.1, generations=3)
