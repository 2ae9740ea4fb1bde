"""Trajectories: many replications at once, by a few of them, their median and a band of quantiles."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from jaxcollapse.arguments.check import check_integer
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.plot._style import COLOURS, band_name, legend, numbers, positions, quantile_levels, whole_ticks


def trajectories(
    paths: Any,
    *,
    x: Any = None,
    ax: Axes | None = None,
    shown: Count = 20,
    quantiles: tuple[float, float] = (0.1, 0.9),
    truth: Number | None = None,
    xlabel: str = "generation g",
    ylabel: str = "",
) -> Axes:
    """A few replications in grey, and the median and a band of quantiles of all of them.

    For what a mean hides: a collapse that some replications suffer and others do not, or a mean that few of them carry.

    **Arguments**

    - `paths`: shape ``(replications, points)``. A quantile is the smallest value with at least that share of the
      replications at or below it, as in `Estimate.quantile`; there is a gap where a replication is NaN.
    - `x`: where the points lie, shape ``(points,)``; ``1, 2, ...`` by default.
    - `ax`: the axes; matplotlib's current axes by default.
    - `shown`: how many replications are drawn, the first ones.
    - `quantiles`: the lower and the upper end of the band.
    - `truth`: a horizontal line, where the chain started.

    **Returns** the axes.

    **Raises** `ValueError` for shapes that do not match, and for quantiles that do not rise from 0 to 1.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> from matplotlib.figure import Figure
    >>> run = lambda key: jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=50, generations=40).variance
    >>> paths = jax.vmap(run)(jax.random.split(jax.random.key(0), 200))
    >>> ax = jc.plot.trajectories(paths, ax=Figure().subplots(), shown=10, truth=1.0, ylabel="variance")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['10 of 200 replications', '10 % to 90 % of replications', 'median', 'truth']

    ```
    """
    paths = numbers("paths", paths)
    if paths.ndim != 2 or paths.shape[0] < 1 or paths.shape[1] < 2:
        raise ValueError(
            f"paths must have shape (replications, points) with at least two points, got shape {paths.shape}"
        )
    x = positions(x, paths.shape[1], "paths")
    low, high = quantile_levels(quantiles)
    check_integer("shown", shown, minimum=0)
    shown = min(shown, len(paths))
    lower, median, upper = np.quantile(paths, [low, 0.5, high], axis=0, method="inverted_cdf")
    ax = plt.gca() if ax is None else ax
    for index, path in enumerate(paths[:shown]):
        name = f"{shown:,} of {len(paths):,} replications" if index == 0 else None
        ax.plot(x, path, color="0.6", linewidth=0.6, label=name, zorder=1)
    ax.fill_between(x, lower, upper, color=COLOURS[0], alpha=0.2, linewidth=0, label=band_name(low, high), zorder=2)
    for edge in (lower, upper):
        ax.plot(x, edge, color=COLOURS[0], linestyle=(0, (4, 2)), linewidth=1, zorder=3)
    ax.plot(x, median, color=COLOURS[0], linewidth=2, label="median", zorder=4)
    if truth is not None:
        ax.axhline(float(truth), color="black", linestyle="-.", linewidth=1, label="truth", zorder=5)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    whole_ticks(ax.xaxis, x)
    legend(ax)
    return ax
