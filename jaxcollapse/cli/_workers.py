"""Claims of the library decided by several processes, each on a core of its own.

About half of a claim's time is tracing and compilation, which keep one core busy: a second process has other work for
the other core meanwhile. Random numbers depend on the seed and the name of a claim, and tiles are merged in the order
of their index: whichever process decides a claim finds the same bits.

A claim whose process dies is tried once more in a new one, because what ends a process is mostly the machine (no more
memory, somebody's `kill`). When that one dies too, the claim is undecided, says why, and the others go on.
"""

import contextlib
import dataclasses
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing import connection, resource_tracker
from typing import Any, NamedTuple

import jax

from jaxcollapse.machine.resources import cores, forget_programs, free_memory
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.decision import decide, not_decided
from jaxcollapse.verification.verdict import Verdict

_BYTES = 0.6 * 2**30  # that a process takes
_FEWEST = 2  # claims that are worth the start of a process
_TRIES = 2
_PATIENCE = 5.0
_KEPT = (
    "jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes", "jax_logging_level",
)  # fmt: skip
_NUMBERS = "this was computed by a process that has ended: verify the claim in Python to go on with it"


class Settings(NamedTuple):
    """What a verdict depends on besides its claim."""

    seed: int
    precision: str
    level: float
    """Of each claim."""


def sensible(claims: int) -> int:
    """How many processes can work on so many claims at a time, on this machine."""
    if jax.default_backend() != "cpu":
        return 1  # a GPU serves one process
    return max(1, int(min(cores(), claims // _FEWEST, free_memory() / _BYTES)))


def verdicts(
    claims: Sequence[Claim],
    settings: Settings,
    *,
    workers: int,
    on_start: Callable[[Claim, int, int], None],
    on_decided: Callable[[Verdict], None],
) -> Generator[Verdict, None, None]:
    """The verdicts in the order of the claims, each as soon as it and all before it are decided.

    `on_decided` hears of each at once, whatever its place. An error in a claim is raised at its place, after the
    verdicts before it. One worker is this process itself, on all cores. Close the generator: that ends the others.
    """
    if workers == 1:
        yield from _alone(claims, settings, on_start, on_decided)
        return
    crew = _Crew(claims, settings, on_start, on_decided)
    try:
        for _ in range(min(workers, len(claims))):
            crew.hire()
        for index in range(len(claims)):
            while index not in crew.found:
                crew.listen()
            found = crew.found.pop(index)
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        crew.dismiss()


def _alone(claims: Sequence[Claim], settings: Settings, on_start: Callable, on_decided: Callable) -> Iterator[Verdict]:
    key = jax.random.key(settings.seed)
    for index, claim in enumerate(claims):
        on_start(claim, index, len(claims))
        verdict = decide(claim, key, precision=settings.precision, level=settings.level, progress=False)
        forget_programs()  # those of one claim serve no other, and hold tens of megabytes
        on_decided(verdict)
        yield verdict


class _Busy(NamedTuple):
    """A process at work."""

    process: Any
    index: int
    began: float


class _Crew:
    """The processes, what each of them is at, and what they have found."""

    def __init__(self, claims: Sequence[Claim], settings: Settings, on_start: Callable, on_decided: Callable):
        self._claims, self._settings, self._on_start, self._on_decided = claims, settings, on_start, on_decided
        self._left = list(range(len(claims)))
        self._tries = [0] * len(claims)
        self._processes: list[Any] = []
        self._busy: dict[Any, _Busy] = {}
        self._came = False  # whether any process has begun to work
        self.found: dict[int, Verdict | BaseException] = {}

    def hire(self) -> None:
        """Starts a process and gives it the next claim."""
        context = multiprocessing.get_context("spawn")
        options = {name: getattr(jax.config, name) for name in _KEPT if hasattr(jax.config, name)}
        ours, theirs = context.Pipe()
        with _signals_held_back():
            process = context.Process(target=_work, args=(theirs, self._settings, options), daemon=True)
            process.start()
            self._processes.append(process)
        theirs.close()
        self._give(ours, process)

    def listen(self) -> None:
        """Waits until a process has something to say."""
        for pipe in connection.wait(list(self._busy)):
            self._hear(pipe)

    def dismiss(self) -> None:
        """Ends all processes; what they have found until now is not lost."""
        try:
            for pipe in list(self._busy):
                while pipe in self._busy and pipe.poll():
                    self._hear(pipe, last=True)
        finally:
            for process in self._processes:
                process.kill()
            for process in self._processes:
                process.join(_PATIENCE)
            for pipe in self._busy:
                pipe.close()

    def _give(self, pipe: Any, process: Any) -> None:
        index = self._left.pop(0)
        self._tries[index] += 1
        self._busy[pipe] = _Busy(process, index, time.perf_counter())
        self._on_start(self._claims[index], index, len(self._claims))
        with contextlib.suppress(OSError):  # it is dead: that is heard as well
            pipe.send(self._claims[index].name)

    def _hear(self, pipe: Any, last: bool = False) -> None:
        process, index, began = self._busy[pipe]
        try:
            answer = pipe.recv()
        except (EOFError, OSError):
            del self._busy[pipe]
            pipe.close()
            if not last:
                self._died(process, index, time.perf_counter() - began)
            return
        self._came = True
        if answer is None:  # it has begun
            return
        if isinstance(answer, BaseException):
            self.found[index] = answer
            self._left = [other for other in self._left if other < index]
        else:
            self._decided(index, Verdict(claim=self._claims[index], **answer))
        if last:
            return
        if self._left:
            self._give(pipe, process)
        else:
            del self._busy[pipe]
            pipe.close()  # it ends

    def _decided(self, index: int, verdict: Verdict) -> None:
        self.found[index] = verdict
        self._on_decided(verdict)

    def _died(self, process: Any, index: int, seconds: float) -> None:
        process.join(_PATIENCE)
        how = _how_it_ended(process.exitcode)
        if not self._came:
            raise RuntimeError(f"a worker process {how} before it began; --workers 1 needs none")
        if self._tries[index] == _TRIES:
            reason = f"the process that computed it {how}, and so did another one; verify it alone"
            precision, level = self._settings.precision, self._settings.level
            self._decided(index, not_decided(self._claims[index], reason, seconds, precision=precision, level=level))
        else:
            self._left.insert(0, index)
        if self._left:
            self.hire()


def _how_it_ended(status: int | None) -> str:
    if status is None or status >= 0:
        return f"ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was ended by {name}" + (" (no more memory, perhaps)" if name == "SIGKILL" else "")


@contextlib.contextmanager
def _signals_held_back() -> Iterator[None]:
    """For a process that is started meanwhile, for ever: the terminal speaks to this one, which ends the others."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # its start lets go of signals that are held back
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Any, settings: Settings, options: dict[str, Any]) -> None:
    """The life of a process: names of claims come in, verdicts go out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for name, value in options.items():
        jax.config.update(name, value)
    # Two processes may write the same program at the same time; whoever reads half of it compiles it again.
    warnings.filterwarnings("ignore", message="Error reading persistent compilation cache entry")
    key = jax.random.key(settings.seed)
    with contextlib.suppress(EOFError, OSError):  # nobody listens any more
        pipe.send(None)
        while True:
            name = pipe.recv()
            pipe.send_bytes(_answer(name, key, settings))
            forget_programs()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(name: str, key: Any, settings: Settings) -> bytes:
    """In a pickle: the fields of the verdict on a claim of this name, or the error that it ends in."""
    from jaxcollapse import claims as library

    try:
        claim = library.get(name)
        verdict = decide(claim, key, precision=settings.precision, level=settings.level, threads=1, progress=False)
        fields = {field.name: getattr(verdict, field.name) for field in dataclasses.fields(verdict)}
        del fields["claim"]  # which the others have
        if verdict.estimate is not None:
            fields["estimate"] = verdict.estimate.numbers_alone(_NUMBERS)
        return pickle.dumps(fields)
    except BaseException as error:
        return _packed(error)


def _packed(error: BaseException) -> bytes:
    """An error with the place where it was raised, in words; as another one if it cannot travel."""
    error.add_note("".join(traceback.format_exception(error)).rstrip())
    try:
        data = pickle.dumps(error)
        pickle.loads(data)
    except Exception:
        other = RuntimeError(f"{type(error).__name__}: {error}")
        other.__notes__ = error.__notes__
        return pickle.dumps(other)
    return data
