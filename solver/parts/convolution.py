"""Cross-correlation of images with filters, and its transpose, as operations.

Images are H×W, C×H×W or N×C×H×W. The parameter `kernels` is the shape of the kernel with all four axes:
F×(C/g)×h×w, transposed C×(F/g)×h×w. The output has an axis of images if the input has one, and one of filters
if there are several.

Dumoulin, Visin: A guide to convolution arithmetic for deep learning (2016).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.evaluate import Evaluator
from solver.expr.nodes import (
    PRODUCT,
    Between,
    Const,
    Expr,
    Formula,
    Function,
    Infix,
    Op,
    ShapeError,
    apply,
)
from solver.expr.ops import number, terms
from solver.expr.values import Arithmetic, Array, Shape, Value, settled
from solver.parts.windows import Pair, altered, entry_at


class _Way(NamedTuple):
    """How input, kernel and output lie: images, channels, filters in groups, and the sizes."""

    images: int
    channels: int
    groups: int
    filters: int
    kernel: Pair
    stride: Pair
    dilation: Pair


def _way(x: Shape, kernels: Shape, stride: Pair, dilation: Pair, groups: int, transposed: bool) -> _Way:
    images, channels = (x[0] if len(x) == 4 else 1), (x[-3] if len(x) > 2 else 1)
    filters = kernels[1] * groups if transposed else kernels[0]
    return _Way(images, channels, groups, filters, (kernels[2], kernels[3]), stride, dilation)


def _squeezed(array: Array, x: Shape) -> Array:
    """Without the axis of images that the input does not have, and that of a single filter."""
    array = array if len(x) == 4 else array[0]
    return array[..., 0, :, :] if array.shape[-3] == 1 else array


def _steps(size: int, stride: int, start: int) -> slice:
    return slice(start, start + (size - 1) * stride + 1, stride)


def _correlate(
    m: Arithmetic,
    x: Array,
    k: Array,
    b: Array | None = None,
    *,
    kernels: Shape,
    stride: Pair,
    dilation: Pair,
    groups: int,
) -> Array:
    """Kernel cell by kernel cell: each multiplies a shifted image."""

    def run(x: Array, k: Array) -> Array:
        return _correlated(x, k, kernels, stride, dilation, groups)

    return _settled(run, x, k, b)


def _settled(run: Any, x: Array, k: Array, b: Array | None) -> Array:
    result = run(x, k)
    if x.dtype == object or k.dtype == object:
        result = settled(result, run(np.abs(x), np.abs(k)))
    shape = np.shape(x)
    if b is not None:
        result = result + (b if b.ndim == 0 else b[:, None, None])
    return _squeezed(result, shape)


def _correlated(x: Array, k: Array, kernels: Shape, stride: Pair, dilation: Pair, groups: int) -> Array:
    way = _way(x.shape, kernels, stride, dilation, groups, False)
    x4, k4 = x.reshape(way.images, way.channels, *x.shape[-2:]), k.reshape(kernels)
    rows, columns = (
        (n - d * (size - 1) - 1) // s + 1
        for n, d, size, s in zip(x.shape[-2:], dilation, way.kernel, stride, strict=True)
    )
    parts = []
    each, depth = way.filters // groups, way.channels // groups
    for group in range(groups):
        image = x4[:, group * depth : (group + 1) * depth]
        weights = k4[group * each : (group + 1) * each]
        part: Any = 0
        for i in range(way.kernel[0]):
            for j in range(way.kernel[1]):
                under = image[
                    :,
                    :,
                    _steps(rows, stride[0], i * dilation[0]),
                    _steps(columns, stride[1], j * dilation[1]),
                ]
                part = part + np.tensordot(weights[:, :, i, j], under, axes=(1, 1))
        parts.append(part)
    return np.moveaxis(np.concatenate(parts), 0, 1)


def _correlation_shape(
    x: Shape, k: Shape, *_: Shape, kernels: Shape, stride: Pair, dilation: Pair, groups: int
) -> Shape:
    rows, columns = (
        (n - d * (size - 1) - 1) // s + 1
        for n, d, size, s in zip(x[-2:], dilation, kernels[2:], stride, strict=True)
    )
    if rows < 1 or columns < 1:
        raise ShapeError("{1} does not fit into {0}")
    images = x[:1] if len(x) == 4 else ()
    return (*images, *(kernels[:1] if kernels[0] > 1 else ()), rows, columns)


GROUP = Op("group", lambda _, x: x, lambda s: s, Between("(", ")"), integers=True)
"""What belongs together in a sum: the products of one channel."""

MOST_PRODUCTS = 150
"""Of an entry with more products only the sums of the channels are written."""


def _placed(place: tuple[int, ...], images: bool, filters: int) -> tuple[int, int, int, int]:
    """A place of the output with all four axes."""
    image = place[0] if images else 0
    rest = place[1:] if images else place
    return (image, rest[0] if filters > 1 else 0, rest[-2], rest[-1])


def _kernel_entry(k: Value, kernels: Shape, *place: int) -> Const:
    """An entry of the kernel by its place on four axes."""
    flat = int(np.ravel_multi_index(place, kernels))
    return Const(k.entry(*map(int, np.unravel_index(flat, k.shape))))


def _correlation_entry(
    place: tuple[int, ...],
    x: Value,
    k: Value,
    b: Value | None = None,
    *,
    kernels: Shape,
    stride: Pair,
    dilation: Pair,
    groups: int,
) -> Expr:
    way = _way(x.shape, kernels, stride, dilation, groups, False)
    image, f, i, j = _placed(place, len(x.shape) == 4, way.filters)
    depth = way.channels // groups
    first = f // (way.filters // groups) * depth
    channels = [
        [
            entry_at(x, image, first + c, i * stride[0] + r * dilation[0], j * stride[1] + q * dilation[1])
            * _kernel_entry(k, kernels, f, c, r, q)
            for r in range(kernels[2])
            for q in range(kernels[3])
        ]
        for c in range(depth)
    ]
    if depth * kernels[2] * kernels[3] > MOST_PRODUCTS:
        return _with_bias([Const(Evaluator().value(terms(*products), {})) for products in channels], b, f)
    if depth == 1 or kernels[2] * kernels[3] == 1:
        return _with_bias([product for products in channels for product in products], b, f)
    return _with_bias([apply(GROUP, terms(*products)) for products in channels], b, f)


def _with_bias(products: list[Expr], b: Value | None, f: int) -> Expr:
    if b is not None:
        products = [*products, Const(b.entry(f) if b.shape else b)]
    return terms(*products) if products else number(0)


def _transpose(
    m: Arithmetic,
    x: Array,
    k: Array,
    b: Array | None = None,
    *,
    kernels: Shape,
    stride: Pair,
    dilation: Pair,
    groups: int,
    cuts: tuple[Pair, Pair],
    size: Pair,
    added: bool = True,
) -> Array:
    """Kernel cell by kernel cell: each lays its multiple of the image on the output.

    If they are not `added` up, what the last number of the input lays on a cell stays.
    """

    def run(x: Array, k: Array) -> Array:
        way = _way(x.shape, kernels, stride, dilation, groups, True)
        x4, k4 = x.reshape(way.images, way.channels, *x.shape[-2:]), k.reshape(kernels)
        whole = [s + sum(cut) for s, cut in zip(size, cuts, strict=True)]
        result = np.zeros((way.images, way.filters, *whole), dtype=np.result_type(x, k))
        each, depth = kernels[1], way.channels // groups
        for group in range(groups):
            image = x4[:, group * depth : (group + 1) * depth]
            weights = k4[group * depth : (group + 1) * depth]
            target = result[:, group * each : (group + 1) * each]
            cells = list(np.ndindex(*way.kernel))
            for i, j in cells if added else reversed(cells):
                laid = np.tensordot(weights[:, :, i, j], image, axes=(0, 1))
                down = _steps(x.shape[-2], stride[0], i * dilation[0])
                across = _steps(x.shape[-1], stride[1], j * dilation[1])
                before = target[:, :, down, across] if added else 0
                target[:, :, down, across] = before + np.moveaxis(laid, 0, 1)
        (top, _), (left, _) = cuts
        return result[:, :, top : top + size[0], left : left + size[1]]

    return _settled(run, x, k, b)


def _transpose_shape(
    x: Shape, k: Shape, *_: Shape, kernels: Shape, size: Pair, groups: int, **__: Any
) -> Shape:
    filters = kernels[1] * groups
    return (*(x[:1] if len(x) == 4 else ()), *((filters,) if filters > 1 else ()), *size)


def _reaching(at: int, n: int, k: int, s: int, d: int) -> list[Pair]:
    """The cells of the input that reach an output cell, each with the cell of the kernel."""
    return [((at - r * d) // s, r) for r in range(k) if (at - r * d) % s == 0 and 0 <= (at - r * d) // s < n][
        ::-1
    ]


def _transpose_entry(
    place: tuple[int, ...],
    x: Value,
    k: Value,
    b: Value | None = None,
    *,
    kernels: Shape,
    stride: Pair,
    dilation: Pair,
    groups: int,
    cuts: tuple[Pair, Pair],
    size: Pair,
) -> Expr:
    way = _way(x.shape, kernels, stride, dilation, groups, True)
    image, f, i, j = _placed(place, len(x.shape) == 4, way.filters)
    group, own = divmod(f, kernels[1])
    depth = way.channels // groups
    rows, columns = (
        _reaching(at + cut[0], n, span, s, d)
        for at, cut, n, span, s, d in zip(
            (i, j), cuts, x.shape[-2:], kernels[2:], stride, dilation, strict=True
        )
    )
    products = [
        entry_at(x, image, c, row, column) * _kernel_entry(k, kernels, c, own, r, q)
        for c in range(group * depth, (group + 1) * depth)
        for row, r in rows
        for column, q in columns
    ]
    return _with_bias(products, b, f)


def _work(x: Shape, k: Shape, *_: Shape, kernels: Shape, **params: Any) -> int:
    """Products: each cell of the kernel at each place."""
    if "size" in params:
        return int(np.prod(x)) * int(np.prod(kernels[1:]))
    rows, columns = _correlation_shape(x, k, kernels=kernels, **params)[-2:]
    return (x[0] if len(x) == 4 else 1) * int(np.prod(kernels)) * rows * columns


def _flip(_: Arithmetic, k: Array) -> Array:
    return np.asarray(k[..., ::-1, ::-1])


# What people do instead

Images = Callable[[Array], Array]


def _slips(op: Op, x: Expr, k: Expr, b: Expr | None, params: dict[str, Any], depth: int) -> Iterator[Slip]:
    """What can go wrong with the kernel, the bias, the groups and the maps, whichever way the kernel goes.

    `depth` is the number of channels that a filter sees.
    """
    kernels, groups = params["kernels"], params["groups"]
    cells = kernels[2] * kernels[3]
    operands = () if b is None else (b,)

    def slip(name: str, key: str, how: Images, cost: int, says: str, *also: str) -> Slip:
        wrong = apply(op, x, altered(k, how), *operands, **params)
        return Slip(name, wrong, f"{key}:kernel", None, cost, also, says)

    for axis in (-1, -2):
        says = "You mirrored the kernel in one direction; only a true convolution turns it, and that in both."
        yield slip("kernel-flipped", f"mirror{axis}", partial(np.flip, axis=axis), POSSIBLE, says)
    says = "You took the kernel without its signs: what is negative is subtracted."
    yield slip("sign", "absolute", np.abs, LIKELY, says)
    if cells > 1:
        says = f"You divided by {cells}, the number of the kernel's cells; the products are only added up."
        yield slip("extra-factor", "mean", lambda k: k / cells, LIKELY, says)
    if depth > 1:
        says = "You took the mean over the channels; their sums are added up."
        yield slip("extra-factor", "channels", lambda k: k / depth, LIKELY, says, "other-function")
    if groups > 1:

        def first(images: Array) -> Array:
            return np.concatenate([images[..., :depth, :, :]] * groups, axis=-3)

        says = "Each group of filters sees its own channels; you gave all of them the first ones."
        wrong = apply(op, altered(x, first), k, *operands, **params)
        yield Slip("wrong-index", wrong, "group:output", None, LIKELY, ("other-quantity",), says)
    if b is not None:
        yield from _bias_slips(lambda other: apply(op, x, k, other, **params), b, depth, cells)
    output = apply(op, x, k, *operands, **params)
    says = "Rows and columns are exchanged in your output."
    turned = altered(output, lambda y: np.swapaxes(y, -1, -2))
    yield Slip("rows-for-columns", turned, "turned:output", None, LIKELY, ("transpose",), says)
    if kernels[1 if op in (TRANSPOSE, TRANSPOSE_BIAS) else 0] > 1:
        says = "The maps stand in the order of the filters."
        other = altered(output, lambda y: np.flip(y, -3))
        yield Slip("wrong-index", other, "order:output", None, POSSIBLE, (), says)
        says = "Write map by map: the first index is the filter's, then come row and column."
        last = altered(output, lambda y: np.moveaxis(y, -3, -1))
        yield Slip("other-axis", last, "last:output", None, POSSIBLE, ("transpose",), says)


def _bias_slips(output: Callable[[Expr], Expr], b: Expr, depth: int, cells: int) -> Iterator[Slip]:
    """The bias left out, subtracted, added too often, or that of another filter."""
    says = "The bias is added to every output."
    yield Slip("dropped-term", output(0 * b), "drop:bias", b, PLAIN, ("bias-forgotten",), says)
    says = "You subtracted the bias; it is added."
    yield Slip("sign", output(-b), "minus:bias", b, LIKELY, ("other-operation",), says)
    says = "You added the bias twice; it is added once."
    yield Slip("extra-factor", output(2 * b), "twice:bias", b, POSSIBLE, ("extra-term",), says)
    if depth > 1:
        says = "You added the bias once for each channel; it is added once, to the sum of all channels."
        yield Slip("extra-factor", output(depth * b), "channels:bias", b, LIKELY, ("extra-term",), says)
    if cells > 1:
        says = "You added the bias to each product; it is added once, to their sum."
        each = output(depth * cells * b)
        yield Slip("extra-factor", each, "products:bias", b, POSSIBLE, ("brackets", "extra-term"), says)
    says = "Each filter has its own bias; you added that of another."
    swapped: tuple[Images, ...] = (np.flip, partial(np.roll, shift=1), partial(np.roll, shift=-1))
    for how in swapped:
        wrong = output(altered(b, how))
        yield Slip("wrong-index", wrong, "other:bias", b, LIKELY, ("swapped-operands",), says)
    says = "Each filter has its own bias; you added the first one to all maps."
    wrong = output(altered(b, lambda b: b[:1] + 0 * b))
    yield Slip("wrong-index", wrong, "first:bias", b, LIKELY, (), says)


def _correlation_slips(x: Expr, k: Expr, b: Expr | None = None, **params: Any) -> Iterator[Slip]:
    """Besides, the kernel multiplied in another way, and the windows in other places."""
    kernels, stride, dilation = params["kernels"], params["stride"], params["dilation"]
    op, operands = (CORRELATE, ()) if b is None else (CORRELATE_BIAS, (b,))
    yield from _slips(op, x, k, b, params, kernels[1])

    def slip(name: str, key: str, how: Images, cost: int, says: str, *also: str) -> Slip:
        wrong = apply(op, x, altered(k, how), *operands, **params)
        return Slip(name, wrong, f"{key}:kernel", None, cost, also, says)

    def spread(axis: int | tuple[int, ...]) -> Images:
        """The sums along an axis in the place of each entry."""
        return lambda k: np.asarray(k.sum(axis=axis, keepdims=True) + 0 * k)

    if kernels[2] == kernels[3] > 1:  # the sum of all entries of W K, or of K W
        says = "You multiplied windows and kernel as matrices; they are multiplied entry by entry."
        for axis in (-1, -2):
            how = spread(axis)
            products = partial(lambda k, how: np.swapaxes(how(k), -1, -2), how=how)
            yield slip("other-operation", f"matrices{axis}", products, LIKELY, says)
    if kernels[2] * kernels[3] > 1:
        says = "You multiplied the sum of each window by that of the kernel: multiply entry by entry, then add up."
        yield slip("other-operation", "sums", spread((-1, -2)), POSSIBLE, says, "brackets")
    if kernels[1] > 1:

        def by_channel(how: Images) -> Images:
            return lambda k: how(k.reshape(kernels)).reshape(k.shape)

        says = "Each channel has its own part of the kernel; you used the first part for all."
        yield slip("wrong-index", "first", by_channel(lambda k: k[:, :1] + 0 * k), LIKELY, says)
        says = "The channels of the kernel belong to those of the input in the same order."
        yield slip("wrong-index", "reversed", by_channel(lambda k: k[:, ::-1]), POSSIBLE, says)

    def close(stride: Pair, dilation: Pair) -> Expr:
        """As many windows as there should be, with other steps."""

        def cut(images: Array) -> Array:
            sizes = _correlation_shape(images.shape, (), **params)[-2:]
            down, across = (
                (size - 1) * s + d * (width - 1) + 1
                for size, s, d, width in zip(sizes, stride, dilation, kernels[2:], strict=True)
            )
            return images[..., :down, :across]

        steps = {**params, "stride": stride, "dilation": dilation}
        return apply(op, altered(x, cut), k, *operands, **steps)

    if stride != (1, 1):
        says = "You moved the window by one cell; it moves on by the stride."
        yield Slip("stride-ignored", close((1, 1), dilation), "next:output", None, LIKELY, (), says)
    if dilation != (1, 1):
        says = "A dilated kernel has gaps between its cells."
        yield Slip("dilation-ignored", close(stride, (1, 1)), "gaps:output", None, LIKELY, (), says)


def _transpose_slips(x: Expr, k: Expr, b: Expr | None = None, **params: Any) -> Iterator[Slip]:
    """Besides, the overlaps not added up."""
    op, operands = (TRANSPOSE, ()) if b is None else (TRANSPOSE_BIAS, (b,))
    yield from _slips(op, x, k, b, params, params["kernels"][0] // params["groups"])
    says = "Where multiples of the kernel overlap they are added up; you kept the last one only."
    wrong = apply(op, x, k, *operands, **{**params, "added": False})
    yield Slip("other-operation", wrong, "last:overlap", None, LIKELY, (), says)


CORRELATE = Op(
    "correlate",
    _correlate,
    _correlation_shape,
    Infix("⋆", PRODUCT),
    integers=True,
    work=_work,
    entry=_correlation_entry,
    slips=_correlation_slips,
)
CORRELATE_BIAS = Op(
    "correlate_bias",
    _correlate,
    _correlation_shape,
    Formula(lambda x, k, b, **params: apply(CORRELATE, x, k, **params) + b),
    integers=True,
    work=_work,
    entry=_correlation_entry,
    slips=_correlation_slips,
)
TRANSPOSE = Op(
    "transposed_convolution",
    _transpose,
    _transpose_shape,
    Function("convᵀ"),
    integers=True,
    work=_work,
    entry=_transpose_entry,
    slips=_transpose_slips,
)
TRANSPOSE_BIAS = Op(
    "transposed_convolution_bias",
    _transpose,
    _transpose_shape,
    Formula(lambda x, k, b, **params: apply(TRANSPOSE, x, k, **params) + b),
    integers=True,
    work=_work,
    entry=_transpose_entry,
    slips=_transpose_slips,
)
FLIP = Op("flip", _flip, lambda s: s, Function("flip"), integers=True)
"""A kernel turned by half a turn."""
