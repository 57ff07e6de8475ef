"""What marking again changed: who, in which quantities, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from solver.grading import results
from solver.grading.results import Answer, Result
from solver.record import Record


class Moved(Record):
    """A quantity with another verdict or other points; a verdict is empty where it was not marked."""

    name: str
    before: str
    after: str
    points_before: Fraction
    points_after: Fraction
    why: str


class Change(Record):
    """A paper that is marked otherwise than before; None for points where there was or is no paper."""

    student: str
    problem: str
    before: Fraction | None
    after: Fraction | None
    of: Fraction
    moved: tuple[Moved, ...]


def changes(old: Iterable[Result], new: Iterable[Result]) -> Iterator[Change]:
    """The papers that changed. Runs in the same order are compared as they come, without keeping them."""
    waiting: tuple[dict[tuple[str, str], Result], dict[tuple[str, str], Result]] = ({}, {})
    for both in zip_longest(old, new):
        for side, result in enumerate(both):
            if result is None:
                continue
            key = _key(result)
            other = waiting[1 - side].pop(key, None)
            if other is None:
                waiting[side][key] = result
            elif (change := _change(*((other, result) if side else (result, other)))) is not None:
                yield change
    for result in waiting[0].values():
        yield Change(*_name(result), results.points(result), None, results.most(result), ())
    for result in waiting[1].values():
        yield Change(*_name(result), None, results.points(result), results.most(result), ())


def _key(result: Result) -> tuple[str, str]:
    return results.student(result) or str(result.get("file")), results.problem(result)


def _name(result: Result) -> tuple[str, str]:
    return results.student(result), results.problem(result)


def _change(old: Result, new: Result) -> Change | None:
    """What changed in one paper, None for nothing."""
    before = {str(answer.get("name")): answer for answer in results.answers(old)}
    after = {str(answer.get("name")): answer for answer in results.answers(new)}
    moved = tuple(
        _moved(name, before.get(name), after.get(name))
        for name in {**after, **before}
        if _mark(before.get(name)) != _mark(after.get(name))
    )
    points = results.points(old), results.points(new)
    if not moved and points[0] == points[1] and results.most(old) == results.most(new):
        return None
    return Change(*_name(new), *points, results.most(new), moved)


def _mark(answer: Answer | None) -> tuple[str, Fraction] | None:
    return None if answer is None else (str(answer.get("verdict")), results.points(answer))


def _moved(name: str, old: Answer | None, new: Answer | None) -> Moved:
    verdicts = [str(answer.get("verdict")) if answer else "" for answer in (old, new)]
    points = [results.points(answer) if answer else Fraction(0) for answer in (old, new)]
    return Moved(name, verdicts[0], verdicts[1], points[0], points[1], _why(old, new))


def _why(old: Answer | None, new: Answer | None) -> str:
    if new is None:
        return "it is not marked any more"
    if old is None:
        return results.message(new) or "it was not marked before"
    for key, what in (("expected", "the expected value"), ("answer", "the answer")):
        if old.get(key) != new.get(key):
            return f"{what} was {' and is '.join(_told_apart(old.get(key), new.get(key)))}"
    if results.most(old) != results.most(new):
        return (
            f"it was worth {results.mark(results.most(old))} and is worth {results.mark(results.most(new))}"
        )
    return results.message(new)


def _told_apart(old: Any, new: Any) -> list[str]:
    """Both values, with as many digits as it takes to see that they differ."""
    texts = ["", ""]
    for digits in (None, 12, 17):
        texts = [results.crop(results.written(value, digits), 60) for value in (old, new)]
        if texts[0] != texts[1]:
            break
    return texts
