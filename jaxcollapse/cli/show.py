"""`jaxcollapse show`: everything about one claim."""

from typing import Annotated

import typer

from jaxcollapse.arguments.json import for_json
from jaxcollapse.cli import _complete
from jaxcollapse.cli._claims import arxiv, select
from jaxcollapse.cli._print import print_json
from jaxcollapse.cli._status import Status

EPILOG = f"""\
Examples:
  jaxcollapse show gerstgrasser-replace
  jaxcollapse show xu-tilted-moment --json

Exit status: {Status.OK}, or {Status.USAGE} for an unknown name.
"""


def show(
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="Its name.", autocompletion=_complete.claims)],
    json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Show one claim: statement, reference, formula, protocol, relation and BibTeX."""
    chosen = select([claim], None)[0]
    if json:
        from jaxcollapse.verification.claim import facts

        numbers = chosen.exact_numbers() if chosen.numbers else None
        table = numbers and {"columns": list(numbers.columns), "rows": for_json(numbers.rows)}
        print_json(facts(chosen) | {"numbers": table})
        return

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Column, Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(chosen.name, style="bold cyan")
    console.print(Padding(Text(chosen.statement), (0, 0, 1, 0)))
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column()
    reference = chosen.reference
    if reference:
        rows.add_row("reference", Text(f"{reference.authors} ({reference.year}). {reference.title}. {arxiv(chosen)}"))
    for name, text in (
        ("relation", f"{chosen.relation.name}: {chosen.relation.describe()}"),
        ("formula", chosen.formula),
        ("protocol", chosen.protocol),
        ("quantity", chosen.quantity),
    ):
        if text:
            rows.add_row(name, Text(text))
    console.print(rows)
    if chosen.numbers:
        numbers = chosen.exact_numbers()
        table = Table(*(Column(name, justify="right") for name in numbers.columns), box=SIMPLE_HEAD)
        for row in numbers.rows:
            table.add_row(*(f"{value:.6g}" for value in row))
        console.print(table)
    if reference:
        print(f"\n{reference.bibtex}")
