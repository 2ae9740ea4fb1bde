"""Checks of arguments, before compilation: each error names the argument, its value and what is allowed.

Traced values cannot be checked and pass.
"""

import os
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from jaxcollapse.arguments.names import did_you_mean, shown
from jaxcollapse.machine import resources
from jaxcollapse.machine.leniency import as_float, in_range, is_half
from jaxcollapse.machine.precision import x64_enabled


def is_traced(value: Any) -> bool:
    """Whether a value is not known before compilation."""
    return isinstance(value, Tracer)


def check_numbers(name: str, value: Any) -> None:
    """A number, or an array of numbers."""
    _concrete(name, value)


def check_scalar(name: str, value: Any) -> None:
    """One number."""
    check_numbers(name, value)
    if np.ndim(value) != 0:
        raise ValueError(f"{name} must be one number, got shape {np.shape(value)}")


def check_positive(name: str, value: Any) -> None:
    """Every entry is a finite number above zero."""
    array = _concrete(name, value)
    if array is not None and not np.all((array > 0) & np.isfinite(array)):
        raise ValueError(f"{name} must be positive and finite, got {shown(value, str)}")


def check_nonnegative(name: str, value: Any) -> None:
    """Every entry is a finite number, at least zero."""
    check_at_least(name, value, 0.0)


def check_above(name: str, value: Any, minimum: float) -> None:
    """Every entry is a finite number above `minimum`."""
    array = _concrete(name, value)
    if array is not None and not np.all((array > minimum) & np.isfinite(array)):
        raise ValueError(f"{name} must be finite and above {minimum:g}, got {shown(value, str)}")


def check_at_least(name: str, value: Any, minimum: float) -> None:
    """Every entry is a finite number, at least `minimum`."""
    array = _concrete(name, value)
    if array is not None and not np.all((array >= minimum) & np.isfinite(array)):
        bound = f" and at least {minimum:g}" if np.isfinite(minimum) else ""
        raise ValueError(f"{name} must be finite{bound}, got {shown(value, str)}")


def check_at_most(name: str, value: Any, maximum: float) -> None:
    """Every entry is a number, at most `maximum`."""
    array = _concrete(name, value)
    if array is not None and not np.all(array <= maximum):
        raise ValueError(f"{name} must be at most {maximum:g}, got {shown(value, str)}")


def check_share(name: str, value: Any) -> None:
    """Every entry is a number in [0, 1]."""
    check_nonnegative(name, value)
    check_at_most(name, value, 1.0)


def check_probabilities(name: str, value: Any) -> None:
    """A vector of numbers, not negative, that sum to one up to rounding."""
    check_nonnegative(name, value)
    if np.ndim(value) != 1 or np.size(value) == 0:
        raise ValueError(f"{name} must have shape (symbols,), got shape {np.shape(value)}")
    if not is_traced(value):
        total = np.sum(np.asarray(value), dtype=np.float64)
        if abs(total - 1) > 1e-5:
            raise ValueError(f"{name} must sum to one, got a sum of {total:g}: divide by it")


def check_conditionals(name: str, value: Any) -> None:
    """Rows of numbers, not negative, of two symbols or more, each of which sums to one up to rounding."""
    check_nonnegative(name, value)
    if np.ndim(value) != 2 or np.shape(value)[0] < 1 or np.shape(value)[1] < 2:
        raise ValueError(f"{name} must have shape (contexts, symbols), with two symbols or more, got {np.shape(value)}")
    if not is_traced(value):
        totals = np.sum(np.asarray(value), axis=1, dtype=np.float64)
        if np.abs(totals - 1).max() > 1e-5:
            raise ValueError(f"{name} must have rows that sum to one, got sums of {totals}: divide them by it")


def check_graph(name: str, value: Any) -> None:
    """The shares of the batch of each model, not negative: of real data, and of every model. They sum to one."""
    check_nonnegative(name, value)
    shape = np.shape(value)
    if len(shape) != 2 or shape[0] < 1 or shape[1] != shape[0] + 1:
        raise ValueError(f"{name} must have shape (models, models + 1), the share of real data first, got {shape}")
    check_fits(f"{name} of {shape[0]:,} models: their covariance", 32.0 * float(shape[0]) ** 2, "take fewer")
    if not is_traced(value):
        totals = np.sum(np.asarray(value), axis=1, dtype=np.float64)
        if np.abs(totals - 1).max() > 1e-5:
            raise ValueError(f"{name} must have rows that sum to one, got sums of {totals}: divide them by it")


def check_folder(name: str, value: Any) -> None:
    """The path of a folder, or None for none."""
    if value is not None and not isinstance(value, str | os.PathLike):
        raise TypeError(f"{name} must be the path of a folder, got {shown(value)}")
    if isinstance(value, str) and not value.strip():
        raise ValueError(f"{name} must be the path of a folder, got {value!r}: write '.' for the one that you are in")


def check_integer(name: str, value: Any, *, minimum: int) -> None:
    """A Python or NumPy integer, at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        hint = ""
        if isinstance(value, float | np.floating) and np.isfinite(value) and value == int(value):
            hint = f": write {int(value)}"
        elif isinstance(value, jax.Array | np.ndarray) and not is_traced(value) and np.ndim(value) == 0:
            hint = f": write int({name})"
        elif is_traced(value):
            hint = ": it must be known before compilation"
        raise TypeError(f"{name} must be an integer, got {shown(value)}{hint}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {shown(value, str)}")


def check_length(name: str, value: Any, *, minimum: int = 1, each: float = 64) -> None:
    """An integer that arrays have as their length, which fit into memory with `each` bytes for an entry."""
    check_integer(name, value, minimum=minimum)
    check_fits(f"{name}={value:,}: arrays of that length", each * float(value), "take less")


def check_count(name: str, value: Any, *, minimum: int) -> None:
    """An integer that programs count with, in 32 bits."""
    check_integer(name, value, minimum=minimum)
    if value > _LARGEST_COUNT:
        raise ValueError(f"{name} must be at most {_LARGEST_COUNT:,}, got {value:,}")


_LARGEST_COUNT = 2**31 - 1


def check_choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    """One of a few values."""
    if isinstance(value, bool) or value not in choices:
        hint = did_you_mean(value, [choice for choice in choices if isinstance(choice, str)])
        raise ValueError(f"{name} must be {' or '.join(repr(choice) for choice in choices)}, got {shown(value)}{hint}")


def check_flag(name: str, value: Any) -> None:
    """True or False, and no number in their place."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")


def check_made(name: str, value: Any) -> None:
    """Not a class in place of one of its objects."""
    if isinstance(value, type):
        raise TypeError(f"{name} must be made: got the class {value.__name__}, write {value.__name__}(...)")


def check_shape(name: str, value: Any, shape: tuple[int, ...]) -> None:
    """An array of exactly this shape."""
    try:
        found = np.shape(value)
    except ValueError:
        raise ValueError(f"{name} must have shape {shape}, got rows of different lengths: {value!r}") from None
    if found != shape:
        raise ValueError(f"{name} must have shape {shape}, got {found}")


def check_key(name: str, value: Any) -> None:
    """A single typed key."""
    if is_key(value):
        if value.shape != ():
            raise ValueError(f"{name} must be a single key, got an array of keys of shape {value.shape}")
        return
    hint = ""
    if isinstance(value, int | np.integer):
        hint = f": write jax.random.key({value})"
    elif isinstance(value, jax.Array | np.ndarray) and value.dtype == np.uint32:
        hint = ", an old-style key: write jax.random.key(seed) instead of jax.random.PRNGKey(seed)"
    raise TypeError(f"{name} must be a typed key such as jax.random.key(0), got {shown(value)}{hint}")


def is_key(value: Any) -> bool:
    """Whether a value is a typed key, or an array of them."""
    return isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key)


def check_fits(what: str, size: float, advice: str) -> None:
    """So many bytes fit into the memory of this machine, or of this process if it has a limit; where that is known."""
    memory, limit = resources.memory(), resources.limit_of_this_process()
    if memory is None:
        return
    who = "this machine has"
    if limit < memory:
        memory, who = limit, "this process may have"
    if size > memory:
        raise ValueError(f"{what} would take {_in_gib(size)} GiB, and {who} {_in_gib(memory)} GiB: {advice}")


def _in_gib(size: float) -> str:
    gib = size / 2**30
    return f"{gib:,.0f}" if gib >= 10 else f"{gib:.1f}" if gib < 1e6 else f"{gib:.1e}"


def _concrete(name: str, value: Any) -> np.ndarray | None:
    """The value as a NumPy array, or None if it is traced."""
    if is_traced(value):
        return None
    try:
        array = as_numpy(value)
    except ValueError:
        raise ValueError(f"{name} must be an array with rows of one length, got {shown(value)}") from None
    array = in_range(array) if is_half(array.dtype) else array
    if array.dtype == bool or not np.issubdtype(array.dtype, np.number):
        raise TypeError(f"{name} must be a number or an array of numbers, got {shown(value)}")
    if array.dtype.kind == "c":
        raise TypeError(f"{name} must be real, got {shown(value)}")
    if not x64_enabled() and np.any(np.isfinite(array) & (np.abs(array) > _LARGEST_SINGLE)):
        raise ValueError(f"{name} must be a number that float32 can hold, got {shown(value)}: set jax_enable_x64")
    return array


_LARGEST_SINGLE = float(np.finfo(np.float32).max)


def as_numpy(value: Any) -> np.ndarray:
    """A value as a NumPy array, in which integers of more than 64 bits are floating-point numbers."""
    array = np.asarray(value)
    if array.dtype == object and all(type(entry) in (int, float) for entry in array.flat):
        array = np.array([as_float(entry) for entry in array.flat]).reshape(array.shape)
    return array
