"""What the Tab key offers: names of claims and papers, of models and workflows, and of their arguments."""

from pathlib import Path
from typing import Any

import typer


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


def model_settings(ctx: typer.Context, incomplete: str) -> list[str]:
    """The arguments of the model that was named, each with its ``=``."""
    from jaxcollapse.cli import _build

    return _settings(_build.models(), ctx.params.get("model"), incomplete)


def workflow_settings(ctx: typer.Context, incomplete: str) -> list[str]:
    """The arguments of the workflow that was named, each with its ``=``."""
    from jaxcollapse.cli import _build

    return _settings(_build.workflows(), ctx.params.get("workflow"), incomplete)


def _settings(known: dict[str, Any], name: str | None, incomplete: str) -> list[str]:
    from jaxcollapse.cli import _build

    if name not in known:
        return []
    return [f"{setting}=" for setting in _build.settings(known[name]) if setting.startswith(incomplete)]
