"""Sentences wrapped to a width: between words, never inside a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from solver.errors import clean
from solver.page.blocks import Prose
from solver.render.glyphs import plain, width
from solver.render.linear import linear

_SPACES = re.compile(r"[ \t\n]+")
_UNITS = re.compile("([\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60])")
_CLOSING = set("、。，．：；！？）」』】》〉”’,.;:!?)")

Word = tuple[str, str, bool]
"""What stands before a word, a space or nothing; its text; and whether it may be cut if it is too wide."""


def text_of(prose: Prose, ascii: bool = False) -> str:
    """A sentence on one line."""
    return "".join(before + text for before, text, _ in _words(prose, ascii))


def wrap(prose: Prose, room: int, ascii: bool = False) -> list[str]:
    """A sentence in lines no wider than `room`, but for a formula that is wider by itself."""
    lines: list[str] = []
    line, used = "", 0
    for before, text, divisible in _words(prose, ascii):
        wide = width(text)
        if line and used + len(before) + wide <= room:
            line, used = line + before + text, used + len(before) + wide
            continue
        if line:
            lines.append(line)
        if divisible and wide > room:
            *full, text = _cut(text, room)
            lines += full
            wide = width(text)
        line, used = text, wide
    return [*lines, line] if line else lines


def _words(prose: Prose, ascii: bool) -> Iterator[Word]:
    before, text, divisible = "", "", True
    for part, space, cut in _pieces(prose, ascii):
        between = (_wide(text[-1:]) or _wide(part[:1])) and part[:1] not in _CLOSING
        if text and (space or between):
            yield before, text, divisible
            before, text, divisible = " " if space else "", part, cut
        else:
            text, divisible = text + part, divisible and cut
    if text:
        yield before, text, divisible


def _pieces(prose: Prose, ascii: bool) -> Iterator[tuple[str, bool, bool]]:
    """Texts without spaces and formulas, each with whether space stands before it."""
    space = False
    for item in prose:
        if not isinstance(item, str):
            yield linear(item, ascii), space, False
            space = False
            continue
        shown = clean(item, newlines=True)
        for place, word in enumerate(_SPACES.split(plain(shown) if ascii else shown)):
            space = space or place > 0
            for unit in [word] if word.isascii() else _UNITS.split(word):
                if unit:
                    yield unit, space, True
                    space = False


def _wide(character: str) -> bool:
    return _UNITS.match(character) is not None


def _cut(text: str, room: int) -> Iterable[str]:
    """A word that no line can hold, in pieces that fill lines."""
    line, used = "", 0
    for character in text:
        wide = width(character)
        if used + wide > room:
            yield line
            line, used = "", 0
        line, used = line + character, used + wide
    yield line
