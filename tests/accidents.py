"""What happens to files on the way: accidents for the tests that break problem files and papers."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

A_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def flipped(chance: random.Random, data: bytes) -> bytes:
    """Some bits turned over."""
    changed = bytearray(data or b" ")
    for _ in range(chance.randint(1, 4)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def retokened(
    chance: random.Random, data: bytes, token: re.Pattern[str], others: Sequence[str], wrapped: bool = False
) -> bytes:
    """A token replaced, taken away, repeated, put in, exchanged with another, or `wrapped` in lists."""
    tokens = token.findall(data.decode(errors="surrogateescape")) or [" "]
    place, other = (chance.randrange(len(tokens)) for _ in range(2))
    match chance.randrange(5 + wrapped):
        case 0:
            tokens[place] = chance.choice(others)
        case 1:
            del tokens[place : place + chance.choice((1, 1, 3, 10))]
        case 2:
            few = tokens[place : place + chance.choice((1, 5, 40))]
            tokens[place:place] = few * chance.choice((1, 1, 30))
        case 3:
            tokens[place:place] = [chance.choice(others)]
        case 4 if wrapped:
            depth = chance.choice((1, 3, 30))
            tokens[place] = "[" * depth + tokens[place] + "]" * depth
        case _:
            tokens[place], tokens[other] = tokens[other], tokens[place]
    return joined(*tokens)


def relined(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A line taken away, repeated, indented, moved, or taken from another file."""
    lines = data.split(b"\n")
    place = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[place]
        case 1:
            lines.insert(place, lines[place])
        case 2:
            lines[place] = b" " * chance.randint(1, 4) + lines[place]
        case 3:
            lines.insert(chance.randrange(len(lines)), lines.pop(place))
        case _:
            lines.insert(place, chance.choice(chance.choice(others).split(b"\n")))
    return b"\n".join(lines)


def joined(*parts: str) -> bytes:
    """Texts as one file."""
    return "".join(parts).encode(errors="surrogateescape")
