"""`jaxcollapse explore`: a page with sliders, on which the theory is redrawn while they are dragged."""

import webbrowser
from typing import Annotated

import typer

from jaxcollapse.cli import _complete
from jaxcollapse.cli._print import check_known
from jaxcollapse.cli._status import Status

EPILOG = f"""\
Examples:
  jaxcollapse explore
  jaxcollapse explore Gaussian Accumulate
  jaxcollapse explore --no-browser --port 8000     (for a tunnel: ssh -L 8000:127.0.0.1:8000)

Only this computer can open the page, at the address that is printed.
Ctrl-C ends it. Exit status: {Status.INTERRUPTED} then, {Status.USAGE} for wrong usage.
"""


def explore(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="The first model.", autocompletion=_complete.models)
    ] = "LinearRegression",
    workflow: Annotated[
        str, typer.Argument(metavar="WORKFLOW", help="The first workflow.", autocompletion=_complete.workflows)
    ] = "Replace",
    port: Annotated[int, typer.Option(help="Of the page; 0 takes one that is free.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
) -> None:
    """Open a page with a slider for every number of a model and a workflow.

    The predicted curve is redrawn while a slider is dragged, simulated points
    come on demand, and the calls that give the same picture stand below it.
    """
    from jaxcollapse.cli import _cache, _explorer
    from jaxcollapse.cli._server import Server

    about = _explorer.known()
    for name, part, hint in ((model, "models", "MODEL"), (workflow, "workflows", "WORKFLOW")):
        check_known(f"{hint.lower()} to explore", name, about[part], hint)
    _cache.keep_compilations()
    first = {"model": model, "workflow": workflow}
    try:
        server = Server(port, {**about, "first": first}, {"curve": _explorer.curve, "points": _explorer.points})
    except OSError as error:
        raise typer.BadParameter(f"cannot take port {port}: {error.strerror}", param_hint="--port") from None
    with server:
        print(f"{server.address}\nCtrl-C ends it.", flush=True)
        if browser:
            webbrowser.open(server.address)
        server.serve_forever()
