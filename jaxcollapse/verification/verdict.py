"""What a verification finds: one verdict for each claim, and all of them with seed, level and versions."""

import dataclasses
from collections.abc import Iterator
from typing import Literal

import numpy as np

from jaxcollapse.arguments.html import html_table
from jaxcollapse.arguments.types import HostArray
from jaxcollapse.arguments.words import percent
from jaxcollapse.replication.estimate import Estimate
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Relation


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
        if self.outcome == "fails":
            lines.append(f"  {self.gap()}")
        elif self.outcome == "holds" and (size := self.noticed()):
            lines.append(f"  would notice an error of {size} (95 % power)")
        if self.needed:
            lines.append(f"  about {self.needed:,} replications would decide")
        lines.append(f"  {self.replications:,} replications, {self.seconds:.1f} s")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The same as a table, in notebooks."""
        first, *lines = self.summary().splitlines()
        return html_table(first, (), ((line.strip(),) for line in lines))

    def noticed(self) -> str:
        """The smallest error of the theory that would have been noticed, with its unit: ``"0.8 %"``.

        For a rate it is an error of the exponent, which has no unit. Empty where none is known, and for a claim that
        fails: there the error that *was* noticed may be smaller, and `gap` says how large it is.
        """
        if self.outcome == "fails" or not (np.isfinite(self.notices) and self.notices > 0):
            return ""
        if self.claim.relation.name == "rate":
            return f"{self.notices:.2g} in the exponent"
        return percent(self.notices)

    def gap(self, digits: int = 5) -> str:
        """How far the theory is from the simulation at the entry that disagrees most, with the interval that decided.

        As their quotient; as two numbers for the exponent of a rate, or where the interval contains zero. `digits`
        is how many of them each number has.
        """
        theory, lower, upper = (np.ravel(np.asarray(a, float)) for a in (self.theory, self.lower, self.upper))
        name, found = self.claim.relation.name, (lower + upper) / 2
        if name != "rate" and self.estimate is not None:
            found = np.ravel(np.asarray(self.estimate.mean, float))
        allowed = np.ravel(np.broadcast_to(getattr(self.relation, "allowance", 0.0), np.shape(self.theory)))
        allowed = allowed * (1.0 if name == "rate" else np.abs(theory))
        side = self.claim.relation.side
        outside = np.maximum(lower - theory if side >= 0 else -np.inf, theory - upper if side <= 0 else -np.inf)
        worst = int(np.argmax(np.where(outside > allowed, np.abs(found - theory), -1.0)))
        t, m, low, high = (float(a[worst]) for a in (theory, found, lower, upper))
        where = f" at entry {worst + 1}" if theory.size > 1 else ""
        if name == "rate" or t == 0 or m == 0 or low <= 0 <= high:
            return f"theory {t:.{digits}g}, simulation {m:.{digits}g} ({low:.{digits}g} to {high:.{digits}g}){where}"
        first, last = sorted((t / low, t / high))
        return f"theory/simulation is {t / m:.{digits}g} ({first:.{digits}g} to {last:.{digits}g}){where}"


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

    def _repr_html_(self) -> str:
        """A table with a row for every claim, in notebooks."""
        rows = [(v.claim.name, v.outcome, v.noticed() or v.reason, v.claim.statement) for v in self]
        return html_table(self.summary().splitlines()[-1], ("claim", "outcome", "would notice", "statement"), rows)

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
            size = f"would notice {size}" if (size := v.noticed()) else v.reason
            size = v.gap() if v.outcome == "fails" else size
            lines.append(f"{v.claim.name:<{width}}  {v.outcome:<9}  {size}, {v.replications:,} replications")
        count = {outcome: sum(v.outcome == outcome for v in self) for outcome in ("holds", "fails", "undecided")}
        lines.append(
            f"{len(self)} claims: {count['holds']} hold, {count['fails']} fail, {count['undecided']} undecided; "
            f"the chance that any true claim is rejected is at most {self.level:g}"
        )
        return "\n".join(lines)
