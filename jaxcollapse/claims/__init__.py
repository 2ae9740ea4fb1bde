"""The theorems of the literature as claims, one paper per file."""

from jaxcollapse._check import did_you_mean
from jaxcollapse.claim import Claim, Reference
from jaxcollapse.claims import (
    alemohammad_2023,
    amin_2025,
    barzilai_2025,
    bertrand_2023,
    dey_2024,
    dobriban_2018,
    dohmatob_2024,
    dohmatob_2025,
    dohmatob_tails_2024,
    feng_2024,
    ferbach_2024,
    fu_2024,
    garg_2025,
    gerstgrasser_2024,
    he_2025,
    kanabar_2025,
    kazdan_2024,
    marchi_2024,
    moniri_2025,
    seddik_2024,
    shumailov_2023,
    suresh_2024,
    vu_2025,
    xu_2025,
)

_PAPERS = (
    gerstgrasser_2024,
    dohmatob_2024,
    dohmatob_2025,
    dohmatob_tails_2024,
    dobriban_2018,
    xu_2025,
    barzilai_2025,
    he_2025,
    garg_2025,
    vu_2025,
    feng_2024,
    moniri_2025,
    shumailov_2023,
    kazdan_2024,
    alemohammad_2023,
    bertrand_2023,
    suresh_2024,
    seddik_2024,
    kanabar_2025,
    fu_2024,
    ferbach_2024,
    marchi_2024,
    amin_2025,
    dey_2024,
)


def all() -> list[Claim]:  # noqa: A001 - jaxcollapse.claims.all() reads as what it is
    """Every claim, paper by paper.

    ```python
    >>> import jaxcollapse as jc
    >>> len({claim.name for claim in jc.claims.all()}) == len(jc.claims.all())
    True

    ```
    """
    return [claim for paper in _PAPERS for claim in paper.CLAIMS]


def get(name: str) -> Claim:
    """The claim of this name.

    **Raises** `ValueError` if there is none; the message names the nearest one.

    ```python
    >>> import jaxcollapse as jc
    >>> jc.claims.get("gerstgrasser-replace").relation.name
    'equal'

    ```
    """
    known = {claim.name: claim for claim in all()}
    if name not in known:
        raise ValueError(f"name must be that of a claim, got {name!r}{did_you_mean(name, known)}")
    return known[name]


def papers() -> dict[str, Reference]:
    """The papers by their BibTeX keys."""
    return {paper.REFERENCE.key: paper.REFERENCE for paper in _PAPERS}
