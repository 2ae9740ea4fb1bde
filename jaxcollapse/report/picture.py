"""The picture of a verdict as inline SVG."""

import io
import re
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from jaxcollapse import plot

if TYPE_CHECKING:
    from jaxcollapse.verification.verdict import Verdict


def svg(verdict: "Verdict", name: str) -> str:
    """The picture of one claim as an SVG element for an HTML page; `name` makes its ids unique on the page."""
    settings: dict[Any, Any] = {k: v for k, v in matplotlib.rcParamsDefault.items() if k != "backend"} | {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.family": ["DejaVu Sans"],
        "font.size": 9,
    }
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=plot.size(verdict), layout="constrained")
        FigureCanvasSVG(figure)
        plot.verdict(verdict, figure=figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<style.*?</style>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([^;\"]*)'DejaVu Sans'[^;\"]*", r"font: \1'DejaVu Sans', Verdana, sans-serif", text)
    text = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', text)
    text = re.sub(r'(xlink:href="#|url\(#)', rf"\1{name}-", text)
    alternative = f"Theory against simulation for the claim {verdict.claim.name}"
    return re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', _opening(r"\1", alternative), text, count=1)


def _opening(view: str, alternative: str) -> str:
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {spaces} {view} role="img" aria-label="{alternative}">'
