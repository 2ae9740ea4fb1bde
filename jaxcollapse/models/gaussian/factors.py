"""Triangular factors column by column, without a library: many replications are computed side by side.

A library factors one matrix at a time, and waits for it. For the few columns of a Gaussian that is most of the time.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxcollapse.machine.leniency import lenient


@lenient()
def lower_factor(covariances: Float[Array, "*batch dim dim"], floor: Scalar) -> Float[Array, "*batch dim dim"]:
    """The lower triangular factor of each covariance; no coordinate varies less than `floor`, given those before it.

    A covariance of fewer rows than dimensions has one too.
    """
    dim = covariances.shape[-1]
    place = jnp.arange(dim)

    def column(j, state):
        rest, lower = state
        at = rest[..., j]
        pivot = jnp.sqrt(jnp.maximum(at[..., j], floor))[..., None]
        one = jnp.where(place > j, at / pivot, jnp.where(place == j, pivot, 0.0))
        return rest - one[..., :, None] * one[..., None, :], lower.at[..., j].set(one)

    return jax.lax.fori_loop(0, dim, column, (covariances, jnp.zeros_like(covariances)))[1]


@lenient()
def in_units(
    factors: Float[Array, "components dim dim"], gaps: Float[Array, "rows components dim"]
) -> Float[Array, "rows components dim"]:
    """Gaps in units of lower triangular factors, ``L^-1 gap``, coordinate by coordinate."""
    place = jnp.arange(factors.shape[-1])

    def column(j, rest):
        one = rest[..., j] / factors[:, j, j]
        return (rest - one[..., None] * jnp.where(place > j, factors[:, :, j], 0.0)).at[..., j].set(one)

    return jax.lax.fori_loop(0, len(place), column, gaps)
