"""Every closed form is in a claim: what `jaxcollapse.theory` offers has been compared with a simulation."""

import ast
import inspect
from pathlib import Path

import pytest

import jaxcollapse as jc

HOUSE = Path(jc.__file__).parent
FACES = (
    "counterexamples",
    "discrete",
    "gaussian",
    "mean",
    "regression",
    "exponential_family",
    "graph",
    "kernel_density",
    "mutual",
    "networks",
)


def closed_forms():
    """The functions of the faces of the theory: what a folder passes on, and those of a file that is a face itself.

    Classes are what functions return, and helpers stay below the faces.
    """
    for face in FACES:
        module = getattr(jc.theory, face)
        for name, value in vars(module).items():
            if inspect.isfunction(value) and not name.startswith("_"):
                if hasattr(module, "__path__") or value.__module__ == module.__name__:
                    yield f"{face}.{name}"


def named_by_claims() -> set[str]:
    """All ``face.name`` in the code of the claims."""
    found = set()
    for file in (HOUSE / "claims").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add(f"{node.value.id}.{node.attr}")
    return found


NAMED = named_by_claims()


@pytest.mark.parametrize("name", list(closed_forms()))
def test_a_closed_form_is_in_a_claim(name):
    """It is named by the code of one.

    That another closed form calls it does not count: whoever uses it alone reads a statement about it alone. What is
    only an ingredient of others stays below the face of its folder.
    """
    assert name in NAMED


def test_all_faces_are_asked():
    """A file of the theory is a face if its functions have examples, which are for users."""
    files = [file for file in (HOUSE / "theory").iterdir() if file.stem != "former" and not file.name.startswith("_")]
    assert {file.stem for file in files if file.is_dir() or "**Exactness**" in file.read_text("utf-8")} == set(FACES)
