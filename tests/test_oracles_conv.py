"""The oracle of convolutions and poolings agrees with scipy, numpy, matrix forms and cases worked by hand."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from oracles import distance, numbers
from oracles_conv import Pair, pair, quantities
from scipy import ndimage, signal
from scipy.special import expit
from scipy.special import softmax as soft
from strategies import matrices
from strategies_conv import problems_conv2d, problems_pool2d

Array = NDArray[np.float64]
thorough = settings(deadline=None, max_examples=150)

TESTS = Path(__file__).parent
PUBLISHED = yaml.safe_load((TESTS / "published" / "conv.yaml").read_text(encoding="utf-8"))
PROBLEMS = sorted(
    path for kind in ("conv2d", "pool2d") for path in (TESTS.parent / "problems" / kind).glob("*.yaml")
)


def conv2d(**fields: Any) -> dict[str, Any]:
    return quantities({"kind": "conv2d", "given": fields})


def pool2d(**fields: Any) -> dict[str, Any]:
    return quantities({"kind": "pool2d", "given": fields})


# ---------------------------------------------------------------- a second route, in numpy and scipy


def images_of(typed: Any) -> Array:
    """The input as images × channels × rows × columns."""
    x = np.array(numbers(typed), float)
    return x.reshape((1,) * (4 - x.ndim) + x.shape)


def split(total: int) -> Pair:
    return total // 2, total - total // 2


def sides_of(padding: Any, axis: int, n: int, k: int, s: int, d: int) -> Pair:
    """Padding before and after along an axis."""
    if padding == "valid":
        return 0, 0
    if padding == "full":
        return d * (k - 1), d * (k - 1)
    if padding == "same":
        return split(max(s * -(-n // s) - s + d * (k - 1) + 1 - n, 0))
    return pair(padding)[axis], pair(padding)[axis]


def spread(kernel: Array, dilation: Pair) -> Array:
    """The kernel with zeros between its entries."""
    rows, columns = kernel.shape
    wide = np.zeros((dilation[0] * (rows - 1) + 1, dilation[1] * (columns - 1) + 1))
    wide[:: dilation[0], :: dilation[1]] = kernel
    return wide


def by_scipy(x: Array, kernel: Array, stride: Pair, dilation: Pair, groups: int, flip: bool) -> Array:
    """Filters over one padded image, plane by plane in scipy, every place of it, then every s-th."""
    operation = signal.convolve2d if flip else signal.correlate2d
    each, filters = kernel.shape[1], kernel.shape[0] // groups
    maps = [
        sum(
            operation(x[f // filters * each + c], spread(weights[c], dilation), mode="valid")
            for c in range(each)
        )
        for f, weights in enumerate(kernel)
    ]
    return np.array(maps)[:, :: stride[0], :: stride[1]]


def kernel_of(given_: dict[str, Any], channels: int, groups: int) -> Array:
    """The kernel as F × C/groups × h × w (C × F/groups × h × w of a transposed convolution)."""
    kernel = np.array(numbers(given_["kernel"]), float)
    if kernel.ndim == 4:
        return kernel
    if kernel.ndim == 2:
        return kernel[None, None]
    one = given_.get("mode") != "transposed" and channels > 1 and groups == 1
    return kernel[None] if one else kernel[:, None]


def expected_maps(given_: dict[str, Any]) -> tuple[Array, Array | None]:
    """What a convolution gives, and the padded input where there is padding."""
    x = images_of(given_["input"])
    groups = given_.get("groups", 1)
    kernel = kernel_of(given_, x.shape[1], groups)
    stride, dilation = pair(given_.get("stride", 1)), pair(given_.get("dilation", 1))
    padding = given_.get("padding", 0)
    transposed = given_.get("mode") == "transposed"
    filters = kernel.shape[1] * groups if transposed else kernel.shape[0]
    bias = np.broadcast_to(np.array(numbers(given_.get("bias", 0)), float), (filters,))[:, None, None]
    window = kernel.shape[2:]
    padded = None
    if transposed:
        extra = pair(given_.get("output_padding", 0))
        y = np.array([by_matrix(image, kernel, stride, dilation, groups, padding, extra) for image in x])
    else:
        sides = [sides_of(padding, i, x.shape[2 + i], window[i], stride[i], dilation[i]) for i in range(2)]
        large = np.pad(x, [(0, 0), (0, 0), *sides])
        padded = large if large.shape != x.shape else None
        flip = given_.get("mode") == "convolution"
        y = np.array([by_scipy(image, kernel, stride, dilation, groups, flip) for image in large])
    return y + bias, padded


def by_matrix(
    x: Array, kernel: Array, stride: Pair, dilation: Pair, groups: int, padding: Any, extra: Pair
) -> Array:
    """A transposed convolution as the transpose of the matrix of a correlation that goes the other way."""
    sizes, sides = [], []
    for i in range(2):
        n, k, s, d = x.shape[1 + i], kernel.shape[2 + i], stride[i], dilation[i]
        grown = d * (k - 1) + 1
        side = split(grown - s) if padding == "same" else sides_of(padding, i, 0, k, s, d)
        sizes.append(s * (n - 1) - sum(side) + grown + extra[i])
        sides.append(side)
    shape = (kernel.shape[1] * groups, *sizes)
    units = np.eye(math.prod(shape)).reshape(-1, *shape)
    columns = [
        by_scipy(np.pad(unit, [(0, 0), *sides]), kernel, stride, dilation, groups, flip=False).ravel()
        for unit in units
    ]
    return np.array(columns @ x.ravel()).reshape(shape)


def shown(y: Array, several: bool) -> Any:
    """Maps (images × filters × …) without the axis of a single filter, and of a single image."""
    y = y[:, 0] if y.shape[1] == 1 else y
    return y.tolist() if several else y[0].tolist()


@thorough
@given(problems_conv2d())
def test_convolution_is_scipys(problem: dict[str, Any]) -> None:
    given_, found = problem["given"], quantities(problem)
    several = np.ndim(np.array(numbers(given_["input"]), float)) == 4
    y, padded = expected_maps(given_)
    assert distance(shown(y, several), found["Y"]) < 1e-9
    assert ("X_padded" in found) == (padded is not None)
    if padded is not None:
        axes = np.array(numbers(given_["input"]), float).ndim
        assert distance(padded.reshape(padded.shape[4 - axes :]).tolist(), found["X_padded"]) < 1e-15


@thorough
@given(problems_conv2d())
def test_what_follows_a_convolution(problem: dict[str, Any]) -> None:
    """Each entry of `then` from the one before it, in numpy."""
    given_, found = problem["given"], quantities(problem)
    several = np.ndim(np.array(numbers(given_["input"]), float)) == 4
    value: Any = expected_maps(given_)[0]
    names: list[str] = []
    for entry in given_.get("then", []):
        name, fields = next(iter(entry.items())) if isinstance(entry, dict) else (entry, {})
        if name in ("maxpool", "avgpool"):
            fields = fields if isinstance(fields, dict) else {"size": fields}
            value = pooled(value, name[:3], fields)[0]
            value = value[:, :, 0, 0] if "global" in fields else value
        elif name == "dense":
            W, b = (np.array(numbers(part), float) for part in (fields["W"], fields.get("b", 0)))
            value = (value.reshape(len(value), -1) @ W.T + b)[:, None]
        elif name == "flatten":
            value = value.reshape(len(value), 1, -1)
        elif name == "softmax":
            value = soft(value, axis=1 if value.ndim == 2 else 2)
        else:
            value = {"relu": lambda z: np.maximum(z, 0), "sigmoid": expit, "tanh": np.tanh}[name](value)
        names.append(name)
        count = names.count(name)
        assert distance(shown(value, several), found[name if count == 1 else f"{name}{count}"]) < 1e-9
    assert set(found) - {"X_padded", "Y"} == {
        name if names[:i].count(name) == 0 else f"{name}{names[:i].count(name) + 1}"
        for i, name in enumerate(names)
    }


# ---------------------------------------------------------------- pooling


def pooled(x: Array, kind: str, fields: dict[str, Any]) -> tuple[Array, Array]:
    """Values and flat places in the input, from strided views; what is not the input is NaN."""
    n = x.shape[2:]
    if fields.get("global"):
        fields = {"size": list(n)}
    window, dilation = pair(fields["size"]), pair(fields.get("dilation", 1))
    stride = pair(fields.get("stride", fields["size"]))
    padding = fields.get("padding", 0)
    wide = [d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]
    sides = [sides_of(padding, i, n[i], window[i], stride[i], dilation[i]) for i in range(2)]
    # With `ceil` there is room beyond the padding for one more window, unless it would start there.
    more = [
        s - 1
        if fields.get("ceil") and (n[i] + sum(sides[i]) - wide[i]) // s * s + s < n[i] + sides[i][0]
        else 0
        for i, s in enumerate(stride)
    ]

    def views(cells: Array, inside: float, outside: float) -> Array:
        cells = np.pad(cells, [(0, 0), (0, 0), *sides], constant_values=inside)
        cells = np.pad(cells, [(0, 0), (0, 0), *((0, m) for m in more)], constant_values=outside)
        seen = sliding_window_view(cells, wide, axis=(2, 3))
        seen = seen[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
        return seen.reshape(*seen.shape[:4], -1)

    seen = views(x, np.nan, np.nan)
    if kind == "max":
        first = np.nanargmax(seen, axis=-1)[..., None]
        place = views(np.broadcast_to(np.arange(n[0] * n[1], dtype=float).reshape(n), x.shape), -1, -1)
        return np.nanmax(seen, axis=-1), np.take_along_axis(place, first, axis=-1)[..., 0]
    counts = views(np.ones_like(x), 1, 0) if fields.get("count_padding") else ~np.isnan(seen)
    return np.nansum(seen, axis=-1) / counts.sum(axis=-1), np.empty(0)


@thorough
@given(problems_pool2d())
def test_pooling_is_that_of_strided_views(problem: dict[str, Any]) -> None:
    given_, found = problem["given"], quantities(problem)
    typed = np.array(numbers(given_["input"]), float)
    x = images_of(given_["input"])
    y, places = pooled(x, given_["type"], given_)
    front = typed.shape[:-2]
    axes = front if given_.get("global") else (*front, *y.shape[2:])
    assert distance(y.reshape(axes).tolist(), found["Y"]) < 1e-12
    assert ("argmax" in found) == (given_["type"] == "max")
    if given_["type"] == "max":
        rows, columns = np.divmod(places.astype(int), x.shape[3])
        assert np.stack([rows, columns], axis=-1).reshape(*axes, 2).tolist() == found["argmax"]


@settings(deadline=None, max_examples=40)
@given(matrices(st.integers(-9, 9), 6, 5), st.sampled_from([1, 3]), st.sampled_from([1, 3, 5]))
def test_pooling_at_every_place_is_ndimages(x: list[list[int]], height: int, width: int) -> None:
    size, padding = [height, width], [height // 2, width // 2]
    fields = {"input": x, "size": size, "stride": 1, "padding": padding}
    largest = ndimage.maximum_filter(np.array(x), size=(height, width), mode="constant", cval=-100)
    assert pool2d(type="max", **fields)["Y"] == largest.tolist()
    mean = ndimage.uniform_filter(np.array(x, float), size=(height, width), mode="constant")
    assert distance(pool2d(type="avg", count_padding=True, **fields)["Y"], mean.tolist()) < 1e-12


# ---------------------------------------------------------------- sizes

SMALL = list(product(range(1, 8), range(1, 4), range(1, 4), range(1, 3)))


def grid(n: int) -> list[list[int]]:
    return [[1] * n for _ in range(n)]


@pytest.mark.parametrize(("n", "k", "s", "d"), SMALL)
def test_sizes(n: int, k: int, s: int, d: int) -> None:
    """The formulas of Dumoulin and Visin's guide, and those of `same` and `full`."""
    wide = d * (k - 1) + 1
    image, kernel = grid(n), grid(k)
    fields: dict[str, Any] = {"input": image, "kernel": kernel, "stride": s, "dilation": d}
    assert len(conv2d(padding="same", **fields)["Y"]) == -(-n // s)
    assert len(conv2d(padding="full", **fields)["Y"]) == (n + wide - 2) // s + 1
    if n >= wide:
        assert len(conv2d(padding=1, **fields)["Y"]) == (n + 2 - wide) // s + 1
        assert len(pool2d(input=image, size=k, stride=s, dilation=d, type="avg")["Y"]) == (n - wide) // s + 1
        there = conv2d(**fields)["Y"]
        lost = (n - wide) % s
        back = conv2d(**{**fields, "input": there}, mode="transposed", output_padding=lost)["Y"]
        assert len(back) == n
    grown = conv2d(mode="transposed", **fields)["Y"]
    assert len(grown) == (n - 1) * s + wide
    if wide >= s:
        assert len(conv2d(mode="transposed", padding="same", **fields)["Y"]) == n * s


# ---------------------------------------------------------------- worked by hand

RAMP = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_an_even_same_pads_below_and_to_the_right() -> None:
    found = conv2d(input=RAMP, kernel=[[1, 1], [1, 1]], padding="same")
    assert found["X_padded"] == [[1, 2, 3, 0], [4, 5, 6, 0], [7, 8, 9, 0], [0, 0, 0, 0]]
    assert found["Y"] == [[12, 16, 9], [24, 28, 15], [15, 17, 9]]


def test_a_convolution_flips_the_kernel_and_a_correlation_does_not() -> None:
    fields = {"input": RAMP, "kernel": [[1, 2], [3, 4]]}
    assert conv2d(**fields)["Y"] == [[37, 47], [67, 77]]
    assert conv2d(mode="convolution", **fields)["Y"] == [[23, 33], [53, 63]]
    impulse = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    kernel = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert conv2d(input=impulse, kernel=kernel, mode="convolution", padding="same")["Y"] == kernel


def test_axes_of_the_output() -> None:
    """One filter or several, one image or several; a 3-D kernel by the channels of the image."""
    gray, colour = RAMP, [RAMP, RAMP]
    one, two = [[1]], [[[1]], [[2]]]
    assert np.shape(conv2d(input=gray, kernel=one)["Y"]) == (3, 3)
    assert np.shape(conv2d(input=gray, kernel=two)["Y"]) == (2, 3, 3)
    assert np.shape(conv2d(input=[gray], kernel=two)["Y"]) == (2, 3, 3)
    assert np.shape(conv2d(input=colour, kernel=two)["Y"]) == (3, 3)
    assert np.shape(conv2d(input=colour, kernel=two, groups=2)["Y"]) == (2, 3, 3)
    assert np.shape(conv2d(input=[colour] * 3, kernel=two)["Y"]) == (3, 3, 3)
    assert np.shape(conv2d(input=[colour] * 3, kernel=two, groups=2)["Y"]) == (3, 2, 3, 3)
    assert np.shape(conv2d(input=colour, kernel=two, mode="transposed")["Y"]) == (3, 3)
    assert np.shape(conv2d(input=colour, kernel=[two, two], mode="transposed")["Y"]) == (2, 3, 3)


def test_every_channel_of_a_group_and_no_other() -> None:
    image = [[[1]], [[10]], [[100]], [[1000]]]
    kernel = [[[[1]], [[1]]], [[[2]], [[0]]], [[[0]], [[3]]], [[[1]], [[1]]]]
    found = conv2d(input=image, kernel=kernel, groups=2, bias=[0, 0, 0, "1/2"])
    assert found["Y"] == [[[11]], [[2]], [[3000]], [[1100.5]]]


def test_a_transposed_convolution_stamps_the_kernel() -> None:
    fields: dict[str, Any] = {"input": [[1, 2]], "kernel": [[1, 10]], "mode": "transposed"}
    assert conv2d(**fields)["Y"] == [[1, 12, 20]]
    assert conv2d(stride=[1, 2], **fields)["Y"] == [[1, 10, 2, 20]]
    assert conv2d(stride=[1, 3], output_padding=[0, 2], bias=5, **fields)["Y"] == [[6, 15, 5, 7, 25, 5, 5]]
    assert conv2d(dilation=[1, 2], padding=[0, 1], **fields)["Y"] == [[2, 10]]
    assert conv2d(padding="same", **fields)["Y"] == [[1, 12]]
    assert conv2d(padding="same", stride=[1, 2], **fields)["Y"] == [[1, 10, 2, 20]]


def test_what_follows_is_named_and_shaped() -> None:
    found = conv2d(
        input=[[1, -2], [3, -4]],
        kernel=[[1]],
        then=[
            "relu",
            {"maxpool": {"size": 1}},
            "flatten",
            {"dense": {"W": [[1, 1, 1, 1]]}},
            "relu",
            "softmax",
        ],
    )
    assert found == {
        **{"Y": [[1, -2], [3, -4]], "relu": [[1, 0], [3, 0]], "maxpool": [[1, 0], [3, 0]]},
        **{"flatten": [1, 0, 3, 0], "dense": [4], "relu2": [4], "softmax": [1.0]},
    }
    batch = conv2d(input=[[[[1, 2]]], [[[3, 5]]]], kernel=[[1]], then=["flatten", {"dense": {"W": [[1, 1]]}}])
    assert batch == {"Y": [[[1, 2]], [[3, 5]]], "flatten": [[1, 2], [3, 5]], "dense": [[3], [8]]}
    assert conv2d(input=RAMP, kernel=[[1]], then=[{"avgpool": {"global": True}}])["avgpool"] == 5
    both = conv2d(input=RAMP, kernel=[[[1]], [[-1]]], then=[{"maxpool": {"global": True}}, "softmax"])
    assert both["maxpool"] == [9, -1]
    assert both["softmax"] == pytest.approx(soft([9, -1]).tolist())


def test_padding_is_never_the_largest() -> None:
    found = pool2d(input=[[-1, -2], [-3, -4]], type="max", size=2, stride=1, padding=1)
    assert found["X_padded"] == [[0, 0, 0, 0], [0, -1, -2, 0], [0, -3, -4, 0], [0, 0, 0, 0]]
    assert found["Y"] == [[-1, -1, -2], [-1, -1, -2], [-3, -3, -4]]
    assert found["argmax"][0] == [[0, 0], [0, 0], [0, 1]]


def test_the_first_of_equal_maxima() -> None:
    found = pool2d(input=[[2, 7, 7], [7, 2, 1]], type="max", size=[2, 3])
    assert (found["Y"], found["argmax"]) == ([[7]], [[[0, 1]]])


def test_what_an_average_divides_by() -> None:
    fields: dict[str, Any] = {"input": [[1, 2], [3, 4]], "type": "avg", "size": 2, "stride": 1, "padding": 1}
    assert pool2d(**fields)["Y"] == [[1, 1.5, 2], [2, 2.5, 3], [3, 3.5, 4]]
    assert pool2d(count_padding=True, **fields)["Y"] == [[0.25, 0.75, 0.5], [1, 2.5, 1.5], [0.75, 1.75, 1]]


def test_ceil_adds_a_window_that_starts_inside() -> None:
    """The second window lies over the edge; a cell beyond the padding does not count."""
    fields: dict[str, Any] = {"input": [[1, 2, 3, 4]], "type": "avg", "size": [1, 3], "stride": [1, 2]}
    assert pool2d(**fields)["Y"] == [[2]]
    assert pool2d(ceil=True, **fields)["Y"] == [[2, 3.5]]
    padded = {**fields, "padding": [0, 1], "ceil": True, "count_padding": True}
    assert pool2d(**padded)["Y"] == [[1, 3, 2]]  # (0+1+2)/3, (2+3+4)/3, (4+0)/2
    dropped: dict[str, Any] = {
        "input": [[1, 2]],
        "type": "max",
        "size": [1, 1],
        "stride": [1, 2],
        "ceil": True,
    }
    assert pool2d(**dropped)["Y"] == [[1]]


# ---------------------------------------------------------------- published


def close(found: Any, expected: Any, rtol: float, atol: float) -> bool:
    return np.shape(found) == np.shape(expected) and np.allclose(found, expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: case["source"][:70])
def test_published(case: dict[str, Any]) -> None:
    found = quantities(case["problem"])
    assert case["expect"]
    for name, expected in case["expect"].items():
        assert close(found[name], expected, case.get("rtol", 0), case.get("atol", 1e-12)), name


@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_problems_that_we_bring(path: Path) -> None:
    """Each answer of a problem file, to the digits in print."""
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        for problem in document.get("problems", [document]):
            found = quantities(problem)
            for name, expected in problem.get("answers", {}).items():
                assert close(found[name], numbers(expected), 0, 0.5e-4), name
