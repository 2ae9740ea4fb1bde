"""Formulas of docstrings, such as ``sigma^2 d/n``, typeset as those of claims are; code stays code.

A formula is what has no word but names of Greek letters and of functions, and a sign or a letter of mathematics.
"""

import re

from latex2mathml.converter import convert

from jaxcollapse.report import typeset

_SMALL = "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega"
_LETTERS = dict(zip(_SMALL.split(), "αβγδεζηθκλμνξπρστφχψω", strict=True))
_LETTERS |= dict(zip("Gamma Delta Theta Lambda Phi Psi Omega".split(), "ΓΔΘΛΦΨΩ", strict=True))
_LETTERS |= {"chi2": "χ²", "Sigma": "Ξ", "sum": "Σ", "prod": "∏", "sqrt": "√", "infinity": "∞"}
_SIGNS = {">=": "≥", "<=": "≤", "->": "→", "<-": "←", " * ": " · ", "...": "…", "-": "−"}
_FUNCTIONS = frozenset("exp log min max Var tr".split())
_CODE = re.compile(r"[\"`:;@%#$\\{}]|\*\*|==|\w\.[A-Za-z]|\d[eE]-?\d|log[_^]|\[\d*\]|^[_^]|^[\d.]+ s$")
_MARK = re.compile(r"[=<>^+/|~≥≤]| - |\w_\w|\d [a-z]")


def shown(code: str) -> str:
    r"""What stands between double backticks as a formula of Markdown, if it is one; else as it is.

    ```python
    >>> shown("sigma^2 d/n"), shown("samples >= dim"), shown("(4, 3)")
    ('$\\sigma^{2} \\frac{d}{n}$', '``samples >= dim``', '``(4, 3)``')

    ```
    """
    text = " ".join(code.split())
    return f"${found}$" if _is_formula(text) and (found := _latex(text)) else f"``{code}``"


def _is_formula(text: str) -> bool:
    words = re.findall(r"[A-Za-z]{2,}", text)
    known = all(len(word) == 2 and word[0].isupper() or word in _LETTERS or word in _FUNCTIONS for word in words)
    letters = any(word in _LETTERS for word in words) or re.fullmatch(r"[A-Za-z]'?", text)
    balanced = all(text.count(left) == text.count(right) for left, right in ("()", "[]"))
    return bool(known and balanced and not _CODE.search(text) and (letters or _MARK.search(text)))


def _latex(text: str) -> str:
    """LaTeX that the pages can show, or nothing. A covariance is no sum: until the end it is a letter of its own."""
    plain = re.sub(r"\b([A-Za-z])(\d)\b", r"\1_\2", text)
    plain = re.sub(r"([_^])(\d\w+|-\w+|-\([^()]*\))", r"\1(\2)", plain)
    for sign, better in _SIGNS.items():
        plain = plain.replace(sign, better)
    plain = re.sub(r"chi2|[A-Za-z]+", lambda word: _LETTERS.get(word[0], word[0]), plain)
    found = typeset.latex(plain).replace(r"\Xi", r"\Sigma").replace("|", r"\vert ")
    return "" if r"\text" in found or re.search(r"<m[io]>(\\[^<]+|&)</m[io]>", convert(found)) else found
