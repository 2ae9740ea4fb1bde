"""What the entries share: a chain that simulates and predicts a metric, and curves of both."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Key
from matplotlib.axes import Axes

from jaxcollapse import plot
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.predict import predict
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.figures.figure import Runs


class Chain(NamedTuple):
    """A model under a workflow, and one metric of it."""

    model: Model
    workflow: Workflow
    metric: str
    samples: Any
    generations: int

    def simulated(self, key: Key[Array, ""]) -> Array:
        """One replication."""
        sizes = {"samples": self.samples, "generations": self.generations}
        return simulate(self.model, self.workflow, key=key, **sizes).metrics[self.metric]

    def predicted(self) -> Array:
        """The closed form."""
        found = predict(self.model, self.workflow, samples=self.samples, generations=self.generations)
        return found.metrics[self.metric]


def compare(ax: Axes, runs: Runs, chains: Mapping[str, Chain], **words: Any) -> Axes:
    """Every chain as simulated points, with its closed form as a line."""
    estimate = runs.estimate(lambda key: jnp.stack([chain.simulated(key) for chain in chains.values()]))
    theory = jnp.stack([chain.predicted() for chain in chains.values()])
    return plot.curves(estimate, theory, ax=ax, label=list(chains), **words)
