"""What a class did: marks, common mistakes, equal wrong answers; added up one result after the other.

Memory grows with the students and the quantities of the problems, not with the answers.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.grading import results
from solver.grading.results import Answer, Result
from solver.record import Record

MOST_LISTED = 10
"""So many entries of a list are kept and shown; the others are counted."""

FEW_STUDENTS, FEW_PAPERS = 5, 12
"""Up to so many are shown one by one; of more, the class is."""

MOST_TALLIED = 4000
LONGEST_TALLIED = 300
"""A longer wrong answer is not compared with those of others."""

BINS = 10
"""The bars of a distribution: 0 to 9 %, 10 to 19 %, …, 90 to 100 %."""
MOST_ALIKE = 1_000
"""So many different results are remembered."""

Count = tuple[Counter[Any], Any]
"""A counter and what it counts."""

_ZERO = Fraction(0)


class Roster:
    """The points of each student in each problem; of two papers for one problem the last one counts.

    A problem for which a student has no paper counts as nothing earned.
    """

    def __init__(self) -> None:
        self.problems: dict[str, Fraction] = {}
        """Each problem with the points that can be earned in it."""
        self.repeated = 0
        """Papers that a later one of the same student took the place of."""
        self._columns: dict[str, int] = {}
        self._rows: dict[str, list[Fraction | None]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def of(self) -> Fraction:
        """What can be earned altogether."""
        return sum(self.problems.values(), _ZERO)

    def add(self, result: Result) -> None:
        """Enter a result."""
        problem = results.problem(result)
        column = self._columns.setdefault(problem, len(self._columns))
        self.problems[problem] = results.most(result)
        row = self._rows.setdefault(results.student(result), [])
        row += [None] * (column + 1 - len(row))
        self.repeated += row[column] is not None
        row[column] = results.points(result)

    def rows(self) -> Iterator[tuple[str, list[Fraction | None], Fraction]]:
        """Each student with the points by problem (None: no paper) and their sum."""
        for student, row in self._rows.items():
            filled = row + [None] * (len(self._columns) - len(row))
            yield student, filled, sum((points for points in row if points is not None), _ZERO)


class Same(Record):
    """A wrong answer that nothing explains and that several papers have."""

    problem: str
    name: str
    answer: Any
    expected: Any
    papers: int
    wrong_entries: tuple[Sequence[int], ...] = ()
    """The first of them, for an array."""


class Question(Record):
    """How one quantity was answered: papers by verdict."""

    problem: str
    name: str
    asked: bool
    verdicts: Mapping[str, int]

    @property
    def papers(self) -> int:
        """In how many papers it is marked."""
        return sum(self.verdicts.values())

    @property
    def wrong(self) -> int:
        """In how many something went wrong just there."""
        return sum(self.verdicts.get(verdict, 0) for verdict in ("mistake", "wrong"))


class Slip(Record):
    """A mistake at a place, how many papers have it, and what one of them was told."""

    problem: str
    at: str
    mistake: str
    papers: int
    message: str


class Unread(Record):
    """An answer that waits for a person."""

    place: str
    student: str
    problem: str
    name: str
    message: str


class Summary:
    """Adds up results; what it knows at the end is for the page of a class and for `summary` in JSON."""

    def __init__(self) -> None:
        self.papers = 0
        self.roster = Roster()
        self.mistakes: Counter[str] = Counter()
        """Papers by the name of a mistake; repeats do not count."""
        self.unreadable = 0
        self.unread: list[Unread] = []
        self.ungraded = 0
        self.not_graded: list[Mapping[str, Any]] = []
        self.first: list[Result] = []
        """All the results as long as they are few, then none."""
        self.at_least = False
        """Whether equal answers may be more than were counted."""
        self._few = True
        self._alike: dict[str, list[Count]] = {}
        self._problems: dict[str, Counter[tuple[str, str]]] = {}
        """Papers of each problem by their points and what they could earn."""
        self._verdicts: dict[tuple[str, str], tuple[bool, Counter[str]]] = {}
        self._slips: Counter[tuple[str, str, str]] = Counter()
        self._told: dict[tuple[str, str, str], str] = {}
        self._same: dict[tuple[str, str, str], tuple[int, Sequence[int] | None]] = {}
        self._expected: dict[tuple[str, str], Any] = {}

    def add(self, result: Result, same: str = "") -> None:
        """Count a result; `same` is equal for papers that are marked alike, so that they are looked at once."""
        self.papers += 1
        self.roster.add(result)
        self._keep(result)
        counts = self._alike.get(same)
        if counts is None:
            counts = list(self._counts(result))
            if not self._look_at(result) and same and len(self._alike) < MOST_ALIKE:
                self._alike[same] = counts
        for counter, key in counts:
            counter[key] += 1

    def _counts(self, result: Result) -> Iterator[Count]:
        """Where a result counts."""
        problem = results.problem(result)
        yield self._problems.setdefault(problem, Counter()), (result["points"], result["of"])
        mistakes: dict[str, None] = {}
        slips: dict[tuple[str, str, str], None] = {}
        for answer in results.answers(result):
            name, verdict = str(answer.get("name", "")), str(answer.get("verdict", ""))
            question = self._verdicts.setdefault((problem, name), (bool(answer.get("asked")), Counter()))
            yield question[1], verdict
            if verdict == "correct":
                continue
            if (mistake := results.mistaken(answer)) is not None:
                slip = problem, str(answer.get("at") or name), mistake
                self._told.setdefault(slip, results.message(answer))
                mistakes[mistake] = slips[slip] = None
        for mistake in mistakes:
            yield self.mistakes, mistake
        for slip in slips:
            yield self._slips, slip

    def _look_at(self, result: Result) -> bool:
        """Keep what has to be looked at in a result, by the program or by a person; whether there is anything."""
        found = False
        for answer in results.answers(result):
            verdict = answer.get("verdict")
            if verdict == "unreadable":
                self._wait(result, answer)
            elif verdict == "wrong" and results.mistaken(answer) is None:
                self._compare(results.problem(result), str(answer.get("name", "")), answer)
            else:
                continue
            found = True
        return found

    def leave_out(self, fault: Mapping[str, Any]) -> None:
        """Count something that was not graded."""
        self.ungraded += 1
        if len(self.not_graded) < MOST_LISTED:
            self.not_graded.append(fault)

    def _keep(self, result: Result) -> None:
        if not self._few:
            return
        self.first.append(result)
        if self.papers > FEW_PAPERS or len(self.roster) > FEW_STUDENTS:
            self._few, self.first = False, []

    def _compare(self, problem: str, name: str, answer: Answer) -> None:
        """Count an answer with those that are equal to it."""
        key = json.dumps(answer.get("answer"), ensure_ascii=False)
        if answer.get("answer") is None or len(key) > LONGEST_TALLIED:
            return
        self._expected.setdefault((problem, name), answer.get("expected"))
        count, place = self._same.get((problem, name, key)) or (0, results.first_wrong(answer))
        self._same[problem, name, key] = count + 1, place
        if len(self._same) > MOST_TALLIED:
            # The rarer half goes, so what many papers have stays, counted from when it last came in.
            self.at_least = True
            kept = sorted(self._same.items(), key=lambda item: -item[1][0])[: MOST_TALLIED // 2]
            self._same = dict(kept)

    def _wait(self, result: Result, answer: Answer) -> None:
        self.unreadable += 1
        if len(self.unread) < MOST_LISTED:
            self.unread.append(
                Unread(
                    results.place(result, answer),
                    results.student(result),
                    results.problem(result),
                    str(answer.get("name", "")),
                    results.message(answer),
                )
            )

    # What it comes to

    @property
    def mean_percent(self) -> float | None:
        """The mean over the papers in which there is something to earn, None if there is none."""
        total, papers = _ZERO, 0
        for sums in self._problems.values():
            for (points, of), count in sums.items():
                if most := results.fraction(of):
                    total += count * results.fraction(points) / most
                    papers += count
        return round(float(100 * total / papers), 4) if papers else None

    @property
    def verdicts(self) -> Counter[str]:
        """Answers by verdict."""
        return sum((counts for _, counts in self._verdicts.values()), Counter())

    def percents(self) -> list[float]:
        """What each student earned of all points, in increasing order."""
        of = self.roster.of
        return sorted(float(100 * total / of) for _, _, total in self.roster.rows()) if of else []

    def by_problem(self) -> Iterator[tuple[str, int, Fraction, Fraction]]:
        """Each problem with its papers, their mean points and what can be earned."""
        for problem, sums in self._problems.items():
            papers = sums.total()
            total = sum((results.fraction(points) * count for (points, _), count in sums.items()), _ZERO)
            yield problem, papers, total / papers, self.roster.problems[problem]

    def slips(self) -> list[Slip]:
        """Mistakes by place, the commonest first."""
        found = [Slip(*slip, papers=count, message=self._told[slip]) for slip, count in self._slips.items()]
        return sorted(found, key=lambda slip: -slip.papers)

    def hardest(self) -> list[Question]:
        """The quantities in which something went wrong, those with the largest share of the papers first."""
        found = [
            Question(problem, name, asked, counts)
            for (problem, name), (asked, counts) in self._verdicts.items()
        ]
        return sorted(
            (question for question in found if question.wrong),
            key=lambda question: (-question.wrong / question.papers, -question.wrong),
        )

    def same(self) -> list[Same]:
        """Equal wrong answers that nothing explains, the commonest first."""
        found = [
            Same(
                problem,
                name,
                json.loads(key),
                self._expected[problem, name],
                count,
                (place,) if place else (),
            )
            for (problem, name, key), (count, place) in self._same.items()
            if count > 1
        ]
        return sorted(found, key=lambda same: -same.papers)

    def document(self) -> dict[str, Any]:
        """The `summary` of the JSON document."""
        percents = self.percents()
        problems: dict[str, dict[str, Any]] = {}
        for problem, papers, mean, of in self.by_problem():
            share = round(float(100 * mean / of), 4) if of else None
            problems[problem] = {"submissions": papers, "mean_points": round(float(mean), 4), "of": str(of)}
            problems[problem] |= {"mean_percent": share}
        return {
            "submissions": self.papers,
            "mean_percent": self.mean_percent,
            "mistakes": dict(sorted(self.mistakes.items(), key=lambda item: (-item[1], item[0]))),
            "verdicts": dict(sorted(self.verdicts.items(), key=lambda item: (-item[1], item[0]))),
            "problems": problems,
            "students": {
                "count": len(self.roster),
                "mean_percent": round(sum(percents) / len(percents), 4) if percents else None,
                "median_percent": round(median(percents), 4) if percents else None,
                "distribution": distribution(percents),
            },
            "unexplained": [
                {"problem": same.problem, "name": same.name, "answer": same.answer, "papers": same.papers}
                for same in self.same()[:MOST_LISTED]
            ],
            "unreadable": self.unreadable,
            "not_graded": self.ungraded,
        }


def distribution(percents: Iterable[float]) -> list[int]:
    """So many in each of `BINS` bars."""
    bars = [0] * BINS
    for percent in percents:
        bars[min(int(percent * BINS / 100), BINS - 1)] += 1
    return bars


def median(increasing: list[float]) -> float:
    """The middle of numbers in increasing order, of which there is at least one."""
    half = len(increasing) // 2
    return increasing[half] if len(increasing) % 2 else (increasing[half - 1] + increasing[half]) / 2


def by_student(found: Iterable[Result]) -> Iterator[tuple[str, list[Result]]]:
    """The results of each student together, in the order in which the students first come.

    All results are kept in memory until then; of two papers for one problem the last one counts.
    """
    papers: dict[str, dict[str, Result]] = defaultdict(dict)
    for result in found:
        papers[results.student(result)][results.problem(result)] = result
    for student in list(papers):
        yield student, list(papers.pop(student).values())
