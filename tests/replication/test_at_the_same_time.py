"""Runs at the same time in one process: threads of a pool and tasks of asyncio, in single and in double precision."""

import asyncio
import concurrent.futures

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.machine.precision import enable_x64, x64_enabled


def chain(key):
    return jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=10, generations=8).log_variance


def solves(key):
    a, b = jax.random.split(key)
    return jnp.linalg.solve(jax.random.normal(a, (4, 4)) + 4 * jnp.eye(4), jax.random.normal(b, (4,)))


def risk(key, penalty):
    model = jc.LinearRegression(jc.theory.Spectrum.isotropic(4), noise=1.0, penalty=penalty)
    return jc.simulate(model, jc.Accumulate(), key=key, samples=9, generations=3).risk


def estimated(i):
    """All numbers of run `i`: another function, key, count and precision for each."""
    function, grid = ((chain, None), (solves, None), (risk, jc.Grid(penalty=[0.1, 1.0])))[i % 3]
    with enable_x64(i % 2 == 1):
        key = jax.random.key(i)
        estimate = jc.monte_carlo(function, key, 900 + 170 * (i % 7), grid=grid, progress=False)
        more = estimate.refine(replications=3000)
        numbers = [estimate.mean, estimate.stderr, more.mean, more.minimum, more.quantile(0.3), more.replay(7)]
        theory = jc.theory.gaussian.variance_cdf(0.5 + 0.01 * i, samples=20, generations=5, ddof=1)
        assert x64_enabled() == (i % 2 == 1)
    return [*map(np.asarray, numbers), np.asarray(theory)]


async def gathered(runs):
    return await asyncio.gather(*(asyncio.to_thread(estimated, i) for i in runs))


async def directly(runs):
    """Within the loop's own thread, as in a notebook."""
    return [estimated(i) for i in runs]


def together(how, runs):
    if how == "pool":
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(estimated, runs))
    return asyncio.run((gathered if how == "tasks" else directly)(runs))


@pytest.mark.parametrize("how", ["pool", *(pytest.param(how, marks=pytest.mark.slow) for how in ("tasks", "loop"))])
@pytest.mark.parametrize("count", [4, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])])
def test_runs_at_the_same_time_have_the_bits_of_each_alone(how, count):
    jax.clear_caches()  # so that they trace and compile at the same time too
    found = together(how, range(count))
    for i, numbers in enumerate(found):
        for one, other in zip(numbers, estimated(i), strict=True):
            assert one.dtype == other.dtype and np.array_equal(one, other), i
    kinds = {numbers[-1].dtype for numbers in found}
    assert kinds == {np.dtype(np.float32), np.dtype(np.float64)}
