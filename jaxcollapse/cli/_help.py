"""Help texts that end in examples, whose lines stay as they are written: to be copied; and refusals of a few lines."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

_LONGEST_WORD, _LONGEST = 200, 480
_UsageError: Any = typer.BadParameter.__bases__[0]  # of the click that this typer uses


class Command(TyperCommand):
    """A command whose epilog is printed as it is."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help without the epilog, and then the epilog."""
        epilog, self.epilog = self.epilog, None
        super().format_help(ctx, formatter)
        self.epilog = epilog
        formatter.write(epilog or "")


class Group(TyperGroup):
    """A group of commands whose epilog is printed as it is, and whose refusals are short whatever they repeat."""

    def make_context(self, *args: Any, **named: Any) -> Any:
        """Reads the words before the command."""
        with _short():
            return super().make_context(*args, **named)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        with _short():
            return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help without the epilog, and then the epilog."""
        epilog, self.epilog = self.epilog, None
        super().format_help(ctx, formatter)
        self.epilog = epilog
        formatter.write(epilog or "")


@contextlib.contextmanager
def _short() -> Iterator[None]:
    """A refusal repeats the beginning of a long word, and is itself cut where it is long all the same."""
    try:
        yield
    except _UsageError as error:
        error.message = _cut_words(error.message, _LONGEST_WORD)
        if len(error.message) > _LONGEST:
            error.message = _cut_words(error.message, _LONGEST_WORD // 4)
        if len(error.message) > _LONGEST:
            error.message = f"{error.message[:_LONGEST]}…"
        raise


def _cut_words(text: str, longest: int) -> str:
    return re.sub(rf"\S{{{longest + 8},}}", lambda word: f"{word[0][:longest]}…", text)
