"""Recursive estimation as a random walk: how fast samples must grow.

Generation ``t`` re-estimates a mean from ``n_t`` samples of its predecessor: ``theta_t = theta_{t-1} + b_t + w_t``
with a bias ``b_t = B n_t^-kappa`` and independent ``w_t ~ N(0, sigma^2 / n_t)``. Units: ``sigma = 1``.

Reference: Xu, He and Cheng 2025, arXiv:2505.13947.
"""

import jax.numpy as jnp
from jax.scipy.special import zeta
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_numbers, check_positive
from jaxcollapse.arguments.types import Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import of_any_length
from jaxcollapse.theory.former import formerly


@formerly("samples")
@lenient()
def mean_replace_variance(*, samples: Curve) -> Float[Array, " generations"]:
    """The variance ``sum_{t<=T} 1/n_t`` of the walk after each generation, in units of ``sigma^2``.

    **Arguments**

    - `samples`: sizes ``n_1, ..., n_G``, positive.

    **Returns** shape ``(generations,)``.

    **Exactness** Exact for a mean with known variance.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> mean_replace_variance(samples=[2.0, 4.0]).tolist()
    [0.5, 0.75]

    ```
    """
    return jnp.cumsum(1 / _sizes(samples))


@lenient()
def mean_replace_variance_limit(*, scale: Number, growth: Number) -> Float[Array, ""]:
    """The variance ``zeta(1 + s) / c`` of the whole walk for ``n_t = c t^(1+s)``; infinite unless ``s > 0``.

    **Arguments**

    - `scale`: ``c``, positive.
    - `growth`: ``s``, any real number.

    **Exactness** Exact for sizes that are not rounded.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> round(float(mean_replace_variance_limit(scale=1.0, growth=1.0)), 4)
    1.6449

    ```
    """
    check_numbers("growth", growth)
    check_positive("scale", scale)
    return _zeta(1.0 + growth) / scale


@formerly("samples")
@lenient()
def mean_replace_bias(*, samples: Curve, coefficient: Number, order: Number) -> Float[Array, " generations"]:
    """The accumulated bias ``B sum_{t<=T} n_t^-kappa`` after each generation.

    **Arguments**

    - `samples`: sizes ``n_1, ..., n_G``, positive.
    - `coefficient`: ``B``.
    - `order`: ``kappa``, positive: 1 for a regular maximum-likelihood estimate.

    **Returns** shape ``(generations,)``.

    **Exactness** Exact for a constant bias ``B n^-kappa`` of each step.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> mean_replace_bias(samples=[4.0, 16.0], coefficient=1.0, order=0.5).tolist()
    [0.5, 0.75]

    ```
    """
    check_numbers("coefficient", coefficient)
    check_positive("order", order)
    return coefficient * jnp.cumsum(_sizes(samples) ** -order)


@lenient()
def mean_replace_bias_limit(*, scale: Number, growth: Number, coefficient: Number, order: Number) -> Float[Array, ""]:
    """The accumulated bias of the whole walk for ``n_t = c t^(1+s)``: ``B c^-kappa zeta(kappa (1 + s))``.

    Infinite unless ``s > 1/kappa - 1``. Arguments as for `mean_replace_variance_limit` and `mean_replace_bias`.

    **Exactness** Exact for sizes that are not rounded.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> round(float(mean_replace_bias_limit(scale=1.0, growth=3.0, coefficient=1.0, order=0.5)), 4)
    1.6449

    ```
    """
    check_numbers("coefficient", coefficient)
    check_numbers("growth", growth)
    check_positive("scale", scale)
    check_positive("order", order)
    return coefficient * jnp.asarray(scale, float) ** -order * _zeta(order * (1.0 + growth))


@formerly("samples")
@lenient()
def mean_replace_squared_error(*, samples: Curve, coefficient: Number, order: Number) -> Float[Array, " generations"]:
    """The expected squared error ``bias^2 + variance`` after each generation, in units of ``sigma^2``.

    Arguments as for `mean_replace_bias`.

    **Returns** shape ``(generations,)``.

    **Exactness** Exact for steps of constant bias ``B n^-kappa`` and variance ``1/n``.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> mean_replace_squared_error(samples=[4.0], coefficient=1.0, order=0.5).tolist()
    [0.5]

    ```
    """
    check_numbers("coefficient", coefficient)
    return mean_replace_bias(samples=samples, coefficient=coefficient, order=order) ** 2 + mean_replace_variance(
        samples=samples
    )


@formerly("order")
@lenient()
def mean_replace_required_growth(*, order: Number) -> Float[Array, ""]:
    """The growth ``s`` that ``n_t = c t^(1+s)`` must exceed for a bounded error: ``max(0, 1/kappa - 1)``.

    **Arguments**

    - `order`: ``kappa``, the order of the bias ``n^-kappa`` of one step, positive.

    **Exactness** Necessary and sufficient for a bias of exactly this order.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> float(mean_replace_required_growth(order=0.5))
    1.0

    ```
    """
    check_positive("order", order)
    return jnp.maximum(0.0, 1 / jnp.asarray(order, float) - 1)


@formerly("samples")
@lenient()
def mean_replace_drift_ratio(*, samples: Curve) -> Float[Array, " generations"]:
    """The ratio ``s2/s1`` of the drift after the first fit to the error of the first fit, under replacement.

    ``s2^2/s1^2 = n_1 sum_{2<=t<=T} 1/n_t``.

    **Arguments**

    - `samples`: sizes ``n_1, ..., n_G``, positive.

    **Returns** shape ``(generations,)``; 0 at the first generation.

    **Exactness** Exact for a mean with known variance.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> mean_replace_drift_ratio(samples=[10.0, 10.0, 10.0, 10.0, 10.0])[4].item()
    2.0

    ```
    """
    sizes = _sizes(samples)
    return jnp.sqrt(jnp.cumsum(jnp.where(jnp.arange(len(sizes)) > 0, sizes[0] / sizes, 0.0)))


@formerly("growth")
@lenient()
def mean_replace_drift_ratio_limit(*, growth: Number) -> Float[Array, ""]:
    """The limit ``sqrt(zeta(1 + s) - 1)`` of `mean_replace_drift_ratio` for ``n_t = c t^(1+s)``.

    Infinite unless ``s > 0``.

    **Exactness** Exact for sizes that are not rounded.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> round(float(mean_replace_drift_ratio_limit(growth=1.0)), 4)
    0.8031

    ```
    """
    check_numbers("growth", growth)
    return jnp.sqrt(_zeta(1.0 + growth) - 1)


def _zeta(exponent: Number) -> Float[Array, ""]:
    """The Riemann zeta function, infinite at and below 1."""
    exponent = jnp.asarray(exponent, jnp.result_type(exponent, float))
    convergent = exponent > 1
    return jnp.where(convergent, zeta(jnp.where(convergent, exponent, 2.0), 1.0), jnp.inf)


def _sizes(samples: Curve) -> Float[Array, " generations"]:
    check_positive("samples", samples)
    return of_any_length("samples", samples)
