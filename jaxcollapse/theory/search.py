"""Roots and minima of functions of one number, with the derivatives that the implicit function theorem gives them.

A search has none of its own: bisection and golden sections compare, and move by numbers that depend on nothing.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Function = Callable[[Float[Array, ""]], Float[Array, ""]]
Sloped = Callable[[Float[Array, ""]], tuple[Float[Array, ""], Float[Array, ""]]]


def with_slope(function: Function) -> Sloped:
    """A function of one number, and its slope."""
    return lambda x: jax.jvp(function, (x,), (jnp.ones_like(x),))


def implicit(function: Sloped, root: Float[Array, ""]) -> Float[Array, ""]:
    """A root that has been found, with its derivatives in all that `function`, of a value and a slope, closes over.

    From a root held constant every Newton step doubles the number of derivatives that are right: two give three. A
    rule of our own for the first derivative would be lost when a scan is differentiated twice in reverse mode.
    """

    def newton(root, _):
        value, slope = function(root)
        regular = (slope != 0) & jnp.isfinite(slope) & jnp.isfinite(value)
        return root - jnp.where(regular, value, 0.0) / jnp.where(regular, slope, 1.0), None

    return jax.lax.scan(newton, jax.lax.stop_gradient(root), None, length=2)[0]


def root_in_bracket(function: Sloped, low: Float[Array, ""], high: Float[Array, ""]) -> Float[Array, ""]:
    """The root of an increasing function between `low` and `high`, to a millionth: Newton's method, or else bisection.

    `function` gives its value and its slope. The result has no derivative: that is for `implicit`, which also finds
    the digits that are missing.
    """

    def step(state):
        low, high, x, moved, count = state
        value, slope = jax.lax.stop_gradient(function(x))
        low, high = jnp.where(value < 0, x, low), jnp.where(value < 0, high, x)
        newton = x - value / slope
        good = (newton > low) & (newton < high) & (jnp.abs(newton - x) < 0.5 * moved)  # nothing is true of NaN
        after = jnp.where(value == 0, x, jnp.where(good, newton, 0.5 * (low + high)))
        return low, high, after, jnp.abs(after - x), count + 1

    def moving(state):
        *_, moved, count = state
        return (moved > 1e-6) & (count < 200)

    start = (low, high, high, 2 * (high - low) + 1, 0)
    return jax.lax.while_loop(moving, step, start)[2]


def minimiser(function: Function, grid: Float[Array, " points"]) -> Float[Array, ""]:
    """Where `function` is least: golden-section search around the best point of an increasing grid.

    Inside of the grid it is the root of the derivative, and differentiated as such; at an end it is that end.
    """
    held = jax.lax.stop_gradient(grid)
    golden = (5**0.5 - 1) / 2
    last = len(grid) - 1

    def narrow(bracket, _):
        low, high = bracket
        left, right = high - golden * (high - low), low + golden * (high - low)
        lower = function(left) < function(right)
        return (jnp.where(lower, low, left), jnp.where(lower, right, high)), None

    # A loop that stacks its results is not evaluated within `jax.ensure_compile_time_eval` before JAX 0.7.
    looked = jax.lax.fori_loop(0, len(grid), lambda i, seen: seen.at[i].set(function(held[i])), jnp.zeros_like(held))
    best = jnp.argmin(looked)
    ends = (held[jnp.maximum(best - 1, 0)], held[jnp.minimum(best + 1, last)])
    (low, high), _ = jax.lax.scan(narrow, ends, None, length=50)
    found = jax.lax.stop_gradient(0.5 * (low + high))
    inside = (found - held[0] > 1e-3 * (held[1] - held[0])) & (held[last] - found > 1e-3 * (held[1] - held[0]))

    slope = lambda x: with_slope(function)(x)[1]  # noqa: E731
    root = implicit(with_slope(slope), found)
    settled = jnp.abs(root - found) < 0.5 * (held[1] - held[0])  # a minimum, not what Newton's method made of noise
    end = jnp.where(found - held[0] < held[last] - found, grid[0], grid[last])
    return jnp.where(inside, jnp.where(settled, root, found), end)
