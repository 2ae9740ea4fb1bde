import dataclasses
import json
import math
import re
import shutil
import subprocess
from html import escape, unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from jaxcollapse import report
from jaxcollapse.arguments.json import for_json
from jaxcollapse.replication.estimate import Estimate
from jaxcollapse.report import page as page_of_report
from jaxcollapse.report import typeset


class Page(HTMLParser):
    """What a browser would find: ids, targets of links, loads, and the text."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads, self.tags, self.text = [], [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif tag == "a" and name == "href":
                self.links.append(value)
            elif name in ("src", "srcset", "data", "href", "xlink:href", "action", "poster"):
                self.loads.append(value)

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def directory(verification, tmp_path_factory):
    place = tmp_path_factory.mktemp("report") / "new" / "place"
    assert report.write(verification, place) == place / "report.html"
    return place


@pytest.fixture(scope="module")
def html(directory):
    return (directory / "report.html").read_text(encoding="utf-8")


def test_the_page_loads_nothing(html):
    page = Page(html)
    assert {"link", "iframe", "img", "object"}.isdisjoint(page.tags)
    assert page.tags.count("script") == 1 and not re.search(r"fetch\(|XMLHttpRequest|import\(|WebSocket", html)
    assert all(load.startswith("#") for load in page.loads)
    assert all(link.startswith(("#", "https://arxiv.org/abs/")) for link in page.links)
    assert "@import" not in html and not re.search(r'url\((?!#|"data:)', html)


def test_ids_are_unique_and_every_target_exists(html):
    page = Page(html)
    assert len(set(page.ids)) == len(page.ids) > 100
    targets = {link[1:] for link in [*page.links, *page.loads] if link.startswith("#")}
    targets |= set(re.findall(r"url\(#([^)]*)\)", html))
    assert targets - {""} <= set(page.ids)


def test_text_of_claims_is_escaped(html):
    assert "<b>R(g)" not in html and "<walks>" not in html
    assert "The risk grows linearly: <b>R(g) = g</b>." in Page(html).text


def test_every_claim_has_its_facts(html, directory, verification):
    page = Page(html)
    assert page.tags.count("svg") == len(verification)
    markdown = (directory / "report.md").read_text(encoding="utf-8")
    for verdict in verification:
        claim = verdict.claim
        section = html[html.index(f'<section id="{claim.name}">') :]
        section = section[: section.index("</section>")]
        if claim.formula:
            assert typeset.html(claim.formula) in section and f'title="{escape(claim.formula)}"' in section
        section = Page(section).text
        entry = markdown[markdown.index(f"\n## {claim.name}\n") :].split("\n## ", 2)[1]
        facts = [
            claim.statement,
            verdict.reason,
            verdict.outcome,
            claim.relation.describe(),
            claim.protocol,
        ]
        facts += [f"{verdict.replications:,} replications", "seed 0"]
        if claim.reference:
            facts += [claim.reference.title, f"arXiv:{claim.reference.arxiv}", claim.reference.bibtex]
        for fact in facts:
            assert fact in section
            assert fact in entry
    for name, version in verification.versions.items():
        assert f"{name} {version}" in page.text and f"{name} {version}" in markdown


_PROBE = """<script>
const shown = () => [...document.querySelectorAll("section")].filter((s) => s.checkVisibility()).map((s) => s.id);
const choose = (id, value) => {
  document.getElementById(id).value = value;
  document.getElementById(id).dispatchEvent(new Event("input", { bubbles: true }));
  return shown();
};
const found = { all: shown() };
found.papers = [...document.getElementById("filter-paper").options].map((o) => o.textContent);
found.paper = choose("filter-paper", "roe2025");
found.words = choose("filter-words", "ERROR decays");
choose("filter-paper", "");
choose("filter-words", "");
found.fails = choose("filter-verdict", "fails");
found.count = document.getElementById("filter-count").textContent;
choose("filter-verdict", "");
found.buttons = [...document.querySelectorAll(".bibtex button")].filter((b) => !b.hidden).length;
document.querySelectorAll("details").forEach((d) => { d.open = true; });
found.overflow = document.documentElement.scrollWidth - window.innerWidth;
found.fraction = document.querySelector("mfrac").getBoundingClientRect().height;
document.title = JSON.stringify(found);
</script>"""


def test_a_browser_filters_typesets_and_does_not_overflow(html, tmp_path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    (tmp_path / "page.html").write_text(html.replace("</body>", _PROBE + "</body>"), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += ["--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [browser, *options, "--window-size=500,900", "--dump-dom", (tmp_path / "page.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = json.loads(unescape(re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)[1]))
    assert len(found["all"]) == 11
    assert found["papers"] == ["all papers", "Doe et al. 2024, arXiv:2401.00001", "Roe 2025, arXiv:2501.00002"]
    assert found["paper"] == ["roe-rate", "roe-probability", "roe-usually", "roe-cases"] and found["words"] == [
        "roe-rate"
    ]
    assert found["fails"] == ["doe-wrong"] and found["count"] == "1 of 11"
    assert found["buttons"] == 10 and found["overflow"] <= 0 and found["fraction"] > 20


def test_outcomes_have_a_sign_and_a_word(html):
    text = Page(html).text
    assert "✓ holds" in text and "✗ fails" in text and "? undecided" in text


def test_json_is_strict_and_complete(directory, verification):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    facts = json.loads((directory / "report.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert facts["counts"] == {"holds": 9, "fails": 1, "undecided": 1}
    assert facts["seed"] == 0 and facts["versions"] == verification.versions
    by_name = {claim["name"]: claim for claim in facts["claims"]}
    assert list(by_name) == [v.claim.name for v in verification]
    first = next(iter(verification))
    np.testing.assert_array_equal(by_name["doe-equal"]["simulation"]["mean"], first.estimate.mean)
    np.testing.assert_array_equal(by_name["doe-equal"]["theory"], first.theory)
    assert by_name["doe-heavy"]["theory"] == "Infinity" and by_name["doe-heavy"]["notices"] is None
    assert by_name["doe-heavy"]["simulation"] is None and by_name["roe-number"]["reference"] is None


def test_tables_hold_theory_and_simulation(directory, by_name):
    markdown = (directory / "report.md").read_text(encoding="utf-8")
    verdict = by_name["doe-equal"]
    rows = markdown.split("\n## doe-equal\n")[1].split("\n## ")[0]
    row = next(line for line in rows.splitlines() if line.startswith("| 3 |"))
    _, theory, simulation, *_, ratio = (cell.strip() for cell in row.strip("|").split("|"))
    assert float(theory) == 3.0
    assert float(simulation) == pytest.approx(verdict.estimate.mean[2], rel=1e-5)
    assert float(ratio) == pytest.approx(verdict.estimate.mean[2] / 3, abs=1e-4)
    rate = markdown.split("\n## roe-rate\n")[1].split("\n## ")[0]
    assert re.search(r"\| exponent, three largest sizes \| -0\.(49|50)\d\d \(.* to .*\) \| theory: -0\.5 \|", rate)


def test_long_tables_are_thinned_and_say_so(by_name):
    verdict = by_name["doe-equal"]
    long = np.linspace(1.0, 2.0, 101)
    estimate = object.__new__(type("Long", (Estimate,), {"mean": long, "stderr": 0.01 * long, "count": 10}))
    claim = dataclasses.replace(verdict.claim, axis=verdict.claim.axis._replace(values=np.arange(101.0)))
    changed = dataclasses.replace(verdict, claim=claim, estimate=estimate, theory=long, lower=long, upper=long)
    table = page_of_report._numbers(changed)
    assert len(table["rows"]) == 34 and "101" in table["remark"] and table["rows"][-1][0] == "100"


def test_pictures_are_reproducible_and_hold_text(by_name):
    first, second = (report.svg(by_name["doe-equal"], "picture") for _ in range(2))
    assert first == second
    assert "excess risk" in first and "generation g" in first and first.startswith("<svg") and "<?xml" not in first


def test_the_summary_is_a_sentence(verification):
    assert report.summary(verification).startswith("Of 11 claims 9 hold, 1 fails and 1 is undecided. ")
    assert report.summary(verification).endswith("at most 1 in 1,000.")
    good = dataclasses.replace(verification, verdicts=verification.verdicts[:8])
    assert report.summary(good).startswith("All 8 claims hold. ")
    assert report.summary(dataclasses.replace(good, verdicts=good.verdicts[:1])).startswith("The claim holds. ")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.7, "1 min 0 s"), (185.0, "3 min 5 s")]
)
def test_durations(seconds, text):
    assert report.duration(seconds) == text


def test_numbers_without_a_finite_form():
    assert for_json([math.nan, -math.inf, 1.0]) == [None, "-Infinity", 1.0]


def test_verdicts_as_a_table(verification):
    table = verification.to_pandas()
    assert list(table.index) == [v.claim.name for v in verification]
    assert table.loc["doe-equal", ["paper", "relation", "outcome"]].tolist() == ["doe2024", "equal", "holds"]
    assert (table.outcome == "holds").sum() == 9 and table.loc["doe-heavy", "replications"] == 0
    assert table.loc["roe-number", "arxiv"] == "" and table.needed.isna().all()
    np.testing.assert_array_equal(table.notices, [v.notices for v in verification])


def test_the_index_has_statements_and_times_and_says_what_it_is_sorted_by(html, verification):
    index = html[html.index('<table class="index">') : html.index("<section ")]
    rows = re.findall(
        r'<tr data-claim="([^"]*)".*?data-seconds="([^"]*)" data-unseen="([^"]*)">(.*?)</tr>', index, re.S
    )
    assert [row[0] for row in rows] == [verdict.claim.name for verdict in verification]
    for (_, seconds, unseen, cells), verdict in zip(rows, verification, strict=True):
        assert escape(verdict.claim.statement) in cells and float(seconds) == pytest.approx(verdict.seconds, abs=1e-3)
        known = verdict.outcome == "holds" and math.isfinite(verdict.notices)
        assert float(unseen) == (pytest.approx(verdict.notices, abs=1e-6) if known else 1e9)
