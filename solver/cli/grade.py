"""`solve grade PROBLEMS … --answers …`: marks for one paper or for a class, and reports of them."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from hashlib import sha256
from itertools import chain, islice
from pathlib import PurePath
from typing import Any

from solver import __version__
from solver.cli import files
from solver.cli.worker import Job, Question, Worker, prepare, questions, split
from solver.cli.write import deliver, drawn, write_file, write_folder
from solver.errors import SolverError, SolverErrors, clean, draw, quoted
from solver.grading import answers as reading
from solver.grading import batch
from solver.grading.changes import changes
from solver.grading.journal import OK, HeaderChanged, Item, Journal, Outcome, merge, outcomes, sharded
from solver.grading.summary import Summary, by_student
from solver.record import Record
from solver.render.json_marks import Written, run_document
from solver.render.marks import refused
from solver.spec import yaml

MEMORY = 1 << 30
"""Bytes that marking one submission may take."""

TIMEOUT = 60.0

NOTHING_ELSE = '{"results":[]}'

MOST_READ = 500
"""So many parts of results are kept for the next paper that has them."""

SLOW = 1.0
"""Seconds after which progress is told on standard error."""


class Options(Record):
    """What was asked for on the command line."""

    answers: tuple[str, ...] = ()
    format: str = "terminal"
    output: str | None = None
    map: str | None = None
    jobs: int | None = None
    timeout: float = TIMEOUT
    resume: str | None = None
    fail_under: float | None = None
    template: str | None = None
    moodle: str | None = None
    shard: str | None = None
    cluster: str | None = None
    paged: bool = True


def grade(paths: Iterable[str], options: Options) -> int:
    """Mark everything and report it; what cannot be read is told and does not stop the others."""
    sources, unread = _sources(paths)
    known, faults = questions(sources, named=bool(options.answers or options.template))
    faults = [*unread, *faults]
    for name, question in list(known.items()):
        try:
            _ = question.key
        except SolverErrors as errors:
            faults += errors.errors
            del known[name]
    for fault in faults:
        print(draw(fault), file=sys.stderr)
    if not known:
        return 2
    if options.template is not None:
        paged = options.paged and options.format == "terminal"
        deliver(_template(known, options.template), options.output, paged)
        return 2 if faults else 0
    run = _Run(sources, known, options)
    run.failed = bool(faults)
    return run.report()


def merged(paths: Iterable[str], options: Options) -> int:
    """Reports of a class that was graded in parts."""
    run = _Run((), {}, options)
    run.found = merge(list(paths))
    return run.report()


def _sources(paths: Iterable[str]) -> tuple[list[tuple[str, bytes]], list[SolverError]]:
    sources, faults = [], []
    for path in files.problem_files(paths):
        try:
            name, data = files.read_bytes(path)
            sources.append((name, data))
        except SolverError as error:
            faults.append(error)
    return sources, faults


def _template(known: Mapping[str, Question], form: str) -> str:
    asked = [
        reading.Asked(
            question.problem.id,
            question.problem.frame.title or question.key.kind.title,
            question.key.ask,
            {name: None if value.label else value.shape for name, value in question.key.answerable.items()},
        )
        for question in known.values()
    ]
    return reading.template_csv(asked) if form == "csv" else reading.template_yaml(asked)


class _Run:
    """One run: submissions in, outcomes out, and the reports made of them."""

    def __init__(
        self, sources: Iterable[tuple[str, bytes]], known: Mapping[str, Question], options: Options
    ) -> None:
        self.sources, self.known, self.options = list(sources), known, options
        self.summary = Summary()
        self.not_graded: list[dict[str, Any]] = []
        self.failed = False
        self.found: Iterator[Outcome] | None = None
        self.before: str | None = None
        """The journal of a run with another key, to be compared with."""
        self.files = list(reading.submission_files(options.answers))
        self.headers: list[reading.Header] = []
        self.tables: dict[str, int] = {}
        self.read: dict[str, dict[str, Any]] = {}
        self.solutions: dict[str, list[str]] = {}
        self.mapping: dict[str, str] = {}
        self.started = time.monotonic()

    # Submissions

    def items(self) -> Iterator[Item]:
        """The submissions of all files; a file that cannot be read is told at once."""
        given = self.options.answers
        for path in self.files:
            try:
                if path == "-":
                    data = sys.stdin.buffer.read(yaml.MAX_BYTES + 1)
                    yield Item(sha256(data).hexdigest(), files.STDIN, Job(files.STDIN, data))
                elif reading.is_table(path):
                    yield from self.rows(path)
                else:
                    data = reading.read_file(path, given)
                    yield Item(sha256(data).hexdigest(), path, Job(path, data))
            except SolverError as error:
                self.unread(error, path)

    def read_headers(self) -> None:
        """What the columns of all tables mean, which workers need before they start."""
        quantities = {id_: list(question.key.answerable) for id_, question in self.known.items()}
        for path in filter(reading.is_table, self.files):
            try:
                reading.check_file(path, self.options.answers)
                header, notes = reading.read_header(path, list(self.known), quantities, self.mapping)
            except SolverError as error:
                self.unread(error, path)
                continue
            self.tables[path] = len(self.headers)
            self.headers.append(header)
            for note in notes:
                self.leave_out(note, path)

    def rows(self, path: str) -> Iterator[Item]:
        """The rows of a table."""
        if path not in self.tables:
            return
        place = self.tables[path]
        header = self.headers[place]
        columns = repr(header).encode()
        for row in reading.class_rows(path, header):
            key = sha256(columns + row.text.encode("utf-8", "surrogatepass")).hexdigest()
            yield Item(key, f"{path}:{row.line}", Job(path, row, place))

    def unread(self, error: SolverError, path: str) -> None:
        """A file that cannot be read."""
        self.failed = True
        for each in error.errors:
            self.leave_out(each, path)

    def leave_out(self, error: SolverError, path: str) -> None:
        """A column or a file that is not graded."""
        self.refuse(refused(error, path))
        print(draw(error), file=sys.stderr)

    def refuse(self, fault: dict[str, Any]) -> None:
        """What is not graded; a paper that could not be read is an error."""
        if fault.pop("unread", False):
            self.failed = True
            place = ":".join(str(fault[part]) for part in ("file", "line", "column") if part in fault)
            print(clean(f"{place}: error: {fault['message']}"), file=sys.stderr)
        self.not_graded.append(fault)
        self.summary.leave_out(fault)

    # Outcomes

    def outcomes(self) -> Iterator[Outcome]:
        """What became of each submission, in order."""
        options = self.options
        if options.map is not None:
            self.mapping = reading.read_map(reading.read_file(options.map, (options.map,)), options.map)
        self.read_headers()
        items = self.items()
        first = list(islice(items, 2))
        alone = len(first) < 2 and options.jobs is None and options.resume is None and options.cluster is None
        every: Iterable[Item] = chain(first, items)
        if options.shard is not None:
            every = sharded(every, *_part(options.shard))
        args = (self.sources, self.headers, self.mapping)
        if alone:
            worker = Worker(self.known, self.headers, self.mapping)
            yield from batch.run(every, lambda: worker, jobs=0)
            return
        journal = self.journal()
        progress = self.progress if sys.stderr.isatty() else None
        try:
            if options.cluster is not None:
                from solver.grading.cluster import run_on_cluster

                found: Any = run_on_cluster(
                    options.cluster,
                    every,
                    prepare,
                    args,
                    timeout=options.timeout,
                    memory=MEMORY,
                    journal=journal,
                    progress=progress,
                )
            else:
                jobs = options.jobs or batch.processors()
                found = batch.run(
                    every,
                    prepare,
                    args,
                    jobs=jobs,
                    timeout=options.timeout,
                    memory=MEMORY,
                    journal=journal,
                    progress=progress,
                )
            with closing(found):
                yield from found
            if journal is not None:
                journal.end()
        finally:
            if journal is not None:
                journal.close()
            if progress is not None:
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def journal(self) -> Journal | None:
        """The journal that `--resume` names; one that was made with another key is put aside, to be compared."""
        path = self.options.resume
        if path is None:
            return None
        header = self.header()
        try:
            return Journal.resume(path, header)
        except HeaderChanged as changed:
            if "problems" not in changed.changed:
                raise
            self.before = f"{path}.before"
            os.replace(path, self.before)
            told = f"the problems have changed: every paper is marked again; the marks before are in {self.before}"
            print(clean(told), file=sys.stderr)
            return Journal.open(path, header)

    def header(self) -> dict[str, Any]:
        """What the results depend on besides the submissions."""
        digest = sha256()
        for name, data in self.sources:
            digest.update(PurePath(name).name.encode("utf-8", "surrogatepass") + b"\0" + data + b"\0")
        header: dict[str, Any] = {
            "format": 1,
            "version": __version__,
            "problems": digest.hexdigest(),
            "map": json.dumps(self.mapping, sort_keys=True),
        }
        return header | ({"shard": self.options.shard} if self.options.shard else {})

    def progress(self, done: int, of: int | None) -> None:
        if time.monotonic() - self.started > SLOW:
            total = f" of {of}" if of is not None else ""
            print(f"\r\x1b[K{done}{total} papers", end="", file=sys.stderr, flush=True)

    def results(self) -> Iterator[dict[str, Any]]:
        """The results in order; what is not graded is kept for later."""
        if not self.options.answers and self.found is None:
            yield from self.own()
            return
        for outcome in self.found or self.outcomes():
            if outcome.status != OK:
                self.refuse({"file": outcome.label, "message": outcome.message, "unread": True})
                continue
            yield from self.taken(outcome.text)

    def taken(self, described: str) -> Iterator[dict[str, Any]]:
        """The results of a submission, counted; what is equal in two of them is read once."""
        found, rest = split(described)
        if rest != NOTHING_ELSE:
            for fault in json.loads(rest).get("not_graded", ()):
                self.refuse(fault)
        last, student = "", {}
        for question, who, tail in found:
            if who != last:
                last, student = who, json.loads(f"{{{who[:-1]}}}")
            result = Written(self.piece(f"{question[:-1]}}}"))
            result |= student
            result |= self.piece("{" + tail)
            result.text = f"{question} {who} {tail}"
            self.summary.add(result, tail)
            yield result

    def piece(self, described: str) -> dict[str, Any]:
        """A part of a result, read once where it comes again soon."""
        known = self.read.get(described)
        if known is None:
            known = json.loads(described)
            if len(self.read) < MOST_READ:
                self.read[described] = known
        return known

    def own(self) -> Iterator[dict[str, Any]]:
        """The answers that stand in the problems themselves."""
        worker = Worker(self.known)
        answered = [(id_, each) for id_, each in self.known.items() if each.problem.frame.answers]
        if not answered:
            hint = "give the students' answers with --answers, or `answers:` in the problem"
            raise SolverError("no problem has answers to mark", hint=hint)
        for id_, question in answered:
            problem = question.problem
            typed = problem.frame.answers
            assert typed is not None
            name = problem.node.source.name
            submission = reading.Submission("", id_, name, typed, (typed.source, typed.start, typed.end))
            yield from self.taken(worker.marked([submission], (), name))

    # Reports

    def report(self) -> int:
        """Write the report; the exit status."""
        try:
            if self.options.moodle is not None:
                self.moodle()
            else:
                _REPORTS[self.options.format](self)
        except KeyboardInterrupt:
            if self.options.resume is not None:
                print(
                    clean(f"\ninterrupted; go on with --resume {self.options.resume}", newlines=True),
                    file=sys.stderr,
                )
            raise
        if self.before is not None:
            self.compare(self.before)
        if self.failed:
            return 2
        least = self.options.fail_under
        mean = self.summary.document().get("mean_percent")
        return 1 if least is not None and (mean is None or mean < least) else 0

    def compare(self, before: str) -> None:
        """Who has other marks than before the problems were changed."""
        from solver.page.from_marks import changes_page

        page = changes_page(changes(_results_of(before), _results_of(str(self.options.resume))))
        print(drawn(page, self.options.output), end="", file=sys.stderr)

    def terminal(self) -> None:
        from solver.page.from_marks import page

        for _ in self.results():
            pass
        text = drawn(page(self.summary), self.options.output)
        deliver(text, self.options.output, self.options.paged)

    def json(self) -> None:
        pieces = run_document(self.results(), self.not_graded, self.summary.document)
        if self.options.output is None:
            for piece in pieces:
                sys.stdout.write(piece)
        else:
            write_file(self.options.output, pieces)

    def csv(self) -> None:
        from solver.render.csv import answers_table, students_file, students_table

        lines = answers_table(self.results())
        if self.options.output is None:
            for line in lines:
                sys.stdout.write(line)
        else:
            write_file(self.options.output, lines)
            write_file(students_file(self.options.output), students_table(self.summary.roster))

    def markdown(self) -> None:
        from solver.render.markdown_marks import files as feedback

        self.folder(feedback(by_student(self.results()), self.steps if self.known else None), "\n")

    def steps(self, problem: str) -> list[str]:
        """The worked solution of a problem as Markdown."""
        if problem not in self.solutions:
            self.solutions[problem] = self.known[problem].marker.solution() if problem in self.known else []
        return self.solutions[problem]

    def gradescope(self) -> None:
        from solver.render.gradescope import files as documents

        self.folder(documents(by_student(self.results())), "")

    def folder(self, written: Iterator[tuple[str, str]], between: str) -> None:
        """A file a student into a folder, or one after the other; a single one into the file that is named."""
        output = self.options.output
        if output is None:
            sys.stdout.write(between.join(text for _, text in written))
            return
        first = list(islice(written, 2))
        if len(first) == 1 and PurePath(output).suffix:
            write_file(output, [first[0][1]])
        else:
            write_folder(output, chain(first, written))

    def moodle(self) -> None:
        """A downloaded worksheet, filled in: a new file."""
        from solver.render.moodle import fill, report

        path = str(self.options.moodle)
        worksheet = reading.read_file(path, (path,))
        filled, matched = fill(worksheet, self.results())
        stem = PurePath(path)
        output = self.options.output or str(stem.with_name(f"{stem.stem}-marked{stem.suffix}"))
        if os.path.exists(output) and os.path.samefile(output, path):
            raise SolverError(f"{quoted(output)} is the worksheet itself", hint="give -o another name")
        write_file(output, [filled])
        text = drawn(report(matched), self.options.output)
        sys.stdout.write(text + f"written: {clean(output)}\n")


_REPORTS: dict[str, Callable[[_Run], None]] = {
    "terminal": _Run.terminal,
    "json": _Run.json,
    "csv": _Run.csv,
    "markdown": _Run.markdown,
    "gradescope": _Run.gradescope,
}


def _results_of(path: str) -> Iterator[dict[str, Any]]:
    for outcome in outcomes(path):
        yield from (outcome.result or {}).get("results", ())


def _part(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if found is None:
        raise SolverError(f"{quoted(text)} is no part of a class", hint="write --shard 3/8")
    return int(found[1]), int(found[2])
