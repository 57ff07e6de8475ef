"""The board on which a solver writes, and the derivation that is left when it has finished."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from solver.expr.evaluate import Evaluator
from solver.expr.nodes import Expr, ShapeError, Sym, symbols
from solver.expr.rounding import Rounding, rounded
from solver.expr.values import Array, Domain, Shape, Undefined, Value, gather
from solver.record import Record

if TYPE_CHECKING:
    from solver.expr.edits import Slip


class Message(Record):
    """A sentence with arguments in braces: text, numbers, or expressions that are set as formulas.

    The template is the key under which a translation is found; nothing of a value is part of it.
    """

    template: str
    args: Mapping[str, str | int | Expr] = MappingProxyType({})


Text = str | Message


def say(template: str, **args: str | int | Expr) -> Message:
    """A message."""
    return Message(template, args)


class Given(Record):
    """A given value; the sizes of an array are written 28 × 28 × 3."""

    name: str
    value: Value
    sizes: bool = False


class Section(Record):
    """A part of the derivation. Of a long series of sections only the `first` ones and the `last` ones are shown."""

    title: Text
    series: str = ""
    first: int = 2
    last: int = 1
    within: str = ""
    """The path that names have in common here; it is not written."""


class Step(Record):
    """A named line: its expression, its value, what it is for (`title`) and the rule it rests on (`why`).

    `computed` is the value of the expression; `value` differs from it where it was rounded, or pinned to
    a student's own. A step that says nothing new is `quiet`: it has a value, but no line on the page unless it
    is asked for. The formula of a `bare` one is numbers from the start: what it is made of has no letters. `ways()`
    are equal expressions that people use as well: a mistake may be one in them. `slips()` are expressions that people
    write instead of the whole by a misconception that no single edit makes; `equals()` have other values that
    are as right, such as a threshold that splits as well.
    """

    name: str
    expr: Expr
    value: Value
    computed: Value
    title: Text
    why: Text = ""
    also: tuple[str, ...] = ()
    quiet: bool = False
    bare: bool = False
    pinned: bool = False
    ways: Callable[[], Iterable[Expr]] = tuple
    slips: Callable[[], Iterable[Slip]] = tuple
    equals: Callable[[], Iterable[Expr]] = tuple


class Identity(Record):
    """A general chain of equal expressions (`left` is a name or a derivative), true for all values."""

    left: Expr
    chain: tuple[Expr, ...]
    title: Text
    why: Text = ""
    name: str = ""
    shapes: Mapping[str, Shape] = MappingProxyType({})
    """The shapes of its letters."""


class Rule(Record):
    """A formula of the method: `left = right = …`, or `left ← right` for an update."""

    left: Expr
    right: tuple[Expr, ...]
    relation: str = "="


class Note(Record):
    """A remark between steps or at the end."""

    text: Text


class Curve(Record):
    """A series of values to be drawn: a loss over the iterations."""

    title: Text
    x_label: str
    y_label: str
    names: tuple[str, ...]


class Entries(Record):
    """The entries of a step's array, each worked out by itself.

    `title` and `why` are for the first one, `others` for those after it, and `short` is said of these where they
    are not written in full. `window` holds the places of another quantity, `of`, that the first one is made
    of: they are marked on a picture of it.
    """

    name: str
    title: Text
    others: Text
    why: Text = ""
    short: Text = ""
    of: str = ""
    window: tuple[tuple[int, ...], ...] = ()


class Worked(Record):
    """A cell of a table: the chain of a step, `formula = … = value`, without its name."""

    name: str


class Result(Record):
    """A cell of a table: the value of a step."""

    name: str


Cell = Text | Expr | Worked | Result


class Column(Record):
    """A column of a table: its head, and the quantities for whose sake it is shown; none: always."""

    head: Text
    demand: tuple[str, ...] = ()


class Table(Record):
    """A table with a title; of a long one the first and last rows are shown, `most` in all.

    Rows that are a function are made when the table is printed, and cite no steps.
    """

    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] | Callable[[], Iterable[tuple[Cell, ...]]]
    why: Text = ""
    most: int = 40

    @property
    def cited(self) -> Iterator[str]:
        """The steps that stand in the table."""
        for row in () if callable(self.rows) else self.rows:
            yield from (cell.name for cell in row if isinstance(cell, (Worked, Result)))


class LeftOut(Record):
    """Sections that were not worked out, and the number of steps in them."""

    sections: int
    steps: int


class Check(Record):
    """A test of the derivation by another route: passed where `error` is within `tolerance`."""

    name: str
    error: float
    tolerance: float

    @property
    def ok(self) -> bool:
        return self.error <= self.tolerance


Item = Section | Step | Entries | Table | Identity | Note | Curve | LeftOut


class Derivation:
    """A worked solution: what was given, the method, the steps in order, and the checks."""

    def __init__(self) -> None:
        self.given: list[Given] = []
        self.method: list[Rule] = []
        self.items: list[Item] = []
        self.checks: list[Check] = []
        self.quantities: dict[str, Value] = {}
        self.letters: dict[str, Shape] = {}
        """The shapes of the letters of general formulas."""
        self.rows = False
        """Whether vectors are written as rows, as in x W + b."""

    @property
    def steps(self) -> Iterable[Step]:
        """The steps, in order."""
        return (item for item in self.items if isinstance(item, Step))


class Stopped(Exception):
    """A step has no value: `message` says why, `name` which; `path` leads to the field of `given` that is the cause.

    The derivation holds the steps before."""

    def __init__(
        self, name: str, message: str, hint: str | None = None, path: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.hint = hint
        self.path = path


DIFFERENCE_WORK = 5_000
"""A difference that takes more work than this is computed in doubles."""

MOST_DIFFERENCES = 12
"""So many entries of a gradient are compared with differences."""


class Board:
    """What a solver writes on.

    `pins` are values that stand in for computed ones (a student's own answers); a pinned step keeps its
    expression. Under `rounding.each_step` every step's value is rounded before it is used further. On a board
    that need not be `whole`, a solver may leave out what no page shows; on a `quick` one, what is not exact is
    computed in doubles.
    """

    def __init__(
        self,
        pins: Mapping[str, Value] | None = None,
        rounding: Rounding | None = None,
        checking: bool = True,
        whole: bool = True,
        quick: bool = False,
    ) -> None:
        self.derivation = Derivation()
        self.pins = dict(pins or {})
        self.rounding = rounding or Rounding()
        self.checking = checking and not self.pins
        self.whole = whole or bool(self.pins) or self.rounding.each_step
        self._evaluator = Evaluator(quick=quick)
        self._steps: dict[str, Step] = {}
        self._places: dict[str, int] = {}

    def given(self, name: str, value: Value, sizes: bool = False) -> Sym:
        """Put a given value on the board; `sizes` are those of an array."""
        self._define(name, value)
        self.derivation.given.append(Given(name, value, sizes))
        return Sym(name)

    def letter(self, name: str, shape: Shape) -> Sym:
        """A letter of a general formula; its shape tells how it is written (a power of a vector, an index)."""
        self.derivation.letters[name] = shape
        return Sym(name)

    def method(self, left: Expr, *right: Expr, relation: str = "=") -> None:
        """State a formula of the method, over general symbols, in one or several equal ways."""
        self.derivation.method.append(Rule(left, right, relation))

    def section(self, title: Text, series: str = "", first: int = 2, last: int = 1, within: str = "") -> None:
        """Begin a part of the derivation; see `Section`."""
        self.derivation.items.append(Section(title, series, first, last, within))

    def leave_out(self, sections: int, steps: int) -> None:
        """Leave out sections, with so many steps, that a board which is not `whole` need not hold."""
        self.derivation.items.append(LeftOut(sections, steps))

    def let(
        self,
        name: str,
        expr: Expr,
        title: Text,
        why: Text = "",
        *,
        also: Iterable[str] = (),
        quiet: bool = False,
        bare: bool = False,
        exactly: bool = False,
        ways: Callable[[], Iterable[Expr]] = tuple,
        slips: Callable[[], Iterable[Slip]] = tuple,
        equals: Callable[[], Iterable[Expr]] = tuple,
    ) -> Sym:
        """Define a quantity by an expression over what stands on the board; the reason is for the reader.

        `also` are further names of it. `exactly` exempts it from rounding at each step (a count, a class);
        `quiet`, `bare`, `ways`, `slips` and `equals` are those of `Step`.
        Raises `Stopped` where the value does not exist or is out of range.
        """
        try:
            computed = self._evaluator.value(expr, self.derivation.quantities)
        except Undefined as error:
            raise Stopped(name, str(error)) from None
        except ShapeError as error:
            raise Stopped(name, f"the shapes do not fit: {error}") from None
        if not computed.label and not np.isfinite(computed.floats).all():
            raise Stopped(name, "the number is infinite or too large")
        value = computed
        if self.rounding.each_step and not exactly and not computed.label:
            value = rounded(computed, self.rounding)
        also = tuple(also)
        pin = next((each for each in (name, *also) if each in self.pins), None)
        if pin is not None:
            value = self.pins[pin]
            if value.shape != computed.shape:
                raise Stopped(name, f"a value of shape {computed.shape} is needed, got {value.shape}")
            if value.label != computed.label:
                wanted = "a label is needed" if computed.label else "a number is needed, not a label"
                raise Stopped(name, wanted)
        step = Step(
            name, expr, value, computed, title, why, also, quiet, bare, pin is not None, ways, slips, equals
        )
        for each in (name, *also):
            self._define(each, value)
            self._steps[each] = step
            self._places[each] = len(self.derivation.items)
        self.derivation.items.append(step)
        return Sym(name)

    def identity(
        self,
        name: str,
        left: Expr,
        *chain: Expr,
        title: Text,
        why: Text = "",
        cases: Iterable[tuple[Mapping[str, Value], float]] = (),
    ) -> None:
        """Write a general chain of equal expressions over letters.

        Each case gives values to the letters and says what `left` is worth for them, found by another route;
        every line of the chain has to agree.
        """
        cases = list(cases)
        shapes = {each: value.shape for letters, _ in cases[:1] for each, value in letters.items()}
        self.derivation.items.append(Identity(left, chain, title, why, name, shapes))
        error = 0.0
        for letters, worth in cases:
            for line in chain:
                value = float(self._evaluator.value(line, letters).floats)
                error = max(error, abs(value - worth) / max(1.0, abs(worth)))
        self.check(f"{name}, each line at the given numbers", lambda: error, 1e-9)

    def entries(
        self,
        name: str,
        title: Text,
        others: Text,
        why: Text = "",
        short: Text = "",
        of: str = "",
        window: Iterable[tuple[int, ...]] = (),
    ) -> None:
        """Work out the entries of the array `name`, which is defined afterwards; see `Entries`."""
        self.derivation.items.append(Entries(name, title, others, why, short, of, tuple(window)))

    def table(
        self,
        title: Text,
        columns: Iterable[Column | Text],
        rows: Iterable[tuple[Cell, ...]] | Callable[[], Iterable[tuple[Cell, ...]]],
        why: Text = "",
        most: int = 40,
    ) -> None:
        """Write a table. Its cells are texts, expressions, the chains of steps and their values."""
        heads = tuple(each if isinstance(each, Column) else Column(each) for each in columns)
        made = rows if callable(rows) else tuple(rows)
        self.derivation.items.append(Table(title, heads, made, why, most))

    def note(self, text: Text) -> None:
        """Write a remark."""
        self.derivation.items.append(Note(text))

    def curve(self, title: Text, x_label: str, y_label: str, names: Iterable[str]) -> None:
        """Draw the values of several quantities as a curve."""
        self.derivation.items.append(Curve(title, x_label, y_label, tuple(names)))

    def check(self, name: str, error: Callable[[], float], tolerance: float = 1e-6) -> None:
        """Prove the derivation by another route. `error` is only called where checks make sense."""
        if self.checking:
            with np.errstate(all="ignore"):
                self.derivation.checks.append(Check(name, float(error()), tolerance))

    def difference_error(self, of: str, by: str, gradient: str) -> float:
        """How far a gradient is from central differences of a number on the board.

        `of` is recomputed with entries of `by` (the first few of a long one) moved a little up and down, through
        all the steps between. The error is relative to the largest of 1, the gradient and the number.
        """
        stated = self.derivation.quantities
        slope = stated[gradient].floats.ravel()
        scale = max(1.0, float(np.abs(slope).max()), abs(float(stated[of].floats)))
        error = 0.0
        for place in range(min(stated[by].size, MOST_DIFFERENCES)):
            difference = self._difference(of, by, place)
            error = max(error, abs(difference - float(slope[place])) / scale)
        return error

    def _difference(self, of: str, by: str, place: int) -> float:
        """The central difference, with 50 digits where the work allows it, in doubles otherwise."""
        evaluator = Evaluator(DIFFERENCE_WORK)
        for step in (Fraction(1, 10**15), Fraction(1, 10**5)):
            ends = [self._moved(of, by, place, move, evaluator) for move in (step, -step)]
            if all(end.domain is not Domain.DOUBLE for end in ends):
                return float((Fraction(ends[0].item()) - Fraction(ends[1].item())) / (2 * step))
            evaluator = Evaluator(budget=0)
        return float((ends[0].floats - ends[1].floats) / (2 * float(step)))

    def _moved(self, of: str, by: str, place: int, move: Fraction, evaluator: Evaluator) -> Value:
        """A number on the board after one entry of another quantity has moved."""
        start = self.derivation.quantities[by]
        entries = [Fraction(x) for x in start.array.flat]
        entries[place] += move
        known: dict[str, Value] = {by: gather(entries, start.shape)}
        before = self._places.get(by, -1)

        def value(name: str) -> Value:
            if name not in known:
                step = self._steps.get(name)
                if step is None or self._places[name] <= before:
                    known[name] = self.derivation.quantities[name]
                else:
                    known[name] = evaluator.value(
                        step.expr, {each: value(each) for each in symbols(step.expr)}
                    )
            return known[name]

        return value(of)

    def value(self, expr: Expr | str) -> Value:
        """The value of a name on the board, or of an expression over such names."""
        if isinstance(expr, str):
            return self.derivation.quantities[expr]
        return self._evaluator.value(expr, self.derivation.quantities)

    def floats(self, name: str) -> Array:
        """The value of a name as doubles."""
        return self.derivation.quantities[name].floats

    def _define(self, name: str, value: Value) -> None:
        if name in self.derivation.quantities:
            raise ValueError(f"`{name}` is on the board already")
        self.derivation.quantities[name] = value
