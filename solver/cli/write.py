"""Where a text goes: to the terminal, or into files that are written whole or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from solver.cli import streams
from solver.errors import SolverError, quoted

if TYPE_CHECKING:
    from solver.page.blocks import Page


def deliver(text: str, output: str | None, paged: bool) -> None:
    """Show a text, or write it to the file that is named."""
    if output is None:
        streams.show(text, paged)
    else:
        write_file(output, [text])


def drawn(page: Page, output: str | None) -> str:
    """A page as text: for the terminal that there is, or plainly for a file."""
    from solver.render.terminal import write

    stream = io.StringIO()
    colour, ascii = (streams.colour(), streams.ascii_only()) if output is None else (False, False)
    write(page, stream, streams.width(), colour, ascii)
    return stream.getvalue()


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
