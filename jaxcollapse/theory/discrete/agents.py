"""Agents that know the last few words alone: what they make of a text, and what it costs.

An agent of order ``k`` is fitted by the frequencies of ``k + 1`` words in a row, and draws each word given the last
``k``. Of endless text the law that it draws is the nearest one of this order, from which the next agent loses nothing.

Reference: Riis 2026, arXiv:2604.08554, for the setting; the projection is that of Markov approximations.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import entr
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_count, check_nonnegative, is_traced
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count
from jaxcollapse.machine.leniency import lenient


@lenient()
def agent_projection(windows: Any, *, order: Count) -> Float[Array, "..."]:
    """The law of what an agent of some order draws that was fitted to endless text: it is fitted once and for all.

    The probabilities of ``k + 1`` words in a row are kept, and the next word depends on the last ``k`` alone. A second
    agent of the same order, or of a larger one, changes nothing.

    **Arguments**

    - `windows`: the probabilities of ``m`` words in a row, an array with ``m`` axes of one length, not negative and
      summing to one; its first and last ``m - 1`` words have the same law.
    - `order`: ``k``, an integer of 0 to ``m - 1``; 0 forgets the order of words.

    **Returns** the shape of `windows`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in the limit of endless text.

    ```python
    >>> import numpy as np
    >>> pairs = np.array([[0.4, 0.1], [0.1, 0.4]])
    >>> agent_projection(pairs, order=0).tolist()
    [[0.25, 0.25], [0.25, 0.25]]

    ```
    """
    law = _windows(windows, order)
    k, last = int(order), law.ndim
    seen = _first(law, k + 1)
    context = seen.sum(axis=-1, keepdims=True)
    following = jnp.where(context > 0, seen / jnp.where(context > 0, context, 1.0), 0.0)
    for _ in range(last - k - 1):
        seen = seen[..., None] * following
    return seen


@lenient()
def agent_divergence(windows: Any, *, order: Count) -> Float[Array, ""]:
    """What an agent of some order loses for each word of the truth, in nats: the divergence rate of their laws.

    The difference of two entropies of the next word, given ``k`` words and given all ``m - 1``. A chain of agents loses
    it once, in its first generation.

    **Arguments**

    - `windows`: as for `agent_projection`; the next word of the truth depends on ``m - 1`` words at most.
    - `order`: ``k``, an integer of 0 to ``m - 1``.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in the limit of endless text.

    ```python
    >>> import numpy as np
    >>> pairs = np.array([[0.4, 0.1], [0.1, 0.4]])
    >>> [round(float(agent_divergence(pairs, order=order)), 4) for order in (0, 1)]
    [0.1927, 0.0]

    ```
    """
    law = _windows(windows, order)
    of_next = lambda k: jnp.sum(entr(_first(law, k + 1))) - jnp.sum(entr(_first(law, k)))  # noqa: E731
    return of_next(int(order)) - of_next(law.ndim - 1)


def _first(law: Float[Array, "..."], words: int) -> Float[Array, "..."]:
    return law.sum(axis=tuple(range(words, law.ndim)))


def _windows(windows: Any, order: Count) -> Float[Array, "..."]:
    check_nonnegative("windows", windows)
    shape = np.shape(windows)
    if len(shape) < 1 or len(set(shape)) != 1:
        raise ValueError(f"windows must have an axis for each word, all of one length, got shape {shape}")
    check_count("order", order, minimum=0)
    if order > len(shape) - 1:
        raise ValueError(f"order must be below the {len(shape)} words of windows, got {order}")
    if not is_traced(windows):
        table = np.asarray(windows, np.float64)
        if abs(table.sum() - 1) > 1e-5:
            raise ValueError(f"windows must sum to one, got a sum of {table.sum():g}: divide by it")
        if np.abs(table.sum(axis=0) - table.sum(axis=-1)).max() > 1e-5:
            raise ValueError("windows must be those of one stationary text: their first and last words differ in law")
    return as_floats(windows)
