"""Special functions against mpmath, in all of their branches and in both precisions."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.theory import special

DIGITS = 40
PRECISIONS = pytest.mark.parametrize("double", [True, False], ids=["double", "single"])


def exactly(function, *arguments):
    """The value of a function of mpmath at numbers as they are, in many digits."""
    with mpmath.workdps(DIGITS):
        exact = function(*(mpmath.mpmathify(complex(x) if np.iscomplexobj(x) else float(x)) for x in arguments))
        return complex(exact) if isinstance(exact, mpmath.mpc) else float(exact)


def check(ours, exact, double, *points, digits=1.0):
    """Every point in turn, to so many units in the last place."""
    with enable_x64(double):
        for point in points:
            arguments = [jnp.asarray(x, complex if np.iscomplexobj(x) else float) for x in point]
            rtol = digits * (2.0**-52 if double else 2.0**-23)
            right = exactly(exact, *(np.asarray(x) for x in arguments))
            assert abs(complex(ours(*arguments)) - right) <= rtol * abs(right), (point, ours(*arguments), right)


NEAR_AND_FAR = (1e-9, 1e-4, 0.02, 0.3, 0.39, 0.41, 0.69, 0.71, 0.9, 3.0, 40.0)
SIGNED = [(sign * x,) for x in NEAR_AND_FAR for sign in (1, -1)]


@PRECISIONS
def test_what_a_logarithm_differs_from_its_argument_by(double):
    right = lambda x: mpmath.log(1 + x) - x  # noqa: E731
    check(special.log1p_rest, right, double, *(p for p in SIGNED if p[0] > -1), digits=8)
    check(special.log1p_rest, right, double, *((x * np.exp(1j),) for x in NEAR_AND_FAR), digits=8)


@PRECISIONS
def test_what_an_exponential_differs_from_its_line_by(double):
    check(special.expm1_rest, lambda x: mpmath.exp(x) - 1 - x, double, *SIGNED, digits=8)


@PRECISIONS
def test_quotients_of_gamma_functions(double):
    """Small and large, up and down, and along the imaginary axis."""
    right = lambda a, s: mpmath.loggamma(a + s) - mpmath.loggamma(a) - s * mpmath.log(a)  # noqa: E731
    shapes = (0.5, 1.5, 4.0, 11.5, 12.5, 30.0, 1e3, 1e6, 1e9)
    steps = (0.5, -0.4, 3.0, 0.3j, 2.0 + 5.0j)
    points = [(a, s) for a in shapes for s in steps]
    points += [(30.0, -25.0), (30.0, -17.5), (1e3, -700.0), (1e3, 400j), (2.0, 40.0)]
    check(special.log_gamma_rest, right, double, *points, digits=512)


@PRECISIONS
def test_logarithmic_derivatives_of_gamma_functions(double):
    right = lambda x: mpmath.digamma(x) - mpmath.log(x)  # noqa: E731
    check(
        special.digamma_rest,
        right,
        double,
        *((x,) for x in (0.01, 0.5, 1.0, 5.0, 11.9, 12.1, 40.0, 1e4, 1e9)),
        digits=16,
    )
    below = (1e-6, 0.1, 0.5, 0.9, 0.999, -1e-6, -0.3, -0.99)
    right = lambda x: -mpmath.digamma(1 - x) - mpmath.euler  # noqa: E731
    check(special.digamma_below_one, right, double, *((x,) for x in below), digits=8)


SHAPES = ((0.5, 0.5), (1.0, 2.0), (0.5, 30.0), (7.0, 0.5), (3.5, 3.0), (40.0, 55.0), (1e4, 2e4), (1.0, 1.0), (2.5, 0.5))


def ratio_law(ratio, a, b):
    """By integration over the log of the ratio, in pieces from there on downwards."""
    top, spread = mpmath.log(ratio), mpmath.sqrt(1 / a + 1 / b)
    ends = [top - k * spread / 2 for k in range(33)]
    while a * (top - ends[-1]) < 120:
        ends.append(top - 1.5 * (top - ends[-1]))
    scale = mpmath.log(mpmath.beta(a, b))
    return mpmath.quad(lambda t: mpmath.exp(a * t - (a + b) * mpmath.log1p(mpmath.exp(t)) - scale), ends[::-1])


@pytest.mark.sampled(1)
@PRECISIONS
@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_the_law_of_a_ratio_of_gamma_variates(double, a, b):
    """In both tails and at the mode."""
    spreads = (-6.0, -3.0, -1.0, -0.05, 0.0, 0.05, 1.0, 3.0, 6.0)
    points = [(a / b * np.exp(z * np.sqrt(1 / a + 1 / b)), a, b) for z in spreads]
    check(special.gamma_ratio_cdf, ratio_law, double, *points, digits=1024 if double else 64)
    assert special.gamma_ratio_cdf(*map(jnp.asarray, (0.0, a, b))) == 0
    assert special.gamma_ratio_cdf(*map(jnp.asarray, (jnp.inf, a, b))) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("x64")
def test_derivatives_of_the_law_of_a_ratio():
    gradient = jax.jit(jax.grad(special.gamma_ratio_cdf, argnums=(0, 1, 2)))
    for a, b in SHAPES:
        for ratio in (0.3 * a / b, a / b, 2.5 * a / b):
            found = gradient(*map(jnp.asarray, (ratio, a, b)))
            with mpmath.workdps(DIGITS):
                at, h = [mpmath.mpf(x) for x in (ratio, a, b)], mpmath.mpf(10) ** -12
                sides = [
                    [x * (1 + sign * h * (i == j)) for j, x in enumerate(at)] for i in range(3) for sign in (1, -1)
                ]
                up, down = ([ratio_law(*side) for side in sides[k::2]] for k in (0, 1))
                right = [(u - d) / (2 * h * x) for u, d, x in zip(up, down, at, strict=True)]
            np.testing.assert_allclose(found, [float(r) for r in right], rtol=1e-9, atol=1e-11)
    for a, slope in ((1.0, 3.0), (2.0, 0.0), (0.5, np.inf)):  # the density at zero
        assert gradient(*map(jnp.asarray, (0.0, a, 3.0)))[0] == slope
        assert gradient(*map(jnp.asarray, (jnp.inf, a, 3.0)))[0] == 0


@PRECISIONS
def test_what_no_draw_has_seen(double):
    points = [(1e-6, 1e6), (0.3, 2.0), (0.3, 0.0), (0.0, 5.0), (0.999, 3.0), (1e-9, 1e9), (0.5, 1.0)]
    check(special.missing, lambda q, n: (1 - q) ** n, double, *points, digits=16)
    gradient = jax.grad(special.missing, argnums=(0, 1))
    with enable_x64(double):
        for q, n in points:
            log = np.log1p(-np.float64(q))
            right = [-n * np.exp((n - 1) * log) if n else 0.0, np.exp(n * log) * log]
            np.testing.assert_allclose(gradient(q, n), right, rtol=1e-12 if double else 1e-4)
        one, none = jnp.asarray(1.0), jnp.asarray(0.0)
        assert special.missing(one, none) == 1 and special.missing(one, 2 * one) == 0
        assert [float(d) for d in gradient(1.0, 1.0)] == [-1.0, 0.0]


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("draws", [0, 1, 2, 7, 40])
def test_binomial_laws_have_derivatives_at_both_ends(draws):
    law = lambda q: special.binomial_law(q, draws=draws)  # noqa: E731
    for q in (0.0, 1e-9, 0.2, 0.5, 0.97, 1.0):
        exact = [exactly(lambda q, j=j: mpmath.binomial(draws, j) * q**j * (1 - q) ** (draws - j), q)
                 for j in range(draws + 1)]  # fmt: skip
        np.testing.assert_allclose(law(jnp.asarray(q)), exact, rtol=1e-12, atol=1e-300)
        fewer = [exactly(lambda q, j=j: mpmath.binomial(draws - 1, j) * q**j * (1 - q) ** (draws - 1 - j), q)
                 for j in range(draws)]  # fmt: skip
        slope = draws * (np.array([0.0, *fewer]) - np.array([*fewer, 0.0])) if draws else [0.0]
        np.testing.assert_allclose(jax.jacfwd(law)(jnp.asarray(q)), slope, rtol=1e-11, atol=1e-12)


def test_a_derivative_that_is_known_is_used():
    square = special.with_derivative(lambda x: x**2, lambda x: 3.0 * x)
    assert (float(square(2.0)), float(jax.grad(square)(2.0))) == (4.0, 6.0)
