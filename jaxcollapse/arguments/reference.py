"""A paper, and how to cite it."""

import dataclasses


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
        names = self.authors.replace(" and ", ", ").split(", ")
        first = [name.split()[-1] for name in names]
        who = first[0] if len(first) == 1 else " and ".join(first) if len(first) == 2 else f"{first[0]} et al."
        return f"{who} {self.year}"

    @property
    def bibtex(self) -> str:
        """The BibTeX entry."""
        authors = self.authors.replace(", and ", " and ").replace(", ", " and ")
        return (
            f"@misc{{{self.key},\n  title = {{{self.title}}},\n  author = {{{authors}}},\n  year = {{{self.year}}},\n"
            f"  eprint = {{{self.arxiv}}},\n  archivePrefix = {{arXiv}}\n}}"
        )
