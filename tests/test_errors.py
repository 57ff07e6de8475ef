"""How faults are drawn: whole messages, at the widths and with the texts that go wrong."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import time

import pytest

from solver.errors import (
    SolverError,
    SolverErrors,
    Source,
    Span,
    clean,
    did_you_mean,
    draw,
    listed,
    quoted,
)


def drawn(text: str, word: str, message: str = "wrong", hint: str | None = None) -> str:
    """The error drawn at the first occurrence of a word of the text."""
    start = text.index(word)
    return draw(SolverError(message, Source("p.yaml", text).span(start, start + len(word)), hint))


def test_place_excerpt_carets_and_hint() -> None:
    text = "kind: k-means\ngiven:\n  k: 2\n  points: [[0, 1], [2 3]]\n"
    message = "a number is expected, not the text `2 3`"
    hint = "is a comma missing between two numbers?"
    assert drawn(text, "2 3", message, hint) == (
        "p.yaml:4:21: error: a number is expected, not the text `2 3`\n"
        "  4 |   points: [[0, 1], [2 3]]\n"
        "    |                     ^^^\n"
        "  = hint: is a comma missing between two numbers?"
    )


def test_without_a_place() -> None:
    assert draw(SolverError("no such file")) == "error: no such file"
    assert draw(SolverError("no such kind", hint="see `solve kinds`")) == (
        "error: no such kind\n  = hint: see `solve kinds`"
    )


def test_an_empty_file_has_no_excerpt() -> None:
    assert draw(SolverError("the file is empty", Source("p.yaml", "").span(0, 0))) == (
        "p.yaml:1:1: error: the file is empty"
    )


def test_several_lines_of_message_stay_lines() -> None:
    assert draw(SolverError("both are possible:\n  0.1; 2\n  0; 1.2")) == (
        "error: both are possible:\n  0.1; 2\n  0; 1.2"
    )


def test_a_span_of_several_lines_is_marked_on_its_first() -> None:
    assert drawn("a: [1,   \n  2]\n", "[1,   \n  2]") == (
        "p.yaml:1:4: error: wrong\n  1 | a: [1,\n    |    ^^^"
    )


def test_a_place_at_the_end_of_a_line_has_one_caret() -> None:
    assert drawn("a:\nb: 1", "\n") == "p.yaml:1:3: error: wrong\n  1 | a:\n    |   ^"


def test_a_place_beyond_the_text_does_no_harm() -> None:
    source = Source("p.yaml", "a: 1")
    assert draw(SolverError("wrong", Span(source, 9, 1, 9, 2))) == "p.yaml:9:1: error: wrong"
    assert draw(SolverError("wrong", Span(source, 1, 50, 1, 60))) == (
        "p.yaml:1:50: error: wrong\n  1 | a: 1\n    |     ^"
    )


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert drawn("題: [日本, x]", "x") == "p.yaml:1:9: error: wrong\n  1 | 題: [日本, x]\n    |            ^"
    assert drawn("a: [日本]", "日本") == "p.yaml:1:5: error: wrong\n  1 | a: [日本]\n    |     ^^^^"
    assert drawn("e\u0301: x", "x") == "p.yaml:1:5: error: wrong\n  1 | e\u0301: x\n    |    ^"


def test_tabs_stay_aligned() -> None:
    assert drawn("a:\t\tx", "x") == "p.yaml:1:5: error: wrong\n  1 | a:        x\n    |           ^"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\x85", "\u2028"])
def test_every_line_end_of_yaml_counts(end: str) -> None:
    assert drawn(f"a: 1{end}b: x{end}c: 2", "x") == "p.yaml:2:4: error: wrong\n  2 | b: x\n    |    ^"


def test_a_line_of_100_kilobytes_is_clipped_around_the_caret() -> None:
    line = "x: [" + ", ".join(str(number) for number in range(20_000)) + "]"
    assert drawn(line, " 9999") == (
        "p.yaml:1:58888: error: wrong\n"
        "  1 | … 9989, 9990, 9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999, 10000, 10001,"
        " 10002, 10003, 10004…\n"
        "    |                                                              ^^^^^"
    )


def test_the_ends_of_a_long_line_are_not_clipped() -> None:
    line = "a" + "b" * 200 + "c"
    assert drawn(line, "a").splitlines()[1:] == ["  1 | a" + "b" * 99 + "…", "    | ^"]
    assert drawn(line, "c").splitlines()[1:] == ["  1 | …" + "b" * 60 + "c", "    | " + " " * 61 + "^"]
    assert drawn(line, line).splitlines()[2] == "    | " + "^" * 100


def test_a_long_line_of_wide_characters_is_clipped_by_columns() -> None:
    excerpt, carets = drawn("日" * 300 + "x" + "本" * 300, "x").splitlines()[1:]
    assert excerpt == "  1 | …" + "日" * 30 + "x" + "本" * 19 + "…"
    assert carets == "    | " + " " * 61 + "^"


def test_nothing_hostile_reaches_the_terminal() -> None:
    error = drawn("a: \x1b[31m\u202e", "\x1b", "not \x1b]0;x\x07 a\rnumber", "use \x9b31m")
    assert error == (
        "p.yaml:1:4: error: not ␛]0;x␇ a␍number\n  1 | a: ␛[31m\ufffd\n    |    ^\n  = hint: use \ufffd31m"
    )
    assert (
        draw(SolverError("wrong", Source("\udcff\n.yaml", "").span(0, 0))) == "\ufffd␊.yaml:1:1: error: wrong"
    )


def test_clean() -> None:
    assert clean("a\tb\nc\x7f\u2066\u2029\ud800") == "a    b␊c␡\ufffd\ufffd\ufffd"
    assert clean("a\nb\r\x00", newlines=True) == "a\nb␍␀"
    assert clean("θ ← θ − α∇L, 日本, نیم‌فاصله") == "θ ← θ − α∇L, 日本, نیم‌فاصله"


def test_all_faults_of_a_problem() -> None:
    source = Source("p.yaml", "a: x\n")
    first = SolverError("one", source.span(3, 4), "mend it")
    both = SolverErrors([first, SolverError("two")])
    assert isinstance(both, SolverError)
    assert (both.message, both.span, both.hint) == (first.message, first.span, first.hint)
    assert draw(both) == "p.yaml:1:4: error: one\n  1 | a: x\n    |    ^\n  = hint: mend it\nerror: two"


def test_errors_travel_between_processes() -> None:
    error = SolverError("one", Source("p.yaml", "a: x\n").span(3, 4), "mend it")
    both = SolverErrors([error, SolverError("two")])
    assert str(both) == str(error) == "one"
    for same in (pickle.loads(pickle.dumps(both)), copy.copy(both)):
        assert type(same) is SolverErrors
        assert draw(same) == draw(both)
    assert draw(pickle.loads(pickle.dumps(error))) == draw(error)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("sun", "did you mean `sum`?"),
        ("Mean", "did you mean `mean`?"),
        ("learning-rate", "did you mean `learning_rate`?"),
        ("iter", "did you mean `iterations`?"),
        ("X", "did you mean `x`?"),
        ("zzz", None),
        ("z", None),
        ("", None),
        ("s" * 100_000, None),
    ],
)
def test_did_you_mean(word: str, hint: str | None) -> None:
    assert did_you_mean(word, ["sum", "mean", "learning_rate", "iterations", "x"]) == hint


def test_did_you_mean_among_nothing() -> None:
    assert did_you_mean("sum", []) is None


def test_listed_and_quoted() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "`a`"
    assert listed(["a", "b"]) == "`a` or `b`"
    assert listed(["a", "b", "c"]) == "`a`, `b` or `c`"
    assert quoted("x" * 61) == "`" + "x" * 59 + "…`"
    assert quoted("a\nb") == "`a␊b`"


def test_a_thousand_errors_of_a_big_file_are_drawn_fast() -> None:
    source = Source("p.yaml", "a: 1\n" * 200_000)
    started = time.perf_counter()
    for start in range(0, 1_000_000, 1000):
        draw(SolverError("wrong", source.span(start, start + 1)))
    assert time.perf_counter() - started < 2


def test_the_ground_floor_imports_the_standard_library_only() -> None:
    code = "import sys, solver.errors; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "yaml", "rich", "typer", "pydantic", "difflib"} & set(modules)
