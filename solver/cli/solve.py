"""`solve FILE …`: worked solutions."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Collection, Iterable
from typing import Any

from solver import kinds
from solver.cli import files
from solver.cli.write import deliver, drawn
from solver.derivation import Derivation
from solver.errors import SolverError, draw, quoted
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
    """What became of one problem: what is written of it (text, or an object for JSON), and its errors."""

    written: Any
    errors: tuple[SolverError, ...] = ()
    names: frozenset[str] = frozenset()
    """The names of its quantities."""


def solve(paths: Iterable[str], options: Options) -> int:
    """Solve everything and write it out; what cannot be solved is told and does not stop the others."""
    gc.freeze()
    gc.enable()
    failed = False
    written: list[Any] = []
    names: set[str] = set()
    for outcome in _outcomes(list(files.problem_files(paths)), options):
        if outcome.errors:
            failed = True
            print("\n".join(draw(error) for error in outcome.errors), file=sys.stderr)
        names |= outcome.names
        if outcome.written:
            if _streaming(options):
                sys.stdout.write(("\n\n" if written else "") + outcome.written)
            written.append(outcome.written)
    if options.format == "json":
        from solver.render.json import document

        deliver(document(written), options.output, paged=False)
    elif not _streaming(options):
        deliver("\n\n".join(written), options.output, options.paged)
    return 2 if _unmatched(options.only, names) or failed else 0


def _unmatched(typed: Iterable[str], names: set[str]) -> bool:
    """Tell what of `--only` no problem has."""
    wanted = [name for name in _names(typed, names) if names and name not in names]
    for name in wanted:
        print(draw(kinds.unknown_quantity("--only", name, sorted(names))), file=sys.stderr)
    return bool(wanted)


def _streaming(options: Options) -> bool:
    """Whether pages are printed as they come: not through a pager, nor into one document or file."""
    return (
        options.format == "terminal"
        and options.output is None
        and not (options.paged and sys.stdout.isatty())
    )


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
        return _failed(problem, problem.errors, options)
    try:
        solution = kinds.solve(problem, whole=options.format == "json" or bool(options.only))
        sheet = _sheet(solution, options)
        names = frozenset(solution.derivation.quantities)
        if options.only and not sheet.ask:
            return Outcome(None, names=names)
        if options.format == "json" and solution.error is not None:
            return _failed(problem, (solution.error,), options)
        if options.format == "json":
            written = _json(solution, sheet)
        else:
            from solver.page.from_derivation import page

            written = drawn(page(solution.derivation, sheet), options.output)
        return Outcome(written, (solution.error,) if solution.error else (), names)
    except SolverError as error:
        return _failed(problem, error.errors, options)
    except (Exception, RecursionError, MemoryError) as bug:
        if os.environ.get("SOLVE_DEBUG"):
            raise
        message = f"the program failed on the problem {quoted(problem.id)}: {type(bug).__name__}: {bug}"
        hint = "this is a mistake of the program; please report it with the problem file"
        return _failed(problem, (SolverError(message, problem.node.span, hint),), options)


def _failed(problem: Problem | Unreadable, errors: tuple[SolverError, ...], options: Options) -> Outcome:
    from solver.render.json import failure

    file = problem.file if isinstance(problem, Unreadable) else ""
    described = failure(problem.id, problem.kind, errors, file) if options.format == "json" else ""
    return Outcome(described, errors)


def _sheet(solution: Solution, options: Options) -> Sheet:
    problem, frame = solution.problem, solution.problem.frame
    ask, only = solution.ask, frozenset[str]()
    if options.only:
        known = solution.derivation.quantities
        ask = tuple(dict.fromkeys(name for name in _names(options.only, known) if name in known))
        only = _needed(solution.derivation, ask)
    points = ""
    if frame.points is not None:
        points = f"{frame.points} point{'' if 0 < frame.points <= 1 else 's'}"
    return Sheet(
        title=frame.title or solution.kind.title,
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


def _names(typed: Iterable[str], known: Collection[str]) -> Iterable[str]:
    """The names of `--only`, each option one name or several with commas between."""
    for text in typed:
        yield from [text] if text in known else map(str.strip, text.split(","))


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


def _json(solution: Solution, sheet: Sheet) -> Any:
    from solver.render.json import solution as described

    return described(solution.problem.id, solution.kind.name, solution.derivation, sheet)
