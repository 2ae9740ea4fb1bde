"""An estimate in print: means with their standard errors, as text, in notebooks and in LaTeX."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from jaxcollapse.arguments.html import html_table
from jaxcollapse.arguments.types import HostArray
from jaxcollapse.replication import trust
from jaxcollapse.replication.moments import Moments


def as_text(
    heading: str,
    leaves: Sequence[tuple[str, HostArray, HostArray, Moments]],
    ignores_key: bool,
    draws_nothing: Sequence[tuple[bool, ...]],
) -> str:
    """A few entries of each leaf, of which name, means, standard errors and moments are given.

    `draws_nothing` says of each leaf at which points with objects it is the same in every replication.
    """
    lines = [heading]
    if ignores_key:
        lines.append("  all of them the same: the function does not use its key")
    for leaf, points in zip(leaves, draws_nothing, strict=True):
        lines.extend(_of_leaf(*leaf, () if ignores_key else points))
    return "\n".join(lines)


def _of_leaf(
    name: str, mean: HostArray, stderr: HostArray, moments: Moments, points: tuple[bool, ...]
) -> Iterator[str]:
    shape = f" {mean.shape}" if mean.ndim else ""
    yield f"  {name or 'mean'}{shape}: {_values(mean, stderr)}"
    if any(points):
        where = "" if all(points) else f"at {sum(points)} of {len(points)} points with objects "
        yield f"    {where}the same in every replication: nothing of it is drawn from the key"
    if said := trust.doubt(moments):
        yield f"    the standard error is not usable: {said}"


def as_html(heading: str, leaves: Sequence[tuple[str, HostArray, HostArray, Moments]]) -> str:
    """A table with a row for each leaf, for notebooks."""
    rows = [
        (name or "mean", mean.shape, _values(mean, stderr), trust.doubt(moments) or "usable")
        for name, mean, stderr, moments in leaves
    ]
    return html_table(heading, ("result", "shape", "mean ± standard error", "trust"), rows)


def as_latex(table: Any) -> str:
    """The rows of a tidy table, each mean with its standard error in brackets."""
    short = table.assign(mean=[_rounded(*pair) for pair in zip(table["mean"], table["stderr"], strict=True)])
    left = short.drop(columns=["stderr", "lower", "upper", "usable", "replications"])
    return left.to_latex(index=False, escape=True)


def _values(mean: HostArray, stderr: HostArray) -> str:
    pairs = [f"{m:.4g} ± {s:.1g}" for m, s in zip(mean.ravel(), stderr.ravel(), strict=True)]
    return ", ".join(pairs if len(pairs) <= 6 else [*pairs[:3], "...", *pairs[-2:]])


def _rounded(mean: float, stderr: float) -> str:
    """A mean to the two digits of its standard error, which are put in brackets."""
    if not (np.isfinite(mean) and np.isfinite(stderr) and stderr > 0):
        return f"{mean:.4g}"
    places = 1 - int(np.floor(np.log10(stderr)))
    if places < 0 or places > 12:
        return f"{mean:.4g} ({stderr:.2g})"
    return f"{mean:.{places}f}({round(stderr * 10**places)})"
