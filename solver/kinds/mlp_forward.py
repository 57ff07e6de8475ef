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
from functools import partial
from typing import Annotated, Any

import numpy as np

from solver.derivation import Board, Stopped, say
from solver.errors import SolverError, did_you_mean, quoted
from solver.expr import ops
from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.nodes import PRODUCT, Apply, Expr, Function, Infix, Op, Sym, apply, build, replace, symbols
from solver.expr.ops import broadcast, exp, number
from solver.expr.values import Array, Value, gather
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
        return self.layers[-1].W.shape[self.out]

    @property
    def out(self) -> int:
        return 0 if self.form == "W x + b" else 1

    def faults(self) -> Iterator[Fault]:
        if not self.layers:
            yield Fault(("layers",), "the list is empty", "a network has one layer or more")
            return
        size, before = self.x.shape[-1], "`x`"
        fits = True
        for place, layer in enumerate(self.layers):
            name = f"W{place + 1}"
            outputs, inputs = layer.W.shape[self.out], layer.W.shape[1 - self.out]
            if inputs != size:
                other = "x W + b" if self.out == 0 else "W x + b"
                hint = f"with `form: {other}` it would fit" if outputs == size else _hint(self.out)
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
        product = affine(given, a, weights[place - 1], None)
        z = board.let(
            f"z{place}",
            affine(given, a, weights[place - 1], biases[place - 1]),
            "The weighted sums of the inputs."
            if biases[place - 1] is None
            else ("The weighted sums of the inputs, plus the bias."),
            slips=partial(_slips_of_sums, product, biases[place - 1]),
        )
        name, also = (f"a{place}", ()) if place < last else ("y_hat", (f"a{place}",))
        activation = layer.activation
        title = {
            "identity": "No activation: the sums are passed on.",
            "softmax": "Softmax turns the scores into probabilities.",
        }.get(activation.name, "The activation, entry by entry.")
        try:
            a = board.let(
                name,
                activation.of(z),
                title,
                WHY.get(activation.name, ""),
                also=also,
                slips=partial(_slips_of_activation, given, place, z, product, biases[place - 1]),
            )
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
        board.let(
            "predicted", ops.argmax(a), title, exactly=True, slips=lambda: class_slips(a, board.value(a))
        )
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
    title, why = LOSS_TITLES[str(given.loss)], LOSS_WHY.get(str(given.loss), "")
    slips = partial(_slips_of_loss, given, a, y, each)
    if not given.samples:
        return board.let("loss", each, title, why, slips=slips)
    losses = board.let("losses", each, title, why, slips=slips)
    total = ops.total(losses)
    if given.reduction == "mean" and given.samples > 1:
        mean = number(1) / given.samples * total
        slips = partial(_slips_of_mean, given, losses, a, y)
        return board.let("loss", mean, "The mean over the samples.", slips=slips)
    over = say("The {reduction} over the samples.", reduction=given.reduction)
    if given.samples == 1:
        return board.let("loss", total, over)
    return board.let("loss", total, over, slips=partial(one_sample_slips, losses, given.samples))


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


TIMES = Op("times", lambda _, x, y: np.asarray(x * y), broadcast, Infix("·", PRODUCT), elementwise=True)
"""A product of sizes: what is written in its place is known here."""


def _count(given: Given, board: Board) -> None:
    board.section("Parameters")
    parts: list[Expr] = []
    counted: list[Expr] = []
    for place, layer in enumerate(given.layers, 1):
        for name, value in ((f"W{place}", layer.W), (f"b{place}", layer.b)):
            if value is None:
                continue
            size = number(value.shape[0])
            for length in value.shape[1:]:
                size = apply(TIMES, size, length)
            shape = board.let(
                f"{name}.shape",
                ops.sizes(*value.shape),
                "The sizes of the array.",
                quiet=True,
                bare=True,
                exactly=True,
                slips=partial(_slips_of_shape, given, value),
            )
            by_shape = shape[0] if len(value.shape) == 1 else apply(TIMES, shape[0], shape[1])
            count = board.let(
                f"{name}.params",
                size,
                "How many numbers they are.",
                quiet=True,
                bare=True,
                exactly=True,
                ways=partial(_only, by_shape),
                slips=partial(_slips_of_count, given, place, value),
            )
            parts.append(size)
            counted.append(count)
    board.let(
        "total_params",
        ops.terms(*parts),
        "Every weight and every bias counts.",
        exactly=True,
        ways=lambda: (ops.terms(*counted),),
        slips=partial(_slips_of_total, given),
    )


def _only(way: Expr) -> tuple[Expr, ...]:
    return (way,)


# What is written by mistake in the place of a step


def _slips_of_sums(product: Expr, bias: Expr | None) -> Iterator[Slip]:
    if bias is None:
        says = "You added a bias of 1: this layer has no bias."
        yield Slip("extra-term", product + 1, "one:sums", None, POSSIBLE, (), says)


def _slips_of_activation(
    given: Given, place: int, z: Expr, product: Expr, bias: Expr | None
) -> Iterator[Slip]:
    """Another function, or one of another form; the bias too late."""
    activation = given.layers[place - 1].activation
    name, of, why = activation.name, activation.of, WHY.get(activation.name, "")
    if name == "identity":
        says = "This layer has no activation: its sums are passed on."
        for other in ("relu", "sigmoid", "tanh", "softmax"):
            wrong = FUNCTIONS[other](z)
            yield Slip("other-function", wrong, f"{other}:identity", None, LIKELY, ("extra-factor",), says)
        return
    if bias is not None:
        says = "You added the bias after the activation: it belongs to the sums, before the activation."
        for wrong in (of(product) + bias, of(z) + bias):
            yield Slip("brackets", wrong, "late:bias", None, LIKELY, ("extra-term",), says)
    if name == "softmax":
        yield from softmax_slips(z, given.layers[place - 1].W.shape[given.out], given.samples is not None)
        return
    says = f"The activation is missing: you passed the sums on. {why}".strip()
    yield Slip("function-forgotten", z, "forgotten:activation", None, PLAIN, ("other-function",), says)
    if name == "formula":
        return
    own = of(z)
    for mistake, cost, what, form in FORMS.get(name, ()):
        says = f"You computed {what}. {why}"
        yield Slip(mistake, form(z), f"{what}:activation", None, cost, ("other-function",), says)
    if name == "leaky-relu" and isinstance(own, Apply):
        yield from _slips_of_slope(z, Fraction(dict(own.params)["slope"]))
    if name in TWICE:
        says = "You applied the activation twice: once is enough."
        cost = LIKELY if name in ("sigmoid", "tanh") else POSSIBLE
        yield Slip(
            "repeated-factor",
            of(own),
            "twice:activation",
            None,
            cost,
            ("extra-factor", "other-function"),
            says,
        )
    elsewhere = {layer.activation.name for layer in given.layers} - {name}
    for other, function in OTHERS.items():
        if other != name:
            cost = LIKELY if other in RELATED.get(name, ()) or other in elsewhere else POSSIBLE
            says = f"You took {CALLED.get(other, other)}. {why}"
            fact = {name, other} == {"step", "sign"}
            yield Slip("other-function", function(z), f"{other}:activation", None, cost, (), says, fact)


def _slips_of_slope(z: Expr, slope: Fraction) -> Iterator[Slip]:
    """The slope of a leaky relu: another one, at the other side, with another sign."""
    written = f"{float(slope):g}"
    for other in (Fraction(1, 100), Fraction(1, 10), Fraction(1, 5), Fraction(3, 10), Fraction(1, 1000)):
        if other != slope:
            says = f"You took the slope {float(other):g} for negative entries: here it is {written}."
            cost = LIKELY if other in (Fraction(1, 100), Fraction(1, 10)) else POSSIBLE
            wrong = ops.leaky_relu(z, slope=other)
            yield Slip("other-quantity", wrong, "slope:activation", None, cost, ("other-function",), says)
    says = f"The slope {written} is for the negative entries: the positive ones are kept."
    wrong = -ops.leaky_relu(-z, slope=slope)
    yield Slip("swapped-operands", wrong, "side:slope", None, POSSIBLE, ("other-function",), says)
    yield Slip("extra-factor", number(slope) * z, "both:slope", None, POSSIBLE, ("other-function",), says)
    says = f"Negative entries are multiplied by the slope {written}: they stay negative."
    wrong = ops.leaky_relu(z, slope=-slope)
    yield Slip("sign", wrong, "sign:slope", None, POSSIBLE, ("other-function",), says)
    says = f"Negative entries are multiplied by the slope {written}, not replaced by it."
    for wrong in (_cases(z, z, number(slope)), _cases(z, z, number(-slope))):
        yield Slip("dropped-factor", wrong, "alone:slope", None, POSSIBLE, ("other-function",), says)


def _cases(z: Expr, positive: Expr, otherwise: Expr) -> Expr:
    return ops.where(build("greater", z, 0), positive, 0 * z + otherwise)


Form = tuple[str, int, str, Callable[[Expr], Expr]]
FORMS: dict[str, list[Form]] = {
    "relu": [
        ("other-function", LIKELY, "|z|", ops.absolute),
        ("other-function", POSSIBLE, "min(0, z)", lambda z: ops.minimum(0, z)),
        ("sign", POSSIBLE, "relu(−z)", lambda z: ops.relu(-z)),
        ("other-function", POSSIBLE, "leaky-relu", lambda z: ops.leaky_relu(z, slope=Fraction(1, 10))),
    ],
    "elu": [
        ("dropped-term", LIKELY, "eᶻ for negative z", lambda z: _cases(z, z, exp(z))),
        ("sign", POSSIBLE, "1 − eᶻ for negative z", lambda z: _cases(z, z, 1 - exp(z))),
        ("sign", POSSIBLE, "e⁻ᶻ − 1 for negative z", lambda z: _cases(z, z, exp(-z) - 1)),
        ("other-function", POSSIBLE, "eᶻ − 1 for positive z too", lambda z: exp(z) - 1),
    ],
    "gelu": [
        ("dropped-factor", LIKELY, "Φ(z) alone", lambda z: build("erfc", -z / ops.sqrt(number(2))) / 2),
        ("other-function", POSSIBLE, "z σ(z)", lambda z: z * ops.sigmoid(z)),
    ],
    "softplus": [("function-forgotten", POSSIBLE, "1 + eᶻ without the logarithm", lambda z: 1 + exp(z))],
    "sigmoid": [
        (
            "extra-factor",
            POSSIBLE,
            "the derivative, σ(z)(1 − σ(z))",
            lambda z: ops.sigmoid(z) * (1 - ops.sigmoid(z)),
        ),
        ("sign", POSSIBLE, "1/(1 − e⁻ᶻ)", lambda z: 1 / (1 - exp(-z))),
        ("function-forgotten", POSSIBLE, "1 + e⁻ᶻ, without the 1 above it", lambda z: 1 + exp(-z)),
        ("sign", POSSIBLE, "eᶻ/(1 + e⁻ᶻ)", lambda z: exp(z) / (1 + exp(-z))),
        ("other-quantity", POSSIBLE, "1/(1 + e⁻¹) in each entry", lambda z: ops.sigmoid(0 * z + 1)),
    ],
    "tanh": [
        ("dropped-factor", LIKELY, "(eᶻ − e⁻ᶻ)/2", lambda z: (exp(z) - exp(-z)) / 2),
        (
            "dropped-factor",
            POSSIBLE,
            "2σ(z) − 1: with σ it is 2σ(2z) − 1",
            lambda z: 2 * ops.sigmoid(z) - 1,
        ),
        ("other-function", POSSIBLE, "the derivative, 1 − tanh² z", lambda z: 1 - ops.tanh(z) ** 2),
        ("dropped-factor", POSSIBLE, "eᶻ − e⁻ᶻ, with nothing below", lambda z: exp(z) - exp(-z)),
        ("dropped-term", POSSIBLE, "2σ(2z), without the − 1", lambda z: 2 * ops.sigmoid(2 * z)),
        ("swapped-operands", POSSIBLE, "one over tanh z", lambda z: 1 / ops.tanh(z)),
    ],
    "step": [
        ("other-function", PLAIN, "0 at z = 0", lambda z: ops.indicator(build("greater", z, 0))),
        ("sign", POSSIBLE, "1 for negative z", lambda z: 1 - ops.step(z)),
    ],
}
"""An activation written in a wrong form: the mistake, how simple it is, what was taken, and that of z."""

OTHERS = {
    each: FUNCTIONS[each]
    for each in ("relu", "leaky-relu", "elu", "gelu", "softplus", "sigmoid", "tanh", "step", "sign")
}
RELATED = {
    "relu": ("leaky-relu", "step", "softplus"),
    "leaky-relu": ("relu",),
    "elu": ("relu", "leaky-relu"),
    "gelu": ("relu", "sigmoid"),
    "softplus": ("relu", "sigmoid"),
    "sigmoid": ("step",),
    "tanh": ("sign",),
    "step": ("sign", "sigmoid"),
    "sign": ("step", "tanh"),
}
"""The functions that are easily taken for another."""

TWICE = ("sigmoid", "tanh", "gelu", "elu", "softplus", "leaky-relu")
"""Those that change what they have been applied to once."""

CALLED = {"sigmoid": "the sigmoid", "step": "the step 0 or 1", "sign": "the sign", "leaky-relu": "leaky-relu"}


def _slips_of_loss(given: Given, a: Expr, y: Expr, own: Expr) -> Iterator[Slip]:
    targets = given.targets
    if targets is None:
        return
    if given.loss == "cross-entropy":
        yield from entropy_slips(a, y, targets, own)
        return
    k, sums = given.outputs, ops.row_sums if given.samples else ops.total
    squares, error = sums((a - y) ** 2), a - y
    single = int(k == 1)
    if given.loss == "binary-cross-entropy":
        yield from _slips_of_binary(a, y, k, sums)
        return
    count, rule = {
        "mse": (k, "The mse is the mean of the squared errors: their sum divided by the number of outputs."),
        "half-squared-error": (2, "The loss is half the sum of the squared errors."),
        "squared-error": (1, "The loss is the sum of the squared errors, with no factor before it."),
    }[str(given.loss)]
    for other in (1, 2, k, 2 * k):
        if other != count:
            name, also = ("dropped-factor", ()) if other < count else ("extra-factor", ("repeated-factor",))
            cost = LIKELY if other == 2 * k else PLAIN
            says = rule
            if other == 2 * count:
                says = f"You halved{' as well' * (count > 1)}. {rule}"
                if given.loss == "half-squared-error" and k == 2:
                    says = f"You divided by the number of outputs as well. {rule}"
            yield Slip(name, _over(other, squares), "count:squares", None, cost, also, says)
    for other in dict.fromkeys((count, k, 1)):
        cost = LIKELY if other == count else POSSIBLE
        says = f"You took the root: that is another measure of the error. {rule}"
        wrong = ops.sqrt(_over(other, squares))
        if other > 1 or k > 1:  # of a single square, it is the error
            yield Slip("other-function", wrong, "root:squares", None, cost, ("extra-factor",), says)
        says = "You added the errors first: each error is squared by itself, then the squares are added."
        yield Slip("brackets", _over(other, sums(error) ** 2), "sum-first:squares", None, cost, (), says)
        says = "You squared output and target by themselves: it is the square of their difference, (ŷ − y)²."
        for wrong in (sums(a**2) - sums(y**2), sums(y**2) - sums(a**2)):
            yield Slip("brackets", _over(other, wrong), "each:squares", None, cost, (), says)
        says = "The errors are squared, not taken without their sign."
        if k == 1:
            says = "The square is missing: it is the square of the difference, (ŷ − y)²."
        wrong = _over(other, sums(ops.absolute(error)))
        names = ("function-forgotten", "extra-factor")
        yield Slip("other-function", wrong, "sizes:squares", None, cost - single, names, says)
        if k > 1:
            says = "The square is missing: each error is squared, so that none cancels another."
        for wrong in (sums(error), sums(y - a)):
            yield Slip(
                "function-forgotten", _over(other, wrong), "plain:squares", None, cost - single, (), says
            )
    if given.layers[-1].activation.name in ("sigmoid", "softmax"):
        says = f"You computed a cross-entropy. {rule}"
        for wrong in (sums(y * ops.log(a)), sums(y * ops.log(a) + (1 - y) * ops.log(1 - a))):
            for other in dict.fromkeys((1, k)):
                wrong = -_over(other, wrong)
                yield Slip("other-function", wrong, "entropy:squares", None, POSSIBLE, (), says)


def _slips_of_binary(a: Expr, y: Expr, k: int, sums: Callable[[Expr], Expr]) -> Iterator[Slip]:
    """Of −y ln ŷ − (1 − y) ln(1 − ŷ), the mean over k outputs."""
    first, second = sums(y * ops.log(a)), sums((1 - y) * ops.log(1 - a))
    if k > 1:
        says = f"The loss is the mean over the outputs: divide by their number, {k}."
        yield Slip("dropped-factor", -(first + second), "sum:binary", None, PLAIN, (), says)
        says = (
            "You computed −∑ y ln ŷ, the cross-entropy after a softmax: here each output has its own "
            "−(1 − y) ln(1 − ŷ) too, and the loss is their mean."
        )
        yield Slip("dropped-term", -first, "classes:binary", None, LIKELY, ("other-function",), says)
    says = "The second half is missing, −(1 − y) ln(1 − ŷ): it counts where the target is 0."
    yield Slip("dropped-term", _over(k, -first), "first:binary", None, PLAIN, (), says)
    says = "The first half is missing, −y ln ŷ: it counts where the target is 1."
    yield Slip("dropped-term", _over(k, -second), "second:binary", None, LIKELY, (), says)
    says = "A minus stands before both halves: −y ln ŷ − (1 − y) ln(1 − ŷ)."
    for wrong in (second - first, first - second):
        yield Slip("sign", _over(k, wrong), "minus:binary", None, LIKELY, (), says)
    says = "It is −ln ŷ where the target is 1, and −ln(1 − ŷ) where it is 0."
    for wrong in (ops.log(a), ops.log(1 - a)):
        wrong = _over(k, -sums(wrong))
        yield Slip("dropped-factor", wrong, "one-label:binary", None, LIKELY, ("swapped-operands",), says)
    says = "You computed a squared error: the binary cross-entropy is made of ln ŷ and ln(1 − ŷ)."
    for count in dict.fromkeys((k, 1, 2)):
        cost = LIKELY if count == k else POSSIBLE
        wrong = _over(count, sums((a - y) ** 2))
        yield Slip("other-function", wrong, "squares:binary", None, cost, (), says)
    says = "You took the distance of output and target. The loss takes a logarithm: −ln ŷ, or −ln(1 − ŷ)."
    wrong = _over(k, sums(ops.absolute(a - y)))
    yield Slip("function-forgotten", wrong, "distance:binary", None, LIKELY, ("other-function",), says)


def _slips_of_mean(given: Given, losses: Expr, a: Expr, y: Expr) -> Iterator[Slip]:
    n, targets = given.samples, given.targets
    if n is None or targets is None:
        return
    yield from mean_slips(losses, n, given.outputs, "outputs")
    if given.loss == "cross-entropy" and set(targets.array.flat) <= {0, 1}:
        yield from likelihood_slips(a, y, n)
    if given.loss in SQUARES:
        says = "You took the root of the mean: the loss is the mean of the squared errors itself."
        wrong = ops.sqrt(_over(n, ops.total(losses)))
        yield Slip("other-function", wrong, "root:mean", None, LIKELY, ("extra-factor",), says)


SQUARES = ("mse", "half-squared-error", "squared-error")


def _slips_of_shape(given: Given, value: Value) -> Iterator[Slip]:
    if len(value.shape) == 2:
        says = "W is outputs × inputs here: one row for each unit of its layer."
        if given.form == "x W + b":
            says = "W is inputs × outputs here: one column for each unit of its layer."
        wrong = ops.sizes(*value.shape[::-1])
        yield Slip("rows-for-columns", wrong, "turned:shape", None, PLAIN, ("transpose",), says)


def _slips_of_count(given: Given, place: int, value: Value) -> Iterator[Slip]:
    if len(value.shape) != 2:
        inputs = given.layers[place - 1].W.shape[1 - given.out]
        says = "You counted one bias for the whole layer: each of its units has its own."
        yield Slip("dropped-factor", number(1), "one:count", None, PLAIN, ("other-quantity",), says, True)
        says = (
            "That is the number of inputs: a layer has one bias for each of its units, which are its outputs."
        )
        yield Slip("other-quantity", number(inputs), "inputs:count", None, LIKELY, (), says, True)
        return
    says = "These are the weights alone: the biases are counted by themselves."
    wrong = number(value.size + value.shape[given.out])
    yield Slip("extra-term", wrong, "biased:count", None, PLAIN, (), says)
    says = "A matrix has rows times columns entries: multiply, do not add."
    yield Slip("other-operation", number(sum(value.shape)), "sum:count", None, LIKELY, (), says)


def _slips_of_total(given: Given) -> Iterator[Slip]:
    weights = sum(layer.W.size for layer in given.layers)
    units = [layer.W.shape[given.out] for layer in given.layers]
    biases = sum(layer.b.size for layer in given.layers if layer.b is not None)
    if biases:
        says = "These are the weights alone: every bias is a parameter too."
        yield Slip(
            "dropped-term", number(weights), "weights:total", None, PLAIN, ("bias-forgotten",), says, True
        )
        yield from _slips_of_biases(given, weights, biases)
    yield from _slips_of_layers(given)
    if biases < sum(units):
        says = "You counted biases where there are none."
        if biases:
            says = "You counted a bias for every unit: a layer without a bias has none to count."
        yield Slip("extra-term", number(weights + sum(units)), "biases:total", None, PLAIN, (), says)
    says = "You counted the units. The parameters are the weights between them and the biases."
    for count in (sum(units), sum(units) + given.x.shape[-1]):
        yield Slip("other-quantity", number(count), "units:total", None, LIKELY, (), says)
    says = "A matrix has rows times columns entries: multiply, do not add."
    added = sum(sum(layer.W.shape) for layer in given.layers)
    yield Slip("other-operation", number(added + biases), "sum:total", None, LIKELY, (), says)


def _slips_of_biases(given: Given, weights: int, biases: int) -> Iterator[Slip]:
    """Another number of biases in the total."""
    biased = [layer for layer in given.layers if layer.b is not None]
    says = "That is one bias for a whole layer: each of its units has its own."
    wrong = number(weights + len(biased))
    yield Slip("dropped-factor", wrong, "one:count", None, PLAIN, ("other-quantity",), says, True)
    for place, layer in enumerate(given.layers, 1):
        if layer.b is not None and len(biased) > 1:
            says = f"The biases of layer {place} are missing: every bias is a parameter too."
            wrong = number(weights + biases - layer.b.size)
            yield Slip(
                "dropped-term", wrong, "biases-of-layer:total", None, LIKELY, ("bias-forgotten",), says, True
            )
    says = "You counted a bias for each input: a layer has one for each of its units, which are its outputs."
    wrong = number(weights + sum(layer.W.shape[1 - given.out] for layer in biased))
    yield Slip("other-quantity", wrong, "inputs:count", None, LIKELY, (), says)
    says = "You counted the biases alone: every weight is a parameter too."
    yield Slip("dropped-term", number(biases), "biases-alone:total", None, LIKELY, (), says, True)


def _slips_of_layers(given: Given) -> Iterator[Slip]:
    """Layers that were not counted."""
    sizes = [layer.W.size + (layer.b.size if layer.b is not None else 0) for layer in given.layers]
    if len(sizes) == 1:
        return
    says = "You counted the first layer alone: the parameters of every layer count."
    yield Slip("dropped-term", number(sizes[0]), "first:total", None, PLAIN, (), says, True)
    says = "You counted the last layer alone: the parameters of every layer count."
    yield Slip("dropped-term", number(sizes[-1]), "last:total", None, PLAIN, (), says, True)
    if len(sizes) > 2:
        for left, which in ((sizes[-1], "last"), (sizes[0], "first")):
            says = f"You left the {which} layer out: the parameters of every layer count."
            wrong = number(sum(sizes) - left)
            yield Slip("dropped-term", wrong, f"without-{which}:total", None, LIKELY, (), says)


def _over(count: int, expr: Expr) -> Expr:
    return number(Fraction(1, count)) * expr if count != 1 else expr


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
    if given.loss in SQUARES:
        for other in SQUARES:
            if other != given.loss:
                says = f"The loss is the {str(given.loss).replace('-', ' ')}: mind its factor."
                more = SQUARES.index(other) > SQUARES.index(given.loss)
                yield taken(given, "dropped-factor" if more else "extra-factor", says, loss=other)
    if given.samples not in (None, 1) and given.target is not None:
        other = "sum" if given.reduction == "mean" else "mean"
        name = "dropped-factor" if given.reduction == "mean" else "extra-factor"
        yield taken(given, name, f"The loss is the {given.reduction} over the samples.", reduction=other)
    if given.loss == "cross-entropy" and isinstance(given.target, Value) and not given.target.shape:
        for index in beside(given.target, given.outputs):
            yield taken(given, "wrong-index", beside_says(given.target, index), "off-by-one", target=index)
    targets = given.targets
    if given.loss == "cross-entropy" and targets is not None and (hard := hardened(targets)) is not None:
        says = "The target is a distribution: every class counts with its share, not the likeliest one alone."
        yield taken(given, "other-quantity", says, "dropped-term", target=hard)
    if given.loss == "binary-cross-entropy" and targets is not None:
        others = gather([1 - share for share in targets.array.flat], targets.shape)
        says = "The labels have changed places: it is −ln ŷ where the target is 1, −ln(1 − ŷ) where it is 0."
        yield taken(given, "swapped-operands", says, "other-quantity", "sign", target=others)


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
