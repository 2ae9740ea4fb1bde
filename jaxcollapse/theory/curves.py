"""Arguments over the generations: one number, one for each generation, or equal batches."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_length, check_numbers
from jaxcollapse.arguments.types import Count, Curve, Number


def per_generation(name: str, value: Any, generations: Count) -> Float[Array, " generations"]:
    """A number or one for each generation, as the latter."""
    check_numbers(name, value)
    array = jnp.asarray(value)
    if array.shape not in ((), (generations,)):
        raise ValueError(f"{name} must be a number or have shape ({generations},), got shape {array.shape}")
    return jnp.broadcast_to(array.astype(jnp.result_type(array, float)), (generations,))


def from_the_second(
    name: str, value: Number | Curve, generations: Count, *, first: float
) -> Float[Array, " generations"]:
    """The same, but `first` at generation 1, which has real data alone: what is given for it does not count."""
    return per_generation(name, value, generations).at[0].set(first)


def over_generations(generations: Count, **curves: Number | Curve) -> list[Float[Array, " generations"]]:
    """Several arguments that are numbers or arrays over the generations, as arrays of one length and dtype."""
    check_length("generations", generations)
    arrays = [per_generation(name, value, generations) for name, value in curves.items()]
    dtype = jnp.result_type(*arrays)
    return [array.astype(dtype) for array in arrays]


def of_any_length(name: str, value: Curve) -> Float[Array, " generations"]:
    """One number for each generation, where nothing else says how many there are."""
    check_numbers(name, value)
    array = jnp.asarray(value)
    if array.ndim != 1:
        raise ValueError(f"{name} must have shape (generations,), got shape {array.shape}")
    return array.astype(jnp.result_type(array, float))


def one_size(samples: Number, generations: Count) -> tuple[Float[Array, ""], Float[Array, " generations"]]:
    """The size of every batch, and the generations ``1, ..., G``."""
    check_length("generations", generations)
    check_one_number("samples", samples, "for batches of one size")
    n = jnp.asarray(samples, jnp.result_type(samples, float))
    return n, jnp.arange(1, int(generations) + 1, dtype=n.dtype)


def check_one_number(name: str, value: Any, where: str) -> None:
    """Raises where only one number makes sense."""
    check_numbers(name, value)
    if np.ndim(value) != 0:
        raise ValueError(f"{name} must be one number {where}, got shape {np.shape(value)}")
