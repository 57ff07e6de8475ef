"""YAML files as people and strangers write them: what is read, and every message whole."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
import yaml

import solver.spec.yaml
from solver.errors import SolverError, Source, draw
from solver.spec.yaml import Items, Node, Pairs, Scalar, at, decode, read

PROBLEM = """\
kind: logistic-gd  # comment
given:
  X: [[3, 3], [0, -4]]
  y: &labels [1, 0]
  w:
    - -2
    - 1/3
  again: *labels
  learning_rate: 1e3
statement: |
  Run it: step by step.
title: "Gradient \\"descent\\""
answers: {w(3): [-1.7, null], b: 'yes'}
"""


@pytest.fixture(params=[True, False], ids=["libyaml", "pure"], autouse=True)
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(yaml, "__with_libyaml__", request.param)


@pytest.fixture
def libyaml() -> None:
    """For inputs that the pure parser takes seconds over."""
    if not yaml.__with_libyaml__:
        pytest.skip("too slow without libyaml")


def plain(node: Node) -> object:
    """The tree as Python data; quoted texts with their quotes."""
    if isinstance(node, Scalar):
        return node.text if node.plain else f"'{node.text}'"
    if isinstance(node, Items):
        return [plain(item) for item in node]
    return {key: plain(value) for key, value in node.items()}


def good(text: str) -> Node:
    """The only document of a text without faults."""
    documents, faults = read(Source("p.yaml", text))
    assert [draw(fault) for fault in faults] == []
    assert len(documents) == 1
    return documents[0]


def faults_of(text: str) -> str:
    return "\n".join(draw(fault) for fault in read(Source("p.yaml", text))[1])


def refused(data: bytes) -> str:
    with pytest.raises(SolverError) as caught:
        decode(data, "p.yaml")
    return draw(caught.value)


def test_a_problem_is_read_as_written() -> None:
    assert plain(good(PROBLEM)) == {
        "kind": "logistic-gd",
        "given": {
            "X": [["3", "3"], ["0", "-4"]],
            "y": ["1", "0"],
            "w": ["-2", "1/3"],
            "again": ["1", "0"],
            "learning_rate": "1e3",
        },
        "statement": "'Run it: step by step.\n'",
        "title": "'Gradient \"descent\"'",
        "answers": {"w(3)": ["-1.7", "null"], "b": "'yes'"},
    }


def test_nothing_is_typed() -> None:
    texts = "[yes, no, on, off, 1e3, 012, 0o12, 1:30, 1_000, .inf, 2026-11-21, 1,5, =]"
    assert plain(good(texts)) == texts[1:-1].replace(" ", "").split(",")


def test_null() -> None:
    node = good("[~, null, Null, NULL, , 'null', '', nULL, 0]".replace(", ,", ", !!null '',"))
    assert isinstance(node, Items)
    assert [isinstance(item, Scalar) and item.is_null for item in node] == [True] * 4 + [False] * 5
    empty = good("a:\n")
    assert isinstance(empty, Pairs)
    assert isinstance(empty["a"], Scalar)
    assert empty["a"].is_null


def test_core_tags_are_ignored_but_a_text_stays_text() -> None:
    node = good("[!!str 12, !!int 12, !!seq [1], !!map {a: 1}, !!float 1, !!bool true]")
    assert plain(node) == ["'12'", "12", ["1"], {"a": "1"}, "1", "true"]


def test_every_node_knows_its_place() -> None:
    source = Source("p.yaml", PROBLEM)
    root = read(source)[0][0]
    lines = PROBLEM.splitlines()

    def words(*path: str | int) -> str:
        span = at(root, path)
        assert span.line == span.end_line
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]

    assert words("given", "X") == "[[3, 3], [0, -4]]"
    assert words("given", "X", 1, 1) == "-4"
    assert words("given", "w", 1) == "1/3"
    assert words("title") == '"Gradient \\"descent\\""'
    assert words("answers", "w(3)", 0) == "-1.7"
    assert words("given", "again", 1) == "0"
    block = at(root, ["given", "w"])
    assert (block.line, block.column, block.end_line, block.end_column) == (6, 5, 7, 10)
    assert isinstance(root, Pairs)
    key = root.key_span("given")
    assert (key.line, key.column, key.end_line, key.end_column) == (2, 1, 2, 6)
    with pytest.raises(KeyError):
        root.key_span("givens")


def test_what_is_missing_is_placed_at_what_lacks_it() -> None:
    root = good("given:\n  layers:\n    - {units: 3}\n")

    def place(*path: str | int) -> tuple[int, int]:
        span = at(root, path)
        return span.line, span.column

    assert place("kind") == (1, 1)
    assert place("given", "x") == (1, 1)
    assert place("given", "layers", 3) == (2, 3)
    assert place("given", "layers", -1) == (2, 3)
    assert place("given", "layers", 0, "W") == (3, 7)
    assert place("given", "layers", 0, "units", 1, 2) == (3, 8)
    assert place("given", "layers", 0, "units") == (3, 15)


def test_documents() -> None:
    documents, faults = read(Source("exam.yaml", "title: x\n---\na: &v 1\n---\n# nothing\n---\n- b\n---\n"))
    assert [plain(document) for document in documents] == [{"title": "x"}, {"a": "1"}, ["b"]]
    assert faults == []


def test_documents_before_a_syntax_error_are_kept() -> None:
    documents, faults = read(Source("p.yaml", "a: 1\na: 2\n---\nb: 2\n---\nc: [\n"))
    assert [plain(document) for document in documents] == [{"a": "1"}, {"b": "2"}]
    assert [fault.message for fault in faults] == [
        "the key `a` stands twice, on lines 1 and 2",
        "the bracket `[` is never closed",
    ]


def test_an_alias_of_another_document_is_unknown() -> None:
    assert "no value before this is marked `&v`" in faults_of("a: &v 1\n---\nb: *v\n")


TO_FILL_IN = "  = hint: `solve new logistic-gd` prints one to fill in"

FAULTS = {
    "": f"1:1: error: the file is empty\n{TO_FILL_IN}",
    "# only this\n": f"1:1: error: the file is empty\n  1 | # only this\n    | ^\n{TO_FILL_IN}",
    "a: 1\nb: 2\na: 3\n": (
        "3:1: error: the key `a` stands twice, on lines 1 and 3\n  3 | a: 3\n    | ^\n"
        "  = hint: keep one of the two"
    ),
    "{a: 1, 'a': 3}": (
        "1:8: error: the key `a` stands twice, on line 1\n"
        "  1 | {a: 1, 'a': 3}\n    |        ^^^\n  = hint: keep one of the two"
    ),
    "a: *b": (
        "1:4: error: no value before this is marked `&b`\n"
        "  1 | a: *b\n    |    ^^\n  = hint: put quotes around a text that starts with `*`"
    ),
    "a: &x [1, *x]": (
        "1:11: error: the alias `*x` stands inside the value that it repeats\n"
        "  1 | a: &x [1, *x]\n    |           ^^\n  = hint: put quotes around a text that starts with `*`"
    ),
    "a: &x !!python/object/apply:os.system [ls]": (
        "1:7: error: the tag `!!python/object/apply:os.system` is not supported\n"
        "  1 | a: &x !!python/object/apply:os.system [ls]\n"
        "    |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  = hint: leave it out, or put quotes around a text that starts with `!`"
    ),
    "a: !w 1": (
        "1:4: error: the tag `!w` is not supported\n  1 | a: !w 1\n    |    ^^\n"
        "  = hint: leave it out, or put quotes around a text that starts with `!`"
    ),
    "a: !x!y b": (
        "1:4: error: the tag `!x!y` is not supported\n  1 | a: !x!y b\n    |    ^^^^\n"
        "  = hint: leave it out, or put quotes around a text that starts with `!`"
    ),
    "a: &a {x: 1}\nb:\n  <<: *a\n": (
        "3:3: error: merge keys (`<<`) are not supported\n  3 |   <<: *a\n    |   ^^\n"
        "  = hint: write the fields out; an alias may repeat a whole value"
    ),
    "? [1, 2]\n: 3\n": (
        "1:3: error: a key is a text, not a list\n  1 | ? [1, 2]\n    |   ^^^^^^\n"
        "  = hint: put quotes around a text with brackets"
    ),
    "a: {{x: 1}: 2}": (
        "1:5: error: a key is a text, not a mapping\n  1 | a: {{x: 1}: 2}\n    |     ^^^^^^\n"
        "  = hint: put quotes around a text with brackets"
    ),
    ": 1": "1:1: error: a key is missing before the colon\n  1 | : 1\n    | ^",
    "{: 1}": "1:2: error: a key is missing before the colon\n  1 | {: 1}\n    |  ^",
    "a: [0, - 4]": (
        "1:8: error: a list with dashes cannot stand inside brackets\n  1 | a: [0, - 4]\n    |        ^\n"
        "  = hint: a negative number has no space after the sign"
    ),
    "a: [\nb:\n  - 1\n": (
        "1:4: error: the bracket `[` is never closed\n  1 | a: [\n    |    ^\n  = hint: write `]` at its end"
    ),
    "a: ? b\n": (
        "1:4: error: an unquoted text cannot start with `?` and a space\n  1 | a: ? b\n    |    ^\n"
        "  = hint: put the text in quotes"
    ),
    "a: 1\n]\n": "2:1: error: `]` closes no bracket\n  2 | ]\n    | ^",
    "{a:1, b: 2}": "1:2: error: a space is missing after the colon in `a:1`\n  1 | {a:1, b: 2}\n    |  ^^^",
    't: "1 + \\frac{1}{2}"': (
        "1:9: error: in double quotes `\\frac` begins with a control character\n"
        '  1 | t: "1 + \\frac{1}{2}"\n    |         ^^^^^\n'
        "  = hint: use single quotes, or `|`, for a text with backslashes"
    ),
    't: "\\\\\\theta"': (
        "1:7: error: in double quotes `\\theta` begins with a control character\n"
        '  1 | t: "\\\\\\theta"\n    |       ^^^^^^\n'
        "  = hint: use single quotes, or `|`, for a text with backslashes"
    ),
    't: "\\sigma"': (
        "1:5: error: `\\s` is not an escape of double quotes\n"
        '  1 | t: "\\sigma"\n    |     ^^\n'
        "  = hint: use single quotes, or `|`, for a text with backslashes"
    ),
    't: "\\xi"': (
        "1:5: error: `\\x` is not an escape of double quotes\n"
        '  1 | t: "\\xi"\n    |     ^^\n'
        "  = hint: use single quotes, or `|`, for a text with backslashes"
    ),
    "a:\n\tb: 1\n": (
        "2:1: error: a tab is used for indentation\n  2 |     b: 1\n    | ^^^^\n  = hint: indent with spaces"
    ),
    "a:\n  b: 1\n \tc: 1\n": (
        "3:2: error: a tab is used for indentation\n  3 |      c: 1\n    |  ^^^^\n"
        "  = hint: indent with spaces"
    ),
    "a:1\nb: 2\n": "1:1: error: a space is missing after the colon in `a:1`\n  1 | a:1\n    | ^^^",
    "x:\n  a: 1\n  b:[2]\nc: 3\n": (
        "3:3: error: a space is missing after the colon in `b:[2]`\n  3 |   b:[2]\n    |   ^^^^^"
    ),
    "x:\n  - a:2\n    c: 3\n": (
        "2:5: error: a space is missing after the colon in `a:2`\n  2 |   - a:2\n    |     ^^^"
    ),
    "a: 1\nwhat is this\n": (
        "2:1: error: a colon is missing after `what is this`\n  2 | what is this\n    | ^^^^^^^^^^^^\n"
        "  = hint: indent the line if it belongs to the text above"
    ),
    "text: Given: x\n": (
        "1:12: error: an unquoted value cannot contain a colon and a space\n"
        "  1 | text: Given: x\n    |            ^\n"
        "  = hint: put the value in quotes, or below the line after `|`"
    ),
    "題: 日本: x\n": (
        "1:6: error: an unquoted value cannot contain a colon and a space\n"
        "  1 | 題: 日本: x\n    |         ^\n"
        "  = hint: put the value in quotes, or below the line after `|`"
    ),
    "a: %5\n": (
        "1:4: error: an unquoted text cannot start with `%`\n  1 | a: %5\n    |    ^\n"
        "  = hint: put the text in quotes"
    ),
    "a: [1, @x]\n": (
        "1:8: error: an unquoted text cannot start with `@`\n  1 | a: [1, @x]\n    |        ^\n"
        "  = hint: put the text in quotes"
    ),
    "a: `x`\n": (
        "1:4: error: an unquoted text cannot start with a backtick\n  1 | a: `x`\n    |    ^\n"
        "  = hint: put the text in quotes"
    ),
    "a: * 3\n": (
        "1:4: error: an unquoted text cannot start with `*`\n  1 | a: * 3\n    |    ^\n"
        "  = hint: put the text in quotes"
    ),
    "a: [[1, 2], [3, 4]\nb: 1\n": (
        "1:4: error: the bracket `[` is never closed\n  1 | a: [[1, 2], [3, 4]\n    |    ^\n"
        "  = hint: write `]` at its end"
    ),
    "a: {b: [1,\n": (
        "1:8: error: the bracket `[` is never closed\n  1 | a: {b: [1,\n    |        ^\n"
        "  = hint: write `]` at its end"
    ),
    "a: [\n---\nb: 1": (
        "1:4: error: the bracket `[` is never closed\n  1 | a: [\n    |    ^\n  = hint: write `]` at its end"
    ),
    "a: {b: 1]": "1:9: error: `]` cannot close the bracket `{` of line 1\n  1 | a: {b: 1]\n    |         ^",
    "a: [1]]": "1:7: error: `]` closes no bracket\n  1 | a: [1]]\n    |       ^",
    "a: [[1, 2]\n    [3, 4]]\n": (
        "2:5: error: expected `,` or `]`\n  2 |     [3, 4]]\n    |     ^\n"
        "  = hint: put a comma between two entries"
    ),
    "a: {b: 1 c: 2}": (
        "1:11: error: expected `,` or `}` before this colon\n  1 | a: {b: 1 c: 2}\n    |           ^\n"
        "  = hint: put a comma before the next entry, or quotes around a text with a colon"
    ),
    "a: [1,,2]": (
        "1:7: error: an entry is missing before the comma\n  1 | a: [1,,2]\n    |       ^\n"
        "  = hint: an entry left blank is `null`"
    ),
    "a: 'it is\nb: 1\n": (
        "1:4: error: the quote `'` is never closed\n  1 | a: 'it is\n    |    ^\n"
        "  = hint: write `'` at the end of the text; inside it, '' stands for one"
    ),
    'a: "x\nb: "y"\n': (
        '1:4: error: the quote `"` is closed only on line 2\n  1 | a: "x\n    |    ^\n'
        '  = hint: write `"` at the end of the text'
    ),
    "a: 'it's'\n": (
        "1:8: error: the value has ended before this\n  1 | a: 'it's'\n    |        ^\n"
        "  = hint: put the whole value in quotes; inside single quotes, '' stands for one"
    ),
    "a: |x|\n": (
        "1:5: error: the text of `|` starts on the line below it\n  1 | a: |x|\n    |     ^\n"
        "  = hint: put the text in quotes if it is part of it"
    ),
    "a: - 3\n": (
        "1:4: error: a list cannot start here\n  1 | a: - 3\n    |    ^\n"
        "  = hint: start the list on the line below; a negative number has no space after the sign"
    ),
    "a: 1\n  b: 2\n": (
        "2:3: error: this line is indented too far\n  2 |   b: 2\n    |   ^\n"
        "  = hint: start the line below the first letter of the field it stands with"
    ),
    "a:\n   b: 1\n  c: 2\n": (
        "3:3: error: the indentation of this line fits none above\n  3 |   c: 2\n    |   ^\n"
        "  = hint: start it below the first letter, or the dash, of what it stands with"
    ),
    "a: 1\n- b\n": (
        "2:1: error: a list item cannot stand among fields\n  2 | - b\n    | ^\n"
        "  = hint: indent it if it belongs to the line above"
    ),
    "- a\nb: 1\n": (
        "2:1: error: a field cannot stand among list items\n  2 | b: 1\n    | ^\n"
        "  = hint: indent it if it belongs to the line above"
    ),
    "a: 1\n...\nb: 2\n": (
        "3:1: error: the document has ended above this line\n  3 | b: 2\n    | ^\n"
        "  = hint: start the next one with a line `---`"
    ),
    "a: \x1b[31m": (
        "1:4: error: the control character U+001B is not allowed\n  1 | a: ␛[31m\n    |    ^\n"
        "  = hint: delete it; many editors do not show it"
    ),
    "a: \ud800": (
        "1:4: error: the control character U+D800 is not allowed\n  1 | a: \ufffd\n    |    ^\n"
        "  = hint: delete it; many editors do not show it"
    ),
}


@pytest.mark.parametrize("text", FAULTS)
def test_faults(text: str) -> None:
    assert faults_of(text) == f"p.yaml:{FAULTS[text]}"


def test_all_faults_in_the_order_of_the_file() -> None:
    faults = read(Source("p.yaml", "a: {b: 1, b: 2, c: *x}\na: !t 1\nd: [\n"))[1]
    assert [(fault.span and fault.span.line, fault.message) for fault in faults] == [
        (1, "the key `b` stands twice, on line 1"),
        (1, "no value before this is marked `&x`"),
        (2, "the tag `!t` is not supported"),
        (3, "the bracket `[` is never closed"),
    ]


def test_a_hole_is_filled() -> None:
    documents, faults = read(Source("p.yaml", "a: 1\na: 2\nb: *x\n<<: 3\n"))
    assert [plain(document) for document in documents] == [{"a": "1", "b": ""}]
    assert len(faults) == 3


def test_escapes_that_are_meant() -> None:
    text = 'a: "one\\ttwo\\nthree \\u03b8 \\x41 \\\\alpha \\"x\\" \\texternal"'
    assert plain(good(text)) == {"a": "'one\ttwo\nthree θ A \\alpha \"x\" \texternal'"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    text = PROBLEM.replace("\n", end)
    root = good(text)
    assert plain(root) == plain(good(PROBLEM))
    assert (at(root, ["answers", "b"]).line, at(root, ["answers", "b"]).column) == (13, 34)
    assert (
        draw(SolverError("x", at(root, ["given", "w", 1])))
        == "p.yaml:7:7: error: x\n  7 |     - 1/3\n    |       ^^^"
    )


def test_decode() -> None:
    assert decode("題: 日本\r\n".encode(), "p.yaml") == Source("p.yaml", "題: 日本\r\n")
    assert decode("a: 1".encode("utf-8-sig"), "p.yaml").text == "a: 1"
    assert at(read(decode("a: 1".encode("utf-8-sig"), "p"))[0][0], ["a"]).column == 4


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused(coding: str) -> None:
    message = "p.yaml:1:1: error: the file is UTF-16, not UTF-8\n  = hint: save it as UTF-8"
    assert refused("a: 1\n".encode(coding)) == message


def test_bad_bytes_are_refused_with_their_place() -> None:
    assert refused("a: 1\nb: 日 é".encode("utf-8-sig")[:-2] + b"\xe9 x") == (
        "p.yaml:2:6: error: the byte 0xe9 is not UTF-8\n  2 | b: 日 \ufffd x\n    |       ^\n"
        "  = hint: save the file as UTF-8; in Latin-1 this byte is `é`"
    )
    assert refused(b"a: \x93x\x94") == (
        "p.yaml:1:4: error: the byte 0x93 is not UTF-8\n  1 | a: \ufffdx\ufffd\n    |    ^\n"
        "  = hint: save it as UTF-8"
    )


def test_control_characters_are_refused_with_their_place() -> None:
    assert refused(b"a: 1\nb: x\x00y") == (
        "p.yaml:2:5: error: the control character U+0000 is not allowed\n  2 | b: x␀y\n    |     ^\n"
        "  = hint: delete it; many editors do not show it"
    )
    assert refused("a: 1\n\ufeffb: 2".encode()) == (
        "p.yaml:2:1: error: a byte order mark (U+FEFF) inside the file\n  2 | \ufeffb: 2\n    | ^\n"
        "  = hint: delete it; many editors do not show it"
    )


@pytest.mark.parametrize("size", [65, 25_000, 300_000])
@pytest.mark.parametrize("opening", ["[", "- ", "? ", "{a: ", "[{"])
def test_depth_is_limited(opening: str, size: int) -> None:
    started = time.perf_counter()
    documents, faults = read(Source("p.yaml", opening * size))
    assert documents == []
    assert [fault.message for fault in faults] == ["more than 64 levels, one inside the other"]
    assert time.perf_counter() - started < 2


def test_depth_of_64_is_allowed() -> None:
    good("[" * 64 + "]" * 64)


def test_depth_through_aliases_is_limited() -> None:
    lines = ["a0: &a0 [1]"] + [f"a{n}: &a{n} [[[[[[[[[[*a{n - 1}]]]]]]]]]]" for n in range(1, 9)]
    assert [fault.message for fault in read(Source("p.yaml", "\n".join(lines)))[1]] == [
        "more than 64 levels, one inside the other"
    ]
    good("\n".join(lines[:7]))


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [" + "x, " * 9 + "x]"]
    lines += [f"a{n}: &a{n} [" + f"*a{n - 1}, " * 9 + f"*a{n - 1}]" for n in range(1, 10)]
    assert faults_of("\n".join(lines)) == (
        "p.yaml:5:45: error: aliases expand to more than 100,000 values\n"
        "  5 | a4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]\n"
        "    |                                             ^"
    )


def test_an_alias_bomb_of_long_texts_is_refused() -> None:
    text = "a: &a " + "x" * 900_000 + "\nb: [" + "*a, " * 1000 + "]"
    assert [fault.message for fault in read(Source("p.yaml", text))[1]] == [
        "aliases expand to more than 100,000 values"
    ]


@pytest.mark.usefixtures("libyaml")
def test_sizes_are_limited() -> None:
    def only(text: str) -> str:
        documents, faults = read(Source("p.yaml", text))
        assert documents == []
        return draw(faults[0]).splitlines()[0]

    assert only("a: " + "x" * 5_000_000) == "p.yaml:1:1: error: the file is larger than 5 MB"
    assert only("a: " + "x" * 4_900_000) == "p.yaml:1:4: error: a text of more than 1,000,000 characters"
    assert (
        only("a: 'x" + "\nx" * 2_000_000 + "'")
        == "p.yaml:1:4: error: a text of more than 1,000,000 characters"
    )
    assert refused(b"x" * 5_000_001) == "p.yaml:1:1: error: the file is larger than 5 MB"


@pytest.mark.parametrize(
    "text",
    ["[" + "1," * 1001 + "]", "---\n" * 1002, "{" + "".join(f"a{n}: {{b: 1}}, " for n in range(400)) + "}"],
)
def test_the_number_of_values_is_limited(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver.spec.yaml, "MAX_NODES", 1000)
    documents, faults = read(Source("p.yaml", text))
    assert documents == []
    assert faults[-1].message == "more than 1,000 values"


def test_at_most_a_hundred_faults_are_told() -> None:
    documents, faults = read(Source("p.yaml", "a: 1\n" * 1000))
    assert documents == []
    assert len(faults) == 101
    assert (
        draw(faults[-1]).splitlines()[0] == "p.yaml:102:1: error: more than 100 faults: the rest is not read"
    )


def test_a_line_of_100_kilobytes_is_told_in_one_screen() -> None:
    text = "X: [" + ", ".join(f"[{n}, {n}]" for n in range(7000)) + ", *x]"
    message = faults_of(text)
    assert len(text) > 90_000
    assert len(message) < 400
    assert message.splitlines()[1].endswith("[6998, 6998], [6999, 6999], *x]")


@pytest.mark.usefixtures("libyaml")
def test_a_big_matrix_is_read_about_as_fast_as_its_events() -> None:
    row = ", ".join(f"{n / 13:.4f}" for n in range(20))
    source = Source("p.yaml", "X:\n" + f"  - [{row}]\n" * 1000)

    def best(runs: int = 5) -> Iterator[float]:
        for _ in range(runs):
            started = time.perf_counter()
            list(yaml.parse(source.text, Loader=yaml.CSafeLoader))
            between = time.perf_counter()
            read(source)
            yield (time.perf_counter() - between) / (between - started)

    assert min(best()) < 1.6


FRAGMENTS = (
    *"[]{}:,-?&*!|>'\"%@`#\t\n\r \\<~=",
    "&a ",
    "*a",
    "<<: ",
    "!!x ",
    "---\n",
    "...\n",
    "\ud800",
    "\x00",
)
FRAGMENTS += (
    "\x85",
    "\u2028",
    "日",
    "\ufeff",
    "\\x",
    '"\\U99999999"',
    "? ",
    ": ",
    "- ",
    "\n  ",
    "[[[",
    "%YAML 9\n",
)


def test_only_solver_errors_come_out_of_mutated_files() -> None:
    rng = random.Random(1)
    mended = 0
    for _ in range(3000 if yaml.__with_libyaml__ else 500):
        text = PROBLEM
        for _ in range(rng.randint(1, 4)):
            start = rng.randrange(len(text) + 1)
            text = text[:start] + rng.choice(FRAGMENTS) + text[start + rng.choice((0, 0, 1, 5, 40)) :]
        documents, faults = read(Source("p.yaml", text))
        mended += not faults
        for fault in faults:
            assert type(fault) is SolverError
            assert fault.span is not None
            assert all(len(line) < 220 for line in draw(fault).splitlines())
            draw(fault).encode()
        for document in documents:
            repr(plain(document)).encode(errors="surrogatepass")
    assert mended > 50


def test_only_solver_errors_come_out_of_mutated_bytes() -> None:
    rng = random.Random(2)
    for _ in range(2000 if yaml.__with_libyaml__ else 300):
        data = bytearray(PROBLEM.encode())
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            source = decode(bytes(data), "p.yaml")
        except SolverError as fault:
            draw(fault).encode()
        else:
            for fault in read(source)[1]:
                draw(fault).encode()
