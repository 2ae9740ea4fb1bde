"""What a grid says of the curves of an estimate: what they are called, and where their points lie."""

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from jaxcollapse.plot._style import numbers, rows

GENERATION = "generation g"


class Series(NamedTuple):
    """The names of the curves and the places of their points, where a grid knows them, and what the axis is."""

    names: list[str] | None = None
    places: np.ndarray | None = None
    axis: str = GENERATION

    def flat(self, values: Any, name: str = "estimate") -> np.ndarray:
        """A row of numbers for each curve."""
        array = numbers(name, values)
        shape = array.shape
        named = len(shape) > 2 and self.names is not None and math.prod(shape[:-1]) == len(self.names)
        return rows(name, array.reshape(math.prod(shape[:-1]), -1) if named else array)


def series(estimate: Any) -> Series:
    """Every point of the grid is a curve, but for the last axis of the estimate, along which its points lie."""
    grid = list(getattr(estimate, "coordinates", {}).items())
    before = np.ndim(estimate.mean) - 1
    if before < 0:
        raise ValueError("estimate must have an axis to draw along, such as that of generations, got one number")
    names = None
    if 0 < before <= len(grid):
        points = itertools.product(*([_called(name, entry) for entry in values] for name, values in grid[:before]))
        names = [", ".join(point) for point in points]
    if len(grid) <= before or np.asarray(grid[-1][1]).dtype.kind not in "iuf":
        return Series(names)
    return Series(names, np.asarray(grid[-1][1], float), grid[-1][0].replace("_", " "))


def _called(name: str, entry: Any) -> str:
    """``samples = 100`` of a number, and a label as it is."""
    return entry if isinstance(entry, str) else f"{name.replace('_', ' ')} = {entry:g}"
