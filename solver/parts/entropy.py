"""What people write in the place of a softmax, a cross-entropy, or its mean over samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from solver.expr import ops
from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.nodes import Const, Expr, Formula, Op, apply
from solver.expr.ops import exp, number, total
from solver.expr.values import Value, exact

SHARES = Op(
    "shares_of",
    lambda m, x: m.divide(x, np.sum(x, axis=-1, keepdims=True)),
    lambda shape: shape,
    Formula(lambda x: x / total(x)),
    by_rows=True,
)
"""The entries of each row over their sum."""

LARGEST = Op(
    "largest_of",
    lambda _, x: np.asarray(np.max(x, axis=-1)),
    lambda shape: shape[:-1],
    Formula(ops.largest),
    by_rows=True,
)
"""The largest entry of each row."""

LOGARITHMS: dict[str, Callable[[Expr], Expr]] = {"e": ops.log, "2": ops.log2, "10": ops.log10}
NAMES = {"e": "ln", "2": "log₂", "10": "log₁₀"}


def hardened(shares: Value) -> Value | None:
    """The class with the largest share of each target, or of the only one; None where there is nothing to choose."""
    rows = np.sort(shares.floats, axis=-1)
    if set(shares.array.flat) <= {0, 1} or np.any(rows[..., -1] == rows[..., -2]):
        return None
    return exact(np.argmax(shares.floats, axis=-1).tolist())


def beside_says(target: Value, other: Value) -> str:
    """What to remember where the class beside the true one was taken."""
    which = "before" if other.item() < target.item() else "after"
    return (
        f"You took the class {which} the true one: classes count from 0 here, so that the first is class 0."
    )


def class_slips(p: Expr, shares: Value) -> Iterator[Slip]:
    """Classes counted from 1: certain where that leads to a class that does not exist."""
    beyond = bool((np.argmax(shares.floats, axis=-1) == shares.shape[-1] - 1).any())
    says = "Classes count from 0 here: the first one is class 0."
    yield Slip("wrong-index", ops.argmax(p) + 1, "from-one:class", None, PLAIN, ("off-by-one",), says, beyond)


def softmax_slips(z: Expr, classes: int, rows: bool) -> Iterator[Slip]:
    """The powers, their sum, or the division done in another way; z may be divided by a temperature."""
    p, powers = ops.softmax(z), exp(z)
    says = "The softmax is missing: each score becomes a power of e, then all are divided by their sum."
    yield Slip("function-forgotten", z, "scores:softmax", None, PLAIN, ("other-function",), says)
    says = "You divided the scores themselves by their sum: first each becomes a power of e."
    yield Slip(
        "function-forgotten", apply(SHARES, z), "shares:softmax", None, PLAIN, ("other-function",), says
    )
    says = "You did not divide by the sum of the powers: the probabilities have to sum to 1."
    yield Slip("function-forgotten", powers, "powers:softmax", None, PLAIN, ("dropped-factor",), says)
    says = "You took the sigmoid of each score. The softmax divides each power by the sum of all of them."
    yield Slip("other-function", ops.sigmoid(z), "sigmoid:softmax", None, LIKELY, (), says)
    says = "You took e⁻ᶻ in place of eᶻ: the largest score has the largest probability."
    yield Slip("sign", ops.softmax(-z), "minus:softmax", None, LIKELY, (), says)
    says = "You took powers of 2: a softmax takes powers of e."
    yield Slip("other-function", ops.softmax(z * ops.log(number(2))), "two:softmax", None, POSSIBLE, (), says)
    says = "You took the softmax twice: after the first the probabilities are there already."
    yield Slip("repeated-factor", ops.softmax(p), "twice:softmax", None, LIKELY, ("extra-factor",), says)
    says = "You divided each power by the sum of the others: the sum is over all powers, its own included."
    yield Slip("dropped-term", p / (1 - p), "others:softmax", None, POSSIBLE, (), says)
    says = "You divided the powers by the number of classes: divide them by their sum."
    wrong = number(Fraction(1, classes)) * powers
    yield Slip("other-quantity", wrong, "count:softmax", None, POSSIBLE, ("dropped-factor",), says)
    for wrong, key, what in (
        (ops.absolute(z), "sizes", "absolute values"),
        (z * z, "squares", "squares"),
    ):
        says = f"You took the {what} of the scores. Each score becomes a power of e, which is never negative."
        yield Slip("other-function", apply(SHARES, wrong), f"{key}:softmax", None, POSSIBLE, (), says)
    if rows:
        says = "The sum ran over the whole matrix: the softmax divides each row by its own sum."
        yield Slip("other-axis", powers / total(powers), "whole:softmax", None, PLAIN, (), says)
        return
    m = ops.largest(z)
    says = "You did not divide by the sum of the powers: the probabilities have to sum to 1."
    yield Slip("function-forgotten", exp(z - m), "shifted:softmax", None, LIKELY, ("dropped-factor",), says)
    says = "The largest score has to be subtracted in every power, also in those of the sum below."
    yield Slip("dropped-term", exp(z - m) / total(powers), "above:softmax", None, POSSIBLE, (), says)
    says = (
        "You took the power of the sum. It is the sum of the powers: first each score becomes a power of e."
    )
    yield Slip("brackets", powers / exp(total(z)), "sum-first:softmax", None, POSSIBLE, (), says)


def entropy_slips(p: Expr, y: Expr, shares: Value, own: Expr, base: str = "e") -> Iterator[Slip]:
    """Another loss in the place of −∑ y ln p, for one sample or for each.

    `shares` are the values of y, `own` is the loss as it is written, `base` that of its logarithm.
    """
    rows, classes = len(shares.shape) == 2, shares.shape[-1]
    hard = set(shares.array.flat) <= {0, 1}
    sums = ops.row_sums if rows else total
    log, ln = LOGARITHMS[base], NAMES[base]
    says = "The minus before the sum is missing: logarithms of probabilities are negative, a loss is not."
    yield Slip("sign", -own, "minus:entropy", None, PLAIN, ("swapped-operands",), says)
    says = f"The terms with {ln}(1 − p) belong to the binary cross-entropy. With classes it is −∑ y {ln} p."
    binary = -sums(y * log(p) + (1 - y) * log(1 - p))
    for wrong, key, cost in ((binary, "", LIKELY), (_over(classes, binary), "mean-", POSSIBLE)):
        yield Slip("extra-term", wrong, f"{key}binary:entropy", None, cost, ("other-function",), says)
    says = "Probabilities need no second softmax: you took it once more before the logarithm."
    wrong = -sums(y * log(ops.softmax(p)))
    yield Slip("repeated-factor", wrong, "twice:entropy", None, LIKELY, ("extra-factor",), says)
    says = f"You computed a squared error: the cross-entropy is −∑ y {ln} p."
    squares = sums((p - y) ** 2)
    for count, cost in ((1, LIKELY), (classes, POSSIBLE), (2, POSSIBLE)):
        wrong = _over(count, squares)
        yield Slip("other-function", wrong, "squares:entropy", None, cost, (), says)
    says = "You divided by the number of classes: the terms of the classes are only added."
    yield Slip("extra-factor", _over(classes, own), "share:entropy", None, LIKELY, ("other-function",), says)
    says = "The logarithm is not weighted with the probability too: each class counts with its target alone."
    yield Slip("extra-factor", -sums(y * p * log(p)), "weighted:entropy", None, POSSIBLE, (), says)
    says = f"The logarithm is missing: it is −∑ y {ln} p."
    yield Slip("function-forgotten", -sums(y * p), "plain:entropy", None, LIKELY, (), says)
    yield Slip("function-forgotten", sums(y * p), "positive:entropy", None, POSSIBLE, (), says)
    yield from (_hard_slips if hard else _soft_slips)(p, y, shares, base)


def _hard_slips(p: Expr, y: Expr, shares: Value, base: str) -> Iterator[Slip]:
    """One class is the true one."""
    sums = ops.row_sums if len(shares.shape) == 2 else total
    log, ln = LOGARITHMS[base], NAMES[base]
    says = "You computed 1 − p. The loss is minus the logarithm of the probability of the true class."
    yield Slip("other-function", 1 - sums(y * p), "complement:entropy", None, LIKELY, (), says)
    says = f"You took 1 − p, the probability of missing the true class: it is −{ln} p of the true class."
    cost = LIKELY if shares.shape[-1] > 2 else POSSIBLE  # of two, the other class may have been meant
    yield Slip("other-quantity", -sums(y * log(1 - p)), "missed:entropy", None, cost, (), says)
    says = "You took the largest probability. The loss is that of the true class, whichever is predicted."
    yield Slip(
        "other-quantity", -log(apply(LARGEST, p)), "largest:entropy", None, PLAIN, ("wrong-index",), says
    )
    says = (
        "You added the logarithms of all classes. Only the true class counts: the others have the target 0."
    )
    yield Slip("dropped-factor", -sums(log(p)), "all:entropy", y, LIKELY, (), says)


def _soft_slips(p: Expr, y: Expr, shares: Value, base: str) -> Iterator[Slip]:
    """Each class has a share."""
    sums = ops.row_sums if len(shares.shape) == 2 else total
    log, ln = LOGARITHMS[base], NAMES[base]
    if np.all(shares.floats > 0):
        says = f"Target and probability have changed places: the logarithm is of p, −∑ y {ln} p."
        yield Slip("swapped-operands", -sums(p * log(y)), "swap:entropy", None, LIKELY, (), says)
    floats = shares.floats
    says = f"You computed the divergence, ∑ y {ln}(y/p): the cross-entropy is −∑ y {ln} p, without {ln} y."
    noughts = Const(exact((floats == 0).astype(int).tolist()))  # of them y ln y is 0 too
    wrong = sums(y * log((y if np.all(floats > 0) else y + noughts) / p))
    yield Slip("extra-term", wrong, "divergence:entropy", None, PLAIN, (), says)
    largest = exact((floats == floats.max(axis=-1, keepdims=True)).astype(int).tolist())
    says = "You took the term of the likeliest class alone: every class with a share in the target has one."
    wrong = -sums(Const(largest) * (y * log(p)))
    yield Slip("dropped-term", wrong, "likeliest:entropy", None, LIKELY, (), says)


def mean_slips(losses: Expr, samples: int, width: int, what: str) -> Iterator[Slip]:
    """The mean over samples, of `width` classes or outputs each."""
    sum_ = total(losses)
    yield from one_sample_slips(losses, samples)
    says = f"The loss is the mean over the samples: divide the sum by their number, {samples}."
    yield Slip("dropped-factor", sum_, "sum:mean", None, PLAIN, ("other-function",), says)
    if width > 1:
        says = f"You divided by the number of {what} too: the mean is over the {samples} samples only."
        yield Slip("extra-factor", _over(samples * width, sum_), "entries:mean", None, LIKELY, (), says)
    if width not in (1, samples):
        says = f"You divided by the number of {what}: the mean is over the {samples} samples."
        yield Slip("other-quantity", _over(width, sum_), "other:mean", None, LIKELY, ("extra-factor",), says)


def one_sample_slips(losses: Expr, samples: int) -> Iterator[Slip]:
    """The loss of a single sample for that of all."""
    for place, which in ((0, "first"), (samples - 1, "last")):
        says = f"You took the loss of the {which} sample alone: every sample counts."
        yield Slip("dropped-term", losses[place], f"{which}:mean", None, LIKELY, ("other-quantity",), says)


def likelihood_slips(p: Expr, y: Expr, samples: int, base: str = "e") -> Iterator[Slip]:
    """One logarithm for all samples, each of which has a true class."""
    says = "You took the logarithm of the mean. It is the mean of the logarithms: these come first."
    wrong = -LOGARITHMS[base](_over(samples, total(ops.row_sums(y * p))))
    yield Slip("swapped-operands", wrong, "log-of-mean:mean", None, LIKELY, ("brackets",), says)


def _over(count: int, expr: Expr) -> Expr:
    return number(Fraction(1, count)) * expr if count != 1 else expr
