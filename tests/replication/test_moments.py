"""Moments of a tile and of many: against exact rational arithmetic, whatever the size and the spread of the numbers."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.replication import moments
from jaxcollapse.replication.moments import Moments

TILE = 256
COUNT = 2 * TILE + 100  # two tiles and a cut one
LARGE = {np.float32: 1e37, np.float64: 1e307}


def columns(kind):
    """Samples of every size and shape; those of `tiny` are as small as numbers of a kind are with all their digits."""
    generator = np.random.default_rng(0)
    u, g = generator.uniform(size=COUNT), generator.normal(size=COUNT)
    large = LARGE[kind]
    rare = generator.uniform(size=COUNT) < 0.01
    found = {
        "uniform": u,
        "normal": g,
        "cauchy": generator.standard_cauchy(COUNT),
        "events": u < 0.3,
        "large": large * g,
        "large and positive": large * (1 + 1e-3 * u),
        "small": g * large**-0.8,
        "mostly small": g * np.where(rare, large, 1 / large),
        "from end to end": np.where(u < 0.5, -1, 1) * float(np.finfo(kind).max) * 0.99,
        "one large": np.where(np.arange(COUNT) == TILE + 7, large, u),
        "one in a cut tile": np.where(np.arange(COUNT) == COUNT - 1, -large, u),
        "lognormal": np.exp(20 * g),
    }
    for power in range(1, 8):
        found[f"spread 1e-{power} of one"] = 1 + 10.0**-power * g
        found[f"spread 1e-{power} of a million"] = 1e6 * (1 + 10.0**-power * u)
    return {name: values.astype(kind) for name, values in found.items()}


def of(x, tile=TILE):
    """The moments of the rows of `x`, tile by tile; what fills the last tile is far from all of them."""
    tiles = -(-len(x) // tile)
    filled = np.concatenate([x, np.full((tiles * tile - len(x), *x.shape[1:]), 7, x.dtype)])
    add = jax.jit(lambda x, index, present: moments.of_tile([x], 1, index, present))
    total = None
    for t in range(tiles):
        index = np.arange(t * tile, (t + 1) * tile, dtype=np.uint32)
        sums = add(filled[index], index, index < len(x))
        found = Moments.from_device(jax.tree.map(lambda leaf: np.asarray(leaf)[None], sums), 0)
        total = found if total is None else total.merge(found)
    return total


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_moments_are_those_of_exact_arithmetic(kind):
    """The mean to a thousandth of its standard error per root of n, powers to the digits of the numbers."""
    samples = columns(kind)
    with enable_x64(kind is np.float64):
        found = of(np.stack(list(samples.values()), axis=1))
    digits = 40 * float(np.finfo(kind).eps)
    for k, (name, values) in enumerate(samples.items()):
        exact = [Fraction(float(value)) for value in values]
        mean = sum(exact) / COUNT
        gaps = [float((value - mean) / Fraction(float(found.scale[k]))) for value in exact]
        powers = [np.sum(np.power(gaps, p)) for p in (2, 3, 4)]
        deviation = np.sqrt(powers[0] / COUNT)
        off = float((Fraction(float(found.mean[k])) - mean) / Fraction(float(found.scale[k])))
        last_digit = 2.3e-16 * float(abs(mean) / Fraction(float(found.scale[k])))  # of the mean, in double precision
        assert abs(off) <= digits * deviation + last_digit, name
        # Gaps from a mean that is off by its last digit.
        slack = digits + 20 * last_digit / deviation
        np.testing.assert_allclose(found.second[k], powers[0], rtol=slack, err_msg=name)
        np.testing.assert_allclose(found.third[k], powers[1], atol=slack * np.sum(np.abs(gaps) ** 3), err_msg=name)
        np.testing.assert_allclose(found.fourth[k], powers[2], rtol=slack, err_msg=name)
        assert found.minimum[k] == values.min() and found.maximum[k] == values.max()


@pytest.mark.parametrize("value", [0.0, 3.3, -1e-30, 1e30, 16777217.0])
def test_equal_replications_have_no_spread(value):
    found = of(np.full((COUNT, 1), value, np.float32))
    assert found.mean == np.float32(value) and found.second == found.third == found.fourth == 0
    merged = found.merge(of(np.full((TILE, 1), value, np.float32)))
    assert merged.mean == np.float32(value) and merged.second == 0


def test_merging_goes_over_the_whole_range():
    """Groups of very different sizes, in any units: as one sample in exact arithmetic."""
    generator = np.random.default_rng(1)
    groups = [generator.normal(size=(5, 1)) * 10.0**power for power in (-300, -160, 0, 150, 300, -40)]
    with enable_x64(True):
        parts = [of(group, 8) for group in groups]
    for order in ((0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (2, 5, 0, 3, 1, 4)):
        total = parts[order[0]]
        for i in order[1:]:
            total = total.merge(parts[i])
        exact = [Fraction(float(v)) for group in groups for v in group[:, 0]]
        mean = sum(exact) / len(exact)
        gaps = [float((v - mean) / Fraction(float(total.scale[0]))) for v in exact]
        assert abs(float(Fraction(float(total.mean[0])) / mean) - 1) < 1e-13
        for power, found in ((2, total.second), (3, total.third), (4, total.fourth)):
            np.testing.assert_allclose(found, np.sum(np.power(gaps, power)), rtol=1e-12)


def test_what_is_not_finite_stays_so():
    x = np.zeros((TILE, 4), np.float32)
    x[3] = [np.nan, np.inf, -np.inf, 1.0]
    x[4, 2] = np.inf
    found = of(x)
    assert np.isnan(found.mean[0]) and found.mean[1] == np.inf and np.isnan(found.mean[2]) and found.mean[3] == 1 / TILE
    np.testing.assert_array_equal(found.nonfinite, [1, 1, 2, 0])
    np.testing.assert_array_equal(found.failures, [3, 4])
    merged = found.merge(of(np.ones((TILE, 4), np.float32)))
    assert np.isnan(merged.mean[0]) and merged.mean[1] == np.inf and np.isfinite(merged.mean[3])


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1.0, 1e20, 1e30])
def test_the_standard_error_has_the_scale_of_the_numbers(scale):
    """Squares of these are beyond single precision, on one side or the other; the relative error is the same."""
    key = jax.random.key(0)
    estimate = jc.monte_carlo(lambda key: scale * (1 + jax.random.normal(key)), key, 4096)
    one = jc.monte_carlo(lambda key: 1 + jax.random.normal(key), key, 4096)
    for name, power in (("mean", 1), ("stderr", 1), ("variance", 2), ("skewness", 0), ("effective_samples", 0)):
        np.testing.assert_allclose(getattr(estimate, name), scale**power * getattr(one, name), rtol=1e-4)
    assert estimate.usable
    refined = estimate.refine(rtol=0.005, max_replications=10**6)
    assert refined.count > 30_000 and refined.stderr <= 0.005 * refined.mean


@pytest.mark.parametrize("spread", 10.0 ** -np.arange(8))
@pytest.mark.parametrize("size", [1.0, 1000.0, 1e6])
def test_means_of_single_precision_are_as_good_as_their_replications(spread, size):
    """Rounding of the replications is theirs; what the mean adds is a hundredth of a standard error at most."""
    estimate = jc.monte_carlo(lambda key: size * (1 + spread * jax.random.uniform(key)), jax.random.key(0), 20_000)
    rows = np.concatenate(list(estimate._rows()))[:, 0]
    exact = float(sum(map(Fraction, rows)) / len(rows))
    assert abs(estimate.mean - exact) <= 0.01 * rows.std() / np.sqrt(len(rows)) + 3e-16 * size
    np.testing.assert_allclose(estimate.stderr, rows.std(ddof=1) / np.sqrt(len(rows)), rtol=1e-5)


def test_integers_beyond_single_precision_are_counted_as_what_they_become():
    """Single precision has every second of them: quantiles and extremes agree, and the search for them ends."""
    estimate = jc.monte_carlo(lambda key: 2**24 + jax.random.randint(key, (), 0, 100), jax.random.key(0), 3000)
    middle = estimate.quantile(0.5)
    assert estimate.minimum < middle < estimate.maximum
    assert abs(estimate.mean - (2**24 + 49.5)) < 5 * estimate.stderr
    flat = jc.monte_carlo(lambda key: 2**24 + 1 + 0 * jax.random.randint(key, (), 0, 9), jax.random.key(0), 3000)
    assert flat.quantile(0.5) == flat.minimum == flat.maximum == flat.mean
    assert jnp.float32(2**24 + 1) == flat.mean
