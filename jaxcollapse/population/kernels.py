"""Kernel matrices of a table of inputs, for `jaxcollapse.KernelRidge`.

A kernel is the inner product of features that are never computed. Any positive semi-definite matrix will do as well.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_fits,
    check_integer,
    check_nonnegative,
    check_numbers,
    check_positive,
    is_traced,
)
from jaxcollapse.arguments.numbers import as_floats, at_once, number
from jaxcollapse.arguments.types import Count, Matrix, Number
from jaxcollapse.machine.leniency import lenient


@lenient()
def rbf(inputs: Matrix, *, bandwidth: Number) -> Float[Array, "points points"]:
    """The Gaussian kernel ``exp(-bandwidth |x - x'|^2)`` between all pairs of inputs.

    **Arguments**

    - `inputs`: shape ``(points, dim)``.
    - `bandwidth`: positive, one over a squared length: a large one is a narrow kernel.

    **Returns** shape ``(points, points)``, ones on the diagonal.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact to rounding; distances are taken from inner products of centred inputs.

    ```python
    >>> import jaxcollapse as jc
    >>> round(float(jc.kernels.rbf([[0.0], [1.0]], bandwidth=0.5)[0, 1]), 4)
    0.6065

    ```
    """
    x, bandwidth = _inputs(inputs), number(bandwidth, "bandwidth", 0.0)
    check_positive("bandwidth", bandwidth)
    with at_once(x, bandwidth):
        x = x - x.mean(axis=0)
        square = jnp.sum(x**2, axis=1)
        distance = jnp.maximum(square[:, None] + square - 2 * x @ x.T, 0.0)
        return jnp.exp(-bandwidth * distance).at[jnp.diag_indices(len(x))].set(1.0)


@lenient()
def polynomial(
    inputs: Matrix, *, degree: Count, scale: Number = 1.0, offset: Number = 1.0
) -> Float[Array, "points points"]:
    """The polynomial kernel ``(scale x'x' + offset)^degree`` between all pairs of inputs.

    **Arguments**

    - `inputs`: shape ``(points, dim)``.
    - `degree`: a positive integer; 1 without an offset is linear regression.
    - `scale`: positive; `offset`: at least 0.

    **Returns** shape ``(points, points)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact to rounding.

    ```python
    >>> import jaxcollapse as jc
    >>> jc.kernels.polynomial([[1.0], [2.0]], degree=2, scale=0.5).tolist()
    [[2.25, 4.0], [4.0, 9.0]]

    ```
    """
    x, scale, offset = _inputs(inputs), number(scale, "scale", 0.0), number(offset, "offset", 0.0)
    check_integer("degree", degree, minimum=1)
    check_positive("scale", scale)
    check_nonnegative("offset", offset)
    with at_once(x, scale, offset):
        return (scale * x @ x.T + offset) ** int(degree)


@lenient()
def tangent(inputs: Matrix) -> Float[Array, "points points"]:
    """The tangent kernel of an infinitely wide two-layer ReLU network, both layers of which learn.

    For ``f(x) = sqrt(2/m) a'relu(W x)`` with normal weights, and the angle ``th`` between ``x`` and ``x'``, the mean of
    ``grad f(x)'grad f(x')`` is ``|x| |x'| [(sin th + (pi - th) cos th)/pi + cos th (pi - th)/pi]``: the first term is
    that of the outer layer, the second that of the inner one.

    **Arguments** `inputs`: shape ``(points, dim)``.

    **Returns** shape ``(points, points)``; on the diagonal, twice the squared lengths.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** That of infinite width ``m``; the kernel of a network at its start is off by a part of order
    ``m^(-1/2)``, its mean is this one.

    **Reference** Cho and Saul 2009, Kernel methods for deep learning, for both terms; Jacot, Gabriel and Hongler 2018,
    arXiv:1806.07572, for the kernel.

    ```python
    >>> import jaxcollapse as jc
    >>> [round(float(k), 4) for k in jc.kernels.tangent([[1.0, 0.0], [0.0, 2.0]]).ravel()]
    [2.0, 0.6366, 0.6366, 8.0]

    ```
    """
    x = _inputs(inputs)
    with at_once(x):
        length = jnp.sqrt(jnp.sum(x**2, axis=1))
        norms = length[:, None] * length
        known = norms > 0
        inner = jnp.where(known, x @ x.T / jnp.where(known, norms, 1.0), 0.0)
        cosine = jnp.clip(inner, -1.0, 1.0).at[jnp.diag_indices(len(x))].set(1.0)
        angle = jnp.arccos(cosine)
        return norms * (jnp.sqrt(1 - cosine**2) + 2 * (jnp.pi - angle) * cosine) / jnp.pi


def _inputs(inputs: Any) -> Float[Array, "points dim"]:
    points = len(inputs) if hasattr(inputs, "__len__") else 0
    check_fits(f"inputs: a kernel of {points:,} points", 8.0 * points**2, "take fewer")
    check_numbers("inputs", inputs)
    x = as_floats(inputs)
    if x.ndim != 2 or x.size == 0:
        raise ValueError(f"inputs must have shape (points, dim), got {x.shape}")
    if not is_traced(x) and not np.isfinite(np.asarray(x)).all():
        raise ValueError("inputs must be finite")
    return x
