"""What a worker does with a submission: reads it, has it marked by the keys, and describes the result as JSON."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from solver import kinds
from solver.errors import SolverError, SolverErrors, did_you_mean, quoted
from solver.grading.answers import Header, NotGraded, Row, Submission, read_bytes, row_submissions
from solver.grading.journal import Item
from solver.grading.key import Key
from solver.grading.marking import mark
from solver.render.json_marks import text
from solver.render.marks import Marker, refused
from solver.spec import yaml
from solver.spec.problem import Problem, Unreadable, read_problems
from solver.spec.yaml import Items, Node

MOST_KEPT = 2_000
"""So many results are kept for the next paper with the same answers."""

LONGEST_KEPT = 2_000


SPLIT = "\t"
"""Stands before each result, after its `problem`, after its `student` and `file`, and behind the last one. JSON
allows it between values and never has it inside of one, so that equal results need not be read twice.
"""


def split(described: str) -> tuple[list[tuple[str, str, str]], str]:
    """The results of a submission, each as three pieces of text, and the JSON of the rest."""
    first, *pieces, last = described.split(SPLIT)
    tails = [piece.removesuffix(",") for piece in pieces[2::3]]
    return list(zip(pieces[::3], pieces[1::3], tails, strict=True)), first + last


class Job(NamedTuple):
    """A submission as it is sent to a worker: the bytes of a YAML file, or the row of a table and which header."""

    name: str
    what: bytes | Row
    header: int = -1


class Question:
    """A problem with its key and the writer of its results, made when the first paper asks for them."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.head = text({"problem": problem.id})[:-1]
        self._key: Key | None = None
        self._marker: Marker | None = None

    @property
    def key(self) -> Key:
        if self._key is None:
            self._key = Key(self.problem)
        return self._key

    @property
    def marker(self) -> Marker:
        if self._marker is None:
            self._marker = Marker(self.key)
        return self._marker


def questions(
    sources: Iterable[tuple[str, bytes]], named: bool = True
) -> tuple[dict[str, Question], list[SolverError]]:
    """The problems of some files by their ids, and what is wrong with the others.

    Where no answers name them, several problems may have one id.
    """
    found: dict[str, Question] = {}
    faults: list[SolverError] = []
    for name, data in sources:
        try:
            read: Sequence[Problem | Unreadable] = read_problems(
                yaml.decode(data, name), kinds.fields_of, kinds.names
            )
        except SolverError as error:
            faults.append(error)
            continue
        for problem in read:
            if isinstance(problem, Unreadable):
                faults += problem.errors
            elif not named:
                found[f"{problem.id} {len(found)}"] = Question(problem)
            elif problem.id in found:
                message = f"`id`: {quoted(problem.id)} names two problems"
                faults.append(SolverError(message, problem.node.span, "give each problem an `id` of its own"))
            else:
                found[problem.id] = Question(problem)
    return found, faults


class Worker:
    """Marks submissions for some problems."""

    def __init__(
        self,
        known: Mapping[str, Question],
        headers: Sequence[Header] = (),
        mapping: Mapping[str, str] | None = None,
    ) -> None:
        self.known, self.headers, self.mapping = known, headers, mapping or {}
        self.exams: dict[str, list[str]] = {}
        for id_, question in known.items():
            self.exams.setdefault(PurePath(question.problem.node.source.name).stem, []).append(id_)
        self.kept: dict[tuple[str, str], str] = {}
        self.last = "", ""
        self.who = text({"student": "", "file": ""})[1:-1]

    def __call__(self, item: Item) -> str:
        """The results of a submission and what of it was not graded, as JSON; see `split`."""
        job: Job = item.payload
        if isinstance(job.what, Row):
            found = row_submissions(self.headers[job.header], job.what)
            submissions = [each for each in found if isinstance(each, Submission)]
            errors: list[SolverError] = [each for each in found if isinstance(each, NotGraded)]
        else:
            submissions, errors = read_bytes(job.what, job.name, self.known, self.mapping, self.exams)
        return self.marked(submissions, errors, job.name)

    def marked(self, submissions: Iterable[Submission], errors: Iterable[SolverError], name: str) -> str:
        """Results as JSON."""
        results: list[str] = []
        not_graded = [_left_out(error, name) for error in errors]
        for submission in submissions:
            try:
                results.append(self.result(self.question(submission), submission, not_graded))
            except SolverError as error:
                not_graded += [refused(each, submission.file) for each in error.errors]
        rest = f',"not_graded":{text(not_graded)}' if not_graded else ""
        return f'{{"results":[{",".join(results)}{SPLIT}]{rest}}}'

    def question(self, submission: Submission) -> Question:
        """The problem that a submission answers; raises `SolverError` where that is not known."""
        wanted = submission.problem
        if wanted is None and len(self.known) == 1:
            return next(iter(self.known.values()))
        if wanted is not None and wanted in self.known:
            return self.known[wanted]
        ids = ", ".join(list(self.known)[:8])
        if wanted is None:
            hint = f"write `problem:` with one of {ids}"
            raise SolverError("it does not say which problem it answers", submission.span, hint)
        hint = did_you_mean(wanted, self.known) or f"problems: {ids}"
        raise SolverError(f"there is no problem {quoted(wanted)}", submission.span, hint)

    def result(self, question: Question, submission: Submission, not_graded: list[dict[str, Any]]) -> str:
        """The marks of one submission; equal answers to a problem are marked once."""
        typed = written(submission.answers)
        known = self.kept.get((question.problem.id, typed)) if typed else None
        if known is None:
            result = mark(question.key, submission.answers)
            not_graded += [refused(error, submission.file) for error in result.not_graded]
            known = text(question.marker.described(result))[1:]
            placed = result.not_graded or any(each.span is not None for each in result.answers)
            if typed and not placed and len(self.kept) < MOST_KEPT:
                self.kept[question.problem.id, typed] = known
        if (submission.student, submission.file) != self.last:
            self.last = submission.student, submission.file
            self.who = text({"student": submission.student, "file": submission.file})[1:-1]
        return f"{SPLIT}{question.head},{SPLIT}{self.who},{SPLIT}{known}"


def _left_out(error: SolverError, name: str) -> dict[str, Any]:
    described = refused(error, name)
    return described if isinstance(error, NotGraded) else described | {"unread": True}


def written(answers: Mapping[str, Node]) -> str:
    """The answers as they were typed, as one text; empty where that is too long to be worth keeping."""
    typed = "".join([f"{len(name)}:{name}{_typed(node)}" for name, node in answers.items()])
    return typed if len(typed) <= LONGEST_KEPT else ""


def _typed(node: Node) -> str:
    if isinstance(node, yaml.Scalar):
        return f"{len(node.text)}{':' if node.plain else '='}{node.text}"
    if isinstance(node, Items):
        return f"[{''.join(map(_typed, node))}]"
    return "{" + "".join([f"{len(key)}:{key}{_typed(child)}" for key, child in node.items()]) + "}"


def prepare(
    sources: Sequence[tuple[str, bytes]], headers: Sequence[Header], mapping: Mapping[str, str]
) -> Callable[[Item], str]:
    """A worker with the keys of all problems made."""
    known, _ = questions(sources)
    for question in list(known.values()):
        try:
            _ = question.marker
        except SolverErrors:  # told by the program that started the worker
            del known[question.problem.id]
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 3_000))
    gc.set_threshold(20_000, 20, 20)  # papers leave little behind
    return Worker(known, headers, mapping)
