"""The picture of one claim: theory against simulation, with the limits that decided."""

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator, NullFormatter

from jaxcollapse.arguments.types import HostArray
from jaxcollapse.plot._style import COLOURS, MARKERS, draw, legend, looks_geometric, readable, strip, tidy_log

if TYPE_CHECKING:
    from jaxcollapse.verification.verdict import Verdict

_FORBIDDEN = {"facecolor": "none", "edgecolor": "0.55", "hatch": "////", "linewidth": 0.0, "zorder": 0}


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
    claim = verdict.claim
    axis = claim.axis and claim.axis._replace(name=readable(str(claim.axis.name)))
    words = {"quantity": readable(claim.quantity), "labels": tuple(map(readable, claim.labels)), "axis": axis}
    verdict = dataclasses.replace(verdict, claim=dataclasses.replace(claim, **words))
    if figure is None:
        figure = plt.figure(figsize=size(verdict), layout="constrained")
    if verdict.estimate is None:
        axes = [_refused(figure, verdict)]
    elif verdict.claim.relation.name == "rate":
        axes = _rate(figure, verdict)
    elif verdict.claim.axis is None:
        axes = [_cases(figure.subplots(), verdict)]
    elif verdict.claim.relation.side:
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


def _agreement(figure: Figure | SubFigure, verdict: "Verdict") -> list[Axes]:
    """Theory and simulation over an axis, and their ratio below."""
    entries = _entries(verdict)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1))
    draw(top, entries.x, entries.mean, entries.lower, entries.upper, entries.theory, entries.names)
    _finish(top, verdict, entries)
    top.set_xlabel("")
    theory = entries.theory
    shown, unit = (theory, 1.0) if np.all(theory != 0) else (np.ones_like(theory), 0.0)
    offset = 0.0 if unit else theory
    middle, low, high = ((value - offset) / shown for value in (entries.mean, entries.lower, entries.upper))
    if unit:
        allowance, tolerance = tolerances(verdict)
        for width, shade in ((allowance + tolerance, "0.9"), (allowance, "0.8")):
            wide = np.max(np.broadcast_to(width, verdict.theory.shape).reshape(theory.shape), axis=0)
            if np.any(wide > 0):
                strip(bottom, entries.x, 1 - wide, 1 + wide, shade)
    draw(bottom, entries.x, middle, low, high, np.full_like(theory[:1], unit), [None] * len(theory))
    bottom.set_xlabel(_axis_name(verdict))
    bottom.set_ylabel("simulation /\ntheory" if unit else "simulation\n− theory")
    figure.align_ylabels([top, bottom])
    return [top, bottom]


def _bound(ax: Axes, verdict: "Verdict") -> Axes:
    """Simulated means and the bound, whose forbidden side is hatched."""
    entries = _entries(verdict)
    draw(ax, entries.x, entries.mean, entries.lower, entries.upper, entries.theory, entries.names, line="bound")
    _finish(ax, verdict, entries)
    at_most = verdict.claim.relation.side > 0
    ax.margins(y=0.12)
    low, high = ax.get_ylim()
    for row in entries.theory:
        beyond = high if at_most else low
        ax.fill_between(entries.x, row, beyond, label="forbidden" if len(entries.theory) == 1 else None, **_FORBIDDEN)
    ax.set_ylim(low, high)
    legend(ax)
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
    draw(top, sizes, mean, lower, upper, law, slopes, line="slope of the theory")
    for axis in (top, bottom):
        axis.set_xscale("log")
    top.set_yscale("log")
    top.set_ylabel(verdict.claim.quantity)
    tidy_log(top)
    legend(top)
    allowance = float(np.max(getattr(verdict.relation, "allowance", 0.0)))
    wedge = np.abs(np.log(sizes / centre)) * allowance
    strip(bottom, sizes, np.exp(-wedge), np.exp(wedge), "0.85")
    draw(bottom, sizes, mean / law, lower / law, upper / law, np.ones((1, sizes.size)), [None] * len(mean))
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
    side = verdict.claim.relation.side
    if relative and not side:
        allowance, tolerance = tolerances(verdict)
        for width, shade in ((allowance + tolerance, "0.9"), (allowance, "0.8")):
            wide = np.broadcast_to(width, verdict.theory.shape).ravel()
            if np.any(wide > 0):
                ax.barh(place, 2 * wide, height=0.9, left=1 - wide, color=shade, zorder=0)
                ax.update_datalim([(1 - 1.2 * wide.max(), 0), (1 + 1.2 * wide.max(), 0)])
    ax.axvline(unit, color="black", linewidth=1)
    ax.errorbar(
        middle, place, xerr=np.maximum([middle - low, high - middle], 0), fmt=MARKERS[0], color=COLOURS[0],
        markersize=4, elinewidth=1.2, capsize=2, zorder=3,
    )  # fmt: skip
    if side:
        left, right = ax.get_xlim()
        edge = (right - left) * 0.08
        left, right = min(left, unit - edge), max(right, unit + edge)
        ax.axvspan(unit, right if (side > 0) == (np.all(theory > 0) or not relative) else left, **_FORBIDDEN)
        ax.set_xlim(left, right)
    labels = verdict.claim.labels if len(verdict.claim.labels) == theory.size else [str(i + 1) for i in place]
    ax.set_yticks(place, labels if theory.size > 1 or verdict.claim.labels else [""])
    ax.set_ylim(theory.size - 0.3, -0.7)
    right = ax.secondary_yaxis("right")
    right.set_yticks(place, [f"{value:.4g}" for value in theory])
    what = "bound" if side else "theory"
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


def _finish(ax: Axes, verdict: "Verdict", entries: _Entries) -> None:
    """Scales, labels and legend of the axes with the quantity itself."""
    positive = all(np.all(value > 0) for value in (entries.mean, entries.theory))
    if verdict.claim.scale == "log" and positive:
        ax.set_yscale("log")
        tidy_log(ax)
    if 2 < entries.x.size <= 12 and looks_geometric(entries.x):
        ax.set_xscale("log")
        ax.set_xticks(entries.x, [f"{value:g}" for value in entries.x])
        ax.xaxis.set_minor_formatter(NullFormatter())
    elif np.all(entries.x == np.round(entries.x)):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(_axis_name(verdict))
    ax.set_ylabel(verdict.claim.quantity)
    legend(ax)


def tolerances(verdict: "Verdict") -> tuple[np.ndarray, np.ndarray]:
    """The relative allowance of the claim and the relative tolerance beyond it."""
    relation = verdict.relation
    return np.asarray(getattr(relation, "allowance", 0.0)), np.asarray(getattr(relation, "tolerance", 0.0))


def _axis_name(verdict: "Verdict") -> str:
    return verdict.claim.axis.name if verdict.claim.axis is not None else ""


def _flat(values: Any, points: int) -> np.ndarray:
    return np.asarray(values, float).reshape(-1, points)
