"""Submissions from YAML and CSV files and folders: what is read, and every message with its place."""

from __future__ import annotations

import os
import pickle
import time
import tracemalloc
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import SolverError, SolverErrors, draw
from solver.grading.answers import (
    Asked,
    NotGraded,
    Submission,
    check_file,
    class_rows,
    csv_rows,
    is_table,
    read_bytes,
    read_file,
    read_header,
    read_map,
    row_submissions,
    submission_files,
    template_csv,
    template_yaml,
)
from solver.spec.yaml import Items, Node, Pairs, Scalar

pytestmark = pytest.mark.filterwarnings("error")

EXAM = {
    "midterm-1": ("z(0)", "grad(0)", "w(1)", "w(3)"),
    "midterm-2": ("H", "gain(A2)", "A2=1/gain(A3)", "best", "tree", "w(3)"),
}
FIRST = {"midterm-1": EXAM["midterm-1"]}


def bare(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.text
    return (
        {key: bare(child) for key, child in node.items()}
        if isinstance(node, Pairs)
        else list(map(bare, node))
    )


def shown(submission: Submission) -> tuple[str, str | None, Any]:
    return (
        submission.student,
        submission.problem,
        {name: bare(node) for name, node in submission.answers.items()},
    )


def sheets(
    text: str | bytes, problems: Collection[str] = tuple(EXAM), mapping: Mapping[str, str] | None = None
) -> tuple[list[Any], list[str]]:
    """What a YAML file holds, and what is said of it, with the sort and without the excerpts."""
    data = text.encode() if isinstance(text, str) else text
    submissions, errors = read_bytes(data, "a/s17.yaml", problems, mapping or {})
    assert all(submission.file == "a/s17.yaml" and submission.span for submission in submissions)
    return list(map(shown, submissions)), list(map(told, errors))


def told(error: SolverError) -> str:
    place = f"{error.span.line}:{error.span.column} " if error.span else ""
    hint = f" ({error.hint})" if error.hint else ""
    return f"{place}{'' if isinstance(error, NotGraded) else 'error: '}{error.message}{hint}"


def test_one_student_a_file() -> None:
    text = 'problem: midterm-1\nstudent: "s1042"\nanswers: {grad(0): [-1, -4], w(3): null}\n'
    assert sheets(text) == ([("s1042", "midterm-1", {"grad(0)": ["-1", "-4"], "w(3)": "null"})], [])


def test_what_is_left_out() -> None:
    text = "answers: {w(1): 1}"
    assert sheets(text, ["m"]) == ([("s17", "m", {"w(1)": "1"})], [])
    assert sheets(text, []) == ([("s17", None, {"w(1)": "1"})], [])
    told = "1:1 the sheet does not say which problem it answers (add `problem: midterm-1`)"
    assert sheets(text) == ([], [told])
    assert sheets("student: ''\nanswers:", ["m"]) == ([("s17", "m", {})], [])


def test_exams() -> None:
    answers = "answers:\n  midterm-1: {w(1): [1, 2]}\n  midterm-2: {tree: {A2: {0: a}}}\n"
    both = [("s", "midterm-1", {"w(1)": ["1", "2"]}), ("s", "midterm-2", {"tree": {"A2": {"0": "a"}}})]
    assert sheets(f"exam: Midterm\nstudent: s\n{answers}") == (both, [])
    assert sheets(f"student: s\n{answers}") == (both, [])
    text = "exam: Midterm\nanswers:\n  midtrm-1: {w(1): 1}\n  midterm-2: 3\n  midterm-1:\n"
    assert sheets(text) == (
        [("s17", "midterm-1", {})],
        [
            "3:3 there is no problem `midtrm-1` (did you mean `midterm-1`?)",
            "4:14 the answers to `midterm-2` are no mapping (write `midterm-1: {w(1): [0.5, 1]}`)",
        ],
    )


def test_a_sheet_of_an_exam_answers_all_its_problems() -> None:
    exams = {"The Midterm": ["midterm-1", "midterm-2"]}
    for text, first in (("{midterm-1: {w(1): 1}}", ["w(1)"]), ("{}", [])):
        data = f"exam: the midterm\nanswers: {text}".encode()
        found, errors = read_bytes(data, "s17.yaml", [*EXAM, "final"], {}, exams)
        assert [(each.problem, list(each.answers)) for each in found] == [
            ("midterm-1", first),
            ("midterm-2", []),
        ]
        assert not errors


def test_several_documents_and_lists_of_sheets() -> None:
    text = (
        "student: a\nproblem: midterm-1\nanswers: {}\n---\nstudent: b\nproblem: midterm-2\nanswers: {H: 1}\n"
    )
    both = [("a", "midterm-1", {}), ("b", "midterm-2", {"H": "1"})]
    assert sheets(text) == (both, [])
    listed = "- {student: a, problem: midterm-1, answers: {}}\n- {student: b, problem: midterm-2, answers: {H: 1}}\n"
    assert sheets(listed) == (both, [])


def test_names_that_carry_their_problem() -> None:
    text = "student: a\nanswers: {midterm-1/w(1): 2, 'midterm-2: H': 1, A2=1/gain(A3): 0}"
    assert sheets(text) == (
        [("a", "midterm-1", {"w(1)": "2"}), ("a", "midterm-2", {"H": "1"})],
        ["1:1 the sheet does not say which problem it answers (add `problem: midterm-1`)"],
    )


def test_a_problem_file_that_was_filled_in() -> None:
    text = "id: midterm-1\nkind: logistic-gd\ntitle: T\ngiven: {X: 1}\nanswers: {w(3): 1}\n"
    assert sheets(text) == ([("s17", "midterm-1", {"w(3)": "1"})], [])


def test_unknown_fields_are_told_and_the_rest_is_read() -> None:
    text = "problem: midterm-1\nStudent: x\nanswers: {w(1): 1}\nstuden: y\nw(3): 2\n"
    assert sheets(text) == (
        [("x", "midterm-1", {"w(1)": "1"})],
        [
            "4:1 unknown field `studen` (answers stand under `answers`)",
            "5:1 unknown field `w(3)` (answers stand under `answers`)",
        ],
    )
    many = "problem: midterm-1\nanswers: {}\n" + "".join(f"f{n}: 1\n" for n in range(30))
    assert sheets(many)[1][-1] == "23:1 and 10 more unknown fields"
    assert len(sheets(many)[1]) == 21


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("problem: midtrm-1\nanswers: {}", "1:10 there is no problem `midtrm-1` (did you mean `midterm-1`?)"),
        ("problem: [1]\nanswers: {}", "1:10 there is no problem `` (problems: `midterm-1` and `midterm-2`)"),
        ("problem: midterm-1", "1:1 `answers` is missing (indent the answers below a line `answers:`)"),
        (
            "answers: 3\nproblem: midterm-1",
            "1:10 `answers` maps the names of quantities to answers (write `answers: {w(1): [0.5, 1]}`)",
        ),
        (
            "just text",
            "1:1 these are no answers: a mapping with `student` and `answers` is needed"
            " (`solve grade … --template yaml` prints one to fill in)",
        ),
        ("exam: x\nanswers: {}", "1:1 the sheet has no answers"),
        ("", "1:1 error: the file is empty (`solve grade … --template yaml` prints one to fill in)"),
        (
            "problem: midterm-1\nanswers: {w(1): 1, w(1): 2}",
            "2:20 error: the key `w(1)` stands twice, on line 2 (keep one of the two)",
        ),
        (
            "answers: {x: 1,5, z: 2,5}",
            "1:24 error: the key `5` stands twice, on line 1 (put quotes around a number with a comma: '0,5')",
        ),
        ("[" * 100, "1:65 error: more than 64 levels, one inside the other"),
        (
            b"student: \xff",
            "1:10 error: the byte 0xff is not UTF-8 (save the file as UTF-8; in Latin-1 this byte is `ÿ`)",
        ),
        (
            "problem: midterm-1\nanswers: {w(1): 1}\nstudent: [a]",
            "3:10 `student` is a name; the file's own is taken",
        ),
    ],
)
def test_what_cannot_be_read_is_told(text: str | bytes, message: str) -> None:
    assert sheets(text)[1] == [message]


def test_a_document_with_a_fault_costs_no_other() -> None:
    text = "answers: {a: 1, a: 2}\n---\nproblem: midterm-1\nanswers: {w(1): 1}\n"
    found, messages = sheets(text)
    assert found == [("s17", "midterm-1", {"w(1)": "1"})]
    assert len(messages) == 1


def test_numbers_with_commas_in_a_flow_mapping() -> None:
    text = "problem: midterm-1\nanswers: {loss: 0,5, n: 168,540, m: 1,234,567, c: [1,2], 7: , d: 1, 3}"
    answers = {"loss": "0,5", "n": "168,540", "m": "1,234,567", "c": ["1", "2"], "7": "", "d": "1", "3": ""}
    assert sheets(text) == ([("s17", "midterm-1", answers)], [])
    submissions, _ = read_bytes(text.encode(), "s.yaml", tuple(EXAM), {})
    span = submissions[0].answers["n"].span
    assert (span.column, span.end_column) == (25, 32)


def test_mapped_names() -> None:
    mapping = {
        "Email": "student",
        "Q1 gradient": "midterm-1/grad(0)",
        "q2": "midterm-2/best",
        "Time": "ignore",
    }
    text = 'Email: a@b.c\nTime: now\nanswers: {"Q1  Gradient": [1, 2], Q2: x, Time: 3}'
    found = [("a@b.c", "midterm-1", {"grad(0)": ["1", "2"]}), ("a@b.c", "midterm-2", {"best": "x"})]
    assert sheets(text, mapping=mapping) == (found, [])
    twice = sheets("answers: {Q: 1, w(1): 2}", ["m"], {"Q": "w(1)"})
    assert twice == (
        [("s17", "m", {"w(1)": "1"})],
        ["1:17 `w(1)` is a second answer for `w(1)` (keep one of the two)"],
    )


def test_the_file_of_a_map() -> None:
    data = b'{Email: student, "Q1  gradient": grad(0), Score: ignore, Time: null}'
    meant = {"Email": "student", "Q1 gradient": "grad(0)", "Score": "ignore", "Time": "ignore"}
    assert read_map(data, "map.yaml") == meant
    for wrong in (b"[a]", b"", b"a: [b]", b"a: 1\na: 2", b"\xff"):
        with pytest.raises(SolverErrors):
            read_map(wrong, "map.yaml")


# CSV


@pytest.fixture
def rows(tmp_path: Path) -> Any:
    def read(
        text: str | bytes,
        exam: Mapping[str, Collection[str]] = EXAM,
        mapping: Mapping[str, str] | None = None,
        name: str = "class.csv",
    ) -> tuple[list[Any], list[str]]:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        found = list(csv_rows(str(path), list(exam), exam, mapping or {}))
        submissions = [each for each in found if isinstance(each, Submission)]
        for submission in submissions:
            for node in submission.answers.values():  # each cell knows its place in the whole file
                lines = path.read_text("utf-8", "replace").lstrip("\ufeff").split("\n")
                if (
                    "\n" not in node.text
                    and "\0" not in lines[0]
                    and "\ufffd" not in lines[1]
                    and '"' not in lines[node.span.line - 1]
                ):
                    assert lines[node.span.line - 1][node.span.column - 1 :].lstrip().startswith(node.text)
        errors = [draw(each) for each in found if isinstance(each, SolverError)]
        assert all("\x1b" not in error for error in errors)
        return list(map(shown, submissions)), [told(each) for each in found if isinstance(each, SolverError)]

    return read


def test_a_class_in_one_file(rows: Any) -> None:
    text = 'student,w(1),w(3)\ns1,"[-1, -4]",0.5\ns2,,\n,,\n\ns3,-1 -4,1/3\n'
    assert rows(text, FIRST) == (
        [
            ("s1", "midterm-1", {"w(1)": "[-1, -4]", "w(3)": "0.5"}),
            ("s2", "midterm-1", {}),
            ("s3", "midterm-1", {"w(1)": "-1 -4", "w(3)": "1/3"}),
        ],
        [],
    )


def test_several_problems_by_a_column(rows: Any) -> None:
    text = "Student,Problem,w(3),H,A2=1/gain(A3)\ns1,midterm-1,1,,\ns1,midterm-2,2,0.94,0\ns2,midtrm-1,1,,\ns3,,1,,\n"
    assert rows(text) == (
        [
            ("s1", "midterm-1", {"w(3)": "1"}),
            ("s1", "midterm-2", {"w(3)": "2", "H": "0.94", "A2=1/gain(A3)": "0"}),
        ],
        [
            "4:4 there is no problem `midtrm-1` (did you mean `midterm-1`?)",
            "5:4 the row does not say which problem it answers (problems: `midterm-1` and `midterm-2`)",
        ],
    )


def test_several_problems_by_their_columns(rows: Any) -> None:
    text = "student;midterm-1/w(3);midterm-2: W( 3 );H;w(3);gian(A2)\ns1;0,5;1;;1;2\n"
    assert rows(text) == (
        [("s1", "midterm-1", {"w(3)": "0,5"}), ("s1", "midterm-2", {"w(3)": "1"})],
        [
            "1:44 the column `w(3)` may belong to `midterm-1` or `midterm-2`"
            " (name it `midterm-1/w(3)`, or add a column `problem`)",
            "1:49 no problem has a quantity `gian(A2)` (did you mean `gain(A2)`?)",
        ],
    )


@pytest.mark.parametrize(
    "data",
    [
        b"student,w(1)\r\ns1,3\r\n",
        b"\xef\xbb\xbfstudent;w(1)\ns1;3",
        "student\tw(1)\ns1\t3\n".encode("utf-16"),
        "student,w(1)\ns1,3\n".encode("utf-16-le"),
        b"sep=;\nstudent;w(1)\ns1;3\n",
        b" student | w (1) \n s1 | 3 \n",
        b'"student","w(1)"\r\n"s1","3"\r\n',
        b"\n\nSTUDENT,W(1)\rs1,3\r",
        b"student,w(1),,\ns1,3,,\n",
        b"student,w(1)\ns1,3,,,\n",
        b"student,,w(1)\ns1,comment,3\n",
    ],
)
def test_as_spreadsheets_write_it(rows: Any, data: bytes) -> None:
    assert rows(data, FIRST) == ([("s1", "midterm-1", {"w(1)": "3"})], [])


def test_latin_1_is_read_with_a_note(rows: Any) -> None:
    found = rows("student,w(1)\nJosé,–3\n".encode("cp1252"), FIRST)
    note = "1:1 the file is not UTF-8; it is read as Latin-1 (save it as CSV in UTF-8)"
    assert found == ([("José", "midterm-1", {"w(1)": "–3"})], [note])


def test_quotes(rows: Any) -> None:
    text = 'student,w(1)\ns1,"1\n2"\ns2,"a""b"\ns3,5" x\ns4,"a"b\n="007", 1 \ns5,"3\ns6,4\n'
    assert rows(text, FIRST) == (
        [
            ("s1", "midterm-1", {"w(1)": "1\n2"}),
            ("s2", "midterm-1", {"w(1)": 'a"b'}),
            ("s3", "midterm-1", {"w(1)": '5" x'}),
            ("s4", "midterm-1", {"w(1)": '"a"b'}),
            ("007", "midterm-1", {"w(1)": "1"}),
            ("s6", "midterm-1", {"w(1)": "4"}),
        ],
        ["8:1 a quote is never closed"],
    )


def test_ragged_rows_cost_only_themselves(rows: Any) -> None:
    text = "student,w(1),w(3)\ns1,0,5,1\ns2,1\ns3,1,2\n"
    assert rows(text, FIRST) == (
        [("s3", "midterm-1", {"w(1)": "1", "w(3)": "2"})],
        [
            "2:1 the row has 4 cells, the header has 3 (put quotes around a cell with a comma in it)",
            "3:1 the row has 2 cells, the header has 3",
        ],
    )


def test_a_row_without_end_costs_only_itself(rows: Any) -> None:
    text = f"student,w(1)\ns1,{'1' * 2_000_000}\ns2,2\n"
    assert rows(text, FIRST) == (
        [("s2", "midterm-1", {"w(1)": "2"})],
        ["2:1 the row has more than 1,000,000 characters"],
    )


def test_columns_without_a_meaning(rows: Any) -> None:
    text = "student,w(1),w(1),Comment\ns1,1,2,hi\n"
    assert rows(text, FIRST) == (
        [("s1", "midterm-1", {"w(1)": "1"})],
        [
            "1:14 the column `w(1)` stands twice (the first one is taken)",
            "1:19 no problem has a quantity `Comment` (`--map` says which column is which)",
        ],
    )
    many = "student,w(1)," + ",".join(f"c{n}" for n in range(30)) + "\n"
    assert rows(many, FIRST)[1][-1].endswith("and 10 more columns without a meaning")


def test_no_students(rows: Any) -> None:
    note = "1:1 there is no column `student`: the rows go by their lines"
    note += " (`--map` says which column it is: {Email: student})"
    assert rows("w(1)\n3\n\n4\n", FIRST) == (
        [("line 2", "midterm-1", {"w(1)": "3"}), ("line 4", "midterm-1", {"w(1)": "4"})],
        [note],
    )
    assert rows("student,w(1)\n,3\n", FIRST)[0] == [("line 2", "midterm-1", {"w(1)": "3"})]


def test_mapped_columns(rows: Any) -> None:
    text = 'Email,"Q1  gradient",Score,Q2\na@b,"[1, 2]",9,0.94\n'
    mapping = {
        "Email": "student",
        "Q1 gradient": "midterm-1/grad(0)",
        "Score": "ignore",
        "Q2": "H",
        "X": "ignore",
    }
    found = [("a@b", "midterm-1", {"grad(0)": "[1, 2]"}), ("a@b", "midterm-2", {"H": "0.94"})]
    assert rows(text, EXAM, mapping) == (found, [])
    wrong = {"Emial": "student", "Q2": "H"}
    assert rows(text, EXAM, wrong) == ([], ["1:1 error: there is no column `Emial` (did you mean `Email`?)"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1 error: the file is empty (`solve grade … --template csv` prints one to fill in)"),
        ("\n\n", "1:1 error: the file is empty (`solve grade … --template csv` prints one to fill in)"),
        ("a,b\n1,2\n", "1:1 error: no column is a quantity (columns: student, z(0), grad(0), w(1), w(3))"),
        ('"a,b\n1,2\n', "1:1 error: a quote is never closed"),
        (",".join(["a"] * 1001), "1:1 error: the table has 1,001 columns, more than 1,000"),
    ],
)
def test_tables_that_cannot_be_read(rows: Any, text: str, message: str) -> None:
    found, messages = rows(text, FIRST)
    assert not found
    assert messages[0] == message


def test_rows_are_handed_to_other_processes(tmp_path: Path) -> None:
    path = str(tmp_path / "class.csv")
    Path(path).write_text('student,w(1)\ns1,"1\n2"\ns2,4\ns3\n', "utf-8")
    header, notes = read_header(path, list(FIRST), FIRST, {})
    assert not notes
    found: list[Submission | SolverError] = []
    for row in class_rows(path, header):
        data = pickle.dumps((header, row))
        assert len(data) < 1000
        found += row_submissions(*pickle.loads(data))
    assert [shown(each) for each in found if isinstance(each, Submission)] == [
        shown(each) for each in csv_rows(path, list(FIRST), FIRST, {}) if isinstance(each, Submission)
    ]
    second, last = found[1:]
    assert isinstance(second, Submission)
    assert second.answers["w(1)"].span.line == 4
    assert isinstance(last, NotGraded)
    assert draw(pickle.loads(pickle.dumps(last))) == (
        f"{path}:5:1: error: the row has 1 cell, the header has 2\n  5 | s3\n    | ^^"
    )


def test_many_rows_in_flat_memory(tmp_path: Path) -> None:
    names = [f"q{n}" for n in range(18)]
    path = str(tmp_path / "class.csv")

    def write(rows: int) -> None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"student,problem,{','.join(names)}\n")
            file.writelines(f"s{n},m,{','.join(['-1 -4'] * 18)}\n" for n in range(rows))

    def read() -> int:
        return sum(
            len(each.answers) == 18
            for each in csv_rows(path, ["m"], {"m": names}, {})
            if isinstance(each, Submission)
        )

    write(10_000)
    start = time.perf_counter()
    assert read() == 10_000
    assert time.perf_counter() - start < 1.5
    peaks = []
    for rows in (200, 2_000):
        write(rows)
        tracemalloc.start()
        assert read() == rows
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 200_000


@given(
    st.lists(st.lists(st.text('a1,;"\n\t|\r \0é=[', max_size=6), min_size=1, max_size=4), max_size=5),
    st.sampled_from(",;\t|"),
)
def test_any_table_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], sign: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    text = "\n".join([f"student{sign}w(1)", *map(sign.join, table)])
    path.write_bytes(text.encode())
    for found in csv_rows(str(path), list(FIRST), FIRST, {}):
        if isinstance(found, Submission):
            assert found.student
            assert all(node.span.line >= 1 for node in found.answers.values())
        else:
            draw(found)


@given(st.text(alphabet="{}[]:,'\"-\n ae1&*!#|>", max_size=40))
def test_any_yaml_is_read_or_told(text: str) -> None:
    for start in ("", "answers: ", "exam: x\nanswers: "):
        submissions, errors = read_bytes(
            (start + text).encode(), "s.yaml", tuple(EXAM), {"a": "w(1)", "e": "ignore"}
        )
        assert submissions or errors
        for error in errors:
            draw(error)


# Files


def test_folders(tmp_path: Path) -> None:
    names = ("b.yaml", "a.yml", "c.CSV", "d.tsv", "e.txt", ".f.yaml", "sub/g.yaml", ".h/i.yaml")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", "utf-8")
    found = [os.path.relpath(path, tmp_path) for path in submission_files([str(tmp_path)])]
    assert found == ["a.yml", "b.yaml", "c.CSV", "d.tsv", os.path.join("sub", "g.yaml")]
    assert [is_table(path) for path in found] == [False, False, True, True, False]
    (tmp_path / "none").mkdir()
    assert list(submission_files([str(tmp_path / "none"), "x.yaml"])) == [str(tmp_path / "none"), "x.yaml"]


def test_files_that_are_none(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "secret.yaml"
    inside.mkdir()
    outside.write_text("student: secret\n", "utf-8")
    (inside / "s1.yaml").write_text("student: s1\n", "utf-8")
    (inside / "link.yaml").symlink_to(outside)
    (inside / "near.yaml").symlink_to(inside / "s1.yaml")
    given = [str(inside)]
    assert read_file(str(inside / "s1.yaml"), given) == read_file(str(inside / "near.yaml"), given)
    assert read_file(str(inside / "link.yaml"), [str(inside / "link.yaml")]) == b"student: secret\n"
    os.mkfifo(inside / "pipe.yaml")
    for name, message in (
        ("link.yaml", "is a link that leads out of the folder"),
        ("pipe.yaml", "is not an ordinary file"),
        ("s2.yaml", "there is no file"),
        ("", "there is no file of answers in the folder"),
        ("\0", "cannot be read"),
    ):
        with pytest.raises(SolverError, match=message):
            check_file(str(inside / name) if name else str(inside), given)
    (error,) = csv_rows(str(inside / "pipe.yaml"), list(FIRST), FIRST, {})
    assert isinstance(error, SolverError)


# Templates

ASKED = [
    Asked(
        "midterm-1",
        "Midterm,\x1b[2J problem 1",
        ["w(3)"],
        {"w(3)": (2,), "z(0)": (2, 3), "dL/dW2": (), "k": (1, 2, 3)},
    ),
    Asked("it's: 2", "", ["H", "yes", "best"], {"H": (), "yes": (1,), "best": None, "A<=75/H(x: y)": ()}),
]


def test_an_empty_yaml_file() -> None:
    assert template_yaml(ASKED[:1]) == (
        "# Midterm,␛[2J problem 1\n"
        "problem: midterm-1\n"
        'student: ""\n'
        "answers:\n"
        "  w(3):  # 2 numbers\n"
        "  # working, as much as you like:\n"
        "  # z(0):    # 2 rows of 3 numbers\n"
        "  # dL/dW2:  # a number\n"
        "  # k:       # 1 × 2 × 3 numbers\n"
    )


def test_empty_files_can_be_read_back(tmp_path: Path) -> None:
    ids = [problem.id for problem in ASKED]
    found, errors = read_bytes(template_yaml(ASKED).encode(), "s.yaml", ids, {})
    assert not errors
    assert [(each.problem, list(each.answers)) for each in found] == [
        ("midterm-1", ["w(3)"]),
        ("it's: 2", ["H", "yes", "best"]),
    ]
    all_filled = template_yaml(ASKED).replace("# working, as much as you like:\n", "\n")
    for name in ("z(0)", "dL/dW2", "k", "'A<=75/H(x: y)'"):
        all_filled = all_filled.replace(f"# {name}:", f"{name}:")
    found, errors = read_bytes(all_filled.encode(), "s.yaml", ids, {})
    assert not errors
    assert [set(each.answers) for each in found] == [set(problem.shapes) for problem in ASKED]
    path = tmp_path / "class.csv"
    text = template_csv(ASKED)
    assert text == "student,problem,w(3),H,yes,best\n,midterm-1,,,,\n,it's: 2,,,,\n"
    path.write_text(text + "s1,it's: 2,,1,2,\n", "utf-8")
    exam = {problem.id: list(problem.shapes) for problem in ASKED}
    (only,) = csv_rows(str(path), ids, exam, {})
    assert isinstance(only, Submission)
    assert shown(only) == ("s1", "it's: 2", {"H": "1", "yes": "2"})


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_any_name_can_stand_in_an_empty_file(id_: str, name: str) -> None:
    if id_.strip() != id_ or any("\ud800" <= sign <= "\udfff" for sign in id_ + name):
        return
    text = template_yaml([Asked(id_, "", [name], {name: ()})])
    found, errors = read_bytes(text.encode(), "s.yaml", [id_], {})
    assert [told(error) for error in errors] == []
    assert [(each.problem, list(each.answers)) for each in found] == [(id_, [name])]


def test_a_long_problem_makes_a_short_file() -> None:
    shapes: dict[str, tuple[int, ...] | None] = {f"w({n})": (2,) for n in range(1000)}
    text = template_yaml([Asked("m", "", ["w(999)"], shapes)])
    assert text.count("\n") < 220
    assert "# … and 799 more names" in text


def test_items_are_lists() -> None:
    found, _ = read_bytes(b"problem: midterm-1\nanswers: {w(1): [1]}", "s.yaml", tuple(EXAM), {})
    assert isinstance(found[0].answers, Pairs)
    assert isinstance(found[0].answers["w(1)"], Items)
    assert found[0].answers.key_span("w(1)").column == 11
