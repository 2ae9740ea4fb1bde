"""Minimum-norm least squares on isotropic features, trained on its own predictions: exact at every size."""

from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_choice, check_nonnegative
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number
from jaxcollapse.theory.regression.linear_regression import curves


@lenient()
def minimum_norm_replace(
    *,
    dim: Count,
    samples: Number | Curve,
    noise: Number | Curve,
    generations: Count,
    design: Literal["fresh", "fixed"],
    norm: Number = 1.0,
) -> Float[Array, " generations"]:
    """The risk of unpenalised fits to isotropic features when each generation replaces the data, any number of rows.

    Least squares with ``T >= d``, the minimum-norm solution with ``T < d``. A fit keeps ``eta = min(T/d, 1)`` of the
    squared norm of its labeller and adds the noise ``nu = sigma^2 min(T, d)/(|T - d| - 1)``:
    ``N_g = eta_g N_{g-1} + nu_g`` and ``risk_g = |w0|^2 (1 - eta_1 ... eta_g) + N_g`` for fresh designs,
    ``risk_g = |w0|^2 (1 - eta) + nu_1 + ... + nu_g`` on one design. With few fresh rows the noise saturates.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`, `noise`: ``T_m``, positive, and ``sigma_m``, numbers or shape ``(generations,)``; one size for a
      fixed design.
    - `generations`: ``G``, a positive integer.
    - `norm`: ``|w0|``, at least 0.
    - `design`: ``"fresh"`` or ``"fixed"``.

    **Returns** shape ``(generations,)``; infinite from the first noisy generation with ``T`` in ``{d-1, d, d+1}`` on.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for isotropic features.

    **Reference** Without noise, Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, theorems 4.5 and 4.6.

    ```python
    >>> curve = minimum_norm_replace(dim=40, samples=20, noise=0.5, generations=2, design="fresh")
    >>> [round(float(risk), 4) for risk in curve]
    [0.7632, 1.1447]

    ```
    """
    check_choice("design", design, ("fresh", "fixed"))
    sizes, noises = curves(dim, samples, noise, generations)
    check_nonnegative("norm", norm)
    if design == "fixed":
        check_one_number("samples", samples, "for a fixed design")
    kept = jnp.minimum(sizes / dim, 1.0)
    rest = jnp.abs(sizes - dim) - 1
    added = noises**2 * jnp.minimum(sizes, dim) / jnp.where(rest > 0, rest, 1.0)
    if design == "fixed":
        risk = norm**2 * (1 - kept) + jnp.cumsum(added)
    else:
        step = lambda total, now: (now[0] * total + now[1],) * 2  # noqa: E731
        risk = norm**2 * (1 - jnp.cumprod(kept)) + jax.lax.scan(step, jnp.zeros_like(added[0]), (kept, added))[1]
    return jnp.where(jnp.cumsum((rest <= 0) & (noises > 0)) > 0, jnp.inf, risk)
