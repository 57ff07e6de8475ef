"""What is true about a page, computed once more: operations, windows, counts of tables, networks.

Nothing of the program is imported here. Fractions are kept as long as they last, with 400 digits beyond; windows
are slid by loops, samples are counted row by row. What a page draws (pictures, tables, trees) is read back from
its characters.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import mpmath
import numpy as np
import oracles_cnn
import oracles_gain
from mpmath import mp, mpf
from reread import Interval, Undecided, holds, larger

mp.dps = 400

Array = Any
"""A number, or a numpy array of numbers."""

# ---------------------------------------------------------------- arithmetic

Real = Any
"""A fraction, or a number of 400 digits."""


def real(x: Real) -> Real:
    """A number of 400 digits."""
    return mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mpf(x)


def both(exact: Callable[[Any, Any], Any]) -> Callable[[Array, Array], Array]:
    """An operation on two numbers: on fractions while both are, then on 400 digits; entry by entry."""

    def one(x: Real, y: Real) -> Real:
        if isinstance(x, Fraction) and isinstance(y, Fraction):
            return exact(x, y)
        return exact(real(x), real(y))

    return over_entries(one, 2)


def over_entries(function: Callable[..., Any], count: int) -> Callable[..., Array]:
    spread = np.frompyfunc(function, count, 1)
    return lambda *args: spread(*args) if any(map(np.ndim, args)) else function(*args)


def special(function: Callable[[Any], Any], **known: int) -> Callable[[Array], Array]:
    """A function of one number, with the points at which its value is whole: `at_0=1`."""
    points = {Fraction(name.removeprefix("at_")): Fraction(value) for name, value in known.items()}

    def one(x: Real) -> Real:
        if isinstance(x, Fraction) and x in points:
            return points[x]
        return function(real(x))

    return over_entries(one, 1)


def entrywise(function: Callable[[Any], Any]) -> Callable[[Array], Array]:
    """A function of one number that keeps fractions, entry by entry."""
    return over_entries(function, 1)


def left_over(result: Real, x: Real, y: Real) -> Real:
    """A sum, or 0 where all 400 digits cancel."""
    if isinstance(result, Fraction) or abs(result) > mpf(10) ** -380 * max(abs(x), abs(y)):
        return result
    return Fraction(0)


add, subtract, multiply, divide = (
    both(lambda x, y: left_over(x + y, x, y)),
    both(lambda x, y: left_over(x - y, x, y)),
    both(lambda x, y: x * y),
    both(lambda x, y: x / y),
)


def _power(x: Real, y: Real) -> Real:
    if isinstance(y, Fraction) and y.denominator == 1:
        return x ** int(y)
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return real(x) ** real(y)
    return x**y


def whole(x: Any) -> Fraction:
    return Fraction(int(x))


def _sigmoid(z: Real) -> Real:
    return Fraction(1, 2) if z == 0 else 1 / (1 + mpmath.exp(-real(z)))


def _elu(z: Real) -> Real:
    return z if z > 0 else Fraction(0) if z == 0 else mpmath.expm1(real(z))


def _gelu(z: Real) -> Real:
    return Fraction(0) if z == 0 else real(z) * mpmath.ncdf(real(z))


def total(x: Array) -> Real:
    """The sum of all entries."""
    result: Real = Fraction(0)
    for entry in np.ravel(x):
        result = add(result, entry)
    return result


def over_last(function: Callable[[Array], Any], x: Array) -> Array:
    """A function of a vector for each vector of an array."""
    if np.ndim(x) == 1:
        return function(x)
    parts = [over_last(function, row) for row in x]
    if np.ndim(parts[0]):
        return np.stack(parts)
    result = np.empty(len(parts), dtype=object)
    result[:] = parts
    return result


def _matmul(x: Array, y: Array) -> Array:
    if np.ndim(x) == 1 and np.ndim(y) == 1:
        return total(multiply(x, y))
    if np.ndim(x) == 1:
        return over_last(lambda column: _matmul(x, column), y.T)
    if np.ndim(y) == 1:
        return over_last(lambda row: _matmul(row, y), x)
    return np.stack([_matmul(x, column) for column in y.T], axis=1)


def _softmax(z: Array) -> Array:
    powers = np.array([mpmath.exp(real(entry)) for entry in subtract(z, max(z))], dtype=object)
    return divide(powers, total(powers)) if len(powers) > 1 else np.array([Fraction(1)], dtype=object)


def _log_softmax(z: Array) -> Array:
    """−ln(1 + ∑ e^(zₖ − zᵢ)) over the others, of which no digit is lost."""
    others = [[mpmath.exp(real(x - entry)) for k, x in enumerate(z) if k != i] for i, entry in enumerate(z)]
    return np.array([-mpmath.log1p(sum(each)) if each else Fraction(0) for each in others], dtype=object)


def _cross_entropy(p: Array, y: Array) -> Real:
    return -total([multiply(t, special(mpmath.log, at_1=0)(q)) for q, t in zip(p, y, strict=True) if t != 0])


def _binary_cross_entropy(p: Array, y: Array) -> Real:
    return total(
        [
            _cross_entropy([q, subtract(Fraction(1), q)], [t, subtract(Fraction(1), t)])
            for q, t in zip(p, y, strict=True)
        ]
    )


def by_pairs(function: Callable[[Array, Array], Real]) -> Callable[[Array, Array], Array]:
    def pairs(p: Array, y: Array) -> Array:
        if np.ndim(p) == 1:
            return function(p, y)
        result = np.empty(len(p), dtype=object)
        result[:] = [function(row, target) for row, target in zip(p, y, strict=True)]
        return result

    return pairs


def _diagonal(x: Array) -> Array:
    if np.ndim(x) == 2:
        return np.stack([_diagonal(row) for row in x])
    result = np.full((len(x), len(x)), Fraction(0), dtype=object)
    np.fill_diagonal(result, x)
    return result


def _outer(x: Array, y: Array) -> Array:
    if np.ndim(x) == 2:
        return np.stack([_outer(*rows) for rows in zip(x, y, strict=True)])
    return multiply(x[:, None], y[None, :])


def grid(*entries: Real, shape: tuple[int, ...]) -> Array:
    result = np.empty(len(entries), dtype=object)
    result[:] = entries
    return result.reshape(shape)


def _terms(*parts: Array) -> Array:
    result = parts[0]
    for part in parts[1:]:
        result = add(result, part)
    return result


def _leaky(x: Array, slope: Fraction) -> Array:
    return entrywise(lambda z: z if z > 0 else multiply(Fraction(slope), z))(x)


def compared(function: Callable[[Any, Any], bool]) -> Callable[[Array, Array], Array]:
    return both(lambda x, y: whole(function(x, y)))


log = special(mpmath.log, at_1=0)
sigmoid = entrywise(_sigmoid)
OPERATIONS: dict[str, Callable[..., Array]] = {
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "hadamard": multiply,
    "divide": divide,
    "power": over_entries(_power, 2),
    "negative": entrywise(lambda x: -x),
    "matmul": _matmul,
    "transpose": lambda x: np.swapaxes(x, -1, -2) if np.ndim(x) > 1 else x,
    "entry": lambda x, index: x[index],
    "column": lambda x, index: x[:, index],
    "rows": lambda x, start, stop: x[start:stop],
    "outer": _outer,
    "at": lambda x, i: x[int(i)],
    "sum_except": lambda x, i: total(np.delete(x, int(i))),
    "diag": _diagonal,
    "exp": special(mpmath.exp, at_0=1),
    "log": log,
    "log2": special(lambda x: mpmath.log(x) / mpmath.log(2), at_1=0),
    "log10": special(mpmath.log10, at_1=0),
    "sqrt": special(mpmath.sqrt, at_0=0, at_1=1),
    "tanh": special(mpmath.tanh, at_0=0),
    "erf": special(mpmath.erf, at_0=0),
    "erfc": special(mpmath.erfc, at_0=1),
    "abs": entrywise(abs),
    "sigmoid": sigmoid,
    "softplus": entrywise(lambda z: mpmath.log1p(mpmath.exp(real(z)))),
    "relu": entrywise(lambda z: z if z > 0 else Fraction(0)),
    "leaky_relu": _leaky,
    "elu": entrywise(_elu),
    "gelu": entrywise(_gelu),
    "step": entrywise(lambda z: whole(z >= 0)),
    "sign": entrywise(lambda z: whole(z > 0) - whole(z < 0)),
    "maximum": over_entries(max, 2),
    "minimum": over_entries(min, 2),
    "softmax": lambda z: over_last(_softmax, z),
    "log_softmax": lambda z: over_last(_log_softmax, z),
    "logsumexp": lambda z: over_last(lambda row: log(total(special(mpmath.exp, at_0=1)(row))), z),
    "argmax": lambda z: over_last(lambda row: whole(list(row).index(max(row))), z),
    "max": lambda z: over_last(max, z),
    "sum": lambda x, **_: total(x),
    "column_sums": lambda x, **_: over_last(total, x.T),
    "row_sums": lambda x, **_: over_last(total, x),
    "norm2": lambda x: total(multiply(x, x)),
    "cross_entropies": by_pairs(_cross_entropy),
    "binary_cross_entropies": by_pairs(_binary_cross_entropy),
    "outer_rows": _outer,
    "diag_rows": _diagonal,
    "cross_entropy": by_pairs(_cross_entropy),
    "binary_cross_entropy": by_pairs(_binary_cross_entropy),
    "equal": compared(lambda x, y: x == y),
    "unequal": compared(lambda x, y: x != y),
    "less": compared(lambda x, y: x < y),
    "at_most": compared(lambda x, y: x <= y),
    "greater": compared(lambda x, y: x > y),
    "at_least": compared(lambda x, y: x >= y),
    "indicator": entrywise(lambda c: whole(c != 0)),
    "where": over_entries(lambda c, x, y: x if c != 0 else y, 3),
    "terms": _terms,
    "shares": lambda *x: divide(grid(*x, shape=(len(x),)), total(list(x))),
    "grid": grid,
}
"""How each operation computes, once more. A new operation needs an entry here."""


def near(x: Real, y: Real) -> bool:
    """Equal; numbers of 400 digits up to 10⁻³⁰⁰ of their size."""
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return x == y
    a, b = real(x), real(y)
    return bool(abs(a - b) <= mpf(10) ** -300 * max(abs(a), abs(b)))


def same(x: Real, y: Real) -> bool:
    """Equal, also where both are what is left of a difference."""
    return near(x, y) or bool(abs(real(x) - real(y)) < mpf(10) ** -300)


# ---------------------------------------------------------------- windows

Place = tuple[int, ...]
Pair = tuple[int, int]


class Product(NamedTuple):
    """A cell of the input times a cell of the kernel; both by their places."""

    cell: Place
    weight: Place


def cells_under(axis: Any, place: int, padded: bool = False) -> list[int]:
    """Where the cells of a pooling window at a place lie, those of the input, or also those of its padding."""
    low, high = (-axis.before, axis.n + axis.after) if padded else (0, axis.n)
    start = place * axis.s - axis.before
    return [cell for i in range(axis.k) if low <= (cell := start + axis.d * i) < high]


def placings(axis: Any) -> int:
    """How many places a pooling window has: slid until it does not fit; rounded up, once more if it can start."""
    count, last = 0, axis.n + axis.after - 1
    while count * axis.s - axis.before + axis.d * (axis.k - 1) <= last:
        count += 1
    left_over = (count - 1) * axis.s - axis.before + axis.d * (axis.k - 1) < last
    return count + int(axis.up and left_over and count * axis.s - axis.before < axis.n)


def counted(n: int, k: int, s: int, d: int) -> int:
    """How many places a kernel has on n cells."""
    return sum(start + d * (k - 1) < n for start in range(0, n, s))


def four_axes(shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Images, channels, rows, columns."""
    images, channels, rows, columns = (1,) * (4 - len(shape)) + tuple(shape)
    return images, channels, rows, columns


def correlated_shape(
    x: Sequence[int], kernels: Place, stride: Pair, dilation: Pair, **_: Any
) -> tuple[int, ...]:
    rows, columns = (
        counted(n, k, s, d) for n, k, s, d in zip(x[-2:], kernels[2:], stride, dilation, strict=True)
    )
    return (*x[: len(x) == 4], *kernels[: kernels[0] > 1], rows, columns)


def on_all_axes(place: Place, images: bool, filters: int) -> tuple[int, int, int, int]:
    """A place of the output by its image, filter, row and column."""
    image, *rest = place if images else (0, *place)
    return image, rest[0] if filters > 1 else 0, rest[-2], rest[-1]


def correlation_products(
    place: Place, x: Sequence[int], kernels: Place, stride: Pair, dilation: Pair, groups: int
) -> Iterator[Product]:
    """What is multiplied in one window: channel by channel, row by row."""
    filters, depth, height, width = kernels
    image, f, i, j = on_all_axes(place, len(x) == 4, filters)
    first = f // (filters // groups) * depth
    for c, r, q in itertools.product(range(depth), range(height), range(width)):
        cell = (image, first + c, i * stride[0] + r * dilation[0], j * stride[1] + q * dilation[1])
        yield Product(cell[4 - len(x) :], (f, c, r, q))


def transposed_products(
    place: Place,
    x: Sequence[int],
    kernels: Place,
    stride: Pair,
    dilation: Pair,
    groups: int,
    cuts: tuple[Pair, Pair],
    size: Pair,
) -> Iterator[Product]:
    """What lies on one cell of the output: each cell of the input lays a kernel from its own place on."""
    channels, each, height, width = kernels
    image, f, i, j = on_all_axes(place, len(x) == 4, each * groups)
    depth = channels // groups
    at = (i + cuts[0][0], j + cuts[1][0])
    for c in range(channels):
        if c // depth != f // each:
            continue
        for row, column in itertools.product(range(x[-2]), range(x[-1])):
            for r, q in itertools.product(range(height), range(width)):
                if (row * stride[0] + r * dilation[0], column * stride[1] + q * dilation[1]) == at:
                    yield Product((image, c, row, column)[4 - len(x) :], (c, f % each, r, q))


def transposed_shape(x: Sequence[int], kernels: Place, size: Pair, groups: int, **_: Any) -> tuple[int, ...]:
    filters = kernels[1] * groups
    return (*x[: len(x) == 4], *((filters,) if filters > 1 else ()), *size)


def filled(shape: tuple[int, ...], entry: Callable[[Place], Any]) -> Array:
    """An array by its entries."""
    if not shape:
        return entry(())
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        result[place] = entry(place)
    return result


def added_up(products: Iterator[Product], x: Array, k: Array, kernels: Place) -> Any:
    weights = k.reshape(kernels)
    return sum((x[cell] * weights[weight] for cell, weight in products), start=Fraction(0))


def correlate(x: Array, k: Array, **params: Any) -> Array:
    return filled(
        correlated_shape(np.shape(x), **params),
        lambda place: added_up(correlation_products(place, np.shape(x), **params), x, k, params["kernels"]),
    )


def transpose(x: Array, k: Array, **params: Any) -> Array:
    return filled(
        transposed_shape(np.shape(x), **params),
        lambda place: added_up(transposed_products(place, np.shape(x), **params), x, k, params["kernels"]),
    )


def with_bias(maps: Array, b: Array) -> Array:
    """One number for all maps, or one for each."""
    numbers = list(np.ravel(np.array(b, dtype=object)))
    axis = np.ndim(maps) - 3
    return filled(
        np.shape(maps),
        lambda place: maps[place] + (numbers[0] if len(numbers) == 1 else numbers[place[axis]]),
    )


def pad(x: Array, pads: tuple[Pair, Pair]) -> Array:
    (top, bottom), (left, right) = pads
    *front, rows, columns = np.shape(x)

    def entry(place: Place) -> Any:
        *before, i, j = place
        inside = 0 <= i - top < rows and 0 <= j - left < columns
        return x[(*before, i - top, j - left)] if inside else Fraction(0)

    return filled((*front, rows + top + bottom, columns + left + right), entry)


def flip(k: Array) -> Array:
    *_, rows, columns = np.shape(k)
    return filled(np.shape(k), lambda place: k[(*place[:-2], rows - 1 - place[-2], columns - 1 - place[-1])])


def flatten(x: Array, images: bool) -> Array:
    rows = [list(np.ravel(part)) for part in (x if images else [x])]
    table = filled((len(rows), len(rows[0])), lambda place: rows[place[0]][place[1]])
    return table if images else table[0]


def pooled_shape(x: Sequence[int], rows: Any, columns: Any, whole: bool) -> tuple[int, ...]:
    return tuple(x[:-2]) if whole else (*x[:-2], placings(rows), placings(columns))


def pooled_cells(place: Place, x: Sequence[int], rows: Any, columns: Any, whole: bool) -> list[Place]:
    """The cells of the input in one window, in reading order."""
    *front, i, j = (*place, 0, 0) if whole else place
    return [(*front, *cell) for cell in itertools.product(cells_under(rows, i), cells_under(columns, j))]


def divisor(place: Place, rows: Any, columns: Any, whole: bool, padded: bool) -> int:
    """By how much the sum of a window is divided."""
    i, j = (0, 0) if whole else place[-2:]
    return len(cells_under(rows, i, padded)) * len(cells_under(columns, j, padded))


def largest(entries: Sequence[Any]) -> Any:
    """The largest of numbers or intervals."""
    result = entries[0]
    for entry in entries[1:]:
        either = isinstance(result, Interval) or isinstance(entry, Interval)
        result = larger(result, entry) if either else max(result, entry)
    return result


def first_largest(entries: Sequence[Any]) -> int:
    """The place of the largest, of equal ones the first."""
    best = 0
    for place, entry in enumerate(entries):
        if isinstance(entry, Interval) or isinstance(entries[best], Interval):
            above = holds(">", entry, entries[best])
            if not isinstance(above, Fraction):
                raise Undecided("which one is the largest")
            best = place if above else best
        elif entry > entries[best] and not same(entry, entries[best]):
            best = place
    return best


def max_pool(x: Array, rows: Any, columns: Any, whole: bool) -> Array:
    shape = np.shape(x)
    return filled(
        pooled_shape(shape, rows, columns, whole),
        lambda place: largest([x[cell] for cell in pooled_cells(place, shape, rows, columns, whole)]),
    )


def argmax_pool(x: Array, rows: Any, columns: Any, whole: bool) -> Array:
    shape = np.shape(x)

    def entry(place: Place) -> Fraction:
        cells = pooled_cells(place[:-1], shape, rows, columns, whole)
        best = cells[first_largest([x[cell] for cell in cells])]
        return Fraction(best[place[-1] - 2])

    return filled((*pooled_shape(shape, rows, columns, whole), 2), entry)


def average_pool(x: Array, rows: Any, columns: Any, whole: bool, padded: bool) -> Array:
    shape = np.shape(x)

    def entry(place: Place) -> Any:
        cells = pooled_cells(place, shape, rows, columns, whole)
        top = sum((x[cell] for cell in cells), start=Fraction(0))
        return top / Fraction(divisor(place, rows, columns, whole, padded))

    return filled(pooled_shape(shape, rows, columns, whole), entry)


class Entry(NamedTuple):
    """What one entry of an array is made of."""

    products: tuple[tuple[Real, Real], ...] = ()
    """The pairs that are multiplied and added up."""
    channels: tuple[Real, ...] = ()
    """What the products of each channel add up to."""
    bias: Real | None = None
    cells: tuple[Real, ...] = ()
    """The numbers of a pooling window."""
    over: int = 0
    """What their sum is divided by; 0: the largest is taken."""


def entry_of(op: str, params: Mapping[str, Any], args: Sequence[Array], place: Place) -> Entry:
    """What one entry of a windowed operation is made of."""
    x, *others = args
    shape = np.shape(x)
    if op in ("max_pool", "average_pool"):
        padded = dict(params).pop("padded", None)
        window = {name: params[name] for name in ("rows", "columns", "whole")}
        cells = tuple(x[cell] for cell in pooled_cells(place, shape, **window))
        return Entry(cells=cells, over=0 if padded is None else divisor(place, **window, padded=padded))
    transposed = op.startswith("transposed")
    find = transposed_products if transposed else correlation_products
    weights = others[0].reshape(params["kernels"])
    found = list(find(place, shape, **params))
    products = tuple((x[cell], weights[weight]) for cell, weight in found)
    by_channel: dict[int, Real] = {}
    for (_, weight), (a, b) in zip(found, products, strict=True):
        by_channel[weight[1]] = add(by_channel.get(weight[1], Fraction(0)), multiply(a, b))
    channels = () if transposed else tuple(by_channel.values())
    if len(others) == 1:
        return Entry(products, channels)
    numbers = list(np.ravel(np.array(others[1], dtype=object)))
    filters = params["kernels"][1] * params["groups"] if transposed else params["kernels"][0]
    _, f, *_ = on_all_axes(place, len(shape) == 4, filters)
    return Entry(products, channels, numbers[f if len(numbers) > 1 else 0])


def window_of(
    op: str, params: Mapping[str, Any], shape: Sequence[int], place: Place, on_padding: bool
) -> list[Place]:
    """The cells of the input, or of the input with its padding, that one entry is made of."""
    if op in ("max_pool", "average_pool"):
        rows, columns, whole_ = params["rows"], params["columns"], params["whole"]
        if not on_padding:
            return pooled_cells(place, shape, rows, columns, whole_)
        *front, i, j = place
        down, across = (
            [cell + axis.before for cell in cells_under(axis, at, True)]
            for axis, at in ((rows, i), (columns, j))
        )
        return [(*front, *cell) for cell in itertools.product(down, across)]
    find = transposed_products if op.startswith("transposed") else correlation_products
    return [product.cell for product in find(place, shape, **params)]


# ---------------------------------------------------------------- impurity


@cache
def bits(x: Fraction) -> Real:
    """log₂ x; whole for powers of two."""
    for n in (x.numerator, x.denominator):
        if n & (n - 1):
            return mpmath.log(real(x)) / mpmath.log(2)
    return Fraction(x.numerator.bit_length() - x.denominator.bit_length())


Counts = Sequence[int]


def share_log(c: Real, n: Real) -> Real:
    return multiply(c / n, bits(c / n))


def entropy(counts: Counts) -> Real:
    n = sum(counts)
    return -total([share_log(Fraction(c), Fraction(n)) for c in counts if c])


def impurity(criterion: str, counts: Counts) -> Real:
    shares = [Fraction(c, sum(counts)) for c in counts]
    if criterion == "gini":
        return 1 - total([share * share for share in shares])
    if criterion == "error":
        return 1 - max(shares)
    return entropy(counts)


def remainder(criterion: str, parts: Sequence[Counts]) -> Real:
    n = sum(map(sum, parts))
    return total([multiply(Fraction(sum(part), n), impurity(criterion, part)) for part in parts])


def gain(criterion: str, parts: Sequence[Counts]) -> Real:
    whole_ = [sum(column) for column in zip(*parts, strict=True)]
    return subtract(impurity(criterion, whole_), remainder(criterion, parts))


def score(criterion: str, parts: Sequence[Counts]) -> Real:
    """What the best split has the most of."""
    if criterion != "gain-ratio":
        return gain(criterion, parts)
    info = entropy([sum(part) for part in parts])
    return divide(gain(criterion, parts), info) if info else Fraction(0)


def is_tree(value: Any) -> bool:
    return isinstance(value, dict)


def product(*factors: Real) -> Real:
    result: Real = Fraction(1)
    for factor in factors:
        result = multiply(result, factor)
    return result


def choose(*scores: Real, labels: Sequence[str], by: str) -> str:
    """The best of several; `by` only names what they are compared by."""
    return labels[first_largest(scores)]


def tree(best: str, *branches: Any, values: Sequence[str]) -> dict[str, Any]:
    return {best: dict(zip(values, branches, strict=True))}


MORE_OPERATIONS: dict[str, Callable[..., Any]] = {
    "floor": entrywise(lambda x: Fraction(x.numerator // x.denominator)),
    "ceil": entrywise(lambda x: -Fraction(-x.numerator // x.denominator)),
    "ceiling": entrywise(lambda x: -Fraction(-x.numerator // x.denominator)),
    "over": divide,
    "floored": lambda x, y: Fraction((x / y).numerator // (x / y).denominator),
    "ceiled": lambda x, y: -Fraction(-(x / y).numerator // (x / y).denominator),
    "pad": pad,
    "flip": flip,
    "flatten": flatten,
    "correlate": correlate,
    "correlate_bias": lambda x, k, b, **params: with_bias(correlate(x, k, **params), b),
    "transposed_convolution": transpose,
    "transposed_convolution_bias": lambda x, k, b, **params: with_bias(transpose(x, k, **params), b),
    "max_pool": max_pool,
    "argmax_pool": argmax_pool,
    "average_pool": average_pool,
    "largest_of": lambda *x: largest(x),
    "sizes": lambda *x: grid(*x, shape=(len(x),)),
    "opposite": lambda x: -x,
    "times": multiply,
    "factors": product,
    "long_terms": _terms,
    "largest": lambda *x: largest(x),
    "share_log": share_log,
    "share_square": lambda c, n: (c / n) * (c / n),
    "share_of": lambda c, n, x: multiply(c / n, x),
    "choose": choose,
    "tree": tree,
}
OPERATIONS |= MORE_OPERATIONS


def one_by_one(*parts: list[Real]) -> list[Real]:
    return [number for part in parts for number in part]


IN_A_LINE: dict[str, Callable[..., list[Real]]] = {
    **dict.fromkeys(
        ("add", "subtract", "multiply", "divide", "negative", "terms", "factors", "over"), one_by_one
    ),
    **dict.fromkeys(
        ("floor", "ceil", "floored", "ceiled", "largest_of", "largest", "sizes", "share_of"), one_by_one
    ),
    "share_log": lambda c, n: [*c, *n, *c, *n],
    "share_square": lambda c, n: [*c, *n, Fraction(2)],
}
"""The numbers that an operation writes in a line, from those of its arguments."""


# ---------------------------------------------------------------- samples, counted again

Cell = Any
"""A cell of a table: a sentence or a chain."""

SIGNS = {"=": "=", "<=": "≤", ">": ">"}


def escaped(text: str) -> str:
    """A user's text as it stands in a name."""
    return re.sub(r"([)/\\])", r"\\\1", text)


class Part(NamedTuple):
    """A branch of a split: its sign, what it is called, and its samples."""

    sign: str
    text: str
    rows: list[dict[str, str]]

    @property
    def shown(self) -> str:
        """As it stands in a table of the column."""
        return self.text if self.sign == "=" else f"{SIGNS[self.sign]} {self.text}"


class Samples:
    """The given table, or the given counts, from which every number can be counted again."""

    def __init__(self, given: Mapping[str, Any], folder: Path | None) -> None:
        self.given = given
        self.criterion = given.get("criterion", "entropy")
        self.binary = given.get("binary", False)
        self.table = None if "counts" in given else oracles_gain.Table(given, folder, oracles_gain.USUAL)
        if self.table is not None:
            self.labels, self.features = list(self.table.labels), list(self.table.features)
            self.root = self.table.rows
            return
        self.labels = [f"label {place + 1}" for place in range(len(given["counts"]))]
        self.features = [str(name) for name in given["splits"]]

    def counts(self, rows: Sequence[dict[str, str]]) -> tuple[int, ...]:
        assert self.table is not None
        return tuple(sum(row[self.table.target] == label for row in rows) for label in self.labels)

    def told(self, counts: Counts) -> str:
        """`3 yes, 2 no`; `3 with y = 0` where labels are numbers."""
        names = self.labels
        if self.table is None:
            names = [f"with {label}" for label in names]
        elif self.labelled:
            names = [f"with {self.labelled}{label}" for label in names]
        parts = [f"{count} {name}" for count, name in zip(counts, names, strict=True) if count]
        return ", ".join(parts if len(parts) <= 8 else [*parts[:8], "…"])

    @property
    def labelled(self) -> str:
        """What stands before a label that is a number."""
        words = self.table is None or any(oracles_gain.number(label) is None for label in self.labels)
        return "" if words or self.table is None else f"{self.table.target} = "

    def counts_at(self, path: str) -> Counts:
        """How often each label occurs at a node."""
        return [int(n) for n in self.given["counts"]] if self.table is None else self.counts(self.at(path))

    def said_at(self, path: str) -> str:
        return self.told(self.counts_at(path))

    def numeric(self, feature: str) -> bool:
        return self.table is not None and feature in self.table.numeric

    def at(self, path: str) -> list[dict[str, str]]:
        """The samples at a node, by the path in front of its quantities."""
        assert self.table is not None
        rows = list(self.root)
        while path:
            feature, sign, rest = next(
                (name, sign, path[len(escaped(name)) + len(sign) :])
                for name in sorted(self.features, key=len, reverse=True)
                for sign in SIGNS
                if path.startswith(escaped(name) + sign)
            )
            found = re.match(r"((?:[^\\/]|\\.)*)/", rest, re.DOTALL)
            assert found is not None
            path = rest[found.end() :]
            rows = self.on_branch(rows, feature, sign, re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL))
        return rows

    def on_branch(
        self, rows: Sequence[dict[str, str]], feature: str, sign: str, text: str
    ) -> list[dict[str, str]]:
        """Those of some samples that are on a branch."""
        assert self.table is not None
        if sign == "=" and self.numeric(feature):  # a column of one number
            return [row for row in rows if self.table.at(row, feature) == Fraction(text)]
        if sign == "=":
            members = self.members(feature, text)
            return [row for row in rows if row[feature] in members]
        limit = Fraction(text)
        return [row for row in rows if (self.table.at(row, feature) <= limit) == (sign == "<=")]

    def members(self, feature: str, text: str) -> set[str]:
        """The values on a branch: one, or those of a group, `a|b`, in the order in which they were seen."""
        assert self.table is not None
        values = self.table.values[feature]
        if not self.binary or text in values:
            return {text}
        for size in range(2, len(values) + 1):
            for group in itertools.combinations(values, size):
                if "|".join(group) == text:
                    return set(group)
        raise KeyError(text)

    def part(self, rows: Sequence[dict[str, str]], feature: str, shown: str) -> Part:
        """The samples of a branch as it is printed: `sunny`, `a|b`, `≤ 75`, `<=75`."""
        sign, text = "=", shown
        if self.numeric(feature):
            printed = re.fullmatch(r"(≤|<=|>) ?(.*)", shown)
            sign, text = ("=", shown) if printed is None else ("<=" if printed[1] != ">" else ">", printed[2])
        return Part(sign, text, self.on_branch(rows, feature, sign, text))

    def wrong_limit(self, path: str, feature: str, shown: str, truths: Mapping[str, Any]) -> Iterator[str]:
        """Why a branch of numbers is wrong: it does not end at the threshold of the column at its node."""
        limit = truths.get(f"{path}threshold({escaped(feature)})")
        found = re.fullmatch(r"(?:≤|<=|>) ?(.*)", shown)
        if self.numeric(feature) and found and limit is not None and Fraction(found[1]) != limit:
            yield f"the threshold of {feature} is {limit}, not {found[1]}"

    def candidates(self, rows: Sequence[dict[str, str]], feature: str) -> list[Fraction]:
        """The thresholds midway between neighbouring values."""
        assert self.table is not None
        values = sorted({self.table.at(row, feature) for row in rows})
        return [(low + high) / 2 for low, high in itertools.pairwise(values)]

    def halves(self, rows: Sequence[dict[str, str]], feature: str, limit: Fraction) -> list[Counts]:
        """The counts up to a threshold, and above it."""
        assert self.table is not None
        low = [self.table.at(row, feature) <= limit for row in rows]
        return [self.counts(list(itertools.compress(rows, side))) for side in (low, [not x for x in low])]

    def groups(self, rows: Sequence[dict[str, str]], feature: str) -> dict[str, Counts]:
        """The counts of each value of a column, in the order of the whole table."""
        if self.table is None:
            return {
                str(value): [int(n) for n in counts]
                for value, counts in self.given["splits"][feature].items()
            }
        values = {value: self.on_branch(rows, feature, "=", value) for value in self.table.values[feature]}
        return {value: self.counts(those) for value, those in values.items() if those}

    def part_counts(self, path: str, feature: str, shown: str) -> Counts:
        """The counts on a branch as it is printed."""
        if self.table is not None:
            return self.counts(self.part(self.at(path), feature, shown).rows)
        values = self.groups([], feature)
        if shown in values:
            return values[shown]
        for size in range(2, len(values) + 1):
            for group in itertools.combinations(values, size):
                if "|".join(group) == shown:
                    return [sum(column) for column in zip(*(values[value] for value in group), strict=True)]
        raise KeyError(shown)


def where(samples: Samples, path: str) -> str:
    """A path as a sentence: `A = x and B ≤ 75`."""
    parts = []
    while path:
        feature, sign = next(
            (name, sign)
            for name in sorted(samples.features, key=len, reverse=True)
            for sign in SIGNS
            if path.startswith(escaped(name) + sign)
        )
        rest = path[len(escaped(feature)) + len(sign) :]
        found = re.match(r"((?:[^\\/]|\\.)*)/", rest, re.DOTALL)
        assert found is not None
        parts.append(f"{feature} {SIGNS[sign]} " + re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL))
        path = rest[found.end() :]
    return " and ".join(parts)


NOUNS = {"gini": "Gini index", "error": "classification error"}
BY = {"gain-ratio": "gain ratio", "gini": "Gini gain", "error": "error gain"}


@dataclass
class SampleTable:
    """A printed table about columns of samples, every count of which is counted again at its node.

    `shows(cell, x)` says whether a cell shows a number, `comes_to(cell, x)` whether the chain in it ends in one.
    """

    samples: Samples
    path: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    left_out: int
    shows: Callable[[Cell, Real], bool]
    comes_to: Callable[[Cell, Real], bool]
    truths: Mapping[str, Any]

    def faults(self) -> Iterator[str]:
        """What is false in it."""
        for pattern, look in (
            (r"The (?:first (\d+) of )?([\d,]+) samples?\.", self.of_samples),
            (r"Split by (.+?)(?:, the first (\d+) of (\d+) values)?\.", self.of_split),
            (
                r"(?:The best of ([\d,]+) t|T)hresholds of (.+), midway between neighbouring values\.",
                self.of_limits,
            ),
            (r"The (?:best of ([\d,]+) )?ways to put the values of (.+) into two groups\.", self.of_groups),
            (r"The columns side by side\.", self.of_gains),
            (r"The branches\.", self.of_branches),
        ):
            if found := re.fullmatch(pattern, self.title):
                yield from look(found)
                return
        yield f"nobody can tell what the table {self.title!r} says"

    @property
    def here(self) -> list[dict[str, str]]:
        return self.samples.at(self.path) if self.samples.table is not None else []

    @property
    def by(self) -> str:
        """What splits are compared by."""
        return BY.get(self.samples.criterion, "gain")

    def unlike(self, expected: Sequence[str], cells: Sequence[Cell]) -> Iterator[str]:
        found = [text_of(cell) for cell in cells]
        if found != list(expected):
            yield f"{found} should be {list(expected)}"

    def unlike_head(self, *expected: str) -> Iterator[str]:
        yield from self.unlike(expected, [(name,) for name in self.head])

    def of_samples(self, found: re.Match[str]) -> Iterator[str]:
        table = self.samples.table
        assert table is not None
        columns = [name for name in table.rows[0] if name in self.samples.features and name != table.target]
        columns = [*columns[:12], table.target]
        count = int(found[2].replace(",", ""))
        shown = int(found[1] or count)
        if count != len(self.samples.root) or shown != len(self.rows) or self.left_out:
            yield f"there are {len(self.samples.root)} samples, and {len(self.rows)} rows here"
        yield from self.unlike_head("", *columns)
        for place, (row, sample) in enumerate(zip(self.rows, self.samples.root, strict=False)):
            yield from self.unlike([str(place + 1), *(sample[name] for name in columns)], row)

    def of_split(self, found: re.Match[str]) -> Iterator[str]:
        samples, feature = self.samples, found[1]
        noun, few = NOUNS.get(samples.criterion, "entropy"), len(samples.labels) <= 8
        labels = [f"{samples.labelled}{label}" for label in samples.labels] if few else []
        yield from self.unlike_head(feature, *labels, "samples", noun)
        parts = []
        for first, *cells in self.rows:
            counts = samples.part_counts(self.path, feature, text_of(first))
            yield from samples.wrong_limit(self.path, feature, text_of(first), self.truths)
            yield from self.unlike([*(map(str, counts) if few else ()), str(sum(counts))], cells[:-1])
            if not sum(counts):
                yield f"no sample has {text_of(first)}"
            elif not self.comes_to(cells[-1], impurity(samples.criterion, counts)):
                yield f"the {noun} of {text_of(first)} is {impurity(samples.criterion, counts)}"
            parts.append(counts)
        yield from () if found[2] else self.not_all(parts)

    def not_all(self, parts: Sequence[Counts]) -> Iterator[str]:
        """The parts are all samples of the node."""
        added, node = [sum(column) for column in zip(*parts, strict=True)], self.samples.counts_at(self.path)
        if added != list(node):
            yield f"the parts add up to {added}, there are {node}"

    def of_limits(self, found: re.Match[str]) -> Iterator[str]:
        samples, feature = self.samples, found[2]
        limits = samples.candidates(self.here, feature)
        yield from self.unlike_head("threshold", "≤ threshold", "> threshold", self.by)
        if int((found[1] or str(len(self.rows))).replace(",", "")) != len(limits):
            yield f"there are {len(limits)} thresholds"
        rest = list(limits)
        for first, low, high, worth in self.rows:
            while rest and not self.shows(first, rest[0]):
                rest.pop(0)
            if not rest:
                yield f"{first} is no threshold, or not in its place"
                return
            halves = samples.halves(self.here, feature, rest[0])
            yield from self.unlike([samples.told(half) for half in halves], [low, high])
            if not self.shows(worth, score(samples.criterion, halves)):
                yield f"the {self.by} at {rest[0]} is {score(samples.criterion, halves)}"
            rest.pop(0)

    def of_groups(self, found: re.Match[str]) -> Iterator[str]:
        samples, feature = self.samples, found[2]
        ways = 2 ** (len(samples.groups(self.here, feature)) - 1) - 1
        yield from self.unlike_head("group", "the others", self.by)
        if int((found[1] or str(len(self.rows))).replace(",", "")) != ways:
            yield f"there are {ways} ways"
        if len({text_of(first) for first, *_ in self.rows}) < len(self.rows):
            yield "a group stands there twice"
        for first, others, worth in self.rows:
            parts = [samples.part_counts(self.path, feature, text_of(cell)) for cell in (first, others)]
            yield from self.not_all(parts)
            if not self.shows(worth, score(samples.criterion, parts)):
                yield f"the {self.by} of {text_of(first)} is {score(samples.criterion, parts)}"

    def of_gains(self, _: re.Match[str]) -> Iterator[str]:
        measures = [oracles_gain.NAMES[self.samples.criterion][1]]
        measures += ["gain_ratio"] if self.samples.criterion == "gain-ratio" else []
        yield from self.unlike_head("", *(["gain", self.by] if len(measures) == 2 else [self.by]))
        for first, *cells in self.rows:
            for measure, cell in zip(measures, cells, strict=True):
                true = self.truths.get(f"{self.path}{measure}({escaped(text_of(first))})")
                if true is None or not self.shows(cell, true):
                    yield f"the {measure} of {text_of(first)} is {true}"

    def of_branches(self, _: re.Match[str]) -> Iterator[str]:
        samples, best, parts = self.samples, self.truths[f"{self.path}best"], []
        yield from self.unlike_head("", "labels", "")
        for first, told, end in self.rows:
            shown = text_of(first).removeprefix(f"{best} ").removeprefix("= ")
            counts = samples.part_counts(self.path, best, shown)
            parts.append(counts)
            yield from samples.wrong_limit(self.path, best, shown, self.truths)
            yield from self.unlike([samples.told(counts)], [told])
            tied = [name for name, count in zip(samples.labels, counts, strict=True) if count == max(counts)]
            told_leaves = [f"leaf: {name}{' (a tie)' * (len(tied) > 1)}" for name in tied]
            again = text_of(end) == "split again" and sum(count > 0 for count in counts) > 1
            if text_of(end) not in told_leaves and not again:
                yield f"{text_of(first)}: {text_of(end)} should be one of {told_leaves}"
        yield from self.not_all(parts)


def text_of(cell: Cell) -> str:
    """A cell of mere text."""
    return "".join(map(str, cell)) if all(isinstance(part, str) for part in cell) else "?"


def note_faults(
    samples: Samples, path: str, text: str, truths: Mapping[str, Any], title: str
) -> Iterator[str]:
    """What is false in a remark about columns of samples; `title` is that of the table before it."""
    found = re.match(r"(.*) are equally good; the (column that stands first|smallest|first) is taken\.", text)
    measure = "gain_ratio" if samples.criterion == "gain-ratio" else oracles_gain.NAMES[samples.criterion][1]
    prefix = f"{path}{measure}("
    scores = {
        name[len(prefix) : -1]: value
        for name, value in truths.items()
        if name.startswith(prefix) and name.endswith(")")
    }
    if path and samples.table is not None:  # below the root a column with one value is not asked
        varied = {escaped(name) for name in samples.features if samples.table.several(name, samples.at(path))}
        scores = {name: value for name, value in scores.items() if name in varied}
    best = scores[escaped(truths[f"{path}best"])] if f"{path}best" in truths else None
    tied = [name for name, value in scores.items() if best is not None and same(value, best)]
    if found and found[2] == "column that stands first":
        if not names_match(found[1], [re.sub(r"\\(.)", r"\1", name) for name in tied]):
            yield f"equally good are {tied}"
    elif found and found[2] == "smallest":
        feature = re.search(r"hresholds of (.+), midway", title)
        rows = samples.at(path)
        limits = samples.candidates(rows, feature[1] if feature else "")
        worth = (
            [score(samples.criterion, samples.halves(rows, feature[1], limit)) for limit in limits]
            if feature
            else []
        )
        good = [
            limit
            for limit, value in zip(limits, worth, strict=True)
            if same(value, worth[first_largest(worth)])
        ]
        if [Fraction(limit) for limit in re.split(", | and ", found[1])] != good:
            yield f"equally good are {[str(limit) for limit in good]}"
    elif found:
        grouped = re.search(r"the values of (.+) into two groups", title)
        values = samples.groups(
            samples.at(path) if samples.table is not None else [], grouped[1] if grouped else ""
        )
        worth = []
        for chosen in itertools.product((True, False), repeat=len(values) - 1):
            sides = [[True, *chosen], [False, *(not side for side in chosen)]]
            if not all(chosen):
                parts = [
                    [sum(column) for column in zip(*itertools.compress(values.values(), side), strict=True)]
                    for side in sides
                ]
                worth.append(score(samples.criterion, parts))
        if int(found[1].removesuffix(" of these")) != sum(
            same(value, worth[first_largest(worth)]) for value in worth
        ):
            yield "another number of ways is equally good"
    elif lead := re.fullmatch(r"The next best is behind by only (\S+)\.", text):
        behind = [value for name, value in scores.items() if name not in tied]
        true = subtract(best, behind[first_largest(behind)])
        printed = mpf(lead[1].replace("·10", "e").translate(RAISED))
        if abs(printed - real(true)) > mpf(10) ** -5 * abs(real(true)) + mpf(10) ** -14:
            yield f"it is behind by {mpmath.nstr(real(true), 8)}"
    elif count := re.match(r"(\d+) more columns are not shown", text):
        if int(count[1]) != len(samples.features) - 12:
            yield f"there are {len(samples.features)} columns"
    elif count := re.match(r"(\d+) other columns?: ", text):
        most = 12 if not path or len(samples.root) <= 100 else min(6, max(2, 18 // len(samples.labels)))
        if int(count[1]) != len(scores) - most:
            yield f"there are {len(scores)} columns"


RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def tree_faults(
    samples: Samples, tree: Any, truths: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, str]]:
    """What is false in a tree: at each node stands the best column, at each leaf a most frequent label there."""
    counts = samples.counts_at(path)
    if not isinstance(tree, dict):
        if counts[samples.labels.index(tree)] != max(counts):
            yield path, f"the leaf {tree} is not the most frequent label of {samples.told(counts)}"
        return
    ((feature, branches),) = tree.items()
    if f"{path}best" in truths and truths[f"{path}best"] != feature:
        yield path, f"{truths[f'{path}best']} is the best column, not {feature}"
    if sum(count > 0 for count in counts) < 2:
        yield path, "all labels agree, and it is split"
    total_ = [0] * len(counts)
    for text, below in branches.items():
        part = samples.part(samples.at(path), feature, text)
        for why in samples.wrong_limit(path, feature, text, truths):
            yield path, why
        deeper = f"{path}{escaped(feature)}{part.sign}{escaped(part.text)}/"
        total_ = [a + b for a, b in zip(total_, samples.counts(part.rows), strict=True)]
        if not part.rows:
            yield deeper, "there are no samples on this branch"
        yield from tree_faults(samples, below, truths, deeper)
    if total_ != list(counts):
        yield path, f"the branches hold {total_}, not {counts}"


def as_drawn(text: str, tree: Any) -> Any:
    """A tree as nested mappings of what stands on its lines, a leaf with no branches."""
    if not isinstance(tree, dict):
        return f"{text}: {tree}"
    ((feature, branches),) = tree.items()
    below: dict[str, Any] = {}
    for edge, node in branches.items():
        found = as_drawn(str(edge), node)
        below |= {found: []} if isinstance(found, str) else found
    return {f"{text}: {feature}": below}


# ---------------------------------------------------------------- the letters of methods


def of_windows(truths: Mapping[str, Array], _: Samples | None) -> Iterator[dict[str, Array]]:
    """The input as it is padded, the kernel as it is flipped."""
    names = {name: truths[name] for name in ("input", "kernel", "K'", "bias", "Y") if name in truths}
    yield names | ({"input": truths["X_padded"]} if "X_padded" in truths else {})


def of_samples(truths: Mapping[str, Array], samples: Samples | None) -> Iterator[dict[str, Array]]:
    """Each column at the root in place of A, with the sizes and impurities of its parts."""
    assert samples is not None
    counts, measure = samples.counts_at(""), oracles_gain.NAMES[samples.criterion][0]
    n = Fraction(sum(counts))
    for feature in samples.features:
        column = f"({escaped(feature)})"
        own = (name for name in truths if re.fullmatch(r"\w+" + re.escape(column), name))
        values = {name.replace(column, "(A)"): truths[name] for name in own}
        if "remainder(A)" not in values or values.get("split_info(A)") == 0:
            continue
        shares = [count / n for count in counts if count]
        letters: dict[str, list[Real]] = {"p": shares, "sizes": [], f"{measure}_parts": []}
        for name, value in truths.items():
            branch = name.removeprefix(f"{measure}({escaped(feature)}")
            if name != branch and re.match("=|<=|>", branch):
                shown = re.sub(r"\\(.)", r"\1", branch[:-1].removeprefix("="))
                letters["sizes"].append(Fraction(sum(samples.part_counts("", feature, shown))))
                letters[f"{measure}_parts"].append(value)
        letters["q"] = [size / n for size in letters["sizes"]]
        vectors = {name: grid(*entries, shape=(len(entries),)) for name, entries in letters.items()}
        yield vectors | {"n": n, measure: truths[measure]} | values


GENERAL = {"conv2d": of_windows, "info-gain": of_samples}
"""Values for the letters in the methods of a kind, once or for several examples."""


# ---------------------------------------------------------------- networks, counted again

CALLED = {
    **{"depthwise": "depthwise_conv", "separable": "separable_conv", "transposed": "conv_transpose"},
    **{"FC": "dense", "adaptive avgpool": "adaptive_avgpool", "global avgpool": "global_avgpool"},
    **{"global maxpool": "global_maxpool", "adaptive maxpool": "adaptive_maxpool"},
}
"""Layers whose names in a table are others than in a file."""

NOT_BIASED = ("batchnorm", "layernorm", "embedding")
WINDOWED = ("conv", "depthwise_conv", "separable_conv", "maxpool", "avgpool")


def two(text: str) -> Pair:
    """`3`, or `4×3`."""
    first, _, second = text.partition("×")
    return int(first), int(second or first)


def pair_of(layer: Any, option: str, default: Any) -> Pair:
    """An option of a layer, for rows and columns."""
    rows, columns = layer.pair(option, default)
    return int(rows), int(columns)


class Network:
    """The network as it was typed, its layers counted out."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.layers = oracles_cnn.network(given)
        self.start = oracles_cnn.input_shape(given)
        self.quantities = oracles_cnn.quantities({"given": given})
        self.by_name = {layer.name: layer for layer in self.layers}

    def before(self, layer: Any) -> tuple[int, ...]:
        """The shape that a layer takes."""
        source = layer.sources[0]
        return self.start if source < 0 else tuple(self.layers[source].shape)

    def source_names(self, layer: Any) -> list[str]:
        return ["the input" if source < 0 else self.layers[source].name for source in layer.sources]

    def biased(self, layer: Any) -> bool:
        return bool(layer.options.get("bias", self.given.get("bias", True)))

    def window(self, layer: Any) -> Pair:
        if layer.kind in ("maxpool", "avgpool"):
            return pair_of(layer, "size", 2)
        name = {"adaptive_avgpool": "size", "adaptive_maxpool": "size", "upsample": "factor"}
        return pair_of(layer, name.get(layer.kind, "kernel"), 1)

    def stride(self, layer: Any) -> Pair:
        return pair_of(layer, "stride", self.window(layer) if layer.kind in ("maxpool", "avgpool") else 1)

    def padding(self, layer: Any) -> str | Pair:
        """A word, or two numbers."""
        padding = layer.options.get("padding", 0)
        return (
            padding
            if padding in ("same", "full")
            else layer.pair("padding", 0)
            if padding != "valid"
            else (0, 0)
        )

    def unlike(self, layer: Any, text: str) -> str:
        """Why what a table says was given is not the layer."""
        text = text.removesuffix(", frozen")
        text, without, _ = text.partition(" no bias")
        text, _, source = text.partition(" from ")
        text += without
        index = self.layers.index(layer)
        if bool(source) != (layer.kind not in ("add", "concat") and layer.sources != (index - 1,)):
            return "where its input comes from"
        if source and source != self.source_names(layer)[0]:
            return f"it comes from {self.source_names(layer)[0]}"
        kind = re.match(r"(?:adaptive|global) \w+|[A-Za-z]+(?:-relu)?", text)
        assert kind is not None, text
        if CALLED.get(kind[0], kind[0]) != layer.kind:
            return f"it is {layer.kind}"
        if layer.kind in ("add", "concat"):
            return (
                "" if names_match(text[kind.end() :].strip(), self.source_names(layer)) else "of other layers"
            )
        rest = text[kind.end() :]
        extra = layer.pair("output_padding", 0)
        wanted: dict[str, Any] = {r" output padding ([\d×]+)": None if extra == (0, 0) else extra}
        if layer.kind in ("conv", "separable_conv", "conv_transpose"):
            wanted |= {r"^([\d×]+)-": self.window(layer), r"^[\d×]+-(\d+)": (layer.options["filters"],) * 2}
        elif layer.kind in (*WINDOWED, "upsample") or layer.kind.startswith("adaptive"):
            wanted |= {r"^ ?([\d×]+)": self.window(layer)}
        elif layer.kind == "dense":
            wanted |= {r"^-(\d+)": (layer.options["units"],) * 2}
        elif layer.kind == "pad":
            wanted |= {r"^ ([\d×]+)$": layer.pair("padding", 1)}
        elif layer.kind == "embedding":
            wanted |= {r"^ (\d+ × \d+)$": (layer.options["vocabulary"], layer.options["size"])}
        if layer.kind in (*WINDOWED, "conv_transpose"):
            padding = self.padding(layer)
            plain = (1, 1) if layer.kind not in ("maxpool", "avgpool") else None
            wanted |= {
                r" /([\d×]+)": None if self.stride(layer) == plain else self.stride(layer),
                r" pad ([\d×]+)": None if isinstance(padding, str) or padding == (0, 0) else padding,
                r" dilation ([\d×]+)": None
                if layer.pair("dilation", 1) == (1, 1)
                else layer.pair("dilation", 1),
                r" groups (\d+)": None
                if layer.options.get("groups", 1) == 1
                else (layer.options["groups"],) * 2,
            }
            for word in ("same", "full"):
                if (f" {word}" in rest) != (padding == word):
                    return f"{word} padding"
            if (" ceil" in rest) != bool(layer.options.get("ceil", False)):
                return "how its size is rounded"
        if layer.kind in ("conv", "depthwise_conv", "separable_conv", "conv_transpose", "dense"):
            without = self.given.get("bias", True) and not self.biased(layer)
            if (" no bias" in rest) != without:
                return "whether it has biases"
        for pattern, value in wanted.items():
            found = re.search(pattern, rest)
            if (found is None) != (value is None) or (found and two(found[1].replace(" ", "")) != value):
                return f"it should be {value}"
        return ""

    def wrong_note(self, text: str) -> str:
        """Why a remark about the network is wrong."""
        weighted = [layer for layer in self.layers if layer.weights and layer.kind not in NOT_BIASED]
        bare, rich = (
            [layer.name for layer in weighted if self.biased(layer) == has] for has in (False, True)
        )
        if text.startswith("There are no biases"):
            return f"{rich} have biases" if rich or not bare else ""
        if found := re.fullmatch(r"Without biases, and so without \+ 1: (.*)\.", text):
            return "" if names_match(found[1], bare) else f"without biases are {bare}"
        if found := re.fullmatch(r"Biases in (.*) only: elsewhere there is no \+ 1\.", text):
            return "" if names_match(found[1], rich) and bare else f"biases are in {rich}"
        if found := re.fullmatch(r"(\S+) takes all numbers of the map: ([\d ·]+) = (\d+)\.", text):
            layer = self.by_name[found[1]]
            factors = [int(factor) for factor in found[2].split(" · ")]
            before = self.before(layer)
            turned = [before[-1], *before[:-1]] if self.given.get("order") == "CHW" else [*before]
            right = layer.kind == "dense" and factors == turned and int(found[3]) == int(np.prod(before))
            return "" if right else f"it takes {before}"
        if found := re.fullmatch(
            r"(\S+) leaves the last .* out\. Rounded up \(.*\) it gives (\d+) × (\d+)\.", text
        ):
            layer = self.by_name[found[1]]
            window, strides, dilation, padding = (
                self.window(layer),
                self.stride(layer),
                layer.pair("dilation", 1),
                self.padding(layer),
            )
            up = [
                oracles_cnn.places(
                    self.before(layer)[axis], window[axis], strides[axis], dilation[axis], padding[axis], True
                )
                for axis in (0, 1)
            ]
            return "" if [int(found[2]), int(found[3])] == up else f"it gives {up}"
        return ""

    def wrong_title(self, name: str, text: str) -> str:
        """Why the title of a step about a size is wrong: the layers in front of the colon have what stands behind."""
        base, _, part = name.rpartition(".")
        if ": " not in text or base not in self.by_name:
            return ""
        listed, said = text.removesuffix(".").split(": ", 1)
        if part not in ("height", "width") or said == "its columns":
            joined = re.fullmatch(r"the \w+ of (.*) together", said)
            if joined and not names_match(joined[1], self.source_names(self.by_name[base])):
                return f"it is made of {self.source_names(self.by_name[base])}"
            return "" if listed == base else f"this is about {base}"
        axis = ("height", "width").index(part)
        alike = [
            layer
            for layer in self.layers
            if self.likeness(layer) == self.likeness(self.by_name[base])
            and layer.kind == self.by_name[base].kind
        ]
        if said.startswith("as "):
            return ""
        if not names_match(listed, [layer.name for layer in alike]):
            return f"alike are {[layer.name for layer in alike]}"
        for layer in alike:
            if layer.shape[axis] != self.by_name[base].shape[axis]:
                return f"{layer.name} has another size"
            filters = re.search(r"(\d+) filters? of", said)
            if filters and int(filters[1]) != layer.options.get("filters"):
                return f"{layer.name} has {layer.options.get('filters')} filters"
        layer, padding = self.by_name[base], self.padding(self.by_name[base])
        numbers = {
            r"(?:filters? of|windows of|becomes) (\d+ × \d+)"
            if layer.kind != "separable_conv"
            else r"^(\d+ × \d+)": self.window(layer),
            r"^(\d+ × \d+) in each channel": self.window(layer),
            r"stride (\d+(?: × \d+)?)": self.stride(layer),
            r"padding (\d+(?: × \d+)?)": padding,
            r"margin of (\d+(?: × \d+)?)": padding,
            r"dilation (\d+(?: × \d+)?)": layer.pair("dilation", 1),
        }
        for pattern, value in numbers.items():
            found = re.search(pattern, said)
            if found and two(found[1].replace(" ", "")) != value:
                return f"{layer.name} has {value}"
        told = (
            "no padding" in said or "padding same" in said or "padding full" in said or "padding" not in said
        )
        if told and "margin" not in said and "becomes" not in said:
            expected = "no padding" if padding == (0, 0) else f"padding {padding}"
            if expected not in said:
                return f"there should stand {expected}"
        return ""

    def likeness(self, layer: Any) -> Any:
        """Layers with the same sizes by the same numbers."""
        options = (self.window(layer), self.stride(layer), self.padding(layer), layer.pair("dilation", 1))
        more = (layer.pair("output_padding", 0), bool(layer.options.get("ceil", False)))
        return layer.kind, self.before(layer)[:2], options, more

    def letters(self, left: str, formula: str) -> Iterator[tuple[dict[str, int], int | None]]:
        """Values for the letters of a rule of the method, with what it gives, for each layer that it is about.

        It gives nothing where a last window is left out, which the layer's own step says.
        """
        if left == "n^\\prime":
            for layer in self.layers:
                up, padding = bool(layer.options.get("ceil", False)), self.padding(layer)
                if layer.kind in WINDOWED and padding == "same":
                    sort = "same"
                elif layer.kind in WINDOWED:
                    sort = "lceil" if up else "lfloor"
                elif layer.kind == "conv_transpose" and padding != "same":
                    sort = "transposed"
                else:
                    continue
                wanted = "same" if "lceil" in formula and "k" not in formula else "transposed"
                wanted = next(
                    (each for each in ("lfloor", "lceil") if each in formula and wanted != "same"), wanted
                )
                if sort != wanted:
                    continue
                for axis in (0, 1):
                    d, k = layer.pair("dilation", 1)[axis], self.window(layer)[axis]
                    p = d * (k - 1) if padding == "full" else 0 if isinstance(padding, str) else padding[axis]
                    n, s = self.before(layer)[axis], self.stride(layer)[axis]
                    if sort == "lceil" and -(-(n + 2 * p - d * (k - 1) - 1) // s) * s >= n + p:
                        yield {}, None
                        continue
                    o = layer.pair("output_padding", 0)[axis]
                    yield {"n": n, "k": k, "p": p, "s": s, "d": d, "o": o}, layer.shape[axis]
            return
        called = left.removeprefix("“parameters” of ").strip("“”\\")
        for layer in self.layers:
            if oracles_cnn.PREFIXES.get(layer.kind, layer.kind) != called:
                continue
            biases = 0 if self.biased(layer) or not layer.kind.endswith(("conv", "dense", "transpose")) else 1
            before, window = self.before(layer), self.window(layer)
            filters = layer.options.get("filters", before[-1])
            outputs = layer.options.get("units", layer.shape[-1])
            letters = {"k": window[0], "k_1": window[0], "k_2": window[1], "C": before[-1], "F": filters}
            letters |= {"g": layer.options.get("groups", 1), "N": int(np.prod(before)), "U": outputs}
            letters |= {"m": layer.options.get("multiplier", 1)}
            falls_away = biases * outputs if "+ 1" in formula else 0
            yield letters, self.quantities[f"{layer.name}.params"] + falls_away


def names_match(text: str, names: Sequence[str]) -> bool:
    """Whether names are listed: `a`, `a and b`, `a, b and c`, or the first ones of many `and 3 more`."""
    if more := re.fullmatch(r"(.*) and (\d+) more", text):
        shown = more[1].split(", ")
        return shown == list(names[: len(shown)]) and len(names) - len(shown) == int(more[2])
    return text == " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def network_faults(
    network: Network,
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    left_out: int,
    shows: Callable[[Cell, Array], bool],
    comes_to: Callable[[Cell, Array], bool],
) -> Iterator[str]:
    """What is false in a table of layers."""
    names = [layer.name for layer in network.layers]
    shown = ["".join(map(str, row[0])) for row in rows]
    cut = len(shown) - 3 if left_out else len(shown)
    if shown != [*names[:cut], *names[cut + left_out :]]:
        yield f"{shown} should be {names}"
        return
    parts = {"parameters": "params", "MACs": "macs", "receptive field": "receptive_field", "numbers": "size"}
    for name, row in zip(shown, rows, strict=True):
        layer = network.by_name[name]
        for title, cell in zip(head[1:], row[1:], strict=True):
            if title == "what it is":
                text = "".join(map(str, cell))
                if why := network.unlike(layer, text):
                    yield f"{name} is given as {text}: {why}"
                frozen = bool(layer.options.get("frozen", False))
                if text.endswith(", frozen") != frozen:
                    yield f"{name} is {'' if frozen else 'not '}frozen"
                continue
            true = network.quantities.get(f"{name}.{parts.get(title, 'shape')}")
            if true is None:
                continue
            exact = [Fraction(x) for x in true] if isinstance(true, list) else Fraction(true)
            value = grid(*exact, shape=(len(exact),)) if isinstance(exact, list) else exact
            if not (shows if title == "output" else comes_to)(cell, value):
                yield f"the {title} of {name} is {true}"


# ---------------------------------------------------------------- what is drawn


def columns_of(text: str) -> str:
    """A character for each column: a space behind characters that take two."""
    return "".join(mark + "\0" * (unicodedata.east_asian_width(mark) in "WF") for mark in text)


def picture(lines: Sequence[str]) -> tuple[list[list[str]], set[Pair]]:
    """The cells of one drawn array, without its name, and which of them are framed."""
    rows = [columns_of(line) for line in lines]
    cells: list[list[tuple[int, str]]] = []
    edges: list[int] = []
    for row in rows:
        if re.fullmatch(r"[ ┌┐└┘─]*", row) and row.strip():
            edges.append(len(cells))
            span = (row.index("┌" if "┌" in row else "└"), row.index("┐" if "┐" in row else "┘"))
            continue
        cells.append([(found.start(), found[0]) for found in re.finditer(r"[^ │\0]+", row)])
    marked = set()
    for i, line in enumerate(cells):
        for j, (column, text) in enumerate(line):
            framed = bool(edges) and edges[0] <= i < edges[1] and span[0] < column < span[1]
            if framed or re.fullmatch(r"\[.*\]", text):
                marked.add((i, j))
    return [[text.strip("[]") for _, text in row] for row in cells], marked


def drawn_tree(lines: Sequence[str]) -> Any:
    """The nested mapping that a tree of lines shows."""
    groups: list[list[str]] = []
    for line in lines[1:]:
        if line[:3] in ("├─ ", "└─ "):
            groups.append([line[3:]])
        else:
            groups[-1].append(line[3:])
    below: dict[str, Any] = {}
    for group in groups:
        found = drawn_tree(group)
        below |= {found: []} if isinstance(found, str) else found
    return {lines[0]: below} if groups else lines[0]


def drawn_table(lines: Sequence[str]) -> list[list[str]] | None:
    """The cells of a table drawn in columns, row by row without any space; None if it is drawn as a list.

    A row begins where its first cell does; the others go on below it.
    """
    rows = [columns_of(line) for line in lines]
    rules = [place for place, row in enumerate(rows) if re.fullmatch(r"─+(  ─+)*", row)]
    if not rules:
        return None
    spans = [found.span() for found in re.finditer("─+", rows[rules[0]])]
    spans = [(start, end if place < len(spans) - 1 else 10**6) for place, (start, end) in enumerate(spans)]
    table: list[list[str]] = []
    for row in [*rows[: rules[0]], *rows[rules[0] + 1 :]]:
        table.append([re.sub(r"[\s\0]", "", row[start:end]) for start, end in spans])
    return table
