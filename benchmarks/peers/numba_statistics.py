"""Numba: compiled loops over a Gaussian's mean and chi-square, one replication per turn of a parallel loop."""

import math

import numpy as np
from numba import get_num_threads, njit, prange

from peers.summary import Simulator, Summary
from tasks import Gaussian


def simulator(chain: Gaussian, precision: str, replications: int) -> Simulator:
    def run(seed, count):
        return Summary.of(_gaussian(1_000_003 * seed, count, chain.samples, chain.generations))

    return Simulator(get_num_threads(), run)


@njit(parallel=True)
def _gaussian(seed, replications, samples, generations):
    paths = np.empty((replications, generations, 2))
    for r in prange(replications):
        np.random.seed((seed + r) % 2**32)
        mean, log_variance = 0.0, 0.0
        for g in range(generations):
            mean += math.exp(0.5 * log_variance) * np.random.standard_normal() / math.sqrt(samples)
            log_variance += math.log(np.random.chisquare(samples - 1) / (samples - 1))
            paths[r, g, 0], paths[r, g, 1] = mean, log_variance
    return paths
