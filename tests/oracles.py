"""Independent truth: every quantity of three kinds, in plain numpy and scipy.

Nothing of `solver` is imported here. `quantities(problem)` takes the plain dict of a problem
(`{"kind": …, "given": {…}}`, numbers as people type them) and returns the values under the names of the
contract; vectors are flat lists, matrices lists of rows.

Where the contract is silent, these choices are made (and only these):

- a row is classified as positive when p >= threshold; labels -1/+1 come back as -1/+1;
- `predicted` is the first of the largest softmax outputs, or p >= 0.5 for one sigmoid output; other nets
  have none;
- with `log: 2` (or 10) `log_p`, the losses and the gradients are all in that base;
- given probabilities are taken as a softmax's output, so `grad` is p - y and `jacobian` diag(p) - p pᵀ;
- `losses` is given when there are several samples, that is, when the input has rows;
- a quantity that has no finite value (log 0) is left out, and so is a class decided by rounding alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, log_softmax, logsumexp, ndtr, softmax, xlogy

Array = NDArray[np.float64]
Problem = Mapping[str, Any]
Quantities = dict[str, Any]

# ---------------------------------------------------------------- numbers as typed

NUMERIC = {
    "logistic-gd": {"X", "y", "w", "b", "learning_rate", "iterations", "l2", "batch", "predict", "threshold"},
    "mlp-forward": {"x", "W", "b", "target"},
    "softmax-ce": {"logits", "x", "W", "b", "probabilities", "target", "temperature"},
}
CALCULATOR = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "pi": math.pi,
    "e": math.e,
}


def number(typed: Any) -> Any:
    """A number as typed in a problem file ("1/3", "50%", "sqrt(2)", "0,1"); whole numbers stay whole."""
    if not isinstance(typed, str):
        return typed
    text = typed.strip().replace("\N{MINUS SIGN}", "-").lstrip("+")
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?\d+/\d+", text):
        return float(Fraction(text))
    if re.fullmatch(r"-?\d*,\d+", text):
        text = text.replace(",", ".")
    text = re.sub(r"([\d.]+)\s*%", r"(\1/100)", text).replace("^", "**")
    return float(eval(text, {"__builtins__": {}}, CALCULATOR))


def numbers(typed: Any) -> Any:
    """A number, list, matrix, text of a matrix ("3 3; 0 -4") or pasted LaTeX matrix."""
    if isinstance(typed, list | tuple):
        return [numbers(part) for part in typed]
    if not isinstance(typed, str):
        return typed
    if "matrix}" in typed:
        body = re.sub(r"\\(begin|end)\{[bp]matrix\}", "", typed)
        return [[number(cell) for cell in row.split("&")] for row in body.split(r"\\") if row.strip()]
    rows = [row for row in typed.split(";") if row.strip()]
    cells = [re.split(r"\s+", row.strip()) for row in rows]
    if all(len(row) == 1 for row in cells) and "," in typed and len(rows) > 1:
        cells = [row[0].split(",") for row in cells]
    elif any(cell.endswith(",") for row in cells for cell in row):
        cells = [[cell.strip(",") for cell in row] for row in cells]
    if len(rows) > 1:
        return [[number(cell) for cell in row] for row in cells]
    return number(cells[0][0]) if len(cells[0]) == 1 else [number(cell) for cell in cells[0]]


def plain(problem: Problem) -> dict[str, Any]:
    """The problem with real numbers wherever its kind expects numbers."""
    wanted = NUMERIC[problem["kind"]]

    def convert(fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: [convert(layer) for layer in value]
            if key == "layers"
            else numbers(value)
            if key in wanted and value != "full"
            else value
            for key, value in fields.items()
        }

    return {**problem, "given": convert(problem["given"])}


# ---------------------------------------------------------------- logistic regression


def batches(n: int, size: int | None, count: int) -> list[Array]:
    """Row numbers of each update: in the order given, the last of a pass short, the next pass from row 0."""
    every = np.arange(n)
    one_pass = [every] if size is None else [every[i : i + size] for i in range(0, n, size)]
    return [one_pass[t % len(one_pass)] for t in range(count)]


def logistic_loss(X: Array, y: Array, w: Array, b: float, mean: bool, l2: float) -> float:
    """Negative log-likelihood (labels 0/1) or log(1 + exp(-margin)) (labels -1/+1), and λ/2 ‖w‖²."""
    z = X @ w + b
    each = np.logaddexp(0, -y * z) if -1 in y else -(y * log_expit(z) + (1 - y) * log_expit(-z))
    return float((each.mean() if mean else each.sum()) + l2 / 2 * (w @ w))


def logistic_gradient(X: Array, y: Array, w: Array, b: float, mean: bool, l2: float) -> tuple[Array, float]:
    z = X @ w + b
    error = np.where(y == 1, -expit(-z), expit(z))  # p - (0 or 1) without cancellation
    scale = 1 / len(y) if mean else 1.0
    return scale * (X.T @ error) + l2 * w, float(scale * error.sum())


def logistic_gd(given: Problem) -> Quantities:
    X = np.atleast_2d(np.array(given["X"], float))  # text of one row is a matrix of one row
    y, w = np.array(given["y"], float), np.array(given["w"], float)
    has_bias = given.get("b") is not None
    b = float(given["b"]) if has_bias else 0.0
    mean = given.get("loss", "mean") == "mean"
    l2 = float(given.get("l2", 0))
    iterations = int(given["iterations"])
    size = None if given.get("batch", "full") == "full" else int(given["batch"])
    margin_form = bool((y == -1).any())
    found: Quantities = {}

    def record(t: int, rows: Array, gradient: bool) -> None:
        # The form is that of all labels: a batch of +1 alone has the same loss in both.
        part, labels = X[rows], y[rows]
        z = part @ w + b
        found[f"z({t})"] = z.tolist()
        found[f"p({t})"] = expit(z).tolist()
        found[f"loss({t})"] = logistic_loss(part, labels, w, b, mean, l2)
        if gradient:
            grad, grad_b = logistic_gradient(part, labels, w, b, mean, l2)
            found[f"grad({t})"] = grad.tolist()
            if has_bias:
                found[f"grad_b({t})"] = grad_b

    def record_parameters(t: int) -> None:
        found[f"w({t})"] = w.tolist()
        if has_bias:
            found[f"b({t})"] = b

    record_parameters(0)
    for t, rows in enumerate(batches(len(y), size, iterations)):
        record(t, rows, gradient=True)
        w = w - float(given["learning_rate"]) * np.array(found[f"grad({t})"])
        if has_bias:
            b -= float(given["learning_rate"]) * found[f"grad_b({t})"]
        record_parameters(t + 1)
    record(iterations, np.arange(len(y)), gradient=iterations == 0)

    if given.get("predict") is not None:
        p_new = expit(np.atleast_2d(np.array(given["predict"], float)) @ w + b)
        found["p_new"] = p_new.tolist()
        distance = np.abs(p_new - float(given.get("threshold", 0.5)))
        if not ((distance > 0) & (distance < 1e-12)).any():
            negative = -1 if margin_form else 0
            found["predictions"] = [1 if p >= float(given.get("threshold", 0.5)) else negative for p in p_new]
    return found


# ---------------------------------------------------------------- a multilayer perceptron, forwards

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "leaky-relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "gelu": lambda z: z * ndtr(z),
    "softplus": lambda z: np.logaddexp(0, z),
    "sigmoid": expit,
    "tanh": np.tanh,
    "step": lambda z: np.where(z >= 0, 1.0, 0.0),
    "sign": np.sign,
    "softmax": lambda z: softmax(z, axis=-1),
}


def activate(name: str, z: Array) -> Array:
    """A named activation, `leaky-relu(0.1)`, or a formula in z that Python happens to read."""
    if name in ACTIVATIONS:
        return np.asarray(ACTIVATIONS[name](z), float)
    if leaky := re.fullmatch(r"leaky-relu\((.+)\)", name):
        return np.where(z > 0, z, number(leaky[1]) * z)
    formula = re.sub(r"1\[([^\]]*)\]", r"float(\1)", name).replace("^", "**")
    functions = {
        **{one: getattr(math, one) for one in ("sqrt", "tanh", "log", "log2", "pi", "e")},
        "exp": lambda u: float(np.exp(u)),
        "sigmoid": lambda u: float(expit(u)),
        "relu": lambda u: max(u, 0.0),
        "softplus": lambda u: float(np.logaddexp(0, u)),
        "step": lambda u: float(u >= 0),
        "sign": lambda u: float(np.sign(u)),
        "abs": abs,
        "max": max,
        "min": min,
        "float": float,
    }
    code = compile(formula, "formula", "eval")
    value = [
        float(eval(code, {"__builtins__": {}}, {**functions, "z": entry})) for entry in z.ravel().tolist()
    ]
    return np.array(value).reshape(z.shape)


def one_hot(target: Any, k: int) -> Array:
    """A class index as a vector; a vector as it is."""
    return np.eye(k)[target] if np.ndim(target) == 0 else np.array(target, float)


def logs(activation: str, z: Array, a: Array) -> tuple[Array, Array]:
    """log a and log(1 - a), without cancellation where the activation allows it."""
    if activation == "sigmoid":
        return log_expit(z), log_expit(-z)
    if activation == "softmax":
        others = [logsumexp(np.delete(z, j, axis=-1), axis=-1) for j in range(z.shape[-1])]
        return log_softmax(z, axis=-1), np.stack(others, axis=-1) - logsumexp(z, axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return np.log(a), np.log1p(-a)


def sample_loss(name: str, target: Any, activation: str, z: Array, a: Array) -> float:
    if name == "cross-entropy":
        return float(-(one_hot(target, len(a)) * log_softmax(z)).sum())
    y = np.atleast_1d(np.array(target, float))
    if name == "binary-cross-entropy":
        log_a, log_not_a = logs(activation, z, a)
        first, second = np.where(y == 0, 0, y * log_a), np.where(y == 1, 0, (1 - y) * log_not_a)
        return float(-(first + second).mean())
    square = (a - y) ** 2
    return float(
        {"mse": square.mean(), "half-squared-error": square.sum() / 2, "squared-error": square.sum()}[name]
    )


def first_largest(scores: Array) -> int | None:
    """The first of the largest, or None where rounding would decide."""
    order = np.sort(scores)[::-1]
    if len(order) > 1 and 0 < order[0] - order[1] < 1e-12 * max(1.0, abs(order[0])):
        return None
    return int(np.argmax(scores))


def mlp_forward(given: Problem) -> Quantities:
    a = np.array(given["x"], float)
    rows_are_samples = a.ndim == 2
    transposed = given.get("form", "W x + b") == "W x + b"
    found: Quantities = {}
    total = 0
    activation, z = "identity", a
    with np.errstate(over="ignore", under="ignore"):
        for i, layer in enumerate(given["layers"], start=1):
            W = np.atleast_2d(np.array(layer["W"], float))
            found[f"W{i}.shape"], found[f"W{i}.params"] = list(W.shape), W.size
            total += W.size
            z = a @ (W.T if transposed else W)
            if layer.get("b") is not None:
                b = np.atleast_1d(np.array(layer["b"], float))
                found[f"b{i}.shape"], found[f"b{i}.params"] = list(b.shape), b.size
                total += b.size
                z = z + b
            activation = layer.get("activation", "identity")
            a = activate(activation, z)
            found[f"z{i}"], found[f"a{i}"] = z.tolist(), a.tolist()
    found["total_params"] = total
    found["y_hat"] = a.tolist()

    outputs, scores = (a, z) if rows_are_samples else (a[None], z[None])
    classes: list[int | None] = []
    if activation == "softmax":
        classes = [first_largest(row) for row in scores]
    elif activation == "sigmoid" and outputs.shape[1] == 1:
        classes = [None if 0 < abs(p - 0.5) < 1e-12 else int(p >= 0.5) for (p,) in outputs]
    if classes and None not in classes:
        found["predicted"] = classes if rows_are_samples else classes[0]

    if given.get("target") is not None:
        targets = given["target"] if rows_are_samples else [given["target"]]
        losses = [
            sample_loss(given["loss"], *one)
            for one in zip(targets, [activation] * len(targets), scores, outputs, strict=True)
        ]
        if rows_are_samples:
            found["losses"] = losses
        found["loss"] = sum(losses) / (1 if given.get("reduction") == "sum" else len(losses))
    return found


# ---------------------------------------------------------------- softmax and cross-entropy


def softmax_ce(given: Problem) -> Quantities:
    found: Quantities = {}
    temperature = float(given.get("temperature", 1))
    unit = math.log({"2": 2, "10": 10, "e": math.e}[str(given.get("log", "e"))])
    made = "x" in given
    if made:
        x, W = np.array(given["x"], float), np.atleast_2d(np.array(given["W"], float))
        z = x @ W.T + (0 if given.get("b") is None else np.array(given["b"], float))
        found["z"] = z.tolist()
    elif "logits" in given:
        z = np.array(given["logits"], float)
    if "probabilities" in given:
        p = np.array(given["probabilities"], float)
        with np.errstate(divide="ignore"):
            log_p = np.log(p)
        z = p
    else:
        p, log_p = softmax(z / temperature, axis=-1), log_softmax(z / temperature, axis=-1)
    rows_are_samples = p.ndim == 2
    found["p"] = p.tolist()
    if np.isfinite(log_p).all():
        found["log_p"] = (log_p / unit).tolist()
    P, logP, Z = np.atleast_2d(p), np.atleast_2d(log_p), np.atleast_2d(z)
    n, k = P.shape
    classes = [first_largest(row) for row in Z]
    if None not in classes:
        found["predicted"] = classes if rows_are_samples else classes[0]
    jacobian = np.array([np.diag(row) - np.outer(row, row) for row in P]) / temperature
    found["jacobian"] = (jacobian if rows_are_samples else jacobian[0]).tolist()
    if given.get("target") is None:
        return found

    targets = given["target"] if rows_are_samples else [given["target"]]
    Y = np.array([one_hot(target, k) for target in targets])
    terms = xlogy(Y, P) if "probabilities" in given else Y * logP
    losses = -terms.sum(axis=1) / unit
    scale = 1.0 if given.get("reduction") == "sum" else 1 / n
    if not np.isfinite(losses).all():
        return found
    found["loss"] = float(losses.sum() * scale)
    if rows_are_samples:
        found["losses"] = losses.tolist()
    grad = (P - Y) * scale / (temperature * unit)
    found["grad"] = (grad if rows_are_samples else grad[0]).tolist()
    if made:
        found["dL/dW"] = (grad.T @ np.atleast_2d(x)).tolist()
        if given.get("b") is not None:
            found["dL/db"] = grad.sum(axis=0).tolist()
        found["dL/dx"] = (grad @ W if rows_are_samples else grad[0] @ W).tolist()
    return found


ORACLES = {"logistic-gd": logistic_gd, "mlp-forward": mlp_forward, "softmax-ce": softmax_ce}


def quantities(problem: Problem) -> Quantities:
    """Every quantity of the problem, by the contract's name."""
    return ORACLES[problem["kind"]](plain(problem)["given"])


# ---------------------------------------------------------------- comparing


def distance(left: Any, right: Any) -> float:
    """Largest difference of two values, relative where they are larger than 1; infinite for other shapes."""
    if isinstance(left, Sequence) != isinstance(right, Sequence):
        return math.inf
    if isinstance(left, Sequence):
        if len(left) != len(right):
            return math.inf
        return max((distance(a, b) for a, b in zip(left, right, strict=True)), default=0.0)
    if left is None or right is None:
        return 0.0 if left is right else math.inf
    return abs(float(left) - float(right)) / max(1.0, abs(float(left)), abs(float(right)))
