"""Functions of eigenvalues: limits of one another, and the networks and samplers that they stand for, step by step."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from jaxcollapse.theory import networks

pytestmark = pytest.mark.usefixtures("x64")
X = np.array([0.25, 1.0, 2.0, 7.0])


def test_the_optimum_of_a_linear_vae_is_a_soft_threshold():
    """A minimum of minus the ELBO along one direction, by a search over decoder, encoder and posterior variance."""
    c = 0.3
    for x in (0.2, 1.5):
        w = np.linspace(0.0, 2.0, 20_001)
        v = w / (w**2 + c)  # the best encoder and posterior, given the decoder
        d = c / (w**2 + c)
        loss = 0.5 * (x - 2 * w * v * x + w**2 * (v**2 * x + d)) + 0.5 * c * (v**2 * x + d - np.log(d))
        best = w[np.argmin(loss)] ** 2
        np.testing.assert_allclose(networks.soft_threshold(c)(x), best, atol=3e-4)
    law = networks.soft_threshold(c, c)(jnp.array([0.1, 2.0]))
    np.testing.assert_allclose(law, [c, 2.0], rtol=1e-12)  # the model's own law is idempotent


@pytest.mark.parametrize("denoise", [False, True])
@pytest.mark.parametrize("sigma_max", [None, 3.0])
def test_many_levels_are_the_ideal_flow(denoise, sigma_max):
    top = 3e4 if sigma_max is None else sigma_max
    errors = []
    for levels in (4001, 8001):
        few = networks.ddim(jnp.geomspace(top, 0.4, levels), denoise)(X)
        ideal = networks.ideal_diffusion(0.4, denoise, sigma_max)(X)
        errors.append(np.asarray(few / ideal - 1))
    extrapolated = 2 * errors[1] - errors[0]  # the error of Euler's rule falls like one over the levels
    assert np.abs(errors[1]).max() < 1e-2 and np.abs(extrapolated).max() < 1e-4


@pytest.mark.parametrize("denoise", [False, True])
@pytest.mark.parametrize("time", [None, 0.2])
def test_ddim_is_its_matrices(denoise, time):
    """Denoisers as matrices: the optimum, or the gradient flow from zero, by an exponential of the whole flow."""
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    moments, sigmas = root @ root.T, np.array([6.0, 2.0, 0.7, 0.3])
    maps = []
    for sigma in sigmas:
        noisy = moments + sigma**2 * np.eye(3)
        a = moments @ np.linalg.inv(noisy)
        # dA/dt = 2 (M - A Q), so that A - M/Q decays like exp(-2 t Q)
        maps.append(a if time is None else a - a @ expm(-2 * time * noisy))
    factor = sigmas[0] * np.eye(3)
    for i in range(3):
        ratio = sigmas[i + 1] / sigmas[i]
        factor = (ratio * np.eye(3) + (1 - ratio) * maps[i]) @ factor
    factor = maps[-1] @ factor if denoise else factor
    values, vectors = np.linalg.eigh(moments)
    expected = np.diagonal(vectors.T @ factor @ factor.T @ vectors)
    np.testing.assert_allclose(networks.ddim(sigmas, denoise, time)(values), expected, rtol=1e-9)


def test_the_ancestral_sampler_is_its_steps():
    """A step draws the next level given the denoised row: means and variances of it, from the joint normal law."""
    alphas = np.array([0.05, 0.3, 0.6, 0.95])
    for x in X:
        v = 1.0
        for alpha, after in zip(alphas[:-1], alphas[1:], strict=True):
            clean = alpha * x / (alpha**2 * x + 1 - alpha**2)
            # given the clean row and z at alpha, z at after is normal, as in the forward process
            c = alpha / after
            s2, q2 = 1 - alpha**2, 1 - after**2
            weight_z = c * q2 / s2
            weight_clean = after * (1 - c**2) / s2
            v = (weight_z + weight_clean * clean) ** 2 * v + q2 * (1 - c**2) / s2
        clean = alphas[-1] * x / (alphas[-1] ** 2 * x + 1 - alphas[-1] ** 2)
        np.testing.assert_allclose(networks.ancestral(alphas)(x), clean**2 * v, rtol=1e-12)


def test_temperature_scales_and_composes():
    inner = networks.ideal_diffusion(0.4)
    np.testing.assert_allclose(networks.temperature(0.5, inner)(X), 0.25 * inner(X), rtol=1e-14)
    slope, shift = networks.temperature(0.5, inner).affine
    np.testing.assert_allclose([slope, shift], [0.25, 0.25 * 0.16], rtol=1e-14)
    assert networks.temperature(0.5, networks.ideal_diffusion(0.4, True)).affine is None
    assert networks.temperature(0.5, lambda x: x).affine is None


@pytest.mark.parametrize(
    "network",
    [networks.soft_threshold(0.1, 0.05), networks.ideal_diffusion(0.4), networks.temperature(0.7)],
    ids=lambda network: type(network).__name__,
)
def test_an_affine_network_is_its_line(network):
    slope, shift = network.affine
    np.testing.assert_allclose(network(X), slope * X + shift, rtol=1e-6)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: networks.soft_threshold(0.0), "c must be positive and finite, got 0.0"),
        (lambda: networks.soft_threshold([0.1, 0.2]), "c must be one number"),
        (lambda: networks.soft_threshold(0.1, -1.0), "pixel must be finite and at least 0, got -1.0"),
        (lambda: networks.ideal_diffusion(0.0), "sigma_min must be positive and finite, got 0.0"),
        (lambda: networks.ideal_diffusion(0.5, sigma_max=0.5), "sigma_max must be above sigma_min = 0.5, got 0.5"),
        (lambda: networks.ddim([0.3, 2.0]), "sigmas must be falling"),
        (lambda: networks.ddim([]), "sigmas must have shape .levels,."),
        (lambda: networks.ddim([2.0, 0.0]), "sigmas must be positive"),
        (lambda: networks.ddim([2.0, 1.0], time=0.0), "time must be positive"),
        (lambda: networks.ancestral([0.5, 0.2]), "alphas must be rising and below 1"),
        (lambda: networks.ancestral([0.5, 1.0]), "alphas must be rising and below 1"),
        (lambda: networks.temperature(-0.1), "psi must be finite and at least 0, got -0.1"),
    ],
)
def test_wrong_numbers(call, message):
    with pytest.raises(ValueError, match=message):
        call()
