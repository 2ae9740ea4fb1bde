"""A kernel density estimate: the rows of the data, each with a Gaussian kernel.

A draw is one of the rows plus ``h N(0, 1)``. So the parameters are the training data, and every generation adds a
kernel to what it copies.

Reference: Fu et al. 2024, arXiv:2402.11778.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_integer, check_positive, is_traced
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule
from jaxcollapse.chain.workflow import Draw, Workflow
from jaxcollapse.random import split, symbols


class KernelMixture(eqx.Module):
    """A mixture of normal densities of one bandwidth: what a kernel density estimate is."""

    rows: Float[Array, " capacity"]
    weights: Float[Array, " capacity"]
    bandwidth: Float[Array, ""]

    def density(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """The density at `x`."""
        kernels = _normal(jnp.asarray(x)[..., None] - self.rows, self.bandwidth**2)
        return kernels @ self.weights / self.weights.sum()


class KernelDensity(Model):
    """A kernel density estimate on the line with a Gaussian kernel; the truth is ``N(0, 1)``.

    **Arguments**

    - `bandwidth`: ``h``, positive, in units of the true standard deviation; a number or a schedule.
    - `capacity`: how many rows of training data there is room for. `simulate` finds it out, unless it is given
      ``truth`` or ``first`` (a `jaxcollapse.models.kernel_density.KernelMixture` of that many rows).

    **Metrics** `mean` and `variance` of the estimate, and `squared_error`, its integrated squared distance from the
    density of ``N(0, 1)``; that costs the square of the number of rows, where it is asked for.

    **Raises** `ValueError` or `TypeError` for a bandwidth that is not positive and a capacity below 1.

    **Exactness** Exact in law: rows are drawn.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.KernelDensity(lambda g: 0.5 / g)
    >>> run = jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=50, generations=4)
    >>> run.squared_error.shape
    (4,)

    ```
    """

    bandwidth: Scheduled
    capacity: int | None = eqx.field(static=True)

    def __init__(self, bandwidth: Any, *, capacity: Count | None = None):
        """Takes the bandwidth and, optionally, the room for rows."""
        self.bandwidth = number_or_schedule(bandwidth, "bandwidth", 0.0)
        if isinstance(self.bandwidth, jax.Array):
            check_positive("bandwidth", self.bandwidth)
        if capacity is not None:
            check_integer("capacity", capacity, minimum=1)
        self.capacity = None if capacity is None else int(capacity)

    def truth(self) -> KernelMixture:
        """The standard normal density: one kernel at zero, of bandwidth one."""
        if self.capacity is None:
            raise ValueError("capacity must be given: the number of rows that a generation is trained on")
        zeros = jnp.zeros(self.capacity)
        return KernelMixture(zeros, zeros.at[0].set(1.0), jnp.ones(()))

    def metrics(self, params: KernelMixture) -> dict[str, Float[Array, ""]]:
        """The first two moments of the estimate, and its distance from the truth."""
        x, w, kernel = params.rows, params.weights / params.weights.sum(), params.bandwidth**2
        mean = w @ x
        pairs = jnp.sum(w * w[:, None] * _normal(x - x[:, None], 2 * kernel))
        return {
            "mean": mean,
            "variance": w @ (x - mean) ** 2 + kernel,
            "squared_error": pairs - 2 * w @ _normal(x, 1 + kernel) + 0.5 / jnp.sqrt(jnp.pi),
        }

    def reduce(self, workflow: Workflow, samples: Float[Array, " generations"]) -> "KernelDensity":
        """The same model, with room for the data that `workflow` trains on."""
        if is_traced(samples):
            raise TypeError("samples must be known before compilation for a model that draws rows; got a traced value")
        with jax.ensure_compile_time_eval():
            sizes, real_sizes = np.asarray(samples), np.asarray(workflow.real_sizes(samples))
        batch = lambda sizes: lambda: Samples(jnp.zeros(int(sizes.max())))  # noqa: E731

        def training_data(key, n):
            draw = Draw(batch(sizes), batch(real_sizes), key, n, n)
            return workflow.step(workflow.init(draw, len(sizes)), draw, jnp.ones((), int))[0]

        data = jax.eval_shape(training_data, jax.random.key(0), jnp.ones(()))
        return dataclasses.replace(self, capacity=data.capacity)

    def sample(self, key: Key[Array, ""], params: KernelMixture, n: int) -> Samples:
        """Draw `n` rows of the estimate, with replacement, and add the kernel to them."""
        row_key, kernel_key = split(key)
        chosen = params.rows[symbols(row_key, params.weights, n)]
        return Samples(chosen + params.bandwidth * jax.random.normal(kernel_key, (n,), chosen.dtype))

    def fit(self, data: Samples, **context) -> KernelMixture:
        """A kernel at every row."""
        return KernelMixture(data.rows, data.weights, self.bandwidth)


def _normal(x: Float[Array, "..."], variance: Float[Array, ""]) -> Float[Array, "..."]:
    """The density of ``N(0, variance)`` at `x`."""
    return jnp.exp(-0.5 * x**2 / variance) / jnp.sqrt(2 * jnp.pi * variance)
