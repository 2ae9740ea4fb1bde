"""First times: those of a loop, within a trajectory and within the run; a chain that has stopped stands still."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc

KEY = jax.random.key(0)


def by_loop(column):
    for place, value in enumerate(column):
        if value:
            return place + 1, False
    return len(column), True


@pytest.mark.parametrize("shape", [(1,), (7,), (5, 3, 40)])
def test_a_first_time_is_that_of_a_loop(shape):
    condition = np.random.default_rng(0).uniform(size=shape) < 0.2
    found = jc.first_time(jnp.asarray(condition))
    columns = condition.reshape(shape[0], -1).T
    expected = np.array([by_loop(column) for column in columns])
    np.testing.assert_array_equal(np.ravel(found.time), expected[:, 0])
    np.testing.assert_array_equal(np.ravel(found.censored), expected[:, 1])
    assert found.time.shape == found.censored.shape == shape[1:]


@pytest.mark.parametrize(
    ("model", "workflow", "samples"),
    [(jc.Gaussian(ddof=1), jc.Replace(), 6), (jc.Gaussian(ddof=1, sampling="raw"), jc.Window(2), 4)],
    ids=["sums", "rows"],
)
def test_a_chain_stops_where_its_condition_first_holds(model, workflow, samples):
    """The same chain, up to that generation; then its last outcome, metrics with a key of their own included."""

    def drawn(law, *, key, generation, **context):
        return jnp.append(jax.random.key_data(key).astype(float), generation)

    setting = dict(samples=samples, generations=12, metrics={"drawn": drawn})
    low = lambda law: law.log_variance < -1.0  # noqa: E731
    run = jax.jit(jax.vmap(lambda key, w=workflow: jc.simulate(model, w, key=key, **setting)))
    stopped = jax.jit(jax.vmap(lambda key, w=workflow: jc.simulate(model, w, key=key, **setting, until=low)))
    keys = jax.random.split(KEY, 40)
    plain, until = run(keys), stopped(keys)
    when = jc.first_time(plain.log_variance.T < -1.0)
    np.testing.assert_array_equal(until.until.time, when.time)
    np.testing.assert_array_equal(until.until.censored, when.censored)
    assert 3 < when.censored.sum() < 37
    last = np.minimum(np.arange(12), np.asarray(when.time)[:, None] - 1)
    for name, values in plain.metrics.items():
        known = np.take_along_axis(np.asarray(values), last.reshape(*last.shape, *[1] * (values.ndim - 2)), axis=1)
        np.testing.assert_allclose(until.metrics[name], known, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(until.params.mean, np.take_along_axis(np.asarray(plain.params.mean), last, 1), atol=1e-5)


def test_a_single_run_ends_as_its_neighbours_do():
    """Without vmap, and under jit: the same time."""
    low = lambda law: law.log_variance < -1.0  # noqa: E731

    def run(key):
        chain = dict(key=key, samples=6, generations=12, until=low)
        return jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), **chain).until

    keys = jax.random.split(KEY, 5)
    together = jax.vmap(run)(keys)
    np.testing.assert_array_equal(jax.jit(lambda keys: jax.lax.map(run, keys))(keys).time, together.time)


def test_runs_together_go_on_until_the_last_of_them_has_stopped():
    """However far away the limit is, and in nested vmaps."""
    steps = []

    def low(law):
        jax.debug.callback(lambda _: steps.append(1), law.mean)
        return law.log_variance < -1.0

    chain = dict(samples=6, generations=10_000, until=low)
    run = lambda key: jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, **chain).until.time  # noqa: E731
    times = jax.jit(jax.vmap(jax.vmap(run)))(jax.random.split(KEY, (2, 3)))
    jax.effects_barrier()
    assert len(steps) == times.size * times.max() < times.size * 1_000


@pytest.mark.parametrize("together", [False, True])
def test_a_chain_that_stops_has_derivatives(together):
    """Of what it was, not of when."""

    def end(scale, key=KEY):
        model = jc.Gaussian(ddof=1, variance=scale)
        run = jc.simulate(model, jc.Replace(), key=key, samples=6, generations=9, until=lambda law: law.mean > 0.5)
        return run.log_variance[-1]

    def total(scale):
        return jnp.sum(jax.vmap(lambda key: end(scale, key))(jax.random.split(KEY, 3))) / 3 if together else end(scale)

    for derivative in (jax.grad, jax.jacfwd):
        assert derivative(total)(2.0) == pytest.approx(0.5, rel=1e-4)


def test_no_condition_no_time():
    assert jc.simulate(jc.NormalMean(0.0), jc.Replace(), key=KEY, samples=6, generations=2).until is None
