"""Tables as people type them and as files hold them: what is read, and every message whole."""

from __future__ import annotations

import csv
import io
import os
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import solver.spec.table
from solver.errors import SolverError, Source, draw
from solver.spec.table import MISSING, Column, Table, read_csv, read_rows, read_text
from solver.spec.yaml import Node, Pairs, read

Cells = dict[str, list[str]]

FILL_IN = "  = hint: write a value, or leave the whole row out"
NO_ROWS = "  = hint: write `table: |`, and below it a header and each row on a line of its own"
TENNIS: Cells = {"outlook": ["sunny", "rain", "sunny"], "wind": ["weak", "weak", "strong"], "play": [*"nyn"]}


def node(text: str, name: str = "p.yaml") -> Node:
    """The value of the only field of a problem file."""
    documents, faults = read(Source(name, text))
    assert [draw(fault) for fault in faults] == []
    assert isinstance(documents[0], Pairs)
    (value,) = documents[0].values()
    return value


def block(text: str) -> str:
    """The text as the block of a field."""
    return "table: |\n" + "".join(f"  {line}\n" for line in text.split("\n"))


def cells(table: Table) -> Cells:
    """The texts of the table; what it says of itself must agree."""
    for name, column in table.columns.items():
        assert column.name == name
        assert column.codes.dtype == np.int64
        assert column.codes.shape == (table.rows,)
        firsts = np.unique(column.codes, return_index=True)
        assert firsts[0].tolist() == list(range(len(column.values)))
        assert (np.diff(firsts[1]) > 0).all(), "the order of first appearance"
        assert len(set(column.values)) == len(column.values)
    return {name: [column.values[code] for code in column.codes] for name, column in table.columns.items()}


def typed(text: str) -> Cells:
    return cells(read_text(node(block(text))))


def refused(reader: Callable[[Node], Table], value: Node) -> str:
    with pytest.raises(SolverError) as caught:
        reader(value)
    return draw(caught.value)


def wrong(text: str) -> str:
    """What is said of a text in a block."""
    return refused(read_text, node(block(text)))


# Text


@pytest.mark.parametrize(
    "text",
    [
        "outlook wind play\nsunny weak n\nrain weak y\nsunny strong n",
        "outlook  wind    play\n\n  sunny    weak    n\nrain     weak    y\n\nsunny    strong  n\n\n",
        "outlook,wind,play\nsunny,weak,n\nrain,weak,y\nsunny,strong,n",
        'outlook, wind , play\n  sunny, weak,n\n"rain",  "weak", y\nsunny, strong, n ',
        "outlook;wind;play\nsunny;weak;n\nrain; weak; y\nsunny;strong;n",
        "outlook\twind\tplay\nsunny\tweak\tn\nrain\tweak\ty\nsunny\tstrong\tn",
        "outlook\t\twind\tplay\nsunny\t\tweak\tn\nrain\t\tweak\ty\nsunny\t\tstrong\tn",
        "outlook\twind\tplay\nsunny\t\tweak\tn\nrain\tweak\t\ty\nsunny strong n",
        "outlook | wind | play\nsunny | weak | n\nrain|weak|y\nsunny | strong | n",
        "outlook | wind | play\n---+---+---\nsunny | weak | n\nrain|weak|y\nsunny | strong | n",
        "| outlook | wind | play |\n|---|:-:|--:|\n| sunny | weak | n |\n|rain|weak|y|\n| sunny | strong | n",
        "| outlook | wind | play |\n|-|-|-|\n| sunny | weak | n |\n|rain|weak|y|\n| sunny | strong | n |",
        "+---+---+---+\n| outlook | wind | play |\n+===+===+===+\n| sunny | weak | n |\n+---+---+---+\n"
        "| rain | weak | y |\n| sunny | strong | n |\n+---+---+---+",
        "outlook wind play\n------- ---- ----\nsunny weak n\nrain weak y\nsunny strong n",
    ],
)
def test_ways_to_type_a_table(text: str) -> None:
    assert typed(text) == TENNIS


def test_cells_keep_what_is_inside_them() -> None:
    assert typed('a b , c\nvery hot, "x, ""y"""\n5" disk, z') == {
        "a b": ["very hot", '5" disk'],
        "c": ['x, "y"', "z"],
    }
    assert typed("a;b\n1,5;2,5") == {"a": ["1,5"], "b": ["2,5"]}
    assert typed("a b\n1,5 2,5") == {"a": ["1,5"], "b": ["2,5"]}
    assert typed("| p(a\\|b) | c, d |\n|-|-|\n| very hot | x \\| y |") == {
        "p(a|b)": ["very hot"],
        "c, d": ["x | y"],
    }
    assert typed('"a,b";c\n"1,2";3') == {"a,b": ["1,2"], "c": ["3"]}
    assert typed("a\n1\n0\n1") == {"a": ["1", "0", "1"]}
    assert typed("a b\nyes true\n01 1.0") == {"a": ["yes", "01"], "b": ["true", "1.0"]}


def test_lines_with_nothing_on_them_are_no_rows() -> None:
    assert typed("| a | b |\n|\n| 1 | 2 |\n||\n") == {"a": ["1"], "b": ["2"]}
    assert wrong('a,b\n""\n1,?').startswith("p.yaml:4:5: error: `b` is missing in row 1 (`?`)\n")


def test_a_minus_beside_a_plus_is_a_sign() -> None:
    assert typed("x y\n1 +\n2 -\n3 +") == {"x": ["1", "2", "3"], "y": ["+", "-", "+"]}
    assert wrong("x y\n1 yes\n- +\n2 -") == (
        f"p.yaml:4:3: error: `x` is missing in row 2 (`-`)\n  4 |   - +\n    |   ^\n{FILL_IN}"
    )


@pytest.mark.parametrize("word", sorted(MISSING))
def test_missing_words(word: str) -> None:
    said = f" (`{word}`)" if word else ""
    carets = "^" * max(1, len(word))
    assert wrong(f"a,b\n1,2\n3,{word}") == (
        f"p.yaml:4:5: error: `b` is missing in row 2{said}\n  4 |   3,{word}\n    |     {carets}\n{FILL_IN}"
    )


def test_words_that_are_values() -> None:
    words = ["none", "no", "n.a.", "--", "0", "unknown", "x?", "nanny", "+"]
    assert typed("\n".join(["a", *words])) == {"a": words}


def test_all_faults_of_a_text() -> None:
    assert wrong('A, B , y\n"very, hot", 1, 2\n1,,3\n\n1, "x"\n3 4 5\n1,2,3,4\n,2,?') == (
        "p.yaml:4:5: error: `B` is missing in row 2\n"
        "  4 |   1,,3\n"
        "    |     ^\n"
        f"{FILL_IN}\n"
        "p.yaml:6:3: error: row 3 has 2 cells, the header has 3\n"
        '  6 |   1, "x"\n'
        "    |   ^^^^^^\n"
        f"{FILL_IN}\n"
        "p.yaml:7:3: error: row 4 has 1 cell, the header has 3\n"
        "  7 |   3 4 5\n"
        "    |   ^^^^^\n"
        "  = hint: put commas between its cells, as in the header\n"
        "p.yaml:8:3: error: row 5 has 4 cells, the header has 3\n"
        "  8 |   1,2,3,4\n"
        "    |   ^^^^^^^\n"
        "  = hint: put quotes around a cell with commas in it\n"
        "p.yaml:9:3: error: `A` is missing in row 6\n"
        "  9 |   ,2,?\n"
        "    |   ^\n"
        f"{FILL_IN}\n"
        "p.yaml:9:6: error: `y` is missing in row 6 (`?`)\n"
        "  9 |   ,2,?\n"
        "    |      ^\n"
        f"{FILL_IN}"
    )


def test_faults_between_bars() -> None:
    assert wrong("| a | b |\n|---|---|\n| 1 | very hot |\n| 2 | |\n| 3 |\n| 4 | x | y |") == (
        "p.yaml:5:8: error: `b` is missing in row 2\n"
        "  5 |   | 2 | |\n"
        "    |        ^\n"
        f"{FILL_IN}\n"
        "p.yaml:6:3: error: row 3 has 1 cell, the header has 2\n"
        "  6 |   | 3 |\n"
        "    |   ^^^^^\n"
        "  = hint: put bars between its cells, as in the header\n"
        "p.yaml:7:3: error: row 4 has 3 cells, the header has 2\n"
        "  7 |   | 4 | x | y |\n"
        "    |   ^^^^^^^^^^^^^\n"
        "  = hint: write \\| for a bar inside a cell"
    )
    assert wrong("a | b\n | 3\n4 | NA") == (
        f"p.yaml:3:3: error: `a` is missing in row 1\n  3 |    | 3\n    |   ^\n{FILL_IN}\n"
        f"p.yaml:4:7: error: `b` is missing in row 2 (`NA`)\n  4 |   4 | NA\n    |       ^^\n{FILL_IN}"
    )


def test_faults_between_spaces() -> None:
    hint = "  = hint: every cell needs a value; where one has a space in it, put commas between all cells"
    assert wrong("A B y\n1 0\n\n1 0 very hot") == (
        f"p.yaml:3:3: error: row 1 has 2 cells, the header has 3\n  3 |   1 0\n    |   ^^^\n{hint}\n"
        "p.yaml:5:3: error: row 2 has 4 cells, the header has 3\n"
        f"  5 |   1 0 very hot\n    |   ^^^^^^^^^^^^\n{hint}"
    )
    assert wrong("A B y\n1 0 1\n1, 0, 1") == (
        "p.yaml:4:3: error: row 2 has commas or semicolons between its cells, the header has none\n"
        "  4 |   1, 0, 1\n"
        "    |   ^^^^^^^\n"
        "  = hint: separate the cells of all lines in the same way"
    )


def test_faults_between_tabs() -> None:
    assert wrong("a\tb\n1\t \nvery hot\t2\t3") == (
        f"p.yaml:3:5: error: `b` is missing in row 1\n  3 |   1\n    |    ^\n{FILL_IN}\n"
        "p.yaml:4:3: error: row 2 has 3 cells, the header has 2\n"
        "  4 |   very hot    2    3\n    |   ^^^^^^^^^^^^^^^^^^\n"
        "  = hint: put quotes around a cell with tabs in it"
    )


def test_faults_of_quotes() -> None:
    hint = '  = hint: write "" for a quote inside a cell in quotes'
    assert wrong('A,B\n1,"2\n3,4') == (
        f'p.yaml:3:3: error: a quote is never closed in row 1\n  3 |   1,"2\n    |   ^^^^\n{hint}'
    )
    assert wrong('A,"B\n1,2') == (
        f'p.yaml:2:3: error: a quote is never closed in the header\n  2 |   A,"B\n    |   ^^^^\n{hint}'
    )
    assert wrong('A,B\n1,"2"x') == (
        f'p.yaml:3:3: error: a cell goes on after its closing quote in row 1\n  3 |   1,"2"x\n    |   ^^^^^^\n{hint}'
    )


def test_faults_of_the_header() -> None:
    assert wrong("A,B,A,,A\n1,2,3,4,5") == (
        "p.yaml:2:7: error: the column `A` stands twice\n  2 |   A,B,A,,A\n    |       ^\n"
        "p.yaml:2:9: error: column 4 has no name\n  2 |   A,B,A,,A\n    |         ^\n"
        "  = hint: every column needs one\n"
        "p.yaml:2:10: error: the column `A` stands twice\n  2 |   A,B,A,,A\n    |          ^"
    )
    assert wrong("5 3 5\n1 2 3") == (
        "p.yaml:2:7: error: the column `5` stands twice\n  2 |   5 3 5\n    |       ^\n"
        "  = hint: is the header row missing?"
    )


def test_texts_without_rows() -> None:
    head = "p.yaml:1:8: error: the table has a header, but no rows\n  1 | table: "
    assert wrong("A B") == f"{head}|\n    |        ^\n{NO_ROWS}"
    folded = node("table: >\n  A B\n  1 2\n")
    assert refused(read_text, folded) == f"{head}>\n    |        ^\n{NO_ROWS}"
    plain = node("table: A B\n  1 2\n")
    assert refused(read_text, plain) == f"{head}A B\n    |        ^^^\n{NO_ROWS}"
    path = node("table: data.csv\n")
    hint = "  = hint: the path of a file goes under `csv`"
    assert refused(read_text, path) == f"{head}data.csv\n    |        ^^^^^^^^\n{hint}"
    for text in ("''", "null", "|\n\n\n", "'--- | ---'"):
        assert refused(read_text, node(f"table: {text}\n")).startswith(
            "p.yaml:1:8: error: the table is empty"
        )


def test_what_is_no_text() -> None:
    assert refused(read_text, node("table: [1]")) == (
        "p.yaml:1:8: error: a table typed as text is needed here, not a list\n"
        "  1 | table: [1]\n    |        ^^^\n  = hint: a list of rows goes under `rows`"
    )
    assert refused(read_text, node("table: {a: 1}")).startswith(
        "p.yaml:1:8: error: a table typed as text is needed here, not a mapping\n"
    )


def test_at_most_twenty_faults_are_told() -> None:
    drawn = wrong("\n".join(["A B", *["? 1", "1 -"] * 15])).split("\n")
    assert drawn[:3] == ["p.yaml:3:3: error: `A` is missing in row 1 (`?`)", "  3 |   ? 1", "    |   ^"]
    assert drawn[76] == "p.yaml:22:5: error: `B` is missing in row 20 (`-`)"
    assert drawn[80:] == ["p.yaml:23:3: error: and 10 more faults", "  23 |   ? 1", "     |   ^", FILL_IN]
    drawn = wrong("\n".join(["A B", *["1 2 3", "? ?"] * 7])).split("\n")
    assert sum("error" in line for line in drawn) == 21
    assert [line.split("error: ")[1] for line in drawn if "error" in line][-2:] == [
        "`A` is missing in row 14 (`?`)",
        "and 1 more fault",
    ]


def test_a_cell_is_found_however_the_text_is_quoted() -> None:
    def place(text: str) -> str:
        return refused(read_text, node(text)).split(" ")[0]

    assert place("table: &anchor |  # A B\n\n  A B\n\n  1 2\n  ? 3\n") == "p.yaml:6:3:"
    assert place("table: |2-\n    A B\n    1 2\n    ? 3\n") == "p.yaml:4:5:"
    assert place('table: "A,B\\n1,2\\n3,?"') == "p.yaml:1:21:"
    assert place("table: 'A,B\n\n  1,2\n\n  3,?'") == "p.yaml:5:5:"
    assert place('table: "A\\tB\\n1\\t?"') == "p.yaml:1:8:"


# Rows


def rows(text: str) -> Cells:
    return cells(read_rows(node("rows:\n" + text)))


def test_rows_are_read_as_typed() -> None:
    assert rows("- {A: 1, B: yes, c d: '01'}\n- {B: 1.0, A: ' x ', c d: true}") == {
        "A": ["1", "x"],
        "B": ["yes", "1.0"],
        "c d": ["01", "true"],
    }


def test_all_faults_of_rows() -> None:
    text = """\
rows:
  - {A: 1, B: yes, wind: 3}
  - {B: , A: ' x ', wind: '?'}
  - {A: 1, winds: 2, c: ~}
  - [1, 2]
  - 3
  - {A: [1], B: {}, wind: null}
"""
    assert refused(read_rows, node(text)) == (
        "p.yaml:3:9: error: `B` is missing in row 2\n"
        "  3 |   - {B: , A: ' x ', wind: '?'}\n"
        "    |         ^\n"
        f"{FILL_IN}\n"
        "p.yaml:3:27: error: `wind` is missing in row 2 (`?`)\n"
        "  3 |   - {B: , A: ' x ', wind: '?'}\n"
        "    |                           ^^^\n"
        f"{FILL_IN}\n"
        "p.yaml:4:5: error: `B` is missing in row 3\n"
        "  4 |   - {A: 1, winds: 2, c: ~}\n"
        "    |     ^\n"
        f"{FILL_IN}\n"
        "p.yaml:4:12: error: row 3 has `winds`, which the first row does not have\n"
        "  4 |   - {A: 1, winds: 2, c: ~}\n"
        "    |            ^^^^^\n"
        "  = hint: did you mean `wind`?\n"
        "p.yaml:4:22: error: row 3 has `c`, which the first row does not have\n"
        "  4 |   - {A: 1, winds: 2, c: ~}\n"
        "    |                      ^\n"
        "  = hint: all rows have the columns of the first\n"
        "p.yaml:5:5: error: row 4 is a mapping from columns to values, not a list\n"
        "  5 |   - [1, 2]\n"
        "    |     ^^^^^^\n"
        "  = hint: write {outlook: sunny, play: no}\n"
        "p.yaml:6:5: error: row 5 is a mapping from columns to values, not `3`\n"
        "  6 |   - 3\n"
        "    |     ^\n"
        "  = hint: write {outlook: sunny, play: no}\n"
        "p.yaml:7:9: error: `A` in row 6 is one value, not a list\n"
        "  7 |   - {A: [1], B: {}, wind: null}\n"
        "    |         ^^^\n"
        "p.yaml:7:17: error: `B` in row 6 is one value, not a mapping\n"
        "  7 |   - {A: [1], B: {}, wind: null}\n"
        "    |                 ^^\n"
        "p.yaml:7:27: error: `wind` is missing in row 6\n"
        "  7 |   - {A: [1], B: {}, wind: null}\n"
        "    |                           ^^^^\n"
        f"{FILL_IN}"
    )


def test_faults_of_the_names_of_rows() -> None:
    assert refused(read_rows, node("rows: [{A : 1, ' A ': 2, ' ': 3}]")) == (
        "p.yaml:1:16: error: the column `A` stands twice\n"
        "  1 | rows: [{A : 1, ' A ': 2, ' ': 3}]\n"
        "    |                ^^^^^\n"
        "p.yaml:1:26: error: column 3 has no name\n"
        "  1 | rows: [{A : 1, ' A ': 2, ' ': 3}]\n"
        "    |                          ^^^\n"
        "  = hint: every column needs one"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "the table is empty"),
        ("[{}]", "the table is empty"),
        ("{a: [1]}", "a list of rows is needed here, not a mapping"),
        ("a b", "a list of rows is needed here, not a text"),
        ("", "a list of rows is needed here, not a text"),
    ],
)
def test_what_is_no_list_of_rows(text: str, message: str) -> None:
    assert refused(read_rows, node(f"rows: {text}")).splitlines()[0].endswith(f"error: {message}")
    assert refused(read_rows, node("rows: [1, [2]]")).count("is a mapping from columns to values") == 2


# CSV files


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a problem's folder `mine` in it, which is the place of every command."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    return tmp_path


def held(path: Path, data: str | bytes, name: str = "mine/p.yaml") -> Node:
    """A file of that data, and the field that names it."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return node(f"csv: {path.name}", name)


@pytest.mark.parametrize(
    "data",
    [
        "outlook,wind,play\nsunny,weak,n\nrain,weak,y\nsunny,strong,n\n",
        "outlook,wind,play\nsunny,weak,n\nrain,weak,y\nsunny,strong,n",
        "\ufeffoutlook, wind ,play\r\nsunny ,weak,n\r\n\r\nrain,weak,y\r\n  \r\nsunny,strong,n\r\n",
        'outlook;"wind";play\n"sunny";weak;"n"\nrain;"weak";y\n\nsunny;"strong" ;n\n'.replace('" ;', '";'),
        "outlook\twind\tplay\nsunny\tweak\tn\nrain\tweak\ty\nsunny\tstrong\tn\n",
        "outlook|wind|play\rsunny|weak|n\rrain|weak|y\rsunny|strong|n\r",
    ],
)
def test_a_csv_file(here: Path, data: str) -> None:
    assert cells(read_csv(held(here / "mine" / "tennis.csv", data))) == TENNIS
    assert cells(read_csv(held(here / "tennis.csv", data, "-"))) == TENNIS
    assert cells(read_csv(held(here / "tennis.csv", data, "<stdin>"))) == TENNIS
    assert cells(read_csv(held(here / "tennis.csv", data, str(here / "p.yaml")))) == TENNIS


def test_csv_cells_keep_what_is_inside_them(here: Path) -> None:
    data = 'a,"b ""c"", d",e\n1,"x\ny", 5" disk\n"; ; ;",2|3,4\n'
    table = cells(read_csv(held(here / "mine" / "x.csv", data)))
    assert table == {"a": ["1", "; ; ;"], 'b "c", d': ["x\ny", "2|3"], "e": ['5" disk', "4"]}
    assert cells(read_csv(held(here / "mine" / "x.csv", "a\n1\n \n\n2\n"))) == {"a": ["1", "2"]}
    assert cells(read_csv(held(here / "mine" / "x.csv", "a b;c\n1,5;2\n"))) == {"a b": ["1,5"], "c": ["2"]}
    deep = here / "mine" / "data" / "deep"
    deep.mkdir(parents=True)
    (deep / "x.csv").write_text("a,b\n1,2\n")
    assert cells(read_csv(node("csv: data/deep/../deep/x.csv", "mine/p.yaml"))) == {"a": ["1"], "b": ["2"]}
    (here / "mine" / "link.csv").symlink_to("data/deep/x.csv")
    assert cells(read_csv(node("csv: link.csv", "mine/p.yaml"))) == {"a": ["1"], "b": ["2"]}


def test_faults_are_placed_in_the_csv_file(here: Path) -> None:
    assert refused(read_csv, held(here / "mine" / "x.csv", "a,b\r\n1,\r\n\r\n  \r\n?,3,4\r\nNA,x\r\n")) == (
        f"mine/x.csv:2:3: error: `b` is missing in row 1\n  2 | 1,\n    |   ^\n{FILL_IN}\n"
        "mine/x.csv:5:1: error: row 2 has 3 cells, the header has 2\n  5 | ?,3,4\n    | ^^^^^\n"
        "  = hint: put quotes around a cell with commas in it\n"
        f"mine/x.csv:6:1: error: `a` is missing in row 3 (`NA`)\n  6 | NA,x\n    | ^^\n{FILL_IN}"
    )
    assert refused(read_csv, held(here / "x.csv", '"a",b\n1,"x\ny"\n\n  \n?,3\n"x, y", ""\n', "-")) == (
        f"x.csv:6:1: error: `a` is missing in row 2 (`?`)\n  6 | ?,3\n    | ^\n{FILL_IN}\n"
        f'x.csv:7:9: error: `b` is missing in row 3\n  7 | "x, y", ""\n    |         ^^\n{FILL_IN}'
    )
    assert refused(read_csv, held(here / "x.csv", "\n\na,a,\n1,2,3\n", "-")) == (
        "x.csv:3:3: error: the column `a` stands twice\n  3 | a,a,\n    |   ^\n"
        "x.csv:3:5: error: column 3 has no name\n  3 | a,a,\n    |     ^\n"
        "  = hint: every column needs one"
    )
    assert refused(read_csv, held(here / "x.csv", "a,b\n", "-")) == (
        "x.csv:1:1: error: the table has a header, but no rows\n  1 | a,b\n    | ^^^\n"
        "  = hint: a line is a row, the first is the header"
    )
    assert refused(read_csv, held(here / "x.csv", "\n  \n", "-")) == "x.csv:1:1: error: the file is empty"
    assert refused(read_csv, held(here / "x.csv", "", "-")) == "x.csv:1:1: error: the file is empty"


def test_faults_of_quotes_in_a_csv_file(here: Path) -> None:
    hint = '  = hint: write "" for a quote inside a cell in quotes'
    assert refused(read_csv, held(here / "x.csv", 'a,b\n1,2\n3,"4\n5,6\n', "-")) == (
        f'x.csv:3:1: error: a quote is never closed in row 2\n  3 | 3,"4\n    | ^^^^\n{hint}'
    )
    assert refused(read_csv, held(here / "x.csv", 'a,b\n1,2\n3,"4\n5,"6\n', "-")) == (
        f'x.csv:3:1: error: a cell goes on after its closing quote in row 2\n  3 | 3,"4\n    | ^^^^\n{hint}'
    )
    assert refused(read_csv, held(here / "x.csv", '"a,b\n1,2\n', "-")) == (
        f'x.csv:1:1: error: a quote is never closed in the header\n  1 | "a,b\n    | ^^^^\n{hint}'
    )
    swallowed = '"' + "x," * 100_000  # longer than the reader of CSV files takes
    assert "a quote is never closed in row 1\n" in refused(
        read_csv, held(here / "x.csv", f"a,b\n1,{swallowed}", "-")
    )


def test_encodings(here: Path) -> None:
    assert refused(read_csv, held(here / "x.csv", b"a,b\r\n1,caf\xe9\r\n", "-")) == (
        "x.csv:2:6: error: the byte 0xe9 is not UTF-8\n  2 | 1,caf\ufffd\n    |      ^\n"
        "  = hint: save the file as UTF-8; in Latin-1 this byte is `é`"
    )
    assert refused(read_csv, held(here / "x.csv", b"a,b\n1,\x80\n", "-")) == (
        "x.csv:2:3: error: the byte 0x80 is not UTF-8\n  2 | 1,\ufffd\n    |   ^\n"
        "  = hint: save the file as UTF-8"
    )
    for data in ("a,b\n1,2\n".encode("utf-16"), "a,b\n1,2\n".encode("utf-16-le"), b"PK\3\4\0\0\0"):
        assert refused(read_csv, held(here / "x.csv", data, "-")) == (
            "x.csv:1:1: error: the file is not a CSV file in UTF-8\n  = hint: save it as CSV, in UTF-8"
        )
    assert cells(read_csv(held(here / "x.csv", "größe,b\n½,✓\n", "-"))) == {"größe": ["½"], "b": ["✓"]}


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        (
            "/etc/hostname",
            "`/etc/hostname` is an absolute path",
            "write the path from the problem file's folder, inside of it",
        ),
        (
            "../out.csv",
            "`../out.csv` leads out of the problem file's folder",
            "put the file beside the problem file",
        ),
        (
            "data/../../out.csv",
            "`data/../../out.csv` leads out of the problem file's folder",
            "put the file beside the problem file",
        ),
        ("..", "`..` leads out of the problem file's folder", "put the file beside the problem file"),
        (
            "link.csv",
            "`link.csv` leads out of the problem file's folder by a link",
            "put the file itself there",
        ),
        (
            "outside/out.csv",
            "`outside/out.csv` leads out of the problem file's folder by a link",
            "put the file itself there",
        ),
        (
            "outside/nothing.csv",
            "`outside/nothing.csv` leads out of the problem file's folder by a link",
            "put the file itself there",
        ),
        (
            "god.csv",
            "there is no file `god.csv` in the problem file's folder",
            "did you mean `good.csv`?",
        ),
        ("zzz", "there is no file `zzz` in the problem file's folder", None),
        ("no/zzz", "there is no file `no/zzz` in the problem file's folder", None),
        ("~/zzz", "there is no file `~/zzz` in the problem file's folder", None),
        ("dangling", "there is no file `dangling` in the problem file's folder", None),
        (".", "`.` is a folder, not a CSV file", None),
        ("data", "`data` is a folder, not a CSV file", None),
        ("pipe", "`pipe` is not an ordinary file", None),
        ("device", "`device` leads out of the problem file's folder by a link", "put the file itself there"),
        ("loop", "`loop` is not an ordinary file", None),
        ("good.csv/x", "`good.csv/x` cannot be read: not a directory", None),
        ('"a\\0b"', "`a␀b` cannot be read: embedded null byte", None),
        ("''", "the path of a CSV file is missing here", None),
        ("' '", "the path of a CSV file is missing here", None),
        ("null", "the path of a CSV file is missing here", None),
        ("[good.csv]", "the path of a CSV file is needed here, not a list", None),
        ("x" * 300, f"`{'x' * 59}…` cannot be read: file name too long", None),
    ],
)
def test_paths_that_are_refused(here: Path, path: str, message: str, hint: str | None) -> None:
    mine = here / "mine"
    (here / "out.csv").write_text("a,b\n1,2\n")
    (mine / "good.csv").write_text("a,b\n1,2\n")
    (mine / "data").mkdir()
    (mine / "link.csv").symlink_to("../out.csv")
    (mine / "outside").symlink_to(here)
    (mine / "dangling").symlink_to("0000")
    (mine / "loop").symlink_to("loop")
    (mine / "device").symlink_to("/dev/zero")
    os.mkfifo(mine / "pipe")
    text = f"csv: {path}"
    drawn = refused(read_csv, node(text, "mine/p.yaml")).splitlines()
    assert drawn[0] == f"mine/p.yaml:1:6: error: {message}"
    assert drawn[3:] == ([f"  = hint: {hint}"] if hint else [])


def test_without_a_problem_file_the_current_folder_counts(here: Path) -> None:
    assert refused(read_csv, node("csv: ../x.csv", "<stdin>")) == (
        "<stdin>:1:6: error: `../x.csv` leads out of the current folder\n"
        "  1 | csv: ../x.csv\n    |      ^^^^^^^^\n  = hint: put the file beside the problem file"
    )


# Limits


def test_limits(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = ",".join(f"c{n}" for n in range(1001)) + "\n" + ",".join("1" * 1001) + "\n"
    assert refused(read_csv, held(here / "x.csv", wide, "-")).startswith(
        "x.csv:1:1: error: the table has 1,001 columns, more than 1,000\n"
    )
    assert "error: the table has 1,001 columns, more than 1,000\n" in wrong(wide)
    monkeypatch.setattr(solver.spec.table, "MAX_ROWS", 3)
    assert read_csv(held(here / "x.csv", "a,b\n" + "1,2\n" * 3, "-")).rows == 3
    assert refused(read_csv, held(here / "x.csv", "a,b\n" + "1,2\n" * 4, "-")) == (
        "x.csv:1:1: error: the table has more than 3 rows\n  1 | a,b\n    | ^^^"
    )
    monkeypatch.setattr(solver.spec.table, "MAX_BYTES", 2_000_000)
    node_ = held(here / "x.csv", "", "-")
    os.truncate(here / "x.csv", 2_000_001)
    assert refused(read_csv, node_).startswith("-:1:6: error: `x.csv` is larger than 2 MB\n")


def test_batches_make_one_table(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = random.Random(7)
    count = 500
    table = {
        "id": [str(n) for n in range(count)],
        "first": [str(n) if n < 40 else "same" for n in range(count)],
        "word": [draws.choice(["a", "b ", " b", "c"]) for _ in range(count)],
    }
    text = "".join(
        ",".join(row) + "\n" for row in [list(table), *map(list, zip(*table.values(), strict=True))]
    )
    stripped = {name: [cell.strip() for cell in column] for name, column in table.items()}
    for batch in (3, 40 * 3, 61 * 3, 10**6):
        monkeypatch.setattr(solver.spec.table, "BATCH", batch)
        assert cells(read_csv(held(here / "x.csv", text, "-"))) == stripped
        assert cells(read_csv(held(here / "x.csv", text.replace("id", '"id"'), "-"))) == stripped
        faulty = text.replace("\n99,same,", "\n99,,?,").replace("\n498,same,", "\n498, ,")
        assert [
            line
            for line in refused(read_csv, held(here / "x.csv", faulty, "-")).splitlines()
            if "error" in line
        ] == [
            "x.csv:101:1: error: row 100 has 4 cells, the header has 3",
            "x.csv:500:5: error: `first` is missing in row 499",
        ]


# Numbers


def column(*values: str) -> Column:
    return Column("a", np.arange(len(values)), values)


def test_numbers() -> None:
    numbers = column("1", "1.0", "0.1", "1/3", "50%", "-2e3", "0", "−4", ".5", "0,25", "1e-310", "+7")
    assert numbers.numbers() is None  # 1e-310 is too small for an exact number
    assert numbers.floats is None
    texts = ("1", "1.0", "0.1", "1/3", "50%", "-2e3", "0", "−4", ".5", "0,25", "+7")
    numbers = column(*texts)
    third, half = Fraction(1, 3), Fraction(1, 2)
    wanted = (1, 1, Fraction(1, 10), third, half, -2000, 0, -4, half, Fraction(1, 4), 7)
    assert numbers.numbers() == wanted
    assert numbers.numbers() is numbers.numbers()
    assert numbers.floats is not None
    assert numbers.floats.tolist() == [float(number) for number in wanted]
    assert numbers.floats is numbers.floats
    roots = column("sqrt(2)", "2", "log2(8)")
    assert roots.floats is not None
    assert roots.floats.tolist() == [2**0.5, 2.0, 3.0]


@pytest.mark.parametrize(
    "text",
    [
        *("sunny", "e", "pi", "A1", "12 kg", "1 2", "٣", "0x10", "1_000", "1,000", "x" * 400, "1" * 400),
        *("20-29", "0-4", "10+", "<5", "2020-01-31", "1/2/2020", "10:30"),
        *("nan1", "inf", "-Infinity", "1e400", "1/0"),
    ],
)
def test_what_is_no_number(text: str) -> None:
    for values in ((text,), ("1", "2.5", text), ("1/3", text, "4")):
        assert column(*values).numbers() is None
        assert column(*values).floats is None


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**30), 10**30).map(str),
    st.decimals(-1000, 1000, places=3).map(str),
    st.tuples(st.integers(-99, 99), st.integers(1, 99)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
    st.text("0123456789.eE+-_%/ ", max_size=6),
)


@given(st.lists(NUMBERS, min_size=1, max_size=4, unique=True))
def test_doubles_agree_with_exact_numbers(texts: list[str]) -> None:
    known = column(*texts)
    exact, floats = known.numbers(), known.floats
    assert (exact is None) == (floats is None)
    if exact is not None and floats is not None:
        assert floats.tolist() == [float(number) for number in exact]


# Round trips

LETTERS = "abXY019.é_()%−'"
WORDS = st.text(LETTERS, min_size=1, max_size=5).filter(
    lambda text: text not in MISSING and any(map(str.isalnum, text))
)
PHRASES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
ANYTHING = (
    st.text(LETTERS + ' ,;|\t\n"-+', min_size=1, max_size=8)
    .map(str.strip)
    .filter(lambda text: text.casefold() not in MISSING)
)


@st.composite
def tables(draw_: st.DrawFn, texts: st.SearchStrategy[str], least: int = 1) -> Cells:
    names = draw_(
        st.lists(texts.map(lambda text: " ".join(text.split())), min_size=least, max_size=4, unique=True)
    )
    count = draw_(st.integers(1, 6))
    cell = st.one_of(texts, st.sampled_from(draw_(st.lists(texts, min_size=1, max_size=3))))
    return {name: draw_(st.lists(cell, min_size=count, max_size=count)) for name in names}


def lines_of(table: Cells) -> list[Sequence[str]]:
    return [list(table), *zip(*table.values(), strict=True)]


@given(tables(WORDS), st.data())
def test_round_trip_between_spaces(table: Cells, data: st.DataObject) -> None:
    gaps = st.text(" ", min_size=1, max_size=3)
    text = "\n".join(data.draw(gaps).join(row) for row in lines_of(table))
    assert typed(text) == table


@given(tables(PHRASES, 2), st.sampled_from([",", ";", "\t", " , ", "; "]))
def test_round_trip_between_signs(table: Cells, sign: str) -> None:
    assert typed("\n".join(sign.join(row) for row in lines_of(table))) == table


@given(tables(ANYTHING.filter(lambda text: not set("\n\\") & set(text))), st.booleans())
def test_round_trip_in_markdown(table: Cells, ruled: bool) -> None:
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines_of(table)]
    if ruled or all(set(cell) <= set("-:") for cell in lines_of(table)[1]):
        lines.insert(1, "|" + " --- |" * len(table))
    if any(
        not set(line) - set(" \t|:+=-") for line in lines[:1] + lines[2 if len(lines) > len(table) else 1 :]
    ):
        return  # a row of nothing but dashes
    assert typed("\n".join(lines)) == table


@given(tables(ANYTHING, 2), st.sampled_from(",;\t|"), st.booleans(), st.booleans())
def test_round_trip_through_a_csv_file(
    tmp_path_factory: pytest.TempPathFactory, table: Cells, sign: str, every: bool, windows: bool
) -> None:
    file = io.StringIO()
    every = every or any(set(cell) & set(",;\t|") - {sign} for row in lines_of(table) for cell in row)
    csv.writer(
        file,
        delimiter=sign,
        quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL,
        lineterminator="\r\n" if windows else "\n",
    ).writerows(lines_of(table))
    path = tmp_path_factory.getbasetemp() / "round.csv"
    assert cells(read_csv(held(path, file.getvalue(), str(path.with_name("p.yaml"))))) == table


@given(tables(ANYTHING))
def test_round_trip_through_rows(table: Cells) -> None:
    names, *lines = lines_of(table)
    text = yaml.safe_dump(
        {"rows": [dict(zip(names, row, strict=True)) for row in lines]}, allow_unicode=True, sort_keys=False
    )
    assert cells(read_rows(node(text))) == table


# Size


def test_a_hundred_thousand_rows_are_read(here: Path) -> None:
    draws = random.Random(5)
    lines = [",".join(f"c{n}" for n in range(10))]
    for _ in range(100_000):
        words = (
            draws.choice(["sunny", "rain", "overcast"]),
            draws.choice("abcdef"),
            str(draws.randrange(100)),
        )
        lines.append(",".join([*words, *words[:2], *(f"{draws.gauss(0, 1):.4f}" for _ in range(5))]))
    table = read_csv(held(here / "x.csv", "\n".join(lines), "-"))
    floats = [each.floats for each in table.columns.values()]
    assert table.rows == 100_000
    assert sum(each is not None for each in floats) == 6
