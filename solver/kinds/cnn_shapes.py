"""The shapes of a convolutional network, and what it costs.

What it solves
    The size of every feature map, the number of parameters of every layer and of the whole network; on
    demand the multiplications, the numbers that are kept, and how much of the input one output sees.

Method
    Along each axis a window of size k (a kernel, or that of a pooling) moves by the stride s over n rows with p
    more on each side; a dilation d spreads it over d (k − 1) + 1 rows:

        n′ = ⌊(n + 2p − d (k − 1) − 1)/s⌋ + 1      padding same: n′ = ⌈n/s⌉      ceil: ⌈ ⌉ in place of ⌊ ⌋

    With ceil a last window that would start behind the input and the padding before it is left out, as PyTorch
    does. A transposed convolution goes back: n′ = (n − 1) s − 2p + d (k − 1) + 1 + output padding; with same,
    n′ = n s. Parameters, and multiplications (MACs) for each place of the output:

        convolution: (k k C/g + 1) F parameters, k k F C/g MACs      dense: (N + 1) U parameters, N U MACs

        depthwise: (k k + 1) C, k k C MACs      separable: k k C + (C + 1) F, k k C + C F MACs

    A transposed convolution multiplies at each place of its input. Without biases the + 1 falls away, and MACs
    never count them. Normalisations have 2 parameters a channel; the running statistics of a batch normalisation,
    2 a channel, are no parameters and count as not trainable, as the parameters of a frozen layer do.
    A dense layer takes a whole feature map, as if it were flattened first.

    The receptive field r grows by d (k − 1) j from layer to layer, where the jump j, the distance in the input of
    two neighbours, is the product of the strides so far; what sees a whole map of n rows adds (n − 1) j. Of
    branches that are joined it is the largest. It is not cut off at the border of the image.

Layers
    As exam sheets write them: `conv5-64 /2 pad 1` (size, filters, stride, padding; also `same`), `conv4x3-8`,
    `maxpool`, `maxpool3 /2`, `avgpool2`, `FC-1000`, `flatten`, `relu` and every other activation, `batchnorm`,
    `layernorm`, `dropout`, `global_avgpool`, `global_maxpool`. Or as mappings, whose numbers may be pairs of rows
    and columns:

        conv: {filters, kernel, stride, padding, dilation, groups, bias}      depthwise_conv: {kernel, multiplier, …}

        separable_conv: {filters, kernel, …}      conv_transpose: {filters, kernel, stride, output_padding, …}

        maxpool, avgpool: {size, stride, padding, dilation, ceil}      adaptive_avgpool: {size}

        dense: {units, bias}      embedding: {vocabulary, size}      upsample: 2      pad: 1      add, concat: {from}

    Every layer takes `name`, `from` (a name, `input`, or -2 to count back) and `frozen`. A single name for add or
    concat is joined to the layer before. Names count what has none: conv1, conv2, pool1 (every pooling), fc1, bn1,
    ln1, relu1, leaky_relu1, add1, concat1, up1, pad1, convt1, depthwise1, separable1, embedding1, flatten, flatten2.
    `{repeat: 3, layers: […]}` repeats a block; a name in it is numbered from its second time on (block, block2),
    and in `from` means the latest. An embedding gives a row of numbers for each word; dense layers flatten it.

Legend
    n rows or columns, k window, s stride, p padding on each side, d dilation, C channels of the input, F filters,
    g groups, N inputs, U units, r receptive field, j jump.

Mistakes
    Marking knows, besides those of all kinds: padding-added (zeros that nobody asked for), dilated-size (a window
    with its gaps taken too wide), other-layer (a layer counted by the rule of another), groups-ignored,
    unshared-weights (parameters at each place), bias-forgotten, bias-counted, statistics-counted, frozen-counted.

Source
    Dumoulin and Visin: A guide to convolution arithmetic for deep learning, 2016; Araujo, Norris and Sim:
    Computing receptive fields of convolutional neural networks, Distill 2019; Goodfellow, Bengio, Courville:
    Deep Learning, chapter 9.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, TypeVar

from solver.derivation import Board, Cell, Column, Result, Text, Worked, say
from solver.errors import counted
from solver.expr.edits import Slip
from solver.expr.nodes import (
    OPERATIONS,
    Expr,
    Sym,
    apply,
)
from solver.expr.ops import number, sizes
from solver.expr.values import Value, exact
from solver.kinds import Kind, Mistake, taken
from solver.parts.layer_counts import (
    ADAPTIVE,
    CONVS,
    GLOBAL,
    LARGEST_OF,
    NORMS,
    WINDOWED,
    entry,
    long_total,
    multiplications,
    multiplied,
    parameters,
    places,
    product,
    reduced,
    total,
    transposed,
    with_bias,
)
from solver.parts.layer_slips import (
    of_all_macs,
    of_depths,
    of_learnt,
    of_length,
    of_macs,
    of_numbers,
    of_params,
    of_reach,
    of_shape,
)
from solver.parts.windows import CEILED, OVER, Axis
from solver.record import Record
from solver.spec.fields import Fault, Fields, Flag, choice, field
from solver.spec.layers import FORMS, INPUT, JOINS, LARGEST, LAYERS, POOLS, SIZE, Layer, Pair
from solver.spec.numbers import as_fraction

T = TypeVar("T")
Shape = tuple[int, ...]
"""Rows, columns and channels of a map; length and entries of a sequence; the numbers of a vector."""

RESIZING = (*WINDOWED, "conv_transpose", "upsample", "pad")
WEIGHTED = (*CONVS, "conv_transpose", "dense")
LEARNING = (*WEIGHTED, *NORMS, "embedding")
AXES = ("rows", "columns")

MOST_STEPS = 24
"""So many steps show how a size comes about; those behind them stand in the table alone."""

MOST_ROWS = 250


class Given(Fields):
    """A network."""

    input: Annotated[Shape, SIZE] = field(
        "its size: height × width × channels (256x256x3; 28x28 is grey), or one number, of a vector"
    )
    layers: Annotated[tuple[Layer, ...], LAYERS] = field(
        "the layers in order, as exam sheets write them: [conv5-64 /2, maxpool, FC-1000]; or mappings with options"
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
        return (*self.input, 1) if len(self.input) == 2 else self.turned(self.input, back=True)

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

    def name(self, place: int) -> str:
        """What is called the layer at a place."""
        return "the input" if place == INPUT else self.layers[place].name


# Shapes as plain numbers: whether the layers fit


class Placed(Record):
    """A layer with the shapes of its inputs and of its output."""

    layer: Layer
    place: int
    inputs: tuple[Shape, ...]
    shape: Shape


class Misfit(Exception):
    """A layer that does not take what the layers before it give; one of its options may be the cause."""

    def __init__(self, message: str, hint: str, option: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.option = option


def placed(given: Given) -> tuple[list[Placed], list[Fault]]:
    """The layers with their shapes, and those that do not fit; what stands behind one of these is left out."""
    found: dict[int, Placed] = {}
    faults: dict[tuple[str | int, ...], Fault] = {}
    for place, layer in enumerate(given.layers):
        if all(source in found or source == INPUT for source in layer.sources):
            inputs = tuple(given.size if at == INPUT else found[at].shape for at in layer.sources)
            try:
                found[place] = Placed(layer, place, inputs, shape_behind(given, layer, inputs))
            except Misfit as misfit:
                path = (*layer.path, *layer.at.get(misfit.option, ()))
                faults.setdefault(layer.path, Fault(path, f"{layer.name} {misfit.message}", misfit.hint))
    return list(found.values()), list(faults.values())


def shape_behind(given: Given, layer: Layer, inputs: Sequence[Shape]) -> Shape:
    """The shape of a layer's output; raises `Misfit`."""
    first, what = inputs[0], layer.what
    gives = f"{given.name(layer.sources[0])} gives {given.said(first)}"
    if what in JOINS:
        return _joined(given, layer, inputs)
    if what in GLOBAL and len(first) > 1:
        return first[-1:]
    if what in (*RESIZING, *ADAPTIVE, *GLOBAL):
        if len(first) != 3:
            raise Misfit(f"needs a feature map, but {gives}", "put it before what makes a vector of the map")
        return (*layer.window, first[2]) if what in ADAPTIVE else _map_behind(layer, first)
    if what == "dense":
        return (layer.units,)
    if what == "flatten":
        return (math.prod(first),)
    if what == "embedding":
        if len(first) != 1:
            raise Misfit(f"needs a vector of indices, but {gives}", "`input: 20` is a vector of 20")
        return (first[0], layer.units)
    return first


def _joined(given: Given, layer: Layer, inputs: Sequence[Shape]) -> Shape:
    first, adds = inputs[0], layer.what == "add"
    for place, other in zip(layer.sources, inputs, strict=True):
        if len(other) != len(first) or other[:-1] != first[:-1] or (adds and other != first):
            one, two = (
                f"{given.name(each)} gives {given.said(shape)}"
                for each, shape in ((layer.sources[0], first), (place, other))
            )
            hint = "padding `same` keeps the size, and a 1 × 1 convolution changes the channels"
            raise Misfit(f"needs {'equal shapes' if adds else 'maps of one size'}, but {one} and {two}", hint)
    return first if adds else (*first[:-1], sum(shape[-1] for shape in inputs))


def axis_of(layer: Layer, n: Any, axis: int) -> Axis:
    """The way of a layer's window along an axis with n rows."""
    pads = layer.padding if isinstance(layer.padding, str) else layer.padding[axis]
    return Axis.of(n, layer.window[axis], layer.stride[axis], layer.dilation[axis], pads, layer.ceil)


def resized(layer: Layer, n: int, axis: int) -> int:
    """The size of a map along an axis behind a layer."""
    way = axis_of(layer, n, axis)
    match layer.what:
        case "upsample":
            return n * way.k
        case "pad":
            return n + 2 * way.before
        case "conv_transpose" if layer.padding == "same":
            return n * way.s
        case "conv_transpose":
            return (n - 1) * way.s - 2 * way.before + way.span + layer.output_padding[axis]
    return way.out


def _map_behind(layer: Layer, before: Shape) -> Shape:
    channels, lengths = before[2], []
    if layer.padding == "full" and layer.what not in CONVS:
        raise Misfit("cannot have the padding `full`", "write a number, `same` or `valid`", "padding")
    for axis, rows in enumerate(AXES):
        way, more = axis_of(layer, before[axis], axis), layer.output_padding[axis]
        if layer.what in POOLS and layer.padding != "same" and 2 * way.before > way.k:
            message = f"has a padding of {way.before}, more than half of its window, {way.k}"
            raise Misfit(message, f"at most {way.k // 2} fits", "padding")
        if more and more >= max(way.s, way.d):
            hint = "it chooses among the sizes that the stride leaves open"
            raise Misfit(f"has an output padding of {more}, not less than its stride", hint, "output_padding")
        length = resized(layer, before[axis], axis)
        if length < 1:
            raise _no_room(layer, way, rows)
        if length > LARGEST:
            raise Misfit(f"would give {length} {rows}", f"at most {LARGEST} are possible")
        lengths.append(length)
    for count, noun in ((channels, "channel"), (layer.filters, "filter")):
        if count % layer.groups:
            message = f"cannot divide {counted(count, noun)} into {layer.groups} groups"
            raise Misfit(message, "the groups divide both channels and filters", "groups")
    if layer.what == "depthwise_conv":
        return (*lengths, channels * layer.multiplier)
    return (*lengths, layer.filters or channels)


def _no_room(layer: Layer, way: Axis, rows: str) -> Misfit:
    if layer.what == "conv_transpose":
        return Misfit(f"does not fit: its padding of {way.before} cuts all {rows} away", "make it smaller")
    wide = f" ({way.span} with its dilation)" if way.d > 1 else ""
    have = f"{way.n} + 2·{way.before} {rows}" if way.before else counted(way.n, rows[:-1])
    message = f"does not fit: its window of {way.k}{wide} is larger than its input, {have}"
    return Misfit(message, "take a smaller window, more padding, or smaller strides before it")


# The network on the board


class Reach(Record):
    """How much of the input a layer's output sees, along both axes.

    `name` is the quantity, nothing for the input; it is a `pair` or one number. `jump` is the distance in the
    input of two neighbours, `rest` what a layer that takes all of a vector sees beyond it, `strides` are those
    so far.
    """

    name: str = ""
    pair: bool = False
    jump: tuple[Fraction, ...] = (Fraction(1), Fraction(1))
    rest: tuple[Expr, ...] = ()
    strides: tuple[Pair, ...] = ()

    def along(self, axis: int) -> Expr:
        """The receptive field along an axis."""
        if not self.name:
            return number(1)
        return entry(self.name, axis) if self.pair else Sym(self.name)


Way = tuple[Expr, Fraction, tuple[Expr, ...]]
"""Receptive field, jump and rest along an axis."""

Slips = Callable[[], Iterable[Slip]]


class Net:
    """A network on a board."""

    def __init__(self, given: Given, board: Board) -> None:
        self.given, self.board = given, board
        self.layers = placed(given)[0]
        self.seeing = len(given.size) == 3
        self.reach: dict[int, Reach] = {INPUT: Reach()}
        self.steps = self.left_out = 0

    def entries(self, place: int, shape: Shape) -> tuple[Expr, ...]:
        """Rows, columns and channels of a map, or the numbers of a vector, as entries of its shape."""
        name = "input" if place == INPUT else f"{self.given.name(place)}.shape"
        return self.given.turned(tuple(entry(name, index) for index in range(len(shape))), back=True)

    def inputs(self, each: Placed) -> list[tuple[Expr, ...]]:
        """The entries of the shapes that a layer takes."""
        return [self.entries(*pair) for pair in zip(each.layer.sources, each.inputs, strict=True)]

    def let(self, name: str, expr: Expr, title: Text, why: Text = "", **more: Any) -> Expr:
        return self.board.let(name, expr, title, why, bare=True, exactly=True, **more)

    def quietly(self, name: str, expr: Expr, title: Text, why: Text = "", **more: Any) -> Expr:
        return self.let(name, expr, title, why, quiet=True, **more)

    def visibly(self, name: str, expr: Expr, title: Text, why: Text = "", **more: Any) -> Expr:
        """A step with a line on the page, as long as there are not too many of them."""
        self.steps += 1
        if self.steps <= MOST_STEPS:
            return self.let(name, expr, title, why, **more)
        self.left_out += 1
        return self.quietly(name, expr, title, why, **more)

    def amount(self, expr: Expr) -> Fraction:
        return as_fraction(self.board.value(expr).item())

    def way(self, layer: Layer, n: Expr, axis: int) -> Axis:
        return axis_of(layer, reduced(self.amount(n)), axis)

    # Sizes

    def sizes(self) -> None:
        """The shape of every layer."""
        self.board.section("Sizes")
        groups: dict[Any, list[Placed]] = {}
        for each in self.layers:
            groups.setdefault(_likeness(each), []).append(each)
        for each in self.layers:
            like = groups[_likeness(each)]
            lengths = self.resized(each, like) if each.layer.what in RESIZING else self.kept(each)
            title = say("{layer}: the shape of its output.", layer=each.layer.name)
            shape, wrong = sizes(*self.given.turned(lengths)), self.shape_slips(each, lengths)
            self.quietly(f"{each.layer.name}.shape", shape, title, slips=wrong)
        if self.left_out:
            text = "{count} more sizes come about in the same way; they stand in the table."
            self.board.note(say(text, count=self.left_out))

    def resized(self, each: Placed, like: Sequence[Placed]) -> tuple[Expr, ...]:
        """Rows and columns by the formula, and the channels; of layers with the same sizes the first is shown."""
        layer, before = each.layer, self.inputs(each)[0]
        name = layer.name
        title: Text
        if like[0] is each:
            names = [one.layer.name for one in like]
            title, let = say("{layers}: {what}.", layers=_listing(names), what=_described(like)), self.visibly
        else:
            title, let = say("{layer}: as {other}.", layer=name, other=like[0].layer.name), self.quietly
        rows, columns = (self.length(layer, before[axis], axis) for axis in (0, 1))
        wrong = [self.length_slips(layer, before[axis], axis) for axis in (0, 1)]
        why = DROPS if any(_drops(self.way(layer, before[axis], axis)) for axis in (0, 1)) else ""
        if _even(layer) and self.amount(before[0]) == self.amount(before[1]):
            alike = (f"{name}.width",)
            let(
                f"{name}.height",
                rows,
                title,
                why or "Rows and columns are alike.",
                also=alike,
                slips=wrong[0],
            )
        else:
            let(f"{name}.height", rows, title, why, slips=wrong[0])
            let(f"{name}.width", columns, say("{layer}: its columns.", layer=name), slips=wrong[1])
        channels = number(layer.filters) if layer.filters else before[2]
        if layer.multiplier > 1 and not layer.filters:
            title = say("{layer}: {count} filters for each channel.", layer=name, count=layer.multiplier)
            channels = self.quietly(f"{name}.channels", multiplied(before[2], layer), title)
        return Sym(f"{name}.height"), Sym(f"{name}.width"), channels

    def length(self, layer: Layer, n: Expr, axis: int) -> Expr:
        """The size along an axis."""
        way = self.way(layer, n, axis)
        k, p, s = number(way.k), number(way.before), number(way.s)
        d = number(way.d) if way.d > 1 else None
        match layer.what:
            case "upsample":
                return product(n, k)
            case "pad":
                return total(n, product(2, p))
            case "conv_transpose" if layer.padding == "same":
                return product(n, s)
            case "conv_transpose":
                return transposed(n, k, p, s, d, layer.output_padding[axis])
        if layer.padding == "same":
            return apply(CEILED, n, s)
        found = places(n, k, p, s, d, layer.ceil)
        return found - 1 if _drops(way) else found

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
                title = say("{layer}: all numbers in a row.", layer=name)
                return (let(f"{name}.size", product(*before), title, slips=lambda: of_numbers(before)),)
            case "concat":
                part = "size" if len(before) == 1 else "channels"
                what = "numbers" if len(before) == 1 else "channels"
                joined = _listing([self.given.name(source) for source in layer.sources])
                title = say("{layer}: the {what} of {joined} together.", layer=name, what=what, joined=joined)
                depths = [entries[-1] for entries in inputs]
                wrong = partial(of_depths, depths)
                joint = self.visibly(f"{name}.{part}", long_total(depths), title, slips=wrong)
                return (*before[:-1], joint)
        if layer.what in GLOBAL:
            return before[-1:]
        return (*map(number, layer.window), before[2]) if layer.what in ADAPTIVE else before

    # Costs

    def costs(self) -> None:
        """What each layer costs, in a table, and the totals."""
        self.board.section("Layers")
        for each in self.layers:
            self.cost(each)
            if self.seeing:
                self.reach[each.place] = self.see(each)
        parts = {"macs": "MACs", "receptive_field": "receptive field", "size": "numbers"}
        if not self.seeing:
            del parts["receptive_field"]

        names = [each.layer.name for each in self.layers]
        rows = [
            (name, typed(self.given, each), Result(f"{name}.shape"), Worked(f"{name}.params"))
            for name, each in zip(names, self.layers, strict=True)
        ]
        self.board.table("", ["layer", "what it is", "output", "parameters"], rows, most=MOST_ROWS)
        sums = {"macs": ("total_macs",), "size": ("total_size", "memory")}
        heads = [
            Column(head, (*(f"{name}.{part}" for name in names), *sums.get(part, ())))
            for part, head in parts.items()
        ]
        first = Column("layer", tuple(name for column in heads for name in column.demand))
        more: list[tuple[Cell, ...]] = [
            (name, *(Worked(f"{name}.{part}") for part in parts)) for name in names
        ]
        self.board.table("", [first, *heads], more, most=MOST_ROWS)
        self.remarks()
        self.totals(names)

    def cost(self, each: Placed) -> None:
        """The numbers in the output of a layer, its parameters, its multiplications."""
        layer, before = each.layer, self.inputs(each)[0]
        name, after = layer.name, self.entries(each.place, each.shape)
        if f"{name}.size" not in self.board.derivation.quantities:
            title = say("{layer}: how many numbers it gives out.", layer=name)
            self.quietly(f"{name}.size", product(*after), title, slips=lambda: of_numbers(after))
        biased = self.given.biased(layer)
        params = parameters(layer, before, layer.window, layer.filters or layer.units, biased)
        title = say("{layer}: {what}.", layer=name, what=_learnt(layer, biased))
        image = (
            self.entries(INPUT, self.given.size)[-1] if self.seeing and layer.sources[0] != INPUT else None
        )
        earlier = self.earlier(each) if layer.what == "dense" else []
        wrong = partial(of_params, layer, before, after, biased, image, earlier)
        self.quietly(f"{name}.params", params, title, slips=wrong)
        title, macs = say("{layer}: its multiplications.", layer=name), multiplications(layer, before, after)
        wrong = partial(of_macs, layer, macs, before, after, biased)
        self.quietly(f"{name}.macs", macs, title, MACS, slips=wrong)

    def totals(self, names: Sequence[str]) -> None:
        """The sums over all layers."""
        held = dict.fromkeys(each.layer.name for each in self.layers if each.layer.frozen)
        learnt = self.counted([name for name in names if name not in held], "params")
        frozen = self.counted(list(held), "params")
        norms = [each for each in self.layers if each.layer.what == "batchnorm"]
        statistics = [product(2, self.inputs(each)[0][-1]) for each in norms]
        fixed = [*frozen, *statistics]
        title = "All parameters that are trained." if fixed else "All parameters."
        units = [each.layer.name for each in self.layers if each.layer.what == "dense"]
        dense = [each for each in self.counted(units, "params") if each in learnt]
        wrong = partial(of_learnt, learnt, dense, frozen, statistics)
        self.let("total_params", long_total(learnt), title, slips=wrong)
        if fixed:
            running = "the running mean and variance of each channel"
            title = "What is not trained: {what}."
            what = " and ".join(["frozen parameters"] * bool(held) + [running] * bool(norms))
            self.let("non_trainable_params", long_total(fixed), say(title, what=what))
        else:
            self.quietly("non_trainable_params", number(0), "No parameter is kept from being trained.")
        macs, numbers = (long_total(self.counted(names, part)) for part in ("macs", "size"))
        wrong = partial(of_all_macs, macs)
        self.quietly("total_macs", macs, "All multiplications.", MACS, slips=wrong)
        self.quietly("total_size", numbers, "The numbers in the outputs of all layers.")
        title = "The bytes that the outputs of all layers take, 4 a number."
        self.quietly("memory", product(4, Sym("total_size")), title)

    def counts(self, name: str) -> bool:
        """Whether a quantity is more than nothing."""
        return bool(self.board.value(name).item() != 0)

    def counted(self, names: Sequence[str], part: str) -> list[Expr]:
        """The quantities of layers that are more than nothing."""
        every = (f"{name}.{part}" for name in names)
        return [Sym(name) for name in every if self.counts(name)]

    # Receptive fields

    def see(self, each: Placed) -> Reach:
        """The receptive field of a layer, put on the board."""
        layer, sources = each.layer, [self.reach[source] for source in each.layer.sources]
        if layer.what in JOINS:
            ways = [self.widest(sources, axis) for axis in (0, 1)]
        else:
            ways = [self.further(each, sources[0], axis) for axis in (0, 1)]
        fields, jumps, rests = zip(*ways, strict=True)
        name = f"{layer.name}.receptive_field"
        pair = fields[0] != fields[1] and self.amount(fields[0]) != self.amount(fields[1])
        title = say("{layer}: how many rows and columns of the input one output sees.", layer=layer.name)
        wrong = partial(self.reach_slips, layer, sources[0], pair)
        self.quietly(name, sizes(*fields) if pair else fields[0], title, SEES, slips=wrong)
        strides = sources[0].strides
        if layer.what in WINDOWED and layer.stride != (1, 1):
            strides = (*strides, layer.stride)
        return Reach(name, pair, jumps, tuple(part for rest in rests for part in rest), strides)

    def further(self, each: Placed, reach: Reach, axis: int) -> Way:
        """Receptive field and jump behind a layer, and what is left to see where it made a vector."""
        layer, before = each.layer, self.inputs(each)[0]
        way, r, jump, rest = axis_of(layer, 1, axis), reach.along(axis), reach.jump[axis], reach.rest
        rest = (product(before[axis] - 1, jump),) if len(before) == 3 else rest[axis : axis + 1]
        match layer.what:
            case "flatten":
                return r, jump, rest
            case "dense" | "global_avgpool" | "global_maxpool":
                return total(r, *rest), jump, ()
            case "adaptive_avgpool" | "adaptive_maxpool":
                step = each.inputs[0][axis] // way.k
                seen = before[axis] - product(way.k - 1, step) - 1
                return total(r, product(seen, jump)), jump * step, ()
            case "upsample":
                return r, jump / way.k, ()
            case "conv_transpose":
                return total(r, product(apply(CEILED, way.span, way.s) - 1, jump)), jump / way.s, ()
        if layer.what not in WINDOWED:
            return r, jump, () if len(each.shape) == 3 else rest
        gap = (number(way.k) - 1,) if way.d == 1 else (way.d, number(way.k) - 1)
        return (r if way.k == 1 else total(r, product(*gap, jump))), jump * way.s, ()

    def widest(self, sources: Sequence[Reach], axis: int) -> Way:
        """The largest receptive field of several branches."""
        fields = {str(self.amount(reach.along(axis))): reach.along(axis) for reach in sources}
        r = next(iter(fields.values())) if len(fields) == 1 else apply(LARGEST_OF, *fields.values())
        whole = [self.amount(total(reach.along(axis), *reach.rest[axis : axis + 1])) for reach in sources]
        rest = (number(max(whole) - self.amount(r)),) if any(reach.rest for reach in sources) else ()
        return r, max(reach.jump[axis] for reach in sources), rest

    # What people write instead

    def earlier(self, each: Placed) -> list[tuple[str, tuple[Expr, ...]]]:
        """Other layers that a dense layer may be counted from: what to tell, and their shapes."""
        found: list[tuple[str, tuple[Expr, ...]]] = []
        at, known = each.layer.sources[0], {math.prod(each.inputs[0])}
        shapes = {INPUT: self.given.size} | {one.place: one.shape for one in self.layers}
        while at != INPUT and len(found) < MOST_EARLIER:
            behind, at = self.given.layers[at].what, self.given.layers[at].sources[0]
            if math.prod(shapes[at]) not in known:
                pooled = not found and behind in (*POOLS, *GLOBAL, *ADAPTIVE)
                says = EARLIER["pool" if pooled else "input" if at == INPUT else ""]
                found.append((says, self.entries(at, shapes[at])))
                known.add(math.prod(shapes[at]))
        return found

    def length_slips(self, layer: Layer, n: Expr, axis: int) -> Slips:
        return lambda: of_length(layer, n, self.way(layer, n, axis))

    def shape_slips(self, each: Placed, lengths: Sequence[Expr]) -> Slips:
        return lambda: of_shape(each.layer, lengths, self.inputs(each), self.given.turned)

    def reach_slips(self, layer: Layer, reach: Reach, pair: bool) -> Iterator[Slip]:
        """Of a pair the same slip along both axes."""
        if layer.what not in WINDOWED or layer.window == (1, 1):
            return
        rows, columns = (
            of_reach(
                reach.along(axis),
                axis_of(layer, 1, axis),
                reach.jump[axis],
                [stride[axis] for stride in reach.strides],
            )
            for axis in (0, 1)
        )
        beside = {slip.key: slip.wrong for slip in columns} if pair else {}
        for slip in rows:
            if not pair:
                yield slip
            elif slip.key in beside:
                yield slip.but(wrong=sizes(slip.wrong, beside[slip.key]))

    # The page around

    def method(self) -> None:
        """The formulas of the layers that occur, and the letters in them."""
        board, layers = self.board, [each.layer for each in self.layers]
        n, k, p, s, d, C, F, g, N, U = (board.letter(name, ()) for name in "nkpsdCFgNU")
        m, o = board.letter("m", ()), board.letter("o", ())
        new, used = board.letter("n'", ()), set[str]()
        same = [layer for layer in layers if layer.padding == "same"]
        plain = [layer for layer in layers if layer.padding != "same"]
        windowed = [layer for layer in plain if layer.what in WINDOWED]
        spread = d if any(max(layer.dilation) > 1 for layer in windowed) else None
        for up in (False, True):
            if any(layer.ceil == up for layer in windowed):
                board.method(new, places(n, k, p, s, spread, up))
                used |= set("nkps") if spread is None else set("nkpsd")
        if any(layer.what in WINDOWED for layer in same):
            board.method(new, apply(CEILED, n, s))
            used |= set("ns")
        laid = [layer for layer in plain if layer.what == "conv_transpose"]
        if laid:
            spread = d if any(max(layer.dilation) > 1 for layer in laid) else None
            more = any(max(layer.output_padding) for layer in laid)
            board.method(new, transposed(n, k, p, s, spread, o if more else 0))
            used |= set("nkps") | set("o" * more) | set("d" * (spread is not None))
        for what in dict.fromkeys(layer.what for layer in layers):
            alike = [layer for layer in layers if layer.what == what]
            square = all(layer.window[0] == layer.window[1] for layer in alike)
            window = (k**2,) if square else (board.letter("k1", ()), board.letter("k2", ()))
            one = Layer(what, groups=max(layer.groups for layer in alike))
            if what == "dense":
                formula = with_bias((N,), U, any(map(self.given.biased, alike)))
                used |= set("NU")
            elif what in (*CONVS, "conv_transpose", *NORMS):
                several = what in CONVS[1:] and any(layer.multiplier > 1 for layer in alike)
                grouped = apply(OVER, C, g) if one.groups > 1 else product(C, m) if several else C
                used |= set("m" * several)
                formula = parameters(Layer(what), (grouped,), window, F, any(map(self.given.biased, alike)))
                used |= (
                    {"C"} | set("F" * (what not in ("depthwise_conv", *NORMS))) | set("g" * (one.groups > 1))
                )
            else:
                continue
            board.method(Sym(f"{FORMS[what].called}.params"), formula)
        if used:
            told = [(name, what) for name, what in LEGEND.items() if name in used]
            text = "; ".join(f"{{{name}}} {what}" for name, what in told) + "."
            board.note(say(text, **{name: Sym(name) for name, _ in told}))

    def remarks(self) -> None:
        """The conventions that matter for this network."""
        given, note = self.given, self.board.note
        weighted = [
            each.layer for each in self.layers if each.layer.what in (*CONVS, "conv_transpose", "dense")
        ]
        bare = [layer.name for layer in weighted if not given.biased(layer)]
        rich = [layer.name for layer in weighted if given.biased(layer)]
        if bare and not rich:
            note("There are no biases, so there is no + 1.")
        elif bare and len(bare) <= len(rich):
            note(say("Without biases, and so without + 1: {layers}.", layers=_listing(bare)))
        elif bare:
            note(say("Biases in {layers} only: elsewhere there is no + 1.", layers=_listing(rich)))
        for each in self.layers:
            if each.layer.what == "dense" and len(each.inputs[0]) > 1:
                numbers = given.turned(each.inputs[0])
                expr = apply(OPERATIONS["equal"], product(*numbers), math.prod(numbers))
                note(say("{layer} takes all numbers of the map: {expr}.", layer=each.layer.name, expr=expr))
                break
        for each in self.layers:
            layer = each.layer
            if layer.what in POOLS and layer.padding != "same" and not layer.ceil:
                ways = [axis_of(layer, each.inputs[0][axis], axis) for axis in (0, 1)]
                up = [way.but(up=True).out for way in ways]
                if any((way.out - 1) * way.s + way.span < way.before + way.n for way in ways):
                    text = "{layer} leaves the last rows or columns out. Rounded up ({ceil}) it gives {up}."
                    note(say(text, layer=layer.name, ceil="ceil: true", up=" × ".join(map(str, up))))
                    break
        if any(each.layer.what == "batchnorm" for each in self.layers):
            note(
                "A batch normalisation learns a scale and a shift for each channel. Its running mean and variance "
                "are not trained; some programs add them to their totals."
            )


DROPS = "Rounded up; but a last window that would start beyond the input is dropped."
MACS = "A product and its addition count as one (a MAC): FLOPs are twice as many. Biases are not counted."
SEES = "A window of k widens it by k − 1 steps, each as long as the strides before it multiply to."
LEGEND = {
    "n": "rows or columns",
    "k": "window",
    "p": "padding on each side",
    "s": "stride",
    "d": "dilation",
    "C": "channels of the input",
    "F": "filters",
    "g": "groups",
    "m": "filters for each channel",
    "o": "output padding",
    "N": "inputs",
    "U": "units",
}


def _drops(way: Axis) -> bool:
    """Whether rounding up would give a window that starts behind the input."""
    return way.up and way.out < -((way.span - way.n - way.before - way.after) // way.s) + 1


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


def _size(pair: Pair | str, times: str = "×") -> str:
    """`3`, or `4×3`; a word as it is."""
    if isinstance(pair, str):
        return pair
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}{times}{pair[1]}"


def _described(like: Sequence[Placed]) -> str:
    """What layers of one size do."""
    layer, filters = like[0].layer, {each.layer.filters for each in like}
    window = f"{layer.window[0]} × {layer.window[1]}"
    some = counted(layer.filters, "filter") if len(filters) == 1 else "filters"
    match layer.what:
        case "upsample":
            return f"each number becomes {window} of them"
        case "pad":
            return f"a margin of {_size(layer.padding, ' × ')} on each side"
        case "conv":
            text = f"{some} of {window}"
        case "conv_transpose":
            text = f"{some} of {window}, transposed"
        case "depthwise_conv":
            text = f"{window} in each channel"
        case "separable_conv":
            text = f"{window} in each channel, then {some} of 1 × 1"
        case _:
            text = f"windows of {window}"
    text += f", stride {_size(layer.stride, ' × ')}, "
    text += "no padding" if layer.padding == (0, 0) else f"padding {_size(layer.padding, ' × ')}"
    text += f", dilation {_size(layer.dilation, ' × ')}" if layer.dilation != (1, 1) else ""
    return text + (", rounded up" if layer.ceil else "")


def _learnt(layer: Layer, biased: bool) -> str:
    """What the parameters of a layer are."""
    bias = " and a bias" if biased else ""
    match layer.what:
        case "conv" | "conv_transpose":
            return f"the weights{bias} of a filter, for all filters"
        case "depthwise_conv":
            return f"the weights{bias} of a filter, for each channel"
        case "separable_conv":
            return (
                f"the weights of each channel's filter, then those{bias} of a 1 × 1 filter, for all of these"
            )
        case "dense":
            return f"a weight for each input{bias}, for each unit"
        case "batchnorm" | "layernorm":
            return "a scale and a shift for each channel"
        case "embedding":
            return "a vector for each word"
    return "no parameters"


SHORT = {
    "dense": "FC",
    "depthwise_conv": "depthwise",
    "separable_conv": "separable",
    "conv_transpose": "transposed",
}


def typed(given: Given, each: Placed) -> str:
    """A layer in the shorthand of exam sheets."""
    layer, what = each.layer, each.layer.what
    text, window = SHORT.get(what, what.replace("_", " ")), _size(layer.window)
    match what:
        case "conv" | "separable_conv" | "conv_transpose":
            text += f"{window}-{layer.filters}"
        case "depthwise_conv" | "maxpool" | "avgpool":
            text += window
        case "adaptive_avgpool" | "adaptive_maxpool" | "upsample":
            text += f" {window}"
        case "pad":
            text += f" {_size(layer.padding)}"
        case "dense":
            text += f"-{layer.units}"
        case "embedding":
            text += f" {layer.vocabulary} × {layer.units}"
        case "add" | "concat":
            text += f" {_listing([given.name(source) for source in layer.sources])}"
    if what in (*WINDOWED, "conv_transpose"):
        text += f" /{_size(layer.stride)}" if layer.stride != (1, 1) or what in POOLS else ""
        if layer.padding != (0, 0):
            text += f" {layer.padding}" if isinstance(layer.padding, str) else f" pad {_size(layer.padding)}"
        text += f" dilation {_size(layer.dilation)}" if layer.dilation != (1, 1) else ""
        text += f" groups {layer.groups}" if layer.groups > 1 else ""
        text += " ceil" if layer.ceil else ""
        more = layer.output_padding
        text += f" output padding {_size(more)}" if more != (0, 0) else ""
    if what not in JOINS and layer.sources != (each.place - 1,):
        text += f" from {given.name(layer.sources[0])}"
    weighted = (*CONVS, "conv_transpose", "dense")
    text += " no bias" if layer.bias is False and given.bias and what in weighted else ""
    return text + (", frozen" if layer.frozen else "")


def solve(given: Given, board: Board) -> None:
    """Write the sizes on the board, then what the layers cost, and the totals."""
    board.derivation.rows = True
    board.given("input", exact(list(given.turned(given.size))), sizes=True)
    net = Net(given, board)
    net.method()
    net.sizes()
    net.costs()
    check(net)


# Checks, with plain numbers


def check(net: Net) -> None:
    """Windows placed one by one, parameters as sizes of arrays, totals, and the way back to the input."""
    board = net.board
    board.check("sizes counted window by window", lambda: _shape_errors(net), 0)
    board.check("parameters counted as sizes of arrays", lambda: _count_errors(net), 0)
    if net.seeing and (chain := _chain(net)):
        board.check("receptive field traced back", lambda: _reach_errors(net, chain), 0)


def _stated(net: Net, name: str) -> object:
    return net.board.value(name).array.tolist()


def _shape_errors(net: Net) -> int:
    wrong = 0
    for each in net.layers:
        counts = [_placed_one_by_one(each, axis) for axis in (0, 1)] if each.layer.what in WINDOWED else []
        shape = (*counts, each.shape[2]) if counts else each.shape
        wrong += _stated(net, f"{each.layer.name}.shape") != list(net.given.turned(shape))
        wrong += _stated(net, f"{each.layer.name}.size") != math.prod(shape)
    return wrong + (_stated(net, "total_size") != sum(math.prod(each.shape) for each in net.layers))


def _placed_one_by_one(each: Placed, axis: int) -> int:
    """The starts of a window that have room; rounded up, one more that begins on the input."""
    layer, way = each.layer, axis_of(each.layer, each.inputs[0][axis], axis)
    starts = range(0, way.n + way.before + way.after - way.span + 1, way.s)
    last = starts[-1] + way.s
    fills = starts[-1] + way.span == way.n + way.before + way.after
    return len(starts) + (layer.ceil and not fills and last < way.n + way.before)


def arrays(given: Given, each: Placed) -> list[Shape]:
    """The shapes of the arrays that a layer learns, the biases last."""
    layer, channels = each.layer, each.inputs[0][-1]
    wide, F, k = channels * layer.multiplier, layer.filters, layer.window
    found: dict[str, list[Shape]] = {
        "conv": [(F, channels // layer.groups, *k), (F,)],
        "conv_transpose": [(channels, F // layer.groups, *k), (F,)],
        "depthwise_conv": [(wide, 1, *k), (wide,)],
        "separable_conv": [(wide, 1, *k), (F, wide, 1, 1), (F,)],
        "dense": [(layer.units, math.prod(each.inputs[0])), (layer.units,)],
    }
    if layer.what in found:
        return found[layer.what] if given.biased(layer) else found[layer.what][:-1]
    if layer.what == "embedding":
        return [(layer.vocabulary, layer.units)]
    return [(channels,), (channels,)] if layer.what in NORMS else []


def _count_errors(net: Net) -> int:
    wrong = learnt = kept = 0
    for each in net.layers:
        count = sum(map(math.prod, arrays(net.given, each)))
        wrong += _stated(net, f"{each.layer.name}.params") != count
        learnt += 0 if each.layer.frozen else count
        kept += count if each.layer.frozen else 0
        kept += 2 * each.shape[-1] if each.layer.what == "batchnorm" else 0
    wrong += _stated(net, "total_params") != learnt
    return wrong + (_stated(net, "non_trainable_params") != kept)


def _chain(net: Net) -> list[Placed]:
    """The layers up to the last map, where each has a window and takes the one before it."""
    maps = [each for each in net.layers if len(each.shape) == 3]
    plain = all(each.layer.sources == (each.place - 1,) for each in maps)
    simple = all(
        each.layer.what in WINDOWED or each.layer.what not in (*RESIZING, *ADAPTIVE) for each in maps
    )
    return maps if plain and simple else []


def _reach_errors(net: Net, chain: Sequence[Placed]) -> int:
    """From one number of the last map back to the input: what it sees of each layer."""
    seen = [1, 1]
    for each in reversed(chain):
        if each.layer.what in WINDOWED:
            ways = [axis_of(each.layer, 1, axis) for axis in (0, 1)]
            seen = [(size - 1) * way.s + way.span for size, way in zip(seen, ways, strict=True)]
    stated = _stated(net, f"{chain[-1].layer.name}.receptive_field")
    return int(seen != (stated if isinstance(stated, list) else [stated, stated]))


def unchanged(given: Given, pins: Mapping[str, Value]) -> bool:
    """Whether the steps are the same with other values: maps stay square, and nothing is made of numbers of rows."""
    maps = [pin.array.tolist() for name, pin in pins.items() if name.endswith(".shape") and pin.size == 3]
    plain = all(_even(layer) and not layer.ceil and layer.what not in JOINS for layer in given.layers)
    square = all(
        rows == columns for rows, columns, _ in (given.turned(tuple(each), back=True) for each in maps)
    )
    counted = {f"{layer.name}.params" for layer in given.layers if layer.what in LEARNING}
    counted |= {f"{layer.name}.macs" for layer in given.layers if layer.what in WEIGHTED}
    return (
        plain
        and square
        and all(name in counted for name in pins if name.endswith((".params", ".macs")))
        and given.size[:1] == given.size[1:2]
        and not any("receptive_field" in name or name.endswith((".height", ".width")) for name in pins)
    )


MOST_EARLIER = 4
"""So many other layers are looked at from which a dense layer may be counted."""

EARLIER = {
    "": "You counted the numbers of an earlier layer; a dense layer reads those of the layer right before it.",
    "pool": "You counted the map in front of the pooling; the dense layer reads the one behind it.",
    "input": "You counted the numbers of the input; a dense layer reads those of the layer right before it.",
}

MOST_MISTAKEN = 12
"""Of a longer network no single layers are taken for others."""


REACH = ("receptive_field",)
COUNTS = ("shape", "height", "width", "channels", "size", "params", "macs")


class Misreading(Record):
    """An option of a layer taken for another: what `change` makes of it (nothing where it does not apply)."""

    name: str
    change: Callable[[Given, Placed], dict[str, Any]]
    says: str | Mapping[str, str]
    """By the type of the layer; `""` is for all others."""
    also: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    """Of which quantities it says nothing."""

    def told(self, layers: Iterable[Layer]) -> str:
        """What to remember of some layers."""
        says = {"": self.says} if isinstance(self.says, str) else self.says
        return " ".join(dict.fromkeys(says.get(layer.what, says[""]) for layer in layers))


def mistakes(given: Given) -> Iterator[Mistake]:
    """Options overlooked or taken for others, in one layer or in all; rows taken for columns."""
    layers = placed(given)[0]
    for each in MISREADINGS:
        changes = [each.change(given, layer) for layer in layers]
        places = [place for place, change in enumerate(changes) if change]
        single = [[place] for place in places] if len(places) > 1 and len(layers) <= MOST_MISTAKEN else []
        for some in (*single, places) if places else ():
            changed = [
                layer.but(**changes[place]) if place in some else layer
                for place, layer in enumerate(given.layers)
            ]
            says = each.told(given.layers[place] for place in some)
            none = {f"{layer.name}.{part}": "" for layer in given.layers for part in each.hidden}
            yield taken(given, each.name, says, *each.also, layers=tuple(changed)).but(names=none)
    if len(given.size) == 3 and given.size[0] != given.size[1]:
        height, width, channels = given.size
        image = (width, height) if len(given.input) == 2 else given.turned((width, height, channels))
        yield taken(given, "rows-for-columns", "The height comes first, then the width.", input=image)


def _unstrided(_: Given, each: Placed) -> dict[str, Any]:
    return {"stride": (1, 1)} if each.layer.what in WINDOWED and each.layer.stride != (1, 1) else {}


def _own_stride(_: Given, each: Placed) -> dict[str, Any]:
    window = each.layer.window
    return {"stride": window} if each.layer.what in POOLS and each.layer.stride != window else {}


def _unpooled(_: Given, each: Placed) -> dict[str, Any]:
    nothing = {"window": (1, 1), "stride": (1, 1), "padding": (0, 0)}
    return nothing if each.layer.what in POOLS else {}


def _unpadded(_: Given, each: Placed) -> dict[str, Any]:
    return {"padding": (0, 0)} if each.layer.what in RESIZING and each.layer.padding != (0, 0) else {}


def _as_same(_: Given, each: Placed) -> dict[str, Any]:
    return {"padding": "same"} if each.layer.what in CONVS and each.layer.padding == (0, 0) else {}


def _undilated(_: Given, each: Placed) -> dict[str, Any]:
    return {"dilation": (1, 1)} if each.layer.dilation != (1, 1) else {}


def _filled(_: Given, each: Placed) -> dict[str, Any]:
    (a, b), (c, d) = each.layer.window, each.layer.dilation
    if each.layer.what in POOLS or (c, d) == (1, 1):
        return {}
    return {"window": (c * (a - 1) + 1, d * (b - 1) + 1), "dilation": (1, 1)}


def _rounded_down(_: Given, each: Placed) -> dict[str, Any]:
    return {"ceil": False} if each.layer.ceil else {}


def _rounded_up(_: Given, each: Placed) -> dict[str, Any]:
    layer = each.layer
    return {"ceil": True} if layer.what in WINDOWED and layer.padding != "same" and not layer.ceil else {}


def _turned(_: Given, each: Placed) -> dict[str, Any]:
    options = ("window", "stride", "padding", "dilation", "output_padding")
    pairs = {option: getattr(each.layer, option) for option in options}
    return {
        option: pair[::-1]
        for option, pair in pairs.items()
        if pair[0] != pair[1] and not isinstance(pair, str)
    }


def _ungrouped(_: Given, each: Placed) -> dict[str, Any]:
    return {"groups": 1} if each.layer.groups > 1 else {}


def _as_other(_: Given, each: Placed) -> dict[str, Any]:
    match each.layer.what:
        case "conv_transpose":
            return {"what": "conv", "output_padding": (0, 0)}
        case "depthwise_conv" | "separable_conv":
            return {"what": "conv", "multiplier": 1, "filters": each.shape[2]}
        case "add":
            return {"what": "concat"}
        case "concat":
            return {"what": "add"}
    return {}


def _unbiased(given: Given, each: Placed) -> dict[str, Any]:
    return {"bias": False} if each.layer.what in WEIGHTED and given.biased(each.layer) else {}


def _with_biases(given: Given, each: Placed) -> dict[str, Any]:
    return {"bias": True} if each.layer.what in WEIGHTED and not given.biased(each.layer) else {}


MISREADINGS = (
    Misreading(
        "stride-ignored",
        _unstrided,
        "The window moves on by its stride, not by 1: divide by it.",
        ("dropped-factor",),
        hidden=REACH,
    ),
    Misreading(
        "stride-ignored",
        _unstrided,
        "Behind a stride the steps are longer: a window of k adds (k − 1) · j, j the product of the strides before.",
        ("dropped-factor",),
        hidden=COUNTS,
    ),
    Misreading(
        "padding-ignored",
        _unpadded,
        {
            "": "You left out the padding: n + 2p.",
            "conv_transpose": "A transposed convolution cuts the padding off: − 2p.",
        },
        ("dropped-term",),
    ),
    Misreading(
        "padding-added",
        _as_same,
        "Nothing is padded here: the window shrinks the map.",
        ("extra-term", "padding-ignored"),
    ),
    Misreading(
        "dilation-ignored", _undilated, "A dilated window covers d(k − 1) + 1 cells.", ("dropped-factor",)
    ),
    Misreading("rounding-direction", _rounded_up, "The size is rounded down: ⌊ ⌋."),
    Misreading("rounding-direction", _rounded_down, "The size is rounded up here: ⌈ ⌉."),
    Misreading(
        "stride-ignored",
        _own_stride,
        "A pooling moves on by the stride that is given, not by its own size.",
        ("other-quantity",),
        hidden=REACH,
    ),
    Misreading(
        "dropped-term",
        _unpooled,
        "The poolings count too: behind them maps are smaller and receptive fields larger.",
        ("other-quantity",),
    ),
    Misreading(
        "rows-for-columns", _turned, "Of two numbers the first is for the rows, the second for columns."
    ),
    Misreading(
        "groups-ignored",
        _ungrouped,
        "A filter sees only the channels of its own group: C/g of them.",
        ("dropped-factor", "extra-factor"),
    ),
    Misreading(
        "other-layer",
        _as_other,
        {
            "": "That is the rule of an ordinary convolution; a transposed one goes back: (n − 1) s − 2p + k.",
            "depthwise_conv": "A depthwise convolution has a filter for each channel, which sees that channel alone.",
            "separable_conv": "A separable convolution filters each channel by itself, then mixes them by 1 × 1.",
            "add": "Maps are added number by number: the depth stays. Only concatenation puts the depths together.",
            "concat": "Concatenation puts the channels one behind another: the depths add up.",
        },
        ("other-operation", "extra-factor"),
    ),
    Misreading(
        "extra-factor",
        _filled,
        "The gaps of a dilated window hold no weights: it still has k · k of them.",
        ("dilated-size", "other-quantity"),
    ),
    Misreading(
        "dropped-term",
        _unbiased,
        {"": "Each filter has a bias: + 1.", "dense": "Each unit has a bias: + 1."},
        ("bias-forgotten",),
    ),
    Misreading("extra-term", _with_biases, "There are no biases here: nothing is added.", ("bias-counted",)),
)


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
        "total_params": "trainable parameters",
        "non_trainable_params": "other parameters",
        "total_macs": "total MACs",
        "total_size": "total numbers",
        "memory": "bytes",
    },
    quantities={
        "NAME.shape": "the shape of a layer's output, in the order of the input: `conv1.shape`, `fc1.shape`; asked",
        "NAME.params": "its parameters, statistics of a batch normalisation left out; asked",
        "NAME.size": "the numbers in its output",
        "NAME.macs": "its multiplications, each with an addition; biases are not counted",
        "NAME.receptive_field": "how many rows and columns of the input one output sees: one number where they "
        "agree; only for a network whose input is a map",
        "NAME.height": "the rows of a layer that changes them; also `NAME.width`, and `NAME.channels` of a concat",
        "total_params": "all trainable parameters; asked",
        "non_trainable_params": "frozen parameters and running statistics",
        "total_macs": "the multiplications of all layers",
        "total_size": "the numbers in the outputs of all layers",
        "memory": "the bytes of these at 4 a number",
    },
    example=EXAMPLE,
    docs=__doc__ or "",
    mistakes=mistakes,
    unchanged=unchanged,
)
