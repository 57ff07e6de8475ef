"""A tree in text, its branches drawn as lines."""

from __future__ import annotations

from collections.abc import Iterator

from solver.page.blocks import Prose, Tree
from solver.render.prose import wrap

BRANCH, LAST, TRUNK = ("├─ ", "└─ ", "│  ")
PLAIN = {BRANCH: "|- ", LAST: "`- ", TRUNK: "|  "}

MOST_LINES = 400


def tree(block: Tree, room: int, ascii: bool = False) -> list[str]:
    """The lines of a tree; of a very big one the first."""
    lines: list[str] = []
    for line in _node((), block, "", "", room, ascii):
        if len(lines) == MOST_LINES:
            lines.append("..." if ascii else "⋯")
            break
        lines.append(line)
    return lines


def _node(edge: Prose, node: Tree, first: str, rest: str, room: int, ascii: bool) -> Iterator[str]:
    between: Prose = (" ",) if edge and node.text[:1] == (": ",) and len(node.text) == 1 else ()
    texts = wrap((*edge, *between, *node.text), max(room - len(first), 8), ascii)
    for place, text in enumerate(texts):
        yield (rest if place else first) + text
    for place, (label, below) in enumerate(node.branches, 1):
        last = place == len(node.branches)
        mark, trunk = (LAST, "   ") if last else (BRANCH, TRUNK)
        if ascii:
            mark, trunk = PLAIN[mark], PLAIN.get(trunk, trunk)
        yield from _node(label, below, rest + mark, rest + trunk, room, ascii)
