"""Independent truth of `cnn-shapes`: every quantity of a network of layers, by counting.

Nothing of `solver` is imported here. `quantities(problem)` takes the plain dict of a problem and returns the
values under the names of the contract. Nothing is computed by a formula where it can be counted:

- a size is the number of places of a window that is slid over the padded axis (`same`: of every s-th cell);
- parameters are the entries of a list of weight arrays;
- multiplications are those of each output number (of a transposed convolution: of each input number);
- a receptive field is traced backwards: how many cells of the layer before do neighbouring cells look at,
  at the worst place; the images are taken as endless.

Where the contract is silent, these choices are made (and only these):

- a layer with a `name` of its own does not count: the next one without gets the number that follows;
- a name with a hyphen (`leaky-relu`) takes `_` in the default name, and no argument: `leaky_relu1`;
- `-1` in `from` at the first layer is the input;
- a receptive field is left out where it depends on the place (a stride of 1/2 that does not come out even),
  where layers of different strides are joined, and behind an adaptive pooling that makes the map larger.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Typed = Mapping[str, Any]
Pair = tuple[int, int]
Shape = tuple[int, ...]
"""Of a map: rows, columns, channels, whatever the order in print; of a sequence: places, entries."""
Count = float
"""How many neighbouring cells: a whole number, or infinite for all entries of a vector."""

ACTIVATIONS = {
    *("identity", "relu", "leaky-relu", "elu", "gelu", "softplus", "sigmoid", "tanh", "step", "sign"),
    "softmax",
}
PREFIXES = {
    **{"conv": "conv", "depthwise_conv": "depthwise", "separable_conv": "separable"},
    **{"conv_transpose": "convt", "dense": "fc", "batchnorm": "bn", "layernorm": "ln", "upsample": "up"},
    **dict.fromkeys(("maxpool", "avgpool", "global_avgpool", "global_maxpool", "adaptive_avgpool"), "pool"),
    **{name: name for name in ("flatten", "dropout", "pad", "add", "concat", "embedding")},
}
SCALARS = {
    **{"dense": "units", "upsample": "factor", "pad": "padding", "adaptive_avgpool": "size"},
    **{"maxpool": "size", "avgpool": "size", "dropout": "rate"},
}
"""What one value in place of a layer's mapping means."""


@dataclass
class Layer:
    """A layer: what it is, its options, where its input comes from, and what was found."""

    kind: str
    options: Typed
    name: str = ""
    sources: tuple[int, ...] = ()
    shape: Shape = ()
    weights: list[Shape] = field(default_factory=list)
    statistics: list[Shape] = field(default_factory=list)
    macs: int = 0
    looks_at: list[Callable[[Count], set[Count]]] = field(default_factory=list)
    """For rows and columns: the numbers of cells before that some neighbouring cells look at."""
    grid: tuple[tuple[Fraction, int], ...] | None = None
    """For rows and columns: the step in the image from cell to cell, and the number of cells; None unknown."""

    def pair(self, name: str, default: Any = None) -> Pair:
        value = self.options.get(name, default)
        rows, columns = value if isinstance(value, list | tuple) else (value, value)
        return int(rows), int(columns)

    def paddings(self) -> tuple[Any, Any]:
        """The padding of rows and columns: a number each, or `same` or `valid`."""
        padding = self.options.get("padding", 0)
        rows, columns = padding if isinstance(padding, list | tuple) else (padding, padding)
        return rows, columns


# ---------------------------------------------------------------- as typed


def shorthand(text: str) -> tuple[str, Typed]:
    """`conv5-64 /2 pad 1`, `maxpool 3x3 /2`, `FC-1000`, `flatten`: a layer in a word."""
    text = " ".join(text.split()).lower()
    if named := re.fullmatch(r"fc-(\d+)", text):
        return "dense", {"units": int(named[1])}
    window = r"(?P<rows>\d+)(?:x(?P<columns>\d+))?"
    head = re.match(
        rf"conv{window}-(?P<filters>\d+)|(?P<pool>max|avg) ?pool ?(?:{window.replace('P<', 'P<p')})?", text
    )
    if not head:
        kind, *argument = re.split(r"[ (]", text, maxsplit=1)
        kind = kind.replace("_", "-") if kind.replace("_", "-") in ACTIVATIONS else kind
        return kind, {"argument": argument[0]} if argument else {}
    options: dict[str, Any] = {}
    found = head.groupdict()
    rest = text[head.end() :]
    if stride := re.search(r"/(\d+)", rest):
        options["stride"] = int(stride[1])
    if padding := re.search(r"pad (\d+)|same", rest):
        options["padding"] = int(padding[1]) if padding[1] else "same"
    if re.sub(r"/\d+|pad \d+|same", "", rest).strip():
        raise ValueError(text)
    if found["pool"]:
        if found["prows"]:
            options["size"] = [int(found["prows"]), int(found["pcolumns"] or found["prows"])]
        return f"{found['pool']}pool", options
    options["kernel"] = [int(found["rows"]), int(found["columns"] or found["rows"])]
    return "conv", {**options, "filters": int(found["filters"])}


def layers_of(typed: Sequence[Any]) -> Iterator[Layer]:
    """The layers one by one: repeated blocks as often as they stand there."""
    for each in typed:
        if isinstance(each, str):
            yield Layer(*shorthand(each))
        elif "repeat" in each:
            for _ in range(each["repeat"]):
                yield from layers_of(each["layers"])
        else:
            ((word, options),) = each.items()
            kind, _ = shorthand(word)
            if options is None or isinstance(options, Mapping):
                yield Layer(kind, options or {})
            else:
                yield Layer(kind, {SCALARS[kind]: options})


def name_all(layers: Sequence[Layer]) -> None:
    """Names, and the places of the layers that each one reads; -1 is the input of the network."""
    seen: Counter[str] = Counter()
    places = {"input": -1}
    for i, layer in enumerate(layers):
        if "name" in layer.options:
            layer.name = layer.options["name"]
        else:
            prefix = PREFIXES.get(layer.kind, layer.kind.replace("-", "_"))
            seen[prefix] += 1
            layer.name = "flatten" if prefix == "flatten" and seen[prefix] == 1 else f"{prefix}{seen[prefix]}"
        sources = layer.options.get("from", -1)
        sources = sources if isinstance(sources, list | tuple) else [sources]
        layer.sources = tuple(i + one if isinstance(one, int) else places[one] for one in sources)
        if layer.name in places or not all(-1 <= one < i for one in layer.sources):
            raise ValueError(layer.name)
        places[layer.name] = i


def input_shape(given: Typed) -> Shape:
    """Rows, columns and channels of the image, or the length of a vector."""
    typed = given["input"]
    sizes = [int(n) for n in typed.split("x")] if isinstance(typed, str) else typed
    sizes = [sizes] if isinstance(sizes, int) else list(sizes)
    if len(sizes) == 2:
        return (*sizes, 1)
    return (*sizes[1:], sizes[0]) if len(sizes) == 3 and given.get("order") == "CHW" else tuple(sizes)


# ---------------------------------------------------------------- windows on an axis


def places(n: int, kernel: int, stride: int, dilation: int, padding: Any, ceil: bool = False) -> int:
    """Where a window starts: every `stride` cells, as long as all of it lies on the padded axis."""
    if padding == "same":
        return len(range(0, n, stride))
    before = 0 if padding == "valid" else int(padding)
    cells = range(-before, n + before)
    reach = dilation * (kernel - 1)
    starts = [start for start in cells[::stride] if start + reach in cells]
    if ceil and starts and starts[-1] + reach != cells[-1]:  # some cells are left over
        further = starts[-1] + stride
        starts += [further] if further < n else []
    if not starts:
        raise ValueError(f"a window of {reach + 1} on {n} + 2·{before}")
    return len(starts)


def stamped(n: int, kernel: int, stride: int, dilation: int, padding: Any, further: int) -> int:
    """The length of a transposed convolution: each cell stamps a kernel, and the padding is cut off."""
    if padding == "same":
        return n * stride
    last = max(i * stride + j * dilation for i in range(n) for j in range(kernel))
    length = last + 1 - 2 * (0 if padding == "valid" else int(padding)) + further
    if length < 1:
        raise ValueError("nothing is left")
    return length


def seen_by_windows(kernel: int, stride: int, dilation: int) -> Callable[[Count], set[Count]]:
    """From the first cell of the first window to the last cell of the last."""

    def cells(count: Count) -> set[Count]:
        first_of_the_last = (count - 1) * stride
        return {first_of_the_last + dilation * (kernel - 1) + 1}

    return cells


def seen_by_copies(factor: int) -> Callable[[Count], set[Count]]:
    """Cell o of an enlarged axis is a copy of cell ⌊o/factor⌋."""

    def cells(count: Count) -> set[Count]:
        return {
            (start + int(count) - 1) // factor - start // factor + 1 for start in range(factor, 2 * factor)
        }

    return cells


def seen_by_stamps(kernel: int, stride: int, dilation: int) -> Callable[[Count], set[Count]]:
    """The cells whose stamps, taken as solid, can touch some neighbouring ones: at most so many.

    When the neighbours do not span whole strides, the number depends on where they are: two are returned.
    """

    def cells(count: Count) -> set[Count]:
        solid = dilation * (kernel - 1) + 1
        start = solid + stride
        touching = [
            sum(
                1
                for i in range((start + int(count)) // stride + 2)
                if i * stride < at + count and at < i * stride + solid
            )
            for at in range(start, start + stride)
        ]
        whole = (int(count) - 1) % stride == 0
        return {max(touching, default=0) or 1} | (set() if whole else {math.nan})

    return cells


def seen_as_a_whole(size: Count, every: bool) -> Callable[[Count], set[Count]]:
    """The whole axis: for each entry (a dense layer), or only for all entries together (flattening)."""
    return lambda count: {size if every or count == math.inf else count}


def cells_of(shape: Shape) -> tuple[Count, Count]:
    """Rows and columns of a map; a vector has infinitely many for both."""
    return (shape[0], shape[1]) if len(shape) == 3 else (math.inf, math.inf)


# ---------------------------------------------------------------- layers


def entries(shapes: Sequence[Shape]) -> int:
    return sum(math.prod(shape) for shape in shapes)


def slid(layer: Layer, before: Shape, kernel: Pair, stride: Any) -> Pair:
    """The number of a window's places on both axes; what it looks at is noted."""
    strides = layer.pair("stride", stride)
    ceil = bool(layer.options.get("ceil", False))
    axes = list(zip(kernel, strides, layer.pair("dilation", 1), strict=True))
    layer.looks_at = [seen_by_windows(*axis) for axis in axes]
    paddings = layer.paddings()
    steps(layer, strides)
    return places(before[0], *axes[0], paddings[0], ceil), places(before[1], *axes[1], paddings[1], ceil)


def steps(layer: Layer, strides: Sequence[Fraction | int]) -> None:
    """The step in the image becomes so many times as long."""
    if layer.grid is not None:
        layer.grid = tuple((step * s, n) for (step, n), s in zip(layer.grid, strides, strict=True))


def convolve(layer: Layer, before: Shape, bias: bool) -> None:
    """A convolution; depthwise, it has one group a channel; separable, a 1×1 convolution behind that."""
    channels, options = before[2], layer.options
    kernel = layer.pair("kernel")
    rows, columns = slid(layer, before, kernel, 1)
    if layer.kind == "conv":
        filters, groups = options["filters"], options.get("groups", 1)
        if channels % groups or filters % groups:
            raise ValueError("groups")
        layer.weights = [(*kernel, channels // groups, filters)]
    else:
        filters = channels * options.get("multiplier", 1)
        layer.weights = [(*kernel, 1, filters)]
    if layer.kind == "separable_conv":
        filters = options["filters"]
        layer.weights += [(1, 1, layer.weights[0][3], filters)]
    layer.macs = rows * columns * entries(layer.weights)  # at each place, each weight is used once
    layer.weights += [(filters,)] * bias
    layer.shape = (rows, columns, filters)


def transpose(layer: Layer, before: Shape, bias: bool) -> None:
    """A transposed convolution: each cell stamps a kernel, weighted, for each of its filters."""
    channels, filters, groups = before[2], layer.options["filters"], layer.options.get("groups", 1)
    if channels % groups or filters % groups:
        raise ValueError("groups")
    kernel, strides = layer.pair("kernel"), layer.pair("stride", 1)
    axes = list(zip(kernel, strides, layer.pair("dilation", 1), strict=True))
    paddings, further = layer.paddings(), layer.pair("output_padding", 0)
    rows, columns = (stamped(before[i], *axes[i], paddings[i], further[i]) for i in (0, 1))
    layer.shape = (rows, columns, filters)
    layer.weights = [(*kernel, channels, filters // groups)]
    layer.macs = before[0] * before[1] * entries(layer.weights)  # at each cell, each weight is used once
    layer.weights += [(filters,)] * bias
    layer.looks_at = [seen_by_stamps(*axis) for axis in axes]
    steps(layer, [Fraction(1, s) for s in strides])


def everything(layer: Layer, before: Shape) -> None:
    """Each number depends on the whole map, or on every entry of a vector."""
    layer.looks_at = [seen_as_a_whole(n, every=True) for n in cells_of(before)]
    if layer.grid is not None:
        layer.grid = ((Fraction(1), 1), (Fraction(1), 1))


def adapt(layer: Layer, before: Shape) -> None:
    """Adaptive pooling, as the pooling with equal windows that gives the same size."""
    wanted = layer.pair("size")
    strides = [len(range(out, n + 1, out)) for n, out in zip(before, wanted, strict=False)]
    if 0 in strides:
        layer.grid = None
        strides = [1, 1]
    kernels = [n - (out - 1) * s for n, out, s in zip(before, wanted, strides, strict=False)]
    layer.looks_at = [seen_by_windows(max(k, 1), s, 1) for k, s in zip(kernels, strides, strict=True)]
    steps(layer, strides)
    layer.shape = (*wanted, before[2])


def flattened(layer: Layer, before: Shape) -> None:
    """One entry is one cell; all entries are all cells."""
    layer.looks_at = [seen_as_a_whole(n, every=False) for n in cells_of(before)]
    layer.shape = (math.prod(before),)


def join(layer: Layer, inputs: Sequence[Shape], grids: Sequence[Any]) -> None:
    if layer.kind == "add":
        if len(set(inputs)) > 1:
            raise ValueError("unequal shapes")
        layer.shape = inputs[0]
    else:
        if len({shape[:-1] for shape in inputs}) > 1:
            raise ValueError("unequal sizes")
        layer.shape = (*inputs[0][:-1], sum(shape[-1] for shape in inputs))
    layer.grid = grids[0] if len(set(grids)) == 1 else None


def pool(layer: Layer, before: Shape) -> None:
    size = layer.pair("size", 2)
    layer.shape = (*slid(layer, before, size, size), before[2])


def work_out(layer: Layer, inputs: Sequence[Shape], default_bias: bool) -> None:
    """Fills in what the layer makes of its input."""
    before, kind, options = inputs[0], layer.kind, layer.options
    layer.shape = before
    layer.looks_at = [lambda count: {count}] * 2
    bias = bool(options.get("bias", default_bias))
    is_map = len(before) == 3
    if kind in ("conv", "depthwise_conv", "separable_conv", "conv_transpose") and is_map:
        (transpose if kind == "conv_transpose" else convolve)(layer, before, bias)
    elif kind in ("maxpool", "avgpool") and is_map:
        pool(layer, before)
    elif kind in ("global_avgpool", "global_maxpool") and is_map:
        everything(layer, before)
        layer.shape = before[2:]
    elif kind == "adaptive_avgpool" and is_map:
        adapt(layer, before)
    elif kind == "upsample" and is_map:
        factors = layer.pair("factor")
        layer.shape = (*(n * f for n, f in zip(before, factors, strict=False)), before[2])
        layer.looks_at = [seen_by_copies(factor) for factor in factors]
        steps(layer, [Fraction(1, factor) for factor in factors])
    elif kind == "pad" and is_map:
        layer.shape = (*(n + 2 * p for n, p in zip(before, layer.pair("padding"), strict=False)), before[2])
    elif kind == "flatten":
        flattened(layer, before)
    elif kind == "dense":
        everything(layer, before)
        layer.shape = (options["units"],)
        layer.weights = [(math.prod(before), options["units"]), *[(options["units"],)] * bias]
        layer.macs = math.prod(before) * options["units"]
    elif kind in ("batchnorm", "layernorm"):
        layer.weights = [before[-1:], before[-1:]]
        layer.statistics = [before[-1:], before[-1:]] if kind == "batchnorm" else []
    elif kind == "embedding" and len(before) == 1:
        layer.shape = (*before, options["size"])
        layer.weights = [(options["vocabulary"], options["size"])]
    elif kind not in ACTIVATIONS and kind not in ("dropout", "add", "concat"):
        raise ValueError(f"{kind} of {before}")


def network(given: Typed) -> list[Layer]:
    """All layers worked out. Raises `ValueError` (or `KeyError`) when one does not fit."""
    layers = list(layers_of(given["layers"]))
    name_all(layers)
    start = input_shape(given)
    own_grid = ((Fraction(1), start[0]), (Fraction(1), start[1])) if len(start) == 3 else None
    for layer in layers:
        inputs = [start if one < 0 else layers[one].shape for one in layer.sources]
        grids = [own_grid if one < 0 else layers[one].grid for one in layer.sources]
        layer.grid = grids[0]
        work_out(layer, inputs, given.get("bias", True))
        if layer.kind in ("add", "concat"):
            join(layer, inputs, grids)
        if layer.grid is not None and len(layer.shape) == 3:
            layer.grid = tuple((step, n) for (step, _), n in zip(layer.grid, layer.shape, strict=False))
    return layers


# ---------------------------------------------------------------- the receptive field


def traced(layers: Sequence[Layer], last: int, axis: int) -> int | None:
    """How many cells of the image one cell of a layer looks at, on one axis; None where places differ."""
    cells: dict[int, Count] = {last: 1}
    for i in range(last, -1, -1):
        if i not in cells:
            continue
        found = layers[i].looks_at[axis](cells[i])
        if len(found) > 1:
            return None
        for source in layers[i].sources:
            cells[source] = max(cells.get(source, 0), *found)
    return int(cells[-1])


def quantities(problem: Typed) -> dict[str, Any]:
    """Every quantity of the problem, by the contract's name."""
    given = problem["given"]
    layers = network(given)
    channels_first = given.get("order") == "CHW"
    found: dict[str, Any] = {}
    trainable = fixed = 0
    for i, layer in enumerate(layers):
        in_print = (
            (layer.shape[2], *layer.shape[:2]) if len(layer.shape) == 3 and channels_first else layer.shape
        )
        found[f"{layer.name}.shape"] = list(in_print)
        found[f"{layer.name}.params"] = entries(layer.weights)
        found[f"{layer.name}.size"] = math.prod(layer.shape)
        found[f"{layer.name}.macs"] = layer.macs
        frozen = layer.options.get("frozen", False)
        trainable += 0 if frozen else entries(layer.weights)
        fixed += entries(layer.statistics) + (entries(layer.weights) if frozen else 0)
        if layer.grid is not None:
            fields = [traced(layers, i, axis) for axis in (0, 1)]
            if None not in fields:
                found[f"{layer.name}.receptive_field"] = fields[0] if len(set(fields)) == 1 else fields
    found["total_params"], found["non_trainable_params"] = trainable, fixed
    found["total_macs"] = sum(layer.macs for layer in layers)
    found["total_size"] = sum(math.prod(layer.shape) for layer in layers)
    return found
