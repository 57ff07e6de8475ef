"""Pooling: its fields, its operations, and how it is written on a board.

A window of max pooling never picks padding; of equal maxima the first in reading order is taken. An average is
that of the cells of the input, or with `count_padding` of all cells that are not beyond the padding. Sizes
rounded up (`ceil`) follow PyTorch: no window starts beyond the input and the padding before it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Annotated, Any

import numpy as np

from solver.derivation import Board, say
from solver.errors import counted
from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
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
    altered,
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

    def mistaken(self, average: bool) -> Iterator[tuple[str, str, Pooling]]:
        """What people take a window for: the name of the mistake, what to remember, and the window."""
        if self.global_ or self.size is None:
            return
        stride = self.stride or self.size
        if stride != (1, 1):
            says = "A pooling window moves on by its stride; without one, by its own size."
            yield "stride-ignored", says, self.model_copy(update={"stride": (1, 1)})
        if self.stride is not None and self.stride != self.size:
            says = "The stride is given here: it is not the size of the window."
            yield "stride-ignored", says, self.model_copy(update={"stride": None})
            small = self.model_copy(update={"size": self.stride})
            if self.stride != (1, 1) and not list(small.faults()):
                says = "You took a window as large as the stride; its size is given too."
                yield "other-quantity", says, small
        if min(stride) > 1:
            for one, way in (((1, stride[1]), "down"), ((stride[0], 1), "across")):
                says = f"The stride holds in both directions: going {way}, you moved the window by 1 only."
                yield "stride-ignored", says, self.model_copy(update={"stride": one})
        if self.padding not in ((0, 0), "valid"):
            says = "The input is padded before the window slides over it."
            yield "padding-ignored", says, self.model_copy(update={"padding": (0, 0)})
        if average and self.padding not in ((0, 0), "valid"):
            says = (
                "You divided by the cells of the input only; here the padding counts, as zeros."
                if self.count_padding
                else "You counted the zeros of the padding; here an average is that of the cells of the input."
            )
            counted_ = self.model_copy(update={"count_padding": not self.count_padding})
            yield "padding-counted", says, counted_
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


# What people take from the windows instead

Pick = Callable[[Array], Array]


def _picked(_: Arithmetic, x: Array, rows: Axis, columns: Axis, whole: bool, how: Pick) -> Array:
    picked = np.asarray(how(_windows(x, np.nan, rows, columns)))
    return picked.reshape(_out(x.shape, rows, columns, whole))


PICKED = Op(
    "picked", _picked, lambda s, rows, columns, whole, how: _out(s, rows, columns, whole), Function("picked")
)
"""Something else from each window: `how` is given the cells along the last axis, NaN for those beside the input."""


def _first(cells: Array) -> Array:
    """The first cell of the input in each window."""
    places = np.argmax(~np.isnan(cells), axis=-1)
    return np.asarray(np.take_along_axis(cells, places[..., None], axis=-1))


def _farthest(cells: Array) -> Array:
    """The number that is farthest from 0, with its sign."""
    places = np.nanargmax(np.abs(cells), axis=-1)
    return np.asarray(np.take_along_axis(cells, places[..., None], axis=-1))


def _incomplete(rows: Axis, columns: Axis, padded: bool = False) -> bool:
    """Whether a window holds cells that do not count."""
    return any(
        len(_counted(axis, place, padded)) < axis.k for axis in (rows, columns) for place in _ends(axis)
    )


def _max_slips(x: Expr, **params: Any) -> Iterator[Slip]:
    def slip(name: str, key: str, how: Pick, cost: int, says: str, *also: str) -> Slip:
        return Slip(name, apply(PICKED, x, how=how, **params), f"{key}:pool", None, cost, also, says)

    if _incomplete(params["rows"], params["columns"]):
        says = "You let a 0 beside the input win: padding is never the largest, not even of negative numbers."
        how = partial(np.max, axis=-1)
        also = "extra-term", "other-function"
        yield slip("padding-counted", "zeros", lambda cells: how(np.nan_to_num(cells)), PLAIN, says, *also)
    says = "You took the smallest number under each window; max pooling takes the largest."
    yield slip("other-function", "least", partial(np.nanmin, axis=-1), LIKELY, says)
    says = "You compared the numbers without their signs; −9 is smaller than 1."
    yield slip(
        "other-function", "absolute", lambda cells: np.nanmax(np.abs(cells), axis=-1), LIKELY, says, "sign"
    )
    yield slip("other-function", "farthest", _farthest, LIKELY, says, "sign")
    says = "You added up each window; max pooling takes its largest number."
    yield slip("other-function", "sum", partial(np.nansum, axis=-1), POSSIBLE, says)
    yield slip("wrong-index", "first", _first, POSSIBLE, FIRST)
    yield from _misplaced(MAX_POOL, x, **params)


def _average_slips(x: Expr, padded: bool, **params: Any) -> Iterator[Slip]:
    rows, columns = params["rows"], params["columns"]
    cells = rows.k * columns.k
    sums = apply(PICKED, x, how=partial(np.nansum, axis=-1), **params)
    says = "That is the sum of each window: an average is divided by the number of its cells."
    yield Slip("dropped-factor", sums, "sum:pool", None, LIKELY, (), says)
    for size in sorted({rows.k, columns.k} - {1, cells}):
        says = f"You divided each sum by {size}; a window has {rows.k} × {columns.k} cells: divide by their number."
        yield Slip("dropped-factor", sums / size, "side:pool", None, LIKELY, ("extra-factor",), says)
    if _incomplete(rows, columns, padded=True):  # not even with the padding are the last windows whole
        says = f"A window at the edge holds fewer cells than {cells}: divide its sum by those that count."
        yield Slip("padding-counted", sums / cells, "whole:pool", None, PLAIN, ("extra-factor",), says)
    says = "You took the middle number of each window; the average is the sum over the number of cells."
    median = apply(PICKED, x, how=partial(np.nanmedian, axis=-1), **params)
    yield Slip("other-function", median, "median:pool", None, POSSIBLE, (), says)
    first = apply(PICKED, x, how=_first, **params)
    yield Slip("wrong-index", first, "first:pool", None, POSSIBLE, (), FIRST)
    yield from _misplaced(AVERAGE_POOL, x, padded=padded, **params)


FIRST = "You kept the first number of each window only; a pooling looks at all of them."


def _misplaced(op: Op, x: Expr, **params: Any) -> Iterator[Slip]:
    """Rows for columns; as many windows as there should be, but next to each other."""
    rows, columns = params["rows"], params["columns"]
    if params["whole"]:
        return
    turned = altered(apply(op, x, **params), lambda y: np.swapaxes(y, -1, -2))
    says = "Rows and columns are exchanged in your output."
    yield Slip("rows-for-columns", turned, "turned:pool", None, LIKELY, ("transpose",), says)
    if (rows.s, columns.s) == (1, 1) or _incomplete(rows, columns):
        return
    down, across = (axis.out - 1 + axis.span for axis in (rows, columns))
    axes = {
        name: Axis(n, axis.k, 1, axis.d, 0, 0)
        for name, axis, n in (("rows", rows, down), ("columns", columns, across))
    }
    wrong = apply(op, altered(x, lambda images: images[..., :down, :across]), **{**params, **axes})
    says = "You moved the window by one cell: it moves on by its stride, or else by its own size."
    yield Slip("stride-ignored", wrong, "next:pool", None, LIKELY, (), says)


def _argmax_slips(x: Expr, **params: Any) -> Iterator[Slip]:
    rows, columns = params["rows"], params["columns"]
    places = apply(ARGMAX_POOL, x, **params)
    turned = altered(places, lambda each: each[..., ::-1])
    says = "A place is [row, column]; you wrote the column first."
    also = "swapped-operands", "transpose"
    yield Slip("rows-for-columns", turned, "turned:argmax", None, PLAIN, also, says)
    yield Slip(
        "off-by-one", places + 1, "one:argmax", None, PLAIN, (), "Rows and columns are counted from 0."
    )
    says = "A place is [row, column], both counted from 0; you wrote the column first, and counted from 1."
    yield Slip("rows-for-columns", turned + 1, "turned-one:argmax", None, LIKELY, ("off-by-one",), says)
    before = np.array([rows.before, columns.before])
    if before.any():
        says = "You counted in the padded input; the place is that in the input itself."
        yield Slip(
            "wrong-index", altered(places, lambda each: each + before), "padded:argmax", None, PLAIN, (), says
        )
    if not params["whole"]:
        starts = np.stack(
            np.meshgrid(*(np.arange(axis.out) * axis.s for axis in (rows, columns)), indexing="ij"), axis=-1
        )
        inside = altered(places, lambda each: (each + before - starts) // [rows.d, columns.d])
        says = "You counted inside each window; the place is that in the input."
        yield Slip("wrong-index", inside, "inside:argmax", None, PLAIN, (), says)
        yield Slip("wrong-index", inside + 1, "inside-one:argmax", None, LIKELY, ("off-by-one",), says)
    least = apply(ARGMAX_POOL, -x, **params)
    says = "These are the places of the smallest numbers; the largest are asked for."
    yield Slip("other-function", least, "least:argmax", None, LIKELY, (), says)


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
    slips=_argmax_slips,
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
    return board.let(
        "X_padded",
        apply(PAD, Sym(x), pads=pads),
        title,
        why,
        quiet=quiet,
        exactly=True,
        slips=lambda: _pad_slips(Sym(x), pads),
    )


def _pad_slips(x: Expr, pads: tuple[Pair, Pair]) -> Iterator[Slip]:
    def around(images: Array, mode: Any) -> Array:
        return np.pad(images, [(0, 0)] * (images.ndim - 2) + list(pads), mode)

    says = "The padding is zeros; you went on with numbers of the input."
    for mode, cost in (("edge", LIKELY), ("reflect", LIKELY), ("symmetric", POSSIBLE), ("wrap", POSSIBLE)):
        wrong = altered(x, partial(around, mode=mode))
        yield Slip("padding-not-zero", wrong, f"{mode}:pad", None, cost, ("other-function",), says)


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
    beyond = _incomplete(rows, columns)
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


OTHER = {
    "max": "You took the mean; max pooling takes the largest number under the window.",
    "avg": "You took the largest number under the window; average pooling takes the mean.",
}
SIZE_WHY = {
    False: "n cells, p of padding on each side, a window of k cells, stride s: ⌊(n + 2p − k)/s⌋ + 1 places.",
    True: "n cells, p of padding on each side, a window of k cells, stride s: ⌈(n + 2p − k)/s⌉ + 1 places; "
    "a last window that would start beyond the input is dropped.",
}
AVERAGE_WHY = {
    False: "The sum is divided by the number of cells of the input in the window.",
    True: "Padding counts as zeros: the sum is divided by the number of cells of the padded input in the window.",
}
