"""Where compiled programs are kept between runs."""

import os
import stat
import sys
from pathlib import Path


def directory() -> Path:
    """The user's own directory, or that of this package."""
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return Path(os.environ["JAX_COMPILATION_CACHE_DIR"])
    import platformdirs

    return Path(platformdirs.user_cache_dir("jaxcollapse", appauthor=False)) / "xla"


def _is_ours(place: Path) -> bool:
    """Whether nobody else can write to a directory."""
    if not hasattr(os, "getuid"):
        return True
    facts = place.stat()
    return facts.st_uid == os.getuid() and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def keep_compilations() -> None:
    """Keep compiled programs between runs, unless the user's own settings say where, or that they do not want it."""
    import jax

    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        place = directory()
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            ours = _is_ours(place)
        except OSError as error:
            print(f"Compiled programs are not kept: cannot make {place} ({error.strerror}).", file=sys.stderr)
            return
        if not ours:  # what others put there would be run
            print(f"Compiled programs are not kept: others can write to {place}.", file=sys.stderr)
            return
        jax.config.update("jax_compilation_cache_dir", str(place))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    if "JAX_LOGGING_LEVEL" not in os.environ:
        # Some releases log two lines of a thousand characters, at the level of errors, for every program they load.
        jax.config.update("jax_logging_level", "CRITICAL")
