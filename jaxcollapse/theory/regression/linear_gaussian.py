"""Least squares that also estimates the noise of its labels, and passes it on."""

from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_choice,
)
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number
from jaxcollapse.theory.regression.inverse_moments import estimation_variance
from jaxcollapse.theory.regression.linear_regression import check_rows, curves


@lenient()
def ols_replace_estimated_noise(
    *, dim: Count, samples: Number, noise: Number, generations: Count, ddof: Literal["none", "dim"]
) -> Float[Array, " generations"]:
    """The risk of least squares when each generation also estimates the noise of its labels, and passes it on.

    Generation ``g`` labels with ``sigma_g^2 = RSS/(T - ddof)`` of its fit. With ``ddof = d`` the estimate is unbiased
    and the mean risk is that of `ols_replace`; with none ``sigma_g^2`` shrinks by ``a = 1 - d/T`` on average and the
    risk is ``sigma^2 d/(T - d - 1) (1 - a^g)/(1 - a)``, which stays below ``sigma^2 T/(T - d - 1)``.

    **Arguments**

    - `dim`, `samples`, `noise`, `generations`: as for `ols_replace`, one number each.
    - `ddof`: what the variance of the residuals is divided by: ``"dim"`` for ``T - d``, ``"none"`` for ``T``.

    **Returns** shape ``(generations,)``; infinite for ``T`` up to ``d + 1``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact mean for every covariance; with ``ddof = "dim"`` the law grows heavy tails, for
    ``sigma_g^2 -> 0`` almost surely while its mean stays.

    **Reference** The residual sum of squares is independent of the coefficients.

    ```python
    >>> curve = ols_replace_estimated_noise(dim=10, samples=31, noise=1.0, generations=2, ddof="none")
    >>> [round(float(risk), 4) for risk in curve]
    [0.5, 0.8387]

    ```
    """
    check_choice("ddof", ddof, ("none", "dim"))
    sizes, noises = curves(dim, samples, noise, generations)
    check_rows(dim, samples)
    for name, value in (("samples", samples), ("noise", noise)):
        check_one_number(name, value, "when the noise is estimated")
    kept = 1.0 if ddof == "dim" else jnp.maximum(1 - dim / sizes, 0.0)
    steps = jnp.arange(generations, dtype=sizes.dtype)
    return jnp.cumsum(dim * estimation_variance(noises, sizes - dim - 1) * kept**steps)
