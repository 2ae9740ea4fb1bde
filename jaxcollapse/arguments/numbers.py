"""Numbers that users write, as the floating-point arrays that programs take."""

import contextlib
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import as_numpy, check_at_least, check_at_most, check_positive, is_traced
from jaxcollapse.arguments.names import shown
from jaxcollapse.machine.leniency import is_half, lenient


def at_once(*values: Any) -> contextlib.AbstractContextManager:
    """Computes now, in a trace as well, what depends on `values`; unless one of them is traced itself."""
    return contextlib.nullcontext() if any(is_traced(value) for value in values) else jax.ensure_compile_time_eval()


def as_floats(value: Any) -> Float[Array, "..."]:
    """`value` as a floating-point array that stays concrete inside a trace.

    Integers of Python and NumPy become floats before JAX sees them: the large ones fit none of its 32 bits.
    """
    leaves = jax.tree.leaves(value)
    with lenient(), at_once(*leaves):
        if any(isinstance(leaf, jax.Array) for leaf in leaves):
            array = jnp.asarray(value)
            return jnp.asarray(array, common_type(array, float))
        known = as_numpy(value)
        with np.errstate(over="ignore"):  # converted by NumPy: JAX would compile a program for it
            return jax.device_put(known.astype(common_type(known, float)))


def common_type(*values: Any) -> np.dtype:
    """What `jax.numpy.result_type` says, also where JAX is told to promote no type to another; single at least."""
    with lenient():
        found = jnp.result_type(*values)
        return jnp.promote_types(found, jnp.float32) if is_half(found) else found


def number(value: Any, name: str, minimum: float, maximum: float = math.inf) -> Float[Array, ""]:
    """A number as a scalar array, from `minimum` to `maximum`."""
    if isinstance(value, str) or not is_numeric(value):
        raise TypeError(f"{name} must be a number or a function of the generation, got {shown(value)}")
    if np.shape(value) != ():
        raise ValueError(f"{name} must be one number or a function of the generation, got shape {np.shape(value)}")
    check_at_least(name, value, minimum)
    check_at_most(name, value, maximum)
    return as_floats(value)


def positive(value: Any, name: str) -> Float[Array, ""]:
    """The same, above zero."""
    field = number(value, name, 0.0)
    check_positive(name, field)
    return field


def is_numeric(value: Any) -> bool:
    """Whether it is a number or an array of numbers, in any of the forms that users write."""
    if value is None:
        return False
    try:
        whole = isinstance(value, int) and not isinstance(value, bool)  # of any number of digits
        return whole or jnp.issubdtype(jnp.result_type(value), jnp.number)
    except (TypeError, ValueError):
        if hasattr(value, "__array__"):  # of xarray, pandas, ...
            return np.issubdtype(np.asarray(value).dtype, np.number)
        if not isinstance(value, list | tuple | range) or not all(is_numeric(entry) for entry in value):
            return False
        return len({np.shape(entry) for entry in value}) <= 1  # of one length
