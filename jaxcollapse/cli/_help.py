"""Help texts that end in examples, whose lines stay as they are written: to be copied."""

from typing import Any

from typer.core import TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command whose epilog is printed as it is."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help without the epilog, and then the epilog."""
        epilog, self.epilog = self.epilog, None
        super().format_help(ctx, formatter)
        self.epilog = epilog
        formatter.write(epilog or "")


class Group(TyperGroup):
    """A group of commands whose epilog is printed as it is."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help without the epilog, and then the epilog."""
        epilog, self.epilog = self.epilog, None
        super().format_help(ctx, formatter)
        self.epilog = epilog
        formatter.write(epilog or "")
