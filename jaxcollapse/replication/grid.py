"""`Grid`: the points at which `monte_carlo` runs a function, as named axes."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxcollapse.arguments.check import check_fits, is_key, is_traced
from jaxcollapse.arguments.names import shown


class Axis(NamedTuple):
    """One parameter: its name, its values, what the values are called, and whether they are traced."""

    name: str
    values: Any
    labels: np.ndarray
    traced: bool


class Grid:
    """Every combination of the values of named parameters.

    **Arguments** one keyword per parameter, in the order of the result's axes:

    - an array (of JAX, NumPy, xarray, pandas, ...), a range, or a list of numbers: its entries (along the leading axis)
      are *traced*. One compiled program serves them all, so the function must not use them as sizes or in ``if``.
    - a dictionary: its values are *static*, any Python objects, labelled by their keys. The function is traced for
      each of them.
    - a list of other objects (strings, booleans, workflows): static as well, labelled by how they print.

    **Raises** `ValueError` or `TypeError` for an axis without entries, with two equal labels, or called ``key``.

    ```python
    >>> import jax.numpy as jnp, jaxcollapse as jc
    >>> grid = jc.Grid(samples=jnp.array([150, 200, 400]), workflow={"replace": jc.Replace()})
    >>> grid.shape, grid.names
    ((3, 1), ('samples', 'workflow'))

    ```
    """

    def __init__(self, **axes: Any):
        if not axes:
            raise ValueError("a Grid needs at least one axis, such as Grid(samples=jnp.array([100, 200]))")
        if "key" in axes:
            raise ValueError("no axis can be called 'key': that is the function's first argument")
        self.axes = tuple(_axis(name, values) for name, values in axes.items())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the axes."""
        return tuple(axis.name for axis in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values of every axis."""
        return tuple(len(axis.labels) for axis in self.axes)

    @property
    def coordinates(self) -> dict[str, np.ndarray]:
        """What the entries of every axis are called: numbers, or labels of objects."""
        return {axis.name: axis.labels for axis in self.axes}

    @property
    def traced(self) -> tuple[Axis, ...]:
        """The axes of arrays."""
        return tuple(axis for axis in self.axes if axis.traced)

    @property
    def static(self) -> tuple[Axis, ...]:
        """The axes of objects."""
        return tuple(axis for axis in self.axes if not axis.traced)

    def face(self) -> "Grid":
        """The same axes without their objects, of which the labels are left."""
        bare = object.__new__(Grid)
        bare.axes = tuple(axis if axis.traced else axis._replace(values=None) for axis in self.axes)
        return bare

    def part(self, places: Sequence[np.ndarray], names: Collection[str]) -> "Grid":
        """Some of the values of each axis, by their positions; of the axes, those of these names."""
        smaller = object.__new__(Grid)
        pairs = zip(self.axes, places, strict=True)
        smaller.axes = tuple(_taken(axis, positions) for axis, positions in pairs if axis.name in names)
        return smaller

    def static_points(self) -> list[dict[str, Any]]:
        """Every combination of objects, the last axis fastest."""
        names = [axis.name for axis in self.static]
        return [dict(zip(names, values, strict=True)) for values in itertools.product(*(a.values for a in self.static))]

    def traced_points(self) -> list[np.ndarray]:
        """For every axis of arrays, its value at each combination of them, the last axis fastest."""
        indices = np.indices([len(axis.labels) for axis in self.traced])
        return [axis.values[index.ravel()] for axis, index in zip(self.traced, indices, strict=True)]

    def __repr__(self) -> str:
        """The axes and their sizes."""
        return f"Grid({', '.join(f'{axis.name}: {len(axis.labels)}' for axis in self.axes)})"


def _taken(axis: Axis, positions: np.ndarray) -> Axis:
    values = axis.values[positions] if axis.traced else [axis.values[position] for position in positions]
    labels = axis.labels[positions] if not axis.traced or axis.values.ndim == 1 else np.arange(len(positions))
    return axis._replace(values=values, labels=labels)


def _axis(name: str, values: Any) -> Axis:
    if isinstance(values, Mapping):
        return _static(name, list(values.values()), [str(label) for label in values])
    if is_key(values):
        raise TypeError(f"axis {name!r} must hold numbers, got random keys: write Grid({name}=list(keys))")
    if isinstance(values, range):
        check_fits(f"axis {name!r}: {len(values):,} values", 64.0 * len(values), "take fewer")
    if isinstance(values, range | list | tuple) and all(_is_number(value) for value in values):
        array = np.asarray(values)
        values = np.array([float(value) for value in values]) if array.dtype == object else array  # beyond 64 bits
    elif is_traced(values) or (isinstance(values, list | tuple) and any(map(is_traced, values))):
        raise TypeError(f"axis {name!r} must hold numbers that are known, got a value that jit, vmap or grad traces")
    elif hasattr(values, "__array__") and not isinstance(values, jax.Array):  # of xarray, pandas, ...
        values = np.asarray(values)
    if isinstance(values, jax.Array | np.ndarray):
        array = np.asarray(values)
        if array.ndim == 0:
            raise ValueError(f"axis {name!r} must be an array of at least one dimension, got the number {values}")
        if array.dtype.kind not in "biufc":
            raise TypeError(f"axis {name!r} must hold numbers, got an array of {array.dtype}: give a list instead")
        if not len(array):
            raise ValueError(f"axis {name!r} must have at least one entry, got none")
        return Axis(name, array, array if array.ndim == 1 else np.arange(len(array)), traced=True)
    if isinstance(values, list | tuple):
        return _static(name, list(values), [value if isinstance(value, str) else repr(value) for value in values])
    raise TypeError(f"axis {name!r} must be an array, a dictionary or a list, got {shown(values)}{_hint(name, values)}")


def _static(name: str, values: list[Any], labels: list[str]) -> Axis:
    if not values:
        raise ValueError(f"axis {name!r} must have at least one entry, got none")
    if len(set(labels)) != len(labels):
        example = ", ".join(f"{label!r}: ..." for label in ("a", "b"))
        hint = f"give a dictionary, Grid({name}={{{example}}})"
        raise ValueError(f"axis {name!r} must have different labels, got {shown(labels)}: {hint}")
    return Axis(name, values, np.array(labels), traced=False)


def as_labelled(axis: Axis) -> str:
    """How the axis is written so that its values are static: ``"Grid(dim={'10': 10, '20': 20})"``."""
    shown = ", ".join(f"'{value}': {value}" for value in axis.values[:2].tolist()) if axis.values.ndim == 1 else "..."
    more = ", ..." if axis.values.ndim == 1 and len(axis.values) > 2 else ""
    return f"Grid({axis.name}={{{shown}{more}}})"


def _hint(name: str, value: Any) -> str:
    """What was meant by one value, or by values without an order."""
    if isinstance(value, set | frozenset):
        return f": write Grid({name}={list(value)!r})"
    if value is None or isinstance(value, str) or _is_number(value):
        return f": write Grid({name}=[{value!r}]), or Grid({name}={{'{value}': {value!r}}}) for a size"
    return f": write Grid({name}={{'label': value}})"


def as_points(name: str, values: np.ndarray) -> np.ndarray:
    """The values of an axis in the types that JAX has at the present precision.

    Integers that are too large for its integers become floating-point numbers.

    **Raises** `ValueError` for numbers that would become infinite, or zero.
    """
    kind = jax.dtypes.canonicalize_dtype(values.dtype)
    if values.dtype.kind in "iu" and not np.array_equal(values, values.astype(kind)):
        kind = jax.dtypes.canonicalize_dtype(float)
    with np.errstate(over="ignore", under="ignore"):
        points = values.astype(kind)
    lost = (np.isinf(points) & ~np.isinf(values)) | ((points == 0) & (values != 0))
    if lost.any():
        raise ValueError(
            f"axis {name!r} must hold numbers that {kind} can hold, got {values[lost].ravel()[0]!r}: "
            f"set jax_enable_x64, or give its logarithm"
        )
    return points


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
