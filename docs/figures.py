"""Writes `docs/results/figures.md`, which figure of which paper is drawn by which command; the site's build calls it.

`python docs/figures.py --draw` first draws those that `docs/pictures/figures/` lacks, some minutes for all.
"""

import sys
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from reference import write

import jaxcollapse as jc
from jaxcollapse.figures.figure import Figure
from jaxcollapse.plot import file

HERE = Path(__file__).parent
PICTURES = HERE / "pictures" / "figures"


def picture(entry: Figure) -> Path:
    """Where the picture of a figure is kept."""
    return PICTURES / f"{entry.name}.png"


def section(entry: Figure) -> list[str]:
    """What is drawn, the command, and the picture if there is one."""
    said = f"{entry.shows[0].upper()}{entry.shows[1:]} {entry.settings}"
    lines = [f"### {entry.title}", "", said + (f" Ours: {entry.ours}." if entry.ours else ""), ""]
    lines += ["```bash", f"jaxcollapse figure {entry.reference.key} {entry.number} --out figure.pdf", "```", ""]
    if picture(entry).exists():
        lines += [
            f"{{.wide .panels-{len(entry.panels)}}}",
            f"![{entry.title}: {said}](../{picture(entry).relative_to(HERE)})",
            "",
        ]
    return lines


def page() -> str:
    """Every figure, paper by paper."""
    lines = [
        "# Figures of the papers",
        "",
        "Theory as lines, simulation as points with 95 % intervals, by the settings of the papers where these are",
        "known. `jaxcollapse figure` lists all, `--quick` draws one in seconds, `--out` writes PDF, SVG or PNG. In",
        "Python each is an entry of {py:obj}`jaxcollapse.figures.all <jaxcollapse.figures.all>`, whose `draw` gives a",
        "figure of matplotlib. An entry has a word for its number where the number in the paper is not known to us.",
        "",
    ]
    last = None
    for entry in jc.figures.all():
        paper = entry.reference
        if paper is not last:
            lines += [f"## {paper.short}", "", f"[{paper.title}](https://arxiv.org/abs/{paper.arxiv})", ""]
            last = paper
        lines += section(entry)
    return "\n".join(lines)


def draw() -> None:
    """The pictures that are missing."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for entry in jc.figures.all():
        if not picture(entry).exists():
            made = {"made_by": f"jaxcollapse {jc.__version__}", "about": entry.title}
            file.write(entry.draw(), picture(entry), **made)
            shrink(picture(entry))


def shrink(path: Path) -> None:
    """A picture of 64 colours, which is a third of the size."""
    with Image.open(path) as full:
        about = PngInfo()
        for name, text in full.text.items():
            about.add_itxt(name, text)
        small = full.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small.save(path, optimize=True, pnginfo=about)


if __name__ == "__main__":
    if "--draw" in sys.argv[1:]:
        draw()
    write(HERE / "results" / "figures.md", page())
