"""What is measured of generated rows: how far their moments are from the real ones, and how evenly classes are left.

All of it vectorises over replications: the Fréchet distance has no call of LAPACK.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.machine.leniency import lenient

_ITERATIONS = 28
_SHIFT = 2e-6  # of the norm: what single precision makes of a zero eigenvalue is not negative then


class Moments(NamedTuple):
    """Mean and covariance of real rows, and the symmetric root of the covariance."""

    mean: Float[Array, " dim"]
    covariance: Float[Array, "dim dim"]
    root: Float[Array, "dim dim"]


def moments(rows: Float[Array, "rows dim"] | np.ndarray) -> Moments:
    """Those of real rows, in double precision on the host, handed on in single.

    **Raises** `ValueError` for fewer than two rows.
    """
    known = np.asarray(rows, float)
    if known.ndim != 2 or len(known) < 2:
        raise ValueError(f"rows must have shape (rows, dim), with two rows or more, got {known.shape}")
    covariance = np.cov(known, rowvar=False).reshape(known.shape[1], known.shape[1])
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    with jax.ensure_compile_time_eval():
        return Moments(*(jnp.asarray(part, jnp.float32) for part in (known.mean(axis=0), covariance, root)))


@lenient()
def frechet(rows: Float[Array, "rows dim"], real: Moments) -> Float[Array, ""]:
    """The squared Fréchet (2-Wasserstein) distance between normal laws with the moments of `rows` and the real ones.

    ``|m - m0|² + tr C + tr C0 - 2 tr (C0^½ C C0^½)^½``. The root is that of Newton and Schulz, products of matrices
    alone.

    **Exactness** In single precision: off by less than ``0.0012 dim`` times the root of the norm of the matrix whose
    root is taken, which is reached by eigenvalues of about a millionth of it, and much less without those.

    **Reference** Dowson and Landau 1982, J. Multivariate Anal. 12, 450; Higham 2008, Functions of Matrices, eq. 6.35.

    ```python
    >>> import jax.numpy as jnp
    >>> rows = jnp.array([[0.0, 1.0], [2.0, -1.0], [1.0, 4.0], [3.0, 2.0]])
    >>> round(float(frechet(rows + jnp.array([3.0, 0.0]), moments(rows))), 2)
    9.0

    ```
    """
    mean = rows.mean(axis=0)
    centred = rows - mean
    covariance = centred.T @ centred / (len(rows) - 1)
    inner = real.root @ covariance @ real.root
    return ((mean - real.mean) ** 2).sum() + jnp.trace(covariance) + jnp.trace(real.covariance) - 2 * _trace_root(inner)


@lenient()
def entropy(shares: Float[Array, " classes"]) -> Float[Array, ""]:
    """The entropy of shares that sum to one, as a part of that of equal ones: 1 if all classes are left, 0 if one is.

    ```python
    >>> import jax.numpy as jnp
    >>> float(entropy(jnp.array([0.5, 0.5, 0.0, 0.0])))
    0.5

    ```
    """
    positive = jnp.where(shares > 0, shares, 1.0)
    return -(shares * jnp.log(positive)).sum() / jnp.log(float(len(shares)))


def _trace_root(matrix: Float[Array, "dim dim"]) -> Float[Array, ""]:
    """The trace of the root of a symmetric matrix without negative eigenvalues.

    The iteration needs eigenvalues above what rounding takes from zero ones. So it is done for the matrix with two
    shifts, ``h`` and ``4 h``, of its diagonal: ``2 f(h) - f(4 h)`` is exact for zero eigenvalues, and off by ``h`` over
    the root of those that are not small.
    """
    eye = jnp.eye(len(matrix), dtype=matrix.dtype)
    norm = jnp.sqrt((matrix**2).sum())
    scale = jnp.where(norm > 0, norm, 1.0)

    def root(shift):
        def closer(_, pair):
            y, z = pair
            turn = 0.5 * (3 * eye - z @ y)
            return y @ turn, turn @ z

        y, _ = jax.lax.fori_loop(0, _ITERATIONS, closer, (0.5 * (matrix + matrix.T) / scale + shift * eye, eye))
        return jnp.trace(y)

    once, four_times = jax.lax.map(root, jnp.asarray([_SHIFT, 4 * _SHIFT], matrix.dtype))
    return (2 * once - four_times) * jnp.sqrt(scale)
