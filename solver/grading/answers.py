"""Submissions: from YAML files, from the rows of a class's CSV file, from folders of both.

Nothing is marked here and no answer is read yet; a name keeps the node that was typed for it. Submissions come
from strangers: a file that is named inside of one is never opened, and what cannot be read of one costs no other.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import stat
from collections import deque
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import PurePath

from solver.errors import (
    SolverError,
    SolverErrors,
    Source,
    Span,
    clean,
    counted,
    did_you_mean,
    listed,
    place_of,
    quoted,
)
from solver.record import Record
from solver.spec import yaml
from solver.spec.paths import beside, meant, unreadable
from solver.spec.problem import Frame
from solver.spec.yaml import Items, Node, Pairs

TABLES = {".csv", ".tsv"}
SUFFIXES = {".yaml", ".yml", *TABLES}
IGNORE = "ignore"
"""What a column is mapped to that is not an answer."""

FEW_BYTES = 1 << 16
"""No paper of a usual size is larger."""
MAX_COLUMNS = 1_000
MAX_ROW = 1_000_000
"""Characters of a row."""
MAX_LINES = 500
"""Lines of a row that has line ends in its cells."""
MAX_NAME = 200
"""Characters of a student's name."""
LISTED = 20
"""Columns or fields without a meaning that are told one by one."""

_FIELDS = ("problem", "student", "answers", "exam")
_SIGNS = (",", ";", "\t", "|")
_TEMPLATE = "`solve grade … --template yaml` prints one to fill in"
_QUOTES = "put quotes around a number with a comma: '0,5'"


class Submission(Record):
    """One student's answers to one problem: what was typed under each name, with its place.

    The answers of a YAML file are `Pairs`, which know the places of the names too; of a CSV file, all that are
    not empty.
    """

    student: str
    problem: str | None
    file: str
    answers: Mapping[str, Node]
    where: tuple[Source, int, int]
    """Where it begins, or where its problem is named: text, start and end."""

    @property
    def span(self) -> Span:
        """The place that a message about the whole submission shows."""
        source, start, end = self.where
        return source.span(start, end)


class NotGraded(SolverError):
    """A part of a file that is not graded, a name, a row or a whole submission, while the rest is."""


# Files


def submission_files(paths: Iterable[str]) -> Iterator[str]:
    """The files of answers that are meant, every YAML and CSV file of a folder."""
    return meant(paths, SUFFIXES)


def is_table(path: str) -> bool:
    """Whether a path leads to a CSV file, by its name."""
    return os.path.splitext(path)[1].lower() in TABLES


def check_file(path: str, given: Collection[str] = ()) -> None:
    """Raise `SolverError` when a path leads to no ordinary file, or by a link out of the given folders.

    A path that was given itself may be a link.
    """
    said = quoted(path)
    try:
        found = os.lstat(path)
        link = stat.S_ISLNK(found.st_mode)
        found = os.stat(path) if link else found
        if link and path not in given:
            target = os.path.realpath(path)
            folders = [os.path.realpath(folder) for folder in given]
            if not any(os.path.commonpath([folder, target]) == folder for folder in folders):
                raise SolverError(f"{said} is a link that leads out of the folder")
    except FileNotFoundError:
        raise SolverError(f"there is no file {said}", hint=beside(path)) from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    if stat.S_ISDIR(found.st_mode):
        raise SolverError(
            f"there is no file of answers in the folder {said}", hint="they end in .yaml or .csv"
        )
    if not stat.S_ISREG(found.st_mode):
        raise SolverError(f"{said} is not an ordinary file")


def read_file(path: str, given: Collection[str] = ()) -> bytes:
    """The bytes of a YAML file, as many as are ever read; raises `SolverError` as `check_file` does."""
    check_file(path, given)
    try:
        with open(path, "rb") as file:
            data = file.read(FEW_BYTES)  # room for all that may come would have to be found for every paper
            return data if len(data) < FEW_BYTES else data + file.read(yaml.MAX_BYTES + 1 - FEW_BYTES)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def read_map(data: bytes, name: str) -> dict[str, str]:
    """What columns mean (`{Email: student, "Q1 gradient": grad(0)}`); `ignore` for those that are no answers.

    Raises `SolverErrors`.
    """
    try:
        documents, faults = yaml.read(yaml.decode(data, name))
    except SolverError as error:
        raise SolverErrors([error]) from None
    meanings: dict[str, str] = {}
    if not faults and (len(documents) != 1 or not isinstance(documents[0], Pairs)):
        place = documents[-1].span
        faults = [SolverError("a mapping is needed here", place, "write `Email: student`, one column a line")]
    for column, node in documents[0].items() if not faults and isinstance(documents[0], Pairs) else ():
        if not isinstance(node, yaml.Scalar):
            message = f"a name is needed for the column {quoted(column)}"
            faults.append(SolverError(message, node.span, "write `Email: student`, one column a line"))
        else:
            meanings[" ".join(column.split())] = IGNORE if node.is_null else node.text.strip() or IGNORE
    if faults:
        raise SolverErrors(faults)
    return meanings


# YAML


def read_bytes(
    data: bytes,
    name: str,
    problems: Collection[str],
    mapping: Mapping[str, str],
    exams: Mapping[str, Collection[str]] | None = None,
) -> tuple[list[Submission], list[SolverError]]:
    """The submissions of a YAML file, and what is wrong with it.

    A sheet that names one of the `exams` (title or id, and the ids of its problems) answers all its problems, if
    only with nothing; any other sheet those that it mentions.
    Of what is wrong, `NotGraded` concerns a part; any other error says that a document could not be read.
    """
    try:
        documents, faults = yaml.read(yaml.decode(data, name))
    except SolverError as error:
        return [], [error]
    reader = _Sheets(name, problems, mapping, exams or {})
    for document in documents:
        # A document that YAML does not take whole has holes: nothing says which answers stood in them.
        if not any(_inside(fault, document) for fault in faults):
            for sheet in document if isinstance(document, Items) and document else [document]:
                reader.add(sheet)
    errors = [*map(_said_of_answers, faults), *reader.errors]
    return reader.submissions, sorted(errors, key=place_of)


def _inside(fault: SolverError, node: Node) -> bool:
    span = node.span
    return (span.line, span.column) <= place_of(fault) <= (span.end_line, span.end_column)


def _said_of_answers(fault: SolverError) -> SolverError:
    """The hints that YAML's faults have for problem files, turned into such for answers."""
    if fault.message == "the file is empty":
        return SolverError(fault.message, fault.span, _TEMPLATE)
    if re.match("the key `[0-9]+` stands twice", fault.message):
        return SolverError(fault.message, fault.span, _QUOTES)
    return fault


class _Sheets:
    """The sheets of answers of a file."""

    def __init__(
        self,
        file: str,
        problems: Collection[str],
        mapping: Mapping[str, str],
        exams: Mapping[str, Collection[str]],
    ) -> None:
        self.file = file
        self.problems = problems
        self.mapping = {_key(column): meaning for column, meaning in mapping.items()}
        self.exams = {_key(title): ids for title, ids in exams.items()}
        self.submissions: list[Submission] = []
        self.errors: list[SolverError] = []

    def refuse(self, message: str, span: Span, hint: str | None = None) -> None:
        self.errors.append(NotGraded(message, span, hint))

    def meaning(self, name: str) -> str:
        return self.mapping.get(_key(name), name) if self.mapping else name

    def add(self, sheet: Node) -> None:
        """One student's sheet."""
        if not isinstance(sheet, Pairs):
            message = "these are no answers: a mapping with `student` and `answers` is needed"
            return self.refuse(message, sheet.span, _TEMPLATE)
        fields = self.fields(sheet)
        answers = fields.get("answers")
        if answers is None:
            hint = "indent the answers below a line `answers:`"
            return self.refuse("`answers` is missing", _start(sheet), hint)
        student = self.student(fields.get("student"))
        if isinstance(answers, yaml.Scalar) and (answers.is_null or not answers.text.strip()):
            answers = Pairs(sheet.source, answers.start, answers.end)
        if not isinstance(answers, Pairs):
            hint = "write `answers: {w(1): [0.5, 1]}`"
            return self.refuse("`answers` maps the names of quantities to answers", answers.span, hint)
        one = self.problem(fields.get("problem"))
        if "exam" in fields or (one is None and self.by_problem(answers)):
            for id_, child in answers.items():
                self.add_problem(student, id_, child, answers)
            self.add_blanks(student, fields.get("exam"), answers, sheet)
            return None
        if one is not None and self.unknown(one):
            return self.refuse_unknown(one, fields["problem"].span)
        parts = self.named(answers, one)
        if None in parts and self.problems:
            hint = f"add {quoted(f'problem: {next(iter(self.problems))}')}"
            self.refuse("the sheet does not say which problem it answers", _start(sheet), hint)
            del parts[None]
        for part, pairs in parts.items():
            self.submissions.append(Submission(student, part, self.file, pairs, _beginning(sheet)))
        return None

    def unknown(self, id_: str) -> bool:
        """Whether there is no such problem."""
        return bool(self.problems) and id_ not in self.problems

    def refuse_unknown(self, id_: str, span: Span) -> None:
        hint = did_you_mean(id_, self.problems) or f"problems: {listed(list(self.problems)[:5], 'and')}"
        self.refuse(f"there is no problem {quoted(id_)}", span, hint)

    def fields(self, sheet: Pairs) -> dict[str, Node]:
        """The fields of a sheet; others are told, but for those of a problem file that was filled in."""
        fields: dict[str, Node] = {}
        unknown: list[str] = []
        filled_in = "given" in sheet and "kind" in sheet
        for key, node in sheet.items():
            meaning = self.meaning(key)
            field = meaning if meaning in _FIELDS else meaning.strip().casefold()
            if filled_in and key == "id":
                field = "problem"
            if field in _FIELDS:
                fields.setdefault(field, node)
            elif meaning != IGNORE and not (filled_in and key in Frame.model_fields):
                unknown.append(key)
        for key in unknown[:LISTED]:
            hint = did_you_mean(key, [field for field in _FIELDS if field not in fields])
            self.refuse(
                f"unknown field {quoted(key)}", sheet.key_span(key), hint or "answers stand under `answers`"
            )
        if len(unknown) > LISTED:
            message = f"and {counted(len(unknown) - LISTED, 'more unknown field')}"
            self.refuse(message, sheet.key_span(unknown[LISTED]))
        return fields

    def student(self, node: Node | None) -> str:
        if isinstance(node, yaml.Scalar) and not node.is_null and (name := _student(node.text)):
            return name
        if node is not None and not isinstance(node, yaml.Scalar):
            self.refuse("`student` is a name; the file's own is taken", node.span)
        return _student(PurePath(self.file).stem.strip("<>"))

    def problem(self, node: Node | None) -> str | None:
        if node is None or (isinstance(node, yaml.Scalar) and (node.is_null or not node.text.strip())):
            return None
        return node.text.strip() if isinstance(node, yaml.Scalar) else ""

    def by_problem(self, answers: Pairs) -> bool:
        """Whether the answers stand under the ids of problems although nothing says that it is an exam."""
        return any(
            key.strip() in self.problems and isinstance(node, Pairs) and not _is_tree(key, node)
            for key, node in answers.items()
        )

    def add_problem(self, student: str, key: str, child: Node, answers: Pairs) -> None:
        """The answers to one problem of an exam."""
        id_ = key.strip()
        if self.unknown(id_):
            return self.refuse_unknown(id_, answers.key_span(key))
        if isinstance(child, yaml.Scalar) and (child.is_null or not child.text.strip()):
            child = Pairs(child.source, child.start, child.end)
        if not isinstance(child, Pairs):
            hint = "write `midterm-1: {w(1): [0.5, 1]}`"
            return self.refuse(f"the answers to {quoted(id_)} are no mapping", child.span, hint)
        where = (answers.source, *answers.key_spans[key])
        for part, pairs in self.named(child, id_).items():
            self.submissions.append(Submission(student, part, self.file, pairs, where))
        return None

    def add_blanks(self, student: str, exam: Node | None, answers: Pairs, sheet: Node) -> None:
        """The problems of the exam that the sheet does not mention."""
        title = exam.text if isinstance(exam, yaml.Scalar) else ""
        mentioned = {key.strip() for key in answers}
        for id_ in self.exams.get(_key(title), ()):
            if id_ not in mentioned:
                nothing = Pairs(answers.source, answers.start, answers.end)
                self.submissions.append(Submission(student, id_, self.file, nothing, _beginning(sheet)))
        if not answers and _key(title) not in self.exams:
            self.refuse("the sheet has no answers", _start(sheet))

    def named(self, answers: Pairs, problem: str | None) -> dict[str | None, Pairs]:
        """The answers under the names of quantities, by problem where the names say it and nothing else does."""
        answers = _with_commas(answers)
        names_say = problem is None and len(self.problems) > 1
        if problem is None and len(self.problems) == 1:
            problem = next(iter(self.problems))
        if not self.mapping and not (names_say and any("/" in name or ":" in name for name in answers)):
            return {problem: answers}
        parts: dict[str | None, Pairs] = {}
        for name, node in answers.items():
            meaning = self.meaning(name)
            if meaning == IGNORE:
                continue
            owner, quantity = next(_owners(meaning, self.problems), (problem, meaning))
            if not names_say and owner != problem:
                owner, quantity = problem, meaning
            pairs = parts.setdefault(owner, Pairs(answers.source, answers.start, answers.end))
            if quantity in pairs:
                message = f"{quoted(name)} is a second answer for {quoted(quantity)}"
                self.refuse(message, answers.key_span(name), "keep one of the two")
            else:
                pairs[quantity] = node
                pairs.key_spans[quantity] = answers.key_spans[name]
        return parts or {problem: Pairs(answers.source, answers.start, answers.end)}


def _beginning(node: Node) -> tuple[Source, int, int]:
    return node.source, node.start, node.start


def _start(node: Node) -> Span:
    return node.source.span(node.start, node.start)


def _student(text: str) -> str:
    return " ".join(text.split())[:MAX_NAME]


def _key(name: str) -> str:
    """A column's name without what people do not look at."""
    return "".join(name.split()).casefold()


def _owners(name: str, problems: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Problem and quantity of `midterm-1/w(3)` or `midterm-1: w(3)`."""
    for id_ in problems:
        if (
            name.startswith(id_)
            and (rest := name[len(id_) :].lstrip())[:1] in ("/", ":")
            and rest[1:].strip()
        ):
            yield id_, rest[1:].strip()


def _is_tree(key: str, node: Pairs) -> bool:
    """Whether what stands under `tree` is the answer of that name, not the answers to a problem of that id."""
    (root, branches), *others = node.items() or [("", node)]
    return key.strip() == "tree" and not others and root != "tree" and isinstance(branches, Pairs)


def _with_commas(answers: Pairs) -> Pairs:
    """Numbers with a comma put together again: YAML reads `{loss: 0,5}` as `{loss: 0, 5: null}`."""
    if not any(
        key.isdecimal() and isinstance(node, yaml.Scalar) and node.is_null for key, node in answers.items()
    ):
        return answers
    whole = Pairs(answers.source, answers.start, answers.end)
    text, last = answers.source.text, ""
    for key, node in answers.items():
        start, end = answers.key_spans[key]
        before = whole.get(last)
        if (
            key.isdecimal()
            and isinstance(node, yaml.Scalar)
            and node.is_null
            and isinstance(before, yaml.Scalar)
            and before.text[-1:].isdecimal()
            and text[before.end : start] == ","
        ):
            joined = f"{before.text},{key}"
            whole[last] = yaml.Scalar(joined, False, answers.source, before.start, end)
        else:
            whole[key], last = node, key
            whole.key_spans[key] = start, end
    return whole


# CSV


class Excerpt(Source):
    """A stretch of a long text that starts on a line of its own: `first` is that line's number."""

    first: int = 1

    def line(self, number: int) -> str:
        """The line of that number in the whole text."""
        return super().line(number - self.first + 1)

    def span(self, start: int, end: int) -> Span:
        """The place of `text[start:end]` in the whole text."""
        span = super().span(start, end)
        more = self.first - 1
        return Span(self, span.line + more, span.column, span.end_line + more, span.end_column)


class Row(Record):
    """A row of a CSV file as it is written, the line where it starts, and why it cannot be read, if so.

    Small, so that rows can be handed to other processes.
    """

    line: int
    text: str
    fault: str = ""


class Header(Record):
    """What the columns of a CSV file mean: all that is needed to read its rows, in any process.

    A column is its place, the quantity, and the problem (None where a column `problem` says it).
    """

    file: str
    sign: str
    width: int
    """Columns that every row has; a row may also have those to the right that have no name."""
    widest: int
    student: int | None
    problem: int | None
    columns: tuple[tuple[int, str, str | None], ...]
    problems: tuple[str, ...]
    encoding: str
    lines: int
    """Lines that the header ends after."""


def csv_rows(
    path: str,
    problems: Collection[str],
    quantities: Mapping[str, Collection[str]],
    mapping: Mapping[str, str],
) -> Iterator[Submission | SolverError]:
    """The submissions of a CSV file, row by row; `quantities` are the names of each problem.

    What is not graded comes as `NotGraded`, a file that cannot be read as the only and other error.
    """
    try:
        header, notes = read_header(path, problems, quantities, mapping)
        yield from notes
        for row in class_rows(path, header):
            yield from row_submissions(header, row)
    except SolverError as error:
        yield from error.errors


def read_header(
    path: str,
    problems: Collection[str],
    quantities: Mapping[str, Collection[str]],
    mapping: Mapping[str, str],
) -> tuple[Header, list[NotGraded]]:
    """What the columns mean, and which are not graded. Raises `SolverError`."""
    encoding, sound = _encoding(path)
    signs: Sequence[str] = ("\t", *_SIGNS) if path.lower().endswith(".tsv") else _SIGNS
    with closing(_rows(path, encoding)) as rows:
        row = next(rows, None)
        if row is not None and (chosen := re.fullmatch("sep=(.)", row.text.strip())):  # Excel
            signs = (chosen[1],)
            row = next(rows, None)
    if row is None:
        hint = _TEMPLATE.replace("yaml", "csv")
        raise SolverError("the file is empty", Source(path, "").span(0, 0), hint)
    source = Excerpt(path, row.text, row.line)
    if row.fault:
        raise SolverError(row.fault, source.span(0, 0))
    reader = _Names(source, problems, quantities, mapping)
    header = reader.header(signs, encoding, row.line + row.text.count("\n"))
    if not sound:
        message = "the file is not UTF-8; it is read as Latin-1"
        reader.notes.insert(0, NotGraded(message, source.span(0, 0), "save it as CSV in UTF-8"))
    return header, reader.notes


class _Names:
    """The names in a header, and what they mean."""

    def __init__(
        self,
        source: Excerpt,
        problems: Collection[str],
        quantities: Mapping[str, Collection[str]],
        mapping: Mapping[str, str],
    ) -> None:
        self.source = source
        self.problems = tuple(problems)
        self.mapping = {_key(name): meaning for name, meaning in mapping.items()}
        self.mapped = mapping
        self.owners: dict[str, list[str]] = {}
        self.loose: dict[str, set[str]] = {}
        for id_ in self.problems:
            for name in quantities.get(id_, ()):
                self.owners.setdefault(name, []).append(id_)
                self.loose.setdefault(_key(name), set()).add(name)
        self.notes: list[NotGraded] = []
        self.unknown: list[tuple[str, Span]] = []

    def meant(self, name: str) -> str:
        """The name that a column is mapped to, or the role or quantity that it is a spelling of."""
        name = self.mapping.get(_key(name), name)
        if name in self.owners:
            return name
        if (role := name.casefold()) in ("student", "problem", IGNORE):
            return role
        near = self.loose.get(_key(name), ())
        return next(iter(near)) if len(near) == 1 else name

    def columns_of(self, name: str) -> list[tuple[str, str]]:
        """The problems and quantities that a name may mean."""
        if name in self.owners:
            return [(id_, name) for id_ in self.owners[name]]
        found = []
        for id_, rest in _owners(name, self.problems):
            quantity = self.meant(rest)
            if id_ in self.owners.get(quantity, ()):
                found.append((id_, quantity))
        return found[:1]

    def known(self, cell: str) -> bool:
        name = self.meant(cell)
        return name in ("student", "problem", IGNORE) or bool(self.columns_of(name))

    def header(self, signs: Sequence[str], encoding: str, lines: int) -> Header:
        """What the columns mean; the sign between them is the one that makes the most known names."""
        split = {sign: _cells(self.source.text, sign)[0] for sign in signs}

        def fits(sign: str) -> tuple[int, int]:
            names = [cell[2] for cell in split[sign][:MAX_COLUMNS]]
            return sum(self.known(name) for name in names if name), len(names)

        sign = max(signs, key=fits)
        cells = split[sign]
        if len(cells) > MAX_COLUMNS:
            message = f"the table has {len(cells):,} columns, more than {MAX_COLUMNS:,}"
            raise SolverError(message, self.source.span(0, 0))
        names = [" ".join(name.split()) for _, _, name in cells]
        self.check_mapping(names)
        places: dict[str, int] = {}
        columns: list[tuple[int, str, str | None]] = []
        meanings = [self.meant(name) for name in names]
        by_row = "problem" in meanings
        for place, (name, meaning) in enumerate(zip(names, meanings, strict=True)):
            span = self.source.span(cells[place][0], cells[place][1])
            if not name or meaning == IGNORE:
                continue
            if meaning in places:
                message = f"the column {quoted(name)} stands twice"
                self.notes.append(NotGraded(message, span, "the first one is taken"))
                continue
            places[meaning] = place
            if meaning in ("student", "problem"):
                continue
            owners = self.columns_of(meaning)
            if not owners:
                self.unknown.append((name, span))
            elif meaning in self.owners and by_row:
                columns.append((place, meaning, None))
            elif len(owners) > 1:
                message = f"the column {quoted(name)} may belong to {listed([id_ for id_, _ in owners[:5]])}"
                hint = f"name it {quoted(f'{owners[0][0]}/{name}')}, or add a column `problem`"
                self.notes.append(NotGraded(message, span, hint))
            else:
                columns.append((place, owners[0][1], owners[0][0]))
        self.tell_unknown()
        if not columns:
            hint = f"columns: student, {', '.join(clean(name) for name in list(self.owners)[:5])}"
            raise SolverErrors(
                [SolverError("no column is a quantity", self.source.span(0, 0), hint), *self.notes]
            )
        width = len(names)
        while width and not names[width - 1]:  # left behind by spreadsheets
            width -= 1
        student, problem = places.get("student"), places.get("problem")
        if student is None:
            message = "there is no column `student`: the rows go by their lines"
            hint = did_you_mean("student", names) or "`--map` says which column it is: {Email: student}"
            self.notes.append(NotGraded(message, self.source.span(0, 0), hint))
        return Header(
            self.source.name,
            sign,
            width,
            len(names),
            student,
            problem,
            tuple(columns),
            self.problems,
            encoding,
            lines,
        )

    def check_mapping(self, names: Sequence[str]) -> None:
        """Raise `SolverErrors` for columns that `--map` names and the file does not have."""
        there = {_key(name) for name in names}
        faults = []
        for name, meaning in self.mapped.items():
            if _key(name) not in there and meaning != IGNORE and _key(meaning) not in there:
                hint = did_you_mean(name, names) or f"columns: {listed(names[:8], 'and')}"
                faults.append(SolverError(f"there is no column {quoted(name)}", self.source.span(0, 0), hint))
        if faults:
            raise SolverErrors(faults)

    def tell_unknown(self) -> None:
        for name, span in self.unknown[:LISTED]:
            hint = did_you_mean(name, [*self.owners, "student", "problem"])
            message = f"no problem has a quantity {quoted(name)}"
            self.notes.append(NotGraded(message, span, hint or "`--map` says which column is which"))
        if len(self.unknown) > LISTED:
            message = f"and {counted(len(self.unknown) - LISTED, 'more column')} without a meaning"
            self.notes.append(NotGraded(message, self.unknown[LISTED][1]))


def class_rows(path: str, header: Header) -> Iterator[Row]:
    """The rows below the header, one by one, without those that are empty. Raises `SolverError`."""
    blank = header.sign + " \t"
    for row in _rows(path, header.encoding, header.lines, header.sign):
        if row.fault or row.text.strip(blank):
            yield row


def row_submissions(header: Header, row: Row) -> list[Submission | NotGraded]:
    """What a row holds: a submission, or one for each problem that has columns."""
    source = Excerpt(header.file, row.text, row.line)
    cells, _ = _cells(row.text, header.sign)
    fault, hint = row.fault, None
    if not fault and not header.width <= len(cells) <= header.widest:
        spare = cells[header.widest :]
        if len(cells) < header.width or any(text for _, _, text in spare):
            fault = f"the row has {counted(len(cells), 'cell')}, the header has {header.width}"
            if spare and header.sign == ",":
                hint = "put quotes around a cell with a comma in it"
    if fault:
        end = row.text.find("\n")
        return [NotGraded(fault, source.span(0, len(row.text) if end < 0 else end), hint)]
    found: dict[str | None, dict[str, Node]] = {}
    for place, name, problem in header.columns:
        answers = found.setdefault(problem, {})
        start, end, text = cells[place]
        if text:
            answers[name] = yaml.Scalar(text, False, source, start, end)
    student = cells[header.student][2] if header.student is not None else ""
    if not student and not any(found.values()):
        return []
    student = _student(_unguarded(student)) or f"line {row.line}"
    where = source, 0, 0
    if header.problem is None:
        return [Submission(student, id_, header.file, answers, where) for id_, answers in found.items()]
    start, end, id_ = cells[header.problem]
    id_ = id_ if id_ in header.problems else _unguarded(id_)
    if not id_ and len(header.problems) == 1:
        id_ = header.problems[0]
    if id_ not in header.problems:
        message = (
            f"there is no problem {quoted(id_)}" if id_ else "the row does not say which problem it answers"
        )
        hint = did_you_mean(id_, header.problems) or f"problems: {listed(header.problems[:5], 'and')}"
        return [NotGraded(message, source.span(start, end), hint)]
    return [Submission(student, id_, header.file, {**found.get(None, {}), **found.get(id_, {})}, where)]


def _unguarded(text: str) -> str:
    """A text without what keeps spreadsheets from computing with it: `="007"`, `'007`."""
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1]
    return text.removeprefix("'")


_QUOTED = re.compile(r' *"([^"]*+(?:""[^"]*+)*+)" *')
_OPENS = re.compile(' *"')


def _cells(text: str, sign: str) -> tuple[list[tuple[int, int, str]], bool]:
    """The cells of a row, each with its place and without spaces around it; and whether a quote stays open."""
    cells: list[tuple[int, int, str]] = []
    place = 0
    if '"' not in text:
        for cell in text.split(sign):
            end = place + len(cell)
            cells.append((place, end, cell.strip()))
            place = end + 1
        return cells, False
    length = len(text)
    while True:
        found = _QUOTED.match(text, place)
        if found and (found.end() == length or text.startswith(sign, found.end())):
            (start, end), stop = found.span(1), found.end()
            cell = found[1].replace('""', '"')
        elif not found and _OPENS.match(text, place):
            return cells, True
        else:
            stop = text.find(sign, place)
            stop = length if stop < 0 else stop
            start, end, cell = place, stop, text[place:stop]
        cells.append((start, end, cell.strip()))
        if stop == length:
            return cells, False
        place = stop + 1


def _rows(path: str, encoding: str, skipped: int = 0, sign: str = "") -> Generator[Row]:
    """The rows of a file below some lines; a row goes on over line ends inside of quotes."""
    lines = _lines(path, encoding)
    again: deque[tuple[int, str, bool]] = deque()

    def following() -> tuple[int, str, bool] | None:
        return again.popleft() if again else next(lines, None)

    while (found := following()) is not None:
        number, text, too_long = found
        if number <= skipped or not text.strip():
            continue
        if too_long:
            yield Row(number, text[:1000], f"the row has more than {MAX_ROW:,} characters")
            continue
        if '"' not in text or not _stays_open(text, sign):
            yield Row(number, text)
            continue
        parts, size = [found], len(text)
        closed = False
        while len(parts) < MAX_LINES and size <= MAX_ROW and (more := following()) is not None:
            parts.append(more)
            size += len(more[1])
            if '"' in more[1] and not _stays_open("\n".join(part[1] for part in parts), sign):
                closed = True
                break
        if closed:
            yield Row(number, "\n".join(part[1] for part in parts))
        else:
            again.extendleft(reversed(parts[1:]))
            yield Row(number, text, "a quote is never closed")


_ANY_CELL = re.compile(r'(?:^|[,;\t|]) *"[^"]*+(?:""[^"]*+)*+("?)')


def _stays_open(text: str, sign: str) -> bool:
    """Whether a quote is not closed yet; in a header, any sign may stand between the cells."""
    if sign:
        return _cells(text, sign)[1]
    return any(not found[1] for found in _ANY_CELL.finditer(text))


def _lines(path: str, encoding: str) -> Iterator[tuple[int, str, bool]]:
    """The lines of a file, numbered from 1, and whether one is too long to be kept."""
    try:
        with open(path, encoding=encoding, errors="replace") as file:
            number = 0
            while line := file.readline(MAX_ROW + 1):
                number += 1
                too_long = len(line) > MAX_ROW and not line.endswith("\n")
                rest = line
                while too_long and rest and not rest.endswith("\n"):
                    rest = file.readline(MAX_ROW)
                yield number, line.rstrip("\n"), too_long
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def _encoding(path: str) -> tuple[str, bool]:
    """How the characters of a file are written, and whether it is UTF-8 or UTF-16 throughout."""
    check_file(path, [path])
    try:
        with open(path, "rb") as file:
            data = file.read(1 << 20)
            if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16", True
            if b"\0" in data[:4]:
                return ("utf-16-le" if data[1:2] == b"\0" else "utf-16-be"), True
            decoder = codecs.getincrementaldecoder("utf-8")()
            while data:
                decoder.decode(data)
                data = file.read(1 << 20)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252", False
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    return "utf-8-sig", True


# Templates


class Asked(Record):
    """A problem to answer: the quantities that are asked, and the shapes of all that can be answered.

    The shape of a word or a tree is None.
    """

    id: str
    title: str
    asked: Sequence[str]
    shapes: Mapping[str, tuple[int, ...] | None]


def template_csv(problems: Sequence[Asked]) -> str:
    """An empty CSV file: a column for each asked quantity, a row to copy for each problem."""
    names = list(dict.fromkeys(name for problem in problems for name in problem.asked))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "problem", *names])
    writer.writerows(["", _guarded(problem.id), *[""] * len(names)] for problem in problems)
    return text.getvalue()


def _guarded(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


SHOWN = 200
"""Quantities of a problem that are listed besides the asked ones."""


def template_yaml(problems: Sequence[Asked]) -> str:
    """An empty YAML file for one student: the asked quantities, and in comments all others, with their shapes."""
    lines = []
    if len(problems) == 1:
        (problem,) = problems
        lines += [*_comment(problem.title), f"problem: {_plain_key(problem.id)}", 'student: ""', "answers:"]
        lines += _quantities(problem, "  ")
    else:
        lines += ['student: ""', "answers:"]
        for problem in problems:
            lines += ["", *_comment(problem.title, "  "), f"  {_plain_key(problem.id)}:"]
            lines += _quantities(problem, "    ")
    return "\n".join(lines) + "\n"


def _comment(text: str, indent: str = "") -> list[str]:
    line = " ".join(clean(text).split())
    return [f"{indent}# {line}"] if line else []


def _quantities(problem: Asked, indent: str) -> list[str]:
    asked = [(f"{_plain_key(name)}:", problem.shapes.get(name)) for name in problem.asked]
    others = [name for name in problem.shapes if name not in set(problem.asked)]
    width = max((len(key) for key, _ in asked), default=0)
    lines = [f"{indent}{key:<{width}}  # {in_words(shape)}" for key, shape in asked]
    if others:
        lines.append(f"{indent}# working, as much as you like:")
        keys = [f"# {_plain_key(name)}:" for name in others[:SHOWN]]
        width = max(map(len, keys))
        lines += [
            f"{indent}{key:<{width}}  # {in_words(problem.shapes[name])}"
            for key, name in zip(keys, others, strict=False)
        ]
    if len(others) > SHOWN:
        lines.append(f"{indent}# … and {counted(len(others) - SHOWN, 'more name')}")
    return lines


def in_words(shape: tuple[int, ...] | None) -> str:
    """A shape as a student is told it: `2 numbers`."""
    if shape is None:
        return "a word"
    if not shape:
        return "a number"
    if len(shape) == 1:
        return counted(shape[0], "number")
    if len(shape) == 2:
        return f"{counted(shape[0], 'row')} of {counted(shape[1], 'number')}"
    return f"{' × '.join(map(str, shape))} numbers"


_PLAIN_KEY = re.compile(r"[A-Za-z_][\w.()/=<>|^-]*")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def _plain_key(name: str) -> str:
    """A name as a key of YAML, in quotes where it needs them."""
    if _PLAIN_KEY.fullmatch(name) and name.casefold() not in _WORDS:
        return name
    if name.isprintable():
        return "'" + name.replace("'", "''") + "'"
    escaped = (sign if sign.isprintable() and sign not in '"\\' else _escape(sign) for sign in name)
    return f'"{"".join(escaped)}"'


def _escape(sign: str) -> str:
    return f"\\{sign}" if sign in '"\\' else f"\\U{ord(sign):08x}"
