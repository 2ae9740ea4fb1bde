"""Linear networks: training against its optimum, the optimum against its function of eigenvalues, and bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.chain.data import WeightedSum
from jaxcollapse.models.networks.linear import LinearGenerator
from jaxcollapse.random import bartlett
from jaxcollapse.theory import networks

KEY = jax.random.key(0)
VALUES = np.array([3.0, 2.0, 0.5])
LEVELS = dict(sigma_max=20.0, sigma_min=0.3, levels=6)


def vae(**changes):
    return jc.LinearVAE(VALUES, **dict(noise=0.25, solver="optimum") | changes)


def diffusion(**changes):
    return jc.LinearDiffusion(VALUES, **LEVELS | dict(solver="optimum") | changes)


def fitted(model, seed=1, scale=1.0):
    """What two solvers get: the second moments of one batch, and what the network makes of them."""
    half = jnp.sqrt(scale * model.eigenvalues)[:, None] * bartlett(jax.random.key(seed), 50, model.dim)
    data = WeightedSum(half @ half.T, jnp.asarray(50.0))
    return np.asarray(data.mean), np.asarray(model.fit(data, key=KEY).covariance)


def spectral(moments, function):
    values, vectors = np.linalg.eigh(moments)
    return vectors @ np.diag(np.asarray(function(values))) @ vectors.T


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("latent", [2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_a_trained_vae_is_its_optimum(latent, seed, x64):
    """1,200 steps with a full posterior, from four starts and on four sets of data."""
    moments, best = fitted(vae(latent=latent), seed)
    _, trained = fitted(vae(latent=latent, solver="gradient", steps=1200), seed)
    assert np.abs(trained - best).max() < 1e-9
    values, vectors = np.linalg.eigh(moments)
    kept = np.where(np.arange(3) >= 3 - latent, np.maximum(values - 0.25, 0.0), 0.0)
    np.testing.assert_allclose(best, vectors @ np.diag(kept) @ vectors.T, atol=1e-12)


def test_a_diagonal_posterior_gets_there_more_slowly(x64):
    best = fitted(vae())[1]
    gap = [
        np.abs(fitted(vae(solver="gradient", posterior="diagonal", steps=steps))[1] - best).max()
        for steps in (400, 6000)
    ]
    assert gap[1] < 1e-3 < 5e-3 < gap[0]


def test_the_elbo_of_a_vae_has_the_optimum_of_its_beta_and_noise(x64):
    """It is the product that counts, and pixel noise comes on top."""
    base = fitted(vae())[1]
    np.testing.assert_allclose(fitted(vae(noise=0.5, beta=0.5))[1], base, rtol=1e-12)
    np.testing.assert_allclose(fitted(vae(pixel=0.1))[1], base + 0.1 * np.eye(3), rtol=1e-12)
    trained = fitted(vae(noise=0.5, beta=0.5, solver="gradient", steps=1200, pixel=0.1))[1]
    np.testing.assert_allclose(trained, base + 0.1 * np.eye(3), atol=1e-9)


@pytest.mark.parametrize("denoise", [False, True])
def test_a_trained_diffusion_model_is_its_optimum_and_that_its_filter(denoise, x64):
    moments, best = fitted(diffusion(denoise=denoise))
    _, trained = fitted(diffusion(denoise=denoise, solver="gradient", steps=1200))
    assert np.abs(trained - best).max() < 1e-9
    sigmas = diffusion().sigmas
    np.testing.assert_allclose(best, spectral(moments, networks.ddim(sigmas, denoise)), atol=1e-12)
    stopped = fitted(diffusion(denoise=denoise, time=0.2))
    np.testing.assert_allclose(stopped[1], spectral(moments, networks.ddim(sigmas, denoise, 0.2)), atol=1e-12)


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_training_does_not_see_the_units(scale, x64):
    """The same steps on data, noise and levels in other units."""
    root = scale**0.5
    for model, scaled in (
        (vae(solver="gradient", steps=150), vae(solver="gradient", steps=150, noise=0.25 * scale)),
        (
            diffusion(solver="gradient", steps=150),
            diffusion(solver="gradient", steps=150, sigma_max=20.0 * root, sigma_min=0.3 * root),
        ),
    ):
        np.testing.assert_allclose(fitted(scaled, scale=scale)[1], scale * fitted(model)[1], rtol=1e-6)


def test_probabilistic_pca_is_maximum_likelihood(x64):
    """No covariance of its kind nearby has a larger likelihood, and the trace of the data is kept."""
    model = jc.ProbabilisticPCA([5.0, 2.0, 1.0, 1.0], latent=2)
    moments, best = fitted(model)
    np.testing.assert_allclose(np.trace(best), np.trace(moments), rtol=1e-12)
    loss = lambda c: np.linalg.slogdet(c)[1] + np.trace(np.linalg.solve(c, moments))  # noqa: E731
    values, vectors = np.linalg.eigh(best)
    rng = np.random.default_rng(0)
    for _ in range(200):
        turn = np.linalg.qr(np.eye(4) + 0.05 * rng.normal(size=(4, 4)))[0]
        near = values * np.exp(0.05 * np.concatenate([np.full(2, rng.normal()), rng.normal(size=2)]))
        assert loss(turn @ vectors @ np.diag(near) @ vectors.T @ turn.T) > loss(best)


def test_real_data_has_the_law_of_the_truth(x64):
    """Second moments of many rows, whatever the shape of the factor."""
    for model in (vae(), vae(latent=1, pixel=0.3), diffusion(), jc.ProbabilisticPCA(VALUES, latent=1)):
        np.testing.assert_allclose(model.truth().covariance, np.diag(VALUES), rtol=1e-12)
        data = model.real(KEY, model.truth(), 10**7)
        np.testing.assert_allclose(data.mean, np.diag(VALUES), atol=5 * 3.0 * (2 / 10**7) ** 0.5)


def test_a_chain_is_counted_as_it_goes(x64):
    """Metrics are those of the covariances, generation by generation."""
    run = jc.simulate(vae(), jc.Accumulate(), key=KEY, samples=40, generations=3)
    covariances = np.asarray(run.params.covariance)
    np.testing.assert_allclose(run.trace, np.trace(covariances, axis1=1, axis2=2), rtol=1e-12)
    np.testing.assert_allclose(run.variances, np.diagonal(covariances, axis1=1, axis2=2), rtol=1e-12)
    np.testing.assert_allclose(run.squared_error, ((covariances - np.diag(VALUES)) ** 2).sum((1, 2)), rtol=1e-12)
    np.testing.assert_allclose(LinearGenerator(jnp.eye(2)).scaled(0.5).covariance, 0.25 * np.eye(2), rtol=1e-12)


def test_noise_beta_and_pixel_may_follow_a_schedule(x64):
    model = vae(noise=lambda g: 0.1 * g, beta=[1.0, 0.5, 2.0], pixel=lambda g: 0.01 * g)
    run = jc.simulate(model, jc.Replace(), key=KEY, samples=10**10, generations=3)
    lost = np.cumsum(np.array([0.1, 0.1, 0.6]) - [0.01, 0.02, 0.03])
    np.testing.assert_allclose(run.variances[:, 0], 3.0 - lost, atol=2e-4)


def test_a_network_that_diverges_is_not_a_number_from_then_on():
    rates = jc.LinearDiffusion([1.0], **LEVELS, steps=200, rate=1e38)
    run = jc.simulate(rates, jc.Replace(), key=KEY, samples=50, generations=3)
    assert np.isnan(run.trace).all()
    estimate = jc.monte_carlo(
        lambda key: jc.simulate(rates, jc.Replace(), key=key, samples=50, generations=2).trace, KEY, 8, progress=False
    )
    assert (estimate.nonfinite == 8).all()


def test_data_that_has_collapsed_is_fitted():
    """All moments zero: no direction is left, and no number is missing."""
    for model in (vae(latent=2), vae(solver="gradient", steps=5), diffusion(solver="gradient", steps=5)):
        data = WeightedSum(jnp.zeros((3, 3)), jnp.asarray(5.0))
        assert np.isfinite(np.asarray(model.fit(data, key=KEY).factor)).all()


def test_few_rows_have_few_directions(x64):
    run = jc.simulate(vae(noise=1e-6), jc.Replace(), key=KEY, samples=2, generations=1)
    assert np.linalg.matrix_rank(np.asarray(run.params.covariance[0]), tol=1e-5) == 2


def test_early_stopping_takes_its_steps(x64):
    """A fit by hand, cold and warm, and a pool that is one data set."""
    design = jc.theory.Spectrum.from_eigenvalues([2.0, 0.3], [1.0, -0.5])
    moment = np.array([1.2, 0.1])
    data = WeightedSum(jnp.asarray(7 * moment), jnp.asarray(7.0))
    for warm in (False, True):
        model = jc.EarlyStopping(design, noise=0.5, rate=0.4, steps=3, warm=warm)
        w = previous = np.array([0.3, -0.2])
        w = w if warm else np.zeros(2)
        for _ in range(3):
            w = w - 0.4 * (np.array([2.0, 0.3]) * w - moment)
        np.testing.assert_allclose(model.fit(data, previous=jnp.asarray(previous)), w, rtol=1e-12)
    draws = jax.vmap(lambda key: model.sample(key, design.signal, 50).mean)(jax.random.split(KEY, 20_000))
    np.testing.assert_allclose(draws.mean(axis=0), [2.0, -0.15], atol=5 * 0.1 / 20_000**0.5)
    np.testing.assert_allclose(draws.var(axis=0), 0.25 * np.array([2.0, 0.3]) / 50, rtol=0.05)


def test_real_labels_are_drawn_on_the_design_itself(x64):
    """The sums of rows of any design with these eigenvalues have the law that is drawn."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(50, 2)))[0]
    rows = np.sqrt(50) * basis * np.sqrt([2.0, 0.3])
    labels = rows @ [1.0, -0.5] + 0.5 * rng.normal(size=(20_000, 50))
    moments = labels @ rows / 50
    np.testing.assert_allclose(moments.mean(axis=0), [2.0, -0.15], atol=5 * 0.1 / 20_000**0.5)
    np.testing.assert_allclose(moments.var(axis=0), 0.25 * np.array([2.0, 0.3]) / 50, rtol=0.05)


@pytest.mark.slow
def test_derivatives_go_through_every_step(x64):
    """Of a trained chain, in the numbers of the model, against differences."""

    def last(numbers):
        c, values = numbers[0], numbers[1:]
        model = jc.LinearVAE(values, noise=c, steps=30)
        return jc.simulate(model, jc.Accumulate(), key=KEY, samples=50, generations=2).trace[-1]

    at, step = jnp.array([0.3, 2.0, 1.0]), 1e-5
    slope = jax.grad(last)(at)
    for i, unit in enumerate(np.eye(3)):
        difference = (last(at + step * unit) - last(at - step * unit)) / (2 * step)
        np.testing.assert_allclose(slope[i], difference, rtol=1e-5)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: jc.LinearVAE([1.0, 0.0], noise=0.1), ValueError, "eigenvalues must be positive and finite"),
        (lambda: jc.LinearVAE([[1.0]], noise=0.1), ValueError, "eigenvalues must have shape .dim,., got shape .1, 1."),
        (lambda: jc.LinearVAE("digits", noise=0.1), TypeError, "eigenvalues must be a number or an array"),
        (lambda: vae(latent=4), ValueError, "latent must be at most 3, the number of dimensions, got 4"),
        (lambda: vae(latent=0), ValueError, "latent must be at least 1, got 0"),
        (lambda: vae(latent=1.5), TypeError, "latent must be an integer, got 1.5"),
        (lambda: vae(noise=0.0), ValueError, "noise must be positive and finite, got 0.0"),
        (lambda: vae(noise=None), TypeError, "noise must be a number or a function of the generation"),
        (lambda: vae(beta=-1.0), ValueError, "beta must be finite and at least 0, got -1.0"),
        (lambda: vae(beta=float("nan")), ValueError, "beta must be finite"),
        (lambda: vae(pixel=-0.1), ValueError, "pixel must be finite and at least 0, got -0.1"),
        (lambda: vae(posterior="diag"), ValueError, "posterior must be 'full' or 'diagonal', got 'diag'"),
        (lambda: vae(solver="optimal"), ValueError, "solver must be 'gradient' or 'optimum', got 'optimal'"),
        (lambda: vae(sampling="rows"), ValueError, "sampling must be 'exact' or 'raw', got 'rows'"),
        (lambda: vae(steps=0), ValueError, "steps must be at least 1, got 0"),
        (lambda: vae(steps=10.0), TypeError, "steps must be an integer, got 10.0: write 10"),
        (lambda: vae(rate=0.0), ValueError, "rate must be positive and finite, got 0.0"),
        (lambda: diffusion(levels=1), ValueError, "levels must be at least 2, got 1"),
        (lambda: diffusion(sigma_min=0.0), ValueError, "sigma_min must be positive and finite, got 0.0"),
        (lambda: diffusion(sigma_max=0.3), ValueError, "sigma_max must be above sigma_min = 0.3, got 0.3"),
        (lambda: diffusion(denoise=1), TypeError, "denoise must be True or False, got 1"),
        (lambda: diffusion(solver="gradient", time=1.0), ValueError, 'time must be None, or go with solver="optimum"'),
        (lambda: diffusion(time=0.0), ValueError, "time must be positive and finite, got 0.0"),
        (lambda: diffusion(steps=-3), ValueError, "steps must be at least 1, got -3"),
        (lambda: jc.ProbabilisticPCA(VALUES, latent=3), ValueError, "latent must be below 3, the number of dimensions"),
        (
            lambda: jc.EarlyStopping(jc.theory.Spectrum.isotropic(2), noise=-1.0, rate=0.1, steps=2),
            ValueError,
            "noise must be finite and at least 0, got -1.0",
        ),
        (
            lambda: jc.EarlyStopping(jc.theory.Spectrum.isotropic(2), noise=1.0, rate=0.0, steps=2),
            ValueError,
            "rate must be positive and finite, got 0.0",
        ),
        (
            lambda: jc.EarlyStopping(jc.theory.Spectrum.isotropic(2), noise=1.0, rate=0.1, steps=0),
            ValueError,
            "steps must be at least 1, got 0",
        ),
    ],
)
def test_wrong_arguments(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
