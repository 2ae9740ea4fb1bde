"""A paper: how to cite it, and what people call it."""

import dataclasses
import re
from collections.abc import Iterable

from jaxcollapse.arguments.names import did_you_mean, shortened


@dataclasses.dataclass(frozen=True)
class Reference:
    """A paper."""

    key: str
    authors: str
    title: str
    year: int
    arxiv: str

    @property
    def short(self) -> str:
        """The first author and the year."""
        first = self._surnames
        who = first[0] if len(first) == 1 else " and ".join(first) if len(first) == 2 else f"{first[0]} et al."
        return f"{who} {self.year}"

    @property
    def names(self) -> tuple[str, ...]:
        """What a user may call it, in small letters: the key, the arXiv number, the first author."""
        return self.key, self.arxiv, self._surnames[0].lower()

    @property
    def bibtex(self) -> str:
        """The BibTeX entry."""
        authors = self.authors.replace(", and ", " and ").replace(", ", " and ")
        return (
            f"@misc{{{self.key},\n  title = {{{self.title}}},\n  author = {{{authors}}},\n  year = {{{self.year}}},\n"
            f"  eprint = {{{self.arxiv}}},\n  archivePrefix = {{arXiv}}\n}}"
        )

    @property
    def _surnames(self) -> list[str]:
        return [name.split()[-1] for name in self.authors.replace(" and ", ", ").split(", ")]


def called(paper: str, papers: Iterable[Reference], having: str) -> list[Reference]:
    """The papers of this key, arXiv number (with ``arXiv:`` or a version or not) or first author, in any case.

    `having` says of the message what all `papers` have.

    **Raises** `ValueError` where there is none: the message says what is allowed, and names the nearest or all.

    ```python
    >>> works = [Reference("roe2024", "John Roe", "A", 2024, "1"), Reference("roe2025", "John Roe", "B", 2025, "2")]
    >>> [paper.key for name in ("Roe", "arXiv:2v1") for paper in called(name, works, "claims")]
    ['roe2024', 'roe2025', 'roe2025']

    ```
    """
    papers = list(papers)
    name = str(paper).lower().removeprefix("arxiv:")
    number = re.sub(r"(?<=\d)v\d+$", "", name)
    found = [reference for reference in papers if name in reference.names or number == reference.arxiv]
    if not found:
        known = [reference.key for reference in papers]
        hint = did_you_mean(name, known) or f"; there are {', '.join(sorted(known))}"
        allowed = f"a key, an arXiv number or a first author with {having}"
        raise ValueError(f"paper must be {allowed}, got {shortened(repr(paper))}{hint}")
    return found
