"""Tables shown in part: a big matrix by its corners, with `⋯ ⋮ ⋱` for what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from solver.page.math import Fence, Fraction, Layout, Root, Row, Scripts, Sign, Table
from solver.record import Record

DOTS = ("⋯", "⋮", "⋱")


class Elision(Record):
    """A table of which a part is shown, both as (rows, columns); `str` says so: `3 of 12 columns`."""

    shown: tuple[int, int]
    size: tuple[int, int]

    def __str__(self) -> str:
        pairs = zip(self.shown, self.size, ("rows", "columns"), strict=True)
        return " and ".join(f"{shown} of {size} {name}" for shown, size, name in pairs if shown < size)


def tables(layout: Layout) -> Iterator[Table]:
    """The tables in `layout` from left to right."""
    match layout:
        case Table():
            yield layout
        case Row(items):
            for item in items:
                yield from tables(item)
        case Fence(_, body, _) | Root(body) | Scripts(body, _, _):
            yield from tables(body)
        case Fraction(top, bottom, _):
            yield from tables(top)
            yield from tables(bottom)


def elisions(layouts: Iterable[Layout]) -> list[Elision]:
    """What is left out of the tables in these layouts, each said once."""
    found = [
        Elision((len(rows(table)), len(columns(table))), table.size)
        for layout in layouts
        for table in tables(layout)
        if table.size is not None
    ]
    return list(dict.fromkeys(elision for elision in found if str(elision)))


def rows(table: Table) -> list[int]:
    """The places of the rows that are not dots."""
    return _real(table.cells)


def columns(table: Table) -> list[int]:
    """The places of the columns that are not dots."""
    return _real(tuple(zip(*table.cells, strict=True)))


def shrink(layout: Layout, most_rows: int, most_columns: int) -> Layout:
    """`layout` with no more than so many rows and columns in each matrix, the first and the last ones."""
    match layout:
        case Table(open="{"):
            return layout
        case Table():
            return _corners(layout, most_rows, most_columns)
        case Row(items):
            return Row(tuple(shrink(item, most_rows, most_columns) for item in items))
        case Fence(opening, body, closing):
            return Fence(opening, shrink(body, most_rows, most_columns), closing)
        case Scripts(base, sub, sup):
            return Scripts(shrink(base, most_rows, most_columns), sub, sup)
        case Fraction(top, bottom, inline):
            return Fraction(
                shrink(top, most_rows, most_columns), shrink(bottom, most_rows, most_columns), inline
            )
        case Root(body):
            return Root(shrink(body, most_rows, most_columns))
    return layout


def _corners(table: Table, most_rows: int, most_columns: int) -> Table:
    height, breadth = rows(table), columns(table)
    if len(height) <= most_rows and len(breadth) <= most_columns:
        return table
    down, across = (
        _kept(height, len(table.cells), most_rows),
        _kept(breadth, len(table.cells[0]), most_columns),
    )
    cells = tuple(tuple(_cell(table, row, column) for column in across) for row in down)
    return table.but(cells=cells, size=table.size or (len(height), len(breadth)))


def _cell(table: Table, row: int | None, column: int | None) -> Layout:
    if row is not None and column is not None:
        return table.cells[row][column]
    return Sign("⋯" if row is not None else "⋮" if column is not None else "⋱", "mark")


def _real(rows: Sequence[Sequence[Layout]]) -> list[int]:
    dots = [all(isinstance(cell, Sign) and cell.text in DOTS for cell in row) for row in rows]
    return [place for place, dotted in enumerate(dots) if not dotted]


def _kept(real: list[int], length: int, count: int) -> list[int | None]:
    """`count` places from both ends, with dots in between; dots that are there already stay between."""
    if len(real) <= count and len(real) == length:
        return list(real)
    gap = next((place for place in range(length) if place not in real), None)
    head = [place for place in real if gap is None or place < gap]
    tail = [place for place in real if gap is None or place > gap]
    after = min(count // 2, len(tail))
    return [*head[: count - after], None, *tail[len(tail) - after :]]
