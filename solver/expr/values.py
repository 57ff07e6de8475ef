"""Numbers and arrays as the program carries them: exact, precise or double; and labels, which are words.

Exact arrays hold Python integers and fractions. What a function such as exp makes of them is carried
with 50 significant digits (`decimal`), so that every printed digit is a digit of the true value, also
after cancellation. Large computations go on in double precision (see `Evaluator`).
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]
Scalar = int | Fraction | Decimal | float

PRECISION = decimal.Context(prec=50, rounding=decimal.ROUND_HALF_EVEN, traps=[], Emax=999_999, Emin=-999_999)
"""No traps: an overflow is an infinity here, and whoever looks at the result reports it."""

EXACT_BITS = 256
"""Fractions whose numerator or denominator outgrow this are carried as decimals."""


class Domain(IntEnum):
    """How an array is carried. A result is as inexact as its most inexact argument."""

    EXACT = 0
    PRECISE = 1
    DOUBLE = 2
    LABEL = 3
    """No numbers: words, and what is made of words by nesting."""


WHOLE = 2**53
"""Doubles below this are exact where they are whole."""


class Value:
    """An immutable array (a number has shape ()) and the domain of its entries."""

    __slots__ = ("_decimals", "_floats", "_whole", "array", "domain")

    def __init__(self, array: Array, domain: Domain) -> None:
        self.array = array
        self.domain = domain
        self._floats: Array | None = array if domain is Domain.DOUBLE else None
        self._decimals: Array | None = None
        self._whole: bool | None = None

    @property
    def shape(self) -> Shape:
        return self.array.shape

    @property
    def size(self) -> int:
        return self.array.size

    @property
    def exact(self) -> bool:
        return self.domain is Domain.EXACT

    @property
    def floats(self) -> Array:
        """The entries as doubles, an infinity where they are out of range."""
        if self._floats is None:
            self._floats = np.array([_to_float(x) for x in self.array.flat], dtype=float).reshape(self.shape)
        return self._floats

    @property
    def decimals(self) -> Array:
        """The entries as decimals of 50 digits."""
        if self._decimals is None:
            entries = np.empty(self.size, dtype=object)
            entries[:] = [to_decimal(x) for x in self.array.flat]
            self._decimals = entries.reshape(self.shape)
        return self._decimals

    @property
    def label(self) -> bool:
        """Whether it is words, no numbers."""
        return self.domain is Domain.LABEL

    @property
    def whole(self) -> bool:
        """Whether all entries are integers that doubles carry exactly."""
        if self._whole is None:
            self._whole = self.exact and all(type(x) is int and -WHOLE < x < WHOLE for x in self.array.flat)
        return self._whole

    def within(self, domain: Domain) -> Array:
        """The entries carried over to a less exact domain."""
        if domain is self.domain:
            return self.array
        return self.decimals if domain is Domain.PRECISE else self.floats

    def rearranged(self, move: Callable[[Array], Array]) -> Value:
        """The same entries in another order, or some of them; what was carried over already is kept."""
        moved = Value(np.asarray(move(self.array)), self.domain)
        if self._floats is not None and self.domain is not Domain.DOUBLE:
            moved._floats = np.asarray(move(self._floats))
        return moved

    def entry(self, *index: int) -> Value:
        """One entry as a number, or one row of a matrix as a vector."""
        return Value(_array(self.array[index], self.array.dtype), self.domain)

    def item(self) -> Scalar:
        """The number itself, of a value of one entry."""
        return self.array.item()  # type: ignore[no-any-return]

    def same(self, other: Value) -> bool:
        """Whether both are exact and equal, or the same label."""
        if self.label or other.label:
            return self.label and other.label and bool(self.array.item() == other.array.item())
        return (
            self.exact
            and other.exact
            and self.shape == other.shape
            and bool(np.all(self.array == other.array))
        )

    def plain(self) -> Any:
        """Numbers and nested lists for JSON: whole numbers as integers, others as doubles; labels as they are."""
        if self.label:
            return _nested(self.array, lambda words: words)
        return _nested(self.floats if self.domain is Domain.DOUBLE else self.array, plain_number)

    def fractions(self) -> Any:
        """An exact value as text, nested lists of `3/10`."""
        return _nested(self.array, str)

    def __repr__(self) -> str:
        return f"Value({self.plain()!r}, {self.domain.name})"


def _array(entries: Any, dtype: Any) -> Array:
    if isinstance(entries, np.ndarray):
        return entries
    box = np.empty((), dtype=dtype)
    box[()] = entries
    return box


def exact(entries: Any) -> Value:
    """An exact value from integers and fractions, nested as the array is."""
    box = np.array(entries, dtype=object)
    return Value(box, Domain.EXACT)


def precise(entries: Any) -> Value:
    """A value from decimals, nested as the array is."""
    return Value(np.array(entries, dtype=object), Domain.PRECISE)


def label(words: Any) -> Value:
    """A label: a text, or a nested mapping of texts."""
    box = np.empty((), dtype=object)
    box[()] = words
    return Value(box, Domain.LABEL)


def integers(floats: Array) -> Value:
    """An exact value from doubles that are whole."""
    value = Value(floats.astype(np.int64).astype(object), Domain.EXACT)
    value._floats = floats
    value._whole = True
    return value


def double(entries: Any) -> Value:
    """A value from floats."""
    return Value(np.asarray(entries, dtype=float), Domain.DOUBLE)


def gather(scalars: Sequence[Scalar], shape: Shape) -> Value:
    """A value of the given shape from scalars of any domain, as exact as the least exact of them."""
    entries = np.empty(len(scalars), dtype=object)
    entries[:] = scalars
    if any(isinstance(x, float) for x in scalars):
        return (
            double([_to_float(x) for x in scalars])
            if len(shape) == 1
            else double(np.array([_to_float(x) for x in scalars]).reshape(shape))
        )
    if any(isinstance(x, Decimal) for x in scalars):
        entries[:] = [to_decimal(x) for x in scalars]
        return Value(entries.reshape(shape), Domain.PRECISE)
    return Value(entries.reshape(shape), Domain.EXACT)


def to_decimal(x: Scalar) -> Decimal:
    if isinstance(x, Decimal):
        return x
    if isinstance(x, float):
        return Decimal(x)
    return PRECISION.divide(Decimal(x.numerator), Decimal(x.denominator))


def _to_float(x: Scalar) -> float:
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def plain_number(x: Scalar) -> int | float:
    """A scalar for JSON: an integer where it is whole."""
    if isinstance(x, (int, Fraction)):
        return x.numerator if x.denominator == 1 else _to_float(x)
    number = _to_float(x)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _nested(array: Array, convert: Callable[[Any], Any]) -> Any:
    if array.ndim == 0:
        return convert(array.item())
    if array.ndim == 1:
        return [convert(x) for x in array]
    return [_nested(row, convert) for row in array]


class Inexact(Exception):
    """Raised by an exact operation whose result is no fraction."""


class Undefined(ArithmeticError):
    """The result does not exist: a division by zero, the logarithm of a negative number."""


Function = Callable[[Array], Array]


class Arithmetic:
    """The functions in which the domains differ; all else is numpy's."""

    domain: Domain

    def function(self, name: str, x: Array) -> Array:
        """exp, log, log1p, log2, log10, sqrt, tanh, erf or erfc of each entry."""
        raise NotImplementedError

    def divide(self, x: Array, y: Array) -> Array:
        raise NotImplementedError

    def power(self, x: Array, y: Array) -> Array:
        raise NotImplementedError


def _each(function: Callable[..., Any], *arrays: Array) -> Array:
    return np.asarray(np.frompyfunc(function, len(arrays), 1)(*arrays), dtype=object)


def _exact_log(base: int) -> Callable[[Scalar], Scalar]:
    def log(x: Any) -> Scalar:
        if x <= 0:
            raise Inexact
        if x == 1:
            return 0
        if base:
            top, bottom = (round(math.log(part, base)) for part in (x.numerator, x.denominator))
            if Fraction(base) ** (top - bottom) == x:
                return top - bottom
        raise Inexact

    return log


def _exact_sqrt(x: Any) -> Scalar:
    if x < 0:
        raise Inexact
    top, bottom = math.isqrt(x.numerator), math.isqrt(x.denominator)
    if top * top != x.numerator or bottom * bottom != x.denominator:
        raise Inexact
    return Fraction(top, bottom)


def _only_at(point: int, result: int) -> Callable[[Scalar], Scalar]:
    def known(x: Scalar) -> Scalar:
        if x == point:
            return result
        raise Inexact

    return known


def _exact_power(x: Any, y: Any) -> Scalar:
    if y.denominator != 1:
        root = _exact_sqrt(x) if y.denominator == 2 else None
        if root is None:
            raise Inexact
        return _exact_power(root, y.numerator)
    if x == 0 and y < 0:
        raise Undefined("division by zero")
    size = max(x.numerator.bit_length(), x.denominator.bit_length())
    if size * abs(int(y)) > 4096 and abs(x) != 1:
        raise Inexact
    power: Fraction = Fraction(x) ** int(y)
    return power


def _exact_divide(x: Any, y: Any) -> Fraction:
    if y == 0:
        raise Undefined("division by zero")
    return Fraction(x) / Fraction(y)


class _Exact(Arithmetic):
    domain = Domain.EXACT
    known: ClassVar[dict[str, Callable[[Any], Scalar]]] = {
        "exp": _only_at(0, 1),
        "log": _exact_log(0),
        "log1p": _only_at(0, 0),
        "log2": _exact_log(2),
        "log10": _exact_log(10),
        "sqrt": _exact_sqrt,
        "tanh": _only_at(0, 0),
        "erf": _only_at(0, 0),
        "erfc": _only_at(0, 1),
    }

    def function(self, name: str, x: Array) -> Array:
        return _each(self.known[name], x)

    def divide(self, x: Array, y: Array) -> Array:
        return _each(_exact_divide, x, y)

    def power(self, x: Array, y: Array) -> Array:
        return _each(_exact_power, x, y)


LOST = Decimal("1e-41")
"""What is left of a sum after so much cancellation has no digits that are known: it is 0."""


def _ln(x: Decimal) -> Decimal:
    logarithm = PRECISION.ln(x)
    return Decimal(0) if abs(logarithm) < LOST else logarithm


def settled(result: Array, size: Array) -> Array:
    """Results of sums, those that are lost among terms of that size set to 0."""
    if result.dtype != object or not any(isinstance(x, Decimal) for x in result.flat):
        return result
    lost = np.asarray(np.abs(result) < size * LOST)
    return np.where(lost, np.asarray(Decimal(0), dtype=object), result)


def _log1p(x: Decimal) -> Decimal:
    if abs(x) < Decimal("1e-17"):  # the sum 1 + x would lose digits: the series has 50
        return x - x**2 / 2 + x**3 / 3
    return (1 + x).ln()


def _tanh(x: Decimal) -> Decimal:
    if abs(x) < Decimal("1e-8"):  # the quotient would cancel: the series has 50 digits here
        return x - x**3 / 3 + 2 * x**5 / 15 - 17 * x**7 / 315
    if abs(x) > 1000:
        return Decimal(1).copy_sign(x)
    double_exp = (2 * x).exp()
    return (double_exp - 1) / (double_exp + 1)


def _erf(x: Decimal) -> Decimal:
    """Abramowitz and Stegun 7.1.6, a series of positive terms."""
    if abs(x) > 16:
        return Decimal(1).copy_sign(x)
    term = total = x
    for n in range(1, 4000):
        term = term * 2 * x * x / (2 * n + 1)
        total += term
        if abs(term) < abs(total) * Decimal("1e-95"):
            break
    return 2 * total * (-x * x).exp() / PI.sqrt()


def _erfc(x: Decimal) -> Decimal:
    """1 − erf, for large x by the continued fraction of Abramowitz and Stegun 7.1.14."""
    if x < 8:
        with decimal.localcontext(prec=90):  # up to 30 digits cancel
            return 1 - _erf(x)
    fraction = x
    for n in range(200, 0, -1):
        fraction = x + Decimal(n) / 2 / fraction
    return (-x * x).exp() / (fraction * PI.sqrt())


PI = Decimal(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211707"
)


class _Precise(Arithmetic):
    domain = Domain.PRECISE
    known: ClassVar[dict[str, Callable[[Decimal], Decimal]]] = {
        "exp": PRECISION.exp,
        "log": _ln,
        "log1p": _log1p,
        "log2": lambda x: PRECISION.ln(x) / PRECISION.ln(Decimal(2)),
        "log10": PRECISION.log10,
        "sqrt": PRECISION.sqrt,
        "tanh": _tanh,
        "erf": _erf,
        "erfc": _erfc,
    }

    def function(self, name: str, x: Array) -> Array:
        return _each(self.known[name], x)

    def divide(self, x: Array, y: Array) -> Array:
        return _each(PRECISION.divide, x, y)

    def power(self, x: Array, y: Array) -> Array:
        return _each(PRECISION.power, x, y)


class _Double(Arithmetic):
    domain = Domain.DOUBLE
    known: ClassVar[dict[str, Function]] = {
        "exp": np.exp,
        "log": np.log,
        "log1p": np.log1p,
        "log2": np.log2,
        "log10": np.log10,
        "sqrt": np.sqrt,
        "tanh": np.tanh,
        "erf": np.vectorize(math.erf, otypes=[float]),
        "erfc": np.vectorize(math.erfc, otypes=[float]),
    }

    def function(self, name: str, x: Array) -> Array:
        return self.known[name](x)

    def divide(self, x: Array, y: Array) -> Array:
        return np.asarray(np.divide(x, y))

    def power(self, x: Array, y: Array) -> Array:
        return np.asarray(np.power(x, y))


ARITHMETIC: dict[Domain, Arithmetic] = {
    Domain.EXACT: _Exact(),
    Domain.PRECISE: _Precise(),
    Domain.DOUBLE: _Double(),
}


def outgrown(array: Array) -> bool:
    """Whether an exact array holds a fraction too long to be worth carrying."""
    return any(
        x.denominator != 1 and max(x.denominator.bit_length(), x.numerator.bit_length()) > EXACT_BITS
        for x in array.flat
    )
