"""Chi-square variates for any traced degrees of freedom, without a rejection loop.

From 24 degrees of freedom ``nu`` on, the quantile is ``nu y^3`` with ``y = 1 + e z sqrt(2)/3 + e^2 h(z, e)`` for a
standard normal ``z`` and ``e = 1/sqrt(nu)``: the cube-root approximation of Wilson and Hilferty (``h = -2/9``) with a
smooth ``h``, a polynomial in both that interpolates SciPy's quantile function at Chebyshev points when first used. The
part in ``e`` is shared by all replications. Below 24, a chi-square of ``nu + 24`` degrees times ``U_i^(2/(nu + 2i))``
for twelve uniform ``U_i`` is one of ``nu`` degrees.

Reference: Wilson and Hilferty 1931, "The distribution of chi-square", PNAS 17(12).
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Real, Scalar

from jaxcollapse.arguments.numbers import common_type
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.gaussian import normal
from jaxcollapse.random.logarithm import log
from jaxcollapse.random.loops import alongside
from jaxcollapse.random.polynomials import interpolant, nodes, polynomial
from jaxcollapse.random.words import word_pairs

_SMALLEST = 24.0
_WIDEST = 9.3  # standard deviations
_ORDERS = (18, 10)  # in z, in e


@lenient()
def chi_square(
    key: Key[Array, ""],
    df: Real[Array, "*shape"] | float,
    *,
    stream: Scalar | int = 0,
    z: Float[Array, "*shape"] | None = None,
) -> Float[Array, "*shape"]:
    """Draw one chi-square variate for each entry of `df`.

    **Arguments**

    - `df`: degrees of freedom, any shape, at least 0 (which gives 0); fractions allowed, may be traced.
    - `stream`: the draws occupy seven streams of the key, from this one on.
    - `z`: standard normals that are drawn already, independent of these streams, in the shape and dtype of `df`.

    **Returns** variates in the shape and dtype of `df`; NaN where `df` is negative.

    **Exactness** The quantile function is met to a relative error of 1e-6 in single and 1e-8 in double precision: what
    a sample of size ``n`` could show only beyond ``n = 1e12``.

    ```python
    >>> import jax, jax.numpy as jnp
    >>> chi_square(jax.random.key(0), jnp.array([0.0, 3.0, 1e9])).shape
    (3,)

    ```
    """
    df = jnp.asarray(df)
    df = df.astype(common_type(df, float))
    small = df < _SMALLEST
    large = jnp.where(small, jnp.maximum(df, 0.0) + _SMALLEST, df)
    z = normal(key, df.shape, df.dtype, stream=stream) if z is None else z
    value = large * cube_root(z, large) ** 3

    def boosted(value):
        df_small = jnp.where(small & (df > 0), df, 1.0)

        def factor(i, exponent):
            for j, word in enumerate(word_pairs(key, df.shape, stream + 1 + i)):
                exponent += log((word.astype(df.dtype) + 0.5) * 2.0**-32) * 2 / (df_small + 4 * i + 2 * j)
            return exponent

        exponent = jax.lax.fori_loop(0, 6, factor, alongside(jnp.zeros(df.shape, df.dtype), (key, df)))
        return jnp.where(small, value * jnp.exp(exponent), value)

    value = jax.lax.cond(jnp.any(small), boosted, lambda value: value, value)
    return jnp.where(df > 0, value, jnp.where(df == 0, 0.0, jnp.nan))


@jax.jit
def cube_root(z: Float[Array, "*#shape"], df: Float[Array, "*#shape"]) -> Float[Array, "*#shape"]:
    """``(x/df)^(1/3)`` for the chi-square quantile ``x`` at the normal quantile `z`, for `df` of 24 and more."""
    return 1 + deviation(z, df)


def deviation(z: Float[Array, "*#shape"], df: Float[Array, "*#shape"]) -> Float[Array, "*#shape"]:
    """What `cube_root` differs from one by, with all its digits."""
    e = jax.lax.rsqrt(df)
    table = jnp.asarray(_polynomials(), e.dtype).reshape(*(order + 1 for order in _ORDERS[::-1]), *(1,) * e.ndim)
    in_z = polynomial(table, 2 * _SMALLEST**0.5 * e - 1)
    return e * (z * (2**0.5 / 3) + e * polynomial(in_z, z / _WIDEST))


@functools.lru_cache(maxsize=1)
def _polynomials() -> np.ndarray:
    from scipy.special import gammainccinv, gammaincinv, ndtr

    z = nodes(_ORDERS[0], -_WIDEST, _WIDEST)[:, None]
    e = nodes(_ORDERS[1], 0.0, _SMALLEST**-0.5)
    shape = 0.5 / e**2
    half = np.where(z < 0, gammaincinv(shape, ndtr(-np.abs(z))), gammainccinv(shape, ndtr(-np.abs(z))))
    rest = ((np.cbrt(half / shape) - 1) / e - z * 2**0.5 / 3) / e
    return interpolant(interpolant(rest).T)
