"""Sizes that nothing has room for are refused before anything is allocated."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import jaxcollapse as jc
from jaxcollapse.arguments import check
from jaxcollapse.machine import resources

TESTS = Path(__file__).parent


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory as of Linux")
@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.slow) for kind in ("objects", "theory")])
def test_every_size_is_met_with_a_sentence(kind):
    """10⁹, 10¹², negative, zero, a truth, a fraction and a text, in a process of 6 GiB."""
    path = os.pathsep.join([str(TESTS), str(Path(jc.__file__).parents[1])])
    flags = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
    environment = {**os.environ, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    command = [sys.executable, str(TESTS / "sizes.py"), kind]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=450)
    assert done.returncode == 0, done.stderr[-1000:]
    *wrong, last = done.stdout.splitlines()
    assert last.startswith("tried ") and not wrong, "\n".join(wrong)


def test_the_memory_of_a_process_counts_where_it_is_limited(monkeypatch):
    monkeypatch.setattr(resources, "limit_of_this_process", lambda: 2.0**30)
    check.check_fits("a curve", 2.0**30, "take less")
    with pytest.raises(
        ValueError, match=r"^a curve would take 1\.5 GiB, and this process may have 1\.0 GiB: take less$"
    ):
        check.check_fits("a curve", 1.5 * 2**30, "take less")
    with pytest.raises(ValueError, match="^n=50,000,000: arrays of that length would take 3.0 GiB"):
        check.check_length("n", 50_000_000)
    check.check_length("n", 10_000_000)


def test_a_closed_form_meets_the_memory_of_this_machine():
    with pytest.raises(ValueError, match="^generations=1,000,000,000,000: arrays of that length would take"):
        jc.theory.gaussian.variance_mean(samples=10, generations=10**12, ddof=1)
    with pytest.raises(ValueError, match="^dim must be at most 2,147,483,647, got 1,000,000,000,000$"):
        jc.theory.regression.ols_replace(dim=10**12, samples=10**13, noise=1.0, generations=2)
