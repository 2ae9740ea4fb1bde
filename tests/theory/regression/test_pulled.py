"""Ridge towards a generator: what is known of ridge, and where it is best."""

import numpy as np
import pytest

from jaxcollapse.theory import Spectrum, regression

pytestmark = pytest.mark.usefixtures("x64")
VALUES, TRUTH, NEAR = np.array([2.0, 1.0, 0.3]), np.array([0.5, -1.0, 0.8]), np.array([0.7, -0.6, 0.8])


def test_it_is_ridge_towards_zero_with_the_difference():
    spectrum, apart = (Spectrum.from_eigenvalues(VALUES, signal) for signal in (TRUTH, TRUTH - NEAR))
    setting = dict(samples=7.0, noise=0.6, penalty=0.3)
    found = regression.ridge_pulled(spectrum, generator=NEAR, **setting)
    expected = regression.ridge_two_penalties(apart, other_penalty=0.3, **setting)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_ends_and_the_best_penalty():
    spectrum, dim, n, noise = Spectrum.isotropic(12), 12, 30, 0.5
    generator = 0.6 * np.asarray(spectrum.signal)
    risk = lambda p: float(regression.ridge_pulled(spectrum, generator=generator, samples=n, noise=noise, penalty=p))  # noqa: E731
    np.testing.assert_allclose(risk(1e9), 0.16, rtol=1e-6)  # the generator itself
    np.testing.assert_allclose(risk(0.0), noise**2 * dim / (n - dim), rtol=1e-10)
    best = noise**2 * dim / (n * 0.16)
    assert risk(best) < min(risk(0.98 * best), risk(1.02 * best))


def test_generators_have_the_dimension_of_the_features():
    with pytest.raises(ValueError, match=r"generator must have shape \(3,\)"):
        regression.ridge_pulled(
            Spectrum.from_eigenvalues(VALUES, TRUTH), generator=NEAR[:2], samples=5, noise=0.1, penalty=0.1
        )
