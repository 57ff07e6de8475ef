"""Random networks for `cnn-shapes`, as exams have them: all layers and options, in words and as mappings.

A layer that does not fit where it was drawn is left out. Inside a problem, a sort of layer either has names of
its own everywhere or nowhere, so that it does not matter whether named layers count for the default names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from oracles_cnn import PREFIXES, Layer, network

Draw = st.DrawFn
Problem = dict[str, Any]
Typed = Any
"""A layer as it stands in the list: a word, or a mapping."""

LARGEST = 200_000
"""Numbers in the output of a layer, at most."""

PLAIN_ACTIVATIONS = [
    "relu",
    "sigmoid",
    "tanh",
    "softmax",
    "gelu",
    "elu",
    "softplus",
    "identity",
    "step",
    "sign",
]
COMMON = ["relu", "relu", "dropout", "batchnorm", "batchnorm", "layernorm", "layernorm"]
STRIDES = st.sampled_from([1, 1, 1, 2, 2, 3])
KERNELS = st.sampled_from([1, 2, 3, 3, 3, 4, 5, 7])


def one_in(draw: Draw, n: int) -> bool:
    return draw(st.integers(1, n)) == n


def pairs(values: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    """A number, now and then a pair [rows, columns]."""
    return st.one_of(values, values, values, st.lists(values, min_size=2, max_size=2))


def both(value: Any) -> tuple[int, int]:
    """The numbers for rows and columns."""
    return (value[0], value[1]) if isinstance(value, list) else (value, value)


class Net:
    """A network that grows: what is typed so far, and what it makes of its input."""

    def __init__(self, draw: Draw, given: Problem) -> None:
        self.draw = draw
        self.given = {**given, "layers": []}
        self.built: list[Layer] = []
        self.start = start_of(given)
        self.named = draw(
            st.sets(st.sampled_from(["conv", "pool", "fc", "bn", "relu", "add", "concat"]), max_size=2)
        )
        if not one_in(draw, 3):
            self.named = set()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.built[-1].shape if self.built else self.start

    @property
    def here(self) -> str:
        """The name of the last layer."""
        return self.built[-1].name if self.built else "input"

    def grow(self, *layers: Typed) -> bool:
        """Whether the layers fit; if not, nothing is changed."""
        longer = {**self.given, "layers": [*self.given["layers"], *layers]}
        try:
            built = network(longer)
        except (ValueError, KeyError):
            return False
        if any(math.prod(layer.shape) > LARGEST or not math.prod(layer.shape) for layer in built):
            return False
        self.given, self.built = longer, built
        return True

    def typed(self, kind: str, options: Problem, block: bool = False) -> Typed:
        """The layer as a person would type it: a word where that says all of it, else mostly a mapping."""
        draw = self.draw
        options = dict(options)
        prefix = PREFIXES.get(kind, kind.replace("-", "_"))
        if not block and (prefix in self.named or kind == "leaky-relu"):
            options["name"] = f"{draw(st.sampled_from('abcst'))}{len(self.built)}_{len(options)}"
        word = shorthand(draw, kind, options)
        if word is not None and not one_in(draw, 4):
            return draw(st.sampled_from([word, word, word if " " in word else word.upper()]))
        if not options:
            return word if word is not None else kind
        if set(options) == {"units"} and draw(st.booleans()):
            return {kind: options["units"]}
        return {kind: options}


def start_of(given: Problem) -> tuple[int, ...]:
    """The shape of the input: rows, columns, channels, or a length."""
    (layer,) = network({**given, "layers": ["relu"]})
    return layer.shape


def shorthand(draw: Draw, kind: str, options: Problem) -> str | None:
    """The layer in a word, when that can be said in one."""
    more = ""
    if "stride" in options:
        more += f" /{options['stride']}"
    if "padding" in options:
        more += " same" if options["padding"] == "same" else f" pad {options['padding']}"
    numbers = all(
        not isinstance(value, list) for name, value in options.items() if name in ("stride", "padding")
    )
    if kind == "conv" and set(options) <= {"filters", "kernel", "stride", "padding"} and numbers:
        rows, columns = both(options["kernel"])
        size = f"{rows}" if rows == columns else f"{rows}x{columns}"
        return f"{draw(st.sampled_from(['conv', 'conv', 'Conv']))}{size}-{options['filters']}{more}"
    if kind in ("maxpool", "avgpool") and set(options) <= {"size", "stride", "padding"} and numbers:
        if "size" not in options:
            return f"{kind}{more}"
        rows, columns = both(options["size"])
        size = f"{rows}" if rows == columns else f" {rows}x{columns}"
        return f"{kind}{size}{more}"
    if kind == "dense" and set(options) == {"units"}:
        return f"FC-{options['units']}"
    if kind in ("upsample", "pad", "dense") or options:
        return None
    return kind


# ---------------------------------------------------------------- single layers


def some(draw: Draw, options: Problem, name: str, values: st.SearchStrategy[Any], often: int = 2) -> None:
    """The option in one problem of so many."""
    if one_in(draw, often):
        options[name] = draw(values)


@st.composite
def convolutions(draw: Draw, channels: int) -> tuple[str, Problem]:
    kind = draw(st.sampled_from(["conv"] * 4 + ["depthwise_conv", "separable_conv", "conv_transpose"]))
    options: Problem = {}
    if kind != "depthwise_conv":
        options["filters"] = draw(st.integers(1, 12))
    options["kernel"] = draw(pairs(KERNELS))
    some(draw, options, "stride", pairs(STRIDES))
    if kind == "conv_transpose":
        some(draw, options, "padding", pairs(st.integers(0, 1)))
        some(draw, options, "dilation", st.integers(1, 2), 6)
        least = min(both(options.get("stride", 1)))
        if least > 1:
            some(draw, options, "output_padding", pairs(st.integers(0, least - 1)))
        elif "padding" not in options:
            some(draw, options, "padding", st.just("same"), 3)
    else:
        some(
            draw,
            options,
            "padding",
            st.one_of(pairs(st.integers(0, 3)), st.sampled_from(["same", "same", "valid"])),
        )
        some(draw, options, "dilation", pairs(st.integers(1, 3)), 5)
    if kind in ("conv", "conv_transpose") and one_in(draw, 4):
        groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
        options.update(groups=groups, filters=groups * draw(st.integers(1, 4)))
    if kind == "depthwise_conv":
        some(draw, options, "multiplier", st.integers(1, 3), 3)
    some(draw, options, "bias", st.booleans(), 4)
    some(draw, options, "frozen", st.booleans(), 8)
    if not one_in(draw, 3):  # mostly what can be said in a word
        options = {name: value for name, value in options.items() if name in WORDS or kind != "conv"}
    return kind, options


WORDS = ("filters", "kernel", "stride", "padding", "groups")


@st.composite
def poolings(draw: Draw) -> tuple[str, Problem]:
    """Pooling; the padding is at most half the window."""
    options: Problem = {}
    some(draw, options, "size", pairs(st.integers(1, 4)), 1 if one_in(draw, 2) else 2)
    some(draw, options, "stride", pairs(STRIDES))
    half = min(both(options.get("size", 2))) // 2
    some(draw, options, "padding", st.one_of(pairs(st.integers(0, half)), st.just("same")), 3)
    if options.get("padding") != "same":
        some(draw, options, "ceil", st.booleans(), 3)
    return draw(st.sampled_from(["maxpool", "avgpool"])), options


@st.composite
def of_any_shape(draw: Draw) -> tuple[str, Problem]:
    """A layer that changes no shape."""
    kind = draw(st.sampled_from([*COMMON, *COMMON, *PLAIN_ACTIVATIONS, "leaky-relu"]))
    options: Problem = {}
    if kind in ("batchnorm", "layernorm"):
        some(draw, options, "frozen", st.just(True), 5)
    return kind, options


@st.composite
def single(draw: Draw, shape: tuple[int, ...]) -> tuple[str, Problem]:
    """A layer for a map, a vector or a sequence; it may still not fit."""
    if len(shape) == 2:
        return draw(st.sampled_from([("flatten", {}), ("flatten", {}), ("dropout", {}), ("relu", {})]))
    if len(shape) == 1:
        way = draw(st.sampled_from(["dense", "dense", "any", "flatten"]))
        if way == "dense":
            return "dense", dense_options(draw)
        return draw(of_any_shape()) if way == "any" else ("flatten", {})
    rows, columns, channels = shape
    way = draw(st.sampled_from(["conv"] * 6 + ["pool"] * 3 + ["any"] * 2 + ["size", "end"]))
    if way == "conv":
        return draw(convolutions(channels))
    if way == "pool":
        return draw(poolings())
    if way == "any":
        return draw(of_any_shape())
    if way == "end":
        end = draw(st.sampled_from(["global_avgpool", "global_maxpool", "flatten", "dense"]))
        return end, dense_options(draw) if end == "dense" else {}
    kind = draw(st.sampled_from(["upsample", "pad", "adaptive_avgpool"]))
    if kind == "adaptive_avgpool":
        wanted = [draw(st.integers(1, rows)), draw(st.integers(1, columns))]
        return kind, {"size": min(wanted) if draw(st.booleans()) else wanted}
    return kind, {"": draw(pairs(st.integers(1, 3)))}


def dense_options(draw: Draw) -> Problem:
    options: Problem = {"units": draw(st.integers(1, 30))}
    some(draw, options, "bias", st.booleans(), 5)
    some(draw, options, "frozen", st.just(True), 8)
    return options


def grow_single(net: Net) -> None:
    kind, options = net.draw(single(net.shape))
    if "" in options:  # upsample: 2, pad: 1
        net.grow({kind: options[""]})
    else:
        net.grow(net.typed(kind, options))


# ---------------------------------------------------------------- branches and blocks


def preserving(draw: Draw, channels: int) -> tuple[str, Problem]:
    """A layer that keeps the shape of a map."""
    kernel = draw(st.sampled_from([1, 3, 3, 5]))
    padding = draw(st.sampled_from(["same", kernel // 2]))
    conv: Problem = {"filters": channels, "kernel": kernel, "padding": padding}
    depthwise: Problem = {"kernel": kernel, "padding": padding}
    ways = [("conv", conv), ("conv", conv), ("batchnorm", {}), ("relu", {}), ("depthwise_conv", depthwise)]
    return ways[draw(st.integers(0, len(ways) - 1))]


def reference(draw: Draw, net: Net, name: str) -> str | int:
    """The layer by its name, or by how many layers back it is, seen from the layer that comes next."""
    names = [layer.name for layer in net.built]
    if name == "input" or draw(st.booleans()):
        return name
    return names.index(name) - len(names)


def grow_residual(net: Net) -> None:
    """A few layers, and what came in added."""
    anchor = net.here
    for _ in range(net.draw(st.integers(1, 3))):
        shape = net.shape
        kind, options = preserving(net.draw, shape[2]) if len(shape) == 3 else ("dense", {"units": shape[0]})
        net.grow(net.typed(kind, options))
    if net.here != anchor:
        ends = [reference(net.draw, net, anchor), reference(net.draw, net, net.here)]
        net.grow(net.typed("add", {"from": ends}))


def grow_inception(net: Net) -> None:
    """Branches side by side, of one stride, and their maps one after another."""
    draw, anchor, shape = net.draw, net.here, net.shape
    stride = draw(st.sampled_from([1, 1, 2]))
    ends: list[str] = []
    for branch in range(draw(st.integers(2, 3))):
        source: Problem = (
            {} if branch == 0 and draw(st.booleans()) else {"from": reference(draw, net, anchor)}
        )
        if len(shape) == 1:
            layer = net.typed("dense", {"units": draw(st.integers(1, 9)), **source})
        elif draw(st.booleans()):
            kernel = draw(st.sampled_from([1, 3, 5]))
            options = {
                "filters": draw(st.integers(1, 8)),
                "kernel": kernel,
                "stride": stride,
                "padding": "same",
            }
            layer = net.typed("conv", {**options, **source})
        else:
            layer = net.typed("maxpool", {"size": 3, "stride": stride, "padding": 1, **source})
        if net.grow(layer):
            ends.append(net.here)
            if (
                len(shape) == 3
                and one_in(draw, 3)
                and net.grow(net.typed("conv", {"filters": 3, "kernel": 1}))
            ):
                ends[-1] = net.here
    if len(ends) > 1:
        net.grow(net.typed("concat", {"from": [reference(draw, net, end) for end in ends]}))


def grow_skip(net: Net) -> None:
    """Down, up again, and beside what was there before: the step of a U-Net."""
    draw, anchor, shape = net.draw, net.here, net.shape
    if len(shape) != 3 or anchor == "input" or shape[0] % 2 or shape[1] % 2:
        return
    up: Typed = draw(
        st.sampled_from([{"upsample": 2}, {"conv_transpose": {"filters": 4, "kernel": 2, "stride": 2}}])
    )
    if net.grow(net.typed("maxpool", {})):
        net.grow(net.typed("conv", {"filters": draw(st.integers(1, 8)), "kernel": 3, "padding": "same"}))
        if net.grow(up):
            net.grow(net.typed("concat", {"from": [reference(draw, net, anchor), -1]}))


def grow_repeat(net: Net) -> None:
    """A block several times, also one with a way around."""
    draw, shape = net.draw, net.shape
    if len(shape) != 3 or net.named:
        return
    inside = [net.typed(*preserving(draw, shape[2]), block=True) for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        inside.append({"add": {"from": [-1, -1 - len(inside)]}} if net.built else "relu")
    if one_in(draw, 4):
        inside = [{"repeat": draw(st.integers(1, 2)), "layers": inside}, "relu"]
    if one_in(draw, 3):
        inside.append(draw(st.sampled_from(["maxpool", "conv3-5", "conv2-4 /2", "batchnorm"])))
    net.grow({"repeat": draw(st.integers(1, 3)), "layers": inside})


# ---------------------------------------------------------------- problems


def typed_input(draw: Draw, sizes: Sequence[int]) -> Any:
    return draw(st.sampled_from(["x".join(map(str, sizes)), list(sizes)]))


@st.composite
def inputs(draw: Draw) -> Problem:
    """An image, grey or with channels, or a vector."""
    if one_in(draw, 6):
        return {"input": draw(st.integers(1, 60))}
    rows = draw(st.one_of(st.integers(1, 40), st.sampled_from([8, 16, 28, 32])))
    columns = draw(st.one_of(st.just(rows), st.just(rows), st.integers(1, 40)))
    given: Problem = {}
    some(draw, given, "order", st.sampled_from(["CHW", "CHW", "HWC"]), 3)
    if one_in(draw, 5):
        return {"input": typed_input(draw, [rows, columns]), **given}
    channels = draw(st.integers(1, 6))
    sizes = [channels, rows, columns] if given.get("order") == "CHW" else [rows, columns, channels]
    return {"input": typed_input(draw, sizes), **given}


@st.composite
def problems_cnn_shapes(draw: Draw) -> Problem:
    given = draw(inputs())
    some(draw, given, "bias", st.booleans(), 3)
    net = Net(draw, given)
    if len(net.shape) == 1 and draw(st.booleans()):
        options: Problem = {"vocabulary": draw(st.integers(2, 5000)), "size": draw(st.integers(1, 16))}
        some(draw, options, "frozen", st.just(True), 4)
        net.grow({"embedding": options})
        net.grow("flatten")
    for _ in range(draw(st.integers(1, 8))):
        ways = [grow_single] * 5
        if len(net.shape) != 2:
            ways += [grow_residual, grow_inception]
        if len(net.shape) == 3:
            ways += [grow_skip, grow_repeat]
        draw(st.sampled_from(ways))(net)
    if not net.built:
        net.grow("relu")
    return {"kind": "cnn-shapes", "given": net.given}
