"""Whatever a submission is, it is graded or listed as not graded with a place, soon, and its text harms nobody.

Papers are valid ones after accidents, and ones that were made to hurt: for the reader of YAML and CSV, for the
marking, and for the terminal, the browser, the spreadsheet and the folder in which the reports end.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import accidents
import pytest
from accidents import A_NUMBER, flipped, joined
from conftest import PROBLEMS, call
from markdown_it import MarkdownIt

from solver.cli.worker import Job, Worker, questions
from solver.errors import SolverError, SolverErrors
from solver.grading.answers import class_rows, read_header
from solver.grading.journal import Item
from solver.grading.summary import Summary, by_student
from solver.page.from_marks import page
from solver.render import csv as csv_report
from solver.render import gradescope, json_marks, markdown_marks, moodle
from solver.render.marks import refused
from solver.render.terminal import write

csv.field_size_limit(10**7)

LONGEST = 2.0
"""Seconds of the processor that one paper may take."""

MIDTERM = PROBLEMS / "midterm.yaml"
SMALL = b"""title: Hostile
problems:
  - id: net
    kind: cnn-shapes
    given: {input: 8x8x1, layers: [conv3-2, maxpool, relu, FC-3]}
  - id: tree
    kind: info-gain
    given: {table: "x, y\\n1, a\\n2, a\\n3, b\\n4, b\\n5, a", target: y, task: tree}
  - id: soft
    kind: softmax-ce
    given: {logits: [2, 1, 0.1], target: 0}
    points: 3
"""
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
NUMBER = re.compile(r"-?[0-9.]+(?:e[+-]?[0-9]+)?")


# ---------------------------------------------------------------- papers


SHEETS = (
    b"problem: soft\nstudent: s1\nanswers: {p: [0.659, 0.242, 0.099], loss: 0.417, grad: [-0.341, 0.242, 0.0986]}\n",
    b'problem: net\nstudent: "s 2"\nanswers:\n  conv1.shape: 6x6x2\n  conv1.params: 20\n  fc1.params: [57]\n'
    b"  total_params: 77\n  pool1.shape: [3, 3, 2]\n",
    b"student: s3\nproblem: tree\nanswers:\n  H: 0.971\n  threshold(x): 2.5\n  gain(x): 0.42\n  best: x\n"
    b"  tree: {x: {<=2.5: a, '>2.5': b}}\n  training_error: 1/5\n",
    b"exam: Hostile\nstudent: s4\nanswers:\n  soft: {p: 0.66 0.24 0.10, loss: 0.5}\n  net: {conv1.params: 18}\n"
    b"  tree: {H: 1, best: y}\n",
    b"- {problem: soft, student: a, answers: {loss: '0,417'}}\n- {problem: net, answers: {fc1.params: 57}}\n",
    b"student: c\nproblem: soft\nanswers: {loss: 1/2}\n---\nstudent: d\nproblem: net\nanswers: {relu1.size: 18}\n",
)
TABLES = (
    b"student,problem,p,loss,grad\ns1,soft,0.659 0.242 0.099,0.417,-0.341 0.242 0.0986\ns2,soft,,1/2,\n",
    b'student;soft/loss;net/conv1.params;tree/best;tree/tree\nx;"0,417";20;x;"{x: {<=2.5: a, >2.5: b}}"\n;;;;\ny;1\n',
    b"student\tproblem\tp\nx\tsoft\t[0.7, 0.2, 0.1]\nz\tnet\t3\n",
)
NUMBERS = (
    *(
        "1e999",
        "-1e999",
        "1e308",
        "1e-308",
        "9**9**9",
        "2^-99999",
        "1/0",
        "0/0",
        ".nan",
        "inf",
        "-.inf",
        "50%",
    ),
    *(
        "9" * 5000,
        "0." + "3" * 5000,
        "1e999999999",
        "sqrt(-1)",
        "exp(exp(9))",
        "ln(0)",
        "1,5",
        "1_000",
        "0x1F",
    ),
    *("−1", "٣", "½", "1.2.3", "--1", "3 3; 0", "1;2;3", "[[1], 2]", "{1, 2}", "168,540", "1 e 3", "1/3/"),
)
TOKENS = (
    *(
        "[",
        "]",
        "{",
        "}",
        ":",
        "- ",
        ",",
        "#",
        "&a ",
        "*a",
        "!!python/name:os.system ",
        "|",
        ">",
        "'",
        '"',
        '""',
    ),
    *(
        "---",
        "...",
        "null",
        "~",
        "true",
        "? ",
        "%YAML 1.1\n",
        "<<: *a",
        "\t",
        "\ufeff",
        "\0",
        "\x1b[2J",
        "\x85",
    ),
    *("=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "__import__('os').system('x')", "<script>alert(1)</script>"),
    *(
        "![x](http://evil.example)",
        "[x](javascript:alert(1))",
        "`rm -rf`",
        "$\\input{/etc/passwd}$",
        "${7*7}",
    ),
    *(
        "../../x",
        "/etc/passwd",
        "C:\\x",
        "con",
        "\u202e",
        "𝕏",
        "é",
        "\u2028",
        "student: ",
        "problem: net",
        "soft",
    ),
    *(
        '"\\0\\x1b\\u202e"',
        '"a\\nb": 1',
        "[" * 200,
        "{a: " * 70,
        "((((" * 100,
        "- " * 100,
        "' or 1=1",
        "\\frac12",
    ),
    *("\\begin{bmatrix} 1 & 2 \\\\ 3 \\end{bmatrix}", "np.array([1, 2])", "exam: Hostile", "p: 1\np: 2"),
)
TOKEN = re.compile(r"[A-Za-z_.]+|-?\d[\d.]*(?:e-?\d+)?|\s+|.", re.DOTALL)


def cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def renumbered(chance: random.Random, data: bytes) -> bytes:
    text = data.decode(errors="surrogateescape")
    places = [found.span() for found in A_NUMBER.finditer(text)] or [(0, 0)]
    start, end = chance.choice(places)
    return joined(text[:start], chance.choice(NUMBERS), text[end:])


retokened = partial(accidents.retokened, token=TOKEN, others=TOKENS, wrapped=True)
relined = partial(accidents.relined, others=SHEETS + TABLES)
ACCIDENTS: Sequence[Callable[[random.Random, bytes], bytes]] = (
    *(flipped, cut, renumbered, renumbered, retokened, retokened, retokened, relined),
)


def mutated(chance: random.Random) -> tuple[str, bytes]:
    """The name of a file and what stands in it, after one to four accidents."""
    table = chance.random() < 0.3
    data = chance.choice(TABLES if table else SHEETS)
    for _ in range(chance.choice((1, 1, 2, 4))):
        data = chance.choice(ACCIDENTS)(chance, data)
    return ("class.csv" if table else "s1.yaml"), data[:50_000]


# ---------------------------------------------------------------- marking


class Run:
    """What became of some papers."""

    def __init__(self, problems: bytes = SMALL) -> None:
        self.known, faults = questions([("Hostile.yaml", problems)])
        assert not faults
        self.quantities = {
            id_: [name for name in each.key.values if name not in each.key.given]
            for id_, each in self.known.items()
        }
        for each in self.known.values():
            _ = each.marker
        self.results: list[dict[str, Any]] = []
        self.not_graded: list[dict[str, Any]] = []

    def take(self, name: str, data: bytes, folder: Path, longest: float = LONGEST) -> int:
        """Grade a file; how many results and faults came of it."""
        before = len(self.results) + len(self.not_graded)
        started = time.process_time()
        if name.endswith(".csv"):
            path = str(folder / name)
            Path(path).write_bytes(data)
            for described in self.table(path):
                self.add(described)
        else:
            self.add(Worker(self.known)(Item("", name, Job(name, data))))
        took = time.process_time() - started
        assert took < longest, f"{took:.1f} s"
        return len(self.results) + len(self.not_graded) - before

    def table(self, path: str) -> Iterator[str]:
        try:
            header, notes = read_header(path, list(self.known), self.quantities, {})
            self.not_graded += [refused(note, path) for note in notes]
            worker = Worker(self.known, [header])
            for row in class_rows(path, header):
                yield worker(Item("", path, Job(path, row, 0)))
        except SolverErrors as several:
            self.not_graded += [refused(error, path) for error in several.errors]
        except SolverError as error:
            self.not_graded.append(refused(error, path))

    def add(self, described: str) -> None:
        found = json.loads(described)
        self.results += found["results"]
        self.not_graded += found.get("not_graded", [])

    def reports(self) -> Iterator[tuple[str, str]]:
        """Everything that people and programs get of it."""
        summary = Summary()
        for result in self.results:
            summary.add(result)
        for fault in self.not_graded:
            summary.leave_out({key: value for key, value in fault.items() if key != "unread"})
        stream = io.StringIO()
        write(page(summary), stream, 80)
        yield "terminal", stream.getvalue()
        yield "json", "".join(json_marks.run_document(self.results, self.not_graded, summary.document))
        yield "csv", "".join(csv_report.answers_table(self.results))
        yield "csv", "".join(csv_report.students_table(summary.roster))
        for format, files in (("markdown", markdown_marks.files), ("gradescope", gradescope.files)):
            for name, text in files(by_student(self.results)):
                assert os.path.basename(name) == name
                assert name not in (".", "..")
                yield format, text
        yield "moodle", moodle.fill(worksheet(summary.roster.rows()), self.results)[0].decode()


def worksheet(rows: Any) -> bytes:
    """A worksheet of Moodle with a row for each student whose name can stand in one."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(
        ["Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Feedback comments"]
    )
    for number, (student, _, _) in enumerate(rows):
        if not STEERING.search(student) and "\n" not in student:
            writer.writerow([f"Participant {number}", student, "", "", "100", ""])
    return stream.getvalue().encode()


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMLESS = {"text", "softbreak", "strong_open", "strong_close", "inline"}


def harmless(format: str, text: str) -> None:
    """Fails where a report has something in it that a terminal, browser or spreadsheet would obey."""
    found = STEERING.search(text.replace("\r\n", "\n") if format in ("csv", "moodle") else text)
    assert not found, (format, found)
    if format == "json":
        assert json.loads(text)["format"] == 1
    elif format == "csv":
        for row in csv.reader(io.StringIO(text, newline="")):
            assert all(len(cell) < 32_768 for cell in row), "more than a spreadsheet holds"
            assert not any(FORMULA.match(cell) and not NUMBER.fullmatch(cell) for cell in row), row
    elif format == "markdown":
        only_text(text)
    elif format == "gradescope":
        document = json.loads(text)
        only_text(document["output"])
        assert all(test.get("output_format", "text") == "text" for test in document["tests"])
    elif format == "moodle":
        for row in csv.reader(io.StringIO(text, newline="")):
            told = row[-1].replace("<br>", "")
            assert "<" not in told
            assert not FORMULA.match(told)


def only_text(text: str) -> None:
    """Fails where Markdown would make more of a text than headings, tables, lists and bold type."""
    for token in MARKDOWN.parse(text):
        assert not token.type.startswith(("html", "code", "fence", "blockquote")), token
        for inner in token.children or ():
            assert inner.type in HARMLESS, inner


def fuzz(seed: int, count: int, folder: Path) -> None:
    chance = random.Random(seed)
    run = Run()
    for number in range(count):
        name, data = mutated(chance)
        start, left = len(run.results), len(run.not_graded)
        try:
            told = run.take(name, data, folder)
            assert told or name.endswith(".csv"), "not a word"
            for fault in run.not_graded[left:]:
                assert fault["message"]
                assert fault["line"] >= 1, fault
                assert fault["column"] >= 1, fault
            for result in run.results[start:]:
                assert {answer["name"] for answer in result["answers"]} >= set(
                    run.known[result["problem"]].key.ask
                )
            if number % 100 == 99:
                for format, text in run.reports():
                    harmless(format, text)
                run.results, run.not_graded = [], []
        except Exception as error:
            error.add_note(f"{name}, mutation {number} of seed {seed}:\n{data!r}")
            raise


@pytest.mark.parametrize("seed", range(3))
def test_three_hundred_accidents(seed: int, tmp_path: Path) -> None:
    fuzz(seed, 100, tmp_path)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(100, 110))
def test_five_thousand_accidents(seed: int, tmp_path: Path) -> None:
    fuzz(seed, 500, tmp_path)


# ---------------------------------------------------------------- papers that were made to hurt


def sheet(answers: str, problem: str = "soft") -> bytes:
    return f"problem: {problem}\nstudent: evil\nanswers:\n{answers}\n".encode(errors="surrogatepass")


HEAVY = {
    "a million digits": sheet("  loss: " + "9" * 10**6),
    "a million digits in quotes": sheet(f"  loss: '{'9' * (10**6 - 50)}'"),
    "many decimals": sheet("  loss: 0." + "3" * 900_000),
    "aliases": sheet(
        "  a: &a [1, 2]\n" + "".join(f"  x{i}: &x{i} [*a, *a]\n" for i in range(50)) + "  p: *a"
    ),
    "laughs": sheet(
        "  a0: &a0 [1]\n" + "".join(f"  a{i + 1}: &a{i + 1} [*a{i}, *a{i}]\n" for i in range(40))
    ),
    "an alias of itself": sheet("  p: &p [*p]"),
    "deep lists": sheet(f"  p: {'[' * 5000}{']' * 5000}"),
    "deep text": sheet(f"  p: '{'(' * 5000}{')' * 5000}'"),
    "a deep formula": sheet(f"  loss: '{'sqrt(' * 1000}2{')' * 1000}'"),
    "a long formula": sheet(f"  loss: '{'+'.join(['1/3'] * 2000)}'"),
    "towers": sheet("  loss: 9^9^9^9\n  grad: 2**2**2**2**2**2 1 1\n  p: exp(exp(exp(9))) 1 1"),
    "a wide list": sheet(f"  p: [{', '.join(['1'] * 30_000)}]"),
    "a wide text": sheet(f"  p: '{' '.join(['1,5'] * 30_000)}'"),
    "many rows": sheet(f"  p: '{'; '.join(['1 2 3'] * 10_000)}'"),
    "many names": sheet("\n".join(f"  q{i}: 1" for i in range(20_000))),
    "near names": sheet("\n".join(f"  grad{i}: 1" for i in range(20_000))),
    "a long name": sheet(f"  ? {'p' * 500_000}\n  : 1"),
    "many fields": b"problem: soft\nanswers: {p: 1}\n" + b"".join(b"f%d: 1\n" % i for i in range(20_000)),
    "many sheets": b"- {problem: soft, student: a, answers: {loss: 1}}\n" * 2_000,
    "many documents": b"problem: soft\nanswers: {loss: 1}\n---\n" * 1_000,
    "a deep tree": sheet("  tree: " + "{x: {a: " * 30 + "b" + "}}" * 30, "tree"),
    "a wide tree": sheet("  tree: {x: {" + ", ".join(f"v{i}: a" for i in range(50_000)) + "}}", "tree"),
    "a tree in a text": sheet("  tree: '" + "{x: {a: " * 5_000 + "'", "tree"),
    "many brackets": sheet(f"  p: '{'()' * 40_000}'"),
    "many matrices": sheet("  p: '" + "\\begin{bmatrix}" * 5_000 + "'"),
    "many minus signs": sheet(f"  loss: '{'-' * 9_000}1'"),
    "spaces": sheet(f"  loss: '{' ' * 500_000}1'\n  p: '1{' ' * 200_000}2{' ' * 200_000}3'"),
    "commas": sheet(f"  p: '{',' * 500_000}'"),
    "fractions": sheet(f"  loss: '{'1/' * 4_000}1'"),
    "superscripts": sheet(f"  loss: '2{'⁹' * 5_000}'"),
    "one quote": b'student,problem,loss\n"' + b"x,\n" * 20_000,
    "many columns": b"student,"
    + b",".join(b"c%d" % i for i in range(900))
    + b",loss\nx"
    + b"," * 900
    + b"1\n",
    "many empty rows": b"student,problem,loss\n" + b",,\n" * 50_000,
}


@pytest.mark.parametrize("what", sorted(HEAVY))
def test_what_is_heavy_is_soon_done(what: str, tmp_path: Path) -> None:
    data = HEAVY[what]
    run = Run()
    name = "class.csv" if data.startswith(b"student,") else "s1.yaml"
    assert run.take(name, data, tmp_path) or what == "many empty rows"
    for format, text in run.reports():
        harmless(format, text)


@pytest.mark.parametrize(
    "path",
    [
        "cnn-shapes/inception.yaml",
        "midterm.yaml",
        pytest.param("cnn-shapes/dilated.yaml", marks=pytest.mark.fuzz),
        pytest.param("cnn-shapes/alexnet.yaml", marks=pytest.mark.fuzz),
    ],
)
def test_a_paper_in_which_everything_is_wrong_is_soon_marked(path: str, tmp_path: Path) -> None:
    run = Run((PROBLEMS / path).read_bytes())
    for id_, question in run.known.items():
        for seed in range(2):
            chance = random.Random(f"{id_}{seed}")
            lines = []
            for name in run.quantities[id_]:
                value = question.key.values[name]
                if not value.label:
                    wrong = (value.floats * chance.choice((1.1, -1, 2)) + chance.random()).round(4)
                    lines.append(f"  {json.dumps(name)}: {wrong.tolist()}")
            # What mistakes would give of the true values is computed for the first paper that needs it.
            longest = LONGEST if seed else 10 * LONGEST
            assert run.take("s1.yaml", sheet("\n".join(lines), id_), tmp_path, longest)


# ---------------------------------------------------------------- what a submission names


EVIL = (
    *(
        "../../x",
        "..",
        ".",
        "/etc/passwd",
        "C:\\x",
        "a/b",
        "con",
        "-o",
        "x\0y",
        "\x1b[2J",
        "\u202egpj.exe",
        "=1+1",
    ),
    *(
        "<script>alert(1)</script>",
        "[x](http://evil.example)",
        "`x`",
        "s" * 5_000,
        "é" * 300,
        "~root",
        "x\ny",
        "NUL.md",
    ),
)
opened: list[str] = []
watching = False


def watch(event: str, args: tuple[Any, ...]) -> None:
    if watching and event in (
        "open",
        "os.listdir",
        "os.scandir",
        "subprocess.Popen",
        "socket.connect",
        "exec",
    ):
        opened.append(f"{event} {args[0]!r}")


def test_a_file_that_a_submission_names_is_never_opened(tmp_path: Path) -> None:
    """Nor anything else: marking a paper touches no file and runs nothing."""
    global watching
    secret = tmp_path / "secret.yaml"
    secret.write_text("answers: {loss: 0.417}", "utf-8")
    run = Run()
    worker = Worker(run.known)
    sys.addaudithook(watch)
    papers = [
        *(
            sheet(f"  {name}: {form}")
            for name in ("p", "loss")
            for form in (secret, f"!include {secret}", f"file://{secret}")
        ),
        sheet(f"  tree: {{csv: {secret}}}\n  best: {secret}", "tree"),
        sheet(
            f"  <<: {secret}\n  loss: open('{secret}').read()\n  p: __import__('os').system('touch {tmp_path}/x')"
        ),
        sheet(f"  p: !!python/object/apply:os.system ['touch {tmp_path}/x']"),
        sheet(f"  p: '\\input{{{secret}}}'\n  loss: ${{{secret}}}"),
        f"problem: {secret}\nstudent: {secret}\nexam: {secret}\nanswers: {secret}\ncsv: {secret}\n".encode(),
        f"problem: ../soft\nstudent: '`cat {secret}`'\nanswers: {{loss: 1}}\n".encode(),
    ]
    for data in papers:
        worker(Item("", "warm", Job("warm", data)))  # what is imported at first use
    opened.clear()
    watching = True
    try:
        described = [worker(Item("", "s1.yaml", Job("s1.yaml", data))) for data in papers]
    finally:
        watching = False
    assert [each for each in opened if not each.startswith("exec")] == []
    assert not any('"correct"' in each for each in described)
    assert os.listdir(tmp_path) == ["secret.yaml"]


def test_a_class_with_evil_names_stays_in_its_folder(tmp_path: Path) -> None:
    """All reports of it, through the command, and every paper is in them."""
    answers, out = tmp_path / "in" / "answers", tmp_path / "in" / "out"
    answers.mkdir(parents=True)
    out.mkdir()
    for number, name in enumerate(EVIL):
        head = f"problem: soft\nstudent: {json.dumps(name)}\n"
        (answers / f"s{number}.yaml").write_text(
            head + f"answers: {{loss: {number}, p: {json.dumps(name)}, {json.dumps(name + '!')}: 1}}\n",
            "utf-8",
        )
    chance = random.Random(1)
    for number in range(30):
        name, data = mutated(chance)
        (answers / f"m{number}{name}").write_bytes(data)
    problems, journal = tmp_path / "in" / "Hostile.yaml", tmp_path / "in" / "class.journal"
    problems.write_bytes(SMALL)
    done = call(
        "grade", problems, "--answers", answers, "--format", "json", "--resume", journal, "--jobs", "2"
    )
    document = json.loads(done.stdout)
    mentioned = {Path(each["file"]).name for each in document["results"] + document["not_graded"]}
    assert mentioned >= {path.name for path in answers.iterdir() if path.suffix == ".yaml"}
    assert len([each for each in document["results"] if each["file"].endswith(".yaml")]) >= len(EVIL)
    harmless("json", done.stdout)
    assert not STEERING.search(done.stderr)
    before = everything(tmp_path)
    for format in ("terminal", "csv", "markdown", "gradescope"):
        printed = call("merge", journal, "--format", format, "--no-pager")
        assert not STEERING.search(printed.stdout.replace("\r\n", "\n"))
        folder = out / format
        target = folder if format in ("markdown", "gradescope") else f"{folder}.txt"
        call("merge", journal, "--format", format, "-o", target)
        if target is folder:
            files = sorted(folder.iterdir())
            assert len(files) == len({each["student"] for each in document["results"]})
            for file in files:
                assert file.is_file()
                harmless(format, file.read_text("utf-8"))
        else:
            harmless(format, Path(target).read_bytes().decode())
    new = everything(tmp_path) - before
    assert all(out in path.parents for path in new), new


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))
