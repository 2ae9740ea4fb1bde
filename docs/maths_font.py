"""Makes the font of formulas, `jaxcollapse/report/fonts/maths.woff`: a subset of Latin Modern Math, renamed.

A browser draws roots and tall brackets from the table MATH of a font, and draws no root at all where the font that it
takes has none. So reports bring theirs. Run `python docs/maths_font.py latinmodern-math.otf` with the original of
https://www.gust.org.pl/projects/e-foundry/lm-math (or Debian's fonts-lmodern) and fontTools; the result is in the
repository, and made again only where formulas need characters that it lacks (`CHARACTERS`).
"""

import sys
import unicodedata
from pathlib import Path

from fontTools import subset

FONT = Path(__file__).parents[1] / "jaxcollapse" / "report" / "fonts" / "maths.woff"
NAME = "jaxcollapse maths"
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψωϑϕϖϱϵ"
PLAIN = "".join(map(chr, range(0x20, 0x7F))) + "\u00a0\u2009\u200a"
SIGNS = "±×·…′″‖√∀∃∂∇∈∉∏∐∑−∓∗∘∝∞∣∥∧∨∩∪∫∼≃≅≈≍≔≠≡≤≥≪≫⊂⊆⊕⊗⊤⊥⋅⋯←↑→↓↔⇐⇒⇔⌈⌉⌊⌋⟨⟩ℏℓ°¬"
ACCENTS = "\u0302\u0303\u0304\u0307¯ˆ˜˙‾"
CAPITALS = "𝔼ℙℝℕℤℂ𝟙𝒩ℒℱℋ"


def italic() -> str:
    """What a browser shows for a single letter of a formula."""
    found = [chr(code) for code in range(0x1D400, 0x1D7FF)]
    return "".join(c for c in found if unicodedata.name(c, "").startswith("MATHEMATICAL ITALIC ")) + "ℎ"


CHARACTERS = "".join(sorted({*PLAIN, *LATIN, *GREEK, *SIGNS, *ACCENTS, *CAPITALS, *italic()}))


def make(source: str) -> None:
    """Writes the subset."""
    options = subset.Options()
    options.flavor, options.hinting, options.layout_features = "woff", False, []
    options.name_IDs, options.notdef_outline, options.recalc_timestamp = ["*"], True, False
    options.desubroutinize, options.drop_tables = False, [*options.drop_tables, "DSIG"]
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=CHARACTERS)
    subsetter.subset(font)
    for record in list(font["name"].names):
        if record.nameID not in (0, 1, 2, 3, 4, 6, 13, 14):
            font["name"].removeNames(nameID=record.nameID)
    for place, text in ((1, NAME), (3, NAME), (4, NAME), (6, NAME.replace(" ", "-"))):
        font["name"].setName(text, place, 3, 1, 0x409)
    font["name"].setName(f"A subset of Latin Modern Math. {font['name'].getDebugName(0)}", 0, 3, 1, 0x409)
    font["CFF "].cff.fontNames[0] = NAME.replace(" ", "-")
    subset.save_font(font, str(FONT), options)
    print(f"{FONT}: {FONT.stat().st_size:,} bytes, {len(font.getGlyphOrder())} glyphs")


if __name__ == "__main__":
    make(sys.argv[1])
