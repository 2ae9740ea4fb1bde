"""What every form of LSQR does with a new column of the bidiagonal matrix: rotate, and see whether to go on.

Reference: Paige and Saunders 1982, "LSQR: an algorithm for sparse linear equations and sparse least squares", table 1.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

TOLERANCE = 1e-12  # of the solution, relative, where the precision allows it


class Rotation(NamedTuple):
    """What one step changes."""

    rho: Array
    """The new diagonal element, before the next rotation."""
    phi: Array
    """The new right-hand side, before the next rotation."""
    step: Array
    """How far the solution goes along the old search direction."""
    turn: Array
    """How much of the old search direction is taken off the new right vector to give the new direction."""
    gain: Array
    """What the step takes off the penalised squared residual."""


def rotate(rho: Array, phi: Array, alpha: Array, beta: Array, damp: Array) -> Rotation:
    """Eliminate the square root of `damp` and the element `beta` below the diagonal; `alpha` is the next one on it."""
    damped = root(rho**2 + damp)
    new = root(damped**2 + beta**2)
    c, s = ratio(damped, new), ratio(beta, new)
    right = ratio(rho, damped) * phi
    return Rotation(-c * alpha, s * right, ratio(c * right, new), ratio(s * alpha, new), (c * right) ** 2)


def unfinished(k: Array | int, most: Array, gain: Array, total: Array) -> Array:
    """Whether step `k`, of at most `most`, is needed: the last one did take something off, of the `total` of all."""
    tolerance = max(float(jnp.finfo(gain.dtype).eps), TOLERANCE) ** 2
    return (k <= most) & ((k < 2) | (gain > tolerance * total))


def ratio(a: Array, b: Array) -> Array:
    """``a / b``, and 0 where `b` vanishes."""
    return jnp.where(b > 0, a / jnp.where(b > 0, b, 1.0), 0.0)


def root(a: Array) -> Array:
    """The square root, and 0 with a derivative of 0 where there is none."""
    return jnp.where(a > 0, jnp.sqrt(jnp.where(a > 0, a, 1.0)), 0.0)
