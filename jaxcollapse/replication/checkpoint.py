"""The saved state of a run: its identity, an atomic write, and a way back after any interruption.

A folder holds one run: ``state.npz`` and ``lock``. The state is readable with NumPy alone: the moments of whole tiles
(``count``, ``mean``, ``scale``, ...), those of the last tile if it was cut (``rest_count``, ...), the run's identity,
and a digest of all that. Every write goes to a new temporary file that takes the place of the old one when it is safely
on disk, so that the folder holds a valid state at every moment.
"""

import contextlib
import hashlib
import io
import json
import os
import secrets
import signal
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from jaxcollapse.replication.moments import Moments, State

_SECONDS_BETWEEN_SAVES = 1.0
_TEMPORARY = ".tmp"
_FILE = "state.npz"


class Checkpoint:
    """A folder with the state of one run. As a context it keeps other runs out."""

    def __init__(self, folder: str | os.PathLike, identity: dict[str, str], axes: dict[str, np.ndarray] | None = None):
        self.folder = Path(folder)
        self._identity, self._axes = identity, axes
        self._saved_at = 0.0
        self.saved = 0  # replications
        self._lock = filelock.FileLock(self.folder / "lock", timeout=0)

    @property
    def _file(self) -> Path:
        return self.folder / _FILE

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
        for left in self.folder.glob(f"{self._file.name}.*{_TEMPORARY}"):  # by a run that was killed
            with contextlib.suppress(OSError):
                left.unlink()
        return self

    def __exit__(self, *_: Any) -> None:
        """Lets other runs in."""
        self._lock.release()

    def load(self) -> State:
        """The saved state, an empty one without any.

        A file that cannot be read, or does not hold what was written, is set aside with a warning.

        **Raises** `ValueError` if it belongs to another run.
        """
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return State()
        except OSError as error:
            raise _explained(error, f"cannot read {str(self._file)!r}") from error
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            if str(arrays.pop("digest")) != _digest(arrays):
                raise ValueError("its content is not what was written")
            identity = json.loads(str(arrays["identity"]))
            state = State(_moments(arrays, ""), _moments(arrays, "rest_"))
        except Exception as error:  # whatever NumPy, zip and JSON make of a damaged file
            self._set_aside(error)
            return State()
        differing = [name for name, value in self._identity.items() if identity.get(name) != value]
        if differing:
            raise ValueError(
                f"the folder {str(self.folder)!r} holds another run, which differs in {' and '.join(differing)}: "
                f"repeat that run exactly, or save to another folder"
            )
        self.saved = state.count
        return state

    def save(self, state: State, *, now: bool) -> None:
        """Writes the state, if there is news and, unless `now`, the last write is a second ago."""
        if state.count <= self.saved:
            return
        if not now and time.monotonic() - self._saved_at < _SECONDS_BETWEEN_SAVES:
            return
        arrays: dict[str, Any] = {"identity": np.array(json.dumps(self._identity))}
        if self._axes is not None:
            labels = {name: labels.tolist() for name, labels in self._axes.items()}
            arrays["axes"] = np.array(json.dumps(labels, default=str))
        for prefix, part in zip(("", "rest_"), state, strict=True):
            arrays[f"{prefix}count"] = np.array(0 if part is None else part.count)
            if part is not None:
                arrays.update({f"{prefix}{name}": np.asarray(getattr(part, name)) for name in _FIELDS})
        content = io.BytesIO()
        np.savez(content, digest=np.array(_digest(arrays)), **arrays)
        # A new file, never one that is there: that might be a link to another.
        temporary = self._file.with_name(f"{self._file.name}.{secrets.token_hex(8)}{_TEMPORARY}")
        try:
            with open(temporary, "xb") as file:
                file.write(content.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            kept = f"the state of {self.saved:,} replications is still there"
            raise _explained(error, f"cannot save to the folder {str(self.folder)!r} ({kept})") from error
        self._saved_at, self.saved = time.monotonic(), state.count
        with contextlib.suppress(OSError):  # not every file system can; the state is there, if the power stays
            _sync_folder(self.folder)

    def _set_aside(self, error: Exception) -> None:
        number = 1
        while (aside := self._file.with_name(f"{self._file.name}.corrupt-{number}")).exists():
            number += 1
        os.replace(self._file, aside)
        warnings.warn(
            f"{str(self._file)!r} cannot be read ({error}); it is now {aside.name!r}, and the run starts anew",
            stacklevel=2,
        )


def axes_saved_in(folder: Path) -> dict[str, list] | None:
    """What the values along the axes of a saved grid are called; None if the folder has no grid that can be read."""
    try:
        with np.load(folder / _FILE, allow_pickle=False) as file:
            return json.loads(str(file["axes"]))
    except Exception:  # whatever NumPy, zip and JSON make of a damaged file
        return None


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
        """Takes over Ctrl-C, unless it is ignored: a shell has it so for what it runs in the background."""
        if self._enabled and signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, None):
            self._previous = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *_: Any) -> None:
        """Gives Ctrl-C back."""
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def stops(self, stop: Callable[[], None]) -> None:
        """Call `stop` at the first Ctrl-C."""
        self._stop = stop
        if self._asked:
            stop()

    def raise_if_asked(self, checkpoint: Checkpoint | None) -> None:
        """Ends the run with how to go on."""
        if self._asked and checkpoint is not None:
            raise KeyboardInterrupt(
                f"stopped after {checkpoint.saved:,} replications, saved in {str(checkpoint.folder)!r}: "
                f"the same call goes on from there"
            )

    def _interrupted(self, number: int, frame: Any) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        # In a thread of its own: the main thread may hold the lock that it needs.
        threading.Thread(target=self._stop, daemon=True).start()


_FIELDS = ("mean", "scale", "second", "third", "fourth", "minimum", "maximum", "nonfinite", "failures")


def _moments(arrays: dict[str, np.ndarray], prefix: str) -> Moments | None:
    count = int(arrays[f"{prefix}count"])
    return Moments(count, *(arrays[f"{prefix}{name}"] for name in _FIELDS)) if count else None


def _digest(arrays: dict[str, np.ndarray]) -> str:
    """A fingerprint of names, types, shapes and every bit."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {arrays[name].shape} ".encode())
        total.update(array.tobytes())
    return total.hexdigest()


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
