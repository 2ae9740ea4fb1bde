"""How commands end: on any terminal, with a reader that goes away, told to stop; and what is on the disk then."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import jaxcollapse as jc
from jaxcollapse.cli import _cache
from jaxcollapse.machine.files import replacing
from jaxcollapse.report import typeset
from stand_ins import strict

COMMAND = [sys.executable, "-m", "jaxcollapse"]
ROOT = Path(jc.__file__).resolve().parents[1]


def environment(**changes):
    return {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", **changes}


def run(*arguments, encoding="utf-8", **changes):
    env = environment(PYTHONIOENCODING=encoding, **changes)
    return subprocess.run([*COMMAND, *arguments], env=env, capture_output=True, timeout=250)


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("cp1252", marks=pytest.mark.slow)])
def test_a_terminal_without_these_letters_shows_others(encoding):
    """`show` of a formula with Greek letters; JSON is complete, in escapes."""
    name = next(claim.name for claim in jc.claims.all() if "σ" in claim.formula)
    done = run("show", name, encoding=encoding)
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert done.stdout.decode(encoding)
    done = run("show", name, "--json", encoding=encoding)
    assert strict(done.stdout.decode(encoding))["formula"] == jc.claims.get(name).formula


@pytest.mark.sampled(1)
@pytest.mark.skipif(os.name == "nt", reason="shells of Unix")
@pytest.mark.parametrize("line", ["{} list | head -1", "{} list --json | head -1", "{} list >&-", "{} list <&- 2>&-"])
def test_a_closed_output_is_no_error(line):
    command = line.format(" ".join(COMMAND))
    done = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, timeout=250)
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)],
    ids=["terminated", "hung up"],
)
def test_a_verification_that_is_stopped_keeps_what_it_decided(tmp_path, number):
    """However it is stopped: the report has the claims that were finished."""
    names = ["alemohammad-synthetic", *(claim.name for claim in jc.claims.all()[:40])]
    names = list(dict.fromkeys(names))
    process = subprocess.Popen(
        [*COMMAND, "verify", *names, "--quick", "--out", "out"],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline().split()[1] == "alemohammad-synthetic"
        kept = strict((tmp_path / "out" / "report.unfinished.json").read_text(encoding="utf-8"))
        assert [claim["name"] for claim in kept["claims"]][:1] == ["alemohammad-synthetic"]
        process.send_signal(number)
        assert process.wait(60) == 130
    finally:
        process.kill()
    report = strict((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert report["claims"][0]["name"] == "alemohammad-synthetic" and "Interrupted" in report["note"]
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"report.html", "report.md", "report.json"}


LONG_BLOCK = """
import jax, jaxcollapse as jc
from jaxcollapse.cli import app

def slow(key):
    return jax.lax.fori_loop(0, 2_000_000_000, lambda _, x: jax.numpy.sin(x) + 1e-3, jax.random.normal(key))

def command():
    print("begun", flush=True)
    jc.monte_carlo(slow, jax.random.key(0), 100, progress=False)

app.app = command
app.main()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_command_that_is_told_twice_ends_once_and_waits_for_no_long_block():
    """As `timeout` tells it: to the process and to its group. What would compute for minutes is left."""
    process = subprocess.Popen(
        [sys.executable, "-c", LONG_BLOCK],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == "begun\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(8)
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 130
    finally:
        process.kill()
    assert process.stderr.read().strip() == "Interrupted."


def test_files_appear_whole_or_not_at_all(tmp_path, monkeypatch):
    """A link is replaced, not followed; an error leaves what was there."""
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "report.html"
    elsewhere.write_text("mine")
    link.symlink_to(elsewhere)
    with replacing(link) as new:
        new.write_text("new")
    assert elsewhere.read_text() == "mine" and link.read_text() == "new" and not link.is_symlink()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"), replacing(link) as new:
        new.write_text("newer")
    assert link.read_text() == "new" and {file.name for file in tmp_path.iterdir()} == {"elsewhere", "report.html"}


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch, verification):
    page = jc.report.write(verification, tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr(json, "dumps", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        jc.report.write(verification, tmp_path, note="another")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before and page.exists()


def test_options_of_xla_in_a_file_are_kept(tmp_path):
    """XLA takes a line of options, or the name of a file that holds them."""
    (tmp_path / "flags").write_text("--xla_cpu_enable_fast_math=false\n--xla_backend_optimization_level=1\n")
    code = "import os, jaxcollapse, jax; print(os.environ['XLA_FLAGS']); print(jax.numpy.arange(3).sum())"
    env = environment(XLA_FLAGS=str(tmp_path / "flags"))
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    flags, total = done.stdout.split("\n")[:2]
    assert total == "3"
    assert flags == str(tmp_path / "flags") or "--xla_backend_optimization_level=1" in flags.split()


def test_a_file_with_a_byte_order_mark_is_toml(tmp_path, command_line):
    text = 'samples = 9\n[model]\nname = "Gaussian"\nddof = 1\n[workflow]\nname = "Replace"\n'
    Path("curve.toml").write_text(text, encoding="utf-8-sig")
    assert command_line("simulate", "curve.toml", "--metric", "log_variance", "--replications", "64").exit_code == 0


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="rights of Unix")
def test_programs_are_not_taken_from_a_place_that_others_write_to(tmp_path, monkeypatch, capsys):
    import jax

    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    place = tmp_path / "cache" / "xla"
    monkeypatch.setattr(_cache, "directory", lambda: place)
    changed = []
    monkeypatch.setattr(jax.config, "update", lambda name, value: changed.append(name))
    _cache.keep_compilations()
    assert stat.S_IMODE(place.stat().st_mode) == 0o700 and "jax_compilation_cache_dir" in changed
    changed.clear()
    place.chmod(0o777)
    _cache.keep_compilations()
    assert "others can write" in capsys.readouterr().err and "jax_compilation_cache_dir" not in changed


@pytest.mark.parametrize("arguments", [("claim", "jax"), ("claim", "numpy"), ("family", "None"), ("family", "Jax")])
def test_names_that_hide_others_are_refused(command_line, arguments):
    done = command_line("new", *arguments)
    assert done.exit_code == 2 and not list(Path.cwd().iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "x" * 10**6), ("show", "x" * 10**6), ("list", "--paper", "x" * 10**6), ("new", "claim", "x" * 10**6),
        ("new", "family", "?" * 10**6), ("simulate", "x" * 10**6, "Replace"), ("simulate", "Gaussian", "x" * 10**6),
        ("simulate", "Gaussian", "Replace", "--set", "x" * 10**6),
        ("simulate", "Gaussian", "Replace", "--samples", "x" * 10**6),
        ("simulate", "Gaussian", "Replace", "--set", "ddof=1", "--samples", "9", "--metric", "x" * 10**6),
    ],
    ids=lambda arguments: " ".join(word[:12] for word in arguments),
)  # fmt: skip
def test_no_message_repeats_a_million_letters(command_line, arguments):
    done = command_line(*arguments)
    assert done.exit_code == 2 and len(done.output) < 5_000


HOSTILE = (
    r"\text{<script>alert(8)</script>}", r"\href{javascript:alert(12)}{x}", "<script>alert(1)</script>",
    r"\text{<img src=x onerror=alert(1)>}", r"\style{background:url(javascript:1)}{x}", r"\class{x}{y}",
    "x\"><script>1</script>", r"\text{&lt;script&gt;1&lt;/script&gt;}", "\\text{<!--}", r"\text{]]>}", "\\text{\x00}",
)  # fmt: skip


@pytest.mark.sampled(2)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(tmp_path, text):
    """In every field of a claim: the tree of the page has no element that the template has not."""
    import html.parser

    import jax
    import numpy as np

    allowed = {"onclick", "oninput", "onchange"}

    class Tree(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.scripts, self.attributes = 0, []

        def handle_starttag(self, tag, attrs):
            self.scripts += tag == "script"
            self.attributes += [(tag, name, value) for name, value in attrs]

    def page(words):
        reference = jc.Reference("doe2024", f"Jane {words}", f"On {words}", 2024, "2401.00001")
        claim = jc.Claim(
            name="doe-claim", statement=f"It holds: {words}.", theory=np.array([0.5, 0.5]), relation="equal",
            experiment=lambda key: jax.random.uniform(key, (2,)), reference=reference, formula=words,
            protocol=f"So: {words}", quantity=f"mean {words}", labels=(f"a {words}", f"b {words}"),
        )  # fmt: skip
        found = jc.report.write(jc.verify([claim], jax.random.key(0), precision="quick", progress=False), tmp_path)
        tree = Tree()
        tree.feed(found.read_text(encoding="utf-8"))
        return tree

    tree, plain = page(text), page("R(g) = g")
    assert tree.scripts == plain.scripts
    events = [(tag, name) for tag, name, _ in tree.attributes if name.startswith("on")]
    assert set(events) == {(tag, name) for tag, name, _ in plain.attributes if name.startswith("on")}
    assert all(name in allowed for _, name in events) or events == []
    assert not any((value or "").strip().lower().startswith("javascript") for *_, value in tree.attributes)
    assert "<script" not in typeset.html(text)
