"""Sizes and parameters of convolutional networks, counted as people miscount them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from .paper import Case, Values, case, some


class Layer(NamedTuple):
    """A convolution, a pooling, `flatten` or a dense layer."""

    kind: str
    k: int = 0
    filters: int = 0
    s: int = 1
    p: int = 0
    d: int = 1
    bias: bool = True
    ceil: bool = False

    def text(self) -> Any:
        """As it is typed."""
        if self.kind == "flatten":
            return "flatten"
        if self.kind == "fc":
            return f"FC-{self.filters}" if self.bias else {"dense": {"units": self.filters, "bias": False}}
        if self.kind == "conv" and self.d == 1 and self.bias:
            pad = f" pad {self.p}" if self.p else ""
            return f"conv{self.k}-{self.filters}" + (f" /{self.s}" if self.s > 1 else "") + pad
        fields: dict[str, Any] = (
            {"filters": self.filters, "kernel": self.k} if self.kind == "conv" else {"size": self.k}
        )
        fields |= {"stride": self.s, "padding": self.p} | ({"dilation": self.d} if self.d > 1 else {})
        fields |= {"bias": False} if not self.bias else {}
        fields |= {"ceil": True} if self.ceil else {}
        return {self.kind if self.kind == "conv" else "maxpool": fields}


def conv(k: int, filters: int, s: int = 1, p: int = 0, d: int = 1, bias: bool = True) -> Layer:
    return Layer("conv", k, filters, s, p, d, bias)


def pool(k: int, s: int, p: int = 0, ceil: bool = False) -> Layer:
    return Layer("pool", k, 0, s, p, 1, True, ceil)


def fc(units: int, bias: bool = True) -> Layer:
    return Layer("fc", 0, units, bias=bias)


FLAT = Layer("flatten")


class Net(NamedTuple):
    """An image and layers."""

    input: tuple[int, int, int]
    layers: tuple[Layer, ...]

    def problem(self, *ask: str) -> dict[str, Any]:
        given = {"input": "x".join(map(str, self.input)), "layers": [layer.text() for layer in self.layers]}
        return {"kind": "cnn-shapes", "given": given, "ask": list(ask), "points": 4}


def out(n: int, layer: Layer) -> int:
    """⌊(n + 2p − d(k − 1) − 1)/s⌋ + 1, or rounded up."""
    room = (n + 2 * layer.p - layer.d * (layer.k - 1) - 1) / layer.s
    return (math.ceil(room) if layer.ceil else math.floor(room)) + 1


def weights(layer: Layer, channels: int) -> int:
    return (layer.k * layer.k * channels + layer.bias) * layer.filters


def units(layer: Layer, inputs: int) -> int:
    return (inputs + layer.bias) * layer.filters


def products(layer: Layer, shape: list[int], channels: int) -> int:
    """The multiplications of a convolution."""
    return math.prod(shape) * layer.k**2 * channels


def counted(
    net: Net,
    size: Callable[[int, Layer], int] = out,
    pooling: Callable[[int, Layer], int] | None = None,
    params: Callable[[Layer, int], int] = weights,
    dense: Callable[[Layer, int], int] = units,
    flat: Callable[[list[int]], int] = math.prod,
    macs: Callable[[Layer, list[int], int], int] | None = None,
    total: Callable[[list[int]], int] = sum,
) -> Values:
    """Shapes and parameters of every layer; each argument is something that the student may do in another way."""
    shape, number, found, all_params = list(net.input), {"conv": 0, "pool": 0, "fc": 0}, Values(), []
    for layer in net.layers:
        if layer.kind == "flatten":
            shape = [flat(shape)]
            found["flatten.shape"] = shape
            continue
        number[layer.kind] += 1
        name = f"{layer.kind}{number[layer.kind]}"
        before = shape[-1]
        if layer.kind == "fc":
            shape, count = [layer.filters], dense(layer, math.prod(shape))
        else:
            rule = pooling if layer.kind == "pool" and pooling else size
            shape = [rule(n, layer) for n in shape[:2]] + [layer.filters or before]
            count = params(layer, before) if layer.kind == "conv" else 0
        found[f"{name}.shape"] = shape
        if macs and layer.kind == "conv":
            found[f"{name}.macs"] = macs(layer, shape, before)
        if layer.kind != "pool":
            found[f"{name}.params"] = count
            all_params.append(count)
    found["total_params"] = total(all_params)
    return found


MIDTERM = Net((256, 256, 3), (conv(5, 64, 2), conv(5, 2), FLAT))
LENET = Net((32, 32, 1), (conv(5, 6), pool(2, 2), conv(5, 16), pool(2, 2), FLAT, fc(120), fc(10)))
ALEX = Net((227, 227, 3), (conv(11, 96, 4), pool(3, 2), conv(5, 256, 1, 2), pool(3, 2), conv(3, 384, 1, 1)))
PADDED = Net((32, 32, 3), (conv(3, 16, 1, 1), conv(3, 32, 2, 1), pool(2, 2), FLAT, fc(50)))
UNEVEN = Net((28, 28, 1), (conv(3, 8, 2), conv(4, 12, 2, 1), FLAT, fc(10)))
WIDE = Net((30, 64, 3), (conv(5, 24, 2, 2), pool(2, 2), conv(3, 40)))
SPREAD = Net((64, 64, 3), (conv(3, 32, 1, 0, 2), conv(3, 48, 2, 2, 4), FLAT, fc(20)))
BARE = Net(
    (50, 50, 3), (conv(7, 20, 3, 1, 1, False), pool(3, 2), conv(3, 30, 1, 0, 1, False), FLAT, fc(40, False))
)
RAISED = Net((30, 30, 3), (conv(3, 16), pool(3, 2, 0, True), conv(3, 20), pool(2, 2, 0, True), FLAT, fc(15)))

Shaped = tuple[str, str, dict[str, Any], str, tuple[str, ...], tuple[Net, ...]]
SIZES: list[Shaped] = [
    (
        "ceil",
        "⌈⌉ in place of ⌊⌋.",
        {"size": lambda n, c: math.ceil((n + 2 * c.p - c.d * (c.k - 1) - 1) / c.s) + 1},
        "shape",
        ("rounding-direction",),
        (MIDTERM, UNEVEN, WIDE, BARE),
    ),
    (
        "floor",
        "⌊⌋ in place of ⌈⌉ in the pooling layers.",
        {"pooling": lambda n, c: math.floor((n + 2 * c.p - c.k) / c.s) + 1},
        "shape",
        ("rounding-direction",),
        (RAISED,),
    ),
    (
        "plus-one",
        "+ 1 is forgotten.",
        {"size": lambda n, c: out(n, c) - 1},
        "shape",
        ("dropped-term", "off-by-one"),
        (MIDTERM, LENET, WIDE, PADDED),
    ),
    (
        "plus-one-twice",
        "+ 2 in place of + 1.",
        {"size": lambda n, c: out(n, c) + 1},
        "shape",
        ("off-by-one", "extra-term"),
        (LENET,),
    ),
    (
        "padding-once",
        "The padding is added on one side only.",
        {"size": lambda n, c: (n + c.p - c.d * (c.k - 1) - 1) // c.s + 1},
        "shape",
        ("dropped-factor",),
        (PADDED, SPREAD, WIDE),
    ),
    (
        "padding",
        "The padding is ignored.",
        {"size": lambda n, c: (n - c.d * (c.k - 1) - 1) // c.s + 1},
        "shape",
        ("padding-ignored", "dropped-term"),
        (PADDED, ALEX, WIDE),
    ),
    (
        "padding-minus",
        "The padding is subtracted.",
        {"size": lambda n, c: (n - 2 * c.p - c.d * (c.k - 1) - 1) // c.s + 1},
        "shape",
        ("sign", "other-operation"),
        (PADDED, WIDE),
    ),
    (
        "stride",
        "The stride is ignored.",
        {"size": lambda n, c: n + 2 * c.p - c.d * (c.k - 1)},
        "shape",
        ("stride-ignored", "dropped-factor"),
        (MIDTERM, ALEX, UNEVEN),
    ),
    (
        "stride-multiplies",
        "Multiplied by the stride instead of divided.",
        {"size": lambda n, c: (n + 2 * c.p - c.k) * c.s + 1},
        "shape",
        ("other-operation",),
        (MIDTERM,),
    ),
    (
        "dilation",
        "The dilation is ignored.",
        {"size": lambda n, c: (n + 2 * c.p - c.k) // c.s + 1},
        "shape",
        ("dilation-ignored", "dropped-factor"),
        (SPREAD,),
    ),
    (
        "kernel",
        "The kernel is not subtracted.",
        {"size": lambda n, c: (n + 2 * c.p) // c.s + 1},
        "shape",
        ("dropped-term",),
        (MIDTERM, LENET),
    ),
    (
        "kernel-plus",
        "The kernel is added.",
        {"size": lambda n, c: (n + 2 * c.p + c.k) // c.s + 1},
        "shape",
        ("sign", "other-operation"),
        (MIDTERM, LENET),
    ),
    (
        "pool-stride",
        "The pooling's stride is ignored.",
        {"pooling": lambda n, c: n + 2 * c.p - c.k + 1},
        "shape",
        ("stride-ignored", "dropped-factor"),
        (LENET, ALEX, PADDED),
    ),
]
COUNTS: list[Shaped] = [
    (
        "no-bias",
        "The biases are not counted.",
        {"params": lambda c, channels: c.k**2 * channels * c.filters},
        "params",
        ("dropped-term",),
        (MIDTERM, LENET, ALEX),
    ),
    (
        "no-channels",
        "The channels of the input are forgotten.",
        {"params": lambda c, channels: (c.k**2 + c.bias) * c.filters},
        "params",
        ("dropped-factor",),
        (MIDTERM, PADDED, WIDE),
    ),
    (
        "no-filters",
        "The number of filters is forgotten.",
        {"params": lambda c, channels: c.k**2 * channels + c.bias},
        "params",
        ("dropped-factor",),
        (ALEX, WIDE, PADDED),
    ),
    (
        "one-bias",
        "One bias for the whole layer: k·k·C·F + 1.",
        {"params": lambda c, channels: c.k**2 * channels * c.filters + c.bias},
        "params",
        ("brackets", "dropped-factor"),
        (MIDTERM, ALEX, LENET),
    ),
    (
        "not-squared",
        "k in place of k·k.",
        {"params": lambda c, channels: (c.k * channels + c.bias) * c.filters},
        "params",
        ("dropped-factor",),
        (MIDTERM, ALEX),
    ),
    (
        "bias-by-channel",
        "A bias for each channel of each filter.",
        {"params": lambda c, channels: (c.k**2 + 1) * channels * c.filters},
        "params",
        ("brackets", "extra-factor"),
        (MIDTERM, PADDED),
    ),
    (
        "bias-anyway",
        "Biases are counted, though there are none.",
        {"params": lambda c, channels: (c.k**2 * channels + 1) * c.filters},
        "params",
        ("extra-term",),
        (BARE,),
    ),
    (
        "dense-no-bias",
        "The dense layers' biases are not counted.",
        {"dense": lambda c, inputs: inputs * c.filters},
        "params",
        ("dropped-term",),
        (LENET, PADDED, UNEVEN),
    ),
    (
        "dense-one-bias",
        "One bias for the dense layer.",
        {"dense": lambda c, inputs: inputs * c.filters + 1},
        "params",
        ("brackets", "dropped-factor"),
        (LENET, SPREAD),
    ),
    (
        "flat-without-channels",
        "The channels are forgotten when flattening.",
        {"flat": lambda shape: shape[0] * shape[1]},
        "shape",
        ("dropped-factor",),
        (MIDTERM, LENET, UNEVEN, PADDED),
    ),
    (
        "total-without-the-last",
        "The last layer is left out of the sum.",
        {"total": lambda counts: sum(counts[:-1])},
        "total",
        ("dropped-term",),
        (MIDTERM, LENET),
    ),
]


# ---------------------------------------------------------------- other layers, and what is said of them


class Asked(NamedTuple):
    """A network with the quantities that are written down, as they are and as the student has them."""

    key: str
    why: str
    input: str
    layers: tuple[Any, ...]
    truth: Values
    own: Values
    names: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    slips: tuple[str, ...] = ()
    loosely: str = ""

    def case(self) -> Case:
        given = {"input": self.input, "layers": list(self.layers)}
        problem = {"kind": "cnn-shapes", "given": given, "ask": list(self.truth), "points": 4}
        first = next((name for name in self.own if self.own[name] != self.truth[name]), "")
        return case(
            f"shapes/{self.key}",
            self.why,
            problem,
            self.truth,
            self.own,
            by=int,
            mistake=self.names,
            at=[first, *self.at],
            again=self.again,
            slips=self.slips,
            loosely=dict.fromkeys((first, *self.again), self.loosely) if self.loosely else {},
        )


def layer(what: str, **options: Any) -> dict[str, Any]:
    return {what: options}


def sizes(**shapes: list[int]) -> Values:
    return {f"{name}.shape": shape for name, shape in shapes.items()}


def lengths() -> Iterator[Asked]:
    """Rows and columns."""
    dilated = layer("conv", filters=8, kernel=5, dilation=3)
    for key, why, span in (
        ("span", "A dilated kernel is taken as d·k wide.", 15),
        ("holes", "The dilation is taken as the number of holes.", 17),
    ):
        n = 80 - span + 1
        yield Asked(
            f"dilated-{key}",
            why,
            "80x80x3",
            (dilated, "maxpool"),
            sizes(conv1=[68, 68, 8], pool1=[34, 34, 8]),
            sizes(conv1=[n, n, 8], pool1=[n // 2, n // 2, 8]),
            ("dilated-size",),
            ("conv1.height",),
        )
    up = layer("conv_transpose", filters=8, kernel=5, stride=3, padding=2)
    for key, why, n, names in (
        (
            "once",
            "The padding of a transposed convolution is cut off on one side only.",
            39 - 2 + 5,
            "dropped-factor",
        ),
        ("steps", "n·s in place of (n − 1)·s.", 42 - 4 + 5, "dropped-term"),
        ("kept", "The padding of a transposed convolution is not cut off.", 39 + 5, "padding-ignored"),
        (
            "plain",
            "A transposed convolution by the rule of an ordinary one.",
            (14 + 4 - 5) // 3 + 1,
            "other-layer",
        ),
    ):
        yield Asked(
            f"transposed-{key}",
            why,
            "14x14x16",
            (up, "conv3-2 same"),
            sizes(convt1=[40, 40, 8], conv1=[40, 40, 2]),
            sizes(convt1=[n, n, 8], conv1=[n, n, 2]),
            (names,),
            ("convt1.height",),
        )
    yield Asked(
        "pool-by-its-size",
        "The pooling moves by its own size, though its stride is given.",
        "55x55x96",
        ("maxpool3 /2", "conv5-64 same"),
        sizes(pool1=[27, 27, 96], conv1=[27, 27, 64]),
        sizes(pool1=[18, 18, 96], conv1=[18, 18, 64]),
        ("stride-ignored", "other-quantity"),
        ("pool1.height",),
    )
    yield Asked(
        "early-one",
        "+ 1 before the division by the stride.",
        "100x100x3",
        ("conv7-16 /5", "maxpool"),
        sizes(conv1=[19, 19, 16], pool1=[9, 9, 16]),
        sizes(conv1=[18, 18, 16], pool1=[9, 9, 16]),
        ("brackets", "dropped-term", "off-by-one"),
        ("conv1.height",),
    )
    yield Asked(
        "padding-or-half",
        "Without the padding, and with it on one side, the size is the same: it is left out.",
        "224x224x3",
        ("conv11-64 /4 pad 2", "maxpool3 /2"),
        sizes(conv1=[55, 55, 64], pool1=[27, 27, 64]),
        sizes(conv1=[54, 54, 64], pool1=[26, 26, 64]),
        ("padding-ignored",),
        ("conv1.height",),
    )
    yield Asked(
        "flat-added",
        "Rows, columns and channels are added.",
        "14x14x6",
        ("flatten", "FC-30"),
        sizes(flatten=[1176]) | {"fc1.params": 1177 * 30},
        sizes(flatten=[34]) | {"fc1.params": 35 * 30},
        ("other-operation",),
        ("flatten.size",),
    )
    yield Asked(
        "kernel-turned",
        "A kernel of 7 × 3 is laid the other way.",
        "60x40x1",
        ("conv7x3-8", "maxpool"),
        sizes(conv1=[54, 38, 8], pool1=[27, 19, 8]),
        sizes(conv1=[58, 34, 8], pool1=[29, 17, 8]),
        ("rows-for-columns",),
        ("conv1.height", "conv1.width"),
    )
    yield Asked(
        "image-turned",
        "Width × height in place of height × width.",
        "60x40x3",
        ("conv5-8", "maxpool"),
        sizes(conv1=[56, 36, 8], pool1=[28, 18, 8]),
        sizes(conv1=[36, 56, 8], pool1=[18, 28, 8]),
        ("rows-for-columns",),
        ("conv1.height", "conv1.width"),
    )


def depths() -> Iterator[Asked]:
    """The third number of a shape."""
    branches = (
        {"conv": {"filters": 24, "kernel": 1}, "name": "p"},
        {"conv": {"filters": 24, "kernel": 3, "padding": 1}, "name": "q", "from": "input"},
    )
    both = sizes(p=[14, 14, 24], q=[14, 14, 24])
    for what, right, wrong, why in (
        ("add", 24, 48, "The depths of maps that are added are added too."),
        ("concat", 48, 24, "Concatenation by the rule of addition."),
    ):
        yield Asked(
            f"{what}-depth",
            why,
            "14x14x6",
            (*branches, {what: {}, "from": ["p", "q"], "name": "both"}, "conv1-4"),
            both | sizes(both=[14, 14, right]) | {"conv1.params": (right + 1) * 4},
            both | sizes(both=[14, 14, wrong]) | {"conv1.params": (wrong + 1) * 4},
            ("other-layer", "other-operation", "dropped-term"),
            ("both.channels",),
        )
    yield Asked(
        "concat-everywhere",
        "Rows and columns are added too.",
        "14x14x6",
        (*branches, {"concat": {}, "from": ["p", "q"], "name": "both"}, "maxpool"),
        both | sizes(both=[14, 14, 48], pool1=[7, 7, 48]),
        both | sizes(both=[28, 28, 48], pool1=[14, 14, 48]),
        ("other-axis", "extra-term"),
    )
    same = ("conv3-40 same", "maxpool", "conv3-24 same")
    truth = sizes(conv1=[64, 64, 40], pool1=[32, 32, 40], conv2=[32, 32, 24]) | {"conv2.params": 361 * 24}
    for key, why, depth, names in (
        ("kept", "The depth of the input is kept.", 3, ("other-quantity",)),
        ("times", "Filters times the depth of the input.", 120, ("extra-factor",)),
    ):
        own = sizes(conv1=[64, 64, depth], pool1=[32, 32, depth], conv2=[32, 32, 24])
        yield Asked(
            f"depth-{key}", why, "64x64x3", same, truth, own | {"conv2.params": (9 * depth + 1) * 24}, names
        )
    own = sizes(conv1=[64, 64, 40], pool1=[32, 32, 20], conv2=[32, 32, 24]) | {"conv2.params": 181 * 24}
    why = "The pooling halves the depth too."
    yield Asked("depth-pooled", why, "64x64x3", same, truth, own, ("extra-factor", "other-axis"))
    for first, why, wrong, names in (
        ({"upsample": 2}, "The depth grows with rows and columns.", 128, ("extra-factor",)),
        (layer("depthwise_conv", kernel=3, padding=1), "The channels are summed.", 1, ("other-axis",)),
    ):
        name, n = ("up1", 16) if "upsample" in first else ("depthwise1", 8)
        yield Asked(
            f"depth-{name}",
            why,
            "8x8x64",
            (first, "conv1-12"),
            sizes(**{name: [n, n, 64]}) | {"conv1.params": 65 * 12},
            sizes(**{name: [n, n, wrong]}) | {"conv1.params": (wrong + 1) * 12},
            names,
        )
    yield Asked(
        "global-places",
        "A global pooling that leaves a number for each place.",
        "9x9x256",
        ("global_avgpool", "FC-10"),
        sizes(pool1=[256]) | {"fc1.params": 2570},
        sizes(pool1=[81]) | {"fc1.params": 820},
        ("other-axis", "other-quantity"),
    )


def parameters() -> Iterator[Asked]:
    """What layers learn."""

    def one(
        key: str, why: str, input: str, what: Any, right: int, wrong: int, *names: str, name: str = ""
    ) -> Asked:
        label = f"{name or 'conv1'}.params"
        dense = math.prod(shape) * 10 + 10 if (shape := ENDS.get(key)) else 0
        truth, own = {label: right}, {label: wrong}
        if dense:
            truth, own = truth | {"total_params": right + dense}, own | {"total_params": wrong + dense}
        return Asked(f"params-{key}", why, input, (what, *(["FC-10"] if dense else [])), truth, own, names)

    conv = "conv3-5"
    yield one("unshared", "No weights are shared.", "28x28x1", conv, 50, 50 * 26 * 26, "extra-factor")
    yield one("unshared-rgb", "No weights are shared.", "24x24x3", conv, 140, 140 * 22 * 22, "extra-factor")
    spread = layer("conv", filters=16, kernel=3, dilation=3)
    yield one(
        "gaps", "The gaps of the kernel count.", "40x40x3", spread, 448, (49 * 3 + 1) * 16, "extra-factor"
    )
    grouped = layer("conv", filters=48, kernel=3, groups=4)
    names: tuple[str, ...] = ("groups-ignored", "dropped-factor", "extra-factor")
    yield one("groups", "Groups are ignored.", "16x16x24", grouped, 55 * 48, 217 * 48, *names)
    why = "The groups divide the filters too."
    yield one("groups-twice", why, "16x16x24", grouped, 55 * 48, 55 * 12, "extra-factor", "repeated-factor")
    apart = layer("depthwise_conv", kernel=5, padding=2)
    names = ("other-layer", "extra-factor")
    yield one(
        "depthwise", "As a full convolution.", "16x16x12", apart, 26 * 12, 301 * 12, *names, name="depthwise1"
    )
    apart = layer("separable_conv", filters=40, kernel=3)
    whole, parts = (9 * 24 + 1) * 40, 9 * 24 + 25 * 40
    why = "As an ordinary convolution."
    yield one("separable", why, "16x16x24", apart, parts, whole, *names, name="separable1")
    why = "The 1 × 1 filters are forgotten."
    yield one(
        "mixing",
        why,
        "16x16x24",
        apart,
        parts,
        9 * 24 + 40,
        "dropped-term",
        "dropped-factor",
        name="separable1",
    )
    names = ("statistics-counted", "extra-factor", "repeated-factor")
    norm, why = "batchnorm", "The running statistics count as parameters."
    yield one("statistics", why, "12x12x48", norm, 96, 192, *names, name="bn1")
    yield one(
        "norm-places",
        "Two for each number.",
        "12x12x48",
        norm,
        96,
        2 * 12 * 12 * 48,
        "extra-factor",
        name="bn1",
    )
    yield one("norm-once", "A scale only.", "12x12x48", norm, 96, 48, "dropped-factor", name="bn1")
    yield one("norm-pair", "A pair for all.", "12x12x48", norm, 96, 2, "dropped-factor", name="bn1")
    names = ("other-layer", "dropped-term")
    yield one("norm-nothing", "Nothing is learnt.", "12x12x48", norm, 96, 0, *names, name="bn1")
    yield one(
        "pooling",
        "A pooling has weights.",
        "26x26x20",
        "maxpool3 /2",
        0,
        180,
        "extra-term",
        "other-layer",
        name="pool1",
    )
    why = "A bias for each input."
    yield one("input-biases", why, "90", "FC-40", 91 * 40, 90 * 41, "brackets", "other-quantity", name="fc1")
    words = layer("embedding", vocabulary=3000, size=32)
    why = "The length of the text for the vocabulary."
    yield one("length", why, "50", words, 96000, 1600, "other-quantity", name="embedding1")
    truth = {"conv1.params": 28 * 16, "conv2.params": 145 * 32, "conv3.params": 289 * 24}
    yield Asked(
        "params-image",
        "Every filter has the channels of the image.",
        "32x32x3",
        ("conv3-16", "conv3-32", "conv3-24"),
        truth,
        truth | {"conv2.params": 28 * 32, "conv3.params": 28 * 24},
        ("other-quantity",),
        again=("conv3.params",),
    )
    truth = {"conv1.params": 448, "fc1.params": 15 * 15 * 16 * 50 + 50, "fc2.params": 510}
    yield Asked(
        "total-dense",
        "The total is that of the dense layers.",
        "32x32x3",
        ("conv3-16", "maxpool", "FC-50", "FC-10"),
        truth | {"total_params": 448 + 180050 + 510},
        truth | {"total_params": 180050 + 510},
        ("dropped-term",),
    )
    frozen = {"conv": {"filters": 16, "kernel": 3, "padding": "same"}, "frozen": True}
    parts_ = {"conv1.params": 448, "fc1.params": 32 * 32 * 16 * 10 + 10}
    yield Asked(
        "total-frozen",
        "The total takes the frozen layer too.",
        "32x32x3",
        (frozen, "FC-10"),
        parts_ | {"total_params": 163850},
        parts_ | {"total_params": 164298},
        ("frozen-counted", "extra-term"),
    )
    parts_ = {"conv1.params": 448, "bn1.params": 32, "fc1.params": 163850}
    yield Asked(
        "total-statistics",
        "The total takes the running statistics too.",
        "32x32x3",
        ("conv3-16 same", "batchnorm", "FC-10"),
        parts_ | {"total_params": 164330},
        parts_ | {"total_params": 164362},
        ("statistics-counted", "extra-term"),
    )


def units_of_others() -> Iterator[Asked]:
    """Dense layers that are counted from another layer; layers that count twice."""
    net = ("conv3-8", "maxpool", "FC-90", "FC-40")  # 26 × 26 × 8, then 13 × 13 × 8
    truth = {"conv1.params": 28 * 8, "fc1.params": 1353 * 90, "fc2.params": 91 * 40}
    other, extra = ("other-quantity",), ("extra-factor",)
    for key, why, name, wrong, names in (
        ("map", "The second is counted from the map.", "fc2.params", 1353 * 40, other),
        ("image", "The second is counted from the image.", "fc2.params", 2353 * 40, other),
        ("unpooled", "Counted from the map before the pooling.", "fc1.params", 5409 * 90, other),
        ("times", "Three times, for red, green and blue.", "fc1.params", 3 * 1353 * 90, extra),
        ("colours", "Three times the inputs, for three colours.", "fc1.params", (3 * 1352 + 1) * 90, extra),
    ):
        own = truth | {name: wrong}
        both = [each | {"total_params": sum(each.values())} for each in (truth, own)]
        yield Asked(f"dense-{key}", why, "28x28x3", net, both[0], both[1], names)
    total = sum(truth.values())
    for name in ("fc1", "fc2"):
        own = truth | {"total_params": total + truth[f"{name}.params"]}
        why = f"{name} counts twice in the total."
        right = truth | {"total_params": total}
        yield Asked(f"total-twice-{name}", why, "28x28x3", net, right, own, ("extra-term",))
    for name, wrong in (("fc2.params", 3460), ("total_params", 131854)):
        right = truth | {"total_params": total}
        own = right | {name: wrong}
        if name == "fc2.params":
            own["total_params"] += wrong - truth[name]
        why = "A number that nothing explains."
        yield Asked(f"slip-dense-{name}", why, "28x28x3", net, right, own, slips=(name,))


ENDS = {
    "unshared": (26, 26, 5),
    "groups": (14, 14, 48),
    "depthwise": (16, 16, 12),
    "statistics": (12, 12, 48),
}
"""The maps behind layers that a dense layer follows."""


def multiplications() -> Iterator[Asked]:
    """What layers compute."""
    net = ("conv5-12 /2", "FC-10")  # 30 × 30 × 3, then 13 × 13 × 12
    right, dense = 169 * 12 * 75, 169 * 12 * 10
    for key, why, wrong, last, names in (
        ("flops", "Two operations each.", 2 * right, 2 * dense, ("extra-factor",)),
        ("bias", "The biases count.", 169 * 12 * 76, dense + 10, ("extra-term", "bias-counted")),
        ("places", "The places of the input.", 900 * 12 * 75, dense, ("other-quantity",)),
        ("once", "At one place only.", 12 * 75, dense, ("dropped-factor",)),
    ):
        yield Asked(
            f"macs-{key}",
            why,
            "30x30x3",
            net,
            {"conv1.macs": right, "fc1.macs": dense, "total_macs": right + dense},
            {"conv1.macs": wrong, "fc1.macs": last, "total_macs": wrong + last},
            names,
            again=("fc1.macs",) if last != dense else (),
        )


Window = tuple[int, int, int]
"""Its size, its stride and its dilation."""


def seen(windows: Sequence[Window], step: Callable[[int, Window, list[int]], int]) -> list[int]:
    """Receptive fields, from what is seen before, the window, and the strides before it."""
    found, strides = [1], list[int]()
    for window in windows:
        found.append(step(found[-1], window, strides))
        strides.append(window[1])
    return found[1:]


def reaches() -> Iterator[Asked]:
    """Receptive fields."""
    nets: dict[str, tuple[Window, ...]] = {
        "wide": ((11, 4, 1), (7, 2, 1), (5, 1, 1)),
        "pooled": ((7, 2, 1), (3, 2, 1), (5, 1, 1), (3, 2, 1), (5, 1, 1)),
        "spread": ((5, 1, 1), (5, 1, 3), (7, 1, 4)),
        "steep": ((5, 3, 1), (7, 4, 1), (9, 1, 1)),
    }

    def right(r: int, window: Window, strides: list[int]) -> int:
        return r + window[2] * (window[0] - 1) * math.prod(strides)

    wrong: list[tuple[str, str, Any, tuple[str, ...], tuple[str, ...]]] = [
        (
            "jump",
            "The strides before are ignored.",
            lambda r, w, s: r + w[2] * (w[0] - 1),
            ("stride-ignored", "dropped-factor"),
            ("wide", "pooled", "steep"),
        ),
        (
            "cells",
            "k in place of k − 1.",
            lambda r, w, s: r + w[2] * w[0] * math.prod(s) if s else w[0],
            ("off-by-one", "dropped-term"),
            ("wide", "pooled", "spread"),
        ),
        (
            "own-stride",
            "The layer's own stride counts already.",
            lambda r, w, s: r + w[2] * (w[0] - 1) * math.prod(s) * w[1],
            ("extra-factor",),
            ("wide", "steep"),
        ),
        (
            "dilation",
            "The dilation is ignored.",
            lambda r, w, s: r + (w[0] - 1) * math.prod(s),
            ("dilation-ignored", "dropped-factor"),
            ("spread",),
        ),
        (
            "last-stride",
            "The last stride in place of the product of all.",
            lambda r, w, s: r + w[2] * (w[0] - 1) * (s[-1] if s else 1),
            ("dropped-factor", "stride-ignored"),
            ("steep",),
        ),
        (
            "times",
            "Windows are multiplied.",
            lambda r, w, s: r * w[0],
            ("other-operation",),
            ("wide", "steep"),
        ),
    ]
    for key, why, step, names, chosen in wrong:
        for net in chosen:
            windows = nets[net]
            layers = [layer("conv", filters=4, kernel=k, stride=s, dilation=d) for k, s, d in windows]
            labels = [f"conv{i}.receptive_field" for i in range(1, len(windows) + 1)]
            truth, own = seen(windows, right), seen(windows, step)
            strides = [s for _, s, _ in windows]
            anew = [
                labels[i]
                for i, window in enumerate(windows)
                if own[i] != right(own[i - 1] if i else 1, window, strides[:i])
            ]
            yield Asked(
                f"reach-{key}-{net}",
                why,
                "200x200x3",
                tuple(layers),
                dict(zip(labels, truth, strict=True)),
                dict(zip(labels, own, strict=True)),
                names,
                again=tuple(anew[1:]),
            )


def plain() -> Iterator[Asked]:
    """Right papers, and wrong numbers that nothing explains."""
    grouped = layer("conv", filters=48, kernel=3, groups=4)
    up = layer("conv_transpose", filters=8, kernel=5, stride=3, padding=2)
    dilated = layer("conv", filters=8, kernel=5, dilation=3)
    reach = tuple(f"conv{i}.receptive_field" for i in (1, 2, 3))
    wide = tuple(layer("conv", filters=4, kernel=k, stride=s) for k, s in ((11, 4), (7, 2), (5, 1)))
    right: list[tuple[str, str, tuple[Any, ...], Values]] = [
        ("grouped", "16x16x24", (grouped,), sizes(conv1=[14, 14, 48]) | {"conv1.params": 2640}),
        ("transposed", "14x14x16", (up,), sizes(convt1=[40, 40, 8]) | {"convt1.params": 401 * 8}),
        ("dilated", "80x80x3", (dilated,), sizes(conv1=[68, 68, 8]) | {"conv1.params": 608}),
        ("norm", "12x12x48", ("batchnorm",), sizes(bn1=[12, 12, 48]) | {"bn1.params": 96}),
        ("reach", "200x200x3", wide, dict(zip(reach, (11, 35, 67), strict=True))),
    ]
    for key, image, layers, truth in right:
        yield Asked(f"right-{key}", "All is right.", image, layers, truth, truth)
    wrong = [
        ("grouped", {"conv1.params": 2460}),
        ("transposed", sizes(convt1=[47, 47, 8])),
        ("dilated", sizes(conv1=[61, 61, 8])),
        ("norm", {"bn1.params": 69}),
        ("reach", {"conv3.receptive_field": 76}),
    ]
    known = {key: (image, layers, truth) for key, image, layers, truth in right}
    for key, values in wrong:
        image, layers, truth = known[key]
        why = "A number that nothing explains."
        yield Asked(f"slip-{key}", why, image, layers, truth, truth | values, slips=tuple(values))


def all_asked() -> Iterator[Asked]:
    for made in (lengths, depths, parameters, units_of_others, multiplications, reaches, plain):
        yield from made()


def spots(net: Net, truth: Values, own: Values) -> tuple[str, list[str], list[str]]:
    """Where the first wrong value stands, what it may be said of, and the other layers of its kind."""
    first = next((name for name in own if own[name] != truth[name]), "")
    layer, _, what = first.partition(".")
    at = [first, f"{layer}.height", f"{layer}.width", f"{layer}.size"] if what == "shape" else [first]
    return first, at, [name for name in own if name != first and what and name.endswith(f".{what}")]


def all_cases() -> Iterator[Case]:
    for key, why, changes, what, names, nets in (*SIZES, *COUNTS):
        for number, net in enumerate(nets, 1):
            truth, own = counted(net), counted(net, **changes)
            if min(min(v) if isinstance(v, list) else v for v in own.values()) < 0:
                continue
            first, at, others = spots(net, truth, own)
            repeated = [
                name for name in others if own[name] != truth[name] and key != "flat-without-channels"
            ]
            small = isinstance(own[first], int) and own[first] < 1000
            doubt = "so small a number may be hit by chance"
            loosely = dict.fromkeys((first, *repeated), doubt) if small else {}
            ask = [first, "total_params"] if number % 2 else [list(own)[-2], "total_params"]
            yield from some(
                f"shapes/{key}-{number}",
                why,
                net.problem(*dict.fromkeys(ask)),
                truth,
                own,
                by=int,
                mistake=names,
                at=at,
                again=repeated if what == "params" else [],
                loosely=loosely,
            )
            if number != 1 or what == "total" or key.startswith(("no-bias", "dense")):
                continue
            last = (
                "total_params" if what == "params" else [name for name in own if name.endswith(".shape")][-1]
            )
            if len(net.layers) > 3 or own[last] == truth[last]:
                continue
            yield from some(
                f"shapes/{key}-{number}-end",
                f"{why} In every layer, and only the end is written down.",
                net.problem(last),
                truth,
                own,
                write=[last],
                by=int,
                mistake=names,
                at=at,
                unsure="the mistake is made twice before anything is written; whole numbers hit by chance",
            )
    for number, net in enumerate((MIDTERM, ALEX, WIDE), 1):
        wrong: list[tuple[str, str, Any, list[str]]] = [
            (
                "channels",
                "MACs without the input's channels.",
                lambda c, s, n: math.prod(s) * c.k**2,
                ["dropped-factor"],
            ),
            (
                "square",
                "MACs with k in place of k·k.",
                lambda c, s, n: math.prod(s) * c.k * n,
                ["dropped-factor"],
            ),
            (
                "filters",
                "MACs without the filters.",
                lambda c, s, n: s[0] * s[1] * c.k**2 * n,
                ["dropped-factor"],
            ),
        ]
        for key, why, macs, dropped in wrong:
            truth, own = counted(net, macs=products), counted(net, macs=macs)
            yield from some(
                f"shapes/macs-{key}-{number}",
                why,
                net.problem("conv1.macs"),
                truth,
                own,
                write=["conv1.shape", "conv1.macs", "conv2.shape", "conv2.macs"],
                by=int,
                mistake=dropped,
                again=["conv2.macs"],
            )
    slips: list[tuple[str, Net, str, Any]] = [
        ("A product is computed wrongly; the total follows.", MIDTERM, "conv1.params", 4846),
        ("A product is computed wrongly; the total follows.", LENET, "fc1.params", 48210),
        ("A product is computed wrongly; the total follows.", ALEX, "conv2.params", 641656),
        ("A size is copied wrongly; what follows is consistent.", PADDED, "conv2.shape", [61, 61, 32]),
        ("A size is copied wrongly; what follows is consistent.", MIDTERM, "conv1.shape", [162, 162, 64]),
    ]
    for number, (why, net, name, value) in enumerate(slips, 1):
        truth = counted(net)
        own = truth | {name: value}
        if name.endswith("params"):
            own["total_params"] = truth["total_params"] - truth[name] + value
        else:
            index = [f"conv{i}.shape" for i in range(1, 4)].index(name)
            place = [i for i, layer in enumerate(net.layers) if layer.kind == "conv"][index]
            rest = counted(Net((value[0], value[1], value[2]), net.layers[place + 1 :]))
            for key, found in rest.items():
                kind = key[:4]
                new = f"conv{int(key[4]) + index + 1}{key[5:]}" if kind == "conv" else key
                own[new] = found
            own["total_params"] = sum(count for key, count in own.items() if key.endswith(".params"))
        yield case(
            f"shapes/slip-{number}",
            why,
            net.problem(name, "total_params"),
            truth,
            own,
            by=int,
            slips=[name],
        )
    for asked in all_asked():
        yield asked.case()
