"""Until something happens: the first generation at which a condition holds, and chains that stop there."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, Key, PyTree

from jaxcollapse.chain.parameters import where, zeros
from jaxcollapse.machine.leniency import lenient


class FirstTime(NamedTuple):
    """When something first happens, within so many generations."""

    time: Int[Array, "..."]
    """The generation, from 1 on; the last one where it does not happen."""
    censored: Bool[Array, "..."]
    """Whether it does not happen: all that is known then is that the time is above the last generation."""


@lenient()
def first_time(condition: Bool[Array, "generations ..."]) -> FirstTime:
    """The first generation at which a condition on a trajectory holds.

    **Arguments**

    - `condition`: truth values of shape ``(generations, ...)``, of which entry ``g - 1`` belongs to generation ``g``,
      such as ``trajectory.variance < 0.05``.

    **Returns** a `FirstTime` with two arrays of shape ``(...)``. A mean of censored times is too small: count them
    first, ``jaxcollapse.monte_carlo(lambda key: first_time(...), ...).mean.censored``.

    **Raises** `TypeError` for numbers in place of truth values, and `ValueError` for a condition without generations.

    ```python
    >>> import jax.numpy as jnp
    >>> when = first_time(jnp.array([[1.0, 0.4, 0.1], [1.0, 0.9, 0.8]]).T < 0.5)
    >>> when.time.tolist(), when.censored.tolist()
    ([2, 3], [False, True])

    ```
    """
    condition = jnp.asarray(condition)
    if condition.dtype != bool:
        raise TypeError(f"condition must hold truth values, got {condition.dtype}: compare with a level")
    if condition.ndim == 0 or len(condition) == 0:
        raise ValueError(f"condition must have shape (generations, ...), got {condition.shape}")
    happens = jnp.any(condition, axis=0)
    return FirstTime(jnp.where(happens, jnp.argmax(condition, axis=0) + 1, len(condition)), ~happens)


def check_until(until: Any) -> None:
    """A condition as `simulate` is given it."""
    if until is not None and not callable(until):
        raise TypeError(f"until must be a function of the parameters that returns a truth value, got {until!r}")


def holds(until: Callable[[Any], Array], params: PyTree) -> Bool[Array, ""]:
    """The condition at one generation."""
    found = until(params)
    if jnp.shape(found) != () or not jnp.issubdtype(jnp.result_type(found), jnp.bool_):
        got = f"{jnp.result_type(found)} of shape {jnp.shape(found)}" if eqx.is_array_like(found) else repr(found)
        raise TypeError(f"until must return one truth value, got {got}")
    return jnp.asarray(found)


def stopped(
    step: Callable[[PyTree, PyTree], tuple[PyTree, PyTree]],
    carry: PyTree,
    inputs: tuple[Int[Array, " generations"], Array, Array],
    until: Callable[[Any], Array],
    words: PyTree,
    key: Key[Array, ""],
) -> tuple[PyTree, PyTree]:
    """A scan that stands still from the generation on whose outcome, parameters and metrics, meets the condition.

    Its carry is that of `step`, the last outcome and the time, zero as long as it has not come. Runs that are computed
    together go on until the last of them has stopped.
    """
    generation = inputs[0]
    first = jax.tree.map(lambda leaf: leaf[0], inputs)
    outcome = zeros(jax.eval_shape(lambda: step(carry, first)[1]), key)

    def guarded(state, inputs):
        runs = state[2] == 0

        def go():
            after, outcome = step(state[0], inputs)
            met = holds(until, eqx.combine(outcome[0], words))
            return where(runs, (after, outcome, jnp.where(met, inputs[0], 0)), state)

        state = jax.lax.cond(_anywhere(runs), go, lambda: state)
        return state, state[1]

    return jax.lax.scan(guarded, (carry, outcome, jnp.zeros((), generation.dtype)), inputs)


@jax.custom_batching.custom_vmap
def _anywhere(condition: Bool[Array, ""]) -> Bool[Array, ""]:
    """Whether it holds in any of the runs that are computed together: one truth value for all of them."""
    return condition


@_anywhere.def_vmap
def _anywhere_together(size: int, batched: list[bool], condition: Bool[Array, " runs"]) -> tuple[Array, bool]:
    return _anywhere(jnp.any(condition)), False
