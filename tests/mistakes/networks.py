"""Small networks forwards, and softmax with cross-entropy, with the mistakes that are made there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .logistic import sigmoid
from .paper import Case, Keep, Values, at_places, decimals, same, significantly, some, to

Parts = dict[str, Callable[..., Any]]


def relu(z: Any) -> Any:
    return np.maximum(z, 0)


def softmax(z: Any) -> Any:
    powers = np.exp(z)
    return powers / powers.sum(axis=-1, keepdims=True)


ACTIVATIONS: Parts = {
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softmax": softmax,
    "identity": lambda z: z,
    "leaky-relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "leaky-relu(0.1)": lambda z: np.where(z > 0, z, 0.1 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "gelu": lambda z: z * distribution(z),
    "step": lambda z: (z >= 0) * 1.0,
    "sign": np.sign,
}


def distribution(z: Any) -> Any:
    """That of the standard normal."""
    return np.vectorize(lambda x: (1 + math.erf(x / math.sqrt(2))) / 2)(z)


def cross_entropy(p: Any, y: Any) -> Any:
    return -np.sum(y * np.log(p)) / (len(p) if np.ndim(p) == 2 else 1)


LOSSES: Parts = {
    "cross-entropy": cross_entropy,
    "binary-cross-entropy": lambda p, y: -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)),
    "mse": lambda a, y: np.mean((a - y) ** 2),
    "half-squared-error": lambda a, y: np.sum((a - y) ** 2) / 2,
    "squared-error": lambda a, y: np.sum((a - y) ** 2),
}


class Net(NamedTuple):
    """A network of two layers; W is outputs × inputs unless `form` says otherwise."""

    x: list[Any]
    layers: list[tuple[list[list[float]], list[float] | None, str]]
    loss: str = ""
    target: Any = None
    form: str = "W x + b"

    def problem(self, *ask: str) -> dict[str, Any]:
        layers: list[dict[str, Any]] = []
        for W, b, name in self.layers:
            layer: dict[str, Any] = {"W": W} if b is None else {"W": W, "b": b}
            layers.append(layer | ({"activation": name} if name != "identity" else {}))
        given: dict[str, Any] = {"x": self.x, "form": self.form, "layers": layers}
        if self.loss:
            given |= {"target": self.target, "loss": self.loss}
        return {"kind": "mlp-forward", "given": given, "ask": list(ask), "points": 4}

    def truths(self) -> Any:
        """The target as values: one-hot rows for class indices."""
        width = len(self.layers[-1][0]) if self.form == "W x + b" else len(self.layers[-1][0][0])
        if self.loss == "cross-entropy":
            return np.eye(width)[self.target]
        return np.array(self.target, float)


def forward(net: Net, keep: Keep = same, **parts: Callable[..., Any]) -> Values:
    """z1, a1, z2, y_hat and the loss; `parts` are the steps that the student does in another way."""
    right: Parts = {
        "affine": lambda layer, a, W, b: a @ W.T + b,
        "activate": lambda layer, name, z: ACTIVATIONS[name](z),
        "feed": lambda z, a: a,
        "loss": LOSSES[net.loss] if net.loss else (lambda a, y: 0.0),
    }
    do, found = right | parts, Values()
    a: Any = np.array(net.x, float)
    for layer, (weights, bias, name) in enumerate(net.layers, 1):
        W = np.array(weights, float)
        W = W if net.form == "W x + b" else W.T
        z = found[f"z{layer}"] = keep(do["affine"](layer, a, W, np.array(bias or 0, float)))
        a = keep(do["activate"](layer, name, z))
        found[f"a{layer}" if layer < len(net.layers) else "y_hat"] = a
        a = a if layer == len(net.layers) else do["feed"](z, a)
    if net.loss:
        with np.errstate(all="ignore"):
            found["loss"] = keep(float(do["loss"](a, net.truths())))
    return found


CLASSES = Net(
    [1, -2],
    [([[0.5, -1], [1, 0.25]], [0.1, -0.3], "relu"), ([[1, -0.5], [0.3, 0.8]], [0.2, -0.1], "softmax")],
    "cross-entropy",
    1,
)
THREE = Net(
    [0.5, 1, -1],
    [
        ([[1, -1, 0.5], [0.2, 0.4, -0.6], [-0.5, 1, 1]], [0.1, 0.2, -0.4], "relu"),
        ([[1, 0.5, 2], [-1, 1, 0.3], [0.2, -0.7, 1]], [0.3, -0.2, 0.1], "softmax"),
    ],
    "cross-entropy",
    2,
)
MAZUR = Net(
    [0.05, 0.1],
    [
        ([[0.15, 0.2], [0.25, 0.3]], [0.35, 0.35], "sigmoid"),
        ([[0.4, 0.45], [0.5, 0.55]], [0.6, 0.6], "sigmoid"),
    ],
    "half-squared-error",
    [0.01, 0.99],
)
UNLIKE = Net(
    [0.8, -0.6],
    [
        ([[0.7, -0.2], [1.1, 0.9]], [0.25, -0.75], "sigmoid"),
        ([[1.4, -0.8], [0.3, 1.6]], [0.5, -0.35], "sigmoid"),
    ],
    "mse",
    [1, 0],
)
ROWS = Net(
    [[1, 2], [-1, 0.5], [0.5, -1.5]],
    [([[1, -0.5], [0.5, 1]], [0.5, -0.25], "relu"), ([[0.6, -1.2], [0.9, 0.4]], [-0.3, 0.45], "softmax")],
    "cross-entropy",
    [0, 1, 1],
    "x W + b",
)
VALUES = Net(
    [2, -1],
    [([[0.5, 0.4], [-0.3, 0.9], [1.2, 0.7]], [0.2, 1.7, -0.1], "relu"), ([[1, -2, 0.5]], [0.25], "identity")],
    "squared-error",
    [0.5],
)
PROBABLE = Net(
    [1.5, -0.5],
    [([[0.8, 1.1], [-0.6, 0.4]], [-0.2, 0.3], "tanh"), ([[1.3, -0.9]], [0.15], "sigmoid")],
    "binary-cross-entropy",
    [0],
)
MANY = Net(
    [0.3, 0.9],
    [([[1.2, -0.4], [0.6, 0.7]], [0.3, -0.2], "tanh"), ([[0.5, -1.1], [0.8, 0.2]], [0.1, 0.6], "identity")],
    "mse",
    [1, -1],
)


class Mistake(NamedTuple):
    """A step done in another way: the quantity that shows it, and what describes it."""

    key: str
    why: str
    parts: Parts
    where: str
    names: tuple[str, ...]
    nets: tuple[Net, ...]
    again: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    unsure: str = ""


def instead(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Another function for one activation only."""
    return lambda layer, known, z: function(z) if known == name else ACTIVATIONS[known](z)


def in_layer(number: int, affine: Callable[..., Any]) -> Callable[..., Any]:
    """Another affine map in one layer only."""
    return lambda layer, a, W, b: affine(a, W, b) if layer == number else a @ W.T + b


MISTAKES = [
    Mistake(
        "bias-1",
        "The first layer leaves its bias out.",
        {"affine": in_layer(1, lambda a, W, b: a @ W.T)},
        "z1",
        ("dropped-term",),
        (CLASSES, ROWS, PROBABLE),
    ),
    Mistake(
        "bias-2",
        "The second layer leaves its bias out.",
        {"affine": in_layer(2, lambda a, W, b: a @ W.T)},
        "z2",
        ("dropped-term",),
        (THREE, MAZUR, ROWS),
    ),
    Mistake(
        "no-biases",
        "No layer adds its bias.",
        {"affine": lambda layer, a, W, b: a @ W.T},
        "z1",
        ("dropped-term",),
        (UNLIKE, MANY),
        ("z2",),
    ),
    Mistake(
        "bias-minus",
        "The bias is subtracted.",
        {"affine": in_layer(1, lambda a, W, b: a @ W.T - b)},
        "z1",
        ("sign", "other-operation"),
        (CLASSES, VALUES),
    ),
    Mistake(
        "bracket",
        "The bias is added before the product: W (x + b).",
        {"affine": in_layer(1, lambda a, W, b: (a + b) @ W.T)},
        "z1",
        ("brackets",),
        (UNLIKE, THREE),
    ),
    Mistake(
        "transposed-1",
        "Wᵀx for W x; W is square, so nothing warns.",
        {"affine": in_layer(1, lambda a, W, b: a @ W + b)},
        "z1",
        ("transpose",),
        (CLASSES, UNLIKE, MAZUR),
    ),
    Mistake(
        "transposed-2",
        "The second W is transposed.",
        {"affine": in_layer(2, lambda a, W, b: a @ W + b)},
        "z2",
        ("transpose",),
        (THREE, ROWS),
    ),
    Mistake(
        "no-relu",
        "The ReLU is forgotten.",
        {"activate": instead("relu", lambda z: z)},
        "a1",
        ("function-forgotten", "other-quantity"),
        (CLASSES, THREE, ROWS),
        (),
        ("a1", "z2"),
    ),
    Mistake(
        "no-tanh",
        "The tanh is forgotten.",
        {"activate": instead("tanh", lambda z: z)},
        "a1",
        ("function-forgotten", "other-quantity"),
        (MANY,),
        (),
        ("a1", "z2"),
    ),
    Mistake(
        "sigmoid-for-relu",
        "Sigmoid in place of ReLU.",
        {"activate": instead("relu", sigmoid)},
        "a1",
        ("other-function",),
        (CLASSES, VALUES, THREE),
    ),
    Mistake(
        "relu-for-sigmoid",
        "ReLU in place of the sigmoid.",
        {"activate": instead("sigmoid", relu)},
        "a1",
        ("other-function",),
        (UNLIKE,),
        ("y_hat",),
    ),
    Mistake(
        "no-sigmoid",
        "ReLU in place of the sigmoid, or nothing: all scores are positive.",
        {"activate": instead("sigmoid", relu)},
        "a1",
        ("function-forgotten", "other-function", "other-quantity"),
        (MAZUR,),
        ("y_hat",),
        ("a1", "z2"),
    ),
    Mistake(
        "sigmoid-for-tanh",
        "Sigmoid in place of tanh.",
        {"activate": instead("tanh", sigmoid)},
        "a1",
        ("other-function",),
        (MANY, PROBABLE),
    ),
    Mistake(
        "output-relu",
        "ReLU on the output too, which is linear.",
        {"activate": lambda layer, name, z: relu(z)},
        "y_hat",
        ("other-function", "extra-factor", "extra-term"),
        (MANY, VALUES),
        (),
        (),
        "a name for this?",
    ),
    Mistake(
        "output-raw",
        "The sigmoid of the output is forgotten: the score is given.",
        {
            "activate": lambda layer, name, z: z if layer == 2 else ACTIVATIONS[name](z),
            "loss": lambda a, y: np.nan,
        },
        "y_hat",
        ("function-forgotten", "other-quantity"),
        (UNLIKE, PROBABLE),
    ),
    Mistake(
        "no-exponential",
        "Softmax without the exponential: z/∑z.",
        {"activate": instead("softmax", lambda z: z / z.sum())},
        "y_hat",
        ("function-forgotten", "other-quantity"),
        (CLASSES, THREE),
    ),
    Mistake(
        "not-normalised",
        "The softmax is not divided by its sum.",
        {"activate": instead("softmax", np.exp)},
        "y_hat",
        ("function-forgotten", "dropped-factor", "other-function"),
        (CLASSES, THREE, ROWS),
    ),
    Mistake(
        "sigmoids-for-softmax",
        "A sigmoid of each score in place of the softmax.",
        {"activate": instead("softmax", sigmoid)},
        "y_hat",
        ("other-function",),
        (CLASSES, THREE),
    ),
    Mistake(
        "softmax-down",
        "Softmax of −z.",
        {"activate": instead("softmax", lambda z: softmax(-z))},
        "y_hat",
        ("sign",),
        (THREE, CLASSES),
    ),
    Mistake(
        "softmax-of-columns",
        "The softmax runs over the samples, not the classes.",
        {"activate": instead("softmax", lambda z: softmax(z.T).T)},
        "y_hat",
        ("other-axis",),
        (ROWS,),
    ),
    Mistake(
        "fed-with-z1",
        "The second layer takes z1, though a1 is right.",
        {"feed": lambda z, a: z},
        "z2",
        ("other-quantity", "function-forgotten"),
        (CLASSES, THREE, VALUES, UNLIKE),
        (),
        ("z2", "a1"),
    ),
]

SCORED: list[tuple[str, str, Callable[..., Any], tuple[str, ...], tuple[Net, ...]]] = [
    (
        "log2",
        "The loss with logarithms to the base 2.",
        lambda a, y: cross_entropy(a, y) / np.log(2),
        ("other-function",),
        (CLASSES, THREE),
    ),
    (
        "log10",
        "The loss with logarithms to the base 10.",
        lambda a, y: cross_entropy(a, y) / np.log(10),
        ("other-function",),
        (THREE, ROWS),
    ),
    ("minus", "The loss without its minus.", lambda a, y: -cross_entropy(a, y), ("sign",), (CLASSES, ROWS)),
    (
        "no-log",
        "The loss without the logarithm.",
        lambda a, y: -np.sum(a * y),
        ("function-forgotten",),
        (CLASSES, THREE),
    ),
    (
        "wrong-class",
        "The logarithm of another class's probability.",
        lambda a, y: cross_entropy(a, np.roll(y, -1)),
        ("wrong-index", "off-by-one"),
        (CLASSES, THREE),
    ),
    (
        "summed",
        "The losses of the samples are added, not averaged.",
        lambda a, y: cross_entropy(a, y) * len(a),
        ("dropped-factor", "other-function"),
        (ROWS,),
    ),
    (
        "not-halved",
        "½ is forgotten.",
        lambda a, y: np.sum((a - y) ** 2),
        ("dropped-factor",),
        (MAZUR,),
    ),
    (
        "not-averaged",
        "The squares are added, not averaged.",
        lambda a, y: np.sum((a - y) ** 2),
        ("dropped-factor", "other-function"),
        (UNLIKE, MANY),
    ),
    (
        "halved",
        "The squared error is halved.",
        lambda a, y: np.sum((a - y) ** 2) / 2,
        ("extra-factor",),
        (VALUES,),
    ),
    (
        "not-squared",
        "The errors are not squared.",
        lambda a, y: np.sum(np.abs(a - y)) / 2,
        ("other-function", "function-forgotten", "dropped-factor"),
        (MAZUR, MANY),
    ),
    (
        "other-label",
        "Binary cross-entropy of the other label.",
        lambda a, y: LOSSES["binary-cross-entropy"](1 - a, y),
        ("swapped-operands", "sign", "other-quantity", "dropped-term"),
        (PROBABLE,),
    ),
]


OTHER_LOSSES: list[tuple[str, str, Callable[..., Any], tuple[str, ...], tuple[Net, ...]]] = [
    (
        "rooted",
        "The root of the mean of the squares.",
        lambda a, y: np.sqrt(np.mean((a - y) ** 2)),
        ("other-function", "extra-factor"),
        (UNLIKE, MANY),
    ),
    (
        "errors-added",
        "The errors are added before they are squared.",
        lambda a, y: np.mean(a - y) * np.sum(a - y),
        ("brackets",),
        (UNLIKE, MANY),
    ),
    (
        "squared-apart",
        "ŷ² − y² for (ŷ − y)².",
        lambda a, y: np.mean(a**2 - y**2),
        ("brackets",),
        (UNLIKE, MANY),
    ),
    (
        "half-and-mean",
        "Both halved and averaged.",
        lambda a, y: np.sum((a - y) ** 2) / 4,
        ("extra-factor", "repeated-factor"),
        (MANY,),
    ),
    (
        "squares-for-binary",
        "The squared error for the binary cross-entropy.",
        lambda a, y: np.mean((a - y) ** 2),
        ("other-function",),
        (PROBABLE,),
    ),
    (
        "one-minus",
        "1 − p for −ln p.",
        lambda a, y: 1 - np.sum(a * y),
        ("other-function",),
        (CLASSES, THREE),
    ),
    (
        "missed",
        "−ln(1 − p) for −ln p.",
        lambda a, y: -np.sum(y * np.log(1 - a)),
        ("other-quantity",),
        (THREE,),
    ),
    (
        "binary",
        "The binary cross-entropy over the classes.",
        lambda a, y: -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)),
        ("extra-term", "other-function"),
        (THREE,),
    ),
    (
        "softmax-again",
        "The softmax once more before the logarithm.",
        lambda a, y: cross_entropy(softmax(a), y),
        ("repeated-factor", "extra-factor"),
        (CLASSES, THREE),
    ),
]
SCORED += OTHER_LOSSES
SCORED += [
    (
        "classes-of-binary",
        "−∑ y ln ŷ for the binary cross-entropy of two outputs.",
        lambda a, y: -np.sum(y * np.log(a)),
        ("dropped-term", "other-function"),
        (UNLIKE._replace(loss="binary-cross-entropy"),),
    ),
    (
        "first-sample",
        "The loss of the first sample alone.",
        lambda a, y: cross_entropy(a[0], y[0]),
        ("dropped-term", "other-quantity"),
        (ROWS,),
    ),
    (
        "plain-error",
        "The single error is not squared.",
        lambda a, y: np.sum(np.abs(a - y)),
        ("other-function", "function-forgotten"),
        (VALUES,),
    ),
    (
        "largest",
        "The logarithm of the largest probability.",
        lambda a, y: -np.log(np.max(a)),
        ("other-quantity", "wrong-index"),
        (THREE, CLASSES),
    ),
]


def bent(name: str) -> Net:
    """A network with an activation that is not everybody's."""
    hidden = [[0.6, -0.9, 0.3], [-0.8, 0.5, 0.7], [0.2, 0.6, -1.2], [-0.5, -0.4, 0.9]]
    out = [[0.8, -0.5, 1.2, 0.4], [-0.6, 0.9, 0.3, -0.7]]
    layers = [(hidden, [0.1, -0.25, 0.05, 0.3], name), (out, [0.2, -0.3], "sigmoid")]
    return Net([1.1, -0.6, 0.4], layers, "binary-cross-entropy", [1, 0])  # type: ignore[arg-type]


Form = tuple[str, str, Callable[[Any], Any], tuple[str, ...]]
FORMS: list[Form] = [
    ("relu", "size", np.abs, ("other-function",)),
    ("relu", "negative-part", lambda z: np.minimum(z, 0), ("other-function",)),
    ("relu", "leaky", ACTIVATIONS["leaky-relu(0.1)"], ("other-function",)),
    ("leaky-relu(0.1)", "plain", relu, ("other-function",)),
    ("leaky-relu(0.1)", "slope", ACTIVATIONS["leaky-relu"], ("other-quantity", "other-function")),
    ("leaky-relu", "side", lambda z: np.where(z > 0, 0.01 * z, z), ("swapped-operands", "other-function")),
    ("leaky-relu(0.1)", "sign", lambda z: np.where(z > 0, z, -0.1 * z), ("sign", "other-function")),
    ("elu", "no-one", lambda z: np.where(z > 0, z, np.exp(z)), ("dropped-term",)),
    ("elu", "turned", lambda z: np.where(z > 0, z, 1 - np.exp(z)), ("sign", "swapped-operands")),
    ("elu", "relu", relu, ("other-function",)),
    ("softplus", "relu", relu, ("other-function",)),
    ("gelu", "silu", lambda z: z * sigmoid(z), ("other-function",)),
    ("gelu", "without-z", distribution, ("dropped-factor",)),
    ("sigmoid", "minus", lambda z: 1 / (1 - np.exp(-z)), ("sign",)),
    ("sigmoid", "slope", lambda z: sigmoid(z) * (1 - sigmoid(z)), ("extra-factor", "other-function")),
    ("tanh", "sinh", np.sinh, ("dropped-factor", "other-function")),
    ("tanh", "half", lambda z: 2 * sigmoid(z) - 1, ("dropped-factor", "other-function")),
    ("tanh", "slope", lambda z: 1 - np.tanh(z) ** 2, ("other-function",)),
    (
        "sigmoid",
        "twice",
        lambda z: sigmoid(sigmoid(z)),
        ("repeated-factor", "extra-factor", "other-function"),
    ),
    ("tanh", "twice", lambda z: np.tanh(np.tanh(z)), ("repeated-factor", "extra-factor", "other-function")),
    ("step", "sign", np.sign, ("other-function",)),
    ("sign", "step", lambda z: (z >= 0) * 1.0, ("other-function",)),
]


def activations() -> Iterator[Case]:
    """An activation taken for another, or written in a wrong form; the bias added too late."""
    for number, (name, key, form, names) in enumerate(FORMS):
        net, by = bent(name), at_places(4) if number % 2 else to(5)

        def wrong(layer: int, known: str, z: Any, form: Any = form) -> Any:
            return form(z) if layer == 1 else ACTIVATIONS[known](z)

        yield from some(
            f"mlp/{name}-{key}",
            f"Another function for {name}.",
            net.problem("y_hat", "loss"),
            forward(net),
            forward(net, activate=wrong),
            write=["z1", "a1", "z2", "y_hat", "loss"],
            by=by,
            mistake=names,
            at=["a1"],
        )
    for name in ("tanh", "sigmoid", "relu"):
        net, bias = bent(name), np.array(bent(name).layers[0][1])

        def late(layer: int, known: str, z: Any, bias: Any = bias) -> Any:
            return ACTIVATIONS[known](z - bias) + bias if layer == 1 else ACTIVATIONS[known](z)

        yield from some(
            f"mlp/late-bias-{name}",
            "The bias is added after the activation.",
            net.problem("y_hat", "loss"),
            forward(net),
            forward(net, activate=late),
            write=["a1", "z2", "y_hat", "loss"],
            by=to(5),
            mistake=["brackets"],
            at=["a1"],
        )
    net = PROBABLE._replace(target=[1])
    for key, loss, names in (
        ("one-label", lambda a, y: -np.log(a[0]), ("dropped-factor", "swapped-operands", "dropped-term")),
        ("other-label", lambda a, y: -np.log(1 - a[0]), ("swapped-operands", "dropped-factor")),
    ):
        for each in (PROBABLE, net):
            yield from some(
                f"mlp/binary-{key}-{each.target[0]}",
                "The logarithm of the other label's probability.",
                each.problem("y_hat", "loss"),
                forward(each),
                forward(each, loss=loss),
                write=["z2", "y_hat", "loss"],
                by=to(5),
                mistake=names,
                at=["loss"],
            )
    for key, net in (("square", bent("relu")), ("rows", ROWS)):
        size = list(np.shape(net.layers[0][0]))
        yield from some(
            f"mlp/shape-turned-{key}",
            "The shape of W is written the other way round.",
            net.problem("W1.shape", "y_hat"),
            {"W1.shape": size, **forward(net)},
            {"W1.shape": size[::-1], **forward(net)},
            write=["W1.shape", "y_hat"],
            by=to(4),
            mistake=["rows-for-columns", "transpose"],
            at=["W1.shape"],
        )


def counts() -> Iterator[Case]:
    """Numbers of parameters, and what goes on with them."""
    for number, net in enumerate((bent("relu"), THREE, MANY, VALUES), 1):
        weights = [np.shape(W) for W, _, _ in net.layers]
        truth: Values = Values()
        for layer, (units, inputs) in enumerate(weights, 1):
            truth |= {f"W{layer}.params": units * inputs, f"b{layer}.params": units}
        total = sum(truth.values())
        truth["total_params"] = total
        first, out = weights
        added = {"W1.params": sum(first), "W2.params": sum(out)}
        single = {"b1.params": 1, "b2.params": 1}
        wrong: list[tuple[str, str, dict[str, int], list[str]]] = [
            ("added", "Rows and columns are added.", added, ["other-operation"]),
            ("one-bias", "One bias a layer.", single, ["dropped-factor", "other-quantity"]),
        ]
        for key, why, parts, names in wrong if net is not VALUES else wrong[1:]:
            counted = truth | parts
            own = counted | {"total_params": sum(counted[each] for each in truth if each != "total_params")}
            shown = [*parts, "total_params"]
            yield from some(
                f"mlp/count-{key}-{number}",
                why,
                net.problem("total_params"),
                truth,
                own,
                write=shown,
                by=to(6),
                mistake=names,
                at=[f"{next(iter(parts))}"],
                again=[list(parts)[1]],
            )
        for key, why, value, names in (
            ("one-bias", "One bias a layer.", own["total_params"], ["dropped-factor", "other-quantity"]),
            ("first-layer", "The first layer alone.", first[0] * first[1] + first[0], ["dropped-term"]),
            ("biases-of-2", "The second layer's biases are left out.", total - out[0], ["dropped-term"]),
        ):
            yield from some(
                f"mlp/total-{key}-{number}",
                why,
                net.problem("total_params"),
                truth,
                truth | {"total_params": value},
                write=["total_params"],
                by=to(6),
                mistake=names,
                at=["total_params"],
            )


def networks() -> Iterator[Case]:
    """Each mistake with everything written down, and with no more than the output."""
    for mistake in MISTAKES:
        for number, net in enumerate(mistake.nets, 1):
            keep, by = (decimals(4), at_places(4)) if number == 2 else (same, to((6, 4, 5)[number % 3]))
            truth, own = forward(net), forward(net, keep, **mistake.parts)
            near = forward(net, significantly(4), **mistake.parts)
            shown = [name for name in own if name != "loss" or np.isfinite(own["loss"])]
            shown = [name for name in shown if mistake.key != "not-normalised" or name != "loss"]
            shown = [name for name in shown if mistake.key != "no-exponential" or name != "loss"]
            shown = [name for name in shown if mistake.key != "no-relu" or number != 3 or name != "a1"]
            at = mistake.at or (mistake.where,)
            asked = "loss" if "loss" in shown and number % 2 else "y_hat"
            yield from some(
                f"mlp/{mistake.key}-{number}-working",
                f"{mistake.why} Everything is written down.",
                net.problem(*dict.fromkeys(("y_hat", asked))),
                truth,
                own,
                write=shown,
                by=by,
                mistake=mistake.names,
                at=at,
                again=mistake.again,
                near=near,
                unsure=mistake.unsure,
            )
            if number > 1 or np.size(own["y_hat"]) < 2:
                continue
            yield from some(
                f"mlp/{mistake.key}-{number}-end",
                f"{mistake.why} Only the output is written down.",
                net.problem("y_hat"),
                truth,
                own,
                write=["y_hat"],
                by=to(5),
                mistake=mistake.names,
                at=at,
                unsure=mistake.unsure,
            )
    for key, why, loss, names, nets in SCORED:
        for number, net in enumerate(nets, 1):
            truth, own = forward(net), forward(net, loss=loss)
            yield from some(
                f"mlp/loss-{key}-{number}",
                why,
                net.problem("y_hat", "loss"),
                truth,
                own,
                write=["z2", "y_hat", "loss"],
                by=to(5),
                mistake=names,
                at=["loss", "losses"],
            )
    for number, net in enumerate((CLASSES, UNLIKE, THREE, MANY), 1):
        truth, b1 = forward(net), np.array(net.layers[0][1])
        own = forward(net, affine=in_layer(2, lambda a, W, b, b1=b1: a @ W.T + b1))
        yield from some(
            f"mlp/b1-for-b2-{number}",
            "The second layer adds the bias of the first.",
            net.problem("y_hat"),
            truth,
            own,
            write=["z1", "a1", "z2", "y_hat"],
            by=to(5),
            mistake=["other-quantity"],
            at=["z2"],
        )


# ---------------------------------------------------------------- softmax and cross-entropy


class Scores(NamedTuple):
    """Logits, or x, W and b that make them."""

    logits: list[Any]
    target: Any
    temperature: float = 1
    log: Any = "e"

    def problem(self, *ask: str) -> dict[str, Any]:
        given: dict[str, Any] = {"logits": self.logits, "target": self.target}
        given |= {"temperature": self.temperature} if self.temperature != 1 else {}
        given |= {"log": self.log} if self.log != "e" else {}
        return {"kind": "softmax-ce", "given": given, "ask": list(ask), "points": 2}


def scored(data: Scores, keep: Keep = same, **parts: Callable[..., Any]) -> Values:
    """p, loss and gradient; `parts` are the steps that the student does in another way."""
    z, T = np.array(data.logits, float), data.temperature
    y = np.eye(z.shape[-1])[data.target] if isinstance(np.array(data.target).flat[0], np.integer) else None
    y = np.array(data.target, float) if y is None or np.shape(data.target) == z.shape else y
    n = len(z) if z.ndim == 2 else 1
    base = {"e": 1.0, 2: np.log(2), 10: np.log(10)}[data.log]
    right: Parts = {
        "p": lambda z, T: softmax(z / T),
        "loss": lambda p, y, n: -np.sum(y * np.log(p)) / base / n,
        "grad": lambda p, y, n, T: (p - y) / n / T / base,
    }
    do, found = right | parts, Values()
    p = found["p"] = keep(do["p"](z, T))
    with np.errstate(all="ignore"):
        found["loss"] = keep(float(do["loss"](p, y, n)))
    found["grad"] = keep(do["grad"](p, y, n, T))
    return found


CAT = Scores([3.2, 5.1, -1.7], 0)
FOUR = Scores([0.5, -1.2, 2.1, 0.3], 1)
TWO = Scores([1.3, -0.4], 0)
WARM = Scores([2.0, 1.0, 0.1], 2, temperature=2.5)
COLD = Scores([0.4, 0.9, -0.2], 1, temperature=0.4)
BATCH = Scores([[1, 2, -0.5], [0.3, -1, 1.5]], [1, 2])
BATCH4 = Scores([[0.2, 1.1], [-0.7, 0.4], [1.5, -0.3], [0.6, 0.8]], [0, 1, 0, 1])
SQUARED = Scores([[1, 2, -0.5], [0.3, -1, 1.5], [0.8, 0.1, -0.6]], [1, 2, 0])
SOFT = Scores([1.0, -0.5, 0.8], [0.2, 0.3, 0.5])
SMOOTH = Scores([0.9, -0.3, 1.6, 0.2], [0.04, 0.04, 0.88, 0.04])
BITS = Scores([1.5, 0.2, -0.9], 1, log=2)

Wrong = tuple[str, str, Parts, str, tuple[str, ...], tuple[Scores, ...]]
SOFTMAX: list[Wrong] = [
    (
        "log10",
        "Logarithm to the base 10.",
        {"loss": lambda p, y, n: -np.sum(y * np.log10(p)) / n},
        "loss",
        ("other-function",),
        (CAT, BATCH, SOFT),
    ),
    (
        "log2",
        "Logarithm to the base 2.",
        {"loss": lambda p, y, n: -np.sum(y * np.log2(p)) / n},
        "loss",
        ("other-function",),
        (FOUR, BATCH4),
    ),
    (
        "ln",
        "Bits are asked, the logarithm is natural.",
        {"loss": lambda p, y, n: -np.sum(y * np.log(p)) / n},
        "loss",
        ("other-function", "dropped-factor"),
        (BITS,),
    ),
    (
        "minus",
        "The minus of the loss is lost.",
        {"loss": lambda p, y, n: np.sum(y * np.log(p)) / n},
        "loss",
        ("sign",),
        (CAT, BATCH, WARM),
    ),
    (
        "no-log",
        "−p for −ln p.",
        {"loss": lambda p, y, n: -np.sum(y * p) / n},
        "loss",
        ("function-forgotten",),
        (CAT, BATCH),
    ),
    (
        "next-class",
        "The classes are counted from 1.",
        {"loss": lambda p, y, n: -np.sum(np.roll(y, -1) * np.log(p)) / n},
        "loss",
        ("wrong-index", "off-by-one"),
        (TWO, FOUR),
    ),
    (
        "summed",
        "The loss of the rows is added, not averaged.",
        {"loss": lambda p, y, n: -np.sum(y * np.log(p))},
        "loss",
        ("dropped-factor", "other-function"),
        (BATCH, BATCH4),
    ),
    (
        "classes-averaged",
        "The loss is divided by the number of classes.",
        {"loss": lambda p, y, n: -np.sum(y * np.log(p)) / y.shape[-1]},
        "loss",
        ("extra-factor", "other-function"),
        (FOUR, CAT),
    ),
    (
        "y-minus-p",
        "The gradient as y − p.",
        {"grad": lambda p, y, n, T: (y - p) / n / T},
        "grad",
        ("sign", "swapped-operands"),
        (CAT, BATCH, WARM),
    ),
    (
        "p-alone",
        "The gradient is p: y is forgotten.",
        {"grad": lambda p, y, n, T: p / n / T},
        "grad",
        ("dropped-term", "other-quantity"),
        (CAT, BATCH),
    ),
    (
        "gradient-summed",
        "The gradient of the mean is not divided by n.",
        {"grad": lambda p, y, n, T: (p - y) / T},
        "grad",
        ("dropped-factor", "other-function"),
        (BATCH, BATCH4),
    ),
    (
        "gradient-of-the-next",
        "The 1 is subtracted at the wrong class.",
        {"grad": lambda p, y, n, T: (p - np.roll(y, 1, axis=-1)) / n / T},
        "grad",
        ("wrong-index", "off-by-one"),
        (CAT, FOUR),
    ),
    (
        "gradient-without-T",
        "The gradient forgets 1/T.",
        {"grad": lambda p, y, n, T: (p - y) / n},
        "grad",
        ("dropped-factor",),
        (WARM, COLD),
    ),
    (
        "T-forgotten",
        "The temperature is forgotten.",
        {"p": lambda z, T: softmax(z)},
        "p",
        ("dropped-factor",),
        (WARM, COLD),
    ),
    (
        "T-multiplied",
        "Multiplied by the temperature instead of divided.",
        {"p": lambda z, T: softmax(z * T)},
        "p",
        ("other-operation",),
        (WARM, COLD),
    ),
    (
        "columns",
        "The softmax runs down the columns.",
        {"p": lambda z, T: softmax((z / T).T).T},
        "p",
        ("other-axis",),
        (BATCH, BATCH4, SQUARED),
    ),
    (
        "no-exponential",
        "z/∑z for the softmax.",
        {"p": lambda z, T: z / T / np.sum(z / T)},
        "p",
        ("function-forgotten", "other-quantity"),
        (Scores([2.0, 1.0, 0.1], 0), Scores([1.5, 0.4, 2.2, 0.7], 3)),
    ),
    (
        "not-normalised",
        "The powers are not divided by their sum.",
        {"p": lambda z, T: np.exp(z / T)},
        "p",
        ("function-forgotten", "dropped-factor", "other-quantity"),
        (FOUR, SOFT),
    ),
    (
        "powers-of-two",
        "2^z for e^z.",
        {"p": lambda z, T: 2 ** (z / T) / np.sum(2 ** (z / T))},
        "p",
        ("other-function",),
        (CAT, TWO),
    ),
    (
        "sigmoids",
        "A sigmoid of each.",
        {"p": lambda z, T: sigmoid(z / T)},
        "p",
        ("other-function",),
        (FOUR, SOFT),
    ),
    ("down", "e^−z for e^z.", {"p": lambda z, T: softmax(-z / T)}, "p", ("sign",), (CAT, SOFT)),
    (
        "odds",
        "The own power is left out of the sum.",
        {"p": lambda z, T: softmax(z / T) / (1 - softmax(z / T))},
        "p",
        ("dropped-term",),
        (FOUR, SOFT),
    ),
    (
        "counted",
        "The powers are divided by their number.",
        {"p": lambda z, T: np.exp(z / T) / z.shape[-1]},
        "p",
        ("other-quantity", "dropped-factor"),
        (FOUR,),
    ),
    (
        "shifted-above",
        "The largest score is subtracted above the fraction line alone.",
        {"p": lambda z, T: softmax(z / T) * np.exp(-np.max(z / T))},
        "p",
        ("dropped-term",),
        (CAT, SOFT),
    ),
    (
        "divided-by-T",
        "The probabilities are divided by the temperature.",
        {"p": lambda z, T: softmax(z) / T},
        "p",
        ("brackets", "other-operation"),
        (WARM, COLD),
    ),
    (
        "T-above",
        "The temperature divides above the fraction line alone.",
        {"p": lambda z, T: np.exp(z / T) / np.exp(z).sum()},
        "p",
        ("dropped-factor",),
        (WARM, COLD),
    ),
    (
        "one-minus",
        "1 − p for −ln p.",
        {"loss": lambda p, y, n: 1 - np.sum(y * p)},
        "loss",
        ("other-function",),
        (CAT, FOUR, COLD),
    ),
    (
        "missed",
        "−ln(1 − p) for −ln p.",
        {"loss": lambda p, y, n: -np.sum(y * np.log(1 - p))},
        "loss",
        ("other-quantity",),
        (FOUR, WARM),
    ),
    (
        "binary",
        "The binary cross-entropy over the classes.",
        {"loss": lambda p, y, n: -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))},
        "loss",
        ("extra-term", "other-function"),
        (CAT, SOFT),
    ),
    (
        "binary-mean",
        "The mean of the binary cross-entropies of the classes.",
        {"loss": lambda p, y, n: -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))},
        "loss",
        ("extra-term", "other-function"),
        (FOUR,),
    ),
    (
        "softmax-again",
        "The softmax once more before the logarithm.",
        {"loss": lambda p, y, n: -np.sum(y * np.log(softmax(p)))},
        "loss",
        ("repeated-factor", "extra-factor"),
        (CAT, SOFT),
    ),
    (
        "squares",
        "The squared error for the cross-entropy.",
        {"loss": lambda p, y, n: np.sum((p - y) ** 2)},
        "loss",
        ("other-function",),
        (CAT, FOUR),
    ),
    (
        "arguments-swapped",
        "−∑ p ln y for −∑ y ln p.",
        {"loss": lambda p, y, n: -np.sum(p * np.log(y))},
        "loss",
        ("swapped-operands",),
        (SOFT, SMOOTH),
    ),
    (
        "divergence",
        "∑ y ln(y/p) for the cross-entropy.",
        {"loss": lambda p, y, n: np.sum(y * np.log(y / p))},
        "loss",
        ("extra-term",),
        (SMOOTH,),
    ),
    (
        "hard-loss",
        "A smoothed target taken for a class.",
        {"loss": lambda p, y, n: -np.log(p[np.argmax(y)])},
        "loss",
        ("other-quantity", "dropped-term"),
        (SOFT, SMOOTH),
    ),
    (
        "hard-gradient",
        "A smoothed target taken for a class in the gradient.",
        {"grad": lambda p, y, n, T: p - np.eye(len(y))[np.argmax(y)]},
        "grad",
        ("other-quantity", "dropped-term"),
        (SOFT, SMOOTH),
    ),
    (
        "log-sum",
        "The score of the class is not subtracted.",
        {"loss": lambda p, y, n: np.log(np.sum(np.exp([1.5, 0.4, 2.2, 0.7])))},
        "loss",
        ("dropped-term",),
        (Scores([1.5, 0.4, 2.2, 0.7], 3),),
    ),
    (
        "log-of-mean",
        "The logarithm of the mean probability.",
        {"loss": lambda p, y, n: -np.log(np.mean(np.sum(y * p, axis=-1)))},
        "loss",
        ("swapped-operands", "brackets"),
        (SQUARED, BATCH4),
    ),
    (
        "entries-averaged",
        "The mean over samples and classes.",
        {"loss": lambda p, y, n: -np.sum(y * np.log(p)) / y.size},
        "loss",
        ("extra-factor",),
        (BATCH, BATCH4),
    ),
    (
        "largest",
        "The logarithm of the largest probability.",
        {"loss": lambda p, y, n: -np.log(np.max(p))},
        "loss",
        ("other-quantity", "wrong-index"),
        (Scores([0.5, -1.2, 2.3, 1.1], 0), Scores([2.5, -1.2, 0.3, 1.1], 3)),
    ),
    (
        "divergence-with-a-nought",
        "∑ y ln(y/p), one share being 0.",
        {"loss": lambda p, y, n: np.sum(y[y > 0] * np.log(y[y > 0] / p[y > 0]))},
        "loss",
        ("extra-term",),
        (Scores([1.2, 0.4, -0.6, 0.9], [0.7, 0.2, 0.1, 0]), Scores([0.3, 1.4, -0.6], [0.35, 0, 0.65])),
    ),
    (
        "hinge",
        "The hinge loss of several classes.",
        {"loss": lambda p, y, n: np.sum((1 - y) * np.maximum(0, np.log(p) - np.sum(y * np.log(p)) + 1))},
        "loss",
        ("other-function",),
        (Scores([3.2, 5.1, -1.7], 0), FOUR),
    ),
    (
        "ln-for-bits",
        "ln for the logarithm to the base 2.",
        {"loss": lambda p, y, n: -np.sum(y * np.log(p))},
        "loss",
        ("other-function", "dropped-factor"),
        (BITS,),
    ),
    (
        "whole-matrix",
        "The powers are divided by the sum of the whole matrix.",
        {"p": lambda z, T: np.exp(z / T) / np.exp(z / T).sum()},
        "p",
        ("other-axis",),
        (BATCH, BATCH4),
    ),
    (
        "slope",
        "p(1 − p) for p − y.",
        {"grad": lambda p, y, n, T: p * (1 - p) / T},
        "grad",
        ("other-quantity", "other-function"),
        (CAT, FOUR, WARM),
    ),
    (
        "stopped",
        "−y/p, the derivative by the probabilities.",
        {"grad": lambda p, y, n, T: -y / p},
        "grad",
        ("dropped-factor", "other-quantity"),
        (CAT, SMOOTH),
    ),
    (
        "target-only",
        "Only the target's entry.",
        {"grad": lambda p, y, n, T: y * (p - 1)},
        "grad",
        ("dropped-term", "extra-factor", "other-quantity"),
        (CAT, SMOOTH),
    ),
    (
        "ones",
        "1 subtracted from every entry.",
        {"grad": lambda p, y, n, T: (p - 1) / n / T},
        "grad",
        ("other-quantity", "dropped-factor"),
        (FOUR, BATCH, WARM),
    ),
    (
        "of-the-probability",
        "The derivative of the true class's probability.",
        {"grad": lambda p, y, n, T: np.sum(y * p) * (y - p)},
        "grad",
        ("function-forgotten",),
        (CAT, FOUR),
    ),
    (
        "times-T",
        "The gradient multiplied by the temperature.",
        {"grad": lambda p, y, n, T: (p - y) * T},
        "grad",
        ("other-operation", "swapped-operands"),
        (WARM, COLD),
    ),
    (
        "by-classes",
        "The gradient divided by the number of classes instead of samples.",
        {"grad": lambda p, y, n, T: (p - y) / y.shape[-1]},
        "grad",
        ("other-quantity", "extra-factor"),
        (BATCH, BATCH4),
    ),
    (
        "base-forgotten",
        "The gradient of the loss in bits without 1/ln 2.",
        {"grad": lambda p, y, n, T: p - y},
        "grad",
        ("dropped-factor", "other-function"),
        (BITS,),
    ),
]


def softmaxes() -> Iterator[Case]:
    """Each mistake with p, loss and gradient, or with the one value that shows it."""
    places = {"p": ["p", "z", "m", "u", "S"], "loss": ["loss", "losses", "log_p"], "grad": ["grad"]}
    for i, (key, why, parts, where, names, sets) in enumerate(SOFTMAX):
        for number, data in enumerate(sets, 1):
            truth, own = scored(data), scored(data, **parts)
            near = scored(data, significantly(4), **parts)
            strange = key in ("no-exponential", "not-normalised", "sigmoids")
            write = ["p", "grad"] if strange else ["p", "loss", "grad"]
            if data is BITS and where == "loss":  # the base matters to the gradient too; see the notes
                write = ["p", "loss"]
            if number == 2 and where != "p":
                write = [where]
            by = at_places(4) if (i + number) % 3 == 0 else to(4 + (i + number) % 3)
            by = to(5) if where == "loss" else by
            yield from some(
                f"softmax/{key}-{number}",
                why,
                data.problem(*(name for name in write if name != "p" or where == "p")),
                truth,
                own,
                write=write,
                by=by,
                mistake=names,
                at=places[where],
                near=near,
            )
    yield from linear()
    yield from logarithms()
    yield from jacobians()
    yield from unexplained()


def logarithms() -> Iterator[Case]:
    """ln p as z − ∑ e^z."""
    for number, data in enumerate((CAT, FOUR), 1):
        z = np.array(data.logits)
        logs = {"log_p": z - np.exp(z).sum()}
        logs["loss"] = -logs["log_p"][data.target]
        yield from some(
            f"softmax/no-log-of-the-sum-{number}",
            "The logarithm of the sum is forgotten.",
            data.problem("loss"),
            scored(data) | {"log_p": np.log(softmax(z))},
            logs,
            by=to(5),
            mistake=["function-forgotten"],
            at=["log_p"],
        )


JACOBIANS: list[tuple[str, str, tuple[str, ...], Callable[[Any], Any]]] = [
    ("plus", "+pᵢ pⱼ beside the diagonal.", ("sign",), lambda p: np.outer(p, p) + np.diag(p - 2 * p * p)),
    (
        "whole",
        "p on the diagonal.",
        ("dropped-term", "dropped-factor"),
        lambda p: np.diag(p + p * p) - np.outer(p, p),
    ),
    ("diagonal", "The diagonal alone.", ("dropped-term", "other-operation"), lambda p: np.diag(p - p * p)),
]


def jacobians() -> Iterator[Case]:
    """The Jacobian of the softmax."""
    for key, why, names, wrong in JACOBIANS:
        for number, data in enumerate((CAT, SOFT), 1):
            p = softmax(np.array(data.logits))
            yield from some(
                f"softmax/jacobian-{key}-{number}",
                why,
                data.problem("p", "jacobian"),
                {"p": p, "jacobian": np.diag(p) - np.outer(p, p)},
                {"p": p, "jacobian": wrong(p)},
                by=at_places(4),
                mistake=names,
                at=["jacobian"],
            )


def unexplained() -> Iterator[Case]:
    """Wrong numbers beside what mistakes would give: nothing is to be named."""
    for number, (data, off) in enumerate(((CAT, 1.04), (FOUR, 0.93), (SOFT, 1.07), (SMOOTH, 0.95)), 1):
        truth = scored(data)
        p, y = truth["p"], truth["p"] - truth["grad"]
        near: list[tuple[str, Any]] = [
            ("loss", off * (1 - np.sum(y * p))),
            ("loss", off * np.sum((p - y) ** 2)),
            ("grad", off * p * (1 - p) + np.linspace(0.01, 0.05, len(p))),
            ("grad", (p - 1) * np.linspace(off, 1.1, len(p))),
        ]
        for each, (name, value) in enumerate(near, 1):
            yield from some(
                f"softmax/unexplained-{number}-{each}",
                "A wrong number that no mistake gives.",
                data.problem("p", name),
                truth,
                truth | {name: value},
                write=["p", name],
                by=to(4),
                slips=[name],
            )
    for number, name in enumerate(("tanh", "elu", "softplus", "sigmoid"), 1):
        net = bent(name)
        truth = forward(net)
        own = truth | {"a1": truth["a1"] * np.array([0.9, 1.07, 0.85, 1.12])}
        yield from some(
            f"mlp/unexplained-{number}",
            "Wrong activations that no mistake gives.",
            net.problem("a1"),
            truth,
            own,
            write=["z1", "a1"],
            by=at_places(4),
            slips=["a1"],
        )


LINEAR: list[tuple[str, str, str, tuple[str, ...], Callable[..., Any]]] = [
    ("bias", "z = W x: the bias is left out.", "z", ("dropped-term",), lambda W, x, b, g: W @ x),
    ("bias-minus", "z = W x − b.", "z", ("sign", "other-operation"), lambda W, x, b, g: W @ x - b),
    ("transposed", "z = Wᵀx + b; W is square.", "z", ("transpose",), lambda W, x, b, g: W.T @ x + b),
    (
        "outer-turned",
        "dL/dW as x gᵀ.",
        "dL/dW",
        ("transpose", "swapped-operands", "rows-for-columns"),
        lambda W, x, b, g: np.outer(x, g),
    ),
    ("W-not-turned", "dL/dx = W g for Wᵀg.", "dL/dx", ("transpose",), lambda W, x, b, g: W @ g),
]


def linear() -> Iterator[Case]:
    """Softmax of a linear map, with its gradients."""
    sets = [
        ([[0.5, -1.0, 0.3], [0.2, 0.8, -0.6], [-0.4, 0.1, 0.9]], [1.0, -0.5, 2.0], [0.1, -0.2, 0.4], 1),
        ([[1.2, -0.7], [0.4, 0.9]], [0.6, -1.1], [-0.3, 0.5], 0),
    ]
    for key, why, where, names, part in LINEAR:
        for number, (weights, inputs, bias, target) in enumerate(sets, 1):
            W, x, b = np.array(weights), np.array(inputs), np.array(bias)

            def run(
                wrong: str, W: Any = W, x: Any = x, b: Any = b, k: int = target, do: Any = part
            ) -> Values:
                z = do(W, x, b, None) if wrong == "z" else W @ x + b
                p = softmax(z)
                g = p - np.eye(len(b))[k]
                return {
                    "z": z,
                    "p": p,
                    "loss": -float(np.log(p[k])),
                    "grad": g,
                    "dL/dW": do(W, x, b, g) if wrong == "dL/dW" else np.outer(g, x),
                    "dL/dx": do(W, x, b, g) if wrong == "dL/dx" else W.T @ g,
                }

            given = {"x": inputs, "W": weights, "b": bias, "target": target}
            ask = ["loss", "grad"] if where == "z" else [where]
            problem = {"kind": "softmax-ce", "given": given, "ask": ask, "points": 4}
            write = ["z", "p", "loss", "grad"] if where == "z" else ["p", "grad", where]
            yield from some(
                f"softmax/linear-{key}-{number}",
                why,
                problem,
                run(""),
                run(where),
                write=write,
                by=to(4),
                mistake=names,
                at=[where],
            )


def all_cases() -> Iterator[Case]:
    yield from networks()
    yield from counts()
    yield from activations()
    yield from softmaxes()
