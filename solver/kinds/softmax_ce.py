"""Softmax and cross-entropy, with their derivatives.

What it solves
    The probabilities that a softmax makes of scores (logits), the cross-entropy with a target, and the
    derivatives: the Jacobian of the softmax, the gradient by the logits, and by x, W and b where these
    make the logits. With `symbolic: true` the general derivation stands in front.

Method
    With the temperature T, and m = max z/T subtracted so that no power overflows:

        u = e^(z/T − m)      S = ∑ u      p = u/S      ln p = z/T − m − ln S      L = −∑ y ln p

        ∂pᵢ/∂zⱼ = pᵢ (δᵢⱼ − pⱼ)/T      ∂L/∂z = (p − y)/T      ∂L/∂W = (∂L/∂z) xᵀ      ∂L/∂x = Wᵀ ∂L/∂z

    Another base of the logarithm divides the loss and its derivatives by ln(base). Several samples stand one a
    row; their loss is the mean (or the sum), and the gradients are those of that loss.

    Where probabilities are given, the gradient is still the one by the logits behind them; a probability of 0
    leaves their logarithms out, and is refused for the target.

Legend
    z logits, T temperature, p probabilities, y target, L loss, x input, W weights (classes × inputs), b bias.

Source
    Goodfellow, Bengio, Courville: Deep Learning, 6.2.2.3; Bishop: Pattern Recognition and Machine Learning, 4.3.4;
    temperature: Hinton, Vinyals and Dean 2015.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Annotated

import numpy as np

from solver.derivation import Board, Text, say
from solver.expr import ops
from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.evaluate import Evaluator
from solver.expr.nodes import Derivative, Expr, Op, Sym, apply
from solver.expr.ops import at, exp, log, number, total
from solver.expr.values import Arithmetic, Array, Value, exact, gather
from solver.kinds import Kind, Mistake, taken
from solver.parts.entropy import (
    beside_says,
    class_slips,
    entropy_slips,
    hardened,
    likelihood_slips,
    mean_slips,
    one_sample_slips,
    softmax_slips,
)
from solver.spec.fields import (
    Fault,
    Fields,
    Flag,
    MaybeMatrix,
    MaybeVector,
    MaybeVectorOrMatrix,
    Number,
    choice,
    field,
)
from solver.spec.numbers import as_fraction
from solver.spec.targets import TARGET, Target, beside, distributions, target_faults

BASES = {"2": 2, "10": 10}


class Given(Fields):
    """The data of a softmax: logits, or x, W and b that make them, or probabilities."""

    logits: MaybeVectorOrMatrix = field("the scores: k numbers, or n×k", None)
    x: MaybeVectorOrMatrix = field(
        "an input that makes the logits with W and b; several stand one a row", None
    )
    W: MaybeMatrix = field("the weights, classes × inputs", None)
    b: MaybeVector = field("the bias, one number a class; left out: none", None)
    probabilities: MaybeVectorOrMatrix = field("probabilities that are given, in place of logits", None)
    target: Annotated[Target | None, TARGET] = field(
        "a class index from 0, a one-hot vector, or a distribution; one a sample", None
    )
    temperature: Number = field("T in softmax(z/T) (default 1)", exact(1))
    reduction: Annotated[str, choice("mean", "sum")] = field("over several samples (default mean)", "mean")
    log: Annotated[str, choice("e", "2", "10")] = field("the base of the logarithm (default e)", "e")
    symbolic: Flag = field("write out the general derivation first", False)

    @property
    def samples(self) -> int | None:
        """How many samples there are; None for one that is a vector."""
        data = self._data
        return data.shape[0] if len(data.shape) == 2 else None

    @property
    def classes(self) -> int:
        return self.W.shape[0] if self.W is not None else self._data.shape[-1]

    @property
    def _data(self) -> Value:
        for data in (self.logits, self.x, self.probabilities):
            if data is not None:
                return data
        return exact([0])

    def faults(self) -> Iterator[Fault]:
        ways = [name for name in ("logits", "x", "probabilities") if getattr(self, name) is not None]
        if not ways:
            yield Fault(("logits",), "it is missing", "give logits, or x and W, or probabilities")
            return
        if len(ways) > 1:
            yield Fault(
                (ways[1],), f"`{ways[0]}` is given already", "give one of logits, x with W, probabilities"
            )
            return
        fits = True
        if self.x is not None:
            for fault in self._layer_faults(self.x):
                fits = False
                yield fault
        else:
            for name in ("W", "b"):
                if getattr(self, name) is not None:
                    yield Fault((name,), "it makes logits from `x`, which is not given")
        if self.temperature.item() <= 0:
            yield Fault(("temperature",), f"{self.temperature.plain()} is not positive")
        if self.probabilities is not None:
            if self.temperature.item() != 1:
                yield Fault(("temperature",), "probabilities are given: a temperature has nothing to act on")
            for fault in self._probability_faults(self.probabilities):
                fits = False
                yield fault
        if self.target is not None and fits:
            yield from target_faults(self.target, self.samples, self.classes, "target")

    def _layer_faults(self, x: Value) -> Iterator[Fault]:
        if self.W is None:
            yield Fault(("W",), "it is missing", "W makes the logits: z = W x + b")
            return
        outputs, inputs = self.W.shape
        if inputs != x.shape[-1]:
            hint = "W is classes × inputs: write its transpose" if outputs == x.shape[-1] else None
            yield Fault(("W",), f"it takes {inputs} inputs, but `x` has {x.shape[-1]}", hint)
        if self.b is not None and self.b.size != outputs:
            yield Fault(("b",), f"{self.b.size} biases for {outputs} classes")

    def _probability_faults(self, probabilities: Value) -> Iterator[Fault]:
        rows = probabilities.floats.reshape(-1, self.classes)
        for i, row in enumerate(rows):
            path = ("probabilities", i) if self.samples else ("probabilities",)
            for j, p in enumerate(row):
                if not 0 <= p <= 1:
                    yield Fault((*path, j), f"{p:g} is no probability")
                    return
            if abs(row.sum() - 1) > ROUNDED:
                yield Fault(path, f"the probabilities sum to {row.sum():g}, not to 1")
        if self.target is not None and not any(True for _ in self._target_faults()):
            targets = distributions(self.target, self.samples, self.classes).floats.reshape(rows.shape)
            if np.any((rows == 0) & (targets > 0)):
                yield Fault(
                    ("target",), "its class has the probability 0 among `probabilities`: the loss is infinite"
                )

    def _target_faults(self) -> Iterator[Fault]:
        assert self.target is not None
        return target_faults(self.target, self.samples, self.classes, "target")


ROUNDED = 0.01
"""Given probabilities are often printed with two digits: they sum to 1 within this."""


def solve(given: Given, board: Board) -> None:
    """Write logits, probabilities, loss and derivatives on the board."""
    board.derivation.rows = given.samples is not None
    z = _logits(given, board)
    T: Expr = number(1)
    if given.temperature.item() != 1:
        T = board.given("temperature", given.temperature)
    y: Sym | None = None
    if given.target is not None:
        y = board.given("target", distributions(given.target, given.samples, given.classes))
    _method(given, board, z, y, T)
    if given.symbolic:
        _general(given, board, z if given.probabilities is None else Sym("z"), y)
        board.section("With the numbers")
    if given.x is not None:
        z = _layer(given, board)
    p, log_p = _probabilities(given, board, z, T)
    board.let(
        "predicted",
        ops.argmax(p),
        "The class with the largest probability, counted from 0.",
        exactly=True,
        slips=lambda: class_slips(p, board.value(p)),
    )
    if (given.samples or 1) * given.classes**2 <= LARGEST_JACOBIAN:
        _jacobian(given, board, z, p, T)
    else:
        board.note("The Jacobian of the softmax is left out: it has too many numbers.")
    if y is not None:
        _loss(given, board, p, log_p, y, T)
    _check(given, board)


LARGEST_JACOBIAN = 250_000
"""A Jacobian of more numbers than this is left out."""


def _jacobian(given: Given, board: Board, z: Expr, p: Expr, T: Expr) -> None:
    board.let(
        "jacobian",
        _tempered(
            ops.diag_rows(p) - ops.outer_rows(p, p) if given.samples else ops.diag(p) - ops.outer(p, p), T
        ),
        "The Jacobian of the softmax: one row for each probability, one column for each logit.",
        say(
            "By the quotient rule: {own} on the diagonal and {other} beside it"
            + ("; the chain rule for {z}/T brings the factor 1/T." if given.temperature.item() != 1 else "."),
            own=at(Sym("p"), Sym("i")) * (1 - at(Sym("p"), Sym("i"))),
            other=-(at(Sym("p"), Sym("i")) * at(Sym("p"), Sym("j"))),
            z=z,
        ),
        slips=lambda: _slips_of_jacobian(given, p, T),
    )


def _method(given: Given, board: Board, z: Sym, y: Sym | None, T: Expr) -> None:
    shape = (given.samples, given.classes) if given.samples else (given.classes,)
    p = board.letter("p", shape)
    if given.x is not None:
        board.method(z, _affine(given))
    if given.probabilities is None:
        board.method(p, ops.softmax(z / T if isinstance(T, Sym) else z))
    if y is not None:
        entropies = ops.cross_entropies if given.samples else ops.cross_entropy
        if given.log not in BASES:
            board.method(Sym("losses" if given.samples else "loss"), entropies(p, y))
        board.method(Sym("grad"), _scaled(p - y, given, T))


def _averaged(given: Given) -> bool:
    return given.samples not in (None, 1) and given.reduction == "mean"


def _scaled(slope: Expr, given: Given, T: Expr) -> Expr:
    """The derivative of the loss by z, from that of the natural cross-entropy by z/T."""
    if isinstance(T, Sym):
        slope = 1 / T * slope
    if given.log in BASES:
        slope = 1 / log(number(BASES[given.log])) * slope
    return number(1) / (given.samples or 1) * slope if _averaged(given) else slope


def _logits(given: Given, board: Board) -> Sym:
    if given.x is not None and given.W is not None:
        board.given("x", given.x)
        board.given("W", given.W)
        if given.b is not None:
            board.given("b", given.b)
        return Sym("z")
    if given.logits is not None:
        return board.given("logits", given.logits)
    assert given.probabilities is not None
    return board.given("probabilities", given.probabilities)


def _layer(given: Given, board: Board) -> Sym:
    return board.let("z", _affine(given), "The logits: one score for each class.")


def _affine(given: Given) -> Expr:
    x, W, b = Sym("x"), Sym("W"), Sym("b")
    product = x @ W.T if given.samples else W @ x
    return product + b if given.b is not None else product


def _tempered(expr: Expr, T: Expr) -> Expr:
    return 1 / T * expr if isinstance(T, Sym) else expr


def _probabilities(given: Given, board: Board, z: Expr, T: Expr) -> tuple[Expr, Expr | None]:
    """Probabilities and their logarithms; the logarithms of given ones only where none is 0."""
    scale = number(1) / log(number(BASES[given.log])) if given.log in BASES else None

    def based(natural: Expr) -> Expr:
        return natural if scale is None else scale * natural

    title: Text = "The logarithms of the probabilities."
    if scale is not None:
        title = say("The logarithms of the probabilities, to the base {base}.", base=given.log)
    scaled = z / T if isinstance(T, Sym) else z
    why: Text = ""
    if given.probabilities is not None:
        p = board.let("p", z, "The given probabilities.", quiet=True, exactly=True)
    elif given.samples or board.rounding.each_step:
        p = board.let(
            "p",
            ops.softmax(scaled),
            "Softmax of each row." if given.samples else "Softmax.",
            SHIFT,
            slips=lambda: _slips_of_softmax(given, z, T),
        )
    else:
        m = board.let("m", ops.largest(scaled), "The largest logit.", SHIFT)
        u = board.let("u", exp(scaled - m), "The exponentials: all positive, the largest is 1.")
        S = board.let("S", total(u), "Their sum.")
        p = board.let(
            "p",
            u / S,
            "Dividing by the sum makes them probabilities.",
            ways=lambda: (ops.softmax(scaled),),
            slips=lambda: _slips_of_softmax(given, z, T, u),
        )
        logarithms = scaled - m - log(S)
        why = "From the logits, so that no ln 0 can occur."
    if given.probabilities is not None or given.samples or board.rounding.each_step:
        if not np.any(board.value(p).array == 0):
            return p, board.let("log_p", _logarithm(given)(p), title)
        if given.probabilities is not None:
            return p, None
        logarithms = ops.log_softmax(scaled)
    by_p = () if np.any(board.value(p).array == 0) else (_logarithm(given)(p),)
    return p, board.let(
        "log_p",
        based(logarithms),
        title,
        why,
        ways=lambda: by_p,
        slips=lambda: _slips_of_logarithms(given, scaled, based(logarithms), scale),
    )


def _logarithm(given: Given) -> Callable[[Expr], Expr]:
    return {"2": ops.log2, "10": ops.log10}.get(given.log, log)


SHIFT = (
    "The softmax shift: subtracting one number from all logits multiplies top and bottom by the same factor, "
    "so the probabilities stay, and with the largest logit no power overflows."
)


def _loss(given: Given, board: Board, p: Expr, log_p: Expr | None, y: Expr, T: Expr) -> None:
    board.section("Loss and gradient")
    entropy = ops.cross_entropies if given.samples else ops.cross_entropy
    shares = board.value(y).array
    if given.log not in BASES and not np.any((board.value(p).array == 0) & (shares != 0)):
        each = entropy(p, y)
    elif log_p is not None:
        each = -(ops.row_sums(y * log_p) if given.samples else total(y * log_p))
    else:
        each = number(1) / log(number(BASES[given.log])) * entropy(p, y)
    title = "The cross-entropy with the target."
    why = "Each class counts with its share in the target."
    if set(shares.flat) <= {0, 1}:
        why = "With a one-hot target only the true class counts: minus the logarithm of its probability."
    n = given.samples

    def slips() -> Iterator[Slip]:
        return _slips_of_entropy(given, board, each, p, y, T)

    def ways() -> Iterator[Expr]:
        if log_p is not None:
            yield -(ops.row_sums(y * log_p) if given.samples else total(y * log_p))

    if n:
        losses = board.let("losses", each, title, why, slips=slips, ways=ways)
        sum_ = total(losses)
        loss = number(1) / n * sum_ if _averaged(given) else sum_
        board.let(
            "loss",
            loss,
            say("The {reduction} over the samples.", reduction=given.reduction),
            slips=lambda: _slips_of_mean(given, shares, losses, p, y),
        )
    else:
        board.let("loss", each, title, why, slips=slips, ways=ways)
    grad = board.let(
        "grad",
        _scaled(p - y, given, T),
        "The gradient by the logits: probability minus target.",
        "By the chain rule through the probabilities, in which the 1/p of the logarithm cancels"
        + (
            f"; the logarithm to the base {given.log} brings 1/ln {given.log}." if given.log in BASES else "."
        ),
        slips=lambda: _slips_of_gradient(given, board, p, y, T),
    )
    if given.x is not None:
        _layer_gradients(given, board, grad)


def _layer_gradients(given: Given, board: Board, grad: Expr) -> None:
    x, W = Sym("x"), Sym("W")
    n = given.samples
    rule = "By the chain rule through the layer that makes the logits."
    by_W, by_b = (grad.T @ x, ops.column_sums(grad)) if n else (ops.outer(grad, x), grad)
    board.let("dL/dW", by_W, "The gradient by the weights.", rule, slips=lambda: _slips_of_layer(given, by_W))
    if given.b is not None:
        board.let("dL/db", by_b, "The gradient by the bias.", slips=lambda: _slips_of_layer(given, by_b))
    board.let("dL/dx", grad @ W if n else W.T @ grad, "The gradient by the input.")


# What is written by mistake in the place of a step


def _slips_of_softmax(given: Given, z: Expr, T: Expr, u: Expr | None = None) -> Iterator[Slip]:
    rows = given.samples is not None
    if u is not None:
        says = "You did not divide by the sum of the powers: the probabilities have to sum to 1."
        yield Slip("function-forgotten", u, "shifted:softmax", None, PLAIN, ("dropped-factor",), says)
    if isinstance(T, Sym):
        says = "The scores are divided by the temperature first."
        yield Slip("dropped-factor", ops.softmax(z), "cold:softmax", None, PLAIN, (), says)
        says = (
            "The temperature divides the scores, before the softmax, not the probabilities: these sum to 1."
        )
        wrong = ops.softmax(z) / T
        yield Slip("brackets", wrong, "after:softmax", None, LIKELY, ("other-operation",), says)
        if not rows:
            says = "The temperature divides the scores in every power: above and in the sum below."
            for wrong in (exp(z / T) / total(exp(z)), exp(z) / total(exp(z / T))):
                yield Slip("dropped-factor", wrong, "one-side:softmax", None, LIKELY, (), says)
    yield from softmax_slips(z / T if isinstance(T, Sym) else z, given.classes, rows)


def _slips_of_logarithms(given: Given, z: Expr, own: Expr, scale: Expr | None) -> Iterator[Slip]:
    """The logarithms of the probabilities, from the scores."""
    if scale is None and given.samples is None:
        says = "The logarithm of the sum is missing: ln p = z − ln ∑ e^z."
        yield Slip("function-forgotten", z - total(exp(z)), "sum:logarithms", None, PLAIN, (), says)
    if scale is not None:
        says = f"You took ln: the logarithm here is {LOGARITHM_NAMES[given.log]}."
        wrong = log(number(BASES[given.log])) * own
        yield Slip("other-function", wrong, "ln:logarithms", None, PLAIN, ("dropped-factor",), says)


def _slips_of_jacobian(given: Given, p: Expr, T: Expr) -> Iterator[Slip]:
    diag, outer = (ops.diag_rows, ops.outer_rows) if given.samples else (ops.diag, ops.outer)
    says = "Beside the diagonal stands −pᵢ pⱼ: when another score grows, a probability shrinks."
    wrong = _tempered(diag(p) + outer(p, p) - 2 * diag(p * p), T)
    yield Slip("sign", wrong, "plus:jacobian", None, PLAIN, (), says)
    says = "On the diagonal stands p(1 − p), not p: the own score is also in the sum below the fraction line."
    wrong = _tempered(diag(p + p * p) - outer(p, p), T)
    yield Slip("dropped-term", wrong, "whole:jacobian", None, LIKELY, ("dropped-factor",), says)
    says = "You have the diagonal alone. Each probability depends on all scores: beside it stands −pᵢ pⱼ."
    yield Slip("dropped-term", _tempered(diag(p - p * p), T), "diagonal:jacobian", None, LIKELY, (), says)
    if isinstance(T, Sym):
        says = "The softmax sees z/T: by the chain rule the derivative is divided by T."
        whole = diag(p) - outer(p, p)
        yield Slip("dropped-factor", whole, "cold:jacobian", None, PLAIN, (), says)
        yield Slip("other-operation", T * whole, "warm:jacobian", None, LIKELY, ("swapped-operands",), says)


def _slips_of_entropy(given: Given, board: Board, each: Expr, p: Expr, y: Expr, T: Expr) -> Iterator[Slip]:
    yield from entropy_slips(p, y, board.value(y), each, given.log)
    if given.log in BASES:
        says = f"You took ln: the logarithm here is {LOGARITHM_NAMES[given.log]}."
        wrong = log(number(BASES[given.log])) * each
        yield Slip("other-function", wrong, "ln:entropy", None, PLAIN, ("dropped-factor",), says)
    if given.probabilities is not None or given.log in BASES:
        return
    z = Sym("z" if given.x is not None else "logits")
    scaled = z / T if isinstance(T, Sym) else z
    sums = ops.row_sums if given.samples else total
    says = "You computed ln ∑ e^z alone: the score of the true class is subtracted from it."
    yield Slip("dropped-term", each + sums(y * scaled), "score:entropy", None, LIKELY, (), says)
    says = "You took the score alone: the logarithm of the sum of the powers is added, −z + ln ∑ e^z."
    yield Slip("dropped-term", -sums(y * scaled), "no-sum:entropy", None, POSSIBLE, (), says)
    if not given.samples:
        hard = set(board.value(y).array.flat) <= {0, 1}
        if hard:
            says = "That is the hinge loss, of support vector machines: the loss here is −ln p of the true class."
            wrong = total((1 - y) * ops.maximum(0, scaled - total(y * scaled) + 1))
            yield Slip("other-function", wrong, "hinge:entropy", None, POSSIBLE, (), says)
        says = "The logarithm of the sum of the powers is missing: the loss is −z + ln ∑ e^z, not −z + ∑ e^z."
        wrong = total(exp(scaled)) - total(y * scaled)
        yield Slip("function-forgotten", wrong, "sum:entropy", None, LIKELY, (), says)
        says = "The largest score is subtracted everywhere or nowhere: in the powers and from the true class's score."
        for sign, wrong in (("minus", each - ops.largest(scaled)), ("plus", each + ops.largest(scaled))):
            yield Slip("dropped-term", wrong, f"shift-{sign}:entropy", None, POSSIBLE, (), says)


def _slips_of_mean(given: Given, shares: Array, losses: Expr, p: Expr, y: Expr) -> Iterator[Slip]:
    if given.samples is None:
        return
    if not _averaged(given):
        if given.samples > 1:
            yield from one_sample_slips(losses, given.samples)
        return
    yield from mean_slips(losses, given.samples, given.classes, "classes")
    if set(shares.flat) <= {0, 1}:
        yield from likelihood_slips(p, y, given.samples, given.log)


def _slips_of_gradient(given: Given, board: Board, p: Expr, y: Expr, T: Expr) -> Iterator[Slip]:
    """Another slope in the place of p − y, or another factor before it."""
    slope, hard = p - y, set(board.value(y).array.flat) <= {0, 1}
    tempered = _tempered(slope, T)

    def scaled(wrong: Expr) -> Expr:
        return _scaled(wrong, given, T)

    says = (
        "You computed p(1 − p), the derivative of a probability by its own score. That of the loss is p − y."
    )
    yield Slip(
        "other-quantity", scaled(p * (1 - p)), "slope:gradient", None, LIKELY, ("other-function",), says
    )
    says = "You stopped at −y/p, the derivative by the probabilities: go on through the softmax to p − y."
    yield Slip(
        "dropped-factor", scaled(-(y / p)), "stopped:gradient", None, LIKELY, ("other-quantity",), says
    )
    says = "You took each probability by its own score alone. With all scores, −y(1 − p) becomes p − y."
    wrong = scaled(-(y * (1 - p)))
    yield Slip(
        "dropped-term", wrong, "target:gradient", None, LIKELY, ("extra-factor", "other-quantity"), says
    )
    says = "You subtracted 1 everywhere. Subtract the target: 1 at the true class, 0 at the others."
    if not hard:
        says = "You subtracted 1 everywhere. Subtract the target: from each probability its own share."
    yield Slip("other-quantity", scaled(p - 1), "ones:gradient", None, LIKELY, ("dropped-factor",), says)
    if hard:
        says = "You differentiated the probability of the true class. The loss is minus its logarithm: p − y."
        own = ops.row_sums(y * p) if given.samples else total(y * p)
        if not given.samples:
            for wrong, key in ((own * (y - p), ""), (own * (p - y), "minus-")):
                yield Slip(
                    "function-forgotten", scaled(wrong), f"{key}chance:gradient", None, LIKELY, (), says
                )
    says = "The factor p(1 − p) belongs to a squared error after a sigmoid: here it cancels, and p − y stays."
    yield Slip("extra-factor", scaled(slope * (p * (1 - p))), "sloped:gradient", None, LIKELY, (), says)
    if not given.samples and "jacobian" in board.derivation.quantities:
        says = "You have the gradient of a squared error. That of the cross-entropy is p − y: no Jacobian is left."
        squares = Sym("jacobian") @ slope
        for wrong, key in ((squares, "half-"), (2 * squares, "")):
            yield Slip("other-function", wrong, f"{key}squares:gradient", None, POSSIBLE, (), says)
    if isinstance(T, Sym):
        says = "The softmax sees z/T: by the chain rule the gradient is divided by T, not multiplied by it."
        wrong = _scaled(T * slope, given, number(1))
        yield Slip("other-operation", wrong, "warm:gradient", None, PLAIN, ("swapped-operands",), says)
    if given.log in BASES:
        says = f"The logarithm to the base {given.log} is ln p/ln {given.log}: its derivative keeps 1/ln {given.log}."
        wrong = _over(given.samples, tempered) if _averaged(given) else tempered
        yield Slip("dropped-factor", wrong, "base:gradient", None, PLAIN, ("other-function",), says)
    n, k = given.samples or 1, given.classes
    says = "You divided by the number of classes: the gradient of the loss is p − y, for each class."
    if _averaged(given):
        says = f"You divided by the number of classes too: the mean is over the {n} samples only."
    yield Slip("extra-factor", _over(k, scaled(slope)), "share:gradient", None, LIKELY, (), says)
    if _averaged(given):
        if k != n:
            says = f"You divided by the number of classes: the mean is over the {n} samples."
            wrong = _over(Fraction(k, n), scaled(slope))
            yield Slip("other-quantity", wrong, "other:gradient", None, LIKELY, ("extra-factor",), says)
        says = f"The loss is the mean over the samples, and so is its gradient: divide by their number, {n}."
        wrong = _over(Fraction(1, n), scaled(slope))
        yield Slip("dropped-factor", wrong, "sum:gradient", None, PLAIN, ("other-function",), says)


def _slips_of_layer(given: Given, own: Expr) -> Iterator[Slip]:
    if _averaged(given):
        says = (
            "The gradient by the logits is that of the mean already: do not divide by the samples once more."
        )
        wrong = _over(given.samples, own)
        yield Slip("repeated-factor", wrong, "mean:layer", None, LIKELY, ("extra-factor",), says)
        n = given.samples
        says = f"You multiplied by the number of samples, {n}: the loss is the mean, so that the 1/{n} stays."
        wrong = _over(Fraction(1, n or 1), own)
        yield Slip("extra-factor", wrong, "sum:layer", None, PLAIN, ("dropped-factor",), says)


def _over(count: int | Fraction | None, expr: Expr) -> Expr:
    return number(1 / Fraction(count or 1)) * expr


# The general derivation


def _slope(m: Arithmetic, p: Array, z: Array, j: Array) -> Array:
    """The column j of the Jacobian; z is there to be written."""
    one = np.zeros_like(p)
    one[int(j)] = 1
    return np.asarray(p * (one - p[int(j)]))


PARTIAL = Op("partial", lambda m, p, z: p, lambda p, z: p, Derivative())
"""∂p/∂z as it is written on the left of a line; its worth is found by differences."""

SLOPES = Op("slopes", _slope, lambda p, z, j: p, Derivative(), elementwise=True)


FARTHEST_APART = 500
"""Logits farther apart make probabilities of which too few digits are known to try the general lines."""

MOST_CASES = 4
"""The general lines are tried for so many values of each index."""


class _Sample:
    """Values for the letters of the general derivation: those of the (first) sample, at temperature 1."""

    def __init__(self, given: Given, board: Board, z: str, y: str | None) -> None:
        evaluate = Evaluator().value

        def row(value: Value) -> Value:
            return value.entry(0) if given.samples else value

        if given.logits is not None:
            logits = row(given.logits)
        elif given.x is not None:
            logits = row(board.value(_affine(given)))
        else:
            assert given.probabilities is not None
            logits = evaluate(log(Sym("p")), {"p": row(given.probabilities)})
        self.z, self.y = z, y
        largest = evaluate(ops.largest(Sym(z)), {z: logits})
        self.letters = {
            z: evaluate(Sym(z) - Sym("m"), {z: logits, "m": largest})
        }  # the shift changes no line
        if y is not None:
            self.letters[y] = row(board.value(y))
        self.letters["p"] = evaluate(ops.softmax(Sym(z)), self.letters)
        self.letters["S"] = evaluate(total(exp(Sym(z))), self.letters)
        apart = float(np.ptp(logits.floats))
        self.indices = range(min(logits.size, MOST_CASES) if apart < FARTHEST_APART else 0)

    def at(self, i: int, j: int) -> dict[str, Value]:
        """The letters with values for the indices."""
        return {**self.letters, "i": exact(i), "j": exact(j)}

    def chance(self, i: int) -> Expr:
        return ops.softmax(Sym(self.z))[i]

    def loss(self) -> Expr:
        assert self.y is not None
        return -total(Sym(self.y) * ops.log_softmax(Sym(self.z)))

    def worth(self, expr: Expr) -> float:
        return float(Evaluator().value(expr, self.letters).floats)

    def difference(self, expr: Expr, j: int) -> float:
        """The central difference of a number by the logit j."""
        step = Fraction(1, 10**15)
        logits = self.letters[self.z]
        ends = []
        for move in (step, -step):
            entries = [as_fraction(x) for x in logits.array.flat]
            entries[j] += move
            ends.append(Evaluator().value(expr, {**self.letters, self.z: exact(entries)}).item())
        return float((as_fraction(ends[0]) - as_fraction(ends[1])) / (2 * step))


def _general(given: Given, board: Board, z: Sym, y: Sym | None) -> None:
    """The quotient rule for i = j and i ≠ j, then the chain rule through the logarithm."""
    board.section("In general")
    sample = _Sample(given, board, z.name, y.name if y else None)
    indices = sample.indices
    p, S, i, j = Sym("p"), Sym("S"), Sym("i"), Sym("j")
    z_i, z_j, p_i, p_j = at(z, i), at(z, j), at(p, i), at(p, j)
    board.identity(
        "softmax",
        p_i,
        exp(z_i) / total(exp(z), letter="k"),
        exp(z_i) / S,
        title="Softmax: each power over the sum S of all.",
        cases=[(sample.at(k, k), sample.worth(sample.chance(k))) for k in indices],
    )
    board.identity(
        "dp_i/dz_i",
        apply(PARTIAL, p_i, z_i),
        (exp(z_i) * S - exp(z_i) * exp(z_i)) / S**2,
        exp(z_i) / S * ((S - exp(z_i)) / S),
        p_i * (1 - p_i),
        title="The derivative by the own logit, i = j.",
        why="Quotient rule: (f/g)′ = (f′g − fg′)/g²; the power on top and the sum both contain that logit.",
        cases=[(sample.at(k, k), sample.difference(sample.chance(k), k)) for k in indices],
    )
    board.identity(
        "dp_i/dz_j",
        apply(PARTIAL, p_i, z_j),
        (0 * S - exp(z_i) * exp(z_j)) / S**2,
        -(exp(z_i) / S * (exp(z_j) / S)),
        -(p_i * p_j),
        title="The derivative by another logit, i ≠ j.",
        why="Quotient rule again; the power on top does not contain that logit, so its derivative is 0.",
        cases=[
            (sample.at(a, b), sample.difference(sample.chance(a), b))
            for a in indices
            for b in indices
            if a != b
        ],
    )
    if y is None:
        return
    y_j, loss = at(y, j), Sym("loss")
    board.identity(
        "cross-entropy",
        loss,
        -total(y * log(p), letter="k"),
        title="The cross-entropy of the probabilities with the target.",
        cases=[(sample.at(k, k), sample.worth(sample.loss())) for k in indices[:1]],
    )
    board.identity(
        "dL/dz_j",
        apply(PARTIAL, loss, z_j),
        -total(y / p * apply(SLOPES, p, z_j, j), letter="k"),
        -(y_j / p_j * (p_j * (1 - p_j))) + ops.sum_except(y * p_j, j),
        p_j * y_j - y_j + p_j * ops.sum_except(y, j),
        p_j * total(y, letter="k") - y_j,
        p_j - y_j,
        title="The derivative of the loss by a logit.",
        why="Chain rule, then the two cases put in; at the end, the target sums to 1.",
        cases=[(sample.at(k, k), sample.difference(sample.loss(), k)) for k in indices],
    )
    if given.temperature.item() != 1:
        board.note("With a temperature T the softmax sees z/T: every derivative by z takes a factor 1/T.")
    if given.log in BASES:
        rule = "The logarithm to the base {base} divides the loss and its derivatives by ln {base}."
        board.note(say(rule, base=given.log))


def _check(given: Given, board: Board) -> None:
    board.check("the probabilities sum to 1", lambda: _sum_error(given, board), 1e-12)
    if "jacobian" in board.derivation.quantities:
        board.check("Jacobian recomputed entry by entry", lambda: _jacobian_error(given, board), 1e-9)
    if given.target is None or given.probabilities is not None:
        return
    by = "z" if given.x is not None else "logits"
    board.check("gradient against central differences", lambda: board.difference_error("loss", by, "grad"))
    for name in ("W", "b", "x") if given.x is not None else ():
        if f"dL/d{name}" in board.derivation.quantities:
            board.check(
                f"dL/d{name} against central differences",
                partial(board.difference_error, "loss", name, f"dL/d{name}"),
            )


def _sum_error(given: Given, board: Board) -> float:
    if given.probabilities is not None:
        return 0.0  # as they were given
    return float(np.abs(board.floats("p").sum(axis=-1) - 1).max())


def _jacobian_error(given: Given, board: Board) -> float:
    rows = board.floats("p").reshape(-1, given.classes)
    stated = board.floats("jacobian").reshape(len(rows), given.classes, given.classes)
    worst = 0.0
    for row, matrix in zip(rows, stated, strict=True):
        other = np.where(np.eye(len(row), dtype=bool), row * (1 - row), -np.multiply.outer(row, row))
        worst = max(worst, float(np.abs(matrix * given.temperature.floats - other).max()))
    return worst


def mistakes(given: Given) -> Iterator[Mistake]:
    """Another base, another class, the temperature, sum for mean."""

    for base in ("e", "2", "10"):
        if base != given.log:
            says = f"The logarithm here is {LOGARITHM_NAMES[given.log]}."
            yield taken(given, "other-function", says, log=base)
    if given.temperature.item() != 1:
        yield taken(
            given, "dropped-factor", "The scores are divided by the temperature first.", temperature=exact(1)
        )
        inverse = gather([1 / Fraction(given.temperature.item())], ())
        says = "The scores are divided by the temperature, not multiplied by it."
        yield taken(given, "other-operation", says, temperature=inverse)
    if given.samples not in (None, 1):
        other = "sum" if given.reduction == "mean" else "mean"
        name = "dropped-factor" if given.reduction == "mean" else "extra-factor"
        says = f"The loss is the {given.reduction} over the samples, and so is its gradient."
        yield taken(given, name, says, reduction=other)
    if isinstance(given.target, Value) and not given.target.shape and given.target.exact:
        for index in beside(given.target, given.classes):
            yield taken(given, "wrong-index", beside_says(given.target, index), "off-by-one", target=index)
    if given.target is not None:
        hard = hardened(distributions(given.target, given.samples, given.classes))
        if hard is not None:
            says = "The target is a distribution: every class counts with its share, not the likeliest one alone."
            yield taken(given, "other-quantity", says, "dropped-term", target=hard)


LOGARITHM_NAMES = {"e": "the natural one, ln", "2": "that to the base 2", "10": "that to the base 10"}


def ask(given: Given) -> Sequence[str]:
    """The probabilities, and with a target the loss and its gradients."""
    asked = ["p"] if given.probabilities is None else []
    if given.target is None:
        return asked or ["predicted"]
    asked += ["loss", "grad"]
    if given.x is not None:
        asked += ["dL/dW", *(["dL/db"] if given.b is not None else []), "dL/dx"]
    return asked


EXAMPLE = """\
kind: softmax-ce
title: Softmax and cross-entropy of three logits
given:
  logits: [2, 1, 0.1]
  target: 0
"""

kind = Kind(
    name="softmax-ce",
    title="Softmax and cross-entropy, with gradients",
    given=Given,
    solve=solve,
    ask=ask,
    letters={
        "logits": "z",
        "probabilities": "p",
        "target": "y",
        "temperature": "T",
        "loss": "L",
        "losses": "ℓ",
        "grad": "dL/dz",
        "log_p": "q",
        "jacobian": "dp/dz",
    },
    quantities={
        "z": "the logits, when x, W and b make them",
        "m": "the largest logit; likewise `u`, the powers, and `S`, their sum (one sample)",
        "p": "the probabilities; asked",
        "log_p": "their logarithms",
        "predicted": "the class with the largest probability, from 0",
        "jacobian": "dp/dz; one matrix a sample for several",
        "losses": "the loss of each sample, for several",
        "loss": "the cross-entropy; asked with a target",
        "grad": "dL/dz; asked with a target",
        "dL/dW": "with x, W and b; likewise `dL/db` and `dL/dx`; asked with a target",
    },
    example=EXAMPLE,
    docs=__doc__ or "",
    mistakes=mistakes,
    fixed=True,
    inner={"m": "p", "u": "p", "S": "p"},
)
