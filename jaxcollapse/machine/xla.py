"""Options of XLA, set before anything is computed: what releases compute wrongly is turned off.

Since JAX 0.10.2 sums are merged with the arithmetic around them into programs of another library, and on CPU some of
these give wrong numbers without a word (github.com/jax-ml/jax/issues/39103): 0.10.1 is right, and every release from
0.10.2 to 0.12.0.1 is wrong.
"""

import functools
import importlib.metadata
import os
import re
import sys
import warnings

import jaxlib.version

FIRST_WRONG, LAST_WRONG = "0.10.2", "0.12.0.1"
FIRST_TRIED = "0.6.2"
OPTION = "--xla_cpu_experimental_ynn_fusion_type"
_LIGHT = {
    "--xla_backend_optimization_level": ("1", LAST_WRONG),
    "--xla_cpu_parallel_codegen_split_count": ("1", LAST_WRONG),
    "--xla_cpu_use_fusion_emitters": ("false", "0.10.2"),
}
"""Options with which a program is compiled sooner and runs a little longer, and the last release that is known to
understand each: XLA refuses to start with one that it does not know."""
_CURE = f"set XLA_FLAGS={OPTION}= before you start Python, or install jaxlib 0.10.1"


def is_wrong(release: str) -> bool:
    """Whether a release of jaxlib is one of those that compute some sums wrongly."""
    return _parts(FIRST_WRONG) <= _parts(release) <= _parts(LAST_WRONG)


def turn_off_wrong_sums() -> None:
    """Sets an option of XLA for the releases that need it; warns where a first computation has fixed the options."""
    flags, release = _flags(), jaxlib.version.__version__
    if not is_wrong(release) or OPTION in flags:
        return
    if _has_started():
        warnings.warn(
            f"JAX {release} computes some sums wrongly on CPU. Import jaxcollapse before the first computation, or "
            f"{_CURE}.",
            RuntimeWarning,
            stacklevel=3,
        )
    else:
        os.environ["XLA_FLAGS"] = f"{flags} {OPTION}=".strip()


def compile_lightly() -> None:
    """For programs that run for seconds: three quarters of the time to compile, and a tenth more to run.

    Options that are set already stay as they are. Nothing is done once JAX has started, nor where it may start on
    another device than the CPU.
    """
    flags, release = _flags(), _parts(jaxlib.version.__version__)
    if _has_started() or release < _parts(FIRST_TRIED) or importlib.metadata.entry_points(group="jax_plugins"):
        return
    new = [
        f"{option}={value}"
        for option, (value, last) in _LIGHT.items()
        if option not in flags and release <= _parts(last)
    ]
    os.environ["XLA_FLAGS"] = " ".join([flags, *new]).strip()


@functools.cache
def warn_of_wrong_sums() -> None:
    """Of a release that is newer than those that were tried, a sum is computed once to see whether it is right.

    Such a release may not know the option any more, and XLA refuses to start with one that it does not know.
    """
    release = jaxlib.version.__version__
    if _parts(release) > _parts(LAST_WRONG) and not wrong_sum() < 1e-3:
        warnings.warn(f"JAX {release} computes some sums wrongly on CPU: {_CURE}.", RuntimeWarning, stacklevel=2)


def wrong_sum() -> float:
    """By how much the sums of a compiled program differ from those of its operations one by one, 0 or some units."""
    import jax
    import jax.numpy as jnp

    def merged(a, w):
        return w.sum(1, keepdims=True) * (jnp.log1p(-1.5 * a) - jnp.log1p(-2 * a))

    with jax.ensure_compile_time_eval():
        keys = jax.random.split(jax.random.key(0), 2)
        a, w = 0.2 * jax.random.uniform(keys[0], (250, 100)), jax.random.uniform(keys[1], (250, 100))
        return float(jnp.abs(jax.jit(merged)(a, w) - merged(a, w)).max())


def _has_started() -> bool:
    """Whether JAX has computed anything, so that the options are fixed."""
    bridge = sys.modules.get("jax._src.xla_bridge")  # before JAX is imported, nothing was computed
    return bridge is not None and bridge.backends_are_initialized()


def _parts(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", release)[:4])


def _flags() -> str:
    """The options that are set: XLA takes a line of them, or the name of a file that holds them."""
    flags = os.environ.get("XLA_FLAGS", "").strip()
    if flags and not flags.startswith("-"):
        try:
            with open(flags, encoding="utf-8") as file:
                return " ".join(file.read().split())
        except OSError:
            pass  # XLA says so
    return flags
