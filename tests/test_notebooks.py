"""The notebooks are pairs: a script in the percent format, and the same cells with what they printed and drew."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
NOTEBOOKS = DOCS.parent / "notebooks"
PAIRS = sorted(NOTEBOOKS.glob("*.py"))
# A directory of one machine: /home/me, /tmp/x, C:\data, file://...; not the path of an address such as arxiv.org/abs.
MACHINE = re.compile(r"(?<![\w./:])/(home|root|tmp|work|Users|mnt|opt|var|usr|srv|data)/|\b[A-Za-z]:\\\w|file://")

jupytext = pytest.importorskip("jupytext")
nbformat = pytest.importorskip("nbformat")


def cells(path):
    return [(cell.cell_type, cell.source) for cell in jupytext.read(path).cells]


def test_every_script_has_its_notebook_and_the_other_way_round():
    assert PAIRS
    assert [path.stem for path in PAIRS] == sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_pair_has_the_same_cells_and_declares_itself(path):
    assert cells(path) == cells(path.with_suffix(".ipynb"))
    for member in (path, path.with_suffix(".ipynb")):
        metadata = jupytext.read(member).metadata
        assert metadata["jupytext"]["formats"] == "ipynb,py:percent", member.name
        assert metadata["kernelspec"]["name"] == "python3", member.name


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_notebook_is_valid_and_holds_what_was_printed_and_drawn(path):
    """`python docs/notebooks.py` runs those that were changed."""
    notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        assert set(cell.metadata) <= {"tags", "lines_to_next_cell", "mystnb"}
        for output in cell.outputs:
            assert output.output_type != "error" and output.get("name") != "stderr"
            if "image/png" in output.get("data", {}):
                assert len(cell.metadata["mystnb"]["image"]["alt"]) > 20


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_its_title(path):
    kind, source = cells(path)[0]
    assert kind == "markdown" and source.startswith("# ")
    assert sum(source.startswith("# ") for kind, source in cells(path) if kind == "markdown") == 1


QUICK = "14_diversity"  # the others take minutes


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "path", [pytest.param(p, marks=() if p.stem == QUICK else pytest.mark.slow, id=p.stem) for p in PAIRS]
)
def test_a_notebook_prints_what_it_holds(path, monkeypatch):
    """From its first cell to its last: times aside, and numbers up to a hundredth."""
    monkeypatch.syspath_prepend(str(DOCS))
    notebooks = pytest.importorskip("notebooks")
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    monkeypatch.delenv("MPLBACKEND")
    held = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    for old, new in zip(notebooks.printed(held), notebooks.printed(notebooks.run(path)), strict=True):
        assert notebooks.alike(old, new), f"{old}\n{new}"


@pytest.mark.parametrize(
    "old, new, same",
    [
        ("risk 1.234, 5.6 s", "risk 1.235, 12.1 s", True),
        ("risk 1.234", "risk 1.334", False),
        ("it holds", "it fails", False),
        ("one of 1,024", "one of 1,024 and more", False),
        ("[1. 2.]", "[1.  2.]", True),
    ],
)
def test_texts_that_are_alike(old, new, same, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    assert pytest.importorskip("notebooks").alike(old, new) == same


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_notebook_names_no_directory_of_a_machine(path):
    for member in (path, path.with_suffix(".ipynb")):
        assert not MACHINE.search(member.read_text(encoding="utf-8")), member.name


@pytest.mark.parametrize(
    "text, named",
    [
        ("open('/home/me/x.csv')", True),
        ("see file:///x", True),
        (r"C:\data\x", True),
        ("https://arxiv.org/abs/2404.01413", False),
        ("https://example.org/data/x.csv", False),
        ("risk / first", False),
    ],
)
def test_what_counts_as_a_directory_of_a_machine(text, named):
    assert bool(MACHINE.search(text)) is named
