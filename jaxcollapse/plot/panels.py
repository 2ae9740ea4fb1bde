"""Curves over a grid, a panel for each entry of its first axis."""

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from jaxcollapse.arguments.check import check_choice
from jaxcollapse.plot._style import check_estimate, numbers
from jaxcollapse.plot.lines import curves

if TYPE_CHECKING:
    from jaxcollapse.replication.estimate import Estimate

_WIDTH, _HEIGHT = 3.2, 2.8  # of a panel, in inches


class _Facet(NamedTuple):
    """One entry of the first axis of a grid, with what is drawn of an estimate."""

    mean: np.ndarray
    limits: tuple[np.ndarray, np.ndarray]
    coordinates: dict[str, np.ndarray]

    def interval(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """That of the estimate, which was asked for it."""
        return self.limits


def facets(
    estimate: "Estimate",
    theory: Any = None,
    *,
    x: Any = None,
    axes: Any = None,
    level: float = 0.95,
    xlabel: str | None = None,
    ylabel: str = "",
    yscale: Literal["linear", "log", "symlog"] = "linear",
) -> list[Axes]:
    """Curves over a grid, a panel for each entry of its first axis: small multiples that share their axes.

    **Arguments**

    - `estimate`: of `jaxcollapse.monte_carlo` with a ``grid=``, whose mean has two axes or more: the first one is that
      of the panels, the others are drawn by `curves`.
    - `theory`: numbers of the same shape, or None.
    - `x`, `xlabel`: as for `curves`.
    - `axes`: one for each panel; a new figure by default.
    - `level`: of the confidence intervals.
    - `yscale`: ``"linear"``, ``"log"``, or ``"symlog"`` for curves of both signs.

    **Returns** the axes, one for each panel.

    **Raises** `ValueError` or `TypeError` for an estimate without a grid, and for other shapes.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> from matplotlib.figure import Figure
    >>> def error(key, *, workflow, samples):
    ...     return jc.simulate(jc.NormalMean(0.0), workflow, key=key, samples=samples, generations=4).squared_error
    >>> grid = jc.Grid(workflow={"replace": jc.Replace(), "accumulate": jc.Accumulate()}, samples=[10, 20])
    >>> estimate = jc.monte_carlo(error, jax.random.key(0), 500, grid=grid)
    >>> axes = jc.plot.facets(estimate, axes=Figure().subplots(1, 2), yscale="log")
    >>> [ax.get_title() for ax in axes]
    ['replace', 'accumulate']

    ```
    """
    check_estimate(estimate)
    check_choice("yscale", yscale, ("linear", "log", "symlog"))
    grid, mean = list(getattr(estimate, "coordinates", {}).items()), np.asarray(estimate.mean)
    if not grid or mean.ndim < 2:
        raise ValueError(f"estimate must be of a grid, with two axes or more, got shape {mean.shape}")
    (name, entries), others = grid[0], dict(grid[1:])
    expected = None if theory is None else numbers("theory", theory)
    if expected is not None and expected.shape[:1] != mean.shape[:1]:
        raise ValueError(f"theory must have the shape of the estimate, {mean.shape}, got {expected.shape}")
    if axes is None:
        size = (_WIDTH * len(mean), _HEIGHT)
        axes = plt.figure(figsize=size, layout="constrained").subplots(1, len(mean), sharey=True, squeeze=False)[0]
    if len(axes) != len(mean):
        raise ValueError(f"axes must be one for each of the {len(mean)} panels, got {len(axes)}")
    lower, upper = (np.asarray(limit) for limit in estimate.interval(level))
    for panel, ax in enumerate(axes):
        ax.set_yscale(yscale)
        facet: Any = _Facet(mean[panel], (lower[panel], upper[panel]), others)
        curves(facet, None if expected is None else expected[panel], x=x, ax=ax, level=level, xlabel=xlabel)
        entry = entries[panel]
        ax.set_title(entry if isinstance(entry, str) else f"{name.replace('_', ' ')} = {entry:g}", fontsize="small")
    axes[0].set_ylabel(ylabel)
    return list(axes)
