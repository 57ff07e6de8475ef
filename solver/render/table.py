"""A table in text: columns side by side where the page is wide enough, otherwise one row below the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from solver.errors import counted
from solver.page import blocks
from solver.page.blocks import Prose
from solver.page.fit import fit
from solver.page.math import Chain, Layout
from solver.render.boxes import box
from solver.render.glyphs import width
from solver.render.prose import wrap

GAP = 2
UNBROKEN = 10_000
NARROWEST = 16
"""A column is made no narrower than this to let its text or chain go over several lines."""

_NUMBER = re.compile(r"[−-]?[\d.,]+(?:[·*]10.*|e-?\d+)?(?:/\d+)?", re.ASCII)

Cell = Prose | Chain


def table(block: blocks.Table, room: int, ascii: bool = False) -> list[str]:
    """The lines of a table no wider than `room`, but for a formula that cannot be broken."""
    rows = [row for row in block.rows if not isinstance(row, int)]
    cells = list(zip(block.head, *rows, strict=True))
    natural = [_natural([_lines(cell, UNBROKEN, ascii) for cell in column]) for column in cells]
    widths = _narrowed(natural, [_wide(column[1:]) for column in cells], room)
    if widths is None:
        return _stacked(block, room, ascii)
    columns = [
        [_lines(cell, wide, ascii) for cell in column] for column, wide in zip(cells, widths, strict=True)
    ]
    widths = [max(wide, _natural(column)) for column, wide in zip(columns, widths, strict=True)]
    if sum(widths) + GAP * (len(widths) - 1) > room:
        return _stacked(block, room, ascii)  # a formula that cannot be broken is wider than its column
    set_out = [_aligned(column, wide) for column, wide in zip(columns, widths, strict=True)]
    head, *body = (_beside(parts, widths) for parts in zip(*set_out, strict=True))
    rule = (" " * GAP).join(("-" if ascii else "─") * wide for wide in widths)
    lines = [*head, rule]
    for row in block.rows:
        lines += [_left_out(row, ascii)] if isinstance(row, int) else body.pop(0)
    return lines


def _left_out(count: int, ascii: bool) -> str:
    return f"{'...' if ascii else '⋯'} {counted(count, 'more row')}"


def _wide(cells: Sequence[Cell]) -> bool:
    """Whether a column may be broken over lines."""
    return any(isinstance(cell, Chain) and cell.links for cell in cells) or any(
        not isinstance(cell, Chain) and any(isinstance(part, str) and " " in part for part in cell)
        for cell in cells
    )


def _narrowed(natural: Sequence[int], breakable: Sequence[bool], room: int) -> list[int] | None:
    """The widths of the columns, breakable ones narrowed to fit; None where that does not help."""
    widths = list(natural)
    room -= GAP * (len(widths) - 1)
    while sum(widths) > room:
        wide = [place for place, width in enumerate(widths) if breakable[place] and width > NARROWEST]
        if not wide:
            return None
        widest = max(wide, key=widths.__getitem__)
        others = sorted(widths[place] for place in wide if place != widest)
        least = max(others[-1] if others else NARROWEST, NARROWEST)
        spare = sum(widths) - room
        widths[widest] -= max(1, min(spare, widths[widest] - least))
    return widths


def _natural(cells: Sequence[list[str]]) -> int:
    """How wide a column is with these lines in its cells, the head first."""
    widest = max((width(line) for lines in cells for line in lines), default=0)
    return max(widest, sum(_around_point(cells) or ()))


def _around_point(cells: Sequence[list[str]]) -> tuple[int, int] | None:
    """The most characters before the point and from it on, in a column of numbers below its head."""
    body = [line for lines in cells[1:] for line in lines]
    if not body or not all(map(_NUMBER.fullmatch, body)):
        return None
    points = list(map(_point, body))
    return max(points), max(len(line) - point for line, point in zip(body, points, strict=True))


def _point(number: str) -> int:
    """Where the point of a number is, or would be."""
    found = re.search(r"\.|[·*e]|$", number)
    return found.start() if found else 0


def _lines(cell: Cell, room: int, ascii: bool) -> list[str]:
    if not isinstance(cell, Chain):
        return wrap(cell, room, ascii)

    def measure(layout: Layout) -> int:
        return box(layout, ascii).width

    lines: list[str] = []
    for part in fit(cell, room, measure):
        lines += [" " * part.indent + text for text in box(part.layout, ascii).lines]
    return lines


def _aligned(cells: Sequence[list[str]], wide: int) -> list[list[str]]:
    """The cells of a column made equally wide; a column of numbers is aligned at the decimal point."""
    around = _around_point(cells)
    if around is None:
        return [[line + " " * (wide - width(line)) for line in lines] for lines in cells]
    head, *body = cells
    body = [[line + " " * (around[1] - len(line) + _point(line)) for line in lines] for lines in body]
    return [[" " * (wide - width(line)) + line for line in lines] for lines in (head, *body)]


def _beside(parts: Sequence[list[str]], widths: Sequence[int]) -> list[str]:
    """Cells of one row side by side, the first lines level."""
    return [
        (" " * GAP)
        .join(
            part[place] if place < len(part) else " " * wide for part, wide in zip(parts, widths, strict=True)
        )
        .rstrip()
        for place in range(max(map(len, parts)))
    ]


def _stacked(block: blocks.Table, room: int, ascii: bool) -> list[str]:
    """Each row as a list: its first cell, and below it every other under the head of its column."""
    lines: list[str] = []
    for row in block.rows:
        if isinstance(row, int):
            lines.append(_left_out(row, ascii))
            continue
        lines += _lines(row[0], room, ascii)
        for head, cell in zip(block.head[1:], row[1:], strict=True):
            labels = wrap((*head, ":"), room - 2, ascii) if wrap(head, room, ascii) else []
            cells = _lines(cell, room - 4, ascii)
            if len(labels) == len(cells) == 1 and width(labels[0]) + 3 + width(cells[0]) <= room:
                lines.append(f"  {labels[0]} {cells[0]}")
            elif cells:
                lines += ["  " + text for text in labels]
                lines += [" " * (4 if labels else 2) + text for text in cells]
    return lines
