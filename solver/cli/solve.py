"""`solve FILE …`: worked solutions."""

from __future__ import annotations

import gc
import io
import os
import sys
import time
from collections.abc import Iterable
from typing import Any

from solver import kinds
from solver.cli import files, streams
from solver.derivation import Derivation
from solver.errors import SolverError, SolverErrors, draw, quoted
from solver.expr.evaluate import Detail
from solver.expr.nodes import symbols
from solver.kinds import Solution
from solver.page.from_derivation import Sheet
from solver.page.letters import Letters
from solver.record import Record
from solver.spec.problem import Problem, Unreadable

SLOW = 1.0
"""Seconds after which progress is told on standard error."""


class Options(Record):
    """What was asked for on the command line."""

    format: str
    output: str | None
    detail: str
    digits: int | None
    only: tuple[str, ...]
    paged: bool


class Outcome(Record):
    """What became of one problem: a solution, or errors, or both where it stopped midway."""

    id: str
    kind: str
    errors: tuple[SolverError, ...] = ()
    solution: Solution | None = None
    sheet: Sheet | None = None


def solve(paths: Iterable[str], options: Options) -> int:
    """Solve everything and write it out; what cannot be solved is told and does not stop the others."""
    gc.freeze()
    gc.enable()
    outcomes = _outcomes(list(files.problem_files(paths)), options)
    failed = False
    written: list[Any] = []
    for outcome in outcomes:
        if outcome.errors:
            failed = True
            print("\n".join(draw(error) for error in outcome.errors), file=sys.stderr)
        text = _json(outcome) if options.format == "json" else _terminal(outcome, options)
        if text:
            written.append(text)
            if _streaming(options):
                sys.stdout.write(("\n\n" if len(written) > 1 else "") + text)
    if options.format == "json":
        from solver.render.json import document

        _write(document(written), options)
    elif not _streaming(options):
        _write("\n\n".join(written), options)
    return 2 if failed else 0


def _streaming(options: Options) -> bool:
    """Whether pages are printed as they come: not through a pager, nor into one document or file."""
    return (
        options.format == "terminal"
        and options.output is None
        and not (options.paged and sys.stdout.isatty())
    )


def _write(text: str, options: Options) -> None:
    if options.output is None:
        streams.show(text, options.paged and options.format == "terminal")
        return
    temporary = f"{options.output}.part"
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(temporary, options.output)
    except OSError as error:
        raise SolverError(
            f"{quoted(options.output)} cannot be written: {(error.strerror or '').lower()}"
        ) from None


def _outcomes(paths: list[str], options: Options) -> Iterable[Outcome]:
    started = time.monotonic()
    told = False
    for place, path in enumerate(paths):
        if len(paths) > 1 and sys.stderr.isatty() and time.monotonic() - started > SLOW:
            told = True
            print(f"\r\x1b[K{place} of {len(paths)} files", end="", file=sys.stderr, flush=True)
        for problem in files.read_file(path):
            yield _outcome(problem, options)
    if told:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _outcome(problem: Problem | Unreadable, options: Options) -> Outcome:
    if isinstance(problem, Unreadable):
        return Outcome(problem.id, problem.kind, problem.errors)
    try:
        solution = kinds.solve(problem)
        sheet = _sheet(solution, options)
    except SolverErrors as several:
        return Outcome(problem.id, problem.kind, several.errors)
    except SolverError as error:
        return Outcome(problem.id, problem.kind, (error,))
    except (Exception, RecursionError, MemoryError) as bug:
        if os.environ.get("SOLVE_DEBUG"):
            raise
        message = f"the program failed on the problem {quoted(problem.id)}: {type(bug).__name__}: {bug}"
        hint = "this is a mistake of the program; please report it with the problem file"
        return Outcome(problem.id, problem.kind, (SolverError(message, problem.node.span, hint),))
    errors = (solution.error,) if solution.error else ()
    return Outcome(problem.id, problem.kind, errors, solution, sheet)


def _sheet(solution: Solution, options: Options) -> Sheet:
    problem, frame = solution.problem, solution.problem.frame
    ask, only = solution.ask, frozenset[str]()
    if options.only:
        ask = _chosen(solution.derivation, options.only)
        only = _needed(solution.derivation, ask)
    points = ""
    if frame.points is not None:
        points = f"{frame.points} point{'' if frame.points == 1 else 's'}"
    title = " · ".join(
        part for part in (frame.source if len(frame.source) <= 40 else "", frame.title or "") if part
    )
    return Sheet(
        title=title or solution.kind.title,
        points=points,
        statement=frame.statement.strip(),
        source=frame.source,
        ask=ask,
        letters=Letters(solution.kind.letters, frame.symbols),
        rounding=problem.rounding,
        digits=options.digits,
        detail=Detail[options.detail.upper()],
        only=only,
        stopped=solution.stopped is not None,
    )


def _chosen(derivation: Derivation, typed: Iterable[str]) -> tuple[str, ...]:
    """The names of `--only`, each option one name or several with commas between."""
    names: list[str] = []
    for text in typed:
        names += [text] if text in derivation.quantities else [part.strip() for part in text.split(",")]
    for name in names:
        if name not in derivation.quantities:
            raise kinds.unknown_quantity("--only", name, derivation.quantities)
    return tuple(dict.fromkeys(names))


def _needed(derivation: Derivation, names: Iterable[str]) -> frozenset[str]:
    """The steps that the names rest on, and they themselves."""
    steps = {name: step for step in derivation.steps for name in (step.name, *step.also)}
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        step = steps.get(waiting.pop())
        if step is not None and step.name not in needed:
            needed.add(step.name)
            waiting += symbols(step.expr)
    return frozenset(needed) or frozenset(names)


def _terminal(outcome: Outcome, options: Options) -> str:
    if outcome.solution is None or outcome.sheet is None:
        return ""
    from solver.page.from_derivation import page
    from solver.render.terminal import write

    stream = io.StringIO()
    blocks = page(outcome.solution.derivation, outcome.sheet)
    to_file = options.output is not None
    write(
        blocks,
        stream,
        streams.width(),
        streams.colour() and not to_file,
        streams.ascii_only() and not to_file,
    )
    return stream.getvalue()


def _json(outcome: Outcome) -> Any:
    from solver.render.json import failure, solution

    if outcome.errors or outcome.solution is None or outcome.sheet is None:
        return failure(outcome.id, outcome.kind, outcome.errors)
    return solution(outcome.id, outcome.kind, outcome.solution.derivation, outcome.sheet)
