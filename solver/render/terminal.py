"""A page for the terminal: lines of styled text, and their way to a stream.

Everything is decided here without rich, which only puts in the colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TextIO

from solver.errors import clean
from solver.page import fit
from solver.page.blocks import (
    Block,
    Curve,
    Facts,
    Heading,
    Note,
    Page,
    Prose,
    Section,
    Statement,
    Step,
    Table,
    Tree,
)
from solver.page.elide import elisions
from solver.page.math import Chain, Layout
from solver.render.boxes import Box, beside, box, line, linear
from solver.render.glyphs import plain
from solver.render.glyphs import width as cells
from solver.render.grid import pictures
from solver.render.plot import plot
from solver.render.prose import wrap
from solver.render.table import table
from solver.render.tex import readable
from solver.render.tree import tree

Segment = tuple[str, str]
"""A style (`bold`, `dim`, `red`, `green` or nothing) and a text."""
Line = list[Segment]

MARGIN = 3
"""How far a step stands in, its number to the left of it."""
LABEL = 7
BETWEEN_FACTS = 3

_SIGNS = {"check": ("green", "✓", "ok"), "failed": ("red", "✗", "!!"), "left-out": ("dim", "⋯", "...")}
_MATHS = re.compile(r"(?<!\\)(\${1,2})(?=\S)((?:\\.|[^$\\])+)(?<=\S)\1(?!\d)", re.DOTALL)
_ITEM = re.compile(r"\s*([-*+•]|\d+[.)]|\(?[a-z]\))\s+")


def write(page: Page, stream: TextIO, width: int, colour: bool = False, ascii: bool = False) -> None:
    """Prints a page to `stream`; without `colour` as plain text."""
    lines = terminal(page, width, ascii)
    if not colour:
        stream.write("".join("".join(text for _, text in line) + "\n" for line in lines))
        return
    from rich.console import Console
    from rich.text import Text

    text = Text("\n", end="").join(Text.assemble(*((part, style) for style, part in line)) for line in lines)
    console = Console(
        file=stream, force_terminal=True, width=width, highlight=False, markup=False, emoji=False
    )
    console.print(text, soft_wrap=True)


def terminal(page: Page, width: int, ascii: bool = False) -> list[Line]:
    """The lines of a page, no wider than `width` but for a formula that cannot be broken."""
    sheet = _Sheet(width, ascii)
    lines: list[Line] = []
    previous: Block | None = None
    for block in page:
        if previous is not None and _apart(previous, block):
            lines.append([])
        lines += map(_trimmed, sheet.block(block))
        previous = block
    return lines


def _apart(above: Block, below: Block) -> bool:
    """Whether a blank line stands between two blocks."""
    match above, below:
        case (Section(), _) | (Heading() | Facts(), Facts() | Note()) | (Note(), Note()):
            return False
    return True


def _trimmed(line: Line) -> Line:
    """The line without empty parts and without spaces at its end."""
    parts = [part for part in line if part[1]]
    while parts and not parts[-1][1].rstrip(" "):
        parts.pop()
    return [*parts[:-1], (parts[-1][0], parts[-1][1].rstrip(" "))] if parts else []


class _Sheet:
    """The blocks of a page as lines of one width."""

    def __init__(self, width: int, ascii: bool) -> None:
        self.width = width
        self.ascii = ascii

    def block(self, block: Block) -> Iterable[Line]:
        match block:
            case Heading(text, aside):
                return self.aside(wrap((text,), self.width, self.ascii), self.text(aside), "bold")
            case Statement():
                return self.statement(block)
            case Facts():
                return self.facts(block)
            case Section(title):
                return self.section(title)
            case Step():
                return self.step(block)
            case Table():
                return self.table(block)
            case Tree():
                return self.plainly(tree(block, self.width - MARGIN, self.ascii))
            case Note():
                return self.note(block)
            case Curve():
                return self.curve(block)

    def text(self, text: str) -> str:
        shown = clean(text)
        return plain(shown) if self.ascii else shown

    def indented(self, prose: Prose, indent: int, style: str = "") -> list[Line]:
        lines = wrap(prose, self.width - indent, self.ascii)
        return [[("", " " * indent), (style, text)] for text in lines]

    def aside(self, texts: Sequence[str], aside: str, style: str = "", indent: int = 0) -> list[Line]:
        """Lines of text with something at the right margin of the last, or below it for want of room."""
        lines = [[("", " " * indent), (style, text)] for text in texts]
        if not aside:
            return lines
        used = indent + cells(texts[-1]) + 2 if texts else 0
        spare = self.width - cells(aside)
        if texts and used <= spare:
            lines[-1].append(("", " " * (spare - used + 2)))
        else:
            lines.append([("", " " * max(spare, 0))])
        lines[-1].append(("dim", aside))
        return lines

    def statement(self, statement: Statement) -> Iterable[Line]:
        text = clean(statement.text, newlines=True)
        text = _MATHS.sub(lambda found: readable(found[2], self.ascii), text).replace("\\$", "$")
        paragraph: list[str] = []
        lines: list[Line] = []
        for row in [*text.splitlines(), ""]:
            if not row.strip() or _ITEM.match(row):
                lines += self.paragraph(" ".join(paragraph))
                paragraph = []
            if row.strip():
                paragraph.append(row.strip())
            elif lines and lines[-1]:
                lines.append([])
        return lines[:-1] if lines and not lines[-1] else lines

    def paragraph(self, text: str) -> Iterable[Line]:
        """A paragraph; an item of a list hangs behind its mark."""
        item = _ITEM.match(text)
        mark = self.text(item[0]) if item else ""
        lines = self.indented((text[len(item[0]) :] if item else text,), cells(mark))
        if lines and mark:
            lines[0][0] = ("", mark)
        return lines

    def section(self, title: str) -> Iterable[Line]:
        lines: list[Line] = [[("bold", text)] for text in wrap((title,), self.width, self.ascii)]
        used = cells(lines[-1][0][1]) + 1 if lines else 0
        if lines and used < self.width:
            lines[-1].append(("dim", " " + ("-" if self.ascii else "─") * (self.width - used)))
        return lines

    def step(self, step: Step) -> Iterable[Line]:
        number = str(step.number) if step.number else ""
        indent = max(MARGIN, len(number) + 1)
        aside = linear(step.aside, self.ascii) if step.aside else ""
        lines = self.aside(wrap(step.title, self.width - indent, self.ascii), aside, indent=indent)
        if lines:
            lines[0][0] = ("bold", number.ljust(indent))
        lines += self.indented(step.why, indent, "dim")
        if step.grids:
            lines += self.plainly(pictures(step.grids, self.width - indent, self.ascii), indent)
        for chain in step.chains:
            lines += self.chain(chain, indent)
        return lines

    def table(self, block: Table) -> Iterable[Line]:
        lines = self.indented(block.title, MARGIN) + self.indented(block.why, MARGIN, "dim")
        return lines + self.plainly(table(block, self.width - MARGIN, self.ascii))

    def plainly(self, texts: Iterable[str], indent: int = MARGIN) -> list[Line]:
        return [[("", " " * indent), ("", text)] for text in texts]

    def note(self, note: Note) -> Iterable[Line]:
        style, *signs = _SIGNS.get(note.kind, ("dim", "", ""))
        sign = signs[self.ascii]
        indent = len(sign) + 1 if sign else 0
        lines = self.indented(note.text, indent, "" if note.kind == "check" else style)
        if lines and sign:
            lines[0][0] = (style, sign + " ")
        return lines

    def curve(self, curve: Curve) -> Iterable[Line]:
        labels = self.text(curve.x_label), self.text(curve.y_label)
        rows = plot(curve, self.width - MARGIN, labels, self.ascii)
        return [
            *self.indented((curve.title,), MARGIN),
            *([("", " " * MARGIN), ("", row)] for row in rows),
        ]

    # Formulas

    def box(self, layout: Layout) -> Box:
        return box(layout, self.ascii)

    def measure(self, layout: Layout) -> int:
        return box(layout, self.ascii).width

    def chain(self, chain: Chain, indent: int) -> Iterable[Line]:
        fitted = fit.fit(chain, self.width - indent, self.measure)
        lines: list[Line] = []
        hangs = False
        for part in fitted:
            shown = self.box(part.layout)
            if hangs and shown.baseline > 0:
                lines.append([])  # or one tall bracket would stand on another
            hangs = shown.baseline < len(shown.lines) - 1
            lines += [[("", " " * (indent + part.indent) + text)] for text in shown.lines]
        return lines + self.remark(fitted, indent)

    def remark(self, fitted: Iterable[fit.Line], indent: int) -> list[Line]:
        """What is left out of the tables on these lines."""
        left_out = ", ".join(map(str, elisions(part.layout for part in fitted)))
        return self.indented((f"({left_out} shown)",), indent, "dim") if left_out else []

    def facts(self, facts: Facts) -> Iterable[Line]:
        label = self.text(facts.label)
        indent = max(LABEL, cells(label) + 1)
        lines: list[Line] = []
        fitted = [fit.fit(chain, self.width - indent, self.measure) for chain in facts.items]
        for row in self.flowing(fitted, self.width - indent):
            shown = beside([line(" " * indent), row])
            part: list[Line] = [[("", text)] for text in shown.lines]
            if not lines:
                part[shown.baseline] = [
                    ("bold", label + " " * (indent - cells(label))),
                    ("", shown.lines[shown.baseline][indent:]),
                ]
            lines += part
        return lines + self.remark((part for parts in fitted for part in parts), indent)

    def flowing(self, chains: Iterable[Sequence[fit.Line]], room: int) -> Iterable[Box]:
        """Fitted chains as boxes, as many on a row as there is room for; a broken one stands alone."""
        row: list[Box] = []
        for chain in chains:
            fitted = [(part.indent, self.box(part.layout)) for part in chain]
            used = sum(part.width for part in row)
            if row and (len(fitted) > 1 or used + BETWEEN_FACTS + fitted[0][1].width > room):
                yield beside(row)
                row = []
            if len(fitted) == 1:
                row += [line(" " * BETWEEN_FACTS), fitted[0][1]] if row else [fitted[0][1]]
            else:
                yield from (beside([line(" " * indent), part]) for indent, part in fitted)
        if row:
            yield beside(row)
