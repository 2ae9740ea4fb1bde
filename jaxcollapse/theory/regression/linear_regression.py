"""Least squares trained on its own predictions: finite-sample results, for every covariance."""

from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_at_least,
    check_choice,
    check_count,
    check_length,
    check_nonnegative,
    check_positive,
    check_shape,
    is_traced,
)
from jaxcollapse.arguments.types import Count, Curve, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.curves import check_one_number, per_generation
from jaxcollapse.theory.regression.inverse_moments import estimation_variance, risk_cdf
from jaxcollapse.theory.special import digamma_below_one


@lenient()
def ols_replace(
    *, dim: Count, samples: Number | Curve, noise: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The risk of least squares when each generation replaces the data: ``sum_{m<=g} sigma_m^2 d/(T_m - d - 1)``.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: ``T_m``, a number or shape ``(generations,)``; at least ``d - 1``.
    - `noise`: ``sigma_m``, at least 0, a number or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; infinite from the first generation with ``T_m`` in ``{d-1, d, d+1}`` on.
    Without noise it is 0, and NaN from ``T_m = d - 1`` on, where the estimate is biased: see `ridge_replace`.

    **Raises** `ValueError` or `TypeError` for other arguments; fewer rows need `ridge_replace`.

    **Exactness** Exact for every covariance, and for a fresh or a fixed design.

    **Reference** Gerstgrasser et al. 2024, arXiv:2404.01413; Dohmatob, Feng and Kempe 2024, arXiv:2402.07712,
    theorem 4.1 (there without the ``- 1``).

    ```python
    >>> [round(float(risk), 3) for risk in ols_replace(dim=10, samples=31, noise=1.0, generations=2)]
    [0.5, 1.0]

    ```
    """
    sizes, noises = curves(dim, samples, noise, generations)
    check_rows(dim, samples)
    return jnp.cumsum(dim * estimation_variance(noises, sizes - dim - 1))


@lenient()
def ols_accumulate(
    *, dim: Count, samples: Number | Curve, noise: Number, generations: Count, design: Literal["fresh", "fixed"]
) -> Float[Array, " generations"]:
    """The risk of least squares when data accumulates.

    With ``N_i = T_1 + ... + T_i`` rows in the pool, ``sigma^2 d sum_{i<=g} T_i / (N_i (N_i - d - 1))`` for a fresh
    design, ``sigma^2 d/(T - d - 1) sum_{i<=g} 1/i^2`` for one design of ``T`` rows that is labelled again and again.

    **Arguments**

    - `dim`, `noise`, `generations`: as for `ols_replace`; one noise for all generations.
    - `samples`: batch sizes, a number or shape ``(generations,)``; one number for a fixed design. The first batch has
      at least ``d - 1`` rows.
    - `design`: ``"fresh"`` or ``"fixed"``.

    **Returns** shape ``(generations,)``; infinite from a pool of ``d - 1``, ``d`` or ``d + 1`` rows on.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance.

    **Reference** Gerstgrasser et al. 2024, arXiv:2404.01413 (fixed design and the bound ``pi^2/6``); the fresh design
    follows from the martingale ``w_g - w_{g-1}``.

    ```python
    >>> curve = ols_accumulate(dim=10, samples=31, noise=1.0, generations=2, design="fixed")
    >>> [round(float(risk), 3) for risk in curve]
    [0.5, 0.625]

    ```
    """
    check_choice("design", design, ("fresh", "fixed"))
    sizes, noises = curves(dim, samples, noise, generations)
    check_rows(dim, samples if np.ndim(samples) == 0 else jnp.asarray(samples)[0])
    check_one_number("noise", noise, "under accumulation")
    if design == "fixed":
        check_one_number("samples", samples, "for a fixed design")
        first = dim * estimation_variance(noises, sizes - dim - 1)
        return first * jnp.cumsum(1 / jnp.arange(1.0, generations + 1) ** 2)
    pool = jnp.cumsum(sizes)
    return jnp.cumsum(dim * sizes / pool * estimation_variance(noises, pool - dim - 1))


@lenient()
def ols_accumulate_limit(
    *, dim: Count, samples: Number, noise: Number, design: Literal["fresh", "fixed"]
) -> Float[Array, ""]:
    """The risk of least squares after infinitely many generations of accumulation.

    ``pi^2/6`` times the first risk for a fixed design, ``sigma^2 d/(d+1) [-psi(1 - (d+1)/T) - gamma]`` for a fresh
    one.

    **Arguments** as for `ols_accumulate`, with equal batches of more than ``d + 1`` rows.

    **Exactness** The limit of `ols_accumulate`.

    ```python
    >>> round(float(ols_accumulate_limit(dim=10, samples=31, noise=1.0, design="fixed")), 4)
    0.8225

    ```
    """
    check_choice("design", design, ("fresh", "fixed"))
    check_count("dim", dim, minimum=1)
    check_above("samples", samples, dim + 1)
    check_nonnegative("noise", noise)
    samples = jnp.asarray(samples, jnp.result_type(samples, float))
    if design == "fixed":
        return jnp.pi**2 / 6 * noise**2 * dim / (samples - dim - 1)
    return noise**2 * dim / (dim + 1) * digamma_below_one((dim + 1) / samples)


@lenient()
def ols_replace_variance(
    *,
    dim: Count,
    samples: Number | Curve,
    noise: Number | Curve,
    generations: Count,
    design: Literal["fresh", "fixed"],
) -> Float[Array, " generations"]:
    """The variance of the risk of which `ols_replace` is the mean.

    Given ``S``, the risk is ``S chi^2_d``: ``S = sum_m sigma_m^2 / chi^2_{T_m - d + 1}`` with independent terms for a
    fresh design and one chi-square for a fixed one. So the variance is ``d (d + 2) E S^2 - d^2 (E S)^2``.

    **Arguments**

    - `dim`, `samples`, `noise`, `generations`: as for `ols_replace`; `samples` is one number for a fixed design.
    - `design`: ``"fresh"`` or ``"fixed"``: same mean, different variance.

    **Returns** shape ``(generations,)``; infinite from the first generation with ``T_m <= d + 3`` on.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance.

    **Reference** Follows from the multivariate t distribution of the increments ``w_g - w_{g-1}``.

    ```python
    >>> fixed = dict(dim=20, samples=40, noise=1.0, generations=8)
    >>> [round(float(ols_replace_variance(**fixed, design=design)[-1]), 2) for design in ("fresh", "fixed")]
    [8.24, 16.27]

    ```
    """
    check_choice("design", design, ("fresh", "fixed"))
    sizes, noises = curves(dim, samples, noise, generations)
    check_rows(dim, samples)
    if design == "fixed":
        check_one_number("samples", samples, "for a fixed design")
    finite = sizes > dim + 3
    rest = jnp.where(finite, sizes - dim - 1, 4.0)  # nu - 2
    spread = 2 / (rest - 2)  # of 1/chi^2_nu, whose mean is 1/rest: its variance over its squared mean
    if design == "fixed":
        mean = jnp.cumsum(noises**2) / rest
        scatter = mean**2 * spread
    else:
        mean = jnp.cumsum(noises**2 / rest)
        scatter = jnp.cumsum((noises**2 / rest) ** 2 * spread)
    variance = 2 * dim * mean**2 + dim * (dim + 2) * scatter
    return jnp.where(jnp.cumsum(~finite & (noises > 0)) > 0, jnp.inf, variance)


@lenient()
def ols_replace_cdf(
    risk: Number | Curve, *, dim: Count, samples: Number, noise: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The law of the risk on one design: ``P(risk_g <= r)``, where ``risk_g ~ s_g d/(T - d + 1) F_{d, T-d+1}``.

    Here ``s_g = sigma_1^2 + ... + sigma_g^2``. At ``g = 1`` it is the law for a fresh design as well.

    **Arguments**

    - `risk`: ``r``, at least 0, a number or one for each generation.
    - `dim`, `noise`, `generations`: as for `ols_replace`; the first noise is positive.
    - `samples`: rows ``T`` of the design, at least ``d``.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance, also where the mean is infinite.

    **Reference** ``|X^+ e|_Sigma^2 / sigma^2`` is Hotelling's statistic, the ratio of independent chi-squares.

    ```python
    >>> round(float(ols_replace_cdf(0.5, dim=2, samples=3, noise=1.0, generations=1)[0]), 4)  # 1 - (1 + r)^-1
    0.3333

    ```
    """
    sizes, noises = curves(dim, samples, noise, generations)
    check_nonnegative("risk", risk)
    check_at_least("samples", samples, float(dim))
    check_positive("noise", noise if np.ndim(noise) == 0 else jnp.asarray(noise)[0])
    check_one_number("samples", samples, "for a fixed design")
    return risk_cdf(per_generation("risk", risk, generations) / jnp.cumsum(noises**2), dim, sizes)


@lenient()
def ols_replace_shifted(
    spectrum: Spectrum,
    *,
    samples: Number | Curve,
    noise: Number | Curve,
    test_variances: Vector,
    generations: Count,
) -> Float[Array, " generations"]:
    """The risk of `ols_replace` on test features of another covariance: ``tr(Sigma_test Sigma^-1)`` in place of ``d``.

    ``risk_g = sum_{m<=g} sigma_m^2 tr(Sigma_test Sigma^-1)/(T_m - d - 1)``.

    **Arguments**

    - `spectrum`: population of the training features.
    - `test_variances`: the diagonal of the test covariance in the eigenbasis of the training features, shape
      ``(dim,)``, at least 0.
    - `samples`, `noise`, `generations`: as for `ols_replace`.

    **Returns** shape ``(generations,)``; infinite as for `ols_replace`, and where the test features vary in a
    direction in which the training features do not.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, for a fresh or a fixed design.

    **Reference** The mean of an inverse Wishart matrix; theorem 4.1 of Dohmatob, Feng and Kempe 2024,
    arXiv:2402.07712, is the case of equal covariances.

    ```python
    >>> training = Spectrum.from_eigenvalues([1.0, 0.5])
    >>> risk = ols_replace_shifted(training, test_variances=[1.0, 1.0], samples=13, noise=1.0, generations=1)
    >>> round(float(risk[0]), 3)
    0.3

    ```
    """
    check_spectrum(spectrum)
    sizes, noises = curves(spectrum.dim, samples, noise, generations)
    check_rows(spectrum.dim, samples)
    check_nonnegative("test_variances", test_variances)
    check_shape("test_variances", test_variances, (spectrum.dim,))
    trained, tested = spectrum.eigenvalues, jnp.asarray(test_variances)
    ratio = tested / jnp.where(trained > 0, trained, 1.0)
    factor = jnp.sum(jnp.where((trained > 0) | (tested == 0), ratio, jnp.inf))
    return jnp.cumsum(factor * estimation_variance(noises, sizes - spectrum.dim - 1))


def curves(
    dim: Count, samples: Number | Curve, noise: Number | Curve, generations: Count
) -> tuple[Float[Array, " generations"], Float[Array, " generations"]]:
    """Sizes and noises at generations 1, ..., G."""
    check_count("dim", dim, minimum=1)
    check_length("generations", generations)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)
    return per_generation("samples", samples, generations), per_generation("noise", noise, generations)


def check_rows(dim: Count, samples: Number | Curve) -> None:
    """Raises for fewer rows than least squares has an answer for: infinite from ``d - 1`` to ``d + 1``."""
    check_positive("samples", samples)
    if not is_traced(samples) and np.any(np.asarray(samples) < dim - 1):
        raise ValueError(f"samples must be at least dim - 1 = {dim - 1} (fewer rows: use ridge_replace), got {samples}")
