"""`monte_carlo`: any function of a random key, over many replications.

The unit of work is the *tile*: a fixed number of replications, chosen from the function alone, and the only shape that
is ever vectorised. Threads and devices take blocks of tiles; the moments of the tiles are merged in the order of their
index, in float64 on the host. So memory is bounded, every core works, and not one bit of the result depends on how the
work was cut.
"""

import contextlib
import functools
import heapq
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core
from jaxtyping import Array, Key, PyTree
from threadpoolctl import threadpool_limits

from jaxcollapse import _program
from jaxcollapse._check import check_integer, check_key
from jaxcollapse.estimate import Estimate, Moments

_TILE_BYTES = 8 * 2**20
_BLOCK_SECONDS = 0.25
_BLOCK_TILES = 64


def monte_carlo(
    function: Callable[[Key[Array, ""]], PyTree],
    key: Key[Array, ""],
    replications: int,
    *,
    threads: int | None = None,
    block: int | None = None,
    progress: bool | None = None,
) -> Estimate:
    """Estimate the mean of ``function(key)`` over independent keys.

    Replication ``i`` is ``function(jax.random.fold_in(key, i))``. The function is traced once; tiles of replications
    are vectorised by `jax.vmap`, or, on CPU and if the function contains linear algebra, run one after the other in
    each of several host threads (batched LAPACK calls can deadlock there, and are no faster; those inside the
    function are turned into loops).

    **Arguments**

    - `function`: takes a typed key, returns an array or a pytree of arrays (booleans count as 0 and 1).
    - `key`: a typed key, ``jax.random.key(seed)``.
    - `replications`: how many, at least 1.
    - `threads`: host threads per run on CPU; one per core by default.
    - `block`: tiles that a thread takes at a time; by default as many as take about a quarter of a second.
    - `progress`: whether to show a progress bar; by default in terminals and notebooks, for runs of more than two
      seconds.

    **Returns** an `Estimate`. The same function, key and replications give the same bits for every `threads`, `block`
    and number of devices of one kind.

    **Raises** `ValueError` or `TypeError` for wrong arguments, before compilation.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> estimate = jc.monte_carlo(lambda key: jax.random.uniform(key) < 0.25, jax.random.key(0), 10_000)
    >>> bool(abs(estimate.mean - 0.25) < 5 * estimate.stderr)
    True

    ```
    """
    run = Run(function, key, threads=threads, block=block)
    check_integer("replications", replications, minimum=1)
    return run.extend(replications, progress=progress)


class Run:
    """A Monte Carlo run that can go on: `extend` adds the next replications to those that it has.

    Takes the arguments of `monte_carlo`, which is one `extend` of a new run.
    """

    def __init__(
        self,
        function: Callable[[Key[Array, ""]], PyTree],
        key: Key[Array, ""],
        *,
        threads: int | None = None,
        block: int | None = None,
    ):
        """Traces the function; compiles nothing yet."""
        if not callable(function):
            raise TypeError(f"function must be a function of a key, got {function!r}")
        check_key("key", key)
        for name, value in (("threads", threads), ("block", block)):
            if value is not None:
                check_integer(name, value, minimum=1)
        self._key, self._block = key, block
        self._program = _compiled(function, key)
        self._devices = _workers(threads)
        self._moments: tuple[Moments, ...] | None = None

    @property
    def tile(self) -> int:
        """The number of replications in a tile."""
        return self._program.tile

    @property
    def count(self) -> int:
        """The number of replications so far."""
        return 0 if self._moments is None else self._moments[0].count

    def extend(self, replications: int, progress: bool | None = False) -> Estimate:
        """The estimate from `replications` in all. Only a run of whole tiles can be extended further."""
        if self.count % self.tile:
            raise ValueError(f"this run ended in the middle of a tile of {self.tile} replications and cannot go on")
        first = self.count // self.tile
        with _bar(replications, self.count, progress) as bar, _one_thread_each(self._program):
            for tile in _tiles(self._program, self._key, first, replications, self._devices, self._block):
                merged = zip(self._moments or tile, tile, strict=True)
                self._moments = tile if self._moments is None else tuple(a.merge(b) for a, b in merged)
                bar.update(tile[0].count)
        assert self._moments is not None
        return Estimate(self._moments, self._program.structure)


class _Program(NamedTuple):
    """A function made ready: a compiled block of tiles, and what is known about it."""

    run: Callable[..., list[Moments]]
    tile: int
    structure: Any
    one_by_one: bool


def _compiled(function: Callable, key: Key[Array, ""]) -> _Program:
    x64 = _x64_enabled()
    implementation = str(jax.random.key_impl(key))
    try:
        return _program_of(function, implementation, x64)
    except TypeError as error:
        if "unhashable" not in str(error):
            raise
        return _program_of.__wrapped__(function, implementation, x64)


@functools.lru_cache(maxsize=128)
def _program_of(function: Callable, implementation: str, x64: bool) -> _Program:
    example = jax.eval_shape(lambda: jax.random.key(0, impl=implementation))
    jaxpr, shape = jax.make_jaxpr(function, return_shape=True)(example)
    leaves, structure = jax.tree.flatten(shape)
    if not leaves:
        raise TypeError("function must return at least one array, got None or an empty structure")
    jaxpr = _program.needed(jaxpr)
    one_by_one = jax.default_backend() == "cpu" and _program.has_linear_algebra(jaxpr.jaxpr)
    if one_by_one:  # only the results are held for a whole tile
        tile = _tile(sum(_program.size(v.aval) for v in jaxpr.jaxpr.outvars), largest=64)
    else:
        tile = _tile(_program.live_bytes(jaxpr.jaxpr), largest=4096)
    replicate = _program.unbatched(jaxpr) if one_by_one else core.jaxpr_as_fun(jaxpr)

    def block(key, first, tiles, replications):
        def run_tile(t):
            index = (first + t) * tile + jnp.arange(tile, dtype=jnp.uint32)
            keys = jax.vmap(jax.random.fold_in, (None, 0))(key, index)
            present = index < replications
            if one_by_one:
                blank = [jnp.zeros(leaf.shape, leaf.dtype) for leaf in leaves]
                values = jax.lax.map(
                    lambda item: jax.lax.cond(item[1], lambda: list(replicate(item[0])), lambda: blank), (keys, present)
                )
            else:
                values = jax.vmap(replicate)(keys)
            return [_moments(value, present) for value in values]

        buffer = jax.tree.map(
            lambda leaf: jnp.zeros((_BLOCK_TILES, *leaf.shape), leaf.dtype), jax.eval_shape(run_tile, jnp.uint32(0))
        )
        write = lambda t, out: jax.tree.map(lambda o, m: o.at[t].set(m), out, run_tile(t.astype(jnp.uint32)))  # noqa: E731
        return jax.lax.fori_loop(0, tiles, write, buffer)

    return _Program(jax.jit(block), tile, structure, one_by_one)


def _tile(size: int, largest: int) -> int:
    """The number of replications in a tile: a power of two, from the bytes that one of them keeps alive."""
    return min(largest, 2 ** max(0, (_TILE_BYTES // max(size, 1)).bit_length() - 1))


def _moments(values: Array, present: Array) -> Moments:
    """The moments of the replications of a tile that are present, along the leading axis."""
    x = values.astype(jnp.result_type(float))
    mask = present.reshape(-1, *(1,) * (x.ndim - 1))
    count = present.sum()
    mean = jnp.where(mask, x, 0.0).sum(axis=0) / count
    gap = jnp.where(mask, x - mean, 0.0)
    square = gap**2
    return Moments(
        count=count,  # type: ignore[arg-type]
        mean=mean,  # type: ignore[arg-type]
        second=square.sum(axis=0),  # type: ignore[arg-type]
        third=(square * gap).sum(axis=0),  # type: ignore[arg-type]
        fourth=(square**2).sum(axis=0),  # type: ignore[arg-type]
        minimum=jnp.where(mask, x, jnp.inf).min(axis=0),  # type: ignore[arg-type]
        maximum=jnp.where(mask, x, -jnp.inf).max(axis=0),  # type: ignore[arg-type]
        nonfinite=(mask & ~jnp.isfinite(x)).sum(axis=0),  # type: ignore[arg-type]
    )


def _workers(threads: int | None) -> list[Any]:
    """The device of each worker thread."""
    devices = jax.local_devices()
    if devices[0].platform != "cpu":
        return devices
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = threads or cores
    return [devices[i % len(devices)] for i in range(max(count, 1))]


def _tiles(
    program: _Program, key: Key[Array, ""], first: int, replications: int, devices: list[Any], block: int | None
) -> Iterator[tuple[Moments, ...]]:
    """The moments of the tiles from `first` on, in the order of their index, by one thread per entry of `devices`."""
    total = -(-replications // program.tile)
    x64 = _x64_enabled()
    queue = _Queue(first, total, len(devices), block)
    done: list[tuple[int, list[tuple[Moments, ...]]]] = []
    ready = threading.Condition()

    def work(device: Any) -> None:
        with enable_x64(x64):
            local = jax.device_put(key, device)
            while (taken := queue.take()) is not None:
                first, tiles = taken
                began = time.perf_counter()
                stacked = jax.device_get(program.run(local, jnp.uint32(first), tiles, jnp.uint32(replications)))
                queue.took(tiles, time.perf_counter() - began)
                with ready:
                    heapq.heappush(done, (first, [_unstack(stacked, t) for t in range(tiles)]))
                    ready.notify()

    with ThreadPoolExecutor(len(devices)) as pool:
        futures = [pool.submit(work, device) for device in devices[: total - first]]
        try:
            yielded = first
            while yielded < total:
                with ready:
                    while not (done and done[0][0] == yielded):
                        for future in futures:
                            if future.done() and future.exception() is not None:
                                future.result()
                        ready.wait(0.1)
                    _, tiles = heapq.heappop(done)
                yield from tiles
                yielded += len(tiles)
        finally:
            queue.close()


class _Queue:
    """Hands out blocks of tiles: small ones first, then as many tiles as take a fixed time."""

    def __init__(self, first: int, total: int, workers: int, block: int | None):
        self._lock = threading.Lock()
        self._next, self._total, self._workers = first, total, workers
        self._fixed = block is not None
        self._block = min(block, _BLOCK_TILES) if block is not None else 1

    def take(self) -> tuple[int, int] | None:
        """The index of the first tile of a block, and the number of its tiles; None when nothing is left."""
        with self._lock:
            left = self._total - self._next
            if left <= 0:
                return None
            fair = self._block if self._fixed else max(1, left // (2 * self._workers))
            first, tiles = self._next, min(self._block, fair, left)
            self._next += tiles
            return first, tiles

    def took(self, tiles: int, seconds: float) -> None:
        """Learn how long a block took."""
        if not self._fixed:
            with self._lock:
                wanted = int(_BLOCK_SECONDS * tiles / max(seconds, 1e-9))
                self._block = max(1, min(_BLOCK_TILES, wanted, 4 * self._block))

    def close(self) -> None:
        """Hand out nothing more."""
        with self._lock:
            self._total = 0


def _unstack(stacked: list[Moments], t: int) -> tuple[Moments, ...]:
    return tuple(
        Moments(int(m.count[t]), *(np.asarray(getattr(m, name)[t], np.float64) for name in _FIELDS))  # type: ignore[index]
        for m in stacked
    )


_FIELDS = ("mean", "second", "third", "fourth", "minimum", "maximum", "nonfinite")
jax.tree_util.register_dataclass(Moments, ("count", *_FIELDS), ())


def _x64_enabled() -> bool:
    return jnp.result_type(float) == jnp.float64


def enable_x64(enabled: bool) -> contextlib.AbstractContextManager:
    """Double precision on or off in this thread, for a while."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(enabled)
    from jax.experimental import enable_x64 as context  # pyright: ignore[reportAttributeAccessIssue]

    return context(enabled)


def _one_thread_each(program: _Program) -> contextlib.AbstractContextManager:
    """Keep LAPACK to the thread that calls it: every core already has one of ours."""
    return threadpool_limits(limits=1, user_api="blas") if program.one_by_one else contextlib.nullcontext()


@contextlib.contextmanager
def _bar(replications: int, done: int, progress: bool | None):
    """A progress bar that appears after two seconds."""
    interactive = "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
    if progress is False or (progress is None and not interactive):
        yield _NoBar()
        return
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm warns when a notebook lacks widgets, and falls back to text
        from tqdm.auto import tqdm

        delay = 0.0 if progress else 2.0
        bar = tqdm(total=replications, initial=done, delay=delay, unit=" replications", unit_scale=True, leave=False)
    with bar:
        yield bar


class _NoBar:
    def update(self, n: int) -> None:
        """Nothing to show."""
