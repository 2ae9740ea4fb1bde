"""The staircase: its likelihood, the walk against rows, and the waiting times against the chain that they are of."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, ks_2samp, kstest

import jaxcollapse as jc
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.models.counterexamples.staircase import Gaps, StaircaseWalk
from jaxcollapse.theory import counterexamples


def replicate(function, count, seed):
    keys = jax.random.split(jax.random.key(seed), count)
    return jax.tree.map(np.asarray, jax.jit(lambda keys: jax.lax.map(function, keys, batch_size=256))(keys))


def test_the_walk_has_the_law_of_rows(x64):
    """Level by level, along twelve generations of growing size."""

    def paths(sampling):
        model = jc.Staircase(2, sampling=sampling)

        def run(key):
            chain = jc.simulate(model, jc.Accumulate(), key=key, samples=lambda g: 10 + g, generations=12)
            return chain.params, chain.metrics

        return replicate(run, 4096, len(sampling))

    (raw, metrics), (walk, _) = paths("raw"), paths("exact")
    for g in (0, 2, 11):
        for level in range(3):
            assert ks_2samp(raw[:, g, level], walk[:, g, level]).pvalue > 1e-3 / 9
    assert (walk[:, 11, 2] > 0).mean() > 0.1
    np.testing.assert_array_equal(metrics["level"], (raw > 0).sum(axis=2) - 1)
    seen = raw[:, :-1] > 0
    np.testing.assert_array_equal(raw[:, 1:][seen], raw[:, :-1][seen])  # frozen


def test_what_the_walk_draws(x64):
    """Points of a new level, and the one nearest to its end, for four points of which one in four comes so far."""
    params = jnp.array([0.25, 0.0, 0.0])
    gaps = replicate(lambda k: StaircaseWalk(2).sample(k, params, 4).least, 65536, 0)
    assert np.isinf(gaps[:, [0, 2]]).all()
    seen = np.isfinite(gaps[:, 1])
    share = 1 - 0.75**4
    assert abs(seen.mean() - share) < 4 * np.sqrt(share * (1 - share) / len(seen))
    assert kstest(gaps[seen, 1], lambda x: (1 - (1 - 0.25 * x) ** 4) / share).pvalue > 1e-3


def test_the_fit_has_the_largest_likelihood(x64):
    """Of all members that allow the data; rows of weight zero are not there."""
    model = jc.Staircase(2, sampling="raw")

    @jax.jit
    def pooled(params, others):
        data = model.sample(jax.random.key(0), params, 200)
        data = data + 0.0 * model.sample(jax.random.key(1), others, 50)
        return *data.rows, model.fit(data)

    level, gap, fit = (np.asarray(part) for part in pooled(jnp.array([0.2, 0.1, 0.0]), jnp.full(3, 0.25)))
    level, gap = level[:200], gap[:200]

    def log_likelihood(alpha):
        if (gap < 2 * alpha[level] - 1e-12).any():
            return -np.inf
        reach = np.cumprod([1.0, *alpha])
        with np.errstate(divide="ignore"):
            return np.log((reach[:-1] * (1 - alpha) / (1 - 2 * alpha))[level]).sum()

    assert (np.bincount(level, minlength=3) > 0).all()
    rng = np.random.default_rng(0)
    for scale in (1e-3, 1e-2, 0.1):
        for _ in range(50):
            other = np.clip(fit + scale * rng.normal(size=3), 0, 0.25)
            assert log_likelihood(other) <= log_likelihood(fit)


def test_rows_have_the_density_of_their_member(x64):
    """The share of every level, and uniform offsets up to its end."""
    alpha = np.array([0.25, 0.15, 0.05])
    sample = jax.jit(lambda params: jc.Staircase(2).sample(jax.random.key(2), params, 100_000).rows)
    level, gap = sample(jnp.asarray(alpha))
    expected = 100_000 * np.cumprod([1.0, *alpha]) * np.append(1 - alpha, 1.0)
    counts = np.bincount(level, minlength=4)
    assert chi2.sf(np.sum((counts - expected) ** 2 / expected), 3) > 1e-3
    for j in range(3):
        scaled = (np.asarray(gap)[level == j] - 2 * alpha[j]) / (1 - 2 * alpha[j])
        assert ks_2samp(scaled, (np.arange(100_000) + 0.5) / 1e5).pvalue > 1e-3 / 3
    # The distance from the uniform law on [0, 1] is what that has beyond the first step.
    np.testing.assert_allclose(jc.Staircase(2).metrics(jnp.asarray(alpha))["total_variation"], 2 * alpha[0])


def test_waiting_times():
    """Of the first level in closed form, of the third by simulating the limit chain; their medians."""
    with enable_x64(True):
        curves = [np.asarray(counterexamples.staircase_waiting(level=j, generations=160)) for j in (1, 2, 3)]
    np.testing.assert_allclose(curves[0], 1 / (1 + np.arange(160) / 2), atol=1e-4)
    assert [int(np.argmax(curve < 0.5 - 1e-4)) for curve in curves] == [3, 19, 121]
    rng = np.random.default_rng(0)
    rate, time = rng.exponential(size=400_000) / 2, 0.0
    for j in range(3):
        time = time + np.ceil(rng.exponential(size=rate.size) / rate)
        left = np.mean(time[:, None] > np.arange(160), axis=0) if j else np.ones(1)
        assert not j or (np.abs(left - curves[j]) < 4.5 * np.sqrt(0.25 / rate.size) + 1e-4).all()
        y = -np.log1p(rng.uniform(size=rate.size) * np.expm1(-rate))
        rate = np.minimum(rate / 4, y / 2)


def test_the_first_waiting_time_of_finite_samples(x64):
    for n in (20, 500):
        curve = counterexamples.staircase_first_waiting(samples=n, generations=30)
        for t in (1, 7, 29):
            density = lambda y, n=n, t=t: n * (1 - y) ** (n - 1) * (1 - min(y / 2, 0.25)) ** (n * t)  # noqa: E731
            exact = quad(density, 0, 1, points=[0.5, 2 / n])[0]
            np.testing.assert_allclose(curve[t], exact, rtol=1e-6)
    np.testing.assert_allclose(
        counterexamples.staircase_first_waiting(samples=1e9, generations=9), 1 / (1 + np.arange(9) / 2), rtol=1e-7
    )


def test_gaps_are_data():
    one, other = Gaps(jnp.array([0.1, jnp.inf])), Gaps(jnp.array([0.2, 0.3]))
    pooled = [0.1, 0.3]
    np.testing.assert_allclose((one + other).least, pooled, rtol=1e-6)
    np.testing.assert_allclose((one.empty() + 2.0 * one + other).least, pooled, rtol=1e-6)
    np.testing.assert_allclose(jax.tree.map(lambda *g: jnp.stack(g), one, other).union().least, pooled, rtol=1e-6)
    np.testing.assert_array_equal((0.0 * other + one).least, one.least)


def test_the_walk_is_for_data_that_is_all_kept():
    sizes = jnp.full(3, 10.0)
    assert isinstance(jc.Staircase(3).reduce(jc.Accumulate(), sizes), StaircaseWalk)
    for model, workflow in ((jc.Staircase(3), jc.Replace()), (jc.Staircase(3, sampling="raw"), jc.Accumulate())):
        assert model.reduce(workflow, sizes) is model
    run = jc.simulate(jc.Staircase(2), jc.Replace(), key=jax.random.key(0), samples=10, generations=3)
    assert np.isfinite(run.params).all() and (run.total_variation <= 0.5).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jc.Staircase(0), "levels must be at least 1"),
        (lambda: jc.Staircase(1.5), "levels must be an integer"),
        (lambda: jc.Staircase(2, sampling="walk"), "sampling must be 'exact' or 'raw'"),
        (lambda: counterexamples.staircase_waiting(level=0, generations=3), "level must be at least 1"),
        (lambda: counterexamples.staircase_waiting(level=1, generations=0), "generations must be at least 1"),
        (lambda: counterexamples.staircase_first_waiting(samples=-1, generations=3), "samples must be positive"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
