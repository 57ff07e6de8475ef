"""What all tests share: a fixed environment, how long properties are tried, and two ways into the program."""

from __future__ import annotations

import gc
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings

from solver import kinds
from solver.cli.main import main
from solver.errors import Source, draw
from solver.kinds import Solution
from solver.spec.problem import Problem, read_problems

PROBLEMS = Path(__file__).parent.parent / "problems"

FIXED = {"COLUMNS": "80", "LINES": "24", "NO_COLOR": "1", "TERM": "xterm", "PYTHONUTF8": "1"}
CLEARED = (
    *("FORCE_COLOR", "PAGER", "LESS", "GITHUB_ACTIONS", "PY_COLORS", "PYTHONIOENCODING", "SOLVE_DEBUG"),
    *("LC_ALL", "LC_CTYPE", "LANG", "TERMINAL_WIDTH", "TTY_COMPATIBLE", "TTY_INTERACTIVE"),
)

settings.register_profile("default", derandomize=True, deadline=None, max_examples=50, database=None)
settings.register_profile("fuzz", deadline=None, max_examples=5000)
settings.load_profile("default")


@pytest.fixture(autouse=True, scope="session")
def _environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in FIXED.items():
            patch.setenv(name, value)
        for name in CLEARED:
            patch.delenv(name, raising=False)
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked as fuzz unless marks were asked for (`-m fuzz`)."""
    if config.option.markexpr:
        return
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("fuzz")])
    items[:] = [item for item in items if not item.get_closest_marker("fuzz")]


def as_yaml(problem: Mapping[str, Any]) -> str:
    """The text of a problem file."""
    return yaml.safe_dump(dict(problem), sort_keys=False, allow_unicode=True, width=10**6)


def read(problem: Mapping[str, Any]) -> Problem:
    """A problem from a plain dict, through the text of a file; its faults fail the test."""
    (found,) = read_problems(Source("problem.yaml", as_yaml(problem)), kinds.fields_of, kinds.names)
    assert isinstance(found, Problem), "\n".join(map(draw, found.errors))
    return found


def solved(problem: Mapping[str, Any], **options: Any) -> Solution:
    """The solution of a problem given as a plain dict; the options are those of `kinds.solve`."""
    return kinds.solve(read(problem), **options)


def environment(changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """The environment with changes; None takes a variable away."""
    changed = {**os.environ, **(changes or {})}
    return {name: value for name, value in changed.items() if value is not None}


def command(*args: str | Path) -> Sequence[str]:
    """The command line of the program, for `subprocess`."""
    return [sys.executable, "-m", "solver.cli.main", *map(str, args)]


def run(
    *args: str | Path,
    stdin: str | bytes | None = None,
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `solve` with arguments as a program of its own; `env` changes the environment."""
    text = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        command(*args), input=text or b"", capture_output=True, env=environment(env), cwd=cwd, timeout=60
    )
    out, err = (stream.decode("utf-8") for stream in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def call(
    *args: str | Path,
    stdin: str = "",
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """The same as `run`, but inside this process: ten times as fast, and all that most tests need."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    status: int | str | None = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["solve", *map(str, args)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        for name, value in (env or {}).items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        if cwd is not None:
            patch.chdir(cwd)
        try:
            main()
        except SystemExit as stop:
            status = stop.code
        finally:  # the program leaves these to the end of its process
            gc.unfreeze()
            gc.enable()
    texts = []
    for stream in (out, err):
        stream.flush()
        stream.seek(0)
        texts.append(stream.read())
    return subprocess.CompletedProcess(sys.argv, status if isinstance(status, int) else 0, *texts)
