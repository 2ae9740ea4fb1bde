"""A figure as an entry: of which paper, what it shows, with which settings, and the function that draws it."""

import dataclasses
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import matplotlib.figure
from jaxtyping import Array, Key
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from jaxcollapse.arguments.check import check_integer, check_key
from jaxcollapse.arguments.reference import Reference
from jaxcollapse.arguments.types import Count
from jaxcollapse.figures.legend import make_room
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.replication.estimate import Estimate
from jaxcollapse.replication.monte_carlo import monte_carlo

_WIDTH, _HEIGHT, _LETTERS = 4.4, 3.6, 14  # of a panel, in inches, and letters of a title to the inch
_QUICK, _FEWEST = 20, 10


class Runs(NamedTuple):
    """What the simulated points of a figure are made of."""

    key: Key[Array, ""]
    replications: int

    def estimate(self, function: Callable) -> Estimate:
        """The mean of a function of a key."""
        return monte_carlo(function, self.key, self.replications)


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of a paper, drawn again by what this library predicts and simulates.

    **Arguments**

    - `reference`: the paper.
    - `number`: that of the figure in the paper, such as ``"1a"``, or a word where the paper's own is not known.
    - `shows`: what is drawn, in one sentence.
    - `settings`: the numbers, as they stand in the title.
    - `panel`: a function for each panel, which draws on given axes what it takes from given `Runs`.
    - `replications`: how many there are by default.
    - `ours`: what is not the paper's.
    """

    reference: Reference
    number: str
    shows: str
    settings: str
    panels: Sequence[Callable[[Axes, Runs], Any]]
    replications: int
    ours: str = ""

    @property
    def name(self) -> str:
        """The key of the paper and the number."""
        return f"{self.reference.key}-{self.number}"

    @property
    def title(self) -> str:
        """The paper and the number, as people say them."""
        which = f"figure {self.number}" if self.number[0].isdigit() else self.number.replace("-", " ")
        return f"{self.reference.short}, {which}"

    @property
    def few(self) -> int:
        """So many replications as show in seconds what the figure is."""
        return max(self.replications // _QUICK, _FEWEST)

    def draw(self, *, key: Any = None, replications: Count | None = None) -> matplotlib.figure.Figure:
        """The figure, in double precision.

        **Arguments**

        - `key`: a typed key; ``jax.random.key(0)`` by default.
        - `replications`: of every simulated point, at least 2; those of the entry by default.

        **Returns** a figure of matplotlib, which belongs to no window: ``figure.savefig("figure.pdf")`` writes it.

        **Raises** `ValueError` or `TypeError` for other arguments.

        ```python
        >>> import jaxcollapse as jc
        >>> picture = jc.figures.get("gerstgrasser2024", "regression").draw(replications=50)
        >>> [axes.get_xlabel() for axes in picture.axes]
        ['generation g']

        ```
        """
        key = jax.random.key(0) if key is None else key
        check_key("key", key)
        count = self.replications if replications is None else replications
        check_integer("replications", count, minimum=2)
        width = _WIDTH * max(len(self.panels), 1.3)
        picture = matplotlib.figure.Figure(figsize=(width, _HEIGHT), layout="constrained")
        FigureCanvasAgg(picture)
        axes = picture.subplots(1, len(self.panels), squeeze=False)[0]
        with enable_x64(True):
            for panel, ax in zip(self.panels, axes, strict=True):
                panel(ax, Runs(key, int(count)))
        head, settings = (
            textwrap.fill(text, round(_LETTERS * width))
            for text in (f"{self.title}: {self.shows}", f"{self.settings} {count:,} replications.")
        )
        picture.suptitle(f"{head}\n{settings}", fontsize="small")
        make_room(picture)
        return picture
