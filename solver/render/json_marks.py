"""Marks for programs: one JSON document, written piece by piece so that a class of any size fits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from solver.render.json import FORMAT


class Written(dict[str, Any]):
    """A result whose JSON is known."""

    text: str


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_STEERING = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What JSON allows in a text and a terminal obeys; JSON holds it only inside of texts."""


def run_document(
    results: Iterable[Mapping[str, Any]],
    not_graded: Iterable[Mapping[str, Any]],
    summary: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
) -> Iterator[str]:
    """The document in pieces. `not_graded` is read, and `summary` called, when all results are written."""
    yield f'{{"format": {FORMAT}, "results": ['
    yield from _items(results)
    yield '], "not_graded": ['
    yield from _items(not_graded)
    yield '], "summary": '
    yield text(summary() if callable(summary) else summary)
    yield "}\n"


def text(value: Any) -> str:
    """A value as JSON that every encoding to UTF-8 can carry (a lone surrogate is escaped)."""
    written = _encode(value)
    if not written.isascii() or "\x7f" in written:
        written = _STEERING.sub(lambda sign: f"\\u{ord(sign[0]):04x}", written)
    try:
        written.encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False)
    return written


def _items(values: Iterable[Any]) -> Iterator[str]:
    before = "\n"
    for value in values:
        yield before + (value.text if isinstance(value, Written) else text(value))
        before = ",\n"
