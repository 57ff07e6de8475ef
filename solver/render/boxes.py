"""Mathematics in text: a layout as a two-dimensional box of characters, after sympy's stringPict.

A box is as wide as its widest line and has a baseline, by which boxes are set side by side. With
`ascii` everything printed is ASCII. The invisible product is a space, left out before a bracket
one line high: `Xᵀ(p − y)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

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
from solver.render.glyphs import width
from solver.render.linear import behind, collide, compact, gap, linear, shown, small

__all__ = ["Box", "beside", "box", "line", "linear", "stacked"]

TALL = {
    **{"[": "⎡⎢⎢⎣", "]": "⎤⎥⎥⎦", "(": "⎛⎜⎜⎝", ")": "⎞⎟⎟⎠", "{": "⎧⎪⎨⎩", "}": "⎫⎪⎬⎭"},
    **{"⌊": "⎢⎢⎢⎣", "⌋": "⎥⎥⎥⎦", "⌈": "⎡⎢⎢⎢", "⌉": "⎤⎥⎥⎥", "|": "││││", "‖": "‖‖‖‖"},
}
"""The pieces of a tall bracket: top, shaft, middle, bottom."""


class Box(NamedTuple):
    """Lines that all take `width` cells; the one at `baseline` is in line with the text around."""

    lines: list[str]
    baseline: int
    width: int


def line(text: str) -> Box:
    """A box of one line."""
    return Box([text], 0, width(text))


def beside(boxes: Sequence[Box]) -> Box:
    """Boxes side by side on a common baseline."""
    above, below, total = 0, 1, 0
    for lines, baseline, wide in boxes:
        above = baseline if baseline > above else above
        below = max(below, len(lines) - baseline)
        total += wide
    if above == 0 and below == 1:
        return Box(["".join([part.lines[0] for part in boxes])], 0, total)
    columns = []
    for part in boxes:
        blank = " " * part.width
        after = below - len(part.lines) + part.baseline
        columns.append([blank] * (above - part.baseline) + part.lines + [blank] * after)
    return Box(["".join(row) for row in zip(*columns, strict=True)], above, total)


def stacked(boxes: Sequence[Box], baseline: int, centred: bool = True) -> Box:
    """Boxes one below the other; `baseline` counts lines from the top."""
    total = max(part.width for part in boxes)
    lines = []
    for part in boxes:
        left = (total - part.width) // 2 if centred else 0
        before, after = " " * left, " " * (total - part.width - left)
        lines += [before + text + after for text in part.lines]
    return Box(lines, baseline, total)


def box(layout: Layout, ascii: bool = False) -> Box:
    """`layout` as lines of text around a baseline."""
    match layout:
        case Row():
            return _row(side_by_side(layout), ascii)
        case Number():
            text = linear(layout, ascii)
            return Box([text], 0, len(text))
        case Letter() | Word() | Sign() | Accent():
            return line(linear(layout, ascii))
    return _composed(layout, ascii)


@lru_cache(4096)  # what is measured is printed next, and a matrix stands in many lines
def _composed(layout: Layout, ascii: bool) -> Box:
    match layout:
        case Table():
            return _table(layout, ascii)
        case Scripts():
            return _scripts(layout, ascii)
        case Fence(opening, body, closing):
            return _fenced(opening, box(body, ascii), closing, ascii, grows(body))
        case Fraction(top, bottom, inline=False):
            over, under = box(top, ascii), box(bottom, ascii)
            nested = len(over.lines) > 1 or len(under.lines) > 1
            bar = line(("-" if ascii else "─") * (max(over.width, under.width) + 2 * nested))
            return stacked([over, bar, under], len(over.lines))
        case Root(body):
            return _root(body, ascii)
        case Big(sign, below, above) if below or above:
            limits = [box(above, ascii)] if above else []
            feet = [box(below, ascii)] if below else []
            return stacked(
                [*limits, line(shown(sign, ascii)), *feet], sum(len(part.lines) for part in limits)
            )
    return line(linear(layout, ascii))


def _row(items: Sequence[Layout], ascii: bool) -> Box:
    parts: list[Box] = []
    previous: Layout | None = None
    for item in items:
        part = box(item, ascii)
        if previous is not None:
            low = len(part.lines) == 1 and (len(parts) < 2 or len(parts[-2].lines) == 1)
            if gap(previous, item, low) or collide(parts[-1].lines[-1], previous, part.lines[0], item):
                parts.append(line(" "))
        parts.append(part)
        previous = item
    return parts[0] if len(parts) == 1 else beside(parts)


def grows(body: Layout) -> bool:
    """Whether brackets around `body` are as tall as it is; around raised exponents alone they stay low."""
    match body:
        case Table() | Fraction(inline=False):
            return True
        case Row(items):
            return any(grows(item) for item in items)
        case Fence(_, inner, _) | Root(inner) | Scripts(inner):
            return grows(inner)
    return False


def _fenced(opening: str, body: Box, closing: str, ascii: bool, grow: bool = True) -> Box:
    if not grow or len(body.lines) == 1:
        return beside([line(shown(opening, ascii)), body, line(shown(closing, ascii))])
    if ascii and opening in ("⌊", "⌈"):
        name = line("floor" if opening == "⌊" else "ceil")
        return beside([name, _fenced("(", body, ")" if closing else "", ascii)])
    if ascii and closing in ("⌋", "⌉"):
        closing = ")"
    height = len(body.lines)
    left, right = _tall(opening, height, ascii), _tall(closing, height, ascii)
    if opening == "{":
        left = [piece + " " for piece in left]
    lines = [a + text + b for a, text, b in zip(left, body.lines, right, strict=True)]
    return Box(lines, body.baseline, width(left[0]) + body.width + width(right[0]))


def _tall(bracket: str, height: int, ascii: bool) -> list[str]:
    if ascii or bracket not in TALL:
        return [shown(bracket, ascii)] * height
    top, shaft, middle, bottom = list(TALL[bracket])
    pieces = [top, *[shaft] * (height - 2), bottom]
    if height > 2:
        pieces[(height - 1) // 2] = middle
    return pieces


def _table(table: Table, ascii: bool) -> Box:
    cells = [[box(cell, ascii) for cell in row] for row in table.cells]
    if not cells:
        return line(table.open + table.close)
    columns = zip(zip(*table.cells, strict=True), zip(*cells, strict=True), strict=True)
    aligned = zip(*(_column(*column, table.open != "{") for column in columns), strict=True)
    if all(len(part.lines) == 1 for row in cells for part in row):
        lines = ["  ".join([part.lines[0] for part in row]) for row in aligned]
    else:
        rows = [beside([part for cell in row for part in (line("  "), cell)][1:]) for row in aligned]
        blank = " " * rows[0].width
        lines = [text for row in rows for text in (blank, *row.lines)][1:]
    body = Box(lines, (len(lines) - 1) // 2, width(lines[0]))
    return _fenced(table.open, body, table.close, ascii)


def _column(cells: Sequence[Layout], parts: Sequence[Box], matrix: bool) -> list[Box]:
    """The cells of a column, all made equally wide: numbers by the point, others centred."""
    points = [_point(cell, part) for cell, part in zip(cells, parts, strict=True)]
    before, after, total = 0, 0, 0
    for part, point in zip(parts, points, strict=True):
        total = max(total, part.width)
        if point is not None:
            before, after = max(before, point), max(after, part.width - point)
    total = max(total, before + after)
    column = []
    for (lines, baseline, wide), point in zip(parts, points, strict=True):
        spare = total - (wide if point is None else before + after)
        left = (spare // 2 if matrix else 0) + (0 if point is None else before - point)
        lead, trail = " " * left, " " * (total - wide - left)
        column.append(Box([lead + text + trail for text in lines], baseline, total))
    return column


def _point(cell: Layout, part: Box) -> int | None:
    """The place of the decimal point in a number."""
    match cell:
        case Number(digits):
            place = digits.find(".")
            return place if place >= 0 else len(digits)
        case Fraction(inline=True) | Row((Sign("−", "prefix"), Number() | Fraction(inline=True))):
            place = part.lines[0].find(".")
            return place if place >= 0 else part.width
    return None


def _root(body: Layout, ascii: bool) -> Box:
    inner = box(body, ascii)
    low = len(inner.lines) == 1
    if ascii and not low:
        return beside([line("sqrt"), _fenced("(", inner, ")", ascii)])
    if ascii or (low and (isinstance(body, Number | Fence) or inner.width == 1)):
        return line(linear(Root(body), ascii))
    if low:
        return Box([" " + "_" * inner.width, "√" + inner.lines[0]], 1, inner.width + 1)
    lines = [" ┌" + "─" * (inner.width + 1), *(" │ " + text for text in inner.lines)]
    lines[-1] = "√" + lines[-1][1:]
    return Box(lines, inner.baseline + 1, inner.width + 3)


def _scripts(layout: Scripts, ascii: bool) -> Box:
    base = box(layout.base, ascii)
    below, above = _mark(layout.sub, "_", ascii), _mark(layout.sup, "^", ascii)
    if below is None or above is None:
        return _raised(base, layout)
    if len(base.lines) == 1 or not grows(layout.base):
        return beside([base, line(below + above)])
    wide = max(width(below), width(above))
    marks = [" " * wide] * len(base.lines)
    marks[-1] = below + " " * (wide - width(below))
    marks[0] = above + " " * (wide - width(above))
    return beside([base, Box(marks, base.baseline, wide)])


def _mark(script: Layout | None, mark: str, ascii: bool) -> str | None:
    """A script as characters that follow the base, or none if it needs a row of its own."""
    if script is None:
        return ""
    return behind(script, mark, True) if ascii else small(script, mark)


def _raised(base: Box, layout: Scripts) -> Box:
    """The base with its scripts on rows above and below it."""
    above, below = (
        [line(shown(text, False)) if (text := compact(script, False)) else box(script)] if script else []
        for script in (layout.sup, layout.sub)
    )
    middle = Box([""] * len(base.lines), 0, 0)
    height = sum(len(part.lines) for part in above)
    return beside([base, stacked([*above, middle, *below], height + base.baseline, centred=False)])
