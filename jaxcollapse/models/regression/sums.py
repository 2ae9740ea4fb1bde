"""The sufficient statistic of linear regression, and the ridge estimate that follows from it."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.scipy.sparse.linalg import cg
from jaxtyping import Array, Bool, Float

from jaxcollapse.arguments.types import Number
from jaxcollapse.chain.data import Samples, Statistic


class RegressionSums(Statistic):
    """What a ridge fit needs: the Gram matrix ``X'X``, the moment ``X'y``, the total weight and the number of rows."""

    gram: Float[Array, "dim dim"]
    moment: Float[Array, " dim"]
    weight: Float[Array, ""]
    rows: Float[Array, ""]

    @staticmethod
    def of(data: Samples) -> "RegressionSums":
        """The sums over the rows ``(x, y)`` of a buffer."""
        x, y = data.rows
        weighted = data.weights[:, None] * x
        return RegressionSums(weighted.T @ x, weighted.T @ y, data.count, jnp.sum(data.weights > 0, dtype=y.dtype))

    def __rmul__(self, weight: Number) -> "RegressionSums":
        """The same rows, each counted `weight` times: as many as before, unless none is left."""
        gram, moment, total = (weight * leaf for leaf in (self.gram, self.moment, self.weight))
        return RegressionSums(gram, moment, total, jnp.where(weight > 0, self.rows, 0.0))


def ridge_solution(
    gram: Float[Array, "dim dim"],
    moment: Float[Array, " dim"],
    ridge: Float[Array, "..."],
    regular: Bool[Array, ""] | bool,
) -> Float[Array, " dim"]:
    """The minimiser of ``w' gram w - 2 w' moment + ridge |w|^2``: that of least norm, unless `gram` is `regular`.

    Of a `regular` one each coefficient may have its own `ridge`.
    """
    # Conjugate gradients find the minimum norm, unless the unknowns are scaled.
    definite = regular is True or (ridge > 0) | regular
    scale = jnp.where(definite, jnp.diagonal(gram) + ridge, 1.0)
    return conjugate_gradients(lambda w: gram @ w + ridge * w, moment, scale, definite)


def conjugate_gradients(
    matrix: Callable[[Array], Array],
    right: Float[Array, " dim"],
    scale: Float[Array, " dim"],
    definite: Bool[Array, ""] | bool = True,
) -> Array:
    """The solution of ``matrix(x) = right``, symmetric with about `scale` on the diagonal; NaN out of reach.

    Where the matrix is not positive `definite`, `right` is in its range; what comes back in reverse mode need not be,
    and is projected on it by solving for the square of the matrix.
    """
    unit = jax.lax.rsqrt(jnp.where(scale > 0, scale, 1.0))
    scaled = lambda v: unit * matrix(unit * v)  # noqa: E731
    epsilon = float(jnp.finfo(right.dtype).eps)
    tolerance = max(8 * epsilon, 1e-12)

    def solve(product, b):
        return cg(product, b, tol=tolerance)[0]

    def solve_back(product, b):
        if definite is True:
            return solve(product, b)
        projected = lambda: solve(lambda v: product(product(v)), product(b))  # noqa: E731
        return jax.lax.cond(definite, lambda: solve(product, b), projected)

    solution = jax.lax.custom_linear_solve(scaled, unit * right, solve, solve_back, symmetric=True)
    left = jnp.linalg.norm(scaled(solution) - unit * right)
    # What was asked for, or all that rounding allows where the matrix is nearly singular.
    asked, allowed = 2 * tolerance * jnp.linalg.norm(unit * right), 100 * epsilon * jnp.linalg.norm(solution)
    reached = left <= jnp.maximum(asked, allowed)
    return jnp.where(reached, unit * solution, jnp.nan)
