"""The board on which a solver writes, and the derivation that is left when it has finished."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from solver.expr.evaluate import Evaluator
from solver.expr.nodes import Expr, ShapeError, Sym, symbols
from solver.expr.rounding import Rounding, rounded
from solver.expr.values import Array, Domain, Shape, Undefined, Value, gather


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence with arguments in braces: text, numbers, or expressions that are set as formulas.

    The template is the key under which a translation is found; nothing of a value is part of it.
    """

    template: str
    args: Mapping[str, str | int | Expr] = field(default_factory=dict)


Text = str | Message


def say(template: str, **args: str | int | Expr) -> Message:
    """A message."""
    return Message(template, args)


@dataclass(frozen=True, slots=True)
class Given:
    """A given value; a `hidden` one is not listed on the page (it is written elsewhere)."""

    name: str
    value: Value
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the derivation. Sections of equal `series` are elided in their middle when there are many."""

    title: Text
    series: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A named line: its expression, its value, what it is for (`title`) and the rule it rests on (`why`).

    `computed` is the value of the expression; `value` differs from it where it was rounded, or pinned to
    a student's own. A step that says nothing new is `quiet`: it has a value but no line on the page.
    """

    name: str
    expr: Expr
    value: Value
    computed: Value
    title: Text
    why: Text = ""
    also: tuple[str, ...] = ()
    quiet: bool = False
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """A general chain of equal expressions (`left` is a name or a derivative), true for all values."""

    left: Expr
    chain: tuple[Expr, ...]
    title: Text
    why: Text = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A formula of the method: `left = right = …`, or `left ← right` for an update."""

    left: Expr
    right: tuple[Expr, ...]
    relation: str = "="


@dataclass(frozen=True, slots=True)
class Note:
    """A remark between steps or at the end."""

    text: Text


@dataclass(frozen=True, slots=True)
class Curve:
    """A series of values to be drawn: a loss over the iterations."""

    title: Text
    x_label: str
    y_label: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A test of the derivation by another route: passed where `error` is within `tolerance`."""

    name: str
    error: float
    tolerance: float

    @property
    def ok(self) -> bool:
        return self.error <= self.tolerance


Item = Section | Step | Identity | Note | Curve


@dataclass(slots=True)
class Derivation:
    """A worked solution: what was given, the method, the steps in order, and the checks."""

    given: list[Given] = field(default_factory=list)
    method: list[Rule] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    quantities: dict[str, Value] = field(default_factory=dict)
    letters: dict[str, Shape] = field(default_factory=dict)
    """The shapes of the letters of general formulas."""
    rows: bool = False
    """Whether vectors are written as rows, as in x W + b."""

    @property
    def steps(self) -> Iterable[Step]:
        """The steps, in order."""
        return (item for item in self.items if isinstance(item, Step))


class Stopped(Exception):
    """A step has no value: `message` says why, `name` which. The derivation holds the steps before."""

    def __init__(self, name: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.hint = hint


MOST_DIFFERENCES = 12
"""So many entries of a gradient are compared with differences."""


class Board:
    """What a solver writes on.

    `pins` are values that stand in for computed ones (a student's own answers); a pinned step keeps its
    expression. Under `rounding.each_step` every step's value is rounded before it is used further.
    """

    def __init__(
        self,
        pins: Mapping[str, Value] | None = None,
        rounding: Rounding | None = None,
        checking: bool = True,
    ) -> None:
        self.derivation = Derivation()
        self.pins = dict(pins or {})
        self.rounding = rounding or Rounding()
        self.checking = checking and not self.pins
        self._evaluator = Evaluator()
        self._series = ""

    def given(self, name: str, value: Value, *, hidden: bool = False) -> Sym:
        """Put a given value on the board."""
        self._define(name, value)
        self.derivation.given.append(Given(name, value, hidden))
        return Sym(name)

    def method(self, left: Expr, *right: Expr, relation: str = "=") -> None:
        """State a formula of the method, over general symbols, in one or several equal ways."""
        self.derivation.method.append(Rule(left, right, relation))

    def section(self, title: Text, series: str = "") -> None:
        """Begin a part of the derivation."""
        self.derivation.items.append(Section(title, series))

    def let(
        self,
        name: str,
        expr: Expr,
        title: Text,
        why: Text = "",
        *,
        also: Iterable[str] = (),
        quiet: bool = False,
        exactly: bool = False,
    ) -> Sym:
        """Define a quantity by an expression over what stands on the board; the reason is for the reader.

        `also` are further names of it. `exactly` exempts it from rounding at each step (a count, a class).
        Raises `Stopped` where the value does not exist or is out of range.
        """
        try:
            computed = self._evaluator.value(expr, self.derivation.quantities)
        except Undefined as error:
            raise Stopped(name, str(error)) from None
        except ShapeError as error:
            raise Stopped(name, f"the shapes do not fit: {error}") from None
        if not np.isfinite(computed.floats).all():
            raise Stopped(name, "the number is too large")
        value = computed
        if self.rounding.each_step and not exactly:
            value = rounded(computed, self.rounding)
        pinned = name in self.pins
        if pinned:
            value = self.pins[name]
            if value.shape != computed.shape:
                raise Stopped(name, f"a value of shape {computed.shape} is needed, got {value.shape}")
        also = tuple(also)
        for each in (name, *also):
            self._define(each, value)
        self.derivation.items.append(Step(name, expr, value, computed, title, why, also, quiet, pinned))
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
        self.derivation.items.append(Identity(left, chain, title, why, name))
        error = 0.0
        for letters, worth in cases:
            self.derivation.letters.update({each: value.shape for each, value in letters.items()})
            for line in chain:
                value = float(self._evaluator.value(line, letters).floats)
                error = max(error, abs(value - worth) / max(1.0, abs(worth)))
        self.check(f"{name}, each line at the given numbers", lambda: error, 1e-9)

    def note(self, text: Text) -> None:
        """Write a remark."""
        self.derivation.items.append(Note(text))

    def curve(self, title: Text, x_label: str, y_label: str, names: Iterable[str]) -> None:
        """Draw the values of several quantities as a curve."""
        self.derivation.items.append(Curve(title, x_label, y_label, tuple(names)))

    def check(self, name: str, error: Callable[[], float], tolerance: float = 1e-6) -> None:
        """Prove the derivation by another route. `error` is only called where checks make sense."""
        if self.checking:
            self.derivation.checks.append(Check(name, float(error()), tolerance))

    def difference_error(self, of: str, by: str, gradient: str) -> float:
        """How far a gradient is from central differences of a number on the board.

        `of` is recomputed with entries of `by` (the first few of a long one) moved a little up and down, through
        all the steps between. The error is relative to the largest of 1, the gradient and the number.
        """
        steps = {name: step for step in self.derivation.steps for name in (step.name, *step.also)}
        start, slope = self.derivation.quantities[by], self.derivation.quantities[gradient].floats.ravel()
        small = (
            start.domain is not Domain.DOUBLE and self.derivation.quantities[of].domain is not Domain.DOUBLE
        )
        error = 0.0
        scale = max(1.0, float(np.abs(slope).max()), abs(float(self.derivation.quantities[of].floats)))
        for place in range(min(start.size, MOST_DIFFERENCES)):
            step = (
                Fraction(1, 10**15)
                if small
                else Fraction(1, 10**5) * (1 + round(abs(start.floats.flat[place])))
            )
            ends = [self._moved(of, by, place, move, steps) for move in (step, -step)]
            difference = (
                float((ends[0] - ends[1]) / (2 * step))
                if small
                else (float(ends[0] - ends[1]) / (2 * float(step)))
            )
            error = max(error, abs(difference - float(slope[place])) / scale)
        return error

    def _moved(self, of: str, by: str, place: int, move: Fraction, steps: Mapping[str, Step]) -> Any:
        """A number on the board, with one entry of another quantity moved, exactly as it is carried."""
        start = self.derivation.quantities[by]
        entries = list(start.array.flat)
        if start.domain is Domain.DOUBLE:
            entries[place] += float(move)
        else:
            entries[place] = Fraction(entries[place]) + move
        known: dict[str, Value] = {by: gather(entries, start.shape)}

        def value(name: str) -> Value:
            if name not in known:
                step = steps.get(name)
                if step is None:
                    known[name] = self.derivation.quantities[name]
                else:
                    inner = {each: value(each) for each in symbols(step.expr)}
                    known[name] = self._evaluator.value(step.expr, inner)
            return known[name]

        result = value(of)
        return Fraction(result.item()) if result.domain is not Domain.DOUBLE else result.item()

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
