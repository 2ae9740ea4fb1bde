"""The program `jaxcollapse`: its commands, and its exit status."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from jaxcollapse.cli import bench, doctor, explore, figure, list, new, show, simulate, verify
from jaxcollapse.cli._help import Command, Group
from jaxcollapse.cli._status import Status

app = typer.Typer(
    name="jaxcollapse",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"""\
A first look:
  jaxcollapse list
  jaxcollapse verify --tour
  jaxcollapse verify gerstgrasser-replace --quick
  jaxcollapse simulate LinearRegression Replace \\
      --set dim=100 --set noise=1 --samples 200

Exit status of every command:
  {Status.OK:<3}  all well
  {Status.FAILED:<3}  something is wrong: a claim fails, the machine is not healthy
  {Status.USAGE:<3}  wrong usage
  {Status.UNDECIDED:<3}  verify only: no claim fails, but some are undecided
  {Status.INTERRUPTED:<3}  Ctrl-C, or told to end
""",
)
_THEOREMS, _SIMULATIONS, _MACHINE, _YOURS = "Theorems", "Simulations", "This machine", "Your own"
app.command(cls=Command, rich_help_panel=_THEOREMS, epilog=verify.EPILOG)(verify.verify)
app.command(name="list", cls=Command, rich_help_panel=_THEOREMS, epilog=list.EPILOG)(list.list_claims)
app.command(cls=Command, rich_help_panel=_THEOREMS, epilog=show.EPILOG)(show.show)
app.command(cls=Command, rich_help_panel=_SIMULATIONS, epilog=simulate.EPILOG)(simulate.simulate)
app.command(cls=Command, rich_help_panel=_SIMULATIONS, epilog=explore.EPILOG)(explore.explore)
app.command(cls=Command, rich_help_panel=_SIMULATIONS, epilog=figure.EPILOG)(figure.figure)
app.command(cls=Command, rich_help_panel=_MACHINE, epilog=bench.EPILOG)(bench.bench)
app.command(cls=Command, rich_help_panel=_MACHINE, epilog=doctor.EPILOG)(doctor.doctor)
app.add_typer(new.app, name="new", rich_help_panel=_YOURS)


def main() -> None:
    """The console script."""
    with _orderly():
        app()


@contextlib.contextmanager
def _orderly() -> Iterator[None]:
    """Any terminal can be written to, every way to be stopped ends alike, and a closed output is no error."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started this program
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif "utf" not in (stream.encoding or "").lower() and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    stop = _stopper()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, stop)
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            print("\nInterrupted.", file=sys.stderr)
        _leave_what_computes()
        raise SystemExit(Status.INTERRUPTED) from None
    except SystemExit as ended:
        if ended.code == Status.INTERRUPTED:
            _leave_what_computes()
        raise
    except BrokenPipeError:
        # Python flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(Status.FAILED) from None


_TOGETHER = 2.0  # seconds


def _stopper() -> Callable[[int, object], None]:
    """What a signal to end does: as Ctrl-C. Signals that come together are one: some programs send it twice."""
    last = -_TOGETHER

    def stop(number: int, frame: object) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before > _TOGETHER:
            raise KeyboardInterrupt

    return stop


def _leave_what_computes() -> None:
    """Ends now if a thread computes a long block: Python cannot end beside it, and would be aborted."""
    if not any(thread.daemon and thread is not threading.current_thread() for thread in threading.enumerate()):
        return
    for process in multiprocessing.active_children():
        process.terminate()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(Status.INTERRUPTED)


@app.callback()
def _root(
    version: Annotated[
        bool | None,
        typer.Option("--version", help="Show the version and exit.", callback=lambda v: _version(v), is_eager=True),
    ] = None,
) -> None:
    """Simulate model collapse, and test the theorems about it."""


def _version(wanted: bool | None) -> None:
    if wanted:
        from jaxcollapse import __version__

        print(f"jaxcollapse {__version__}")
        raise typer.Exit
