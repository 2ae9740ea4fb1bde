"""Xu, He and Cheng 2025: recursive estimation as a random walk.

Their iteration ``t`` is our generation ``g = t``: the first fit is to real data. Figure 3 of the paper: a Gaussian
with unknown mean and variance, ``n = 100``, ``T = 100, ..., 500``, 10,000 replications, unbiased variance.
"""

from jaxcollapse.claims.xu_2025 import figure_3, improvement, schedules, tables
from jaxcollapse.claims.xu_2025.protocol import REFERENCE as REFERENCE

TOUR = "xu-figure-3-probability"
CLAIMS = figure_3.CLAIMS + improvement.CLAIMS + schedules.CLAIMS + tables.CLAIMS
