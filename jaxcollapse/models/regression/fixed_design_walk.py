"""Least squares on one design: its error lives in the few directions that label noise has taken so far.

The risk is a quadratic form in a block of an inverse Wishart matrix, drawn once for each replication.
`LinearRegression` reduces to it by itself; it is a model like any other.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_length, is_traced
from jaxcollapse.chain.data import WeightedSum
from jaxcollapse.chain.model import Model, keeping
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.random import chi_square, inverse_wishart_factor, normal


class FixedDesignWalk(Model):
    """The errors of a least-squares chain on one design, as coordinates along the noise that it has met.

    With ``Z = X Sigma^(-1/2)`` the error is ``Sigma^(-1/2) (Z'Z)^-1 v`` for a vector ``v`` that moves by a standard
    normal vector times the noise, and is averaged where batches are pooled. In the directions in which it has moved,
    one more at each generation, the risk ``v'(Z'Z)^-1 v`` is a quadratic form in a small block of an inverse Wishart
    matrix. The reduction of `LinearRegression` with a fixed design and no penalty, under `Replace`, `Accumulate` and
    `Window`.

    **Arguments**

    - `dim`: number of coefficients.
    - `generations`: how many there will be, which is the cost: ``g`` numbers for generation ``g``, and
      ``generations^2 / 2`` for the design.
    - `noise`: standard deviation of the label noise, at least 0; a number or a schedule.

    **Metrics** `risk`: the excess test risk.

    **Raises** `TypeError` under a workflow that draws real data again, such as `Mix`.

    **Exactness** Exact in law for any covariance and ``n >= dim``; NaN below.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> walk = jc.models.regression.fixed_design_walk.FixedDesignWalk(100, 3, noise=1.0)
    >>> jc.simulate(walk, jc.Accumulate(), key=jax.random.key(0), samples=200, generations=3).risk.shape
    (3,)

    ```
    """

    dim: int = eqx.field(static=True)
    directions: int = eqx.field(static=True)
    noise: Scheduled
    held: Float[Array, "directions directions"] | None = eqx.field(init=False)
    """The factor of the inverse Gram matrix in the directions that the noise takes: one replication keeps it."""

    def __init__(self, dim: int, generations: int, *, noise: Any):
        check_length("generations", generations)
        self.dim = dim
        self.directions = min(dim, generations)
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.held = None

    @property
    def draws_sums(self) -> bool:
        return True

    def truth(self) -> "Displacement":
        """No error, and no direction so far."""
        return Displacement(jnp.zeros(self.directions), jnp.zeros(()))

    def sample(self, key: Key[Array, ""], params: "Displacement", n: Scalar | int) -> WeightedSum:
        """The displacement by `n` new labels, `n` times."""
        dtype = params.along.dtype
        known = jnp.arange(self.directions, dtype=dtype)
        z = normal(key, (self.directions,), dtype)
        # What the new noise does not share with the old one makes the next direction.
        fresh = jnp.sqrt(chi_square(key, jnp.maximum(self.dim - params.met, 1.0), stream=8))
        noise = jnp.where(known < params.met, z, jnp.where(known == params.met, fresh, 0.0))
        n = jnp.asarray(n, dtype)
        return WeightedSum(n * (params.along + self.noise * noise), n)

    def fit(self, data: WeightedSum, *, previous: "Displacement", **context) -> "Displacement":
        """The mean displacement."""
        return Displacement(data.mean, previous.met + 1)

    def metrics(self, params: "Displacement", **context) -> dict[str, Float[Array, ""]]:
        """The excess test risk."""
        if self.held is None:
            raise ValueError("the risk depends on the design, which prepare() draws: use simulate")
        return {"risk": jnp.sum(jnp.sum(params.along[:, None] * self.held, axis=0) ** 2)}

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """There is one batch a generation, of one size: the noise of a second one would take a direction of its own."""
        if workflow.draws_real:
            raise TypeError(
                "a walk on one design has one batch a generation: it serves no workflow that draws real data"
            )
        check_one_size(samples)

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> "FixedDesignWalk":
        """The walk with the design that it keeps."""
        held = inverse_wishart_factor(key, samples[0], self.dim, self.directions)
        return keeping(self, held=held)


class Displacement(eqx.Module):
    """A vector in the directions that were met, and how many these are."""

    along: Float[Array, " directions"]
    met: Float[Array, ""]


def check_one_size(samples: Float[Array, " batches"]) -> None:
    """Raises unless all batches that use one design have one size, as far as this is known."""
    if not is_traced(samples) and len(set(np.asarray(samples).tolist())) != 1:
        raise ValueError(f'samples must be the same for every batch under design="fixed", got {samples}')
