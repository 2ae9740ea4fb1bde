"""Times of several contestants, paired and interleaved.

Everybody is warmed up first, on more and more replications until a run takes long enough; what that gives must agree
with the reference. Then come rounds in which each contestant is timed once, a different one first every time, so that
a slow moment of the machine meets all of them.
"""

import dataclasses
import itertools
import statistics
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from peers.summary import Summary
from tasks import Task
from worker import Answer, NoAnswer, Peer, Request, Worker

_STEP = 8
_SIX = 6.0


@dataclasses.dataclass(frozen=True)
class Settings:
    """How much time is spent."""

    seconds: float
    """About how long one measurement takes, at least one replication."""
    repetitions: int
    limit: float
    """Seconds after which a contestant counts as hanging."""

    @property
    def patience(self) -> float:
        """Where a round takes longer than this, there are fewer of them, but three."""
        return 60 * self.seconds


@dataclasses.dataclass(frozen=True)
class Entry:
    """One contestant at one task. Entries with the same `point` must agree; the first of them is the reference."""

    point: str
    peer: Peer
    task: Task
    replications: int


@dataclasses.dataclass
class Timing:
    """What was measured of one entry."""

    entry: Entry
    timed_on: int
    """The replications of one run; times are scaled to those of the entry."""
    first_call_adds: float
    """Seconds that the first run took longer than the second: tracing, compilation, loading."""
    typical: float
    """Seconds of one run before the rounds began."""
    summary: Summary
    """Of all that was computed."""
    difference: float = 0.0
    """From the reference, in standard errors, where it is largest."""
    seconds: list[float] = dataclasses.field(default_factory=list)
    """For all replications of the entry, one number per round."""

    @property
    def median(self) -> float:
        """The median over rounds."""
        return statistics.median(self.seconds)

    def ratio(self, reference: "Timing") -> tuple[float, float, float]:
        """Time over the reference's time in the same round: median, smallest, largest."""
        ratios = sorted(a / b for a, b in zip(self.seconds, reference.seconds, strict=True))
        return statistics.median(ratios), ratios[0], ratios[-1]


@dataclasses.dataclass(frozen=True)
class Absent:
    """An entry without times."""

    entry: Entry
    reason: str
    wrong: bool = False
    """Whether there was an answer, and that is the reason."""


Results: TypeAlias = Sequence[Timing | Absent]


class Workers:
    """The processes of all peers, each started when it is needed."""

    def __init__(self, limit: float):
        """Takes the seconds after which a peer counts as hanging."""
        self._limit = limit
        self._workers: dict[Peer, Worker] = {}

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.close()

    def ask(self, entry: Entry, seed: int, count: int) -> Answer:
        """A run of one entry; raises `NoAnswer`."""
        if entry.peer not in self._workers:
            self._workers[entry.peer] = Worker(entry.peer, self._limit)
        return self._workers[entry.peer].ask(Request(entry.task, entry.replications, seed, count))


def measure(entries: Sequence[Entry], workers: Workers, settings: Settings, say: Callable[[str], None]) -> Results:
    """The timing of every entry, or why there is none."""
    results: dict[Entry, Timing | Absent] = {}
    for entry in entries:
        say(f"{entry.point}: {entry.peer.name}")
        try:
            results[entry] = _warm_up(entry, workers, settings)
        except NoAnswer as reason:
            results[entry] = Absent(entry, str(reason))
    _check(results)
    expected = sum(max(timing.typical, settings.seconds / 2) for timing in _racing(results))
    rounds = max(3, min(settings.repetitions, int(settings.patience / max(expected, 1e-9))))
    for repetition in range(rounds):
        say(f"round {repetition + 1} of {rounds}")
        racing = _racing(results)
        turn = repetition % max(1, len(racing))
        for timing in racing[turn:] + racing[:turn]:
            try:
                _time(timing, workers, settings.seconds, seed=1000 * (repetition + 1))
            except NoAnswer as reason:
                results[timing.entry] = Absent(timing.entry, str(reason))
    _check(results)
    return [results[entry] for entry in entries]


def _racing(results: dict[Entry, Timing | Absent]) -> list[Timing]:
    return [timing for timing in results.values() if isinstance(timing, Timing)]


def _warm_up(entry: Entry, workers: Workers, settings: Settings) -> Timing:
    seeds = itertools.count(1)
    first, last = (workers.ask(entry, next(seeds), 1) for _ in range(2))
    adds, summary = first.seconds - last.seconds, first.summary.merge(last.summary)
    # A run takes at most as many times as long as the one before as it has times more replications.
    enough = settings.limit / _STEP if entry.peer.whole else settings.seconds / 2
    while last.seconds < enough and last.count < entry.replications:
        step = _STEP if entry.peer.whole else min(_STEP, settings.seconds / max(last.seconds, 1e-6))
        last = workers.ask(entry, next(seeds), min(entry.replications, int(step * last.count) + 1))
        summary = summary.merge(last.summary)
    return Timing(entry, last.count, adds, last.seconds, summary)


def _time(timing: Timing, workers: Workers, seconds: float, seed: int) -> None:
    """Add the mean over as many runs as take half of the time of a measurement."""
    total, runs = 0.0, 0
    while runs == 0 or total < seconds / 2:
        answer = workers.ask(timing.entry, seed + runs, timing.timed_on)
        timing.summary = timing.summary.merge(answer.summary)
        total, runs = total + answer.seconds, runs + 1
    timing.seconds.append(total / runs * timing.entry.replications / timing.timed_on)


def _check(results: dict[Entry, Timing | Absent]) -> None:
    """Put out whoever differs from the reference of its point by six standard errors."""
    references: dict[str, Timing] = {}
    for timing in _racing(results):
        reference = references.setdefault(timing.entry.point, timing)
        timing.difference = _difference(timing.summary, reference.summary)
        if not timing.difference < _SIX:
            reason = f"differs from {reference.entry.peer.name} by {timing.difference:.1f} standard errors"
            results[timing.entry] = Absent(timing.entry, reason, wrong=True)


def _difference(other: Summary, reference: Summary) -> float:
    """The largest difference of two means, in standard errors.

    Few replications say little about their own variance: the larger of the two counts.
    """
    if other is reference:
        return 0.0
    variance = np.maximum(other.variance, reference.variance)
    stderr = np.sqrt(variance / other.count + reference.variance / reference.count)
    return float(np.max(np.abs(other.mean - reference.mean) / stderr))
