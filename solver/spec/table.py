"""Tables of samples: typed as text, as a list of rows, or in a CSV file beside the problem file.

A cell stays the text that was typed. A column keeps its distinct texts and, for each row, the place of the
row's text among them; its numbers are read when they are wanted.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import os
import re
import stat
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from itertools import count, islice, pairwise, product, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.errors import SolverError, SolverErrors, Source, Span, counted, did_you_mean, quoted
from solver.expr.values import Scalar
from solver.record import Record
from solver.spec import yaml
from solver.spec.numbers import read_number
from solver.spec.paths import beside, reason
from solver.spec.yaml import Items, Node, Pairs

MAX_BYTES = 200_000_000
MAX_COLUMNS = 1_000
MAX_ROWS = 5_000_000
BATCH = 2_000_000
"""Cells of a CSV file that are held as texts at one time."""

LISTED = 20
"""Faults of one table that are told one by one."""

MISSING = frozenset({"", "?", "-", "."}).union(
    "".join(letters)
    for word in ("na", "n/a", "nan", "null")
    for letters in product(*zip(word, word.upper(), strict=True))
)
"""What stands in a cell of which the value is not known."""

SAMPLE = 20
"""Lines by which the sign between columns is chosen."""

_SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SPACES = " \t\v\f\x1c\x1d\x1e\x1f"
_STDIN = ("-", "<stdin>")
_FILL_IN = "write a value, or leave the whole row out"
_BELOW = "write `table: |`, and below it a header and each row on a line of its own"
_DASHES = re.compile(r":?-+:?")
_QUOTED = re.compile(r'(?:^|(?<=[,;\t|])) *"(?:[^"]|"")*"', re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|")
_BLOCK = re.compile(r"(?:[&!]\S*\s+)*[|>][^\n]*\n")
# Texts that `float` and `read_number` read alike.
_LONGEST, _SMALL, _LARGE = 100, 1e-300, 1e300
# Not one number but several: an age group 20-29, a date.
_SEVERAL = re.compile(r"[0-9.%)]\s*[-+−–]|/.*/")
# Stands in for a cell of a table that is refused anyway.
_FILLED = yaml.Scalar("filled", True, Source("", ""), 0, 0)
_NOWHERE = yaml.Scalar("", True, Source("", ""), 0, 0)


class Column(Record, identity=True):
    """A column: the distinct texts in order of first appearance, and for each row the place of its own."""

    name: str
    codes: NDArray[np.int64]
    values: tuple[str, ...]

    def numbers(self) -> tuple[Scalar, ...] | None:
        """The distinct texts as numbers, exact where they are fractions; None when one is no number.

        Different texts may be the same number: `1` and `1.0`.
        """
        return self._numbers

    @cached_property
    def _numbers(self) -> tuple[Scalar, ...] | None:
        found = []
        for text in self.values:
            number = _number(text)
            if number is None:
                return None
            found.append(number)
        return tuple(found)

    @cached_property
    def floats(self) -> NDArray[np.float64] | None:
        """The same numbers as doubles."""
        values, joined = self.values, "".join(self.values)
        doubles = np.full(len(values), math.nan)
        if _double(values[0]) is None:
            return None
        if joined.isascii() and "_" not in joined and max(map(len, values)) <= _LONGEST:
            with suppress(ValueError):
                doubles = np.fromiter(map(float, values), float, len(values))
        # What `float` refuses, zero and what is far out need a closer look.
        size = np.abs(doubles)
        for place in np.flatnonzero(~((size > _SMALL) & (size < _LARGE))).tolist():
            number = _double(values[place])
            if number is None:
                return None
            doubles[place] = number
        return doubles


class Table(Record, identity=True):
    """Samples, one a row: at least one row, and no cell without a value."""

    columns: Mapping[str, Column]
    rows: int


def _number(text: str) -> Scalar | None:
    if not any(sign.isdigit() for sign in text) or _SEVERAL.search(text):
        return None
    try:
        return read_number(text, _NOWHERE)
    except SolverError:
        return None


def _double(text: str) -> float | None:
    if text.isascii() and "_" not in text and len(text) <= _LONGEST:
        with suppress(ValueError):
            number = float(text)
            if _SMALL < abs(number) < _LARGE:
                return number
    exact = _number(text)
    return None if exact is None else float(exact)


# The cells of all ways to type a table come together here


class _Fault(NamedTuple):
    """What is wrong in a row (from 1; the header is 0), in a column (from 0; the whole row is -1)."""

    row: int
    column: int
    message: str
    hint: str | None = None
    span: Span | None = None


Places = Callable[[Sequence[tuple[int, int]]], list[Span]]
"""From rows and columns, as in a fault and in order, to where they were typed."""


def _refused(faults: Sequence[_Fault], places: Places, number: int) -> SolverErrors:
    """The first faults one by one, and how many there are besides; `number` counts them all."""
    faults = sorted(faults, key=lambda fault: fault[:2])[: LISTED + 1]
    found = places([fault[:2] for fault in faults if fault.span is None])
    spans = iter(found)
    errors = [
        SolverError(fault.message, next(spans) if fault.span is None else fault.span, fault.hint)
        for fault in faults
    ]
    if number > LISTED:
        more = counted(number - LISTED, "more fault")
        errors[LISTED:] = [SolverError(f"and {more}", errors[LISTED].span, errors[LISTED].hint)]
    return SolverErrors(errors)


class _Coder:
    """The cells of a column, turned into codes batch by batch."""

    def __init__(self) -> None:
        self.places: defaultdict[str, int] = defaultdict(count().__next__)
        self.all_distinct: Sequence[str] = ()
        self.parts: list[NDArray[np.int64]] = []

    def add(self, cells: Sequence[str]) -> None:
        if not self.parts and len(set(cells[:100])) == len(cells[:100]) and len(set(cells)) == len(cells):
            # Measurements: three times as fast without a table of places, which may never be needed.
            self.all_distinct = cells
            self.parts.append(np.arange(len(cells), dtype=np.int64))
            return
        list(map(self.places.__getitem__, self.all_distinct))
        self.all_distinct = ()
        self.parts.append(np.fromiter(map(self.places.__getitem__, cells), np.int64, len(cells)))

    def column(self, name: str, tidy: bool) -> Column:
        """The column; a tidy one has no white space that would have to be taken off."""
        typed = values = list(self.all_distinct or self.places)
        codes = np.concatenate(self.parts)
        if not tidy and (values := list(map(str.strip, typed))) != typed:
            places: defaultdict[str, int] = defaultdict(count().__next__)
            codes = np.fromiter(map(places.__getitem__, values), np.int64, len(values))[codes]
            values = list(places)
        return Column(name, codes, tuple(values))


class _Builder:
    """A table in the making.

    `odd` says what may help with a row that has so many cells and not as many as wanted; `tidy` that no cell
    has white space around it.
    """

    def __init__(
        self, header: Sequence[str], places: Places, odd: Callable[[int, int], str], tidy: bool = False
    ) -> None:
        self.places = places
        self.odd = odd
        self.tidy = tidy
        self.names = self.checked(header)
        self.batch = max(1, BATCH // max(1, len(header)))
        self.coders = [_Coder() for _ in header]
        self.faults: list[_Fault] = []
        self.number = 0
        self.rows = 0

    def checked(self, header: Sequence[str]) -> list[str]:
        if len(header) > MAX_COLUMNS:
            message = f"the table has {len(header):,} columns, more than {MAX_COLUMNS:,}"
            raise SolverError(message, self.at(0))
        names = [" ".join(cell.split()) for cell in header]
        faults: list[_Fault] = []
        seen: set[str] = set()
        for column, name in enumerate(names):
            if not name:
                message = f"column {column + 1} has no name"
                faults.append(_Fault(0, column, message, "every column needs one"))
            elif name in seen:
                faults.append(_Fault(0, column, f"the column {quoted(name)} stands twice"))
            seen.add(name)
        if faults and all(_number(name) is not None for name in names):
            faults = [fault._replace(hint="is the header row missing?") for fault in faults]
        if faults:
            raise _refused(faults, self.places, len(faults))
        return names

    def at(self, row: int) -> Span:
        return self.places([(row, -1)])[0]

    def fault(self, fault: _Fault) -> None:
        self.number += 1
        if len(self.faults) <= LISTED:
            self.faults.append(fault)

    def add_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows of texts; lines with nothing on them are none."""
        width = len(self.names)
        if width == 1 or set(map(len, rows)) != {width}:
            rows = [row for row in rows if not _is_blank(row)]
            for place, row in enumerate(rows):
                if len(row) != width:
                    number = self.rows + place + 1
                    message = f"row {number} has {counted(len(row), 'cell')}, the header has {width}"
                    self.fault(_Fault(number, -1, message, self.odd(len(row), width)))
                    rows[place] = [_FILLED.text] * width
        self.add_columns(list(zip(*rows, strict=True)), len(rows))

    def add_columns(self, columns: Sequence[Sequence[str]], rows: int) -> None:
        """As many rows, column by column."""
        self.rows += rows
        if self.rows > MAX_ROWS:
            raise SolverError(f"the table has more than {MAX_ROWS:,} rows", self.at(0))
        for coder, cells in zip(self.coders, columns, strict=bool(rows)):
            coder.add(cells)

    def table(self) -> Table:
        """The table, or all its faults."""
        if not self.rows:
            message = "the table has a header, but no rows"
            raise SolverError(message, self.at(0), "a line is a row, the first is the header")
        columns = [coder.column(name, self.tidy) for name, coder in zip(self.names, self.coders, strict=True)]
        faults = list(self.faults)
        for place, column in enumerate(columns):
            if MISSING.isdisjoint(column.values):
                continue
            # Where `+` is a value, `-` is the other one.
            missing = MISSING - {"-"} if "+" in column.values else MISSING
            codes = [code for code, text in enumerate(column.values) if text in missing]
            rows = np.flatnonzero(np.isin(column.codes, codes))
            self.number += len(rows)
            for row in rows[: LISTED + 1].tolist():
                text = column.values[column.codes[row]]
                message = f"{quoted(column.name)} is missing in row {row + 1}"
                message += f" ({quoted(text)})" if text else ""
                faults.append(_Fault(row + 1, place, message, _FILL_IN))
        if faults:
            raise _refused(faults, self.places, self.number)
        return Table({column.name: column for column in columns}, self.rows)


def _is_blank(row: Sequence[str]) -> bool:
    return not row or (len(row) == 1 and not row[0].strip())


# A list of rows


def read_rows(node: Node) -> Table:
    """A table from a list of mappings that all have the same keys. Raises `SolverError`."""
    if not isinstance(node, Items):
        what = "a mapping" if isinstance(node, Pairs) else "a text"
        hint = "write `- {outlook: sunny, play: no}`, one a line; a text goes under `table`"
        raise SolverError(f"a list of rows is needed here, not {what}", node.span, hint)
    first = next((row for row in node if isinstance(row, Pairs)), None)
    if not node or (first is not None and not first):
        raise SolverError("the table is empty", node.span, "write `- {outlook: sunny, play: no}`, one a line")
    keys = list(first or ())

    def places(cells: Sequence[tuple[int, int]]) -> list[Span]:
        spans = []
        for number, column in cells:
            row = node[max(number - 1, 0)]
            if number == 0 and column >= 0 and first is not None:
                spans.append(first.key_span(keys[column]))
            else:
                spans.append(row[keys[column]].span if column >= 0 and isinstance(row, Pairs) else row.span)
        return spans

    builder = _Builder(keys, places, lambda *_: "")
    wanted = first.keys() if first else set()
    rows: list[Sequence[str]] = []
    for number, row in enumerate(node, 1):
        if isinstance(row, Pairs) and row.keys() == wanted:
            cells = [row[key] for key in keys]
        else:
            for fault in _unlike_the_first(row, number, keys):
                builder.fault(fault)
            held = row if isinstance(row, Pairs) else {}
            cells = [held.get(key, _FILLED) for key in keys]
        rows.append([_text(cell) for cell in cells])
        for column, cell in enumerate(cells):
            if not isinstance(cell, yaml.Scalar):
                message = f"{quoted(keys[column])} in row {number} is one value, not {_said(cell)}"
                builder.fault(_Fault(number, column, message, None, cell.span))
    builder.add_columns(list(zip(*rows, strict=True)), len(rows))
    return builder.table()


def _text(cell: Node) -> str:
    if isinstance(cell, yaml.Scalar):
        return "" if cell.is_null else cell.text
    return _FILLED.text


def _unlike_the_first(row: Node, number: int, keys: Sequence[str]) -> Iterator[_Fault]:
    """In what a row differs from the first: it has other columns, or is no row at all."""
    if not isinstance(row, Pairs):
        message = f"row {number} is a mapping from columns to values, not {_said(row)}"
        yield _Fault(number, -1, message, "write {outlook: sunny, play: no}", row.span)
        return
    lacking = tuple(key for key in keys if key not in row)
    others = [key for key in row if key not in keys]
    meant = {key: _meant(key, lacking) for key in others}
    for key in lacking:
        if f"did you mean {quoted(key)}?" not in meant.values():
            message = f"{quoted(key)} is missing in row {number}"
            yield _Fault(number, -1, message, _FILL_IN, row.source.span(row.start, row.start))
    for key in others:
        message = f"row {number} has {quoted(key)}, which the first row does not have"
        hint = meant[key] or "all rows have the columns of the first"
        yield _Fault(number, -1, message, hint, row.key_span(key))


@lru_cache(maxsize=256)
def _meant(key: str, lacking: tuple[str, ...]) -> str | None:
    return did_you_mean(key, lacking)


def _said(node: Node) -> str:
    if isinstance(node, yaml.Scalar):
        return "nothing" if node.is_null else quoted(node.text)
    return "a list" if isinstance(node, Items) else "a mapping"


# Text


def read_text(node: Node) -> Table:
    """A table typed as text: a header line, then a line for each row. Raises `SolverError`.

    Between columns stand bars, commas, semicolons, tabs or white space; lines that only draw a rule, as in
    Markdown, are left out.
    """
    if not isinstance(node, yaml.Scalar):
        hint = "a list of rows goes under `rows`" if isinstance(node, Items) else None
        raise SolverError(f"a table typed as text is needed here, not {_said(node)}", node.span, hint)
    lines = node.text.splitlines()
    kept = [place for place, line in enumerate(lines) if line.strip() and not _is_rule(line)]
    if not kept or node.is_null:
        raise SolverError("the table is empty", node.span, _BELOW)
    if "|" in lines[kept[0]] and len(kept) > 1 and _is_rule(lines[kept[1]], below_header=True):
        del kept[1]
    if len(kept) == 1:
        is_path = lines[kept[0]].rstrip().lower().endswith((".csv", ".tsv", ".txt"))
        hint = "the path of a file goes under `csv`" if is_path else _BELOW
        raise SolverError("the table has a header, but no rows", node.span, hint)
    way = _way([lines[place] for place in kept])
    typed: list[int] = []  # the line of each row

    def places(cells: Sequence[tuple[int, int]]) -> list[Span]:
        starts = _starts(node, lines[: typed[max(row for row, _ in cells)] + 1])
        found = [(starts[typed[row]], lines[typed[row]], column) for row, column in cells]
        return [
            node.span if start is None else way.span(node.source, start, line, column)
            for start, line, column in found
        ]

    rows: list[list[str]] = []
    for place in kept:
        typed.append(place)
        try:
            cells = way.cells(lines[place])
        except csv.Error as error:
            raise _quote_fault(error, len(rows), *places([(len(rows), -1)])) from None
        if _is_blank(cells):
            typed.pop()
        else:
            rows.append(cells)
    if not way.sign and (odd := _first_with_signs(rows)) is not None:
        message = f"{_row(odd)} has commas or semicolons between its cells, the header has none"
        hint = "separate the cells of all lines in the same way"
        raise SolverError(message, places([(odd, -1)])[0], hint)
    builder = _Builder(rows[0], places, way.hint)
    builder.add_rows(rows[1:])
    return builder.table()


def _is_rule(line: str, below_header: bool = False) -> bool:
    """Whether a line only draws a rule; below the header of Markdown one dash for each column will do."""
    if line.strip(" \t|:+=-"):
        return False
    cells = line.strip().strip("|").split("|")
    dashes = below_header and all(_DASHES.fullmatch(cell.strip()) for cell in cells)
    return dashes or "---" in line or "===" in line


class _Way:
    """How columns are separated: by a sign, or by white space where there is none."""

    def __init__(self, sign: str) -> None:
        self.sign = sign

    def places(self, line: str) -> list[tuple[int, int]]:
        """Where the cells of a line start and end."""
        if not self.sign:
            return [found.span() for found in re.finditer(r"\S+", line)]
        cell = re.compile(rf' *(?:"(?:[^"]|"")*")?[^{re.escape(self.sign)}]*')
        found, place = [], 0
        while place <= len(line):
            end = cell.match(line, place).end()  # type: ignore[union-attr]
            found.append(_stripped(line, place, end))
            place = end + 1
        return found

    def span(self, source: Source, start: int, line: str, column: int) -> Span:
        """The place of a cell of the line that starts there, or of the whole line."""
        first, last = self.places(line)[column] if column >= 0 else _stripped(line, 0, len(line))
        return source.span(start + first, start + last)

    def cells(self, line: str) -> list[str]:
        """The cells of a line; `csv.Error` where a quote is out of place."""
        if not self.sign:
            return line.split()
        return next(_reader([line], self.sign)) if '"' in line else line.split(self.sign)

    def hint(self, cells: int, wanted: int) -> str:
        """What may help where a row has more or fewer cells than the header."""
        if not self.sign:
            return "every cell needs a value; where one has a space in it, put commas between all cells"
        if cells == 1:
            return f"put {_SIGNS[self.sign]} between its cells, as in the header"
        if cells < wanted:
            return _FILL_IN
        return f"put quotes around a cell with {_SIGNS[self.sign]} in it"


class _Bars(_Way):
    """Bars between columns, or around them too, as in Markdown."""

    def __init__(self, header: str) -> None:
        super().__init__("|")
        self.left = self.right = False
        cells = self.places(header)
        self.left, self.right = (start == end for start, end in (cells[0], cells[-1]))

    def places(self, line: str) -> list[tuple[int, int]]:
        bars = [found.start() for found in _BAR.finditer(line)]
        cells = [_stripped(line, start + 1, end) for start, end in pairwise([-1, *bars, len(line)])]
        first = int(self.left and cells[0][0] == cells[0][1])
        last = len(cells) - int(self.right and cells[-1][0] == cells[-1][1])
        return cells[first:last] or cells[:1]

    def cells(self, line: str) -> list[str]:
        return [line[start:end].replace(r"\|", "|") for start, end in self.places(line)]

    def hint(self, cells: int, wanted: int) -> str:
        return r"write \| for a bar inside a cell" if cells > wanted else super().hint(cells, wanted)


def _way(lines: Sequence[str]) -> _Way:
    """How the columns of a text are separated; its header decides."""
    header = lines[0]
    if "|" in header:
        return _Bars(header)
    sign = _sign(lines[:SAMPLE])
    if sign == "\t" and len({len(line.split()) for line in lines}) == 1:  # tabs may only align columns
        rows = [line.split(sign) for line in lines]
        if len(set(map(len, rows))) > 1 or not all(map(str.strip, rows[0])):
            sign = ""
    return _Way(sign)


def _sign(lines: Iterable[str]) -> str:
    """The sign between the columns, by a few lines; none where the header has none of the signs."""
    sample = _QUOTED.sub("", "\n".join(line.rstrip("\n") for line in lines)).split("\n")

    def fits(sign: str) -> tuple[int, int]:
        counts = [line.count(sign) for line in sample]
        return (counts.count(counts[0]) if counts[0] else 0), counts[0]

    best = max(_SIGNS, key=fits)
    return best if fits(best)[0] else ""


def _first_with_signs(rows: Sequence[Sequence[str]]) -> int | None:
    """The first row that has been cut at white space, but has commas or semicolons there too."""
    return next((n for n, row in enumerate(rows) if any(cell.strip(",;") != cell for cell in row)), None)


def _stripped(line: str, start: int, end: int) -> tuple[int, int]:
    """The place of a cell without the white space around it."""
    text = line[start:end].strip()
    begin = start + line[start:end].find(text)
    return begin, begin + len(text)


def _starts(node: yaml.Scalar, lines: Sequence[str]) -> list[int | None]:
    """Where each line of a text starts in the file; None from a line on that the file has otherwise."""
    written, place = node.source.text, node.start
    between = re.compile(r"\s*")
    if not node.plain:
        block = _BLOCK.match(written, place)
        place = block.end() if block else place + 1
        between = between if block else re.compile(r"(?:\\[rn]|\s)*")
    starts: list[int | None] = []
    for line in lines:
        text = line.strip()
        begin = between.match(written, place).end()  # type: ignore[union-attr]
        if text and not written.startswith(text, begin):
            break
        starts.append(begin - line.find(text))
        place = begin + len(text)
    return starts + [None] * (len(lines) - len(starts))


def _row(number: int) -> str:
    return f"row {number}" if number else "the header"


def _quote_fault(error: csv.Error, row: int, span: Span) -> SolverError:
    """A fault of the quotes of a row, in our words."""
    what = "a quote is never closed"
    if "expected after" in str(error):
        what = "a cell goes on after its closing quote"
    return SolverError(f"{what} in {_row(row)}", span, 'write "" for a quote inside a cell in quotes')


def _reader(lines: Iterable[str], sign: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=sign, skipinitialspace=True, strict=True)


# A CSV file


def read_csv(node: Node) -> Table:
    """A table from the CSV file whose path, inside the folder of the problem file, is typed here.

    The file is UTF-8; its columns are separated by commas, semicolons, tabs or bars. Raises `SolverError`; what
    is wrong inside the file is placed there.
    """
    if not isinstance(node, yaml.Scalar):
        raise SolverError(f"the path of a CSV file is needed here, not {_said(node)}", node.span)
    source = _csv_source(node)
    text = source.text
    if not text.strip():
        raise SolverError("the file is empty", source.span(0, 0))
    head = list(islice(filter(str.strip, io.StringIO(text)), SAMPLE))
    way = _Way(_sign(head) or ",")
    places = partial(_places_in_csv, source, way)
    if '"' in text:
        reader = _reader(io.StringIO(text), way.sign)
        try:
            header = next((row for row in reader if not _is_blank(row)), [""])
            builder = _Builder(header, places, way.hint)
            while rows := list(islice(reader, builder.batch)):
                builder.add_rows(rows)
        except csv.Error as error:
            number, (start, _) = deque(enumerate(_extents(text, way.sign)), maxlen=1).pop()
            end = text.find("\n", start)
            raise _quote_fault(error, number, source.span(start, end if end > 0 else len(text))) from None
        return builder.table()
    lines = list(filter(None, text.split("\n")))
    first = next(place for place, line in enumerate(lines) if line.strip())
    tidy = text.isascii() and not any(space in text for space in _SPACES.replace(way.sign, ""))
    builder = _Builder(lines[first].split(way.sign), places, way.hint, tidy)
    width = len(builder.names)
    for start in range(first + 1, len(lines), builder.batch):
        batch = lines[start : start + builder.batch]
        if width == 1:
            batch = list(filter(str.strip, batch))
        if set(map(str.count, batch, repeat(way.sign))) == {width - 1}:
            cells = way.sign.join(batch).split(way.sign)  # twice as fast as line by line
            builder.add_columns([cells[column::width] for column in range(width)], len(batch))
        else:
            builder.add_rows([line.split(way.sign) for line in batch])
    return builder.table()


def _extents(text: str, sign: str) -> Iterator[tuple[int, int]]:
    """Where each row of a CSV text starts and ends; after a fault of its quotes there are no more."""
    end = 0

    def lines() -> Iterator[str]:
        nonlocal end
        for line in io.StringIO(text):
            end += len(line)
            yield line

    start = 0
    try:
        for row in _reader(lines(), sign) if '"' in text else (line.split(sign) for line in lines()):
            if not _is_blank(row):
                yield start, end
            start = end
    except csv.Error:
        yield start, end


def _places_in_csv(source: Source, way: _Way, cells: Sequence[tuple[int, int]]) -> list[Span]:
    spans = []
    extents = enumerate(_extents(source.text, way.sign))
    number, (start, end) = next(extents)
    for row, column in cells:
        while number < row:
            number, (start, end) = next(extents)
        spans.append(way.span(source, start, source.text[start:end].rstrip("\n"), column))
    return spans


def _csv_source(node: yaml.Scalar) -> Source:
    """The text of the file, with line feeds for line ends."""
    path = node.text.strip()
    name, data = _csv_data(path, node)
    data = data.removeprefix(codecs.BOM_UTF8)
    top = Source(name, "").span(0, 0)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:1000]:
        raise SolverError("the file is not a CSV file in UTF-8", top, "save it as CSV, in UTF-8")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        place, byte = len(_unix(data[: error.start].decode())), data[error.start]
        hint = f"; in Latin-1 this byte is `{chr(byte)}`" if byte >= 0xA0 else ""
        span = Source(name, _unix(data.decode(errors="replace"))).span(place, place + 1)
        raise SolverError(
            f"the byte 0x{byte:02x} is not UTF-8", span, f"save the file as UTF-8{hint}"
        ) from None
    return Source(name, _unix(text))


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _csv_data(path: str, node: yaml.Scalar) -> tuple[str, bytes]:
    """The file's name as it would be typed, and its bytes. No link, and no `..`, leads out of the folder."""
    known = node.source.name not in _STDIN
    typed = os.path.dirname(node.source.name) if known else ""
    where = "the problem file's folder" if known else "the current folder"
    said = quoted(path)

    def refused(message: str, hint: str | None = None) -> SolverError:
        return SolverError(message, node.span, hint)

    if node.is_null or not path:
        raise refused("the path of a CSV file is missing here")
    if os.path.isabs(path):
        raise refused(f"{said} is an absolute path", f"write the path from {where}, inside of it")
    if os.path.normpath(path).split(os.sep)[0] == os.pardir:
        raise refused(f"{said} leads out of {where}", "put the file beside the problem file")
    try:
        folder = os.path.realpath(typed or os.curdir)
        target = os.path.realpath(os.path.join(folder, path))
        if os.path.commonpath([folder, target]) != folder:
            raise refused(f"{said} leads out of {where} by a link", "put the file itself there")
        found = os.lstat(target)
        if stat.S_ISDIR(found.st_mode):
            raise refused(f"{said} is a folder, not a CSV file")
        if not stat.S_ISREG(found.st_mode):
            raise refused(f"{said} is not an ordinary file")
        with open(target, "rb") as file:
            data = file.read(MAX_BYTES + 1) if found.st_size <= MAX_BYTES else None
    except FileNotFoundError:
        raise refused(f"there is no file {said} in {where}", beside(target)) from None
    except (OSError, ValueError) as error:
        raise refused(f"{said} cannot be read: {reason(error)}") from None
    if data is None or len(data) > MAX_BYTES:
        raise refused(f"{said} is larger than {MAX_BYTES // 1_000_000} MB")
    return os.path.join(typed, path), data
