"""Special functions that keep their digits where an argument is large or a difference small, and their derivatives.

Differences of logarithms of Gamma functions are of the order of one while each is of the order of ``n log n``: what is
wanted is lost in single precision from ``n = 1000`` on, in double from ``1e9``. Here such differences are computed as
such, from Stirling's series.
"""

import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from jaxcollapse.arguments.types import Count
from jaxcollapse.machine.leniency import lenient


@lenient()
def log1p_rest(x: Inexact[Array, "*shape"]) -> Inexact[Array, "*shape"]:
    """``log(1 + x) - x``, also of complex numbers.

    ```python
    >>> round(float(log1p_rest(jnp.asarray(1e-3))) / 1e-6, 4)
    -0.4997

    ```
    """
    near = jnp.abs(x) < 0.4
    inner, outer = jnp.where(near, x, 0.0), jnp.where(near, 1.0, x)
    r = inner / (2 + inner)  # log(1 + x) = 2 atanh(r) and 2 r - x = -r x
    square = r * r
    series = jnp.zeros_like(r)
    for k in range(13, -1, -1):
        series = 1 / (2 * k + 3) + square * series
    return jnp.where(near, r * (2 * square * series - inner), jnp.log(1 + outer) - outer)


@lenient()
def expm1_rest(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``exp(x) - 1 - x``.

    ```python
    >>> round(float(expm1_rest(jnp.asarray(1e-3))) / 1e-6, 4)
    0.5002

    ```
    """
    near = jnp.abs(x) < 0.7
    inner, outer = jnp.where(near, x, 0.0), jnp.where(near, 1.0, x)
    series = jnp.zeros_like(inner)
    for k in range(16, 1, -1):
        series = 1 / math.factorial(k) + inner * series
    return jnp.where(near, inner**2 * series, jnp.expm1(outer) - outer)


@lenient()
def log_gamma_rest(a: Float[Array, "..."], s: Inexact[Array, "..."]) -> Inexact[Array, "..."]:
    """``log Gamma(a + s) - log Gamma(a) - s log a`` for ``a > 0`` and ``a + s`` of positive real part.

    About ``s (s - 1)/(2 a)`` for large ``a``; `s` may be complex.

    ```python
    >>> round(float(log_gamma_rest(jnp.asarray(1e9), jnp.asarray(0.5))) * 1e9, 4)
    -0.125

    ```
    """
    low = (a < _FAR) | (jnp.real(a + s) < _FAR)
    base = jnp.where(low, a + _FAR, a)
    near, some = jnp.where(low, a, 1.0), jnp.where(low, s, 0.0)
    k = jnp.arange(_FAR, dtype=a.dtype).reshape(-1, *[1] * jnp.ndim(a + s))
    passed = jnp.sum(_log1p(some / (near + k)), axis=0) - some * jnp.log1p(_FAR / near)
    x = s / base
    return base * log1p_rest(x) + (s - 0.5) * _log1p(x) + _stirling(base + s) - _stirling(base) - passed


@lenient()
def digamma_rest(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``psi(x) - log x`` for positive `x`: about ``-1/(2 x)``.

    ```python
    >>> round(float(digamma_rest(jnp.asarray(1e9))) * 1e9, 4)
    -0.5

    ```
    """
    low = x < _FAR
    base = jnp.where(low, x + _FAR, x)
    k = jnp.arange(_FAR, dtype=x.dtype).reshape(-1, *[1] * jnp.ndim(x))
    near = jnp.where(low, x, 1.0)
    passed = jnp.log1p(_FAR / near) - jnp.sum(1 / (near + k), axis=0)
    inverse = 1 / base
    square = inverse**2
    tail = 1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square * (1 / 132 - square / 47.397))))
    return -inverse * (0.5 + inverse * tail) + jnp.where(low, passed, 0.0)


@lenient()
def gamma_ratio_cdf(ratio: Float[Array, "..."], a: Float[Array, "..."], b: Float[Array, "..."]) -> Float[Array, "..."]:
    """The law of the ratio of two independent Gamma variates of shapes ``a`` and ``b``, at `ratio`, at least 0.

    It is ``I_x(a, b)`` at ``x = ratio/(1 + ratio)``. In the log of the ratio, counted from its mode, the density is
    ``exp(-(a + b) [log(1 + p (e^t - 1)) - p t])`` with ``p = a/(a + b)``, smooth for all shapes: Gauss-Legendre
    quadrature of the smaller tail and of the whole. Shapes from one half on.

    ```python
    >>> round(float(gamma_ratio_cdf(*map(jnp.asarray, (0.5, 1.0, 1.0)))), 4)  # 1 - (1 + r)^-1
    0.3333

    ```
    """
    ratio, a, b = jnp.broadcast_arrays(ratio, a, b)
    return _gamma_ratio_cdf(ratio, a, b)


@jax.custom_jvp
@lenient()
def _gamma_ratio_cdf(ratio, a, b):
    inside = (ratio > 0) & (ratio < jnp.inf)
    place = jnp.log(jnp.where(inside, ratio, 1.0)) + jnp.log(b / a)
    mass = _ratio_mass(jnp.zeros_like(place), a, b, -1) + _ratio_mass(jnp.zeros_like(place), a, b, 1)
    below = place < 0  # at the mode a minimum would have half of a derivative
    lower = _ratio_mass(jnp.where(below, place, 0.0), a, b, -1) / mass
    upper = _ratio_mass(jnp.where(below, 0.0, place), a, b, 1) / mass
    return jnp.where(inside, jnp.where(below, lower, 1 - upper), jnp.where(ratio > 0, 1.0, 0.0))


@_gamma_ratio_cdf.defjvp
@lenient()
def _(primals, tangents):
    ratio, a, b = primals
    value, by_shapes = jax.jvp(lambda a, b: _gamma_ratio_cdf.fun(ratio, a, b), (a, b), tangents[1:])
    inside = (ratio > 0) & (ratio < jnp.inf)
    some = jnp.where(inside, ratio, 1.0)
    zero = jnp.zeros_like(ratio)
    mass = _ratio_mass(zero, a, b, -1) + _ratio_mass(zero, a, b, 1)
    density = jnp.exp(-_ratio_exponent(jnp.log(some) + jnp.log(b / a), a, b)) / (mass * some)
    at_zero = jnp.where(a == 1, b, jnp.where(a < 1, jnp.inf, 0.0))
    density = jnp.where(inside, density, jnp.where(ratio > 0, 0.0, at_zero))
    return value, by_shapes + density * tangents[0]


def _ratio_exponent(t, a, b):
    """``(a + b) [log(1 + p (e^t - 1)) - p t]``, which is symmetric under exchange of the two variates."""
    flip = a > b
    p, t = jnp.where(flip, b, a) / (a + b), jnp.where(flip, -t, t)
    near, far = jnp.abs(t) < 1, t > 30
    small, middle, large = jnp.where(near, t, 0.0), jnp.where(near | far, 1.0, t), jnp.where(far, t, 1.0)
    value = jnp.log1p(p * jnp.expm1(middle)) - p * middle
    value = jnp.where(far, (1 - p) * large + jnp.log(p + (1 - p) * jnp.exp(-large)), value)
    return (a + b) * jnp.where(near, log1p_rest(p * jnp.expm1(small)) + p * expm1_rest(small), value)


def _ratio_mass(start, a, b, side):
    """The integral of the density from `start` outwards, to where nothing is left."""
    nothing = -math.log(jnp.finfo(start.dtype).eps) + 4
    edge = b if side > 0 else a  # the density falls like exp(-edge |t|) in the end
    p = a / (a + b)
    slope = (a + b) * jnp.abs(jax.nn.sigmoid(start + jnp.log(a / b)) - p)
    reach = 1.5 * jnp.sqrt(2 * nothing * (1 / a + 1 / b)) + 1.2 * nothing / edge
    reach = jax.lax.stop_gradient(jnp.minimum(reach, nothing / jnp.maximum(slope, nothing / reach)))
    x, weight = (jnp.asarray(v, start.dtype).reshape(-1, *[1] * jnp.ndim(start)) for v in _legendre())
    t = start + side * reach * x
    return reach * jnp.sum(weight * jnp.exp(-_ratio_exponent(t, a, b)), axis=0)


@lenient()
def digamma_below_one(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``-psi(1 - x) - gamma`` for ``-1 < x < 1``: ``sum_m x/(m (m - x))``, about ``pi^2 x/6`` for small `x`.

    ```python
    >>> round(float(digamma_below_one(jnp.asarray(1e-6))) * 1e6, 4)
    1.6449

    ```
    """
    from scipy.special import zeta  # takes as long as a tenth of JAX, as in all that follows, and is needed by few

    m = jnp.arange(1, _FIRST + 1, dtype=x.dtype).reshape(-1, *[1] * jnp.ndim(x))
    rest = jnp.zeros_like(x)
    for k in range(18, 0, -1):
        rest = (zeta(k + 1, _FIRST + 1) + rest) * x
    return jnp.sum(x / (m * (m - x)), axis=0) + rest


def with_derivative(function: Callable, derivative: Callable) -> Callable:
    """A function of one array with a derivative that is known."""
    known = jax.custom_jvp(lenient()(function))

    @known.defjvp
    @lenient()
    def _(primals, tangents):
        return function(*primals), derivative(*primals) * tangents[0]

    return known


@lenient()
def missing(q: Float[Array, "..."], draws: Float[Array, "..."]) -> Float[Array, "..."]:
    """``(1 - q)^draws``: the probability that what has the probability `q` is in none of the draws.

    ```python
    >>> round(float(missing(jnp.asarray(1e-6), jnp.asarray(1e6))), 4)
    0.3679

    ```
    """
    return _missing(*jnp.broadcast_arrays(q, draws))


@jax.custom_jvp
@lenient()
def _missing(q, draws):
    return jnp.exp(jax.scipy.special.xlog1py(draws, -q))


@_missing.defjvp
@lenient()
def _(primals, tangents):
    q, draws = primals
    value, sure = _missing(q, draws), q >= 1
    in_q = -draws * _missing(q, jnp.where(draws == 0, 0.0, draws - 1))
    in_draws = value * jnp.where(sure, 0.0, jnp.log1p(-jnp.where(sure, 0.0, q)))
    return value, in_q * tangents[0] + in_draws * tangents[1]


@lenient()
def binomial_law(q: Float[Array, ""], *, draws: Count) -> Float[Array, " outcomes"]:
    """The binomial probabilities of ``0, ..., draws`` at `q`, with derivatives also at ``q = 0`` and ``q = 1``.

    ```python
    >>> binomial_law(jnp.asarray(0.5), draws=2).tolist()
    [0.25, 0.5, 0.25]

    ```
    """
    from scipy.special import gammaln

    j = np.arange(draws + 1)
    ways = gammaln(draws + 1) - gammaln(j + 1) - gammaln(draws - j + 1)

    def law(q):  # holds no array of JAX, so that it may be used within a loop
        return jnp.exp(
            jnp.asarray(ways, q.dtype) + jax.scipy.special.xlogy(j, q) + jax.scipy.special.xlog1py(draws - j, -q)
        )

    def slope(q):
        fewer = jnp.pad(binomial_law(q, draws=draws - 1), 1)
        return draws * (fewer[:-1] - fewer[1:])

    return with_derivative(law, slope)(q) if draws > 0 else jnp.ones(1, q.dtype) + 0 * q


_FAR = 12  # from here on the series have all digits of double precision
_FIRST = 9


@functools.lru_cache(maxsize=1)
def _legendre() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights between zero and one."""
    x, weight = np.polynomial.legendre.leggauss(96)
    return (1 + x) / 2, weight / 2


def _log1p(x):
    return x + log1p_rest(x) if jnp.iscomplexobj(x) else jnp.log1p(x)


def _stirling(z):
    """``log Gamma(z) - (z - 1/2) log z + z - log(2 pi)/2``."""
    inverse = 1 / z
    square = inverse**2
    return inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))
