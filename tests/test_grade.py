"""`solve grade` and `solve merge` as commands: what goes in, what comes out, and the exit status."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import PROBLEMS, call, command, environment

MIDTERM = PROBLEMS / "midterm.yaml"
SHEET = "{grad(0): [-1, -4], w(1): [-1.9, -1.6], w(3): [-1.7, -0.8]}"
RIGHT = "{w(3): [-1.1008, 0.0639]}"


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Three students: one right, one with a mistake, one that cannot be read."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "anna.yaml").write_text(f"problem: midterm-1\nstudent: anna\nanswers: {RIGHT}\n")
    (folder / "bo.yaml").write_text(f"problem: midterm-1\nanswers: {SHEET}\n")
    (folder / "cy.yaml").write_text("problem: midterm-1\nanswers: [1, 2\n")
    return folder


def document(*args: Any, status: int = 0) -> dict[str, Any]:
    done = call("grade", *args, "--format", "json")
    assert done.returncode == status, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_json(papers: Path) -> None:
    found = document(MIDTERM, "--answers", papers / "bo.yaml")
    (result,) = found["results"]
    assert (result["problem"], result["student"]) == ("midterm-1", "bo")
    assert (result["points"], result["of"], result["percent"]) == ("3/2", "3", 50.0)
    assert [answer["name"] for answer in result["answers"]] == ["grad(0)", "w(1)", "w(3)"]
    assert result["answers"][0]["mistake"] == "brackets"
    assert found["format"] == 1
    assert found["not_graded"] == []
    assert found["summary"]["submissions"] == 1
    assert found["summary"]["mean_percent"] == 50.0
    assert found["summary"]["mistakes"] == {"brackets": 1}


def test_a_folder_of_papers(papers: Path) -> None:
    found = document(MIDTERM, "--answers", papers, status=2)
    assert [result["student"] for result in found["results"]] == ["anna", "bo"]
    (fault,) = found["not_graded"]
    assert fault["file"].endswith("cy.yaml")
    assert fault["line"] in (2, 3)
    assert "unread" not in fault


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_any_number_of_workers(papers: Path, jobs: int) -> None:
    alone = call("grade", MIDTERM, "--answers", papers, "--format", "json", "--jobs", 1).stdout
    assert call("grade", MIDTERM, "--answers", papers, "--format", "json", "--jobs", jobs).stdout == alone


def test_the_answers_in_the_problems() -> None:
    done = call("grade", PROBLEMS / "logistic-gd" / "midterm-sheet.yaml", "--format", "json")
    (result,) = json.loads(done.stdout)["results"]
    assert next(each for each in result["answers"] if each["name"] == "grad(0)")["mistake"] == "brackets"
    done = call("grade", PROBLEMS, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["results"]) > 40


def test_no_answers_at_all(tmp_path: Path) -> None:
    path = tmp_path / "problem.yaml"
    path.write_text("kind: softmax-ce\ngiven: {logits: [1, 2]}\n")
    done = call("grade", path)
    assert done.returncode == 2
    assert "no problem has answers to mark" in done.stderr


def test_fail_under(papers: Path) -> None:
    assert call("grade", MIDTERM, "--answers", papers / "bo.yaml", "--fail-under", 50).returncode == 0
    assert call("grade", MIDTERM, "--answers", papers / "bo.yaml", "--fail-under", 50.1).returncode == 1


def test_an_exam_and_a_csv_say_the_same(tmp_path: Path) -> None:
    sheet = tmp_path / "exam.yaml"
    sheet.write_text(
        f"exam: midterm\nstudent: s1\nanswers:\n  midterm-1: {SHEET}\n  midterm-3: {{Y: '12 8 12; 6 6 5; 8 5 7'}}\n"
    )
    table = tmp_path / "class.csv"
    table.write_text(
        "student,midterm-1/grad(0),midterm-1/w(1),midterm-1/w(3),midterm-3/Y\n"
        's1,-1 -4,"[-1.9, -1.6]",-1.7 -0.8,12 8 12; 6 6 5; 8 5 7\n'
    )
    graded = [document(MIDTERM, "--answers", path)["results"] for path in (sheet, table)]
    for results in graded:
        results[:] = [
            {**each, "file": ""} for each in results if each["problem"] in ("midterm-1", "midterm-3")
        ]
    assert graded[0] == graded[1]


def test_a_map_says_which_column_is_which(tmp_path: Path) -> None:
    table, names = tmp_path / "form.csv", tmp_path / "map.yaml"
    table.write_text("Timestamp;Email;Q1\n2026;a@b.c;-1,1008 0,0639\n")
    names.write_text("{Timestamp: ignore, Email: student, Q1: midterm-1/w(3)}")
    (result,) = document(MIDTERM, "--answers", table, "--map", names)["results"]
    assert (result["student"], result["points"]) == ("a@b.c", "3")


@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_templates_can_be_graded(tmp_path: Path, form: str) -> None:
    text = call("grade", MIDTERM, "--template", form).stdout
    path = tmp_path / f"empty.{form}"
    path.write_text(text)
    found = document(MIDTERM, "--answers", path)
    assert {answer["verdict"] for result in found["results"] for answer in result["answers"]} <= {"blank"}
    assert found["not_graded"] == []


def test_a_journal_is_gone_on_with(papers: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    (papers / "cy.yaml").unlink()
    plain = document(MIDTERM, "--answers", papers)
    assert document(MIDTERM, "--answers", papers, "--resume", journal) == plain
    lines = journal.read_bytes().splitlines()
    journal.write_bytes(b"\n".join(lines[:2]) + b"\n" + lines[2][:20])  # killed in the middle of a line
    assert document(MIDTERM, "--answers", papers, "--resume", journal) == plain


def test_another_key_prints_who_changed(papers: Path, tmp_path: Path) -> None:
    journal, problem = tmp_path / "journal", tmp_path / "midterm.yaml"
    (papers / "cy.yaml").unlink()
    text = MIDTERM.read_text(encoding="utf-8")
    problem.write_text(text, encoding="utf-8")
    call("grade", problem, "--answers", papers, "--resume", journal)
    known = "    grading: {known: [{name: w(3), answer: [-1.7, -0.8], share: 1/3, says: lost brackets}]}\n"
    problem.write_text(text.replace("    ask: [w(3)]\n", "    ask: [w(3)]\n" + known), encoding="utf-8")
    done = call("grade", problem, "--answers", papers, "--resume", journal)
    assert "bo" in done.stderr
    assert "anna" not in done.stderr
    assert "lost brackets" in done.stdout
    assert (tmp_path / "journal.before").exists()


def test_parts_of_a_class(papers: Path, tmp_path: Path) -> None:
    (papers / "cy.yaml").unlink()
    parts = [tmp_path / f"part{i}" for i in (1, 2)]
    for i, part in enumerate(parts, 1):
        call("grade", MIDTERM, "--answers", papers, "--shard", f"{i}/2", "--resume", part)
    merged = call("merge", *parts, "--format", "json")
    assert merged.returncode == 0, merged.stderr
    assert json.loads(merged.stdout) == document(MIDTERM, "--answers", papers)
    assert call("merge", parts[0]).returncode == 2


def test_csv_reports(papers: Path, tmp_path: Path) -> None:
    (papers / "cy.yaml").unlink()
    (papers / "dee.yaml").write_text("problem: midterm-1\nstudent: =cmd()\nanswers: {w(3): '=1+1'}\n")
    out = tmp_path / "marks.csv"
    assert call("grade", MIDTERM, "--answers", papers, "--format", "csv", "--output", out).returncode == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"] for row in rows if row["asked"] == "true"] == ["anna", "bo", "'=cmd()"]
    assert rows[1]["mistake"] == "brackets"
    with (tmp_path / "marks-students.csv").open(encoding="utf-8", newline="") as file:
        assert [row["total"] for row in csv.DictReader(file)] == ["3", "1.5", "0"]


def test_feedback_and_gradescope(papers: Path, tmp_path: Path) -> None:
    (papers / "cy.yaml").unlink()
    (papers / "x.yaml").write_text('problem: midterm-1\nstudent: "../../evil"\nanswers: {w(3): "**<b>"}\n')
    for form, suffix in (("markdown", ".md"), ("gradescope", ".json")):
        folder = tmp_path / form
        assert (
            call("grade", MIDTERM, "--answers", papers, "--format", form, "--output", folder).returncode == 0
        )
        assert len(list(folder.iterdir())) == 3
        assert all(path.suffix == suffix and path.parent == folder for path in folder.iterdir())
    assert "### Worked solution" in (tmp_path / "markdown" / "bo.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "gradescope" / "bo.json").read_text())["score"] == 1.5


def test_a_moodle_worksheet(papers: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "worksheet.csv"
    head = "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    head += "Last modified (submission),Last modified (grade),Feedback comments\r\n"
    row = "Participant 7,Anna,anna,Submitted,,3.00,Yes,-,-,\r\n"
    sheet.write_bytes((head + row).encode())
    (papers / "cy.yaml").unlink()
    done = call("grade", MIDTERM, "--answers", papers, "--moodle", sheet)
    assert done.returncode == 0, done.stderr
    assert sheet.read_bytes().decode() == head + row
    assert "3.00,3.00,Yes" in (tmp_path / "worksheet-marked.csv").read_text()
    assert "bo" in done.stdout  # who has no row


def test_an_interrupted_run_leaves_a_journal(tmp_path: Path) -> None:
    folder, journal = tmp_path / "papers", tmp_path / "journal"
    folder.mkdir()
    for place in range(400):
        answers = f"{{grad(0): [-1.{place:03}, -4], w(3): [-1.7{place:03}, 3]}}"
        (folder / f"s{place:03}.yaml").write_text(f"problem: midterm-1\nanswers: {answers}\n")
    line = [*command("grade", MIDTERM, "--answers", folder, "--resume", journal, "--format", "json")]
    started = subprocess.Popen(
        line, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and (not journal.exists() or journal.stat().st_size < 2_000):
        time.sleep(0.01)
    os.kill(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=30)
    assert started.returncode == 130
    assert f"--resume {journal}" in said
    found = document(MIDTERM, "--answers", folder, "--resume", journal)
    assert [result["student"] for result in found["results"]] == [f"s{place:03}" for place in range(400)]


def test_several_files_of_answers(papers: Path) -> None:
    files = [papers / "anna.yaml", papers / "bo.yaml"]
    found = document(MIDTERM, "--answers", *files)
    assert [result["student"] for result in found["results"]] == ["anna", "bo"]
    assert document("--answers", files[0], MIDTERM)["results"] == found["results"][:1]
