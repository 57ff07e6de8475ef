"""Logistic regression by gradient descent.

What it solves
    Gradient descent on the logistic loss, step by step: scores, probabilities, loss, gradient, update. One
    iteration is one update, of all samples or of one mini-batch.

Method
    For labels 0 and 1, with the score z = Xw + b of each sample and p = σ(z):

        L = −∑ [y ln p + (1 − y) ln(1 − p)] = ∑ [ln(1 + eᶻ) − y z]      ∇L = Xᵀ(p − y)      ∂L/∂b = ∑ (p − y)

    For labels −1 and +1, with the margin y z:

        L = ∑ ln(1 + e⁻ʸᶻ)      ∇L = Xᵀ(−y ⊙ σ(−y ⊙ z))

    The mean divides by the number of samples (of the batch); `l2` adds λ/2 ‖w‖² to the loss and λw to the
    gradient, the bias is not penalised. Then w ← w − α∇L and b ← b − α ∂L/∂b. Both losses are computed
    from the scores, so that no logarithm of 0 and no overflow can occur.

    With mini-batches z, p, loss and gradients of an iteration are those of its batch; what is given at T is that of
    all rows. A new sample belongs to class 1 (or +1) if its probability is at least the threshold.

Legend
    X samples (n×d), y labels (n), w weights (d), b bias, z scores (n), p probabilities (n), α learning rate,
    λ strength of the penalty, t iteration from 0.

Source
    Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, 4.4.1; Bishop: Pattern Recognition and
    Machine Learning, 4.3.2; Murphy: Probabilistic Machine Learning, 10.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Annotated

import numpy as np

from solver.derivation import Board, Message, Stopped, say
from solver.errors import SolverError, counted, quoted
from solver.expr.nodes import Const, Expr, Sym
from solver.expr.ops import (
    at_least,
    exp,
    indicator,
    log,
    norm2,
    number,
    rows,
    sigmoid,
    softplus,
    total,
)
from solver.expr.values import exact, gather
from solver.kinds import Kind, Mistake, taken
from solver.spec.fields import (
    ZERO,
    Fault,
    Fields,
    Leaf,
    Matrix,
    MaybeMatrix,
    MaybeNumber,
    Number,
    Vector,
    choice,
    comma_hint,
    field,
    scalar,
    whole,
)
from solver.spec.yaml import Node

MOST_NUMBERS = 200_000_000


def _batch(node: Node) -> int | None:
    """A batch size; None for `full`."""
    leaf = scalar(node, "a batch size")
    if leaf.text == "full":
        return None
    try:
        size: int = whole(1, 10**9).read(leaf)
    except SolverError:
        hint = "write `full`, or a whole number from 1 on"
        raise SolverError(f"{quoted(leaf.text)} is no batch size", leaf.span, hint) from None
    return size


BATCH = Leaf(_batch, {"anyOf": [{"const": "full"}, {"type": "integer", "minimum": 1}]})


class Given(Fields):
    """The data of a logistic regression."""

    X: Matrix = field("the samples, one a row (n×d)")
    y: Vector = field("the labels: 0 and 1, or −1 and +1 (which switches to the margin form)")
    w: Vector = field("the weights to start from, w(0) (d numbers)")
    b: MaybeNumber = field("the bias to start from, b(0); left out: no bias", None)
    learning_rate: MaybeNumber = field("the learning rate α; not needed with 0 iterations", None)
    iterations: Annotated[int, whole(0, 100_000)] = field("how many updates; 0: loss and gradient only")
    loss: Annotated[str | None, choice("sum", "mean")] = field(
        "sum or mean over the samples (default: mean)", None
    )
    l2: Number = field("λ of the penalty λ/2 ‖w‖² (default 0)", ZERO)
    batch: Annotated[int | None, BATCH] = field("samples per update: `full` or a number (default full)", None)
    predict: MaybeMatrix = field("new samples to classify, one a row", None)
    threshold: Number = field(
        "the probability from which the class is 1 (default 0.5)", exact(Fraction(1, 2))
    )

    def faults(self) -> Iterator[Fault]:
        yield from self._label_faults()
        n, d = self.X.shape
        if self.y.size != n:
            what = f"{counted(self.y.size, 'label')} for {counted(n, 'sample')} in `X`"
            yield Fault(("y",), what, comma_hint(self.y, n))
        if self.w.size != d:
            what = f"{counted(self.w.size, 'weight')} for {counted(d, 'column')} of `X`"
            yield Fault(
                ("w",),
                what,
                comma_hint(self.w, d) or "the bias goes into `b`" * (self.w.size == d + 1) or None,
            )
        if self.learning_rate is None and self.iterations > 0:
            yield Fault(("learning_rate",), "it is missing", "the step size α, such as 0.1")
        if self.learning_rate is not None and self.learning_rate.item() <= 0:
            yield Fault(("learning_rate",), f"{self.learning_rate.plain()} is not positive")
        if self.l2.item() < 0:
            yield Fault(("l2",), f"{self.l2.plain()} is negative")
        if not 0 < self.threshold.item() < 1:
            yield Fault(("threshold",), f"{self.threshold.plain()} is not between 0 and 1")
        if self.predict is not None and self.predict.shape[1] != d:
            what = f"{counted(self.predict.shape[1], 'number')} a row for {counted(d, 'column')} of `X`"
            yield Fault(("predict",), what)
        if self.iterations * (n + d) > MOST_NUMBERS:
            yield Fault(
                ("iterations",), f"{self.iterations} iterations of {counted(n, 'sample')} are too much work"
            )

    def _label_faults(self) -> Iterator[Fault]:
        labels = list(self.y.array.flat)
        if set(labels) <= {0, 1} or set(labels) <= {-1, 1}:
            return
        odd = next((label for label in labels if label not in (-1, 0, 1)), None)
        if odd is None:
            hint = "labels are 0 and 1, or -1 and +1"
            yield Fault(("y", labels.index(0)), "the labels `-1` and `0` are mixed", hint)
        else:
            place = labels.index(odd)
            yield Fault(
                ("y", place), f"{self.y.plain()[place]} is no label", "labels are 0 and 1, or -1 and +1"
            )

    @property
    def margins(self) -> bool:
        """Whether the labels are −1 and +1."""
        return -1 in self.y.array

    @property
    def mean(self) -> bool:
        return self.loss != "sum"


ONE = number(1)
"""The number of samples of a batch of one: nobody divides by it."""


class Model:
    """The formulas, over whatever symbols they are asked for."""

    def __init__(self, given: Given) -> None:
        self.bias = given.b is not None
        self.margins, self.mean = given.margins, given.mean
        self.penalty = given.l2.item() != 0

    def scores(self, X: Expr, w: Expr, b: Expr) -> Expr:
        return X @ w + b if self.bias else X @ w

    def loss(self, z: Expr, y: Expr, w: Expr, n: Expr) -> Expr:
        each = softplus(-y * z) if self.margins else softplus(z) - y * z
        return self._penalised(self._over(n, total(each)), w)

    def loss_by_p(self, p: Expr, y: Expr, w: Expr, n: Expr) -> Expr:
        return self._penalised(-self._over(n, total(y * log(p) + (1 - y) * log(1 - p))), w)

    def errors(self, z: Expr, p: Expr, y: Expr) -> Expr:
        """dL/dz for the summed loss."""
        return -y * sigmoid(-y * z) if self.margins else p - y

    def gradient(self, X: Expr, z: Expr, p: Expr, y: Expr, w: Expr, n: Expr) -> Expr:
        product = self._over(n, X.T @ self.errors(z, p, y))
        return product + Sym("l2") * w if self.penalty else product

    def bias_gradient(self, z: Expr, p: Expr, y: Expr, n: Expr) -> Expr:
        return self._over(n, total(self.errors(z, p, y)))

    def _over(self, n: Expr, expr: Expr) -> Expr:
        return 1 / n * expr if self.mean and n is not ONE else expr

    def _penalised(self, loss: Expr, w: Expr) -> Expr:
        return loss + Sym("l2") / 2 * norm2(w) if self.penalty else loss


def solve(given: Given, board: Board) -> None:
    """Write T iterations on the board, then the scores, probabilities and loss at the end."""
    try:
        _descend(given, board)
    except Stopped as stopped:
        if stopped.name.endswith("(0)"):
            raise
        hint = "the iteration diverges: a smaller learning rate may help"
        raise Stopped(stopped.name, stopped.message, hint) from None


def _descend(given: Given, board: Board) -> None:
    n, T = given.X.shape[0], given.iterations
    model = Model(given)
    X, y = board.given("X", given.X), board.given("y", given.y)
    w: Expr = board.given("w(0)", given.w)
    b: Expr = board.given("b(0)", given.b) if given.b is not None else number(0)
    alpha: Expr = number(0)
    if given.learning_rate is not None:
        alpha = board.given("learning_rate", given.learning_rate)
    if model.penalty:
        board.given("l2", given.l2)
    if given.predict is not None:
        board.given("predict", given.predict)
    _method(given, model, board)

    size = min(given.batch or n, n)
    starts = range(0, n, size)
    for t in range(T):
        board.section(say("Iteration {t}", t=t + 1), series="iterations")
        start = starts[t % len(starts)]
        stop = min(start + size, n)
        X_t, y_t = X, y
        if size < n:
            X_t = board.let(
                f"X({t})", rows(X, start=start, stop=stop), _batch_title(start, stop), exactly=True
            )
            y_t = board.let(f"y({t})", rows(y, start=start, stop=stop), "Their labels.", exactly=True)
        z, p = _forward(t, X_t, y_t, w, b, _size(stop - start), model, board)
        gradient = _gradient(t, X_t, y_t, z, p, w, _size(stop - start), model, board)
        w = board.let(
            f"w({t + 1})",
            w - alpha * gradient[0],
            "A step against the gradient.",
            "The gradient points to where the loss grows fastest; the learning rate is the length of the step.",
        )
        if model.bias:
            b = board.let(f"b({t + 1})", b - alpha * gradient[1], "The same step for the bias.")
    if T:
        board.section(say("After {T} iterations", T=T) if T > 1 else "After the iteration")
    z, p = _forward(T, X, y, w, b, _size(n), model, board)
    if T == 0:
        _gradient(T, X, y, z, p, w, _size(n), model, board)
    if given.predict is not None:
        new = Sym("predict")
        p_new = board.let(
            "p_new", sigmoid(model.scores(new, w, b)), "The probability of class 1 for each new sample."
        )
        classes = indicator(at_least(p_new, board.given("threshold", given.threshold)))
        title = say("Class 1 from the probability {threshold} on.", threshold=Const(given.threshold))
        board.let("predictions", 2 * classes - 1 if model.margins else classes, title, exactly=True)
    if T >= CURVE_FROM:
        board.curve("The loss over the iterations", "t", "loss", (f"loss({t})" for t in range(T + 1)))
    _notes(given, n, board)
    _check(given, model, board)


CURVE_FROM = 5
"""From so many iterations on, the loss is drawn."""


def _size(samples: int) -> Expr:
    return number(samples) if samples > 1 else ONE


def _batch_title(start: int, stop: int) -> Message:
    if stop == start + 1:
        return say("The batch of this iteration: row {start}.", start=start + 1)
    return say("The batch of this iteration: rows {start} to {stop}.", start=start + 1, stop=stop)


def _method(given: Given, model: Model, board: Board) -> None:
    X, w, b, n, L = (Sym(name) for name in ("X", "w", "b", "n", "loss"))
    y, z, p = (board.letter(name, given.y.shape) for name in ("y", "z", "p"))
    alpha = Sym("learning_rate")
    board.method(z, model.scores(X, w, b))
    board.method(p, sigmoid(z), sigmoid_formula(z))
    if model.margins:
        board.method(L, model.loss(z, y, w, n))
    else:
        board.method(L, model.loss_by_p(p, y, w, n), model.loss(z, y, w, n))
    board.method(Sym("grad"), model.gradient(X, z, p, y, w, n))
    if model.bias:
        board.method(Sym("grad_b"), model.bias_gradient(z, p, y, n))
    if given.iterations:
        board.method(w, w - alpha * Sym("grad"), relation="←")
        if model.bias:
            board.method(b, b - alpha * Sym("grad_b"), relation="←")


def sigmoid_formula(z: Expr) -> Expr:
    """1/(1 + e⁻ᶻ)."""
    return 1 / (1 + exp(-z))


def _forward(
    t: int, X: Expr, y: Expr, w: Expr, b: Expr, n: Expr, model: Model, board: Board
) -> tuple[Expr, Expr]:
    z = board.let(f"z({t})", model.scores(X, w, b), "One score for each sample.")
    p = board.let(f"p({t})", sigmoid(z), "Turn scores into probabilities of class 1.")
    board.let(
        f"loss({t})",
        model.loss(z, y, w, n),
        "The loss here.",
        "The loss of a sample is −ln of the probability that is given to its own class, written with the score.",
        ways=lambda: () if model.margins else (model.loss_by_p(p, y, w, n),),
    )
    return z, p


def _gradient(
    t: int, X: Expr, y: Expr, z: Expr, p: Expr, w: Expr, n: Expr, model: Model, board: Board
) -> tuple[Expr, Expr]:
    gradient = board.let(
        f"grad({t})",
        model.gradient(X, z, p, y, w, n),
        "The gradient: each sample's error, weighted by its features.",
        "By the chain rule, since σ′ = σ(1 − σ) cancels against the derivative of the logarithm.",
    )
    if not model.bias:
        return gradient, number(0)
    bias = board.let(
        f"grad_b({t})", model.bias_gradient(z, p, y, n), "The bias belongs to a feature that is always 1."
    )
    return gradient, bias


def _notes(given: Given, n: int, board: Board) -> None:
    if given.loss is not None or n == 1:
        return
    size = min(given.batch or n, n)
    parts = ["The loss is the mean over the samples, since the problem does not say."]
    parts.append(
        "For the sum, the loss and its gradient at the same weights are {n} times as large"
        if given.l2.item() == 0
        else "For the sum, the loss and its gradient at the same weights are {n} times as large but for the penalty"
    )
    more = " (as many as a batch has rows)" if size < n else ""
    board.note(say(" ".join(parts) + more + ".", n="so many" if size < n else n))


def _check(given: Given, model: Model, board: Board) -> None:
    """Gradients by central differences, the loss once more from the probabilities, in double precision."""
    names = board.derivation.quantities
    for t in sorted({0, max(given.iterations - 1, 0)}):
        for letter, gradient in (("w", "grad"), ("b", "grad_b")):
            if f"{gradient}({t})" in names:
                board.check(
                    f"{gradient}({t}) against central differences",
                    partial(board.difference_error, f"loss({t})", f"{letter}({t})", f"{gradient}({t})"),
                )
    board.check("loss recomputed sample by sample", lambda: _loss_error(given, board), 1e-9)


def _loss_error(given: Given, board: Board) -> float:
    T = given.iterations
    w = board.floats(f"w({T})")
    z = given.X.floats @ w + (board.floats(f"b({T})") if given.b is not None else 0.0)
    sides = np.where(given.y.floats > 0, -z, z)
    losses = np.logaddexp(0, sides)
    loss = (losses / (len(losses) if given.mean else 1)).sum()
    if given.l2.item():
        loss += given.l2.floats / 2 * float(w @ w)
    stated = float(board.floats(f"loss({T})"))
    return abs(stated - float(loss)) / max(1.0, abs(stated))


def mistakes(given: Given) -> Iterator[Mistake]:
    """Sum for mean, the bias or the penalty forgotten, the labels exchanged."""

    if given.X.shape[0] > 1:
        if given.mean:
            says = "The loss is the mean over the samples: divide the sum by their number."
            yield taken(given, "dropped-factor", says, loss="sum")
        else:
            says = "The loss is the sum over the samples: nothing is divided by their number."
            yield taken(given, "extra-factor", says, loss="mean")
    if given.b is not None:
        yield taken(given, "dropped-term", "The bias is part of every score.", b=exact(0))
    if given.l2.item() != 0:
        says = "The penalty λ/2 ‖w‖² is part of the loss, and λ w of its gradient."
        yield taken(given, "dropped-term", says, l2=ZERO)
        yield taken(given, "dropped-factor", "The penalty is λ/2 ‖w‖², with the gradient λ w.", l2=exact(1))
        twice = gather([2 * Fraction(given.l2.item())], ())
        yield taken(given, "extra-factor", "The gradient of λ/2 ‖w‖² is λ w.", l2=twice)
    if not given.margins:
        flipped = given.y.rearranged(lambda y: 1 - y)
        says = "A label of 1 is the class whose probability is p."
        yield taken(given, "other-quantity", says, "swapped-operands", y=flipped)


def ask(given: Given) -> Sequence[str]:
    """The weights at the end and the predictions; with no iterations, loss and gradient."""
    T = given.iterations
    asked = [f"w({T})", f"b({T})"] if T else ["loss(0)", "grad(0)", "grad_b(0)"]
    if given.b is None:
        asked = [name for name in asked if not name.startswith(("b(", "grad_b"))]
    return asked + (["p_new", "predictions"] if given.predict is not None else [])


EXAMPLE = """\
kind: logistic-gd
title: Three steps of gradient descent for logistic regression
given:
  X: [[3, 3], [0, -4]]
  y: [1, 0]
  w: [-2, -2]
  learning_rate: 0.1
  iterations: 3
  loss: sum
"""

kind = Kind(
    name="logistic-gd",
    title="Logistic regression by gradient descent",
    given=Given,
    solve=solve,
    ask=ask,
    letters={
        "learning_rate": "α",
        "l2": "λ",
        "loss": "L",
        "grad": "∇L",
        "grad_b": "dL/db",
        "predict": "X_new",
        "p_new": "p_new",
        "threshold": "threshold",
    },
    quantities={
        "z(t)": "the scores before iteration t + 1",
        "p(t)": "the probabilities of class 1",
        "loss(t)": "the loss, of the batch of iteration t + 1; at T of all samples",
        "grad(t)": "the gradient by w",
        "grad_b(t)": "the derivative by b, with a bias",
        "w(t+1)": "the weights after iteration t + 1; w(T) is asked",
        "b(t+1)": "the bias after iteration t + 1; b(T) is asked",
        "p_new": "with `predict`: probabilities of the new samples; asked",
        "predictions": "with `predict`: their classes, as the labels are written; asked",
    },
    example=EXAMPLE,
    docs=__doc__ or "",
    mistakes=mistakes,
    fixed=True,
)
