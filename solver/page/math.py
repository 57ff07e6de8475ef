"""The layout of mathematics: a small presentational tree that every renderer prints.

Brackets are nodes here: whoever builds a layout has decided where they stand, and a renderer only draws.
Text is NFC Unicode with the true minus sign U+2212.
"""

from __future__ import annotations

from solver.record import Record


class Number(Record):
    """A printed number, `−12`, `0.99966`, or with a power of ten: `6.1442` and −6."""

    digits: str
    exponent: int | None = None


class Letter(Record):
    """A variable, set in italics: `z`, `α`. Several characters stand upright: `loss`."""

    text: str


class Word(Record):
    """Upright text: the name of a function (`ln`, `softmax`), `if`, a label of the user's."""

    text: str


class Sign(Record):
    """An operator or another mark. `role` fixes the space around it:

    `infix` and `relation` have space on both sides, `prefix` none, `comma` space behind it, `mark` none.
    An infix sign with empty text is the invisible product of juxtaposition (`X w`).
    """

    text: str
    role: str = "infix"


class Row(Record):
    """Layouts side by side."""

    items: tuple[Layout, ...]


class Fraction(Record):
    """`top` over `bottom`; `inline` writes the slash of a small number: 2/5."""

    top: Layout
    bottom: Layout
    inline: bool = False


class Scripts(Record):
    """`base` with an index below and a power or mark above."""

    base: Layout
    sub: Layout | None = None
    sup: Layout | None = None


class Accent(Record):
    """A mark over one letter: `hat`, `bar`, `tilde`, `dot`."""

    base: Layout
    mark: str = "hat"


class Root(Record):
    """The square root of `body`."""

    body: Layout


class Fence(Record):
    """`body` between brackets as tall as itself: ( ) [ ] { } | | ‖ ‖ ⌊ ⌋ ⌈ ⌉."""

    open: str
    body: Layout
    close: str


class Table(Record):
    """Rows of cells between two fences: a matrix `[ ]`, a list of cases `{` with an empty `close`.

    Numbers in a column are aligned at the decimal point, everything else to the left in cases and
    centred in matrices. `size` is the full (rows, columns) of what is shown, larger than the cells
    where rows or columns were left out; those stand as cells `Sign("⋯", "mark")` and the like.
    """

    cells: tuple[tuple[Layout, ...], ...]
    open: str = "["
    close: str = "]"
    size: tuple[int, int] | None = None


class Big(Record):
    """A large operator with what stands below and above it: ∑, max."""

    sign: str
    below: Layout | None = None
    above: Layout | None = None


Layout = Number | Letter | Word | Sign | Row | Fraction | Scripts | Accent | Root | Fence | Table | Big


def side_by_side(layout: Layout) -> tuple[Layout, ...]:
    """What stands side by side in `layout`, rows within rows taken apart."""
    if not isinstance(layout, Row):
        return (layout,)
    if not any(isinstance(item, Row) for item in layout.items):
        return layout.items
    return tuple(part for item in layout.items for part in side_by_side(item))


class Chain(Record):
    """A chain of relations, `z = X w = … ≈ …`: what stands first, then pairs of relation and layout."""

    first: Layout
    links: tuple[tuple[str, Layout], ...] = ()
