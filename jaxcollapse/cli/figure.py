"""`jaxcollapse figure`: the figures of the papers, drawn again."""

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jaxcollapse.arguments.names import shown
from jaxcollapse.cli import _complete
from jaxcollapse.cli._out import check_out, written
from jaxcollapse.cli._print import refused
from jaxcollapse.cli._status import Status

if TYPE_CHECKING:
    from jaxcollapse.figures.figure import Figure

EPILOG = f"""\
Examples:
  jaxcollapse figure                    (all that can be drawn)
  jaxcollapse figure xu 3 --out figure.pdf
  jaxcollapse figure 2402.07712 1a --quick --out figure.png

Exit status: {Status.OK}, {Status.USAGE} for wrong usage, {Status.INTERRUPTED} after Ctrl-C.
"""


def figure(
    paper: Annotated[
        str | None,
        typer.Argument(
            metavar="PAPER",
            help="A key such as xu2025, an arXiv number or the first author. Without it: all figures.",
            show_default=False,
            autocompletion=_complete.figured_papers,
        ),
    ] = None,
    number: Annotated[
        str | None,
        typer.Argument(
            metavar="NUMBER",
            help="That of the figure, such as 1a, or its word. Without it: all of the paper.",
            show_default=False,
            autocompletion=_complete.figures,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to: .pdf, .svg or .png; PAPER-NUMBER.pdf by default."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A twentieth of the replications: what the figure is, in seconds.")
    ] = False,
    replications: Annotated[int | None, typer.Option(help="Of every simulated point.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 0,
) -> None:
    """Draw a figure of a paper again: theory as lines, simulation as points.

    In double precision, with the settings of the paper where they are known;
    the list says what is not the paper's.
    """
    from jaxcollapse import figures

    if paper is None or number is None:
        with refused():
            _list(figures.all() if paper is None else figures.of(paper))
        return
    if quick and replications is not None:
        raise typer.BadParameter("say how many replications, or that few will do", param_hint="--quick")
    for name, value, lowest, highest in (("replications", replications, 2, 2**31 - 1), ("seed", seed, 0, 2**32 - 1)):
        if value is not None and not lowest <= value <= highest:
            allowed = f"an integer from {lowest} to {highest:,}"
            raise typer.BadParameter(f"{name} must be {allowed}, got {shown(value, str)}", param_hint=f"--{name}")
    with refused():
        chosen = figures.get(paper, number)
    path = out or Path(f"{chosen.name}.pdf")
    check_out(path, (".pdf", ".svg", ".png"))
    _draw(chosen, path, chosen.few if quick else replications or chosen.replications, seed)
    print(f"Written: {path}")


def _draw(chosen: "Figure", path: Path, replications: int, seed: int) -> None:
    import jax

    from jaxcollapse.cli import _cache
    from jaxcollapse.machine.versions import versions
    from jaxcollapse.plot import file

    _cache.keep_compilations()
    known = versions()
    picture = chosen.draw(key=jax.random.key(seed), replications=replications)
    about = {"figure": chosen.name, "replications": replications, "seed": seed, "versions": known}
    with written(path) as new:
        file.write(picture, new, made_by=f"jaxcollapse {known['jaxcollapse']}", about=json.dumps(about))


def _list(entries: "list[Figure]") -> None:
    """Paper by paper: the word behind `figure`, what it shows, and what is not the paper's."""
    last = None
    for entry in entries:
        paper = entry.reference
        if paper is not last:
            print(f"{'' if last is None else chr(10)}{paper.short} ({paper.key}, arXiv:{paper.arxiv})")
            last = paper
        said = f"{entry.shows[0].upper()}{entry.shows[1:]} {entry.settings}" + (
            f" Ours: {entry.ours}." if entry.ours else ""
        )
        print(textwrap.fill(said, 79, initial_indent=f"  {entry.number:<10}  ", subsequent_indent=" " * 14))
