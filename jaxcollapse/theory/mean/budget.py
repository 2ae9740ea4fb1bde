"""How to spend a budget: samples over generations, and real against synthetic data.

Errors are those of a mean, in units of the variance of one sample; every regular estimator follows to first order.
"""

from typing import Literal, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_choice, check_length, check_positive
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import per_generation


@lenient()
def mean_replace_allocation(
    *, budget: Number, objective: Literal["final", "sum"], cost: Number | Curve = 1.0, generations: Count
) -> Float[Array, " generations"]:
    """The sample sizes that minimise the error under replacement: ``n_t`` in proportion to ``sqrt(v_t/c_t)``.

    Generation ``t`` adds ``1/n_t`` to the squared error of itself and of all later ones: ``v_t = 1`` times where the
    last error counts, ``v_t = G - t + 1`` times where all do. The minimum is ``(sum_t sqrt(v_t c_t))^2 / budget``.

    **Arguments**

    - `budget`: what ``sum_t c_t n_t`` may be, positive.
    - `generations`: ``G``, a positive integer.
    - `objective`: ``"final"`` for the squared error of generation ``G``, ``"sum"`` for those of all, added up.
    - `cost`: ``c_t`` of one sample, positive, a number or shape ``(generations,)``.

    **Returns** shape ``(generations,)``, not rounded. Equal sizes are best for the last error if costs are equal; for
    the sum they shrink.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for a mean of known variance; asymptotic for other regular estimators, with an error of order
    ``1/n``.

    **Reference** Derived here, by Lagrange's condition ``v_t/n_t^2 = mu c_t``; the setting is that of Xu, He and Cheng
    2025, arXiv:2505.13947.

    ```python
    >>> [round(float(n), 1) for n in mean_replace_allocation(budget=100, generations=4, objective="sum")]
    [32.5, 28.2, 23.0, 16.3]

    ```
    """
    check_positive("budget", budget)
    check_length("generations", generations)
    check_choice("objective", objective, ("final", "sum"))
    check_positive("cost", cost)
    costs = per_generation("cost", cost, generations)
    heirs = jnp.arange(generations, 0, -1) if objective == "sum" else jnp.ones(generations)
    return budget * jnp.sqrt(heirs / costs) / jnp.sum(jnp.sqrt(heirs * costs))


class Mixture(NamedTuple):
    """What to train every generation on."""

    real_samples: Float[Array, ""]
    """``n``, fresh real samples."""
    samples: Float[Array, ""]
    """``m``, samples of the last model."""
    weight: Float[Array, ""]
    """``w``, the total weight of the real ones."""
    risk: Float[Array, ""]
    """The squared error after many generations."""


@lenient()
def mean_mix_allocation(*, budget: Number, real_cost: Number) -> Mixture:
    """The mixture of fresh real and synthetic data that has the least error in the long run, at a budget a generation.

    With ``n c + m = B``, where a real sample costs ``c`` synthetic ones: ``w = 1/sqrt(c)``,
    ``n = B/(2 c - sqrt(c))``, ``m = B (sqrt(c) - 1)/(2 sqrt(c) - 1)`` and the squared error
    ``(2 sqrt(c) - 1)/B``. The weight is the golden ratio where half of the samples are real, at a cost of 2.618.

    **Arguments**

    - `budget`: ``B``, positive.
    - `real_cost`: ``c``, positive. Up to 1 there is no use for synthetic data.

    **Returns** a `Mixture`, sizes not rounded.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for a mean of known variance; asymptotic for other regular estimators, with an error of order
    ``1/n``.

    **Reference** The error is that of `mean_mix_limit`, He, Xu and Cheng 2025, arXiv:2502.18049;
    its minimum over ``n/m`` is derived here.

    ```python
    >>> [round(float(x), 4) for x in mean_mix_allocation(budget=600, real_cost=4.0)]
    [100.0, 200.0, 0.5, 0.005]

    ```
    """
    check_positive("budget", budget)
    check_positive("real_cost", real_cost)
    dtype = jnp.result_type(budget, real_cost, float)
    total, cost = jnp.asarray(budget, dtype), jnp.asarray(real_cost, dtype)
    root = jnp.sqrt(jnp.maximum(cost, 1.0))
    real = total / jnp.where(cost > 1, root * (2 * root - 1), cost)
    synthetic = total * (root - 1) / (2 * root - 1)
    return Mixture(real, synthetic, 1 / root, 1 / (root * real))
