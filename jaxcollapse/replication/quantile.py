"""Exact order statistics of more numbers than memory holds, by passes over them.

Every pass counts what lies below, at and between two bounds and keeps the first values between them. If all of those
could be kept, the answer is among them. Otherwise they are a sample of the rest, which gives closer bounds (Munro and
Paterson 1980, "Selection and sorting with limited storage"; Floyd and Rivest 1975).
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

_KEPT = 2**24
_DEVIATIONS = 4.0


def order_statistics(
    passes: Callable[[], Iterable[np.ndarray]],
    ranks: np.ndarray,
    minimum: np.ndarray,
    maximum: np.ndarray,
    kept: int = _KEPT,
) -> np.ndarray:
    """The value of every rank (0 is the smallest) in every column.

    **Arguments**

    - `passes`: called for each pass, gives the same rows in blocks of shape ``(rows, columns)``, in the same order.
    - `ranks`: shape ``(ranks,)``; `minimum`, `maximum`: of each column, shape ``(columns,)``.
    - `kept`: how many values may be held at a time.

    **Returns** shape ``(ranks, columns)``; NaN in columns with a NaN.

    ```python
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(1000, 1))
    >>> found = order_statistics(lambda: np.split(x, 10), np.array([499]), x.min(0), x.max(0), kept=50)
    >>> bool(found[0, 0] == np.sort(x[:, 0])[499])
    True

    ```
    """
    columns = len(minimum)
    room = max(64, kept // max(1, len(ranks) * columns))
    searches = [_Search(np.full(columns, rank), minimum, maximum, room) for rank in ranks]
    while any(not search.done.all() for search in searches):
        read = 0
        for rows in passes():
            read += len(rows)
            for search in searches:
                search.count(rows)
        if not read:
            raise RuntimeError("a pass over the replications gave no rows, no one knows why")
        for search in searches:
            search.narrow()
    return np.array([search.answer for search in searches])


def ranks_of(q: float | Sequence[float], count: int) -> tuple[np.ndarray, np.ndarray]:
    """The levels of quantiles, checked, and the rank of each among `count` values: the smallest that reaches it."""
    levels = np.asarray(q, float)
    if levels.ndim > 1 or not np.all((levels >= 0) & (levels <= 1)):
        raise ValueError(f"q must be numbers between 0 and 1, got {q}")
    return levels, np.clip(np.ceil(np.atleast_1d(levels) * count).astype(int) - 1, 0, count - 1)


@dataclasses.dataclass
class _Search:
    """The search for one rank in every column: what is known, and the counts of the present pass.

    The answer lies in ``[low, high]``; ``guess_low <= guess_high`` lie there too and divide what is counted.
    """

    rank: np.ndarray
    low: np.ndarray
    high: np.ndarray
    room: int

    def __post_init__(self):
        self.guess_low, self.guess_high = self.low.copy(), self.high.copy()
        self.answer = np.where(self.low == self.high, self.low, np.nan)
        self.done = (self.low == self.high) | np.isnan(self.low) | np.isnan(self.high)
        self._forget()

    def _forget(self):
        columns = len(self.rank)
        self.less, self.at_low, self.inside, self.at_high = (np.zeros(columns, int) for _ in range(4))
        self.kept = np.full((columns, self.room), np.inf)

    def count(self, rows: np.ndarray) -> None:
        """Count some rows, and keep what lies between the guesses while there is room."""
        self.less += (rows < self.guess_low).sum(axis=0)
        self.at_low += (rows == self.guess_low).sum(axis=0)
        self.at_high += ((rows == self.guess_high) & (self.guess_high > self.guess_low)).sum(axis=0)
        inside = ((rows > self.guess_low) & (rows < self.guess_high) & ~self.done).T
        column, row = np.nonzero(inside)
        counts = inside.sum(axis=1)
        place = self.inside[column] + np.arange(len(column)) - np.repeat(np.cumsum(counts) - counts, counts)
        fits = place < self.room
        self.kept[column[fits], place[fits]] = rows[row[fits], column[fits]]
        self.inside += counts

    def narrow(self) -> None:
        """Conclude from a pass."""
        self.kept.sort(axis=1)
        for c in np.flatnonzero(~self.done):
            edges = np.cumsum([self.less[c], self.at_low[c], self.inside[c], self.at_high[c]])
            where = int(np.searchsorted(edges, self.rank[c], side="right"))
            if where == 0:
                self._between(c, self.low[c], self.guess_low[c])
            elif where == 1:
                self._found(c, self.guess_low[c])
            elif where == 3:
                self._found(c, self.guess_high[c])
            elif where == 4:
                self._between(c, self.guess_high[c], self.high[c])
            elif self.inside[c] <= self.room:
                self._found(c, self.kept[c, self.rank[c] - edges[1]])
            else:
                self.low[c], self.high[c] = self.guess_low[c], self.guess_high[c]
                centre = (self.rank[c] - edges[1]) / self.inside[c] * self.room
                margin = min(_DEVIATIONS * 0.5 * np.sqrt(self.room) + 1, self.room / 4)
                first, last = int(centre - margin), int(np.ceil(centre + margin))
                self.guess_low[c] = self.kept[c, first] if first >= 0 else self.low[c]
                self.guess_high[c] = self.kept[c, last] if last < self.room else self.high[c]
        self._forget()

    def _found(self, c: Any, value: float) -> None:
        self.answer[c], self.done[c] = value, True

    def _between(self, c: Any, low: float, high: float) -> None:
        self.low[c], self.high[c] = low, high
        self.guess_low[c], self.guess_high[c] = low, high
