"""What the Tab key offers: names of claims and papers, of models and workflows, and of their arguments. Without JAX."""

from pathlib import Path
from typing import Any

from jaxcollapse.cli import _words


def claims(incomplete: str) -> list[tuple[str, str]]:
    """Claims, with their statements."""
    return [(name, said) for name, said in _words.known()["claims"].items() if name.startswith(incomplete)]


def papers(incomplete: str) -> list[tuple[str, str]]:
    """Papers by their keys, or by arXiv number if one is begun."""
    numbered = incomplete[:1].isdigit()
    offered = {arxiv if numbered else key: title for key, (arxiv, title) in _words.known()["papers"].items()}
    return [item for item in offered.items() if item[0].startswith(incomplete)]


def models(incomplete: str) -> list[str]:
    """Models that words can describe, and TOML files."""
    files = sorted(str(path) for path in Path().glob(f"{incomplete}*.toml")) if "*" not in incomplete else []
    return [name for name in _words.known()["models"] if name.startswith(incomplete)] + files


def workflows(incomplete: str) -> list[str]:
    """Workflows."""
    return [name for name in _words.known()["workflows"] if name.startswith(incomplete)]


def figured_papers(incomplete: str) -> list[str]:
    """Papers with figures."""
    return [name for name in _words.known()["figures"] if name.startswith(incomplete)]


def figures(ctx: Any, incomplete: str) -> list[str]:
    """Figures of the paper that was named by its key."""
    numbers = _words.known()["figures"].get(ctx.params.get("paper"), [])
    return [number for number in numbers if number.startswith(incomplete)]


def model_settings(ctx: Any, incomplete: str) -> list[str]:
    """The arguments of the model that was named, each with its ``=``."""
    return _settings(_words.known()["models"], ctx, incomplete)


def workflow_settings(ctx: Any, incomplete: str) -> list[str]:
    """The arguments of the workflow that was named, each with its ``=``."""
    return _settings(_words.known()["workflows"], ctx, incomplete)


def _settings(known: dict[str, list[str]], ctx: Any, incomplete: str) -> list[str]:
    # An option without its value, as here, keeps words before it from being assigned: they are in `args`.
    typed = (ctx.params.get("model"), ctx.params.get("workflow"), *ctx.args)
    found = [setting for word in typed if word in known for setting in known[word]]
    return [f"{setting}=" for setting in found if setting.startswith(incomplete)]
