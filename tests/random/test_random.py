"""The samplers: published words, quantiles against SciPy, and the law of raw data."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from jaxcollapse import random
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.random import inverse_wishart_factor
from jaxcollapse.random.chi import cube_root
from jaxcollapse.random.gaussian import pair
from jaxcollapse.random.logarithm import log
from jaxcollapse.random.words import threefry_2x32
from stand_ins import by_default

KEYS = jax.random.split(jax.random.key(3), 100_000)
FULL = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("key", "counter", "words"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((FULL, FULL), (FULL, FULL), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_gives_the_published_words(key, counter, words):
    """The known answers of the Random123 distribution, Threefry-2x32 with twenty rounds."""
    hashed = threefry_2x32(tuple(map(jnp.uint32, key)), tuple(map(jnp.uint32, counter)))
    assert tuple(map(int, hashed)) == words


def test_keys_are_those_of_jax():
    key = jax.random.key(5)
    index = jnp.array([0, 1, 2**31, 2**32 - 1], jnp.uint32)
    steps = random.key_steps(key, index)
    ours = jax.vmap(random.step_key)(steps)
    assert (ours == jax.vmap(jax.random.fold_in, (None, 0))(key, index)).all()
    assert (jnp.stack(random.split(key, 4)) == jax.random.split(key, 4)).all()


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ["threefry2x32", "rbg"])
def test_streams_and_places_are_independent(implementation):
    """Every pair of words of one key differs, whatever its kind; vectorising changes nothing."""
    key = jax.random.key(1, impl=implementation)
    pairs = [random.word_pairs(key, (3, 2), stream) for stream in (0, 1, 7)]
    seen = np.concatenate([np.ravel(word) for pair in pairs for word in pair])
    assert len(set(seen.tolist())) == seen.size
    fold = random.fold_in(key, 3)
    assert random.normal(fold, (4,)).shape == (4,) and (random.normal(fold) != random.normal(key)).all()
    if implementation == "threefry2x32":
        stacked = jax.vmap(lambda key: random.word_pairs(key, (3,)))(KEYS[:5])
        assert (stacked[1][2] == random.word_pairs(KEYS[2], (3,))[1]).all()


def words_for_pairs():
    """Random words, and the ends and middles of their range."""
    rng = np.random.default_rng(1)
    edges = np.concatenate([2.0 ** np.arange(32), 2.0**32 - 2.0 ** np.arange(32), 2**31.5 + np.arange(-50, 50)])
    ends = np.concatenate([edges, np.arange(0, 2**32, 2**28)]).astype(np.uint64).astype(np.uint32)
    words = rng.integers(0, 2**32, (4, 20_000), np.uint32)
    words[0, : ends.size], words[1, -ends.size :] = ends, ends
    return words


def points_of_the_plane(radius, turn, low=None):
    """Their coordinates, and distance, in extended precision."""
    one = np.longdouble(1)
    u, angle = ((word + one * (0.5 if low is None else 0)) / 2**32 for word in (radius, turn))
    if low is not None:
        u, angle = u + (low[0] + one / 2) / 2**64, angle + (low[1] + one / 2) / 2**64
    distance = np.sqrt(-2 * np.where(u < 0.5, np.log(u), np.log1p(u - 1)))
    part = 2 * np.longdouble("3.14159265358979323846264338327950288") * (angle - np.round(4 * angle) / 4)
    quarter = np.round(4 * angle).astype(int) % 4
    cosine, sine = np.cos(part), np.sin(part)
    first = np.choose(quarter, [cosine, -sine, -cosine, sine])
    return distance * first, distance * np.choose(quarter, [sine, cosine, -sine, -cosine]), distance


def test_pairs_of_normals_are_points_of_the_plane(x64):
    radius, turn, low, lower = words_for_pairs()
    *exact, distance = points_of_the_plane(radius, turn)
    for ours, theirs in zip(pair(jnp.asarray(radius), jnp.asarray(turn)), exact, strict=True):
        assert ours.dtype == jnp.float32
        assert (abs(np.asarray(ours) - theirs) < 6e-7 * distance).all()
    assert distance.max() > 6.7
    *exact, distance = points_of_the_plane(radius, turn, (low, lower))
    for ours, theirs in zip(pair(*map(jnp.asarray, (radius, turn, low, lower))), exact, strict=True):
        assert ours.dtype == jnp.float64
        # A number next to one has no more than 53 bits.
        assert (abs(np.asarray(ours) - theirs) < 1e-15 * distance + 3e-16 / np.maximum(distance, 1e-9)).all()


@pytest.mark.parametrize("x64_enabled", [False, True])
def test_the_two_normals_of_a_pair_are_independent(x64_enabled):
    """Their squares add up to a chi-square of two degrees, and no product of their powers has a mean."""
    with enable_x64(x64_enabled):
        dtype = jnp.result_type(float)
        ours = jax.jit(jax.vmap(lambda key: random.normal_pair(key, dtype, random.word_pairs(key, (), 5))))(KEYS)
        z, other = (np.asarray(part, float) for part in ours)
        assert_law(z, stats.norm(), 6)
        assert_law(other, stats.norm(), 6)
        assert_law(z**2 + other**2, stats.chi2(2), 6)
        for a, b in ((1, 1), (2, 2), (1, 2), (2, 1), (3, 1)):
            centred = (z**a - stats.norm.moment(a)) * (other**b - stats.norm.moment(b))
            assert abs(centred.mean()) < stats.norm.isf(1e-4) * centred.std() / np.sqrt(z.size)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("shape", [(), (1,), (2,), (5,), (3, 4)])
def test_normals_are_the_same_in_both_precisions(shape, x64):
    """The first 32 bits decide: a double has more of them."""
    keys = KEYS[:2000]
    single, double = (jax.vmap(lambda key, t=t: random.normal(key, shape, t))(keys) for t in (jnp.float32, jnp.float64))
    np.testing.assert_allclose(single, double, rtol=0, atol=2e-6)
    assert len(np.unique(double)) == double.size
    both = [
        jax.vmap(lambda key, t=t: random.normal_pair(key, t, stream=3)[1])(keys) for t in (jnp.float32, jnp.float64)
    ]
    np.testing.assert_allclose(*both, rtol=0, atol=2e-6)


@pytest.mark.slow
def test_logarithms_are_exact_to_the_last_digit(x64):
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [rng.uniform(size=200_000), np.exp(100 * rng.normal(size=200_000)), 1 + 1e-8 * rng.normal(size=9)]
    )
    x = np.concatenate([x, 2.0 ** np.arange(-1022, 1024), [1 - 2**-53, 1 + 2**-52, 0.5**0.5, 2**0.5]])
    exact = np.log(x.astype(np.longdouble))
    assert (abs(np.asarray(jax.jit(log)(jnp.asarray(x))) - exact) <= 2e-16 * abs(exact)).all()
    edges = log(jnp.array([0.0, -1.0, jnp.inf, jnp.nan]))
    np.testing.assert_array_equal(edges, [-np.inf, np.nan, np.inf, np.nan])
    assert jax.grad(log)(jnp.asarray(4.0)) == 0.25
    assert log(jnp.ones((), jnp.float32)).dtype == jnp.float32


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("df", [24.0, 25.5, 40.0, 100.0, 1e4, 1e6])
def test_chi_square_quantiles_are_those_of_scipy(df, dtype, x64):
    z = np.linspace(-8, 8, 801).astype(dtype).astype(float)
    half = np.where(
        z < 0, special.gammaincinv(df / 2, special.ndtr(-abs(z))), special.gammainccinv(df / 2, special.ndtr(-abs(z)))
    )
    ours = cube_root(jnp.asarray(z, dtype), jnp.asarray(df, dtype)) ** 3 * df
    np.testing.assert_allclose(ours, 2 * half, rtol=1e-8 if dtype == jnp.float64 else 1e-6)


def test_chi_square_quantiles_have_their_expansion_at_a_billion(x64):
    """Cornish and Fisher; SciPy's inverse is off by 3e-6 in the lower tail there."""
    df, z = 1e9, np.linspace(-8, 8, 33)
    expansion = df + z * np.sqrt(2 * df) + 2 / 3 * (z**2 - 1) + (z**3 - 7 * z) / (9 * np.sqrt(2 * df))
    np.testing.assert_allclose(cube_root(jnp.asarray(z), jnp.asarray(df)) ** 3 * df, expansion, rtol=1e-13)


def draws(sampler, repeats):
    function = jax.jit(jax.vmap(sampler))
    fold = jax.vmap(jax.random.fold_in, (0, None))
    return np.concatenate([np.ravel(function(fold(KEYS, i))) for i in range(repeats)]).astype(float)


def assert_law(sample, law, comparisons):
    """Kolmogorov-Smirnov, mean and variance, at 1e-3 for the family of comparisons; the seeds are fixed."""
    level = 1e-3 / comparisons / 2
    assert stats.ks_1samp(sample, law.cdf).pvalue > level
    z = (sample - law.mean()) / law.std()
    for power, mean, variance in ((1, 0.0, 1.0), (2, 1.0, 2.0 + float(law.stats(moments="k")))):
        gap = (np.mean(z**power) - mean) / np.sqrt(variance / z.size)
        assert abs(gap) < stats.norm.isf(level / 4)


@pytest.mark.parametrize("x64_enabled", [False, True])
def test_normals_have_their_law(x64_enabled):
    with enable_x64(x64_enabled):
        assert_law(draws(lambda key: random.normal(key, (5,)), 2), stats.norm(), 2)


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("df", [0.5, 1.0, 2.0, 5.0, 23.5, 24.0, 99.0, 1e4, 1e9])
def test_chi_squares_have_their_law(df, x64):
    assert_law(draws(lambda key: random.chi_square(key, df), 4), stats.chi2(df), 9)


@pytest.mark.slow
@pytest.mark.parametrize("x64_enabled", [False, True])
@pytest.mark.parametrize("df", [1.0, 10.0, 24.0, 100.0, 1e9])
def test_ten_million_draws_have_their_law(df, x64_enabled):
    with enable_x64(x64_enabled):
        if df > 1e6 and not x64_enabled:
            pytest.skip("single precision rounds a chi-square of a billion degrees to a thousandth of its spread")
        assert_law(draws(lambda key: random.chi_square(key, df), 100), stats.chi2(df), 10)
        if df == 1.0:
            assert_law(draws(lambda key: random.normal(key), 100), stats.norm(), 10)


SETTINGS = [  # dim, samples, penalty, noise, length
    (10, 20, 0.1, 0.5, 1.0),
    (10, 20, 0.0, 1.0, 1.0),
    (10, 6, 0.0, 0.7, 1.0),
    (10, 6, 0.3, 0.0, 2.0),
    (5, 5, 0.0, 1.0, 1.0),
    (8, 30, 0.2, 1.0, 0.0),
    (1, 3, 0.1, 1.0, 1.0),
    (2, 4, 0.1, 1.0, 1.0),
    (10, 1, 0.0, 1.0, 1.0),
]


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize(("dim", "samples", "penalty", "noise", "length"), by_default(SETTINGS, SETTINGS[1:5]))
def test_isotropic_ridge_has_the_law_of_raw_data(dim, samples, penalty, noise, length, x64):
    rng = np.random.default_rng(dim * samples)
    x = rng.normal(size=(4000, samples, dim))
    y = length * x[:, :, 0] + noise * rng.normal(size=(4000, samples))
    if penalty:
        gram = np.einsum("rni,rnj->rij", x, x) + samples * penalty * np.eye(dim)
        fit = np.linalg.solve(gram, np.einsum("rni,rn->ri", x, y)[..., None])[..., 0]
    else:
        fit = np.einsum("rin,rn->ri", np.linalg.pinv(x), y)
    raw = fit[:, 0], np.linalg.norm(fit[:, 1:], axis=1)
    sampler = jax.jit(
        jax.vmap(lambda key: random.isotropic_ridge(key, jnp.asarray(length), noise, float(samples), penalty, dim))
    )
    ours = [np.asarray(part) for part in sampler(KEYS[:20_000])]
    level = 1e-3 / len(SETTINGS) / 3
    assert stats.ks_2samp(raw[0], ours[0]).pvalue > level
    if dim > 1:
        assert stats.ks_2samp(raw[1], ours[1]).pvalue > level
        norms = [np.hypot(a - 0.7 * length, b) for a, b in (raw, ours)]
        assert stats.ks_2samp(*norms).pvalue > level


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize(("samples", "dim"), [(9, 5), (5, 5), (3, 5), (1, 4), (6, 1)])
@pytest.mark.parametrize("penalty", [0.0, 1e-6, 0.7])
def test_ridge_on_a_bidiagonal_design_solves_its_equations(samples, dim, penalty, x64):
    design = random.bidiagonal_design(jax.random.key(samples), samples, dim)
    matrix = (jnp.diag(design.diagonal) + jnp.diag(design.above[:-1], 1))[:samples]
    assert np.count_nonzero(matrix) == min(samples, dim) + min(samples, dim - 1)
    v = jax.random.normal(jax.random.key(1), (dim,))
    y = jnp.zeros(dim).at[:samples].set(jax.random.normal(jax.random.key(2), (min(samples, dim),)))
    np.testing.assert_allclose(design.labels(v)[:samples], matrix @ v, rtol=1e-13)
    inverse = jnp.linalg.pinv(matrix.T @ matrix + penalty * jnp.eye(dim), rtol=1e-10, hermitian=True)
    np.testing.assert_allclose(design.ridge(y, penalty), inverse @ matrix.T @ y[: len(matrix)], rtol=1e-6, atol=1e-9)


def test_a_bidiagonal_design_keeps_its_digits_in_single_precision():
    """As many rows as columns: the condition number of the product is that of the matrix squared, the error is not."""
    designs = jax.vmap(lambda key: random.bidiagonal_design(key, 60, 60))(KEYS[:200])
    y = jax.random.normal(jax.random.key(1), (200, 60))
    single = jax.vmap(lambda design, y: design.ridge(y, 0.0))(designs, y)
    a, b = (np.asarray(d, np.float64) for d in designs)
    exact = np.stack([np.linalg.solve(np.diag(a[i]) + np.diag(b[i, :-1], 1), y[i]) for i in range(200)])
    error = np.linalg.norm(single - exact, axis=1) / np.linalg.norm(exact, axis=1)
    assert np.median(error) < 1e-5 and error.max() < 1e-2


def test_isotropic_ridge_without_noise_and_penalty_is_the_truth(x64):
    along, across = jax.vmap(lambda key: random.isotropic_ridge(key, jnp.asarray(2.0), 0.0, 30.0, 0.0, 9))(KEYS[:1000])
    np.testing.assert_allclose(along, 2.0, rtol=1e-12)
    assert across.max() < 1e-6


@pytest.mark.slow
def test_isotropic_ridge_is_a_special_case_of_diagonal_ridge(x64):
    """Two samplers of one law that share neither state nor random numbers."""
    w = jnp.zeros(12).at[0].set(1.5)
    both = (
        lambda key: random.isotropic_ridge(key, jnp.asarray(1.5), 0.6, 20.0, 0.05, 12),
        lambda key: _components(random.diagonal_ridge(key, w, jnp.ones(12), 0.6, 20.0, 0.05)),
    )
    a, b = (
        jax.jit(jax.vmap(sampler))(keys) for sampler, keys in zip(both, (KEYS[:20_000], KEYS[-20_000:]), strict=True)
    )
    for x, y in zip(a, b, strict=True):
        assert stats.ks_2samp(x, y).pvalue > 1e-3 / 2


def _components(fit):
    return fit[0], jnp.linalg.norm(fit[1:])


@pytest.mark.slow
def test_diagonal_ridge_takes_fewer_steps_than_it_is_given_room_for(x64):
    """Room for as many steps as `steps_needed` says is enough: more room changes nothing."""
    for dim, samples, penalty in ((60, 120, 0.01), (60, 30, 0.05), (40, 400, 0.005)):
        eigenvalues = 1 / jnp.arange(1.0, dim + 1) ** 2
        steps = int(random.steps_needed(eigenvalues, samples, penalty))
        assert steps < min(dim, samples)
        population = jnp.ones(dim), eigenvalues, 0.5, samples, penalty
        tight, ample = (jax.vmap(functools.partial(_fitted, population, room))(KEYS[:500]) for room in (steps, dim))
        np.testing.assert_allclose(tight, ample, rtol=1e-8, atol=1e-8)


@functools.partial(jax.jit, static_argnums=1)
def _fitted(population, room, key):
    return random.diagonal_ridge(key, *population, room)


@pytest.mark.slow
def test_diagonal_ridge_can_be_differentiated(x64):
    """In both modes, against differences; LSQR ends early in the value, but not in its derivative."""
    eigenvalues, w = jnp.geomspace(1.0, 0.1, 6), jnp.linspace(-1.0, 1.0, 6)

    @jax.jit
    def risk(numbers):
        penalty, noise, scale = numbers
        fit = random.diagonal_ridge(jax.random.key(3), scale * w, eigenvalues, noise, 20.0, penalty)
        return jnp.sum(eigenvalues * (fit - w) ** 2)

    at, step = jnp.array([0.1, 0.5, 1.2]), 1e-5
    differences = [(risk(at.at[i].add(step)) - risk(at.at[i].add(-step))) / (2 * step) for i in range(3)]
    for mode in (jax.jacrev, jax.jacfwd):
        np.testing.assert_allclose(mode(risk)(at), differences, rtol=1e-6)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("samples", "dim", "size"), [(30, 10, 3), (20, 4, 4), (40, 6, 1)])
def test_blocks_of_an_inverse_wishart_matrix_have_their_moments(samples, dim, size, x64):
    """Mean and variance of every element (von Rosen 1988, "Moments for the inverted Wishart distribution")."""
    keys = jax.random.split(jax.random.key(0), 200_000)
    factors = jax.jit(jax.vmap(lambda key: inverse_wishart_factor(key, samples, dim, size)))(keys)
    blocks = np.asarray(jnp.einsum("kij,klj->kil", factors, factors))
    m = samples - dim
    mean = np.eye(size) / (m - 1)
    variance = np.where(np.eye(size), 2 / ((m - 1) ** 2 * (m - 3)), 1 / (m * (m - 1) * (m - 3)))
    error = np.sqrt(variance / len(keys))
    assert (np.abs(blocks.mean(axis=0) - mean) < 5 * error).all()
    squares = (blocks - mean) ** 2
    assert (np.abs(squares.mean(axis=0) - variance) < 5 * squares.std(axis=0) / np.sqrt(len(keys))).all()


def test_loops_of_lanes_end_together():
    """However the lanes are nested; alone, each ends on its own."""

    def halvings(x):
        return random.loops.while_loop(lambda s: s[1] > 1, lambda s: (s[0] + 1, s[1] / 2), (0, x))[0]

    x = jnp.array([[8.0, 2.0], [64.0, 1.0]])
    assert jax.vmap(jax.vmap(halvings))(x).tolist() == [[6, 6], [6, 6]]
    assert [int(halvings(value)) for value in x.ravel()] == [3, 1, 6, 0]


@pytest.mark.parametrize(("total", "n", "capacity"), [(5, 3, 3), (6, 3, 5), (6, 5, 6), (8, 2, 2), (7, 7, 9)])
def test_distinct_numbers_are_every_set_equally_often(total, n, capacity):
    """Sizes that are traced, and a buffer with room for more."""
    draw = jax.jit(jax.vmap(lambda key, n, total: random.distinct(key, n, total, capacity), in_axes=(0, None, None)))
    drawn = np.sort(np.asarray(draw(KEYS, n, total))[:, :n], axis=1)
    assert (np.diff(drawn, axis=1) > 0).all() and drawn.min() == 0 and drawn.max() == total - 1
    sets, times = np.unique(drawn, axis=0, return_counts=True)
    assert len(sets) == math.comb(total, n)
    if len(sets) > 1:
        assert stats.chisquare(times).pvalue > 1e-4


def test_distinct_numbers_of_many_are_spread_evenly():
    """Far beyond the capacity, where no draw meets another; and close to it, where most are references to others."""
    for total in (100_000, 70):
        drawn = np.asarray(jax.vmap(lambda key, total=total: random.distinct(key, 64, total, 64))(KEYS[:2000]))
        assert all(len(set(row)) == 64 for row in drawn.tolist())
        counts = np.histogram(drawn, bins=min(total, 1000), range=(-0.5, total - 0.5))[0]
        expected = counts.mean()
        scale = 1 - 64 / total  # numbers of one row differ: their counts vary less
        z = (np.sum((counts - expected) ** 2) / expected / scale - len(counts)) / np.sqrt(2 * len(counts))
        assert abs(z) < 5
