"""`report`: which of the eight definitions of model collapse a run meets, with intervals and with what is predicted."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_above, check_choice, check_numbers
from jaxcollapse.arguments.html import html_table
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.predict import closed_forms
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.replication.estimate import Estimate
from jaxcollapse.replication.monte_carlo import monte_carlo
from jaxcollapse.replication.trust import quantile
from jaxcollapse.verification.definitions import quantities
from jaxcollapse.verification.definitions.observed import (
    LARGER,
    Part,
    Parts,
    Source,
    enlarged,
    null_of,
    observe,
    parts_of,
)


class Definition(NamedTuple):
    """One of the eight: its number, its name, the parts of a run that it needs, and the level above which it is met."""

    number: int
    name: str
    parts: tuple[str, ...]
    level: float
    function: Callable[..., Array]


DEFINITIONS = (
    Definition(1, "catastrophic increase", ("risk",), 1.0, quantities.catastrophic_increase),
    Definition(2, "any increase", ("risk",), 1.0, quantities.any_increase),
    Definition(3, "diverging risk", ("risk",), 0.75, quantities.diverging_risk),
    Definition(4, "collapsing variance", ("log_variance",), 0.75, quantities.collapsing_variance),
    Definition(5, "changed scaling law", ("risk", LARGER), 0.1, quantities.changed_scaling),
    Definition(6, "lost modes", ("modes",), 0.05, quantities.lost_modes),
    Definition(7, "lost tail", ("tail",), 0.05, quantities.lost_tail),
    Definition(8, "hallucinated data", ("outside",), 0.05, quantities.hallucinated_data),
)
NAMES = tuple(definition.name for definition in DEFINITIONS)


class Finding(NamedTuple):
    """What a run says about one definition."""

    definition: str
    met: bool | None
    """Whether the number is above its level; None where the interval holds the level."""
    value: float
    """The number, of the simulated means."""
    lower: float
    upper: float
    """The confidence interval, by linear propagation of the covariance of the means."""
    level: float
    """Above which the definition is met."""
    predicted: float | None
    """The same number of the closed forms of `jaxcollapse.predict`, where all that it needs are known."""


class Report(NamedTuple):
    """Which of the eight definitions a run meets."""

    findings: dict[str, Finding]
    """By the name of the definition, in their order."""
    unasked: dict[str, str]
    """The other definitions, and what of the run would have to be known."""
    estimate: Estimate
    """Of the parts of the run."""

    @property
    def met(self) -> tuple[str, ...]:
        """The definitions that are met."""
        return tuple(name for name, finding in self.findings.items() if finding.met)

    def summary(self) -> str:
        """One line for each definition."""
        rows = [(number, *cells) for number, cells in enumerate(self._cells(), 1)]
        return "\n".join(f"{number} {name:<22} {word:<10} {text}".rstrip() for number, name, word, text in rows)

    def _repr_html_(self) -> str:
        """The same as a table, in notebooks."""
        caption = f"{len(self.met)} of {len(self.findings)} definitions met, {self.estimate.count:,} replications"
        return html_table(caption, ("definition", "met", "number"), self._cells())

    def _cells(self) -> Iterator[tuple[str, str, str]]:
        for name in NAMES:
            if name in self.findings:
                yield name, WORDS[self.findings[name].met], _numbers(self.findings[name])
            else:
                yield name, "not asked", self.unasked[name]


WORDS = {True: "met", False: "not met", None: "undecided"}
"""What each outcome is called."""


def report(
    subject: Model | Estimate,
    workflow: Workflow | None = None,
    *,
    samples: Any = None,
    generations: Count | None = None,
    key: Key[Array, ""] | None = None,
    replications: Count = 1024,
    null: Number | None = None,
    factor: Number = 4.0,
    risk: Part = None,
    log_variance: Part = None,
    modes: Part = None,
    tail: Part = None,
    outside: Part = None,
    levels: dict[str, float] | None = None,
    confidence: float = 0.95,
) -> Report:
    """Which of the eight definitions of model collapse a run meets.

    **Arguments**

    - `subject`: a model, which is simulated; or an `Estimate` of `observe`, or of any dictionary of curves over the
      generations under the names of its parts.
    - `workflow`, `samples`, `generations`, `key`: as for `jaxcollapse.simulate`, for a model.
    - `replications`: of the simulation.
    - `null`: the risk of having learnt nothing. By default that of coefficients of zero, for models of coefficients.
    - `factor`, `risk`, `log_variance`, `modes`, `tail`, `outside`: as for `observe`; of an estimate `factor` is by
      what its second run was larger.
    - `levels`: other levels above which definitions are met, by their names.
    - `confidence`: of the intervals, between 0 and 1.

    **Returns** a `Report`. A definition is met where its interval lies above its level, and not where it lies below.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Intervals are asymptotic in the replications: the numbers are smooth functions of means. Where
    `Estimate.usable` is false they mean little.

    **Reference** Schaeffer et al. 2025, arXiv:2503.03150, for the definitions.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> chain = dict(samples=20, generations=16, key=jax.random.key(0), null=0.5)
    >>> print(", ".join(report(jc.NormalMean([0.0]), jc.Replace(), **chain).met))
    catastrophic increase, any increase, diverging risk

    ```
    """
    chosen = {**{d.name: d.level for d in DEFINITIONS}, **(levels or {})}
    for name, level in chosen.items():
        check_choice("levels", name, NAMES)
        check_numbers(f"levels of {name}", level)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    given = Parts(risk, log_variance, modes, tail, outside)
    predicted: dict[str, Any] = {}
    if isinstance(subject, Model):
        if workflow is None or samples is None or generations is None or key is None:
            asked = {"workflow": workflow, "samples": samples, "generations": generations, "key": key}
            missing = [name for name, value in asked.items() if value is None]
            raise TypeError(f"{missing[0]} must be given to simulate a model")
        chain: dict[str, Any] = {"samples": samples, "generations": generations}

        def run(key):
            return observe(subject, workflow, key=key, factor=factor, **chain, **given._asdict())

        estimate = monte_carlo(run, key, replications)
        predicted = _predicted(subject, workflow, parts_of(subject, given), factor, chain)
        null = null_of(subject) if null is None else null
    elif isinstance(subject, Estimate):
        estimate = subject
    else:
        raise TypeError(f"subject must be a jaxcollapse Model or Estimate, got {type(subject).__name__}")
    curves = _curves(estimate)
    context = {"null": null, "factor": factor}
    if null is not None:
        check_above("null", null, 0.0)
    unasked = {d.name: reason for d in DEFINITIONS if (reason := _missing(d, curves, null))}
    means = _Means(estimate, curves, quantile(0.5 - confidence / 2, estimate.count))
    asked = [definition for definition in DEFINITIONS if definition.name not in unasked]
    findings = {d.name: _finding(d, chosen[d.name], means, predicted, context) for d in asked}
    return Report(findings, unasked, estimate)


class _Means:
    """Means of curves, and what their covariance makes of a function of them."""

    def __init__(self, estimate: Estimate, curves: dict[str, np.ndarray], width: float):
        self.curves, self._width = curves, width
        ends = np.cumsum([0, *(np.size(leaf) for leaf in jax.tree.leaves(estimate.mean))])
        # Leaves of a dictionary are in the order of their names.
        self._place = {name: slice(ends[i], ends[i + 1]) for i, name in enumerate(sorted(estimate.mean))}
        self._covariance = estimate.covariance() / estimate.count

    def interval(self, names: tuple[str, ...], function: Callable[..., Array]) -> tuple[float, float, float]:
        """The value of a function of some curves, and its confidence limits."""
        curves = [jnp.asarray(self.curves[name]) for name in names]
        value, slopes = jax.value_and_grad(lambda curves: function(*curves))(curves)
        slope = np.concatenate([np.asarray(part, float) for part in slopes])
        rows = np.concatenate([np.r_[self._place[name]] for name in names])
        half = self._width * float(np.sqrt(max(slope @ self._covariance[np.ix_(rows, rows)] @ slope, 0.0)))
        return float(value), float(value) - half, float(value) + half


def _finding(
    definition: Definition, level: float, means: _Means, predicted: dict[str, Any], context: dict[str, Any]
) -> Finding:
    """What the means say of one definition."""
    function = _bound(definition, context)
    with enable_x64(True):
        sound = all(np.isfinite(means.curves[name]).all() for name in definition.parts)
        value, lower, upper = means.interval(definition.parts, function) if sound else (np.nan, -np.inf, np.inf)
        known = all(name in predicted and np.isfinite(predicted[name]).all() for name in definition.parts)
        theory = float(function(*(predicted[name] for name in definition.parts))) if known else None
    met = True if lower > level else False if upper <= level else None
    return Finding(definition.name, met, value, lower, upper, level, theory)


def _bound(definition: Definition, context: dict[str, Any]) -> Callable[..., Array]:
    """A definition as a function of its curves alone."""
    if definition.number == 1:
        return lambda risk: definition.function(risk, null=context["null"])
    if definition.number == 5:
        return lambda risk, larger: definition.function(risk, larger, factor=context["factor"])
    return definition.function


def _curves(estimate: Estimate) -> dict[str, np.ndarray]:
    """The parts that an estimate has; the other entries are left alone."""
    if not isinstance(estimate.mean, dict) or len(jax.tree.leaves(estimate.mean)) != len(estimate.mean):
        raise TypeError("subject must be an estimate of a dictionary of curves by the names of the parts")
    parts = {*Parts._fields, LARGER}
    found = {name: np.asarray(mean) for name, mean in estimate.mean.items() if name in parts}
    for name, curve in found.items():
        if curve.ndim != 1:
            raise ValueError(f"{name} must be one number for each generation, got shape {curve.shape}")
    if not found:
        raise ValueError(f"subject must have one of the parts {sorted(parts)}, got {sorted(estimate.mean)}")
    return found


def _missing(definition: Definition, curves: dict[str, np.ndarray], null: Any) -> str:
    """What a definition needs and does not have; empty where nothing is missing."""
    absent = [name for name in definition.parts if name not in curves]
    if absent:
        return f"{absent[0]} is not known of this run"
    if definition.number == 1 and null is None:
        return "null, the risk of having learnt nothing, is not known"
    if definition.number in (3, 4) and len(curves[definition.parts[0]]) < 4:
        return "it needs four generations"
    return ""


def _predicted(
    model: Model, workflow: Any, parts: Parts, factor: Number, chain: dict[str, Any]
) -> dict[str, Float[Array, " generations"]]:
    """The closed forms of the parts that are metrics."""
    with enable_x64(True):
        forms = closed_forms(model, workflow, **chain)
        found = {name: curve for name, part in parts._asdict().items() if (curve := _formed(part, forms)) is not None}
        if "risk" in found:
            more = closed_forms(model, workflow, **{**chain, "samples": enlarged(chain["samples"], factor)})
            if (curve := _formed(parts.risk, more)) is not None:
                found[LARGER] = curve
    return found


def _formed(part: Part | Source, forms: dict[str, Any]) -> Array | None:
    if not isinstance(part, Source) or part.metric not in forms or forms[part.metric].exactness.endswith("bound"):
        return None
    return part.scale * forms[part.metric].curve + part.plus


def _numbers(finding: Finding) -> str:
    text = f"{finding.value:.3g} ({finding.lower:.3g} to {finding.upper:.3g}), level {finding.level:g}"
    return text if finding.predicted is None else f"{text}, predicted {finding.predicted:.3g}"
