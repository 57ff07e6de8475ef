"""Typed formulas to expressions, by a whitelist: nothing typed is ever evaluated as Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from solver.errors import did_you_mean
from solver.expr import ops
from solver.expr.nodes import Const, Expr, build
from solver.expr.values import PI, exact, precise
from solver.record import Record

MAX_LENGTH = 2000
MAX_DEPTH = 60
MAX_TOKENS = 400
MAX_DIGITS = 300
MAX_EXPONENT = 308


class FormulaError(Exception):
    """A formula that cannot be read: why, from which character to which, and a way out."""

    def __init__(self, message: str, start: int, end: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.hint = message, start, end, hint


class Token(Record):
    """A piece of a formula and its place."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![0-9.]))"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/^()\[\],<>%@])"
)
_SAME = str.maketrans("−–·×÷", "--**/")

FUNCTIONS: dict[str, Callable[..., Expr]] = {
    "relu": ops.relu,
    "leaky_relu": lambda z, slope=Fraction(1, 100): ops.leaky_relu(z, slope=_slope(slope)),
    "step": ops.step,
    "sign": ops.sign,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "softplus": ops.softplus,
    "exp": ops.exp,
    "log": ops.log,
    "ln": ops.log,
    "log2": ops.log2,
    "log10": ops.log10,
    "sqrt": ops.sqrt,
    "abs": ops.absolute,
    "max": ops.maximum,
    "min": ops.minimum,
}
"""The functions of one argument (max and min: of two) that a formula may use."""

TWO_ARGUMENTS = {"max", "min"}

COMPARISONS = {
    "==": "equal",
    "!=": "unequal",
    "<": "less",
    "<=": "at_most",
    ">": "greater",
    ">=": "at_least",
}


def _slope(slope: object) -> Fraction:
    if isinstance(slope, Const) and slope.value.exact and not slope.value.shape:
        return Fraction(slope.value.item())
    if isinstance(slope, Fraction):
        return slope
    raise ValueError("the slope must be a number")


def number_text(text: str) -> Fraction:
    """The exact value of a number in decimal or scientific notation (checked by the caller's pattern)."""
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS:
        raise ValueError(f"it has more than {MAX_DIGITS} digits")
    if len(exponent) > 5 or abs(int(exponent or 0)) > MAX_EXPONENT:
        raise ValueError(f"its exponent is beyond {MAX_EXPONENT}")
    whole, _, behind = mantissa.partition(".")
    power = int(exponent or 0) - len(behind)
    digits = int(whole + behind or "0")
    return Fraction(digits * 10**power) if power >= 0 else Fraction(digits, 10**-power)


def parse(text: str, names: Mapping[str, Expr]) -> Expr:
    """A formula over the given names.

    Raises `FormulaError` with the place of what is wrong. The names win over the constants `e` and `pi`.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula is longer than {MAX_LENGTH} characters", 0, MAX_LENGTH)
    return _Parser(text, names).whole()


class _Parser:
    """Precedence climbing: condition < comparison < sum < product < sign < power < call."""

    def __init__(self, text: str, names: Mapping[str, Expr]) -> None:
        self.names = names
        self.tokens = list(_tokens(text.translate(_SAME)))
        if len(self.tokens) > MAX_TOKENS:
            last = self.tokens[MAX_TOKENS]
            raise FormulaError("the formula is too long", last.start, last.end)
        self.place = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def take(self, *texts: str) -> bool:
        if self.next.kind != "end" and self.next.text in texts:
            self.place += 1
            return True
        return False

    def expect(self, text: str, opened: Token) -> None:
        if not self.take(text):
            if self.next.kind == "end":
                raise FormulaError(f"`{opened.text}` is never closed", opened.start, opened.end)
            self.fail(self.next, f"expected `{text}`")

    def fail(self, token: Token, why: str = "", hint: str | None = None) -> None:
        if token.kind == "end":
            raise FormulaError("the formula ends too early", max(token.start - 1, 0), token.start, hint)
        raise FormulaError(why or f"did not expect `{token.text}` here", token.start, token.end, hint)

    def whole(self) -> Expr:
        result = self.condition()
        if self.next.kind != "end":
            self.fail(self.next)
        return result

    def condition(self) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(self.next, "the formula is nested too deeply")
        value = self.comparison()
        if self.take("if"):
            test = self.comparison()
            if not self.take("else"):
                self.fail(self.next, "expected `else`", "write `1 if z == 0 else 0`")
            value = build("where", test, value, self.condition())
        self.depth -= 1
        return value

    def comparison(self) -> Expr:
        left = self.sum()
        sign = self.next.text
        if self.next.kind == "sign" and sign in COMPARISONS:
            self.place += 1
            return build(COMPARISONS[sign], left, self.sum())
        return left

    def sum(self) -> Expr:
        left = self.product()
        while self.next.text in ("+", "-"):
            sign = self.take_text()
            right = self.product()
            left = left + right if sign == "+" else left - right
        return left

    def product(self) -> Expr:
        left = self.signed()
        while self.next.text in ("*", "/"):
            sign = self.take_text()
            right = self.signed()
            left = left * right if sign == "*" else left / right
        return left

    def signed(self) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(self.next, "the formula is nested too deeply")
        if self.take("-"):
            inner = self.signed()
            if isinstance(inner, Const) and inner.value.exact:
                result: Expr = Const(exact(-Fraction(inner.value.item())))
            else:
                result = -inner
        elif self.take("+"):
            result = self.signed()
        else:
            result = self.power()
        self.depth -= 1
        return result

    def power(self) -> Expr:
        base = self.atom()
        while self.take("%"):
            base = base / 100
        if self.take("^", "**"):
            return base ** self.signed()
        return base

    def take_text(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1].text

    def atom(self) -> Expr:
        token = self.next
        self.place += token.kind != "end"
        if token.kind == "number":
            return self.number(token)
        if token.kind == "name":
            return self.name(token)
        if token.text == "(":
            inner = self.condition()
            self.expect(")", token)
            return inner
        self.fail(token)
        raise AssertionError

    def number(self, token: Token) -> Expr:
        if token.text == "1" and self.next.text == "[":
            opened = self.next
            self.place += 1
            inner = self.condition()
            self.expect("]", opened)
            return build("indicator", inner)
        try:
            return ops.number(number_text(token.text))
        except ValueError as error:
            raise FormulaError(str(error), token.start, token.end) from None

    def name(self, token: Token) -> Expr:
        if token.text in ("if", "else"):
            self.fail(token)
        if self.next.text == "(" and token.text not in self.names:
            return self.call(token)
        if token.text in self.names:
            return self.names[token.text]
        if token.text == "pi" or token.text == "π":
            return Const(precise(PI))
        if token.text == "e":
            return ops.exp(1)
        known = ", ".join(f"`{name}`" for name in self.names)
        raise FormulaError(
            f"unknown name `{token.text}`",
            token.start,
            token.end,
            f"the formula may use {known}" if known else None,
        )

    def call(self, token: Token) -> Expr:
        function = FUNCTIONS.get(token.text)
        if function is None:
            hint = did_you_mean(token.text, FUNCTIONS) or "functions: " + ", ".join(FUNCTIONS)
            raise FormulaError(f"unknown function `{token.text}`", token.start, token.end, hint)
        opened = self.next
        self.place += 1
        args = [self.condition()]
        while self.take(","):
            args.append(self.condition())
        self.expect(")", opened)
        wanted = 2 if token.text in TWO_ARGUMENTS else 1
        most = 2 if token.text == "leaky_relu" else wanted
        if not wanted <= len(args) <= most:
            message = f"`{token.text}` takes {wanted} argument{'s' * (wanted > 1)}, got {len(args)}"
            raise FormulaError(message, token.start, token.end)
        try:
            return function(*args)
        except ValueError as error:
            raise FormulaError(str(error), token.start, token.end) from None


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise FormulaError(f"did not expect `{text[place]}` here", place, place + 1)
        if match.lastgroup != "space":
            yield Token(match.lastgroup or "", match.group(), place)
        place = match.end()
    yield Token("end", "", len(text))
