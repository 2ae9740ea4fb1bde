"""What the risk of least squares rests on: inverse chi-squares and quotients of chi-squares."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from jaxcollapse.arguments.types import Count
from jaxcollapse.theory.special import gamma_ratio_cdf


def inverse_moment(rest: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``1/rest``, the mean of an inverse chi-square of ``rest + 2`` degrees of freedom: infinite from zero down."""
    return jnp.where(rest > 0, 1 / jnp.where(rest > 0, rest, 1), jnp.inf)


def estimation_variance(noise: Real[Array, "..."], rest: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``noise^2/rest``, infinite from ``rest = 0`` down. Without noise 0, and NaN for fewer rows than features."""
    silent = jnp.where(rest >= -1, 0.0, jnp.nan)
    return jnp.where(noise > 0, noise**2 * inverse_moment(rest), silent)


def risk_cdf(ratio: Float[Array, "*shape"], dim: Count, samples: Real[Array, "..."]) -> Float[Array, "*shape"]:
    """``P(chi^2_d / chi^2_{T-d+1} <= ratio)``: the law of a least-squares risk in units of the noise variance."""
    half = jnp.asarray(dim / 2, ratio.dtype)
    return gamma_ratio_cdf(ratio, half, ((samples - dim + 1) / 2).astype(ratio.dtype))
