"""Has the program mark the cases, and compares what it says with what a marker should say."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

from .files import text_of

Case = Mapping[str, Any]

ABSENT = "absent"
"""The verdict of an answer that the program says nothing of."""


def _call(*args: str | Path) -> CompletedProcess[str]:
    """The program, inside this process; `tests` is where imports start under pytest, its parent otherwise."""
    conftest = import_module("conftest" if find_spec("conftest") else "tests.conftest")
    done: CompletedProcess[str] = conftest.call(*args)
    return done


@cache
def can_mark() -> bool:
    """Whether the program has the command `grade`."""
    return "--answers" in _call("grade", "--help").stdout


def graded(problem: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """`solve grade problem.yaml --answers answers.yaml --format json` inside this process: its one result."""
    with tempfile.TemporaryDirectory() as folder:
        question, paper = Path(folder, "question.yaml"), Path(folder, "paper.yaml")
        question.write_text(text_of(dict(problem)), "utf-8")
        paper.write_text(text_of({"student": "s1", "answers": dict(answers)}), "utf-8")
        done = _call("grade", question, "--answers", paper, "--format", "json")
    if done.returncode:
        raise ValueError(f"exit status {done.returncode}: {done.stderr}")
    found = json.loads(done.stdout)
    if found["not_graded"] or len(found["results"]) != 1:
        raise ValueError(f"not one result: {found['not_graded']}")
    result: dict[str, Any] = found["results"][0]
    return result


class Outcome(NamedTuple):
    """One answer: what should be said of it, and what is."""

    case: str
    name: str
    expected: Mapping[str, Any]
    given: Mapping[str, Any]
    sure: bool

    @property
    def right(self) -> bool:
        """The verdict is the expected one."""
        return bool(self.given["verdict"] == self.expected["verdict"])

    @property
    def named(self) -> list[str]:
        """The names given to a mistake, the equally good ones too."""
        first = self.given.get("mistake")
        return [] if first is None else [first, *(_name(other) for other in self.given.get("also", ()))]

    @property
    def described(self) -> bool:
        """One of the names describes the mistake."""
        return bool(set(self.named) & set(self.expected.get("mistake", ())))

    @property
    def diagnosed(self) -> bool:
        """The mistake is named, at its step."""
        at = self.given.get("at", self.name)
        return self.given["verdict"] == "mistake" and self.described and at in self.expected.get("at", (at,))

    @property
    def claims(self) -> bool:
        """A new mistake is named (a repeat is not new)."""
        return self.given["verdict"] == "mistake" and bool(self.named)

    @property
    def false(self) -> bool:
        """A mistake is named that was not made."""
        return self.claims and not (self.expected["verdict"] == "mistake" and self.described)

    def told(self) -> str:
        """For a list of what went wrong."""
        wanted = " ".join(
            [self.expected["verdict"], *self.expected.get("mistake", ()), "at", *self.expected.get("at", ())]
        )
        found = " ".join([self.given["verdict"], *self.named, "at", str(self.given.get("at", "-"))])
        return f"{self.case} {self.name}: expected {wanted.removesuffix(' at')}, given {found.removesuffix(' at -')}"


def _name(other: Any) -> str:
    """The name of an equally good explanation, which may be a mapping."""
    return str(other["mistake"]) if isinstance(other, Mapping) else str(other)


class Marked(NamedTuple):
    """A case and what the program made of it."""

    case: Case
    outcomes: tuple[Outcome, ...]
    points: Fraction | None
    fault: str = ""

    @property
    def paid(self) -> bool:
        """The points are the expected ones (true where none are expected)."""
        return "points" not in self.case or self.points == Fraction(self.case["points"])


def marked(case: Case) -> Marked:
    """One case through the program; a fault counts against every answer."""
    fault, points = "", None
    try:
        result = graded(case["problem"], case["answers"])
        found = {answer["name"]: answer for answer in result["answers"]}
        points = Fraction(result["points"])
    except (ValueError, KeyError, AttributeError) as error:
        found, fault = {}, f"{type(error).__name__}: {error}"
    outcomes = [
        Outcome(
            *(case["id"], name, said, found.get(name, {"verdict": ABSENT})),
            sure=not (case.get("unsure") or said.get("unsure")),
        )
        for name, said in case["expect"].items()
    ]
    extra = [
        Outcome(case["id"], name, {"verdict": "correct"}, given, sure=True)
        for name, given in found.items()
        if name not in case["expect"] and given["verdict"] == "mistake"
    ]
    return Marked(case, (*outcomes, *extra), points, fault)


def sure(all_marked: Iterable[Marked]) -> Iterator[Outcome]:
    """The answers that count in the percentages."""
    return (outcome for done in all_marked for outcome in done.outcomes if outcome.sure)
