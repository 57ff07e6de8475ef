"""A paper: what somebody wrote, beside the truth, and what a marker should say of every answer.

A script gives the true values and the student's own ones (both in the order of the derivation), and says where
the mistake was made. The verdicts follow from that: an answer that is right all the same is `correct`, the first
wrong one shows the mistake, what is wrong after it is `carried`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from .files import Line, Typed

Values = dict[str, Any]
Keep = Callable[[Any], Any]
Case = dict[str, Any]

WORST = ("correct", "imprecise", "wrong")


class Unfit(Exception):
    """The data do not show what the case is about (the mistake changes nothing, or is at the edge)."""


# ---------------------------------------------------------------- numbers as a person writes them


def same(value: Any) -> Any:
    """Keep all digits of a step."""
    return value


def decimals(places: int) -> Keep:
    """Round every step to decimals, as on paper."""

    def keep(value: Any) -> Any:
        if isinstance(value, str):
            return value
        rounded = np.vectorize(
            lambda n: float(_rounded(n, places)) if math.isfinite(n) else n, otypes=[float]
        )(value)
        return rounded if np.ndim(value) else float(rounded)

    return keep


def significantly(digits: int) -> Keep:
    """Round every step to significant digits."""

    def keep(value: Any) -> Any:
        if isinstance(value, str):
            return value
        rounded = np.vectorize(lambda n: float(f"{n:.{digits - 1}e}"), otypes=[float])(value)
        return rounded if np.ndim(value) else float(rounded)

    return keep


def _rounded(number: float, places: int, mode: str = ROUND_HALF_UP) -> Decimal:
    return Decimal(repr(float(number))).quantize(Decimal(1).scaleb(-places), rounding=mode)


def significant(number: float, digits: int, mode: str = ROUND_HALF_UP) -> Typed | int:
    """A number at so many significant digits; whole numbers as they are."""
    if abs(number - round(number)) < 1e-9:
        return round(number)
    places = digits - 1 - math.floor(math.log10(abs(number)))
    rounded = _rounded(number, max(places, 1), mode)
    if rounded == 0 or abs(number) < 1e-4:
        return Typed(f"{number:.{digits - 1}e}")
    return Typed(format(rounded, "f"))


def places(number: float, count: int, mode: str = ROUND_HALF_UP) -> Typed | int:
    """A number at so many decimals; whole numbers as they are."""
    if abs(number - round(number)) < 1e-9:
        return round(number)
    return Typed(format(_rounded(number, count, mode), "f"))


def typed(value: Any, write: Callable[[float], Any]) -> Any:
    """A value with every number written by `write`; text and trees stay."""
    if isinstance(value, (str, dict)) or value is None:
        return value
    if isinstance(value, (list, tuple, np.ndarray)):
        return [typed(entry, write) for entry in value]
    if not math.isfinite(value):
        raise Unfit("nobody writes that")
    return write(float(value))


def to(digits: int) -> Callable[[float], Any]:
    """Writes significant digits."""
    return lambda number: significant(number, digits)


def at_places(count: int) -> Callable[[float], Any]:
    """Writes decimals."""
    return lambda number: places(number, count)


# ---------------------------------------------------------------- right or not, by the contract's words


def read(text: Any) -> Fraction:
    """What a typed number says."""
    return Fraction(str(text).replace("−", "-").replace(",", "."))


def written(text: Any) -> tuple[int, int]:
    """How many decimals a number shows, and how many significant digits."""
    if "/" in str(text):
        return 99, 99
    parts = Decimal(str(text).replace("−", "-").replace(",", ".")).as_tuple()
    shown = 0 if parts.digits == (0,) else len(parts.digits)
    return max(-int(parts.exponent), 0), shown


def judged(text: Any, true: float, counted: bool = False) -> str:
    """`correct`, `imprecise` or `wrong`: one typed number against the true one."""
    value, near = float(read(text)), abs(true - round(true)) < 1e-9
    if near and round(true) == 0:
        return "correct" if value == 0 or (abs(value) < 0.005 and not counted) else "wrong"
    if near:
        return "correct" if value == round(true) else "wrong"
    error = abs(value - true) / abs(true)
    if 0.0095 < error < 0.0105:
        raise Unfit(f"{text} is at the edge of {true}")
    if error < 0.01:
        return "correct"
    count, shown = written(text)
    if value == 0 and abs(true) > 0.05:
        return "wrong"
    if read(text) == Fraction(_rounded(true, min(count, 30))):
        return "correct" if shown >= 2 else "imprecise"
    return "imprecise" if read(text) == Fraction(_rounded(true, min(count, 30), ROUND_DOWN)) else "wrong"


def entries(value: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The entries of a nested list with their places."""
    if isinstance(value, (list, tuple, np.ndarray)):
        for i, part in enumerate(value):
            yield from (((i, *place), entry) for place, entry in entries(part))
    else:
        yield (), value


def judgements(answer: Any, true: Any) -> list[str]:
    """One of WORST for each entry; another shape is wrong as a whole."""
    if isinstance(true, (str, dict)):
        return ["correct" if answer == true else "wrong"]
    if np.shape(answer) != np.shape(true):
        return ["wrong"]
    counted = isinstance(true, int) or (isinstance(true, list) and all(isinstance(n, int) for n in true))
    found = zip(entries(answer), entries(true), strict=True)
    return [judged(text, float(number), counted) for (_, text), (_, number) in found]


# ---------------------------------------------------------------- a case


def case(
    name: str,
    why: str,
    problem: Mapping[str, Any],
    truth: Values,
    own: Values,
    *,
    write: Sequence[str] = (),
    by: Callable[[float], Any] | None = None,
    mistake: Sequence[str] = (),
    at: Sequence[str] = (),
    again: Sequence[str] = (),
    slips: Sequence[str] = (),
    other: Mapping[str, Sequence[str]] | None = None,
    near: Values | None = None,
    unsure: str = "",
    loosely: Mapping[str, str] | None = None,
) -> Case:
    """A case from the student's own values.

    `mistake`: the names that describe it, `at`: the steps where it can be said to be; the first wrong answer
    shows it. `again`: steps where it is made once more. `slips`: wrong numbers that nothing explains.
    `other`: further mistakes by the answer that shows them. `near`: the same work with every step rounded; what
    is carried has to agree with it, or nobody could tell whether it follows from the numbers as typed.
    `unsure`: why the whole case is left out of the percentages; `loosely`: the same for single answers.
    """
    names = list(write or own)
    by = by or to(4)
    answers = {key: typed(own[key], by) for key in names}
    expect: dict[str, Any] = {}
    shown = False
    for key in (key for key in own if key in answers):
        found = judgements(answers[key], truth[key])
        worst = max(found, key=WORST.index)
        says = Line(verdict=worst)
        if worst == "wrong" and key not in slips:
            if other and key in other:
                says = Line(verdict="mistake", mistake=list(other[key]), at=[key])
            elif mistake and not shown:
                says = Line(verdict="mistake", mistake=list(mistake), at=list(at or [key]))
                shown = True
            else:
                says = Line(verdict="carried")
                if key in again:
                    says["repeat"] = True
        elif worst == "imprecise" and shown and key in again:  # what earns more
            says = Line(verdict="carried", repeat=True)
        if key in slips and worst == "wrong" and np.ndim(truth[key]) and len(found) > 1:
            says["wrong_entries"] = [
                list(place)
                for (place, _), word in zip(entries(answers[key]), found, strict=True)
                if word == worst
            ]
        if loosely and key in loosely:
            says["unsure"] = loosely[key]
        if (
            near
            and says["verdict"] == "carried"
            and "wrong" in judgements(answers[key], typed(near[key], float))
        ):
            raise Unfit(f"{name}: {key} does not follow from rounded numbers")
        expect[key] = says
    if mistake and not shown:
        raise Unfit(f"{name}: nothing is wrong")
    for key in slips:
        if key not in expect or expect[key]["verdict"] != "wrong":
            raise Unfit(f"{name}: the slip at {key} is right")
    if "carried" in (said["verdict"] for said in expect.values()) and not (shown or slips or other):
        raise Unfit(f"{name}: {expect} of an honest paper")
    made = finished(name, why, problem, answers, expect, unsure)
    given = points(made, truth, single=len(slips) + bool(mistake) + len(other or {}) <= 1)
    if given is not None and not loosely:
        made["points"] = str(given)
    return made


def finished(
    name: str, why: str, problem: Mapping[str, Any], answers: Values, expect: Values, unsure: str = ""
) -> Case:
    """A case as it stands in the file; asked quantities that were left out are blank."""
    full = dict(problem)
    full.setdefault("points", 2)
    for key in full["ask"]:
        if key not in answers:
            expect = {**expect, key: Line(verdict="blank")}
    made: Case = {"id": name, "why": why, "problem": full, "answers": answers, "expect": expect}
    return {**made, "unsure": unsure} if unsure else made


def points(made: Case, truth: Values, single: bool) -> Fraction | None:
    """What the paper earns, where the contract leaves no doubt: one error, and arrays right or wrong as a whole."""
    asked, earned, charged = made["problem"]["ask"], Fraction(0), False
    expect = made["expect"]
    if not single:
        return None
    for key in (key for key in expect if key in asked):
        verdict = expect[key]["verdict"]
        if verdict == "blank":
            continue
        if len(set(judgements(made["answers"][key], truth[key]))) > 1:
            return None
        if verdict in ("mistake", "wrong"):
            charged = True
        elif verdict == "carried":
            earned += 1 if charged else Fraction(1, 2)
            charged = True
        else:
            earned += {"correct": Fraction(1), "imprecise": Fraction(1, 2)}[verdict]
    return earned * Fraction(made["problem"]["points"]) / len(asked)


def some(*values: Any, **options: Any) -> list[Case]:
    """A case, or none when the data do not show it; the arguments are those of `case`."""
    try:
        return [case(*values, **options)]
    except Unfit:
        return []
