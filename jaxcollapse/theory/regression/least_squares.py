"""Least squares trained on its own predictions: finite-sample results, for every covariance."""

from typing import Literal

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import digamma
from jaxtyping import Array, Float, Real

from jaxcollapse._check import check_above, check_choice, check_integer, check_nonnegative, check_positive, is_traced
from jaxcollapse._types import Count, Curve, Number


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

    **Raises** `ValueError` or `TypeError` for other arguments; fewer rows need `ridge_chain`.

    **Exactness** Exact for every covariance, and for a fresh or a fixed design.

    **Reference** Gerstgrasser et al. 2024, arXiv:2404.01413; Dohmatob, Feng and Kempe 2024, arXiv:2402.07712,
    theorem 4.1 (there without the ``- 1``).

    ```python
    >>> [round(float(risk), 3) for risk in ols_replace(dim=10, samples=31, noise=1.0, generations=2)]
    [0.5, 1.0]

    ```
    """
    sizes, noises = _curves(dim, samples, noise, generations)
    _check_rows(dim, samples)
    return jnp.cumsum(noises**2 * dim * _inverse_moment(sizes, dim))


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
    sizes, noises = _curves(dim, samples, noise, generations)
    _check_rows(dim, samples if np.ndim(samples) == 0 else jnp.asarray(samples)[0])
    if np.ndim(noise) != 0:
        raise ValueError(f"noise must be one number under accumulation, got shape {np.shape(noise)}")
    if design == "fixed":
        if np.ndim(samples) != 0:
            raise ValueError(f"samples must be one number for a fixed design, got shape {np.shape(samples)}")
        first = noises**2 * dim * _inverse_moment(sizes, dim)
        return first * jnp.cumsum(1 / jnp.arange(1.0, generations + 1) ** 2)
    pool = jnp.cumsum(sizes)
    return jnp.cumsum(noises**2 * dim * sizes / pool * _inverse_moment(pool, dim))


def ols_accumulate_limit(
    *, dim: Count, samples: Number, noise: Number, design: Literal["fresh", "fixed"]
) -> Float[Array, ""]:
    """The risk of least squares after infinitely many generations of accumulation.

    ``pi^2/6`` times the first risk for a fixed design, ``sigma^2 d/(d+1) [-psi(1 - (d+1)/T) - gamma]`` for a fresh
    one. Arguments and exactness as for `ols_accumulate`, with equal batches of more than ``d + 1`` rows.

    ```python
    >>> round(float(ols_accumulate_limit(dim=10, samples=31, noise=1.0, design="fixed")), 4)
    0.8225

    ```
    """
    check_choice("design", design, ("fresh", "fixed"))
    check_integer("dim", dim, minimum=1)
    check_above("samples", samples, dim + 1)
    check_nonnegative("noise", noise)
    samples = jnp.asarray(samples, jnp.result_type(samples, float))
    if design == "fixed":
        return jnp.pi**2 / 6 * noise**2 * dim / (samples - dim - 1)
    return noise**2 * dim / (dim + 1) * (-digamma(1 - (dim + 1) / samples) - np.euler_gamma)


def _curves(
    dim: Count, samples: Number | Curve, noise: Number | Curve, generations: Count
) -> tuple[Float[Array, " generations"], Float[Array, " generations"]]:
    """Sizes and noises at generations 1, ..., G."""
    check_integer("dim", dim, minimum=1)
    check_integer("generations", generations, minimum=1)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)
    curves = []
    for name, value in (("samples", samples), ("noise", noise)):
        array = jnp.asarray(value)
        if array.shape not in ((), (generations,)):
            raise ValueError(f"{name} must be a number or have shape ({generations},), got shape {array.shape}")
        curves.append(jnp.broadcast_to(array.astype(jnp.result_type(array, float)), (generations,)))
    return curves[0], curves[1]


def _check_rows(dim: Count, samples: Number | Curve, name: str = "samples") -> None:
    check_positive(name, samples)
    if not is_traced(samples) and np.any(np.asarray(samples) < dim - 1):
        raise ValueError(f"{name} must be at least dim - 1 = {dim - 1} (fewer rows: use ridge_chain), got {samples}")


def _inverse_moment(samples: Real[Array, "*shape"], dim: Count) -> Float[Array, "*shape"]:
    """``1/(n - d - 1)``, the mean of an inverse chi-square: infinite up to ``n = d + 1``."""
    rest = samples - dim - 1
    return jnp.where(rest > 0, 1 / jnp.where(rest > 0, rest, 1), jnp.inf)
