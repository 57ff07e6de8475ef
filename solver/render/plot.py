"""A small plot of a curve in Braille dots, or in asterisks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import ceil, isfinite

from solver.page.blocks import Curve
from solver.render.glyphs import width

ROWS = 8
WIDEST = 60

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The dots of a Braille character, row by row."""

Point = tuple[float, float]


def plot(curve: Curve, room: int, labels: tuple[str, str], ascii: bool = False) -> list[str]:
    """The lines of a plot: the smallest and largest value at the left, the ends of the axis below.

    `labels` are those of the axes, as they are to be printed.
    """
    points = [(x, y) for x, y in zip(curve.xs, curve.ys, strict=True) if isfinite(x) and isfinite(y)]
    if not points:
        return []
    low, high = min(y for _, y in points), max(y for _, y in points)
    top, bottom = _number(high, ascii), _number(low, ascii)
    margin = max(len(top), len(bottom))
    columns = max(min(room, WIDEST) - margin - 2, 1)
    grid = _marks(points, columns, ascii)
    names = [top, *[""] * (ROWS - 2), bottom if low < high else ""]
    tick, shaft, corner, rule = "|||-" if ascii else "┤│└─"
    lines = [
        f"{name:>{margin}} {tick if name else shaft}{row}" for name, row in zip(names, grid, strict=True)
    ]
    lines.append(" " * (margin + 1) + ("+" if ascii else corner) + rule * columns)
    first, last = _number(points[0][0], ascii), _number(points[-1][0], ascii)
    between = columns - len(first) - len(last)
    along = labels[0] if between >= width(labels[0]) + 2 else ""
    left = (between - width(along)) // 2
    ends = first + " " * left + along + " " * (between - width(along) - left) + last
    lines.append(" " * (margin + 2) + (ends if len(points) > 1 else first))
    above = [f"{labels[1]:>{margin}}"] if labels[1] else []
    return [line.rstrip() for line in above + lines]


def _number(value: float, ascii: bool) -> str:
    text = str(int(value)) if float(value).is_integer() and abs(value) < 1e9 else f"{value:.4g}"
    return text if ascii else text.replace("-", "−")


def _marks(points: list[Point], columns: int, ascii: bool) -> list[str]:
    if ascii:
        stars = _drawn(points, columns, ROWS)
        return ["".join("*" if (x, y) in stars else " " for x in range(columns)) for y in range(ROWS)]
    cells = [[0] * columns for _ in range(ROWS)]
    for x, y in _drawn(points, 2 * columns, 4 * ROWS):
        cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
    return ["".join(chr(0x2800 + cell) if cell else " " for cell in row) for row in cells]


def _drawn(points: list[Point], across: int, down: int) -> set[tuple[int, int]]:
    """The dots of the curve on a grid of `across` × `down`, counted from the top left."""
    left, right = points[0][0], points[-1][0]
    low, high = min(y for _, y in points), max(y for _, y in points)

    def place(point: Point) -> Point:
        x, y = point
        return (
            (x - left) / (right - left) * (across - 1) if right > left else 0,
            (high - y) / (high - low) * (down - 1) if high > low else (down - 1) / 2,
        )

    placed = [place(point) for point in points]
    lines = [dot for start, end in pairwise(placed) for dot in _line(start, end)]
    return {(round(x), round(y)) for x, y in placed} | set(lines)


def _line(start: Point, end: Point) -> Iterator[tuple[int, int]]:
    steps = max(ceil(abs(end[0] - start[0])), ceil(abs(end[1] - start[1])), 1)
    for step in range(steps + 1):
        share = step / steps
        yield (
            round(start[0] + share * (end[0] - start[0])),
            round(start[1] + share * (end[1] - start[1])),
        )
