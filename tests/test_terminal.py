"""Pages for the terminal."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import (
    COMMA,
    GRADIENT,
    PLUS,
    SCORES,
    TIMES,
    X,
    chains,
    iterate,
    matrix,
    number,
    p,
    round_,
    row,
    w,
    z,
)

from solver.page.blocks import (
    Block,
    Curve,
    Facts,
    Heading,
    Note,
    Page,
    Section,
    Statement,
    Step,
)
from solver.page.math import Chain, Letter, Number, Scripts, Sign, Word
from solver.render.glyphs import width
from solver.render.prose import wrap
from solver.render.terminal import terminal, write

SHAPE = row(iterate(z, "0"), Sign("∈", "relation"), Scripts(Word("ℝ"), sup=Number("2")))
PAGE: Page = (
    Heading("Midterm, problem 1 · Logistic regression by gradient descent", "3 points"),
    Statement(
        "Run *three* steps with $\\alpha = 0.1$; a pen costs $5, or\n$6 later.\n\n- from $w = 0$\n- and on"
    ),
    Facts(
        "Given",
        (
            Chain(X, (("=", matrix("3 3; 0 -4")),)),
            Chain(Letter("y"), (("=", matrix("1; 0")),)),
            Chain(iterate(w, "0"), (("=", matrix("-2; -2")),)),
            Chain(Letter("α"), (("=", number("0.1")),)),
        ),
    ),
    Facts("Find", (Chain(iterate(w, "3")),)),
    Section("Iteration 1"),
    Step(1, ("One score for each sample.",), (SCORES,), SHAPE),
    Step(
        2,
        ("The gradient: each sample's error ", row(p, Sign("−"), Letter("y")), ", weighted by its features."),
        (GRADIENT,),
        row(Sign("∇", "prefix"), iterate(Letter("L"), "0"), *SHAPE.items[1:]),
        ("The chain rule: the outer derivative is ", row(p, Sign("−"), Letter("y")), "."),
    ),
    Note(("2 more sections like these are left out.",), "left-out"),
    Facts(
        "Answer",
        (
            Chain(
                iterate(w, "3"),
                (("≈", Scripts(round_(number("-1.1008"), COMMA, number("0.0639")), sup=Word("ᵀ"))),),
            ),
        ),
    ),
    Note(("The loss is the sum.",)),
    Note(("3 checks: gradients against central differences",), "check"),
    Note(("1 check: sums to one",), "failed"),
)


def plain(page: Page, columns: int, ascii: bool = False) -> str:
    stream = io.StringIO()
    write(page, stream, columns, ascii=ascii)
    return stream.getvalue()


def test_page_at_80_columns() -> None:
    assert (
        plain(PAGE, 80)
        == """\
Midterm, problem 1 · Logistic regression by gradient descent            3 points

Run *three* steps with α = 0.1; a pen costs $5, or $6 later.

- from w = 0
- and on

Given  X = ⎡3   3⎤   y = ⎡1⎤   w⁽⁰⁾ = ⎡−2⎤   α = 0.1
           ⎣0  −4⎦       ⎣0⎦          ⎣−2⎦
Find   w⁽³⁾

Iteration 1 ────────────────────────────────────────────────────────────────────
1  One score for each sample.                                          z⁽⁰⁾ ∈ ℝ²
   z⁽⁰⁾ = X w⁽⁰⁾ = ⎡3   3⎤ ⎡−2⎤ = ⎡−12⎤
                   ⎣0  −4⎦ ⎣−2⎦   ⎣  8⎦

2  The gradient: each sample's error p − y, weighted by its features.
                                                                      ∇L⁽⁰⁾ ∈ ℝ²
   The chain rule: the outer derivative is p − y.
   ∇L⁽⁰⁾ = Xᵀ(p⁽⁰⁾ − y) ≈ ⎡3   0⎤ ⎛⎡6.1442·10⁻⁶⎤ − ⎡1⎤⎞
                          ⎣3  −4⎦ ⎝⎣0.99966    ⎦   ⎣0⎦⎠
         ≈ ⎡3   0⎤ ⎡−0.99999⎤ ≈ ⎡−3.0000⎤
           ⎣3  −4⎦ ⎣ 0.99966⎦   ⎣−6.9986⎦

⋯ 2 more sections like these are left out.

Answer w⁽³⁾ ≈ (−1.1008, 0.0639)ᵀ
The loss is the sum.
✓ 3 checks: gradients against central differences
✗ 1 check: sums to one
"""
    )


def test_page_at_40_columns_in_ascii() -> None:
    assert (
        plain(PAGE[2:7], 40, ascii=True)
        == """\
Given  X = [3   3]   y = [1]
           [0  -4]       [0]
       w^(0) = [-2]   alpha = 0.1
               [-2]
Find   w^(3)

Iteration 1 ----------------------------
1  One score for each sample.
                            z^(0) in R^2
   z^(0) = X w^(0)
         = [3   3] [-2] = [-12]
           [0  -4] [-2]   [  8]

2  The gradient: each sample's error
   p - y, weighted by its features.
                       grad L^(0) in R^2
   The chain rule: the outer derivative
   is p - y.
   grad L^(0) = X^T(p^(0) - y)
      ~= [3   0] ([6.1442e-6] - [1])
         [3  -4] ([0.99966  ]   [0])
      ~= [3   0] [-0.99999] ~= [-3.0000]
         [3  -4] [ 0.99966]    [-6.9986]
"""
    )


def test_curves() -> None:
    curve = Curve("The loss falls", "iteration", "L", tuple(range(5)), (16.0, 8.0, 4.0, 2.0, 1.0))
    assert (
        plain((curve,), 40)
        == """\
   The loss falls
    L
   16 ┤⠑⢄
      │  ⠑⢄
      │    ⠑⢄
      │     ⠈⠢⡀
      │       ⠈⠒⠤⢄⡀
      │           ⠈⠑⠢⢄⡀
      │               ⠈⠓⠢⠤⢄⣀⣀
    1 ┤                      ⠉⠉⠒⠒⠒⠤⠤⠤⢄⣀⣀
      └─────────────────────────────────
       0           iteration           4
"""
    )
    assert (
        plain((curve,), 40, ascii=True)
        == """\
   The loss falls
    L
   16 |**
      |  **
      |    **
      |      **
      |        ****
      |            ****
      |                ********
    1 |                        *********
      +---------------------------------
       0           iteration           4
"""
    )
    assert plain((Curve("One", "t", "", (3.0,), (2.5,)),), 80)
    assert plain((Curve("None", "t", "", (1.0,), (float("nan"),)),), 80) == "   None\n"


@pytest.mark.parametrize("columns", [*range(40, 201, 8)])
@pytest.mark.parametrize("ascii", [False, True])
def test_lines_keep_to_the_width(columns: int, ascii: bool) -> None:
    for text in plain(PAGE, columns, ascii).splitlines():
        assert width(text) <= columns
        assert text == text.rstrip()
        assert not ascii or text.isascii()


WORDS = st.text(st.characters(codec="utf-8"), max_size=30)
BLOCKS: st.SearchStrategy[Block] = st.one_of(
    st.builds(Heading, WORDS, WORDS),
    st.builds(Statement, WORDS),
    st.builds(Section, WORDS),
    st.builds(
        lambda label, items: Facts(label, tuple(items)), st.text(max_size=8), st.lists(chains, max_size=3)
    ),
    st.builds(
        lambda text, why, items: Step(7, (text, z, text), tuple(items), SHAPE, (why, z)),
        *(WORDS, WORDS, st.lists(chains, max_size=2)),
    ),
    st.builds(lambda text, kind: Note((text,), kind), WORDS, st.sampled_from(["note", "check", "failed"])),
    st.builds(
        lambda title, ys: Curve(title, title, title, tuple(map(float, range(len(ys)))), tuple(ys)),
        *(WORDS, st.lists(st.floats(-1e6, 1e6), max_size=9)),
    ),
)


@given(st.lists(BLOCKS, max_size=4), st.integers(50, 200), st.booleans())
@settings(deadline=None)
def test_any_page_keeps_to_the_width_and_cannot_steer_a_terminal(
    blocks: list[Block], columns: int, ascii: bool
) -> None:
    for line in terminal(tuple(blocks), columns, ascii):
        text = "".join(part for _, part in line)
        assert width(text) <= columns
        assert text == text.rstrip(" ")
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text)
        assert not ascii or text.isascii()


@pytest.mark.parametrize(
    ("prose", "room", "lines"),
    [
        (("one two three",), 7, ["one two", "three"]),
        (("see (", row(z, PLUS, p), "), so"), 8, ["see", "(z + p),", "so"]),
        (("a ", row(z, PLUS, p), " b"), 3, ["a", "z + p", "b"]),
        (("abcdefgh ij",), 4, ["abcd", "efgh", "ij"]),
        (("梯度下降法。最优",), 10, ["梯度下降", "法。最优"]),
        (("  spaces\t and\nlines ",), 40, ["spaces and lines"]),
        (("a\xa0b c",), 3, ["a\xa0b", "c"]),
        (("",), 9, []),
    ],
)
def test_prose(prose: tuple[str, ...], room: int, lines: list[str]) -> None:
    assert wrap(prose, room) == lines


def test_left_out_columns_are_told() -> None:
    wide = matrix("; ".join(" ".join("1.25" for _ in range(12)) for _ in range(2)))
    chain = Chain(z, (("=", row(wide, TIMES, w)),))
    assert "(6 of 12 columns shown)" in plain((Step(1, ("Wide.",), (chain,)),), 50)
    assert "       (5 of 12 columns shown)" in plain((Facts("Given", (chain,)),), 50)


def test_colour_styles_the_same_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    page = (*PAGE, Note(("opts [a] :smile: [/b] [link=x]y",)))
    write(page, stream, 80, colour=True)
    text = stream.getvalue()
    assert "\x1b[32m✓" in text
    assert "\x1b[31m✗" in text
    assert "\x1b[1mIteration 1\x1b[0m" in text
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == plain(page, 80)


def test_plain_text_needs_no_rich() -> None:
    code = "import sys; from solver.render.terminal import write; write((), sys.stdout, 80)"
    code += "; print({'rich', 'numpy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def test_a_long_page_is_quick() -> None:
    page = tuple(Step(i, ("A step.",), (GRADIENT, SCORES), SHAPE, ("Because.",)) for i in range(100))
    start = time.perf_counter()
    terminal(page, 80)
    assert time.perf_counter() - start < 1  # about 0.03 s; the rest is for busy machines
