"""`jaxcollapse verify`: claims tested by simulation, and a report."""

import contextlib
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jaxcollapse.cli import _cache, _complete
from jaxcollapse.cli._claims import Papers, select
from jaxcollapse.cli._print import print_json
from jaxcollapse.cli._status import Status
from jaxcollapse.machine.xla import compile_lightly

if TYPE_CHECKING:
    from jaxcollapse.verification.claim import Claim
    from jaxcollapse.verification.verdict import Verdict

EPILOG = f"""\
Examples:
  jaxcollapse verify --tour             (one claim of every paper)
  jaxcollapse verify                    (everything: bring some time)
  jaxcollapse verify --networks         (claims that train networks: bring more)
  jaxcollapse verify --random 20 --seed 1     (random settings)
  jaxcollapse verify gerstgrasser-replace fu-replace --quick
  jaxcollapse verify --paper 2404.01413 --precision high --out report

Exit status:
  {Status.OK:<3}  every claim holds
  {Status.FAILED:<3}  at least one fails
  {Status.USAGE:<3}  wrong usage
  {Status.UNDECIDED:<3}  none fails, but some are undecided
  {Status.INTERRUPTED:<3}  Ctrl-C, or told to end; the report has the claims that were finished
"""
_LEVEL = 1e-3
_OUTCOMES = {"fails": Status.FAILED, "undecided": Status.UNDECIDED}


def _drawn(number: int, seed: int, *others: Any) -> "list[Claim]":
    """Claims that are drawn at random."""
    from jaxcollapse import claims

    if any(others):
        raise typer.BadParameter("random settings are meant: name none", param_hint="--random")
    return claims.random(number, seed)


class Precision(StrEnum):
    """The precisions of `jaxcollapse.verify`."""

    QUICK = "quick"
    DEFAULT = "default"
    HIGH = "high"


def verify(
    claims: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLAIM", help="Only these claims.", show_default=False, autocompletion=_complete.claims),
    ] = None,
    paper: Papers = None,
    tour: Annotated[bool, typer.Option("--tour", help="One claim of every paper, chosen to be quick.")] = False,
    networks: Annotated[
        bool, typer.Option("--networks", help="The claims that train networks for minutes, which no other set has.")
    ] = False,
    precision: Annotated[
        Precision | None,
        typer.Option(
            help="How small an error of a formula is to be noticed: quick 3 times, high 0.3 times the default.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short for --precision quick.")] = False,
    random: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="So many random settings with an exact prediction, drawn from the seed, in place of claims of papers.",
            min=1,
            max=100_000,
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the random numbers.", min=0, max=2**32 - 1)] = 0,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Claims that are decided at a time; one per core by default, as far as memory allows.",
            min=1,
            max=1024,
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Directory of the report.", file_okay=False, show_default=True)
    ] = Path("jaxcollapse-report"),
    json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON, and what happens on the standard error.")
    ] = False,
) -> None:
    """Test claims by simulation and write a report with pictures.

    Without arguments it tests every claim in the library that does not train networks.
    """
    if quick and precision not in (None, Precision.QUICK):
        raise typer.BadParameter("--quick and --precision contradict each other", param_hint="--quick")
    chosen = Precision.QUICK if quick else precision or Precision.DEFAULT
    if not networks:
        compile_lightly()
    wanted = _drawn(random, seed, claims, paper, tour, networks) if random else select(claims, paper, tour, networks)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"cannot make the directory {out}: {error.strerror}", param_hint="--out") from None
    _cache.keep_compilations()

    import jax

    from jaxcollapse import report
    from jaxcollapse import verification as engine
    from jaxcollapse.cli import _progress, _workers
    from jaxcollapse.machine.versions import versions

    if workers not in (None, 1) and jax.default_backend() != "cpu":
        raise typer.BadParameter("several processes cannot share this device", param_hint="--workers")
    several = min(workers or _workers.sensible(len(wanted)), len(wanted))
    stream = sys.stderr if json else sys.stdout
    progress = _progress.start(stream, wanted, f"precision {chosen.value}, seed {seed}", several)
    place = {claim.name: index for index, claim in enumerate(wanted)}
    finished: dict[int, Verdict] = {}

    def decided() -> engine.Verification:
        found = tuple(finished[index] for index in sorted(finished))
        return engine.Verification(found, seed, chosen.value, _LEVEL, versions(), time.perf_counter() - began)

    def on_decided(verdict: "Verdict") -> None:
        finished[place[verdict.claim.name]] = verdict
        report.keep(decided(), out)  # before it is shown: whatever happens then, it is not lost
        progress.decided(verdict)

    began = time.perf_counter()
    shown, note, stopped = 0, "", None
    settings = _workers.Settings(seed, chosen.value, _LEVEL / len(wanted))
    verdicts = _workers.verdicts(wanted, settings, workers=several, on_start=progress.started, on_decided=on_decided)
    try:
        with progress, contextlib.closing(verdicts):
            for verdict in verdicts:
                shown += 1
                progress.finished(verdict)
    except (KeyboardInterrupt, Exception) as error:  # what was finished is reported, and the error is not swallowed
        stopped = error
        where = f"An error in {wanted[shown].name}" if shown < len(wanted) else "An error at the end"
        why = "Interrupted" if isinstance(error, KeyboardInterrupt) else where
        note = f"{why}: {len(finished)} of {len(wanted)} claims were finished."
        with contextlib.suppress(OSError):
            print(f"\n{note}", file=sys.stderr)
        if not finished:
            raise typer.Exit(Status.INTERRUPTED) if isinstance(error, KeyboardInterrupt) else error from None
    result = decided()
    page = report.write(result, out, note=note)
    try:
        _progress.conclude(stream, result)
        print(f"Report: {page}", file=stream)
        if json:
            print_json(report.as_dict(result, note=note))
    except OSError:  # nobody listens any more; the report is written
        stopped = stopped or sys.exception()
    if isinstance(stopped, KeyboardInterrupt):
        raise typer.Exit(Status.INTERRUPTED)
    if stopped is not None:
        raise stopped
    outcomes = {verdict.outcome for verdict in result}
    raise typer.Exit(next((status for outcome, status in _OUTCOMES.items() if outcome in outcomes), Status.OK))
