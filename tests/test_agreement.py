"""Every quantity of random problems agrees with the oracles, which share no code with the program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import oracles
import oracles_cnn
import oracles_conv
import oracles_gain
import pytest
from conftest import PROBLEMS, read, solved
from hypothesis import given, settings
from oracles import distance, numbers
from strategies import problems_logistic, problems_mlp, problems_softmax
from strategies_cnn import problems_cnn_shapes
from strategies_conv import problems_conv2d, problems_pool2d
from strategies_gain import problems_info_gain

from solver import kinds
from solver.cli.files import read_file
from solver.expr.values import Value, exact
from solver.kinds import Solution
from solver.page.from_derivation import Sheet
from solver.page.letters import Letters
from solver.render.json import document
from solver.render.json import solution as described
from solver.spec.problem import Problem

Typed = dict[str, Any]
CLOSE = 1e-9
ORACLES = {
    "cnn-shapes": oracles_cnn.quantities,
    "conv2d": oracles_conv.quantities,
    "info-gain": oracles_gain.quantities,
    "pool2d": oracles_conv.quantities,
}
LARGEST_WHOLE = 2**53
"""From here on every double is whole, and is left a double."""


def published(solution: Solution) -> Typed:
    """The problem's part of the document for programs, as a reader of it gets it."""
    letters = Letters(solution.kind.letters, solution.problem.frame.symbols)
    sheet = Sheet("", ask=solution.ask, letters=letters, rounding=solution.problem.rounding)
    part = described(solution.problem.id, solution.kind.name, solution.derivation, sheet)
    read_back: Typed = json.loads(document([part]))["problems"][0]
    return read_back


def entries(value: Any) -> Iterator[Any]:
    """The numbers of nested lists."""
    if isinstance(value, list):
        for each in value:
            yield from entries(each)
    elif not isinstance(value, str | dict):
        yield value


def agrees(problem: Typed) -> None:
    """Every quantity of the oracle is there, in its shape, with its value; and so it is published."""
    oracle = ORACLES.get(problem["kind"], oracles.quantities)
    expected, solution = oracle(problem), solved(problem)
    assert solution.error is None
    found = published(solution)
    values = found["quantities"]
    assert set(expected) <= set(values), set(expected) - set(values)
    far = {name: (expected[name], values[name]) for name in expected if unlike(expected[name], values[name])}
    assert far == {}
    assert found["ask"]
    assert found["answers"] == {name: values[name] for name in found["ask"]}
    assert all(check["ok"] for check in found["checks"])
    for name, value in values.items():
        assert value == solution.derivation.quantities[name].plain()
        assert all(map(well_typed, entries(value))), (name, value)
    for name, texts in found["exact"].items():
        assert unlike(nested(texts, lambda text: float(Fraction(text))), values[name]) is False
    for step in found["steps"]:
        if "value" in step:  # a general identity has none
            assert step["value"] == values[step["name"]]
            assert set(step["depends"]) <= set(values)
            if not isinstance(step["value"], str | dict):
                assert len(list(entries(step["value"]))) == product(step["shape"])


def unlike(expected: Any, found: Any) -> bool:
    if isinstance(expected, str | dict) or isinstance(found, str | dict):
        return bool(expected != found)
    return not distance(expected, found) <= CLOSE


def well_typed(number: Any) -> bool:
    """Whether a whole number is an integer, and every other one a double."""
    if type(number) is float:
        return not number.is_integer() or abs(number) >= LARGEST_WHOLE
    return type(number) is int


def nested(value: Any, convert: Callable[[Any], Any]) -> Any:
    return [nested(each, convert) for each in value] if isinstance(value, list) else convert(value)


def product(sizes: list[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


@given(problems_logistic())
def test_logistic_gd(problem: Typed) -> None:
    agrees(problem)


@given(problems_mlp())
def test_mlp_forward(problem: Typed) -> None:
    agrees(problem)


@given(problems_softmax())
def test_softmax_ce(problem: Typed) -> None:
    agrees(problem)


@given(problems_conv2d())
def test_conv2d(problem: Typed) -> None:
    agrees(problem)


@given(problems_pool2d())
def test_pool2d(problem: Typed) -> None:
    agrees(problem)


@given(problems_cnn_shapes())
def test_cnn_shapes(problem: Typed) -> None:
    agrees(problem)


@given(problems_info_gain())
def test_info_gain(problem: Typed) -> None:
    agrees(problem)


OLD = [problems_logistic, problems_mlp, problems_softmax]
NEW = [problems_conv2d, problems_pool2d, problems_cnn_shapes, problems_info_gain]


@pytest.mark.fuzz
@pytest.mark.parametrize("problems", OLD + NEW)
def test_at_length(problems: Callable[[], Any]) -> None:
    settings.get_profile("fuzz")(given(problems())(agrees))()


# ---------------------------------------------------------------- exact values


def rational(typed: Any) -> Any:
    """Typed numbers as fractions; raises ValueError for others, such as `sqrt(2)`."""
    if isinstance(typed, list):
        return [rational(each) for each in typed]
    if isinstance(typed, str) and not typed.replace("%", "").replace("/", "").strip("-.").isdecimal():
        return rational_array(typed)
    if isinstance(typed, str) and typed.endswith("%"):
        return Fraction(typed.removesuffix("%")) / 100
    return Fraction(str(typed))


def rational_array(typed: str) -> Any:
    if "sqrt" in typed or "(" in typed or "pi" in typed or "^" in typed:
        raise ValueError(typed)
    if "," in typed or ("e" in typed and "matrix" not in typed):
        return Fraction(typed.replace(",", "."))
    if not isinstance(numbers(typed), list):
        raise ValueError(typed)
    body = typed.replace(r"\begin{bmatrix}", "").replace(r"\end{bmatrix}", "")
    rows = body.replace(r"\\", ";").replace("&", " ").split(";")
    return [[rational(cell) for cell in row.split()] for row in rows]


def dot(left: list[Fraction], right: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))


@given(problems_logistic())
def test_first_scores_are_exact(problem: Typed) -> None:
    fields = problem["given"] | {"batch": "full"}
    try:
        X, w, b = (rational(fields.get(name, 0)) for name in ("X", "w", "b"))
    except ValueError:
        return
    value = solved({**problem, "given": fields}).derivation.quantities["z(0)"]
    expected = [dot(row, w) + b for row in X]
    assert value.exact
    assert list(value.array) == expected
    assert list(map(Fraction, value.fractions())) == expected


@given(problems_softmax())
def test_given_distributions_have_exact_gradients(problem: Typed) -> None:
    fields = problem["given"]
    if "probabilities" not in fields or fields.get("target") is None or fields.get("log", "e") != "e":
        return
    p, y = rational(fields["probabilities"]), fields["target"]
    samples = p if isinstance(p[0], list) else [p]
    targets = y if isinstance(p[0], list) else [y]
    scale = 1 if fields.get("reduction") == "sum" else Fraction(1, len(samples))
    expected = []
    for row, target in zip(samples, targets, strict=True):
        one_hot = [Fraction(int(place == target)) for place in range(len(row))]
        goal = rational(target) if isinstance(target, list) else one_hot
        expected.append([scale * (a - b) for a, b in zip(row, goal, strict=True)])
    found = published(solved(problem))
    wanted = expected if isinstance(p[0], list) else expected[0]
    texts = found["exact"].get("grad", found["quantities"]["grad"])
    assert nested(texts, lambda text: Fraction(str(text))) == wanted


# ---------------------------------------------------------------- pins, and the same again


def midterm(place: int) -> Problem:
    problem = read_file(str(PROBLEMS / "midterm.yaml"))[place]
    assert isinstance(problem, Problem)
    return problem


def test_the_sheet_is_replayed_from_its_mistake() -> None:
    """The wrong gradients of the solution sheet lead to its wrong weights, to the last digit."""
    pins = {f"grad({t})": exact([-1, -4]) for t in range(3)}
    tenth = Fraction(1, 10)
    sheet = {
        "w(1)": [-19 * tenth, -16 * tenth],
        "w(2)": [-18 * tenth, -12 * tenth],
        "w(3)": [-17 * tenth, -8 * tenth],
    }
    found = kinds.solve(midterm(0), pins).derivation.quantities
    assert {name: list(found[name].array) for name in sheet} == sheet
    first = kinds.solve(midterm(0), {"grad(0)": exact([-1, -4])}).derivation.quantities
    assert first["w(1)"].fractions() == ["-19/10", "-8/5"]
    assert list(first["z(1)"].array) == [Fraction(-21, 2), Fraction(32, 5)]
    assert first["w(2)"].fractions() != found["w(2)"].fractions()


def test_a_pinned_step_keeps_its_own_value_beside_it() -> None:
    steps = {
        step.name: step for step in kinds.solve(midterm(0), {"grad(0)": exact([-1, -4])}).derivation.steps
    }
    assert steps["grad(0)"].pinned
    assert not steps["w(1)"].pinned
    assert distance([-2.99998157, -6.99864017], steps["grad(0)"].computed.plain()) < 1e-8


@pytest.mark.parametrize(("p_new", "classes"), [(["1/4", "3/4"], [0, 1]), (["1/2", "1/3"], [1, 0])])
def test_predictions_follow_a_pinned_probability(p_new: list[str], classes: list[int]) -> None:
    problem = {
        "kind": "logistic-gd",
        "given": {"X": [[1]], "y": [1], "w": [0], "iterations": 0, "predict": [[1], [2]]},
    }
    pins = {"p_new": exact([Fraction(text) for text in p_new])}
    assert solved(problem, pins=pins).derivation.quantities["predictions"].plain() == classes


def test_pinned_probabilities_change_what_rests_on_them() -> None:
    problem = {"kind": "softmax-ce", "given": {"logits": [1, 2, 3], "target": 0}}
    pins: Mapping[str, Value] = {"p": exact([Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)])}
    found = solved(problem, pins=pins).derivation.quantities
    assert found["grad"].fractions() == ["-1/2", "1/4", "1/4"]
    assert found["predicted"].plain() == 0
    assert distance(found["loss"].plain(), 0.6931471805599453) < 1e-12


def test_a_pinned_layer_changes_the_class() -> None:
    pins = {"z2": exact([5, 1, 2])}
    found = kinds.solve(midterm(1), pins).derivation.quantities
    assert found["predicted"].plain() == 0
    assert found["z1"].plain() == kinds.solve(midterm(1)).derivation.quantities["z1"].plain()


def test_a_pin_of_another_shape_is_refused() -> None:
    stopped = kinds.solve(midterm(0), {"grad(0)": exact([-1, -4, 0])}).error
    assert stopped is not None
    assert "`grad(0)`" in stopped.message


@settings(max_examples=15)
@given(problems_logistic())
def test_the_same_twice(problem: Typed) -> None:
    first, second = (published(kinds.solve(read(problem))) for _ in range(2))
    assert first == second


@settings(max_examples=15)
@given(problems_softmax())
def test_true_values_pinned_change_nothing(problem: Typed) -> None:
    """A replay with a solution's own values is that solution."""
    solution = solved(problem)
    pins = {step.name: step.value for step in solution.derivation.steps}
    again = solved(problem, pins=pins)
    assert {name: value.plain() for name, value in again.derivation.quantities.items()} == {
        name: value.plain() for name, value in solution.derivation.quantities.items()
    }
