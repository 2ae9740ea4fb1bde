"""A mean of a few real rows and many surrogate ones, which come from elsewhere.

Reference: Jain, Montanari and Sasoglu 2024, arXiv:2402.04376.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_nonnegative, check_positive, check_share
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient


@lenient()
def mean_surrogate(
    *, weight: Number, samples: Number, surrogate_samples: Number, shift: Number, surrogate_variance: Number = 1.0
) -> Float[Array, ""]:
    """The squared error of ``(1 - alpha) mean(real) + alpha mean(surrogate)``: ``(1 - alpha)^2 A + alpha^2 B``.

    ``A = 1/n`` is the error of the real rows alone, in units of the variance of one, and ``B = s^2/m + shift^2`` that
    of the surrogate ones.

    **Arguments**

    - `weight`: ``alpha`` of the surrogate rows, in [0, 1].
    - `samples`, `surrogate_samples`: ``n`` and ``m``, positive.
    - `shift`: how far the mean of the surrogate rows is from the truth, at least 0, in deviations of a real row.
    - `surrogate_variance`: ``s^2`` of a surrogate row, at least 0, in units of that of a real one.

    **Returns** a scalar, for one coordinate.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Jain, Montanari and Sasoglu 2024, arXiv:2402.04376, for the setting.

    ```python
    >>> round(float(mean_surrogate(weight=0.5, samples=10, surrogate_samples=100, shift=0.3)), 4)
    0.05

    ```
    """
    check_share("weight", weight)
    real, other = _errors(samples, surrogate_samples, shift, surrogate_variance)
    return (1 - weight) ** 2 * real + weight**2 * other


@lenient()
def mean_surrogate_optimal_weight(
    *, samples: Number, surrogate_samples: Number, shift: Number, surrogate_variance: Number = 1.0
) -> Float[Array, ""]:
    """The weight of surrogate rows with the least error: ``A/(A + B)``, where it is ``A B/(A + B) < A``.

    Rows that have nothing to do with the truth help too, a little: the mean shrinks towards them.

    **Arguments** as for `mean_surrogate`.

    **Returns** a scalar in (0, 1].

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Jain, Montanari and Sasoglu 2024, arXiv:2402.04376, for the setting.

    ```python
    >>> round(float(mean_surrogate_optimal_weight(samples=10, surrogate_samples=100, shift=0.3)), 4)
    0.5

    ```
    """
    real, other = _errors(samples, surrogate_samples, shift, surrogate_variance)
    return real / (real + other)


def _errors(
    samples: Number, surrogate_samples: Number, shift: Number, surrogate_variance: Number
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """``A`` and ``B``."""
    check_positive("samples", samples)
    check_positive("surrogate_samples", surrogate_samples)
    check_nonnegative("shift", shift)
    check_nonnegative("surrogate_variance", surrogate_variance)
    dtype = jnp.result_type(samples, surrogate_samples, shift, surrogate_variance, float)
    return 1 / jnp.asarray(samples, dtype), surrogate_variance / jnp.asarray(surrogate_samples, dtype) + shift**2
