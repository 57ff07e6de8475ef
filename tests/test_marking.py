"""Marking: the rule of comparison, verdicts, what is carried, what is charged, what is named."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from conftest import PROBLEMS, as_yaml

from solver import kinds
from solver.cli.worker import questions
from solver.errors import Source
from solver.expr.rounding import Rounding
from solver.expr.values import Scalar, label, to_decimal
from solver.grading.compare import in_words, judged
from solver.grading.key import Key
from solver.grading.marking import alike, mark
from solver.grading.typed import Typed, read
from solver.render.marks import Marker
from solver.spec import yaml
from solver.spec.marking import ONE_PERCENT, Tolerance
from solver.spec.problem import Problem, read_problems

Answers = dict[str, dict[str, Any]]


def typed(text: str) -> Any:
    """A node of YAML."""
    documents, faults = yaml.read(Source("answers.yaml", text))
    assert not faults
    return documents[0]


def problem_of(given: Mapping[str, Any]) -> Problem:
    (problem,) = read_problems(Source("question.yaml", as_yaml(given)), kinds.fields_of, kinds.names)
    assert isinstance(problem, Problem), problem
    return problem


def marks(problem: Mapping[str, Any] | Problem, answers: str) -> tuple[Answers, str]:
    """The marked answers by name, and the points."""
    key = Key(problem if isinstance(problem, Problem) else problem_of(problem))
    result = mark(key, typed(answers))
    described = Marker(key).described(result)
    assert sum(each.of for each in result.answers) == result.of
    assert all(0 <= each.points <= each.of for each in result.answers)
    return {each["name"]: each for each in described["answers"]}, described["points"]


def verdicts(problem: Mapping[str, Any] | Problem, answers: str) -> dict[str, str]:
    return {name: each["verdict"] for name, each in marks(problem, answers)[0].items()}


DESCENT: dict[str, Any] = {
    "kind": "logistic-gd",
    "points": 3,
    "ask": ["w(3)"],
    "given": {
        "X": [[3, 3], [0, -4]],
        "y": [1, 0],
        "w": [-2, -2],
        "learning_rate": "0.1",
        "iterations": 3,
        "loss": "sum",
    },
}
NETWORK: dict[str, Any] = {
    "kind": "mlp-forward",
    "given": {
        "x": [2, 3],
        "layers": [
            {"W": [[4, 3], [0, 4], [4, 2], [1, -2]], "b": [0, 1, 3, 2], "activation": "relu"},
            {"W": [[3, 1, 1, 0], [0, 3, 1, 1], [2, 0, 1, 4]], "b": [0, 4, 3], "activation": "softmax"},
        ],
    },
}
WEATHER: dict[str, Any] = {
    "kind": "info-gain",
    "given": {
        "table": "a b play\n0 0 no\n0 1 no\n1 0 yes\n1 1 yes\n",
        "target": "play",
        "task": "tree",
    },
}
TIE: dict[str, Any] = {
    "kind": "info-gain",
    "given": {"table": "a b play\n0 0 no\n1 1 yes\n", "target": "play", "task": "tree"},
}


# ---------------------------------------------------------------- one number


def one(text: str, true: Scalar, tolerance: Tolerance = ONE_PERCENT, **more: Any) -> str:
    entry = read(typed(f"'{text}'"), (), isinstance(true, int))
    assert isinstance(entry, Typed)
    return judged(entry.entries[0], true, tolerance, **more)


TINY, NEARLY, SMALL = (to_decimal(Fraction(x)) for x in ("6.1442e-6", "0.999998", "0.0639157"))


@pytest.mark.parametrize(
    ("text", "true", "verdict"),
    [
        ("1.3", Fraction(1309, 1000), "correct"),  # within 1 %
        ("1.4", Fraction(135, 100), "correct"),  # rounded, half up
        ("1.3", Fraction(135, 100), "correct"),  # rounded, half down
        ("0.064", SMALL, "correct"),
        ("0.06", SMALL, "imprecise"),
        ("0.1", SMALL, "imprecise"),
        ("0.2", SMALL, "wrong"),
        ("0.063", SMALL, "imprecise"),  # cut
        ("0", TINY, "imprecise"),
        ("0.9", NEARLY, "imprecise"),
        ("1", NEARLY, "correct"),
        ("4864", 4864, "correct"),
        ("4,864", 4864, "correct"),
        ("4 864", 4864, "correct"),
        ("4865", 4864, "wrong"),
        ("126.0", 126, "correct"),
        ("0.004", 0, "correct"),
        ("0.005", 0, "wrong"),
        ("1/3", Fraction(1, 3), "correct"),
        ("0.33", Fraction(1, 3), "correct"),
        ("-0.33", Fraction(1, 3), "wrong"),
        ("0,33", Fraction(1, 3), "correct"),
        ("\u22120.5", Fraction(-1, 2), "correct"),
        ("+.5", Fraction(1, 2), "correct"),
        ("50%", Fraction(1, 2), "correct"),
    ],
)
def test_the_rule(text: str, true: Scalar, verdict: str) -> None:
    assert one(text, true) == verdict


@pytest.mark.parametrize(
    ("text", "true", "tolerance", "verdict"),
    [
        ("1.01", Fraction(1001, 1000), Tolerance("absolute", Fraction(1, 100)), "correct"),
        ("1.02", Fraction(1001, 1000), Tolerance("absolute", Fraction(1, 100)), "wrong"),
        ("-11.72", Fraction(-117, 10), Tolerance("absolute", Fraction(2, 100)), "correct"),  # the very edge
        ("1.35", Fraction(13456, 10000), Tolerance("decimals", Fraction(2)), "correct"),
        ("1.3", Fraction(13456, 10000), Tolerance("decimals", Fraction(2)), "imprecise"),
        ("1.36", Fraction(13456, 10000), Tolerance("decimals", Fraction(2)), "wrong"),
        ("123", Fraction(1234, 10), Tolerance("significant", Fraction(3)), "correct"),
        ("124", Fraction(1234, 10), Tolerance("significant", Fraction(3)), "wrong"),
        ("1/3", Fraction(1, 3), Tolerance("exact"), "correct"),
        ("0.33", Fraction(1, 3), Tolerance("exact"), "wrong"),
        ("0.3333", Fraction(1, 3), Tolerance("exact"), "correct"),
    ],
)
def test_tolerances(text: str, true: Scalar, tolerance: Tolerance, verdict: str) -> None:
    assert one(text, true, tolerance) == verdict
    assert in_words(tolerance, true)


def test_zero_counts_exactly_where_something_is_counted() -> None:
    assert one("0.004", 0, count=True) == "wrong"
    assert one("0", 0, count=True) == "correct"


def test_rounding_as_the_problem_asks_is_right() -> None:
    assert one("0.1", SMALL, rounding=Rounding(decimals=1)) == "correct"


# ---------------------------------------------------------------- the sheet


def test_the_sheet_of_the_midterm() -> None:
    answers, points = marks(
        DESCENT, "{grad(0): [-1, -4], w(1): [-1.9, -1.6], w(2): [-1.8, -1.2], w(3): [-1.7, -0.8]}"
    )
    assert points == "3/2"
    assert answers["grad(0)"]["mistake"] == "brackets"
    assert answers["grad(0)"]["at"] == "grad(0)"
    assert answers["grad(0)"]["from"] == "true"
    assert answers["grad(0)"]["formula"] == r"X^{\top} p^{(0)} - y"
    assert answers["grad(0)"]["wrong_entries"] == [[0], [1]]
    assert answers["grad(0)"]["message"] == (
        "You computed Xᵀ p⁽⁰⁾ − y. The brackets belong around p⁽⁰⁾ − y: Xᵀ(p⁽⁰⁾ − y)."
    )
    assert [answers[f"w({t})"]["verdict"] for t in (1, 2, 3)] == ["carried"] * 3
    assert answers["w(3)"]["repeat"] is True
    assert answers["w(3)"]["mistake"] == "brackets"


def test_the_sheet_is_among_the_problems() -> None:
    path = PROBLEMS / "logistic-gd" / "midterm-sheet.yaml"
    found, faults = questions([(str(path), path.read_bytes())])
    assert not faults
    (question,) = found.values()
    assert question.problem.frame.answers is not None
    result = mark(question.key, question.problem.frame.answers)
    assert next(each for each in result.answers if each.found).found.guess.mistake == "brackets"  # type: ignore[union-attr]


def test_only_the_end_is_typed() -> None:
    answers, points = marks(DESCENT, "{w(3): [-1.7, -0.804]}")
    assert points == "0"
    assert (answers["w(3)"]["mistake"], answers["w(3)"]["at"]) == ("brackets", "grad(0)")


# ---------------------------------------------------------------- carried, charged


def test_a_slip_that_nothing_explains_is_carried() -> None:
    answers, points = marks(DESCENT, "{grad(0): [-3.1, -6.5], w(1): [-1.69, -1.35], w(3): [9, 9]}")
    assert answers["grad(0)"]["verdict"] == "wrong"
    assert "mistake" not in answers["grad(0)"]
    assert answers["w(1)"]["verdict"] == "carried"
    assert answers["w(3)"]["verdict"] == "wrong"
    assert points == "0"


ASKED = {**DESCENT, "ask": ["grad(0)", "w(1)", "w(2)"]}
SLIP = "{grad(0): [-2, -5], w(1): [-1.8, -1.5], w(2): [-1.5, -0.801]}"


@pytest.mark.parametrize(
    ("grading", "points"),
    [
        ({}, "2"),  # the error costs where it was made, what follows earns all
        ({"carried": "1/2"}, "1"),
        ({"weights": {"w(2)": 1}}, "3/2"),  # an error without points: the first that follows is charged
        ({"weights": {"w(2)": 1}, "charged": 0}, "0"),
        ({"weights": {"w(1)": 1, "w(2)": 2}}, "5/2"),
        ({"entries": False}, "2"),
    ],
)
def test_policies(grading: dict[str, Any], points: str) -> None:
    assert marks({**ASKED, "grading": grading}, SLIP)[1] == points


def test_a_right_entry_earns_its_share() -> None:
    assert marks(DESCENT, "{w(3): [-1.1008, 5]}")[1] == "3/2"
    assert marks({**DESCENT, "grading": {"entries": False}}, "{w(3): [-1.1008, 5]}")[1] == "0"


def test_what_a_mistake_earns() -> None:
    assert marks({**DESCENT, "grading": {"mistake": "1/3"}}, "{w(3): [-1.7, -0.804]}")[1] == "1"


def test_rounding_at_each_step_is_right() -> None:
    answers, points = marks(
        {**DESCENT, "ask": ["w(1)", "w(2)", "w(3)"]},
        "{p(0): [0.00, 1.00], grad(0): [-3.00, -7.00], w(1): [-1.70, -1.30], w(2): [-1.40, -0.60],"
        " w(3): [-1.10, 0.06]}",
    )
    assert answers["w(2)"]["verdict"] == "correct"
    assert answers["w(3)"]["verdict"] in ("correct", "imprecise")
    assert points in ("3", "11/4")


def test_a_degenerate_answer_stands_in_for_nothing() -> None:
    assert (
        verdicts(DESCENT, "{grad(0): [0, 0], w(1): [-2, -2], w(3): [-1.1008, 0.0639]}")["w(3)"] == "correct"
    )
    assert verdicts(DESCENT, "{grad(0): [0, 0], w(1): [-2, -2]}")["w(1)"] != "carried"


def test_another_best_column_is_carried_through_the_tree() -> None:
    answers, _ = marks(WEATHER, "{best: b, tree: {b: {0: {a: {0: no, 1: yes}}, 1: {a: {0: no, 1: yes}}}}}")
    assert answers["best"]["verdict"] == "wrong"
    assert answers["tree"]["verdict"] == "carried"


def test_equal_winners_are_right() -> None:
    assert verdicts(TIE, "{best: a, tree: {a: {0: no, 1: yes}}}") == {
        **verdicts(TIE, "{best: b, tree: {b: {0: no, 1: yes}}}")
    }
    assert verdicts(TIE, "{best: B, tree: {b: {0: no, 1: yes}}}")["tree"] == "correct"
    assert verdicts(TIE, "{best: b}")["best"] == "correct"


def test_labels_by_meaning() -> None:
    assert alike(" Play Tennis", "play  tennis")
    assert alike(
        {"Humidity": {"<= 77.5": "No", ">77.5": "yes"}}, {"humidity": {"<=77.50": "no", "> 77.5": "yes"}}
    )
    assert not alike({"a": {"0": "no"}}, {"a": {"0": "yes"}})
    assert not alike("a", {"a": {}})


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("problem", "answers", "name", "mistake", "at"),
    [
        (DESCENT, "{grad(0): [3, 7]}", "grad(0)", "swapped-operands", "grad(0)"),
        (DESCENT, "{w(1): [-2.3, -2.69986]}", "w(1)", "sign", "w(1)"),
        (DESCENT, "{w(1): [1, 4.99864]}", "w(1)", "dropped-factor", "w(1)"),
        (NETWORK, "{z1: [17, 12, 14, -4]}", "z1", "dropped-term", "z1"),
        (NETWORK, "{z2: [81, 58, 46]}", "z2", "function-forgotten", "a1"),
        (
            {"kind": "softmax-ce", "given": {"logits": [2, 1, "0.1"], "target": 0}},
            "{loss: 0.1811}",
            "loss",
            "other-function",
            "loss",
        ),
        (
            {
                "kind": "conv2d",
                "given": {"input": [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "kernel": [[1, 2], [3, 4]]},
            },
            "{Y: [[23, 33], [53, 63]]}",
            "Y",
            "kernel-flipped",
            "Y",
        ),
        (
            {
                "kind": "pool2d",
                "given": {"input": [[1, 2, 9], [4, 5, 6], [7, 8, 3]], "type": "max", "size": 2, "stride": 1},
            },
            "{Y: [[3, 5.5], [6, 5.5]]}",
            "Y",
            "other-function",
            "Y",
        ),
        (
            {"kind": "cnn-shapes", "given": {"input": "32x32x3", "layers": ["conv5-6", "maxpool2"]}},
            "{conv1.params: 450}",
            "conv1.params",
            "dropped-term",
            "conv1.params",
        ),
        (
            {
                "kind": "info-gain",
                "given": {"counts": [9, 5], "splits": {"wind": {"weak": [6, 2], "strong": [3, 3]}}},
            },
            "{H: 0.6518}",
            "H",
            "other-function",
            "H",
        ),
    ],
)
def test_mistakes(problem: dict[str, Any], answers: str, name: str, mistake: str, at: str) -> None:
    found = marks(problem, answers)[0][name]
    assert found["verdict"] == "mistake"
    assert mistake in (found["mistake"], *found["also"])
    assert found["at"] == at
    assert found["message"]


def test_a_number_that_many_edits_could_hit_is_wrong() -> None:
    found = marks(DESCENT, "{loss(0): 10}")[0]["loss(0)"]
    assert found["verdict"] == "wrong"
    assert "mistake" not in found


def test_the_same_mistake_again_is_charged_once() -> None:
    problem = {
        "kind": "cnn-shapes",
        "given": {"input": "32x32x3", "layers": ["conv5-6", "conv5-16", "FC-10"]},
    }
    answers, _ = marks(problem, "{conv1.params: 450, conv2.params: 2400, fc1.params: 92160}")
    assert [answers[f"{layer}.params"]["verdict"] for layer in ("conv1", "conv2", "fc1")] == [
        "mistake",
        "carried",
        "carried",
    ]
    assert answers["fc1.params"]["repeat"] is True


# ---------------------------------------------------------------- the other verdicts


def test_blank_unreadable_unknown() -> None:
    key = Key(problem_of({**DESCENT, "ask": ["w(1)", "w(2)", "w(3)"]}))
    result = mark(key, typed("{w(1): about 3, w(2): null, w(9): 1, W(3): [-1.1008, 0.0639]}"))
    assert {each.name: each.verdict for each in result.answers} == {
        "w(1)": "unreadable",
        "w(2)": "blank",
        "w(3)": "correct",
    }
    (error,) = result.not_graded
    assert "w(9)" in error.message
    assert error.hint == "did you mean `w(3)`?"


def test_other_shapes() -> None:
    answers, _ = marks(DESCENT, "{w(3): [1, 2, 3]}")
    assert answers["w(3)"]["message"] == "The shape should be 2 numbers."
    assert verdicts(DESCENT, "{w(3): [[-1.1008], [0.0639]]}")["w(3)"] == "correct"
    assert "note" in marks(DESCENT, "{w(3): [[-1.1008], [0.0639]]}")[0]["w(3)"]


def test_an_entry_that_was_left_blank() -> None:
    found, points = marks(DESCENT, "{w(3): [-1.1008, null]}")
    assert found["w(3)"]["verdict"] == "blank"
    assert found["w(3)"]["blank_entries"] == [[1]]
    assert points == "3/2"


def test_answers_that_a_marker_has_judged() -> None:
    known = {"name": "w(3)", "answer": [-1, 5], "share": "1/3", "says": "half a thought"}
    found, points = marks({**DESCENT, "grading": {"known": [known]}}, "{w(3): [-1, 5]}")
    assert points == "1"
    assert found["w(3)"]["message"] == "half a thought"
    working = {"name": "grad(0)", "answer": [-2, -5], "share": 0, "says": "a known slip"}
    found, points = marks({**ASKED, "ask": ["w(2)"], "grading": {"known": [working]}}, SLIP)
    assert (found["grad(0)"]["message"], found["w(2)"]["verdict"], points) == (
        "a known slip",
        "carried",
        "3/2",
    )


def test_each_step_rounded_by_the_problem() -> None:
    problem = {**DESCENT, "rounding": {"decimals": 2, "each_step": True}}
    key = Key(problem_of(problem))
    rounded = key.values["w(3)"].plain()
    assert verdicts(problem, f"{{w(3): {rounded}}}")["w(3)"] == "correct"
    assert verdicts(problem, "{w(3): [-1.10078, 0.0639157]}")["w(3)"] == "correct"  # more exactly than asked


def test_a_policy_that_names_nothing_is_refused() -> None:
    from solver.errors import SolverErrors

    with pytest.raises(SolverErrors, match="no quantity `w\\(4\\)`"):
        Key(problem_of({**DESCENT, "grading": {"weights": {"w(4)": 1}}}))


def test_quantities_of_a_branch_that_only_the_student_took() -> None:
    weather = PROBLEMS / "info-gain" / "play-tennis-tree.yaml"
    found, _ = questions([(str(weather), weather.read_bytes())])
    (question,) = found.values()
    own = question.key.world({"best": label("Humidity")})
    assert own is not None
    name = next(each for each in own.values if each.startswith("Humidity=") and each.endswith("/H"))
    result = mark(
        question.key, typed(f"{{best: Humidity, {name}: {float(own.values[name].floats):.3f}, x/H: 1}}")
    )
    verdict = {each.name: each.verdict for each in result.answers}
    assert (verdict["best"], verdict[name]) == ("wrong", "carried")
    assert len(result.not_graded) == 1
