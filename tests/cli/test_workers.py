"""Claims decided by several processes: the same verdicts, whatever happens to a process; and no process is left."""

import dataclasses
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.cli import _progress, _workers
from jaxcollapse.machine import resources
from stand_ins import make_claims, strict

ROOT = Path(jc.__file__).resolve().parents[1]
SETTINGS = _workers.Settings(7, "quick", 1e-4)
SHORT, LONG = "alemohammad-synthetic", "dobriban-uniform"


def decide(*names, workers, on_start=lambda *_: None, on_decided=lambda _: None):
    claims = [jc.claims.get(name) for name in names]
    return _workers.verdicts(claims, SETTINGS, workers=workers, on_start=on_start, on_decided=on_decided)


def bits(verdict):
    """All of a verdict but its time."""
    estimate = verdict.estimate
    arrays = (verdict.theory, verdict.lower, verdict.upper, estimate.mean, estimate.stderr, estimate.maximum)
    facts = (verdict.claim.name, verdict.outcome, verdict.reason, verdict.notices, verdict.replications, verdict.level)
    return facts, [np.asarray(array).tobytes() for array in arrays]


def kill_all():
    """Ends every worker, and waits until it is gone."""
    for process in multiprocessing.active_children():
        os.kill(process.pid, signal.SIGKILL)
        process.join(10)


def children(pid):
    found = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True).stdout.split()
    return [int(child) for child in found]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_verdicts_are_the_same_to_the_last_bit_and_a_killed_process_takes_none_with_it():
    """One process with all cores, two with one each, of which one is killed in the middle."""
    alone = list(decide(LONG, SHORT, workers=1))
    started, heard = [], []

    def on_decided(verdict):
        heard.append(verdict.claim.name)
        if len(heard) == 1:
            kill_all()

    several = list(decide(LONG, SHORT, workers=2, on_start=lambda c, *_: started.append(c.name), on_decided=on_decided))
    assert heard == [SHORT, LONG] and started == [LONG, SHORT, LONG]
    assert [verdict.claim.name for verdict in several] == [LONG, SHORT]
    assert list(map(bits, several)) == list(map(bits, alone))
    again = several[0].estimate
    with pytest.raises(RuntimeError, match="verify the claim in Python"):
        again.refine(replications=again.count + 1)
    assert pickle.loads(pickle.dumps(again)).mean.tobytes() == again.mean.tobytes()


@pytest.mark.slow
def test_a_claim_whose_process_dies_twice_is_undecided(tmp_path):
    deaths = []

    def on_start(claim, *_):
        if claim.name == LONG:
            deaths.append(claim.name)
            if len(deaths) > 1:
                kill_all()

    found = list(decide(SHORT, LONG, workers=2, on_start=on_start, on_decided=lambda _: kill_all()))
    assert [verdict.outcome for verdict in found] == ["holds", "undecided"] and deaths == [LONG, LONG]
    assert "was ended by SIGKILL" in found[1].reason and found[1].estimate is None
    both = jc.verify(make_claims()[:1], precision="quick", progress=False)
    page = jc.report.write(dataclasses.replace(both, verdicts=tuple(found)), tmp_path)
    assert "was ended by SIGKILL" in page.read_text(encoding="utf-8")


def test_an_error_comes_at_its_place():
    """That of a claim that the library has not: it is heard first, and raised after the verdict before it."""
    other = dataclasses.replace(make_claims()[0], name="not-of-the-library")
    claims, heard = [jc.claims.get(SHORT), other, jc.claims.get(LONG)], []
    found = _workers.verdicts(claims, SETTINGS, workers=2, on_start=lambda *_: None, on_decided=heard.append)
    assert next(found).outcome == "holds"
    with pytest.raises(ValueError, match="name must be that of a claim") as error:
        next(found)
    assert "in _answer" in error.value.__notes__[0] and [verdict.claim.name for verdict in heard] == [SHORT]
    assert not any(process.is_alive() for process in multiprocessing.active_children())


def test_a_process_that_cannot_begin_is_an_error():
    with pytest.raises(RuntimeError, match="was ended by SIGKILL .* before it began; --workers 1 needs none"):
        list(decide(SHORT, LONG, workers=2, on_start=lambda *_: kill_all()))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at the processes of Linux")
@pytest.mark.slow
@pytest.mark.parametrize("how", ["Ctrl-C", "killed", "reader gone"])
def test_no_process_is_left_however_it_ends(tmp_path, how):
    """Ctrl-C goes to all processes of a terminal; a parent that is killed can tell nobody."""
    names = [SHORT, LONG, "kanabar-debiased", "kazdan-replace"]
    process = subprocess.Popen(
        [sys.executable, "-m", "jaxcollapse", "verify", *names, "--quick", "--workers", "2", "--out", "out"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline().split()[1] == SHORT
        workers = children(process.pid)
        assert len(workers) >= 2
        if how == "Ctrl-C":
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(60) == 130
        elif how == "killed":
            process.kill()
        else:
            process.stdout.close()
            assert process.wait(200) != 0
        deadline = time.monotonic() + 20
        while any(map(alive, workers)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not any(map(alive, workers))
        said = process.stderr.read()
        assert said.count("Traceback") == 0, said
    finally:
        process.kill()
    name = "report.unfinished.json" if how == "killed" else "report.json"
    kept = strict((tmp_path / "out" / name).read_text(encoding="utf-8"))
    assert kept["claims"][0]["name"] == SHORT
    if how == "Ctrl-C":
        assert kept["note"].startswith("Interrupted")


def test_as_many_processes_as_cores_memory_and_claims_allow(monkeypatch):
    monkeypatch.setattr(_workers, "cores", lambda: 16)
    for free, claims, expected in ((1e12, 200, 16), (1e12, 7, 3), (3e9, 200, 4), (1e8, 200, 1), (float("inf"), 1, 1)):
        monkeypatch.setattr(_workers, "free_memory", lambda free=free: free)
        assert _workers.sensible(claims) == expected
    assert resources.cores() >= 1 and resources.free_memory() > 0


def test_the_remaining_time_is_that_of_claims_that_are_decided():
    """Nothing before some are; then their mean for each that waits, and what is left of it for those that run."""
    outlook = _progress._Outlook(20, 2)
    for seconds in (1.0, 2.0, 3.0):
        outlook.decided(seconds)
        assert outlook.remaining() is None and "to go" not in str(outlook.__rich__())
    outlook.decided(10.0)
    outlook.running = [_progress._Clock("one"), _progress._Clock("two")]
    assert outlook.remaining() == pytest.approx((14 * 4.0 + 2 * 4.0) / 2, rel=1e-3)
    assert str(outlook.__rich__()) == "  4 decided, 2 running, 14 left, about 32 s to go"
