"""Threads and processes that take blocks of tiles, and give them back in the order of their index."""

import atexit
import heapq
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import jax

from jaxcollapse.machine.resources import cores

T = TypeVar("T")

_BLOCK_SECONDS = 0.25
_AHEAD = 4
_PATIENCE = 5.0
_MOST_THREADS = 4096


def devices_of_workers(threads: int | None) -> list[Any]:
    """The device of each worker thread: one thread per core on CPU, one per device elsewhere."""
    devices = jax.local_devices()
    if devices[0].platform != "cpu":
        return devices
    if threads is not None and threads > _MOST_THREADS:
        raise ValueError(f"threads must be at most {_MOST_THREADS:,}, got {threads:,}")
    count = threads or cores()
    return [devices[i % len(devices)] for i in range(count)]


def in_order(
    start: Callable[[Any], Callable[[int, int], T]],
    queue: "Queue",
    devices: list[Any],
) -> Iterator[tuple[int, T]]:
    """The results of blocks of tiles with the index of their first tile, in order, by one thread per device.

    ``start(device)`` is called once in each thread and gives ``work(first, tiles)``. When the queue is closed early,
    what comes is the results up to the first block that nobody took. An error in a thread is raised here, whenever it
    came: also that of a thread that took no block.
    """
    done: list[tuple[int, int, T]] = []
    errors: list[BaseException] = []
    ready = threading.Condition()

    def loop(device: Any) -> None:
        try:
            work = start(device)
            while (taken := queue.take()) is not None:
                first, tiles = taken
                began = time.perf_counter()
                result = work(first, tiles)
                queue.took(tiles, time.perf_counter() - began)
                with ready:
                    heapq.heappush(done, (first, tiles, result))
                    ready.notify()
        except BaseException as error:  # raised again in the thread that waits
            with ready:
                errors.append(error)
                ready.notify()
            queue.close()

    # Daemons, so that nobody has to wait for the block that is being computed.
    threads = [threading.Thread(target=loop, args=(device,), daemon=True) for device in devices[: queue.left]]
    for thread in threads:
        thread.start()
    wanted = queue.first
    try:
        while wanted < queue.end:
            with ready:
                while not (done and done[0][0] == wanted) and not errors and wanted < queue.end:
                    ready.wait(0.1)
                if errors:
                    raise errors[0]
                if wanted >= queue.end:
                    break
                first, tiles, result = heapq.heappop(done)
            queue.consumed()
            yield first, result
            wanted += tiles
    except KeyboardInterrupt:  # now, not after the blocks that are being computed; but no thread outlives Python
        for thread in threads:
            atexit.register(thread.join, _PATIENCE)
        threads = []
        raise
    finally:
        queue.close()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


class Queue:
    """Hands out blocks of tiles: small ones first, then as many tiles as take a fixed time.

    Not more than a few blocks per worker are under way, so that results do not pile up behind a slow one.
    """

    def __init__(self, first: int, total: int, workers: int, largest: int, block: int | None = None):
        self.first = first
        self._next, self._total, self._workers = first, max(first, total), workers
        self._fixed, self._largest = block is not None, largest
        self._block = min(block, largest) if block is not None else 1
        self._lock = threading.Lock()
        self._room = threading.Semaphore(_AHEAD * workers)

    @property
    def left(self) -> int:
        """How many tiles nobody has taken yet."""
        return self._total - self._next

    @property
    def end(self) -> int:
        """The tile after the last one that is to be computed."""
        return self._total

    def take(self) -> tuple[int, int] | None:
        """The index of the first tile of a block, and the number of its tiles; None when nothing is left."""
        self._room.acquire()
        with self._lock:
            if self.left <= 0:
                self._room.release()  # for the next one who waits
                return None
            fair = self._block if self._fixed else max(1, self.left // (2 * self._workers))
            first, tiles = self._next, min(self._block, fair, self.left)
            self._next += tiles
            return first, tiles

    def took(self, tiles: int, seconds: float) -> None:
        """Learn how long a block took."""
        if not self._fixed:
            with self._lock:
                wanted = int(_BLOCK_SECONDS * tiles / max(seconds, 1e-9))
                self._block = max(1, min(self._largest, wanted, 4 * self._block))

    def consumed(self) -> None:
        """A block has been used and forgotten."""
        self._room.release()

    def close(self) -> None:
        """Hand out nothing more; blocks that were taken are still to be computed."""
        with self._lock:
            self._total = self._next
        self._room.release()
