"""No command line ends in a traceback: wrong ones end with status 2 and a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import jaxcollapse as jc
from cli.hostile import CLAIM, DEEP, lines, prepare
from jaxcollapse.cli import _cache
from jaxcollapse.cli.app import app
from stand_ins import words

LINES = lines()


def complaint(line, folder):
    """What is wrong with how a line ends; empty if it is refused in a sentence."""
    before = sorted(os.listdir(folder))
    result = CliRunner().invoke(app, line)
    shown = [word if len(word) < 60 else f"{word[:20]}...({len(word)})" for word in line]
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return f"{shown}: {type(result.exception).__name__}: {str(result.exception)[:200]}"
    _, _, sentence = words(f" {result.stderr}").partition(" Error ")
    if result.exit_code != 2 or not 10 < len(sentence.replace(" ", "")) < 520:
        return f"{shown}: status {result.exit_code}, {len(sentence)} characters: {sentence[:200]}"
    return "" if sorted(os.listdir(folder)) == before else f"{shown}: left {os.listdir(folder)}"


def test_there_are_many():
    assert len(LINES) >= 300 and {line[0] for line in LINES} > {"verify", "list", "show", "simulate", "new", "doctor"}


@pytest.mark.sampled(2)
@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("part", range(4))
def test_no_line_ends_in_a_traceback(part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_cache, "keep_compilations", lambda: None)
    prepare(tmp_path)
    wrong = [said for line in LINES[part::4] if (said := complaint(line, tmp_path))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("line", [["verify", CLAIM, "--out", DEEP], ["new", "claim", "os"], ["simulate", "deep.toml"]])
def test_the_program_itself_ends_so(line, tmp_path):
    prepare(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(Path(jc.__file__).parents[1]), "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "jaxcollapse", *line]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "Traceback" not in done.stderr and len(words(done.stderr)) < 700
