"""All claims, by the files of this folder: each that has `CLAIMS` is found, and no list is kept.

A file is one paper, its `REFERENCE`, or holds results without a paper: its `REFERENCE` is None. A paper names one of
its claims, which is decided in seconds and shows what the paper is about, as its `TOUR`.
"""

import dataclasses
import functools
from types import ModuleType

from jaxcollapse.arguments.check import check_count
from jaxcollapse.arguments.names import did_you_mean, shown
from jaxcollapse.arguments.reference import Reference, called
from jaxcollapse.claims import drawn
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.machine.modules import modules_of
from jaxcollapse.verification.claim import Claim


def all(*, networks: bool = False) -> list[Claim]:  # noqa: A001 - jaxcollapse.claims.all() reads as what it is
    """Every claim, paper by paper; those without a paper come last.

    With `networks` those as well that train networks for minutes: they are decided where they are asked for, by name
    or by ``jaxcollapse verify --networks``.

    ```python
    >>> import jaxcollapse as jc
    >>> len({claim.name for claim in jc.claims.all()}) == len(jc.claims.all())
    True

    ```
    """
    return [claim for claim in _claims() if networks or not claim.networks]


def get(name: str) -> Claim:
    """The claim of this name; ``"drawn-SEED-NUMBER"`` is one of those that `drawn` makes.

    **Raises** `ValueError` if there is none; the message names the nearest one.

    ```python
    >>> import jaxcollapse as jc
    >>> jc.claims.get("gerstgrasser-replace").relation.name
    'equal'

    ```
    """
    if (one := drawn.named(name)) is not None:
        return _as_by_default(one)
    known = {claim.name: claim for claim in all(networks=True)}
    if name not in known:
        raise ValueError(f"name must be that of a claim, got {shown(name)}{did_you_mean(name, known)}")
    return known[name]


def of(paper: str, *, networks: bool = False) -> list[Claim]:
    """The claims of a paper: by its BibTeX key, its arXiv number, or the first author's name.

    `networks` as for `all`.

    **Raises** `ValueError` where there is none; the message says which papers have some.

    ```python
    >>> import jaxcollapse as jc
    >>> {claim.reference.short for claim in jc.claims.of("2404.01413")}
    {'Gerstgrasser et al. 2024'}

    ```
    """
    found = called(paper, papers().values(), "claims")
    return [claim for claim in all(networks=networks) if claim.reference in found]


def random(number: int, seed: int = 0) -> list[Claim]:
    """So many random settings with an exact prediction, each as the claim that simulation meets it.

    Dimensions, sizes, schedules, weights, spectra, designs and divisors are drawn, for every pair of a family and a
    workflow with an exact prediction alike. What ``jaxcollapse verify --random`` decides.

    **Raises** `ValueError` or `TypeError` for a number that is no positive integer and a seed that is negative.

    ```python
    >>> import jaxcollapse as jc
    >>> [claim.name for claim in jc.claims.random(2, seed=7)]
    ['drawn-7-0', 'drawn-7-1']

    ```
    """
    check_count("number", number, minimum=1)
    check_count("seed", seed, minimum=0)
    return [_as_by_default(drawn.claim(int(seed), index)) for index in range(number)]


def papers() -> dict[str, Reference]:
    """The papers by their BibTeX keys."""
    return {file.REFERENCE.key: file.REFERENCE for file in _files() if file.REFERENCE is not None}


def tour() -> list[Claim]:
    """One claim of every paper, each decided in seconds: what ``jaxcollapse verify --tour`` decides.

    ```python
    >>> import jaxcollapse as jc
    >>> [claim.reference.key for claim in jc.claims.tour()] == list(jc.claims.papers())
    True

    ```
    """
    chosen = {file.TOUR for file in _files() if file.REFERENCE is not None}
    return [claim for claim in all() if claim.name in chosen]


@functools.cache
def _claims() -> tuple[Claim, ...]:
    return tuple(_as_by_default(claim) for file in _files() for claim in file.CLAIMS)


def _as_by_default(claim: Claim) -> Claim:
    """The claim; the options by which JAX refuses what is convenient are for experiments of the user's."""
    return dataclasses.replace(claim, experiment=lenient()(claim.experiment))


@functools.cache
def _files() -> tuple[ModuleType, ...]:
    """The modules of this folder that hold claims: the papers with the most of them first."""
    files = [module for module in modules_of("jaxcollapse.claims") if hasattr(module, "CLAIMS")]
    return tuple(sorted(files, key=lambda file: (file.REFERENCE is None, -len(file.CLAIMS))))
