"""He, Xu and Cheng 2025: fresh real data at every generation, and the weight that it should have.

The time is averaged over the last fifty of two hundred generations, as they do; 0 there is 1 here.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.axes import Axes

from jaxcollapse import plot
from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.model import Model
from jaxcollapse.figures.figure import Figure, Runs
from jaxcollapse.figures.frame import Chain
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, mean
from jaxcollapse.theory.papers import HE_2025

_figure = partial(Figure, HE_2025)
_DIM, _REAL, _GENERATIONS, _LAST = 2, 100, 200, 50
_WEIGHTS, _RATIOS = np.linspace(0.2, 0.78, 30), np.linspace(0.01, 0.19, 10)
_YLABEL = "error over that of real data alone"
_FAMILIES: dict[str, tuple[Callable[[], Model], str]] = {
    "mean of a Gaussian": (lambda: NormalMean(jnp.zeros(_DIM)), "squared_error"),
    "least squares": (lambda: LinearRegression(Spectrum.isotropic(_DIM), noise=1.0), "risk"),
}


def _chain(family: str, ratio: Any, weight: Any) -> Chain:
    """The chain with ``n/ratio`` synthetic rows to n fresh real ones of this weight."""
    model, metric = _FAMILIES[family]
    fakes = jnp.round(_REAL / jnp.asarray(ratio))
    return Chain(model(), Mix("fresh", weight=weight, real_samples=_REAL), metric, fakes, _GENERATIONS)


def _late(curve: Float[Array, " generations"]) -> Float[Array, ""]:
    """The mean of the last generations, relative to real data alone."""
    return curve[-_LAST:].mean() * _REAL / _DIM


def _weights(ax: Axes, runs: Runs, *, family: str) -> None:
    points = _WEIGHTS[::3]

    def simulated(key):
        return jax.lax.map(lambda w: _late(_chain(family, 1.0, w).simulated(key)), jnp.asarray(points))

    theory = jax.lax.map(lambda w: _late(_chain(family, 1.0, w).predicted()), jnp.asarray(_WEIGHTS))
    words: dict[str, Any] = {"xlabel": "weight w of the real data", "ylabel": _YLABEL}
    plot.curves(runs.estimate(simulated), theory, x=points, theory_x=_WEIGHTS, ax=ax, **words)
    golden = float(mean.mean_mix_optimal_weight(ratio=1.0))
    ax.axvline(golden, color="0.55", linewidth=0.8, linestyle=":", label="golden ratio")
    ax.legend(frameon=False, fontsize="small")
    ax.set_title(family, fontsize="small")


def _ratios(ax: Axes, runs: Runs, *, family: str) -> None:
    rules = {
        "all observations alike": lambda k: mean.mean_mix_pooling_weight(ratio=k),
        "best weight": lambda k: mean.mean_mix_optimal_weight(ratio=k),
    }

    def over(curve: Callable[[Chain], Array]) -> Array:
        late = lambda k, rule: _late(curve(_chain(family, k, rule(k))))  # noqa: E731
        return jnp.stack(
            [jax.lax.map(lambda k, rule=rule: late(k, rule), jnp.asarray(_RATIOS)) for rule in rules.values()]
        )

    estimate = runs.estimate(lambda key: over(lambda chain: chain.simulated(key)))
    words: dict[str, Any] = {"label": list(rules), "xlabel": "real over synthetic rows k", "ylabel": _YLABEL}
    plot.curves(estimate, over(Chain.predicted), x=_RATIOS, ax=ax, **words)
    ax.set_ylim(bottom=0)
    ax.set_title(family, fontsize="small")


def _entry(number: str, shows: str, settings: str, panel: Callable, replications: int) -> Figure:
    panels = tuple(partial(panel, family=family) for family in _FAMILIES)
    settings = f"{settings}, p = {_DIM}, n = {_REAL}, the last {_LAST} of {_GENERATIONS} generations."
    return _figure(number, shows, settings, panels, replications)


FIGURES = (
    _entry(
        "8",
        "the error in the long run, against the weight of fresh real data.",
        "Mix, fresh real rows, k = 1",
        _weights,
        200,
    ),
    _entry(
        "9",
        "the error in the long run, when all observations count alike and with the best weight.",
        "Mix, fresh real rows, n/k synthetic ones",
        _ratios,
        100,
    ),
)
