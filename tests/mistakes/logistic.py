"""Logistic regression by gradient descent, with the mistakes of solution sheets and exam papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .paper import Case, Keep, Values, at_places, decimals, same, significantly, some, to

Parts = dict[str, Callable[..., Any]]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def entropy_of(p: Any, y: Any) -> Any:
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))


class Data(NamedTuple):
    """A question: rows, labels, the start and what is asked."""

    X: list[list[float]]
    y: list[int]
    w: list[float]
    rate: float
    steps: int
    b: float | None = None
    mean: bool = True
    l2: float = 0

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
        return {"kind": "logistic-gd", "given": given, "ask": list(ask), "points": 3}


def descend(data: Data, keep: Keep = same, **parts: Callable[..., Any]) -> Values:
    """Every iterate; `parts` are the steps that the student does in another way."""
    X, y, n = np.array(data.X, float), np.array(data.y, float), len(data.y)
    scale = 1 / n if data.mean else 1.0
    right: Parts = {
        "score": lambda X, w, b: X @ w + b,
        "squash": sigmoid,
        "loss": lambda p, y, scale, w: scale * entropy_of(p, y) + data.l2 / 2 * w @ w,
        "slope": lambda X, p, y, scale, w: scale * X.T @ (p - y) + data.l2 * w,
        "slope_b": lambda p, y, scale: scale * np.sum(p - y),
        "step": lambda w, g, rate: w - rate * g,
        "step_b": lambda b, g, rate: b - rate * g,
        "seen": lambda ps, t: ps[t],
    }
    do = right | parts
    w, b, ps, found = np.array(data.w, float), data.b or 0.0, [], Values()
    for t in range(data.steps + 1):
        z = found[f"z({t})"] = keep(do["score"](X, w, b))
        p = found[f"p({t})"] = keep(do["squash"](z))
        ps.append(p)
        p = do["seen"](ps, t)
        with np.errstate(all="ignore"):
            found[f"loss({t})"] = keep(do["loss"](p, y, scale, w))
        if t == data.steps:
            break
        g = found[f"grad({t})"] = keep(do["slope"](X, p, y, scale, w))
        w = found[f"w({t + 1})"] = keep(do["step"](w, g, data.rate))
        if data.b is not None:
            g_b = found[f"grad_b({t})"] = keep(do["slope_b"](p, y, scale))
            b = found[f"b({t + 1})"] = keep(do["step_b"](b, g_b, data.rate))
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
]


def losses() -> Iterator[Case]:
    """The loss at the start and after a step, computed in other ways."""
    every = list(enumerate((TALL, SQUARE3, BIAS, BIAS_SUM, MIDTERM), 1))
    for i, (key, why, loss, names) in enumerate(LOSSES):
        chosen = every if "averaged" in key else [every[(i + j) % 5] for j in range(3)]
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
            unsure="nothing in the derivation has the value of a step that was not asked",
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


def all_cases() -> Iterator[Case]:
    for mistake in MISTAKES:
        for number, data in enumerate(mistake.data, 1):
            yield from papers(mistake, data, number)
    yield from losses()
    yield from others()
