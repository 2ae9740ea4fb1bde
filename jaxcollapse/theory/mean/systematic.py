"""Errors that do not average out: what a bias of every sampling, and a factor, add up to under a workflow.

Noise of mean zero is bounded where data accumulates, however long (`jaxcollapse.theory.mean.inflation`): rows that are
``m_g`` of ``N_g`` add ``m_g/N_g^2``. A bias of every model adds ``m_g/N_g``, which has no bound as long as rows are
added, however few. Both are true of the same loop: real data is a finite set.

Reference: the setting of Wang et al. 2024, arXiv:2412.14872; derived here.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_nonnegative
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import per_generation
from jaxcollapse.theory.mean.workflow import responses, weights_of


@lenient()
def accumulated_bias(
    workflow: Any, *, bias: Number | Curve = 1.0, samples: Number | Curve | None = None, generations: Count
) -> Float[Array, " generations"]:
    """The bias of every fit if all models draw with their parameter shifted: ``B_g = sum_i W[g, i] (B_{i-1} + b)``.

    Batch 1 is real, and has none. Under replacement it is ``b (g - 1)``, under accumulation of batches ``m_g`` into
    ``N_g`` rows ``b sum_{1<t<=g} m_t/N_t``: about ``b log(N_g/N_1)`` for small ones, without a bound as long as
    ``N_g`` grows. A random part of all rows has the same bias.

    **Arguments**

    - `workflow`: one with a matrix of weights, such as `jaxcollapse.Accumulate`.
    - `bias`: ``b`` that generation ``g`` adds to what it draws, a number or shape ``(generations,)``, of any sign; the
      last entry is not used.
    - `samples`: batch sizes, a number or shape ``(generations,)``; equal ones by default.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for estimators that are means (`jaxcollapse.NormalMean` in `jaxcollapse.Biased`); to first order
    in the bias for every other.

    ```python
    >>> import jaxcollapse as jc
    >>> few = [100.0] + 99 * [1.0]  # a hundred real rows, and then one at a time
    >>> curves = [accumulated_bias(w, samples=few, generations=100) for w in (jc.Accumulate(), jc.Replace())]
    >>> [round(float(curve[-1]), 3) for curve in curves]
    [0.686, 99.0]

    ```
    """
    sizes, batch, _ = weights_of(workflow, samples, generations)
    shifts = per_generation("bias", bias, generations).astype(batch.dtype)
    return _added(batch, jnp.ones_like(sizes), batch[:, 1:] @ shifts[:-1])


@lenient()
def remaining_scale(
    workflow: Any,
    *,
    factor: Number | Curve,
    added: Number | Curve = 0.0,
    samples: Number | Curve | None = None,
    generations: Count,
) -> Float[Array, " generations"]:
    """What is left of a scale that models pass on ``lambda`` times: ``v_g = sum_i W[g, i] (lambda v_{i-1} + e)``.

    Real rows count one. Under replacement it is ``lambda^(g - 1)``; where batches of one size accumulate
    ``Gamma(g + lambda)/(Gamma(g + 1) Gamma(1 + lambda))``, about ``g^-(1 - lambda)/Gamma(1 + lambda)``: collapse is
    slow and complete. Samples of a low temperature, and truncated ones, are of this kind. With a share ``alpha`` of
    fresh real data ``v_g = alpha + (1 - alpha)(lambda v_{g-1} + e)``: samplers that widen what they draw need the share
    `mean_mix_needed_share`.

    **Arguments**

    - `workflow`, `samples`, `generations`: as for `accumulated_bias`.
    - `factor`: ``lambda``, at least 0, a number or shape ``(generations,)``; the last entry is not used.
    - `added`: ``e`` that every model adds, at least 0, in the same way; nothing by default.

    **Returns** shape ``(generations,)``, in units of the true scale.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for estimators that are means of what has this scale: the mean of an exponential law, the
    variance about a known mean.

    ```python
    >>> import jaxcollapse as jc
    >>> curve = remaining_scale(jc.Accumulate(), factor=0.5, generations=400)
    >>> round(float(curve[99]), 4), round(float(curve[399]), 4)  # like one over the root of the generation
    (0.1127, 0.0564)

    ```
    """
    check_nonnegative("factor", factor)
    check_nonnegative("added", added)
    _, batch, _ = weights_of(workflow, samples, generations)
    factors, terms = (
        per_generation(name, value, generations).astype(batch.dtype)
        for name, value in (("factor", factor), ("added", added))
    )
    return _added(batch, factors, 1 - batch[:, 1:] @ (1 - terms[:-1]))


def _added(
    batch: Float[Array, "generations generations"],
    passed_on: Float[Array, " generations"],
    own: Float[Array, " generations"],
) -> Float[Array, " generations"]:
    """``x_g = own_g + sum_{i>1} W[g, i] passed_on_{i-1} x_{i-1}``."""
    of_batches = jnp.concatenate([jnp.ones(1, passed_on.dtype), passed_on[:-1]])
    return responses(batch, own, of_batches)[:, len(batch) :].sum(axis=1)
