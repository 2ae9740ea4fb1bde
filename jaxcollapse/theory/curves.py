"""Arguments that are one number, or one for each generation."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.types import Count


def per_generation(name: str, value: Any, generations: Count) -> Float[Array, " generations"]:
    """A number or one for each generation, as the latter."""
    array = jnp.asarray(value)
    if array.shape not in ((), (generations,)):
        raise ValueError(f"{name} must be a number or have shape ({generations},), got shape {array.shape}")
    return jnp.broadcast_to(array.astype(jnp.result_type(array, float)), (generations,))


def check_one_number(name: str, value: Any, where: str) -> None:
    """Raises where only one number makes sense."""
    if np.ndim(value) != 0:
        raise ValueError(f"{name} must be one number {where}, got shape {np.shape(value)}")
