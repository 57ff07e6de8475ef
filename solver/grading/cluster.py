"""A batch on a cluster: the same outcomes, from workers that an existing dask.distributed scheduler has.

Each machine of the cluster must have this program in the same version. The processes of the cluster are not trusted
with submissions: each starts a worker of its own (see `batch`) and keeps it from one chunk to the next, so that
a submission that crashes, hangs or eats memory costs only itself here too. Where a process of the cluster is lost,
the chunks that it had are done again by another one.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib
import logging
import math
import pickle
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence, Sized
from time import monotonic
from typing import Any

from solver import __version__
from solver.errors import SolverError, quoted
from solver.grading.batch import CHUNK_BYTES, Pool, Progress, Work
from solver.grading.journal import CRASH, Item, Journal, Outcome

CHUNK = 50
CONNECT = 10.0
"""Seconds in which a scheduler answers."""
PATIENCE = 30.0
"""Seconds that a cluster may be without any worker."""
_RETRIES = 3
_IDLE = 60.0  # seconds after which a worker that gets nothing more to do ends by itself

_Row = tuple[str, float, str]  # status, milliseconds and JSON text
_own = threading.local()


def run_on_cluster(
    address: str,
    items: Iterable[Item],
    prepare: Callable[..., Work],
    args: Sequence[Any] = (),
    *,
    timeout: float | None = None,
    memory: int | None = None,
    journal: Journal | None = None,
    progress: Progress | None = None,
    chunk: int = CHUNK,
) -> Generator[Outcome, None, None]:
    """What `batch.run` yields, by the workers of the scheduler at an address like `tcp://host:8786`.

    `prepare` must be importable on the cluster. Raises `SolverError` where dask is not installed, where no scheduler
    or worker answers, and where the workers run another version of the program.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        hint = "pip install 'ml-exam-solver[dask]'"
        raise SolverError("grading on a cluster needs the package `distributed`", hint=hint) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is told by an error of ours
    try:
        client = distributed.Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError, ImportError) as error:
        hint = "a scheduler is started with `dask scheduler`, and says its address"
        raise SolverError(f"no scheduler answers at {quoted(address)}", hint=hint) from error
    with client:
        yield from _Run(client, prepare, args, timeout, memory, journal, progress, chunk).outcomes(items)


class _Run:
    """One run on a cluster, as the program that started it sees it."""

    def __init__(
        self,
        client: Any,
        prepare: Callable[..., Work],
        args: Sequence[Any],
        timeout: float | None,
        memory: int | None,
        journal: Journal | None,
        progress: Progress | None,
        chunk: int,
    ) -> None:
        self.client = client
        self.task = pickle.dumps((prepare, tuple(args), timeout, memory), pickle.HIGHEST_PROTOCOL)
        self.journal, self.progress, self.chunk = journal, progress, max(1, chunk)
        self.total: int | None = None
        self.waiting: deque[tuple[int, Item]] = deque()
        self.finished: dict[int, Outcome] = {}
        self.done = 0
        self.sent: dict[str, tuple[Any, list[tuple[int, Item]], int]] = {}
        """By its key each future, what it is to do, and how often that was tried before."""
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.lonely = math.inf
        """When the last worker was lost."""

    def outcomes(self, items: Iterable[Item]) -> Generator[Outcome, None, None]:
        self.total = len(items) if isinstance(items, Sized) else None
        slots = self.slots()
        source = enumerate(items)
        place, count, more = 0, 0, True
        try:
            while True:
                # Enough for every thread of the cluster, one chunk in hand and one to come.
                while more and count - place < 4 * slots * self.chunk and len(self.sent) < 2 * slots:
                    if (taken := next(source, None)) is None:
                        more = False
                        break
                    count += 1
                    self.take(*taken)
                    if self.is_full():
                        self.send()
                while self.waiting and len(self.sent) < 2 * slots:
                    self.send()
                if place in self.finished:
                    yield self.finished.pop(place)
                    place += 1
                elif self.sent:
                    self.listen()
                elif not more:
                    break
            if self.journal is not None:
                self.journal.end()
        finally:
            self.client.cancel([future for future, _, _ in self.sent.values()], force=True)

    def slots(self) -> int:
        """How many threads the workers have together, once there is a worker."""
        try:
            self.client.wait_for_workers(1, timeout=PATIENCE)
        except Exception as error:
            hint = "start some with `dask worker ADDRESS`"
            raise SolverError("the scheduler has no workers", hint=hint) from error
        threads: Iterable[int] = self.client.nthreads().values()
        return max(1, sum(threads))

    def take(self, place: int, item: Item) -> None:
        if self.journal is not None and (known := self.journal.find(item)) is not None:
            self.count(place, known.but(order=place if item.order is None else item.order))
        else:
            self.waiting.append((place, item))

    def is_full(self) -> bool:
        size = sum(len(item.payload) for _, item in self.waiting if isinstance(item.payload, (str, bytes)))
        return len(self.waiting) >= self.chunk or size >= CHUNK_BYTES

    def send(self) -> None:
        batch = [self.waiting.popleft() for _ in range(min(self.chunk, len(self.waiting)))]
        self.submit(batch, 0)

    def submit(self, batch: list[tuple[int, Item]], tried: int) -> None:
        rows = [(item.key, item.label, item.payload, item.order) for _, item in batch]
        data = pickle.dumps(rows, pickle.HIGHEST_PROTOCOL)
        # Not pure: a result is not to be taken from another run, whatever the scheduler remembers.
        future = self.client.submit(_chunk_done, __version__, self.task, data, pure=False)
        self.sent[future.key] = (future, batch, tried)
        future.add_done_callback(self.answers.put)

    def listen(self) -> None:
        """Take in one chunk that is done, or lost for good."""
        try:
            future = self.answers.get(timeout=1.0)
        except queue.Empty:
            self.check_company()
            return
        self.lonely = math.inf
        _, batch, tried = self.sent.pop(future.key)
        error = future.exception() if future.status == "error" else None
        if future.status == "finished":
            for (place, item), (status, ms, text) in zip(batch, future.result(), strict=True):
                self.finish(place, item, status, ms, text)
        elif error is None:
            raise SolverError("the scheduler has gone, or has cancelled the work")
        elif type(error).__name__ != "KilledWorker":
            raise error
        elif tried < _RETRIES:
            self.submit(batch, tried + 1)
        else:
            for place, item in batch:
                self.finish(place, item, CRASH, 0.0, '"the workers of the cluster that had it were lost"')
        future.release()

    def check_company(self) -> None:
        """Wait no longer than `PATIENCE` for a cluster that has lost all its workers, or its scheduler."""
        try:
            alone = self.client.status != "running" or not self.client.nthreads()
        except Exception:
            alone = True
        self.lonely = min(self.lonely, monotonic()) if alone else math.inf
        if monotonic() - self.lonely > PATIENCE:
            raise SolverError(f"the cluster has had no workers for {PATIENCE:g} s")

    def finish(self, place: int, item: Item, status: str, ms: float, text: str) -> None:
        order = place if item.order is None else item.order
        outcome = Outcome(item.key, item.label, order, status, ms, text)
        if self.journal is not None:
            self.journal.record(outcome)
        self.count(place, outcome)

    def count(self, place: int, outcome: Outcome) -> None:
        self.finished[place] = outcome
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.total)


def _chunk_done(version: str, task: bytes, data: bytes) -> list[_Row]:
    """On a worker of the cluster: the outcomes of a chunk."""
    if version != __version__:
        message = f"a worker of the cluster has version {__version__} of the program, not {version}"
        raise SolverError(message, hint="install the same version everywhere")
    name = hashlib.sha256(task).digest()
    if getattr(_own, "name", None) != name:
        if getattr(_own, "pool", None) is not None:
            _own.pool.close()
        prepare, args, timeout, memory = pickle.loads(task)
        _own.pool = Pool(prepare, args, jobs=1, timeout=timeout, memory=memory, idle=_IDLE)
        _own.name = name
        atexit.register(_own.pool.close)
    items = [Item(*row) for row in pickle.loads(data)]
    return [(outcome.status, outcome.ms, outcome.text) for outcome in _own.pool.outcomes(items)]
