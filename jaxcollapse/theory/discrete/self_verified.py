"""A model that chooses among its own answers: how many it needs to find the one that it holds most likely.

Reference: the setting of Fu et al. 2025, NeurIPS, whose verifier is the first model and whose condition on the number
of candidates has this form; the probability is elementary.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_above, check_at_least, check_share
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.special import missing


@lenient()
def self_verified_missed(*, confidence: Any, candidates: Any) -> Float[Array, "..."]:
    """The probability that none of some candidates is the answer that the model holds most likely: ``(1 - c)^N``.

    **Arguments**

    - `confidence`: ``c``, the probability of this answer, in (0, 1]. With the least one of all questions it is a bound
      for each.
    - `candidates`: ``N``, at least 1.

    **Returns** a probability, in the common shape of the arguments.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> round(float(self_verified_missed(confidence=0.1, candidates=24)), 3)
    0.08

    ```
    """
    _check_confidence(confidence)
    check_at_least("candidates", candidates, 1.0)
    return missing(as_floats(confidence), as_floats(candidates))


@lenient()
def self_verified_candidates(*, confidence: Any) -> Float[Array, "..."]:
    """The number of candidates that keeps `self_verified_missed` below the confidence: ``log(1/c)/c``, or more.

    **Arguments**

    - `confidence`: ``c``, in (0, 1].

    **Returns** the shape of the confidence; no integer.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A bound: ``(1 - c)^N`` is at most ``exp(-c N)``.

    ```python
    >>> [round(float(self_verified_candidates(confidence=c)), 1) for c in (0.1, 0.5)]
    [23.0, 1.4]

    ```
    """
    _check_confidence(confidence)
    c = as_floats(confidence)
    return -jnp.log(c) / c


def _check_confidence(confidence: Any) -> None:
    check_above("confidence", confidence, 0.0)
    check_share("confidence", confidence)
