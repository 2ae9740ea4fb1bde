"""One pass over rows: by all paths of a scalar, against gradient flow, and the power law against a sum."""

import numpy as np
import pytest
from scipy.special import gamma

from jaxcollapse.theory import Spectrum, regression

pytestmark = pytest.mark.usefixtures("x64")


def test_one_coordinate():
    """Each step multiplies the error by ``1 - eta x^2``, of which the moments are known."""
    ev, w0, eta, steps, noise = 0.7, 1.3, 0.2, 4, 0.5
    spectrum = Spectrum.from_eigenvalues([ev], [w0])
    mean, square = 1 - eta * ev, 1 - 2 * eta * ev + 3 * (eta * ev) ** 2
    added = noise**2 * eta**2 * ev * sum(square**k for k in range(steps))
    case = dict(rate=eta, samples=steps, noise=noise, generations=3)
    cold, warm = (regression.sgd_replace(spectrum, warm=which, **case) for which in (False, True))
    first = ev * (w0**2 * square**steps + added)
    np.testing.assert_allclose([cold[0], warm[0]], first, rtol=1e-12)
    np.testing.assert_allclose(np.diff(warm), ev * added, rtol=1e-12)
    m, s = (1 - mean**steps) * w0, w0**2 * (1 - 2 * mean**steps + square**steps) + added
    s, m = s * (1 - 2 * mean**steps + square**steps) + added, (1 - mean**steps) * m
    np.testing.assert_allclose(cold[1], ev * (s - 2 * w0 * m + w0**2), rtol=1e-12)


def test_a_small_rate_is_gradient_flow():
    """Nothing is left of the noise of the rows: a coordinate is forgotten as early stopping forgets it."""
    spectrum = Spectrum.from_eigenvalues([1.0, 0.1], [1.0, -0.5])
    curve = regression.sgd_replace(spectrum, rate=1e-4, samples=20_000, noise=0.0, warm=False, generations=3)
    kept = (1 - np.exp(-2.0 * np.array([1.0, 0.1]))) ** np.arange(1, 4)[:, None]
    np.testing.assert_allclose(curve, (1 - kept) ** 2 @ [1.0, 0.1 * 0.25], rtol=2e-3)


def test_the_power_law():
    """The first integral is a gamma function; the second by expansion."""
    c = 0.6 / 1.6
    second = gamma(c) * (4 * 2**-c - 4 * 3**-c + 4**-c)
    found = regression.sgd_replace_forgotten(decay=0.6, generations=2)
    np.testing.assert_allclose(found, [1.0, second / (gamma(c) * 2**-c)], rtol=1e-9)


@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments():
    case = dict(rate=0.1, samples=3, noise=0.1, warm=True, generations=2)
    for changes, message in (({"rate": 0.0}, "rate must be positive"), ({"samples": 0}, "samples must be at least 1")):
        with pytest.raises(ValueError, match=message):
            regression.sgd_replace(Spectrum.isotropic(2), **{**case, **changes})
    with pytest.raises(TypeError, match="warm must be True or False"):
        regression.sgd_replace(Spectrum.isotropic(2), **{**case, "warm": 1})
    with pytest.raises(ValueError, match="decay must be finite and at least 0.1"):
        regression.sgd_replace_forgotten(decay=0.0, generations=2)
