"""Second moments of a recursive mean in a natural exponential family with quadratic variance.

The variance function is ``V(theta) = a + b theta + c theta^2``; ``c``, the curvature, is 0 for the Gaussian mean and
the Poisson, ``1/k`` for a gamma of shape ``k`` (1 for the exponential), ``-1`` for the Bernoulli.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_above, check_length, check_nonnegative, check_numbers
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, per_generation


@lenient()
def variance_replace(
    *, samples: Number | Curve, variance: Number, curvature: Number, generations: Count
) -> Float[Array, " generations"]:
    """The variance of the mean after each generation of replacement: ``V [prod_t (1 + c/n_t) - 1] / c``.

    **Arguments**

    - `variance`: ``V`` at the true mean, at least 0.
    - `curvature`: ``c``; 0 gives ``V sum_t 1/n_t``.
    - `samples`: batch sizes above ``-c``, a number or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Exactness** Exact.

    **Reference** Morris 1982 (families with quadratic variance); the recursion follows from
    ``E V(mean) = (1 + c/n) V``.

    ```python
    >>> curve = variance_replace(variance=1.0, curvature=0.0, samples=10, generations=2)
    >>> [round(float(v), 4) for v in curve]
    [0.1, 0.2]

    ```
    """
    check_numbers("curvature", curvature)
    sizes = _sizes(variance, curvature, samples, generations)
    return _variance(variance, curvature, 1 / sizes)


@lenient()
def variance_accumulate(
    *, samples: Number, variance: Number, curvature: Number, generations: Count
) -> Float[Array, " generations"]:
    """The variance of the mean after each generation of accumulation with equal batches.

    ``V [prod_{g<=G} (1 + c/(n g^2)) - 1] / c``.

    **Arguments** as for `variance_replace`, `samples` one number.

    **Returns** shape ``(generations,)``.

    **Exactness** As of `variance_replace`.

    **Reference** Dey and Donoho 2024, arXiv:2410.22812, for its limit ``V/n sum 1/g^2``.

    ```python
    >>> curve = variance_accumulate(variance=1.0, curvature=0.0, samples=1, generations=3)
    >>> [round(float(v), 4) for v in curve]
    [1.0, 1.25, 1.3611]

    ```
    """
    check_numbers("curvature", curvature)
    check_one_number("samples", samples, "under accumulation")
    sizes = _sizes(variance, curvature, samples, generations)
    return _variance(variance, curvature, 1 / (sizes * jnp.arange(1, generations + 1) ** 2))


@lenient()
def variance_accumulate_limit(*, samples: Number, variance: Number, curvature: Number) -> Float[Array, ""]:
    """The variance of the mean after infinitely many generations of accumulation with equal batches.

    ``V [sinh(x)/x - 1] / c`` with ``x = pi sqrt(c/n)`` for ``c > 0``, ``sin`` for ``sinh`` and ``|c|`` for ``c < 0``,
    ``V pi^2 / (6 n)`` for ``c = 0``.

    **Arguments** as for `variance_accumulate`.

    **Exactness** The limit of `variance_accumulate`.

    ```python
    >>> round(float(variance_accumulate_limit(variance=1.0, curvature=0.0, samples=1)), 4)
    1.6449

    ```
    """
    check_numbers("curvature", curvature)
    sizes = _sizes(variance, curvature, samples, 1)[0]
    square = jnp.pi**2 * jnp.asarray(curvature, sizes.dtype) / sizes  # x^2, which has a sign, above -pi^2
    near = square < 10
    series = jnp.zeros_like(square)
    for k in range(16, -1, -1):
        series = 1 / math.factorial(2 * k + 3) + jnp.where(near, square, 0.0) * series
    x = jnp.sqrt(jnp.where(near, 1.0, square))
    return variance * jnp.pi**2 / sizes * jnp.where(near, series, (jnp.sinh(x) / x - 1) / x**2)


def _variance(variance: Number, curvature: Number, steps: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """``V [prod (1 + c s_g) - 1]/c`` step by step, which no curvature is too small for."""

    def add(total, step):
        total = total + step * (1 + curvature * total)
        return total, total

    return variance * jax.lax.scan(add, jnp.zeros((), steps.dtype), steps)[1]


def _sizes(
    variance: Number, curvature: Number, samples: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    check_nonnegative("variance", variance)
    check_length("generations", generations)
    check_above("samples", samples, 0.0)
    check_above("samples + curvature", jnp.asarray(samples) + curvature, 0.0)
    return per_generation("samples", samples, generations)
