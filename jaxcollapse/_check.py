"""Checks of arguments, before compilation: each error names the argument, its value and what is allowed.

Traced values cannot be checked and pass.
"""

from typing import Any

import jax
import numpy as np
from jax.core import Tracer


def is_traced(value: Any) -> bool:
    """Whether a value is not known before compilation."""
    return isinstance(value, Tracer)


def check_positive(name: str, value: Any) -> None:
    """Every entry is a finite number above zero."""
    array = _concrete(name, value)
    if array is not None and not np.all((array > 0) & np.isfinite(array)):
        raise ValueError(f"{name} must be positive and finite, got {value}")


def check_nonnegative(name: str, value: Any) -> None:
    """Every entry is a finite number, at least zero."""
    check_at_least(name, value, 0.0)


def check_above(name: str, value: Any, minimum: float) -> None:
    """Every entry is a finite number above `minimum`."""
    array = _concrete(name, value)
    if array is not None and not np.all((array > minimum) & np.isfinite(array)):
        raise ValueError(f"{name} must be finite and above {minimum:g}, got {value}")


def check_at_least(name: str, value: Any, minimum: float) -> None:
    """Every entry is a finite number, at least `minimum`."""
    array = _concrete(name, value)
    if array is not None and not np.all((array >= minimum) & np.isfinite(array)):
        bound = f" and at least {minimum:g}" if np.isfinite(minimum) else ""
        raise ValueError(f"{name} must be finite{bound}, got {value}")


def check_at_most(name: str, value: Any, maximum: float) -> None:
    """Every entry is a number, at most `maximum`."""
    array = _concrete(name, value)
    if array is not None and not np.all(array <= maximum):
        raise ValueError(f"{name} must be at most {maximum:g}, got {value}")


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


def check_integer(name: str, value: Any, *, minimum: int) -> None:
    """A Python or NumPy integer, at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")


def check_choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    """One of a few values."""
    if isinstance(value, bool) or value not in choices:
        raise ValueError(f"{name} must be {' or '.join(repr(choice) for choice in choices)}, got {value!r}")


def check_shape(name: str, value: Any, shape: tuple[int, ...]) -> None:
    """An array of exactly this shape."""
    if np.shape(value) != shape:
        raise ValueError(f"{name} must have shape {shape}, got {np.shape(value)}")


def check_key(name: str, value: Any) -> None:
    """A single typed key."""
    if isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
        if value.shape != ():
            raise ValueError(f"{name} must be a single key, got an array of keys of shape {value.shape}")
        return
    raise TypeError(f"{name} must be a typed key such as jax.random.key(0), got {value!r}")


def _concrete(name: str, value: Any) -> np.ndarray | None:
    """The value as a NumPy array, or None if it is traced."""
    if is_traced(value):
        return None
    array = np.asarray(value)
    if array.dtype == bool or not np.issubdtype(array.dtype, np.number):
        raise TypeError(f"{name} must be a number or an array of numbers, got {value!r}")
    return array
