"""What a page does not show may be left out of a solution: the page is the same to the letter."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import PROBLEMS, as_yaml, call, read
from hypothesis import given, settings
from strategies_gain import problems_info_gain

from solver import kinds
from solver.cli.files import read_file
from solver.expr.evaluate import Detail
from solver.expr.values import Value, exact
from solver.kinds import Solution, info_gain
from solver.page.from_derivation import Sheet, page
from solver.page.letters import Letters
from solver.render.terminal import terminal
from solver.spec.problem import Problem

Typed = dict[str, Any]


def drawn(solution: Solution, detail: Detail = Detail.NORMAL) -> list[str]:
    sheet = Sheet(
        title=solution.problem.frame.title or "",
        ask=solution.ask,
        letters=Letters(solution.kind.letters, solution.problem.frame.symbols),
        rounding=solution.problem.rounding,
        detail=detail,
        stopped=solution.stopped is not None,
    )
    return ["".join(text for _, text in line) for line in terminal(page(solution.derivation, sheet), 80)]


def both(problem: Problem) -> tuple[Solution, Solution]:
    """The solution as pages need it and the whole one, after a comparison of their pages and values."""
    lazy, whole = kinds.solve(problem, whole=False), kinds.solve(problem)
    assert lazy.ask == whole.ask
    assert drawn(lazy) == drawn(whole)
    few, all_ = lazy.derivation.quantities, whole.derivation.quantities
    assert few.keys() <= all_.keys()
    assert {name: value.plain() for name, value in few.items()} == {name: all_[name].plain() for name in few}
    assert [check.name for check in lazy.derivation.checks] == [
        check.name for check in whole.derivation.checks
    ]
    assert {step.name for step in lazy.derivation.steps} <= {step.name for step in whole.derivation.steps}
    return lazy, whole


def nodes(solution: Solution) -> int:
    """The inner nodes of a whole tree."""
    return sum(name.endswith("best") for name in solution.derivation.quantities)


def table(seed: int, features: int, rows: int, **given: Any) -> Typed:
    """A random tree of columns of words, every third one of numbers."""
    rng = random.Random(seed)
    words = [
        {
            **{
                f"A{place}": rng.randint(1, 9) if place % 3 == 2 else rng.choice("xyz")
                for place in range(features)
            },
            "y": rng.choice(["no", "yes", "yes", "perhaps"]),
        }
        for _ in range(rows)
    ]
    return {"kind": "info-gain", "given": {"rows": words, "target": "y", "task": "tree", **given}}


BUSH = table(1, 3, 100)
"""A tree of some forty nodes."""


@pytest.mark.parametrize("path", sorted((PROBLEMS / "info-gain").glob("*.yaml")), ids=lambda path: path.stem)
def test_our_problems(path: Path) -> None:
    for problem in read_file(str(path)):
        assert isinstance(problem, Problem)
        both(problem)


@settings(max_examples=8)
@given(problems_info_gain())
def test_random_problems(typed: Typed) -> None:
    """On pages that show no more than five nodes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(info_gain, "MOST_NODES", 5)
        lazy, whole = both(read(typed))
        assert drawn(lazy, Detail.FULL) == drawn(whole, Detail.FULL)


@pytest.mark.parametrize(
    ("features", "rows", "given"),
    [
        (3, 30, {"binary": True, "criterion": "gini"}),
        (3, 32, {"criterion": "gain-ratio"}),
        (3, 60, {"max_depth": 6, "min_samples": 5, "criterion": "error"}),
    ],
)
def test_random_trees(features: int, rows: int, given: Typed) -> None:
    both(read(table(features + rows, features, rows, **given)))


@pytest.mark.parametrize(("features", "rows", "count"), [(13, 9, 4), (10, 11, 5)])
def test_trees_with_a_few_more_nodes_than_are_shown(features: int, rows: int, count: int) -> None:
    """Of a short series of sections a page leaves out nothing."""
    names = [f"A{place}" for place in range(features)]
    samples: list[Typed] = [
        {name: int(row == place) for place, name in enumerate(names)} | {"y": row % 2} for row in range(rows)
    ]
    typed = {"kind": "info-gain", "given": {"rows": samples, "target": "y", "task": "tree"}}
    _, whole = both(read(typed))
    assert nodes(whole) == count


@cache
def bush() -> Solution:
    """The whole solution of a bush."""
    return kinds.solve(read(BUSH))


def test_a_bush() -> None:
    lazy, whole = both(read(BUSH))
    assert 35 <= nodes(whole) <= 50
    assert nodes(lazy) == 12
    note = f"⋯ {nodes(whole) - 12} more sections like these, steps "
    assert [text.startswith(note) for text in drawn(lazy)].count(True) == 1


def deep(solution: Solution) -> str:
    """The gain at the deepest node."""
    gains = (name for name in solution.derivation.quantities if "gain(" in name)
    return max(gains, key=lambda name: name.count("/"))


def test_what_is_asked_deep_in_a_tree_makes_it_whole() -> None:
    name = deep(bush())
    assert name.count("/") > 2
    asked = kinds.solve(read({**BUSH, "ask": ["best", name]}), whole=False)
    assert asked.derivation.quantities.keys() == bush().derivation.quantities.keys()
    assert asked.ask == ("best", name)
    assert any(text.startswith("Answer") for text in drawn(asked))


def test_what_is_asked_at_the_root_does_not() -> None:
    asked = kinds.solve(read({**BUSH, "ask": ["gain(A1)", "tree", "training_error"]}), whole=False)
    assert nodes(asked) < nodes(bush())
    assert deep(bush()) not in asked.derivation.quantities


def test_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "bush.yaml"
    path.write_text(as_yaml({**BUSH, "title": "A bush"}), "utf-8")
    assert call(path).stdout.splitlines() == drawn(bush().but(problem=read({**BUSH, "title": "A bush"})))
    name = deep(bush())
    only = call(path, "--only", name)
    assert (only.returncode, only.stderr) == (0, "")
    assert only.stdout.splitlines()[-1].startswith("Answer")
    (problem,) = json.loads(call(path, "--only", name, "--format", "json").stdout)["problems"]
    assert problem["answers"] == {name: bush().derivation.quantities[name].plain()}
    assert problem["quantities"].keys() == bush().derivation.quantities.keys()


def test_an_unknown_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bush.yaml"
    path.write_text(as_yaml({**BUSH, "ask": ["best", "A1=x/gain(A9)"]}), "utf-8")
    done = call(path)
    assert done.returncode == 2
    assert "this problem has no quantity `A1=x/gain(A9)`" in done.stderr


def test_with_rounding_at_each_step_it_is_whole() -> None:
    rounded = {**table(2, 3, 40), "rounding": {"decimals": 2, "each_step": True}}
    lazy, whole = (kinds.solve(read(rounded), whole=each) for each in (False, True))
    assert lazy.derivation.quantities.keys() == whole.derivation.quantities.keys()
    assert nodes(lazy) > 12
    assert drawn(lazy) == drawn(whole)


@pytest.mark.parametrize("pins", [{"H": exact(2)}, {"A9=1/H": exact(1)}])
def test_with_pins_it_is_whole(pins: Mapping[str, Value]) -> None:
    pinned = kinds.solve(read(BUSH), pins, whole=False)
    assert pinned.derivation.quantities.keys() == bush().derivation.quantities.keys()


def test_a_tree_that_comes_to_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was grown until then is shown, or told to be left out."""
    monkeypatch.setattr(info_gain, "DEEPEST", 16)
    rows = [{"x": x, "y": x % 2} for x in range(24)]
    lazy, whole = both(read({"kind": "info-gain", "given": {"rows": rows, "target": "y", "task": "tree"}}))
    assert lazy.error is not None
    assert whole.error is not None
    assert lazy.error.message == whole.error.message
    assert "the tree is deeper than 16 levels" in lazy.error.message


def test_of_other_kinds_nothing_is_left_out() -> None:
    for path in ("logistic-gd/midterm-sheet.yaml", "cnn-shapes/alexnet.yaml", "conv2d/whole-network.yaml"):
        problem, *_ = read_file(str(PROBLEMS / path))
        assert isinstance(problem, Problem)
        lazy, whole = kinds.solve(problem, whole=False), kinds.solve(problem)
        assert lazy.derivation.quantities.keys() == whole.derivation.quantities.keys()
