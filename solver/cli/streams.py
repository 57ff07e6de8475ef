"""Standard output and errors: what they can carry, how wide they are, and the pager."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from typing import TextIO

SAMPLE = "─→✓∑ᵀ⁽⁰⁾≈⎡⎛−"
"""What a page is drawn with; an encoding that cannot carry it gets ASCII."""

NARROWEST, WIDEST = 40, 200


def prepare() -> None:
    """Pipes and files get UTF-8 unless the user says otherwise; nothing that cannot be encoded is an error.

    Where standard output or errors are closed, what is written to them goes nowhere.
    """
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if not hasattr(stream, "reconfigure"):
            continue
        if not _carries(stream) and not stream.isatty() and "PYTHONIOENCODING" not in os.environ:
            stream.reconfigure(encoding="utf-8")
        stream.reconfigure(errors="backslashreplace")


def abandon() -> None:
    """Nobody reads standard output any more: whatever is still to be written goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _carries(stream: TextIO) -> bool:
    try:
        SAMPLE.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def ascii_only() -> bool:
    """Whether standard output cannot carry the signs of a page."""
    return not _carries(sys.stdout)


def width() -> int:
    """The columns of a page."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, NARROWEST), WIDEST)


def colour() -> bool:
    """Whether standard output is to be coloured (no-color.org; FORCE_COLOR wins over a pipe)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def show(text: str, paged: bool) -> None:
    """Print a page, through the pager if it is longer than the terminal (as git does)."""
    height = shutil.get_terminal_size((80, 24)).lines
    command = shlex.split(os.environ.get("PAGER", "less"))
    if not paged or not sys.stdout.isatty() or text.count("\n") < height or command in ([], ["cat"]):
        sys.stdout.write(text)
        return
    environment = {"LESS": "FRX", "LESSCHARSET": "utf-8"} | dict(os.environ)
    try:
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
    except OSError:
        sys.stdout.write(text)
        return
    try:
        pager.communicate(text.encode(sys.stdout.encoding or "utf-8", "replace"))
    except BrokenPipeError:
        pass
    except KeyboardInterrupt:
        pager.wait()
