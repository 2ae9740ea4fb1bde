"""Legends that hide nothing: where one would lie over data, the axis becomes longer and the legend lies above."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

_GAP = 0.03  # of the height of the axes


def make_room(picture: Figure) -> None:
    """Of every panel: its vertical axis grows by the height of the legend if that lies over what is drawn."""
    picture.draw_without_rendering()  # where things lie is known from here on
    for ax in picture.axes:
        legend = ax.get_legend()
        if legend is not None and covered(ax, box := legend.get_window_extent()):
            _raise_top(ax, min(box.height / ax.bbox.height + _GAP, 0.6))
            legend.set_loc("upper right")


def covered(ax: Axes, box: Bbox) -> bool:
    """Whether a line or an area of the axes passes through a box of the picture; a line from bottom to top may."""
    lines = ((line, line.get_path(), False) for line in ax.lines if _has_height(ax, line))
    areas = ((area, path, True) for area in ax.collections for path in area.get_paths())
    return any(
        artist.get_transform().transform_path(path).intersects_bbox(box, filled)
        for artist, path, filled in (*lines, *areas)
    )


def _has_height(ax: Axes, line: Line2D) -> bool:
    _, height = line.get_transform().contains_branch_seperately(ax.transData)
    return height


def _raise_top(ax: Axes, share: float) -> None:
    """What is drawn takes the lower rest of the height."""
    scale = ax.yaxis.get_transform()
    low, high = scale.transform(ax.get_ylim())
    ax.set_ylim(top=scale.inverted().transform([low + (high - low) / (1 - share)])[0])
