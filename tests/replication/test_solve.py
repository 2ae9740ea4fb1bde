"""Where a mean, a probability or a quantile reaches a target."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jaxcollapse as jc

KEY = jax.random.key(0)


def line(key, x):
    return 3 * x + jax.random.normal(key)


def test_a_mean():
    found = jc.solve(line, 2.0, (0.0, 1.0), KEY, max_replications=8192)
    assert 0 < found.lower < 2 / 3 < found.upper < 1 and found.lower < found.value < found.upper
    assert found.upper - found.lower < 6 * 4.5 / (3 * 8192**0.5)
    np.testing.assert_allclose(found.value, 2 / 3, atol=4 / (3 * 8192**0.5))
    # All trial values have the same replications, so that their means are those of one line.
    last = [estimate for estimate in found.rounds if estimate.count == 8192]
    rest = np.concatenate([estimate.mean - 3 * estimate.coordinates["value"] for estimate in last])
    assert last and np.ptp(rest) < 1e-6


def test_a_falling_mean_and_a_far_target():
    found = jc.solve(lambda key, x: 100 - line(key, x), 99.4, (0.0, 1.0), KEY, max_replications=2048)
    assert found.lower < 0.2 < found.upper


def test_a_probability_and_a_quantile():
    exact = float(stats.norm.ppf(0.9))
    event = jc.solve(lambda key, x: jax.random.normal(key) < x, 0.9, (-3.0, 3.0), KEY, max_replications=8192)
    assert event.lower < exact < event.upper and event.upper - event.lower < 0.2
    spread = jc.solve(lambda key, x: x * jax.random.normal(key), 1.0, (0.1, 9.0), KEY, quantile=0.9)
    assert spread.lower < 1 / exact < spread.upper and spread.upper - spread.lower < 0.05


@pytest.mark.filterwarnings("error:.*does not use its key")
def test_a_closed_form_is_met_as_far_as_is_asked_for():
    found = jc.solve(lambda key, x: jnp.exp(-x), 0.5, (0.0, 2.0), KEY, rtol=1e-5)
    assert found.lower <= np.log(2) <= found.upper < found.lower + 2.1e-5
    np.testing.assert_allclose(found.value, np.log(2), rtol=1e-6)


def test_a_rare_event_that_never_came_is_not_decided():
    """No hit in 512 replications says nothing of a probability of 1e-4."""
    found = jc.solve(lambda key, x: jax.random.uniform(key) < x**4, 1e-4, (0.01, 1.0), KEY, max_replications=2**18)
    assert found.lower < 0.1 < found.upper


def test_the_same_call_goes_on(tmp_path):
    calls = []

    def run(most):
        def traced(key, x):
            calls.append(1)
            return line(key, x)

        return jc.solve(traced, 2.0, (0.0, 1.0), KEY, max_replications=most, save=tmp_path)

    first, again = run(2048), run(2048)
    assert (first.lower, first.value, first.upper) == (again.lower, again.value, again.upper)
    assert len(list(tmp_path.iterdir())) == len(first.rounds) == len(again.rounds)


@pytest.mark.slow
def test_the_interval_holds_its_level():
    """With an answer that is decided by chance, at 90 %; its decisions are shared among more trials than there are."""
    missed = 0
    for seed in range(150):
        found = jc.solve(line, 2.0, (0.0, 1.0), jax.random.key(seed), level=0.9, rtol=0.02, max_replications=1024)
        missed += not found.lower <= 2 / 3 <= found.upper
    assert stats.binomtest(missed, 150, 0.1, "greater").pvalue > 1e-3


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(bracket=(1.0, 0.0)), "bracket must hold two finite numbers"),
        (dict(bracket=(0.0, 0.1)), "bracket must have the target 2.0 between"),
        (dict(target=float("nan")), "target"),
        (dict(level=1.5), "level"),
        (dict(rtol=0.0), "rtol must lie between 0 and 1"),
        (dict(max_replications=3), "max_replications"),
        (dict(quantile=1.5), "quantile"),
        (dict(function=lambda key, x: jnp.ones(2) * x), "function must return one number"),
        (dict(function=lambda key, x: x * jnp.nan * jax.random.normal(key)), "function must be finite"),
    ],
)
def test_wrong_arguments(change, message):
    given = dict(function=line, target=2.0, bracket=(0.0, 1.0)) | change
    with pytest.raises((ValueError, TypeError), match=message):
        jc.solve(given.pop("function"), given.pop("target"), given.pop("bracket"), KEY, **given)
