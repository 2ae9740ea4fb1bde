"""Selection: moments by quadrature, the breeder's equation, and where mutation and selection meet."""

import numpy as np
import pytest
from scipy.stats import norm, truncnorm

from jaxcollapse.theory import gaussian
from jaxcollapse.theory.gaussian.traits import truncated_variance

pytestmark = pytest.mark.usefixtures("x64")


@pytest.mark.parametrize("cutoff", [0.01, 0.0999, 0.1001, 1.3, 6.0])
def test_a_truncated_variance(cutoff):
    found = truncated_variance(cutoff=cutoff)
    x, weight = np.polynomial.legendre.leggauss(80)
    law = weight * norm.pdf(cutoff * x)
    np.testing.assert_allclose(found, cutoff**2 * (law @ x**2) / law.sum(), rtol=1e-9)


@pytest.mark.parametrize("fraction", [0.02, 0.5, 0.9])
def test_the_best(fraction):
    best = gaussian.best_selected(fraction=fraction)
    law = truncnorm(norm.isf(fraction), np.inf)
    np.testing.assert_allclose([best.intensity, 1 - best.lost], law.stats("mv"), rtol=1e-7)


def test_what_is_inherited_in_part():
    """One generation against the regression of what is inherited on what is shown, whose rest is not selected."""
    loop = gaussian.best_replace(fraction=0.25, environment=1.5, mutation=0.1, generations=2)
    best = gaussian.best_selected(fraction=0.25)
    h2, shown = 1 / 2.5, 2.5
    np.testing.assert_allclose(loop.mean[1], h2 * best.intensity * np.sqrt(shown), rtol=1e-12)
    rest = 1 - h2  # of the variance of what is inherited, given what is shown
    np.testing.assert_allclose(loop.variance[1], rest + h2**2 * shown * (1 - best.lost) + 0.1, rtol=1e-12)
    long = gaussian.best_replace(fraction=0.25, mutation=0.1, generations=80).variance[-1]
    np.testing.assert_allclose(long, gaussian.best_replace_limit(fraction=0.25, mutation=0.1), rtol=1e-9)


def test_a_truncated_loop():
    loop = gaussian.truncated_replace(cutoff=1.5, samples=7, generations=9)
    kept = truncated_variance(cutoff=1.5)
    np.testing.assert_allclose(loop.variance, kept ** np.arange(9), rtol=1e-12)
    np.testing.assert_allclose(loop.mean_square, (1 - kept ** np.arange(1, 10)) / (7 * (1 - kept)), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: truncated_variance(cutoff=0.0), "cutoff must be positive"),
        (lambda: gaussian.best_selected(fraction=1.0), "fraction must be at most 1"),
        (
            lambda: gaussian.best_replace(fraction=0.5, mutation=-1.0, generations=2),
            "mutation must be finite",
        ),
        (
            lambda: gaussian.truncated_replace(cutoff=1.0, samples=1, generations=2),
            "samples must be finite",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
