"""Numbers that change with the generation.

A schedule is a plain function of the generation ``g = 1, 2, ...``, so any optax schedule is one. A model or workflow
field made by `number_or_schedule` takes a number, one number per generation, or a schedule. `tabulate` turns every
schedule of a model into a table before compilation, so that another schedule is another argument of the same compiled
program, and `at` reads the tables inside the scan.
"""

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree, Scalar

from jaxcollapse.arguments.check import (
    check_above,
    check_at_least,
    check_at_most,
    check_positive,
    check_scalar,
    is_traced,
)
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import as_floats, at_once, is_numeric, number
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import in_range

Schedule: TypeAlias = Callable[[Any], Any]
Scheduled: TypeAlias = Any
"""A field that holds an array, or a schedule until a generation is given (an array for every method of a model)."""


def constant(value: Number) -> Schedule:
    """The schedule that is `value` at every generation.

    ```python
    >>> constant(100.0)(7)
    100.0

    ```
    """
    check_scalar("value", value)
    return functools.partial(_constant, in_range(value))


def polynomial(scale: Number, power: Number) -> Schedule:
    """The schedule ``scale * g**power``: linear for ``power=1``, superlinear above.

    ```python
    >>> polynomial(100.0, 2.0)(3)
    900.0

    ```
    """
    check_scalar("scale", scale)
    check_scalar("power", power)
    return functools.partial(_polynomial, in_range(scale), in_range(power))


def geometric(scale: Number, ratio: Number) -> Schedule:
    """The schedule ``scale * ratio**(g - 1)``: `scale` at the first generation, times `ratio` at each later one.

    ```python
    >>> geometric(100.0, 2.0)(4)
    800.0

    ```
    """
    check_scalar("scale", scale)
    check_scalar("ratio", ratio)
    return functools.partial(_geometric, in_range(scale), in_range(ratio))


# Functions of a file rather than closures: what holds them can be pickled.
def _constant(value: Any, g: Any) -> Any:
    return value


def _polynomial(scale: Any, power: Any, g: Any) -> Any:
    return scale * g**power


def _geometric(scale: Any, ratio: Any, g: Any) -> Any:
    return scale * ratio ** (g - 1)


def _from_second(later: Any, first: float, g: Any) -> Any:
    return jnp.where(g == 1, first, later.function(g) if isinstance(later, Varying) else later)


class Listed:
    """The schedule that is ``values[g - 1]`` at generation ``g``, and NaN where there is no such entry."""

    def __init__(self, values: Any):
        self.values = as_floats(values)

    def __call__(self, g: Any) -> Scalar:
        """The value at one generation."""
        return self.values.at[jnp.asarray(g, int) - 1].get(mode="fill", fill_value=jnp.nan)


class Varying(eqx.Module):
    """A field that follows a schedule: not a number until a generation is given."""

    function: Schedule = eqx.field(static=True)
    name: str = eqx.field(static=True)
    minimum: float = eqx.field(static=True)
    maximum: float = eqx.field(static=True)


class Table(eqx.Module):
    """A schedule evaluated at generations 1, ..., G."""

    values: Float[Array, " generations"]


def number_or_schedule(value: Any, name: str, minimum: float, maximum: float = math.inf) -> Scheduled:
    """A number as an array, a function or one number per generation as a schedule; anything else is refused."""
    if isinstance(value, Varying | Table):
        return value
    if not callable(value) and is_numeric(value) and np.ndim(value) == 1:
        value = Listed(value)
    if callable(value):
        return Varying(value, name, minimum, maximum)
    return number(value, name, minimum, maximum)


def positive_or_schedule(value: Any, name: str) -> Scheduled:
    """The same for a number above zero; a schedule must not be negative."""
    field = number_or_schedule(value, name, 0.0)
    if isinstance(field, jax.Array):
        check_positive(name, field)
    return field


def share_or_schedule(value: Any, name: str) -> Scheduled:
    """The same for a share above zero, up to one; a schedule may be zero."""
    field = number_or_schedule(value, name, 0.0, 1.0)
    if isinstance(field, jax.Array):
        check_above(name, field, 0.0)
    return field


def from_second(value: Any, name: str, minimum: float, maximum: float = math.inf, *, first: float) -> Scheduled:
    """A field that is `first` at generation 1, where nothing synthetic is there yet, and `value` from then on."""
    if isinstance(value, Varying | Table):
        return value
    later = number_or_schedule(value, name, minimum, maximum)
    return Varying(functools.partial(_from_second, later, first), name, minimum, maximum)


def evaluate(
    schedule: Any, generations: Count, name: str, minimum: float, maximum: float = math.inf
) -> Float[Array, " generations"]:
    """A number, an array of one number per generation, or a schedule, as values at generations 1, ..., G."""
    if isinstance(schedule, str) or not (callable(schedule) or is_numeric(schedule)):
        allowed = f"a number, {generations} numbers or a function of the generation"
        raise TypeError(f"{name} must be {allowed}, got {shown(schedule)}")
    with jax.ensure_compile_time_eval():
        values: Any
        if isinstance(schedule, Listed):
            values = schedule.values
        elif callable(schedule):
            g = jnp.arange(1, generations + 1, dtype=jnp.result_type(float))
            try:
                values = jax.vmap(schedule)(g)
            except Exception as error:
                raise TypeError(
                    f"{name} must be a function of one generation that JAX can trace (use jax.numpy inside), "
                    f"got {shown(schedule)}: {error}"
                ) from error
            if not is_numeric(values) or np.shape(values) != (generations,):
                one: Any = schedule(g[0])
                what = f"shape {np.shape(one)}" if is_numeric(one) else repr(one)
                raise ValueError(f"{name} must be a function that returns one number for a generation, got {what}")
        else:
            values = as_floats(schedule)
    if values.shape not in ((), (generations,)):
        raise ValueError(
            f"{name} must give one number for each of the {generations} generations, got shape {values.shape}"
        )
    check_at_least(name, values, minimum)
    check_at_most(name, values, maximum)
    if not is_traced(values):
        values = np.broadcast_to(np.asarray(values), (int(generations),))
    with jax.ensure_compile_time_eval():
        return jnp.broadcast_to(as_floats(values), (generations,))


def values(field: Scheduled, generations: Count) -> Float[Array, " generations"]:
    """What a field made by `number_or_schedule` is at generations 1, ..., G."""
    if isinstance(field, Table):
        return field.values
    if isinstance(field, Varying):
        return evaluate(field.function, generations, field.name, field.minimum, field.maximum)
    with at_once(field):
        return jnp.broadcast_to(field, (generations,))


def single(field: Scheduled) -> Any:
    """The one number that a field, or an array over the generations, is at all of them.

    None where it varies, and where that is not known before compilation. Of an array it is a number of NumPy, which
    is known inside a trace as well.
    """
    numbers = field.values if isinstance(field, Table) else field
    if np.ndim(numbers) == 0:
        return numbers
    return None if is_traced(numbers) or np.ptp(np.asarray(numbers)) > 0 else np.asarray(numbers)[0]


def tabulate(tree: PyTree, generations: Count) -> PyTree:
    """The same model or workflow with every schedule evaluated at generations 1, ..., G."""

    def table(node):
        return Table(values(node, generations)) if isinstance(node, Varying) else node

    return jax.tree.map(table, tree, is_leaf=lambda node: isinstance(node, Varying))


def at(tree: PyTree, generation: Scalar | int) -> PyTree:
    """The same model or workflow at one generation: every table is read there. `generation` may be traced."""

    def read(node):
        return node.values[generation - 1] if isinstance(node, Table) else node

    return jax.tree.map(read, tree, is_leaf=lambda node: isinstance(node, Table))


def takes_two(value: Any) -> bool:
    """Whether it is a function that must be given two arguments, and so no schedule."""
    if not callable(value):
        return False
    try:
        wanted = inspect.signature(value).parameters.values()
    except ValueError:  # of what is built in, not all signatures are known
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in kinds and one.default is inspect.Parameter.empty for one in wanted) == 2
