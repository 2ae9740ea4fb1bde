"""What a claim says about theory and simulation, and how evidence decides it.

Every relation separates two hypotheses: the claim *holds* to within a tolerance, or it *fails*. A confidence interval
that settles neither asks for more replications. Entries of a curve share the error level by Bonferroni's inequality.
"""

import abc
import dataclasses
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from jaxcollapse.arguments.check import check_nonnegative, check_positive
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import HostArray
from jaxcollapse.arguments.words import percent
from jaxcollapse.replication import trust
from jaxcollapse.replication.estimate import Estimate

_DETECTION_POWER = 0.95
_LOOSE = 10  # a bound that is further from the truth says so
_ROUNDING = 1e-10  # relative; two numbers that differ by less are the same, computed in two ways


class Ruling(NamedTuple):
    """What the evidence says so far."""

    outcome: Literal["holds", "fails", "undecided"]
    reason: str
    lower: HostArray
    """Lower confidence limit of every entry, in the units of the theory."""
    upper: HostArray
    """Upper confidence limit of every entry."""
    notices: float
    """The smallest relative error of the theory that this evidence would have shown with 95 % power."""
    needed: int | None
    """Replications that would decide, if the evidence did not and their number can be told."""


@dataclasses.dataclass(frozen=True)
class Relation(abc.ABC):
    """How theory and simulation are compared.

    `tolerance` is the relative error that the claim promises to notice, a number or one per entry of the theory; the
    precision of a verification scales it.
    """

    tolerance: Any = 0.01
    name: ClassVar[str]
    events: ClassVar[bool] = False
    """Whether the experiment returns events, so that nothing is asked of the tail of a replication."""
    side: ClassVar[int] = 0
    """Of a bound, where its forbidden side is: 1 above the theory, -1 below; 0 where the theory is no bound."""

    def __post_init__(self):
        """Checks the tolerance, and the allowance of a relation that has one."""
        check_positive("tolerance", self.tolerance)
        check_nonnegative("allowance", getattr(self, "allowance", 0.0))

    @abc.abstractmethod
    def describe(self) -> str:
        """The relation in words."""

    @abc.abstractmethod
    def judge(self, estimate: Estimate, theory: np.ndarray, x: np.ndarray | None, level: float) -> Ruling:
        """Decide at error level `level`, if the estimate can."""

    def check(self, theory: np.ndarray) -> None:  # noqa: B027 - most relations have a meaning for every theory
        """Raises for a theory that this relation has no meaning for, before anything is simulated."""

    def scaled(self, factor: float) -> "Relation":
        """The same relation with a tolerance `factor` times as large."""
        return dataclasses.replace(self, tolerance=np.asarray(self.tolerance) * factor)


@dataclasses.dataclass(frozen=True)
class Equal(Relation):
    """The mean equals the theory: an exact formula."""

    name: ClassVar[str] = "equal"

    def describe(self) -> str:
        return f"the simulated mean equals the theory (resolved to {_percent(self.tolerance)})"

    def judge(self, estimate: Estimate, theory: np.ndarray, x: np.ndarray | None, level: float) -> Ruling:
        """A two-sided t-statistic for every entry."""
        return _within(estimate, theory, level, allowance=0.0, tolerance=self.tolerance)


@dataclasses.dataclass(frozen=True)
class Asymptotic(Relation):
    """The mean equals the theory up to a stated relative `allowance`: a formula of a limit, at finite size.

    `allowance` is a number or one per entry of the theory, such as ``3 / dim``.
    """

    allowance: Any = 0.01
    name: ClassVar[str] = "asymptotic"

    def describe(self) -> str:
        return f"the simulated mean equals the theory up to {_percent(self.allowance)} at this finite size"

    def judge(self, estimate: Estimate, theory: np.ndarray, x: np.ndarray | None, level: float) -> Ruling:
        """A two-sided t-statistic for the part of the gap that the allowance does not cover."""
        return _within(estimate, theory, level, allowance=self.allowance, tolerance=self.tolerance)


@dataclasses.dataclass(frozen=True)
class AtMost(Relation):
    """The mean is at most the theory: an upper bound."""

    name: ClassVar[str] = "at_most"
    side: ClassVar[int] = 1

    def describe(self) -> str:
        return "the simulated mean is at most the bound"

    def judge(self, estimate: Estimate, theory: np.ndarray, x: np.ndarray | None, level: float) -> Ruling:
        """A one-sided t-statistic for every entry."""
        return _one_sided(estimate, theory, level, self.tolerance, sign=self.side)


@dataclasses.dataclass(frozen=True)
class AtLeast(Relation):
    """The mean is at least the theory: a lower bound."""

    name: ClassVar[str] = "at_least"
    side: ClassVar[int] = -1

    def describe(self) -> str:
        return "the simulated mean is at least the bound"

    def judge(self, estimate: Estimate, theory: np.ndarray, x: np.ndarray | None, level: float) -> Ruling:
        """A one-sided t-statistic for every entry."""
        return _one_sided(estimate, theory, level, self.tolerance, sign=self.side)


@dataclasses.dataclass(frozen=True)
class Probability(Relation):
    """The share of replications in which an event happens equals the theory."""

    name: ClassVar[str] = "probability"
    events: ClassVar[bool] = True

    def describe(self) -> str:
        return f"the simulated probability equals the theory (resolved to {_percent(self.tolerance)})"

    def judge(self, estimate: Estimate, theory: np.ndarray, x: np.ndarray | None, level: float) -> Ruling:
        """Exact binomial (Clopper-Pearson) limits for every entry."""
        n = estimate.count
        alpha = level / theory.size
        lower, upper = trust.binomial_limits(np.rint(estimate.mean * n), n, alpha / 2)
        tolerance = np.broadcast_to(self.tolerance, theory.shape) * theory
        stderr = np.sqrt(np.clip(theory * (1 - theory), 0.0, None) / n)
        notices = _notices(_normal(alpha / 2), stderr, theory)
        wrong = (theory < lower) | (theory > upper)
        if wrong.any():
            return Ruling("fails", _apart(estimate.mean, theory, wrong), lower, upper, notices, None)
        settled = (upper - theory <= tolerance) & (theory - lower <= tolerance)
        if settled.all():
            return Ruling("holds", "every probability agrees with the theory", lower, upper, notices, None)
        needed = _needed(n, _normal(alpha / 2), stderr, np.abs(estimate.mean - theory), 0.0, tolerance)
        return Ruling("undecided", "the limits are wider than the tolerance", lower, upper, notices, needed)


@dataclasses.dataclass(frozen=True)
class Usually(Relation):
    """An event happens in more than a share of all replications: the theory is that share, such as one half.

    It is chosen, not predicted: "the loss rose" is an event of single replications, and a claim that it usually does
    needs no normal mean. Of 32 replications 30 decide at one half and a level of 5e-6, where a mean is not looked at
    before there are 256. A true claim is rejected, and one that is false by more than the tolerance accepted, with a
    probability of at most the level.
    """

    name: ClassVar[str] = "usually"
    events: ClassVar[bool] = True
    side: ClassVar[int] = -1

    def describe(self) -> str:
        return f"the simulated probability is above the stated share (resolved to {_percent(self.tolerance)})"

    def check(self, theory: np.ndarray) -> None:
        """The share lies between 0 and 1, where both answers are possible."""
        if not ((theory > 0) & (theory < 1)).all():
            raise ValueError(
                f"theory must be a share between 0 and 1, both excluded, for 'usually', got {shown(theory, str)}"
            )

    def judge(self, estimate: Estimate, theory: np.ndarray, x: np.ndarray | None, level: float) -> Ruling:
        """Exact one-sided binomial (Clopper-Pearson) limits for every entry."""
        n, alpha = estimate.count, level / theory.size
        hits = np.rint(estimate.mean * n)
        lower, upper = trust.binomial_limits(hits, n, alpha)
        tolerance = np.broadcast_to(self.tolerance, theory.shape) * theory
        notices = float(np.max([1 - _rejected(n, share, alpha) / share for share in np.ravel(theory)]))
        wrong = upper < theory
        if wrong.any():
            return Ruling("fails", _apart(estimate.mean, theory, wrong), lower, upper, notices, None)
        least = f"it happened in {_whole(hits.min())} of {_whole(n)} replications"
        if theory.size > 1:
            least = f"the rarest event happened in {_whole(hits.min())} of {_whole(n)} replications"
        if (lower >= theory - tolerance).all():
            reason = f"{least}, so that its probability is above {np.min(lower):.3g}"
            return Ruling("holds", reason, lower, upper, notices, None)
        spread = np.sqrt(theory * (1 - theory) / n)
        needed = _needed(n, _normal(alpha), spread, theory - estimate.mean, 0.0, tolerance)
        return Ruling("undecided", f"{least}, which settles nothing", lower, upper, notices, needed)


@dataclasses.dataclass(frozen=True)
class Rate(Relation):
    """The mean grows like a power of the size: ``mean ~ size**theory``.

    The experiment returns one independent mean per size (last axis); the claim's axis holds the sizes. The exponent
    is the log-log slope of the three largest sizes, which carries the least bias from corrections to scaling;
    `allowance` covers what is left of them.
    """

    allowance: Any = 0.02
    name: ClassVar[str] = "rate"

    def describe(self) -> str:
        allowance = float(np.max(self.allowance))
        return (
            f"the log-log slope of the simulated means at the three largest sizes equals the exponent ± {allowance:g}"
        )

    def judge(self, estimate: Estimate, theory: np.ndarray, x: np.ndarray | None, level: float) -> Ruling:
        """A two-sided t-statistic for the part of the gap between exponents that the allowance does not cover."""
        if x is None or len(x) < 3:
            raise ValueError("axis must hold at least three sizes for the relation 'rate'")
        log_size = np.log(np.asarray(x, float)[-3:])
        weight = (log_size - log_size.mean()) / ((log_size - log_size.mean()) ** 2).sum()
        mean, stderr = estimate.mean[..., -3:], estimate.stderr[..., -3:]
        if not (mean > 0).all():
            unknown = np.full(theory.shape, np.nan)
            reason = "a mean at the three largest sizes is not positive and has no logarithm"
            return Ruling("undecided", reason, unknown, unknown, float("nan"), None)
        slope = np.log(mean) @ weight
        spread = np.sqrt((stderr / mean) ** 2 @ weight**2)
        drift = np.diff(np.log(mean), axis=-1) / np.diff(log_size)
        drift = np.max(np.abs(drift[..., 1] - drift[..., 0]))
        z = trust.quantile(level / theory.size / 2, estimate.count)
        lower, upper = slope - z * spread, slope + z * spread
        gap, allowance = np.abs(slope - theory), np.broadcast_to(self.allowance, theory.shape)
        notices = float(np.max(allowance + (z + _normal(1 - _DETECTION_POWER)) * spread))
        wrong = gap - z * spread > allowance
        detail = f"; the slope drifts by {drift:.1g} between the last two steps"
        if wrong.any():
            return Ruling("fails", _apart(slope, theory, wrong) + detail, lower, upper, notices, None)
        half = 0.5 * np.asarray(allowance)
        if (gap + z * spread <= allowance + half).all():
            return Ruling("holds", "every exponent agrees with the theory" + detail, lower, upper, notices, None)
        needed = _needed(estimate.count, z, spread, gap, allowance, half)
        reason = "the exponent is not known well enough" + detail
        return Ruling("undecided", reason, lower, upper, notices, needed)


RELATIONS: dict[str, type[Relation]] = {
    r.name: r for r in (Equal, Asymptotic, AtMost, AtLeast, Rate, Probability, Usually)
}


def _within(estimate: Estimate, theory: np.ndarray, level: float, *, allowance: Any, tolerance: Any) -> Ruling:
    """Whether every mean lies within the allowance of the theory, resolved to the tolerance."""
    z = trust.quantile(level / theory.size / 2, estimate.count)
    mean, stderr, scale = estimate.mean, estimate.stderr, np.abs(theory)
    lower, upper = mean - z * stderr, mean + z * stderr
    allowed = np.broadcast_to(allowance, theory.shape) * scale
    resolved = np.broadcast_to(tolerance, theory.shape) * scale
    gap = np.abs(mean - theory)
    notices = _notices(z, stderr, theory, allowance)
    wrong = gap - z * stderr > allowed + _ROUNDING * scale
    if wrong.any():
        return Ruling("fails", _apart(mean, theory, wrong), lower, upper, notices, None)
    if (gap + z * stderr <= allowed + resolved).all():
        return Ruling("holds", "every mean agrees with the theory", lower, upper, notices, None)
    needed = _needed(estimate.count, z, stderr, gap, allowed, resolved)
    reason = "the confidence intervals are wider than the tolerance"
    return Ruling("undecided", reason, lower, upper, notices, needed)


def _one_sided(estimate: Estimate, bound: np.ndarray, level: float, tolerance: Any, *, sign: float) -> Ruling:
    """Whether every mean lies on the allowed side of the bound (below it for ``sign = 1``)."""
    z = trust.quantile(level / bound.size, estimate.count)
    mean, stderr = estimate.mean, estimate.stderr
    lower, upper = mean - z * stderr, mean + z * stderr
    excess = sign * (mean - bound)
    resolved = np.broadcast_to(tolerance, bound.shape) * np.abs(bound)
    notices = _notices(z, stderr, bound)
    wrong = excess - z * stderr > _ROUNDING * np.abs(bound)
    if wrong.any():
        return Ruling("fails", _apart(mean, bound, wrong), lower, upper, notices, None)
    if (excess + z * stderr <= resolved).all():
        reason = "every mean respects the bound"
        if (bound > 0).all():
            share = np.max(mean / bound) if sign > 0 else np.min(mean / bound)
            reason += f"; the closest is at {share:.3g} of it"
            loose = np.max((bound / mean) ** sign) if (mean > 0).all() else np.inf
            if loose > _LOOSE:
                reason += f", the loosest off by a factor of {loose:.2g}"
        return Ruling("holds", reason, lower, upper, notices, None)
    needed = _needed(estimate.count, z, stderr, excess, 0.0, resolved)
    reason = "the confidence intervals reach across the bound"
    return Ruling("undecided", reason, lower, upper, notices, needed)


def _rejected(count: int, share: float, alpha: float) -> float:
    """The probability of an event that would have been rejected as below `share` in 95 of 100 runs; NaN if none is."""
    from scipy.special import bdtr, bdtri

    most, too_many = -1, count  # hits that reject: the probability of so few, if it is the share, is below alpha
    while too_many - most > 1:
        middle = (most + too_many) // 2
        most, too_many = (middle, too_many) if bdtr(middle, count, share) < alpha else (most, middle)
    return float(bdtri(most, count, _DETECTION_POWER)) if most >= 0 else float("nan")


def _whole(number: Any) -> str:
    return f"{int(number):,}"


def _notices(z: float, stderr: HostArray, theory: np.ndarray, allowance: Any = 0.0) -> float:
    """The relative error that the least precise entry would have shown with the stated power."""
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = (z + _normal(1 - _DETECTION_POWER)) * stderr / np.abs(theory)
        return max(float(np.max(allowance + noise)), _ROUNDING)


def _needed(count: int, z: float, stderr: HostArray, gap: HostArray, allowed: Any, resolved: Any) -> int | None:
    """Replications whose interval lies on one side: below ``allowed + resolved``, or above `allowed`.

    At least a quarter more than there are. One more look costs little, and replications beyond those that decide are
    lost: the margin for chance is one standard error. Of a gap above zero, 2.5 of them may be noise and do not count.
    None where no number of replications is sure to decide: a tolerance of zero and a gap that may be noise.
    """
    sure = np.where(gap > 0, np.maximum(gap - 2.5 * stderr, 0.0), gap)
    room = np.maximum(allowed + resolved - sure, sure - allowed)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = count * np.max(np.where(stderr > 0, (z + 1.0) * stderr / room, 0.0)) ** 2
    return max(int(needed), count + count // 4) if np.isfinite(needed) else None


def _normal(alpha: float) -> float:
    """The standard normal quantile that is exceeded with probability `alpha`."""
    from scipy.special import ndtri

    return float(-ndtri(alpha))


def _apart(mean: HostArray, theory: np.ndarray, wrong: HostArray) -> str:
    worst = np.argmax(np.where(wrong, np.abs(mean - theory), -1.0))
    where = f" at entry {worst + 1}" if theory.size > 1 else ""
    got, expected = np.ravel(mean)[worst], np.ravel(theory)[worst]
    return f"{wrong.sum()} of {theory.size} entries disagree: {got:.5g} simulated against {expected:.5g}{where}"


def _percent(value: Any) -> str:
    largest, smallest = percent(np.max(value)), percent(np.min(value))
    return largest if largest == smallest else f"{smallest.removesuffix(' %')} to {largest}"
