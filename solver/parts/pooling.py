"""Pooling: its fields, its operations, and how it is written on a board.

A window of max pooling never picks padding; of equal maxima the first in reading order is taken. An average is
that of the cells of the input, or with `count_padding` of all cells that are not beyond the padding. Sizes
rounded up (`ceil`) follow PyTorch: no window starts beyond the input and the padding before it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import numpy as np

from solver.derivation import Board, say
from solver.errors import counted
from solver.expr.edits import LIKELY, Slip
from solver.expr.nodes import Expr, Function, Op, Sym, apply
from solver.expr.ops import terms
from solver.expr.values import Arithmetic, Array, Domain, Shape, Value
from solver.parts.windows import (
    OVER,
    PAD,
    SAME_WHY,
    Axis,
    Pair,
    Positive,
    entry_at,
    padding,
    pair,
    same_formula,
)
from solver.spec.fields import Fault, Fields, Flag, field

PADDING = padding("same", "valid")


class Pooling(Fields):
    """A pooling window."""

    size: Annotated[Pair | None, pair(1)] = field("the window: a number or [rows, columns]", None)
    stride: Annotated[Pair | None, pair(1)] = field("the step (default: the size)", None)
    padding: Annotated[Pair | str, PADDING] = field(
        "a number, [rows, columns], same or valid (default 0)", (0, 0)
    )
    count_padding: Flag = field("whether an average counts the padding (default false)", False)
    ceil: Flag = field("whether sizes are rounded up (default false)", False)
    dilation: Positive = field("the distance of the window's cells (default 1)", (1, 1))
    global_: Flag = field("one window over each whole image (default false)", False, name="global")

    def faults(self) -> Iterator[Fault]:
        if self.global_:
            for name in ("size", "stride"):
                if getattr(self, name) is not None:
                    yield Fault((name,), "a global window has none", "leave it out")
            return
        if self.size is None:
            yield Fault(("size",), "it is missing", "the window, such as 2 or [2, 3]; or `global: true`")
        elif isinstance(self.padding, tuple) and any(
            2 * pad > d * (k - 1) + 1
            for pad, k, d in zip(self.padding, self.size, self.dilation, strict=True)
        ):
            hint = "at most half the window, or a window could hold nothing but padding"
            yield Fault(("padding",), f"{list(self.padding)} is too much for this window", hint)

    def axes(self, shape: Shape) -> tuple[Axis, Axis]:
        """The axes of images of that shape."""
        rows, columns = shape[-2:]
        if self.size is None:
            return Axis.of(rows, rows, 1, 1, 0), Axis.of(columns, columns, 1, 1, 0)
        return Axis.pair(shape, self.size, self.stride or self.size, self.dilation, self.padding, self.ceil)

    def mistaken(self) -> Iterator[tuple[str, str, Pooling]]:
        """What people take a window for: the name of the mistake, what to remember, and the window."""
        if not self.global_ and self.size is not None:
            if self.stride not in (None, (1, 1)) or (self.stride is None and self.size != (1, 1)):
                says = "A pooling window moves on by its stride; without one, by its own size."
                yield "stride-ignored", says, self.model_copy(update={"stride": (1, 1)})
            if self.stride is not None and self.stride != self.size:
                says = "The stride is given here: it is not the size of the window."
                yield "stride-ignored", says, self.model_copy(update={"stride": None})
            if self.padding not in ((0, 0), "valid"):
                says = "The input is padded before the window slides over it."
                yield "padding-ignored", says, self.model_copy(update={"padding": (0, 0)})
            for name in ("stride", "padding", "dilation", "size"):
                pair_ = getattr(self, name)
                if isinstance(pair_, tuple) and pair_[0] != pair_[1]:
                    turned = self.model_copy(update={name: pair_[::-1]})
                    yield "rows-for-columns", f"The {name} is that of rows, then that of columns.", turned
            if self.dilation != (1, 1):
                says = "The cells of a dilated window are not neighbours."
                yield "dilation-ignored", says, self.model_copy(update={"dilation": (1, 1)})
            says = "A last window that does not fit counts only where sizes are rounded up."
            yield "rounding-direction", says, self.model_copy(update={"ceil": not self.ceil})

    def misfit(self, shape: Shape) -> str:
        """Why the window does not fit images of that shape; empty: it does."""
        for name, axis in zip(("rows", "columns"), self.axes(shape), strict=True):
            if axis.out < 1:
                have = axis.n + axis.before + axis.after
                return f"a window over {axis.span} {name} does not fit into {have}"
        return ""


def _windows(x: Array, fill: object, rows: Axis, columns: Axis) -> Array:
    """All windows, the cells of each along the last axis; what is not of the input is `fill`."""
    down, across = (
        np.array([list(axis.cells(place)) for place in range(axis.out)]) for axis in (rows, columns)
    )
    inside = ((down >= 0) & (down < rows.n))[:, None, :, None] & ((across >= 0) & (across < columns.n))[
        None, :, None, :
    ]
    picked = x[
        ...,
        np.clip(down, 0, rows.n - 1)[:, None, :, None],
        np.clip(across, 0, columns.n - 1)[None, :, None, :],
    ]
    filled = np.where(inside, picked, np.asarray(fill, dtype=x.dtype))
    return np.asarray(filled.reshape(*filled.shape[:-2], -1))


def _out(shape: Shape, rows: Axis, columns: Axis, whole: bool) -> Shape:
    return shape[:-2] if whole else (*shape[:-2], rows.out, columns.out)


def _max(m: Arithmetic, x: Array, rows: Axis, columns: Axis, whole: bool) -> Array:
    least = x.min() - 1 if m.domain is not Domain.DOUBLE else -np.inf
    largest = np.asarray(_windows(x, least, rows, columns).max(axis=-1))
    return largest.reshape(_out(x.shape, rows, columns, whole))


def _argmax(m: Arithmetic, x: Array, rows: Axis, columns: Axis, whole: bool) -> Array:
    least = x.min() - 1 if m.domain is not Domain.DOUBLE else -np.inf
    picked = np.asarray(np.argmax(_windows(x, least, rows, columns), axis=-1)).astype(int)
    i, j = np.divmod(picked, columns.k)
    down = np.arange(rows.out)[:, None] * rows.s - rows.before + i * rows.d
    across = np.arange(columns.out)[None, :] * columns.s - columns.before + j * columns.d
    places = np.stack([down, across], axis=-1)
    return places.reshape(*_out(x.shape, rows, columns, whole), 2)


def _average(m: Arithmetic, x: Array, rows: Axis, columns: Axis, whole: bool, padded: bool) -> Array:
    sums = np.asarray(_windows(x, 0, rows, columns).sum(axis=-1))
    return m.divide(sums, _counts(rows, columns, padded)).reshape(_out(x.shape, rows, columns, whole))


def _counts(rows: Axis, columns: Axis, padded: bool) -> Array:
    """By how many cells each window's sum is divided."""
    down, across = (
        np.array([len(_counted(axis, place, padded)) for place in range(axis.out)])
        for axis in (rows, columns)
    )
    return np.asarray(down[:, None] * across[None, :]).astype(object)


def _counted(axis: Axis, place: int, padded: bool) -> list[int]:
    low, high = (-axis.before, axis.n + axis.after) if padded else (0, axis.n)
    return [cell for cell in axis.cells(place) if low <= cell < high]


def _cells(place: tuple[int, ...], rows: Axis, columns: Axis, whole: bool) -> Iterator[tuple[int, ...]]:
    """The cells of the input under one window, as places of the array."""
    before, (i, j) = (place, (0, 0)) if whole else (place[:-2], place[-2:])
    for cell in itertools.product(_counted(rows, i, False), _counted(columns, j, False)):
        yield (*before, *cell)


def _max_entry(place: tuple[int, ...], x: Value, rows: Axis, columns: Axis, whole: bool) -> Expr:
    return apply(LARGEST_OF, *(entry_at(x, *cell) for cell in _cells(place, rows, columns, whole)))


def _average_entry(
    place: tuple[int, ...], x: Value, rows: Axis, columns: Axis, whole: bool, padded: bool
) -> Expr:
    i, j = (0, 0) if whole else place[-2:]
    count = len(_counted(rows, i, padded)) * len(_counted(columns, j, padded))
    cells = (entry_at(x, *cell) for cell in _cells(place, rows, columns, whole))
    return apply(OVER, terms(*cells), count)


def _work(shape: Shape, rows: Axis, columns: Axis, **_: bool) -> int:
    return int(np.prod(shape[:-2])) * rows.out * columns.out * rows.k * columns.k


LARGEST_OF = Op(
    "largest_of",
    lambda _, *x: np.asarray(max(entry.item() for entry in x), dtype=x[0].dtype),
    lambda *_: (),
    Function("max"),
    whole=True,
)


LEAST = "You took the smallest number under each window; max pooling takes the largest."
SUMMED = "That is the sum of each window: an average is divided by the number of its cells."


def _max_slips(x: Expr, **params: Any) -> Iterator[Slip]:
    yield Slip("other-function", -apply(MAX_POOL, -x, **params), "least:pool", None, LIKELY, (), LEAST)


def _average_slips(x: Expr, rows: Axis, columns: Axis, whole: bool, padded: bool) -> Iterator[Slip]:
    average = apply(AVERAGE_POOL, x, rows=rows, columns=columns, whole=whole, padded=True)
    yield Slip("dropped-factor", rows.k * columns.k * average, "sum:pool", None, LIKELY, (), SUMMED)


MAX_POOL = Op(
    "max_pool",
    _max,
    lambda s, rows, columns, whole: _out(s, rows, columns, whole),
    Function("maxpool"),
    integers=True,
    work=_work,
    entry=_max_entry,
    slips=_max_slips,
)
ARGMAX_POOL = Op(
    "argmax_pool",
    _argmax,
    lambda s, rows, columns, whole: (*_out(s, rows, columns, whole), 2),
    Function("argmax"),
    counts=True,
    work=_work,
)
AVERAGE_POOL = Op(
    "average_pool",
    _average,
    lambda s, rows, columns, whole, padded: _out(s, rows, columns, whole),
    Function("avgpool"),
    work=_work,
    entry=_average_entry,
    slips=_average_slips,
)


def write_sizes(board: Board, name: str, formulas: tuple[Expr, Expr], alike: bool, why: str) -> None:
    """The size of an output, first of all: rows and columns, or both at once where they are alike."""
    if alike:
        title, also = "The size of the output, rows and columns alike.", (f"{name}.width",)
        board.let(f"{name}.height", formulas[0], title, why, also=also, bare=True, exactly=True)
        return
    board.let(
        f"{name}.height", formulas[0], "The number of rows of the output.", why, bare=True, exactly=True
    )
    board.let(f"{name}.width", formulas[1], "The number of columns of the output.", bare=True, exactly=True)


def write_padded(board: Board, x: str, rows: Axis, columns: Axis, quiet: bool = False) -> Sym:
    """The array `x` with zeros around it, as `X_padded`."""
    pads = ((rows.before, rows.after), (columns.before, columns.after))
    (top, bottom), (left, right) = pads
    if len({top, bottom, left, right}) == 1:
        title = say("The input with {count} of zeros around it.", count=counted(top, "ring"))
    else:
        title = say(
            "The input with zeros around it: {top} above, {bottom} below, {left} left, {right} right.",
            top=top,
            bottom=bottom,
            left=left,
            right=right,
        )
    why = "Max pooling never chooses them." if quiet else ""
    return board.let("X_padded", apply(PAD, Sym(x), pads=pads), title, why, quiet=quiet, exactly=True)


def write(board: Board, pooling: Pooling, kind: str, x: str, name: str, padded: str = "") -> Sym:
    """Pool the array `x` on the board as `name`; `kind` is `max` or `avg`.

    `padded` is the input with its padding, on which the window is drawn.
    """
    value = board.value(x)
    rows, columns = pooling.axes(value.shape)
    whole = pooling.global_
    params = {"rows": rows, "columns": columns, "whole": whole}
    if not whole:
        same = pooling.padding == "same"
        formulas = (
            (same_formula(rows.n, rows.s), same_formula(columns.n, columns.s))
            if same
            else (rows.formula(), columns.formula())
        )
        write_sizes(board, name, formulas, rows == columns, SAME_WHY if same else SIZE_WHY[pooling.ceil])
    if kind == "max":
        expr = apply(MAX_POOL, Sym(x), **params)
        what, rule = "its largest number", "Padding is never the largest."
    else:
        expr = apply(AVERAGE_POOL, Sym(x), padded=pooling.count_padding, **params)
        what, rule = "the mean of its numbers", AVERAGE_WHY[pooling.count_padding]
    first = tuple(0 for _ in _out(value.shape, rows, columns, whole))
    window: Iterable[tuple[int, ...]] = _cells(first, rows, columns, whole)
    if padded:
        window = ((*first[:-2], *cell) for cell in itertools.product(_drawn(rows), _drawn(columns)))
    beyond = any(
        len(_counted(axis, place, False)) < axis.k for axis in (rows, columns) for place in _ends(axis)
    )
    title, others, done = (
        (f"The first channel: {what}.", "The other channels.", f"Of each channel {what}.")
        if whole
        else (f"The first window: {what}.", "The other windows.", f"Of each window {what}.")
    )
    board.entries(name, title, others, rule if beyond else "", of=padded or x, window=window)
    return board.let(name, expr, done)


def _ends(axis: Axis) -> tuple[int, int]:
    """The first and the last place."""
    return 0, axis.out - 1


def _drawn(axis: Axis) -> list[int]:
    """The cells of the first window on the padded input."""
    return [cell + axis.before for cell in _counted(axis, 0, True)]


def write_argmax(board: Board, pooling: Pooling, x: str) -> None:
    """The places of the largest numbers in the array `x`."""
    rows, columns = pooling.axes(board.value(x).shape)
    expr = apply(ARGMAX_POOL, Sym(x), rows=rows, columns=columns, whole=pooling.global_)
    title = "Where each largest number stands: [row, column] of the input, counted from 0."
    why = "Of equal numbers the first in reading order. Backpropagation sends the gradient there."
    board.let("argmax", expr, title, why, quiet=True, exactly=True)


SIZE_WHY = {
    False: "n cells, p of padding on each side, a window of k cells, stride s: ⌊(n + 2p − k)/s⌋ + 1 places.",
    True: "n cells, p of padding on each side, a window of k cells, stride s: ⌈(n + 2p − k)/s⌉ + 1 places; "
    "a last window that would start beyond the input is dropped.",
}
AVERAGE_WHY = {
    False: "The sum is divided by the number of cells of the input in the window.",
    True: "Padding counts as zeros: the sum is divided by the number of cells of the padded input in the window.",
}
