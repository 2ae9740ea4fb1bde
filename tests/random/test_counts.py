"""Counts: Poisson, binomial and multinomial laws from one end of their range to the other, in both precisions."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jaxcollapse as jc
from jaxcollapse import random
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.random.counts import LARGEST_COUNT

PRECISIONS = pytest.mark.parametrize(
    "double", [pytest.param(True, marks=pytest.mark.slow), False], ids=["double", "single"]
)  # the harder one by default
MEANS = (1e-3, 0.5, 1.0, 2.7, 30.0, 250.0, 300.0, 1e4, 3e6, 1e8, LARGEST_COUNT)
TRIALS = (
    (1, 0.3), (2, 0.5), (20, 0.5), (20, 1e-3), (20, 0.999), (100, 0.97), (1000, 0.5), (1030, 0.5), (1000, 0.003),
    (1e5, 0.3), (2**24, 0.7), (3e7, 0.3), (1e8, 1e-7), (1e9, 0.5), (LARGEST_COUNT, 0.123), (LARGEST_COUNT, 0.999),
    (LARGEST_COUNT, 1e-9),
)  # fmt: skip
COMPARISONS = 3 * 2 * (len(MEANS) + len(TRIALS))
CHOSEN_MEANS = (0.5, 300.0, LARGEST_COUNT)
CHOSEN_TRIALS = ((20, 0.5), (1000, 0.5), (3e7, 0.3), (LARGEST_COUNT, 0.123))


def by_default(cases, chosen):
    return [case if case in chosen else pytest.param(case, marks=pytest.mark.slow) for case in cases]


def draws(sampler, count, seed):
    """Thousands at a time: all the entries of one array are independent, as are keys."""
    keys = jax.random.split(jax.random.key(seed), count // 10_000)
    return np.ravel(jax.jit(lambda keys: jax.lax.map(sampler, keys))(keys)).astype(float)


def assert_law(sample, law, dtype):
    """Mean, variance and the probabilities of two hundred ranges, at 1e-3 for the family; the seeds are fixed."""
    level = 1e-3 / COMPARISONS
    mean, variance, excess = (float(moment) for moment in law.stats("mvk"))
    z = (sample - mean) / np.sqrt(variance)
    assert abs(z.mean()) < stats.norm.isf(level / 2) / np.sqrt(z.size)
    # The mean of squares of a count that is nearly always zero is that of a count itself.
    assert abs(np.mean(z**2) - 1) < stats.norm.isf(level / 2) * np.sqrt((2 + excess) / z.size) * (
        1 + 0.02 * excess**0.5
    )
    edges = np.unique(law.ppf(np.linspace(1e-3, 1 - 1e-3, 200)).astype(dtype)).astype(float)
    # What lies less than half a digit above an edge is rounded to it; in the middle, to the even one of two numbers.
    digit = np.spacing(edges.astype(dtype)).astype(float)
    middle = np.where(digit > 1, edges + digit / 2, edges)
    below = law.cdf(np.where(middle.astype(dtype) == edges, middle, middle - 1))
    expected = np.diff(np.concatenate([[0.0], below, [1.0]])) * sample.size
    seen = np.diff(np.concatenate([[0], np.searchsorted(np.sort(sample), edges, side="right"), [sample.size]]))
    often = expected > 10
    assert seen[~often].sum() < 10 * (~often).sum() + 10
    square = np.sum((seen - expected)[often] ** 2 / expected[often])
    assert stats.chi2.sf(square, max(often.sum() - 1, 1)) > level


def poisson_law(mean, double, count, seed):
    with enable_x64(double):
        dtype = np.float64 if double else np.float32
        sample = draws(lambda key: random.poisson(key, jnp.full(10_000, mean, dtype)), count, seed)
        assert_law(sample, stats.poisson(float(dtype(mean))), dtype)


def binomial_law(n, p, double, count, seed):
    with enable_x64(double):
        dtype = np.float64 if double else np.float32
        sample = draws(lambda key: random.binomial(key, dtype(n), jnp.full(10_000, p, dtype)), count, seed)
        assert_law(sample, stats.binom(int(n), float(dtype(p))), dtype)


@pytest.mark.sampled(2)
@PRECISIONS
@pytest.mark.parametrize("mean", by_default(MEANS, CHOSEN_MEANS))
def test_poisson_counts_have_their_law(mean, double):
    poisson_law(mean, double, 300_000, 0)


@pytest.mark.sampled(2)
@PRECISIONS
@pytest.mark.parametrize("case", by_default(TRIALS, CHOSEN_TRIALS))
def test_binomial_counts_have_their_law(case, double):
    binomial_law(*case, double, 300_000, 1)


@pytest.mark.slow
@PRECISIONS
@pytest.mark.parametrize("case", [*MEANS, *TRIALS], ids=str)
def test_ten_million_counts_have_their_law(case, double):
    if isinstance(case, tuple):
        binomial_law(*case, double, 10_000_000, 2)
    else:
        poisson_law(case, double, 10_000_000, 3)


@PRECISIONS
def test_counts_at_and_beyond_the_ends_of_their_range(double):
    with enable_x64(double):
        key, nan, inf = jax.random.key(0), float("nan"), float("inf")
        counts = random.poisson(key, jnp.array([0.0, -1.0, nan, inf, -inf, 5e9]))
        assert counts[0] == 0 and np.isnan(counts[1:]).all()
        n = jnp.array([0.0, 1.0, 20.0, 1e5, 2.0**24, 2.0**31])
        assert (random.binomial(key, n, jnp.zeros(6)) == 0).all()
        assert (random.binomial(key, n, jnp.ones(6)) == n).all()
        assert (random.binomial(key, jnp.zeros(6), jnp.linspace(0, 1, 6)) == 0).all()
        wrong = jnp.array([3.0, 3.0, 3.0, nan, -1.0, 5e9]), jnp.array([nan, -0.1, 1.1, 0.5, 0.5, 0.5])
        assert np.isnan(random.binomial(key, *wrong)).all()
        assert np.isnan(random.multinomial(key, 10.0, jnp.array([0.5, nan, 0.5]))).all()
        assert np.isnan(random.multinomial(key, 10.0, jnp.array([0.5, -0.5, 0.5]))).all()
        assert np.isnan(random.multinomial(key, nan, jnp.array([0.5, 0.2, 0.3]))).all()
        assert random.multinomial(key, 0.0, jnp.array([0.5, 0.2, 0.3])).tolist() == [0, 0, 0]
        assert random.multinomial(key, 2.0**31, jnp.array([0.0, 1.0, 0.0])).tolist() == [0, 2**31, 0]
        assert random.binomial(key, 7, 1.0) == 7 and random.poisson(key, 0) == 0  # whatever users write as a number
        few = jax.vmap(lambda key: random.binomial(key, 3.0, jnp.full(1000, 0.4)))(jax.random.split(key, 50))
        assert set(np.unique(few)) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    "sampler",
    [
        random.bernoulli,
        pytest.param(lambda key, p: random.binomial(key, 1.0, p), marks=pytest.mark.slow),
        pytest.param(random.poisson, marks=pytest.mark.slow),
    ],
    ids=["bernoulli", "binomial", "poisson"],
)
def test_small_probabilities_keep_their_digits_in_single_precision(sampler):
    """A uniform number of single precision has 24 bits: less than one event in 2^24 is met all the same."""
    expected, count = 20.0, 1_000_000_000 // 20
    keys = jax.random.split(jax.random.key(0), 50)
    tiny = jnp.full(count // 50, expected / count / 8, jnp.float32)
    found = jax.jit(lambda keys: jax.lax.map(lambda key: jnp.sum(sampler(key, tiny), dtype=float), keys))(keys)
    assert 1e-3 < stats.poisson.cdf(float(found.sum()), expected / 8) < 1 - 1e-3


@pytest.mark.sampled(1)
@PRECISIONS
@pytest.mark.parametrize("weights", [(0.5, 0.3, 0.2), (0.2, 0.0, 0.7, 0.1, 0.0)])
def test_multinomial_counts_have_their_joint_law(weights, double):
    with enable_x64(double):
        p, n, size = jnp.array(weights), 6, 200_000
        sampler = jax.jit(jax.vmap(lambda key: random.multinomial(key, float(n), 2 * p)))
        sample = np.asarray(sampler(jax.random.split(jax.random.key(4), size))).astype(int)
        assert (sample.sum(axis=1) == n).all()
        cells = [c for c in itertools.product(range(n + 1), repeat=len(weights)) if sum(c) == n]
        expected = size * stats.multinomial(n, np.asarray(weights)).pmf(cells)
        code = (n + 1) ** np.arange(len(weights))
        seen = np.bincount(sample @ code, minlength=(n + 1) ** len(weights))[np.array(cells) @ code]
        assert (seen[expected == 0] == 0).all() and seen.sum() == size
        often = expected > 5
        square = np.sum((seen - expected)[often] ** 2 / expected[often])
        assert stats.chi2.sf(square, often.sum() - 1) > 1e-3 / 4


@pytest.mark.slow
@pytest.mark.sampled(1)
@PRECISIONS
@pytest.mark.parametrize("n", [1000.0, 3e7, LARGEST_COUNT])
def test_multinomial_counts_of_many_have_their_covariance(n, double):
    with enable_x64(double):
        p = np.array([0.1, 0.4, 0.05, 0.45])
        sampler = jax.jit(jax.vmap(lambda key: random.multinomial(key, n, jnp.asarray(p))))
        sample = np.asarray(sampler(jax.random.split(jax.random.key(5), 50_000))).astype(float)
        exact = np.asarray(jnp.asarray(p)).astype(float)
        z = (sample - n * exact / exact.sum()) / np.sqrt(n)
        covariance = np.diag(p) - np.outer(p, p)
        bound = stats.norm.isf(1e-3 / (3 * 2 * 20) / 2) / np.sqrt(len(z))
        assert (np.abs(z.mean(axis=0)) < bound * np.sqrt(np.diag(covariance))).all()
        spread = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2)
        assert (np.abs(z.T @ z / len(z) - covariance) < bound * spread).all()


def test_counts_are_a_function_of_key_and_place_alone():
    """Streams differ, a vectorised call has the counts of single ones, and the derivative is zero."""
    keys = jax.random.split(jax.random.key(6), 20)
    n, p = jnp.geomspace(1.0, 1e9, 20).round(), jnp.linspace(0.01, 0.99, 20)
    together = jax.vmap(random.binomial)(keys, n, p)
    alone = jnp.stack([random.binomial(*case) for case in zip(keys, n, p, strict=True)])
    assert jnp.max(jnp.abs(together - alone) / jnp.sqrt(n)) < 1e-2  # an order of operations away
    means = jnp.full(500, 40.0)
    other = random.poisson(keys[0], means, stream=64)
    assert (random.poisson(keys[0], means) == random.poisson(keys[0], means)).all()
    assert abs(np.corrcoef(random.poisson(keys[0], means), other)[0, 1]) < 0.2
    slope = jax.grad(lambda p: random.binomial(keys[0], 1000.0, p) + random.poisson(keys[0], 900 * p))
    assert slope(0.4) == 0


SIZES = (5.0, 5e3, 5e5, 1.5e6, 5e7, 1e9)


@pytest.mark.sampled(1)
@PRECISIONS
@pytest.mark.parametrize("samples", by_default(SIZES, (5.0, 1e9)))
@pytest.mark.parametrize("model", [jc.Poisson(2.0), jc.Bernoulli(0.3)], ids=["poisson", "bernoulli"])
def test_estimates_from_counts_have_their_variance_at_every_size(model, samples, double):
    """``n E(estimate - mean)^2`` is the variance of one row, after generations of `Replace` too."""
    with enable_x64(double):
        model = jax.tree.map(lambda leaf: leaf.astype(float), model)

        def error(key):
            return jc.simulate(model, jc.Replace(), key=key, samples=samples, generations=2).squared_error

        squares = samples * np.asarray(jax.jit(jax.vmap(error))(jax.random.split(jax.random.key(7), 60_000)), float)
        mean = float(model.parameter)
        one = mean if isinstance(model, jc.Poisson) else mean * (1 - mean)
        later = one * (1 if isinstance(model, jc.Poisson) else 1 - 1 / samples)
        gap = (squares.mean(axis=0) - [one, one + later]) / (squares.std(axis=0) / np.sqrt(len(squares)))
        assert np.abs(gap).max() < stats.norm.isf(1e-3 / (2 * 2 * 2 * len(SIZES)) / 2)


def test_counts_beyond_the_limit_are_refused():
    table = jc.features.Table(jnp.eye(2))
    line = table.spectrum
    for model, samples, message in (
        (jc.Poisson(3.0), 1e9, r"samples \* mean must be below 2\^31, got 3e\+09"),
        (jc.Poisson(3e9, sampling="raw"), 5, "mean must be at most"),
        (jc.Bernoulli(0.5), 3e9, "samples must be at most"),
        (jc.Categorical([0.5, 0.5]), 3e9, "samples must be at most"),
        (jc.LogisticRegression(line, features=table), 3e9, "samples must be at most"),
        (jc.PoissonRegression(line, features=table), 3e9, "samples must be at most"),
    ):
        with pytest.raises(ValueError, match=message):
            jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=samples, generations=1)
