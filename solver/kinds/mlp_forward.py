"""A multilayer perceptron, forwards.

What it solves
    The output of a fully connected network, layer by layer; the number of its parameters; the class it
    predicts; its loss when there is a target.

Method
    Layer l computes its pre-activations from what the layer before gives out, a₀ = x, and applies its activation:

        zₗ = Wₗ aₗ₋₁ + bₗ  (or aₗ₋₁ Wₗ + bₗ, for W of inputs × outputs)      aₗ = φ(zₗ)      ŷ = a of the last layer

    Several samples stand one a row: then zₗ = aₗ₋₁ Wₗᵀ + bₗ. Losses of a sample with k outputs:
    cross-entropy −∑ yᵢ ln ŷᵢ, binary cross-entropy −1/k ∑ [yᵢ ln ŷᵢ + (1 − yᵢ) ln(1 − ŷᵢ)], mse 1/k ‖ŷ − y‖²,
    half squared error ½ ‖ŷ − y‖², squared error ‖ŷ − y‖². Over samples: their mean, or sum.

    The class is that with the largest output after softmax or several sigmoids (of equal ones the first), and
    1 from 0.5 on for a single sigmoid; other outputs have none. A loss whose probability is too near 0 or 1 for
    a logarithm is computed from z.

Legend
    x input, W weights, b bias, z pre-activation, a activation, ŷ output, y target, L loss, k number of outputs.

Source
    Goodfellow, Bengio, Courville: Deep Learning, chapter 6; Bishop: Pattern Recognition and Machine Learning,
    5.1; GELU: Hendrycks and Gimpel 2016; ELU: Clevert, Unterthiner and Hochreiter 2015.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from solver.derivation import Board, Stopped, say
from solver.errors import SolverError, did_you_mean, quoted
from solver.expr import ops
from solver.expr.nodes import Expr, Function, Op, Sym, apply, replace, symbols
from solver.expr.ops import number
from solver.expr.values import Array, Value, gather
from solver.kinds import Kind, Mistake, taken
from solver.record import Record
from solver.spec.fields import (
    VECTOR_SCHEMA,
    Fault,
    Fields,
    Leaf,
    Matrix,
    VectorOrMatrix,
    choice,
    comma_hint,
    field,
    read_formula,
    scalar,
)
from solver.spec.numbers import read_array, read_number
from solver.spec.targets import TARGET, Target, beside, distributions, target_faults
from solver.spec.yaml import Node


class Activation(Record):
    """An activation: its name, or `formula`, and what it makes of z; `text` is the formula as typed."""

    name: str
    of: Callable[[Expr], Expr]
    text: str = ""
    key: str = ""
    """What tells it from others: two slopes are two activations."""


FUNCTIONS: dict[str, Callable[[Expr], Expr]] = {
    "identity": lambda z: z,
    "relu": ops.relu,
    "leaky-relu": lambda z: ops.leaky_relu(z, slope=Fraction(1, 100)),
    "elu": ops.elu,
    "gelu": ops.gelu,
    "softplus": ops.softplus,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "step": ops.step,
    "sign": ops.sign,
    "softmax": ops.softmax,
}
WHY = {
    "relu": "relu(z) = max(0, z): negative entries become 0.",
    "leaky-relu": "leaky-relu keeps positive entries and multiplies negative ones by the slope.",
    "elu": "elu(z) = z for z > 0, otherwise eᶻ − 1.",
    "gelu": "gelu(z) = z Φ(z), with the distribution function Φ of the standard normal.",
    "softplus": "softplus(z) = ln(1 + eᶻ).",
    "sigmoid": "σ(z) = 1/(1 + e⁻ᶻ).",
    "tanh": "tanh(z) = (eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ).",
    "step": "step(z) = 1 for z ≥ 0, otherwise 0.",
    "sign": "sign(z) is −1, 0 or 1.",
    "softmax": "softmax(z)ᵢ = e^zᵢ / ∑ⱼ e^zⱼ; the largest z is subtracted first, which changes nothing "
    "and keeps the powers small.",
    "formula": "The formula is applied to each entry.",
}
BETWEEN_0_AND_1 = ("sigmoid", "softmax", "formula")
LOSSES = ("cross-entropy", "binary-cross-entropy", "mse", "half-squared-error", "squared-error")


def read_activation(node: Node) -> Activation:
    """An activation by its name, `leaky-relu(0.1)`, or a formula in z."""
    leaf = scalar(node, "an activation")
    text = leaf.text.strip().lower().replace("_", "-")
    if not text:
        raise SolverError("an activation is missing here", leaf.span, "leave the field out for the identity")
    if text in FUNCTIONS:
        return Activation(text, FUNCTIONS[text], key=text)
    leaky = re.fullmatch(r"leaky-relu\(([^()]*)\)", text)
    if leaky and not leaky[1].strip():
        raise SolverError(
            f"the slope is missing in {quoted(leaf.text)}", leaf.span, "write `leaky-relu(0.1)`"
        )
    if leaky:
        slope = read_number(leaky[1], leaf)
        if not isinstance(slope, (int, Fraction)):
            raise SolverError(f"{quoted(leaky[1])} is no slope", leaf.span)
        return Activation("leaky-relu", lambda z: ops.leaky_relu(z, slope=slope), key=text)
    if re.fullmatch(r"[\w-]+", text) and text != "z":
        hint = did_you_mean(text, FUNCTIONS) or "activations: " + ", ".join(FUNCTIONS) + ", or a formula in z"
        raise SolverError(f"there is no activation {quoted(leaf.text)}", leaf.span, hint)
    formula = read_formula(leaf, {"z": Sym("z")}).expr
    if "z" not in symbols(formula):
        raise SolverError(f"the formula {quoted(leaf.text)} does not use z", leaf.span)
    return Activation("formula", lambda z: replace(formula, {"z": z}), leaf.text, text)


def read_form(node: Node) -> str:
    """`W x + b` or `x W + b`."""
    leaf = scalar(node, "`W x + b` or `x W + b`")
    form = {"Wx+b": "W x + b", "xW+b": "x W + b"}.get(re.sub(r"[\s*@]", "", leaf.text))
    if form is None:
        raise SolverError(
            f"{quoted(leaf.text)} is no form of a layer", leaf.span, "write `W x + b` or `x W + b`"
        )
    return form


ACTIVATION = Leaf(
    read_activation,
    {"type": "string", "examples": [*FUNCTIONS, "leaky-relu(0.1)", "1 if z == 0 else 0"]},
)
FORM = Leaf(read_form, {"type": "string", "enum": ["W x + b", "x W + b"]})


def read_bias(node: Node) -> Value:
    """A bias: a list, or the number of a single output."""
    bias = read_array(node, (0, 1))
    return bias if bias.shape else gather([bias.item()], (1,))


BIAS = Leaf(read_bias, VECTOR_SCHEMA)


class Layer(Fields):
    """One layer."""

    W: Matrix = field("the weights: outputs × inputs, or inputs × outputs with the form x W + b")
    b: Annotated[Value | None, BIAS] = field("the bias, one number an output; left out: none", None)
    activation: Annotated[Activation, ACTIVATION] = field(
        "identity, relu, leaky-relu, elu, gelu, softplus, sigmoid, tanh, step, sign, softmax, or a formula in z",
        Activation("identity", FUNCTIONS["identity"], key="identity"),
    )


class Given(Fields):
    """The data of a network."""

    x: VectorOrMatrix = field("the input: one sample, or one a row")
    layers: list[Layer] = field("the layers, in order: each with W, and b and activation as needed")
    form: Annotated[str, FORM] = field("`W x + b` (default) or `x W + b`", "W x + b")
    target: Annotated[Target | None, TARGET] = field(
        "a class index from 0, a one-hot or probability vector, or values; one a sample", None
    )
    loss: Annotated[str | None, choice(*LOSSES)] = field("the loss, required with a target", None)
    reduction: Annotated[str, choice("mean", "sum")] = field("over several samples (default mean)", "mean")

    @property
    def samples(self) -> int | None:
        """How many samples there are; None for one that is a vector."""
        return self.x.shape[0] if len(self.x.shape) == 2 else None

    @property
    def outputs(self) -> int:
        return self.layers[-1].W.shape[self._out]

    @property
    def _out(self) -> int:
        return 0 if self.form == "W x + b" else 1

    def faults(self) -> Iterator[Fault]:
        if not self.layers:
            yield Fault(("layers",), "the list is empty", "a network has one layer or more")
            return
        size, before = self.x.shape[-1], "`x`"
        fits = True
        for place, layer in enumerate(self.layers):
            name = f"W{place + 1}"
            outputs, inputs = layer.W.shape[self._out], layer.W.shape[1 - self._out]
            if inputs != size:
                other = "x W + b" if self._out == 0 else "W x + b"
                hint = f"with `form: {other}` it would fit" if outputs == size else _hint(self._out)
                message = f"{name} takes {inputs} inputs, but {before} has {size}"
                yield Fault(("layers", place, "W"), message, hint)
                fits = False
            if layer.b is not None and layer.b.size != outputs:
                message = f"{layer.b.size} biases for the {outputs} outputs of {name}"
                yield Fault(("layers", place, "b"), message, comma_hint(layer.b, outputs))
            size, before = outputs, f"layer {place + 1}"
        if fits:
            yield from self._target_faults()

    def _target_faults(self) -> Iterator[Fault]:
        if self.target is None:
            if self.loss is not None:
                yield Fault(("target",), "it is missing", "a loss compares the output with a target")
            return
        if self.loss is None:
            yield Fault(("loss",), "it is missing", f"with a target, write one of {', '.join(LOSSES)}")
            return
        last = self.layers[-1].activation.name
        if self.loss == "cross-entropy":
            if last != "softmax":
                hint = "put `activation: softmax` on the last layer"
                if last == "sigmoid":
                    hint += ", or use `binary-cross-entropy` with sigmoid"
                yield Fault(
                    ("loss",), f"cross-entropy needs softmax outputs, the last layer has {last}", hint
                )
            yield from target_faults(self.target, self.samples, self.outputs, "target")
            return
        if self.loss == "binary-cross-entropy" and last not in BETWEEN_0_AND_1:
            hint = "put `activation: sigmoid` on the last layer"
            yield Fault(
                ("loss",), f"binary-cross-entropy needs outputs between 0 and 1, not those of {last}", hint
            )
        if isinstance(self.target, tuple):
            if len(self.target) != self.samples or any(row.size != self.outputs for row in self.target):
                yield Fault(
                    ("target",), f"{self.outputs} values for each of {self.samples} samples are needed"
                )
        elif self.target.size != (self.samples or 1) * self.outputs:
            message = f"{self.target.size} values for {self.outputs} outputs"
            message += f" of {self.samples} samples" if self.samples else ""
            yield Fault(("target",), message)
        elif self.loss == "binary-cross-entropy":
            values = self.target.floats
            for place in np.argwhere((values < 0) | (values > 1))[:1]:
                path: tuple[str | int, ...] = ("target", *(int(index) for index in place))
                yield Fault(path, "the targets of binary-cross-entropy are between 0 and 1")

    @property
    def targets(self) -> Value | None:
        """The target in the shape of the output."""
        if self.target is None:
            return None
        if self.loss == "cross-entropy":
            return distributions(self.target, self.samples, self.outputs)
        shape = (self.samples, self.outputs) if self.samples else (self.outputs,)
        if isinstance(self.target, tuple):
            return gather([entry for row in self.target for entry in row.array.flat], shape)
        return Value(self.target.array.reshape(shape), self.target.domain)


def _hint(out: int) -> str:
    return f"W is {'outputs × inputs' if out == 0 else 'inputs × outputs'} in this form"


def solve(given: Given, board: Board) -> None:
    """Write the layers on the board, then the class, the loss, and the count of parameters."""
    board.derivation.rows = given.form == "x W + b" or given.samples is not None
    x = board.given("x", given.x)
    weights, biases = _put_layers(given, board)
    target = board.given("target", targets) if (targets := given.targets) is not None else None
    _method(given, board)
    a, z = forward(given, board, x, weights, biases)
    if target is not None:
        write_loss(given, board, a, z, target)
    _count(given, board)
    _check(given, board)


def _put_layers(given: Given, board: Board) -> tuple[list[Sym], list[Sym | None]]:
    weights, biases = [], []
    for place, layer in enumerate(given.layers, 1):
        weights.append(board.given(f"W{place}", layer.W))
        biases.append(board.given(f"b{place}", layer.b) if layer.b is not None else None)
    return weights, biases


def affine(given: Given, a: Expr, W: Expr, b: Expr | None) -> Expr:
    """The pre-activation of a layer in the form of the problem; several samples stand one a row."""
    if given.form == "x W + b":
        product = a @ W
    else:
        product = a @ W.T if given.samples else W @ a
    return product if b is None else product + b


PHI = Op("phi", lambda _, z: z, lambda z: z, Function("φ"))
"""Any activation, in a general formula."""


def _method(given: Given, board: Board) -> None:
    a, z = board.letter("a", given.x.shape), board.letter("z", given.x.shape)
    W, b = board.letter("W", (0, 0)), board.letter("b", (0,))
    has_bias = any(layer.b is not None for layer in given.layers)
    board.method(z, affine(given, a, W, b if has_bias else None))
    if len({layer.activation.key for layer in given.layers}) == 1:
        board.method(a, given.layers[0].activation.of(z), relation="←")
    else:
        board.method(a, apply(PHI, z), relation="←")


def forward(
    given: Given, board: Board, x: Expr, weights: Sequence[Expr], biases: Sequence[Expr | None]
) -> tuple[Expr, Expr]:
    """The layers; what comes out, and the last pre-activation."""
    a, z = x, x
    last = len(given.layers)
    for place, layer in enumerate(given.layers, 1):
        board.section(say("Layer {place}", place=place) if last > 1 else "The layer")
        z = board.let(
            f"z{place}",
            affine(given, a, weights[place - 1], biases[place - 1]),
            "The weighted sums of the inputs."
            if biases[place - 1] is None
            else ("The weighted sums of the inputs, plus the bias."),
        )
        name, also = (f"a{place}", ()) if place < last else ("y_hat", (f"a{place}",))
        activation = layer.activation
        title = {
            "identity": "No activation: the sums are passed on.",
            "softmax": "Softmax turns the scores into probabilities.",
        }.get(activation.name, "The activation, entry by entry.")
        try:
            a = board.let(name, activation.of(z), title, WHY.get(activation.name, ""), also=also)
        except Stopped as stopped:
            if not activation.text:
                raise
            message = f"{stopped.message} in the formula {quoted(activation.text)}"
            path = ("layers", place - 1, "activation")
            raise Stopped(stopped.name, message, "give z a value where it exists", path) from None
    _predict(given, board, a)
    return a, z


def _predict(given: Given, board: Board, a: Expr) -> None:
    last = given.layers[-1].activation.name
    if last not in ("softmax", "sigmoid"):
        return
    if last == "softmax" or given.outputs > 1:
        title = "The class with the largest output, counted from 0."
        board.let("predicted", ops.argmax(a), title, exactly=True)
    else:
        output = ops.row_sums(a) if given.samples else a[0]  # of one entry each
        half = number(Fraction(1, 2))
        board.let(
            "predicted", ops.indicator(ops.at_least(output, half)), "Class 1 from 0.5 on.", exactly=True
        )


def write_loss(given: Given, board: Board, a: Expr, z: Expr, y: Expr) -> Expr:
    """The loss of one sample, or of each sample and over all."""
    board.section("Loss")
    each = sample_loss(given, board, a, z, y)
    if not given.samples:
        return board.let("loss", each, LOSS_TITLES[str(given.loss)], LOSS_WHY.get(str(given.loss), ""))
    losses = board.let("losses", each, LOSS_TITLES[str(given.loss)], LOSS_WHY.get(str(given.loss), ""))
    total = ops.total(losses)
    if given.reduction == "mean" and given.samples > 1:
        return board.let("loss", number(1) / given.samples * total, "The mean over the samples.")
    return board.let("loss", total, say("The {reduction} over the samples.", reduction=given.reduction))


LOSS_TITLES = {
    "cross-entropy": "The cross-entropy of the output with the target.",
    "binary-cross-entropy": "The binary cross-entropy of the output with the target.",
    "mse": "The mean of the squared errors.",
    "half-squared-error": "Half the sum of the squared errors.",
    "squared-error": "The sum of the squared errors.",
}
LOSS_WHY = {
    "cross-entropy": "With a one-hot target only the true class counts: its probability should be 1, and −ln 1 = 0.",
}


def sample_loss(given: Given, board: Board, a: Expr, z: Expr, y: Expr) -> Expr:
    """The loss of one sample as a number, of several as a vector."""
    k = given.outputs
    sums_of = ops.row_sums if given.samples else ops.total
    if given.loss == "cross-entropy":
        if _saturated(board, a, y):  # ln 0 would be read off a probability that is only nearly 0
            return sums_of(-(y * ops.log_softmax(z)))
        return ops.cross_entropies(a, y) if given.samples else ops.cross_entropy(a, y)
    if given.loss == "binary-cross-entropy":
        sums = ops.binary_cross_entropies(a, y) if given.samples else ops.binary_cross_entropy(a, y)
        if given.layers[-1].activation.name == "sigmoid" and _saturated(board, a, y, both=True):
            sums = sums_of(ops.softplus(z) - y * z)
        return sums if k == 1 else number(1) / k * sums
    if given.samples:
        squares: Expr = ops.row_sums((a - y) ** 2)
    else:
        squares = ops.norm2(a - y)
    factor = {"mse": Fraction(1, k), "half-squared-error": Fraction(1, 2)}.get(str(given.loss), Fraction(1))
    return squares if factor == 1 else number(1) / factor.denominator * squares


NEAR = 1e-12
"""A sigmoid this near to 1 has lost digits of 1 − ŷ."""


def _saturated(board: Board, a: Expr, y: Expr, both: bool = False) -> bool:
    """Whether a logarithm of 0 would be taken."""
    output, target = board.value(a).array, board.value(y).array
    low = np.any((output == 0) & (target != 0))
    near = np.abs(board.value(1 - a).floats) < NEAR
    return bool(low or (both and np.any(near & (target != 1))))


def _count(given: Given, board: Board) -> None:
    board.section("Parameters")
    parts: list[Expr] = []
    for place, layer in enumerate(given.layers, 1):
        for name, value in ((f"W{place}", layer.W), (f"b{place}", layer.b)):
            if value is None:
                continue
            size = number(value.shape[0])
            for length in value.shape[1:]:
                size = size * length
            shape = ops.sizes(*value.shape)
            board.let(f"{name}.shape", shape, "The sizes of the array.", quiet=True, bare=True, exactly=True)
            board.let(
                f"{name}.params", size, "How many numbers they are.", quiet=True, bare=True, exactly=True
            )
            parts.append(size)
    board.let(
        "total_params",
        ops.terms(*parts),
        "Every weight and every bias counts.",
        exactly=True,
    )


def _check(given: Given, board: Board) -> None:
    every = all(layer.activation.name in NUMPY for layer in given.layers)
    what = "layers" if every else "pre-activations"
    board.check(f"{what} recomputed with numpy", lambda: _forward_error(given, board), 1e-9)
    if given.target is not None:
        board.check("loss recomputed with numpy", lambda: _loss_error(given, board), 1e-9)
    if given.layers[-1].activation.name == "softmax":
        board.check(
            "the outputs sum to 1", lambda: float(np.abs(board.floats("y_hat").sum(axis=-1) - 1).max()), 1e-12
        )


NUMPY: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "relu": lambda z: z * (z > 0),
    "softplus": lambda z: np.logaddexp(0, z),
    "sigmoid": lambda z: np.exp(-np.logaddexp(0, -z)),
    "tanh": np.tanh,
    "gelu": lambda z: z * np.vectorize(math.erfc)(-z / math.sqrt(2)) / 2,
    "step": lambda z: np.heaviside(z, 1),
    "sign": np.sign,
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "softmax": lambda z: np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True)),
}


def _forward_error(given: Given, board: Board) -> float:
    """Each layer once more, from its input on the board, entry by entry of the sum."""
    error, a = 0.0, given.x.floats
    last = len(given.layers)
    for place, layer in enumerate(given.layers, 1):
        subscripts = "...i,oi->...o" if given.form == "W x + b" else "...i,io->...o"
        z = np.einsum(subscripts, a, layer.W.floats)
        z = z + layer.b.floats if layer.b is not None else z
        stated = board.floats(f"z{place}")
        error = max(error, float(np.abs(z - stated).max() / max(1.0, np.abs(stated).max())))
        a = board.floats(f"a{place}" if place < last else "y_hat")
        name = layer.activation.name
        if name in NUMPY:
            error = max(error, float(np.abs(NUMPY[name](stated) - a).max() / max(1.0, np.abs(a).max())))
    return error


def _loss_error(given: Given, board: Board) -> float:
    """The loss once more; of softmax and sigmoid from the pre-activations, where nothing is near 0 or 1."""
    last = len(given.layers)
    y, a, z = (np.atleast_2d(board.floats(name)) for name in ("target", "y_hat", f"z{last}"))
    activation = given.layers[-1].activation.name
    with np.errstate(all="ignore"):
        if given.loss == "cross-entropy":
            each = -(np.where(y == 0, 0, y * (z - np.logaddexp.reduce(z, axis=1, keepdims=True)))).sum(axis=1)
        elif given.loss == "binary-cross-entropy" and activation == "sigmoid":
            each = (np.logaddexp(0, z) - y * z).mean(axis=1)
        elif given.loss == "binary-cross-entropy":
            logs = np.where(y == 0, 0, y * np.log(a)) + np.where(y == 1, 0, (1 - y) * np.log1p(-a))
            each = -logs.mean(axis=1)
        else:
            mean = {"mse": 1 / given.outputs, "half-squared-error": 1 / 2}.get(str(given.loss), 1.0)
            each = mean * ((a - y) ** 2).sum(axis=1)
    loss = each.mean() if given.reduction == "mean" else each.sum()
    stated = float(board.floats("loss"))
    return abs(stated - float(loss)) / max(1.0, abs(stated))


def mistakes(given: Given) -> Iterator[Mistake]:
    """Biases and activations forgotten or too many, another scale of the loss, another class."""

    def each(change: Callable[[Layer], dict[str, Any]], but_last: bool = False) -> list[Layer]:
        last = len(given.layers) - 1
        return [
            layer if but_last and place == last else layer.model_copy(update=change(layer))
            for place, layer in enumerate(given.layers)
        ]

    if any(layer.b is not None for layer in given.layers):
        says = "Every layer adds its bias."
        yield taken(given, "dropped-term", says, layers=each(lambda _: {"b": None}))
    if any(layer.activation.name != "identity" for layer in given.layers[:-1]):
        says = "The activation is applied to the sums of every hidden layer."
        plain = Activation("identity", FUNCTIONS["identity"], key="identity")
        yield taken(given, "function-forgotten", says, layers=each(lambda _: {"activation": plain}, True))
    hidden = given.layers[0].activation
    if given.layers[-1].activation.name == "identity" and hidden.name != "identity":
        says = "The last layer has no activation here."
        yield taken(
            given, "other-function", says, "extra-factor", layers=each(lambda _: {"activation": hidden})
        )
    squares = ("mse", "half-squared-error", "squared-error")
    if given.loss in squares:
        for other in squares:
            if other != given.loss:
                says = f"The loss is the {str(given.loss).replace('-', ' ')}: mind its factor."
                more = squares.index(other) > squares.index(given.loss)
                yield taken(given, "dropped-factor" if more else "extra-factor", says, loss=other)
    if given.samples not in (None, 1) and given.target is not None:
        other = "sum" if given.reduction == "mean" else "mean"
        name = "dropped-factor" if given.reduction == "mean" else "extra-factor"
        yield taken(given, name, f"The loss is the {given.reduction} over the samples.", reduction=other)
    if given.loss == "cross-entropy" and isinstance(given.target, Value) and not given.target.shape:
        for index in beside(given.target, given.outputs):
            yield taken(given, "wrong-index", "Classes count from 0 here.", "off-by-one", target=index)


def ask(given: Given) -> Sequence[str]:
    """The output, and the loss when there is a target."""
    return ["y_hat"] if given.target is None else ["y_hat", "loss"]


EXAMPLE = """\
kind: mlp-forward
title: A network with one hidden layer
given:
  x: [2, 3]
  layers:
    - {W: [[4, 3], [0, 4], [4, 2], [1, 2]], b: [0, 1, 3, 2], activation: relu}
    - {W: [[3, 1, 1, 0], [0, 3, 1, 1], [2, 0, 1, 4]], b: [0, 4, 3], activation: softmax}
  target: 2
  loss: cross-entropy
"""

kind = Kind(
    name="mlp-forward",
    title="Multilayer perceptron, forward pass",
    given=Given,
    solve=solve,
    ask=ask,
    letters={"loss": "L", "losses": "ℓ", "y_hat": "y_hat", "target": "y", "total_params": "parameters"},
    quantities={
        "W1.shape": "the shape of a layer's weights; likewise `b1.shape`, `W2.shape`, …",
        "W1.params": "how many numbers they are; likewise `b1.params`, …",
        "total_params": "the number of parameters of the network",
        "z1": "the pre-activations of layer 1; likewise `z2`, …",
        "a1": "the activations of layer 1; likewise `a2`, …",
        "y_hat": "the output, which is the last activation; asked",
        "predicted": "the class, after softmax or sigmoid",
        "losses": "the loss of each sample, for several",
        "loss": "the loss, with a target; asked",
    },
    example=EXAMPLE,
    docs=__doc__ or "",
    mistakes=mistakes,
    fixed=True,
)
