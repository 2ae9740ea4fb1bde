"""Chains of ridge fits: each generation is labelled by its predecessor."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse._check import check_integer, check_nonnegative, check_positive
from jaxcollapse._types import Count, Curve, Number
from jaxcollapse.theory.equivalents import degrees_of_freedom, kappa
from jaxcollapse.theory.regression.least_squares import _inverse_moment
from jaxcollapse.theory.spectrum import Spectrum


def ridge_chain(
    spectrum: Spectrum,
    *,
    samples: Number | Curve,
    noise: Number | Curve,
    penalty: Number | Curve,
    generations: Count | None = None,
) -> Float[Array, " generations"]:
    """The risk along a chain of ridge fits, each on fresh rows labelled by its predecessor.

    Every generation has its own ``(T, sigma, lambda)``: least squares, minimum norm and ridge may alternate. Per
    eigendirection the first and second moments ``m, s`` of the coefficients obey ``m <- D m`` and
    ``s <- D^2 s + gamma^2 ev/(ev + kappa)^2`` with
    ``gamma^2 = (sigma^2 + kappa^2 sum ev s/(ev + kappa)^2) / (T - df2)``.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `samples`, `noise`, `penalty`: numbers or shape ``(generations,)``.
    - `generations`: ``G``; needed only if all three are numbers.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``; exact for least squares
    (``penalty = 0``, ``T >= d + 2``), whose denominator is ``T - d - 1``, and for the noise term of the minimum norm
    on isotropic features, by the denominator ``T - df2 - df2/df1``.

    **Reference** The recursion composes the one-step equivalent of Dohmatob, Feng and Kempe 2024, arXiv:2402.07712.

    ```python
    >>> curve = ridge_chain(Spectrum.isotropic(10), samples=31, noise=1.0, penalty=0.0, generations=2)
    >>> [round(float(risk), 3) for risk in curve]
    [0.5, 1.0]

    ```
    """
    _check_ridge(penalty, samples, noise)
    lengths = {np.shape(value)[0] for value in (samples, noise, penalty) if np.ndim(value) == 1}
    if any(np.ndim(value) > 1 for value in (samples, noise, penalty)) or len(lengths) > 1:
        raise ValueError("samples, noise and penalty must be numbers or have the same shape (generations,)")
    if not lengths and generations is None:
        raise ValueError("generations must be given when samples, noise and penalty are numbers")
    count = lengths.pop() if lengths else generations
    if generations is not None and count != generations:
        raise ValueError(f"generations must be {count}, the length of the arrays, got {generations}")
    check_integer("generations", count, minimum=1)
    ev, w0 = spectrum.eigenvalues, spectrum.signal
    dtype = jnp.result_type(ev, w0, samples, noise, penalty, float)
    columns = [jnp.broadcast_to(jnp.asarray(value, dtype), (count,)) for value in (samples, noise, penalty)]

    def step(moments, settings):
        m, s = moments
        t, sigma, lam = settings
        k = kappa(spectrum, penalty=lam, samples=t)
        df1, df2 = (degrees_of_freedom(spectrum, kappa=k, order=order) for order in (1, 2))
        inverse = _inverse_square(ev, k)
        unregularised, over = lam == 0, t < spectrum.dim
        rest = jnp.where(unregularised & ~over, 1 / _inverse_moment(t, spectrum.dim), t - df2)
        noise_rest = jnp.where(unregularised & over, t - df2 - df2 / df1, rest)
        noise_part = jnp.where(sigma > 0, sigma**2 / jnp.maximum(noise_rest, 0.0), 0.0)
        gamma2 = noise_part + k**2 * jnp.sum(ev * s * inverse) / rest
        shrink = jnp.where(ev > 0, ev / jnp.where(ev > 0, ev + k, 1.0), 0.0)
        m, s = shrink * m, shrink**2 * s + gamma2 * ev * inverse
        return (m, s), jnp.sum(ev * (s - 2 * w0 * m + w0**2))

    return jax.lax.scan(step, (w0.astype(dtype), w0.astype(dtype) ** 2), columns)[1]


def _check_ridge(penalty: Number | Curve, samples: Number | Curve, noise: Number | Curve) -> None:
    check_nonnegative("penalty", penalty)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)


def _inverse_square(eigenvalues: Float[Array, " dim"], k: Float[Array, ""]) -> Float[Array, " dim"]:
    """``(s + kappa)^-2``; the directions that vanish with ``kappa`` count nothing."""
    total = eigenvalues + k
    return jnp.where(total > 0, 1 / jnp.where(total > 0, total, 1.0) ** 2, 0.0)
