"""All figures, by the files of this folder: each that has `FIGURES` is found, and no list is kept."""

import functools

from jaxcollapse.arguments.names import did_you_mean, shortened
from jaxcollapse.figures.figure import Figure
from jaxcollapse.machine.modules import modules_of


def all() -> list[Figure]:  # noqa: A001 - jaxcollapse.figures.all() reads as what it is
    """Every figure, paper by paper.

    ```python
    >>> import jaxcollapse as jc
    >>> sum(figure.reference.key == "barzilai2025" for figure in jc.figures.all())
    4

    ```
    """
    return list(_known().values())


def of(paper: str) -> list[Figure]:
    """The figures of a paper: by its BibTeX key, its arXiv number, or the first author's name.

    **Raises** `ValueError` where there is none; the message says which papers have some.

    ```python
    >>> import jaxcollapse as jc
    >>> [figure.number for figure in jc.figures.of("2402.07712")]
    ['1a', '1b', '2']

    ```
    """
    found = [figure for figure in all() if str(paper).lower().removeprefix("arxiv:") in _names(figure)]
    if not found:
        known = sorted({figure.reference.key for figure in all()})
        hint = did_you_mean(paper, known) or f"; there are {', '.join(known)}"
        raise ValueError(f"paper must be one with figures, got {shortened(repr(paper))}{hint}")
    return found


def get(paper: str, number: str) -> Figure:
    """One figure of a paper.

    **Arguments**

    - `paper`: as for `of`.
    - `number`: that of the figure, such as ``"1a"``, or the word of an entry without one.

    **Raises** `ValueError` where there is none; the message says which there are.

    ```python
    >>> import jaxcollapse as jc
    >>> jc.figures.get("xu", "3").title
    'Xu et al. 2025, figure 3'

    ```
    """
    figures = of(paper)
    found = next((figure for figure in figures if figure.number == str(number)), None)
    if found is None:
        known = ", ".join(figure.number for figure in figures)
        who = figures[0].reference.short
        raise ValueError(f"number must be one of {known} for {who}, got {shortened(repr(number))}")
    return found


def _names(figure: Figure) -> tuple[str, ...]:
    """What a paper is called."""
    paper = figure.reference
    return paper.key, paper.arxiv, paper.key.rstrip("0123456789")


@functools.cache
def _known() -> dict[str, Figure]:
    files = modules_of("jaxcollapse.figures")
    return {figure.name: figure for file in files for figure in getattr(file, "FIGURES", ())}
