"""Tables, trees and pictures of arrays, drawn in text."""

from __future__ import annotations

import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import DIAGONAL, DOTS, DOWN, PLUS, X, iterate, number, row, w

from solver.derivation import Board
from solver.errors import clean
from solver.page.blocks import Block, Grid, Prose, Step, Table, Tree
from solver.page.from_derivation import Sheet, page
from solver.page.from_derivation import tree as tree_of
from solver.page.math import Chain, Fraction, Layout, Word
from solver.render.glyphs import plain, width
from solver.render.grid import pictures
from solver.render.linear import linear
from solver.render.table import table
from solver.render.terminal import terminal, write
from solver.render.tree import MOST_LINES, tree

Cell = Prose | Chain
STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def lines(text: str) -> list[str]:
    return text.strip("\n").split("\n")


def cell(text: str) -> Prose:
    """A printed number where it is one, otherwise words."""
    return (number(text),) if re.fullmatch(r"-?\d[\d.]*(e-?\d+)?", text) else (text,)


def typed(text: str) -> Table:
    """A table from lines with bars between the cells; `... 3` stands for three rows that are left out."""
    head, *body = ([part.strip() for part in each.split("|")] for each in lines(text))
    rows = (int(each[0][4:]) if each[0].startswith("... ") else tuple(map(cell, each)) for each in body)
    return Table(("A table.",), tuple((part,) for part in head), tuple(rows))


def sum_of(count: int) -> Chain:
    """A chain with a sum of so many numbers of four characters."""
    terms: list[Layout] = []
    for place in range(count):
        terms += [PLUS, number(f"{place % 10}.25")]
    return Chain(row(*terms[1:]), (("≈", number("0.5")), ("≈", number("12.25"))))


# ---------------------------------------------------------------- tables

WEATHER = """
outlook | n | entropy
sunny | 5 | 0.97095
overcast | 4 | 0
rain | 5 | 12.5
"""


def test_a_table() -> None:
    assert table(typed(WEATHER), 80) == lines(
        """
outlook   n   entropy
────────  ─  ────────
sunny     5   0.97095
overcast  4   0
rain      5  12.5
"""
    )


def test_a_table_in_ascii() -> None:
    assert table(typed("lớp | tỉ lệ\nα | -10.5\nnước | 6.14e-6"), 80, ascii=True) == lines(
        """
lop        ti le
-----  ---------
alpha  -10.5
nuoc     6.14e-6
"""
    )


def test_numbers_are_aligned_at_the_point() -> None:
    """Whatever stands before and behind the point, together wider than the widest number."""
    block = typed("a | b | a long head\nu | 1.25 | 1.5\nv | -10 | 0.25\nw | 6.14e-6 | -10\nx | 3e5 | 2000")
    assert table(block, 80) == lines(
        """
a            b  a long head
─  ───────────  ───────────
u    1.25              1.5
v  −10                 0.25
w    6.14·10⁻⁶       −10
x    3·10⁵          2000
"""
    )


def test_fractions_stand_before_the_point() -> None:
    rows = tuple(((text,), (layout,)) for text, layout in (("u", Fraction(number("3"), number("4"), True)),))
    block = Table((), (("a",), ("gain",)), (*rows, (("v",), (number("0.25"),))))
    assert table(block, 80) == ["a    gain", "─  ──────", "u  3/4", "v    0.25"]


def test_texts_that_are_no_numbers_stay_left() -> None:
    block = typed("range | day | number\n0-10 | D1 | 3\n10-30 | D10 | 12\n>60 | D2 | 4")
    assert table(block, 80) == lines(
        """
range  day  number
─────  ───  ──────
0-10   D1        3
10-30  D10      12
>60    D2        4
"""
    )


def test_empty_cells_leave_a_column_of_numbers_one() -> None:
    block = Table((), (("a",), ("b",), ("c",)), ((("u",), cell("1.5"), ()), (("v",), ("",), cell("10"))))
    assert table(block, 80) == ["a    b   c", "─  ───  ──", "u  1.5", "v       10"]


def test_wide_characters_keep_columns_straight() -> None:
    block = typed("天气 | n | 色泽 | Zeit\n晴 | 1.5 | 青 绿 | x\n下雨 | 12 | a | yz")
    assert table(block, 80) == lines(
        """
天气     n  色泽   Zeit
────  ────  ─────  ────
晴     1.5  青 绿  x
下雨  12    a      yz
"""
    )


def test_chains_are_broken_in_a_narrow_column() -> None:
    rows: tuple[tuple[Cell, ...], ...] = ((("sunny",), cell("5"), sum_of(6)), (("rain",), cell("14"), ("0",)))
    block = Table((), (("outlook",), ("n",), ("entropy",)), rows)
    assert table(block, 40) == lines(
        """
outlook   n  entropy
───────  ──  ───────────────────────────
sunny     5  0.25 + 1.25 + 2.25
                + 3.25 + 4.25 + 5.25
                ≈ 0.5 ≈ 12.25
rain     14  0
"""
    )


def test_the_widest_column_is_narrowed_first() -> None:
    rows: tuple[tuple[Cell, ...], ...] = ((sum_of(3), sum_of(9), ("x",)),)
    block = Table((), (("a",), ("b",), ("c",)), rows)
    head, rule, *body = table(block, 66)
    assert [len(part) for part in rule.split()] == [30, 31, 1]
    assert (head.split(), len(body)) == (["a", "b", "c"], 3)


def test_words_are_broken_over_lines() -> None:
    block = typed("n | what it is\n1 | the mean over the parts, each weighted\n2 | short")
    assert table(block, 24) == lines(
        """
n  what it is
─  ─────────────────────
1  the mean over the
   parts, each weighted
2  short
"""
    )


def test_below_each_other_where_there_is_no_room() -> None:
    block = typed(
        """
number | outlook | temperature | humidity | windy
1 | sunny | 75 | 70.5 | true
... 12
14 | rain | 8 | 96 | a very long word that fits no line
"""
    )
    assert table(block, 30) == lines(
        """
1
  outlook: sunny
  temperature: 75
  humidity: 70.5
  windy: true
⋯ 12 more rows
14
  outlook: rain
  temperature: 8
  humidity: 96
  windy:
    a very long word that fits
    no line
"""
    )


def test_below_each_other_a_cell_without_head_has_no_label() -> None:
    """Nor has an empty cell a line."""
    head: tuple[Prose, ...] = (("",), ("labels",), ("",), ("n",))
    block = Table((), head, ((("x ≤ 1",), ("9 yes",), ("split again",), ("",)),))
    assert table(block, 20) == ["x ≤ 1", "  labels: 9 yes", "  split again"]


def test_below_each_other_long_heads_are_broken() -> None:
    block = typed("a | the size of the output\nconv1 | 126 times 126")
    assert table(block, 20) == ["conv1", "  the size of the", "  output:", "    126 times 126"]


def test_below_each_other_in_ascii() -> None:
    block = typed("a | tỉ lệ | σ\nα | -10 | 6.14e-6")
    assert table(block, 8, ascii=True) == ["alpha", "  ti le:", "    -10", "  sigma:", "    6.14e-6"]


def test_a_formula_that_cannot_be_broken_is_given_the_whole_page() -> None:
    long = Word("H(Humidity<=77.5, windy)")
    rows: tuple[tuple[Cell, ...], ...] = ((("so ", long), ("and ", long)),)
    block = Table((), (("a",), ("b",)), rows)
    assert table(block, 80)[2:] == [f"so {long.text}  and {long.text}"]
    assert table(block, 40) == [f"so {long.text}", f"  b: and {long.text}"]
    assert max(map(width, table(block, 10))) == len("    ") + len(long.text)


@pytest.mark.parametrize(("count", "told"), [(1, "⋯ 1 more row"), (1234, "⋯ 1234 more rows")])
@pytest.mark.parametrize("room", [80, 20])
def test_rows_left_out(count: int, told: str, room: int) -> None:
    block = typed(f"some words | other words\na | b\n... {count}\nc | d")
    assert told in table(block, room)
    assert told.replace("⋯", "...") in table(block, room, ascii=True)


def test_a_long_table_has_its_first_and_last_rows() -> None:
    board = Board()
    board.table("Many.", ["n", "square"], [(str(n), str(n * n)) for n in range(45)])
    (block,) = (each for each in page(board.derivation, Sheet("")) if isinstance(each, Table))
    shown = table(block, 80)
    assert len(shown) == 2 + 37 + 1 + 3
    assert [" ".join(text.split()) for text in shown[-5:]] == [
        *("36 1296", "⋯ 5 more rows", "42 1764", "43 1849", "44 1936")
    ]


def test_a_table_without_rows() -> None:
    assert table(Table((), (("a",), ("bc",)), ()), 80) == ["a  bc", "─  ──"]


def characters(text: str) -> Counter[str]:
    return Counter(character for character in text if not character.isspace())


def shown(each: Cell, ascii: bool) -> str:
    """All the characters of a cell."""
    if isinstance(each, Chain):
        parts = [each.first, *(part for sign, layout in each.links for part in (Word(sign), layout))]
        return "".join(linear(part, ascii) for part in parts)
    return "".join(part_text(part, ascii) for part in each)


def part_text(part: str | Layout, ascii: bool) -> str:
    if not isinstance(part, str):
        return linear(part, ascii)
    text = clean(part, newlines=True)
    return plain(text) if ascii else text


WORDS = ["a", "is", "hue", "gain", "đ", "天气", "0-10", "<=75", "x|y", "[b]", "—"]
short_words = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
words = st.one_of(
    short_words,
    st.text("ab \n天", max_size=30),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.integers(0, 60).map("x".__mul__),
)
printed = st.builds(
    lambda sign, whole, digits, power: sign + str(whole) + digits + power,
    st.sampled_from(["", "-"]),
    st.integers(0, 9999),
    st.sampled_from(["", ".5", ".25", ".0625"]),
    st.sampled_from(["", "", "e-6", "e12"]),
)
chains = [sum_of(count) for count in range(1, 7)]
cells: st.SearchStrategy[Cell] = st.one_of(
    words.map(lambda text: (text,)),
    printed.map(cell),
    st.builds(lambda text, digits: (text, number(digits), text), short_words, printed),
    st.sampled_from(chains),
)


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[Cell] = cells) -> Table:
    columns = draw(st.integers(1, 5))
    head = ["head", *draw(st.lists(short_words, min_size=columns - 1, max_size=columns - 1))]
    rows: list[tuple[Cell, ...] | int] = [
        *draw(st.lists(st.tuples(*[cells] * columns), min_size=1, max_size=4))
    ]
    if draw(st.booleans()):
        rows.insert(draw(st.integers(0, len(rows))), draw(st.integers(1, 9999)))
    return Table(("A table.",), tuple((text,) for text in head), tuple(rows))


def rows_of(block: Table) -> Iterator[tuple[Cell, ...]]:
    return (each for each in block.rows if not isinstance(each, int))


@settings(max_examples=40)
@given(tables(), st.integers(30, 120), st.booleans())
def test_a_table_keeps_to_its_room_and_loses_nothing(block: Table, room: int, ascii: bool) -> None:
    texts = table(block, room, ascii)
    found = characters("".join(texts))
    for text in texts:
        assert width(text) <= room
        assert STEERING.search(text) is None
        assert not ascii or text.isascii()
    wanted = characters("".join(shown(each, ascii) for line in rows_of(block) for each in line))
    assert wanted <= found
    for each in block.rows:
        assert not isinstance(each, int) or any(f" {each} more row" in text for text in texts)


def by_columns(text: str) -> list[str]:
    """The character in each column of a terminal."""
    return [character for character in text for _ in range(width(character))]


@settings(max_examples=25)
@given(tables(), st.booleans())
def test_columns_are_straight(block: Table, ascii: bool) -> None:
    """Where the rule has a gap, every line has one."""
    texts = [text for text in table(block, 2000, ascii) if " more row" not in text]
    rule = by_columns(texts[1])
    assert set(rule) <= {" ", "-" if ascii else "─"}
    assert len(texts) == 2 + sum(any(shown(each, ascii).strip() for each in line) for line in rows_of(block))
    for text in texts:
        found = by_columns(text)
        assert len(found) <= len(rule)
        assert all(found[gap] == " " for gap, end in enumerate(rule[: len(found)]) if end == " ")


@given(st.lists(printed, min_size=1, max_size=6), st.booleans())
def test_points_stand_below_each_other(column: list[str], ascii: bool) -> None:
    block = Table((), (("",), ("head",)), tuple((("x",), cell(text)) for text in column))
    texts = [re.split("[.·e]", text)[0] for text in table(block, 80, ascii)[2:]]
    points = list(map(len, texts))
    assert len(set(points)) == 1


@settings(max_examples=25)
@given(tables(printed.map(cell) | short_words.map(lambda text: (text,))), st.integers(20, 200))
def test_every_cell_is_found(block: Table, room: int) -> None:
    """Whole on a wide page, word by word on a narrow one."""
    wide, narrow = table(block, 2000), " ".join(table(block, room)).split()
    for each in itertools.chain(*rows_of(block)):
        text = shown(each, False)
        assert any(text in line for line in wide)
        assert all(word in narrow for word in text.split() if word.isascii())


# ---------------------------------------------------------------- trees

RESTAURANT = {
    "Pat": {"None": "No", "Some": "Yes", "Full": {"Hun": {"No": "No", "Yes": {"Fri": {"0": "0", "1": "1"}}}}}
}


def test_a_tree() -> None:
    block = tree_of((Word("tree"),), RESTAURANT)
    assert tree(block, 80) == lines(
        """
tree: Pat
├─ None: No
├─ Some: Yes
└─ Full: Hun
   ├─ No: No
   └─ Yes: Fri
      ├─ 0: 0
      └─ 1: 1
"""
    )
    assert tree(block, 80, ascii=True) == lines(
        """
tree: Pat
|- None: No
|- Some: Yes
`- Full: Hun
   |- No: No
   `- Yes: Fri
      |- 0: 0
      `- 1: 1
"""
    )


def test_branches_beside_a_tree_below() -> None:
    below = {"B": {"1": "yes", "2": "no"}}
    block = tree_of(("tree",), {"A": {"<=77.5": below, ">77.5": below}})
    assert tree(block, 80) == lines(
        """
tree: A
├─ <=77.5: B
│  ├─ 1: yes
│  └─ 2: no
└─ >77.5: B
   ├─ 1: yes
   └─ 2: no
"""
    )


def test_a_tree_of_one_leaf() -> None:
    assert tree(tree_of(("tree",), "Don't Play"), 80) == ["tree: Don't Play"]


def test_numbers_are_labels_too() -> None:
    assert tree(tree_of(("tree",), {"A2": {0: 0, 1: 1.5}}), 80) == ["tree: A2", "├─ 0: 0", "└─ 1: 1.5"]


def test_long_labels_are_wrapped() -> None:
    words_ = "a label that does not fit on a line"
    block = tree_of(("tree",), {"feature": {"value": words_, words_: {"below": {"x" * 40: "y"}}}})
    assert tree(block, 25) == lines(
        """
tree: feature
├─ value: a label that
│  does not fit on a line
└─ a label that does not
   fit on a line: below
   └─ xxxxxxxxxxxxxxxxxxx
      xxxxxxxxxxxxxxxxxxx
      xx: y
"""
    )


def test_wide_labels_are_wrapped() -> None:
    block = tree_of(("树",), {"纹理": {"清晰": "是" * 12, "稍糊": "否"}})
    assert tree(block, 20) == lines(
        """
树: 纹理
├─ 清晰: 是是是是是
│  是是是是是是是
└─ 稍糊: 否
"""
    )


@pytest.mark.parametrize("ascii", [False, True])
def test_of_a_very_big_tree_the_first_lines(ascii: bool) -> None:
    """Of 2^60 nodes, which nobody could wait for."""
    node = Tree(("leaf",))
    for _ in range(60):
        node = Tree(("x",), ((("a",), node), (("b",), node)))
    texts = tree(node, 300, ascii)
    assert len(texts) == MOST_LINES + 1
    assert texts[-1] == ("..." if ascii else "⋯")
    assert texts[:-1] == tree(node, 300, ascii)[:MOST_LINES]


def test_a_tree_that_just_fits() -> None:
    def bush(leaves: int) -> Tree:
        return Tree(("x",), tuple(((str(place),), Tree((": ", "y"))) for place in range(leaves)))

    assert len(tree(bush(MOST_LINES - 1), 80)) == MOST_LINES
    assert tree(bush(MOST_LINES - 1), 80)[-1] == f"└─ {MOST_LINES - 2}: y"
    assert tree(bush(MOST_LINES), 80)[-1] == "⋯"


def test_a_deep_tree_is_drawn() -> None:
    nested: object = "end"
    for place in reversed(range(150)):
        nested = {f"A{place}": {"0": "leaf", "1": nested}}
    texts = tree(tree_of(("tree",), nested), 40)
    assert len(texts) == 301
    assert texts[1::2] == ["   " * place + "├─ 0: leaf" for place in range(150)]
    assert texts[-1] == "   " * 149 + "└─ 1: end"


labels = words.filter(lambda text: bool(shown((text,), True).strip()))
nested_trees = st.recursive(
    labels,
    lambda inner: st.builds(
        lambda feature, branches: {feature: branches},
        labels,
        st.dictionaries(labels, inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


def nodes(node: object, edge: str = "t", depth: int = 0) -> Iterator[tuple[int, str]]:
    """The nodes of a tree from above, each with its depth and what stands on its line."""
    if not isinstance(node, dict):
        yield depth, f"{edge}: {node}"
        return
    ((feature, branches),) = node.items()
    yield depth, f"{edge}: {feature}"
    for value, below in branches.items():
        yield from nodes(below, value, depth + 1)


@settings(max_examples=30)
@given(nested_trees, st.integers(30, 120), st.booleans())
def test_a_tree_keeps_to_its_room_and_loses_nothing(node: object, room: int, ascii: bool) -> None:
    texts = tree(tree_of(("t",), node), room, ascii)
    deepest = max(depth for depth, _ in nodes(node))
    for text in texts:
        assert width(text) <= max(room, 3 * deepest + 8)
        assert STEERING.search(text) is None
        assert not ascii or text.isascii()
    wanted = characters("".join(shown((text,), ascii) for _, text in nodes(node)))
    assert wanted <= characters("".join(texts))


@settings(max_examples=30)
@given(nested_trees)
def test_every_node_has_a_line_on_a_wide_page(node: object) -> None:
    texts = tree(tree_of(("t",), node), 2000)
    for text, (depth, label) in zip(texts, nodes(node), strict=True):
        mark, rest = text[: 3 * depth], text[3 * depth :]
        assert re.fullmatch("((│  |   )*(├─ |└─ ))?", mark)
        assert characters(rest) == characters(shown((label,), False))


# ---------------------------------------------------------------- pictures of arrays


def grid(text: str, marked: Iterable[tuple[int, int]] = (), name: Layout = X) -> Grid:
    """`1 2; 3 4` as a picture; dots and colons stand for what is left out."""
    dots = {"...": DOTS, ":": DOWN, "::": DIAGONAL}
    rows = (tuple(dots.get(part) or number(part) for part in each.split()) for each in text.split(";"))
    return Grid(name, tuple(rows), frozenset(marked))


def places(down: range, across: range) -> list[tuple[int, int]]:
    return list(itertools.product(down, across))


IMAGE = "1 2 3 -4; 5 16 7 8; 9 1 2 3"


@pytest.mark.parametrize(
    ("down", "across", "drawn"),
    [
        (
            *(range(2), range(2)),
            """
X
┌────────┐
│ 1    2 │ 3   −4
│ 5   16 │ 7    8
└────────┘
  9    1   2    3
""",
        ),
        (
            *(range(1, 2), range(1, 3)),
            """
X
  1    2   3   −4
    ┌────────┐
  5 │ 16   7 │  8
    └────────┘
  9    1   2    3
""",
        ),
        (
            *(range(1, 3), range(3, 4)),
            """
X
  1    2   3   −4
             ┌────┐
  5   16   7 │  8 │
  9    1   2 │  3 │
             └────┘
""",
        ),
        (
            *(range(3), range(4)),
            """
X
┌─────────────────┐
│ 1    2   3   −4 │
│ 5   16   7    8 │
│ 9    1   2    3 │
└─────────────────┘
""",
        ),
    ],
)
def test_a_window_has_a_frame(down: range, across: range, drawn: str) -> None:
    assert pictures([grid(IMAGE, places(down, across))], 80) == lines(drawn)
    plainly = drawn.translate(str.maketrans("┌┐└┘─│−", "++++-|-"))
    assert pictures([grid(IMAGE, places(down, across))], 80, ascii=True) == lines(plainly)


def test_the_cells_of_a_dilated_window_have_brackets() -> None:
    block = grid(IMAGE, places(range(0, 3, 2), range(0, 4, 2)))
    assert pictures([block], 80) == lines(
        """
X
  [1]     2    [3]    −4
   5     16     7      8
  [9]     1    [2]     3
"""
    )


@pytest.mark.parametrize(
    "marked", [places(range(2), range(0, 3, 2)), places(range(0, 3, 2), range(2)), [(0, 0), (1, 1)]]
)
def test_what_is_no_block_has_brackets(marked: list[tuple[int, int]]) -> None:
    text = "\n".join(pictures([grid(IMAGE, marked)], 80))
    assert text.count("[") == text.count("]") == len(marked)
    assert "┌" not in text


def test_nothing_marked() -> None:
    assert [text.split() for text in pictures([grid("1 2; 3 4")], 80)] == [["X"], ["1", "2"], ["3", "4"]]


def test_one_cell() -> None:
    assert pictures([grid("7", [(0, 0)])], 80) == ["X", "┌───┐", "│ 7 │", "└───┘"]


def test_dots_for_what_is_left_out() -> None:
    block = grid("1 2 3 ...; 4 5 6 ...; : : : ::", places(range(2), range(2)))
    assert pictures([block], 80) == lines(
        """
X
┌───────┐
│ 1   2 │ 3   ⋯
│ 4   5 │ 6   ⋯
└───────┘
  ⋮   ⋮   ⋮   ⋱
"""
    )
    assert pictures([block], 80, ascii=True)[-1] == "  :   :   :   ..."


WIDE = "0 1 2 3 4 5 6 7 8 9 10 11; 10 11 12 13 14 15 16 17 18 19 20 21"


def test_a_wide_picture_is_trimmed() -> None:
    block = grid(WIDE, places(range(1), range(2)))
    assert pictures([block], 40) == lines(
        """
X
┌─────────┐
│  0    1 │  2    3    4    5    6   ⋯
└─────────┘
  10   11   12   13   14   15   16   ⋯
"""
    )
    assert pictures([block], 40, ascii=True)[2] == "|  0    1 |  2    3    4    5   ..."
    assert pictures([block], 1)[1:3] == ["┌────────┐", "│  0   ⋯ │"]


def test_the_frame_of_a_window_that_is_trimmed_is_closed() -> None:
    assert pictures([grid(WIDE, places(range(1), range(9)))], 30) == lines(
        """
X
┌────────────────────────────┐
│  0    1    2    3    4   ⋯ │
└────────────────────────────┘
  10   11   12   13   14   ⋯
"""
    )
    assert pictures([grid(WIDE, places(range(1), range(9, 11)))], 30) == lines(
        """
X
   0    1    2    3    4   ⋯
  10   11   12   13   14   ⋯
"""
    )


def test_pictures_stand_side_by_side() -> None:
    red = grid("1 2; 3 4", places(range(1), range(2)))
    green = grid("5 6; 7 8", [(0, 0), (1, 1)], iterate(w, "2"))
    assert pictures([red, green, red], 80) == lines(
        """
X            w⁽²⁾             X
┌───────┐      [5]    6       ┌───────┐
│ 1   2 │       7    [8]      │ 1   2 │
└───────┘                     └───────┘
  3   4                         3   4
"""
    )


def test_pictures_that_do_not_fit_stand_below_each_other() -> None:
    block = grid("1 2; 3 4", places(range(1), range(2)))
    alone = pictures([block], 80)
    breadth = max(map(width, alone))
    assert len(pictures([block, block], 2 * breadth + 4)) == len(alone)
    for room in range(breadth, 2 * breadth + 4):
        assert pictures([block, block], room) == 2 * alone


def test_a_long_name_makes_a_picture_wide() -> None:
    named = grid("1 2", [(0, 0)], Word("a rather long name"))
    assert pictures([named, named], 80)[0] == "a rather long name    a rather long name"


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    down, across = draw(st.integers(1, 4)), draw(st.integers(1, 12))
    short = st.sampled_from(["0", "7", "-12", "255", "0.5", "-0.25"]).map(number)
    numbers = draw(st.tuples(*[st.tuples(*[short] * across)] * down))
    ends = [sorted(draw(st.tuples(st.integers(0, size), st.integers(0, size)))) for size in (down, across)]
    step = draw(st.integers(1, 2))
    down_to, across_to = (range(first, last, step) for first, last in ends)
    names: list[Layout] = [X, iterate(w, "2"), Word("输入")]
    return Grid(draw(st.sampled_from(names)), numbers, frozenset(places(down_to, across_to)))


@settings(max_examples=30)
@given(grids(), st.integers(30, 120), st.booleans())
def test_a_picture_keeps_to_its_room(block: Grid, room: int, ascii: bool) -> None:
    texts = pictures([block], room, ascii)
    for text in texts:
        assert width(text) <= room
        assert text == text.rstrip()
        assert not ascii or text.isascii()
    if not ascii:
        drawn = Counter("".join(texts))
        assert len({drawn[corner] for corner in "┌┐└┘"}) == 1
        assert {text.count("│") for text in texts} <= {0, 2}
        assert bool(drawn["│"]) == bool(drawn["┌"])


@settings(max_examples=30)
@given(grids())
def test_every_number_of_a_picture_is_found(block: Grid) -> None:
    texts = [text for text in pictures([block], 2000)[1:] if "┌" not in text and "└" not in text]
    numbers = [re.sub(r"[\[\]│]", " ", text).split() for text in texts]
    assert numbers == [[linear(each) for each in line] for line in block.cells]


@settings(max_examples=15)
@given(st.lists(grids(), min_size=1, max_size=3), st.integers(30, 160))
def test_pictures_keep_to_their_room(several: list[Grid], room: int) -> None:
    assert max(map(width, pictures(several, room))) <= room


# ---------------------------------------------------------------- hostile texts

HOSTILE = [
    *(
        "\x1b[31mred\x1b[0m",
        "\x1b]8;;http://x\x07link\x1b\\",
        "two\nlines\r\nand\tthree",
        "\x9b2J\x85\u2028b",
    ),
    *("[bold]b[/bold] [link=http://x]y[/] :smile:", "[/b]", "x" * 300, "天" * 100, "x y " * 100),
    *("שלום\u202eabc\u2066", "\u200f\u200b", "e" + "\u0301" * 40, "$x$ \\textbf{y} <b> & `c`", " ", ""),
]


def blocks_of(text: str) -> tuple[Block, ...]:
    """A block of each kind that holds the text everywhere."""
    prose, name = (text,), Word(text)
    below = tree_of((), {text: {text: text, f"{text}.": "x"}})
    picture = Grid(name, ((name, number("1")), (number("2"), name)), frozenset([(0, 0)]))
    rows = ((prose, (name,), Chain(name)), 3, (prose, prose, prose))
    return (
        Table(prose, (prose, prose, prose), rows, prose),
        Tree((text, ": ", text), ((prose, below), (("1",), below))),
        Step(1, prose, (), None, (), (picture,)),
    )


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("text", [*HOSTILE, "\udcff"], ids=range(len(HOSTILE) + 1))
def test_a_hostile_text_is_only_text(text: str, ascii: bool) -> None:
    for columns in (40, 80, 200):
        for line in terminal(blocks_of(text), columns, ascii):
            for _, part in line:
                assert STEERING.search(part) is None
                assert not ascii or part.isascii()


@pytest.mark.parametrize("text", [text for text in HOSTILE if len(text) < 60 and text.strip()])
@pytest.mark.parametrize("columns", [40, 200])
def test_a_hostile_text_is_shown(text: str, columns: int) -> None:
    """In each of its places, whatever it looks like."""
    for block, count in zip(blocks_of(text), (10, 10, 4), strict=True):
        found = characters("".join(part for line in terminal((block,), columns) for _, part in line))
        wanted = characters(clean(text, newlines=True))
        assert all(found[character] >= count * wanted[character] for character in wanted)


def test_markup_is_no_markup() -> None:
    """A page with colours is, without them, the page without colours."""
    blocks = tuple(block for text in HOSTILE for block in blocks_of(text))
    without, coloured = io.StringIO(), io.StringIO()
    write(blocks, without, 80)
    write(blocks, coloured, 80, colour=True)
    assert "[bold]b[/bold]" in without.getvalue()
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.getvalue()) == without.getvalue()


@settings(max_examples=25)
@given(tables(), nested_trees, grids(), st.integers(40, 120), st.booleans())
def test_any_page_keeps_to_the_width(
    block: Table, node: object, picture: Grid, columns: int, ascii: bool
) -> None:
    """Beside what a deep tree needs."""
    step = Step(12, (), (), None, (), (picture, picture))
    least = 3 + 8 + 3 * max(depth for depth, _ in nodes(node))
    for line in terminal((block, tree_of(("t",), node), step), columns, ascii):
        text = "".join(part for _, part in line)
        assert width(text) <= max(columns, least)
        assert text == text.rstrip(" ")
        assert not ascii or text.isascii()
