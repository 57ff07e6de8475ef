"""Files that are meant by paths, and what is said of those that cannot be read."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator

from solver.errors import SolverError, did_you_mean, quoted


def meant(paths: Iterable[str], suffixes: Collection[str]) -> Iterator[str]:
    """The files that are meant: a folder stands for every file in it that ends so, sorted, hidden ones left out.

    A folder that cannot be read, or has no such file, is yielded itself: reading it tells why.
    """
    for path in paths:
        if path != "-" and os.path.isdir(path):
            yield from _in_folder(path, suffixes) or [path]
        else:
            yield path


def _in_folder(folder: str, suffixes: Collection[str]) -> list[str]:
    unread: list[str] = []
    found: list[str] = []
    for root, folders, files in os.walk(folder, onerror=lambda error: unread.append(error.filename)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            os.path.join(root, name)
            for name in sorted(files)
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in suffixes
        ]
    return [*found, *unread]


def unreadable(path: str, error: Exception) -> SolverError:
    """The error for a file that the system does not give."""
    return SolverError(f"{quoted(path)} cannot be read: {reason(error)}")


def reason(error: Exception) -> str:
    """Why the system does not give a file."""
    return error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)


def beside(path: str) -> str | None:
    """A hint at a file beside a path that leads to none."""
    folder, name = os.path.split(path)
    try:
        return did_you_mean(name, os.listdir(folder or "."))
    except OSError:
        return None
