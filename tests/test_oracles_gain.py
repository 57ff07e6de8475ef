"""The oracle of `info-gain` agrees with scipy, scikit-learn, mpmath, published numbers and cases done by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from oracles_gain import (
    NAMES,
    USUAL,
    Table,
    distance,
    doubtful,
    entropy,
    error,
    escaped,
    gini,
    number,
    quantities,
    rows_of,
    shortest,
)
from scipy.stats import entropy as scipy_entropy
from sklearn.metrics import mutual_info_score
from sklearn.tree import DecisionTreeClassifier
from strategies_gain import CRITERIA, as_table, from_a_table, from_counts, problems_info_gain

Problem = dict[str, Any]

PUBLISHED = yaml.safe_load((Path(__file__).parent / "published" / "gain.yaml").read_text(encoding="utf-8"))
FILES = sorted((Path(__file__).parent.parent / "problems" / "info-gain").glob("*.yaml"))
thorough = settings(deadline=None, max_examples=150)
MEASURES: dict[str, Callable[[tuple[int, ...]], Any]] = {"entropy": entropy, "gini": gini, "error": error}
counts = st.lists(st.integers(0, 40), min_size=1, max_size=5).filter(any)


def info_gain(**given_: Any) -> dict[str, Any]:
    return quantities({"kind": "info-gain", "given": given_})


# ---------------------------------------------------------------- measures


@thorough
@given(counts)
@mp.workdps(60)
def test_measures_by_definition(labels: list[int]) -> None:
    n = sum(labels)
    exact = mp.fsum(-mp.mpf(c) / n * mp.log(mp.mpf(c) / n, 2) for c in labels if c)
    assert abs(mp.mpf(str(entropy(tuple(labels)))) - exact) < mp.mpf("1e-55")
    assert distance(float(entropy(tuple(labels))), float(scipy_entropy(labels, base=2))) < 1e-12
    assert gini(tuple(labels)) == sum(Fraction(c, n) * (1 - Fraction(c, n)) for c in labels)
    assert error(tuple(labels)) == Fraction(n - max(labels), n)


def test_entropies_that_are_whole_are_so_exactly() -> None:
    for labels, bits in (((1, 1), 1), ((5, 0), 0), ((2, 2, 2, 2), 2), ((32, 16, 8, 4, 1, 1, 1, 1), 2)):
        assert entropy(labels) == bits


# ---------------------------------------------------------------- published numbers, cases by hand


def close(found: Any, expected: Any, rtol: float, atol: float) -> bool:
    if isinstance(expected, str | dict):
        return bool(found == expected)
    return bool(abs(found - expected) <= atol + rtol * abs(expected))


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: case["source"][:70])
def test_published(case: Problem) -> None:
    rtol, atol = case.get("rtol", 0), case.get("atol", 0)
    found = quantities(case["problem"])
    assert not doubtful(case["problem"])
    far = {
        name: found.get(name, "is missing")
        for name, expected in case["expect"].items()
        if name not in found or not close(found[name], expected, rtol, atol or (0 if rtol else 1e-12))
    }
    assert far == {}


def answered() -> list[Any]:
    """Our own problems: the file, the problem, and its answers as they are typed."""
    found = []
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        for problem, typed in zip(
            yaml.safe_load_all(text), yaml.load_all(text, yaml.BaseLoader), strict=True
        ):
            found.append(pytest.param(file, problem, typed["answers"], id=problem.get("id", file.stem)))
    return found


@pytest.mark.parametrize(("file", "problem", "answers"), answered())
def test_answers_in_our_problems(file: Path, problem: Problem, answers: dict[str, Any]) -> None:
    found = quantities(problem, file.parent)
    assert not doubtful(problem, file.parent)
    for name, typed in answers.items():
        if isinstance(typed, dict) or isinstance(found[name], str):
            assert found[name] == typed
        else:  # within a unit of the last digit in print
            assert abs(found[name] - float(typed)) <= 10.0 ** -len(typed.partition(".")[2]) + 1e-12


def test_names_below_the_root() -> None:
    found = info_gain(
        table="A B y\n10 a/b 0\n20 c) 0\n30 a/b 0\n40 a/b 1\n50 c) 0",
        target="y",
        task="tree",
        criterion="gini",
    )
    assert found["threshold(A)"] == 35
    assert found["tree"] == {"A": {"<=35": "0", ">35": {"A": {"<=45": "1", ">45": "0"}}}}
    assert found["A>35/threshold(A)"] == 45
    assert found["A>35/gini(A<=45)"] == 0
    assert found[r"gini(B=a\/b)"] == pytest.approx(4 / 9)
    assert found[r"A>35/gini(B=c\))"] == 0
    assert "A<=35/gini" not in found


def test_groups_of_values() -> None:
    table = "A B y\na 0 0\nb 0 1\nc 1 0\na 1 0\nb 0 1\nc 0 0\n"
    found = info_gain(table=table, target="y", criterion="gini", binary=True, task="tree")
    assert found["best"] == "A"
    assert found["gini(A=a|c)"] == found["gini(A=b)"] == 0
    assert found["tree"] == {"A": {"a|c": "0", "b": "1"}}
    assert "gini(A=a)" not in found
    again = info_gain(
        table="A y\na 0\nb 1\nc 2\na 0\n", target="y", criterion="gini", binary=True, task="tree"
    )
    assert again["tree"] == {"A": {"a": "0", "b|c": {"A": {"b": "1", "c": "2"}}}}
    assert again["A=b|c/gini(A=b)"] == 0


@pytest.mark.parametrize(
    ("criterion", "score"), [("entropy", "gain"), ("gini", "gini_gain"), ("error", "error_gain")]
)
def test_a_tie_goes_to_the_first_column_and_the_smallest_threshold(criterion: str, score: str) -> None:
    rows = [
        {"B": 1, "A": 1, "y": 0},
        {"B": 2, "A": 2, "y": 1},
        {"B": 3, "A": 3, "y": 1},
        {"B": 4, "A": 4, "y": 0},
    ]
    found = info_gain(rows=rows, target="y", criterion=criterion)
    assert found["best"] == "B"
    assert found[f"{score}(A)"] == found[f"{score}(B)"]
    assert found["threshold(A)"] == 1.5


def test_a_gain_ratio_of_one_at_two_thresholds_is_a_tie() -> None:
    rows = [(0, "b"), (1, "a"), (2, "c"), (2, "c"), (1, "a")]
    found = info_gain(rows=[{"A": a, "y": y} for a, y in rows], target="y", criterion="gain-ratio")
    assert found["gain_ratio(A)"] == 1
    assert found["threshold(A)"] == 0.5


def test_a_tie_at_a_leaf_goes_up_and_then_to_the_label_seen_first() -> None:
    rows = [("a", "x"), ("b", "x"), ("a", "y"), ("b", "y"), ("b", "y")]
    found = info_gain(rows=[{"A": a, "label": label} for a, label in rows], target="label", task="tree")
    assert found["tree"] == {"A": {"a": "y", "b": "y"}}
    assert found["training_error"] == 0.4
    even = info_gain(
        rows=[{"A": a, "label": label} for a, label in rows[:4]], target="label", task="tree", max_depth=1
    )
    assert even["tree"] == {"A": {"a": "x", "b": "x"}}


def test_a_tie_that_is_left_open_is_doubtful() -> None:
    """Of three groupings two are best: `b` alone, or `c` alone."""
    rows = [("a", 0), ("a", 1), ("b", 0), ("b", 0), ("c", 1), ("c", 1)]
    given_ = {"rows": [{"A": a, "y": y} for a, y in rows], "target": "y"}
    assert not doubtful({"given": given_})
    assert doubtful({"given": {**given_, "binary": True, "criterion": "gini"}})


# ---------------------------------------------------------------- forms of the data


@pytest.mark.parametrize("separator", [",", ", ", "|", " | ", "markdown", " ", "\t", "aligned"])
def test_every_form_of_a_table_is_the_same(separator: str, tmp_path: Path) -> None:
    columns: Any = {"A": ["x", "y", "y"], "B": [1, 2.5, -3], "label": ["no", "yes", "no"]}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    (tmp_path / "data.csv").write_text(as_table(columns, ","), encoding="utf-8")
    expected = info_gain(rows=rows, target="label", task="tree")
    assert info_gain(table=as_table(columns, separator), target="label", task="tree") == expected
    read = {"given": {"csv": "data.csv", "target": "label", "task": "tree"}}
    assert quantities(read, tmp_path) == expected


def test_what_is_a_number() -> None:
    for typed, value in (("77.5", "155/2"), ("-3", "-3"), (".5", "1/2"), ("1e3", "1000"), ("1/3", "1/3")):
        assert number(typed) == Fraction(value)
    assert [number(typed) for typed in ("high", "0-10", ">60", "125K", "1/0", "")] == [None] * 6
    assert [shortest(Fraction(typed)) for typed in ("77.50", "75.0", "-0.25", "1200")] == [
        *("77.5", "75", "-0.25", "1200")
    ]


def test_which_columns_are_numeric() -> None:
    rows = [
        {"A": 0, "B": 1, "C": 7, "y": 1},
        {"A": 1, "B": 2, "C": 8, "y": 2},
        {"A": 0, "B": 3, "C": 9, "y": 3},
    ]
    found = info_gain(rows=rows, target="y", numeric=["A"], categorical=["C"])
    assert {name for name in found if name.startswith("threshold")} == {"threshold(A)", "threshold(B)"}
    assert {"H(A<=0.5)", "H(B>1.5)", "H(C=7)"} <= set(found)


@thorough
@given(from_counts(), st.sampled_from(CRITERIA))
def test_counts_say_the_same_as_their_table(given_: Problem, criterion: str) -> None:
    given_ = {**given_, "binary": False, "criterion": criterion}
    rows: list[dict[str, Any]] = []
    for label, count in enumerate(given_["counts"]):
        rows += [{"label": label} for _ in range(count)]
    for name, values in given_["splits"].items():
        column = [
            value
            for label in range(len(given_["counts"]))
            for value in values
            for _ in range(values[value][label])
        ]
        for row, value in zip(rows, column, strict=True):
            row[name] = value
    assert info_gain(rows=rows, target="label", criterion=criterion) == info_gain(**given_)


# ---------------------------------------------------------------- scikit-learn


@st.composite
def numeric_problems(draw: st.DrawFn, columns: int = 3) -> tuple[list[list[float]], list[int], str]:
    n, width = draw(st.integers(3, 14)), draw(st.integers(1, columns))
    pools: list[list[float]] = [[0, 1], [1, 2, 3, 4], [0.5, 1.5, 2.25, 7, 9, 11, 12]]
    values = st.sampled_from(draw(st.sampled_from(pools)))
    X = draw(st.lists(st.lists(values, min_size=width, max_size=width), min_size=n, max_size=n))
    y = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n).filter(lambda y: len(set(y)) > 1))
    return X, y, draw(st.sampled_from(["entropy", "gini"]))


def as_problem(X: list[list[float]], y: list[int], criterion: str, **options: Any) -> dict[str, Any]:
    rows = [{**{f"x{j}": value for j, value in enumerate(row)}, "y": c} for row, c in zip(X, y, strict=True)]
    varied = [f"x{j}" for j, column in enumerate(zip(*X, strict=True)) if len(set(column)) > 1]
    return info_gain(rows=rows, target="y", numeric=varied, features=varied, criterion=criterion, **options)


@thorough
@given(numeric_problems())
def test_the_first_split_is_scikit_learns(drawn: tuple[Any, Any, str]) -> None:
    X, y, criterion = drawn
    assume(any(len(set(column)) > 1 for column in zip(*X, strict=True)))
    found = as_problem(X, y, criterion)
    letter, gained = NAMES[criterion]
    tree = DecisionTreeClassifier(criterion=criterion, max_depth=1, random_state=0).fit(X, y).tree_
    weights = tree.n_node_samples / len(y)
    assert distance(tree.impurity[0], found[letter]) < 1e-12
    remainder = float(weights[1] * tree.impurity[1] + weights[2] * tree.impurity[2])
    best = found["best"]
    assert distance(remainder, found[f"remainder({best})"]) < 1e-9
    assert distance(tree.impurity[0] - remainder, found[f"{gained}({best})"]) < 1e-9


@thorough
@given(numeric_problems(columns=1))
def test_a_threshold_is_scikit_learns(drawn: tuple[Any, Any, str]) -> None:
    X, y, criterion = drawn
    assume(len({row[0] for row in X}) > 1)
    found = as_problem(X, y, criterion)
    tree = DecisionTreeClassifier(criterion=criterion, max_depth=1).fit(X, y).tree_
    values = sorted({row[0] for row in X})
    middles = [(a + b) / 2 for a, b in pairwise(values)]
    measure = MEASURES[criterion]

    def remainder(middle: float) -> float:
        sides = [
            [c for row, c in zip(X, y, strict=True) if (row[0] <= middle) == low] for low in (True, False)
        ]
        return sum(len(side) / len(y) * float(measure(tuple(Counter(side).values()))) for side in sides)

    lowest = min(map(remainder, middles))
    best = [middle for middle in middles if remainder(middle) < lowest + 1e-9]
    assert found["threshold(x0)"] == best[0]
    assert tree.threshold[0] in best


@thorough
@given(numeric_problems())
def test_a_full_tree_errs_as_often_as_scikit_learns(drawn: tuple[Any, Any, str]) -> None:
    X, y, criterion = drawn
    assume(any(len(set(column)) > 1 for column in zip(*X, strict=True)))
    model = DecisionTreeClassifier(criterion=criterion).fit(X, y)
    assert distance(1 - model.score(X, y), as_problem(X, y, criterion, task="tree")["training_error"]) < 1e-12


@thorough
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), min_size=2, max_size=15))
def test_gain_is_mutual_information(pairs: list[tuple[str, str]]) -> None:
    rows = [{"A": a, "label": label} for a, label in pairs]
    found = info_gain(rows=rows, target="label", criterion="gain-ratio")
    features, labels = zip(*pairs, strict=True)
    bits = mutual_info_score(features, labels) / np.log(2)
    assert abs(bits - found["gain(A)"]) < 1e-12
    own = float(scipy_entropy(list(Counter(features).values()), base=2))
    assert abs(own - found["split_info(A)"]) < 1e-12
    assert abs((bits / own if own else 0) - found["gain_ratio(A)"]) < 1e-9


@thorough
@given(
    st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2),
    st.sampled_from(["entropy", "gini"]),
)
def test_the_best_grouping_of_two_classes_is_in_order_of_their_share(
    values: dict[str, tuple[int, int]], criterion: str
) -> None:
    """Breiman's theorem: sorted by the share of a class, the best two groups are a beginning and an end."""
    values = {value: pair for value, pair in values.items() if any(pair)}
    assume(len(values) > 1)
    total = [sum(column) for column in zip(*values.values(), strict=True)]
    splits = {"A": {value: list(pair) for value, pair in values.items()}}
    found = info_gain(counts=total, splits=splits, binary=True, criterion=criterion)
    ordered = sorted(values.values(), key=lambda pair: Fraction(pair[1], sum(pair)))
    measure = MEASURES[criterion]
    remainders = []
    for cut in range(1, len(ordered)):
        sides = [tuple(map(sum, zip(*side, strict=True))) for side in (ordered[:cut], ordered[cut:])]
        remainders.append(sum(sum(side) / sum(total) * float(measure(side)) for side in sides))
    assert distance(min(remainders), found["remainder(A)"]) < 1e-12


# ---------------------------------------------------------------- trees


def classified(tree: Any, row: dict[str, str], numeric: set[str]) -> str:
    """The label that a tree gives to a row, by its branches as they are written."""
    while isinstance(tree, dict):
        ((name, branches),) = tree.items()
        if name in numeric:
            (low, high) = branches
            assert low.startswith("<=")
            assert high == f">{low[2:]}"
            tree = branches[low if float(row[name]) <= float(low[2:]) else high]
        else:
            (tree,) = [below for branch, below in branches.items() if row[name] in branch.split("|")]
    return str(tree)


trees = st.builds(
    lambda given_, criterion: {**given_, "task": "tree", "criterion": criterion},
    from_a_table(),
    st.sampled_from(CRITERIA),
)


@thorough
@given(trees)
def test_a_tree_errs_where_it_says(given_: Problem) -> None:
    found, rows = info_gain(**given_), rows_of(given_, None)
    numeric = Table(given_, None, USUAL).numeric
    wrong = sum(classified(found["tree"], row, numeric) != row[given_["target"]] for row in rows)
    assert distance(wrong / len(rows), found["training_error"]) < 1e-12


@thorough
@given(trees)
def test_a_node_is_the_root_of_its_own_table(given_: Problem) -> None:
    """What is said below a branch is what the branch's rows say by themselves."""
    given_ = {key: value for key, value in given_.items() if key not in ("binary", "max_depth")}
    found, table = info_gain(**given_), Table(given_, None, USUAL)
    best = found["best"]
    for branch, rows in table.branches(best, table.rows).items():
        prefix = f"{escaped(best)}{escaped(branch)}/"
        below = {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}
        columns = [
            name
            for name in table.features
            if table.several(name, rows) and (name != best or name in table.numeric)
        ]
        if len({row[table.target] for row in rows}) < 2 or not columns:
            assert below == {}
        elif len(rows) >= given_.get("min_samples", 0):
            alone = info_gain(
                rows=rows,
                target=table.target,
                criterion=table.criterion,
                features=columns,
                numeric=[name for name in columns if name in table.numeric],
                categorical=[name for name in columns if name not in table.numeric],
            )
            assert {name: below[name] for name in alone} == alone


@thorough
@given(problems_info_gain())
@example({"given": {"table": "A y\na 0\nb 0\n", "target": "y"}})
def test_every_name_is_there_and_no_gain_is_negative(problem: Problem) -> None:
    found = quantities(problem)
    criterion = problem["given"].get("criterion", "entropy")
    assert criterion in CRITERIA
    letter, gained = NAMES[criterion]
    columns = {name[len(gained) + 1 : -1] for name in found if name.startswith(f"{gained}(")}
    assert columns == {name[10:-1] for name in found if name.startswith("remainder(")}
    assert {escaped(found["best"])} <= columns
    for name in columns:
        assert distance(found[letter] - found[f"remainder({name})"], found[f"{gained}({name})"]) < 1e-12
        assert found[f"{gained}({name})"] >= 0
    scored = "gain_ratio" if criterion == "gain-ratio" else gained
    top = max(found[f"{scored}({name})"] for name in columns)
    assert distance(top, found[f"{scored}({escaped(found['best'])})"]) < 1e-12
