"""Many submissions, each on its own: what one of them does to the program, it does to itself only.

A worker is a process that is started for this, marks one submission after the other and says so after each. One that
dies, hangs or eats memory takes the submission in hand with it and nothing else: a new worker goes on with
the rest. Outcomes come in the order of the submissions whatever the number of workers, and go into the journal
as soon as they are known.

    parent ── chunks of items ──→ worker      stdin; when it closes, the worker ends
    parent ←── one frame an item ── worker    stdout; it closes when the worker has ended, however that came

Workers are not forked but started: a fork would inherit the pipes of its sisters, and numerical libraries do not
survive it everywhere.
"""

from __future__ import annotations

import gc
import json
import math
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Sized
from itertools import islice
from time import monotonic, perf_counter
from typing import IO, Any, Self

from solver.errors import SolverError
from solver.grading.journal import CRASH, ERROR, MEMORY, OK, STATUSES, TIMEOUT, Item, Journal, Outcome

Work = Callable[[Item], Mapping[str, Any] | str]
"""Makes the result of an item: a dict of JSON, or its text on one line."""

Progress = Callable[[int, int | None], None]
"""Is told how many items are done, of how many if that is known."""

AHEAD = 512
"""Items that are taken before the first of them is done, so that a slow one does not keep the others waiting."""
AHEAD_BYTES = 64 << 20
CHUNK_MS = 50.0
CHUNK_BYTES = 1 << 20
RENEWED = 20_000
"""Items after which a worker makes place for a new one, so that no leak grows for long."""

_READY, _FAILED, _STARTED = range(len(STATUSES), len(STATUSES) + 3)
_HEAD = struct.Struct("<BId")  # status or one of the above, length of the text, milliseconds
_LENGTH = struct.Struct("<I")
_GRACE = 1.0  # seconds that the parent waits longer than the alarm inside the worker
_ATTEMPTS = 3

_ENVIRONMENT = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def run(
    items: Iterable[Item],
    prepare: Callable[..., Work],
    args: Sequence[Any] = (),
    *,
    jobs: int,
    timeout: float | None = None,
    memory: int | None = None,
    journal: Journal | None = None,
    progress: Progress | None = None,
) -> Generator[Outcome, None, None]:
    """The outcome of each item, in the order of the items; those that the journal has are not done again.

    `prepare(*args)`, an importable function with arguments that can be pickled, is called once in each of the
    `jobs` workers and gives the function that does the work. An item may take `timeout` seconds and `memory` bytes
    beyond what the prepared worker has (Linux only). With `jobs=0` all is done in this process, without
    limits: an exception costs its item only, a crash or a hang everything.

    Leaving the iterator, by an exception too, stops the workers. Raises what `prepare` raises, and `SolverError`
    where workers cannot be started or the journal cannot be written.
    """
    if jobs == 0:
        yield from _in_this_process(items, prepare(*args), journal, progress)
    else:
        with Pool(prepare, args, jobs=jobs, timeout=timeout, memory=memory) as pool:
            yield from pool.outcomes(items, journal, progress)


def processors() -> int:
    """How many processors this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Worker:
    """A worker as the parent sees it: its process, and the items that it was given, the one in hand first."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.chunk: deque[tuple[int, Item]] = deque()
        self.ready = False
        self.started = False
        """Whether it has said that it has the chunk."""
        self.since = math.inf
        """When the item in hand was begun, or later."""
        self.late: int | None = None
        """The item for which it was killed."""
        self.excused: int | None = None
        """The item that was in hand when all processes were stopped together."""
        self.served = 0
        self.leaving = False

    def send(self, data: bytes) -> None:
        rest = memoryview(_LENGTH.pack(len(data)) + data)
        assert self.process.stdin is not None
        try:
            while rest:
                rest = rest[os.write(self.process.stdin.fileno(), rest) :]
        except OSError:  # it has died, which its closed pipe will tell
            pass

    def dismiss(self) -> None:
        """Let it end by itself."""
        self.leaving = True
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self) -> int:
        """How it ended: the status of its exit, or minus a signal."""
        self.process.kill()  # one that has closed its pipe is of no use; an exit that came first stands
        code = self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        return code


_Event = tuple[_Worker, list[tuple[int, float, bytes]] | None, float]


class Pool:
    """Workers that stay for several runs, one run at a time; `idle` workers end after that many seconds.

    The other parameters are those of `run`.
    """

    def __init__(
        self,
        prepare: Callable[..., Work],
        args: Sequence[Any] = (),
        *,
        jobs: int,
        timeout: float | None = None,
        memory: int | None = None,
        idle: float | None = None,
    ) -> None:
        if jobs < 1:
            raise ValueError("a pool has at least one worker")
        self._jobs = jobs
        self._timeout = timeout or math.inf
        alarm = timeout if self._timeout < math.inf else None
        self._order = pickle.dumps((prepare, tuple(args), alarm, memory, idle), pickle.HIGHEST_PROTOCOL)
        self._workers: list[_Worker] = []
        self._dismissed: list[_Worker] = []
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._failures = 0
        self._pace = 10.0
        """Milliseconds that an item takes, about."""
        self._begin(None, None, None)

    def _begin(self, journal: Journal | None, progress: Progress | None, total: int | None) -> None:
        self._journal, self._progress, self._total = journal, progress, total
        self._waiting: deque[tuple[int, Item]] = deque()
        self._finished: dict[int, Outcome] = {}
        self._weight = 0
        self._done = 0
        self._doubts: dict[int, int] = {}
        """How many workers died with an item before they had said that they have it."""

    def outcomes(
        self, items: Iterable[Item], journal: Journal | None = None, progress: Progress | None = None
    ) -> Generator[Outcome, None, None]:
        """The outcomes of the items, as of `run`; the workers stay unless the iterator is left before its end."""
        self._begin(journal, progress, len(items) if isinstance(items, Sized) else None)
        source = enumerate(items)
        ahead = max(AHEAD, 64 * self._jobs)
        place, count, more = 0, 0, True
        try:
            self._listen(None)
            while True:
                room = min(16, ahead - (count - place)) if self._weight < AHEAD_BYTES else 0
                for taken in islice(source, room if more else 0):
                    self._take(*taken)
                    room -= 1
                    count += 1
                more = more and room <= 0
                self._feed()
                if place in self._finished:
                    self._listen(None)
                    yield self._finished.pop(place)
                    place += 1
                elif more and count - place < ahead and self._weight < AHEAD_BYTES:
                    self._listen(None)
                elif place < count:
                    self._listen(self._until_late())
                else:
                    break
            if journal is not None:
                journal.end()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop the workers, whatever they are doing."""
        workers = [*self._workers, *self._dismissed]
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.wait()
        self._workers, self._dismissed = [], []
        self._events = queue.SimpleQueue()  # whatever they still had to say

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self, place: int, item: Item) -> None:
        if self._journal is not None and (known := self._journal.find(item)) is not None:
            self._count(place, known.but(order=_order(item, place)))
        else:
            self._weight += _weight(item)
            self._waiting.append((place, item))

    def _finish(self, place: int, item: Item, status: str, ms: float, text: str) -> None:
        self._weight -= _weight(item)
        self._pace += 0.1 * (min(ms, 1000.0) - self._pace)
        outcome = Outcome(item.key, item.label, _order(item, place), status, ms, text)
        if self._journal is not None:
            self._journal.record(outcome)
        self._count(place, outcome)

    def _count(self, place: int, outcome: Outcome) -> None:
        self._finished[place] = outcome
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)

    def _feed(self) -> None:
        """Give the items that wait to the workers that are free, and start workers while there are too few."""
        if not self._waiting:
            return
        starting = 0
        for worker in self._workers:
            if not worker.ready:
                starting += 1
            elif not worker.chunk and self._waiting:
                worker.chunk = self._chunk()
                worker.started, worker.since = False, monotonic()
                rows = [(item.key, item.label, item.payload, item.order) for _, item in worker.chunk]
                worker.send(pickle.dumps(rows, pickle.HIGHEST_PROTOCOL))
        while len(self._workers) < self._jobs and starting < len(self._waiting):
            self._start()
            starting += 1

    def _chunk(self) -> deque[tuple[int, Item]]:
        """Items for about 50 ms, but no more than leave enough for the others."""
        room = len(self._waiting) // (2 * self._jobs)
        count = max(1, min(room, round(CHUNK_MS / max(self._pace, 0.1))))
        chunk: deque[tuple[int, Item]] = deque()
        weight = 0
        while self._waiting and len(chunk) < count:
            weight += _weight(self._waiting[0][1])
            if chunk and (weight > CHUNK_BYTES or self._waiting[0][0] in self._doubts):
                break
            chunk.append(self._waiting.popleft())
            if chunk[-1][0] in self._doubts:
                break
        return chunk

    def _start(self) -> None:
        # What workers cannot import, submissions cannot bring: not from the folder in which the program runs.
        paths = [path for path in sys.path if isinstance(path, str)]
        code = f"import sys; sys.path[:] = {paths!r}; from {__name__} import serve; serve()"
        try:
            with _Deaf():
                process = subprocess.Popen(
                    [sys.executable, "-P", "-c", code],
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, **_ENVIRONMENT},
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
        except OSError as error:
            raise SolverError(f"no worker can be started: {error.strerror or error}") from error
        worker = _Worker(process)
        self._workers.append(worker)
        threading.Thread(target=_accompany, args=(worker, self._order, self._events), daemon=True).start()

    def _until_late(self) -> float:
        """Seconds until an item in hand has taken too long."""
        busy = [worker.since for worker in self._workers if worker.chunk and worker.late is None]
        first = min(busy, default=math.inf)
        return max(0.0, min(first + self._timeout + _GRACE - monotonic(), 1.0))

    def _listen(self, wait: float | None) -> None:
        """Take in what the workers have said; wait for it for so many seconds, then end those that are late."""
        before = monotonic()
        try:
            event = self._events.get_nowait() if wait is None else self._events.get(timeout=wait)
            if wait is not None and monotonic() - before > wait + _GRACE:
                self._excuse()
            while True:
                self._hear(*event)
                event = self._events.get_nowait()
        except queue.Empty:
            pass
        if wait is None:
            return
        now = monotonic()
        if now - before > wait + _GRACE:
            self._excuse()
        for worker in self._workers:
            if worker.chunk and worker.late is None and now >= worker.since + self._timeout + _GRACE:
                worker.late = worker.chunk[0][0]
                worker.process.kill()

    def _excuse(self) -> None:
        """The whole program was stopped for a while (Ctrl-Z), which is nobody's delay."""
        for worker in self._workers:
            if worker.chunk:
                worker.excused, worker.since = worker.chunk[0][0], monotonic()

    def _hear(self, worker: _Worker, frames: list[tuple[int, float, bytes]] | None, when: float) -> None:
        if frames is None:
            self._bury(worker)
            return
        for kind, ms, text in frames:
            if kind == _READY:
                worker.ready = True
                self._failures = 0
            elif kind == _FAILED:
                raise pickle.loads(text)
            elif kind == _STARTED:
                worker.started = True
            elif worker.chunk:
                place, item = worker.chunk.popleft()
                worker.served += 1
                worker.leaving = worker.leaving or STATUSES[kind] == MEMORY
                self._finish(place, item, STATUSES[kind], ms, text.decode("utf-8"))
        worker.since = max(when, worker.since) if worker.since < math.inf else when
        if not worker.chunk and (worker.leaving or worker.served >= RENEWED) and worker in self._workers:
            self._workers.remove(worker)
            self._dismissed.append(worker)
            worker.dismiss()

    def _bury(self, worker: _Worker) -> None:
        """Charge the item in hand with the death of its worker, and have the others done by another one."""
        code = worker.wait()
        if worker in self._dismissed:
            self._dismissed.remove(worker)
        if worker not in self._workers:
            return
        self._workers.remove(worker)
        if not worker.ready:
            self._failures += 1
            if self._failures >= _ATTEMPTS:
                raise SolverError(f"no worker can be started: {_death(code)}")
        if worker.chunk and self._is_charged(worker, code):
            place, item = worker.chunk.popleft()
            ms = round((monotonic() - worker.since) * 1000, 3)
            if worker.late == place or _is_alarm(code):
                self._finish(place, item, TIMEOUT, ms, _encode(f"it took longer than {self._timeout:g} s"))
            else:
                self._finish(place, item, CRASH, ms, _encode(_death(code)))
        self._waiting.extendleft(reversed(worker.chunk))

    def _is_charged(self, worker: _Worker, code: int) -> bool:
        """Whether the death of a worker is the fault of the item in hand."""
        place = worker.chunk[0][0]
        if worker.started:
            return worker.late in (None, place) and not (_is_alarm(code) and worker.excused == place)
        # It did not come to read the chunk: killed from outside, or the chunk is too much for its memory.
        for doubtful, _ in worker.chunk:
            self._doubts[doubtful] = self._doubts.get(doubtful, 0) + 1
        return self._doubts[place] >= _ATTEMPTS


class _Deaf:
    """Nothing is heard of Ctrl-C inside, and processes that are started there never hear of it."""

    def __enter__(self) -> None:
        if sys.platform != "win32":
            self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def __exit__(self, *_: object) -> None:
        if sys.platform != "win32":
            signal.pthread_sigmask(signal.SIG_SETMASK, self.mask)


def _accompany(worker: _Worker, order: bytes, events: queue.SimpleQueue[_Event]) -> None:
    """Tell a worker what its work is; then hand on what it says, whole frames only, and at last that it has ended."""
    worker.send(order)
    assert worker.process.stdout is not None
    pending = bytearray()
    with worker.process.stdout as pipe:
        while data := os.read(pipe.fileno(), 1 << 18):
            pending += data
            frames: list[tuple[int, float, bytes]] = []
            start = 0
            while len(pending) - start >= _HEAD.size:
                kind, length, ms = _HEAD.unpack_from(pending, start)
                end = start + _HEAD.size + length
                if end > len(pending):
                    break
                frames.append((kind, ms, bytes(pending[start + _HEAD.size : end])))
                start = end
            if frames:
                del pending[:start]
                events.put((worker, frames, monotonic()))
    events.put((worker, None, monotonic()))


def _weight(item: Item) -> int:
    return len(item.payload) if isinstance(item.payload, (str, bytes)) else 0


def _order(item: Item, place: int) -> int:
    return place if item.order is None else item.order


def _is_alarm(code: int) -> bool:
    return sys.platform != "win32" and code == -signal.SIGALRM


def _death(code: int) -> str:
    """How a worker ended, in words."""
    if code >= 0:
        return f"the marking ended the program with exit status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL":
        return "the marking was killed (SIGKILL), perhaps because the computer ran out of memory"
    return f"the marking crashed ({name})"


def _in_this_process(
    items: Iterable[Item], work: Work, journal: Journal | None, progress: Progress | None
) -> Generator[Outcome, None, None]:
    total = len(items) if isinstance(items, Sized) else None
    for place, item in enumerate(items):
        known = journal.find(item) if journal is not None else None
        if known is not None:
            outcome = known.but(order=_order(item, place))
        else:
            status, ms, text = _worked(work, item)
            outcome = Outcome(item.key, item.label, _order(item, place), status, ms, text)
            if journal is not None:
                journal.record(outcome)
        if progress is not None:
            progress(place + 1, total)
        yield outcome
    if journal is not None:
        journal.end()


def _worked(work: Work, item: Item, limit: int | None = None) -> tuple[str, float, str]:
    """Status, milliseconds and JSON text of what becomes of an item."""
    begun = perf_counter()
    try:
        result = work(item)
        if not isinstance(result, (dict, str)):
            raise TypeError(f"a result is a dict or its text, not {type(result).__name__}")
        status, text = OK, result if isinstance(result, str) else _encode(result)
    except MemoryError:
        allowed = f"; {limit >> 20} MB are allowed" if limit else ""
        status, text = MEMORY, _encode(f"the memory was not enough{allowed}")
    except RecursionError:
        status, text = ERROR, _encode("it is nested too deeply")
    except (Exception, SystemExit) as error:
        status, text = ERROR, _encode(_complaint(error))
    return status, round((perf_counter() - begun) * 1000, 3), text


def _complaint(error: BaseException) -> str:
    """A message in words, or what a person who mends the program needs."""
    try:
        text = str(error)
    except Exception:
        text = ""
    text = text if len(text) <= 500 else text[:499] + "…"
    if isinstance(error, SolverError):
        return text
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = ""
    if trace is not None:
        where = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}, line {trace.tb_lineno})"
    return f"{type(error).__name__}{': ' if text else ''}{text}{where}"


def serve() -> None:
    """The life of a worker. Not to be called but by a pool, in a process that it has started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)  # what is printed would stand among the frames
    try:
        prepare, args, timeout, memory, idle = _received(incoming)
        work = prepare(*args)
    except BaseException as error:
        _say(outgoing, _FAILED, 0.0, _pickled(error))
        return
    gc.freeze()
    _limit_memory(memory)
    _say(outgoing, _READY, 0.0)
    codes = {status: code for code, status in enumerate(STATUSES)}
    while True:
        _alarm(idle)
        chunk = _received(incoming)
        if chunk is None:
            return
        _say(outgoing, _STARTED, 0.0)
        for fields in chunk:
            item = Item(*fields)
            _alarm(timeout)
            status, ms, text = _worked(work, item, memory)
            _alarm(None)
            _say(outgoing, codes[status], ms, text.encode("utf-8"))


def _received(incoming: IO[bytes]) -> Any:
    """What the parent has sent next; None when it will send no more."""
    head = incoming.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = incoming.read(length)
    return pickle.loads(data) if len(data) == length else None


def _say(outgoing: int, kind: int, ms: float, text: bytes = b"") -> None:
    """Write a frame. The next item is begun after it only, so that the parent knows which is in hand."""
    rest = memoryview(_HEAD.pack(kind, len(text), ms) + text)
    try:
        while rest:
            rest = rest[os.write(outgoing, rest) :]
    except OSError:  # the parent is gone
        os._exit(0)


def _pickled(error: BaseException) -> bytes:
    try:
        data = pickle.dumps(error)
        pickle.loads(data)
    except Exception:
        return pickle.dumps(RuntimeError(_complaint(error)))
    return data


def _alarm(seconds: float | None) -> None:
    """Have the system end this process after so many seconds, also where no Python runs any more."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds or 0.0)


def _limit_memory(memory: int | None) -> None:
    """Let this process have so many bytes more than it has now, where that is known."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        if memory:
            with open("/proc/self/statm", encoding="ascii") as file:
                now = int(file.read().split()[0]) * resource.getpagesize()
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            soft = now + memory
            if hard != resource.RLIM_INFINITY:
                soft = min(soft, hard)
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
