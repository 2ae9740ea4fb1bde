"""The options by which JAX refuses what is convenient: they speak of the user's code, not of the library's own.

`jax_numpy_dtype_promotion="strict"`, `jax_numpy_rank_promotion="raise"` and `jax_transfer_guard="disallow"` find
mistakes in the code that sets them. Formulas here broadcast, and take numbers in any type, on purpose.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import jax

_REFUSED = ("disallow", "disallow_explicit")


@contextlib.contextmanager
def lenient(*, types: bool = True) -> Iterator[None]:
    """For a while, or in a function that it decorates: arrays meet, and go to the device, as by default.

    With `types` false, types meet as the user has it: where code of the user's runs as well.

    ```python
    >>> import jax.numpy as jnp
    >>> @lenient()
    ... def scaled(x, by):
    ...     return x * jnp.asarray(by)
    >>> with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
    ...     scaled(jnp.ones((2, 2)), [1, 2]).tolist()
    [[1.0, 2.0], [1.0, 2.0]]

    ```
    """
    guards = (_option("transfer_guard_host_to_device"), _option("transfer_guard_device_to_host"))
    with contextlib.ExitStack() as stack:  # nothing is entered where nothing is refused: programs are kept by option
        if types and _option("numpy_dtype_promotion") != "standard":
            stack.enter_context(jax.numpy_dtype_promotion("standard"))
        if _option("numpy_rank_promotion") != "allow":
            stack.enter_context(jax.numpy_rank_promotion("allow"))
        if any(guard in _REFUSED for guard in guards):
            stack.enter_context(jax.transfer_guard("allow"))
        yield


def _option(name: str) -> Any:
    return getattr(jax.config, f"jax_{name}")
