"""The minimum of a smooth function of one number."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def minimiser(
    function: Callable[[Float[Array, ""]], Float[Array, ""]], grid: Float[Array, " points"]
) -> Float[Array, ""]:
    """Where `function` is least: golden-section search around the best point of an increasing grid."""
    best = jnp.argmin(jax.lax.map(function, grid))
    golden = (5**0.5 - 1) / 2

    def narrow(bracket, _):
        low, high = bracket
        left, right = high - golden * (high - low), low + golden * (high - low)
        lower = function(left) < function(right)
        return (jnp.where(lower, low, left), jnp.where(lower, right, high)), None

    ends = (grid[jnp.maximum(best - 1, 0)], grid[jnp.minimum(best + 1, len(grid) - 1)])
    (low, high), _ = jax.lax.scan(narrow, ends, None, length=50)
    return 0.5 * (low + high)
