"""The oracle of `cnn-shapes` agrees with published networks, closed formulas, and real convolutions."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles_cnn import Layer, layers_of, network, places, quantities, shorthand, stamped
from scipy.signal import convolve, correlate  # type: ignore[import-untyped]
from strategies_cnn import problems_cnn_shapes

Problem = dict[str, Any]
CASES = yaml.safe_load((Path(__file__).parent / "published" / "cnn.yaml").read_text(encoding="utf-8"))
thorough = settings(deadline=None, max_examples=100)
small = st.integers(1, 12)


def solved(layers: list[Any], shape: Any = "32x32x3", **given: Any) -> Problem:
    return quantities({"kind": "cnn-shapes", "given": {"input": shape, "layers": layers, **given}})


# ---------------------------------------------------------------- published


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["source"][:70])
def test_published(case: dict[str, Any]) -> None:
    found, atol, far = quantities(case["problem"]), float(case.get("atol", 0)), {}
    for name, expected in case["expect"].items():
        near = found[name] == expected if isinstance(expected, list) else abs(found[name] - expected) <= atol
        if not near:
            far[name] = (expected, found[name])
    assert far == {}


# ---------------------------------------------------------------- as typed


@pytest.mark.parametrize(
    ("text", "kind", "options"),
    [
        ("conv5-64 /2", "conv", {"kernel": [5, 5], "filters": 64, "stride": 2}),
        ("Conv4x3-8", "conv", {"kernel": [4, 3], "filters": 8}),
        ("conv7-64 /2 pad 3", "conv", {"kernel": [7, 7], "filters": 64, "stride": 2, "padding": 3}),
        ("conv3-64 same", "conv", {"kernel": [3, 3], "filters": 64, "padding": "same"}),
        ("maxpool", "maxpool", {}),
        ("max pool", "maxpool", {}),
        ("maxpool3 /2", "maxpool", {"size": [3, 3], "stride": 2}),
        ("maxpool 3x2 /2 pad 1", "maxpool", {"size": [3, 2], "stride": 2, "padding": 1}),
        ("avgpool2", "avgpool", {"size": [2, 2]}),
        ("FC-1000", "dense", {"units": 1000}),
        ("GLOBAL_AVGPOOL", "global_avgpool", {}),
        ("leaky-relu(0.1)", "leaky-relu", {"argument": "0.1)"}),
        ("flatten", "flatten", {}),
    ],
)
def test_shorthand(text: str, kind: str, options: dict[str, Any]) -> None:
    assert shorthand(text) == (kind, options)


def test_names_go_on_counting() -> None:
    block = ["conv3-4 same", "relu", {"repeat": 2, "layers": ["batchnorm", "Tanh"]}]
    names = [*("conv1", "relu1", "bn1", "tanh1", "bn2", "tanh2", "conv2", "relu2", "bn3", "tanh3", "bn4")]
    names += ["tanh4", "pool1", "pool2", "conv3", "up1", "pad1", "pool3", "flatten", "fc1", "flatten2", "fc2"]
    last = ["maxpool", "avgpool", "conv1-2", {"upsample": 2}, {"pad": 1}, {"adaptive_avgpool": 4}]
    end = ["flatten", "FC-3", "flatten", {"dense": 4}]
    found = solved([{"repeat": 2, "layers": block}, *last, *end])
    assert [name.removesuffix(".shape") for name in found if name.endswith(".shape")] == names


def test_a_layer_with_a_name_does_not_count() -> None:
    found = solved([{"conv": {"filters": 2, "kernel": 1, "name": "stem"}}, "conv1-3"])
    assert (found["stem.params"], found["conv1.params"]) == (8, 9)


@pytest.mark.parametrize(
    ("typed", "shape"),
    [
        *(("8x6x3", [8, 6, 3]), ([8, 6, 3], [8, 6, 3]), ("8x6", [8, 6, 1]), ([8, 6], [8, 6, 1])),
        *((7, [7]), ("7", [7]), ([7], [7])),
    ],
)
def test_input(typed: Any, shape: list[int]) -> None:
    assert solved(["relu"], typed)["relu1.shape"] == shape


@thorough
@given(problems_cnn_shapes())
def test_a_repeated_block_is_the_block_typed_out(problem: Problem) -> None:
    def unrolled(layers: list[Any]) -> list[Any]:
        out: list[Any] = []
        for layer in layers:
            block = isinstance(layer, dict) and "repeat" in layer
            out += unrolled(layer["layers"]) * layer["repeat"] if block else [layer]
        return out

    flat = {**problem, "given": {**problem["given"], "layers": unrolled(problem["given"]["layers"])}}
    assert quantities(flat) == quantities(problem)


@thorough
@given(problems_cnn_shapes())
def test_a_mapping_says_the_same_as_a_word(problem: Problem) -> None:
    typed = [{layer.kind: dict(layer.options)} for layer in layers_of(problem["given"]["layers"])]
    spelt = [
        {kind: options[name]} if (name := {"upsample": "factor", "pad": "padding"}.get(kind)) else layer
        for layer in typed
        for kind, options in layer.items()
    ]
    assert quantities({**problem, "given": {**problem["given"], "layers": spelt}}) == quantities(problem)


@thorough
@given(problems_cnn_shapes())
def test_channels_first_is_the_same_network(problem: Problem) -> None:
    given_ = problem["given"]
    sizes = given_["input"].split("x") if isinstance(given_["input"], str) else given_["input"]
    assume(given_.get("order") != "CHW" and isinstance(sizes, list))
    found = quantities(problem)
    turned = [int(n) for n in (sizes if len(sizes) == 2 else [sizes[2], *sizes[:2]])]
    other = quantities({**problem, "given": {**given_, "input": turned, "order": "CHW"}})
    assert set(other) == set(found)
    for name, value in found.items():
        is_map = name.endswith(".shape") and len(value) == 3
        assert other[name] == ([value[2], *value[:2]] if is_map else value)


# ---------------------------------------------------------------- sizes


@thorough
@given(small, small, st.integers(1, 4), st.integers(1, 3), st.integers(0, 4))
def test_places_by_the_formula(n: int, kernel: int, stride: int, dilation: int, padding: int) -> None:
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        with pytest.raises(ValueError):
            places(n, kernel, stride, dilation, padding)
    else:
        assert places(n, kernel, stride, dilation, padding) == room // stride + 1
    assert places(n, kernel, stride, dilation, "same") == math.ceil(n / stride)


@thorough
@given(small, small, st.integers(1, 4), st.integers(0, 4))
def test_ceil_is_the_rule_of_pytorch(n: int, kernel: int, stride: int, padding: int) -> None:
    assume(n + 2 * padding >= kernel and padding <= kernel // 2)
    size = math.ceil((n + 2 * padding - kernel) / stride) + 1
    size -= (size - 1) * stride >= n + padding
    assert places(n, kernel, stride, 1, padding, ceil=True) == size


@thorough
@given(small, small, st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(0, 3))
def test_transposed_by_the_formula(n: int, k: int, s: int, d: int, padding: int, further: int) -> None:
    size = (n - 1) * s - 2 * padding + d * (k - 1) + 1 + further
    assume(size > 0)
    assert stamped(n, k, s, d, padding, further) == size


def test_a_transposed_convolution_undoes_the_size() -> None:
    for n, k, s, p in [(224, 7, 2, 3), (28, 4, 2, 1), (13, 3, 2, 0), (9, 5, 3, 2)]:
        small_again = places(n, k, s, 1, p)
        rest = (n + 2 * p - k) % s
        assert stamped(small_again, k, s, 1, p, rest) == n


# ---------------------------------------------------------------- against real convolutions


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize(("kernel", "dilation"), [((3, 3), 1), ((2, 4), 1), ((3, 2), 2)])
def test_convolution_on_an_image(stride: int, padding: int, kernel: tuple[int, int], dilation: int) -> None:
    image, channels, filters = np.ones((11, 9)), 3, 4
    spread = np.zeros([dilation * (k - 1) + 1 for k in kernel])
    spread[::dilation, ::dilation] = 1
    made = correlate(np.pad(image, padding), spread, mode="valid")[::stride, ::stride]
    options = {"kernel": list(kernel), "stride": stride, "padding": padding, "dilation": dilation}
    found = solved([{"conv": {"filters": filters, **options}}], [11, 9, channels])
    assert found["conv1.shape"] == [*made.shape, filters]
    assert found["conv1.size"] == made.size * filters
    assert found["conv1.macs"] == made.size * filters * spread.sum() * channels
    depthwise = solved([{"depthwise_conv": {"multiplier": 2, **options}}], [11, 9, channels])
    assert depthwise["depthwise1.shape"] == [*made.shape, 2 * channels]
    assert depthwise["depthwise1.macs"] == made.size * 2 * channels * spread.sum()
    assert depthwise["depthwise1.params"] == 2 * channels * (spread.sum() + 1)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 5)])
def test_transposed_convolution_on_an_image(stride: int, kernel: tuple[int, int]) -> None:
    spread = np.zeros((4 * stride + 1, 3 * stride + 1))
    spread[::stride, ::stride] = 1
    made = convolve(spread, np.ones(kernel), mode="full")
    found = solved([{"conv_transpose": {"filters": 2, "kernel": list(kernel), "stride": stride}}], [5, 4, 3])
    assert found["convt1.shape"] == [*made.shape, 2]
    assert found["convt1.macs"] == round(made.sum()) * 3 * 2  # every product is added once somewhere
    assert found["convt1.params"] == math.prod(kernel) * 3 * 2 + 2


def test_every_sort_of_layer() -> None:
    layers: list[Any] = [
        {"separable_conv": {"filters": 5, "kernel": [3, 2], "padding": "same"}},
        "batchnorm",
        "layernorm",
        {"upsample": [2, 3]},
        {"pad": [1, 2]},
        {"conv": {"filters": 6, "kernel": 3, "groups": 5, "name": "grouped"}},
    ]
    with pytest.raises(ValueError):
        solved(layers, "4x6x3")
    found = solved([*layers[:-1], {"conv": {"filters": 10, "kernel": 3, "groups": 5}}, "dropout"], "4x6x3")
    assert found["separable1.params"] == 3 * 2 * 3 + 3 * 5 + 5
    assert found["separable1.macs"] == 4 * 6 * (3 * 2 * 3 + 3 * 5)
    assert (found["bn1.params"], found["ln1.params"]) == (10, 10)
    assert (found["up1.shape"], found["pad1.shape"]) == ([8, 18, 5], [10, 22, 5])
    assert (found["conv1.params"], found["conv1.macs"]) == (3 * 3 * 1 * 10 + 10, 8 * 20 * 10 * 9)
    assert found["total_params"] == 18 + 15 + 5 + 10 + 10 + 100
    assert found["non_trainable_params"] == 10
    assert found["total_size"] == 4 * 6 * 5 * 3 + 8 * 18 * 5 + 10 * 22 * 5 + 2 * 8 * 20 * 10
    vector = solved([{"embedding": {"vocabulary": 50, "size": 3}}, "flatten", "layernorm", "batchnorm"], 7)
    assert (vector["embedding1.shape"], vector["embedding1.params"]) == ([7, 3], 150)
    assert (vector["ln1.params"], vector["bn1.params"], vector["non_trainable_params"]) == (42, 42, 42)
    assert not any(name.endswith("receptive_field") for name in vector)


# ---------------------------------------------------------------- counts


def by_formula(layer: Layer, before: tuple[int, ...], bias: bool) -> tuple[int, int]:
    """Parameters and multiplications, as textbooks count them."""
    options, after = layer.options, layer.shape
    bias = bool(options.get("bias", bias))
    kernel = options.get("kernel", 1)
    k = math.prod(kernel) if isinstance(kernel, list) else kernel**2
    filters, groups = options.get("filters", 0), options.get("groups", 1)
    match layer.kind:
        case "conv":
            return (k * before[2] // groups + bias) * filters, math.prod(after) * k * before[2] // groups
        case "depthwise_conv":
            return (k + bias) * after[2], math.prod(after) * k
        case "separable_conv":
            area, middle = after[0] * after[1], before[2] * options.get("multiplier", 1)
            return k * middle + (middle + bias) * filters, area * middle * (k + filters)
        case "conv_transpose":
            each = k * filters // groups
            return before[2] * each + bias * filters, math.prod(before) * each
        case "dense":
            inputs = math.prod(before)
            return (inputs + bias) * options["units"], inputs * options["units"]
        case "batchnorm" | "layernorm":
            return 2 * before[-1], 0
        case "embedding":
            return options["vocabulary"] * options["size"], 0
        case _:
            return 0, 0


@thorough
@given(problems_cnn_shapes())
def test_counts_by_the_formulas(problem: Problem) -> None:
    given_, found = problem["given"], quantities(problem)
    layers = network(given_)
    start = network({**given_, "layers": ["identity"]})[0].shape
    totals = {"params": 0, "fixed": 0, "macs": 0, "size": 0}
    for layer in layers:
        before = start if layer.sources[0] < 0 else layers[layer.sources[0]].shape
        params, macs = by_formula(layer, before, given_.get("bias", True))
        assert (found[f"{layer.name}.params"], found[f"{layer.name}.macs"]) == (params, macs)
        frozen = layer.options.get("frozen", False)
        totals["params"] += 0 if frozen else params
        totals["fixed"] += (params if frozen else 0) + (params if layer.kind == "batchnorm" else 0)
        totals["macs"] += macs
        totals["size"] += math.prod(found[f"{layer.name}.shape"])
    assert (found["total_params"], found["non_trainable_params"]) == (totals["params"], totals["fixed"])
    assert (found["total_macs"], found["total_size"]) == (totals["macs"], totals["size"])


@thorough
@given(problems_cnn_shapes())
def test_joined_shapes(problem: Problem) -> None:
    layers = network(problem["given"])
    start = network({**problem["given"], "layers": ["identity"]})[0].shape
    for layer in layers:
        inputs = [start if i < 0 else layers[i].shape for i in layer.sources]
        if layer.kind == "concat":
            assert layer.shape == (*inputs[0][:-1], sum(shape[-1] for shape in inputs))
        elif layer.kind == "add":
            assert {layer.shape} == set(inputs)
        else:
            assert len(inputs) == 1


# ---------------------------------------------------------------- receptive fields


def forwards(layers: list[Layer], start: tuple[int, ...], axis: int) -> list[Fraction]:
    """The receptive fields by the usual recurrence: r grows by d(k - 1) jumps, the jump by the stride."""
    known: dict[int, tuple[Fraction, Fraction]] = {-1: (Fraction(1), Fraction(1))}
    cells = {-1: start[axis]}
    for i, layer in enumerate(layers):
        r, jump = max(known[source] for source in layer.sources)
        n = cells[layer.sources[0]]
        shape = layer.shape
        cells[i] = shape[axis] if len(shape) == 3 else n if layer.kind not in WHOLE else 1
        if layer.kind in WHOLE:
            r += (n - 1) * jump
        elif layer.kind in ("conv", "depthwise_conv", "separable_conv", "maxpool", "avgpool"):
            pooling = layer.kind in ("maxpool", "avgpool")
            kernel = layer.pair("size", 2)[axis] if pooling else layer.pair("kernel")[axis]
            r += layer.pair("dilation", 1)[axis] * (kernel - 1) * jump
            jump *= layer.pair("stride", kernel if pooling else 1)[axis]
        elif layer.kind == "conv_transpose":
            stride = layer.pair("stride", 1)[axis]
            reach = layer.pair("dilation", 1)[axis] * (layer.pair("kernel")[axis] - 1) + 1
            r += (math.ceil(reach / stride) - 1) * jump
            jump /= stride
        elif layer.kind == "upsample":
            jump /= layer.pair("factor")[axis]
        elif layer.kind == "adaptive_avgpool":
            out = shape[axis]
            r += (n - (out - 1) * (n // out) - 1) * jump
            jump *= n // out
        known[i] = (r, jump)
    return [known[i][0] for i in range(len(layers))]


WHOLE = ("dense", "global_avgpool", "global_maxpool")


@thorough
@given(problems_cnn_shapes())
def test_receptive_fields_by_the_recurrence(problem: Problem) -> None:
    found, layers = quantities(problem), network(problem["given"])
    start = network({**problem["given"], "layers": ["identity"]})[0].shape
    fields = {name for name in found if name.endswith(".receptive_field")}
    assert len(start) == 3 or not fields
    assume(fields)
    recurred = [forwards(layers, start, axis) for axis in (0, 1)]
    for i, layer in enumerate(layers):
        name = f"{layer.name}.receptive_field"
        if name in found:
            both = [recurred[0][i], recurred[1][i]]
            assert found[name] == (both[0] if both[0] == both[1] else both)


windows = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 2))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(windows, st.just("up"), st.just("back")), min_size=1, max_size=4))
def test_receptive_field_by_poking(layers: list[Any]) -> None:
    """Which cells of a long strip each output looks at, far from both ends."""
    typed: list[Any] = []
    sees = np.eye(160, dtype=bool)
    for layer in layers:
        n = len(sees)
        if layer == "up":
            sees = np.repeat(sees, 2, axis=0)
            typed.append({"upsample": [2, 1]})
        elif layer == "back":
            stamps = np.zeros((2 * n + 1, 160), dtype=bool)
            for tap in range(3):
                stamps[tap : tap + 2 * n : 2] |= sees
            sees = stamps
            typed.append({"conv_transpose": {"filters": 1, "kernel": [3, 1], "stride": [2, 1]}})
        else:
            kernel, stride, dilation = layer
            starts = np.arange(0, n - dilation * (kernel - 1), stride)
            sees = sees[starts[:, None] + dilation * np.arange(kernel)].any(axis=1)
            options = {"kernel": [kernel, 1], "stride": [stride, 1], "dilation": [dilation, 1]}
            typed.append({"conv": {"filters": 1, **options}})
        assume(1 < len(sees) <= 2000)
    looked_at = [np.flatnonzero(row) for row in sees]
    inner = [cells for cells in looked_at if len(cells) and cells[0] > 40 and cells[-1] < 120]
    assume(len(inner) > 3)
    found = solved(typed, "160x1")
    name = next(name for name in reversed(found) if name.endswith(".size")).replace("size", "receptive_field")
    assume(name in found)
    field = found[name] if isinstance(found[name], list) else [found[name], 1]
    most = int(max(cells[-1] - cells[0] + 1 for cells in inner))
    # A stride behind a transposed convolution may see only the places with fewer cells.
    assert most == field[0] or ("back" in layers and most < field[0])


def test_receptive_fields_by_hand() -> None:
    found = solved(["conv3-1", "maxpool", {"conv": {"filters": 1, "kernel": [3, 1]}}, "flatten", "FC-2"])
    assert [found[f"{name}.receptive_field"] for name in ("conv1", "pool1")] == [3, 4]
    assert found["conv2.receptive_field"] == found["flatten.receptive_field"] == [8, 4]
    assert found["fc1.receptive_field"] == 8 + 12 * 2 == 4 + 14 * 2
    branches: list[Any] = [
        "conv1-2",
        {"conv": {"filters": 3, "kernel": 5, "padding": "same", "from": "input"}},
        {"concat": {"from": ["conv1", "conv2"]}},
        {"upsample": 2},
        "conv3-1",
    ]
    found = solved(branches)
    assert [found[f"{name}.receptive_field"] for name in ("concat1", "up1", "conv3")] == [5, 5, 6]
    uneven = solved([{"upsample": 2}, "conv2-1"])
    assert "conv1.receptive_field" not in uneven


# ---------------------------------------------------------------- what does not fit


@pytest.mark.parametrize(
    ("shape", "layers"),
    [
        ("4x4x1", ["conv5-1"]),
        ("4x4x1", ["flatten", "conv1-1"]),
        ("4x4x1", ["maxpool", "maxpool", "maxpool"]),
        ("4x4x3", [{"conv": {"filters": 4, "kernel": 1, "groups": 2}}]),
        ("4x4x3", ["conv3-3", {"add": {"from": ["input", -1]}}]),
        ("4x4x3", ["conv3-3", {"concat": {"from": ["input", -1]}}]),
        ("4x4x3", [{"relu": {"name": "a"}}, {"relu": {"name": "a"}}]),
        ("4x4x3", ["relu", {"add": {"from": [-1, -3]}}]),
        ("4x4x3", ["covn3-1"]),
        ("4x4x3", ["conv3-1 by 2"]),
    ],
)
def test_what_does_not_fit(shape: str, layers: list[Any]) -> None:
    with pytest.raises(ValueError):
        solved(layers, shape)
    with pytest.raises(KeyError):
        solved([{"conv": {"filters": 1, "kernel": 1, "from": "later"}}, {"relu": {"name": "later"}}])
