"""Chains of ridge fits: each generation is labelled by its predecessor, or by it and the truth.

Every step is `ridge_equivalent` on the truth and the error of the predecessor, whose moments are carried along.
"""

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_choice, check_nonnegative, check_positive, check_share
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.curves import over_generations
from jaxcollapse.theory.former import formerly, length_of_curves
from jaxcollapse.theory.regression.effective_penalty import kappa, shrinkage
from jaxcollapse.theory.regression.equivalent import equivalent_of_arrays, mean_squares, resolvent


@formerly(defaults={"generations": length_of_curves})
@lenient()
def ridge_replace(
    spectrum: Spectrum,
    *,
    samples: Number | Curve,
    noise: Number | Curve,
    penalty: Number | Curve,
    generations: Count,
) -> Float[Array, " generations"]:
    """The risk along a chain of ridge fits, each on fresh rows labelled by its predecessor.

    Every generation has its own ``(T, sigma, lambda)``: least squares, minimum norm and ridge may alternate. Per
    eigendirection the first and second moments ``m, s`` of the coefficients obey ``m <- D m`` and
    ``s <- D^2 s + gamma^2 ev/(ev + kappa)^2`` with
    ``gamma^2 = (sigma^2 + kappa^2 sum ev s/(ev + kappa)^2) / (T - df2)``: `ridge_equivalent` with one source.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `samples`, `noise`, `penalty`: numbers or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``; exact for least squares
    (``penalty = 0``, ``T >= d + 2``), whose denominator is ``T - d - 1``, and for the noise term of the minimum norm
    on isotropic features, by the denominator ``T - df2 - df2/df1``.

    **Reference** The recursion composes the one-step equivalent of Dohmatob, Feng and Kempe 2024, arXiv:2402.07712.

    ```python
    >>> curve = ridge_replace(Spectrum.isotropic(10), samples=31, noise=1.0, penalty=0.0, generations=2)
    >>> [round(float(risk), 3) for risk in curve]
    [0.5, 1.0]

    ```
    """
    check_spectrum(spectrum)
    check_ridge(penalty, samples, noise)
    sizes, noises, penalties = over_generations(generations, samples=samples, noise=noise, penalty=penalty)
    ones = jnp.ones_like(sizes)
    return _chain(spectrum, jnp.array([[1.0, 1.0]]), sizes[:, None], noises[:, None], ones[:, None], penalties)


@formerly(defaults={"generations": length_of_curves}, weight="real_weight", fake_noise="generator_noise")
@lenient()
def ridge_mix(
    spectrum: Spectrum,
    *,
    samples: Number | Curve,
    noise: Number | Curve,
    penalty: Number | Curve,
    real_samples: Number | Curve,
    real_weight: Number | Curve | None = None,
    generator_noise: Number | Curve | None = None,
    generations: Count,
) -> Float[Array, " generations"]:
    """The risk along a chain of ridge fits, each to fresh real rows and fresh rows labelled by its predecessor.

    The first fit sees the real rows alone. Afterwards the rows are pooled, or the real ones have the total weight
    ``w``: ``w/n_real`` per real row and ``(1 - w)/n`` per synthetic one. Pooled, the error obeys
    ``e_g = -kappa (Sigma + kappa)^-1 w0 + p D e_{g-1} + noise`` with the share ``p`` of synthetic rows.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `real_samples`, `samples`: real and synthetic rows of each generation, at least 0, numbers or shape
      ``(generations,)``; the first fit has real rows.
    - `noise`, `generator_noise`: of real and of synthetic labels; the same by default.
    - `penalty`: ``lambda`` per sample (per unit of weight where rows are weighted), at least 0.
    - `real_weight`: ``w`` in [0, 1]; unweighted rows by default.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``; exact for unweighted least
    squares (no penalty, ``T >= d + 2`` rows).

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049, for weighted rows, where the best weight tends to the
    inverse golden ratio for ``d`` much below ``n``; derived here for any ``d/n``.

    ```python
    >>> curve = ridge_mix(Spectrum.isotropic(40), real_samples=100, samples=100, noise=0.5, penalty=0.0,
    ...                             real_weight=0.618, generations=30)
    >>> round(float(curve[0]), 4), round(float(curve[-1]), 4)
    (0.1695, 0.0848)

    ```
    """
    check_spectrum(spectrum)
    generator_noise = noise if generator_noise is None else generator_noise
    check_ridge(penalty, 1.0, noise)
    for name, value in (("real_samples", real_samples), ("samples", samples), ("generator_noise", generator_noise)):
        check_nonnegative(name, value)
    check_positive("real_samples", real_samples if np.ndim(real_samples) == 0 else jnp.asarray(real_samples)[0])
    if real_weight is not None:
        check_share("real_weight", real_weight)
    reals, synthetic, noises, generator_noises, penalties, shares = over_generations(
        generations,
        real_samples=real_samples,
        samples=samples,
        noise=noise,
        generator_noise=generator_noise,
        penalty=penalty,
        real_weight=0.5 if real_weight is None else real_weight,
    )
    sizes = jnp.stack([reals, synthetic.at[0].set(0.0)], axis=1)
    weights = jnp.ones_like(sizes)
    if real_weight is not None:
        empty = jnp.where(sizes > 0, sizes, 1.0)
        weights = (jnp.stack([shares, 1 - shares], axis=1) / empty).at[0].set(1.0)
    labellers = jnp.array([[1.0, 0.0], [1.0, 1.0]])
    return _chain(spectrum, labellers, sizes, jnp.stack([noises, generator_noises], axis=1), weights, penalties)


@lenient()
def ridge_replace_limit(
    spectrum: Spectrum, *, samples: Number, noise: Number, penalty: Number, design: Literal["fresh", "fixed"]
) -> Float[Array, ""]:
    """The risk after infinitely many ridge fits with one penalty: nothing of the truth is left, but noise is bounded.

    Fresh: ``|w0|_Sigma^2 + gamma^2 sum_j s_j^2/(kappa (2 s_j + kappa))`` with
    ``gamma^2 = sigma^2/(T - df2 - kappa sum_j s_j^2/((s_j + kappa)^2 (2 s_j + kappa)))``. Fixed:
    ``|w0|_Sigma^2 + sigma^2/(2 lambda) [tr Sigma/T - (kappa' - lambda/2)]`` with ``kappa' = kappa(lambda/2, T)``.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `samples`, `noise`: ``T`` and ``sigma`` of every generation.
    - `penalty`: ``lambda`` per sample, positive.
    - `design`: a ``"fresh"`` design each generation, or a ``"fixed"`` one.

    **Returns** the limit of the excess risk; at least that of the null predictor, ``|w0|_Sigma^2``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Fresh: the fixed point of `ridge_replace`. Fixed: the sum over generations of
    ``sigma^2/T l (1 - l/(l + lambda))^(2g)`` over the eigenvalues ``l`` of the sample covariance.

    ```python
    >>> setting = dict(samples=100, noise=0.7, penalty=0.2)
    >>> [round(float(ridge_replace_limit(Spectrum.isotropic(60), **setting, design=d)), 4) for d in ("fresh", "fixed")]
    [1.5565, 1.6125]

    ```
    """
    check_spectrum(spectrum)
    check_choice("design", design, ("fresh", "fixed"))
    check_ridge(penalty, samples, noise)
    check_positive("penalty", penalty)
    s, null = spectrum.eigenvalues, jnp.sum(spectrum.eigenvalues * spectrum.signal**2)
    if design == "fixed":
        k = kappa(spectrum, penalty=penalty / 2, samples=samples)
        return null + noise**2 / (2 * penalty * samples) * jnp.sum(s * shrinkage(s, k, 1))
    k = kappa(spectrum, penalty=penalty, samples=samples)
    # T - df2 - kappa sum ..., from what each direction lacks to one: as many rows as directions lose no digits
    lack = jnp.sum(jnp.where(s > 0, k * resolvent(s, k) * (3 * s + k) / (2 * s + k), 0.0))
    gamma2 = noise**2 / (samples - jnp.sum(s > 0) + lack)
    return null + gamma2 * jnp.sum(s**2 / (k * (2 * s + k)))


@jax.jit  # compiled once for each number of generations, not at every call
def _chain(
    spectrum: Spectrum,
    labellers: Float[Array, "sources 2"],
    sizes: Float[Array, "generations sources"],
    noises: Float[Array, "generations sources"],
    weights: Float[Array, "generations sources"],
    penalties: Float[Array, " generations"],
) -> Float[Array, " generations"]:
    """The risk when labellers are combinations of the truth and the error of the predecessor."""
    dtype = jnp.result_type(spectrum.eigenvalues, spectrum.signal, sizes, noises, weights, penalties)
    s, w0 = spectrum.eigenvalues.astype(dtype), spectrum.signal.astype(dtype)
    labellers = labellers.astype(dtype)

    def step(state, setting):
        cross, square, infinite = state  # means of w0 e and e^2 in every direction
        moments = jnp.stack([jnp.stack([w0**2, cross]), jnp.stack([cross, square])])
        size, noise, weight, penalty = setting
        fit, now = equivalent_of_arrays(s, size, noise, weight, penalty, labellers, moments)
        missed = -fit.kappa * resolvent(s, fit.kappa)  # D - 1
        error = jnp.stack([jnp.where(s > 0, missed, -1.0), fit.coefficients[1]])
        inherits = (fit.shares @ labellers[:, 1]) > 0
        infinite = now | (infinite & inherits)
        cross, square = error[0] * w0**2 + error[1] * cross, mean_squares(error, moments) + fit.variance
        return (cross, square, infinite), jnp.where(infinite, jnp.inf, jnp.sum(s * square))

    start = (jnp.zeros_like(w0), jnp.zeros_like(w0), jnp.array(False))
    columns = tuple(column.astype(dtype) for column in (sizes, noises, weights, penalties))
    return jax.lax.scan(step, start, columns)[1]


def check_ridge(penalty: Number | Curve, samples: Number | Curve, noise: Number | Curve) -> None:
    """A penalty, sizes and noises that a ridge fit may have."""
    check_nonnegative("penalty", penalty)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)
