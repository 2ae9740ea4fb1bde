"""Pictures: theory as lines, simulation as points with error bars.

Every function draws on what it is given (or on matplotlib's current axes or a new figure), returns the axes, never
calls `show` and leaves the global settings of matplotlib alone. Colours are those of Okabe and Ito; markers and line
styles repeat what colour says, so that the pictures survive a black-and-white printer.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from jaxcollapse._types import HostArray

if TYPE_CHECKING:
    from jaxcollapse.claim import Verdict, Verification
    from jaxcollapse.estimate import Estimate

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
_FORBIDDEN = {"facecolor": "none", "edgecolor": "0.55", "hatch": "////", "linewidth": 0.0, "zorder": 0}
_MOST_POINTS = 30
SYMBOLS = {"holds": "✓", "fails": "✗", "undecided": "?"}
"""The sign of each outcome, here and in the reports."""
_OUTCOME_COLOURS = {"holds": "#009E73", "fails": "#D55E00", "undecided": "0.35"}


def curves(
    estimate: "Estimate",
    theory: Any = None,
    *,
    x: Any = None,
    ax: Axes | None = None,
    label: str | Sequence[str] | None = None,
    level: float = 0.95,
    xlabel: str = "generation g",
    ylabel: str = "",
) -> Axes:
    """Simulated means with their confidence intervals, and the theory as a line.

    A second call on the same axes takes the next colour and marker.

    **Arguments**

    - `estimate`: the result of `jaxcollapse.monte_carlo`; its mean has shape ``(points,)``, or ``(curves, points)``.
    - `theory`: numbers of the same shape, or None.
    - `x`: where the points lie, shape ``(points,)``; ``1, 2, ...`` by default.
    - `ax`: the axes; matplotlib's current axes by default.
    - `label`: a name for the legend; one per curve if there are several.
    - `level`: of the two-sided confidence interval of each mean. With more than 30 points every curve has 30 markers,
      and a band shows the interval everywhere.

    **Returns** the axes.

    **Raises** `ValueError` for shapes that do not match.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> walk = lambda key: jnp.cumsum(jax.random.normal(key, (5,))) ** 2
    >>> ax = jc.plot.curves(jc.monte_carlo(walk, jax.random.key(0), 1000), [1, 2, 3, 4, 5], ylabel="squared distance")
    >>> ax.get_ylabel(), [text.get_text() for text in ax.get_legend().get_texts()]
    ('squared distance', ['simulation (95 % interval)', 'theory'])

    ```
    """
    mean = _rows("estimate", estimate.mean)
    x = _positions(x, mean.shape[-1])
    lower, upper = (_rows("estimate", limit) for limit in estimate.interval(level))
    predicted = None
    if theory is not None:
        predicted = _rows("theory", theory)
        if predicted.shape not in (mean.shape, (1, mean.shape[-1])):
            raise ValueError(f"theory must have the shape of the estimate, {mean.shape}, got {predicted.shape}")
        predicted = np.broadcast_to(predicted, mean.shape)
    names = [label] if label is None or isinstance(label, str) else list(label)
    if len(names) not in (1, len(mean)):
        raise ValueError(f"label must be one name or one for each of the {len(mean)} curves, got {label!r}")
    names = names if len(names) == len(mean) else [*names, *[None] * (len(mean) - 1)]
    ax = plt.gca() if ax is None else ax
    if names == [None]:
        names = [f"simulation ({100 * level:g} % interval)"]
    _draw(ax, x, mean, lower, upper, predicted, names)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if np.all(x == np.round(x)) and ax.get_xscale() == "linear":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(ax)
    return ax


def verdict(verdict: "Verdict", *, figure: Figure | SubFigure | None = None) -> np.ndarray:
    """The picture of one claim: theory against simulation, with the confidence limits that decided.

    The upper axes show both; where theory and simulation should agree, the lower axes show their ratio with the
    tolerance of the claim, because at this precision the points lie on the line. A bound has its forbidden side
    hatched. A rate is shown on logarithmic axes with both slopes, and below them divided by the power law of the
    theory. A claim whose entries are separate cases has one row per case.

    **Arguments**

    - `verdict`: one verdict of `jaxcollapse.verify`.
    - `figure`: an empty figure or subfigure, since the picture may need two axes; a new one by default.

    **Returns** an array of the axes, from top to bottom.
    """
    if figure is None:
        figure = plt.figure(figsize=size(verdict), layout="constrained")
    if verdict.estimate is None:
        axes = [_refused(figure, verdict)]
    elif verdict.claim.relation.name == "rate":
        axes = _rate(figure, verdict)
    elif verdict.claim.axis is None:
        axes = [_cases(figure.subplots(), verdict)]
    elif verdict.claim.relation.name in ("at_most", "at_least"):
        axes = [_bound(figure.subplots(), verdict)]
    else:
        axes = _agreement(figure, verdict)
    return np.array(axes, dtype=object)


def size(verdict: "Verdict") -> tuple[float, float]:
    """Width and height in inches that suit the picture of one claim, whose text is then readable on a phone, too."""
    if verdict.estimate is None:
        return 4.8, 2.4
    if verdict.claim.axis is None:
        return 4.8, 1.0 + 0.3 * np.size(verdict.theory)
    return 4.8, 3.8


def verdicts(verification: "Verification", *, ax: Axes | None = None) -> Axes:
    """All claims on one page: how far simulation and theory are apart, in units of what each claim tolerates.

    One row per claim: the confidence limits of all its entries (thin), their means (ticks), the outcome, and the size
    of an error of the theory that would have been noticed. A claim holds if its interval lies inside the shaded strip.

    **Arguments**

    - `verification`: the verdicts of `jaxcollapse.verify`.
    - `ax`: the axes; by default those of a new figure that is tall enough.

    **Returns** the axes.
    """
    rows = list(verification)
    if ax is None:
        ax = plt.figure(figsize=(7.2, 1.1 + 0.24 * len(rows)), layout="constrained").subplots()
    ax.axvspan(-1, 1, color="0.92", zorder=0)
    ax.axvline(0, color="0.4", linewidth=0.8, zorder=1)
    reach = 2.0
    for place, row in enumerate(rows):
        colour = _OUTCOME_COLOURS[row.outcome]
        margin = _margin(row)
        if margin is not None:
            low, middle, high = margin
            inside = (middle >= -reach) & (middle <= reach)
            ax.plot(middle[inside], np.full(inside.sum(), place), "|", color=colour, markersize=8, zorder=3)
            left, right = np.min(low), np.max(high)
            ax.plot(np.clip([left, right], -reach, reach), [place, place], color=colour, linewidth=1.2, zorder=2)
            for end, beyond, arrow in ((-reach, left < -reach, "<"), (reach, right > reach, ">")):
                if beyond:
                    ax.plot([end], [place], arrow, color=colour, markersize=5, clip_on=False, zorder=4)
        text = f"{SYMBOLS[row.outcome]} {row.outcome}"
        if row.outcome != "undecided" and np.isfinite(row.notices):
            text += f", notices {notices(row)}"
        ax.annotate(
            text, (1.0, place), (6, 0), ("axes fraction", "data"), "offset points", va="center", color=colour, size=8
        )
    ax.set_yticks(range(len(rows)), [row.claim.name for row in rows], size=8)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(-reach, reach)
    ax.set_xlabel("simulation − theory, in units of the tolerance of each claim")
    ax.tick_params(axis="y", length=0)
    for side in ("top", "left", "right"):
        ax.spines[side].set_visible(False)
    return ax


def notices(verdict: "Verdict") -> str:
    """The smallest error of the theory that would have been noticed, with its unit: ``"0.8 %"``.

    For a rate it is an error of the exponent, which has no unit; ``"–"`` where none is known.
    """
    if not np.isfinite(verdict.notices):
        return "–"
    if verdict.claim.relation.name == "rate":
        return f"{verdict.notices:.2g} in the exponent"
    return f"{100 * verdict.notices:.2g} %"


def _agreement(figure: Figure | SubFigure, verdict: "Verdict") -> list[Axes]:
    """Theory and simulation over an axis, and their ratio below."""
    entries = _entries(verdict)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1))
    _draw(top, entries.x, entries.mean, entries.lower, entries.upper, entries.theory, entries.names)
    _finish(top, verdict, entries)
    top.set_xlabel("")
    theory = entries.theory
    shown, unit = (theory, 1.0) if np.all(theory != 0) else (np.ones_like(theory), 0.0)
    offset = 0.0 if unit else theory
    middle, low, high = ((value - offset) / shown for value in (entries.mean, entries.lower, entries.upper))
    if unit:
        allowance, tolerance = _tolerances(verdict)
        for width, shade in ((allowance + tolerance, "0.9"), (allowance, "0.8")):
            wide = np.max(np.broadcast_to(width, verdict.theory.shape).reshape(theory.shape), axis=0)
            if np.any(wide > 0):
                _strip(bottom, entries.x, 1 - wide, 1 + wide, shade)
    _draw(bottom, entries.x, middle, low, high, np.full_like(theory[:1], unit), [None] * len(theory))
    bottom.set_xlabel(_axis_name(verdict))
    bottom.set_ylabel("simulation /\ntheory" if unit else "simulation\n− theory")
    figure.align_ylabels([top, bottom])
    return [top, bottom]


def _bound(ax: Axes, verdict: "Verdict") -> Axes:
    """Simulated means and the bound, whose forbidden side is hatched."""
    entries = _entries(verdict)
    _draw(ax, entries.x, entries.mean, entries.lower, entries.upper, entries.theory, entries.names, line="bound")
    _finish(ax, verdict, entries)
    at_most = verdict.claim.relation.name == "at_most"
    ax.margins(y=0.12)
    low, high = ax.get_ylim()
    for row in entries.theory:
        beyond = high if at_most else low
        ax.fill_between(entries.x, row, beyond, label="forbidden" if len(entries.theory) == 1 else None, **_FORBIDDEN)
    ax.set_ylim(low, high)
    _legend(ax)
    return ax


def _rate(figure: Figure | SubFigure, verdict: "Verdict") -> list[Axes]:
    """Means over sizes on logarithmic axes with both slopes; below, the means divided by the power law."""
    assert verdict.estimate is not None
    sizes = np.asarray(verdict.claim.axis.values, float)  # type: ignore[union-attr]
    mean = _flat(verdict.estimate.mean, sizes.size)
    lower, upper = (_flat(limit, sizes.size) for limit in verdict.estimate.interval(0.95))
    exponent, low, high = (np.asarray(v, float).ravel() for v in (verdict.theory, verdict.lower, verdict.upper))
    centre = np.exp(np.log(sizes[-3:]).mean())
    height = np.exp(np.log(mean[:, -3:]).mean(axis=-1, keepdims=True))
    law = height * (sizes / centre) ** exponent[:, None]
    names = verdict.claim.labels if len(verdict.claim.labels) == len(mean) else [""] * len(mean)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1))
    slopes = [
        f"{name + ': ' if name else ''}" + f"slope {fit:.3f} ± {half:.1g}, theory {t:.3g}".replace("-", "−")
        for name, fit, half, t in zip(names, (low + high) / 2, (high - low) / 2, exponent, strict=True)
    ]
    _draw(top, sizes, mean, lower, upper, law, slopes, line="slope of the theory")
    for axis in (top, bottom):
        axis.set_xscale("log")
    top.set_yscale("log")
    top.set_ylabel(verdict.claim.quantity)
    _tidy_log(top)
    _legend(top)
    allowance = float(np.max(getattr(verdict.relation, "allowance", 0.0)))
    wedge = np.abs(np.log(sizes / centre)) * allowance
    _strip(bottom, sizes, np.exp(-wedge), np.exp(wedge), "0.85")
    _draw(bottom, sizes, mean / law, lower / law, upper / law, np.ones((1, sizes.size)), [None] * len(mean))
    bottom.axvspan(sizes[-3], sizes[-1], color="0.96", zorder=-1)
    bottom.set_xlabel(_axis_name(verdict))
    bottom.set_ylabel("simulation /\npower law")
    bottom.set_xticks(sizes, [f"{size:g}" for size in sizes])
    bottom.xaxis.set_minor_formatter(NullFormatter())
    figure.align_ylabels([top, bottom])
    return [top, bottom]


def _cases(ax: Axes, verdict: "Verdict") -> Axes:
    """One row per case: the ratio of simulation and theory, with the theory's value at the right."""
    assert verdict.estimate is not None
    theory = np.ravel(verdict.theory)
    lower, upper = (np.asarray(limit, float).ravel() for limit in _limits(verdict))
    mean = np.ravel(verdict.estimate.mean)
    relative = bool(np.all(theory != 0))
    scale, offset, unit = (theory, 0.0, 1.0) if relative else (1.0, theory, 0.0)
    middle, low, high = ((value - offset) / scale for value in (mean, lower, upper))
    low, high = np.minimum(low, high), np.maximum(low, high)
    place = np.arange(theory.size)
    kind = verdict.claim.relation.name
    if relative and kind not in ("at_most", "at_least"):
        allowance, tolerance = _tolerances(verdict)
        for width, shade in ((allowance + tolerance, "0.9"), (allowance, "0.8")):
            wide = np.broadcast_to(width, verdict.theory.shape).ravel()
            if np.any(wide > 0):
                ax.barh(place, 2 * wide, height=0.9, left=1 - wide, color=shade, zorder=0)
                ax.update_datalim([(1 - 1.2 * wide.max(), 0), (1 + 1.2 * wide.max(), 0)])
    ax.axvline(unit, color="black", linewidth=1)
    ax.errorbar(
        middle, place, xerr=np.maximum([middle - low, high - middle], 0), fmt=_MARKERS[0], color=_COLOURS[0],
        markersize=4, elinewidth=1.2, capsize=2, zorder=3,
    )  # fmt: skip
    if kind in ("at_most", "at_least"):
        left, right = ax.get_xlim()
        edge = (right - left) * 0.08
        left, right = min(left, unit - edge), max(right, unit + edge)
        ax.axvspan(unit, right if (kind == "at_most") == (np.all(theory > 0) or not relative) else left, **_FORBIDDEN)
        ax.set_xlim(left, right)
    labels = verdict.claim.labels if len(verdict.claim.labels) == theory.size else [str(i + 1) for i in place]
    ax.set_yticks(place, labels if theory.size > 1 or verdict.claim.labels else [""])
    ax.set_ylim(theory.size - 0.3, -0.7)
    right = ax.secondary_yaxis("right")
    right.set_yticks(place, [f"{value:.4g}" for value in theory])
    what = "bound" if kind in ("at_most", "at_least") else "theory"
    right.set_ylabel(what)
    for axis in (ax, right):
        axis.tick_params(axis="y", length=0)
    quantity = f": {verdict.claim.quantity}" if verdict.claim.quantity else ""
    ax.set_xlabel((f"simulation / {what}" if relative else f"simulation − {what}") + quantity)
    ax.ticklabel_format(axis="x", useOffset=False)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    return ax


def _refused(figure: Figure | SubFigure, verdict: "Verdict") -> Axes:
    """The theory alone, where nothing was simulated."""
    ax = figure.subplots()
    if verdict.claim.axis is not None and np.ndim(verdict.theory):
        x = np.asarray(verdict.claim.axis.values, float)
        theory = _flat(verdict.theory, x.size) if verdict.theory.shape[-1] == x.size else np.empty((0, x.size))
        for row in theory:
            ax.plot(x, np.where(np.isfinite(row), row, np.nan), color="black", linewidth=1)
        ax.set_xlabel(_axis_name(verdict))
        ax.set_ylabel(verdict.claim.quantity)
    else:
        ax.set_axis_off()
    ax.text(0.5, 0.5, "not simulated", transform=ax.transAxes, ha="center", va="center", color="0.35")
    return ax


class _Entries(NamedTuple):
    """The numbers of a verdict as rows over an axis."""

    x: np.ndarray
    mean: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    theory: np.ndarray
    names: list[str | None]


def _entries(verdict: "Verdict") -> _Entries:
    assert verdict.estimate is not None
    x = np.asarray(verdict.claim.axis.values, float)  # type: ignore[union-attr]
    lower, upper = _limits(verdict)
    mean, lower, upper, theory = (_flat(v, x.size) for v in (verdict.estimate.mean, lower, upper, verdict.theory))
    names: list[str | None] = ["simulation"]
    if len(verdict.claim.labels) == len(mean):
        names = list(verdict.claim.labels)
    elif len(mean) > 1:
        names = [f"case {i + 1}" for i in range(len(mean))]
    return _Entries(x, mean, lower, upper, theory, names)


def _limits(verdict: "Verdict") -> tuple[HostArray, HostArray]:
    """The limits that decided; the ordinary 95 % interval where nothing was decided."""
    if np.isfinite(verdict.lower).all() and np.isfinite(verdict.upper).all():
        return verdict.lower, verdict.upper
    assert verdict.estimate is not None
    return verdict.estimate.interval(0.95)


def _draw(ax, x, mean, lower, upper, theory, names, line="theory"):
    """Points with error bars for each row, and a line for each row of the theory."""
    used = sum(isinstance(container, ErrorbarContainer) for container in ax.containers)
    known = ax.get_legend_handles_labels()[1]
    shown = _marked(x, ax.get_xscale() == "log")
    several = len(mean) > 1 or used > 0
    for row, name in enumerate(names):
        style = used + row
        colour, marker = _COLOURS[style % len(_COLOURS)], _MARKERS[style % len(_MARKERS)]
        bars = np.maximum([mean[row] - lower[row], upper[row] - mean[row]], 0.0)
        ax.errorbar(
            x[shown], mean[row][shown], yerr=bars[:, shown], fmt=marker, color=colour, markerfacecolor="white",
            markersize=4, elinewidth=1, capsize=2, label=name, zorder=2,
        )  # fmt: skip
        if len(shown) < len(x):
            ax.fill_between(x, lower[row], upper[row], color=colour, alpha=0.25, linewidth=0, zorder=1)
        if theory is not None and row < len(theory):
            label = None if line in known else line
            known = [*known, line]
            pattern, shade = (_LINES[style % len(_LINES)], colour) if several and len(theory) > 1 else ("-", "black")
            end = theory.shape[-1] == 1
            ax.plot(
                x, theory[row], color=shade, linestyle=pattern, linewidth=1, label=label, zorder=3,
                marker="_" if end else None, markersize=12,
            )  # fmt: skip


def _marked(x: np.ndarray, log: bool) -> np.ndarray:
    """Which points have a marker: all of them, or some that are evenly apart on the axis, with the last."""
    if len(x) <= _MOST_POINTS:
        return np.arange(len(x))
    if not log or x[0] <= 0:
        every = (len(x) - 1) // _MOST_POINTS + 1
        return np.arange(len(x) - 1, -1, -every)
    apart = np.geomspace(x[0], x[-1], _MOST_POINTS)
    return np.unique(np.abs(x[:, None] - apart).argmin(axis=0))


def _finish(ax: Axes, verdict: "Verdict", entries: _Entries) -> None:
    """Scales, labels and legend of the axes with the quantity itself."""
    positive = all(np.all(value > 0) for value in (entries.mean, entries.theory))
    if verdict.claim.scale == "log" and positive:
        ax.set_yscale("log")
        _tidy_log(ax)
    if np.all(entries.x > 0) and entries.x.size > 2 and _looks_geometric(entries.x):
        ax.set_xscale("log")
        ax.set_xticks(entries.x, [f"{value:g}" for value in entries.x])
        ax.xaxis.set_minor_formatter(NullFormatter())
    elif np.all(entries.x == np.round(entries.x)):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(_axis_name(verdict))
    ax.set_ylabel(verdict.claim.quantity)
    _legend(ax)


def _looks_geometric(x: np.ndarray) -> bool:
    """Whether a few points lie farther and farther apart, such as 1, 2, 5, 10, 20, 50."""
    gaps = np.diff(x)
    return bool(x.size <= 12 and np.all(gaps > 0) and np.all(np.diff(gaps) >= 0) and gaps[-1] >= 4 * gaps[0])


def _tidy_log(ax: Axes) -> None:
    """Numbers on a logarithmic axis that spans less than two decades."""
    low, high = ax.get_ylim()
    if high < 100 * low:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())


def _legend(ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: not isinstance(handles[i], ErrorbarContainer))
    ax.legend([handles[i] for i in order], [labels[i] for i in order], frameon=False, fontsize="small")


def _strip(ax: Axes, x: np.ndarray, low: np.ndarray, high: np.ndarray, shade: str) -> None:
    """A tolerance around one, drawn wide enough to be seen at a single point."""
    if x.size == 1:
        ax.axhspan(float(low[0]), float(high[0]), color=shade, zorder=0)
    else:
        ax.fill_between(x, low, high, color=shade, linewidth=0, zorder=0)


def _tolerances(verdict: "Verdict") -> tuple[np.ndarray, np.ndarray]:
    """The relative allowance of the claim and the relative tolerance beyond it."""
    relation = verdict.relation
    return np.asarray(getattr(relation, "allowance", 0.0)), np.asarray(getattr(relation, "tolerance", 0.0))


def _margin(verdict: "Verdict") -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Lower limit, mean and upper limit of every entry, from the theory in units of the tolerance."""
    if verdict.estimate is None or not np.isfinite(verdict.lower).all():
        return None
    allowance, tolerance = _tolerances(verdict)
    if verdict.claim.relation.name == "rate":
        middle, unit = (verdict.lower + verdict.upper) / 2, 1.5 * allowance
    else:
        middle, unit = verdict.estimate.mean, (allowance + tolerance) * np.abs(verdict.theory)
    if not np.all(unit > 0):
        return None
    sign = -1.0 if verdict.claim.relation.name == "at_least" else 1.0
    low, middle, high = (np.ravel(sign * (v - verdict.theory) / unit) for v in (verdict.lower, middle, verdict.upper))
    return np.minimum(low, high), middle, np.maximum(low, high)


def _axis_name(verdict: "Verdict") -> str:
    return verdict.claim.axis.name if verdict.claim.axis is not None else ""


def _rows(name: str, values: Any) -> np.ndarray:
    array = np.asarray(values, float)
    if array.ndim > 2:
        raise ValueError(f"{name} must have shape (points,) or (curves, points), got {array.shape}")
    return np.atleast_2d(array)


def _flat(values: Any, points: int) -> np.ndarray:
    return np.asarray(values, float).reshape(-1, points)


def _positions(x: Any, points: int) -> np.ndarray:
    positions = np.arange(1.0, points + 1) if x is None else np.asarray(x, float)
    if positions.shape != (points,):
        raise ValueError(f"x must have shape ({points},), like the last axis of the estimate, got {positions.shape}")
    return positions
