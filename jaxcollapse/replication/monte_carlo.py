"""`monte_carlo`: any function of a random key, over many replications and a grid of parameters.

The unit of work is the *tile*: a fixed number of replications, chosen from the function alone, and the only shape that
is ever vectorised. Threads, devices and processes take blocks of tiles; the moments of the tiles are merged in the
order of their index, in float64 on the host. So memory is bounded, every core works, and not one bit of the result
depends on how the work was cut.
"""

import functools
import inspect
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from jaxtyping import Array, Key, PyTree

from jaxcollapse.arguments.check import check_folder, check_integer, check_key, is_key
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import Count
from jaxcollapse.machine.xla import warn_of_wrong_sums
from jaxcollapse.replication.estimate import Estimate
from jaxcollapse.replication.grid import Grid
from jaxcollapse.replication.grown import grown
from jaxcollapse.replication.moments import State
from jaxcollapse.replication.program import check_untraced
from jaxcollapse.replication.run import LARGEST, Run

IGNORES_KEY = "the function does not use its key"


def monte_carlo(
    function: Callable[..., PyTree],
    key: Key[Array, ""],
    replications: Count | None = None,
    *,
    grid: Grid | None = None,
    dims: Sequence[str] | None = None,
    save: str | os.PathLike | None = None,
    independent: bool = False,
    threads: Count | None = None,
    block: Count | None = None,
    progress: bool | None = None,
) -> Estimate:
    """Estimate the mean of ``function(key)`` over independent keys, or that of ``function(key, **point)`` on a grid.

    Replication ``i`` is ``function(jax.random.fold_in(key, i))``, at every point of the grid: points differ by the
    parameters, not by chance. The function is traced once per call (and per static point), so that what it does beyond
    JAX happens then and not in every replication; a function that differs from an earlier one by numbers alone is not
    compiled again. Tiles of replications are vectorised by `jax.vmap`, or, on CPU and if the function contains linear
    algebra, run one after the other in each of several host threads (batched LAPACK calls can deadlock there, and are
    no faster; those inside the function are turned into loops). So do functions that train networks (`Trained`), each
    replication a tile of its own; on another device its memory says how many are a tile.

    **Arguments**

    - `function`: takes a typed key, and the parameters of the grid as keywords; returns an array or a pytree of arrays
      (booleans count as 0 and 1).
    - `key`: a typed key, ``jax.random.key(seed)``.
    - `replications`: how many, at least 1.
    - `grid`: a `Grid`. Its axes come first in the result. All points of a tile are held at a time, and tiles are
      chosen so that this takes a few MiB.
    - `dims`: names for the axes of the function's own result, used by `Estimate.to_xarray`.
    - `save`: a folder. The state is saved there about once a second and at the end, and the same call (the same
      function, key and grid, any number of replications) goes on from it: if the folder holds more replications than
      asked for, they are all in the result. A grid may grow: with more values along its axes, the first ones as before,
      or with another axis whose first value is the function's default, what is missing is computed, and saved inside
      the folder (not with `independent`). The first Ctrl-C stops after the current blocks and saves, a second aborts.
    - `independent`: whether every point of the grid draws its own numbers: ``fold_in(key of the replication, index of
      the point)`` instead of the same key.
    - `threads`: host threads per run on CPU; one per core by default.
    - `block`: tiles that a thread takes at a time; by default as many as take about a quarter of a second.
    - `progress`: whether to show a progress bar; by default in terminals and notebooks, for runs of more than two
      seconds.

    Under `jax.distributed` every process makes the same call, which is checked first; each computes part of the tiles
    and all have the result. The first one saves.

    It runs on the host: within `jax.jit`, `jax.vmap` or `jax.grad` it raises a `TypeError` as soon as anything it
    depends on is traced. A function with effects, such as `jax.debug.print`, has its replications computed one by one.

    **Returns** an `Estimate`. The same function, key, grid and replications give the same bits for every `threads`,
    `block`, interruption, and number of processes and of devices of one kind. Another kind of device rounds
    otherwise: the paths of the models of this library, draws of counts aside, agree to 1e-12 of their largest value in
    double precision and to 1e-5 in single.

    Warns where the function does not use its key: then all replications are the same.

    **Raises** `ValueError` or `TypeError` for wrong arguments, before compilation, and `ValueError` if `save` holds
    another run (`RuntimeError` if one is at work there, `OSError` if the folder cannot be written).

    ```python
    >>> import jax, jaxcollapse as jc
    >>> estimate = jc.monte_carlo(lambda key: jax.random.uniform(key) < 0.25, jax.random.key(0), 10_000)
    >>> bool(abs(estimate.mean - 0.25) < 5 * estimate.stderr)
    True

    ```
    """
    if not callable(function):
        raise TypeError(f"function must be a function of a key, got {shown(function)}: write lambda key: ...")
    if is_key(replications) or (replications is None and not is_key(key)):
        raise TypeError(f"the arguments are monte_carlo(function, key, replications), got key={key!r}")
    check_untraced(key)
    check_key("key", key)
    if grid is not None and not isinstance(grid, Grid):
        raise TypeError(f"grid must be a jaxcollapse Grid such as Grid(samples=[100, 200]), got {shown(grid)}")
    _check_signature(function, () if grid is None else grid.names)
    for name, value in (("threads", threads), ("block", block)):
        if value is not None:
            check_integer(name, value, minimum=1)
    if replications is None:
        raise TypeError("replications must be given: write monte_carlo(function, key, 10_000)")
    check_integer("replications", replications, minimum=1)
    if replications > LARGEST:
        raise ValueError(f"replications must be at most {LARGEST:,}, got {replications:,}")
    check_folder("save", save)
    names = _names(dims, () if grid is None else grid.names)
    warn_of_wrong_sums()
    make = functools.partial(Run, function, key, independent=independent, threads=threads, block=block)
    run = make(grid=grid, save=save)
    _check_dims(names, run)
    if run.ignores_key:
        warnings.warn(
            f"{IGNORES_KEY}: all replications are the same number, with a standard error of zero. Random numbers of "
            f"NumPy, or of a key that is made inside, are drawn once: draw them from the function's argument",
            stacklevel=2,
        )
    if save is not None and not independent:
        run = grown(run, make, function, Path(save))
    return Estimate(run, run.extend(State(), int(replications), progress), names)


def _check_signature(function: Callable, names: tuple[str, ...]) -> None:
    """The function takes a key, and the grid's axes as keywords."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(None, **dict.fromkeys(names))
    except TypeError as error:
        wanted = ", ".join(("key", *(f"{name}=..." for name in names)))
        raise TypeError(f"function must accept ({wanted}), but its arguments are {signature}: {error}") from None


def _names(dims: Sequence[str] | None, taken: tuple[str, ...]) -> tuple[str, ...] | None:
    if dims is None:
        return None
    if isinstance(dims, str) or not all(isinstance(name, str) for name in dims):
        raise TypeError(f"dims must be a sequence of names, got {shown(dims)}")
    names = (*taken, *dims)
    if len(set(names)) != len(names):
        raise ValueError(f"dims must differ from each other and from the grid's axes, got {names}")
    return tuple(dims)


def _check_dims(dims: tuple[str, ...] | None, run: Run) -> None:
    needed = max(len(leaf.shape) for leaf in run.shapes)
    if dims is not None and len(dims) != needed:
        raise ValueError(f"dims must name the {needed} axes of the function's result, got {dims}")
