"""Traced programs of this release of JAX: which part of one is needed, and what it consists of."""

import math
from collections.abc import Callable
from typing import Any

import jax
from jax.extend import core
from jax.interpreters import partial_eval


def needed(program: core.ClosedJaxpr) -> core.ClosedJaxpr:
    """The part of a program that its results depend on."""
    jaxpr, used, _ = partial_eval.dce_jaxpr_consts(program.jaxpr, [True] * len(program.jaxpr.outvars), instantiate=True)
    return core.ClosedJaxpr(jaxpr, [const for const, keep in zip(program.consts, used, strict=True) if keep])


def inner(equation: Any) -> list[core.Jaxpr]:
    """The programs inside one operation: loop bodies, branches, inlined functions."""
    found = []
    for value in equation.params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, core.ClosedJaxpr):
                found.append(item.jaxpr)
            elif isinstance(item, core.Jaxpr):
                found.append(item)
    return found


def computes_with_numbers(jaxpr: core.Jaxpr) -> bool:
    """Whether it is arithmetic with single numbers from beginning to end, without arrays, loops and branches."""
    variables: list[Any] = [*jaxpr.invars, *(v for equation in jaxpr.eqns for v in equation.outvars)]
    if any(getattr(v.aval, "shape", None) != () for v in variables):
        return False
    return all(
        equation.primitive.name not in ("scan", "while", "cond") and all(map(computes_with_numbers, inner(equation)))
        for equation in jaxpr.eqns
    )


def busy(function: Callable) -> Callable:
    """Marks a part of a program that keeps a core busy by itself, such as the training of a network.

    Many of them at a time are no faster on a CPU than one after the other, and `monte_carlo` runs them so there, a
    replication for each core.
    """

    def keeps_a_core_busy(*arguments):
        return function(*arguments)

    return jax.jit(keeps_a_core_busy)


def busy_parts(jaxpr: core.Jaxpr) -> int:
    """How many busy parts of a program run one after the other: the generations of a network in the loop."""
    return _total(jaxpr, lambda equation: 1 if equation.params.get("name") == _BUSY else None, rounds=1)


def work(jaxpr: core.Jaxpr) -> int:
    """About how many numbers a program computes, with so many rounds of a loop whose end is not known."""

    def numbers(equation):
        if inner(equation):
            return None
        return sum(math.prod(getattr(v.aval, "shape", ())) for v in equation.outvars)

    return _total(jaxpr, numbers, rounds=_ROUNDS)


def _total(jaxpr: core.Jaxpr, own: Callable[[Any], int | None], rounds: int) -> int:
    """What the operations of a program count for; one without a count of its own, for what is inside, as it runs."""
    total = 0
    for equation in jaxpr.eqns:
        if (count := own(equation)) is None:
            inside = [_total(program, own, rounds) for program in inner(equation)]
            if equation.primitive.name == "scan":
                count = equation.params["length"] * sum(inside)
            elif equation.primitive.name == "while":
                count = rounds * sum(inside)
            else:
                count = max(inside, default=0)
        total += count
    return total


_ROUNDS = 16
_BUSY = "keeps_a_core_busy"
