"""Writes `docs/results/predictions.md`: what `jaxcollapse.predict` knows, by family, workflow and design.

`python docs/predictions.py`; the build of the site calls it. Families and workflows are the rows of
`tests/protocols.py`, which hold one of each; a model with a design, a divisor, a solver or a penalty is asked for each.
"""

import inspect
import sys
from pathlib import Path
from typing import Any, get_args

import jax

import jaxcollapse as jc
from jaxcollapse.chain.predict import closed_forms, predict
from jaxcollapse.machine.precision import enable_x64

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from reference import write  # noqa: E402

from protocols import GENERATIONS, MODELS, WORKFLOWS, ModelRow  # noqa: E402

MARKS = {"exact": "exact", "asymptotic": "{order}", "lower bound": "lower bound", "upper bound": "upper bound"}
CHOICES = ("design", "ddof", "solver", "latent")  # fields of a few values, each of which is asked for
NUMBERS = {"penalty": {"no penalty": 0.0, "penalty": 0.1}, "error_rate": {"given errors": 0.3}}


def choices(model: jc.Model, name: str) -> dict[str, Any]:
    """The values of a field that are asked for, by their names; nothing for a model without it."""
    if not hasattr(model, name):
        return {}
    if name == "latent":
        return {"all latent dimensions": model.dim} if hasattr(model, "dim") else {}
    if name in NUMBERS:
        return NUMBERS[name]
    values = get_args(type(model).__dataclass_fields__[name].type)
    return {f"{name}={value}" if name == "ddof" else f"{value} {name}": value for value in values}


def signature_of(model: jc.Model) -> list[str]:
    """The arguments of its constructor."""
    return list(inspect.signature(type(model)).parameters)


def remade(model: jc.Model, name: str, value: Any) -> jc.Model | None:
    """The model with another value of an argument; None where its constructor refuses that."""
    arguments = {
        other: getattr(model, other) for other in inspect.signature(type(model)).parameters if other in vars(model)
    }
    try:
        return type(model)(**{**arguments, name: value})
    except (TypeError, ValueError):
        return None


def variants(model: jc.Model) -> dict[str, jc.Model]:
    """The model with every choice of its fields, or of those of a model that it is given."""
    found = {"": model}
    for name in (*CHOICES, *NUMBERS):
        made = {
            ", ".join(filter(None, (words, label))): remade(one, name, value)
            for words, one in found.items()
            for label, value in choices(one, name).items()
        }
        found = {words: one for words, one in made.items() if one is not None} or found
    for name, inner in vars(model).items():
        if isinstance(inner, jc.Model) and name in signature_of(model):
            found = {words: remade(model, name, one) or model for words, one in variants(inner).items()}
    return found


def known(model: jc.Model, workflow: jc.Workflow, samples: int) -> dict[str, Any]:
    """The closed forms of a chain, of which only what they are is computed; none of one that is refused."""
    try:
        return jax.eval_shape(lambda: closed_forms(model, workflow, samples=samples, generations=GENERATIONS))
    except (ValueError, TypeError):
        return {}


def metrics(model: jc.Model, samples: int) -> list[str]:
    """The metrics of a model."""
    found = jax.eval_shape(lambda: predict(model, jc.Replace(), samples=samples, generations=GENERATIONS))
    return [*found.forms, *found.unknown]


def sorted_by(forms: dict[str, Any]) -> list[str]:
    """The workflows with an exact form, with another one, which is named, and without one."""
    groups: dict[str, list[str]] = {}
    for workflow, form in forms.items():
        mark = MARKS[form.exactness].format(order=form.order) if form else ""
        groups.setdefault(mark, []).append(workflow)
    exact, none = (", ".join(groups.pop(mark, [])) or "–" for mark in ("exact", ""))
    others = "<br>".join(f"{mark}: {', '.join(names)}" for mark, names in groups.items())
    return [exact, others or "–", none]


def table(name: str, row: ModelRow) -> list[str]:
    """The lines of one family: a metric a line, and the workflows by what is known of it."""
    workflows = [(flow.name, flow.make(GENERATIONS)) for flow in WORKFLOWS]
    rows = variants(row.exact() if row.raw is None else row.raw())
    lines, functions = [], {}
    named = metrics(row.exact(), row.samples)
    for words, model in variants(row.exact()).items():
        found = [known(rows[words] if flow.needs_rows else model, flow, row.samples) for _, flow in workflows]
        for metric in named:
            forms = [forms.get(metric) for forms in found]
            if not any(forms):
                continue
            cells = sorted_by(dict(zip((name for name, _ in workflows), forms, strict=True)))
            lines.append(f"| {' | '.join([f'`{metric}`' + (f'<br>{words}' if words else ''), *cells])} |")
            functions |= {form.name: None for form in forms if form and form.name.startswith("theory.")}
    if not functions:
        return [f"## {name}", "", "None is known.", ""]
    links = ", ".join(f"{{py:obj}}`{form.split('.', 1)[1]} <jaxcollapse.{form}>`" for form in functions)
    head = ["metric", "exact", "to an order, or a bound", "none"]
    return [
        f"## {name}", "", f"By {links}.", "", "{.predictions}",
        f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines, "",
    ]  # fmt: skip


def page() -> str:
    """The whole page."""
    lines = [
        "# Theory by model and workflow",
        "",
        "What {py:obj}`jaxcollapse.predict` knows of the mean of each metric, for batches of one size: *exact* for",
        "every finite size; an order, such as 1/n, is that of the relative error of an asymptotic form; a bound; or",
        "none. A metric without a line has none. Sizes and noises that vary rule some forms out; fewer",
        "rows than coefficients, and two symbols of `Curated`, have forms of their own. For a setting of your own,",
        "`jc.predict(model, workflow, ...).summary()` says which form serves, or why none does and which setting is",
        "nearest. The exact ones are simulated at random settings by `jaxcollapse verify --random`.",
        "",
    ]
    families = {type(row.exact()).__name__: row for row in reversed(MODELS)}
    families = {name: row for name, row in families.items() if hasattr(jc, name) or name == "ExpectedRidge"}
    with enable_x64(True):
        for name, row in sorted(families.items()):
            lines += table(name, row)
    return "\n".join(lines)


if __name__ == "__main__":
    write(HERE / "results" / "predictions.md", page())
