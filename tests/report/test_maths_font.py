"""The font of formulas that a report brings: roots and tall brackets are drawn, and no character is missing."""

import base64
import re
import shutil
import subprocess
import unicodedata
from html import unescape
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from fontTools.ttLib import TTFont

import jaxcollapse as jc
from jaxcollapse import report
from jaxcollapse.report import typeset

FONTS = Path(report.__file__).parent / "fonts"


@pytest.fixture(scope="module")
def font():
    return TTFont(FONTS / "maths.woff")


def italic(letter):
    """What a browser shows for a letter that stands alone in a formula."""
    kind = unicodedata.name(letter, "")
    if letter == "h":
        return "ℎ"
    found = re.fullmatch(r"(LATIN|GREEK) (SMALL|CAPITAL) LETTER (\w+)", kind)
    if found is None:
        return letter
    script, size, name = found.groups()
    return unicodedata.lookup(f"MATHEMATICAL ITALIC {size} {name.replace('LAMBDA', 'LAMDA')}")


def test_it_has_every_character_of_every_formula(font):
    """Those of the claims, and of the signs that `typeset` knows."""
    known, formulas = font.getBestCmap(), [claim.formula for claim in jc.claims.all(networks=True)]
    formulas.append(" ".join(f"a {sign} b" for sign in "−·…≤≥≈≍≫≪∝→←~±∞∏∫‖×∈≠ℓ"))
    for formula in formulas:
        for maths in re.findall(r"<math.*?</math>", typeset.html(formula), re.DOTALL):
            text = unescape(re.sub(r"<[^>]*>", "", maths))
            alone = [unescape(letter) for letter in re.findall(r"<mi>([^<]|&[^;]*;)</mi>", maths)]
            missing = {c for c in [*text, *map(italic, alone)] if ord(c) not in known and not c.isspace()}
            assert not missing, formula


def test_it_can_draw_a_root_of_any_height(font):
    """The table MATH, without which a browser draws none: constants, larger radicals, and parts for the largest."""
    table = font["MATH"].table
    assert table.MathConstants.RadicalRuleThickness.Value > 0
    variants = table.MathVariants
    upright = dict(zip(variants.VertGlyphCoverage.glyphs, variants.VertGlyphConstruction, strict=True))
    cmap = font.getBestCmap()
    for character in "√()[]{}|‖":
        construction = upright[cmap[ord(character)]]
        assert len(construction.MathGlyphVariantRecord) > 2 and construction.GlyphAssembly is not None, character
    outlines = font.getGlyphSet()
    for record in upright[cmap[ord("√")]].MathGlyphVariantRecord:
        assert record.VariantGlyph in outlines


def test_the_page_brings_it_with_its_licence(verification, tmp_path):
    page = report.write(verification, tmp_path).read_text(encoding="utf-8")
    embedded = re.search(r'font-family: "jaxcollapse maths"; src: url\("data:font/woff;base64,([^"]*)"\)', page)[1]
    assert base64.b64decode(embedded) == (FONTS / "maths.woff").read_bytes()
    assert len(embedded) < 70_000 and 'math { font-size: 1.1em; font-family: "jaxcollapse maths"' in page
    assert "GUST" in (FONTS / "README.md").read_text() and (FONTS / "GUST-FONT-LICENSE.txt").exists()
    name = TTFont(FONTS / "maths.woff")["name"]
    assert name.getDebugName(1) == "jaxcollapse maths" and "Latin Modern Math" in name.getDebugName(0)


def screenshot(browser, page, tmp_path):
    """How dark each pixel of a page is."""
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += ["--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"]
    options += ["--hide-scrollbars", "--virtual-time-budget=2000", "--window-size=400,200"]
    command = [browser, *options, f"--screenshot={tmp_path / 'page.png'}", (tmp_path / "page.html").as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    return 1 - matplotlib.image.imread(tmp_path / "page.png")[..., :3].mean(axis=-1)


def test_a_root_has_ink_in_a_browser(verification, tmp_path):
    """What stands below the root is hidden: the ink is that of the sign, and of a bar as long as what it covers."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    page = report.write(verification, tmp_path / "report").read_text(encoding="utf-8")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    body = '<body style="background: white; color: black; font-size: 30px">'
    root = '<math style="color: black"><msqrt><mspace width="100px" height="{}px"></mspace></msqrt></math>'
    for height in (20, 60):
        plain = f"<!DOCTYPE html><html><head><style>{style}</style></head>{body}{root.format(height)}</body></html>"
        ink = screenshot(browser, plain, tmp_path) > 0.5
        assert ink.sum(axis=1).max() >= 90, "no bar"
        rows = np.flatnonzero(ink.any(axis=1))
        assert rows[-1] - rows[0] >= height, "no sign"
        left = ink[:, : np.flatnonzero(ink.any(axis=0))[0] + 5]
        assert left.any()
