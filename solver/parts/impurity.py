"""Impurity of labels: entropy, Gini index and classification error, from counts.

Counts are whole numbers, so that two gains that are equal are found equal: logarithms of counts are carried
with 50 digits however many there are.
"""

from __future__ import annotations

import decimal
import itertools
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.nodes import Apply, Best, Expr, Formula, Function, Op, apply
from solver.expr.ops import log, log2, log10, number, terms
from solver.expr.values import PRECISION, Arithmetic, Array, Domain, Inexact, Scalar, Shape
from solver.parts.pooling import LARGEST_OF
from solver.parts.windows import OVER
from solver.record import Record

SAME = Decimal("1e-40")
"""Two numbers with 50 digits that differ by less are equal."""

SAME_DOUBLES = 1e-12

MOST_EXCHANGED = 4
"""Of so many parts the weights are exchanged by mistake."""


@lru_cache(100_000)
def _log2(count: int) -> Decimal:
    with decimal.localcontext(PRECISION):
        return Decimal(count).ln() / Decimal(2).ln()


def _share_log(m: Arithmetic, c: Array, n: Array) -> Array:
    """c/n log₂(c/n)."""
    if m.domain is Domain.DOUBLE:
        return np.asarray(c / n * np.log2(c / n))
    top, bottom = int(c.item()), int(n.item())
    if m.domain is Domain.EXACT:
        ratio = Fraction(top, bottom)
        if ratio.numerator != 1 or ratio.denominator & (ratio.denominator - 1):
            raise Inexact
        return _scalar(-ratio * (ratio.denominator.bit_length() - 1))
    return _scalar(Decimal(top) / Decimal(bottom) * (_log2(top) - _log2(bottom)))


def _scalar(x: Scalar) -> Array:
    box = np.empty((), dtype=object)
    box[()] = x
    return box


def _number(*_: Shape) -> Shape:
    return ()


def _nothing(*_: Shape) -> int:
    return 0


def _log_slips(c: Expr, n: Expr) -> Iterator[Slip]:
    share = apply(OVER, c, n)
    right = apply(SHARE_LOG, c, n)
    for logarithm, name, called in ((log, "log", "ln"), (log10, "log10", "log₁₀")):
        says = f"You took {called} where it is log₂."
        yield Slip("other-function", share * logarithm(share), f"{name}:share_log", right, PLAIN, (), says)
    says = "Each logarithm is multiplied by its own share: −∑ p log₂ p."
    yield Slip("dropped-factor", log2(share), "drop:share_log", share, LIKELY, (), says)
    yield Slip("dropped-factor", c * log2(share), "undivided:share_log", n, POSSIBLE, (), says)
    says = "Logarithms are taken of the shares, not of the counts."
    yield Slip("dropped-factor", share * log2(c), "counts:share_log", n, POSSIBLE, ("other-quantity",), says)
    yield Slip("function-forgotten", share, "plain:share_log", right, LIKELY)


def _square_slips(c: Expr, n: Expr) -> Iterator[Slip]:
    share = apply(OVER, c, n)
    says = "The shares are squared."
    yield Slip("function-forgotten", share, "drop:share_square", share, LIKELY, ("dropped-factor",), says)


def _weight_slips(c: Expr, n: Expr, x: Expr) -> Iterator[Slip]:
    says = "Each part counts with its share of the samples."
    yield Slip("dropped-factor", x, "drop:share_of", apply(OVER, c, n), PLAIN, (), says)
    yield Slip("dropped-factor", c * x, "undivided:share_of", n, LIKELY)
    yield Slip("dropped-factor", apply(OVER, c, n), "plain:share_of", x, POSSIBLE)
    yield Slip("dropped-factor", apply(OVER, 1, n) * x, "ones:share_of", c, POSSIBLE, (), says)


def _mean_slips(*terms_: Apply) -> Iterator[Slip]:
    """The mean of the parts without their weights, or with those of others."""
    mean = apply(OVER, terms(*(each.args[2] for each in terms_)), len(terms_))
    says = "You took the plain mean of the parts: each counts with its share of the samples."
    yield Slip("dropped-factor", mean, "mean:share_of", None, PLAIN, ("unweighted",), says)
    says = "Each part counts with its own share of the samples: you gave it that of another part."
    places = range(len(terms_) if len(terms_) <= MOST_EXCHANGED else 0)
    for one, two in itertools.combinations(places, 2):
        order = [two if place == one else one if place == two else place for place in places]
        shares = [apply(OVER, *terms_[place].args[:2]) for place in order]
        wrong = terms(*(share * each.args[2] for share, each in zip(shares, terms_, strict=True)))
        also = ("wrong-index", "other-quantity")
        yield Slip("swapped-operands", wrong, "exchanged:share_of", None, LIKELY, also, says)


SHARE_LOG = Op(
    "share_log",
    _share_log,
    _number,
    Formula(lambda c, n: apply(OVER, c, n) * log2(apply(OVER, c, n))),
    whole=True,
    work=_nothing,
    slips=_log_slips,
)
SHARE_SQUARE = Op(
    "share_square",
    lambda m, c, n: m.divide(c * c, n * n),
    _number,
    Formula(lambda c, n: apply(OVER, c, n) ** 2),
    whole=True,
    slips=_square_slips,
)
SHARE_OF = Op(
    "share_of",
    lambda m, c, n, x: np.asarray(m.divide(c, n) * x),
    _number,
    Formula(lambda c, n, x: apply(OVER, c, n) * x),
    whole=True,
    slips=_weight_slips,
    sum_slips=_mean_slips,
)
"""c/n of x."""


def entropy(counts: Sequence[int], n: int = 0) -> Expr:
    """−∑ c/n log₂(c/n), where 0 log 0 = 0; `n` is the sum of the counts, but by mistake."""
    there = [count for count in counts if count]
    if len(there) < 2 and not n:
        return number(0)
    return terms(*(-apply(SHARE_LOG, count, n or sum(there)) for count in there))


def gini(counts: Sequence[int], n: int = 0) -> Expr:
    """1 − ∑ (c/n)²."""
    there = [count for count in counts if count]
    if len(there) < 2 and not n:
        return number(0)
    return terms(1, *(-apply(SHARE_SQUARE, count, n or sum(there)) for count in there))


def error(counts: Sequence[int], n: int = 0) -> Expr:
    """1 − the largest share."""
    there = [count for count in counts if count]
    if len(there) < 2 and not n:
        return number(0)
    return 1 - apply(OVER, apply(LARGEST_OF, *there), n or sum(there))


def _entropies(counts: Array) -> Array:
    sizes = counts.sum(axis=-1, keepdims=True)
    shares = counts / np.maximum(sizes, 1)
    return np.asarray(-(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=-1))


def _ginis(counts: Array) -> Array:
    sizes = np.maximum(counts.sum(axis=-1), 1)
    return np.asarray(1 - (counts * counts).sum(axis=-1) / (sizes * sizes))


def _errors(counts: Array) -> Array:
    return np.asarray(1 - counts.max(axis=-1) / np.maximum(counts.sum(axis=-1), 1))


class Criterion(Record):
    """What a split is chosen by: the names of its quantities, and its impurity, exactly and in doubles."""

    measure: str
    gain: str
    impurity: Callable[..., Expr]
    floats: Callable[[Array], Array]
    noun: str
    rule: str
    ratio: bool = False

    @property
    def letter(self) -> str:
        """The letter of its impurity."""
        return {"H": "H", "gini": "Gini", "error": "error"}[self.measure]

    @property
    def chosen_by(self) -> str:
        """The quantity that the best split has the largest of."""
        return "gain_ratio" if self.ratio else self.gain

    def scores(self, parts: Array) -> Array:
        """How good each of many splits is, up to a constant: `parts` are counts, splits × parts × classes."""
        sizes = parts.sum(axis=-1)
        total = sizes.sum(axis=-1)
        whole = self.floats(parts.sum(axis=-2))
        gains = whole - (sizes * self.floats(parts)).sum(axis=-1) / total
        if not self.ratio:
            return np.asarray(gains)
        info = _entropies(sizes)
        return np.asarray(np.where(info > 0, gains / np.where(info > 0, info, 1), 0))

    def score(self, parts: Sequence[Sequence[int]]) -> Expr:
        """The same of one split, exactly."""
        sizes = [sum(part) for part in parts]
        whole = [sum(column) for column in zip(*parts, strict=True)]
        gain = self.impurity(whole) - terms(
            *(
                apply(SHARE_OF, size, sum(sizes), self.impurity(part))
                for size, part in zip(sizes, parts, strict=True)
            )
        )
        return gain / entropy(sizes) if self.ratio and len(list(filter(None, sizes))) > 1 else gain


_ENTROPY = "The entropy is 0 when all labels agree, and largest when they are equally frequent."
CRITERIA = {
    "entropy": Criterion("H", "gain", entropy, _entropies, "entropy", _ENTROPY),
    "gain-ratio": Criterion("H", "gain", entropy, _entropies, "entropy", _ENTROPY, ratio=True),
    "gini": Criterion(
        "gini",
        "gini_gain",
        gini,
        _ginis,
        "Gini index",
        "The Gini index is the chance that two labels drawn with replacement differ.",
    ),
    "error": Criterion(
        "error",
        "error_gain",
        error,
        _errors,
        "classification error",
        "The error is the share of labels that are not the most frequent one.",
    ),
}


def _entropy_by(logarithm: Callable[..., Expr]) -> Callable[[Sequence[int]], Expr]:
    def of(counts: Sequence[int]) -> Expr:
        there = [count for count in counts if count]
        shares = [apply(OVER, count, sum(there)) for count in there]
        return terms(*(-(share * logarithm(share)) for share in shares)) if len(there) > 1 else number(0)

    return of


def _entropy_by_labels(counts: Sequence[int]) -> Expr:
    """The logarithm to the base of as many as there are labels: so that 1 is the largest entropy."""
    return entropy(counts) / log2(number(len(counts)))


def _one_product(counts: Sequence[int]) -> Expr:
    """p (1 − p) of one label of two."""
    there = [count for count in counts if count]
    if len(there) != 2:
        return gini(counts)
    return apply(OVER, there[0], sum(there)) * apply(OVER, there[1], sum(there))


def _rarest(counts: Sequence[int]) -> Expr:
    there = [count for count in counts if count]
    return number(0) if len(there) < 2 else number(Fraction(min(there), sum(there)))


def _squares(counts: Sequence[int]) -> Expr:
    there = [count for count in counts if count]
    return terms(*(apply(SHARE_SQUARE, count, sum(there)) for count in there))


def _largest_share(counts: Sequence[int]) -> Expr:
    return apply(OVER, apply(LARGEST_OF, *counts), sum(counts))


class Mistaken(Record):
    """A criterion as it is mistaken: the name of the mistake, what to remember, and what is computed."""

    name: str
    says: str
    criterion: Criterion
    also: tuple[str, ...] = ()
    labels: range = range(2, 10**9)
    """For how many labels it is another criterion."""


FORMULAS = {
    "entropy": "the entropy is −∑ p log₂ p",
    "gini": "the Gini index is 1 − ∑ p²",
    "error": "the classification error is 1 − the largest share",
}


def mixed_up(right: str, wrong: str) -> str:
    """What to say to somebody who computed another impurity than the right one."""
    return f"You computed the {CRITERIA[wrong].noun}: {FORMULAS[right]}."


def _instead(right: str, wrong: str, ratio: bool = False) -> Mistaken:
    """Another impurity in the place of the right one."""
    other = CRITERIA[wrong]
    criterion = CRITERIA[right].but(impurity=other.impurity, floats=other.floats, ratio=ratio)
    return Mistaken("other-function", mixed_up(right, wrong), criterion)


_BASE_2 = "Entropies here have logarithms to the base 2."
_LN, _LG = (CRITERIA["entropy"].but(impurity=_entropy_by(each)) for each in (log, log10))
_BY_LABELS = CRITERIA["entropy"].but(impurity=_entropy_by_labels)
_BASE_2_ALWAYS = "Entropies here have logarithms to the base 2, however many labels there are."
MISTAKEN = {
    "entropy by ln": Mistaken("other-function", _BASE_2, _LN),
    "entropy by lg": Mistaken("other-function", _BASE_2, _LG),
    "entropy by labels": Mistaken(
        "other-function", _BASE_2_ALWAYS, _BY_LABELS, ("extra-factor",), range(3, 10**9)
    ),
    "gain-ratio by ln": Mistaken("other-function", _BASE_2, _LN.but(ratio=True)),
    "gain-ratio by lg": Mistaken("other-function", _BASE_2, _LG.but(ratio=True)),
    "gain-ratio by labels": Mistaken(
        "other-function", _BASE_2_ALWAYS, _BY_LABELS.but(ratio=True), ("extra-factor",), range(3, 10**9)
    ),
    "gini not from 1": Mistaken(
        "dropped-term",
        "The Gini index is 1 − ∑ p²: it is 0 where all labels agree.",
        CRITERIA["gini"].but(impurity=_squares),
        ("sign",),
    ),
    "half the gini": Mistaken(
        "dropped-factor",
        "You took p (1 − p) of one label only: of two labels, the Gini index is 2 p (1 − p).",
        CRITERIA["gini"].but(impurity=_one_product),
        ("dropped-term", "function-forgotten"),
        range(2, 3),
    ),
    "error not from 1": Mistaken(
        "dropped-term",
        "The error is 1 − the largest share: it is 0 where all labels agree.",
        CRITERIA["error"].but(impurity=_largest_share),
        ("sign",),
    ),
    "rarest for error": Mistaken(
        "other-quantity",
        "The error is the share of all labels but the most frequent one, not that of the rarest.",
        CRITERIA["error"].but(impurity=_rarest),
        ("wrong-index",),
        range(3, 10**9),
    ),
    **{
        f"{wrong} for {right}": _instead(right, wrong) for right, wrong in itertools.permutations(FORMULAS, 2)
    },
    **{f"{wrong} for gain-ratio": _instead("entropy", wrong, True) for wrong in ("gini", "error")},
}
"""Criteria that are taken for those that are asked, by names of their own."""

TAKEN_FOR = {
    "entropy": (
        *("entropy by ln", "entropy by lg", "entropy by labels"),
        *("gini for entropy", "error for entropy"),
    ),
    "gain-ratio": (
        *("gain-ratio by ln", "gain-ratio by lg", "gain-ratio by labels"),
        *("gini for gain-ratio", "error for gain-ratio"),
    ),
    "gini": ("gini not from 1", "half the gini", "entropy for gini", "error for gini"),
    "error": ("error not from 1", "rarest for error", "gini for error", "entropy for error"),
}


def criterion_of(name: str) -> Criterion:
    """A criterion by its name, of a mistaken one too."""
    return CRITERIA[name] if name in CRITERIA else MISTAKEN[name].criterion


def first_of_largest(numbers: Sequence[Any]) -> list[int]:
    """The places of the largest numbers, all that are equal."""
    best = [0]
    for place, x in enumerate(numbers[1:], 1):
        y = numbers[best[0]]
        if equal(x, y):
            best.append(place)
        elif x > y:
            best = [place]
    return best


def equal(x: Any, y: Any) -> bool:
    """Whether two numbers are equal: exactly, or to all digits that are known."""
    if isinstance(x, float) or isinstance(y, float):
        return abs(float(x) - float(y)) <= SAME_DOUBLES * max(1.0, abs(float(x)))
    if isinstance(x, Decimal) or isinstance(y, Decimal):
        with decimal.localcontext(PRECISION):
            return abs(_decimal(x) - _decimal(y)) < SAME
    return bool(x == y)


def _decimal(x: int | Fraction | Decimal) -> Decimal:
    return x if isinstance(x, Decimal) else Decimal(x.numerator) / Decimal(x.denominator)


def _choose(*scores: Array, labels: tuple[str, ...], by: str) -> Any:
    return labels[first_of_largest([score.item() for score in scores])[0]]


def _tree(best: Array, *branches: Array, values: tuple[str, ...]) -> Any:
    return {best.item(): dict(zip(values, (branch.item() for branch in branches), strict=True))}


CHOOSE = Op("choose", _choose, lambda *_, **__: (), Best(), labels=True, whole=True)
"""The label of the largest number; of equal ones the first. `by` says what the numbers are."""

TREE = Op("tree", _tree, lambda *_, values: (), Function("tree"), labels=True)
"""A node of a decision tree: the feature, and a branch for each of its values."""
