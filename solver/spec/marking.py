"""How answers are marked, as a problem or an exam says under `grading`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Any

from solver.errors import SolverError, SolverErrors, quoted
from solver.record import Record
from solver.spec.fields import NUMBER_SCHEMA, Fields, Flag, Leaf, Text, field, fraction, scalar
from solver.spec.yaml import Node, Pairs


class Tolerance(Record):
    """How near a number has to be: a share of the true value, a distance, so many digits, or equal.

    `way` is relative, absolute, decimals, significant or exact.
    """

    way: str
    size: Fraction = Fraction(0)


ONE_PERCENT = Tolerance("relative", Fraction(1, 100))
_DIGITS = re.compile(
    r"([0-9]{1,2})\s*(decimals?|dp|places?|significant(?:\s+(?:digits?|figures?))?|sf|sig)", re.IGNORECASE
)
_HINT = "write 1%, 0.01, `2 decimals`, `3 significant` or `exact`"


def _tolerance(node: Node) -> Tolerance:
    leaf = scalar(node, "a tolerance")
    text = leaf.text.strip()
    if text.lower() == "exact":
        return Tolerance("exact")
    if found := _DIGITS.fullmatch(text):
        way = "decimals" if found[2][0] in "dDpP" else "significant"
        size = Fraction(found[1])
        if way == "significant" and not size:
            raise SolverError(f"{quoted(leaf.text)} leaves no digit", leaf.span, _HINT)
        return Tolerance(way, size)
    try:
        size = fraction(0).read(leaf)
    except SolverError as error:
        raise SolverError(f"{quoted(leaf.text)} is no tolerance", error.span, _HINT) from None
    return Tolerance("relative" if text.endswith("%") else "absolute", size)


OTHERS = "default"
"""In a mapping of tolerances, the name for all quantities that are not named."""


def _tolerances(node: Node) -> dict[str, Tolerance]:
    if not isinstance(node, Pairs):
        return {OTHERS: _tolerance(node)}
    return _each(node, _tolerance)


def _each(node: Pairs, read: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    faults: list[SolverError] = []
    for name, child in node.items():
        try:
            found[name] = read(child)
        except SolverError as error:
            faults += error.errors
    if faults:
        raise SolverErrors(faults)
    return found


def _share(node: Node) -> Fraction:
    share: Fraction = fraction(0).read(node)
    if share > 1:
        raise SolverError(f"{quoted(scalar(node, 'a share').text)} is more than 1", node.span)
    return share


def _weights(node: Node) -> dict[str, Fraction]:
    if not isinstance(node, Pairs):
        raise SolverError("a mapping from quantities to weights is needed here", node.span)
    weights = _each(node, fraction(0).read)
    if weights and not any(weights.values()):
        raise SolverError("all weights are 0", node.span)
    return weights


SHARE = Leaf(_share, NUMBER_SCHEMA)
_TOLERANCE_SCHEMA: dict[str, Any] = {"type": ["string", "number"]}


_ANSWER: dict[str, Any] = {}


class Known(Fields):
    """A wrong answer that a marker has judged."""

    name: Text = field("the quantity")
    answer: Annotated[Any, Leaf(lambda node: node, _ANSWER)] = field("the answer, as it was typed")
    share: Annotated[Fraction, SHARE] = field("the share of the points that it earns")
    says: Text = field("what to tell the student", "")


class Grading(Fields):
    """The policy of marking; the defaults are those of most markers."""

    tolerance: Annotated[
        dict[str, Tolerance],
        Leaf(_tolerances, {"anyOf": [_TOLERANCE_SCHEMA, {"type": "object"}]}),
    ] = field("1%, 0.01 (absolute), `2 decimals`, `3 significant` or `exact`; or a mapping by quantity", {})
    carried: Annotated[Fraction, SHARE] = field(
        "share of what follows from an earlier error that has cost points already", Fraction(1)
    )
    charged: Annotated[Fraction, SHARE] = field(
        "share of the first asked answer that follows from an error in working without points", Fraction(1, 2)
    )
    mistake: Annotated[Fraction, SHARE] = field("share where a recognised mistake was made", Fraction(0))
    imprecise: Annotated[Fraction, SHARE] = field(
        "share of the right value at too few digits", Fraction(1, 2)
    )
    entries: Flag = field("vectors and matrices earn by the entry", True)
    weights: Annotated[dict[str, Fraction], Leaf(_weights, {"type": "object"})] = field(
        "the weights of quantities; by default the asked ones are equal", {}
    )
    known: list[Known] = field("wrong answers that a marker has judged: {name, answer, share, says}", [])

    def within(self, exam: Grading | None) -> Grading:
        """The policy where that of the exam fills in what is not said here."""
        if exam is None:
            return self
        return exam.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})

    def near(self, name: str) -> Tolerance:
        """The tolerance of a quantity."""
        return self.tolerance.get(name) or self.tolerance.get(OTHERS) or ONE_PERCENT

    def names(self) -> Iterator[tuple[str, str]]:
        """The quantities that are spoken of, and the fields in which."""
        yield from (("tolerance", name) for name in self.tolerance if name != OTHERS)
        yield from (("weights", name) for name in self.weights)
        yield from (("known", each.name) for each in self.known)
