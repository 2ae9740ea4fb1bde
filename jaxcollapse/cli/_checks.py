"""The checks of `jaxcollapse doctor`: each looks at one thing and says what to do about it."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from typing import Literal, NamedTuple

from jaxcollapse.cli import _cache
from jaxcollapse.machine import resources
from jaxcollapse.machine.xla import OPTION, is_wrong, wrong_sum

_NEEDED = ("jax", "jaxlib", "numpy", "equinox", "optax", "scipy", "matplotlib")
_OPTIONAL = ("xarray", "pandas")
_BROKEN_JAX = ("0.7.0", "0.7.1")
_FEW_CORES = 4
_PATIENCE = 60
_BITS = (2040308410, 309011329)
_SOLVES = """
import jax, jax.numpy as jnp, jaxcollapse as jc

def three(key):
    a = jax.random.normal(key, (3, 40, 40)) + 10 * jnp.eye(40)
    b = jnp.ones((3, 40))
    x = [jnp.linalg.solve(a[i], b[i]) for i in range(3)]
    return jnp.max(jnp.abs(jnp.stack([a[i] @ x[i] - b[i] for i in range(3)])))

print(float(jc.monte_carlo(three, jax.random.key(0), 256, progress=False).maximum))
"""
"""Independent solves in a function that is run many times: batched, they deadlock on few cores."""


class Finding(NamedTuple):
    """What a check found: ``"ok"``, a ``"note"`` worth knowing, or something ``"wrong"``, and its cure."""

    name: str
    status: Literal["ok", "note", "wrong"]
    detail: str
    cure: str = ""


def packages() -> list[Finding]:
    """The versions of what is installed."""
    found = [Finding("python", "ok", f"{platform.python_version()} at {sys.executable}")]
    for name in ("jaxcollapse", *_NEEDED, *_OPTIONAL):
        version = _version(name)
        if version:
            found.append(Finding(name, "ok", version))
        elif name in _OPTIONAL:
            found.append(Finding(name, "ok", "not installed (optional)"))
        elif name != "jaxcollapse":
            found.append(Finding(name, "wrong", "not installed", f"pip install {name}"))
    return found


def releases() -> list[Finding]:
    """Releases of JAX that compute wrongly or do not work."""
    found = []
    if _version("jax") in _BROKEN_JAX or _version("jaxlib") in _BROKEN_JAX:
        cure = 'pip install "jax>=0.7.2"'
        found.append(Finding("jax release", "wrong", "equinox does not work with JAX 0.7.0 and 0.7.1", cure))
    if is_wrong(release := _version("jaxlib")):
        if OPTION in os.environ.get("XLA_FLAGS", ""):
            detail = f"jaxlib {release} computes some sums wrongly on CPU: turned off by this package"
            found.append(Finding("sums", "ok", detail))
        else:
            detail = f"jaxlib {release} computes some sums wrongly on CPU"
            found.append(Finding("sums", "wrong", detail, "import jaxcollapse before the first computation"))
    return found


def sums() -> list[Finding]:
    """A sum that some releases compute wrongly."""
    error = wrong_sum()
    if error < 1e-3:
        return [Finding("a sum", "ok", f"a compiled sum differs by {error:.1g} from the same step by step")]
    return [Finding("a sum", "wrong", f"a compiled sum is off by {error:.1g}", "install another release of jaxlib")]


def devices() -> list[Finding]:
    """What JAX computes on, and a GPU that it does not see."""
    import jax

    try:
        found = jax.devices()
    except RuntimeError as error:
        cure = f"JAX_PLATFORMS is {os.environ.get('JAX_PLATFORMS', 'not set')}; JAX_PLATFORMS=cpu works everywhere"
        return [Finding("devices", "wrong", str(error).splitlines()[0], cure)]
    kinds = ", ".join(f"{len(found)} × {kind}" for kind in dict.fromkeys(d.device_kind for d in found))
    findings = [Finding("devices", "ok", f"{found[0].platform}: {kinds}")]
    gpu = _gpu()
    if gpu and found[0].platform == "cpu":
        asked = os.environ.get("JAX_PLATFORMS", "")
        cure = "unset JAX_PLATFORMS to use it" if asked else 'pip install "jax[cuda12]" to use it'
        findings.append(Finding("gpu", "note", f"nvidia-smi shows {gpu}, but JAX does not use it", cure))
    return findings


def cores() -> list[Finding]:
    """Cores, and the size of the thread pool of XLA."""
    count = resources.cores()
    pool = os.environ.get("NPROC", "")
    detail = f"{count}; thread pool: {pool + ' (NPROC)' if pool else 'one thread per core'}"
    if count >= _FEW_CORES or (pool.isdigit() and int(pool) >= _FEW_CORES):
        return [Finding("cores", "ok", detail)]
    more = (
        "; a program of your own with two batched solves in one jit can hang here (monte_carlo takes care of its own)"
    )
    return [Finding("cores", "note", detail + more, f"NPROC={_FEW_CORES} in the environment avoids it")]


def cache() -> list[Finding]:
    """Where compiled programs are kept, and how large that has become."""
    if os.environ.get("JAX_ENABLE_COMPILATION_CACHE", "").lower() in ("0", "false"):
        return [Finding("cache", "ok", "off (JAX_ENABLE_COMPILATION_CACHE): every run compiles again")]
    place = _cache.directory()
    nearest = next(p for p in (place, *place.absolute().parents) if p.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        cure = "JAX_COMPILATION_CACHE_DIR=DIR names another directory"
        return [Finding("cache", "wrong", f"{place} cannot be written: every run compiles again", cure)]
    size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) if place.exists() else 0
    return [Finding("cache", "ok", f"{place}, {size / 2**20:,.0f} MiB (may be deleted)")]


def precision() -> list[Finding]:
    """Whether numbers are double by default."""
    from jaxcollapse.machine.precision import x64_enabled

    if x64_enabled():
        return [Finding("float64", "ok", "on")]
    return [Finding("float64", "ok", "off by default; verify and simulate use it (JAX_ENABLE_X64=1 for your own code)")]


def key_bits() -> list[Finding]:
    """The bits of a known key: every seed means what it means elsewhere."""
    import jax

    key = jax.random.fold_in(jax.random.key(0, impl="threefry2x32"), 7)
    bits = tuple(int(word) for word in jax.random.bits(key, (2,), "uint32"))
    if bits == _BITS:
        return [Finding("random bits", "ok", "those of a known key")]
    cure = "unset JAX_THREEFRY_PARTITIONABLE, and install another release of JAX"
    return [Finding("random bits", "wrong", f"{bits} instead of {_BITS}: seeds give other numbers here", cure)]


def least_squares() -> list[Finding]:
    """A simulation against its closed form, in double precision."""
    import jax
    import numpy as np

    import jaxcollapse as jc
    from jaxcollapse.machine.precision import enable_x64

    with enable_x64(True):
        model = jc.LinearRegression(spectrum=jc.theory.Spectrum.isotropic(10), noise=1.0)
        run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=40, generations=5).risk  # noqa: E731
        estimate = jc.monte_carlo(run, jax.random.key(0), 20_000, progress=False)
        theory = np.asarray(jc.theory.regression.ols_replace(dim=10, samples=40, noise=1.0, generations=5))
    off = float(np.max(np.abs(estimate.mean - theory) / estimate.stderr))
    detail = f"simulation and closed form differ by {off:.1f} standard errors at most, in {estimate.mean.dtype}"
    if off < 5:
        return [Finding("least squares", "ok", detail)]
    return [Finding("least squares", "wrong", detail, "install another release of jaxlib, and tell us which was wrong")]


def solves() -> list[Finding]:
    """Linear algebra in many replications, in a process of its own that may hang."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", _SOLVES]
    try:
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        detail = f"256 replications of three solves did not end within {_PATIENCE} s"
        return [Finding("solves", "wrong", detail, f"NPROC={_FEW_CORES} in the environment")]
    if result.returncode:
        last = (result.stderr.strip().splitlines() or [f"status {result.returncode}"])[-1]
        return [Finding("solves", "wrong", f"the process ended with: {last}")]
    error = float(result.stdout)
    if not error < 1e-4:
        cure = "install another release of jaxlib"
        return [Finding("solves", "wrong", f"256 replications of three solves: residual {error:.1g}", cure)]
    return [Finding("solves", "ok", f"256 replications of three solves end, residual {error:.1g}")]


ALL = (packages, releases, devices, cores, cache, precision, key_bits, sums, least_squares, solves)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _gpu() -> str:
    """The first GPU that the driver shows, or nothing."""
    if shutil.which("nvidia-smi") is None:
        return ""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip().splitlines()[0] if result.returncode == 0 and result.stdout.strip() else ""
