"""The shapes of a convolutional network, and what it costs.

What it solves
    The size of every feature map, the number of parameters of every layer and of the whole network; on
    demand the multiplications, the numbers that are kept, and how much of the input one output sees.

Method
    Along each axis a window of size k (a kernel, or that of a pooling) is placed every s rows, on an input of n
    rows with p more on each side; a dilation d spreads the window over d (k − 1) + 1 rows:

        n′ = ⌊(n + 2p − d (k − 1) − 1)/s⌋ + 1      padding same: n′ = ⌈n/s⌉      ceil: ⌈ ⌉ in place of ⌊ ⌋

    With ceil a last window that would start behind the input and the padding before it is left out, as PyTorch
    does. A transposed convolution undoes this: n′ = (n − 1) s − 2p + d (k − 1) + 1 + output padding; with same
    n′ = n s. Parameters, and multiplications (MACs) for each place of the output:

        convolution: (k k C/g + 1) F parameters, k k F C/g MACs      dense: (inputs + 1) units, inputs · units MACs

        depthwise: (k k + 1) C, k k C MACs      separable: k k C + (C + 1) F, k k C + C F MACs

    A transposed convolution multiplies at each place of its input. Without biases the + 1 falls away, and MACs
    never count them. Normalisations have 2 parameters a channel; the running statistics of a batch normalisation,
    2 a channel, are no parameters and count as not trainable, as the parameters of a frozen layer do.
    A dense layer takes a whole feature map, as if it were flattened first.

    The receptive field r grows by (d (k − 1)) j from layer to layer, where j, the distance in the input of two
    neighbours, is the product of the strides so far; what sees a whole map of n rows adds (n − 1) j. It is not
    cut off at the border of the image.

Legend
    n rows or columns, k window, s stride, p padding on each side, d dilation, C channels of the input, F filters,
    g groups, r receptive field, j jump.

Source
    Dumoulin and Visin: A guide to convolution arithmetic for deep learning, 2016; Araujo, Norris and Sim:
    Computing receptive fields of convolutional neural networks, Distill 2019; Goodfellow, Bengio, Courville:
    Deep Learning, chapter 9.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import reduce
from typing import Annotated, Any, TypeVar

import numpy as np

from solver.derivation import Board, Cell, Column, Result, Text, Worked, say
from solver.errors import counted
from solver.expr.nodes import (
    OPERATIONS,
    PRODUCT,
    Between,
    Const,
    Entry,
    Expr,
    Formula,
    Function,
    Infix,
    Op,
    Operand,
    Prefix,
    Sizes,
    Sym,
    Terms,
    apply,
    const,
)
from solver.expr.ops import number
from solver.expr.values import Array, exact
from solver.kinds import Kind
from solver.record import Record
from solver.spec.fields import Fault, Fields, Flag, choice, field
from solver.spec.layers import FORMS, INPUT, JOINS, LARGEST, LAYERS, POOLS, SIZE, Layer, Pair
from solver.spec.numbers import as_fraction

T = TypeVar("T")
Shape = tuple[int, ...]
"""Rows, columns and channels of a map; length and entries of a sequence; the numbers of a vector."""

CONVS = ("conv", "depthwise_conv", "separable_conv")
WINDOWED = (*CONVS, *POOLS)
RESIZING = (*WINDOWED, "conv_transpose", "upsample", "pad")
GLOBAL = ("global_avgpool", "global_maxpool")
ADAPTIVE = ("adaptive_avgpool", "adaptive_maxpool")
NORMS = ("batchnorm", "layernorm")
AXES = (("height", "rows"), ("width", "columns"))

MOST_STEPS = 24
"""So many steps show how a size comes about; those behind them stand in the table alone."""

MOST_ROWS = 100
LONG_SUM = 24
"""Of a sum of more terms the first ones and the last are written."""


# The operations. They work with whole numbers of any size and cost the evaluator nothing.


def _op(name: str, of: Callable[..., Any], notation: Any, **kwargs: Any) -> Op:
    def compute(_: Any, *x: Array) -> Array:
        result = of(*(each.item() for each in x))
        if isinstance(result, Fraction) and result.denominator == 1:
            result = result.numerator
        return np.asarray(result, dtype=object)

    return Op(name, compute, lambda *_: (), notation, work=lambda *_: 0, **kwargs)


def _shape_array(_: Any, *x: Array) -> Array:
    lengths = np.empty(len(x), dtype=object)
    lengths[:] = [each.item() for each in x]
    return lengths


def _shortened(*terms: Expr) -> Expr:
    return apply(TERMS, *terms[:3], Sym("⋯"), terms[-1])


FLOOR = _op("floor", math.floor, Between("⌊", "⌋"), counts=True)
CEILING = _op("ceiling", math.ceil, Between("⌈", "⌉"), counts=True)
OPPOSITE = _op("opposite", lambda x: -x, Prefix("−"))
OVER = _op("over", lambda x, y: Fraction(x) / Fraction(y), Infix("/", PRODUCT, True))
TIMES = _op("times", lambda x, y: x * y, Infix("·", PRODUCT))
FACTORS = _op(
    "factors",
    lambda *x: math.prod(x),
    Formula(lambda *x: reduce(lambda a, b: apply(TIMES, a, b), x)),
    at_once=True,
)
TERMS = _op("terms", lambda *x: sum(x), Terms(), at_once=True)
LONG_TERMS = _op("long_terms", lambda *x: sum(x), Formula(_shortened), at_once=True)
WINDOWS = _op(
    "windows",
    lambda room, s: room // s + 1,
    Formula(lambda room, s: apply(TERMS, apply(FLOOR, apply(OVER, room, s)), 1)),
    whole=True,
    counts=True,
)
WINDOWS_UP = _op(
    "windows_up",
    lambda room, s: -(-room // s) + 1,
    Formula(lambda room, s: apply(TERMS, apply(CEILING, apply(OVER, room, s)), 1)),
    whole=True,
    counts=True,
)
LARGEST_OF = _op("largest", max, Function("max"))
ENTRY = Op(
    "entry", lambda _, x, index: x[index : index + 1].reshape(()), lambda *_, index: (), Entry(), silent=True
)
LENGTHS = Op("sizes", _shape_array, lambda *x: (len(x),), Sizes(), at_once=True, work=lambda *_: 0)


def _product(*factors: Operand) -> Expr:
    return apply(FACTORS, *factors) if len(factors) > 1 else const(factors[0])


def _sum(*terms: Operand) -> Expr:
    return apply(TERMS, *terms) if len(terms) > 1 else const(terms[0])


def _minus(x: Expr) -> Expr:
    return apply(OPPOSITE, x)


# The shapes, by counting


class Misfit(Exception):
    """A layer that does not take what the layers before it give, for the sake of one of its options or of all."""

    def __init__(self, message: str, hint: str, option: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.option = option


class Placed(Record):
    """A layer with the shapes of its inputs and of its output."""

    layer: Layer
    place: int
    inputs: tuple[Shape, ...]
    shape: Shape


def padding(layer: Layer, axis: int) -> int:
    """How many rows or columns are added on each side."""
    if isinstance(layer.padding, tuple):
        return layer.padding[axis]
    return layer.dilation[axis] * (layer.window[axis] - 1)


def spread(layer: Layer, axis: int) -> int:
    """How many rows or columns a window covers, the gaps of a dilation included."""
    return layer.dilation[axis] * (layer.window[axis] - 1) + 1


def placings(layer: Layer, n: int, axis: int) -> int:
    """How many windows have room along an axis, counted."""
    stride = layer.stride[axis]
    if layer.padding == "same":
        return len(range(0, n, stride))
    pad = padding(layer, axis)
    room = n + 2 * pad - spread(layer, axis)
    count = len(range(0, room + 1, stride))
    more = layer.ceil and (count - 1) * stride < room and count * stride < n + pad
    return count + more


def resized(layer: Layer, n: int, axis: int) -> int:
    """The size of a map along an axis behind a layer."""
    window, stride = layer.window[axis], layer.stride[axis]
    match layer.what:
        case "upsample":
            return n * window
        case "pad":
            return n + 2 * padding(layer, axis)
        case "conv_transpose" if layer.padding == "same":
            return n * stride
        case "conv_transpose":
            covered = (n - 1) * stride + spread(layer, axis) + layer.output_padding[axis]
            return covered - 2 * padding(layer, axis)
    return placings(layer, n, axis)


def shape_behind(
    layer: Layer, inputs: Sequence[Shape], names: Sequence[str], said: Callable[[Shape], str]
) -> Shape:
    """The shape of a layer's output; raises `Misfit`. `said` writes a shape in the order of the problem."""
    first, what = inputs[0], layer.what
    if what in ("add", "concat"):
        return _joined(layer, inputs, names, said)
    if what in RESIZING or what in ADAPTIVE or what in GLOBAL:
        if len(first) == 2 and what in GLOBAL:
            return first[1:]
        if len(first) != 3:
            message = f"{layer.name} needs a feature map, but {names[0]} gives {said(first)}"
            raise Misfit(message, "put it in front of what makes a vector of the map")
        if what in GLOBAL:
            return first[2:]
        if what in ADAPTIVE:
            return (*layer.window, first[2])
        return _map_behind(layer, first)
    match what:
        case "dense":
            return (layer.units,)
        case "flatten":
            return (math.prod(first),)
        case "embedding":
            if len(first) != 1:
                raise Misfit(f"{layer.name} needs a vector of indices, but {names[0]} gives {said(first)}")
            return (first[0], layer.units)
    return first


def _map_behind(layer: Layer, before: Shape) -> Shape:
    name, channels = layer.name, before[2]
    if layer.padding == "full" and layer.what not in CONVS:
        raise Misfit(f"{name} cannot have the padding `full`", "write a number, `same` or `valid`")
    sizes = []
    for axis, (_, rows) in enumerate(AXES):
        n, window, pad = before[axis], layer.window[axis], padding(layer, axis)
        if layer.what in POOLS and layer.padding != "same" and 2 * pad > window:
            message = f"{name}: a padding of {pad} is more than half of its window, {window}"
            raise Misfit(message, f"at most {window // 2} fits")
        size = resized(layer, n, axis)
        if size < 1:
            raise _no_room(layer, n, axis, rows)
        if size > LARGEST:
            raise Misfit(f"{name} would give {size} {rows}, more than {LARGEST}")
        sizes.append(size)
        more = layer.output_padding[axis]
        if more and more >= max(layer.stride[axis], layer.dilation[axis]):
            message = f"{name}: an output padding of {more} is not less than its stride"
            raise Misfit(message, "the output padding chooses among the sizes that the stride leaves open")
    if channels % layer.groups:
        raise Misfit(f"{name}: {counted(channels, 'channel')} cannot be divided into {layer.groups} groups")
    if layer.filters % layer.groups:
        raise Misfit(
            f"{name}: {counted(layer.filters, 'filter')} cannot be divided into {layer.groups} groups"
        )
    if layer.what == "depthwise_conv":
        return (*sizes, channels * layer.multiplier)
    return (*sizes, layer.filters or channels)


def _no_room(layer: Layer, n: int, axis: int, rows: str) -> Misfit:
    pad, window = padding(layer, axis), layer.window[axis]
    if layer.what == "conv_transpose":
        return Misfit(
            f"{layer.name} does not fit: its padding of {pad} cuts all {rows} away", "take a smaller one"
        )
    wide = f" ({spread(layer, axis)} with its dilation)" if layer.dilation[axis] > 1 else ""
    noun = counted(n, rows[:-1]) if not pad else f"{n} + 2·{pad} {rows}"
    message = f"{layer.name} does not fit: its window of {window}{wide} is larger than its input, {noun}"
    return Misfit(message, "take a smaller window, more padding, or fewer layers with a stride before it")


def _joined(
    layer: Layer, inputs: Sequence[Shape], names: Sequence[str], said: Callable[[Shape], str]
) -> Shape:
    first = inputs[0]
    for name, other in zip(names, inputs, strict=True):
        fits = (
            other == first if layer.what == "add" else len(other) == len(first) and other[:-1] == first[:-1]
        )
        if not fits:
            needed = "equal shapes" if layer.what == "add" else "maps of one size"
            message = (
                f"{layer.name} needs {needed}, but {names[0]} gives {said(first)} and {name} {said(other)}"
            )
            raise Misfit(message)
    return first if layer.what == "add" else (*first[:-1], sum(shape[-1] for shape in inputs))


class Given(Fields):
    """A network."""

    input: Annotated[Shape, SIZE] = field(
        "its size: height × width × channels (256x256x3; 28x28 is grey), or one number, of a vector"
    )
    layers: Annotated[tuple[Layer, ...], LAYERS] = field(
        "the layers in order: conv5-64 /2, maxpool, FC-1000, or mappings with more options"
    )
    order: Annotated[str, choice("HWC", "CHW")] = field(
        "the order of a shape: height, width, channels (default), or CHW, channels first", "HWC"
    )
    bias: Flag = field("whether layers have biases where they do not say (default true)", True)

    def faults(self) -> Iterator[Fault]:
        yield from placed(self)[1]

    @property
    def size(self) -> Shape:
        """The size of the input: rows, columns and channels, or the numbers of a vector."""
        if len(self.input) == 1:
            return self.input
        if len(self.input) == 2:
            return (*self.input, 1)
        return self.turned(self.input, back=True)

    def turned(self, shape: tuple[T, ...], back: bool = False) -> tuple[T, ...]:
        """A shape in the order of the problem, or from it."""
        if self.order == "HWC" or len(shape) != 3:
            return shape
        return (*shape[1:], shape[0]) if back else (shape[2], *shape[:2])

    def said(self, shape: Shape) -> str:
        """A shape in words."""
        if len(shape) == 1:
            return f"a vector of {shape[0]}"
        return " × ".join(map(str, self.turned(shape)))

    def biased(self, layer: Layer) -> bool:
        """Whether a layer has biases."""
        return self.bias if layer.bias is None else layer.bias


def placed(given: Given) -> tuple[list[Placed], list[Fault]]:
    """The layers with their shapes, and those that do not fit. What stands behind one of these is left out."""
    found: dict[int, Placed] = {}
    faults: dict[tuple[Any, ...], Fault] = {}
    for place, layer in enumerate(given.layers):
        if not all(source in found or source == INPUT for source in layer.sources):
            continue
        inputs = tuple(given.size if source == INPUT else found[source].shape for source in layer.sources)
        names = ["the input" if source == INPUT else given.layers[source].name for source in layer.sources]
        try:
            found[place] = Placed(layer, place, inputs, shape_behind(layer, inputs, names, given.said))
        except Misfit as misfit:
            faults.setdefault(layer.path, Fault(layer.path, misfit.message, misfit.hint))
    return list(found.values()), list(faults.values())


# The formulas


class Reach(Record):
    """How much of the input a layer's output sees, along both axes.

    `name` is the quantity, nothing for the input; it is a `pair` or one number. `jump` is the distance in the
    input of two neighbours. `rest` is what a layer that takes all of a vector sees beyond it.
    """

    name: str = ""
    pair: bool = False
    jump: tuple[Fraction, ...] = (Fraction(1), Fraction(1))
    rest: tuple[Expr, ...] = ()

    def along(self, axis: int) -> Expr:
        """The receptive field along an axis."""
        if not self.name:
            return number(1)
        return apply(ENTRY, Sym(self.name), index=axis) if self.pair else Sym(self.name)


class Net:
    """A network on a board."""

    def __init__(self, given: Given, board: Board) -> None:
        self.given, self.board = given, board
        self.layers = placed(given)[0]
        self.seeing = len(given.size) == 3
        self.reach: dict[int, Reach] = {INPUT: Reach()}
        self.steps = self.left_out = 0

    def name(self, place: int) -> str:
        return "the input" if place == INPUT else self.given.layers[place].name

    def entries(self, place: int, shape: Shape) -> tuple[Expr, ...]:
        """Rows, columns and channels of a map, or the numbers of a vector, as entries of its shape."""
        whole = Sym("input" if place == INPUT else f"{self.name(place)}.shape")
        return self.given.turned(
            tuple(apply(ENTRY, whole, index=index) for index in range(len(shape))), back=True
        )

    def inputs(self, each: Placed) -> list[tuple[Expr, ...]]:
        """The entries of the shapes that a layer takes."""
        return [self.entries(*pair) for pair in zip(each.layer.sources, each.inputs, strict=True)]

    def quietly(self, name: str, expr: Expr, title: Text, why: Text = "", also: Sequence[str] = ()) -> Expr:
        return self.board.let(name, expr, title, why, also=also, quiet=True, bare=True, exactly=True)

    def visibly(self, name: str, expr: Expr, title: Text, why: Text = "", also: Sequence[str] = ()) -> Expr:
        """A step with a line on the page, as long as there are not too many of them."""
        quiet = self.steps >= MOST_STEPS
        self.left_out += quiet
        self.steps += 1
        return self.board.let(name, expr, title, why, also=also, quiet=quiet, bare=True, exactly=True)

    # Sizes

    def sizes(self) -> None:
        """The shape of every layer."""
        self.board.section("Sizes")
        groups: dict[Any, list[Placed]] = {}
        for each in self.layers:
            groups.setdefault(_likeness(each), []).append(each)
        for each in self.layers:
            like = groups[_likeness(each)]
            sizes = self.resized(each, like) if each.layer.what in RESIZING else self.kept(each)
            title = say("{layer}: the shape of its output.", layer=each.layer.name)
            self.quietly(f"{each.layer.name}.shape", apply(LENGTHS, *self.given.turned(sizes)), title)
        if self.left_out:
            text = "{count} more sizes come about in the same way; they stand in the table."
            self.board.note(say(text, count=self.left_out))

    def resized(self, each: Placed, like: Sequence[Placed]) -> tuple[Expr, ...]:
        """Rows and columns by the formula, and the channels; of layers with the same sizes the first is shown."""
        layer, before = each.layer, self.inputs(each)[0]
        name, let = layer.name, self.visibly
        title: Text = say("{layers}: {what}.", layers=_names(like), what=_described(like))
        if like[0] is not each:
            title, let = say("{layer}: as {other}.", layer=name, other=like[0].layer.name), self.quietly
        rows, columns = (self.length(layer, before[axis], axis) for axis in (0, 1))
        if _even(layer) and self.board.value(before[0]).same(self.board.value(before[1])):
            let(f"{name}.height", rows, title, "Rows and columns are alike.", also=(f"{name}.width",))
        else:
            let(f"{name}.height", rows, title)
            let(f"{name}.width", columns, say("{layer}: its columns.", layer=name))
        channels = number(layer.filters) if layer.filters else before[2]
        if layer.what == "depthwise_conv" and layer.multiplier > 1:
            title = say("{layer}: {count} filters for each channel.", layer=name, count=layer.multiplier)
            channels = self.quietly(f"{name}.channels", _product(before[2], layer.multiplier), title)
        return Sym(f"{name}.height"), Sym(f"{name}.width"), channels

    def length(self, layer: Layer, n: Expr, axis: int) -> Expr:
        """The size along an axis."""
        k, s, d = layer.window[axis], layer.stride[axis], layer.dilation[axis]
        match layer.what:
            case "upsample":
                return _product(n, k)
            case "pad":
                return _sum(n, _product(2, padding(layer, axis)))
            case "conv_transpose" if layer.padding == "same":
                return _product(n, s)
            case "conv_transpose":
                p = number(padding(layer, axis))
                return transposed(n, number(k), number(s), p, d, layer.output_padding[axis])
        if layer.padding == "same":
            return apply(CEILING, apply(OVER, n, s))
        room = free_room(n, number(k), number(padding(layer, axis)), number(d) if d > 1 else None)
        if not layer.ceil:
            return apply(WINDOWS, room, s)
        up = apply(WINDOWS_UP, room, s)
        start = (self.board.value(up).item() - 1) * s
        return _sum(up, -1) if start >= self.board.value(n).item() + padding(layer, axis) else up

    def kept(self, each: Placed) -> tuple[Expr, ...]:
        """The shape of a layer that computes no size, or only a product or a sum."""
        layer, inputs = each.layer, self.inputs(each)
        name, before = layer.name, inputs[0]
        match layer.what:
            case "dense":
                return (number(layer.units),)
            case "embedding":
                return (before[0], number(layer.units))
            case "flatten":
                let = self.visibly if len(before) > 1 else self.quietly
                title = say("{layer}: all numbers of the map in a row.", layer=name)
                return (let(f"{name}.size", _product(*before), title),)
            case "concat":
                what, part = ("numbers", "size") if len(before) == 1 else ("channels", "channels")
                joined = _listing([self.name(source) for source in layer.sources])
                title = say("{layer}: the {what} of {joined} together.", layer=name, what=what, joined=joined)
                return (
                    *before[:-1],
                    self.visibly(f"{name}.{part}", _sum(*(each[-1] for each in inputs)), title),
                )
        if layer.what in GLOBAL:
            return before[-1:]
        if layer.what in ADAPTIVE:
            return (*map(number, layer.window), before[2])
        return before

    # Costs

    def costs(self) -> None:
        """What each layer costs, in a table, and the totals."""
        self.board.section("Layers")
        for each in self.layers:
            self.cost(each)
            if self.seeing:
                self.reach[each.place] = self.see(each)
        names = [each.layer.name for each in self.layers]
        parts = {"macs": "MACs", "receptive_field": "receptive field", "size": "numbers"}
        if not self.seeing:
            del parts["receptive_field"]
        heads = [Column(head, tuple(f"{name}.{part}" for name in names)) for part, head in parts.items()]
        rows: list[tuple[Cell, ...]] = []
        for each in self.layers:
            name = each.layer.name
            row: list[Cell] = [name, self.typed(each), Result(f"{name}.shape"), Worked(f"{name}.params")]
            rows.append((*row, *(Worked(f"{name}.{part}") for part in parts)))
        self.board.table("", ["layer", "as given", "output", "parameters", *heads], rows, most=MOST_ROWS)
        self.remarks()
        self.totals(names)

    def cost(self, each: Placed) -> None:
        """The numbers in the output of a layer, its parameters, its multiplications."""
        layer, before = each.layer, self.inputs(each)[0]
        name, after = layer.name, self.entries(each.place, each.shape)
        if f"{name}.size" not in self.board.derivation.quantities:
            title = say("{layer}: how many numbers it gives out.", layer=name)
            self.quietly(f"{name}.size", _product(*after), title)
        params = self.parameters(layer, before)
        self.quietly(f"{name}.params", params, say("{layer}: {what}.", layer=name, what=self.learns(layer)))
        macs = self.multiplications(layer, before, after)
        self.quietly(f"{name}.macs", macs, say("{layer}: its multiplications.", layer=name), MACS)

    def learns(self, layer: Layer) -> str:
        """What the parameters of a layer are."""
        and_bias = ", and a bias" if self.given.biased(layer) else ""
        match layer.what:
            case "conv" | "conv_transpose":
                return f"the weights{and_bias} of each filter, for all filters"
            case "depthwise_conv":
                return f"the weights{and_bias} of the filter of each channel"
            case "separable_conv":
                return f"the weights of the filter of each channel, then those{and_bias} of each 1 × 1 filter"
            case "dense":
                return f"a weight for each input{and_bias}, for each unit"
            case "batchnorm" | "layernorm":
                return "a scale and a shift for each channel"
            case "embedding":
                return "a vector for each word"
        return "no parameters"

    def parameters(self, layer: Layer, before: Sequence[Expr]) -> Expr:
        """How many parameters a layer has."""
        channels, F, window = before[-1], layer.filters, layer.window
        biased = self.given.biased(layer)
        match layer.what:
            case "conv" | "conv_transpose":
                weights = (*window, channels if layer.groups == 1 else apply(OVER, channels, layer.groups))
                return _with_bias(weights, F, biased)
            case "depthwise_conv":
                return _with_bias(window, self.multiplied(channels, layer), biased)
            case "separable_conv":
                wide = self.multiplied(channels, layer)
                return _sum(_product(*window, wide), _with_bias((wide,), F, biased))
            case "dense":
                return _with_bias(before, layer.units, biased)
            case "batchnorm" | "layernorm":
                return _product(2, channels)
            case "embedding":
                return _product(layer.vocabulary, layer.units)
        return number(0)

    def multiplied(self, channels: Expr, layer: Layer) -> Expr:
        return channels if layer.multiplier == 1 else _product(channels, layer.multiplier)

    def multiplications(self, layer: Layer, before: Sequence[Expr], after: Sequence[Expr]) -> Expr:
        """How many products of two numbers a layer computes, each added to a sum."""
        window, F = layer.window, layer.filters
        per_group = before[-1] if layer.groups == 1 else apply(OVER, before[-1], layer.groups)
        match layer.what:
            case "conv":
                return _product(*after[:2], F, *window, per_group)
            case "conv_transpose":
                return _product(*before[:2], F, *window, per_group)
            case "depthwise_conv":
                return _product(*after, *window)
            case "separable_conv":
                wide = self.multiplied(before[-1], layer)
                return _sum(_product(*after[:2], wide, *window), _product(*after[:2], wide, F))
            case "dense":
                return _product(*before, layer.units)
        return number(0)

    # Receptive fields

    def see(self, each: Placed) -> Reach:
        """The receptive field of a layer, put on the board."""
        layer, sources = each.layer, [self.reach[source] for source in each.layer.sources]
        before, (first, *others) = self.inputs(each)[0], sources
        ways = [(first.along(axis), first.jump[axis], first.rest[axis : axis + 1]) for axis in (0, 1)]
        if others and len({reach.name for reach in sources}) > 1:
            ways = [self.widest(sources, axis) for axis in (0, 1)]
        elif layer.what not in JOINS:
            ways = [self.further(layer, axis, *ways[axis], before, each) for axis in (0, 1)]
        fields, jumps, rests = zip(*ways, strict=True)
        name = f"{layer.name}.receptive_field"
        pair = not self.board.value(fields[0]).same(self.board.value(fields[1]))
        expr = apply(LENGTHS, *fields) if pair else fields[0]
        title = say("{layer}: how many rows and columns of the input one output sees.", layer=layer.name)
        self.quietly(name, expr, title, SEES)
        return Reach(name, pair, jumps, tuple(part for rest in rests for part in rest))

    def further(
        self,
        layer: Layer,
        axis: int,
        r: Expr,
        jump: Fraction,
        rest: Sequence[Expr],
        before: Any,
        each: Placed,
    ) -> tuple[Expr, Fraction, tuple[Expr, ...]]:
        """Receptive field and jump behind a layer, and what is left to see where it made a vector."""
        k, s, d = layer.window[axis], layer.stride[axis], layer.dilation[axis]
        is_map = len(before) == 3
        everything = _product(_sum(before[axis], -1), number(jump)) if is_map else None
        match layer.what:
            case "flatten" if everything is not None:
                return r, jump, (everything,)
            case "dense" | "global_avgpool" | "global_maxpool":
                seen = everything if everything is not None else next(iter(rest), None)
                return (r if seen is None else _sum(r, seen)), jump, ()
            case "adaptive_avgpool" | "adaptive_maxpool":
                n = each.inputs[0][axis]
                step = n // k
                window = _sum(before[axis], _minus(_product(k - 1, step)), -1)
                return _sum(r, _product(window, number(jump))), jump * step, ()
            case "upsample":
                return r, jump / k, ()
            case "conv_transpose":
                cover = _sum(apply(CEILING, apply(OVER, spread(layer, axis), s)), -1)
                return _sum(r, _product(cover, number(jump))), jump / s, ()
        if layer.what not in WINDOWED:
            return r, jump, rest
        gap = _sum(k, -1) if d == 1 else _product(d, _sum(k, -1))
        return (r if k == 1 else _sum(r, _product(gap, number(jump)))), jump * s, ()

    def widest(self, sources: Sequence[Reach], axis: int) -> tuple[Expr, Fraction, tuple[Expr, ...]]:
        """The largest receptive field of several branches."""
        fields = [reach.along(axis) for reach in sources]
        values = [self.amount(each) for each in fields]
        r = fields[0] if len(set(values)) == 1 else apply(LARGEST_OF, *fields)
        rests = [self.amount(reach.rest[axis]) if reach.rest else 0 for reach in sources]
        whole = max(value + rest for value, rest in zip(values, rests, strict=True))
        rest = (number(whole - max(values)),) if any(reach.rest for reach in sources) else ()
        return r, max(reach.jump[axis] for reach in sources), rest

    def amount(self, expr: Expr) -> Fraction:
        return as_fraction(self.board.value(expr).item())

    # The page around

    def method(self) -> None:
        """The formulas of the layers that occur, and the letters in them."""
        method, letter = self.board.method, self.board.letter
        layers = [each.layer for each in self.layers]
        windowed = [layer for layer in layers if layer.what in WINDOWED and layer.padding != "same"]
        n, k, p, s, d, C, F, g = (letter(name, ()) for name in ("n", "k", "p", "s", "d", "C", "F", "g"))
        new = letter("n'", ())
        used: dict[str, str] = {}
        d_or_none = d if any(max(layer.dilation) > 1 for layer in windowed) else None
        for up, op in ((False, WINDOWS), (True, WINDOWS_UP)):
            if any(layer.ceil == up for layer in windowed):
                method(new, apply(op, free_room(n, k, p, d_or_none), s))
        if any(layer.what in WINDOWED and layer.padding == "same" for layer in layers):
            method(new, apply(CEILING, apply(OVER, n, s)))
        if any(layer.what == "conv_transpose" and layer.padding != "same" for layer in layers):
            method(new, transposed(n, k, s, p))
        if any(layer.what in (*WINDOWED, "conv_transpose") for layer in layers):
            used |= {"n": "rows or columns", "k": "window", "p": "padding on each side", "s": "stride"}
            used |= {"d": "dilation"} if d_or_none is not None else {}
        for what in dict.fromkeys(layer.what for layer in layers):
            same = [layer for layer in layers if layer.what == what]
            biased = any(map(self.given.biased, same))
            square = all(layer.window[0] == layer.window[1] for layer in same)
            window: tuple[Expr, ...] = (k**2,) if square else (letter("k1", ()), letter("k2", ()))
            called = Sym(f"{FORMS[what].called}.params")
            match what:
                case "conv" | "conv_transpose":
                    per_group = apply(OVER, C, g) if any(layer.groups > 1 for layer in same) else C
                    method(called, _with_bias((*window, per_group), F, biased))
                    used |= {"C": "channels of the input", "F": "filters"}
                    used |= {"g": "groups"} if per_group is not C else {}
                case "depthwise_conv":
                    method(called, _with_bias(window, C, biased))
                    used |= {"C": "channels of the input"}
                case "separable_conv":
                    method(called, _sum(_product(*window, C), _with_bias((C,), F, biased)))
                    used |= {"C": "channels of the input", "F": "filters"}
                case "dense":
                    method(called, _with_bias((Sym("inputs"),), Sym("units"), biased))
                case "batchnorm" | "layernorm":
                    method(called, _product(2, C))
                    used |= {"C": "channels of the input"}
        if used:
            self.board.note("; ".join(f"{name} {what}" for name, what in used.items()) + ".")

    def remarks(self) -> None:
        """The conventions that matter for this network."""
        weighted = [
            each.layer for each in self.layers if each.layer.what in (*CONVS, "conv_transpose", "dense")
        ]
        without = [layer.name for layer in weighted if not self.given.biased(layer)]
        if without:
            who = "No layer has" if len(without) == len(weighted) else f"{_listing(without)} without"
            self.board.note(say("{who} biases: the + 1 falls away.", who=who))
        flat = [each for each in self.layers if each.layer.what == "dense" and len(each.inputs[0]) > 1]
        if flat:
            numbers = self.given.turned(flat[0].inputs[0])
            sizes = apply(EQUAL, _product(*numbers), math.prod(numbers))
            self.board.note(
                say("{layer} takes all numbers of the map: {sizes}.", layer=flat[0].layer.name, sizes=sizes)
            )
        if any(each.layer.what == "batchnorm" for each in self.layers):
            self.board.note(
                "A batch normalisation learns two numbers a channel. The mean and the variance that it keeps of "
                "each channel are not trained; some programs add them to their totals."
            )
        for each in self.layers:
            layer, n = each.layer, each.inputs[0]
            if layer.what in POOLS and layer.padding != "same" and not layer.ceil and len(n) == 3:
                other = layer.but(ceil=True)
                up = [placings(other, n[axis], axis) for axis in (0, 1)]
                if tuple(up) != each.shape[:2]:
                    text = (
                        "{layer} leaves out what its last window does not fill; with `ceil: true`, {up} rows."
                    )
                    self.board.note(say(text, layer=layer.name, up=up[0]))
                    break

    def typed(self, each: Placed) -> str:
        """A layer in the shorthand of exam sheets."""
        layer, what = each.layer, each.layer.what
        text = SHORT.get(what, what.replace("_", " "))
        match what:
            case "conv" | "separable_conv" | "conv_transpose":
                text += f"{_size(layer.window)}-{layer.filters}"
            case "dense":
                text += f"-{layer.units}"
            case "embedding":
                text += f" {layer.vocabulary} × {layer.units}"
            case "pad":
                text += f" {_size(layer.padding)}"
            case "add" | "concat":
                text += f" {_listing([self.name(source) for source in layer.sources])}"
            case _ if what in (*RESIZING, *ADAPTIVE):
                text += f" {_size(layer.window)}" if what in (*ADAPTIVE, "upsample") else _size(layer.window)
        if what in RESIZING and what not in ("upsample", "pad"):
            plain = layer.window if what in POOLS else (1, 1)
            text += f" /{_size(layer.stride)}" if layer.stride != plain else ""
            if layer.padding != (0, 0):
                text += (
                    f" {layer.padding}" if isinstance(layer.padding, str) else f" pad {_size(layer.padding)}"
                )
            text += f" dilation {_size(layer.dilation)}" if layer.dilation != (1, 1) else ""
            text += f" groups {layer.groups}" if layer.groups > 1 else ""
            text += " ceil" if layer.ceil else ""
        if layer.sources != (each.place - 1,) and what not in JOINS:
            text += f" from {self.name(layer.sources[0])}"
        return text + (", frozen" if layer.frozen else "")

    def totals(self, names: Sequence[str]) -> None:
        """The sums over all layers."""
        frozen = [each for each in self.layers if each.layer.frozen]
        trained = [each.layer.name for each in self.layers if not each.layer.frozen]
        fixed: list[Expr] = []
        for each in self.layers:
            if each.layer.frozen and self.counts(f"{each.layer.name}.params"):
                fixed.append(Sym(f"{each.layer.name}.params"))
            if each.layer.what == "batchnorm":
                fixed.append(_product(2, self.inputs(each)[0][-1]))
        title = "All parameters that are trained." if fixed else "All parameters."
        self.let("total_params", self.sum_of(trained, "params"), title)
        title = "What is not trained: frozen parameters, and statistics of batch normalisations."
        if not frozen:
            title = "What is not trained: a mean and a variance for each channel of a batch normalisation."
        expr = _long_sum(fixed)
        if fixed:
            self.let("non_trainable_params", expr, title)
        else:
            self.quietly("non_trainable_params", expr, "No parameter is kept from being trained.")
        self.quietly("total_macs", self.sum_of(names, "macs"), "All multiplications.", MACS)
        self.quietly("total_size", self.sum_of(names, "size"), "The numbers in the outputs of all layers.")
        title = "The bytes that the outputs of all layers take, 4 a number."
        self.quietly("memory", _product(4, Sym("total_size")), title)

    def let(self, name: str, expr: Expr, title: Text) -> None:
        self.board.let(name, expr, title, bare=True, exactly=True)

    def counts(self, name: str) -> bool:
        """Whether a quantity is more than nothing."""
        return self.board.value(name).item() != 0

    def sum_of(self, names: Sequence[str], part: str) -> Expr:
        every = [f"{name}.{part}" for name in names]
        return _long_sum([Sym(name) for name in every if self.counts(name)])


MACS = "A product and its addition count as one (a MAC): FLOPs are twice as many. Biases are not counted."
SEES = "A window of k widens it by k − 1 steps, each as wide as the strides before it multiply to."
EQUAL = OPERATIONS["equal"]
SHORT = {
    "dense": "FC",
    "depthwise_conv": "depthwise",
    "separable_conv": "separable",
    "conv_transpose": "transposed",
}


def free_room(n: Expr, k: Expr, p: Expr, d: Expr | None) -> Expr:
    """How far a window can be moved: n + 2p − k, with a dilation n + 2p − d (k − 1) − 1."""
    if d is None:
        return _sum(n, _product(2, p), _negative(k))
    return _sum(n, _product(2, p), _minus(_product(d, _sum(k, -1))), -1)


def transposed(n: Expr, k: Expr, s: Expr, p: Expr, d: int = 1, more: int = 0) -> Expr:
    """The size behind a transposed convolution."""
    window = (k,) if d == 1 else (_product(d, _sum(k, -1)), 1)
    return _sum(_product(_sum(n, -1), s), _minus(_product(2, p)), *window, *((more,) if more else ()))


def _negative(x: Expr) -> Expr:
    return number(-as_fraction(x.value.item())) if isinstance(x, Const) else _minus(x)


def _with_bias(weights: Sequence[Operand], filters: Operand, biased: bool) -> Expr:
    """The weights of a filter and its bias, for all filters."""
    return _product(_sum(_product(*weights), 1), filters) if biased else _product(*weights, filters)


def _long_sum(terms: Sequence[Expr]) -> Expr:
    if len(terms) > LONG_SUM:
        return apply(LONG_TERMS, *terms)
    return _sum(*terms) if terms else number(0)


def _even(layer: Layer) -> bool:
    """Whether a layer does the same along both axes."""
    pairs = (layer.window, layer.stride, layer.padding, layer.dilation, layer.output_padding)
    return all(isinstance(pair, str) or pair[0] == pair[1] for pair in pairs)


def _likeness(each: Placed) -> Any:
    """What layers have in common whose sizes come about by the same numbers."""
    layer = each.layer
    if layer.what not in RESIZING:
        return each.place
    options = (layer.window, layer.stride, layer.padding, layer.dilation, layer.output_padding, layer.ceil)
    return layer.what, each.inputs[0][:2], options


def _listing(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; of many the first ones and how many more."""
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _names(like: Sequence[Placed]) -> str:
    return _listing([each.layer.name for each in like])


def _size(pair: Pair | str) -> str:
    """`3`, or `4×3`."""
    if isinstance(pair, str):
        return pair
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"


def _described(like: Sequence[Placed]) -> str:
    """What layers of one size do."""
    layer = like[0].layer
    filters = {each.layer.filters for each in like}
    window = f"{layer.window[0]} × {layer.window[1]}"
    some = f"{counted(layer.filters, 'filter')} of {window}" if len(filters) == 1 else f"filters of {window}"
    match layer.what:
        case "upsample":
            return f"each number becomes {window} of them"
        case "pad":
            return f"a margin of {_size(layer.padding)} on each side"
        case "conv":
            text = some
        case "conv_transpose":
            text = f"{some}, transposed"
        case "depthwise_conv":
            text = f"{window} in each channel"
        case "separable_conv":
            text = f"{window} in each channel, then {some.replace(window, '1 × 1')}"
        case _:
            text = f"windows of {window}"
    text += f", stride {_size(layer.stride)}, "
    text += "no padding" if layer.padding == (0, 0) else f"padding {_size(layer.padding)}"
    text += f", dilation {_size(layer.dilation)}" if layer.dilation != (1, 1) else ""
    return text + (", rounded up" if layer.ceil else "")


def solve(given: Given, board: Board) -> None:
    """Write the sizes on the board, then what the layers cost, and the totals."""
    board.derivation.rows = True
    board.given("input", exact(list(given.turned(given.size))))
    net = Net(given, board)
    net.method()
    net.sizes()
    net.costs()
    check(net)


# Checks


def check(net: Net) -> None:
    board, layers = net.board, net.layers
    board.check("sizes counted window by window", lambda: _shape_errors(net), 0)
    board.check("parameters counted from the arrays of weights", lambda: _count_errors(net), 0)
    names = [each.layer.name for each in layers]
    board.check("totals", lambda: _total_errors(net, names), 0)
    if net.seeing and all(each.layer.sources == (each.place - 1,) for each in layers):
        board.check("receptive fields traced back", lambda: _reach_errors(net), 0)


def _whole(net: Net, name: str) -> Any:
    return net.board.value(name).array.tolist()


def _shape_errors(net: Net) -> int:
    wrong = 0
    for each in net.layers:
        wrong += _whole(net, f"{each.layer.name}.shape") != list(net.given.turned(each.shape))
        wrong += _whole(net, f"{each.layer.name}.size") != math.prod(each.shape)
    return wrong


def arrays(given: Given, each: Placed) -> list[Shape]:
    """The shapes of the arrays that a layer learns."""
    layer, channels = each.layer, each.inputs[0][-1]
    match layer.what:
        case "conv":
            found = [(layer.filters, channels // layer.groups, *layer.window), (layer.filters,)]
        case "conv_transpose":
            found = [(channels, layer.filters // layer.groups, *layer.window), (layer.filters,)]
        case "depthwise_conv":
            found = [(each.shape[-1], 1, *layer.window), (each.shape[-1],)]
        case "separable_conv":
            wide = channels * layer.multiplier
            found = [(wide, 1, *layer.window), (layer.filters, wide, 1, 1), (layer.filters,)]
        case "dense":
            found = [(layer.units, math.prod(each.inputs[0])), (layer.units,)]
        case "batchnorm" | "layernorm":
            return [(channels,), (channels,)]
        case "embedding":
            return [(layer.vocabulary, layer.units)]
        case _:
            return []
    return found if given.biased(layer) else found[:-1]


def _count_errors(net: Net) -> int:
    return sum(
        _whole(net, f"{each.layer.name}.params") != sum(map(math.prod, arrays(net.given, each)))
        for each in net.layers
    )


def _total_errors(net: Net, names: Sequence[str]) -> int:
    learnt = {each.layer.name: sum(map(math.prod, arrays(net.given, each))) for each in net.layers}
    kept = sum(learnt[each.layer.name] for each in net.layers if each.layer.frozen)
    statistics = sum(2 * each.shape[-1] for each in net.layers if each.layer.what == "batchnorm")
    wanted = {
        "total_params": sum(learnt.values()) - kept,
        "non_trainable_params": kept + statistics,
        "total_macs": sum(_whole(net, f"{name}.macs") for name in names),
        "total_size": sum(math.prod(each.shape) for each in net.layers),
    }
    return sum(_whole(net, name) != count for name, count in wanted.items())


def _reach_errors(net: Net) -> int:
    """From one number of the last map back to the input: what it sees of each layer."""
    wrong, maps = 0, [each for each in net.layers if len(each.shape) == 3]
    simple = all(
        each.layer.what in WINDOWED or each.layer.what not in (*RESIZING, *ADAPTIVE) for each in maps
    )
    if not maps or not simple:
        return 0
    stated = _whole(net, f"{maps[-1].layer.name}.receptive_field")
    for axis in (0, 1):
        seen = 1
        for each in reversed(maps):
            if each.layer.what in WINDOWED:
                seen = (seen - 1) * each.layer.stride[axis] + spread(each.layer, axis)
        wrong += seen != (stated[axis] if isinstance(stated, list) else stated)
    return wrong


def ask(given: Given) -> Sequence[str]:
    """The shape and the parameters of each layer, and all parameters."""
    names = [f"{layer.name}.{part}" for layer in given.layers for part in ("shape", "params")]
    return [*names, "total_params"]


EXAMPLE = """\
kind: cnn-shapes
title: The shapes of a small network
given:
  input: 256x256x3
  layers:
    - conv5-64 /2
    - relu
    - maxpool: {size: 2, stride: 2}
    - conv: {filters: 32, kernel: 3, padding: same}
    - flatten
    - FC-10
"""

kind = Kind(
    name="cnn-shapes",
    title="Shapes and parameters of a convolutional network",
    given=Given,
    solve=solve,
    ask=ask,
    letters={
        "params": "parameters",
        "macs": "MACs",
        "receptive_field": "receptive field",
        "size": "numbers",
        "total_params": "parameters",
        "non_trainable_params": "not trainable",
        "total_macs": "MACs",
        "total_size": "numbers",
        "memory": "bytes",
    },
    quantities={
        "NAME.shape": "the shape of a layer's output, in the order of the input: `conv1.shape`, `fc1.shape`; asked",
        "NAME.params": "its parameters, statistics of a batch normalisation left out; asked",
        "NAME.size": "the numbers in its output",
        "NAME.macs": "its multiplications, each with an addition; biases are not counted",
        "NAME.receptive_field": "how many rows and columns of the input one output sees: one number where they "
        "agree; only for a network whose input is a map",
        "NAME.height": "the rows of a layer that changes them, also `NAME.width`; `NAME.channels` of a concat",
        "total_params": "all trainable parameters; asked",
        "non_trainable_params": "frozen parameters and running statistics",
        "total_macs": "the multiplications of all layers",
        "total_size": "the numbers in the outputs of all layers",
        "memory": "the bytes of these at 4 a number",
    },
    example=EXAMPLE,
    docs=__doc__ or "",
)
