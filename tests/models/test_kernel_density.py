"""The kernel density model: the law of raw data, its metrics by quadrature, every workflow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import gaussian_kde, ks_2samp, kstest, norm

import jaxcollapse as jc
from jaxcollapse.models.kernel_density import KernelMixture
from jaxcollapse.theory import kernel_density


def test_the_metrics_by_quadrature(x64):
    rng = np.random.default_rng(0)
    rows, weights = rng.normal(size=9), rng.uniform(size=9) * (rng.uniform(size=9) < 0.7)
    data = jc.Samples(jnp.asarray(rows), jnp.asarray(weights))
    fit = jc.KernelDensity(0.3).fit(data)
    x = np.linspace(-12, 12, 4001)
    step, density = x[1] - x[0], np.asarray(fit.density(jnp.asarray(x)))
    metrics = jc.KernelDensity(0.3).metrics(fit)
    np.testing.assert_allclose(density.sum() * step, 1.0, rtol=1e-12)
    np.testing.assert_allclose(metrics["mean"], density @ x * step, rtol=1e-10)
    np.testing.assert_allclose(metrics["variance"], density @ (x - float(metrics["mean"])) ** 2 * step, rtol=1e-10)
    np.testing.assert_allclose(metrics["squared_error"], ((density - norm.pdf(x)) ** 2).sum() * step, rtol=1e-10)
    kept = weights > 0  # rows of weight zero are not there
    short = jc.KernelDensity(0.3).metrics(KernelMixture(data.rows[kept], data.weights[kept], fit.bandwidth))
    for name, value in metrics.items():
        np.testing.assert_allclose(value, short[name], rtol=1e-12)


def test_draws(x64):
    """From the truth, which is standard normal, and from a mixture."""
    model = jc.KernelDensity(0.5)
    rows = model.sample(jax.random.key(0), model.truth(), 20_000).rows
    assert kstest(rows, "norm").pvalue > 1e-3
    assert abs(float(model.metrics(model.truth())["squared_error"])) < 1e-15
    mixture = KernelMixture(jnp.array([-1.0, 5.0, 2.0]), jnp.array([1.0, 0.0, 3.0]), jnp.asarray(0.5))
    rows = model.sample(jax.random.key(1), mixture, 20_000).rows
    cdf = lambda x: 0.25 * norm.cdf(x, -1, 0.5) + 0.75 * norm.cdf(x, 2, 0.5)  # noqa: E731
    assert kstest(rows, cdf).pvalue > 1e-3


def raw_chain(rng, sizes, bandwidths, share):
    """Growing batches and a bandwidth for each generation, in NumPy; accumulated, or with real data of a share."""
    pool, out = np.empty(0), []
    x, w, h_before = np.zeros(1), np.ones(1), 1.0
    for g, (n, h) in enumerate(zip(sizes, bandwidths, strict=True)):
        new = rng.choice(x, n, p=w / w.sum()) + h_before * rng.normal(size=n)
        if share is None:
            pool = np.concatenate([pool, new])
            x, w = pool, np.ones(len(pool))
        else:
            real = rng.normal(size=n)
            x, w = np.concatenate([real, new]), np.repeat([share, 1 - share], n)
            x, w = (x, w) if g else (real, np.ones(n))
        h_before = h
        mean = w @ x / w.sum()
        out.append([mean, w @ (x - mean) ** 2 / w.sum() + h**2])
    return out


@pytest.mark.sampled(1)
@pytest.mark.parametrize("share", [None, 0.3], ids=["accumulate", "mix"])
def test_the_law_of_raw_data(share, x64):
    """Along three generations, of which each has its own size and bandwidth."""
    workflow = jc.Accumulate() if share is None else jc.Mix("fresh", weight=share)
    sizes, bandwidths = np.array([5, 3, 8]), np.array([0.8, 0.3, 1.5])
    model = jc.KernelDensity(bandwidths)

    def run(key):
        chain = jc.simulate(model, workflow, key=key, samples=sizes, generations=3)
        return jnp.stack([chain.mean, chain.variance], axis=1)

    ours = np.asarray(jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(0), 3000)))
    rng = np.random.default_rng(0)
    raw = np.array([raw_chain(rng, sizes, bandwidths, share) for _ in range(3000)])
    for g in range(3):
        for metric in range(2):
            assert ks_2samp(ours[:, g, metric], raw[:, g, metric]).pvalue > 1e-3 / 12


@pytest.mark.slow
def test_the_room_for_rows():
    mix = jc.Mix("fixed", real_samples=4)
    rooms = [(jc.Replace(), 6), (jc.Accumulate(), 24), (jc.Window(2), 12), (jc.AccumulateSubsample(), 6), (mix, 10)]
    for workflow, capacity in rooms:
        setting = dict(key=jax.random.key(0), samples=[6, 2, 6, 4], generations=4)
        assert jc.simulate(jc.KernelDensity(1.0), workflow, **setting).params.rows.shape == (4, capacity)


@pytest.mark.slow
def test_the_second_moment_is_that_of_the_mean_density(x64):
    """Of a random part of the pool, as of the pool."""

    def run(key):
        chain = jc.simulate(jc.KernelDensity(1.0), jc.AccumulateSubsample(), key=key, samples=6, generations=4)
        return chain.variance + chain.mean**2

    estimate = jc.monte_carlo(run, jax.random.key(1), 16_384, progress=False)
    law = kernel_density.depths(jc.Accumulate().weights(jnp.full(4, 6.0))[0])
    theory = kernel_density.second_moment(law, bandwidth=1.0)
    assert (np.abs(estimate.mean - theory) < 4 * estimate.stderr).all() and (estimate.stderr < 0.007 * theory).all()


def test_a_given_first_model(x64):
    """One far point of tiny bandwidth: all later rows are near it."""
    first = KernelMixture(jnp.full(4, 7.0), jnp.ones(4), jnp.asarray(1e-3))
    setting = dict(key=jax.random.key(0), samples=4, generations=3, first=first)
    run = jc.simulate(jc.KernelDensity(1e-3), jc.Replace(), **setting)
    np.testing.assert_allclose(run.mean, 7.0, atol=0.02)
    with pytest.raises(ValueError, match="first must have the shapes of the parameters"):
        jc.simulate(jc.KernelDensity(1e-3), jc.Replace(), **{**setting, "samples": 5})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jc.KernelDensity(-1.0), "bandwidth must be finite and at least 0"),
        (
            lambda: jax.jit(
                lambda n: (
                    jc.simulate(
                        jc.KernelDensity(1.0), jc.Replace(), key=jax.random.key(0), samples=n, generations=2
                    ).mean
                )
            )(5.0),
            "samples must be known before compilation",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("rule", ["scott", "silverman"])
@pytest.mark.parametrize("size", [12, 200])
def test_the_rules_are_those_of_scipy_on_the_line(rule, size, x64):
    """Weights included; the density is SciPy's, and so is the held-out likelihood."""
    rng = np.random.default_rng(0)
    rows, weights, held = 5 * rng.normal(size=size), rng.integers(0, 3, size).astype(float), rng.normal(size=7)
    model = jc.KernelDensity(rule, held_out=held)
    fit = model.fit(jc.Samples(jnp.asarray(rows), jnp.asarray(weights)))
    known = gaussian_kde(rows, rule, weights=weights)
    np.testing.assert_allclose(fit.bandwidth**2, known.covariance[0, 0], rtol=1e-10)
    np.testing.assert_allclose(fit.density(jnp.asarray(held)), known.pdf(held), rtol=1e-10)
    np.testing.assert_allclose(model.metrics(fit)["log_likelihood"], known.logpdf(held).mean(), rtol=1e-10)


@pytest.mark.parametrize("kernel", ["gaussian", "tophat"])
@pytest.mark.parametrize("dim", [2, 3])
def test_densities_in_more_dimensions_are_those_of_scikit_learn(kernel, dim, x64):
    neighbors = pytest.importorskip("sklearn.neighbors")
    rng = np.random.default_rng(0)
    rows, held = rng.normal(size=(30, dim)), rng.normal(size=(8, dim))
    fit = jc.KernelDensity(1.7, kernel=kernel, dim=dim).fit(jc.Samples(jnp.asarray(rows)))
    known = neighbors.KernelDensity(bandwidth=1.7, kernel=kernel).fit(rows)
    np.testing.assert_allclose(fit.log_density(jnp.asarray(held)), known.score_samples(held), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("kernel", ["gaussian", "tophat"])
@pytest.mark.parametrize("shape", [(400,), (400, 2)])
def test_draws_have_the_moments_of_the_density(kernel, shape, x64):
    """Its metrics, and of a tophat that nothing is farther than the bandwidth."""
    rows = np.random.default_rng(0).normal(size=shape)
    model = jc.KernelDensity(0.8, kernel=kernel, data=rows)
    fit = model.fit(jc.Samples(jnp.asarray(rows)))
    drawn = np.asarray(model.sample(jax.random.key(0), fit, 40_000).rows)
    metrics = model.metrics(fit)
    np.testing.assert_allclose(drawn.mean(axis=0), metrics["mean"], atol=5 * 1.4 / 200)
    np.testing.assert_allclose(drawn.var(axis=0), metrics["variance"], rtol=5 * (2 / 40_000) ** 0.5)
    one = KernelMixture(jnp.zeros((1, 2)), jnp.ones(1), jnp.asarray(0.8), kernel)
    away = np.asarray(model.sample(jax.random.key(0), one, 4000).rows)
    lengths = np.linalg.norm(away, axis=1) / 0.8
    if kernel == "tophat":  # the share of the ball within r is r^2
        assert lengths.max() <= 1 and kstest(lengths**2, "uniform").pvalue > 1e-3
    else:
        assert kstest(lengths**2 / 2, "expon").pvalue > 1e-3


def test_the_squared_error_in_the_plane_by_quadrature(x64):
    rows = np.random.default_rng(0).normal(size=(5, 2))
    model = jc.KernelDensity(0.6, dim=2)
    fit = model.fit(jc.Samples(jnp.asarray(rows)))
    x = np.linspace(-8, 8, 161)
    points = np.stack(np.meshgrid(x, x), axis=-1)
    error = (np.asarray(fit.density(jnp.asarray(points))) - norm.pdf(points).prod(axis=-1)) ** 2
    np.testing.assert_allclose(model.metrics(fit)["squared_error"], error.sum() * 0.1**2, rtol=1e-8)


def chain_by_numpy(rng, data, n, generations, rule, kernel):
    """The variance along both axes of the rows after so many generations."""
    rows = data[rng.permutation(len(data))[:n]]
    for _ in range(generations - 1):
        width = 0.0 if rule == 0.0 else rows.std(axis=0, ddof=1) * n ** (-1 / 6)
        noise = rng.normal(size=(n, 2))
        if kernel == "tophat":
            noise *= (rng.uniform(size=n) ** 0.5 / np.linalg.norm(noise, axis=1))[:, None]
        rows = rows[rng.integers(0, n, n)] + width * noise
    return rows.var(axis=0)


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "kernel", "n"), [("scott", "tophat", 6), (0.0, "gaussian", 15)])
def test_chains_from_data_have_the_law_of_raw_rows(rule, kernel, n, x64):
    data = np.random.default_rng(1).normal(size=(20, 2)) * [1.0, 4.0]
    model = jc.KernelDensity(rule, kernel=kernel, data=data)
    rows = lambda law: jnp.var(law.rows, axis=0)  # noqa: E731
    run = lambda key: jc.simulate(  # noqa: E731
        model, jc.Replace(), key=key, samples=n, generations=3, metrics={"rows": rows}
    ).rows[-1]
    ours = np.asarray(jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(0), 2000)))
    rng = np.random.default_rng(2)
    theirs = np.array([chain_by_numpy(rng, data, n, 3, rule, kernel) for _ in range(2000)])
    for axis in range(2):
        assert ks_2samp(ours[:, axis], theirs[:, axis]).pvalue > 1e-3


@pytest.mark.slow
def test_without_a_bandwidth_rows_are_copied_and_lost(x64):
    """The number of different rows never grows, and all are among the data."""
    data = np.arange(30.0)
    run = jc.simulate(jc.KernelDensity(0.0, data=data), jc.Replace(), key=jax.random.key(0), samples=30, generations=15)
    left = [set(np.asarray(rows).tolist()) for rows in run.params.rows]
    assert left[0] == set(data.tolist()) and all(b <= a for a, b in zip(left, left[1:], strict=False))
    assert len(left[-1]) < 10
    empirical = jc.simulate(jc.KernelDensity(0.0), jc.Replace(), key=jax.random.key(0), samples=5, generations=2)
    assert (empirical.squared_error == np.inf).all()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(bandwidth="scot"), "bandwidth must be 'scott' or 'silverman', got 'scot': did you mean 'scott'?"),
        (dict(bandwidth=-1.0), "bandwidth must be finite and at least 0"),
        (dict(bandwidth=1.0, kernel="box"), "kernel must be 'gaussian' or 'tophat', got 'box'"),
        (dict(bandwidth=1.0, data=np.ones((3, 2, 2))), "data must be one array of shape (rows,) or (rows, dim)"),
        (dict(bandwidth=1.0, data=np.ones(1)), "data must hold at least two rows, got 1"),
        (dict(bandwidth=1.0, data=np.ones(3), dim=1), "dim is that of the truth without data: give one"),
        (dict(bandwidth=1.0, held_out=np.ones((3, 2))), "held_out must hold rows of shape (), got (2,)"),
        (dict(bandwidth=0.0, held_out=np.ones(3)), "held_out needs a density, and a bandwidth of 0 has none"),
        (dict(bandwidth=1.0, dim=0), "dim must be at least 1, got 0"),
    ],
)
def test_other_arguments_are_refused(arguments, message):
    with pytest.raises((ValueError, TypeError)) as raised:
        jc.KernelDensity(**arguments)
    assert message in str(raised.value)


def test_more_real_rows_than_there_are():
    with pytest.raises(ValueError, match="no more real rows than there are: 50 of 20"):
        model = jc.KernelDensity(1.0, data=np.ones(20))
        jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=50, generations=2)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("fields", [dict(kernel="tophat"), dict(kernel="tophat", dim=2)], ids=["line", "plane"])
def test_a_tophat_spreads_as_predicted(fields):
    """By a third of the squared bandwidth a generation on the line, by a quarter in the plane."""
    model, setting = jc.KernelDensity(1.5, **fields), dict(samples=12, generations=3)
    run = lambda key: jc.simulate(model, jc.Replace(), key=key, **setting).variance  # noqa: E731
    found = jc.monte_carlo(run, jax.random.key(0), 6000, progress=False)
    known = jc.predict(model, jc.Replace(), **setting).variance
    assert (np.abs(found.mean - known) < 5 * found.stderr).all() and (found.stderr < 0.006 * known).all()


@pytest.mark.slow
@pytest.mark.parametrize("dim", [1, 2])
def test_the_variance_of_a_tophat_by_quadrature(dim, x64):
    mixture = KernelMixture(jnp.zeros((1,) if dim == 1 else (1, 2)), jnp.ones(1), jnp.asarray(0.8), "tophat")
    x = (np.arange(800) - 399.5) / 400
    points = x if dim == 1 else np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1)
    density = np.asarray(mixture.density(jnp.asarray(points))) / 400**dim
    np.testing.assert_allclose(density.sum(), 1.0, rtol=3e-3)
    along = density if dim == 1 else density.sum(axis=1)
    np.testing.assert_allclose(np.ravel(mixture.variance), along @ x**2, rtol=5e-3)
