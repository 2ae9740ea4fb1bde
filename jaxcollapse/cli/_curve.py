"""A simulated curve as CSV, JSON, NetCDF, a picture or a table; each file says how it was made."""

import csv
import importlib.util
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from jaxcollapse.arguments.json import for_json
from jaxcollapse.cli._out import check_out as check_file
from jaxcollapse.cli._out import written

if TYPE_CHECKING:
    from jaxcollapse.chain.prediction import ClosedForm, NotKnown
    from jaxcollapse.replication.estimate import Estimate

LEVEL = 0.95
_COLUMNS = ("generation", "mean", "stderr", "lower", "upper")


class Curve(NamedTuple):
    """One metric over the generations, and the settings and versions that made it."""

    estimate: "Estimate"
    metric: str
    title: str
    settings: dict[str, Any]
    versions: dict[str, str]
    theory: "ClosedForm | NotKnown | None" = None
    """What is known of the metric, if it was asked for."""

    @property
    def form(self) -> "ClosedForm | None":
        """Its closed form, if it was asked for and is known."""
        from jaxcollapse.chain.prediction import ClosedForm

        return self.theory if isinstance(self.theory, ClosedForm) else None

    @property
    def columns(self) -> dict[str, Any]:
        """Generation, mean, standard error, limits of the 95 % interval, and the closed form if there is one."""
        import numpy as np

        mean = np.asarray(self.estimate.mean)
        limits = self.estimate.interval(LEVEL)
        values = (np.arange(1, len(mean) + 1), mean, np.asarray(self.estimate.stderr), *limits)
        columns: dict[str, Any] = dict(zip(_COLUMNS, values, strict=True))
        return columns if self.form is None else {**columns, "theory": np.asarray(self.form.curve)}


def check_out(path: Path) -> None:
    """Refuse a file that could not be written later: before anything is simulated."""
    check_file(path, _WRITERS)
    if path.suffix == ".nc" and importlib.util.find_spec("xarray") is None:
        raise typer.BadParameter('NetCDF needs xarray: pip install "jaxcollapse[tables]"', param_hint="--out")


def write(curve: Curve, path: Path) -> None:
    """Write the file, in the format that its suffix names; one of that name is replaced."""
    with written(path) as new:
        _WRITERS[path.suffix](curve, new)


def show(curve: Curve) -> None:
    """A table on a terminal, lines with commas elsewhere."""
    if not sys.stdout.isatty():
        print(_lines(curve), end="")
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Column, Table

    heads = ("generation", curve.metric, "standard error", f"{100 * LEVEL:g} % interval")
    table = Table(
        *(Column(head, justify="right") for head in heads), box=SIMPLE_HEAD, title=curve.title, title_justify="left"
    )
    if curve.form is not None:
        table.add_column("theory", justify="right")
    for g, mean, stderr, lower, upper, *theory in zip(*curve.columns.values(), strict=True):
        known = [f"{value:.6g}" for value in theory]
        table.add_row(str(g), f"{mean:.6g}", f"{stderr:.2g}", f"{lower:.6g} to {upper:.6g}", *known)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{curve.estimate.count:,} replications, seed {curve.settings['seed']}")
    if curve.form is not None:
        console.print(f"theory: {curve.form}")


def _lines(curve: Curve) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    columns = curve.columns
    table.writerow(columns)
    for g, *values in zip(*columns.values(), strict=True):
        table.writerow([int(g), *(repr(float(value)) for value in values)])
    return text.getvalue()


def _facts(curve: Curve) -> dict[str, Any]:
    facts = {"settings": curve.settings, "versions": curve.versions}
    form = curve.form
    if form is None:
        return facts
    known = {"name": form.name, "exactness": form.exactness, "order": form.order}
    return {**facts, "formula": {**known, "bibtex": form.reference.bibtex if form.reference else ""}}


def _csv(curve: Curve, path: Path) -> None:
    head = "".join(f"# {name}: {json.dumps(value)}\n" for name, value in _facts(curve).items())
    path.write_text(head + _lines(curve), encoding="utf-8")


def _json(curve: Curve, path: Path) -> None:
    columns = {name: for_json(values) for name, values in curve.columns.items()}
    columns["generation"] = [int(g) for g in columns["generation"]]
    usable = [bool(entry) for entry in curve.estimate.usable]
    facts = {"format": "jaxcollapse-curve-1", "metric": curve.metric, **_facts(curve), **columns, "usable": usable}
    path.write_text(json.dumps(facts, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _netcdf(curve: Curve, path: Path) -> None:
    table = curve.estimate.to_xarray().assign_coords(generation=curve.columns["generation"])
    if curve.form is not None:
        table["theory"] = ("generation", curve.columns["theory"])
    table.attrs |= {"metric": curve.metric} | {name: json.dumps(value) for name, value in _facts(curve).items()}
    table.to_netcdf(path, engine="scipy")  # which is installed, unlike HDF5


def _picture(curve: Curve, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from jaxcollapse import plot
    from jaxcollapse.plot import file

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes, name = figure.subplots(), curve.metric.replace("_", " ")
    ax = plot.curves(curve.estimate, curve.form, ax=axes, level=LEVEL, ylabel=name)
    ax.set_title(curve.title, fontsize="medium", wrap=True)
    made_by = f"jaxcollapse {curve.versions['jaxcollapse']}"
    file.write(figure, path, made_by=made_by, about=json.dumps(_facts(curve)))


_PICTURES = dict.fromkeys((".png", ".pdf", ".svg"), _picture)
_WRITERS = {".csv": _csv, ".json": _json, ".nc": _netcdf, **_PICTURES}
