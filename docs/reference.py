"""Writes the API reference to `docs/reference/`: one page per room, from signatures and docstrings.

`python docs/reference.py`; the build of the site calls it. Signatures are taken from the source, where shapes are
written as their author wrote them. A public name that no page shows is an error.
"""

import ast
import inspect
import re
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import formulas
import typer
from sphinx.pycode import ModuleAnalyzer
from typer.testing import CliRunner

import jaxcollapse as jc
from jaxcollapse import chain, theory
from jaxcollapse import models as families
from jaxcollapse.cli.app import app

FOLDER = Path(__file__).parent / "reference"
_SIMULATION = (
    "simulate", "Trajectory", "first_time", "FirstTime", "monte_carlo", "Estimate", "Grid", "predict", "Prediction",
    "ClosedForm", "NotKnown", "solve", "Solution",
)  # fmt: skip


class Room(NamedTuple):
    """A page: its name, its title, its first lines, and what it shows, by the full name."""

    page: str
    title: str
    lead: str
    members: dict[str, Any]


def public(module: ModuleType) -> dict[str, Any]:
    """The functions and classes that a module defines or passes on from its own parts, by the full name."""

    def belongs(name: str, value: Any) -> bool:
        home = getattr(inspect.unwrap(value), "__module__", None) or ""
        inside = home == module.__name__ or home.startswith(f"{module.__name__}.")
        return not name.startswith("_") and inside and (inspect.isclass(value) or callable(value))

    found = {name: value for name, value in vars(module).items() if belongs(name, value)}
    return {f"{module.__name__}.{name}": value for name, value in found.items()}


def passed_on(module: ModuleType) -> set[str]:
    """The names that a package imports as themselves: ``from a import b as b``."""
    imports = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in imports for alias in node.names if alias.asname == alias.name}


def theory_modules() -> list[ModuleType]:
    """The rooms of the closed forms."""
    named = [getattr(theory, name) for name in sorted(passed_on(theory))]
    return [value for value in named if inspect.ismodule(value)]


def rooms() -> list[Room]:
    """All pages."""
    names = {name: getattr(jc, name) for name in dir(jc)}
    classes = {name: value for name, value in names.items() if inspect.isclass(value)}

    def top(*wanted: str) -> dict[str, Any]:
        return {f"jaxcollapse.{name}": names[name] for name in wanted}

    def kinds(base: type) -> dict[str, Any]:
        return top(
            base.__name__, *(name for name in classes if issubclass(classes[name], base) and name != base.__name__)
        )

    def module(value: ModuleType, name: str) -> Room:
        members = {f"{name}.{full.rsplit('.', 1)[1]}": member for full, member in public(value).items()}
        return Room(name.removeprefix("jaxcollapse."), name, inspect.getdoc(value) or "", members)

    def named(*wanted: str) -> list[Room]:
        return [module(names[name], f"jaxcollapse.{name}") for name in wanted]

    schedules = ("constant", "polynomial", "geometric", "number_or_schedule", "number", "evaluate", "values")
    models, workflows = kinds(jc.Model), kinds(jc.Workflow)
    of_chain = [name for name, value in names.items() if value is vars(chain).get(name) and not inspect.ismodule(value)]
    data = [name for name in of_chain if f"jaxcollapse.{name}" not in models | workflows | top(*_SIMULATION)]
    beside_models = [name for name, value in classes.items() if value is vars(families).get(name)]
    return [
        Room(
            "simulation",
            "Simulate and estimate",
            "One replication, many replications, what they say about a mean, and what is known of it in advance.",
            top(*_SIMULATION),
        ),
        Room("models", "Models", inspect.getdoc(inspect.getmodule(jc.Model)) or "", models | top(*beside_models)),
        Room("workflows", "Workflows", inspect.getdoc(inspect.getmodule(jc.Workflow)) or "", workflows),
        Room(
            "schedule",
            "jaxcollapse.schedule",
            inspect.getdoc(jc.schedule) or "",
            {f"jaxcollapse.schedule.{name}": getattr(jc.schedule, name) for name in schedules},
        ),
        Room("data", "Data", inspect.getdoc(inspect.getmodule(jc.Data)) or "", top(*data)),
        *named("measures", "features", "kernels", "datasets", "random"),
        Room(
            "claims",
            "Claims",
            inspect.getdoc(inspect.getmodule(jc.Claim)) or "",
            top("Claim", "verify", "Verdict", "Verification", "Reference", "Axis") | public(jc.claims),
        ),
        *named("definitions", "relation", "plot", "figures", "report", "typeset"),
        Room(
            "theory",
            "jaxcollapse.theory",
            f"{inspect.getdoc(theory)} The table of all of them is on the page [](../results/theory.md).",
            {"jaxcollapse.theory.Spectrum": theory.Spectrum},
        ),
        *(module(value, value.__name__) for value in theory_modules()),
    ]


def check_complete(pages: list[Room]) -> None:
    """Raises for a public name of the package that no page shows."""
    shown = {part for page in pages for full in page.members for part in full.split(".")[1:]}
    missing = sorted(set(dir(jc)) - shown)
    if missing:
        raise ValueError(f"no page of the reference shows {missing}: add them to rooms() in docs/reference.py")


def signature(value: Any) -> str:
    """Arguments and result as they stand in the source; nothing for a class that users do not make themselves."""
    if not inspect.isclass(value):
        return _written(inspect.unwrap(value)) or "()"
    written = _written(value.__init__)
    if written is not None:
        return written if "**Arguments**" in (inspect.getdoc(value) or "") else ""
    return "" if inspect.isabstract(value) else f"({', '.join(_fields(value))})"


def _fields(owner: type) -> list[str]:
    """The annotated fields of a class without an initialiser of its own, those of its bases first."""
    found = {}
    for part in reversed([part for part in owner.__mro__ if part.__module__.startswith("jaxcollapse")]):
        body = ast.parse(textwrap.dedent(inspect.getsource(part))).body[0].body
        for node in body:
            if isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node.annotation):
                found[ast.unparse(node.target)] = _plain(ast.unparse(node))
    return list(found.values())


def _written(function: Any) -> str | None:
    """Arguments and result of a function as they stand in the source, if it has one."""
    try:
        node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError):
        return None
    if not isinstance(node, ast.FunctionDef):
        return None
    if node.args.args and node.args.args[0].arg in ("self", "cls"):
        del node.args.args[0]
    result = "" if node.returns is None or node.name == "__init__" else f" -> {ast.unparse(node.returns)}"
    return _plain(f"({ast.unparse(node.args)}){result}")


def _plain(code: str) -> str:
    """Shapes without their leading space, and names of classes without the quotes of a forward reference."""
    return re.sub(r"(: |-> )'([A-Z]\w+)'", r"\1\2", re.sub(r"' (\w+)'", r"'\1'", code))


def first_line(value: Any) -> str:
    """The first paragraph of a docstring."""
    return (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ")


def linked(text: str, places: list[str], known: set[str]) -> str:
    """Markdown in which names in single backticks that the reference knows are links.

    A name is looked up in `places` (a class, a module, the package), nearest first.
    """

    def link(match: re.Match[str]) -> str:
        name = match[1]
        candidates = [f"{place}.{name}" for place in places] + [name]
        target = next((candidate for candidate in candidates if candidate in known), None)
        return match[0] if target is None else f"{{py:obj}}`{name} <{target}>`"

    parts = re.split(r"(^```.*?^```$|``.+?``)", text, flags=re.DOTALL | re.MULTILINE)
    for index, part in enumerate(parts):
        if index % 2 == 0:
            parts[index] = re.sub(r"(?<![`}])`([A-Za-z_][\w.]*)`(?!`)", link, part)
        elif not part.startswith("```"):
            parts[index] = formulas.shown(part[2:-2])
        elif part.startswith("```python") and ">>>" in part:
            parts[index] = re.sub(r"\n\s*```$", "\n```", part.replace("```python", "```pycon", 1))
    return "".join(parts)


def members(owner: type) -> dict[str, Any]:
    """The public methods and properties that a class defines itself."""
    kinds = (property, staticmethod, classmethod)
    own = {k: v for k, v in vars(owner).items() if not k.startswith("_")}
    return {k: v for k, v in own.items() if isinstance(v, kinds) or inspect.isfunction(inspect.unwrap(v))}


def attributes(owner: type) -> dict[str, str]:
    """The fields of a class that have a docstring."""
    documented = ModuleAnalyzer.for_module(owner.__module__).find_attr_docs()
    return {name: "\n".join(lines) for (cls, name), lines in documented.items() if cls == owner.__qualname__}


def known_names(pages: list[Room]) -> set[str]:
    """Everything that a link can lead to, by the full name."""
    shown = {full: value for room in pages for full, value in room.members.items()}
    classes = {full: value for full, value in shown.items() if inspect.isclass(value)}
    own = {f"{full}.{name}" for full, value in classes.items() for name in (*members(value), *attributes(value))}
    return set(shown) | own


def directive(kind: str, head: str, body: str, depth: int) -> str:
    """A directive of the Python domain with Markdown inside."""
    fence = "`" * (3 + 3 * depth)
    return f"{fence}{{py:{kind}}} {head}\n{body.rstrip()}\n{fence}\n"


def entry(full: str, value: Any, known: set[str]) -> str:
    """One function or class."""
    module, name = full.rsplit(".", 1)
    places = [full, module, "jaxcollapse", "jaxcollapse.theory"]
    text = linked(inspect.getdoc(value) or "", places, known)
    if not inspect.isclass(value):
        return directive("function", f"{name}{signature(value)}", text, 1)
    parts = [text, ""]
    for field, words in attributes(value).items():
        parts.append(directive("attribute", field, linked(words, places, known), 1))
    for method, function in members(value).items():
        words = linked(inspect.getdoc(function) or "", places, known)
        if isinstance(function, property):
            parts.append(directive("property", method, words, 1))
        else:
            plain = inspect.unwrap(getattr(function, "__func__", function))
            parts.append(directive("method", f"{method}{signature(plain)}", words, 1))
    return directive("class", f"{name}{signature(value)}", "\n".join(parts), 2)


def page(room: Room, known: set[str]) -> str:
    """One page."""
    parts = [f"# {room.title}\n", linked(room.lead, [room.title, "jaxcollapse", "jaxcollapse.theory"], known) + "\n"]
    module = None
    for full, value in room.members.items():
        if full.rsplit(".", 1)[0] != module:
            module = full.rsplit(".", 1)[0]
            parts.append(f"```{{py:currentmodule}} {module}\n```\n")
        parts.append(entry(full, value, known))
    return "\n".join(parts)


def index(pages: list[Room]) -> str:
    """The page of pages: what each holds."""
    lines = ["# Reference", ""]
    lines += [
        "Every public name, from its docstring; each example is run by the tests. Shapes are written as in",
        "[jaxtyping](https://docs.kidger.site/jaxtyping/): `Float[Array, 'generations dim']`. `Number` is a number or",
        "an array without axes, `Count` an integer, `Vector` and `Curve` are arrays of one axis.",
        "",
    ]
    lines += ["| page | names |", "|---|---|"]
    for room in pages:
        names = ", ".join(f"{{py:obj}}`{full.rsplit('.', 1)[1]} <{full}>`" for full in room.members)
        lines.append(f"| [{room.title}]({room.page}.md) | {names} |")
    return "\n".join(lines) + "\n" + contents([room for room in pages if not room.page.startswith("theory.")])


def contents(pages: list[Room]) -> str:
    """The pages below a page, by their short titles."""
    lines = [f"{room.title.removeprefix('jaxcollapse.')} <{room.page}>" for room in pages]
    return "\n".join(["", "```{toctree}", ":hidden:", "", *lines, "```", ""])


def commands() -> str:
    """The help of every command, as a terminal of 88 columns shows it."""
    runner = CliRunner(env={"COLUMNS": "88", "TERMINAL_WIDTH": "88"})
    lines = ["# Command line", "", "What `--help` prints.", ""]
    for typed in words(typer.main.get_command(app)):
        text = runner.invoke(app, [*typed, "--help"], prog_name="jaxcollapse").stdout
        lines += [f"## `{' '.join(('jaxcollapse', *typed))}`", "", "```text", text.strip("\n "), "```", ""]
    return "\n".join(lines)


def words(command: Any) -> list[list[str]]:
    """What is typed for a command and for each below it."""
    below = getattr(command, "commands", {})
    return [[], *([name, *rest] for name, inner in below.items() for rest in words(inner))]


def write(path: Path, text: str) -> None:
    """Writes a file unless it has this text already, so that a page that stays is not built again."""
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main() -> None:
    """Writes all pages and removes those of rooms that are gone."""
    pages = rooms()
    check_complete(pages)
    known = known_names(pages)
    write(FOLDER / "index.md", index(pages))
    for room in pages:
        below = contents([part for part in pages if part.page.startswith("theory.")]) if room.page == "theory" else ""
        write(FOLDER / f"{room.page}.md", page(room, known) + below)
    write(FOLDER / "commands.md", commands())
    for path in FOLDER.glob("*.md"):
        if path.stem not in {"index", "commands", *(room.page for room in pages)}:
            path.unlink()


if __name__ == "__main__":
    main()
