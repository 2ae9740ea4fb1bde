"""The leaves of an estimate as a labelled data set: a name for every variable, and for every dimension."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import HostArray


def name_of(part: Any) -> str:
    """One step of the path to a leaf: a key, the name of a field, or a number."""
    return str(getattr(part, "key", getattr(part, "name", getattr(part, "idx", part))))


def leaf_names(paths: Sequence[tuple[Any, ...]], joint: str) -> list[str]:
    """What leaves are called: by the steps of their paths, or, where two names meet, by their paths as Python has them.

    ```python
    >>> from jax.tree_util import tree_flatten_with_path
    >>> paths = lambda tree: [path for path, _ in tree_flatten_with_path(tree)[0]]
    >>> leaf_names(paths({"a": {"b": 1}, "c": 2}), "."), leaf_names(paths({"a": {"b": 1}, "a.b": 2}), ".")
    (['a.b', 'c'], ["['a']['b']", "['a.b']"])

    ```
    """
    names = [joint.join(map(name_of, path)) for path in paths]
    unclear = len(set(names)) < len(names) or (len(names) > 1 and "" in names)
    return [jax.tree_util.keystr(path) for path in paths] if unclear else names


def axis_names(shapes: Sequence[tuple[int, ...]], generations: int | None) -> tuple[str, ...] | None:
    """Those of the axes of leaves that all begin with one of generations; of others none are known."""
    own = [shape for shape in shapes if shape]
    if not own or any(shape[0] != generations for shape in own):
        return None
    return ("generation", *(f"axis_{i}" for i in range(1, max(map(len, own)))))


def dataset(
    paths: Sequence[tuple[Any, ...]],
    means: Sequence[HostArray],
    stderrs: Sequence[HostArray],
    coordinates: dict[str, np.ndarray],
    dims: tuple[str, ...] | None,
    count: int,
):
    """An `xarray.Dataset` of mean and standard error of each leaf; `coordinates` are those of the axes of the grid.

    A leaf is called by the steps of its path, joined by ``_``; where two names would meet, all leaves are called by
    their paths as they are written in Python, or ``result`` if there is one alone. A dimension in which leaves differ
    has a name for each. Along one that is called ``"generation"`` entries count from one.
    """
    import xarray

    grid_names = tuple(coordinates)
    own = [tuple(mean.shape[len(grid_names) :]) for mean in means]
    needed = max(map(len, own))
    names = dims if dims is not None else tuple(f"axis_{i}" for i in range(needed))
    if len(names) < needed:
        raise ValueError(f"dims must name {needed} axes, got {shown(names)}")
    kinds = ("mean", "stderr")
    leaves = leaf_names(paths, "_")
    called = [[f"{leaf}_{kind}" if leaf else kind for kind in kinds] for leaf in leaves]
    if max(Counter([*sum(called, []), *grid_names, *names]).values()) > 1:
        leaves = [jax.tree_util.keystr(path) or "result" for path in paths]
        called = [[f"{leaf}_{kind}" for kind in kinds] for leaf in leaves]
    variables = {}
    for leaf, variable, shape, *values in zip(leaves, called, own, means, stderrs, strict=True):
        own_names = []
        for i, (name, size) in enumerate(zip(names, shape, strict=False)):
            shared = name not in grid_names and all(len(other) <= i or other[i] == size for other in own)
            own_names.append(name if shared else f"{leaf}_{name}" if leaf else f"own_{name}")
        for key, value in zip(variable, values, strict=True):
            variables[key] = ((*grid_names, *own_names), value)
    data = xarray.Dataset(variables, coordinates, attrs={"replications": count})
    if "generation" in data.sizes and "generation" not in coordinates:
        data = data.assign_coords(generation=np.arange(1, data.sizes["generation"] + 1))
    return data


def records(
    labels: Sequence[str],
    columns: Sequence[dict[str, HostArray]],
    coordinates: dict[str, np.ndarray],
    dims: tuple[str, ...] | None,
):
    """A tidy `pandas.DataFrame`: a row for every entry of every leaf, which `columns` has by name.

    Entries along the grid have its coordinates, along other axes their places: from zero on, and from one on along an
    axis that is called ``"generation"``. An axis with the name of another column has ``grid_`` or ``own_`` in front.
    """
    import pandas

    taken = {"variable", "replications", *columns[0]}
    axes = [f"grid_{name}" if name in taken else name for name in coordinates]
    frames = []
    for label, column in zip(labels, columns, strict=True):
        shape = np.shape(column["mean"])
        own = len(shape) - len(coordinates)
        names = dims[:own] if dims is not None else tuple(f"axis_{i}" for i in range(own))
        if len(names) < own:
            raise ValueError(f"dims must name {own} axes, got {shown(dims)}")
        places = [place.ravel() for place in np.indices(shape)]
        found: dict[str, Any] = {} if list(labels) == [""] else {"variable": [label] * int(np.prod(shape))}
        for axis, values, place in zip(axes, coordinates.values(), places, strict=False):
            found[axis] = values[place]
        for name, place in zip(names, places[len(axes) :], strict=True):
            axis = f"own_{name}" if name in taken or name in found else name
            found[axis] = place + (name == "generation")
        frames.append(pandas.DataFrame(found | {name: np.ravel(value) for name, value in column.items()}))
    return pandas.concat(frames, ignore_index=True)
