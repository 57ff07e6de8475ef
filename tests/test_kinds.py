"""Every kind keeps the promises that `check_kind` asks of strangers, and the check can fail."""

from __future__ import annotations

from typing import Any

import pytest

from solver import kinds
from solver.derivation import Board
from solver.errors import SolverErrors
from solver.kinds import Kind
from solver.testing import check_kind

BUILT_IN = tuple(kinds.names())


@pytest.mark.parametrize("name", BUILT_IN)
def test_kind_keeps_its_promises(name: str) -> None:
    check_kind(kinds.find(name))


def _softmax_with(**changes: Any) -> Kind:
    return kinds.find("softmax-ce").but(**changes)


def _without_title(given: Any, board: Board) -> None:
    board.let("p", board.given("logits", given.logits), "")


def _failing(given: Any, board: Board) -> None:
    board.let("p", board.given("logits", given.logits), "A step.")
    board.check("never true", lambda: 1.0)


def _crashing(given: Any, board: Board) -> None:
    if given.logits is not None and given.logits.plain() == [2, 1, 0.1]:
        board.let("p", board.given("logits", given.logits), "A step.")
        board.check("true", lambda: 0.0)
    else:
        raise ZeroDivisionError("no")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"docs": "nothing"}, "no part"),
        ({"quantities": {}}, "names no quantities"),
        ({"ask": lambda given: ["q"]}, "asks for q"),
        ({"solve": _without_title, "ask": lambda given: ["p"]}, "no check"),
        ({"solve": _crashing, "ask": lambda given: ["p"]}, "ZeroDivisionError"),
        ({"example": "kind: softmax-ce\n"}, "refused"),
    ],
)
def test_the_check_can_fail(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_kind(_softmax_with(**changes))


def test_a_failed_check_is_an_error() -> None:
    with pytest.raises(SolverErrors, match="failed its own check, never true"):
        check_kind(_softmax_with(solve=_failing))
