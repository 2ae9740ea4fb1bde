"""Many replications: tiles of them, over threads, devices, processes and a grid, as one estimate."""

from jaxcollapse.replication.estimate import Estimate as Estimate
from jaxcollapse.replication.grid import Grid as Grid
