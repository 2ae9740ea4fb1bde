"""The compiled heart of a run: a block of tiles, at every point of a grid.

A tile is a fixed number of replications, the only shape that is ever vectorised. At each tile the same keys serve every
point of the grid, so that differences between points are those of pairs.
"""

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from jaxcollapse.machine.programs import busy_parts, work
from jaxcollapse.replication import linear_algebra, moments
from jaxcollapse.replication.memory import memory, size
from jaxcollapse.replication.program import Program

_LIVE_BYTES = 2 * 2**20
_POOL_BYTES = 32 * 2**20  # of rows that are kept, of which a step touches few
_RESULT_BYTES = 16 * 2**20
_BLOCK_TILES = 64
_TILE = 1024  # replications at most; of a larger tile, a short run would compute many that nobody asked for
_TILE_ONE_BY_ONE = 64
_WORK = 1.5e9  # numbers that a tile computes on a CPU: some 20 ms, since a short run waits for a whole one
_TILE_BUSY = 128  # networks at a time on a device that can: more are no faster, and a short run wants few
_PART_OF_DEVICE = 8  # of its memory for what the largest operation of a tile holds: others are there at a time


class Layout(NamedTuple):
    """How the points of a grid lie: the sizes of its axes, and which of them are traced."""

    shape: tuple[int, ...] = ()
    traced: tuple[bool, ...] = ()

    @property
    def order(self) -> list[int]:
        """The axes, static ones first: the order in which points are computed."""
        return sorted(range(len(self.shape)), key=lambda axis: self.traced[axis])

    def sizes(self, traced: bool) -> tuple[int, ...]:
        """The sizes of the axes of one kind."""
        return tuple(size for size, kind in zip(self.shape, self.traced, strict=True) if kind == traced)

    def positions(self) -> np.ndarray:
        """The index of every point in the grid, static points along the rows and traced ones along the columns."""
        index = np.arange(int(np.prod(self.shape)), dtype=np.uint32).reshape(self.shape).transpose(self.order)
        return index.reshape(int(np.prod(self.sizes(False))), -1)

    def arrange(self, leaves: Sequence[Array], last: bool) -> Array:
        """One array of (replications, grid, ...) from one of (replications, traced points, ...) per static point.

        With `last`, the replications come last.
        """
        if last:
            stacked, begin = jnp.stack([jnp.moveaxis(leaf, 0, -1) for leaf in leaves]), 0
        else:
            stacked, begin = jnp.stack(leaves, axis=1), 1
        grid = (*self.sizes(False), *self.sizes(True))
        apart = stacked.reshape(*stacked.shape[:begin], *grid, *stacked.shape[begin + 2 :])
        grid_axes = [begin + int(axis) for axis in np.argsort(self.order)]
        return apart.transpose(*range(begin), *grid_axes, *range(begin + len(grid), apart.ndim))


class Block(NamedTuple):
    """A compiled block of tiles.

    ``run(inputs, key, first, tiles, replications)`` gives a stack of the moments of each tile and the values in the
    last of them: an array for each result, with the replications on the axis that `replications_at` says.
    """

    run: Callable[..., tuple[Any, list[Array]]]
    tile: int
    largest: int
    replications_at: list[int]
    one_by_one: bool
    busy_parts: int
    """Of all static points together."""
    compiling: threading.Lock
    compiled: set[Any]


@functools.lru_cache(maxsize=64)
def block_of(
    programs: tuple[Program, ...], layout: Layout, independent: bool, x64: bool, backend: str, memory_of_device: float
) -> Block:
    """The block for one program per static point, all with results of the same shapes.

    Equal arguments give the same block, so that it is compiled once. `x64` and `backend` are what the programs were
    traced for. Where programs are busy (a network is trained), each replication is a tile of its own on a CPU, and on
    another device there are as many in a tile as its memory, in bytes, has room for.
    """
    parts = [busy_parts(program.jaxpr) for program in programs]
    busy = [count > 0 for count in parts]
    # What acts on the world outside does so for the replications that were asked for, and for no others of a tile.
    single = [
        bool(program.jaxpr.effects)
        or (backend == "cpu" and (keeps_busy or linear_algebra.has_linear_algebra(program.jaxpr)))
        for program, keeps_busy in zip(programs, busy, strict=True)
    ]
    points = int(np.prod(layout.shape))
    results: list[Any] = [v.aval for v in programs[0].jaxpr.outvars]
    result_bytes = sum(size(aval) for aval in results)
    held = [memory(program.jaxpr) for program in programs]
    tile = _power_of_two(_RESULT_BYTES // max(1, result_bytes * points), _TILE)
    for program, need, one_by_one, keeps_busy in zip(programs, held, single, busy, strict=True):
        room, live, largest = _LIVE_BYTES, need.size, _TILE
        if backend == "cpu":
            largest = _power_of_two(int(_WORK // max(1, work(program.jaxpr))), _TILE)
        if one_by_one:  # only the results are held for a whole tile
            live, largest = result_bytes, 1 if keeps_busy else _TILE_ONE_BY_ONE
        elif keeps_busy:
            room, largest = int(memory_of_device) // _PART_OF_DEVICE, _TILE_BUSY
        apart = _TILE if one_by_one else _power_of_two(_POOL_BYTES // max(1, need.pool), _TILE)
        tile = min(tile, apart, _power_of_two(room // max(1, live), largest))
    axes = len(layout.shape)
    lanes = [not any(single) and flag for flag in held[0].records]
    moment_bytes = 64 * points * (1 + axes) * sum(int(np.prod(aval.shape)) for aval in results)
    tiles_of_a_block = max(1, min(_BLOCK_TILES, _RESULT_BYTES // max(1, moment_bytes)))

    @functools.partial(jax.jit, inline=True)  # traced once: for the shapes, and in the loop
    def run_tile(inputs, key, t, replications):
        numbers, values = inputs
        index = t * tile + jnp.arange(tile, dtype=jnp.uint32)
        present = index < replications
        # The rest of a tile repeats its last replication: it cannot fail, or run for ever, where none that counts does.
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.minimum(index, replications - 1))
        found = []
        for program, own, position, one_by_one in zip(programs, numbers, layout.positions(), single, strict=True):
            replicate = _replication(program.function(unbatched=one_by_one), own, independent)
            compute = _one_by_one if one_by_one else _vectorised
            found.append(compute(replicate, keys, present, (position, *values), any(layout.traced)))
        results = [layout.arrange(leaves, last) for *leaves, last in zip(*found, lanes, strict=True)]
        gaps = [
            difference(value, axis if last else 1 + axis)
            for axis in range(axes)
            for value, last in zip(results, lanes, strict=True)
        ]
        return moments.of_tile([*results, *gaps], len(results), index, present, (1 + axes) * lanes), results

    def tiles_block(inputs, key, first, tiles, replications):
        stack, last = jax.eval_shape(run_tile, inputs, key, first, replications)
        blank = jax.tree.map(lambda leaf: jnp.zeros((tiles_of_a_block, *leaf.shape), leaf.dtype), stack)
        zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), last)

        def step(t, carry):
            new, results = run_tile(inputs, key, first + jnp.asarray(t, jnp.uint32), replications)
            return jax.tree.map(lambda stack, moment: stack.at[t].set(moment), carry[0], new), results

        return jax.lax.fori_loop(0, tiles, step, (blank, zeros))

    # XLA vectorises for 256 bits unless told otherwise, which takes 1.2 times as long where there are 512.
    compiled = jax.jit(tiles_block, compiler_options={"xla_cpu_prefer_vector_width": 512})
    return Block(
        compiled,
        tile,
        tiles_of_a_block,
        [-1 if last else 0 for last in lanes],
        any(single),
        sum(parts),
        threading.Lock(),
        set(),
    )


def difference(values: Any, axis: int) -> Any:
    """Every later entry of an axis minus the first one."""
    values = values.astype(jnp.result_type(float))
    first, later = (slice(None),) * axis + (slice(1),), (slice(None),) * axis + (slice(1, None),)
    return values[later] - values[first]


def _power_of_two(limit: int, largest: int) -> int:
    return min(largest, 2 ** max(0, limit.bit_length() - 1))


def _replication(run: Callable, numbers: Any, independent: bool) -> Callable[[Any, Any], list[Array]]:
    """One replication at one point, from the replication's key and the point's position and values."""

    def replicate(key, point):
        position, *values = point
        return run(numbers, jax.random.fold_in(key, position) if independent else key, *values)

    return replicate


def _vectorised(replicate: Callable, keys: Any, present: Any, points: Any, several: bool) -> list[Array]:
    """The results of a tile, one array of (replications, points, ...) each: all replications at a time."""
    at = lambda point: jax.vmap(lambda key: replicate(key, point))(keys)  # noqa: E731
    if not several:
        return [leaf[:, None] for leaf in at([values[0] for values in points])]
    return [jnp.moveaxis(leaf, 0, 1) for leaf in jax.lax.map(at, points)]


def _one_by_one(replicate: Callable, keys: Any, present: Any, points: Any, several: bool) -> list[Array]:
    """The results of a tile, one array of (replications, points, ...) each: a single replication at a time."""

    def everywhere(key):
        if not several:
            return [leaf[None] for leaf in replicate(key, [values[0] for values in points])]
        return list(jax.lax.map(lambda point: replicate(key, point), points))

    shapes = jax.eval_shape(everywhere, jax.eval_shape(lambda keys: keys[0], keys))
    blank = [jnp.zeros(leaf.shape, leaf.dtype) for leaf in shapes]
    one = lambda item: jax.lax.cond(item[1], lambda: everywhere(item[0]), lambda: blank)  # noqa: E731
    return list(jax.lax.map(one, (keys, present)))
