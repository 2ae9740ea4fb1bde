"""What one vectorised replication holds in memory, and which of it is the record that a loop makes of single numbers.

Only what depends on the replication's key is there once per replication. In a record, such as the path of an estimate,
the numbers of all replications at one step lie side by side.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
from jax.extend import core

from jaxcollapse.machine.programs import inner
from jaxcollapse.replication.linear_algebra import CALLS


class Memory(NamedTuple):
    """Of one replication."""

    size: int
    """In bytes: the largest operands and results of a single operation."""
    records: list[bool]
    """Which results are a loop's record of single numbers."""


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

    def held(variables: Sequence[Any]) -> int:
        return sum(size(v.aval) for v in variables if varies_with_key(v))

    largest = held(jaxpr.outvars)
    for equation in jaxpr.eqns:
        flags = [varies_with_key(v) for v in equation.invars]
        results = [any(flags)] * len(equation.outvars)
        kept = [any(record(w) and _shape(w) == _shape(v) for w in equation.invars) for v in equation.outvars]
        for program in inner(equation) if any(flags) else ():
            found, inside = _memory(program, _flags_inside(equation, program, flags))
            largest = max(largest, found.size)
            if equation.primitive.name in CALLS:
                results, kept = inside, found.records
        if equation.primitive.name == "scan":
            body = inner(equation)[0]
            stacked = [_shape(v) != _shape(w) for v, w in zip(equation.outvars, body.outvars, strict=True)]
            kept = [flag and len(_shape(v)) == 1 for v, flag in zip(equation.outvars, stacked, strict=True)]
        varies.update(zip(equation.outvars, results, strict=True))
        records.update(v for v, flag in zip(equation.outvars, kept, strict=True) if flag)
        largest = max(largest, held((*equation.invars, *equation.outvars)))
    last = [varies_with_key(v) for v in jaxpr.outvars]
    return Memory(largest, [record(v) for v in jaxpr.outvars]), last


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
