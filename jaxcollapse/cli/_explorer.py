"""What the page of `explore` asks for: the predicted curve of a chain, and simulated points, of settings in words.

Nothing that the page sends is executed: numbers, lists, words and arithmetic in g are read as those of the command
line are, by the same checks; sizes have limits of their own, so that a page answers.
"""

import shlex
from typing import Any

import typer

from jaxcollapse.arguments.json import for_json
from jaxcollapse.arguments.names import shortened
from jaxcollapse.cli import _build, _chain, _controls
from jaxcollapse.cli._chain import Chain
from jaxcollapse.cli._controls import Control
from jaxcollapse.cli._print import check_known

MOST = {"samples": 10**6, "generations": 1000, "replications": 100_000}
_LARGEST_COUNT, _LONGEST_LIST, _LONGEST_TEXT = 1000, 1000, 2000
_TEXTS = ("model", "workflow", "samples", "generations", "metric", "replications")
_TABLES = ("model_settings", "workflow_settings")


def known() -> dict[str, Any]:
    """What the page offers: models and workflows with their controls, and the sliders of the sizes."""
    sizes = {name: slider._asdict() for name, slider in _controls.SIZES.items()}
    return {
        "models": _controls.facts(_build.models()),
        "workflows": _controls.facts(_build.workflows()),
        "sizes": sizes,
    }


def curve(asked: Any) -> dict[str, Any]:
    """The closed form of every metric, or why there is none, and the calls that give the same."""
    from jaxcollapse.chain.prediction import ClosedForm
    from jaxcollapse.machine.precision import enable_x64

    with enable_x64(True):
        chain = _read(asked)
        prediction = chain.prediction()
    entries = prediction.forms | prediction.unknown
    found = {
        name: {"curve": for_json(entry.curve) if isinstance(entry, ClosedForm) else None, "words": f"Theory: {entry}."}
        for name, entry in entries.items()
        if not isinstance(entry, ClosedForm) or entry.curve.ndim == 1
    }
    return {"metrics": found, **_calls(chain, _metric(asked, chain, list(found)), asked)}


def points(asked: Any) -> dict[str, Any]:
    """Means over replications with their 95 % intervals."""
    import jax

    import jaxcollapse as jc
    from jaxcollapse.machine.precision import enable_x64

    with enable_x64(True):
        chain = _read(asked)
        count = _whole(asked, "replications")
        metric = _metric(asked, chain, None)
        run = lambda key: chain.metrics(key)[metric]  # noqa: E731
        estimate = jc.monte_carlo(run, jax.random.key(0), count, progress=False)
    lower, upper = estimate.interval()
    arrays = {"mean": estimate.mean, "lower": lower, "upper": upper}
    return {"metric": metric, "doubt": estimate.doubt, **{name: for_json(values) for name, values in arrays.items()}}


def _read(asked: Any) -> Chain:
    """The chain of what the page says: every value is a text."""
    _check_shape(asked)
    parts = {}
    for part, names in (
        ("model", _controls.offered(_build.models())),
        ("workflow", _controls.offered(_build.workflows())),
    ):
        check_known(part, asked[part], names, part)
        parts[part] = {"name": asked[part]}
        _check_sizes(asked[f"{part}_settings"], names[asked[part]])
        pairs = [f"{name}={text}" for name, text in asked[f"{part}_settings"].items() if text.strip()]
        _chain.assign(parts[part], pairs, "--set" if part == "model" else "--workflow-set")
    samples = _chain.value(asked["samples"], "samples", words=False)
    _check_size("samples", samples, MOST["samples"])
    return _chain.made(parts["model"], parts["workflow"], samples, _whole(asked, "generations"))


def _check_shape(asked: Any) -> None:
    """Texts by name, and two tables of texts."""
    tables = [asked.get(name) for name in _TABLES] if isinstance(asked, dict) else [None]
    texts = [asked.get(name) for name in _TEXTS] if isinstance(asked, dict) else []
    for table in tables:
        if not isinstance(table, dict):
            raise typer.BadParameter("a page asks by names and texts")
        texts += [*table, *table.values()]
    if not all(isinstance(text, str) and len(text) <= _LONGEST_TEXT for text in texts):
        raise typer.BadParameter(f"every setting is a text of at most {_LONGEST_TEXT} letters")


def _check_sizes(texts: dict[str, str], controls: list[Control]) -> None:
    """Refuse what would take long: counts and lists have limits on a page."""
    counts = {control.name for control in controls if control.slider and control.slider.whole}
    for name, text in texts.items():
        if text.strip():
            most = _LARGEST_COUNT if name in counts else float("inf")
            _check_size(name, _chain.value(text, name, words=True), most)


def _check_size(name: str, value: Any, most: float) -> None:
    if isinstance(value, list) and len(value) > _LONGEST_LIST:
        raise typer.BadParameter(f"{name} must have at most {_LONGEST_LIST:,} entries on this page", param_hint=name)
    numbers = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, int | float)]
    if numbers and max(numbers) > most:
        got = shortened(str(max(numbers)))
        raise typer.BadParameter(f"{name} must be at most {most:,} on this page, got {got}", param_hint=name)


def _whole(asked: dict[str, Any], name: str) -> Any:
    number = _chain.value(asked[name], name, words=False)
    number = int(number) if isinstance(number, float) and number.is_integer() else number
    _chain.check_count(name, number, MOST[name])
    return number


def _metric(asked: dict[str, Any], chain: Chain, known: list[str] | None) -> str:
    """The metric that is asked for, or the first one."""
    if known is not None:
        return asked["metric"] if asked["metric"] in known else next(iter(known), "")
    return _chain.metric_of(asked["metric"] or None, chain.shapes(), chain.names[0])


def _calls(chain: Chain, metric: str, asked: dict[str, Any]) -> dict[str, str]:
    """What to type for the same picture, in Python and on the command line."""
    settings = chain.settings
    model, workflow = (_build.source(settings[part], known) for part, known in _known())
    sizes = f"samples={_build.literal(chain.samples)}, generations={chain.generations}"
    count = int(float(asked["replications"])) if asked["replications"].strip().isdigit() else 1000
    python = (
        f"import jax, jaxcollapse as jc\n\nmodel = {model}\nworkflow = {workflow}\nsizes = dict({sizes})\n"
        f"prediction = jc.predict(model, workflow, **sizes)\n"
        f"run = lambda key: jc.simulate(model, workflow, key=key, **sizes).{metric}\n"
        f"estimate = jc.monte_carlo(run, jax.random.key(0), {count})\n"
        f'jc.plot.curves(estimate, prediction.forms.get("{metric}"), ylabel="{metric}")'
    )
    words = ["jaxcollapse", "simulate", *chain.names]
    for flag, table in (("--set", "model_settings"), ("--workflow-set", "workflow_settings")):
        words += [
            word for name, text in asked[table].items() if text.strip() for word in (flag, f"{name}={text.strip()}")
        ]
    words += ["--samples", asked["samples"].strip(), "--generations", str(chain.generations), "--metric", metric]
    words += ["--replications", str(count), "--theory", "--out", "curve.pdf"]
    return {"python": python, "command": shlex.join(words)}


def _known() -> tuple[tuple[str, dict[str, type]], ...]:
    return ("model", _build.models()), ("workflow", _build.workflows())
