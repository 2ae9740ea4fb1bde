"""Families with a quadratic variance function: against simulation, and their limits."""

import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import exponential_family

pytestmark = pytest.mark.usefixtures("x64")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("family", "curvature"), [(jc.Exponential, 1.0), (jc.Poisson, 0.0), (jc.Bernoulli, -1.0)])
@pytest.mark.parametrize("workflow", [jc.Replace(), jc.Accumulate()], ids=["replace", "accumulate"])
def test_quadratic_variance_families_against_simulation(family, curvature, workflow):
    theta, n = 0.4, 20
    variance = {1.0: theta**2, 0.0: theta, -1.0: theta * (1 - theta)}[curvature]
    name = "variance_replace" if isinstance(workflow, jc.Replace) else "variance_accumulate"
    formula = getattr(exponential_family, name)(variance=variance, curvature=curvature, samples=n, generations=4)
    run = lambda key: jc.simulate(family(theta), workflow, key=key, samples=n, generations=4).squared_error  # noqa: E731
    estimate = jc.monte_carlo(run, jax.random.key(5), 60_000)
    assert (np.abs(estimate.mean - formula) < 4.5 * estimate.stderr).all()
    assert (estimate.stderr < 0.01 * formula).all()


def test_limits_of_quadratic_variance_families():
    for curvature in (1.0, 0.0, -1.0):
        fixed = dict(variance=0.7, curvature=curvature, samples=6)
        curve = exponential_family.variance_accumulate(**fixed, generations=50_000)
        np.testing.assert_allclose(curve[-1], exponential_family.variance_accumulate_limit(**fixed), rtol=2e-5)


@pytest.mark.usefixtures("unchecked")
def test_accumulation_has_batches_of_one_size():
    with pytest.raises(ValueError, match="samples must be one number"):
        exponential_family.variance_accumulate(variance=1.0, curvature=1.0, samples=[3, 4], generations=2)
