"""Loops that all vectorised lanes leave together.

Under `jax.vmap` a `jax.lax.while_loop` whose condition differs between lanes selects, at every step and for every value
it carries, between the old and the new one; and its step counter becomes an array, so that what depends on it alone is
computed once a lane. Here the loop runs for all lanes until the last one has finished: the step must do no harm then.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PyTree


def while_loop(unfinished: Callable[[PyTree], Bool[Array, ""]], step: Callable[[PyTree], PyTree], start: PyTree):
    """`jax.lax.while_loop`, until no vectorised lane is unfinished.

    ```python
    >>> import jax
    >>> halve = lambda x: while_loop(lambda s: s[1] > 1, lambda s: (s[0] + 1, s[1] / 2), (0, x))
    >>> [leaf.tolist() for leaf in jax.vmap(halve)(jnp.array([2.0, 8.0]))]
    [[3, 3], [0.25, 1.0]]

    ```
    """
    return jax.lax.while_loop(lambda state: _anywhere(unfinished(state)), step, start)


@jax.custom_batching.custom_vmap
def _anywhere(flag: Bool[Array, ""]) -> Bool[Array, ""]:
    return flag


@_anywhere.def_vmap
def _in_any_lane(lanes: int, batched: list[bool], flag: Bool[Array, "..."]) -> tuple[Bool[Array, "..."], bool]:
    """True for all lanes if it is for one of them."""
    return _anywhere(jnp.any(flag, axis=0) if batched[0] else flag), False
