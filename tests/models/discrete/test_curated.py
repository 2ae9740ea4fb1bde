"""Curated and biased models: chosen candidates have the law of the integral, biases touch what is generated alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2, ks_2samp

import jaxcollapse as jc
from jaxcollapse.theory import discrete

P, R = np.array([0.4, 0.0, 0.3, 0.3]), np.array([0.0, 9.0, 1.0, -1.0])


def model(sampling, candidates=3):
    return jc.Curated(jc.Categorical(P, sampling=sampling), rewards=R, candidates=candidates)


def test_chosen_candidates_have_the_law_of_the_integral(x64):
    raw = model("raw")
    counts = np.bincount(raw.sample(jax.random.key(0), raw.truth(), 100_000).rows, minlength=4)
    expected = 100_000 * np.asarray(discrete.curate(P, rewards=R, candidates=3))
    assert counts[1] == 0 and expected[1] == 0
    left = expected > 0
    assert chi2.sf((((counts - expected)[left]) ** 2 / expected[left]).sum(), 2) > 1e-3
    np.testing.assert_allclose(raw.metrics(jnp.asarray(P))["reward"], P @ np.exp(R), rtol=1e-12)


@pytest.mark.slow
def test_every_sampling_has_the_law_of_raw_data(x64):
    """Along three generations of growing size; the real data of a mixture is not curated."""
    workflow = jc.Mix("fresh", weight=0.3)

    def run(key, sampling):
        setting = dict(samples=lambda g: 6 + 2 * g, generations=3)
        return jc.simulate(model(sampling, 2), workflow, key=key, **setting).params[:, 2:]

    keys = jax.random.split(jax.random.key(0), (2, 3000))
    both = jax.jit(
        lambda keys: [jax.vmap(lambda k, s=s: run(k, s))(ks) for s, ks in zip(("raw", "count"), keys, strict=True)]
    )
    raw, counted = (np.round(paths, 9) for paths in both(keys))
    for g in range(3):
        for symbol in range(2):
            assert ks_2samp(raw[:, g, symbol], counted[:, g, symbol]).pvalue > 1e-3 / 12
    error = raw[:, 0].std(axis=0) / np.sqrt(len(raw))
    assert (np.abs(raw[:, 0].mean(axis=0) - P[2:]) < 4 * error).all()


@pytest.mark.slow
def test_a_tempered_gaussian_is_a_scaled_one(x64):
    """With the same random numbers the log variance falls by ``log tau`` more at every generation."""
    tau, plain = 0.7, jc.Gaussian(ddof=1)
    cold = jc.Biased(plain, lambda fit: fit.scaled(tau))
    setting = dict(key=jax.random.key(0), samples=20, generations=5)
    walks = jax.jit(lambda: [jc.simulate(m, jc.Replace(), **setting).log_variance for m in (plain, cold)])()
    steps = [jnp.diff(walk) for walk in walks]  # batch 1, which has no bias, is drawn from another key
    np.testing.assert_allclose(steps[1], steps[0] + np.log(tau), rtol=1e-10)
    real, synthetic = (draw(setting["key"], plain.truth(), 20).log_scatter for draw in (cold.real, cold.sample))
    np.testing.assert_allclose(synthetic, real + np.log(tau), rtol=1e-10)


def test_the_number_in_a_bias_is_traced(x64):
    """One program serves all temperatures; the mean is that of infinitely many samples, up to 1/n."""

    @jax.jit
    def mean(tau):
        biased = jc.Biased(jc.Categorical(P), jax.tree_util.Partial(discrete.temper, temperature=tau))
        run = lambda key: jc.simulate(biased, jc.Replace(), key=key, samples=400, generations=3).params[-1]  # noqa: E731
        fits = jax.vmap(run)(jax.random.split(jax.random.key(0), 500))
        return fits.mean(axis=0), fits.std(axis=0) / jnp.sqrt(500.0)

    for tau in (0.8, 1.3):
        fit, stderr = mean(tau)
        assert fit[1] == 0
        law = discrete.temperature_replace(P, temperature=tau, generations=3)[-1]
        np.testing.assert_array_less(np.abs(fit - law), 4 * stderr + 2e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jc.Curated([0.5, 0.5], rewards=[0, 1], candidates=2), "language must be a jaxcollapse Categorical"),
        (lambda: jc.Curated(jc.Categorical(P), rewards=[0, 1], candidates=2), r"rewards must have shape \(4,\)"),
        (lambda: jc.Curated(jc.Categorical(P), rewards=R + np.inf, candidates=2), "rewards must be finite"),
        (lambda: jc.Curated(jc.Categorical(P), rewards=R, candidates=1.5), "candidates must be an integer"),
        (lambda: jc.Biased("gauss", abs), "model must be a jaxcollapse Model"),
        (lambda: jc.Biased(jc.Categorical(P), 0.7), "bias must be a function of parameters"),
        (
            lambda: jc.Biased(jc.Categorical(P), jnp.sum).sample(jax.random.key(0), jnp.asarray(P), 3),
            r"bias must return parameters of the shapes that it is given, \(4,\), got \(\)",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
