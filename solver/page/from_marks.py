"""Marks to the blocks of a page: one paper, a few, a class, and what marking again changed.

Every list is bounded: what is left out of it is counted.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.errors import counted
from solver.grading import results
from solver.grading.changes import Change, Moved
from solver.grading.results import LONGEST_MESSAGE, LONGEST_NAME, LONGEST_PLACE, Answer, Result, crop
from solver.grading.summary import (
    BINS,
    MOST_LISTED,
    Question,
    Same,
    Slip,
    Summary,
    Unread,
    distribution,
    median,
)
from solver.page.blocks import Block, Heading, Note, Page, Prose, Section, Step, Table
from solver.page.math import Chain, Word

MOST_ROWS = 30
"""A paper of more quantities is shown by those that were asked for or are not right."""

MOST_CHANGES = 20
LONGEST_BAR = 30
SNIPPET_WIDTH = 72

_PLAIN = re.compile(r"[A-Za-z][\w.+/-]*(?:\([\w.+-]*\))?", re.ASCII)
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def page(summary: Summary) -> Page:
    """A few papers one by one, or the class."""
    return tuple(_few(summary) if summary.first else _class(summary))


def paper(result: Result) -> Page:
    """One paper: a table of its quantities, and what there is to say about them."""
    return tuple(_paper(result, alone=True))


def class_page(summary: Summary) -> Page:
    """A class: its marks, what it often gets wrong, and what waits for the marker."""
    return tuple(_class(summary))


def changes_page(changes: Iterable[Change], most: int = MOST_CHANGES) -> Page:
    """What marking again changed: how many, which verdicts, and the first of the papers with the reason."""
    return tuple(_changes(changes, most))


# One paper


def _few(summary: Summary) -> Iterator[Block]:
    rows = {student: total for student, _, total in summary.roster.rows()}
    for student, found in itertools.groupby(_gathered(summary.first), results.student):
        papers = list(found)
        if len(papers) == 1:
            yield from _paper(papers[0], alone=True)
            continue
        total, of = (rows[student], summary.roster.of) if student else _total(papers)
        share = ", ".join(filter(None, (results.in_points(total, of), results.percent(total, of))))
        yield Heading(_named(student) if student else counted(len(papers), "problem"), share)
        for result in papers:
            yield from _paper(result, alone=False)
    yield from _left_out_of_marking(summary)


def _gathered(papers: Sequence[Result]) -> list[Result]:
    """The papers with those of a student together."""
    order = {student: place for place, student in enumerate(dict.fromkeys(map(results.student, papers)))}
    return sorted(papers, key=lambda result: order[results.student(result)])


def _total(papers: Sequence[Result]) -> tuple[Fraction, Fraction]:
    return sum(map(results.points, papers), Fraction(0)), sum(map(results.most, papers), Fraction(0))


def _paper(result: Result, alone: bool) -> Iterator[Block]:
    points = results.in_points(results.points(result), results.most(result))
    problem = _named(results.problem(result))
    if alone:
        title = " · ".join(filter(None, (_named(results.student(result)), problem)))
        yield Heading(title or "Marks", points)
    else:
        yield Section(f"{problem}: {points}")
    if file := result.get("file"):
        yield Note((crop(str(file), LONGEST_PLACE),))
    answers = results.answers(result)
    if answers:
        head: tuple[Prose, ...] = (("Quantity",), ("Answer",), ("Expected",), ("Verdict",), ("Points",))
        yield Table((), head, tuple(_rows(answers)))
    said = [(answer, text) for answer in answers if (text := results.message(answer))]
    for answer, text in said[:MOST_LISTED]:
        kind = "failed" if answer.get("verdict") in results.LOST else "note"
        yield Note((f"{_named(str(answer.get('name')))}: {text}",), kind)
    yield from _more(len(said) - MOST_LISTED)


def _rows(answers: Sequence[Answer]) -> Iterator[tuple[Prose, ...] | int]:
    shown: Sequence[int] = range(len(answers))
    if len(answers) > MOST_ROWS:
        order = sorted(shown, key=lambda place: _interest(answers[place]))
        shown = sorted(order[:MOST_ROWS])
    next_one = 0
    for place in shown:
        if place > next_one:
            yield place - next_one
        next_one = place + 1
        yield _row(answers[place])
    if next_one < len(answers):
        yield len(answers) - next_one


def _interest(answer: Answer) -> int:
    return 0 if answer.get("verdict") in results.LOST else 1 if answer.get("asked") else 2


def _row(answer: Answer) -> tuple[Prose, ...]:
    given, expected = results.pair(answer)
    points = results.out_of(answer) if results.most(answer) else ""
    cells = _named(str(answer.get("name"))), given, expected, str(answer.get("verdict")), points
    return tuple((text,) for text in cells)


def _named(text: str) -> str:
    return crop(text, LONGEST_NAME)


def _more(count: int) -> Iterator[Note]:
    if count > 0:
        yield Note((f"{count} more",), "left-out")


# A class


def _class(summary: Summary) -> Iterator[Block]:
    roster = summary.roster
    percents = summary.percents()
    aside = ""
    if percents:
        mean = sum(percents) / len(percents)
        aside = f"mean {mean:.1f} %, median {median(percents):.1f} %"
    several = len(roster.problems) > 1
    papers = f", {counted(summary.papers, 'paper')}" if several or summary.papers != len(roster) else ""
    named = [student for student, _, _ in itertools.islice(roster.rows(), 2)] != [""]
    students = counted(len(roster), "student") + papers if named else counted(summary.papers, "paper")
    yield Heading(students, aside)
    if roster.repeated:
        times = counted(roster.repeated, "paper")
        yield Note((f"{times} came twice for the same student and problem: the last one counts.",))
    if summary.papers:
        yield Section("Marks")
        yield from _marks(summary, percents, several)
    yield from _slips(summary.slips(), summary.papers, several)
    yield from _hardest(summary.hardest(), several)
    yield from _same(summary.same(), several, summary.at_least)
    yield from _unread(summary)
    yield from _left_out_of_marking(summary)


def _marks(summary: Summary, percents: list[float], several: bool) -> Iterator[Block]:
    rows: list[tuple[str, ...]] = []
    for problem, papers, mean, of in summary.by_problem():
        rows.append((_named(problem), str(papers), f"{float(mean):.2f}", results.mark(of), _share(mean, of)))
    if several:
        kept: list[tuple[Prose, ...] | int] = list(map(_cells, rows[:MOST_LISTED]))
        kept += [len(rows) - MOST_LISTED] if len(rows) > MOST_LISTED else []
        yield Table((), _cells(("Problem", "Papers", "Mean", "Of", "Percent")), tuple(kept))
    else:
        _, _, mean_points, of_points, _ = rows[0]
        yield Note((f"The mean is {mean_points} of {of_points} points.",))
    bars = distribution(percents)
    if len(summary.roster) > 1 and any(bars):
        unit = max(1, -(-max(bars) // LONGEST_BAR))
        title = f"Students by percent{f' (a dot is {unit} of them)' if unit > 1 else ''}"
        step = 100 // BINS
        ranges = [f"{step * place}–{step * (place + 1) - (place < BINS - 1)}" for place in range(BINS)]
        lines = [
            (name, str(count), "•" * -(-count // unit)) for name, count in zip(ranges, bars, strict=True)
        ]
        yield Table((title,), _cells(("Percent", "Students", "")), tuple(map(_cells, lines)))


def _share(part: Fraction, whole: Fraction) -> str:
    return f"{float(100 * part / whole):.1f}" if whole else ""


def _slips(slips: Sequence[Slip], papers: int, several: bool) -> Iterator[Block]:
    if not slips:
        return
    yield Section("The commonest mistakes")
    rows = [
        (str(slip.papers), f"{slip.mistake} at {_where(slip.problem, slip.at, several)}", slip.message)
        for slip in slips[:MOST_LISTED]
    ]
    yield Table((), _cells(("Papers", "Mistake", "What one of them was told")), _bounded(rows, len(slips)))


def _hardest(questions: Sequence[Question], several: bool) -> Iterator[Block]:
    if not questions:
        return
    yield Section("What most get wrong")
    rows = []
    for question in questions[:MOST_LISTED]:
        counts = question.verdicts
        share = f"{100 * question.wrong / question.papers:.0f}"
        other = [
            counts.get("correct", 0) + counts.get("imprecise", 0),
            *(counts.get(verdict, 0) for verdict in ("carried", "blank")),
        ]
        where = _where(question.problem, question.name, several)
        rows.append((where, str(question.papers), str(question.wrong), share, *map(str, other)))
    head = ("Quantity", "Papers", "Wrong", "%", "Right", "Carried", "Blank")
    yield Table((), _cells(head), _bounded(rows, len(questions)))


def _same(found: Sequence[Same], several: bool, at_least: bool) -> Iterator[Block]:
    if not found:
        return
    yield Section("Equal wrong answers that nothing explains")
    rows = []
    for same in found[:MOST_LISTED]:
        cells = results.pair(
            {"answer": same.answer, "expected": same.expected, "wrong_entries": same.wrong_entries}
        )
        rows.append((f"{same.papers}", _where(same.problem, same.name, several), *cells))
    yield Table((), _cells(("Papers", "Quantity", "Answer", "Expected")), _bounded(rows, len(found)))
    if at_least:
        yield Note(("There are so many different wrong answers that these counts may be too low.",))
    yield Note(("To judge one for all, add it to the problem with a share of the points, and mark again:",))
    lines = tuple(Chain(Word(line)) for line in snippet(found[:MOST_LISTED], several))
    yield Step(0, (), lines)


def snippet(found: Iterable[Same], several: bool) -> list[str]:
    """The lines of YAML that judge these answers, the problem's id above its own."""
    lines: list[str] = []
    by_problem: dict[str, list[Same]] = {}
    for same in found:
        by_problem.setdefault(same.problem, []).append(same)
    for problem, ones in by_problem.items():
        if several:
            lines.append(f"# {_named(problem)}")
        lines += ["grading:", "  known:"]
        for same in ones:
            name, answer = _yaml(same.name), _yaml(same.answer)
            line = f"  - {{name: {name}, answer: {answer}, share: 0, says: ''}}"
            if len(line) <= SNIPPET_WIDTH:
                lines.append(line)
            else:
                lines += [f"  - name: {name}", f"    answer: {answer}", "    share: 0", "    says: ''"]
    return lines


def _yaml(value: Any) -> str:
    """A value in the flow style of YAML."""
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        return '"' + "".join(map(_escaped, value)) + '"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_yaml(str(key))}: {_yaml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return json.dumps(value)


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return f"\\U{ord(character):08X}" if ord(character) > 0xFFFF else f"\\u{ord(character):04X}"


def _unread(summary: Summary) -> Iterator[Block]:
    if not summary.unreadable:
        return
    yield Section("Answers that could not be read, for a person to look at")
    for unread in summary.unread:
        yield Note((_of_unread(unread),))
    yield from _more(summary.unreadable - len(summary.unread))


def _of_unread(unread: Unread) -> str:
    who = ", ".join(_named(part) for part in (unread.student, unread.problem, unread.name) if part)
    place = crop(unread.place, LONGEST_PLACE)
    return ": ".join(filter(None, (place, who, unread.message)))


def _left_out_of_marking(summary: Summary) -> Iterator[Block]:
    if not summary.ungraded:
        return
    yield Section("Not graded")
    for fault in summary.not_graded:
        where = ":".join(str(fault[key]) for key in ("file", "line", "column") if fault.get(key))
        hint = f" ({crop(str(fault['hint']), LONGEST_MESSAGE)})" if fault.get("hint") else ""
        said = crop(str(fault.get("message", "")), LONGEST_MESSAGE) + hint
        yield Note((": ".join(filter(None, (crop(where, LONGEST_PLACE), said))),))
    yield from _more(summary.ungraded - len(summary.not_graded))


def _where(problem: str, name: str, several: bool) -> str:
    return f"{_named(problem)}: {_named(name)}" if several and problem else _named(name)


def _cells(texts: Sequence[str]) -> tuple[Prose, ...]:
    return tuple((text,) if text else () for text in texts)


def _bounded(rows: Sequence[Sequence[str]], total: int) -> tuple[tuple[Prose, ...] | int, ...]:
    left_out = (total - len(rows),) if total > len(rows) else ()
    return (*map(_cells, rows), *left_out)


# Marked again


Move = tuple[str, str, str, str]
"""A problem, a quantity and its verdicts before and now."""


def _changes(changes: Iterable[Change], most: int) -> Iterator[Block]:
    count = raised = lowered = 0
    shown: list[Change] = []
    moves: dict[Move, int] = {}
    reasons: dict[Move, str] = {}
    for change in changes:
        count += 1
        if change.before is not None and change.after is not None:
            raised += change.after > change.before
            lowered += change.after < change.before
        for each in change.moved:
            move = _move(change, each)
            moves[move] = moves.get(move, 0) + 1
            if reasons.setdefault(move, each.why) != each.why:
                reasons[move] = ""
        if len(shown) < most:
            shown.append(change)
    if not count:
        yield Heading("Marked again: nothing changed")
        return
    yield Heading(f"Marked again: {counted(count, 'paper')} changed", f"{raised} up, {lowered} down")
    commonest = sorted(moves.items(), key=lambda item: -item[1])[:MOST_LISTED]
    several = len({problem for problem, *_ in moves}) > 1
    told = {move: reasons[move] for move, times in commonest if times > 1 and reasons[move]}
    if commonest and count > 1:
        rows = [
            (str(times), f"{_where(move[0], move[1], several)}: {move[2]} → {move[3]}", told.get(move, ""))
            for move, times in commonest
        ]
        yield Table(("By quantity",), _cells(("Papers", "Quantity", "Why")), _bounded(rows, len(moves)))
    papers = [_changed(change, told) for change in shown]
    head = _cells(("Student", "Problem", "Before", "Now", "Why"))
    yield Table(("By paper",), head, _bounded(papers, count))


def _move(change: Change, moved: Moved) -> Move:
    return change.problem, moved.name, moved.before or "not marked", moved.after or "not marked"


def _changed(change: Change, told: Mapping[Move, str]) -> tuple[str, ...]:
    """A row for a paper; a reason that is told for all is not told again."""
    before, after = ("–" if part is None else results.mark(part) for part in (change.before, change.after))
    reasons = []
    for each in change.moved[:3]:
        move = _move(change, each)
        why = f": {crop(each.why, 160)}" if each.why and told.get(move) != each.why else ""
        reasons.append(f"{_named(each.name)}: {move[2]} → {move[3]}{why}")
    if len(change.moved) > len(reasons):
        reasons.append(f"and {len(change.moved) - len(reasons)} more")
    if change.before is None:
        reasons = ["a new paper"]
    elif change.after is None:
        reasons = ["no paper any more"]
    elif not reasons:
        reasons = ["other weights or shares"]
    return _named(change.student), _named(change.problem), before, after, "; ".join(reasons)


__all__ = ["changes_page", "class_page", "page", "paper", "snippet"]
