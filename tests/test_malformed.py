"""Files with faults: every one is told at once, each with its place, the field and what was typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import run

from solver import kinds
from solver.cli.files import read_file
from solver.errors import SolverError, SolverErrors, draw
from solver.spec.problem import Unreadable

FILES = sorted((Path(__file__).parent / "malformed").glob("*.yaml"))
SEVERAL = {"two-faults": 2, "three-faults": 3}
"""How many faults a file has, by the end of its name; others have at least one."""


def expected(path: Path) -> tuple[list[str], tuple[int, int]]:
    """The words of the messages, and the line and column of the first fault, as the file itself says."""
    text = path.read_text(encoding="utf-8", errors="replace")
    words, place = re.match(r"# expect: (.*)\n# at: (.*)\n", text).groups()  # type: ignore[union-attr]
    line, column = map(int, place.split(":"))
    return [word for word in map(str.strip, words.split(";")) if word], (line, column)


def faults(path: Path) -> list[SolverError]:
    """All that `solve FILE` says on standard error."""
    found: list[SolverError] = []
    for problem in read_file(str(path)):
        if isinstance(problem, Unreadable):
            found += problem.errors
            continue
        try:
            solution = kinds.solve(problem)
        except SolverErrors as errors:
            found += errors.errors
        else:
            found += [solution.error] if solution.error else []
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_fault(path: Path) -> None:
    words, place = expected(path)
    found = faults(path)
    told = "\n".join(map(draw, found))
    said = "\n".join(f"{error.message}\n{error.hint or ''}" for error in found)
    assert found, "no fault was found"
    assert [word for word in words if word not in said] == [], told
    assert all(error.span is not None for error in found), told
    first = found[0].span
    assert first is not None
    assert (first.line, first.column) == place, told
    assert all("`" in error.message for error in found if not path.stem.startswith("yaml-")), told
    assert len({draw(error) for error in found}) == len(found), told
    wanted = next((count for end, count in SEVERAL.items() if path.stem.endswith(end)), None)
    assert wanted in (None, len(found)), told


@pytest.mark.parametrize("path", FILES[:: len(FILES) // 9], ids=lambda path: path.stem)
def test_command_line(path: Path) -> None:
    done = run(path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "".join(f"{draw(fault)}\n" for fault in faults(path))
    assert re.match(rf"{re.escape(str(path))}:\d+:\d+: error: ", done.stderr)
