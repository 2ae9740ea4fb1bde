"""When the variance of a Gaussian chain under replacement has fallen below a level: its collapse as an event."""

from typing import NamedTuple

import jax.numpy as jnp
from jax.scipy.special import log_ndtr, ndtr
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_at_least, check_positive
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number
from jaxcollapse.theory.former import formerly
from jaxcollapse.theory.gaussian.law import check_probability
from jaxcollapse.theory.gaussian.univariate import equal_batches, log_variance_mean, log_variance_variance


class FirstPassage(NamedTuple):
    """When the variance of a chain first falls below a level."""

    mean: Float[Array, ""]
    """Of the generation."""
    deviation: Float[Array, ""]
    """Its standard deviation."""


@formerly(level="threshold")
@lenient()
def first_passage(threshold: Number, *, samples: Number, ddof: int) -> FirstPassage:
    """The generation at which the variance first falls below ``threshold * sigma^2``, under replacement.

    ``log X`` is a random walk with drift ``-delta = psi(nu/2) + log(2/(n - ddof))`` and variance ``v = psi1(nu/2)`` a
    step: the time to fall by ``a = log(1/threshold) + 0.5826 sqrt(v)`` has the mean ``a/delta`` and the variance
    ``a v/delta^3``. The constant corrects for the steps being of a finite size.

    **Arguments**

    - `threshold`: in (0, 1).
    - `samples`: ``n``, one number, at least 2.
    - `ddof`: 1 for the unbiased variance, 0 for maximum likelihood.

    **Exactness** Asymptotic for ``log(1/threshold)`` large against ``sqrt(v)``: for ``n = 100`` and a level of 0.05 the
    mean is right to 0.2 %.

    **Reference** Siegmund 1979 for the constant; the setting is that of Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> round(float(first_passage(0.05, samples=100, ddof=1).mean), 1)
    303.8

    ```
    """
    fall, drift, spread = _descent(threshold, samples, ddof)
    return FirstPassage(fall / drift, jnp.sqrt(fall * spread / drift**3))


@formerly(level="threshold")
@lenient()
def first_passage_cdf(
    generation: Curve | Number, *, samples: Number, threshold: Number, ddof: int
) -> Float[Array, "..."]:
    """The probability that the variance has fallen below ``threshold * sigma^2`` at some generation up to this one.

    The inverse Gaussian law of the time of `first_passage`.

    **Arguments**

    - `generation`: at least 1, a number or an array.
    - `threshold`, `samples`, `ddof`: as for `first_passage`.

    **Returns** the shape of `generation`.

    **Exactness** Asymptotic as in `first_passage`: for ``n = 100`` and a level of 0.05 to about 0.003.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947, for the setting.

    ```python
    >>> round(float(first_passage_cdf(300, threshold=0.05, samples=100, ddof=1)), 2)
    0.64

    ```
    """
    check_at_least("generation", generation, 1.0)
    fall, drift, spread = _descent(threshold, samples, ddof)
    time = jnp.asarray(generation, fall.dtype)
    scale = jnp.sqrt(spread * time)
    return ndtr((drift * time - fall) / scale) + jnp.exp(
        2 * drift * fall / spread + log_ndtr(-(drift * time + fall) / scale)
    )


@formerly(level="threshold")
@lenient()
def deviation_bound(threshold: Number, *, samples: Number, generations: Count) -> Float[Array, " generations"]:
    """An upper bound on the probability that the standard deviation of a generation exceeds ``threshold * sigma``.

    ``exp(-g/(4n - 1))/threshold`` for the unbiased variance: Markov's inequality with a bound on the mean of the
    standard deviation. `variance_sf` has the exact probability, of which this is many times too much.

    **Arguments**

    - `threshold`: positive.
    - `samples`: ``n``, one number, at least 2.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; above 1 it says nothing.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A bound.

    **Reference** Suresh, Thangaraj and Khandavally 2024, arXiv:2412.17646, theorem 3.

    ```python
    >>> round(float(deviation_bound(0.1, samples=100, generations=2000)[-1]), 3)
    0.067

    ```
    """
    check_positive("threshold", threshold)
    n, g = equal_batches(samples, generations)
    return jnp.exp(-g / (4 * n - 1)) / threshold


def _descent(
    threshold: Number, samples: Number, ddof: int
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """How far the log of the variance has to fall, its drift downwards and its variance in one step."""
    check_probability("threshold", threshold)
    check_one_number("samples", samples, "for a first passage")
    drift = -log_variance_mean(samples=samples, generations=1, ddof=ddof)[0]
    spread = log_variance_variance(samples=samples, generations=1)[0]
    return -jnp.log(jnp.asarray(threshold, drift.dtype)) + 0.5826 * jnp.sqrt(spread), drift, spread
