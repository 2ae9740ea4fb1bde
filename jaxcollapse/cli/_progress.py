"""What `jaxcollapse verify` shows while it works, and how it ends."""

import time
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from jaxcollapse import plot, report

if TYPE_CHECKING:
    from jaxcollapse.verification.claim import Claim
    from jaxcollapse.verification.verdict import Verdict, Verification

_FEWEST_TIMES = 4  # claims whose mean time says something of the others
_STYLES = {"holds": "green", "fails": "bold red", "undecided": "yellow"}


def start(stream: TextIO, claims: "list[Claim]", settings: str, workers: int = 1) -> "_Screen | _Lines":
    """A table on a terminal, lines elsewhere."""
    if not stream.isatty():
        return _Lines(stream)
    console = Console(file=stream, highlight=False)
    console.print(f"Testing {len(claims)} claim{'s' if claims[1:] else ''} ({settings})")
    return _Screen(console, claims, workers)


def conclude(stream: TextIO, result: "Verification") -> None:
    """Why the claims that do not hold do not, and the summary."""
    console = Console(file=stream, highlight=False)
    if console.is_terminal:
        console.print()
    for verdict in result:
        if verdict.outcome != "holds":
            more = f" About {verdict.needed:,} replications would decide." if verdict.needed else ""
            if verdict.outcome == "fails":
                gap = verdict.gap()
                more += f" {gap[0].upper()}{gap[1:]}."
            head = (f"{verdict.claim.name}: {verdict.outcome}", _STYLES[verdict.outcome])
            if verdict.claim.name.startswith("drawn-"):  # a random setting: its protocol is the call
                more += f" It is {verdict.claim.protocol}"
            console.print(Text.assemble(head, f": {verdict.reason}.{more}"), soft_wrap=not console.is_terminal)
    console.print(f"{report.summary(result)} ({report.duration(result.seconds)})", soft_wrap=not console.is_terminal)


class _Lines:
    """One line per finished claim, for logs and pipes."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def started(self, claim: "Claim", index: int, total: int) -> None:
        """Nothing: a line is printed when the claim is finished."""

    def decided(self, verdict: "Verdict") -> None:
        """Nothing: lines come in the order of the claims."""

    def finished(self, verdict: "Verdict") -> None:
        """Print the line."""
        found = verdict.gap() if verdict.outcome == "fails" else verdict.noticed()
        said = found and (f"{found}, " if verdict.outcome == "fails" else f"would notice {found}, ")
        print(
            f"{verdict.outcome:<9}  {verdict.claim.name}  {verdict.claim.relation.name}, {said}"
            f"{verdict.replications:,} replications, {verdict.seconds:.1f} s",
            file=self._stream,
            flush=True,
        )


class _Screen:
    """A table that grows by a row per finished claim, over lines that say what is running and what is left."""

    def __init__(self, console: Console, claims: "list[Claim]", workers: int = 1):
        self._console = console
        longest = max(len(claim.name) for claim in claims)
        self._width = min(longest, max(20, console.width - 54))
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        self._outlook, self._running = _Outlook(len(claims), workers), dict[str, _Clock]()
        fancy = (console.encoding or "").lower().startswith("utf")
        self._symbols = {"holds": "✓ ", "fails": "✗ ", "undecided": "? "} if fancy else dict.fromkeys(_STYLES, "")

    def __enter__(self) -> "_Screen":
        heads = ("verdict", "claim", "relation", "notices", "reps", "time")
        self._console.print(self._row(*(Text(head, "bold") for head in heads)))
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, claim: "Claim", index: int, total: int) -> None:
        """Say what is running."""
        self._running[claim.name] = _Clock(f"{claim.name} ({index + 1} of {total})")
        self._update()

    def decided(self, verdict: "Verdict") -> None:
        """It does not run any more."""
        self._running.pop(verdict.claim.name, None)
        self._outlook.decided(verdict.seconds)
        self._update()

    def _update(self) -> None:
        self._outlook.running = list(self._running.values())
        self._live.update(Group(*self._running.values(), self._outlook))

    def finished(self, verdict: "Verdict") -> None:
        """Add the row."""
        self._console.print(
            self._row(
                Text(self._symbols[verdict.outcome] + verdict.outcome, _STYLES[verdict.outcome]),
                Text(verdict.claim.name),
                Text(verdict.claim.relation.name),
                Text(plot.notices(verdict).removesuffix(" in the exponent")),
                Text(_short(verdict.replications)),
                Text(f"{verdict.seconds:.1f} s"),
            )
        )

    def _row(self, *cells: Text) -> Table:
        row = Table.grid(padding=(0, 1))
        row.add_column(width=11)
        row.add_column(width=self._width, overflow="fold")
        row.add_column(width=11)
        for width in (8, 7, 7):
            row.add_column(width=width, justify="right")
        row.add_row(*cells)
        return row


class _Clock:
    """A spinner with a text and the time since it was made."""

    def __init__(self, text: str):
        self._text, self._began, self._spinner = text, time.perf_counter(), Spinner("dots")

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.perf_counter() - self._began

    def __rich__(self) -> Spinner:
        self._spinner.update(text=Text(f"{self._text}, {self.seconds:.0f} s"))
        return self._spinner


class _Outlook:
    """How many claims are decided, running and left, and how long that takes if they are like those before.

    The time of a claim is that of compilation and simulation, and the first looks of one say nothing of it: so the
    estimate is the mean of claims that are decided, and there is none before some are.
    """

    def __init__(self, claims: int, workers: int):
        self._claims, self._workers, self._times = claims, workers, list[float]()
        self.running: list[_Clock] = []

    def decided(self, seconds: float) -> None:
        """One more, that took so long."""
        self._times.append(seconds)

    def remaining(self) -> float | None:
        """Seconds, or None where nothing is known."""
        if len(self._times) < _FEWEST_TIMES:
            return None
        mean = sum(self._times) / len(self._times)
        waiting = self._claims - len(self._times) - len(self.running)
        under_way = sum(max(mean - clock.seconds, 0.0) for clock in self.running)
        return (waiting * mean + under_way) / self._workers

    def __rich__(self) -> Text:
        done = len(self._times)
        text = f"  {done} decided, {len(self.running)} running, {self._claims - done - len(self.running)} left"
        seconds = self.remaining()
        if seconds:
            text += f", about {report.duration(seconds) if seconds < 60 else f'{seconds / 60:.0f} min'} to go"
        return Text(text, "dim")


def _short(count: int) -> str:
    """A count in at most six characters: ``4,096``, ``65.5k``, ``1.2M``."""
    for size, suffix in ((10**6, "M"), (10**3, "k")):
        if count >= 10 * size or (count >= size and suffix == "M"):
            return f"{count / size:.3g}{suffix}"
    return f"{count:,}"
