"""Expressions to layout: the only place where brackets are decided."""

from __future__ import annotations

import fractions
from collections.abc import Iterator, Mapping, Sequence

from solver.expr import nodes
from solver.expr.evaluate import shape_of
from solver.expr.nodes import ATOM, CONDITION, POWER, PRODUCT, SUM, Apply, Const, Expr, Sym
from solver.expr.rounding import Rounding, Shown, show
from solver.expr.values import Scalar, Shape, Value, gather
from solver.page.letters import Letters, scripts
from solver.page.math import (
    Big,
    Fence,
    Fraction,
    Layout,
    Letter,
    Number,
    Root,
    Row,
    Scripts,
    Sign,
    Table,
    Word,
)
from solver.record import Record

Exact = int | fractions.Fraction

AS_TYPED = Rounding(significant=15)
"""Typed numbers stand with all their digits."""

EDGE = 12
"""An array longer than this is shown by its corners: so many rows or columns at most."""
CORNER = 3

FUNCTIONS = {"relu", "sigmoid", "tanh", "softmax", "maxpool", "avgpool", "flatten"}
"""Quantities that are called like functions."""

ENTRYWISE = (SUM + PRODUCT) // 2
"""The product of two arrays entry by entry needs brackets inside other products."""

DOTS = Sign("⋯", "mark")
DOWN = Sign("⋮", "mark")
DIAGONAL = Sign("⋱", "mark")

Placed = tuple[Layout, int]
"""A layout and how tightly it holds together."""


class Writer(Record):
    """Writes expressions with a page's letters, digits and habits.

    `rows`: vectors are rows. `shapes` of the names tell where a sum needs an index.
    """

    letters: Letters
    rounding: Rounding
    shapes: Mapping[str, Shape]
    rows: bool = False

    def layout(self, expr: Expr, level: int = CONDITION) -> Layout:
        """The layout of an expression, in brackets if it holds together less than `level`."""
        if _by_rows(expr):
            row, _ = self._placed(expr, ("i",))
            return Scripts(Fence("(", row, ")"), sub=Letter("i"))
        placed, tightness = self._placed(expr, ())
        return placed if tightness >= level else Fence("(", placed, ")")

    def value(self, value: Value) -> Layout:
        """The layout of a value."""
        return self._value(value)[0]

    def shown_exactly(self, expr: Expr) -> bool:
        """Whether every number printed in the expression stands for itself."""
        if isinstance(expr, Const):
            return expr.value.label or (
                expr.value.exact and all(show(x, self.rounding).exact for x in _printed(expr.value))
            )
        if not isinstance(expr, Apply) or isinstance(expr.op.notation, nodes.Best):
            return True
        return all(self.shown_exactly(arg) for arg in expr.args)

    def as_read(self, expr: Expr) -> Expr:
        """The expression with every number replaced by what its printed digits stand for."""
        if isinstance(expr, Const):
            if expr.value.label:
                return expr
            read = [show(x, self.rounding).stands_for for x in expr.value.array.flat]
            return Const(gather(read, expr.value.shape))
        if isinstance(expr, Apply):
            return Apply(expr.op, tuple(self.as_read(arg) for arg in expr.args), expr.params)
        return expr

    # What follows returns a layout with its level; `index` holds the letters of the sums around it.

    def _placed(self, expr: Expr, index: tuple[str, ...]) -> Placed:
        if isinstance(expr, Const):
            return self._value(expr.value)
        if isinstance(expr, Sym):
            return self._name(expr, index)
        assert isinstance(expr, Apply)
        return self._apply(expr, index)

    def _inside(self, expr: Expr, level: int, index: tuple[str, ...] = ()) -> Layout:
        placed, tightness = self._placed(expr, index)
        return placed if tightness >= level else Fence("(", placed, ")")

    def _name(self, sym: Sym, index: tuple[str, ...]) -> Placed:
        letter = self.letters.layout(sym.name)
        shape = self.shapes.get(sym.name, ())
        used = index[len(index) - len(shape) :] if index and shape else ()
        if not used:
            return letter, PRODUCT if isinstance(letter, Fraction) else ATOM
        if isinstance(letter, Fraction):
            letter = Fence("(", letter, ")")
        return scripts(
            letter, sub=Row(tuple(Letter(i) for i in used)) if len(used) > 1 else Letter(used[0])
        ), ATOM

    def _apply(self, expr: Apply, index: tuple[str, ...]) -> Placed:
        args, notation = expr.args, expr.op.notation
        if index and not expr.op.elementwise and not expr.op.by_rows and shape_of(expr, self.shapes):
            whole = self._inside(expr, ATOM)
            return Scripts(whole, sub=Word("".join(index))), ATOM
        match notation:
            case nodes.Infix():
                return self._infix(notation, args, index)
            case nodes.Prefix(sign=sign):
                return Row((Sign(sign, "prefix"), self._operand(args[0], PRODUCT, index, behind=True))), SUM
            case nodes.Raised(mark=mark):
                return Scripts(self._inside(args[0], ATOM), sup=Word(mark)), POWER
            case nodes.Function():
                return self._function(notation, args, index, dict(expr.params).get(notation.shown))
            case nodes.Quotient(inline=True):
                top, bottom = (self._inside(arg, CONDITION, index) for arg in args)
                return Fraction(top, bottom, inline=True), PRODUCT
            case nodes.Quotient():
                bottom = self._inside(args[1], CONDITION, index)
                if _holds_array(args[0]) and not _holds_array(args[1]):  # a matrix does not stand on a line
                    return Row(
                        (Fraction(Number("1"), bottom), Sign(""), self._inside(args[0], PRODUCT))
                    ), PRODUCT
                return Fraction(self._inside(args[0], CONDITION, index), bottom), PRODUCT
            case nodes.Power() if not index and shape_of(args[0], self.shapes):
                entrywise = Row((Sign("∘", "mark"), self._inside(args[1], CONDITION)))
                return Scripts(self._inside(args[0], ATOM), sup=entrywise), POWER
            case nodes.Power():
                return Scripts(
                    self._inside(args[0], ATOM, index), sup=self._inside(args[1], CONDITION)
                ), POWER
            case nodes.Exponential() if _holds_array(args[0]):
                return self._function(nodes.Function("exp"), args, index)
            case nodes.Exponential():
                return Scripts(Letter("e"), sup=self._inside(args[0], CONDITION, index)), POWER
            case nodes.SquareRoot():
                return Root(self._inside(args[0], CONDITION, index)), ATOM
            case nodes.Between():
                body = Fence(notation.open, self._inside(args[0], CONDITION, index), notation.close)
                power = Number(notation.sup) if notation.sup else None
                return (scripts(body, sup=power), POWER) if power else (body, ATOM)
            case nodes.SumSign():
                return self._sum(expr, index)
            case nodes.Entry():
                below = Number(str(dict(expr.params)["index"] + 1))
                return scripts(self._inside(args[0], ATOM), sub=below), ATOM
            case nodes.Subscript():
                return scripts(self._inside(args[0], ATOM), sub=self._inside(args[1], CONDITION)), ATOM
            case nodes.Derivative():
                above, under = (
                    Row((Sign("∂", "prefix"), self._inside(arg, ATOM, index))) for arg in args[:2]
                )
                return Fraction(above, under), PRODUCT
            case nodes.SumExcept():
                skipped = self._inside(args[1], CONDITION)
                all_but = Row((Letter("k"), Sign("≠", "relation"), skipped))
                return Row((Big("∑", all_but), self._inside_sum(args[0], ("k",)))), PRODUCT
            case nodes.Slice():
                start, stop = dict(expr.params)["start"], dict(expr.params)["stop"]
                span = f"{start + 1}" if stop == start + 1 else f"{start + 1}…{stop}"
                return scripts(self._inside(args[0], ATOM), sub=Word(span)), ATOM
            case nodes.Piecewise():
                return self._cases(args, index), PRODUCT
            case nodes.Indicator():
                return Row((Number("1"), Fence("[", self._inside(args[0], CONDITION, index), "]"))), ATOM
            case nodes.Terms():
                return self._terms(args, index), SUM
            case nodes.Shares():
                sum_ = self._terms(args, index)
                entries = self._grid([self._inside(arg, CONDITION) for arg in args], (len(args),))
                return Row((Fraction(Number("1"), sum_), Sign(""), entries)), PRODUCT
            case nodes.Grid():
                return self._grid(
                    [self._inside(arg, CONDITION) for arg in args], dict(expr.params)["shape"]
                ), ATOM
            case nodes.Best():
                return Row((Word("argmax"), Sign(""), Word(dict(expr.params)["by"]))), PRODUCT
            case nodes.Sizes():
                lengths = [self._inside(arg, PRODUCT) for arg in args]
                parts = [part for length in lengths for part in (Sign("×"), length)]
                return Row(tuple(parts[1:])), PRODUCT if len(args) > 1 else ATOM
            case nodes.OuterProduct():
                first, second = (self._inside(arg, PRODUCT, index) for arg in args)
                raised = [scripts(self._inside(arg, ATOM, index), sup=Word("ᵀ")) for arg in args]
                pair = (raised[0], second) if self.rows else (first, raised[1])
                return Row((pair[0], Sign(""), pair[1])), PRODUCT
            case nodes.Formula(of=formula):
                return self._placed(formula(*args, **dict(expr.params)), index)

    def _infix(self, notation: nodes.Infix, args: Sequence[Expr], index: tuple[str, ...]) -> Placed:
        level, sign = notation.level, Sign(notation.sign, "relation" if notation.relation else "infix")
        if notation.sign == "·":
            if not index and all(shape_of(arg, self.shapes) for arg in args):
                level, sign = ENTRYWISE, Sign("⊙")
            elif not (_ends_in_number(args[0]) or _starts_with_number(args[1])):
                sign = Sign("")
        left = self._operand(args[0], level, index)
        if sign.text == "" and isinstance(left, Word) and left.text in FUNCTIONS:
            sign = Sign("·")  # a quantity that is called tanh is not the tanh of what stands behind it
        tighter = 1 if notation.brackets_right or notation.relation else 0
        right = self._operand(args[1], level + tighter, index, behind=True)
        items = left.items if level == SUM and isinstance(left, Row) else (left,)
        return Row((*items, sign, right)), level

    def _operand(self, expr: Expr, level: int, index: tuple[str, ...], behind: bool = False) -> Layout:
        """An operand; one that begins with a minus gets brackets behind another sign, and in a product of
        which a number is the first factor."""
        layout, tightness = self._placed(expr, index)
        if _starts_with_minus(expr):
            number = isinstance(expr, Const) and level > SUM
            return Fence("(", layout, ")") if behind or number or tightness < min(level, SUM) else layout
        loose = (
            not behind
            and level > SUM
            and isinstance(expr, Apply)
            and isinstance(expr.op.notation, nodes.SumSign)
        )
        return Fence("(", layout, ")") if tightness < level or loose else layout

    def _function(
        self,
        notation: nodes.Function,
        args: Sequence[Expr],
        index: tuple[str, ...],
        parameter: Exact | None = None,
    ) -> Placed:
        name: Layout = Letter(notation.name) if len(notation.name) == 1 else Word(notation.name)
        if notation.base:
            name = Scripts(name, sub=Number(notation.base))
        if parameter is not None:
            name = Scripts(name, sub=_whole(parameter))
        if len(args) == 1:
            body, tightness = self._placed(args[0], index)
            plain = not isinstance(body, (Table, Fence))
            positive = not (
                isinstance(args[0], Const) and not args[0].value.shape and args[0].value.item() < 0
            )
            if notation.tight and tightness == ATOM and plain and positive:
                return Row((name, Sign(""), body)), PRODUCT
            return Row((name, Fence("(", body, ")"))), POWER
        inner: list[Layout] = []
        for arg in args:
            inner += [Sign(",", "comma"), self._inside(arg, CONDITION, index)]
        return Row((name, Fence("(", Row(tuple(inner[1:])), ")"))), POWER

    def _sum(self, expr: Apply, index: tuple[str, ...]) -> Placed:
        """∑ with its index; sums of each row are written for the row i, as the family (∑ⱼ …)ᵢ."""
        shape = shape_of(expr.args[0], self.shapes)
        letters: tuple[str, ...] = (dict(expr.params).get("letter", "i"), "j")[: len(shape)]
        axis = expr.op.notation.axis if isinstance(expr.op.notation, nodes.SumSign) else None
        running = letters if axis is None else letters[axis : axis + 1]
        free = tuple(letter for letter in letters if letter not in running)
        below = Row(tuple(map(Letter, running)))
        written = Row((Big("∑", below), self._inside_sum(expr.args[0], letters)))
        if free and not index:
            return Scripts(Fence("(", written, ")"), sub=Letter(free[0])), ATOM
        return written, PRODUCT

    def _inside_sum(self, expr: Expr, index: tuple[str, ...]) -> Layout:
        placed, tightness = self._placed(expr, index)
        return placed if tightness >= PRODUCT and not _starts_with_minus(expr) else Fence("(", placed, ")")

    def _cases(self, args: Sequence[Expr], index: tuple[str, ...]) -> Layout:
        condition, first, second = (self._inside(arg, CONDITION, index) for arg in args)
        return Table(
            ((first, Row((Word("if"), Sign(""), condition))), (second, Word("otherwise"))), open="{", close=""
        )

    def _terms(self, args: Sequence[Expr], index: tuple[str, ...]) -> Layout:
        """A sum in a row; behind the first term a minus takes the place of the plus."""
        items: list[Layout] = []
        for place, arg in enumerate(args):
            positive = _without_minus(arg) if place else None
            if positive is None:
                items += [Sign("+"), self._operand(arg, SUM, index, behind=place > 0)]
            else:
                items += [Sign("−"), self._operand(positive, SUM + 1, index, behind=True)]
        return Row(tuple(items[1:]))

    # Values

    def _value(self, value: Value) -> Placed:
        if value.label:
            return Word(_text(value.item())), ATOM
        if not value.shape:
            return number_layout(show(value.item(), self.rounding))
        if len(value.shape) <= 2:
            return self._table(value), ATOM
        rows: list[Layout] = []
        for place in _corners(value.shape[0]):
            rows += [Sign(",", "comma"), DOTS if place is None else self.value(value.entry(place))]
        return Fence("(", Row(tuple(rows[1:])), ")"), ATOM

    def _table(self, value: Value) -> Table:
        array = value.array
        if len(value.shape) == 1:
            array = array[None, :] if self.rows else array[:, None]
        shape = array.shape
        rows, columns = _corners(shape[0]), _corners(shape[1])
        cells = tuple(
            tuple(
                _dots(i, j)
                if i is None or j is None
                else number_layout(show(array.item(i, j), self.rounding))[0]
                for j in columns
            )
            for i in rows
        )
        return Table(cells, size=(shape[0], shape[1]))

    def _grid(self, cells: Sequence[Layout], shape: Shape) -> Table:
        if len(shape) == 1:
            return Table((tuple(cells),) if self.rows else tuple((cell,) for cell in cells))
        return Table(tuple(tuple(cells[i * shape[1] : (i + 1) * shape[1]]) for i in range(shape[0])))


def _text(words: object) -> str:
    """A label in one line; a tree as nested mappings."""
    if not isinstance(words, dict):
        return str(words)
    return "{" + ", ".join(f"{name}: {_text(inner)}" for name, inner in words.items()) + "}"


def number_layout(shown: Shown) -> Placed:
    """A printed number and its level: a fraction or a power of ten holds together as a product does."""
    if shown.denominator:
        return Fraction(Number(shown.digits), Number(shown.denominator), inline=True), PRODUCT
    level = ATOM if shown.exponent is None and not shown.digits.startswith("−") else PRODUCT
    return Number(shown.digits, shown.exponent), level


def _by_rows(expr: Expr) -> bool:
    return isinstance(expr, Apply) and (expr.op.by_rows or any(map(_by_rows, expr.args)))


def _whole(parameter: Exact) -> Layout:
    """A parameter of a function, exactly: a slope has all its digits."""
    shown = show(parameter, AS_TYPED)
    if shown.exact:
        return number_layout(shown)[0]
    top, bottom = str(abs(parameter.numerator)), str(parameter.denominator)
    fraction = Fraction(Number(top), Number(bottom), inline=True)
    return Row((Sign("−", "prefix"), fraction)) if parameter < 0 else fraction


def constant_shapes(expr: Expr) -> Iterator[Shape]:
    """The shapes of the constants in an expression."""
    if isinstance(expr, Const):
        yield expr.value.shape
    elif isinstance(expr, Apply):
        for arg in expr.args:
            yield from constant_shapes(arg)


def _holds_array(expr: Expr) -> bool:
    return any(constant_shapes(expr))


def _starts_with_number(expr: Expr) -> bool:
    if isinstance(expr, Const):
        return not expr.value.shape
    if isinstance(expr, Apply) and isinstance(expr.op.notation, nodes.Infix):
        return _starts_with_number(expr.args[0])
    return isinstance(expr, Apply) and isinstance(expr.op.notation, (nodes.Terms, nodes.Grid))


def _without_minus(expr: Expr) -> Expr | None:
    """What stands behind the minus of a negative number or a negated expression."""
    if isinstance(expr, Const) and _starts_with_minus(expr):
        return Const(gather([-expr.value.item()], ()))
    return expr.args[0] if isinstance(expr, Apply) and isinstance(expr.op.notation, nodes.Prefix) else None


def _starts_with_minus(expr: Expr) -> bool:
    if isinstance(expr, Const):
        return not expr.value.shape and expr.value.item() < 0
    if isinstance(expr, Apply) and isinstance(expr.op.notation, (nodes.Infix, nodes.Terms)):
        bracketed = isinstance(expr.op.notation, nodes.Infix) and expr.op.notation.level > SUM
        return not (bracketed and isinstance(expr.args[0], Const)) and _starts_with_minus(expr.args[0])
    return isinstance(expr, Apply) and isinstance(expr.op.notation, nodes.Prefix)


def _ends_in_number(expr: Expr) -> bool:
    if isinstance(expr, Const):
        return not expr.value.shape
    if isinstance(expr, Apply) and isinstance(expr.op.notation, nodes.Infix):
        return _ends_in_number(expr.args[-1])
    return False


def _corners(length: int) -> list[int | None]:
    """The places shown of a row or column; None stands for those left out."""
    if length <= EDGE:
        return list(range(length))
    return [*range(CORNER), None, *range(length - CORNER, length)]


def _dots(i: int | None, j: int | None) -> Layout:
    """What stands in a row or column that is left out."""
    if i is None:
        return DIAGONAL if j is None else DOWN
    return DOTS


def _printed(value: Value) -> list[Scalar]:
    """The entries that are printed of a value."""
    array = value.array
    for axis, length in enumerate(value.shape):
        array = array.take([place for place in _corners(length) if place is not None], axis=axis)
    return list(array.flat)
