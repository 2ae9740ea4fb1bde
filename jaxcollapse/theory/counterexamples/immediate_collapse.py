"""How often maximum likelihood collapses when it is trained on its own data once, in the family of theorem 5.1.

The fit to ``n`` real points takes ``alpha = (1 - x)/2`` at the point ``x`` next to the edge, or at one below it where
the likelihood is larger still: dropping a point costs ``log 2``, the gap to the next gains ``E/4``, where ``n`` times
the gap is an exponential variate ``E``. So the point is where a random walk of steps ``E/4 - log 2`` is highest.
Of a walk with exponential rises all is known in terms of ``p = exp(-c (1 - p))`` with ``c = 4 log 2``: it rises above
its start with probability ``p``, each time by ``E/(4p)`` less, on average, what the steps cost.

Reference: Barzilai and Shamir 2025, arXiv:2505.19046, theorem 5.1; the limits are derived here.
"""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_positive
from jaxcollapse.arguments.types import Curve, Number
from jaxcollapse.machine.leniency import lenient

_COST = 4 * math.log(2)


@lenient()
def immediate_collapse_dropped() -> float:
    """The probability that the fit to real data is not at the largest point, for large samples.

    **Returns** the root ``p < 1`` of ``p = exp(-4 log(2) (1 - p))``.

    **Exactness** Asymptotic, up to O(1/n).

    ```python
    >>> round(immediate_collapse_dropped(), 4)
    0.0775

    ```
    """
    return _rises(0.0)


@lenient()
def immediate_collapse_first_distance() -> float:
    """The limit of ``n`` times the mean distance in total variation of the first fit.

    **Returns** ``[1 + (1 + c/(1 - c p)) p/(1 - p)]/2`` with ``c = 4 log 2`` and ``p`` of `immediate_collapse_dropped`.

    **Exactness** Asymptotic, up to O(1/n).

    ```python
    >>> round(immediate_collapse_first_distance(), 4)
    0.6903

    ```
    """
    p = immediate_collapse_dropped()
    return 0.5 * (1 + p / (1 - p) * (1 + _COST / (1 - _COST * p)))


@lenient()
def immediate_collapse_probability() -> float:
    """The limit of the probability that the second fit has collapsed.

    **Returns** ``1 - s (1 - p)/(1 - s q)`` with ``s = 4/5``, ``p`` of `immediate_collapse_dropped` and ``q`` the
    smaller root of ``q = exp(-c (1 - q))/2``: the mean of ``1 - exp(-n alpha/2)``.

    **Exactness** Asymptotic, up to O(1/n).

    ```python
    >>> round(immediate_collapse_probability(), 4)
    0.2411

    ```
    """
    s = 1 / (1 + 1 / 4)
    return 1 - s * (1 - immediate_collapse_dropped()) / (1 - s * _rises(_COST / 4))


@lenient()
def immediate_collapse_probability_bound(*, samples: Number) -> Float[Array, ""]:
    """A lower bound on the probability that the second fit has collapsed, for every sample size.

    **Arguments**

    - `samples`: ``n``, at least 1, may be traced.

    **Returns** a scalar: ``E[1 - (1 - alpha/2)^n]`` for the least possible estimate ``alpha = (1 - x)/2`` at the
    largest point ``x``, at most 1/4; it tends to 1/5.

    **Raises** `ValueError` for samples that are not positive.

    **Exactness** Bound; the mean is exact but for an event of probability ``2^-n``.

    ```python
    >>> [round(float(immediate_collapse_probability_bound(samples=n)), 4) for n in (10, 100, 1e6)]
    [0.1904, 0.199, 0.2]

    ```
    """
    check_positive("samples", samples)
    return 1 - gap_mean_power(samples=samples, slope=0.25, power=1.0)


def gap_mean_power(*, samples: Number, slope: Number, power: Number | Curve) -> Float[Array, "..."]:
    """The mean of ``(1 - slope y)^(n power)`` for the gap ``y`` between one and the largest of ``n`` uniform variates.

    The gap counts as 1/2 where it is larger. Gauss-Laguerre quadrature, for ``(1 - y)^n`` is uniform.

    **Arguments**

    - `samples`: ``n``; `slope`: of the density near one; `power`: any number of them.

    **Returns** the mean in the shape of `power`.

    **Exactness** To the error of 32 nodes; ``1/(1 + slope * power)`` for large ``n``.
    """
    n, power = jnp.asarray(samples, float), jnp.asarray(power, float)[..., None]
    nodes, weights = np.polynomial.laguerre.laggauss(32)
    s = jnp.asarray(nodes) / (1 + slope * power)
    gap = jnp.minimum(-jnp.expm1(-s / n), 0.5)
    log_ratio = nodes - s + n * power * jnp.log1p(-slope * gap)
    return jnp.sum(jnp.asarray(weights) * jnp.exp(log_ratio), axis=-1) / (1 + slope * power[..., 0])


def _rises(discount: float) -> float:
    """The mean of ``exp(-discount * steps)`` over the steps until the walk rises above its start, if it does.

    The smaller root of ``p = exp(-c (1 - p) - discount)``, by iteration: an error shrinks by ``c p < 0.22`` each time.
    """
    p = 0.0
    for _ in range(40):
        p = math.exp(-_COST * (1 - p) - discount)
    return p
