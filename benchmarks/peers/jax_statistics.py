"""Plain JAX that draws a Gaussian's mean and chi-square by `jax.random`, with a scan and a vmap."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from peers.summary import Simulator, batch_size, in_batches
from tasks import Gaussian


def simulator(chain: Gaussian, precision: str, replications: int) -> Simulator:
    size = batch_size(chain, replications)
    simulate = jax.jit(jax.vmap(lambda key: _gaussian(chain, key)))

    def start(seed):
        key, batches = jax.random.key(seed), itertools.count()
        return lambda: np.asarray(simulate(jax.random.split(jax.random.fold_in(key, next(batches)), size)))

    return in_batches(size, start)


def _gaussian(chain: Gaussian, key: jax.Array) -> jax.Array:
    def step(carry, key):
        mean, log_variance = carry
        mean_key, variance_key = jax.random.split(key)
        z = jax.random.normal(mean_key) / chain.samples**0.5
        chi_square = jax.random.chisquare(variance_key, chain.samples - 1.0)
        mean = mean + jnp.exp(0.5 * log_variance) * z
        log_variance = log_variance + jnp.log(chi_square / (chain.samples - 1))
        return (mean, log_variance), jnp.stack([mean, log_variance])

    zero = jnp.zeros(())
    return jax.lax.scan(step, (zero, zero), jax.random.split(key, chain.generations))[1]
