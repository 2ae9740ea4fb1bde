"""Loops of linear denoisers that are trained on their own output: what they make of clean rows, and where they end.

A denoiser of rows ``x`` with noise of variance ``s`` is ``A = v/(v + s)`` along a direction of variance ``v``. Applied
to noisy rows it generates ``v^2/(v + s)``: `jaxcollapse.theory.networks.ideal_diffusion` with its last step denoised.

Reference: the setting of Zhu et al. 2024, arXiv:2412.08175; derived here.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_positive, check_scalar, check_share
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number
from jaxcollapse.theory.networks.filters import Filter


@lenient()
def reconstruction(sigma: Number) -> Filter:
    """A linear denoiser that is given clean rows: ``f(x) = x^3/(x + sigma^2)^2``.

    **Arguments**

    - `sigma`: of the noise that it was trained to take off, positive.

    **Returns** a `Filter`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact: the optimum of the denoising loss.

    **Reference** The setting of Zhu et al. 2024, arXiv:2412.08175; derived here.

    ```python
    >>> reconstruction(sigma=1.0)(jnp.array([1.0, 3.0])).tolist()
    [0.25, 1.6875]

    ```
    """
    check_scalar("sigma", sigma)
    check_positive("sigma", sigma)
    return _Reconstruction(as_floats(sigma))


@lenient()
def denoised_mix_limit(eigenvalues: Vector, *, sigma: Number, real_share: Number) -> Float[Array, " dim"]:
    """The variance of the data in the end, if denoisers of noisy rows are trained on their output and real rows.

    The data has ``m' = alpha v + (1 - alpha) m^2/(m + s)`` with ``s = sigma^2``, and in the end
    ``[alpha v - s + sqrt((alpha v - s)^2 + 4 alpha^2 v s)]/(2 alpha)``, above zero for every share of real data. What
    is generated is `jaxcollapse.theory.networks.ideal_diffusion` of it.

    **Arguments**

    - `eigenvalues`: ``v`` of the true covariance, positive, shape ``(dim,)``.
    - `sigma`: of the noise, positive.
    - `real_share`: ``alpha``, the weight of real rows, in [0, 1].

    **Returns** shape ``(dim,)``; 0 without real rows.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in the limit of large batches.

    **Reference** The setting of Zhu et al. 2024, arXiv:2412.08175; derived here.

    ```python
    >>> [round(float(denoised_mix_limit([4.0], sigma=0.7, real_share=share)[0]), 3) for share in (0.0, 0.1, 0.5)]
    [0.0, 1.021, 3.569]

    ```
    """
    check_positive("eigenvalues", eigenvalues)
    check_positive("sigma", sigma)
    check_share("real_share", real_share)
    for name, value in (("sigma", sigma), ("real_share", real_share)):
        check_one_number(name, value, "for all directions")
    v = as_floats(eigenvalues)
    s, alpha = jnp.asarray(sigma, v.dtype) ** 2, jnp.asarray(real_share, v.dtype)
    short = s - alpha * v
    root = jnp.sqrt(short**2 + 4 * alpha**2 * v * s)
    fed = jnp.where(alpha > 0, alpha, 1.0)
    return jnp.where(short > 0, 2 * alpha * v * s / (jnp.abs(short) + root), (root - short) / (2 * fed))


class _Reconstruction(Filter):
    sigma: Float[Array, ""]

    @lenient()
    def __call__(self, eigenvalues: Any) -> Float[Array, "..."]:
        x = jnp.asarray(eigenvalues)
        return x * (x / (x + self.sigma**2)) ** 2
