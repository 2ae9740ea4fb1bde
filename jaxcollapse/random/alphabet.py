"""Independent draws from a finite set, by inverting the distribution function."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.words import word_pairs


@lenient()
def symbols(key: Key[Array, ""], weights: Float[Array, " symbols"], n: int) -> Int[Array, " n"]:
    """`n` indices, each with a probability in proportion to its weight.

    Only at indices that have a weight does the distribution function rise: however its sums are rounded, no other is
    drawn.
    """
    edges = jax.lax.cummax(jnp.where(weights > 0, jnp.cumsum(weights), 0.0))
    u = edges[-1] * jax.random.uniform(key, (n,), weights.dtype)
    return jnp.searchsorted(edges, u, side="right")


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
