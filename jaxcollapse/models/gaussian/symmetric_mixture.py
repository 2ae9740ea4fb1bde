"""A symmetric mixture: two Gaussians of one known variance at opposite points, fitted by the exact maximum on the line.

Protocol: ``n`` draws of ``+- theta + sqrt(variance) z`` with signs that are tossed; ``theta`` by maximum likelihood.

Reference: Daskalakis, Tzamos and Zampetakis 2017, arXiv:1609.00368.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_at_least, check_integer
from jaxcollapse.arguments.numbers import as_floats, positive
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model, weighted
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random import split
from jaxcollapse.random.loops import alongside, while_loop


class SymmetricMixture(Model):
    """Half the rows about ``theta``, half about ``-theta``, with one known variance and an unknown ``theta``.

    The likelihood of rows on the line has one maximum, up to the sign: where the mean square of the rows is above the
    variance it is the positive solution of ``t = mean(x tanh(x t/variance))``, and 0 elsewhere: one cluster is left.

    **Arguments**

    - `mean`: ``theta``, a number, or a vector of shape ``(dim,)``.
    - `variance`: of each of the two along every axis, known, positive.
    - `iterations`: the most steps of one fit, a positive integer; they end where they change nothing but rounding.

    **Metrics** `squared_error`, the squared distance of the estimate or its negative from ``theta``, whichever is
    nearer; `separation`, the squared length of the estimate.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Rows are drawn. On the line the fit is the maximum of the likelihood, to rounding. In more dimensions
    it is where steps of expectation maximisation lead from the last model, or at first from the farthest row: for
    infinitely many rows the maximum.

    **Reference** Daskalakis, Tzamos and Zampetakis 2017, arXiv:1609.00368.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.SymmetricMixture(1.5)
    >>> jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=50, generations=5).separation.shape
    (5,)

    ```
    """

    mean: Float[Array, "*dim"]
    variance: Float[Array, ""]
    iterations: int = eqx.field(static=True)

    def __init__(self, mean: Any, *, variance: Any = 1.0, iterations: Count = 1000):
        check_at_least("mean", mean, -float("inf"))
        self.mean = as_floats(mean)
        if self.mean.ndim > 1 or self.mean.size == 0:
            raise ValueError(f"mean must be a number or have shape (dim,), got shape {self.mean.shape}")
        self.variance = positive(variance, "variance")
        check_integer("iterations", iterations, minimum=1)
        self.iterations = int(iterations)

    def truth(self) -> Float[Array, "*dim"]:
        """The true point; its negative is the other one."""
        return self.mean

    @lenient()
    def sample(self, key: Key[Array, ""], params: Float[Array, "*dim"], n: int) -> Samples:
        """Draw `n` rows."""
        sign_key, row_key = split(key)
        signs = jax.random.rademacher(sign_key, (int(n), *[1] * params.ndim), params.dtype)
        z = jax.random.normal(row_key, (int(n), *params.shape), params.dtype)
        return Samples(signs * params + jnp.sqrt(self.variance) * z)

    @lenient()
    def fit(self, data: Samples, *, previous: Float[Array, "*dim"] | None = None, **context) -> Float[Array, "*dim"]:
        """The maximum of the likelihood: by Newton's method on the line, by expectation maximisation elsewhere."""
        if data.rows.size == data.capacity:
            return self._maximum(data).reshape(data.rows.shape[1:])
        lengths = jnp.where(data.weights > 0, jnp.sum(data.rows**2, axis=1), -1.0)
        farthest = data.rows[jnp.argmax(lengths)]
        begun = farthest if previous is None else jnp.where(jnp.any(previous != 0), previous, farthest)
        return self._climbed(begun, data)

    @lenient()
    def average(self, estimates: tuple[Array, ...], shares: Float[Array, " estimates"]) -> Float[Array, "*dim"]:
        """The mean of the estimates, each with the sign that brings it nearer to the first one."""
        first = estimates[0]
        alike = tuple(jnp.where(jnp.sum(first * other) < 0, -other, other) for other in estimates)
        return weighted(alike, shares)

    @lenient()
    def metrics(self, params: Float[Array, "*dim"], **context) -> dict[str, Float[Array, ""]]:
        """The squared error up to the sign, and the squared length."""
        errors = jnp.stack([jnp.sum((sign * params - self.mean) ** 2) for sign in (1.0, -1.0)])
        return {"squared_error": jnp.min(errors), "separation": jnp.sum(params**2)}

    def _maximum(self, data: Samples) -> Float[Array, ""]:
        """The maximum on the line, not negative.

        ``mean(x tanh(x t/variance)) - t`` is concave for positive ``t`` and not positive at the mean of ``|x|``: from
        there Newton's steps fall to its root and never pass it. The last one has the derivatives of the root.
        """
        x = jnp.where(data.weights > 0, jnp.abs(data.rows.ravel()), 0.0)
        held, variance = jax.lax.stop_gradient((x, self.variance))
        weights, count = data.weights, data.count

        def newton(t, x, variance):
            s = jnp.tanh(x * jax.lax.stop_gradient(t) / variance)
            slope = weights @ (held**2 * (1 - s**2)) / (count * variance) - 1  # negative where the step is taken
            gap = weights @ (x * s) / count - t
            return t - gap / jax.lax.stop_gradient(jnp.where(slope < 0, slope, -1.0))

        def unfinished(search):
            return (search.steps < self.iterations) & (search.change > 4 * jnp.finfo(x.dtype).eps * search.at)

        def step(search):
            after = jnp.clip(newton(search.at, held, variance), 0.0, search.at)
            return _Search(after, search.at - after, search.steps + 1)

        apart = weights @ held**2 > count * variance
        begun = jnp.where(apart, weights @ held / count, 0.0)
        search = _Search(begun, begun, jnp.asarray(0))
        root = jax.lax.stop_gradient(while_loop(unfinished, step, alongside(search, data)).at)
        return jnp.where(root > 0, newton(root, x, self.variance), 0.0)

    def _climbed(self, start: Float[Array, " dim"], data: Samples) -> Float[Array, " dim"]:
        """Where steps of expectation maximisation lead from a start."""

        def unfinished(search):
            length = jnp.sqrt(jnp.sum(search.at**2))
            return (search.steps < self.iterations) & (search.change > 4 * jnp.finfo(start.dtype).eps * length)

        def step(search):
            weights = data.weights * jnp.tanh(data.rows @ search.at / self.variance)
            after = weights @ data.rows / data.count
            return _Search(after, jnp.sqrt(jnp.sum((after - search.at) ** 2)), search.steps + 1)

        search = _Search(start, jnp.asarray(jnp.inf, start.dtype), jnp.asarray(0))
        return while_loop(unfinished, step, alongside(search, data)).at


class _Search(NamedTuple):
    at: Array
    change: Scalar
    steps: Scalar
