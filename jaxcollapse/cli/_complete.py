"""What the Tab key offers: names of claims and papers, of models and workflows, and of their arguments.

It takes as long as the import of the package: about 1.4 s of CPU.
"""

from pathlib import Path
from typing import Any


def claims(incomplete: str) -> list[tuple[str, str]]:
    """Claims, with their statements."""
    from jaxcollapse import claims as library

    return [(c.name, c.statement) for c in library.all() if c.name.startswith(incomplete)]


def papers(incomplete: str) -> list[tuple[str, str]]:
    """Papers by their keys, or by arXiv number if one is begun."""
    from jaxcollapse import claims as library

    named = {key: f"{r.short}: {r.title}" for key, r in library.papers().items()}
    numbered = {r.arxiv: f"{r.short}: {r.title}" for r in library.papers().values()}
    offered = numbered if incomplete[:1].isdigit() else named
    return [item for item in offered.items() if item[0].startswith(incomplete)]


def models(incomplete: str) -> list[str]:
    """Models that words can describe, and TOML files."""
    from jaxcollapse.cli import _build

    files = sorted(str(path) for path in Path().glob(f"{incomplete}*.toml")) if "*" not in incomplete else []
    return [name for name in _build.models() if name.startswith(incomplete)] + files


def workflows(incomplete: str) -> list[str]:
    """Workflows."""
    from jaxcollapse.cli import _build

    return [name for name in _build.workflows() if name.startswith(incomplete)]


def model_settings(ctx: Any, incomplete: str) -> list[str]:
    """The arguments of the model that was named, each with its ``=``."""
    from jaxcollapse.cli import _build

    return _settings(_build.models(), ctx, incomplete)


def workflow_settings(ctx: Any, incomplete: str) -> list[str]:
    """The arguments of the workflow that was named, each with its ``=``."""
    from jaxcollapse.cli import _build

    return _settings(_build.workflows(), ctx, incomplete)


def _settings(known: dict[str, Any], ctx: Any, incomplete: str) -> list[str]:
    from jaxcollapse.cli import _build

    # An option without its value, as here, keeps words before it from being assigned: they are in `args`.
    typed = (ctx.params.get("model"), ctx.params.get("workflow"), *ctx.args)
    found = [setting for word in typed if word in known for setting in _build.settings(known[word])]
    return [f"{setting}=" for setting in found if setting.startswith(incomplete)]
