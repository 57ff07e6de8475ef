"""Values and shapes of expressions, and the lines from a formula to its value."""

from __future__ import annotations

import decimal
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import IntEnum

import numpy as np

from solver.expr.nodes import (
    Apply,
    Const,
    Exponential,
    Expr,
    Formula,
    Function,
    Op,
    Piecewise,
    Prefix,
    ShapeError,
    Sizes,
    SumSign,
    Sym,
)
from solver.expr.ops import SPELLED, entry_of, grid, terms
from solver.expr.values import (
    ARITHMETIC,
    PRECISION,
    WHOLE,
    Array,
    Domain,
    Inexact,
    Shape,
    Undefined,
    Value,
    integers,
    label,
    outgrown,
)

PRECISE_WORK = 20_000
"""So many entries are computed exactly or with 50 digits; a longer computation goes on in doubles."""

WHOLE_WORK = 1_000
"""A longer computation with integers is done in doubles, where these stay exact."""

FUNCTION_WORK = 10
"""A function such as exp costs as much as so many products."""


class Evaluator:
    """Computes values, exact and precise as long as its budget of work lasts; a `quick` one is exact or double."""

    def __init__(self, budget: int = PRECISE_WORK, quick: bool = False) -> None:
        self.budget = budget
        self.inexact = Domain.DOUBLE if quick else Domain.PRECISE

    def value(self, expr: Expr, names: Mapping[str, Value]) -> Value:
        """The value of an expression.

        Raises `ShapeError` for shapes that do not go together and `Undefined` for a value that does not exist
        or leaves the range of double precision; the result of a `counts` operation is exact.
        """
        with decimal.localcontext(PRECISION), np.errstate(all="ignore"):
            return self._value(expr, names)

    def _value(self, expr: Expr, names: Mapping[str, Value]) -> Value:
        if isinstance(expr, Const):
            return expr.value
        if isinstance(expr, Sym):
            return names[expr.name]
        assert isinstance(expr, Apply)
        return self._apply(expr, [self._value(arg, names) for arg in expr.args])

    def _apply(self, expr: Apply, args: list[Value]) -> Value:
        op, params = expr.op, dict(expr.params)
        shape = _shape(expr, [arg.shape for arg in args])
        if op.silent:
            return args[0].rearranged(lambda array: op.compute(ARITHMETIC[args[0].domain], array, **params))
        if op.labels:
            return label(op.compute(*(arg.array for arg in args), **params))
        domain = max((arg.domain for arg in args), default=Domain.EXACT)
        if domain is Domain.PRECISE:
            domain = self.inexact
        if domain is not Domain.DOUBLE:
            work = _work(op, args, shape, params)
            if op.integers and work > WHOLE_WORK and (whole := _whole(op, args, params)) is not None:
                return whole
            if work > self.budget:
                domain = Domain.DOUBLE
            else:
                self.budget -= work
        if domain is Domain.EXACT:
            try:
                return self._settled(op, args, params, domain)
            except Inexact:
                domain = self.inexact
        return self._settled(op, args, params, domain)

    def _settled(self, op: Op, args: list[Value], params: dict[str, object], domain: Domain) -> Value:
        result = op.compute(ARITHMETIC[domain], *(arg.within(domain) for arg in args), **params)
        if op.counts:
            return Value(np.asarray(result).astype(object), Domain.EXACT)
        value = Value(np.asarray(result, dtype=float if domain is Domain.DOUBLE else object), domain)
        if domain is Domain.EXACT:
            return Value(value.decimals, Domain.PRECISE) if outgrown(value.array) else value
        if domain is Domain.PRECISE:
            value = Value(value.decimals, domain) if _mixed(value) else value
            if not all(x.is_finite() for x in value.array.flat):
                raise Undefined(_reason(value))
        if domain is Domain.DOUBLE and not np.isfinite(value.array).all():
            raise Undefined(_reason(value))
        return value


def doubles(expr: Expr, names: Mapping[str, Array]) -> Array:
    """The value in double precision, with no look at shapes and limits: NaN or an exception where it has none."""
    if isinstance(expr, Sym):
        return names[expr.name]
    if isinstance(expr, Const):
        return expr.value.array if expr.value.label else expr.value.floats
    assert isinstance(expr, Apply)
    op, args, params = expr.op, [doubles(arg, names) for arg in expr.args], dict(expr.params)
    if op.labels:
        return label(op.compute(*args, **params)).array
    with np.errstate(all="ignore"):
        result = np.asarray(op.compute(ARITHMETIC[Domain.DOUBLE], *args, **params))
    return result if result.dtype == float else result.astype(float)


def _mixed(value: Value) -> bool:
    """Whether whole numbers stand among decimals: the 0 of a relu."""
    return any(type(x) is not Decimal for x in value.array.flat)


def _reason(value: Value) -> str:
    return "it does not exist" if np.isnan(value.floats).any() else "the number is infinite or too large"


def _whole(op: Op, args: list[Value], params: dict[str, object]) -> Value | None:
    """The result for integers, computed in doubles where these are exact all the way."""
    if not all(arg.whole for arg in args):
        return None
    doubles = ARITHMETIC[Domain.DOUBLE]
    bound = op.compute(doubles, *(np.abs(arg.floats) for arg in args), **params)
    if not np.max(bound, initial=0) < WHOLE:
        return None
    return integers(np.asarray(op.compute(doubles, *(arg.floats for arg in args), **params)))


def _work(op: Op, args: list[Value], shape: Shape, params: dict[str, object]) -> int:
    """About how many numbers are computed."""
    if op.work is not None:
        return op.work(*(arg.shape for arg in args), **params)
    largest = max([arg.size for arg in args] + [math.prod(shape)], default=1)
    if isinstance(op.notation, (Function, Exponential, Formula)):
        return largest * FUNCTION_WORK
    return largest if largest > 1 else 0  # one sum or product costs no more than what is around it


def _described(expr: Expr, shape: Shape) -> str:
    name = expr.name if isinstance(expr, Sym) else "the expression"
    sizes = "×".join(map(str, shape)) if shape else "a number"
    return f"`{name}` ({sizes})"


def _shape(expr: Apply, shapes: list[Shape]) -> Shape:
    try:
        return expr.op.shape(*shapes, **dict(expr.params))
    except ShapeError as error:
        described = [_described(arg, shape) for arg, shape in zip(expr.args, shapes, strict=True)]
        raise ShapeError(str(error).format(*described)) from None


def shape_of(expr: Expr, shapes: Mapping[str, Shape]) -> Shape:
    """The shape of an expression over names whose shapes are known; a name not among them is a number."""
    if isinstance(expr, Const):
        return expr.value.shape
    if isinstance(expr, Sym):
        return shapes.get(expr.name, ())
    assert isinstance(expr, Apply)
    return _shape(expr, [shape_of(arg, shapes) for arg in expr.args])


class Detail(IntEnum):
    """How much of the way from formula to value is shown."""

    BRIEF = 0
    NORMAL = 1
    FULL = 2


def reduction(expr: Expr, names: Mapping[str, Value], detail: Detail) -> Iterator[Expr]:
    """The lines a person would write: values put in, then the innermost operations done, to the value.

    The formula itself is not among them. Brief: the value alone. Full: each vector function and matrix
    product is written out entry by entry first.
    """
    evaluator = Evaluator()
    with decimal.localcontext(PRECISION), np.errstate(all="ignore"):
        if detail is Detail.BRIEF or _entry_by_entry(expr):
            yield Const(evaluator._value(expr, names))
            return
        line = _put_in(expr, names, evaluator)
        yield line
        while not isinstance(line, Const) and not _sizes(line):
            try:
                line = _reduced(line, evaluator, detail)
            except Undefined:  # written out, it overflows where the function itself does not
                line = Const(evaluator._value(expr, names))
            yield line


def _sizes(line: Expr) -> bool:
    """Whether a line is the sizes of an array, which are written as they are."""
    return (
        isinstance(line, Apply)
        and isinstance(line.op.notation, Sizes)
        and all(isinstance(arg, Const) for arg in line.args)
    )


def _entry_by_entry(expr: Expr) -> bool:
    """A distinction of cases, or a formula for the row i, says what whole arrays put into it would hide."""
    return isinstance(expr, Apply) and (
        isinstance(expr.op.notation, Piecewise) or expr.op.by_rows or any(map(_entry_by_entry, expr.args))
    )


def _put_in(expr: Expr, names: Mapping[str, Value], evaluator: Evaluator) -> Expr:
    if isinstance(expr, Sym):
        return Const(names[expr.name])
    if not isinstance(expr, Apply):
        return expr
    args = tuple(_put_in(arg, names, evaluator) for arg in expr.args)
    put = Apply(expr.op, args, expr.params)
    constant = all(isinstance(arg, Const) for arg in args)
    if constant and (expr.op.silent or isinstance(expr.op.notation, Prefix)):
        return Const(evaluator._value(put, {}))
    if constant and expr.op.spelled and expr.op.definition is not None:
        return expr.op.definition(*args, **dict(expr.params))
    if isinstance(expr.op.notation, SumSign):
        return _spelled_sum(put, expr.op.notation.axis) or Const(evaluator._value(put, {}))
    return put


def _spelled_sum(put: Apply, axis: int | None) -> Expr | None:
    """A short sum over an elementwise expression as the row of its terms; of a matrix, for each row or column."""
    shape = shape_of(put.args[0], {})
    if not shape or max(shape) > SPELLED:
        return None
    if len(shape) == 1:
        return _terms_at(put.args[0], [(i,) for i in range(shape[0])])
    if axis is None:
        return _terms_at(put.args[0], [(i, j) for i in range(shape[0]) for j in range(shape[1])])
    by_row = axis == 1
    outer, inner = shape if by_row else shape[::-1]
    sums = [
        _terms_at(put.args[0], [(k, m) if by_row else (m, k) for m in range(inner)]) for k in range(outer)
    ]
    return None if None in sums else grid(*(each for each in sums if each is not None))


def _terms_at(expr: Expr, places: Sequence[tuple[int, ...]]) -> Expr | None:
    entries = [entry_of(expr, place) for place in places]
    if None in entries or len(entries) > SPELLED:
        return None
    return terms(*(entry for entry in entries if entry is not None))


def _reduced(expr: Expr, evaluator: Evaluator, detail: Detail) -> Expr:
    """The expression with each innermost operation done."""
    if not isinstance(expr, Apply):
        return expr
    if all(isinstance(arg, Const) for arg in expr.args):
        if detail is Detail.FULL and (written := _written_out(expr)) is not None:
            return written
        return Const(evaluator._value(expr, {}))
    if expr.op.at_once:
        return Const(evaluator._value(expr, {}))
    if expr.op.whole:
        args = tuple(Const(evaluator._value(arg, {})) for arg in expr.args)
        return Apply(expr.op, args, expr.params)
    reduced = Apply(expr.op, tuple(_reduced(arg, evaluator, detail) for arg in expr.args), expr.params)
    if isinstance(expr.op.notation, Prefix) and isinstance(reduced.args[0], Const):
        return Const(evaluator._value(reduced, {}))  # nobody writes a line to turn a sign
    return reduced


def _written_out(expr: Apply) -> Expr | None:
    """A function of a short vector, or a small matrix product, entry by entry."""
    if expr.op.definition is None or expr.op.spelled:
        return None
    if not expr.op.elementwise:
        written = expr.op.definition(*expr.args, **dict(expr.params))
        return None if isinstance(written, Apply) and written.op is expr.op else written
    shape = shape_of(expr, {})
    if len(shape) != 1 or shape[0] > SPELLED:
        return None
    entries = [entry_of(expr, (i,)) for i in range(shape[0])]
    spelled = [e.op.definition(*e.args) for e in entries if isinstance(e, Apply) and e.op.definition]
    return grid(*spelled) if len(spelled) == shape[0] else None
