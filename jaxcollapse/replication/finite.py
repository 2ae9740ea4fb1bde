"""`Finite`: a mean over the replications that are numbers, and the share of those that are not.

A fit that does not exist is NaN, and so is every mean over chains of which one has none. What is left is the mean of
the others, which is that of the chains in which the fit exists, and how often it does not.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import PyTree

from jaxcollapse.arguments.html import html_table
from jaxcollapse.arguments.types import HostArray
from jaxcollapse.replication import trust


class Finite(NamedTuple):
    """What the finite replications of an `Estimate` say: `Estimate.among_finite` returns it.

    Each entry has its own: a chain that ends at generation 5 counts at the four before. It is drawn by
    `jaxcollapse.plot.curves`, with the share that is missing.
    """

    mean: PyTree[HostArray]
    """Of the finite replications; NaN where there are none."""
    stderr: PyTree[HostArray]
    """Its standard error; NaN where there is one, or none."""
    missing: PyTree[HostArray]
    """The share of the replications that are infinite or not a number."""
    counted: PyTree[HostArray]
    """How many replications are finite."""
    coordinates: dict[str, np.ndarray]
    """Those of the estimate."""

    def interval(self, level: float = 0.95) -> tuple[PyTree[HostArray], PyTree[HostArray]]:
        """The two-sided confidence interval of the mean, by the quantile of Student's t for each entry.

        **Raises** `ValueError` for a level that is not between 0 and 1.
        """
        trust.check_level(level)

        def half(stderr, counted):
            return trust.quantile(0.5 - level / 2, counted) * stderr

        widths = jax.tree.map(half, self.stderr, self.counted)
        return jax.tree.map(np.subtract, self.mean, widths), jax.tree.map(np.add, self.mean, widths)

    def _repr_html_(self) -> str:
        """A line for each leaf, in notebooks."""
        leaves = (jax.tree.leaves(tree) for tree in (self.mean, self.stderr, self.missing))
        rows: list[tuple[Any, ...]] = [
            (np.shape(mean), f"{np.ravel(mean)[-1]:.4g} ± {np.ravel(stderr)[-1]:.1g}", f"{np.max(missing):.3g}")
            for mean, stderr, missing in zip(*leaves, strict=True)
        ]
        return html_table("finite replications", ("shape", "last entry", "largest missing share"), rows)


def finite_moments(tiles: Iterable[np.ndarray], entries: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many numbers of each column are finite, their mean and its standard error, from blocks of rows."""
    count, mean, square = (np.zeros(entries) for _ in range(3))
    for rows in tiles:
        there = np.isfinite(rows)
        own = there.sum(axis=0)
        some = np.maximum(own, 1)
        centre = np.where(there, rows, 0.0).sum(axis=0) / some
        gap, total = centre - mean, np.maximum(count + own, 1)
        square += (np.where(there, rows - centre, 0.0) ** 2).sum(axis=0) + gap**2 * count * own / total
        mean += np.where(own > 0, gap * own / total, 0.0)
        count += own
    with np.errstate(invalid="ignore", divide="ignore"):
        stderr = np.sqrt(np.where(count > 1, square / (count - 1), np.nan) / count)
        return count, np.where(count > 0, mean, np.nan), stderr
