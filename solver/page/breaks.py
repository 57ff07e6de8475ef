"""Where a layout may be broken that is too wide for a line.

Before `+` and `−`, then between the factors of a product and behind commas, last inside brackets.
Nothing breaks inside a number or a matrix; a matrix too wide for a line by itself is shown by its
first and last columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from solver.page.elide import columns, shrink, tables
from solver.page.math import Fence, Fraction, Layout, Number, Row, Scripts, Sign, side_by_side

Measure = Callable[[Layout], int]
"""The width of a layout, in the unit of whoever prints it."""


def broken(layout: Layout, room: int, measure: Measure) -> list[Layout]:
    """`layout` in lines that are no wider than `room`, filled one after the other."""
    lines: list[tuple[Layout, ...]] = [()]

    def place(piece: Layout) -> None:
        if measure(_ended((*lines[-1], piece))) <= room:
            lines[-1] = (*lines[-1], piece)
        elif measure(_ended((piece,))) <= room:
            lines.append((piece,))
        elif len(parts := _divided(piece, room, measure)) > 1 or parts[0] is not piece:
            for part in parts:
                place(part)
        elif lines[-1]:
            lines.append((piece,))
        else:
            lines[-1] = (piece,)

    place(layout)
    return [_ended(line) for line in lines]


def _ended(line: Sequence[Layout]) -> Layout:
    """A line as a row; an invisible product at its end is made visible."""
    items = side_by_side(Row(tuple(line)))
    if items and items[-1] == Sign("", "infix"):
        items = (*items[:-1], Sign("·", "infix"))
    return items[0] if len(items) == 1 else Row(items)


def _divided(piece: Layout, room: int, measure: Measure) -> list[Layout]:
    """A piece that is too wide in smaller ones, by the first way that applies."""
    parts = _terms(piece)
    if len(parts) == 1 and any(measure(table) > room for table in tables(piece)):
        parts = [_elided(piece, room, measure)]
        if parts[0] is not piece:
            return parts
    if len(parts) == 1:
        parts = _factors(piece)
    if len(parts) == 1:
        parts = _opened(piece)
    return parts if len(parts) > 1 else [_elided(piece, room, measure)]


def _terms(layout: Layout) -> list[Layout]:
    items = side_by_side(layout)
    return _cut(items, [place for place, item in enumerate(items) if place and _adds(item)])


def _factors(layout: Layout) -> list[Layout]:
    items = side_by_side(layout)
    signs = (place for place, item in enumerate(items[:-1]) if place and isinstance(item, Sign))
    return _cut(items, [place + 1 for place in signs if _multiplies(items[place])])


def _adds(item: Layout) -> bool:
    return isinstance(item, Sign) and (
        item.role == "relation" or (item.role == "infix" and item.text in ("+", "−", "±"))
    )


def _multiplies(item: Layout) -> bool:
    return isinstance(item, Sign) and item.role in ("infix", "comma") and not _adds(item)


def _cut(items: Sequence[Layout], places: Sequence[int]) -> list[Layout]:
    edges = [0, *places, len(items)]
    rows = [tuple(items[start:end]) for start, end in pairwise(edges)]
    return [row[0] if len(row) == 1 else Row(row) for row in rows]


def _opened(layout: Layout) -> list[Layout]:
    """The layout broken inside its first brackets that can be: each half keeps its own bracket."""
    items = side_by_side(layout)
    for place, item in enumerate(items):
        inner = _halves(item)
        if len(inner) > 1:
            first, last = Row((*items[:place], inner[0])), Row((inner[-1], *items[place + 1 :]))
            return [first, *inner[1:-1], last]
    return [layout]


def _halves(item: Layout) -> list[Layout]:
    match item:
        case Fence(opening, body, closing):
            ways = (split(body) for split in (_terms, _factors, _opened))
            parts = next((parts for parts in ways if len(parts) > 1), [body])
            if len(parts) == 1:
                return [item]
            # the sign that joins two parts stays outside the brackets, to be spaced by its neighbours
            first, last = side_by_side(parts[0]), side_by_side(parts[-1])
            ends = isinstance(first[-1], Sign) and first[-1].role != "mark" and len(first) > 1
            starts = isinstance(last[0], Sign) and last[0].role in ("infix", "relation")
            head = Fence(opening, Row(first[:-1] if ends else first), "")
            tail = Fence("", Row(last[1:] if starts else last), closing)
            return [
                Row((head, *first[-1:])) if ends else head,
                *parts[1:-1],
                Row((*last[:1], tail)) if starts else tail,
            ]
        case Fraction(top, Number() as bottom, inline=True):
            *opened, end = _halves(Fence("(", top, ")"))
            return [*opened, Row((end, Sign("/", "mark"), bottom))] if opened else [item]
        case Scripts(Fence() as base, sub, sup):
            *opened, end = _halves(base)
            *before, closed = side_by_side(end)
            return [*opened, Row((*before, Scripts(closed, sub, sup)))] if opened else [item]
    return [item]


def _elided(piece: Layout, room: int, measure: Measure) -> Layout:
    """`piece` with as many columns as let it fit, else as let each table fit, else one."""
    matrices = [table for table in tables(piece) if table.open != "{"]
    tallest = max((len(table.cells) for table in matrices), default=0)
    widest = max((len(columns(table)) for table in matrices), default=0) - 1

    def fits(most: int, whole: bool) -> bool:
        shrunk = shrink(piece, tallest, most)
        if whole:
            return measure(shrunk) <= room
        return all(measure(table) <= room for table in tables(shrunk))

    for whole in (True, False):
        low, high = 1, widest  # more columns are never narrower, so halving finds the most that fit
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(middle, whole) else (low, middle - 1)
        if low > 1:
            return shrink(piece, tallest, low)
    return shrink(piece, tallest, 1) if widest > 1 else piece
