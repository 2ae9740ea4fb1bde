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
from worker import Absent, Answer, Peer, Request, Worker

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
    summary: Summary
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

    def ask(self, entry: Entry, seed: int, count: int) -> Answer | Absent:
        """A run of one entry."""
        if entry.peer not in self._workers:
            self._workers[entry.peer] = Worker(entry.peer, self._limit)
        return self._workers[entry.peer].ask(Request(entry.task, entry.replications, seed, count))


Results: TypeAlias = Sequence[Timing | Absent]


def measure(
    entries: Sequence[Entry], workers: Workers, settings: Settings, say: Callable[[str], None]
) -> list[Timing | Absent]:
    """The timing of every entry, or why there is none."""
    results: dict[Entry, Timing | Absent] = {}
    references: dict[str, Timing] = {}
    typical: dict[Entry, float] = {}
    for entry in entries:
        say(f"{entry.point}: {entry.peer.name}")
        warm = _warm_up(entry, workers, settings)
        if isinstance(warm, Absent):
            results[entry] = warm
            continue
        results[entry], typical[entry] = warm
        reference = references.setdefault(entry.point, warm[0])
        warm[0].difference = difference = _difference(warm[0].summary, reference.summary)
        if not difference < _SIX:
            reason = f"differs from {reference.entry.peer.name} by {difference:.1f} standard errors"
            results[entry] = Absent(reason, wrong=True)
    racing = [timing for timing in results.values() if isinstance(timing, Timing)]
    expected = sum(max(typical[timing.entry], settings.seconds / 2) for timing in racing)
    rounds = max(3, min(settings.repetitions, int(settings.patience / max(expected, 1e-9))))
    for repetition in range(rounds):
        say(f"round {repetition + 1} of {rounds}")
        turn = repetition % max(1, len(racing))
        for timing in racing[turn:] + racing[:turn]:
            outcome = _timed(timing, workers, settings.seconds, seed=1000 * (repetition + 1))
            if isinstance(outcome, Absent):
                results[timing.entry] = outcome
            else:
                timing.seconds.append(outcome)
        racing = [timing for timing in racing if results[timing.entry] is timing]
    return [results[entry] for entry in entries]


def _warm_up(entry: Entry, workers: Workers, settings: Settings) -> tuple[Timing, float] | Absent:
    """A timing without times yet, and about what a run takes."""
    seeds = itertools.count(1)
    first, again = (workers.ask(entry, next(seeds), 1) for _ in range(2))
    if isinstance(first, Absent) or isinstance(again, Absent):
        return first if isinstance(first, Absent) else again
    summary, last = first.summary.merge(again.summary), again
    # A step takes at most as many times as long as it has times more replications.
    enough = settings.patience / _STEP if entry.peer.whole else settings.seconds / 2
    while last.seconds < enough and last.count < entry.replications:
        step = _STEP if entry.peer.whole else min(_STEP, settings.seconds / max(last.seconds, 1e-6))
        last = workers.ask(entry, next(seeds), min(entry.replications, int(step * last.count) + 1))
        if isinstance(last, Absent):
            return last
        summary = summary.merge(last.summary)
    return Timing(entry, last.count, first.seconds - again.seconds, summary), last.seconds


def _timed(timing: Timing, workers: Workers, seconds: float, seed: int) -> float | Absent:
    """The mean over as many runs as take half of the time of a measurement."""
    total, runs = 0.0, 0
    while runs == 0 or total < seconds / 2:
        answer = workers.ask(timing.entry, seed + runs, timing.timed_on)
        if isinstance(answer, Absent):
            return answer
        total, runs = total + answer.seconds, runs + 1
    return total / runs * timing.entry.replications / timing.timed_on


def _difference(ours: Summary, reference: Summary) -> float:
    """The largest difference of two means, in standard errors.

    Few replications say little about their own variance: the larger of the two counts.
    """
    if ours is reference:
        return 0.0
    variance = np.maximum(ours.variance, reference.variance)
    stderr = np.sqrt(variance / ours.count + reference.variance / reference.count)
    return float(np.max(np.abs(ours.mean - reference.mean) / stderr))
