"""Parameters extrapolated away from a fit to own samples, for the variance of a Gaussian.

A fit ``A`` to ``n`` real rows, and a second one to ``N`` rows that the first has drawn, ``A B``: what is deployed is
``(1 + w) A - w A B``. The sampler draws with ``lambda`` times the variance that it is given, and what the second fit
tells is this error of the sampler.

Reference: the setting of Alemohammad et al. 2025 (Neon), arXiv:2510.03597; the Gaussian case is derived here.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_above, check_numbers, check_positive
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number


class _Moments(NamedTuple):
    """Of the first fit, and of how far the second one is below it."""

    mean: Float[Array, ""]
    variance: Float[Array, ""]
    below: Float[Array, ""]
    spread: Float[Array, ""]
    bias: Float[Array, ""]

    @property
    def square(self) -> Float[Array, ""]:
        """Of the first fit."""
        return self.mean**2 + self.variance


@lenient()
def extrapolated_error(
    *, guidance: Number, samples: Number, own_samples: Number, sampling_bias: Number = 1.0
) -> Float[Array, ""]:
    """The mean squared error of the deployed variance ``lambda A (1 + w (1 - B))``, in units of the true one squared.

    ``lambda^2 E A^2 (1 + 2 w (1 - E B) + w^2 E(1 - B)^2) - 2 lambda E A (1 + w (1 - E B)) + 1`` with
    ``A = chi2(n - 1)/n`` and ``B = lambda chi2(N - 1)/N``.

    **Arguments**

    - `guidance`: ``w``, of either sign.
    - `samples`: ``n`` real rows, above 1.
    - `own_samples`: ``N`` own ones, above 1.
    - `sampling_bias`: ``lambda``, positive: what the sampler multiplies a variance by.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for fits by maximum likelihood.

    ```python
    >>> case = dict(samples=20, own_samples=30, sampling_bias=0.85)
    >>> [round(float(extrapolated_error(guidance=w, **case)), 5) for w in (0.0, 0.274)]
    [0.10569, 0.10145]

    ```
    """
    check_numbers("guidance", guidance)
    check_one_number("guidance", guidance, "for one model")
    m = _moments(samples, own_samples, sampling_bias)
    w = jnp.asarray(guidance, m.mean.dtype)
    scale = 1 + w * m.below
    spread = m.square * w**2 * m.spread + m.variance * scale**2
    return (m.bias * m.mean * scale - 1) ** 2 + m.bias**2 * spread


@lenient()
def extrapolated_optimal_guidance(
    *, samples: Number, own_samples: Number, sampling_bias: Number = 1.0
) -> Float[Array, ""]:
    """The guidance with the least error: ``(1 - E B)(E A/lambda - E A^2)/(E A^2 E(1 - B)^2)``.

    It is positive if and only if ``lambda < n/(n + 1)``: what helps is known of the sampler, not of the data. With an
    exact sampler the second fit is noise, and the best guidance about ``-1/(2 (n + 1))``.

    **Arguments** as for `extrapolated_error`.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for fits by maximum likelihood.

    ```python
    >>> [round(float(extrapolated_optimal_guidance(samples=20, own_samples=30, sampling_bias=b)), 3) for b in (0.85, 1)]
    [0.274, -0.024]

    ```
    """
    m = _moments(samples, own_samples, sampling_bias)
    return m.below * (m.mean / m.bias - m.square) / (m.square * (m.below**2 + m.spread))


def _moments(samples: Number, own_samples: Number, sampling_bias: Number) -> _Moments:
    for name, value in (("samples", samples), ("own_samples", own_samples)):
        check_above(name, value, 1.0)
        check_one_number(name, value, "for one fit")
    check_positive("sampling_bias", sampling_bias)
    check_one_number("sampling_bias", sampling_bias, "for one model")
    dtype = jnp.result_type(samples, own_samples, sampling_bias, float)
    n, own, bias = (jnp.asarray(value, dtype) for value in (samples, own_samples, sampling_bias))
    below = (1 - bias) + bias / own
    return _Moments((n - 1) / n, 2 * (n - 1) / n**2, below, 2 * bias**2 * (own - 1) / own**2, bias)
