"""Several processes of `jax.distributed` that compute one run together.

Each takes its own tiles; then every process receives the moments of all of them, as bits, and merges them in the order
of the tiles. So every process has the same result, and that of a single process.
"""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator

import jax
import numpy as np

from jaxcollapse.machine import partners
from jaxcollapse.replication.moments import Moments

_TILES_OF_A_ROUND = 64
_calls = itertools.count()


def agree(call: Callable[[], dict[str, str]]) -> None:
    """All processes make the same call, at nearly the same time: what decides its result is compared first.

    **Raises** `ValueError` in every process for one that makes another call, which names what differs, and
    `RuntimeError` where a process makes none within a minute.
    """
    if jax.process_count() == 1:
        return
    mine = {name: hashlib.sha256(value.encode()).hexdigest() for name, value in call().items()}
    topic = f"call/{next(_calls)}"
    said = partners.said_by_all(json.dumps(mine), topic)
    for process, words in enumerate(said):
        if words is None:
            raise RuntimeError(
                f"process {process} has not made this call within {partners.PATIENCE:.0f} seconds: it has ended, or "
                f"makes fewer calls than this one; a run with save= can go on when all are started again"
            )
        theirs = json.loads(words)
        differing = [name for name in mine if mine[name] != theirs.get(name)]
        if differing:
            partners.part(topic)
            raise ValueError(
                f"all processes must make the same call, but process {process} makes another one than process "
                f"{jax.process_index()}: they differ in {' and '.join(differing)}"
            )


def shared(compute: Callable[[int, int], Iterator[Moments]], first: int, total: int, entries: int) -> Iterator[Moments]:
    """The moments of tiles ``first, ..., total - 1`` in order; ``compute(first, total)`` computes some of them here.

    When one process fails or is interrupted, all of them stop after the same round.
    """
    processes = jax.process_count()
    if processes == 1:
        yield from compute(first, total)
        return
    strip = max(1, min(_TILES_OF_A_ROUND, -(-(total - first) // processes)))
    for start in range(first, total, strip * processes):
        mine = min(start + jax.process_index() * strip, total)
        due = min(mine + strip, total) - mine
        table = np.zeros((strip + 1, Moments.packed_size(entries)))
        row, failure = 0, None
        try:
            for row, moments in enumerate(compute(mine, mine + due), start=1):
                table[row] = moments.pack()
        except Exception as error:  # the others wait for this process: tell them first
            failure = error
        table[0, 0] = row < due or failure is not None
        tables = _gathered(table)
        stopped = np.flatnonzero(tables[:, 0, 0])
        for vector in tables[: stopped[0] + 1 if stopped.size else None, 1:].reshape(-1, table.shape[1]):
            moments = Moments.unpack(vector)
            if moments is not None:
                yield moments
        if failure is not None:
            raise failure
        if jax.process_index() in stopped:
            return
        if stopped.size:
            raise RuntimeError(f"process {stopped[0]} stopped: its own message says why; a run with save= can go on")


def first_of_all(moments: Moments | None, entries: int) -> Moments | None:
    """What the first process has, in every process."""
    if jax.process_count() == 1:
        return moments
    vector = np.zeros(Moments.packed_size(entries)) if moments is None else moments.pack()
    return Moments.unpack(_gathered(vector)[0])


def _gathered(array: np.ndarray) -> np.ndarray:
    """The float64 arrays of all processes, bit by bit, along a new leading axis."""
    from jax.experimental import multihost_utils

    bits = np.ascontiguousarray(array).view(np.uint32)
    try:
        everything = multihost_utils.process_allgather(bits)
    except (RuntimeError, ValueError) as error:  # JAX has been seen to raise either
        raise RuntimeError("another process is gone; a run with save= can go on when all are started again") from error
    return np.ascontiguousarray(np.asarray(everything)).view(np.float64)
