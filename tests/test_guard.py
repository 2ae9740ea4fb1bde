"""The arithmetic of the guard against slowness, not its times."""

import json
import math
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def guard(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    sys.modules.pop("guard", None)
    import guard

    return guard


def test_ratios_are_medians_within_rounds(guard):
    """A round in which the machine is ten times slower changes nothing."""
    found = guard.median_ratios({"a": [2.0, 20.0, 2.2], "b": [1.0, 5.0, 9.0]}, [1.0, 10.0, 1.0])
    assert found == {"a": 2.0, "b": 1.0}
    with pytest.raises(ValueError):
        guard.median_ratios({"a": [1.0]}, [1.0, 2.0])


@pytest.mark.parametrize(("ratio", "slow"), [(2.0, False), (2.99, False), (3.0, False), (3.01, True), (9.0, True)])
def test_half_as_much_again_is_allowed(guard, ratio, slow):
    (row,) = guard.compared({"a": ratio}, {"a": 2.0})
    assert row.slow == slow and row.slowdown == ratio / 2 and ("SLOW" in guard.table([row], "x", "y")) == slow


def test_a_new_case_is_not_slow(guard):
    (row,) = guard.compared({"new": 5.0}, {"old": 1.0})
    assert not row.slow and math.isnan(row.slowdown) and "new" in guard.table([row], "x", "y")


@pytest.mark.parametrize(("factor", "status"), [(1.4, 0), (1.6, 1)])
def test_the_exit_status(guard, monkeypatch, tmp_path, capsys, factor, status):
    ratios = {"a": 2.0, "b": 3.0}
    monkeypatch.setattr(guard, "FILE", tmp_path / "guard.json")
    monkeypatch.setattr(guard, "cases", dict)
    monkeypatch.setattr(guard, "measured", lambda calls, rounds: ratios)
    assert guard.main(["--renew"]) == 0 and json.loads(guard.FILE.read_text())["ratios"] == ratios
    monkeypatch.setattr(guard, "measured", lambda calls, rounds: ratios | {"b": 3.0 * factor})
    assert guard.main([]) == status and "b" in capsys.readouterr().out


def test_every_round_counts_but_the_first(guard, monkeypatch):
    clock = iter([0, 1, 1, 100, 100, 101, 101, 103, 103, 105, 105, 109])  # began and ended, kernel and case in turn
    monkeypatch.setattr(guard, "kernel", lambda: None)
    monkeypatch.setattr(guard.time, "process_time", lambda: next(clock))
    seeds = []
    assert guard.measured({"a": seeds.append}, 2) == {"a": 2.0} and seeds == [0, 1, 2]


def test_the_stored_ratios_are_of_the_cases(guard):
    stored = json.loads(guard.FILE.read_text(encoding="utf-8"))
    assert stored["ratios"].keys() == guard.cases().keys() and stored["machine"]
    assert all(ratio > 0 for ratio in stored["ratios"].values())
