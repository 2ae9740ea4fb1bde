"""The natural logarithm, in double precision by arithmetic that XLA vectorises.

XLA:CPU calls a library for every single logarithm in double precision, which takes four times as long. A number is
``2^e m`` with ``m`` between the roots of 1/2 and 2, and ``log m = 2 artanh(s)`` with ``s = (m - 1) / (m + 1)``, a
series in ``s^2 < 0.03``.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.polynomials import polynomial

_TERMS = 10
_SERIES = (
    *(0.3333333073, -0.2500030642, 0.2000104509, -0.1664128146),
    *(0.1421449592, -0.1299816376, 0.1262231985, -0.0790274377),
)
"""Of ``(log(1 + t) - t + t^2/2) / t^3`` between the roots of 1/2 and 2 less one, through the Chebyshev points."""
_BITS_OF_ROOT_HALF = int(np.float64(0.5**0.5).view(np.uint64))
_FRACTION = (1 << 52) - 1
_LOG_2 = (0.693145751953125, 1.4286068203094172e-06)  # the first with few digits: its products are exact
_SMALLEST = float(np.finfo(np.float64).tiny)


@jax.custom_jvp
@lenient()
def log(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``log x`` to the last digit but one; minus infinity of what XLA takes for zero, numbers below 2.3e-308.

    ```python
    >>> import jax.numpy as jnp
    >>> log(jnp.array([0.0, 1.0])).tolist()
    [-inf, 0.0]

    ```
    """
    if x.dtype != jnp.float64:
        return jnp.log(x)
    edge = jnp.where(x < 0, jnp.nan, jnp.where(x < _SMALLEST, -jnp.inf, x))
    return jnp.where((x >= _SMALLEST) & (x < jnp.inf), log_of_normal(x), edge)


@log.defjvp
@lenient()
def _derivative(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Array, Array]:
    (x,), (dx,) = primals, tangents
    return log(x), dx / x


def log_of_normal(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``log x`` of positive numbers of full precision, in double precision."""
    bits = jax.lax.bitcast_convert_type(x, jnp.uint64) - jnp.uint64(_BITS_OF_ROOT_HALF)
    exponent = (jax.lax.bitcast_convert_type(bits, jnp.int64) >> 52).astype(jnp.float64)
    fraction = (bits & jnp.uint64(_FRACTION)) + jnp.uint64(_BITS_OF_ROOT_HALF)
    return _log_of(exponent, jax.lax.bitcast_convert_type(fraction, jnp.float64) - 1)


def log_of_word(word: UInt32[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``log((word + 1/2) 2^-32)`` in single precision, next to one as exact as next to zero."""
    root_half = np.uint32(np.float32(0.5**0.5).view(np.uint32))
    bits = jax.lax.bitcast_convert_type(word.astype(jnp.float32) + 0.5, jnp.uint32) - root_half
    exponent = (jax.lax.bitcast_convert_type(bits, jnp.int32) >> 23).astype(jnp.float32) - 32
    fraction = (bits & np.uint32((1 << 23) - 1)) + root_half
    rest = jax.lax.bitcast_convert_type(fraction, jnp.float32) - 1
    near_one = word >= np.uint32(math.ceil(2**31.5))
    gap = ((~word).astype(jnp.float32) + 0.5) * -(2.0**-32)
    t = jnp.where(near_one, gap, rest)
    series = polynomial(_SERIES, t)
    exponent = jnp.where(near_one, 0.0, exponent)
    return exponent * _LOG_2[0] + (t - (t**2 * (0.5 - t * series) - exponent * _LOG_2[1]))


def _log_of(exponent: Float[Array, "*shape"], t: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``log(2^exponent (1 + t))``."""
    s = t / (t + 2)
    square = s**2
    series = jnp.zeros_like(square)
    for k in range(_TERMS, 0, -1):
        series = (series + 2 / (2 * k + 1)) * square
    half = 0.5 * t**2
    return exponent * _LOG_2[0] + (t - (half - (s * (half + series) + exponent * _LOG_2[1])))
