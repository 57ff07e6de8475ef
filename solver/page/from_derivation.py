"""A derivation to the blocks of a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from solver.derivation import (
    Curve,
    Derivation,
    Given,
    Identity,
    Item,
    Message,
    Note,
    Section,
    Step,
    Text,
    say,
)
from solver.errors import counted
from solver.expr.evaluate import Detail, Evaluator, reduction
from solver.expr.nodes import Apply, Const, Expr, Sym, symbols
from solver.expr.rounding import Rounding, show
from solver.expr.values import Undefined, Value
from solver.page import blocks
from solver.page.blocks import Block, Page, Prose
from solver.page.from_expr import AS_TYPED, Writer, constant_shapes, number_layout
from solver.page.letters import Letters
from solver.page.math import Chain, Fence, Layout, Number, Row, Scripts, Sign, Table, Word
from solver.record import Record

FIRST, LAST = 2, 1
"""So many sections of a long series are shown from its start and its end."""

LONG_SERIES = 6

MOST_RECOMPUTED = 100
"""A larger array is not printed whole: nobody computes with its digits."""


SHORT_SOURCE = 40
"""A source of at most so many characters stands before the title, a longer one at the end."""

NO_LETTERS = Letters({}, {})
NO_ROUNDING = Rounding()


class Sheet(Record):
    """What a page says besides the derivation, and how it says it."""

    title: str
    points: str = ""
    statement: str = ""
    source: str = ""
    ask: tuple[str, ...] = ()
    letters: Letters = NO_LETTERS
    rounding: Rounding = NO_ROUNDING
    digits: int | None = None
    """Significant digits everywhere, in place of what the problem asks for."""
    detail: Detail = Detail.NORMAL
    only: frozenset[str] = frozenset()
    """The steps shown; empty: all."""
    stopped: bool = False
    """Whether the derivation came to an end without an answer."""


def page(derivation: Derivation, sheet: Sheet) -> Page:
    """The worked solution as a page."""
    return tuple(Author(derivation, sheet).page())


class Author:
    """Writes a derivation for a sheet: its chains, its sentences, its blocks."""

    def __init__(self, derivation: Derivation, sheet: Sheet) -> None:
        self.derivation = derivation
        self.sheet = sheet
        shapes = {name: value.shape for name, value in derivation.quantities.items()}
        letters = sheet.letters
        shapes = {name.partition("(")[0]: shape for name, shape in shapes.items()} | shapes
        working = Rounding(significant=sheet.digits) if sheet.digits else sheet.rounding.working
        asked = Rounding(significant=sheet.digits) if sheet.digits else sheet.rounding
        self.writer = Writer(letters, working, shapes, derivation.rows)
        self.general_writer = Writer(letters, working, shapes | derivation.letters, derivation.rows)
        self.given_writer = Writer(letters, AS_TYPED, shapes, derivation.rows)
        self.answer_writer = Writer(letters, asked, shapes, derivation.rows)
        self.said: set[str] = set()
        self.digits_differ = False

    def chain(self, step: Step) -> Chain:
        """The chain of a step: name = formula = values put in = … = value, with honest relations."""
        writer = self.writer
        first, formula = self.name(step.name), writer.layout(step.expr)
        links: list[tuple[str, Layout]] = [("=", formula)] if formula != first else []
        before: Expr = step.expr
        for line in self.lines(step):
            layout = writer.layout(line)
            if links and layout == links[-1][1]:
                continue
            honest = writer.shown_exactly(line) and (
                writer.shown_exactly(before) or self.counts(before, line)
            )
            links.append(("=" if honest else "≈", layout))
            if not honest and not self.digits_differ:
                self.digits_differ = self.misleads(before, step.computed)
            before = line
        if step.value is not step.computed and not self.reads_as(before, step.value):
            layout = writer.value(step.value)
            if not links or layout != links[-1][1]:
                same = step.value.same(step.computed) and writer.shown_exactly(before)
                links.append(("=" if same else "≈", layout))
        return Chain(first, tuple(links))

    def counts(self, before: Expr, line: Expr) -> bool:
        """Whether a line, an index or truth values, is exactly what the printed digits before it give."""
        if not isinstance(before, Apply) or not before.op.counts or symbols(before):
            return False
        try:
            read = Evaluator().value(self.writer.as_read(before), {})
        except (Undefined, OverflowError):
            return False
        return isinstance(line, Const) and read.same(line.value)

    def reads_as(self, line: Expr, value: Value) -> bool:
        """Whether the printed digits of a line, which is a value, are those of a rounded value already."""
        try:
            read = self.writer.as_read(line)
        except OverflowError:
            return False
        return isinstance(read, Const) and read.value.same(value)

    def lines(self, step: Step) -> Iterable[Expr]:
        """The lines behind the formula, to the value."""
        if isinstance(step.expr, Sym):
            return (Const(step.computed),)
        return reduction(step.expr, self.derivation.quantities, self.sheet.detail)

    def misleads(self, line: Expr, value: Value) -> bool:
        """Whether a reader who computes with the digits of a line gets other digits than the value's."""
        if symbols(line) or max(map(math.prod, constant_shapes(line))) > MOST_RECOMPUTED:
            return False
        try:
            read = Evaluator().value(self.writer.as_read(line), {})
        except (Undefined, OverflowError):
            return True
        digits = [[show(x, self.writer.rounding).digits for x in each.array.flat] for each in (read, value)]
        return digits[0] != digits[1]

    def identity(self, item: Identity) -> Chain:
        """A general chain, all of whose lines are equal."""
        writer = self.general_writer.but(shapes=item.shapes)
        return Chain(writer.layout(item.left), tuple(("=", writer.layout(line)) for line in item.chain))

    def page(self) -> Iterable[Block]:
        source = self.sheet.source if len(self.sheet.source) <= SHORT_SOURCE else ""
        yield blocks.Heading(" · ".join(filter(None, (source, self.sheet.title))), self.sheet.points)
        if self.sheet.statement:
            yield blocks.Statement(self.sheet.statement)
        given = tuple(self.given(each) for each in self.derivation.given)
        if given:
            yield blocks.Facts("Given", given)
        if self.sheet.ask:
            yield blocks.Facts("Find", tuple(Chain(self.name(name)) for name in self.sheet.ask))
        if self.derivation.method and not self.sheet.only:
            method = (
                Chain(
                    self.general_writer.layout(rule.left),
                    tuple((rule.relation, self.general_writer.layout(right)) for right in rule.right),
                )
                for rule in self.derivation.method
            )
            yield blocks.Facts("Method", tuple(method))
        yield from self.body()
        yield from self.ending()

    def given(self, given: Given) -> Chain:
        value = Const(given.value)
        relation = "=" if self.given_writer.shown_exactly(value) else "≈"
        return Chain(self.name(given.name), ((relation, self.given_writer.layout(value)),))

    def name(self, name: str) -> Layout:
        return self.writer.layout(Sym(name))

    def body(self) -> Iterable[Block]:
        number = 0
        items = [item for item in self.derivation.items if isinstance(item, Section) or self.wanted(item)]
        parts = [part for part in _parts(items) if part[1]]
        for part in _elided(parts):
            if isinstance(part, Elision):
                text = say(
                    "{count} more sections like these, steps {first} to {last}, are left out.",
                    **part.args(number),
                )
                yield blocks.Note(self.prose(text), "left-out")
                number += part.steps
                continue
            section, items = part
            shown = [block for item in items for block in self.item(item)]
            if section is not None and any(isinstance(block, blocks.Step) for block in shown):
                yield blocks.Section(self.plain(section.title))
            for block in shown:
                if isinstance(block, blocks.Step):
                    number += 1
                    block = block.but(number=number)
                yield block

    def wanted(self, item: Item) -> bool:
        """Whether an item has a place on the page."""
        if isinstance(item, Step) and item.quiet:
            return False
        only = self.sheet.only
        return not only or (isinstance(item, (Step, Identity)) and item.name in only)

    def item(self, item: Item) -> Iterable[Block]:
        match item:
            case Step():
                yield self.step_block(item)
            case Identity():
                yield blocks.Step(0, self.prose(item.title), (self.identity(item),), None, self.why(item.why))
            case Note():
                yield blocks.Note(self.prose(item.text))
            case Curve():
                values = [float(self.derivation.quantities[name].floats) for name in item.names]
                xs = tuple(float(place) for place in range(len(values)))
                title = self.plain(item.title)
                yield blocks.Curve(title, item.x_label, item.y_label, xs, tuple(values))

    def step_block(self, step: Step) -> blocks.Step:
        chain = self.chain(step)
        return blocks.Step(0, self.prose(step.title), (chain,), self.shape(step), self.why(step.why))

    def shape(self, step: Step) -> Layout | None:
        """`z⁽⁰⁾ ∈ ℝ²`."""
        if not step.value.shape:
            return None
        sizes = "×".join(map(str, step.value.shape))
        power: Layout = Number(sizes) if sizes.isdigit() else Word(sizes)
        return Row((self.name(step.name), Sign("∈", "relation"), Scripts(Word("ℝ"), sup=power)))

    def why(self, text: Text) -> Prose:
        """The reason, said once: at full detail every time."""
        key = text if isinstance(text, str) else text.template
        if not key or self.sheet.detail is Detail.BRIEF:
            return ()
        if key in self.said and self.sheet.detail is not Detail.FULL:
            return ()
        self.said.add(key)
        return self.prose(text)

    def ending(self) -> Iterable[Block]:
        each_step = self.sheet.rounding.each_step
        if self.digits_differ and not each_step:
            yield blocks.Note(
                self.prose(
                    "Each number behind ≈ is rounded from its full value: computing with the printed digits can "
                    "give another last digit."
                )
            )
        if not self.sheet.stopped:
            answers = tuple(self.answer(name) for name in self.sheet.ask)
            if answers:
                yield blocks.Facts("Answer", answers)
        if len(self.sheet.source) > SHORT_SOURCE:
            yield blocks.Note(self.prose(say("Source: {source}", source=self.sheet.source)))
        if each_step:
            text = (
                "The result of every step is rounded and used so; within a step the full values are carried."
            )
            yield blocks.Note(self.prose(text))
        checks = self.derivation.checks
        if checks and not self.sheet.only:
            names = ", ".join(check.name for check in checks)
            unrounded = " of the solution without rounding" if each_step else ""
            text = f"{counted(len(checks), 'check')}{unrounded}: {names}; largest error "
            yield blocks.Note((text, _error(max(check.error for check in checks))), "check")

    def answer(self, name: str) -> Chain:
        value = self.derivation.quantities[name]
        relation = "=" if self.answer_writer.shown_exactly(Const(value)) else "≈"
        layout = self.answer_writer.value(value)
        if (
            isinstance(layout, Table)
            and len(value.shape) == 1
            and value.size > 1
            and not self.derivation.rows
        ):
            layout = _lying(layout)
        return Chain(self.name(name), ((relation, layout),))

    def plain(self, text: Text) -> str:
        return "".join(part if isinstance(part, str) else "…" for part in self.prose(text))

    def prose(self, text: Text) -> Prose:
        if isinstance(text, str):
            return (text,)
        return _filled(text, self.writer)


def _filled(message: Message, writer: Writer) -> Prose:
    parts: list[str | Layout] = []
    rest = message.template
    while "{" in rest:
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        argument = message.args[name]
        parts += [before, writer.layout(argument) if isinstance(argument, Expr) else str(argument)]
    return tuple(part for part in (*parts, rest) if part != "")


def _lying(column: Table) -> Layout:
    """A column written as a row of numbers, transposed: (1, 2)ᵀ."""
    items: list[Layout] = []
    for row in column.cells:
        cell = Sign("⋯", "mark") if row[0] == Sign("⋮", "mark") else row[0]
        items += [Sign(",", "comma"), cell]
    return Scripts(Fence("(", Row(tuple(items[1:])), ")"), sup=Word("ᵀ"))


Part = tuple[Section | None, list[Item]]


def _parts(items: Sequence[Item]) -> list[Part]:
    parts: list[Part] = [(None, [])]
    for item in items:
        if isinstance(item, Section):
            parts.append((item, []))
        else:
            parts[-1][1].append(item)
    return parts


class Elision(Record):
    """Sections of a series that are left out, and the steps in them."""

    sections: int
    steps: int

    def args(self, number: int) -> dict[str, int]:
        """What a sentence about it needs, behind the step of that number."""
        return {"count": self.sections, "first": number + 1, "last": number + self.steps}


def _elided(parts: Sequence[Part]) -> Iterable[Part | Elision]:
    """The parts, with the middle of a long series left out."""
    place = 0
    while place < len(parts):
        section = parts[place][0]
        series = section.series if section else ""
        end = place + 1
        while series and end < len(parts) and (after := parts[end][0]) is not None and after.series == series:
            end += 1
        if end - place < LONG_SERIES:
            yield from parts[place:end]
        else:
            left_out = parts[place + FIRST : end - LAST]
            yield from parts[place : place + FIRST]
            steps = (item for _, items in left_out for item in items if isinstance(item, Step))
            yield Elision(len(left_out), len(list(steps)))
            yield from parts[end - LAST : end]
        place = end


def _error(error: float) -> Layout:
    return number_layout(show(error, Rounding(significant=1)))[0] if error else Number("0")
