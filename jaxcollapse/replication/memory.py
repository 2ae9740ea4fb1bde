"""What one vectorised replication holds in memory, and which of it is the record that a loop makes of single numbers.

Only what depends on the replication's key is there once per replication. In a record, such as the path of an estimate,
the numbers of all replications at one step lie side by side. Of what a loop carries and touches by slices alone, such
as a pool of rows of which some are picked and some are added, a step reads and writes little: it is counted apart.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
from jax.extend import core

from jaxcollapse.machine.programs import inner
from jaxcollapse.replication.linear_algebra import CALLS

_PICKS = ("gather", "dynamic_slice")
_HAND_ON = ("scatter", "dynamic_update_slice", "reshape")


class Memory(NamedTuple):
    """Of one replication."""

    size: int
    """In bytes: the largest operands and results of a single operation."""
    pool: int
    """In bytes: what a loop carries and touches by slices alone."""
    records: list[bool]
    """Which results are a loop's record of single numbers."""


def memory(jaxpr: core.Jaxpr) -> Memory:
    """Of a program whose first argument is the key."""
    flags = [True, *[False] * (len(jaxpr.invars) - 1)]
    return _memory(jaxpr, flags, [False] * len(jaxpr.invars))[0]


def _memory(jaxpr: core.Jaxpr, varying: Sequence[bool], pooled: Sequence[bool]) -> tuple[Memory, list[bool]]:
    """And which results vary with the replication, given which arguments do, and which of them are a pool."""
    varies = dict(zip(jaxpr.invars, varying, strict=True))
    records: set[core.Var] = set()
    pools = {v for v, flag in zip(jaxpr.invars, pooled, strict=True) if flag} | _pools(jaxpr)

    def varies_with_key(v: Any) -> bool:
        return not isinstance(v, core.Literal) and varies.get(v, False)

    def record(v: Any) -> bool:
        return not isinstance(v, core.Literal) and v in records

    def pool(v: Any) -> bool:
        return not isinstance(v, core.Literal) and v in pools

    def held(variables: Sequence[Any]) -> int:
        return sum(size(v.aval) for v in variables if varies_with_key(v) and not pool(v))

    largest, kept_apart = held(jaxpr.outvars), 0
    for equation in jaxpr.eqns:
        flags = [varies_with_key(v) for v in equation.invars]
        results = [any(flags)] * len(equation.outvars)
        kept = [any(record(w) and _shape(w) == _shape(v) for w in equation.invars) for v in equation.outvars]
        if equation.primitive.name in _HAND_ON and pool(equation.invars[0]):
            pools.add(equation.outvars[0])
        for program in inner(equation) if any(flags) else ():
            within = _flags_inside(equation, program, flags)
            found, inside = _memory(program, within, _pools_inside(equation, program, pools))
            largest, kept_apart = max(largest, found.size), max(kept_apart, found.pool)
            if equation.primitive.name in CALLS:
                results, kept = inside, found.records
        if equation.primitive.name == "scan":
            body = inner(equation)[0]
            stacked = [_shape(v) != _shape(w) for v, w in zip(equation.outvars, body.outvars, strict=True)]
            kept = [flag and len(_shape(v)) == 1 for v, flag in zip(equation.outvars, stacked, strict=True)]
            kept_apart = max(kept_apart, sum(size(v.aval) for v in equation.invars if pool(v)))
        varies.update(zip(equation.outvars, results, strict=True))
        records.update(v for v, flag in zip(equation.outvars, kept, strict=True) if flag)
        largest = max(largest, held((*equation.invars, *equation.outvars)))
    last = [varies_with_key(v) for v in jaxpr.outvars]
    return Memory(largest, kept_apart, [record(v) for v in jaxpr.outvars]), last


def _flags_inside(equation: Any, program: core.Jaxpr, flags: list[bool]) -> list[bool]:
    """Which arguments of a program inside an operation vary with the replication."""
    name = equation.primitive.name
    if name in CALLS and len(program.invars) == len(flags):
        return flags
    if name == "scan":  # how it counts what is constant, carried and stacked differs between releases
        carried = _carried(equation)
        return [*flags[: carried.start], *[True] * len(carried), *flags[carried.stop :]]
    return [True] * len(program.invars)


def _carried(scan: Any) -> range:
    """The places among the arguments of a loop of what it carries."""
    program = inner(scan)[0]
    carried = sum(_shape(v) == _shape(w) for v, w in zip(scan.outvars, program.outvars, strict=True))
    whole = sum(_shape(v) == _shape(w) for v, w in zip(scan.invars, program.invars, strict=True))
    return range(whole - carried, whole)


def _pools(jaxpr: core.Jaxpr) -> set[Any]:
    """What the loops of a program carry and touch by slices alone, before and after them."""
    found = set()
    for equation in jaxpr.eqns:
        if equation.primitive.name == "scan":
            body, carried = inner(equation)[0], _carried(equation)
            for place, before in enumerate(carried):
                same = _handed_on(body, body.invars[before])
                if same is not None and same[place] and sum(same) == 1 and len(_shape(body.invars[before])) > 0:
                    found |= {v for v in (equation.invars[before], equation.outvars[place]) if isinstance(v, core.Var)}
    return found


def _pools_inside(equation: Any, program: core.Jaxpr, pools: set[Any]) -> list[bool]:
    """Which arguments of a program inside an operation are a pool."""
    name = equation.primitive.name
    if name in (*CALLS, "scan") and len(program.invars) == len(equation.invars):
        return [isinstance(v, core.Var) and v in pools for v in equation.invars]
    return [False] * len(program.invars)


def _handed_on(jaxpr: core.Jaxpr, pool: Any) -> list[bool] | None:
    """Which results are an argument, of which slices were read and written; None where more of it is read."""
    same = {pool}
    for equation in jaxpr.eqns:
        places = [i for i, v in enumerate(equation.invars) if not isinstance(v, core.Literal) and v in same]
        name, programs = equation.primitive.name, inner(equation)
        if name in _HAND_ON and places == [0]:
            same.add(equation.outvars[0])
        elif name in CALLS and places and len(programs) == 1 and len(programs[0].invars) == len(equation.invars):
            for place in places:
                found = _handed_on(programs[0], programs[0].invars[place])
                if found is None:
                    return None
                same |= {v for v, flag in zip(equation.outvars, found, strict=True) if flag}
        elif places and not (name in _PICKS and places == [0]):
            return None
    return [not isinstance(v, core.Literal) and v in same for v in jaxpr.outvars]


def _shape(v: Any) -> tuple[int, ...]:
    return getattr(v.aval, "shape", ())


@functools.lru_cache(maxsize=4096)
def size(aval: Any) -> int:
    """The bytes of one value."""
    if not hasattr(aval, "shape"):
        return 0
    itemsize = 8 if jax.dtypes.issubdtype(aval.dtype, jax.dtypes.extended) else aval.dtype.itemsize
    return math.prod(aval.shape) * itemsize
