"""Loops that all vectorised lanes leave together, and that run alike on every device of `jax.shard_map`.

Under `jax.vmap` a `jax.lax.while_loop` whose condition differs between lanes selects, at every step and for every value
it carries, between the old and the new one; and its step counter becomes an array, so that what depends on it alone is
computed once a lane. Here the loop runs for all lanes until the last one has finished: the step must do no harm then.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PyTree

from jaxcollapse.arguments.check import is_key, is_traced


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


def alongside(start: PyTree, witness: PyTree) -> PyTree:
    """`start`, as something that differs between devices if `witness` does.

    Inside `jax.shard_map` what a loop carries must be of one kind from the beginning: a constant is the same on every
    device, and what the first step makes of it with a key of the device is not. The names by which JAX tells the two
    apart change between releases; a falsehood made of the witness, which XLA removes, serves in all of them.
    """
    traced = [leaf for leaf in jax.tree.leaves(witness) if is_traced(leaf) and leaf.size]
    if not traced:
        return start
    entries = [(jax.random.key_data(leaf) if is_key(leaf) else leaf).ravel()[0] for leaf in traced]
    false = functools.reduce(jnp.logical_or, [(entry == entry) & False for entry in entries])

    def mark(leaf):
        leaf = jnp.asarray(leaf)
        if is_key(leaf):
            return jax.random.wrap_key_data(mark(jax.random.key_data(leaf)), impl=jax.random.key_impl(leaf))
        return leaf | false if leaf.dtype == bool else leaf + false.astype(leaf.dtype)

    return jax.tree.map(mark, start)


@jax.custom_batching.custom_vmap
def _anywhere(flag: Bool[Array, ""]) -> Bool[Array, ""]:
    return flag


@_anywhere.def_vmap
def _in_any_lane(lanes: int, batched: list[bool], flag: Bool[Array, "..."]) -> tuple[Bool[Array, "..."], bool]:
    """True for all lanes if it is for one of them."""
    return _anywhere(jnp.any(flag, axis=0) if batched[0] else flag), False
