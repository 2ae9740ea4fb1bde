"""Traced programs of this release of JAX: which part of one is needed."""

from jax.extend import core
from jax.interpreters import partial_eval


def needed(program: core.ClosedJaxpr) -> core.ClosedJaxpr:
    """The part of a program that its results depend on."""
    jaxpr, used, _ = partial_eval.dce_jaxpr_consts(program.jaxpr, [True] * len(program.jaxpr.outvars), instantiate=True)
    return core.ClosedJaxpr(jaxpr, [const for const, keep in zip(program.consts, used, strict=True) if keep])
