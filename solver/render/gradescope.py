"""Marks for Gradescope: the `results.json` of an autograder, after its published specification.

The score of the whole is given, so that it is exact; a test is one quantity. Working that earns no points of
its own is listed only where something went wrong in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from solver.errors import clean
from solver.grading import results
from solver.grading.results import LONGEST_NAME, Answer, Result, crop
from solver.render.filenames import FileNames
from solver.render.json_marks import text
from solver.render.markdown_marks import escaped

PLACES = 5


def document(papers: Sequence[Result], visibility: str = "visible") -> dict[str, Any]:
    """The `results.json` of one student, who may have answered several problems."""
    total = sum(map(results.points, papers), Fraction(0))
    of = sum(map(results.most, papers), Fraction(0))
    said = [f"**{results.in_points(total, of)}**"]
    for paper in papers:
        first = next(results.went_wrong(paper), None)
        if first is not None and (message := results.message(first)):
            name = escaped(crop(f"{results.problem(paper)}, {first.get('name')}", LONGEST_NAME))
            said.append(f"{name}: {escaped(message)}")
    return {
        "score": score(total),
        "output": "\n\n".join(said),
        "output_format": "md",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "tests": [
            _test(paper, answer, f"{number}.{place}", len(papers) > 1, visibility)
            for number, paper in enumerate(papers, start=1)
            for place, answer in enumerate(filter(_listed, results.answers(paper)), start=1)
        ],
        "extra_data": {"points": str(total), "of": str(of)},
    }


def score(points: Fraction) -> float:
    """Points as a number that can be shown to people."""
    return round(float(points), PLACES)


def results_json(papers: Sequence[Result], visibility: str = "visible") -> str:
    """The document as text."""
    return text(document(papers, visibility)) + "\n"


def files(
    students: Iterable[tuple[str, Sequence[Result]]], visibility: str = "visible"
) -> Iterator[tuple[str, str]]:
    """A file a student: its name, safe in any folder, and its text."""
    names = FileNames(".json")
    for student, papers in students:
        yield names.name(student), results_json(papers, visibility)


def _listed(answer: Answer) -> bool:
    return bool(answer.get("asked")) or results.most(answer) != 0 or answer.get("verdict") in results.LOST


def _test(paper: Result, answer: Answer, number: str, several: bool, visibility: str) -> dict[str, Any]:
    points, of = results.points(answer), results.most(answer)
    name, problem = (crop(part, LONGEST_NAME) for part in (str(answer.get("name")), results.problem(paper)))
    given, expected = results.pair(answer, limit=80)
    said = [f"{answer.get('verdict')}: your answer is {given}, expected {expected}"]
    if answer.get("verdict") == "correct":
        said = [f"correct: {given}"]
    elif answer.get("verdict") == "blank":
        said = [f"blank: expected {expected}"]
    said.append(results.message(answer))
    passed = points == of if of else answer.get("verdict") not in results.LOST
    test = {
        "name": f"{problem}: {name}" if several and problem else name,
        "number": number,
        "status": "passed" if passed else "failed",
        "output": clean("\n".join(filter(None, said)), newlines=True),
        "visibility": visibility,
        "extra_data": {
            key: answer[key] for key in ("verdict", "mistake", "at", "repeat") if answer.get(key) is not None
        },
    }
    return ({"score": score(points), "max_score": score(of)} if of else {}) | test
