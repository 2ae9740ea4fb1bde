"""A mean that learns from what a verifier lets through: it shrinks towards the verifier, whose bias is what remains.

Protocol: generation 1 is the mean of ``n_1`` real rows ``N(theta*, s^2)``. Every later one is the mean of ``n_g`` rows
of its predecessor that a verifier accepts: those within a radius ``h`` of its centre ``theta_c``, coordinate by
coordinate. `jaxcollapse.Verified` simulates it. Linear regression on copies of an orthonormal design is the same, with
``h`` the radius of the verifier plus its slack.

A row that is accepted has a truncated normal law. With ``w = h/s`` and ``u`` the mean of the model in units of ``s``
from the centre, its mean ``T(u)`` has the slope ``T'(u) = Var/s^2``, which is largest at the centre.

Reference: Yi, Liu, Cheng and Xu 2025, arXiv:2510.16657, for the setting, which we know through others; what is here is
derived.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr, ndtr
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_at_least, check_length, check_numbers, check_positive, is_traced
from jaxcollapse.arguments.types import Count, Curve, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import per_generation

LEAST_ACCEPTANCE = 1e-12
"""A verifier that accepts fewer of the rows of the truth accepts nothing."""


class VerifiedMoments(NamedTuple):
    """The mean and the variance of every coordinate of an estimate, over the generations."""

    bias: Float[Array, " generations *dim"]
    """Of its mean from the truth."""
    variance: Float[Array, " generations *dim"]

    @property
    def squared_error(self) -> Float[Array, " generations"]:
        """Summed over the coordinates."""
        return jnp.sum((self.bias**2 + self.variance).reshape(len(self.bias), -1), axis=1)


@lenient()
def mean_verified_replace(
    *, bias: Number | Vector, radius: Number, samples: Number | Curve, variance: Number = 1.0, generations: Count
) -> VerifiedMoments:
    """A mean that is refitted to rows which a verifier accepts: its bias and its variance.

    ``m' = E T(u)`` and ``v' = Var T(u) + E Var(row | u)/n`` with ``u ~ N(m, v)``. With a small bias of the verifier the
    error first falls below that of real data alone, and then returns to the square of that bias.

    **Arguments**

    - `bias`: ``theta_c - theta*`` of the verifier, a number or shape ``(dim,)``.
    - `radius`: ``h``, positive: how far from the centre a row may lie.
    - `samples`: ``n_g``, accepted rows of generation ``g``, and real ones of the first, at least 1, a number or shape
      ``(generations,)``.
    - `variance`: ``s^2`` of a row, positive.
    - `generations`: ``G``, a positive integer.

    **Returns** a `VerifiedMoments`; its `squared_error` has shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments, and `ValueError` for a verifier that accepts less than
    1e-12 of the rows of the truth.

    **Exactness** Exact at the first two generations, to the rounding of a quadrature. Asymptotic later, with a relative
    error of order ``1/n``: the law of an estimate is taken to be normal.

    **Reference** Derived here; the setting is that of Yi et al. 2025, arXiv:2510.16657.

    ```python
    >>> moments = mean_verified_replace(bias=0.1, radius=1.0, samples=10, generations=3)
    >>> [round(float(error), 4) for error in moments.squared_error]
    [0.1, 0.0419, 0.0404]

    ```
    """
    check_length("generations", generations)
    check_at_least("samples", samples, 1.0)
    shift, width, deviation = _setting(bias, radius, variance)
    sizes = per_generation("samples", samples, generations).astype(shift.dtype)
    centre = shift / deviation

    def step(now, n):
        shift, within, around = _over_models(now.bias - centre, now.variance, width)
        after = VerifiedMoments(now.bias + shift, around + within / n)
        return after, after

    first = VerifiedMoments(jnp.zeros_like(centre), jnp.ones_like(centre) / sizes[0])
    later = jax.lax.scan(step, first, sizes[1:])[1]
    biases, variances = (jnp.concatenate([head[None], tail]) for head, tail in zip(first, later, strict=True))
    return VerifiedMoments(deviation * biases, deviation**2 * variances)


@lenient()
def mean_verified_contraction(*, radius: Number, variance: Number = 1.0) -> Float[Array, ""]:
    """How much of the distance from the verifier a round of verified data keeps: ``1 - 2 w phi(w)/(2 Phi(w) - 1)``.

    The largest slope of the map of the mean, taken at the centre, with ``w = h/s``: ``w^2/3`` for a strict verifier,
    1 for none.

    **Arguments** as for `mean_verified_replace`.

    **Returns** a scalar in (0, 1).

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Derived here; the setting is that of Yi et al. 2025, arXiv:2510.16657.

    ```python
    >>> [round(float(mean_verified_contraction(radius=h)), 4) for h in (1.0, 2.0)]
    [0.2911, 0.7737]

    ```
    """
    _, width, _ = _setting(0.0, radius, variance)
    return _truncated(jnp.zeros_like(width), width).slope


@lenient()
def mean_verified_limit(
    *, bias: Number | Vector, radius: Number, samples: Number, variance: Number = 1.0
) -> Float[Array, ""]:
    """The squared error after many rounds of verified data: ``|theta_c - theta*|^2 + d rho s^2/(n (1 - rho^2))``.

    **Arguments** as for `mean_verified_replace`, with rounds of one size.

    **Returns** a scalar, for all coordinates together.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic, with a relative error of order ``1/n``, large where ``rho``, the
    `mean_verified_contraction`, is near 1.

    **Reference** Derived here, by linear response; the setting is that of Yi et al. 2025, arXiv:2510.16657.

    ```python
    >>> round(float(mean_verified_limit(bias=0.1, radius=1.0, samples=10)), 4)
    0.0418

    ```
    """
    shift, width, deviation = _setting(bias, radius, variance)
    check_at_least("samples", samples, 1.0)
    kept = _truncated(jnp.zeros_like(width), width).slope
    return jnp.sum(shift**2) + shift.size * kept * deviation**2 / (samples * (1 - kept**2))


@lenient()
def mean_verified_break_even(
    *, bias: Number | Vector, radius: Number, real_samples: Number, variance: Number = 1.0
) -> Float[Array, ""]:
    """How many accepted rows make one round of verified data worth as much as the real data that it started from.

    ``n_2 = E Var(row | u)/(s^2/n_1 - E(T(u) - theta*)^2)`` over ``u ~ N(theta*, s^2/n_1)``: more rows improve on
    real data alone. For a verifier without bias about ``n_1 rho/(1 - rho^2)``.

    **Arguments** as for `mean_verified_replace`.

    - `real_samples`: ``n_1``, at least 1.

    **Returns** a scalar, for all coordinates together; infinite where the bias outweighs all that a round may gain.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, to the rounding of a quadrature.

    **Reference** Derived here; the setting is that of Yi et al. 2025, arXiv:2510.16657.

    ```python
    >>> rows = [mean_verified_break_even(bias=b, radius=1.0, real_samples=100) for b in (0.0, 0.1, 0.2)]
    >>> [round(float(n), 1) for n in rows]
    [31.8, 70.4, inf]

    ```
    """
    shift, width, deviation = _setting(bias, radius, variance)
    check_at_least("real_samples", real_samples, 1.0)
    centre = shift / deviation
    shift, within, around = _over_models(-centre, jnp.ones_like(centre) / real_samples, width)
    gain = jnp.sum(1 / real_samples - shift**2 - around)
    return jnp.where(gain > 0, jnp.sum(within) / jnp.where(gain > 0, gain, 1.0), jnp.inf)


def acceptance(distance: Float[Array, "*shape"], width: Float[Array, ""]) -> Float[Array, "*shape"]:
    """The probability that a row is accepted, at this distance of the model from the centre, all in units of ``s``."""
    far = jnp.abs(distance)
    return ndtr(width - far) - ndtr(-width - far)


def check_acceptance(distance: Float[Array, "*dim"], width: Float[Array, ""]) -> None:
    """Raises for a verifier that accepts nothing."""
    if is_traced(distance) or is_traced(width):
        return
    accepted = float(np.min(np.asarray(acceptance(distance, width))))
    if not accepted >= LEAST_ACCEPTANCE:
        raise ValueError(
            f"radius must let the verifier accept at least {LEAST_ACCEPTANCE:g} of the rows of the truth: at this "
            f"distance of its centre it accepts {accepted:.2g}"
        )


def _setting(
    bias: Number | Vector, radius: Number, variance: Number
) -> tuple[Float[Array, "*dim"], Float[Array, ""], Float[Array, ""]]:
    """The bias, the radius in units of the deviation, and the deviation of a row."""
    check_numbers("bias", bias)
    check_positive("radius", radius)
    check_positive("variance", variance)
    shift = jnp.asarray(bias)
    if shift.ndim > 1:
        raise ValueError(f"bias must be a number or have shape (dim,), got shape {shift.shape}")
    dtype = jnp.result_type(shift, radius, variance, float)
    deviation = jnp.sqrt(jnp.asarray(variance, dtype))
    width = jnp.asarray(radius, dtype) / deviation
    shift = shift.astype(dtype)
    check_acceptance(shift / deviation, width)
    return shift, width, deviation


def _over_models(mean, spread, width):
    """``E T - mean``, ``E Var(row | u)`` and ``Var T`` over ``u ~ N(mean, spread)``."""
    x, weight = _nodes(_HERMITE, mean)
    apart = jnp.sqrt(spread) * x
    values, shifts, slopes = _truncated(mean + apart, width)
    # T(u) - T(mean) from the slope between them, where their difference has lost its digits.
    s, share = _nodes(_UNIT, apart)
    between = jnp.where(spread < _CLOSE, apart, 0.0)
    slope = jnp.sum(share * _truncated(mean + s * between, width).slope, axis=0)
    moved = jnp.where(spread < _CLOSE, between * slope, values)
    around = jnp.sum(weight * (moved - jnp.sum(weight * moved, axis=0)) ** 2, axis=0)
    return jnp.sum(weight * shifts, axis=0), jnp.sum(weight * slopes, axis=0), around


def _nodes(rule, like):
    """Nodes and weights along a new leading axis."""
    return (jnp.asarray(v, like.dtype).reshape(-1, *[1] * like.ndim) for v in rule)


class _Truncated(NamedTuple):
    """The mean ``T(u)`` of a truncated normal law, ``T(u) - u``, and its variance, which is the slope of ``T``."""

    mean: Float[Array, "..."]
    shift: Float[Array, "..."]
    slope: Float[Array, "..."]


def _truncated(u, width):
    """Of ``N(u, 1)`` within `width` of zero."""
    strict = width < 0.5
    narrow, wide = _tilted(u, jnp.where(strict, width, 0.5)), _cut(u, jnp.where(strict, 0.5, width))
    return jax.tree.map(lambda a, b: jnp.where(strict, a, b), narrow, wide)


def _cut(u, width):
    """The same from the distribution function: on the side of the near end, where nothing cancels."""
    sign, far = jnp.where(u < 0, -1.0, 1.0), jnp.abs(u)
    near, end = width - far, -width - far
    tail = near < -5.0
    mass = jnp.where(tail, 1.0, ndtr(near) - ndtr(end))
    below = log_ndtr(near)
    log_mass = below + jnp.log1p(-jnp.exp(log_ndtr(end) - below))
    at_near, at_end = (
        jnp.where(tail, jnp.exp(-0.5 * x**2 - log_mass), jnp.exp(-0.5 * x**2) / mass) / np.sqrt(2 * np.pi)
        for x in (near, end)
    )
    shift = at_end - at_near
    return _Truncated(sign * (far + shift), sign * shift, 1 + end * at_end - near * at_near - shift**2)


def _tilted(u, width):
    """The same by quadrature over the interval, in which the density is almost flat."""
    t, weight = _nodes(_LEGENDRE, u)
    tilt = width * u * t - 0.5 * (width * t) ** 2
    share = weight * jnp.exp(tilt - jax.lax.stop_gradient(jnp.max(tilt, axis=0)))
    share = share / share.sum(axis=0)
    mean = jnp.sum(share * t, axis=0)
    return _Truncated(width * mean, width * mean - u, width**2 * jnp.sum(share * (t - mean) ** 2, axis=0))


_POINTS, _SHARES = np.polynomial.hermite_e.hermegauss(60)
_HERMITE = _POINTS, _SHARES / _SHARES.sum()
_LEGENDRE = np.polynomial.legendre.leggauss(24)
_CLOSE = 1e-2  # models that are within one standard deviation of a row
_S, _S_SHARES = np.polynomial.legendre.leggauss(12)
_UNIT = (1 + _S) / 2, _S_SHARES / 2
