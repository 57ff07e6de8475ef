"""Expressions over arrays: three frozen nodes, and operations as entries of a table.

An operation is a name with its readings: how it computes, its rule of shapes, how it is written, and
what it is made of where a person would write that out. A kind may declare one in its own file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from solver.expr.values import Array, Shape, Value, exact
from solver.record import Record


class ShapeError(Exception):
    """Shapes that do not go together, said in terms of the arguments' places: `{0}`, `{1}`."""


# How tightly a written expression holds together; an operand below the level asked for gets brackets.
CONDITION, SUM, PRODUCT, POWER, ATOM = 0, 10, 20, 30, 40


class Infix(Record):
    """`a + b`. The right operand of − needs brackets at the same level; empty sign: juxtaposition."""

    sign: str
    level: int
    brackets_right: bool = False
    relation: bool = False


class Prefix(Record):
    """`−a`."""

    sign: str


class Raised(Record):
    """A mark at the upper right: `Xᵀ`."""

    mark: str


class Function(Record):
    """`σ(z)`; a `tight` name needs no brackets before a number or a letter: `ln 2`, `ln p`.

    `base` is that of a logarithm; `shown` names the parameter that stands as an index.
    """

    name: str
    tight: bool = False
    base: str = ""
    shown: str = ""


class Quotient(Record):
    """One over the other; `inline` with a slash."""

    inline: bool = False


class Power(Record):
    """`a²`; of a function applied, brackets around it."""


class Exponential(Record):
    """`e` with the argument raised."""


class SquareRoot(Record):
    """The root sign."""


class Between(Record):
    """Between two signs: |x|, ⌊x⌋, ‖w‖² with the power `sup` behind them."""

    open: str
    close: str
    sup: str = ""


class SumSign(Record):
    """∑ over the entries of the argument, or along one axis; the index is the parameter `letter`, or i."""

    axis: int | None = None


class Entry(Record):
    """An entry by its subscript: `z₃`; counted from 1 on the page, from 0 in code."""


class Subscript(Record):
    """An entry whose index is a letter: `zᵢ` for the arguments z and i."""


class Derivative(Record):
    """∂ of the first argument by ∂ of the second."""


class SumExcept(Record):
    """∑ over all entries of the first argument but the one at the second: k ≠ j."""


class Piecewise(Record):
    """Cases with a brace: value if condition, otherwise the other value."""


class Indicator(Record):
    """`1[condition]`."""


class Terms(Record):
    """A sum of several terms in a row."""


class Shares(Record):
    """The arguments as a vector, over their sum."""


class Grid(Record):
    """An array written out, expression by expression."""


class Best(Record):
    """argmax of the `letter`: which of several is the best, by a measure; they themselves are not written."""


class Sizes(Record):
    """The sizes of an array: `28 × 28 × 3`. Its value is written so too."""


class OuterProduct(Record):
    """`a bᵀ` of two columns, `aᵀ b` of two rows."""


class Slice(Record):
    """Some rows of a matrix: `X` with `1…2` below; counted from 1 on the page, from 0 in code."""


class Formula(Record):
    """Written by a formula in the same arguments: `−∑ᵢ yᵢ ln pᵢ` for the cross-entropy of p and y."""

    of: Callable[..., Expr]


Notation = (
    Infix
    | Prefix
    | Raised
    | Function
    | Quotient
    | Power
    | Exponential
    | SquareRoot
    | Between
    | SumSign
    | Entry
    | Subscript
    | Derivative
    | SumExcept
    | Piecewise
    | Indicator
    | Terms
    | Shares
    | Grid
    | Best
    | Sizes
    | OuterProduct
    | Slice
    | Formula
)


class Op(Record, identity=True):
    """An operation.

    `compute(arithmetic, *arrays, **params)` gives the result as an array; it may raise `Inexact` in the exact
    domain. `shape(*shapes, **params)` gives its shape or raises `ShapeError`. `definition(*args, **params)`
    writes it in simpler operations: for an `elementwise` one on a number, otherwise on constant
    arrays, as `Grid` or `Terms` of their entries. `spelled` says whether the definition is written out
    in every solution or only in full detail. A `silent` one is done while values are put in.
    """

    name: str
    compute: Callable[..., Array]
    shape: Callable[..., Shape]
    notation: Notation
    elementwise: bool = False
    definition: Callable[..., Expr] | None = None
    spelled: bool = False
    silent: bool = False
    whole: bool = False
    """Its arguments are reduced to their values in one line: the terms of a long sum."""
    at_once: bool = False
    """Its arguments are not reduced by themselves: the condition of a case, the entries of a grid."""
    by_rows: bool = False
    """It treats each row of a matrix by itself, and is written for the row i."""
    counts: bool = False
    """Its result is exact whatever its arguments are: a truth value, an index."""
    labels: bool = False
    """Its result is a label, whatever its arguments are."""
    integers: bool = False
    """Of integers it makes integers, none larger than what it makes of their absolute values."""
    work: Callable[..., int] | None = None
    """About how many products it takes, by the shapes of its arguments and its parameters."""
    entry: Callable[..., Expr] | None = None
    """`entry(place, *values, **params)`: one entry of the result, written out over constants."""
    slips: Callable[..., Iterable[Any]] | None = None
    """`slips(*args, **params)`: what people write in its place by mistake, as `edits.Slip`."""
    sum_slips: Callable[..., Iterable[Any]] | None = None
    """`sum_slips(*terms)`: likewise in the place of a sum of which each term is this operation."""


OPERATIONS: dict[str, Op] = {}
"""The operations that Python's operators on expressions stand for, by name; filled by `ops`."""


class Expr(Record):
    """An expression. Python's operators build larger ones; numbers among them become constants."""

    def __add__(self, other: Operand) -> Expr:
        return build("add", self, other)

    def __radd__(self, other: Operand) -> Expr:
        return build("add", other, self)

    def __sub__(self, other: Operand) -> Expr:
        return build("subtract", self, other)

    def __rsub__(self, other: Operand) -> Expr:
        return build("subtract", other, self)

    def __mul__(self, other: Operand) -> Expr:
        return build("multiply", self, other)

    def __rmul__(self, other: Operand) -> Expr:
        return build("multiply", other, self)

    def __truediv__(self, other: Operand) -> Expr:
        return build("divide", self, other)

    def __rtruediv__(self, other: Operand) -> Expr:
        return build("divide", other, self)

    def __matmul__(self, other: Expr) -> Expr:
        return build("matmul", self, other)

    def __pow__(self, other: Operand) -> Expr:
        return build("power", self, other)

    def __neg__(self) -> Expr:
        return build("negative", self)

    def __getitem__(self, index: int) -> Expr:
        return build("entry", self, index=index)

    @property
    def T(self) -> Expr:
        """The transpose."""
        return build("transpose", self)


class Const(Expr, identity=True):
    """A value."""

    value: Value


class Sym(Expr):
    """A name of the derivation: a given value, an earlier step, or a letter of a general formula."""

    name: str


class Apply(Expr, identity=True):
    """An operation applied to arguments; `params` are its plain parameters, such as an axis."""

    op: Op
    args: tuple[Expr, ...]
    params: tuple[tuple[str, Any], ...] = ()


Operand = Expr | int | Fraction


def const(number: Operand) -> Expr:
    """An expression from a number."""
    return number if isinstance(number, Expr) else Const(exact(number))


def build(name: str, *args: Operand, **params: Any) -> Expr:
    """An operation of the table, by its name, applied."""
    return Apply(OPERATIONS[name], tuple(map(const, args)), tuple(params.items()))


def apply(op: Op, *args: Operand, **params: Any) -> Expr:
    """An operation applied."""
    return Apply(op, tuple(map(const, args)), tuple(params.items()))


def symbols(expr: Expr) -> tuple[str, ...]:
    """The names in an expression, each once, from left to right."""
    return tuple(dict.fromkeys(_names(expr)))


def _names(expr: Expr) -> Iterator[str]:
    if isinstance(expr, Sym):
        yield expr.name
    elif isinstance(expr, Apply):
        for arg in expr.args:
            yield from _names(arg)


def replace(expr: Expr, by: Mapping[str, Expr]) -> Expr:
    """The expression with names replaced by expressions."""
    if isinstance(expr, Sym):
        return by.get(expr.name, expr)
    if isinstance(expr, Apply):
        args = tuple(replace(arg, by) for arg in expr.args)
        return Apply(expr.op, args, expr.params) if args != expr.args else expr
    return expr
