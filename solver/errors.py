"""What went wrong, and where: errors are data, and one function draws them.

    midterm.yaml:4:21: error: a number is expected, not the text `2 3`
      4 |   points: [[0, 1], [2 3]]
        |                     ^^^
      = hint: is a comma missing between two numbers?

Messages are lower-case sentences without a full stop; the user's own words stand in backticks.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache

from solver.record import Record

WINDOW = 100
"""Columns of a long line that an excerpt shows."""

# The line ends of YAML 1.1, which PyYAML counts.
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

_REPLACED = (*range(0x80, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000))
_CLEAN = {code: chr(0x2400 + code) for code in range(32)} | dict.fromkeys(_REPLACED, "\ufffd")
_CLEAN |= {0x7F: "\u2421", ord("\t"): "    "}
_CLEAN_LINES = _CLEAN | {ord("\n"): "\n"}


class Source(Record):
    """A text that was read, and the name it goes by in messages (a path as it was typed)."""

    name: str
    text: str

    def line(self, number: int) -> str:
        """The line of that number, from 1, without its end; empty beyond the last one."""
        starts = _line_starts(self.text)
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n\x85\u2028\u2029")

    def span(self, start: int, end: int) -> Span:
        """The place of `text[start:end]`."""
        starts = _line_starts(self.text)
        line, end_line = bisect_right(starts, start), bisect_right(starts, end)
        return Span(self, line, start - starts[line - 1] + 1, end_line, end - starts[end_line - 1] + 1)


class Span(Record):
    """A stretch of a source: lines and columns from 1, in code points; the end is exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int


class SolverError(Exception):
    """A fault that the reader of the message can mend: what, where, and a hint if there is one."""

    def __init__(self, message: str, span: Span | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint

    def __str__(self) -> str:
        return self.message

    @property
    def errors(self) -> tuple[SolverError, ...]:
        """The faults that it stands for: itself, unless it holds several."""
        return (self,)


class SolverErrors(SolverError):
    """All the faults of one problem, at least one; it passes for the first of them."""

    def __init__(self, errors: Iterable[SolverError]) -> None:
        self._errors = tuple(errors)
        first = self._errors[0]
        super().__init__(first.message, first.span, first.hint)
        self.args = (self._errors,)  # what a copy in another process is made from

    @property
    def errors(self) -> tuple[SolverError, ...]:
        """The faults."""
        return self._errors


def draw(error: SolverError) -> str:
    """The message with its place, the line it speaks of, a caret below, and the hint.

    The text has no colour and no line end at its end; nothing in it can steer a terminal.
    """
    if isinstance(error, SolverErrors):
        return "\n".join(map(draw, error.errors))
    lines = [f"error: {clean(error.message, newlines=True)}"]
    if (span := error.span) is not None:
        lines[0] = f"{clean(span.source.name)}:{span.line}:{span.column}: {lines[0]}"
        if line := span.source.line(span.line).rstrip():
            end = span.end_column - 1 if span.end_line == span.line else len(line)
            excerpt, carets = _excerpt(line, span.column - 1, end)
            number = str(span.line)
            lines += [f"  {number} | {excerpt}", f"  {' ' * len(number)} | {carets}"]
    if error.hint is not None:
        lines.append(f"  = hint: {clean(error.hint, newlines=True)}")
    return "\n".join(lines)


def clean(text: str, *, newlines: bool = False) -> str:
    """The text with nothing in it that could steer a terminal; a tab becomes four spaces.

    Control characters become their pictures (`␛`), other hostile ones (C1, overrides of the writing
    direction, lone surrogates) `\N{REPLACEMENT CHARACTER}`. Line feeds stay only if `newlines` are wanted.
    """
    return text.translate(_CLEAN_LINES if newlines else _CLEAN)


def quoted(text: str, limit: int = 60) -> str:
    """The user's words in backticks, on one line, at most `limit` characters of them."""
    return f"`{clean(text if len(text) <= limit else text[: limit - 1] + '…')}`"


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def place_of(error: SolverError) -> tuple[int, int]:
    """Line and column, to put errors in the order of the file."""
    return (error.span.line, error.span.column) if error.span else (0, 0)


def listed(words: Iterable[str], joint: str = "or") -> str:
    """The words as a choice: "`a`, `b` or `c`"; nothing of no words."""
    *others, last = [quoted(word) for word in words] or [""]
    return f"{', '.join(others)} {joint} {last}" if others else last


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the known word nearest to a mistyped one, or None when none is near."""
    from difflib import get_close_matches

    wanted = word.casefold()
    folded = {candidate.casefold(): candidate for candidate in reversed(list(known))}
    near: Sequence[str] = get_close_matches(wanted, folded, n=1) if len(wanted) <= 60 else ()
    if not near and len(wanted) > 1:
        near = [name for name in reversed(folded) if name.startswith(wanted)]
    return f"did you mean {quoted(folded[near[0]])}?" if near else None


@lru_cache(maxsize=4)
def _line_starts(text: str) -> Sequence[int]:
    starts = array("L", [0])
    starts.extend(found.end() for found in _LINE_END.finditer(text))
    return starts


def _excerpt(line: str, start: int, end: int) -> tuple[str, str]:
    """The part of a line around `line[start:end]` that fits the window, and the carets below it."""
    start = min(start, len(line))
    first, last = 0, len(line)
    if len(line) > WINDOW or _width(line) > WINDOW:
        first = last = start
        room = WINDOW * 3 // 5
        while first > 0 and (room := room - _width(line[first - 1])) >= 0:
            first -= 1
        room = WINDOW - _width(line[first:start])
        while last < len(line) and (room := room - _width(line[last])) >= 0:
            last += 1
    before = ("…" if first > 0 else "") + line[first:start]
    after = "…" if last < len(line) else ""
    carets = "^" * max(1, _width(line[start : min(end, last)]))
    return clean(before + line[start:last] + after), " " * _width(before) + carets


def _width(text: str) -> int:
    """How many columns a terminal gives to the cleaned text."""
    text = clean(text)
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(character) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )
