"""What this process may use of its machine: cores and memory."""

import contextlib
import ctypes
import gc
import math
import os
from pathlib import Path
from typing import Any

_LIMIT_OF_A_GROUP = Path("/sys/fs/cgroup/memory.max")


def cores() -> int:
    """How many threads can run at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> float | None:
    """The bytes of the machine's memory; None where that is not known."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def memory_of_device(device: Any) -> float:
    """The bytes that JAX may use of a device, as a power of two that does not exceed it; 2 GiB where that is unknown.

    A power of two, so that what is decided by it does not depend on a few megabytes that something else has taken.
    """
    try:
        known = (device.memory_stats() or {}).get("bytes_limit")
    except Exception:  # of a back end that keeps no such statistics
        known = None
    return 2.0 ** math.floor(math.log2(known)) if known else 2.0**31


def limit_of_this_process() -> float:
    """The bytes that it may ask for; infinite without a limit."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError, ValueError):  # as on Windows
        return float("inf")
    return float("inf") if limit == resource.RLIM_INFINITY else limit


def free_memory() -> float:
    """About how many bytes nobody else needs; infinite where that is not known."""
    free = float("inf")
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
        free = min(free, float(_LIMIT_OF_A_GROUP.read_text(encoding="ascii").replace("max", "inf")))
    except (OSError, ValueError, IndexError, StopIteration):
        pass
    return free


def forget_programs() -> None:
    """Drop all compiled programs, and give the memory back in which nothing lives any more.

    The allocator of glibc keeps what compilation frees, some 400 MB after a few claims, until it is asked for it; other
    systems are left to their own ways.
    """
    import jax

    jax.clear_caches()
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # no glibc
        ctypes.CDLL("libc.so.6").malloc_trim(0)
