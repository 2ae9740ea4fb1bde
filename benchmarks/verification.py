"""What deciding the claims takes: the tour, and all of them, with an empty compilation cache and a filled one."""

import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from first_result import without_cache

TOUR, ALL = ("--tour",), ()
_INTERVAL = 0.2  # seconds between two looks at the memory


def measure(repetitions: int, limit: float, say: Callable[[str], None], *, everything: bool) -> list[dict]:
    """Each way once, the tour so many times; seconds of the clock and of all processors, and memory at its highest."""
    runs = []
    for name, options, times in (("the tour", TOUR, repetitions), ("all claims", ALL, int(everything))):
        for _ in range(times):
            with tempfile.TemporaryDirectory() as folder:
                for cache in ("empty", "filled"):
                    say(f"{name}, {cache} cache")
                    runs.append({"name": f"{name}, {cache} compilation cache", **_run(options, Path(folder), limit)})
    return runs


def _run(options: tuple[str, ...], folder: Path, limit: float) -> dict[str, float | int]:
    environment = without_cache() | {"JAX_COMPILATION_CACHE_DIR": str(folder / "cache")}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "jaxcollapse", "verify", *options, "--out", str(folder / "report")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        highest, first = [0], [float("nan")]
        threading.Thread(target=_watch, args=(process, highest), daemon=True).start()
        timer = threading.Timer(limit, process.kill)
        timer.start()
        assert process.stdout is not None
        for line in process.stdout:
            if first[0] != first[0] and any(word in line for word in (b"holds", b"fails", b"undecided")):
                first[0] = time.perf_counter() - began
        status = process.wait()
        timer.cancel()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": time.perf_counter() - began, "processor_seconds": cpu, "first_verdict_seconds": first[0],
        "bytes": highest[0], "status": status,
    }  # fmt: skip


def _watch(process: subprocess.Popen, highest: list[int]) -> None:
    """The memory of a process and its children together, as long as it runs; only where the system tells."""
    while process.poll() is None:
        highest[0] = max(highest[0], sum(_resident(pid) for pid in (process.pid, *_children(process.pid))))
        time.sleep(_INTERVAL)


def _children(pid: int) -> Iterator[int]:
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in map(int, tasks.read_text().split()):
                yield child
                yield from _children(child)
        except OSError:
            pass  # it has ended


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0
