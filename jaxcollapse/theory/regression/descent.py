"""Gradient descent in the regression loop: labels of one design, drawn again from each predecessor.

Along an eigenvector of ``X'X/n``, or of a kernel over ``n``, training towards the least-squares answer ``u`` ends at
``F u``, or, begun at ``b``, at ``F u + (1 - F) b``: the filter ``F(s)`` is all that is left of the optimiser. What a
chain of such fits makes of truth and noise is computed here, once for linear regression
(`jaxcollapse.theory.networks.early_stopping_squared_error`) and for networks that move little.

Reference: derived here; Ali, Kolter and Tibshirani 2019, arXiv:1810.10082, for the filter of one fit.
"""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_flag,
    check_nonnegative,
    check_scalar,
    check_shape,
    is_traced,
)
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import as_floats, common_type
from jaxcollapse.arguments.types import Count, Matrix, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.mean.workflow import Weights, weights_of


class Shrinkage(eqx.Module):
    """How much of the least-squares answer a fit reaches along each eigenvector: call it on eigenvalues for ``F``."""

    @abc.abstractmethod
    def missed(self, eigenvalues: Any) -> Float[Array, "..."]:
        """``1 - F``, with all its digits."""

    @abc.abstractmethod
    def __call__(self, eigenvalues: Any) -> Float[Array, "..."]:
        """``F``, with all its digits."""

    def kept(self, eigenvalues: Any) -> Float[Array, "..."]:
        """What is left of where a fit began: ``1 - F``, unless something draws it to where all began."""
        return self.missed(eigenvalues)

    def check(self, eigenvalues: Any) -> None:  # noqa: B027 - most of them converge everywhere
        """Raises for eigenvalues along which the optimiser diverges."""


@lenient()
def descent_risk(
    kernel: Matrix,
    targets: Vector,
    shrinkage: Any,
    workflow: Any,
    *,
    noise: Number,
    warm: bool = False,
    generations: Count,
) -> Float[Array, " generations"]:
    """The risk of networks that are linear in their weights, trained by gradient descent on labels of one design.

    With the eigenvalues ``s`` of the kernel over ``N`` and the filter ``F``: under `Replace`, each fit begun anew, the
    truth is forgotten and the noise stays bounded, ``mean (f_g - f)^2 = 1/N sum_j [(1 - F^g)^2 f_j^2 + sigma^2 (F^2 +
    ... + F^2g)]``; begun where the last one ended, the truth is kept and the noise walks, ``(1 - F)^2 f_j^2 + g sigma^2
    F^2``. Under `Accumulate`, warm, the risk falls first: every generation takes more steps on one question.

    **Arguments**

    - `kernel`: of the points, shape ``(points, points)``, symmetric and positive semi-definite: of the features of the
      model, ``Phi Phi'``, or the tangent kernel of a network at its start.
    - `targets`: the true function ``f`` at the points, less what the network says at its start, shape ``(points,)``.
    - `shrinkage`: ``F``, of eigenvalues of the kernel over ``N``: `jaxcollapse.theory.networks.gradient_descent` for
      full-batch steps on ``|y - f|^2/(2N)``, or another `jaxcollapse.theory.networks.Shrinkage`.
    - `workflow`: any object with a method ``weights(samples)``, such as the workflows of `jaxcollapse`.
    - `noise`: ``sigma`` of the labels, at least 0.
    - `warm`: whether a fit begins where the last one ended, the first one at the start; or each at the start.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``: the mean squared distance from the true function over the points.

    **Raises** `ValueError` or `TypeError` for other arguments, and for a rate with which descent diverges.

    **Exactness** Exact for a model that is linear in its weights, and a workflow that picks no rows. A network whose
    output is ``a (f(w) - f(w0))``, of width ``m``, is off by a part of order ``1/a`` and, from the kernel of infinite
    width, ``1/m``.

    **Reference** Derived here.

    ```python
    >>> import jaxcollapse as jc
    >>> filter = jc.theory.networks.gradient_descent(rate=0.5, steps=2)
    >>> two = [[2.0, 0.0], [0.0, 2.0]], [1.0, 0.0], filter, jc.Replace()
    >>> for warm in (False, True):
    ...     risk = jc.theory.regression.descent_risk(*two, noise=0.1, warm=warm, generations=3)
    ...     print(np.round(np.asarray(risk), 4))
    [0.0369 0.1045 0.1777]
    [0.0369 0.0425 0.0481]

    ```
    """
    check_at_least("kernel", kernel, -np.inf)
    check_at_least("targets", targets, -np.inf)
    check_shrinkage(shrinkage)
    check_scalar("noise", noise)
    check_nonnegative("noise", noise)
    check_flag("warm", warm)
    matrix, truth = as_floats(kernel), as_floats(targets)
    points = len(truth) if truth.ndim == 1 else 0
    if points < 1:
        raise ValueError(f"targets must have shape (points,), got {truth.shape}")
    check_shape("kernel", matrix, (points, points))
    weights = weights_of(workflow, float(points), generations)
    dtype = common_type(matrix, truth, noise)
    s, basis = jnp.linalg.eigh(matrix.astype(dtype) / points)
    if not is_traced(s) and not s[0] >= -1e3 * points * jnp.finfo(dtype).eps * jnp.abs(s).max():
        raise ValueError(f"kernel must be positive semi-definite, got the eigenvalue {points * float(s[0]):g}")
    s = jnp.maximum(s, 0.0)
    shrinkage.check(s)
    bias, spread = filtered(shrinkage, s, weights, warm)
    return jnp.mean(bias**2 * (basis.T @ truth.astype(dtype)) ** 2 + noise**2 * spread, axis=1)


def filtered(
    shrinkage: Shrinkage, eigenvalues: Float[Array, " dim"], weights: Weights, warm: bool
) -> tuple[Float[Array, "generations dim"], Float[Array, "generations dim"]]:
    """What a chain misses of the truth, and the sum of the squares of what every noise has left, in each direction.

    A noise is one standard deviation of the first batch's least-squares answer.
    """
    dtype = eigenvalues.dtype
    filters = (shrinkage, shrinkage.missed, shrinkage.kept if warm else jnp.zeros_like)
    sizes, batch, alone = (part.astype(dtype) for part in weights)
    noises = jnp.concatenate([batch * jnp.sqrt(sizes[0] / sizes), jnp.diag(alone)], axis=1)
    last = jnp.eye(len(sizes), k=-1, dtype=dtype)
    taught = jnp.pad(batch[:, 1:], ((0, 0), (0, 1)))
    first = jnp.arange(len(sizes)) == 0

    def along(direction):
        """What is missing of the truth, and the sum of the squares of what every noise has left."""
        f, rest, kept = direction
        # (1 - F W - kept last) model = F (W truth + noises)
        feedback = jnp.eye(len(sizes), dtype=dtype) - f * taught - kept * last
        lost = jnp.where(first, rest, rest - kept)
        right = jnp.concatenate([lost[:, None], f * noises], axis=1)
        left = jax.scipy.linalg.solve_triangular(feedback, right, lower=True, unit_diagonal=True)
        return left[:, 0], jnp.sum(left[:, 1:] ** 2, axis=1)

    directions = tuple(part(eigenvalues).astype(dtype) for part in filters)
    bias, spread = jax.lax.map(along, directions)  # one by one: no batched linear algebra
    return bias.T, spread.T


def check_shrinkage(shrinkage: Any) -> None:
    """A filter of gradient descent."""
    if not isinstance(shrinkage, Shrinkage):
        raise TypeError(
            "shrinkage must be made by gradient_flow, gradient_descent or ridge_shrinkage of "
            f"jaxcollapse.theory.networks, got {shown(shrinkage)}"
        )
