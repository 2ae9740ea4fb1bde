"""A few different ones of many, at a cost that does not depend on how many those are.

Reference: Bentley and Floyd 1987, "Programming pearls: a sample of brilliance", Communications of the ACM 30(9).
"""

import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.words import word_pairs


@lenient()
def distinct(key: Key[Array, ""], n: Number, total: Number, capacity: int) -> Int[Array, " capacity"]:
    """`n` different whole numbers from 0 to ``total - 1``, every set of them equally likely, in no particular order.

    Floyd draws one number after the other, the ``i``-th of the first ``total - n + i + 1``, and takes the last of these
    instead of a number that is taken already. A number is taken if it was drawn before, or if it is the last one of an
    earlier draw whose own number was taken: here all is drawn at once, and these references are followed by doubling.

    **Arguments**

    - `n`: at most `total` and `capacity`; may be traced, as `total`.
    - `capacity`: entries of the result, those from `n` on without a meaning; ``capacity^2`` comparisons.

    **Exactness** Exact in law up to the 32 bits of a draw: no set is more likely than another by a factor beyond
    ``1 + n * total / 2^31``.

    ```python
    >>> import jax
    >>> sorted(distinct(jax.random.key(0), 4, 4, 4).tolist())
    [0, 1, 2, 3]

    ```
    """
    place = jnp.arange(capacity, dtype=jnp.int32)
    left_out = jnp.asarray(total).astype(jnp.int32) - jnp.asarray(n).astype(jnp.int32)
    last = left_out + place
    words = jnp.concatenate(word_pairs(key, ((capacity + 1) // 2,)))[:capacity]
    drawn = (words % jnp.maximum(last + 1, 1).astype(jnp.uint32)).astype(jnp.int32)
    taken = jnp.any((drawn[:, None] == drawn) & (place[:, None] > place), axis=1)
    source = drawn - left_out  # the draw whose last number this is, if it is an earlier one
    source = jnp.where((source >= 0) & (source < place), source, place)
    for _ in range((capacity - 1).bit_length()):
        taken, source = taken | taken[source], source[source]
    return jnp.where(taken, last, drawn)
