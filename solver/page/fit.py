"""Breaking a chain of relations into lines that fit a page.

Terminal, LaTeX and Typst lay mathematics out differently but break it alike, so widths come from the
caller: `measure` gives that of a layout, in whatever whole unit `width` is counted in.

Lines break before a relation; `solver.page.breaks` says where a link breaks that is too wide for a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from solver.page.breaks import Measure, broken
from solver.page.elide import shrink
from solver.page.math import Chain, Layout, Row, Sign
from solver.record import Record

__all__ = ["Line", "Measure", "fit", "shrink"]

ROUNDED = "≈"
"""The relation that a chain has as a whole as soon as one of its links has it."""

INDENT = 3
"""How far lines are set in where they cannot be aligned under the first relation."""


class Line(Record):
    """A line of a broken chain: what stands on it, and how far it is set in."""

    indent: int
    layout: Layout


def fit(chain: Chain, width: int, measure: Measure, space: int = 1) -> list[Line]:
    """The lines of `chain`, none wider than `width` if it can be broken to that.

    Whole links that need several lines are spread evenly over them. `space` is the width on each side of a
    relation. What is left out of tables, here or by whoever built them, is told by `elide.elisions`.
    """
    first = measure(chain.first)
    links = [_Link.of(sign, body, measure, space) for sign, body in chain.links]
    indent = _indent(first + space, [link.size for link in links], width)
    bodies = _bodies(links, width - indent, measure)
    if indent > INDENT and any(
        measure(part) > width - indent - link.lead for link, parts in bodies for part in parts
    ):
        indent = INDENT
        bodies = _bodies(links, width - indent, measure)
    bodies = _passable(bodies, width - indent, measure)
    lines = [Line(0, chain.first)]
    if first > width:
        head, *rest = broken(chain.first, width - INDENT, measure)
        lines = [Line(0, head), *(Line(INDENT, part) for part in rest)]
    end = lines[-1].indent + measure(lines[-1].layout)
    for whole, run in groupby(bodies, lambda body: not body[1]):
        if whole:
            lines[-1:] = _filled(lines[-1], end, [link for link, _ in run], indent, width, space)
            end = width  # what follows is broken, and starts on a line of its own
            continue
        for link, (head, *rest) in run:
            if lines[-1].layout is chain.first and end + space == indent:
                lines[-1] = Line(0, Row((chain.first, link.sign, head)))
            else:
                lines.append(Line(indent, Row((link.sign, head))))
            lines += [Line(indent + link.lead, part) for part in rest]
            end = width
    return lines


def _bodies(links: Iterable[_Link], room: int, measure: Measure) -> list[tuple[_Link, list[Layout]]]:
    """Each link with the parts that its body must be broken into, none if it fits."""
    return [
        (link, broken(link.body, room - link.lead, measure) if link.size > room else []) for link in links
    ]


def _passable(
    bodies: Sequence[tuple[_Link, list[Layout]]], room: int, measure: Measure
) -> list[tuple[_Link, list[Layout]]]:
    """The links without those in the middle that no breaking makes fit: what is next follows as well."""
    kept: list[tuple[_Link, list[Layout]]] = []
    rounded = False
    for place, (link, parts) in enumerate(bodies):
        wide = any(measure(part) > room - link.lead for part in parts)
        rounded |= link.sign.text == ROUNDED
        if wide and 0 < place < len(bodies) - 1:
            continue
        kept.append((link._replace(sign=Sign(ROUNDED, "relation")) if rounded else link, parts))
        rounded = False
    return kept


class _Link(NamedTuple):
    """A relation with what stands behind it, and the widths of the relation and of both."""

    sign: Sign
    body: Layout
    lead: int
    size: int

    @classmethod
    def of(cls, relation: str, body: Layout, measure: Measure, space: int) -> _Link:
        sign = Sign(relation, "relation")
        lead = measure(sign) + space
        return cls(sign, body, lead, lead + measure(body))


def _filled(line: Line, end: int, links: list[_Link], indent: int, width: int, space: int) -> list[Line]:
    """The line, used up to `end`, and further ones with all the links: as few as can be, then as even."""
    if end + sum(space + link.size for link in links) <= width:
        return [Line(line.indent, Row((line.layout, *(item for link in links for item in link[:2]))))]

    def filled(limit: int) -> list[list[_Link]]:
        rows: list[list[_Link]] = [[]]
        used = end
        for link in links:
            if used + space + link.size > limit:
                rows.append([])
                used = indent - space
            rows[-1].append(link)
            used += space + link.size
        return rows

    low, high = indent + max(link.size for link in links), width
    fewest = len(filled(width))
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(filled(middle)) <= fewest else (middle + 1, high)
    head, *rest = ([item for link in row for item in link[:2]] for row in filled(low))
    first = Line(line.indent, Row((line.layout, *head))) if head else line
    return [first, *(Line(indent, Row(tuple(row))) for row in rest)]


def _indent(aligned: int, links: Iterable[int], width: int) -> int:
    """Under the first relation, unless the left side is wide or a link needs the room."""
    cramped = any(width - aligned < link <= width - INDENT for link in links)
    return INDENT if cramped or aligned > width // 3 else aligned
