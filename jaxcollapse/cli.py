"""The command line: `jaxcollapse verify`, `list` and `show`.

Exit status of `verify`: 0 if every claim holds, 1 if at least one fails, 2 for wrong usage, 3 if none fails but some
are undecided, 130 after Ctrl-C. What a command does not need is imported late, so that help is fast.
"""

import difflib
import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from jaxcollapse.claim import Claim, Verdict, Verification

INTERRUPTED = 130
_LEVEL = 1e-3
_STATUS = {"holds": 0, "fails": 1, "undecided": 3}
_STYLES = {"holds": "green", "fails": "bold red", "undecided": "yellow"}

app = typer.Typer(
    name="jaxcollapse",
    help="Theorems on model collapse, tested against simulation.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Precision(StrEnum):
    """The precisions of `jaxcollapse.verify`."""

    QUICK = "quick"
    DEFAULT = "default"
    HIGH = "high"


_Names = Annotated[list[str] | None, typer.Argument(metavar="CLAIM", help="Only these claims.", show_default=False)]
_Papers = Annotated[
    list[str] | None,
    typer.Option("--paper", metavar="PAPER", help="Only claims of this paper: a key or an arXiv number. Repeatable."),
]


def main() -> None:
    """The console script."""
    try:
        app()
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


@app.callback()
def _root(
    version: Annotated[
        bool | None,
        typer.Option("--version", help="Show the version and exit.", callback=lambda v: _version(v), is_eager=True),
    ] = None,
) -> None:
    pass


def _version(wanted: bool | None) -> None:
    if wanted:
        from jaxcollapse import __version__

        print(f"jaxcollapse {__version__}")
        raise typer.Exit


@app.command(
    epilog="Exit status: 0 if every claim holds, 1 if at least one fails, 2 for wrong usage, 3 if none fails but some "
    "are undecided, 130 after Ctrl-C (the report then has the claims that were finished)."
)
def verify(
    claims: _Names = None,
    paper: _Papers = None,
    precision: Annotated[
        Precision | None,
        typer.Option(
            help="How small an error of a formula is to be noticed: quick 3 times, high 0.3 times the default.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short for --precision quick.")] = False,
    seed: Annotated[int, typer.Option(help="Of the random numbers.", min=0, max=2**32 - 1)] = 0,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Directory of the report.", file_okay=False, show_default=True)
    ] = Path("jaxcollapse-report"),
) -> None:
    """Test claims by simulation and write a report with pictures.

    Without arguments it tests every claim in the library.
    """
    if quick and precision not in (None, Precision.QUICK):
        raise typer.BadParameter("--quick and --precision contradict each other", param_hint="--quick")
    chosen = Precision.QUICK if quick else precision or Precision.DEFAULT
    wanted = _select(claims, paper)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"cannot make the directory {out}: {error.strerror}", param_hint="--out") from None
    _cache_compilations()

    import jax

    from jaxcollapse import claim as engine
    from jaxcollapse import report

    terminal = sys.stdout.isatty()
    console = Console(highlight=False)
    if terminal:
        console.print(f"Testing {len(wanted)} claims (precision {chosen.value}, seed {seed})")
    shown = _Screen(console, wanted) if terminal else _Lines()
    finished: list[Verdict] = []

    def on_verdict(verdict: "Verdict") -> None:
        jax.clear_caches()  # the programs of one claim serve no other, and hold tens of megabytes
        finished.append(verdict)
        shown.finished(verdict)

    began = time.perf_counter()
    note = ""
    try:
        with shown:
            result = engine.verify(
                wanted,
                jax.random.key(seed),
                precision=chosen.value,
                level=_LEVEL,
                on_start=shown.started,
                on_verdict=on_verdict,
                progress=False,
            )
    except KeyboardInterrupt:
        note = f"Interrupted: {len(finished)} of {len(wanted)} claims were finished."
        seconds = time.perf_counter() - began
        result = engine.Verification(tuple(finished), seed, chosen.value, _LEVEL, engine.versions(), seconds)
        print(f"\n{note}", file=sys.stderr)
        if not finished:
            raise typer.Exit(INTERRUPTED) from None
    _conclude(console, result)
    page = report.write(result, out, note=note)
    print(f"Report: {page}")
    if note:
        raise typer.Exit(INTERRUPTED)
    outcomes = {verdict.outcome for verdict in result}
    raise typer.Exit(next((_STATUS[o] for o in ("fails", "undecided") if o in outcomes), 0))


@app.command(name="list")
def list_claims(paper: _Papers = None) -> None:
    """List the claims: name, relation, paper and statement.

    If the output is not a terminal: one line per claim, separated by tabs.
    """
    claims = _select(None, paper)
    if not sys.stdout.isatty():
        for claim in claims:
            key = claim.reference.key if claim.reference else ""
            print(claim.name, claim.relation.name, key, claim.statement, sep="\t")
        return
    console = Console(highlight=False)
    last: object = None
    for claim in claims:
        if claim.reference is not last:
            last = claim.reference
            if claim.reference:
                heading = f"{claim.reference.short}, {claim.reference.title}"
                console.print(
                    Text.assemble((f"\n{heading}", "bold"), f"\n--paper {claim.reference.key}, ", _arxiv(claim))
                )
            else:
                console.print("\nWithout a paper", style="bold")
        console.print(Padding(Text.assemble((claim.name, "cyan"), f"  {claim.relation.name}"), (0, 0, 0, 2)))
        console.print(Padding(Text(claim.statement), (0, 0, 0, 6)))
    console.print(f"\n{len(claims)} claims. More about one: jaxcollapse show CLAIM")


@app.command()
def show(claim: Annotated[str, typer.Argument(metavar="CLAIM", help="Its name.")]) -> None:
    """Show one claim: statement, reference, formula, protocol, relation and BibTeX."""
    chosen = _select([claim], None)[0]
    console = Console(highlight=False)
    console.print(chosen.name, style="bold cyan")
    console.print(Padding(Text(chosen.statement), (0, 0, 1, 0)))
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column()
    reference = chosen.reference
    if reference:
        rows.add_row("reference", Text(f"{reference.authors} ({reference.year}). {reference.title}. {_arxiv(chosen)}"))
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


def _select(names: list[str] | None, papers: list[str] | None) -> list["Claim"]:
    """The claims with these names that belong to these papers."""
    from jaxcollapse import claims

    chosen = list(claims.all())
    if names:
        known = {claim.name: claim for claim in chosen}
        for name in names:
            _check_known("claim", name, list(known), "CLAIM", "jaxcollapse list")
        chosen = [known[name] for name in dict.fromkeys(names)]
    if papers:
        keys = {key: key for key in claims.papers()}
        keys |= {reference.arxiv: key for key, reference in claims.papers().items()}
        for paper in papers:
            _check_known("paper", paper.removeprefix("arXiv:"), list(keys), "--paper", "jaxcollapse list")
        wanted = {keys[paper.removeprefix("arXiv:")] for paper in papers}
        chosen = [claim for claim in chosen if claim.reference and claim.reference.key in wanted]
        if not chosen:
            raise typer.BadParameter("none of these claims belongs to that paper", param_hint="--paper")
    return chosen


def _check_known(kind: str, name: str, known: list[str], hint: str, where: str) -> None:
    """Refuse an unknown name, and suggest those that are most like it."""
    if name in known:
        return
    likeness = {k: difflib.SequenceMatcher(None, name, k).ratio() + (name in k) for k in known}
    best = max(likeness.values(), default=0.0)
    close = [k for k in sorted(known, key=lambda k: -likeness[k]) if best > 0.5 and likeness[k] > best - 0.1][:3]
    advice = f"did you mean {' or '.join(close)}?" if close else f"`{where}` shows all of them."
    raise typer.BadParameter(f"there is no {kind} called {name!r}; {advice}", param_hint=hint)


def _arxiv(claim: "Claim") -> str:
    return f"arXiv:{claim.reference.arxiv}" if claim.reference else ""


def _cache_compilations() -> None:
    """Keep compiled programs between runs, unless the user's own settings say where, or that they do not want it."""
    import jax

    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        import platformdirs

        directory = Path(platformdirs.user_cache_dir("jaxcollapse", appauthor=False)) / "xla"
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            print(f"Compiled programs are not kept: cannot make {directory} ({error.strerror}).", file=sys.stderr)
            return
        jax.config.update("jax_compilation_cache_dir", str(directory))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _conclude(console: Console, result: "Verification") -> None:
    """Why the claims that do not hold do not, and the summary."""
    from jaxcollapse import report

    if console.is_terminal:
        console.print()
    for verdict in result:
        if verdict.outcome != "holds":
            more = f" About {verdict.needed:,} replications would decide." if verdict.needed else ""
            head = (f"{verdict.claim.name}: {verdict.outcome}", _STYLES[verdict.outcome])
            console.print(Text.assemble(head, f": {verdict.reason}.{more}"), soft_wrap=not console.is_terminal)
    console.print(f"{report.summary(result)} ({report.duration(result.seconds)})", soft_wrap=not console.is_terminal)


class _Lines:
    """One line per finished claim, for logs and pipes."""

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def started(self, claim: "Claim", index: int, total: int) -> None:
        """Nothing: a line is printed when the claim is finished."""

    def finished(self, verdict: "Verdict") -> None:
        """Print the line."""
        from jaxcollapse import plot

        print(
            f"{verdict.outcome:<9}  {verdict.claim.name}  {verdict.claim.relation.name}, would notice "
            f"{plot.notices(verdict)}, {verdict.replications:,} replications, {verdict.seconds:.1f} s",
            flush=True,
        )


class _Screen:
    """A table that grows by a row per finished claim, over a line that says what is running."""

    def __init__(self, console: Console, claims: list["Claim"]):
        self._console = console
        longest = max(len(claim.name) for claim in claims)
        self._width = min(longest, max(20, console.width - 54))
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        fancy = (console.encoding or "").lower().startswith("utf")
        self._symbols = {"holds": "✓ ", "fails": "✗ ", "undecided": "? "} if fancy else dict.fromkeys(_STATUS, "")

    def __enter__(self) -> "_Screen":
        heads = ("verdict", "claim", "relation", "notices", "reps", "time")
        self._console.print(self._row(*(Text(head, "bold") for head in heads)))
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, claim: "Claim", index: int, total: int) -> None:
        """Say what is running."""
        self._live.update(Group(_Clock(f"{claim.name} ({index + 1} of {total})")))

    def finished(self, verdict: "Verdict") -> None:
        """Add the row."""
        from jaxcollapse import plot

        self._console.print(
            self._row(
                Text(self._symbols[verdict.outcome] + verdict.outcome, _STYLES[verdict.outcome]),
                Text(verdict.claim.name),
                Text(verdict.claim.relation.name),
                Text(plot.notices(verdict).removesuffix(" in the exponent")),
                Text(_short(verdict.replications)),
                Text(f"{verdict.seconds:.1f} s"),
            )
        )

    def _row(self, *cells: Text) -> Table:
        row = Table.grid(padding=(0, 1))
        row.add_column(width=11)
        row.add_column(width=self._width, overflow="fold")
        row.add_column(width=11)
        for width in (8, 7, 7):
            row.add_column(width=width, justify="right")
        row.add_row(*cells)
        return row


class _Clock:
    """A spinner with a text and the time since it was made."""

    def __init__(self, text: str):
        self._text, self._began, self._spinner = text, time.perf_counter(), Spinner("dots")

    def __rich__(self) -> Spinner:
        self._spinner.update(text=Text(f"{self._text}, {time.perf_counter() - self._began:.0f} s"))
        return self._spinner


def _short(count: int) -> str:
    """A count in at most six characters: ``4,096``, ``65.5k``, ``1.2M``."""
    for size, suffix in ((10**6, "M"), (10**3, "k")):
        if count >= 10 * size or (count >= size and suffix == "M"):
            return f"{count / size:.3g}{suffix}"
    return f"{count:,}"
