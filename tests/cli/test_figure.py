"""`jaxcollapse figure`: what it lists, what it writes, what it refuses."""

import json
import re

import pytest
from PIL import Image

import jaxcollapse as jc
from jaxcollapse.arguments.reference import Reference
from jaxcollapse.figures import catalogue
from jaxcollapse.figures.figure import Figure
from stand_ins import words

PAPER = Reference("doe2024", "Jane Doe and John Roe", "On walks", 2024, "2401.00001")


@pytest.fixture
def drawn(monkeypatch):
    """One figure that takes milliseconds instead of all, and the runs that it was drawn with."""
    runs = []

    def panel(ax, given):
        runs.append(given)
        ax.plot([1, 2], [3, 4])

    entry = Figure(PAPER, "1a", "a line.", "n = 2.", (panel,), replications=400, ours="the line")
    monkeypatch.setattr(catalogue, "_known", lambda: {entry.name: entry})
    return runs


def test_the_list_shows_every_figure(command_line):
    shown = words(command_line("figure").stdout)
    for entry in jc.figures.all():
        assert f"{entry.reference.key}, arXiv:{entry.reference.arxiv}" in shown
        assert f" {entry.number} {entry.shows[0].upper()}{entry.shows[1:20]}" in shown
    (head, first, *_) = command_line("figure", "xu").stdout.splitlines()
    assert head == "Xu et al. 2025 (xu2025, arXiv:2505.13947)" and re.match(r"  3 +The variance", first)


def test_files_say_how_they_were_made(command_line, tmp_path, drawn):
    for suffix, head in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")):
        result = command_line("figure", "doe", "1a", "--out", f"it.{suffix}", "--seed", "3")
        assert result.exit_code == 0 and result.stdout == f"Written: it.{suffix}\n"
        assert (tmp_path / f"it.{suffix}").read_bytes().startswith(head)
    facts = json.loads(Image.open(tmp_path / "it.png").info["Description"])
    assert (facts["figure"], facts["replications"], facts["seed"]) == ("doe2024-1a", 400, 3)
    assert facts["versions"]["jaxcollapse"] == jc.__version__


def test_quick_takes_a_twentieth_and_a_number_as_many(command_line, tmp_path, drawn):
    assert command_line("figure", "doe", "1a", "--quick").stdout == "Written: doe2024-1a.pdf\n"
    command_line("figure", "doe", "1a", "--replications", "7")
    assert [run.replications for run in drawn] == [20, 7] and (tmp_path / "doe2024-1a.pdf").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["xi", "3"],
            "for PAPER: paper must be a key, an arXiv number or a first author with figures, got 'xi'; there",
        ),
        (["xu", "4"], "Invalid value for NUMBER: number must be one of 3 for Xu et al. 2025, got '4'"),
        (["xu", "3", "--out", "it.gif"], "--out: the name of the file must end in .pdf, .svg, .png; got 'it.gif'"),
        (["xu", "3", "--out", "no/it.pdf"], "--out: there is no directory"),
        (["xu", "3", "--replications", "1"], "--replications: replications must be an integer from 2 to"),
        (["xu", "3", "--seed", "-1"], "--seed: seed must be an integer from 0 to"),
        (["xu", "3", "--quick", "--replications", "9"], "--quick: say how many replications, or that few will do"),
    ],
)
def test_refusals(command_line, arguments, message):
    result = command_line("figure", *arguments)
    assert result.exit_code == 2 and message in words(result.stderr)
