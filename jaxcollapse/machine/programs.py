"""Traced programs of this release of JAX: which part of one is needed, and what it consists of."""

from typing import Any

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
