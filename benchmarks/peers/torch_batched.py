"""PyTorch on CPU, many replications at a time in one tensor, every row drawn."""

import torch

from peers import raw
from peers.summary import Simulator, batch_size, in_batches
from tasks import Chain


def simulator(chain: Chain, precision: str, replications: int) -> Simulator:
    size, dtype = batch_size(chain, replications), getattr(torch, precision)

    def start(seed):
        generator = torch.Generator().manual_seed(seed)
        normal = lambda shape: torch.randn(shape, generator=generator, dtype=dtype)  # noqa: E731
        library = raw.Library(torch, dtype, normal)
        return lambda: raw.simulate(chain, library, (size,)).numpy()

    return in_batches(size, start)
