"""Formulas that mean harm, or no formula at all: the page has mathematics or text, in a moment, and nothing else."""

import contextlib
import html.parser
import json
import time

import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.report import mathml, typeset

ACTS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</math><svg onload=alert(1)>",
    "javascript:alert(1)", "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;",
    "]]><script>1</script>", "<!--", "--><script>1</script>", "</title><script>1</script>",
    "\" onmouseover=\"alert(1)", "' onmouseover='alert(1)", "<style>*{display:none}</style>",
)  # fmt: skip
COMMANDS = (r"\text", r"\mathrm", r"\textrm", r"\operatorname", r"\mbox")
TAKE_TWO = (
    r"\href{javascript:alert(1)}{x}", r"\class{a onclick=1}{x}", r"\style{background:url(javascript:1)}{x}",
    r"\id{a}{x}", r"\color{red;background:url(x)}{x}", r"\colorbox{javascript:1}{x}", r"\mathcolor{x}{y}",
    r"\data{onload=1}{x}", r"\cssId{a}{x}", r"\unicode{x3c}", r"\require{html}", r"\url{javascript:1}",
    r"\includegraphics{http://127.0.0.1/x}", r"\def\a{\a\a}\a", r"\newcommand{\x}{<b>}\x",
    r"\html{<script>1</script>}", r"\special{html:<b>}", r"\input{/etc/passwd}", r"\write18{ls}",
    r"\begin{html}<script>1</script>\end{html}", r"\hspace{1em\" onclick=\"1}", r"\rule{1em}{1em}",
)  # fmt: skip
BROKEN = (
    r"\frac", r"\frac{a}", r"\frac{a", r"\frac{}{", "x^", "x_", "x^^y", "x__y", r"\left(", r"\right)",
    r"\left(x\right", r"\sqrt[", r"\sqrt[3", r"\begin{matrix}", r"\end{matrix}", r"\begin{matrix} a & b", "}",
    "{", r"\{", "\\", r"\\", r"\text{", r"\over", r"a \over b \over c", r"\limits", r"\not", r"\substack{a\\b",
    r"\xrightarrow", r"\binom{a", r"\operatorname", r"\mathrm", r"\hat", r"\bar{", r"\overset{a}",
    r"\alpha^\beta^\gamma", r"\frac\frac\frac", r"\left\left\right\right", "\\text{\x00}", "\\text{\x1b[2J}",
    "\\alpha\ud800", "\\text{\u202e}", "\\text{\ufffe}",
)  # fmt: skip
LARGE = (
    "(" * 20_000, "\\alpha" + "{" * 20_000, r"\sqrt{" * 5_000 + "x" + "}" * 5_000, "√" * 20_000 + "x",
    "x^" * 5_000 + "x", "a/" * 5_000 + "b", r"\frac{a}{" * 3_000 + "b" + "}" * 3_000, "x" * 200_000,
    "σ² " * 30_000, "_" * 20_000, r"\left(" * 3_000 + "x" + r"\right)" * 3_000, "{" * 20_000 + "}" * 20_000,
)  # fmt: skip
DEEP = (
    "(" * 1_900, "√" * 1_900 + "x", "x^" * 900 + "x", "a/" * 900 + "b", r"\sqrt{" * 280 + "x" + "}" * 280,
    "_" * 1_900, "(" * 900 + "x" + ")" * 900, r"\alpha" + "{" * 900 + "}" * 900, "σ² " * 600,
    r"\frac{a}{" * 180 + "b" + "}" * 180,
)  # fmt: skip
FORMULAS = [
    *(f"{command}{{{act}}}" for act in ACTS for command in COMMANDS[:2]),
    *(f"{command}{{{ACTS[0]}}}" for command in COMMANDS[2:]),
    *ACTS, *TAKE_TWO, *BROKEN, *DEEP, *LARGE,
]  # fmt: skip
ALLOWED = mathml._ELEMENTS | {"code"}


class Tree(html.parser.HTMLParser):
    """What a browser would make of it: names of elements, attributes, and what is left open."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.comments = set(), [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.open.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        self.comments.append(data)


def test_there_are_many():
    assert len(set(FORMULAS)) >= 75


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: ascii(formula[:24]))
def test_a_formula_is_mathematics_or_text(formula):
    began = time.process_time()
    text = typeset.html(formula)
    assert time.process_time() - began < 20
    text.encode()  # can be written
    tree = Tree(text)
    assert tree.tags <= ALLOWED and not tree.open and not tree.comments, (tree.tags - ALLOWED, tree.open)
    for name, value in tree.attributes:
        assert name in mathml._ATTRIBUTES | {"xmlns"} and ":" not in (value or "").replace("http://www.w3.org", "")
    if formula in DEEP or formula in LARGE:
        with contextlib.suppress(ValueError):  # a sentence
            typeset.latex(formula)
    else:
        assert isinstance(typeset.latex(formula), str)


@pytest.mark.slow
def test_a_report_of_them_is_written(tmp_path):
    claims = [
        jc.Claim(
            name=f"c-{i}", statement="x.", theory=0.5, experiment=jax.random.uniform, relation="equal", formula=formula
        )
        for i, formula in enumerate(FORMULAS)
        if len(formula) < 1000
    ]
    verification = jc.verify(claims, jax.random.key(0), precision="quick", progress=False)
    page = jc.report.write(verification, tmp_path).read_text(encoding="utf-8")
    plain = jc.report.write(
        jc.verify(claims[:1], jax.random.key(0), precision="quick", progress=False), tmp_path / "plain"
    )
    assert page.count("<script") == plain.read_text(encoding="utf-8").count("<script")


WORDS = ("$\\frac", "a $x$ b $y", "$", "$$", "$_^$", "\\", "%s {x} %(a)s", "\ud800", "\n\n", "_^", "\u202e", "<b>&amp;")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("words", WORDS, ids=ascii)
def test_words_of_a_claim_are_drawn_and_written(words, tmp_path):
    """As the quantity, as the labels, as the name of the axis, and everywhere else."""
    reference = jc.Reference("doe2024", f"Jane {words}", f"On {words}", 2024, "2401.00001")
    fields = dict(
        statement=f"{words}.", theory=np.array([0.5, 0.5]), relation="equal", formula=words, protocol=words,
        experiment=lambda key: jax.random.uniform(key, (2,)), quantity=f"mean {words}", reference=reference,
    )  # fmt: skip
    claims = [
        jc.Claim(name="doe-labels", labels=(f"a {words}", words), **fields),
        jc.Claim(name="doe-axis", axis=jc.Axis(words, [1.0, 2.0]), **fields),
    ]
    verification = jc.verify(claims, jax.random.key(0), precision="quick", progress=False)
    jc.report.keep(verification, tmp_path)
    page = jc.report.write(verification, tmp_path).read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    facts = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert facts["claims"][0]["statement"] == f"{words}."
