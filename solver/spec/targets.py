"""The targets of a classification: a class index, a one-hot vector or a distribution, one a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from solver.errors import counted
from solver.expr.rounding import Rounding, show
from solver.expr.values import Scalar, Value, exact, gather
from solver.spec.fields import NUMBER_SCHEMA, Fault, Leaf
from solver.spec.numbers import as_fraction, read_array
from solver.spec.yaml import Items, Node

Target = Value | tuple[Value, ...]
"""A target for one sample, or an array of targets, or one a sample where indices and vectors are mixed."""

NEARLY_ONE = Fraction(1, 10**6)
"""A distribution typed with rounded numbers sums to 1 within this."""


def _read(node: Node) -> Target:
    if isinstance(node, Items) and len({isinstance(child, Items) for child in node}) == 2:
        return tuple(read_array(child, (0, 1)) for child in node)
    return read_array(node, (0, 1, 2))


_LIST = {"type": "array", "items": {"anyOf": [NUMBER_SCHEMA, {"type": "array", "items": NUMBER_SCHEMA}]}}
TARGET = Leaf(_read, {"anyOf": [NUMBER_SCHEMA, _LIST]})


def target_faults(target: Target, samples: int | None, classes: int, where: str) -> Iterator[Fault]:
    """What is wrong with a target for one sample (None) or several, of so many classes."""
    rows = _rows(target, samples, classes)
    if rows is None:
        given = len(target) if isinstance(target, tuple) else target.shape[0] if target.shape else 1
        message = f"{counted(given, 'target')} for {samples} samples"
        yield Fault((where,), message, "give one a sample, as a list")
    elif len(rows) == 1 and rows[0] is target:
        yield from _one_fault(rows[0], classes, (where,))
    else:
        for place, row in enumerate(rows):
            yield from _one_fault(row, classes, (where, place))


def distributions(target: Target, samples: int | None, classes: int) -> Value:
    """The target as probabilities, (k) for one sample or (n, k): an index becomes a one-hot vector."""
    rows = [_distribution(row, classes) for row in _rows(target, samples, classes) or ()]
    if samples is None:
        return rows[0]
    scalars: list[Scalar] = [entry for row in rows for entry in row.array.flat]
    return gather(scalars, (samples, classes))


def beside(target: Value, classes: int) -> Iterator[Value]:
    """The class indices next to one: what a count from another number makes of it."""
    for step in (1, -1):
        if 0 <= (index := int(target.item()) + step) < classes:
            yield exact(index)


def _rows(target: Target, samples: int | None, classes: int) -> Sequence[Value] | None:
    """The target of each sample; None where their numbers differ."""
    if isinstance(target, tuple):
        return target if len(target) == samples else None
    if samples is None or (samples == 1 and not target.shape):
        return (target,)
    if samples == 1 and len(target.shape) == 1 and target.size == classes > 1:
        return (target,)  # one sample in a list, with its target not in one
    if not target.shape or target.shape[0] != samples:
        return None
    return [target.entry(place) for place in range(samples)]


def _one_fault(target: Value, classes: int, path: tuple[str | int, ...]) -> Iterator[Fault]:
    if not target.shape:
        index = target.item()
        if not target.exact or as_fraction(index).denominator != 1 or not 0 <= index < classes:
            hint = f"classes count from 0: 0 to {classes - 1}"
            yield Fault(path, f"{target.plain()} is no class of {classes}", hint)
        return
    if len(target.shape) > 1:
        yield Fault(path, "one target is needed here, not several", "is `x` one sample?")
        return
    if target.size != classes:
        yield Fault(path, f"{target.size} numbers for {classes} classes")
        return
    chances = [as_fraction(x) for x in target.array.flat]
    for place, chance in enumerate(chances):
        if not 0 <= chance <= 1:
            yield Fault((*path, place), f"{float(chance):g} is no probability")
            return
    if abs(sum(chances, Fraction(0)) - 1) > NEARLY_ONE:
        whole = show(sum(chances, Fraction(0)), Rounding(significant=9)).digits
        yield Fault(path, f"the probabilities sum to {whole}, not to 1", "write 1/3 for a third")


def _distribution(target: Value, classes: int) -> Value:
    if target.shape:
        return target
    return exact([int(place == target.item()) for place in range(classes)])
