"""Least squares on verified rows: the map of infinitely many rows by quadrature, and where the recursion ends."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, truncnorm

from jaxcollapse.theory import mean, regression

pytestmark = pytest.mark.usefixtures("x64")
VERIFIER = dict(radius=1.2, noise=0.8)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("distance", [0.0, 0.4, 1.5, 6.0])
def test_the_map_is_least_squares_on_the_accepted_part_of_a_plane(distance):
    """The part of the features along the distance, ``u``, and the law of the label given it, which is truncated."""
    c, sigma = VERIFIER["radius"], VERIFIER["noise"]

    def moment(power, of_label):
        def at(u):
            low, high = (-c - distance * u) / sigma, (c - distance * u) / sigma
            label = truncnorm(low, high, loc=distance * u, scale=sigma).mean() if of_label else 1.0
            return norm.pdf(u) * (norm.cdf(high) - norm.cdf(low)) * u**power * label

        return quad(at, -8, 8, limit=200)[0]

    slope = moment(1, True) / moment(2, False)  # on the features, of the deviation from the verifier's prediction
    kept = regression.ols_verified_contraction(distance=distance, **VERIFIER)
    assert float(kept) * distance == pytest.approx(slope, rel=1e-7, abs=1e-10)


def test_at_the_verifier_it_is_the_map_of_a_mean():
    kept = regression.ols_verified_contraction(distance=0.0, **VERIFIER)
    assert float(kept) == pytest.approx(float(mean.mean_verified_contraction(radius=1.2, variance=0.64)), rel=1e-12)
    far = regression.ols_verified_contraction(distance=1e4, **VERIFIER)
    assert float(far) == pytest.approx(0.48 / (0.48 + 0.64), rel=1e-6)


def test_without_a_bias_and_with_many_rows_the_recursion_is_that_of_the_centre():
    d, n = 3, 1e6
    k = float(regression.ols_verified_contraction(distance=0.0, **VERIFIER))
    risk = regression.ols_verified_replace(dim=d, samples=n, bias=0.0, generations=60, **VERIFIER)
    first = 0.64 * d / (n - d - 1)
    np.testing.assert_allclose(risk[0], first, rtol=1e-12)
    np.testing.assert_allclose(risk[-1], k * first / (1 - k**2), rtol=1e-4)


def test_with_infinitely_many_rows_the_mean_walks_to_the_verifier():
    b = 0.9
    risk = regression.ols_verified_replace(dim=2, samples=1e15, bias=b, generations=4, **VERIFIER)
    left = [b]
    for _ in range(3):
        left.append(left[-1] * float(regression.ols_verified_contraction(distance=left[-1], **VERIFIER)))
    np.testing.assert_allclose(risk, (b - np.array(left)) ** 2, atol=1e-12)


def test_a_verifier_that_accepts_all_is_replacement():
    risk = regression.ols_verified_replace(dim=4, samples=20, bias=0.3, radius=40.0, noise=0.5, generations=5)
    plain = regression.ols_replace(dim=4, samples=20, noise=0.5, generations=5)
    np.testing.assert_allclose(risk, plain, rtol=1e-9)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"samples": 6.0}, "samples must be finite and at least 7"),
        ({"radius": 0.0}, "radius must be positive"),
        ({"noise": 0.0}, "noise must be positive"),
        ({"bias": -0.1}, "bias must"),
        ({"bias": [0.1, 0.2]}, "bias must"),
    ],
)
def test_bad_arguments_are_named(change, named):
    setting = {"dim": 5, "samples": 50.0, "bias": 0.1, "generations": 2, **VERIFIER, **change}
    with pytest.raises(ValueError, match=named):
        regression.ols_verified_replace(**setting)
