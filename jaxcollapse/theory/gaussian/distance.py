"""How far a Gaussian chain under replacement is from the truth: Wasserstein and Kullback-Leibler.

``X_g`` is the variance of generation ``g`` and ``mu_g`` the error of its mean, in units of the true variance and
standard deviation.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.gaussian.univariate import (
    factors,
    log_moments,
    log_variance_mean,
    mean_square,
)
from jaxcollapse.theory.regression.inverse_moments import inverse_moment


@lenient()
def wasserstein(*, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """The mean squared Wasserstein-2 distance to the truth over ``sigma^2``: ``E [mu_g^2 + (sqrt(X_g) - 1)^2]``.

    About ``3g/(2n)`` at first. For ``ddof = 1`` it grows like ``g/n`` for ever, which rare chains carry; for
    ``ddof = 0`` it stays below 2. Arguments as for `log_mellin`.

    **Returns** shape ``(generations,)``. **Exactness** Exact.

    **Reference** Shumailov et al. 2023, arXiv:2305.17493, for the leading term.

    ```python
    >>> round(float(wasserstein(samples=100, generations=10, ddof=1)[-1]), 4)
    0.1499

    ```
    """
    arguments: dict[str, Any] = dict(samples=samples, generations=generations, ddof=ddof)
    _, bias = factors(**arguments)
    spread = jnp.expm1(jnp.cumsum(bias)) - 2 * jnp.expm1(log_moments(0.5, **arguments))
    return mean_square(**arguments) + spread


@lenient()
def kl_from_truth(*, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """``E KL(truth || generation g)``: ``E [(1 + mu_g^2)/X_g - 1 + log X_g] / 2``.

    With ``k_t = E 1/G_t = (n_t - ddof)/(n_t - 3)`` the first term is ``prod_t k_t + sum_t k_t ... k_g/n_t``: it grows
    geometrically. Arguments as for `log_mellin`.

    **Returns** shape ``(generations,)``; infinite from a batch of at most three samples on. **Exactness** Exact.

    ```python
    >>> round(float(kl_from_truth(samples=100, generations=10, ddof=1)[-1]), 4)
    0.1186

    ```
    """
    half, _ = factors(samples, generations, ddof)
    excess = (3 - ddof) * inverse_moment(2 * half - 2)  # k - 1

    def step(carry, now):
        grown, shifted = carry  # E 1/X - 1, and E mu^2/X
        more, size = now
        carry = (grown + more * (1 + grown), (1 + more) * (shifted + 1 / size))
        return carry, carry

    zero = jnp.zeros((), half.dtype)
    _, (grown, shifted) = jax.lax.scan(step, (zero, zero), (excess, 2 * half + 1))
    log_mean = log_variance_mean(samples=samples, generations=generations, ddof=ddof)
    return 0.5 * (grown + shifted + log_mean)


@lenient()
def kl_to_truth(*, samples: Number | Curve, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """``E KL(generation g || truth)``: ``E [X_g + mu_g^2 - 1 - log X_g] / 2``, which grows linearly.

    Arguments as for `log_mellin`. **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> round(float(kl_to_truth(samples=100, generations=10, ddof=1)[-1]), 4)
    0.1007

    ```
    """
    arguments: dict[str, Any] = dict(samples=samples, generations=generations, ddof=ddof)
    _, bias = factors(**arguments)
    total = jnp.expm1(jnp.cumsum(bias)) + mean_square(**arguments)  # less one
    return 0.5 * (total - log_variance_mean(**arguments))
