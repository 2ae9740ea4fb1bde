"""Rewarded means: acceptance by the reward itself, the best schedule by search, limits, and infinite costs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from jaxcollapse.theory import mean

pytestmark = pytest.mark.usefixtures("x64")
SETTING = dict(width=1.2, variance=0.7)
KEPT = 1.44 / 2.14


def test_rows_that_are_drawn_and_refused():
    """One generation of accept and reject in two dimensions: what is accepted, and how many draws it takes."""
    rng, theta, s = np.random.default_rng(0), np.array([1.0, -0.5]), np.sqrt(0.7)
    rows = theta + s * rng.normal(size=(400_000, 2))
    accepted = rows[rng.uniform(size=len(rows)) < np.exp(-0.5 * (rows**2).sum(axis=1) / 1.44)]
    chain = mean.mean_rewarded_replace(distance=np.hypot(1.0, 0.5), samples=5.0, dim=2, generations=1, **SETTING)
    assert len(rows) / len(accepted) == pytest.approx(float(chain.draws[0]), rel=0.01)
    np.testing.assert_allclose(accepted.mean(axis=0), KEPT * theta, atol=0.01)
    np.testing.assert_allclose(accepted.var(axis=0) / 5, chain.variance[0], rtol=0.015)
    assert float(chain.squared_mean[0]) == pytest.approx(KEPT**2 * 1.25)


def test_reward_and_cost_are_integrals_over_the_law_of_the_mean():
    chain = mean.mean_rewarded_replace(distance=0.9, samples=3.0, generations=3, **SETTING)
    m, deviation = np.sqrt(chain.squared_mean[1]), np.sqrt(chain.variance[1])
    theta = np.linspace(-8, 8, 801)
    law = norm.pdf(theta, m, deviation)
    drawn = norm.pdf(theta[:, None], theta, np.sqrt(0.7))  # of a row, around every mean
    accepted = np.trapezoid(np.exp(-0.5 * theta[:, None] ** 2 / 1.44) * drawn, theta, axis=0)
    assert float(chain.reward[1]) == pytest.approx(np.trapezoid(accepted * law, theta), rel=1e-8)
    near = np.abs(theta) < 5  # farther out rows within the grid are not all
    assert float(chain.draws[2]) == pytest.approx(np.trapezoid((law / accepted)[near], theta[near]), rel=1e-6)


@pytest.mark.parametrize("cost", [1.0, [1.0, 4.0, 2.0, 1.0]])
def test_the_best_schedule_is_a_stationary_point(cost):
    costs = np.broadcast_to(cost, 4)
    best = mean.mean_rewarded_allocation(budget=90.0, cost=cost, generations=4, **SETTING)
    assert float(costs @ best) == pytest.approx(90)
    last = lambda n: mean.mean_rewarded_replace(  # noqa: E731
        distance=0.0, samples=n, generations=4, **SETTING
    ).variance[-1]
    slopes = jax.grad(last)(best) / costs
    np.testing.assert_allclose(slopes, slopes[0], rtol=1e-10)
    if np.ndim(cost) == 0:
        np.testing.assert_allclose(best[1:] / best[:-1], 1 / KEPT)
        assert float(last(best)) == pytest.approx(KEPT * 0.7 * ((1 - KEPT**4) / (1 - KEPT)) ** 2 / 90)


@pytest.mark.parametrize("growth", [1.0, 1.4])
def test_the_limit_of_growing_sizes(growth):
    sizes = 2.0 * growth ** np.arange(80)
    late = mean.mean_rewarded_replace(distance=0.0, samples=sizes, generations=80, **SETTING).variance[-1]
    assert float(mean.mean_rewarded_variance_limit(growth=growth, **SETTING)) == pytest.approx(late * sizes[-1])
    assert np.isinf(mean.mean_rewarded_variance_limit(growth=KEPT**-2, **SETTING))


def test_the_law_of_the_gap():
    v, best = 0.3, np.sqrt(1.44 / 2.14)
    theta = np.sqrt(v) * np.random.default_rng(1).normal(size=100_000)
    below = best * np.exp(-0.5 * theta**2 / 2.14) < best * (1 - 0.1)
    found = mean.mean_rewarded_gap_probability(0.1, variance_of_mean=v, **SETTING)
    assert float(found) == pytest.approx(below.mean(), abs=0.005)
    assert float(found) == pytest.approx(2 * norm.sf(np.sqrt(-2 * 2.14 * np.log(0.9) / v)))


def test_the_cost_is_infinite_where_the_mean_strays_too_far():
    chain = mean.mean_rewarded_replace(distance=0.0, width=20.0, variance=0.5, samples=1.0, generations=2000)
    assert np.isfinite(chain.draws).all() and np.isfinite(chain.reward).all()
    far = mean.mean_rewarded_replace(distance=0.0, width=200.0, variance=1e5, samples=1.0, generations=3)
    assert np.isfinite(far.reward).all() and jnp.isfinite(far.draws[0])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: mean.mean_rewarded_replace(distance=-1.0, width=1.0, samples=5.0, generations=2), "distance must"),
        (lambda: mean.mean_rewarded_replace(distance=1.0, width=1.0, samples=0.5, generations=2), "samples must"),
        (lambda: mean.mean_rewarded_allocation(budget=0.0, width=1.0, generations=2), "budget must"),
        (lambda: mean.mean_rewarded_gap_probability(1.0, variance_of_mean=0.1, width=1.0), "gap must be below 1"),
        (lambda: mean.mean_rewarded_variance_limit(width=0.0), "width must"),
    ],
)
def test_bad_arguments_are_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
