"""The blocks of a page: what a renderer writes one below the other.

Plain `str` is text that came from a person or a message; it is never markup of any format.
"""

from __future__ import annotations

from solver.page.math import Chain, Layout
from solver.record import Record

Prose = tuple[str | Layout, ...]
"""A sentence: text with small layouts in between."""


class Heading(Record):
    """The title of a problem; `aside` stands at the right margin (points)."""

    text: str
    aside: str = ""


class Statement(Record):
    """The question as it was set: the user's Markdown with $maths$."""

    text: str


class Facts(Record):
    """A labelled list of short formulas that flow on a line: Given, Find, Method, Answer."""

    label: str
    items: tuple[Chain, ...]


class Section(Record):
    """A part of a derivation, with a rule across the page."""

    title: str


class Grid(Record):
    """An array on a picture, with its name above and some cells marked, as (row, column)."""

    name: Layout
    cells: tuple[tuple[Layout, ...], ...]
    marked: frozenset[tuple[int, int]] = frozenset()


class Step(Record):
    """One numbered step: what it is for, the shape of its result at the margin, and its chains.

    `why` explains the rule it rests on; `grids` are a picture of it; `number` is 0 for a step that is not counted.
    """

    number: int
    title: Prose
    chains: tuple[Chain, ...]
    aside: Layout | None = None
    why: Prose = ()
    grids: tuple[Grid, ...] = ()


class Table(Record):
    """A table with its title: a head and rows, whose cells are sentences or chains.

    A number in place of a row says how many rows are left out there.
    """

    title: Prose
    head: tuple[Prose, ...]
    rows: tuple[tuple[Prose | Chain, ...] | int, ...]
    why: Prose = ()


class Tree(Record):
    """A node of a tree with its branches, each with what stands on the edge."""

    text: Prose
    branches: tuple[tuple[Prose, Tree], ...] = ()


class Note(Record):
    """A remark. `kind` is `note`, `left-out`, `check` or `failed`."""

    text: Prose
    kind: str = "note"


class Curve(Record):
    """A small plot of `ys` against `xs`, both increasing in index, with a title for each axis."""

    title: str
    x_label: str
    y_label: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]


Block = Heading | Statement | Facts | Section | Step | Table | Tree | Note | Curve
Page = tuple[Block, ...]
