"""`bench`, `doctor` and `new`, and what the Tab key offers."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from conftest import strict, words
from jaxcollapse.cli import _checks, bench
from jaxcollapse.cli._checks import Finding

ROOT = Path(__file__).resolve().parents[1]


def uniform(theory):
    """A question whose mean is 1/2 at both of two generations."""
    return bench.Question(
        "uniform", "two draws", lambda key: jax.random.uniform(key, (2,)), lambda: jnp.full(2, theory), 4096
    )


@pytest.fixture
def questions(monkeypatch):
    """The questions of `bench` replaced by one that takes milliseconds, and JAX's settings as they were."""
    before = jax.config.jax_enable_compilation_cache
    asked = [uniform(0.5)]
    monkeypatch.setattr(bench, "questions", lambda: asked)
    yield asked
    jax.config.update("jax_enable_compilation_cache", before)


def test_bench_measures_and_compares(command_line, questions):
    result = command_line("bench", "--json")
    facts = strict(result.stdout)
    (found,) = facts["questions"]
    assert result.exit_code == 0 and found["agrees"] and found["largest_deviation_in_standard_errors"] < 5
    assert found["replications_per_second"] == pytest.approx(4096 / found["call_seconds"])
    assert 0 < found["call_seconds"] < found["first_call_seconds"] and facts["versions"]["jax"] == jax.__version__


def test_bench_fails_where_the_theory_is_another(command_line, questions):
    questions[:] = [uniform(0.6)]
    result = command_line("bench")
    assert result.exit_code == 1 and "uniform" in result.stdout and "benchmarks/run.py" in result.stdout
    questions[:] = [uniform(0.6)._replace(error=0.2)]
    assert command_line("bench").exit_code == 0


def test_the_questions_of_bench_are_the_theories(monkeypatch):
    for question in bench.questions():
        few = question._replace(replications=4096)
        assert few.theory().shape == jax.eval_shape(few.run, jax.random.key(0)).shape


def test_doctor_says_what_is_wrong_and_its_cure(command_line, monkeypatch):
    fine, bad = Finding("a", "ok", "well"), Finding("b", "wrong", "broken", "mend it")
    monkeypatch.setattr(_checks, "ALL", (lambda: [fine], lambda: [Finding("n", "note", "odd", "look")]))
    result = command_line("doctor")
    assert result.exit_code == 0 and "Healthy." in result.stdout and "look" in result.stdout
    monkeypatch.setattr(_checks, "ALL", (lambda: [fine, bad],))
    result = command_line("doctor")
    assert result.exit_code == 1 and "1 wrong." in result.stdout and "mend it" in result.stdout
    facts = strict(command_line("doctor", "--json").stdout)
    assert not facts["healthy"] and facts["findings"][1] == bad._asdict()


def test_this_machine_computes_rightly():
    for check in (_checks.packages, _checks.releases, _checks.devices, _checks.key_bits, _checks.least_squares):
        assert all(finding.status != "wrong" for finding in check())


def test_doctor_knows_the_traps(monkeypatch, tmp_path):
    versions = {"jax": "0.7.1", "jaxlib": "0.10.2"}
    monkeypatch.setattr(_checks, "_version", lambda name: versions.get(name, ""))
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    assert [(f.name, f.status) for f in _checks.releases()] == [("jax release", "wrong"), ("sums", "wrong")]
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_experimental_ynn_fusion_type=")
    assert [f.status for f in _checks.releases()] == ["wrong", "ok"]
    assert [f.name for f in _checks.packages() if f.status == "wrong"] == [
        "numpy",
        "equinox",
        "optax",
        "scipy",
        "matplotlib",
    ]
    monkeypatch.setattr(_checks.os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    monkeypatch.delenv("NPROC", raising=False)
    assert _checks.cores()[0].status == "note"
    monkeypatch.setenv("NPROC", "4")
    assert _checks.cores()[0].status == "ok"
    monkeypatch.setattr(_checks, "_gpu", lambda: "H200")
    if jax.default_backend() == "cpu":
        assert [f.status for f in _checks.devices()] == ["ok", "note"]
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert _checks.cache()[0].status == "ok"
    (tmp_path / "file").write_text("")
    assert _checks.cache()[0].status == "wrong"


def test_doctor_waits_for_no_deadlock(monkeypatch):
    monkeypatch.setattr(_checks, "_PATIENCE", 0.5)
    monkeypatch.setattr(_checks, "_SOLVES", "import time; time.sleep(60)")
    assert [(f.status, "NPROC" in f.cure) for f in _checks.solves()] == [("wrong", True)]
    monkeypatch.setattr(_checks, "_PATIENCE", 60)
    for program, status in (("print(1e-6)", "ok"), ("print('nan')", "wrong"), ("raise SystemExit('no')", "wrong")):
        monkeypatch.setattr(_checks, "_SOLVES", program)
        assert [f.status for f in _checks.solves()] == [status]


def test_a_new_claim_fails_until_it_is_edited(command_line, tmp_path):
    assert command_line("new", "claim", "my-bound").exit_code == 0
    path = tmp_path / "my_bound.py"
    text = path.read_text()
    assert run_file(path).startswith("my-bound: fails")
    lines = [line.replace("# return", "return") for line in text.splitlines() if "# fails" not in line]
    path.write_text("\n".join(lines))
    assert run_file(path).startswith("my-bound: holds")
    again = command_line("new", "claim", "my-bound")
    assert again.exit_code == 2 and "my_bound.py exists" in words(again.stderr)
    assert path.read_text() == "\n".join(lines)


def test_a_new_family_passes_its_tests(command_line, tmp_path):
    assert command_line("new", "family", "StudentT").exit_code == 0
    code = (tmp_path / "student_t.py").read_text()
    assert "class StudentT(jc.Model)" in code
    namespace = {"__name__": "student_t"}
    exec(compile(code, "student_t.py", "exec"), namespace)
    tests = [value for name, value in namespace.items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        test()
    wrong = {}
    exec(compile(code.replace("mean / 2)", "mean / 2.1)"), "student_t.py", "exec"), wrong)
    with pytest.raises(AssertionError):
        wrong["test_the_fit_finds_the_truth"]()


@pytest.mark.parametrize(
    "arguments", [("claim", "My Bound"), ("claim", "../x"), ("family", "laplace"), ("family", "A-B")]
)
def test_names_that_make_no_file(command_line, tmp_path, arguments):
    assert command_line("new", *arguments).exit_code == 2 and not any(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["verify", "simulate", "bench", "doctor", "new"])
def test_help_has_examples_and_the_exit_status_in_80_columns(command_line, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    text = command_line(command, "--help").stdout
    assert "Examples:\n  jaxcollapse " in text and "Exit status" in text
    assert max(map(len, text.splitlines())) <= 80


def complete(shell, words):
    """What the completion of a shell offers for a line that was begun."""
    line = " ".join(words)
    asked = {"bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}}.get(
        shell, {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "_JAXCOLLAPSE_COMPLETE": f"complete_{shell}", **asked}
    code = "import sys; sys.argv[0] = 'jaxcollapse'; from jaxcollapse.cli import main; main()"
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    return result.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_of_a_shell(shell):
    assert "gerstgrasser-replace" in complete(shell, ["jaxcollapse", "show", "gerstg"])


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        (["sim"], ["simulate"]),
        (["verify", "--pre"], ["--precision"]),
        (["verify", "--paper", "xu"], ["xu2025"]),
        (["verify", "--paper", "2404.01"], ["2404.01413"]),
        (["simulate", "Gaus"], ["Gaussian", "GaussianMixture"]),
        (["simulate", "Gaussian", "Acc"], ["Accumulate", "AccumulateSubsample"]),
        (["simulate", "Gaussian", "Replace", "--set", "d"], ["ddof="]),
        (["simulate", "Gaussian", "Mix", "--workflow-set", "r"], ["real=", "real_samples="]),
        (["new", "c"], ["claim"]),
    ],
)
def test_what_the_tab_key_offers(monkeypatch, line, offered):
    from typer.main import get_command
    from typer.testing import CliRunner

    from jaxcollapse.cli import app

    typed = " ".join(["jaxcollapse", *line])
    environment = {"_JAXCOLLAPSE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(line))}
    result = CliRunner().invoke(app, [], env=environment, prog_name="jaxcollapse")
    assert get_command(app).name == "jaxcollapse" and result.stdout.split() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_shown(shell):
    code = "import sys; sys.argv = ['jaxcollapse', *sys.argv[1:]]; from jaxcollapse.cli import main; main()"
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-c", code, "--show-completion", shell],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0 and "_JAXCOLLAPSE_COMPLETE" in result.stdout


def run_file(path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run([sys.executable, path], env=environment, capture_output=True, text=True, timeout=240)
    assert result.returncode == 0, result.stderr
    return result.stdout
