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

    With mini-batches z, p, loss and gradients of an iteration are those of its batch (to take all rows is the mistake
    `batch-ignored`); what is given at T is that of all rows. A new sample belongs to class 1 (or +1) if its
    probability is at least the threshold.

Legend
    X samples (n×d), y labels (n), w weights (d), b bias, z scores (n), p probabilities (n), α learning rate,
    λ strength of the penalty, t iteration from 0.

Source
    Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, 4.4.1; Bishop: Pattern Recognition and
    Machine Learning, 4.3.2; Murphy: Probabilistic Machine Learning, 10.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Annotated, NamedTuple

import numpy as np

from solver.derivation import Board, Message, Stopped, say
from solver.errors import SolverError, counted, quoted
from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.nodes import Const, Expr, Sym
from solver.expr.ops import (
    absolute,
    at_least,
    exp,
    indicator,
    log,
    maximum,
    norm2,
    number,
    rows,
    sigmoid,
    sign,
    softplus,
    sqrt,
    step,
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
        self.samples, self.features = given.X.shape
        self.batch = min(given.batch or self.samples, self.samples)
        self.steps = given.iterations
        self.bias = given.b is not None
        self.margins, self.mean = given.margins, given.mean
        self.penalty = given.l2.item() != 0

    def rows(self, t: int) -> tuple[int, int]:
        """The first row of the batch of an iteration, and the row after its last one."""
        start = range(0, self.samples, self.batch)[t % -(-self.samples // self.batch)]
        return start, min(start + self.batch, self.samples)

    def scores(self, X: Expr, w: Expr, b: Expr) -> Expr:
        return X @ w + b if self.bias else X @ w

    def loss(self, z: Expr, y: Expr, w: Expr, n: Expr) -> Expr:
        each = softplus(-y * z) if self.margins else softplus(z) - y * z
        return self.penalised(self.over(n, total(each)), w)

    def loss_by_p(self, p: Expr, y: Expr, w: Expr, n: Expr) -> Expr:
        return self.penalised(-self.over(n, total(y * log(p) + (1 - y) * log(1 - p))), w)

    def errors(self, z: Expr, p: Expr, y: Expr) -> Expr:
        """dL/dz for the summed loss."""
        return -y * sigmoid(-y * z) if self.margins else p - y

    def gradient(self, X: Expr, z: Expr, p: Expr, y: Expr, w: Expr, n: Expr) -> Expr:
        return self.gradient_by(self.errors(z, p, y), X, w, n)

    def bias_gradient(self, z: Expr, p: Expr, y: Expr, n: Expr) -> Expr:
        return self.over(n, total(self.errors(z, p, y)))

    def gradient_by(self, errors: Expr, X: Expr, w: Expr, n: Expr) -> Expr:
        product = self.over(n, X.T @ errors)
        return product + Sym("l2") * w if self.penalty else product

    def over(self, n: Expr, expr: Expr) -> Expr:
        return 1 / n * expr if self.mean and n is not ONE else expr

    def penalised(self, loss: Expr, w: Expr) -> Expr:
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

    size = model.batch
    for t in range(T):
        board.section(say("Iteration {t}", t=t + 1), series="iterations")
        start, stop = model.rows(t)
        X_t, y_t = X, y
        if size < n:
            X_t = board.let(
                f"X({t})",
                rows(X, start=start, stop=stop),
                _batch_title(start, stop),
                exactly=True,
                slips=partial(_batch_slips, t, X, model),
            )
            y_t = board.let(
                f"y({t})",
                rows(y, start=start, stop=stop),
                "Their labels.",
                exactly=True,
                slips=partial(_batch_slips, t, y, model),
            )
        at = _forward(t, X_t, y_t, w, b, _size(stop - start), model, board)
        gradient = _gradient(t, at, model, board)
        w = board.let(
            f"w({t + 1})",
            w - alpha * gradient[0],
            "A step against the gradient.",
            "The gradient points to where the loss grows fastest; the learning rate is the length of the step.",
            slips=partial(_step_slips, t, at, gradient, model),
        )
        if model.bias:
            b = board.let(
                f"b({t + 1})",
                b - alpha * gradient[1],
                "The same step for the bias.",
                slips=partial(_bias_step_slips, t, at, gradient, w, model),
            )
    if T:
        board.section(say("After {T} iterations", T=T) if T > 1 else "After the iteration")
    at = _forward(T, X, y, w, b, _size(n), model, board)
    if T == 0:
        _gradient(T, at, model, board)
    if given.predict is not None:
        p_new = board.let(
            "p_new",
            sigmoid(model.scores(Sym("predict"), w, b)),
            "The probability of class 1 for each new sample.",
            slips=partial(_new_slips, T, at, model),
        )
        classes = indicator(at_least(p_new, board.given("threshold", given.threshold)))
        title = say("Class 1 from the probability {threshold} on.", threshold=Const(given.threshold))
        board.let(
            "predictions",
            2 * classes - 1 if model.margins else classes,
            title,
            exactly=True,
            slips=partial(_class_slips, p_new, classes, given, model),
        )
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


class At(NamedTuple):
    """Where an iteration stands: its rows and their labels, weights and bias, and what follows from them."""

    X: Expr
    y: Expr
    w: Expr
    b: Expr
    z: Expr
    p: Expr
    n: Expr


def _forward(t: int, X: Expr, y: Expr, w: Expr, b: Expr, n: Expr, model: Model, board: Board) -> At:
    z = board.let(
        f"z({t})",
        model.scores(X, w, b),
        "One score for each sample.",
        slips=lambda: _score_slips(t, w, b, model),
    )
    p = board.let(
        f"p({t})",
        sigmoid(z),
        "Turn scores into probabilities of class 1.",
        slips=lambda: _probability_slips(z),
    )
    at = At(X, y, w, b, z, p, n)
    board.let(
        f"loss({t})",
        model.loss(z, y, w, n),
        "The loss here.",
        "The loss of a sample is −ln of the probability that is given to its own class, written with the score.",
        ways=lambda: (model.loss_by_p(p, (1 + y) / 2 if model.margins else y, w, n),),
        slips=lambda: _loss_slips(at, model),
    )
    return at


def _gradient(t: int, at: At, model: Model, board: Board) -> tuple[Expr, Expr]:
    X, y, w, _, z, p, n = at
    gradient = board.let(
        f"grad({t})",
        model.gradient(X, z, p, y, w, n),
        "The gradient: each sample's error, weighted by its features.",
        "By the chain rule, since σ′ = σ(1 − σ) cancels against the derivative of the logarithm.",
        ways=lambda: (model.gradient_by(p - (1 + y) / 2, X, w, n),) if model.margins else (),
        slips=lambda: _gradient_slips(at, model),
    )
    if not model.bias:
        return gradient, number(0)
    bias = board.let(
        f"grad_b({t})",
        model.bias_gradient(z, p, y, n),
        "The bias belongs to a feature that is always 1.",
        ways=lambda: (model.over(n, total(p - (1 + y) / 2)),) if model.margins else (),
        slips=lambda: _bias_gradient_slips(at, gradient, model),
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


# What people write instead


def _slip(
    name: str, key: str, wrong: Expr, says: str, *also: str, cost: int = LIKELY, fact: bool = False
) -> Slip:
    return Slip(name, wrong, key, None, cost, also, says, fact)


def _batch_slips(t: int, given: Expr, model: Model) -> Iterator[Slip]:
    if model.rows(t) != model.rows(0):
        first = rows(given, start=0, stop=model.batch)
        yield _slip("previous-iterate", "batch-again", first, BATCH_AGAIN, "other-quantity", cost=PLAIN)


BATCH_AGAIN = "These are the rows of the first batch again: each update takes the next rows."


def _score_slips(t: int, w: Expr, b: Expr, model: Model) -> Iterator[Slip]:
    if t < model.steps and model.rows(t) != model.rows(0):
        scores = model.scores(Sym("X(0)"), w, b)
        yield _slip("previous-iterate", "batch-again", scores, BATCH_AGAIN, "other-quantity", cost=PLAIN)


def _probability_slips(z: Expr) -> Iterator[Slip]:
    """What is taken for σ(z)."""
    says = "These are the scores: the probability is σ of the score, 1/(1 + e^(−z))."
    yield _slip("function-forgotten", "scores", z, says, "other-function", "other-quantity", cost=PLAIN)
    says = "That is σ(−z) = 1 − p, the probability of the other class: p is σ(z) = 1/(1 + e^(−z))."
    yield _slip("sign", "other-class", sigmoid(-z), says, "other-function", cost=PLAIN)
    says = "You computed 1 + e^(−z): p is 1 divided by all of that, 1/(1 + e^(−z))."
    yield _slip("brackets", "reciprocal", 1 + exp(-z), says, "function-forgotten", "dropped-factor")
    says = "That is 1 where the score is not negative and 0 elsewhere: a probability lies between, 1/(1 + e^(−z))."
    yield _slip("other-function", "classes", step(z), says, cost=PLAIN, fact=True)
    says = "You computed e^z, the odds: the probability is e^z/(1 + e^z) = 1/(1 + e^(−z))."
    yield _slip("other-function", "odds", exp(z), says, "dropped-term", "function-forgotten")
    says = "You computed e^(−z): the probability is 1/(1 + e^(−z))."
    yield _slip("dropped-term", "power", exp(-z), says, "other-function", cost=POSSIBLE)
    says = "You computed 1/(1 − e^(−z)): below the line stands a plus, 1/(1 + e^(−z))."
    yield _slip("sign", "minus", 1 / (1 - exp(-z)), says, "other-operation", cost=POSSIBLE)
    says = "You computed 2σ(z) − 1, which lies between −1 and 1: the probability is σ(z), whatever the labels are."
    yield _slip("other-function", "signed", 2 * sigmoid(z) - 1, says, cost=POSSIBLE)
    says = "You took powers of 10: the probability is 1/(1 + e^(−z)), with powers of e."
    yield _slip("other-function", "ten", sigmoid(log(number(10)) * z), says, cost=POSSIBLE)


def _new_slips(T: int, at: At, model: Model) -> Iterator[Slip]:
    new = Sym("predict")
    for t in sorted({0, T - 1} - {T, -1}):
        old = model.scores(new, Sym(f"w({t})"), Sym(f"b({t})"))
        when = "before training" if t == 0 else "before the last update"
        says = f"You took the parameters {when}: new samples are classified with the final ones."
        yield _slip("previous-iterate", "old", sigmoid(old), says, "other-quantity", cost=PLAIN)
    yield from _probability_slips(model.scores(new, at.w, at.b))


def _class_slips(p: Expr, classes: Expr, given: Given, model: Model) -> Iterator[Slip]:
    samples = given.predict.shape[0] if given.predict is not None else 0
    half = exact(Fraction(1, 2))
    if given.threshold.item() != half.item():
        says = (
            f"Those are the classes by the threshold 0.5: here class 1 is from {given.threshold.plain()} on."
        )
        others = indicator(at_least(p, Const(half)))
        others = 2 * others - 1 if model.margins else others
        yield _slip("other-quantity", "half", others, says, cost=PLAIN, fact=True)
    if model.margins:
        says = "The classes are written as the labels are: −1 and +1."
        yield _slip("other-quantity", "labels", classes, says, cost=PLAIN, fact=True)
    if samples >= MANY:
        says = "Each sample got the other class: class 1 is that of a probability from the threshold on."
        others = 1 - 2 * classes if model.margins else 1 - classes
        yield _slip(
            "swapped-operands", "other-class", others, says, "sign", "other-quantity", cost=PLAIN, fact=True
        )


MANY = 3
"""So many classes are not all wrong by chance."""


def _loss_slips(at: At, model: Model) -> Iterator[Slip]:
    _, y, w, b, z, p, n = at
    right = softplus(-y * z) if model.margins else softplus(z) - y * z

    def loss(each: Expr) -> Expr:
        return model.penalised(model.over(n, total(each)), w)

    yield from _scale_slips(total(right), lambda data: model.penalised(data, w), n, model)
    if n is not ONE:
        for place, which in ((0, "first"), (_count(n) - 1, "last")):
            wrong = model.penalised(right[place], w)
            yield _slip(
                "dropped-term", f"{which}-sample", wrong, _one_sample(which, "loss", model), "other-quantity"
            )
    if model.margins:
        says = "The label y is missing in the exponent: the loss of a sample is ln(1 + e^(−yz))."
        yield _slip("dropped-factor", "label", loss(softplus(-z)), says, cost=PLAIN)
        says = "y ln p + (1 − y) ln(1 − p) is for labels 0 and 1: with −1 and +1 the loss is ln(1 + e^(−yz))."
        yield _slip("other-quantity", "labels", loss(softplus(z) - y * z), says, "other-function", cost=PLAIN)
        says = "The logarithm is missing: the loss of a sample is ln(1 + e^(−yz))."
        yield _slip("function-forgotten", "exp", loss(exp(-y * z)), says, "other-function", "dropped-term")
        says = "That is the hinge loss, of support vector machines: here the loss of a sample is ln(1 + e^(−yz))."
        yield _slip("other-function", "hinge", loss(maximum(0, 1 - y * z)), says)
        says = "That is the loss of the perceptron: here the loss of a sample is ln(1 + e^(−yz))."
        yield _slip("other-function", "perceptron", loss(maximum(0, -y * z)), says, cost=POSSIBLE)
        says = "That is the squared error: the loss of a sample is ln(1 + e^(−yz))."
        yield _slip("other-function", "square", loss((y - z) ** 2), says, cost=POSSIBLE)
        yield _slip("other-function", "square", loss((y - p) ** 2), says, cost=POSSIBLE)
    else:
        says = "The minus before the sum is missing: logarithms of probabilities are negative, a loss is not."
        yield _slip("sign", "minus", loss(y * z - softplus(z)), says, "swapped-operands", cost=PLAIN)
        says = "You counted the samples with y = 1 only: the term (1 − y) ln(1 − p) is missing."
        yield _slip("dropped-term", "ones", loss(-(y * log(p))), says, cost=PLAIN)
        says = "You counted the samples with y = 0 only: the term y ln p is missing."
        yield _slip("dropped-term", "zeros", loss(-((1 - y) * log(1 - p))), says, cost=PLAIN)
        says = "The two are exchanged: y goes with ln p, and 1 − y with ln(1 − p)."
        exchanged = loss(-((1 - y) * log(p) + y * log(1 - p)))
        yield _slip("swapped-operands", "exchanged", exchanged, says, "other-quantity", cost=PLAIN)
        says = "That is the squared error: the loss of a sample is −ln of the probability of its own class."
        yield _slip("other-function", "square", loss((y - p) ** 2), says)
        says = "That is the absolute error: the loss of a sample is −ln of the probability of its own class."
        yield _slip("other-function", "absolute", loss(absolute(y - p)), says, "function-forgotten")
        says = "ln(1 + e^(−yz)) is for labels −1 and +1: with 0 and 1 it is −y ln p − (1 − y) ln(1 − p)."
        yield _slip("other-quantity", "labels", loss(softplus(-y * z)), says, "other-function")
        own = y * p + (1 - y) * (1 - p)
        says = "That is the likelihood, the product of the probabilities: the loss is made of −ln of each."
        yield _slip("function-forgotten", "product", exp(total(log(own))), says, "other-function")
        says = "You took the logarithm of the mean probability: it is the mean of the logarithms."
        if model.mean and n is not ONE:
            wrong = -log(1 / n * total(own))
            yield _slip("other-operation", "log-of-mean", wrong, says, cost=POSSIBLE)
    if model.batch < model.samples:
        yield from _batch_of_all(model.penalised(number(Fraction(1, model.samples)) * total(right), w), model)
    if not model.penalty:
        return
    whole, half, plain = Sym("l2"), Sym("l2") / 2, model.over(n, total(right))
    says = "The half of the penalty is missing: it is λ/2 ‖w‖²."
    yield _slip("dropped-factor", "half", plain + whole * norm2(w), says, "extra-factor", cost=PLAIN)
    says = "λ is missing: the penalty is λ/2 ‖w‖²."
    yield _slip("dropped-factor", "strength", plain + norm2(w) / 2, says, cost=PLAIN)
    says = "The penalty is λ/2 times the sum of the squared weights: without a root."
    yield _slip("other-function", "root", plain + half * sqrt(norm2(w)), says, "extra-factor", cost=PLAIN)
    says = "You took the absolute values of the weights: the penalty is λ/2 times the sum of their squares."
    for factor in (whole, half):
        yield _slip("other-function", "lasso", plain + factor * total(absolute(w)), says, cost=POSSIBLE)
    if model.bias:
        yield _slip("extra-term", "bias", plain + half * (norm2(w) + b * b), UNPENALISED)
    if model.mean and n is not ONE:
        yield _divided_penalty(1 / n * (total(right) + half * norm2(w)))


UNPENALISED = "You penalised the bias too: λ goes with the weights only."


def _divided_penalty(wrong: Expr) -> Slip:
    says = "You divided the penalty by the number of samples too: only the sum over the samples is divided by it."
    return _slip("brackets", "divided-penalty", wrong, says, "extra-factor", cost=PLAIN)


def _batch_of_all(wrong: Expr, model: Model) -> Iterator[Slip]:
    """A batch divided by the number of all rows."""
    if model.mean:
        says = "The mean is over the batch: divide by the number of its rows, not by that of all samples."
        yield _slip("extra-factor", "divided-by-all", wrong, says, "other-quantity", cost=PLAIN)


def _count(n: Expr) -> int:
    """The number of samples of a batch, which is a constant."""
    return int(n.value.item()) if isinstance(n, Const) else 1


def _scale_slips(data: Expr, penalised: Callable[[Expr], Expr], n: Expr, model: Model) -> Iterator[Slip]:
    """A sum over samples, divided by another number than theirs."""
    d = model.features
    if model.mean and n is not ONE:
        says = f"You did not divide by the number of samples, {_count(n)}."
        yield _slip("dropped-factor", "samples", penalised(data), says, "other-function", cost=PLAIN)
    if 1 < d != _count(n):
        says = f"You divided by the number of features, {d}: "
        name, also = "extra-factor", ["other-function"]
        if model.mean and n is not ONE:
            name, also = "other-quantity", ["other-function", "extra-factor"]
            says += f"the mean is over the samples, {_count(n)}."
        else:
            says += "nothing is divided here."
        wrong = penalised(number(Fraction(1, d)) * data)
        yield _slip(name, "features", wrong, says, *also, cost=LIKELY if model.mean else POSSIBLE)


def _one_sample(which: str, what: str, model: Model) -> str:
    measure, where = "mean" if model.mean else "sum", " of the batch" * (model.batch < model.samples)
    return f"You took the {which} sample{where} alone: the {what} is the {measure} over all of them."


def _error_slips(at: At, model: Model) -> Iterator[tuple[Expr, Callable[[Expr], Slip]]]:
    """What is taken for the errors p − y, and the slip that it makes of a gradient."""
    y, z, p = at.y, at.z, at.p

    def made(
        name: str, key: str, says: str, *also: str, cost: int = LIKELY, fact: bool = False
    ) -> Callable[[Expr], Slip]:
        return lambda wrong: _slip(name, key, wrong, says, *also, cost=cost, fact=fact)

    if model.margins:
        says = "p − y is for labels 0 and 1: with −1 and +1 the error is −y σ(−yz) = p − (1 + y)/2."
        yield p - y, made("other-quantity", "labels", says, "other-function", cost=PLAIN)
        says = "The label before σ is missing: the error of a sample is −y σ(−yz)."
        yield -sigmoid(-y * z), made("dropped-factor", "label", says, cost=PLAIN)
        says = "The label in σ is missing: the error of a sample is −y σ(−yz)."
        yield -y * sigmoid(-z), made("dropped-factor", "inner-label", says, cost=PLAIN)
        says = "The label is missing: the error of a sample is −y σ(−yz)."
        yield -sigmoid(-z), made("dropped-factor", "no-label", says)
        says = "That is the gradient of the hinge loss: here the error of a sample is −y σ(−yz)."
        yield -y * step(1 - y * z), made("other-function", "hinge", says, cost=POSSIBLE)
    else:
        says = "You took σ(z − y): the label is subtracted from the probability, σ(z) − y."
        yield sigmoid(z - y), made("brackets", "inside", says, cost=PLAIN)
        says = "You took the scores for the probabilities, as in linear regression: the error of a sample is p − y."
        yield z - y, made("function-forgotten", "scores", says, "other-quantity")
        says = "σ′ = p(1 − p) cancels against the derivative of the logarithm: the error is p − y."
        yield (p - y) * (p * (1 - p)), made("extra-factor", "slope", says, "other-function")
        says = "That is the derivative by p: times dp/dz = p(1 − p) it is p − y."
        yield (p - y) / (p * (1 - p)), made("dropped-factor", "by-p", says)
        says = (
            "That is with the classes 0 and 1 for the probabilities, as in a perceptron: the error is p − y."
        )
        yield step(z) - y, made("other-function", "classes", says, "other-quantity", fact=True)
        says = "You counted the samples with y = 1 only: the error of every sample is p − y."
        yield y * (p - y), made("dropped-term", "ones", says, "extra-factor")


def _gradient_slips(at: At, model: Model) -> Iterator[Slip]:
    X, y, w, _, z, p, n = at
    for errors, slip in _error_slips(at, model):
        yield slip(model.gradient_by(errors, X, w, n))
    right = model.errors(z, p, y)

    def penalised(data: Expr) -> Expr:
        return data + Sym("l2") * w if model.penalty else data

    yield from _scale_slips(X.T @ right, penalised, n, model)
    if n is not ONE:
        for place, which in ((0, "first"), (_count(n) - 1, "last")):
            wrong = penalised(
                rows(X, start=place, stop=place + 1).T @ rows(right, start=place, stop=place + 1)
            )
            yield _slip(
                "dropped-term",
                f"{which}-sample",
                wrong,
                _one_sample(which, "gradient", model),
                "other-quantity",
            )
    ones = Const(gather([1] * model.features, (model.features,)))
    says = "You summed the errors alone: for a weight each error is multiplied by that weight's feature."
    summed = ones * model.bias_gradient(z, p, y, n)
    summed = summed + Sym("l2") * w if model.penalty else summed
    yield _slip("dropped-factor", "no-features", summed, says, "other-quantity")
    if model.batch < model.samples:
        each = number(Fraction(1, model.samples)) * (X.T @ right)
        yield from _batch_of_all(each + Sym("l2") * w if model.penalty else each, model)
    if not model.penalty:
        return
    whole, half, plain = Sym("l2"), Sym("l2") / 2, model.over(n, X.T @ right)
    says = "The penalty λ/2 ‖w‖² has the derivative λw, not λ/2 w: the 2 of the square cancels the half."
    yield _slip("extra-factor", "half", plain + half * w, says, cost=PLAIN)
    says = "The penalty λ/2 ‖w‖² has the derivative λw, not 2λw: the half cancels the 2 of the square."
    yield _slip("extra-factor", "two", plain + 2 * whole * w, says, "dropped-factor", cost=PLAIN)
    says = "That is the penalty itself: its derivative by the weights is λw."
    yield _slip("other-function", "itself", plain + half * norm2(w), says, "function-forgotten")
    says = "λ sign(w) belongs to the penalty λ ∑|w|: that of λ/2 ‖w‖² is λw."
    yield _slip("other-function", "lasso", plain + whole * sign(w), says)
    says = "You took the absolute values of the weights: in λw they keep their signs."
    yield _slip("other-function", "unsigned", plain + whole * absolute(w), says, "sign")
    if model.mean and n is not ONE:
        yield _divided_penalty(1 / n * (X.T @ right + whole * w))


def _bias_gradient_slips(at: At, gradient: Expr, model: Model) -> Iterator[Slip]:
    _, y, w, b, z, p, n = at
    for errors, slip in _error_slips(at, model):
        yield slip(model.over(n, total(errors)))
    right, each = model.bias_gradient(z, p, y, n), model.errors(z, p, y)
    yield from _scale_slips(total(each), lambda data: data, n, model)
    if n is not ONE:
        for place, which in ((0, "first"), (_count(n) - 1, "last")):
            says = _one_sample(which, "gradient", model)
            yield _slip("dropped-term", f"{which}-sample", each[place], says, "other-quantity")
    if model.batch < model.samples:
        yield from _batch_of_all(number(Fraction(1, model.samples)) * total(each), model)
    if model.penalty:
        yield _slip("extra-term", "bias", right + Sym("l2") * b, UNPENALISED, cost=PLAIN)
    if model.steps:
        yield _in_turn(_bias_gradient_at(w - Sym("learning_rate") * gradient, b, at, model), LIKELY)


def _in_turn(wrong: Expr, cost: int = POSSIBLE) -> Slip:
    says = "All parameters move at once: each gradient is taken before any of them has moved."
    return _slip("updated-value", "in-turn", wrong, says, "other-quantity", cost=cost)


def _gradient_at(w: Expr, b: Expr, at: At, model: Model) -> Expr:
    """The gradient of a batch at other weights, or with another bias."""
    z = model.scores(at.X, w, b)
    return model.gradient(at.X, z, sigmoid(z), at.y, w, at.n)


def _bias_gradient_at(w: Expr, b: Expr, at: At, model: Model) -> Expr:
    z = model.scores(at.X, w, b)
    return model.bias_gradient(z, sigmoid(z), at.y, at.n)


def _step_slips(t: int, at: At, gradient: tuple[Expr, Expr], model: Model) -> Iterator[Slip]:
    w, b, alpha = at.w, at.b, Sym("learning_rate")
    moved, moved_b = w - alpha * gradient[0], b - alpha * gradient[1]
    yield from _any_step_slips(t, w, gradient[0], at, model)
    if model.penalty:
        says = "The penalty is in the gradient already: the step takes nothing more off the weights."
        wrong = moved - alpha * Sym("l2") * w
        yield _slip("extra-term", "decay", wrong, says, "repeated-factor", cost=POSSIBLE)
    if model.bias:
        yield _in_turn(w - alpha * _gradient_at(w, moved_b, at, model))
    if 1 < model.features <= IN_TURN:
        yield _in_turn(_one_by_one(at, model))
    if t == model.steps - 1:
        yield _too_many(moved - alpha * _gradient_at(moved, moved_b, _next(t, at, model), model))


def _bias_step_slips(t: int, at: At, gradient: tuple[Expr, Expr], new: Expr, model: Model) -> Iterator[Slip]:
    w, b, alpha = at.w, at.b, Sym("learning_rate")
    moved, moved_b = w - alpha * gradient[0], b - alpha * gradient[1]
    yield from _any_step_slips(t, b, gradient[1], at, model)
    if model.penalty:
        yield _slip("extra-term", "bias", moved_b - alpha * Sym("l2") * b, UNPENALISED)
    yield _in_turn(b - alpha * _bias_gradient_at(new, b, at, model), LIKELY)
    if t == model.steps - 1:
        yield _too_many(moved_b - alpha * _bias_gradient_at(moved, moved_b, _next(t, at, model), model))


def _any_step_slips(t: int, old: Expr, gradient: Expr, at: At, model: Model) -> Iterator[Slip]:
    if at.n is not ONE:
        says = "You divided by the number of samples in the step: it is the learning rate times the gradient."
        wrong = old - Sym("learning_rate") * (1 / at.n * gradient)
        yield _slip("repeated-factor", "divided-step", wrong, says, "extra-factor")
    if t > 0:
        says = "That is the value before this update: one update is missing."
        also = ("previous-iterate", "dropped-term", "other-quantity")
        yield _slip("off-by-one", "too-few", old, says, *also, cost=PLAIN)


def _too_many(wrong: Expr) -> Slip:
    return _slip("off-by-one", "too-many", wrong, "That is one update too many.", "updated-value")


def _next(t: int, at: At, model: Model) -> At:
    """The batch after that of an iteration."""
    if model.batch == model.samples:
        return at
    start, stop = model.rows(t + 1)
    X, y = (rows(Sym(name), start=start, stop=stop) for name in "Xy")
    return at._replace(X=X, y=y, n=_size(stop - start))


IN_TURN = 3
"""So many weights are moved one by one: the formula grows threefold with each."""


def _one_by_one(at: At, model: Model) -> Expr:
    """The new weights where each gradient is taken after the weight before it has moved."""
    w = at.w
    for j in range(model.features):
        only = Const(gather([int(i == j) for i in range(model.features)], (model.features,)))
        w = w - Sym("learning_rate") * (only * _gradient_at(w, at.b, at, model))
    return w


def mistakes(given: Given) -> Iterator[Mistake]:
    """Sum for mean, the bias or the penalty forgotten, the labels exchanged, the batches not taken."""
    n = given.X.shape[0]
    if n > 1:
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
    if not given.margins:
        flipped = given.y.rearranged(lambda y: 1 - y)
        says = "A label of 1 is the class whose probability is p."
        yield taken(given, "other-quantity", says, "swapped-operands", y=flipped)
    if given.batch is not None and given.batch < n and given.iterations:
        says = "Each update takes the rows of its batch only, not all of them."
        yield taken(given, "batch-ignored", says, "other-quantity", batch=None)
        if given.iterations > 1:
            first = [row % given.batch for row in range(n)]
            X, y = given.X.rearranged(lambda X: X[first]), given.y.rearranged(lambda y: y[first])
            yield taken(given, "previous-iterate", BATCH_AGAIN, "other-quantity", X=X, y=y)


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
