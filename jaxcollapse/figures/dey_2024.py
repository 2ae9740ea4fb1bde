"""Dey and Donoho 2024: the error of every regular model follows one path, which ends at ``pi^2/6`` if data accumulates.

The sizes of their figures are not known to us: these are ours.
"""

from collections.abc import Callable
from functools import partial

import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes

from jaxcollapse import plot
from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.figures.figure import Figure, Runs
from jaxcollapse.figures.frame import Chain
from jaxcollapse.models.exponential_family import Bernoulli, Exponential, ExponentialFamily, NormalMean, Poisson
from jaxcollapse.theory import mean
from jaxcollapse.theory.papers import DEY_2024

_ROWS, _GENERATIONS, _END = 1000, 20, np.pi**2 / 6
_FAMILIES: dict[str, Callable[[], ExponentialFamily]] = {
    "normal": lambda: NormalMean(0.0),
    "exponential": lambda: Exponential(1.0),
    "Poisson, mean 3": lambda: Poisson(3.0),
    "Bernoulli, p = 0.3": lambda: Bernoulli(0.3),
}
_WORKFLOWS: dict[str, Callable[[], Workflow]] = {"data accumulates": Accumulate, "data is replaced": Replace}


def _relative(ax: Axes, runs: Runs, *, name: str) -> None:
    """The squared error of each family over that of its first fit."""
    workflow = _WORKFLOWS[name]()
    chains = [Chain(make(), workflow, "squared_error", _ROWS, _GENERATIONS) for make in _FAMILIES.values()]
    first = jnp.stack([chain.predicted()[0] for chain in chains])
    estimate = runs.estimate(lambda key: jnp.stack([chain.simulated(key) for chain in chains]) / first[:, None])
    limit = jnp.broadcast_to(mean.inflation(workflow, generations=_GENERATIONS), (len(chains), _GENERATIONS))
    plot.curves(estimate, limit, ax=ax, label=list(_FAMILIES), ylabel="error over that of real data alone")
    if isinstance(workflow, Accumulate):
        ax.axhline(_END, color="0.55", linewidth=0.8, linestyle=":")
        ax.annotate("π²/6", (_GENERATIONS, _END), (0, 3), textcoords="offset points", size=7, ha="right")
    ax.set_title(name, fontsize="small")


FIGURES = (
    Figure(
        DEY_2024,
        "universality",
        "the error of four families, each over that of its first fit.",
        f"n = {_ROWS:,} rows a generation; the theory is the limit of large n.",
        tuple(partial(_relative, name=name) for name in _WORKFLOWS),
        replications=10_000,
        ours="families and sizes, for the paper's are not known to us",
    ),
)
