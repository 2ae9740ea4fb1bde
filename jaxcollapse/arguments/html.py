"""Tables for notebooks, which show what `_repr_html_` returns. Without JAX."""

from collections.abc import Iterable, Sequence
from html import escape


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with its caption, every text of it escaped.

    ```python
    >>> html_table("a < b", ["x"], [["1 & 2"]])
    '<table><caption>a &lt; b</caption><tr><th>x</th></tr><tr><td>1 &amp; 2</td></tr></table>'

    ```
    """
    lines = [_row("th", head), *(_row("td", row) for row in rows)]
    return f"<table><caption>{escape(caption)}</caption>{''.join(lines)}</table>"


def _row(kind: str, cells: Sequence[object]) -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(str(cell))}</{kind}>' for cell in cells)}</tr>"
