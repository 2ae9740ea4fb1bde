"""What the files of this folder share: numbers by name, the axis of generations, matrices of weights, a formula.

A file begins with its paper, `REFERENCE`, and what all its claims have in common, said once:
``_claim = partial(Claim, reference=REFERENCE, ...)``. Each claim then states itself, and nothing twice.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Weighted
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.verification.claim import Axis

RIDGE_CHAIN = "m ← D m, s ← D² s + γ² ev/(ev + κ)², γ² = (σ² + κ² Σ ev s/(ev + κ)²)/(T − df₂), D = ev/(ev + κ)"
"""The recursion of `jaxcollapse.theory.regression.ridge_replace`."""


def shared(**numbers: Any) -> dict[str, Any]:
    """Numbers that theory and experiment share, by their names: each passes them on with ``**``.

    ```python
    >>> shared(samples=20, noise=0.5)
    {'samples': 20, 'noise': 0.5}

    ```
    """
    return numbers


def generation_axis(generations: Any) -> Axis:
    """The axis of a curve over the generations: the first ones, up to a number, or those that are named.

    ```python
    >>> [generation_axis(which).values.tolist() for which in (3, [1, 10, 100])]
    [[1, 2, 3], [1, 10, 100]]

    ```
    """
    chosen = np.arange(1, generations + 1) if np.ndim(generations) == 0 else np.asarray(generations)
    return Axis("generation g", chosen)


@lenient()
def as_matrix(workflow: Workflow, *, samples: Any, generations: int) -> Weighted:
    """A workflow that draws no fresh real data, as its matrix of weights: one program serves all of them.

    ```python
    >>> from jaxcollapse.chain.pooled import Replace
    >>> as_matrix(Replace(), samples=50, generations=2).matrix.tolist()
    [[1.0, 0.0], [0.0, 1.0]]

    ```
    """
    with jax.ensure_compile_time_eval():
        return Weighted(np.asarray(workflow.weights(jnp.full(generations, float(samples)))[0]))


@lenient()
def event(happened: Any, *numbers: Any) -> Any:
    """An event as 0 or 1; NaN where a number that it is about is none."""
    sound = jnp.stack([jnp.isfinite(number).all() for number in numbers]).all()
    return jnp.where(sound, jnp.asarray(happened, float), jnp.nan)
