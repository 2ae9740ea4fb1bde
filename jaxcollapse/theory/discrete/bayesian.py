"""Learners with a prior: each generation samples its probabilities from the posterior, or smooths its frequencies.

Reference: Griffiths and Kalish 2007, "Language evolution by iterated learning with Bayesian agents", Cognitive Science
31, for learners that sample; the setting of Jangjoo, Di Sarra, Marsili and Roudi 2025, arXiv:2506.20623, for pseudo-
counts. The laws at every size are derived here.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_at_least,
    check_length,
    check_positive,
    check_probabilities,
    check_shape,
    check_share,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number


class Spread(NamedTuple):
    """The first two moments of the probabilities of every symbol."""

    mean: Float[Array, "generations symbols"]
    variance: Float[Array, "generations symbols"]


@lenient()
def bayesian_replace(probabilities: Vector, *, prior: Vector, samples: Number, generations: Count) -> Spread:
    """The moments of a chain of Bayesian learners, each of whom samples from its posterior: they forget the truth.

    A learner sees ``n`` draws of its predecessor and takes probabilities from ``Dirichlet(a + counts)``. With
    ``A = sum_i a_i`` the mean is ``a/A + (n/(n + A))^g (p - a/A)``, and in the end the law of the probabilities is the
    prior, whatever was true.

    **Arguments**

    - `probabilities`: ``p`` of the truth, shape ``(symbols,)``, at least 0, summing to one.
    - `prior`: ``a``, shape ``(symbols,)``, positive.
    - `samples`: ``n``, one number, at least 1.
    - `generations`: ``G``, a positive integer.

    **Returns** `Spread`, each of shape ``(generations, symbols)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> learners = bayesian_replace([0.9, 0.1], prior=[1.0, 1.0], samples=10, generations=60)
    >>> [round(float(m), 3) for m in learners.mean[[0, -1], 0]], round(float(learners.variance[-1, 0]), 4)
    ([0.833, 0.5], 0.0833)

    ```
    """
    check_probabilities("probabilities", probabilities)
    p = as_floats(probabilities)
    check_shape("prior", prior, p.shape)
    check_positive("prior", prior)
    check_at_least("samples", samples, 1.0)
    check_one_number("samples", samples, "for all learners")
    check_length("generations", generations)
    a, n = as_floats(prior).astype(p.dtype), jnp.asarray(samples, p.dtype)
    total = jnp.sum(a)

    def step(now, _):
        mean, variance = now
        middle = (a + n * mean) / (total + n)  # of the posterior mean, whose variance is that of the counts
        spread = (n * (mean * (1 - mean) - variance) + n**2 * variance) / (total + n) ** 2
        after = Spread(middle, spread + (middle * (1 - middle) - spread) / (total + n + 1))
        return after, after

    return jax.lax.scan(step, Spread(p, jnp.zeros_like(p)), None, int(generations))[1]


@lenient()
def bayesian_replace_spectrum(*, prior_total: Number, samples: Count) -> Float[Array, " outcomes"]:
    """The rates at which a chain of Bayesian learners of two symbols forgets: ``prod_{i<j} (n - i)/(n + A + i)``.

    **Arguments**

    - `prior_total`: ``A``, the sum of the parameters of the prior, positive.
    - `samples`: ``n``, a positive integer.

    **Returns** shape ``(samples + 1,)``, from 1 down: the polynomial of degree ``j`` in a probability whose mean falls
    by one factor has entry ``j``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> [round(float(rate), 3) for rate in bayesian_replace_spectrum(prior_total=2.0, samples=3)]
    [1.0, 0.6, 0.2, 0.029]

    ```
    """
    check_above("prior_total", prior_total, 0.0)
    check_one_number("prior_total", prior_total, "for all learners")
    check_length("samples", samples)
    total = as_floats(prior_total)
    i = jnp.arange(int(samples), dtype=total.dtype)
    return jnp.concatenate([jnp.ones(1, total.dtype), jnp.cumprod((samples - i) / (samples + total + i))])


@lenient()
def smoothed_replace(
    probabilities: Vector, *, prior: Vector, prior_weight: Number, samples: Number, generations: Count
) -> Spread:
    """The moments of a chain whose frequencies are smoothed: ``P' = lambda m + (1 - lambda) counts/n``.

    What pseudo-counts do, and label smoothing. No symbol is lost, and all the same the truth is forgotten at the rate
    ``lambda``: the mean tends to ``m``, and the variance to
    ``(1 - lambda)^2 m (1 - m)/n/(1 - (1 - lambda)^2 (1 - 1/n))``.

    **Arguments**

    - `probabilities`: ``p`` of the truth, shape ``(symbols,)``, at least 0, summing to one.
    - `prior`: ``m``, shape ``(symbols,)``, at least 0, summing to one.
    - `prior_weight`: ``lambda`` in [0, 1].
    - `samples`: ``n``, one number, at least 1.
    - `generations`: ``G``, a positive integer.

    **Returns** `Spread`, each of shape ``(generations, symbols)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> chain = smoothed_replace([0.9, 0.1], prior=[0.5, 0.5], prior_weight=0.05, samples=20, generations=200)
    >>> [round(float(m), 3) for m in chain.mean[[0, -1], 0]], round(float(chain.variance[-1, 0]), 4)
    ([0.88, 0.5], 0.0791)

    ```
    """
    check_probabilities("probabilities", probabilities)
    check_probabilities("prior", prior)
    p = as_floats(probabilities)
    check_shape("prior", prior, p.shape)
    check_share("prior_weight", prior_weight)
    check_one_number("prior_weight", prior_weight, "for all generations")
    check_at_least("samples", samples, 1.0)
    check_one_number("samples", samples, "for batches of one size")
    check_length("generations", generations)
    target, weight, n = (jnp.asarray(value, p.dtype) for value in (prior, prior_weight, samples))

    def step(now, _):
        mean, variance = now
        drawn = (mean * (1 - mean) - variance) / n + variance
        after = Spread(weight * target + (1 - weight) * mean, (1 - weight) ** 2 * drawn)
        return after, after

    return jax.lax.scan(step, Spread(p, jnp.zeros_like(p)), None, int(generations))[1]
