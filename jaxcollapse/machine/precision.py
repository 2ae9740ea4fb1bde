"""What belongs to one thread of JAX: double precision on or off, and whether a function is being traced."""

import concurrent.futures
import contextlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def x64_enabled() -> bool:
    """Whether numbers are double by default in this thread."""
    return jnp.result_type(float) == jnp.float64


def enable_x64(enabled: bool) -> contextlib.AbstractContextManager:
    """Double precision on or off in this thread, for a while."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(enabled)
    from jax.experimental import enable_x64 as context  # pyright: ignore[reportAttributeAccessIssue]

    return context(enabled)


def single_by_default() -> contextlib.AbstractContextManager:
    """What is traced here is in single precision unless told otherwise, whatever the precision of the run.

    JAX before 0.7 compiles the numbers of such a trace in the precision of the run, and fails: there defaults stay
    what they are, and whoever calls rounds what has to be single.
    """
    return enable_x64(False) if jax.__version_info__ >= (0, 7) else contextlib.nullcontext()


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
