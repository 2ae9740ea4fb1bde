"""Functions of a Wishart matrix ``Z'Z`` that cost less than the matrix."""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.chi import chi_square
from jaxcollapse.random.loops import alongside
from jaxcollapse.random.triangular import strictly_lower


@lenient()
def wishart_resolvents(
    key: Key[Array, ""], samples: Scalar | int, dim: int, ridge: Scalar | float
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Draw the traces of ``(Z'Z + ridge)^-1`` and of its square, for a Gaussian matrix ``Z``.

    Householder reflections from both sides take ``Z`` to a matrix with two diagonals of independent chi variables.

    **Arguments**

    - `samples`: number of rows of ``Z``, at least 1; may be traced.
    - `dim`: number of columns, which is the cost.
    - `ridge`: positive; or zero, if there are at least as many rows as columns.

    **Exactness** Exact in law for every `samples` and `dim`.

    **Reference** Dumitriu and Edelman 2002, "Matrix models for beta ensembles", J. Math. Phys. 43, theorem 3.4.

    ```python
    >>> import jax
    >>> first, second = wishart_resolvents(jax.random.key(0), 20, 1, 2.0)
    >>> bool(jnp.isclose(first**2, second))  # of one eigenvalue
    True

    ```
    """
    column = jnp.arange(dim, dtype=jnp.result_type(float))
    diagonal = chi_square(key, jnp.maximum(samples - column, 0.0))
    # Of the rows and of the columns, those that are left; none to the right of the last row.
    above = chi_square(key, jnp.where(column < samples, dim - 1.0 - column, 0.0), stream=8)

    def log_determinant(ridge):
        def eliminate(carry, squares):
            rest, total = carry
            p, q = squares
            pivot = p + rest
            return (ridge + q * rest / pivot, total + jnp.log(pivot)), None

        start = alongside((ridge, jnp.zeros_like(ridge)), diagonal)
        return jax.lax.scan(eliminate, start, (diagonal, above))[0][1]

    ridge = jnp.asarray(ridge, diagonal.dtype)
    one = jnp.ones_like(ridge)
    slope = lambda ridge: jax.jvp(log_determinant, (ridge,), (one,))[1]  # noqa: E731
    first, change = jax.jvp(slope, (ridge,), (one,))
    return first, -change


@functools.partial(jax.jit, static_argnames=("dim", "size"))  # traced once, not for every model that is made
@lenient()
def inverse_wishart_factor(
    key: Key[Array, ""], samples: Scalar | int, dim: int, size: int
) -> Float[Array, "size size"]:
    """Draw a lower triangular factor ``C``: ``CC'`` is the leading block of ``(Z'Z)^-1`` for a Gaussian matrix ``Z``.

    Row by row: given the block so far, the next row of the inverse is a regression on it with independent normal
    coefficients, and its residual variance the inverse of a chi-square.

    **Arguments**

    - `samples`: number of rows of ``Z``, at least `dim`; may be traced.
    - `dim`: number of columns.
    - `size`: of the block, at most `dim`: ``size^2 / 2`` random numbers, ``size^3 / 3`` operations.

    **Exactness** Exact in law.

    **Reference** Muirhead 1982, "Aspects of multivariate statistical theory", theorem 3.2.10.

    ```python
    >>> import jax
    >>> inverse_wishart_factor(jax.random.key(0), 20, 5, 2).shape
    (2, 2)

    ```
    """
    column = jnp.arange(size, dtype=jnp.result_type(float))
    spread = jax.lax.rsqrt(chi_square(key, samples - dim + 1.0 + column, stream=1))
    normals = strictly_lower(key, size, spread.dtype)

    def append(j, factor):
        new = jnp.sum(normals[j][:, None] * factor, axis=0)  # many small products by `@` are slow
        new += jnp.where(jnp.arange(size) == j, 1.0, 0.0)
        return factor.at[j].set(spread[j] * new)

    return jax.lax.fori_loop(0, size, append, alongside(jnp.zeros((size, size), spread.dtype), spread))
