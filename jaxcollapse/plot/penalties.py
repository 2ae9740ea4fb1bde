"""Landscapes: the risk over a penalty, and where it is smallest."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from jaxcollapse.arguments.check import check_positive
from jaxcollapse.plot._style import (
    COLOURS,
    CURVE,
    LINES,
    check_estimate,
    curves_on,
    draw,
    legend,
    names_of,
    numbers,
    rising,
    rows,
)

if TYPE_CHECKING:
    from jaxcollapse.replication.estimate import Estimate


def landscape(
    penalty: Any,
    risk: Any,
    *,
    estimate: "Estimate | None" = None,
    best: Any = None,
    ax: Axes | None = None,
    label: str | Sequence[str] | None = None,
    xlabel: str = "penalty λ",
    ylabel: str = "risk",
) -> Axes:
    """The risk of the theory over a logarithmic penalty, simulated points, and a star at the optimum of every curve.

    **Arguments**

    - `penalty`: positive and rising, shape ``(penalties,)``.
    - `risk`: what the theory says, shape ``(penalties,)`` or ``(curves, penalties)``.
    - `estimate`: simulated risks of the same shape, drawn with their 95 % intervals, or None.
    - `best`: the penalty of the optimum, one number or one per curve; the star is on the curve. By default the
      minimum of the given risks, and no star where that is the first or the last, since the optimum may lie beyond.
    - `ax`: the axes; matplotlib's current axes by default.
    - `label`: a name for the legend; one per curve if there are several.

    **Returns** the axes.

    **Raises** `ValueError` for shapes that do not match, and penalties that are not positive and rising or do not
    reach the optimum.

    ```python
    >>> import jax.numpy as jnp, jaxcollapse as jc
    >>> from matplotlib.figure import Figure
    >>> penalty = jnp.geomspace(0.01, 10.0, 31)
    >>> shrinkage = penalty / (1 + penalty)
    >>> risk = shrinkage**2 + 0.2 * (1 - shrinkage) ** 2
    >>> ax = jc.plot.landscape(penalty, risk, ax=Figure().subplots())
    >>> star = ax.lines[-1]
    >>> star.get_label(), star.get_xdata().round(2).tolist()
    ('optimum', [0.2])

    ```
    """
    risk = rows("risk", risk)
    check_positive("penalty", penalty)
    penalty = rising("penalty", penalty, risk.shape[1])
    names = names_of(label, len(risk), "theory" if estimate is None else "simulation (95 % interval)")
    places = _optima(penalty, risk) if best is None else numbers("best", best)
    if places.shape not in ((), (len(risk),)):
        raise ValueError(f"best must be one number or one for each of the {len(risk)} curves, got shape {places.shape}")
    if np.any((places < penalty[0]) | (places > penalty[-1])):
        raise ValueError(f"best must lie within the penalties, {penalty[0]:g} to {penalty[-1]:g}, got {best}")
    if estimate is not None:
        check_estimate(estimate)
        if (shape := rows("estimate", estimate.mean).shape) != risk.shape:
            raise ValueError(f"estimate must have the shape of the risk, {risk.shape}, got {shape}")
    ax = plt.gca() if ax is None else ax
    ax.set_xscale("log")
    first = curves_on(ax)
    if estimate is not None:
        mean, lower, upper = (rows("estimate", value) for value in (estimate.mean, *estimate.interval(0.95)))
        draw(ax, penalty, mean, lower, upper, risk, names)
    else:
        for row, name in enumerate(names):
            style = (first + row) % len(COLOURS)
            ax.plot(
                penalty, risk[row], color=COLOURS[style], linestyle=LINES[style], linewidth=1.5, label=name, gid=CURVE
            )
    named = "optimum" in ax.get_legend_handles_labels()[1]
    for row, place in enumerate(np.broadcast_to(places, len(risk))):
        if np.isfinite(place):
            height = np.interp(np.log(place), np.log(penalty), risk[row])
            colour = COLOURS[(first + row) % len(COLOURS)]
            ax.plot(
                [place], [height], "*", color=colour, markeredgecolor="black", markersize=13, linestyle="none",
                label=None if named else "optimum", zorder=5,
            )  # fmt: skip
            named = True
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    legend(ax)
    return ax


def _optima(penalty: np.ndarray, risk: np.ndarray) -> np.ndarray:
    """The penalty of the smallest risk of each curve; NaN where that is an end, or nothing is finite."""
    lowest = np.where(np.isfinite(risk), risk, np.inf).argmin(axis=1)
    inside = (lowest > 0) & (lowest < penalty.size - 1)
    return np.where(inside, penalty[lowest], np.nan)
