"""Marks as tables for spreadsheets and other programs: RFC 4180, UTF-8, lines ending in CR LF.

Two tables: one row a student and quantity, and one row a student. With `-o marks.csv` the second goes to
`marks-students.csv`. Points are decimals (cut to six places where they do not end, and then the fraction
stands in a column of its own). No text of a person is taken for a formula: an apostrophe is put before it.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from solver.errors import clean
from solver.grading import results
from solver.grading.results import Answer, Result
from solver.grading.summary import Roster

ANSWER_COLUMNS = (
    *("student", "problem", "name", "asked", "verdict", "points", "of", "answer", "expected", "mistake"),
    *("at", "message", "points_exact", "of_exact"),
)

PLACES = 6
"""Decimals of points that do not end."""

LONGEST_CELL = 32_000
"""Spreadsheets hold no longer text in a cell."""

_CACHED = 200
_FORMULA = frozenset("=+-@\t\r\n\0＝＋－＠")


def answers_table(found: Iterable[Result]) -> Iterator[str]:
    """One row a student and quantity, the lines of a result together."""
    yield _lines([ANSWER_COLUMNS])
    for result in found:
        who = text(results.student(result)), text(results.problem(result))
        yield _lines((*who, *_answer(answer)) for answer in results.answers(result))


def _answer(answer: Answer) -> tuple[str, ...]:
    points, of = results.points(answer), results.most(answer)
    return (
        text(str(answer.get("name", ""))),
        "true" if answer.get("asked") else "false",
        text(str(answer.get("verdict", ""))),
        number(points),
        number(of),
        value(answer.get("answer")),
        value(answer.get("expected")),
        text(str(answer.get("mistake") or "")),
        text(str(answer.get("at") or "")),
        text(results.message(answer)),
        _exact(points),
        _exact(of),
    )


def students_table(roster: Roster) -> Iterator[str]:
    """One row a student: the points in each problem (empty: no paper), their sum, and percent of all."""
    of = roster.of
    problems = [text(problem) for problem in roster.problems]
    yield _lines([("student", *problems, "total", "of", "percent", "total_exact", "of_exact")])
    for student, row, total in roster.rows():
        percent = str(round(float(100 * total / of), 4)) if of else ""
        points = ("" if part is None else number(part) for part in row)
        cells = (text(student), *points, number(total), number(of), percent, _exact(total), _exact(of))
        yield _lines([cells])


def students_file(path: str) -> str:
    """Where the second table goes: `marks.csv` gives `marks-students.csv`."""
    stem, suffix = os.path.splitext(path)
    return f"{stem}-students{suffix}"


def text(typed: str) -> str:
    """A person's text as a cell: on one line, without control characters, never a formula."""
    return _guarded(typed) if len(typed) <= _CACHED else _guarded.__wrapped__(typed)


@lru_cache(4096)
def _guarded(typed: str) -> str:
    shown = clean(typed.replace("\n", " "))
    formula = typed[:1] in _FORMULA or shown.lstrip()[:1] in _FORMULA
    return f"'{shown}" if shown and formula else shown


@lru_cache(4096)
def number(points: Fraction) -> str:
    """Points as a decimal."""
    ends = results.decimal(points)
    return ends if ends is not None and len(ends) <= 20 else f"{float(points):.{PLACES}f}"


def value(given: Any) -> str:
    """An answer: a number as a number, a text guarded, an array or a tree as JSON; nothing for a blank."""
    if given is None:
        return ""
    if isinstance(given, str):
        return text(given)
    written = clean(json.dumps(given, ensure_ascii=False))
    return written if len(written) <= LONGEST_CELL else f"{written[: LONGEST_CELL - 1]}…"


@lru_cache(4096)
def _exact(points: Fraction) -> str:
    return "" if results.decimal(points) is not None else str(points)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    return stream.getvalue()
