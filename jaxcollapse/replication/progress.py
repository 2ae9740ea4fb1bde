"""The bar that says how far a run is."""

import contextlib
import sys
from typing import Any


@contextlib.contextmanager
def progress_bar(replications: int, done: int, progress: bool | None, generations: int):
    """A progress bar that appears after two seconds.

    It counts replications; or, where networks are trained, the `generations` that each of them trains at all points.
    """
    interactive = "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
    if progress is False or (progress is None and not interactive):
        yield _NoBar()
        return
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm warns when a notebook lacks widgets, and falls back to text
        from tqdm.auto import tqdm

        delay = 0.0 if progress else 2.0
        each, unit = (generations, " generations") if generations else (1, " replications")
        total, initial = each * replications, each * done
        shown = tqdm(total=total, initial=initial, delay=delay, unit=unit, unit_scale=True, leave=False)
    with shown:
        yield _Bar(shown, each)


class _Bar:
    """A bar that is told of replications."""

    def __init__(self, bar: Any, each: int):
        self._bar, self._each = bar, each

    def unpause(self) -> None:
        """The time until now says nothing of the time that is left."""
        self._bar.unpause()

    def update(self, n: int) -> None:
        """`n` replications more."""
        self._bar.update(n * self._each)


class _NoBar:
    def unpause(self) -> None:
        """Nothing to show."""

    def update(self, n: int) -> None:
        """Nothing to show."""
