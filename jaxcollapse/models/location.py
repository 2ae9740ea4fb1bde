"""A location family, fitted by its mean, its median, or Huber's estimator between the two.

Reference: Huber 1964, "Robust Estimation of a Location Parameter"; Dey and Donoho 2024, arXiv:2410.22812.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.numbers import number, positive
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.inflated import inflated, unbiased
from jaxcollapse.theory import mean
from jaxcollapse.theory.mean.location import Law, check_estimator

_DRAW = {"normal": jax.random.normal, "laplace": jax.random.laplace, "cauchy": jax.random.cauchy}
_HALVINGS = 40  # of the range of the rows: as good as between two of them


class Location(Model):
    """Rows ``theta + scale * x`` of a symmetric law with an unknown location ``theta``.

    **Arguments**

    - `law`: of ``x``: ``"normal"``, ``"laplace"`` (density ``exp(-|x|)/2``) or ``"cauchy"``.
    - `estimator`: of the location: the ``"mean"``, the ``"median"``, or Huber's M-estimator, by its corner ``k``, a
      positive number: rows farther than ``k * scale`` pull no more than those at that distance. 1.345 is usual.
    - `location`: the true one, a number; `scale`: the known one, positive.

    **Metrics** `estimate` and `squared_error`.

    **Raises** `ValueError` or `TypeError` for another law, estimator or scale.

    **Exactness** Rows are drawn. Huber's equation is solved to rounding.

    **Reference** Huber 1964, "Robust Estimation of a Location Parameter"; Dey and Donoho 2024, arXiv:2410.22812, for
    what a workflow makes of the error.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.Location("cauchy", estimator="median")
    >>> run = jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=50, generations=4)
    >>> prediction = jc.predict(model, jc.Accumulate(), samples=50, generations=4)
    >>> run.estimate.shape, [round(float(error), 3) for error in prediction.squared_error]
    ((4,), [0.049, 0.062, 0.067, 0.07])

    ```
    """

    law: Law = eqx.field(static=True)
    kind: Literal["mean", "median", "huber"] = eqx.field(static=True)
    """Of the estimator."""
    corner: Float[Array, ""] | None
    """Of Huber's, in units of the scale."""
    location: Float[Array, ""]
    scale: Float[Array, ""]

    def __init__(self, law: Law, *, estimator: Any = "mean", location: Any = 0.0, scale: Any = 1.0):
        check_estimator(law, estimator)
        self.law = law
        self.kind = estimator if isinstance(estimator, str) else "huber"  # pyright: ignore[reportAttributeAccessIssue]
        self.corner = None if isinstance(estimator, str) else positive(estimator, "estimator")
        self.location = number(location, "location", -float("inf"))
        self.scale = positive(scale, "scale")

    def truth(self) -> Float[Array, ""]:
        """The true location."""
        return self.location

    @lenient()
    def sample(self, key: Key[Array, ""], params: Float[Array, ""], n: int) -> Samples:
        """Draw `n` rows."""
        return Samples(params + self.scale * _DRAW[self.law](key, (int(n),), params.dtype))

    def fit(self, data: Samples, **context) -> Float[Array, ""]:
        """The estimate."""
        if self.kind == "mean":
            return data.mean(lambda row: row)
        if self.kind == "median":
            return data.median(lambda row: row)
        assert self.corner is not None
        return huber(data, self.corner * self.scale)

    @lenient()
    def metrics(self, params: Float[Array, ""], **context) -> dict[str, Float[Array, ""]]:
        """The estimate and its squared error."""
        return {"estimate": params, "squared_error": (params - self.location) ** 2}

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """To first order: that of the first estimate, inflated by the workflow; exact for the mean."""
        if self.kind == "mean" and self.law == "cauchy":
            return {"": NotKnown("the mean of Cauchy rows has the law of a single one", 'estimator="median"')}
        estimator = self.corner if self.kind == "huber" else self.kind
        first = mean.location_error(self.law, estimator=estimator, samples=samples[0], scale=self.scale)
        kink = self.law == "laplace" and self.kind == "median"
        exactness: dict[str, Any] = {"exactness": "exact"} if self.kind == "mean" else {}
        error = inflated(first, workflow, samples, **exactness, order="1/sqrt(n)" if kink else "1/n")
        by_symmetry = ClosedForm(unbiased(self.location, samples).curve, "symmetric about the truth")
        return {"estimate": by_symmetry, "squared_error": error}


def huber(data: Samples, corner: Float[Array, ""]) -> Float[Array, ""]:
    """Where the pulls of all rows cancel, each limited to `corner`; the middle, where they do so at many points."""
    return 0.5 * (_first_balance(data.rows, data.weights, corner) - _first_balance(-data.rows, data.weights, corner))


@lenient()
def _first_balance(x: Float[Array, " n"], weights: Float[Array, " n"], corner: Float[Array, ""]) -> Float[Array, ""]:
    """The smallest point that no row pulls up any more: halves the range of the rows, and ends with a step.

    The pull is linear between points at which a row reaches the corner: one step from within a piece is exact, and has
    the derivatives of the solution.
    """
    there = weights > 0
    x, weights = jnp.where(there, x, 0.0), jnp.where(there, weights, 0.0)
    held, limit = jax.lax.stop_gradient((x, corner))
    slack = 8 * jnp.finfo(x.dtype).eps * limit * jnp.sum(weights)

    def halve(_, ends):
        low, high = ends
        middle = 0.5 * low + 0.5 * high
        up = jnp.sum(weights * jnp.clip(held - middle, -limit, limit)) > slack
        return jnp.where(up, middle, low), jnp.where(up, high, middle)

    ends = jnp.min(jnp.where(there, held, jnp.inf)), jnp.max(jnp.where(there, held, -jnp.inf))
    begun = jax.lax.fori_loop(0, _HALVINGS, halve, ends)[0]
    gap = held - begun
    near = jnp.where(jnp.abs(gap) <= limit, weights, 0.0)
    beyond = jnp.sum(jnp.where(gap > limit, weights, 0.0)) - jnp.sum(jnp.where(gap < -limit, weights, 0.0))
    inner = jnp.sum(near)
    return jnp.where(inner > 0, (jnp.sum(near * x) + corner * beyond) / jnp.where(inner > 0, inner, 1.0), begun)
