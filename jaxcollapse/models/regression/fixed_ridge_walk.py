"""A ridge chain on one design with isotropic features, in the basis in which that design is bidiagonal.

`LinearRegression` reduces to this model by itself; it is a model like any other.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.numbers import number
from jaxcollapse.chain.data import WeightedSum
from jaxcollapse.chain.model import Model, keeping
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.models.regression.fixed_design_walk import check_one_size
from jaxcollapse.random import BidiagonalDesign, bidiagonal_design, normal


class InBasis(eqx.Module):
    """Coefficients for features of unit variance, in a basis that is drawn with the design: no other model knows it."""

    values: Float[Array, " dim"]


class FixedRidgeWalk(Model):
    """The estimates of a ridge chain on one design: `dim` numbers a generation, under any workflow that keeps sums.

    The design is bidiagonalised from the true coefficients on (`jaxcollapse.random.bidiagonal_design`), which is drawn
    once; a fit solves one tridiagonal system. The reduction of `LinearRegression` with a fixed design and equal
    eigenvalues.

    **Arguments**

    - `dim`: number of coefficients.
    - `eigenvalue`: of the covariance of the features, positive.
    - `length`: of the true coefficients, at least 0.
    - `noise`, `penalty`: as for `LinearRegression`; numbers or schedules. Without a penalty the fit is least squares,
      or that of minimum norm where rows are few.

    **Metrics** `risk`: the excess test risk.

    **Raises** `ValueError` for a number of samples that changes.

    **Exactness** Exact in law for every ``n`` and `dim`.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> walk = jc.models.regression.fixed_ridge_walk.FixedRidgeWalk(100, 1.0, 1.0, noise=1.0, penalty=0.1)
    >>> jc.simulate(walk, jc.Accumulate(), key=jax.random.key(0), samples=200, generations=3).risk.shape
    (3,)

    ```
    """

    dim: int = eqx.field(static=True)
    eigenvalue: Float[Array, ""]
    length: Float[Array, ""]
    noise: Scheduled
    penalty: Scheduled
    held: tuple[BidiagonalDesign, Float[Array, ""]] | None = eqx.field(init=False)
    """The design that one replication keeps, for features of unit variance, and the number of its rows."""

    def __init__(self, dim: int, eigenvalue: Any, length: Any, *, noise: Any, penalty: Any):
        self.dim = dim
        self.eigenvalue = number(eigenvalue, "eigenvalue", 0.0)
        self.length = number(length, "length", 0.0)
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.penalty = number_or_schedule(penalty, "penalty", 0.0)
        self.held = None

    @property
    def draws_sums(self) -> bool:
        return True

    def truth(self) -> InBasis:
        """The true coefficients: along the first vector of the basis."""
        return InBasis(jnp.where(jnp.arange(self.dim) == 0, jnp.sqrt(self.eigenvalue) * self.length, 0.0))

    def sample(self, key: Key[Array, ""], params: InBasis, n: Scalar | int) -> WeightedSum:
        """The labels of the design in its left basis, `n` times."""
        design, rows = self._design()
        dtype = params.values.dtype
        noise = jnp.where(jnp.arange(self.dim, dtype=rows.dtype) < rows, normal(key, (self.dim,), dtype), 0.0)
        n = jnp.asarray(n, dtype)
        return WeightedSum(n * (design.labels(params.values) + self.noise * noise), n)

    def fit(self, data: WeightedSum, **context) -> InBasis:
        """The ridge fit to the mean of the labels: with one design, a pool of batches asks for no more."""
        design, rows = self._design()
        return InBasis(design.ridge(data.mean, rows * self.penalty / self.eigenvalue))

    def metrics(self, params: InBasis, **context) -> dict[str, Float[Array, ""]]:
        """The excess test risk."""
        return {"risk": jnp.sum((params.values - self.truth().values) ** 2)}

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """All batches have one size."""
        check_one_size(workflow.all_sizes(samples))

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> "FixedRidgeWalk":
        """The walk with the design that it keeps."""
        held = bidiagonal_design(key, samples[0], self.dim), samples[0]
        return keeping(self, held=held)

    def _design(self) -> tuple[BidiagonalDesign, Float[Array, ""]]:
        if self.held is None:
            raise ValueError("labels belong to the design, which prepare() draws: use simulate")
        return self.held
