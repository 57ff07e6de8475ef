"""From the paths on the command line to problems, each fault kept with its place."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from solver import kinds
from solver.cli.words import COMMANDS
from solver.errors import SolverError, did_you_mean, quoted
from solver.spec import yaml
from solver.spec.paths import beside, meant, unreadable
from solver.spec.problem import Problem, Unreadable, read_problems

SUFFIXES = {".yaml", ".yml"}
STDIN = "<stdin>"


def problem_files(paths: Iterable[str]) -> Iterator[str]:
    """The problem files that are meant, every one of a folder."""
    return meant(paths, SUFFIXES)


def read_file(path: str) -> list[Problem | Unreadable]:
    """The problems of a file, or of standard input for `-`; a file that cannot be read is one fault."""
    try:
        source = yaml.decode(*read_bytes(path)[::-1])
    except SolverError as error:
        return [Unreadable(Path(path).stem, "", (error,), path)]
    return read_problems(source, kinds.fields_of, kinds.names)


def read_bytes(path: str) -> tuple[str, bytes]:
    """The name of a problem file and what is in it, no more than a problem file may hold. Raises `SolverError`."""
    try:
        if path == "-":
            return STDIN, sys.stdin.buffer.read(yaml.MAX_BYTES + 1)
        if os.path.isdir(path):
            os.scandir(path).close()
            message = f"there is no problem file in the folder {quoted(path)}"
            raise SolverError(message, hint="problem files end in .yaml")
        with open(path, "rb") as file:
            return path, file.read(yaml.MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unread(path, error) from None


def _unread(path: str, error: Exception) -> SolverError:
    if isinstance(error, FileNotFoundError):
        hint = did_you_mean(path, COMMANDS) if os.sep not in path and "." not in path else None
        hint = hint and hint.replace("did you mean ", "did you mean the command ")
        return SolverError(f"there is no file {quoted(path)}", hint=hint or beside(path))
    return unreadable(path, error)
