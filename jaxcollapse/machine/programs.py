"""Traced programs of this release of JAX: which part of one is needed, and what it consists of."""

from typing import Any

from jax.extend import core
from jax.interpreters import partial_eval


def needed(program: core.ClosedJaxpr) -> core.ClosedJaxpr:
    """The part of a program that its results depend on."""
    jaxpr, used, _ = partial_eval.dce_jaxpr_consts(program.jaxpr, [True] * len(program.jaxpr.outvars), instantiate=True)
    return core.ClosedJaxpr(jaxpr, [const for const, keep in zip(program.consts, used, strict=True) if keep])


def computes_with_numbers(program: core.ClosedJaxpr) -> bool:
    """Whether it is arithmetic with single numbers from beginning to end, without arrays, loops and branches."""
    return _computes_with_numbers(program.jaxpr)


def _computes_with_numbers(jaxpr: core.Jaxpr) -> bool:
    variables: list[Any] = [*jaxpr.invars, *(v for equation in jaxpr.eqns for v in equation.outvars)]
    if any(getattr(v.aval, "shape", None) != () for v in variables):
        return False
    for equation in jaxpr.eqns:
        called = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
        called = called.jaxpr if isinstance(called, core.ClosedJaxpr) else called
        if equation.primitive.name in ("scan", "while", "cond") or not (
            called is None or _computes_with_numbers(called)
        ):
            return False
    return True
