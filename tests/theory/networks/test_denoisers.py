"""Linear denoisers: raw rows, and the fixed point of their loop."""

import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import networks

pytestmark = pytest.mark.usefixtures("x64")


def test_clean_rows_through_a_denoiser():
    v, sigma = np.array([0.5, 3.0]), 0.8
    slope = v / (v + sigma**2)  # of least squares of rows on noisy ones
    np.testing.assert_allclose(networks.reconstruction(sigma)(v), slope**2 * v, rtol=1e-12)
    noisy = networks.ideal_diffusion(sigma, denoise=True)(v)
    np.testing.assert_allclose(noisy, slope**2 * (v + sigma**2), rtol=1e-12)


@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_the_limit_is_that_of_the_loop(share):
    v, sigma = np.array([4.0, 0.5, 0.05]), 0.7
    network = networks.ideal_diffusion(sigma, denoise=True)
    data = np.asarray(networks.denoised_mix_limit(v, sigma=sigma, real_share=share))
    np.testing.assert_allclose(share * v + (1 - share) * np.asarray(network(data)), data, rtol=1e-10)
    loop = networks.orbit(v, network, jc.Mix("fresh", weight=share), generations=500)
    np.testing.assert_allclose(loop[-1], network(data), rtol=1e-6)


def test_without_real_data_nothing_stays():
    assert (networks.denoised_mix_limit([4.0, 0.1], sigma=0.5, real_share=0.0) == 0).all()
    with pytest.raises(ValueError, match="sigma must be positive"):
        networks.reconstruction(0.0)
