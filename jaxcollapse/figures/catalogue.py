"""All figures, by the files of this folder: each that has `FIGURES` is found, and no list is kept."""

import functools

from jaxcollapse.arguments.names import shortened
from jaxcollapse.arguments.reference import called
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
    found = called(paper, {figure.reference: None for figure in all()}, "figures")
    return [figure for figure in all() if figure.reference in found]


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


@functools.cache
def _known() -> dict[str, Figure]:
    files = modules_of("jaxcollapse.figures")
    return {figure.name: figure for file in files for figure in getattr(file, "FIGURES", ())}
