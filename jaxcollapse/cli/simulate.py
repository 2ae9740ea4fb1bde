"""`jaxcollapse simulate`: a curve over the generations, from flags or a TOML file."""

import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from jaxcollapse.cli import _build, _chain, _complete, _curve
from jaxcollapse.cli._print import check_known
from jaxcollapse.cli._status import Status
from jaxcollapse.cli._values import recorded

EPILOG = f"""\
Examples:
  jaxcollapse simulate                  (all models and workflows)
  jaxcollapse simulate LinearRegression Replace \\
      --set dim=100 --set noise=1 --samples 200 --generations 10
  jaxcollapse simulate LinearRegression Mix --workflow-set real=fresh \\
      --set dim=20 --set capacity=2 --set source=0.4 --set penalty=0.01 \\
      --set "noise=0.1*g" --samples "50*g" --out risk.png
  jaxcollapse simulate Gaussian Replace --set ddof=0 --samples 50 \\
      --metric log_variance --out variance.csv
  jaxcollapse simulate curve.toml --seed 1 --theory --out curve.nc

curve.toml, every entry of which a flag overrides:
  samples = "100*g**1.5"
  generations = 20
  [model]
  name = "LinearRegression"
  dim = 100
  noise = 1.0
  [workflow]
  name = "Window"
  batches = 3

Features, for models that have them:
  dim=100                               isotropic; norm=2: |coefficients|
  dim=100, capacity=2, source=0.4       power law
  spectrum=1,0.5,0.2                    eigenvalues
Settings of a model inside another: --set regression.dim=100.

Exit status: {Status.OK}, {Status.USAGE} for wrong usage, {Status.INTERRUPTED} after Ctrl-C.
"""
_DEFAULTS = {"replications": 10_000, "seed": 0}
_GENERATIONS = 10
_KEYS = ("model", "workflow", "samples", "generations", "replications", "metric", "seed", "theory", "out")


def simulate(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A model such as Gaussian, or a TOML file. Without it: all models, workflows and their settings.",
            show_default=False,
            autocompletion=_complete.models,
        ),
    ] = None,
    workflow: Annotated[
        str | None,
        typer.Argument(
            metavar="WORKFLOW",
            help="What each generation is trained on, such as Replace.",
            show_default=False,
            autocompletion=_complete.workflows,
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A setting of the model: a number, a list, arithmetic in the generation g, or a word. Repeatable.",
            autocompletion=_complete.model_settings,
        ),
    ] = None,
    workflow_set: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A setting of the workflow. Repeatable.",
            autocompletion=_complete.workflow_settings,
        ),
    ] = None,
    samples: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="Rows per generation: a number, a list 100,200,400 or arithmetic in g: 100*g**1.5."
        ),
    ] = None,
    generations: Annotated[
        int | None, typer.Option(help=f"How many; {_GENERATIONS} by default, or the length of a list of samples.")
    ] = None,
    replications: Annotated[int | None, typer.Option(help="How many; 10,000 by default.")] = None,
    metric: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What is measured: risk by default, or the only metric of the model."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the random numbers; 0 by default.")] = None,
    theory: Annotated[
        bool | None,
        typer.Option("--theory", help="Add the closed form of the metric, if one is known.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to: .csv, .json, .nc (NetCDF), .png, .pdf or .svg.")
    ] = None,
) -> None:
    """Simulate a chain of models, each trained on data of its predecessor.

    The mean of a metric over independent replications at every generation,
    its standard error and 95 % interval, in double precision. Without --out:
    a table, or lines with commas if the output is not a terminal.
    """
    if model is None:
        _catalogue()
        return
    wanted: dict[str, Any] = dict(_DEFAULTS)
    if model.endswith(".toml"):
        wanted |= _file(Path(model))
    else:
        wanted["model"] = {"name": model}
    if workflow is not None and wanted.get("workflow", {}).get("name") != workflow:
        wanted["workflow"] = {"name": workflow}
    if "workflow" not in wanted:
        raise typer.BadParameter(f"say which of {', '.join(_build.workflows())}", param_hint="WORKFLOW")
    _build.check_names(wanted["model"]["name"], wanted["workflow"]["name"])
    _chain.assign(wanted["model"], set_, "--set")
    _chain.assign(wanted["workflow"], workflow_set, "--workflow-set")
    flags = {
        "generations": generations,
        "replications": replications,
        "metric": metric,
        "seed": seed,
        "theory": theory,
        "out": out,
    }
    wanted |= {name: value for name, value in flags.items() if value is not None}
    if samples is not None:
        wanted["samples"] = _chain.value(samples, "--samples", words=False)
    if "samples" not in wanted:
        raise typer.BadParameter("say how many rows each generation draws: --samples 200", param_hint="--samples")
    sizes = wanted["samples"]
    wanted.setdefault("generations", len(sizes) if isinstance(sizes, list) else _GENERATIONS)
    _check(wanted)
    try:
        curve = _run(wanted)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        raise typer.Exit(Status.INTERRUPTED) from None
    usable = curve.estimate.usable
    if not usable.all():
        doubtful = ", ".join(str(g + 1) for g in range(len(usable)) if not usable[g])
        doubt = curve.estimate.doubt
        why = doubt.partition("): ")[2] or doubt  # the entries are named by their generations
        print(
            f"Do not trust the standard error of generation {doubtful}: a heavy tail, or too few replications ({why}).",
            file=sys.stderr,
        )
    if curve.theory is not None and curve.form is None:
        print(f"Of {curve.metric} {curve.theory}.", file=sys.stderr)
    if wanted.get("out"):
        _curve.write(curve, Path(wanted["out"]))
        print(f"Written: {wanted['out']}")
    else:
        _curve.show(curve)


def _catalogue() -> None:
    """What can be simulated."""
    for head, flag, known in (
        ("Models", "--set", _build.models()),
        ("Workflows", "--workflow-set", _build.workflows()),
    ):
        print(f"{head}, and what {flag} takes for them:\n")
        for name, kind in known.items():
            first = (kind.__doc__ or "").splitlines()[0].replace("``", "`")
            print(textwrap.fill(f"{name}: {first}", 79, initial_indent="  ", subsequent_indent="    "))
            if found := _build.settings(kind):
                print(textwrap.fill(", ".join(found), 79, initial_indent="      ", subsequent_indent="      "))
        print()


def _run(wanted: dict[str, Any]) -> _curve.Curve:
    import jax

    import jaxcollapse as jc
    from jaxcollapse.cli import _cache
    from jaxcollapse.machine.precision import enable_x64
    from jaxcollapse.machine.versions import versions

    with enable_x64(True):
        chain = _chain.made(wanted["model"], wanted["workflow"], wanted["samples"], wanted["generations"])
        metric = _chain.metric_of(wanted.get("metric"), chain.shapes(), chain.names[0])
        _cache.keep_compilations()
        theory = None
        if wanted.get("theory"):
            prediction = chain.prediction()
            theory = (prediction.forms | prediction.unknown)[metric]
        key = jax.random.key(wanted["seed"])
        run = lambda key: chain.metrics(key)[metric]  # noqa: E731
        estimate = jc.monte_carlo(run, key, wanted["replications"], dims=("generation",))
    settings = {**chain.settings, "replications": wanted["replications"], "metric": metric, "seed": wanted["seed"]}
    about = versions() | {"precision": "float64"}
    return _curve.Curve(estimate, metric, _chain.title(settings), recorded(settings), about, theory)


def _file(path: Path) -> dict[str, Any]:
    """The settings of a TOML file."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise typer.BadParameter(f"cannot read {path}: {error.strerror}", param_hint="MODEL") from None
    except RecursionError:
        raise typer.BadParameter(f"{path} is nested too deeply", param_hint="MODEL") from None
    except ValueError as error:  # no TOML, no UTF-8, or no name of a file
        raise typer.BadParameter(f"{path} is not TOML: {error}", param_hint="MODEL") from None
    for key in found:
        check_known("key", key, _KEYS, str(path))
    for key in ("model", "workflow"):
        table = {"name": found[key]} if isinstance(found.get(key), str) else found.get(key)
        if key == "model" or table is not None:
            if not isinstance(table, dict) or not isinstance(table.get("name"), str):
                raise typer.BadParameter(f"{key} needs a name: {key} = {{ name = '...' }}", param_hint=str(path))
            found[key] = {k: _read(v, f"{key}.{k} in {path}") if k != "name" else v for k, v in table.items()}
    if isinstance(found.get("samples"), str):
        found["samples"] = _chain.value(found["samples"], f"samples in {path}", words=False)
    return found


def _read(value: Any, hint: str) -> Any:
    """A value of a TOML file: what is a string may be a formula."""
    if isinstance(value, dict):
        return {name: _read(item, hint) for name, item in value.items()}
    return _chain.value(value, hint, words=True) if isinstance(value, str) else value


def _check(wanted: dict[str, Any]) -> None:
    """Refuse what can be refused before JAX is asked."""
    for name in _chain.LARGEST:
        _chain.check_count(name, wanted[name])
    if not isinstance(wanted.get("theory", False), bool):
        raise typer.BadParameter(f"theory must be true or false, got {wanted['theory']!r}", param_hint="--theory")
    for name in ("metric", "out"):
        if not isinstance(wanted.get(name, ""), str | Path):
            raise typer.BadParameter(f"{name} must be a word, got {wanted[name]!r}", param_hint=f"--{name}")
    if "out" in wanted:
        _curve.check_out(Path(wanted["out"]))
