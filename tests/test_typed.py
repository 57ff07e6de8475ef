"""Answers in every honest dress: what is read, with which digits, and why the rest is not."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import Source
from solver.grading.typed import EXACT, Entry, Illegible, Typed, Words, read
from solver.spec import yaml
from solver.spec.yaml import Node, Pairs

pytestmark = pytest.mark.filterwarnings("error")


def node(text: str) -> Node:
    """The value of a field of a YAML file."""
    documents, faults = yaml.read(Source("s.yaml", f"v: {text}"))
    assert not faults, [str(fault) for fault in faults]
    assert isinstance(documents[0], Pairs)
    return documents[0]["v"]


def cell(text: str) -> Node:
    """A cell of a CSV file."""
    return yaml.Scalar(text, False, Source("class.csv", text), 0, len(text))


def numbers(text: str | Node, shape: Sequence[int] = (), whole: bool = False) -> Typed:
    """The numbers of a cell; what is said of them must agree."""
    found = read(cell(text) if isinstance(text, str) else text, tuple(shape), whole)
    assert isinstance(found, Typed), found
    assert math.prod(found.shape) == len(found.entries)
    for entry in found.entries:
        assert entry.blank == (entry.value is None)
    return found


def plain(text: str | Node, shape: Sequence[int] = (), whole: bool = False) -> Any:
    return numbers(text, shape, whole).plain()


def reason(text: str | Node, shape: Sequence[int] = (), whole: bool = False) -> str:
    found = read(cell(text) if isinstance(text, str) else text, tuple(shape), whole)
    assert isinstance(found, Illegible), found
    assert found.reason[:1] != found.reason[:1].upper() or found.reason.startswith("`")
    return found.reason


@pytest.mark.parametrize(
    ("text", "value", "places", "digits"),
    [
        ("1.50", "1.5", 2, 3),
        ("1e-3", "0.001", 3, 1),
        ("-12", "-12", 0, 2),
        ("1.2e3", "1200", -2, 2),
        ("0.013", "0.013", 3, 2),
        ("0.1", "0.1", 1, 1),
        ("0", "0", 0, 0),
        ("700", "700", 0, 3),
        ("0.00", "0", 2, 0),
        (".5", "0.5", 1, 1),
        ("5.", "5", 0, 1),
        ("+3", "3", 0, 1),
        ("50%", "0.5", 2, 2),
        ("49.9 %", "0.499", 3, 3),
        ("6.1e-06", "6.1e-6", 7, 2),
        ("6.1·10^-6", "6.1e-6", 7, 2),
        ("6.1*10^-6", "6.1e-6", 7, 2),
        ("6.1 × 10^-6", "6.1e-6", 7, 2),
        ("6.1x10^-6", "6.1e-6", 7, 2),
        ("6.1*10**-6", "6.1e-6", 7, 2),
        ("6,1·10⁻⁶", "6.1e-6", 7, 2),
        ("6.1\\cdot10^{-6}", "6.1e-6", 7, 2),
        ("10⁻⁶", "1e-6", 6, 1),
        ("\N{MINUS SIGN}0.5", "-0.5", 1, 1),
        ("\N{EN DASH} 0.5", "-0.5", 1, 1),
        ("≈ 0.5", "0.5", 1, 1),
        ("~0.5", "0.5", 1, 1),
        ("= 0.5", "0.5", 1, 1),
        ("w = 0.5", "0.5", 1, 1),
        ("gain(A2) = 0.246", "0.246", 3, 3),
        ("$0.5$", "0.5", 1, 1),
        ("0.5.", "0.5", 1, 1),
        (" 0.5 ", "0.5", 1, 1),
        ("0.94 bits", "0.94", 2, 2),
        ("'-1", "-1", 0, 1),
        ('="0.5"', "0.5", 1, 1),
        ("１．５", "1.5", 1, 2),
        ("۱۲٫۵", "12.5", 1, 3),
        ("0,5", "0.5", 1, 1),
        ("-1,25", "-1.25", 2, 3),
        ("(0.5)", "0.5", 1, 1),
        ("[[700]]", "700", 0, 3),
        ("np.float64(0.5)", "0.5", 1, 1),
    ],
)
def test_digits_are_kept_as_written(text: str, value: str, places: int, digits: int) -> None:
    (entry,) = numbers(text).entries
    assert (entry.value, entry.places, entry.digits) == (Fraction(value), places, digits)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/3", Fraction(1, 3)),
        ("-2/5", Fraction(-2, 5)),
        ("2^3", 8),
        ("3/25*10^-3", Fraction(3, 25000)),
        ("(1 + 2)/3", 1),
        ("1 + 2", 3),
        ("½", Fraction(1, 2)),
        ("-1½", Fraction(-3, 2)),
        ("\\frac{1}{3}", Fraction(1, 3)),
        ("31*24*16", 11904),
        ("sqrt(2)", math.sqrt(2)),
        ("√2", math.sqrt(2)),
        ("-\\sqrt{2}", -math.sqrt(2)),
        ("2√2", 2 * math.sqrt(2)),
        ("2π", 2 * math.pi),
        ("exp(-1)", math.exp(-1)),
        ("e^-1", math.exp(-1)),
        ("ln(2)", math.log(2)),
        ("log2(5)", math.log2(5)),
        ("log10(2)", math.log10(2)),
        ("exp(-1e6)", 0),
    ],
)
def test_what_is_not_rounded_is_exact(text: str, value: Fraction | float) -> None:
    (entry,) = numbers(text).entries
    assert (entry.places, entry.digits) == (None, EXACT)
    assert entry.value is not None
    if isinstance(value, float):
        assert math.isclose(entry.value, value, rel_tol=1e-15)
    else:
        assert entry.value == value


@pytest.mark.parametrize(
    "text",
    [
        *("-1 -4", "-1, -4", "-1,-4", "-1; -4", "[-1, -4]", "[-1 -4]", "(-1, -4)", "(-1 -4)", "{-1, -4}"),
        *("-1\n-4", "[-1.  -4.]", "array([-1., -4.])", "np.array([-1, -4], dtype=float32)", "(-1, -4)^T"),
        *("[-1 -4]ᵀ", "(-1, -4)'", "− 1, − 4", "[- 1, - 4]", "-1,0; -4,0", "-1,0 -4,0", "-2/2, -sqrt(16)"),
        *(
            "$(-1, -4)^\\top$",
            "[np.float64(-1.0), np.float64(-4.0)]",
            "w(3) = [-1, -4]",
            "≈-1 ≈-4",
            "-1, -4,",
        ),
        *("tensor([-1., -4.], requires_grad=True)", "\\left(-1,\\, -4\\right)^{T}", "(−1，−4)", "[-1, -4]."),
    ],
)
def test_a_vector_in_every_dress(text: str) -> None:
    typed = numbers(text, (2,))
    assert typed.shape == (2,)
    assert typed.plain() == [-1, -4]
    assert typed.note == ""


@pytest.mark.parametrize(
    "text",
    [
        *("3 3; 0 -4", "3, 3; 0, -4", "[3 3; 0 -4]", "[[3,3],[0,-4]]", "[[3. 3.]\n [0. -4.]]", "3 3\n0 -4"),
        *(
            "((3, 3), (0, -4))",
            "[3, 3], [0, -4]",
            "[[3, 0], [3, -4]]^T",
            "array([[3., 3.],\n       [0., -4.]])",
        ),
        "\\begin{bmatrix} 3 & 3 \\\\ 0 & -4 \\end{bmatrix}",
        "$$\\begin{pmatrix} 3 & \\frac{6}{2} \\\\ 0 & -4 \\\\ \\end{pmatrix}$$",
        "\\begin{bmatrix} 3 & 0 \\\\ 3 & -4 \\end{bmatrix}^\\top",
    ],
)
def test_a_matrix_in_every_dress(text: str) -> None:
    assert plain(text, (2, 2)) == [[3, 3], [0, -4]]


@pytest.mark.parametrize(
    ("text", "shape", "value"),
    [
        ("[-1, -4]", (2,), [-1, -4]),
        ("[3 3, 0 -4]", (2, 2), [[3, 3], [0, -4]]),
        ('["3 3", "0 -4"]', (2, 2), [[3, 3], [0, -4]]),
        ("[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]", (2, 2, 2), [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
        ('["1 2; 3 4", "5 6; 7 8"]', (2, 2, 2), [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
        ('["0,1", "0,4"]', (2,), [0.1, 0.4]),
        ('["0,1", "0,4"]', (2, 2), [[0, 1], [0, 4]]),
        ("\n  - 1\n  - 1/2\n", (2,), [1, 0.5]),
        ("{1, 2}", (2,), [1, 2]),
        ("[1, null, ~]", (3,), [1, None, None]),
        ('[1, ""]', (2,), [1, None]),
        ("0,5", (), 0.5),
    ],
)
def test_yaml(text: str, shape: tuple[int, ...], value: Any) -> None:
    assert plain(node(text), shape) == value


@pytest.mark.parametrize(
    ("text", "shape", "found", "note"),
    [
        ("[[1], [2]]", (2,), (2,), "typed as a column"),
        ("[[1, 2]]", (2,), (2,), "typed as a row"),
        ("[[1, 2]]", (2, 1), (2, 1), "typed as a row"),
        ("[[1], [2]]", (1, 2), (1, 2), "typed as a column"),
        ("[1, 2]", (2, 1), (2, 1), ""),
        ("[1, 2]", (1, 2), (1, 2), ""),
        ("700", (1,), (1,), ""),
        ("[700]", (), (), ""),
        ("[[700]]", (1,), (1,), ""),
        ("[1, 2, 3]", (4,), (3,), ""),
        ("[[1], [2], [3]]", (4,), (3,), "typed as a column"),
        ("[1, 2, 3, 4]", (2, 2), (4,), ""),
        ("5", (2,), (), ""),
        ("[1, 2, 3]", (), (3,), ""),
    ],
)
def test_shapes_are_adapted_where_only_the_way_of_writing_differs(
    text: str, shape: tuple[int, ...], found: tuple[int, ...], note: str
) -> None:
    for typed in (numbers(node(text), shape), numbers(text, shape)):
        assert (typed.shape, typed.note) == (found, note)


@pytest.mark.parametrize(
    "text", ["31x24x16", "31×24×16", "31*24*16", "31 x 24 x 16", "(31, 24, 16)", "(31x24x16)"]
)
def test_a_shape(text: str) -> None:
    assert plain(text, (3,), whole=True) == [31, 24, 16]


@pytest.mark.parametrize(
    ("text", "whole", "value", "other"),
    [
        ("168,540", True, 168540, 168.54),
        ("168 540", True, 168540, None),
        ("168'540", True, 168540, None),
        ("168_540", True, 168540, None),
        ("168{,}540", True, 168540, 168.54),
        ("1.168.540", True, 1168540, None),
        ("168.540", True, 168.54, 168540),
        ("-12.000", True, -12, -12000),
        ("168,540", False, 168.54, 168540),
        ("1,234,567", False, 1234567, None),
        ("1,234.5", False, 1234.5, None),
        ("1.234,5", False, 1234.5, None),
        ("12,34", True, 12.34, None),
    ],
)
def test_commas_of_one_number(text: str, whole: bool, value: float, other: float | None) -> None:
    typed = numbers(text, (), whole)
    assert typed.plain() == value
    assert (typed.other and typed.other.plain()) == other


def test_commas_are_read_as_the_expected_shape_makes_them() -> None:
    assert plain("0,1 0,4", (2,)) == plain("0,1; 0,4", (2,)) == [0.1, 0.4]
    assert plain("[-1,9; -1,6]", (2,)) == [-1.9, -1.6]
    assert plain("0,1; 0,4", (2, 2)) == [[0, 1], [0, 4]]
    assert plain("0,1; 0,4", (2, 1)) == [[0.1], [0.4]]
    assert plain("0,1; 0,4", (3,)) == [0.1, 0.4]
    assert plain("1,5 2,5", (3,)) == [1.5, 2.5]
    assert plain("168,540 2,000", (2,), whole=True) == [168540, 2000]
    assert plain("1,2,3", (2,)) == [1, 2, 3]
    both = "the commas of `[-1,9, -1,6]` can be read in two ways: as separators, or as in `[-1.9, -1.6]`"
    assert reason("[-1,9, -1,6]", (2,)) == reason(node("[-1,9, -1,6]"), (2,)) == both
    assert reason(node("[-1, 9, -1, 6]"), (2,)).endswith("as separators, or as in `[-1.9, -1.6]`")
    assert reason(node("[1,9, 2]"), (2,)).endswith("as separators, or as in `[1.9, 2]`")
    assert reason(node("[[1,5, 2], [3, 4]]"), (2, 2)).endswith("or as in `[[1.5, 2], [3, 4]]`")
    assert reason(node("[0, 5]")).endswith("as separators, or as in `0.5`")


def test_a_sign_with_spaces_around_it() -> None:
    assert plain("-1 - 4") == -5
    both = "the signs of `-1 - 4` can be read in two ways: as operators, or as in `-1 -4`"
    assert reason("-1 - 4", (2,)) == both


@pytest.mark.parametrize("text", ["", "  ", "null", "~", "[]", "NULL"])
def test_blank(text: str) -> None:
    assert read(cell(text), (2,)) is None
    assert read(cell(text), (), label=True) is None


def test_an_array_of_blanks_is_blank() -> None:
    assert read(node("[null, ~]"), (2,)) is None
    assert read(node("null"), (2,)) is read(node("[]"), ()) is None
    assert numbers("[1, null]", (2,)).entries[1] == Entry(None, "", None, 0, True)


@pytest.mark.parametrize(
    ("text", "shape", "why"),
    [
        ("about 3", (), "`about 3` is not a number"),
        ("-", (), "`-` is not a number"),
        ("true", (), "`true` is not a number"),
        ("nan", (), "`nan` is not a finite number"),
        ("-inf", (), "`-inf` is not a finite number"),
        ("∞", (2,), "`∞` is not a finite number"),
        ("[1, nan]", (2,), "entry 2, `nan`, is not a finite number"),
        ("1, x", (2,), "entry 2, `x`, is not a number"),
        ("1 2; 3 x", (2, 2), "row 2, column 2, `x`, is not a number"),
        ("I don't know", (3,), "`I don't know` is not an array of 3 numbers"),
        ("__import__('os')", (), "`__import__('os')` is not a number"),
        ("lambda: 0", (), "`lambda: 0` is not a number"),
        ("1 == 1", (), "`1 == 1` is not a number"),
        ("1 if 2 else 3", (), "`1 if 2 else 3` is not a number"),
        ("0x10", (), "`0x10` is not a number"),
        ("1/0", (), "`1/0` is not a number: division by zero"),
        ("9^9^9^9", (), "`9^9^9^9` is not a number: the number is infinite or too large"),
        ("1e400", (), "its exponent is beyond 308"),
        ("9" * 400, (), "it has more than 300 digits"),
        ("x" * 10_001, (), "it has more than 10,000 characters"),
        ("[1, 2", (2,), "the bracket `[` is never closed"),
        ("1]", (), "the bracket `]` closes nothing"),
        ("[1, 2)", (2,), "the bracket `)` closes nothing"),
        ("1,,2", (2,), "an entry is missing beside a comma"),
        ("[[1, 2], [3]]", (2, 2), "the rows have different lengths (2, 1)"),
        ("[1, [2]]", (2,), "numbers and lists stand side by side"),
        ("\\begin{bmatrix} 1 & 2", (2,), "it is no complete matrix"),
        ("[" * 100, (), "it is nested too deeply"),
    ],
)
def test_illegible(text: str, shape: tuple[int, ...], why: str) -> None:
    assert reason(text, shape) == why


def test_illegible_yaml() -> None:
    assert reason(node("[1, about 3]"), (2,)) == "entry 2, `about 3`, is not a number"
    assert reason(node("[[1, 2], [3, x]]"), (2, 2)) == "row 2, column 2, `x`, is not a number"
    assert reason(node("{a: 1}"), (2,)) == "a mapping stands where numbers are asked"
    found = read(node("[1, 'rm\x85\u202e']"), (2,))
    assert isinstance(found, Illegible)
    assert (found.span.line, found.span.column) == (1, 4)
    assert found.text.isprintable()


def test_the_text_is_one_clean_line_of_at_most_200_characters() -> None:
    assert numbers("[1,\n2]", (2,)).text == "[1, 2]"
    assert numbers(node("\n  - 1\n  - 2\n"), (2,)).text == "[1, 2]"
    assert numbers(node("[1.50, 2e3]"), (2,)).text == "[1.50, 2e3]"
    long = numbers(" ".join(["1"] * 1000), (1000,))
    assert len(long.text) == 200
    assert long.text.endswith("…")
    assert numbers("\N{MINUS SIGN}0,5").entries[0].text == "\N{MINUS SIGN}0,5"


def label(text: str | Node) -> Any:
    found = read(cell(text) if isinstance(text, str) else text, (), label=True)
    assert isinstance(found, Words), found
    return found.plain()


def test_words() -> None:
    assert label(" Sunny  day ") == "Sunny day"
    assert label(node("no")) == "no"
    assert label(node("[outlook]")) == "outlook"
    assert label("\x1b[2J") == "␛[2J"
    assert isinstance(read(node("[a, b]"), (), label=True), Illegible)
    assert isinstance(read(cell("a" * 10_001), (), label=True), Illegible)


@pytest.mark.parametrize(
    "text",
    [
        "{outlook: {sunny: no, rain: {wind: {weak: yes}}}}",
        '{"outlook":{"sunny":"no","rain":{"wind":{"weak":"yes"}}}}',
        "{outlook:{sunny:no,rain:{wind:{weak:yes}}}}",
    ],
)
def test_trees(text: str) -> None:
    tree = {"outlook": {"sunny": "no", "rain": {"wind": {"weak": "yes"}}}}
    assert label(text) == tree
    if ":{" not in text or '"' in text:
        assert label(node(text)) == tree


def test_trees_that_cannot_be_read() -> None:
    many = "{" + ", ".join(f"a{n}: b" for n in range(10_001)) + "}"
    for text in (
        "{a: *b}",
        "{a: !!python/name:os.system b}",
        "{a",
        many,
        "{a: [b, c]}",
        "{a: b}\n---\n{c: d}",
    ):
        assert isinstance(read(cell(text), (), label=True), Illegible), text[:20]
    assert isinstance(read(cell("{a: " * 100), (), label=True), Illegible)


@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-999, max_value=999),
        min_size=2,
        max_size=5,
    ),
    st.sampled_from(["[{}]", "({})", "{}", "array([{}])", "{}^T"]),
    st.sampled_from([", ", " ", "; "]),
    st.booleans(),
)
def test_vectors_come_back(values: list[Any], frame: str, sign: str, minus: bool) -> None:
    text = frame.format(sign.join(map(str, values)))
    if frame == "{}^T":
        text = f"[{text[:-2]}]^T"
    typed = numbers(text.replace("-", "−") if minus else text, (len(values),))
    assert [entry.value for entry in typed.entries] == [Fraction(value) for value in values]
    assert all(entry.places == 4 for entry in typed.entries)


@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-99, max_value=99),
        min_size=2,
        max_size=5,
    )
)
def test_vectors_with_decimal_commas_come_back(values: list[Any]) -> None:
    for sign in (" ", "; "):
        typed = numbers(sign.join(map(str, values)).replace(".", ","), (len(values),))
        assert [entry.value for entry in typed.entries] == [Fraction(value) for value in values]


TOKENS = (
    *("1", "-1", "0.5", "1,5", ",", ";", " ", "\n", "[", "]", "(", ")", "{", "}", "x", "*", "^", "10", "e-3"),
    *(
        "%",
        "nan",
        "sqrt(2)",
        "null",
        "'",
        '"',
        "=",
        "≈",
        "\\frac{1}{2}",
        "\\begin{bmatrix}",
        "\\end{bmatrix}",
    ),
    *("&", "\\\\", "^T", "ᵀ", "½", "⁻", "²", "array", "1 000", "1.000", "168,540", "..", ".", "√", "π", "/"),
    *("\x00", "\u202e", "\ud800", "٣", "$", "`", "!!python/name:os.system", "__import__('os')", "&a", "*a"),
)


@given(
    st.lists(st.sampled_from(TOKENS), max_size=9).map("".join),
    st.sampled_from([(), (1,), (2,), (2, 2), (1, 2), (2, 1, 2)]),
    st.booleans(),
)
def test_anything_is_read_or_told(text: str, shape: tuple[int, ...], whole: bool) -> None:
    for words in (False, True):
        found = read(cell(text), shape, whole, words)
        if isinstance(found, Typed):
            found.plain()
            assert math.prod(found.shape) == len(found.entries)
        if found is not None:
            assert len(found.text) <= 200 or isinstance(found, Words)
            assert not {"\x00", "\u202e", "\ud800", "\n"} & set(found.text)
        if isinstance(found, Illegible):
            assert not {"\x00", "\u202e", "\ud800", "\n"} & set(found.reason)


@pytest.mark.parametrize(
    "part",
    [
        "[",
        "(",
        "()",
        "[]",
        "[1]",
        "1 ",
        "1,",
        "1,1;",
        " ",
        ",",
        "9",
        "\\frac{",
        "\\begin{a}",
        "⁰",
        "\ufdfa",
        "√",
    ],
)
def test_long_texts_are_soon_done_with(part: str) -> None:
    text = (part * 200_000)[:200_000]
    start = time.perf_counter()
    for shape in ((), (2,)):
        assert not isinstance(read(cell(text), shape), Words)
    assert time.perf_counter() - start < 5
