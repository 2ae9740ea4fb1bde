"""Verified means: truncated laws by quadrature, one round by another quadrature, and the limits of a verifier."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, truncnorm

from jaxcollapse.theory import mean
from jaxcollapse.theory.mean.verified import _truncated

pytestmark = pytest.mark.usefixtures("x64")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("width", [0.02, 0.499, 0.501, 1.0, 6.0])
def test_the_law_of_an_accepted_row(width):
    centres = np.array([-4.0, -0.3, 0.0, 1.7])
    found = _truncated(jnp.asarray(centres), jnp.asarray(width))
    np.testing.assert_allclose(found.shift, found.mean - centres, atol=1e-12)
    for u, mean_of_row, slope in zip(centres, found.mean, found.slope, strict=True):
        check_law(u, width, (mean_of_row, slope))


def check_law(u, width, found):
    if width > 0.1:
        expected = truncnorm(-width - u, width - u, loc=u).stats("mv")
    else:  # where SciPy cancels
        weight = lambda y: np.exp(-0.5 * y**2 + u * y)  # noqa: E731
        total, first, second = (quad(lambda y, k=k: y**k * weight(y), -width, width)[0] for k in range(3))
        expected = first / total, second / total - (first / total) ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-15)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("distance", [-60.0, -38.0, -9.0, 12.0, 40.0])
def test_far_from_the_verifier_the_law_is_that_of_a_tail(x64, distance):
    """Where no row is accepted in double precision: against the integral over the interval, and with a slope."""
    near, width = abs(distance) - 0.7, 1.4
    density = lambda t: np.exp(-near * t - 0.5 * t**2)  # noqa: E731 - from the near end inwards
    mass, first, second = (quad(lambda t, k=k: t**k * density(t), 0, width, epsrel=1e-12)[0] for k in range(3))
    got = _truncated(jnp.asarray(distance), jnp.asarray(0.7))
    expected = np.sign(distance) * (0.7 - first / mass), second / mass - (first / mass) ** 2
    close = partial(np.testing.assert_allclose, rtol=1e-4)  # of the variance, 1 minus what is nearly 1, little is left
    close((got.mean, got.slope), expected)
    for compiled in (lambda f: f, jax.jit):
        slope = compiled(jax.grad(lambda u: _truncated(u, jnp.asarray(0.7)).mean))(jnp.asarray(distance))
        close(slope, expected[1])  # the slope of the mean is the variance


@pytest.mark.sampled(1)
@pytest.mark.parametrize("real", [6.0, 600.0])
def test_one_round_is_an_integral_over_the_first_fit(real):
    """Of models that are far apart or close; and two coordinates are added."""
    bias, radius, variance = 0.3, 1.1, 2.0
    rows, s = 3.0, np.sqrt(variance)

    u = np.linspace(-5, 5, 401)
    mean_of_row, variance_of_row = truncnorm.stats(
        (bias - radius - u) / s, (bias + radius - u) / s, loc=u, scale=s, moments="mv"
    )
    error = mean_of_row**2 + variance_of_row / rows
    expected = np.trapezoid(norm.pdf(u, scale=s / np.sqrt(real)) * error, u)
    sizes = jnp.array([real, rows])
    one = mean.mean_verified_replace(bias=bias, radius=radius, samples=sizes, variance=variance, generations=2)
    assert float(one.squared_error[1]) == pytest.approx(expected, rel=1e-8)
    two = mean.mean_verified_replace(bias=[bias, 0.0], radius=radius, samples=sizes, variance=variance, generations=2)
    none = mean.mean_verified_replace(bias=0.0, radius=radius, samples=sizes, variance=variance, generations=2)
    np.testing.assert_allclose(two.squared_error, one.squared_error + none.squared_error)
    np.testing.assert_allclose(one.squared_error[0], variance / real)


def test_without_a_verifier_it_is_a_random_walk():
    moments = mean.mean_verified_replace(bias=0.5, radius=30.0, samples=10.0, generations=4)
    np.testing.assert_allclose(moments.squared_error, np.arange(1, 5) / 10, rtol=1e-10)
    np.testing.assert_allclose(moments.bias, 0, atol=1e-12)


def test_the_slope_at_the_centre():
    for width in (0.01, 0.3, 1.0, 2.5):
        slope = float(mean.mean_verified_contraction(radius=2 * width, variance=4.0))
        ends = _truncated(jnp.array([-1e-4, 1e-4]), jnp.asarray(width)).mean
        assert slope == pytest.approx(float(ends[1] - ends[0]) / 2e-4, rel=1e-6)
        if width >= 0.3:
            assert slope == pytest.approx(1 - 2 * width * norm.pdf(width) / (2 * norm.cdf(width) - 1), rel=1e-10)
        else:
            assert slope == pytest.approx(width**2 / 3, rel=1e-4)


def test_the_limit_is_where_many_rounds_of_many_rows_end():
    setting = dict(bias=jnp.array([0.2, -0.1]), radius=1.0, samples=1e5)
    late = mean.mean_verified_replace(**setting, generations=60).squared_error[-1]
    assert float(mean.mean_verified_limit(**setting)) - 0.05 == pytest.approx(float(late) - 0.05, rel=1e-3)


def test_at_the_break_even_a_round_is_worth_the_real_data():
    setting = dict(bias=0.1, radius=0.8, variance=1.5)
    rows = mean.mean_verified_break_even(**setting, real_samples=12.0)
    chain = mean.mean_verified_replace(**setting, samples=jnp.stack([12.0, rows]), generations=2).squared_error
    assert float(chain[1]) == pytest.approx(float(chain[0]), rel=1e-10)
    centred = mean.mean_verified_break_even(bias=0.0, radius=1.0, real_samples=1e6)
    kept = mean.mean_verified_contraction(radius=1.0)
    assert float(centred) == pytest.approx(float(1e6 * kept / (1 - kept**2)), rel=1e-4)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"bias": 40.0}, "radius must let the verifier accept"),
        ({"radius": 1e-13}, "radius must let the verifier accept"),
        ({"radius": 0.0}, "radius must be positive"),
        ({"samples": 0.5}, "samples must be"),
        ({"bias": np.zeros((2, 2))}, "bias must be a number or have shape"),
    ],
)
def test_bad_arguments_are_named(change, named):
    with pytest.raises(ValueError, match=named):
        mean.mean_verified_replace(**{"bias": 0.1, "radius": 1.0, "samples": 5.0, "generations": 2, **change})
