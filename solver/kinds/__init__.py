"""The kinds of problems: what each must bring, how one is found, and how a problem is solved by its kind.

A kind is an object of `Kind` in a module of its own, registered under the entry-point group `solver.kinds` by its
name. The built-in ones are registered like strangers; only, they are looked for first among the modules
of this package, so that no scan of what is installed is paid for.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from solver.derivation import Board, Derivation, Stopped
from solver.errors import SolverError, SolverErrors, did_you_mean, quoted
from solver.expr.values import Value
from solver.record import Record
from solver.spec import yaml
from solver.spec.fields import Fields
from solver.spec.problem import Problem
from solver.spec.yaml import Node, Pairs

GROUP = "solver.kinds"


class Mistake(Record, identity=True):
    """A misconception of a field: what it is called, what to remember, and the data as it takes them.

    The problem with these data has the values that it leads to; `names` are those that quantities have there.
    """

    name: str
    says: str
    given: Any
    also: tuple[str, ...] = ()
    names: Mapping[str, str] = MappingProxyType({})


def taken(given: Fields, name: str, says: str, *also: str, **changes: Any) -> Mistake:
    """The mistake of taking some fields of the data for others."""
    return Mistake(name, says, given.model_copy(update=changes), also)


def _none(_: Any) -> Iterable[Mistake]:
    return ()


def _never(_: Any, __: Mapping[str, Value]) -> bool:
    return False


class Kind(Record):
    """A kind of problem.

    `given` is the type of its data, `solve(given, board)` writes the derivation, `ask(given)` names the
    quantities that answer it by default. `letters` are the letters of names that are not letters
    themselves, `quantities` describes the names it defines, `example` is a small problem file.
    `mistakes(given)` are the misconceptions of its field. `inner` maps names that no book has to those whose
    part they are. The steps of a `fixed` kind are the same whatever values are pinned in them;
    of another, `unchanged(given, pins)` may say so of some.
    """

    name: str
    given: type[Fields]
    solve: Callable[[Any, Board], None]
    ask: Callable[[Any], Sequence[str]]
    title: str
    quantities: Mapping[str, str]
    example: str
    letters: Mapping[str, str] = MappingProxyType({})
    docs: str = ""
    mistakes: Callable[[Any], Iterable[Mistake]] = _none
    inner: Mapping[str, str] = MappingProxyType({})
    fixed: bool = False
    unchanged: Callable[[Any, Mapping[str, Value]], bool] = _never


def find(name: str) -> Kind:
    """The kind of a name.

    Raises `LookupError` for an unknown one, `SolverError` for one that cannot be loaded or that two packages bring.
    """
    module = f"{__name__}.{name.replace('-', '_')}"
    if name.replace("-", "").isalnum() and name.isascii() and importlib.util.find_spec(module):
        return _checked(importlib.import_module(module).kind, name)
    found = [entry for entry in _entries() if entry.name == name]
    if not found:
        raise LookupError(name)
    _refuse_twins(found)
    try:
        kind = found[0].load()
    except (Exception, SystemExit) as error:
        why = f"{type(error).__name__}: {error}"
        raise SolverError(f"the kind {quoted(name)} ({found[0].value}) cannot be loaded: {why}") from error
    return _checked(kind, name)


def names() -> list[str]:
    """The names of all kinds that are installed, in alphabetical order."""
    return sorted({entry.name for entry in _entries()})


def installed() -> tuple[list[Kind], list[SolverError]]:
    """All kinds, and what is wrong with those that cannot be used."""
    kinds: list[Kind] = []
    faults: list[SolverError] = []
    for name in names():
        try:
            kinds.append(find(name))
            _refuse_twins([entry for entry in _entries() if entry.name == name])
        except SolverError as error:
            faults.append(error)
    return kinds, faults


def fields_of(name: str) -> type[Fields]:
    """The type of a kind's data. Raises what `find` raises."""
    return find(name).given


def _entries() -> Iterable[Any]:
    from importlib.metadata import entry_points

    return {(entry.name, entry.value): entry for entry in entry_points(group=GROUP)}.values()


def _refuse_twins(entries: Sequence[Any]) -> None:
    if len(entries) > 1:
        both = " and ".join(sorted(entry.value for entry in entries))
        name = quoted(entries[0].name)
        raise SolverError(f"two packages bring a kind named {name}: {both}", hint="uninstall one of them")


def _checked(kind: Any, name: str) -> Kind:
    if not isinstance(kind, Kind) or kind.name != name:
        raise SolverError(
            f"the kind registered as {quoted(name)} is none of that name", hint="register an object of `Kind`"
        )
    return kind


class Solution(Record):
    """A problem with its derivation; `stopped` is set where it came to an end before its answer."""

    problem: Problem
    kind: Kind
    derivation: Derivation
    ask: tuple[str, ...]
    stopped: Stopped | None = None

    @property
    def error(self) -> SolverError | None:
        """Why there is no answer."""
        if self.stopped is None:
            return None
        message = f"`{self.stopped.name}` cannot be computed: {self.stopped.message}"
        return SolverError(
            message, yaml.at(self.problem.node, ["given", *self.stopped.path]), self.stopped.hint
        )


def solve(
    problem: Problem,
    pins: Mapping[str, Value] | None = None,
    kind: Kind | None = None,
    whole: bool = True,
) -> Solution:
    """The worked solution of a problem, by the kind that it names unless another is given.

    `pins` are values that stand in for computed ones. One that need not be `whole` may lack quantities that no
    page shows. Raises `SolverErrors` where the problem asks for what it does not have, and where a check of
    the derivation fails.
    """
    kind = kind or find(problem.kind)
    board, stopped = _derive(kind, problem, pins or {}, checking=True, whole=whole)
    if not whole and any(name not in board.derivation.quantities for name in problem.frame.ask):
        board, stopped = _derive(kind, problem, pins or {}, checking=True)
    if problem.rounding.each_step and not stopped:
        checks = board.derivation.checks
        board, stopped = _derive(kind, problem, pins or {}, checking=False)
        board.derivation.checks = checks
    derivation = board.derivation
    failed = [check for check in derivation.checks if not check.ok]
    if failed and not stopped:
        raise SolverErrors(
            SolverError(
                f"the solution failed its own check, {check.name}: the error is {check.error:.1e}",
                yaml.at(problem.node, ["given"]),
                "this is a mistake of the program; please report it with the problem file",
            )
            for check in failed
        )
    ask = problem.frame.ask or tuple(kind.ask(problem.given))
    if not stopped:
        _refuse_unknown(problem, derivation, kind.letters)
    return Solution(problem, kind, derivation, tuple(ask), stopped)


def _derive(
    kind: Kind, problem: Problem, pins: Mapping[str, Value], checking: bool, whole: bool = True
) -> tuple[Board, Stopped | None]:
    rounding = problem.rounding
    board = Board(pins, None if checking and rounding.each_step else rounding, checking, whole)
    try:
        kind.solve(problem.given, board)
    except Stopped as stopped:
        return board, stopped
    return board, None


def _refuse_unknown(problem: Problem, derivation: Derivation, letters: Mapping[str, str]) -> None:
    known = derivation.quantities
    errors = []
    for place, name in enumerate(problem.frame.ask):
        if name not in known:
            node: Node = problem.node["ask"]
            span = node.span if isinstance(node, yaml.Scalar) else yaml.at(node, [place])
            errors.append(unknown_quantity("ask", name, known, span))
    bases = {base for name in known for base in _bases(name)} | {
        *known,
        *derivation.letters,
        *letters.values(),
    }
    typed = problem.node.get("symbols")
    for name in problem.frame.symbols:
        if name not in bases and isinstance(typed, Pairs):
            hint = did_you_mean(name, bases) or f"names here: {', '.join(sorted(bases)[:20])}"
            message = f"`symbols`: this problem has no {quoted(name)}"
            errors.append(SolverError(message, typed.key_span(name), hint))
    if isinstance(typed, Pairs):
        errors += _clashes(problem.frame.symbols, typed, bases, letters)
    if errors:
        raise SolverErrors(errors)


def _clashes(
    chosen: Mapping[str, str], typed: Pairs, bases: Iterable[str], letters: Mapping[str, str]
) -> Iterable[SolverError]:
    """Letters that would stand for two things on one page."""
    owners: dict[str, str] = {}
    for base in sorted(bases, key=lambda name: (name in chosen, name)):
        letter = chosen.get(base) or letters.get(base, base)
        letter = chosen.get(letter, letter)
        other = owners.setdefault(letter, base)
        if base in chosen and letters.get(other, other) not in (base, letters.get(base)) and other != base:
            message = (
                f"`symbols`: the letter {quoted(letter)} would stand for {quoted(base)} and {quoted(other)}"
            )
            node = typed[base]
            yield SolverError(message, node.span, f"choose another, or rename {quoted(other)} too")


def unknown_quantity(where: str, name: str, known: Iterable[str], span: Any = None) -> SolverError:
    """The error for a name that the problem does not have."""
    known = list(known)
    hint = (
        did_you_mean(name, known) or f"quantities: {', '.join(known[:20])}{' …' if len(known) > 20 else ''}"
    )
    return SolverError(f"`{where}`: this problem has no quantity {quoted(name)}", span, hint)


def _bases(name: str) -> Iterable[str]:
    """The names under which a letter may be chosen: `W1(0)` by `W1` and `W`, `dL/dW1` by its parts."""
    for part in name.replace("/d", " ").removeprefix("d").split():
        base = part.partition("(")[0].partition(".")[0]
        yield base
        yield base.rstrip("0123456789")
