"""The key of a problem: what its quantities are worth, and by which rules answers to them are marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property

from solver import kinds
from solver.errors import SolverErrors
from solver.expr.evaluate import Evaluator
from solver.expr.nodes import Apply, Expr
from solver.expr.values import Value
from solver.grading.guesses import Guesser
from solver.grading.world import World, Worlds
from solver.parts.impurity import CHOOSE, first_of_largest
from solver.spec.marking import Grading
from solver.spec.problem import Problem


class Key(Worlds):
    """A problem to be marked by.

    Raises `SolverErrors` where it has no solution, or where its policy names what it does not have.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.policy: Grading = problem.grading
        self._refuse_unknown()
        self.guesser = Guesser(self)
        self.places = {name: place for place, name in enumerate(self.values)}
        """The place of each quantity in the derivation."""
        self._folded = {_folded(name): name for name in self.values}
        self._exact = self._unrounded()

    def name_of(self, typed: str) -> str | None:
        """The quantity that somebody means, with the spaces and capitals of their own; None if there is none."""
        return typed if typed in self.values else self._folded.get(_folded(typed))

    @cached_property
    def points(self) -> Fraction:
        """What the problem is worth; 1 where it does not say."""
        points = self.problem.frame.points
        return Fraction(1) if points is None else points

    @cached_property
    def worth(self) -> Mapping[str, Fraction]:
        """The share of the points that each quantity earns: by its weight, or else all that are asked for alike."""
        weights = self.policy.weights or dict.fromkeys(self.ask, Fraction(1))
        total = sum(weights.values(), Fraction(0))
        return {name: weight / total for name, weight in weights.items()}

    def _refuse_unknown(self) -> None:
        unknown = [
            kinds.unknown_quantity(f"grading.{field}", name, self.values, self.problem.node.span)
            for field, name in self.policy.names()
            if name not in self.values
        ]
        if unknown and self.problem.frame.grading is not None:
            raise SolverErrors(unknown)

    def _unrounded(self) -> World | None:
        """Under `each_step` the same derivation without rounding: a student may compute more exactly."""
        return self.solved(self.problem.given, {}, rounded=False) if self.problem.rounding.each_step else None

    @property
    def answerable(self) -> dict[str, Value]:
        """The quantities that can be answered: all but what was given."""
        return {name: value for name, value in self.values.items() if name not in self.given}

    def alternatives(self, name: str) -> Iterator[Value]:
        """Other true values: those that were not rounded at each step, and those that are as good."""
        step = self.truth.steps.get(name)
        for expr in step.equals() if step is not None else ():
            yield Evaluator().value(expr, self.values)
        if self._exact is not None and name in self._exact.values:
            yield self._exact.values[name]


def _folded(name: str) -> str:
    return "".join(name.split()).casefold()


def winners(expr: Expr, world: World) -> tuple[str, ...]:
    """The labels of the largest of several numbers, where an expression chooses one."""
    if not isinstance(expr, Apply) or expr.op is not CHOOSE:
        return ()
    scores = [Evaluator().value(arg, world.values).item() for arg in expr.args]
    labels = dict(expr.params)["labels"]
    return tuple(labels[place] for place in first_of_largest(scores))


def choices(world: World, name: str) -> tuple[str, ...]:
    """The labels among which a quantity chooses; nothing if it does not."""
    step = world.steps.get(name)
    if step is None or not isinstance(step.expr, Apply) or step.expr.op is not CHOOSE:
        return ()
    labels: tuple[str, ...] = dict(step.expr.params)["labels"]
    return labels
