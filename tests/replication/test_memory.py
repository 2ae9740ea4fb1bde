"""What a replication holds, read off its program."""

import jax
import jax.numpy as jnp
import numpy as np

import jaxcollapse as jc
from jaxcollapse.replication.memory import memory
from jaxcollapse.replication.program import trace

KEY = jax.random.key(0)


def of(function):
    return memory(trace(function, KEY)[0].jaxpr)


def walk(key, generations=50):
    return jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=30, generations=generations)


def test_the_record_of_a_loop_is_told_from_other_results():
    found = of(lambda key: walk(key).variance)
    assert found.records == [True] and 50 * 4 <= found.size < 100 * 4
    assert of(lambda key: jnp.log(walk(key).variance)).records == [True]
    assert of(lambda key: walk(key).variance[-1]).records == [False]
    assert of(lambda key: {"path": walk(key).mean, "end": walk(key).mean[-1]}).records == [False, True]
    vectors = of(lambda key: jax.lax.scan(lambda x, _: (0.5 * x, x), jax.random.normal(key, (8,)), length=50)[1])
    assert vectors.records == [False] and vectors.size >= 50 * 8 * 4


def test_only_what_varies_with_the_key_is_there_once_per_replication():
    table = np.ones((100, 100), np.float32)
    assert of(lambda key: jax.random.normal(key) * (table @ table)[0, 0]).size < 1000
    assert of(lambda key: (jax.random.normal(key, (100,)) @ table).sum()).size < 2000
    assert of(lambda key: (jax.random.normal(key, (100, 100)) @ table).sum()).size >= 40_000


def test_a_path_has_the_moments_of_its_replications(x64):
    """Sums over replications that lie side by side, and values with the replications first."""
    estimate = jc.monte_carlo(lambda key: walk(key).variance, KEY, 3000)
    rows = np.stack([estimate.replay(i) for i in range(0, 3000, 500)])
    assert rows.shape == (6, 50) and np.all(np.isfinite(rows))
    direct = jax.jit(jax.vmap(lambda i: walk(jax.random.fold_in(KEY, i)).variance))(jnp.arange(3000))
    np.testing.assert_allclose(estimate.mean, direct.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(estimate.variance, direct.var(axis=0, ddof=1), rtol=1e-12)
    np.testing.assert_allclose(estimate.minimum, direct.min(axis=0), rtol=1e-12)
    ranked = np.sort(direct, axis=0)
    np.testing.assert_allclose(estimate.quantile([0.0, 1.0]), ranked[[0, -1]], rtol=1e-12)
    np.testing.assert_array_equal(estimate.quantile(0.0), estimate.minimum)
