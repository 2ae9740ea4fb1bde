"""Information in a chain of means: against squared correlations, and its limits."""

import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import mean

pytestmark = pytest.mark.usefixtures("x64")


def test_squared_correlations_multiply():
    """Each generation is a channel: its squared correlation with the one before is that of the signal so far."""
    n, prior, variance, g = 7.0, 1.6, 2.3, np.arange(1, 9)
    power = prior + variance * np.arange(9) / n
    squared = np.cumprod(power[:-1] / power[1:])
    found = mean.mean_information(jc.Replace(), samples=n, prior_variance=prior, variance=variance, generations=8)
    np.testing.assert_allclose(found, -0.5 * np.log(1 - squared), rtol=1e-12)
    np.testing.assert_allclose(found, 0.5 * np.log1p(prior * n / (variance * g)), rtol=1e-12)


def test_what_workflows_cost():
    accumulated = mean.information_lost(jc.Accumulate(), generations=800)[-1]
    np.testing.assert_allclose(accumulated, 0.5 * np.log(np.pi**2 / 6), atol=5e-4)
    part = mean.information_lost(jc.AccumulateSubsample(), generations=800)[-1]
    np.testing.assert_allclose(part, 0.5 * np.log(np.pi**2 / 2 - 2), atol=2e-3)
    many = dict(samples=1e9, prior_variance=1.0, generations=5)
    known = mean.mean_information(jc.Accumulate(), **many)
    np.testing.assert_allclose(known[0] - known, mean.information_lost(jc.Accumulate(), generations=5), atol=1e-8)


@pytest.mark.parametrize("name", ["prior_variance", "variance"])
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(name):
    case = {"samples": 5, "prior_variance": 1.0, "generations": 2, name: 0.0}
    with pytest.raises(ValueError, match=f"{name} must be positive"):
        mean.mean_information(jc.Replace(), **case)
