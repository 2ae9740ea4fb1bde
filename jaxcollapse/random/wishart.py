"""Traces of functions of a Wishart matrix, from the bidiagonal form of the Gaussian matrix that it is made of.

Householder reflections from both sides take a Gaussian matrix to one with two diagonals of independent chi variables.

Reference: Dumitriu and Edelman 2002, "Matrix models for beta ensembles", J. Math. Phys. 43, theorem 3.4.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.random.chi_square import chi_square


def wishart_resolvents(
    key: Key[Array, ""], samples: Scalar | int, dim: int, ridge: Scalar | float
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Draw the traces of ``(Z'Z + ridge)^-1`` and of its square, for a Gaussian matrix ``Z``.

    **Arguments**

    - `samples`: number of rows of ``Z``, at least 1; may be traced.
    - `dim`: number of columns, which is the cost.
    - `ridge`: positive; or zero, if there are at least as many rows as columns.

    **Exactness** Exact in law for every `samples` and `dim`.

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

        return jax.lax.scan(eliminate, (ridge, jnp.zeros_like(ridge)), (diagonal, above))[0][1]

    ridge = jnp.asarray(ridge, diagonal.dtype)
    one = jnp.ones_like(ridge)
    slope = lambda ridge: jax.jvp(log_determinant, (ridge,), (one,))[1]  # noqa: E731
    first, change = jax.jvp(slope, (ridge,), (one,))
    return first, -change
