"""Poisson, binomial and multinomial counts for any traced parameters, exact in law up to counts of four billion.

A count of small variance is found by inversion: its probabilities are taken from a uniform number one after the other,
from the mode outwards. A count of large variance is first divided by one order statistic, that of the place where the
count is expected. Among ``n`` uniform numbers the ``i``-th smallest is a beta variate ``X``; if it is below ``p``, then
``i`` of them are, and of the ``n - i`` above it a binomial number with the probability ``(p - X) / (1 - X)``. With
``i`` next to ``n p`` the mean of what is left is the square root of ``n p`` in size: two or three divisions are enough
for any count. Nothing is rejected. All that is next to the mean is computed as a difference from it, so that single
precision keeps its digits.

Reference: Kemp 1986, "A modal method for generating binomial variables", Comm. Statist. Theory Methods 15(3); Ahrens
and Dieter 1974, "Computer methods for sampling from gamma, beta, Poisson and binomial distributions", Computing 12.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key, Real, Scalar, UInt32

from jaxcollapse.arguments.numbers import common_type
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.chi import deviation
from jaxcollapse.random.gaussian import normal
from jaxcollapse.random.loops import alongside, while_loop
from jaxcollapse.random.words import word_pairs

LARGEST_COUNT = 2.0**31
"""What a user may ask for. A chain may drift a little above it: the samplers are exact up to twice as much."""

_MOST = 2.0**32 - 2.0**20  # so much below what an unsigned word holds that no count passes it
_WIDE = 256.0  # the variance from which a count is divided
_STREAMS = 64  # of the key, for one count: more than it ever takes


@lenient()
def poisson(
    key: Key[Array, ""], mean: Real[Any, "*shape"] | float, *, stream: Scalar | int = 0
) -> Float[Array, "*shape"]:
    """Draw one Poisson variate for each entry of `mean`.

    **Arguments**

    - `mean`: any shape, at least 0, may be traced.
    - `stream`: the draws occupy 64 streams of the key, from this one on.

    **Returns** counts in the shape and the precision of `mean`: single precision rounds those above ``2^24`` to the
    nearest number that it has, which is by less than a hundredth of their spread. NaN for a mean that is negative, NaN
    or above ``4.29e9``. The derivative is zero.

    **Exactness** Probabilities are met to 1e-6 in single and 1e-8 in double precision, small ones of more than a few to
    ``2^-32``.

    ```python
    >>> import jax, jax.numpy as jnp
    >>> counts = poisson(jax.random.key(0), jnp.array([0.0, 3.0, 1e9]))
    >>> float(counts[0]), bool(abs(counts[2] - 1e9) < 3e5)
    (0.0, True)

    ```
    """
    mean = jax.lax.stop_gradient(_floats(mean))
    known = (mean >= 0) & (mean <= _MOST)
    nothing = jnp.zeros(mean.shape, jnp.uint32)
    law = _Law(nothing, nothing, jnp.zeros_like(mean), jnp.where(known, mean, 0), known, jnp.zeros_like(known))
    return jnp.where(known, _count(key, law, stream).astype(mean.dtype), jnp.nan)


@lenient()
def binomial(
    key: Key[Array, ""],
    n: Real[Any, "*#shape"] | float,
    probability: Real[Any, "*#shape"] | float,
    *,
    stream: Scalar | int = 0,
) -> Float[Array, "*#shape"]:
    """Draw one binomial variate for each entry of `n` and `probability`.

    **Arguments**

    - `n`: the number of trials, whole and at least 0, may be traced.
    - `probability`: of a success, in [0, 1], may be traced.
    - `stream`: the draws occupy 64 streams of the key, from this one on.

    **Returns** counts in the common shape and the precision of `probability`, rounded as those of `poisson`. NaN for a
    probability outside of [0, 1] and an `n` that is negative or above ``4.29e9``. The derivative is zero.

    **Exactness** As `poisson`.

    ```python
    >>> import jax, jax.numpy as jnp
    >>> binomial(jax.random.key(0), 10.0, jnp.array([0.0, 1.0])).tolist()
    [0.0, 10.0]

    ```
    """
    p = jax.lax.stop_gradient(_floats(probability))
    n = jax.lax.stop_gradient(jnp.asarray(n))
    shape = jnp.broadcast_shapes(n.shape, p.shape)
    n, p = jnp.broadcast_to(n, shape), jnp.broadcast_to(p, shape)
    trials, known = _trials(n)
    known &= (p >= 0) & (p <= 1)
    count = _successes(key, jnp.where(known, trials, 0), jnp.where(known, p, 0), stream)
    return jnp.where(known, count.astype(p.dtype), jnp.nan)


@lenient()
def multinomial(
    key: Key[Array, ""], n: Number, probabilities: Float[Array, " symbols"], *, stream: Scalar | int = 0
) -> Float[Array, " symbols"]:
    """Draw how often each of the symbols occurs among `n` independent ones: binomial counts, one after the other.

    **Arguments**

    - `n`: the number of symbols drawn, whole and at least 0, may be traced.
    - `probabilities`: in proportion to them, at least 0, not all of them zero.
    - `stream`: the draws occupy 64 streams of the key for each symbol, from this one on.

    **Returns** counts in the precision of `probabilities`, rounded as those of `poisson`; before, they add up to `n`.
    All are NaN if a probability is negative or NaN, and for an `n` that `binomial` does not take.

    **Exactness** As `poisson`. A symbol without probability is never drawn.

    ```python
    >>> import jax, jax.numpy as jnp
    >>> counts = multinomial(jax.random.key(0), 1000, jnp.array([0.5, 0.0, 0.5]))
    >>> float(counts.sum()), float(counts[1])
    (1000.0, 0.0)

    ```
    """
    p = jax.lax.stop_gradient(probabilities)
    trials, known = _trials(jax.lax.stop_gradient(jnp.asarray(n)))
    known &= jnp.all(p >= 0) & jnp.any(p > 0)
    p = jnp.where(known, p, 0)
    rest = jax.lax.cumsum(p, reverse=True)  # of this symbol and those behind it: the last that has any has all of it
    shares = jnp.minimum(jnp.where(rest > 0, p / jnp.where(rest > 0, rest, 1), 0), 1)

    def draw(left, inputs):
        share, place = inputs
        count = _successes(key, left, share, jnp.asarray(stream).astype(jnp.uint32) + place)
        return left - count, count

    places = jnp.arange(p.size, dtype=jnp.uint32) * jnp.uint32(_STREAMS)
    left = alongside(jnp.where(known, trials, 0), (key, p))
    counts = jax.lax.scan(draw, left, (shares, places))[1]
    return jnp.where(known, counts.astype(p.dtype), jnp.nan)


class _Law(NamedTuple):
    """A count is `base` plus or minus one of this law: Poisson where it is `open`, binomial elsewhere."""

    base: UInt32[Array, "*shape"]
    n: UInt32[Array, "*shape"]
    p: Float[Array, "*shape"]
    """At most one half; zero for a Poisson law."""
    mean: Float[Array, "*shape"]
    """Of a Poisson law; for the others it follows from `n` and `p`."""
    open: Bool[Array, "*shape"]
    minus: Bool[Array, "*shape"]


def _successes(
    key: Key[Array, ""], n: UInt32[Array, "*shape"], p: Float[Array, "*shape"], stream: Scalar | int
) -> UInt32[Array, "*shape"]:
    """A binomial variate; `p` is in [0, 1]."""
    many = p > 0.5
    rare = jnp.where(many, 1 - p, p)
    law = _Law(jnp.where(many, n, 0), n, rare, jnp.zeros_like(p), jnp.zeros(n.shape, bool), many)
    return _count(key, law, stream)


@jax.jit  # traced once, and compiled as a whole
def _count(key: Key[Array, ""], law: _Law, stream: Scalar | int) -> UInt32[Array, "*shape"]:
    """One variate of each law."""
    stream = jnp.asarray(stream).astype(jnp.uint32)

    def wide(law):
        return _mean(law)[0] * (1 - law.p) > _WIDE

    def unfinished(state):
        return jnp.any(wide(state[1]))

    def divide(state):
        division, law = state
        divided = _divided(normal(key, (2, *law.p.shape), law.p.dtype, stream=stream + division), law)
        keep = wide(law)
        return division + jnp.uint32(1), jax.tree.map(lambda new, old: jnp.where(keep, new, old), divided, law)

    law = while_loop(unfinished, divide, (jnp.uint32(1), alongside(law, (key, law))))[1]
    rest = _inverted(word_pairs(key, law.p.shape, stream), law)
    return jnp.where(law.minus, law.base - rest, law.base + rest)


def _divided(z: Float[Array, "..."], law: _Law) -> _Law:
    """What is left of a wide law beyond the order statistic at its mean."""
    mean, rounded = _mean(law)
    i = jnp.maximum(jnp.round(mean), 1)
    count = i.astype(jnp.uint32)
    j = (law.n - count).astype(i.dtype) + 1  # of no meaning, and multiplied by zero, for a Poisson law
    a, b = (d * (3 + d * (3 + d)) for d in (deviation(z[0], 2 * i), deviation(z[1], 2 * j)))
    p, q = law.p, 1 - law.p
    # In units of the gamma variates i (1 + a) and j (1 + b): the distance from the order statistic to p.
    gap = (mean - i) + rounded + p + p * j * b - q * i * a
    below = gap >= 0
    count = jnp.where(below, count, count - jnp.uint32(1))
    still_open = law.open & below
    return _Law(
        jnp.where(law.minus, law.base - count, law.base + count),
        jnp.where(below, law.n - count, count),
        jnp.where(still_open, 0, jnp.where(below, gap / (j * (1 + b)), -gap / (i * (1 + a)))),
        jnp.where(still_open, gap, 0),
        still_open,
        law.minus ^ ~below,
    )


def _inverted(words: tuple[UInt32[Array, "*shape"], UInt32[Array, "*shape"]], law: _Law) -> UInt32[Array, "*shape"]:
    """The count at which the probabilities, summed from the mode outwards, pass a uniform number."""
    mean, p, dtype = _mean(law)[0], law.p, law.p.dtype
    n = law.n.astype(dtype)
    mode = jnp.floor(mean)
    log_first = _log_probability(mode, mean, law)
    uniform = (words[0].astype(dtype) + 0.5) * 2.0**-32
    if dtype == jnp.float64:
        uniform = words[0].astype(dtype) * 2.0**-32 + (words[1].astype(dtype) + 0.5) * 2.0**-64
    odds = p / (1 - p)
    tiny = 1e-3 * float(jnp.finfo(dtype).eps)

    def unfinished(state):
        _, left, up, down, _ = state
        return jnp.any((left >= 0) & (up + down > tiny))

    def look(state):
        steps, left, up, down, count = state
        for _ in range(_UNROLLED):
            above, below = mode + steps, mode - steps
            steps = steps + 1
            up = up * jnp.where(law.open, mean, odds * jnp.maximum(n - above, 0)) / (above + 1)
            fewer = jnp.where(law.open, mean, odds * (n - below + 1))
            down = down * jnp.maximum(below, 0) / jnp.where(below > 0, fewer, 1)
            for place, probability in ((above + 1, up), (below - 1, down)):
                after = jnp.where(left >= 0, left - probability, left)
                count = jnp.where((left >= 0) & (after < 0), place, count)
                left = after
        return steps, left, up, down, count

    first = jnp.exp(log_first)
    # Counted from above: the probability of all but the mode has its digits even where it is tiny.
    left = -jnp.expm1(log_first) - uniform
    start = (jnp.zeros((), dtype), *alongside((left, first, first, mode), words))
    return while_loop(unfinished, look, start)[4].astype(jnp.uint32)


_UNROLLED = 2


def _log_probability(k: Float[Array, "*shape"], mean: Float[Array, "*shape"], law: _Law) -> Float[Array, "*shape"]:
    """The log probability of `k`, a whole number next to the mean: differences from it, and Stirling's series.

    Reference: Loader 2000, "Fast and accurate computation of binomial probabilities".
    """
    none = k == 0
    some = jnp.where(none, 1, k)
    n = jnp.maximum(law.n.astype(k.dtype), some + 1)
    at = jnp.where(none, 1, mean)
    gap = some - at
    others = n - some
    poisson = gap - some * jnp.log1p(gap / at) - _stirling(some) - 0.5 * jnp.log(2 * math.pi * some)
    # n (1 - p) are expected besides the mean.
    more = -others * jnp.log1p(-gap / (n * (1 - law.p))) - gap
    more += _stirling(n) - _stirling(others) - 0.5 * jnp.log1p(-some / n)
    at_zero = jnp.where(law.open, -mean, law.n.astype(k.dtype) * jnp.log1p(-law.p))
    return jnp.where(none, at_zero, poisson + jnp.where(law.open, 0, more))


def _stirling(k: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``log k!`` less Stirling's formula, for whole numbers from 1 on."""
    x = 1 / k**2
    series = (1 / 12 - x * (1 / 360 - x * (1 / 1260 - x / 1680))) / k
    table = jnp.asarray(_STIRLING, k.dtype)
    return jnp.where(k < len(_STIRLING), table[jnp.minimum(k, len(_STIRLING) - 1).astype(jnp.int32)], series)


_STIRLING = np.array(
    [0.0] + [math.lgamma(k + 1) - (k + 0.5) * math.log(k) + k - 0.5 * math.log(2 * math.pi) for k in range(1, 16)]
)


def _mean(law: _Law) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    """The mean, and by how much the exact one is larger: all digits of the product, after Dekker."""
    dtype = law.p.dtype
    n = law.n.astype(dtype)
    rest = (law.n - n.astype(jnp.uint32)).astype(jnp.int32).astype(dtype)  # what a float cannot hold of it
    product = n * law.p
    (a, b), (c, d) = _halves(n), _halves(law.p)
    error = ((a * c - product) + a * d + b * c) + b * d + rest * law.p
    return jnp.where(law.open, law.mean, product), jnp.where(law.open, 0, error)


def _halves(x: Float[Array, "*shape"]) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    """Two numbers of half the digits whose sum it is."""
    scaled = x * (2.0 ** ((jnp.finfo(x.dtype).nmant + 2) // 2) + 1)
    high = scaled - (scaled - x)
    return high, x - high


def _trials(n: Real[Array, "*shape"]) -> tuple[UInt32[Array, "*shape"], Bool[Array, "*shape"]]:
    """A number of trials as an unsigned word, and whether it is one."""
    known = (n >= 0) & (n <= jnp.asarray(_MOST, float if jnp.issubdtype(n.dtype, jnp.integer) else n.dtype))
    return jnp.where(known, n, 0).astype(jnp.uint32), known


def _floats(value: Real[Array, "*shape"] | float) -> Float[Array, "*shape"]:
    value = jnp.asarray(value)
    return value.astype(common_type(value, float))
