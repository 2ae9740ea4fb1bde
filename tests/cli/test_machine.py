"""`bench`, `doctor` and `new`, and what the Tab key offers."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from typer.testing import CliRunner

import jaxcollapse as jc
from jaxcollapse.cli import _build, _checks, bench
from jaxcollapse.cli._checks import Finding
from jaxcollapse.cli.app import app
from stand_ins import strict, words

ROOT = Path(__file__).resolve().parents[2]


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


@pytest.mark.slow
def test_the_questions_of_bench_are_answered_by_their_theories():
    for question in bench.questions():
        assert bench.measure(question._replace(replications=16384), jax.random.key(1))["agrees"]


@pytest.mark.slow
def test_doctor_finds_this_machine_healthy(command_line):
    assert command_line("doctor").exit_code == 0


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
    for check in (_checks.packages, _checks.releases, _checks.devices, _checks.key_bits):
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


def test_a_new_claim_fails_until_it_is_edited(command_line, tmp_path, capsys):
    assert command_line("new", "claim", "my-bound").exit_code == 0
    path = tmp_path / "my_bound.py"
    text = path.read_text()
    assert run_file(path, capsys).startswith("my-bound: fails")
    lines = [line.replace("# return", "return") for line in text.splitlines() if "# fails" not in line]
    path.write_text("\n".join(lines))
    assert run_file(path, capsys).startswith("my-bound: holds")
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
    assert len(tests) == 4
    for test in tests:
        test()
    wrong = {}
    exec(compile(code.replace("mean / 2)", "mean / 2.1)"), "student_t.py", "exec"), wrong)
    with pytest.raises(AssertionError):
        wrong["test_the_fit_finds_the_truth"]()


@pytest.mark.slow
def test_a_new_workflow_passes_its_tests(command_line, tmp_path):
    assert command_line("new", "workflow", "EveryOther").exit_code == 0
    code = (tmp_path / "every_other.py").read_text()
    assert "class EveryOther(jc.Workflow)" in code

    def tests(code):
        namespace = {"__name__": "every_other"}
        exec(compile(code, "every_other.py", "exec"), namespace)
        return [
            namespace[name] for name in ("test_the_simulation_has_the_weights", "test_its_limits_are_known_workflows")
        ]

    weights, limits = tests(code)
    weights("exact"), weights("raw"), limits()
    with pytest.raises(AssertionError):
        tests(code.replace("state.times(self.memory)", "state.times(0.9 * self.memory)"))[0]("exact")


@pytest.mark.parametrize(
    "arguments",
    [("claim", "My Bound"), ("claim", "../x"), ("family", "laplace"), ("family", "A-B"), ("workflow", "every-other")],
)
def test_names_that_make_no_file(command_line, tmp_path, arguments):
    assert command_line("new", *arguments).exit_code == 2 and not any(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["verify", "simulate", "bench", "doctor", "new"])
def test_help_has_examples_and_the_exit_status_in_80_columns(command_line, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    text = command_line(command, "--help").stdout
    assert "Examples:\n  jaxcollapse " in text and "Exit status" in text
    assert max(map(len, text.splitlines())) <= 80


def typed(shell, line):
    """What a shell passes on when Tab is pressed at the end of a line."""
    if shell == "bash":
        asked = {"COMP_WORDS": " ".join(line), "COMP_CWORD": str(len(line) - 1)}
    else:
        asked = {"_TYPER_COMPLETE_ARGS": " ".join(line), "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    return {"_JAXCOLLAPSE_COMPLETE": f"complete_{shell}", **asked}


def offered(shell, *line):
    return CliRunner().invoke(app, [], env=typed(shell, ["jaxcollapse", *line]), prog_name="jaxcollapse").stdout


def begun(word, names):
    """The names that begin with a word, of which there are some."""
    found = [name for name in names if name.startswith(word)]
    assert found
    return found


def test_completion_from_outside():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **typed("bash", ["jaxcollapse", "simulate", "Gaus"])}
    code = "import sys; sys.argv[0] = 'jaxcollapse'; from jaxcollapse.cli import main; main()"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert result.stdout.split() == begun("Gaus", _build.models())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_of_every_shell(shell):
    assert "fu-replace" in offered(shell, "show", "fu-rep")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["sim"], ["simulate"]),
        (["verify", "--pre"], ["--precision"]),
        (["verify", "--paper", "xu"], begun("xu", jc.claims.papers())),
        (["verify", "--paper", "2404.01"], begun("2404.01", [paper.arxiv for paper in jc.claims.papers().values()])),
        (["simulate", "Gaus"], begun("Gaus", _build.models())),
        (["simulate", "Gaussian", "Acc"], begun("Acc", _build.workflows())),
        (["simulate", "Gaussian", "Replace", "--set", "d"], ["ddof="]),
        (["simulate", "Gaussian", "Mix", "--workflow-set", "r"], ["real=", "real_samples="]),
        (["new", "c"], ["claim"]),
        (["new", "w"], ["workflow"]),
    ],
)
def test_what_the_tab_key_offers(line, expected):
    assert offered("bash", *line).split() == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_every_shell_is_shown(monkeypatch, shell):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    result = CliRunner().invoke(app, ["--show-completion", shell], prog_name="jaxcollapse")
    assert result.exit_code == 0 and "_JAXCOLLAPSE_COMPLETE=complete_" + shell in result.stdout.replace("env ", "")


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", ".bash_completions/jaxcollapse.sh"),
        ("zsh", ".zfunc/_jaxcollapse"),
        ("fish", ".config/fish/completions/jaxcollapse.fish"),
    ],
)
def test_the_script_of_every_shell_is_installed(monkeypatch, tmp_path, shell, place):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    result = CliRunner().invoke(app, ["--install-completion", shell], prog_name="jaxcollapse")
    assert result.exit_code == 0 and "_JAXCOLLAPSE_COMPLETE" in (tmp_path / place).read_text()


def run_file(path, capsys):
    exec(compile(path.read_text(), str(path), "exec"), {"__name__": "__main__"})
    return capsys.readouterr().out
