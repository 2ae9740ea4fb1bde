"""`jaxcollapse new`: a file to start from, for a claim, a model family or a workflow of one's own."""

import importlib.util
import keyword
import re
from pathlib import Path
from typing import Annotated

import typer

from jaxcollapse.arguments.names import shortened
from jaxcollapse.cli._help import Command, Group
from jaxcollapse.cli._status import Status

_STATUS = f"""
Exit status: {Status.OK}, or {Status.USAGE} for a name that is not allowed or a file that exists:
nothing is ever overwritten.
"""
app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Write a file to start from: a claim, or a model family or a workflow with its tests.",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"""\
Examples:
  jaxcollapse new claim my-bound
  jaxcollapse new family Laplace
  jaxcollapse new workflow Fading
{_STATUS}""",
)


@app.command(
    cls=Command,
    epilog=f"""\
Examples:
  jaxcollapse new claim my-bound
  python my_bound.py                    (prints the verdict)
{_STATUS}""",
)
def claim(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case words joined by hyphens, such as my-bound.")],
) -> None:
    """Write a claim: a theory, an experiment and the relation between them.

    The file runs as it is, and its first verdict is "fails": the theory in it
    is a rough one, the exact one stands below it. Then put your own in place.
    """
    if not re.fullmatch("[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise typer.BadParameter(
            f"must be lower-case words joined by hyphens, got {shortened(name)!r}", param_hint="NAME"
        )
    path = Path(f"{name.replace('-', '_')}.py")
    _check_free(path.stem, name)
    _write("claim.py.jinja", path, name=name, file=path.name)
    print(f"Written: {path}\nRun it: python {path}")


@app.command(
    cls=Command,
    epilog=f"""\
Examples:
  jaxcollapse new family Laplace
  pytest laplace.py                     (tests it)
{_STATUS}""",
)
def family(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a class, such as Laplace or StudentT.")],
) -> None:
    """Write a model family: sample and fit, exact sums instead of rows, and a test of one against the other.

    The file passes its tests as it is. Then put your own distribution in the
    place of the example.
    """
    _of_class(name, "family.py.jinja")


@app.command(
    cls=Command,
    epilog=f"""\
Examples:
  jaxcollapse new workflow Fading
  pytest fading.py                      (tests it)
{_STATUS}""",
)
def workflow(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a class, such as Fading or EveryOther.")],
) -> None:
    """Write a workflow: what each generation is trained on, its weights for the theory, and a test of both.

    The file passes its tests as it is. Then put your own in the place of the
    example.
    """
    _of_class(name, "workflow.py.jinja")


def _of_class(name: str, template: str) -> None:
    """A file for a class and its tests."""
    if not re.fullmatch("[A-Z][A-Za-z0-9]*", name):
        raise typer.BadParameter(
            f"must be the name of a class such as Laplace, got {shortened(name)!r}", param_hint="NAME"
        )
    path = Path(re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() + ".py")
    _check_free(path.stem, name)
    _write(template, path, name=name, file=path.name)
    print(f"Written: {path}\nTest it: pytest {path}")


def _check_free(module: str, name: str) -> None:
    """The file and the class hide nothing: no keyword, and no module that Python could import here."""
    taken = keyword.iskeyword(name) or keyword.iskeyword(module)
    if taken or importlib.util.find_spec(module) is not None and not Path(f"{module}.py").exists():
        what = "a word of Python" if taken else f"a file that would hide the module {module!r}"
        raise typer.BadParameter(f"{shortened(name)!r} makes {what}: take another name", param_hint="NAME")


def _write(template: str, path: Path, **words: str) -> None:
    """The filled template as a new file."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("jaxcollapse.cli"), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    text = environment.get_template(template).render(words)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise typer.BadParameter(f"{shortened(str(path))} exists, and is left as it is", param_hint="NAME") from None
    except OSError as error:
        raise typer.BadParameter(f"cannot write {shortened(str(path))}: {error.strerror}", param_hint="NAME") from None
