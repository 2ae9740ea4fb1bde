"""Curves: simulated means with their intervals, and the theory as a line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from jaxcollapse.plot._style import draw, legend, positions, rows, whole_ticks

if TYPE_CHECKING:
    from jaxcollapse.estimate import Estimate


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
    mean = rows("estimate", estimate.mean)
    x = positions(x, mean.shape[-1], "estimate")
    lower, upper = (rows("estimate", limit) for limit in estimate.interval(level))
    predicted = None
    if theory is not None:
        predicted = rows("theory", theory)
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
    draw(ax, x, mean, lower, upper, predicted, names)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    whole_ticks(ax, x)
    legend(ax)
    return ax
