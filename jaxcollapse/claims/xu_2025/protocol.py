"""The paper, and the sizes of its figure 3."""

from functools import partial

from jaxcollapse.theory.papers import XU_2025 as REFERENCE
from jaxcollapse.verification.claim import Claim

claim = partial(Claim, reference=REFERENCE)

SAMPLES, HORIZONS, REPLICATIONS = 100, (100, 200, 300, 400, 500), 10_000
