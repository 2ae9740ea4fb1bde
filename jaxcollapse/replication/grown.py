"""A saved grid that grew: what is finished stays in its folder, what was added lies in folders inside it.

Along each axis that got more values, the new ones are a run of their own, together with the first value of the axis:
differences along an axis are from that, by pairs. No other point is computed again.
"""

import dataclasses
import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxcollapse.replication.checkpoint import axes_saved_in
from jaxcollapse.replication.grid import Axis, Grid
from jaxcollapse.replication.moments import FAILURES, PER_ENTRY, Moments, State
from jaxcollapse.replication.run import Run

Places = tuple[np.ndarray, ...]
"""For each axis of the whole grid, which of its values."""


@dataclasses.dataclass(frozen=True)
class Part:
    """A run of some points: all of a box, or those of a box beyond its first value along the axis `along`."""

    run: Run
    places: Places
    along: int | None

    def put(self, out: np.ndarray, source: np.ndarray, axis: int | None, leading: int) -> None:
        """Numbers of this part among those of the whole grid, behind `leading` other axes."""
        here = tuple(self._here(a, axis) for a in range(len(self.places)))
        sizes = (len(places) - (a == axis) for a, places in enumerate(self.places))
        shape = (*source.shape[:leading], *sizes, *out.shape[leading + len(here) :])
        begin = [0] * leading + [int(a == self.along != axis) for a in range(len(here))]
        rows = (np.arange(n) for n in out.shape[:leading])
        out[np.ix_(*rows, *here)] = source.reshape(shape)[tuple(slice(first, None) for first in begin)]

    def own_axis(self, axis: int | None, names: Sequence[str]) -> int | None:
        """Which axis of its own grid an axis of the whole is."""
        return None if axis is None else self._names.index(names[axis])

    def has(self, axis: int | None, names: Sequence[str]) -> bool:
        """Whether there are differences along an axis."""
        return axis is None or names[axis] in self._names

    def _here(self, a: int, axis: int | None) -> np.ndarray:
        if a == axis:
            return self.places[a][1:] - 1
        return self.places[a][1:] if a == self.along else self.places[a]

    @property
    def _names(self) -> tuple[str, ...]:
        assert self.run.grid is not None
        return self.run.grid.names


class Grown:
    """The run of a whole grid whose points are those of several runs. It does what a `Run` does for an estimate."""

    def __init__(self, whole: Run, parts: Sequence[Part]):
        self._whole, self._parts = whole, tuple(parts)
        assert whole.grid is not None
        self.grid, self.shapes, self.structure = whole.grid, whole.shapes, whole.structure
        self.section, self.floats, self.numbers_alone = whole.section, whole.floats, whole.numbers_alone
        self.generations, self.ignores_key, self.draws_nothing = (
            whole.generations, whole.ignores_key, whole.draws_nothing
        )  # fmt: skip
        self.tile = max(part.run.tile for part in self._parts)

    def __deepcopy__(self, memo: Any) -> "Grown":
        """Itself: a run does not change."""
        return self

    def __reduce__(self) -> tuple[type, tuple[Run, tuple[Part, ...]]]:
        """It is made of its runs."""
        return Grown, (self._whole, self._parts)

    def extend(self, state: State, replications: int, progress: bool | None = None) -> State:
        """The state after `replications` in all, or after as many as one of the folders holds."""
        wanted = max(replications, state.count)
        while True:
            found = [part.run.extend(State(), wanted, progress).moments() for part in self._parts]
            if all(moments.count == wanted for moments in found):
                return State(None, self._joined(found))
            wanted = max(moments.count for moments in found)

    def values(self, count: int, *, first: int = 0, axis: int | None = None) -> Iterator[tuple[int, list[np.ndarray]]]:
        """The results of replications again, or their differences along an axis, a tile at a time."""
        for tile in range(first, -(-count // self.tile)):
            yield tile, self._tile(tile, min((tile + 1) * self.tile, count), axis)

    def _tile(self, tile: int, end: int, axis: int | None) -> list[np.ndarray]:
        found: list[Any] = [np.empty(0)] * len(self.shapes)
        shapes = [shape for _, shape in self.section(axis)]
        for part in self._having(axis):
            own = part.own_axis(axis, self.grid.names)
            several = part.run.values(end, first=tile * self.tile // part.run.tile, axis=own)
            leaves = [np.concatenate(blocks) for blocks in zip(*(leaves for _, leaves in several), strict=True)]
            for k, (leaf, shape) in enumerate(zip(leaves, shapes, strict=True)):
                if not found[k].size:
                    found[k] = np.empty((len(leaf), *shape), leaf.dtype)
                part.put(found[k], leaf, axis, leading=1)
        return found

    def _joined(self, found: Sequence[Moments]) -> Moments:
        """The moments of all points, from those of the parts."""
        axes = (None, *range(len(self.grid.shape)))
        size = max(entries.stop for axis in axes for entries, _ in self.section(axis))
        arrays = {name: np.empty(size) for name in PER_ENTRY}
        names = self.grid.names
        for axis, (part, moments) in itertools.product(axes, zip(self._parts, found, strict=True)):
            if not part.has(axis, names):
                continue
            own = part.run.section(part.own_axis(axis, names))
            for (theirs, _), (entries, shape) in zip(own, self.section(axis), strict=True):
                for name, array in arrays.items():
                    part.put(array[entries].reshape(shape), getattr(moments, name)[theirs], axis, leading=0)
        failures = np.unique(np.concatenate([moments.failures for moments in found]))[:FAILURES]
        return Moments(found[0].count, **arrays, failures=failures)

    def _having(self, axis: int | None) -> list[Part]:
        return [part for part in self._parts if part.has(axis, self.grid.names)]


def grown(whole: Run, make: Callable[..., Run], function: Callable, folder: Path) -> Run | Grown:
    """The run itself, unless its folder holds a smaller grid of which the first values are those of this one.

    `make` makes a run of a grid that is saved to a folder. An axis that the smaller grid lacks is an argument of
    `function` whose default is the first value of the axis.

    **Raises** `ValueError` if another value of an axis came to be its first.
    """
    if (grid := whole.grid) is None or jax.process_count() > 1:
        return whole
    if (base := axes_saved_in(folder)) is None or (reach := _places(base, grid, function)) is None:
        return whole
    if all(len(places) == size for places, size in zip(reach, grid.shape, strict=True)) and len(base) == len(reach):
        return whole
    for axis, places in zip(grid.axes, reach, strict=True):
        if places[0] != 0:
            raise ValueError(
                f"axis {axis.name!r} must begin with {axis.labels[places[0]]}, as the grid in the folder "
                f"{str(folder)!r} does, got {axis.labels[0]}: differences along an axis are from its first value"
            )
    parts = [Part(make(grid=grid.part(reach, base), save=folder), reach, None)]
    number = itertools.count(1)
    while (saved := axes_saved_in(inner := folder / f"more-{next(number)}")) is not None:
        places = _places(saved, grid, function)
        along = None if places is None else _along(reach, places)
        if places is not None and along is not None:
            parts.append(Part(make(grid=grid.part(places, saved), save=inner), places, along))
            reach = _with(reach, along, np.union1d(reach[along], places[along]))
    for along, size in enumerate(grid.shape):
        new = np.setdiff1d(np.arange(size), reach[along])
        if new.size:
            places = _with(reach, along, np.concatenate([[0], new]))
            parts.append(Part(make(grid=grid.part(places, grid.names), save=inner), places, along))
            reach = _with(reach, along, np.arange(size))
            inner = folder / f"more-{next(number)}"
    shapes = [[(leaf.shape, leaf.dtype) for leaf in run.shapes] for run in (whole, *(part.run for part in parts))]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(f"function must return the same shapes at the points that are in the folder {str(folder)!r}")
    return Grown(whole, parts)


def _places(saved: dict[str, list], grid: Grid, function: Callable) -> Places | None:
    """Where the values of a saved grid are in this one; None if they are not all there."""
    if [name for name in grid.names if name in saved] != list(saved):
        return None
    found = []
    for axis in grid.axes:
        labels = axis.labels.tolist()
        wanted = saved.get(axis.name)
        if wanted is None and not _begins_with_default(axis, function):
            return None
        if any(label not in labels for label in wanted or ()):
            return None
        found.append(np.array([0] if wanted is None else [labels.index(label) for label in wanted]))
    return tuple(found)


def _begins_with_default(axis: Axis, function: Callable) -> bool:
    """Whether the function means the first value of an axis where it is not told."""
    try:
        default = inspect.signature(function).parameters[axis.name].default
    except (TypeError, ValueError, KeyError):
        return False
    if default is inspect.Parameter.empty:
        return False
    return bool(np.array_equal(default, axis.values[0])) if axis.traced else default == axis.values[0]


def _along(reach: Places, places: Places) -> int | None:
    """The one axis along which a part goes on from what there is; None if it does not."""
    differing = [a for a, (mine, its) in enumerate(zip(reach, places, strict=True)) if set(mine) != set(its)]
    if len(differing) != 1:
        return None
    (axis,) = differing
    first, *others = places[axis]
    return axis if first == 0 and not set(others) & set(reach[axis]) else None


def _with(places: Places, axis: int, values: np.ndarray) -> Places:
    return (*places[:axis], values, *places[axis + 1 :])
