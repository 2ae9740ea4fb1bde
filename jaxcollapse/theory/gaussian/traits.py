"""A Gaussian chain under selection: truncation, the best of a population, mutation.

A generation is fitted to rows that are selected from what the last one drew. Its variance then falls by a factor in
every generation, whatever the number of rows: by selection at the order of one, by sampling at the order of ``1/n``.
The laws are those of quantitative genetics: a row is a trait, of which a part may not be inherited.

Reference: Falconer and Mackay 1996, "Introduction to Quantitative Genetics", for selection; Bulmer 1971, "The effect of
selection on genetic variability", for the variance; the setting of Yoon et al. 2024, arXiv:2407.17493. The loops are
derived here.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr, ndtri
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_at_least, check_at_most, check_length, check_nonnegative, check_positive
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, one_size
from jaxcollapse.theory.gaussian.pooled import Moments


class Selected(NamedTuple):
    """What selection makes of a standard normal variate."""

    intensity: Float[Array, "..."]
    """Its mean, ``i``."""
    lost: Float[Array, "..."]
    """What its variance falls by, ``k``."""


class Bred(NamedTuple):
    """The mean and the variance of what is inherited."""

    mean: Float[Array, " generations"]
    variance: Float[Array, " generations"]


@lenient()
def truncated_variance(*, cutoff: Any) -> Float[Array, "..."]:
    """The variance of a standard normal variate within ``[-c, c]``: ``1 - 2 c phi(c)/(2 Phi(c) - 1)``.

    **Arguments**

    - `cutoff`: ``c``, positive; a number or an array.

    **Returns** the shape of the cutoff: about ``c^2/3`` for a small one.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.
    """
    check_positive("cutoff", cutoff)
    c = as_floats(cutoff)
    near = c < _NEAR
    small, large = jnp.where(near, c, 1.0) ** 2, jnp.where(near, 1.0, c)
    series = small / 3 * (1 - small / 15 * (2 - small * 2 / 21))
    return jnp.where(near, series, 1 - 2 * large * norm.pdf(large) / (2 * ndtr(large) - 1))


@lenient()
def truncated_replace(*, cutoff: Number, samples: Number, generations: Count) -> Moments:
    """The moments of a chain whose rows are drawn within ``c`` standard deviations: the truncation trick.

    ``E X_g = lambda^(g-1)`` and ``E mu_g^2 = (1 - lambda^g)/(n (1 - lambda))``, `truncated_variance` ``lambda``.

    **Arguments**

    - `cutoff`: ``c``, positive, one number.
    - `samples`: ``n``, one number, at least 2.
    - `generations`: ``G``, a positive integer.

    **Returns** `Moments` of shape ``(generations,)``, in units of the true variance; real rows are not truncated.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, with the unbiased variance.

    ```python
    >>> loop = truncated_replace(cutoff=2.0, samples=50, generations=10)
    >>> round(float(loop.variance[-1]), 4), round(float(loop.mean_square[-1]), 4)
    (0.0994, 0.0816)

    ```
    """
    check_one_number("cutoff", cutoff, "for all generations")
    check_at_least("samples", samples, 2.0)
    n, g = one_size(samples, generations)
    kept = truncated_variance(cutoff=cutoff) ** (g - 1)
    return Moments(jnp.cumsum(kept) / n, kept)


@lenient()
def best_selected(*, fraction: Any) -> Selected:
    """The mean and the variance of the best part of a standard normal population.

    With ``z`` the quantile above which a fraction ``q`` lies: ``i = phi(z)/q`` and ``1 - k`` with ``k = i (i - z)``.

    **Arguments**

    - `fraction`: ``q`` in (0, 1); a number or an array.

    **Returns** `Selected`, in the shape of the fraction.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> best = best_selected(fraction=0.2)
    >>> round(float(best.intensity), 4), round(float(best.lost), 4)
    (1.3998, 0.7814)

    ```
    """
    check_positive("fraction", fraction)
    check_at_most("fraction", fraction, 1 - 1e-7)
    q = as_floats(fraction)
    z = -ndtri(q)
    intensity = norm.pdf(z) / q
    return Selected(intensity, intensity * (intensity - z))


@lenient()
def best_replace(*, fraction: Number, mutation: Number = 0.0, environment: Number = 0.0, generations: Count) -> Bred:
    """What a loop makes of a trait if the best fraction of every generation has successors.

    A row shows ``P = A + E``; it is chosen by ``P`` and passes on ``A``, to which mutation adds ``sigma_m^2``. With
    ``h^2 = V/(V + V_E)`` the mean moves by ``h^2 i sqrt(V + V_E)``, the breeder's equation, and
    ``V' = V (1 - h^2 k) + sigma_m^2``.

    **Arguments**

    - `fraction`: ``q`` in (0, 1), one number.
    - `mutation`: ``sigma_m^2``, at least 0, in units of the true variance of ``A``.
    - `environment`: ``V_E`` of what is not inherited, at least 0, in the same units.
    - `generations`: ``G``, a positive integer.

    **Returns** `Bred`, each of shape ``(generations,)``, from mean 0 and variance 1; real rows are not selected.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many rows. Without environment the variance is exact for every number of rows,
    with its unbiased estimate; the mean has an error of order ``1/n``.

    ```python
    >>> loop = best_replace(fraction=0.2, environment=1.0, generations=3)
    >>> [round(float(m), 4) for m in loop.mean], [round(float(v), 4) for v in loop.variance]
    ([0.0, 0.9898, 1.6622], [1.0, 0.6093, 0.4291])

    ```
    """
    check_one_number("fraction", fraction, "for all generations")
    for name, value in (("mutation", mutation), ("environment", environment)):
        check_nonnegative(name, value)
        check_one_number(name, value, "for all generations")
    check_length("generations", generations)
    best = best_selected(fraction=fraction)
    dtype = jnp.result_type(best.lost, mutation, environment, float)
    added, rest = jnp.asarray(mutation, dtype), jnp.asarray(environment, dtype)

    def step(now, _):
        mean, v = now
        shown = v + rest
        response = best.intensity * v / jnp.sqrt(shown)
        return (mean + response, v * (1 - v / shown * best.lost) + added), now

    start = jnp.zeros((), dtype), jnp.ones((), dtype)
    return Bred(*jax.lax.scan(step, start, None, int(generations))[1])


@lenient()
def best_replace_limit(*, fraction: Number, mutation: Number) -> Float[Array, "..."]:
    """The variance at which mutation makes up for selection: ``sigma_m^2/k``.

    **Arguments** as for `best_replace`, which may be arrays, without environment.

    **Returns** the shape of the arguments.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every number of rows.

    ```python
    >>> round(float(best_replace_limit(fraction=0.2, mutation=0.1)), 4)
    0.128

    ```
    """
    check_nonnegative("mutation", mutation)
    return as_floats(mutation) / best_selected(fraction=fraction).lost


_NEAR = 0.1  # where differences would lose digits
