"""Least squares on one design of which a share of the labels is edited at every generation.

Protocol: ``Y_1 = X w0 + noise``; generation ``g`` is fitted to ``Y_g``, and
``Y_{g+1} = M (X w_g + noise) + (1 - M) Y_g`` with a diagonal mask ``M`` of zeros and ones. `jaxcollapse.Edit` simulates
it, with ``LinearRegression(design="fixed", sampling="raw")``.

With the error ``b`` and the residuals ``r`` of one fit, the error of the next is ``b + X^+ M (noise - r)``: an edit
brings in the noise of the new label and loses the residual of the old one, which the fit had averaged out.
"""

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_choice,
    check_count,
    check_length,
    check_nonnegative,
    check_numbers,
    check_share,
)
from jaxcollapse.arguments.types import Count, Curve, Matrix, Number
from jaxcollapse.chain.edit import MASKS, edited_variance
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, over_generations, per_generation
from jaxcollapse.theory.regression.inverse_moments import estimation_variance


@lenient()
def ols_edit(
    *,
    dim: Count,
    samples: Number,
    noise: Number,
    share: Number | Curve,
    mask: Literal["fresh", "fixed", "disjoint"],
    generations: Count,
) -> Float[Array, " generations"]:
    """The risk of least squares on labels of which the newest model edits a share at every generation.

    Fresh masks: ``v_{g+1} = v_g + p (1 + (1 - p)(1 - h) c_g)`` in units of ``v_1 = sigma^2 d/(n - d - 1)``, with
    ``h = d/n``, ``c_1 = 1`` and ``c_{g+1} = (1 - p)^2 c_g + p^2 + p (1 - p)(1 + (1 - h) c_g)``: for few features it
    grows linearly with the slope ``p (2 - p)``, and is bounded if and only if the sum of the shares is. The same mask
    every time: it tends to ``(1 + 2 p)/(1 - p^2)``. Disjoint masks, by which each label is edited at most once: after a
    share ``s`` in small steps it is ``2 e^s - 1``, up to 4.44 for all of them.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: ``n``, the rows, at least ``d``.
    - `noise`: ``sigma``, at least 0, of real and edited labels.
    - `share`: ``p`` in [0, 1]; for fresh masks also of shape ``(generations,)``, the first of which is not used.
    - `mask`: ``"fresh"``, ``"fixed"`` or ``"disjoint"``, as for `jaxcollapse.Edit`.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; infinite for ``n`` in ``{d, d+1}``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic, with a relative error of order ``d/n``; for fresh masks within 2 % for ``n`` above 30,
    since ``h`` is the first term of the correction. With ``h = 1/n`` the factors are exact for the mean of a Gaussian:
    ``theory.mean.inflation(Edit(share, mask=...), samples=n)``.

    **Reference** Zhu et al. 2024, arXiv:2412.14689, for the protocol; derived here.

    ```python
    >>> fresh, fixed = (ols_edit(dim=5, samples=400, noise=1.0, share=0.3, mask=m, generations=31) for m in MASKS[:2])
    >>> [round(float(curve[g] / curve[0]), 2) for curve in (fresh, fixed) for g in (2, 30)]
    [2.01, 16.17, 1.68, 1.76]

    ```
    """
    check_count("dim", dim, minimum=1)
    check_length("generations", generations)
    check_one_number("samples", samples, "for one design")
    check_at_least("samples", samples, float(dim))
    check_nonnegative("noise", noise)
    check_share("share", share)
    check_choice("mask", mask, MASKS)
    if mask != "fresh":
        check_one_number("share", share, "for a mask that is not fresh")
    (shares,) = over_generations(generations, share=share)
    size = jnp.asarray(samples, jnp.result_type(samples, noise, shares))
    first = dim * estimation_variance(jnp.asarray(noise, size.dtype), size - dim - 1)
    return first * edited_variance(shares.astype(size.dtype), mask=mask, leverage=dim / size)


@lenient()
def ols_edit_limit(*, dim: Count, samples: Number, noise: Number, share: Number) -> Float[Array, ""]:
    """The risk of least squares in the end, if the same labels are edited at every generation.

    The ``u = (1 - p) n`` labels that stay hold it: ``sigma^2 [(3/2) d/(u - d - 1) - (chi/2) d/(n - d - 1)]`` with
    ``d chi = u q/(1 + q) + p n q/(1 + 2q)`` and the root ``q`` of ``u q/(1 + q) + 2 p n q/(1 + 2q) = d``. With few
    features it is ``(1 + 2p)/(1 - p^2)`` times the first risk.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: ``n``, the rows; ``u`` above ``d + 1``.
    - `noise`: ``sigma``, at least 0, of real and edited labels.
    - `share`: ``p`` in [0, 1], of labels that are edited.

    **Returns** a scalar; infinite where fewer than ``d + 2`` labels stay.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in ``chi``, with an error of order ``1/n``; the rest is exact.

    **Reference** Zhu et al. 2024, arXiv:2412.14689, for the protocol; derived here.

    ```python
    >>> first = 4 / (60 - 4 - 1)
    >>> [round(float(ols_edit_limit(dim=4, samples=60, noise=1.0, share=p)) / first, 3) for p in (0.0, 0.3, 0.6)]
    [1.0, 1.842, 4.028]

    ```
    """
    check_count("dim", dim, minimum=1)
    for name, value in (("samples", samples), ("share", share)):
        check_one_number(name, value, "for one design and one mask")
    check_at_least("samples", samples, float(dim))
    check_nonnegative("noise", noise)
    check_share("share", share)
    p = jnp.asarray(share, jnp.result_type(samples, noise, share, float))
    n = jnp.asarray(samples, p.dtype)
    stay, edited = (1 - p) * n, p * n
    linear = stay + 2 * edited - 3 * dim
    root = jnp.sqrt(linear**2 + 8 * (n - dim) * dim)
    q = 2 * dim / (linear + root)
    chi = (stay * q / (1 + q) + edited * q / (1 + 2 * q)) / dim
    variance = lambda rows: dim * estimation_variance(jnp.asarray(noise, p.dtype), rows - dim - 1)  # noqa: E731
    return 1.5 * variance(stay) - 0.5 * chi * variance(n)


@lenient()
def ols_edit_given_design(
    features: Matrix, *, noise: Number, share: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The mean squared error of least squares on one given design, with fresh masks of edited labels.

    With ``N = I - X X^+`` and ``K = diag(X^+' X^+)`` it grows by ``sigma^2 p sum_i K_i (1 + (1 - p) C_ii)``, where the
    second moments ``C`` of the residuals, in units of ``sigma^2``, begin at ``N`` and obey
    ``C <- (1 - p)^2 C + p^2 N + p (1 - p) N diag(1 + C_ii) N``.

    **Arguments**

    - `features`: ``X``, shape ``(samples, dim)``, of rank ``dim``.
    - `noise`: ``sigma``, at least 0, of real and edited labels.
    - `share`: ``p``, with which each label is edited, in [0, 1], a number or shape ``(generations,)``; the first entry
      is not used.
    - `generations`: ``G``, a positive integer.

    **Returns** ``E |w_g - w0|^2``, shape ``(generations,)``: the risk on isotropic features.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Zhu et al. 2024, arXiv:2412.14689, for the protocol. Their theorem 1 has ``X^+ M`` where the edit of a
    fit's own predictions gives ``X^+ M X X^+``, and so leaves out the residuals.

    ```python
    >>> line = ols_edit_given_design([[1.0], [1.0], [1.0], [1.0]], noise=2.0, share=1.0, generations=3)
    >>> [round(float(error), 4) for error in line]
    [1.0, 2.0, 3.0]

    ```
    """
    check_numbers("features", features)
    check_nonnegative("noise", noise)
    x = jnp.asarray(features)
    x = x.astype(jnp.result_type(x, noise, float))
    if x.ndim != 2 or x.shape[0] < x.shape[1]:
        raise ValueError(f"features must have shape (samples, dim) with at least as many rows, got {np.shape(x)}")
    check_length("generations", generations)
    check_share("share", share)
    inverse = jnp.linalg.solve(x.T @ x, x.T)
    weight, rest = jnp.sum(inverse**2, axis=0), jnp.eye(len(x), dtype=x.dtype) - x @ inverse

    def edit(state, p):
        error, residual = state
        kept = jnp.diagonal(residual)
        error = error + p * jnp.sum(weight * (1 + (1 - p) * kept))
        mixed = (rest * (1 + kept)) @ rest
        return (error, (1 - p) ** 2 * residual + p**2 * rest + p * (1 - p) * mixed), error

    first = jnp.sum(weight)
    shares = per_generation("share", share, generations).astype(x.dtype)
    later = jax.lax.scan(edit, (first, rest), shares[1:])[1]
    return noise**2 * jnp.concatenate([first[None], later])
