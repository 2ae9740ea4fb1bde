"""Real and synthetic data at every generation: how much weight the real data should have.

Protocol: generation 1 is fitted to ``n`` real observations; every later one to ``n`` fresh real observations with total
weight ``w`` and ``m`` observations from the model before it with weight ``1 - w``. The ratio is ``k = n/m``, or
``(sigma_m^2/m) / (sigma_n^2/n)`` when the noises differ. `jaxcollapse.Mix` simulates it.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_length,
    check_nonnegative,
    check_share,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import from_the_second
from jaxcollapse.theory.former import formerly


@formerly(weight="real_weight")
@lenient()
def mean_mix(*, real_weight: Number | Curve, ratio: Number, generations: Count) -> Float[Array, " generations"]:
    """The risk when each generation mixes fresh real and synthetic data, relative to the fit to real data alone.

    ``v_1 = 1`` and ``v_g = w_g^2 + (1 - w_g)^2 (v_{g-1} + k)``, in units of the variance ``sigma^2/n`` of a fit to one
    real batch.

    **Arguments**

    - `real_weight`: ``w``, the weight of the real data in [0, 1], a number or shape ``(generations,)``; the first entry
      is not used.
    - `ratio`: ``k = n/m``, at least 0.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for sample means and for least squares on one design; asymptotic, with an error of order
    ``1/n``, for every other regular estimator.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> [round(float(v), 4) for v in mean_mix(real_weight=0.5, ratio=1.0, generations=3)]
    [1.0, 0.75, 0.6875]

    ```
    """
    check_length("generations", generations)
    check_share("real_weight", real_weight)
    check_nonnegative("ratio", ratio)
    dtype = jnp.result_type(jnp.asarray(real_weight), ratio, float)
    w = from_the_second("real_weight", real_weight, generations, first=1.0).astype(dtype)

    def step(v, w):
        v = w**2 + (1 - w) ** 2 * (v + ratio)
        return v, v

    return jax.lax.scan(step, jnp.zeros((), dtype), w)[1]


@formerly(weight="real_weight")
@lenient()
def mean_mix_limit(*, real_weight: Number, ratio: Number) -> Float[Array, ""]:
    """The risk of `mean_mix` after infinitely many generations: ``v(w) = [w^2 + k (1-w)^2] / [w (2-w)]``.

    **Arguments**

    - `real_weight`: ``w``, in (0, 1].
    - `ratio`: ``k = n/m``, at least 0.

    **Returns** a scalar. At `mean_mix_optimal_weight` it equals that weight.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** As for `mean_mix`.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> round(float(mean_mix_limit(real_weight=0.5, ratio=1.0)), 4)
    0.6667

    ```
    """
    check_share("real_weight", real_weight)
    check_above("real_weight", real_weight, 0.0)
    check_nonnegative("ratio", ratio)
    w = jnp.asarray(real_weight, jnp.result_type(real_weight, ratio, float))
    return (w**2 + ratio * (1 - w) ** 2) / (w * (2 - w))


@formerly("ratio")
@lenient()
def mean_mix_optimal_weight(*, ratio: Number = 1.0) -> Float[Array, ""]:
    """The constant weight of the real data that minimises the limiting risk: ``w* = (sqrt(k^2 + 4k) - k)/2``.

    With as much synthetic as real data it is the inverse of the golden ratio, 0.618. ``v(w*) = w*``: the weight is
    also the risk, relative to that of the real data alone.

    **Arguments**

    - `ratio`: ``k = n/m``, at least 0.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for a negative ratio.

    **Exactness** As for `mean_mix`.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> round(float(mean_mix_optimal_weight(ratio=1.0)), 4)
    0.618

    ```
    """
    check_nonnegative("ratio", ratio)
    k = jnp.asarray(ratio, jnp.result_type(ratio, float))
    return 2 * jnp.sqrt(k) / (jnp.sqrt(k + 4) + jnp.sqrt(k))  # the same, without cancellation for large k


@formerly("ratio")
@lenient()
def mean_mix_pooling_weight(*, ratio: Number) -> Float[Array, ""]:
    """The weight of the real data when all rows count once: ``w = n/(n + m) = k/(1 + k)``.

    Its limiting risk is ``(1 + k)/(2 + k)``, never less than a half, however much synthetic data there is.

    **Arguments**

    - `ratio`: ``k = n/m``, at least 0.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for a negative ratio.

    **Exactness** Exact.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> round(float(mean_mix_limit(real_weight=mean_mix_pooling_weight(ratio=0.1), ratio=0.1)), 4)
    0.5238

    ```
    """
    check_nonnegative("ratio", ratio)
    k = jnp.asarray(ratio, jnp.result_type(ratio, float))
    return k / (1 + k)


@lenient()
def mean_mix_dynamic_weight(*, ratio: Number, generations: Count) -> Float[Array, " generations"]:
    """The weights that minimise the risk of every generation at once, which are also the risks.

    ``w_g = v_g = (v_{g-1} + k)/(1 + v_{g-1} + k)`` from ``w_1 = v_1 = 1``: the gain of a Kalman filter. For ``k = 1``
    quotients of Fibonacci numbers, 2/3, 5/8, 13/21, ...; for ``k = 0`` the sequence ``1/g``; the limit is
    `mean_mix_optimal_weight`.

    **Arguments**

    - `ratio`: ``k = n/m``, at least 0.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** As for `mean_mix`.

    **Reference** Follows from the recursion of He, Xu and Cheng 2025, arXiv:2502.18049, generation by generation.

    ```python
    >>> [round(float(w), 4) for w in mean_mix_dynamic_weight(ratio=1.0, generations=3)]
    [1.0, 0.6667, 0.625]

    ```
    """
    check_length("generations", generations)
    check_nonnegative("ratio", ratio)
    dtype = jnp.result_type(ratio, float)

    def step(v, _):
        return (v + ratio) / (1 + v + ratio), v

    return jax.lax.scan(step, jnp.ones((), dtype), length=int(generations))[1]
