"""What all commands print: JSON for machines, refusals of unknown names."""

import difflib
import json
from collections.abc import Iterable
from typing import Any

import typer


def print_json(facts: Any) -> None:
    """Strict JSON on the standard output."""
    print(json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False))


def plain(values: Any) -> Any:
    """Numbers as nested lists of what strict JSON has: NaN is None, an infinity ``"Infinity"`` or ``"-Infinity"``."""
    import numpy as np

    array = np.asarray(values, float)
    if array.ndim:
        return [plain(value) for value in array]
    value = float(array)
    return value if np.isfinite(value) else None if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def check_known(kind: str, name: str, known: Iterable[str], hint: str, where: str = "") -> None:
    """Refuse an unknown name: suggest those that are most like it, or say which there are (`where`: a sentence)."""
    known = list(known)
    if name in known:
        return
    likeness = {
        k: difflib.SequenceMatcher(None, name.lower(), k.lower()).ratio() + (bool(name) and name.lower() in k.lower())
        for k in known
    }
    best = max(likeness.values(), default=0.0)
    close = [k for k in sorted(known, key=lambda k: -likeness[k]) if best > 0.5 and likeness[k] > best - 0.1][:3]
    advice = f"did you mean {' or '.join(close)}?" if close else where or f"there are {', '.join(known)}."
    raise typer.BadParameter(f"there is no {kind} called {name!r}; {advice}", param_hint=hint)
