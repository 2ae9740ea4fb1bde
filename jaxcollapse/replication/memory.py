"""What one vectorised replication holds in memory: what it works on, and what a loop writes down for later.

Only what depends on the replication's key is there once per replication. A loop's record of single numbers, such as the
path of an estimate, is written and read once, from front to back: it may be larger than what is worked on again and
again, and its replications lie side by side.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
from jax.extend import core

from jaxcollapse.replication.linear_algebra import CALLS, inner


class Memory(NamedTuple):
    """Bytes of one replication, and which results are a loop's record of single numbers."""

    worked_on: int
    """The largest operands and results of a single operation, records aside."""
    whole: int
    """The same, with records."""
    records: list[bool]


def memory(jaxpr: core.Jaxpr) -> Memory:
    """Of a program whose first argument is the key."""
    return _memory(jaxpr, [True, *[False] * (len(jaxpr.invars) - 1)])[0]


def _memory(jaxpr: core.Jaxpr, varying: Sequence[bool]) -> tuple[Memory, list[bool]]:
    """And which results vary with the replication, given which arguments do."""
    varies = dict(zip(jaxpr.invars, varying, strict=True))
    records: set[core.Var] = set()

    def varies_with_key(v: Any) -> bool:
        return not isinstance(v, core.Literal) and varies.get(v, False)

    def record(v: Any) -> bool:
        return not isinstance(v, core.Literal) and v in records

    def held(variables: Sequence[Any]) -> tuple[int, int]:
        """Without records, and with them."""
        sizes = [(size(v.aval), v in records) for v in variables if varies_with_key(v)]
        return sum(size for size, is_record in sizes if not is_record), sum(size for size, _ in sizes)

    worked_on, whole = 0, held(jaxpr.outvars)[1]
    for equation in jaxpr.eqns:
        flags = [varies_with_key(v) for v in equation.invars]
        results = [any(flags)] * len(equation.outvars)
        kept = [any(record(w) and _shape(w) == _shape(v) for w in equation.invars) for v in equation.outvars]
        for program in inner(equation) if any(flags) else ():
            found, inside = _memory(program, _flags_inside(equation, program, flags))
            worked_on, whole = max(worked_on, found.worked_on), max(whole, found.whole)
            if equation.primitive.name in CALLS:
                results, kept = inside, found.records
        if equation.primitive.name == "scan":
            body = inner(equation)[0]
            stacked = [_shape(v) != _shape(w) for v, w in zip(equation.outvars, body.outvars, strict=True)]
            kept = [flag and len(_shape(v)) == 1 for v, flag in zip(equation.outvars, stacked, strict=True)]
        varies.update(zip(equation.outvars, results, strict=True))
        records.update(v for v, flag in zip(equation.outvars, kept, strict=True) if flag)
        here = held((*equation.invars, *equation.outvars))
        worked_on, whole = max(worked_on, here[0]), max(whole, here[1])
    last = [varies_with_key(v) for v in jaxpr.outvars]
    return Memory(worked_on, whole, [record(v) for v in jaxpr.outvars]), last


def _flags_inside(equation: Any, program: core.Jaxpr, flags: list[bool]) -> list[bool]:
    """Which arguments of a program inside an operation vary with the replication."""
    name = equation.primitive.name
    if name in CALLS and len(program.invars) == len(flags):
        return flags
    if name == "scan":  # how it counts what is constant, carried and stacked differs between releases
        carried = sum(_shape(v) == _shape(w) for v, w in zip(equation.outvars, program.outvars, strict=True))
        whole = sum(_shape(v) == _shape(w) for v, w in zip(equation.invars, program.invars, strict=True))
        return [*flags[: whole - carried], *[True] * carried, *flags[whole:]]
    return [True] * len(program.invars)


def _shape(v: Any) -> tuple[int, ...]:
    return getattr(v.aval, "shape", ())


@functools.lru_cache(maxsize=4096)
def size(aval: Any) -> int:
    """The bytes of one value."""
    if not hasattr(aval, "shape"):
        return 0
    itemsize = 8 if jax.dtypes.issubdtype(aval.dtype, jax.dtypes.extended) else aval.dtype.itemsize
    return math.prod(aval.shape) * itemsize
