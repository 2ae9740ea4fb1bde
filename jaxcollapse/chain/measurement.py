"""What is measured at every generation: what a model names, and what its user adds."""

import numbers
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import jax
import numpy as np
from jaxtyping import Array, PyTree

from jaxcollapse.arguments.check import is_key
from jaxcollapse.arguments.names import shown
from jaxcollapse.chain.model import Model, measured, name_of, takes_context

Metrics: TypeAlias = Mapping[str, Callable[..., Array]]
"""Functions of the parameters of a generation, by the name of what they return."""
_TAKEN = ("params", "metrics", "until")
"""Attributes of a trajectory."""


def check_metrics(metrics: Any) -> Metrics:
    """Metrics of one's own as `simulate` is given them; none for None."""
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise TypeError(f"metrics must be a dictionary of functions by name, got {shown(metrics)}")
    for name, function in metrics.items():
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            raise ValueError(f"metrics must have names that may follow a dot, got {shown(name)}")
        if name in _TAKEN:
            raise ValueError(f"metrics must have names of their own: a trajectory has {name!r} already")
        if not callable(function):
            raise TypeError(f"metrics must be functions of the parameters, got {shown(function)} for {name!r}")
    return dict(metrics)


def measurement(model: Model, own: Metrics, params: PyTree, **context) -> dict[str, Array]:
    """All metrics of one generation."""
    name = name_of(model)
    found = measured(model, params, **context)
    if not isinstance(found, dict):
        raise TypeError(f"{name}.metrics must return a dictionary of arrays by name, got {type(found).__name__}")
    if twice := sorted(found.keys() & own.keys()):
        raise ValueError(f"metrics must have names of their own: {name} measures {twice[0]!r} already")
    for metric, value in found.items():
        _check_no_key(f"{name}.metrics", metric, value)
    return {**found, **{metric: _of_a_user(metric, function, params, context) for metric, function in own.items()}}


def _of_a_user(metric: str, function: Callable, params: PyTree, context: dict[str, Any]) -> Any:
    """What one function makes of the parameters."""
    value = function(params, **(context if takes_context(function) else {}))
    if not isinstance(value, jax.Array | np.ndarray | np.generic | numbers.Real):
        raise TypeError(f"metrics must return arrays, got {type(value).__name__} for {metric!r}")
    _check_no_key("metrics", metric, value)
    return value


def _check_no_key(who: str, metric: str, value: Any) -> None:
    if any(map(is_key, jax.tree.leaves(value))):
        raise TypeError(f"{who} must return numbers, got a random key for {metric!r}: return what is drawn from it")
