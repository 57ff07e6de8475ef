"""How names are written: `w(1)` as w⁽¹⁾, `dL/dW2` as ∂L/∂W₂, and the reader's own letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from solver.page.math import Accent, Fence, Fraction, Layout, Letter, Number, Row, Scripts, Sign, Word
from solver.spec.names import split, unescaped

GREEK = {
    unicodedata.name(chr(code)).split()[-1].lower(): chr(code)
    for code in range(0x3B1, 0x3CA)
    if code != 0x3C2
} | {"lambda": "λ"}

ACCENTS = ("hat", "bar", "tilde", "dot")

_NAME = re.compile(r"(?P<base>.*?[^\d(])(?P<digits>\d*)(?:\((?P<index>.*)\))?", re.DOTALL)
_ITERATE = re.compile(r"\d+")
_DERIVATIVE = re.compile(r"d(?P<top>[A-Za-z]\w*)/d(?P<bottom>.+)")
_LETTER = re.compile(
    r"(?P<base>\\?[^\W\d_]+|[^\w\s]+[^\W\d_]+)(?P<primes>'*)(?P<digits>\d*)"
    r"(?:_(?P<sub>\{[^{}]*\}|\w+))?(?:\^(?P<sup>\{[^{}]*\}|\w+|\*|⊤))?"
)


class Letters:
    """The letters of a page: the kind's defaults, and above them the reader's.

    The reader may name a quantity, or the letter that the kind writes for it: `loss` or `L`.

    Both map a base name, such as `learning_rate`, `w`, `W1` or `grad`, to a letter as people type it:
    `α`, `theta`, `\\theta`, `x_new`, `W^{(1)}`, `y_hat`, or to a derivative `dL/db`.
    """

    def __init__(self, defaults: Mapping[str, str], chosen: Mapping[str, str]) -> None:
        defaults = {name: chosen.get(letter, letter) for name, letter in defaults.items()}
        self._letters = {**defaults, **chosen}
        self._made: dict[str, Layout] = {}
        self._within = ""

    def within(self, path: str) -> Letters:
        """The same letters where names of that path are written without it."""
        if path == self._within:
            return self
        letters = Letters({}, self._letters)
        letters._within = path
        return letters

    def layout(self, name: str) -> Layout:
        """The layout of a quantity's name."""
        if name not in self._made:
            self._made[name] = self._layout(name)
        return self._made[name]

    def _layout(self, name: str) -> Layout:
        if name in self._letters:
            return self._typed(self._letters[name])
        derivative = _DERIVATIVE.fullmatch(name)
        if derivative:
            top, bottom = self._part(derivative["top"]), self._part(derivative["bottom"])
            return Fraction(Row((Sign("∂", "prefix"), top)), Row((Sign("∂", "prefix"), bottom)), inline=True)
        if self._within and name.startswith(self._within):
            return self.layout(name.removeprefix(self._within))
        path, name = split(name)
        if path:
            where = ", ".join(map(unescaped, path))
            return Row((self.layout(name), Sign("where"), Word(where)))
        if "." in name.partition("(")[0]:
            base, _, part = name.partition(".")
            part = self._letters.get(part, part)
            return Row((Word(part), Sign("of", "infix"), self._object(base)))
        match = _NAME.fullmatch(name)
        if not match:
            return Word(name)
        base, digits, index = match["base"], match["digits"], match["index"]
        letter = self._typed(self._letters[base]) if base in self._letters else letter_layout(base)
        if index is not None and (isinstance(letter, Word) or not _ITERATE.fullmatch(index)):
            letter = scripts(letter, sub=Number(digits) if digits else None)
            return Row((letter, Fence("(", Word(unescaped(index)), ")")))
        return scripts(
            letter,
            sub=Number(digits) if digits else None,
            sup=Row((Sign("(", "mark"), Word(index), Sign(")", "mark"))) if index is not None else None,
        )

    def _object(self, name: str) -> Layout:
        """What a part belongs to: a letter, or the name of a layer as it is."""
        return self.layout(name) if len(name.rstrip("0123456789")) == 1 else Word(name)

    def _part(self, name: str) -> Layout:
        """A part of a derivative, in which L stands for the loss."""
        return self.layout("loss" if name == "L" and "loss" in self._letters else name)

    def _typed(self, text: str) -> Layout:
        if _DERIVATIVE.fullmatch(text):
            return self._layout(text)
        if text.startswith("∇"):
            return Row((Sign("∇", "prefix"), self._part(text[1:])))
        return letter_layout(text)


_SMALL_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def letter_layout(text: str) -> Layout:
    """The layout of a letter as people type it."""
    text = re.sub(r"[₀-₉]+", lambda low: "_" + low[0].translate(_SMALL_DIGITS), text)
    match = _LETTER.fullmatch(text)
    if not match:
        return Word(text)
    base = match["base"].removeprefix("\\")
    base = _greek(base)
    sub, sup = ((match[part] or "").strip("{}") for part in ("sub", "sup"))
    layout: Layout = Letter(base) if len(unicodedata.normalize("NFC", base)) == 1 else Word(base)
    if sub in ACCENTS:
        layout, sub = Accent(layout, sub), ""
    digits = match["digits"]
    below = ",".join(part for part in (digits, sub) if part)
    above = match["primes"].replace("'", "′") + sup
    return scripts(layout, _script(below), _script(above))


def _greek(name: str) -> str:
    letter = GREEK.get(name.lower(), name)
    return letter.upper() if letter != name and name[0].isupper() else letter


def _script(text: str) -> Layout | None:
    if not text:
        return None
    if text.isdigit():
        return Number(text)
    return Letter(_greek(text)) if len(_greek(text)) == 1 else Word(text)


def scripts(base: Layout, sub: Layout | None = None, sup: Layout | None = None) -> Layout:
    """The base with scripts added to those that it has."""
    if sub is None and sup is None:
        return base
    if isinstance(base, Scripts):
        return Scripts(base.base, _joined(base.sub, sub), _joined(base.sup, sup))
    if isinstance(base, Row) and len(base.items) == 2 and isinstance(base.items[0], Sign):
        return Row((base.items[0], scripts(base.items[1], sub, sup)))  # ∇L⁽⁰⁾
    if isinstance(base, Fraction):
        return Fraction(scripts(base.top, sub, sup), base.bottom, base.inline)  # ∂L⁽⁰⁾/∂b
    return Scripts(base, sub, sup)


def _joined(first: Layout | None, second: Layout | None) -> Layout | None:
    if first is None or second is None:
        return first or second
    return Row((first, Sign(",", "mark"), second))
