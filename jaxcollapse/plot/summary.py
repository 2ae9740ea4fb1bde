"""All claims on one page, and what the reports say of each in a word."""

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from jaxcollapse.plot.decision import tolerances

if TYPE_CHECKING:
    from jaxcollapse.verification.verdict import Verdict, Verification

SYMBOLS = {"holds": "✓", "fails": "✗", "undecided": "?"}
"""The sign of each outcome, here and in the reports."""
_OUTCOME_COLOURS = {"holds": "#009E73", "fails": "#D55E00", "undecided": "0.35"}


def verdicts(verification: "Verification", *, ax: Axes | None = None) -> Axes:
    """All claims on one page: how far simulation and theory are apart, in units of what each claim tolerates.

    One row per claim: the confidence limits of all its entries (thin), their means (ticks), the outcome, and the size
    of an error of the theory that would have been noticed, or of the one that was. A claim holds if its interval lies
    inside the shaded strip.

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
        if row.outcome == "fails":  # in a second line: both are as high as a row
            text += f": {row.gap(digits=3)}".replace(" is ", "\n")
        elif row.outcome == "holds" and row.noticed():
            text += f", notices {row.noticed()}"
        ax.annotate(
            text, (1.0, place), (6, 0), ("axes fraction", "data"), "offset points", va="center", color=colour,
            size=7 if "\n" in text else 8,
        )  # fmt: skip
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

    For a rate it is an error of the exponent, which has no unit; ``"–"`` where none is known, and where the claim
    fails.
    """
    return verdict.noticed() or "–"


def _margin(verdict: "Verdict") -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Lower limit, mean and upper limit of every entry, from the theory in units of the tolerance."""
    if verdict.estimate is None or not np.isfinite(verdict.lower).all():
        return None
    allowance, tolerance = tolerances(verdict)
    if verdict.claim.relation.name == "rate":
        middle, unit = (verdict.lower + verdict.upper) / 2, 1.5 * allowance
    else:
        middle, unit = verdict.estimate.mean, (allowance + tolerance) * np.abs(verdict.theory)
    if not np.all(unit > 0):
        return None
    sign = -1.0 if verdict.claim.relation.side < 0 else 1.0
    low, middle, high = (np.ravel(sign * (v - verdict.theory) / unit) for v in (verdict.lower, middle, verdict.upper))
    return np.minimum(low, high), middle, np.maximum(low, high)
