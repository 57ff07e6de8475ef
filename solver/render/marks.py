"""Marks for programs: a result as JSON, formulas as LaTeX, messages as plain text."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from solver.errors import SolverError
from solver.expr.nodes import Expr
from solver.grading.key import Key
from solver.grading.marking import UNREADABLE, Marked, Result
from solver.page.from_derivation import Author, Sheet
from solver.page.letters import Letters
from solver.render.json import described_error
from solver.render.latex import latex, latex_chain
from solver.render.linear import linear
from solver.render.markdown_marks import escaped

LONGEST_FORMULA = 600
MOST_STEPS = 40
"""So many steps of a worked solution stand in the feedback."""
MOST_SHOWN = 400
"""Of a longer array the expected numbers are left out: they stand in the worked solution."""


class Marker:
    """Writes the results of one problem, in the letters of its solution."""

    def __init__(self, key: Key) -> None:
        frame = key.problem.frame
        sheet = Sheet(
            title=frame.title or key.kind.title,
            ask=key.ask,
            letters=Letters(key.kind.letters, frame.symbols),
        )
        self.inner = key.kind.inner
        self.author = Author(key.derivation, sheet)

    def described(self, result: Result) -> dict[str, Any]:
        """One entry of `results`, without the problem, the student and the file."""
        points, of = result.points, result.of
        return {
            "points": str(points),
            "of": str(of),
            "percent": percent(points, of),
            "answers": [self.answer(each) for each in result.answers],
        }

    def solution(self) -> list[str]:
        """The worked solution in Markdown: each step that a page shows, its lines as display maths."""
        lines: list[str] = []
        steps = [step for step in self.author.derivation.steps if not step.quiet]
        for number, step in enumerate(steps[:MOST_STEPS], 1):
            lines += [f"{number}. {escaped(self.text(step.title))}", ""]
            first, *rest = latex_chain(self.author.chain(step))
            told = [line for line in (first, *rest) if len(line) <= LONGEST_FORMULA]
            lines += [f"   $${line}$$" for line in told] + [""]
        if len(steps) > MOST_STEPS:
            lines.append(f"… and {len(steps) - MOST_STEPS} more steps.")
        return lines

    def answer(self, marked: Marked) -> dict[str, Any]:
        described: dict[str, Any] = {
            "name": marked.name,
            "asked": marked.asked,
            "verdict": marked.verdict,
            "points": str(marked.points),
            "of": str(marked.of),
            "answer": marked.answer if marked.verdict != UNREADABLE else marked.text,
        }
        if marked.expected is not None and marked.expected.size <= MOST_SHOWN:
            described["expected"] = marked.expected.plain()
        if marked.span is not None:
            described |= {"line": marked.span.line, "column": marked.span.column}
        for name, places in (("wrong_entries", marked.wrong), ("blank_entries", marked.blank)):
            if places:
                described[name] = [list(place) for place in places]
        if marked.found is not None:
            guess = marked.found.guess
            described |= {"mistake": guess.mistake, "also": list(marked.found.also), "at": self.at(marked)}
            if guess.edit is not None and (formula := self.formula(guess.edit.expr)):
                described["formula"] = formula
            described["from"] = "own" if guess.own else "true"
            if marked.found.repeat:
                described["repeat"] = True
        if message := self.text(marked.message):
            described["message"] = message
        if marked.note:
            described["note"] = marked.note
        return described

    def at(self, marked: Marked) -> str:
        """The quantity at which the mistake was made: of a shape as a whole, not of its rows."""
        assert marked.found is not None
        name = marked.found.guess.at[0]
        name = self.inner.get(name, name)
        stem, _, part = name.rpartition(".")
        known = self.author.derivation.quantities
        if part in ("height", "width", "channels") and f"{stem}.shape" in known:
            return f"{stem}.shape"
        return name if name in known else marked.name

    def formula(self, expr: Expr) -> str:
        try:
            written = latex(self.author.writer.layout(expr))
        except (AttributeError, KeyError, ValueError):
            return ""
        return written if len(written) <= LONGEST_FORMULA else ""

    def text(self, text: Any) -> str:
        return "".join(part if isinstance(part, str) else linear(part) for part in self.author.prose(text))


def percent(points: Fraction, of: Fraction) -> float:
    """The share of the points in percent, to two decimals."""
    return round(float(100 * points / of), 2) if of else 0.0


def refused(error: SolverError, file: str) -> dict[str, Any]:
    """One entry of `not_graded`."""
    return {"file": file} | described_error(error)
