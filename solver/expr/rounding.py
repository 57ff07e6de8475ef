"""Rounding, all of it: the digits that are shown, and values rounded at each step as on paper.

Halves are rounded away from zero. A number is shown exactly where that is short (integers, short
decimals, small fractions); otherwise it is its true value rounded to the digits shown.
"""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np

from solver.expr.values import Domain, Scalar, Value
from solver.record import Record

DIGITS = 5
"""Significant digits of a number that is not shown exactly."""

EXACT_DIGITS = 7
"""An exact decimal of at most so many digits is shown whole."""

SMALLEST_POWER, LARGEST_POWER = -4, 9
"""Rounded numbers from 10^−4 to 10^9 are written without a power of ten."""

FARTHEST = 400
"""No number of decimals that can be asked for shows a digit of what is smaller than 10^−400."""

LARGEST_INTEGER = 10**20
LARGEST_DENOMINATOR = 999
LARGEST_NUMERATOR = 99_999


class Rounding(Record):
    """What a problem asks for: `decimals` behind the point, or `significant` digits; at each step or not."""

    decimals: int | None = None
    significant: int | None = None
    each_step: bool = False

    @property
    def asked(self) -> bool:
        """Whether the problem says how its answers are rounded."""
        return self.decimals is not None or self.significant is not None

    @property
    def working(self) -> Rounding:
        """The digits of the steps: as many as asked, and no fewer than five significant ones."""
        if self.each_step:
            return self
        return self.but(significant=max(self.significant or DIGITS, DIGITS))


class Shown(Record):
    """A number as printed: `digits` (with U+2212), a power of ten, or over a denominator.

    `exact` says whether it is the number itself; otherwise it is the number rounded.
    """

    digits: str
    exponent: int | None = None
    denominator: str | None = None
    exact: bool = True

    @property
    def stands_for(self) -> Fraction:
        """The number that a reader of the digits reads. Raises `OverflowError` where nobody would compute with it."""
        if abs(self.exponent or 0) > FARTHEST:
            raise OverflowError(f"10^{self.exponent}")
        digits = Fraction(self.digits.replace("−", "-"))
        if self.denominator:
            return digits / int(self.denominator)
        return digits * Fraction(10) ** (self.exponent or 0)


def show(x: Scalar, rounding: Rounding) -> Shown:
    """The number as it is printed under a rounding rule."""
    if isinstance(x, (int, Fraction)):
        whole = _exactly(x, max(rounding.significant or 0, EXACT_DIGITS))
        if whole is not None:
            return whole
    return _rounded(x, rounding)


def rounded(value: Value, rounding: Rounding) -> Value:
    """Each entry rounded: the value that a person who rounds at each step goes on with."""
    entries = np.empty(value.size, dtype=object)
    entries[:] = [rounded_number(x, rounding) for x in value.array.flat]
    return Value(entries.reshape(value.shape), Domain.EXACT)


def rounded_number(x: Scalar, rounding: Rounding) -> Fraction:
    """One number rounded."""
    if x and magnitude(x) < -FARTHEST:
        return Fraction(0)
    if rounding.decimals is not None:
        return _to_places(x, rounding.decimals)
    return _to_places(x, (rounding.significant or DIGITS) - 1 - magnitude(x)) if x else Fraction(0)


def _to_places(x: Scalar, places: int) -> Fraction:
    """Rounded to `places` digits behind the point (before it where negative), halves away from zero."""
    scaled = abs(Fraction(x)) * Fraction(10) ** places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if x >= 0 else -whole) / Fraction(10) ** places


def magnitude(x: Scalar) -> int:
    """The exponent of the first digit."""
    if isinstance(x, Decimal):
        return x.adjusted()
    if isinstance(x, float):
        return Decimal(x).adjusted()
    size = abs(Fraction(x))
    guess = math.floor((size.numerator.bit_length() - size.denominator.bit_length()) * math.log10(2))
    ten = Fraction(10)
    while ten ** (guess + 1) <= size:
        guess += 1
    while ten**guess > size:
        guess -= 1
    return guess


def _exactly(x: int | Fraction, longest: int) -> Shown | None:
    x = Fraction(x)
    if x.denominator == 1:
        return Shown(_signed(x < 0, str(abs(x.numerator)))) if abs(x) < LARGEST_INTEGER else None
    places = _decimal_places(x.denominator)
    if places is not None and places <= 2 * longest:
        digits = str(abs(x.numerator) * 10**places // x.denominator)
        if len(digits) <= longest and places <= longest:
            return Shown(_signed(x < 0, _with_point(digits, places)))
    if x.denominator <= LARGEST_DENOMINATOR and abs(x.numerator) <= LARGEST_NUMERATOR:
        return Shown(_signed(x < 0, str(abs(x.numerator))), denominator=str(x.denominator))
    return None


def _decimal_places(denominator: int) -> int | None:
    """How many decimals 1/denominator has; None where they do not end."""
    twos = fives = 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    return max(twos, fives) if denominator == 1 else None


_WIDE = decimal.Context(prec=900, rounding=decimal.ROUND_HALF_UP, traps=[], Emax=999_999, Emin=-999_999)
"""Room for every digit of a double, and for the halves away from zero."""


def _rounded(x: Scalar, rounding: Rounding) -> Shown:
    if not x:
        return Shown("0", exact=False)
    number = Decimal(x) if isinstance(x, (Decimal, float)) else _WIDE.divide(x.numerator, x.denominator)
    first, significant = number.adjusted(), rounding.significant or DIGITS
    if -FARTHEST < first < LARGEST_POWER:
        places = _places(first, rounding)
        near = _nearest(number, places)
        if near and near.adjusted() > first:  # 0.999998 became 1.0000
            places = _places(near.adjusted(), rounding)
        if not near and first >= SMALLEST_POWER:  # the decimals asked for show nothing of it
            places = significant - 1 - first
            near = _nearest(number, places)
        if near and SMALLEST_POWER <= near.adjusted() < LARGEST_POWER:
            return Shown(_signed(x < 0, f"{abs(_nearest(number, max(places, 0))):f}"), exact=False)
    near = _nearest(number.scaleb(-first, _WIDE), significant - 1)
    if abs(near) >= 10:
        near, first = _nearest(near / 10, significant - 1), first + 1
    return Shown(_signed(x < 0, f"{abs(near):f}"), first, exact=False)


def _nearest(number: Decimal, places: int) -> Decimal:
    """Rounded to `places` digits behind the point, halves away from zero."""
    return number.quantize(Decimal(1).scaleb(-places), context=_WIDE)


def _places(first: int, rounding: Rounding) -> int:
    """How many digits behind the point a number has whose first digit stands at that power of ten."""
    places = []
    if rounding.decimals is not None:
        places.append(rounding.decimals)
    if rounding.significant is not None or rounding.decimals is None:
        places.append((rounding.significant or DIGITS) - 1 - first)
    return max(places)


def _with_point(digits: str, places: int) -> str:
    if places <= 0:
        return digits
    digits = digits.rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def _signed(negative: bool, digits: str) -> str:
    return f"−{digits}" if negative else digits
