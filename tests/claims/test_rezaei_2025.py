"""What the claims about several kinds of rows compute without labels is the mean risk of the model's own fits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.claims.rezaei_2025 import _NOISE, _mean_risk
from jaxcollapse.theory import Spectrum

pytestmark = pytest.mark.usefixtures("x64")


@pytest.mark.slow
@pytest.mark.parametrize("rows", [7, 3])
def test_the_mean_over_the_noise_is_that_of_fits(rows):
    """A fit is linear in the labels: of the signal alone, and of each label alone."""
    dim = 4
    x, signal = jax.random.normal(jax.random.key(0), (rows, dim)), jnp.array([0.5, -0.4, 0.7, 0.3])
    metric = jnp.diag(jnp.array([2.0, 1.0, 0.5, 0.1]))
    model = jc.LinearRegression(Spectrum.isotropic(dim), noise=_NOISE, sampling="raw")
    fits = [model.fit(jc.Samples((x, labels))) for labels in [x @ signal, *jnp.eye(rows)]]
    errors = jnp.stack([fits[0] - signal, *(_NOISE * fit for fit in fits[1:])])
    expected = jnp.einsum("ri,ij,rj->", errors, metric, errors)
    np.testing.assert_allclose(_mean_risk(x, signal, metric), expected, rtol=1e-8)
