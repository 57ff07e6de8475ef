"""The command line, as programs and people in a hurry use it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PROBLEMS, as_yaml, call, command, environment, run

from solver import kinds
from solver.cli import files
from solver.render.glyphs import width as columns
from solver.spec.problem import Unreadable

SOFTMAX = {"kind": "softmax-ce", "given": {"logits": [1, 2], "target": 0}}
LOGISTIC = {
    "kind": "logistic-gd",
    "given": {
        "X": [[3, 3], [0, -4]],
        "y": [1, 0],
        "w": [-2, -2],
        "learning_rate": 0.1,
        "iterations": 3,
        "loss": "sum",
    },
}
BAD = "kind: softmax-ce\ngiven:\n  logits: [1, two]\n  target: 5\n"
KINDS = tuple(kinds.names())
COMMANDS = ("solve", "validate", "new", "kinds", "schema", "examples", "completion")
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What can steer a terminal or change the order of its text."""


def write(path: Path, problem: Any) -> Path:
    path.write_text(problem if isinstance(problem, str) else as_yaml(problem), encoding="utf-8")
    return path


@pytest.fixture
def softmax(tmp_path: Path) -> Path:
    return write(tmp_path / "softmax.yaml", SOFTMAX)


@pytest.fixture
def logistic(tmp_path: Path) -> Path:
    return write(tmp_path / "logistic.yaml", LOGISTIC)


def document(*args: Any, **options: Any) -> Any:
    """The JSON document for some paths."""
    return json.loads(call(*args, "--format", "json", **options).stdout)


# ---------------------------------------------------------------- what is solved


def test_a_file(softmax: Path) -> None:
    done = run(softmax)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Answer" in done.stdout
    assert done.stdout.endswith("\n")
    assert call(softmax).stdout == call("solve", softmax).stdout == done.stdout


def test_a_folder_in_order_with_its_sub_folders(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "sub/c.yaml", "sub/.d.yaml", ".hidden/e.yaml", "notes.txt", "UPPER.YAML"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        write(path, {**SOFTMAX, "id": name})
    found = [problem["id"] for problem in document(tmp_path)["problems"]]
    assert sorted(found) == sorted(["UPPER.YAML", "a.yml", "b.yaml", "sub/c.yaml"])
    assert found.index("a.yml") < found.index("b.yaml") < found.index("sub/c.yaml")


def test_several_files(softmax: Path, logistic: Path) -> None:
    done = call(softmax, logistic)
    pages = [call(path).stdout for path in (softmax, logistic)]
    assert done.stdout == "\n\n".join(pages)
    assert [problem["kind"] for problem in document(logistic, softmax)["problems"]] == [
        "logistic-gd",
        "softmax-ce",
    ]


def test_standard_input(softmax: Path) -> None:
    done = run("-", stdin=softmax.read_text())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == call(softmax).stdout
    assert document("-", stdin=softmax.read_text())["problems"][0]["id"] == "stdin"


def test_a_fault_in_standard_input() -> None:
    done = call("-", stdin=BAD)
    assert done.returncode == 2
    assert done.stderr.startswith("<stdin>:3:15: error: ")


def test_an_exam(tmp_path: Path) -> None:
    exam = write(tmp_path / "exam.yaml", {"title": "Exam", "problems": [SOFTMAX, {**LOGISTIC, "id": "two"}]})
    assert [problem["id"] for problem in document(exam)["problems"]] == ["exam", "two"]
    assert call(exam).stdout.count("Answer") == 2


def test_several_documents(tmp_path: Path) -> None:
    stream = write(tmp_path / "stream.yaml", "---\n".join(map(as_yaml, (SOFTMAX, LOGISTIC, SOFTMAX))))
    assert [problem["id"] for problem in document(stream)["problems"]] == ["stream", "stream#2", "stream#3"]


def test_one_bad_problem_among_good_ones(tmp_path: Path, softmax: Path, logistic: Path) -> None:
    bad = write(tmp_path / "bad.yaml", BAD)
    done = call(softmax, bad, tmp_path / "missing.yaml", logistic)
    assert done.returncode == 2
    assert done.stdout == "\n\n".join(call(path).stdout for path in (softmax, logistic))
    assert f"{bad}:3:15: error: `given.logits`: `two`" in done.stderr
    assert "there is no file" in done.stderr
    assert "Answer" not in done.stderr


def test_a_bad_problem_in_an_exam_stops_no_other(tmp_path: Path) -> None:
    exam = write(tmp_path / "exam.yaml", "---\n".join((as_yaml(SOFTMAX), BAD, as_yaml(LOGISTIC))))
    done = call(exam)
    assert done.returncode == 2
    assert done.stdout.count("Answer") == 2


@pytest.mark.parametrize("empty_first", [True, False])
def test_an_empty_folder_stops_no_other(tmp_path: Path, softmax: Path, empty_first: bool) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = call(*((empty, softmax) if empty_first else (softmax, empty)))
    assert done.returncode == 2
    assert "there is no problem file in the folder" in done.stderr
    assert "Answer" in done.stdout


def test_a_file_named_like_a_command(tmp_path: Path) -> None:
    write(tmp_path / "kinds", SOFTMAX)
    for args in (["./kinds"], ["--", "kinds"], ["solve", "kinds"]):
        done = call(*args, cwd=tmp_path)
        assert (done.returncode, "Answer" in done.stdout) == (0, True), args
    assert "Answer" not in call("kinds", cwd=tmp_path).stdout


def test_a_file_whose_name_starts_with_a_dash(tmp_path: Path) -> None:
    write(tmp_path / "-x.yaml", SOFTMAX)
    assert call("--", "-x.yaml", cwd=tmp_path).returncode == 0


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("midtrem.yaml", "did you mean `midterm.yaml`?"),
        ("kind", "did you mean the command `kinds`?"),
        ("nothing-like-it.yaml", "there is no file `nothing-like-it.yaml`"),
        ("folder/none.yaml", "there is no file `folder/none.yaml`"),
        ("empty", "there is no problem file in the folder `empty`"),
        ("binary.yaml", "is not UTF-8"),
        ("utf16.yaml", "utf16.yaml:1:1: error: the file is UTF-16"),
        ("zero.yaml", "zero.yaml:1:1: error: the file is empty"),
        (os.devnull, "the file is empty"),
        ("x" * 300 + ".yaml", "cannot be read: file name too long"),
    ],
)
def test_unreadable(tmp_path: Path, typed: str, told: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "midterm.yaml", SOFTMAX)
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "utf16.yaml").write_bytes(as_yaml(SOFTMAX).encode("utf-16"))
    (tmp_path / "zero.yaml").write_bytes(b"")
    done = call(typed, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_without_permission(tmp_path: Path, softmax: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    secret = write(tmp_path / "secret.yaml", SOFTMAX)
    secret.chmod(0)
    done = call(locked, secret, softmax)
    assert done.returncode == 2
    assert done.stderr.count("permission denied") == 2
    assert "Answer" in done.stdout


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refused)
    (folder,) = files.problem_files([str(tmp_path)])
    (found,) = files.read_file(folder)
    assert isinstance(found, Unreadable)
    assert "permission denied" in found.errors[0].message


def test_a_folder_that_contains_itself(tmp_path: Path, softmax: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(document(tmp_path)["problems"]) == 1


# ---------------------------------------------------------------- JSON


def test_json_of_a_solution(tmp_path: Path) -> None:
    problem = {**LOGISTIC, "id": "m-1", "title": "Three steps", "ask": ["w(3)", "p(0)"]}
    found = document(write(tmp_path / "one.yaml", problem))
    assert list(found) == ["format", "problems"]
    assert found["format"] == 1
    (solution,) = found["problems"]
    parts = ["id", "kind", "title", "ask", "answers", "quantities", "exact", "steps", "checks"]
    assert list(solution) == parts
    assert [solution[part] for part in parts[:4]] == ["m-1", "logistic-gd", "Three steps", ["w(3)", "p(0)"]]
    assert solution["answers"] == {name: solution["quantities"][name] for name in ("w(3)", "p(0)")}
    assert solution["answers"]["w(3)"] == pytest.approx([-1.10077531326563, 0.0639157084559655], rel=1e-13)
    assert solution["quantities"]["z(0)"] == [-12, 8]
    assert solution["quantities"]["learning_rate"] == 0.1
    assert solution["quantities"]["X"] == [[3, 3], [0, -4]]
    assert solution["exact"]["learning_rate"] == "1/10"
    assert "z(0)" not in solution["exact"]
    step = solution["steps"][0]
    formula = step.pop("formula")
    lines = step.pop("lines")
    assert formula == lines[0]
    assert formula.replace(" ", "").startswith("z^{(0)}=Xw^{(0)}")
    assert step == {
        "name": "z(0)",
        "section": "Iteration 1",
        "title": "One score for each sample.",
        "why": step["why"],
        "value": [-12, 8],
        "shape": [2],
        "exact": True,
        "depends": ["X", "w(0)"],
    }
    for check in solution["checks"]:
        assert list(check) == ["name", "ok", "error"]
        assert check["ok"] is True


def test_json_of_a_fault(tmp_path: Path, softmax: Path) -> None:
    bad = write(tmp_path / "bad.yaml", "id: q-7\n" + BAD)
    done = call(bad, softmax, "--format", "json")
    assert done.returncode == 2
    failed, solved = json.loads(done.stdout)["problems"]
    assert list(failed) == ["id", "kind", "error", "errors"]
    assert (failed["id"], failed["kind"]) == ("q-7", "softmax-ce")
    error = failed["error"]
    assert error == failed["errors"][0]
    assert (error["file"], error["line"], error["column"]) == (str(bad), 4, 15)
    assert "`two`" in error["message"]
    assert "logits" in error["message"]
    assert f"{bad}:4:15: error: " in done.stderr
    assert "answers" in solved


def test_json_of_a_missing_file(tmp_path: Path) -> None:
    missing = tmp_path / "gone.yaml"
    done = call(missing, "--format", "json")
    (failed,) = json.loads(done.stdout)["problems"]
    assert failed["id"] == "gone"
    assert failed["error"]["file"] == str(missing)


def test_json_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    path = write(tmp_path / "one.yaml", {**SOFTMAX, "title": "Thi giữa kỳ, σ(z)"})
    for env in ({"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = run(path, "--format", "json", env=env)
        assert json.loads(done.stdout)["problems"][0]["title"] == "Thi giữa kỳ, σ(z)"


def test_numbers_of_json_are_whole_or_in_full_precision(softmax: Path) -> None:
    quantities = document(softmax)["problems"][0]["quantities"]
    assert quantities["p"] == pytest.approx([0.2689414213699951, 0.7310585786300049], rel=1e-15)
    assert type(quantities["predicted"]) is int


# ---------------------------------------------------------------- options


def test_output(tmp_path: Path, softmax: Path) -> None:
    page, data = tmp_path / "page.txt", tmp_path / "out.json"
    done = call(softmax, "-o", page)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert page.read_text(encoding="utf-8") == call(softmax).stdout
    assert call(softmax, "--format=json", "--output", data).returncode == 0
    assert json.loads(data.read_text(encoding="utf-8"))["format"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "page.txt", "softmax.yaml"]


def test_output_has_no_colour_and_every_sign(tmp_path: Path, softmax: Path) -> None:
    page = tmp_path / "page.txt"
    run(softmax, "-o", page, env={"FORCE_COLOR": "1", "NO_COLOR": None, "PYTHONIOENCODING": "ascii"})
    assert page.read_text(encoding="utf-8") == call(softmax).stdout


def test_output_through_a_link(tmp_path: Path, softmax: Path) -> None:
    """A link stays a link (as `/dev/stdout` is one), and what it leads to is written."""
    real, link = write(tmp_path / "real.txt", "old"), tmp_path / "link.txt"
    link.symlink_to(real)
    assert call(softmax, "-o", link).returncode == 0
    assert link.is_symlink()
    assert "Answer" in real.read_text(encoding="utf-8")


def test_output_to_a_pipe(tmp_path: Path, softmax: Path) -> None:
    """What is no ordinary file is written to, not replaced."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(command(softmax, "-o", fifo), env=environment()) as process:
        descriptor = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        assert process.wait(30) == 0
        assert fifo.is_fifo()
        assert b"Answer" in os.read(descriptor, 100_000)
        os.close(descriptor)


@pytest.mark.parametrize("typed", ["none/page.txt", "folder"])
def test_output_that_cannot_be_written(tmp_path: Path, softmax: Path, typed: str) -> None:
    (tmp_path / "folder").mkdir()
    done = call(softmax, "-o", typed, cwd=tmp_path)
    assert done.returncode == 2
    assert f"`{typed}` cannot be written" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "softmax.yaml"]


def test_a_failed_run_keeps_the_old_output(tmp_path: Path) -> None:
    bad, page = write(tmp_path / "bad.yaml", BAD), write(tmp_path / "page.txt", "old")
    assert call(bad, "-o", page).returncode == 2
    assert page.read_text() in ("old", "")


def test_detail(logistic: Path) -> None:
    pages = {detail: call(logistic, "--detail", detail).stdout for detail in ("brief", "normal", "full")}
    assert len(pages["brief"]) < len(pages["normal"]) < len(pages["full"])
    assert pages["normal"] == call(logistic).stdout


@pytest.mark.parametrize(("digits", "shown"), [(1, "0.3"), (3, "0.269"), (8, "0.26894142")])
def test_digits(softmax: Path, digits: int, shown: str) -> None:
    done = call(softmax, "--digits", str(digits))
    answer = done.stdout.partition("\nAnswer")[2]
    assert re.search(rf"\({re.escape(shown)}, ", answer), answer


def test_only_shows_what_is_needed(logistic: Path) -> None:
    done = call(logistic, "--only", "grad(0)", "--format", "json")
    (solution,) = json.loads(done.stdout)["problems"]
    assert solution["ask"] == ["grad(0)"]
    assert list(solution["answers"]) == ["grad(0)"]
    assert [step["name"] for step in solution["steps"]] == ["z(0)", "p(0)", "grad(0)"]
    page = call(logistic, "--only", "grad(0)").stdout
    assert "Iteration 1" in page
    assert "Iteration 2" not in page


def test_only_several(logistic: Path) -> None:
    wanted = ["z(1)", "loss(0)"]
    for args in (
        ["--only", "z(1)", "--only", "loss(0)"],
        ["--only", "z(1),loss(0)"],
        ["--only=z(1), loss(0)"],
    ):
        assert document(logistic, *args)["problems"][0]["ask"] == wanted


def test_only_an_unknown_name(logistic: Path) -> None:
    done = call(logistic, "--only", "gard(0)")
    assert (done.returncode, done.stdout) == (2, "")
    assert "this problem has no quantity `gard(0)`" in done.stderr
    assert "did you mean `grad(0)`?" in done.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--unknown", "x.yaml"], "--unknown"),
        (["x.yaml", "--formt", "json"], "--format"),
        (["x.yaml", "--format", "jsn"], "`json`"),
        (["x.yaml", "--format"], "--format"),
        (["x.yaml", "--detail", "ful"], "`full`"),
        (["x.yaml", "--digits", "0"], "--digits"),
        (["x.yaml", "--digits", "many"], "--digits"),
        (["new"], "KIND"),
        (["new", "softmax"], "did you mean `softmax-ce`?"),
        (["kinds", "softmax"], "did you mean `softmax-ce`?"),
        (["schema", "softmax"], "did you mean `softmax-ce`?"),
        (["completion", "bsh"], "did you mean `bash`?"),
        (["examples", "midtrm"], "did you mean `midterm`?"),
        (["validate"], "PATH"),
    ],
)
def test_wrong_usage(args: list[str], told: str) -> None:
    done = call(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------- the other commands


def test_validate(tmp_path: Path, softmax: Path) -> None:
    bad = write(tmp_path / "bad.yaml", BAD)
    assert call("validate", softmax).returncode == 0
    done = call("validate", bad, softmax)
    assert done.returncode == 1
    assert f"{bad}:3:15: error: " in done.stdout
    assert call("validate", tmp_path).returncode == 1
    assert call("validate", tmp_path / "gone.yaml").returncode == 2
    assert call("validate", bad, tmp_path / "gone.yaml").returncode == 2
    assert call("validate", "-", stdin=BAD).returncode == 1


def test_our_problems_are_valid() -> None:
    done = call("validate", PROBLEMS)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_new_makes_a_file_that_is_solved(tmp_path: Path, kind: str) -> None:
    made = tmp_path / "mine.yaml"
    done = call("new", kind, "-o", made.name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert call("validate", made).returncode == 0
    assert call(made).returncode == 0
    text = made.read_text(encoding="utf-8")
    assert text == call("new", kind).stdout
    again = call("new", kind, "-o", made)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert made.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_that_new_leaves_out_can_be_put_in(kind: str) -> None:
    """Without its comment sign, a field that is left out is known to the program."""
    text = re.sub(r"^( *)# ([a-z_0-9]+: )", r"\1\2", call("new", kind).stdout, flags=re.MULTILINE)
    assert "unknown field" not in call("validate", "-", stdin=text).stdout


def test_kinds() -> None:
    done = call("kinds")
    assert done.returncode == 0
    assert tuple(line.split()[0] for line in done.stdout.splitlines()) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind(kind: str) -> None:
    done = call("kinds", kind)
    assert done.returncode == 0
    for heading in ("What it solves", "Method", "Source", "Fields of `given`", "Quantities", "Example"):
        assert f"\n{heading}\n" in done.stdout
    example = done.stdout.partition("\nExample\n")[2]
    assert call("-", stdin=example).returncode == 0


def test_schema() -> None:
    assert json.loads(call("schema").stdout)["$schema"].endswith("2020-12/schema")
    assert json.loads(call("schema", "softmax-ce").stdout)["$defs"]["problem"]


def test_examples(tmp_path: Path) -> None:
    listed = [line.split()[0] for line in call("examples").stdout.splitlines()]
    assert listed == [
        Path(name).relative_to(PROBLEMS).with_suffix("").as_posix()
        for name in files.problem_files([str(PROBLEMS)])
    ]
    for name in ("midterm", "logistic-gd/islr-default", "cs231n-cat.yaml"):
        assert call("examples", name, cwd=tmp_path).returncode == 0
    copies = sorted(path.name for path in tmp_path.iterdir())
    assert copies == ["cs231n-cat.yaml", "islr-default.yaml", "midterm.yaml"]
    assert call(*copies, cwd=tmp_path).returncode == 0
    write(tmp_path / "midterm.yaml", "mine")
    done = call("examples", "midterm", cwd=tmp_path)
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert (tmp_path / "midterm.yaml").read_text() == "mine"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion(shell: str) -> None:
    done = call("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    for word in (*COMMANDS[1:], "format", "output", "detail", "digits", "only"):
        assert word in done.stdout
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=done.stdout, text=True).returncode == 0


COMPLETE = """
solve() {{ {program} "$@"; }}
source /dev/stdin <<< "$(solve completion bash)"
while read -r line; do
  IFS=" " read -ra COMP_WORDS <<< "$line."
  COMP_WORDS[-1]="${{COMP_WORDS[-1]%.}}"
  COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
  _solve
  echo "$line: ${{COMPREPLY[*]}}"
done
"""
COMPLETED = {
    "solve va": "validate",
    "solve so": "softmax.yaml",
    "solve softmax.yaml --for": "--format",
    "solve --format j": "json",
    "solve --detail b": "brief",
    "solve kinds log": "logistic-gd",
    "solve new m": "mlp-forward",
    "solve examples mid": "midterm",
    "solve completion z": "zsh",
}


def test_completion_in_bash(tmp_path: Path, softmax: Path) -> None:
    script = COMPLETE.format(program=f"{sys.executable} -m solver.cli.main")
    done = subprocess.run(
        ["bash", "-c", script],
        input="".join(f"{words}\n" for words in COMPLETED),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert dict(line.split(": ") for line in done.stdout.splitlines()) == COMPLETED


def test_version() -> None:
    for option in ("--version", "-V"):
        done = run(option)
        assert done.returncode == 0
        assert re.fullmatch(r"solve \d+\.\d+\S*\n", done.stdout)


@pytest.mark.parametrize("args", [["--help"], ["-h"], []])
def test_help(args: list[str]) -> None:
    done = run(*args)
    assert done.returncode == (0 if args else 2)
    told = done.stdout if args else done.stderr
    assert told.startswith("Usage: solve [OPTIONS]")
    assert all(name in told for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command(name: str) -> None:
    done = call(name, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: solve ")
    assert all(columns(line) <= 80 for line in done.stdout.splitlines())


def test_help_is_not_coloured() -> None:
    done = run("kinds", "--help", env={"GITHUB_ACTIONS": "true", "FORCE_COLOR": "1", "NO_COLOR": None})
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("args", "unwanted"),
    [
        (["--version"], {"typer", "numpy", "yaml", "pydantic", "rich"}),
        (["--help"], {"numpy", "yaml", "rich", "solver.kinds"}),
        (["completion", "bash"], {"numpy", "yaml", "rich"}),
        (["{file}"], {"rich", "scipy", "jsonschema"}),
    ],
)
def test_nothing_heavy_is_imported_early(softmax: Path, args: list[str], unwanted: set[str]) -> None:
    args = [arg.format(file=softmax) for arg in args]
    code = (
        "import sys, atexit\n"
        f"sys.argv = ['solve', *{args!r}]\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from solver.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert done.returncode == 0
    assert unwanted & set(done.stderr.split()) == set()


# ---------------------------------------------------------------- terminals, pipes, encodings


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({"NO_COLOR": None}, False),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": None, "FORCE_COLOR": "1"}, True),
        ({"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"NO_COLOR": None, "TERM": "dumb"}, False),
        ({"NO_COLOR": None, "GITHUB_ACTIONS": "true"}, False),
    ],
)
def test_colour_in_a_pipe(softmax: Path, env: dict[str, str | None], coloured: bool) -> None:
    done = call(softmax, env=env)
    assert ("\x1b[" in done.stdout) is coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", done.stdout) == call(softmax).stdout


def on_terminal(*args: Any, env: dict[str, str | None]) -> tuple[int, str]:
    """The exit status and what a terminal gets."""
    import pty

    leader, follower = pty.openpty()
    with subprocess.Popen(
        command(*args), stdin=follower, stdout=follower, stderr=follower, env=environment(env)
    ) as process:
        os.close(follower)
        got = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # the other end was closed
                break
            if not part:
                break
            got += part
        os.close(leader)
        return process.wait(30), got.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("env", "coloured"),
    [({"NO_COLOR": None}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": None, "TERM": "dumb"}, False)],
)
def test_colour_on_a_terminal(softmax: Path, env: dict[str, str | None], coloured: bool) -> None:
    status, page = on_terminal(softmax, "--no-pager", env=env)
    assert status == 0
    assert ("\x1b[" in page) is coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", page) == call(softmax).stdout


@pytest.mark.parametrize(("pager", "mark"), [("sed s/^/PAGED/", "PAGED"), ("cat", ""), ("no-such-pager", "")])
def test_pager(logistic: Path, pager: str, mark: str) -> None:
    status, page = on_terminal(logistic, env={"PAGER": pager})
    assert status == 0
    assert page == "".join(f"{mark}{line}\n" for line in call(logistic).stdout.splitlines())
    assert on_terminal(logistic, "--no-pager", env={"PAGER": pager})[1] == call(logistic).stdout


def test_a_pager_that_is_left_early(logistic: Path) -> None:
    status, page = on_terminal(logistic, env={"PAGER": "head -1"})
    assert status == 0
    assert page.count("\n") == 1
    assert "Traceback" not in page


@pytest.mark.parametrize("options", [[], ["--format", "json"]])
def test_a_pipe_that_is_closed_early(options: list[str]) -> None:
    many = [PROBLEMS] * 3
    with subprocess.Popen(
        command(*many, *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read().decode()
        status = process.wait(60)
    assert told == ""
    assert status in (0, 141)


def test_output_nobody_can_read(softmax: Path) -> None:
    script = 'exec "$@" >&-'
    done = subprocess.run(
        ["bash", "-c", script, "-", *command(softmax)], capture_output=True, text=True, env=environment()
    )
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk(softmax: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command(softmax), stdout=full, stderr=subprocess.PIPE, text=True, env=environment()
        )
    assert done.returncode == 2
    assert "no space left on device" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_interrupted(tmp_path: Path) -> None:
    fields = {**LOGISTIC["given"], "iterations": 100_000}  # type: ignore[dict-item]
    slow = write(tmp_path / "slow.yaml", {"kind": "logistic-gd", "given": fields})
    with subprocess.Popen(
        command(slow), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=10)
    assert process.returncode == 130
    assert told.decode().strip() in ("", "interrupted")


@pytest.mark.parametrize("name", ["midterm.yaml", "softmax-ce/derivation.yaml"])
def test_ascii(name: str) -> None:
    done = run(PROBLEMS / name, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "\\u" not in done.stdout
    assert "\\x" not in done.stdout


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp437", "utf-16"])
def test_no_encoding_is_an_error(softmax: Path, encoding: str) -> None:
    env = environment({"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    done = subprocess.run(command(softmax), capture_output=True, env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Answer" in done.stdout.decode(encoding)
    assert "\\u" not in done.stdout.decode(encoding)


def test_the_c_locale(softmax: Path) -> None:
    for env in ({"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = run(softmax, env=env)
        assert (done.returncode, done.stdout) == (0, call(softmax).stdout)


@pytest.mark.parametrize(
    ("room", "detail"), [(40, "normal"), (40, "full"), (80, "brief"), (120, "normal"), (200, "full")]
)
def test_no_line_is_wider_than_the_terminal(room: int, detail: str) -> None:
    done = call(PROBLEMS, "--detail", detail, env={"COLUMNS": str(room)})
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if columns(line) > room] == []


# ---------------------------------------------------------------- texts that would do harm

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07",
    "[red]red[/red] [/b] [link=https://example.org]x[/link] :warning:",
    "a\u202eb\u2066c\u2069",
    "\x9b31m \x85 \u2028 \u2029",
    "\x00\x08\x7f",
    "{t} {} %s %(x)s {0.__class__} $HOME `id` $(id)",
    "\\u001b[31m \\N{BELL} &#27;",
    "\ud800",
    "\u0301" * 50,
)


TEXTS = ("title", "statement", "source", "id")
"""The fields that a user fills with words."""


def hostile(text: str) -> str:
    """A stream of problems, each with the text in another field."""
    typed = json.dumps(text).replace("\x7f", "\\x7f")  # double quotes of YAML read JSON's escapes
    return "---\n".join(f"{name}: {typed}\n{as_yaml(SOFTMAX)}" for name in TEXTS)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_only_text(tmp_path: Path, text: str) -> None:
    done = call(write(tmp_path / "hostile.yaml", hostile(text)))
    assert "Traceback" not in done.stderr
    assert STEERING.findall(done.stdout + done.stderr) == []
    if text.isascii() and text.isprintable():
        assert done.stderr == ""
        assert done.stdout.startswith(text)


def test_hostile_texts_in_json(tmp_path: Path) -> None:
    done = call(write(tmp_path / "p.yaml", "---\n".join(map(hostile, HOSTILE))), "--format", "json")
    problems = json.loads(done.stdout)["problems"]
    assert len(problems) >= len(TEXTS)
    assert "\x1b" not in done.stdout


def test_steering_is_removed_from_coloured_pages(tmp_path: Path) -> None:
    path = write(tmp_path / "p.yaml", 'title: "a\\e[2Jb[/b] :warning:"\n' + as_yaml(SOFTMAX))
    done = call(path, env={"NO_COLOR": None, "FORCE_COLOR": "1"})
    assert "\x1b[2J" not in done.stdout
    assert "Traceback" not in done.stderr


def test_lines_without_end(tmp_path: Path) -> None:
    path = write(tmp_path / "long.yaml", hostile("x" * 100_000) + "---\n" + hostile("x y " * 25_000))
    started = time.monotonic()
    done = call(path)
    assert time.monotonic() - started < 5
    assert "Traceback" not in done.stderr
    assert [line for line in done.stdout.splitlines() if columns(line) > 80] == []


def test_hostile_names_of_files(tmp_path: Path) -> None:
    names = ("\x1b[31mred.yaml", "a\nb.yaml", "[b]bold[red].yaml", "\u202eevil.yaml", "it's `x` $(id).yaml")
    for name in names:
        write(tmp_path / name, BAD)
    (tmp_path / os.fsdecode(b"caf\xe9.yaml")).write_text(BAD)
    done = call(tmp_path)
    assert done.returncode == 2
    assert STEERING.findall(done.stderr) == []
    assert done.stderr.count("is not a number") == len(names) + 1
    assert len(json.loads(call(tmp_path, "--format", "json").stdout)["problems"]) == len(names) + 1


def test_yaml_of_ours_is_read_alike_by_others() -> None:
    """What our reader takes a file for does not depend on it: PyYAML finds the same fields."""
    for path in files.problem_files([str(PROBLEMS)]):
        documents = list(yaml.safe_load_all(Path(path).read_text(encoding="utf-8")))
        assert all("kind" in each or "problems" in each for each in documents)
