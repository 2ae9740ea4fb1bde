"""The paper, and the sizes of its figure 3."""

from functools import partial

from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.reference import Reference

REFERENCE = Reference(
    key="xu2025",
    authors="Shirong Xu, Hengzhi He and Guang Cheng",
    title="A Probabilistic Perspective on Model Collapse",
    year=2025,
    arxiv="2505.13947",
)
claim = partial(Claim, reference=REFERENCE)

SAMPLES, HORIZONS, REPLICATIONS = 100, (100, 200, 300, 400, 500), 10_000
