"""Whether an answer is right: one rule, entry by entry, in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

from solver.expr.rounding import Rounding, magnitude, rounded_number
from solver.expr.values import Scalar
from solver.grading.typed import Entry
from solver.spec.marking import Tolerance
from solver.spec.numbers import as_fraction

RIGHT, IMPRECISE, WRONG = "correct", "imprecise", "wrong"

NEAR_ZERO = Fraction(5, 1000)
"""What is wanted where the true value is 0: less than this."""

LOST = Fraction(1, 20)
"""A `0` may be a rounded number of less than this."""

NOTHING = Fraction(1, 10**12)
"""A true value smaller than this is written as 0 by everybody."""

MOST_CUT = Fraction(1, 5)
"""Digits that are cut off may make so much of a number: 0.9 for 0.999998."""

LEAST_DIGITS = 2
MANY_DIGITS = 4
ALL_DIGITS = 15
"""So many digits have numbers that a program prints in full."""


def judged(
    entry: Entry, true: Scalar, tolerance: Tolerance, count: bool = False, rounding: Rounding | None = None
) -> str:
    """`correct`, `imprecise` or `wrong`.

    A number is right when it is within the tolerance of the true value, or is the true value rounded to the
    decimals written, if it shows at least two significant digits. A value that is exactly whole and not 0 wants
    that number; a true 0 wants less than 0.005, exactly 0 for a `count`. A number is imprecise when it is the true
    value rounded to fewer digits, or cut.
    """
    x = entry.value
    assert x is not None
    if x == true:
        return RIGHT
    if (obvious := _obvious(entry, x, true, tolerance)) is not None:
        return obvious
    t = _as_decimal(true)
    if not x and abs(t) < NOTHING and not count:
        return RIGHT
    if isinstance(true, (int, Fraction)) and t.denominator == 1:
        if t == 0:
            return RIGHT if abs(x) < NEAR_ZERO and not count else WRONG
        return WRONG
    if _near(entry, x, t, tolerance) or (rounding is not None and _as_asked(x, true, rounding)):
        return RIGHT
    if entry.places is None or tolerance.way == "exact":
        return WRONG
    if _rounds_to(t, x, entry.places) or (_cut(t, entry.places) == x and abs(x - t) <= MOST_CUT * abs(t)):
        return IMPRECISE if x or abs(t) < LOST else WRONG
    return WRONG


def _as_decimal(true: Scalar) -> Fraction:
    """A computed number without the noise of its last bits: 0.3 · 0.015 lies half-way between 0.004 and 0.005."""
    return Fraction(f"{true:.13g}") if isinstance(true, float) else as_fraction(true)


def last_digit(entry: Entry, true: Scalar) -> bool:
    """Whether a number is within a unit and a half of its last digit of what follows from others.

    People compute on with more digits than they write.
    """
    x = entry.value
    if x is None or entry.places is None or entry.digits < LEAST_DIGITS or isinstance(true, int):
        return False
    return abs(x - _as_decimal(true)) * 2 * Fraction(10) ** entry.places <= 3


def _obvious(entry: Entry, x: Fraction, true: Scalar, tolerance: Tolerance) -> str | None:
    """The verdict in doubles where it is far from every edge; None where it has to be looked at exactly."""
    if tolerance.way != "relative" or isinstance(true, int):
        return None
    near, t = float(x), float(true)
    if not t or (isinstance(true, Fraction) and true.denominator == 1):
        return None
    away, room = abs(near - t), float(tolerance.size) * abs(t)
    if away < 0.999 * room:
        return RIGHT
    if entry.places is None or abs(entry.places) > 300:
        return None
    return WRONG if away > 1.001 * room and away > 1.01 * 10.0**-entry.places and near else None


def _near(entry: Entry, x: Fraction, t: Fraction, tolerance: Tolerance) -> bool:
    digits = entry.digits >= LEAST_DIGITS
    match tolerance.way:
        case "relative":
            near = abs(x - t) <= tolerance.size * abs(t)
        case "absolute":
            near = abs(x - t) <= tolerance.size
        case "decimals":
            return _rounds_to(t, x, int(tolerance.size))
        case "significant":
            return _rounds_to(t, x, int(tolerance.size) - 1 - magnitude(t) if t else 0)
        case _:
            digits = entry.digits >= MANY_DIGITS
            near = False
    if near or (digits and entry.places is not None and _rounds_to(t, x, entry.places)):
        return True
    return entry.digits >= ALL_DIGITS and float(x) == float(t)


def _as_asked(x: Fraction, true: Scalar, rounding: Rounding) -> bool:
    """Whether it is the true value rounded as the problem asks."""
    if rounding.decimals is None and rounding.significant is None:
        return False
    return rounded_number(true, rounding) == x


def _rounds_to(t: Fraction, x: Fraction, places: int) -> bool:
    """Whether t rounded to so many places behind the point is x; halves may go either way."""
    return abs(x - t) * 2 * Fraction(10) ** places <= 1


def _cut(t: Fraction, places: int) -> Fraction:
    """The digits of t up to a place, the others cut off."""
    scale = Fraction(10) ** places
    size = abs(t) * scale
    whole = Fraction(size.numerator // size.denominator) / scale
    return whole if t >= 0 else -whole


def in_words(tolerance: Tolerance, true: Scalar) -> str:
    """The rule as it applies to a true value, said to a student."""
    if isinstance(true, (int, Fraction)) and as_fraction(true).denominator == 1:
        return "exactly this number" if true else "0, or less than 0.005"
    size = tolerance.size
    match tolerance.way:
        case "relative":
            room = f"{float(100 * size):g} %"
        case "absolute":
            room = f"{float(size):g}"
        case "decimals":
            return f"right to {size} decimals"
        case "significant":
            return f"right to {size} significant digits"
        case _:
            return "exactly this number"
    return f"within {room} of the expected value, or rounded to two significant digits or more"
