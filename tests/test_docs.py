"""The pages of the site: every Python example runs, what they print is as they say, and the tables are complete."""

import re
import sys
from pathlib import Path

import jax
import matplotlib.pyplot as plt
import numpy as np
import pytest
import typer

import jaxcollapse as jc
from jaxcollapse.cli.app import app

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("howto/*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def run(page, folder, monkeypatch):
    """The names that a page leaves behind."""
    monkeypatch.chdir(folder)
    names = {"__name__": "page"}
    for block in blocks(page):
        if not block.startswith("# not tested here"):
            exec(compile(block, str(page), "exec"), names)
    plt.close("all")
    return names


LONG = (  # they train networks, make every kind of chain, or compile for half a minute
    "trained", "scripts", "draw", "real_share", "definitions", "estimator", "mixtures", "network", "data", "family",
    "derivatives", "choose",
)  # fmt: skip


@pytest.mark.parametrize(
    "page",
    [pytest.param(p, marks=pytest.mark.slow if p.stem in LONG else (), id=p.stem) for p in PAGES if blocks(p)],
)
def test_examples_run(page, tmp_path, monkeypatch):
    try:
        names = run(page, tmp_path, monkeypatch)
    finally:
        jax.config.update("jax_enable_x64", False)
    check = EXPECTED.get(page.stem)
    assert check is None or check(names), page.stem


def close(estimate, theory):
    return bool((np.abs(estimate.mean - theory) < 5 * estimate.stderr).all())


EXPECTED = {
    "derivatives": lambda n: (
        close(n["simulated"], n["exact"])  # along the path is right for the one, and a third of the slope for the other
        and not close(n["along_the_path"], n["slope"].mean)
    ),
    "index": lambda n: close(n["estimate"], n["theory"]),
    "ideas": lambda n: abs(n["family"].fit(n["old"] + 2.0 * n["new"]) - 2 / 3) < 0.1,
    "sampler": lambda n: n["picked"].variance.shape == (5,),
    "verdict": lambda n: (n["verdict"].outcome, n["failed"].outcome) == ("holds", "fails"),
    "resume": lambda n: bool((n["more"].mean == n["once"].mean).all()) and n["finer"].count == 4_000,
    "estimate": lambda n: (
        n["table"].shape[0] == 16 and abs(n["estimate"].mean / np.stack(n["theory"]) - 1).max() < 0.15
    ),
    "grid": lambda n: (
        n["estimate"].mean.shape == (3, 2, 5) and abs(n["estimate"].mean[:, 0] / n["replaced"] - 1).max() < 0.2
    ),
    "scale": lambda n: bool((n["one"].mean == n["two"].mean).all()),
    "precision": lambda n: float(n["single"].variance[-1]) == 0 < float(n["double"].variance[-1]) < 1e-38,
    "data": lambda n: (
        bool(abs(n["fitted"].mean[0] - n["heights"].mean()) < 1e-3)
        and n["pairs"].params.shape == (5, 2)
        and n["labelled"].squared_error.shape == (4,)
        and n["text"].rare[-1] > n["text"].excess[-1]
    ),
    "mixtures": lambda n: (
        n["run"].smallest.shape == (8,)
        and np.ptp(np.asarray(n["one"].params.covariances[-1]), axis=0).max() < 1e-6
        and bool(
            n["merged"].mean[0] < 0.01 < 0.05 < n["merged"].mean[9] and n["apart"].mean[29] > 1.5 * n["apart"].mean[0]
        )
        and n["ranks"] == [7] * 5
    ),
    "until": lambda n: (
        abs(n["times"].mean.time - n["theory"].mean) < 0.05 * n["theory"].mean
        and float(n["times"].mean.censored) < 0.01
        and n["stopped"].until.time == n["when"].time
    ),
    "measure": lambda n: (
        close(n["lost"], n["theory"]) and n["held"].metrics["held_out"].shape == (20,) and n["noisy"].shape == (4,)
    ),
    "family": lambda n: close(jc.monte_carlo(n["error"], n["key"], 10_000), 0.04 * np.cumsum(1 / np.arange(1, 6) ** 2)),
    "network": lambda n: bool(n["estimate"].mean[-1] < 0.8 * n["estimate"].mean[0] < 0.1),
    "trained": lambda n: bool(
        n["replace"].mean["loss"][-1] - n["replace"].mean["loss"][0] > 0.4
        and 0.05 < n["accumulate"].mean["loss"][-1] - n["accumulate"].mean["loss"][0] < 0.3
        and n["several"].mean["loss"].shape == (3, 4)
    ),
    "workflow": lambda n: (
        close(jc.monte_carlo(n["error"], n["key"], 10_000), n["theory"])
        and np.allclose(n["theory"], np.array([1, 2, 3, 1, 2, 3]) / 50)
        and close(
            jc.monte_carlo(n["faded"], n["key"], 10_000), jc.theory.mean.inflation(n["Fading"](0.5), generations=6) / 50
        )
    ),
    "claim": lambda n: (
        [v.outcome for v in n["verification"]] == ["holds", "holds"] and jc.verify(n["far"]).outcome == "holds"
    ),
    "choose": lambda n: bool(abs(n["found"].ratio - 1).max() < 0.1 and "none is known" in n["unknown"].summary()),
    "real_share": lambda n: bool(
        0.2 < n["found"].lower < n["found"].value < n["found"].upper < 0.25
        and n["weighted"].risk.shape == n["counted"].risk.shape == (6,)
        and n["by_estimates"].mean > n["by_rows"].mean + 5 * n["by_estimates"].stderr
        and close(n["by_estimates"], n["apart"].risk[-1])
        and abs(np.asarray(n["fading"].weights(n["jnp"].full(4, 100.0))[0][-1]) * 15 - [1, 2, 4, 8]).max() < 1e-5
        and n["chosen"].truth().shape == (3,)
    ),
    "scripts": lambda n: bool(
        close(n["thrive"], n["thrive_theory"])
        and close(n["alive"], n["alive_theory"])
        and close(n["toy"], n["toy_theory"])
        and abs(n["mixed"].mean - n["golden"].weight) < 5 * n["mixed"].stderr
        and (abs(n["poisson"].mean / n["poisson"].mean[0] / n["path"] - 1) < 0.1).all()
        and not n["last"].until.censored
        and n["traces"].mean[-1] < n["traces"].mean[0]
    ),
    "draw": lambda n: bool(
        len(n["panels"]) == 4
        and len(n["scattered"]) == 3
        and len(n["facets"]) == 2
        and (np.diff(n["present"].missing) > 0).all()
    ),
    "estimator": lambda n: bool(
        (abs(n["huber"].mean / n["said"].squared_error - 1) < 0.3).all()
        and abs(n["median"].mean[-1] / n["median"].mean[0] - 1.49) < 0.15
        and n["shrunk"].mean.shape == (6,)
    ),
    "definitions": lambda n: (
        n["replaced"].met[:3] == ("catastrophic increase", "any increase", "diverging risk")
        and n["kept"].met == ("any increase",)
        and {"lost modes", "lost tail"} <= set(n["letters"].met)
        and n["small"].findings["lost modes"].value > n["letters"].findings["lost modes"].value
    ),
    "cluster": lambda n: n["table"].shape == (5, 8),
    "statistics": lambda n: (
        jc.monte_carlo(n["last"], n["key"], 4_096).usable == {"variance": False, "log variance": True}
    ),
}


def test_one_block_alone_is_left_out():
    left_out = [page.stem for page in PAGES for block in blocks(page) if block.startswith("# not tested here")]
    assert left_out == ["scale"]


@pytest.fixture(scope="module")
def docs():
    """The folder of the scripts that write pages, to import from."""
    sys.path.insert(0, str(DOCS))
    yield
    sys.path.remove(str(DOCS))


def test_the_readme_counts_the_claims_and_a_page_lists_them(docs):
    import readme

    for path, text in ((readme.README, readme.readme()), (readme.LIST, readme.page())):
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is not of today: run `python docs/readme.py`"
    counts = [int(count) for count in re.findall(r" \[(\d+)\]\(docs/claims", readme.table().replace("\n", " "))]
    assert sum(counts) == len(jc.claims.all(networks=True)) and len(counts) == len(jc.claims.papers()) + 1
    rows = [line for line in readme.page().splitlines() if line.startswith("| `")]
    assert rows == [f"| `{claim.name}` | {claim.statement} |" for claim in jc.claims.all(networks=True)]


def test_every_released_script_has_a_figure_that_is_there():
    page = (DOCS / "howto" / "scripts.md").read_text(encoding="utf-8")
    lines = [
        " ".join(text.split()) for text in re.findall(r"^Figures?: (.*?)(?:\n\n|\Z)", page, re.DOTALL | re.MULTILINE)
    ]
    named, key = [], ""
    for line in lines:
        for words in re.findall(r"`([^`]+)`", line):
            *command, number = words.split()
            key = command[-1] if command else key
            named.append((key, number))
    assert len(lines) == page.count("\n## ")
    assert set(named) <= {(entry.reference.key, str(entry.number)) for entry in jc.figures.all()} and len(named) == 10


def test_every_how_to_page_is_in_the_index():
    linked = re.findall(r"\(howto/(\w+)\.md\)", (DOCS / "index.md").read_text(encoding="utf-8"))
    assert sorted(linked) == sorted(page.stem for page in DOCS.glob("howto/*.md"))


@pytest.fixture(scope="module")
def scripts(docs):
    """The modules that write the generated pages."""
    pytest.importorskip("sphinx")
    import reference
    import results

    return reference, results


def test_the_table_of_predictions(scripts):
    import predictions

    rows = {row.name: row for row in predictions.MODELS}
    least_squares = "\n".join(predictions.table("LinearRegression", rows["LinearRegression ridge"]))
    lines = [line.split("|") for line in least_squares.splitlines() if "`risk`" in line]
    cells = {line[1].strip(): [cell.strip() for cell in line[2:-1]] for line in lines}
    exact, other, none = cells["`risk`<br>fresh design, no penalty"]
    assert {"Replace", "Accumulate"} <= set(exact.split(", ")) and other.startswith("1/n: ")
    exact, other, none = cells["`risk`<br>fresh design, penalty"]
    assert exact == "–" and other.startswith("1/d: Replace, ") and "Accumulate" in none.split(", ")
    exact, other, none = cells["`risk`<br>fixed design, penalty"]
    assert other == "1/d: Accumulate" and "Replace" in none.split(", ")
    assert "regression.ols_accumulate <jaxcollapse.theory.regression.ols_accumulate>" in least_squares
    assert "None is known." in predictions.table("RandomProjection", rows["RandomProjection"])


def test_the_page_of_figures(scripts):
    import figures

    page = figures.page()
    for entry in jc.figures.all():
        assert f"jaxcollapse figure {entry.reference.key} {entry.number} --out" in page and entry.shows[1:] in page
    shown = [entry for entry in jc.figures.all() if figures.picture(entry).exists()]
    described = re.findall(r"\{\.wide \.panels-\d\}\n!\[[^]]{40,}\]\(\.\./pictures/figures/", page)
    assert len(described) == page.count("](../pictures/figures/") == len(shown)


def test_the_reference_shows_every_public_name(scripts):
    reference, _ = scripts
    rooms = reference.rooms()
    reference.check_complete(rooms)
    known = reference.known_names(rooms)
    assert {"jaxcollapse.theory.regression.ols_replace", "jaxcollapse.schedule.constant"} <= known
    assert {f"jaxcollapse.{name}" for name in dir(jc) if callable(getattr(jc, name))} <= known
    without = [room._replace(members={}) if room.page == "workflows" else room for room in rooms]
    with pytest.raises(ValueError, match="Accumulate.*Window"):
        reference.check_complete(without)


def test_the_reference_shows_every_command(scripts):
    reference, _ = scripts
    commands = typer.main.get_command(app)
    typed = [" ".join(words) for words in reference.words(commands)]
    assert {"", *commands.commands, *(f"new {name}" for name in commands.commands["new"].commands)} == set(typed)


def test_a_page_of_the_reference(scripts):
    reference, _ = scripts
    rooms = reference.rooms()
    text = reference.page(next(room for room in rooms if room.page == "workflows"), reference.known_names(rooms))
    assert "{py:class} Mix(real: Literal['fresh', 'fixed'], *, weight: Any=None, real_samples: Any=None, " in text
    assert "{py:obj}`Replace <jaxcollapse.Replace>`" in text  # `Window` names it
    assert "```pycon\n>>> import jax.numpy as jnp\n" in text and "```python" not in text


@pytest.mark.parametrize(
    ("code", "formula"),
    [
        ("sigma^2 d/n", r"$\sigma^{2} \frac{d}{n}$"),
        ("E |w_g - w0|_Sigma^2", r"$E \vert w_{g} - w_{0}\vert _{\Sigma}^{2}$"),
        ("Z_g = sum_t X_t >= k^-(1 + beta)", r"$Z_{g} = \sum_{t} X_{t} \ge k^{-(1 + \beta)}$"),
        ("k^2g", "$k^{2 g}$"),
        ("chi2(n - 1)/2^-32", r"$\frac{\chi^{2}(n - 1)}{2^{-32}}$"),
        *((code, f"``{code}``") for code in ("samples >= dim", "(4, 3)", "x[0]", "1e-10", "a.b(x)", "lambda g: 2")),
    ],
)
def test_formulas_of_docstrings_are_typeset_and_code_is_not(scripts, code, formula):
    import formulas

    assert formulas.shown(code) == formula


def test_the_table_of_claims(scripts):
    _, results = scripts
    rate = next(claim for claim in jc.claims.all(networks=True) if claim.relation.name == "rate")
    facts = {"outcome": "fails", "notices": 0.0317, "replications": 12_345}
    run = {"seed": 7, "precision": "quick", "level": 1e-3, "seconds": 60.0, "versions": {"jax": "0.0"}}
    report = run | {"claims": [{"name": "gerstgrasser-replace", "formula": "dropped"} | facts]}
    stored = results.reduce(report)
    assert stored == run | {"claims": {"gerstgrasser-replace": facts}}
    page = results.claims_page(stored)
    line = next(line for line in page.splitlines() if line.startswith("| `gerstgrasser-replace`"))
    formula = line.split("<span class=formula>")[1].split("</span>")[0]
    assert "<mfrac>" in formula and not set("\\`*_|$~") & set(formula) and line.split(" | ")[1] == "exact"
    assert "✗ fails<br>12,345 runs" in line.replace("\xa0", " ")
    assert page.count("not in the last run") == len(jc.claims.all(networks=True)) - 1
    assert all(f"| `{claim.name}`" in page for claim in jc.claims.all(networks=True))
    for changes, said in [
        ({"outcome": "holds"}, "✓ holds<br>notices 0.032 in the exponent<br>12,345 runs"),
        ({"outcome": "holds", "notices": 0.0}, "✓ holds<br>12,345 runs"),
        (
            {"gap": "theory 1, simulation 2 (1.9 to 2.1)"},
            "✗ fails<br>theory 1, simulation 2 (1.9 to 2.1)<br>12,345 runs",
        ),
    ]:
        stored = results.reduce(run | {"claims": [{"name": rate.name} | facts | changes]})
        assert results.verdict(rate, stored).replace("\xa0", " ") == said


def test_the_table_of_closed_forms(scripts):
    reference, results = scripts
    page = results.theory_page()
    assert "Exact for every covariance." in page
    for module in reference.theory_modules():
        for full, value in reference.public(module).items():
            assert isinstance(value, type) or f"<{full}>`<br>" in page, full


def test_every_paper_is_cited(scripts):
    _, results = scripts
    page = results.bibtex_page()
    assert all(reference.bibtex in page for reference in jc.claims.papers().values())
    assert all(f"`{claim.name}`" in page for claim in jc.claims.all(networks=True) if claim.reference)
