"""Runs the notebooks and keeps what they print and draw: `python docs/notebooks.py [NAME ...]`, all by default.

A notebook is a script in the percent format, which is what is edited, and the same cells with their outputs, which the
site shows as they are.
"""

import re
import sys
import tempfile
from pathlib import Path

import jupytext
import nbclient
import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_TIME = re.compile(r"[\d.,:]+ ?(?:s|ms|µs|seconds|minutes)\b|\d+:\d\d(?::\d\d)?")


def run(script: Path) -> nbformat.NotebookNode:
    """The notebook of a script, run in an empty folder from its first cell to its last."""
    notebook = jupytext.read(script)
    with tempfile.TemporaryDirectory() as folder:
        client = nbclient.NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": folder}})
        client.execute()
    heading = told = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            lines = cell.source.splitlines()
            heading = next((line.strip("# ") for line in lines if line.startswith("#")), heading)
            told = " ".join(line for line in lines if not line.startswith("#"))
        if cell.cell_type == "code":
            cell.outputs = _merged([kept for output in cell.outputs if (kept := _kept(output))])
            cell.metadata.pop("execution", None)
            if any("image/png" in output.get("data", {}) for output in cell.outputs):
                cell.metadata["mystnb"] = {"image": {"alt": described(heading, told)}}
    return notebook


def described(heading: str, text: str) -> str:
    """What a picture below a text is called: the heading, and as many sentences as say something, without marks."""
    plain = re.sub(r"\\(?:mathrm|text)\{(.*?)\}|\\[,;! ]|[*`$\\{}]|\]\(.*?\)", r"\1", text).replace("[", "")
    found = ""
    for sentence in re.split(r"(?<=[.:!?]) ", " ".join(plain.split())):
        found = f"{found} {sentence}".strip()
        if len(found) > 60:
            break
    return f"{heading}: {found}" if found else heading


def printed(notebook: nbformat.NotebookNode) -> list[str]:
    """What each cell prints and shows in words."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return ["".join(_words(output) for output in cell.outputs) for cell in code]


def alike(old: str, new: str) -> bool:
    """Whether two texts are one, times aside, and numbers up to a hundredth: machines round differently."""
    old, new = _TIME.sub("", old), _TIME.sub("", new)
    if _NUMBER.sub("", old).split() != _NUMBER.sub("", new).split():
        return False
    pairs = zip(_numbers(old), _numbers(new), strict=True)
    return all(abs(a - b) <= 0.01 * max(abs(a), abs(b)) + 1e-9 for a, b in pairs)


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in _NUMBER.findall(text)]


def _kept(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """Without warnings and progress, names of figures and the metadata of the program that ran it."""
    if output.output_type == "stream":
        return output if output.name == "stdout" else None
    output.metadata = {}
    if "image/png" in output.data:
        output.data.pop("text/plain", None)
    return output


def _merged(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Texts that follow one another as one."""
    merged: list[nbformat.NotebookNode] = []
    for output in outputs:
        if merged and output.output_type == merged[-1].output_type == "stream":
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


def _words(output: nbformat.NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    return output.data.get("text/plain", "")


if __name__ == "__main__":
    for script in sorted(NOTEBOOKS.glob("*.py")):
        if not sys.argv[1:] or any(script.stem.startswith(name) for name in sys.argv[1:]):
            print(script.stem, flush=True)
            jupytext.write(run(script), script.with_suffix(".ipynb"), fmt="ipynb")
