"""Independent draws from a finite set."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.random import symbol_counts, symbols

KEY = jax.random.key(5)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("size", [1, 2, 16, 17, 40])
@pytest.mark.parametrize("n", [0, 1, 30, 64])
def test_counts_are_those_of_the_draws(size, n):
    """Of the first `n`, which may be traced; a symbol without weight has none, at the beginning and at the end too."""
    weights = jnp.asarray(np.random.default_rng(size).exponential(size=size))
    weights = weights if size < 3 else weights.at[jnp.array([0, 3, size - 1])].set(0.0)
    found = jax.jit(lambda n: symbol_counts(KEY, weights, n, capacity=64))(float(n))
    text = np.asarray(symbols(KEY, weights, 64))[:n]
    np.testing.assert_array_equal(found, np.bincount(text, minlength=size))
