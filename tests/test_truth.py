r"""Nothing printed is false.

Every line of a page is read back from its LaTeX by an independent reader (`reread`) and compared with its
neighbours and with what is true. The truth is recomputed here from the given values, with fractions as long
as they last and 400 digits beyond, by a table of operations of our own.

- `=` stands between sides that are equal exactly as printed, `≈` between sides that agree when each rounded
  number stands for the interval of half a unit of its last digit.
- Each number on a line is the true value of what it stands for, rounded to the digits shown.
- Given, Method and Answer are held to the same. General lines hold for all indices at random values.
- A planted falsehood is found, whatever its kind.
"""

from __future__ import annotations

import contextlib
import copy
import decimal
import itertools
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import yaml
from conftest import PROBLEMS, as_yaml, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from reread import (
    Array,
    Call,
    Elided,
    Grid,
    Interval,
    Letter,
    Node,
    Numeral,
    Reader,
    Scripted,
    Slack,
    Undecided,
    Unreadable,
    exactly,
    flattened,
    interval,
    key,
    links,
    numerals,
    parts,
    slopes,
    unequal,
)
from reread import read as reread
from strategies import problems_logistic, problems_mlp, problems_softmax

from solver import kinds
from solver.derivation import Identity, Step
from solver.errors import Source
from solver.expr.evaluate import Detail
from solver.expr.nodes import Apply, Const, Expr, Sym, replace, symbols
from solver.expr.rounding import Rounding
from solver.expr.values import Domain, Value
from solver.kinds import Solution
from solver.page import blocks
from solver.page.from_derivation import Author, Sheet
from solver.page.letters import Letters
from solver.page.math import Chain, Layout
from solver.render.boxes import box
from solver.render.latex import latex, latex_chain
from solver.spec.problem import Unreadable as Refused
from solver.spec.problem import read_problems

mp.dps = 400

# ---------------------------------------------------------------- the truth

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

    return _over_entries(one, 2)


def _over_entries(function: Callable[..., Any], count: int) -> Callable[..., Array]:
    spread = np.frompyfunc(function, count, 1)
    return lambda *args: spread(*args) if any(map(np.ndim, args)) else function(*args)


def special(function: Callable[[Any], Any], **known: int) -> Callable[[Array], Array]:
    """A function of one number, with the points at which its value is whole: `at_0=1`."""
    points = {Fraction(name.removeprefix("at_")): Fraction(value) for name, value in known.items()}

    def one(x: Real) -> Real:
        if isinstance(x, Fraction) and x in points:
            return points[x]
        return function(real(x))

    return _over_entries(one, 1)


def entrywise(function: Callable[[Any], Any]) -> Callable[[Array], Array]:
    """A function of one number that keeps fractions, entry by entry."""
    return _over_entries(function, 1)


add, subtract, multiply, divide = (
    both(lambda x, y: x + y),
    both(lambda x, y: x - y),
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


def _grid(*entries: Real, shape: tuple[int, ...]) -> Array:
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
    "power": _over_entries(_power, 2),
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
    "maximum": _over_entries(max, 2),
    "minimum": _over_entries(min, 2),
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
    "where": _over_entries(lambda c, x, y: x if c != 0 else y, 3),
    "terms": _terms,
    "shares": lambda *x: divide(_grid(*x, shape=(len(x),)), total(list(x))),
    "grid": _grid,
}
"""How each operation computes, once more. A new operation needs an entry here."""


def array_of(value: Value) -> Array:
    """The entries of a given value as true numbers: a typed √2 is carried with 50 digits, which it then is."""
    entries = [Fraction(x) for x in value.array.flat]
    return _grid(*entries, shape=value.shape) if value.shape else entries[0]


def half_away(x: Real, unit: Fraction) -> Fraction:
    """x rounded to whole units, halves away from zero."""
    if isinstance(x, Fraction):
        units = abs(x) / unit
        nearest = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    else:
        nearest = int(mpmath.floor(abs(x) / real(unit) + mpf(1) / 2))
    return unit * nearest * (1 if x >= 0 else -1)


def order(x: Real) -> int:
    """The power of ten of the first digit."""
    guess = int(mpmath.floor(mpmath.log10(abs(real(x)))))
    ten = Fraction(10) if isinstance(x, Fraction) else mpf(10)
    return next(k for k in (guess - 1, guess, guess + 1) if ten**k <= abs(x) < ten ** (k + 1))


FARTHEST = Fraction(1, 10**400)
"""What is smaller is 0 to whoever rounds at each step."""


def rounded_step(x: Real, rounding: Rounding) -> Fraction:
    """What a person who rounds at each step goes on with."""
    if x == 0 or abs(x) < FARTHEST:
        return Fraction(0)
    places = rounding.decimals
    if places is None:
        places = (rounding.significant or 5) - 1 - order(x)
    return half_away(x, Fraction(10) ** -places)


# ---------------------------------------------------------------- what may be rounded


@dataclass(frozen=True)
class Printing:
    """Which printed numbers may be rounded ones, by their digits: shorter ones stand for themselves."""

    rounding: Rounding
    working: bool = True

    def __call__(self, number: Numeral) -> Fraction:
        """How far the true number may be from the printed one."""
        if number.value == 0:
            unit = (
                self.step_unit(number)
                if self.rounding.each_step and self.rounding.decimals is not None
                else 0
            )
            return max(NOTHING, Fraction(unit) / 2)
        if self.rounding.each_step:
            return max(self.step_unit(number), number.unit) / 2
        return number.unit / 2 if self.rounds(number) else Fraction(0)

    def rounds(self, number: Numeral) -> bool:
        digits = len(number.digits.replace(".", "").lstrip("0"))
        places = len(number.digits.partition(".")[2])
        if self.working:
            return digits >= max(self.rounding.significant or 5, 5)
        if self.rounding.decimals is not None:
            if number.scientific or abs(number.value) <= Fraction(10) ** -self.rounding.decimals / 2:
                return digits >= (self.rounding.significant or 5)  # the decimals show nothing of it
            return places == self.rounding.decimals
        return digits >= (self.rounding.significant or 5)

    def step_unit(self, number: Numeral) -> Fraction:
        """The unit to which a step is rounded; its value is printed without zeros behind it."""
        if self.rounding.decimals is not None:
            if number.scientific or len(number.digits.partition(".")[2]) > self.rounding.decimals:
                return Fraction(0)
            return Fraction(10) ** -self.rounding.decimals
        digits = number.digits.replace(".", "").strip("0")
        if len(digits) > (self.rounding.significant or 5):
            return Fraction(0)
        return Fraction(10) ** (order(number.value) - (self.rounding.significant or 5) + 1)


NOTHING = Fraction(1, 10**40)
"""A true value smaller than this may be printed as 0: it was lost beside ordinary numbers."""


def explains(number: Numeral | Call, truth: Real, slack: Slack) -> bool:
    """Whether a printed number is the true one, rounded to the digits shown."""
    if isinstance(number, Call):  # 2/5
        top, bottom = number.args
        return (
            isinstance(top, Numeral) and isinstance(bottom, Numeral) and near(top.value / bottom.value, truth)
        )
    value, room = number.value, slack(number)
    if value and truth and abs(magnitude(value) - magnitude(truth)) > 3:
        return False
    if near(value, truth):
        return True
    if value == 0:
        return bool(abs(truth) < room)
    return room > 0 and value == half_away(truth, 2 * room)


def magnitude(x: Real) -> int:
    """The binary exponent, one more or less."""
    if isinstance(x, Fraction):
        return x.numerator.bit_length() - x.denominator.bit_length()
    return int(mpmath.mag(x))


def near(x: Real, y: Real) -> bool:
    """Equal; numbers of 400 digits up to 10⁻³⁰⁰ of their size."""
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return x == y
    a, b = real(x), real(y)
    return bool(abs(a - b) <= mpf(10) ** -300 * max(abs(a), abs(b)))


def tight(x: Real) -> Fraction | Interval:
    """A true number for the reader."""
    if isinstance(x, Fraction):
        return x
    sign, mantissa, exponent, _ = x._mpf_
    digits = MORE.multiply(Decimal(int(mantissa)), MORE.power(Decimal(2), Decimal(int(exponent))))
    middle = digits.copy_negate() if sign else digits
    if not middle:
        return interval(Fraction(0))
    slack = Decimal((0, (1,), middle.adjusted() - 54))
    point = interval(Fraction(0)) + Interval(middle, middle)
    return point + Interval(-slack, slack)


MORE = decimal.Context(prec=80, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[])


def tightened(x: Array) -> Array:
    """The same for an array."""
    return _over_entries(tight, 1)(x)


# ---------------------------------------------------------------- the audit


@dataclass(frozen=True)
class Fault:
    """A line that is not true, and why."""

    where: str
    printed: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.printed[:600]}\n      {self.why}"


class Ambiguous(Exception):
    """It cannot be told which number a constant stands for."""


@dataclass
class Side:
    """One side of a relation as printed, and as the program made it (tests change what is printed)."""

    relation: str
    text: str
    made: str = ""


@dataclass
class Audit:
    """A solution with its page, and what is wrong about it."""

    solution: Solution
    rounding: Rounding
    detail: Detail
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("lines", "elided", "undecided"), 0))

    def __post_init__(self) -> None:
        self.derivation = self.solution.derivation
        problem = self.solution.problem
        sheet = Sheet(
            title=problem.id,
            ask=self.solution.ask,
            letters=Letters(self.solution.kind.letters, problem.frame.symbols),
            rounding=self.rounding,
            detail=self.detail,
            stopped=self.solution.stopped is not None,
        )
        self.author = Author(self.derivation, sheet)
        self.page = tuple(Author(self.derivation, sheet).page())
        self.printing = Printing(self.rounding)
        self.truths: dict[str, Array] = {}
        self.known: dict[int, tuple[Any, Real]] = {}
        self.by_value: dict[Any, set[Real]] = {}
        for each in self.derivation.given:
            self.truths[each.name] = array_of(each.value)
            self.learn(each.value, self.truths[each.name], each.name)
        self.unrounded = dict(self.truths)

    # What is true

    def truth(self, expr: Expr, names: Mapping[str, Array] | None = None) -> Array:
        """The true value of an expression."""
        if isinstance(expr, Sym):
            return (names or self.truths)[expr.name]
        if isinstance(expr, Const):
            entries = [self.scalar(x) for x in expr.value.array.flat]
            return _grid(*entries, shape=expr.value.shape) if expr.value.shape else entries[0]
        assert isinstance(expr, Apply)
        args = [self.truth(arg, names) for arg in expr.args]
        if expr.op.name not in OPERATIONS:
            pytest.fail(
                f"tests/test_truth.py needs a computation of its own for the operation {expr.op.name!r}"
            )
        return OPERATIONS[expr.op.name](*args, **dict(expr.params))

    def scalar(self, x: Any) -> Real:
        """The true number behind a number that the program carries."""
        if isinstance(x, int | Fraction):
            return Fraction(x)
        if id(x) in self.known:
            return self.known[id(x)][1]
        found = {*self.by_value.get(x, ()), *(-true for true in self.by_value.get(-x, ()))}
        if len(found) > 1:
            raise Ambiguous
        return found.pop() if found else Fraction(x)

    def learn(self, value: Value, truth: Array, where: str) -> None:
        """Remember what the numbers of a value stand for; exact ones have to be it."""
        if np.shape(truth) != value.shape:
            self.fault(where, "", f"the shape is {value.shape}, not {np.shape(truth)}")
            return
        for x, true in zip(value.array.flat, np.ravel(np.array(truth, dtype=object)), strict=True):
            if value.domain is Domain.EXACT:
                if not near(Fraction(x), true):
                    self.fault(where, str(x), f"carried as exact, but the value is {told(true)}")
            else:
                self.known[id(x)] = (x, true)
                self.by_value.setdefault(x, set()).add(true)

    def fault(self, where: str, printed: str, why: str) -> None:
        self.faults.append(Fault(where, printed, why))

    # The steps

    def steps(self) -> Iterator[tuple[Step, Array]]:
        """The steps with what they are truly worth, from the first; each value is known to the next."""
        for step in self.derivation.steps:
            computed = self.truth(step.expr)
            self.learn(step.computed, computed, step.name)
            yield step, computed
            final = computed
            if step.value is not step.computed:  # rounded at each step
                final = _over_entries(lambda x: rounded_step(x, self.rounding), 1)(computed)
                self.learn(step.value, final, f"{step.name}, rounded")
            for name in (step.name, *step.also):
                self.truths[name] = final
                self.unrounded[name] = (
                    self.truth(step.expr, self.unrounded) if self.rounding.each_step else final
                )

    def run(self) -> list[Fault]:
        """All that is false on the page."""
        by_chain = {tuple(latex_chain(chain)): block for block, chain in self.step_chains()}
        for step, computed in self.steps():
            if step.quiet:
                continue
            sides = self.sides(step)
            self.step(step, computed, sides)
            printed = tuple(latex_chain(self.author.chain(step)))
            block = by_chain.get(printed)
            if block is not None and block.aside is not None:
                self.shape(step, latex(block.aside))
        self.facts()
        self.numbers_that_differ()
        return self.faults

    def step_chains(self) -> Iterator[tuple[blocks.Step, Chain]]:
        for block in self.page:
            if isinstance(block, blocks.Step):
                for chain in block.chains:
                    yield block, chain

    def sides(self, step: Step) -> list[Side]:
        """The sides of a step's chain as printed."""
        return [Side(*link, made=link[1]) for link in links(latex_chain(self.author.chain(step)))]

    def step(self, step: Step, computed: Array, sides: Sequence[Side]) -> None:
        """Audit one chain."""
        reader = self.reader(step, computed)
        self.relations(step.name, reader, sides, computed)
        before: Expr = step.expr
        for line in self.author.lines(step):
            constants = list(self.walk(before, line, step.name))
            text = latex(self.author.writer.layout(line))
            for side in sides:
                if side.made == text:
                    self.numbers(step.name, side, constants)
            before = line
        with contextlib.suppress(Ambiguous):
            if not near_all(self.truth(before), computed):
                self.fault(step.name, sides[-1].text, "the last line is not worth the value of the formula")
        self.slopes(step, sides)
        final = computed
        if step.value is not step.computed:
            final = _over_entries(lambda x: rounded_step(x, self.rounding), 1)(computed)
        if not self.placed(sides[-1].text, final) and not self.placed(sides[-1].text, computed):
            self.fault(step.name, sides[-1].text, f"the value is {told_all(final)}")

    def slopes(self, step: Step, sides: Sequence[Side]) -> None:
        """An index of a function stands for itself, also where no entry shows its effect."""
        true = set(slopes_of(step.expr))
        for side in sides:
            with contextlib.suppress(Unreadable):
                for slope in slopes(reread(side.text)):
                    if Reader().worth(slope) not in true:
                        self.fault(step.name, side.text, f"the slope is {', '.join(map(str, true))}")

    def reader(self, step: Step | None = None, computed: Array = None) -> Reader:
        """A reader who knows what the letters stand for; those that a step uses come first."""
        names: dict[str, list[Array]] = {}
        used: list[tuple[str, Array]] = []
        if step is not None:
            used = [(step.name, computed), *((name, self.truths[name]) for name in symbols(step.expr))]
        for name, value in [*used, *self.truths.items()]:
            names.setdefault(self.printed_name(name), []).append(tightened(value))
        return Reader(names, self.derivation.rows)

    def printed_name(self, name: str) -> str:
        return key(latex(self.author.writer.layout(Sym(name))))

    def relations(self, where: str, reader: Reader, sides: Sequence[Side], computed: Array | None) -> None:
        """Each relation holds as printed, and each side is worth the true value."""
        worths: list[dict[str, Array]] = []
        for side in sides:
            self.counts["lines"] += 1
            worths.append(self.worths(where, reader, side))
        for place, (side, worth) in enumerate(zip(sides, worths, strict=True)):
            if place == 0:
                continue
            before = worths[place - 1]
            if side.relation == "=":
                ways = ("exactly", "exactly")
            elif side.relation == r"\approx":
                ways = ("rounded" if sides[place - 1].relation == r"\approx" else "exactly", "rounded")
            else:
                continue
            left, right = before.get(ways[0]), worth.get(ways[1])
            if left is not None and right is not None and (why := unequal(left, right)):
                self.fault(where, f"{sides[place - 1].text} {side.relation} {side.text}", why)
            way = ways[1]
            if computed is not None and way in worth:
                true = (
                    reader.worth(reread(sides[0].text)) if computed is None else spread(computed, reader.rows)
                )
                if why := unequal(worth[way], tightened(true)):
                    self.fault(where, f"{side.relation} {side.text}", f"by the true value: {why}")

    def worths(self, where: str, reader: Reader, side: Side) -> dict[str, Array]:
        """What a side is worth, with every number as printed, and with rounded ones as intervals."""
        found: dict[str, Array] = {}
        for way, rounded in (("exactly", exactly), ("rounded", self.printing)):
            try:
                found[way] = reader.value(side.text, rounded)
            except Elided:
                self.counts["elided"] += way == "exactly"
            except Undecided:
                self.counts["undecided"] += way == "rounded"
            except Unreadable as unreadable:
                self.fault(where, side.text, f"not to be read as mathematics: {unreadable}")
                break
        return found

    # The numbers of a line

    def walk(self, before: Expr, after: Expr, where: str) -> Iterator[tuple[Const, Array]]:
        """The constants of a line with their true values, from the line before, expression by expression."""
        if isinstance(after, Const):
            true = self.truth(before)
            self.learn(after.value, true, where)
            yield after, true
        elif (
            isinstance(before, Apply)
            and isinstance(after, Apply)
            and before.op.name == after.op.name
            and len(before.args) == len(after.args)
        ):
            for old, new in zip(before.args, after.args, strict=True):
                yield from self.walk(old, new, where)
        elif not isinstance(after, Sym):
            with contextlib.suppress(Ambiguous):
                yield from self.rewritten(before, after, where)

    def rewritten(self, before: Expr, after: Expr, where: str) -> Iterator[tuple[Const, Array]]:
        """The constants of an expression that was written out."""
        if not near_all(self.truth(after), self.truth(before)):
            text = latex(self.author.writer.layout(after))
            self.fault(where, text, "it is not worth what it was written for")
        yield from ((constant, self.truth(constant)) for constant in constants_of(after))

    def numbers(self, where: str, side: Side, constants: Sequence[tuple[Const, Array]]) -> None:
        """Every number printed is one of the line's, and every constant stands on the line as it is."""
        slack = self.printing if side.relation == r"\approx" else exactly
        try:
            tree = reread(side.text)
        except Unreadable:
            return  # told already
        # the sign in front of a number is an operation to the reader
        true = [abs(entry) for _, value in constants for entry in np.ravel(np.array(value, dtype=object))]
        exact = {entry for entry in true if isinstance(entry, Fraction)}
        for number in dict.fromkeys(numerals(tree)):
            if number in LITERALS or (isinstance(number, Numeral) and number.value in exact):
                continue
            if any(explains(number, entry, slack) for entry in true):
                continue
            self.fault(where, side.text, f"{number} is none of the numbers of this line, rounded")
        for constant, value in constants:
            text = latex(self.author.writer.value(constant.value))
            sought = text.removeprefix("-") if not constant.value.shape else text  # a minus may be the sum's
            if sought not in side.text:
                self.fault(where, side.text, f"{text} should stand here")
            elif not self.placed(text, value, slack):
                self.fault(where, side.text, f"{text} stands for {told_all(value)}")

    def placed(self, text: str, value: Array, slack: Slack | None = None) -> bool:
        """Whether a printed table or number is the true one, each entry rounded to the digits shown."""
        return placed(reread(text), value, slack or self.printing, self.derivation.rows)

    def shape(self, step: Step, text: str) -> None:
        """`z ∈ ℝ²`."""
        sizes = [int(size) for size in re.findall(r"\d+", text.rpartition(r"\mathbb{R}")[2])]
        if tuple(sizes) != np.shape(self.truths.get(step.name, self.truth(step.expr))):
            self.fault(step.name, text, f"the shape is {np.shape(self.truth(step.expr))}")

    # Given, Method, Answer, and the note on digits

    def facts(self) -> None:
        reader = self.reader()
        names = {
            "Given": [each.name for each in self.derivation.given],
            "Answer": list(self.solution.ask),
        }
        for block in self.page:
            if not isinstance(block, blocks.Facts):
                continue
            for place, chain in enumerate(block.items):
                sides = [Side(*link) for link in links(latex_chain(chain))]
                if block.label == "Method":
                    self.method(sides)
                elif block.label in names:
                    self.fact(block.label, names[block.label][place], sides, reader)

    def fact(self, label: str, name: str, sides: Sequence[Side], reader: Reader) -> None:
        where = f"{label} {name}"
        if key(sides[0].text) != self.printed_name(name):
            self.fault(where, sides[0].text, "another quantity")
        printing = Printing(self.rounding, working=label == "Given")
        side = sides[-1]
        slack = printing if side.relation == r"\approx" else exactly
        if not placed(reread(side.text), self.truths[name], slack, self.derivation.rows):
            self.fault(where, f"{side.relation} {side.text}", f"the value is {told_all(self.truths[name])}")

    def method(self, sides: Sequence[Side]) -> None:
        """The formulas of the method hold for the first values on the board; in a network, for each layer."""
        formulas = set(self.activations())
        if any(r"\varphi" in side.text for side in sides):
            if len(formulas) < 2:
                self.fault("Method", sides[-1].text, f"the activation is always {''.join(formulas)}")
            return
        update = sides[-1].relation == r"\leftarrow"
        if update and len(formulas) > 1:
            self.fault("Method", sides[-1].text, "the layers' activations differ")
        for names in self.general_names():
            reader = Reader(names, self.derivation.rows)
            if not update:
                if all(name in names for name in self.letters(sides)):
                    self.relations("Method", reader, sides, None)
                continue
            (_, side) = sides
            after = names.get(f"{key(sides[0].text)}, after")
            if after is None:
                continue
            try:
                why = unequal(reader.value(side.text), after[0])
            except Unreadable as unreadable:
                why = str(unreadable)
            if why:
                self.fault("Method", side.text, why)

    def activations(self) -> Iterator[str]:
        """The formula of each layer's activation as it is printed."""
        if self.solution.kind.name != "mlp-forward":
            return
        for step in self.derivation.steps:
            for place, name in enumerate(step.also or (step.name,)):
                if place == 0 and re.fullmatch(r"a\d+", name):
                    of_z = replace(step.expr, {f"z{name[1:]}": Sym("z")})
                    yield latex(self.author.general_writer.layout(of_z))

    def letters(self, sides: Sequence[Side]) -> Iterator[str]:
        """The bias, if it stands on a line: a layer may have none."""
        if self.solution.kind.name == "mlp-forward" and any(
            Letter(self.printed_name("b")) in parts(reread(side.text)) for side in sides
        ):
            yield self.printed_name("b")

    def general_names(self) -> Iterator[dict[str, list[Array]]]:
        """The letters of the method with the first values that they take; in a network, of each layer."""
        truths = self.unrounded
        rows = self.derivation.rows
        if self.solution.kind.name == "mlp-forward":
            for place in itertools.takewhile(lambda k: f"W{k}" in truths, itertools.count(1)):
                named = {"z": f"z{place}", "a": f"a{place - 1}" if place > 1 else "x"}
                named |= {letter: f"{letter}{place}" for letter in "Wb"}
                names = {
                    self.printed_name(general): [tightened(truths[name])]
                    for general, name in named.items()
                    if name in truths
                }
                after = spread(truths[f"a{place}"], rows)
                yield names | {self.printed_name("a") + ", after": [tightened(after)]}
            return
        names = {}
        for name, value in truths.items():
            base, _, index = name.partition("(")
            if index in ("", "0)"):
                names.setdefault(self.printed_name(base), []).append(tightened(value))
            elif index == "1)":
                names[self.printed_name(base) + ", after"] = [tightened(spread(value, rows))]
        if "z(0)" in truths:
            names[self.printed_name("n")] = [Fraction(len(truths["z(0)"]))]
            for name in ("X", "y"):
                if f"{name}(0)" in truths:
                    names[self.printed_name(name)] = [tightened(truths[f"{name}(0)"])]
        yield names

    def numbers_that_differ(self) -> None:
        """Where computing with the printed digits gives another last digit, the page says so."""
        told_so = any(
            isinstance(block, blocks.Note) and any(words in "".join(map(str, block.text)) for words in TOLD)
            for block in self.page
        )
        if told_so or self.detail is Detail.BRIEF:
            return
        for block, chain in self.step_chains():
            sides = [Side(*link) for link in links(latex_chain(chain))]
            if sides[-1].relation != r"\approx":
                continue
            for side in sides[2:-1]:
                try:
                    worth = Reader(rows=self.derivation.rows).value(side.text)
                    agrees = placed(
                        reread(sides[-1].text), shrunk(worth), self.printing, self.derivation.rows
                    )
                except (Unreadable, Elided, Undecided):
                    continue
                if not agrees:
                    self.fault(
                        f"step {block.number}",
                        side.text,
                        f"with these digits the result is not {sides[-1].text}, and the page does not say so",
                    )
                    return


TOLD = ("computing with the printed digits", "within a step the full values are carried")
"""How a page says that numbers behind ≈ are not computed from the printed digits."""

LITERALS = {Numeral("0"), Numeral("1"), Numeral("2")}
"""Numbers that belong to a formula: 1/(1 + e^−z), ‖w‖²."""


def slopes_of(expr: Expr) -> Iterator[Fraction]:
    """The slopes of the leaky relus in an expression."""
    if isinstance(expr, Apply):
        if expr.op.name == "leaky_relu":
            yield Fraction(dict(expr.params)["slope"])
        for arg in expr.args:
            yield from slopes_of(arg)


def constants_of(expr: Expr) -> Iterator[Const]:
    if isinstance(expr, Const):
        yield expr
    elif isinstance(expr, Apply):
        for arg in expr.args:
            yield from constants_of(arg)


def near_all(left: Array, right: Array) -> bool:
    if np.shape(left) != np.shape(right):
        return False
    pairs = zip(np.ravel(np.array(left, dtype=object)), np.ravel(np.array(right, dtype=object)), strict=True)
    return all(near(x, y) or abs(real(x) - real(y)) < mpf(10) ** -300 for x, y in pairs)


def spread(value: Array, rows: bool) -> Array:
    """A value with the axes of the page: a vector as a row or column."""
    if np.ndim(value) != 1:
        return value
    return value[None, :] if rows else value[:, None]


def shrunk(worth: Array) -> Array:
    """The middles of tight intervals."""

    def middle(x: Fraction | Interval) -> Real:
        if isinstance(x, Fraction):
            return x
        if x.high - x.low > abs(x.high) * Decimal("1e-20"):
            raise Undecided("digits were lost")
        return mpf(str(x.low)) / 2 + mpf(str(x.high)) / 2

    return _over_entries(middle, 1)(worth)


def placed(tree: Node, value: Array, slack: Slack, rows: bool) -> bool:
    """Whether a printed table, tuple or number shows a value, entry by entry, each rounded as shown."""
    if np.ndim(value) == 3:
        if isinstance(tree, Grid) and len(value) == 1:  # one matrix in brackets
            return placed(tree, value[0], slack, rows)
        if not isinstance(tree, Call) or tree.name != "tuple":
            return False
        return _visible(tree.args, list(value), lambda part, matrix: placed(part, matrix, slack, rows))
    if not np.ndim(value):
        alone = isinstance(tree, Grid) and len(tree.rows) == len(tree.rows[0]) == 1 and tree.rows[0][0]
        return single(alone or tree, value, slack)
    table = spread(value, rows)
    lying = _lying(tree)
    if lying is not None:
        return _visible(lying, list(np.ravel(value)), lambda cell, x: single(cell, x, slack))
    if not isinstance(tree, Grid):
        return table.shape == (1, 1) and single(tree, table[0, 0], slack)
    return _visible(
        [None if all(cell is None for cell in row) else row for row in tree.rows],
        list(table),
        lambda row, entries: _visible(row, list(entries), lambda cell, x: single(cell, x, slack)),
    )


def _lying(tree: Node) -> Sequence[Node | None] | None:
    """The cells of `(1, 2)ᵀ`."""
    if isinstance(tree, Scripted) and tree.written == r"\top" and isinstance(tree.base, Call):
        return [None if isinstance(cell, Letter) else cell for cell in tree.base.args]
    return None


def _visible(cells: Sequence[Any], values: Sequence[Any], agree: Callable[[Any, Any], bool]) -> bool:
    """Whether what is shown of a list agrees with it; None stands for what is left out."""
    shown = [None if isinstance(cell, Letter) and "dots" in cell.text else cell for cell in cells]
    if None not in shown:
        return len(shown) == len(values) and all(map(agree, shown, values))
    head = shown[: shown.index(None)]
    tail = shown[len(head) + 1 :]
    if None in tail or len(head) + len(tail) > len(values):
        return False
    return all(map(agree, head, values)) and all(map(agree, tail, values[len(values) - len(tail) :]))


def single(tree: Node, truth: Real, slack: Slack) -> bool:
    """Whether a printed number, with its sign, is the true one rounded."""
    if isinstance(tree, Call) and tree.name == "negative":
        zero = isinstance(tree.args[0], Numeral) and tree.args[0].value == 0
        return not zero and single(tree.args[0], -truth, slack)
    if not isinstance(tree, Numeral) and not (isinstance(tree, Call) and tree.name == "/"):
        return False
    return explains(tree, truth, slack)


def told(x: Real) -> str:
    return str(x) if isinstance(x, Fraction) and len(str(x)) < 20 else mpmath.nstr(real(x), 12)


def told_all(x: Array) -> str:
    if not np.ndim(x):
        return told(x)
    return "[" + ", ".join(told_all(part) for part in x) + "]"


# ---------------------------------------------------------------- general lines


def softmax_model(
    dice: random.Random, size: int
) -> tuple[dict[str, Array], Callable[[str, str, int, int], Real]]:
    """Random values for the letters of the softmax derivation, and its derivatives by their definition."""
    z = [mpf(dice.randint(-3000, 3000)) / 1000 for _ in range(size)]
    weights = [dice.randint(1, 9) for _ in range(size)]
    y = [mpf(weight) / sum(weights) for weight in weights]

    def chance(logits: Sequence[Real], i: int) -> Real:
        return mpmath.exp(logits[i]) / sum(map(mpmath.exp, logits))

    def loss(logits: Sequence[Real]) -> Real:
        return -sum(t * mpmath.log(chance(logits, i)) for i, t in enumerate(y))

    def slope(top: str, bottom: str, i: int, j: int) -> Real:
        def moved(x: Real) -> Real:
            logits = [*z[:j], x, *z[j + 1 :]]
            return loss(logits) if top == "loss" else chance(logits, i)

        return mpmath.diff(moved, z[j])

    values = {
        "z": z,
        "logits": z,
        "y": y,
        "target": y,
        "p": [chance(z, i) for i in range(size)],
        "S": sum(map(mpmath.exp, z)),
        "loss": loss(z),
    }
    return {name: _vector(value) for name, value in values.items()}, slope


def _vector(value: Any) -> Array:
    return _grid(*value, shape=(len(value),)) if isinstance(value, list) else value


MODELS = {"softmax-ce": softmax_model}
"""Values for the letters of the general lines of a kind."""


def general_faults(audit: Audit, seed: int = 0) -> list[Fault]:
    """The identities of a page, tried at random values for all indices."""
    items = [item for item in audit.derivation.items if isinstance(item, Identity)]
    if not items:
        return []
    name = audit.solution.kind.name
    if name not in MODELS:
        pytest.fail(f"tests/test_truth.py needs values for the general lines of {name!r}")
    size = 4
    with mp.workdps(60):
        return identity_faults(audit, items, *MODELS[name](random.Random(seed), size), size)


def identity_faults(
    audit: Audit,
    items: Sequence[Identity],
    values: Mapping[str, Array],
    slope: Callable[[str, str, int, int], Real],
    size: int,
) -> list[Fault]:
    """What is false about general lines at given values of their letters."""
    keys = {audit.printed_name(each): each for each in values if each not in ("p",)} | {
        audit.printed_name("p"): "p"
    }
    slack = interval(Fraction(0)) + Interval(Decimal("-1e-15"), Decimal("1e-15"))

    def derivative(top: str, bottom: str, at: Mapping[str, int]) -> Interval:
        parts = [part.partition("_") for part in (top, bottom)]
        (upper, _, i), (lower, _, j) = parts
        if keys.get(lower) not in ("z", "logits") or upper not in keys:
            raise Unreadable(f"the derivative of {top} by {bottom}")
        found = slope(keys[upper], keys[lower], at[i] if i else 0, at[j])
        return tight(found) + slack  # type: ignore[no-any-return]

    reader = Reader(
        {printed: [tightened(values[each])] for printed, each in keys.items()},
        audit.derivation.rows,
        derivative=derivative,
    )
    faults = []
    for item in items:
        printed = links(latex_chain(audit.author.identity(item)))
        title = item.title if isinstance(item.title, str) else item.title.template
        for i, j in itertools.product(range(size), repeat=2):
            if "i ≠ j" in title and i == j:
                continue
            try:
                worths = [reader.worth(reread(text), indices={"i": i, "j": j}) for _, text in printed]
            except Unreadable as unreadable:
                faults.append(Fault(item.name, str(printed), str(unreadable)))
                break
            for (_, left), (relation, right), a, b in zip(
                printed, printed[1:], worths, worths[1:], strict=False
            ):
                if relation != "=" or (why := unequal(a + slack, b + slack)):
                    faults.append(Fault(item.name, f"{left} = {right} at i = {i}, j = {j}", why))
    return faults


# ---------------------------------------------------------------- the problems

ROUNDINGS: list[dict[str, Any] | None] = [
    None,
    {"decimals": 4},
    {"decimals": 2},
    {"decimals": 0},
    {"significant": 3},
    {"significant": 8},
    {"decimals": 3, "each_step": True},
    {"decimals": 1, "each_step": True},
    {"significant": 2, "each_step": True},
    {"significant": 4, "each_step": True},
]


def problems_of_files() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every problem that comes with the program."""
    for path in sorted(PROBLEMS.glob("**/*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            for place, problem in enumerate(document.get("problems", [document])):
                name = problem.get("id", f"{path.stem} {place + 1}" if "problems" in document else path.stem)
                yield f"{path.parent.name}/{name}", problem


FILES = dict(problems_of_files())


def faults_of(problem: Mapping[str, Any], detail: Detail) -> list[Fault]:
    """What is false on the page of a problem; one that is refused has no page."""
    (found,) = read_problems(Source("problem.yaml", as_yaml(problem)), kinds.fields_of, kinds.names)
    if isinstance(found, Refused):
        return []
    solution = kinds.solve(found)
    audit = Audit(solution, solution.problem.rounding, detail)
    return [*audit.run(), *general_faults(audit)]


def check(problem: Mapping[str, Any], rounding: Mapping[str, Any] | None, detail: Detail) -> None:
    """Nothing on the page of a problem is false."""
    changed = {**copy.deepcopy(dict(problem))}
    if rounding is not None:
        changed["rounding"] = dict(rounding)
    faults = faults_of(changed, detail)
    assert not faults, f"{len(faults)} faults\n" + "\n".join(map(str, faults[:8]))


def audit_of(problem: Mapping[str, Any], detail: Detail = Detail.FULL) -> Audit:
    """The page of a problem, to be looked into."""
    solution = solved(problem)
    return Audit(solution, solution.problem.rounding, detail)


@pytest.mark.parametrize("detail", [Detail.NORMAL, Detail.FULL], ids=lambda detail: detail.name.lower())
@pytest.mark.parametrize("name", FILES)
def test_problems_of_the_program(name: str, detail: Detail) -> None:
    check(FILES[name], None, detail)


@pytest.mark.parametrize("name", FILES)
def test_problems_of_the_program_rounded_otherwise(name: str) -> None:
    place = list(FILES).index(name)
    for rounding in (ROUNDINGS[1 + place % 5], ROUNDINGS[6 + place % 4]):
        check(FILES[name], rounding, Detail.FULL)


DETAILS = st.sampled_from(Detail)
ANY = st.one_of(problems_logistic(), problems_mlp(), problems_softmax())


@settings(max_examples=60)
@given(problem=ANY, rounding=st.sampled_from(ROUNDINGS), detail=DETAILS)
def test_random_problems(problem: dict[str, Any], rounding: dict[str, Any] | None, detail: Detail) -> None:
    check(problem, rounding, detail)


@pytest.mark.fuzz
@given(problem=ANY, rounding=st.sampled_from(ROUNDINGS), detail=DETAILS)
def test_many_random_problems(
    problem: dict[str, Any], rounding: dict[str, Any] | None, detail: Detail
) -> None:
    check(problem, rounding, detail)


@pytest.mark.fuzz
@given(problem=ANY, detail=DETAILS)
def test_terminal_says_the_same_of_many_random_problems(problem: dict[str, Any], detail: Detail) -> None:
    assert not drawn_otherwise(audit_of(problem, detail))


# ---------------------------------------------------------------- what was false once

FOUND: dict[str, dict[str, Any]] = {
    "1 − p of 50 digits has lost all but one": {
        "kind": "softmax-ce",
        "given": {"logits": [0, 110], "target": 1},
    },
    "given probabilities are not the softmax of themselves": {
        "kind": "softmax-ce",
        "given": {"probabilities": [0.3, 0.7], "target": 0, "symbolic": True},
    },
    "the general lines' letters are not those of several samples": {
        "kind": "softmax-ce",
        "given": {"logits": [[1, 2, 3], [0, 1, 2]], "target": [0, 2], "log": 2, "symbolic": True},
    },
    "the index belongs to the whole derivative": {
        "kind": "softmax-ce",
        "given": {"x": [[1, 2], [3, 4]], "W": [[1, 0], [0, 1]], "b": [0, 0], "target": [0, 1]},
    },
    "a minus behind a sum sign": {
        "kind": "logistic-gd",
        "given": {"X": [[1, 2], [3, 4]], "y": [1, -1], "w": [0, 1], "b": 1, "iterations": 0},
    },
    "a square of a matrix is no matrix of squares": {
        "kind": "mlp-forward",
        "given": {"x": [[1, 2], [3, 4]], "layers": [{"W": [[1, 0], [0, 1]], "activation": "z^2"}]},
    },
    "a power that leaves all bounds, in a line of a small result": {
        "kind": "logistic-gd",
        "given": {"X": [[710]], "y": [0], "w": [0], "b": -2, "iterations": 1, "learning_rate": 1000},
    },
    "the sum of a saturated loss has its index": {
        "kind": "mlp-forward",
        "given": {
            "x": [1],
            "layers": [{"W": [[200], [-200]], "activation": "sigmoid"}],
            "loss": "binary-cross-entropy",
            "target": [0, 1],
        },
    },
    "the column of the one output is no row": {
        "kind": "mlp-forward",
        "given": {"x": [[0], [1]], "layers": [{"W": [[1]], "activation": "sigmoid"}]},
    },
    "the method of several samples has lost its index": {
        "kind": "softmax-ce",
        "given": {"logits": [[3, -3]], "target": [0], "symbolic": True},
    },
    "two formulas are two activations": {
        "kind": "mlp-forward",
        "given": {
            "x": [1],
            "layers": [{"W": [[2]], "activation": "z^2"}, {"W": [[2]], "activation": "z^3"}],
        },
    },
    "two slopes are two activations": {
        "kind": "mlp-forward",
        "given": {
            "x": [1],
            "layers": [{"W": [[-2]], "activation": f"leaky-relu({slope})"} for slope in (0.1, 0.2)],
        },
    },
    "a slope of nine digits": {
        "kind": "mlp-forward",
        "given": {"x": [1], "layers": [{"W": [[-3]], "activation": "leaky-relu(0.123456789)"}]},
    },
    "a slope that no short decimal is": {
        "kind": "mlp-forward",
        "given": {"x": [1], "layers": [{"W": [[-3]], "activation": "leaky-relu(1/1234)"}]},
    },
    "a slope times a number of 50 digits": {
        "kind": "mlp-forward",
        "given": {
            "x": [1, 2],
            "layers": [
                {"W": [[1, 0], [0, 1]], "activation": "tanh"},
                {"W": [[1, -3]], "activation": "leaky-relu(0.1)"},
            ],
        },
    },
}


@pytest.mark.parametrize("why", FOUND)
def test_what_was_false_once(why: str) -> None:
    check(FOUND[why], None, Detail.FULL)


# ---------------------------------------------------------------- the terminal


def layouts(audit: Audit) -> Iterator[tuple[Layout, str]]:
    """Every side on a page, with its LaTeX."""
    chains = [chain for _, chain in audit.step_chains()]
    chains += [chain for block in audit.page if isinstance(block, blocks.Facts) for chain in block.items]
    for chain in chains:
        for layout in (chain.first, *(layout for _, layout in chain.links)):
            yield layout, latex(layout)


def drawn_otherwise(audit: Audit) -> str:
    """The first formula that is another one in the terminal's text; empty if there is none."""
    for layout, text in layouts(audit):
        drawn = box(layout)
        names = re.findall(r"\\text\{(\w+ \w+)\}", text)
        try:
            again = reread(flattened(drawn.lines, drawn.baseline, names))
        except (Unreadable, ValueError, IndexError) as error:
            return f"{text}\n" + "\n".join(drawn.lines) + f"\n{error}"
        if again != reread(text):
            return f"{text}\n" + "\n".join(drawn.lines)
    return ""


@pytest.mark.parametrize("name", FILES)
def test_terminal_says_the_same(name: str) -> None:
    assert not drawn_otherwise(audit_of(FILES[name]))


@settings(max_examples=20)
@given(problem=ANY, detail=DETAILS)
def test_terminal_says_the_same_of_random_problems(problem: dict[str, Any], detail: Detail) -> None:
    audit = audit_of(problem, detail)
    assert not drawn_otherwise(audit)


# ---------------------------------------------------------------- planted falsehoods


def planted(
    problem: Mapping[str, Any], step: str, change: Callable[[list[Side]], Any], detail: Detail = Detail.FULL
) -> list[Fault]:
    """What is found after one chain was changed."""
    audit = audit_of(problem, detail)
    for each, computed in audit.steps():
        if each.name != step:
            for before, line in itertools.pairwise([each.expr, *audit.author.lines(each)]):
                list(audit.walk(before, line, each.name))
            continue
        audit.faults.clear()
        sides = audit.sides(each)
        audit.step(each, computed, sides)
        assert not audit.faults, "\n".join(map(str, audit.faults))
        before = [(side.relation, side.text) for side in sides]
        change(sides)
        assert before != [(side.relation, side.text) for side in sides], "nothing was changed"
        audit.step(each, computed, sides)
        return audit.faults
    raise KeyError(step)


def text_of(place: int, old: str, new: str) -> Callable[[list[Side]], None]:
    """Another text on one side; a negative place counts from the end."""

    def change(sides: list[Side]) -> None:
        assert old in sides[place].text, f"{old} is not in {sides[place].text}"
        sides[place].text = sides[place].text.replace(old, new, 1)

    return change


def relation_of(place: int, relation: str) -> Callable[[list[Side]], None]:
    def change(sides: list[Side]) -> None:
        sides[place].relation = relation

    return change


DESCENT = {
    "kind": "logistic-gd",
    "given": {
        **{"X": [[3, 3], [0, -4]], "y": [1, 0], "w": [-2, -2], "learning_rate": 0.1, "iterations": 2},
        **{"loss": "sum", "b": "1/3"},
    },
}
NETWORK = {
    "kind": "mlp-forward",
    "given": {
        "x": [2, 3],
        "layers": [
            {"W": [[4, 3], [0, 4]], "b": ["1/3", -12], "activation": "tanh"},
            {"W": [[3, 1], [-1, 2]], "activation": "softmax"},
        ],
        "target": 1,
        "loss": "cross-entropy",
    },
}

PLANTED = {
    "a digit of a whole number": (DESCENT, "z(0)", text_of(2, "3 & 3", "3 & 4")),
    "a digit of the value": (DESCENT, "p(1)", text_of(-1, "0.9", "0.8")),
    "the last digit": (DESCENT, "grad(0)", text_of(-1, "-6.9990", "-6.9989")),
    "the last digit, in the middle of the chain": (DESCENT, "grad(0)", text_of(3, "-0.99999", "-0.99998")),
    "cut, not rounded": (DESCENT, "loss(1)", text_of(-1, "14.205", "14.204")),
    "= in place of ≈": (DESCENT, "p(0)", relation_of(-1, "=")),
    "= where rounded values are put in": (DESCENT, "grad(0)", relation_of(2, "=")),
    "a minus left out of a matrix": (DESCENT, "z(0)", text_of(2, "-4", "4")),
    "a minus left out of the value": (DESCENT, "grad(0)", text_of(-1, "-6", "6")),
    "a sign of a term": (DESCENT, "z(0)", text_of(3, "+", "-")),
    "brackets left out": (DESCENT, "grad(0)", text_of(1, "(p^{(0)} - y)", "p^{(0)} - y")),
    "the transpose left out": (DESCENT, "grad(0)", text_of(1, r"^{\top}", "")),
    "the power of ten": (DESCENT, "p(0)", text_of(-1, "10^{-", "10^{-1")),
    "another function": (DESCENT, "p(0)", text_of(1, r"\sigma", r"\tanh")),
    "the other logarithm": (NETWORK, "loss", text_of(2, r"\ln", r"\log_2")),
    "another letter": (DESCENT, "grad(0)", text_of(1, "- y", "- z^{(0)}")),
    "an earlier iterate": (DESCENT, "z(1)", text_of(1, "w^{(1)}", "w^{(0)}")),
    "a factor left out": (DESCENT, "w(1)", text_of(2, r"0.1 \cdot", "")),
    "a row left out": (DESCENT, "p(1)", text_of(-1, r" \\ ", " & ")),
    "another fraction": (DESCENT, "z(0)", text_of(2, "1/3", "1/4")),
    "a fraction the wrong way up": (DESCENT, "z(0)", text_of(2, "1/3", "3/1")),
    "a fraction cut to a decimal": (DESCENT, "z(0)", text_of(2, "1/3", "0.3333")),
    "fewer digits than the others": (DESCENT, "w(1)", text_of(-1, "-1.7000", "-1.7")),
    "another class": (NETWORK, "predicted", text_of(-1, "0", "1")),
    "an index of the sum": (DESCENT, "loss(0)", text_of(1, r"\sum_i", r"\sum_j")),
    "a product entry by entry": (NETWORK, "z1", text_of(1, "W_1 x", r"W_1 \odot x")),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_falsehoods_are_found(kind: str) -> None:
    problem, step, change = PLANTED[kind]
    assert planted(problem, step, change)


def exchanged(text: str) -> str:
    """The first column that is printed, with its first two entries exchanged."""
    column = re.search(
        r"(?<=begin\{bmatrix\} )([^&\\]*(?:\\cdot [^&\\]*)?) \\\\ ([^&\\]*(?:\\cdot [^&\\]*)?)(?= \\)", text
    )
    assert column is not None, text
    return f"{text[: column.start()]}{column[2]} \\\\ {column[1]}{text[column.end() :]}"


@pytest.mark.parametrize(("step", "place"), [("p(0)", -1), ("p(0)", 2), ("grad(0)", 3), ("w(1)", -1)])
def test_exchanged_entries_are_found(step: str, place: int) -> None:
    def change(sides: list[Side]) -> None:
        sides[place].text = exchanged(sides[place].text)

    assert planted(DESCENT, step, change)


@pytest.mark.parametrize("problem", [DESCENT, NETWORK], ids=["descent", "network"])
def test_every_changed_digit_is_found(problem: dict[str, Any]) -> None:
    """Each digit on each line, one after the other, made larger by one."""
    audit = audit_of(problem, Detail.NORMAL)
    for step, computed in audit.steps():
        sides = audit.sides(step)
        audit.step(step, computed, sides)
        assert not audit.faults, str(audit.faults[0])
        for side in sides[2:]:
            text = side.text
            for digit in re.finditer(r"\d", text):
                if text[: digit.start()].endswith(("_", "^", "_{", "^{", "cdot ")):
                    continue
                changed = str((int(digit[0]) + 1) % 10)
                side.text = text[: digit.start()] + changed + text[digit.end() :]
                audit.step(step, computed, sides)
                assert audit.faults, f"{step.name}: {side.text} in place of {text}"
                audit.faults.clear()
            side.text = text


@pytest.mark.parametrize("label", ["Given", "Answer"])
def test_planted_facts_are_found(label: str) -> None:
    audit = audit_of(DESCENT)
    assert not audit.run()
    name, value, wrong = {
        "Given": ("X", r"\begin{bmatrix} 3 & 3 \\ 0 & -4 \end{bmatrix}", ("-4", "4")),
        "Answer": ("w(2)", "", ("4", "5")),
    }[label]
    shown = audit.author.given(audit.derivation.given[0]) if label == "Given" else audit.author.answer(name)
    sides = [Side(*link) for link in links(latex_chain(shown))]
    audit.fact(label, name, sides, audit.reader())
    assert not audit.faults, value
    sides[-1].text = sides[-1].text.replace(*wrong, 1)
    audit.fact(label, name, sides, audit.reader())
    assert audit.faults


def test_false_general_lines_are_found() -> None:
    problem = {"kind": "softmax-ce", "given": {"logits": [2, 1, 0.1], "target": 0, "symbolic": True}}
    audit = audit_of(problem)
    assert not general_faults(audit)
    for item in [item for item in audit.derivation.items if isinstance(item, Identity)]:
        for place, line in enumerate(item.chain):
            chain = (*item.chain[:place], 2 * line, *item.chain[place + 1 :])
            false = Identity(item.left, chain, item.title, item.why, item.name)
            audit.derivation.items[audit.derivation.items.index(item)] = false
            assert general_faults(audit), item.name
            audit.derivation.items[audit.derivation.items.index(false)] = item


# ---------------------------------------------------------------- the reader itself


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"1 + 2 \cdot 3", 7),
        ("2/5 - 1/5", Fraction(1, 5)),
        (r"3 \cdot (-2)^2", 12),
        ("-2^2", -4),
        (r"6.5 \cdot 10^{-2}", Fraction(65, 1000)),
        (r"\frac{1}{1 + e^{-0}}", Fraction(1, 2)),
        (r"\lVert \begin{bmatrix} 3 \\ 4 \end{bmatrix} \rVert", 5),
        (r"\max\left( \begin{bmatrix} 3 \\ 4 \end{bmatrix} \right)", 4),
        (r"\operatorname{argmax}((1, 3, 3)^{\top})", 1),
        (r"1[2 \ge 1] + 1[2 < 1]", 1),
        (r"\begin{cases} 5 & \text{if}\ 1 > 2 \\ 7 & \text{otherwise} \end{cases}", 7),
    ],
)
def test_reader(text: str, value: Fraction | int) -> None:
    assert Reader().value(text) == Fraction(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\ln 2", mpmath.log(2)),
        (r"\log_2 10", mpmath.log(10, 2)),
        ("e^{-3.5}", mpmath.exp(-3.5)),
        (r"\tanh(0.25)", mpmath.tanh(0.25)),
        (r"\tanh(-40)", mpmath.tanh(-40)),
        (r"\operatorname{erf}(0.75)", mpmath.erf(0.75)),
        (r"\operatorname{gelu}(-2)", -2 * mpmath.ncdf(-2)),
        (r"\operatorname{elu}(-2)", mpmath.expm1(-2)),
        (r"\sqrt{2}", mpmath.sqrt(2)),
        (r"\sigma(-30)", 1 / (1 + mpmath.exp(30))),
    ],
)
def test_intervals_are_tight(text: str, value: Real) -> None:
    found = Reader().value(text)
    assert found.low <= Decimal(mpmath.nstr(value, 70, min_fixed=1, max_fixed=0)) <= found.high
    assert found.high - found.low <= abs(found.high) * Decimal("1e-40")


@pytest.mark.parametrize(
    "text",
    [
        r"\sum_i 3",
        r"\begin{bmatrix} 1 \\ 2 \end{bmatrix} \begin{bmatrix} 1 \\ 2 \end{bmatrix}",
        r"\begin{bmatrix} 1 \\ 2 \end{bmatrix} + \begin{bmatrix} 1 & 2 \end{bmatrix}",
        r"2 \cdot -3",
        "1 +",
        "q",
    ],
)
def test_reader_refuses(text: str) -> None:
    with pytest.raises(Unreadable):
        Reader().value(text)
