"""How long maximum likelihood waits for the next level of the staircase of theorem 5.2.

With ``R = n u``, where ``u`` is the probability that a point passes all levels seen so far, the number of points of a
batch on the next level is Poisson of mean ``R`` for large ``n``. The first fit has ``R = E/2`` with an exponential
variate ``E``. The wait is geometric, and the level then seen multiplies ``R`` by ``min(1/4, Y/(2R))`` with an
exponential variate ``Y`` below ``R``: nothing depends on ``n``.

Reference: Barzilai and Shamir 2025, arXiv:2505.19046, theorem 5.2; the laws are derived here.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_at_most, check_integer, check_length, check_positive
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.counterexamples.immediate_collapse import gap_mean_power


@lenient()
def staircase_first_waiting(*, samples: Number, generations: Count) -> Float[Array, " generations"]:
    """The probability that level 1 is still empty after ``t`` synthetic batches, for every sample size.

    **Arguments**

    - `samples`: ``n`` points in every batch, at least 1, may be traced.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``: entry ``t`` is ``P(T_1 > t)``, for the fit of generation ``g = t + 1``. It
    tends to ``1/(1 + t/2)``, the survival function of a time of infinite mean.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact but for an event of probability ``2^-n``.

    ```python
    >>> [round(float(p), 4) for p in staircase_first_waiting(samples=1e6, generations=4)]
    [1.0, 0.6667, 0.5, 0.4]

    ```
    """
    check_positive("samples", samples)
    check_length("generations", generations)
    return gap_mean_power(samples=samples, slope=0.5, power=jnp.arange(generations))


@lenient()
def staircase_waiting(*, level: Count, generations: Count) -> Float[Array, " generations"]:
    """The probability that a level is still empty after ``t`` synthetic batches, for large samples.

    **Arguments**

    - `level`: ``J``, a positive integer, at most 100.
    - `generations`: ``G``, a positive integer; the cost grows like ``G J``, some seconds for ``G = 10^4``.

    **Returns** shape ``(generations,)``: entry ``t`` is ``P(T_J > t)``, for the fit of generation ``g = t + 1``. The
    medians of ``T_1``, ..., ``T_5`` are 3, 19, 121, 775 and 5001.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic, up to O(1/n): the generating function on a grid of ``R``, inverted to an absolute error of
    1e-4 in double precision.

    ```python
    >>> [round(float(p), 3) for p in staircase_waiting(level=2, generations=20)[::6]]
    [1.0, 0.785, 0.611, 0.504]

    ```
    """
    check_integer("level", level, minimum=1)
    check_at_most("level", level, 100)
    check_length("generations", generations)
    rate = 2.0 ** (jnp.arange(_BELOW * _OCTAVE, _ABOVE * _OCTAVE + 1) / _OCTAVE)
    step = math.log(2) / _OCTAVE

    def shifted(values: Array, octaves: int) -> Array:
        """The same function at a rate lower by so many octaves."""
        places = octaves * _OCTAVE
        return jnp.concatenate([jnp.broadcast_to(values[0], places), values[:-places]])

    def survival(z: Array) -> Array:
        """The generating function of ``P(T_J > t)``."""
        later = jnp.ones(rate.shape, z.dtype)  # of the time from here on, as a function of R
        for _ in range(int(level)):
            below = jnp.exp(-rate) * rate * shifted(later, 1)
            integral = step * (jnp.cumsum(below) - 0.5 * below)
            capped = (jnp.exp(-rate / 2) - jnp.exp(-rate)) * shifted(later, 2)
            later = z * (shifted(integral, 1) + capped) / (1 - z * jnp.exp(-rate))
        return (1 - step * jnp.sum(2 * rate * jnp.exp(-2 * rate) * later)) / (1 - z)

    nodes = 2 * int(generations)
    radius = jnp.sqrt(jnp.finfo(rate.dtype).eps) ** (1 / nodes)
    circle = radius * jnp.exp(-2j * jnp.pi * jnp.arange(nodes // 2 + 1) / nodes)
    series = jnp.fft.irfft(jax.lax.map(survival, circle), nodes)[:generations]
    return series / radius ** jnp.arange(generations)


_BELOW, _ABOVE, _OCTAVE = -40, 6, 32  # powers of two between which R lies, and points to each
