"""Curves: simulated means with their intervals, and the theory as a line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from jaxcollapse.chain.prediction import ClosedForm
from jaxcollapse.plot._series import series
from jaxcollapse.plot._style import (
    band_name,
    bars_of_missing,
    check_estimate,
    draw,
    legend,
    names_of,
    positions,
    quantile_levels,
    whole_ticks,
)
from jaxcollapse.replication.finite import Finite
from jaxcollapse.replication.ratio import one_form

if TYPE_CHECKING:
    from jaxcollapse.replication.estimate import Estimate


def curves(
    estimate: "Estimate",
    theory: Any = None,
    *,
    x: Any = None,
    theory_x: Any = None,
    ax: Axes | None = None,
    label: str | Sequence[str] | None = None,
    level: float = 0.95,
    quantiles: tuple[float, float] | None = None,
    xlabel: str | None = None,
    ylabel: str = "",
) -> Axes:
    """Simulated means with their confidence intervals, and the theory as a line.

    A second call on the same axes takes the next colour and marker.

    **Arguments**

    - `estimate`: the result of `jaxcollapse.monte_carlo`; its mean has shape ``(points,)``, or ``(curves, points)``;
      with a grid it may have more axes: every point of those before the last is a curve. One without the replications
      that are not finite (`Estimate.among_finite`) is drawn with their share, as bars on an axis of its own.
    - `theory`: numbers of the same shape, a `ClosedForm`, a `Prediction` of one metric, or None.
    - `x`: where the points lie, shape ``(points,)``; by default what the grid says of the last axis, or ``1, 2, ...``.
    - `theory_x`: where the theory is known, if not there: then it has as many entries as this along its last axis.
    - `ax`: the axes; matplotlib's current axes by default.
    - `label`: a name for the legend; one per curve if there are several, by default those of the points of the grid.
    - `level`: of the two-sided confidence interval of each mean. With more than 30 points every curve has 30 markers,
      and a band shows the interval everywhere.
    - `quantiles`: the lower and the upper end of a second, pale band: the quantiles of single replications, which stay
      wide where the interval of the mean shrinks. The replications are computed again for them.

    **Returns** the axes.

    **Raises** `ValueError` for shapes that do not match, and for quantiles that do not rise from 0 to 1.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> walk = lambda key: jnp.cumsum(jax.random.normal(key, (5,))) ** 2
    >>> ax = jc.plot.curves(jc.monte_carlo(walk, jax.random.key(0), 1000), [1, 2, 3, 4, 5], ylabel="squared distance")
    >>> ax.get_ylabel(), [text.get_text() for text in ax.get_legend().get_texts()]
    ('squared distance', ['simulation (95 % interval)', 'theory'])

    ```
    """
    check_estimate(estimate)
    found = series(estimate)
    mean = found.flat(estimate.mean)
    x = positions(found.places if x is None else x, mean.shape[-1], "estimate")
    lower, upper = (found.flat(limit) for limit in estimate.interval(level))
    predicted, line = None, "theory"
    if theory is not None:
        theory = one_form(theory, "theory")
        if isinstance(theory, ClosedForm):
            theory, line = theory.curve, f"theory ({theory.words})"
        predicted = _lines(found.flat(theory, "theory"), mean.shape, theory_x)
    names = names_of(found.names if label is None else label, len(mean), f"simulation ({100 * level:g} % interval)")
    band = spread = None
    if quantiles is not None:
        ends = quantile_levels(quantiles)
        band, spread = [found.flat(limit) for limit in estimate.quantile(ends)], band_name(*ends)
    ax = plt.gca() if ax is None else ax
    draw(ax, x, mean, lower, upper, predicted, names, line=line, line_x=theory_x, band=band, spread=spread)
    if isinstance(estimate, Finite):
        bars_of_missing(ax, x, found.flat(estimate.missing))
    ax.set_xlabel(found.axis if xlabel is None else xlabel)
    ax.set_ylabel(ylabel)
    whole_ticks(ax.xaxis, x)
    legend(ax)
    return ax


def _lines(predicted: np.ndarray, points: tuple[int, ...], places: Any) -> np.ndarray:
    """The theory, a row for each curve, at the points or at places of its own."""
    shape = points
    if places is not None:
        shape = (points[0], positions(places, predicted.shape[-1], "theory", "theory_x").size)
    if predicted.shape not in (shape, (1, shape[-1])):
        raise ValueError(f"theory must have the shape of the estimate, {shape}, got {predicted.shape}")
    return np.broadcast_to(predicted, shape)
