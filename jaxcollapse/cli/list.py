"""`jaxcollapse list`: the claims of the library."""

import sys
from typing import Annotated

import typer

from jaxcollapse.cli._claims import Papers, arxiv, select
from jaxcollapse.cli._print import print_json
from jaxcollapse.cli._status import Status

EPILOG = f"""\
Examples:
  jaxcollapse list --paper 2404.01413
  jaxcollapse list | cut -f 1           (the names alone)
  jaxcollapse list --json

Exit status: {Status.OK}, or {Status.USAGE} for an unknown paper.
"""


def list_claims(
    paper: Papers = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """List the claims: name, relation, paper and statement.

    If the output is not a terminal: one line per claim, separated by tabs.
    """
    claims = select(None, paper, networks=None)
    if json:
        from jaxcollapse.verification.claim import facts

        print_json([facts(claim) for claim in claims])
        return
    if not sys.stdout.isatty():
        for claim in claims:
            key = claim.reference.key if claim.reference else ""
            print(claim.name, claim.relation.name, key, claim.statement, sep="\t")
        return

    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    last: object = None
    for claim in claims:
        if claim.reference is not last:
            last = claim.reference
            if claim.reference:
                heading = f"{claim.reference.short}, {claim.reference.title}"
                console.print(
                    Text.assemble((f"\n{heading}", "bold"), f"\n--paper {claim.reference.key}, ", arxiv(claim))
                )
            else:
                console.print("\nWithout a paper", style="bold")
        console.print(Padding(Text.assemble((claim.name, "cyan"), f"  {claim.relation.name}"), (0, 0, 0, 2)))
        console.print(Padding(Text(claim.statement), (0, 0, 0, 6)))
    console.print(f"\n{len(claims)} claims. More about one: jaxcollapse show CLAIM")
