"""What a workflow makes of the error of a first fit: the closed form that all regular estimators share."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxcollapse.chain.prediction import ClosedForm, Exactness
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.theory import mean
from jaxcollapse.theory.papers import DEY_2024


def inflated(
    first: Scalar,
    workflow: Workflow,
    samples: Float[Array, " generations"],
    exactness: Exactness = "asymptotic",
    order: str = "1/n",
) -> ClosedForm:
    """`first`, the error of a fit to ``samples[0]`` real rows, times the inflation by the workflow."""
    factors = mean.inflation(workflow, samples=samples, generations=len(samples))
    order = order if exactness == "asymptotic" else ""
    return ClosedForm(jnp.asarray(first) * factors, mean.inflation, exactness, order=order, reference=DEY_2024)


def unbiased(truth: Float[Array, "..."], samples: Float[Array, " generations"]) -> ClosedForm:
    """An estimate whose mean is the truth: batches have the means of their models, and weights sum to one."""
    return ClosedForm(jnp.broadcast_to(truth, (len(samples), *jnp.shape(truth))), "unbiased")
