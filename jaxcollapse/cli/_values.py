"""What a user writes behind ``=``: a number, a list, arithmetic in the generation g, or a word.

Nothing is executed: a formula is read as a tree, and only arithmetic is followed.
"""

import ast
import operator
import re
from typing import Any

from jaxcollapse.arguments.names import shortened

_BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_UNARY = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_ALLOWED = "a number, a list of numbers, or arithmetic in the generation g such as 100*g**1.5"
_LONGEST = 1000


class Formula:
    """Arithmetic in the generation ``g``: a schedule.

    ```python
    >>> Formula("100 * g**2 / 2")(3.0)
    450.0

    ```
    """

    def __init__(self, text: str):
        """Reads the text; `ValueError` for anything but ``+ - * / // % **``, brackets, numbers and ``g``."""
        try:
            if len(text) > _LONGEST:
                raise ValueError
            self._tree = ast.parse(text.strip(), mode="eval").body
            _check(self._tree)
            tried = self(2.0)
        except (SyntaxError, ValueError, RecursionError, MemoryError, ArithmeticError):
            hint = "; a power is written **" if "^" in text else ""
            raise ValueError(f"{shortened(text)!r} is not {_ALLOWED}{hint}") from None
        if isinstance(tried, complex):
            raise ValueError(f"{shortened(text)!r} is not a real number at g = 2")
        self.text = text.strip()
        self.constant = not any(isinstance(node, ast.Name) for node in ast.walk(self._tree))

    def __call__(self, g: Any) -> Any:
        """The value at generation `g`, which may be traced."""
        return _evaluate(self._tree, g)


def read(text: str, *, words: bool) -> Any:
    """A literal, a `Formula`, or the text itself where `words` are allowed.

    ```python
    >>> read("0.1", words=True), read("100,200", words=True), read("fresh", words=True)
    (0.1, [100, 200], 'fresh')

    ```
    """
    if text.strip().lower() in ("true", "false"):
        return text.strip().lower() == "true"
    try:
        literal = ast.literal_eval(text.strip())
        return list(literal) if isinstance(literal, tuple) else literal
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        pass
    if words and re.fullmatch(r"\s*[A-Za-z_][\w.-]*\s*", text) and text.strip() != "g":
        return text.strip()
    formula = Formula(text)
    return formula(1.0) if formula.constant else formula


def recorded(value: Any) -> Any:
    """A setting as `json` can write it: a formula is its text."""
    if isinstance(value, Formula):
        return value.text
    if isinstance(value, dict):
        return {name: recorded(item) for name, item in value.items()}
    return [recorded(item) for item in value] if isinstance(value, list) else value


def _check(node: ast.AST) -> None:
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        _check(node.left)
        _check(node.right)
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        _check(node.operand)
    elif not (isinstance(node, ast.Name) and node.id == "g") and not (
        isinstance(node, ast.Constant) and type(node.value) in (int, float)
    ):
        raise ValueError


def _evaluate(node: Any, g: Any) -> Any:
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_evaluate(node.left, g), _evaluate(node.right, g))
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_evaluate(node.operand, g))
    return g if isinstance(node, ast.Name) else float(node.value)
