"""Which mistake explains a wrong answer: guesses matched against its numbers at their written precision.

The simplest guess that gives all entries wins. One that chance could have hit is not named: the number of guesses
as simple, times the width that the written digits leave, over the range of what is guessed, has to be small.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from solver.derivation import Message, Step, Text, say
from solver.expr.edits import LIKELY, Slip, whole
from solver.expr.nodes import Apply, Const, Expr, Sym
from solver.expr.values import Array
from solver.grading.guesses import Guess, Guesses, trace, traces_of
from solver.grading.key import Key
from solver.grading.typed import Typed
from solver.grading.world import World
from solver.record import Record

ZERO_MISTAKES = {"other-function", "padding-ignored", "stride-ignored", "rounding-direction"}
"""The mistakes that are believed to give nothing but noughts."""

LIKELY_CHANCE = 0.05
"""So many guesses may be expected to hit by chance: from here on, none is named."""

LOOSE, LOOSE_NUMBER = 0.01, 0.001
"""Students round on the way: what is not hit at the written digits is tried within this share; less of a number."""

TIGHT = 1e-9

MOST_MEANT = 4
"""So many decimals are taken for meant where fewer were written."""

MOST_SUSPECTS = 8
"""So many explanations that need proof from another answer are looked into."""

FARTHEST = 10.0
"""Guesses that are so many times as large as the numbers make no answer more believable."""


class Found(Record, identity=True):
    """A mistake that explains an answer; `also` are names of others that do so as simply, `other` one of them."""

    guess: Guess
    also: tuple[str, ...]
    traces: tuple[Past, ...]
    """How it is known again: by each way in which it may have been made."""
    repeat: bool = False
    other: Guess | None = None


Past = tuple[str, str, str]
"""A mistake that was found before: its name, what exactly was done, and to which kind of quantity."""


def explained(
    key: Key,
    name: str,
    typed: Typed,
    right: Sequence[bool],
    own: World,
    past: Collection[Past],
    sure: Collection[str] = (),
    decimals: int = 0,
) -> Found | None:
    """The mistake that explains an answer, from the true values or from the student's own.

    `right` says which of its entries are right as they are. `sure` are the other answers that are right: no mistake
    was made there. `decimals` are those that the student writes elsewhere: a shorter number is meant exactly.
    """
    numbers = _Numbers(typed, right, key.truth.floats[name], key.values[name].whole, decimals)
    for guess in key.guesser.repeats(name, own, past):
        if numbers.fits(guess.value):
            return Found(guess, (), (trace(guess),), repeat=True)
    # A slip of the last digit, or not as many digits as are wanted, is no mistake.
    numbers.only_facts = numbers.nearly_true()
    numbers.settled = _settled(key, name, sure)
    stages: list[Guesses] = []
    for stage in key.guesser.stages(name, own):
        stages.append(stage)
        found = numbers.best(stages, loosely=len(stages) > 1)  # what fits exactly may come later
        if found is not None and found.guess.cost <= LIKELY:
            break
    found = numbers.best(stages)
    if found is not None and any(again(found, each) for each in past):
        return found.but(repeat=True, also=())
    return found


def explained_by(slip: Slip, step: Step, own: bool) -> Found:
    """A slip in a whole step as the mistake."""
    guess = Guess(slip.name, step.value.array, (step.name,), slip.cost, own, whole(slip, step.expr))
    return Found(guess, slip.also, (trace(guess),))


class Suspect(Record, identity=True):
    """A mistake that explains an answer but might do so by chance: with `chance`, of all that are as simple, and
    with `alone` if no other came into question."""

    found: Found
    chance: float
    alone: float


def suspects(
    key: Key, name: str, typed: Typed, right: Sequence[bool], own: World, sure: Collection[str] = ()
) -> list[Suspect]:
    """Likely mistakes that give exactly what was written, however probable that is without them."""
    numbers = _Numbers(typed, right, key.truth.floats[name], key.values[name].whole)
    if numbers.nearly_true() or not numbers.wrong.any() or not numbers.x.any():
        return []
    numbers.settled = _settled(key, name, sure)
    with np.errstate(all="ignore"):
        return numbers.suspects(list(key.guesser.stages(name, own)))


def _settled(key: Key, name: str, sure: Collection[str]) -> frozenset[str]:
    """The steps where no mistake was made: right answers, and on the way to a quantity what those rest on."""
    truth, below = key.truth.steps, key.ancestors(name)
    found = set(sure).union(*(key.ancestors(each) for each in sure if each in below))
    return frozenset(truth[each].name for each in found if each in truth) - {truth[name].name}


def again(found: Found, past: Past) -> bool:
    """Whether a mistake was made before, perhaps at another place of an expression."""
    return any(
        name == past[0] and (key.partition("@")[0] == past[1].partition("@")[0] or kind == past[2])
        for name, key, kind in found.traces
    )


def same_mistake(one: Found, other: Found) -> bool:
    """Whether two answers are explained by one mistake."""
    return any(name == past[0] and key == past[1] for name, key, _ in one.traces for past in other.traces)


def _also(guess: Guess) -> tuple[str, ...]:
    if guess.edit is not None:
        return guess.edit.also
    return guess.kind.also if guess.kind is not None else ()


def _rank(guess: Guess) -> tuple[int, bool, bool]:
    """The simplest first; of equals what has words of its own, then what starts from the student's own values."""
    return guess.cost, guess.kind is None and not (guess.edit and guess.edit.says), not guess.own


class _Numbers:
    """The numbers of an answer as intervals."""

    def __init__(
        self, typed: Typed, right: Sequence[bool], truth: Array, whole: bool, decimals: int = 0
    ) -> None:
        self.shape, self.loose = typed.shape, LOOSE if len(typed.entries) > 1 else LOOSE_NUMBER
        if whole:
            self.loose = 0.0
        there = [not entry.blank for entry in typed.entries]
        self.there = None if all(there) else np.array(there)
        entries = [entry for entry in typed.entries if not entry.blank]
        self.x = np.array([float(entry.value or 0) for entry in entries])
        finest = max((entry.places for entry in entries if entry.places is not None), default=0)
        places = [finest if entry.places == 0 else entry.places for entry in entries]  # 0 beside 0.1234
        width = [0.0 if each is None else 10.0 ** -min(each, 300) for each in places]
        self.width = np.maximum(np.array(width), 2 * TIGHT * np.abs(self.x))
        self.integers = whole and not finest
        self.meant = 10.0 ** -min(decimals, MOST_MEANT) if decimals and not whole else math.inf
        self.settled: frozenset[str] = frozenset()
        self.only_facts = False
        """Whether only that is said which is true of the numbers themselves."""
        self.truth: Array | None = None
        self.wrong = np.ones(len(self.x), dtype=bool)
        if truth.shape == self.shape and truth.dtype == float:
            self.truth = self._there(truth.reshape(1, -1))[0]
            self.wrong = ~np.array(right)[there]

    def _there(self, rows: Array) -> Array:
        return rows if self.there is None else np.asarray(rows[:, self.there])

    def _near(self, values: Array, loose: bool) -> Array:
        room = (0 if self.integers else self.width / 2 * (1 + 1e-6)) + TIGHT * (1 + np.abs(values))
        if loose:
            room = np.maximum(room, self.loose * np.abs(values))
        with np.errstate(all="ignore"):
            return np.asarray(np.abs(values - self.x) <= room)

    def _exactly(self, value: Array) -> bool:
        """Whether these are the very numbers that were typed."""
        there = self._there(value.reshape(1, -1))[0]
        return bool((np.abs(there - self.x) <= TIGHT * (1 + np.abs(there))).all())

    def nearly_true(self) -> bool:
        """Whether all are within two units of the last digit of the true values, which are no whole numbers."""
        if self.truth is None or not self.loose:
            return False
        with np.errstate(all="ignore"):
            return bool((np.abs(self.truth - self.x) <= 2 * self.width).all())

    def fits(self, values: Array) -> bool:
        """Whether all entries are these."""
        if values.shape != self.shape or values.dtype != float or not self.wrong.any():
            return False
        there = self._there(values.reshape(1, -1))[0]
        room = 0 if self.integers else 1.5 * self.width  # what was made before needs less proof
        return bool((self._near(there, True) | (np.abs(there - self.x) <= room)).all())

    def best(self, stages: Sequence[Guesses], loosely: bool = True) -> Found | None:
        """The simplest guess that fits and that chance would not have hit."""
        if not self.wrong.any():
            return None
        with np.errstate(all="ignore"):
            return self._best(stages, loosely)

    def _best(self, stages: Sequence[Guesses], loosely: bool) -> Found | None:
        guesses, values, costs = self._gathered(stages)
        if not guesses:
            return None
        for loose in (False, True) if loosely else (False,):
            hit = np.flatnonzero(self._near(values, loose).all(axis=1))
            if not self.x.any():  # noughts may only say that nothing was computed
                hit = np.array([at for at in hit if _gives_noughts(guesses[at]) and not values[at].any()])
            if not len(hit):
                continue
            fits = sorted((guesses[place] for place in hit), key=_rank)
            fits = [guess for guess in fits if self.settled.isdisjoint(guess.at)]
            if not fits:
                continue
            facts = [guess for guess in fits if guess.edit and guess.edit.fact and self._exactly(guess.value)]
            best = (facts or fits)[0]
            if not facts and self.only_facts:
                return None
            exact = [] if loose or facts else [guess for guess in fits if self._exactly(guess.value)]
            if exact and self._is_rare(values, costs, exact[0], sharp=True):
                return _found(exact[0], [guess for guess in exact if guess.cost == exact[0].cost])
            if not facts and not self._is_rare(values, costs, best, loose):
                return None
            return _found(best, [guess for guess in fits if guess.cost == best.cost])
        return None

    def _is_rare(
        self, values: Array, costs: Array, best: Guess, loose: bool = False, sharp: bool = False
    ) -> bool:
        """Whether chance would hardly have hit."""
        chance = self._chance(values, costs <= best.cost, loose, best.entry, sharp)
        return math.prod(chance) < LIKELY_CHANCE

    def suspects(self, stages: Sequence[Guesses]) -> list[Suspect]:
        """The likely guesses that fit exactly."""
        guesses, values, costs = self._gathered(stages)
        fits = [
            guesses[place]
            for place in (np.flatnonzero(self._near(values, False).all(axis=1)) if guesses else ())
            if costs[place] <= LIKELY and self.settled.isdisjoint(guesses[place].at)
        ]
        found = []
        for guess in sorted(fits, key=_rank)[:MOST_SUSPECTS]:
            count, alone = self._chance(values, costs <= guess.cost, False, guess.entry)
            found.append(Suspect(_found(guess, [guess]), count * alone, alone))
        return found

    def _gathered(self, stages: Sequence[Guesses]) -> tuple[list[Guess], Array, Array]:
        """All guesses, their values in the entries that are there, and their costs."""
        gathered = [stage.rows(self.shape) for stage in stages]
        guesses = [guess for some, _, _ in gathered for guess in some]
        if not guesses:
            return [], np.zeros((0, len(self.x))), np.zeros(0, dtype=int)
        values = self._there(np.concatenate([rows for _, rows, _ in gathered]))
        return guesses, values, np.concatenate([costs for _, _, costs in gathered])

    def _chance(
        self, values: Array, simple: Array, loose: bool, entry: bool, sharp: bool = False
    ) -> tuple[int, float]:
        """How many guesses are as simple, and how probably one of them hits the wrong entries by chance."""
        values = values[:, self.wrong]
        x, width = self.x[self.wrong], self.width[self.wrong]
        if sharp:
            width = np.minimum(width, self.meant)
        if loose:
            width = np.maximum(width, 2 * self.loose * np.abs(x))
        truth = self.truth[self.wrong] if self.truth is not None else None
        others = values[simple]
        if truth is not None:
            others = others[~np.isclose(others, truth, rtol=1e-6, atol=1e-12).all(axis=1)]
        log = 0.0
        if not entry:  # chance would have had to hit these entries and no others
            log -= math.log(math.comb(len(self.wrong), len(x)))
        largest = float(np.abs(x).max(initial=0.0))
        across = float(np.ptp(self.truth)) if self.truth is not None else 0.0
        if self.integers and self.truth is not None:  # a count may be as much too large as too small
            across = max(across, 2 * float(np.abs(self.truth).max()))
        for place in range(len(x)):
            if entry:  # in sums of a few numbers what is missing or too much lies close together
                width[place] = max(width[place], _gap(others[:, place]))
            apart = max(_range(values[:, place], x[place], truth, place), across)
            if truth is None:  # of another shape: hardly anything to compare with
                apart = max(apart, largest)
            log += math.log(min(1.0, max(width[place] / apart, 1e-300)))
        return max(_distinct(others), 1), math.exp(max(log, -700.0))


def _found(best: Guess, equal: Sequence[Guess]) -> Found:
    """What is said of a guess, and of others that are as good."""
    names = dict.fromkeys(name for guess in (best, *equal) for name in (guess.mistake, *_also(guess)))
    names.pop(best.mistake)
    told = {best.mistake, *_also(best)}
    other = next((guess for guess in equal if guess.mistake not in told), None)
    traces = dict.fromkeys(each for guess in equal for each in traces_of(guess))
    return Found(best, tuple(names), tuple(traces), other=other)


def _gives_noughts(guess: Guess) -> bool:
    """Whether a mistake is believed to give nothing but noughts."""
    return guess.mistake in ZERO_MISTAKES or (guess.edit is not None and guess.edit.fact)


def _distinct(rows: Array) -> int:
    return len({row.tobytes() for row in np.round(rows, 9) + 0.0})


def _gap(values: Array) -> float:
    """The smallest distance of two different values."""
    steps = np.diff(np.unique(np.round(values, 9)))
    return float(steps.min()) if len(steps) else 0.0


def _range(values: Array, x: float, truth: Array | None, place: int) -> float:
    """Where the values of guesses lie, without the most extreme ones."""
    distinct = np.unique(np.round(values, 9))
    if len(distinct) >= 5:
        cut = max(1, len(distinct) // 20)
        distinct = distinct[cut:-cut]
    spread = float(np.ptp(distinct)) if len(distinct) > 1 else 0.0
    known = float(truth[place]) if truth is not None else 0.0
    return max(min(spread, FARTHEST * max(abs(x), abs(known))), abs(x - known), 1e-12)


# What is said

RULES = {
    "brackets": "The brackets belong around {part}: {right}.",
    "transpose": "Mind which factor is transposed: {right}.",
    "sign": "A sign is wrong: it is {right}.",
    "dropped-term": "The term {part} is missing: {right}.",
    "extra-term": "There is a term too many: it is {right}.",
    "dropped-factor": "The factor {part} is missing: {right}.",
    "extra-factor": "There is a factor too many: it is {right}.",
    "repeated-factor": "The factor {part} belongs there once: {right}.",
    "swapped-operands": "The two are in the wrong order: it is {right}.",
    "other-operation": "That is another operation: it is {right}.",
    "other-function": "That is another function: it is {right}.",
    "function-forgotten": "A function is missing: it is {right}.",
    "other-quantity": "{wrong_part} stands where {right} belongs.",
    "previous-iterate": "{wrong_part} is of an earlier step; here it is {right}.",
    "updated-value": "{wrong_part} is of a later step; here it is still {right}.",
    "off-by-one": "It is one too many or too few: {right}.",
    "wrong-index": "That is another entry: it is {right}.",
    "other-axis": "The sum or the softmax goes along the other axis: {right}.",
}
OTHERWISE = "It should be {right}."

LONGEST = 40
"""Of a longer expression only the part is shown that is wrong."""


def told(key: Key, name: str, found: Found) -> Text:
    """What is said of a mistake to the student who made it."""
    guess, other = found.guess, found.other
    if other is not None and any({guess.mistake, other.mistake} <= alike for alike in _ONE_FORMULA):
        other = None
    if guess.kind is not None:
        return guess.kind.says
    assert guess.edit is not None
    edit = guess.edit
    step = key.truth.steps[guess.at[0]]
    of = edit.of if edit.of is not None else step.expr
    if edit.says:
        says = edit.says if guess.at == (name,) else "{at}: " + edit.says
        places = {"at": Sym(guess.at[0]), "part": edit.part or of, "wrong": edit.wrong, "right": of}
        if any(_big(value) or _size(value) > LONGEST for value in _used(says, places).values()):
            says = says.partition(": it is {right}")[0] + "."
        used = _used(says, places)
        return Message(says, used) if used else says
    if (
        other is not None
        and other.edit is not None
        and not other.edit.says
        and guess.at == other.at == (name,)
    ):
        one, two = edit.expr, other.edit.expr
        if not any(_size(expr) > LONGEST or _big(expr) for expr in (one, two, of)):
            text = "You computed either {one} or {two}; both give this. It is {right}."
            return say(text, one=one, two=two, right=of)
    short = _size(edit.expr) <= LONGEST and not _big(edit.expr)
    wrong = edit.expr if short else edit.wrong
    start = "You computed {wrong}. "
    args: dict[str, str | int | Expr] = {"wrong": wrong}
    if step.name != name and name not in step.also:
        start = "For {at} you computed {wrong}. "
        args["at"] = Sym(step.name)
    if _big(wrong):
        start = "" if step.name == name else "Look at {at}. "
    rule = RULES.get(guess.mistake, OTHERWISE)
    if "{part}" in rule and (edit.part is None or _big(edit.part)):
        rule = OTHERWISE
    args["right"] = of if short and "{wrong_part}" not in rule else edit.right
    if "{wrong_part}" in rule:
        args["wrong_part"] = edit.wrong
    if edit.part is not None:
        args["part"] = edit.part
    if _big(args["right"]):
        rule = ""
    text = f"{start}{rule}".strip() or "The mistake is the one named."
    return Message(text, _used(text, args))


_ONE_FORMULA = (
    {"extra-factor", "repeated-factor", "dropped-factor", "other-operation"},
    {"sign", "swapped-operands"},
)
"""The names of what may be one formula written in two ways."""


def _used(text: str, args: Mapping[str, str | int | Expr]) -> dict[str, str | int | Expr]:
    return {each: value for each, value in args.items() if f"{{{each}}}" in text}


def _size(expr: Expr | str | int) -> int:
    return 1 + sum(map(_size, expr.args)) if isinstance(expr, Apply) else 1


def _big(expr: Expr | str | int) -> bool:
    """Whether an array of many numbers stands in an expression."""
    if isinstance(expr, Const):
        return expr.value.size > 12
    return isinstance(expr, Apply) and any(map(_big, expr.args))
