"""Convergence: how an estimate settles as replications are added."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from jaxcollapse.arguments.types import Number
from jaxcollapse.plot._style import COLOURS, MARKERS, legend

if TYPE_CHECKING:
    from jaxcollapse.replication.estimate import Estimate


def convergence(
    estimates: "Sequence[Estimate]",
    theory: Number | None = None,
    *,
    ax: Axes | None = None,
    level: float = 0.95,
    xlabel: str = "replications",
    ylabel: str = "",
) -> Axes:
    """Means of one number with their intervals against the number of replications, and the theory as a line.

    Refinements of one estimate share their first replications, so that neighbouring points are not independent: a mean
    that is off the theory stays off for a while.

    **Arguments**

    - `estimates`: of one number each, such as the results of successive calls of `Estimate.refine`.
    - `theory`: a number, or None.
    - `ax`: the axes; matplotlib's current axes by default.
    - `level`: of the two-sided confidence interval of each mean.

    **Returns** the axes.

    **Raises** `ValueError` for no estimates, and for estimates of more than one number.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> from matplotlib.figure import Figure
    >>> first = jc.monte_carlo(lambda key: jax.random.normal(key) ** 2, jax.random.key(0), 100)
    >>> more = [first, first.refine(replications=400), first.refine(replications=1600)]
    >>> ax = jc.plot.convergence(more, 1.0, ax=Figure().subplots(), ylabel="square of a standard normal")
    >>> ax.get_xscale(), [text.get_text() for text in ax.get_legend().get_texts()]
    ('log', ['simulation (95 % interval)', 'theory'])

    ```
    """
    estimates = list(estimates)
    if not estimates:
        raise ValueError("estimates must hold at least one estimate, got none")
    for estimate in estimates:
        if np.shape(estimate.mean) != ():
            raise ValueError(f"estimates must be of one number each, got a mean of shape {np.shape(estimate.mean)}")
    if theory is not None and np.shape(theory) != ():
        raise ValueError(f"theory must be a number, got shape {np.shape(theory)}")
    counts = np.array([estimate.count for estimate in estimates])
    means = np.array([estimate.mean for estimate in estimates], float)
    limits = np.array([estimate.interval(level) for estimate in estimates], float)
    ax = plt.gca() if ax is None else ax
    ax.set_xscale("log")
    ax.errorbar(
        counts, means, yerr=np.stack([means - limits[:, 0], limits[:, 1] - means]), fmt=MARKERS[0], color=COLOURS[0],
        markerfacecolor="white", markersize=5, elinewidth=1.2, capsize=3,
        label=f"simulation ({100 * level:g} % interval)",
    )  # fmt: skip
    if theory is not None:
        ax.axhline(float(theory), color="black", linewidth=1, label="theory", zorder=1)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    legend(ax)
    return ax
