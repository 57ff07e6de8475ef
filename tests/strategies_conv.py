"""Random convolutions and poolings, small as exams have them, over all options of the two kinds.

The problems are plain dicts, ready to be dumped as YAML or JSON. They are valid as they are made: a size of
the input is drawn from those that leave an output. Numbers are whole, decimals or typed as text ("1/3").
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st
from oracles_conv import Pair, axes_of, conv2d, pair, shape
from strategies import FAMILIES, WHOLE, Draw, Problem, matrices, optional, typed_matrix, vectors

FRACTIONS = st.sampled_from(["1/2", "-1/3", "2/3", "-3/4", "5/2", "-1/7", "1/9"])
NUMBERS = [WHOLE, WHOLE, *FAMILIES, st.one_of(WHOLE, FRACTIONS)]
LARGEST = 8
"""Rows and columns of an input, at most."""


@st.composite
def volumes(draw: Draw, numbers: st.SearchStrategy[Any], sizes: tuple[int, ...]) -> Any:
    """Nested lists of numbers; now and then a matrix in it is typed as text."""
    if len(sizes) > 2:
        return [draw(volumes(numbers, sizes[1:])) for _ in range(sizes[0])]
    matrix = draw(matrices(numbers, *sizes))
    return draw(typed_matrix(matrix)) if draw(st.integers(0, 9)) == 5 else matrix


def as_pair(draw: Draw, both: Pair) -> Any:
    """Two numbers as [rows, columns], or as one number where they are equal."""
    return both[0] if both[0] == both[1] and draw(st.booleans()) else list(both)


class Axis(NamedTuple):
    """Sizes along the rows or along the columns."""

    n: int
    window: int
    stride: int
    dilation: int
    padding: int


@st.composite
def axes(draw: Draw, padding: str, longest: int, largest_window: int = 4) -> Axis:
    """Sizes that leave an output of at least one row; `padding` is a word, or `number`."""
    p = draw(st.integers(0, 2)) if padding == "number" else 0
    room = longest + 2 * p
    k = draw(st.integers(1, min(largest_window, room)))
    d = draw(st.sampled_from([d for d in (1, 1, 2, 3) if d * (k - 1) < room]))
    least = 1 if padding in ("same", "full") else max(d * (k - 1) + 1 - 2 * p, 1)
    n = draw(st.integers(least, longest))
    return Axis(n, k, draw(st.sampled_from([1, 1, 2, 3])), d, p)


def both_axes(draw: Draw, one: st.SearchStrategy[Axis]) -> tuple[Axis, Axis]:
    """Rows and columns; half of the time with the same window, stride, dilation and padding."""
    rows = draw(one)
    if draw(st.booleans()):
        return rows, draw(one)
    return rows, rows._replace(n=draw(st.integers(rows.n, max(rows.n, LARGEST - 3))))


def geometry(draw: Draw, given: Problem, padding: str, both: tuple[Axis, Axis]) -> None:
    """The fields `stride`, `dilation` and `padding`, the first two also where they could be left out."""
    rows, columns = both
    for name in ("stride", "dilation"):
        values = (getattr(rows, name), getattr(columns, name))
        if values != (1, 1) or draw(st.integers(0, 3)) == 2:
            given[name] = as_pair(draw, values)
    if padding != "number":
        given["padding"] = padding
    elif rows.padding or columns.padding or draw(st.integers(0, 3)) == 2:
        given["padding"] = as_pair(draw, (rows.padding, columns.padding))


# ---------------------------------------------------------------- pooling


def fits(fields: Problem, sizes: list[int]) -> bool:
    """Whether the window fits into the padded map, and looks at the map wherever it stands."""
    if fields.get("global"):
        return True
    windows, _ = axes_of(fields, sizes)
    whole, _ = axes_of({**fields, "ceil": False}, sizes)
    return all(whole) and all(
        any(0 <= place < n for place in window)
        for along, n in zip(windows, sizes, strict=True)
        for window in along
    )


@st.composite
def pooling_fields(draw: Draw, kind: str, sizes: list[int]) -> Problem:
    """Fields that fit a map of these sizes."""
    if draw(st.integers(0, 9)) == 5:
        return {"global": True}
    square = draw(st.booleans())

    def two(rows: st.SearchStrategy[int], columns: st.SearchStrategy[int]) -> Any:
        return draw(rows) if square else as_pair(draw, (draw(rows), draw(columns)))

    shown = [min(sizes)] * 2 if square else sizes
    fields: Problem = {"size": two(*(st.integers(1, min(4, size + 1)) for size in shown))}
    strides = st.sampled_from([1, 1, 2, 3])
    if draw(st.booleans()):
        fields["stride"] = two(strides, strides)
    optional(draw, fields, "ceil", st.booleans())
    if draw(st.integers(0, 3)) == 2:
        fields["dilation"] = two(strides, strides)
    if draw(st.booleans()):
        halves = [st.integers(0, k // 2) for k in pair(fields["size"])]
        fields["padding"] = draw(st.sampled_from([two(*halves), two(*halves), "same", "valid"]))
    if kind == "avg":
        optional(draw, fields, "count_padding", st.booleans())
    return fields


@st.composite
def poolings(draw: Draw, kind: str, sizes: list[int]) -> Problem:
    """Fields of a pooling that is valid for a map of these sizes."""
    return draw(pooling_fields(kind, sizes).filter(lambda fields: fits(fields, sizes)))


@st.composite
def problems_pool2d(draw: Draw) -> Problem:
    kind = draw(st.sampled_from(["max", "avg"]))
    front = draw(st.sampled_from([(), (), (1,), (2,), (3,), (1, 1), (2, 1), (1, 3), (2, 2), (3, 2)]))
    longest = 5 if len(front) == 2 else LARGEST
    sizes = [draw(st.integers(1, longest)), draw(st.integers(1, longest))]
    numbers = draw(st.sampled_from(NUMBERS))
    given: Problem = {"input": draw(volumes(numbers, (*front, *sizes))), "type": kind}
    return {"kind": "pool2d", "given": given | draw(poolings(kind, sizes))}


# ---------------------------------------------------------------- what follows a convolution


@st.composite
def chains(draw: Draw, filters: int, sizes: list[int], numbers: st.SearchStrategy[Any]) -> list[Any]:
    """Up to four entries of `then` for maps of these sizes; softmax stands after a vector only."""
    entries: list[Any] = []
    units = filters * sizes[0] * sizes[1]
    form = "map"  # then `channels` after a global pooling, then `vector`
    for _ in range(draw(st.integers(0, 4))):
        ways = ["relu", "sigmoid", "tanh", "relu", "flatten", "dense"]
        ways += ["maxpool", "avgpool", "maxpool"] if form == "map" else []
        ways += ["softmax"] if form == "vector" or (form == "channels" and filters > 1) else []
        name = draw(st.sampled_from(ways))
        if name in ("maxpool", "avgpool"):
            fields = draw(poolings(name.removesuffix("pool"), sizes))
            if fields.get("global"):
                form, units = "channels", filters
            else:
                sizes = [len(along) for along in axes_of(fields, sizes)[0]]
                units = filters * sizes[0] * sizes[1]
            short = set(fields) == {"size"} and isinstance(fields["size"], int)
            entries.append({name: fields["size"] if short and draw(st.booleans()) else fields})
        elif name == "dense":
            outputs = draw(st.integers(1, 3))
            layer: Problem = {"W": draw(matrices(numbers, outputs, units))}
            optional(draw, layer, "b", vectors(numbers, outputs))
            entries.append({"dense": layer})
            form, units = "vector", outputs
        else:
            entries.append(name)
            form = "vector" if name == "flatten" else form
    return entries


# ---------------------------------------------------------------- convolution


def divisors(number: int) -> list[int]:
    return [d for d in range(1, number + 1) if number % d == 0]


@st.composite
def correlations(draw: Draw, numbers: st.SearchStrategy[Any], front: tuple[int, ...]) -> Problem:
    """A correlation or a convolution, all but its number of filters' bias and what follows."""
    channels = front[-1] if front else 1
    groups = draw(st.sampled_from([1, 1, *divisors(channels)]))
    filters = draw(st.sampled_from([f for f in (1, 1, 2, 3, 4) if f % groups == 0]))
    padding = draw(st.sampled_from(["number", "number", "number", "same", "valid", "full"]))
    longest = 5 if len(front) == 2 else LARGEST
    both = rows, columns = both_axes(draw, axes(padding, longest))
    size = (rows.window, columns.window)
    shapes: list[tuple[int, ...]] = [(filters, channels // groups, *size)]
    if filters == 1 and groups == 1:
        shapes += [(channels, *size)] * 2
    if channels == 1 or groups == channels:
        shapes += [(filters, *size)] * 2
    if filters == channels == 1:
        shapes += [size] * 4
    given: Problem = {
        "input": draw(volumes(numbers, (*front, rows.n, columns.n))),
        "kernel": draw(volumes(numbers, draw(st.sampled_from(shapes)))),
    }
    geometry(draw, given, padding, both)
    if groups > 1 or draw(st.integers(0, 7)) == 5:
        given["groups"] = groups
    optional(draw, given, "mode", st.sampled_from(["correlation", "convolution", "convolution"]))
    return given


def grown(axis: Axis, padding: str, extra: int) -> int:
    """The size that a transposed convolution gives."""
    if padding == "same":
        return axis.n * axis.stride
    return (axis.n - 1) * axis.stride - 2 * axis.padding + axis.dilation * (axis.window - 1) + 1 + extra


@st.composite
def transposed_axes(draw: Draw, padding: str, longest: int) -> tuple[Axis, int]:
    """Sizes of a transposed convolution with an output of at least one row, and its output padding."""
    n, s, d = draw(st.integers(1, longest)), draw(st.integers(1, 3)), draw(st.sampled_from([1, 1, 2]))
    least = -(-(s - 1) // d) + 1 if padding == "same" else 1  # `same` cuts d (k − 1) + 1 − s
    k = draw(st.integers(least, max(least, 3)))
    extra = draw(st.integers(0, s - 1)) if padding != "same" else 0
    axis = Axis(n, k, s, d, 0)
    most = (grown(axis, padding, extra) - 1) // 2
    p = draw(st.integers(0, min(2, most))) if padding == "number" else 0
    return axis._replace(padding=p), extra


@st.composite
def transposed(draw: Draw, numbers: st.SearchStrategy[Any], front: tuple[int, ...]) -> Problem:
    """A transposed convolution."""
    channels = front[-1] if front else 1
    groups = draw(st.sampled_from([1, 1, *divisors(channels)]))
    each = draw(st.integers(1, 3 if groups == 1 else 2))
    padding = draw(st.sampled_from(["number", "number", "number", "same", "valid"]))
    one = transposed_axes(padding, 3 if len(front) == 2 else 4)
    (rows, below), (columns, right) = draw(one), draw(one)
    if draw(st.booleans()):
        columns, right = rows, below
    size = (rows.window, columns.window)
    shapes: list[tuple[int, ...]] = [(channels, each, *size)]
    if each == 1 and groups == 1:
        shapes += [(channels, *size)] * 2
        shapes += [size] * 4 if channels == 1 else []
    given: Problem = {
        "input": draw(volumes(numbers, (*front, rows.n, columns.n))),
        "kernel": draw(volumes(numbers, draw(st.sampled_from(shapes)))),
        "mode": "transposed",
    }
    geometry(draw, given, padding, (rows, columns))
    if groups > 1:
        given["groups"] = groups
    if below or right:
        given["output_padding"] = as_pair(draw, (below, right))
    return given


def outcome(given: Problem, several: bool) -> tuple[int, list[int]]:
    """How many filters a problem has, and the sizes of its maps."""
    found = shape(conv2d(given)["Y"])
    maps = found[1:] if several else found
    return (maps[0], maps[1:]) if len(maps) == 3 else (1, maps)


@st.composite
def problems_conv2d(draw: Draw) -> Problem:
    numbers = draw(st.sampled_from(NUMBERS))
    front = draw(
        st.sampled_from([(), (), (), (1,), (2,), (3,), (4,), (1, 1), (2, 1), (1, 2), (2, 2), (3, 2)])
    )
    modes = [correlations, correlations, correlations, transposed]
    given: Problem = draw(draw(st.sampled_from(modes))(numbers, front))
    filters, sizes = outcome(given, several=len(front) == 2)
    if draw(st.booleans()):
        alone = filters == 1 and draw(st.booleans())
        given["bias"] = draw(numbers if alone or draw(st.integers(0, 5)) == 3 else vectors(numbers, filters))
    if then := draw(chains(filters, sizes, numbers)):
        given["then"] = then
    return {"kind": "conv2d", "given": given}
