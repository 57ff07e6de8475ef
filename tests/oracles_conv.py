"""Independent truth for `conv2d` and `pool2d`: every quantity, by loops over the places of the output.

Nothing of `solver` is imported here. `quantities(problem)` takes the plain dict of a problem and returns the
values under the names of the contract: `X_padded` (when anything is padded), `Y`, `argmax` (of max pooling)
and each entry of `then`. An image is always kept as images × channels × rows × columns; the axes that the
reader did not type, and the axis of a single filter, are taken away at the end.

Where the contract is silent, these choices are made (and only these):

- `same` pads max((⌈n/s⌉ − 1)s + d(k − 1) + 1 − n, 0) in all, the odd row or column below or to the right;
- a 3-D kernel is one filter C×h×w when the image has several channels (and `groups` is 1), else one h×w a
  filter; of a transposed convolution it is always C×h×w. A 2-D kernel is one filter for a grey image;
- one bias serves all filters;
- `same` of a transposed convolution gives n·s and cuts d(k − 1) + 1 − s, the odd one below or to the right;
- `X_padded` shows zeros, also for max pooling, which never picks one; of equal maxima the first in reading
  order stands in `argmax`;
- with `ceil` a last window that would start beyond the input and the padding before it is dropped;
  cells beyond the padding are not counted by `count_padding`;
- softmax is that of a vector; a map is flattened by rows, channels first, before a dense layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from oracles import numbers

Problem = Mapping[str, Any]
Quantities = dict[str, Any]
Plane = list[list[Any]]  # rows × columns
Images = list[list[Plane]]  # images × channels × rows × columns
Pair = tuple[int, int]  # for rows and for columns
Positions = list[list[int]]  # of each window along an axis: which rows (or columns) it looks at

WORDS = ("same", "valid", "full")


def pair(value: Any) -> Pair:
    """One number for both axes, or [rows, columns]."""
    value = numbers(value)
    return (int(value[0]), int(value[1])) if isinstance(value, list) else (int(value), int(value))


def depth(value: Any) -> int:
    """How many axes a nested list has."""
    return 1 + depth(value[0]) if isinstance(value, list) else 0


def wrapped(value: Any, axes: int) -> Any:
    """The same with axes of length 1 in front, up to so many."""
    return wrapped([value], axes) if depth(value) < axes else value


def shape(value: Any) -> list[int]:
    return [len(value), *shape(value[0])] if isinstance(value, list) else []


# ---------------------------------------------------------------- padding


def around(padding: Any, sizes: list[int], window: Pair, stride: Pair, dilation: Pair) -> list[Pair]:
    """How many zeros stand before and after, for the rows and for the columns."""
    if padding not in WORDS:
        rows, columns = pair(padding)
        return [(rows, rows), (columns, columns)]
    found = []
    for n, k, s, d in zip(sizes, window, stride, dilation, strict=True):
        total = 0
        if padding == "same":
            total = max((math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0)
        if padding == "full":
            total = 2 * d * (k - 1)
        found.append((total // 2, total - total // 2))
    return found


def padded(images: Images, sides: list[Pair]) -> Images:
    """The images with zeros around them."""
    (above, below), (left, right) = sides

    def pad(plane: Plane) -> Plane:
        width = left + len(plane[0]) + right
        rows = [[0] * left + row + [0] * right for row in plane]
        return [[0] * width for _ in range(above)] + rows + [[0] * width for _ in range(below)]

    return [[pad(plane) for plane in image] for image in images]


# ---------------------------------------------------------------- convolution


def filters_of(kernel: Any, channels: int, groups: int, transposed: bool) -> Images:
    """The kernel as F × C/groups × h × w, or as C × F/groups × h × w when it is transposed."""
    if depth(kernel) == 4:
        return list(kernel)
    if depth(kernel) == 2:
        return [[kernel]]
    if transposed:
        return [[plane] for plane in kernel]
    return [kernel] if channels > 1 and groups == 1 else [[plane] for plane in kernel]


def flipped(plane: Plane) -> Plane:
    """Turned upside down and left to right."""
    return [list(reversed(row)) for row in reversed(plane)]


def correlation(
    x: Images, kernel: Images, bias: list[Any], stride: Pair, dilation: Pair, groups: int
) -> Images:
    """y[n][f][i][j] = bias[f] + ∑ x[n][c][s i + d a][s j + d b] kernel[f][c][a][b], c in the group of f."""
    height, width = shape(kernel)[2:]
    found: Images = []
    for image in x:
        rows = (len(image[0]) - dilation[0] * (height - 1) - 1) // stride[0] + 1
        columns = (len(image[0][0]) - dilation[1] * (width - 1) - 1) // stride[1] + 1
        maps = []
        for f, weights in enumerate(kernel):
            group = f // (len(kernel) // groups)
            channels = image[group * len(weights) : (group + 1) * len(weights)]
            plane = []
            for i in range(rows):
                row = []
                for j in range(columns):
                    terms = [
                        channel[stride[0] * i + dilation[0] * a][stride[1] * j + dilation[1] * b]
                        * weight[a][b]
                        for channel, weight in zip(channels, weights, strict=True)
                        for a in range(height)
                        for b in range(width)
                    ]
                    row.append(sum(terms) + bias[f])
                plane.append(row)
            maps.append(plane)
        found.append(maps)
    return found


def transposed(
    x: Images,
    kernel: Images,
    bias: list[Any],
    stride: Pair,
    dilation: Pair,
    groups: int,
    cut: list[Pair],
    extra: Pair,
) -> Images:
    """Each cell of x stamps the kernel, times itself, s cells apart; then the border is cut off."""
    height, width = shape(kernel)[2:]
    rows, columns = shape(x)[2:]
    full_rows = (rows - 1) * stride[0] + dilation[0] * (height - 1) + 1
    full_columns = (columns - 1) * stride[1] + dilation[1] * (width - 1) + 1
    (above, below), (left, right) = cut
    each = len(kernel[0])  # filters of a group
    found: Images = []
    for image in x:
        maps = []
        for f in range(each * groups):
            group = f // each
            canvas = [[0] * (full_columns + extra[1]) for _ in range(full_rows + extra[0])]
            for c in range(group * len(image) // groups, (group + 1) * len(image) // groups):
                for i in range(rows):
                    for j in range(columns):
                        for a in range(height):
                            for b in range(width):
                                row, column = stride[0] * i + dilation[0] * a, stride[1] * j + dilation[1] * b
                                canvas[row][column] += image[c][i][j] * kernel[c][f % each][a][b]
            kept = [row[left : len(row) - right] for row in canvas[above : len(canvas) - below]]
            maps.append([[value + bias[f] for value in row] for row in kept])
        found.append(maps)
    return found


def cut_of(padding: Any, window: Pair, stride: Pair, dilation: Pair) -> list[Pair]:
    """What a transposed convolution cuts off, before and after."""
    if padding != "same":
        return around(padding, [1, 1], window, stride, dilation)
    totals = [d * (k - 1) + 1 - s for k, s, d in zip(window, stride, dilation, strict=True)]
    return [(total // 2, total - total // 2) for total in totals]


# ---------------------------------------------------------------- pooling


class Pooled(NamedTuple):
    """What pooling gives: the values and, of max pooling, where they stood."""

    values: Images
    places: Images


def positions(n: int, k: int, s: int, d: int, side: Pair, ceil: bool) -> Positions:
    """For each window along an axis, the cells that it looks at; those outside 0 … n − 1 are padding."""
    before, after = side
    room = n + before + after - d * (k - 1) - 1
    count = (math.ceil(room / s) if ceil else room // s) + 1
    if ceil and (count - 1) * s >= n + before:
        count -= 1
    return [[s * i - before + d * a for a in range(k)] for i in range(count)]


def axes_of(fields: Mapping[str, Any], sizes: list[int]) -> tuple[list[Positions], list[Pair]]:
    """The windows along the rows and along the columns, and the padding."""
    if fields.get("global", False):
        return [[list(range(n))] for n in sizes], [(0, 0), (0, 0)]
    window = pair(fields["size"])
    stride = pair(fields.get("stride", fields["size"]))
    dilation = pair(fields.get("dilation", 1))
    sides = around(fields.get("padding", 0), sizes, window, stride, dilation)
    ceil = bool(fields.get("ceil", False))
    found = [
        positions(n, k, s, d, side, ceil)
        for n, k, s, d, side in zip(sizes, window, stride, dilation, sides, strict=True)
    ]
    return found, sides


def largest(plane: Plane, cells: list[Pair]) -> tuple[Any, Pair]:
    """The largest of some cells and its place, the first of equal ones."""
    best = cells[0]
    for i, j in cells[1:]:
        if plane[i][j] > plane[best[0]][best[1]]:
            best = (i, j)
    return plane[best[0]][best[1]], best


def pooled(images: Images, kind: str, fields: Mapping[str, Any]) -> Pooled:
    """Each window's maximum or average, channel by channel."""
    height, width = shape(images)[2:]
    (rows, columns), ((above, below), (left, right)) = axes_of(fields, [height, width])
    counted = bool(fields.get("count_padding", False))
    values: Images = []
    places: Images = []
    for image in images:
        values.append([])
        places.append([])
        for plane in image:
            found: Plane = []
            where: Plane = []
            for window_rows in rows:
                found.append([])
                where.append([])
                for window_columns in columns:
                    window = [(i, j) for i in window_rows for j in window_columns]
                    cells = [(i, j) for i, j in window if 0 <= i < height and 0 <= j < width]
                    if kind == "max":
                        value, place = largest(plane, cells)
                        where[-1].append(list(place))
                    else:
                        within = [
                            (i, j)
                            for i, j in window
                            if -above <= i < height + below and -left <= j < width + right
                        ]
                        total = sum(plane[i][j] for i, j in cells)
                        value = total / len(within if counted else cells)
                    found[-1].append(value)
            values[-1].append(found)
            places[-1].append(where)
    return Pooled(values, places)


# ---------------------------------------------------------------- what follows


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def softmax(vector: list[Any]) -> list[float]:
    powers = [math.exp(z - max(vector)) for z in vector]
    return [power / sum(powers) for power in powers]


ENTRYWISE: dict[str, Callable[[Any], Any]] = {
    "relu": lambda z: max(z, 0),
    "sigmoid": sigmoid,
    "tanh": math.tanh,
}


def entrywise(function: Callable[[Any], Any], value: Any) -> Any:
    """A function of a number, applied to every entry."""
    return [entrywise(function, part) for part in value] if isinstance(value, list) else function(value)


def flat(value: Any) -> list[Any]:
    """All entries, row by row and channel by channel."""
    return [entry for part in value for entry in flat(part)] if isinstance(value, list) else [value]


def step(name: str, fields: Any, images: list[Any]) -> list[Any]:
    """One entry of `then`: of each image a map (channels × rows × columns) or a vector."""
    if name in ENTRYWISE:
        return [entrywise(ENTRYWISE[name], image) for image in images]
    if name == "flatten":
        return [flat(image) for image in images]
    if name == "softmax":
        return [softmax(image) for image in images]
    if name == "dense":
        b = fields.get("b", [0] * len(fields["W"]))
        return [
            [
                sum(w * x for w, x in zip(weights, flat(image), strict=True)) + bias
                for weights, bias in zip(fields["W"], b, strict=True)
            ]
            for image in images
        ]
    fields = fields if isinstance(fields, Mapping) else {"size": fields}
    values: list[Any] = pooled(images, name.removesuffix("pool"), fields).values
    if fields.get("global", False):
        return [[plane[0][0] for plane in image] for image in values]
    return values


def follow(entries: list[Any], images: list[Any], show: Callable[[list[Any], bool], Any]) -> Quantities:
    """Each entry of `then` under its name; a repeated one takes a number."""
    found: Quantities = {}
    seen: dict[str, int] = {}
    by_channel = True
    for entry in entries:
        name, fields = next(iter(entry.items())) if isinstance(entry, Mapping) else (entry, None)
        if isinstance(fields, Mapping):
            fields = {key: numbers(part) if key in ("W", "b") else part for key, part in fields.items()}
        images = step(name, fields, images)
        by_channel = by_channel and name not in ("flatten", "dense")
        seen[name] = seen.get(name, 0) + 1
        found[name if seen[name] == 1 else f"{name}{seen[name]}"] = show(images, by_channel)
    return found


# ---------------------------------------------------------------- the kinds


def conv2d(given: Problem) -> Quantities:
    typed, kernel = numbers(given["input"]), numbers(given["kernel"])
    several = depth(typed) == 4
    x = wrapped(typed, 4)
    mode = given.get("mode", "correlation")
    groups = int(numbers(given.get("groups", 1)))
    stride, dilation = pair(given.get("stride", 1)), pair(given.get("dilation", 1))
    padding = given.get("padding", 0)
    weights = filters_of(kernel, len(x[0]), groups, mode == "transposed")
    filters = groups * len(weights[0]) if mode == "transposed" else len(weights)
    bias = numbers(given.get("bias", 0))
    biases = bias if isinstance(bias, list) else [bias] * filters
    height, width = shape(weights)[2:]
    found: Quantities = {}
    if mode == "transposed":
        cut = cut_of(padding, (height, width), stride, dilation)
        extra = pair(given.get("output_padding", 0))
        y = transposed(x, weights, biases, stride, dilation, groups, cut, extra)
    else:
        sides = around(padding, shape(x)[2:], (height, width), stride, dilation)
        if any(map(any, sides)):
            x = padded(x, sides)
            found["X_padded"] = unwrapped(x, depth(typed))
        if mode == "convolution":
            weights = [[flipped(plane) for plane in one] for one in weights]
        y = correlation(x, weights, biases, stride, dilation, groups)

    def show(images: list[Any], by_channel: bool) -> Any:
        """Without the axis of a single filter, and without that of a single image."""
        if by_channel and filters == 1:
            images = [image[0] for image in images]
        return images if several else images[0]

    found["Y"] = show(y, True)
    return found | follow(given.get("then", []), y, show)


def unwrapped(images: Any, axes: int) -> Any:
    """The same with as many axes as were typed."""
    return images if axes >= 4 else unwrapped(images[0], axes + 1)


def pool2d(given: Problem) -> Quantities:
    typed = numbers(given["input"])
    axes = depth(typed)
    x = wrapped(typed, 4)
    kind = given["type"]
    sides = axes_of(given, shape(x)[2:])[1]
    found: Quantities = {}
    if any(map(any, sides)):
        found["X_padded"] = unwrapped(padded(x, sides), axes)
    y = pooled(x, kind, given)

    def show(images: Any) -> Any:
        if given.get("global", False):
            images = [[plane[0][0] for plane in image] for image in images]
        return unwrapped(images, axes)

    found["Y"] = show(y.values)
    if kind == "max":
        found["argmax"] = show(y.places)
    return found


ORACLES = {"conv2d": conv2d, "pool2d": pool2d}


def quantities(problem: Problem) -> Quantities:
    """Every quantity of the problem, by the contract's name."""
    return ORACLES[problem["kind"]](problem["given"])
