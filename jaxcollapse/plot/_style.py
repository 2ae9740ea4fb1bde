"""What all pictures share: colours, markers and lines, axes and legends, and the checks of shapes."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.container import ErrorbarContainer
from matplotlib.mathtext import MathTextParser
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from jaxcollapse.arguments.names import shown

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
_MOST_POINTS = 30
CURVE = "curve of theory alone"
"""Marks a line that belongs to no simulated points."""


def draw(ax, x, mean, lower, upper, theory, names, line="theory", line_x=None, band=None, spread=None):
    """Points with error bars for each row, a line for each row of the theory, and a wide `band` called `spread`."""
    line_x = x if line_x is None else line_x
    used = curves_on(ax)
    known = ax.get_legend_handles_labels()[1]
    shown = _marked(x, ax.get_xscale() == "log")
    several = len(mean) > 1 or used > 0
    for row, name in enumerate(names):
        style = used + row
        colour, marker = COLOURS[style % len(COLOURS)], MARKERS[style % len(MARKERS)]
        bars = np.maximum([mean[row] - lower[row], upper[row] - mean[row]], 0.0)
        ax.errorbar(
            x[shown], mean[row][shown], yerr=bars[:, shown], fmt=marker, color=colour, markerfacecolor="white",
            markersize=4, elinewidth=1, capsize=2, label=name, zorder=2,
        )  # fmt: skip
        if len(shown) < len(x):
            ax.fill_between(x, lower[row], upper[row], color=colour, alpha=0.25, linewidth=0, zorder=1)
        if band is not None:
            ends = [limit[row] for limit in band]
            label = None if spread in known else spread
            known = [*known, spread]
            ax.fill_between(x, *ends, color=colour, alpha=0.12, linewidth=0, label=label, zorder=0.5)
            for end in ends:
                ax.plot(x, end, color=colour, linestyle=LINES[style % len(LINES)], linewidth=0.5, zorder=0.6)
        if theory is not None and row < len(theory):
            label = None if line in known else line
            known = [*known, line]
            pattern, shade = (LINES[style % len(LINES)], colour) if several and len(theory) > 1 else ("-", "black")
            end = theory.shape[-1] == 1
            ax.plot(
                line_x, theory[row], color=shade, linestyle=pattern, linewidth=1, label=label, zorder=3,
                marker="_" if end else None, markersize=12,
            )  # fmt: skip


def bars_of_missing(ax: Axes, x: np.ndarray, shares: np.ndarray) -> None:
    """The share of replications that are not finite, of each curve in its colour, on an axis to the right."""
    if not shares.any():
        return
    right, last = ax.twinx(), curves_on(ax)
    width = 0.5 * np.min(np.diff(x), initial=1.0) / len(shares)
    for row, share in enumerate(shares):
        place = x + (row - 0.5 * (len(shares) - 1)) * width
        colour = COLOURS[(last - len(shares) + row) % len(COLOURS)]
        right.bar(place, share, width, color=colour, alpha=0.2, linewidth=0)
    right.set_ylim(0.0, 1.0)
    right.set_ylabel("share without a finite value")


def curves_on(ax: Axes) -> int:
    """How many curves the axes have already: the next one takes the next colour, marker and line."""
    simulated = sum(isinstance(container, ErrorbarContainer) for container in ax.containers)
    return simulated + sum(line.get_gid() == CURVE for line in ax.lines)


def _marked(x: np.ndarray, log: bool) -> np.ndarray:
    """Which points have a marker: all of them, or some that are evenly apart on the axis, with the last."""
    if len(x) <= _MOST_POINTS:
        return np.arange(len(x))
    if not log or x[0] <= 0:
        every = (len(x) - 1) // _MOST_POINTS + 1
        return np.arange(len(x) - 1, -1, -every)
    apart = np.geomspace(x[0], x[-1], _MOST_POINTS)
    return np.unique(np.abs(x[:, None] - apart).argmin(axis=0))


def looks_geometric(x: np.ndarray) -> bool:
    """Whether points lie farther and farther apart, such as 1, 2, 5, 10, 20, 50: even in their logarithms, rather."""
    if x.size < 3 or x[0] <= 0 or x[-1] < 4 * x[0] or np.any(np.diff(x) <= 0):
        return False
    uneven, uneven_logs = (np.std(gaps) / np.mean(gaps) for gaps in (np.diff(x), np.diff(np.log(x))))
    return bool(uneven_logs < uneven / 2)


def tidy_log(ax: Axes) -> None:
    """Numbers on a logarithmic axis that spans less than two decades."""
    low, high = ax.get_ylim()
    if high < 100 * low:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())


def legend(ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: not isinstance(handles[i], ErrorbarContainer))
    ax.legend([handles[i] for i in order], [labels[i] for i in order], frameon=False, fontsize="small")


def names_of(label: Any, curves: int, default: str) -> list[str | None]:
    """The names of the curves in the legend: one for all, or one for each."""
    names: list[str | None] = [label] if label is None or isinstance(label, str) else list(label)
    if len(names) not in (1, curves):
        raise ValueError(f"label must be one name or one for each of the {curves} curves, got {shown(label)}")
    if names == [None]:
        names = [default]
    return names if len(names) == curves else [*names, *[None] * (curves - 1)]


def readable(text: str) -> str:
    """Words of a claim as matplotlib can show them: dollar signs between which there is no mathematics are plain."""
    shown = text.encode("utf-8", "replace").decode()
    try:
        if "$" in shown:
            MathTextParser("agg").parse(shown)
    except ValueError:
        return shown.replace("$", r"\$")
    return shown


def whole_ticks(axis: Axis, places: np.ndarray) -> None:
    """Whole numbers along an axis of counts."""
    if np.all(places == np.round(places)) and axis.get_scale() == "linear":
        axis.set_major_locator(MaxNLocator(integer=True))


def band_name(low: float, high: float) -> str:
    """What the legend calls a band of quantiles."""
    return f"{100 * low:g} % to {100 * high:g} % of replications"


def strip(ax: Axes, x: np.ndarray, low: np.ndarray, high: np.ndarray, shade: str) -> None:
    """A tolerance around one, drawn wide enough to be seen at a single point."""
    if x.size == 1:
        ax.axhspan(float(low[0]), float(high[0]), color=shade, zorder=0)
    else:
        ax.fill_between(x, low, high, color=shade, linewidth=0, zorder=0)


def check_estimate(estimate: Any) -> None:
    """The value has means with intervals."""
    if not hasattr(estimate, "interval"):
        raise TypeError(
            f"estimate must be an Estimate of jaxcollapse.monte_carlo, got {type(estimate).__name__}: numbers without "
            f"an interval are drawn by matplotlib, ax.plot(x, y)"
        )


def numbers(name: str, values: Any) -> np.ndarray:
    """An array of numbers, in double precision."""
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be an array of numbers, got {shown(values)}") from None


def rows(name: str, values: Any) -> np.ndarray:
    array = numbers(name, values)
    if array.ndim > 2:
        raise ValueError(f"{name} must have shape (points,) or (curves, points), got {array.shape}")
    return np.atleast_2d(array)


def positions(x: Any, points: int, of: str, name: str = "x") -> np.ndarray:
    """Where the points of the argument `of` lie."""
    places = np.arange(1.0, points + 1) if x is None else numbers(name, x)
    if places.shape != (points,):
        raise ValueError(f"{name} must have shape ({points},), like the last axis of the {of}, got {places.shape}")
    return places


def rising(name: str, places: Any, points: int) -> np.ndarray:
    """Places along an axis, from left to right."""
    array = np.arange(1.0, points + 1) if places is None else numbers(name, places)
    if array.shape != (points,):
        raise ValueError(f"{name} must have shape ({points},), got {array.shape}")
    if not np.all(np.diff(array) > 0):
        raise ValueError(f"{name} must rise from entry to entry, got {places}")
    return array


def quantile_levels(quantiles: Any) -> tuple[float, float]:
    """The two ends of a band of quantiles."""
    levels = numbers("quantiles", quantiles)
    if levels.shape != (2,) or not 0 <= levels[0] < levels[1] <= 1:
        raise ValueError(f"quantiles must be (low, high) with 0 <= low < high <= 1, got {quantiles}")
    return float(levels[0]), float(levels[1])
