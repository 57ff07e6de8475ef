"""Cross-correlation of images with filters, and its transpose, as operations.

Images are H×W, C×H×W or N×C×H×W. The parameter `kernels` is the shape of the kernel with all four axes:
F×(C/g)×h×w, transposed C×(F/g)×h×w. The output has an axis of images if the input has one, and one of filters
if there are several.

Dumoulin, Visin: A guide to convolution arithmetic for deep learning (2016).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.evaluate import Evaluator
from solver.expr.nodes import (
    PRODUCT,
    Apply,
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
from solver.parts.windows import Pair, entry_at


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
) -> Array:
    """Kernel cell by kernel cell: each lays its multiple of the image on the output."""

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
            for i in range(way.kernel[0]):
                for j in range(way.kernel[1]):
                    laid = np.tensordot(weights[:, :, i, j], image, axes=(0, 1))
                    down = _steps(x.shape[-2], stride[0], i * dilation[0])
                    across = _steps(x.shape[-1], stride[1], j * dilation[1])
                    target[:, :, down, across] += np.moveaxis(laid, 0, 1)
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


def _correlation_slips(x: Expr, k: Expr, b: Expr | None = None, **params: Any) -> Iterator[Slip]:
    flipped = k.args[0] if isinstance(k, Apply) and k.op is FLIP else apply(FLIP, k)
    op = CORRELATE if b is None else CORRELATE_BIAS
    rest = () if b is None else (b,)
    yield Slip("kernel-flipped", apply(op, x, flipped, *rest, **params), "flip:correlate", k, PLAIN)
    if b is not None:
        yield Slip("dropped-term", apply(CORRELATE, x, k, **params), "drop:bias", b, PLAIN)
        twice = apply(CORRELATE_BIAS, x, k, 2 * b, **params)
        yield Slip("extra-factor", twice, "twice:bias", b, POSSIBLE, ("extra-term",))
        yield Slip("sign", apply(CORRELATE_BIAS, x, k, -b, **params), "minus:bias", b, LIKELY)


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
)
TRANSPOSE_BIAS = Op(
    "transposed_convolution_bias",
    _transpose,
    _transpose_shape,
    Formula(lambda x, k, b, **params: apply(TRANSPOSE, x, k, **params) + b),
    integers=True,
    work=_work,
    entry=_transpose_entry,
)
FLIP = Op("flip", _flip, lambda s: s, Function("flip"), integers=True)
"""A kernel turned by half a turn."""
