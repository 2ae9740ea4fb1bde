"""The notebooks are pairs: a script in the percent format, and the same cells without outputs for Jupyter."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
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
def test_a_notebook_is_valid_and_holds_nothing_that_was_run(path):
    notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None
            assert set(cell.metadata) <= {"tags", "lines_to_next_cell"}


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_its_title(path):
    kind, source = cells(path)[0]
    assert kind == "markdown" and source.startswith("# ")
    assert sum(source.startswith("# ") for kind, source in cells(path) if kind == "markdown") == 1


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path):
    """From its first cell to its last; the site runs them too, as far as it is told to."""
    env = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"} | {"MPLBACKEND": "Agg"}
    done = subprocess.run([sys.executable, path], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr


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
