"""The triangular factor of a Wishart matrix, whose cost does not depend on the degrees of freedom.

Reference: Bartlett 1933, "On the theory of statistical regression", Proc. R. Soc. Edinburgh 53.
"""

import functools

import jax
import jax.numpy as jnp
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
    """Normals below the diagonal, and about as many.

    A rectangle of half as many columns, and the same turned by half a turn, fill both halves below the diagonal: no
    number comes twice, and none is looked up by its place, which costs more than to draw it.
    """
    even = dim + dim % 2
    drawn = normal(key, (even - 1, even // 2), dtype)
    below = jnp.concatenate([drawn, drawn[::-1, ::-1]], axis=1)
    return jnp.tril(jnp.concatenate([jnp.zeros((1, even), dtype), below])[:dim, :dim], -1)
