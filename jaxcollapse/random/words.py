"""Random words by counting, and keys made of them.

Threefry-2x32 hashes a counter under a key. JAX uses the same hash; written out without a loop, as here, it is several
times faster inside a vectorised scan, where a few words per key and step are all that is wanted. Such a scan makes
its keys beforehand (`key_steps`), and draws the numbers of one step from streams of one key.

Reference: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", SC '11.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Integer, Key, PyTree, Scalar, UInt32

from jaxcollapse.machine.leniency import lenient

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


@jax.jit
@lenient()
def threefry_2x32(
    key: tuple[UInt32[Array, "..."], UInt32[Array, "..."]], counter: tuple[UInt32[Array, "..."], UInt32[Array, "..."]]
) -> tuple[UInt32[Array, "..."], UInt32[Array, "..."]]:
    """Hash a counter of two words under a key of two words: twenty rounds.

    ```python
    >>> import jax.numpy as jnp
    >>> zero = jnp.uint32(0)
    >>> [hex(word) for word in threefry_2x32((zero, zero), (zero, zero))]
    ['0x6b200159', '0x99ba4efe']

    ```
    """
    keys = (*key, key[0] ^ key[1] ^ jnp.uint32(0x1BD11BDA))
    x, y = counter[0] + key[0], counter[1] + key[1]
    for block in range(5):
        for rotation in _ROTATIONS[block % 2]:
            x = x + y
            y = (y << jnp.uint32(rotation) | y >> jnp.uint32(32 - rotation)) ^ x
        x, y = x + keys[(block + 1) % 3], y + keys[(block + 2) % 3] + jnp.uint32(block + 1)
    return x, y


def word_pairs(
    key: Key[Array, ""], shape: tuple[int, ...] = (), stream: Scalar | int = 0, *, first: int = 0
) -> tuple[UInt32[Array, "*shape"], UInt32[Array, "*shape"]]:
    """Two independent uniform words of 32 bits for every entry: a function of the key, the entry's place and `stream`.

    Places are counted from `first`.

    Streams of one key are independent of each other, and of the keys that `fold_in` makes of it. Keys of another kind
    than Threefry fall back on `jax.random.bits`.

    ```python
    >>> import jax
    >>> high, low = word_pairs(jax.random.key(0), (2, 3))
    >>> low.shape
    (2, 3)

    ```
    """
    if not _is_threefry(key):
        other = jax.random.fold_in(key, first) if first else key
        bits = jax.random.bits(jax.random.fold_in(other, _word(stream)), (2, *shape), jnp.uint32)
        return bits[0], bits[1]
    place = first + jnp.arange(math.prod(shape), dtype=jnp.uint32)
    data = jax.random.key_data(key)
    x, y = threefry_2x32((data[0], data[1]), (place, jnp.full_like(place, stream) + jnp.uint32(_STREAMS)))
    return x.reshape(shape), y.reshape(shape)


_STREAMS = 0x80000000  # above what `fold_in` and `split` count to


def fold_in(key: Key[Array, ""], index: Integer[Any, ""] | int) -> Key[Array, ""]:
    """The key that `jax.random.fold_in` returns, in a fraction of its time when vectorised.

    ```python
    >>> import jax
    >>> bool(fold_in(jax.random.key(0), 7) == jax.random.fold_in(jax.random.key(0), 7))
    True

    ```
    """
    return step_key(key_steps(key, index))


def split(key: Key[Array, ""], count: int = 2) -> tuple[Key[Array, ""], ...]:
    """`count` independent keys: those of `jax.random.split`.

    ```python
    >>> import jax
    >>> bool(split(jax.random.key(0))[1] == jax.random.split(jax.random.key(0))[1])
    True

    ```
    """
    return tuple(fold_in(key, i) for i in range(count))


def key_steps(key: Key[Array, ""], index: Integer[Any, "..."] | int) -> PyTree:
    """The keys that `fold_in` makes of `key` with each `index`, in the form that a scan over them reads fastest.

    `step_key` turns one of them into a key. The two words of a key lie side by side in memory, which a vectorised loop
    reads badly; here each has an array of its own.
    """
    if not _is_threefry(key):
        return jnp.vectorize(lambda i: jax.random.fold_in(key, i))(_word(index))
    index = _word(index)
    data = jax.random.key_data(key)
    return threefry_2x32((data[0], data[1]), (jnp.zeros_like(index), index))


def step_key(step: PyTree) -> Key[Array, ""]:
    """The key of one of the `key_steps`."""
    return jax.random.wrap_key_data(jnp.stack(step), impl="threefry2x32") if isinstance(step, tuple) else step


def _word(number: Integer[Any, "..."] | int) -> UInt32[Array, "..."]:
    """As the words that keys are made with, also beyond 31 bits."""
    return jnp.asarray(number, None if isinstance(number, jax.Array) else jnp.uint32).astype(jnp.uint32)


def _is_threefry(key: Key[Array, ""]) -> bool:
    return str(jax.random.key_impl(key)) == "threefry2x32"
