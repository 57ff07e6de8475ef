"""Feedback for a student as Markdown: the answers beside the expected ones, the first wrong step marked.

The text of people and messages is escaped: it shows as it was typed, whatever Markdown would make of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction

from solver.errors import clean
from solver.grading import results
from solver.grading.results import LONGEST_NAME, Answer, Result, crop
from solver.render.filenames import FileNames

Steps = Callable[[str], Sequence[str]]
"""The id of a problem to lines of Markdown: what of its worked solution is to stand in the feedback."""

_SPECIAL = re.compile(r"[\\`*_\[\]{}|~^#@=$]|:(?=\S)|(?<=www)\.|(?<=WWW)\.")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MATHS = re.compile(r"[^$\n\r`]+")
_TAG = re.compile(r"<[A-Za-z/!?]")


def feedback(student: str, papers: Sequence[Result], steps: Steps | None = None) -> str:
    """All that one student is told: one part a problem, the points of each and their sum."""
    total = sum(map(results.points, papers), Fraction(0))
    of = sum(map(results.most, papers), Fraction(0))
    share = f" ({results.percent(total, of)})" if of else ""
    lines = [f"# {escaped(crop(student, LONGEST_NAME)) or 'Marks'}", ""]
    lines += [f"**{results.in_points(total, of)}{share}**", ""]
    for paper in papers:
        lines += paper_lines(paper, steps)
    return "\n".join(lines).rstrip("\n") + "\n"


def files(
    students: Iterable[tuple[str, Sequence[Result]]], steps: Steps | None = None
) -> Iterator[tuple[str, str]]:
    """A file a student: its name, safe in any folder, and its text."""
    names = FileNames(".md")
    for student, papers in students:
        yield names.name(student), feedback(student, papers, steps)


def paper_lines(paper: Result, steps: Steps | None = None) -> list[str]:
    """One problem: the table, what to say about it, and the worked solution."""
    problem = results.problem(paper)
    lines = [f"## {escaped(crop(problem, LONGEST_NAME)) or 'Problem'}: {results.out_of(paper)}", ""]
    answers = results.answers(paper)
    first = next(results.went_wrong(paper), None)
    if answers:
        lines += ["| | Quantity | Your answer | Expected | Verdict | Points |", "|---|---|---|---|---|---:|"]
        lines += [_row(answer, answer is first) for answer in answers]
        lines.append("")
    if first is not None:
        lines += _first(first)
    others = [
        f"- {escaped(crop(str(answer.get('name')), LONGEST_NAME))}: {escaped(text)}"
        for answer in answers
        if answer is not first and (text := results.message(answer))
    ]
    lines += [*others, ""] if others else []
    shown = list(steps(problem)) if steps is not None else []
    if shown:
        lines += ["### Worked solution", "", *shown, ""]
    return lines


def escaped(text: str) -> str:
    """A text on one line that Markdown, HTML and maths leave as it is."""
    flat = " ".join(clean(text, newlines=True).split())
    return _SPECIAL.sub(lambda special: "\\" + special[0], flat).translate(_HTML)


def _row(answer: Answer, first: bool) -> str:
    given, expected = results.pair(answer)
    points = results.out_of(answer) if results.most(answer) else ""
    name = crop(str(answer.get("name")), LONGEST_NAME)
    cells = (name, given, expected, str(answer.get("verdict")), points)
    return " | ".join(("| ✗" if first else "| ", *map(escaped, cells))) + " |"


def _first(answer: Answer) -> list[str]:
    name = escaped(crop(str(answer.get("name")), LONGEST_NAME))
    at = answer.get("at")
    elsewhere = at and at != answer.get("name")
    source = f" (it goes back to {escaped(crop(str(at), LONGEST_NAME))})" if elsewhere else ""
    said = escaped(results.message(answer)) or "It is not the expected value."
    lines = [f"**The first wrong step is {name}{source}.** {said[0].upper()}{said[1:]}", ""]
    formula = str(answer.get("formula") or "")
    if _MATHS.fullmatch(formula) and not _TAG.search(formula):
        lines += [f"What you computed: ${formula.strip()}$", ""]
    return lines
