"""Which of the eight definitions of model collapse several runs meet: a table with a sign and a number in each cell."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from jaxcollapse.arguments.names import shown

if TYPE_CHECKING:
    from jaxcollapse.verification.definitions import Report

_SIGNS = {True: ("met", "#D55E00", "white"), False: ("not met", "#56B4E9", "black"), None: ("?", "0.85", "black")}


def definitions(reports: "Mapping[str, Report]", *, ax: Axes | None = None) -> Axes:
    """Which of the eight definitions of model collapse each run meets.

    One row for each definition, one column for each run. A cell says whether the definition is met, with its number;
    it is grey where the interval holds the level, and empty where the run does not have what the definition is about.

    **Arguments**

    - `reports`: what `jaxcollapse.definitions.report` returns, by the names of the runs.
    - `ax`: the axes; by default those of a new figure that is large enough.

    **Returns** the axes.

    **Raises** `ValueError` without a report, and `TypeError` for another kind of argument.
    """
    if not isinstance(reports, Mapping):
        raise TypeError(f"reports must be a dictionary of reports by the names of the runs, got {shown(reports)}")
    if not reports:
        raise ValueError("reports must not be empty")
    first = next(iter(reports.values()))
    names = sorted([*first.findings, *first.unasked], key=_place)
    if ax is None:
        ax = plt.figure(figsize=(2.2 + 1.05 * len(reports), 3.6), layout="constrained").subplots()
    for column, report in enumerate(reports.values()):
        for row, name in enumerate(names):
            if name in report.findings:
                finding = report.findings[name]
                word, colour, ink = _SIGNS[finding.met]
                ax.add_patch(Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, color=colour, linewidth=0))
                text = f"{word}\n{finding.value:.2g}"
                ax.text(column, row, text, ha="center", va="center", size=8, color=ink, linespacing=1.1)
            else:
                ax.text(column, row, "–", ha="center", va="center", size=8, color="0.6")
    ax.set_xticks(range(len(reports)), list(reports), size=8)
    ax.set_yticks(range(len(names)), [f"{row + 1} {name}" for row, name in enumerate(names)], size=8)
    ax.set_xlim(-0.5, len(reports) - 0.5)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def _place(name: str) -> int:
    from jaxcollapse.verification.definitions.answers import NAMES

    return NAMES.index(name)
