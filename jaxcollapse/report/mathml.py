"""MathML that may go into a page as it is: elements and attributes of mathematics, and text."""

import re
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
_VALUE = re.compile(r"[\w #.%+-]*")  # of an attribute: lengths, colours and names
xml.register_namespace("", _NAMESPACE)


def trusted(markup: str, formula: str) -> str:
    """What a converter made of a formula, written anew; or the formula as text, if there is anything else in it."""
    try:
        tree = xml.fromstring(markup)
    except (xml.ParseError, UnicodeError):
        return as_text(formula)
    for element in tree.iter():
        name = element.tag.removeprefix(f"{{{_NAMESPACE}}}") if isinstance(element.tag, str) else ""
        known = name in _ELEMENTS and _ATTRIBUTES.issuperset(element.attrib)
        if not known or not all(map(_VALUE.fullmatch, element.attrib.values())):
            return as_text(formula)
    return xml.tostring(tree, encoding="unicode", short_empty_elements=False)


def as_text(formula: str) -> str:
    """A formula that is shown as it is written: without what no page may hold, such as half of a letter."""
    shown = "".join(letter if letter.isprintable() else " " for letter in formula)
    return f"<code>{escape(shown)}</code>"
