"""Plain JAX as it is written today: `jax.random`, `jnp.linalg`, a scan over generations, a vmap over replications.

Two independent batched LAPACK calls in one program wait for each other for ever on a machine with two cores. So there
is one factorisation in every program here, at most one per step of its scan, and programs run one after the other;
models after each generation and what is trained downstream of them are two programs.
"""

import itertools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from peers.summary import Simulator, batch_size, in_batches
from tasks import Chain, Covariance, Fit, Gaussian, Regression


def simulator(chain: Chain, precision: str, replications: int) -> Simulator:
    size = batch_size(chain, replications)
    match chain:
        case Regression():
            simulate = _regression(chain)
        case Gaussian():
            simulate = jax.jit(jax.vmap(lambda key: _gaussian(chain, key)))
        case Covariance():
            simulate = jax.jit(jax.vmap(lambda key: _covariance(chain, key)))

    def start(seed):
        key, batches = jax.random.key(seed), itertools.count()
        return lambda: np.asarray(simulate(jax.random.split(jax.random.fold_in(key, next(batches)), size)))

    return in_batches(size, start)


def _regression(chain: Regression) -> Callable[[jax.Array], jax.Array]:
    signal, eigenvalues = jnp.asarray(chain.signal), jnp.asarray(chain.eigenvalues)
    scale = None if chain.scale is None else jnp.asarray(chain.scale)
    path = _fixed if chain.fixed else _fresh

    def risk(coefficients):
        return jnp.sum(eigenvalues * (coefficients - signal) ** 2, axis=-1)

    coefficients = jax.jit(jax.vmap(lambda key: path(chain, key, signal, scale)))
    if chain.downstream is None:
        return lambda keys: risk(coefficients(keys))

    def fit(key, truth):
        gram, moment = _sums(key, truth, chain.downstream, scale)
        return _solve(gram, moment, chain.downstream, 1)

    @jax.jit
    def downstream(key, generators):
        size, generations = len(generators), chain.generations
        truths = jnp.concatenate([jnp.broadcast_to(signal, (size, 1, chain.dim)), generators[:, :-1]], axis=1)
        inputs = (jax.random.split(key, (generations, size)), jnp.swapaxes(truths, 0, 1))
        return jax.lax.map(lambda pair: risk(jax.vmap(fit)(*pair)), inputs).T

    def both(keys):
        generators = jax.block_until_ready(coefficients(keys))
        return downstream(jax.random.fold_in(keys[0], 1), generators)

    return both


def _fresh(chain: Regression, key: jax.Array, signal: jax.Array, scale: jax.Array | None) -> jax.Array:
    def step(carry, inputs):
        coefficients, gram, moment = carry
        key, g = inputs
        new_gram, new_moment = _sums(key, coefficients, chain.fit, scale)
        if not chain.accumulate:
            coefficients = _solve(new_gram, new_moment, chain.fit, 1)
            return (coefficients, gram, moment), coefficients
        gram, moment = gram + new_gram, moment + new_moment
        coefficients = _solve(gram, moment, chain.fit, g)
        return (coefficients, gram, moment), coefficients

    inputs = (jax.random.split(key, chain.generations), jnp.arange(1, chain.generations + 1))
    pool = (jnp.zeros((chain.dim, chain.dim)), jnp.zeros(chain.dim)) if chain.accumulate else (0, 0)
    return jax.lax.scan(step, (signal, *pool), inputs)[1]


def _fixed(chain: Regression, key: jax.Array, signal: jax.Array, scale: jax.Array | None) -> jax.Array:
    """One design, whose sums are inverted once; accumulated labels are averaged."""
    fit = chain.fit
    key, design_key = jax.random.split(key)
    x = _rows(design_key, fit, scale, chain.dim)
    inverse = jnp.linalg.inv(x.T @ x + fit.samples * fit.penalty * jnp.eye(chain.dim))

    def step(carry, inputs):
        coefficients, moment = carry
        key, g = inputs
        new = x.T @ (x @ coefficients + fit.noise * jax.random.normal(key, (fit.samples,)))
        moment = moment + (new - moment) / g if chain.accumulate else new
        coefficients = inverse @ moment
        return (coefficients, moment), coefficients

    inputs = (jax.random.split(key, chain.generations), jnp.arange(1, chain.generations + 1))
    return jax.lax.scan(step, (signal, jnp.zeros(chain.dim)), inputs)[1]


def _rows(key: jax.Array, fit: Fit, scale: jax.Array | None, dim: int) -> jax.Array:
    x = jax.random.normal(key, (fit.samples, dim))
    return x if scale is None else x * scale


def _sums(key: jax.Array, coefficients: jax.Array, fit: Fit, scale: jax.Array | None) -> tuple[jax.Array, jax.Array]:
    design_key, noise_key = jax.random.split(key)
    x = _rows(design_key, fit, scale, len(coefficients))
    y = x @ coefficients + fit.noise * jax.random.normal(noise_key, (fit.samples,))
    return x.T @ x, x.T @ y


def _solve(gram: jax.Array, moment: jax.Array, fit: Fit, batches: ArrayLike) -> jax.Array:
    return jnp.linalg.solve(gram + batches * fit.samples * fit.penalty * jnp.eye(len(moment)), moment)


def _gaussian(chain: Gaussian, key: jax.Array) -> jax.Array:
    def step(carry, key):
        mean, log_variance = carry
        z = jax.random.normal(key, (chain.samples,))
        mean = mean + jnp.exp(0.5 * log_variance) * jnp.mean(z)
        log_variance = log_variance + jnp.log(jnp.var(z, ddof=1))
        return (mean, log_variance), jnp.stack([mean, log_variance])

    zero = jnp.zeros(())
    return jax.lax.scan(step, (zero, zero), jax.random.split(key, chain.generations))[1]


def _covariance(chain: Covariance, key: jax.Array) -> jax.Array:
    def step(factor, key):
        z = jax.random.normal(key, (chain.samples, chain.dim))
        z = z - z.mean(axis=0)
        factor = factor @ jnp.linalg.cholesky(z.T @ z / (chain.samples - 1))
        log_determinant = 2 * jnp.sum(jnp.log(jnp.diagonal(factor)))
        return factor, jnp.stack([log_determinant, jnp.log(jnp.sum(factor**2))])

    return jax.lax.scan(step, jnp.eye(chain.dim), jax.random.split(key, chain.generations))[1]
