"""The location of a symmetric law, estimated by its mean, its median, or something between: what the first fit errs.

Rows are ``theta + scale * x`` with a law of ``x`` that is symmetric about zero. Huber's M-estimator solves
``sum_i psi((x_i - theta)/scale) = 0`` for ``psi(x) = x`` up to a corner ``k`` and ``+-k`` beyond it: the median is its
limit ``k = 0``, the mean ``k = inf``. Its error over the root of ``n`` has the variance ``E psi^2/(E psi')^2``, and a
workflow inflates it by `jaxcollapse.theory.mean.inflation` as that of any regular estimator.

Reference: Huber 1964, "Robust Estimation of a Location Parameter"; Dey and Donoho 2024, arXiv:2410.22812.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import jax.numpy as jnp
from jax.scipy.special import ndtr
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_choice, check_positive, check_scalar
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient

Law: TypeAlias = Literal["normal", "laplace", "cauchy"]
LAWS = ("normal", "laplace", "cauchy")


class _Standard(NamedTuple):
    """What an estimate needs to know of a symmetric law."""

    variance: float
    at_zero: float
    """The density at zero."""
    inside: Callable[[Array], Array]
    """The probability of a distance below ``k`` from zero."""
    square: Callable[[Array], Array]
    """The mean of ``x^2`` where the distance is below ``k``, and of zero elsewhere."""


def _normal_square(k: Array) -> Array:
    return 2 * ndtr(k) - 1 - 2 * k * jnp.exp(-0.5 * k**2) / jnp.sqrt(2 * jnp.pi)


_STANDARD = {
    "normal": _Standard(1.0, (2 * jnp.pi) ** -0.5, lambda k: 2 * ndtr(k) - 1, _normal_square),
    "laplace": _Standard(2.0, 0.5, lambda k: -jnp.expm1(-k), lambda k: 2 - jnp.exp(-k) * (k**2 + 2 * k + 2)),
    "cauchy": _Standard(
        float("inf"), 1 / jnp.pi, lambda k: 2 / jnp.pi * jnp.arctan(k), lambda k: 2 / jnp.pi * (k - jnp.arctan(k))
    ),
}


def check_estimator(law: Any, estimator: Any) -> None:
    """One of the laws, and the mean, the median or the corner of Huber's estimator."""
    check_choice("law", law, LAWS)
    if isinstance(estimator, str):
        check_choice("estimator", estimator, ("mean", "median"))
        return
    check_scalar("estimator", estimator)
    check_positive("estimator", estimator)


@lenient()
def location_error(law: Law, *, estimator: Any, samples: Number, scale: Number = 1.0) -> Float[Array, ""]:
    """The mean squared error of a first estimate of the location of a symmetric law.

    ``scale^2/n`` times the variance of a row for the mean, ``1/(4 f(0)^2)`` for the median, and
    ``E psi^2/(E psi')^2`` for Huber's estimator.

    **Arguments**

    - `law`: of a row: ``"normal"``, ``"laplace"`` (density ``exp(-|x|)/2``) or ``"cauchy"``.
    - `estimator`: ``"mean"``, ``"median"``, or the corner ``k`` of Huber's, positive, in units of the scale.
    - `samples`: ``n``, positive.
    - `scale`: positive.

    **Returns** a scalar; infinite for the mean of Cauchy rows. Generation ``g`` has
    `jaxcollapse.theory.mean.inflation` times as much.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for the mean. Asymptotic for the others, with a relative error of order ``1/n``; for the median
    of Laplace rows, whose density has a kink where the median is, of order ``1/sqrt(n)``.

    **Reference** Huber 1964, "Robust Estimation of a Location Parameter".

    ```python
    >>> [round(float(location_error("normal", estimator=e, samples=100)), 5) for e in ("mean", 1.345, "median")]
    [0.01, 0.01053, 0.01571]

    ```
    """
    check_estimator(law, estimator)
    check_positive("samples", samples)
    check_positive("scale", scale)
    known = _STANDARD[law]
    if estimator == "mean":
        factor = known.variance
    elif estimator == "median":
        factor = 1 / (4 * known.at_zero**2)
    else:
        k = jnp.asarray(estimator, jnp.result_type(estimator, float))
        inside = known.inside(k)
        factor = (known.square(k) + k**2 * (1 - inside)) / inside**2
    return jnp.asarray(factor * jnp.square(scale) / samples)
