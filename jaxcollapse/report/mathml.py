"""MathML that may go into a page as it is: elements and attributes of mathematics, and text."""

import xml.etree.ElementTree as xml
from html import escape

_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_ELEMENTS = frozenset(
    "math mfrac mi mn mo mover mpadded mphantom mrow mspace msqrt mroot mstyle msub msubsup msup mtable mtd mtext mtr "
    "munder munderover mmultiscripts mprescripts none menclose merror".split()
)
_ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form height largeop "
    "linebreak linethickness lspace mathcolor mathsize mathvariant maxsize minsize movablelimits notation rowalign "
    "rowlines rowspacing rspace scriptlevel separator stretchy symmetric voffset width".split()
)
xml.register_namespace("", _NAMESPACE)


def trusted(markup: str, formula: str) -> str:
    """What a converter made of a formula, written anew; or the formula as text, if there is anything else in it."""
    try:
        tree = xml.fromstring(markup)
    except xml.ParseError:
        return f"<code>{escape(formula)}</code>"
    for element in tree.iter():
        name = element.tag.removeprefix(f"{{{_NAMESPACE}}}") if isinstance(element.tag, str) else ""
        if name not in _ELEMENTS or not _ATTRIBUTES.issuperset(element.attrib):
            return f"<code>{escape(formula)}</code>"
    return xml.tostring(tree, encoding="unicode", short_empty_elements=False)
