"""Batches: a submission that fails costs only itself, nothing is lost, and the number of workers does not show."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import kills
import pytest
from kills import HEADER, die, items, perform, prepare, refuse

from solver.errors import SolverError
from solver.grading import batch
from solver.grading.batch import Pool, processors, run
from solver.grading.journal import Item, Journal, Outcome, outcomes

TESTS = Path(__file__).parent
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="memory limits")


def with_payloads(*payloads: str) -> list[Item]:
    """Items with these payloads."""
    return [item.but(payload=payload) for item, payload in zip(items(len(payloads)), payloads, strict=True)]


def told(found: Sequence[Outcome]) -> list[tuple[str, str, Any]]:
    """What must not depend on how a run was made: all but the time."""
    return [(outcome.label, outcome.status, outcome.result or outcome.message) for outcome in found]


@pytest.mark.parametrize("jobs", [0, 1, 2, 5])
def test_results_do_not_depend_on_the_number_of_workers(jobs: int) -> None:
    found = list(run(items(300), prepare, jobs=jobs))
    assert told(found) == [(item.label, "ok", json.loads(json.dumps(perform(item)))) for item in items(300)]
    assert [outcome.order for outcome in found] == list(range(300))


@pytest.mark.parametrize("jobs", [0, 2])
def test_nothing_to_do(jobs: int) -> None:
    assert list(run([], prepare, jobs=jobs)) == []
    assert list(run(iter([]), prepare, jobs=jobs)) == []


@pytest.mark.parametrize("jobs", [0, 1])
def test_an_exception_is_told_with_its_place(jobs: int) -> None:
    hostile = with_payloads("raise \x1b[2J no", "leave now", "recurse", "nan", "list", "x", "7")
    found = list(run(hostile, prepare, jobs=jobs))
    assert [outcome.status for outcome in found] == ["error"] * 6 + ["ok"]
    messages = [outcome.message or "" for outcome in found]
    assert messages[0].startswith("ValueError: \x1b[2J no (kills.py, line ")
    assert messages[1].startswith("SystemExit: now (kills.py")
    assert messages[2] == "it is nested too deeply"
    assert messages[3].startswith("ValueError: Out of range float values")
    assert messages[4].startswith("TypeError: a result is a dict or its text, not list")
    assert messages[5].startswith("ValueError: invalid literal")


def test_long_messages_are_cut() -> None:
    (found,) = run(with_payloads("raise " + "x" * 10_000), prepare, jobs=0)
    assert len(found.message or "") < 600


def complain(item: Item) -> dict[str, Any]:
    raise SolverError("the file is empty")


def test_errors_meant_for_people_stand_as_they_are() -> None:
    (found,) = run(items(1), lambda: complain, jobs=0)
    assert (found.status, found.message) == ("error", "the file is empty")


@posix
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_kills_its_worker_costs_only_itself(jobs: int) -> None:
    hostile = {7: "exit 0", 8: "exit 3", 30: "kill SIGSEGV", 31: "kill SIGKILL", 99: "kill SIGABRT"}
    wanted = [item.but(payload=hostile.get(n, item.payload)) for n, item in enumerate(items(100))]
    found = list(run(wanted, prepare, jobs=jobs))
    assert {n: outcome.message for n, outcome in enumerate(found) if outcome.status != "ok"} == {
        7: "the marking ended the program with exit status 0",
        8: "the marking ended the program with exit status 3",
        30: "the marking crashed (SIGSEGV)",
        31: "the marking was killed (SIGKILL), perhaps because the computer ran out of memory",
        99: "the marking crashed (SIGABRT)",
    }
    assert {outcome.status for outcome in found} == {"ok", "crash"}
    assert [outcome.label for outcome in found] == [item.label for item in wanted]


@posix
def test_what_hangs_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_GRACE", 0.2)
    hostile = {3: "hang", 4: "swallow", 20: "deaf", 21: "sleep 60"}
    wanted = [item.but(payload=hostile.get(n, item.payload)) for n, item in enumerate(items(60))]
    started = time.monotonic()
    found = list(run(wanted, prepare, jobs=2, timeout=0.3))
    assert time.monotonic() - started < 5
    late = {n: (o.status, o.message) for n, o in enumerate(found) if o.status != "ok"}
    assert late == dict.fromkeys(hostile, ("timeout", "it took longer than 0.3 s"))
    assert all(250 < found[n].ms < 2000 for n in hostile)


@linux
def test_what_eats_memory_costs_only_itself() -> None:
    wanted = with_payloads("1", f"eat {10**9}", "2", "eat-slowly", "3", f"eat {10**6}", "4")
    found = list(run(wanted, prepare, jobs=1, memory=200 << 20, timeout=20))
    assert [outcome.status for outcome in found] == ["ok", "memory", "ok", "memory", "ok", "ok", "ok"]
    assert found[1].message == "the memory was not enough; 200 MB are allowed"


def test_what_is_printed_does_not_disturb(capfd: pytest.CaptureFixture[str]) -> None:
    found = list(run(with_payloads("1", "print", "2"), prepare, jobs=1))
    assert [outcome.status for outcome in found] == ["ok"] * 3
    assert capfd.readouterr() == ("", "")


def test_large_items_and_large_results() -> None:
    wanted = with_payloads(*(["long 300000"] * 30), *(f"raise {'x' * 2_000_000}" for _ in range(20)))
    found = list(run(wanted, prepare, jobs=2))
    assert [outcome.status for outcome in found] == ["ok"] * 30 + ["error"] * 20
    assert all(outcome.result == {"text": "é" * 300_000} for outcome in found[:30])


@linux
def test_an_item_that_no_worker_can_hold() -> None:
    wanted = with_payloads("1", "raise " + "x" * (100 << 20), "2", "3")
    found = list(run(wanted, prepare, jobs=1, memory=64 << 20))
    assert [outcome.status for outcome in found] == ["ok", "crash", "ok", "ok"]


def test_workers_are_renewed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(batch, "RENEWED", 20)
    note = str(tmp_path / "workers")
    assert len(list(run(items(200), prepare, [note], jobs=2))) == 200
    assert 5 <= len(set(Path(note).read_text().split())) <= 11


@pytest.mark.parametrize("jobs", [0, 2])
def test_a_preparation_that_fails_is_raised(jobs: int) -> None:
    with pytest.raises(ValueError, match="nothing to prepare"):
        list(run(items(3), refuse, jobs=jobs))


def test_a_preparation_that_cannot_be_imported_is_told() -> None:
    with pytest.raises((AttributeError, pickle.PicklingError), match="local"):
        list(run(items(3), lambda: perform, jobs=1))


def test_a_preparation_that_ends_its_process_is_told() -> None:
    with pytest.raises(SolverError, match=r"no worker can be started: .* exit status 3"):
        list(run(items(3), die, jobs=1))


def test_modules_of_the_folder_are_not_imported(tmp_path: Path) -> None:
    for name in ("json", "numpy", "struct", "solver"):
        (tmp_path / f"{name}.py").write_text(
            "raise SystemExit('imported from the folder of the submissions')"
        )
    code = (
        f"import sys; sys.path[:] = {[str(TESTS), *(p for p in sys.path if p)]!r}\n"
        "import kills; from solver.grading.batch import run\n"
        "print(*(outcome.status for outcome in run(kills.items(3), kills.prepare, jobs=1)))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("ok ok ok\n", "")


def test_items_are_not_taken_far_ahead() -> None:
    taken = []

    def source() -> Iterator[Item]:
        for item in items(5000):
            taken.append(item)
            yield item

    with closing(run(source(), prepare, jobs=2)) as found:
        for place, _ in zip(range(50), found, strict=False):
            assert len(taken) <= place + batch.AHEAD + 1


def test_large_items_are_not_taken_far_ahead() -> None:
    taken = []

    def source() -> Iterator[Item]:
        for item in items(100):
            taken.append(item)
            yield item.but(payload=f"raise {'x' * (8 << 20)}")

    with closing(run(source(), prepare, jobs=1)) as found:
        next(found)
        assert len(taken) <= 9 + 16


def test_a_source_that_fails_fails_the_run() -> None:
    def source() -> Iterator[Item]:
        yield from items(40)
        raise OSError("the folder has gone")

    with pytest.raises(OSError, match="the folder has gone"):
        list(run(source(), prepare, jobs=2))


@pytest.mark.parametrize("jobs", [0, 2])
def test_progress_is_told(jobs: int) -> None:
    seen: list[tuple[int, int | None]] = []

    def progress(done: int, total: int | None) -> None:
        seen.append((done, total))

    list(run(items(50), prepare, jobs=jobs, progress=progress))
    assert seen == [(n, 50) for n in range(1, 51)]
    seen.clear()
    list(run(iter(items(3)), prepare, jobs=jobs, progress=progress))
    assert seen == [(1, None), (2, None), (3, None)]


def test_a_pool_serves_several_runs(tmp_path: Path) -> None:
    note = str(tmp_path / "workers")
    with Pool(prepare, [note], jobs=2) as pool:
        for _ in range(3):
            assert len(list(pool.outcomes(items(100)))) == 100
        assert 1 <= len(Path(note).read_text().split()) <= 2


@posix
def test_a_worker_that_was_killed_between_two_runs_is_replaced(tmp_path: Path) -> None:
    note = tmp_path / "workers"
    with Pool(prepare, [str(note)], jobs=1) as pool:
        list(pool.outcomes(items(1)))
        os.kill(int(note.read_text()), signal.SIGKILL)
        for _ in range(3):
            assert [outcome.status for outcome in pool.outcomes(items(1))] == ["ok"]


def test_a_pool_goes_on_after_a_run_that_was_left() -> None:
    with Pool(prepare, jobs=2) as pool:
        for count in (100, 200):
            with closing(pool.outcomes(items(count))) as left:
                next(left)
            assert told(list(pool.outcomes(items(count)))) == told(list(run(items(count), prepare, jobs=0)))


@posix
def test_idle_workers_end(tmp_path: Path) -> None:
    note = tmp_path / "workers"
    with Pool(prepare, [str(note)], jobs=1, idle=0.2) as pool:
        list(pool.outcomes(items(1)))
        time.sleep(0.5)
        assert [outcome.status for outcome in pool.outcomes(items(2))] == ["ok", "ok"]
    assert len(note.read_text().split()) == 2


def test_an_iterator_that_is_left_stops_its_workers(tmp_path: Path) -> None:
    note = tmp_path / "workers"
    found = run(items(1000), prepare, [str(note)], jobs=2)
    assert len(list(islice(found, 10))) == 10
    found.close()
    assert list(kills._orphans(tmp_path.parent, patience=2.0)) == []
    assert threading.active_count() < 10


def test_at_least_one_processor() -> None:
    assert 1 <= processors() <= 4096
    with pytest.raises(ValueError, match="at least one worker"):
        list(run(items(1), prepare, jobs=-1))


@pytest.mark.parametrize("jobs", [0, 2])
def test_what_the_journal_has_is_not_done_again(tmp_path: Path, jobs: int) -> None:
    path, note = tmp_path / "journal.jsonl", str(tmp_path / "workers")
    with Journal.open(path, HEADER) as journal:
        first = list(run(items(60)[::2], prepare, jobs=jobs, journal=journal))
    with Journal.resume(path, HEADER) as journal:
        second = list(run(items(60), prepare, [note], jobs=jobs, journal=journal))
    assert second[::2] == [outcome.but(order=2 * outcome.order) for outcome in first]
    assert told(second) == told(list(run(items(60), prepare, jobs=0)))
    assert len(path.read_bytes().splitlines()) == 1 + 30 + 1 + 30 + 1
    with Journal.resume(path, HEADER) as journal:
        assert list(run(items(60), refuse if jobs else prepare, jobs=jobs, journal=journal)) == second
    assert len(list(outcomes(path))) == 60


@posix
def test_failures_are_in_the_journal_and_can_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    wanted = with_payloads("1", "exit 1", "raise no", "2")
    with Journal.open(path, HEADER) as journal:
        list(run(wanted, prepare, jobs=1, journal=journal))
    assert [outcome.status for outcome in outcomes(path)] == ["ok", "crash", "error", "ok"]
    mended = [item.but(payload="5") for item in wanted]
    with Journal.resume(path, HEADER, again={"crash", "timeout", "memory"}) as journal:
        assert len(journal) == 3
        found = list(run(mended, prepare, jobs=1, journal=journal))
    assert [outcome.status for outcome in found] == ["ok", "ok", "error", "ok"]
    assert [outcome.status for outcome in outcomes(path)] == ["ok", "ok", "error", "ok"]


@posix
def test_ctrl_c_leaves_a_journal_to_resume(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path[:] = {[str(TESTS), *sys.path]!r}\n"
        "import kills; from solver.grading.journal import Journal\n"
        f"with Journal.resume({str(tmp_path / 'journal.jsonl')!r}, kills.HEADER) as journal:\n"
        f"    found = kills.run(kills.items(400, 'spin 0.005'), kills.prepare, [{str(tmp_path / 'workers')!r}],\n"
        "        jobs=2, journal=journal)\n"
        "    try:\n"
        "        for outcome in found: print(outcome.label, flush=True)\n"
        "    except KeyboardInterrupt: sys.exit(130)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: everyone hears of it
        lines = 1 + len(process.stdout.read().splitlines())
    assert process.wait(5) == 130
    assert 1 <= lines < 400
    assert list(kills._orphans(tmp_path.parent, patience=1.0)) == []
    with Journal.resume(tmp_path / "journal.jsonl", HEADER) as journal:
        assert journal.damaged == 0
        assert lines <= len(journal) < 400


@posix
def test_ctrl_z_is_nobodys_delay(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path[:] = {[str(TESTS), *sys.path]!r}\n"
        "import kills; from solver.grading import batch; batch._GRACE = 0.2\n"
        "print('begun', flush=True)\n"
        "found = kills.run(kills.items(4, 'spin 0.7'), kills.prepare, jobs=2, timeout=1.2)\n"
        "print(*(outcome.status for outcome in found))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        time.sleep(0.4)
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(1.6)
        os.killpg(process.pid, signal.SIGCONT)
        assert process.stdout.read() == b"ok ok ok ok\n"
    assert process.wait(5) == 0


@posix
def test_killed_at_random_and_resumed_nothing_is_lost(tmp_path: Path) -> None:
    assert list(kills.killed(tmp_path, 20, 1500, random.Random(20))) == []


@posix
@pytest.mark.fuzz
def test_killed_two_hundred_times_nothing_is_lost(tmp_path: Path) -> None:
    assert list(kills.killed(tmp_path, 200, 3000, random.Random())) == []
