"""What belongs to one thread of JAX: double precision on or off, and whether a function is being traced."""

import concurrent.futures
import contextlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse._check import is_traced


def x64_enabled() -> bool:
    """Whether numbers are double by default in this thread."""
    return jnp.result_type(float) == jnp.float64


def enable_x64(enabled: bool) -> contextlib.AbstractContextManager:
    """Double precision on or off in this thread, for a while."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(enabled)
    from jax.experimental import enable_x64 as context  # pyright: ignore[reportAttributeAccessIssue]

    return context(enabled)


def at_once(*values: Any) -> contextlib.AbstractContextManager:
    """Computes now, in a trace as well, what depends on `values`; unless one of them is traced itself."""
    return contextlib.nullcontext() if any(is_traced(value) for value in values) else jax.ensure_compile_time_eval()


def as_floats(value: Any) -> Float[Array, "..."]:
    """`value` as a floating-point array that stays concrete inside a trace.

    Integers of Python and NumPy become floats before JAX sees them: the large ones fit none of its 32 bits.
    """
    leaves = jax.tree.leaves(value)
    with at_once(*leaves):
        array = jnp.asarray(value) if any(isinstance(leaf, jax.Array) for leaf in leaves) else np.asarray(value)
        return jnp.asarray(array, jnp.result_type(array, float))


def untraced(function: Callable[[], Any]) -> Any:
    """What `function` returns, computed at once, in a thread in which nothing is traced; in the same precision.

    `jax.ensure_compile_time_eval` does so for functions without loops; in some versions of JAX a scan fails there.
    """
    double = x64_enabled()

    def compute():
        with enable_x64(double):
            return function()

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(compute).result()
