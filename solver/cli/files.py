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
from solver.spec.problem import Problem, Unreadable, read_problems

SUFFIXES = {".yaml", ".yml"}
STDIN = "<stdin>"


def problem_files(paths: Iterable[str]) -> Iterator[str]:
    """The files that are meant: a folder stands for every problem file in it, sorted, hidden ones left out.

    A folder that cannot be read, or has no problem file, is yielded itself: reading it tells why.
    """
    for path in paths:
        if path != "-" and os.path.isdir(path):
            yield from _in_folder(path) or [path]
        else:
            yield path


def _in_folder(folder: str) -> list[str]:
    unread: list[str] = []
    found: list[str] = []
    for root, folders, files in os.walk(folder, onerror=lambda error: unread.append(error.filename)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            os.path.join(root, name)
            for name in sorted(files)
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES
        ]
    return [*found, *unread]


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
        if hint is None:
            folder = os.path.dirname(path) or "."
            near = did_you_mean(os.path.basename(path), os.listdir(folder)) if os.path.isdir(folder) else None
            hint = near
        return SolverError(f"there is no file {quoted(path)}", hint=hint)
    why = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
    return SolverError(f"{quoted(path)} cannot be read: {why}")
