"""Linear regression by one pass of stochastic gradient descent over rows of which some have biased labels.

Protocol: from ``w = 0``, each step sees a fresh row ``x ~ N(0, I)`` with the label ``x'(w0 + delta) + sigma e`` with
probability ``p``, and ``x'w0 + sigma e`` otherwise, and moves by ``gamma x (y - x'w)``.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_count, check_length, check_nonnegative, check_numbers, check_share
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import over_generations


@lenient()
def sgd_biased_labels(
    *,
    dim: Count,
    noise: Number,
    rate: Number | Curve,
    share: Number | Curve,
    bias: Number,
    overlap: Number = 0.0,
    norm: Number = 1.0,
    steps: Count,
) -> Float[Array, " steps"]:
    """The risk along one pass of stochastic gradient descent over rows of which a share has biased labels.

    With ``a = E|w - w0|^2`` and ``b = E(w - w0)'delta``,
    ``a' = a - 2 gamma (a - p b) + gamma^2 [(d + 2)(a - 2 p b + p |delta|^2) + d sigma^2]`` and
    ``b' = (1 - gamma) b + gamma p |delta|^2``. Mixed rows leave a floor of ``p^2 |delta|^2`` that no number of steps
    and no rate undoes; all biased rows first and all others afterwards leave none.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `noise`: ``sigma`` of all labels, at least 0.
    - `rate`: ``gamma``, at least 0, a number or shape ``(steps,)``; above ``2/(d + 2)`` the risk diverges.
    - `share`: ``p``, in [0, 1], a number or shape ``(steps,)``: a schedule of it is a curriculum.
    - `bias`: ``|delta|``, at least 0.
    - `overlap`: ``w0'delta``, any number of at most ``|w0| |delta|``.
    - `norm`: ``|w0|``, at least 0.
    - `steps`: a positive integer.

    **Returns** shape ``(steps,)``: ``E|w - w0|^2`` after every step.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Derived here.

    ```python
    >>> setting = dict(dim=10, noise=0.5, rate=0.02, bias=1.0, steps=400)
    >>> mixed = sgd_biased_labels(share=0.5, **setting)
    >>> curriculum = sgd_biased_labels(share=[1.0] * 200 + [0.0] * 200, **setting)
    >>> round(float(mixed[-1]), 3), round(float(curriculum[-1]), 3)
    (0.312, 0.029)

    ```
    """
    check_count("dim", dim, minimum=1)
    check_length("steps", steps)
    for name, value in (("noise", noise), ("rate", rate), ("bias", bias), ("norm", norm)):
        check_nonnegative(name, value)
    check_numbers("overlap", overlap)
    check_share("share", share)
    rates, shares = over_generations(steps, rate=rate, share=share)
    square, spread = jnp.asarray(bias, rates.dtype) ** 2, dim * jnp.asarray(noise, rates.dtype) ** 2

    def step(state, now):
        a, b = state
        gamma, p = now
        seen = a - 2 * p * b + p * square
        a = a - 2 * gamma * (a - p * b) + gamma**2 * ((dim + 2) * seen + spread)
        return (a, (1 - gamma) * b + gamma * p * square), a

    start = jnp.asarray(norm, rates.dtype) ** 2, -jnp.asarray(overlap, rates.dtype)
    return jax.lax.scan(step, start, (rates, shares))[1]
