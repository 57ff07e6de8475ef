"""Sizes and parameters of convolutional networks, counted as people miscount them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
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
