"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from solver.errors import SolverError, quoted

LARGE = 1 << 18
"""Bytes that are written at once."""


def write_file(path: str, pieces: Iterable[str | bytes]) -> None:
    """Write a file beside its place and put it there when it is whole. Raises `SolverError`."""
    target = os.path.realpath(path)
    device = os.path.exists(target) and not os.path.isfile(target)
    temporary = target if device else f"{target}.part"
    try:
        with open(temporary, "wb") as file:
            for some in _together(pieces):
                file.write(some)
        if not device:
            os.replace(temporary, target)
    except OSError as error:
        raise SolverError(f"{quoted(path)} cannot be written: {(error.strerror or '').lower()}") from None


def _together(pieces: Iterable[str | bytes]) -> Iterator[bytes]:
    """Many small pieces as fewer large ones."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece if isinstance(piece, bytes) else piece.encode("utf-8"))
        size += len(held[-1])
        if size > LARGE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def write_folder(path: str, files: Iterable[tuple[str, str]]) -> None:
    """Write files with safe names into a folder, which is made if there is none."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        message = f"the folder {quoted(path)} cannot be made: {(error.strerror or '').lower()}"
        raise SolverError(message) from None
    for name, text in files:
        write_file(os.path.join(path, name), [text])
