"""Random words that a generation hands to its fit once."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.random import split

KEY = jax.random.key(0)
COUNT = 100_000


class Twice(jc.Wrapper):
    """The second of two fits with keys of their own is measured against the first."""

    model: jc.Model
    apart: bool = eqx.field(static=True)

    def refit(self, key, params, n, **context):
        first, second = split(key) if self.apart else (key, key)
        a, b = (self.model.refit(k, params, n, **context) for k in (first, second))
        return eqx.tree_at(lambda p: p.mean, a, a.mean - b.mean)


@pytest.mark.parametrize("x64_enabled", [False, True])
def test_two_fits_with_different_keys_share_no_words(x64_enabled):
    with enable_x64(x64_enabled):
        same, apart = (
            jax.vmap(
                lambda key, flag=flag: jc.simulate(
                    Twice(jc.Gaussian(ddof=1), flag), jc.Replace(), key=key, samples=20, generations=1
                ).mean[0]
            )(jax.random.split(KEY, COUNT))
            for flag in (False, True)
        )
        assert (same == 0).all() and np.var(apart) * 20 / 2 == pytest.approx(1, abs=5 * (2 / COUNT) ** 0.5)


def test_a_fit_of_ones_own_needs_no_words():
    gaussian = jc.Gaussian(ddof=1)
    fits = jax.vmap(lambda key: gaussian.refit(key, gaussian.truth(), jnp.asarray(50.0)))(jax.random.split(KEY, COUNT))
    assert np.var(fits.mean) * 50 == pytest.approx(1, abs=5 * (2 / COUNT) ** 0.5)
    assert np.mean(np.exp(fits.log_variance)) == pytest.approx(1, abs=5 * (2 / 49 / COUNT) ** 0.5)
    assert abs(np.corrcoef(fits.mean, fits.log_variance)[0, 1]) < 5 / COUNT**0.5
