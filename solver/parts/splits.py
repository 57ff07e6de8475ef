"""Splits of a table: the parts that a column makes of some samples, and the best of several.

What doubles cannot tell apart is compared exactly, from the counts.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from solver.expr.evaluate import Evaluator
from solver.expr.nodes import Const, Expr, apply
from solver.expr.ops import terms
from solver.expr.values import Array, Scalar, gather
from solver.parts.impurity import Criterion, first_of_largest
from solver.parts.windows import OVER
from solver.spec.table import Column, Table

MOST_COUNTS = 8
"""So many labels are told one by one."""


class Part(NamedTuple):
    """The samples on one branch: what stands on it, and the counts of their labels."""

    text: str
    counts: tuple[int, ...]
    sign: str = "="


class Candidates(NamedTuple):
    """The splits of one column among which the best was found: thresholds between numbers, or groups of values."""

    between: Array
    """The distinct numbers in order; for groups, which values are in the first one: groups × values."""
    left: Array
    right: Array
    scores: Array
    best: int
    equal: Sequence[int]
    """All that are as good as the best."""


class Split(NamedTuple):
    """A column with the parts that it makes; a column with one part does not split."""

    feature: str
    parts: Sequence[Part]
    codes: Sequence[Array] = ()
    """For words: the places of the values of each part."""
    limit: float | None = None
    """For numbers: the threshold."""
    candidates: Candidates | None = None
    values: Sequence[str] = ()


class Said(NamedTuple):
    """How the labels are called at the head of a column and behind a count: a number does not say what it is."""

    heads: Sequence[str]
    behind: Sequence[str]

    def __call__(self, counts: Sequence[int]) -> str:
        """`9 yes, 5 no`."""
        parts = [f"{count} {text}" for count, text in zip(counts, self.behind, strict=True) if count]
        return ", ".join(parts if len(parts) <= MOST_COUNTS else [*parts[:MOST_COUNTS], "…"])


class Samples:
    """The table as numbers, and the splits of its columns."""

    def __init__(
        self, table: Table, target: str, numeric: Mapping[str, bool], criterion: Criterion, binary: bool
    ) -> None:
        """`numeric` says of each column to choose from whether it is split at a threshold."""
        self.table, self.criterion, self.binary = table, criterion, binary
        labels = table.columns[target]
        self.target, self.labels, self.y = target, labels.values, labels.codes
        named = labels.floats is None
        self.said = Said(
            self.labels if named else [f"{target} = {text}" for text in self.labels],
            self.labels if named else [f"with {target} = {text}" for text in self.labels],
        )
        self.features, self.numeric = tuple(numeric), numeric

    def counts(self, rows: Array) -> tuple[int, ...]:
        """The counts of the labels of some rows."""
        return tuple(np.bincount(self.y[rows], minlength=len(self.labels)).tolist())

    def counted(self, codes: Array, rows: Array, values: int) -> Array:
        """The counts of the labels for each value: values × labels."""
        width = len(self.labels)
        return np.bincount(codes * width + self.y[rows], minlength=values * width).reshape(values, width)

    def floats(self, feature: str, rows: Array) -> Array:
        cells = self.table.columns[feature]
        assert cells.floats is not None
        return np.asarray(cells.floats[cells.codes[rows]])

    def varies(self, feature: str, rows: Array) -> bool:
        """Whether a column can split some rows."""
        entries = (
            self.floats(feature, rows) if self.numeric[feature] else self.table.columns[feature].codes[rows]
        )
        return bool(np.any(entries != entries[0]))

    def split(self, feature: str, rows: Array) -> Split:
        """The best split of some rows by one column."""
        if self.numeric[feature]:
            return self.best_threshold(feature, rows)
        cells = self.table.columns[feature]
        codes = cells.codes[rows]
        if len(cells.values) > 4 * len(rows):
            there, places = np.unique(codes, return_inverse=True)
        else:
            there, places = np.arange(len(cells.values)), codes
        counts = self.counted(places, rows, len(there))
        kept = counts.any(axis=1)
        there, counts = there[kept], counts[kept]
        values = [cells.values[code] for code in there.tolist()]
        if self.binary and len(values) > 1:
            return grouped(self.criterion, feature, values, counts, there)
        parts = [Part(value, tuple(part)) for value, part in zip(values, counts.tolist(), strict=True)]
        return Split(feature, parts, [there[place : place + 1] for place in range(len(there))])

    def best_threshold(self, feature: str, rows: Array) -> Split:
        there, places = np.unique(self.floats(feature, rows), return_inverse=True)
        counts = self.counted(places, rows, len(there))
        if len(there) < 2:
            found = Candidates(there, counts, counts, np.zeros(0), 0, [0])
            return Split(
                feature, [Part("", tuple(counts[0].tolist()))], limit=float(there[0]), candidates=found
            )
        left = np.cumsum(counts, axis=0)[:-1]
        right = counts.sum(axis=0) - left
        scores = self.criterion.scores(np.stack([left, right], axis=1))
        equal = best_of(self.criterion, scores, left, right)
        best = equal[0]
        parts = [
            Part("", tuple(counts[best].tolist()), sign) for sign, counts in (("<=", left), (">", right))
        ]
        found = Candidates(there, left, right, scores, best, equal)
        return Split(feature, parts, limit=float(there[best] + there[best + 1]) / 2, candidates=found)

    def named(self, split: Split) -> Split:
        """The same split, its threshold written out exactly."""
        found = split.candidates
        if split.limit is None or found is None:
            return split
        if len(split.parts) < 2:
            text = shortest(self.exactly(split.feature, found.between[0]))
            return split._replace(parts=[split.parts[0]._replace(text=text)])
        limit = evaluated(midway(self.ends(split.feature, found.between, found.best)))
        return self.at_threshold(split, limit, split.parts[0].counts, split.parts[1].counts)

    def at_threshold(self, split: Split, limit: Scalar, low: tuple[int, ...], high: tuple[int, ...]) -> Split:
        """A column of numbers split at another threshold."""
        text = shortest(limit)
        parts = [Part(text, counts, sign) for sign, counts in (("<=", low), (">", high)) if any(counts)]
        return split._replace(parts=parts, limit=float(limit))

    def ends(self, feature: str, there: Array, place: int) -> list[Scalar]:
        """The two neighbouring numbers around a threshold."""
        return [self.exactly(feature, there[place]), self.exactly(feature, there[place + 1])]

    def exactly(self, feature: str, x: float) -> Scalar:
        """A number of a column as it was typed."""
        cells = self.table.columns[feature]
        assert cells.floats is not None
        place = int(np.flatnonzero(cells.floats == x)[0])
        numbers = Column(feature, cells.codes[:0], (cells.values[place],)).numbers()
        assert numbers is not None
        return numbers[0]

    def rows_of(self, split: Split, rows: Array) -> list[Array]:
        """The rows of each part of a split."""
        if split.limit is not None:
            low = self.floats(split.feature, rows) <= split.limit
            return [rows[low if part.sign == "<=" else ~low] for part in split.parts]
        codes = self.table.columns[split.feature].codes[rows]
        return [rows[np.isin(codes, part)] for part in split.codes]

    def best(self, splits: Sequence[Split]) -> int:
        """The place of the best of several columns, the first of equal ones."""
        widest = max(len(split.parts) for split in splits)
        counts = np.zeros((len(splits), widest, len(self.labels)), dtype=np.int64)
        for place, split in enumerate(splits):
            counts[place, : len(split.parts)] = [part.counts for part in split.parts]
        scores = self.criterion.scores(counts)
        near = np.flatnonzero(scores >= scores.max() - NEAR).tolist()
        if len(near) == 1:
            return int(near[0])
        worth = [
            evaluated(self.criterion.score([part.counts for part in splits[place].parts])) for place in near
        ]
        return int(near[first_of_largest(worth)[0]])


NEAR = 1e-9
"""Doubles that differ by less may be equal."""


def evaluated(expr: Expr) -> Scalar:
    """The value of an expression of numbers, exactly."""
    return Evaluator().value(expr, {}).item()


def midway(ends: Sequence[Scalar]) -> Expr:
    """Between two numbers."""
    return apply(OVER, terms(*(Const(gather([end], ())) for end in ends)), 2)


def best_of(criterion: Criterion, scores: Array, left: Array, right: Array) -> list[int]:
    """The places of the best of many splits in two, all that are equal; near ones are compared exactly."""
    near = np.flatnonzero(scores >= scores.max() - NEAR)
    if len(near) == 1:
        return [int(near[0])]
    known: dict[tuple[tuple[int, ...], ...], Scalar] = {}
    worth = []
    for place in near.tolist():
        first, second = sorted((tuple(left[place].tolist()), tuple(right[place].tolist())))
        if (first, second) not in known:
            known[first, second] = evaluated(criterion.score((first, second)))
        worth.append(known[first, second])
    return [int(near[place]) for place in first_of_largest(worth)]


def grouped(criterion: Criterion, feature: str, values: Sequence[str], counts: Array, codes: Array) -> Split:
    """A column of words in the best two groups of its values."""
    others = range(1, len(values))
    groups = [(0, *rest) for size in range(len(values) - 1) for rest in itertools.combinations(others, size)]
    inside = np.zeros((len(groups), len(values)), dtype=np.int64)
    for place, group in enumerate(groups):
        inside[place, list(group)] = 1
    left = inside @ counts
    right = counts.sum(axis=0) - left
    scores = criterion.scores(np.stack([left, right], axis=1))
    equal = best_of(criterion, scores, left, right)
    best = equal[0]
    chosen = inside[best] == 1
    parts = [
        Part("|".join(itertools.compress(values, side)), tuple(half[best].tolist()))
        for side, half in ((chosen, left), (~chosen, right))
    ]
    found = Candidates(inside, left, right, scores, best, equal)
    return Split(feature, parts, [codes[chosen], codes[~chosen]], candidates=found, values=values)


def shortest(x: Scalar) -> str:
    """A number as people write it: 77.5, 75, 1/3."""
    if not isinstance(x, (int, Fraction)):
        return f"{float(x):.15g}"
    x = Fraction(x)
    digits = 0
    while digits < LONGEST and (x * 10**digits).denominator != 1:
        digits += 1
    if digits == LONGEST:
        return str(x)
    text = str(abs(x.numerator) * 10**digits // x.denominator).rjust(digits + 1, "0")
    sign = "-" if x < 0 else ""
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"


LONGEST = 30
"""A threshold with more decimals is written as a fraction."""
