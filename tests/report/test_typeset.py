"""Formulas of claims in LaTeX and MathML: nothing is lost, and scripts, fractions, sums and words are as meant."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

import jaxcollapse as jc
from jaxcollapse.report.typeset import html, latex

SMALL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
FORMULAS = sorted({claim.formula for claim in jc.claims.all(networks=True) if claim.formula})


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("R(g) = g σ² d / (n − d − 1)", r"R(g) = g \sigma^{2} \frac{d}{n - d - 1}"),
        ("Σ_{i≤g} 1/i²", r"\sum_{i\le g} \frac{1}{i^{2}}"),
        ("tr Σ(Σ + κ)⁻²/(m − df₂)",
         r"\operatorname{tr} \frac{\Sigma(\Sigma + \kappa)^{-2}}{m - \operatorname{df}_{2}}"),
        ("R(λ(T))/R(λ(T₀))", r"\frac{R(\lambda(T))}{R(\lambda(T_{0}))}"),
        ("log λ_i/g", r"\log \lambda_{i}/g"),
        ("(d + 1)/Σ n_i", r"(d + 1)/\sum n_{i}"),
        ("σ̂²_T", r"\hat{\sigma}_{T}^{2}"),
        ("√(k² + 4k)", r"\sqrt{k^{2} + 4 k}"),
        ("p_g^(1/τ)", r"p_{g}^{\tfrac{1}{\tau}}"),
        ("a product of two", r"\text{a}\ \text{product}\ \text{of}\ \text{two}"),
        ("a = 1,797", "a = 1{,}797"),
        ("(1 − 1/n)^g", r"\left(1 - \frac{1}{n}\right)^{g}"),
        ("1 − cp", "1 - c p"),
        ("P{x} = }", r"P \{x\} = \}"),
        (r"$\frac{a}{b}$", r"\frac{a}{b}"),
    ],
)  # fmt: skip
def test_latex(formula, expected):
    assert latex(formula) == expected


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_formula_of_the_library_loses_anything(formula):
    text = latex(formula)
    assert text.isascii()
    whole = formula.translate(SMALL).replace("½", "12").replace("¼", "14")
    assert sorted(re.findall(r"\d", text)) == sorted(re.findall(r"\d", whole))
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    tree = ElementTree.fromstring(f"<p>{html(formula)}</p>")
    shown = "".join(tree.itertext())
    assert sorted(re.findall(r"\d", shown)) == sorted(re.findall(r"\d", whole))
    assert "\\" not in shown


def test_words_are_text_and_mathematics_breaks_between_them():
    tree = ElementTree.fromstring(f"<p>{html('R(g) = 1, once g > 1 <and> more')}</p>")
    assert len(tree) == 3 and all(element.tag.endswith("math") for element in tree)
    assert tree[0].tail == ", once " and tree[1].tail == "and" and tree[2].tail == " more"


@pytest.mark.parametrize(
    "formula", ["", "((", "))", "x_", "x^", "√", "a/", "/", "{", "Σ", "x_{", r"\alpha + 1", "a__b^^c"]
)
def test_what_is_no_formula_does_no_harm(formula):
    ElementTree.fromstring(f"<p>{html(formula)}</p>")
