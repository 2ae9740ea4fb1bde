"""What a replication holds, read off its program."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

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


@pytest.mark.slow
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


def test_a_pool_of_which_slices_are_touched_is_counted_apart():
    """Rows of which some are picked; not what a fit reads as a whole."""
    model, sizes = jc.MultivariateGaussian(np.eye(3), ddof=1, sampling="raw"), dict(samples=20, generations=40)
    picked, read = (
        of(lambda key, workflow=workflow: jc.simulate(model, workflow, key=key, **sizes).trace)
        for workflow in (jc.AccumulateSubsample(), jc.Accumulate())
    )
    rows = 40 * 20 * 3 * 4
    assert picked.pool == rows and picked.size < read.size / 2
    assert read.pool == 0 and read.size >= rows


def test_what_a_loop_reads_as_a_whole_is_no_pool():
    def loop(body):
        start = lambda key: jax.random.normal(key, (1000,))  # noqa: E731
        return of(lambda key: jax.lax.scan(body, (start(key), 0), length=9)[1])

    write = lambda carry, _: ((carry[0].at[carry[1]].set(1.0), carry[1] + 1), carry[0][2 * carry[1]])  # noqa: E731
    total = lambda carry, _: ((carry[0].at[carry[1]].set(1.0), carry[1] + 1), carry[0].sum())  # noqa: E731
    moved = lambda carry, _: ((carry[0][::-1], carry[1] + 1), carry[0][0])  # noqa: E731
    assert loop(write).pool == 4000
    assert loop(total).pool == loop(moved).pool == 0
