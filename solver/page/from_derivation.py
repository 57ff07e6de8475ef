"""A derivation to the blocks of a page."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

from solver.derivation import (
    Cell,
    Curve,
    Derivation,
    Entries,
    Given,
    Identity,
    Item,
    LeftOut,
    Message,
    Note,
    Result,
    Section,
    Step,
    Table,
    Text,
    Worked,
    say,
)
from solver.errors import counted
from solver.expr.evaluate import Detail, Evaluator, reduction
from solver.expr.nodes import Apply, Between, Const, Expr, Sizes, Sym, Terms, symbols
from solver.expr.ops import sizes
from solver.expr.rounding import Rounding, show
from solver.expr.values import Domain, Scalar, Undefined, Value, exact, to_decimal
from solver.page import blocks
from solver.page.blocks import Block, Page, Prose
from solver.page.from_expr import AS_TYPED, Writer, constant_shapes, number_layout
from solver.page.letters import Letters, scripts
from solver.page.math import Chain, Fence, Fraction, Layout, Number, Row, Scripts, Sign, Word
from solver.page.math import Table as Matrix
from solver.record import Record

LONG_SERIES = 6
"""A shorter series of sections is shown whole."""

MOST_MATRICES = 12
"""Of an array of more matrices the first ones and the last are shown."""

ENTRIES = {Detail.BRIEF: 0, Detail.NORMAL: 30, Detail.FULL: 200}
"""So many entries of an array are worked out; of more, the first ones and the last."""

MOST_TERMS = 160
"""What has more terms than this is not written out."""

MOST_CELLS = 9
"""A picture shows so many rows and columns."""

MOST_GRIDS = 4

MOST_TOLD = 8
"""So many answers that stand in a table are told once more at the end."""

MOST_FACTS = 24
"""A longer list of what is asked, or of answers, is shown by its start and its end."""

MOST_RECOMPUTED = 100
"""A larger array is not printed whole: nobody computes with its digits."""


SHORT_SOURCE = 40
"""A source of at most so many characters stands before the title, a longer one at the end."""

NOUGHT = exact(0)
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
        self.steps = {step.name: step for step in derivation.steps}
        tables = (item for item in derivation.items if isinstance(item, Table))
        self.asked = frozenset(sheet.ask)
        self.tabled = {name for table in tables for name in table.cited}
        told = [name for name in sheet.ask if name in self.tabled]
        self.told = frozenset(told if len(told) > MOST_TOLD and not sheet.only else ())
        """What is asked and told by the tables alone."""

    def enter(self, path: str) -> None:
        """Write names of that path without it; with no path, all names as they are."""
        letters = self.sheet.letters.within(path)
        if self.writer.letters is not letters:
            self.writer = self.writer.but(letters=letters)

    def chain(self, step: Step) -> Chain:
        """The chain of a step: name = formula = values put in = … = value, with honest relations."""
        writer = self.writer
        first, formula = self.name(step.name), writer.layout(step.expr)
        long = isinstance(step.expr, Apply) and len(step.expr.args) > MOST_TERMS
        links: list[tuple[str, Layout]] = []
        if formula != first and not step.bare and not long:
            links.append(("=", formula))
        lines = (Const(step.computed),) if long else self.lines(step)
        before = self.link(links, step.expr, lines, step.computed)
        if step.value is not step.computed and not self.reads_as(before, step.value):
            layout = writer.value(step.value)
            if not links or layout != links[-1][1]:
                same = step.value.same(step.computed) and writer.shown_exactly(before)
                links.append(("=" if same else "≈", layout))
        return Chain(first, tuple(links))

    def link(
        self, links: list[tuple[str, Layout]], before: Expr, lines: Iterable[Expr], computed: Value
    ) -> Expr:
        """Add lines behind an expression to a chain, with honest relations; the last line comes back."""
        writer = self.writer
        for line in lines:
            layout = writer.layout(line)
            if links and layout == links[-1][1]:
                continue
            honest = writer.shown_exactly(line) and (
                writer.shown_exactly(before) or self.counts(before, line)
            )
            links.append(("=" if honest else "≈", layout))
            if not honest and not self.digits_differ:
                self.digits_differ = self.misleads(before, computed)
            before = line
        return before

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
        brief = self.sheet.detail is Detail.BRIEF
        if brief and isinstance(step.expr, Apply) and isinstance(step.expr.op.notation, Sizes):
            return (sizes(*(Const(step.computed.entry(i)) for i in range(step.computed.size))),)
        quantities = self.derivation.quantities
        deep = any(len(quantities[name].shape) > 2 for name in symbols(step.expr))
        return reduction(step.expr, quantities, Detail.BRIEF if deep else self.sheet.detail)

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
        given = tuple(chain for each in self.derivation.given for chain in self.given(each))
        if given:
            yield blocks.Facts("Given", given)
        if self.sheet.ask:
            wanted = [name for name in self.sheet.ask if name not in self.told]
            facts = _abridged([Chain(self.name(name)) for name in wanted])
            if self.told:
                facts = (*facts, Chain(Word(f"{len(self.told)} quantities of the tables below")))
            yield blocks.Facts("Find", facts)
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
        self.enter("")
        yield from self.ending()

    def given(self, given: Given) -> Iterable[Chain]:
        if len(given.value.shape) > 2:
            return self.matrices(given.name, given.value, self.given_writer)
        value = Const(given.value)
        relation = "=" if self.given_writer.shown_exactly(value) else "≈"
        layout = self.given_writer.layout(_sizes(given.value) if given.sizes else value)
        return (Chain(self.name(given.name), ((relation, layout),)),)

    def matrices(self, name: str, value: Value, writer: Writer) -> Iterator[Chain]:
        """The matrices of an array with more than two axes, each with its place: `Y₁ = …`."""
        places = list(itertools.product(*map(range, value.shape[:-2])))
        shown: list[tuple[int, ...] | None] = list(places)
        if len(places) > MOST_MATRICES:
            shown = [*places[:3], None, places[-1]]
        for place in shown:
            if place is None:
                yield Chain(Sign("⋯", "mark"))
                continue
            part = value.entry(*place)
            relation = "=" if writer.shown_exactly(Const(part)) else "≈"
            yield Chain(self.placed(name, place), ((relation, writer.value(part)),))

    def placed(self, name: str, place: Sequence[int]) -> Layout:
        """The letter of an array with the place of a part of it: Y₂₁."""
        if not place:
            return self.name(name)
        digits = [str(index + 1) for index in place]
        apart = max(map(len, digits)) > 1
        parts = [part for digit in digits for part in (Sign(",", "mark"), Number(digit))][1:]
        below: Layout = Row(tuple(parts)) if apart else Number("".join(digits))
        letter = self.name(name)
        compound = isinstance(letter, (Row, Fraction))
        return scripts(Fence("(", letter, ")") if compound else letter, sub=below)

    def name(self, name: str) -> Layout:
        return self.writer.layout(Sym(name))

    def body(self) -> Iterable[Block]:
        number = 0
        items = [item for item in self.derivation.items if isinstance(item, Section) or self.wanted(item)]
        parts = [part for part in _parts(items) if isinstance(part, LeftOut) or part[1]]
        for part in _elided(parts):
            if isinstance(part, LeftOut):
                yield self.left_out(part, number)
                number += part.steps
                continue
            section, items = part
            self.enter(section.within if section else "")
            shown = [block for item in items for block in self.item(item)]
            if section is not None and any(isinstance(block, (blocks.Step, blocks.Table)) for block in shown):
                yield blocks.Section(self.plain(section.title))
            for block in shown:
                if isinstance(block, blocks.Step):
                    number += 1
                    block = block.but(number=number)
                yield block

    def left_out(self, part: LeftOut, number: int) -> blocks.Note:
        """What is left out behind the step of a number."""
        text = say(
            "{count} more sections like these, steps {first} to {last}, are left out.",
            count=part.sections,
            first=number + 1,
            last=number + part.steps,
        )
        return blocks.Note(self.prose(text), "left-out")

    def wanted(self, item: Item) -> bool:
        """Whether an item has a place on the page."""
        only = self.sheet.only
        if isinstance(item, Step) and is_tree(item.value):
            return False  # it is drawn as the answer
        if isinstance(item, Table) and not only:
            return any(not each.demand or not self.asked.isdisjoint(each.demand) for each in item.columns)
        if isinstance(item, Step) and item.quiet and not only:
            return item.name in self.asked and item.name not in self.tabled
        return not only or (isinstance(item, (Step, Entries, Identity)) and item.name in only)

    def item(self, item: Item) -> Iterable[Block]:
        match item:
            case Step():
                yield self.step_block(item)
            case Entries():
                yield from self.entries(item)
            case Table():
                yield self.table(item)
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
        title, why = self.prose(step.title), self.why(step.why)
        if len(step.value.shape) > 2:
            chain = Chain(self.name(step.name), (("=", self.writer.layout(step.expr)),))
            chains = (chain, *self.matrices(step.name, step.value, self.writer))
        else:
            chains = (self.chain(step),)
        return blocks.Step(0, title, chains, self.shape(step), why)

    def entries(self, item: Entries) -> Iterable[Block]:
        """The first entry of an array term by term, the others in one line each."""
        step, most = self.steps.get(item.name), ENTRIES[self.sheet.detail]
        if step is None or not most:
            return
        places = list(itertools.islice(itertools.product(*map(range, step.value.shape)), most))
        if not places or (first := self.entry(step, places[0], whole=True)) is None:
            return
        grids = tuple(self.grids(item)) if item.window else ()
        yield blocks.Step(0, self.prose(item.title), (first,), None, self.why(item.why), grids)
        hidden = len({place[:-2] for place in item.window}) - len(grids)
        if hidden > 0:
            yield blocks.Note(
                self.prose(say("{count} more matrices are not drawn.", count=hidden)), "left-out"
            )
        rest, left_out = places[1:], step.value.size - len(places)
        if left_out:
            last = tuple(size - 1 for size in step.value.shape)
            rest, left_out = [*places[1 : most // 3], last], step.value.size - most // 3 - 1
        whole = self.sheet.detail is Detail.FULL
        chains = [chain for place in rest if (chain := self.entry(step, place, whole)) is not None]
        if left_out and chains:
            chains.insert(-1, Chain(Sign("⋯", "mark")))
        if chains:
            short = () if whole else self.prose(item.short)
            yield blocks.Step(0, self.prose(item.others), tuple(chains), None, short)
        if left_out:
            yield blocks.Note(
                self.prose(say("{count} more entries are left out.", count=left_out)), "left-out"
            )

    def entry(self, step: Step, place: tuple[int, ...], whole: bool) -> Chain | None:
        """One entry as a chain: all its products, or what they are worth."""
        whole_array = step.expr
        if not isinstance(whole_array, Apply) or whole_array.op.entry is None:
            return None
        args = [Evaluator().value(arg, self.derivation.quantities) for arg in whole_array.args]
        expr = whole_array.op.entry(place, *args, **dict(whole_array.params))
        if isinstance(expr, Apply) and len(expr.args) > MOST_TERMS:
            return None
        lines = list(reduction(expr, {}, Detail.NORMAL))
        if not whole and len(lines) > 2:
            worth = lines[1] if _grouped(lines[0]) else _without_zeros(lines[1])
            lines = [worth if _sums(lines[0], lines[1]) else lines[0], lines[-1]]
        links: list[tuple[str, Layout]] = []
        value = step.computed.entry(*place)
        self.link(links, Sym(step.name), lines, value)
        return Chain(self.placed(step.name, place), tuple(links)) if links else None

    def grids(self, item: Entries) -> Iterator[blocks.Grid]:
        """The array that the first entry is made of, matrix by matrix, with its window marked."""
        value = self.derivation.quantities[item.of]
        seen = dict.fromkeys(place[:-2] for place in item.window)
        for matrix in list(seen)[:MOST_GRIDS]:
            marked = [place[-2:] for place in item.window if place[:-2] == matrix]
            part = value.entry(*matrix) if matrix else value
            far = [max(2, *axis) + 3 for axis in zip(*marked, strict=True)]
            name = self.placed(item.of, matrix) if matrix else self.name(item.of)
            yield self.grid(name, part, marked, (far[0], far[1]))

    def grid(
        self, name: Layout, value: Value, marked: Iterable[tuple[int, ...]], far: tuple[int, int]
    ) -> blocks.Grid:
        """The start of a matrix, up to a place beyond what is marked."""
        down, across = (
            range(min(size, max(end, MOST_CELLS))) for size, end in zip(value.shape, far, strict=True)
        )
        more = [size > len(axis) for size, axis in zip(value.shape, (down, across), strict=True)]
        rows: list[list[Layout]] = [
            [self.writer.value(value.entry(i, j)) for j in across] + [Sign("⋯", "mark")] * more[1]
            for i in down
        ]
        if more[0]:
            dots: list[Layout] = [Sign("⋮", "mark")] * len(across)
            rows.append([*dots, *[Sign("⋱", "mark")] * more[1]])
        return blocks.Grid(name, tuple(map(tuple, rows)), frozenset((i, j) for i, j in marked))

    def table(self, item: Table) -> blocks.Table:
        ask = self.asked
        shown = [
            place
            for place, column in enumerate(item.columns)
            if not column.demand or not ask.isdisjoint(column.demand)
        ]
        rows: list[tuple[Prose | Chain, ...] | int] = []
        made = tuple(item.rows()) if callable(item.rows) else item.rows
        left_out = len(made) - item.most
        for number, row in enumerate(made):
            if left_out > 0 and item.most - 3 <= number < len(made) - 3:
                if number == item.most - 3:
                    rows.append(left_out)
                continue
            rows.append(tuple(self.cell(row[place]) for place in shown))
        head = tuple(self.prose(item.columns[place].head) for place in shown)
        return blocks.Table(self.prose(item.title), head, tuple(rows), self.why(item.why))

    def cell(self, cell: Cell) -> Prose | Chain:
        match cell:
            case Worked(name):
                chain = self.chain(self.steps[name])
                (_, first), *links = chain.links
                return Chain(first, tuple(links))
            case Result(name):
                value = self.steps[name].value
                return (self.decimal(value) or self.worth(name, value, self.writer),)
            case Const(value):
                return (self.decimal(value) or self.writer.value(value),)
            case Expr():
                return (self.writer.layout(cell),)
        return self.prose(cell)

    def decimal(self, value: Value, rounding: Rounding | None = None) -> Layout | None:
        """A number that is written as a fraction, as a decimal: one compares these; None for others."""
        if value.label or value.shape or not self.fraction(value.item()):
            return None
        return number_layout(show(to_decimal(value.item()), rounding or self.writer.rounding))[0]

    def fraction(self, x: Scalar) -> bool:
        """Whether a number is written as a fraction."""
        return bool(show(x, self.writer.rounding).denominator)

    def shape(self, step: Step) -> Layout | None:
        """`z⁽⁰⁾ ∈ ℝ²`; a list of sizes has none."""
        if not step.value.shape or step.bare:
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
            yield from self.answers()
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

    def answers(self) -> Iterable[Block]:
        quantities = self.derivation.quantities
        trees = [name for name in self.sheet.ask if is_tree(quantities[name])]
        asked = [name for name in self.sheet.ask if name not in trees and name not in self.told]
        facts = [chain for name in asked for chain in self.answer(name)]
        if self.told:
            facts.append(Chain(Word("the rest stands in the tables" if facts else "it stands in the tables")))
        facts += [Chain(Word("the tree below")) for _ in trees[:1]]
        if facts:
            yield blocks.Facts("Answer", _abridged(facts))
        for name in trees:
            yield tree((self.name(name),), quantities[name].item())

    def answer(self, name: str) -> Iterable[Chain]:
        value = self.derivation.quantities[name]
        if self.sheet.rounding.asked and value.shape and any(map(self.fraction, value.array.flat)):
            value = Value(value.decimals, Domain.PRECISE)
        if len(value.shape) > 2:
            return self.matrices(name, value, self.answer_writer)
        relation = "=" if self.answer_writer.shown_exactly(Const(value)) else "≈"
        layout = self.worth(name, value, self.answer_writer)
        if (
            isinstance(layout, Matrix)
            and len(value.shape) == 1
            and value.size > 1
            and not self.derivation.rows
        ):
            layout = _lying(layout)
        links = [(relation, layout)]
        if relation == "=" and (decimal := self.decimal(value, self.answer_writer.rounding)) is not None:
            links.append(("≈", decimal))
        return (Chain(self.name(name), tuple(links)),)

    def worth(self, name: str, value: Value, writer: Writer) -> Layout:
        """The value of a quantity: sizes as they are written, other values as they are."""
        step = self.steps.get(name)
        if step is not None and isinstance(step.expr, Apply) and isinstance(step.expr.op.notation, Sizes):
            return writer.layout(_sizes(value))
        return writer.value(value)

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


def _sizes(value: Value) -> Expr:
    """A shape, to be written as its sizes."""
    return sizes(*(Const(value.entry(place)) for place in range(value.size)))


def _abridged(facts: Sequence[Chain]) -> tuple[Chain, ...]:
    """A long list of facts without its middle."""
    if len(facts) <= MOST_FACTS:
        return tuple(facts)
    return (*facts[: MOST_FACTS - 4], Chain(Sign("⋯", "mark")), *facts[-3:])


def is_tree(value: Value) -> bool:
    """Whether a value is a tree, a nested mapping of labels."""
    return value.label and isinstance(value.item(), dict)


def tree(text: Prose, node: object) -> blocks.Tree:
    """The block of a nested mapping {feature: {value: subtree or label}}."""
    if not isinstance(node, dict):
        return blocks.Tree((*text, ": ", str(node)))
    ((feature, branches),) = node.items()
    below = tuple(((str(value),), tree((), branch)) for value, branch in branches.items())
    return blocks.Tree((*text, ": ", str(feature)), below)


def _sums(first: Expr, second: Expr) -> bool:
    """Whether both are sums written in a row."""
    return all(isinstance(each, Apply) and isinstance(each.op.notation, Terms) for each in (first, second))


def _grouped(expr: Expr) -> bool:
    """Whether the terms of a sum are sums in brackets."""
    first = expr.args[0] if isinstance(expr, Apply) else expr
    return isinstance(first, Apply) and isinstance(first.op.notation, Between)


def _without_zeros(expr: Expr) -> Expr:
    """A sum without the terms that are exactly 0."""
    if not isinstance(expr, Apply):
        return expr
    kept = [arg for arg in expr.args if not isinstance(arg, Const) or arg.value.item() != 0]
    if len(kept) < 2:
        return kept[0] if kept else Const(NOUGHT)
    return Apply(expr.op, tuple(kept), expr.params)


def _lying(column: Matrix) -> Layout:
    """A column written as a row of numbers, transposed: (1, 2)ᵀ."""
    items: list[Layout] = []
    for row in column.cells:
        cell = Sign("⋯", "mark") if row[0] == Sign("⋮", "mark") else row[0]
        items += [Sign(",", "comma"), cell]
    return Scripts(Fence("(", Row(tuple(items[1:])), ")"), sup=Word("ᵀ"))


Part = tuple[Section | None, list[Item]]


def _parts(items: Sequence[Item]) -> list[Part | LeftOut]:
    parts: list[Part | LeftOut] = []
    current: list[Item] = []
    for item in (None, *items):
        if item is None or isinstance(item, Section):
            current = []
            parts.append((item, current))
        elif isinstance(item, LeftOut):
            current = []
            parts += [item, (None, current)]
        else:
            current.append(item)
    return parts


def _elided(parts: Sequence[Part | LeftOut]) -> Iterable[Part | LeftOut]:
    """The parts, with the middle of a long series left out."""
    place = 0
    while place < len(parts):
        section, end = _section(parts[place]), place + 1
        if section is None or not section.series:
            yield parts[place]
            place = end
            continue
        while end < len(parts) and (after := _section(parts[end])) and after.series == section.series:
            end += 1
        run = parts[place:end]
        if len(run) < max(LONG_SERIES, section.first + section.last + 1):
            yield from run
        else:
            last = len(run) - section.last
            yield from run[: section.first]
            yield _left_out(run[section.first : last])
            yield from run[last:]
        place = end


def _section(part: Part | LeftOut) -> Section | None:
    return None if isinstance(part, LeftOut) else part[0]


def _left_out(parts: Sequence[Part | LeftOut]) -> LeftOut:
    """What a note about parts that are left out says."""
    numbered = (Step, Entries)
    items = [item for part in parts if not isinstance(part, LeftOut) for item in part[1]]
    return LeftOut(len(parts), sum(isinstance(item, numbered) for item in items))


def _error(error: float) -> Layout:
    return number_layout(show(error, Rounding(significant=1)))[0] if error else Number("0")
