"""Models and workflows from words: looked up among the public classes of the library, made from plain values."""

import inspect
import types
import typing
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import typer

from jaxcollapse.cli._print import check_known
from jaxcollapse.cli._values import Formula

_SPECTRUM = {
    "dim": "the number of features",
    "norm": "the length of the true coefficients",
    "capacity": "with source: a power-law spectrum",
    "source": "with capacity: a power-law spectrum",
    "spectrum": "a list of eigenvalues, instead of the others",
}


def models() -> dict[str, type]:
    """The models that plain values can describe, by name."""
    from jaxcollapse import Model

    return {name: found for name, found in _public(Model).items() if not _needs_code(found)}


def workflows() -> dict[str, type]:
    """The workflows, by name."""
    from jaxcollapse import Workflow

    return _public(Workflow)


class Setting(NamedTuple):
    """What `make` takes for a class: its name, its default (`inspect.Parameter.empty` without one), and its values."""

    name: str
    default: Any = None
    choices: tuple[Any, ...] = ()
    whole: bool = False


_OF_A_SPECTRUM = [Setting("dim", inspect.Parameter.empty, whole=True), Setting("norm", 1.0)]
_OF_A_SPECTRUM += [Setting(name) for name in ("capacity", "source", "spectrum")]


def described(kind: type) -> list[Setting]:
    """All settings of this class; those of a model inside another are called ``outer.inner``."""
    found: list[Setting] = []
    for name, parameter in _parameters(kind).items():
        inner = _model_inside(parameter)
        if _is_spectrum(parameter):
            found += _OF_A_SPECTRUM
        elif inner is not None and _is_abstract(inner):
            found.append(Setting(f"{name}.name", parameter.default))
        elif inner is not None:
            found += [setting._replace(name=f"{name}.{setting.name}") for setting in described(inner)]
        else:
            choices = _choices(parameter)
            found.append(Setting(name, parameter.default, choices, not choices and _is_whole(parameter)))
    return found


def settings(kind: type) -> list[str]:
    """Their names."""
    return [setting.name for setting in described(kind)]


def source(given: dict[str, Any], known: dict[str, type]) -> str:
    """What `make` makes of ``{"name": ..., ...}``, as Python writes it."""
    written = []
    for parameter in _parameters(known[given["name"]]).values():
        name, inner = parameter.name, _model_inside(parameter)
        if _is_spectrum(parameter):
            written.append(f"{name}={_spectrum_source(given)}")
        elif inner is not None and name in given:
            written.append(f"{name}={source({'name': inner.__name__, **given[name]}, models())}")
        elif name in given:
            written.append(f"{name}={literal(given[name])}")
    return f"jc.{given['name']}({', '.join(written)})"


def literal(value: Any) -> str:
    """A number, a list or a word, or arithmetic in g, as Python writes it."""
    return f"lambda g: {value.text}" if isinstance(value, Formula) else repr(value)


def check_names(model: str, workflow: str) -> None:
    """Refuse unknown names, before anything else is looked at."""
    _check_model(model, "MODEL")
    check_known("workflow", workflow, workflows(), "WORKFLOW")


def make(name: str, given: dict[str, Any], known: dict[str, type], flag: str) -> Any:
    """An object of the class `name`, which is `known`.

    **Arguments** `given`: plain values by name, and a table of them for a model inside another; `flag`: what the user
    wrote them behind.

    **Raises** `typer.BadParameter` for unknown settings, missing values, and values that the class refuses.
    """
    parameters = _parameters(known[name])
    allowed = [setting.partition(".")[0] for setting in settings(known[name])]
    for setting in given:
        where = f"{name} takes {', '.join(dict.fromkeys(allowed))}." if allowed else f"{name} takes none."
        check_known(f"setting of {name}", setting, allowed, flag, where)
    values: dict[str, Any] = {}
    for parameter in parameters.values():
        if _is_spectrum(parameter):
            values[parameter.name] = _spectrum(given, name, flag)
        elif (inner := _model_inside(parameter)) is not None and parameter.name in given:
            values[parameter.name] = _inside(parameter.name, inner, given[parameter.name], flag)
        elif parameter.name in given:
            choices = typing.get_args(parameter.annotation) if _is_choice(parameter) else ()
            if choices and given[parameter.name] not in choices:
                problem = f"{name}: {_spelled(parameter)}, got {given[parameter.name]!r}"
                raise typer.BadParameter(problem, param_hint=f"{flag} {parameter.name}=")
            values[parameter.name] = _plain(given[parameter.name])
        elif parameter.default is parameter.empty:
            choices = f": {_spelled(parameter)}" if _is_choice(parameter) else ""
            raise typer.BadParameter(f"{name} needs {parameter.name}{choices}", param_hint=f"{flag} {parameter.name}=")
    try:
        return known[name](**values)
    except (TypeError, ValueError) as error:
        raise refused(error, values, flag, name) from None


def refused(error: Exception, values: Iterable[str], flag: str, who: str) -> typer.BadParameter:
    """A refusal of the library, which names the argument first, as one of the command line."""
    text = str(error).replace('sampling="raw"', "--set sampling=raw")
    first = text.partition(" ")[0]
    return typer.BadParameter(f"{who}: {text}", param_hint=f"{flag} {first}=" if first in values else flag)


def _public(base: type) -> dict[str, type]:
    from jaxcollapse import chain, models

    found = {name: value for face in (chain, models) for name, value in vars(face).items() if isinstance(value, type)}
    return {n: c for n, c in sorted(found.items()) if issubclass(c, base) and not _is_abstract(c)}


def _is_abstract(kind: type) -> bool:
    """Whether a method, or a field of equinox, is left to subclasses."""
    return inspect.isabstract(kind) or bool(getattr(kind, "__abstractvars__", None))


def _check_model(name: str, hint: str) -> None:
    from jaxcollapse import Model

    everything = _public(Model)
    if name in everything and (needed := _needs_code(everything[name])):
        raise typer.BadParameter(f"{name} needs {needed}: use it in Python", param_hint=hint)
    check_known("model", name, models(), hint)


def _parameters(kind: type) -> dict[str, inspect.Parameter]:
    """The arguments of a class that are plain values, spectra, models, or code without a default."""
    found = inspect.signature(kind).parameters.values()
    return {p.name: p for p in found if _is_plain(p) or _is_spectrum(p) or _model_inside(p) or p.default is p.empty}


def _needs_code(kind: type) -> str:
    """The first argument that only Python can give, or nothing."""
    for parameter in _parameters(kind).values():
        if not (_is_plain(parameter) or _is_spectrum(parameter) or _model_inside(parameter)):
            return f"a function ({parameter.name})"
    return ""


def _is_plain(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    members = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    return any(m in (Any, bool, int, float, str) or typing.get_origin(m) is Literal for m in members)


def _is_spectrum(parameter: inspect.Parameter) -> bool:
    from jaxcollapse.theory import Spectrum

    return parameter.annotation is Spectrum


def _model_inside(parameter: inspect.Parameter) -> type | None:
    from jaxcollapse import Model

    annotation = parameter.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, Model) else None


def _is_choice(parameter: inspect.Parameter) -> bool:
    return typing.get_origin(parameter.annotation) is Literal


def _choices(parameter: inspect.Parameter) -> tuple[Any, ...]:
    """The values that an argument takes, if they are few."""
    if parameter.annotation is bool:
        return False, True
    return typing.get_args(parameter.annotation) if _is_choice(parameter) else ()


def _is_whole(parameter: inspect.Parameter) -> bool:
    """Whether an argument is a count."""
    members = typing.get_args(parameter.annotation) or (parameter.annotation,)
    return int in members and float not in members


def _spelled(parameter: inspect.Parameter) -> str:
    """The values that an argument takes, which are few."""
    return f"{parameter.name} must be {' or '.join(str(choice) for choice in typing.get_args(parameter.annotation))}"


def _inside(name: str, inner: type, given: Any, flag: str) -> Any:
    if not isinstance(given, dict):
        raise typer.BadParameter(
            f"{name} is a model: write its settings as {name}.SETTING=VALUE", param_hint=f"{flag} {name}="
        )
    own = {key: value for key, value in given.items() if key != "name"}
    if "name" not in given and inspect.isabstract(inner):
        raise typer.BadParameter(f"{name} is a model: say which", param_hint=f"{flag} {name}.name=")
    chosen = str(given.get("name", inner.__name__))
    _check_model(chosen, f"{flag} {name}.name=")
    return make(chosen, own, models(), f"{flag} {name}.")


def _spectrum(given: dict[str, Any], name: str, flag: str) -> Any:
    """The spectrum that is meant: isotropic, a power law, or a list of eigenvalues."""
    from jaxcollapse.theory import Spectrum

    own = {key: given[key] for key in _SPECTRUM if key in given}
    if "spectrum" in own:
        if len(own) > 1:
            others = ", ".join(key for key in own if key != "spectrum")
            raise typer.BadParameter(
                f"spectrum is a list of eigenvalues, and leaves no room for {others}", param_hint=flag
            )
        make_it = lambda: Spectrum.from_eigenvalues(_plain(own["spectrum"]))  # noqa: E731
    elif "dim" not in own:
        raise typer.BadParameter(
            f"{name} needs dim, {_SPECTRUM['dim']} (or spectrum, {_SPECTRUM['spectrum']})", param_hint=f"{flag} dim="
        )
    elif "capacity" in own or "source" in own:
        for key, other in (("capacity", "source"), ("source", "capacity")):
            if key not in own:
                raise typer.BadParameter(
                    f"a power-law spectrum needs {key} next to {other}", param_hint=f"{flag} {key}="
                )
        if "norm" in own:
            raise typer.BadParameter("a power-law spectrum has its own coefficients", param_hint=f"{flag} norm=")
        make_it = lambda: Spectrum.power_law(**own)  # noqa: E731
    else:
        make_it = lambda: Spectrum.isotropic(**own)  # noqa: E731
    try:
        return make_it()
    except (TypeError, ValueError) as error:
        raise refused(error, _SPECTRUM, flag, name) from None


def _spectrum_source(given: dict[str, Any]) -> str:
    own = {key: given[key] for key in _SPECTRUM if key in given}
    kind = "power_law" if "capacity" in own else "isotropic"
    if "spectrum" in own:
        return f"jc.theory.Spectrum.from_eigenvalues({literal(own['spectrum'])})"
    return f"jc.theory.Spectrum.{kind}({', '.join(f'{key}={literal(value)}' for key, value in own.items())})"


def _plain(value: Any) -> Any:
    """A list of numbers as an array; everything else as it is."""
    if isinstance(value, list):
        import numpy as np

        try:
            array = np.asarray(value)
        except ValueError:  # rows of different lengths: whoever takes it says so
            return value
        return array.astype(float) if array.dtype.kind in "iuf" else value
    return value
