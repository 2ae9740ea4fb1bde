"""A Gaussian design that is kept for many fits, as two diagonals: what ridge regression on it asks for.

Bidiagonalised from a given vector ``v`` on, ``Z = U B V'`` with ``V e_1 = v`` and an upper bidiagonal ``B`` of
independent chi variables; ``U`` and ``V`` are independent of it (Golub and Kahan 1965). Coefficients in the basis ``V``
and labels in the basis ``U`` are enough for any number of fits, each of which solves one tridiagonal system.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.chi import chi_square
from jaxcollapse.random.loops import alongside
from jaxcollapse.random.ridge.rotation import ratio, root


class BidiagonalDesign(NamedTuple):
    """The matrix ``B``. Its rows beyond the number of samples are zero, and `above` ends with a zero outside of it."""

    diagonal: Float[Array, " dim"]
    above: Float[Array, " dim"]

    def labels(self, coefficients: Float[Array, " dim"]) -> Float[Array, " dim"]:
        """``B v``."""
        return self.diagonal * coefficients + self.above * jnp.roll(coefficients, -1)

    def ridge(self, labels: Float[Array, " dim"], penalty: Number) -> Float[Array, " dim"]:
        """``B' (B B' + penalty)^-1 y``: the ridge fit, and the one of least norm at a penalty of zero.

        Elimination whose pivots are sums of positive numbers, so that they lose no digits, and substitution.
        """
        zero = jnp.zeros((), labels.dtype)

        def eliminate(carry, row):
            share, pull = carry  # what the rows above leave of the diagonal, and what they take off the label
            a, b, y = row
            rest = a**2 * share + penalty
            pivot, label = rest + b**2, y - a * pull
            return (ratio(rest, pivot), b * ratio(label, pivot)), (pivot, label)

        def substitute(below, row):
            pivot, label, coupling = row
            value = ratio(label - coupling * below, pivot)
            return value, value

        rows = self.diagonal, self.above, labels
        one, zero = alongside((zero + 1, zero), (rows, penalty))
        _, (pivots, reduced) = jax.lax.scan(eliminate, (one, zero), rows)
        coupling = self.above * jnp.roll(self.diagonal, -1)
        _, dual = jax.lax.scan(substitute, zero, (pivots, reduced, coupling), reverse=True)
        return self.diagonal * dual + jnp.roll(self.above * dual, 1)


@functools.partial(jax.jit, static_argnames="dim")  # traced once, not for every model that is made
@lenient()
def bidiagonal_design(key: Key[Array, ""], samples: Number, dim: int) -> BidiagonalDesign:
    """Draw the bidiagonal form of a Gaussian matrix of `samples` rows and `dim` columns.

    Row ``i = 0, 1, ...`` has the square roots of independent chi-squares with ``samples - i`` degrees of freedom on the
    diagonal, and with ``dim - 1 - i`` beside it.

    **Arguments**

    - `samples`: whole number of rows, at least 1; may be traced.
    - `dim`: number of columns.

    **Exactness** Exact in law for every `samples` and `dim`.

    ```python
    >>> import jax
    >>> design = bidiagonal_design(jax.random.key(0), 2, 3)
    >>> design.diagonal[2].item(), design.above[2].item()
    (0.0, 0.0)

    ```
    """
    row = jnp.arange(dim, dtype=jnp.result_type(float))
    kept = row < samples
    diagonal = jnp.where(kept, chi_square(key, jnp.maximum(samples - row, 0.0)), 0.0)
    above = jnp.where(kept, chi_square(key, dim - 1 - row, stream=8), 0.0)
    return BidiagonalDesign(root(diagonal), root(above))
