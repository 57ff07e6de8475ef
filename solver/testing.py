"""For the author of a kind: one call in a test that proves the kind fit to be shown to a class.

from solver.testing import check_kind
from my_package.perceptron import kind

def test_perceptron():
    check_kind(kind)
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from solver.errors import SolverError, Source
from solver.expr.evaluate import Detail
from solver.kinds import Kind, Solution, solve
from solver.page.from_derivation import Sheet, page
from solver.page.letters import Letters
from solver.render import json
from solver.render.terminal import terminal
from solver.spec.problem import Problem, Unreadable, read_problems
from solver.spec.validation import inner_model

WIDTHS = (40, 80, 120)
MUTATIONS = 200
HOSTILE = (
    "",
    "[",
    "]",
    "{",
    "null",
    "-1",
    "0",
    "1e400",
    "nan",
    "x",
    "[[1, 2], [3]]",
    "yes",
    "1/0",
    ": ",
    "\t",
    "'",
)


def check_kind(kind: Kind, mutations: int = MUTATIONS) -> None:
    """Raise `AssertionError` unless the kind keeps every promise that the program makes.

    Its fields and quantities are described; its example solves, twice alike, with its checks passed; the page
    fits 40, 80 and 120 columns at every detail, also in ASCII; a mutated example is solved or refused by
    a `SolverError`, and by nothing else.
    """
    _described(kind.given)
    for heading in ("What it solves", "Method", "Source"):
        assert heading in kind.docs, f"the documentation of {kind.name} has no part `{heading}`"
    assert kind.quantities, f"{kind.name} names no quantities"
    first, second = _solved(kind), _solved(kind)
    for name in first.ask:
        assert name in first.derivation.quantities, f"{kind.name} asks for {name}, which it does not define"
    assert _json(first) == _json(second), f"{kind.name} does not solve its example twice alike"
    assert first.derivation.checks, f"the example of {kind.name} proves itself by no check"
    for step in first.derivation.steps:
        assert step.quiet or step.title, f"the step {step.name} of {kind.name} says nothing"
    for detail in Detail:
        for width in WIDTHS:
            for ascii in (False, True):
                _fits(first, detail, width, ascii)
    for text in _mutated(kind.example, mutations):
        _only_solver_errors(kind, text)


def _described(model: type[BaseModel]) -> None:
    for name, info in model.model_fields.items():
        assert info.description, f"the field {name} of {model.__qualname__} is not described"
        inner = inner_model(info.annotation)
        if inner is not None:
            _described(inner)


def _read(kind: Kind, text: str) -> list[Problem | Unreadable]:
    def fields_of(name: str) -> Any:
        if name != kind.name:
            raise LookupError(name)
        return kind.given

    return read_problems(Source("example.yaml", text), fields_of, lambda: [kind.name])


def _solved(kind: Kind) -> Solution:
    (problem,) = _read(kind, kind.example)
    assert isinstance(problem, Problem), f"the example of {kind.name} is refused: {problem.errors[0]}"
    solution = solve(problem, kind=kind)
    assert solution.error is None, f"the example of {kind.name} stops: {solution.error}"
    return solution


def _sheet(solution: Solution, detail: Detail = Detail.NORMAL) -> Sheet:
    frame = solution.problem.frame
    letters = Letters(solution.kind.letters, frame.symbols)
    return Sheet(title=frame.title or "", ask=solution.ask, letters=letters, detail=detail)


def _json(solution: Solution) -> Any:
    return json.solution("example", solution.kind.name, solution.derivation, _sheet(solution))


def _fits(solution: Solution, detail: Detail, width: int, ascii: bool) -> None:
    for line in terminal(page(solution.derivation, _sheet(solution, detail)), width, ascii):
        text = "".join(part for _, part in line)
        assert len(text) <= width, f"a line of {solution.kind.name} is wider than {width} columns: {text}"
        assert not ascii or text.isascii(), f"a line of {solution.kind.name} is not ASCII: {text}"


def _mutated(text: str, number: int) -> Iterator[str]:
    """The text with a number or a stretch replaced by something hostile, or a stretch put elsewhere."""
    choose = random.Random(1)
    numbers = [match.span() for match in re.finditer(r"-?\d+(\.\d+)?", text)]
    for place in range(number):
        if numbers and place % 3 == 0:
            start, end = choose.choice(numbers)
            yield text[:start] + choose.choice(HOSTILE) + text[end:]
            continue
        start = choose.randrange(len(text))
        end = min(start + choose.choice((0, 1, 2, 5, 20)), len(text))
        if choose.random() < 0.7:
            yield text[:start] + choose.choice(HOSTILE) + text[end:]
        else:
            other = choose.randrange(len(text))
            yield text[:start] + text[other : other + end - start] + text[end:]


def _only_solver_errors(kind: Kind, text: str) -> None:
    try:
        for problem in _read(kind, text):
            if isinstance(problem, Problem):
                solution = solve(problem, kind=kind)
                terminal(page(solution.derivation, _sheet(solution)), 80)
    except SolverError:
        pass
    except Exception as error:
        raise AssertionError(f"{kind.name} fails with {type(error).__name__}: {error} on\n{text}") from error
