"""The family that collapses at once: its likelihood and its density, both ways of sampling, the limits of large n."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, ks_2samp

import jaxcollapse as jc
from jaxcollapse.models.counterexamples.immediate_collapse import Member
from jaxcollapse.theory import counterexamples

N = 40


def replicate(function, count, seed):
    keys = jax.random.split(jax.random.key(seed), count)
    return jax.tree.map(np.asarray, jax.jit(lambda keys: jax.lax.map(function, keys, batch_size=256))(keys))


def log_width(alpha):
    return -np.log(39) - 8 * N * max(alpha - 0.1, 0.0) / 0.025


def log_likelihood(alpha, x):
    """All of it, with the best place of the spike."""
    inside, outside = x[x <= 1], np.sort(x[x > 1])
    passed = np.sum(inside > 1 - 2 * alpha + 1e-14)
    low = np.log(0.5 + (1 - alpha) / (2 * (1 - 2 * alpha)))
    value = (len(inside) - passed) * low - passed * np.log(2)
    if len(outside):
        reach = np.searchsorted(outside, outside + np.exp(log_width(alpha)), side="right")
        spiked = np.max(reach - np.arange(len(outside)))
        value += len(outside) * np.log(alpha / 4) + spiked * np.logaddexp(0, -log_width(alpha))
    return value


def test_the_fit_has_the_largest_likelihood(x64):
    """Among all members, on pools of real and synthetic points; one in four of these has a point in [2, 3]."""
    model = jc.ImmediateCollapse(sampling="raw")

    def run(key):
        real, synthetic = (model.sample(k, m, N) for k, m in zip(jax.random.split(key), members, strict=True))
        pool = real + synthetic
        return pool.rows, model.fit(pool)

    members = (model.truth(), Member(jnp.array(0.015), jnp.array(2.0)))
    rows, fits = replicate(run, 256, 0)
    grid = np.linspace(0.0005, 0.25, 300)
    dropped = spiked = 0
    for row, alpha, mu in zip(rows, fits.alpha, fits.mu, strict=True):
        x = 1 - row
        points = 0.5 * row[(row >= 0) & (row <= 0.5)]
        best = max(log_likelihood(a, x) for a in (*grid, *points, 0.1, 0.125))
        assert log_likelihood(alpha, x) >= best - 1e-9
        assert (mu in x) if (x > 1).any() else mu == 2
        dropped += alpha < 0.25 and alpha > 1.0001 * points.min()
        spiked += (x > 1).any()
    assert dropped > 10 and spiked > 40


@pytest.mark.parametrize("alpha", [0.0, 0.06, 0.25])
def test_points_have_the_density_of_their_member(alpha, x64):
    """In eight bins, spike and all; its distance from the uniform law is alpha."""
    member = Member(jnp.array(alpha), jnp.array(2.5))
    model = jc.ImmediateCollapse(sampling="raw")
    x = 1 - np.asarray(model.sample(jax.random.key(1), member, 100_000).rows)
    width = 1 / 39 if alpha <= 0.1 else 1e-9
    edges = [0, 0.3, 1 - 2 * alpha, 1 - alpha, 1, 2, 2.25, 2.5 - 1e-12, 2.5 + width, 3]
    edges = np.unique(np.round(edges, 15))
    low = lambda x: np.minimum(x, 1 - 2 * alpha)  # noqa: E731

    def below(x):
        line = 0.5 * np.clip(x, 0, 1) + 0.5 * (1 - alpha) * low(x) / (1 - 2 * alpha)
        return line + 0.25 * alpha * (np.clip(x - 2, 0, 1) + np.clip((x - 2.5) / width, 0, 1))

    mass = np.diff(below(edges))
    counts = np.histogram(x, edges)[0]
    assert counts.sum() == len(x) and (counts[mass < 1e-12] == 0).all()
    counts, expected = counts[mass >= 1e-12], len(x) * mass[mass >= 1e-12]
    assert chi2.sf(np.sum((counts - expected) ** 2 / expected), max(len(counts) - 1, 1)) > 1e-3
    distance = 0.5 * np.abs(mass - np.where(edges[1:] <= 1, np.diff(edges), 0.0)).sum()
    np.testing.assert_allclose(model.metrics(member)["total_variation"], distance, atol=1e-12)


def test_the_points_next_to_the_edge_are_enough(x64):
    def paths(sampling):
        model = jc.ImmediateCollapse(sampling=sampling)
        setting = dict(samples=100, generations=2)
        return replicate(lambda k: jc.simulate(model, jc.Accumulate(), key=k, **setting).metrics, 4096, len(sampling))

    raw, exact = paths("raw"), paths("exact")
    for g in range(2):
        assert ks_2samp(raw["total_variation"][:, g], exact["total_variation"][:, g]).pvalue > 1e-3 / 2
    assert (raw["collapsed"] == (raw["total_variation"] == 0.25)).all()


def test_a_collapse_is_for_ever(x64):
    """Accumulated data keeps its point in [2, 3], and the spike its place."""
    model = jc.ImmediateCollapse(sampling="raw")
    runs = replicate(
        lambda k: jc.simulate(model, jc.Accumulate(), key=k, samples=25, generations=8).params, 256, 2
    )  # fmt: skip
    after = runs.alpha == 0.25
    assert (after[:, 1:] >= after[:, :-1]).all() and 0.3 < after[:, -1].mean() < 0.8
    placed = (runs.mu[:, -1] == runs.mu[:, -2]) | (runs.alpha[:, -2] < 0.25)
    assert placed.mean() > 0.95  # until a point of the spike is drawn it may lie at any


def test_a_batch_has_the_weight_of_its_points(x64):
    model = jc.ImmediateCollapse()
    sample = jax.jit(lambda n: model.sample(jax.random.key(0), model.truth(), n))
    for n in (5, 32, 33, 10**6):
        rows, weights = (np.asarray(part) for part in jax.tree.leaves(sample(n)))
        np.testing.assert_allclose(weights.sum(), n, rtol=1e-15)
        rows = rows[weights > 0]
        assert (rows >= 0).all() and (rows <= 1).all() and (np.diff(rows[: min(n, 32)]) > 0).all()


def test_the_points_next_to_the_edge_are_order_statistics(x64):
    """Their means and variances, of uniform variates."""
    model = jc.ImmediateCollapse()
    rows = replicate(lambda k: model.sample(k, model.truth(), 100).rows[:32], 16384, 3)
    for j in (0, 31):
        mean = (j + 1) / 101
        assert abs(rows[:, j].mean() - mean) < 4 * rows[:, j].std() / 128
        np.testing.assert_allclose(
            rows[:, j].var(), mean * (1 - mean) / 102, rtol=4 * (8 if j == 0 else 2) ** 0.5 / 128
        )


def test_limits_of_large_samples():
    """Against the random walk itself."""
    rng = np.random.default_rng(0)
    gaps = rng.exponential(size=(400_000, 24))
    points = np.cumsum(gaps, axis=1)
    best = np.argmax(points / 4 - np.log(2) * np.arange(24), axis=1)
    edge = np.take_along_axis(points, best[:, None], axis=1)[:, 0]
    for sample, exact in (
        (best > 0, counterexamples.immediate_collapse_dropped()),
        (edge / 2, counterexamples.immediate_collapse_first_distance()),
        (1 - np.exp(-edge / 4), counterexamples.immediate_collapse_probability()),
    ):
        stderr = sample.std() / len(sample) ** 0.5
        assert abs(sample.mean() - exact) < 4 * stderr and stderr < 0.006 * exact


def test_the_bound_of_finite_samples(x64):
    """Against adaptive quadrature over the largest point."""
    for n in (5, 20, 1000):
        density = lambda y, n=n: n * (1 - y) ** (n - 1) * (1 - (1 - min(y, 0.5) / 4) ** n)  # noqa: E731
        exact = quad(density, 0, 1, points=[0.5, min(0.5, 3 / n)])[0]
        np.testing.assert_allclose(
            counterexamples.immediate_collapse_probability_bound(samples=n), exact, atol=1e-5 + 0.1 * 2.0**-n
        )
    np.testing.assert_allclose(counterexamples.immediate_collapse_probability_bound(samples=1e9), 0.2, rtol=1e-7)
    assert counterexamples.immediate_collapse_probability() > 0.2


@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments():
    with pytest.raises(ValueError, match="sampling must be 'exact' or 'raw'"):
        jc.ImmediateCollapse(sampling="walk")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="samples must be positive"):
        counterexamples.immediate_collapse_probability_bound(samples=0)
    with pytest.raises(ValueError, match='give the model sampling="raw"'):
        jc.simulate(jc.ImmediateCollapse(), jc.AccumulateSubsample(), key=jax.random.key(0), samples=9, generations=2)
