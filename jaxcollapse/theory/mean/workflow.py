"""Inflation factors: what a workflow does to the error of any regular estimator.

Generation ``g`` estimates with weights ``W[g, i]`` on batches ``i <= g``, batch ``i`` drawn from the model of
generation ``i - 1``. To first order in ``1/n`` the errors obey ``X_g = sum_i W[g, i] (X_{i-1} + xi_i / sqrt(rho_i))``
with ``X_0 = 0``, independent noises ``xi_i`` and relative batch sizes ``rho_i``.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_at_least, check_fits, check_length
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import per_generation


@lenient()
def inflation(
    workflow: Any, *, samples: Number | Curve | None = None, generations: Count
) -> Float[Array, " generations"]:
    """The factors ``c_g`` by which a workflow inflates the risk of the first fit: ``risk_g = c_g risk_1``.

    **Arguments**

    - `workflow`: any object with a method ``weights(samples)``, such as the workflows of `jaxcollapse`. One in which
      rows stay has a method ``covariance(samples)`` as well, as `jaxcollapse.Edit`: weights alone do not say it.
    - `generations`: ``G``, a positive integer.
    - `samples`: batch sizes, shape ``(generations,)``, or one number; the unit of risk is that of a fit to
      ``samples[0]``. By default equal ones, and the limit of large ones where rows are picked.

    **Returns** shape ``(generations,)``: under replacement ``g``, under accumulation ``sum_{i<=g} 1/i^2 -> pi^2/6``.

    **Exactness** Exact for sample means with a constant variance (a Gaussian mean, least squares on one design);
    asymptotic, with an error of order ``1/n``, for every other regular estimator.

    **Reference** Dey and Donoho 2024, arXiv:2410.22812.

    ```python
    >>> import jaxcollapse as jc
    >>> [round(float(c), 4) for c in inflation(jc.Accumulate(), generations=3)]
    [1.0, 1.25, 1.3611]

    ```
    """
    return jnp.diagonal(inflation_covariance(workflow, generations=generations, samples=samples))


@lenient()
def inflation_covariance(
    workflow: Any, *, samples: Number | Curve | None = None, generations: Count
) -> Float[Array, "generations generations"]:
    """The covariance of the errors of two generations, in units of the variance of the first fit.

    **Arguments** as for `inflation`, which is its diagonal.

    **Returns** shape ``(generations, generations)``.

    **Exactness** As of `inflation`.

    **Reference** Dey and Donoho 2024, arXiv:2410.22812.

    ```python
    >>> import jaxcollapse as jc
    >>> inflation_covariance(jc.Replace(), generations=2).tolist()
    [[1.0, 1.0], [1.0, 2.0]]

    ```
    """
    sizes, batch, independent = weights_of(workflow, samples, generations)
    if (own := getattr(workflow, "covariance", None)) is not None:  # rows that stay are the same ones, and no new noise
        return own(sizes)
    scale = jnp.concatenate([jnp.sqrt(sizes[0] / sizes), jnp.ones_like(sizes)])
    coefficients = responses(batch, independent) * scale
    return coefficients @ coefficients.T


def responses(
    batch: Float[Array, "generations generations"],
    independent: Float[Array, " generations"],
    passed_on: Float[Array, " generations"] | float = 1.0,
) -> Float[Array, "generations noises"]:
    """What the error of every generation is made of: the coefficients of the batches' noises, then of the others.

    `passed_on` is the share of a model's error that the batch which it draws has in its mean.
    """
    # (I - batch shifted by one generation) X = batch xi + diag(independent) zeta
    fed = (batch * passed_on)[:, 1:]
    feedback = jnp.eye(len(batch), dtype=batch.dtype) - jnp.pad(fed, ((0, 0), (0, 1)))
    noises = jnp.concatenate([batch, jnp.diag(independent)], axis=1)
    return jax.scipy.linalg.solve_triangular(feedback, noises, lower=True, unit_diagonal=True)


class Weights(NamedTuple):
    """What a workflow weighs its batches with, and how large these are."""

    sizes: Float[Array, " generations"]
    batch: Float[Array, "generations generations"]
    """The weight of every batch at every generation."""
    independent: Float[Array, " generations"]
    """The coefficient of one more noise at every generation, in standard errors of a batch of the first size."""


def weights_of(workflow: Any, samples: Number | Curve | None, generations: Count) -> Weights:
    """The weight matrix of a workflow, for batches of these sizes or, without any, of equal ones."""
    check_workflow(workflow)
    check_length("generations", generations)
    check_fits(f"generations={generations:,}: a covariance of them", 32.0 * float(generations) ** 2, "take fewer")
    if samples is None:
        samples = jnp.full(generations, _MANY if getattr(workflow, "needs_rows", False) else 1.0)
    sizes = per_generation("samples", samples, generations)
    check_at_least("samples", sizes, 1.0)
    return Weights(sizes, *workflow.weights(sizes))


def check_workflow(workflow: Any) -> None:
    """An object with weights, such as a workflow."""
    if isinstance(workflow, type) or not callable(getattr(workflow, "weights", None)):
        hint = f"the class {workflow.__name__}: write {workflow.__name__}()" if isinstance(workflow, type) else None
        raise TypeError(f"workflow must be a workflow such as jaxcollapse.Replace(), got {hint or repr(workflow)}")


_MANY = 2.0**46  # rows of a batch: what is picked of them is as good as with replacement, to rounding
