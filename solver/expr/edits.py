"""Single edits of an expression: the formulas that people write in its place by mistake.

An edit changes one thing: a pair of brackets, a sign, a transpose, a term, a factor, a function, a quantity. Its name
is that of the mistake. What is done alike at several places (ln for log₂ in every term) is one edit too.

Brown, Burton: Diagnostic models for procedural bugs in basic mathematical skills (1978): a wrong answer
as the right result of a slightly wrong procedure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations, islice
from types import MappingProxyType

from solver.expr.evaluate import shape_of
from solver.expr.nodes import OPERATIONS, Apply, Const, Expr, ShapeError, Sym, apply, build, symbols
from solver.expr.ops import exp, number, terms
from solver.expr.values import Shape, Value, gather
from solver.record import Record

PLAIN, LIKELY, POSSIBLE = 1, 2, 3
"""How simple an edit is; of two that explain an answer the simpler one is meant."""


class Slip(Record, identity=True):
    """What is written in the place of a part of an expression: `wrong` instead of `right`.

    `key` says what was done, whatever the numbers; `part` is what it was done to, for the message.
    """

    name: str
    wrong: Expr
    key: str
    part: Expr | None = None
    cost: int = LIKELY
    also: tuple[str, ...] = ()
    says: str = ""
    """What to tell the student, where that is clearer than both formulas; `{part}`, `{wrong}` and `{right}` stand for
    the expressions."""
    fact: bool = False
    """Whether that is true of the number as it is, however it came about."""


class Edit(Record, identity=True):
    """An expression with a slip in it; `key` says what was done and where, whatever the quantities are."""

    name: str
    expr: Expr
    key: str
    right: Expr
    wrong: Expr
    part: Expr | None
    cost: int
    also: tuple[str, ...] = ()
    says: str = ""
    of: Expr | None = None
    """The right expression, where it is written in another way than in the step."""
    twins: tuple[str, ...] = ()
    """The keys of edits of the same name that come to the same here."""
    fact: bool = False


def whole(slip: Slip, expr: Expr) -> Edit:
    """A slip in the place of a whole expression."""
    return Edit(
        slip.name,
        slip.wrong,
        slip.key,
        expr,
        slip.wrong,
        slip.part,
        slip.cost,
        slip.also,
        slip.says,
        fact=slip.fact,
    )


class Scope(Record, identity=True):
    """What may stand in an expression by mistake: the quantities in their order, with their shapes."""

    shapes: Mapping[str, Shape]
    names: Sequence[str]
    """Those that a person would write, in the order of the derivation."""
    scalars: Sequence[str] = ()
    """Numbers among them that are easily written once too often: a learning rate, a penalty."""
    relatives: Collection[str] = ()
    """The quantities that those in the expression are made of: they are easily taken instead."""
    counts: Collection[str] = ()
    """Those that count something, and are never negative."""
    lengths: Collection[str] = ()
    """Those that are easily one too large or too small."""
    samples: int = 1
    data: Mapping[str, Value] = MappingProxyType({})
    """The numbers that are given."""


TURNED = "turned:whole"
"""The whole written with rows for columns: the one edit that changes the shape."""

MOST = 400
"""So many edits of an expression are tried."""

MOST_NODES = 60
"""Only the whole of a longer expression is edited, and what is alike in all its places."""


def edits(name: str, expr: Expr, scope: Scope, slips: Iterable[Slip] = ()) -> list[Edit]:
    """The edits of the expression of a quantity that keep its shape, the simplest first; `slips` are further ones."""
    try:
        shape = shape_of(expr, scope.shapes)
    except ShapeError:
        return []
    found: dict[str, Edit] = {}
    for edit in (
        *(whole(slip, expr) for slip in slips),
        *_everywhere(expr),
        *_anywhere(expr),
        *_of_whole(name, expr, scope),
        *_quantities(name, expr, scope),
    ):
        if len(found) >= MOST:
            break
        try:
            found_shape = shape_of(edit.expr, scope.shapes)
            if found_shape != (shape[::-1] if edit.key == TURNED else shape):
                continue
        except (ShapeError, ValueError, IndexError, TypeError):
            continue
        written = _written(edit.expr)
        found[written] = _merged(found[written], edit) if written in found else edit
    found.pop(_written(expr), None)
    return sorted(found.values(), key=lambda edit: edit.cost)


def _merged(one: Edit, other: Edit) -> Edit:
    """Two edits that come to the same: under the name of the simpler one, the other name beside it."""
    ranks = [(edit.cost, not edit.says) for edit in (one, other)]
    first, second = (other, one) if ranks[1] < ranks[0] else (one, other)
    also = dict.fromkeys((*first.also, second.name, *second.also))
    also.pop(first.name, None)
    if first.name != second.name:
        return first.but(also=tuple(also))
    twins = (*first.twins, second.key, *second.twins)
    return first.but(also=tuple(also), says=first.says or second.says, twins=twins)


def _written(expr: Expr) -> str:
    """A text that tells apart two expressions over the same constants."""
    if isinstance(expr, Sym):
        return expr.name
    if isinstance(expr, Const):
        value = expr.value
        return str(value.item()) if not value.shape else f"[{id(value)}]"
    assert isinstance(expr, Apply)
    params = f"|{expr.params}" if expr.params else ""
    return f"{expr.op.name}({','.join(map(_written, expr.args))}{params})"


def _size(expr: Expr) -> int:
    return 1 + sum(map(_size, expr.args)) if isinstance(expr, Apply) else 1


def _anywhere(expr: Expr) -> Iterator[Edit]:
    """One slip at one place."""
    if _size(expr) > MOST_NODES:
        return
    for right, slip, whole, path in _slips_within(expr, ""):
        key = slip.key + path
        yield Edit(slip.name, whole, key, right, slip.wrong, slip.part, slip.cost, slip.also, slip.says)


def _slips_within(expr: Expr, path: str) -> Iterator[tuple[Expr, Slip, Expr, str]]:
    """What is wrong for what is right, the slip, the whole expression with it, and the way to the place."""
    if not isinstance(expr, Apply):
        return
    for slip in _slips(expr):
        yield expr, slip, slip.wrong, path
    for place, arg in enumerate(expr.args):
        for right, slip, changed, below in _slips_within(arg, f"{path}@{expr.op.name}.{place}"):
            args = (*expr.args[:place], changed, *expr.args[place + 1 :])
            yield right, slip, Apply(expr.op, args, expr.params), below


def _everywhere(expr: Expr) -> Iterator[Edit]:
    """The same slip at each place where it can be made, if there are several."""
    first: dict[str, tuple[Expr, Slip, int]] = {}
    for node in _nodes(expr):
        for slip in _slips(node) if isinstance(node, Apply) else ():
            before = first.get(slip.key)
            first[slip.key] = (node, slip, 1) if before is None else (*before[:2], before[2] + 1)
    for key, (node, slip, count) in first.items():
        if count > 1:
            whole = _with_each(expr, key)
            yield Edit(slip.name, whole, key, node, slip.wrong, slip.part, slip.cost, slip.also, slip.says)


def _nodes(expr: Expr) -> Iterator[Expr]:
    yield expr
    if isinstance(expr, Apply):
        for arg in expr.args:
            yield from _nodes(arg)


def _with_each(expr: Expr, key: str) -> Expr:
    """From the leaves up, so that each place is changed once."""
    if not isinstance(expr, Apply):
        return expr
    here = next((slip for slip in _slips(expr) if slip.key == key), None)
    if here is not None:
        return here.wrong
    return Apply(expr.op, tuple(_with_each(arg, key) for arg in expr.args), expr.params)


# Slips of single operations


def _slips(node: Apply) -> Iterator[Slip]:
    find = _OF.get(node.op.name) if OPERATIONS.get(node.op.name) is node.op else None
    if find is not None:
        yield from find(*node.args, **dict(node.params))
    if node.op.slips is not None:
        yield from node.op.slips(*node.args, **dict(node.params))
    if find is None and node.op.elementwise and len(node.args) == 1:
        yield from _function(node)


def _is(expr: Expr, *names: str) -> bool:
    return isinstance(expr, Apply) and expr.op.name in names and OPERATIONS.get(expr.op.name) is expr.op


def _with_first(outer: Callable[[Expr], Expr], sum_: Apply) -> Expr:
    """A sum whose first term alone is under the operation: the brackets are lost."""
    first, second = sum_.args
    return Apply(sum_.op, (outer(first), second))


def _with_second(outer: Callable[[Expr], Expr], sum_: Apply) -> Expr:
    first, second = sum_.args
    return Apply(sum_.op, (first, outer(second)))


def _unbracketed(key: str, inner: Expr, outer: Callable[[Expr], Expr], first: bool = True) -> Iterator[Slip]:
    """The brackets around a sum lost: what stands outside takes its nearer term only."""
    if isinstance(inner, Apply) and _is(inner, "add", "subtract"):
        wrong = (_with_first if first else _with_second)(outer, inner)
        yield Slip("brackets", wrong, f"brackets:{key}", inner, PLAIN)


def _add(a: Expr, b: Expr) -> Iterator[Slip]:
    yield Slip("dropped-term", a, "drop-right:add", b, PLAIN)
    yield Slip("dropped-term", b, "drop-left:add", a, LIKELY)
    yield Slip("sign", a - b, "minus:add", b, PLAIN, ("other-operation",))
    yield from _bracketed("add", a, b)


def _subtract(a: Expr, b: Expr) -> Iterator[Slip]:
    yield Slip("sign", a + b, "plus:subtract", b, PLAIN, ("other-operation",))
    yield Slip("swapped-operands", b - a, "swap:subtract", None, PLAIN, ("sign",))
    yield Slip("dropped-term", a, "drop-right:subtract", b, PLAIN)
    yield Slip("dropped-term", -b, "drop-left:subtract", a, LIKELY)
    yield Slip("dropped-term", b, "only-right:subtract", a, POSSIBLE)
    if isinstance(a, Sym):  # (p − y) p (1 − p): the slope of the sigmoid, which belongs to a squared error
        yield Slip("extra-factor", (a - b) * (a * (1 - a)), "slope:subtract", None, POSSIBLE)
    yield from _bracketed("subtract", a, b)


def _bracketed(sign: str, a: Expr, b: Expr) -> Iterator[Slip]:
    """Brackets where there are none: (a − b) c for a − b c."""
    for names in ("multiply", "matmul", "divide"):
        if _is(b, names):
            c, d = b.args  # type: ignore[attr-defined]
            yield Slip(
                "brackets", build(names, build(sign, a, c), d), f"brackets-in:{sign}:{names}", None, LIKELY
            )
        if _is(a, names):
            c, d = a.args  # type: ignore[attr-defined]
            yield Slip(
                "brackets", build(names, c, build(sign, d, b)), f"brackets-on:{sign}:{names}", None, LIKELY
            )


def _multiply(a: Expr, b: Expr) -> Iterator[Slip]:
    yield Slip("dropped-factor", b, "drop-left:multiply", a, PLAIN)
    yield Slip("dropped-factor", a, "drop-right:multiply", b, LIKELY)
    yield Slip("other-operation", a / b, "divide:multiply", None, LIKELY)
    yield Slip("other-operation", b / a, "divided:multiply", None, LIKELY)
    yield Slip("repeated-factor", a * a * b, "twice-left:multiply", a, LIKELY)
    yield Slip("repeated-factor", a * (b * b), "twice-right:multiply", b, POSSIBLE)
    yield Slip("other-operation", a + b, "plus:multiply", None, POSSIBLE)
    yield from _unbracketed("multiply", b, lambda x: a * x)
    if isinstance(b, Apply) and _is(b, "multiply", "matmul"):  # a b (c − d) written a b c − d
        first, last = b.args
        yield from _unbracketed("product", last, lambda x: a * Apply(b.op, (first, x)))
    yield from _unbracketed("multiplied", a, lambda x: x * b, first=False)


def _divide(a: Expr, b: Expr) -> Iterator[Slip]:
    yield Slip("dropped-factor", a, "drop:divide", b, PLAIN, (), "You did not divide by {part}.")
    yield Slip("swapped-operands", b / a, "swap:divide", None, LIKELY)
    yield Slip("other-operation", a * b, "times:divide", None, LIKELY)
    yield Slip("repeated-factor", a / (b * b), "twice:divide", b, POSSIBLE)
    yield Slip("dropped-factor", 1 / b, "drop-top:divide", a, POSSIBLE)
    yield from _unbracketed("divided", a, lambda x: x / b, first=False)
    yield from _unbracketed("divide", b, lambda x: a / x)


def _matmul(a: Expr, b: Expr) -> Iterator[Slip]:
    for name, one, two in (
        ("left", _turned(a), b),
        ("right", a, _turned(b)),
        ("both", _turned(a), _turned(b)),
    ):
        yield Slip("transpose", one @ two, f"{name}:matmul", None, PLAIN, ("rows-for-columns",))
    yield Slip("swapped-operands", b @ a, "swap:matmul", None, LIKELY)
    yield Slip("other-operation", a * b, "entries:matmul", None, LIKELY)
    yield Slip("dropped-factor", b, "drop-left:matmul", a, LIKELY)
    yield Slip("dropped-factor", a, "drop-right:matmul", b, POSSIBLE)
    yield from _unbracketed("matmul", b, lambda x: a @ x)
    yield from _unbracketed("matmuled", a, lambda x: x @ b, first=False)


def _turned(x: Expr) -> Expr:
    return x.args[0] if isinstance(x, Apply) and _is(x, "transpose") else x.T


def _negative(a: Expr) -> Iterator[Slip]:
    yield Slip("sign", a, "drop:negative", a, PLAIN)
    yield from _unbracketed("negative", a, lambda x: -x)


def _power(a: Expr, b: Expr) -> Iterator[Slip]:
    square = isinstance(b, Const) and not b.value.shape and b.value.item() == 2
    says = "The square is missing: it is {right}." if square else ""
    yield Slip("function-forgotten", a, "drop:power", b, PLAIN, ("dropped-factor", "other-operation"), says)
    yield Slip("other-operation", b * a, "times:power", None, LIKELY)
    yield from _unbracketed("power", a, lambda x: x**b, first=False)
    if isinstance(a, Apply) and _is(a, "add", "subtract"):
        yield Slip("brackets", Apply(a.op, (a.args[0] ** b, a.args[1] ** b)), "both:power", a, LIKELY)


def _entry(x: Expr, index: int) -> Iterator[Slip]:
    yield Slip("wrong-index", x[index + 1], "next:entry", None, LIKELY)
    if index:
        yield Slip("wrong-index", x[index - 1], "before:entry", None, LIKELY)


def _terms(*args: Expr) -> Iterator[Slip]:
    first = args[0]
    op = first.op if isinstance(first, Apply) else None
    if op is not None and op.sum_slips is not None:
        alike = all(isinstance(arg, Apply) and arg.op is op for arg in args)
        yield from op.sum_slips(*args) if alike else ()
    if isinstance(first, Const) and all(isinstance(arg, Apply) and _is(arg, "negative") for arg in args[1:]):
        rest = terms(*(arg.args[0] for arg in args[1:] if isinstance(arg, Apply)))
        yield Slip("dropped-term", rest, "complement:terms", first, PLAIN, ("sign",))
    for place, arg in enumerate(args):
        others = [each for at, each in enumerate(args) if at != place]
        key = "last" if place == len(args) - 1 else str(place)
        yield Slip("dropped-term", terms(*others), f"drop-{key}:terms", arg, LIKELY)
        turned = arg.args[0] if isinstance(arg, Apply) and _is(arg, "negative") else -arg
        changed = [*args[:place], turned, *args[place + 1 :]]
        yield Slip("sign", terms(*changed), f"sign-{key}:terms", arg, LIKELY, ("other-operation",))


LOGARITHMS = ("log", "log2", "log10")
ACTIVATIONS = ("relu", "sigmoid", "tanh")
CALLED = {
    "log": "ln",
    "log2": "log₂",
    "log10": "log₁₀",
    "exp": "the exponential function",
    "relu": "the relu",
    "sigmoid": "the sigmoid",
    "tanh": "the tanh",
    "sqrt": "the root",
    "softplus": "the softplus",
}


def _function(node: Apply) -> Iterator[Slip]:
    """A function of one argument: forgotten, of minus its argument, another of its family."""
    (x,) = node.args
    name = node.op.name
    if name in ("abs", "step", "sign", "indicator"):
        return
    says = f"You left out {CALLED.get(name, name)}: it is {{right}}."
    yield Slip("function-forgotten", x, f"drop:{name}", node, PLAIN, (), says)
    if name in ("sigmoid", "exp", "softplus"):
        yield Slip("sign", Apply(node.op, (-x,), node.params), f"minus:{name}", x, LIKELY)
    for family in (LOGARITHMS, ACTIVATIONS):
        if name in family:
            for other in family:
                if other != name:
                    says = f"You took {CALLED[other]} where it is {CALLED[name]}."
                    yield Slip("other-function", build(other, x), f"{other}:{name}", node, PLAIN, (), says)
    if name == "relu":
        yield Slip("other-function", build("step", x), "step:relu", node, LIKELY)
    if name == "softplus":  # ln(1 + eᶻ)
        for other in ("log2", "log10"):
            says = f"You took {CALLED[other]} where it is ln."
            yield Slip("other-function", build(other, 1 + exp(x)), f"{other}:softplus", node, PLAIN, (), says)
    if name == "sigmoid":
        yield Slip("other-function", build("softmax", x), "softmax:sigmoid", node, LIKELY)
        yield Slip("other-function", exp(x), "exp:sigmoid", node, POSSIBLE)
        yield Slip("other-function", build("step", x), "step:sigmoid", node, LIKELY)
        yield Slip("extra-factor", node * (1 - node), "slope:sigmoid", node, LIKELY, ("other-function",))
    if name in LOGARITHMS:
        yield Slip("sign", -node, f"negative:{name}", node, POSSIBLE)
    yield from _unbracketed(name, x, lambda z: Apply(node.op, (z,), node.params))


def _softmax(z: Expr) -> Iterator[Slip]:
    powers = exp(z)
    yield Slip("function-forgotten", z, "drop:softmax", None, PLAIN)
    says = "You did not divide by the sum of the powers: the probabilities have to sum to 1."
    yield Slip("function-forgotten", powers, "unnormalised:softmax", None, PLAIN, ("dropped-factor",), says)
    yield Slip("other-function", build("sigmoid", z), "sigmoid:softmax", None, LIKELY)
    shares = z / build("sum", z)
    says = "You divided the scores themselves by their sum: first each becomes a power of e."
    yield Slip("function-forgotten", shares, "shares:softmax", None, LIKELY, ("other-function",), says)
    says = "The softmax goes along the classes of each sample, not along the samples."
    yield Slip("other-axis", build("softmax", z.T).T, "columns:softmax", None, PLAIN, (), says)
    yield Slip("sign", build("softmax", -z), "minus:softmax", None, LIKELY)
    yield Slip("other-axis", powers / build("sum", powers), "all:softmax", None, LIKELY)
    yield Slip("other-function", build("softmax", z * build("log", number(2))), "two:softmax", None, POSSIBLE)


def _sums(other: str, own: str) -> Callable[[Expr], Iterator[Slip]]:
    def find(x: Expr) -> Iterator[Slip]:
        yield Slip("other-axis", build(other, x), f"{other}:{own}", None, PLAIN)

    return find


def _entropy(name: str) -> Callable[[Expr, Expr], Iterator[Slip]]:
    def find(p: Expr, y: Expr) -> Iterator[Slip]:
        loss = build(name, p, y)
        for base, called in ((2, "log2"), (10, "log10")):
            wrong = loss / build("log", number(base))
            says = f"You took {CALLED[called]} where it is ln."
            yield Slip("other-function", wrong, f"{called}:{name}", None, PLAIN, (), says)
        says = "The minus before the sum is missing: logarithms of probabilities are negative, a loss is not."
        yield Slip("sign", -loss, f"minus:{name}", None, PLAIN, (), says)
        rows = name.endswith("ies")
        whole = build("row_sums" if rows else "sum", y * build("log", p))
        rest = build("row_sums" if rows else "sum", (1 - y) * build("log", 1 - p))
        if name.startswith("binary"):
            yield Slip("dropped-term", -whole, f"drop-right:{name}", None, PLAIN)
            yield Slip("dropped-term", -rest, f"drop-left:{name}", None, LIKELY)
            yield Slip("sign", rest - whole, f"inner-minus:{name}", None, LIKELY)
        logs = build("row_sums" if rows else "sum", build("log", p))
        yield Slip("dropped-factor", -logs, f"all:{name}", y, LIKELY)
        yield Slip(
            "function-forgotten", -(build("row_sums" if rows else "sum", y * p)), f"drop:{name}", None, LIKELY
        )
        yield Slip(
            "function-forgotten", build("row_sums" if rows else "sum", y * p), f"plain:{name}", None, POSSIBLE
        )

    return find


def _norm(x: Expr) -> Iterator[Slip]:
    root, total, sizes = build("sqrt", build("norm2", x)), build("sum", x), build("sum", build("abs", x))
    says = "You took the root: the squares are summed, and that is all."
    yield Slip("extra-factor", root, "root:norm2", None, LIKELY, ("other-function",), says)
    says = "The squares are missing: each entry is squared before they are summed."
    yield Slip("function-forgotten", total, "sum:norm2", None, LIKELY, ("other-operation",), says)
    says = "You summed the entries without their signs: each is squared instead."
    yield Slip("function-forgotten", sizes, "abs:norm2", None, POSSIBLE, ("other-function",), says)
    yield from _unbracketed("norm2", x, lambda z: build("norm2", z))


def _outer(a: Expr, b: Expr) -> Iterator[Slip]:
    yield Slip(
        "swapped-operands", build("outer", b, a), "swap:outer", None, PLAIN, ("transpose", "rows-for-columns")
    )
    yield Slip("other-operation", build("diag", a * b), "entries:outer", None, POSSIBLE)


def _argmax(x: Expr) -> Iterator[Slip]:
    yield Slip("off-by-one", build("argmax", x) + 1, "one:argmax", None, PLAIN, ("wrong-index",))
    yield Slip("other-function", build("argmax", -x), "least:argmax", None, LIKELY, ("sign",))


def _max(x: Expr) -> Iterator[Slip]:
    yield Slip("other-function", -build("max", -x), "least:max", None, LIKELY)


def _where(condition: Expr, x: Expr, y: Expr) -> Iterator[Slip]:
    yield Slip("swapped-operands", build("where", condition, y, x), "swap:where", None, LIKELY)


def _maximum(x: Expr, y: Expr) -> Iterator[Slip]:
    yield Slip("other-function", build("minimum", x, y), "minimum:maximum", None, LIKELY)


_OF: dict[str, Callable[..., Iterable[Slip]]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "matmul": _matmul,
    "negative": _negative,
    "power": _power,
    "entry": _entry,
    "terms": _terms,
    "softmax": _softmax,
    "column_sums": _sums("row_sums", "column_sums"),
    "row_sums": _sums("column_sums", "row_sums"),
    "norm2": _norm,
    "outer": _outer,
    "argmax": _argmax,
    "max": _max,
    "where": _where,
    "maximum": _maximum,
    **{
        name: _entropy(name)
        for name in (
            "cross_entropy",
            "cross_entropies",
            "binary_cross_entropy",
            "binary_cross_entropies",
        )
    },
}


# Slips of the whole, and other quantities


def _of_whole(name: str, expr: Expr, scope: Scope) -> Iterator[Edit]:
    def edit(
        name: str, wrong: Expr, key: str, part: Expr | None, cost: int, *also: str, says: str = ""
    ) -> Edit:
        return Edit(name, wrong, key, expr, wrong, part, cost, also, says)

    if name in scope.lengths:
        says = "That is one too many: it is {right}."
        yield edit("off-by-one", expr + 1, "more:whole", None, LIKELY, "extra-term", says=says)
        says = "That is one too few: it is {right}."
        yield edit("off-by-one", expr - 1, "less:whole", None, LIKELY, "extra-term", says=says)
    if _is(expr, "subtract"):
        yield edit("sign", -expr, "swap:subtract", None, PLAIN, "swapped-operands")
    elif not _is(expr, "negative") and name not in scope.counts:
        yield edit("sign", -expr, "minus:whole", None, PLAIN)
    if len(scope.shapes.get(name, ())) == 2:
        says = "You wrote rows for columns: it is {right}."
        yield edit("rows-for-columns", expr.T, TURNED, None, LIKELY, "transpose", says=says)
    counts = {1, scope.samples}
    for size in (Fraction(2), Fraction(1, 2)) if name not in scope.counts else ():
        yield edit("extra-factor", number(size) * expr, f"{size}:whole", number(size), POSSIBLE)
    for n in sorted(counts - {1, 2}):
        yield edit(
            "extra-factor", number(Fraction(1, n)) * expr, "mean:whole", number(Fraction(1, n)), LIKELY
        )
        yield edit("extra-factor", number(n) * expr, "sum:whole", number(n), POSSIBLE)
    present = symbols(expr)
    lengths = {size for used in present for size in scope.shapes.get(used, ())}
    for k in sorted(lengths - counts - {1, 2})[:3]:
        yield edit(
            "extra-factor", number(Fraction(1, k)) * expr, "share:whole", number(Fraction(1, k)), POSSIBLE
        )
    for scalar in scope.scalars:
        if scalar not in present:
            yield edit("extra-factor", Sym(scalar) * expr, f"{scalar}:whole", Sym(scalar), POSSIBLE)


_ITERATE = re.compile(r"(.*)\((\d+)\)$")
TWINS = {"grad_b": "grad", "b": "w"}
"""A bias is computed beside the weights: who mistakes the one mistakes the other."""

NEAREST = 16
"""So many other quantities are tried in the place of one."""


def family(name: str) -> str:
    """What the quantities of a kind have in common: `grad` of `grad(2)`, `W` of `W2(1)`, `H` of `A=a/H(B=b)`."""
    last = re.split(r"(?<!\\)/(?!d)", name)[-1] if not name.startswith("d") else name
    plain = re.sub(r"\d+", "", re.sub(r"\(.*\)", "", last)).replace(".width", ".height")
    return TWINS.get(plain, plain)


def _quantities(name: str, expr: Expr, scope: Scope) -> Iterator[Edit]:
    """A quantity of the same shape in the place of another one, or of the whole."""
    places = {each: place for place, each in enumerate(scope.names)}
    for used in symbols(expr):
        if used in scope.shapes:
            if used in scope.data:
                yield from _lost_minus(expr, used, scope.data[used])
            for other in _others(used, name, scope, places):
                mistake, key, cost = _taken(other, used)
                also: tuple[str, ...] = ("other-quantity",) if mistake != "other-quantity" else ()
                yield Edit(
                    mistake, _put(expr, used, Sym(other)), key, Sym(used), Sym(other), None, cost, also
                )
    yield from _step_before(expr, scope)
    for other in _others(name, name, scope, places):
        if not (other in scope.relatives or other in symbols(expr) or _alike(name, other)):
            continue
        mistake, key, cost = _taken(other, name)
        also = ("off-by-one", "other-quantity") if mistake != "other-quantity" else ()
        says = _STEPS.get((mistake, abs(_iterate(other)[1] - _iterate(name)[1])), "")
        cost = cost if says else max(cost, LIKELY)
        yield Edit(mistake, Sym(other), f"{key}:whole", expr, Sym(other), None, cost, also, says)


def _step_before(expr: Expr, scope: Scope) -> Iterator[Edit]:
    """All that belongs to a step taken from the step before: the same batch once more."""
    earlier = {}
    for used in symbols(expr):
        base, at = _iterate(used)
        before = f"{base}({at - 1})"
        if at > 0 and scope.shapes.get(before, ()) == scope.shapes.get(used):
            earlier[used] = Sym(before)
    says = "You took values of the step before: it is {right}."
    for count in (2, 3):
        for some in islice(combinations(earlier, count), 6):
            wrong = reduce(lambda changed, used: _put(changed, used, earlier[used]), some, expr)
            key = f"step-before:{'-'.join(map(family, some))}"
            yield Edit("previous-iterate", wrong, key, expr, wrong, None, LIKELY, (), says)


_STEPS = {
    ("previous-iterate", 1): "That is {wrong}, one step too early.",
    ("updated-value", 1): "That is {wrong}, one step too late.",
}


MOST_NEGATIVE = 8
"""Of so many negative numbers of an array the minus is lost."""


def _lost_minus(expr: Expr, used: str, given: Value) -> Iterator[Edit]:
    """The minus of one of the given numbers overlooked."""
    entries = list(given.array.flat)
    negative = [place for place, entry in enumerate(entries) if entry < 0]
    if len(negative) > MOST_NEGATIVE:
        return
    for places in ([place] for place in negative):
        yield _without_minus(expr, used, given, places)
    if len(negative) > 1:
        yield _without_minus(expr, used, given, negative)


def _without_minus(expr: Expr, used: str, given: Value, places: Sequence[int]) -> Edit:
    entries = list(given.array.flat)
    part = Const(gather([entries[places[0]]], ()))
    for place in places:
        entries[place] = -entries[place]
    wrong = _put(expr, used, Const(gather(entries, given.shape)))
    what = "the minus of {part}" if len(places) == 1 else "the minus signs"
    says = f"You lost {what} in {{wrong}}." if given.shape else "You lost the minus of {part}."
    return Edit("sign", wrong, "minus:given", expr, Sym(used), part, POSSIBLE, (), says)


_ABOUT = re.compile(r"\(([^()=<>]+)(=|<=|>)?[^()]*\)$")


def _alike(name: str, other: str) -> bool:
    """Whether a person may write down one for the other: both of one sort, or about the same."""
    ends = [each.rpartition(".")[2] for each in (name, other) if "." in each]
    if ends and ends != [ends[0]] * 2:
        return False
    about, others = _ABOUT.search(name), _ABOUT.search(other)
    if about is None or others is None:
        return about is others
    if about[2] or others[2]:
        return about.groups() == others.groups()
    return about[1] == others[1] or family(name) == family(other)


def _taken(other: str, used: str) -> tuple[str, str, int]:
    """What it is to take another quantity than the one that is used: its name, its key, how simple it is."""
    (base, at), (other_base, other_at) = _iterate(used), _iterate(other)
    if base != other_base or at < 0 or other_at < 0:
        return "other-quantity", f"{family(other)}-for-{family(used)}", POSSIBLE
    if other_at == 0 and at > 1:
        return "previous-iterate", f"start:{base}", LIKELY
    if other_at > at:
        return "updated-value", f"updated-value:{base}", LIKELY
    base = TWINS.get(base, base)
    return "previous-iterate", f"previous-iterate:{base}", PLAIN if at - other_at == 1 else LIKELY


def _others(used: str, name: str, scope: Scope, places: Mapping[str, int]) -> list[str]:
    """What may be taken for a quantity: its other iterates, then what stands nearest in the same iteration."""
    base, at = _iterate(used)
    times = {-1, at, _iterate(name)[1]}
    shape = scope.shapes.get(used)
    iterates, others = [], []
    for other in scope.names:
        if other in (used, name) or scope.shapes[other] != shape:
            continue
        other_base, other_at = _iterate(other)
        if other_base == base and other_at >= 0 <= at:
            iterates.append((abs(other_at - at), other))
        elif other_at in times or other in scope.relatives:
            distance = 0 if other in scope.relatives else abs(places[other] - places.get(used, 0))
            others.append((distance, other))
    return [other for _, other in (*sorted(iterates)[:4], *sorted(others)[:NEAREST])]


def series(name: str) -> str:
    """The series that a quantity is an iterate of: `w` of `w(2)`; empty for others."""
    return _iterate(name)[0] if _iterate(name)[1] >= 0 else ""


def _iterate(name: str) -> tuple[str, int]:
    found = _ITERATE.match(name)
    return (found[1], int(found[2])) if found else (name, -1)


def _put(expr: Expr, name: str, other: Expr) -> Expr:
    if isinstance(expr, Sym):
        return other if expr.name == name else expr
    if isinstance(expr, Apply):
        return apply(expr.op, *(_put(arg, name, other) for arg in expr.args), **dict(expr.params))
    return expr
