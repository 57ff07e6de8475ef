"""The table of operations: how each computes, its shapes, and how it is written."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from solver.expr.nodes import (
    CONDITION,
    OPERATIONS,
    PRODUCT,
    SUM,
    Apply,
    Between,
    Const,
    Entry,
    Exponential,
    Expr,
    Formula,
    Function,
    Grid,
    Indicator,
    Infix,
    Op,
    Operand,
    OuterProduct,
    Piecewise,
    Power,
    Prefix,
    Quotient,
    Raised,
    ShapeError,
    Shares,
    Sizes,
    Slice,
    SquareRoot,
    Subscript,
    SumExcept,
    SumSign,
    Terms,
    apply,
    const,
)
from solver.expr.values import Arithmetic, Array, Domain, Shape, exact, gather, settled

SPELLED = 6
"""Sums and vectors of at most so many entries are written out."""


# The functions that kinds and formulas write


def _caller(name: str) -> Callable[..., Expr]:
    def call(*args: Operand, **params: Any) -> Expr:
        return apply(OPERATIONS[name], *args, **params)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The expression {name}(…)."
    return call


exp, log, log2, log10, sqrt = map(_caller, ("exp", "log", "log2", "log10", "sqrt"))
tanh, sigmoid, softplus, relu = map(_caller, ("tanh", "sigmoid", "softplus", "relu"))
elu, gelu, step, sign, absolute = map(_caller, ("elu", "gelu", "step", "sign", "abs"))
leaky_relu = _caller("leaky_relu")
maximum, minimum, outer = map(_caller, ("maximum", "minimum", "outer"))
softmax, log_softmax, argmax = map(_caller, ("softmax", "log_softmax", "argmax"))
largest = _caller("max")
diag, norm2, indicator, where = map(_caller, ("diag", "norm2", "indicator", "where"))
diag_rows, outer_rows = map(_caller, ("diag_rows", "outer_rows"))
total, column_sums, row_sums = map(_caller, ("sum", "column_sums", "row_sums"))
cross_entropy, binary_cross_entropy = map(_caller, ("cross_entropy", "binary_cross_entropy"))
cross_entropies, binary_cross_entropies = map(_caller, ("cross_entropies", "binary_cross_entropies"))
at_least = _caller("at_least")
at, sum_except = map(_caller, ("at", "sum_except"))
rows = _caller("rows")


def terms(*args: Operand) -> Expr:
    """A sum written as a row of terms."""
    return apply(OPERATIONS["terms"], *args) if len(args) > 1 else const(args[0])


def grid(*entries: Operand) -> Expr:
    """A vector written entry by entry."""
    return apply(OPERATIONS["grid"], *entries, shape=(len(entries),))


def sizes(*lengths: Operand) -> Expr:
    """The shape of an array."""
    return apply(OPERATIONS["sizes"], *lengths)


def number(x: int | Fraction) -> Expr:
    """A constant."""
    return Const(exact(x))


# Rules of shapes


def broadcast(*shapes: Shape) -> Shape:
    """Equal shapes, numbers with anything, a vector with each row of a matrix."""
    result: Shape = ()
    for place, shape in enumerate(shapes):
        if len(shape) < len(result) and shape == result[len(result) - len(shape) :]:
            continue
        if result != shape[len(shape) - len(result) :]:
            first = max(range(place), key=lambda k: len(shapes[k]))
            raise ShapeError(f"{{{first}}} and {{{place}}} differ in size")
        result = shape
    return result


def _matmul_shape(a: Shape, b: Shape) -> Shape:
    if not a or not b or len(a) > 2 or len(b) > 2:
        raise ShapeError("a matrix product needs matrices or vectors, got {0} and {1}")
    if a[-1] != b[0]:
        raise ShapeError(f"cannot multiply {{0}} by {{1}}: the inner sizes {a[-1]} and {b[0]} differ")
    return a[:-1] + b[1:]


def _same(shape: Shape, **_: Any) -> Shape:
    return shape


def _last_axis(*shapes: Shape) -> Shape:
    shape = broadcast(*shapes)
    if not shape:
        raise ShapeError("{0} is a number, a vector is needed")
    return shape[:-1]


def _number(*_: Shape, **__: Any) -> Shape:
    return ()


# Computations that need more than one line


def _sigmoid(m: Arithmetic, z: Array) -> Array:
    if m.domain is Domain.DOUBLE:  # exp of a negative number only: no overflow
        small = np.exp(-np.abs(z))
        return np.where(z >= 0, 1 / (1 + small), small / (1 + small))
    return m.divide(np.ones_like(z), 1 + m.function("exp", -z))


def _softplus(m: Arithmetic, z: Array) -> Array:
    return np.maximum(z, 0) + m.function("log1p", m.function("exp", -np.abs(z)))


def _shifted(z: Array) -> Array:
    return np.asarray(z - np.max(z, axis=-1, keepdims=True))


def _softmax(m: Arithmetic, z: Array) -> Array:
    powers = m.function("exp", _shifted(z))
    return m.divide(powers, np.sum(powers, axis=-1, keepdims=True))


def _log_softmax(m: Arithmetic, z: Array) -> Array:
    """The largest exponential is 1 after the shift; log1p of the others keeps their digits."""
    shifted = _shifted(z)
    others = m.function("exp", shifted)
    np.put_along_axis(others, np.expand_dims(_argmax(m, z), -1).astype(int), 0, axis=-1)
    return np.asarray(shifted - m.function("log1p", np.asarray(np.sum(others, axis=-1, keepdims=True))))


def _argmax(_: Arithmetic, z: Array) -> Array:
    return np.asarray(np.argmax(z, axis=-1))


def _cross_entropy(m: Arithmetic, p: Array, y: Array) -> Array:
    """Entries with y = 0 count nothing, also where p = 0."""
    logs = m.function("log", np.where(y == 0, 1, p).astype(p.dtype))
    return np.asarray(-np.sum(y * logs, axis=-1))


def _binary_cross_entropy(m: Arithmetic, p: Array, y: Array) -> Array:
    """Summed over the last axis."""
    both = _cross_entropy(m, np.stack([p, 1 - p], axis=-1), np.stack([y, 1 - y], axis=-1))
    return np.asarray(np.sum(both, axis=-1))


def _gelu(m: Arithmetic, z: Array) -> Array:
    """z Φ(z) by the complementary error function, which keeps its digits for negative z."""
    root = m.function("sqrt", np.ones_like(z) * 2) if np.any(z != 0) else np.ones_like(z)
    return m.divide(z * m.function("erfc", m.divide(-z, root)), np.ones_like(z) * 2)


def _elu(m: Arithmetic, z: Array) -> Array:
    return np.where(z > 0, z, m.function("exp", np.minimum(z, 0)) - 1)


def _add(_: Arithmetic, x: Array, y: Array) -> Array:
    result = np.asarray(x + y)
    return (
        result if result.dtype != object else settled(result, np.maximum(np.abs(x), np.abs(y), dtype=object))
    )


def _sum(x: Array, axis: int | None = None) -> Array:
    result = np.asarray(np.sum(x, axis=axis))
    return result if x.dtype != object else settled(result, np.asarray(np.sum(np.abs(x), axis=axis)))


def _matmul(m: Arithmetic, a: Array, b: Array) -> Array:
    result = np.asarray(np.matmul(a, b) if a.ndim + b.ndim > 2 else np.sum(a * b))
    if m.domain is not Domain.PRECISE:
        return result
    return settled(
        result, np.asarray(np.matmul(np.abs(a), np.abs(b)) if result.ndim else np.sum(np.abs(a * b)))
    )


def _diagonal(_: Arithmetic, x: Array) -> Array:
    result = np.zeros(x.shape + x.shape[-1:], dtype=x.dtype)
    places = np.arange(x.shape[-1])
    result[..., places, places] = x
    return result


def _outer(_: Arithmetic, a: Array, b: Array) -> Array:
    return np.asarray(a[..., :, None] * b[..., None, :])


def _truth(x: Any) -> Array:
    return np.asarray(x).astype(int).astype(object)


# How a person writes an operation out


def _entries(x: Expr) -> list[Expr] | None:
    """The entries of a constant vector as constants, if they are few enough to write out."""
    if not isinstance(x, Const) or len(x.value.shape) != 1 or x.value.size > SPELLED:
        return None
    return [Const(x.value.entry(i)) for i in range(x.value.size)]


def entry_of(expr: Expr, index: tuple[int, ...]) -> Expr | None:
    """The entry of an elementwise expression over constants; None where it has no such form."""
    if isinstance(expr, Const):
        place = index[len(index) - len(expr.value.shape) :] if expr.value.shape else ()
        return Const(expr.value.entry(*place)) if place else expr
    if not isinstance(expr, Apply) or not expr.op.elementwise:
        return None
    args = [entry_of(arg, index) for arg in expr.args]
    return None if None in args else apply(expr.op, *(a for a in args if a is not None), **dict(expr.params))


def _softmax_spelled(z: Expr) -> Expr:
    entries = _entries(z)
    if entries is None or not isinstance(z, Const):
        return apply(OPERATIONS["softmax"], z)
    top = Const(gather([max(z.value.array.flat)], ()))
    powers = [exp(entry - top) for entry in entries]
    return apply(OPERATIONS["shares"], *powers)


def _cross_entropy_spelled(p: Expr, y: Expr) -> Expr:
    chances, targets = _entries(p), _entries(y)
    if chances is None or targets is None or not isinstance(y, Const):
        return apply(OPERATIONS["cross_entropy"], p, y)
    hit = [(c, t) for c, t, weight in zip(chances, targets, y.value.array, strict=True) if weight != 0]
    if len(hit) == 1 and y.value.array.max() == 1:
        return -log(hit[0][0])
    return -terms(*(t * log(c) for c, t in hit))


def _binary_cross_entropy_spelled(p: Expr, y: Expr) -> Expr:
    """Terms with the weight 0 are left out."""
    chances, targets = _entries(p), _entries(y)
    if chances is None or targets is None or not isinstance(y, Const):
        return apply(OPERATIONS["binary_cross_entropy"], p, y)
    parts: list[Expr] = []
    for chance, target, weight in zip(chances, targets, y.value.array, strict=True):
        if weight != 0:
            parts.append(-log(chance) if weight == 1 else -(target * log(chance)))
        if weight != 1:
            parts.append(-log(1 - chance) if weight == 0 else -((1 - target) * log(1 - chance)))
    return terms(*parts)


def _row_by_row(name: str, spelled: Callable[[Expr, Expr], Expr], p: Expr, y: Expr) -> Expr:
    """What a function of vectors makes of each row, as a vector."""
    if isinstance(p, Const) and isinstance(y, Const) and max(p.value.shape) <= SPELLED:
        rows = range(p.value.shape[0])
        return grid(*(spelled(Const(p.value.entry(i)), Const(y.value.entry(i))) for i in rows))
    return apply(OPERATIONS[name], p, y)


def _matmul_spelled(a: Expr, b: Expr) -> Expr:
    again = apply(OPERATIONS["matmul"], a, b)
    if not isinstance(a, Const) or not isinstance(b, Const):
        return again
    left, right = a.value, b.value
    inner = left.shape[-1]
    shape = left.shape[:-1] + right.shape[1:]
    if inner > SPELLED or any(size > SPELLED for size in shape):
        return again

    def product(i: tuple[int, ...], j: tuple[int, ...]) -> Expr:
        return terms(*(Const(left.entry(*i, k)) * Const(right.entry(k, *j)) for k in range(inner)))

    rows = [(i,) for i in range(left.shape[0])] if len(left.shape) == 2 else [()]
    columns = [(j,) for j in range(right.shape[1])] if len(right.shape) == 2 else [()]
    if not shape:
        return product((), ())
    return apply(OPERATIONS["grid"], *(product(i, j) for i in rows for j in columns), shape=shape)


# The table


def op(name: str, *args: Any, **kwargs: Any) -> Op:
    OPERATIONS[name] = Op(name, *args, **kwargs)
    return OPERATIONS[name]


def _function(name: str, notation: Any, **kwargs: Any) -> Op:
    """An elementwise function that the arithmetic of each domain knows by name."""
    return op(name, lambda m, x: m.function(name, x), _same, notation, elementwise=True, **kwargs)


def _compare(name: str, sign: str, compute: Any) -> Op:
    return op(
        name,
        lambda _, x, y: _truth(compute(x, y)),
        broadcast,
        Infix(sign, CONDITION, relation=True),
        elementwise=True,
        counts=True,
    )


op("add", _add, broadcast, Infix("+", SUM), elementwise=True)
op("subtract", lambda m, x, y: _add(m, x, np.asarray(-y)), broadcast, Infix("−", SUM, True), elementwise=True)
op("multiply", lambda _, x, y: np.asarray(x * y), broadcast, Infix("·", PRODUCT), elementwise=True)
op("divide", lambda m, x, y: m.divide(x, y), broadcast, Quotient(), elementwise=True)
op("power", lambda m, x, y: m.power(x, y), broadcast, Power(), elementwise=True)
op("negative", lambda _, x: np.asarray(-x), _same, Prefix("−"), elementwise=True)
op(
    "matmul",
    _matmul,
    _matmul_shape,
    Infix("", PRODUCT),
    definition=_matmul_spelled,
    integers=True,
    work=lambda a, b: math.prod((*a, *b[1:])),
)
op("transpose", lambda _, x: x.T, lambda s: s[::-1], Raised("ᵀ"), silent=True)
op(
    "entry",
    lambda _, x, index: np.asarray(x[index], dtype=x.dtype),
    lambda s, index: s[1:],
    Entry(),
    silent=True,
)
op(
    "rows",
    lambda _, x, start, stop: x[start:stop],
    lambda s, start, stop: (stop - start, *s[1:]),
    Slice(),
    silent=True,
)
op("outer", _outer, lambda a, b: (*a, b[-1]), OuterProduct())
op("outer_rows", _outer, lambda a, b: (*a, b[-1]), OuterProduct(), by_rows=True)
op("at", lambda _, x, i: np.asarray(x[int(i)]), lambda s, _: s[1:], Subscript())
op(
    "sum_except",
    lambda _, x, i: np.asarray(np.sum(np.delete(x, int(i)))),
    lambda s, _: (),
    SumExcept(),
)
op("diag", _diagonal, lambda s: (*s, s[-1]), Function("diag"))
op("diag_rows", _diagonal, lambda s: (*s, s[-1]), Function("diag"), by_rows=True)

_function("exp", Exponential())
_function("log", Function("ln", tight=True))
_function("log2", Function("log", tight=True, base="2"))
_function("log10", Function("log", tight=True, base="10"))
_function("sqrt", SquareRoot())
_function("tanh", Function("tanh"), definition=lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)))
_function("erf", Function("erf"))
_function("erfc", Function("erfc"))
op("abs", lambda _, x: np.abs(x), _same, Between("|", "|"), elementwise=True)
op(
    "sigmoid",
    _sigmoid,
    _same,
    Function("σ"),
    elementwise=True,
    definition=lambda x: 1 / (1 + exp(-x)),
)
op("softplus", _softplus, _same, Formula(lambda x: log(1 + exp(x))), elementwise=True)
op(
    "relu",
    lambda _, x: np.maximum(x, 0),
    _same,
    Function("relu"),
    elementwise=True,
    definition=lambda x: maximum(0, x),
)
op(
    "leaky_relu",
    lambda m, x, slope: np.where(x > 0, x, x * exact(slope).within(m.domain)),
    _same,
    Function("leaky-relu", shown="slope"),
    elementwise=True,
)
op("elu", _elu, _same, Function("elu"), elementwise=True)
op(
    "gelu",
    _gelu,
    _same,
    Function("gelu"),
    elementwise=True,
    definition=lambda x: x / 2 * apply(OPERATIONS["erfc"], -x / sqrt(2)),
)
op("step", lambda _, x: _truth(x >= 0), _same, Function("step"), elementwise=True, counts=True)
op("sign", lambda _, x: _truth(x > 0) - _truth(x < 0), _same, Function("sign"), elementwise=True, counts=True)
op("maximum", lambda _, x, y: np.maximum(x, y), broadcast, Function("max"), elementwise=True)
op("minimum", lambda _, x, y: np.minimum(x, y), broadcast, Function("min"), elementwise=True)

op("softmax", _softmax, _same, Function("softmax"), definition=_softmax_spelled, spelled=True)
op("log_softmax", _log_softmax, _same, Function("log-softmax"))
op("argmax", _argmax, _last_axis, Function("argmax"), counts=True)
op("max", lambda _, x: np.asarray(np.max(x, axis=-1)), _last_axis, Function("max"))
op("sum", lambda _, x, **__: _sum(x), _number, SumSign())
op("column_sums", lambda _, x: _sum(x, axis=0), lambda s: s[1:], SumSign(axis=0))
op("row_sums", lambda _, x: _sum(x, axis=-1), lambda s: s[:-1], SumSign(axis=1))
op("norm2", lambda _, x: np.asarray(np.sum(x * x)), _number, Between("‖", "‖", sup="2"))
op(
    "cross_entropy",
    _cross_entropy,
    _last_axis,
    Formula(lambda p, y: -total(y * log(p))),
    definition=_cross_entropy_spelled,
    spelled=True,
)
op(
    "cross_entropies",
    _cross_entropy,
    _last_axis,
    Formula(lambda p, y: row_sums(-(y * log(p)))),
    definition=partial(_row_by_row, "cross_entropies", _cross_entropy_spelled),
    spelled=True,
)
op(
    "binary_cross_entropies",
    _binary_cross_entropy,
    _last_axis,
    Formula(lambda p, y: row_sums(-(y * log(p)) - (1 - y) * log(1 - p))),
    definition=partial(_row_by_row, "binary_cross_entropies", _binary_cross_entropy_spelled),
    spelled=True,
)
op(
    "binary_cross_entropy",
    _binary_cross_entropy,
    _last_axis,
    Formula(lambda p, y: total(-(y * log(p)) - (1 - y) * log(1 - p))),
    definition=_binary_cross_entropy_spelled,
    spelled=True,
)

_compare("equal", "=", lambda x, y: x == y)
_compare("unequal", "≠", lambda x, y: x != y)
_compare("less", "<", lambda x, y: x < y)
_compare("at_most", "≤", lambda x, y: x <= y)
_compare("greater", ">", lambda x, y: x > y)
_compare("at_least", "≥", lambda x, y: x >= y)
op(
    "indicator",
    lambda _, c: _truth(c != 0),
    _same,
    Indicator(),
    elementwise=True,
    at_once=True,
    counts=True,
)
op(
    "where",
    lambda _, c, x, y: np.where(np.asarray(c != 0), x, y),
    broadcast,
    Piecewise(),
    elementwise=True,
    at_once=True,
)
op(
    "terms",
    lambda _, *x: _sum(np.stack(np.broadcast_arrays(*x)), axis=0),
    broadcast,
    Terms(),
    elementwise=True,
    whole=True,
)


def _shares(m: Arithmetic, *x: Array) -> Array:
    entries = np.asarray([entry.item() for entry in x], dtype=x[0].dtype)
    return m.divide(entries, np.asarray(sum(entries)))


op("shares", _shares, lambda *shapes: (len(shapes),), Shares(), whole=True)


def _grid(_: Arithmetic, *x: Array, shape: Shape) -> Array:
    result = np.empty(len(x), dtype=x[0].dtype)
    result[:] = [entry.item() for entry in x]
    return result.reshape(shape)


op("grid", _grid, lambda *_, shape: shape, Grid(), at_once=True)
op("sizes", partial(_grid, shape=(-1,)), lambda *sizes: (len(sizes),), Sizes(), whole=True, work=lambda *_: 0)
