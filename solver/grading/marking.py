"""One submission for one problem, marked: a verdict for each quantity, and exact marks.

In the order of the derivation each answer is compared with the true value, then with what follows from the student's
other answers, then with what single mistakes would give. An error is charged once: where it was made, or
by the first asked answer that follows from it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from solver.derivation import Text, say
from solver.errors import SolverError, Span, did_you_mean, quoted
from solver.expr.nodes import Sym, symbols
from solver.expr.values import Value, gather, label
from solver.grading.compare import IMPRECISE, RIGHT, WRONG, in_words, judged, last_digit
from solver.grading.diagnose import (
    LIKELY_CHANCE,
    Found,
    Past,
    Suspect,
    again,
    explained,
    explained_by,
    same_mistake,
    suspects,
    told,
)
from solver.grading.key import Key, choices, winners
from solver.grading.typed import Illegible, Typed, Words, read
from solver.grading.world import World
from solver.record import Record
from solver.spec.names import escaped
from solver.spec.yaml import Node

CARRIED, MISTAKE, BLANK, UNREADABLE = "carried", "mistake", "blank", "unreadable"
ORDER = (RIGHT, CARRIED, IMPRECISE, MISTAKE, WRONG, BLANK, UNREADABLE)
"""The verdicts; of those that earn the same the first one stands."""

Place = tuple[int, ...]

MOST_DOUBTFUL = 20
"""So many unexplained answers of a paper are compared with each other."""

_ALL, _NOTHING = Fraction(1), Fraction(0)
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")


class Marked(Record, identity=True):
    """What became of one quantity. `entries` are the verdicts of the entries of an array, in a row."""

    name: str
    asked: bool
    verdict: str
    points: Fraction
    of: Fraction
    answer: Any = None
    text: str = ""
    span: Span | None = None
    expected: Value | None = None
    wrong: tuple[Place, ...] = ()
    blank: tuple[Place, ...] = ()
    found: Found | None = None
    message: Text = ""
    note: str = ""


class Result(Record, identity=True):
    """A submission for a problem, marked."""

    key: Key
    answers: tuple[Marked, ...]
    not_graded: tuple[SolverError, ...]

    @property
    def points(self) -> Fraction:
        return sum((each.points for each in self.answers), Fraction(0))

    @property
    def of(self) -> Fraction:
        return self.key.points


class _Answer:
    """An answer on its way to a verdict."""

    def __init__(self, name: str, node: Node | None, key: Key, own: Value | None = None) -> None:
        """`own` is the value of a quantity that only the student's own derivation has, on another branch."""
        self.name, self.key = name, key
        self.true = key.values[name] if own is None else own
        self.foreign = own is not None
        whole = self.true.exact and all(x.denominator == 1 for x in self.true.array.flat)
        self.read = read(node, self.true.shape, whole, self.true.label) if node is not None else None
        self.statuses: list[str] = []
        self.verdict = ""
        self.found: Found | None = None
        self.message: Text = ""
        self.note = self.read.note if isinstance(self.read, Typed) else ""
        self.share = Fraction(0)
        self.asked = name in key.ask

    # Comparison

    def compared(self, value: Value, follows: bool = False) -> list[str]:
        """The verdicts of the entries against some value, or against what follows from answers as written."""
        if isinstance(self.read, Words):
            return [RIGHT if value.label and alike(self.read.plain(), value.array.item()) else WRONG]
        assert isinstance(self.read, Typed)
        if self.read.shape != value.shape:
            return [WRONG] * max(1, len(self.read.entries))
        tolerance, count = self.key.policy.near(self.name), self.key.counts(self.name)
        rounding = self.key.problem.rounding
        verdicts = [
            BLANK if entry.blank else judged(entry, true, tolerance, count, rounding)
            for entry, true in zip(self.read.entries, value.array.flat, strict=True)
        ]
        if follows and not count:
            pairs = zip(self.read.entries, value.array.flat, strict=True)
            near = [not entry.blank and last_digit(entry, true) for entry, true in pairs]
            verdicts = [RIGHT if each else verdict for each, verdict in zip(near, verdicts, strict=True)]
        return verdicts

    def judge(self) -> None:
        """Against the true value."""
        self.found, self.message = None, ""
        self.note = self.read.note if isinstance(self.read, Typed) else ""
        if self.read is None:
            self.verdict = BLANK
        elif isinstance(self.read, Illegible):
            self.verdict = UNREADABLE
            self.message = self.read.reason
        else:
            self.statuses = self.compared(self.true)
            if isinstance(self.read, Typed) and self.read.other is not None and not self.right:
                first, one = self.statuses, self.read
                self.read = self.read.other
                self.statuses = self.compared(self.true)
                if first.count(WRONG) <= self.statuses.count(WRONG):
                    self.read, self.statuses = one, first
            if self.foreign:
                self.statuses = [CARRIED if each == RIGHT else each for each in self.statuses]
            else:
                self.judge_otherwise()
            if isinstance(self.read, Typed) and self.read.shape != self.true.shape:
                self.message = say("The shape should be {shape}.", shape=shape_text(self.true.shape))
            self.settle()

    def judge_otherwise(self) -> None:
        """Against what is as true: the values without rounding at each step, and equal winners."""
        for other in self.key.alternatives(self.name):
            if not self.right:
                self.statuses = better(self.statuses, self.compared(other), RIGHT)
        if isinstance(self.read, Words) and not self.right:
            if self.equally_good(self.key.truth):
                self.statuses = [RIGHT]
            else:
                self.message = first_difference(self.read.plain(), self.true.array.item())

    def settle(self) -> None:
        """The verdict of an array is that of its worst entry."""
        there = [status for status in self.statuses if status != BLANK]
        self.verdict = max(there, key=ORDER.index) if there else BLANK
        if BLANK in self.statuses and self.verdict not in (MISTAKE, WRONG):
            self.verdict = BLANK

    @property
    def right(self) -> bool:
        return bool(self.statuses) and all(status == RIGHT for status in self.statuses)

    @property
    def readable(self) -> bool:
        return isinstance(self.read, (Typed, Words))

    def equally_good(self, world: World) -> bool:
        """Whether a label is one of several equal winners, or a tree takes such ones."""
        assert isinstance(self.read, Words)
        step = world.steps.get(self.name)
        if step is None:
            return False
        if isinstance(self.read.plain(), str):
            return any(alike(self.read.plain(), each) for each in winners(step.expr, world))
        return self._equal_tree(self.read.plain())

    def _equal_tree(self, tree: Any) -> bool:
        pins = {}
        for path, feature in features(tree, ""):
            name = f"{path}best"
            pins[name] = label(feature)
        world = self.key.world(pins)
        if world is None:
            return False
        for name in pins:
            step = world.steps.get(name)
            if step is None or pins[name].array.item() not in winners(step.expr, world):
                return False
        grown = world.values.get(self.name)
        return grown is not None and alike(tree, grown.array.item())

    # The answer in the place of the computed value

    def pin(self, noughts: bool = False) -> Value | None:
        """The answer as a value, if it can stand in for the computed one; mere `noughts` are none."""
        if isinstance(self.read, Words) and not noughts:
            options = choices(self.key.truth, self.name)
            return next((label(each) for each in options if alike(self.read.plain(), each)), None)
        if (
            self.foreign
            or not isinstance(self.read, Typed)
            or self.read.shape != self.true.shape
            or self.name in self.key.given
        ):
            return None
        scalars = [
            entry.value if entry.value is not None else true
            for entry, true in zip(self.read.entries, self.true.array.flat, strict=True)
        ]
        numbers = [x.numerator if isinstance(x, Fraction) and x.denominator == 1 else x for x in scalars]
        if (not any(numbers) and bool(np.any(self.true.floats != 0))) != noughts:
            return None
        return gather(numbers, self.true.shape)

    # The verdict

    def carried(self, world: World | None) -> bool:
        """Whether the answer follows from others; entries that do are marked so."""
        value = world.follows(self.name) if world is not None else None
        if world is None or value is None or value.label != self.true.label:
            return False
        follows = self.compared(value, follows=True)
        for other in world.follows_otherwise(self.name) if WRONG in follows else ():
            by_other = self.compared(other, follows=True)
            if WRONG not in by_other:
                follows = by_other
        if isinstance(self.read, Words) and WRONG in follows:
            step = world.steps[self.name]
            if any(alike(self.read.plain(), each) for each in winners(step.expr, world)):
                follows = [RIGHT]
        if len(follows) != len(self.statuses):  # what follows has another shape
            self.statuses = [WRONG] * len(follows)
        self.statuses = better(self.statuses, follows, CARRIED)
        self.settle()
        done = self.verdict in (RIGHT, CARRIED)
        if done:
            self.message = ""
        return done


def better(old: Sequence[str], new: Sequence[str], verdict: str) -> list[str]:
    """Entries that are right against another value take its verdict; a wrong one may be imprecise there."""
    if len(old) != len(new):
        return list(old)
    return [
        verdict
        if now == RIGHT and before != RIGHT
        else IMPRECISE
        if now == IMPRECISE and before == WRONG
        else before
        for before, now in zip(old, new, strict=True)
    ]


def features(tree: Any, path: str) -> Iterator[tuple[str, str]]:
    """The nodes of a typed tree: the path to each, and the feature that it splits by."""
    if not isinstance(tree, Mapping) or len(tree) != 1:
        return
    ((feature, branches),) = tree.items()
    yield path, str(feature)
    for value, below in branches.items() if isinstance(branches, Mapping) else ():
        text = str(value)
        sign = "" if text.startswith(("<=", ">")) else "="
        key = f"{escaped(str(feature))}{sign}{text if not sign else escaped(text)}"
        yield from features(below, f"{path}{key}/")


def alike(a: Any, b: Any) -> bool:
    """Whether two labels, or two trees, mean the same: case and spaces do not count."""
    if isinstance(a, Mapping) or isinstance(b, Mapping):
        if not (isinstance(a, Mapping) and isinstance(b, Mapping)) or len(a) != len(b):
            return False
        one, two = ({plain(key): value for key, value in each.items()} for each in (a, b))
        return one.keys() == two.keys() and all(alike(one[key], two[key]) for key in one)
    return plain(a) == plain(b)


def first_difference(tree: Any, true: Any) -> Text:
    """Where a tree first differs from the true one."""
    if not isinstance(true, Mapping):
        return ""
    path: list[str] = []
    while isinstance(tree, Mapping) and isinstance(true, Mapping):
        (feature, branches), (wanted, wanted_branches) = (
            next(iter(tree.items()), ("", {})),
            next(iter(true.items())),
        )
        if plain(feature) != plain(wanted) or not isinstance(branches, Mapping):
            break
        below = {plain(value): each for value, each in branches.items()}
        for value, each in wanted_branches.items():
            if not alike(below.get(plain(value)), each):
                path.append(
                    f"{wanted} = {value}" if not value.startswith(("<", ">")) else f"{wanted} {value}"
                )
                tree, true = below.get(plain(value)), each
                break
        else:
            break
    where = " and ".join(path) if path else "the root"
    if isinstance(true, Mapping):
        return say("At {where} the best split is by {feature}.", where=where, feature=str(next(iter(true))))
    return say("Where {where}, there is a leaf: {label}.", where=where, label=str(true))


def plain(text: Any) -> str:
    """A label without what does not count."""
    words = " ".join(str(text).replace("≤", "<=").replace("_", " ").split()).strip("\"'").casefold()
    for sign in ("<=", ">"):
        if words.startswith(sign):
            words = sign + words.removeprefix(sign).strip()
    number = words.lstrip("<=>")
    sign = words.removesuffix(number)
    return f"{sign}{Fraction(number)}" if _NUMBER.fullmatch(number) else words


def shape_text(shape: tuple[int, ...]) -> str:
    if not shape:
        return "a single number"
    return " × ".join(map(str, shape)) if len(shape) > 1 else f"{shape[0]} numbers"


class _Paper:
    """All answers of a submission to a problem."""

    def __init__(self, key: Key, answers: Mapping[str, Node]) -> None:
        self.key = key
        self.not_graded: list[SolverError] = []
        found: dict[str, Node | None] = dict.fromkeys(key.ask)
        unknown: dict[str, Node] = {}
        for typed, node in answers.items():
            name = key.name_of(typed)
            if name is None:
                unknown[typed] = node
            else:
                found[name] = node
        self.answers = [_Answer(name, found[name], key) for name in sorted(found, key=key.places.__getitem__)]
        own = key.world(self.pinned()) if unknown and not key.kind.fixed else key.truth
        for typed, node in unknown.items():
            if own is not None and typed in own.values:
                self.answers.append(_Answer(typed, node, key, own.values[typed]))
                continue
            message = f"`{key.problem.id}` has no quantity {quoted(typed)}"
            self.not_graded.append(SolverError(message, node.span, did_you_mean(typed, key.values)))
        places = (
            entry.places or 0
            for each in self.answers
            if isinstance(each.read, Typed)
            for entry in each.read.entries
        )
        self.decimals = max(places, default=0)
        """How many of them the student writes."""
        self.sources: dict[str, bool] = {}
        """The answers in which errors were made, and whether each has cost points."""
        self.past: dict[Past, str] = {}
        self.proved: dict[str, Found] = {}
        """What explains an answer only because it explains another one too."""
        self.pins: dict[str, Value] = {}
        self.follows: dict[str, list[str]] = {}
        """The answers that follow from errors, and from which."""

    def pinned(self) -> dict[str, Value]:
        """The answers that can stand in for computed values."""
        return {each.name: pin for each in self.answers if (pin := each.pin()) is not None}

    def mark(self) -> None:
        for answer in self.answers:
            answer.judge()
        if any(answer.readable and not answer.right for answer in self.answers):
            self.known()
            self.explain()
            if self.prove():
                for answer in self.answers:
                    answer.judge()
                self.sources, self.past, self.follows = {}, {}, {}
                self.known()
                self.explain()
        self.charge()

    # Verdicts

    def explain(self) -> None:
        self.pins = pins = self.pinned()
        for answer in self.answers:
            if not answer.readable or answer.right or (answer.message and answer.verdict == MISTAKE):
                continue
            if answer.foreign:
                self.follows[answer.name] = list(self.sources)
                continue
            self.explain_one(answer, pins)
            if answer.verdict == CARRIED:
                self.follows[answer.name] = self.errors(answer)
            elif answer.verdict == IMPRECISE:  # no error: what follows from it costs nothing
                self.sources[answer.name] = True
            elif answer.verdict in (MISTAKE, WRONG):
                self.sources[answer.name] = False

    def explain_one(self, answer: _Answer, pins: Mapping[str, Value]) -> None:
        before = list(answer.statuses)
        own: World | None = self.key.truth
        others = frozenset(pins) - {answer.name}
        rests = bool(others & self.key.ancestors(answer.name)) or answer.true.label
        branching = bool(self.sources) and not self.key.kind.fixed
        if rests or (branching and self.key.moved(answer.name, self.key.world(pins))):
            own = self.key.world(pins)
            if answer.carried(own) or answer.carried(self.from_errors(pins, answer.name)):
                if not self.errors(answer):
                    answer.statuses = [RIGHT if each == CARRIED else each for each in answer.statuses]
                    answer.note = "it follows from the rounded values before it"
                    answer.settle()
                return
        if (
            not answer.readable
            or (answer.verdict == IMPRECISE and not self.past)
            or self.from_noughts(answer)
        ):
            return
        right = [status == RIGHT for status in before]
        world = own or self.key.truth
        if isinstance(answer.read, Words):
            found = self.chosen(answer, world)
        else:
            assert isinstance(answer.read, Typed)
            found = explained(
                self.key, answer.name, answer.read, right, world, self.past, self.sure(answer), self.decimals
            )
            found = found or self.proved.get(answer.name)
        if found is None or (answer.verdict == IMPRECISE and not found.repeat):
            return
        answer.statuses = [
            RIGHT if status == RIGHT else BLANK if status == BLANK else CARRIED if found.repeat else MISTAKE
            for status in before
        ]
        answer.found, answer.message = found, told(self.key, answer.name, found)
        answer.settle()
        for each in found.traces:
            self.past.setdefault(each, answer.name)

    def from_noughts(self, answer: _Answer) -> bool:
        """Whether an answer follows from noughts, which stand in for nothing and are no other mistake either."""
        found = {each.name: pin for each in self.answers if (pin := each.pin(noughts=True)) is not None}
        found.pop(answer.name, None)
        if not found.keys() & self.key.ancestors(answer.name):
            return False
        world = self.key.world({**self.pins, **found})
        value = world.follows(answer.name) if world is not None else None
        return value is not None and set(answer.compared(value, follows=True)) == {RIGHT}

    def chosen(self, answer: _Answer, world: World) -> Found | None:
        """The mistake by which another label is chosen, among numbers that the student has written."""
        step = world.steps.get(answer.name)
        if (
            step is None
            or not isinstance(answer.read, Words)
            or world.pinned.keys().isdisjoint(symbols(step.expr))
        ):
            return None
        for slip in step.slips():
            if any(alike(answer.read.plain(), each) for each in winners(slip.wrong, world)):
                return explained_by(slip, step, own=world is not self.key.truth)
        return None

    def prove(self) -> bool:
        """Look for mistakes that chance might explain in one answer, but not in several; whether there are any."""
        doubtful = [
            each
            for each in self.answers
            if each.verdict == WRONG and isinstance(each.read, Typed) and not each.foreign
        ]
        if not doubtful or len(doubtful) + len(self.past) < 2:
            return False
        named = [
            (each.name, Suspect(each.found, 1.0, LIKELY_CHANCE))
            for each in self.answers
            if each.found is not None
        ]
        cases: list[tuple[str, Suspect]] = []
        own = self.key.world(self.pins)
        for answer in doubtful[:MOST_DOUBTFUL]:
            right = [status == RIGHT for status in answer.statuses]
            assert isinstance(answer.read, Typed)
            found = suspects(
                self.key, answer.name, answer.read, right, own or self.key.truth, self.sure(answer)
            )
            cases += [(answer.name, suspect) for suspect in found]
        for name, suspect in cases:
            if name in self.proved:
                continue
            others = {
                other: each.alone
                for other, each in (*cases, *named)
                if other != name and same_mistake(suspect.found, each.found)
            }
            if others and suspect.chance * math.prod(others.values()) < LIKELY_CHANCE:
                self.proved[name] = suspect.found
        return bool(self.proved)

    def sure(self, answer: _Answer) -> set[str]:
        """The other answers that are right."""
        return {each.name for each in self.answers if each.right and each is not answer}

    def from_errors(self, pins: Mapping[str, Value], name: str) -> World | None:
        """What follows from the errors before, all else as it is truly."""
        errors = {each: pins[each] for each in self.sources if each in pins and each != name}
        return self.key.world(errors) if errors else None

    def errors(self, answer: _Answer) -> list[str]:
        """The errors that an answer rests on."""
        if answer.foreign:
            return list(self.sources)
        below = self.key.ancestors(answer.name)
        direct = [name for name in self.sources if name in below]
        for name in below & self.follows.keys():
            direct += self.follows[name]
        if not direct and not self.key.kind.fixed:  # another branch may have been taken
            direct = [
                name
                for name in self.sources
                if name != answer.name
                and name in self.pins
                and self.key.moved(answer.name, self.key.world({name: self.pins[name]}))
            ]
        if answer.found is not None and answer.found.repeat:
            made = (name for past, name in self.past.items() if again(answer.found, past))
            direct += list(made)[:1]
        return list(dict.fromkeys(direct))

    def known(self) -> None:
        """Answers that a marker has judged already."""
        for judged_ in self.key.policy.known:
            for answer in self.answers:
                if answer.name != judged_.name or not answer.readable or answer.right:
                    continue
                other = _Answer(answer.name, judged_.answer, self.key)
                if same_answer(answer.read, other.read):
                    answer.verdict, answer.share = MISTAKE, judged_.share
                    answer.message = judged_.says or "A marker has judged this answer."
                    answer.statuses = [MISTAKE] * len(answer.statuses)
                    answer.note = "judged"
                    self.sources[answer.name] = False

    # Marks

    def charge(self) -> None:
        policy = self.key.policy
        shares = {RIGHT: _ALL, IMPRECISE: policy.imprecise, MISTAKE: policy.mistake}
        shares |= dict.fromkeys((WRONG, BLANK, UNREADABLE), _NOTHING)
        for answer in self.answers:
            worth = self.key.worth.get(answer.name, _NOTHING) > 0
            if answer.note == "judged" and answer.verdict == MISTAKE:
                if worth and answer.share < 1:
                    self.sources[answer.name] = True
                continue
            if CARRIED in answer.statuses:
                errors = self.errors(answer)
                free = [name for name in errors if not self.sources.get(name, True)]
                shares[CARRIED] = policy.charged if free else policy.carried
                if worth:
                    for name in free:
                        self.sources[name] = True
            statuses = answer.statuses or [answer.verdict]
            if policy.entries and len(set(statuses)) > 1:
                answer.share = sum((shares[each] for each in statuses), _NOTHING) / len(statuses)
            elif policy.entries:
                answer.share = shares[statuses[0]]
            else:
                answer.share = shares[answer.verdict]
            if worth and answer.name in self.sources and answer.share < 1:
                self.sources[answer.name] = True

    def result(self) -> Result:
        self.mark()
        marked = (
            self.marked(answer, self.key.points * self.key.worth.get(answer.name, _NOTHING))
            for answer in self.answers
        )
        return Result(self.key, tuple(marked), tuple(self.not_graded))

    def marked(self, answer: _Answer, of: Fraction) -> Marked:
        typed = answer.read
        wrong: list[Place] = []
        blank: list[Place] = []
        if isinstance(typed, Typed) and typed.shape == answer.true.shape and typed.shape:
            places = list(np.ndindex(*typed.shape))
            for place, status in zip(places, answer.statuses, strict=True):
                if status == BLANK:
                    blank.append(place)
                elif status != RIGHT:
                    wrong.append(place)
        message = answer.message
        if not message and answer.verdict == CARRIED and (origin := self.origin(answer)):
            message = say("It follows from your {name}.", name=Sym(origin))
        elif not message and answer.verdict == IMPRECISE and of:
            true = answer.true.array.flat[answer.statuses.index(IMPRECISE)]
            message = f"Not precise enough: it should be {in_words(self.key.policy.near(answer.name), true)}."
        return Marked(
            answer.name,
            answer.asked,
            answer.verdict,
            of * answer.share,
            of,
            typed.plain() if isinstance(typed, (Typed, Words)) else None,
            typed.text if isinstance(typed, (Typed, Illegible)) else "",
            typed.span if isinstance(typed, Illegible) else None,
            answer.true,
            tuple(wrong),
            tuple(blank),
            answer.found,
            message,
            "" if answer.note == "judged" else answer.note,
        )

    def origin(self, answer: _Answer) -> str:
        """The error that a carried answer is said to follow from: one that it rests on, if only by a repeat."""
        verdicts = {each.name: each.verdict for each in self.answers}
        errors = sorted(self.errors(answer), key=lambda name: verdicts[name] == IMPRECISE)
        below = self.key.ancestors(answer.name)
        if errors and errors[0] not in below:
            repeats = [each.name for each in self.answers if each.found is not None and each.name in below]
            return (repeats or errors)[-1 if repeats else 0]
        return errors[0] if errors else ""


def same_answer(a: Any, b: Any) -> bool:
    """Whether two answers are the same numbers or words, as they were typed."""
    if isinstance(a, Typed) and isinstance(b, Typed):
        return a.shape == b.shape and all(
            x.value is not None and y.value is not None and _same_number(x, y)
            for x, y in zip(a.entries, b.entries, strict=True)
        )
    return isinstance(a, Words) and isinstance(b, Words) and alike(a.plain(), b.plain())


def _same_number(x: Any, y: Any) -> bool:
    """Equal at the digits of the one with fewer of them."""
    places = [each.places for each in (x, y) if each.places is not None]
    room = Fraction(1, 2) / Fraction(10) ** min(places) if len(places) == 2 and x.places != y.places else 0
    return bool(abs(x.value - y.value) <= room)


def mark(key: Key, answers: Mapping[str, Node]) -> Result:
    """A submission for a problem, marked by its key."""
    return _Paper(key, answers).result()
