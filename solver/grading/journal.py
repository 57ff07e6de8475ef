"""The journal of a run: a file that gets one line for each finished submission, and is never rewritten.

    {"format": 1, "program": "0.1.0", "key": "…"}                                   what the run marks against
    {"key": "…", "label": "s17.yaml", "order": 16, "status": "ok", "ms": 1.9, "result": {…}}
    {"key": "…", "label": "s18.yaml", "order": 17, "status": "timeout", "ms": 10000.4, "message": "…"}
    {"end": 18}                                                                     all submissions are done

A line is written whole before the next submission is taken up, so a run that is killed loses what was in hand and
nothing else; a last line without its end is cut off when the run is resumed. Lines are ASCII, in the order in
which submissions were finished; `order` is their place in the class.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Self

from solver.errors import SolverError, quoted
from solver.record import Record

FORMAT = 1

OK, ERROR, CRASH, TIMEOUT, MEMORY = STATUSES = ("ok", "error", "crash", "timeout", "memory")

# Between quotes JSON escapes every quote, so the first of these is where the head of a line ends.
_BODIES = (b',"result":', b',"message":')

_PART = re.compile(r"([0-9]{1,5})/([0-9]{1,5})", re.ASCII)


class Item(Record):
    """One submission: a hash of all that its result depends on, the file to show, and what is sent to a worker.

    `order` is its place in the class; left out, the place in which it is given.
    """

    key: str
    label: str
    payload: Any
    order: int | None = None


class Outcome(Record):
    """What became of an item: a status of `STATUSES`, milliseconds, and JSON text: a result, or else a message."""

    key: str
    label: str
    order: int
    status: str
    ms: float
    text: str

    @property
    def result(self) -> dict[str, Any] | None:
        """The result; none unless the status is `ok`. Read anew from its text each time."""
        found: dict[str, Any] | None = json.loads(self.text) if self.status == OK else None
        return found

    @property
    def message(self) -> str | None:
        """Why there is no result: plain text with words of the submission in it, to be cleaned before it is shown."""
        return None if self.status == OK else str(json.loads(self.text))


class HeaderChanged(SolverError):
    """The journal was made with something else: `changed` maps what differs to how it was and how it is."""

    def __init__(self, path: str, changed: Mapping[str, tuple[Any, Any]]) -> None:
        super().__init__(
            f"the journal {_shown(path)} belongs to another run: {'; '.join(_differences(changed))}",
            hint="grade again with a new journal",
        )
        self.changed = dict(changed)


class Journal:
    """The journal of a run that is going on; while it is open no other run can open it.

    Of each item it keeps in memory where its line stands, and no more.

    `open` starts one, `resume` goes on with one. To be closed at the end, or used in a `with`.
    """

    def __init__(self, path: str, file: int) -> None:
        self.path = path
        self.damaged = 0
        """Lines that cannot be read; their submissions are graded again."""
        self._file = file
        self._size = 0
        self._places: dict[bytes, int] = {}
        self._reader = _reading(path)

    @classmethod
    def open(cls, path: str | Path, header: Mapping[str, Any], *, replace: bool = False) -> Self:
        """A new journal; a file in its place is an error, unless it is a journal that may be replaced."""
        journal = cls(str(path), _opened(str(path)))
        with _closed_on_failure(journal):
            if os.fstat(journal._file).st_size:
                if not replace:
                    hint = f"go on with it (--resume {path}), or give another name"
                    raise SolverError(f"the file {_shown(path)} exists already", hint=hint)
                _header(journal._reader, journal.path)
                journal._cut(0)
            journal._write(_line(header))
        return journal

    @classmethod
    def resume(
        cls, path: str | Path, header: Mapping[str, Any], *, again: Collection[str] = frozenset()
    ) -> Self:
        """A journal as it was left; a new one if there is none. Items of the statuses `again` are done again.

        Raises `HeaderChanged` where the header is another one, `SolverError` for a file that is no journal.
        """
        journal = cls(str(path), _opened(str(path)))
        with _closed_on_failure(journal):
            first = journal._reader.readline()
            line = _line(header)
            if line.startswith(first) and first != line:  # empty, or killed within the first line
                journal._cut(0)
                journal._write(line)
                return journal
            journal._reader.seek(0)
            was, now = _header(journal._reader, journal.path), json.loads(line)
            if changed := _changes(was, now):
                raise HeaderChanged(journal.path, changed)
            journal._size = journal._reader.tell()
            for start, end, head in _heads(journal._reader):
                if head is None:
                    journal.damaged += 1
                elif "key" in head and head["status"] not in again:
                    journal._places[identity(head["key"], head["label"])] = start
                journal._size = end
            if journal._size < os.fstat(journal._file).st_size:
                journal._cut(journal._size)
        return journal

    def _cut(self, size: int) -> None:
        os.ftruncate(self._file, size)
        self._size = size
        self._reader.close()  # what it has buffered may be gone
        self._reader = _reading(self.path)

    def __len__(self) -> int:
        """How many items are finished."""
        return len(self._places)

    def find(self, item: Item) -> Outcome | None:
        """The outcome of an item that is finished, also one from before the run was resumed."""
        place = self._places.get(identity(item.key, item.label))
        if place is None:
            return None
        self._reader.seek(place)
        return _outcome(self._reader.readline())

    def record(self, outcome: Outcome) -> None:
        """Write the line of a finished item; when this returns, killing the program does not lose it."""
        start = self._size
        self._write(_line_of(outcome))
        self._places[identity(outcome.key, outcome.label)] = start

    def end(self) -> None:
        """Write that all items are done, so that the parts of a class can be told from halves."""
        self._write(_line({"end": len(self._places)}))

    def close(self) -> None:
        """Let other runs have the file; closing it twice does nothing."""
        self._reader.close()
        if self._file >= 0:
            file, self._file = self._file, -1
            try:
                os.fsync(file)
            except OSError:  # a pipe or a device
                pass
            finally:
                os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, line: bytes) -> None:
        try:
            while line:
                written = os.write(self._file, line)
                self._size += written
                line = line[written:]
        except OSError as error:
            hint = f"go on with --resume {self.path} when there is room"
            raise SolverError(
                f"the journal {_shown(self.path)} cannot be written: {_why(error)}", hint=hint
            ) from error


def identity(key: str, label: str) -> bytes:
    """Which item it is, in 16 bytes. Two files alike are two items: their results name the file."""
    text = f"{key}\0{label}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).digest()


def outcomes(path: str | Path) -> Iterator[Outcome]:
    """The outcomes in a journal in the order of the items, of each the last; nothing else needs the file.

    Raises `SolverError` for a file that cannot be read or is no journal.
    """
    with _reading(str(path)) as file:
        _header(file, str(path))
        yield from _in_order([file], [str(path)], _finished(file))


def header(path: str | Path) -> dict[str, Any]:
    """The header of a journal. Raises `SolverError` for a file that cannot be read or is no journal."""
    with _reading(str(path)) as file:
        return _header(file, str(path))


def sharded(items: Iterable[Item], i: int, n: int) -> Iterator[Item]:
    """The items of part `i` of `n` parts, from 1, each with its place in the whole class.

    The part of an item depends on its own key and label only, so that the parts fit together also when the
    machines that grade them list the files differently.
    """
    if not 1 <= i <= n:
        message = f"there is no part {i} of {n}"
        raise SolverError(message, hint="parts are counted from 1: --shard 1/8 to --shard 8/8")
    for place, item in enumerate(items):
        if int.from_bytes(identity(item.key, item.label)[:8]) % n == i - 1:
            yield item if item.order is not None else item.but(order=place)


def merge(paths: Iterable[str | Path]) -> Iterator[Outcome]:
    """The outcomes of all parts of a class, in the order of the class.

    The headers of the parts name their part as `"shard": "3/8"` and are equal but for that. Raises
    `SolverError` where a part is missing, stands twice, is not finished or was graded with another key,
    and where two parts have the same item.
    """
    names = [str(path) for path in paths]
    files: list[BinaryIO] = []
    try:
        for name in names:
            files.append(_reading(name))
        headers = [_header(file, name) for file, name in zip(files, names, strict=True)]
        _check_parts(names, headers)
        seen: dict[bytes, int] = {}
        finished: list[tuple[int, int, int]] = []
        for part, (file, name) in enumerate(zip(files, names, strict=True)):
            count: int | None = None
            own: dict[bytes, tuple[int, int, int]] = {}
            for start, _, head in _heads(file):
                if head is not None and "end" in head:
                    count = head["end"]
                if head is not None and "key" in head:
                    which = identity(head["key"], head["label"])
                    if seen.setdefault(which, part) != part:
                        both = f"{_shown(names[seen[which]])} and {_shown(name)}"
                        raise SolverError(f"{quoted(head['label'])} is in two parts, {both}")
                    own[which] = (head["order"], part, start)
            if count is None or len(own) < count:  # fewer where a line is damaged
                hint = f"finish it with --resume {name}"
                raise SolverError(f"the part {_shown(name)} is not finished", hint=hint)
            finished += own.values()
        yield from _in_order(files, names, finished)
    finally:
        for file in files:
            file.close()


def _check_parts(names: list[str], headers: list[dict[str, Any]]) -> None:
    if not names:
        raise SolverError("there is nothing to merge")
    rests = [{name: value for name, value in header.items() if name != "shard"} for header in headers]
    shards = [str(header.get("shard", "1/1")) for header in headers]
    for name, rest in zip(names, rests, strict=True):
        if rest != rests[0]:
            changed = _changes(rests[0], rest)
            both = f"{_shown(names[0])} and {_shown(name)}"
            raise SolverError(
                f"{both} are not parts of one run: {'; '.join(_differences(changed))}",
                hint="grade all parts with the same problems, options and version",
            )
    first: dict[str, str] = {}
    for name, shard in zip(names, shards, strict=True):
        if shard in first:
            raise SolverError(f"{_shown(first[shard])} and {_shown(name)} are both part {quoted(shard)}")
        first[shard] = name
    division = [_PART.fullmatch(shard) for shard in shards]
    sizes = {int(found[2]) for found in division if found}
    numbers = {int(found[1]) for found in division if found}
    if len(sizes) != 1 or None in division or not numbers <= {*range(1, max(sizes) + 1)}:
        raise SolverError(f"these parts do not belong together: {', '.join(map(quoted, shards))}")
    size = sizes.pop()
    if missing := [f"{i}/{size}" for i in range(1, size + 1) if i not in numbers]:
        shown = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
        raise SolverError(f"missing parts of the class: {shown}")


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = {**was, **now}
    return {name: (was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)}


def _differences(changed: Mapping[str, tuple[Any, Any]]) -> Iterator[str]:
    for name, (was, now) in changed.items():
        shown = [json.dumps(value, ensure_ascii=False) for value in (was, now)]
        if max(map(len, shown)) > 30:
            yield f"{quoted(name)} is another"
        else:
            yield f"{quoted(name)} was {quoted(shown[0])}, is {quoted(shown[1])}"


def _opened(path: str) -> int:
    """The file, open for adding to it, and locked."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        file = os.open(path, flags, 0o666)
    except (OSError, ValueError) as error:
        raise SolverError(f"the journal {_shown(path)} cannot be opened: {_why(error)}") from error
    try:
        locked = _lock(file)
    except OSError:  # a file system without locks
        locked = True
    if not locked:
        os.close(file)
        hint = "wait until it ends, or give this run a journal of its own"
        raise SolverError(f"another run is writing the journal {_shown(path)}", hint=hint)
    return file


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        # Far behind the end, where nobody reads: a lock of Windows also keeps readers out.
        os.lseek(file, 1 << 40, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def _closed_on_failure(journal: Journal) -> Iterator[None]:
    try:
        yield
    except BaseException:
        journal.close()
        raise


def _reading(path: str) -> BinaryIO:
    try:
        return open(path, "rb")
    except (OSError, ValueError) as error:
        raise SolverError(f"the journal {_shown(path)} cannot be read: {_why(error)}") from error


def _shown(path: str | Path) -> str:
    return quoted(str(path), 300)  # whole: the end of a path tells most


def _why(error: Exception) -> str:
    why = error.strerror if isinstance(error, OSError) else None
    return (why or str(error)).lower()


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(content), separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _line_of(outcome: Outcome) -> bytes:
    body = "result" if outcome.status == OK else "message"
    return (
        f'{{"key":{json.dumps(outcome.key)},"label":{json.dumps(outcome.label)},"order":{outcome.order},'
        f'"status":"{outcome.status}","ms":{outcome.ms:.3f},"{body}":{outcome.text}}}\n'
    ).encode()


def _header(file: BinaryIO, path: str) -> dict[str, Any]:
    """The header that is read from the start of a journal."""
    try:
        content = json.loads(file.readline(1 << 20))
    except (ValueError, RecursionError, OSError):
        content = None
    if not isinstance(content, dict) or "format" not in content:
        raise SolverError(f"{_shown(path)} is no journal of `solve grade`")
    if content["format"] != FORMAT:
        raise SolverError(f"the journal {_shown(path)} was written by another version of the program")
    return content


def _heads(file: BinaryIO) -> Iterator[tuple[int, int, dict[str, Any] | None]]:
    """Of each line below the header where it starts and ends, and what it says but for the result.

    None stands for a line that cannot be read. A last line without its end is left out.
    """
    start = file.tell()
    for line in file:
        if line.endswith(b"\n"):
            yield start, start + len(line), _head(line)
        start += len(line)


def _head(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"}\n"):
        return None
    for body in _BODIES:
        if (end := line.find(body)) >= 0:
            line = line[:end] + b"}"
            break
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(head, dict):
        return None
    whole = {"key": str, "label": str, "order": int, "status": str, "ms": float}
    if isinstance(head.get("end"), int) or all(
        isinstance(head.get(name), kind) for name, kind in whole.items()
    ):
        return head
    return None


def _outcome(line: bytes) -> Outcome | None:
    head = _head(line)
    if head is None or "key" not in head or head["status"] not in STATUSES:
        return None
    body = _BODIES[head["status"] != OK]
    text = line[line.index(body) + len(body) : -2] if body in line else b""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    return Outcome(
        head["key"], head["label"], head["order"], head["status"], head["ms"], text.decode("utf-8")
    )


def _finished(file: BinaryIO) -> list[tuple[int, int, int]]:
    """Order, part and place of each item of a file, of several lines of one item the last."""
    found: dict[bytes, tuple[int, int, int]] = {}
    for start, _, head in _heads(file):
        if head is not None and "key" in head:
            found[identity(head["key"], head["label"])] = (head["order"], 0, start)
    return list(found.values())


def _in_order(
    files: list[BinaryIO], names: list[str], finished: list[tuple[int, int, int]]
) -> Iterator[Outcome]:
    for _, part, start in sorted(finished):
        files[part].seek(start)
        outcome = _outcome(files[part].readline())
        if outcome is None:
            raise _damaged(names[part])
        yield outcome


def _damaged(path: str) -> SolverError:
    hint = f"grade what it says again with --resume {path}"
    return SolverError(f"a line of the journal {_shown(path)} cannot be read", hint=hint)
