"""Marks filled into an offline grading worksheet of Moodle, as downloaded; everything else stays byte for byte.

Moodle reads back the identifier, the grade, the date of the last change and the feedback; it compares the
header with the words of the user's language, and passes over rows whose grade is above the maximum. So the
header, the delimiter, the encoding, the line ends and the dates are those of the download, and a mark above the
maximum is refused here, where it can be told.

Columns are known by their names in English, German, French, Spanish and Vietnamese. In other languages they are
known by their shape: the identifiers stand first (`Participant 12`), the maximum is one number all the way down
with the grades to its left, and the feedback stands last and has empty cells.

A student is the row whose identifier (or its number), e-mail address, ID number or user name, or full name stands
in the student's field; the name of a file from "Download all submissions" serves as well. Who could be two rows,
or shares a row with someone else, is left out and told.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from solver.errors import SolverError, clean, counted, quoted
from solver.grading import results
from solver.grading.results import LONGEST_NAME, Result, crop
from solver.grading.summary import MOST_LISTED, Roster
from solver.page.blocks import Block, Heading, Note, Page, Section, Table
from solver.record import Record

NAMES: Mapping[str, frozenset[str]] = {
    "identifier": frozenset(
        {"identifier", "id", "identifiant", "identificador", "mã định danh", "định danh"}
    ),
    "name": frozenset(
        {
            *("full name", "vollständiger name", "nom complet", "nombre completo", "apellido(s) y nombre"),
            *("nombre / apellido(s)", "họ và tên", "tên đầy đủ", "họ tên"),
        }
    ),
    "email": frozenset(
        {
            *("email address", "e-mail address", "e-mail-adresse", "adresse de courriel", "adresse e-mail"),
            *("courriel", "dirección de correo", "dirección de correo electrónico", "dirección email"),
            *("correo electrónico", "thư điện tử", "địa chỉ thư điện tử", "địa chỉ email", "email"),
        }
    ),
    "number": frozenset(
        {
            *("id number", "id-nummer", "matrikelnummer", "numéro d'identification", "número de id"),
            *("número de identificación", "mã số id", "mã số", "mã sinh viên", "username", "anmeldename"),
            *("nom d'utilisateur", "nombre de usuario", "tên đăng nhập", "tên tài khoản", "kennung"),
        }
    ),
    "grade": frozenset({"grade", "mark", "bewertung", "note", "calificación", "điểm", "điểm số"}),
    "maximum": frozenset(
        {
            *("maximum grade", "maximum mark", "bestwertung", "höchstbewertung", "beste bewertung"),
            *("note maximale", "calificación máxima", "điểm tối đa", "điểm cao nhất"),
        }
    ),
    "changeable": frozenset(
        {
            *("grade can be changed", "mark can be changed", "bewertung kann geändert werden"),
            *("la note peut être modifiée", "la calificación puede ser cambiada", "điểm có thể thay đổi"),
        }
    ),
    "feedback": frozenset(
        {
            *("feedback comments", "feedback als kommentar", "feedback par commentaires"),
            *("comentarios de retroalimentación", "comentarios", "nhận xét phản hồi", "ý kiến phản hồi"),
        }
    ),
}
"""The names of the columns, in small letters."""

_NO = frozenset({"no", "nein", "non", "không"})
_DELIMITERS = ",;\t"
_END = {delimiter: re.compile(rf"[\r\n{delimiter}]") for delimiter in _DELIMITERS}
_IDENTIFIER = re.compile(r"(\D*)(\d+)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?", re.ASCII)
_EMAIL = re.compile(r"[^\s<>()\"',;:]+@[^\s<>()\"',;:]+")
_DOWNLOADED = re.compile(r"_(\d+)_(?:assignsubmission|onlinetext|file)_?")
_ASIDE = re.compile(r"<[^<>]*>|\([^()]*\)")
_BETWEEN = str.maketrans(",_", "  ")
_MOST_PLACES = 5
_MOST_TOLD = 3
_MOST_BYTES = 50_000_000


class Filled(Record):
    """A row with its new grade; `before` is what stood there, as it was written."""

    student: str
    identifier: str
    line: int
    before: str
    after: str


class Matched(Record):
    """What became of the rows and of the students."""

    filled: tuple[Filled, ...]
    rows_left: tuple[str, ...]
    """The identifiers of rows for which there is no student."""
    students_left: tuple[str, ...]
    """Students for whom there is no row."""
    unclear: tuple[tuple[str, str], ...]
    """Students who could be several rows, or share one; with the reason."""
    over: tuple[tuple[str, str, str], ...]
    """Students with their points and the maximum, which is less."""
    locked: tuple[str, ...]
    """Students whose grade cannot be changed in Moodle."""
    notes: tuple[str, ...]
    rows: int
    """How many rows the worksheet has."""

    @property
    def changed(self) -> tuple[Filled, ...]:
        """The rows that had another grade before."""
        return tuple(row for row in self.filled if row.before and _value(row.before) != _value(row.after))


def fill(worksheet: bytes, found: Iterable[Result], *, scale: bool = False) -> tuple[bytes, Matched]:
    """The worksheet with the marks filled in, and what matched.

    A student's mark is the sum over all problems; with `scale` it is that share of the worksheet's maximum.
    Feedback is put below what the cell holds. Raises `SolverError` for what is not such a worksheet.
    """
    sheet = _Sheet(worksheet)
    roster, feedback = _collected(found)
    totals = {student: total for student, _, total in roster.rows()}
    rows, students_left, unclear = _rows_of(sheet, totals)
    filled: list[Filled] = []
    over: list[tuple[str, str, str]] = []
    locked: list[str] = []
    for student, row in rows.items():
        maximum = sheet.maximum(row)
        mark = totals[student] * maximum / roster.of if scale and roster.of else totals[student]
        if mark > maximum:
            over.append((student, results.mark(mark), results.mark(maximum)))
        elif sheet.cell(row, "changeable").strip().casefold() in _NO:
            locked.append(student)
        else:
            before, after = sheet.cell(row, "grade").strip(), sheet.written(mark)
            if _value(before) == _value(after):
                after = before
            else:
                sheet.put(row, "grade", after)
            sheet.append(row, feedback[student])
            filled.append(Filled(student, sheet.cell(row, "identifier"), sheet.line(row), before, after))
    taken = set(rows.values())
    rows_left = tuple(sheet.cell(row, "identifier") for row in sheet.rows if row not in taken)
    matched = Matched(
        filled=tuple(filled),
        rows_left=rows_left,
        students_left=tuple(students_left),
        unclear=tuple(unclear),
        over=tuple(over),
        locked=tuple(locked),
        notes=tuple(_notes(sheet, roster, scale)),
        rows=len(sheet.rows),
    )
    return sheet.bytes(), matched


def report(matched: Matched) -> Page:
    """What matched, as a page; every list is bounded."""
    return tuple(_report(matched))


def _report(matched: Matched) -> Iterator[Block]:
    changed = matched.changed
    yield Heading(f"Worksheet: {len(matched.filled)} of {counted(matched.rows, 'row')} filled in")
    for note in matched.notes:
        yield Note((note,), "failed")
    if changed:
        yield Section("Grades that were there and changed")
        shown = [
            tuple(
                (crop(text, LONGEST_NAME),) for text in (row.student, row.identifier, row.before, row.after)
            )
            for row in changed[:MOST_LISTED]
        ]
        left_out = (len(changed) - MOST_LISTED,) if len(changed) > MOST_LISTED else ()
        yield Table((), (("Student",), ("Row",), ("Before",), ("Now",)), (*shown, *left_out))
    lists = (
        (
            "Above the maximum, not filled in",
            [f"{who}: {mark} of {most}" for who, mark, most in matched.over],
        ),
        ("Locked in Moodle, not filled in", matched.locked),
        ("Not clear who this is, not filled in", [f"{who}: {why}" for who, why in matched.unclear]),
        ("Students without a row", [who or "(no name)" for who in matched.students_left]),
        ("Rows without a student", matched.rows_left),
    )
    for title, lines in _lines_of(lists):
        yield Section(title)
        for line in lines[:MOST_LISTED]:
            yield Note((crop(line, 3 * LONGEST_NAME),))
        if len(lines) > MOST_LISTED:
            yield Note((f"{len(lines) - MOST_LISTED} more",), "left-out")


def _lines_of(lists: Iterable[tuple[str, Sequence[str]]]) -> Iterator[tuple[str, Sequence[str]]]:
    """The lists that are not empty, their titles with how many there are."""
    return ((f"{title} ({len(lines)})", lines) for title, lines in lists if lines)


def _notes(sheet: _Sheet, roster: Roster, scale: bool) -> Iterator[str]:
    maxima = {sheet.maximum(row) for row in sheet.rows}
    if not scale and maxima and maxima != {roster.of}:
        most = ", ".join(map(results.mark, sorted(maxima)[:3]))
        yield f"the marks are out of {results.mark(roster.of)}, the maximum of the worksheet is {most}"
    if "feedback" not in sheet.columns:
        yield "no column for feedback was found, so only the grades are filled in"
    if roster.repeated:
        yield f"{counted(roster.repeated, 'paper')} came twice for a student and problem: the last one counts"
    if sheet.ragged:
        numbers = ", ".join(map(str, sheet.ragged[:MOST_LISTED]))
        yield f"lines with too few or too many cells are left as they are: {numbers}"


def _collected(found: Iterable[Result]) -> tuple[Roster, dict[str, str]]:
    """The points of all students, and the feedback for each as HTML."""
    roster = Roster()
    told: dict[str, dict[str, str]] = defaultdict(dict)
    for result in found:
        roster.add(result)
        told[results.student(result)][results.problem(result)] = _told(result)
    return roster, {student: "<br>".join(parts.values()) for student, parts in told.items()}


def _told(result: Result) -> str:
    lines = [f"Points for {results.problem(result)}: {results.out_of(result)}"]
    wrong = [(str(answer.get("name")), results.message(answer)) for answer in results.went_wrong(result)]
    lines += [f"{crop(name, LONGEST_NAME)}: {message}" for name, message in wrong[:_MOST_TOLD] if message]
    return "<br>".join(html.escape(clean(line), quote=False) for line in lines)


# Who is which row


def _rows_of(
    sheet: _Sheet, students: Iterable[str]
) -> tuple[dict[str, int], list[str], list[tuple[str, str]]]:
    """The row of each student, students without one, and those for whom it is not clear."""
    tiers = _tiers(sheet)
    rows: dict[str, int] = {}
    left: list[str] = []
    unclear: list[tuple[str, str]] = []
    claimed: dict[int, list[str]] = defaultdict(list)
    for student in students:
        hits = _hits(student, tiers)
        if len(hits) == 1:
            (rows[student],) = hits
            claimed[rows[student]].append(student)
        elif hits:
            lines = " and ".join(str(sheet.line(row)) for row in sorted(hits)[:3])
            unclear.append((student, f"the rows in lines {lines} match"))
        else:
            left.append(student)
    for row, several in claimed.items():
        if len(several) > 1:
            for student in several:
                others = ", ".join(quoted(other) for other in several if other != student)
                unclear.append((student, f"the row in line {sheet.line(row)} matches {others} too"))
                del rows[student]
    return rows, left, unclear


Tier = dict[object, set[int]]


def _tiers(sheet: _Sheet) -> list[Tier]:
    """The rows by what names them, the surest first."""
    tiers: list[Tier] = [defaultdict(set) for _ in range(6)]
    for row in sheet.rows:
        identifier, email = sheet.cell(row, "identifier"), _folded(sheet.cell(row, "email"))
        tiers[0][_tight(identifier)].add(row)
        if found := _IDENTIFIER.fullmatch(identifier.strip()):
            tiers[0]["", found[2].lstrip("0")].add(row)
            tiers[2][found[2].lstrip("0")].add(row)
        tiers[1][email].add(row)
        for column in sheet.numbers:
            number = _folded(sheet.text(row, column))
            tiers[2][number.lstrip("0") if number.isdigit() else number].add(row)
        tiers[3][email.partition("@")[0]].add(row)
        name = _folded(sheet.cell(row, "name")).replace(",", " ")
        tiers[4][" ".join(name.split())].add(row)
        tiers[5][tuple(sorted(name.split()))].add(row)
    for tier in tiers:
        for nothing in ("", ("",), ()):
            tier.pop(nothing, None)
    return tiers


def _hits(student: str, tiers: Sequence[Tier]) -> set[int]:
    """The rows that the first way of naming finds which finds any."""
    folded = _folded(student)
    name = " ".join(_EMAIL.sub(" ", _ASIDE.sub(" ", folded)).translate(_BETWEEN).split())
    downloaded = _DOWNLOADED.search(student)
    ways: tuple[Iterable[object], ...] = (
        [_tight(student)] + ([("", downloaded[1].lstrip("0"))] if downloaded else []),
        _EMAIL.findall(folded),
        [folded.lstrip("0") if folded.isdigit() else folded],
        [] if "@" in folded else [folded],
        [name],
        [tuple(sorted(name.split()))],
    )
    for tier, keys in zip(tiers, ways, strict=True):
        hits = {row for key in keys for row in tier.get(key, ())}
        if hits:
            return hits
    return set()


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _tight(text: str) -> str:
    return _folded(text).replace(" ", "")


def _value(cell: str) -> Fraction | None:
    """A number with a point or a comma."""
    return Fraction(cell.replace(",", ".")) if _NUMBER.fullmatch(cell.strip()) else None


# The file


class _Cell(NamedTuple):
    text: str
    start: int
    end: int


class _Sheet:
    """A worksheet as text, its cells with their places, and the changes to be made."""

    def __init__(self, data: bytes) -> None:
        if len(data) > _MOST_BYTES:
            raise SolverError("the worksheet is too large", hint="it may have 50 MB")
        self.mark, self.encoding, self.source = _decoded(data)
        self.delimiter = _delimiter(self.source)
        table = _table(self.source, self.delimiter)
        if not table:
            raise SolverError("the worksheet is empty", hint=_HINT)
        head, *self._cells = table
        self._lines = _line_numbers(self.source, self._cells)
        width = len(head)
        self.rows = [row for row, cells in enumerate(self._cells) if len(cells) == width]
        self.ragged = [
            self._lines[row]
            for row, cells in enumerate(self._cells)
            if len(cells) != width and [cell.text for cell in cells] != [""]
        ]
        self.columns, self.numbers = _columns(
            [cell.text for cell in head], [[cell.text for cell in self._cells[row]] for row in self.rows]
        )
        for row in self.rows:
            if _value(self.cell(row, "maximum")) is None:
                shown = quoted(self.cell(row, "maximum"))
                message = f"the maximum in line {self._lines[row]} of the worksheet is not a number: {shown}"
                raise SolverError(message, hint="an assignment that is marked by a scale cannot be filled in")
        numbers = [self.cell(row, name).strip() for row in self.rows for name in ("maximum", "grade")]
        self.comma = any("," in number for number in numbers)
        self.places = max(
            (len(re.split("[.,]", number)[1]) for number in numbers if _fractional(number)), default=0
        )
        self._changes: dict[int, tuple[_Cell, str]] = {}

    def cell(self, row: int, name: str) -> str:
        """What stands in a column; empty where the sheet has no such column."""
        return self.text(row, self.columns[name]) if name in self.columns else ""

    def text(self, row: int, column: int) -> str:
        return self._cells[row][column].text

    def line(self, row: int) -> int:
        """The line of a row in the file, from 1."""
        return self._lines[row]

    def maximum(self, row: int) -> Fraction:
        return _value(self.cell(row, "maximum")) or Fraction(0)

    def written(self, mark: Fraction) -> str:
        """A mark as the sheet writes numbers, with more decimals where it has more."""
        scaled = (2 * mark * 10**_MOST_PLACES + 1) // 2
        whole, rest = divmod(scaled, 10**_MOST_PLACES)
        decimals = f"{rest:0{_MOST_PLACES}}".rstrip("0").ljust(self.places, "0")
        return f"{whole}{',' if self.comma else '.'}{decimals}" if decimals else str(whole)

    def put(self, row: int, name: str, text: str) -> None:
        """Change a cell."""
        cell = self._cells[row][self.columns[name]]
        self._changes[cell.start] = cell, text

    def append(self, row: int, feedback: str) -> None:
        """Put feedback below what the cell holds, once."""
        if "feedback" not in self.columns:
            return
        if self.encoding == "latin-1":
            feedback = feedback.encode("ascii", "xmlcharrefreplace").decode()
        held = self.cell(row, "feedback")
        if feedback and feedback not in held:
            self.put(row, "feedback", f"{held}<br>{feedback}" if held.strip() else feedback)

    def bytes(self) -> bytes:
        """The file with the changes made."""
        parts, place = [], 0
        for start, (cell, text) in sorted(self._changes.items()):
            quote = self.source[start : start + 1] == '"' or any(
                mark in text for mark in f'"\r\n{self.delimiter}'
            )
            parts += [self.source[place:start], '"' + text.replace('"', '""') + '"' if quote else text]
            place = cell.end
        return self.mark + "".join([*parts, self.source[place:]]).encode(self.encoding)


_HINT = "download it from the assignment: View all submissions, Download grading worksheet"


def _decoded(data: bytes) -> tuple[bytes, str, str]:
    """The mark at the start, the encoding and the text; encoding the text gives the same bytes again."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if data.startswith(mark):
            try:
                return mark, encoding, data[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                raise SolverError(
                    f"the worksheet is not {encoding.upper()}, which its start says it is"
                ) from None
    try:
        return b"", "utf-8", data.decode()
    except UnicodeDecodeError:
        return b"", "latin-1", data.decode("latin-1")


def _delimiter(text: str) -> str:
    """The delimiter that stands most often in the first line outside quotes."""
    first = re.split(r"[\r\n]", re.sub(r'"(?:[^"]|"")*"', "", text), maxsplit=1)[0]
    return max(_DELIMITERS, key=first.count)


def _table(text: str, delimiter: str) -> list[list[_Cell]]:
    """The cells of each row, read as RFC 4180 says, or as PHP writes a quote behind a backslash."""
    error = None
    try:
        table = _parsed(text, delimiter, escapes=False)
        if not _ragged(table):
            return table
    except SolverError as unclosed:
        error, table = unclosed, []
    try:
        other = _parsed(text, delimiter, escapes=True)
        if not _ragged(other):
            return other
    except SolverError:
        pass
    if error is not None:
        raise error
    return table


def _parsed(text: str, delimiter: str, escapes: bool) -> list[list[_Cell]]:
    """The cells of each row; `escapes` takes a quote behind a backslash for a part of the text."""
    rows: list[list[_Cell]] = []
    row: list[_Cell] = []
    place = 0
    while place < len(text) or row:
        cell = _cell(text, place, delimiter, escapes)
        row.append(cell)
        place = cell.end
        if text[place : place + 1] == delimiter:
            place += 1
            continue
        place += 2 if text.startswith("\r\n", place) else 1
        rows.append(row)
        row = []
    return rows


def _cell(text: str, start: int, delimiter: str, escapes: bool) -> _Cell:
    if text[start : start + 1] != '"':
        found = _END[delimiter].search(text, start)
        end = found.start() if found else len(text)
        return _Cell(text[start:end], start, end)
    place = start + 1
    while (quote := text.find('"', place)) >= 0:
        following = text[quote + 1 : quote + 2]
        if escapes and text[quote - 1] == "\\" and quote > start + 1:
            place = quote + 1
        elif following == '"':
            place = quote + 2
        elif following in ("", "\r", "\n", delimiter):
            return _Cell(text[start + 1 : quote].replace('""', '"'), start, quote + 1)
        else:
            place = quote + 1
    line = text.count("\n", 0, start) + 1
    raise SolverError(f"a quote that opens in line {line} of the worksheet is not closed")


def _ragged(table: Sequence[Sequence[_Cell]]) -> bool:
    return any(len(row) != len(table[0]) and len(row) > 1 for row in table)


def _line_numbers(text: str, rows: Sequence[Sequence[_Cell]]) -> list[int]:
    lines, place, number = [], 0, 1
    for row in rows:
        number += len(re.findall(r"\r\n|\r|\n", text[place : row[0].start]))
        place = row[0].start
        lines.append(number)
    return lines


def _fractional(number: str) -> bool:
    return bool(_NUMBER.fullmatch(number)) and ("," in number or "." in number)


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[dict[str, int], list[int]]:
    """The columns by their names, or else by their shape; and all that hold a number or name of the user."""
    names = [_folded(name.removeprefix("\ufeff").replace("’", "'")) for name in head]
    columns = {
        what: next(place for place, name in enumerate(names) if name in known)
        for what, known in NAMES.items()
        if not known.isdisjoint(names)
    }
    numbers = [place for place, name in enumerate(names) if name in NAMES["number"]]
    if "identifier" not in columns and rows and _identifiers([row[0] for row in rows]):
        columns["identifier"] = 0
    if not {"grade", "maximum"} <= columns.keys():
        columns |= _graded(rows, len(names))
    for what, said in (("identifier", "identifiers"), ("grade", "grades"), ("maximum", "the maximum grade")):
        if what not in columns:
            raise SolverError(f"the worksheet has no column for {said}", hint=_HINT)
    if "email" not in columns:
        for place in range(columns["grade"]):
            if rows and all("@" in row[place] for row in rows):
                columns["email"] = place
    last = len(names) - 1
    if "feedback" not in columns and last > columns["maximum"] + 1 and any(not row[last] for row in rows):
        columns["feedback"] = last
    if "name" not in columns and columns.get("email", columns["grade"]) > columns["identifier"] + 1:
        columns["name"] = columns["identifier"] + 1
    return columns, numbers


def _identifiers(cells: Sequence[str]) -> bool:
    """Whether these are one word with different numbers."""
    found = [_IDENTIFIER.fullmatch(cell.strip()) for cell in cells]
    prefixes = {match[1].strip() for match in found if match}
    return all(found) and len(prefixes) == 1 and prefixes != {""} and len(set(cells)) == len(cells)


def _graded(rows: Sequence[Sequence[str]], width: int) -> dict[str, int]:
    """The grades and the maximum by their shape: a number all the way down, at its left no more than that."""
    for place in range(2, width):
        maxima = {row[place].strip() for row in rows}
        most = _value(next(iter(maxima))) if len(maxima) == 1 else None
        grades = {row[place - 1].strip() for row in rows} - {"", "-"}
        if most and all((grade := _value(cell)) is not None and grade <= most for cell in grades):
            return {"grade": place - 1, "maximum": place}
    return {}
