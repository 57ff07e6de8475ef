"""`solve validate`: what is wrong with problem files."""

from __future__ import annotations

from collections.abc import Iterable

from solver.cli import files
from solver.errors import counted, draw
from solver.spec.problem import Unreadable


def validate(paths: Iterable[str]) -> int:
    """Print every fault with its place: 0 without faults, 1 with, 2 where a file could not be read."""
    faults = problems = 0
    unread = False
    for path in files.problem_files(paths):
        for problem in files.read_file(path):
            if not isinstance(problem, Unreadable):
                problems += 1
                continue
            unread |= any(error.span is None for error in problem.errors)
            faults += len(problem.errors)
            for error in problem.errors:
                print(draw(error))
    print(f"{counted(problems, 'problem')} without faults, {counted(faults, 'fault')}")
    return 2 if unread else 1 if faults else 0
