"""Layouts for the tests of all renderers: worked ones with their renderings in layouts.txt, and random ones.

`python tests/layouts.py` writes layouts.txt anew; read the difference before you keep it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hypothesis import strategies as st

from solver.page.math import (
    Accent,
    Big,
    Chain,
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
from solver.render.boxes import box, linear
from solver.render.latex import latex

CASES = Path(__file__).with_name("layouts.txt")

PLUS, MINUS, TIMES, DOT = Sign("+"), Sign("−"), Sign(""), Sign("·")
COMMA, NEGATIVE = Sign(",", "comma"), Sign("−", "prefix")
NABLA, PARTIAL = Sign("∇", "prefix"), Sign("∂", "prefix")
DOTS, DOWN, DIAGONAL = (Sign(text, "mark") for text in "⋯⋮⋱")
a, b, c, e, i, n, p, q, w, x, y, z, L, X, W, T = (Letter(text) for text in "abceinpqwxyzLXWT")
sigma, alpha, theta = Letter("σ"), Letter("α"), Letter("θ")


def row(*items: Layout) -> Row:
    return Row(items)


def number(text: str) -> Number:
    """`-6.1442e-6` as a printed number."""
    digits, _, power = text.partition("e")
    return Number(digits.replace("-", "−"), int(power) if power else None)


def matrix(text: str, opening: str = "[", closing: str = "]") -> Table:
    """`3 3; 0 -4` as a matrix."""
    rows = (line.split() for line in text.split(";"))
    return Table(tuple(tuple(map(number, cells)) for cells in rows), opening, closing)


def is_(text: str) -> Sign:
    return Sign(text, "relation")


def round_(*items: Layout) -> Fence:
    return Fence("(", Row(items) if len(items) > 1 else items[0], ")")


def iterate(letter: Layout, index: str) -> Scripts:
    return Scripts(letter, sup=round_(Number(index)))


def transposed(layout: Layout) -> Scripts:
    return Scripts(layout, sup=Word("ᵀ"))


def joined(chain: Chain) -> Row:
    return Row((chain.first, *(item for sign, layout in chain.links for item in (is_(sign), layout))))


GRADIENT = Chain(
    row(NABLA, iterate(L, "0")),
    (
        ("=", row(transposed(X), TIMES, round_(iterate(p, "0"), MINUS, y))),
        ("≈", row(matrix("3 0; 3 -4"), TIMES, round_(matrix("6.1442e-6; 0.99966"), MINUS, matrix("1; 0")))),
        ("≈", row(matrix("3 0; 3 -4"), TIMES, matrix("-0.99999; 0.99966"))),
        ("≈", matrix("-3.0000; -6.9986")),
    ),
)
SCORES = Chain(
    iterate(z, "0"),
    (
        ("=", row(X, TIMES, iterate(w, "0"))),
        ("=", row(matrix("3 3; 0 -4"), TIMES, matrix("-2; -2"))),
        ("=", matrix("-12; 8")),
    ),
)
SIGMOID = Fraction(Number("1"), row(Number("1"), PLUS, Scripts(e, sup=row(NEGATIVE, z))))
CASES_OF_RELU = Table(
    ((z, row(Word("if"), TIMES, z, is_(">"), Number("0"))), (Number("0"), Word("otherwise"))), "{", ""
)

LAYOUTS: dict[str, Layout] = {
    "scores": joined(SCORES),
    "gradient": joined(GRADIENT),
    "sigmoid": row(sigma, round_(z), is_("="), SIGMOID),
    "fraction of sums": Fraction(row(a, PLUS, b), row(Number("1"), PLUS, Scripts(e, sup=row(NEGATIVE, z)))),
    "fraction in a product": row(Fraction(Number("1"), n), TIMES, x, PLUS, Fraction(x, n)),
    "fraction behind a minus": row(NEGATIVE, SIGMOID),
    "fraction of fractions": Fraction(Fraction(a, b), Fraction(b, c)),
    "fraction in brackets, squared": Scripts(round_(Fraction(a, b)), sup=Number("2")),
    "inline fraction": row(Fraction(Number("2"), Number("5"), True), DOT, number("0.971")),
    "derivative": Fraction(row(PARTIAL, L), row(PARTIAL, Scripts(W, Number("2")))),
    "inline derivative": Fraction(row(PARTIAL, iterate(L, "1")), row(PARTIAL, Scripts(W, Number("2"))), True),
    "update": row(w, is_("←"), w, MINUS, alpha, TIMES, NABLA, L, round_(w)),
    "scripts": row(
        Scripts(W, Number("1"), round_(Number("2"))), COMMA, Scripts(theta, i), COMMA, transposed(X)
    ),
    "transposed weights": Scripts(Scripts(W, Number("2")), sup=Word("ᵀ")),
    "two indices": Scripts(w, row(Number("1"), Sign(",", "mark"), Number("2"))),
    "script with a script": Scripts(e, sup=row(NEGATIVE, Scripts(z, Number("1")))),
    "script with two scripts": Scripts(e, sup=Scripts(z, i, round_(Number("0")))),
    "low brackets around a raised row": Scripts(
        round_(Number("1"), PLUS, Scripts(e, sup=Scripts(z, i))), sup=Number("2")
    ),
    "scripts without characters": Scripts(x, Word("new"), q),
    "next iterate": Scripts(w, sup=row(Sign("(", "mark"), Word("t+1"), Sign(")", "mark"))),
    "inverse": Scripts(X, sup=row(NEGATIVE, Number("1"))),
    "tall base": transposed(matrix("1 2; 3 4; 5 6")),
    "fraction above": Scripts(x, sup=Fraction(Number("1"), Number("2"))),
    "shape": row(iterate(z, "0"), is_("∈"), Scripts(Word("ℝ"), sup=Word("2×3"))),
    "accents": row(Accent(y), COMMA, Accent(x, "bar"), COMMA, Scripts(Accent(y), Number("1"))),
    "roots": row(Root(Number("2")), PLUS, Root(row(Scripts(a, sup=Number("2")), PLUS, b))),
    "tall root": Root(SIGMOID),
    "sum": row(Big("∑", row(i, is_("="), Number("1")), n), Scripts(x, i)),
    "cross-entropy": row(NEGATIVE, Big("∑", i), Scripts(y, i), TIMES, Word("ln"), TIMES, Scripts(p, i)),
    "logarithm": row(Scripts(Word("log"), Number("2")), round_(SIGMOID)),
    "functions": row(Word("softmax"), round_(z), PLUS, Word("tanh"), round_(Word("the label"))),
    "cases": row(Word("relu"), round_(z), is_("="), CASES_OF_RELU),
    "three cases": Table((*CASES_OF_RELU.cells, (Number("−1"), row(Word("else")))), "{", ""),
    "floor": row(
        *(Fence("⌊", Fraction(row(Number("256"), MINUS, Number("5")), Number("2")), "⌋"), PLUS, Number("1")),
        *(is_("="), Number("126")),
    ),
    "low floor": Fence("⌊", row(x, Sign("/", "mark"), Number("2")), "⌋"),
    "norms": row(
        *(Scripts(Fence("‖", w, "‖"), sup=Number("2")), COMMA, Fence("|", x, "|"), COMMA),
        Fence("‖", matrix("1; 2; 3"), "‖"),
    ),
    "indicator": row(Number("1"), Fence("[", row(z, is_("≥"), Number("0")), "]")),
    "points aligned": matrix("-0.99999 10; 1.5 -3; 22 2.25e-12"),
    "fractions in a matrix": Table(
        (
            (Fraction(Number("1"), Number("2"), True), Number("3")),
            (row(NEGATIVE, Fraction(Number("1"), Number("5"), True)), Number("−12")),
        )
    ),
    "letters in a matrix": Table(((a, Scripts(b, Number("12"))), (Number("3"), row(a, PLUS, z)))),
    "tall cells": Table(((Fraction(row(PARTIAL, L), row(PARTIAL, z)), Number("1")), (x, Number("−2")))),
    "corners": Table(
        (
            (Number("1"), DOTS, Number("−2")),
            (DOWN, DIAGONAL, DOWN),
            (Number("100"), DOTS, Number("4")),
        ),
        size=(10, 10),
    ),
    "row vector": matrix("1 2 3"),
    "wide matrix": matrix(" ".join(map(str, range(12)))),
    "determinant": matrix("1 2; 3 4", "|", "|"),
    "cell that looks like an option": Table(((a,), (Fence("[", b, "]"),))),
    "hostile label": row(Word("50% {a_b} ^~\\\x1b[1m"), is_("="), Letter("Điểm")),
    "invisible products": row(
        alpha, TIMES, x, TIMES, round_(y), TIMES, Fence("|", z, "|"), TIMES, Number("3")
    ),
    "Hadamard": row(round_(transposed(W), TIMES, a), Sign("⊙"), Letter("σ′"), round_(z)),
}


def renderings(name: str) -> dict[str, str]:
    """The four renderings of a worked layout."""
    layout = LAYOUTS[name]
    return {
        "box": "\n".join(text.rstrip() for text in box(layout).lines),
        "ascii": "\n".join(text.rstrip() for text in box(layout, ascii=True).lines),
        "linear": linear(layout),
        "latex": latex(layout),
    }


def expected() -> dict[str, dict[str, str]]:
    """What layouts.txt says."""
    cases: dict[str, dict[str, str]] = {}
    for case in CASES.read_text("utf-8").split("== ")[1:]:
        name, *parts = case.rstrip("\n").split("\n-- ")
        cases[name] = {kind: text for kind, _, text in (part.partition("\n") for part in parts)}
    return cases


def _written() -> Iterator[str]:
    for name in LAYOUTS:
        parts = (f"-- {kind}\n{text}\n" for kind, text in renderings(name).items())
        yield f"== {name}\n{''.join(parts)}"


# Random layouts

texts = st.one_of(
    st.sampled_from(
        ["ln", "softmax", "if", "loss", "α", "∂", "Δw", "ŷ", "中文", "a b", "x_1", "{", "$5", "\\"]
    ),
    st.text(max_size=4),
)
numbers = st.builds(
    Number,
    st.from_regex(r"−?[0-9]{1,4}(\.[0-9]{1,5})?", fullmatch=True),
    st.none() | st.integers(-12, 12),
)
signs = st.builds(
    Sign,
    st.sampled_from(["", "+", "−", "·", "⊙", "=", "≈", ",", "⋯", "∂", "∇", "←", "/", "mod"]),
    st.sampled_from(["infix", "relation", "prefix", "comma", "mark"]),
)


def matrices_of(cells: st.SearchStrategy[Layout]) -> st.SearchStrategy[Layout]:
    sizes = st.tuples(st.integers(1, 3), st.integers(1, 4))
    return sizes.flatmap(lambda size: st.tuples(*[st.tuples(*[cells] * size[1])] * size[0])).map(Table)


matrices = matrices_of(numbers)


def _grown(inner: st.SearchStrategy[Layout]) -> st.SearchStrategy[Layout]:
    fences = st.sampled_from(["()", "[]", "{}", "||", "‖‖", "⌊⌋", "⌈⌉"])
    rows = st.lists(inner, min_size=1, max_size=5).map(lambda items: Row(tuple(items)))
    return st.one_of(
        rows,
        st.builds(Fraction, inner, inner, st.booleans()),
        st.builds(Scripts, inner, st.none() | inner, st.none() | inner),
        st.builds(Accent, inner, st.sampled_from(["hat", "bar", "tilde", "dot"])),
        st.builds(Root, inner),
        st.builds(lambda pair, body: Fence(pair[0], body, pair[1]), fences, inner),
        st.builds(Big, st.sampled_from(["∑", "max", "argmin"]), st.none() | inner, st.none() | inner),
        st.builds(
            lambda cells, pair: Table((tuple(cells),) * 2, *pair),
            st.lists(inner, min_size=1, max_size=3),
            st.sampled_from([("[", "]"), ("{", ""), ("(", ")")]),
        ),
    )


layouts: st.SearchStrategy[Layout] = st.recursive(
    st.one_of(numbers, signs, matrices, texts.map(Letter), texts.map(Word)), _grown, max_leaves=12
)


def _sum(terms: list[Layout]) -> Layout:
    return Row(tuple(item for term in terms for item in (PLUS, term))[1:])


def _product(factors: list[Layout]) -> Layout:
    return Row(tuple(item for factor in factors for item in (TIMES, factor))[1:])


_short = st.from_regex(r"−?[0-9]{1,2}(\.[0-9]{1,4})?", fullmatch=True).map(Number)
_tables = matrices_of(_short)
_products = st.lists(_short | _tables, min_size=1, max_size=6).map(_product)
_sums = st.lists(_products, min_size=1, max_size=6).map(_sum)
_bodies = st.one_of(_products, _sums, st.builds(lambda m, s: row(m, TIMES, round_(s)), _tables, _sums))
chains = st.builds(
    lambda letter, bodies: Chain(letter, tuple(("=", body) for body in bodies)),
    st.sampled_from([z, row(a, PLUS, Letter("loss")), iterate(w, "0")]),
    st.lists(_bodies, max_size=4),
)
"""Chains as solvers make them; no piece of them that cannot be broken is wider than 30."""


if __name__ == "__main__":
    CASES.write_text("\n".join(_written()), "utf-8")
