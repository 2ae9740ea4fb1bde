"""Names that are nearly right, and numbers that JSON can hold: what messages and files have in common. Without JAX."""

import difflib
from collections.abc import Iterable
from typing import Any

_ALIKE = 0.7


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The known names, three at most, that are most like a name or contain it, whatever the case; the best first.

    ```python
    >>> nearest("acumulate", ["Replace", "Accumulate", "Window"]), nearest("x", ["Replace"])
    (['Accumulate'], [])

    ```
    """
    wanted = _plain_word(name)

    def likeness(word: str) -> float:
        word = _plain_word(word)
        return difflib.SequenceMatcher(None, wanted, word).ratio() + (len(wanted) > 2 and wanted in word)

    likenesses = {word: likeness(word) for word in known}
    best = max(likenesses.values(), default=0.0)
    close = [word for word in likenesses if best >= _ALIKE and likenesses[word] > best - 0.1]
    return sorted(close, key=lambda word: -likenesses[word])[:3]


def _plain_word(name: str) -> str:
    return name.lower().replace("_", "").removesuffix("()")


def for_json(values: Any) -> Any:
    """Numbers as nested lists of what strict JSON has: NaN is None, an infinity ``"Infinity"`` or ``"-Infinity"``."""
    import numpy as np

    array = np.asarray(values, float)
    if array.ndim:
        return [for_json(value) for value in array]
    value = float(array)
    return value if np.isfinite(value) else None if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
