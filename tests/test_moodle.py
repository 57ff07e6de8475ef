"""Filling in worksheets of Moodle: only the grades and the feedback change, and everything is told."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import SolverError
from solver.render import moodle
from solver.render.terminal import write

ENGLISH = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\r\n"
    'Participant 12,"Nguyễn Văn An",an@uni.example,"Submitted, late",,3.00,Yes,"Friday, 13 March 2026",-,\r\n'
    'Participant 34,"O\'Neil, Jr ""Jo""",jo@uni.example,Submitted,2.00,3.00,Yes,-,-,<p>Well done</p>\r\n'
    "Participant 56,Eva,eva@uni.example,No submission,,3.00,No,-,-,\r\n"
)

GERMAN = (
    "ID;Vollständiger Name;ID-Nummer;E-Mail-Adresse;Status;Bewertung;Bestwertung;"
    "Bewertung kann geändert werden;Zuletzt geändert (Bewertung);Feedback als Kommentar\n"
    "Teilnehmer/in12;Jürgen Groß;0815;juergen@uni.example;Abgegeben;;100,00;Ja;-;\n"
)

FRENCH = (
    "Identifiant\tNom complet\tAdresse de courriel\tStatut\tNote\tNote maximale\t"
    "La note peut être modifiée\tDernière modification (note)\tFeedback par commentaires\r\n"
    "Participant12\tChloé\tchloe@uni.example\tRemis\t\t100,00\tOui\t-\t\r\n"
)

SPANISH = (
    "Identificador,Nombre completo,Dirección de correo,Estado,Calificación,Calificación máxima,"
    "La calificación puede ser cambiada,Última modificación (calificación),Comentarios de retroalimentación\r\n"
    'Participante 12,Núria,nuria@uni.example,Enviado,,"100,00",Sí,-,\r\n'
)

VIETNAMESE = (
    "Mã định danh,Họ và tên,Địa chỉ thư điện tử,Trạng thái,Điểm,Điểm tối đa,"
    "Điểm có thể thay đổi,Sửa lần cuối (điểm),Nhận xét phản hồi\r\n"
    'Người tham gia 12,An,an@uni.example,Đã nộp,,"100,00",Có,-,\r\n'
)

CATALAN = (
    "Identificador de l'usuari,Nom sencer,Adreça electrònica,Estat,Qualificació,Qualificació màxima,"
    "La qualificació es pot canviar,Darrera modificació (tramesa),Darrera modificació (qualificació),Comentaris\r\n"
    'Participant 12,Ana,ana@uni.example,Tramès,,"100,00",Sí,-,-,\r\n'
    'Participant 13,Joan,joan@uni.example,Tramès,"25,50","100,00",Sí,-,-,\r\n'
)


def paper(student: str, points: str = "3/2", of: str = "3", problem: str = "m1") -> dict[str, Any]:
    wrong = {
        **{"name": "w(3)", "asked": True, "verdict": "wrong", "points": points, "of": of},
        **{"answer": 1, "expected": 2, "message": "1 < 2 & that is not what follows"},
    }
    return {
        **{
            "student": student,
            "problem": problem,
            "file": "a",
            "points": points,
            "of": of,
            "answers": [wrong],
        }
    }


def filled(sheet: str, *papers: dict[str, Any], **options: Any) -> tuple[str, moodle.Matched]:
    data, matched = moodle.fill(sheet.encode(), papers, **options)
    return data.decode(), matched


FEEDBACK = "Points for m1: 1.5 of 3<br>w(3): 1 &lt; 2 &amp; that is not what follows."


def test_only_grades_and_feedback_change() -> None:
    text, matched = filled(ENGLISH, paper("an@uni.example"), paper("Participant 34", "4/3"))
    lines, before = text.split("\r\n"), ENGLISH.split("\r\n")
    assert lines[0] == before[0]
    assert lines[1] == before[1].replace(",,3.00", ",1.50,3.00").removesuffix(",") + "," + FEEDBACK
    assert lines[2] == (before[2].replace(",2.00,", ",1.33333,") + "<br>" + FEEDBACK.replace("1.5", "1 1/3"))
    assert lines[3:] == before[3:]
    assert [(row.student, row.line, row.before, row.after) for row in matched.filled] == [
        ("an@uni.example", 2, "", "1.50"),
        ("Participant 34", 3, "2.00", "1.33333"),
    ]
    assert [row.student for row in matched.changed] == ["Participant 34"]
    assert matched.rows_left == ("Participant 56",)


@pytest.mark.parametrize("sheet", [GERMAN, FRENCH, SPANISH, VIETNAMESE, CATALAN])
def test_other_languages_and_decimal_commas(sheet: str) -> None:
    name = sheet.splitlines()[1].replace("\t", ",").replace(";", ",").split(",")[0]
    text, matched = filled(sheet, paper(name, "75", "100"))
    assert [row.after for row in matched.filled] == ["75,00"]
    quoted = '"75,00"' if "," in sheet.splitlines()[0] else "75,00"
    delimiter = next(mark for mark in "\t;," if mark in sheet.splitlines()[0])
    assert text.count(delimiter + quoted + delimiter) == 1
    told = "Points for m1: 75 of 100<br>w(3): 1 &lt; 2 &amp; that is not what follows."
    told = f'"{told}"' if delimiter == ";" else told
    assert text.replace(quoted, "", 1).replace(told, "", 1) == sheet
    assert matched.notes == ()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GERMAN.encode(),
        b"\xff\xfe" + GERMAN.encode("utf-16-le"),
        b"\xfe\xff" + GERMAN.encode("utf-16-be"),
        GERMAN.encode("cp1252"),
    ],
)
def test_encodings_stay(data: bytes) -> None:
    new, matched = moodle.fill(data, [paper("Jürgen Groß", "75", "100")])
    assert [row.after for row in matched.filled] == ["75,00"]
    start = {0xEF: 3, 0xFF: 2, 0xFE: 2}.get(data[0], 0)
    encoding = {0xEF: "utf-8", 0xFF: "utf-16-le", 0xFE: "utf-16-be"}.get(data[0], "cp1252")
    assert new[:start] == data[:start]
    assert new[start:].decode(encoding).startswith(GERMAN.split(";Abgegeben")[0])


@pytest.mark.parametrize(
    "student",
    [
        *("Participant 12", "participant12", "12", "0012", "an@uni.example", "AN@UNI.EXAMPLE", "an"),
        *("Nguyễn Văn An", "An Nguyễn Văn", "nguyễn  văn an", "Nguyễn_Văn_An", "Nguyễn Văn An (k. 3)"),
        *("Nguyễn Văn An <an@uni.example>", "Nguyễn Văn An_12_assignsubmission_file_answers"),
        "Nguye\u0302\u0303n Va\u0306n An",
    ],
)
def test_who_is_the_row(student: str) -> None:
    _, matched = filled(ENGLISH, paper(student))
    assert [row.identifier for row in matched.filled] == ["Participant 12"]


@pytest.mark.parametrize(
    "student", ["", "Participant 1", "1", "an@other.example", "Nguyễn", "Participant", "@"]
)
def test_who_is_nobody(student: str) -> None:
    text, matched = filled(ENGLISH, paper(student))
    assert text == ENGLISH
    assert matched.students_left == (student,)
    assert len(matched.rows_left) == 3


def test_blind_marking_has_identifiers_only() -> None:
    sheet = (
        "Identifier,Status,Grade,Maximum Grade,Grade can be changed,Last modified (grade),Feedback comments\n"
    )
    text, _ = filled(sheet + "Participant 7,,,3.00,Yes,-,\n", paper("7"))
    assert text == sheet + f"Participant 7,,1.50,3.00,Yes,-,{FEEDBACK}\n"


def test_two_rows_or_two_students_are_left_alone() -> None:
    twins = ENGLISH.replace("Eva,", "Nguyễn Văn An,")
    text, matched = filled(twins, paper("Nguyễn Văn An"), paper("jo@uni.example"), paper("34"))
    assert text == twins
    assert matched.unclear == (
        ("Nguyễn Văn An", "the rows in lines 2 and 4 match"),
        ("jo@uni.example", "the row in line 3 matches `34` too"),
        ("34", "the row in line 3 matches `jo@uni.example` too"),
    )


def test_nothing_above_the_maximum_and_nothing_locked() -> None:
    text, matched = filled(ENGLISH, paper("12", "7/2", "4"), paper("56"))
    assert text == ENGLISH
    assert matched.over == (("12", "3.5", "3"),)
    assert matched.locked == ("56",)


def test_the_sum_over_problems_and_its_share_of_the_maximum() -> None:
    papers = paper("12", "1", "2"), paper("12", "1", "2", "m2"), paper("34", "2", "2")
    _, matched = filled(ENGLISH, *papers)
    assert [row.after for row in matched.filled] == ["2.00", "2.00"]
    assert matched.notes == ("the marks are out of 4, the maximum of the worksheet is 3",)
    _, matched = filled(ENGLISH, *papers, scale=True)
    assert [row.after for row in matched.filled] == ["1.50", "1.50"]
    assert matched.notes == ()


def test_filling_in_twice_is_filling_in_once() -> None:
    once, _ = filled(ENGLISH, paper("12"), paper("34"))
    twice, matched = filled(once, paper("12"), paper("34"))
    assert twice == once
    assert matched.changed == ()


def test_a_blank_sheet_without_a_column_for_feedback() -> None:
    sheet = "\r\n".join(line.rpartition(",")[0] for line in ENGLISH.split("\r\n"))
    text, matched = filled(sheet, paper("12"))
    assert text == sheet.replace(",,3.00,Yes", ",1.50,3.00,Yes")
    assert matched.notes == ("no column for feedback was found, so only the grades are filled in",)


def test_online_text_with_quotes_and_lines() -> None:
    head, row = ENGLISH.split("\r\n")[:2]
    head = head.replace(",Last modified (grade)", ",Online text,Last modified (grade)")
    for written in ('"a\r\nb ""c"", d"', r'"say \"hi\""', r'"ends in \""', '"a "b" c"'):
        sheet = f"{head}\r\n" + row.removesuffix("-,") + f"{written},-,\r\n"
        text, matched = filled(sheet, paper("12"))
        assert len(matched.filled) == 1, written
        assert text == sheet.replace(",,3.00", ",1.50,3.00").removesuffix("\r\n") + FEEDBACK + "\r\n"


def test_a_row_with_too_few_cells_is_left_and_told() -> None:
    sheet = ENGLISH + "Participant 78,Zoe\r\n\r\n"
    text, matched = filled(sheet, paper("78"), paper("12"))
    assert text.endswith("Participant 78,Zoe\r\n\r\n")
    assert matched.students_left == ("78",)
    assert matched.notes == ("lines with too few or too many cells are left as they are: 5",)


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("", "the worksheet is empty"),
        ("a,b\n1,2\n", "the worksheet has no column for identifiers"),
        (
            "Identifier,Full name,Status\nParticipant 1,A,-\n",
            "the worksheet has no column for grades",
        ),
        (
            'Identifier,"Grade,Maximum Grade\n1,2,3\n',
            "a quote that opens in line 1 of the worksheet is not closed",
        ),
        (
            ENGLISH.replace("3.00", "Pass"),
            "the maximum in line 2 of the worksheet is not a number: `Pass`",
        ),
    ],
)
def test_what_is_not_a_worksheet(sheet: str, message: str) -> None:
    with pytest.raises(SolverError) as error:
        filled(sheet, paper("12"))
    assert error.value.message == message
    assert error.value.hint or "quote" in message


def test_the_report_is_bounded_and_clean() -> None:
    rows = "".join(f"Participant {i},A{i},a{i}@x.example,,1.00,3.00,Yes,-,-,\r\n" for i in range(400))
    students = [paper(f"a{i}", "4" if i % 3 == 0 else "2", "4") for i in range(300)]
    students += [paper(f"\x1b[2J{i}") for i in range(50)]
    _, matched = filled(ENGLISH.split("\r\n")[0] + "\r\n" + rows, *students)
    stream = io.StringIO()
    write(moodle.report(matched), stream, 80)
    text = stream.getvalue()
    assert text.startswith("Worksheet: 200 of 400 rows filled in\n")
    assert "Above the maximum, not filled in (100)" in text
    assert "⋯ 40 more\n" in text
    assert "\x1b" not in text
    assert len(text.splitlines()) < 70


CELLS = st.text(st.sampled_from('ab,;"\r\n\\=é\t <&'), max_size=8)


@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5),
    st.sampled_from(",;\t"),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.fractions(min_value=0, max_value=3, max_denominator=12),
)
def test_what_is_filled_in_can_be_read_again(
    cells: list[tuple[str, str, str]], delimiter: str, end: str, points: Fraction
) -> None:
    def cell(text: str) -> str:
        quote = any(mark in text for mark in f'"\r\n{delimiter}')
        return '"' + text.replace('"', '""') + '"' if quote else text

    head = ["Identifier", "Full name", "Grade", "Maximum Grade", "Online text", "Feedback comments"]
    body = [
        [f"Participant {i}", name, "", "3.00", text, held]
        for i, (name, text, held) in enumerate(cells, start=1)
    ]
    sheet = "".join(delimiter.join(map(cell, row)) + end for row in [head, *body])
    new, matched = filled(sheet, paper("Participant 1", str(points)))
    assert [row.identifier for row in matched.filled] == ["Participant 1"]
    read = moodle._table(new, delimiter)
    again = [[each.text for each in row] for row in read]
    assert abs(Fraction(again[1][2]) - points) < Fraction(1, 100_000)
    assert again[1][5].startswith(body[0][5] if body[0][5].strip() else "Points for")
    again[1][2] = again[1][5] = body[0][2] = body[0][5] = ""
    assert again == [head, *body]
    assert new.split("Participant 2")[1:] == sheet.split("Participant 2")[1:]
