"""A chain from what a user writes in words, with the checks that all commands share."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from jaxcollapse.arguments.names import shortened, shown
from jaxcollapse.cli import _build
from jaxcollapse.cli._print import check_known
from jaxcollapse.cli._values import read, recorded

if TYPE_CHECKING:
    from jaxcollapse import Model, Prediction, Workflow

LARGEST = {"generations": (1, 10**6), "replications": (2, 2**31 - 1), "seed": (0, 2**32 - 1)}
"""The least and the most of each count that a command takes."""


class Chain(NamedTuple):
    """A model and a workflow, made of the settings that are written: ``{"name": "Gaussian", "ddof": 1}``."""

    model: "Model"
    workflow: "Workflow"
    samples: Any
    generations: int
    settings: dict[str, Any]
    """What a file says of it: of the model, the workflow and the sizes."""

    @property
    def names(self) -> tuple[str, str]:
        """The model and the workflow."""
        return self.settings["model"]["name"], self.settings["workflow"]["name"]

    def metrics(self, key: Any) -> dict[str, Any]:
        """One replication."""
        import jaxcollapse as jc

        sizes = {"samples": self.samples, "generations": self.generations}
        return jc.simulate(self.model, self.workflow, key=key, **sizes).metrics

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The metrics and their shapes: all that can be refused before compilation is."""
        import jax

        return self._asked(
            lambda: {name: found.shape for name, found in jax.eval_shape(self.metrics, jax.random.key(0)).items()}
        )

    def prediction(self) -> "Prediction":
        """What is known in advance."""
        import jaxcollapse as jc

        sizes = {"samples": self.samples, "generations": self.generations}
        return self._asked(lambda: jc.predict(self.model, self.workflow, **sizes))

    def _asked(self, question: Callable) -> Any:
        """An answer of the library, whose refusals are those of the command line."""
        try:
            return question()
        except (TypeError, ValueError, NotImplementedError) as error:
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> typer.BadParameter:
        first = str(error).partition(" ")[0]
        if first in ("samples", "generations"):
            return typer.BadParameter(str(error), param_hint=f"--{first}")
        model, workflow = self.settings["model"], self.settings["workflow"]
        flag = "--workflow-set" if first in workflow else "--set"
        return _build.refused(error, {*model, *workflow}, flag, " with ".join(self.names))


def made(model: dict[str, Any], workflow: dict[str, Any], samples: Any, generations: int) -> Chain:
    """The chain of these settings; `typer.BadParameter` for any that a class refuses."""
    parts = {"--set": (model, _build.models()), "--workflow-set": (workflow, _build.workflows())}
    objects = [
        _build.make(table["name"], {key: value for key, value in table.items() if key != "name"}, known, flag)
        for flag, (table, known) in parts.items()
    ]
    sizes = {"samples": samples, "generations": generations}
    return Chain(*objects, **sizes, settings={"model": dict(model), "workflow": dict(workflow), **sizes})


def assign(table: dict[str, Any], pairs: Iterable[str] | None, flag: str) -> None:
    """Put ``name=value`` and ``outer.inner=value`` into the table."""
    for pair in pairs or ():
        name, equals, text = pair.partition("=")
        name = name.strip()
        if not equals or not name or not text.strip():
            raise typer.BadParameter(f"must look like NAME=VALUE, got {shortened(pair)!r}", param_hint=flag)
        *outer, last = name.split(".")
        place = table
        for step in outer:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise typer.BadParameter(f"{step} has a value already, got {shortened(pair)!r}", param_hint=flag)
        if name == "name":
            raise typer.BadParameter("the name is the first word of the command", param_hint=flag)
        place[last] = value(text, f"{flag} {name}=", words=True)


def value(text: str, hint: str, *, words: bool) -> Any:
    """A number, a list, arithmetic in g, or with `words` a word."""
    try:
        return read(text, words=words)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=hint) from None


def check_count(name: str, number: Any, most: int | None = None) -> None:
    """Refuse a count that is no integer between the ends of `LARGEST`."""
    lowest, highest = LARGEST[name]
    highest = most or highest
    if not isinstance(number, int) or isinstance(number, bool) or not lowest <= number <= highest:
        allowed = f"an integer from {lowest} to {highest:,}"
        raise typer.BadParameter(f"{name} must be {allowed}, got {shown(number)}", param_hint=f"--{name}")


def metric_of(name: str | None, shapes: dict[str, tuple[int, ...]], model: str) -> str:
    """The metric that is meant, of those that are one number per generation."""
    known = [metric for metric, shape in shapes.items() if len(shape) == 1]
    if name is None:
        name = "risk" if "risk" in known else known[0] if len(known) == 1 else ""
    if not name:
        raise typer.BadParameter(f"say which metric of {model}: {', '.join(known)}", param_hint="--metric")
    check_known(f"metric of {model}", name, known, "--metric", f"there are {', '.join(known)}.")
    return name


def title(settings: dict[str, Any]) -> str:
    """A chain with its settings, in a line."""
    model, workflow = (_called(dict(recorded(settings[part]))) for part in ("model", "workflow"))
    return f"{model}, {workflow}, samples {shortened(str(recorded(settings['samples'])))}"


def _called(settings: dict[str, Any]) -> str:
    """A name with its settings in brackets."""
    name = settings.pop("name", "")
    inside = ", ".join(f"{key}={_called(dict(v)) if isinstance(v, dict) else v}" for key, v in settings.items())
    return shortened(f"{name}({inside})" if inside else name)
