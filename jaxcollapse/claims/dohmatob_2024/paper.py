"""Dohmatob, Feng and Kempe 2024: ridge regression on fake data, and the penalty that adapts to it.

Their ``n`` is the number of fake generations (`generators`): least-squares fits ``g = 1, ..., n`` with ``T0`` rows and
noise ``sigma0``, then the downstream ridge fit, our ``g = n + 1``, with ``T`` rows and noise ``sigma``. The
parameters are those of their figures 1 and 2: ``d = 300``, ``T0 = 600``.
"""

from jaxcollapse.claims.dohmatob_2024 import adaptive, digits, figures, laws
from jaxcollapse.claims.dohmatob_2024.protocol import REFERENCE as REFERENCE

TOUR = "dohmatob-minimum-norm-fixed"
CLAIMS = figures.CLAIMS + laws.CLAIMS + digits.CLAIMS + adaptive.CLAIMS
