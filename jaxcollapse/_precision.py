"""Double precision on or off, in one thread."""

import contextlib

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
