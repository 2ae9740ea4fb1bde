"""The words that the Tab key offers, in a file beside this one: the shell must not wait for JAX to hear them.

`python docs/readme.py` writes the file from the code, and a test compares the two.
"""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("words.json")


def known() -> dict[str, Any]:
    """The words in the file: claims, papers, figures, models and workflows by name."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def text() -> str:
    """What the file must hold for the claims, figures, models and workflows of today."""
    from jaxcollapse import claims, figures
    from jaxcollapse.cli import _build

    words = {
        "claims": {claim.name: claim.statement for claim in claims.all(networks=True)},
        "papers": {key: [r.arxiv, f"{r.short}: {r.title}"] for key, r in claims.papers().items()},
        "figures": {
            figure.reference.key: [f.number for f in figures.of(figure.reference.key)] for figure in figures.all()
        },
        "models": {name: _build.settings(kind) for name, kind in _build.models().items()},
        "workflows": {name: _build.settings(kind) for name, kind in _build.workflows().items()},
    }
    return json.dumps(words, indent=1, ensure_ascii=False) + "\n"
