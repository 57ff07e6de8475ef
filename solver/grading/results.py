"""Reading a result: what the marking of one student's answers to one problem says, in words and numbers.

A result is the mapping that `solve grade --format json` prints; everything that is reported is made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from solver.errors import clean, counted
from solver.expr.rounding import Rounding, Shown, show
from solver.expr.values import Scalar

Result = Mapping[str, Any]
Answer = Mapping[str, Any]
"""One quantity of a result."""

LOST = frozenset({"mistake", "wrong", "unreadable"})
"""The verdicts of an answer in which something went wrong just there."""

SHORT = 26
"""An array whose text is longer is shown by its first wrong entry, or by its size."""

LONGEST_NAME, LONGEST_MESSAGE, LONGEST_PLACE = 60, 400, 120
"""A longer text is cut in a report for people."""

_TYPED_DIGITS = 12
_SMALL = 1e-4
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@lru_cache(10_000)
def fraction(text: str) -> Fraction:
    """Points as a number; equal texts give the same object."""
    return Fraction(text)


def points(marked: Mapping[str, Any]) -> Fraction:
    """What a result or one of its answers earned."""
    return fraction(marked["points"])


def most(marked: Mapping[str, Any]) -> Fraction:
    """What could be earned."""
    return fraction(marked["of"])


def student(result: Result) -> str:
    """Who handed it in; empty where nobody is named."""
    return str(result.get("student") or "")


def problem(result: Result) -> str:
    """The id of the problem."""
    return str(result.get("problem") or "")


def answers(result: Result) -> Sequence[Answer]:
    """What was marked, in the order of the derivation."""
    found: Sequence[Answer] = result.get("answers") or ()
    return found


def place(result: Result, answer: Answer) -> str:
    """Where an answer stands, `file:line`, as far as it is known."""
    file, line = str(result.get("file") or ""), answer.get("line")
    return f"{file}:{line}" if file and line else file


def crop(text: str, limit: int) -> str:
    """The text cleaned, with `…` for what is too long of it."""
    return clean(text if len(text) <= limit else text[: limit - 1] + "…")


def decimal(number: Fraction) -> str | None:
    """The number as a decimal, `1.5`; None where its decimals do not end."""
    bottom = number.denominator
    twos = fives = 0
    while bottom % 2 == 0:
        bottom, twos = bottom // 2, twos + 1
    while bottom % 5 == 0:
        bottom, fives = bottom // 5, fives + 1
    if bottom != 1:
        return None
    places = max(twos, fives)
    digits = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    whole = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{whole}" if number < 0 else whole


def mark(number: Fraction) -> str:
    """Points as a person writes them: `2`, `1.5`, `1 1/3`."""
    short = decimal(number)
    if short is not None and len(short.partition(".")[2]) <= 3:
        return short
    whole, rest = divmod(abs(number.numerator), number.denominator)
    return f"{'-' * (number < 0)}{f'{whole} ' * bool(whole)}{rest}/{number.denominator}"


def out_of(marked: Mapping[str, Any]) -> str:
    """`1.5 of 3`."""
    return f"{mark(points(marked))} of {mark(most(marked))}"


def in_points(earned: Fraction, of: Fraction) -> str:
    """`1.5 of 3 points`."""
    return f"{mark(earned)} of {mark(of)} point{'s' if of > 1 or not of else ''}"


def percent(part: Fraction, whole: Fraction) -> str:
    """`50 %`; empty where there is nothing to earn."""
    return f"{_rounded(100 * part / whole)} %" if whole else ""


def _rounded(number: Fraction) -> int:
    """To a whole number, halves upwards; 100 and 0 only where they are reached."""
    whole = (2 * number.numerator + number.denominator) // (2 * number.denominator)
    if whole in (0, 100) and number != whole and 0 < number < 100:
        return 1 if whole == 0 else 99
    return whole


# Values


def number(value: float, digits: int | None = None) -> str:
    """A number as it is printed; what was typed keeps its `digits`, a computed one is rounded to five."""
    shown = show(_scalar(value), Rounding(significant=digits) if digits else Rounding())
    if digits and not shown.exact:
        shown = _without_noughts(shown)
    if shown.denominator:
        return f"{shown.digits}/{shown.denominator}"
    power = "" if shown.exponent is None else "·10" + str(shown.exponent).translate(_RAISED)
    return shown.digits + power


def _scalar(value: float) -> Scalar:
    """A decimal as the fraction that it is; a very small one is left to be written with a power of ten."""
    if isinstance(value, int):
        return value
    exactly = Decimal(repr(value))
    return exactly if 0 < abs(value) < _SMALL else Fraction(exactly)


def _without_noughts(shown: Shown) -> Shown:
    if "." not in shown.digits:
        return shown
    return shown.but(digits=shown.digits.rstrip("0").rstrip("."))


def written(value: Any, digits: int | None = None) -> str:
    """A value on one line: `−1.1008`, `(1, 2)`, `[1 2; 3 4]`, a text as it is."""
    match value:
        case None:
            return "blank"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number(value, digits)
        case str():
            return clean(value)
        case Mapping():
            if "formula" in value:
                return clean(str(value["formula"]))
            inner = ", ".join(f"{clean(str(key))}: {written(one, digits)}" for key, one in value.items())
            return "{" + inner + "}"
        case [[*_], *_] if all(isinstance(row, list) for row in value):
            flat = not any(isinstance(entry, list) for row in value for entry in row)
            between = " " if flat else ", "
            rows = (between.join(written(entry, digits) for entry in row) for row in value)
            return "[" + "; ".join(rows) + "]"
        case _:
            return "(" + ", ".join(written(entry, digits) for entry in value) + ")"


def size(value: Any) -> tuple[int, ...]:
    """The shape of an array; () for everything else."""
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def entry(value: Any, index: Sequence[int]) -> Any:
    """An entry of an array, None where it has none."""
    for at in index:
        if not isinstance(value, list) or not 0 <= at < len(value):
            return None
        value = value[at]
    return value


def entry_name(index: Sequence[int]) -> str:
    """How people call an entry, counted from 1: `entry 2`, `row 1, column 2`."""
    match [at + 1 for at in index]:
        case [one]:
            return f"entry {one}"
        case [row, column]:
            return f"row {row}, column {column}"
        case several:
            return "entry (" + ", ".join(map(str, several)) + ")"


def pair(answer: Answer, limit: int = SHORT) -> tuple[str, str]:
    """The answer and the expected value for two cells of a table, of an array the first wrong entry."""
    given, expected = answer.get("answer"), answer.get("expected")
    both = _both(given, expected)
    if max(map(len, both)) > limit and (index := first_wrong(answer)) is not None:
        name = entry_name(index)
        left, right = _both(entry(given, index), entry(expected, index))
        both = f"{name}: {left}", f"{name}: {right}"
    elif max(map(len, both)) > limit:
        both = _short(given, both[0], limit), _short(expected, both[1], limit)
    if "answer" not in answer or given is None:
        both = "–", both[1]
    if "expected" not in answer:
        both = both[0], ""
    return both


def _both(given: Any, expected: Any) -> tuple[str, str]:
    """Both values, with more digits where they differ only there."""
    left, right = written(given, _TYPED_DIGITS), written(expected)
    for digits in (8, _TYPED_DIGITS, 17):
        if given == expected or number_like(left) != number_like(right):
            break
        right = written(expected, digits)
    return left, right


def number_like(text: str) -> str:
    """The text without noughts that end a decimal, to compare what is printed."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _short(value: Any, text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    shape = size(value)
    if not shape:
        return crop(text, 2 * limit)
    return f"{'×'.join(map(str, shape))} entries" if len(shape) > 1 else f"{shape[0]} entries"


def first_wrong(answer: Answer) -> Sequence[int] | None:
    """The place of the first entry that is wrong in an array of the right shape.

    The expected value may be left out of a result where it is large.
    """
    wrong = answer.get("wrong_entries") or answer.get("blank_entries") or ()
    first: Sequence[int] = wrong[0] if wrong else ()
    shape = size(answer.get("answer"))
    fits = len(shape) == len(first) if "expected" not in answer else shape == size(answer["expected"])
    return first if first and fits else None


def message(answer: Answer) -> str:
    """What there is to say about an answer; empty for most of the right ones."""
    said = [str(answer.get("message") or "") or _said(answer), str(answer.get("note") or "")]
    return crop(" ".join(part if part[-1] in ".!?" else part + "." for part in said if part), LONGEST_MESSAGE)


def _said(answer: Answer) -> str:
    verdict, wrong = answer.get("verdict"), answer.get("wrong_entries") or ()
    if verdict in LOST and (index := first_wrong(answer)) is not None:
        left, right = _both(entry(answer.get("answer"), index), entry(answer.get("expected"), index))
        more = (
            f"; {counted(len(wrong), 'wrong entry').replace('entrys', 'entries')}" if len(wrong) > 1 else ""
        )
        expected = f", expected {right}" if "expected" in answer else " is wrong"
        return f"{entry_name(index)}: {left}{expected}{more}"
    if verdict == "carried" and answer.get("repeat"):
        name = f" ({answer['mistake']})" if answer.get("mistake") else ""
        return f"the same mistake again{name}, charged once"
    if verdict == "unreadable":
        return "it could not be read"
    return ""


def mistaken(answer: Answer) -> str | None:
    """The name of a mistake that was made here for the first time."""
    name = answer.get("mistake")
    return str(name) if name and not answer.get("repeat") else None


def went_wrong(result: Result) -> Iterator[Answer]:
    """The answers in which something went wrong just there, the first one first."""
    return (answer for answer in answers(result) if answer.get("verdict") in LOST)
