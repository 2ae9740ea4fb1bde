"""The univariate Gaussian chain under replacement: the exact law of its variance, and its moments.

Generation ``T`` has the variance ``X_T sigma^2`` with ``X_T = prod_t chi2(n_t - 1) / (n_t - ddof)``: a product of
independent factors, so that everything follows from the log-Mellin transform ``K(s) = log E X_T^s``.

Reference: Xu, He and Cheng 2025, arXiv:2505.13947, for the setting.
"""

import jax
import jax.numpy as jnp
from jax.scipy.special import digamma, gammaln, polygamma
from jaxtyping import Array, Complex, Float

from jaxcollapse._check import check_above, check_choice, check_integer, check_positive
from jaxcollapse._types import Count, Curve, Number

_NODES = 400


def log_mellin(s: Number, *, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, ""]:
    """The log moment ``K(s) = log E X_T^s`` of the variance at generation ``T = generations``.

    ``K(s) = sum_t [lgamma(nu_t/2 + s) - lgamma(nu_t/2) + s log(2/(n_t - ddof))]`` with ``nu_t = n_t - 1``.

    **Arguments**

    - `s`: a real number above ``-nu_t/2``.
    - `samples`: ``n_t``, at least 2: a number or shape ``(generations,)``.
    - `generations`: ``T``, a positive integer.
    - `ddof`: 1 for the unbiased variance, 0 for maximum likelihood.

    **Exactness** Exact.

    ```python
    >>> round(float(log_mellin(2.0, samples=100, generations=1, ddof=1)), 5)  # log(1 + 2/99)
    0.02

    ```
    """
    half, divisor = factors(samples, generations, ddof)
    return jnp.sum(gammaln(half + s) - gammaln(half) - s * jnp.log(divisor / 2))


def variance_mean(*, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """``E X_g`` at each generation: 1 for ``ddof = 1``, ``prod (1 - 1/n_t)`` for ``ddof = 0``.

    Arguments as for `log_mellin`. **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> [round(float(m), 4) for m in variance_mean(samples=10, generations=2, ddof=0)]
    [0.9, 0.81]

    ```
    """
    half, divisor = factors(samples, generations, ddof)
    return jnp.exp(jnp.cumsum(jnp.log(2 * half / divisor)))


def variance_risk(*, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """``E (X_g - 1)^2`` at each generation: ``prod (1 + 2/(n_t - 1)) - 1`` for ``ddof = 1``.

    Unbounded for ``ddof = 1``, at most 2 for ``ddof = 0``. Plain replications do not find it once ``g`` passes ``n``:
    rare enormous variances carry it. Arguments as for `log_mellin`.

    **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> round(float(variance_risk(samples=100, generations=100, ddof=1)[-1]), 2)
    6.39

    ```
    """
    half, divisor = factors(samples, generations, ddof)
    second = jnp.exp(jnp.cumsum(jnp.log(2 * half * (2 * half + 2) / divisor**2)))
    return second - 2 * variance_mean(samples=samples, generations=generations, ddof=ddof) + 1


def log_variance_mean(*, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """``E log X_g`` at each generation: ``sum_t [psi(nu_t/2) + log(2/(n_t - ddof))]``, about ``-g/(n - 1)``.

    Arguments as for `log_mellin`. **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> round(float(log_variance_mean(samples=100, generations=100, ddof=1)[-1]), 4)
    -1.0135

    ```
    """
    half, divisor = factors(samples, generations, ddof)
    return jnp.cumsum(digamma(half) - jnp.log(divisor / 2))


def log_variance_variance(*, samples: Number | Curve, generations: Count) -> Float[Array, " generations"]:
    """``Var log X_g`` at each generation: ``sum_t psi1(nu_t/2)``, about ``2g/(n - 1)``, for either divisor.

    Arguments as for `log_mellin`. **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> round(float(log_variance_variance(samples=100, generations=1)[0]), 4)
    0.0204

    ```
    """
    half, _ = factors(samples, generations, 1)
    return jnp.cumsum(polygamma(1, half))


def mean_square(*, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """``E mu_g^2 / sigma^2`` at each generation: ``sum_t E X_{t-1} / n_t``.

    ``g/n`` for ``ddof = 1``, ``1 - (1 - 1/n)^g`` for ``ddof = 0``. Arguments as for `log_mellin`.

    **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> [round(float(m), 3) for m in mean_square(samples=10, generations=3, ddof=1)]
    [0.1, 0.2, 0.3]

    ```
    """
    half, _ = factors(samples, generations, ddof)
    spread = variance_mean(samples=samples, generations=generations, ddof=ddof)
    before = jnp.concatenate([jnp.ones(1, spread.dtype), spread[:-1]])
    return jnp.cumsum(before / (2 * half + 1))


def variance_cdf(x: Number, *, samples: Number | Curve, generations: Count, ddof: int = 1) -> Float[Array, ""]:
    """``P(X_T <= x)`` at generation ``T = generations``.

    The inverse Mellin transform along the vertical line through the saddle point of ``K(s) - s log x``, by the
    trapezoidal rule: it keeps its relative accuracy in both tails.

    **Arguments**

    - `x`: positive; a number (map over others with `jax.vmap`).
    - `samples`, `generations`, `ddof`: as for `log_mellin`.

    **Exactness** Exact, to about ``1e-10`` relative in double precision and three digits in single, for ``n >= 4``.

    **Reference** The quantity of figure 3 of Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> round(float(variance_cdf(0.05, samples=100, generations=500)), 2)
    0.74

    ```
    """
    lower, _ = _tails(x, samples, generations, ddof)
    return lower


def variance_sf(x: Number, *, samples: Number | Curve, generations: Count, ddof: int = 1) -> Float[Array, ""]:
    """``P(X_T > x)`` at generation ``T = generations``, accurate also where it is tiny. See `variance_cdf`.

    ```python
    >>> round(float(variance_sf(0.05, samples=100, generations=500)), 2)
    0.26

    ```
    """
    _, upper = _tails(x, samples, generations, ddof)
    return upper


def variance_quantile(p: Number, *, samples: Number | Curve, generations: Count, ddof: int = 1) -> Float[Array, ""]:
    """The ``p``-quantile of ``X_T``: where `variance_cdf` is `p`.

    **Arguments**

    - `p`: in (0, 1).
    - `samples`, `generations`, `ddof`: as for `log_mellin`.

    **Exactness** Exact, by bisection in ``log x`` to rounding.

    ```python
    >>> round(float(variance_quantile(0.5, samples=100, generations=100)), 1)
    0.4

    ```
    """
    check_probability(p)
    return _quantile(jnp.log(p), jnp.log1p(-jnp.asarray(p, float)), samples, generations, ddof)


def maximum_quantile(
    p: Number, *, replications: Count, samples: Number | Curve, generations: Count, ddof: int = 1
) -> Float[Array, ""]:
    """The ``p``-quantile of the largest of `replications` independent variances ``X_T``: ``F(x)^R = p``.

    Arguments and exactness as for `variance_quantile`.

    **Reference** The maximum over 10,000 replications of figure 3 of Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> round(float(maximum_quantile(0.5, replications=10_000, samples=100, generations=100)))
    80

    ```
    """
    check_probability(p)
    check_integer("replications", replications, minimum=1)
    log_p = jnp.log(jnp.asarray(p, float)) / replications
    return _quantile(log_p, jnp.log(-jnp.expm1(log_p)), samples, generations, ddof)


def accumulate_variance_mean(*, samples: Number, generations: Count) -> Float[Array, " generations"]:
    """``E X_g`` when data accumulates, maximum likelihood (``ddof = 0``): ``prod_{t<=g} (1 - 1/(n t^2))``.

    It stays above its positive limit ``sin(pi/sqrt(n)) / (pi/sqrt(n))``, and ``E mu_g^2 = 1 - E X_g``.

    **Arguments**

    - `samples`: ``n``, one number, at least 2.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> round(float(accumulate_variance_mean(samples=10, generations=100)[-1]), 5)
    0.84428

    ```
    """
    half, _ = factors(samples, generations, 0)
    return jnp.cumprod(1 - 1 / ((2 * half + 1) * jnp.arange(1, generations + 1) ** 2))


def factors(
    samples: Number | Curve, generations: Count, ddof: int
) -> tuple[Float[Array, " generations"], Float[Array, " generations"]]:
    """Half the degrees of freedom and the divisor of every generation."""
    check_integer("generations", generations, minimum=1)
    check_choice("ddof", ddof, (0, 1))
    check_above("samples", samples, 1.0)
    sizes = jnp.asarray(samples)
    if sizes.shape not in ((), (generations,)):
        raise ValueError(f"samples must be a number or have shape ({generations},), got shape {sizes.shape}")
    sizes = jnp.broadcast_to(sizes.astype(jnp.result_type(sizes, float)), (generations,))
    return (sizes - 1) / 2, sizes - ddof


def check_probability(p: Number) -> None:
    """`p` lies strictly between 0 and 1."""
    check_positive("p", p)
    check_positive("1 - p", 1 - jnp.asarray(p, float))


def _tails(
    x: Number, samples: Number | Curve, generations: Count, ddof: int
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The lower and the upper tail of ``X_T`` at `x`."""
    check_positive("x", x)
    half, divisor = factors(samples, generations, ddof)
    return _log_tails(jnp.log(jnp.asarray(x, half.dtype)), half, divisor)


def _log_tails(
    y: Float[Array, ""], half: Float[Array, " generations"], divisor: Float[Array, " generations"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Both tails at ``log x = y``: the one beyond the mean by contour integration, the other as its complement."""
    shift = jnp.log(divisor / 2)
    saddle = _saddle(y, half, shift)
    spread = 1 / jnp.sqrt(jnp.sum(polygamma(1, half + saddle)))
    # Keep the contour off the pole at 0: at the mean the saddle point is the pole.
    away = jnp.where(jnp.abs(saddle) < 0.5 * spread, jnp.where(saddle < 0, -0.5 * spread, 0.5 * spread), saddle)
    away = jnp.where(away <= -jnp.min(half), 0.5 * (saddle - jnp.min(half)), away)
    top = jnp.sum(gammaln(half + away) - gammaln(half) - away * shift) - away * y
    # Nodes spaced like sinh: dense where the integrand is large, far-reaching where it decays slowly.
    step = 7.0 / _NODES
    node = step * (jnp.arange(_NODES) + 0.5)

    def integrand(v):
        gap = jnp.sum(log_gamma_ratio(half + away, v)) - 1j * v * (jnp.sum(shift) + y)
        return jnp.real(jnp.exp(gap) / (away + 1j * v))

    values = jax.lax.map(integrand, spread * jnp.sinh(node)) * spread * jnp.cosh(node)
    integral = jnp.exp(top) * step / jnp.pi * jnp.sum(values)
    beyond = jnp.clip(jnp.abs(integral), 0.0, 1.0)
    return jnp.where(away < 0, beyond, 1 - beyond), jnp.where(away > 0, beyond, 1 - beyond)


def _saddle(
    y: Float[Array, ""], half: Float[Array, " generations"], shift: Float[Array, " generations"]
) -> Float[Array, ""]:
    """The real ``s`` with ``K'(s) = y``, by bisection in ``log(s + min half)``: ``K'`` increases."""
    edge = jnp.min(half)

    def halve(bracket, _):
        low, high = bracket
        middle = 0.5 * (low + high)
        below = jnp.sum(digamma(half + (jnp.exp(middle) - edge)) - shift) < y
        return (jnp.where(below, middle, low), jnp.where(below, high, middle)), None

    start = (jnp.asarray(-20.0, half.dtype), jnp.asarray(30.0, half.dtype))
    (low, high), _ = jax.lax.scan(halve, start, None, length=60)
    return jnp.exp(0.5 * (low + high)) - edge


def log_gamma_ratio(a: Float[Array, " n"], v: Float[Array, ""]) -> Complex[Array, " n"]:
    """``log Gamma(a + iv) - log Gamma(a)`` for real ``a > 0``, by Stirling's series after a shift of 10."""
    below = jnp.arange(10)[:, None]
    shifted = jnp.sum(jnp.log((a + below) + 1j * v) - jnp.log(a + below), axis=0)
    return _stirling(a + 10 + 1j * v) - _stirling(a + 10 + 0j) - shifted


def _stirling(z: Complex[Array, " n"]) -> Complex[Array, " n"]:
    inverse = 1 / z
    square = inverse**2
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))
    return (z - 0.5) * jnp.log(z) - z + series


def _quantile(
    log_p: Float[Array, ""], log_q: Float[Array, ""], samples: Number | Curve, generations: Count, ddof: int
) -> Float[Array, ""]:
    """Where the lower tail is ``exp(log_p)`` and the upper ``exp(log_q)``, told by the smaller of the two."""
    half, divisor = factors(samples, generations, ddof)
    mean = jnp.sum(digamma(half) - jnp.log(divisor / 2))
    reach = 40 * jnp.sqrt(jnp.sum(polygamma(1, half)))

    def halve(bracket, _):
        low, high = bracket
        middle = 0.5 * (low + high)
        lower, upper = _log_tails(middle, half, divisor)
        below = jnp.where(log_p < log_q, jnp.log(lower) < log_p, jnp.log(upper) > log_q)
        return (jnp.where(below, middle, low), jnp.where(below, high, middle)), None

    (low, high), _ = jax.lax.scan(halve, (mean - reach, mean + reach), None, length=60)
    return jnp.exp(0.5 * (low + high))
