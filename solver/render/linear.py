"""Mathematics on one line of text, with brackets where a bar or a raised row would have shown the meaning.

The invisible product is a space, left out before a bracket: `Xᵀ(p − y)`. With `ascii` all is ASCII.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from solver.errors import clean
from solver.page.math import (
    Accent,
    Big,
    Fence,
    Fraction,
    Layout,
    Letter,
    Number,
    Root,
    Row,
    Scripts,
    Sign,
    Table,
    Word,
    side_by_side,
)
from solver.render.glyphs import LOWERED, RAISED, plain

LONGEST_SCRIPT = 8
"""A script of more characters than this is not set in small characters."""

ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}


def linear(layout: Layout, ascii: bool = False) -> str:
    """`layout` on one line."""
    match layout:
        case Number(digits, power):
            return _number(digits, power, ascii)
        case Letter(text) | Word(text) | Sign(text):
            return shown(text, ascii)
        case Row():
            return _row(side_by_side(layout), ascii)
        case Fraction(top, bottom):
            over = linear(top, ascii)
            return (f"({over})" if _loose(top) else over) + "/" + _held(bottom, ascii)
        case Scripts(base, sub, sup):
            return _base(base, ascii) + _behind(sub, "_", ascii) + _behind(sup, "^", ascii)
        case Accent():
            return _accented(layout, ascii)
        case Root(body):
            inner = linear(body, ascii)
            bare = isinstance(body, Fence) or (isinstance(body, Number | Letter) and not ascii)
            return shown("√", ascii) + (inner if bare else f"({inner})")
        case Fence(opening, body, closing):
            return shown(opening, ascii) + linear(body, ascii) + shown(closing, ascii)
        case Table(cells, opening, closing):
            between = " " if opening == "{" else ", "
            rows = "; ".join(between.join(linear(cell, ascii) for cell in row) for row in cells)
            return shown(opening, ascii) + rows + shown(closing or "}" * (opening == "{"), ascii)
        case Big(sign, below, above):
            return shown(sign, ascii) + _behind(below, "_", ascii) + _behind(above, "^", ascii)


@lru_cache(4096)
def shown(text: str, ascii: bool) -> str:
    """What an atom prints, whatever a person put into it."""
    return plain(clean(text)) if ascii else clean(text)


def gap(left: Layout, right: Layout, low: bool = True) -> bool:
    """Whether a space stands between two neighbours in a row; `low` when both are one line high."""
    match left, right:
        case Sign("", "infix"), _:
            return not (low and isinstance(right, Fence) and right.open == "(")
        case Sign(_, "infix" | "relation" | "comma"), _:
            return True
        case Sign("−" | "+", "prefix"), Fraction(inline=False):
            return not low  # a sign would run into the bar
        case Sign(), _:
            return False
        case _, Sign(text, role):
            return role in ("infix", "relation") and text != ""
    return isinstance(left, Big)


def collide(before: str, left: Layout, after: str, right: Layout) -> bool:
    """Whether two neighbours, printed as `before` and `after`, would be read as one word."""
    if not (before[-1:].isalnum() and after[:1].isalnum()):
        return False
    if isinstance(left, Word) or isinstance(right, Word):
        return True
    return any(len(ends) == 2 and ends.isalpha() for ends in (before[-2:], after[:2]))


def small(script: Layout, mark: str) -> str | None:
    """A script in raised (`mark` is `^`) or lowered (`_`) characters, if there are such for all of it."""
    characters = RAISED if mark == "^" else LOWERED
    text = compact(script)
    if text is None or len(text) > LONGEST_SCRIPT:
        return None
    place = mark == "_" and text.replace(",", "").isdigit()  # of an entry in a big array: Y₁,₁₂
    if not all(character in characters or (place and character == ",") for character in text):
        return None
    return "".join(characters.get(character, character) for character in text)


def compact(layout: Layout, products: bool = True) -> str | None:
    """The characters of a simple script, without spaces; `products` allows invisible ones."""
    match layout:
        case Sign("", _) if not products:
            return None
        case Number(text, None) | Letter(text) | Word(text) | Sign(text):
            return text
        case Row(items):
            parts = [compact(item, products) for item in items]
            return None if None in parts else "".join(part or "" for part in parts)
        case Fence("(", body, ")"):
            inner = compact(body, products)
            return None if inner is None else f"({inner})"
    return None


def behind(script: Layout, mark: str, ascii: bool) -> str:
    """A script on the line behind its mark: `^(z q)`."""
    text = compact(script, False)
    if text is None:
        whole = linear(script, ascii)
        return mark + (whole if isinstance(script, Accent | Fence | Table) else f"({whole})")
    text = shown(text, ascii).lstrip("^")
    if text.strip("'") == "":
        return text
    negative = ascii and text[0] == "-" and text[1:].isdigit()
    bracketed = text[0] == "(" and text.find(")") == len(text) - 1
    bare = negative or bracketed or len(text) == 1 or text.isalpha() or text.replace(".", "").isdigit()
    return mark + (text if bare else f"({text})")


def _behind(script: Layout | None, mark: str, ascii: bool) -> str:
    if script is None:
        return ""
    characters = None if ascii else small(script, mark)
    return behind(script, mark, ascii) if characters is None else characters


def _number(digits: str, power: int | None, ascii: bool) -> str:
    text = plain(digits) if ascii else digits
    if power is None:
        return text
    if ascii:
        return f"{text}e{power}"
    return f"{text}·10" + "".join(RAISED["−" if digit == "-" else digit] for digit in str(power))


def _row(items: Sequence[Layout], ascii: bool) -> str:
    text = ""
    for place, item in enumerate(items):
        previous = items[place - 1] if place else None
        following = items[place + 1] if place + 1 < len(items) else None
        part = linear(item, ascii)
        if isinstance(item, Fraction) and not item.inline and _in_product(previous, following):
            part = f"({part})"
        if previous is not None and (gap(previous, item) or collide(text, previous, part, item)):
            text += " "
        text += part
    return text


def _in_product(previous: Layout | None, following: Layout | None) -> bool:
    """Whether a fraction between these would be misread without brackets."""
    if isinstance(following, Sign):
        return following.role == "infix" and following.text not in ("+", "−")
    return following is not None or not isinstance(previous, Sign | Big | None)


def _base(base: Layout, ascii: bool) -> str:
    """What carries scripts, in brackets unless it is one thing."""
    single = _tight(base) and not isinstance(base, Fraction | Root)
    return linear(base, ascii) if single or isinstance(base, Big) else f"({linear(base, ascii)})"


def _held(layout: Layout, ascii: bool) -> str:
    """What stands below a bar, in brackets unless it holds together by itself."""
    text = linear(layout, ascii)
    return text if _tight(layout) else f"({text})"


def _tight(layout: Layout) -> bool:
    match layout:
        case Number(digits, power):
            return power is None and not digits.startswith("−")
        case Letter() | Word() | Accent() | Fence() | Table() | Root() | Scripts() | Sign():
            return True
        case Row((one,)):
            return _tight(one)
        case Row((Sign("∂" | "∇" | "Δ", _), Letter() | Word() | Scripts() | Accent())):
            return True
        case Row((Word() | Letter() | Scripts(Word() | Letter()), Fence())):
            return True
    return False


def _loose(top: Layout) -> bool:
    """Whether what stands above a bar needs brackets: a sum, a relation, another fraction."""
    if isinstance(top, Fraction):
        return True
    return any(
        isinstance(item, Sign) and item.role in ("infix", "relation", "comma") and item.text not in ("", "·")
        for item in side_by_side(top)
    )


def _accented(accent: Accent, ascii: bool) -> str:
    base = accent.base
    if isinstance(base, Scripts):
        return linear(Scripts(Accent(base.base, accent.mark), base.sub, base.sup), ascii)
    text = linear(base, ascii)
    if ascii:
        return f"{text}_{accent.mark}"
    if accent.mark in ACCENTS and len(text) == 1:
        return unicodedata.normalize("NFC", text + ACCENTS[accent.mark])
    return f"{accent.mark}({text})"
