"""Where a command writes to: refused before anything is computed, and replaced as a whole."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from jaxcollapse.arguments.names import shown
from jaxcollapse.machine.files import replacing


def check_out(path: Path, suffixes: Iterable[str]) -> None:
    """Refuse a file that could not be written later."""
    if path.suffix not in suffixes:
        kinds = ", ".join(suffixes)
        raise typer.BadParameter(
            f"the name of the file must end in {kinds}; got {shown(path.name)}", param_hint="--out"
        )
    try:
        if path.is_dir() or not path.absolute().parent.is_dir():
            problem = f"{path} is a directory" if path.is_dir() else f"there is no directory {path.absolute().parent}"
            raise typer.BadParameter(problem, param_hint="--out")
    except (OSError, ValueError) as error:  # a name that no file can have
        raise _refusal(path, error) from None


@contextlib.contextmanager
def written(path: Path) -> Iterator[Path]:
    """A new file to write to, which then replaces one of that name."""
    try:
        with replacing(path) as new:
            yield new
    except OSError as error:
        raise _refusal(path, error) from None


def _refusal(path: Path, error: Exception) -> typer.BadParameter:
    return typer.BadParameter(f"cannot write {path}: {getattr(error, 'strerror', None) or error}", param_hint="--out")
