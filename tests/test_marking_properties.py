"""Right answers are right in every honest dress, marks add up, and what follows from an error is carried.

The problems are random ones of every kind and option. A right answer is the model's own value, written as a person
might: at few digits or all, as a fraction, a row for a column, with decimal commas, in LaTeX, in YAML or CSV.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import as_yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import problems_logistic, problems_mlp, problems_softmax
from strategies_cnn import problems_cnn_shapes
from strategies_conv import problems_conv2d, problems_pool2d
from strategies_gain import problems_info_gain

from solver import kinds
from solver.cli.worker import Question, Worker, questions
from solver.errors import SolverError, SolverErrors
from solver.expr.values import Value
from solver.grading.answers import Submission, csv_rows, read_bytes
from solver.grading.key import Key
from solver.grading.marking import ORDER, choices

Draw = st.DrawFn
Problem = dict[str, Any]
Result = dict[str, Any]
Number = int | Fraction | Decimal | float

KINDS: dict[str, Callable[[], st.SearchStrategy[Problem]]] = {
    "logistic-gd": problems_logistic,
    "mlp-forward": problems_mlp,
    "softmax-ce": problems_softmax,
    "conv2d": problems_conv2d,
    "pool2d": problems_pool2d,
    "cnn-shapes": problems_cnn_shapes,
    "info-gain": problems_info_gain,
}
WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
SMALLEST = Decimal("1e-300")
"""What is smaller is written as 0."""


# ---------------------------------------------------------------- numbers as people write them


def decimal_of(number: Number) -> Decimal:
    if isinstance(number, (Decimal, float)):
        return Decimal(number)
    return WIDE.divide(Decimal(number.numerator), Decimal(number.denominator))


def whole(number: Number) -> bool:
    """Whether only this very number is right."""
    return isinstance(number, (int, Fraction)) and number.denominator == 1


def in_full(number: Number) -> str:
    if 0 < abs(number) < SMALLEST:
        return "0"
    return str(number.numerator) if whole(number) else repr(float(number))


def exact_text(number: Number) -> str:
    """All digits: a decimal where it ends, else a fraction or what a double shows."""
    if not isinstance(number, (int, Fraction)):
        return in_full(number)
    bottom = Fraction(number).denominator
    ends = pow(10, 20, bottom) == 0
    return f"{decimal_of(number):f}" if ends else str(number)


def significant(number: Number, digits: int) -> str:
    """At so many significant digits; with a power of ten where noughts would pretend to be more."""
    exact = decimal_of(number)
    if whole(number) or abs(exact) < SMALLEST:
        return in_full(number)
    first = exact.adjusted()
    near = exact.quantize(Decimal(1).scaleb(first - digits + 1), context=WIDE)
    if -5 <= first < digits:
        return f"{near:f}"
    return f"{near.scaleb(-first, WIDE).quantize(Decimal(1).scaleb(1 - digits), context=WIDE)}e{first}"


def decimals(number: Number, places: int) -> str:
    """At so many decimals, if that shows two significant digits; else at three of these."""
    exact = decimal_of(number)
    if whole(number) or abs(exact) > 10**15:
        return in_full(number)
    near = exact.quantize(Decimal(1).scaleb(-places), context=WIDE)
    shown = f"{abs(near):f}".replace(".", "").lstrip("0")
    return f"{near:f}" if len(shown) > 1 else significant(number, 3)


def as_fraction(number: Number) -> str:
    return str(number) if isinstance(number, (int, Fraction)) else in_full(number)


NUMBERS: dict[str, Callable[[Number], str]] = {
    "in full": in_full,
    **{f"{n} digits": lambda number, n=n: significant(number, n) for n in (2, 3, 4)},
    **{f"{n} decimals": lambda number, n=n: decimals(number, n) for n in (2, 3, 4)},
    "fraction": as_fraction,
}
SIGNS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "U+2212": lambda text: text.replace("-", "−"),
    "plus": lambda text: text if text[0] == "-" else f"+{text}",
    "comma": lambda text: text.replace(".", ","),
}


# ---------------------------------------------------------------- arrays as people write them


def nested(texts: Sequence[str], shape: Sequence[int]) -> Any:
    """The texts as nested lists of a shape."""
    flat: list[Any] = list(texts)
    for size in reversed(shape[1:]):
        flat = [flat[start : start + size] for start in range(0, len(flat), size)]
    return flat if shape else flat[0]


def flow(tree: Any) -> str:
    """Nested lists as YAML's flow and as the cell of a table have them."""
    return f"[{', '.join(map(flow, tree))}]" if isinstance(tree, list) else tree


def text_rows(rows: Sequence[Sequence[str]], between: str) -> str:
    return "; ".join(between.join(row) for row in rows)


def latex(rows: Sequence[Sequence[str]], name: str = "bmatrix") -> str:
    inner = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{{name}}} {inner} \end{{{name}}}"


@st.composite
def dressed(draw: Draw, value: Value, name: str) -> tuple[bool, str]:
    """A value as text, and whether it stands in YAML as it is (a list, a number) and not as a quoted text."""
    if value.label:
        return draw(words(value.array.item()))
    number = NUMBERS[draw(st.sampled_from(sorted(NUMBERS)))]
    sign = draw(st.sampled_from(sorted(SIGNS)))
    entries = [number(x) for x in value.array.flat]
    comma = sign == "comma" and any("." in entry for entry in entries)
    texts = [SIGNS[sign](entry) if sign != "comma" or comma else entry for entry in entries]
    shape = value.shape
    if not shape:
        (only,) = value.array.flat
        if whole(only) and abs(only) >= 1000:
            grouped = draw(st.sampled_from([f"{int(only):,}", f"{int(only):,}".replace(",", " "), texts[0]]))
            return False, grouped
        return draw(st.sampled_from([(not comma, texts[0]), (False, texts[0]), (not comma, f"[{texts[0]}]")]))
    if len(shape) == 1:
        column = [[text] for text in texts]
        spaced = [" ".join(texts), "; ".join(texts), f"[{' '.join(texts)}]", latex(column)]
        ways = [(False, way) for way in spaced]
        ways += [(False, latex([texts])), (False, latex(column, "pmatrix"))]
        if not comma:
            ways += [(True, flow(texts)), (True, flow(column)), (True, flow([texts])), (False, flow(texts))]
            ways += [(False, ", ".join(texts)), (False, f"({', '.join(texts)})")]
        if name.endswith(".shape") and len(texts) > 1:
            ways += [(False, sign.join(map(in_full, value.array.flat))) for sign in ("x", "×", " x ", "*")]
        return draw(st.sampled_from(ways))
    if len(shape) == 2:
        rows = nested(texts, shape)
        ways = [(False, latex(rows)), (False, latex(rows, "pmatrix"))]
        ways += [(False, text_rows(rows, " "))]
        if not comma:
            ways += [(True, flow(rows)), (False, flow(rows)), (False, text_rows(rows, ", "))]
            ways += [(True, flow(texts))] if 1 in shape else []
        return draw(st.sampled_from(ways))
    return not comma, flow(nested(entries if comma else texts, shape))


@st.composite
def words(draw: Draw, word: Any) -> tuple[bool, str]:
    """A label or a tree; capitals and spaces do not count."""
    if isinstance(word, str):
        return False, draw(st.sampled_from([word, word.upper(), f" {word}  ", word.replace(" ", "  ")]))
    return draw(st.booleans()), json.dumps(word, ensure_ascii=False)


Answers = Mapping[str, tuple[bool, str]]


def sheet(problem: str, answers: Answers) -> bytes:
    """A student's YAML file."""
    lines = [f"problem: {problem}", "student: s1", "answers:" if answers else "answers: {}"]
    for name, (plain, text) in answers.items():
        lines.append(f"  {json.dumps(name, ensure_ascii=False)}: {text if plain else quoted(text)}")
    return "\n".join(lines).encode()


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def table(problem: str, answers: Answers) -> str:
    """The CSV file of a class of one."""
    stream = io.StringIO()
    rows = [["student", "problem", *answers], ["s1", problem, *(text for _, text in answers.values())]]
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


# ---------------------------------------------------------------- marking


class Marks:
    """A problem that can be marked."""

    def __init__(self, problem: Problem) -> None:
        self.known, faults = questions([("problem.yaml", as_yaml(problem).encode())])
        assert not faults, faults
        self.question: Question = next(iter(self.known.values()))
        self.id = self.question.problem.id
        self.worker = Worker(self.known)

    @property
    def key(self) -> Key:
        return self.question.key

    @property
    def names(self) -> list[str]:
        """What can be answered: not what is given."""
        return [name for name in self.key.values if name not in self.key.given]

    def from_yaml(self, data: bytes) -> Result:
        submissions, errors = read_bytes(data, "s1.yaml", self.known, {})
        return self.only(submissions, errors, data)

    def from_csv(self, text: str, folder: Path) -> Result:
        path = folder / "class.csv"
        path.write_text(text, "utf-8", newline="")
        found = list(csv_rows(str(path), list(self.known), {self.id: self.names}, {}))
        submissions = [each for each in found if isinstance(each, Submission)]
        return self.only(submissions, [each for each in found if isinstance(each, SolverError)], text)

    def only(self, submissions: Sequence[Submission], errors: Sequence[SolverError], typed: Any) -> Result:
        assert not errors, (errors, typed)
        described = json.loads(self.worker.marked(submissions, errors, "s1"))
        assert not described.get("not_graded"), (described["not_graded"], typed)
        (result,) = described["results"]
        check_marks(result, self.key)
        return dict(result)

    def mark(self, answers: Answers, folder: Path | None = None) -> Result:
        """Through YAML, or through CSV into a folder."""
        if folder is not None:
            return self.from_csv(table(self.id, answers), folder)
        return self.from_yaml(sheet(self.id, answers))


def marks(problem: Problem) -> Marks:
    """The same; a problem that has no solution is passed over."""
    found = Marks(problem)
    try:
        _ = found.key
    except SolverErrors:
        assume(False)
    return found


def check_marks(result: Result, key: Key) -> None:
    """What holds of every result."""
    points, of = Fraction(result["points"]), Fraction(result["of"])
    frame = key.problem.frame
    assert of == (1 if frame.points is None else frame.points)
    assert 0 <= points <= of
    answers = result["answers"]
    assert sum(Fraction(answer["of"]) for answer in answers) == of
    assert sum(Fraction(answer["points"]) for answer in answers) == points
    assert result["percent"] == (round(float(100 * points / of), 2) if of else 0)
    for answer in answers:
        earned, most = Fraction(answer["points"]), Fraction(answer["of"])
        assert 0 <= earned <= most, answer
        assert answer["verdict"] in ORDER
        if answer["verdict"] == "correct":
            assert earned == most, answer
            assert not answer.keys() & {"mistake", "at", "formula", "from", "wrong_entries", "blank_entries"}
        if answer["verdict"] == "blank" and answer["answer"] is None:
            assert earned == 0, answer
        assert answer.get("also", []) == [] or "mistake" in answer
    names = [answer["name"] for answer in answers]
    assert len(names) == len(set(names))
    places = {name: place for place, name in enumerate(key.values)}
    assert names == sorted(names, key=places.__getitem__)
    assert set(key.ask) <= set(names)
    json.dumps(result, allow_nan=False)


def every_correct(result: Result, names: Sequence[str], typed: Answers) -> None:
    found = {answer["name"]: answer for answer in result["answers"]}
    for name in names:
        assert found[name]["verdict"] == "correct", (typed[name], found[name])
