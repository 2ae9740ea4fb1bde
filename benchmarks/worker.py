"""A process of its own for every peer: thread pools, compiled programs and accidents of one do not touch another.

A worker computes when it is asked to, and times itself; those that are not asked sleep.
"""

import dataclasses
import functools
import importlib
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import NamedTuple

from peers.summary import Simulator, Summary
from tasks import Task


@dataclasses.dataclass(frozen=True)
class Peer:
    """Somebody who answers: a module of `peers`, in single or double precision."""

    name: str
    module: str
    precision: str = "float64"
    needs: str | None = None
    """The package without which this peer is skipped."""
    whole: bool = False
    """Whether to time all replications if at all possible: of one that works in tiles, a part takes as long as all."""
    cores: int | None = None
    """How many cores its process may use; all by default."""


class Request(NamedTuple):
    """`count` of the `replications` of a task."""

    task: Task
    replications: int
    seed: int
    count: int


class Answer(NamedTuple):
    """What came back, and how long it took."""

    count: int
    """Replications, at least as many as asked for: peers that work in batches complete the last one."""
    seconds: float
    summary: Summary


class NoAnswer(Exception):
    """The reason why a peer did not answer: not installed, too slow, dead."""


class _Failed(NamedTuple):
    traceback: str


class _Missing(NamedTuple):
    package: str


class Worker:
    """The process of one peer: started when first asked, and again after it was ended for taking too long."""

    def __init__(self, peer: Peer, limit: float):
        """Takes the peer and the seconds after which it counts as hanging."""
        self._peer, self._limit = peer, limit
        self._process = self._connection = None

    def ask(self, request: Request) -> Answer:
        """Have it computed; raises `NoAnswer`."""
        if self._process is None:
            self._start()
        try:
            self._connection.send(request)
            if not self._connection.poll(self._limit):
                self.close()
                raise NoAnswer(f"no answer within {self._limit:g} s")
            reply = self._connection.recv()
        except (EOFError, ConnectionError):
            self.close()
            raise NoAnswer("its process died") from None
        if isinstance(reply, _Missing):
            raise NoAnswer(f"{reply.package} is not installed")
        if isinstance(reply, _Failed):
            raise RuntimeError(f"{self._peer.name} failed\n{reply.traceback}")
        return reply

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(self._peer, other), daemon=True)
        self._process.start()
        other.close()


def simulators(peer: Peer) -> Callable[[Task, int], Simulator]:
    """How a peer makes its simulators, in this process; raises `ModuleNotFoundError` if its package is not there."""
    os.environ["JAX_ENABLE_X64"] = str(int(peer.precision == "float64"))
    module = importlib.import_module(f"peers.{peer.module}")
    return functools.cache(lambda task, replications: module.simulator(task, peer.precision, replications))


def _serve(peer: Peer, connection: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    if peer.cores is not None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: peer.cores])
    try:
        make = _missing_or_simulators(peer)
        while True:
            request = connection.recv()
            connection.send(make if isinstance(make, _Missing) else _answer(make, request))
    except EOFError:  # the parent is gone
        return
    except Exception:
        connection.send(_Failed(traceback.format_exc()))


def _missing_or_simulators(peer: Peer) -> Callable[[Task, int], Simulator] | _Missing:
    try:
        return simulators(peer)
    except ModuleNotFoundError as error:
        if peer.needs is None or error.name != peer.needs:
            raise
        return _Missing(peer.needs)


def _answer(make: Callable[[Task, int], Simulator], request: Request) -> Answer:
    simulator = make(request.task, request.replications)
    count = -(-request.count // simulator.batch) * simulator.batch
    began = time.perf_counter()
    summary = simulator.run(request.seed, count)
    return Answer(count, time.perf_counter() - began, summary)
