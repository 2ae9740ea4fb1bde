"""Extrapolated parameters: the error by quadrature, its minimum, and the sign of what is best."""

import jax
import numpy as np
import pytest
from scipy.stats import chi2

from jaxcollapse.theory import gaussian

pytestmark = pytest.mark.usefixtures("x64")
CASE = dict(samples=9, own_samples=7, sampling_bias=0.8)


def test_the_error_by_quadrature():
    u = (np.arange(4000) + 0.5) / 4000
    a, b = chi2.ppf(u, 8) / 9, 0.8 * chi2.ppf(u, 6) / 7
    for w in (-0.3, 0.0, 0.9):
        scale = 0.8 * (1 + w * (1 - b))
        expected = (a**2).mean() * (scale**2).mean() - 2 * a.mean() * scale.mean() + 1
        np.testing.assert_allclose(gaussian.extrapolated_error(guidance=w, **CASE), expected, rtol=1e-3)


def test_the_best_guidance():
    best = gaussian.extrapolated_optimal_guidance(**CASE)
    slope = jax.grad(lambda w: gaussian.extrapolated_error(guidance=w, **CASE))(best)
    np.testing.assert_allclose(slope, 0.0, atol=1e-12)
    signs = [gaussian.extrapolated_optimal_guidance(samples=9, own_samples=50, sampling_bias=b) for b in (0.89, 0.91)]
    assert signs[0] > 0 > signs[1]  # n/(n + 1) = 0.9
    many = gaussian.extrapolated_optimal_guidance(samples=1000, own_samples=1e9)
    np.testing.assert_allclose(many, -1 / (2 * 1001), rtol=1e-6)


@pytest.mark.parametrize("name", ["samples", "own_samples", "sampling_bias"])
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(name):
    with pytest.raises(ValueError, match=f"{name} must be (finite and above 1|positive)"):
        gaussian.extrapolated_optimal_guidance(**{**CASE, name: 0.0})
