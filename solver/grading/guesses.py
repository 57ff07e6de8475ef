"""What mistakes would give: for each quantity the values that single edits and misconceptions lead to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from solver.derivation import Step
from solver.expr.edits import LIKELY, LOGARITHMS, PLAIN, POSSIBLE, Edit, Scope, edits, family, series
from solver.expr.evaluate import Evaluator, doubles
from solver.expr.nodes import Apply, Const, Sym, symbols
from solver.expr.values import Array
from solver.grading.world import World, Worlds, same
from solver.kinds import Mistake
from solver.record import Record

MOST_STEPS, MOST_OWN = 6_000, 600
"""So many steps are computed again to explain one answer: from the true values, which is done once, and from a
student's own ones."""

MOST_UNWRITTEN = 120
"""So many steps that were not written are looked into for one answer."""

MOST_NAMES = 200
"""Of a longer derivation only the quantities near a step are tried in its place."""

IN_ENTRIES = {"dropped-term", "dropped-factor", "sign"}
"""The mistakes that are looked for in single entries."""

MOST_ENTRIES = 64
"""The entries of a larger array are not looked into one by one."""

LARGEST = 200_000
"""An array of more numbers is compared but its mistakes are not looked for."""


class Guess(Record, identity=True):
    """What a mistake would give for a quantity: made at the steps `at`, of which the first names it."""

    mistake: str
    value: Array
    at: tuple[str, ...]
    cost: int
    own: bool
    edit: Edit | None = None
    kind: Mistake | None = None
    entry: bool = False
    """Whether it changes a single entry of an array."""


class Guesses:
    """Guesses of one quantity, those of one shape as the rows of a matrix."""

    def __init__(self, every: Iterable[Guess]) -> None:
        self.by_shape: dict[tuple[int, ...], list[Guess]] = {}
        for guess in every:
            if guess.value.dtype == float and np.isfinite(guess.value).all():
                self.by_shape.setdefault(guess.value.shape, []).append(guess)
        self._rows: dict[tuple[int, ...], tuple[Array, Array]] = {}

    def rows(self, shape: tuple[int, ...]) -> tuple[list[Guess], Array, Array]:
        """The guesses of a shape, their values and their costs."""
        guesses = self.by_shape.get(shape, [])
        if shape not in self._rows:
            size = int(np.prod(shape, dtype=int))
            values = np.array([guess.value.ravel() for guess in guesses]).reshape(len(guesses), size)
            self._rows[shape] = values, np.array([guess.cost for guess in guesses], dtype=int)
        return guesses, *self._rows[shape]


def trace(guess: Guess) -> tuple[str, str, str]:
    """What tells that a mistake is made again: its name, what exactly is done, and to which kind of quantity."""
    return guess.mistake, guess.edit.key if guess.edit is not None else guess.mistake, family(guess.at[0])


def traces_of(guess: Guess) -> Iterator[tuple[str, str, str]]:
    """All that tells so."""
    yield trace(guess)
    if guess.edit is not None:
        for key in _keys(guess.edit):
            yield guess.mistake, key, family(guess.at[0])


class Guesser:
    """Makes the guesses, from the true values or from a student's own."""

    def __init__(self, worlds: Worlds) -> None:
        self.worlds = worlds
        self._edits: dict[str, list[Edit]] = {}
        self._guesses: dict[str, Guesses] = {}
        self._variants: list[tuple[Mistake, World]] | None = None

    def edits(self, name: str) -> list[Edit]:
        """The single edits of the expression of a quantity."""
        step = self.worlds.truth.steps.get(name)
        if step is None:  # of a branch that only a student has taken
            return []
        if step.name not in self._edits:
            found: list[Edit] = []
            if not step.value.label and step.value.size <= LARGEST:
                scope = self._scope(step)
                found = edits(step.name, step.expr, scope, step.slips())
                for way in step.ways():
                    found += [edit.but(of=way) for edit in edits(step.name, way, scope)]
            self._edits[step.name] = found
        return self._edits[step.name]

    @cached_property
    def _names(self) -> list[str]:
        """The numbers that may stand for each other by mistake, each under one name."""
        aliases = {name for step in self.worlds.truth.order for name in step.also}
        return [name for name, value in self.worlds.values.items() if not value.label and name not in aliases]

    @cached_property
    def _everywhere(self) -> Scope:
        """What is the same for the mistakes in all steps."""
        shapes = {name: value.shape for name, value in self.worlds.values.items()}
        scalars = [name for name in ("learning_rate", "l2", "temperature") if name in shapes]
        samples = (shapes[name][0] for name in ("X", "x", "logits") if len(shapes.get(name, ())) == 2)
        data = {
            name: value
            for name, value in self.worlds.values.items()
            if name in self.worlds.given and not value.label and value.size <= MOST_ENTRIES
        }
        return Scope(shapes, self._names, scalars, samples=next(samples, 1), data=data)

    def _scope(self, step: Step) -> Scope:
        names = self._names
        if len(names) > MOST_NAMES:
            at = names.index(step.name)
            near = names[max(0, at - MOST_NAMES // 2) : at + MOST_NAMES // 2]
            names = [*(name for name in names if name in self.worlds.given and name not in near), *near]
        own = {series(used) for used in (step.name, *symbols(step.expr))} - {""}
        names = [
            name for name in names if step.name not in self.worlds.ancestors(name) or series(name) in own
        ]  # what follows from a quantity cannot stand in it, but for a later iterate
        relatives = {
            name
            for used in symbols(step.expr)
            if (below := self.worlds.truth.steps.get(used)) is not None
            for name in symbols(below.expr)
        }
        counts = [step.name] if self.worlds.counts(step.name) else []
        lengths = [] if step.value.shape or summed(step.name) else counts
        return self._everywhere.but(names=names, relatives=relatives, counts=counts, lengths=lengths)

    def stages(self, name: str, own: World) -> Iterator[Guesses]:
        """What mistakes would give for a quantity, the likely ones first.

        In its own step from the student's values; in any step, or by the kind, from the true ones; in steps that
        were not written from the student's.
        """
        if own is not self.worlds.truth:
            yield Guesses(self._near(name, own))
        if name not in self._guesses:
            every = [
                *self._near(name, self.worlds.truth),
                *self._far(name, self.worlds.truth),
                *self._of_kind(name),
            ]
            self._guesses[name] = Guesses(every)
        yield self._guesses[name]
        if own is not self.worlds.truth:
            yield Guesses([*self._far(name, own, MOST_OWN), *self._of_kind(name, own)])

    def repeats(self, name: str, own: World, past: Collection[tuple[str, str, str]]) -> Iterator[Guess]:
        """The mistakes that were made before, made again on the way to a quantity: at every step, or at one."""
        steps = self.unwritten(name, own)
        for mistake, key, _ in past:
            found = {
                each: edit
                for each in steps
                for edit in self.edits(each)
                if edit.name == mistake and key in _keys(edit)
            }
            for some in (found, *({each: edit} for each, edit in found.items() if len(found) > 1)):
                if (
                    some
                    and (value := own.propagated({each: edit.expr for each, edit in some.items()}, name))
                    is not None
                ):
                    at = tuple(sorted(some, key=self.worlds.truth.places.__getitem__))
                    edit = some[at[0]]
                    yield Guess(mistake, value, at, edit.cost, own is not self.worlds.truth, edit)
            yield from (guess for guess in self._of_kind(name, own) if trace(guess)[:2] == (mistake, key))

    def unwritten(self, name: str, world: World) -> list[str]:
        """The steps between a quantity and what was answered, the nearest first; its own is the first."""
        found = [self.worlds.truth.steps[name].name]
        for each in found:
            step = world.steps.get(each) or self.worlds.truth.steps[each]
            for used in symbols(step.expr):
                below = world.steps.get(used)
                if below is None or below.pinned or below.name not in self.worlds.truth.places:
                    continue  # the last: a step of the student's own branch
                if below.name not in found:
                    found.append(below.name)
        return found

    def _goes_round(self, edit: Edit, name: str, world: World) -> bool:
        """Whether an edit takes a later value that follows from the answer itself, which then explains nothing."""
        if edit.name != "updated-value" or world is self.worlds.truth or not isinstance(edit.wrong, Sym):
            return False
        later = edit.wrong.name
        step = world.steps.get(later)
        if name not in self.worlds.ancestors(later):
            return False
        return edit.key.endswith(":whole") or step is None or not step.pinned

    def _is_harmless(self, edit: Edit, world: World) -> bool:
        """Whether an edit takes another quantity that ought to be equal, and only in the student's values is not."""
        truth = self.worlds.truth
        if world is truth or not (isinstance(edit.wrong, Sym) and isinstance(edit.right, Sym)):
            return False
        return same(truth.floats[edit.wrong.name], truth.floats[edit.right.name])

    def _near(self, name: str, world: World) -> Iterator[Guess]:
        """Edits of the quantity's own step."""
        step = self.worlds.truth.steps[name]
        for edit in self.edits(step.name):
            if self._goes_round(edit, step.name, world) or self._is_harmless(edit, world):
                continue
            value = world.propagated({step.name: edit.expr}, name)
            if value is not None:
                yield Guess(edit.name, value, (step.name,), edit.cost, world is not self.worlds.truth, edit)
        if world is self.worlds.truth:
            yield from self._of_entries(step)

    def _of_entries(self, step: Step) -> Iterator[Guess]:
        """Mistakes in one entry of an array: in its own sum, or the number of another place."""
        expr, value = step.expr, step.value
        if not isinstance(expr, Apply) or expr.op.entry is None or not 1 < value.size <= MOST_ENTRIES:
            return
        truth = self.worlds.truth.floats[step.name]
        args = [Evaluator().value(arg, self.worlds.values) for arg in expr.args]
        scope = Scope({}, ())
        for place in np.ndindex(*value.shape):
            written = expr.op.entry(place, *args, **dict(expr.params))
            for edit in edits(step.name, written, scope):
                if edit.name not in IN_ENTRIES:
                    continue
                changed = truth.copy()
                changed[place] = doubles(edit.expr, {})
                yield Guess(edit.name, changed, (step.name,), edit.cost, False, edit, entry=True)
            for other in np.ndindex(*value.shape):
                if other != place and truth[other] != truth[place]:
                    changed = truth.copy()
                    changed[place] = truth[other]
                    right, wrong = (Const(value.entry(*at)) for at in (place, other))
                    edit = Edit("wrong-index", wrong, "other:entry", right, wrong, None, LIKELY)
                    yield Guess("wrong-index", changed, (step.name,), LIKELY, False, edit, entry=True)

    def family(self, name: str) -> str:
        """What the quantity has in common with others; the output of a net is its last activation."""
        step = self.worlds.truth.steps[name]
        return family(step.also[0] if step.also else step.name)

    def _far(self, name: str, world: World, budget: int = MOST_STEPS) -> Iterator[Guess]:
        """Edits of steps that were not written, of one or of all that are alike."""
        own = world is not self.worlds.truth
        alike: dict[tuple[str, str], dict[str, Edit]] = {}
        last = world.places.get(self.worlds.truth.steps[name].name, 0)
        rare = self.worlds.truth.floats[name].size == 1  # one number would fit too many of them
        steps = self.unwritten(name, world)[:MOST_UNWRITTEN]
        families = Counter(map(self.family, steps))
        for each in steps:
            near = each == self.worlds.truth.steps[name].name
            sort = self.family(each)
            groups = tuple(dict.fromkeys((sort, sort.rpartition(".")[2])))  # also in layers of all types
            for edit in self.edits(each):
                if self._goes_round(edit, each, world):
                    continue
                for known in dict.fromkeys((*_keys(edit), edit.key.partition("@")[0])):
                    for group in groups:
                        same_edit = alike.setdefault((group, known), {})
                        if each not in same_edit or edit.cost < same_edit[each].cost:
                            same_edit[each] = edit
                # What is done wrongly in one of several branches is done so in all.
                cost = edit.cost + 1 + ("=" in each and families[sort] > 1)
                if near or budget < 0 or (rare and cost > POSSIBLE):
                    continue
                if families[sort] > 1 and other_base(edit):
                    continue  # nobody changes the base in between
                budget -= 1 + last - world.places.get(each, 0)
                value = world.propagated({each: edit.expr}, name)
                if value is not None:
                    yield Guess(edit.name, value, (each,), cost, own, edit)
        together = [several for several in alike.values() if len(several) > 1]
        budget = MOST_OWN if own else MOST_STEPS
        for several in sorted(together, key=lambda several: min(edit.cost for edit in several.values())):
            names = tuple(sorted(several, key=self.worlds.truth.places.__getitem__))
            first = several[names[0]]
            budget -= 1 + last - world.places.get(names[0], 0)
            if budget > 0 and (first.cost < POSSIBLE or not (own or rare)):
                value = world.propagated({each: edit.expr for each, edit in several.items()}, name)
                if value is not None:
                    yield Guess(first.name, value, names, first.cost + 1, own, first)

    def _of_kind(self, name: str, own: World | None = None, only: str = "") -> Iterator[Guess]:
        """The misconceptions that the kind knows: the same problem, taken for another; `only` those of a name.

        One that changes nothing of the quantity explains nothing.
        """
        right = (own or self.worlds.truth).follows(name)
        for place, (mistake, world) in enumerate(self.variants()):
            if only and mistake.name != only:
                continue
            if own is not None and own is not self.worlds.truth:
                pinned = self._variant(place, mistake, own)
                if pinned is None:
                    continue
                follows = pinned.follows(mistake.names.get(name, name))
                value = follows.floats if follows is not None and not follows.label else None
            else:
                value = world.floats.get(mistake.names.get(name, name))
            if value is not None and (right is None or right.label or not same(value, right.floats)):
                at = self._where(name, world, mistake.names)
                yield Guess(mistake.name, value, (at,), PLAIN + (at != name), own is not None, None, mistake)

    def _variant(self, place: int, mistake: Mistake, own: World) -> World | None:
        """What follows from a misconception and the student's own values."""
        if place not in own.variants:
            try:
                own.variants[place] = self.worlds.solved(mistake.given, own.pinned)
            except Exception:  # the data may fit no more
                own.variants[place] = None
        return own.variants[place]

    def variants(self) -> Sequence[tuple[Mistake, World]]:
        """The problem as each misconception of the kind would solve it."""
        if self._variants is None:
            self._variants = []
            for mistake in self.worlds.kind.mistakes(self.worlds.problem.given):
                try:
                    world = self.worlds.solved(mistake.given, {})
                except Exception:  # the data of a misconception need not fit
                    continue
                if world is not None:
                    self._variants.append((mistake, world))
        return self._variants

    def _where(self, name: str, world: World, names: Mapping[str, str]) -> str:
        """The first step on the way to a quantity that has another value in another world, with its `names`."""
        for step in self.worlds.truth.order:
            if step.name != name and step.name not in self.worlds.ancestors(name):
                continue
            other = world.floats.get(names.get(step.name, step.name))
            if other is None or not same(other, self.worlds.truth.floats[step.name]):
                return step.name
        return self.worlds.truth.steps[name].name


def summed(name: str) -> bool:
    """Whether a count is of many things that are multiplied and added: nobody is one off in it."""
    return name.rpartition(".")[2] in {"params", "size", "macs"} or name.startswith(
        ("total_", "non_", "memory")
    )


def other_base(edit: Edit) -> bool:
    """Whether a logarithm is taken to another base."""
    one, _, two = edit.key.partition("@")[0].partition(":")
    return one in LOGARITHMS and two in LOGARITHMS


def _keys(edit: Edit) -> Iterator[str]:
    """What tells that two edits are the same mistake: the start of an iteration is also its previous iterate."""
    yield edit.key
    yield from edit.twins
    if (
        edit.key.startswith("previous-iterate:")
        and isinstance(edit.wrong, Sym)
        and edit.wrong.name.endswith("(0)")
    ):
        yield edit.key.replace("previous-iterate", "start")
