"""Two-dimensional convolution.

What it solves
    The convolution of an image with one filter or several, of several channels and images: the size of the
    output, the first window product by product, every other window in a line, the output, and what layers
    such as ReLU, pooling and a dense layer make of it.

Method
    What networks call convolution is the cross-correlation (`mode: correlation`): the kernel is laid on the
    input, what lies on each other is multiplied, and all is added up, over the channels too:

        yᵢⱼ = b + ∑ₐ ∑ᵦ kₐᵦ xᵢₛ₊ₐ,ⱼₛ₊ᵦ

    `convolution`, the mathematicians', flips the kernel in both axes first. `transposed` goes the other way:
    every number of the input lays its multiple of the kernel on the output, s cells apart, and what lies on
    one cell is added up. On an axis of n cells the output has

        ⌊(n + 2p − d (k − 1) − 1)/s⌋ + 1,      transposed:  (n − 1) s − 2p + d (k − 1) + 1 + output_padding

    cells. `same` pads so that there are ⌈n/s⌉, an odd zero going below and to the right; `full` pads
    d (k − 1) zeros on each side. A filter sees all channels, or with `groups` those of its group.

Legend
    X input (H×W, C×H×W or N×C×H×W), K kernel (h×w, C×h×w or F×C×h×w), b bias, Y output, n cells of an axis,
    k those of the kernel, s stride, p padding, d dilation. One filter gives a matrix, several a list.

Mistakes
    Marking knows, besides those of all kinds: padding-added (zeros that nobody asked for), padding-halved (zeros
    on some sides only, or p in all), padding-not-zero (the border copied), other-padding (`same` for `full`),
    padding-counted, relu-added, bias-forgotten, maps-added (several filters, one map), channels-apart (one filter,
    a map for each channel).

Source
    Goodfellow, Bengio, Courville: Deep Learning, 9.1 and 9.5; Dumoulin, Visin: A guide to convolution
    arithmetic for deep learning (2016).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, NamedTuple

import numpy as np

from solver.derivation import Board, say
from solver.errors import SolverError, counted, did_you_mean, listed, quoted
from solver.expr import ops
from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.nodes import Expr, Sym, apply, build
from solver.expr.ops import number, terms
from solver.expr.values import Array, Shape, Value, gather
from solver.kinds import Kind, Mistake, taken
from solver.parts import pooling
from solver.parts.convolution import CORRELATE, CORRELATE_BIAS, FLIP, MOST_PRODUCTS, TRANSPOSE, TRANSPOSE_BIAS
from solver.parts.pooling import Pooling, write_padded, write_sizes
from solver.parts.windows import (
    FLATTEN,
    IMAGES,
    SAME_WHY,
    Axis,
    Pair,
    Positive,
    altered,
    padding,
    pair,
    same_formula,
)
from solver.spec import yaml
from solver.spec.fields import (
    NUMBER_SCHEMA,
    Fault,
    Fields,
    Leaf,
    array,
    choice,
    field,
    whole,
)
from solver.spec.numbers import read_array
from solver.spec.validation import validated
from solver.spec.yaml import Items, Node, Pairs

# What follows a convolution


def _weights(node: Node) -> Value:
    """A matrix; a row is that of one unit."""
    W = read_array(node, (1, 2))
    return W if len(W.shape) == 2 else W.rearranged(lambda entries: entries[None, :])


WEIGHTS = Leaf(_weights, array(1, 2).schema)
BIAS = Leaf(
    lambda node: read_array(node, (0, 1)),
    {"anyOf": [NUMBER_SCHEMA, {"type": "array", "items": NUMBER_SCHEMA}]},
)


class Dense(Fields):
    """A dense layer."""

    W: Annotated[Value, WEIGHTS] = field("the weights, units × inputs; of one unit a list")
    b: Annotated[Value | None, BIAS] = field("the bias, one number a unit; left out: none", None)


class Then(NamedTuple):
    """A layer behind the convolution: its name, and its data."""

    name: str
    given: Pooling | Dense | None = None


FUNCTIONS = {"relu": ops.relu, "sigmoid": ops.sigmoid, "tanh": ops.tanh, "softmax": ops.softmax}
LAYERS = (*FUNCTIONS, "maxpool", "avgpool", "flatten", "dense")


def read_then(node: Node) -> Then:
    """`relu`, `flatten`, `{maxpool: 2}`, `{avgpool: {size: 2, stride: 1}}`, `{dense: {W: …, b: …}}`."""
    if isinstance(node, yaml.Scalar):
        name, body, span = node.text, None, node.span
    elif isinstance(node, Pairs) and len(node) == 1:
        (name, body), span = next(iter(node.items())), node.key_span(next(iter(node)))
    else:
        raise SolverError("one layer is needed here, such as relu or {maxpool: 2}", node.span)
    name = name.strip().lower()
    if name not in LAYERS:
        hint = did_you_mean(name, LAYERS) or f"write {listed(LAYERS)}"
        raise SolverError(f"there is no layer {quoted(name)}", span, hint)
    if name in FUNCTIONS or name == "flatten":
        if body is not None:
            raise SolverError(f"{quoted(name)} takes nothing", body.span)
        return Then(name)
    if body is None:
        example = "{dense: {W: [[1, 0], [0, 1]]}}" if name == "dense" else f"{{{name}: 2}}"
        raise SolverError(f"{quoted(name)} needs its numbers", span, f"write {example}")
    if name == "dense":
        if not isinstance(body, Pairs):
            typed = quoted(body.text) if isinstance(body, yaml.Scalar) else "a list"
            message = f"a mapping of W and b is needed here, not {typed}"
            raise SolverError(message, body.span, "write {dense: {W: [[1, 0]]}}")
        return Then(name, validated(Dense, body, (name,)))
    if not isinstance(body, Pairs):
        return Then(name, Pooling.model_construct(size=pair(1).read(body)))
    return Then(name, validated(Pooling, body, (name,)))


def read_layers(node: Node) -> tuple[Then, ...]:
    """The layers, or one layer."""
    return tuple(map(read_then, node)) if isinstance(node, Items) else (read_then(node),)


_LAYER: dict[str, Any] = {
    "anyOf": [
        {"enum": [*FUNCTIONS, "flatten"]},
        {"type": "object", "minProperties": 1, "maxProperties": 1},
    ]
}
THEN = Leaf(read_layers, {"anyOf": [_LAYER, {"type": "array", "items": _LAYER}]})
KERNEL = array(2, 3, 4)
PADDING = padding("same", "valid", "full")


class Given(Fields):
    """The data of a convolution."""

    input: Annotated[Value, IMAGES] = field("the image: H×W, C×H×W or N×C×H×W")
    kernel: Annotated[Value, KERNEL] = field(
        "the filter: h×w, C×h×w or F×C×h×w (F×h×w on a grey image; transposed: C×F×h×w)"
    )
    bias: Annotated[Value | None, BIAS] = field("a number, or one a filter; left out: none", None)
    stride: Positive = field("the step: a number or [rows, columns] (default 1)", (1, 1))
    padding: Annotated[Pair | str, PADDING] = field(
        "a number, [rows, columns], same, valid or full (default 0)", (0, 0)
    )
    dilation: Positive = field("the distance of the kernel's cells (default 1)", (1, 1))
    groups: Annotated[int, whole(1, 10**6)] = field("groups of channels (default 1)", 1)
    mode: Annotated[str, choice("correlation", "convolution", "transposed")] = field(
        "correlation (default), convolution (the kernel flipped) or transposed", "correlation"
    )
    output_padding: Annotated[Pair, pair(0)] = field("transposed only: further rows and columns", (0, 0))
    then: Annotated[tuple[Then, ...], THEN] = field(
        f"what follows: {', '.join(LAYERS)}; each gives a quantity of its name", ()
    )

    @property
    def transposed(self) -> bool:
        return self.mode == "transposed"

    @property
    def channels(self) -> int:
        shape = self.input.shape
        return shape[-3] if len(shape) > 2 else 1

    @property
    def kernels(self) -> Shape:
        """The shape of the kernel with all four axes: filters × channels of a group × h × w, transposed: C×F×h×w."""
        shape = self.kernel.shape
        if len(shape) == 4:
            return shape
        first = shape[0] if len(shape) == 3 else 1
        if self.transposed:
            return (first, 1, *shape[-2:])
        each_its_own = self.groups > 1 and self.groups == self.channels
        grey = self.channels == 1 and self.groups == 1
        return (first, 1, *shape[-2:]) if grey or each_its_own else (1, first, *shape[-2:])

    @property
    def filters(self) -> int:
        return self.kernels[1] * self.groups if self.transposed else self.kernels[0]

    def faults(self) -> Iterator[Fault]:
        given_channels, groups = self.channels, self.groups
        first, second = self.kernels[:2]
        before = list(self._group_faults())
        yield from before
        wanted, has = (given_channels, first) if self.transposed else (given_channels // groups, second)
        if not before and wanted != has:
            message = f"the kernel has {counted(has, 'channel')}, the input has {given_channels}"
            message += f" in {groups} groups" if groups > 1 else ""
            yield Fault(("kernel",), message, self._channel_hint())
        if self.bias is not None and self.bias.shape and self.bias.size != self.filters:
            yield Fault(
                ("bias",), f"{counted(self.bias.size, 'number')} for {counted(self.filters, 'filter')}"
            )
        if self.transposed:
            yield from self._transposed_faults()
        elif self.output_padding != (0, 0):
            hint = "it belongs to `mode: transposed`"
            yield Fault(("output_padding",), "it has no meaning here", hint)
        sizes = [axis.out for axis in self.axes()] if not self.transposed else list(self.transposed_sizes())
        if min(sizes) < 1 and not self.transposed:
            axes = self.axes()
            covers = " × ".join(str(axis.span) for axis in axes)
            holds = " × ".join(str(axis.n + axis.before + axis.after) for axis in axes)
            message = f"it covers {covers}, more than the input with its padding, {holds}"
            yield Fault(("kernel",), message, "pad the input, or check rows and columns")
        for name, out in zip(("rows", "columns"), sizes, strict=True):
            if out < 1 and self.transposed:
                yield Fault(("padding",), f"it cuts away all {name} of the output")
        if min(sizes) > 0 and not before and wanted == has:
            yield from self._then_faults(sizes)

    def _group_faults(self) -> Iterator[Fault]:
        if self.channels % self.groups:
            yield Fault(
                ("groups",), f"{self.groups} groups do not divide {counted(self.channels, 'channel')}"
            )
        elif not self.transposed and self.kernels[0] % self.groups:
            yield Fault(
                ("groups",), f"{self.groups} groups do not divide {counted(self.kernels[0], 'filter')}"
            )

    def _channel_hint(self) -> str | None:
        axes = len(self.kernel.shape)
        if axes == 2:
            return f"write a matrix for each of the {self.channels} channels"
        if self.transposed:
            return "the kernel of a transposed convolution is channels × filters × h × w"
        return "the kernel is filters × channels × h × w" if axes == 4 else None

    def _transposed_faults(self) -> Iterator[Fault]:
        if self.padding == "full":
            yield Fault(("padding",), "`full` has no meaning for a transposed convolution")
        elif self.padding == "same":
            spans = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernels[2:], strict=True)]
            if any(span < s for span, s in zip(spans, self.stride, strict=True)):
                yield Fault(("padding",), "`same` needs a kernel that is at least as large as the stride")
        for extra, s, d in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if extra >= max(s, d):
                message = f"{extra} is not less than the stride, {s}"
                yield Fault(("output_padding",), message, "no kernel would ever reach those cells")
                return

    def axes(self) -> tuple[Axis, Axis]:
        """Rows and columns; of a transposed convolution those of the output, on which the kernel moves."""
        size = (self.kernels[2], self.kernels[3])
        return Axis.pair(self.input.shape, size, self.stride, self.dilation, self.padding)

    def cuts(self) -> tuple[Pair, Pair]:
        """Transposed: the rows cut off above and below, and the columns."""
        if self.padding == "same":
            missing = [
                max(d * (k - 1) + 1 - s, 0)
                for d, k, s in zip(self.dilation, self.kernels[2:], self.stride, strict=True)
            ]
            first, second = ((size // 2, size - size // 2) for size in missing)
        else:
            pads = self.padding if isinstance(self.padding, tuple) else (0, 0)
            first, second = ((pad, pad) for pad in pads)
        return first, second

    def transposed_sizes(self) -> tuple[int, int]:
        """Rows and columns of the output of a transposed convolution."""
        rows, columns = (
            (n - 1) * s + d * (k - 1) + 1 - sum(cut) + extra
            for n, s, d, k, cut, extra in zip(
                self.input.shape[-2:],
                self.stride,
                self.dilation,
                self.kernels[2:],
                self.cuts(),
                self.output_padding,
                strict=True,
            )
        )
        return rows, columns

    def shape_of(self, rows: int, columns: int) -> Shape:
        """The shape of an output of that size: one filter gives a matrix, an image of several stays a list."""
        images = self.input.shape[:1] if len(self.input.shape) == 4 else ()
        return (*images, *((self.filters,) if self.filters > 1 else ()), rows, columns)

    def _then_faults(self, sizes: Sequence[int]) -> Iterator[Fault]:
        shape, images = self.shape_of(sizes[0], sizes[1]), len(self.input.shape) == 4
        for place, layer in enumerate(self.then):
            path = ("then", place, layer.name)
            if isinstance(layer.given, Pooling):
                if len(shape) == 1 + images:
                    yield Fault(path[:2], f"`{layer.name}` needs a map, there are only rows of numbers")
                    return
                if misfit := layer.given.misfit(shape):
                    yield Fault(path, misfit)
                    return
                out = tuple(axis.out for axis in layer.given.axes(shape))
                shape = shape[:-2] if layer.given.global_ else (*shape[:-2], *out)
            elif layer.name == "softmax" and len(shape) != 1 + images:
                hint = "put `flatten` or a dense layer before it"
                yield Fault(path[:2], "`softmax` needs a row of scores, not a map", hint)
                return
            elif layer.name in ("flatten", "dense"):
                shape = (*shape[:images], int(np.prod(shape[images:])))
            if isinstance(layer.given, Dense):
                units, inputs = layer.given.W.shape
                if inputs != shape[-1]:
                    message = f"W takes {counted(inputs, 'input')}, but there are {shape[-1]}"
                    yield Fault((*path, "W"), message, "W is units × inputs")
                    return
                if layer.given.b is not None and layer.given.b.size != units:
                    message = f"{counted(layer.given.b.size, 'number')} for {counted(units, 'unit')}"
                    yield Fault((*path, "b"), message)
                    return
                shape = (*shape[:-1], units)


# The solution


def solve(given: Given, board: Board) -> None:
    """Write the size of the output, its windows, and what follows."""
    board.derivation.rows = len(given.input.shape) == 4  # a row for each image
    x, k = board.given("input", given.input), board.given("kernel", given.kernel)
    bias = given.bias
    if bias is not None and bias.shape == (1,):
        bias = bias.entry(0)
    b = board.given("bias", bias) if bias is not None else None
    if given.transposed:
        _write_transposed(given, board, x, k, b)
    else:
        _write_correlation(given, board, x, k, b)
    _write_then(given, board)
    board.check("Y computed once more, by another way", lambda: _error(given, board), 1e-9)


def _output(given: Given, x: Expr, k: Expr, b: Expr | None, **changed: Any) -> Expr:
    """Y by its input, kernel and bias; `changed` are other parameters."""
    params: dict[str, Any] = {
        "kernels": given.kernels,
        "stride": given.stride,
        "dilation": given.dilation,
        "groups": given.groups,
    }
    op, with_bias = CORRELATE, CORRELATE_BIAS
    if given.transposed:
        op, with_bias = TRANSPOSE, TRANSPOSE_BIAS
        params |= {"cuts": given.cuts(), "size": given.transposed_sizes()}
    params |= changed
    return apply(op, x, k, **params) if b is None else apply(with_bias, x, k, b, **params)


def _write_correlation(given: Given, board: Board, x: Sym, k: Sym, b: Sym | None) -> None:
    rows, columns = given.axes()
    kernel = board.letter("K'", given.kernel.shape) if given.mode == "convolution" else k
    board.method(Sym("Y"), _output(given, x, kernel, b))
    if given.padding == "same":
        formulas = same_formula(rows.n, rows.s), same_formula(columns.n, columns.s)
        why = SAME_WHY
    else:
        formulas = rows.formula(), columns.formula()
        why = SIZE_WHY + (DILATED if given.dilation != (1, 1) else ".")
    write_sizes(board, "Y", formulas, rows == columns, why)
    if any(axis.before or axis.after for axis in (rows, columns)):
        x = write_padded(board, x.name, rows, columns)
    if given.mode == "convolution":
        k = board.let(
            "K'",
            apply(FLIP, k),
            "A convolution flips the kernel, in rows and columns.",
            "A cross-correlation, which networks call convolution, does not.",
            exactly=True,
            slips=lambda: _slips_of_flip(given, Sym("kernel")),
        )
    padded = board.value(x.name)
    depth = given.channels // given.groups
    image = (0,) if len(padded.shape) == 4 else ()
    window = [
        (*image, *((c,) if len(padded.shape) > 2 else ()), r * rows.d, q * columns.d)
        for c in range(depth)
        for r in range(rows.k)
        for q in range(columns.k)
    ]
    grouped = depth > 1 and rows.k * columns.k > 1
    board.entries(
        "Y",
        "The first window: multiply each entry of the kernel by the number under it, and add up.",
        "The other windows.",
        _window_why(given),
        "One number for each channel." if grouped else "Products that are 0 are left out.",
        of=x.name,
        window=window,
    )
    title = "All windows together are the output."
    board.let("Y", _output(given, x, k, b), title, slips=lambda: _slips_of_output(given, x, k, b))


def _window_why(given: Given) -> str:
    rows, columns = given.axes()
    parts = ["The window then moves on by the stride, row by row."]
    if given.channels // given.groups > 1:
        parts.append("The sums of all channels are added up, each in brackets.")
    if given.channels // given.groups * rows.k * columns.k > MOST_PRODUCTS:
        parts.append("Each number below is the sum of the products of one channel.")
    if given.groups > 1:
        parts.append("Each group of filters sees its own channels only.")
    if given.filters > 1:
        parts.append("The first index is the filter's.")
    if len(given.input.shape) == 4:
        parts.append("The image's index stands before all others.")
    return " ".join(parts)


def _write_transposed(given: Given, board: Board, x: Sym, k: Sym, b: Sym | None) -> None:
    cuts = given.cuts()
    board.method(Sym("Y"), _output(given, x, k, b))
    rows, columns = given.axes()
    formulas = tuple(
        number(axis.n) * axis.s + extra if given.padding == "same" else _transposed_size(axis, cut, extra)
        for axis, cut, extra in zip((rows, columns), cuts, given.output_padding, strict=True)
    )
    why = TRANSPOSED_WHY + (" + output_padding" if any(given.output_padding) else "")
    why += DILATED if given.dilation != (1, 1) else "."
    if given.padding == "same":
        why = "`same`: n s cells; the rest of what is laid is cut off, an odd row below, an odd column to the right."
    alike = rows == columns and cuts[0] == cuts[1] and given.output_padding[0] == given.output_padding[1]
    write_sizes(board, "Y", (formulas[0], formulas[1]), alike, why)
    board.entries(
        "Y",
        "The first cell of the output.",
        "The other cells.",
        "Each number of the input lays its multiple of the kernel on the output, a stride apart; "
        "what lies on one cell is added up.",
        "Products that are 0 are left out.",
    )
    title = "All cells together are the output."
    board.let("Y", _output(given, x, k, b), title, slips=lambda: _slips_of_output(given, x, k, b))


def _transposed_size(axis: Axis, cut: Pair, extra: int) -> Expr:
    parts: list[Expr] = [(number(axis.n) - 1) * axis.s]
    parts += [-(number(2) * cut[0])] if cut[0] == cut[1] else [number(-cut[0]), number(-cut[1])]
    parts += [number(axis.k)] if axis.d == 1 else [number(axis.d) * (number(axis.k) - 1), number(1)]
    return terms(*parts, *([number(extra)] if extra else []))


SIZE_WHY = "n cells, p of padding on each side, a kernel of k cells, stride s: ⌊(n + 2p − k)/s⌋ + 1 places"
TRANSPOSED_WHY = "n cells, stride s, a kernel of k cells, p cut off on each side: (n − 1) s − 2p + k"
DILATED = "; with the dilation d the kernel covers d (k − 1) + 1 cells."
TITLES = {
    "relu": ("ReLU, entry by entry.", "relu(z) = max(0, z): negative entries become 0."),
    "sigmoid": ("The sigmoid, entry by entry.", "σ(z) = 1/(1 + e⁻ᶻ)."),
    "tanh": ("The hyperbolic tangent, entry by entry.", "tanh(z) = (eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ)."),
    "softmax": (
        "Softmax turns the scores into probabilities.",
        "softmax(z)ᵢ = e^zᵢ / ∑ⱼ e^zⱼ; the largest z is subtracted first, which changes nothing and keeps the "
        "powers small.",
    ),
}


def _write_then(given: Given, board: Board) -> None:
    images = len(given.input.shape) == 4
    before = "Y"
    count: dict[str, int] = {}

    def named(name: str) -> str:
        count[name] = count.get(name, 0) + 1
        return name if count[name] == 1 else f"{name}{count[name]}"

    def flattened(before: str, name: str) -> str:
        title = "All numbers in a row: channel after channel, row after row."
        channels = len(board.value(before).shape) == 3 + images
        flat = apply(FLATTEN, Sym(before), images=images)
        slips = partial(_slips_of_flatten, Sym(before), images, channels)
        return board.let(name, flat, title, exactly=True, slips=slips).name

    for layer in given.then:
        board.section(say("Then: {layer}", layer=layer.name))
        if layer.name in FUNCTIONS:
            before = _write_function(board, layer.name, before, named(layer.name))
        elif isinstance(layer.given, Pooling):
            name = named(layer.name)
            before = pooling.write(board, layer.given, layer.name.removesuffix("pool"), before, name).name
        elif layer.name == "flatten":
            before = flattened(before, named("flatten"))
        else:
            assert isinstance(layer.given, Dense)
            name = named("dense")
            if len(board.value(before).shape) != 1 + images:
                before = flattened(before, f"{name}.input")
            before = _write_dense(board, layer.given, before, name, images)


def _write_function(board: Board, function: str, before: str, name: str) -> str:
    x = Sym(before)
    title, why = TITLES[function]
    slips = partial(_slips_of_relu, x) if function == "relu" else tuple
    return board.let(name, FUNCTIONS[function](x), title, why, slips=slips).name


def _write_dense(board: Board, dense: Dense, before: str, name: str, images: bool) -> str:
    number_ = name.removeprefix("dense")
    W = board.given(f"W{number_}", dense.W)
    product = Sym(before) @ W.T if images else W @ Sym(before)
    title = "The dense layer: weighted sums of all inputs"
    if dense.b is None:
        return board.let(name, product, f"{title}.").name
    c = board.given(f"c{number_}", gather(list(dense.b.array.flat), (dense.b.size,)))
    title = f"{title}, plus the bias c."
    return board.let(name, product + c, title, slips=lambda: _slips_of_dense(product, c)).name


def _error(given: Given, board: Board) -> float:
    """The output once more, from all windows at once; transposed: between zeros, with the kernel flipped."""
    x = given.input.floats.reshape(-1, given.channels, *given.input.shape[-2:])
    kernels = given.kernel.floats.reshape(given.kernels)
    rows, columns = given.axes()
    stated = board.floats("Y")
    if given.transposed:
        cuts, size = given.cuts(), given.transposed_sizes()
        stuffed = np.zeros(
            (*x.shape[:2], *((n - 1) * s + 1 for n, s in zip(x.shape[2:], given.stride, strict=True)))
        )
        stuffed[:, :, :: given.stride[0], :: given.stride[1]] = x
        around = [
            (axis.span - 1 - cut[0], axis.span - 1 - cut[1] + extra)
            for axis, cut, extra in zip((rows, columns), cuts, given.output_padding, strict=True)
        ]
        room = [max(0, -end) for ends in around for end in ends]
        x = np.pad(stuffed, [(0, 0), (0, 0), *(tuple(max(0, end) for end in ends) for ends in around)])
        x = x[:, :, room[0] : x.shape[2] - room[1], room[2] : x.shape[3] - room[3]]
        depth = given.channels // given.groups
        groups = [kernels[g * depth : (g + 1) * depth].swapaxes(0, 1) for g in range(given.groups)]
        kernels = np.concatenate(groups)[..., ::-1, ::-1]
        steps = (1, 1)
    else:
        x = np.pad(x, [(0, 0), (0, 0), (rows.before, rows.after), (columns.before, columns.after)])
        kernels = kernels[..., ::-1, ::-1] if given.mode == "convolution" else kernels
        steps, size = given.stride, (rows.out, columns.out)
    windows = np.lib.stride_tricks.sliding_window_view(x, (rows.span, columns.span), axis=(2, 3))
    windows = windows[:, :, :: steps[0], :: steps[1], :: rows.d, :: columns.d]
    filters, depth = len(kernels), kernels.shape[1]
    each = filters // given.groups
    bias = np.zeros(filters) if given.bias is None else np.broadcast_to(given.bias.floats, (filters,))
    error = 0.0
    stated = stated.reshape(len(x), filters, *size)
    for f in range(filters):
        first = f // each * depth
        worth = np.tensordot(windows[:, first : first + depth], kernels[f], axes=([1, 4, 5], [0, 1, 2]))
        error = max(error, float(np.abs(worth + bias[f] - stated[:, f]).max()))
    return error / max(1.0, float(np.abs(stated).max()))


# What people do instead. Here only for marking: the page of the solution shows nothing of it.


def _slips_of_output(given: Given, x: Expr, k: Expr, b: Expr | None) -> Iterator[Slip]:
    """The kernel the wrong way round, the signs of the output lost."""
    flipped = _output(given, x, apply(FLIP, k), b)
    yield Slip("kernel-flipped", flipped, "flip:output", k, PLAIN, (), FLIPPED[given.mode])
    output = _output(given, x, k, b)
    says = "You set negative numbers to 0; that is a ReLU, the convolution itself keeps them."
    yield Slip("relu-added", ops.relu(output), "relu:output", None, LIKELY, ("other-function",), says)
    says = "You left out the signs of the output; its numbers may be negative."
    yield Slip("sign", build("abs", output), "absolute:output", None, POSSIBLE, ("other-function",), says)


def _slips_of_flip(given: Given, k: Expr) -> Iterator[Slip]:
    """The kernel as it is, or turned in another way."""
    yield Slip(
        "kernel-flipped", k, "as-it-is:flip", None, PLAIN, ("function-forgotten",), FLIPPED[given.mode]
    )
    says = "You mirrored the kernel in one direction; a convolution turns it in both, rows and columns."
    for axis in (-1, -2):
        mirrored = altered(k, partial(np.flip, axis=axis))
        yield Slip("kernel-flipped", mirrored, f"mirror{axis}:flip", None, PLAIN, (), says)
    if given.kernels[2] == given.kernels[3]:
        says = "You exchanged the kernel's rows and columns; a convolution turns it by half a turn."
        for turned in (k, apply(FLIP, k)):
            exchanged = altered(turned, lambda k: np.swapaxes(k, -1, -2))
            yield Slip("transpose", exchanged, "transpose:flip", None, LIKELY, ("kernel-flipped",), says)
        says = "You turned the kernel by a quarter turn; a convolution turns it by half a turn."
        for turns in (1, -1):
            quarter = altered(k, partial(np.rot90, k=turns, axes=(-2, -1)))
            yield Slip("kernel-flipped", quarter, "quarter:flip", None, LIKELY, (), says)
    if given.kernels[1] > 1:
        says = "A convolution turns rows and columns only; the channels stay in their order."
        every = altered(k, lambda k: k[..., ::-1, ::-1, ::-1])
        yield Slip("kernel-flipped", every, "all:flip", None, LIKELY, (), says)


def _slips_of_relu(z: Expr) -> Iterator[Slip]:
    """Other functions with a bend at 0."""
    says = "A ReLU makes negative numbers 0; you took away their signs."
    yield Slip("other-function", build("abs", z), "absolute:relu", None, PLAIN, ("sign",), says)
    says = (
        "A ReLU keeps the positive numbers and makes the negative ones 0; yours does it the other way round."
    )
    yield Slip("other-function", -ops.relu(-z), "minimum:relu", None, PLAIN, ("sign",), says)
    yield Slip("other-function", ops.relu(-z), "minus:relu", None, LIKELY, ("sign",), says)
    says = "A ReLU makes negative numbers 0; a leaky ReLU would keep a part of them."
    for slope in (Fraction(1, 100), Fraction(1, 10), Fraction(1, 5)):
        leaky = ops.relu(z) - number(slope) * ops.relu(-z)
        yield Slip("other-function", leaky, "leaky:relu", None, LIKELY, (), says)


def _slips_of_flatten(x: Expr, images: bool, channels: bool) -> Iterator[Slip]:
    """The map read in another order."""

    def flat(how: Callable[[Array], Array]) -> Expr:
        return apply(FLATTEN, altered(x, how), images=images)

    says = "Read row after row; you went down the columns."
    columns = flat(lambda x: np.swapaxes(x, -1, -2))
    yield Slip("rows-for-columns", columns, "columns:flatten", None, PLAIN, ("transpose", "other-axis"), says)
    if not channels:
        return
    says = "Read channel after channel: all numbers of the first, then all of the second."
    last = flat(lambda x: np.moveaxis(x, -3, -1))
    yield Slip("other-axis", last, "last:flatten", None, PLAIN, (), says)
    behind = flat(lambda x: np.moveaxis(np.swapaxes(x, -1, -2), -3, -1))
    yield Slip("other-axis", behind, "columns-last:flatten", None, LIKELY, ("rows-for-columns",), says)


def _slips_of_dense(product: Expr, c: Expr) -> Iterator[Slip]:
    """The bias left out or subtracted."""
    says = "The bias of the dense layer is missing."
    yield Slip("dropped-term", product, "drop-right:add", c, PLAIN, ("bias-forgotten",), says)
    says = "You subtracted the bias of the dense layer; it is added."
    yield Slip("sign", product - c, "minus:add", c, PLAIN, ("other-operation",), says)


FLIPPED = {
    "correlation": "You turned the kernel by half a turn; a cross-correlation, which networks call convolution, "
    "takes it as it is.",
    "convolution": "A convolution turns the kernel by half a turn first; you took it as it is.",
    "transposed": "The kernel is the wrong way round. It is laid on the output as it is; only who slides it over the "
    "input, with zeros between and around, turns it by half a turn first.",
}
DILATION = "A dilated kernel has gaps between its cells."


def mistakes(given: Given) -> Iterator[Mistake]:
    """Options overlooked or misread, other zeros, the kernel and its channels, other layers behind."""
    if not given.transposed:
        mode = "convolution" if given.mode == "correlation" else "correlation"
        yield taken(given, "kernel-flipped", FLIPPED[given.mode], mode=mode)
    yield from _mistaken_steps(given)
    yield from _mistaken_transposed(given) if given.transposed else _mistaken_padding(given)
    for name in ("stride", "padding", "dilation"):
        pair_ = getattr(given, name)
        if isinstance(pair_, tuple) and pair_[0] != pair_[1]:
            says = f"The {name} is that of rows, then that of columns."
            yield taken(given, "rows-for-columns", says, **{name: pair_[::-1]})
    if given.bias is not None:
        says = "The bias is added to every output."
        yield taken(given, "dropped-term", says, "bias-forgotten", bias=None)
    turned = given.kernel.rearranged(lambda k: np.swapaxes(k, -1, -2))
    says = "The kernel's rows lie on the rows of the image."
    yield taken(given, "rows-for-columns", says, "transpose", kernel=turned)
    if given.groups == 1 and not given.transposed:
        yield from _mistaken_channels(given)
    if given.filters > 1 and not given.transposed:
        yield _maps_added(given)
    yield from _mistaken_layers(given)


def _mistaken_steps(given: Given) -> Iterator[Mistake]:
    """Stride and dilation."""
    stride, kernel = given.stride, given.kernels[2:]
    if stride != (1, 1):
        says = "The window moves on by the stride; you moved it by one cell."
        if given.transposed:
            says = "Multiples of the kernel are laid a stride apart; yours are one cell apart."
        yield taken(given, "stride-ignored", says, stride=(1, 1))
    elif kernel != (1, 1):
        says = "The stride is 1, so windows overlap; it is not the size of the kernel."
        if given.transposed:
            says = "The stride is 1, so multiples of the kernel overlap; it is not the size of the kernel."
        yield taken(given, "stride-ignored", says, "other-quantity", stride=kernel)
    if min(stride) > 1:
        for one, way in (((1, stride[1]), "down"), ((stride[0], 1), "across")):
            says = f"The stride holds in both directions: going {way}, you went on by one cell only."
            yield taken(given, "stride-ignored", says, stride=one)
    if stride == (stride[0], stride[0]):
        says = f"The stride is {stride[0]}; you went on by {stride[0] + 1} cells."
        yield taken(given, "off-by-one", says, stride=(stride[0] + 1, stride[0] + 1))
    if given.dilation != (1, 1):
        yield taken(given, "dilation-ignored", DILATION, dilation=(1, 1))
        d = given.dilation[0]
        if given.dilation == (d, d):
            says = f"With the dilation {d} the kernel's cells are {d} apart; you left {d} cells between them."
            yield taken(given, "off-by-one", says, dilation=(d + 1, d + 1))


def _mistaken_padding(given: Given) -> Iterator[Mistake]:
    """Zeros forgotten, added, or on some sides only; a size without + 1."""
    rows, columns = ((axis.before, axis.after) for axis in given.axes())
    none, pads = (0, 0), (rows, columns)
    left = [-(axis.n + sum(pad) - axis.span) % axis.s for axis, pad in zip(given.axes(), pads, strict=True)]
    if any(left) and given.padding != "same":
        says = "The last window does not fit and is left out: the size is rounded down; you filled it up with zeros."
        frame = (rows[0], rows[1] + left[0]), (columns[0], columns[1] + left[1])
        yield _padded(given, "rounding-direction", says, *frame, "padding-added")
    if pads == (none, none):
        says = "Without padding the output is smaller than the input; you put zeros around."
        for word in ("same", "full"):
            yield taken(given, "padding-added", says, "extra-term", padding=word)
    else:
        yield taken(given, "padding-ignored", "Zeros are put around the input first.", padding=none)
        if isinstance(given.padding, str):
            yield from _other_padding(given, rows, columns)
        missing = "below and on the right too: your last rows and columns are missing"
        frames = (
            (missing, (rows[0], 0), (columns[0], 0)),
            ("above and on the left too", (0, rows[1]), (0, columns[1])),
            ("on the left and on the right too", rows, none),
            ("above and below too", none, columns),
        )
        for where, down, across in frames if min(*rows, *columns) > 0 else ():
            says = f"Zeros are put on all sides, {where}."
            yield _padded(given, "padding-halved", says, down, across)
        if isinstance(given.padding, tuple) and columns == rows and rows[0] > 1:
            says = f"A padding of {rows[0]} means {rows[0]} on each side; you put {rows[0]} in all."
            half = rows[0] // 2
            yield taken(given, "padding-halved", says, "dropped-factor", padding=(half, half))
        if not isinstance(given.padding, str):
            yield from _other_padding(given, rows, columns)
    if given.padding == "same":
        says = "With `same` there are ⌈n/s⌉ places, an odd zero going below and to the right."
        spans = [d * (k - 1) // 2 for d, k in zip(given.dilation, given.kernels[2:], strict=True)]
        yield taken(given, "other-padding", says, padding=tuple(spans))
        if pads != (rows[::-1], columns[::-1]):
            yield _padded(given, "other-padding", says, rows[::-1], columns[::-1])
    else:
        says = (
            "The size ends in + 1, for the first place of the window: your last row and column are missing."
        )
        less = [(before, after - s) for (before, after), s in zip(pads, given.stride, strict=True)]
        yield _padded(given, "dropped-term", says, less[0], less[1], "off-by-one")


def _other_padding(given: Given, rows: Pair, columns: Pair) -> Iterator[Mistake]:
    """As many zeros as another word asks for."""
    asked = f"`{given.padding}`" if isinstance(given.padding, str) else f"{rows[0]} on each side"
    asked = asked if columns == rows else "another padding"
    for word, so_many in (("same", "keep the size"), ("full", "leave one corner of the kernel on it")):
        if word != given.padding:
            says = f"You put as many zeros around the input as {so_many}; asked for is {asked}."
            yield taken(given, "other-padding", says, padding=word)


def _padded(given: Given, name: str, says: str, rows: Pair, columns: Pair, *also: str) -> Mistake:
    """The mistake of another frame of zeros; where it is negative, the input is cut."""

    def framed(images: Array) -> Array:
        ends = [
            slice(max(0, -before), n - max(0, -after))
            for (before, after), n in zip((rows, columns), images.shape[-2:], strict=True)
        ]
        around = [(max(0, before), max(0, after)) for before, after in (rows, columns)]
        around = [(0, 0)] * (images.ndim - 2) + around
        return np.pad(images[..., ends[0], ends[1]], around)

    changed = given.model_copy(update={"input": given.input.rearranged(framed), "padding": (0, 0)})
    return Mistake(name, says, changed, also, {"X_padded": "input"})


def _mistaken_transposed(given: Given) -> Iterator[Mistake]:
    """An ordinary convolution, or what is cut off and added at the end."""
    if given.padding not in ((0, 0), "valid"):
        says = "In a transposed convolution the padding is cut off the output; you left it there."
        yield taken(given, "padding-ignored", says, padding=(0, 0))
    if given.output_padding != (0, 0):
        says = "The output padding adds rows below and columns to the right; you left it out."
        yield taken(given, "dropped-term", says, "padding-ignored", output_padding=(0, 0))
    if given.groups == 1:
        says = "You slid the kernel over the input. A transposed convolution goes the other way: each number of the "
        says += "input lays its multiple of the kernel on a larger output."
        kernel = given.kernel
        if len(kernel.shape) == 4:
            kernel = kernel.rearranged(lambda k: np.swapaxes(k, 0, 1))
        changed = {"mode": "correlation", "kernel": kernel, "output_padding": (0, 0)}
        yield taken(given, "other-operation", says, **changed)


def _mistaken_channels(given: Given) -> Iterator[Mistake]:
    """One channel only, channels kept apart, maps put together."""
    kernel = given.kernel
    if given.channels > 1:
        says = "The products of all channels are added up."
        for channel in range(min(given.channels, 4)):
            only = (np.arange(given.channels) == channel).astype(int).astype(object)[:, None, None]
            array = kernel.array.reshape(given.kernels) * only
            kept = Value(array.reshape(kernel.shape), kernel.domain)
            yield taken(given, "dropped-term", says, kernel=kept)
    if given.channels > 1 and given.filters == 1:
        says = "One filter gives one map: the sums of its channels are added up; you kept them apart."
        apart = kernel.rearranged(lambda k: k.reshape(-1, 1, *k.shape[-2:]))
        yield taken(given, "channels-apart", says, "other-axis", kernel=apart, groups=given.channels)


def _maps_added(given: Given) -> Mistake:
    """One map for all filters; of groups each sees its own channels."""
    says = "Each filter gives a map of its own; you added the maps up."
    also = ("groups-ignored",) if given.groups > 1 else ()
    kernels = given.kernel.array.reshape(given.groups, -1, *given.kernels[1:])
    array = kernels.sum(axis=1).reshape(1, given.channels, *given.kernels[2:])
    bias = given.bias
    if bias is not None:
        bias = gather([sum(np.broadcast_to(bias.array, given.filters).tolist())], ())
    changed = {"kernel": Value(array, given.kernel.domain), "bias": bias, "groups": 1}
    return taken(given, "maps-added", says, "other-axis", "extra-term", *also, **changed)


def _mistaken_layers(given: Given) -> Iterator[Mistake]:
    """A layer behind the convolution left out, put in, or taken for another."""
    then, names = given.then, list(_named(given.then))

    def changed(name: str, says: str, other: Sequence[Then], same: Sequence[str], *also: str) -> Mistake:
        renamed = dict.fromkeys(names, "") | dict(zip(same, _named(other), strict=True))
        return Mistake(name, says, given.model_copy(update={"then": tuple(other)}), also, renamed)

    for place, layer in enumerate(then):
        before, after = then[:place], then[place + 1 :]
        if layer.name in FUNCTIONS and after:
            says = f"You left out {CALLED[layer.name]}: it comes before {CALLED[after[0].name]}."
            kept = [*names[:place], *names[place + 1 :]]
            yield changed("function-forgotten", says, (*before, *after), kept, "other-quantity")
            if after[0].name == "avgpool":
                says = f"You took the average first; {CALLED[layer.name]} comes before it."
                swapped = (*before, after[0], layer, *after[1:])
                order = [*names[:place], "", names[place + 1], *names[place + 2 :]]
                yield changed("swapped-operands", says, swapped, order)
        for name, says, other in _mistaken(layer):
            yield changed(name, says, (*before, other, *after), names)
    if then and then[0].name not in FUNCTIONS:
        says = f"You put a ReLU before {CALLED[then[0].name]}; none is asked for there."
        more = (Then("relu"), *then)
        renamed = list(_named(more))
        same = dict.fromkeys(names, "") | dict(zip(names, renamed[1:], strict=True))
        yield Mistake("relu-added", says, given.model_copy(update={"then": more}), ("extra-term",), same)


CALLED = {
    "relu": "the ReLU",
    "sigmoid": "the sigmoid",
    "tanh": "the tanh",
    "softmax": "the softmax",
    "maxpool": "the max pooling",
    "avgpool": "the average pooling",
    "flatten": "the flattening",
    "dense": "the dense layer",
}


def _named(then: Sequence[Then]) -> Iterator[str]:
    """The quantities of the layers behind the convolution: a second `relu` is `relu2`."""
    count: dict[str, int] = {}
    for layer in then:
        count[layer.name] = count.get(layer.name, 0) + 1
        yield layer.name if count[layer.name] == 1 else f"{layer.name}{count[layer.name]}"


def _mistaken(layer: Then) -> Iterator[tuple[str, str, Then]]:
    """What people take a pooling for."""
    if isinstance(layer.given, Pooling):
        other = {"maxpool": "avgpool", "avgpool": "maxpool"}[layer.name]
        says = pooling.OTHER[layer.name.removesuffix("pool")]
        yield "other-function", says, layer._replace(name=other)
        for name, says, window in layer.given.mistaken(layer.name == "avgpool"):
            yield name, says, layer._replace(given=window)


def ask(given: Given) -> Sequence[str]:
    """The output, and the last of what follows."""
    return ["Y", *list(_named(given.then))[-1:]]


EXAMPLE = """\
kind: conv2d
title: A small image and an edge detector
given:
  input:
    - [4, 1, 4, 3]
    - [2, 4, 0, 2]
    - [4, 3, 0, 1]
    - [0, 1, 1, 3]
  kernel:
    - [1, 0, -1]
    - [1, 0, -1]
    - [1, 0, -1]
"""

kind = Kind(
    name="conv2d",
    title="Two-dimensional convolution",
    given=Given,
    solve=solve,
    ask=ask,
    letters={
        "input": "X",
        "X_padded": "X'",
        "kernel": "K",
        "bias": "b",
        "height": "rows",
        "width": "columns",
    },
    quantities={
        "Y.height": "how many rows the output has; likewise `Y.width`",
        "X_padded": "the input with zeros around it, when it is padded",
        "K'": "the flipped kernel, for `mode: convolution`",
        "Y": "the convolution; asked",
        "relu": "what a layer of `then` gives, by its name; a second one is `relu2`; the last one is asked",
        "maxpool.height": "how many rows a pooling gives; likewise `maxpool.width`",
        "dense.input": "the map in a row, before a dense layer",
    },
    example=EXAMPLE,
    docs=__doc__ or "",
    mistakes=mistakes,
    fixed=True,
)
