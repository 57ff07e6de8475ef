"""A batch on a cluster: a real scheduler of dask.distributed on this computer, with workers that may die."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kills import HEADER, items, prepare, refuse

from solver.errors import SolverError
from solver.grading.batch import run
from solver.grading.cluster import _Run, run_on_cluster
from solver.grading.journal import Journal, Outcome, outcomes

TESTS = Path(__file__).parent

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


class Cluster:
    """A scheduler of dask with workers, each a process of its own."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.file = folder / "scheduler.json"
        paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
        self.environment = {
            **os.environ,
            "PYTHONPATH": paths,
            "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",
        }
        self.scheduler = self.start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        self.workers = [self.start_worker() for _ in range(workers)]

    def start(self, module: str, *options: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", f"distributed.cli.{module}", *options, "--no-dashboard"]
        words += ["--scheduler-file", str(self.file)]
        nothing = subprocess.DEVNULL
        return subprocess.Popen(words, env=self.environment, stdin=nothing, stdout=nothing, stderr=nothing)

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self.start("dask_worker", "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")

    @property
    def address(self) -> str:
        while True:
            try:
                return str(json.loads(self.file.read_text())["address"])
            except (OSError, ValueError):
                time.sleep(0.05)

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    found = Cluster(tmp_path_factory.mktemp("cluster"), 2)
    yield found
    found.stop()


def all_but_time(found: Iterable[Outcome]) -> list[Outcome]:
    return [outcome.but(ms=0.0) for outcome in found]


def test_a_cluster_gives_the_same(cluster: Cluster, tmp_path: Path) -> None:
    hostile = {5: "exit 3", 60: "hang", 61: "eat-slowly", 170: "kill SIGKILL", 171: "raise no"}
    wanted = [item.but(payload=hostile.get(n, item.payload)) for n, item in enumerate(items(400))]
    seen: list[tuple[int, int | None]] = []
    limits: dict[str, Any] = {"timeout": 0.5, "memory": 200 << 20}
    with Journal.open(tmp_path / "journal.jsonl", HEADER) as journal:
        found = list(
            run_on_cluster(
                cluster.address,
                wanted,
                prepare,
                **limits,
                journal=journal,
                progress=lambda *both: seen.append(both),
            )
        )
    assert all_but_time(found) == all_but_time(run(wanted, prepare, jobs=2, **limits))
    assert seen == [(n, 400) for n in range(1, 401)]
    assert list(outcomes(tmp_path / "journal.jsonl")) == found
    with Journal.resume(tmp_path / "journal.jsonl", HEADER) as journal:
        assert list(run_on_cluster(cluster.address, iter(wanted), prepare, journal=journal)) == found


def test_a_worker_of_the_cluster_is_lost_midway(cluster: Cluster, tmp_path: Path) -> None:
    cluster.workers.append(cluster.start_worker())
    note = tmp_path / "workers"
    wanted = [item.but(payload=f"spin {0.004 + n / 1e9}") for n, item in enumerate(items(600))]
    found = run_on_cluster(cluster.address, wanted, prepare, [str(note)], chunk=20)
    first = [next(found) for _ in range(100)]
    cluster.workers[0].kill()
    rest = list(found)
    assert [(o.label, o.status) for o in (*first, *rest)] == [(item.label, "ok") for item in wanted]
    assert len({(o.result or {})["did"] for o in (*first, *rest)}) == 600


def test_what_is_wrong_with_a_cluster_is_told(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="nothing to prepare"):
        list(run_on_cluster(cluster.address, items(3), refuse))
    monkeypatch.setattr("solver.grading.cluster.__version__", "0.0.1")
    with pytest.raises(SolverError, match="a worker of the cluster has version"):
        list(run_on_cluster(cluster.address, items(3), prepare))
    monkeypatch.setattr("solver.grading.cluster.CONNECT", 1.0)
    with pytest.raises(SolverError, match="no scheduler answers"):
        list(run_on_cluster("tcp://127.0.0.1:1", items(3), prepare))


def test_a_cluster_that_loses_all_workers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("solver.grading.cluster.PATIENCE", 2.0)
    lonely = Cluster(tmp_path, 1)
    try:
        found = run_on_cluster(lonely.address, items(1000, "spin 0.002"), prepare)
        next(found)
        lonely.workers[0].kill()
        with pytest.raises(SolverError, match=r"no workers|has gone"):
            list(found)
    finally:
        lonely.stop()


def test_without_dask_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SolverError, match="needs the package") as raised:
        list(run_on_cluster("tcp://127.0.0.1:1", items(3), prepare))
    assert raised.value.hint == "pip install 'ml-exam-solver[dask]'"


class KilledWorker(Exception):
    """Stands for the one of dask: every worker that had the chunk was lost."""


class Forlorn:
    """A client whose cluster loses every chunk for good."""

    status = "running"

    def __init__(self) -> None:
        self.submitted = 0

    def submit(self, *_: object, pure: bool) -> Any:
        assert not pure
        self.submitted += 1
        future = SimpleNamespace(key=f"chunk-{self.submitted}", status="error", exception=KilledWorker)
        future.release = lambda: None
        future.add_done_callback = lambda tell: tell(future)
        return future

    def wait_for_workers(self, *_: object, timeout: float) -> None:
        pass

    def nthreads(self) -> dict[str, int]:
        return {"one": 1}

    def cancel(self, futures: list[Any], force: bool) -> None:
        assert futures == []


def test_chunks_that_are_always_lost_are_charged_in_the_end() -> None:
    client = Forlorn()
    found = list(_Run(client, prepare, (), None, None, None, None, 4).outcomes(items(8)))
    assert [outcome.status for outcome in found] == ["crash"] * 8
    assert found[0].message == "the workers of the cluster that had it were lost"
    assert client.submitted == 2 * 4
