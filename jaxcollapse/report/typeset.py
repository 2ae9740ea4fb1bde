"""Formulas as claims write them, ``R(g) = g σ² d/(n − d − 1)``, in LaTeX and for web pages.

A claim's formula is one line of Unicode, which a terminal shows as it is. Here its scripts, fractions, roots, sums and
words are recognised: ``_x``, ``_{...}``, ``^x``, ``^(...)`` and the small digits of Unicode are scripts; ``a/b`` is a
fraction of what is written without a space on its two sides; three letters or more are words; ``Σ`` is a sum before an
index or a term, else a covariance. A formula with a backslash is LaTeX already.
"""

import re
import unicodedata
from html import escape
from typing import NamedTuple

from jaxcollapse.report.mathml import as_text, trusted

_SMALL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀ₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", "0123456789+-=()niT0123456789+-=()")
_SYMBOLS = {
    "−": "-", "·": r"\cdot", "…": r"\dots", "≤": r"\le", "≥": r"\ge", "≈": r"\approx", "≍": r"\asymp", "≫": r"\gg",
    "≪": r"\ll", "∝": r"\propto", "→": r"\to", "←": r"\leftarrow", "~": r"\sim", "±": r"\pm", "∞": r"\infty",
    "∏": r"\prod", "∫": r"\int", "‖": r"\|", "½": r"\tfrac{1}{2}", "¼": r"\tfrac{1}{4}", "×": r"\times", "∈": r"\in",
    "≠": r"\ne", "ℓ": r"\ell", "□": r"\square", "-": r"\text{-}",
    "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
}  # fmt: skip
_FUNCTIONS = frozenset("exp log ln min max arctan tanh".split())
_OPERATORS = _FUNCTIONS | frozenset("tr Var Bias KL TV MP df ev".split())
_LOGARITHMS = frozenset(("log", "ln"))
_OPEN_ENDED = _OPERATORS | {"sum"}
_WORDS = frozenset("of on an is or at to by in up if as no we".split())
_STOPS = (",", ";", ":", ".")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_LONGEST = 2000  # letters of a formula, which is one line
_TOKEN = re.compile(
    r"(?P<code>[A-Za-z]{2,}(?:_[A-Za-z]{2,})+)|(?P<word>[A-Za-z]{2,}(?:-[a-z]{2,})*(?:'s\b)?)|(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<sup>[⁰¹²³⁴-⁹⁺⁻⁼⁽⁾ⁿⁱᵀ]+)|(?P<sub>[₀-₉₊₋₌₍₎]+)|(?P<space>\s+)|(?P<other>.[\u0300-\u036f]?)",
    re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str


class _Node(NamedTuple):
    """A piece of LaTeX: an atom, a symbol, a word of prose, or a space; `bare` is an atom without its parentheses."""

    kind: str
    latex: str
    bare: str = ""
    name: str = ""


def latex(formula: str) -> str:
    r"""A formula in LaTeX, for between dollar signs.

    **Arguments**

    - `formula`: one line, as in `Claim.formula`.

    **Returns** LaTeX, of ASCII alone if the letters are Latin or Greek.

    **Raises** `ValueError` for more than 2,000 letters, or hundreds of parentheses within each other.

    ```python
    >>> from jaxcollapse.report.typeset import latex
    >>> latex("R(g) = g σ² d/(n − d − 1)")
    'R(g) = g \\sigma^{2} \\frac{d}{n - d - 1}'

    ```
    """
    if len(formula) > _LONGEST:
        raise ValueError(f"formula must have at most {_LONGEST:,} letters, got {len(formula):,}")
    if "\\" in formula:
        return formula.strip("$ ")
    try:
        return _Reader(_tokens(formula)).sequence("")
    except RecursionError:
        raise ValueError(f"formula must have fewer parentheses within each other, got {formula[:40]}...") from None


def html(formula: str) -> str:
    """A formula for a web page: words as text, mathematics as MathML, which browsers show without help.

    A line can break at the words and after commas. What cannot be read as a formula is shown as it is written.

    ```python
    >>> from jaxcollapse.report.typeset import html
    >>> text = html("R(g) = g once g > 1")
    >>> text.count("<math"), " once " in text
    (2, True)

    ```
    """
    if len(formula) > _LONGEST:
        return as_text(formula)
    try:
        return _math(latex(formula)) if "\\" in formula else _lines(formula)
    except RecursionError:
        return as_text(formula)


def _math(inside: str) -> str:
    """A piece of LaTeX as MathML."""
    from latex2mathml.converter import convert

    if not inside:
        return ""
    try:
        markup = convert(inside)
    except Exception:  # which one depends on what is wrong with the LaTeX
        return as_text(inside)
    return trusted(markup.replace("<math ", '<math displaystyle="true" ', 1), inside)


def _lines(formula: str) -> str:
    """Mathematics between words."""
    text, run = "", []
    for node in _fractions(_Reader(_tokens(formula)).nodes("")):
        if node.kind == "prose" or node.latex in _STOPS:
            text += _math(_joined(run)) + (" " if run and run[-1].kind == "space" else "")
            text += escape(node.name)
            run = []
        elif node.kind == "space" and not run:
            text += " "
        else:
            run.append(node)
    return text + _math(_joined(run))


def _tokens(formula: str) -> list[_Token]:
    return [_Token(str(match.lastgroup), match.group()) for match in _TOKEN.finditer(formula)]


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[_Token]):
        self._tokens, self._place = tokens, 0

    def _peek(self, ahead: int = 0) -> _Token:
        place = self._place + ahead
        return self._tokens[place] if place < len(self._tokens) else _Token("end", "")

    def _next(self) -> _Token:
        token = self._peek()
        self._place += 1
        return token

    def sequence(self, closer: str) -> str:
        """Everything up to `closer`, or to the end, in LaTeX."""
        return _joined(_fractions(self.nodes(closer)))

    def nodes(self, closer: str) -> list[_Node]:
        """Everything up to `closer`, or to the end, in pieces."""
        nodes: list[_Node] = []
        while self._peek().kind != "end" and not (closer and self._peek().text == closer):
            nodes.append(self._node(nodes))
        self._next()
        return nodes

    def _node(self, before: list[_Node]) -> _Node:
        token = self._peek()
        if token.kind == "space":
            self._next()
            return _Node("space", " ")
        if token.text == "/":
            self._next()
            return _Node("slash", "/")
        if token.kind == "code":
            self._next()
            return _Node("prose", rf"\texttt{{{token.text}}}".replace("_", r"\_"), name=token.text)
        if self._is_prose(token):
            self._next()
            return _Node("prose", rf"\text{{{token.text}}}", name=token.text)
        if self._is_atom(token):
            return self._chain(before)
        self._next()
        return _Node("symbol", _letter(token.text) + self._scripts(), name=token.text)

    def _is_prose(self, token: _Token) -> bool:
        if token.kind == "word":
            known = token.text in _OPERATORS or self._peek(1).text == "("
            return token.text in _WORDS or (len(token.text) > 2 and not known)
        if token.text != "a" or self._peek(1).kind != "space":
            return False
        last, following = self._tokens[self._place - 2 : self._place], self._peek(2)
        return following.kind == "word" and len(following.text) > 2 and following.text not in _OPERATORS or (
            len(last) == 2 and last[0].kind == "word" and len(last[0].text) > 2 and last[0].text not in _OPERATORS
        )  # fmt: skip

    def _is_atom(self, token: _Token) -> bool:
        if token.kind in ("word", "number"):
            return True
        return token.kind == "other" and (token.text in _PAIRS or token.text in "√∫∏∞½¼" or token.text[0].isalpha())

    def _chain(self, before: list[_Node]) -> _Node:
        """Atoms with their scripts that no space parts."""
        parts: list[_Node] = []
        while self._is_atom(self._peek()) and not (parts and self._is_prose(self._peek())):
            parts.append(self._atom(before if not parts else []))
        whole = " ".join(part.latex for part in parts)
        whole = re.sub(r" (?=\\left[(\[])|(?<=\\right[)\]]) ", "", whole) if parts[1:] else whole
        whole = re.sub(r"(?<=[A-Za-z0-9)}\]]) (?=[(\[])", "", whole)
        return _Node("atom", whole, parts[0].bare if not parts[1:] else whole, parts[0].name if not parts[1:] else "")

    def _atom(self, before: list[_Node]) -> _Node:
        token = self._next()
        if token.text == "√":
            inner = self._atom([])
            return _Node("atom", rf"\sqrt{{{inner.bare or inner.latex}}}")
        if token.text in _PAIRS:
            closer = _PAIRS[token.text]
            inside = self.sequence(closer)
            tall = r"\frac" in inside or r"\sum" in inside or r"\prod" in inside
            left, right = (r"\left", r"\right") if tall else ("", "")
            opened, closed = (_SYMBOLS.get(sign, sign) for sign in (token.text, closer))
            scripts = self._scripts()
            return _Node("atom", f"{left}{opened}{inside}{right}{closed}{scripts}", "" if scripts else inside)
        if token.kind == "word":
            known = token.text in _OPERATORS or len(token.text) > 2
            text = rf"\operatorname{{{token.text}}}" if known else " ".join(token.text)
            text = "\\" + token.text if token.text in _FUNCTIONS else text
            return _Node("atom", text + self._scripts(), name=token.text)
        if token.kind == "number":
            return _Node("atom", token.text.replace(",", "{,}") + self._scripts())
        if token.text == "Σ":
            name = "sum" if self._sums(before) else "Sigma"
            return _Node("atom", "\\" + name + self._scripts(), name=name)
        return _Node("atom", _letter(token.text) + self._scripts())

    def _sums(self, before: list[_Node]) -> bool:
        """Whether a Σ that was just read is a sum: it has an index, or a term follows after a space."""
        if self._peek().text == "_":
            return self._peek(1).kind != "word"
        words = [node for node in before if node.kind != "space"]
        if words and words[-1].name == "tr":
            return False
        term = self._peek(1)
        return self._peek().kind == "space" and (self._is_atom(term) and not self._is_prose(term))

    def _scripts(self) -> str:
        """All scripts of an atom, whatever their order: one subscript, one superscript."""
        below, above = "", ""
        while True:
            token = self._peek()
            if token.kind == "sup":
                above += self._next().text.translate(_SMALL)
            elif token.kind == "sub":
                below += self._next().text.translate(_SMALL)
            elif token.text in ("′", "'"):
                self._next()
                above += r"\prime"
            elif token.text == "*":
                self._next()
                above += "*"
            elif token.text in ("_", "^"):
                self._next()
                script = self._script()
                below, above = (below + script, above) if token.text == "_" else (below, above + script)
            else:
                return (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")

    def _script(self) -> str:
        token = self._next()
        if token.text in ("{", "("):
            return self.sequence("}" if token.text == "{" else ")").replace(r"\frac", r"\tfrac")
        if token.kind == "word":
            return rf"\mathrm{{{token.text}}}" if len(token.text) > 2 else " ".join(token.text)
        return _letter(token.text)


def _fractions(nodes: list[_Node]) -> list[_Node]:
    """A fraction for each slash between two atoms; others, and those behind a logarithm, stay as they are written."""
    done: list[_Node] = []
    rest = list(nodes)
    while rest:
        node = rest.pop(0)
        if node.kind != "slash":
            done.append(node)
            continue
        skipped = bool(rest) and rest[0].kind == "space"
        above = [n for n in done if n.kind != "space"]
        below = rest[1:2] if skipped else rest[:1]
        logarithm = len(above) > 1 and above[-2].name in _LOGARITHMS
        whole = above and above[-1].kind == "atom" and below and below[0].kind == "atom"
        if not whole or logarithm or below[0].name in _OPEN_ENDED:
            done.append(node)
            continue
        while done[-1].kind == "space":
            done.pop()
        top = done.pop()
        rest = rest[1 + skipped :]
        done.append(_Node("atom", rf"\frac{{{top.bare or top.latex}}}{{{below[0].bare or below[0].latex}}}"))
    return done


def _joined(nodes: list[_Node]) -> str:
    """The pieces in a row; spaces beside words and behind commas are kept in print."""
    text = ""
    for index, node in enumerate(nodes):
        if node.kind == "space":
            around = (nodes[index - 1] if index else None, nodes[index + 1] if index + 1 < len(nodes) else None)
            wide = any(n is not None and n.kind == "prose" for n in around)
            wide = wide or (around[0] is not None and around[0].latex in _STOPS)
            wide = wide or (around[1] is not None and around[1].latex.startswith(r"(\text"))
            text += r"\ " if wide else " "
        else:
            apart = node.latex[:1].isalpha() and re.search(r"\\[A-Za-z]+$", text)  # or the command would grow
            text += (" " if apart else "") + node.latex
    return text.strip()


def _letter(text: str) -> str:
    """One letter or symbol, with its accent if it has one."""
    base, *marks = unicodedata.normalize("NFD", text or "□")
    if base in _SYMBOLS:
        return _SYMBOLS[base]
    name = unicodedata.name(base, "")
    if name.startswith("GREEK") and base.isalpha():
        case, _, letter = name.removeprefix("GREEK ").partition(" LETTER ")
        letter = {"LAMDA": "lambda", "FINAL SIGMA": "varsigma"}.get(letter.split(" WITH")[0], letter.lower())
        latin = {"alpha": "A", "beta": "B", "epsilon": "E", "zeta": "Z", "eta": "H", "rho": "P", "mu": "M", "nu": "N"}
        base = (latin.get(letter) or "\\" + letter.capitalize()) if case == "CAPITAL" else "\\" + letter
        base = r"\varepsilon" if base == r"\epsilon" else base
    accents = {"\u0302": r"\hat", "\u0304": r"\bar", "\u0303": r"\tilde"}
    for mark in marks:
        base = f"{accents[mark]}{{{base}}}" if mark in accents else base
    return base
