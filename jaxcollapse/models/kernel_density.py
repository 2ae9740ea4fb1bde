"""A kernel density estimate: the rows of the data, each with a Gaussian kernel.

A draw is one of the rows plus ``h N(0, 1)``. So the parameters are the training data, and every generation adds a
kernel to what it copies.

Reference: Fu et al. 2024, arXiv:2402.11778.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import Scheduled, positive_or_schedule, single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.inflated import unbiased
from jaxcollapse.random import split, symbols
from jaxcollapse.theory import kernel_density
from jaxcollapse.theory.papers import FU_2024


class KernelMixture(eqx.Module):
    """A mixture of normal densities of one bandwidth: what a kernel density estimate is."""

    rows: Float[Array, " capacity"]
    weights: Float[Array, " capacity"]
    bandwidth: Float[Array, ""]

    @lenient()
    def density(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """The density at `x`."""
        kernels = _normal(jnp.asarray(x)[..., None] - self.rows, self.bandwidth**2)
        return kernels @ self.weights / self.weights.sum()

    @lenient()
    def log_density(self, rows: Float[Array, "..."]) -> Float[Array, "..."]:
        """The log of the density at each row."""
        gaps = (jnp.asarray(rows)[..., None] - self.rows) / self.bandwidth
        kernels = -0.5 * (gaps**2 + jnp.log(2 * jnp.pi * self.bandwidth**2))
        return jax.nn.logsumexp(kernels, axis=-1, b=self.weights / self.weights.sum())


class KernelDensity(Model):
    """A kernel density estimate on the line with a Gaussian kernel; the truth is ``N(0, 1)``.

    **Arguments**

    - `bandwidth`: ``h``, positive, in units of the true standard deviation; a number or a schedule.

    **Metrics** `mean` and `variance` of the estimate, and `squared_error`, its integrated squared distance from the
    density of ``N(0, 1)``; that costs the square of the number of rows, where it is asked for.

    **Raises** `ValueError` or `TypeError` for a bandwidth that is not positive.

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

    def __init__(self, bandwidth: Any):
        self.bandwidth = positive_or_schedule(bandwidth, "bandwidth")

    @lenient()
    def truth(self) -> KernelMixture:
        """The standard normal density: one kernel at zero, of bandwidth one."""
        return KernelMixture(jnp.zeros(1), jnp.ones(1), jnp.ones(()))

    def real(self, key: Key[Array, ""], truth: KernelMixture, n: int) -> Samples:
        """Draw `n` rows of the true density, which has as many kernels as it likes."""
        return Samples(_draw(key, truth, n))

    def sample(self, key: Key[Array, ""], params: KernelMixture, n: int) -> Samples:
        """Draw `n` rows of the estimate."""
        return Samples(_draw(key, params, n))

    def fit(self, data: Samples, **context) -> KernelMixture:
        """A kernel at every row."""
        return KernelMixture(data.rows, data.weights, self.bandwidth)

    @lenient()
    def metrics(self, params: KernelMixture, **context) -> dict[str, Float[Array, ""]]:
        """The first two moments of the estimate, and its distance from the truth."""
        x, w, kernel = params.rows, params.weights / params.weights.sum(), params.bandwidth**2
        mean = w @ x
        pairs = jnp.sum(w * w[:, None] * _normal(x - x[:, None], 2 * kernel))
        return {
            "mean": mean,
            "variance": w @ (x - mean) ** 2 + kernel,
            "squared_error": pairs - 2 * w @ _normal(x, 1 + kernel) + 0.5 / jnp.sqrt(jnp.pi),
        }

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """For `Replace` with batches of one size; the mean has no bias under any workflow."""
        size, bandwidth = single(samples), single(self.bandwidth)
        known: Forms = {"mean": unbiased(jnp.zeros(()), samples)}
        if not workflow.newest_alone or size is None or bandwidth is None:
            nearest = "Replace, one size, one bandwidth: theory.kernel_density.squared_error and model_variance"
            return {**known, **dict.fromkeys(("variance", "squared_error"), NotKnown("it is for new rows", nearest))}
        setting = {"samples": size, "bandwidth": bandwidth, "generations": generations}
        for name, function in (
            ("variance", kernel_density.model_variance),
            ("squared_error", kernel_density.squared_error),
        ):
            known[name] = ClosedForm(function(**setting), function, reference=FU_2024)
        return known


def _draw(key: Key[Array, ""], mixture: KernelMixture, n: int) -> Float[Array, " n"]:
    """Rows of the mixture with replacement, plus their kernel."""
    row_key, kernel_key = split(key)
    chosen = mixture.rows[symbols(row_key, mixture.weights, n)]
    return chosen + mixture.bandwidth * jax.random.normal(kernel_key, (n,), chosen.dtype)


def _normal(x: Float[Array, "..."], variance: Float[Array, ""]) -> Float[Array, "..."]:
    """The density of ``N(0, variance)`` at `x`."""
    return jnp.exp(-0.5 * x**2 / variance) / jnp.sqrt(2 * jnp.pi * variance)
