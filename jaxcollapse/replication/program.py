"""A function as a program whose numbers are arguments.

Tracing gives a jaxpr. The arrays that the function closed over and the floating-point numbers written in its outermost
lines are taken out of it, so that the same function with other numbers is the same program: it is recognised by a
signature and compiled once, however often a notebook cell redefines the function.
"""

import dataclasses
import enum
import functools
import hashlib
import re
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core

from jaxcollapse.arguments.check import is_traced
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.replication import linear_algebra

_COSMETIC = frozenset({"name", "debug_info"})
# An operand that XLA treats specially when it is known: ``x**2.0`` is a product, ``x**y`` is not.
_SPECIAL = frozenset({"pow"})


@dataclasses.dataclass(frozen=True)
class Program:
    """A traced function without its numbers. Two of them are equal if they compute the same from the same numbers."""

    digest: str
    """Describes every operation, shape and type, and every number that could not be taken out."""
    objects: tuple[Any, ...]
    """What no text can describe, such as the Python function behind a callback."""
    jaxpr: core.Jaxpr = dataclasses.field(compare=False, repr=False)
    places: tuple[tuple[int, int], ...] = dataclasses.field(compare=False, repr=False)

    @property
    def ignores_key(self) -> bool:
        """Whether nothing that is computed depends on the first argument."""
        key = self.jaxpr.invars[0]
        read = (v for equation in self.jaxpr.eqns for v in equation.invars)
        return not any(v is key for v in (*read, *self.jaxpr.outvars))

    @property
    def draws_nothing(self) -> tuple[bool, ...]:
        """For every result, whether it is computed without the first argument."""
        drawn = {self.jaxpr.invars[0]}
        for equation in self.jaxpr.eqns:
            if any(not isinstance(v, core.Literal) and v in drawn for v in equation.invars):
                drawn.update(equation.outvars)
        return tuple(isinstance(v, core.Literal) or v not in drawn for v in self.jaxpr.outvars)

    def function(self, *, unbatched: bool) -> Callable[..., list[Any]]:
        """``f(numbers, *arguments)``, all flat; `unbatched` turns batched linear algebra into loops."""
        consts = len(self.jaxpr.constvars)

        def run(numbers, *arguments):
            literals = dict(zip(self.places, numbers[consts:], strict=True))
            return linear_algebra.evaluate(self.jaxpr, numbers[:consts], arguments, literals, unbatched=unbatched)

        return run


def trace(function: Callable, *examples: Any) -> tuple[Program, list[Any], Any]:
    """A function as a program, the numbers taken out of it, and the shapes of its result.

    **Raises** `TypeError` for numbers that are not known, because this happens within a transformation of JAX.
    """
    check_untraced(examples)
    with lenient(types=False, ranks=False):  # what an index such as x[-1] takes to the device, it takes once
        closed, shape = jax.make_jaxpr(function, return_shape=True)(*examples)
    check_untraced(closed.consts)
    with lenient():  # what is computed once here is no code of the user's any more
        closed = linear_algebra.settled(linear_algebra.needed(closed))
    jaxpr = closed.jaxpr
    places = tuple(
        (i, j)
        for i, equation in enumerate(jaxpr.eqns)
        for j, operand in enumerate(equation.invars)
        if isinstance(operand, core.Literal) and _is_number(operand) and equation.primitive.name not in _SPECIAL
    )
    literals = [jaxpr.eqns[i].invars[j] for i, j in places]
    numbers = [*closed.consts, *(np.asarray(literal.val, literal.aval.dtype) for literal in literals)]
    signer = _Signer()
    digest = signer.jaxpr(jaxpr, frozenset(places))
    return Program(digest, tuple(signer.objects), jaxpr, places), numbers, shape


def check_untraced(values: Any) -> None:
    """No value belongs to a function that JAX is tracing."""
    if any(is_traced(leaf) for leaf in jax.tree.leaves(values)):
        raise TypeError(
            "monte_carlo runs on the host and cannot be traced by jit, vmap or grad: inside of those write "
            "jnp.mean(jax.vmap(function)(jax.random.split(key, replications)), axis=0)"
        )


def digest(values: Sequence[Any]) -> str:
    """A fingerprint of arrays: their types, shapes and every bit."""
    total = hashlib.sha256()
    for value in values:
        total.update(_array(value).encode())
    return total.hexdigest()


def _is_number(literal: Any) -> bool:
    dtype = getattr(literal.aval, "dtype", None)
    return dtype is not None and jax.numpy.issubdtype(dtype, np.inexact) and literal.aval.shape == ()


class _Signer:
    """Writes a program down, the names of its variables aside; collects what cannot be written."""

    def __init__(self):
        self.objects: list[Any] = []

    def jaxpr(self, jaxpr: core.Jaxpr, taken_out: frozenset[tuple[int, int]] = frozenset()) -> str:
        if not taken_out and jaxpr in _written:
            digest, objects = _written[jaxpr]
            self.objects.extend(objects)
            return digest
        before = len(self.objects)
        lines = []
        number: dict[Any, int] = {}

        def define(variables):
            for variable in variables:
                lines.append(_type(variable.aval))
                number[variable] = len(number)

        define((*jaxpr.constvars, *jaxpr.invars))
        for i, equation in enumerate(jaxpr.eqns):
            lines.append(equation.primitive.name)
            for j, operand in enumerate(equation.invars):
                if (i, j) in taken_out:
                    lines.append(f"number {_type(operand.aval)}")
                else:
                    lines.append(self._operand(operand, number))
            lines.append(self._parameters(equation))
            define(equation.outvars)
        lines.extend(self._operand(operand, number) for operand in jaxpr.outvars)
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        if not taken_out:
            _written[jaxpr] = digest, tuple(self.objects[before:])
        return digest

    def _operand(self, operand: Any, number: dict[Any, int]) -> str:
        if isinstance(operand, core.Literal):
            return f"{_type(operand.aval)} {_array(operand.val)}"
        return str(number[operand])

    def _parameters(self, equation: Any) -> str:
        name = equation.primitive.name
        inner = linear_algebra.CALLS.get(name)
        if inner is not None and name not in ("jit", "pjit"):  # rules of differentiation have no say in the value
            return self._value(equation.params[inner])
        kept = sorted(key for key in equation.params if key not in _COSMETIC)
        return ",".join(f"{key}={self._value(equation.params[key])}" for key in kept)

    def _value(self, value: Any) -> str:
        if isinstance(value, core.ClosedJaxpr):
            return f"{self.jaxpr(value.jaxpr)}{[_array(const) for const in value.consts]}"
        if isinstance(value, core.Jaxpr):
            return self.jaxpr(value)
        if value is None or isinstance(value, bool | int | float | complex | str | bytes | np.dtype | enum.Enum | type):
            return f"{type(value).__name__}:{value!r}"
        if isinstance(value, np.ndarray | np.generic | jax.Array):
            return _array(value)
        if isinstance(value, tuple | list):
            return f"{type(value).__name__}({','.join(self._value(item) for item in value)})"
        if isinstance(value, dict):
            return f"dict({','.join(f'{self._value(k)}:{self._value(value[k])}' for k in sorted(value, key=repr))})"
        if isinstance(value, set | frozenset):
            return f"set({','.join(sorted(self._value(item) for item in value))})"
        self.objects.append(value if _hashable(value) else _Same(value))
        return re.sub(r"0x[0-9a-f]+", "", f"{type(value).__name__}:{value!r}")


# JAX keeps the programs inside of jitted functions: they come back, the same objects, with every trace.
_written: weakref.WeakKeyDictionary[core.Jaxpr, tuple[str, tuple[Any, ...]]] = weakref.WeakKeyDictionary()


class _Same:
    """An object that equals nothing but itself."""

    def __init__(self, value: Any):
        self.value = value


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def _type(aval: Any) -> str:
    return f"{aval} {getattr(aval, 'weak_type', False)}"


def _array(value: Any) -> str:
    if isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, jax.dtypes.extended):
        return f"{value.dtype} {_array(jax.random.key_data(value))}"
    array = np.asarray(value)
    return f"{array.dtype.str}{array.shape}{hashlib.sha256(array.tobytes()).hexdigest()}"
