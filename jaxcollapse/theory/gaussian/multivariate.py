"""The covariance of a multivariate Gaussian chain under replacement, with the divisor ``n - 1``.

Generation ``g`` has the covariance ``A_1 ... A_g A_g' ... A_1'`` with independent Bartlett factors over
``sqrt(nu)``, ``nu = n - 1``: every moment below is a product over generations.

Reference: Shumailov et al. 2023, arXiv:2305.17493, for the setting; derived here.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.scipy.special import polygamma
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_above, check_count, check_numbers
from jaxcollapse.arguments.types import Count, Matrix, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.gaussian.univariate import equal_batches
from jaxcollapse.theory.special import digamma_rest


class TraceMoments(NamedTuple):
    """Second moments of a random covariance ``S``."""

    of_square: Float[Array, " generations"]
    """``E tr S^2``, the mean squared Frobenius norm."""
    squared: Float[Array, " generations"]
    """``E (tr S)^2``."""


@lenient()
def trace_moments(covariance: Matrix, *, samples: Number, generations: Count) -> TraceMoments:
    """The second moments of the fitted covariance at each generation.

    With ``a = tr Sigma^2`` and ``b = (tr Sigma)^2``, ``E tr S^2 = (2a + b)/3 (1 + 2/nu)^g + (a - b)/3 (1 - 1/nu)^g``
    and ``E (tr S)^2 = (2a + b)/3 (1 + 2/nu)^g - 2 (a - b)/3 (1 - 1/nu)^g``. The mean of ``S`` is ``Sigma``, so that
    ``E |S - Sigma|^2 = E tr S^2 - a``.

    **Arguments**

    - `covariance`: ``Sigma``, shape ``(dim, dim)``, symmetric.
    - `samples`: ``n``, one number, above 1.
    - `generations`: ``G``, a positive integer.

    **Returns** `TraceMoments` of shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, also where ``n`` is below the number of dimensions.

    ```python
    >>> moments = trace_moments(jnp.eye(3), samples=11, generations=2)
    >>> [round(float(m), 4) for m in moments.of_square]
    [4.2, 5.58]

    ```
    """
    check_numbers("covariance", covariance)
    sigma = jnp.asarray(covariance)
    if sigma.ndim != 2 or sigma.shape[0] != sigma.shape[1]:
        raise ValueError(f"covariance must have shape (dim, dim), got {sigma.shape}")
    n, g = equal_batches(samples, generations)
    nu = n - 1
    a, b = jnp.sum(sigma**2), jnp.trace(sigma) ** 2
    grows, shrinks = (2 * a + b) / 3 * (1 + 2 / nu) ** g, (a - b) / 3 * (1 - 1 / nu) ** g
    return TraceMoments(grows + shrinks, grows - 2 * shrinks)


@lenient()
def lyapunov_exponents(*, dim: Count, samples: Number) -> Float[Array, " dim"]:
    """The rates at which the log eigenvalues of the covariance fall: ``psi((nu - i)/2) + log(2/nu)``, ``i < dim``.

    All are negative, and the gap between the first and the last makes the condition number grow about like
    ``exp(g (dim - 1)/n)``: the distribution collapses to a line before it collapses to a point.

    **Arguments**

    - `dim`: a positive integer.
    - `samples`: ``n``, one number, above `dim`.

    **Returns** shape ``(dim,)``, largest first.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact limits of ``log(eigenvalue)/g``.

    ```python
    >>> [round(float(rate), 4) for rate in lyapunov_exponents(dim=3, samples=20)]
    [-0.0536, -0.1107, -0.1712]

    ```
    """
    half, nu = _halves(dim, samples)
    return digamma_rest(half) + jnp.log1p(-jnp.arange(int(dim)) / nu)


@lenient()
def log_determinant_mean(*, dim: Count, samples: Number, generations: Count) -> Float[Array, " generations"]:
    """``E log |S|/|Sigma|`` at each generation: ``g`` times the sum of `lyapunov_exponents`.

    **Arguments** and **Raises** as there, and `generations`, a positive integer.

    **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> round(float(log_determinant_mean(dim=3, samples=20, generations=2)[-1]), 4)
    -0.6708

    ```
    """
    _, g = equal_batches(samples, generations)
    return g * jnp.sum(lyapunov_exponents(dim=dim, samples=samples))


@lenient()
def log_determinant_variance(*, dim: Count, samples: Number, generations: Count) -> Float[Array, " generations"]:
    """``Var log |S|`` at each generation: ``g sum_i psi1((nu - i)/2)``.

    **Arguments** and **Raises** as for `log_determinant_mean`.

    **Returns** shape ``(generations,)``. **Exactness** Exact.

    ```python
    >>> round(float(log_determinant_variance(dim=3, samples=20, generations=2)[-1]), 4)
    0.7067

    ```
    """
    half, _ = _halves(dim, samples)
    _, g = equal_batches(samples, generations)
    return g * jnp.sum(polygamma(1, half))


def _halves(dim: Count, samples: Number) -> tuple[Float[Array, " dim"], Float[Array, ""]]:
    """Half the degrees of freedom of the chi-squares in a Bartlett factor, and the divisor."""
    check_count("dim", dim, minimum=1)
    check_above("samples", samples, float(dim))
    n, _ = equal_batches(samples, 1)
    nu = n - 1
    return (nu - jnp.arange(int(dim))) / 2, nu
