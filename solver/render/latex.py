r"""Mathematics in LaTeX, for amsmath and for what understands it (MathJax, KaTeX).

Tokens are separated as on the page, `z^{(0)} = X w^{(0)}`; brackets grow only where their body is tall.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from string import ascii_letters

from solver.page.math import (
    Accent,
    Big,
    Chain,
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
from solver.render.commands import BIG, COMMANDS, FUNCTIONS, OPERATORS

_FENCES = {"{": r"\{", "}": r"\}", "⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil"}
_ENVIRONMENTS = {("[", "]"): "bmatrix", ("(", ")"): "pmatrix", ("|", "|"): "vmatrix", ("‖", "‖"): "Vmatrix"}
_ENVIRONMENTS |= {("{", "}"): "Bmatrix", ("{", ""): "cases", ("", ""): "matrix"}
_WIDEST_MATRIX = 10
"""amsmath's matrices have no more columns than this."""

_ESCAPES = {
    **{character: "\\" + character for character in "{}$&#%_"},
    **{"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"},
}
_INDEX = re.compile(r"[a-zA-Z]?[\d+−,.…×-]+")
"""A word that is an index or a size: `0`, `t+1`, `2×3`."""
_JOINERS = "\u200c\u200d"
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}


def escape(text: str) -> str:
    """A person's text for LaTeX: nothing in it is a command."""
    shown = (character if character.isprintable() or character in _JOINERS else " " for character in text)
    return "".join(_ESCAPES.get(character, character) for character in shown)


def latex_chain(chain: Chain) -> list[str]:
    """A chain link by link: `z = X w`, then `= …`, each to stand on a line of its own."""
    links = [_row((Sign(relation, "relation"), layout)) for relation, layout in chain.links]
    first = latex(chain.first)
    return [f"{first} {links[0]}", *links[1:]] if links else [first]


def latex(layout: Layout) -> str:
    """`layout` in LaTeX, to stand in math mode."""
    match layout:
        case Number(digits, power):
            shown = _each(digits).replace(",", "{,}")
            return shown if power is None else rf"{shown} \cdot 10^{{{power}}}"
        case Letter(text):
            return _letter(text)
        case Word(text):
            return _word(text)
        case Sign(text, role):
            shown = _sign(text)
            words = role in ("infix", "relation") and shown.startswith(r"\text{")
            return rf"\text{{ {escape(text)} }}" if words else shown
        case Row():
            return _row(side_by_side(layout))
        case Fraction(top, bottom, inline=False):
            return rf"\frac{{{latex(top)}}}{{{latex(bottom)}}}"
        case Fraction(top, bottom):
            return f"{_held(top)}/{_held(bottom)}"
        case Scripts():
            return _scripts(layout)
        case Accent(Scripts(base, sub, sup), mark):
            return latex(Scripts(Accent(base, mark), sub, sup))
        case Accent(base, mark):
            return rf"\{mark}{{{latex(base)}}}"
        case Root(body):
            return rf"\sqrt{{{latex(body)}}}"
        case Fence(opening, body, closing):
            return _fenced(opening, latex(body), closing, _tall(body))
        case Table():
            return _table(layout)
        case Big(sign, below, above):
            name = BIG.get(sign) or rf"\operatorname*{{{escape(sign)}}}"
            return name + _script("_", below) + _script("^", above)


def _each(text: str) -> str:
    shown = ""
    for character in text:
        shown = _joined(shown, character if character.isalnum() else _sign(character))
    return shown


def _letter(text: str) -> str:
    if len(text) == 1 and text.isascii() and text.isalnum():
        return text
    if text in COMMANDS:
        return COMMANDS[text]
    if text.isascii() and text.isalnum():
        return rf"\mathrm{{{text}}}"
    head, rest = text[:1], text[1:]
    if rest and rest.strip("'′") == "":
        return _letter(head) + "'" * len(rest)
    if rest and head in COMMANDS:  # Δw, ∂L
        return _joined(COMMANDS[head], _letter(rest))
    base, mark = unicodedata.normalize("NFD", text)[:-1], unicodedata.normalize("NFD", text)[-1:]
    if len(base) == 1 and mark in _ACCENTS:
        return rf"\{_ACCENTS[mark]}{{{_letter(base)}}}"
    return _quoted(text)


def _word(text: str) -> str:
    if text in FUNCTIONS:
        return "\\" + text
    if text in OPERATORS:
        return rf"\operatorname{{{text}}}"
    if text in COMMANDS:
        return COMMANDS[text]
    if _INDEX.fullmatch(text):
        return r" \times ".join(map(_each, text.split("×")))
    return _quoted(text)


def _sign(text: str) -> str:
    if text in COMMANDS:
        return COMMANDS[text]
    if text.isascii() and not any(character in _ESCAPES or character.isalpha() for character in text):
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    return rf"\text{{{escape(text)}}}"


def _row(items: Sequence[Layout]) -> str:
    text = ""
    left: Layout | None = None
    product = False  # an invisible one stands before the next item
    for item in items:
        part = latex(item)
        if not part:
            product = True
            continue
        if left is not None:
            text = _behind(text, left, product, part, item)
        else:
            text = part
        left, product = item, False
    return text


def _behind(before: str, left: Layout, product: bool, after: str, right: Layout) -> str:
    """One item behind the other, with what stands between them."""
    spaced = isinstance(left, Sign) and left.role in ("infix", "relation", "comma")
    if spaced or isinstance(left, Big) or (isinstance(right, Sign) and right.role in ("infix", "relation")):
        return f"{before} {after}"
    word = isinstance(left, Word) and not isinstance(right, Fence | Sign)
    word = word or (isinstance(right, Word) and not isinstance(left, Fence | Sign))
    if (word or product) and r"\text{" in (after[:6], latex(left)[:6]):
        return rf"{before}\ {after}"  # mathematics sets no space beside text
    return f"{before} {after}" if word or product else _joined(before, after)


def _joined(before: str, after: str) -> str:
    """One behind the other, with a space where a command would swallow what follows."""
    command = before.rstrip(ascii_letters)
    swallows = command != before and command.endswith("\\") and after[:1] in ascii_letters
    return f"{before} {after}" if swallows else before + after


def _held(layout: Layout) -> str:
    """A part of a fraction written with a slash, in brackets unless it is one thing."""
    items = side_by_side(layout)
    loose = len(items) > 1 and any(isinstance(item, Sign) and item.role != "prefix" for item in items)
    loose = loose or isinstance(layout, Fraction)  # (−1/7)/2
    return f"({latex(layout)})" if loose else latex(layout)


def _scripts(layout: Scripts) -> str:
    base, sub, sup = layout.base, layout.sub, layout.sup
    if isinstance(base, Scripts) and not (base.sub and sub) and not (base.sup and sup):
        return latex(Scripts(base.base, base.sub or sub, base.sup or sup))
    text = latex(base)
    items = side_by_side(base)
    plain = len(items) == 2 and isinstance(items[0], Sign) and items[0].text in ("∂", "∇")
    if isinstance(base, Scripts) or (len(items) > 1 and not plain) or not text:
        text = f"{{{text}}}"
    return text + _script("_", sub) + _script("^", sup)


def _script(mark: str, script: Layout | None) -> str:
    if script is None:
        return ""
    text = latex(script)
    return mark + text if len(text) == 1 and text.isalnum() else f"{mark}{{{text}}}"


def _fenced(opening: str, body: str, closing: str, tall: bool) -> str:
    sides = [
        rf"\{side}{'Vert' if text == '‖' else 'vert'}" if text in ("|", "‖") else _FENCES.get(text, text)
        for text, side in ((opening, "l"), (closing, "r"))
    ]
    if tall:
        left, right = (side or "." for side in sides)
        return rf"\left{left} {body} \right{right}"
    before = " " if sides[0][-1:].isalpha() else ""
    return sides[0] + before + body + (" " if sides[1].startswith("\\") else "") + sides[1]


def _tall(layout: Layout) -> bool:
    match layout:
        case Table() | Fraction(inline=False):
            return True
        case Big(_, below, above):
            return below is not None or above is not None
        case Row(items):
            return any(_tall(item) for item in items)
        case Fence(_, body, _) | Root(body) | Scripts(body, _, _):
            return _tall(body)
    return False


def _table(table: Table) -> str:
    rows = [" & ".join(_cell(cell) for cell in row) for row in table.cells]
    body = r" \\ ".join(rows)
    columns = max((len(row) for row in table.cells), default=0)
    name = _ENVIRONMENTS.get((table.open, table.close))
    if columns > _WIDEST_MATRIX:
        body = rf"\begin{{array}}{{{'c' * columns}}} {body} \end{{array}}"
        return _fenced(table.open, body, table.close, True)
    if name is None:
        return _fenced(table.open, rf"\begin{{matrix}} {body} \end{{matrix}}", table.close, True)
    return rf"\begin{{{name}}} {body} \end{{{name}}}"


def _cell(cell: Layout) -> str:
    text = latex(cell)
    return "{}" + text if text.startswith(("[", "*")) else text  # else read as an option of the line break
