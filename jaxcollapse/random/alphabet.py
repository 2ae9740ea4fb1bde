"""Independent draws from a finite set, by inverting the distribution function."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key, Scalar

from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.words import word_pairs


@lenient()
def symbols(key: Key[Array, ""], weights: Float[Array, " symbols"], n: int) -> Int[Array, " n"]:
    """`n` indices, each with a probability in proportion to its weight.

    Only at indices that have a weight does the distribution function rise: however its sums are rounded, no other is
    drawn.
    """
    edges = _edges(weights)
    return jnp.searchsorted(edges, _places(key, edges, n), side="right")


@lenient()
def symbol_counts(
    key: Key[Array, ""], weights: Float[Array, " symbols"], n: Scalar | int, *, capacity: int
) -> Int[Array, " symbols"]:
    """How often each index is among the first `n` that ``symbols(key, weights, capacity)`` draws."""
    edges, present = _edges(weights), jnp.arange(capacity, dtype=jnp.asarray(n).dtype) < n
    places, ones = _places(key, edges, capacity), present.astype(jnp.int32)
    if weights.size > _COMPARED:
        return jnp.zeros(weights.size, jnp.int32).at[jnp.searchsorted(edges, places, side="right")].add(ones)
    beyond = jnp.sum(jnp.where(present, places, -1.0) >= edges[:, None], axis=1, dtype=jnp.int32)
    return jnp.concatenate([jnp.sum(ones, keepdims=True), beyond[:-1]]) - beyond


_COMPARED = 16  # symbols up to which it is cheaper to compare each draw with every edge than to search it and scatter


def _edges(weights: Float[Array, " symbols"]) -> Float[Array, " symbols"]:
    return jax.lax.cummax(jnp.where(weights > 0, jnp.cumsum(weights), 0.0))


def _places(key: Key[Array, ""], edges: Float[Array, " symbols"], n: int) -> Float[Array, " n"]:
    """Where the draws fall, below the last edge."""
    return edges[-1] * jax.random.uniform(key, (n,), edges.dtype)


@lenient()
def bernoulli(key: Key[Array, ""], probability: Float[Array, "*shape"]) -> Bool[Array, "*shape"]:
    """Whether it happens, for each `probability` in [0, 1]; a small one is met to ``2^-32`` in single precision too.

    ```python
    >>> import jax, jax.numpy as jnp
    >>> bernoulli(jax.random.key(0), jnp.array([0.0, 1.0])).tolist()
    [False, True]

    ```
    """
    uniform = (word_pairs(key, probability.shape)[0].astype(probability.dtype) + 0.5) * 2.0**-32
    return (uniform < probability) | (probability >= 1)  # the largest words are rounded to one
