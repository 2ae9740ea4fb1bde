"""`jaxcollapse doctor`: what this installation is made of, known traps, and a self-test."""

from typing import Annotated, Any

import typer

from jaxcollapse.cli import _checks
from jaxcollapse.cli._print import print_json
from jaxcollapse.cli._status import Status

EPILOG = f"""\
Examples:
  jaxcollapse doctor
  jaxcollapse doctor --json > health.json

Exit status:
  {Status.OK:<3}  healthy; notes may say what is worth knowing
  {Status.FAILED:<3}  something is wrong
  {Status.INTERRUPTED:<3}  Ctrl-C
"""


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Look at versions, devices, cores and cache, warn of known traps, and test the arithmetic.

    The self-test takes about ten seconds. Every line is ok, a note (worth
    knowing) or wrong, with its cure.
    """
    findings: list[_checks.Finding] = []
    for check in _checks.ALL:
        found = check()
        findings += found
        if not json:
            _show(found)
    wrong = sum(finding.status == "wrong" for finding in findings)
    if json:
        facts: dict[str, Any] = {"format": "jaxcollapse-doctor-1", "healthy": not wrong}
        print_json(facts | {"findings": [finding._asdict() for finding in findings]})
    else:
        print(f"\n{'Healthy.' if not wrong else f'{wrong} wrong.'}")
    raise typer.Exit(Status.FAILED if wrong else Status.OK)


def _show(findings: list["_checks.Finding"]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    styles = {"ok": "green", "note": "yellow", "wrong": "bold red"}
    for finding in findings:
        row = Table.grid(padding=(0, 2))
        row.add_column(width=5)
        row.add_column(width=18)
        row.add_column()
        detail = Text(finding.detail)
        if finding.cure:
            detail.append(f"\n{finding.cure}", "bold" if finding.status == "wrong" else "")
        row.add_row(Text(finding.status, styles[finding.status]), finding.name, detail)
        console.print(row)
