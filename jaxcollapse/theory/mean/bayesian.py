"""A chain of Bayesian learners of a mean, each of whom samples from its posterior: they end at their prior.

Reference: Griffiths and Kalish 2007, "Language evolution by iterated learning with Bayesian agents", Cognitive Science
31, for the limit; the Gaussian chain is derived here.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_at_least, check_numbers, check_positive
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, one_size


class Learnt(NamedTuple):
    """The mean and the variance of what the learners of each generation hold."""

    mean: Float[Array, " generations"]
    variance: Float[Array, " generations"]


@lenient()
def mean_bayesian_replace(
    *, distance: Number, prior_variance: Number, samples: Number, variance: Number = 1.0, generations: Count
) -> Learnt:
    """The law of a Gaussian mean in a chain of learners who sample from their posterior: an autoregression.

    With ``rho = n tau^2/(n tau^2 + sigma^2)`` a learner takes ``theta' = m + rho (theta - m) + noise`` of the variance
    ``rho (1 + rho) sigma^2/n``: the data is forgotten at the rate ``rho``, and the prior ``N(m, tau^2)`` stays,
    whatever was true.

    **Arguments**

    - `distance`: of the truth from the mean ``m`` of the prior.
    - `prior_variance`: ``tau^2``, positive.
    - `samples`: ``n`` rows of the predecessor, one number, at least 1.
    - `variance`: ``sigma^2`` of a row, positive.
    - `generations`: ``G``, a positive integer.

    **Returns** `Learnt`, each of shape ``(generations,)``, about the mean of the prior.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact; the law is normal.

    ```python
    >>> law = mean_bayesian_replace(distance=2.0, prior_variance=0.5, samples=10, generations=30)
    >>> round(float(law.mean[0]), 3), round(float(law.mean[-1]), 3), round(float(law.variance[-1]), 3)
    (1.667, 0.008, 0.5)

    ```
    """
    check_numbers("distance", distance)
    for name, value in (("distance", distance), ("prior_variance", prior_variance), ("variance", variance)):
        check_one_number(name, value, "for all learners")
    check_positive("prior_variance", prior_variance)
    check_positive("variance", variance)
    check_at_least("samples", samples, 1.0)
    n, g = one_size(samples, generations)
    forgotten = g * jnp.log1p(variance / (n * prior_variance))
    return Learnt(distance * jnp.exp(-forgotten), -prior_variance * jnp.expm1(-2 * forgotten))
