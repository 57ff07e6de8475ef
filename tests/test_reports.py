"""What people and other systems get of marks: the terminal, JSON, CSV, Markdown, Gradescope, changes."""

from __future__ import annotations

import copy
import csv as stdlib_csv
import html
import io
import itertools
import json
import os
import re
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from solver.grading import results
from solver.grading.changes import changes
from solver.grading.summary import MOST_TALLIED, Roster, Same, Summary, by_student
from solver.page import from_marks
from solver.page.blocks import Page
from solver.render import csv, filenames, gradescope, json_marks, markdown_marks
from solver.render.glyphs import width
from solver.render.terminal import write

HOSTILE = st.text(
    st.one_of(
        st.sampled_from("\x1b\x00\x07\r\n\t<>|`*_$[]{}()\\'\"=+-@#:~^!.&; w3\u202e\ud800é漢"), st.characters()
    ),
    max_size=25,
)


def answer(name: str, verdict: str, points: str = "0", of: str = "0", **more: Any) -> dict[str, Any]:
    return {"name": name, "asked": of != "0", "verdict": verdict, "points": points, "of": of, **more}


def result(*answers: dict[str, Any], student: str = "s1042", problem: str = "midterm-1") -> dict[str, Any]:
    points, of = (sum(Fraction(each[key]) for each in answers) for key in ("points", "of"))
    percent = round(float(100 * points / of), 4) if of else None
    return {
        **{"problem": problem, "student": student, "file": f"answers/{student}.yaml"},
        **{"points": str(points), "of": str(of), "percent": percent, "answers": list(answers)},
    }


GRADIENT = answer(
    "grad(0)",
    "mistake",
    answer=[-1, -4],
    expected=[-2.99998156743, -6.99864],
    wrong_entries=[[0], [1]],
    mistake="brackets",
    at="grad(0)",
    formula="X^{\\top} p^{(0)} - y",
    message="You computed Xᵀp − y. The brackets belong around p − y: Xᵀ(p − y).",
)
MIDTERM = result(
    answer("z(0)", "correct", answer=[-12, 8], expected=[-12, 8]),
    GRADIENT,
    answer("w(2)", "carried", answer=[-1.8, -1.2], expected=[-1.4, -0.6], mistake="brackets", repeat=True),
    answer(
        *("w(3)", "carried", "3/2", "3"),
        answer=[-1.7, -0.8],
        expected=[-1.10077531326563, 0.0639157084559655],
        note="typed as a column",
    ),
)
BIG = [[1, 2, 3, 4], [5, 6.5, 7, 8], [9, 10, 11, 12.25]]
EVERYTHING = result(
    answer(
        *("Y", "wrong", "4/3", "2"),
        answer=[[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]],
        expected=BIG,
        wrong_entries=[[1, 1], [2, 3]],
    ),
    answer("relu", "blank", "0", "1", expected=BIG),
    answer("loss", "unreadable", answer="about 3", expected=0.2, message="`about 3` is not a number", line=7),
    answer("p", "imprecise", "1/6", "1/3", answer=0.9, expected=0.999998),
    answer("q", "wrong", "0", "1/3", answer=1.0, expected=0.9999999),
    answer("best", "correct", "1/3", "1/3", answer="wind", expected="wind"),
    answer("tree", "wrong", answer={"wind": {"weak": "no"}}, expected={"wind": {"weak": {"rain": "yes"}}}),
    problem="midterm-3",
)


def shown(page: Page, columns: int = 80, ascii: bool = False) -> str:
    stream = io.StringIO()
    write(page, stream, columns, ascii=ascii)
    return stream.getvalue()


def added(*found: dict[str, Any]) -> Summary:
    summary = Summary()
    for each in found:
        summary.add(each)
    return summary


def of_student(place: int, *, wrong: Any = None, **changed: Any) -> dict[str, Any]:
    paper = copy.deepcopy({**MIDTERM, "student": f"s{place}", **changed})
    if wrong is not None:
        paper["answers"][-1] |= {"verdict": "wrong", "answer": wrong, "points": "0"}
        paper["points"] = "0"
    return paper


# The terminal


def test_one_paper_at_80_columns() -> None:
    assert (
        shown(from_marks.page(added(MIDTERM)))
        == """\
s1042 · midterm-1                                                1.5 of 3 points
answers/s1042.yaml

   Quantity  Answer        Expected             Verdict  Points
   ────────  ────────────  ───────────────────  ───────  ────────
   z(0)      (−12, 8)      (−12, 8)             correct
   grad(0)   (−1, −4)      (−3.0000, −6.99864)  mistake
   w(2)      (−1.8, −1.2)  (−1.4, −0.6)         carried
   w(3)      (−1.7, −0.8)  (−1.1008, 0.063916)  carried  1.5 of 3

✗ grad(0): You computed Xᵀp − y. The brackets belong around p − y: Xᵀ(p − y).
w(2): the same mistake again (brackets), charged once.
w(3): typed as a column.
"""
    )


def test_every_verdict_in_ascii() -> None:
    assert (
        shown(from_marks.paper(EVERYTHING), ascii=True)
        == """\
s1042 * midterm-3                                              1 5/6 of 4 points
answers/s1042.yaml

   Quantity  Answer              Expected                 Verdict     Points
   --------  ------------------  -----------------------  ----------  ----------
   Y         row 2, column 2: 6  row 2, column 2: 6.5     wrong       1 1/3 of 2
   relu      -                   3x4 entries              blank       0 of 1
   loss      about 3             0.2                      unreadable
   p         0.9                 0.999998                 imprecise   1/6 of 1/3
   q         1                   0.9999999                wrong       0 of 1/3
   best      wind                wind                     correct     1/3 of 1/3
   tree      {wind: {weak: no}}  {wind: {weak: {rain:     wrong
                                 yes}}}

!! Y: row 2, column 2: 6, expected 6.5; 2 wrong entries.
!! loss: `about 3` is not a number.
"""
    )


def test_several_problems_of_one_student_have_a_total() -> None:
    text = shown(from_marks.page(added(MIDTERM, of_student(2), EVERYTHING)))
    assert text.startswith("s1042" + " " * 52 + "3 1/3 of 7 points, 48 %\n\nmidterm-1: 1.5 of 3 points ──")
    assert text.index("midterm-3: 1 5/6 of 4 points") < text.index("s2 · midterm-1")


def test_a_paper_of_many_quantities_is_bounded() -> None:
    many = [answer(f"z({i})", "correct", answer=i, expected=i) for i in range(500)]
    many[250] |= {"verdict": "wrong", "answer": 7}
    text = shown(from_marks.paper(result(*many, answer("w", "correct", "1", "1", answer=1, expected=1))))
    assert len(text.splitlines()) < 60
    assert re.search(r"z\(250\) +7 +250 +wrong", text)
    assert "⋯ 222 more rows" in text
    assert re.search(r"w +1 +1 +correct +1 of 1", text)
    notes = [answer(f"z({i})", "wrong", message="no") for i in range(30)]
    assert "⋯ 20 more\n" in shown(from_marks.paper(result(*notes)))


def test_a_class_at_80_columns() -> None:
    summary = added(
        *(of_student(place) for place in range(20)),
        *(of_student(place, wrong=[-1.83, 2]) for place in range(20, 27)),
        *({**EVERYTHING, "student": f"s{place}"} for place in range(2)),
    )
    for place in range(12):
        hint = "did you mean `w(3)`?"
        fault = {
            "file": f"s{place}.yaml",
            "line": 3,
            "column": 5,
            "message": "no quantity `w(4)`",
            "hint": hint,
        }
        summary.leave_out(fault)
    text = shown(from_marks.page(summary))
    assert text.startswith("27 students, 29 papers")
    for expected in (
        "   midterm-1      27  1.11   3     37.0\n",
        "   20–29          18  ••••••••••••••••••\n",
        "       27  brackets at midterm-1: grad(0)  You computed Xᵀp − y. The brackets\n",
        "   midterm-1: grad(0)      27     27  100      0        0      0\n",
        "        7  midterm-1: w(3)  (−1.83, 2)          (−1.1008, 0.063916)\n",
        "     - {name: w(3), answer: [-1.83, 2], share: 0, says: ''}\n",
        "answers/s1042.yaml:7: s0, midterm-3, loss: `about 3` is not a number.\n",
        "s0.yaml:3:5: no quantity `w(4)` (did you mean `w(3)`?)\n",
        "⋯ 2 more\n",
    ):
        assert expected in text, expected
    assert all(width(line) <= 80 for line in text.splitlines())


def test_a_class_is_bounded() -> None:
    summary = Summary()
    for place in range(3000):
        answers = [answer(f"v({i})", "wrong", answer=i * place % 7, expected=9) for i in range(20)]
        answers += [answer(f"m({i})", "mistake", mistake=f"slip-{i}", message="x " * 300) for i in range(20)]
        answers += [answer("u", "unreadable", answer="\x1b[2J", message="`\x1b[2J` is text")]
        summary.add(result(*answers, student=f"s{place}", problem=f"p{place % 40}"))
    text = shown(from_marks.page(summary))
    assert len(text.splitlines()) < 260
    assert "\x1b" not in text
    assert len(json.dumps(summary.document())) < 12_000


@given(HOSTILE, HOSTILE, HOSTILE, st.sampled_from([40, 80, 120]), st.booleans())
def test_no_text_steers_the_terminal(one: str, two: str, three: str, columns: int, ascii: bool) -> None:
    bad = answer(one, "unreadable", "0", "1", answer=two, expected=1, message=three)
    slip = answer(two, "mistake", "0", "1", answer=two, expected=1, message=three, mistake=one, at=three)
    same = answer(three, "wrong", "0", "1", answer=one, expected=two)
    papers = [result(bad, slip, same, student=f"{two}{place}", problem=three) for place in range(8)]
    summary = added(*papers)
    summary.leave_out({"file": one, "line": 3, "column": 1, "message": two, "hint": three})
    old = [result(same, student=f"{two}{place}", problem=three) for place in range(8)]
    pages = (
        *(from_marks.page(summary), from_marks.page(added(papers[0]))),
        from_marks.changes_page(changes(old, papers)),
    )
    for page in pages:
        text = shown(page, columns, ascii)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
        assert text.isascii() or not ascii


ANSWERS = st.recursive(
    st.one_of(
        st.integers(-1000, 1000), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.one_of(
    st.sampled_from(["w(3)", "Y", "no", "null", "dL/dW2", "gain(a b)", "1e3", "A2=1/H"]), st.text()
)


@given(st.lists(st.tuples(NAMES, ANSWERS), min_size=1, max_size=4))
def test_the_snippet_says_what_was_answered(found: list[tuple[str, Any]]) -> None:
    lines = from_marks.snippet([Same("p", name, typed, 0, 2) for name, typed in found], several=False)
    known = yaml.load("\n".join(lines), yaml.CSafeLoader)["grading"]["known"]
    for entry, (name, typed) in zip(known, found, strict=True):
        assert entry["name"] == name
        assert _numbers(entry["answer"]) == _numbers(typed)
        assert entry["share"] == 0


def _numbers(value: Any) -> Any:
    """Texts that PyYAML leaves as text (1e-05) as numbers; our own reader knows YAML 1.2."""
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    if isinstance(value, dict):
        return {key: _numbers(each) for key, each in value.items()}
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?e[+-]\d+", value):
        return float(value)
    return value


def test_a_large_array_whose_expected_value_is_left_out() -> None:
    large = answer("Y", "wrong", answer=[[1] * 30] * 30, wrong_entries=[[4, 2]])
    assert results.pair(large) == ("row 5, column 3: 1", "")
    assert results.message(large) == "row 5, column 3: 1 is wrong."
    assert results.pair({**large, "wrong_entries": []}) == ("30×30 entries", "")
    assert results.pair({**large, "answer": 3}) == ("3", "")


# The summary


def test_the_summary_counts_papers_and_not_repeats() -> None:
    twice = result(GRADIENT, {**GRADIENT, "name": "grad(1)", "at": "grad(1)"}, student="a")
    repeat = result({**GRADIENT, "verdict": "carried", "repeat": True}, student="b")
    document = added(twice, repeat, MIDTERM).document()
    assert document["submissions"] == 3
    assert document["mistakes"] == {"brackets": 2}
    assert document["mean_percent"] == 50.0
    assert document["students"]["count"] == 3
    json.dumps(document, allow_nan=False)


def test_an_empty_run_has_a_summary_and_a_page() -> None:
    document = Summary().document()
    assert document["mean_percent"] is None
    assert shown(from_marks.page(Summary())) == "0 students\n"


def test_equal_wrong_answers_are_found_among_very_many_others() -> None:
    summary = Summary()
    for place in range(4 * MOST_TALLIED):
        summary.add(of_student(place, wrong=[place, 0.5] if place % 10 else [-1.83, 2]))
    same = summary.same()[0]
    assert same.answer == [-1.83, 2]
    assert same.papers > MOST_TALLIED // 4
    assert summary.at_least


def test_of_two_papers_for_a_problem_the_last_counts() -> None:
    roster = Roster()
    for paper in (MIDTERM, of_student(1042), EVERYTHING):
        roster.add(paper)
    assert list(roster.rows()) == [("s1042", [Fraction(3, 2), Fraction(11, 6)], Fraction(10, 3))]
    assert roster.repeated == 1
    assert roster.of == 7


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.99999990001, "0.99999990001"),
        (-12, "−12"),
        (6.1442e-6, "6.1442·10⁻⁶"),
        ([-1, None], "(−1, blank)"),
        ([[3, 3], [0, -4]], "[3 3; 0 −4]"),
        ([[[1], [2]]], "[(1), (2)]"),
        ([], "()"),
        ({"formula": "2*A@x", "latex": "…"}, "2*A@x"),
        ({"a": {"b": "c"}}, "{a: {b: c}}"),
        (True, "true"),
        ("\x1b[2J", "␛[2J"),
    ],
)
def test_values_in_words(value: Any, text: str) -> None:
    assert results.written(value, 12) == text


def test_a_computed_value_is_rounded() -> None:
    assert (
        results.written([-1.10077531326563, 123456.789, 0.5, 2e-7]) == "(−1.1008, 123457, 0.5, 2.0000·10⁻⁷)"
    )
    assert results.pair({"answer": 1.0, "expected": 0.999999999}) == ("1", "0.999999999")


@given(st.fractions(min_value=-10, max_value=10))
def test_points_are_written_exactly(points: Fraction) -> None:
    sign = -1 if (written := results.mark(points)).startswith("-") else 1
    assert sign * sum(Fraction(part) for part in written.lstrip("-").split(" ")) == points
    if (decimal := results.decimal(points)) is not None:
        assert Fraction(decimal) == points


# JSON


def test_the_document_is_that_of_the_contract() -> None:
    summary = Summary()
    faults: list[dict[str, Any]] = []

    def marked() -> Any:
        for paper in (MIDTERM, EVERYTHING):
            summary.add(paper)
            yield paper
        faults.append({"file": "a", "line": 3, "column": 5, "message": "lone \ud800"})

    document = json.loads("".join(json_marks.run_document(marked(), faults, summary.document)).encode())
    assert list(document) == ["format", "results", "not_graded", "summary"]
    assert document["format"] == 1
    assert document["results"] == [MIDTERM, EVERYTHING]
    assert document["not_graded"] == faults
    assert document["summary"]["submissions"] == 2


def test_the_document_is_written_as_results_come() -> None:
    endless = json_marks.run_document(itertools.repeat(MIDTERM), [], {})
    assert len(list(itertools.islice(endless, 1000))) == 1000


def test_an_empty_document() -> None:
    assert json.loads("".join(json_marks.run_document([], [], {})))["results"] == []


# CSV


def rows(pieces: Any) -> list[list[str]]:
    return list(stdlib_csv.reader(io.StringIO("".join(pieces), newline="")))


def test_the_table_of_answers() -> None:
    head, *body = rows(csv.answers_table([MIDTERM, EVERYTHING]))
    assert head == list(csv.ANSWER_COLUMNS)
    assert {len(row) for row in body} == {len(head)}
    found = [dict(zip(head, row, strict=True)) for row in body]
    assert found[1]["answer"] == "[-1, -4]"
    assert found[3] | {"message": ""} == {
        **{"student": "s1042", "problem": "midterm-1", "name": "w(3)", "asked": "true", "verdict": "carried"},
        **{"points": "1.5", "of": "3", "answer": "[-1.7, -0.8]", "mistake": "", "at": "", "message": ""},
        **{"expected": "[-1.10077531326563, 0.0639157084559655]", "points_exact": "", "of_exact": ""},
    }
    assert (found[4]["points"], found[4]["points_exact"]) == ("1.333333", "4/3")
    assert found[5]["answer"] == ""
    assert all(line.endswith("\r\n") for line in csv.answers_table([MIDTERM]))


def test_numbers_are_numbers_and_texts_are_guarded() -> None:
    assert csv.value(-3) == "-3"
    assert csv.value(-1.5) == "-1.5"
    for text in ("=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\0=1", " =1", "\n=1", "＝1"):
        assert csv.text(text).startswith("'"), text
    assert csv.text("s1042") == "s1042"


@given(HOSTILE, HOSTILE)
def test_no_cell_is_a_formula_or_steers_a_terminal(one: str, two: str) -> None:
    paper = result(
        answer(one, "unreadable", answer=two, expected=one, message=two, mistake=one, at=two),
        student=one,
        problem=two,
    )
    roster = Roster()
    roster.add(paper)
    for table in (rows(csv.answers_table([paper])), rows(csv.students_table(roster))):
        assert len(table) == 2
        assert len(table[0]) == len(table[1])
        for cell in itertools.chain(*table):
            assert cell[:1] not in tuple("=+-@\t\r\0＝＋－＠")
            assert not re.search(r"[\x00-\x1f\x7f-\x9f]", cell)


def test_the_table_of_students() -> None:
    summary = added(MIDTERM, EVERYTHING, of_student(2))
    assert rows(csv.students_table(summary.roster)) == [
        ["student", "midterm-1", "midterm-3", "total", "of", "percent", "total_exact", "of_exact"],
        ["s1042", "1.5", "1.833333", "3.333333", "7", "47.619", "10/3", ""],
        ["s2", "1.5", "", "1.5", "7", "21.4286", "", ""],
    ]
    assert csv.students_file("out/marks.csv") == "out/marks-students.csv"


# Markdown


def test_feedback_for_a_student() -> None:
    text = markdown_marks.feedback("s<1042>", [MIDTERM], lambda problem: [f"1. of {problem}"])
    assert (
        text
        == """\
# s&lt;1042&gt;

**1.5 of 3 points (50 %)**

## midterm-1: 1.5 of 3

| | Quantity | Your answer | Expected | Verdict | Points |
|---|---|---|---|---|---:|
|  | z(0) | (−12, 8) | (−12, 8) | correct |  |
| ✗ | grad(0) | (−1, −4) | (−3.0000, −6.99864) | mistake |  |
|  | w(2) | (−1.8, −1.2) | (−1.4, −0.6) | carried |  |
|  | w(3) | (−1.7, −0.8) | (−1.1008, 0.063916) | carried | 1.5 of 3 |

**The first wrong step is grad(0).** You computed Xᵀp − y. The brackets belong around p − y: Xᵀ(p − y).

What you computed: $X^{\\top} p^{(0)} - y$

- w(2): the same mistake again (brackets), charged once.
- w(3): typed as a column.

### Worked solution

1. of midterm-1
"""
    )


def test_a_mistake_in_an_unwritten_step_is_said_to_be_there() -> None:
    text = markdown_marks.feedback("a", [result({**GRADIENT, "name": "w(1)"})])
    assert "**The first wrong step is w(1) (it goes back to grad(0)).** You computed" in text


def test_no_html_in_a_formula() -> None:
    for formula in (r"\text{<img src=x>}", "a$b", "a\nb", "`a`"):
        assert "What you computed" not in markdown_marks.feedback(
            "a", [result({**GRADIENT, "formula": formula})]
        )


@given(HOSTILE)
def test_markdown_shows_what_was_typed(text: str) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    flat = " ".join(results.clean(text, newlines=True).split())
    body = parser.render(f"So: {markdown_marks.escaped(text)}").strip()
    assert body.startswith("<p>So:")
    assert html.unescape(body.removeprefix("<p>So:").removesuffix("</p>").strip()) == flat
    assert "<" not in body.removeprefix("<p>").removesuffix("</p>")
    table = parser.render(f"| a | b |\n|---|---|\n| {markdown_marks.escaped(text)} | end |\n")
    assert table.count("<td") == 2
    assert "<td>end</td>" in table


def test_no_links_of_their_own() -> None:
    for text in ("http://evil.example", "www.evil.example", "a@b.example", "javascript:x"):
        assert "\\" in markdown_marks.escaped(text)


@given(st.lists(HOSTILE, max_size=12))
def test_file_names_are_safe_and_never_the_same(ids: list[str]) -> None:
    names = filenames.FileNames(".md")
    found = [names.name(id_) for id_ in ids]
    assert len({name.casefold() for name in found}) == len(ids)
    for name in found:
        assert os.path.basename(name) == name
        assert not re.search(r'[\x00-\x1f/\\:*?"<>|\ud800-\udfff]', name)
        assert not name.startswith((".", "-", " "))
        assert len(name.encode()) < 200


def test_file_names_of_ordinary_and_of_hostile_ids() -> None:
    names = filenames.FileNames(".md")
    assert names.name("s1042") == "s1042.md"
    assert names.name("anna@uni.edu") == "anna@uni.edu.md"
    assert names.name("Nguyễn Văn An") == "Nguyễn_Văn_An.md"
    assert re.fullmatch(r"S1042-[0-9a-f]{8}\.md", names.name("S1042"))
    assert names.name("CON") == "_CON.md"
    assert names.name("") == "student.md"
    assert re.fullmatch(
        r"_\._etc_passwd-[0-9a-f]{8}\.md", names.name("../../etc/passwd").replace("_.._", "_._")
    )
    assert len(names.name("x" * 5000)) < 80


def test_a_file_for_each_student() -> None:
    together = by_student([MIDTERM, of_student(2), EVERYTHING])
    found = dict(markdown_marks.files(together))
    assert list(found) == ["s1042.md", "s2.md"]
    assert "**3 1/3 of 7 points (48 %)**" in found["s1042.md"]


# Gradescope


def test_gradescope_gets_what_its_specification_says() -> None:
    document = json.loads(gradescope.results_json([MIDTERM, EVERYTHING], "after_published"))
    assert document["score"] == 3.33333
    assert document["visibility"] == "after_published"
    assert document["output_format"] == "md"
    assert document.keys() <= {
        *("score", "execution_time", "output", "output_format", "test_output_format", "test_name_format"),
        *("visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"),
    }
    for test in document["tests"]:
        assert test.keys() <= {
            *("score", "max_score", "status", "name", "name_format", "number", "output", "output_format"),
            *("tags", "visibility", "extra_data"),
        }
        assert test["status"] in ("passed", "failed")
        assert ("score" in test) == ("max_score" in test)
    by_name = {test["name"]: test for test in document["tests"]}
    assert "midterm-1: z(0)" not in by_name  # right, and worth nothing by itself
    assert by_name["midterm-1: grad(0)"]["status"] == "failed"
    assert by_name["midterm-1: w(3)"] | {"output": ""} == {
        **{"name": "midterm-1: w(3)", "number": "1.2", "score": 1.5, "max_score": 3.0, "status": "failed"},
        **{"output": "", "visibility": "after_published", "extra_data": {"verdict": "carried"}},
    }
    assert by_name["midterm-3: best"]["status"] == "passed"


def test_gradescope_files() -> None:
    found = dict(gradescope.files(by_student([MIDTERM, of_student(2)])))
    assert list(found) == ["s1042.json", "s2.json"]
    assert json.loads(found["s2.json"])["score"] == 1.5


# Marked again


def test_what_changed_and_why() -> None:
    old = [of_student(place) for place in range(6)]
    new = copy.deepcopy(old)
    for paper in new[:4]:
        paper["points"] = "3"
        paper["answers"][-1] |= {"verdict": "correct", "points": "3", "expected": [-1.7, -0.8]}
    new[4]["answers"][1] |= {"verdict": "wrong", "message": "entry 1 is not what follows"}
    new[5:] = [of_student(7)]
    found = list(changes(old, new))
    assert [(change.student, change.before, change.after) for change in found[:4]] == [
        (f"s{place}", Fraction(3, 2), 3) for place in range(4)
    ]
    assert [change.student for change in found[4:]] == ["s4", "s5", "s7"]
    assert found[0].moved[0].why == "the expected value was (−1.1008, 0.063916) and is (−1.7, −0.8)"
    assert (
        shown(from_marks.changes_page(found))
        == """\
Marked again: 7 papers changed                                      4 up, 0 down

   By quantity
   Papers  Quantity                  Why
   ──────  ────────────────────────  ───────────────────────────────────────────
        4  w(3): carried → correct   the expected value was (−1.1008, 0.063916)
                                     and is (−1.7, −0.8)
        1  grad(0): mistake → wrong

   By paper
   Student  Problem    Before  Now  Why
   ───────  ─────────  ──────  ───  ────────────────────────────────────────────
   s0       midterm-1  1.5     3    w(3): carried → correct
   s1       midterm-1  1.5     3    w(3): carried → correct
   s2       midterm-1  1.5     3    w(3): carried → correct
   s3       midterm-1  1.5     3    w(3): carried → correct
   s4       midterm-1  1.5     1.5  grad(0): mistake → wrong: entry 1 is not
                                    what follows.
   s5       midterm-1  1.5     –    no paper any more
   s7       midterm-1  –       1.5  a new paper
"""
    )


def test_the_order_of_two_runs_does_not_matter() -> None:
    old = [of_student(place) for place in range(30)]
    new = [of_student(place, wrong=[1, 1]) if place % 7 == 0 else of_student(place) for place in range(30)]
    straight = {change.student for change in changes(old, new)}
    assert (
        straight
        == {change.student for change in changes(old, reversed(new))}
        == {f"s{i}" for i in range(0, 30, 7)}
    )


def test_nothing_changed() -> None:
    assert shown(from_marks.changes_page(changes([MIDTERM], [MIDTERM]))) == "Marked again: nothing changed\n"


def test_new_weights_are_told() -> None:
    heavier = copy.deepcopy(MIDTERM)
    heavier |= {"points": "3", "of": "6"}
    heavier["answers"][-1] |= {"points": "3", "of": "6"}
    (change,) = changes([MIDTERM], [heavier])
    assert change.moved[0].why == "it was worth 3 and is worth 6"
