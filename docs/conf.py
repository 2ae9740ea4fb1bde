"""Builds the site: `sphinx-build -W --keep-going -j 2 docs docs/_build/html`. Nothing is loaded from elsewhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.errors import ExtensionError
from sphinx.util import logging

HERE = Path(__file__).parent
TOP = HERE.parent

project = "jaxcollapse"
author = "The jaxcollapse authors"
copyright = "the jaxcollapse authors, Apache-2.0"
extensions = ["myst_nb", "sphinx_copybutton", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "claims.md", "results/bibtex.md"]
myst_enable_extensions = ["amsmath", "attrs_block", "dollarmath"]
myst_heading_anchors = 3
smartquotes = False

nb_execution_mode = "off"  # `python docs/notebooks.py` runs them

add_module_names = False
maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"
html_theme = "furo"
html_title = "jaxcollapse"
html_static_path = ["style.css", "../jaxcollapse/report/fonts/maths.woff"]
html_css_files = ["style.css"]
html_math_renderer = "mathml"
html_copy_source = False
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .go"


def write_pages(app) -> None:
    """Fetches notebooks and the pages of the top folder, and writes the reference and the tables of results.

    In processes of their own: this one is forked by parallel reads, which JAX does not survive.
    """
    folder = HERE / "notebooks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for notebook in sorted((TOP / "notebooks").glob("*.ipynb")):
        shutil.copy2(notebook, folder)
    (HERE / "project").mkdir(exist_ok=True)
    for page in (TOP / "CHANGELOG.md", TOP / "CONTRIBUTING.md"):
        if page.exists():
            shutil.copy2(page, HERE / "project" / page.name.lower())
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    scripts = ("reference.py", "results.py", "predictions.py", "figures.py")
    started = [subprocess.Popen([sys.executable, HERE / script], **pipes) for script in scripts]
    for script, process in zip(scripts, started, strict=True):
        printed, said = process.communicate()
        if process.returncode:
            raise ExtensionError(f"docs/{script} failed:\n{said}")
        if missing := printed.split():
            logging.getLogger(__name__).info(
                "docs/verified.json has no verdict for %d claims (%s, ...): run `jaxcollapse verify`, "
                "then `python docs/results.py jaxcollapse-report/report.json`",
                len(missing),
                missing[0],
            )


def name_what_is_elsewhere(app, docname: str, source: list[str]) -> None:
    """Links to files that the site does not have become their text; pages of the top folder are read as from there."""
    folder = TOP if docname.startswith("project/") else (HERE / docname).parent

    def link(match: re.Match[str]) -> str:
        target = (folder / match[2]).resolve()
        if not target.is_relative_to(HERE):
            return match[1]
        return f"[{match[1]}](/{target.relative_to(HERE)}{match[3] or ''})" if folder == TOP else match[0]

    if not docname.startswith("notebooks/"):
        source[0] = re.sub(r"(?<!!)\[([^\]]+)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)]*)?\)", link, source[0])


def visit_math(self, node: nodes.Element) -> None:
    """Formulas as MathML, which browsers draw without a script."""
    block = isinstance(node, nodes.math_block)
    formula = convert(node.astext(), display="block" if block else "inline")
    if unknown := re.findall(r"<m[io]>(\\[^<]+|&)</m[io]>", formula):
        logging.getLogger(__name__).warning("MathML has no %s: %s", ", ".join(unknown), node.astext(), location=node)
    self.body.append(f'<div class="formula">{formula}</div>' if block else formula)
    raise nodes.SkipNode


def setup(app) -> None:
    """Connects what is above."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", name_what_is_elsewhere)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math, None))
