"""Logistic regression by gradient descent, with the mistakes of solution sheets and exam papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .paper import Case, Keep, Values, at_places, case, decimals, same, significantly, some, to

Parts = dict[str, Callable[..., Any]]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def entropy_of(p: Any, y: Any) -> Any:
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))


def score_of(p: Any) -> Any:
    return np.log(p / (1 - p))


def other(p: Any, y: Any) -> Any:
    """σ(−yz): the probability of the class that a sample with the label −1 or +1 does not have."""
    return np.where(y > 0, 1 - p, p)


class Data(NamedTuple):
    """A question: rows, labels (0 and 1, or −1 and +1), the start and what is asked."""

    X: list[list[float]]
    y: list[int]
    w: list[float]
    rate: float
    steps: int
    b: float | None = None
    mean: bool = True
    l2: float = 0
    batch: int = 0
    new: list[list[float]] | None = None

    @property
    def margins(self) -> bool:
        return -1 in self.y

    def rows(self, t: int) -> slice:
        """The batch of an iteration."""
        n, size = len(self.y), self.batch or len(self.y)
        start = t % -(-n // size) * size
        return slice(start, min(start + size, n))

    def problem(self, *ask: str) -> dict[str, Any]:
        given: dict[str, Any] = {"X": self.X, "y": self.y, "w": self.w}
        if self.b is not None:
            given["b"] = self.b
        given |= {
            "learning_rate": self.rate,
            "iterations": self.steps,
            "loss": "mean" if self.mean else "sum",
        }
        if self.l2:
            given["l2"] = self.l2
        if self.batch:
            given["batch"] = self.batch
        if self.new:
            given["predict"] = self.new
        return {"kind": "logistic-gd", "given": given, "ask": list(ask), "points": 3}


def descend(data: Data, keep: Keep = same, **parts: Callable[..., Any]) -> Values:
    """Every iterate; `parts` are the steps that the student does in another way."""
    rows, labels = np.array(data.X, float), np.array(data.y, float)
    right: Parts = {
        "taken": lambda t: data.rows(t),
        "score": lambda X, w, b: X @ w + b,
        "squash": sigmoid,
        "loss": lambda p, y, scale, w: scale * entropy_of(p, ones_of(y)) + data.l2 / 2 * w @ w,
        "slope": lambda X, p, y, scale, w: scale * X.T @ (p - ones_of(y)) + data.l2 * w,
        "slope_b": lambda p, y, scale: scale * np.sum(p - ones_of(y)),
        "step": lambda w, g, rate: w - rate * g,
        "step_b": lambda b, g, rate: b - rate * g,
        "seen": lambda ps, t: ps[t],
    }

    def ones_of(y: Any) -> Any:
        return (1 + y) / 2 if data.margins else y

    do = right | parts
    w, b, ps, found = np.array(data.w, float), data.b or 0.0, [], Values()
    for t in range(data.steps + 1):
        at = do["taken"](t) if t < data.steps else slice(None)
        X, y = rows[at], labels[at]
        scale = 1 / len(y) if data.mean else 1.0
        z = found[f"z({t})"] = keep(do["score"](X, w, b))
        p = found[f"p({t})"] = keep(do["squash"](z))
        ps.append(p)
        p = do["seen"](ps, t)
        with np.errstate(all="ignore"):
            found[f"loss({t})"] = keep(do["loss"](p, y, scale, w))
        if t == data.steps:
            break
        g = found[f"grad({t})"] = keep(do["slope"](X, p, y, scale, w))
        if data.b is not None:
            found[f"grad_b({t})"] = keep(do["slope_b"](p, y, scale))
        w = found[f"w({t + 1})"] = keep(do["step"](w, g, data.rate))
        if data.b is not None:
            b = found[f"b({t + 1})"] = keep(do["step_b"](b, found[f"grad_b({t})"], data.rate))
    if data.new:
        p = found["p_new"] = keep(sigmoid(np.array(data.new) @ w + b))
        found["predictions"] = [1 if each >= 0.5 else -1 if data.margins else 0 for each in p]
    return found


MIDTERM = Data([[3, 3], [0, -4]], [1, 0], [-2, -2], 0.1, 3, mean=False)
SQUARE = Data([[1, 2], [3, -1]], [1, 0], [0.5, -0.25], 0.5, 2)
SQUARE3 = Data([[1, 0, 2], [2, 1, -1], [0, 3, 1]], [1, 0, 1], [0.2, -0.3, 0.1], 0.3, 2, mean=False)
TALL = Data([[1, 2], [2, 0.5], [-1, 1.5], [0.5, -2]], [1, 0, 1, 0], [0.1, -0.2], 0.4, 3)
ONE = Data([[0.5], [1.5], [2.5]], [0, 0, 1], [0.8], 0.2, 2, b=-0.5)
BIAS = Data([[1, -2], [2, 1], [-1, 0.5]], [0, 1, 1], [0.3, -0.4], 0.5, 2, b=0.25)
BIAS_SUM = Data([[2, 1], [0, 3], [-1, 1], [1, -1]], [1, 0, 0, 1], [-0.5, 0.2], 0.1, 1, b=0.7, mean=False)
WIDE = Data([[1, 0.5, -1, 2], [0, 1, 2, -0.5]], [1, 0], [0.1, 0.2, -0.3, 0.4], 1.5, 1)
RIDGE = Data([[1, 2], [-2, 1], [0.5, -1.5]], [1, 0, 0], [0.8, -1.2], 0.5, 2, l2=0.3)
RIDGE_TALL = Data([[1, -2], [0.5, 1], [2, 1.5]], [0, 1, 1], [0.7, -0.9], 0.3, 2, b=-0.6, l2=0.2)
MARGIN = Data([[1, 2], [2, -1], [-1, -1.5]], [1, -1, 1], [0.3, 0.1], 0.5, 2)
MARGIN_BIAS = Data([[1, -1], [2, 0.5], [-1, 2], [0.5, 1]], [-1, 1, 1, -1], [0.4, -0.3], 0.2, 2, 0.2, False)
BATCHES = Data(
    [[1, 0.5], [2, -1], [-1, 1.5], [0.5, 2], [-2, 1], [1.5, 1]],
    [1, 0, 0, 1, 1, 0],
    [0.4, -0.3],
    0.6,
    2,
    batch=2,
)
BATCHES_BIAS = BATCHES._replace(b=0.25, batch=3, rate=0.8)
FRESH = BIAS._replace(new=[[1, 1], [-2, 0.5], [0.5, -1.5]])
FRESH_MARGIN = MARGIN._replace(new=[[1, -1], [-0.5, 2]], rate=0.9)
RIDGE_BIAS = Data([[2, -1], [1, 3]], [0, 1], [-0.9, 0.6], 0.25, 1, b=0.4, l2=0.5)


class Mistake(NamedTuple):
    """A step done in another way: where it shows, what describes it, and on which data."""

    key: str
    why: str
    parts: Parts
    where: str
    names: tuple[str, ...]
    data: tuple[Data, ...]
    at: tuple[str, ...] = ()
    unsure: str = ""


def step_of(name: str, t: int) -> str:
    """The same quantity in a later iteration: grad -> grad(2)."""
    return f"{name}({t})"


ERRORS: list[tuple[str, str, Callable[[Any, Any], Any], tuple[str, ...], tuple[Data, ...]]] = [
    (
        "label-in-the-sigmoid",
        "The label is subtracted from the score: σ(z − y).",
        lambda p, y: sigmoid(score_of(p) - y),
        ("brackets",),
        (SQUARE, TALL, BIAS),
    ),
    (
        "slope-times",
        "σ′ = p(1 − p) is multiplied in once more.",
        lambda p, y: (p - y) * p * (1 - p),
        ("extra-factor",),
        (TALL, BIAS),
    ),
    (
        "by-p",
        "The derivative by p, without dp/dz.",
        lambda p, y: (p - y) / (p * (1 - p)),
        ("dropped-factor",),
        (TALL, BIAS),
    ),
    (
        "ones-only",
        "Only the samples with y = 1 add to the gradient.",
        lambda p, y: y * (p - y),
        ("dropped-term", "extra-factor"),
        (TALL, BIAS),
    ),
    (
        "linear",
        "The scores serve as probabilities, in the gradient only.",
        lambda p, y: score_of(p) - y,
        ("function-forgotten", "other-quantity"),
        (SQUARE3, BIAS),
    ),
    (
        "labels-of-the-other-formula",
        "p − y with labels −1 and +1.",
        lambda p, y: p - y,
        ("other-quantity", "other-function"),
        (MARGIN, MARGIN_BIAS),
    ),
    (
        "label-forgotten",
        "−σ(−yz): the label before σ is forgotten.",
        lambda p, y: -other(p, y),
        ("dropped-factor",),
        (MARGIN, MARGIN_BIAS),
    ),
    (
        "inner-label-forgotten",
        "−y σ(−z): the label in σ is forgotten.",
        lambda p, y: -y * (1 - p),
        ("dropped-factor",),
        (MARGIN, MARGIN_BIAS),
    ),
]
PENALTIES: list[tuple[str, str, Callable[[Any, Any], Any], tuple[str, ...], Data]] = [
    (
        "half",
        "The derivative of the penalty is taken as λ/2 w.",
        lambda w, _: 0.1 * w,
        ("extra-factor",),
        RIDGE_TALL,
    ),
    ("twice", "2λw for λw.", lambda w, _: 0.4 * w, ("extra-factor", "dropped-factor"), RIDGE_TALL),
    (
        "itself",
        "The penalty itself is added to each entry.",
        lambda w, _: 0.1 * w @ w,
        ("other-function",),
        RIDGE_TALL,
    ),
    (
        "lasso",
        "λ sign(w), of the other penalty.",
        lambda w, _: 0.2 * np.sign(w),
        ("other-function",),
        RIDGE_TALL,
    ),
    (
        "unsigned",
        "The signs of the weights are lost.",
        lambda w, _: 0.2 * np.abs(w),
        ("other-function", "sign"),
        RIDGE_TALL,
    ),
    (
        "divided",
        "λ/n w: the penalty is divided too.",
        lambda w, n: 0.2 * n * w,
        ("brackets", "extra-factor"),
        RIDGE_TALL,
    ),
    (
        "divided-3",
        "λ/n w: the penalty is divided too.",
        lambda w, n: 0.3 * n * w,
        ("brackets", "extra-factor"),
        RIDGE,
    ),
]
SQUASHES: list[tuple[str, str, Callable[[Any], Any], tuple[str, ...]]] = [
    (
        "reciprocal",
        "1 + e^−z: the division is lost.",
        lambda z: 1 + np.exp(-z),
        ("brackets", "function-forgotten"),
    ),
    ("odds", "e^z for e^z/(1 + e^z).", np.exp, ("other-function", "dropped-term")),
    ("tens", "Powers of 10 for powers of e.", lambda z: 1 / (1 + 10.0**-z), ("other-function",)),
]
MISTAKES = [
    Mistake(
        "brackets",
        "The brackets around p − y are lost: Xᵀp − y.",
        {"slope": lambda X, p, y, scale, w: scale * (X.T @ p - y)},
        "grad",
        ("brackets",),
        (MIDTERM, SQUARE, SQUARE3),
    ),
    Mistake(
        "brackets-half",
        "Only the product is divided by n: Xᵀp/n − y.",
        {"slope": lambda X, p, y, scale, w: scale * X.T @ p - y},
        "grad",
        ("brackets",),
        (SQUARE,),
    ),
    Mistake(
        "swapped",
        "The error is taken as y − p, and the step goes downhill by it: away from the minimum.",
        {"slope": lambda X, p, y, scale, w: scale * X.T @ (y - p)},
        "grad",
        ("sign", "swapped-operands"),
        (MIDTERM, TALL, WIDE, SQUARE),
    ),
    Mistake(
        "uphill",
        "The step goes up: w + αg.",
        {"step": lambda w, g, rate: w + rate * g},
        "w+",
        ("sign", "other-operation"),
        (MIDTERM, TALL, SQUARE3),
    ),
    Mistake(
        "rate-forgotten",
        "The learning rate is forgotten: w − g.",
        {"step": lambda w, g, rate: w - g},
        "w+",
        ("dropped-factor",),
        (TALL, SQUARE, WIDE),
    ),
    Mistake(
        "rate-twice",
        "The learning rate is multiplied in twice: w − α²g.",
        {"step": lambda w, g, rate: w - rate * rate * g},
        "w+",
        ("repeated-factor", "extra-factor"),
        (MIDTERM, TALL),
    ),
    Mistake(
        "rate-divides",
        "Divided by the learning rate instead of multiplied: w − g/α.",
        {"step": lambda w, g, rate: w - g / rate},
        "w+",
        ("other-operation",),
        (TALL, WIDE),
    ),
    Mistake(
        "mean-for-sum",
        "The loss is a sum, the gradient is that of the mean.",
        {"slope": lambda X, p, y, scale, w: X.T @ (p - y) / len(y)},
        "grad",
        ("extra-factor", "other-function"),
        (MIDTERM, SQUARE3, BIAS_SUM),
    ),
    Mistake(
        "sum-for-mean",
        "The loss is a mean, the gradient is that of the sum: 1/n is forgotten.",
        {"slope": lambda X, p, y, scale, w: X.T @ (p - y)},
        "grad",
        ("dropped-factor", "other-function"),
        (TALL, WIDE, SQUARE),
    ),
    Mistake(
        "not-transposed",
        "X (p − y) in place of Xᵀ(p − y); X is square, so nothing warns.",
        {"slope": lambda X, p, y, scale, w: scale * X @ (p - y)},
        "grad",
        ("transpose",),
        (MIDTERM, SQUARE, SQUARE3),
    ),
    Mistake(
        "no-sigmoid",
        "The sigmoid is forgotten: the scores serve as probabilities.",
        {"squash": lambda z: z, "loss": lambda p, y, scale, w: np.nan},
        "p",
        ("function-forgotten", "other-quantity"),
        (TALL, SQUARE, SQUARE3),
        ("p(0)", "grad(0)"),
    ),
    Mistake(
        "tanh",
        "tanh where the sigmoid belongs.",
        {"squash": np.tanh, "loss": lambda p, y, scale, w: np.nan},
        "p",
        ("other-function",),
        (TALL, SQUARE3),
    ),
    Mistake(
        "hard-step",
        "Labels in place of probabilities: 1 where z > 0, else 0.",
        {"squash": lambda z: (z > 0) * 1.0, "loss": lambda p, y, scale, w: np.nan},
        "p",
        ("other-function",),
        (TALL,),
        unsure="zeros and ones show no digits that a diagnosis could rest on",
    ),
    Mistake(
        "e-to-the-plus-z",
        "1/(1 + e^z) in place of 1/(1 + e^−z).",
        {"squash": lambda z: sigmoid(-z)},
        "p",
        ("sign", "other-function"),
        (TALL, SQUARE, BIAS),
    ),
    Mistake(
        "bias-not-in-the-scores",
        "The scores leave the bias out: z = Xw.",
        {"score": lambda X, w, b: X @ w},
        "z",
        ("dropped-term",),
        (BIAS, BIAS_SUM, ONE),
    ),
    Mistake(
        "bias-subtracted",
        "z = Xw − b.",
        {"score": lambda X, w, b: X @ w - b},
        "z",
        ("sign", "other-operation"),
        (BIAS, BIAS_SUM),
    ),
    Mistake(
        "penalty-dropped",
        "The gradient leaves the penalty out.",
        {"slope": lambda X, p, y, scale, w: scale * X.T @ (p - y)},
        "grad",
        ("dropped-term",),
        (RIDGE, RIDGE_BIAS),
    ),
    Mistake(
        "penalty-without-its-factor",
        "The penalty's gradient is taken as w, not λw.",
        {"slope": lambda X, p, y, scale, w: scale * X.T @ (p - y) + w},
        "grad",
        ("dropped-factor",),
        (RIDGE, RIDGE_BIAS),
    ),
    Mistake(
        "penalty-subtracted",
        "The penalty's gradient is subtracted.",
        {"slope": lambda X, p, y, scale, w: scale * X.T @ (p - y) - 0.3 * w},
        "grad",
        ("sign", "other-operation"),
        (RIDGE,),
    ),
    *(
        Mistake(
            key,
            why,
            {
                "slope": lambda X, p, y, scale, w, of=errors: scale * X.T @ of(p, y),
                "slope_b": lambda p, y, scale, of=errors: scale * np.sum(of(p, y)),
            },
            "grad",
            names,
            data,
            ("grad(0)", *(("p(0)",) if key == "linear" else ())),
        )
        for key, why, errors, names, data in ERRORS
    ),
    Mistake(
        "classes-for-probabilities",
        "The classes 0 and 1 serve as probabilities, in the gradient only.",
        {
            "slope": lambda X, p, y, scale, w: scale * X.T @ ((p >= 0.5) - y),
            "slope_b": lambda p, y, scale: scale * np.sum((p >= 0.5) - y),
        },
        "grad",
        ("other-function", "other-quantity"),
        (TALL._replace(steps=1), TALL._replace(w=[0.6, -0.5], steps=1)),
        ("grad(0)", "p(0)"),
    ),
    Mistake(
        "first-sample",
        "The gradient of the first sample alone.",
        {
            "slope": lambda X, p, y, scale, w: X[0] * (p - y)[0],
            "slope_b": lambda p, y, scale: (p - y)[0],
        },
        "grad",
        ("dropped-term", "other-quantity"),
        (TALL, BIAS, BIAS_SUM),
    ),
    Mistake(
        "divided-by-the-features",
        "The sum is divided by the number of features, not of samples.",
        {
            "slope": lambda X, p, y, scale, w: X.T @ (p - y) / len(w),
        },
        "grad",
        ("other-quantity", "extra-factor", "other-function"),
        (TALL, TALL._replace(w=[0.6, -0.5], steps=1)),
    ),
    Mistake(
        "features-forgotten",
        "The errors are summed alone, the same for each weight.",
        {"slope": lambda X, p, y, scale, w: scale * np.sum(p - y) * np.ones(len(w))},
        "grad",
        ("dropped-factor", "other-quantity"),
        (TALL, SQUARE3, BIAS),
    ),
    *(
        Mistake(
            f"penalty-{key}",
            why,
            {"slope": lambda X, p, y, scale, w, of=of: scale * X.T @ (p - y) + of(w, scale)},
            "grad",
            names,
            (data,),
        )
        for key, why, of, names, data in PENALTIES
    ),
    *(
        Mistake(
            f"divided-in-the-step-{key}",
            "The step divides the gradient by the number of samples once more.",
            {
                "step": lambda w, g, rate, n=n: w - rate / n * g,
                "step_b": lambda b, g, rate, n=n: b - rate / n * g,
            },
            "w+",
            ("repeated-factor", "extra-factor"),
            (data,),
            ("w(1)", "grad(0)"),
        )
        for key, n, data in (("tall", 4, TALL), ("bias", 3, BIAS), ("sum", 3, SQUARE3))
    ),
    *(
        Mistake(
            key,
            why,
            {"squash": squash, "loss": lambda p, y, scale, w: np.nan},
            "p",
            names,
            (TALL, BIAS),
            ("p(0)", "z(0)"),
        )
        for key, why, squash, names in SQUASHES
    ),
]


ANYWHERE = ("swapped", "uphill", "rate-forgotten", "rate-divides", "mean-for-sum", "sum-for-mean")
"""Mistakes that give the same w(1) in the gradient and in the step."""


def papers(mistake: Mistake, data: Data, number: int) -> Iterator[Case]:
    """The mistake with the working shown, and with no more than the end of the first step."""
    steps, moved = data.steps, mistake.where.endswith("+")
    name = mistake.where.rstrip("+")
    first = step_of(name, 1 if moved else 0)
    again = [step_of(name, t + moved) for t in range(1, steps + 1)]
    label = f"logistic/{mistake.key}-{number}"
    keep, digits = (decimals(4), at_places(4)) if number == 2 else (same, to((6, 4, 5)[number % 3]))
    truth, own = descend(data), descend(data, keep, **mistake.parts)
    shown = [*(f"z({t})" for t in range(steps)), *(f"p({t})" for t in range(steps))]
    shown += [*(f"grad({t})" for t in range(steps)), *(f"w({t + 1})" for t in range(steps))]
    end = [f"w({steps})"]
    if data.b is not None:
        shown += [*(f"grad_b({t})" for t in range(steps)), *(f"b({t + 1})" for t in range(steps))]
        end += [f"b({steps})"]
    at = mistake.at or (first,)
    unseen = (
        *at,
        *(("grad(0)", "w(1)") if mistake.key in ANYWHERE else ()),
        *(("z(0)",) if name == "p" else ()),
    )
    names = (*mistake.names, *(("swapped-operands",) if "sign" in mistake.names else ()))
    digits = to(6) if len(data.w) == 1 else digits
    near = descend(data, significantly(4), **mistake.parts)
    yield from some(
        f"{label}-working",
        f"{mistake.why} Everything is written down.",
        data.problem(*end),
        truth,
        own,
        write=shown,
        by=digits,
        mistake=mistake.names,
        at=at,
        again=again,
        near=near,
        unsure=mistake.unsure,
    )
    short = data._replace(steps=1)
    yield from some(
        f"{label}-end",
        f"{mistake.why} Only the end of one step is written down.",
        short.problem("w(1)"),
        descend(short),
        descend(short, **mistake.parts),
        write=["w(1)"],
        by=digits if number == 3 else to(4),
        mistake=names,
        at=unseen,
    )
    if steps > 1 and number == 1:
        why = f"{mistake.why} The same in every step, and only the last one is written down."
        yield from some(
            f"{label}-last",
            why,
            data.problem(f"w({steps})"),
            truth,
            own,
            write=[f"w({steps})"],
            by=to(5),
            mistake=names,
            at=unseen,
        )


LOSSES: list[tuple[str, str, Callable[..., Any], tuple[str, ...]]] = [
    (
        "log10",
        "Logarithms to the base 10.",
        lambda p, y, scale, w: scale * entropy_of(p, y) / np.log(10),
        ("other-function",),
    ),
    (
        "log2",
        "Logarithms to the base 2.",
        lambda p, y, scale, w: scale * entropy_of(p, y) / np.log(2),
        ("other-function",),
    ),
    (
        "minus",
        "The minus before the sum is lost.",
        lambda p, y, scale, w: -scale * entropy_of(p, y),
        ("sign",),
    ),
    (
        "ones-only",
        "Only the samples with y = 1 are counted.",
        lambda p, y, scale, w: -scale * np.sum(y * np.log(p)),
        ("dropped-term",),
    ),
    (
        "zeros-only",
        "The term y ln p is lost; only the samples with y = 0 count.",
        lambda p, y, scale, w: -scale * np.sum((1 - y) * np.log(1 - p)),
        ("dropped-term",),
    ),
    (
        "not-averaged",
        "The mean loss is asked, the sum is given.",
        lambda p, y, scale, w: entropy_of(p, y),
        ("dropped-factor", "other-function"),
    ),
    (
        "averaged",
        "The summed loss is asked, the mean is given.",
        lambda p, y, scale, w: entropy_of(p, y) / len(y),
        ("extra-factor", "other-function"),
    ),
    (
        "labels-swapped",
        "p goes with 1 − y, and 1 − p with y.",
        lambda p, y, scale, w: scale * entropy_of(1 - p, y),
        ("swapped-operands", "sign", "other-quantity"),
    ),
    (
        "squares",
        "The squared error in place of the logarithms.",
        lambda p, y, scale, w: scale * np.sum((p - y) ** 2),
        ("other-function",),
    ),
    (
        "first-sample",
        "The loss of the first sample alone.",
        lambda p, y, scale, w: entropy_of(p[:1], y[:1]),
        ("dropped-term", "other-quantity"),
    ),
    (
        "product",
        "The likelihood, the product of the probabilities.",
        lambda p, y, scale, w: np.prod(np.where(y == 1, p, 1 - p)),
        ("function-forgotten", "other-function"),
    ),
    (
        "labels-of-the-other-formula",
        "ln(1 + e^−yz) with labels 0 and 1.",
        lambda p, y, scale, w: scale * np.sum(np.log(1 + np.exp(-y * score_of(p)))),
        ("other-quantity", "other-function"),
    ),
]


MARGIN_LOSSES: list[tuple[str, str, Callable[..., Any], tuple[str, ...]]] = [
    (
        "label-forgotten",
        "ln(1 + e^−z): the label is forgotten.",
        lambda p, y, scale, w: -scale * np.sum(np.log(p)),
        ("dropped-factor",),
    ),
    (
        "labels-of-the-other-formula",
        "y ln p + (1 − y) ln(1 − p) with labels −1 and +1.",
        lambda p, y, scale, w: scale * entropy_of(p, y),
        ("other-quantity", "other-function"),
    ),
    (
        "hinge",
        "max(0, 1 − yz), the loss of support vector machines.",
        lambda p, y, scale, w: scale * np.sum(np.maximum(0, 1 - y * score_of(p))),
        ("other-function",),
    ),
    (
        "exponential",
        "e^−yz without the logarithm.",
        lambda p, y, scale, w: scale * np.sum(np.exp(-y * score_of(p))),
        ("function-forgotten", "other-function", "dropped-term"),
    ),
]
RIDGE_LOSSES: list[tuple[str, str, Callable[..., Any], tuple[str, ...]]] = [
    (
        "half-forgotten",
        "λ ‖w‖² for λ/2 ‖w‖².",
        lambda p, y, scale, w: scale * entropy_of(p, y) + 0.2 * w @ w,
        ("dropped-factor", "extra-factor"),
    ),
    (
        "strength-forgotten",
        "‖w‖²/2 for λ/2 ‖w‖².",
        lambda p, y, scale, w: scale * entropy_of(p, y) + w @ w / 2,
        ("dropped-factor",),
    ),
    (
        "root",
        "λ/2 ‖w‖: the norm is not squared.",
        lambda p, y, scale, w: scale * entropy_of(p, y) + 0.1 * np.sqrt(w @ w),
        ("other-function", "extra-factor"),
    ),
    (
        "penalty-divided",
        "The penalty is divided by n too.",
        lambda p, y, scale, w: scale * (entropy_of(p, y) + 0.1 * w @ w),
        ("brackets", "extra-factor"),
    ),
]


def losses() -> Iterator[Case]:
    """The loss at the start and after a step, computed in other ways."""
    every = list(enumerate((TALL, SQUARE3, BIAS, BIAS_SUM, MIDTERM), 1))
    margins, ridge = [(6, MARGIN_BIAS), (7, MARGIN)], [(8, RIDGE_TALL)]
    listed = [(each, every) for each in LOSSES]
    listed += [(each, margins) for each in MARGIN_LOSSES] + [(each, ridge) for each in RIDGE_LOSSES]
    for i, ((key, why, loss, names), of) in enumerate(listed):
        chosen = of if "averaged" in key or of is not every else [every[(i + j) % 5] for j in range(3)]
        for number, data in chosen:
            data = data._replace(steps=1)
            truth, own = descend(data), descend(data, loss=loss)
            shown = ["p(0)", "loss(0)", "w(1)", "loss(1)"] if number % 2 else ["loss(0)"]
            yield from some(
                f"logistic/loss-{key}-{number}",
                why,
                data.problem(*("loss(0)", "loss(1)") if number % 2 else ("loss(0)",)),
                truth,
                own,
                write=shown,
                by=to(5 + number % 2),
                mistake=names,
                again=["loss(1)"],
            )


def others() -> Iterator[Case]:
    """Mistakes over several steps, and those of the bias."""
    for number, data in enumerate((TALL, SQUARE, MIDTERM, SQUARE3), 1):
        truth = descend(data)
        stuck = descend(data, seen=lambda ps, t: ps[0])
        last = data.steps
        shown = ["grad(0)", "w(1)", "grad(1)", "w(2)"]
        names = ["previous-iterate", "other-quantity", "off-by-one"]
        yield from some(
            f"logistic/stuck-{number}",
            "The gradient of the first step is used again in the second.",
            data._replace(steps=2).problem("w(2)"),
            truth,
            stuck,
            write=shown,
            by=to(5),
            mistake=names,
            at=["grad(1)", "p(1)", "z(1)"],
        )
        yield from some(
            f"logistic/early-{number}",
            "One step too few was taken.",
            data.problem(f"w({last})"),
            truth,
            {f"w({last})": truth[f"w({last - 1})"]},
            by=to(4),
            mistake=["off-by-one", "previous-iterate", "dropped-term"],
        )
        further = descend(data._replace(steps=last + 1))
        yield from some(
            f"logistic/late-{number}",
            "One step too many was taken.",
            data.problem(f"w({last})"),
            truth,
            {f"w({last})": further[f"w({last + 1})"]},
            by=to(4),
            mistake=["off-by-one", "updated-value"],
        )
    for number, data in enumerate((BIAS, ONE, BIAS_SUM), 1):
        data = data._replace(steps=1)
        truth = descend(data)
        wrong: list[tuple[str, str, Parts, str, list[str]]] = [
            (
                "uphill",
                "The bias goes up: b + α·grad_b, the weights down.",
                {"step_b": lambda b, g, rate: b + rate * g},
                "b(1)",
                ["sign", "other-operation"],
            ),
            (
                "fixed",
                "The bias is not updated.",
                {"step_b": lambda b, g, rate: b},
                "b(1)",
                ["dropped-term", "previous-iterate", "other-quantity"],
            ),
            (
                "labels-forgotten",
                "The bias's gradient is the sum of p, without y.",
                {"slope_b": lambda p, y, scale: scale * np.sum(p)},
                "grad_b(0)",
                ["dropped-term"],
            ),
            (
                "rate-forgotten",
                "The bias's update leaves the learning rate out.",
                {"step_b": lambda b, g, rate: b - g},
                "b(1)",
                ["dropped-factor"],
            ),
            (
                "scaled",
                "The bias's gradient is scaled as that of the other loss.",
                {"slope_b": lambda p, y, scale: np.sum(p - y) * (1 if scale < 1 else 1 / len(y))},
                "grad_b(0)",
                ["dropped-factor", "extra-factor", "other-function"],
            ),
        ]
        for key, why, parts, where, names in wrong:
            own = descend(data, **parts)
            yield from some(
                f"logistic/bias-{key}-{number}",
                why,
                data.problem("w(1)", "b(1)"),
                truth,
                own,
                write=["p(0)", "grad(0)", "grad_b(0)", "w(1)", "b(1)"],
                by=to(5),
                mistake=names,
                at=[where],
            )
    for number, data in enumerate((TALL, SQUARE), 1):
        data = data._replace(steps=1)
        truth, own = descend(data), descend(data)
        own["loss(0)"] = own["loss(1)"]
        yield from some(
            f"logistic/loss-of-the-next-{number}",
            "loss(0) is computed with the updated weights.",
            data.problem("loss(0)"),
            truth,
            own,
            write=["loss(0)", "w(1)"],
            by=to(6),
            mistake=["updated-value", "off-by-one", "other-quantity"],
            at=["loss(0)", "p(0)", "z(0)"],
            unsure="w(1) was typed, so that loss(0) follows from it: carried, or updated-value?",
        )


def batches() -> Iterator[Case]:
    """Mini-batches that are not taken, or not one after the other, or divided by too much."""
    for number, data in enumerate((BATCHES, BATCHES_BIAS), 1):
        truth, n = descend(data), len(data.y)
        ends = ["w(2)"] if data.b is None else ["w(2)", "b(2)"]
        shown = [name for name in truth if name.startswith(("grad", "w(", "b("))]
        every: list[tuple[str, str, Parts, list[str], list[str]]] = [
            (
                "all",
                "Each update takes all rows.",
                {"taken": lambda t: slice(None)},
                ["batch-ignored", "other-quantity"],
                ["X(0)", "grad(0)"],
            ),
            (
                "again",
                "The second update takes the first batch again.",
                {"taken": lambda t, data=data: data.rows(0)},
                ["previous-iterate", "other-quantity"],
                ["X(1)", "z(1)", "grad(1)"],
            ),
            (
                "divided-by-all",
                "The batch's sum is divided by the number of all rows.",
                {
                    "slope": lambda X, p, y, scale, w, n=n: X.T @ (p - y) / n,
                    "slope_b": lambda p, y, scale, n=n: np.sum(p - y) / n,
                },
                ["extra-factor", "other-quantity"],
                ["grad(0)"],
            ),
        ]
        for key, why, parts, names, at in every:
            own = descend(data, **parts)
            problem = data.problem(*ends)
            label = f"logistic/batch-{key}-{number}"
            yield from some(label, why, problem, truth, own, write=shown, by=to(5), mistake=names, at=at)
            if key == "again":
                working = [name for name in truth if name.startswith(("z(1", "p(1", "grad", "w(", "b("))]
                yield from some(
                    f"{label}-scores", why, problem, truth, own, write=working, by=to(5), mistake=names, at=at
                )


def in_turn() -> Iterator[Case]:
    """Parameters that move one after the other, each by a gradient at what has moved already."""
    for number, data in enumerate((BIAS, ONE, BIAS_SUM, RIDGE_TALL), 1):
        data = data._replace(steps=1, rate=max(data.rate, 0.5))
        truth, own = descend(data), descend(data)
        X, y, w, b = np.array(data.X), np.array(data.y), np.array(data.w), data.b or 0.0
        scale = 1 / len(y) if data.mean else 1.0
        slope = scale * np.sum(sigmoid(X @ own["w(1)"] + b) - y)
        for shown in (["grad(0)", "grad_b(0)", "w(1)", "b(1)"], ["grad(0)", "w(1)", "b(1)"]):
            own["grad_b(0)"] = slope
            own["b(1)"] = b - data.rate * slope
            yield from some(
                f"logistic/bias-after-the-weights-{number}-{len(shown)}",
                "The bias's gradient is taken after the weights have moved.",
                data.problem("w(1)", "b(1)"),
                truth,
                own,
                write=shown,
                by=to(5),
                mistake=["updated-value", "other-quantity"],
                at=["grad_b(0)"] if "grad_b(0)" in shown else ["b(1)", "grad_b(0)"],
            )
        for j in range(len(w)):
            errors = sigmoid(X @ w + b) - y
            w[j] -= data.rate * (scale * X[:, j] @ errors + data.l2 * w[j])
        yield from some(
            f"logistic/weight-by-weight-{number}",
            "The second weight's gradient is taken after the first weight has moved.",
            data.problem("w(1)"),
            truth,
            {"z(0)": truth["z(0)"], "w(1)": w},
            by=to(5),
            mistake=["updated-value", "other-quantity"],
        )


def new_samples() -> Iterator[Case]:
    """New samples by parameters of another time, and right papers."""
    for number, data in enumerate((FRESH, FRESH_MARGIN), 1):
        truth = descend(data)
        for key, t in (("start", 0), ("before-the-last", data.steps - 1)):
            old = sigmoid(
                np.array(data.new) @ truth.get(f"w({t})", data.w) + truth.get(f"b({t})", data.b or 0)
            )
            yield from some(
                f"logistic/new-{key}-{number}",
                "The new samples go through a model that has not finished training.",
                data.problem("p_new"),
                truth,
                {"p_new": old},
                by=to(5),
                mistake=["previous-iterate", "other-quantity"],
            )
        strict = data.problem("predictions")
        strict["given"] = strict["given"] | {"threshold": 0.6}
        classes = {half: [1 if p >= half else -data.margins for p in truth["p_new"]] for half in (0.5, 0.6)}
        yield from some(
            f"logistic/new-threshold-{number}",
            "The classes by the threshold 0.5, where another is given.",
            strict,
            truth | {"predictions": [int(each) for each in classes[0.6]]},
            truth | {"predictions": [int(each) for each in classes[0.5]]},
            write=["p_new", "predictions"],
            by=to(5),
            mistake=["other-quantity"],
            at=["predictions"],
        )
        yield from some(
            f"logistic/new-scores-{number}",
            "The scores are given for the probabilities.",
            data.problem("p_new"),
            truth,
            {"p_new": score_of(truth["p_new"])},
            by=to(4),
            mistake=["function-forgotten", "other-function", "other-quantity"],
        )


def penalised_biases() -> Iterator[Case]:
    for number, data in enumerate((RIDGE_TALL, RIDGE_BIAS), 1):
        data = data._replace(steps=1)
        truth, own, b = descend(data), descend(data), data.b or 0.0
        own["grad_b(0)"] += data.l2 * b
        own["b(1)"] = b - data.rate * own["grad_b(0)"]
        for shown in (["grad(0)", "grad_b(0)", "w(1)", "b(1)"], ["w(1)", "b(1)"]):
            yield from some(
                f"logistic/bias-penalised-{number}-{len(shown)}",
                "The bias is penalised as the weights are.",
                data.problem("w(1)", "b(1)"),
                truth,
                own,
                write=shown,
                by=to(5),
                mistake=["extra-term"],
                at=["grad_b(0)"] if len(shown) > 2 else ["grad_b(0)", "b(1)"],
            )


def plain() -> Iterator[Case]:
    """Right papers, and wrong numbers that no mistake explains."""
    wrong: list[tuple[Data, str, Any]] = [
        (MARGIN, "loss(0)", 0.8123),
        (MARGIN_BIAS, "grad(0)", [0.317, -0.942]),
        (RIDGE_TALL, "loss(0)", 1.2871),
        (RIDGE_TALL, "grad_b(0)", -0.4137),
        (BATCHES, "grad(1)", [0.2719, 0.1183]),
        (BATCHES_BIAS, "b(1)", 0.3791),
        (TALL, "grad(0)", [0.1374, -0.2963]),
        (BIAS, "w(1)", [0.2217, -0.1489]),
    ]
    for number, (data, name, value) in enumerate(wrong, 1):
        truth, own = descend(data), descend(data)
        own[name] = np.array(value) if isinstance(value, list) else value
        yield from some(
            f"logistic/plain-wrong-{number}",
            "A wrong number that no mistake explains.",
            data.problem(name),
            truth,
            own,
            write=[name],
            by=to(4),
            slips=[name],
        )
    for number, data in enumerate((MARGIN, MARGIN_BIAS, RIDGE_TALL, BATCHES, BATCHES_BIAS, FRESH), 1):
        truth = descend(data)
        yield case(
            f"logistic/all-right-{number}",
            "Everything is right.",
            data.problem(f"w({data.steps})"),
            truth,
            truth,
            by=to(4),
        )


def all_cases() -> Iterator[Case]:
    for mistake in MISTAKES:
        for number, data in enumerate(mistake.data, 1):
            yield from papers(mistake, data, number)
    yield from losses()
    yield from others()
    yield from batches()
    yield from in_turn()
    yield from new_samples()
    yield from penalised_biases()
    yield from plain()
