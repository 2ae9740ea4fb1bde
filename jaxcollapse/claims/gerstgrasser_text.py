"""The third experiment of Gerstgrasser et al. 2024, on the text that comes with Python: events of single replications.

Their language models are trained for an epoch on all data, so that a generation of an accumulating chain takes more
steps of the optimiser than the one before. Here both are told apart: ``steps`` in proportion to the pool, or the same.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import event, shared
from jaxcollapse.models.networks.transformer import Transformer
from jaxcollapse.population import datasets

SIZES = shared(samples=1000, generations=4)
_STEPS, _BATCH, _COLD = 300, 32, 0.5
PROTOCOL = (
    "Transformer of one layer, width 16, 2 heads, on rows of 16 characters out of 27, the topics of Python; 1,000 "
    "rows, 300 steps of Adam on 32 rows, held-out cross-entropy; "
)


@functools.cache
def _corpus() -> Any:
    return datasets.text()


def _loss(key: Any, workflow: Workflow, **options: Any) -> Any:
    """The held-out loss of every generation."""
    model = Transformer(_corpus(), length=16, width=16, batch=_BATCH, probes=1, **options)
    return simulate(model, workflow, key=key, **SIZES).loss


def replaced(key: jax.Array) -> Any:
    """Under Replace the loss rose from the generation before."""
    path = _loss(key, Replace(), steps=_STEPS)
    return event(jnp.diff(path) > 0, path)


def cold(key: jax.Array) -> Any:
    """Written at a temperature of one half, the loss is above that of a temperature of one."""
    cool, warm = (_loss(key, Replace(), steps=_STEPS, temperature=t) for t in (_COLD, 1.0))
    return event((cool > warm)[1:], cool, warm)


def accumulated_by_epochs(key: jax.Array) -> Any:
    """With steps in proportion to the pool the loss is below that of the first generation."""
    path = _loss(key, Accumulate(), epochs=_STEPS * _BATCH / SIZES["samples"])
    return event(path[1:] < path[0], path)


def accumulated_by_steps(key: jax.Array) -> Any:
    """With the same steps the loss is above that of the first generation."""
    path = _loss(key, Accumulate(), steps=_STEPS)
    return event(path[1:] > path[0], path)
