"""The triangular factor of a Wishart matrix, whose cost does not depend on the degrees of freedom.

Reference: Bartlett 1933, "On the theory of statistical regression", Proc. R. Soc. Edinburgh 53.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.chi import chi_square
from jaxcollapse.random.gaussian import normal


@functools.partial(jax.jit, static_argnames="dim")  # traced once, not for every model that is made
@lenient()
def bartlett(key: Key[Array, ""], samples: Number, dim: int) -> Float[Array, "dim dim"]:
    """Draw the lower triangular factor ``L`` of ``L L' = X'X`` for a Gaussian matrix ``X``.

    ``X`` has `samples` rows and `dim` columns of independent standard normals. The diagonal of ``L`` holds the
    square roots of independent chi-squares with ``samples, samples - 1, ...`` degrees of freedom, everything below
    it standard normals. With fewer rows than columns, the columns of ``L`` beyond `samples` are zero.

    **Arguments**

    - `samples`: whole number of rows, at least 1; may be traced.
    - `dim`: number of columns.

    **Exactness** Exact in law for every `samples` and `dim`.

    ```python
    >>> import jax
    >>> factor = bartlett(jax.random.key(0), 2, 3)
    >>> factor[0, 1].item(), factor[2, 2].item()
    (0.0, 0.0)

    ```
    """
    column = jnp.arange(dim, dtype=jnp.result_type(float))
    samples = jnp.asarray(samples, column.dtype)
    diagonal = jnp.sqrt(chi_square(key, jnp.maximum(samples - column, 0.0), stream=1))
    lower = strictly_lower(key, dim, diagonal.dtype)
    return jnp.where(column < samples, lower + jnp.diag(diagonal), 0.0)


def strictly_lower(key: Key[Array, ""], dim: int, dtype) -> Float[Array, "dim dim"]:
    """Normals below the diagonal, and only as many."""
    drawn = normal(key, (max(dim * (dim - 1) // 2, 1),), dtype)
    row, column = np.tril_indices(dim, -1)
    place = np.zeros((dim, dim), np.int32)
    place[row, column] = np.arange(len(row))
    return jnp.tril(drawn[place], -1)
