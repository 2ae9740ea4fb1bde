"""Writes the tables of results to `docs/results/`: every claim with its verdict, every closed form, and the BibTeX.

`python docs/results.py report.json` first takes over the verdicts of a full `jaxcollapse verify` into
`docs/verified.json`; the build of the site calls it without a report. A claim that has no verdict there is named.
"""

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

from readme import by_paper
from reference import first_line, known_names, linked, public, rooms, theory_modules, write

import jaxcollapse as jc
from jaxcollapse.arguments.words import percent
from jaxcollapse.plot import SYMBOLS
from jaxcollapse.report import typeset
from jaxcollapse.verification.claim import Claim

HERE = Path(__file__).parent
STORED = HERE / "verified.json"
FOLDER = HERE / "results"
KEPT = ("outcome", "notices", "replications")
RUN = ("seed", "precision", "level", "seconds", "versions")
_PLURALS = {"holds": "hold", "fails": "fail", "undecided": "are undecided"}


def reduce(report: dict[str, Any]) -> dict[str, Any]:
    """What the site shows of a report: the run, and three facts of every claim; of one that fails its gap as well."""
    claims = {claim["name"]: {fact: claim[fact] for fact in KEPT} for claim in report["claims"]}
    for claim in report["claims"]:
        if claim.get("gap"):
            claims[claim["name"]]["gap"] = claim["gap"]
    return {fact: report[fact] for fact in RUN} | {"claims": claims}


def exactness(claim: Claim) -> str:
    """What kind of formula a claim has, in a few words."""
    relation = claim.relation
    share = max(map(float, _flat(getattr(relation, "allowance", 0.0))))
    return {
        "equal": "exact",
        "probability": "exact probability",
        "usually": "event of most replications",
        "at_most": "upper bound",
        "at_least": "lower bound",
        "asymptotic": f"limit; within {percent(share)} at this size",
        "rate": f"exponent; within {share:.2g}",
    }[relation.name]


def verdict(claim: Claim, stored: dict[str, Any]) -> str:
    """Outcome, smallest error that would have been seen (or the gap that was), and replications."""
    facts = stored["claims"].get(claim.name)
    if facts is None:
        return "not in the last run"
    parts = [f"{SYMBOLS[facts['outcome']]} {facts['outcome']}"]
    if facts["outcome"] == "fails":
        parts += [facts["gap"]] if facts.get("gap") else []
    elif isinstance(facts["notices"], float) and facts["notices"] > 0:
        exponent = claim.relation.name == "rate"
        size = f"{facts['notices']:.2g} in the exponent" if exponent else percent(facts["notices"])
        parts.append(f"notices {size}")
    parts.append(f"{facts['replications']:,} runs" if facts["replications"] else "no run")
    return "<br>".join(parts).replace(" ", "\xa0")  # each line stays in one piece


def claims_page(stored: dict[str, Any]) -> str:
    """Every claim, paper by paper."""
    claims = jc.claims.all(networks=True)
    outcomes = [stored["claims"].get(claim.name, {}).get("outcome", "not run") for claim in claims]
    counts = ", ".join(f"{outcomes.count(kind)} {_PLURALS.get(kind, kind)}" for kind in dict.fromkeys(outcomes))
    versions = ", ".join(f"{name} {value}" for name, value in stored["versions"].items())
    lines = [
        "# Claims and verdicts",
        "",
        f"{len(claims)} claims: {counts}. From `jaxcollapse verify --precision {stored['precision']} --seed "
        f"{stored['seed']}` with a false-alarm rate of {stored['level']:g} for all claims together; it took "
        f"{stored['seconds'] / 60:.0f} minutes.",
        "",
        f"*{versions}.*",
        "",
        "*Exactness* is what the formula promises: equality at this finite size, a limit that is held to a stated",
        "distance, a bound, or an exponent. *Notices* is the smallest relative error of the formula that this evidence",
        "would have shown with 95 % power; a claim that fails has its gap instead. How verdicts are reached:",
        "[](../statistics.md). `jaxcollapse show CLAIM` prints protocol and BibTeX of a claim. The closed forms behind",
        "the claims: [](theory.md).",
        "",
    ]
    for reference, group in by_paper():
        if reference is None:
            lines += ["## Without a paper", ""]
        else:
            lines += [
                f"## {reference.short}, arXiv:{reference.arxiv}",
                "",
                f"[{_text(reference.title)}](https://arxiv.org/abs/{reference.arxiv})",
                "",
            ]
        lines += ["{.claims}", "| claim | exactness | verdict |", "|---|---|---|"]
        for claim in group:
            words = f"`{claim.name}`<br>{_text(claim.statement)}<span class=formula>{_formula(claim)}</span>"
            lines.append(f"| {words} | {exactness(claim)} | {verdict(claim, stored)} |")
        lines.append("")
    return "\n".join(lines)


def theory_page() -> str:
    """Every closed form: its first line, its exactness and its reference, as its docstring has them."""
    lines = [
        "# Closed forms",
        "",
        "Every function of `jaxcollapse.theory`, with the first sentence of what its docstring says about exactness;",
        "the name leads to the whole. They are functions of arrays that `jit`, `vmap` and `grad` accept, and never",
        "simulate.",
        "",
    ]
    known = known_names(rooms())
    for module in theory_modules():
        functions = {full: value for full, value in public(module).items() if not inspect.isclass(value)}
        lines += [f"## `{module.__name__.removeprefix('jaxcollapse.')}`", "", "| function | exactness | reference |"]
        lines[-1:] = ["{.forms}", lines[-1], "|---|---|---|"]
        for full, value in functions.items():
            text = inspect.getdoc(value) or ""
            name = f"{{py:obj}}`{full.rsplit('.', 1)[1]} <{full}>`"
            cells = [
                f"{name}<br>{first_line(value)}",
                _sentence(_section(text, "Exactness")),
                _section(text, "Reference"),
            ]
            cells = [
                linked(cell, [module.__name__, "jaxcollapse.theory", "jaxcollapse"], known).replace("|", "\\|")
                for cell in cells
            ]
            lines.append(f"| {' | '.join(cell or '–' for cell in cells)} |")
        lines.append("")
    return "\n".join(lines)


def bibtex_page() -> str:
    """The BibTeX of every paper, and the claims that need it."""
    lines = []
    for reference, group in by_paper():
        if reference is None:
            continue
        names = ", ".join(f"`{claim.name}`" for claim in group)
        lines += [
            f"### {reference.short}, arXiv:{reference.arxiv}",
            "",
            f"For {names}:",
            "",
            "```bibtex",
            reference.bibtex,
            "```",
            "",
        ]
    return "\n".join(lines)


def _section(docstring: str, name: str) -> str:
    """The paragraph of a docstring that begins with a name in bold, in one line."""
    found = re.search(rf"\*\*{name}\*\* (.+?)\s*(\n\n|\*\*[A-Z]\w+\*\*|$)", docstring, flags=re.DOTALL)
    return found[1].replace("\n", " ").strip() if found else ""


def _sentence(text: str) -> str:
    return re.split(r"(?<=[.;])\s+(?=[A-Z`])", text, maxsplit=1)[0].rstrip(";")


def _text(words: str) -> str:
    """Words as they are: what Markdown would read as a mark becomes an entity."""
    return re.sub(r"[\\`*_{}\[\]<>|$~]", lambda mark: f"&#{ord(mark[0])};", words)


def _formula(claim: Claim) -> str:
    """The formula as MathML, of which Markdown shall read nothing as its own."""
    return re.sub(r"[\\`*_|$~]", lambda mark: f"&#{ord(mark[0])};", typeset.html(claim.formula))


def _flat(value: Any) -> list[float]:
    return list(value) if hasattr(value, "__len__") else [value]


def main(arguments: list[str]) -> None:
    """Takes over a report, if one is given; writes the pages; names the claims without a verdict."""
    if arguments:
        stored = reduce(json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
        STORED.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    write(FOLDER / "claims.md", claims_page(stored))
    write(FOLDER / "theory.md", theory_page())
    write(FOLDER / "bibtex.md", bibtex_page())
    for claim in jc.claims.all(networks=True):
        if claim.name not in stored["claims"]:
            print(claim.name)


if __name__ == "__main__":
    main(sys.argv[1:])
