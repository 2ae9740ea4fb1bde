"""The saved state of a run: its identity, an atomic write, and a way back after any interruption.

A folder holds one run: ``state.npz`` (the moments of whole tiles and the run's identity, readable with NumPy alone) and
``lock``. Every write goes to a temporary file that takes the place of the old one when it is safely on disk, so that
the folder holds a valid state at every moment.
"""

import contextlib
import io
import json
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from jaxcollapse.replication.moments import Moments

_SECONDS_BETWEEN_SAVES = 1.0


class Checkpoint:
    """A folder with the state of one run. As a context it keeps other runs out."""

    def __init__(self, folder: str | os.PathLike, identity: dict[str, str]):
        self.folder = Path(folder)
        self._identity = identity
        self._saved_at = 0.0
        self._saved_count = 0
        self._lock = filelock.FileLock(self.folder / "lock", timeout=0)

    @property
    def _file(self) -> Path:
        return self.folder / "state.npz"

    def __enter__(self) -> "Checkpoint":
        """Creates the folder and locks it; the system frees the lock of a process that died."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except filelock.Timeout:
            raise RuntimeError(
                f"another run is using the folder {str(self.folder)!r}: wait for it, or save to another folder"
            ) from None
        except OSError as error:
            raise _explained(error, f"cannot save to the folder {str(self.folder)!r}") from error
        self._saved_at = time.monotonic()
        return self

    def __exit__(self, *_: Any) -> None:
        """Lets other runs in."""
        self._lock.release()

    def load(self) -> Moments | None:
        """The saved moments, None without any.

        A file that cannot be read is set aside with a warning.

        **Raises** `ValueError` if they belong to another run.
        """
        if not self._file.exists():
            return None
        try:
            with np.load(self._file, allow_pickle=False) as file:
                identity = json.loads(str(file["identity"]))
                moments = Moments(int(file["count"]), *(file[name] for name in _FIELDS))
        except OSError as error:
            raise _explained(error, f"cannot read {str(self._file)!r}") from error
        except Exception as error:  # whatever NumPy, zip and JSON make of a damaged file
            self._set_aside(error)
            return None
        differing = [name for name, value in self._identity.items() if identity.get(name) != value]
        if differing:
            raise ValueError(
                f"the folder {str(self.folder)!r} holds another run, which differs in {' and '.join(differing)}: "
                f"repeat that run exactly, or save to another folder"
            )
        self._saved_count = moments.count
        return moments

    def save(self, moments: Moments, *, now: bool) -> None:
        """Writes the state, if there is news and, unless `now`, the last write is a second ago."""
        if moments.count == self._saved_count:
            return
        if not now and time.monotonic() - self._saved_at < _SECONDS_BETWEEN_SAVES:
            return
        content = io.BytesIO()
        arrays = {name: getattr(moments, name) for name in ("count", *_FIELDS)}
        np.savez(content, identity=np.array(json.dumps(self._identity)), **arrays)
        temporary = self._file.with_suffix(".npz.tmp")
        try:
            with open(temporary, "wb") as file:
                file.write(content.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._file)
            _sync_folder(self.folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            kept = f"the state of {self._saved_count:,} replications is still there"
            raise _explained(error, f"cannot save to the folder {str(self.folder)!r} ({kept})") from error
        self._saved_at, self._saved_count = time.monotonic(), moments.count

    def _set_aside(self, error: Exception) -> None:
        number = 1
        while (aside := self._file.with_name(f"{self._file.name}.corrupt-{number}")).exists():
            number += 1
        os.replace(self._file, aside)
        warnings.warn(
            f"{str(self._file)!r} cannot be read ({error}); it is now {aside.name!r}, and the run starts anew",
            stacklevel=2,
        )


class Interrupt:
    """Ctrl-C during a saved run: the first lets the current blocks finish and be saved, the second aborts at once.

    Only in the main thread, the only one that signals reach.
    """

    def __init__(self, *, enabled: bool):
        self._enabled = enabled and threading.current_thread() is threading.main_thread()
        self._asked = False
        self._stop: Callable[[], None] = lambda: None
        self._previous: Any = None

    def __enter__(self) -> "Interrupt":
        """Takes over Ctrl-C."""
        if self._enabled:
            self._previous = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *_: Any) -> None:
        """Gives Ctrl-C back."""
        if self._enabled and self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def stops(self, stop: Callable[[], None]) -> None:
        """Call `stop` at the first Ctrl-C."""
        self._stop = stop
        if self._asked:
            stop()

    def raise_if_asked(self, checkpoint: Checkpoint | None, moments: Moments | None) -> None:
        """Ends the run with how to go on."""
        if self._asked and checkpoint is not None:
            count = 0 if moments is None else moments.count
            raise KeyboardInterrupt(
                f"stopped after {count:,} replications, saved in {str(checkpoint.folder)!r}: "
                f"the same call goes on from there"
            )

    def _interrupted(self, number: int, frame: Any) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        # In a thread of its own: the main thread may hold the lock that it needs.
        threading.Thread(target=self._stop, daemon=True).start()


_FIELDS = ("mean", "second", "third", "fourth", "minimum", "maximum", "nonfinite", "failures")


def _explained(error: OSError, what: str) -> OSError:
    return type(error)(error.errno, f"{what}: {error.strerror or error}")


def _sync_folder(folder: Path) -> None:
    """Makes the new name of a file last; systems that cannot open folders do so by themselves."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
