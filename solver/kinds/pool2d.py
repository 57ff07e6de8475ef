"""Two-dimensional pooling.

What it solves
    Max and average pooling of an image, of its channels, of several images: the size of the output, the first
    window number by number, every other window in a line, the output, and the places of the maxima.

Method
    A window of k × k cells moves over each channel by the stride s. Max pooling keeps its largest number,
    average pooling the mean. On an axis of n cells with p of padding on each side there are

        ⌊(n + 2p − d (k − 1) − 1)/s⌋ + 1

    places, with `ceil` rounded up (no window starts beyond the input and the padding before it). Padding is
    never the largest number. An average divides by the number of cells of the input in the window; with
    `count_padding` the padding counts as zeros, what lies beyond it never does. `same` gives ⌈n/s⌉ places,
    an odd cell of padding going below and to the right.

Legend
    X input (H×W, C×H×W or N×C×H×W), Y output, k size of the window, s stride, p padding, d dilation; `argmax`
    holds [row, column] in the input, counted from 0, the first of equal maxima in reading order.

Mistakes
    Marking knows, besides those of all kinds: padding-counted (padding that is the largest, cells that count in an
    average or do not), padding-not-zero (the border copied).

Source
    Goodfellow, Bengio, Courville: Deep Learning, 9.3; Dumoulin, Visin: A guide to convolution arithmetic for
    deep learning, chapter 3; sizes rounded up as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np

from solver.derivation import Board
from solver.expr.values import Array, Value, double
from solver.kinds import Kind, Mistake, taken
from solver.parts import pooling
from solver.parts.pooling import Pooling
from solver.parts.windows import IMAGES
from solver.spec.fields import Fault, choice, field


class Given(Pooling):
    """The data of a pooling."""

    input: Annotated[Value, IMAGES] = field("the image: H×W, C×H×W or N×C×H×W")
    type: Annotated[str, choice("max", "avg")] = field("max or avg (default max)", "max")

    def faults(self) -> Iterator[Fault]:
        found = list(super().faults())
        yield from found
        if not found and (misfit := self.misfit(self.input.shape)):
            yield Fault(("size",), misfit)
        if self.count_padding and self.type == "max":
            yield Fault(("count_padding",), "the padding counts in an average only", "write `type: avg`")


def solve(given: Given, board: Board) -> None:
    """Write the output's size, its windows, and the places of the maxima."""
    board.given("input", given.input)
    rows, columns = given.axes(given.input.shape)
    padded = ""
    if any(axis.before or axis.after for axis in (rows, columns)):
        name = pooling.write_padded(board, "input", rows, columns, quiet=not given.count_padding).name
        padded = name if given.count_padding else ""
    pooling.write(board, given, given.type, "input", "Y", padded)
    if given.type == "max":
        pooling.write_argmax(board, given, "input")
    board.check("the output computed once more, window by window", lambda: _error(given, board), 1e-9)


def _error(given: Given, board: Board) -> float:
    """Each window once more, sliced out of the padded input."""
    rows, columns = given.axes(given.input.shape)
    fill = -np.inf if given.type == "max" else np.nan
    x = given.input.floats
    pads = [(0, 0)] * (x.ndim - 2) + [
        (axis.before, axis.after + axis.span * axis.s) for axis in (rows, columns)
    ]
    padded = np.pad(x, pads, constant_values=fill)
    if given.count_padding:
        inside = padded[
            ..., : rows.before + rows.n + rows.after, : columns.before + columns.n + columns.after
        ]
        inside[...] = np.nan_to_num(inside)
    stated = board.floats("Y").reshape(*x.shape[:-2], rows.out, columns.out)
    error = 0.0
    for i in range(rows.out):
        for j in range(columns.out):
            window: Array = padded[
                ...,
                i * rows.s : i * rows.s + rows.span : rows.d,
                j * columns.s : j * columns.s + columns.span : columns.d,
            ]
            worth = window.max(axis=(-2, -1)) if given.type == "max" else np.nanmean(window, axis=(-2, -1))
            error = max(error, float(np.abs(worth - stated[..., i, j]).max()))
    return error / max(1.0, float(np.abs(stated).max()))


def mistakes(given: Given) -> Iterator[Mistake]:
    """The other pooling, another window, too few windows, the channels taken together."""
    other = {"max": "avg", "avg": "max"}[given.type]
    says = pooling.OTHER[given.type]
    yield Mistake("other-function", says, given.model_copy(update={"type": other, "count_padding": False}))
    for name, says, window in given.mistaken(given.type == "avg"):
        also = ("padding-ignored", "dropped-factor") if name == "padding-counted" else ()
        yield Mistake(name, says, window, also)
    rows, columns = given.axes(given.input.shape)
    if not given.global_ and not given.ceil and given.padding in ((0, 0), "valid"):
        says = (
            "The size ends in + 1, for the first place of the window: your last row and column are missing."
        )
        less = given.input.rearranged(lambda x: x[..., : -rows.s, : -columns.s])
        yield taken(given, "dropped-term", says, "off-by-one", input=less)
    if len(given.input.shape) > 2 and given.input.shape[-3] > 1:
        says = "Each channel is pooled by itself; you took all channels together."
        for images in _as_one(given.input, given.type, given.global_):
            yield taken(given, "other-axis", says, input=images)


def _as_one(images: Value, type_: str, global_: bool) -> Iterator[Value]:
    """Images whose pooling is that of all channels at once, as one map, or for one number also as a list of it."""
    if type_ == "max":
        yield double(images.floats.max(axis=-3))
    else:
        yield double(images.floats.mean(axis=-3))
    if global_ and len(images.shape) == 3:
        yield images.rearranged(lambda x: x.reshape(1, -1, x.shape[-1]))


def ask(given: Given) -> Sequence[str]:
    """The output."""
    return ["Y"]


EXAMPLE = """\
kind: pool2d
title: Max pooling of a small image
given:
  input:
    - [1, 3, 2, 1]
    - [2, 9, 1, 1]
    - [1, 3, 2, 3]
    - [5, 6, 1, 2]
  size: 2
"""

kind = Kind(
    name="pool2d",
    title="Two-dimensional pooling",
    given=Given,
    solve=solve,
    ask=ask,
    letters={"input": "X", "X_padded": "X'", "height": "rows", "width": "columns"},
    quantities={
        "X_padded": "the input with zeros around it, when it is padded",
        "Y.height": "how many rows the output has; likewise `Y.width`",
        "Y": "the output; asked",
        "argmax": "the place [row, column] of each maximum in the input, from 0 (max pooling)",
    },
    example=EXAMPLE,
    docs=__doc__ or "",
    mistakes=mistakes,
    fixed=True,
)
