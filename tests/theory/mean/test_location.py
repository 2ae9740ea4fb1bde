"""The error of an estimate of a location: by quadrature of its definition, and between mean and median."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from jaxcollapse.theory import mean

DENSITY = {"normal": stats.norm.pdf, "laplace": stats.laplace.pdf, "cauchy": stats.cauchy.pdf}


@pytest.mark.parametrize("law", DENSITY)
@pytest.mark.parametrize("k", [0.3, 1.345, 4.0])
def test_huber_by_quadrature(law, k, x64):
    """``E psi^2/(E psi')^2``."""
    below = quad(lambda x: x**2 * DENSITY[law](x), 0, k)[0] + k**2 * quad(DENSITY[law], k, np.inf)[0]
    exact = 2 * below / (2 * quad(DENSITY[law], 0, k)[0]) ** 2
    found = mean.location_error(law, estimator=k, samples=7, scale=2.0)
    np.testing.assert_allclose(found, exact * 4 / 7, rtol=1e-9)


@pytest.mark.parametrize("law", DENSITY)
def test_median_and_mean_are_the_ends(law, x64):
    error = lambda estimator: mean.location_error(law, estimator=estimator, samples=1.0)  # noqa: E731
    np.testing.assert_allclose(error("median"), 1 / (4 * DENSITY[law](0.0) ** 2), rtol=1e-12)
    np.testing.assert_allclose(error(1e-5), error("median"), rtol=1e-4)
    if law == "cauchy":
        assert error("mean") == np.inf
    else:
        np.testing.assert_allclose(error("mean"), getattr(stats, {"normal": "norm"}.get(law, law)).var(), rtol=1e-12)
        np.testing.assert_allclose(error(40.0), error("mean"), rtol=1e-9)


def test_it_is_differentiable_in_the_corner(x64):
    error = lambda k: mean.location_error("cauchy", estimator=k, samples=1.0)  # noqa: E731
    np.testing.assert_allclose(jax.grad(error)(0.7), (error(0.7001) - error(0.6999)) / 2e-4, rtol=1e-6)
    best = min(np.linspace(0.1, 2.0, 39), key=lambda k: float(error(jnp.asarray(k))))
    assert error(best) < error("median")


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(law="gauss", estimator="mean"), "law must be 'normal' or 'laplace' or 'cauchy', got 'gauss'"),
        (dict(law="normal", estimator="huber"), "estimator must be 'mean' or 'median', got 'huber'"),
        (dict(law="normal", estimator=0.0), "estimator must be positive"),
        (dict(law="normal", estimator="mean", scale=-1.0), "scale must be positive"),
        (dict(law="normal", estimator="mean", samples=0), "samples must be positive"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        mean.location_error(**{"samples": 5, **arguments})
