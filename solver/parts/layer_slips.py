"""What people write for the sizes and the costs of layers when they misunderstand them, and what to tell them.

Each function gives the wrong formulas for one step of a layer; the right ones are in `layer_counts`. Sizes of maps
are rows, columns and channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.nodes import Expr, Operand, apply, const
from solver.expr.ops import number, sizes
from solver.parts.layer_counts import (
    ADAPTIVE,
    CONVS,
    GLOBAL,
    multiplied,
    product,
    total,
    transposed,
    with_bias,
)
from solver.parts.windows import CEILED, FLOORED, OVER, Axis
from solver.spec.layers import POOLS, Layer

Numbers = Sequence[Expr]


# Sizes


def of_length(layer: Layer, n: Expr, way: Axis) -> Iterator[Slip]:
    """The rows or the columns behind a layer."""
    if layer.what == "pad":
        says = "The margin is added on both sides: n + 2p."
        yield Slip("dropped-factor", n + way.before, "one-side:size", None, PLAIN, (), says)
    elif layer.what == "conv_transpose":
        yield from _of_transposed_length(layer, n, way)
    elif layer.what in (*CONVS, *POOLS) and layer.padding != "same":
        yield from _of_window_length(n, way)


def _of_window_length(n: Expr, way: Axis) -> Iterator[Slip]:
    k, p, s, d = (number(each) for each in (way.k, way.before, way.s, way.d))
    rounded = CEILED if way.up else FLOORED
    padded = n + product(2, p)
    room = padded - k if way.d == 1 else padded - product(d, k - 1) - 1
    bare = way.but(before=0, after=0)
    if way.before and way.but(after=0).out == bare.out:  # who leaves it out altogether gets the same
        says = "You left out the padding: n + 2p."
        none = apply(rounded, room - product(2, p), s) + 1
        yield Slip("padding-ignored", none, "no-padding:size", None, PLAIN, ("dropped-term",), says)
    if way.before:
        once = n + p - k if way.d == 1 else n + p - product(d, k - 1) - 1
        says = "The padding is added on both sides: n + 2p."
        yield Slip("dropped-factor", apply(rounded, once, s) + 1, "one-side:size", None, PLAIN, (), says)
    if way.d > 1:
        says = "A dilated window covers d(k − 1) + 1 cells: behind its last cell there is no gap."
        wide = apply(rounded, padded - product(d, k), s) + 1
        yield Slip("dilated-size", wide, "span:size", None, PLAIN, (), says)
        says = "A dilation of d leaves d − 1 cells between two neighbours: the window covers d(k − 1) + 1."
        wide = apply(rounded, padded - product(d + 1, k - 1) - 1, s) + 1
        yield Slip("dilated-size", wide, "holes:size", None, LIKELY, ("off-by-one",), says)
    if way.s > 1:
        says = "The + 1 comes after the division by the stride."
        yield Slip("brackets", apply(rounded, room + 1, s), "early:size", None, LIKELY, (), says)
    others = {bare.out, way.but(up=False).out}  # without the padding, or rounded down, is as simple
    if way.out - 1 not in others:
        says = "The size ends in + 1, for the first place of the window."
        yield Slip("dropped-term", apply(rounded, room, s), "one:size", None, PLAIN, ("off-by-one",), says)


def _of_transposed_length(layer: Layer, n: Expr, way: Axis) -> Iterator[Slip]:
    k, p, s, more = number(way.span), number(way.before), number(way.s), layer.output_padding
    if layer.padding == "same":
        return
    rest = [number(more[0])] if more[0] and more[0] == more[1] else []
    if way.before:
        says = "The padding is cut off on both sides: − 2p."
        wrong = total(product(n - 1, s), -p, k, *rest)
        yield Slip("dropped-factor", wrong, "one-side:size", None, PLAIN, (), says)
    says = "The stride alone does not give the size: it is (n − 1) s − 2p + k."
    yield Slip("dropped-term", product(n, s), "stride-only:size", None, LIKELY, (), says)
    if more[0] and more[0] == more[1]:
        says = "The output padding is added once, at the end."
        yield Slip("dropped-term", transposed(n, k, p, s), "output-padding:size", None, PLAIN, (), says)


DEPTH = "The depth of the output is the number of filters, whatever the depth of the input is."
OWN_CHANNEL = "Each channel is pooled by itself: the depth stays as it is."
NO_DEPTH = "Rows and columns grow; the depth stays as it is."


def of_shape(
    layer: Layer,
    lengths: Numbers,
    inputs: Sequence[Numbers],
    laid: Callable[[tuple[Expr, ...]], tuple[Expr, ...]],
) -> Iterator[Slip]:
    """The shape of a layer's output, where its depth is misunderstood; `laid` brings it in the problem's order."""

    def deep(name: str, depth: Operand, key: str, says: str, cost: int = PLAIN, also: str = "") -> Slip:
        shape = sizes(*laid((*lengths[:2], const(depth))))
        return Slip(name, shape, f"{key}:depth", None, cost, (also,) if also else (), says)

    before, what, F = inputs[0], layer.what, layer.filters
    if what in GLOBAL and len(before) == 3:
        says = "A global pooling leaves one number for each channel."
        area = sizes(product(*before[:2]))
        yield Slip("other-axis", area, "places:depth", None, PLAIN, ("other-quantity",), says)
        yield Slip("function-forgotten", sizes(product(*before)), "all:depth", None, LIKELY, (), says)
    if len(lengths) != 3:
        return
    C = before[2]
    if F:
        yield deep("other-quantity", C, "kept", DEPTH)
        yield deep("extra-factor", product(F, C), "times", DEPTH)
        if layer.groups > 1 and F % layer.groups == 0:
            says = "The groups divide the channels that a filter sees; there are still F filters."
            yield deep("extra-factor", F // layer.groups, "groups", says, LIKELY)
    elif what == "depthwise_conv":
        says = "A depthwise convolution gives a map for each channel; they are not summed."
        yield deep("other-axis", layer.multiplier, "one", says, LIKELY)
    elif what in POOLS or what in ADAPTIVE:
        ways = {layer.stride[0], layer.window[0]} if what in POOLS else {layer.window[0]}
        for by in sorted(ways - {1}):
            yield deep("extra-factor", apply(FLOORED, C, by), "pooled", OWN_CHANNEL, PLAIN, "other-axis")
        yield deep("other-axis", 1, "one", OWN_CHANNEL, LIKELY)
    elif what == "upsample":
        yield deep("extra-factor", product(C, layer.window[0]), "grown", NO_DEPTH)
        yield deep("extra-factor", apply(FLOORED, C, layer.window[0]), "shrunk", NO_DEPTH, LIKELY)
    elif what == "pad" and isinstance(layer.padding, tuple):
        yield deep("extra-term", total(C, 2 * layer.padding[0]), "grown", NO_DEPTH, LIKELY)
    elif what == "concat" and len(inputs) > 1:
        says = "Concatenation puts the channels one behind another; rows and columns stay as they are."
        wrong = sizes(*laid((*(total(*(each[axis] for each in inputs)) for axis in (0, 1)), lengths[2])))
        yield Slip("other-axis", wrong, "joined:depth", None, PLAIN, ("extra-term",), says)


def of_depths(depths: Numbers) -> Iterator[Slip]:
    """The channels of maps that are put one behind another."""
    says = "Concatenation puts the channels one behind another: the depths of all branches add up."
    for place in range(len(depths)):
        rest = [*depths[:place], *depths[place + 1 :]]
        yield Slip("dropped-term", total(*rest), f"without-{place}:depth", depths[place], PLAIN, (), says)
    if len(depths) > 2:
        for place, depth in enumerate(depths):
            yield Slip("dropped-term", depth, f"only-{place}:depth", None, LIKELY, ("other-layer",), says)


def of_numbers(map_: Numbers) -> Iterator[Slip]:
    """All numbers of a map."""
    if len(map_) == 3:
        says = "The numbers of all channels count: rows · columns · channels."
        yield Slip("dropped-factor", product(*map_[:2]), "channels:size", None, PLAIN, (), says)
        says = "You added rows, columns and channels; the numbers of a map are their product."
        yield Slip("other-operation", total(*map_), "added:size", None, LIKELY, (), says)


# Parameters


def of_params(
    layer: Layer,
    before: Numbers,
    after: Numbers,
    biased: bool,
    image: Expr | None = None,
    earlier: Sequence[tuple[str, Numbers]] = (),
) -> Iterator[Slip]:
    """The parameters of a layer; `image` are the channels of the network's input, where others stand before it;
    `earlier` are the shapes of what else a dense layer may be counted from, each with what to tell."""
    what = layer.what
    if what in ("conv", "conv_transpose"):
        yield from _of_filters(layer, before, after, biased)
        if image is not None and layer.groups == 1:
            says = "A filter reaches through the maps of the layer before it, not through the channels of the image."
            wrong = with_bias((*layer.window, image), layer.filters, biased)
            yield Slip("other-quantity", wrong, "image:params", None, PLAIN, (), says)
    elif what == "separable_conv":
        yield from _of_separable(layer, before[2], biased)
    elif what == "dense":
        yield from _of_units(before, layer.units, biased)
        yield from _of_earlier(before, layer.units, biased, image, earlier)
    elif what == "batchnorm":
        yield from _of_norm(before)
    elif what == "layernorm":
        says = "It learns two numbers each: a scale and a shift."
        yield Slip("dropped-factor", before[-1], "shift:params", None, PLAIN, (), says)
        says = "A layer normalisation learns too: a scale and a shift each."
        yield Slip(
            "other-layer", number(0), "nothing:params", None, LIKELY, ("dropped-term",), says, fact=True
        )
    elif what == "embedding":
        V, U = layer.vocabulary, layer.units
        says = "An embedding has a row for each word of the vocabulary, however long the text is."
        yield Slip("other-quantity", product(before[0], U), "length:params", None, PLAIN, (), says)
        says = "An embedding is a table that is looked up: it has no biases."
        yield Slip("extra-term", product(V + 1, U), "bias:params", None, LIKELY, ("bias-counted",), says)
        yield Slip("extra-term", product(V, U + 1), "biases:params", None, LIKELY, ("bias-counted",), says)
    elif what in POOLS:
        says = "A pooling learns nothing: it has no parameters."
        for key, weights in (
            ("window", product(*layer.window)),
            ("kernel", product(*layer.window, before[2])),
        ):
            yield Slip("extra-term", weights, f"{key}:pooling", None, PLAIN, ("other-layer",), says)
        filters = with_bias((*layer.window, before[2]), before[2], biased)
        yield Slip("other-layer", filters, "filters:pooling", None, LIKELY, ("extra-term",), says)


def _of_filters(layer: Layer, before: Numbers, after: Numbers, biased: bool) -> Iterator[Slip]:
    k, F, g, C = layer.window, layer.filters, layer.groups, before[2]
    depth = C if g == 1 else apply(OVER, C, g)

    def slip(name: str, wrong: Expr, key: str, says: str, cost: int = PLAIN, *also: str) -> Slip:
        return Slip(name, wrong, f"{key}:params", None, cost, also, says)

    says = "A filter reaches through all channels of its input: k · k · C weights."
    if g > 1:
        says = "A filter reaches through all channels of its group: k · k · C/g weights."
    yield slip("dropped-factor", with_bias(k, F, biased), "channels", says)
    says = "That is one filter only: the layer has F of them."
    one = total(product(*k, depth), 1) if biased else product(*k, depth)
    yield slip("dropped-factor", one, "filters", says)
    if k[0] == k[1] > 1:
        says = "A window has rows and columns: k · k places."
        yield slip("dropped-factor", with_bias((k[0], depth), F, biased), "square", says)
    if biased:
        says = "Each filter has a bias: + 1."
        bare = with_bias((*k, depth), F, False)
        yield slip("dropped-term", bare, "bias", says, PLAIN, "bias-forgotten")
        says = "Each filter has a bias of its own: F of them, not one for the layer."
        yield slip("brackets", total(product(*k, depth, F), 1), "one-bias", says)
        says = "A filter has one bias, however many channels it reaches through."
        wrong = product(total(product(*k), 1), depth, F)
        yield slip("brackets", wrong, "bias-each", says, PLAIN, "extra-factor")
    says = "A filter is the same at all places of the map: its weights count once."
    shared = product(with_bias((*k, depth), F, biased), *after[:2])
    yield slip("extra-factor", shared, "places", says, PLAIN, "unshared-weights")
    if biased:
        wrong = total(product(*k, depth, F, *after[:2]), F)
        yield slip("extra-factor", wrong, "places-of-weights", says, POSSIBLE, "unshared-weights")
    says = "A filter sees only its window, not the whole map."
    yield slip("other-layer", with_bias(before, F, biased), "dense", says, LIKELY, "other-quantity")
    if g > 1:
        says = "The groups divide the channels that a filter sees; there are still F filters."
        wrong = with_bias((*k, depth), apply(OVER, number(F), g), biased)
        yield slip("extra-factor", wrong, "groups-twice", says, PLAIN, "repeated-factor")


def _of_separable(layer: Layer, C: Expr, biased: bool) -> Iterator[Slip]:
    wide, F = multiplied(C, layer), layer.filters
    says = "The 1 × 1 filters that mix the channels have weights too: C for each of them."
    each = product(*layer.window, wide)
    yield Slip("dropped-term", each, "mixing:params", None, PLAIN, (), says)
    if biased:
        yield Slip("dropped-term", each + F, "mixing-weights:params", None, PLAIN, ("dropped-factor",), says)
    says = "The filter of each channel has weights too: k · k · C."
    yield Slip("dropped-term", with_bias((wide,), F, biased), "each:params", None, PLAIN, (), says)


def _of_units(before: Numbers, U: int, biased: bool) -> Iterator[Slip]:
    if biased:
        says = "Each unit has a bias: + 1."
        bare = with_bias(before, U, False)
        yield Slip("dropped-term", bare, "bias:params", None, PLAIN, ("bias-forgotten",), says)
        says = "Each unit has one bias, the inputs have none: (N + 1) · U."
        wrong = product(*before, number(U) + 1)
        yield Slip("brackets", wrong, "bias-of-inputs:params", None, PLAIN, ("other-quantity",), says)
        says = "Each unit has a bias of its own: U of them, not one for the layer."
        yield Slip("brackets", total(product(*before, U), 1), "one-bias:params", None, PLAIN, (), says)
    if len(before) == 3:
        says = "All numbers of the map are inputs of a dense layer: rows · columns · channels."
        wrong = with_bias(before[:2], U, biased)
        yield Slip("dropped-factor", wrong, "channels:params", None, PLAIN, (), says)
        wrong = with_bias(before[2:], U, biased)
        yield Slip("dropped-factor", wrong, "map:params", None, LIKELY, (), says)


def _of_earlier(
    before: Numbers, U: int, biased: bool, image: Expr | None, earlier: Sequence[tuple[str, Numbers]]
) -> Iterator[Slip]:
    """A dense layer that is counted from another layer than the one before it."""
    for says, shape in earlier:
        wrong = with_bias(shape, U, biased)
        yield Slip("other-quantity", wrong, "earlier:params", None, LIKELY, ("previous-iterate",), says)
    if image is not None:
        says = (
            "You multiplied by the channels of the image too; a dense layer just reads the numbers before it."
        )
        for wrong in (product(with_bias(before, U, biased), image), with_bias((*before, image), U, biased)):
            yield Slip("extra-factor", wrong, "image:params", None, LIKELY, ("other-quantity",), says)


def _of_norm(before: Numbers) -> Iterator[Slip]:
    C = before[-1]
    says = "A batch normalisation learns too: a scale and a shift for each channel, 2C."
    yield Slip("other-layer", number(0), "nothing:params", None, LIKELY, ("dropped-term",), says, fact=True)
    says = "Each channel has a scale and a shift of its own: 2C, not one pair for the whole layer."
    yield Slip("dropped-factor", number(2), "one-pair:params", None, PLAIN, (), says, fact=True)
    says = "A batch normalisation learns two numbers for each channel: a scale and a shift."
    yield Slip("dropped-factor", C, "shift:params", None, PLAIN, (), says)
    if len(before) == 3:
        says = (
            "A batch normalisation has a scale and a shift for each channel, not for each number of the map."
        )
        wrong = product(2, *before)
        yield Slip("extra-factor", wrong, "places:params", None, PLAIN, ("unshared-weights",), says)
        yield Slip(
            "extra-factor", product(*before), "place:params", None, LIKELY, ("unshared-weights",), says
        )
    says = "The running mean and variance are not learnt: two parameters for each channel, not four."
    also = ("extra-factor", "repeated-factor")
    yield Slip("statistics-counted", product(4, C), "statistics:params", None, PLAIN, also, says)


MOST_TWICE = 20
"""Of so many layers one may be counted twice."""


def of_learnt(
    learnt: Sequence[Expr], dense: Sequence[Expr], frozen: Sequence[Expr], statistics: Sequence[Expr]
) -> Iterator[Slip]:
    """All trainable parameters; some of them are those of dense layers."""
    for each in learnt if 1 < len(learnt) <= MOST_TWICE else ():
        says = "Your total counts the {part} twice."
        yield Slip(
            "extra-term", total(*learnt, each), "twice:total", each, LIKELY, ("repeated-factor",), says
        )
    others = [each for each in learnt if each not in dense]
    if dense and others:
        says = "The dense layers have parameters too: they belong to the total."
        yield Slip("dropped-term", total(*others), "dense:total", None, LIKELY, (), says)
        says = "The total takes the parameters of all layers, not of the dense ones only."
        yield Slip("dropped-term", total(*dense), "others:total", None, LIKELY, (), says)
    if frozen:
        says = "What is frozen is not trained: its parameters do not count here."
        wrong = total(*learnt, *frozen)
        yield Slip("frozen-counted", wrong, "frozen:total", None, PLAIN, ("extra-term",), says)
    if statistics:
        says = "Running means and variances are not trained: they do not count here."
        wrong = total(*learnt, *statistics)
        yield Slip("statistics-counted", wrong, "statistics:total", None, PLAIN, ("extra-term",), says)


# Multiplications


TWICE = "A product and its addition count as one here (a MAC); FLOPs are twice as many."


def of_macs(layer: Layer, right: Expr, before: Numbers, after: Numbers, biased: bool) -> Iterator[Slip]:
    """The multiplications of a layer; `right` are those that it computes."""
    k, F, C = layer.window, layer.filters, before[-1]
    depth = C if layer.groups == 1 else apply(OVER, C, layer.groups)
    if layer.what not in (*CONVS, "conv_transpose", "dense"):
        return
    yield Slip("extra-factor", product(2, right), "flops:macs", None, PLAIN, ("repeated-factor",), TWICE)
    bias = "Biases are added, not multiplied: they are no MACs."
    if layer.what == "dense" and biased:
        wrong = with_bias(before, layer.units, True)
        yield Slip("extra-term", wrong, "bias:macs", None, PLAIN, ("bias-counted",), bias)
    if layer.what not in ("conv", "conv_transpose"):
        return
    here, there = (after, before) if layer.what == "conv" else (before, after)
    if biased:
        wrong = product(*here[:2], F, total(product(*k, depth), 1))
        yield Slip("extra-term", wrong, "bias:macs", None, PLAIN, ("bias-counted",), bias)
    says = "A filter is laid at each place of the output, not of the input."
    if layer.what == "conv_transpose":
        says = "A transposed convolution lays its filters at each place of the input, not of the output."
    wrong = product(*there[:2], F, *k, depth)
    yield Slip("other-quantity", wrong, "places:macs", None, PLAIN, (), says)
    says = "These products are computed once for each place of the map."
    yield Slip("dropped-factor", product(F, *k, depth), "once:macs", None, LIKELY, (), says)
    says = "A filter multiplies through all channels that it sees."
    yield Slip("dropped-factor", product(*here[:2], F, *k), "channels:macs", None, PLAIN, (), says)


def of_all_macs(macs: Expr) -> Iterator[Slip]:
    """The multiplications of all layers."""
    yield Slip("extra-factor", product(2, macs), "flops:macs", None, PLAIN, ("repeated-factor",), TWICE)


# Receptive fields


def of_reach(r: Expr, way: Axis, jump: Operand, strides: Sequence[int]) -> Iterator[Slip]:
    """The receptive field behind a window of which those before it see `r`; `strides` are those before it."""
    k, gap = number(way.k), number(way.k) - 1
    spread: tuple[Operand, ...] = () if way.d == 1 else (way.d,)

    def slip(name: str, wrong: Expr, key: str, says: str, cost: int = PLAIN, *also: str) -> Slip:
        return Slip(name, wrong, f"{key}:reach", None, cost, also, says)

    if strides:
        says = "The steps of this window are as long as all strides before it multiply to, j: it adds (k − 1) · j."
        yield slip("stride-ignored", total(r, product(*spread, gap)), "jump", says, PLAIN, "dropped-factor")
    says = "A window of k reaches k − 1 steps further, not k: its first cell is seen already."
    yield slip("off-by-one", total(r, product(*spread, k, jump)), "cells", says, PLAIN, "dropped-term")
    if way.s > 1:
        says = "The stride of a layer counts only for the layers behind it, not yet for itself."
        own = total(r, product(*spread, gap, jump, way.s))
        yield slip("extra-factor", own, "own-stride", says)
    if way.d > 1:
        says = "A dilated window reaches d(k − 1) steps further."
        yield slip(
            "dilation-ignored", total(r, product(gap, jump)), "dilation", says, PLAIN, "dropped-factor"
        )
    if len(strides) > 1:
        says = "The steps are as long as all strides before it multiply to, not as the last one alone."
        last = total(r, product(*spread, gap, strides[-1]))
        yield slip("dropped-factor", last, "last-stride", says, PLAIN, "stride-ignored")
    if strides:
        says = "A window of k adds (k − 1) · j, where j is the product of the strides before it."
        yield slip("dropped-factor", total(r, k), "sizes", says, LIKELY, "stride-ignored", "off-by-one")
    says = "Receptive fields do not multiply: each layer adds (k − 1) · j."
    yield slip("other-operation", product(r, k), "times", says, LIKELY)
