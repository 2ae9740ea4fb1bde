"""The kernel density model: the law of raw data, its metrics by quadrature, every workflow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest, norm

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


def test_the_room_for_rows():
    mix = jc.Mix("fixed", real_samples=4)
    rooms = [(jc.Replace(), 6), (jc.Accumulate(), 24), (jc.Window(2), 12), (jc.AccumulateSubsample(), 6), (mix, 10)]
    for workflow, capacity in rooms:
        setting = dict(key=jax.random.key(0), samples=[6, 2, 6, 4], generations=4)
        assert jc.simulate(jc.KernelDensity(1.0), workflow, **setting).params.rows.shape == (4, capacity)


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
        (lambda: jc.KernelDensity(0.0), "bandwidth must be positive"),
        (lambda: jc.KernelDensity(-1.0), "bandwidth must be finite and at least 0"),
        (lambda: jc.KernelDensity("wide"), "bandwidth must be a number or a function"),
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
