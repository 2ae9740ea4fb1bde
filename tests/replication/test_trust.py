"""When a mean is trusted, and what is said where it is not."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jaxcollapse as jc
from jaxcollapse.replication import trust
from jaxcollapse.replication.moments import Moments

KEY = jax.random.key(0)


def of(rows):
    """The moments of samples, one in each column."""
    gaps = rows - rows.mean(axis=0)
    powers = [(gaps**p).sum(axis=0) for p in (2, 3, 4)]
    ones = np.ones(rows.shape[1])
    ends = rows.min(axis=0), rows.max(axis=0)
    return Moments(len(rows), rows.mean(axis=0), ones, *powers, *ends, 0 * ones, np.array([], np.int64))


@pytest.mark.sampled(5)
@pytest.mark.parametrize("count", [8, 10, 16, 30, 64, 100, 300, 1000, 4096])
def test_normal_replications_are_usable_however_few(count):
    """All but one sample in a thousand by its largest value, about 3 in 1,000 by its skewness."""
    share = trust.usable(of(np.random.default_rng(0).normal(size=(count, 10_000)))).mean()
    assert share > 1 - 0.001 - 0.006 - 4 * np.sqrt(0.007 / 10_000)


@pytest.mark.parametrize("count", [8, 20, 64, 300])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_intervals_of_light_tails_cover_as_often_as_they_say(count, level):
    """Quantiles of Student's t: exact for normal numbers. Those of a normal law miss 8 % instead of 5 % of ten."""
    rows = np.random.default_rng(1).normal(size=(count, 20_000))
    m = of(rows)
    covered = np.mean(np.abs(m.mean) <= trust.quantile((1 - level) / 2, count) * trust.stderr(m))
    assert abs(covered - level) < 4 * np.sqrt(level * (1 - level) / 20_000)


def test_the_interval_of_an_estimate_is_that_of_student():
    estimate = jc.monte_carlo(jax.random.normal, KEY, 12)
    rows = np.concatenate(list(estimate._rows()))[:, 0]
    expected = stats.t.interval(0.9, 11, rows.mean(), rows.std(ddof=1) / np.sqrt(12))
    np.testing.assert_allclose(estimate.interval(0.9), expected, rtol=1e-5)


@pytest.mark.parametrize("count", [30, 100, 400, 4096])
def test_heavy_tails_are_mostly_found(count):
    """A Cauchy law nearly always, once there are a hundred."""
    share = trust.usable(of(np.random.default_rng(2).standard_cauchy((count, 2000)))).mean()
    assert share < {30: 0.35, 100: 0.06, 400: 0.01, 4096: 0.01}[count]


def test_one_replication_that_carries_the_mean_is_never_trusted():
    """However small all the others are, and whatever underflows."""
    for size in (1e-300, 1e-150, 1.0, 1e150):
        for count in (10, 1000, 100_000):
            rows = np.full((count, 1), size * 1e-8)
            rows[0] = size
            powers = (np.ones(1) * (1 - 1 / count), np.ones(1), np.ones(1))
            m = Moments(count, rows.mean(0), np.array([size]), *powers, rows.min(0), rows.max(0), np.zeros(1), [])
            assert not trust.usable(m)


def test_the_part_of_the_heaviest_replication():
    estimate = jc.monte_carlo(lambda key: jnp.exp(jax.random.normal(key, (3,))), KEY, 500)
    squares = (np.concatenate(list(estimate._rows())) - estimate.mean) ** 2
    np.testing.assert_allclose(estimate.heaviest, squares.max(axis=0) / squares.sum(axis=0), rtol=1e-4)


def test_the_doubt_names_entries_reason_and_a_number_that_does():
    def draw(key):
        x = jax.random.normal(key, (4,))
        return jnp.stack([x[0], jnp.exp(x[1]), x[2], jnp.exp(0.3 * x[3])])

    few = jc.monte_carlo(draw, KEY, 100)
    assert not few.usable[1] and few.usable[0] and few.usable[2]
    said = few.doubt
    assert f"{(~few.usable).sum()} of 4 entries (" in said and "[1]" in said and "[0]" not in said and "[2]" not in said
    assert said in repr(few)
    estimate = jc.monte_carlo(lambda key: jax.random.exponential(key), KEY, 64)
    asked = []
    while estimate.doubt:  # each answer rests on the replications so far
        asked.append(int(re.search(r"about ([\d,]+) would do", estimate.doubt)[1].replace(",", "")))
        estimate = estimate.refine(replications=asked[-1])
    assert asked == sorted(asked) and len(asked) <= 4 and 300 < asked[-1] < 3000
    assert "fewer than 8 replications" in jc.monte_carlo(draw, KEY, 3).doubt
    failed = jc.monte_carlo(lambda key: jnp.where(jax.random.bernoulli(key, 0.1), jnp.nan, 1.0), KEY, 100)
    assert re.fullmatch(r"\d+ of 100 replications are infinite or not a number", failed.doubt)
    named = jc.monte_carlo(lambda key: {"x": jnp.exp(3 * jax.random.normal(key))}, KEY, 100).doubt
    assert named.startswith("x: one of 100 replications makes up")


def test_a_function_that_ignores_its_key_is_not_called_exact():
    generator = np.random.default_rng(0)
    fixed = jax.random.key(3)
    for function in (
        lambda key: jnp.asarray(generator.normal(size=3)),
        lambda key: jax.random.normal(fixed),
        lambda key: jax.random.normal(jax.random.key(3)),
        lambda key: 1.0,
        lambda key: (jax.random.normal(key), 2.0)[1],
    ):
        with pytest.warns(UserWarning, match="does not use its key: all replications are the same number"):
            estimate = jc.monte_carlo(function, KEY, 100)
        assert estimate.ignores_key and "the function does not use its key" in repr(estimate)
    uses = jc.monte_carlo(lambda key: 2.0 + jax.random.normal(key), KEY, 100)
    assert not uses.ignores_key and "key" not in repr(uses)


def test_a_part_of_a_result_that_ignores_the_key_is_named():
    """Also where only some points of a grid have it, and behind a pickle without the function."""
    generator = np.random.default_rng(0)

    def function(key, way="one"):
        other = generator.normal() if way == "one" else jax.random.normal(key)
        return {"a": jax.random.normal(key), "b": jnp.cumsum(jnp.full(2, generator.normal())), "c": other}

    said = "    the same in every replication: nothing of it is drawn from the key"
    estimate = jc.monte_carlo(function, KEY, 100)
    for known in (estimate, estimate.numbers_alone("gone")):
        lines = repr(known).splitlines()
        assert [lines[i - 1].split()[0] for i, line in enumerate(lines) if line == said] == ["b", "c:"]
    grid = jc.monte_carlo(function, KEY, 100, grid=jc.Grid(way=["one", "two"]))
    assert not grid.ignores_key and repr(grid).count(said.strip()) == 2
    assert "    at 1 of 2 points with objects the same in every replication" in repr(grid)
