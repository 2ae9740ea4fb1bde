"""A Claim is a theorem that runs: `verify` sets its prediction against its simulation and reaches a verdict.

The error level of a verification is family-wise: the probability that any true claim is rejected is at most `level`
(Bonferroni over claims, over the entries of each, and over the looks at the growing evidence, look ``k`` spending
``6 / (pi k)^2`` of its claim's share).
"""

import dataclasses
import platform
import re
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Key

from jaxcollapse._check import check_choice, check_key, did_you_mean
from jaxcollapse._precision import enable_x64
from jaxcollapse._types import HostArray
from jaxcollapse.estimate import Estimate
from jaxcollapse.monte_carlo import monte_carlo
from jaxcollapse.relation import RELATIONS, Relation, Ruling

_LARGEST_RUN = 2**23
_NO_MEAN = "test its logarithm, a quantile or a probability instead"
_PRECISIONS = {"quick": 3.0, "default": 1.0, "high": 0.3}


@dataclasses.dataclass(frozen=True)
class Reference:
    """A paper."""

    key: str
    authors: str
    title: str
    year: int
    arxiv: str

    @property
    def short(self) -> str:
        """The first author and the year."""
        names = self.authors.replace(" and ", ", ").split(", ")
        first = [name.split()[-1] for name in names]
        who = first[0] if len(first) == 1 else " and ".join(first) if len(first) == 2 else f"{first[0]} et al."
        return f"{who} {self.year}"

    @property
    def bibtex(self) -> str:
        """The BibTeX entry."""
        authors = self.authors.replace(", and ", " and ").replace(", ", " and ")
        return (
            f"@misc{{{self.key},\n  title = {{{self.title}}},\n  author = {{{authors}}},\n  year = {{{self.year}}},\n"
            f"  eprint = {{{self.arxiv}}},\n  archivePrefix = {{arXiv}}\n}}"
        )


def facts(claim: "Claim") -> dict[str, Any]:
    """What a claim says, as `json` can write it: words only, nothing is computed."""
    reference = claim.reference
    return {
        "name": claim.name,
        "statement": claim.statement,
        "reference": reference
        and {name: getattr(reference, name) for name in ("key", "authors", "title", "year", "arxiv", "bibtex")},
        "relation": {"name": claim.relation.name, "description": claim.relation.describe()},
        "formula": claim.formula,
        "protocol": claim.protocol,
        "quantity": claim.quantity,
    }


class Axis(NamedTuple):
    """What the last axis of a claim's numbers is: its name and its values."""

    name: str
    values: Any


class Numbers(NamedTuple):
    """A table of exact numbers that belong to a claim: more than its experiment can test."""

    columns: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]


@dataclasses.dataclass(frozen=True)
class Claim:
    """A statement about a recursion of models: a prediction, a simulation and the relation between them.

    **Arguments**

    - `name`: unique, lower case, words joined by hyphens.
    - `statement`: one sentence.
    - `theory`: the prediction, an array, or a function without arguments that returns it.
    - `experiment`: a function of a key; one replication of what the theory predicts the mean of, of the same shape.
    - `relation`: ``"equal"``, ``"asymptotic"``, ``"at_most"``, ``"at_least"``, ``"rate"`` or ``"probability"``, or a
      relation of `jaxcollapse.relation` with its own tolerance.
    - `reference`: the paper; `formula`, `protocol`: the prediction and the experiment in words.
    - `axis`: name and values of the last axis; `labels`: a name for each entry, if the entries are separate cases.
    - `quantity`: what is measured; `scale`: ``"linear"`` or ``"log"`` axes of the picture.
    - `first_look`: replications before the evidence is looked at first.
    - `numbers`: a function without arguments that returns `Numbers` for ``jaxcollapse show``.
    - `finite_variance`: set it to False where one replication has an infinite variance, and no mean will be tested.

    **Raises** `ValueError` for an unknown relation or a name that is not a slug.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> claim = jc.Claim(
    ...     name="uniform-mean", statement="A uniform variate has mean 1/2", relation="equal",
    ...     theory=0.5, experiment=jax.random.uniform)
    >>> jc.verify(claim, jax.random.key(0)).outcome
    'holds'

    ```
    """

    name: str
    statement: str
    theory: Any
    experiment: Callable[[Key[Array, ""]], Any]
    relation: Any
    reference: Reference | None = None
    formula: str = ""
    protocol: str = ""
    axis: Axis | None = None
    labels: tuple[str, ...] = ()
    quantity: str = ""
    scale: Literal["linear", "log"] = "linear"
    first_look: int = 4096
    numbers: Callable[[], Numbers] | None = None
    finite_variance: bool = True

    def __post_init__(self):
        """Checks the name and the relation."""
        if not isinstance(self.name, str) or re.fullmatch("[a-z0-9-]+", self.name) is None:
            raise ValueError(f"name must consist of lower-case letters, digits and hyphens, got {self.name!r}")
        if isinstance(self.relation, str):
            if self.relation not in RELATIONS:
                hint = did_you_mean(self.relation, RELATIONS)
                raise ValueError(f"relation must be one of {sorted(RELATIONS)}, got {self.relation!r}{hint}")
            object.__setattr__(self, "relation", RELATIONS[self.relation]())
        elif not isinstance(self.relation, Relation):
            raise TypeError(f"relation must be a name or a Relation, got {self.relation!r}")
        if not callable(self.experiment):
            raise TypeError(f"experiment must be a function of a key, got {self.experiment!r}")

    def prediction(self) -> np.ndarray:
        """The theory as float64 numbers."""
        with enable_x64(True):
            return np.asarray(self.theory() if callable(self.theory) else self.theory, np.float64)

    def exact_numbers(self) -> Numbers:
        """The table of numbers, in double precision."""
        if self.numbers is None:
            raise ValueError(f"claim {self.name!r} has no table of numbers")
        with enable_x64(True):
            return self.numbers()


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How a claim came out.

    `relation` is the claim's relation with the tolerance of the precision. `outcome` is ``"holds"``, ``"fails"`` or
    ``"undecided"``, `reason` says why in one sentence. `lower` and `upper` are the confidence limits that decided,
    `notices` is the smallest relative error of the theory that the evidence would have shown with 95 % power (for a
    rate: the error of the exponent), and `needed` the number of replications that would decide an undecided claim.
    """

    claim: Claim
    relation: Relation
    outcome: Literal["holds", "fails", "undecided"]
    reason: str
    estimate: Estimate | None
    theory: np.ndarray
    lower: HostArray
    upper: HostArray
    notices: float
    replications: int
    needed: int | None
    seconds: float
    level: float

    def summary(self) -> str:
        """The verdict in a few lines."""
        lines = [f"{self.claim.name}: {self.outcome}", f"  {self.claim.statement}", f"  {self.reason}"]
        if self.outcome != "undecided" and np.isfinite(self.notices):
            lines.append(f"  would notice an error of {_size(self)} (95 % power)")
        if self.needed:
            lines.append(f"  about {self.needed:,} replications would decide")
        lines.append(f"  {self.replications:,} replications, {self.seconds:.1f} s")
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True)
class Verification:
    """The verdicts of several claims, decided at one family-wise error level."""

    verdicts: tuple[Verdict, ...]
    seed: int
    precision: str
    level: float
    versions: dict[str, str]
    seconds: float

    def __iter__(self) -> Iterator[Verdict]:
        """The verdicts in order."""
        return iter(self.verdicts)

    def __len__(self) -> int:
        """The number of verdicts."""
        return len(self.verdicts)

    def to_pandas(self):
        """A `pandas.DataFrame` with one row per claim, indexed by its name (needs the extra ``jaxcollapse[tables]``).

        Columns: paper (key of the reference), arxiv, relation, outcome, notices, replications, needed, seconds,
        statement and reason.
        """
        import pandas

        rows = []
        for v in self:
            paper, arxiv = (v.claim.reference.key, v.claim.reference.arxiv) if v.claim.reference else ("", "")
            measured = (v.outcome, v.notices, v.replications, v.needed, v.seconds)
            rows.append((v.claim.name, paper, arxiv, v.claim.relation.name, *measured, v.claim.statement, v.reason))
        columns = "claim paper arxiv relation outcome notices replications needed seconds statement reason".split()
        return pandas.DataFrame(rows, columns=columns).set_index("claim").astype({"needed": "Int64"})

    def summary(self) -> str:
        """One line per claim, and a count."""
        width = max((len(v.claim.name) for v in self), default=0)
        lines = []
        for v in self:
            size = f"would notice {_size(v)}" if np.isfinite(v.notices) else v.reason
            lines.append(f"{v.claim.name:<{width}}  {v.outcome:<9}  {size}, {v.replications:,} replications")
        count = {outcome: sum(v.outcome == outcome for v in self) for outcome in ("holds", "fails", "undecided")}
        lines.append(
            f"{len(self)} claims: {count['holds']} hold, {count['fails']} fail, {count['undecided']} undecided; "
            f"the chance that any true claim is rejected is at most {self.level:g}"
        )
        return "\n".join(lines)


def verify(
    claims: Claim | Sequence[Claim],
    key: Key[Array, ""] | None = None,
    *,
    precision: Literal["quick", "default", "high"] = "default",
    level: float = 1e-3,
    on_start: Callable[[Claim, int, int], None] | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
    progress: bool | None = None,
) -> Any:
    """Decide claims by simulation, in double precision.

    Replications are added until the evidence separates "holds to within the tolerance" from "fails". A claim's
    random numbers depend on the key and its name alone.

    **Arguments**

    - `claims`: one claim, or several.
    - `key`: a typed key; ``jax.random.key(0)`` by default.
    - `precision`: ``"default"`` resolves each claim's own tolerance (1 % unless it says otherwise), ``"quick"`` three
      times that, ``"high"`` three tenths.
    - `level`: the family-wise false-alarm rate, in (0, 1).
    - `on_start`, `on_verdict`: called before and after each claim.
    - `progress`: whether to show a progress bar for each claim; automatic by default.

    **Returns** a `Verdict` for one claim, a `Verification` for several.

    **Raises** `ValueError` or `TypeError` for wrong arguments, duplicate names, and theory and experiment that differ
    in shape.

    **Exactness** The false-alarm rate is that of the normal approximation (exact for ``"probability"``); entries for
    which that cannot be trusted are refused, not tested.
    """
    single = isinstance(claims, Claim)
    several: list[Claim] = [claims] if isinstance(claims, Claim | str) else list(claims)
    for claim in several:
        if not isinstance(claim, Claim):
            hint = f": write jaxcollapse.claims.get({claim!r})" if isinstance(claim, str) else ""
            raise TypeError(f"claims must be a Claim or a sequence of Claims, got {claim!r}{hint}")
    names = [claim.name for claim in several]
    if len(set(names)) != len(names):
        raise ValueError(f"claims must have different names, got {sorted(n for n in names if names.count(n) > 1)}")
    check_choice("precision", precision, tuple(_PRECISIONS))
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    key = jax.random.key(0) if key is None else key
    check_key("key", key)
    began = time.perf_counter()
    verdicts = []
    for index, claim in enumerate(several):
        if on_start is not None:
            on_start(claim, index, len(several))
        with enable_x64(True):
            verdict = _decide(claim, key, _PRECISIONS[precision], level / len(several), progress)
        verdicts.append(verdict)
        if on_verdict is not None:
            on_verdict(verdict)
    if single:
        return verdicts[0]
    words = [int(word) for word in np.asarray(jax.random.key_data(key)).ravel()]
    seed = sum(word << (32 * place) for place, word in enumerate(reversed(words)))
    return Verification(tuple(verdicts), seed, precision, level, versions(), time.perf_counter() - began)


def versions() -> dict[str, str]:
    """The versions and the device that a result depends on."""
    import jaxlib

    import jaxcollapse

    return {
        "jaxcollapse": jaxcollapse.__version__,
        "jax": jax.__version__,
        "jaxlib": jaxlib.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "device": jax.devices()[0].device_kind,
    }


def _decide(claim: Claim, key: Key[Array, ""], factor: float, level: float, progress: bool | None) -> Verdict:
    """Look at the evidence until it decides."""
    began = time.perf_counter()
    theory = claim.prediction()
    relation: Relation = claim.relation.scaled(factor)
    x = None if claim.axis is None else np.asarray(claim.axis.values, float)
    unknown = np.full(theory.shape, np.nan)

    def verdict(ruling: Ruling, estimate: Estimate | None) -> Verdict:
        count = 0 if estimate is None else estimate.count
        seconds = time.perf_counter() - began
        fields = (ruling.outcome, ruling.reason, estimate, theory, ruling.lower, ruling.upper, ruling.notices, count)
        return Verdict(claim, relation, *fields, ruling.needed, seconds, level)

    def refusal(reason: str, estimate: Estimate | None, instead: str = _NO_MEAN) -> Verdict:
        return verdict(Ruling("undecided", f"{reason}; {instead}", unknown, unknown, float("nan"), None), estimate)

    _check_tolerance(claim, theory)
    if not np.isfinite(theory).all():
        return refusal("the theory is infinite or undefined, and no mean can be compared with that", None)
    if not claim.finite_variance:
        return refusal("one replication has an infinite variance, so that its mean has no usable standard error", None)
    if relation.name in ("equal", "asymptotic", "probability") and not theory.all():
        other = "test the complement" if relation.name == "probability" else "add a constant to theory and experiment"
        instead = f"{other}, or test a bound"
        return refusal("the theory is zero, which no relative tolerance can be resolved against", None, instead)
    own_key = jax.random.fold_in(key, zlib.crc32(claim.name.encode()))
    estimate = monte_carlo(claim.experiment, own_key, claim.first_look, progress=progress)
    look = 0
    while True:
        look += 1
        _check_shapes(claim, estimate, theory, x)
        if np.any(estimate.nonfinite):
            worst = int(np.max(estimate.nonfinite))
            reason = f"{worst:,} of {estimate.count:,} replications are infinite or not a number"
            return refusal(reason, estimate, "the experiment must return finite numbers")
        if relation.name == "probability" or np.all(estimate.usable):
            ruling = relation.judge(estimate, theory, x, level * 6 / (np.pi * look) ** 2)
            wanted = min(max(ruling.needed or 2 * estimate.count, estimate.count + 1), 16 * estimate.count)
            if ruling.outcome != "undecided" or wanted > _LARGEST_RUN:
                return verdict(ruling, estimate)
        else:
            wanted = 4 * estimate.count
            if wanted > _LARGEST_RUN:
                reason = "a few replications dominate the mean (a heavy tail), which has no usable standard error"
                return refusal(reason, estimate)
        estimate = estimate.refine(replications=wanted, progress=progress)


def _check_tolerance(claim: Claim, theory: np.ndarray) -> None:
    for name in ("tolerance", "allowance"):
        shape = np.shape(getattr(claim.relation, name, 0.0))
        if shape not in ((), theory.shape):
            raise ValueError(f"{name} of claim {claim.name!r} has shape {shape}, but its theory {theory.shape}")


def _check_shapes(claim: Claim, estimate: Estimate, theory: np.ndarray, x: np.ndarray | None) -> None:
    if not isinstance(estimate.mean, np.ndarray | np.floating):
        raise TypeError(f"experiment of claim {claim.name!r} must return one array, got {type(estimate.mean).__name__}")
    shape = np.shape(estimate.mean)
    expected = shape[:-1] if claim.relation.name == "rate" else shape
    if expected != theory.shape:
        raise ValueError(
            f"experiment of claim {claim.name!r} has shape {shape}, which does not match theory {theory.shape}"
        )
    if claim.relation.name == "probability":
        count, mean, spread = estimate.count, estimate.mean, estimate.variance * (1 - 1 / estimate.count)
        events = (estimate.minimum >= 0) & (estimate.maximum <= 1) & (np.abs(mean - mean**2 - spread) < 0.5 / count)
        if count > 1 and not np.all(events):
            raise ValueError(f"experiment of claim {claim.name!r} must return events, that is booleans or 0 and 1")
    if x is not None and shape[-1:] != x.shape:
        raise ValueError(f"axis of claim {claim.name!r} has {x.size} values for an experiment of shape {shape}")


def _size(verdict: Verdict) -> str:
    if verdict.claim.relation.name == "rate":
        return f"{verdict.notices:.2g} in the exponent"
    return f"{100 * verdict.notices:.2g} %"
