"""A run that is killed again and again, and the work functions of the tests of batches.

`python tests/kills.py FOLDER COUNT JOBS` does a run of its own: COUNT items, resumed from FOLDER/journal.jsonl, and
at the end FOLDER/report.json. Every worker writes its process id into FOLDER/workers. `killed` runs this, kills it at
random moments, resumes it until it has ended by itself, and says what is wrong with what it left.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from solver.grading.batch import Work, run
from solver.grading.journal import Item, Journal

HEADER = {"format": 1, "program": "test", "key": "0" * 64}


def items(count: int, payload: str = "") -> list[Item]:
    """Items that count from 0."""
    return [Item(f"{n:08x}", f"answers/s{n}.yaml", payload or str(n)) for n in range(count)]


def prepare(*notes: str) -> Work:
    """Work that does what the payload says; workers write their process id into the file of the first note."""
    if notes and notes[0]:
        with open(notes[0], "a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
    return perform


def perform(item: Item) -> dict[str, Any]:
    """The square of the payload, or one of many ways to fail."""
    word, _, rest = item.payload.partition(" ")
    match word:
        case "exit":
            os._exit(int(rest))
        case "kill":
            os.kill(os.getpid(), getattr(signal, rest))
        case "hang":
            while True:
                pass
        case "sleep":
            time.sleep(float(rest))
        case "deaf":  # hangs where no Python runs, and where no signal is heard but the last
            signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
            sum(range(10**11))
        case "swallow":
            while True:
                with suppress(BaseException):
                    time.sleep(0.01)
        case "eat":
            return {"size": len(bytes(int(rest)))}
        case "eat-slowly":
            hoard = []
            while True:
                hoard.append(bytes(1 << 20))
        case "raise":
            raise ValueError(rest)
        case "leave":
            sys.exit(rest)
        case "recurse":
            return perform(item)
        case "print":
            print("noise " * 10_000, flush=True)
            os.write(1, b"\xff" * 10_000)
            os.write(2, b"\x1b[2J")
        case "nan":
            return {"value": float("nan")}
        case "list":
            return []  # type: ignore[return-value]
        case "long":
            return {"text": "é" * int(rest)}
        case "spin":
            end = time.perf_counter() + float(rest)
            while time.perf_counter() < end:
                pass
        case number:
            return {"label": item.label, "square": int(number) ** 2, "typed": "“é\ud800\u2028\x1b[2J”"}
    return {"did": item.payload}


def refuse() -> Work:
    """A preparation that fails."""
    raise ValueError("nothing to prepare")


def die() -> Work:
    """A preparation that ends its process."""
    os._exit(3)


def main(folder: str, count: str, jobs: str) -> None:
    """One run, from where the last one was killed."""
    place = Path(folder)
    wanted = items(int(count))
    with Journal.resume(place / "journal.jsonl", HEADER) as journal:
        done = run(wanted, prepare, [str(place / "workers")], jobs=int(jobs), timeout=10, journal=journal)
        with closing(done):
            report = [[outcome.label, outcome.status, outcome.result] for outcome in done]
    unfinished = place / ".report.tmp"
    unfinished.write_text(json.dumps(report), encoding="ascii")
    os.replace(unfinished, place / "report.json")


def killed(folder: Path, kills: int, count: int, chance: random.Random, jobs: int = 2) -> Iterator[str]:
    """Kill runs at random moments, `kills` times, and say of each fault what is wrong.

    The parent alone is killed, or the group with its workers, or the parent is interrupted (Ctrl-C); one time in
    four at any moment from the start on, else after a random part of what is left to do.
    """
    rounds = done = 0
    while done < kills:
        rounds += 1
        place = folder / str(rounds)
        place.mkdir()
        while not (place / "report.json").exists():
            process = subprocess.Popen(
                [sys.executable, __file__, str(place), str(count), str(jobs)],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            how = chance.choice(("parent", "group", "interrupt")) if done < kills else "nothing"
            if how != "nothing" and _is_caught(process, place / "journal.jsonl", count, chance):
                done += 1
                _kill(process, how)
            _, complaints = process.communicate(timeout=60)
            expected = process.returncode in (0, -signal.SIGKILL, -signal.SIGINT)
            if not expected and not (how == "interrupt" and b"KeyboardInterrupt" in complaints):
                yield f"a run ended with {process.returncode}: {complaints.decode()}"
                return
            yield from _faults_of_lines(place / "journal.jsonl")
        yield from _faults(place, count)
    yield from _orphans(folder)


def _is_caught(process: subprocess.Popen[bytes], journal: Path, count: int, chance: random.Random) -> bool:
    """Wait for the moment to kill a run; false if it ended before."""
    if chance.random() < 0.25:
        try:
            process.wait(chance.uniform(0, 0.3))
        except subprocess.TimeoutExpired:
            return True
        return False
    before = journal.stat().st_size if journal.exists() else 0
    more = chance.random() ** 3 * max(0, count * 180 - before)  # a line has about 180 bytes
    while process.poll() is None:
        if journal.exists() and journal.stat().st_size > before + more:
            return True
        time.sleep(0.0005)
    return False


def _kill(process: subprocess.Popen[bytes], how: str) -> None:
    if how == "group":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.send_signal(signal.SIGKILL if how == "parent" else signal.SIGINT)


def _faults_of_lines(journal: Path) -> Iterator[str]:
    """Whole lines are JSON, and only the last may be without its end."""
    lines = journal.read_bytes().split(b"\n") if journal.exists() else [b""]
    for line in lines[:-1]:
        try:
            json.loads(line)
        except ValueError:
            yield f"a torn line: {line[:80]!r}"


def _faults(place: Path, count: int) -> Iterator[str]:
    """Every item stands exactly once in the journal and in the report, in order, with its own result."""
    report = json.loads((place / "report.json").read_text(encoding="ascii"))
    wanted = [[item.label, "ok", dict(perform(item))] for item in items(count)]
    if report != json.loads(json.dumps(wanted)):
        yield f"the report has {len(report)} entries, and not those that are wanted"
    lines = [json.loads(line) for line in (place / "journal.jsonl").read_text(encoding="ascii").splitlines()]
    keys = [line["key"] for line in lines[1:] if "key" in line]
    if sorted(keys) != sorted(item.key for item in items(count)):
        yield f"the journal has {len(keys)} items, {len(set(keys))} of them different"


def _orphans(folder: Path, patience: float = 5.0) -> Iterator[str]:
    """Workers end by themselves when the run that they work for has gone."""
    found = [int(line) for path in folder.glob("*/workers") for line in path.read_text().split()]
    end = time.monotonic() + patience
    while alive := [pid for pid in found if _is_worker(pid)]:
        if time.monotonic() > end:
            yield f"{len(alive)} workers are still there"
            return
        time.sleep(0.05)


def _is_worker(pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"solver.grading.batch" in words


if __name__ == "__main__":
    # Under its own name, by which workers import it too.
    import kills

    kills.main(*sys.argv[1:])
