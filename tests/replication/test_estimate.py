"""Estimate: refined, replayed, and asked for what moments do not tell."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.replication.quantile import order_statistics


def draw(key):
    a, b = jax.random.split(key)
    x = jax.random.normal(a, (3,))
    return {"path": jnp.exp(jnp.cumsum(x)), "flip": jax.random.bernoulli(b, 0.3)}


@pytest.fixture
def key():
    return jax.random.key(5)


def everything(estimate):
    return np.concatenate([rows for rows in estimate._rows()])


def test_replay_gives_the_bits_that_were_averaged(key):
    estimate = jc.monte_carlo(lambda key: draw(key)["path"], key, 4500)
    rows = np.array([estimate.replay(i) for i in (0, 1, 4095, 4096, 4499)])
    assert rows.dtype == np.float32
    assert np.array_equal(rows, everything(estimate)[[0, 1, 4095, 4096, 4499]])
    one = jc.monte_carlo(lambda key: draw(key)["path"], key, 1)
    assert np.array_equal(one.mean, rows[0])
    np.testing.assert_allclose(rows[4], draw(jax.random.fold_in(key, 4499))["path"], rtol=1e-5)
    extremes = everything(estimate)
    assert np.array_equal(extremes.min(0), estimate.minimum) and np.array_equal(extremes.max(0), estimate.maximum)
    with pytest.raises(ValueError, match="must be below the count 4,500"):
        estimate.replay(4500)


def test_quantiles_are_those_of_the_replications(key):
    estimate = jc.monte_carlo(draw, key, 6000)
    rows = everything(estimate)  # flip first: leaves are in the order of their names
    found = estimate.quantile([0.0, 0.05, 0.5, 1.0])
    expected = np.quantile(rows, [0.0, 0.05, 0.5, 1.0], axis=0, method="inverted_cdf")
    assert np.array_equal(found["flip"], expected[:, 0]) and np.array_equal(found["path"], expected[:, 1:])
    assert np.array_equal(estimate.quantile(0.05)["path"], expected[1, 1:])
    with pytest.raises(ValueError, match="between 0 and 1"):
        estimate.quantile(1.5)


@pytest.mark.parametrize("kept", [1, 10_000, 10**6])
def test_quantiles_with_little_memory(kept):
    generator = np.random.default_rng(0)
    columns = [
        generator.normal(size=5000),
        generator.integers(0, 3, 5000),
        generator.standard_cauchy(5000),
        np.full(5000, 2.0),
        generator.exponential(size=5000),
        np.where(generator.uniform(size=5000) < 0.9, 0.0, generator.normal(size=5000)),
        np.where(np.arange(5000) == 7, np.nan, 1.0),
        np.where(np.arange(5000) % 2 == 0, np.inf, generator.normal(size=5000)),
    ]
    x = np.stack(columns, axis=1)
    ranks = np.array([0, 1, 250, 2499, 4990, 4999])
    found = order_statistics(lambda: np.array_split(x, 7), ranks, x.min(0), x.max(0), kept=kept)
    expected = np.sort(x, axis=0)[ranks]
    expected[:, 6] = np.nan
    np.testing.assert_array_equal(found, expected)


def test_the_covariance_is_that_of_the_replications(key):
    estimate = jc.monte_carlo(draw, key, 6000)
    np.testing.assert_allclose(estimate.covariance(), np.cov(everything(estimate).T), rtol=1e-6)
    np.testing.assert_allclose(np.diag(estimate.covariance())[1:], estimate.variance["path"], rtol=1e-4)


def test_refine_reaches_the_precision(key):
    estimate = jc.monte_carlo(draw, key, 100)
    refined = estimate.refine(rtol=0.05, max_replications=1_000_000)
    worst = max(np.max(s / m) for s, m in zip(refined.stderr.values(), refined.mean.values(), strict=True))
    assert worst <= 0.05
    assert 1000 < refined.count < 100_000
    again = jc.monte_carlo(draw, key, refined.count)
    assert np.array_equal(again.mean["path"], refined.mean["path"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refined.refine(rtol=0.05, max_replications=10**6).count == refined.count
    with pytest.warns(UserWarning, match="is not reached by max_replications=200"):
        assert estimate.refine(rtol=0.01, max_replications=200).count == 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either replications, or rtol"),
        ({"rtol": 0.1}, "either replications, or rtol"),
        ({"rtol": 0.1, "replications": 1000}, "either replications, or rtol"),
        ({"rtol": -0.1, "max_replications": 1000}, "rtol must be positive"),
        ({"replications": 5}, "replications must be at least 50"),
        ({"replications": 2**40}, "replications must be at most"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_refinements(arguments, message, key):
    with pytest.raises(ValueError, match=message):
        jc.monte_carlo(draw, key, 50).refine(**arguments)


def test_failures_are_found_again(key):
    """The first of them are named, over several tiles and in the order of their index."""

    def fragile(key):
        return jnp.where(jax.random.bernoulli(key, 0.002), jnp.inf, 1.0), jax.random.uniform(key)

    estimate = jc.monte_carlo(fragile, key, 9000)
    bad = np.flatnonzero(~np.isfinite(everything(estimate)[:, 0]))
    assert len(bad) == estimate.nonfinite[0] and estimate.nonfinite[1] == 0
    assert estimate.nonfinite_replications == tuple(bad[:16])
    assert np.isinf(estimate.replay(int(bad[3]))[0])
    rare = jc.monte_carlo(fragile, key, int(bad[2])).refine(replications=int(bad[3]) + 1)
    assert rare.nonfinite_replications == tuple(bad[:4])


def test_double_precision_stays_with_the_estimate(key, x64):
    from jaxcollapse.machine.precision import enable_x64

    estimate = jc.monte_carlo(draw, key, 5000)
    with enable_x64(False):
        refined = estimate.refine(replications=9000)
        assert refined.replay(3)["path"].dtype == np.float64
    assert np.array_equal(refined.mean["path"], jc.monte_carlo(draw, key, 9000).mean["path"])
