"""The univariate Gaussian chain under replacement: moments of its mean and of its variance.

Generation ``T`` has the variance ``X_T sigma^2`` with ``X_T = prod_t chi2(n_t - 1) / (n_t - ddof)``: a product of
independent factors, so that everything follows from the log-Mellin transform ``K(s) = log E X_T^s``.

Reference: Xu, He and Cheng 2025, arXiv:2505.13947, for the setting.
"""

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import polygamma
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_above, check_choice, check_length, check_numbers
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import one_size, per_generation
from jaxcollapse.theory.special import digamma_rest, log_gamma_rest


@lenient()
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
    check_numbers("s", s)
    half, bias, times = distinct_factors(samples, generations, ddof)
    return times * jnp.sum(log_gamma_rest(half, jnp.asarray(s, half.dtype)) + s * bias)


@lenient()
def variance_mean(*, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """``E X_g`` at each generation: 1 for ``ddof = 1``, ``prod (1 - 1/n_t)`` for ``ddof = 0``.

    Arguments as for `log_mellin`. **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> [round(float(m), 4) for m in variance_mean(samples=10, generations=2, ddof=0)]
    [0.9, 0.81]

    ```
    """
    _, bias = factors(samples, generations, ddof)
    return jnp.exp(jnp.cumsum(bias))


@lenient()
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
    half, bias = factors(samples, generations, ddof)
    # E X^2 - 1 and E X - 1, not their differences from one
    return jnp.expm1(jnp.cumsum(jnp.log1p(1 / half) + 2 * bias)) - 2 * jnp.expm1(jnp.cumsum(bias))


@lenient()
def log_variance_mean(*, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """``E log X_g`` at each generation: ``sum_t [psi(nu_t/2) + log(2/(n_t - ddof))]``, about ``-g/(n - 1)``.

    Arguments as for `log_mellin`. **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> round(float(log_variance_mean(samples=100, generations=100, ddof=1)[-1]), 4)
    -1.0135

    ```
    """
    half, bias = factors(samples, generations, ddof)
    return jnp.cumsum(digamma_rest(half) + bias)


@lenient()
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


@lenient()
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


@lenient()
def variance_moment(
    s: Number, *, samples: Number | Curve, generations: Count, ddof: int
) -> Float[Array, " generations"]:
    """``E X_g^s`` at each generation, for any real `s`; infinite from ``s = -(n_t - 1)/2`` down.

    Arguments as for `log_mellin`. **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> round(float(variance_moment(0.5, samples=10, generations=1, ddof=1)[0]), 4)  # of the standard deviation
    0.9727

    ```
    """
    check_numbers("s", s)
    return jnp.exp(log_moments(s, samples=samples, generations=generations, ddof=ddof))


def log_moments(s: Number, *, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """``log E X_g^s`` at each generation."""
    half, bias = factors(samples, generations, ddof)
    s = jnp.asarray(s, half.dtype)
    finite = half + s > 0
    moment = log_gamma_rest(half, jnp.where(finite, s, 0.0)) + s * bias
    return jnp.cumsum(jnp.where(finite, moment, jnp.inf))


def factors(
    samples: Number | Curve, generations: Count, ddof: int
) -> tuple[Float[Array, " generations"], Float[Array, " generations"]]:
    """Half the degrees of freedom, and the log of the mean of the factor ``chi2(n - 1)/(n - ddof)``, of every batch."""
    check_length("generations", generations)
    check_choice("ddof", ddof, (0, 1))
    check_above("samples", samples, 1.0)
    sizes = per_generation("samples", samples, generations)
    return (sizes - 1) / 2, jnp.log1p((ddof - 1) / (sizes - ddof))


def distinct_factors(
    samples: Number | Curve, generations: Count, ddof: int
) -> tuple[Float[Array, " factors"], Float[Array, " factors"], Float[Array, ""]]:
    """What `factors` has of those that differ, and how often each occurs."""
    check_length("generations", generations)
    check_numbers("samples", samples)
    alike = np.ndim(samples) == 0
    half, bias = factors(samples, 1 if alike else generations, ddof)
    return half, bias, jnp.asarray(generations if alike else 1, half.dtype)


def equal_batches(samples: Number, generations: Count) -> tuple[Float[Array, ""], Float[Array, " generations"]]:
    """The size of every batch, and the generations ``1, ..., G``."""
    check_above("samples", samples, 1.0)
    return one_size(samples, generations)
