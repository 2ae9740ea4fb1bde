"""Animations: a distribution that changes from generation to generation."""

from pathlib import Path
from typing import Any

import matplotlib.animation
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from jaxcollapse.plot._style import COLOURS, numbers

_WRITERS = {".gif": "pillow", ".mp4": "ffmpeg", ".html": None}
_SECONDS = 8.0
_TALLEST = 10.0


def animate(x: Any, densities: Any, *, truth: Any = None, xlabel: str = "", ylabel: str = "density") -> FuncAnimation:
    """A distribution, one frame per generation; the title counts them.

    The picture has a figure of its own, which no other picture is drawn on. A notebook shows it by
    ``IPython.display.HTML(animation.to_jshtml())``; `save` writes it to a file.

    **Arguments**

    - `x`: where the densities are known, rising, shape ``(points,)``.
    - `densities`: shape ``(generations, points)``, of generations 1, 2, ... without a gap, as the title counts them.
      The axes hold all of them, up to ten times the height of the truth
      (of the first generation, if the truth is not given): a density that collapses further leaves them at the top.
    - `truth`: the density of generation 0, shape ``(points,)``, dashed in every frame, or None.

    **Returns** the animation: about 8 seconds, but no fewer than 2 and no more than 25 frames in each.

    **Raises** `ValueError` for shapes that do not match, and densities that are negative or not finite.

    ```python
    >>> import jax.numpy as jnp, jaxcollapse as jc
    >>> x = jnp.linspace(-3, 3, 101)
    >>> normal = lambda deviation: jnp.exp(-((x / deviation) ** 2) / 2) / (deviation * (2 * jnp.pi) ** 0.5)
    >>> path = jnp.stack([normal(0.9**g) for g in range(1, 6)])
    >>> animation = jc.plot.animate(x, path, truth=normal(1.0), xlabel="x")
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     jc.plot.save(animation, f"{folder}/collapse.gif").name
    'collapse.gif'

    ```
    """
    densities = _heights("densities", densities)
    if densities.ndim != 2 or densities.shape[0] < 1 or densities.shape[1] < 2:
        raise ValueError(
            f"densities must have shape (generations, points) with at least two points, got shape {densities.shape}"
        )
    x = numbers("x", x)
    if x.shape != densities.shape[1:] or not np.all(np.diff(x) > 0):
        raise ValueError(f"x must rise and have shape {densities.shape[1:]}, like a density, got shape {x.shape}")
    if truth is not None:
        truth = _heights("truth", truth)
        if truth.shape != x.shape:
            raise ValueError(f"truth must have shape {x.shape}, like a density, got {truth.shape}")
    first = densities[0] if truth is None else truth
    tallest = max(first.max(), min(densities.max(), _TALLEST * first.max()))
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    ax = figure.subplots()
    if truth is not None:
        ax.plot(x, truth, color="black", linestyle="--", linewidth=1, label="truth", zorder=3)
    (line,) = ax.plot(x, densities[0], color=COLOURS[0], linewidth=2, label="model", zorder=2)
    area = PolyCollection([_outline(x, densities[0])], color=COLOURS[0], alpha=0.2, linewidth=0, zorder=1)
    ax.add_collection(area)
    ax.set(xlim=(x[0], x[-1]), ylim=(0.0, 1.05 * tallest if tallest > 0 else 1.0), xlabel=xlabel, ylabel=ylabel)
    ax.legend(frameon=False, fontsize="small", loc="upper right")
    title = ax.set_title("generation g = 1")

    def show(frame: int) -> list:
        line.set_ydata(densities[frame])
        area.set_verts([_outline(x, densities[frame])])
        title.set_text(f"generation g = {frame + 1}")
        return [line, area, title]

    interval = float(np.clip(1000 * _SECONDS / len(densities), 40.0, 500.0))
    return FuncAnimation(figure, show, frames=len(densities), interval=interval, blit=False)


def save(animation: FuncAnimation, path: str | Path) -> Path:
    """Writes an animation to a file.

    **Arguments**

    - `animation`: the result of `animate`.
    - `path`: ends in ``.gif``, ``.mp4`` or ``.html``. Where the program that writes the first two is missing (Pillow,
      ffmpeg) the file becomes a page with a player instead, and ends in ``.html``.

    **Returns** the path that was written.

    **Raises** `ValueError` for another ending.
    """
    path = Path(path)
    if path.suffix.lower() not in _WRITERS:
        raise ValueError(f"path must end in .gif, .mp4 or .html, got {str(path)!r}")
    writer = _WRITERS[path.suffix.lower()]
    if writer is not None and matplotlib.animation.writers.is_available(writer):
        animation.save(path, writer=writer)
        return path
    path = path.with_suffix(".html")
    path.write_text(animation.to_jshtml(), encoding="utf-8")
    return path


def _outline(x: np.ndarray, density: np.ndarray) -> np.ndarray:
    """The corners of the area below a density."""
    return np.column_stack([np.concatenate([x[:1], x, x[-1:]]), np.concatenate([[0.0], density, [0.0]])])


def _heights(name: str, values: Any) -> np.ndarray:
    array = numbers(name, values)
    if not np.all((array >= 0) & np.isfinite(array)):
        wrong = array[~((array >= 0) & np.isfinite(array))][0]
        raise ValueError(f"{name} must be finite and at least 0, got {wrong:g}")
    return array
