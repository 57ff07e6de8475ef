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
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
import truth_models as models
import yaml
from conftest import PROBLEMS, as_yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from reread import (
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
    is_ratio,
    key,
    links,
    numerals,
    parts,
    readings,
    slopes,
    unequal,
    written,
)
from reread import read as reread
from strategies import problems_logistic, problems_mlp, problems_softmax
from strategies_cnn import problems_cnn_shapes
from strategies_conv import problems_conv2d, problems_pool2d
from strategies_gain import problems_info_gain
from truth_models import OPERATIONS, Array, Real, near, over_entries, real

from solver import kinds
from solver.derivation import Entries, Identity, Item, LeftOut, Note, Result, Section, Step, Table, Worked
from solver.errors import Source, draw
from solver.expr.evaluate import Detail
from solver.expr.nodes import Apply, Const, Expr, Sym, replace, symbols
from solver.expr.rounding import Rounding
from solver.expr.values import Domain, Value
from solver.kinds import Solution
from solver.page import blocks
from solver.page.from_derivation import Author, Sheet
from solver.page.letters import Letters
from solver.page.math import Chain, Layout, Word
from solver.page.math import Letter as MathLetter
from solver.page.math import Row as MathRow
from solver.page.math import Table as MathTable
from solver.record import Record
from solver.render.boxes import box
from solver.render.grid import pictures
from solver.render.latex import latex, latex_chain
from solver.render.linear import linear
from solver.render.table import table as draw_table
from solver.render.tree import tree as draw_tree
from solver.spec.problem import Unreadable as Refused
from solver.spec.problem import read_problems

# ---------------------------------------------------------------- numbers


def array_of(value: Value) -> Array:
    """The entries of a given value as true numbers: a typed √2 is carried with 50 digits, which it then is."""
    entries = [Fraction(x) for x in value.array.flat]
    return models.grid(*entries, shape=value.shape) if value.shape else entries[0]


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


def explains(number: Node, truth: Real, slack: Slack) -> bool:
    """Whether a printed number is the true one, rounded to the digits shown."""
    if isinstance(number, Call):  # 2/5
        top, bottom = number.args
        assert isinstance(top, Numeral)
        assert isinstance(bottom, Numeral)
        return bottom.value != 0 and near(top.value / bottom.value, truth)
    assert isinstance(number, Numeral)
    value, room = number.value, slack(number)
    if value and truth and abs(magnitude(value) - magnitude(truth)) > 3:
        return False
    if near(value, truth):
        return True
    if value == 0:
        return bool(abs(truth) < room)
    ends = [Fraction(end) for end in AROUND] if getattr(truth, "denominator", 0) > CARRIED else [Fraction(1)]
    return room > 0 and any(value == half_away(truth * end, 2 * room) for end in ends)


def magnitude(x: Real) -> int:
    """The binary exponent, one more or less."""
    if isinstance(x, Fraction):
        return x.numerator.bit_length() - x.denominator.bit_length()
    return int(mpmath.mag(x))


CARRIED = 10**40
"""A fraction with a larger denominator comes of a typed number that is carried with 50 digits."""
AROUND = (Decimal("0." + 45 * "9"), Decimal(f"1.{44 * '0'}1"))


def tight(x: Real) -> Fraction | Interval:
    """A true number for the reader."""
    if isinstance(x, Fraction):
        return x if x.denominator < CARRIED else interval(x) * Interval(*AROUND)
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
    return over_entries(tight, 1)(x)


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


class Names(Mapping[str, Sequence[Array]]):
    """The values of letters, looked up when they are needed; some of them come first."""

    def __init__(self, audit: Audit, first: Mapping[str, Sequence[Array]]) -> None:
        self.audit, self.first = audit, first

    def __getitem__(self, printed: str) -> Sequence[Array]:
        found = [*self.first.get(printed, ()), *self.audit.named(printed)]
        if not found:
            raise KeyError(printed)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.first)

    def __len__(self) -> int:
        return len(self.first)


@dataclass
class Audit:
    """A solution with its page, and what is wrong about it."""

    solution: Solution
    rounding: Rounding
    detail: Detail
    problem: Mapping[str, Any] = field(default_factory=dict)
    """What was typed."""
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
        self.path = ""
        """The node of a tree that the current section is about."""
        self.keys: dict[tuple[str, str], str] = {}
        self.index: dict[str, dict[str, list[str]]] = {}
        self.chains: dict[tuple[str, str], list[Side]] = {}
        self.last_title = ""
        self.audited: list[Any] = []
        """What was looked into: blocks of a page without their numbers and reasons."""
        kind, given = self.solution.kind.name, self.problem.get("given", {})
        self.samples = models.Samples(given, GAIN_FOLDER) if kind == "info-gain" and given else None
        self.network = models.Network(given) if kind == "cnn-shapes" and given else None
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
        if isinstance(expr, Const) and expr.value.label:
            return expr.value.item()
        if isinstance(expr, Const):
            entries = [self.scalar(x) for x in expr.value.array.flat]
            return models.grid(*entries, shape=expr.value.shape) if expr.value.shape else entries[0]
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
        if value.label:
            if value.item() != truth:
                self.fault(where, str(value.item()), f"it is {truth}")
            return
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

    def items(self) -> Iterator[tuple[Item, Array]]:
        """The items of the derivation, steps with what they are truly worth; each value is known to the next."""
        for item in self.derivation.items:
            if isinstance(item, Section | LeftOut):
                self.path = item.within if isinstance(item, Section) else ""
                self.author.enter(self.path)
            if not isinstance(item, Step):
                yield item, None
                continue
            step = item
            computed = self.truth(step.expr)
            self.learn(step.computed, computed, step.name)
            yield step, computed
            final = self.final(step, computed)
            if final is not computed:
                self.learn(step.value, final, f"{step.name}, rounded")
            for name in (step.name, *step.also):
                self.truths[name] = final
                self.unrounded[name] = (
                    self.truth(step.expr, self.unrounded) if self.rounding.each_step else final
                )

    def final(self, step: Step, computed: Array) -> Array:
        """What goes on from a step: its value, or that value rounded.

        A tie is decided as the program does where the fiftieth digit of a typed root decides it.
        """
        if step.value is step.computed:
            return computed
        values = iter(step.value.array.flat)

        def rounded(x: Real) -> Fraction:
            value = next(values)
            if getattr(x, "denominator", 0) > CARRIED:
                ways = {rounded_step(x * Fraction(end), self.rounding) for end in AROUND}
                if isinstance(value, int | Fraction) and value in ways:
                    return Fraction(value)
            return rounded_step(x, self.rounding)

        entries = [rounded(x) for x in np.ravel(np.array(computed, dtype=object))]
        return models.grid(*entries, shape=np.shape(computed)) if np.shape(computed) else entries[0]

    def steps(self) -> Iterator[tuple[Step, Array]]:
        """The steps with what they are truly worth, from the first."""
        yield from ((item, computed) for item, computed in self.items() if isinstance(item, Step))

    def run(self) -> list[Fault]:
        """All that is false on the page."""
        for item, computed in self.items():
            match item:
                case Section():
                    self.audited.append(("section", self.author.plain(item.title)))
                    self.look_at_section(item, self.author.plain(item.title))
                case _ if not self.author.wanted(item):
                    pass
                case _:
                    made = tuple(self.author.item(item))
                    self.audited += map(signature, made)
                    if isinstance(item, Table):
                        self.worked(item)
                    self.look_at(item, computed, made)
        self.path = ""
        self.author.enter("")
        self.facts()
        self.trees()
        self.nothing_else()
        self.numbers_that_differ()
        return self.faults

    def all_faults(self) -> list[Fault]:
        """All that is false on the page, general lines included."""
        return [*self.run(), *general_faults(self)]

    def look_at(self, item: Item, computed: Array, made: Sequence[blocks.Block]) -> None:
        """The blocks of an item."""
        match item, made:
            case Step(), (blocks.Step() as block,):
                self.look_at_step(item, computed, block)
            case Entries(), _:
                self.look_at_entries(item, made)
            case Table(), (blocks.Table() as table,):
                self.last_title = words(table.title)
                self.look_at_table(item, table)
            case Note(), (blocks.Note() as note,):
                self.look_at_note(words(note.text))

    def look_at_step(self, step: Step, computed: Array, block: blocks.Step) -> None:
        """The block of a step: its title, its chains and its shape."""
        if np.ndim(computed) > 2:
            (chain, *matrices) = block.chains
            sides = sides_of(chain)
            self.relations(step.name, self.reader(step, computed), sides, computed)
            self.matrices(step.name, step.name, matrices, self.final(step, computed), self.printing)
        else:
            sides = sides_of(block.chains[0])
            for side, made in zip(sides, self.sides(step), strict=False):
                side.made = made.text
            self.step(step, computed, sides)
        self.title(step, block)
        if block.aside is not None:
            self.shape(step, latex(block.aside))

    def title(self, step: Step, block: blocks.Step) -> None:
        """What the title of a step counts."""
        text = words(block.title)
        found = re.fullmatch(r"The .* of the labels: (.*)\.", text)
        if found and self.samples is not None and found[1] != (true := self.samples.said_at(self.path)):
            self.fault(step.name, text, f"there are {true}")
        if self.network is not None and (why := self.network.wrong_title(step.name, text)):
            self.fault(step.name, text, why)
        if "counted from" in text and "counted from 0" not in text:
            self.fault(step.name, text, "places are counted from 0")
        if isinstance(step.expr, Apply) and step.expr.op.name == "pad":
            pads = [count for ends in dict(step.expr.params)["pads"] for count in ends]
            numbers = [int(number) for number in re.findall(r"\d+", text)]
            if numbers != (pads if len(set(pads)) > 1 else pads[:1]):
                self.fault(step.name, text, f"the padding is {pads}")

    def look_at_note(self, text: str) -> None:
        """A remark that counts or compares."""
        if self.samples is not None:
            for why in models.note_faults(self.samples, self.path, text, self.truths, self.last_title):
                self.fault("note", text, why)
        elif self.network is not None and (why := self.network.wrong_note(text)):
            self.fault("note", text, why)

    def look_at_section(self, section: Section, text: str) -> None:
        """The title of a section tells the node and its samples."""
        if self.samples is not None and section.within:
            where = models.where(self.samples, section.within)
            count = len(self.samples.at(section.within))
            wanted = f"Where {where}: {count} sample{'s' * (count != 1)}"
            if text != wanted:
                self.fault(f"section {section.within}", text, f"it should be {wanted}")

    def nothing_else(self) -> None:
        """What stands on the page was looked into; what is left out is counted right."""
        last = 0
        told = blocks.Step | blocks.Table | blocks.Section | blocks.Tree
        for block in self.page:
            if isinstance(block, told) and signature(block) not in self.audited:
                self.fault("page", str(signature(block)), "nobody has looked at this")
            if isinstance(block, blocks.Step) and block.number:
                if block.number != last + 1:
                    self.fault("page", str(block.number), f"the step before is {last}")
                last = block.number
            if isinstance(block, blocks.Note) and block.kind == "left-out":
                text = words(block.text)
                if skipped := re.search(r"steps (\d+) to (\d+), are left out", text):
                    if int(skipped[1]) != last + 1:
                        self.fault("page", text, f"the step before is {last}")
                    last = int(skipped[2])
                elif signature(block) not in self.audited:
                    self.fault("page", text, "nobody has looked at this")

    def step_chains(self) -> Iterator[tuple[blocks.Step, Chain]]:
        for block in self.page:
            if isinstance(block, blocks.Step):
                for chain in block.chains:
                    yield block, chain

    def sides(self, step: Step) -> list[Side]:
        """The sides of a step's chain as the program makes them."""
        if (self.path, step.name) not in self.chains:
            self.chains[self.path, step.name] = sides_of(self.author.chain(step))
        return [Side(side.relation, side.text, side.made) for side in self.chains[self.path, step.name]]

    def step(self, step: Step, computed: Array, sides: Sequence[Side]) -> None:
        """Audit one chain."""
        if step.value.label:
            self.choice(step, computed, sides)
            return
        reader = self.reader(step, computed)
        self.relations(step.name, reader, sides, computed)
        before: Expr = step.expr
        for line in self.author.lines(step):
            constants = list(self.walk(before, line, step.name))
            text = latex(self.author.writer.layout(line))
            for side in sides:
                if side.made == text:
                    self.numbers(step.name, side, constants)
                    self.in_order(step.name, side, line)
            before = line
        if not step.bare and len(sides) > 1 and sides[1].made == latex(self.author.writer.layout(step.expr)):
            self.in_order(step.name, sides[1], step.expr)
        with contextlib.suppress(Ambiguous):
            if not near_all(self.truth(before), computed):
                self.fault(step.name, sides[-1].text, "the last line is not worth the value of the formula")
        self.slopes(step, sides)
        self.shortened(step, sides)
        final = self.final(step, computed)
        if not self.placed(sides[-1].text, final) and not self.placed(sides[-1].text, computed):
            self.fault(step.name, sides[-1].text, f"the value is {told_all(final)}")

    def choice(self, step: Step, computed: Any, sides: Sequence[Side]) -> None:
        """`best = argmax gain = A2`: the label is that of the column with the largest gain."""
        told = latex(Word(computed)) if isinstance(computed, str) else ""
        if sides[-1].text != told:
            self.fault(step.name, sides[-1].text, f"it is {computed}")
        if key(sides[0].text) != self.printed_name(step.name):
            self.fault(step.name, sides[0].text, "another quantity")
        if not isinstance(step.expr, Apply) or step.expr.op.name != "choose":
            if len(sides) > 2:
                self.fault(step.name, sides[1].text, "nobody can tell what this is")
            return
        labels = dict(step.expr.params)["labels"]
        if self.samples is not None and set(labels) - set(self.samples.features):
            self.fault(step.name, str(labels), "these are no columns")
        by = models.BY.get(self.samples.criterion, "gain") if self.samples is not None else ""
        if len(sides) != 3 or written_words(sides[1].text) != f"argmax {by}":
            self.fault(step.name, str(sides), f"the argmax of the {by} and a label should stand here")
        if any(side.relation != "=" for side in sides[1:]):
            self.fault(step.name, str(sides), "a label is not rounded")

    def shortened(self, step: Step, sides: Sequence[Side]) -> None:
        """Of a long sum the first terms and the last stand there."""
        if not isinstance(step.expr, Apply) or r"\cdots" not in sides[1].text:
            return
        terms = [self.truth(arg) for arg in step.expr.args]
        shown = [None if term == Letter(r"\cdots") else term for term in summands(reread(sides[1].text))]
        if not _visible(shown, terms, lambda term, true: Reader().worth(term) == true):
            self.fault(step.name, sides[1].text, f"the terms are {told_all(np.array(terms, dtype=object))}")

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
        first: dict[str, list[Array]] = {}
        if step is not None:
            for name, value in [
                (step.name, computed),
                *((each, self.truths[each]) for each in symbols(step.expr)),
            ]:
                if not isinstance(value, str | dict):
                    first.setdefault(self.printed_name(name), []).append(tightened(value))
        names = Names(self, first)
        functions = {} if step is None else self.functions(step.expr)
        return Reader(names, self.derivation.rows, places=self.places, functions=functions)

    @property
    def places(self) -> bool:
        """Whether the digits of an index are places along several axes."""
        return self.solution.kind.name in ("conv2d", "pool2d")

    def functions(self, expr: Expr) -> dict[str, Callable[..., Array]]:
        """What the words and signs of a formula do that the page gives no numbers for: strides, windows."""
        if not isinstance(expr, Apply):
            return {}
        found = {name: each for arg in expr.args for name, each in self.functions(arg).items()}
        if expr.op.name in CALLED:
            called, operation = CALLED[expr.op.name]
            params, stated = dict(expr.params), self.derivation.quantities
            axes = [
                len(stated[arg.name].shape) if isinstance(arg, Sym) and arg.name in stated else 0
                for arg in expr.args
            ]

            def run(*args: Array) -> Array:
                args = tuple(
                    np.ravel(arg) if count == 1 else arg for arg, count in zip(args, axes, strict=False)
                )
                return spread(OPERATIONS[operation](*args, **params), self.derivation.rows)

            found[called] = run
        return found

    def printed_name(self, name: str) -> str:
        """The key of a name as it is printed in the current section."""
        if (self.path, name) not in self.keys:
            self.keys[self.path, name] = key(latex(self.author.writer.layout(Sym(name))))
        return self.keys[self.path, name]

    def named(self, printed: str) -> list[Array]:
        """The values that a letter may stand for, those of the current node first."""
        index = self.index.setdefault(self.path, {})
        for name in list(self.truths)[sum(map(len, index.values())) :]:
            index.setdefault(self.printed_name(name), []).append(name)
        found = sorted(
            index.get(printed, ()), key=lambda name: not (self.path and name.startswith(self.path))
        )
        return [
            tightened(self.truths[name]) for name in found if not isinstance(self.truths[name], str | dict)
        ]

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
            parts_ = number.args if isinstance(number, Call) else (number,)  # 2/5, or a count over a count
            if any(explains(number, entry, slack) for entry in true) or all(
                part in LITERALS or any(explains(part, entry, slack) for entry in true)  # type: ignore[arg-type]
                for part in parts_
            ):
                continue
            self.fault(where, side.text, f"{number} is none of the numbers of this line, rounded")
        for constant, value in constants:
            text = latex(self.author.writer.value(constant.value))
            sought = text.removeprefix("-") if not constant.value.shape else text  # a minus may be the sum's
            if r"\cdots" in side.text:
                continue
            if sought not in side.text:
                self.fault(where, side.text, f"{text} should stand here")
            elif not self.placed(text, value, slack):
                self.fault(where, side.text, f"{text} stands for {told_all(value)}")

    def in_order(self, where: str, side: Side, line: Expr) -> None:
        """The numbers of a line stand in it one after the other, also those whose effect is rounded away."""
        if self.solution.kind.name not in PICTURED:  # indices of iterates are numbers, too
            return
        try:
            printed = [
                part
                for number in numerals(reread(side.text))
                for part in (number.args if isinstance(number, Call) else (number,))
            ]
        except Unreadable:
            return  # told already
        wanted = self.in_line(line)
        if wanted is None or r"\cdots" in side.text:
            return
        slack = self.printing if side.relation == r"\approx" else exactly
        rest = list(printed)
        for true in wanted:
            if rest and explains(rest[0], true, slack):
                rest.pop(0)
            elif len(rest) > 1 and explains(Call("/", tuple(rest[:2])), true, slack):
                rest[:2] = []
            else:
                self.fault(where, side.text, f"{told(true)} should stand in its place")
                return
        if rest:
            self.fault(where, side.text, f"{rest[0]} is one number too many")

    def in_line(self, line: Expr) -> list[Real] | None:
        """The numbers of an expression as they stand in its line, without signs; None where that is not so simple."""
        if isinstance(line, Sym):
            return []
        if isinstance(line, Const):
            return None if line.value.shape or line.value.label else [abs(self.truth(line))]
        assert isinstance(line, Apply)
        parts_ = [self.in_line(arg) for arg in line.args]
        if None in parts_ or line.op.name not in models.IN_A_LINE:
            return None
        return models.IN_A_LINE[line.op.name](*parts_)

    def placed(self, text: str, value: Array, slack: Slack | None = None) -> bool:
        """Whether a printed table or number is the true one, each entry rounded to the digits shown."""
        return placed(reread(text), value, slack or self.printing, self.derivation.rows)

    def shape(self, step: Step, text: str) -> None:
        """`z ∈ ℝ²`."""
        sizes = [int(size) for size in re.findall(r"\d+", text.rpartition(r"\mathbb{R}")[2])]
        if key(text.partition(r"\in")[0]) != self.printed_name(step.name):
            self.fault(step.name, text, "the shape of another quantity")
        if tuple(sizes) != np.shape(self.truths.get(step.name, self.truth(step.expr))):
            self.fault(step.name, text, f"the shape is {np.shape(self.truth(step.expr))}")

    # Given, Method, Answer, and the note on digits

    def facts(self) -> None:
        for block in self.page:
            if not isinstance(block, blocks.Facts):
                continue
            if block.label == "Method":
                for chain in block.items:
                    self.method(sides_of(chain))
            else:
                self.quantities(block)

    def quantities(self, block: blocks.Facts) -> None:
        """What is given, asked and answered."""
        match block.label:
            case "Given":
                names = [each.name for each in self.derivation.given]
                self.listed("Given", names, block.items, Printing(self.rounding))
            case "Answer":
                names = [name for name in self.solution.ask if not models.is_tree(self.truths[name])]
                self.listed("Answer", names, block.items, Printing(self.rounding, working=False))
            case "Find":
                self.listed("Find", self.solution.ask, block.items, None)
            case label:
                self.fault(label, "", "nobody can tell what this list is")

    def listed(
        self, label: str, names: Sequence[str], chains: Sequence[Chain], printing: Printing | None
    ) -> None:
        """A list of quantities: each of them, an array as its matrices; what is left out stands in a table."""
        told = {name for name in names if any(name in each.cited for each in self.tables())}
        wanted = [
            (name, place) for name in names for place in (places_of(self.truths[name]) if printing else [()])
        ]
        gap, at, elsewhere = False, 0, 0
        for chain in chains:
            sides = sides_of(chain)
            elsewhere_ = re.fullmatch(r"\\text\{(?:the rest|it) stands in the tables\}", sides[0].text)
            if sides[0].text == r"\text{the tree below}" and any(map(models.is_tree, self.truths.values())):
                continue
            if sides[0].text == r"\cdots" or elsewhere_:
                gap = gap or sides[0].text == r"\cdots"
                continue
            if count := re.fullmatch(r"\\text\{(\d+) quantities (?:of|in) the tables below\}", sides[0].text):
                elsewhere = int(count[1])
                continue
            here = reread(sides[0].text)
            found = next((i for i in range(at, len(wanted)) if self.is_named(here, *wanted[i])), None)
            if found is None:
                self.fault(label, sides[0].text, "another quantity, or not in its place")
                continue
            skipped = {name for name, _ in wanted[at:found]}
            if skipped and not gap and not skipped <= told:
                self.fault(label, sides[0].text, f"{', '.join(sorted(skipped))} should stand before it")
            gap, at = False, found + 1
            if printing is not None:
                name, place = wanted[found]
                self.fact(f"{label} {name}", self.truths[name], place, sides, printing)
        skipped = {name for name, _ in wanted[at:]}
        if skipped and not gap and not skipped <= told:
            self.fault(label, "", f"{', '.join(sorted(skipped))} should stand here")
        if elsewhere and elsewhere != len([name for name in names if name in told]):
            self.fault(label, str(elsewhere), f"{len(told)} quantities stand in tables")

    def tables(self) -> Iterator[Table]:
        return (item for item in self.derivation.items if isinstance(item, Table))

    def is_named(self, node: Node, name: str, place: models.Place = ()) -> bool:
        """Whether a letter can be read as that of a quantity, with the place of a part of it behind: Y₁₂, Y₁,₁₂."""
        if not place:
            return written(node) == self.printed_name(name)
        marks = f"^{node.written}" if isinstance(node, Scripted) and node.written else ""
        ways = readings(node) if isinstance(node, Scripted) else ()
        return (self.printed_name(name), tuple(i + 1 for i in place)) in [
            (base + marks, digits) for base, digits in ways
        ]

    def fact(
        self, where: str, value: Array, place: models.Place, sides: Sequence[Side], printing: Printing
    ) -> None:
        """One quantity, or the part of it at a place, as it is given or answered."""
        value = value[place] if place else value
        if isinstance(value, str):
            if [side.text for side in sides[1:]] != [latex(Word(value))]:
                self.fault(where, sides[-1].text, f"it is {value}")
            return
        for side in sides[1:]:
            slack = printing if side.relation == r"\approx" else exactly
            if not placed(reread(side.text), value, slack, self.derivation.rows):
                self.fault(where, f"{side.relation} {side.text}", f"the value is {told_all(value)}")

    def matrices(
        self, where: str, name: str, chains: Sequence[Chain], value: Array, printing: Printing
    ) -> None:
        """The matrices of an array with more than two axes, each under its place."""
        places = places_of(value)
        for chain in chains:
            sides = sides_of(chain)
            if sides[0].text == r"\cdots" and len(places) > 1:
                places = places[-1:]
                continue
            place = places.pop(0) if places else None
            if place is None or not self.is_named(reread(sides[0].text), name, place):
                self.fault(where, sides[0].text, "another part of the array")
                continue
            self.fact(where, value, place, sides, printing)
        if places:
            self.fault(where, str(places), "these matrices are missing")

    # Entries and pictures

    def look_at_entries(self, item: Entries, made: Sequence[blocks.Block]) -> None:
        """The entries of an array: the first one from its window, the others after it."""
        step = next(step for step in self.derivation.steps if step.name == item.name)
        computed = self.truth(step.expr)
        shape = np.shape(computed)
        places = list(np.ndindex(*shape)) if shape else [()]
        shown = 0
        for number, block in enumerate(block for block in made if isinstance(block, blocks.Step)):
            if number == 0 and item.window:
                self.pictures(step, item.of, block.grids)
            for chain in block.chains:
                sides = sides_of(chain)
                if sides[0].text == r"\cdots":
                    continue
                node = reread(sides[0].text)
                place = next((each for each in places[shown:] if self.is_named(node, item.name, each)), None)
                if place is None or (number == 0 and place != places[0]):
                    self.fault(item.name, sides[0].text, "another entry")
                    continue
                true = self.entry(step, place, sides, computed)
                self.as_titled(words((*block.title, *block.why)), sides, true)
                shown += 1
        notes = {words(note.text) for note in made if isinstance(note, blocks.Note)}
        drawn = sum(len(block.grids) for block in made if isinstance(block, blocks.Step))
        lie_in = len({cell[:-2] for cell in item.window})
        wanted = {f"{more(lie_in - drawn, 'matrix', 'matrices')} not drawn."} if lie_in > drawn else set()
        if made and shown < len(places):
            wanted.add(f"{more(len(places) - shown, 'entry', 'entries')} left out.")
        if made and notes != wanted:
            self.fault(item.name, str(notes), f"it should be {wanted}")

    def entry(self, step: Step, place: models.Place, sides: Sequence[Side], computed: Array) -> models.Entry:
        """One entry: its chain is true, and its first line is the window, number by number."""
        value = computed[place] if place else computed
        where = f"{step.name}{list(place)}"
        reader = self.reader(step, computed)
        self.relations(where, reader, sides, value)
        if not self.placed(sides[-1].text, value):
            self.fault(where, sides[-1].text, f"the value is {told(value)}")
        assert isinstance(step.expr, Apply)
        args = [self.truth(arg) for arg in step.expr.args]
        params = dict(step.expr.params)
        true = models.entry_of(step.expr.op.name, params, args, place)
        slack = self.printing if sides[1].relation == r"\approx" else exactly
        if why := self.unlike(reread(sides[1].text), true, slack):
            self.fault(where, sides[1].text, why)
        return true

    def unlike(self, tree: Node, true: models.Entry, slack: Slack) -> str:
        """Why a first line is not that of an entry: products, what they are worth, or the sums of the channels."""
        if true.cells:
            return self.unlike_window(tree, true, slack)
        bias = [] if true.bias is None else [true.bias]
        terms = summands(tree)
        if len(terms) == len(true.products) + len(bias) and all(
            pair_of(term, *pair, slack) for term, pair in zip(terms, true.products, strict=False)
        ):
            behind = terms[len(true.products) :]
            if all(single(term, number, slack) for term, number in zip(behind, bias, strict=True)):
                return ""
        values = [models.multiply(x, k) for x, k in true.products]
        without_zeros = [value for value in [*values, *bias] if value != 0] or [Fraction(0)]
        for wanted in ([*values, *bias], without_zeros, [*true.channels, *bias]):
            if len(terms) == len(wanted) and all(
                single(term, value, slack) for term, value in zip(terms, wanted, strict=True)
            ):
                return ""
        pairs = " + ".join(f"{told(x)}·{told(k)}" for x, k in true.products)
        return f"the window is {pairs} + {told_all(np.array(bias, dtype=object))}"

    def unlike_window(self, tree: Node, true: models.Entry, slack: Slack) -> str:
        """The same for the window of a pooling."""
        if true.over:
            if isinstance(tree, Call) and tree.name == "negative" and len(true.cells) == 1:  # −1.5/1
                return self.unlike(tree.args[0], true._replace(cells=(-true.cells[0],)), slack)
            if not isinstance(tree, Call) or tree.name not in ("/", "frac"):
                return "this is no mean"
            top, bottom = tree.args
            if not single(bottom, Fraction(true.over), exactly):
                return f"the sum is divided by {true.over}"
            terms = summands(top)
        elif not isinstance(tree, Call) or tree.name != "max":
            return "this is no largest number"
        else:
            terms = list(tree.args)
        if len(terms) != len(true.cells) or not all(
            single(term, cell, slack) for term, cell in zip(terms, true.cells, strict=True)
        ):
            return f"the window holds {told_all(np.array(true.cells, dtype=object))}"
        return ""

    def as_titled(self, title: str, sides: Sequence[Side], true: models.Entry) -> None:
        """The lines of entries are written as the words above them say."""
        terms = summands(reread(sides[1].text))
        products = [term for term in terms if isinstance(term, Call) and term.name == "times"]
        noughts = [term for term in terms if single(term, Fraction(0), exactly)]
        noughts += [term for term in products if any(single(arg, Fraction(0), exactly) for arg in term.args)]
        why = ""
        if "already multiplied" in title and products:
            why = "the products are not multiplied"
        elif "that are 0 are left out" in title and noughts and len(terms) > 1:
            why = "products that are 0 are not left out"
        elif "one number for each channel" in title and len(terms) != len(true.channels) + (
            true.bias is not None
        ):
            why = f"there are {len(true.channels)} channels"
        if why:
            self.fault(title, sides[1].text, why)

    def pictures(self, step: Step, of: str, grids: Sequence[blocks.Grid]) -> None:
        """The matrices that the first entry is made of, with the cells of its window marked."""
        assert isinstance(step.expr, Apply)
        value = self.truths[of]
        first = (0,) * np.ndim(self.truth(step.expr))
        params = dict(step.expr.params)
        window = models.window_of(step.expr.op.name, params, np.shape(value), first, of == "X_padded")
        seen = list(dict.fromkeys(cell[:-2] for cell in window))
        if len(grids) != len(seen) and len(grids) < 4:
            self.fault(step.name, f"{len(grids)} pictures", f"the window lies in {len(seen)} matrices")
        for front, grid in zip(seen, grids, strict=False):
            marked = {(cell[-2], cell[-1]) for cell in window if cell[:-2] == front}
            if not self.is_named(reread(latex(grid.name)), of, front):
                self.fault(step.name, latex(grid.name), "a picture of something else")
            self.picture(f"picture of {of}{list(front)}", grid, value[front], marked)

    def picture(self, where: str, grid: blocks.Grid, value: Array, marked: set[models.Pair]) -> None:
        """One matrix from its first cell, and how it is drawn."""
        rows, columns = np.shape(value)
        texts = [[latex(cell) for cell in row] for row in grid.cells]
        more = [r"\vdots" in "".join(texts[-1]), texts[0][-1] == r"\cdots"]
        down, across = len(texts) - more[0], len(texts[0]) - more[1]
        if (down < rows) != more[0] or (across < columns) != more[1]:
            self.fault(where, f"{down} × {across}", f"there are {rows} × {columns} cells")
        for i, j in itertools.product(range(min(down, rows)), range(min(across, columns))):
            if not single(reread(texts[i][j]), value[i, j], self.printing):
                self.fault(where, texts[i][j], f"at {i}, {j} stands {told(value[i, j])}")
        if set(grid.marked) != marked or any(i >= down or j >= across for i, j in marked):
            self.fault(where, str(sorted(grid.marked)), f"the window is {sorted(marked)}")
        name, *lines = pictures([grid], 10_000)
        drawn, framed = models.picture(lines)
        if name.strip() != linear(grid.name) or framed != set(grid.marked):
            self.fault(where, "\n".join([name, *lines]), f"drawn are the cells {sorted(framed)}")
        if drawn != [[linear(cell) for cell in row] for row in grid.cells]:
            self.fault(where, "\n".join([name, *lines]), "other numbers are drawn")

    # Tables and trees

    def look_at_table(self, item: Table, block: blocks.Table) -> None:
        """A table: its counts and values, and how it is drawn."""
        self.table(block, item)
        self.drawn(block)

    def worked(self, item: Table) -> None:
        """The chains of steps that stand in a table, without their names."""
        for row in () if callable(item.rows) else item.rows:
            for cell in row:
                if isinstance(cell, Worked):
                    step = self.author.steps[cell.name]
                    self.step(step, self.truth(step.expr), self.sides(step))

    def table(self, block: blocks.Table, item: Table) -> None:
        """The cells of a table: counted again, and the values of the quantities that they are for."""
        faults = []
        if self.samples is not None:
            faults = list(gain_faults(self, self.samples, block))
        elif self.network is not None:
            faults = list(layer_faults(self, self.network, block))
        else:
            faults = ["nobody can tell what this table says"]
        for why in faults:
            self.fault(words(block.title) or "table", why, "")
        if not callable(item.rows):
            self.cited(block, item)

    def cited(self, block: blocks.Table, item: Table) -> None:
        """What cells say of a step is that step's chain or value."""
        rows = list(item.rows)  # type: ignore[arg-type]
        heads = [words(self.author.prose(column.head)) for column in item.columns]
        columns = [heads.index(words(head)) for head in block.head]
        shown = [row for row in block.rows if not isinstance(row, int)]
        left_out = next((row for row in block.rows if isinstance(row, int)), 0)
        if len(shown) + left_out != len(rows):
            self.fault(words(block.title), f"{len(shown)} rows and {left_out}", f"there are {len(rows)}")
            return
        cut = next((i for i, row in enumerate(block.rows) if isinstance(row, int)), len(rows))
        for cells, made in zip(shown, [*rows[:cut], *rows[cut + left_out :]], strict=True):
            for cell, place in zip(cells, columns, strict=True):
                match made[place]:
                    case Worked(name):
                        first, *others = self.sides(self.author.steps[name])[1:]
                        sides = sides_of(cell) if isinstance(cell, Chain) else []
                        if [side.text for side in sides] != [first.text, *(side.text for side in others)]:
                            self.fault(name, str([side.text for side in sides]), "its chain is another")
                        if [side.relation for side in sides[1:]] != [side.relation for side in others]:
                            self.fault(name, str(sides), "its relations are others")
                    case Result(name):
                        text = latex(cell[0]) if isinstance(cell, tuple) and len(cell) == 1 else str(cell)
                        if not self.placed(text, self.truths[name], self.printing):
                            self.fault(name, text, f"the value is {told_all(self.truths[name])}")

    def drawn(self, block: blocks.Table) -> None:
        """The table in the terminal says the same as the block, in each of its columns."""
        expected = [expected_text(head) for head in block.head]
        for row in block.rows:
            for place, cell in enumerate(() if isinstance(row, int) else row):
                expected[place] += expected_text(cell)
        for room in (80, 10_000):
            lines = [line for line in draw_table(block, room) if not line.startswith("⋯ ")]
            found = models.drawn_table(lines)
            if found is None:
                if re.sub(r"[\s\0]", "", "".join(lines)) and room > 80:
                    self.fault(words(block.title), "\n".join(lines), "it is not drawn as a table")
                continue
            for place, text in enumerate(expected):
                drawn = "".join(row[place] for row in found)
                if drawn != text:
                    self.fault(words(block.title), drawn, f"drawn in {room} columns: it should be {text}")

    def trees(self) -> None:
        """A tree is drawn as it is; each node of it is the best column there, each leaf a most frequent label."""
        names = [name for name in self.solution.ask if models.is_tree(self.truths[name])]
        for block in self.page:
            if isinstance(block, blocks.Tree):
                self.audited.append(signature(block))
                if not names:
                    self.fault("tree", words(block.text), "nobody asked for this tree")
                    continue
                self.tree(block, names.pop(0))
        if names:
            self.fault("tree", str(names), "these trees are not drawn")

    def tree(self, block: blocks.Tree, name: str) -> None:
        true = self.truths[name]
        expected = models.as_drawn(linear(self.author.name(name)), true)
        if block_of_tree(block) != expected:
            self.fault(name, str(block_of_tree(block)), f"the tree is {true}")
        drawn = models.drawn_tree(draw_tree(block, 10_000))
        if drawn != expected:
            self.fault(name, str(drawn), f"drawn should be {expected}")
        if self.samples is not None:
            for path, why in models.tree_faults(self.samples, true, self.truths, name.removesuffix("tree")):
                self.fault(f"{name} at {path or 'the root'}", str(true), why)

    # The method

    def method(self, sides: Sequence[Side]) -> None:
        """The formulas of the method hold for the first values on the board; in a network, for each layer."""
        formulas = set(self.activations())
        if any(r"\varphi" in side.text for side in sides):
            if len(formulas) < 2:
                self.fault("Method", sides[-1].text, f"the activation is always {''.join(formulas)}")
            return
        if self.network is not None:
            self.rule(self.network, sides)
            return
        update = sides[-1].relation == r"\leftarrow"
        if update and len(formulas) > 1:
            self.fault("Method", sides[-1].text, "the layers' activations differ")
        for names in self.general_names():
            functions: dict[str, Callable[..., Array]] = {}
            for step in self.derivation.steps:
                functions = self.functions(step.expr) | functions
            reader = Reader(names, self.derivation.rows, functions=functions)
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

    def rule(self, network: models.Network, sides: Sequence[Side]) -> None:
        """A formula of sizes or parameters holds for each layer that it is about."""
        left, tried = key(sides[0].text), 0
        for letters, true in network.letters(left, sides[1].text):
            tried += 1
            if true is None:  # as the step says, the last window is left out
                continue
            names = {name: [Fraction(value)] for name, value in letters.items()}
            try:
                worth = Reader(names).value(sides[1].text)
            except Unreadable as unreadable:
                self.fault("Method", sides[1].text, str(unreadable))
                return
            if worth != true:
                self.fault("Method", sides[1].text, f"with {letters} this is {worth}, not {true}")
                return
        if not tried:
            self.fault("Method", f"{sides[0].text} = {sides[1].text}", "there is no such layer")

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
        if self.solution.kind.name in models.GENERAL:
            for values in models.GENERAL[self.solution.kind.name](truths, self.samples):
                letters: dict[str, list[Array]] = {}
                for name, value in sorted(values.items(), key=lambda pair: np.ndim(pair[1])):
                    letters.setdefault(self.printed_name(name), []).append(tightened(value))
                yield letters
            return
        names = {}
        for name, value in truths.items():
            if isinstance(value, str | dict):
                continue
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


CALLED = {
    "correlate": ("star", "correlate"),
    "correlate_bias": ("star", "correlate"),
    "transposed_convolution": ("convᵀ", "transposed_convolution"),
    "transposed_convolution_bias": ("convᵀ", "transposed_convolution"),
    "pad": ("pad", "pad"),
    "flip": ("flip", "flip"),
    "flatten": ("flatten", "flatten"),
    "max_pool": ("maxpool", "max_pool"),
    "argmax_pool": ("argmax", "argmax_pool"),
    "average_pool": ("avgpool", "average_pool"),
}
"""How operations are called on a page, and what that does to arrays (a bias is added behind it)."""

TOLD = ("computing with the printed digits", "within a step the full values are carried")
"""How a page says that numbers behind ≈ are not computed from the printed digits."""

LITERALS = {Numeral("0"), Numeral("1"), Numeral("2")}
"""Numbers that belong to a formula: 1/(1 + e^−z), ‖w‖²."""


def sides_of(chain: Chain) -> list[Side]:
    """The sides of a chain as printed."""
    return [Side(*link, made=link[1]) for link in links(latex_chain(chain))]


def signature(block: blocks.Block) -> Any:
    """What a block says, without its number and the reason, which is given once."""
    match block:
        case blocks.Step():
            return "step", block.title, block.chains, block.aside, block.grids
        case blocks.Table():
            return "table", block.title, block.head, block.rows
        case blocks.Section():
            return "section", block.title
        case blocks.Note():
            return "note", block.text
    return block


def more(count: int, one: str, several: str) -> str:
    """`2 more entries are`."""
    return f"{count} more {one if count == 1 else several} {'is' if count == 1 else 'are'}"


def written_words(text: str) -> str:
    """The words of a line in LaTeX."""
    return " ".join(re.sub(r"\\(?:text|operatorname)\{([^{}]*)\}|\\", r" \1 ", text).split())


def words(prose: blocks.Prose) -> str:
    """A sentence as text."""
    return "".join(part if isinstance(part, str) else linear(part) for part in prose)


def places_of(value: Array) -> list[models.Place]:
    """The matrices of an array by their places; of a number, a vector or a matrix the whole of it."""
    return list(np.ndindex(*np.shape(value)[:-2])) if np.ndim(value) > 2 else [()]


def summands(tree: Node) -> list[Node]:
    """The terms of a sum."""
    if isinstance(tree, Call) and tree.name in ("+", "-"):
        first, last = tree.args
        if tree.name == "+":
            return [*summands(first), *summands(last)]
        return [*summands(first), Call("negative", (last,))]
    return [tree]


def pair_of(term: Node, x: Real, k: Real, slack: Slack) -> bool:
    """Whether a term is the product of two numbers, in this order."""
    if not isinstance(term, Call) or term.name != "times":
        return False
    return single(term.args[0], x, slack) and single(term.args[1], k, slack)


def expected_text(cell: blocks.Prose | Chain) -> str:
    """What a cell of a table says, without any space."""
    parts = (
        cell if not isinstance(cell, Chain) else [cell.first, *(part for link in cell.links for part in link)]
    )
    text = "".join(part if isinstance(part, str) else "".join(box(part).lines) for part in parts)
    return re.sub(r"\s", "", models.columns_of(text)).replace("\0", "")


def block_of_tree(block: blocks.Tree) -> Any:
    """The nested mapping of what a tree says."""
    text = words(block.text)
    if not block.branches:
        return text
    below: dict[str, Any] = {}
    for edge, node in block.branches:
        found = block_of_tree(node)
        label = words(edge)
        if isinstance(found, str):
            below[label + found] = []
        else:
            ((first, inner),) = found.items()
            below[label + first] = inner
    return {text: below}


def gain_faults(audit: Audit, samples: models.Samples, block: blocks.Table) -> Iterator[str]:
    """What is false in a table about columns of samples."""
    slack = audit.printing

    def shows(cell: Any, true: Real) -> bool:
        """Whether a cell shows a number."""
        node = reread(latex(cell[0])) if len(cell) == 1 and not isinstance(cell[0], str) else None
        return node is not None and single(node, true, slack)

    def worth(cell: Any) -> Node:
        """What a chain in a cell comes to."""
        return reread(sides_of(cell)[-1].text)

    yield from models.SampleTable(
        samples,
        audit.path,
        words(block.title),
        [words(head) for head in block.head],
        [row for row in block.rows if not isinstance(row, int)],
        sum(row for row in block.rows if isinstance(row, int)),
        shows,
        lambda cell, true: single(worth(cell), true, slack),
        audit.truths,
    ).faults()


def layer_faults(audit: Audit, network: models.Network, block: blocks.Table) -> Iterator[str]:
    """What is false in a table of layers."""

    def shows(cell: Any, true: Array) -> bool:
        text = latex(cell[0]) if len(cell) == 1 and not isinstance(cell[0], str) else ""
        return bool(text) and audit.placed(text, true, exactly)

    def comes_to(cell: Any, true: Array) -> bool:
        return isinstance(cell, Chain) and audit.placed(sides_of(cell)[-1].text, true, exactly)

    rows = [row for row in block.rows if not isinstance(row, int)]
    left_out = sum(row for row in block.rows if isinstance(row, int))
    yield from models.network_faults(
        network, [words(head) for head in block.head], rows, left_out, shows, comes_to
    )


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

    return over_entries(middle, 1)(worth)


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
    if isinstance(tree, Call) and tree.name == "sizes":
        return len(tree.args) == np.size(value) and all(map(partial(single, slack=slack), tree.args, value))
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
    if not isinstance(tree, Numeral) and not is_ratio(tree):
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
    return models.grid(*value, shape=(len(value),)) if isinstance(value, list) else value


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


GAIN_FOLDER = PROBLEMS / "info-gain"
"""Where the CSV files of problems are."""


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
    (found,) = read_problems(source_of(problem), kinds.fields_of, kinds.names)
    if isinstance(found, Refused):
        return []
    solution = kinds.solve(found)
    return Audit(solution, solution.problem.rounding, detail, problem).all_faults()


def source_of(problem: Mapping[str, Any]) -> Source:
    """The file of a problem, in the folder of its data."""
    return Source(str(GAIN_FOLDER / "problem.yaml"), as_yaml(problem))


def check(
    problem: Mapping[str, Any], rounding: Mapping[str, Any] | None, detail: Detail, refused: bool = True
) -> None:
    """Nothing on the page of a problem is false; it may be `refused`."""
    changed = {**copy.deepcopy(dict(problem))}
    if rounding is not None:
        changed["rounding"] = dict(rounding)
    faults = faults_of(changed, detail) if refused else audit_of(changed, detail).all_faults()
    assert not faults, f"{len(faults)} faults\n" + "\n".join(map(str, faults[:8]))


def audit_of(problem: Mapping[str, Any], detail: Detail = Detail.FULL) -> Audit:
    """The page of a problem, to be looked into."""
    (found,) = read_problems(source_of(problem), kinds.fields_of, kinds.names)
    assert not isinstance(found, Refused), "\n".join(map(draw, found.errors))
    solution = kinds.solve(found)
    return Audit(solution, solution.problem.rounding, detail, problem)


WORKED_OUT = [(name, Detail.NORMAL) for name in FILES]
WORKED_OUT += [(name, Detail.FULL) for name in FILES if not name.startswith(("info-gain", "cnn-shapes"))]


@pytest.mark.parametrize(
    ("name", "detail"), WORKED_OUT, ids=lambda part: getattr(part, "name", str(part)).lower()
)
def test_problems_of_the_program(name: str, detail: Detail) -> None:
    check(FILES[name], None, detail, refused=False)


PICTURES = ("conv2d", "pool2d", "info-gain", "cnn-shapes")
SOME = [
    pytest.param(name, marks=[pytest.mark.fuzz] if FILES[name]["kind"] in PICTURES and place % 3 else [])
    for place, name in enumerate(FILES)
]
"""All problems; of the longest pages two thirds are left to `make fuzz`."""


@pytest.mark.parametrize("name", SOME)
def test_problems_of_the_program_rounded_otherwise(name: str) -> None:
    place = list(FILES).index(name)
    roundings = [ROUNDINGS[1 + place % 5], ROUNDINGS[6 + place % 4]]
    pictured = FILES[name]["kind"] in PICTURED
    for rounding in roundings[place % 2 :: 2] if pictured else roundings:
        check(FILES[name], rounding, Detail.FULL)


DETAILS = st.sampled_from(Detail)
ANY = st.one_of(problems_logistic(), problems_mlp(), problems_softmax())
PICTURED = {
    "conv2d": problems_conv2d(),
    "pool2d": problems_pool2d(),
    "info-gain": problems_info_gain(),
    "cnn-shapes": problems_cnn_shapes(),
}
NEW = st.one_of(*PICTURED.values())


@settings(max_examples=60)
@given(problem=ANY, rounding=st.sampled_from(ROUNDINGS), detail=DETAILS)
def test_random_problems(problem: dict[str, Any], rounding: dict[str, Any] | None, detail: Detail) -> None:
    check(problem, rounding, detail)


def asking(problem: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The problem, in every other case asking for some of its quantities."""
    (found,) = read_problems(source_of(problem), kinds.fields_of, kinds.names)
    if isinstance(found, Refused) or seed % 2:
        return dict(problem)
    dice = random.Random(seed)
    names = list(kinds.solve(found).derivation.quantities)
    return {**problem, "ask": dice.sample(names, min(len(names), dice.choice((1, 2, 4, 30))))}


@pytest.mark.parametrize("kind", PICTURED)
@settings(max_examples=15)
@given(data=st.data(), rounding=st.sampled_from(ROUNDINGS), detail=DETAILS, seed=st.integers(0, 99))
def test_random_pictures_tables_and_trees(
    kind: str, data: st.DataObject, rounding: dict[str, Any] | None, detail: Detail, seed: int
) -> None:
    check(asking(data.draw(PICTURED[kind]), seed), rounding, detail)


@pytest.mark.fuzz
@given(problem=NEW, rounding=st.sampled_from(ROUNDINGS), detail=DETAILS, seed=st.integers(0, 99))
def test_many_random_pictures_tables_and_trees(
    problem: dict[str, Any], rounding: dict[str, Any] | None, detail: Detail, seed: int
) -> None:
    check(asking(problem, seed), rounding, detail)


@pytest.mark.fuzz
@given(problem=ANY, rounding=st.sampled_from(ROUNDINGS), detail=DETAILS)
def test_many_random_problems(
    problem: dict[str, Any], rounding: dict[str, Any] | None, detail: Detail
) -> None:
    check(problem, rounding, detail)


@pytest.mark.fuzz
@given(problem=st.one_of(ANY, NEW), detail=DETAILS)
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
    "the column of a bias beside the rows of several images": {
        "kind": "conv2d",
        "given": {
            **{"input": [[[[1, 2]]], [[[3, 4]]]], "kernel": [[1]]},
            "then": [{"dense": {"W": [[1, 0], [1, 1]], "b": [5, 6]}}, "softmax"],
        },
    },
    "a list of one bias is no matrix of one number": {
        "kind": "conv2d",
        "given": {"input": [[1, 2, 3], [3, 4, 5]], "kernel": [[1, 1]], "bias": [5]},
    },
    "products that are 0 are left out beside a root, too": {
        "kind": "conv2d",
        "given": {"input": [["sqrt(2)", 2, 3]], "kernel": [[0, 1]]},
    },
    "what is called tanh is not the tanh of the matrix behind it": {
        "kind": "conv2d",
        "given": {
            **{"input": [[[[1, 2]]], [[[3, 4]]]], "kernel": [[1]]},
            "then": ["flatten", "tanh", {"dense": {"W": [[1, 0], [1, 1]]}}],
        },
    },
    "a negative fraction over a number": {
        "kind": "pool2d",
        "given": {"input": [["-1/7", 1]], "type": "avg", "size": 1},
    },
    "several filters for each channel": {
        "kind": "cnn-shapes",
        "given": {"input": "9x9x2", "layers": [{"depthwise_conv": {"kernel": 3, "multiplier": 2}}]},
    },
    "a transposed convolution with a dilation and an output padding": {
        "kind": "cnn-shapes",
        "given": {
            "input": "9x9x2",
            "layers": [
                {
                    "conv_transpose": {
                        "filters": 1,
                        "kernel": 3,
                        "dilation": 2,
                        "stride": 2,
                        "output_padding": 1,
                    }
                }
            ],
        },
    },
}


def test_few_columns_are_worked_out_below_the_root_of_a_long_table() -> None:
    choose = random.Random(1)
    head = [*(f"c{place}" for place in range(14)), "y"]
    rows = [[*(choose.choice("abc") for _ in head[1:]), choose.choice("nop")] for _ in range(150)]
    given = {
        "rows": [dict(zip(head, row, strict=True)) for row in rows],
        "target": "y",
        "task": "tree",
        "max_depth": 2,
    }
    problem = {"kind": "info-gain", "given": given}
    check(problem, None, Detail.NORMAL, refused=False)
    notes = [
        "".join(map(str, note.text))
        for note in audit_of(problem, Detail.NORMAL).page
        if isinstance(note, blocks.Note)
    ]
    others = [text for text in notes if text.endswith("worked out in the same way.")]
    assert others == [
        "2 other columns: worked out in the same way.",
        *["7 other columns: worked out in the same way."] * 3,
    ]


@pytest.mark.parametrize("why", FOUND)
def test_what_was_false_once(why: str) -> None:
    for detail in (Detail.NORMAL, Detail.FULL):
        check(FOUND[why], None, detail, refused=False)


@pytest.mark.parametrize("why", FOUND)
def test_terminal_says_the_same_of_what_was_false_once(why: str) -> None:
    assert not drawn_otherwise(audit_of(FOUND[why]))


# ---------------------------------------------------------------- the terminal


def layouts(audit: Audit) -> Iterator[tuple[Layout, str]]:
    """Every side on a page, with its LaTeX."""
    chains = [chain for _, chain in audit.step_chains()]
    chains += [chain for block in audit.page if isinstance(block, blocks.Facts) for chain in block.items]
    tables = (block for block in audit.page if isinstance(block, blocks.Table))
    cells = [cell for table in tables for row in table.rows if not isinstance(row, int) for cell in row]
    chains += [cell for cell in cells if isinstance(cell, Chain)]
    for chain in chains:
        for layout in (chain.first, *(layout for _, layout in chain.links)):
            yield layout, latex(layout)


def names_in(text: str) -> list[str]:
    """The texts on a line that are no words of letters alone, the longest first."""
    found = re.findall(r"\\text\{((?:[^{}\\]|\\.|\{\})*)\}", text)
    odd = {name for name in found if not re.fullmatch(r" \w+ |[A-Za-z]{2,}(?:-[a-z]+)?", name)}
    return sorted(odd, key=len, reverse=True)


def drawn_otherwise(audit: Audit) -> str:
    """The first formula that is another one in the terminal's text; empty if there is none."""
    for layout, text in layouts(audit):
        drawn = box(layout)
        names = names_in(text)
        try:
            again = reread(flattened(drawn.lines, drawn.baseline, names))
        except (Unreadable, ValueError, IndexError) as error:
            return f"{text}\n" + "\n".join(drawn.lines) + f"\n{error}"
        if again != reread(text):
            return f"{text}\n" + "\n".join(drawn.lines)
    return ""


@pytest.mark.parametrize("name", SOME)
def test_terminal_says_the_same(name: str) -> None:
    assert not drawn_otherwise(audit_of(FILES[name]))


@settings(max_examples=40)
@given(problem=st.one_of(ANY, NEW), detail=DETAILS)
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
    (chain,) = shown
    sides, printing = sides_of(chain), Printing(audit.rounding, working=label == "Given")
    audit.fact(label, audit.truths[name], (), sides, printing)
    assert not audit.faults, value
    sides[-1].text = sides[-1].text.replace(*wrong, 1)
    audit.fact(label, audit.truths[name], (), sides, printing)
    assert audit.faults


WINDOWS = {
    "kind": "conv2d",
    "given": {
        "input": [[[3, 1, 4, 1], [5, 9, 2, 6], [5, 3, 5, 8]], [[9, 7, 9, 3], [2, 3, 8, 4], [6, 2, 6, 4]]],
        "kernel": [[[[1, -2], [3, 0]], [[2, 1], [-1, 4]]], [[[0, 1], [1, 2]], [[5, 0], [0, -3]]]],
        "bias": ["1/3", -2],
        "mode": "convolution",
        "then": [
            "relu",
            {"maxpool": {"size": 2, "stride": 1}},
            "flatten",
            {"dense": {"W": [[1, 0.5, -1, 2]]}},
        ],
    },
}
STAMPS = {
    "kind": "conv2d",
    "given": {"input": [[1, 2], [3, 4]], "kernel": [[5, 6], [7, 8]], "mode": "transposed", "stride": [2, 1]},
}
POOLS = {
    "kind": "pool2d",
    "given": {
        "input": [[1, 2, 3], [4, 5, 7], [6, 8, 9]],
        "type": "avg",
        "size": 2,
        "padding": [1, 0],
        "stride": 2,
    },
    "ask": ["Y", "X_padded"],
}
MAXIMA = {
    "kind": "pool2d",
    "given": {
        "input": [[1, 5, 3, 2], [4, 2, 7, 9], [6, 8, 9, 1]],
        "size": 2,
        "stride": [1, 2],
        "dilation": [2, 1],
    },
    "ask": ["Y", "argmax"],
}
SAMPLES = {
    "kind": "info-gain",
    "given": {
        "table": "sky degrees wind play\nsun 31 no yes\nsun 25 yes no\nrain 12 no no\nrain 14 yes no\nfog 14 no yes",
        "target": "play",
        "task": "tree",
        "criterion": "gain-ratio",
    },
    "ask": ["H", "gain_ratio(sky)", "best", "tree", "training_error"],
}
GROUPS = {
    "kind": "info-gain",
    "given": {
        "counts": [5, 4, 3],
        "splits": {
            "hue": {"red": [3, 1, 0], "blue": [1, 1, 2], "green": [1, 2, 1]},
            "size": {"S": [4, 0, 1], "L": [1, 4, 2]},
        },
        "criterion": "gini",
        "binary": True,
    },
}
LAYERS = {
    "kind": "cnn-shapes",
    "given": {
        "input": "28x30x3",
        "layers": [
            {"conv": {"filters": 8, "kernel": [5, 3], "stride": 2, "padding": 1}},
            "batchnorm",
            {"maxpool": {"size": 3, "stride": 2, "ceil": True}},
            {"conv": {"filters": 16, "kernel": 3, "padding": "same", "groups": 2, "frozen": True}},
            {"conv": {"filters": 4, "kernel": 1, "from": "pool1"}},
            {"concat": {"from": ["conv2", "conv3"]}},
            "flatten",
            "FC-10",
        ],
    },
}
LAYERS["ask"] = [
    f"{name}.{part}" for name in ("conv1", "fc1") for part in ("shape", "params", "macs", "receptive_field")
]
PLANTABLE = {"windows": WINDOWS, "stamps": STAMPS, "pools": POOLS, "maxima": MAXIMA}
PLANTABLE |= {"samples": SAMPLES, "groups": GROUPS, "layers": LAYERS}


def with_changed_digits(part: Any) -> Iterator[Any]:
    """A printed thing with one digit made larger by one, each in turn; numbers of steps and reasons stay."""
    if isinstance(part, str):
        for digit in re.finditer(r"[0-9]", part):
            yield part[: digit.start()] + str((int(digit[0]) + 1) % 10) + part[digit.end() :]
    elif isinstance(part, tuple):
        for place, inner in enumerate(part):
            yield from (
                (*part[:place], changed, *part[place + 1 :]) for changed in with_changed_digits(inner)
            )
    elif isinstance(part, Record) and not isinstance(part, MathTable):
        for name in part.__match_args__:
            if name != "why":
                yield from (
                    part.but(**{name: changed}) for changed in with_changed_digits(getattr(part, name))
                )
    elif isinstance(part, MathTable):
        yield from (part.but(cells=changed) for changed in with_changed_digits(part.cells))


@pytest.mark.parametrize("name", PLANTABLE)
def test_every_changed_digit_of_a_page_is_found(name: str) -> None:
    """In chains, pictures, titles, the cells of tables, lists of quantities and trees; of many every other one."""
    audit = audit_of(PLANTABLE[name], Detail.NORMAL)
    tried, apart = 0, 2 if name in ("windows", "samples", "layers") else 1

    def found(look: Callable[[], None], changed: Any) -> None:
        nonlocal tried
        tried += 1
        if tried % apart:
            return
        with contextlib.suppress(
            KeyError, StopIteration, ValueError
        ):  # a branch or a letter that there is not
            look()
            assert audit.faults, changed
        audit.faults.clear()

    for item, computed in audit.items():
        if isinstance(item, Section):
            for text in with_changed_digits(audit.author.plain(item.title)):
                found(partial(audit.look_at_section, item, text), text)
        elif audit.author.wanted(item) and not isinstance(item, LeftOut):
            made = tuple(audit.author.item(item))
            audit.look_at(item, computed, made)
            assert not audit.faults, audit.faults[0]
            for place, block in enumerate(made):
                for changed in with_changed_digits(block):
                    found(
                        partial(audit.look_at, item, computed, (*made[:place], changed, *made[place + 1 :])),
                        changed,
                    )
    audit.path = ""
    audit.author.enter("")
    for block in audit.page:
        if isinstance(block, blocks.Facts) and block.label in ("Given", "Answer", "Find"):
            audit.quantities(block)
            assert not audit.faults, audit.faults[0]
            for changed in with_changed_digits(block.items):
                found(partial(audit.quantities, block.but(items=changed)), changed)
        elif isinstance(block, blocks.Tree):
            for changed in with_changed_digits(block):
                found(partial(audit.tree, changed, "tree"), changed)
    assert tried > 50


Made = tuple[Any, ...]


def planted_block(
    problem: Mapping[str, Any], wanted: Callable[[Item], bool], change: Callable[[Made], Made]
) -> list[Fault]:
    """What is found after the blocks of an item were changed."""
    audit = audit_of(problem, Detail.NORMAL)
    for item, computed in audit.items():
        if not wanted(item) or not audit.author.wanted(item):
            continue
        made = tuple(audit.author.item(item))
        audit.look_at(item, computed, made)
        assert not audit.faults, audit.faults[0]
        changed = change(made)
        assert changed != made, "nothing was changed"
        audit.look_at(item, computed, changed)
        return audit.faults
    raise KeyError


def entries_of(item: Item) -> bool:
    return isinstance(item, Entries)


def step_of(name: str) -> Callable[[Item], bool]:
    return lambda item: isinstance(item, Step) and item.name == name


def table_of(title: str) -> Callable[[Item], bool]:
    return lambda item: isinstance(item, Table) and title in str(item.title)


def turned(sequence: Sequence[Any], first: int, second: int) -> tuple[Any, ...]:
    """Two of a sequence exchanged."""
    result = list(sequence)
    result[first], result[second] = result[second], result[first]
    return tuple(result)


def block_but(place: int, **changes: Callable[[Any], Any]) -> Callable[[Made], Made]:
    """One of the blocks with fields changed."""
    return lambda made: (
        *made[:place],
        made[place].but(**{name: change(getattr(made[place], name)) for name, change in changes.items()}),
        *made[place + 1 :],
    )


def terms_exchanged(chains: Sequence[Chain]) -> tuple[Chain, ...]:
    """The first two summands of the first line, which leave the sum as it is."""
    (relation, first), *others = chains[0].links
    items = list(first.items)  # type: ignore[union-attr]
    second = next(place for place, item in enumerate(items) if getattr(item, "text", "") in ("+", "−"))
    third = next(
        place for place in range(second + 1, len(items)) if getattr(items[place], "text", "") in ("+", "−")
    )
    moved = MathRow((*items[second + 1 : third], items[second], *items[:second], *items[third:]))
    return (chains[0].but(links=((relation, moved), *others)), *chains[1:])


def with_frame(marked: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Another cell beside one in the frame."""
    return marked - {(0, 0)} | {(2, 2)}


def values_exchanged(chains: Sequence[Chain]) -> tuple[Chain, ...]:
    """The values of the last two matrices."""
    *others, first, second = chains
    return (*others, first.but(links=second.links), second.but(links=first.links))


def cells_exchanged(row: int, first: int, second: int) -> Callable[[Any], Any]:
    """Two cells of a row."""
    return lambda rows: (*rows[:row], turned(rows[row], first, second), *rows[row + 1 :])


PLANTED_BLOCKS: dict[str, tuple[Mapping[str, Any], Callable[[Item], bool], Callable[[Made], Made]]] = {
    "terms of a window exchanged": (WINDOWS, entries_of, block_but(0, chains=terms_exchanged)),
    "another cell framed": (
        WINDOWS,
        entries_of,
        block_but(0, grids=lambda grids: (grids[0].but(marked=with_frame(grids[0].marked)), *grids[1:])),
    ),
    "pictures exchanged": (WINDOWS, entries_of, block_but(0, grids=lambda grids: turned(grids, 0, 1))),
    "a picture left out": (WINDOWS, entries_of, block_but(0, grids=lambda grids: grids[1:])),
    "a row of a picture left out": (
        MAXIMA,
        entries_of,
        block_but(0, grids=lambda grids: (grids[0].but(cells=grids[0].cells[:-1]),)),
    ),
    "entries exchanged": (STAMPS, entries_of, block_but(1, chains=lambda chains: turned(chains, 0, 1))),
    "an entry left out": (STAMPS, entries_of, block_but(1, chains=lambda chains: chains[1:])),
    "the values of entries exchanged": (STAMPS, entries_of, block_but(1, chains=values_exchanged)),
    "matrices exchanged": (WINDOWS, step_of("Y"), block_but(0, chains=values_exchanged)),
    "a matrix left out": (WINDOWS, step_of("Y"), block_but(0, chains=lambda chains: chains[:-1])),
    "another formula of matrices": (
        WINDOWS,
        step_of("relu"),
        block_but(0, chains=lambda chains: (Chain(chains[0].first, (("=", MathLetter("K")),)), *chains[1:])),
    ),
    "another shape": (
        WINDOWS,
        step_of("relu"),
        block_but(0, aside=lambda aside: aside.but(items=(MathLetter("K"), *aside.items[1:]))),
    ),
    "another column is the best": (
        SAMPLES,
        step_of("best"),
        block_but(0, chains=lambda chains: (chains[0].but(links=(chains[0].links[0], ("=", Word("wind")))),)),
    ),
    "the columns of an argmax exchanged": (
        GROUPS,
        step_of("best"),
        block_but(0, chains=lambda chains: (Chain(chains[0].first, (chains[0].links[1],)),)),
    ),
    "a label counted as another": (
        SAMPLES,
        table_of("Split by"),
        block_but(0, rows=cells_exchanged(1, 1, 2)),
    ),
    "heads exchanged": (SAMPLES, table_of("Split by"), block_but(0, head=lambda head: turned(head, 1, 2))),
    "a branch left out": (SAMPLES, table_of("Split by"), block_but(0, rows=lambda rows: rows[1:])),
    "rows of gains exchanged": (
        SAMPLES,
        table_of("side by side"),
        block_but(0, rows=lambda rows: ((rows[0][0], *rows[1][1:]), (rows[1][0], *rows[0][1:]), *rows[2:])),
    ),
    "a sample twice": (SAMPLES, table_of("samples"), block_but(0, rows=lambda rows: (*rows[:-1], rows[0]))),
    "sides of a threshold exchanged": (
        SAMPLES,
        table_of("hresholds"),
        block_but(0, rows=cells_exchanged(0, 1, 2)),
    ),
    "groups exchanged": (
        GROUPS,
        table_of("two groups"),
        block_but(0, rows=lambda rows: ((*rows[0][:2], rows[1][2]), (*rows[1][:2], rows[0][2]), *rows[2:])),
    ),
    "another leaf": (
        SAMPLES,
        table_of("branches"),
        block_but(0, rows=lambda rows: tuple((*row[:2], ("leaf: yes",)) for row in rows)),
    ),
    "a layer left out": (LAYERS, table_of(""), block_but(0, rows=lambda rows: rows[1:])),
    "shapes exchanged": (
        LAYERS,
        table_of(""),
        block_but(0, rows=lambda rows: ((*rows[0][:2], rows[2][2], *rows[0][3:]), *rows[1:])),
    ),
    "parameters exchanged": (
        LAYERS,
        table_of(""),
        block_but(0, rows=lambda rows: ((*rows[0][:3], rows[3][3]), *rows[1:])),
    ),
}


@pytest.mark.parametrize("kind", PLANTED_BLOCKS)
def test_planted_falsehoods_of_pictures_and_tables_are_found(kind: str) -> None:
    assert planted_block(*PLANTED_BLOCKS[kind])


def with_leaves(block: blocks.Tree, text: str) -> blocks.Tree:
    """A tree whose last leaf has another label."""
    if not block.branches:
        return block.but(text=(*block.text[:-1], text))
    *others, (edge, below) = block.branches
    return block.but(branches=(*others, (edge, with_leaves(below, text))))


@pytest.mark.parametrize(
    "change",
    [
        lambda block: with_leaves(block, "no"),
        lambda block: with_leaves(block, "yes"),
        lambda block: block.but(branches=block.branches[1:]),
        lambda block: block.but(text=(*block.text[:-1], "wind")),
    ],
    ids=["a leaf", "the other leaf", "a branch left out", "another column"],
)
def test_planted_falsehoods_of_trees_are_found(change: Callable[[blocks.Tree], blocks.Tree]) -> None:
    audit = audit_of(SAMPLES)
    assert not audit.run()
    (block,) = (block for block in audit.page if isinstance(block, blocks.Tree))
    changed = change(block)
    audit.tree(changed, "tree")
    assert bool(audit.faults) == (changed != block)


@pytest.mark.parametrize("label", ["Given", "Answer"])
def test_planted_falsehoods_of_matrices_are_found(label: str) -> None:
    audit = audit_of({**WINDOWS, "ask": ["K'", "Y", "dense"]})
    assert not audit.run()
    (block,) = (block for block in audit.page if isinstance(block, blocks.Facts) and block.label == label)
    first, second = block.items[:2]
    exchanged_ = (first.but(links=second.links), second.but(links=first.links), *block.items[2:])
    for items in (
        exchanged_,
        block.items[1:],
        turned(block.items, 0, 1),
        block.items[:-1],
        (first, *block.items),
    ):
        audit.quantities(block.but(items=items))
        assert audit.faults, items
        audit.faults.clear()


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
