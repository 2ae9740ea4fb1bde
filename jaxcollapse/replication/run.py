"""A run: what decides every bit of a Monte Carlo estimate, and the work of computing it.

A `Run` does not change. Its `extend` takes a `State`, the moments of the replications so far, to a later one, and
`values` computes replications again. Both call the same compiled program, so that a replication is the same to the last
bit whenever it is computed.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key
from threadpoolctl import threadpool_limits

from jaxcollapse.arguments.check import check_fits, is_key
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import Count
from jaxcollapse.machine import resources, versions
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.machine.pickles import Lost, packed, unpacked
from jaxcollapse.machine.precision import enable_x64, x64_enabled
from jaxcollapse.machine.tracing import heard_generations
from jaxcollapse.replication import processes, threads, tile
from jaxcollapse.replication.checkpoint import Checkpoint, Interrupt
from jaxcollapse.replication.grid import Axis, Grid, as_labelled, as_points
from jaxcollapse.replication.moments import Moments, State
from jaxcollapse.replication.program import digest, trace
from jaxcollapse.replication.progress import progress_bar

LARGEST = 2**31
"""Replications are counted by 32-bit integers."""


class Run:
    """A function, a key and a grid, ready to be computed."""

    def __init__(
        self,
        function: Callable[..., Any],
        key: Key[Array, ""],
        *,
        grid: Grid | None = None,
        independent: bool = False,
        save: Any = None,
        threads: Count | None = None,
        block: Count | None = None,
    ):
        """Traces the function at every static point of the grid; compiles nothing yet."""
        self.grid, self._key, self._independent = grid, key, independent
        self._function, self._save, self._lost = function, save, ""
        self._threads, self._block_size = (None if n is None else int(n) for n in (threads, block))
        self._x64 = x64_enabled()
        axes = () if grid is None else grid.traced
        values = [] if grid is None else grid.traced_points()
        points = [as_points(axis.name, array) for axis, array in zip(axes, values, strict=True)]
        example = [jax.ShapeDtypeStruct(values.shape[1:], values.dtype) for values in points]
        traces = []
        with heard_generations() as heard:
            for static in [{}] if grid is None else grid.static_points():
                at_point = _at_point(function, static, axes)
                traces.append(trace(at_point, key, *example))
        self.generations = heard.pop() if len(heard) == 1 else None
        self._numbers = [numbers for _, numbers, _ in traces]
        self._points = points
        self.shapes, self.structure = jax.tree.flatten(_common([shape for *_, shape in traces], grid))
        size = sum(leaf.size * leaf.dtype.itemsize for leaf in self.shapes) * math.prod(self._grid_shape)
        check_fits("function: the result of one replication at all points", size, "return less, such as the last entry")
        layout = tile.Layout() if grid is None else tile.Layout(grid.shape, tuple(a.traced for a in grid.axes))
        self._programs = tuple(program for program, *_ in traces)
        self.ignores_key = all(program.ignores_key for program in self._programs)
        backend, room = jax.default_backend(), resources.memory_of_device(jax.local_devices()[0])
        self._block = tile.block_of(self._programs, layout, independent, self._x64, backend, room)
        self.tile = self._block.tile
        traced = math.prod(len(axis.values) for axis in axes)
        self._generations = traced * self._block.busy_parts
        labels = None if grid is None else grid.coordinates
        self._checkpoint = None if save is None else Checkpoint(save, self._identity(), labels)

    @functools.cached_property
    def draws_nothing(self) -> list[tuple[bool, ...]]:
        """For every result, whether it is computed without the key, at each static point."""
        return list(zip(*(program.draws_nothing for program in self._programs), strict=True))

    def __deepcopy__(self, memo: Any) -> "Run":
        """Itself: a run does not change."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """What it is made from; and, should the function be lost on the way, what the numbers mean."""
        if self._lost:
            return self._state
        return {"made from": packed((self._function, self.grid)), **self._facts()}

    def numbers_alone(self, reason: str) -> "Run":
        """What the numbers of an estimate mean, without the function: in a pickle it is small, and traces nothing.

        `reason` is said to whoever asks for more replications.
        """
        if self._lost:
            return self
        bare = object.__new__(Run)
        bare.__setstate__({"made from": reason, **self._facts()})
        return bare

    def _facts(self) -> dict[str, Any]:
        options = {"independent": self._independent, "threads": self._threads, "block": self._block_size}
        key = str(jax.random.key_impl(self._key)), np.asarray(jax.random.key_data(self._key))
        return {
            "key": key,
            "options": {**options, "save": self._save},
            "double": self._x64,
            "identity": self._identity(),
            "face": None if self.grid is None else self.grid.face(),
            "result": jax.tree.unflatten(self.structure, [(leaf.shape, str(leaf.dtype)) for leaf in self.shapes]),
            "tile": self.tile,
            "ignores_key": self.ignores_key,
            "draws_nothing": self.draws_nothing,
            "generations": self.generations,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Traces the function again; where that is not possible, or gives another program, numbers are all there is."""
        given = state["made from"]
        made = Lost(given) if isinstance(given, str) else unpacked(given, "the function of this estimate, or its grid,")
        reason = ""
        if isinstance(made, Lost):
            reason = made.reason
        else:
            function, grid = made
            impl, words = state["key"]
            try:
                with enable_x64(state["double"]):
                    with lenient():
                        key = jax.random.wrap_key_data(jnp.asarray(words), impl=impl)
                    Run.__init__(self, function, key, grid=grid, **state["options"])
                    identity = self._identity()
                differing = [name for name, value in state["identity"].items() if identity.get(name) != value]
                if differing:
                    reason = f"this estimate was made by a run that differs in {' and '.join(differing)}"
            except Exception as error:  # of the function
                reason = f"the function of this estimate does not work here ({type(error).__name__}: {error})"
        if reason:
            is_leaf = lambda node: isinstance(node, tuple) and len(node) == 2 and isinstance(node[1], str)  # noqa: E731
            leaves, self.structure = jax.tree.flatten(state["result"], is_leaf=is_leaf)
            self.shapes = [jax.ShapeDtypeStruct(shape, jnp.dtype(kind)) for shape, kind in leaves]
            self.grid, self._x64, self.tile = state["face"], state["double"], state["tile"]
            self.ignores_key, self.draws_nothing = state["ignores_key"], state["draws_nothing"]
            self.generations = state.get("generations")
            self._lost = f"{reason}: its numbers are all that is left"
            self._state = state

    def _check_whole(self) -> None:
        if self._lost:
            raise RuntimeError(self._lost)

    @property
    def _grid_shape(self) -> tuple[int, ...]:
        return () if self.grid is None else self.grid.shape

    def section(self, axis: int | None) -> list[tuple[slice, tuple[int, ...]]]:
        """Where the leaves lie among all numbers, and their shapes: of the result, or of differences along an axis."""
        start = 0
        for here in (None, *range(len(self._grid_shape))):
            found = []
            for leaf in self.shapes:
                grid_shape = tuple(n - (a == here) for a, n in enumerate(self._grid_shape))
                size = math.prod((*grid_shape, *leaf.shape))
                found.append((slice(start, start + size), (*grid_shape, *leaf.shape)))
                start += size
            if here == axis:
                return found
        raise ValueError(f"no axis {axis}")

    def extend(self, state: State, replications: int, progress: bool | None = None) -> State:
        """The state after `replications` in all; a saved run continues from what its folder holds."""
        self._check_whole()
        processes.agree(lambda: {**self._identity(), "replications": str(replications)})
        with self._opened() as checkpoint:
            saved = State() if checkpoint is None else checkpoint.load()
            saved = State(*(processes.first_of_all(part, self._entries) for part in saved))
            state = max(state, saved, key=lambda known: known.count)
            if state.count >= replications:
                return state
            whole, rest = state.whole, None
            done = 0 if whole is None else whole.count
            first, total = done // self.tile, -(-replications // self.tile)
            queue = functools.partial(threads.Queue, largest=self._block.largest, block=self._block_size)
            with (
                Interrupt(enabled=checkpoint is not None) as interrupt,
                progress_bar(replications, done, progress, self._generations) as bar,
                self._one_thread_each(),
            ):
                compute = functools.partial(self._moments, replications, queue, interrupt)
                try:
                    for place, moments in enumerate(processes.shared(compute, first, total, self._entries)):
                        if place == 0:
                            bar.unpause()  # until now it was compilation, which says nothing of the time that is left
                        bar.update(moments.count)
                        if moments.count < self.tile:
                            rest = moments
                        else:
                            whole = moments if whole is None else whole.merge(moments)
                            if checkpoint is not None:
                                checkpoint.save(State(whole), now=False)
                except (RuntimeError, MemoryError):  # what was computed before, here or elsewhere, is not lost
                    if checkpoint is not None:
                        checkpoint.save(State(whole), now=True)
                    raise
                if checkpoint is not None:
                    checkpoint.save(State(whole, rest), now=True)
                interrupt.raise_if_asked(checkpoint)
            extended = State(whole, rest)
            if extended.count != replications:
                raise RuntimeError(
                    f"{extended.count:,} of {replications:,} replications were computed, for no known reason"
                )
            return extended

    def values(self, count: int, *, first: int = 0, axis: int | None = None) -> Iterator[tuple[int, list[np.ndarray]]]:
        """The results of replications below `count` again, a tile at a time from `first` on, with the tile's index.

        With `axis`, how every later entry of that axis of the grid differs from the first one.
        """
        self._check_whole()
        total = -(-count // self.tile)
        devices = threads.devices_of_workers(self._threads)
        queue = threads.Queue(first, total, len(devices), 1)

        def start(device):
            run = self._on(device)

            def work(tile, tiles):
                present = min(self.tile, count - tile * self.tile)
                _, values = run(tile, tiles, count)
                pairs = zip(jax.device_get(values), self._block.replications_at, strict=True)
                return [np.moveaxis(np.asarray(value), axis, 0)[:present] for value, axis in pairs]

            return work

        given = first
        with self._one_thread_each():
            for tile, values in threads.in_order(start, queue, devices):
                yield tile, values if axis is None else self._differences(values, axis)
                given += 1
        if given != total:
            raise RuntimeError(f"{given:,} of {total:,} tiles were computed again, no one knows why")

    def _differences(self, leaves: list[np.ndarray], axis: int) -> list[np.ndarray]:
        with enable_x64(self._x64):
            return [np.asarray(tile.difference(leaf, 1 + axis)) for leaf in leaves]

    def floats(self, leaf: np.ndarray) -> np.ndarray:
        """Results as the floating-point numbers whose moments are taken, in double precision."""
        return leaf.astype(np.float64 if self._x64 else np.float32).astype(np.float64)

    def _moments(self, replications: int, queue: Any, interrupt: Interrupt, first: int, total: int):
        """The moments of the tiles from `first` on, in the order of their index."""
        devices = threads.devices_of_workers(self._threads)
        queue = queue(first, total, len(devices))
        interrupt.stops(queue.close)

        def start(device):
            run = self._on(device)
            return lambda first, tiles: (tiles, jax.device_get(run(first, tiles, replications)[0]))

        for first, (tiles, stacked) in threads.in_order(start, queue, devices):
            for t in range(tiles):
                moments = Moments.from_device(stacked, t)
                if moments.count != min(self.tile, replications - (first + t) * self.tile):
                    raise RuntimeError(
                        f"the compiled program returned nothing: JAX {jax.__version__} took it from a compilation "
                        f"cache that it cannot read back; run without jax_compilation_cache_dir"
                    )
                yield moments

    def _on(self, device: Any) -> Callable[[int, int, int], Any]:
        """The compiled block with its inputs on one device: a function of first tile, tiles and replications."""
        block = self._block

        def run(first, tiles, replications):
            with lenient(), enable_x64(self._x64), self._fits(device):
                arguments = (inputs, key, np.uint32(first), np.int32(tiles), np.uint32(replications))
                if device in block.compiled:
                    return block.run(*arguments)
                with block.compiling:  # threads that compile the same program would each do all of the work
                    out = jax.block_until_ready(block.run(*arguments))
                    block.compiled.add(device)
                    return out

        with lenient(), enable_x64(self._x64), self._fits(device):
            inputs, key = jax.device_put(((self._numbers, self._points), self._key), device)
        return run

    @contextlib.contextmanager
    def _fits(self, device: Any):
        """Says what to do where the memory of a device is full."""
        try:
            yield
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            raise MemoryError(
                f"a tile of {self.tile} replications does not fit into the memory of {device}: return less from the "
                f"function, or draw sufficient statistics instead of rows (JAX says: {error})"
            ) from error

    @property
    def _entries(self) -> int:
        return sum(
            math.prod(shape) for axis in (None, *range(len(self._grid_shape))) for _, shape in self.section(axis)
        )

    def _identity(self) -> dict[str, str]:
        """What must agree for two runs to be the same, in the words of an error message."""
        import jaxlib

        grid = {} if self.grid is None else {name: labels.tolist() for name, labels in self.grid.coordinates.items()}
        return {
            "jaxcollapse version": versions.__version__,
            "jax version": jax.__version__,
            "jaxlib version": jaxlib.__version__,
            "kind of device": jax.local_devices()[0].device_kind,
            "precision": "double" if self._x64 else "single",
            "key implementation": str(jax.random.key_impl(self._key)),
            "seed": np.asarray(jax.random.key_data(self._key)).tobytes().hex(),
            "grid": f"{grid}{' independent' if self._independent else ''} {digest(self._points)}",
            "result": ", ".join(f"{leaf.dtype}{list(leaf.shape)}" for leaf in self.shapes),
            "tile": str(self.tile),
            "function": digest([np.frombuffer(program.digest.encode(), np.uint8) for program in self._programs]),
            "numbers in the function": digest([number for numbers in self._numbers for number in numbers]),
        }

    @contextlib.contextmanager
    def _opened(self):
        if self._checkpoint is None or jax.process_index() > 0:
            yield None
        else:
            with self._checkpoint as checkpoint:
                yield checkpoint

    def _one_thread_each(self) -> contextlib.AbstractContextManager:
        """Keep LAPACK to the thread that calls it: every core already has one of ours."""
        return threadpool_limits(limits=1, user_api="blas") if self._block.one_by_one else contextlib.nullcontext()


@contextlib.contextmanager
def _sizes_explained(axes: tuple[Axis, ...]) -> Iterator[None]:
    """Says of a number that must be known before compilation that labels make it known."""
    try:
        yield
    except TypeError as error:
        asked = isinstance(error, jax.errors.ConcretizationTypeError | jax.errors.TracerIntegerConversionError)
        text = str(error).splitlines()[0]
        if not axes or not (asked or "concrete value" in text or "known before compilation" in text):
            raise
        guilty = [axis for axis in axes if text.startswith(f"{axis.name} ")]
        guilty = guilty or [axis for axis in axes if axis.values.dtype.kind in "iu"] or list(axes)
        names, written = " and ".join(axis.name for axis in guilty), " and ".join(map(as_labelled, guilty))
        raise TypeError(
            f"{text.rstrip('.')}. On a grid a list of numbers is traced, and must not be a size or stand in an if: "
            f"for {names} write {written}, which is compiled for each value"
        ) from error


def _at_point(function: Callable, static: dict[str, Any], axes: tuple[Axis, ...]) -> Callable:
    def at_point(key, *values):
        named = dict(zip((axis.name for axis in axes), values, strict=True))
        with _sizes_explained(axes):
            result = function(key, **static, **named)
        for leaf in jax.tree.leaves(result):
            if not isinstance(leaf, jax.Array | np.ndarray | np.number | np.bool_ | int | float | complex):
                raise TypeError(f"function must return numbers, arrays or a pytree of them, got {shown(leaf)}")
            if is_key(leaf):
                raise TypeError("function must return numbers, got a random key: return what is drawn from it")
            if jnp.issubdtype(jnp.result_type(leaf), jnp.complexfloating):
                raise TypeError(
                    "function must return real numbers, got complex ones: return a dictionary of their parts, "
                    '{"real": x.real, "imag": x.imag}'
                )
        return result

    return at_point


def _common(shapes: list[Any], grid: Grid | None) -> Any:
    """The shape of the result, which all static points of a grid share."""
    if not jax.tree.leaves(shapes[0]):
        raise TypeError("function must return at least one array, got None or an empty structure")
    described = [jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), shape) for shape in shapes]
    for other, shape in zip(described, shapes, strict=True):
        if other != described[0]:
            labels = [axis.name for axis in grid.static] if grid is not None else []
            raise ValueError(
                f"function must return arrays of the same shape and type for all values of {labels}, "
                f"got {shapes[0]} and {shape}"
            )
    return shapes[0]
