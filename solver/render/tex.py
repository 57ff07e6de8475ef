"""The maths of a problem's statement, LaTeX, on one line of text.

It is read into a layout, which `linear` prints. What cannot be read stays as it was written.
"""

from __future__ import annotations

import re
import unicodedata

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
from solver.render.commands import COMMANDS
from solver.render.glyphs import LOWERED, plain
from solver.render.linear import linear

LONGEST = 4000
DEEPEST = 24

_SYMBOLS = {name: letter for letter, name in reversed(COMMANDS.items()) if name != "o"}
_SYMBOLS |= {r"\leq": "≤", r"\geq": "≥", r"\neq": "≠", r"\rightarrow": "→", r"\gets": "←", r"\implies": "⇒"}
_SYMBOLS |= {r"\iff": "⇔", r"\ldots": "…", "...": "…", r"\land": "∧", r"\lor": "∨", r"\lnot": "¬"}
_SYMBOLS |= {r"\emptyset": "∅", r"\intercal": "⊤", r"\colon": ":", r"\lt": "<", r"\gt": ">"}
_SYMBOLS |= {r"\prod": "∏", r"\int": "∫"}

_OPENING = {"(": "(", "[": "[", r"\{": "{", r"\lbrace": "{", r"\lvert": "|", r"\lVert": "‖"}
_OPENING |= {r"\langle": "<", r"\lfloor": "⌊", r"\lceil": "⌈"}
_CLOSING = {")": ")", "]": "]", r"\}": "}", r"\rbrace": "}", r"\rvert": "|", r"\rVert": "‖"}
_CLOSING |= {r"\rangle": ">", r"\rfloor": "⌋", r"\rceil": "⌉"}
_BARS = {"|": "|", r"\vert": "|", "||": "‖", r"\|": "‖", r"\Vert": "‖"}
_SYMBOLS |= _OPENING | _CLOSING | _BARS

_RELATIONS = {*"=<>≈≤≥≠≡∼≃∝≪≫←→⇒⇐⇔↦∈∉∣", ":="}
_INFIX = set("+−*·×÷⊙⊗∗⋆∘±∪∩∧∨")
_PREFIX = set("∂∇Δ¬∀∃")
_BIG = set("∑∏∫")
_ENDED = set(")]}⌋⌉!")
"""Marks behind which an operator or another factor may stand."""

_ACCENTS = {"hat": "hat", "bar": "bar", "tilde": "tilde", "dot": "dot"}
_ACCENTS |= {"widehat": "hat", "overline": "bar", "widetilde": "tilde"}
_UPRIGHT = {"text", "textrm", "textbf", "textit", "mbox", "mathrm", "mathit", "mathsf", "operatorname"}
_CONTENT = {"mathbf", "mathcal", "boldsymbol", "bm", "vec", "underbrace", "overbrace", "boxed"}
_FENCES = {"bmatrix": "[]", "pmatrix": "[]", "Bmatrix": "{}", "vmatrix": "||", "Vmatrix": "‖‖", "cases": "{"}
_FENCES |= {"matrix": "", "array": ""}

_SMALL = re.escape("".join(LOWERED.values()))
_TOKEN = re.compile(
    r"\\[A-Za-z]+|\\.|\d+(?:(?:\.|\{[.,]\})\d+)*|\.\d+|\.\.\.|:=|'+|(?<![\w)\]}|])\|\||\|\|(?![\w({|\\])"
    rf"|[∑∏∫][{_SMALL}]*|[^\W\d_]+|\S|$"
)
_SKIPPED = re.compile(
    r"(?:[\s~]|\\[,;:>! ]|\\(?:left|right)\s*\.|\\(?:left|right|middle|q?quad|(?:no)?limits|hline"
    r"|(?:display|text)style|[bB]igg?[lrm]?)(?![A-Za-z]))*"
)
_WORDS = re.compile(r"\*?\s*\{([^{}\\^_]+)\}")
_NAME = re.compile(r"\s*\{(\w+)\*?\}(?:\s*\{[lcr|\s]*\})?")
_INDEX = re.compile(r"\s*\[(\w+)\]")
_SCRIPT = re.compile(r"\s*[_^']")


def readable(tex: str, ascii: bool = False) -> str:
    """The maths `tex`, without its dollars, as one line of Unicode or ASCII."""
    tex = clean(unicodedata.normalize("NFC", " ".join(tex.split())))
    try:
        text = linear(_Reader(tex).rows(""), ascii)
    except ValueError:
        text = tex
    return " ".join((plain(text) if ascii else text).split())


class _Reader:
    """Reads from a place in the text; what cannot be read is a ValueError."""

    def __init__(self, tex: str) -> None:
        if len(tex) > LONGEST:
            raise ValueError("too long")
        self.tex = tex
        self.place = 0
        self.depth = 0

    def peek(self) -> str:
        """The next token, nothing at the end; the space before it is behind us."""
        self.match(_SKIPPED)
        found = _TOKEN.match(self.tex, self.place)
        return found[0] if found else ""

    def match(self, pattern: re.Pattern[str]) -> str:
        """What the pattern, or its group, has matched from here."""
        found = pattern.match(self.tex, self.place)
        self.place = found.end() if found else self.place
        return found[pattern.groups] if found else ""

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError("too deep")

    def rows(self, end: str, fence: str | None = None) -> Layout:
        """Rows of cells as far as `end`, the lines of a derivation if they have no `fence`."""
        rows: list[list[Layout]] = [[]]
        token = "&"
        while token != end:
            if token not in ("&", r"\\"):
                raise ValueError("not closed")
            rows += [[]] if token != "&" else []
            rows[-1].append(_one(self.items()))
            token = self.peek()
            self.place += len(token)
        if fence is None:
            rows = [[Row(tuple(row))] for row in rows]
            fence = ""
        return Table(tuple(tuple(row) for row in rows if row != [Row(())]), fence[:1], fence[1:])

    def items(self, bracket: str = "") -> list[Layout]:
        """What stands side by side up to a stop, or in a `bracket` up to one that closes."""
        self.deeper()
        items: list[Layout] = []
        while True:
            before = self.place
            token = self.peek()
            spaced = self.place > before
            if token in ("", "}", "&", r"\\", r"\end") or (bracket and token in {*_CLOSING, bracket}):
                self.depth -= 1
                return items
            if len(token) > 1 and token.isalpha() and _SCRIPT.match(self.tex, self.place + len(token)):
                token = token[:-1]  # the script belongs to the last letter
            self.place += len(token)
            if token[0] in "^_'":
                script = Letter("′" * len(token)) if token[0] == "'" else self.argument()
                base = items.pop() if items else Letter("")
                _add(items, _scripts(base, script, token == "_"), isinstance(base, Sign))
            elif token in _OPENING or token in _BARS:
                self.bracket(items, token, spaced)
            else:
                _add(items, self.atom(token, items, spaced), spaced)

    def bracket(self, items: list[Layout], token: str, spaced: bool) -> None:
        """Reads on to the bracket that closes; without one, what opens is a mark like others."""
        apart = self.apart(spaced)
        body = self.items(token if token in _BARS else ")")
        closing = self.peek()
        if closing == token or (closing in _CLOSING and token not in _BARS):
            self.place += len(closing)
            _add(items, Fence(_SYMBOLS[token], _one(body), _SYMBOLS[closing]), spaced)
        else:
            items += [Sign(_SYMBOLS[token], "relation" if apart and items else "mark"), *body]

    def apart(self, spaced: bool) -> bool:
        """Whether there is space behind the last token as well as before it."""
        return spaced and self.tex.startswith(" ", self.place)

    def argument(self) -> Layout:
        token = self.peek()
        token = token if token[:1] == "\\" else token[:1]
        if token in ("", "}", "&", "^", "_", r"\\", r"\end"):
            raise ValueError("an argument is missing")
        self.place += len(token)
        self.deeper()
        argument = self.atom(token, [], False)
        self.depth -= 1
        return argument

    def atom(self, token: str, items: list[Layout], spaced: bool) -> Layout:
        """What begins with `token` and stands behind `items`."""
        name = token[1:] if token[0] == "\\" else ""
        if token == "{":
            group = _one(self.items())
            if self.peek() != "}":
                raise ValueError("not closed")
            self.place += 1
            return Sign(group.text, "mark") if isinstance(group, Sign) else group
        if name in ("frac", "dfrac", "tfrac"):
            return _fraction(self.argument(), self.argument())
        if name == "sqrt":
            index = self.match(_INDEX)
            body = _whole(self.argument())
            return Scripts(body, None, Fraction(Number("1"), Word(index), True)) if index else Root(body)
        if name in _ACCENTS:
            return Accent(self.argument(), _ACCENTS[name])
        if name == "begin":
            kind = self.match(_NAME)
            table = self.rows(r"\end", _FENCES.get(kind))
            if self.match(_NAME) != kind:
                raise ValueError("not closed")
            return table
        if name in _UPRIGHT and (words := self.match(_WORDS)):
            return Word(words) if words[0].isalnum() and words[-1].isalnum() else Sign(words, "mark")
        if name == "mathbb":
            inner = self.argument()
            return Letter(_SYMBOLS.get(rf"\mathbb{{{linear(inner)}}}") or linear(inner))
        if name in _UPRIGHT | _CONTENT:
            return self.argument()
        if name.isalpha() and token not in _SYMBOLS:
            return Word(name)
        return _mark(_SYMBOLS.get(token) or name or token, _ended(items), self.apart(spaced))


def _mark(text: str, ended: bool, apart: bool) -> Layout:
    """A character or number as what it is behind something `ended` or not, `apart` with space around it."""
    if text in _RELATIONS or (apart and text == ":"):
        return Sign(text, "relation")
    if text in _INFIX or (apart and text == "/"):
        return Sign(text, "infix" if ended else "prefix")
    if text in _PREFIX:
        return Sign(text, "prefix")
    if text[0] in _BIG:
        return Big(text)
    if text[-1].isdecimal():
        return Number(text.replace("{", "").replace("}", ""))
    if text in ",;:":
        return Sign(text, "comma")
    return Sign(text, "mark") if text in _ENDED or text in "([|‖/" else Letter(text)


def _one(items: list[Layout]) -> Layout:
    return items[0] if len(items) == 1 else Row(tuple(items))


def _core(item: Layout | None) -> Layout | None:
    while isinstance(item, Scripts):
        item = item.base
    return item


def _whole(item: Layout) -> Layout:
    """In brackets if it is several letters or words, which a root or script would not be seen to cover."""
    several = (isinstance(item, Letter) and len(item.text) > 1) or (
        isinstance(item, Word) and " " in item.text
    )
    return Fence("(", item, ")") if several else item


def _ended(items: list[Layout]) -> bool:
    """Whether an operator or a factor could follow."""
    return bool(items) and (not isinstance(items[-1], Sign) or items[-1].text in _ENDED)


def _scripts(base: Layout, script: Layout, low: bool) -> Layout:
    if isinstance(script, Sign) and script.text == "∘" and isinstance(base, Number | Letter):
        return Row((base, Letter("°")))
    below, above = (script, None) if low else (None, script)
    match base:
        case Big(sign, sub, sup) if (sub if low else sup) is None:
            return Big(sign, below or sub, above or sup)
        case Scripts(inner, sub, sup) if (sub if low else sup) is None:
            return Scripts(inner, below or sub, above or sup)
        case Scripts(_, _, Letter(text)) if not low and "′" in text and "′" not in linear(script):
            return Scripts(base, None, script)
        case Big() | Scripts():
            raise ValueError("two scripts in one place")
    return Scripts(_whole(base), below, above)


def _fraction(top: Layout, bottom: Layout) -> Layout:
    items = side_by_side(top)
    loose = len(items) > 1 and any(isinstance(_core(item), Big | Word) for item in items)
    if loose and not isinstance(items[-1], Fence):
        top = Fence("(", top, ")")
    differential = isinstance(bottom, Letter) and re.fullmatch("d.", bottom.text)
    return Fraction(top, bottom if differential else _whole(bottom))


def _add(items: list[Layout], item: Layout, spaced: bool) -> None:
    """Appends `item`, behind the sign of the invisible product if the two would not be told apart."""
    left = items[-1] if items else None
    first = _core(item)
    if isinstance(item, Fraction):
        applied = isinstance(left, Sign) and left.text in {"/", "÷", *_PREFIX}
        item = Fence("(", item, ")") if applied or isinstance(_core(left), Word) else item
    match left, first:
        case (None | Big(), _) | (_, Sign(_, "infix" | "relation" | "comma" | "mark")):
            product = False
        case (Fraction(), _):
            product = True
        case (_, Fence(opening)):
            product = spaced and opening != "("
        case (Number(), Letter() | Accent()) | (Letter(), Number()):
            product = spaced
        case Letter(before), Letter(after):
            product = spaced or not (before + after).isascii()
        case _:
            product = True
    items += [Sign("", "infix"), item] if product and _ended(items) else [item]
