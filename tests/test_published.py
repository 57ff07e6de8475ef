"""Numbers that were published: the cases of `published/`, and the answers in the problems that we bring."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PROBLEMS, solved
from oracles import distance

from solver import kinds
from solver.cli.files import problem_files, read_file
from solver.spec.problem import Problem
from solver.spec.yaml import Node, Pairs, Scalar

PUBLISHED = sorted((Path(__file__).parent / "published").glob("*.yaml"))
CASES = [case for path in PUBLISHED for case in yaml.safe_load(path.read_text(encoding="utf-8"))]
FILES = [Path(name).relative_to(PROBLEMS).as_posix() for name in problem_files([str(PROBLEMS)])]
WRONG = {
    "logistic-gd/midterm-sheet.yaml": ({"z(0)"}, {"grad(0)", "w(1)", "w(3)"}),
    "cnn-shapes/deeplearning-ai-slide.yaml": (
        {"conv1.shape", "pool2.shape"},
        {"conv1.params", "conv2.params", "fc1.params", "fc2.params", "fc3.params"},
    ),
}
"""Files whose answers are known to be wrong, and whose `source` says so: what is right of them, and what is wrong."""


def close(found: Any, expected: Any, rtol: float, atol: float) -> bool:
    """Whether values of one shape agree, entry by entry."""
    if isinstance(expected, list) or isinstance(found, list):
        same_shape = isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected)
        return same_shape and all(close(a, b, rtol, atol) for a, b in zip(found, expected, strict=True))
    if isinstance(expected, str | dict) or isinstance(found, str | dict):
        return bool(worded(found) == worded(expected))
    return bool(abs(found - expected) <= atol + rtol * abs(expected))


def worded(value: Any) -> Any:
    """Labels as texts: YAML reads 0 and true as more than words."""
    if isinstance(value, dict):
        return {str(key): worded(part) for key, part in value.items()}
    return str(value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["source"][:70])
def test_published(case: dict[str, Any]) -> None:
    rtol, atol = case.get("rtol", 0), case.get("atol", 0)
    if not (rtol or atol):
        atol = 1e-12
    found = solved(case["problem"]).derivation.quantities
    far = {
        name: found[name].plain() if name in found else "is missing"
        for name, expected in case["expect"].items()
        if name not in found or not close(found[name].plain(), expected, rtol, atol)
    }
    assert far == {}


# ---------------------------------------------------------------- the answers in our own problems


def read(file: str) -> list[Problem]:
    problems = read_file(str(PROBLEMS / file))
    assert all(isinstance(problem, Problem) for problem in problems), problems
    return [problem for problem in problems if isinstance(problem, Problem)]


SINGLE = 2e-7
"""Relative error of a library that computes in single precision."""


CANCELLED = {"keras-gelu": 2e-7}
"""Absolute error of published answers that lost digits on the way: 1 + erf in single precision."""


def uncertainty(text: str) -> float:
    """A unit of the last digit in print (some cut where others round), and none of a whole number's."""
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    unit = 10.0**exponent if isinstance(exponent, int) and exponent < 0 else 0.0
    return unit + SINGLE * abs(float(number))


def typed(answer: Node) -> Any:
    """A label, or a tree of labels, as texts."""
    if isinstance(answer, Pairs):
        return {key: typed(part) for key, part in answer.items()}
    assert isinstance(answer, Scalar)
    return answer.text


def printed(found: Any, answer: Node, error: float) -> bool:
    """Whether a value is the typed answer to the digits in print, but for an error."""
    if isinstance(found, str | dict):
        return bool(found == typed(answer))
    if isinstance(answer, Scalar):
        return bool(abs(found - float(answer.text)) <= uncertainty(answer.text) + error)
    assert not isinstance(answer, Pairs)
    return (
        isinstance(found, list)
        and len(found) == len(answer)
        and all(printed(a, b, error) for a, b in zip(found, answer, strict=True))
    )


def differing(problem: Problem) -> dict[str, Any]:
    """The answers that do not agree, with what is right."""
    assert problem.frame.answers is not None
    solution = kinds.solve(problem)
    assert solution.error is None
    found = solution.derivation.quantities
    assert set(problem.frame.answers) <= set(found)
    error = CANCELLED.get(problem.id, 1e-12)
    return {
        name: found[name].plain()
        for name, answer in problem.frame.answers.items()
        if not printed(found[name].plain(), answer, error)
    }


def answered() -> Iterator[Any]:
    for file in FILES:
        for problem in read(file):
            if problem.frame.answers is not None and file not in WRONG:
                yield pytest.param(problem, id=problem.id)


@pytest.mark.parametrize("problem", list(answered()))
def test_answers_in_print(problem: Problem) -> None:
    assert differing(problem) == {}


@pytest.mark.parametrize("file", FILES)
def test_every_problem_is_solved_with_its_source(file: str) -> None:
    for problem in read(file):
        solution = kinds.solve(problem)
        assert solution.error is None
        assert solution.derivation.checks
        assert problem.frame.title
        assert problem.frame.source


@pytest.mark.parametrize("file", WRONG)
def test_a_wrong_sheet_says_so_and_is_wrong(file: str) -> None:
    (problem,) = read(file)
    assert "wrong" in problem.frame.source
    assert problem.frame.answers is not None
    right, wrong = WRONG[file]
    assert right | wrong <= set(problem.frame.answers)
    assert wrong <= set(differing(problem)) <= set(problem.frame.answers) - right


def test_identities_between_problems() -> None:
    """The same question in two files has the same answer."""
    (sheet,), midterm = read("logistic-gd/midterm-sheet.yaml"), read("midterm.yaml")[0]
    left, right = (kinds.solve(problem).derivation.quantities["w(3)"].plain() for problem in (sheet, midterm))
    assert distance(left, right) == 0
