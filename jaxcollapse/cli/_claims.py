"""The claims that a command is about, and what it says of one."""

from typing import TYPE_CHECKING, Annotated

import typer

from jaxcollapse.arguments.reference import called
from jaxcollapse.cli import _complete
from jaxcollapse.cli._print import check_known, refused

if TYPE_CHECKING:
    from jaxcollapse.verification.claim import Claim

Papers = Annotated[
    list[str] | None,
    typer.Option(
        "--paper",
        metavar="PAPER",
        help="Only claims of this paper: a key such as xu2025, an arXiv number, or a first author. Repeatable.",
        autocompletion=_complete.papers,
    ),
]
_ALL = "`jaxcollapse list` shows all of them."


def select(
    names: list[str] | None, papers: list[str] | None, tour: bool = False, networks: bool | None = False
) -> "list[Claim]":
    """The claims with these names that belong to these papers, or those of the tour, or those that train networks.

    With `networks` None, both those that do and those that do not.
    """
    from jaxcollapse import claims

    if tour:
        if names or papers or networks:
            raise typer.BadParameter("the tour is one claim of every paper: name none", param_hint="--tour")
        return claims.tour()
    if networks:
        if names or papers:
            raise typer.BadParameter("the claims that train networks are meant: name none", param_hint="--networks")
        return [claim for claim in claims.all(networks=True) if claim.networks]
    chosen = list(claims.all(networks=networks is None))
    if names:
        known = {claim.name: claim for claim in claims.all(networks=True)}
        chosen = []
        for name in dict.fromkeys(names):
            if (one := _drawn(name)) is None:
                check_known("claim", name, known, "CLAIM", _ALL)
            chosen.append(one or known[name])
    if papers:
        with refused("--paper"):
            wanted = {one for paper in papers for one in called(paper, claims.papers().values(), "claims")}
        chosen = [claim for claim in chosen if claim.reference in wanted]
        if not chosen:
            raise typer.BadParameter("none of these claims belongs to that paper", param_hint="--paper")
    return chosen


def arxiv(claim: "Claim") -> str:
    """The number of its paper, or nothing."""
    return f"arXiv:{claim.reference.arxiv}" if claim.reference else ""


def _drawn(name: str) -> "Claim | None":
    """The claim of a random setting, if the name is that of one."""
    if not name.startswith("drawn-"):
        return None
    from jaxcollapse.claims.drawn import named

    return named(name)
