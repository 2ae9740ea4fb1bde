"""Whether a mean can be trusted: its standard error, its quantiles, and what speaks against them, in words."""

from typing import Any

import numpy as np

from jaxcollapse.arguments.types import HostArray
from jaxcollapse.arguments.words import percent
from jaxcollapse.replication.moments import Moments

FEWEST = 8
"""Of fewer replications, the largest says nothing about a tail."""
_SHARE = 0.05  # of the sum of squares, for one replication
_SKEWNESS = 0.1  # of the mean
_MARGIN = 2.0  # few replications show less of a tail than more of them will
_CHANCE = 1e-3  # that normal replications look heavy-tailed, or skew, because there are few of them


def variance(m: Moments) -> HostArray:
    """The variance of one replication; NaN for a single one."""
    return deviation(m) ** 2


def deviation(m: Moments) -> HostArray:
    """The standard deviation of one replication, which neither over- nor underflows; NaN for a single one."""
    return m.scale * np.sqrt(m.second / (m.count - 1)) if m.count > 1 else np.full_like(m.second, np.nan)


def stderr(m: Moments) -> HostArray:
    """The standard error of the mean."""
    return deviation(m) / np.sqrt(m.count)


def skewness(m: Moments) -> HostArray:
    """The skewness of one replication; 0 where all replications agree."""
    spread = (m.second / m.count) ** 1.5
    return np.where(m.second > 0, (m.third / m.count) / np.where(spread > 0, spread, 1.0), 0.0 * m.second)


def constant(m: Moments) -> HostArray:
    """Whether all replications are the same number."""
    return m.maximum == m.minimum


def share(m: Moments) -> HostArray:
    """The part of the sum of squared deviations that the farthest replication makes up."""
    half = np.maximum(0.5 * m.maximum - 0.5 * m.mean, 0.5 * m.mean - 0.5 * m.minimum)
    return np.where(m.second > 0, (2 * (half / m.scale)) ** 2 / np.where(m.second > 0, m.second, 1.0), 0.0 * m.second)


def largest_share(count: int) -> float:
    """The share of one replication beyond which a mean is not trusted.

    A twentieth; or, of few replications, what the farthest of as many normal ones exceeds once in a thousand samples
    (Grubbs 1950, "Sample criteria for testing outlying observations").
    """
    if count <= 2:
        return 1.0
    t = quantile(_CHANCE / (2 * count), count - 1)
    return max(_SHARE, (count - 1) / count * t**2 / (count - 2 + t**2))


def largest_skewness(count: int) -> float:
    """The skewness of one replication beyond which a mean is not trusted.

    That of the mean is a tenth; or, of few replications, three standard errors of the skewness of normal ones.
    """
    noise = np.sqrt(6 * max(count - 2, 0) / ((count + 1) * (count + 3)))
    return float(max(_SKEWNESS * np.sqrt(count), 3 * noise))


def usable(m: Moments) -> HostArray:
    """Whether the mean is close enough to normal for its standard error to mean something."""
    light = (share(m) <= largest_share(m.count)) & (np.abs(skewness(m)) <= largest_skewness(m.count))
    return (m.nonfinite == 0) & (constant(m) | (light & (m.count >= FEWEST)))


def needed(m: Moments, rtol: float) -> float:
    """About how many replications bring every relative standard error to `rtol`; at least one."""
    if m.count == 1:
        return 5.0  # enough for a first standard error
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratio = stderr(m) / (rtol * np.abs(m.mean))
    ratio = np.where(constant(m), 0.0, ratio)
    worst = float(np.max(np.where(np.isnan(ratio), np.inf, ratio), initial=0.0))
    return float(np.ceil(1.05 * m.count * worst**2)) if worst > 1 else 1.0


def check_level(level: float) -> None:
    """That of a confidence interval."""
    if not 0 < level < 1:
        hint = f": write {level / 100:g}" if 1 < level < 100 else ""
        raise ValueError(f"level must lie between 0 and 1, got {level}{hint}")


def quantile(alpha: float, count: HostArray | int) -> Any:
    """What a mean, in standard errors from the truth, exceeds with probability `alpha`.

    The quantile of Student's t with ``count - 1`` degrees of freedom: exact for normal replications, however few.
    """
    from scipy.special import stdtrit

    return -stdtrit(np.maximum(count - 1, 1), alpha)


def binomial_limits(hits: HostArray, count: int, alpha: float) -> tuple[HostArray, HostArray]:
    """The limits of a probability (Clopper and Pearson 1934), each missed with a probability of at most `alpha`."""
    from scipy.special import betaincinv

    lower = np.where(hits > 0, betaincinv(np.maximum(hits, 1), count - hits + 1, alpha), 0.0)
    upper = np.where(hits < count, betaincinv(hits + 1, np.maximum(count - hits, 1), 1 - alpha), 1.0)
    return lower, upper


def doubt(m: Moments) -> str:
    """Which entries have no usable standard error, why, and how many replications would do; empty if all have one."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        bad = np.logical_not(np.atleast_1d(usable(m)))
        if not bad.any():
            return ""
        part, skew = np.atleast_1d(share(m)), np.abs(np.atleast_1d(skewness(m)))
    where = _entries(bad)
    failed = np.atleast_1d(m.nonfinite) * bad
    if failed.any():
        return f"{where}{int(failed.max()):,} of {m.count:,} replications are infinite or not a number"
    if m.count < FEWEST:
        return f"{where}fewer than {FEWEST} replications do not show how far they spread"
    heavy, lopsided = np.max(part * bad), np.max(skew * bad)
    if heavy > largest_share(m.count):
        if heavy > 0.5:
            return (
                f"{where}one of {m.count:,} replications makes up {_percent(heavy)} of the spread, as in a heavy tail"
            )
        wanted = _round(_MARGIN * m.count * heavy / _SHARE)
        return (
            f"{where}one of {m.count:,} replications makes up {_percent(heavy)} of the spread: "
            f"about {wanted:,} would do, unless this is a heavy tail"
        )
    wanted = _round(_MARGIN * (lopsided / _SKEWNESS) ** 2)
    return f"{where}{m.count:,} replications with a skewness of {lopsided:.2g} are few: about {wanted:,} would do"


def _entries(bad: np.ndarray) -> str:
    """``"3 of 10 entries ([7], [8], [9]): "``, as they are written in Python; nothing for a single number."""
    if bad.size == 1:
        return ""
    named = [f"[{', '.join(map(str, index))}]" for index in np.argwhere(bad)[:3]]
    more = ", ..." if bad.sum() > 3 else ""
    return f"{bad.sum()} of {bad.size} entries ({', '.join(named)}{more}): "


def _percent(part: Any) -> str:
    return percent(min(float(part), 1.0))


def _round(number: float) -> int:
    """Two digits are all that an extrapolation has."""
    digits = max(int(np.floor(np.log10(max(number, 1.0)))) - 1, 0)
    return int(np.ceil(number / 10**digits)) * 10**digits
