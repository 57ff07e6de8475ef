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

Part = tuple[str, bool]
"""A part of a word, and whether it is text, which may be cut if it is wider than a line."""


def wrap(prose: Prose, room: int, ascii: bool = False) -> list[str]:
    """A sentence in lines no wider than `room`, but for a formula that is wider by itself."""
    lines: list[str] = []
    line, used = "", 0
    for before, parts in _words(prose, ascii):
        text = "".join(part for part, _ in parts)
        wide = width(text)
        if line and used + len(before) + wide <= room:
            line, used = line + before + text, used + len(before) + wide
            continue
        if line:
            lines.append(line)
        if wide > room:
            *full, text = _cut(parts, room)
            lines += full
            wide = width(text)
        line, used = text, wide
    return [*lines, line] if line else lines


def _words(prose: Prose, ascii: bool) -> Iterator[tuple[str, list[Part]]]:
    """What is kept on one line if possible, each with the space or nothing that stands before it."""
    before = ""
    parts: list[Part] = []
    for part, space, cut in _pieces(prose, ascii):
        last = parts[-1][0][-1:] if parts else ""
        if parts and (space or ((_wide(last) or _wide(part[:1])) and part[:1] not in _CLOSING)):
            yield before, parts
            before, parts = " " if space else "", [(part, cut)]
        else:
            parts.append((part, cut))
    if parts:
        yield before, parts


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


def _cut(parts: Iterable[Part], room: int) -> Iterator[str]:
    """A word that no line can hold, in pieces that fill lines."""
    line, used = "", 0
    for part, text in parts:
        for piece in part if text else [part]:
            wide = width(piece)
            if line and used + wide > room:
                yield line
                line, used = "", 0
            line, used = line + piece, used + wide
    yield line
