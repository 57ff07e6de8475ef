"""Layouts in LaTeX."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import LAYOUTS, SCORES, expected, layouts, renderings, row

from solver.page.math import Chain, Layout, Letter, Number, Sign, Word
from solver.render.latex import escape, latex, latex_chain

EXPECTED = expected()


@pytest.mark.parametrize("name", LAYOUTS)
def test_rendering(name: str) -> None:
    assert renderings(name)["latex"] == EXPECTED[name]["latex"]


def test_a_chain_is_a_line_for_each_link() -> None:
    assert latex_chain(SCORES) == [
        "z^{(0)} = X w^{(0)}",
        r"= \begin{bmatrix} 3 & 3 \\ 0 & -4 \end{bmatrix} \begin{bmatrix} -2 \\ -2 \end{bmatrix}",
        r"= \begin{bmatrix} -12 \\ 8 \end{bmatrix}",
    ]
    assert latex_chain(Chain(Letter("z"))) == ["z"]


def balanced(text: str) -> bool:
    depth = 0
    for brace in re.sub(r"\\.", "", text):
        depth += (brace == "{") - (brace == "}")
        if depth < 0:
            return False
    return depth == 0


@given(layouts)
def test_braces_and_brackets_balance(layout: Layout) -> None:
    text = latex(layout)
    assert balanced(text)
    assert text.count(r"\left") - text.count(r"\leftarrow") == text.count(r"\right")
    assert text.count(r"\begin{") == text.count(r"\end{")
    assert re.search(r"[\x00-\x1f\x7f]", text) is None


@given(st.text())
def test_text_is_never_a_command(text: str) -> None:
    known = r"\\[{}$&#%_]|\\text(backslash|asciicircum|asciitilde)\{\}"
    assert not re.search(r"[\\{}$&#%_^~\n]", re.sub(known, "", escape(text)))


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        *((Letter("Δw"), r"\Delta w"), (Letter("σ′"), r"\sigma'"), (Letter("loss"), r"\mathrm{loss}")),
        *((Letter("ŷ"), r"\hat{y}"), (Letter("Điểm"), r"\text{Điểm}"), (Word("ℝ"), r"\mathbb{R}")),
        *(
            (Word("0"), "0"),
            (Word("2×3"), r"2 \times 3"),
            (Word("t+1"), "t+1"),
            (Word("a_b"), r"\text{a\_b}"),
        ),
        *(
            (Number("168,540"), "168{,}540"),
            (Number("50%"), r"50\%"),
            (Number("−2.5", 12), r"-2.5 \cdot 10^{12}"),
        ),
        (row(Word("shape"), Sign("of"), Letter("W")), r"\text{shape} \text{ of } W"),
        (row(Letter("∂"), Letter("z")), r"\partial z"),
    ],
)
def test_atoms(layout: Layout, text: str) -> None:
    assert latex(layout) == text
