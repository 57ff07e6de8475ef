"""The targets of a classification: a class index, a one-hot vector or a distribution, one a sample."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from solver.expr.values import Scalar, Value, exact, gather
from solver.spec.fields import Fault
from solver.spec.numbers import as_fraction

NEARLY_ONE = Fraction(1, 10**6)
"""A distribution typed with rounded numbers sums to 1 within this."""


def target_faults(target: Value, samples: int | None, classes: int, where: str) -> Iterator[Fault]:
    """What is wrong with a target for one sample (None) or several, of so many classes."""
    if samples is None:
        yield from _one_fault(target, classes, (where,))
        return
    if _as_row(target, samples, classes):
        yield from _one_fault(target, classes, (where,))
    elif not target.shape or target.shape[0] != samples:
        given = target.shape[0] if target.shape else 1
        plural = "" if given == 1 else "s"
        yield Fault((where,), f"{given} target{plural} for {samples} samples", "give one a sample, as a list")
    else:
        for place in range(samples):
            yield from _one_fault(target.entry(place), classes, (where, place))


def _as_row(target: Value, samples: int, classes: int) -> bool:
    """One sample in a list, with its target not in one."""
    return samples == 1 and (not target.shape or (len(target.shape) == 1 and target.size == classes > 1))


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
        yield Fault(path, f"the probabilities sum to {float(sum(chances)):g}, not to 1")


def distributions(target: Value, samples: int | None, classes: int) -> Value:
    """The target as probabilities, (k) for one sample or (n, k): an index becomes a one-hot vector."""
    if samples is None:
        return _distribution(target, classes)
    if _as_row(target, samples, classes):
        row = _distribution(target, classes)
        return gather(list(row.array.flat), (1, classes))
    rows: list[Scalar] = []
    for place in range(samples):
        rows += list(_distribution(target.entry(place), classes).array.flat)
    return gather(rows, (samples, classes))


def _distribution(target: Value, classes: int) -> Value:
    if target.shape:
        return target
    one_hot = np.zeros(classes, dtype=int).tolist()
    one_hot[int(target.item())] = 1
    return exact(one_hot)
