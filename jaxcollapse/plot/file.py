"""A picture as a file: PNG, PDF or SVG, each of which says how it was made and has the same bytes every time."""

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

_DOTS = 160  # to the inch, of PNG
_METADATA = {
    ".png": lambda made_by, about: {"Software": made_by, "Description": about},
    ".pdf": lambda made_by, about: {"Creator": made_by, "Subject": about, "CreationDate": None},
    ".svg": lambda made_by, about: {"Creator": made_by, "Description": about, "Date": None},
}
SUFFIXES = tuple(_METADATA)
"""The kinds of files."""


def write(figure: Figure, path: Path, *, made_by: str, about: str) -> None:
    """Write a figure in the format that the suffix of the path names, one of `SUFFIXES`."""
    with matplotlib.rc_context({"svg.hashsalt": made_by, "pdf.fonttype": 42}):  # letters of a PDF stay letters
        figure.savefig(path, dpi=_DOTS, metadata=_METADATA[path.suffix](made_by, about))
