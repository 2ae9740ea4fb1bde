"""NumPy, many replications at a time in one array, every row drawn."""

import functools

import numpy as np

from peers import raw
from peers.summary import Simulator, batch_size, in_batches
from tasks import Chain


def simulator(chain: Chain, precision: str, replications: int) -> Simulator:
    size = batch_size(chain, replications)

    def start(seed):
        rng = np.random.default_rng(seed)
        library = raw.Library(np, np.dtype(precision), functools.partial(rng.standard_normal, dtype=precision))
        return lambda: raw.simulate(chain, library, (size,))

    return in_batches(size, start)
