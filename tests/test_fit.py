"""Chains broken into lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import GRADIENT, PLUS, SCORES, TIMES, chains, iterate, matrix, number, round_, row, z
from test_boxes import numbers_of

from solver.page.elide import Elision, elisions, shrink
from solver.page.fit import Line, fit
from solver.page.math import Chain, Fence, Layout, Letter, Scripts, Sign, Table, Word
from solver.render.boxes import box


def measure(layout: Layout) -> int:
    return box(layout).width


def shown(chain: Chain, width: int) -> str:
    lines = fit(chain, width, measure)
    texts = [" " * line.indent + text for line in lines for text in box(line.layout).lines]
    texts += [f"({elision} shown)" for elision in elisions(line.layout for line in lines)]
    return "\n".join(text.rstrip() for text in texts)


def check(chain: Chain, width: int, expected: str) -> None:
    assert shown(chain, width) == expected.strip("\n").rstrip()


def test_a_short_chain_stays_on_one_line() -> None:
    assert fit(SCORES, 36, measure)[0].indent == 0
    assert len(fit(SCORES, 36, measure)) == 1
    assert len(fit(SCORES, 35, measure)) == 2
    assert fit(Chain(z), 1, measure) == [Line(0, z)]


def test_relations_are_aligned_and_lines_even() -> None:
    check(
        GRADIENT,
        77,
        """
∇L⁽⁰⁾ = Xᵀ(p⁽⁰⁾ − y) ≈ ⎡3   0⎤ ⎛⎡6.1442·10⁻⁶⎤ − ⎡1⎤⎞
                       ⎣3  −4⎦ ⎝⎣0.99966    ⎦   ⎣0⎦⎠
      ≈ ⎡3   0⎤ ⎡−0.99999⎤ ≈ ⎡−3.0000⎤
        ⎣3  −4⎦ ⎣ 0.99966⎦   ⎣−6.9986⎦
""",
    )


def test_inside_brackets_when_nothing_else_is_left() -> None:
    check(
        GRADIENT,
        26,
        """
∇L⁽⁰⁾ = Xᵀ(p⁽⁰⁾ − y)
      ≈ ⎡3   0⎤ ·
        ⎣3  −4⎦
        ⎛⎡6.1442·10⁻⁶⎤
        ⎝⎣0.99966    ⎦
        − ⎡1⎤⎞
          ⎣0⎦⎠
      ≈ ⎡3   0⎤ ⎡−0.99999⎤
        ⎣3  −4⎦ ⎣ 0.99966⎦
      ≈ ⎡−3.0000⎤
        ⎣−6.9986⎦
""",
    )


def terms(count: int) -> list[Layout]:
    parts: list[Layout] = []
    for place in range(count):
        parts += [PLUS, Scripts(Letter("x"), number(str(place))), TIMES, number(f"0.{place}5")]
    return parts[1:]


def test_sums_break_before_the_sign() -> None:
    check(
        Chain(Letter("L"), (("=", row(*terms(7))), ("≈", number("12.3")), ("≈", number("12")))),
        40,
        """
L = x₀ 0.05 + x₁ 0.15 + x₂ 0.25
    + x₃ 0.35 + x₄ 0.45 + x₅ 0.55
    + x₆ 0.65
  ≈ 12.3 ≈ 12
""",
    )


def test_brackets_open_over_lines() -> None:
    squared = Scripts(round_(*terms(6)), sup=number("2"))
    check(
        Chain(Letter("L"), (("=", row(Word("f"), squared)),)),
        30,
        """
L = f(x₀ 0.05 + x₁ 0.15
    + x₂ 0.25 + x₃ 0.35
    + x₄ 0.45 + x₅ 0.55)²
""",
    )


def test_products_show_their_sign_at_the_end_of_a_line() -> None:
    check(
        Chain(z, (("=", row(matrix("1.25 3.75 2.25"), TIMES, matrix("1.25 -3.75 0.5"))),)),
        26,
        """
z = [1.25  3.75  2.25] ·
    [1.25  −3.75  0.5]
""",
    )


def test_vectors_break_behind_commas() -> None:
    numbers: list[Layout] = [number("0.5")]
    for _ in range(7):
        numbers += [Sign(",", "comma"), number("0.25")]
    check(
        Chain(z, (("=", Fence("(", row(*numbers), ")")),)),
        26,
        """
z = (0.5, 0.25, 0.25,
    0.25, 0.25, 0.25,
    0.25, 0.25)
""",
    )


def test_a_wide_matrix_is_elided_and_says_so() -> None:
    wide = matrix("; ".join(" ".join(str(i * j - 9) for j in range(12)) for i in range(3)))
    check(
        Chain(z, (("=", row(wide, PLUS, matrix("1; 2; 3"))),)),
        32,
        """
    ⎡−9  −9  −9  ⋯  −9  −9  −9⎤
z = ⎢−9  −8  −7  ⋯   0   1   2⎥
    ⎣−9  −7  −5  ⋯   9  11  13⎦
      ⎡1⎤
    + ⎢2⎥
      ⎣3⎦
(6 of 12 columns shown)
""",
    )


def test_a_wide_left_side_sets_relations_in_by_little() -> None:
    left = row(Letter("loss"), PLUS, Letter("penalty"), PLUS, Letter("rest"))
    check(
        Chain(left, (("=", row(*terms(3))), ("=", number("1")))),
        40,
        """
loss + penalty + rest
   = x₀ 0.05 + x₁ 0.15 + x₂ 0.25 = 1
""",
    )


def test_shrink_keeps_corners() -> None:
    square = matrix("; ".join(" ".join(str(10 * i + j) for j in range(6)) for i in range(5)))
    corners = shrink(Fence("(", square, ")"), 3, 2)
    assert isinstance(corners, Fence)
    assert isinstance(corners.body, Table)
    assert corners.body.size == (5, 6)
    assert box(corners.body).lines == ["⎡ 0  ⋯   5⎤", "⎢10  ⋯  15⎥", "⎢⋮   ⋱  ⋮ ⎥", "⎣40  ⋯  45⎦"]
    assert shrink(square, 5, 6) is square
    again = shrink(corners, 2, 2)
    assert [str(elision) for elision in elisions([again])] == ["2 of 5 rows and 2 of 6 columns"]


def test_elisions_tell_only_what_is_left_out() -> None:
    whole = Table(matrix("1 2; 3 4").cells, size=(2, 2))
    assert elisions([whole]) == []
    assert str(Elision((2, 3), (2, 12))) == "3 of 12 columns"


@settings(max_examples=50)
@given(chains, st.integers(40, 200))
def test_no_line_is_wider_than_the_page(chain: Chain, width: int) -> None:
    assert all(line.indent + measure(line.layout) <= width for line in fit(chain, width, measure))


@settings(max_examples=50)
@given(chains, st.integers(20, 120))
def test_nothing_is_lost(chain: Chain, width: int) -> None:
    lines = fit(chain, width, measure)
    if any(elisions([line.layout]) for line in lines):
        return
    sides = [chain.first, *(layout for _, layout in chain.links)]
    before = [digits for side in sides for digits in numbers_in(side)]
    assert [digits for line in lines for digits in numbers_in(line.layout)] == before


def numbers_in(layout: Layout) -> list[str]:
    """The numbers of a chain as `chains` makes them, brackets opened."""
    match layout:
        case Fence(_, body, _):
            return numbers_in(body)
        case Table():
            return numbers_of(layout)
    items = getattr(layout, "items", None)
    return [digits for item in items for digits in numbers_in(item)] if items else numbers_of(layout)


@settings(max_examples=50)
@given(chains)
def test_a_line_has_a_relation_or_continues_behind_one(chain: Chain) -> None:
    lines = fit(chain, 40, measure)
    relations = [line.indent for line in lines[1:] if box(line.layout).lines[0].lstrip().startswith("=")]
    assert len(set(relations)) <= 1


@pytest.mark.parametrize("width", [1, 5, 10])
def test_pages_that_are_too_narrow_are_no_error(width: int) -> None:
    for chain in (GRADIENT, SCORES, Chain(iterate(z, "0"), (("=", row(*terms(4))),))):
        assert fit(chain, width, measure)
