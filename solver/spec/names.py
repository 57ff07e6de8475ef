"""Names of quantities: `gain(A1)`, `conv1.shape`, `A2=1/gain(A3)` with the path to a node in front.

What a user called a column or a value stands in them as it is; only `)`, `/` and the backslash are escaped.
"""

from __future__ import annotations

import re

_PART = re.compile(r"(?:[^\\/]|\\.?)*", re.DOTALL)
_DERIVATIVE = re.compile(r"d[^\W\d_]\w*/d[^/]+")


def escaped(text: str) -> str:
    """A user's text as it stands in a name."""
    return re.sub(r"([)/\\])", r"\\\1", text)


def unescaped(text: str) -> str:
    """The user's text again."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def split(name: str) -> tuple[tuple[str, ...], str]:
    """The path in front of a name, and the name proper; a derivative `dL/dW` has no path."""
    if "/" not in name or _DERIVATIVE.fullmatch(name):
        return (), name
    parts, place = [], 0
    while True:
        found = _PART.match(name, place)
        assert found is not None
        parts.append(found[0])
        if found.end() >= len(name):
            return tuple(parts[:-1]), parts[-1]
        place = found.end() + 1
