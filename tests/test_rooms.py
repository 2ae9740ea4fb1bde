"""The floor plan, read from the imports: folders are concepts, arrows point down, a folder's face defines nothing."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import jaxcollapse
from jaxcollapse.chain import workflow

HOUSE = Path(jaxcollapse.__file__).parent
# From the cellar up: a room may import from those before it in this list, and from no other.
ROOMS = (
    "machine", "arguments", "random", "population", "chain", "theory", "models",
    "replication", "verification", "claims", "plot", "figures", "report", "cli",
)  # fmt: skip
FILES = {file.relative_to(HOUSE): ast.parse(file.read_text(encoding="utf-8")) for file in HOUSE.rglob("*.py")}
FACES = {file: tree for file, tree in FILES.items() if file.name == "__init__.py"}


def imported(tree: ast.AST) -> list[tuple[str, ...]]:
    """The paths below the package of all that a file imports, wherever in the file."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [tuple(name.split(".")[1:]) for name in names if name.split(".")[0] == "jaxcollapse"]


def module_of(path: tuple[str, ...]) -> Path | None:
    """The file that an import opens: the module itself, or the one that holds the imported name."""
    for parts in (path, path[:-1]):
        for file in (Path(*parts).with_suffix(".py") if parts else Path("__init__.py"), Path(*parts, "__init__.py")):
            if file in FILES:
                return file
    return None


def module(file: Path):
    """The module of a face."""
    return importlib.import_module(".".join(("jaxcollapse", *file.parent.parts)))


def starred(node: ast.ImportFrom) -> set[str]:
    """What a star stands for: what another face passes on, or what a file says that it is for all."""
    face = Path(*node.module.split(".")[1:], "__init__.py")
    return passed_on(face) if face in FACES else set(importlib.import_module(node.module).__all__)


def passed_on(file: Path) -> set[str]:
    """The public names of a face."""
    names = set()
    for node in ast.walk(FACES[file]):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname for alias in node.names if alias.asname}
            names |= starred(node) if node.names[0].name == "*" else set()
    return {name for name in names if not name.startswith("_")}


def test_every_room_is_on_the_plan():
    folders = {folder.name for folder in HOUSE.iterdir() if (folder / "__init__.py").exists()}
    assert folders == set(ROOMS)
    assert {file.name for file in HOUSE.glob("*.py")} == {"__init__.py", "__main__.py"}  # the root is a face


@pytest.mark.parametrize("file", [file for file in FILES if len(file.parts) > 1], ids=str)
def test_arrows_point_down(file):
    above = ROOMS[ROOMS.index(file.parts[0]) + 1 :]
    up = [".".join(path) for path in imported(FILES[file]) if path and path[0] in above]
    assert not up, f"{file} imports from a higher room: {up}"


def test_no_file_imports_itself_by_way_of_others():
    arrows = {file: {module_of(path) for path in imported(tree)} - {file, None} for file, tree in FILES.items()}
    # The face of the house is for its users, and for files that ask for the version or for all public names.
    arrows = {file: {to for to in reached if to != Path("__init__.py")} for file, reached in arrows.items()}
    while arrows:
        free = [file for file, reached in arrows.items() if not reached & arrows.keys()]
        assert free, f"a circle among {sorted(map(str, arrows))}"
        for file in free:
            del arrows[file]


@pytest.mark.parametrize("file", [file for file in FACES if file.parent != Path(".")], ids=str)
def test_a_face_defines_nothing(file):
    docstring, *others = FACES[file].body
    assert isinstance(docstring, ast.Expr)
    assert all(isinstance(node, ast.ImportFrom) for node in others)


@pytest.mark.parametrize("file", FACES, ids=str)
def test_a_face_passes_on_no_name_of_its_files(file):
    folder = (HOUSE / file).parent
    files = {f.stem for f in folder.glob("*.py")} | {f.parent.name for f in folder.glob("*/__init__.py")}
    for node in ast.walk(FACES[file]):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*":
                    assert not files & starred(node)
                    continue
                name = alias.asname or alias.name
                opened = module_of((*node.module.split(".")[1:], alias.name))
                the_file_itself = opened in (file.parent / f"{name}.py", file.parent / name / "__init__.py")
                assert name not in files or the_file_itself, f"{file}: {name} is a file and something else"


@pytest.mark.parametrize("file", FILES, ids=str)
def test_private_names_stay_in_their_file(file):
    private = [
        path for path in imported(FILES[file]) if path and path[-1].startswith("_") and path[-1] != "__version__"
    ]
    private = [path for path in private if module_of(path) != Path(*path).with_suffix(".py")]
    assert not private, f"{file} imports {private}"


@pytest.mark.parametrize("file", [file for file in FACES if file.parent != Path(".")], ids=str)
def test_a_face_shows_what_it_passes_on_and_its_files(file):
    face = module(file)
    shown = {name for name in dir(face) if not name.startswith("__")} - {"jaxtyping"}  # whose hook the tests install
    assert shown <= passed_on(file) | {info.name for info in pkgutil.iter_modules(face.__path__)}


def test_the_face_of_the_house_shows_public_names_only():
    """The same names to those who ask it and to a type checker, which reads the imports; each is there."""
    assert set(dir(jaxcollapse)) == passed_on(Path("__init__.py"))
    assert all(hasattr(jaxcollapse, name) for name in dir(jaxcollapse))
    assert {"simulate", "relation", "random"} <= set(dir(jaxcollapse)) and not hasattr(jaxcollapse, "Nothing")


def test_every_workflow_is_public():
    public = {name for name in dir(jaxcollapse) if inspect.isclass(getattr(jaxcollapse, name))}
    for file in (HOUSE / "chain").glob("*.py"):
        module = importlib.import_module(f"jaxcollapse.chain.{file.stem}")
        for name, value in vars(module).items():
            own = inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")
            assert not (own and issubclass(value, workflow.Workflow)) or name in public
