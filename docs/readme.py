"""Writes the lists that stand in the repository: the papers in `README.md`, `docs/claims.md`, the words of the Tab key.

`python docs/readme.py` after a claim, a model or a workflow was added or changed its name, statement or arguments;
tests compare all three with the code. The site has a page of its own, with formulas and verdicts (`docs/results.py`).
"""

from pathlib import Path

import jaxcollapse as jc
from jaxcollapse.arguments.reference import Reference
from jaxcollapse.cli import _words
from jaxcollapse.verification.claim import Claim

HERE = Path(__file__).parent
README, LIST = HERE.parent / "README.md", HERE / "claims.md"
BEGIN, END = "<!-- claims: begin (python docs/readme.py) -->", "<!-- claims: end -->"
Paper = tuple[Reference | None, list[Claim]]


def by_paper() -> list[Paper]:
    """The papers with their claims; None for those without a paper."""
    found: dict[Reference | None, list[Claim]] = {}
    for claim in jc.claims.all(networks=True):
        found.setdefault(claim.reference, []).append(claim)
    return list(found.items())


def anchor(reference: Reference | None) -> str:
    """Where the claims of a paper begin on the page."""
    return "own" if reference is None else reference.key


def title(reference: Reference | None) -> str:
    """The paper with its link, or that there is none."""
    if reference is None:
        return "Without a paper: derived here"
    return f"{reference.short}, [{reference.title}](https://arxiv.org/abs/{reference.arxiv})"


def table() -> str:
    """How many claims each paper has, with links to them."""
    papers, place = by_paper(), f"docs/{LIST.name}"
    named = [("without a paper" if paper is None else paper.short, claims, anchor(paper)) for paper, claims in papers]
    entries = [f"{name} [{len(claims)}]({place}#{end})" for name, claims, end in named]
    total = sum(len(claims) for _, claims in papers)
    return f"{total} claims; each number leads to the statements: {', '.join(entries)}."


def page() -> str:
    """Every claim with its statement, paper by paper."""
    lines = [
        "# All claims",
        "",
        "Written by `python docs/readme.py`. `jaxcollapse show CLAIM` prints the formula, the protocol and the BibTeX",
        "of one, `jaxcollapse verify CLAIM` decides it. The site has the verdicts of the last full run.",
    ]
    for reference, claims in by_paper():
        lines += ["", f'<a id="{anchor(reference)}"></a>', "", f"## {title(reference)}", ""]
        lines += ["| claim | statement |", "|---|---|"]
        lines += [f"| `{claim.name}` | {claim.statement} |" for claim in claims]
    return "\n".join(lines) + "\n"


def readme() -> str:
    """The README with the table of today between its marks."""
    head, rest = README.read_text(encoding="utf-8").split(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
    LIST.write_text(page(), encoding="utf-8")
    _words.FILE.write_text(_words.text(), encoding="utf-8")
