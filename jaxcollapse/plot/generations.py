"""What each generation makes: a strip of histograms, or of scattered points, one panel for each generation."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from jaxcollapse.arguments.check import check_integer
from jaxcollapse.arguments.types import Count
from jaxcollapse.plot._style import COLOURS, numbers

_WIDTH, _HEIGHT = 1.6, 1.8  # of a panel, in inches
_MOST = 12


def strip(
    rows: Any,
    *,
    generations: Any = None,
    densities: Any = None,
    axes: Any = None,
    bins: Count = 40,
    xlabel: str = "",
    ylabel: str = "",
) -> list[Axes]:
    """A strip of panels, one for each generation: histograms of numbers, or points in the plane.

    All panels share their axes, and histograms their bins and their scale: what is lost is seen to go.

    **Arguments**

    - `rows`: what each generation made, shape ``(panels, rows)`` for histograms or ``(panels, rows, 2)`` for points.
      Rows that are not finite are left out.
    - `generations`: what the panels are called, one integer for each; ``1, 2, ...`` by default.
    - `densities`: for histograms a pair: places of shape ``(points,)``, and the densities of the models there, shape
      ``(panels, points)``, drawn as lines. With densities alone, ``rows=None``, the panels have the lines only.
    - `axes`: one for each panel; a new figure by default.
    - `bins`: of a histogram, at least 1.

    **Returns** the axes, one for each panel.

    **Raises** `ValueError` for other shapes, more than 12 panels, and axes or generations of another number.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> from matplotlib.figure import Figure
    >>> model = jc.Gaussian(ddof=1, sampling="raw")
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=10, generations=30)
    >>> made = jax.vmap(lambda law: model.sample(jax.random.key(1), law, 200).rows)(run.params)
    >>> panels = Figure().subplots(1, 3)
    >>> axes = jc.plot.strip(made[jnp.array([0, 9, 29])], generations=[1, 10, 30], axes=panels)
    >>> [ax.get_title() for ax in axes]
    ['g = 1', 'g = 10', 'g = 30']

    ```
    """
    check_integer("bins", bins, minimum=1)
    made, lines = _rows(rows), _lines(densities)
    if made is None and lines is None:
        raise ValueError("rows or densities must be given")
    counts = {len(found) for found in (made, None if lines is None else lines[1]) if found is not None}
    if len(counts) > 1 or (lines is not None and made is not None and made.ndim == 3):
        raise ValueError(f"densities must be lines over histograms, one for each panel, got {sorted(counts)}")
    panels = counts.pop()
    if not 1 <= panels <= _MOST:
        raise ValueError(f"rows must have 1 to {_MOST} panels, got {panels}: choose some generations")
    names = range(1, panels + 1) if generations is None else generations
    if len(names) != panels:
        raise ValueError(f"generations must name each of the {panels} panels, got {len(names)}")
    if axes is None:
        figure = plt.figure(figsize=(_WIDTH * panels, _HEIGHT), layout="constrained")
        axes = figure.subplots(1, panels, sharex=True, sharey=True, squeeze=False)[0]
    if len(axes) != panels:
        raise ValueError(f"axes must be one for each of the {panels} panels, got {len(axes)}")
    edges = _edges(made, int(bins))
    for panel, (ax, name) in enumerate(zip(axes, names, strict=True)):
        if made is not None and made.ndim == 3:
            ax.plot(*made[panel].T, ".", color=COLOURS[0], markersize=2, alpha=0.5)
        elif made is not None:
            ax.hist(made[panel], edges, density=True, color=COLOURS[0], alpha=0.4)
        if lines is not None:
            ax.plot(lines[0], lines[1][panel], color="black", linewidth=1)
        ax.set_title(f"g = {name}", fontsize="small")
        ax.set_xlabel(xlabel)
    axes[0].set_ylabel(ylabel)
    return list(axes)


def _rows(rows: Any) -> np.ndarray | None:
    if rows is None:
        return None
    made = numbers("rows", rows)
    if made.ndim not in (2, 3) or (made.ndim == 3 and made.shape[2] != 2):
        raise ValueError(f"rows must have shape (panels, rows) or (panels, rows, 2), got {made.shape}")
    if not np.isfinite(made).any():
        raise ValueError("rows must hold finite numbers")
    return np.where(np.isfinite(made), made, np.nan)


def _lines(densities: Any) -> tuple[np.ndarray, np.ndarray] | None:
    if densities is None:
        return None
    if not isinstance(densities, tuple | list) or len(densities) != 2:
        raise ValueError("densities must be a pair: places, and the densities there of each panel")
    places, values = (numbers("densities", part) for part in densities)
    if places.ndim != 1 or values.ndim != 2 or values.shape[1] != len(places):
        found = f"{places.shape} and {values.shape}"
        raise ValueError(f"densities must have shapes (points,) and (panels, points), got {found}")
    return places, values


def _edges(made: np.ndarray | None, bins: int) -> np.ndarray | None:
    """The same for all panels."""
    if made is None or made.ndim == 3:
        return None
    return np.linspace(np.nanmin(made), np.nanmax(made) + 1e-9, bins + 1)
