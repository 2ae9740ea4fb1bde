import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import pytest

import jaxcollapse
from jaxcollapse.cli import _cache, _progress, _workers
from jaxcollapse.cli._status import Status
from jaxcollapse.verification.claim import Numbers
from stand_ins import OTHER, PAPER, make_claims, make_undecided, make_wrong, strict, words

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def stub(monkeypatch):
    """The library's claims replaced by stand-ins, and no compilation cache."""

    class Claims:
        listed = make_claims()[:2] + make_claims()[4:5]

        def all(self, *, networks=False):
            return [claim for claim in self.listed if networks or not claim.networks]

        def tour(self):
            return self.listed[1:]

        def papers(self):
            return {"doe2024": PAPER, "roe2025": OTHER}

    stub = Claims()
    monkeypatch.setitem(sys.modules, "jaxcollapse.claims", stub)
    monkeypatch.setattr(_workers, "sensible", lambda claims: 1)  # another process has no stand-ins
    monkeypatch.setattr(jaxcollapse, "claims", stub, raising=False)
    return stub


@pytest.fixture
def call(stub, command_line):
    """The command line with stand-in claims."""
    return command_line


def test_true_claims_hold(call, tmp_path):
    result = call("verify")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [
        ["holds", "doe-equal"], ["holds", "doe-asymptotic"], ["holds", "roe-rate"]
    ]  # fmt: skip
    assert re.fullmatch(r"holds      doe-equal  equal, would notice 0\.\d+ %, 4,096 replications, \d+\.\d s", lines[0])
    assert "All 3 claims hold." in result.stdout and "at most 1 in 1,000" in result.stdout
    assert {path.name for path in (tmp_path / "jaxcollapse-report").iterdir()} == {
        "report.html", "report.md", "report.json"
    }  # fmt: skip
    assert "\x1b" not in result.stdout


def test_a_false_claim_sets_the_status(call, stub):
    stub.listed = [make_wrong(), make_undecided(), make_claims()[0]]
    result = call("verify")
    assert result.exit_code == 1
    assert "doe-wrong: fails: 8 of 8 entries disagree" in result.stdout
    gap = r"theory/simulation is 1\.\d+ \(1\.\d+ to 1\.\d+\) at entry \d"
    lines = result.stdout.splitlines()
    assert re.fullmatch(rf"fails      doe-wrong  equal, {gap}, 4,096 replications, \d+\.\d s", lines[0])
    assert re.fullmatch(r"undecided  doe-heavy  equal, 0 replications, \d+\.\d s", lines[1])
    assert re.search(rf"^doe-wrong: fails: .*\. T{gap[1:]}\.$", result.stdout, re.MULTILINE)
    assert "Of 3 claims 1 holds, 1 fails and 1 is undecided." in result.stdout


def test_an_undecided_claim_sets_another(call, stub):
    stub.listed = [make_undecided(), make_claims()[0]]
    result = call("verify")
    assert result.exit_code == 3
    assert "doe-heavy: undecided: the theory is infinite" in result.stdout


def test_names_and_papers_filter(call, tmp_path):
    assert call("verify", "roe-rate", "doe-equal", "--out", "here").exit_code == 0
    facts = json.loads((tmp_path / "here" / "report.json").read_text())
    assert [claim["name"] for claim in facts["claims"]] == ["roe-rate", "doe-equal"]
    for paper in ("doe2024", "2401.00001", "arXiv:2401.00001v2", "Doe"):
        assert [line.split("\t")[0] for line in call("list", "--paper", paper).stdout.splitlines()] == [
            "doe-equal", "doe-asymptotic"
        ]  # fmt: skip


@pytest.mark.slow
def test_claims_that_train_networks_are_decided_where_they_are_asked_for(call, stub):
    slow = dataclasses.replace(make_claims()[3], name="doe-slow", networks=True)
    stub.listed.append(slow)
    try:
        for arguments, there in ((["--networks"], True), (["doe-slow"], True), ([], False), (["--tour"], True)):
            lines = call("verify", *arguments, "--quick").stdout.splitlines()
            assert any("doe-slow" in line for line in lines) == there, arguments
        assert call("verify", "--networks", "--quick").stdout.count("holds  ") == 1
        assert "doe-slow" in call("list").stdout
    finally:
        stub.listed.remove(slow)


def test_the_tour_is_what_the_library_says(call):
    lines = call("verify", "--tour", "--quick").stdout.splitlines()
    assert [line.split()[1] for line in lines[:2]] == ["doe-asymptotic", "roe-rate"]


def test_options_reach_the_engine(call, tmp_path):
    call("verify", "doe-equal", "--quick", "--seed", "7")
    facts = json.loads((tmp_path / "jaxcollapse-report" / "report.json").read_text())
    assert (facts["precision"], facts["seed"], facts["level"]) == ("quick", 7, 1e-3)
    call("verify", "doe-equal", "--precision", "quick", "--seed", "7", "--out", "again")
    again = json.loads((tmp_path / "again" / "report.json").read_text())
    assert again["claims"][0]["simulation"] == facts["claims"][0]["simulation"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify", "doe-equel"], "there is no claim called 'doe-equel'; did you mean doe-equal?"),
        (["show", "rate"], "there is no claim called 'rate'; did you mean roe-rate?"),
        (["verify", "zzz"], "`jaxcollapse list` shows all of them"),
        (
            ["list", "--paper", "doe24"],
            "a first author with claims, got 'doe24': did you mean 'doe2024'?",
        ),
        (["verify", "roe-rate", "--paper", "doe2024"], "none of these claims belongs to that paper"),
        (["verify", "--quick", "--precision", "high"], "contradict each other"),
        (["verify", "--precision", "quik"], "Invalid value for '--precision'"),
        (["verify", "--tour", "--paper", "doe2024"], "the tour is one claim of every paper: name none"),
        (["verify", "--tour", "--networks"], "the tour is one claim of every paper: name none"),
        (["verify", "--random", "3", "doe-equal"], "random settings are meant: name none"),
        (["verify", "--networks", "doe-equal"], "the claims that train networks are meant: name none"),
        (["verify", "--networks", "--paper", "doe2024"], "the claims that train networks are meant: name none"),
        (["verify", "--tour", "doe-equal"], "the tour is one claim of every paper: name none"),
        (["verify", "--workers", "0"], "Invalid value for '--workers'"),
        (["verify", "--seed", "-1"], "Invalid value for '--seed'"),
        (["verify", "--out", "file"], "is a file"),
        (["verify", "--out", "file/below"], "cannot make the directory"),
        (["verfy"], "verfy"),
    ],
)
def test_wrong_usage_has_status_2_and_a_suggestion(call, tmp_path, arguments, message):
    (tmp_path / "file").write_text("")
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in words(result.stderr)
    assert not (tmp_path / "jaxcollapse-report").exists()


def test_ctrl_c_reports_what_is_finished(call, stub, tmp_path):
    def interrupt(key):
        raise KeyboardInterrupt

    first, second, third = stub.listed
    stub.listed = [first, type(second)("doe-stopped", "Never finished.", 1.0, interrupt, "equal"), third]
    result = call("verify")
    assert result.exit_code == 130
    assert "Interrupted: 1 of 3 claims were finished." in result.stderr
    assert "Traceback" not in result.output
    facts = json.loads((tmp_path / "jaxcollapse-report" / "report.json").read_text())
    assert [claim["name"] for claim in facts["claims"]] == ["doe-equal"] and facts["note"].startswith("Interrupted")


def test_an_error_in_one_claim_does_not_lose_the_others(call, stub, tmp_path):
    def broken(key):
        raise ZeroDivisionError("of this claim")

    first, second, third = stub.listed
    stub.listed = [first, type(second)("doe-broken", "An error.", 1.0, broken, "equal"), third]
    with pytest.raises(ZeroDivisionError, match="of this claim"):
        call("verify")
    facts = json.loads((tmp_path / "jaxcollapse-report" / "report.json").read_text())
    assert [claim["name"] for claim in facts["claims"]] == ["doe-equal"]
    assert facts["note"] == "An error in doe-broken: 1 of 3 claims were finished."


def test_ctrl_c_before_anything_is_finished(call, stub, tmp_path):
    def interrupt(key):
        raise KeyboardInterrupt

    stub.listed = [type(make_wrong())("doe-stopped", "Never finished.", 1.0, interrupt, "equal")]
    result = call("verify")
    assert result.exit_code == 130
    assert not (tmp_path / "jaxcollapse-report" / "report.json").exists()


def test_list_without_a_terminal_is_one_line_per_claim(call):
    lines = call("list").stdout.splitlines()
    assert lines[0].split("\t") == ["doe-equal", "equal", "doe2024", "The risk grows linearly: <b>R(g) = g</b>."]
    assert len(lines) == 3


def test_show_has_everything(call):
    result = call("show", "doe-equal")
    assert result.exit_code == 0
    text = words(result.stdout)
    claim = make_claims()[0]
    for fact in (claim.statement, claim.formula, claim.protocol, claim.relation.describe(), "arXiv:2401.00001"):
        assert fact in text
    assert PAPER.bibtex in result.stdout


def test_verify_prints_json_and_nothing_else(call, stub):
    stub.listed = [make_wrong(), make_claims()[0]]
    result = call("verify", "--json")
    facts = strict(result.stdout)
    assert result.exit_code == 1 and facts["counts"] == {"holds": 1, "fails": 1, "undecided": 0}
    assert "doe-wrong" in result.stderr and "Report:" in result.stderr


def test_list_and_show_print_json_and_nothing_else(call, stub):
    listed = strict(call("list", "--json").stdout)
    assert [claim["name"] for claim in listed] == ["doe-equal", "doe-asymptotic", "roe-rate"]
    shown = strict(call("show", "doe-equal", "--json").stdout)
    assert shown == listed[0] | {"numbers": None}
    assert shown["relation"]["name"] == "equal" and shown["reference"]["bibtex"] == PAPER.bibtex
    stub.listed = [dataclasses.replace(make_claims()[0], numbers=lambda: Numbers(("g", "x"), ((1.0, float("nan")),)))]
    assert strict(call("show", "doe-equal", "--json").stdout)["numbers"] == {
        "columns": ["g", "x"],
        "rows": [[1.0, None]],
    }


@pytest.mark.parametrize("arguments", [["list"], ["show", "doe-equal"], ["verify", "doe-equal"], ["--help"]])
def test_no_escape_codes_without_a_terminal(call, arguments):
    assert "\x1b" not in call(*arguments).stdout


def test_the_exit_status_is_documented(call):
    text = words(call("verify", "--help").stdout)
    for status in Status:
        assert f" {status} " in text
    assert [int(status) for status in Status] == [0, 1, 2, 3, 130]


def test_the_screen_fits_80_columns(stub, verification):
    import io

    from rich.console import Console

    for width in (80, 120):
        console = Console(file=io.StringIO(), width=width, force_terminal=True, highlight=False)
        claims = [verdict.claim for verdict in verification]
        with _progress._Screen(console, claims) as screen:
            for index, verdict in enumerate(verification):
                screen.started(verdict.claim, index, len(claims))
                screen.decided(verdict)
                screen.finished(verdict)
        text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())
        assert max(len(line) for line in re.split(r"[\r\n]+", text)) <= width
        assert re.search(r"✗ fails +doe-wrong +equal +– +4,096 +\d+\.\d s", text)


@pytest.mark.parametrize(("count", "text"), [(4096, "4,096"), (65536, "65.5k"), (1_234_567, "1.23M"), (0, "0")])
def test_counts_are_short(count, text):
    assert _progress._short(count) == text


def test_the_compilation_cache_is_on_unless_the_user_says_where(monkeypatch, tmp_path):
    monkeypatch.setenv("JAX_LOGGING_LEVEL", "WARNING")
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs",
             "jax_persistent_cache_min_entry_size_bytes")  # fmt: skip
    before = {name: getattr(jax.config, name) for name in names}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    try:
        _cache.keep_compilations()
        assert Path(jax.config.jax_compilation_cache_dir).is_dir()
        assert jax.config.jax_persistent_cache_min_compile_time_secs == 0
        jax.config.update("jax_compilation_cache_dir", "mine")
        monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "mine")
        _cache.keep_compilations()
        assert jax.config.jax_compilation_cache_dir == "mine"
    finally:
        for name, value in before.items():
            jax.config.update(name, value)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["simulate", "--help"]])
def test_the_module_runs_without_the_rooms_it_does_not_need(arguments):
    code = (
        "import sys; sys.argv[0] = 'jaxcollapse'\n"
        "from jaxcollapse.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "assert not {'matplotlib', 'jinja2', 'xarray', 'jaxcollapse.claims'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, env=environment
    )
    assert result.returncode == 0, result.stderr
    assert ("jaxcollapse 0." if arguments == ["--version"] else "Usage") in result.stdout


def test_the_snippets_of_the_readme_run(tmp_path):
    """One after the other, in a process of their own that is compiled as users have it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    env = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"} | {"MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr
    assert "laplace-accumulate: holds" in done.stdout and (tmp_path / "risk.png").stat().st_size > 0
