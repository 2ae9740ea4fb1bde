"""What all commands print: JSON for machines, refusals of unknown names."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import typer

from jaxcollapse.arguments.names import nearest, shortened


def print_json(facts: Any) -> None:
    """Strict JSON on the standard output."""
    plain = "utf" not in (sys.stdout.encoding or "").lower()
    print(json.dumps(facts, indent=1, ensure_ascii=plain, allow_nan=False))


@contextlib.contextmanager
def refused(hint: str = "") -> Iterator[None]:
    """A `ValueError` as a refusal: of `hint`, or of the argument that its first word names."""
    try:
        yield
    except ValueError as error:
        named = hint or str(error).partition(" ")[0].upper()
        raise typer.BadParameter(str(error), param_hint=named) from None


def check_known(kind: str, name: str, known: Iterable[str], hint: str, where: str = "") -> None:
    """Refuse an unknown name: suggest those that are most like it, or say which there are (`where`: a sentence)."""
    known = list(known)
    if name in known:
        return
    close = nearest(name, known)
    advice = f"did you mean {' or '.join(close)}?" if close else where or f"there are {', '.join(known)}."
    raise typer.BadParameter(f"there is no {kind} called {shortened(name)!r}; {advice}", param_hint=hint)
