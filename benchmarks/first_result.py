"""Time to the first result: a new process that imports a package and computes the first curve of the ridge chain.

Run as a script, this is that process: ``first_result.py MODULE PRECISION`` prints its seconds as JSON.
"""

import time

_BEGAN = time.perf_counter()

import dataclasses  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable  # noqa: E402

REPLICATIONS = 1_000


@dataclasses.dataclass(frozen=True)
class Start:
    """One way to begin."""

    name: str
    module: str
    precision: str
    cache: str | None = None
    """Of compiled programs: empty, or filled by the run before; None for peers that compile nothing."""


STARTS = (
    Start("jaxcollapse, empty compilation cache", "ours", "float32", "empty"),
    Start("jaxcollapse, filled compilation cache", "ours", "float32", "filled"),
    Start("plain JAX, empty compilation cache", "jax_raw", "float32", "empty"),
    Start("plain JAX, filled compilation cache", "jax_raw", "float32", "filled"),
    Start("NumPy in batches", "numpy_batched", "float64"),
)


def without_cache() -> dict[str, str]:
    """The environment without what it says about a compilation cache."""
    said = "COMPILATION_CACHE", "PERSISTENT_CACHE"
    return {name: value for name, value in os.environ.items() if not any(word in name for word in said)}


def measure(repetitions: int, limit: float, say: Callable[[str], None]) -> list[dict]:
    """Every start in turn, so many times: medians and ranges of seconds, and all of them."""
    runs: dict[str, list[dict]] = {start.name: [] for start in STARTS}
    for _ in range(repetitions):
        with tempfile.TemporaryDirectory() as folder:
            for start in STARTS:
                say(start.name)
                runs[start.name].append(_run(start, os.path.join(folder, start.module), limit))
    return [{"name": name, **_spread(seconds), "seconds": seconds} for name, seconds in runs.items()]


def _run(start: Start, cache: str, limit: float) -> dict[str, float]:
    environment = without_cache()
    if start.cache:
        environment |= {
            "JAX_COMPILATION_CACHE_DIR": cache,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
    command = [sys.executable, __file__, start.module, start.precision]
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=limit)
    return json.loads(done.stdout) | {"process": time.perf_counter() - began}


def _spread(runs: list[dict[str, float]]) -> dict[str, tuple[float, float, float]]:
    return {
        f"{kind}_seconds": (statistics.median(values), min(values), max(values))
        for kind in runs[0]
        for values in [[run[kind] for run in runs]]
    }


def _child(module: str, precision: str) -> None:
    from cases import RIDGE
    from worker import Peer, simulators

    simulator = simulators(Peer(module, module, precision))(RIDGE, REPLICATIONS)
    imported = time.perf_counter()
    simulator.run(0, -(-REPLICATIONS // simulator.batch) * simulator.batch)
    done = time.perf_counter()
    print(json.dumps({"import": imported - _BEGAN, "compute": done - imported}))


if __name__ == "__main__":
    _child(*sys.argv[1:])
