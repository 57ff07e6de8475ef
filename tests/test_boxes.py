"""Layouts as boxes of text and on one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from layouts import LAYOUTS, expected, layouts, matrix, number, renderings, row, transposed

from solver.page.math import Fence, Layout, Letter, Number, Row, Scripts, Sign, Table, Word
from solver.render.boxes import box, linear
from solver.render.glyphs import plain, width

EXPECTED = expected()


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("kind", ["box", "ascii", "linear"])
def test_rendering(name: str, kind: str) -> None:
    assert renderings(name)[kind] == EXPECTED[name][kind]


@given(layouts)
def test_lines_of_a_box_are_equally_wide(layout: Layout) -> None:
    for ascii in (False, True):
        shown = box(layout, ascii)
        assert {width(text) for text in shown.lines} == {shown.width}
        assert 0 <= shown.baseline < len(shown.lines)


@given(layouts)
def test_ascii_is_ascii(layout: Layout) -> None:
    assert all(text.isascii() for text in box(layout, ascii=True).lines)
    assert linear(layout, ascii=True).isascii()


@given(layouts)
def test_one_line_is_one_line(layout: Layout) -> None:
    for ascii in (False, True):
        assert len(linear(layout, ascii).splitlines()) <= 1


def numbers_of(layout: Layout) -> list[str]:
    match layout:
        case Number(digits):
            return [digits]
        case Row(items):
            return [digits for item in items for digits in numbers_of(item)]
        case Table(cells):
            return [digits for line in cells for cell in line for digits in numbers_of(cell)]
    return []


@given(layouts)
def test_no_number_is_lost(layout: Layout) -> None:
    for digits in numbers_of(layout):
        assert digits in linear(layout)
        assert any(digits in text for text in box(layout).lines)


@pytest.mark.parametrize(
    ("text", "cells"),
    [("abc", 3), ("−12", 3), ("⎡", 1), ("x̂", 1), ("中文", 4), ("z⁽⁰⁾", 4), ("\u200cfa", 2), ("", 0)],
)
def test_width(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize(
    ("text", "ascii"),
    [
        *(("z⁽⁰⁾ ∈ ℝ²", "z^(0) in R^2"), ("W₁₂", "W_12"), ("α∇L", "alpha grad L"), ("2πr", "2pi r")),
        *(("Điểm số", "Diem so"), ("a ≈ b ≤ c", "a ~= b <= c"), ("中", "?"), ("“x”", '"x"'), ("½", "1/2")),
    ],
)
def test_plain(text: str, ascii: str) -> None:
    assert plain(text) == ascii


def test_wide_characters_keep_brackets_straight() -> None:
    table = Table(((Word("天气"), Number("1")), (Word("x"), Number("−1"))))
    assert box(table).lines == ["⎡天气   1⎤", "⎣ x    −1⎦"]


def test_space_before_a_bracket_only_if_it_is_tall() -> None:
    low = Fence("(", row(Letter("p"), Sign("−"), Letter("y")), ")")
    tall = Fence("(", matrix("1; 2"), ")")
    assert box(row(transposed(Letter("X")), Sign(""), low)).lines == ["Xᵀ(p − y)"]
    assert box(row(transposed(Letter("X")), Sign(""), tall)).lines == ["Xᵀ ⎛⎡1⎤⎞", "   ⎝⎣2⎦⎠"]


def test_long_scripts_are_raised() -> None:
    power = Scripts(Letter("e"), sup=row(Sign("−", "prefix"), number("123456789")))
    assert box(power).lines == [" −123456789", "e          "]
