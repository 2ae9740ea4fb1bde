"""The controls of the page of `explore`: a slider for every number, a choice for every word, a field for every list.

What a slider can say is a matter of taste: what is allowed, the classes themselves decide.
"""

import inspect
from typing import Any, NamedTuple

from jaxcollapse.cli import _build
from jaxcollapse.cli._build import Setting


class Slider(NamedTuple):
    """The ends of a slider, where it starts, and whether its steps are ratios and whole numbers."""

    low: float
    high: float
    start: float
    log: bool = False
    whole: bool = False


SIZES = {
    "samples": Slider(2, 2000, 100, log=True, whole=True),
    "generations": Slider(1, 200, 20, log=True, whole=True),
    "replications": Slider(100, 100_000, 1000, log=True, whole=True),
}
_SHARE = Slider(0.0, 1.0, 0.5)
_COUNTS = {
    "dim": Slider(1, 300, 20, log=True),
    "capacity": Slider(2, 1000, 100, log=True),
    "steps": Slider(1, 1000, 100, log=True),
    "iterations": Slider(1, 500, 100, log=True),
    "width": Slider(1, 300, 50, log=True),
}
_COUNT = Slider(1, 20, 2)
_NUMBERS = {
    "noise": Slider(0.0, 2.0, 0.5),
    "norm": Slider(0.0, 5.0, 1.0),
    "penalty": Slider(1e-5, 10.0, 0.01, log=True),
    "capacity": Slider(1.05, 4.0, 2.0),
    "source": Slider(0.1, 2.0, 0.5),
    "variance": Slider(0.01, 10.0, 1.0, log=True),
    "mean": Slider(-5.0, 5.0, 1.0),
    "shape": Slider(0.05, 5.0, 1.0, log=True),
    "bandwidth": Slider(0.05, 2.0, 0.5, log=True),
    "temperature": Slider(0.1, 3.0, 1.0),
    "guidance": Slider(-1.0, 3.0, 0.0),
    "power": Slider(-2.0, 4.0, 1.0),
    "real_samples": Slider(1, 2000, 100, log=True),
    "auxiliary_samples": Slider(2, 2000, 100, log=True),
    "public_samples": Slider(1, 2000, 100, log=True),
    "sigma_min": Slider(1e-3, 1.0, 0.1, log=True),
    "sigma_max": Slider(0.5, 100.0, 10.0, log=True),
    "rate": Slider(1e-3, 1.0, 0.1, log=True),
    "floor": Slider(1e-8, 0.1, 1e-6, log=True),
    "beta": Slider(0.1, 10.0, 1.0, log=True),
}
_LISTS = {
    "probabilities": "0.4, 0.3, 0.2, 0.1",
    "rewards": "0, 0.5, 1, 1.5",
    "eigenvalues": "2, 1, 0.5",
    "covariance": "[[1, 0.5], [0.5, 1]]",
    "weights": "0.5, 0.5",
    "means": "[[-1.5], [1.5]]",
    "variances": "[[0.4], [0.4]]",
}
_TABLES = ("spectrum", "data", "held_out", "kernel", "targets", "inputs", "order", "rows", "contexts", "pieces", "edit")
_TABLES += ("matrix", "test", "model.name", "time")


class Control(NamedTuple):
    """A setting on the page: its name, what it says at first (nothing: its default), and how it is moved."""

    name: str
    start: str
    slider: Slider | None = None
    choices: tuple[str, ...] = ()


def offered(known: dict[str, type]) -> dict[str, list[Control]]:
    """The controls of all classes whose settings a page can begin with: none that needs a table of data."""
    found = {name: [control(setting) for setting in _build.described(kind)] for name, kind in known.items()}
    return {name: controls for name, controls in found.items() if not _lacking(name, controls, known)}


def _lacking(name: str, controls: list[Control], known: dict[str, type]) -> list[str]:
    """The settings that must be given and have nothing to begin with."""
    needed = [setting.name for setting in _build.described(known[name]) if setting.default is inspect.Parameter.empty]
    return [control.name for control in controls if control.name in needed and not control.start]


def control(setting: Setting) -> Control:
    """How one setting is moved."""
    last = setting.name.rpartition(".")[2]
    must = setting.default is inspect.Parameter.empty
    default = "" if must or setting.default is None else _written(setting.default)
    if setting.choices:
        return Control(setting.name, default or str(setting.choices[0]), choices=tuple(map(str, setting.choices)))
    if setting.name in _TABLES or last in _TABLES:
        return Control(setting.name, default)
    if last in _LISTS:
        return Control(setting.name, _LISTS[last] if must else default)
    slider = _slider(last, setting.whole)
    return Control(setting.name, default or (f"{slider.start:g}" if must else ""), slider)


def _written(default: Any) -> str:
    return f"{default:g}" if isinstance(default, float) else str(default)


def _slider(name: str, whole: bool) -> Slider:
    if whole:
        return _COUNTS.get(name, _COUNT)._replace(whole=True)
    return _NUMBERS.get(name, _SHARE)


def facts(known: dict[str, type]) -> dict[str, list[dict[str, Any]]]:
    """The same as the page reads it."""
    return {
        name: [c._asdict() | {"slider": c.slider and c.slider._asdict()} for c in controls]
        for name, controls in offered(known).items()
    }
