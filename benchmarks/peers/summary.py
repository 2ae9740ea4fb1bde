"""What a peer hands back: the mean and variance over replications, computed a batch at a time."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tasks import Chain, Covariance, Gaussian, Regression

_BYTES = 16 * 2**20


class Summary(NamedTuple):
    """Moments of one replication's result, over `count` of them."""

    count: int
    mean: np.ndarray
    variance: np.ndarray
    """Divisor ``count - 1``; zero for a single replication."""

    @staticmethod
    def of(values: np.ndarray) -> "Summary":
        """Of an array whose first axis counts replications."""
        count = len(values)
        variance = values.var(axis=0, ddof=1) if count > 1 else np.zeros(values.shape[1:])
        return Summary(count, values.mean(axis=0, dtype=float), variance)

    def merge(self, other: "Summary") -> "Summary":
        """Of both sets of replications."""
        count = self.count + other.count
        gap = other.mean - self.mean
        second = (self.count - 1) * self.variance + (other.count - 1) * other.variance
        second = second + gap**2 * (self.count * other.count / count)
        return Summary(count, self.mean + gap * (other.count / count), second / (count - 1))


class Simulator(NamedTuple):
    """A peer's answer to one task."""

    batch: int
    """Replications come in multiples of this."""
    run: Callable[[int, int], Summary]
    """From a seed and a number of replications."""


def in_batches(batch: int, start: Callable[[int], Callable[[], np.ndarray]]) -> Simulator:
    """``start(seed)`` gives a function that computes the next `batch` replications each time it is called."""

    def run(seed, replications):
        compute = start(seed)
        total = Summary.of(compute())
        for _ in range(replications // batch - 1):
            total = total.merge(Summary.of(compute()))
        return total

    return Simulator(batch, run)


def batch_size(chain: Chain, replications: int) -> int:
    """A power of two of replications whose raw rows take about 16 MiB, at most 1,024 and no more than are wanted."""
    match chain:
        case Regression():
            rows = chain.dim * max(fit.samples for fit in (chain.fit, chain.downstream) if fit)
        case Gaussian():
            rows = chain.samples
        case Covariance():
            rows = chain.dim * chain.samples
    fitting = min(_BYTES // (8 * rows), 1024, replications)
    return 2 ** max(0, fitting.bit_length() - 1)
