"""Right answers are right in every honest dress, marks add up, and what follows from an error is carried.

The problems are random ones of every kind and option. A right answer is the model's own value, written as a person
might: at few digits or all, as a fraction, a row for a column, with decimal commas, in LaTeX, in YAML or CSV.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import as_yaml
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from strategies import problems_logistic, problems_mlp, problems_softmax
from strategies_cnn import problems_cnn_shapes
from strategies_conv import problems_conv2d, problems_pool2d
from strategies_gain import problems_info_gain

from solver import kinds
from solver.cli.worker import Question, Worker, questions
from solver.derivation import Step
from solver.errors import SolverError, SolverErrors
from solver.expr.values import Value, gather, label
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
NOTHING = Decimal("1e-12")
"""What is smaller may be written as 0."""


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
    """As a fraction, where a person would still write one."""
    exact = isinstance(number, (int, Fraction)) and len(str(number)) < 40
    return str(number) if exact else in_full(number)


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


# ---------------------------------------------------------------- properties


PHASES = (Phase.generate, Phase.shrink)
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def tried(default: int, fuzz: int) -> Sequence[Any]:
    """Every kind, with so many problems; more of them under the mark `fuzz`."""
    few = [pytest.param(kind, default, id=kind) for kind in KINDS]
    many = [pytest.param(kind, fuzz, id=f"{kind}-fuzz", marks=pytest.mark.fuzz) for kind in KINDS]
    return [*few, *many]


def each(kind: str, examples: int, test: Callable[[Problem, st.DataObject], None]) -> None:
    """Try a property on random problems of a kind."""
    chosen = settings(max_examples=examples, suppress_health_check=SLOW, phases=PHASES)
    chosen(given(KINDS[kind](), st.data())(test))()


@st.composite
def policies(draw: Draw, problem: Problem) -> Problem:
    """The problem with points, and perhaps a rounding and a policy of marking; right answers stay right."""
    more: Problem = {"points": draw(st.sampled_from([1, 3, "5/2", "1/3", 0]))}
    if draw(st.booleans()):
        rounding: Problem = draw(st.sampled_from([{"decimals": 3}, {"significant": 4}, {"decimals": 5}]))
        more["rounding"] = {**rounding, "each_step": draw(st.booleans())}
    if draw(st.booleans()):
        tolerance = draw(st.sampled_from(["1%", "0.1%", "10%", 0.01]))
        more["grading"] = {"tolerance": tolerance, "entries": draw(st.booleans()), "carried": "1/2"}
    return {**problem, **more}


def some(draw: Draw, names: Sequence[str]) -> list[str]:
    """All names, or some of them in any order."""
    if draw(st.booleans()):
        return list(names)
    return draw(st.lists(st.sampled_from(names), min_size=1, unique=True))


@pytest.mark.parametrize(("kind", "examples"), tried(8, 300))
def test_right_answers_are_right_in_every_dress(kind: str, examples: int, tmp_path: Path) -> None:
    def right(problem: Problem, data: st.DataObject) -> None:
        found = marks(data.draw(policies(problem)))
        typed = {
            name: data.draw(dressed(found.key.values[name], name)) for name in some(data.draw, found.names)
        }
        result = found.mark(typed, tmp_path if data.draw(st.booleans()) else None)
        every_correct(result, typed)
        if set(typed) >= set(found.key.ask):
            assert result["points"] == result["of"]

    each(kind, examples, right)


def every_correct(result: Result, typed: Answers) -> None:
    found = {answer["name"]: answer for answer in result["answers"]}
    for name, text in typed.items():
        assert found[name]["verdict"] == "correct", (text, found[name])


def in_digits(value: Value) -> tuple[bool, str]:
    """A value with all its digits; what is as good as 0 is written so."""
    if value.label:
        return True, json.dumps(value.array.item(), ensure_ascii=False)
    entries = ["0" if abs(x) < NOTHING else exact_text(x) for x in value.array.flat]
    return False, flow(nested(entries, value.shape))


def shows(value: Value) -> bool:
    """Whether each number has at least two significant digits, or is the whole number that it is."""
    return value.label or all(
        whole(x) or len(str(decimal_of(x)).replace(".", "").lstrip("-0")) > 1 for x in value.array.flat
    )


@pytest.mark.parametrize(("kind", "examples"), tried(5, 160))
def test_each_step_may_be_rounded(kind: str, examples: int) -> None:
    """Whether the problem asks for that or not, and whether the student does when it does."""

    def right(problem: Problem, data: st.DataObject) -> None:
        digits = data.draw(st.sampled_from([{"decimals": 3}, {"decimals": 4}, {"significant": 3}]))
        rounded = {**problem, "rounding": {**digits, "each_step": True}}
        key, students = data.draw(
            st.sampled_from([(problem, rounded), (rounded, rounded), (rounded, problem)])
        )
        found, values = marks(key), marks(students).key.values
        names = [name for name in found.names if name in values]
        names = [name for name in names if not cut_short(values[name], found.key.values[name])]
        typed = {name: in_digits(values[name]) for name in names}
        result = found.mark(typed)
        if all(shows(values[name]) and not lost(values[name], found.key.values[name]) for name in typed):
            every_correct(result, typed)
        for answer in result["answers"]:
            if answer["name"] in typed:
                assert answer["verdict"] in ("correct", "carried", "imprecise"), answer

    each(kind, examples, right)


def cut_short(typed: Value, true: Value) -> bool:
    """Whether a whole number was rounded to another one: it is wanted as it is."""
    return not true.label and any(
        whole(t) and x != t for x, t in zip(typed.array.flat, true.array.flat, strict=True)
    )


def lost(typed: Value, true: Value) -> bool:
    """Whether a number was rounded to nothing, so that it is only imprecise."""
    return not true.label and any(not x and t for x, t in zip(typed.array.flat, true.array.flat, strict=True))


@pytest.mark.parametrize(("kind", "examples"), tried(5, 160))
def test_what_follows_from_another_value_is_carried(kind: str, examples: int) -> None:
    def carried(problem: Problem, data: st.DataObject) -> None:
        found = marks(problem)
        chance = random.Random(data.draw(st.integers(0, 10**6)))
        step = data.draw(
            st.sampled_from([step for step in found.key.truth.order if options(found.key, step)])
        )
        other = another(found.key, step, chance)
        try:
            student = kinds.solve(found.question.problem, pins={step.name: other})
        except SolverErrors:
            assume(False)
        assume(student.error is None)
        values = student.derivation.quantities
        twice = {name for each in found.key.truth.order for name in each.also}
        names = [name for name in found.names if name in values and name not in twice]
        if data.draw(st.booleans()):
            names = [name for name in names if name == step.name or chance.random() < 0.5]
        result = found.mark({name: in_digits(values[name]) for name in names})
        for answer in result["answers"]:
            name = answer["name"]
            if name not in (*names, step.name):
                assert answer["verdict"] == "blank"
            elif name != step.name:
                assert answer["verdict"] in ("correct", "carried"), (step.name, other, answer)
                assert "mistake" not in answer
                assert answer["verdict"] == "carried" or alone(found, name, values[name]), answer

    each(kind, examples, carried)


def alone(found: Marks, name: str, value: Value) -> bool:
    """Whether an answer is right by itself."""
    result = found.mark({name: in_digits(value)})
    return {answer["name"]: answer["verdict"] for answer in result["answers"]}[name] == "correct"


def options(key: Key, step: Step) -> bool:
    """Whether a step can have another value that stands in for its own."""
    return len(choices(key.truth, step.name)) > 1 if step.value.label else True


def another(key: Key, step: Step, chance: random.Random) -> Value:
    """Another value for a step: another label, other whole numbers, any numbers."""
    true = step.value
    if true.label:
        every = choices(key.truth, step.name)
        return label(chance.choice([name for name in every if name != true.array.item()]))
    if all(map(whole, true.array.flat)):
        return gather([int(x) + chance.choice((1, 2, 3, 5)) for x in true.array.flat], true.shape)
    return gather([Fraction(chance.randint(1, 9999), 1000) for _ in true.array.flat], true.shape)


# ---------------------------------------------------------------- marks


@st.composite
def papers(draw: Draw, found: Marks) -> dict[str, tuple[bool, str]]:
    """Answers of all sorts: right, rounded too far, wrong, blank, unreadable, of another shape."""
    typed: dict[str, tuple[bool, str]] = {}
    for name in draw(st.lists(st.sampled_from(found.names), min_size=1, max_size=12, unique=True)):
        value = found.key.values[name]
        way = draw(st.sampled_from(["right", "right", "wrong", "near", "blank", "half", "words", "shape"]))
        if way == "right":
            typed[name] = draw(dressed(value, name))
        elif way == "blank":
            typed[name] = False, ""
        elif way == "words" or value.label:
            typed[name] = False, draw(st.sampled_from(["about three", "nan", "x = ?", "__import__('os')"]))
        elif way == "shape":
            typed[name] = False, "1 2; 3 4; 5 6"
        else:
            wrong = way == "wrong"
            entries = [
                f"{float(x) * (1.3 if wrong else 1) + wrong:.{2 if wrong else 1}g}" for x in value.array.flat
            ]
            if way == "half":
                entries[0] = "null"
            typed[name] = False, flow(nested(entries, value.shape))
    return typed


def placeless(result: Result) -> Result:
    """A result without where its answers stand, and without what nobody asks for and nobody answered."""
    answers = [
        {key: value for key, value in answer.items() if key not in ("line", "column")}
        for answer in result["answers"]
        if answer["asked"] or answer["verdict"] != "blank" or answer["answer"] is not None
    ]
    return {**result, "file": "", "answers": answers}


@pytest.mark.parametrize(("kind", "examples"), tried(3, 80))
def test_marks_add_up_in_any_order_and_any_file(kind: str, examples: int, tmp_path: Path) -> None:
    def adds_up(problem: Problem, data: st.DataObject) -> None:
        typed_problem = data.draw(policies(problem))
        found = marks(typed_problem)
        typed = data.draw(papers(found))
        result = found.mark(typed)
        shuffled = data.draw(st.permutations(sorted(typed)))
        again = marks(typed_problem)
        assert placeless(again.mark({name: typed[name] for name in shuffled})) == placeless(result), (
            "the order"
        )
        assert found.mark(typed) == again.mark(typed) == result, "once more"
        if any(text for _, text in typed.values()):
            assert placeless(found.mark(typed, tmp_path)) == placeless(result), "a table"
        for answer in result["answers"]:
            if not typed.get(answer["name"], (True, ""))[1]:
                assert (answer["verdict"], answer["points"]) == ("blank", "0")

    each(kind, examples, adds_up)


@pytest.mark.parametrize(("kind", "examples"), [each for each in tried(4, 120) if "gain" not in str(each.id)])
def test_an_array_earns_by_the_entry(kind: str, examples: int) -> None:
    """The share of the right entries, where nothing explains the others."""

    def shared(problem: Problem, data: st.DataObject) -> None:
        entries = data.draw(st.booleans())
        found = marks({**problem, "points": 7, "grading": {"entries": entries}})
        arrays = [name for name in found.key.ask if found.key.values[name].size > 1]
        assume(arrays)
        name = data.draw(st.sampled_from(arrays))
        value = found.key.values[name]
        chance = random.Random(data.draw(st.integers(0, 10**6)))
        wrong = [chance.random() < 0.5 for _ in range(value.size)]
        texts = [
            f"{chance.uniform(50, 90) + 3 * abs(float(x)):.6f}" if lost else exact_text(x)
            for x, lost in zip(value.array.flat, wrong, strict=True)
        ]
        result = found.mark({name: (False, flow(nested(texts, value.shape)))})
        (answer,) = (each for each in result["answers"] if each["name"] == name)
        assume(answer["verdict"] != "mistake")  # a guess that chance has hit
        right = Fraction(wrong.count(False), len(wrong)) if entries else Fraction(not any(wrong))
        assert Fraction(answer["points"]) == Fraction(answer["of"]) * right
        assert answer["verdict"] == ("wrong" if any(wrong) else "correct")
        assert len(answer.get("wrong_entries", ())) == wrong.count(True)

    each(kind, examples, shared)


@given(
    st.lists(st.sampled_from(["0", "1", "1/3", "2/7"]), min_size=2, max_size=2), st.sampled_from(["3", "1/7"])
)
def test_weights_are_exact(weights: list[str], points: str) -> None:
    assume(any(weight != "0" for weight in weights))
    problem = {
        "kind": "softmax-ce",
        "given": {"logits": [1, 2, 3], "target": 0},
        "points": points,
        "grading": {"weights": dict(zip(("p", "loss"), weights, strict=True))},
    }
    found = Marks(problem)
    result = found.mark({name: in_digits(found.key.values[name]) for name in ("p", "loss")})
    of = {answer["name"]: Fraction(answer["of"]) for answer in result["answers"]}
    total = sum(map(Fraction, weights))
    assert [of["p"], of["loss"]] == [Fraction(points) * Fraction(weight) / total for weight in weights]
    assert result["points"] == result["of"] == points


def test_papers_that_differ_only_in_signs_of_their_own_are_marked_apart() -> None:
    """Equal papers are marked once, so no text may pass for another paper's."""
    found = Marks({"kind": "softmax-ce", "given": {"logits": [0, 0]}})
    head = "problem: problem\nanswers: "
    for one, two in (
        ('{p: ["1", "2"]}', '{p: ["1,\\x022"]}'),
        ('{p: "1", m: "2"}', '{p: "1\\0m\\0\\x022"}'),
        ('{p: ["[1", "2]"]}', '{p: ["[1,\\x022]"]}'),
    ):
        first = found.from_yaml((head + one).encode())
        assert found.from_yaml((head + two).encode())["answers"] != first["answers"]


# ---------------------------------------------------------------- faults that these tests found


def verdicts(problem: Problem, answers: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    result = Marks(problem).mark({name: (False, text) for name, text in answers.items()})
    return {answer["name"]: (answer["verdict"], answer.get("mistake")) for answer in result["answers"]}


PLAY: Problem = {
    "kind": "info-gain",
    "given": {
        "table": "x,y\n94,1\n81,1\n79,1\n81,0\n79,0\n81,1\n79,0\n81,1\n79,1\n94,1",
        "target": "y",
        "criterion": "gain-ratio",
    },
}


def test_what_another_threshold_gives_is_carried() -> None:
    """The branches of the truth do not say what rests on what in the student's own."""
    found = verdicts(PLAY, {"H": "0.88129", "threshold(x)": "3", "remainder(x)": "0.88129", "gain(x)": "0"})
    assert found["threshold(x)"] == ("wrong", None)
    assert found["remainder(x)"] == found["gain(x)"] == ("carried", None)


def test_a_number_at_too_few_digits_of_the_students_own_is_imprecise() -> None:
    """No mistake that would change nothing is found in it."""
    problem = {"kind": "softmax-ce", "given": {"logits": [14, 8, -3, 13]}}
    rows = "0.197 -0.001 0 -0.196; -0.001 0.002 0 -0.001; 0 0 0 0; -0.196 -0.001 0 0.196"
    found = verdicts(problem, {"p": "0.73 0.002 0 0.268", "jacobian": rows})
    assert found["p"] == found["jacobian"] == ("imprecise", None)


def test_what_only_a_students_branch_has_is_no_fault() -> None:
    """Wrong values below a threshold of their own, and where nothing follows any more."""
    found = verdicts(PLAY, {"threshold(x)": "2", "H": "0.7", "remainder(x)": "0.77", "gain(x)": "0.33"})
    assert found["gain(x)"] == ("wrong", None)
    net = {"input": "8x8x1", "layers": ["conv3-2", "maxpool", "conv3-2", "relu", "FC-3"]}
    for name in ("conv2.shape", "conv2.macs", "relu1.shape", "fc1.params", "total_macs"):
        wrong = {"conv1.shape": "[2, 2, 2]", "conv1.params": "21", "pool1.shape": "[1, 1, 2]"}
        verdicts({"kind": "cnn-shapes", "given": net}, wrong | {name: "7"})


def test_all_digits_of_a_double_are_exact() -> None:
    found = Marks({"kind": "softmax-ce", "given": {"logits": [0.3, 1, 2]}, "grading": {"tolerance": "exact"}})
    for name in ("p", "log_p"):
        full = flow([in_full(x) for x in found.key.values[name].array.flat])
        result = found.mark({name: (False, full)})
        assert [a["verdict"] for a in result["answers"] if a["name"] == name] == ["correct"]


def test_the_smallest_numbers_that_the_program_prints_are_read() -> None:
    found = verdicts(
        {"kind": "softmax-ce", "given": {"logits": [0, 710]}}, {"p": "[4.476286225675131e-309, 1.0]"}
    )
    assert found["p"] == ("correct", None)
