"""What linear generative networks share: rows of ``N(0, F F')``, and fits that need second moments alone.

The truth is ``diag(eigenvalues)``: every covariance takes this form after a rotation. Rows are centred, and no mean is
fitted. Networks that are trained by gradient use `descend`.
"""

import abc
from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.arguments.check import check_choice, check_count, check_positive, check_scalar
from jaxcollapse.arguments.types import Number
from jaxcollapse.chain.data import Samples, WeightedSum
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random import bartlett
from jaxcollapse.random.loops import alongside
from jaxcollapse.theory import networks


class LinearGenerator(eqx.Module):
    """What a linear network generates: rows ``factor @ z`` with standard normal ``z``."""

    factor: Float[Array, "... dim inner"]

    @property
    @lenient()
    def covariance(self) -> Float[Array, "... dim dim"]:
        """The covariance ``F F'`` of the rows; of every generation, for the parameters of a trajectory."""
        return self.factor @ jnp.swapaxes(self.factor, -1, -2)

    @lenient()
    def scaled(self, psi: Number) -> "LinearGenerator":
        """The same with its noise scaled by `psi`: a temperature, for `Biased`."""
        return LinearGenerator(psi * self.factor)


class LinearNetwork(Model):
    """A linear network that is fitted to centred rows: a member says how.

    **Metrics** `trace` of the covariance of what is generated, its diagonal `variances`, along the eigenvectors of the
    truth, and `squared_error` ``|C - C_0|^2``, the squared Frobenius distance from the truth.
    """

    eigenvalues: eqx.AbstractVar[Float[Array, " dim"]]
    sampling: eqx.AbstractVar[Literal["exact", "raw"]]

    @abc.abstractmethod
    def trained(self, moments: Float[Array, "dim dim"], key: Key[Array, ""]) -> Float[Array, "dim inner"]:
        """The factor of the network that is trained on rows with these second moments."""

    @property
    def inner(self) -> int:
        """The number of columns of the factor, at least that of its rows."""
        return self.dim

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return len(self.eigenvalues)

    @property
    def draws_sums(self) -> bool:
        return self.sampling == "exact"

    @lenient()
    def truth(self) -> LinearGenerator:
        """The true covariance, by its root."""
        return LinearGenerator(jnp.eye(self.dim, self.inner) * jnp.sqrt(self.eigenvalues)[:, None])

    def sample(self, key: Key[Array, ""], params: LinearGenerator, n: Scalar | int) -> WeightedSum | Samples:
        """Draw the second moments of `n` rows (exact), or the rows themselves (raw)."""
        factor = params.factor
        if not self.draws_sums:
            return Samples(jax.random.normal(key, (int(n), self.inner), factor.dtype) @ factor.T)
        half = factor @ bartlett(key, n, self.inner).astype(factor.dtype)
        return WeightedSum(half @ half.T, jnp.asarray(n, factor.dtype))

    @lenient()
    def summed(self, data: Samples) -> WeightedSum:
        """The second moments of rows about zero."""
        return WeightedSum(data.rows.T @ (data.weights[:, None] * data.rows), data.count)

    @lenient()
    def fit(self, data: WeightedSum | Samples, *, key: Key[Array, ""], **context) -> LinearGenerator:
        """The network that is trained on the second moments of the data."""
        sums = self.summed(data) if isinstance(data, Samples) else data
        return LinearGenerator(self.trained(sums.mean, key))

    @lenient()
    def metrics(self, params: LinearGenerator, **context) -> dict[str, Float[Array, "..."]]:
        """Total variance, variances and squared error of the covariance."""
        covariance = params.covariance
        return {
            "trace": jnp.trace(covariance),
            "variances": jnp.diagonal(covariance),
            "squared_error": jnp.sum((covariance - jnp.diag(self.eigenvalues)) ** 2),
        }


@lenient()
def second_order(
    eigenvalues: Float[Array, " dim"],
    network: Callable,
    workflow: Workflow,
    samples: Float[Array, " generations"],
) -> Forms:
    """Variances and squared error of a chain whose fits are functions of eigenvalues, to order ``1/n``."""
    if workflow.needs_rows:
        why = NotKnown("it is for whole batches", "a workflow that picks no rows: theory.networks.moments")
        return {"variances": why, "squared_error": why}
    law = networks.moments(eigenvalues, network, workflow, samples=samples, generations=len(samples))
    curves = {"variances": law.mean, "squared_error": law.risk}
    return {k: ClosedForm(v, networks.moments, "asymptotic", order="1/n^2") for k, v in curves.items()}


def descend(loss: Callable[[PyTree], Scalar], start: PyTree, *, steps: int, rate: float) -> PyTree:
    """The parameters after so many steps of Adam, whose rate falls to zero like a cosine."""
    import optax  # takes as long as a tenth of JAX, and is needed by networks alone

    schedule = optax.cosine_decay_schedule(rate, steps)
    adam = optax.adam(schedule, b2=0.99)

    def step(_, carry):
        params, state = carry
        updates, state = adam.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, updates), state

    return jax.lax.fori_loop(0, steps, step, alongside((start, adam.init(start)), start))[0]


def scale_of(moments: Float[Array, "dim dim"]) -> Float[Array, ""]:
    """The mean variance of the data: in its units training takes the same steps whatever the units are."""
    scale = jnp.trace(moments) / len(moments)
    return jnp.where(scale > 0, scale, 1.0)


def check_sampling(sampling: Any) -> Literal["exact", "raw"]:
    """One of the two ways to draw."""
    check_choice("sampling", sampling, ("exact", "raw"))
    return sampling


def training(steps: Any, rate: Any) -> tuple[int, float]:
    """How long and how fast a network is trained."""
    check_count("steps", steps, minimum=1)
    check_scalar("rate", rate)
    check_positive("rate", rate)
    return int(steps), float(rate)
