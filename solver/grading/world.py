"""What follows from values: the derivation of a problem with some of its quantities pinned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from solver import kinds
from solver.derivation import Board, Step, Stopped
from solver.errors import SolverErrors
from solver.expr.evaluate import doubles
from solver.expr.nodes import Expr, symbols
from solver.expr.values import Array, Value, double, integers
from solver.kinds import Kind
from solver.spec.problem import Problem

MOST_WORLDS = 64
"""So many sets of answers are kept with what follows from them."""


class World:
    """The steps of a derivation with their values: as they are, or with others pinned."""

    def __init__(
        self,
        steps: Iterable[Step],
        values: Mapping[str, Value],
        pinned: Mapping[str, Value] | None = None,
        floats: dict[str, Array] | None = None,
        like: World | None = None,
    ) -> None:
        """`floats` are the values in doubles, if they are known; `like` is a world with the same expressions."""
        self.values, self.pinned = values, pinned or {}
        self.order = list(steps)
        self.steps = {name: step for step in self.order for name in (step.name, *step.also)}
        self.places: dict[str, int] = (
            like.places if like else {step.name: place for place, step in enumerate(self.order)}
        )
        self.uses: list[tuple[str, ...]] = like.uses if like else [symbols(step.expr) for step in self.order]
        self.floats = floats or {
            name: value.array if value.label else value.floats for name, value in values.items()
        }
        self.variants: dict[int, World | None] = {}
        """The same values as the misconceptions of the kind, by their places, would go on with them."""

    def replayed(self, pins: Mapping[str, Value]) -> World | None:
        """The same steps with some values pinned, computed in doubles; None where a value does not exist."""
        values, floats = dict(self.values), dict(self.floats)
        order: list[Step] = []
        moved: set[str] = set()
        for step, uses in zip(self.order, self.uses, strict=True):
            names = (step.name, *step.also)
            pin = next((pins[name] for name in names if name in pins), None)
            computed = step.computed
            if not moved.isdisjoint(uses):
                try:
                    array = doubles(step.expr, floats)
                except (ArithmeticError, ValueError):
                    return None
                if not np.isfinite(array).all():
                    return None
                whole = step.computed.whole and bool((array == np.round(array)).all())
                computed = integers(array) if whole else double(array)
            if pin is not None or computed is not step.computed:
                value = computed if pin is None else pin
                step = step.but(value=value, computed=computed, pinned=pin is not None)
                for name in names:
                    values[name], floats[name] = value, value.floats
                    moved.add(name)
            order.append(step)
        return World(order, values, pins, floats, like=self)

    def follows(self, name: str) -> Value | None:
        """What a quantity comes to from all others, whatever was pinned in its own place."""
        step = self.steps.get(name)
        return step.computed if step is not None else None

    def follows_otherwise(self, name: str) -> Iterator[Value]:
        """What it comes to by the other formulas for it, which may start from other quantities."""
        step = self.steps.get(name)
        for way in step.ways() if step is not None else ():
            try:
                array = doubles(way, self.floats)
            except (ArithmeticError, ValueError, KeyError):
                continue
            if np.isfinite(array).all():
                yield double(array)

    def propagated(self, changed: Mapping[str, Expr], target: str) -> Array | None:
        """The value of a quantity after some steps were computed by other expressions; None if it has none.

        What was pinned stays, except the target.
        """
        goal = self.steps.get(target)
        if goal is None or not changed.keys() <= self.places.keys():
            return None  # it stops before, or takes another branch
        last = self.places[goal.name]
        values = self.floats if len(changed) == 1 and goal.name in changed else dict(self.floats)
        moved: set[str] = set()
        try:
            for place in range(min(self.places[name] for name in changed), last + 1):
                step = self.order[place]
                expr = changed.get(step.name)
                if (step.pinned and step is not goal) or (
                    expr is None and moved.isdisjoint(self.uses[place])
                ):
                    continue
                value = doubles(step.expr if expr is None else expr, values)
                if step is goal:
                    return value
                for name in (step.name, *step.also):
                    values[name] = value
                    moved.add(name)
        except (ArithmeticError, ValueError, IndexError, KeyError, TypeError, AttributeError):
            return None
        return None


class Worlds:
    """A problem with its derivation, and what follows in it from other values.

    Raises `SolverErrors` where it has no solution.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.kind: Kind = kinds.find(problem.kind)
        solution = kinds.solve(problem, kind=self.kind)
        if solution.error is not None:
            raise SolverErrors([solution.error])
        self.ask = solution.ask
        self.derivation = solution.derivation
        self.values = self.derivation.quantities
        self.truth = World(self.derivation.steps, self.values)
        self.given = {each.name for each in self.derivation.given}
        self._worlds: dict[tuple[tuple[str, str], ...], World | None] = {}
        self._ancestors: dict[str, frozenset[str]] = {}

    def counts(self, name: str) -> bool:
        """Whether a quantity counts something: shapes, numbers of parameters, classes."""
        value = self.values.get(name)
        last = name.rpartition(".")[2]
        return (value is None or value.exact) and (
            last in {"shape", "params", "size", "macs", "height", "width", "receptive_field"}
            or name.startswith(("total_", "non_trainable", "predict", "argmax"))
        )

    def world(self, pins: Mapping[str, Value]) -> World | None:
        """The derivation with some values pinned; None where there is none."""
        if not pins:
            return self.truth
        key = tuple((name, repr(pins[name].array.tolist())) for name in sorted(pins))
        if key not in self._worlds:
            if len(self._worlds) >= MOST_WORLDS:
                self._worlds.pop(next(iter(self._worlds)))
            world = None
            alike = self.kind.fixed or self.kind.unchanged(self.problem.given, pins)
            if alike and not self.problem.rounding.each_step:
                world = self.truth.replayed(pins)
            self._worlds[key] = world or self.solved(self.problem.given, pins)
        return self._worlds[key]

    def solved(self, given: Any, pins: Mapping[str, Value], rounded: bool = True) -> World | None:
        """The derivation from some data, which may be those of another problem; None where there is none."""
        board = Board(pins, self.problem.rounding if rounded else None, checking=False, quick=True)
        try:
            self.kind.solve(given, board)
        except Stopped:
            pass
        except Exception:
            if not pins:
                raise
            return None
        derivation = board.derivation
        return World(derivation.steps, derivation.quantities, pins)

    def ancestors(self, name: str) -> frozenset[str]:
        """All steps that a quantity rests on."""
        if name not in self._ancestors:
            found: set[str] = set()
            waiting = [name]
            while waiting:
                step = self.truth.steps.get(waiting.pop())
                formulas = (step.expr, *step.ways()) if step is not None else ()
                for used in (each for formula in formulas for each in symbols(formula)):
                    if used not in found:
                        found.add(used)
                        waiting.append(used)
            names = {
                each
                for used in found
                if (step := self.truth.steps.get(used))
                for each in (step.name, *step.also)
            }
            self._ancestors[name] = frozenset(found | names) - {name}
        return self._ancestors[name]

    def moved(self, name: str, world: World | None) -> bool:
        """Whether something else follows for a quantity in another world, if only by another branch."""
        value = world.follows(name) if world is not None else None
        truth = self.values[name]
        if value is None or value.label or truth.label:
            return value is not None and not (value.label and truth.label and value.same(truth))
        return not same(value.floats, truth.floats)


def same(a: Array, b: Array) -> bool:
    """Whether two arrays are equal but for rounding."""
    if a.shape != b.shape:
        return False
    if a.dtype == object or b.dtype == object:
        return bool(np.all(a == b))
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-12))
