"""More of the same replications: how many there shall be, and when they are enough."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from jaxcollapse.arguments.check import check_integer, check_positive, check_scalar
from jaxcollapse.arguments.types import Count
from jaxcollapse.replication.run import LARGEST


def check_wanted(replications: Count | None, rtol: float | None, max_replications: Count | None, count: int) -> None:
    """Either a number of replications is asked for, or a precision together with a limit; no fewer than there are."""
    if replications is not None and rtol is None and max_replications is None:
        check_integer("replications", replications, minimum=count)
        return
    if replications is not None or rtol is None or max_replications is None:
        raise ValueError("refine takes either replications, or rtol together with max_replications")
    check_scalar("rtol", rtol)
    check_positive("rtol", rtol)
    check_integer("max_replications", max_replications, minimum=count)
    check_largest("max_replications", max_replications)


def check_largest(name: str, replications: Count) -> None:
    """A number of replications that there are keys for."""
    if replications > LARGEST:
        raise ValueError(f"{name} must be at most {LARGEST:,}, got {replications:,}")


def until_precise(
    found: Any,
    size: Callable[[Any], tuple[int, float]],
    extended: Callable[[Any, int], Any],
    rtol: float,
    max_replications: Count,
) -> Any:
    """An estimate that goes on until it has as many replications as its precision needs, or all that it may have.

    `size` says how many it has, and about how many it needs. Each step is at most 16 times as long as all before it: of
    few replications the number that is needed is hardly known.
    """
    count, needed = size(found)
    while needed > count < max_replications:
        found = extended(found, int(min(needed, 16 * count, max_replications)))
        count, needed = size(found)
    if needed > count:
        advice = f"about {needed:,.0f} would" if np.isfinite(needed) else "no number would"
        warnings.warn(f"rtol={rtol} is not reached by max_replications={max_replications:,}: {advice}", stacklevel=3)
    return found
