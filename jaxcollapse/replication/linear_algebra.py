"""Linear algebra in a traced function, as a machine of few cores can run it.

XLA:CPU runs a batched LAPACK call on its thread pool and waits there for other pool threads. Independent calls, or
calls from two host threads, can wait for each other for ever on a machine with few cores. Unbatched calls do not use
the pool: so programs with linear algebra run their replications one by one, and a batched call inside of one is
rewritten as a loop, here.
"""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend import core

from jaxcollapse.machine.programs import inner, needed

_LINEAR_ALGEBRA = frozenset(
    "cholesky cholesky_update eig eigh geqp3 geqrf hessenberg householder_product lu lu_pivots_to_permutation ormqr "
    "qr schur svd symmetric_product triangular_solve tridiagonal tridiagonal_solve".split()
)
CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
    "checkpoint": "jaxpr",
    "remat2": "jaxpr",
}
"""Operations that only call the program they contain, and the parameter that holds it."""


def settled(program: core.ClosedJaxpr) -> core.ClosedJaxpr:
    """The same program, with the linear algebra that depends on none of its arguments done: it would run each time."""
    jaxpr = program.jaxpr
    known = {v: const for v, const in zip(jaxpr.constvars, program.consts, strict=True)}
    free, fixed = [], set(known)
    for equation in jaxpr.eqns:
        if not equation.effects and all(isinstance(v, core.Literal) or v in fixed for v in equation.invars):
            free.append(equation)
            fixed.update(equation.outvars)
    done, wanted = [], set()
    for equation in reversed(free):
        if _contains_linear_algebra(equation) or wanted.intersection(equation.outvars):
            done.append(equation)
            wanted.update(v for v in equation.invars if not isinstance(v, core.Literal))
    if not done:
        return program
    for equation in reversed(done):
        operands = [v.val if isinstance(v, core.Literal) else known[v] for v in equation.invars]
        known.update(zip(equation.outvars, _bind(equation, operands), strict=True))
    gone = {id(equation) for equation in done}
    rest = jaxpr.replace(constvars=list(known), eqns=[e for e in jaxpr.eqns if id(e) not in gone])
    return needed(core.ClosedJaxpr(rest, list(known.values())))


def has_linear_algebra(jaxpr: core.Jaxpr) -> bool:
    """Whether a program contains a linear-algebra call."""
    return any(_contains_linear_algebra(equation) for equation in jaxpr.eqns)


def _contains_linear_algebra(equation: Any) -> bool:
    return equation.primitive.name in _LINEAR_ALGEBRA or any(has_linear_algebra(program) for program in inner(equation))


def evaluate(
    jaxpr: core.Jaxpr,
    consts: Any,
    arguments: Any,
    literals: dict[tuple[int, int], Any] | None = None,
    *,
    unbatched: bool,
) -> list[Any]:
    """The results of a program.

    `literals` are values for operands that are written into the program, by the position of the operation and of the
    operand. `unbatched` turns every batched linear-algebra call into a loop over the batch.
    """
    values = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *arguments), strict=True))
    apply = _apply if unbatched else _bind

    def read(v):
        return v.val if isinstance(v, core.Literal) else values[v]

    for i, equation in enumerate(jaxpr.eqns):
        operands = [read(v) for v in equation.invars]
        if literals:
            operands = [literals.get((i, j), operand) for j, operand in enumerate(operands)]
        values.update(zip(equation.outvars, apply(equation, operands), strict=True))
    return [read(v) for v in jaxpr.outvars]


def unbatched(program: core.ClosedJaxpr) -> Callable[..., list[Any]]:
    """The program as a function, with every batched linear-algebra call turned into a loop over the batch."""
    return lambda *arguments: evaluate(program.jaxpr, program.consts, arguments, unbatched=True)


def _apply(equation: Any, operands: list[Any]) -> list[Any]:
    primitive, params = equation.primitive, equation.params
    if primitive.name in CALLS:
        called = params[CALLS[primitive.name]]
        closed = isinstance(called, core.ClosedJaxpr)
        consts = called.consts if closed else ()
        return evaluate(called.jaxpr if closed else called, consts, operands, unbatched=True)
    if primitive.name in _LINEAR_ALGEBRA and _is_batched(equation):
        return _loop(lambda *single: primitive.bind(*single, **params), primitive, operands)
    if any(has_linear_algebra(program) for program in inner(equation)):
        params = {name: _rewritten(value) for name, value in params.items()}
    return _bind(equation, operands, params)


def _bind(equation: Any, operands: list[Any], params: dict[str, Any] | None = None) -> list[Any]:
    """The results of one operation."""
    primitive = equation.primitive
    bound = primitive.get_bind_params(equation.params if params is None else params)
    functions, bound = bound if isinstance(bound, tuple) else ((), bound)  # a tuple before JAX 0.9
    results = primitive.bind(*functions, *operands, **bound)
    return list(results) if primitive.multiple_results else [results]


def _loop(call: Callable[..., Any], primitive: Any, operands: list[Any]) -> list[Any]:
    """A batched call, one member of the batch after the other."""
    batch = operands[0].shape[:-2]
    flat = [operand.reshape(-1, *operand.shape[len(batch) :]) for operand in operands]
    results = jax.lax.map(lambda single: call(*single), flat)
    results = list(results) if primitive.multiple_results else [results]
    return [result.reshape(*batch, *result.shape[1:]) for result in results]


def _rewritten(value: Any) -> Any:
    """A parameter of an operation, with the programs in it rewritten."""
    if isinstance(value, core.ClosedJaxpr):
        structs = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in value.jaxpr.invars]
        return jax.make_jaxpr(unbatched(value))(*structs)
    if isinstance(value, tuple):
        items = [_rewritten(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return value


def _is_batched(equation: Any) -> bool:
    if equation.primitive.name == "lu_pivots_to_permutation":
        return False  # no LAPACK call, and its batch is not that of a matrix
    return len(equation.invars[0].aval.shape) > 2
