"""Phase diagrams: a quantity over two parameters, with contours of the theory."""

from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator

from jaxcollapse.arguments.check import check_choice, check_shape
from jaxcollapse.arguments.names import shown
from jaxcollapse.plot._style import looks_geometric, numbers, rising, whole_ticks
from jaxcollapse.replication.estimate import Estimate


def phase(
    values: Any,
    theory: Any = None,
    *,
    x: Any = None,
    y: Any = None,
    levels: Any = None,
    ax: Axes | None = None,
    scale: Literal["linear", "log"] = "linear",
    xlabel: str = "",
    ylabel: str = "",
    label: str = "",
) -> Axes:
    """A quantity over two parameters as colour, and the theory as contours with their values.

    Where simulation and theory agree, a contour runs along the border of the colours that its value has in the bar.

    **Arguments**

    - `values`: shape ``(len(x), len(y))``; or an `Estimate` of one number over a `Grid` of two axes of numbers, which
      then give `x`, `y` and their labels unless they are given here. Entries that are not finite are hatched.
    - `theory`: numbers of the same shape, or None.
    - `x`, `y`: where the columns and rows lie, rising; ``1, 2, ...`` by default. Values that are closer to a geometric
      than to an arithmetic progression get a logarithmic axis.
    - `levels`: of the contours of the theory; those that it does not reach are left out. A few by default.
    - `ax`: the axes; matplotlib's current axes by default.
    - `scale`: of the colours, ``"linear"`` or ``"log"``.
    - `label`: what the colour bar shows.

    **Returns** the axes.

    **Raises** `ValueError` for shapes that do not match, `x` or `y` that do not rise, levels without a theory, and
    values that a logarithm does not have.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> from matplotlib.figure import Figure
    >>> grid = jc.Grid(samples=jnp.array([20, 50, 100, 200, 400]), noise=jnp.linspace(0.5, 2.0, 4))
    >>> def risk(key, samples, noise):
    ...     model = jc.LinearRegression(jc.theory.Spectrum.isotropic(10), noise=noise)
    ...     return jc.simulate(model, jc.Replace(), key=key, samples=samples, generations=5).risk[-1]
    >>> estimate = jc.monte_carlo(risk, jax.random.key(0), 100, grid=grid)
    >>> ax = jc.plot.phase(estimate, ax=Figure().subplots(), scale="log", label="excess risk")
    >>> ax.get_xlabel(), ax.get_xscale(), ax.get_ylabel(), ax.get_yscale()
    ('samples', 'log', 'noise', 'linear')

    ```
    """
    if isinstance(values, Estimate):
        names, places = _axes_of(values)
        x, y = (places[0] if x is None else x), (places[1] if y is None else y)
        xlabel, ylabel = xlabel or names[0], ylabel or names[1]
        values = values.mean
    values = numbers("values", values)
    if values.ndim != 2 or min(values.shape) < 2:
        raise ValueError(f"values must have shape (x, y) with at least two of each, got shape {values.shape}")
    x, y = rising("x", x, values.shape[0]), rising("y", y, values.shape[1])
    check_choice("scale", scale, ("linear", "log"))
    finite = np.isfinite(values)
    if not finite.any():
        raise ValueError("values must have a finite entry, got none")
    if scale == "log" and np.any(values <= 0):
        raise ValueError(f'values must be positive where scale="log", got {values[values <= 0].min():g}')
    if theory is None and levels is not None:
        raise ValueError(f"levels are those of the theory, which is missing: got levels={levels}")
    if theory is not None:
        check_shape("theory", theory, values.shape)
    ax = plt.gca() if ax is None else ax
    ax.set_xscale("log" if looks_geometric(x) else "linear")
    ax.set_yscale("log" if looks_geometric(y) else "linear")
    norm = (LogNorm if scale == "log" else Normalize)(values[finite].min(), values[finite].max())
    shown = np.ma.masked_where(~finite, values)
    mesh = ax.pcolormesh(_edges(x), _edges(y), shown.T, norm=norm, cmap="viridis", rasterized=True)
    if not finite.all():
        ax.patch.set(hatch="////", edgecolor="0.55")
    ax.figure.colorbar(mesh, ax=ax, label=label)
    if theory is not None:
        _contours(ax, x, y, numbers("theory", theory), levels, scale)
    whole_ticks(ax.xaxis, x)
    whole_ticks(ax.yaxis, y)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return ax


def _contours(ax: Axes, x: np.ndarray, y: np.ndarray, theory: np.ndarray, levels: Any, scale: str) -> None:
    """Black lines with a white rim, which are seen on every colour, and the value of each on it."""
    shown = np.ma.masked_invalid(theory)
    locator = LogLocator(subs=(1.0, 2.0, 5.0)) if scale == "log" and levels is None else None
    if levels is not None:
        levels = np.unique(numbers("levels", levels))
        levels = levels[(levels >= shown.min()) & (levels <= shown.max())]
        if not levels.size:
            return
    rim = [withStroke(linewidth=3, foreground="white")]
    lines = ax.contour(x, y, shown.T, levels=levels, locator=locator, colors="black", linewidths=1.2)
    lines.set(path_effects=rim)
    for text in ax.clabel(lines, fmt=lambda value: f"{value:g}", fontsize="small"):
        text.set(path_effects=rim)
    handle = Line2D([], [], color="black", linewidth=1.2, label="theory")
    ax.legend(handles=[handle], frameon=False, fontsize="small", loc="lower right", bbox_to_anchor=(1.0, 1.0))


def _axes_of(estimate: Estimate) -> tuple[list[str], list[np.ndarray]]:
    """Names and values of the two axes of the grid."""
    coordinates = estimate.coordinates
    if len(coordinates) != 2 or np.ndim(estimate.mean) != 2:
        raise ValueError(
            f"values must be an estimate of one number over a grid of two axes, got the axes {tuple(coordinates)} "
            f"and shape {np.shape(estimate.mean)}"
        )
    for name, places in coordinates.items():
        if places.dtype.kind not in "buif":
            raise ValueError(
                f"values must lie over axes of numbers, got {shown(name)} with the labels {places.tolist()}"
            )
    return list(coordinates), list(coordinates.values())


def _edges(places: np.ndarray) -> np.ndarray:
    """The borders between neighbours, half-way on their axis, and as far beyond the first and the last."""
    log = looks_geometric(places)
    places = np.log(places) if log else places
    between = (places[1:] + places[:-1]) / 2
    edges = np.concatenate([[2 * places[0] - between[0]], between, [2 * places[-1] - between[-1]]])
    return np.exp(edges) if log else edges
