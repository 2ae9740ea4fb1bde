"""What one replication of a chain says about the eight definitions: curves over the generations, by their parts.

A part is a metric of the model by its name, or a function of the parameters. Where none is given, the metrics that
every family has for it are taken, and for symbols and Gaussians what is lost and what is hallucinated is measured.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_above
from jaxcollapse.arguments.names import did_you_mean, shown
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.chain.model import Model, measured
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.models.gaussian.univariate import Gaussian, Normal

Part: TypeAlias = str | Callable[..., Array] | None
"""A metric by its name, or a function of the parameters of a generation."""
LARGER = "larger"
"""The part that is the risk with larger samples."""


class Source(NamedTuple):
    """A metric that a part is read from, and by which straight line: ``scale * metric + plus``."""

    metric: str
    scale: float = 1.0
    plus: float = 0.0


class Parts(NamedTuple):
    """Where each part of a chain comes from; None where it has none."""

    risk: Part | Source = None
    log_variance: Part | Source = None
    modes: Part | Source = None
    tail: Part | Source = None
    outside: Part | Source = None


_RISK = (Source("risk"), Source("excess"), Source("squared_error"), Source("accuracy", -1.0, 1.0))
_LOG_VARIANCE = (Source("log_variance"), Source("log_determinant"), Source("log_noise"))
_RARE = 3.0
"""Standard deviations from the mean of a Gaussian beyond which it has next to nothing: 0.27 %."""


@lenient(types=False)
def observe(
    model: Model,
    workflow: Workflow,
    *,
    key: Key[Array, ""],
    samples: Any,
    generations: Count,
    factor: Number | None = 4.0,
    risk: Part = None,
    log_variance: Part = None,
    modes: Part = None,
    tail: Part = None,
    outside: Part = None,
) -> dict[str, Float[Array, " generations"]]:
    """One replication of a chain, as `report` reads it: a function of a key for `jaxcollapse.monte_carlo`.

    **Arguments**

    - `model`, `workflow`, `key`, `samples`, `generations`: as for `jaxcollapse.simulate`.
    - `factor`: by how much the samples of a second run are larger, for the scaling law; None for no second run. Sizes
      that the workflow holds stay.
    - `risk`, `log_variance`, `modes`, `tail`, `outside`: the metric of that name, or a function of the parameters: the
      excess risk, the log of the model's variance, the share of the modes that are lost, the true probability of what
      is lost, and the model's probability of what the truth does not have. By default what the model measures; for
      `Gaussian` the true and the model's probability beyond three standard deviations of the other law.

    **Returns** a dictionary of arrays of shape ``(generations,)``, without the parts that are not known; ``"larger"``
    is the risk of the second run.

    **Raises** `ValueError` or `TypeError` for what `jaxcollapse.simulate` refuses, a factor of one or less, and an
    unknown metric.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> curves = observe(jc.Gaussian(ddof=1), jc.Replace(), key=jax.random.key(0), samples=20, generations=4)
    >>> sorted(curves)
    ['larger', 'log_variance', 'outside', 'risk', 'tail']

    ```
    """
    chosen = parts_of(model, Parts(risk, log_variance, modes, tail, outside))
    given = {name: part for name, part in chosen._asdict().items() if part is not None}
    own = {f"own_{name}": part for name, part in given.items() if callable(part)}
    run = simulate(model, workflow, key=key, samples=samples, generations=generations, metrics=own or None)
    curves = {name: _curve(name, part, run.metrics) for name, part in given.items()}
    if chosen.risk is not None and factor is not None:
        check_above("factor", factor, 1.0)
        sizes = enlarged(samples, factor)
        more = simulate(model, workflow, key=key, samples=sizes, generations=generations, metrics=own or None)
        curves[LARGER] = _curve("risk", chosen.risk, more.metrics)
    return curves


def parts_of(model: Model, given: Parts) -> Parts:
    """What is given, and for the rest what is known of a family."""
    names = _names(model)
    found = Parts(*(_named(name, part, names) for name, part in given._asdict().items()))
    risk = found.risk or next((source for source in _RISK if names.get(source.metric) == ()), None)
    variance = found.log_variance or next((source for source in _LOG_VARIANCE if source.metric in names), None)
    modes = found.modes or _symbols_lost(model, names)
    tail = found.tail or (Source("unseen") if "unseen" in names else None)
    outside = found.outside
    if isinstance(model, Gaussian):
        tail = tail or (lambda law: beyond(model.truth(), law))
        outside = outside or (lambda law: beyond(law, model.truth()))
    if isinstance(model, Categorical):
        outside = outside or (lambda law: jnp.sum(jnp.where(model.truth() > 0, 0.0, law)))
    return Parts(risk, variance, modes, tail, outside)


@lenient()
def beyond(law: Normal, other: Normal) -> Float[Array, ""]:
    """The probability under a Gaussian of what lies beyond three standard deviations of another one."""
    scale = jnp.exp(0.5 * (other.log_variance - law.log_variance))
    gap = (other.mean - law.mean) * jnp.exp(-0.5 * law.log_variance)
    return ndtr(-_RARE * scale + gap) + ndtr(-_RARE * scale - gap)


def enlarged(samples: Any, factor: Number) -> Any:
    """Sizes, or a schedule of them, times a factor."""
    if callable(samples):
        schedule: Any = samples
        return lambda g: factor * schedule(g)
    return factor * np.asarray(samples)


def _symbols_lost(model: Model, names: dict[str, tuple[int, ...]]) -> Source | None:
    """The share of the symbols that are no longer drawn."""
    truth = _truth(model)
    known = "support" in names and isinstance(truth, jax.Array) and truth.ndim == 1
    return Source("support", -1 / truth.size, 1.0) if known else None


def _curve(name: str, part: Part | Source, metrics: dict[str, Array]) -> Float[Array, " generations"]:
    if isinstance(part, Source):
        curve = part.scale * metrics[part.metric] + part.plus
    else:
        curve = metrics[f"own_{name}"]
    if curve.ndim != 1:
        raise ValueError(f"{name} must be one number for each generation, got shape {curve.shape[1:]}")
    return curve


def _named(name: str, part: Any, metrics: dict[str, tuple[int, ...]]) -> Any:
    """A part as it was given: None, a function, or the name of a metric."""
    if part is None or callable(part):
        return part
    if not isinstance(part, str):
        raise TypeError(f"{name} must be the name of a metric or a function of the parameters, got {shown(part)}")
    if part not in metrics:
        hint = did_you_mean(part, metrics) or f"; it has {sorted(metrics)}"
        raise ValueError(f"{name} must be a metric of the model, got {shown(part)}{hint}")
    return Source(part)


def null_of(model: Model) -> float | None:
    """The risk of coefficients that are all zero, for models of coefficients; None where that says nothing."""
    names, truth = _names(model), _truth(model)
    if "risk" not in names and "accuracy" in names:
        return 0.5
    if names.get("risk") != () or not isinstance(truth, jax.Array):
        return None
    risk = float(measured(model, jnp.zeros_like(truth), **_context())["risk"])
    return risk if risk > 0 and np.isfinite(risk) else None


def _names(model: Model) -> dict[str, tuple[int, ...]]:
    """The metrics of a model and their shapes; none are known of one that has no truth."""
    truth = _truth(model)
    if truth is None:
        return {}
    shown = eqx.filter_eval_shape(lambda: measured(model, truth, **_context()))
    return {name: tuple(value.shape) for name, value in shown.items()}


def _truth(model: Model) -> Any:
    """The true parameters, or None where a model knows none."""
    try:
        return model.truth()
    except NotImplementedError:
        return None


def _context() -> dict[str, Any]:
    return {"key": jax.random.key(0), "generation": jnp.ones((), int)}
