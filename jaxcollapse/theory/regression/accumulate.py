"""Regression that accumulates data: weights, few rows, penalties, and the law of the risk.

Protocol: generation ``g`` is fitted to batches ``1, ..., g``; batch ``i`` has ``T_i`` rows ``x ~ N(0, Sigma)``,
labelled ``y = x'w_{i-1} + noise * e`` by the model before it (``w_0`` is the truth). ``N_i = T_1 + ... + T_i``. Risk is
the excess test risk ``|w - w0|_Sigma^2``. The plain case, least squares on equally weighted rows, is
`ols_accumulate`.
"""

from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax.scipy.special import polygamma
from jaxtyping import Array, Float, Real

from jaxcollapse.arguments.check import (
    check_at_least,
    check_choice,
    check_count,
    check_length,
    check_nonnegative,
    check_positive,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.curves import check_one_number, of_any_length, per_generation
from jaxcollapse.theory.former import formerly
from jaxcollapse.theory.regression.effective_penalty import degrees_of_freedom, kappa, spare_rows
from jaxcollapse.theory.regression.inverse_moments import estimation_variance, inverse_moment, risk_cdf
from jaxcollapse.theory.regression.recursion import ridge_replace


@lenient()
def ols_accumulate_weighted(
    *, dim: Count, samples: Number, noise: Number, weights: Curve
) -> Float[Array, " generations"]:
    """The risk of least squares on one design when batch ``i`` counts ``omega_i`` times.

    All batches label the same ``T`` rows, so that ``w_g - w_{g-1}`` is ``omega_g / Omega_g`` times a fresh noise, with
    ``Omega_g = omega_1 + ... + omega_g``: the risk is ``sigma^2 d/(T - d - 1) sum_{i<=g} (omega_i / Omega_i)^2``.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: rows ``T`` of the design, at least ``d``.
    - `noise`: ``sigma``, at least 0.
    - `weights`: ``omega_i``, shape ``(generations,)``, positive; only their ratios matter.

    **Returns** shape ``(generations,)``; infinite for ``T`` in ``{d, d+1}``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance. The sum never falls below its first term: no weighting of synthetic
    batches beats the fit to real data alone.

    **Reference** Follows from the martingale ``w_g - w_{g-1}``; equal weights give ``sum 1/i^2`` of Gerstgrasser et
    al. 2024, arXiv:2404.01413.

    ```python
    >>> curve = ols_accumulate_weighted(dim=10, samples=31, noise=1.0, weights=[3.0, 1.0])
    >>> [round(float(risk), 5) for risk in curve]
    [0.5, 0.53125]

    ```
    """
    _check_sizes(dim, samples, noise)
    check_at_least("samples", samples, float(dim))
    check_positive("weights", weights)
    omega = of_any_length("weights", weights)
    first = dim * estimation_variance(jnp.asarray(noise), jnp.asarray(samples - dim - 1))
    return first * jnp.cumsum((omega / jnp.cumsum(omega)) ** 2)


@lenient()
def ols_accumulate_weighted_limit(
    *, dim: Count, samples: Number, noise: Number, real_weight: Number
) -> Float[Array, ""]:
    """The risk of `ols_accumulate_weighted` after infinitely many generations, when the real batch counts ``M`` times.

    With ``omega = (M, 1, 1, ...)`` it is ``sigma^2 d/(T - d - 1) [1 + psi_1(M + 1)]``, with the trigamma function
    ``psi_1``: ``pi^2/6`` times the first risk at ``M = 1``, and about ``1 + 1/M`` times for a large weight.

    **Arguments**

    - `dim`, `samples`, `noise`: as for `ols_accumulate_weighted`.
    - `real_weight`: ``M``, positive, relative to each synthetic batch.

    **Returns** a scalar; infinite for ``T`` in ``{d, d+1}``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance.

    **Reference** The sum of `ols_accumulate_weighted`; ``M = 1`` is the limit of Gerstgrasser et al. 2024,
    arXiv:2404.01413.

    ```python
    >>> round(float(ols_accumulate_weighted_limit(dim=10, samples=31, noise=1.0, real_weight=1.0)), 4)
    0.8225

    ```
    """
    _check_sizes(dim, samples, noise)
    check_at_least("samples", samples, float(dim))
    check_positive("real_weight", real_weight)
    weight = jnp.asarray(real_weight)
    weight = weight.astype(jnp.result_type(weight, float))
    return (
        dim * estimation_variance(jnp.asarray(noise), jnp.asarray(samples - dim - 1)) * (1 + polygamma(1, weight + 1))
    )


@lenient()
def ols_cdf(
    risk: Real[Any, "*shape"] | float, *, dim: Count, samples: Number, noise: Number, inflation: Number
) -> Float[Array, "*shape"]:
    """The law of the risk of least squares on one design, under any workflow: ``P(risk_g <= r)``.

    Given the design, the error is normal with covariance ``c sigma^2 (X'X)^-1``, where ``c`` is the inflation of the
    workflow: ``sum_{i<=g} 1/i^2`` under accumulation, ``g`` under replacement. So the risk is
    ``c sigma^2 d/(T - d + 1)`` times an ``F`` variate with ``d`` and ``T - d + 1`` degrees of freedom.

    **Arguments**

    - `risk`: ``r``, at least 0, any shape.
    - `dim`: ``d``, a positive integer.
    - `samples`: rows ``T`` of the design, at least ``d``.
    - `noise`: ``sigma``, positive.
    - `inflation`: ``c``, positive: an entry of `jaxcollapse.theory.mean.inflation`.

    **Returns** probabilities of the shape of `risk`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance, also where the mean (``T <= d + 1``) or the variance (``T <= d + 3``) is
    infinite.

    **Reference** The law of Hotelling's statistic; the protocol is that of Gerstgrasser et al. 2024, arXiv:2404.01413.

    ```python
    >>> round(float(ols_cdf(0.5, dim=2, samples=3, noise=1.0, inflation=1.25)), 4)  # 1 - 1/(1 + r/c)
    0.2857

    ```
    """
    _check_sizes(dim, samples, noise)
    check_at_least("samples", samples, float(dim))
    check_nonnegative("risk", risk)
    check_positive("noise", noise)
    check_positive("inflation", inflation)
    dtype = jnp.result_type(risk, samples, noise, inflation, float)
    return risk_cdf(jnp.asarray(risk, dtype) / (inflation * noise**2), dim, jnp.asarray(samples, dtype))


@lenient()
def minimum_norm_accumulate(
    *, dim: Count, samples: Number | Curve, noise: Number, generations: Count, norm: Number = 1.0
) -> Float[Array, " generations"]:
    """The risk of the minimum-norm fit to all data so far, from fewer rows than coefficients on.

    Isotropic features, a fresh design for every batch. The labels of a new batch are predictions of a fit that
    interpolates all older ones, so the signal outside the first ``T_1`` rows is never learned: the bias stays
    ``(1 - T_1/d) |w0|^2``. Batch ``i`` adds ``sigma^2 T_i/(d - N_i - 1)`` while the pool has ``N_i < d - 1`` rows, and
    ``sigma^2 (T_i/N_i) d/(N_i - d - 1)`` once it has more than ``d + 1``.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: batch sizes ``T_i``, at least 1, a number or shape ``(generations,)``.
    - `noise`: ``sigma``, at least 0.
    - `generations`: ``G``, a positive integer.
    - `norm`: ``|w0|``, at least 0.

    **Returns** shape ``(generations,)``. A trap: a batch that brings the pool to ``d - 1``, ``d`` or ``d + 1`` rows
    amplifies its noise by the inverse of a singular value whose inverse square has no mean. Every later model is
    trained to reproduce what that one says, so the risk is infinite from there on, however large the pool grows.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for isotropic features.

    **Reference** Follows from the martingale ``w_g - w_{g-1}``; the protocol is that of Gerstgrasser et al. 2024,
    arXiv:2404.01413. With more than ``d + 1`` rows in the first batch it is `ols_accumulate`.

    ```python
    >>> curve = minimum_norm_accumulate(dim=20, samples=[9, 4, 17, 6], noise=0.5, generations=4)
    >>> [round(float(risk), 4) for risk in curve]
    [0.775, 0.9417, 1.2565, 1.312]

    ```
    """
    _check_sizes(dim, 1, noise)
    check_length("generations", generations)
    check_nonnegative("norm", norm)
    sizes = _sizes(samples, generations)
    pool = jnp.cumsum(sizes)
    rest = inverse_moment(jnp.abs(pool - dim) - 1)
    added = _noise_times(noise, sizes * jnp.where(pool < dim, 1.0, dim / pool) * rest)
    return jnp.maximum(1 - sizes[0] / dim, 0.0) * norm**2 + jnp.cumsum(added)


@lenient()
def ridge_accumulate_total_penalty(
    spectrum: Spectrum,
    *,
    samples: Number | Curve,
    noise: Number,
    penalty: Number,
    generations: Count,
    design: Literal["fresh", "fixed"],
) -> Float[Array, " generations"]:
    """The risk of ridge regression on accumulating data when the total penalty stays: one prior for the whole pool.

    ``w_g = argmin_w |y - Xw|^2 + Lambda |w|^2`` over all rows so far. Then ``w_g - w_{g-1}`` is
    ``(X'X + Lambda)^-1 X_g'e_g``, a martingale difference: the bias of the first fit never compounds, and
    ``risk_g = bias(T_1, Lambda/T_1) + sum_{i<=g} (T_i/N_i) variance(N_i, Lambda/N_i)`` for fresh designs (for one
    design: ``i^-2 variance(T, Lambda/(i T))``), with the bias and the variance of one ridge fit to clean data.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `penalty`: the total ``Lambda``, positive. In a simulation with equal batches it is the penalty per sample
      ``lambda_g = Lambda / (g T)``.
    - `samples`: batch sizes, positive, a number or shape ``(generations,)``; one number for a fixed design.
    - `noise`: ``sigma``, at least 0.
    - `generations`: ``G``, a positive integer.
    - `design`: ``"fresh"``, new rows for every batch, or ``"fixed"``, the same rows with new labels.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments; `ols_accumulate` is exact without a penalty.

    **Exactness** The decomposition is exact; bias and variance are asymptotic in the proportional limit, with an error
    of order ``1/d``.

    **Reference** The martingale is that of Gerstgrasser et al. 2024, arXiv:2404.01413; bias and variance as in
    Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, section 4.

    ```python
    >>> curve = ridge_accumulate_total_penalty(
    ...     Spectrum.isotropic(50), samples=100, noise=0.5, penalty=10.0, generations=2, design="fresh")
    >>> [round(float(risk), 4) for risk in curve]
    [0.1768, 0.2121]

    ```
    """
    check_spectrum(spectrum)
    check_choice("design", design, ("fresh", "fixed"))
    check_length("generations", generations)
    check_positive("penalty", penalty)
    check_nonnegative("noise", noise)
    if design == "fixed":
        check_one_number("samples", samples, "for a fixed design")
    sizes = _sizes(samples, generations)
    bias = ridge_replace(spectrum, samples=sizes[0], noise=0.0, penalty=penalty / sizes[0], generations=1)[0]
    generation = jnp.arange(1, generations + 1, dtype=sizes.dtype)
    pool = jnp.cumsum(sizes)
    rows, share = (pool, sizes / pool) if design == "fresh" else (sizes, 1 / generation**2)

    def variance(rows, per_sample):
        k = kappa(spectrum, penalty=per_sample, samples=rows)
        return degrees_of_freedom(spectrum, kappa=k, order=2) / spare_rows(spectrum.eigenvalues, k, rows)

    return bias + noise**2 * jnp.cumsum(share * jax.vmap(variance)(rows, penalty / pool))


@formerly(design="spectrum")
@lenient()
def ridge_accumulate_given_design(
    spectrum: Spectrum, *, samples: Number, noise: Number, penalty: Number, generations: Count
) -> Float[Array, " generations"]:
    """The risk of ridge regression on accumulating labels of one given design, with the same penalty per sample.

    ``w_g = argmin_w |y - Xw|^2/n + lambda |w|^2`` over all ``n = g T`` rows so far. Along an eigenvector of ``X'X/T``
    with eigenvalue ``l`` and ``s = l/(l + lambda)``, the mean of generation ``g`` is ``w0 b_g`` and its variance
    ``v_g``, with ``b_g = Gamma(g + s)/(Gamma(g + 1) Gamma(s)) ~ g^(s-1)`` and
    ``v_g = (1 - (1 - s)/g)^2 v_{g-1} + sigma^2 l/(T (l + lambda)^2 g^2)``. The shrinkage compounds: **accumulation does
    not prevent collapse**, the risk tends to that of ``w = 0``, by powers of ``g``.

    **Arguments**

    - `spectrum`: the eigenvalues of ``X'X/T``, all ``d`` of them, and the true coefficients in the eigenbasis:
      ``Spectrum.from_eigenvalues(l, basis.T @ w0)``.
    - `penalty`: ``lambda`` per sample, positive.
    - `samples`: rows ``T`` of the design, positive.
    - `noise`: ``sigma``, at least 0.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``: the risk ``|w - w0|^2`` of isotropic test data.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact given the design.

    **Reference** Derived here; the protocol is that of Gerstgrasser et al. 2024, arXiv:2404.01413, with a penalty.

    ```python
    >>> design = Spectrum.from_eigenvalues([0.5, 2.0])
    >>> curve = ridge_accumulate_given_design(design, penalty=0.5, samples=10, noise=0.3, generations=3)
    >>> [round(float(risk), 4) for risk in curve]
    [0.1524, 0.2412, 0.2961]

    ```
    """
    check_spectrum(spectrum)
    _check_ridge(penalty, samples, noise, generations)
    bias, variance = _shrinking(spectrum.eigenvalues, penalty, samples, generations)
    return bias @ spectrum.signal**2 + noise**2 * variance.sum(axis=1)


@lenient()
def ridge_accumulate_per_sample_penalty(
    *, dim: Count, samples: Number, noise: Number, penalty: Number, generations: Count, norm: Number = 1.0
) -> Float[Array, " generations"]:
    """The risk of ridge regression on accumulating labels of one random design, with the same penalty per sample.

    The mean of `ridge_accumulate_given_design` over isotropic designs, by the Marchenko-Pastur law of the eigenvalues
    of ``X'X/T``. It tends to ``|w0|^2``, the risk of ``w = 0``; with `ridge_accumulate_total_penalty` it stays bounded.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: rows ``T`` of the design, positive.
    - `noise`: ``sigma``, at least 0.
    - `penalty`: ``lambda`` per sample, positive.
    - `generations`: ``G``, a positive integer.
    - `norm`: ``|w0|``, at least 0.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Derived here, as `ridge_accumulate_given_design`; the eigenvalues follow the law of Marchenko and
    Pastur 1967.

    ```python
    >>> curve = ridge_accumulate_per_sample_penalty(dim=50, samples=100, noise=0.5, penalty=0.1, generations=2)
    >>> [round(float(risk), 4) for risk in curve]
    [0.1768, 0.2128]

    ```
    """
    check_count("dim", dim, minimum=1)
    check_nonnegative("norm", norm)
    _check_ridge(penalty, samples, noise, generations)
    ratio = jnp.asarray(dim / samples)
    nodes, weights = _marchenko_pastur(ratio.astype(jnp.result_type(ratio, float)))
    bias, variance = _shrinking(nodes, penalty, samples, generations)
    null = jnp.maximum(1 - 1 / ratio, 0.0)  # directions that the design does not see
    return norm**2 * (null + bias @ weights) + noise**2 * dim * (variance @ weights)


def _shrinking(
    eigenvalues: Float[Array, " dim"], penalty: Number, samples: Number, generations: Count
) -> tuple[Float[Array, "generations dim"], Float[Array, "generations dim"]]:
    """Squared bias per squared signal, and variance per noise variance, along each eigenvector of the design."""
    s = eigenvalues / (eigenvalues + penalty)
    fresh = s / (samples * (eigenvalues + penalty))

    def step(moments, g):
        missed, variance = moments
        kept = 1 - lost / g
        moments = (lost / g + kept * missed, kept**2 * variance + fresh / g**2)
        return moments, (moments[0] ** 2, moments[1])

    lost = penalty / (eigenvalues + penalty)  # 1 - s
    generation = jnp.arange(1, generations + 1, dtype=s.dtype)
    return jax.lax.scan(step, (jnp.zeros_like(s), jnp.zeros_like(fresh)), generation)[1]


def _marchenko_pastur(ratio: Float[Array, ""]) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
    """Nodes and weights of the Marchenko-Pastur law of ratio ``phi = d/T``, without its atom at zero.

    With ``l = 1 + phi + 2 sqrt(phi) cos(theta)`` the density becomes ``(2/pi) sin^2(theta)/l``, periodic: the midpoint
    rule converges geometrically.
    """
    theta = (jnp.arange(_NODES, dtype=ratio.dtype) + 0.5) * (jnp.pi / _NODES)
    nodes = (1 - jnp.sqrt(ratio)) ** 2 + 4 * jnp.sqrt(ratio) * jnp.cos(theta / 2) ** 2
    return nodes, 2 / _NODES * jnp.sin(theta) ** 2 / nodes


_NODES = 1024


def _check_sizes(dim: Count, samples: Number, noise: Number) -> None:
    check_count("dim", dim, minimum=1)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)


def _check_ridge(penalty: Number, samples: Number, noise: Number, generations: Count) -> None:
    check_length("generations", generations)
    check_positive("penalty", penalty)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)


def _sizes(samples: Number | Curve, generations: Count) -> Float[Array, " generations"]:
    """Batch sizes at generations 1, ..., G."""
    check_at_least("samples", samples, 1.0)
    return per_generation("samples", samples, generations)


def _noise_times(noise: Number, amplification: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``noise^2 amplification``; without noise, nothing to amplify."""
    variance = jnp.asarray(noise) ** 2
    return jnp.where(variance > 0, variance * amplification, 0.0)
