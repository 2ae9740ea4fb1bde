"""What a release of XLA computes wrongly, turned off before anything is computed.

JAX 0.10.2 merges sums with the arithmetic around them into programs of another library, and on CPU some of these give
wrong numbers without a word (github.com/jax-ml/jax/issues/39103).
"""

import os
import sys
import warnings

import jaxlib.version

WRONG_RELEASE = "0.10.2"
OPTION = "--xla_cpu_experimental_ynn_fusion_type"


def turn_off_wrong_sums() -> None:
    """Sets an option of XLA for the release that needs it; warns where a first computation has fixed the options."""
    flags = _flags()
    if jaxlib.version.__version__ != WRONG_RELEASE or OPTION in flags:
        return
    bridge = sys.modules.get("jax._src.xla_bridge")  # before JAX is imported, nothing was computed
    if bridge is not None and bridge.backends_are_initialized():
        warnings.warn(
            f"JAX {WRONG_RELEASE} computes some sums wrongly on CPU. Import jaxcollapse before the first computation, "
            f"set XLA_FLAGS={OPTION}= before you start Python, or install another release of JAX.",
            RuntimeWarning,
            stacklevel=3,
        )
    else:
        os.environ["XLA_FLAGS"] = f"{flags} {OPTION}=".strip()


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
