"""A picture of an array in text: its numbers in rows, a window of it in a frame."""

from __future__ import annotations

from collections.abc import Sequence

from solver.page.blocks import Grid
from solver.render.boxes import Box, beside, line
from solver.render.glyphs import width
from solver.render.linear import linear

FRAME = "┌┐└┘─│"
PLAIN = "++++-|"
"""The corners of a frame, its horizontal and its vertical edge."""

BETWEEN = 4


def pictures(grids: Sequence[Grid], room: int, ascii: bool = False) -> list[str]:
    """The pictures side by side, as many as there is room for."""
    lines: list[str] = []
    row: list[Box] = []
    for drawn in (_box(each, room, ascii) for each in grids):
        if row and sum(part.width for part in row) + BETWEEN + drawn.width > room:
            lines += beside(row).lines
            row = []
        row += [line(" " * BETWEEN), drawn] if row else [drawn]
    return [text.rstrip() for text in [*lines, *beside(row).lines]]


def _box(grid: Grid, room: int, ascii: bool) -> Box:
    name = linear(grid.name, ascii)
    texts = [[linear(cell, ascii) for cell in row] for row in grid.cells]
    down, across = (sorted({place[axis] for place in grid.marked}) for axis in (0, 1))
    block = _adjoin(down) and _adjoin(across) and len(grid.marked) == len(down) * len(across)
    if not block:
        texts = [
            [f"[{cell}]" if (i, j) in grid.marked else f" {cell} " for j, cell in enumerate(row)]
            for i, row in enumerate(texts)
        ]
    while len(texts[0]) > 2 and sum(_widths(texts)) + 3 * len(texts[0]) + 1 > room:
        texts = [[*row[:-2], "..." if ascii else "⋯"] for row in texts]
    across = [j for j in across if j < len(texts[0])]
    lines = _framed(texts, down if block and across else [], across, PLAIN if ascii else FRAME)
    wide = max(width(text) for text in (name, *lines))
    return Box([text + " " * (wide - width(text)) for text in (name, *lines)], 0, wide)


def _widths(texts: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(width, column)) for column in zip(*texts, strict=True)]


def _framed(
    texts: Sequence[Sequence[str]], down: Sequence[int], across: Sequence[int], frame: str
) -> list[str]:
    """The rows of numbers, those of the rows `down` and columns `across` in a frame; no rows: no frame."""
    wide = _widths(texts)
    lines = []
    for i, row in enumerate(texts):
        cells = [" " * (size - width(cell)) + cell for cell, size in zip(row, wide, strict=True)]
        inside = bool(down) and down[0] <= i <= down[-1]
        bars = {across[0], across[-1] + 1} if inside else set()
        text = "".join((frame[5] if j in bars else " ") + f" {cell} " for j, cell in enumerate(cells))
        if inside and i == down[0]:
            lines.append(_edge(wide, across, frame[0], frame[1], frame[4]))
        lines.append(text + (frame[5] if len(cells) in bars else " "))
        if inside and i == down[-1]:
            lines.append(_edge(wide, across, frame[2], frame[3], frame[4]))
    return lines


def _edge(wide: Sequence[int], across: Sequence[int], left: str, right: str, bar: str) -> str:
    """The upper or lower edge of a frame around some columns."""
    before = sum(size + 3 for size in wide[: across[0]])
    inside = sum(wide[j] + 3 for j in across) - 1
    return " " * before + left + bar * inside + right


def _adjoin(places: Sequence[int]) -> bool:
    return bool(places) and places[-1] - places[0] + 1 == len(places)
