"""The options by which JAX refuses what is convenient: they speak of the user's code, not of the library's own.

`jax_numpy_dtype_promotion="strict"`, `jax_numpy_rank_promotion="raise"` and `jax_transfer_guard="disallow"` find
mistakes in the code that sets them. Formulas here broadcast, and take numbers in any type, on purpose.
"""

import contextlib
import functools
import inspect
import math
import operator
import typing
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from jaxcollapse.machine.precision import x64_enabled

_REFUSED = ("disallow", "disallow_explicit")


def lenient(*, types: bool = True, ranks: bool = True) -> "_Lenient":
    """For a while, or in a function that it decorates: arrays meet, and go to the device, as by default.

    With `types` false, types meet as the user has it, and with `ranks` false shapes: where code of the user's runs.

    A function that it decorates takes integers of any size as numbers: where JAX has 32 bits for them, larger ones
    become floating-point numbers. (Those of NumPy would wrap around without a word.) An argument that must be an
    integer, by its annotation, stays one. Half precision, of three digits, becomes single.

    ```python
    >>> import jax.numpy as jnp
    >>> @lenient()
    ... def scaled(x, by):
    ...     return x * jnp.asarray(by)
    >>> with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
    ...     scaled(jnp.ones((2, 2)), [1, 2]).tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    >>> float(scaled(jnp.ones(()), np.int64(10**10)))
    10000000000.0

    ```
    """
    return _Lenient(types, ranks)


class _Lenient(contextlib.ContextDecorator):
    """What `lenient` gives."""

    def __init__(self, types: bool, ranks: bool):
        self._types, self._ranks = types, ranks

    def __enter__(self) -> None:
        self._entered = _allowed(self._types, self._ranks)
        self._entered.__enter__()

    def __exit__(self, *error: Any) -> bool | None:
        return self._entered.__exit__(*error)

    def _recreate_cm(self) -> "_Lenient":
        """One for every call."""
        return _Lenient(self._types, self._ranks)

    def __call__(self, function: Callable) -> Callable:
        """The function, whatever is refused outside of it."""
        allowed = super().__call__(function)
        if not self._types:
            return allowed
        parameters = inspect.signature(function).parameters.values()
        whole = {p.name for p in parameters if p.annotation is int or int in typing.get_args(p.annotation)}
        names = [p.name for p in parameters]

        @functools.wraps(function)
        def call(*positional: Any, **named: Any) -> Any:
            given = [v if name in whole else in_range(v) for name, v in zip(names, positional, strict=False)]
            given.extend(positional[len(names) :])
            return allowed(*given, **{name: v if name in whole else in_range(v) for name, v in named.items()})

        return call


def in_range(value: Any) -> Any:
    """Integers that JAX has no room for at the present precision as floating-point numbers, half precision as single.

    ```python
    >>> in_range(7), in_range([1, 2**70]), in_range(np.float16(0.1)).dtype
    (7, [1, 1.1805916207174113e+21], dtype('float32'))

    ```
    """
    if isinstance(value, bool | float | str):
        return value
    if is_half(getattr(value, "dtype", None)):
        return value.astype(np.float32)
    if isinstance(value, jax.Array):
        return value
    if type(value) in (list, tuple):
        entries = [in_range(entry) for entry in value]
        return value if all(map(operator.is_, entries, value)) else type(value)(entries)
    largest = 2**63 - 1 if x64_enabled() else 2**31 - 1
    if isinstance(value, int):
        return value if -largest <= value <= largest else as_float(value)
    if getattr(getattr(value, "dtype", None), "kind", "") not in ("i", "u") or not hasattr(value, "__array__"):
        return value
    array = np.asarray(value)
    return array.astype(float) if array.size and not -largest <= array.min() <= array.max() <= largest else value


def is_half(dtype: Any) -> bool:
    """Whether it is a type of floating-point numbers of fewer than 32 bits."""
    return isinstance(dtype, np.dtype) and dtype.itemsize < 4 and jax.numpy.issubdtype(dtype, np.floating)


def as_float(value: Any) -> float:
    """A number of Python as a floating-point number, infinite where there is none."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


@contextlib.contextmanager
def _allowed(types: bool, ranks: bool) -> Iterator[None]:
    guards = (_option("transfer_guard_host_to_device"), _option("transfer_guard_device_to_host"))
    with contextlib.ExitStack() as stack:  # nothing is entered where nothing is refused: programs are kept by option
        if types and _option("numpy_dtype_promotion") != "standard":
            stack.enter_context(jax.numpy_dtype_promotion("standard"))
        if ranks and _option("numpy_rank_promotion") != "allow":
            stack.enter_context(jax.numpy_rank_promotion("allow"))
        if any(guard in _REFUSED for guard in guards):
            stack.enter_context(jax.transfer_guard("allow"))
        yield


def _option(name: str) -> Any:
    return getattr(jax.config, f"jax_{name}")
