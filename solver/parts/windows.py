"""Windows that slide over an image: sizes and padding of one axis, and the operations that several kinds share.

Dumoulin, Visin: A guide to convolution arithmetic for deep learning (2016).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Annotated

import numpy as np

from solver.errors import SolverError, quoted
from solver.expr.edits import LIKELY, PLAIN, Slip
from solver.expr.nodes import Between, Const, Expr, Formula, Function, Op, Quotient, apply
from solver.expr.ops import broadcast, number
from solver.expr.values import Arithmetic, Array, Shape, Value
from solver.record import Record
from solver.spec import yaml
from solver.spec.fields import Leaf, array, whole
from solver.spec.yaml import Items, Node

Pair = tuple[int, int]

LARGEST = 10**9


# Fields


def pair(least: int, most: int = LARGEST) -> Leaf:
    """A whole number, or two: of rows and of columns."""
    single = whole(least, most)

    def read(node: Node) -> Pair:
        if isinstance(node, Items):
            if len(node) != 2:
                message = f"a number or a pair [rows, columns] is needed here, not a list of {len(node)}"
                raise SolverError(message, node.span)
            return single.read(node[0]), single.read(node[1])
        if isinstance(node, yaml.Scalar) and (both := _BOTH.fullmatch(node.text.strip())):
            first, second = (
                yaml.Scalar(text, True, node.source, node.start, node.end) for text in both.groups()
            )
            return single.read(first), single.read(second)
        size: int = single.read(node)
        return size, size

    one = {"type": ["integer", "string"], "minimum": least}
    return Leaf(read, {"anyOf": [one, {"type": "array", "items": one, "minItems": 2, "maxItems": 2}]})


_BOTH = re.compile(r"([0-9]+)\s*[x×]\s*([0-9]+)")
WORDS = ("same", "valid", "full")


def padding(*words: str) -> Leaf:
    """Padding: a number, a pair, or one of some words."""
    numbers = pair(0)

    def read(node: Node) -> Pair | str:
        if isinstance(node, yaml.Scalar) and (word := node.text.lower()) in WORDS:
            if word not in words:
                raise SolverError(f"the padding {quoted(node.text)} has no meaning here", node.span)
            return word
        try:
            pads: Pair = numbers.read(node)
        except SolverError as error:
            hint = f"write a number, [rows, columns], or {', '.join(words)}"
            raise SolverError(error.message, error.span, error.hint or hint) from None
        return pads

    return Leaf(read, {"anyOf": [{"enum": list(words)}, numbers.schema]})


Positive = Annotated[Pair, pair(1)]
IMAGES = array(2, 3, 4)


# One axis


class Axis(Record):
    """One axis of a window's way: the input has `n` cells, `before` and `after` are added, the window of `k`
    cells, `d` apart, moves by `s`. `extra` cells lie beyond the padding, where the size is rounded up.
    """

    n: int
    k: int
    s: int
    d: int
    before: int
    after: int
    up: bool = False

    @classmethod
    def of(cls, n: int, k: int, s: int, d: int, pads: int | str, up: bool = False) -> Axis:
        """`pads` is a number, or `same`, `valid`, `full`."""
        span = d * (k - 1) + 1
        if pads == "same":
            missing = max((-(-n // s) - 1) * s + span - n, 0)
            return cls(n, k, s, d, missing // 2, missing - missing // 2)
        size = {"valid": 0, "full": span - 1}.get(pads, 0) if isinstance(pads, str) else pads
        return cls(n, k, s, d, size, size, up)

    @classmethod
    def pair(
        cls, shape: Shape, size: Pair, stride: Pair, dilation: Pair, pads: Pair | str, up: bool = False
    ) -> tuple[Axis, Axis]:
        """Rows and columns of images of a shape."""
        above, left = (pads, pads) if isinstance(pads, str) else pads
        return (
            cls.of(shape[-2], size[0], stride[0], dilation[0], above, up),
            cls.of(shape[-1], size[1], stride[1], dilation[1], left, up),
        )

    @property
    def span(self) -> int:
        """From the window's first cell to its last: d (k − 1) + 1."""
        return self.d * (self.k - 1) + 1

    @property
    def out(self) -> int:
        """How many places the window has; 0 or less: it does not fit."""
        room = self.n + self.before + self.after - self.span
        if room < 0:
            return 0
        if not self.up:
            return room // self.s + 1
        out = -(-room // self.s) + 1
        return out - ((out - 1) * self.s >= self.n + self.before)  # no window starts beyond the input

    def cells(self, place: int) -> Iterator[int]:
        """The cells of the input under the window at a place; beyond its ends it is padding."""
        start = place * self.s - self.before
        return iter(range(start, start + self.span, self.d))

    def formula(self) -> Expr:
        """The number of places, as a formula with its numbers."""
        padded = number(self.n)
        if self.before == self.after:
            padded = padded + number(2) * self.before
        else:
            padded = padded + self.before + self.after
        room = padded - self.k if self.d == 1 else padded - number(self.d) * (number(self.k) - 1) - 1
        rounded = apply(CEILED if self.up else FLOORED, room, self.s)
        places = rounded + 1
        out = -(-(self.n + self.before + self.after - self.span) // self.s) + 1
        return places - 1 if self.up and out > self.out else places


def same_formula(n: int, s: int) -> Expr:
    """⌈n/s⌉."""
    return apply(CEILED, n, s)


SAME_WHY = (
    "`same` padding: with the stride s there are ⌈n/s⌉ places; as many zeros are added as that takes, an odd one "
    "below and to the right."
)


# Operations


def _floor(_: Arithmetic, x: Array, y: Array) -> Array:
    return np.asarray(x // y)


def _ceil(_: Arithmetic, x: Array, y: Array) -> Array:
    return np.asarray(-(-x // y))


def _number(*_: Shape) -> Shape:
    return ()


FLOOR = Op("floor", lambda _, x: x // 1, lambda s: s, Between("⌊", "⌋"))
CEIL = Op("ceil", lambda _, x: -(-x // 1), lambda s: s, Between("⌈", "⌉"))
OVER = Op("over", lambda m, x, y: m.divide(x, y), broadcast, Quotient(inline=True), elementwise=True)


def _rounding_slips(up: bool, x: Expr, y: Expr) -> Iterator[Slip]:
    other = apply(FLOORED if up else CEILED, x, y)
    yield Slip("rounding-direction", other, "other:rounded", None, PLAIN)
    yield Slip("stride-ignored", x, "drop:rounded", y, PLAIN, ("dropped-factor",))
    yield Slip("function-forgotten", apply(OVER, x, y), "plain:rounded", None, LIKELY)
    yield Slip("other-operation", x * y, "times:rounded", None, LIKELY)


FLOORED = Op(
    "floored",
    _floor,
    _number,
    Formula(lambda x, y: apply(FLOOR, apply(OVER, x, y))),
    whole=True,
    slips=partial(_rounding_slips, False),
)
CEILED = Op(
    "ceiled",
    _ceil,
    _number,
    Formula(lambda x, y: apply(CEIL, apply(OVER, x, y))),
    whole=True,
    slips=partial(_rounding_slips, True),
)
"""A quotient rounded down or up to a whole number."""


def _pad(_: Arithmetic, x: Array, pads: tuple[Pair, Pair]) -> Array:
    around = [(0, 0)] * (x.ndim - 2) + list(pads)
    padded = np.pad(x, around) if x.dtype != object else _padded_objects(x, around)
    return np.asarray(padded)


def _padded_objects(x: Array, around: Sequence[Pair]) -> Array:
    shape = tuple(size + sum(ends) for size, ends in zip(x.shape, around, strict=True))
    result = np.zeros(shape, dtype=object)
    result[tuple(slice(a, a + size) for size, (a, _) in zip(x.shape, around, strict=True))] = x
    return result


def _pad_shape(shape: Shape, pads: tuple[Pair, Pair]) -> Shape:
    (top, bottom), (left, right) = pads
    return (*shape[:-2], shape[-2] + top + bottom, shape[-1] + left + right)


PAD = Op("pad", _pad, _pad_shape, Function("pad"), integers=True)
"""Zeros around each image: `pads` are ((above, below), (left, right))."""


def _flatten(_: Arithmetic, x: Array, images: bool) -> Array:
    return x.reshape(len(x), -1) if images else x.reshape(-1)


FLATTEN = Op(
    "flatten",
    _flatten,
    lambda s, images: (s[0], int(np.prod(s[1:]))) if images else (int(np.prod(s)),),
    Function("flatten"),
    integers=True,
)
"""All numbers in a row; of several `images` one row each."""


ALTERED = Op(
    "altered",
    lambda _, x, how: np.asarray(how(x)),
    lambda s, how: np.shape(how(np.zeros(s))),
    Function("altered"),
)


def altered(x: Expr, how: Callable[[Array], Array]) -> Expr:
    """An array as somebody takes it by mistake: turned, cut, without its signs. It is computed, never written."""
    return apply(ALTERED, x, how=how)


def entry_at(value: Value, *place: int) -> Const:
    """An entry of an array as a constant; places of axes that it does not have are left out."""
    return Const(value.entry(*place[len(place) - len(value.shape) :]))
