r"""An independent reader of printed mathematics: LaTeX and the terminal's two-dimensional text.

It knows nothing of the program that printed the page: only strings come in. A side of a relation is read into
a small tree and evaluated with intervals. A number that stands for itself is a point, carried as a fraction
as long as that is possible; a number that may have been rounded is the interval of half a unit of its last
printed digit to both sides. What irrational functions make of points are tight intervals (60 digits).

What it takes for granted: functions of one number act on each entry of an array; a number added to an array
is added to each entry, a row to each row of a matrix. Juxtaposition and `·` between arrays are the matrix
product, and products are read from left to right. A sum has to use the index that it runs over. `×` stands
between the sizes of an array. What ⋆ and words such as `maxpool` do to arrays the page does not say: whoever
reads it brings that along.
"""

from __future__ import annotations

import decimal
import itertools
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial, reduce
from typing import Any

import numpy as np

# ---------------------------------------------------------------- intervals

DIGITS = 60
WIDE = {"prec": DIGITS, "Emax": decimal.MAX_EMAX, "Emin": decimal.MIN_EMIN, "traps": []}
DOWN = decimal.Context(rounding=decimal.ROUND_FLOOR, **WIDE)  # type: ignore[arg-type]
UP = decimal.Context(rounding=decimal.ROUND_CEILING, **WIDE)  # type: ignore[arg-type]
NEAR = decimal.Context(rounding=decimal.ROUND_HALF_EVEN, **WIDE)  # type: ignore[arg-type]
ZERO, ONE = Decimal(0), Decimal(1)


class Undecided(Exception):
    """The intervals are too wide: a division by what may be 0, a logarithm of what may be negative."""


@dataclass(frozen=True, slots=True)
class Interval:
    """All real numbers between two decimals; results are rounded outwards."""

    low: Decimal
    high: Decimal

    def __add__(self, other: Number) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        right = interval(other)
        return Interval(DOWN.add(self.low, right.low), UP.add(self.high, right.high))

    __radd__ = __add__

    def __neg__(self) -> Interval:
        return Interval(self.high.copy_negate(), self.low.copy_negate())

    def __sub__(self, other: Number) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return self + -interval(other)

    def __rsub__(self, other: Number) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return interval(other) + -self

    def __mul__(self, other: Number) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        right = interval(other)
        pairs = [(a, b) for a in (self.low, self.high) for b in (right.low, right.high)]
        return Interval(
            min(DOWN.multiply(*pair) for pair in pairs), max(UP.multiply(*pair) for pair in pairs)
        )

    __rmul__ = __mul__

    def inverse(self) -> Interval:
        if self.low <= 0 <= self.high:
            raise Undecided("a division by what may be 0")
        return Interval(DOWN.divide(ONE, self.high), UP.divide(ONE, self.low))

    def __truediv__(self, other: Number) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return self * interval(other).inverse()

    def __rtruediv__(self, other: Number) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return interval(other) * self.inverse()

    def __contains__(self, other: Number) -> bool:
        inner = interval(other)
        return self.low <= inner.low and inner.high <= self.high


Number = Fraction | Interval
Array = Any
"""A number, or a numpy array of numbers with two axes (three: matrices in a row)."""


def interval(number: Number | int) -> Interval:
    """The smallest interval around a number."""
    if isinstance(number, Interval):
        return number
    top, bottom = Decimal(number.numerator), Decimal(number.denominator)
    return Interval(DOWN.divide(top, bottom), UP.divide(top, bottom))


def overlap(left: Number, right: Number) -> bool:
    """Whether both may be the same number; two points have to be equal."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left == right
    a, b = interval(left), interval(right)
    return a.low <= b.high and b.low <= a.high


def _widened(low: Decimal, high: Decimal) -> Interval:
    return Interval(low.next_minus(DOWN), high.next_plus(UP))


def _rising(function: Callable[[Decimal], Decimal], number: Number) -> Interval:
    inside = interval(number)
    return _widened(function(inside.low), function(inside.high))


def exp(x: Number) -> Number:
    """e to the power of a number."""
    return Fraction(1) if x == 0 else _rising(NEAR.exp, x)


def ln(x: Number) -> Number:
    """The natural logarithm."""
    if interval(x).low <= 0:
        raise Undecided("a logarithm of what may be 0 or negative")
    return Fraction(0) if x == 1 else _rising(NEAR.ln, x)


def root(x: Number) -> Number:
    """The square root."""
    if interval(x).low < 0:
        raise Undecided("a root of what may be negative")
    if isinstance(x, Fraction):
        exact = Fraction(_whole_root(x.numerator), _whole_root(x.denominator))
        if exact * exact == x:
            return exact
    result = _rising(NEAR.sqrt, x)
    return Interval(max(result.low, ZERO), result.high)


def _whole_root(n: int) -> int:
    return math.isqrt(n)


def tanh(x: Number) -> Number:
    """1 − 2/(e²ˣ + 1), at both ends."""
    if x == 0:
        return Fraction(0)
    inside = interval(x)
    ends = [
        1 - 2 / interval(1 + exp(2 * Interval(end, end)))
        for end in (max(inside.low, Decimal(-500)), min(inside.high, Decimal(500)))
    ]
    if abs(inside.low) > 500 or abs(inside.high) > 500:  # the other end is ±1 to all digits
        ends += [Interval(Decimal(sign), Decimal(sign)) for sign in (-1, 1) if sign * inside.high > 500]
    return Interval(min(end.low for end in ends), max(end.high for end in ends))


def sigmoid(x: Number) -> Number:
    """1/(1 + e⁻ˣ)."""
    return 1 / (1 + exp(-x))


def erf(x: Number) -> Number:
    """The error function at both ends, by its series of positive terms."""
    if x == 0:
        return Fraction(0)
    inside = interval(x)
    return Interval(_erf(inside.low).low, _erf(inside.high).high)


def _erf(x: Decimal) -> Interval:
    if x < 0:
        return -_erf(x.copy_negate())
    if x > 12:
        return Interval(DOWN.subtract(ONE, Decimal("1e-50")), ONE)
    point, n = Interval(x, x), 0
    term = total = point
    while n < 2 * float(x) ** 2 or term.high > total.high * Decimal("1e-70"):
        n += 1
        term = term * (2 * point * point) / Fraction(2 * n + 1)
        total = total + term
    total = total + Interval(ZERO, UP.multiply(Decimal(2), term.high))
    return 2 * total * exp(-(point * point)) / _ROOT_PI


def erfc(x: Number) -> Number:
    """1 − erf, which falls."""
    if x == 0:
        return Fraction(1)
    inside = interval(x)
    return Interval(_erfc(inside.high).low, _erfc(inside.low).high)


def _erfc(x: Decimal) -> Interval:
    """For larger x between two convergents of the continued fraction of Abramowitz and Stegun 7.1.14."""
    point = Interval(x, x)
    if x < 3:
        return 1 - interval(_erf(x))
    ends = []
    for terms in (400, 401):
        fraction = point
        for n in range(terms, 0, -1):
            fraction = point + Fraction(n, 2) / fraction
        ends.append(fraction.inverse())
    between = Interval(min(end.low for end in ends), max(end.high for end in ends))
    return between * interval(exp(-(point * point))) / _ROOT_PI


_PI = Interval(
    Decimal("3.14159265358979323846264338327950288419716939937510582097"),
    Decimal("3.14159265358979323846264338327950288419716939937510582098"),
)
_ROOT_PI = root(_PI)
EITHER = Interval(ZERO, ONE)


def power(x: Number, y: Number) -> Number:
    """x to the power of y: whole powers of anything, others of positive numbers."""
    if isinstance(y, Fraction) and y.denominator == 1:
        n = abs(y.numerator)
        if isinstance(x, Fraction):
            result: Number = x**n
        elif n % 2 == 0 and x.low <= 0 <= x.high:
            top = max(x.low.copy_negate(), x.high)
            result = Interval(ZERO, _product(Interval(top, top), n).high)
        else:
            result = _product(x, n)
        return result if y >= 0 else 1 / result
    return exp(y * ln(x))


def _product(x: Interval, n: int) -> Interval:
    """xⁿ for an interval that does not hold 0 inside, or an odd n."""
    ends = []
    for end in (x.low, x.high):
        product = Interval(ONE, ONE)
        for _ in range(n):
            product = product * Interval(end, end)
        ends.append(product)
    return Interval(min(end.low for end in ends), max(end.high for end in ends))


def larger(x: Number, y: Number) -> Number:
    """max(x, y)."""
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return max(x, y)
    a, b = interval(x), interval(y)
    return Interval(max(a.low, b.low), max(a.high, b.high))


def holds(sign: str, x: Number, y: Number) -> Number:
    """1 or 0, or the interval between them where it is not decided."""
    difference = interval(x - y) if isinstance(x - y, Interval) else None
    if difference is None:
        return Fraction(int(_COMPARED[sign](x - y)))  # type: ignore[arg-type]
    if sign in ("=", r"\ne"):
        apart = difference.low > 0 or difference.high < 0
        return Fraction(int(sign != "=")) if apart else EITHER
    ends = {_COMPARED[sign](end) for end in (difference.low, difference.high)}
    return Fraction(int(ends.pop())) if len(ends) == 1 else EITHER


_COMPARED: dict[str, Callable[[Any], bool]] = {
    "=": lambda d: bool(d == 0),
    r"\ne": lambda d: bool(d != 0),
    "<": lambda d: bool(d < 0),
    ">": lambda d: bool(d > 0),
    r"\le": lambda d: bool(d <= 0),
    r"\ge": lambda d: bool(d >= 0),
}


# ---------------------------------------------------------------- the tree


class Unreadable(Exception):
    """The text is no mathematics that this reader knows."""


class Elided(Exception):
    """Entries were left out, so that the value is not known."""


@lru_cache(10_000)
def _number(digits: str, exponent: int) -> Fraction:
    return Fraction(digits) * Fraction(10) ** exponent


@dataclass(frozen=True, slots=True)
class Numeral:
    """A printed number: its digits, and the power of ten."""

    digits: str
    exponent: int = 0
    scientific: bool = False

    @property
    def value(self) -> Fraction:
        return _number(self.digits, self.exponent)

    @property
    def unit(self) -> Fraction:
        """What one unit of the last printed digit is worth."""
        return _number("1", self.exponent - len(self.digits.partition(".")[2]))

    def __str__(self) -> str:
        return self.digits + (f"·10^{self.exponent}" if self.scientific else "")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter or a word, such as `w`, `\\hat{y}`, or `predicted`; also `∇L`."""

    text: str


@dataclass(frozen=True, slots=True)
class Scripted:
    """A base with what stands below it, piece by piece, and above it (a tree, and as it is written)."""

    base: Node
    below: tuple[str, ...] = ()
    above: Node | None = None
    written: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """An operation on arguments: `+`, `frac`, `ln`, `transpose`, …"""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix by its cells; None where dots stand."""

    rows: tuple[tuple[Node | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """∑ over indices, or over one but where it equals another (`besides`)."""

    letters: tuple[str, ...]
    body: Node
    besides: str = ""


@dataclass(frozen=True, slots=True)
class Cases:
    """Values with their conditions; None: otherwise."""

    rows: tuple[tuple[Node, Node | None], ...]


Node = Numeral | Letter | Scripted | Call | Grid | Sum | Cases


def children(node: Node) -> Iterator[Node]:
    """The nodes right below one."""
    match node:
        case Scripted(base, _, above):
            yield base
            if above is not None:
                yield above
        case Call(_, args):
            yield from args
        case Grid(rows):
            yield from (cell for row in rows for cell in row if cell is not None)
        case Sum(_, body):
            yield body
        case Cases(rows):
            yield from (part for row in rows for part in row if part is not None)


def numerals(node: Node) -> Iterator[Numeral | Call]:
    """The numbers printed, from left to right, `2/5` as one (a `Call`); indices are none of them."""
    if isinstance(node, Numeral) or is_ratio(node):
        yield node  # type: ignore[misc]
        return
    if isinstance(node, Call) and node.name in _WITH_INDEX and len(node.args) > 1:
        node = Call(node.name, node.args[:1])
    for child in children(node):
        yield from numerals(child)


def is_ratio(node: Node | None) -> bool:
    """Whether it is one number over another, `2/5`."""
    return isinstance(node, Call) and node.name == "/" and all(isinstance(arg, Numeral) for arg in node.args)


def parts(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    for child in children(node):
        yield from parts(child)


def slopes(node: Node) -> Iterator[Node]:
    """The indices of the leaky relus in a formula."""
    for part in parts(node):
        if isinstance(part, Call) and part.name == "leaky-relu":
            yield from part.args[1:]


# ---------------------------------------------------------------- reading LaTeX

_TOKEN = re.compile(
    r"\\(?:text|operatorname|mathrm|mathbb)\*?\{(?:[^{}\\]|\\.|\{\})*\}|\\(?:begin|end)\{\w+\}(?:\{c+\})?"
    r"|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S"
)
_TEXT = re.compile(r"\\(?:text|operatorname\*?|mathrm)\{(?:[^{}\\]|\\.|\{\})*\}")
_FUNCTIONS = {
    *(r"\ln", r"\log", r"\exp", r"\tanh", r"\max", r"\min", r"\sigma"),
    *("softmax", "log-softmax", "logsumexp", "relu", "leaky-relu", "elu", "gelu", "softplus", "erf", "erfc"),
    *("step", "sign", "argmax", "diag", "maxpool", "avgpool", "pad", "flip", "flatten", "convᵀ"),
}
_PRODUCTS = {r"\cdot": "times", r"\odot": "entrywise", r"\star": "star", r"\times": "sizes"}
_TIGHT = ("ln", "log")
_WITH_INDEX = ("log", "leaky-relu")
_RELATIONS = ("=", "<", ">", r"\le", r"\ge", r"\ne")
_CHAIN = ("=", r"\approx", r"\leftarrow", r"\in", r"\le", r"\ge", r"\Rightarrow")
_CLOSING = {"(": ")", "[": "]", r"\{": r"\}", r"\lvert": r"\rvert", r"\lVert": r"\rVert"}
_CLOSING |= {r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}
_DOTS = (r"\cdots", r"\vdots", r"\ddots", r"\dots")


def tokens(text: str) -> list[str]:
    r"""The tokens of a formula; `\left` and `\right` say nothing, names of functions lose their wrapping."""
    found = []
    for token in _TOKEN.findall(text):
        wrapped = re.fullmatch(r"\\(text|operatorname|mathrm)\*?\{(.*)\}", token)
        if token in (r"\left", r"\right", r"\,", r"\ ", r"\;"):
            continue
        found.append(f"“{wrapped[2].strip()}”" if wrapped else token)
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.place = 0

    @property
    def next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.next
        if not token or (expected and token != expected):
            raise Unreadable(f"{expected or 'more'!r} expected at {token!r} of {self.text}")
        self.place += 1
        return token

    def whole(self) -> Node:
        node = self.relation()
        if self.next:
            raise Unreadable(f"{self.next!r} is left of {self.text}")
        return node

    def relation(self) -> Node:
        node = self.sum()
        while self.next in _RELATIONS:
            node = Call(self.take(), (node, self.sum()))
        return node

    def sum(self) -> Node:
        node: Node
        if self.next in ("-", "+"):
            sign = self.take()
            node = self.term()
            node = Call("negative", (node,)) if sign == "-" else node
        else:
            node = self.term()
        while self.next in ("+", "-"):
            node = Call(self.take(), (node, self.term()))
        return node

    def term(self) -> Node:
        """A product, from left to right."""
        node = self.factor()
        while True:
            if self.next in _PRODUCTS:
                sign = self.take()
                if self.next in ("-", "+"):
                    raise Unreadable(f"a sign stands behind {sign} without brackets in {self.text}")
                sizes = node.args if isinstance(node, Call) and node.name == "sizes" else (node,)
                node = Call(_PRODUCTS[sign], ((*sizes,) if sign == r"\times" else (node,)) + (self.factor(),))
            elif self.next == "/":
                self.take()
                node = self.slashed(node)
            elif self.next and self.starts():
                node = Call("beside", (node, self.factor()))
            else:
                return node

    def slashed(self, node: Node) -> Node:
        """2/5, or ∂L/∂b; the slash takes what stands right before and behind it."""
        below = self.factor()
        if isinstance(node, Call) and node.name in ("beside", "times", "sizes") and len(node.args) > 1:
            return Call(node.name, (*node.args[:-1], _quotient("/", node.args[-1], below)))
        return _quotient("/", node, below)

    def starts(self) -> bool:
        return bool(self.next) and self.starting(self.next)

    def starting(self, token: str) -> bool:
        """Whether a factor can begin with a token."""
        if token in ("}", ")", "]", "&", ",", "+", "-", r"\\", *_CHAIN, *_RELATIONS, "“if”", "“otherwise”"):
            return False
        if token == "/":
            return False
        return token not in _CLOSING.values() and not token.startswith(r"\end")

    def factor(self) -> Node:
        token = self.next
        if token == r"\sum":
            return self.summed()
        if token.strip("“”") in _FUNCTIONS and self.calls():
            return self.called()
        return self.somewhere(self.quantity() or self.scripted())

    def calls(self) -> bool:
        """Whether a function is applied: a bracket stands behind it or behind its index, or ln is before a letter."""
        place = self.place + 1
        if self.tokens[place : place + 1] == ["_"]:
            place += 1
            if self.tokens[place : place + 1] == ["{"]:
                place = self.tokens.index("}", place) if "}" in self.tokens[place:] else len(self.tokens)
            place += 1
        behind = self.tokens[place] if place < len(self.tokens) else ""
        tight = (
            self.next.startswith("\\") and bool(behind) and behind not in _PRODUCTS and self.starting(behind)
        )
        return behind == "(" or tight

    def quantity(self) -> Letter | None:
        """A name with words in brackets, such as `H(A1=0)` or `gain(A1)`: all of it is one letter.

        What is in the brackets is text, or, behind a word, what LaTeX sets like an index: A1, 0-10.
        """
        word = self.next.startswith("“")
        if not word and not (len(self.next) == 1 and self.next.isalpha()):
            return None
        if self.after() != "(" or ")" not in self.tokens[self.place :]:
            return None
        inside = self.tokens[self.place + 2 : self.tokens.index(")", self.place)]
        text = "".join(inside).replace("“", "").replace("”", "")
        one = len(inside) == 1 and (inside[0].startswith("“") or (word and inside[0].startswith("\\")))
        if not one and not (word and re.fullmatch(r"[a-zA-Z]?(?:[\d+\-,.]|\\times|\\dots)+", text)):
            return None
        head = self.take()
        self.place += len(inside) + 2
        return Letter(f"{head}({text})")

    def somewhere(self, node: Node) -> Node:
        """A name with the node of a tree behind it: `gain(A3) where A2=1`."""
        if self.next != "“where”":
            return node
        self.take()
        return Letter(f"{written(node)} where {self.take()}")

    def after(self) -> str:
        return self.tokens[self.place + 1] if self.place + 1 < len(self.tokens) else ""

    def summed(self) -> Node:
        self.take(r"\sum")
        self.take("_")
        below = self.raw()
        letters, _, besides = "".join(below).partition(r"\ne")
        body = self.factor()
        while (self.next and self.starts()) or self.next in (r"\cdot", r"\odot", "/"):
            name = "beside"
            if self.next == "/":
                self.take()
                body = self.slashed(body)
                continue
            if self.next in (r"\cdot", r"\odot"):
                name = {r"\odot": "entrywise"}.get(self.take(), "times")
            body = Call(name, (body, self.factor()))
        return Sum(tuple(letters), body, besides)

    def called(self) -> Node:
        name = self.take().strip("“”").lstrip("\\")
        base: tuple[Node, ...] = ()
        if self.next == "_":
            self.take()
            start = self.place
            self.raw()
            base = (_Parser(" ".join(self.unwrapped(start))).whole(),)
        if self.next == "(":
            args = self.bracketed(")")
            return self.scripts(Call(name, (*args, *base)))
        return Call(name, (self.scripted(), *base))

    def bracketed(self, closing: str) -> tuple[Node, ...]:
        self.take()
        args = [self.cell()]
        while self.next == ",":
            self.take()
            args.append(self.cell())
        self.take(closing)
        return tuple(args)

    def cell(self) -> Node:
        if self.next in _DOTS:
            return Letter(self.take())
        return self.relation()

    def scripted(self) -> Node:
        return self.scripts(self.atom())

    def scripts(self, base: Node) -> Node:
        while self.next in ("_", "^", "'"):
            mark = self.take()
            if mark == "'":
                base = Letter(f"{base.text}'") if isinstance(base, Letter) else base
                continue
            start = self.place
            if mark == "_":
                below = "".join(self.raw()).replace("“", "").replace("”", "")
                if isinstance(base, Scripted) and not base.below:
                    base = Scripted(base.base, tuple(below.split(",")), base.above, base.written)
                else:
                    base = Scripted(base, tuple(below.split(",")))
                continue
            written = re.sub(r"([_^])\{(\w)\}", r"\1\2", "".join(self.raw()))
            inside = self.unwrapped(start)
            entrywise = len(inside) > 1 and inside[0] == r"\circ"
            above = _Parser(" ".join(inside[entrywise:])).above() if written != r"\top" else None
            if entrywise and above is not None:
                above = Call("each", (above,))
            if isinstance(base, Scripted) and not base.written:
                base = Scripted(base.base, base.below, above, written)
            else:
                base = Scripted(base, (), above, written)
        return base

    def above(self) -> Node | None:
        """What is raised, if it is an expression; `(0)` of w⁽⁰⁾ is one too."""
        try:
            return self.whole()
        except Unreadable:
            return None

    def unwrapped(self, start: int) -> list[str]:
        part = self.tokens[start : self.place]
        part = part[1:-1] if part[0] == "{" else part
        return [rf"\text{{{token[1:-1]}}}" if token.startswith("“") else token for token in part]

    def raw(self) -> list[str]:
        """The tokens of a script."""
        if self.next != "{":
            return [self.take()]
        self.take()
        depth, found = 1, []
        while depth:
            token = self.take()
            depth += (token == "{") - (token == "}")
            found.append(token)
        return found[:-1]

    def atom(self) -> Node:
        token = self.take()
        if token[0].isdigit():
            return self.number(token)
        if token == "{":
            node = self.relation()
            self.take("}")
            match node:  # braces are not seen: the index of {ln p}_i stands at the p
                case Call(name, (Letter() | Scripted() as last, *base)) if name in _TIGHT:
                    return Call(name, (self.scripts(last), *base))
            return node
        if token in _CLOSING:
            self.place -= 1
            inside = self.bracketed(_CLOSING[token])
            if token in ("(", "["):
                return inside[0] if len(inside) == 1 else Call("tuple", inside)
            return Call(token.lstrip("\\"), inside)
        if token == r"\frac":
            top, bottom = (self.braced() for _ in range(2))
            return _quotient("frac", top, bottom)
        if token == r"\sqrt":
            return Call("sqrt", (self.braced(),))
        if token in (r"\partial", r"\nabla", r"\Delta"):
            inner = self.atom()
            return (
                Letter(token + written(self.scripts(inner)))
                if token != r"\nabla"
                else (self.scripts(Letter(token + written(inner))))
            )
        if token in (r"\hat", r"\bar", r"\tilde", r"\dot"):
            return Letter(token + written(self.braced()))
        if token.startswith(r"\begin"):
            return self.environment(token)
        if token.startswith("“"):
            if self.next == "“of”":
                self.take()
                if self.after().isdigit() and len(self.next) == 1:  # the name c1
                    return Letter(f"{token} of “{self.take()}{self.take()}”")
                return Letter(f"{token} of {written(self.scripted())}")
            return Letter(token)
        if token.isalpha() or token in _DOTS or (token.startswith("\\") and token[1:].isalpha()):
            return Letter(token)
        raise Unreadable(f"{token!r} in {self.text}")

    def braced(self) -> Node:
        self.take("{")
        node = self.relation()
        self.take("}")
        return node

    def number(self, digits: str) -> Node:
        if digits == "1" and self.next == "[":
            return Call("indicator", self.bracketed("]"))
        if self.tokens[self.place : self.place + 3] == [r"\cdot", "10", "^"]:
            start = self.place
            self.place += 3
            exponent = "".join(self.raw())
            if re.fullmatch(r"-?\d+", exponent):
                return Numeral(digits, int(exponent), scientific=True)
            self.place = start
        return Numeral(digits)

    def environment(self, token: str) -> Node:
        name = token[token.index("{") + 1 : token.index("}")]
        rows: list[list[Node | None]] = [[]]
        while not self.next.startswith(r"\end"):
            if self.next in ("&", r"\\"):
                if self.take() == r"\\":
                    rows.append([])
                continue
            if self.tokens[self.place : self.place + 2] == ["{", "}"]:
                self.place += 2
            if self.next in _DOTS:
                self.take()
                rows[-1].append(None)
            elif name == "cases" and self.next == "“otherwise”":
                self.take()
            elif name == "cases" and self.next == "“if”":
                self.take()
                rows[-1].append(self.relation())
            else:
                rows[-1].append(self.relation())
        self.take()
        if name == "cases":
            return Cases(tuple((row[0], row[1] if len(row) > 1 else None) for row in rows))  # type: ignore[misc]
        if len({len(row) for row in rows}) != 1:
            raise Unreadable(f"rows of different lengths in {self.text}")
        return Grid(tuple(map(tuple, rows)))


def _quotient(name: str, top: Node, bottom: Node) -> Node:
    if all(isinstance(part, Letter) and part.text.startswith(r"\partial") for part in (top, bottom)):
        return Letter(f"{top.text}/{bottom.text}")  # type: ignore[union-attr]
    return Call(name, (top, bottom))


@lru_cache(10_000)
def read(text: str) -> Node:
    """The tree of a formula in LaTeX."""
    return _Parser(text).whole()


def written(node: Node) -> str:
    """The key of a letter with its scripts, under which its value is looked up."""
    match node:
        case Letter(text):
            return text
        case Scripted(base, below, _, raised):
            return written(base) + (f"_{','.join(below)}" if below else "") + (f"^{raised}" if raised else "")
        case Numeral(digits):
            return digits
    return repr(node)


def readings(node: Scripted) -> Iterator[tuple[str, tuple[int, ...]]]:
    """How a name with digits below it can be read: as the name of an array, and a place counted from 1."""
    for kept in range(len(node.below)):
        digits = node.below[kept:]
        if not all(part.isdigit() for part in digits):
            continue
        name = written(node.base) + (f"_{','.join(node.below[:kept])}" if kept else "")
        yield name, tuple(map(int, digits[0] if len(digits) == 1 else digits))


def key(latex: str) -> str:
    """The key of a name as it is printed."""
    return written(read(latex))


Link = tuple[str, str]
"""A relation, and what stands behind it."""


def links(lines: Sequence[str]) -> list[Link]:
    """The lines of a chain taken apart at its relations; the first has none."""
    parts: list[Link] = []
    for line in lines:
        relation, depth, piece = "", 0, []
        for token in re.findall(rf"{_TEXT.pattern}|\\[A-Za-z]+|\\.|\s+|.", line):
            depth += token in ("{", "(", "[", r"\begin") or token == r"\left"
            depth -= token in ("}", ")", "]", r"\end") or token == r"\right"
            if token.strip() in _CHAIN and depth == 0:
                if "".join(piece).strip():
                    parts.append((relation, "".join(piece).strip()))
                relation, piece = token.strip(), []
            else:
                piece.append(token)
        parts.append((relation, "".join(piece).strip()))
    return parts


# ---------------------------------------------------------------- evaluating


def exactly(_: Numeral) -> Fraction:
    """Every number stands for itself."""
    return Fraction(0)


Slack = Callable[[Numeral], Fraction]
"""How far the number that a printed one stands for may be from it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How a page is read.

    `names` gives the values of letters, under their keys: numbers, or arrays with the axes of the quantity; a
    key may stand for several, the first that fits is taken. `rows` says whether vectors are rows. Where digits
    are `places`, an index such as 12 or 1,12 chooses along several axes; otherwise it is that of a row.
    `functions` are what words and signs do to arrays, by the names of their calls. `derivative` is worth ∂ of the
    first letter by the second.
    """

    names: Mapping[str, Sequence[Array]] = field(default_factory=dict)
    rows: bool = False
    derivative: Callable[[str, str, Mapping[str, int]], Number] | None = None
    places: bool = False
    functions: Mapping[str, Callable[..., Array]] = field(default_factory=dict)

    def value(self, text: str, slack: Slack = exactly) -> Array:
        """What a side is worth; `slack` says which numbers are intervals."""
        return self.worth(read(text), slack)

    def worth(
        self,
        node: Node,
        slack: Slack = exactly,
        indices: Mapping[str, int] | None = None,
    ) -> Array:
        """What a tree is worth. A formula with a free index is worth the vector of its entries."""
        indices = dict(indices or {})
        try:
            return _Run(self, slack).value(node, indices)
        except _Free as free:
            entries = [self.worth(node, slack, {**indices, free.letter: place}) for place in range(free.size)]
            if any(np.ndim(entry) for entry in entries):
                raise Unreadable(f"arrays for each {free.letter}") from None
            return self.vector(entries)

    def vector(self, entries: Sequence[Any]) -> Array:
        """Numbers as a row or column."""
        result = np.empty(len(entries), dtype=object)
        result[:] = entries
        return result[None, :] if self.rows else result[:, None]


class _Free(Exception):
    def __init__(self, letter: str, size: int) -> None:
        super().__init__(letter)
        self.letter, self.size = letter, size


def _each(function: Callable[..., Any], *args: Array) -> Array:
    if not any(map(np.ndim, args)):
        return function(*args)
    return np.frompyfunc(function, len(args), 1)(*args)


@dataclass(frozen=True, slots=True)
class _Run:
    reader: Reader
    slack: Slack

    def value(self, node: Node, at: Mapping[str, int]) -> Array:
        match node:
            case Numeral():
                slack = self.slack(node)
                if slack:
                    return Interval(interval(node.value - slack).low, interval(node.value + slack).high)
                return node.value
            case Letter() | Scripted():
                return self.named(node, at)
            case Grid(rows):
                if any(cell is None for row in rows for cell in row):
                    raise Elided
                return self.gathered(
                    [[self.value(cell, at) for cell in row if cell is not None] for row in rows]
                )
            case Sum():
                return self.sum(node, at)
            case Cases(rows):
                return self.cases(rows, at)
            case Call("indicator", (condition,)):
                return self.value(condition, at)
            case Call(name, args):
                if name == "tuple":
                    return self.tuple(args, at)
                if name == "sizes":
                    return self.reader.vector([self.value(arg, at) for arg in args])
                return self.call(name, [self.value(arg, at) for arg in args])
        raise Unreadable(str(node))

    def gathered(self, rows: list[list[Array]]) -> Array:
        if any(np.ndim(cell) for row in rows for cell in row):
            raise Unreadable("an array within an array")
        result = np.empty((len(rows), len(rows[0])), dtype=object)
        for i, row in enumerate(rows):
            result[i, :] = row
        return result

    def tuple(self, args: Sequence[Node], at: Mapping[str, int]) -> Array:
        if any(isinstance(arg, Letter) and arg.text in _DOTS for arg in args):
            raise Elided
        parts = [self.value(arg, at) for arg in args]
        if all(np.ndim(part) == 2 for part in parts):
            return np.stack(parts)
        return self.gathered([parts])

    def named(self, node: Letter | Scripted, at: Mapping[str, int]) -> Array:
        found = self.looked_up(written(node), 0)
        if found is not None:
            return self.flat(found)
        if isinstance(node, Letter):
            return self.derived(node.text, at)
        base, below = node.base, node.below
        if below and not (node.written and written(Scripted(base, below)) in self.reader.names):
            entry = self.placed(node) if self.reader.places else None
            if entry is None:
                entry = self.entry(node, at)
            if entry is not None:
                return entry
        if node.written:
            inner: Node = Scripted(base, below) if below else base
            if node.written in (r"\top", "T"):
                value = self.value(inner, at)
                return np.swapaxes(value, -1, -2) if np.ndim(value) else value
            if node.above is None:
                raise Unreadable(f"{node.written!r} is raised")
            if isinstance(inner, Call) and inner.name == "lVert" and node.written == "2":
                return _squares(self.value(inner.args[0], at))
            if isinstance(inner, Letter) and inner.text == "e":
                return _each(exp, self.value(node.above, at))
            return self.power(self.value(inner, at), node.above, at)
        raise Unreadable(f"{written(node)!r} is unknown")

    def power(self, base: Array, above: Node, at: Mapping[str, int]) -> Array:
        """A power of a number; A² is A A, and A^{∘2} the matrix of the squares."""
        if isinstance(above, Call) and above.name == "each":
            raised = self.value(above.args[0], at)
            if np.ndim(base) and np.ndim(raised) and np.shape(base) != np.shape(raised):
                raise Unreadable(f"{np.shape(base)} to the power of {np.shape(raised)}, entry by entry")
            return _each(power, base, raised)
        raised = self.value(above, at)
        if not np.ndim(base) or np.size(base) == np.size(raised) == 1:
            return _each(power, base, raised)
        if np.ndim(raised) or raised != 2:
            raise Unreadable(f"an array to the power of {raised}")
        return _matrix_product(base, base)

    def looked_up(self, name: str, axes: int) -> Array | None:
        fitting = (value for value in self.reader.names.get(name, ()) if np.ndim(value) >= axes)
        return next(fitting, None)

    def flat(self, value: Array) -> Array:
        """A vector as the row or column that is printed for it."""
        if np.ndim(value) != 1:
            return value
        return value[None, :] if self.reader.rows else value[:, None]

    def placed(self, node: Scripted) -> Array | None:
        """The entry or the part at a place, a number for each axis: Y₁₂, Y₁,₁₂, and (behind an index) relu₂,₁₂."""
        marks = f"^{node.written}" if node.written else ""
        found = []
        for name, place in readings(node):
            value = self.looked_up(f"{name}{marks}", len(place))
            if value is None or np.ndim(value) - len(place) not in (0, 2):
                continue
            if all(1 <= i <= size for i, size in zip(place, value.shape, strict=False)):
                found.append(value[tuple(i - 1 for i in place)])
        if len(found) > 1:
            raise Unreadable(f"{written(node)!r} can be read in {len(found)} ways")
        return self.flat(found[0]) if found else None

    def entry(self, node: Scripted, at: Mapping[str, int]) -> Array | None:
        """The entry that a subscript chooses: letters of indices from 0 (they are bound), digits from 1."""
        *kept, last = node.below
        raised = f"^{node.written}" if node.written else ""
        for marks, fewer in ((raised, None), ("", node)):
            name = written(node.base) + (f"_{','.join(kept)}" if kept else "") + marks
            letters = last if last.isalpha() else ""
            value = self.looked_up(name, max(len(letters), 1))
            if value is None and letters and not kept and not marks and not set(letters) & set(at):
                size = self.size(node.base, letters)
                if size is not None:
                    return self.family(node.base, letters, size, at)
            if value is None:
                value = self.of_product(node, marks, kept, at)
            if value is None:
                continue
            chosen = self.chosen(value, last, at)
            if fewer is not None and node.written:
                if node.written == r"\top" and np.ndim(chosen) == 2:
                    return chosen.T
                if node.written == r"\top" or node.above is None:
                    raise Unreadable(f"{node.written!r} is raised on an entry")
                return self.power(chosen, node.above, at)
            return chosen
        return None

    def family(self, body: Node, letter: str, size: int, at: Mapping[str, int]) -> Array:
        """`(∑ⱼ xᵢⱼ)ᵢ`: what the brackets are worth for each i, as a vector, or as matrices in a row."""
        parts = [self.value(body, {**at, letter: place}) for place in range(size)]
        if all(np.ndim(part) == 0 for part in parts):
            return self.reader.vector(parts)
        if all(np.ndim(part) == 2 and part.shape[0] == 1 for part in parts) and self.reader.rows:
            return np.concatenate(parts)
        return np.stack(parts)

    def of_product(self, node: Scripted, marks: str, kept: list[str], at: Mapping[str, int]) -> Array | None:
        """What an index behind brackets chooses from: `softmax(z)ᵢ`."""
        if isinstance(node.base, Letter | Scripted) or marks or kept:
            return None
        value = self.value(node.base, {})
        lying = np.ndim(value) == 2 and 1 in value.shape and len(node.below[-1]) == 1
        return value.ravel() if lying else value

    def chosen(self, value: Array, index: str, at: Mapping[str, int]) -> Array:
        if re.fullmatch(r"\d+", index):
            place = int(index) - 1
            return value[place] if value.ndim == 1 else value[place : place + 1]
        if span := re.fullmatch(r"(\d+)(?:\\dots|…)(\d+)", index):
            return self.flat(value[int(span[1]) - 1 : int(span[2])])
        if not index.isalpha():
            raise Unreadable(f"the index {index!r}")
        if len(index) > np.ndim(value):
            raise Unreadable(f"the index {index!r} of {np.shape(value)}")
        places = []
        for axis, letter in enumerate(index):
            if letter not in at:
                raise _Free(letter, value.shape[axis])
            places.append(at[letter])
        if any(place >= size for place, size in zip(places, value.shape, strict=False)):
            raise Unreadable(f"there is no entry {index}")
        return self.flat(value[tuple(places)])

    def derived(self, name: str, at: Mapping[str, int]) -> Array:
        if name in _DOTS:
            raise Elided
        top, slash, bottom = name.partition("/")
        if slash and self.reader.derivative is not None:
            return self.reader.derivative(top.removeprefix(r"\partial"), bottom.removeprefix(r"\partial"), at)
        if name in at:
            return Fraction(at[name] + 1)
        if name == "e":
            return exp(Fraction(1))
        raise Unreadable(f"{name!r} is unknown")

    def sum(self, node: Sum, at: Mapping[str, int]) -> Array:
        if not node.letters:
            raise Unreadable("a sum without an index")
        ranges = []
        for letter in node.letters:
            size = self.size(node.body, letter)
            if size is None:
                raise Unreadable(f"the sum runs over {letter}, which does not occur in what is summed")
            skipped = at[node.besides] if node.besides else None
            ranges.append([place for place in range(size) if place != skipped])
        total: Array = Fraction(0)
        if len(ranges) == 1:
            places: list[tuple[int, ...]] = [(i,) for i in ranges[0]]
        else:
            places = [(i, j) for i in ranges[0] for j in ranges[1]]
        for place in places:
            total = total + self.value(node.body, {**at, **dict(zip(node.letters, place, strict=True))})
        return total

    def size(self, node: Node, letter: str) -> int | None:
        """How many values an index has, from what carries it."""
        if isinstance(node, Letter) and "/" in node.text:
            top = node.text.partition("/")[0].removeprefix(r"\partial")
            return self.size(read(top.replace("“", r"\text{").replace("”", "}")), letter)
        if (
            isinstance(node, Scripted)
            and node.below
            and letter in node.below[-1]
            and node.below[-1].isalpha()
        ):
            *kept, last = node.below
            for marks in (f"^{node.written}" if node.written else "", ""):
                name = written(node.base) + (f"_{','.join(kept)}" if kept else "") + marks
                value = self.looked_up(name, len(last))
                if value is not None:
                    return int(value.shape[last.index(letter)])
            value = self.of_product(node, "", kept, {})
            return None if value is None else int(value.shape[last.index(letter)])
        sizes = (self.size(child, letter) for child in children(node))
        return next((size for size in sizes if size is not None), None)

    def cases(self, rows: Sequence[tuple[Node, Node | None]], at: Mapping[str, int]) -> Array:
        conditions = [None if condition is None else self.value(condition, at) for _, condition in rows]
        values = [self.value(value, at) for value, _ in rows]

        def choose(*parts: Any) -> Any:
            for condition, value in zip(conditions_of(parts), parts[: len(values)], strict=True):
                if condition is None or condition == 1:
                    return value
                if condition != 0:
                    raise Undecided("a case")
            raise Unreadable("no case applies")

        def conditions_of(parts: Sequence[Any]) -> list[Any]:
            rest = iter(parts[len(values) :])
            return [None if condition is None else next(rest) for condition in conditions]

        return _each(choose, *values, *(condition for condition in conditions if condition is not None))

    def call(self, name: str, args: list[Array]) -> Array:
        if name in self.reader.functions:
            return self.reader.functions[name](*args)
        match name:
            case "+":
                return _added(*args)
            case "-":
                return _added(args[0], -args[1])
            case "negative":
                return -args[0]
            case "times" | "beside":
                return _multiplied(*args)
            case "entrywise":
                if np.shape(args[0]) != np.shape(args[1]):
                    raise Unreadable(f"⊙ between {np.shape(args[0])} and {np.shape(args[1])}")
                return args[0] * args[1]
            case "/" | "frac":
                return _divided(*args)
            case "max" | "min" if len(args) == 1 and not np.ndim(args[0]):
                return args[0]
            case "max" | "min" if len(args) > 1:
                sign = 1 if name == "max" else -1
                return reduce(partial(_each, lambda x, y: sign * larger(sign * x, sign * y)), args)
            case "lVert":
                return root(_squares(args[0]))
            case "log":
                return _each(lambda x: ln(x) / ln(args[1]), args[0])
            case "leaky-relu" if len(args) == 2:
                return _each(lambda x: _leaky(x, args[1]), args[0])
            case "diag":
                return self.diagonal(args[0])
        if name in _BY_ROW:
            return self.by_row(_BY_ROW[name], args[0], reduces=name in ("argmax", "max", "logsumexp"))
        if name in _BY_ENTRY and len(args) == 1:
            return _each(_BY_ENTRY[name], args[0])
        if name in _RELATIONS:
            return _each(lambda x, y: holds(name, x, y), *args)
        raise Unreadable(f"{name} of {len(args)}")

    def by_row(self, function: Callable[[list[Any]], Any], x: Array, reduces: bool) -> Array:
        """A function of a vector; of each row where vectors are rows and several stand below each other."""
        if np.ndim(x) != 2:
            raise Unreadable("a function of a vector is taken of a number")
        if not self.reader.rows or x.shape[0] == 1:
            result = function(list(x.flat))
            return result if reduces else np.array(result, dtype=object).reshape(x.shape)
        results = [function(list(row)) for row in x]
        return np.array([results] if reduces else results, dtype=object)

    def diagonal(self, x: Array) -> Array:
        if not (x.shape[0] == 1 or x.shape[1] == 1):
            return np.stack([self.diagonal(row[None, :]) for row in x])
        result = np.full((x.size, x.size), Fraction(0), dtype=object)
        for place, entry in enumerate(x.flat):
            result[place, place] = entry
        return result


def _added(x: Array, y: Array) -> Array:
    a, b = np.shape(x), np.shape(y)
    row = (len(a) == len(b) == 2) and a[1] == b[1] and 1 in (a[0], b[0])
    if len(a) > 2 and len(b) == 2 and 1 in b and y.size == a[-3]:  # one number for each map
        return x + y.reshape(-1, 1, 1)
    if a and b and a != b and not row:
        raise Unreadable(f"a sum of {a} and {b}")
    return x + y


def _multiplied(x: Array, y: Array) -> Array:
    if not np.ndim(x) or not np.ndim(y):
        return x * y
    return _matrix_product(x, y)


def _matrix_product(x: Array, y: Array) -> Array:
    if np.ndim(x) != 2 or np.ndim(y) != 2 or x.shape[1] != y.shape[0]:
        raise Unreadable(f"a product of {np.shape(x)} and {np.shape(y)}")
    result = np.empty((x.shape[0], y.shape[1]), dtype=object)
    for i, j in np.ndindex(*result.shape):
        result[i, j] = sum((a * b for a, b in zip(x[i], y[:, j], strict=True)), start=Fraction(0))
    return result


def _divided(x: Array, y: Array) -> Array:
    def divide(a: Any, b: Any) -> Any:
        if isinstance(b, Fraction) and b == 0:
            raise Unreadable("a division by 0")
        return a / b

    if np.ndim(x) and np.ndim(y) and np.shape(x) != np.shape(y):
        raise Unreadable(f"a quotient of {np.shape(x)} and {np.shape(y)}")
    return _each(divide, x, y)


def _squares(x: Array) -> Array:
    """The sum of the squares of the entries."""
    return sum((power(entry, Fraction(2)) for entry in np.ravel(x)), start=Fraction(0))


def _leaky(x: Number, slope: Number) -> Number:
    """max(0, x) + slope min(0, x), of which one is 0."""
    if isinstance(x, Fraction):
        return x if x > 0 else slope * x
    return larger(x, Fraction(0)) - slope * larger(-x, Fraction(0))


def _elu(x: Number) -> Number:
    if isinstance(x, Fraction):
        return x if x > 0 else exp(x) - 1
    low, high = (_elu_end(end) for end in (x.low, x.high))
    return Interval(low.low, high.high)


def _elu_end(end: Decimal) -> Interval:
    point = Interval(end, end)
    return point if end > 0 else interval(exp(point) - 1)


def _gelu(x: Number) -> Number:
    return x / Fraction(2) * erfc(-x / root(Fraction(2)))


def floor(x: Number) -> Number:
    """⌊x⌋."""
    if isinstance(x, Fraction):
        return Fraction(x.numerator // x.denominator)
    low, high = (end.to_integral_value(decimal.ROUND_FLOOR, DOWN) for end in (x.low, x.high))
    return Fraction(low) if low == high else Interval(low, high)


def _sign(x: Number) -> Number:
    return holds(">", x, Fraction(0)) - holds("<", x, Fraction(0))


def _absolute(x: Number) -> Number:
    return larger(x, -x)


def _largest(entries: list[Any]) -> Any:
    result = entries[0]
    for entry in entries[1:]:
        result = larger(result, entry)
    return result


def _softmax(entries: list[Any]) -> list[Any]:
    """1/∑ e^(zₖ − zᵢ): each entry occurs once with each other, which keeps the intervals narrow."""
    return [
        1 / sum(exp(other - entry) if k != i else Fraction(1) for k, other in enumerate(entries))
        for i, entry in enumerate(entries)
    ]


def _log_softmax(entries: list[Any]) -> list[Any]:
    return [ln(entry) for entry in _softmax(entries)]


def _logsumexp(entries: list[Any]) -> Any:
    top = _middle(_largest(entries))
    return top + ln(sum(exp(entry - top) for entry in entries))


def _middle(x: Number) -> Fraction:
    return x if isinstance(x, Fraction) else (Fraction(x.low) + Fraction(x.high)) / 2


def _argmax(entries: list[Any]) -> Any:
    """The place of the largest, counted from 0; of equal points the first."""
    candidates = [
        place
        for place, entry in enumerate(entries)
        if all(
            holds(r"\ge" if other > place else ">", entry, entries[other]) != 0
            for other in range(len(entries))
            if other != place
        )
    ]
    if len(candidates) == 1:
        return Fraction(candidates[0])
    return Interval(Decimal(min(candidates)), Decimal(max(candidates)))


_BY_ROW: dict[str, Callable[[list[Any]], Any]] = {
    "softmax": _softmax,
    "log-softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "argmax": _argmax,
    "max": _largest,
    "min": lambda entries: -_largest([-entry for entry in entries]),
}
_BY_ENTRY: dict[str, Callable[[Any], Any]] = {
    "ln": ln,
    "exp": exp,
    "tanh": tanh,
    "sigma": sigmoid,
    "sqrt": root,
    "erf": erf,
    "erfc": erfc,
    "relu": lambda x: larger(x, Fraction(0)),
    "elu": _elu,
    "gelu": _gelu,
    "softplus": lambda x: ln(1 + exp(x)),
    "step": lambda x: holds(r"\ge", x, Fraction(0)),
    "sign": _sign,
    "lvert": _absolute,
    "lfloor": floor,
    "lceil": lambda x: -floor(-x),
}


# ---------------------------------------------------------------- comparing


def unequal(left: Array, right: Array) -> str:
    """Why two values cannot be the same; empty where they may be."""
    a, b = np.shape(left), np.shape(right)
    one_matrix = {len(a), len(b)} == {2, 3} and (a == (1, *b) or b == (1, *a))
    if a != b and {a, b} != {(), (1, 1)} and not one_matrix:
        return f"one side has the shape {a}, the other {b}"
    for place, (x, y) in enumerate(zip(np.ravel(left), np.ravel(right), strict=True)):
        if not overlap(x, y):
            where = np.unravel_index(place, b) if b else ()
            return f"{_told(x)} is not {_told(y)}" + (f" at {tuple(map(int, where))}" if where else "")
    return ""


def _told(x: Number) -> str:
    if isinstance(x, Fraction):
        return str(x) if len(str(x)) < 24 else f"{float(x):.15g}"
    return f"[{x.low:.12g}, {x.high:.12g}]"


# ---------------------------------------------------------------- the terminal's text in two dimensions

_RAISED = dict(
    zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ˣᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷʸᶻ", "0123456789+-=()xabcdefghijklmnoprstuvwyz", strict=True)
)
_RAISED |= {"ᵀ": r"\top", "ᵅ": r"\alpha", "ᵝ": r"\beta", "ᵞ": r"\gamma"}
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=()aehijklmnoprstuvx", strict=True))
_SIGNS = {"−": "-", "·": r"\cdot", "⊙": r"\odot", "≈": r"\approx", "≥": r"\ge", "≤": r"\le", "≠": r"\ne"}
_SIGNS |= {
    "∂": r"\partial",
    "∇": r"\nabla",
    "←": r"\leftarrow",
    "∈": r"\in",
    "ℝ": r"\mathbb{R}",
    "×": r"\times",
}
_SIGNS |= {"⋆": r"\star", "⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "′": r"^{\prime}"}
_SIGNS |= {
    "∘": r"\circ",
    "⋯": r"\cdots",
    "⋮": r"\vdots",
    "⋱": r"\ddots",
    "…": r"\dots",
    "ℓ": r"\ell",
    "⇒": r"\Rightarrow",
}
_WORDS = {"ln": r"\ln", "log": r"\log", "exp": r"\exp", "tanh": r"\tanh", "max": r"\max", "min": r"\min"}
_ACCENTED = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
_TALL = {"⎡⎢⎣": "[", "⎛⎜⎝": "(", "⎧⎪⎨⎩": "{", "⎤⎥⎦": "]", "⎞⎟⎠": ")", "│": "|", "‖": "‖"}
_PIECES = {piece: bracket for pieces, bracket in _TALL.items() for piece in pieces}
_NAME, _REST = 0xF0000, chr(0xFFFFD)
"""A name that was handed over stands as one character of a private area, and as many fillings as it is longer."""
_LOW = {"[": ("", ""), "|": (r"\lvert ", r" \rvert "), "‖": (r"\lVert ", r" \rVert ")}
_PAIRS = {"[": "]", "(": ")", "|": "|", "‖": "‖"}


def flattened(lines: Sequence[str], baseline: int, names: Sequence[str] = ()) -> str:
    """The LaTeX of a formula that was printed on several lines, of which one is its baseline.

    `names` are contents of `\\text{…}` that stand for themselves, such as `A1=0` or `Travel cost`.
    """
    rows = [_spaced(line) for line in lines]
    for place, name in enumerate(names):
        shown = _spaced(plain(name))
        sought = (r"(?<!\w)" if shown[0].isalnum() else "") + re.escape(shown)
        sought += r"(?![^\W₀-₉])" if shown[-1].isalnum() else ""
        rows = [re.sub(sought, chr(_NAME + place) + _REST * (len(shown) - 1), row) for row in rows]
    wide = max(map(len, rows))
    text = _Region([row.ljust(wide) for row in rows]).read(baseline)
    for place, name in enumerate(names):
        text = text.replace(chr(_NAME + place), name)
    return text


def _spaced(text: str) -> str:
    """A character for each column: a filling behind characters that take two."""
    return "".join(mark + _REST * (unicodedata.east_asian_width(mark) in "WF") for mark in text)


def plain(latex: str) -> str:
    """What the content of `\\text{…}` looks like."""
    for command, mark in (("textbackslash", "\\"), ("textasciicircum", "^"), ("textasciitilde", "~")):
        latex = latex.replace(rf"\{command}{{}}", f"\\{mark}" if mark == "\\" else mark)
    return re.sub(r"\\(.)", r"\1", latex)


class _Region:
    """A rectangle of characters."""

    def __init__(self, rows: Sequence[str]) -> None:
        self.rows = list(rows)
        self.width = len(self.rows[0]) if self.rows else 0

    def part(self, top: int, bottom: int, left: int, right: int) -> _Region:
        return _Region([row[left:right] for row in self.rows[top:bottom]])

    @property
    def trimmed(self) -> _Region:
        """Without blank rows above and below, and blank columns at both sides."""
        inked = [place for place, row in enumerate(self.rows) if row.strip()]
        if not inked:
            return _Region([])
        rows = self.rows[inked[0] : inked[-1] + 1]
        left = min(len(row) - len(row.lstrip()) for row in rows if row.strip())
        right = max(len(row.rstrip()) for row in rows)
        return _Region([row[left:right] for row in rows])

    def somehow(self) -> str:
        """Read with the baseline that leaves nothing unread: that of a bar, or that with the fewest scripts.

        Of several, the lowest.
        """
        area = self.trimmed
        ways = []
        for baseline in range(len(area.rows)):
            try:
                text = area.read(baseline)
                if re.fullmatch(r"\w+(,(\w+|\\text\{\w+\} *))+", text):  # the index 3,ij
                    text = re.sub(r"\\text\{(\w+)\} *", r"\1", text)
                else:
                    read(text)
            except (Unreadable, IndexError):
                continue
            ways.append(("─" not in area.rows[baseline], len(re.findall("[_^]{", text)), -baseline, text))
        if not ways:
            raise Unreadable("\n".join(self.rows))
        return min(ways)[-1]

    def read(self, baseline: int) -> str:
        """The formula whose line is `baseline`; all ink has to be accounted for."""
        parts: list[str] = []
        column = 0
        line = self.rows[baseline]
        limits = self.limits(baseline)
        while column < self.width:
            mark = line[column]
            if column in limits:
                end, latex = limits[column]
                parts.append(latex)
                column = end
            elif mark == " " and self.rooted(column, baseline):
                column += 1
            elif mark == " ":
                end = self.blank_until(column, baseline, limits)
                parts.append(self.scripts(baseline, column, end))
                column = end
            elif mark == "─":
                end = column + len(line[column:]) - len(line[column:].lstrip("─"))
                top = self.part(0, baseline, column, end).somehow()
                below = self.part(baseline + 1, len(self.rows), column, end).somehow()
                parts.append(rf"\frac{{{top}}}{{{below}}}")
                column = end
            elif mark in "√│" and (root := self.root(column, baseline)):
                latex, column = root
                parts.append(latex)
            elif mark in _PIECES and self.tall(column, baseline):
                latex, column = self.fenced(column, baseline)
                parts.append(latex)
            elif mark in _LOW and not (mark == "[" and line[column - 1 : column] == "1"):
                end = _closed(line, column)
                self.nothing_beside(baseline, column, column + 1)
                opening, closing = _LOW[mark]
                body = self.part(0, len(self.rows), column + 1, end)
                inside = (
                    body.part(baseline, baseline + 1, 0, body.width).table()
                    if mark == "["
                    else body.read(baseline)
                )
                parts.append(f"{opening}{inside}{closing}")
                column = end + 1
            else:
                end = self.run_until(column, baseline, limits)
                self.nothing_beside(baseline, column, end)
                parts.append(_linear(line[column:end]))
                column = end
        return " ".join(part for part in parts if part)

    def limits(self, baseline: int) -> dict[int, tuple[int, str]]:
        """The sums on a line, by the column at which they or what stands below them begins."""
        found = {}
        for place, mark in enumerate(self.rows[baseline]):
            if mark != "∑":
                continue
            if baseline + 1 >= len(self.rows):
                raise Unreadable("a sum without an index")
            below = self.rows[baseline + 1]
            runs = [run for run in re.finditer(r"\S+(?: ≠ \S+)?", below) if run.start() <= place < run.end()]
            if not runs:
                raise Unreadable("a sum without an index")
            index = _linear(runs[0][0])
            found[min(place, runs[0].start())] = (max(place + 1, runs[0].end()), rf"\sum_{{{index}}}")
        return found

    def ink(self, column: int, baseline: int) -> bool:
        return any(row[column] != " " for place, row in enumerate(self.rows) if place != baseline)

    def root(self, column: int, baseline: int) -> tuple[str, int] | None:
        """A root with a line above what stands under it, and where it ends."""
        if self.rows[baseline][column] == "√" and baseline and self.rows[baseline - 1][column + 1] == "_":
            bar = re.compile("_+").match(self.rows[baseline - 1], column + 1)
            top, left = baseline, column + 1
        else:
            column += self.rows[baseline][column] == "√"
            top = next((row for row in range(baseline, -1, -1) if self.rows[row][column] != "│"), 0)
            if self.rows[top][column] != "┌":
                return None
            bar = re.compile("─+").match(self.rows[top], column + 1)
            top, left = top + 1, column + 1
        assert bar is not None
        for row in range(top - 1):
            if self.rows[row][left - 1 : bar.end()].strip():
                raise Unreadable(f"{self.rows[row]!r} above a root")
        body = self.part(top, len(self.rows), left, bar.end())
        return rf"\sqrt{{{body.read(baseline - top)}}}", bar.end()

    def rooted(self, column: int, baseline: int) -> bool:
        """Whether the foot of a tall root stands in a column."""
        foot = any(row[column] == "√" for row in self.rows) and column + 1 < self.width
        return foot and self.rows[baseline][column + 1] == "│" and self.root(column + 1, baseline) is not None

    def blank_until(self, column: int, baseline: int, limits: Mapping[int, Any]) -> int:
        end = column
        while end < self.width and self.rows[baseline][end] == " " and end not in limits:
            if self.rooted(end, baseline):
                break
            end += 1
        return end

    def run_until(self, column: int, baseline: int, limits: Mapping[int, Any]) -> int:
        line, end = self.rows[baseline], column + 1
        while end < self.width and line[end] not in " ─" and end not in limits:
            if line[end] in _LOW and not (line[end] == "[" and line[end - 1] == "1"):
                break
            if line[end] in _PIECES and self.tall(end, baseline):
                break
            if line[end] == "√" and self.root(end, baseline):
                break
            end += 1
        return end

    def scripts(self, baseline: int, left: int, right: int) -> str:
        """What stands above and below a blank part of the line."""
        text = ""
        for mark, area in (
            ("_", self.part(baseline + 1, len(self.rows), left, right)),
            ("^", self.part(0, baseline, left, right)),
        ):
            if area.trimmed.rows:
                text += f"{mark}{{{area.somehow()}}}"
        return text

    def nothing_beside(self, baseline: int, left: int, right: int) -> None:
        for place, row in enumerate(self.rows):
            if place != baseline and row[left:right].strip(" _"):
                raise Unreadable(f"{row[left:right]!r} beside {self.rows[baseline][left:right]!r}")

    def tall(self, column: int, baseline: int) -> bool:
        rows = self.extent(column, baseline)
        return rows[1] - rows[0] > 1

    def extent(self, column: int, baseline: int) -> tuple[int, int]:
        """The rows that a tall bracket takes."""
        bracket = _PIECES[self.rows[baseline][column]]
        top = bottom = baseline
        while top > 0 and _PIECES.get(self.rows[top - 1][column]) == bracket:
            top -= 1
        while bottom + 1 < len(self.rows) and _PIECES.get(self.rows[bottom + 1][column]) == bracket:
            bottom += 1
        return top, bottom + 1

    def fenced(self, column: int, baseline: int) -> tuple[str, int]:
        """Tall brackets with what is between them, and what is raised behind them."""
        bracket = _PIECES[self.rows[baseline][column]]
        top, bottom = self.extent(column, baseline)
        if bracket == "{":
            return self.cases(column, top, bottom)
        closing, depth, end = _PAIRS.get(bracket, ""), 1, column
        while depth:
            end += 1
            if end >= self.width:
                raise Unreadable("a bracket is not closed")
            if _PIECES.get(self.rows[baseline][end]) in (bracket, closing):
                here = _PIECES[self.rows[baseline][end]]
                inner = self.extent(end, baseline)
                if bracket == closing:
                    depth -= inner == (top, bottom)
                else:
                    depth += (here == bracket) - (here == closing)
        body = self.part(top, bottom, column + 1, end)
        if bracket == "[" and self.rows[baseline][:column].endswith("1"):
            latex = f"[{body.read(baseline - top)}]"
        elif bracket == "[":
            latex = body.table()
        else:
            sides = {"(": "()", "|": (r"\lvert ", r"\rvert "), "‖": (r"\lVert ", r"\rVert ")}[bracket]
            latex = f"{sides[0]}{body.read(baseline - top)}{sides[1]}"
        for row in (*range(top), *range(bottom, len(self.rows))):
            if self.rows[row][column : end + 1].strip():
                raise Unreadable(f"{self.rows[row][column : end + 1]!r} above or below a bracket")
        end += 1
        behind = re.match(f"[{''.join(_RAISED)}]*", self.rows[top][end:])
        if behind and behind[0] and self.rows[baseline][end] == " ":
            latex = f"{{{latex}}}^{{{''.join(_RAISED[mark] for mark in behind[0])}}}"
            end += len(behind[0])
            return latex, end
        behind = re.match(f"[{''.join(_LOWERED)}]*", self.rows[bottom - 1][end:])
        if behind and behind[0] and self.rows[baseline][end] == " ":
            latex = f"{{{latex}}}_{{{''.join(_LOWERED[mark] for mark in behind[0])}}}"
            end += len(behind[0])
        return latex, end

    def columns(self) -> list[tuple[int, int]]:
        """The cells of a table, between blanks two columns wide."""
        blank = [all(row[column] == " " for row in self.rows) for column in range(self.width)]
        cells: list[tuple[int, int]] = []
        start = None
        for column in range(self.width + 1):
            free = column == self.width or (blank[column] and (column + 1 == self.width or blank[column + 1]))
            if start is None and column < self.width and not blank[column]:
                start = column
            elif start is not None and free:
                cells.append((start, column))
                start = None
        return cells

    def table(self) -> str:
        """A matrix: rows of several lines with a blank line in between, or a line each row.

        Entries that stand below each other overlap, so that no two of them are read as one with a script.
        """
        blanks = [place for place, row in enumerate(self.rows) if not row.strip()]
        edges = [-1, *blanks, len(self.rows)]
        groups = [(a + 1, b) for a, b in itertools.pairwise(edges) if b > a + 1]
        ways = [groups]
        if not blanks:
            ways.append([(place, place + 1) for place in range(len(self.rows))])
        for way in ways:
            try:
                rows = [
                    " & ".join(self.part(top, bottom, *cell).somehow() for cell in self.columns())
                    for top, bottom in way
                ]
            except Unreadable:
                continue
            return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"
        raise Unreadable("\n".join(self.rows))

    def cases(self, column: int, top: int, bottom: int) -> tuple[str, int]:
        body = self.part(top, bottom, column + 1, self.width)
        rows = []
        for row in body.rows:
            if not row.strip():
                continue
            value, condition = re.split(r"  +", row.strip(), maxsplit=1)
            if condition.startswith("if "):
                condition = rf"\text{{if}} {_linear(condition[3:])}"
            else:
                condition = rf"\text{{{condition}}}"
            rows.append(f"{_linear(value)} & {condition}")
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", self.width


def _closed(line: str, column: int) -> int:
    """Where a bracket of one line is closed."""
    if line[column] != "[":
        return line.index(line[column], column + 1)
    depth = 0
    for place in range(column, len(line)):
        depth += (line[place] == "[") - (line[place] == "]")
        if not depth:
            return place
    raise Unreadable(f"a bracket is not closed in {line!r}")


def _linear(text: str) -> str:
    """One line of text as LaTeX."""
    text = unicodedata.normalize("NFC", text)
    result, place = "", 0
    while place < len(text):
        mark = text[place]
        for marks, sign in ((_RAISED, "^"), (_LOWERED, "_")):
            each_ = f"[{''.join(marks)}]+"
            run = re.match(f"{each_}(?:,{each_})*" if sign == "_" else each_, text[place:])
            if run:
                scripts = re.findall("ᵀ|[^ᵀ]+", run[0])  # (0) and ᵀ are raised one after the other
                result += "".join(
                    f"{sign}{{{''.join(marks.get(mark, mark) for mark in each)}}}" for each in scripts
                )
                place += len(run[0])
                break
        else:
            if mark == _REST or ord(mark) >= _NAME:
                result += "" if mark == _REST else rf"\text{{{mark}}} "
                place += 1
                continue
            word = re.match(r"[A-Za-z]{2,}(?:-[a-z]+)?", text[place:])
            base, *accents = unicodedata.normalize("NFD", mark)
            if word:
                result += _WORDS.get(word[0]) or (
                    rf"\operatorname{{{word[0]}}}" if word[0] in _FUNCTIONS else rf"\text{{{word[0]}}}"
                )
                result += " "
                place += len(word[0])
                continue
            if accents and accents[0] in _ACCENTED:
                result += rf"\{_ACCENTED[accents[0]]}{{{base}}}"
            elif mark in _SIGNS:
                result += _SIGNS[mark] + " "
            elif "GREEK" in unicodedata.name(mark, ""):
                small = unicodedata.name(mark).rpartition(" ")[2].lower()
                small = {"lamda": "lambda", "phi": "varphi", "epsilon": "varepsilon"}.get(small, small)
                result += "\\" + (small if mark.islower() else small.title()) + " "
            elif mark == "√":
                number = re.match(r"√(\d+(?:\.\d+)?|\w)", text[place:])
                if not number:
                    raise Unreadable(text)
                result += rf"\sqrt{{{number[1]}}}"
                place += len(number[0])
                continue
            elif mark.isascii():
                result += mark
            else:
                raise Unreadable(f"{mark!r} in {text!r}")
            place += 1
    return result
