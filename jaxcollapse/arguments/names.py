"""Names that are nearly right: what a message suggests instead. Without JAX."""

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """``": did you mean 'replace'?"`` for a name that is nearly a known one, whatever its case; else nothing."""
    close = nearest(str(name), known)
    return f": did you mean {close[0] if close[0].endswith(')') else repr(close[0])}?" if close else ""


_ALIKE = 0.7
_LONGEST = 200


def shortened(text: str) -> str:
    """A text as a message repeats it: of a long one the beginning.

    ```python
    >>> shortened("word"), len(shortened("x" * 10**6))
    ('word', 201)

    ```
    """
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def shown(value: Any, how: Callable[[Any], str] = repr) -> str:
    """A value as a message repeats it, by `repr` or `str`: of many numbers the first.

    ```python
    >>> shown([1, 2]), shown("a", str), len(shown([1.0] * 10**6))
    ('[1, 2]', 'a', 201)

    ```
    """
    return shortened(how(value))


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The known names, three at most, that are most like a name or contain it, whatever the case; the best first.

    ```python
    >>> nearest("acumulate", ["Replace", "Accumulate", "Window"]), nearest("x", ["Replace"])
    (['Accumulate'], [])

    ```
    """
    wanted = _plain_word(name[:_LONGEST])

    def likeness(word: str) -> float:
        word = _plain_word(word)
        return difflib.SequenceMatcher(None, wanted, word).ratio() + (len(wanted) > 2 and wanted in word)

    likenesses = {word: likeness(word) for word in known}
    best = max(likenesses.values(), default=0.0)
    close = [word for word in likenesses if best >= _ALIKE and likenesses[word] > best - 0.1]
    return sorted(close, key=lambda word: -likenesses[word])[:3]


def _plain_word(name: str) -> str:
    return name.lower().replace("_", "").removesuffix("()")


def naming_arguments(cls: type) -> None:
    """Lets the initialiser that a class defines say of a keyword it does not know which ones there are.

    ```python
    >>> class Disc:
    ...     def __init__(self, *, radius=1.0, center=0.0):
    ...         self.radius = radius
    >>> naming_arguments(Disc)
    >>> try:
    ...     Disc(radios=2.0)
    ... except TypeError as error:
    ...     print(error)
    Disc has no argument 'radios': did you mean 'radius'? It takes radius, center

    ```
    """
    initialise = vars(cls).get("__init__")
    if initialise is None:
        return
    parameters = list(inspect.signature(initialise).parameters.values())[1:]
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return
    names = [parameter.name for parameter in parameters]

    @functools.wraps(initialise)
    def told(self: Any, *positional: Any, **named: Any) -> None:
        unknown = next((name for name in named if name not in names), None)
        if unknown is not None:
            meant = did_you_mean(unknown, names)
            hint = f"{meant} It takes" if meant else ": it takes"
            raise TypeError(f"{type(self).__name__} has no argument {unknown!r}{hint} {', '.join(names)}")
        initialise(self, *positional, **named)

    cls.__init__ = told
