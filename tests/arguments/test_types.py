"""The types and shapes that signatures promise: what is refused in the tests, and what users may write."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import TypeCheckError

import jaxcollapse as jc
from jaxcollapse.random import chi_square, diagonal_ridge
from jaxcollapse.theory import gaussian, regression


@pytest.mark.parametrize(
    "call",
    [
        lambda: regression.kappa(jnp.ones((2, 2)), penalty=0.1, samples=10),
        lambda: regression.kappa(jnp.ones(2), penalty=jnp.ones(2), samples=10),
        lambda: diagonal_ridge(jax.random.key(0), jnp.ones(2), jnp.ones(3), 1.0, 5.0, 0.1),
        lambda: chi_square(jax.random.split(jax.random.key(0)), 1.0),
        lambda: jc.Replace().weights(jnp.ones((2, 2))),
        lambda: jc.Samples(jnp.ones(2)).first("one"),
        lambda: jc.theory.Spectrum(jnp.ones(2), jnp.ones(3)),
    ],
)
def test_signatures_are_checked(call):
    with pytest.raises(TypeCheckError):
        call()


@pytest.mark.parametrize("generations", [3, np.int64(3)])
@pytest.mark.parametrize(
    "samples",
    [
        100, 100.0, np.int64(100), np.float32(100), np.array(100), jnp.array(100), jnp.array(100.0),
        [100, 100.0, np.int64(100)], (100, 100, 100), np.full(3, 100), jnp.full(3, 100.0), range(100, 103),
    ],
    ids=repr,
)  # fmt: skip
def test_numbers_are_those_of_python_numpy_and_jax(samples, generations):
    mean = gaussian.variance_mean(samples=samples, generations=generations, ddof=0)
    np.testing.assert_allclose(mean, np.cumprod(np.broadcast_to(1 - 1 / np.asarray(samples, float), 3)), rtol=1e-6)
