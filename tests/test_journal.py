"""The journal: whole lines whatever happens, found again, and parts that fit together."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from conftest import environment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.errors import SolverError, draw
from solver.grading import journal as module
from solver.grading.journal import (
    STATUSES,
    HeaderChanged,
    Item,
    Journal,
    Outcome,
    header,
    merge,
    outcomes,
    sharded,
)

HEADER = {"format": 1, "program": "0.1.0", "key": "a" * 64, "options": {"timeout": 10}}

TEXTS = st.text(st.characters(), max_size=20) | st.sampled_from(
    [',"result":', '","message":"', "\n", "\ud800", "\u2028", "}\n{", "\\", '"', "é", "\x1b[2J", "\0"]
)


@st.composite
def outcome(draw_: st.DrawFn, order: int = 0) -> Outcome:
    status = draw_(st.sampled_from(STATUSES))
    text = draw_(TEXTS)
    content = json.dumps(
        {"answers": [text], text: {"result": 1, "message": [text]}} if status == "ok" else text
    )
    ms = draw_(st.integers(0, 10**8)) / 1000
    return Outcome(draw_(TEXTS), draw_(TEXTS), order, status, ms, content)


def plain(number: int, result: str = '{"points":"3/2"}') -> Outcome:
    return Outcome(f"{number:064x}", f"answers/s{number}.yaml", number, "ok", 1.5, result)


def item_of(found: Outcome) -> Item:
    return Item(found.key, found.label, None)


def written(
    path: Path, found: list[Outcome], head: dict[str, object] | None = None, end: bool = True
) -> Path:
    with Journal.open(path, head or HEADER) as journal:
        for one in found:
            journal.record(one)
        if end:
            journal.end()
    return path


def message(error: SolverError) -> str:
    return draw(error)


@given(st.lists(outcome(), max_size=6, unique_by=lambda found: (found.key, found.label)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_recorded_is_found(tmp_path: Path, found: list[Outcome]) -> None:
    path = tmp_path / "journal.jsonl"
    path.unlink(missing_ok=True)
    found = [one.but(order=place) for place, one in enumerate(found)]
    with Journal.open(path, HEADER) as journal:
        for one in found:
            journal.record(one)
            assert journal.find(item_of(one)) == one
    assert path.read_bytes().isascii()
    assert len(path.read_bytes().splitlines()) == 1 + len(found)
    with Journal.resume(path, HEADER) as journal:
        assert (len(journal), journal.damaged) == (len(found), 0)
        assert [journal.find(item_of(one)) for one in found] == found
    assert list(outcomes(path)) == found


@given(st.lists(outcome(), min_size=1, max_size=4), st.integers(0, 10**6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_wherever_it_was_torn_it_goes_on(tmp_path: Path, found: list[Outcome], cut: int) -> None:
    path = tmp_path / "journal.jsonl"
    path.unlink(missing_ok=True)
    found = [one.but(label=f"{place} {one.label}", order=place) for place, one in enumerate(found)]
    whole = written(path, found, end=False).read_bytes()
    cut %= len(whole) + 1
    path.write_bytes(whole[:cut])
    with Journal.resume(path, HEADER) as journal:
        assert len(journal) == max(0, whole[:cut].count(b"\n") - 1)
        assert journal.damaged == 0
        for one in found:
            if journal.find(item_of(one)) is None:
                journal.record(one)
    assert path.read_bytes() == whole


def test_two_files_alike_are_two_items(tmp_path: Path) -> None:
    first = plain(1)
    path = written(tmp_path / "journal.jsonl", [first])
    with Journal.resume(path, HEADER) as journal:
        assert journal.find(Item(first.key, first.label, b"")) == first
        assert journal.find(Item(first.key, "answers/s2.yaml", b"")) is None
        assert journal.find(Item("b" * 64, first.label, b"")) is None


def test_of_two_lines_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    failed = plain(1).but(status="crash", text='"killed"')
    written(path, [failed, plain(2)])
    with Journal.resume(path, HEADER, again={"crash"}) as journal:
        assert len(journal) == 1
        assert journal.find(item_of(failed)) is None
        journal.record(plain(1))
        assert journal.find(item_of(failed)) == plain(1)
    assert list(outcomes(path)) == [plain(1), plain(2)]


def test_outcomes_come_in_the_order_of_the_class(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl", [plain(n) for n in (3, 0, 2, 1)])
    assert [found.order for found in outcomes(path)] == [0, 1, 2, 3]
    assert header(path) == HEADER


def test_damaged_lines_are_graded_again(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl", [plain(n) for n in range(4)], end=False)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b"\0" * 40 + b"\n"  # as a power cut leaves it
    lines[3] = lines[3].replace(b'{"points"', b'{"points')
    path.write_bytes(b"".join(lines))
    with Journal.resume(path, HEADER) as journal:
        assert journal.damaged == 1
        assert [journal.find(item_of(plain(n))) is not None for n in range(4)] == [True, False, False, True]
        journal.record(plain(1))
        journal.record(plain(2))
        journal.end()
    assert list(outcomes(path)) == [plain(n) for n in range(4)]


def test_a_journal_is_not_written_over(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl", [plain(1)])
    before = path.read_bytes()
    with pytest.raises(SolverError, match="exists already"):
        Journal.open(path, HEADER)
    assert path.read_bytes() == before
    with Journal.open(path, HEADER, replace=True) as journal:
        assert journal.find(item_of(plain(1))) is None
        journal.record(plain(2))
        assert journal.find(item_of(plain(2))) == plain(2)
    assert list(outcomes(path)) == [plain(2)]


@pytest.mark.parametrize(
    "content",
    [b"kind: logistic-gd\n", b"{}\n", b"[1]\n", b"\xff\n", b"[" * 10**5, b'{"format": 2}\n', b"{\n"],
)
def test_other_files_are_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "problem.yaml"
    path.write_bytes(content)
    for opened in (
        lambda: Journal.resume(path, HEADER),
        lambda: Journal.open(path, HEADER),
        lambda: Journal.open(path, HEADER, replace=True),
        lambda: list(outcomes(path)),
        lambda: list(merge([path])),
    ):
        with pytest.raises(SolverError, match=r"is no journal of|exists already|another version"):
            opened()
    assert path.read_bytes() == content


def test_files_that_cannot_be_opened_are_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "journal.jsonl", f"{tmp_path}/\0"):
        with pytest.raises(SolverError, match="cannot be opened: "):
            Journal.resume(path, HEADER)
        with pytest.raises(SolverError, match="cannot be read: "):
            list(outcomes(path))


def test_a_missing_or_empty_journal_is_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    for name in ("empty.jsonl", "missing.jsonl"):
        with Journal.resume(tmp_path / name, HEADER) as journal:
            assert len(journal) == 0
        assert header(tmp_path / name) == HEADER


def test_another_header_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(Path("journal.jsonl"), [plain(1)])
    other = {"format": 1, "program": "0.2.0", "key": "b" * 64, "shard": "1/2"}
    with pytest.raises(HeaderChanged) as raised:
        Journal.resume(path, other)
    assert raised.value.changed == {
        "program": ("0.1.0", "0.2.0"),
        "key": ("a" * 64, "b" * 64),
        "options": ({"timeout": 10}, None),
        "shard": (None, "1/2"),
    }
    assert message(raised.value) == (
        'error: the journal `journal.jsonl` belongs to another run: `program` was `"0.1.0"`, is `"0.2.0"`; '
        '`key` is another; `options` was `{"timeout": 10}`, is `null`; `shard` was `null`, is `"1/2"`\n'
        "  = hint: grade again with a new journal"
    )
    with Journal.open(path, other, replace=True):  # the lock has been let go
        pass


def test_two_runs_cannot_write_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal.open(path, HEADER):
        with pytest.raises(SolverError, match="another run is writing the journal"):
            Journal.resume(path, HEADER)
        code = (
            "import sys; from solver.grading.journal import Journal; from solver.errors import SolverError\n"
            f"try: Journal.resume({str(path)!r}, {HEADER!r})\n"
            "except SolverError as error: print(error.hint)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
        assert done.stdout.startswith("wait until it ends")
        assert list(outcomes(path)) == []  # reading needs no lock
    with Journal.resume(path, HEADER):
        pass


def test_closing_twice_does_nothing(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.jsonl", HEADER) as journal:
        journal.close()


def test_a_full_disk_is_told_and_what_was_written_of_the_line_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    real = os.write
    with Journal.open(path, HEADER) as journal:
        journal.record(plain(1))

        def full(file: int, data: bytes) -> int:
            if len(data) < 40:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(file, data[:30])

        monkeypatch.setattr(module.os, "write", full)
        with pytest.raises(SolverError, match="cannot be written: no space left on device"):
            journal.record(plain(2))
        monkeypatch.undo()
    assert not path.read_bytes().endswith(b"\n")
    assert list(outcomes(path)) == [plain(1)]
    with Journal.resume(path, HEADER) as journal:
        assert len(journal) == 1
        journal.record(plain(2))
        assert journal.find(item_of(plain(2))) == plain(2)
    assert list(outcomes(path)) == [plain(1), plain(2)]


def test_ten_thousand_lines_are_read_at_once_and_kept_small(tmp_path: Path) -> None:
    result = json.dumps({"answers": [{"name": f"w({n})", "message": "x" * 60} for n in range(20)]})
    path = written(tmp_path / "journal.jsonl", [plain(n, result) for n in range(10_000)])
    assert path.stat().st_size > 15e6
    started = time.process_time()
    with Journal.resume(path, HEADER) as journal:
        assert time.process_time() - started < 0.5  # 0.06 s on an idle computer
        assert journal.find(item_of(plain(7777))) == plain(7777, result)
    tracemalloc.start()
    with Journal.resume(path, HEADER):
        assert tracemalloc.get_traced_memory()[0] < 3e6
    tracemalloc.stop()


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=40, unique=True), st.integers(1, 6))
def test_parts_are_a_partition(names: list[tuple[str, str]], n: int) -> None:
    items = [Item(key, label, b"") for key, label in names]
    parts = [list(sharded(items, i, n)) for i in range(1, n + 1)]
    together = sorted((item for part in parts for item in part), key=lambda item: item.order or 0)
    assert [item.but(order=None) for item in together] == items
    assert [item.order for item in together] == list(range(len(items)))


def test_parts_are_about_equal_and_do_not_depend_on_the_order() -> None:
    items = [Item(f"{n:064x}", f"s{n}.yaml", b"") for n in range(4000)]
    parts = [{item.key for item in sharded(items, i, 8)} for i in range(1, 9)]
    assert [{item.key for item in sharded(items[::-1], i, 8)} for i in range(1, 9)] == parts
    assert all(400 < len(part) < 600 for part in parts)


@pytest.mark.parametrize(("i", "n"), [(0, 3), (4, 3), (-1, 3), (1, 0)])
def test_parts_are_counted_from_one(i: int, n: int) -> None:
    with pytest.raises(SolverError, match=f"there is no part {i} of {n}"):
        list(sharded([], i, n))


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Journals of the three parts of a class of 50, in the current folder."""
    monkeypatch.chdir(tmp_path)
    items = [item_of(plain(n)) for n in range(50)]
    return [
        written(
            Path(f"part{i}.jsonl"),
            [plain(item.order or 0) for item in sharded(items, i, 3)],
            {**HEADER, "shard": f"{i}/3"},
        )
        for i in (1, 2, 3)
    ]


def test_parts_merge_to_the_class(parts: list[Path]) -> None:
    assert list(merge(parts)) == [plain(n) for n in range(50)]
    assert list(merge(parts[::-1])) == [plain(n) for n in range(50)]


def test_one_whole_journal_merges_to_itself(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl", [plain(n) for n in (2, 0, 1)])
    assert list(merge([path])) == [plain(n) for n in range(3)]


def test_parts_that_do_not_fit_are_told(parts: list[Path]) -> None:
    def told(*paths: Path) -> str:
        with pytest.raises(SolverError) as raised:
            list(merge(paths))
        return message(raised.value).removeprefix("error: ")

    assert told() == "there is nothing to merge"
    assert told(parts[0], parts[2]) == "missing parts of the class: 2/3"
    assert told(*parts, parts[0]) == "`part1.jsonl` and `part1.jsonl` are both part `1/3`"
    other = written(Path("other.jsonl"), [], {**HEADER, "shard": "2/3", "program": "0.2.0"})
    assert told(parts[0], other, parts[2]).splitlines() == [
        '`part1.jsonl` and `other.jsonl` are not parts of one run: `program` was `"0.1.0"`, is `"0.2.0"`',
        "  = hint: grade all parts with the same problems, options and version",
    ]
    fourth = written(Path("fourth.jsonl"), [], {**HEADER, "shard": "4/4"})
    assert told(*parts, fourth) == "these parts do not belong together: `1/3`, `2/3`, `3/3`, `4/4`"
    beyond = written(Path("beyond.jsonl"), [], {**HEADER, "shard": "4/3"})
    assert told(*parts, beyond) == "these parts do not belong together: `1/3`, `2/3`, `3/3`, `4/3`"
    half = written(Path("half.jsonl"), [], {**HEADER, "shard": "2/3"}, end=False)
    assert told(parts[0], half, parts[2]).splitlines() == [
        "the part `half.jsonl` is not finished",
        "  = hint: finish it with --resume half.jsonl",
    ]
    first = next(outcomes(parts[0]))
    twice = written(Path("twice.jsonl"), [first], {**HEADER, "shard": "2/3"})
    assert told(parts[0], twice, parts[2]) == (
        f"`{first.label}` is in two parts, `part1.jsonl` and `twice.jsonl`"
    )


def test_a_part_with_a_damaged_line_is_not_finished(parts: list[Path]) -> None:
    lines = parts[1].read_bytes().splitlines(keepends=True)
    lines[3] = b"\0" * 40 + b"\n"
    parts[1].write_bytes(b"".join(lines))
    with pytest.raises(SolverError, match="is not finished"):
        list(merge(parts))
