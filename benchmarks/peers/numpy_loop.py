"""NumPy, one replication at a time, every row drawn."""

import functools

import numpy as np

from peers import raw
from peers.summary import Simulator, in_batches
from tasks import Chain


def simulator(chain: Chain, precision: str, replications: int) -> Simulator:
    def start(seed):
        rng = np.random.default_rng(seed)
        library = raw.Library(np, np.dtype(precision), functools.partial(rng.standard_normal, dtype=precision))
        return lambda: raw.simulate(chain, library, ())[None]

    return in_batches(1, start)
