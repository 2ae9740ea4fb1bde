"""Standard normals in pairs, without a rejection loop: the method of Box and Muller.

A pair is a point of the plane: its distance from the origin is ``sqrt(-2 log u)`` and its direction uniform. One word
of 32 uniform bits gives each of the two in single precision, two words in double precision; ``u`` is resolved down to
``2^-33`` and ``2^-65``, and so are the tails, out to 6.7 and 9.5 standard deviations. The first words are the same in
both precisions, and so are the numbers, to 32 bits.

Reference: Box and Muller 1958, "A note on the generation of random normal deviates", Ann. Math. Statist. 29(2).
"""

import math
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar, UInt32

from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.logarithm import log_of_normal, log_of_word
from jaxcollapse.random.polynomials import polynomial
from jaxcollapse.random.words import word_pairs

Words: TypeAlias = tuple[UInt32[Array, ""], UInt32[Array, ""]]

_TANGENT = {
    "float32": ((945, -105, 1), (945, -420, 15)),
    "float64": ((34459425, -4729725, 135135, -990, 1), (34459425, -16216200, 945945, -13860, 45)),
}
"""Of ``x^2``, whose ratio is Padé's approximation of ``tan x / x``: to 1.4e-8 and 9e-19 up to pi/4."""


@lenient()
def normal(
    key: Key[Array, ""], shape: tuple[int, ...] = (), dtype=None, *, stream: Scalar | int = 0
) -> Float[Array, "..."]:
    """Draw independent standard normals.

    **Arguments**

    - `shape`: of the result.
    - `dtype`: a floating-point type; by default double precision if that is switched on, else single.
    - `stream`: draws of one key on different streams are independent.

    **Exactness** In law up to the ends of the tails, at 6.7 standard deviations in single and 9.5 in double precision,
    and the rounding of the arithmetic: 6e-7 and 1e-15 times the distance from the origin of the pair's plane.

    ```python
    >>> import jax
    >>> normal(jax.random.key(0), (3,)).shape
    (3,)

    ```
    """
    dtype = jnp.result_type(float if dtype is None else dtype)
    count = math.prod(shape)
    pairs = (count + 1) // 2
    words = word_pairs(key, (pairs,), stream)
    both = pair(*words, *word_pairs(key, (pairs,), stream, first=pairs)) if dtype == jnp.float64 else pair(*words)
    values = jnp.concatenate(both) if count > 1 else both[0]
    return values[:count].reshape(shape).astype(dtype)


@lenient()
def normal_pair(
    key: Key[Array, ""], dtype: Any, words: Words | None = None, *, stream: Scalar | int = 0
) -> tuple[Float[Array, ""], ...]:
    """Two independent standard normals from one hash of the key in single, from two in double precision.

    With `words`, two random ones that are independent of the key's streams, it is one hash less.

    ```python
    >>> import jax
    >>> [z.dtype for z in normal_pair(jax.random.key(0), "float32")]
    [dtype('float32'), dtype('float32')]

    ```
    """
    dtype = jnp.dtype(dtype)
    words = word_pairs(key, (), stream) if words is None else words
    if dtype == jnp.float64:
        return pair(*words, *word_pairs(key, (), stream, first=1))
    return tuple(z.astype(dtype) for z in pair(*words))


@jax.jit
def pair(
    radius: UInt32[Array, "*shape"],
    turn: UInt32[Array, "*shape"],
    radius_low: UInt32[Array, "*shape"] | None = None,
    turn_low: UInt32[Array, "*shape"] | None = None,
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    """A point of the plane with independent normal coordinates: of 32 bits each in single, of 64 in double precision.

    With the tangent of a quarter of its angle, sine and cosine are rational functions. Behind a square root and a
    division XLA:CPU stores what it has: there it reads each word once, and hashes none again for the other coordinate.
    """
    signed = jax.lax.bitcast_convert_type(turn, jnp.int32)
    if radius_low is None or turn_low is None:
        distance = jnp.sqrt(-2 * log_of_word(radius))
        angle = signed.astype(jnp.float32) + 0.5
    else:
        u = radius.astype(jnp.float64) * 2.0**-32 + (radius_low.astype(jnp.float64) + 0.5) * 2.0**-64
        distance = jnp.sqrt(-4 * log_of_normal(jnp.minimum(jnp.sqrt(u), 1 - 2.0**-53)))
        angle = signed.astype(jnp.float64) + (turn_low.astype(jnp.float64) + 0.5) * 2.0**-32
    angle *= math.pi / 4 * 2.0**-31
    square = angle**2
    above, below = _TANGENT[angle.dtype.name]
    tangent = angle * polynomial(above, square) / polynomial(below, square)
    square = tangent**2
    scaled, rest = distance / (1 + square) ** 2, 1 - square
    return scaled * (rest**2 - 4 * square), scaled * (4 * tangent * rest)
