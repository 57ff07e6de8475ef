"""Values of a student's own in place of computed ones: what follows from them, and what does not."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from conftest import PROBLEMS, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_cnn import problems_cnn_shapes
from strategies_conv import problems_conv2d, problems_pool2d
from strategies_gain import problems_info_gain

from solver import kinds
from solver.cli.files import read_file
from solver.expr.values import Value, double, exact, label
from solver.kinds import Solution
from solver.page.from_derivation import Sheet, page
from solver.page.letters import Letters
from solver.render.json import document
from solver.render.json import solution as described
from solver.render.terminal import terminal
from solver.spec.problem import Problem

Typed = dict[str, Any]
Pins = Mapping[str, Value]


def problem(path: str) -> Problem:
    found, *_ = read_file(str(PROBLEMS / path))
    assert isinstance(found, Problem)
    return found


def follow(path: str, pins: Pins) -> dict[str, Any]:
    """All quantities of one of our problems after some values are pinned."""
    return quantities(kinds.solve(problem(path), pins))


def quantities(solution: Solution) -> dict[str, Any]:
    assert solution.error is None
    assert drawn(solution)
    return {name: value.plain() for name, value in solution.derivation.quantities.items()}


def drawn(solution: Solution) -> list[str]:
    """The page; that there is one, and a document for programs, is a test of its own."""
    letters = Letters(solution.kind.letters, solution.problem.frame.symbols)
    sheet = Sheet("", ask=solution.ask, letters=letters, stopped=solution.stopped is not None)
    if not sheet.stopped:
        part = described("", solution.kind.name, solution.derivation, sheet)
        assert json.loads(document([part]))["problems"]
    return ["".join(text for _, text in line) for line in terminal(page(solution.derivation, sheet), 80)]


@cache
def unpinned(path: str) -> dict[str, Any]:
    return follow(path, {})


def changed(path: str, pins: Pins) -> set[str]:
    """The names of the quantities that are others than without the pins."""
    before, after = unpinned(path), follow(path, pins)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def refused(path: str, pins: Pins) -> str:
    """What is told of pins that nothing can follow from."""
    solution = kinds.solve(problem(path), pins)
    assert solution.error is not None
    assert drawn(solution)
    return solution.error.message


def fraction(*texts: str) -> list[Fraction]:
    return [Fraction(text) for text in texts]


# ---------------------------------------------------------------- conv2d

NETWORK = "conv2d/whole-network.yaml"
Y = [[1, -2, 3, 4], [5, 6, -7, 8], [9, 10, 11, 12], [-13, 14, 15, -16]]


def test_what_is_behind_a_convolution_follows() -> None:
    found = follow(NETWORK, {"Y": exact(Y)})
    assert found["Y"] == Y
    assert found["relu"] == [[1, 0, 3, 4], [5, 6, 0, 8], [9, 10, 11, 12], [0, 14, 15, 0]]
    assert found["maxpool"] == [[6, 8], [14, 15]]
    assert found["flatten"] == [6, 8, 14, 15]
    assert found["dense"] == [1.1, 6.7]
    assert found["softmax"] == pytest.approx([0.00368423984, 0.99631576016])
    assert changed(NETWORK, {"Y": exact(Y)}) == {"Y", "relu", "maxpool", "flatten", "dense", "softmax"}


def test_fractions_stay_exact() -> None:
    pins = {"maxpool": exact([fraction("1/3", "0"), fraction("0", "1/7")])}
    dense = kinds.solve(problem(NETWORK), pins).derivation.quantities["dense"]
    assert dense.fractions() == ["11/210", "59/105"]
    assert changed(NETWORK, pins) == {"maxpool", "flatten", "dense", "softmax"}


def test_the_output_follows_from_a_padded_input_and_a_flipped_kernel() -> None:
    zeros = {"X_padded": exact([[0] * 6] * 6)}
    assert follow(NETWORK, zeros)["Y"] == [[-10] * 4] * 4
    flipped = "conv2d/flipped-kernel.yaml"
    kernel = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
    assert unpinned(flipped)["Y"] == [[-13, -20, -17], [-18, -24, -18], [13, 20, 17]]
    assert follow(flipped, {"K'": exact(kernel)})["Y"] == [[13, 20, 17], [18, 24, 18], [-13, -20, -17]]


def test_the_second_layer_of_a_kind_follows_the_first() -> None:
    layers = ["relu", {"maxpool": {"size": 2, "stride": 1}}, "relu", {"maxpool": 2}, "flatten"]
    typed: Typed = {"input": [[1, 2, 3, 4]] * 4, "kernel": [[1, 0], [0, -1]], "then": layers}
    pins = {"maxpool": exact([[-3, 8], [2, -5]])}
    found = quantities(solved({"kind": "conv2d", "given": typed}, pins=pins))
    assert found["relu"] == [[0] * 3] * 3
    assert (found["relu2"], found["maxpool2"], found["flatten"]) == ([[0, 8], [2, 0]], [[8]], [8])


def test_a_dense_layer_follows_its_flattened_input() -> None:
    then = [{"dense": {"W": [[1, 2, 3, 4]], "b": [10]}}]
    typed: Typed = {"input": [[1, 2], [3, 4]], "kernel": [[1]], "then": then}
    found = quantities(solved({"kind": "conv2d", "given": typed}, pins={"dense.input": exact([0, 0, 1, 0])}))
    assert (found["Y"], found["dense"]) == ([[1, 2], [3, 4]], [13])


@pytest.mark.parametrize(
    ("pins", "told"),
    [
        (
            {"Y": exact([[1, 2], [3, 4]])},
            "`Y` cannot be computed: a value of shape (4, 4) is needed, got (2, 2)",
        ),
        ({"Y": exact(1)}, "`Y` cannot be computed: a value of shape (4, 4) is needed, got ()"),
        (
            {"flatten": exact([[1, 2], [3, 4]])},
            "`flatten` cannot be computed: a value of shape (4,) is needed",
        ),
        ({"softmax": exact([1])}, "`softmax` cannot be computed: a value of shape (2,) is needed, got (1,)"),
    ],
)
def test_another_shape_is_told(pins: Pins, told: str) -> None:
    assert refused(NETWORK, pins).startswith(told)


# ---------------------------------------------------------------- pool2d

POOL = "pool2d/deeplearning-ai-max.yaml"


def test_pooling_has_nothing_that_follows() -> None:
    assert changed(POOL, {"Y": exact([[1, 2], [3, 4]])}) == {"Y"}
    places = exact([[[0, 0], [0, 2]], [[2, 0], [2, 2]]])
    assert changed(POOL, {"argmax": places}) == {"argmax"}


def test_another_shape_of_a_pooling_is_told() -> None:
    told = "`argmax` cannot be computed: a value of shape (2, 2, 2) is needed, got (2, 2)"
    assert refused(POOL, {"argmax": exact([[0, 0], [1, 1]]), "Y": exact([[0, 0], [1, 1]])}) == told
    assert "`Y` cannot be computed" in refused(POOL, {"Y": exact([[1]])})


# ---------------------------------------------------------------- cnn-shapes

SHAPES = "cnn-shapes/midterm-4.yaml"


def test_later_shapes_follow_a_shape() -> None:
    found = follow(SHAPES, {"conv1.shape": exact([127, 127, 64])})
    assert (found["conv2.shape"], found["flatten.shape"]) == ([123, 123, 2], [123 * 123 * 2])
    assert (found["conv1.params"], found["conv2.params"], found["total_params"]) == (4864, 3202, 8066)
    assert found["conv2.macs"] == 123 * 123 * 2 * 5 * 5 * 64
    assert found["total_size"] == 127 * 127 * 64 + 2 * 123 * 123 * 2


def test_parameters_follow_the_channels() -> None:
    found = follow(SHAPES, {"conv1.shape": exact([126, 126, 32])})
    assert (found["conv2.shape"], found["conv2.params"]) == ([122, 122, 2], (5 * 5 * 32 + 1) * 2)
    assert found["total_params"] == 4864 + 1602


def test_all_parameters_follow_those_of_a_layer() -> None:
    assert follow(SHAPES, {"conv1.params": exact(4800)})["total_params"] == 8002
    assert changed(SHAPES, {"conv1.params": exact(4800)}) == {"conv1.params", "total_params"}
    both = {"conv1.params": exact(1), "conv2.params": exact(2), "total_params": exact(4)}
    assert follow(SHAPES, both)["total_params"] == 4
    assert changed(SHAPES, {"total_params": exact(1)}) == {"total_params"}


def test_a_dense_layer_follows_the_map_before_it() -> None:
    typed = {"input": "32x32x3", "layers": ["conv3-8", "maxpool2", "FC-10", "FC-5"]}
    pins = {"pool1.shape": exact([16, 16, 8])}
    found = quantities(solved({"kind": "cnn-shapes", "given": typed}, pins=pins))
    assert (found["fc1.params"], found["fc2.params"]) == ((16 * 16 * 8 + 1) * 10, 55)
    assert found["total_params"] == 3 * 3 * 3 * 8 + 8 + 20490 + 55
    first = quantities(
        solved({"kind": "cnn-shapes", "given": typed}, pins={"conv1.shape": exact([20, 20, 8])})
    )
    assert (first["pool1.shape"], first["fc1.params"]) == ([10, 10, 8], 8010)


def test_branches_that_are_joined_follow() -> None:
    layers = [
        {"conv": {"filters": 4, "kernel": 3, "padding": "same"}, "name": "a"},
        {"conv": {"filters": 6, "kernel": 1}, "from": "input", "name": "b"},
        {"concat": {}, "from": ["a", "b"]},
        "conv1-2",
    ]
    typed = {"input": [3, 8, 8], "layers": layers, "order": "CHW"}
    found = quantities(solved({"kind": "cnn-shapes", "given": typed}, pins={"b.shape": exact([16, 8, 8])}))
    assert (found["concat1.shape"], found["conv1.params"]) == ([20, 8, 8], (20 + 1) * 2)


@pytest.mark.parametrize(
    ("pins", "told"),
    [
        (
            {"conv1.shape": exact([126, 126])},
            "`conv1.shape` cannot be computed: a value of shape (3,) is needed",
        ),
        ({"conv2.params": exact([3202])}, "`conv2.params` cannot be computed: a value of shape () is needed"),
        ({"total_params": exact([[1]])}, "`total_params` cannot be computed: a value of shape () is needed"),
    ],
)
def test_another_shape_of_a_count_is_told(pins: Pins, told: str) -> None:
    assert refused(SHAPES, pins).startswith(told)


# ---------------------------------------------------------------- info-gain

FIVE = "info-gain/five-samples.yaml"
GOLF = "info-gain/weather-numeric.yaml"


def test_remainder_and_gain_follow_an_entropy() -> None:
    """H(A1=1) is 1 too, so that the remainder is 1 and the gain H − 1."""
    found = follow(FIVE, {"H(A1=0)": exact(1)})
    assert (found["remainder(A1)"], found["gain(A1)"]) == (1, pytest.approx(found["H"] - 1))
    assert changed(FIVE, {"H(A1=0)": exact(1)}) == {"H(A1=0)", "remainder(A1)", "gain(A1)"}


def test_gains_follow_the_entropy_of_the_labels() -> None:
    found = follow(FIVE, {"H": exact(2)})
    for name in ("A1", "A2", "A3"):
        assert found[f"gain({name})"] == pytest.approx(2 - found[f"remainder({name})"])


def test_the_best_column_and_its_tree_follow_a_gain() -> None:
    found = follow(FIVE, {"gain(A3)": exact(1)})
    below = {"A2": {"0": "0", "1": "1"}}
    assert found["best"] == "A3"
    assert found["tree"] == {"A3": {"0": {"A1": {"1": below, "0": "0"}}, "1": below}}
    assert (found["A3=0/best"], found["training_error"]) == ("A1", 0)
    assert not any(name.startswith("A2=") for name in found)


def test_a_gain_that_makes_a_tie_goes_to_the_first_column() -> None:
    tie = follow(FIVE, {"gain(A1)": exact(Fraction(1, 2)), "gain(A3)": exact(Fraction(1, 2))})
    assert tie["best"] == "A1"
    lines = drawn(kinds.solve(problem(FIVE), {f"gain({name})": exact(1) for name in ("A1", "A2", "A3")}))
    assert "A1, A2 and A3 are equally good; the column that stands first is taken." in lines


def test_another_tree_is_grown_from_another_best_column() -> None:
    found = follow(FIVE, {"best": label("A1")})
    assert found["tree"] == {"A1": {"1": {"A2": {"0": "0", "1": "1"}}, "0": "0"}}
    assert (found["A1=1/H"], found["A1=1/gain(A2)"], found["A1=1/gain(A3)"]) == (1, 1, 0)
    assert {"gain(A1)", "gain(A2)", "gain(A3)", "H"} & changed(FIVE, {"best": label("A1")}) == set()


def test_below_the_root_too() -> None:
    wanted = {"A2": {"0": "0", "1": {"A3": {"0": {"A1": {"1": "1", "0": "0"}}, "1": "1"}}}}
    for pins in ({"A2=1/best": label("A3")}, {"A2=1/gain(A3)": exact(1)}):
        assert follow(FIVE, pins)["tree"] == wanted
    found = follow(FIVE, {"H(A2=1)": exact(Fraction(1, 2))})
    assert (found["A2=1/H"], found["A2=1/gain(A1)"]) == (0.5, 0.5)
    assert follow(FIVE, {"A2=1/tree": label("0")})["tree"] == {"A2": {"0": "0", "1": "0"}}


@pytest.mark.parametrize(("best", "wrong"), [("A2", 1), ("A1", 2), ("A3", 2)])
def test_the_training_error_follows_the_best_column(best: str, wrong: int) -> None:
    """Leaves of both labels go to the majority above them, 0."""
    rows = "A1 A2 A3 y\n1 0 0 0\n1 0 1 0\n0 1 0 0\n1 1 1 1\n1 1 0 1\n"
    fields = {"table": rows, "target": "y", "task": "tree", "max_depth": 1}
    found = solved({"kind": "info-gain", "given": fields}, pins={"best": label(best)}).derivation.quantities
    assert found["training_error"].fractions() == f"{wrong}/5"


@pytest.mark.parametrize(
    ("criterion", "pins", "expected"),
    [
        ("gini", {"gini(A=1)": 0}, {"remainder(A)": 0, "gini_gain(A)": "12/25"}),
        ("error", {"error(A=1)": 0}, {"remainder(A)": "1/5", "error_gain(A)": "1/5"}),
        ("gain-ratio", {"gain(A)": 1, "split_info(A)": 2}, {"gain_ratio(A)": "1/2"}),
        ("gini", {"gini": 1, "remainder(A)": "1/4"}, {"gini_gain(A)": "3/4"}),
    ],
)
def test_the_other_criteria(criterion: str, pins: Typed, expected: Typed) -> None:
    """Of two labels, 3 and 2 samples."""
    parts = {"0": [2, 0], "1": [1, 2]} if criterion == "gini" else {"0": [1, 1], "1": [2, 1]}
    fields = {"counts": [3, 2], "splits": {"A": parts}, "criterion": criterion}
    values = {name: exact(Fraction(value)) for name, value in pins.items()}
    found = solved({"kind": "info-gain", "given": fields}, pins=values).derivation.quantities
    assert {name: found[name].fractions() for name in expected} == {
        name: str(value) for name, value in expected.items()
    }


def wrong_beside(limit: float, xs: Iterable[float], ys: Iterable[str]) -> int:
    """How many samples a threshold leaves in the minority of their side."""
    sides: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for x, y in zip(xs, ys, strict=True):
        sides[x <= limit][y] += 1
    return sum(side.total() - max(side.values(), default=0) for side in sides.values())


@pytest.mark.parametrize("limit", ["5/2", "1/2", "3.75", "6"])
def test_the_split_and_the_training_error_follow_a_threshold(limit: str) -> None:
    """Also where it does not stand midway."""
    xs, ys = range(9), "aabaabbbb"
    rows = [{"x": x, "y": y} for x, y in zip(xs, ys, strict=True)]
    fields = {"rows": rows, "target": "y", "task": "tree", "max_depth": 1}
    pins = {"threshold(x)": exact(Fraction(limit))}
    found = solved({"kind": "info-gain", "given": fields}, pins=pins).derivation.quantities
    text = {"5/2": "2.5", "1/2": "0.5"}.get(limit, limit)
    assert list(found["tree"].plain()["x"]) == [f"<={text}", f">{text}"]
    assert {f"H(x<={text})", f"H(x>{text})"} <= found.keys()
    wrong = wrong_beside(float(Fraction(limit)), xs, ys)
    assert found["training_error"].fractions() == str(Fraction(wrong, 9))


def test_another_threshold_among_other_columns() -> None:
    found = follow(GOLF, {"threshold(Humidity)": exact(75)})
    assert found["H(Humidity<=75)"] == pytest.approx(0.7219280948873623)  # 4 of 5 play
    assert found["H(Humidity>75)"] == pytest.approx(0.9910760598382222)  # 5 of 9
    assert found["gain(Humidity)"] == pytest.approx(0.04533417202914436)
    assert (found["best"], found["training_error"]) == ("Outlook", 0)
    tree = follow(GOLF, {"threshold(Humidity)": exact(75), "best": label("Humidity")})["tree"]
    assert list(tree["Humidity"]) == ["<=75", ">75"]


def test_a_threshold_outside_splits_nothing() -> None:
    for limit, name in ((1000, "H(Humidity<=1000)"), (-1, "H(Humidity>-1)")):
        pins = {"threshold(Humidity)": exact(limit), "best": label("Humidity")}
        found = follow(GOLF, pins)
        assert (found[name], found["gain(Humidity)"]) == (pytest.approx(found["H"]), pytest.approx(0))
        assert found["tree"] == "Play"
        assert found["training_error"] == pytest.approx(5 / 14)


def test_a_threshold_outside_below_the_root_leaves_a_leaf() -> None:
    """Of 2, 3, …, 7 with b b a a b b, no sample is above 100."""
    rows = [{"x": x, "y": y} for x, y in enumerate("aabbaabb")]
    fields = {"rows": rows, "target": "y", "task": "tree"}
    solution = solved({"kind": "info-gain", "given": fields}, pins={"x>1.5/threshold(x)": exact(100)})
    found = quantities(solution)
    assert found["tree"] == {"x": {"<=1.5": "a", ">1.5": "b"}}
    assert found["training_error"] == 2 / 8


@pytest.mark.parametrize("best", ["A4", "a2", "", "A2=1", "yes\nno"])
def test_a_best_that_is_no_column_is_told(best: str) -> None:
    assert refused(FIVE, {"best": label(best)}).startswith("`best` cannot be computed: there is no column `")


def test_a_column_that_is_used_up_is_told() -> None:
    told = "`A2=1/best` cannot be computed: there is no column `A2` to split by"
    assert refused(FIVE, {"A2=1/best": label("A2")}) == told


@pytest.mark.parametrize("name", ["best", "tree", "H", "gain(A1)", "H(A1=0)", "training_error", "A2=1/best"])
def test_another_shape_of_a_number_is_told(name: str) -> None:
    told = f"`{name}` cannot be computed: a value of shape () is needed, got (2,)"
    assert refused(FIVE, {name: exact([1, 2])}) == told


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        *((FIVE, name, exact(3)) for name in ("best", "tree", "A2=1/best")),
        *((FIVE, name, label("x")) for name in ("H", "gain(A1)", "H(A1=0)", "training_error")),
        *((GOLF, "threshold(Humidity)", label("x")), (SHAPES, "conv1.params", label("4864"))),
        *((FIVE, "best", label({"A1": "x"})), (SHAPES, "total_params", label("many"))),
    ],
)
def test_words_for_numbers_and_numbers_for_words_are_told(path: str, name: str, value: Value) -> None:
    assert refused(path, {name: value}).startswith(f"`{name}` cannot be computed: ")


def test_a_pinned_step_keeps_its_own_value_beside_it() -> None:
    steps = {step.name: step for step in kinds.solve(problem(FIVE), {"best": label("A1")}).derivation.steps}
    assert (steps["best"].value.plain(), steps["best"].computed.plain()) == ("A1", "A2")
    assert steps["best"].pinned
    assert not steps["tree"].pinned


def test_a_name_that_there_is_not_changes_nothing() -> None:
    for path in (FIVE, SHAPES, NETWORK, POOL):
        assert changed(path, {"grad(0)": exact(1), "A9=1/H": exact(1)}) == set()


def test_doubles_serve_too() -> None:
    assert follow(FIVE, {"H": double(0.97)})["gain(A2)"] == pytest.approx(0.97 - 0.5509775004326937)
    assert follow(GOLF, {"threshold(Humidity)": double(77.5)})["threshold(Humidity)"] == 77.5


# ---------------------------------------------------------------- random problems


def convolved(given: Typed, pins: Pins | None = None) -> Solution:
    solution = solved({"kind": "conv2d", "given": given}, pins=pins)
    assert solution.error is None
    return solution


@settings(max_examples=15)
@given(
    problems_conv2d().filter(lambda typed: "then" in typed["given"]), st.lists(st.integers(-9, 9), min_size=9)
)
def test_layers_behind_a_pinned_output(typed: Typed, entries: list[int]) -> None:
    """They are those behind a convolution that leaves its input, the same numbers, as it is."""
    fields = typed["given"]
    first = convolved(fields).derivation
    shape, images = first.quantities["Y"].shape, len(first.given[0].value.shape) == 4
    array = nested(shape, itertools.cycle(entries).__next__)
    found = convolved(fields, {"Y": exact(array)}).derivation
    filters = shape[-3] if len(shape) == 3 + images else 0
    image = [[matrix] for matrix in array] if images and not filters else array
    kernel = [[[1]]] * filters if filters else [[1]]
    identity = {"input": image, "kernel": kernel, "groups": filters or 1, "then": fields["then"]}
    alike = convolved(identity).derivation
    names = alike.quantities.keys() - {each.name for each in alike.given} - {"Y.height", "Y.width"}
    assert {name: found.quantities[name].plain() for name in names} == {
        name: alike.quantities[name].plain() for name in names
    }


def nested(shape: tuple[int, ...], entry: Callable[[], int | Fraction]) -> Any:
    """An array of that shape as nested lists."""
    return [nested(shape[1:], entry) for _ in range(shape[0])] if shape else entry()


RANDOM = st.one_of(problems_conv2d(), problems_pool2d(), problems_cnn_shapes(), problems_info_gain())


@settings(max_examples=15)
@given(RANDOM)
def test_true_values_pinned_change_nothing(typed: Typed) -> None:
    """A replay with a solution's own values is that solution, in names, values and order."""
    first = solved(typed)
    again = solved(typed, pins={step.name: step.value for step in first.derivation.steps})
    assert [(name, value.plain()) for name, value in again.derivation.quantities.items()] == [
        (name, value.plain()) for name, value in first.derivation.quantities.items()
    ]


VALUES = st.one_of(
    st.integers(-3, 20).map(Fraction),
    st.sampled_from(fraction("1/2", "7/10", "-1/3")),
    st.just(Fraction(10**9)),
)


@settings(max_examples=15)
@given(RANDOM, st.data())
def test_any_value_pinned_stands(typed: Typed, data: st.DataObject) -> None:
    """With what follows from it, or with a word about what cannot follow."""
    steps = list(solved(typed).derivation.steps)
    chosen = data.draw(st.lists(st.sampled_from(steps), min_size=1, max_size=3))
    pins: dict[str, Value] = {}
    for step in chosen:
        if step.value.label:
            columns = [each.name[5:-1] for each in steps if each.name.startswith("gain(")]
            pins[step.name] = label(data.draw(st.sampled_from([*columns, "nothing"])))
        else:
            entries = data.draw(st.lists(VALUES, min_size=4, max_size=4))
            pins[step.name] = exact(nested(step.value.shape, itertools.cycle(entries).__next__))
    solution = solved(typed, pins=pins)
    assert drawn(solution)
    found = solution.derivation.quantities
    assert all(found[name].plain() == value.plain() for name, value in pins.items() if name in found)
    assert solution.error is not None or set(solution.ask) <= found.keys()
