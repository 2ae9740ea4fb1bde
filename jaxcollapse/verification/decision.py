"""`verify`: simulate a claim until its relation to the theory is decided.

The error level of a verification is family-wise: the probability that any true claim is rejected is at most `level`
(Bonferroni over claims, over the entries of each, and over the looks at the growing evidence, look ``k`` spending
``6 / (pi k)^2`` of its claim's share).
"""

import time
import warnings
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import jax
import numpy as np
from jaxtyping import Array, Key

from jaxcollapse.arguments.check import check_choice, check_key, check_scalar
from jaxcollapse.arguments.names import shown
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.machine.versions import versions
from jaxcollapse.replication.estimate import Estimate
from jaxcollapse.replication.monte_carlo import IGNORES_KEY, monte_carlo
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Relation, Ruling
from jaxcollapse.verification.verdict import Verdict, Verification

_LARGEST_RUN = 2**23
_DOMINATED = 0.25  # of the sum of squares, in one replication
_PATIENCE = 3  # looks in a row: a rare event that is seen once, and not in 15 times as many replications, is as rare
_FEWEST = 256  # of fewer replications one may dominate by chance, and none looks heavy-tailed


_NO_MEAN = "test its logarithm, a quantile or a probability instead"


_PRECISIONS = {"quick": 3.0, "default": 1.0, "high": 0.3}


@lenient()
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

    **Exactness** The false-alarm rate is that of Student's t (exact for ``"probability"`` and ``"usually"``); entries
    for which that cannot be trusted are refused, not tested, and those in which all replications agree are not held
    against a theory.
    """
    single = isinstance(claims, Claim)
    if isinstance(claims, type) or not isinstance(claims, Claim | str | Iterable):
        raise TypeError(f"claims must be a Claim or a sequence of Claims, got {shown(claims)}")
    several: list[Claim] = [claims] if isinstance(claims, Claim | str) else list(claims)
    for claim in several:
        if not isinstance(claim, Claim):
            hint = f": write jaxcollapse.claims.get({claim!r})" if isinstance(claim, str) else ""
            raise TypeError(f"claims must be a Claim or a sequence of Claims, got {shown(claim)}{hint}")
    names = [claim.name for claim in several]
    if len(set(names)) != len(names):
        raise ValueError(f"claims must have different names, got {sorted(n for n in names if names.count(n) > 1)}")
    check_choice("precision", precision, tuple(_PRECISIONS))
    check_scalar("level", level)
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    key = jax.random.key(0) if key is None else key
    check_key("key", key)
    began = time.perf_counter()
    verdicts = []
    for index, claim in enumerate(several):
        if on_start is not None:
            on_start(claim, index, len(several))
        verdict = decide(claim, key, precision=precision, level=level / len(several), progress=progress)
        verdicts.append(verdict)
        if on_verdict is not None:
            on_verdict(verdict)
    if single:
        return verdicts[0]
    words = [int(word) for word in np.asarray(jax.random.key_data(key)).ravel()]
    seed = sum(word << (32 * place) for place, word in enumerate(reversed(words)))
    return Verification(tuple(verdicts), seed, precision, level, versions(), time.perf_counter() - began)


@lenient()
def decide(
    claim: Claim,
    key: Key[Array, ""],
    *,
    precision: str,
    level: float,
    threads: int | None = None,
    progress: bool | None = None,
) -> Verdict:
    """The verdict on one claim at an error level of its own, as `verify` reaches it, the same for any `threads`."""
    with enable_x64(True):
        return _decide(claim, key, _PRECISIONS[precision], level, threads, progress)


def not_decided(claim: Claim, reason: str, seconds: float, *, precision: str, level: float) -> Verdict:
    """The verdict on a claim that was given up, for a reason outside of it: nothing is known of its numbers."""
    unknown = np.array(np.nan)
    fields = ("undecided", reason, None, unknown, unknown, unknown, float("nan"), 0, None)
    return Verdict(claim, claim.relation.scaled(_PRECISIONS[precision]), *fields, seconds, level)


def _decide(
    claim: Claim, key: Key[Array, ""], factor: float, level: float, threads: int | None, progress: bool | None
) -> Verdict:
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
    _check_labels(claim, theory)
    relation.check(theory)
    if not np.isfinite(theory).all():
        return refusal("the theory is infinite or undefined, and no mean can be compared with that", None)
    if not claim.finite_variance:
        return refusal("one replication has an infinite variance, so that its mean has no usable standard error", None)
    if relation.name in ("equal", "asymptotic", "probability") and not theory.all():
        other = "test the complement" if relation.name == "probability" else "add a constant to theory and experiment"
        instead = f"{other}, or test a bound"
        return refusal("the theory is zero, which no relative tolerance can be resolved against", None, instead)
    own_key = jax.random.fold_in(key, zlib.crc32(claim.name.encode()))
    with warnings.catch_warnings():  # an experiment may be a computation that draws nothing: the verdict says so
        warnings.filterwarnings("ignore", message=IGNORES_KEY)
        estimate = monte_carlo(claim.experiment, own_key, claim.first_look, threads=threads, progress=progress)
    if estimate.ignores_key and estimate.count == 1:
        estimate = estimate.refine(replications=2)
    look, dominated = 0, np.array(0)
    while True:
        look += 1
        _check_shapes(claim, estimate, theory, x)
        if np.any(estimate.nonfinite):
            worst = int(np.max(estimate.nonfinite))
            reason = f"{worst:,} of {estimate.count:,} replications are infinite or not a number"
            return refusal(reason, estimate, "the experiment must return finite numbers")
        enough = estimate.count >= _FEWEST or estimate.ignores_key
        if relation.events or (enough and np.all(estimate.usable)):
            unseen = _unseen(relation, estimate, theory)
            # An entry in which all replications agree may be rarely different: it cannot speak against the theory.
            tested = np.asarray(np.where(unseen, estimate.mean, theory)) if unseen.any() else theory
            ruling = relation.judge(estimate, tested, x, level * 6 / (np.pi * look) ** 2)
            if estimate.ignores_key:
                ruling = ruling._replace(reason=f"{ruling.reason}; the experiment does not use its key, and is exact")
            elif np.all(estimate.maximum == estimate.minimum) and not relation.events:
                ruling = ruling._replace(notices=float("nan"))
            if unseen.any() and ruling.outcome != "fails":
                wanted = 4 * estimate.count
                if wanted > _LARGEST_RUN:
                    return refusal(_all_agree(estimate, theory, unseen), estimate, "test a probability instead")
            else:
                wanted = min(max(ruling.needed or 2 * estimate.count, estimate.count + 1), 16 * estimate.count)
                if ruling.outcome != "undecided" or wanted > _LARGEST_RUN:
                    return verdict(ruling, estimate)
        else:
            wanted = 4 * estimate.count
            dominated = np.where(enough & (estimate.heaviest > _DOMINATED), dominated + 1, 0)
            if wanted > _LARGEST_RUN or np.max(dominated) >= _PATIENCE:
                reason = "a few replications dominate the mean (a heavy tail), which has no usable standard error"
                return refusal(f"{reason}: {estimate.doubt}", estimate)
        estimate = estimate.refine(replications=wanted, progress=progress)


def _unseen(relation: Relation, estimate: Estimate, theory: np.ndarray) -> np.ndarray:
    """Entries that speak against the theory though nothing is known of their spread: all replications agree.

    What carries the mean may be rarer than one in so many replications (an event, a number that does not underflow).
    """
    nothing = np.zeros(theory.shape, bool)
    if estimate.ignores_key or relation.name not in ("equal", "asymptotic", "at_most", "at_least"):
        return nothing
    allowed = (np.asarray(getattr(relation, "allowance", 0.0)) + 1e-10) * np.abs(theory)
    above, below = estimate.mean - theory > allowed, theory - estimate.mean > allowed
    against = {1: above, -1: below}.get(relation.side, above | below)
    return np.asarray((estimate.maximum == estimate.minimum) & against)


def _all_agree(estimate: Estimate, theory: np.ndarray, unseen: np.ndarray) -> str:
    """What is known of the first entry in which all replications agree."""
    worst = int(np.argmax(unseen))
    where = f" at entry {worst + 1}" if theory.size > 1 else ""
    got, expected = np.ravel(estimate.mean)[worst], np.ravel(theory)[worst]
    return (
        f"all {estimate.count:,} replications are {got:.5g}{where} against {expected:.5g}: the theory is wrong, or "
        f"what carries the mean is too rare, or too small for a number, to be seen"
    )


def _check_tolerance(claim: Claim, theory: np.ndarray) -> None:
    for name in ("tolerance", "allowance"):
        shape = np.shape(getattr(claim.relation, name, 0.0))
        if shape not in ((), theory.shape):
            raise ValueError(f"{name} of claim {claim.name!r} has shape {shape}, but its theory {theory.shape}")


def _check_labels(claim: Claim, theory: np.ndarray) -> None:
    """One for each entry or, with an axis, for each row along it."""
    rows = {theory.size} if claim.axis is None else {theory.size, np.atleast_1d(theory)[..., :1].size}
    if claim.labels and len(claim.labels) not in rows:
        wanted = " or ".join(map(str, sorted(rows)))
        raise ValueError(
            f"labels of claim {claim.name!r} must be {wanted} for a theory of shape {theory.shape}, "
            f"got {len(claim.labels)}"
        )


def _check_shapes(claim: Claim, estimate: Estimate, theory: np.ndarray, x: np.ndarray | None) -> None:
    if not isinstance(estimate.mean, np.ndarray | np.floating):
        raise TypeError(f"experiment of claim {claim.name!r} must return one array, got {type(estimate.mean).__name__}")
    shape = np.shape(estimate.mean)
    expected = shape[:-1] if claim.relation.name == "rate" else shape
    if expected != theory.shape:
        raise ValueError(
            f"experiment of claim {claim.name!r} has shape {shape}, which does not match theory {theory.shape}"
        )
    if claim.relation.events:
        count, mean, spread = estimate.count, estimate.mean, estimate.variance * (1 - 1 / estimate.count)
        events = (estimate.minimum >= 0) & (estimate.maximum <= 1) & (np.abs(mean - mean**2 - spread) < 0.5 / count)
        if count > 1 and not np.any(estimate.nonfinite) and not np.all(events):
            raise ValueError(f"experiment of claim {claim.name!r} must return events, that is booleans or 0 and 1")
    if x is not None and shape[-1:] != x.shape:
        raise ValueError(f"axis of claim {claim.name!r} has {x.size} values for an experiment of shape {shape}")
