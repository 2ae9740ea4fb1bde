"""Independent draws from a finite set, by inverting the distribution function."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key


def symbols(key: Key[Array, ""], weights: Float[Array, " symbols"], n: int) -> Int[Array, " n"]:
    """`n` indices, each with a probability in proportion to its weight.

    Only at indices that have a weight does the distribution function rise: however its sums are rounded, no other is
    drawn.
    """
    edges = jax.lax.cummax(jnp.where(weights > 0, jnp.cumsum(weights), 0.0))
    u = edges[-1] * jax.random.uniform(key, (n,), weights.dtype)
    return jnp.searchsorted(edges, u, side="right")
