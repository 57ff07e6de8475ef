"""What a layer of a convolutional network counts: sizes, parameters, multiplications, as formulas.

Dumoulin, Visin: A guide to convolution arithmetic for deep learning (2016).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.nodes import Apply, Expr, Formula, Function, Op, Operand, Sym, Terms, apply, const
from solver.expr.ops import number
from solver.expr.values import Array
from solver.parts.windows import CEILED, FLOORED, OVER
from solver.spec.layers import POOLS, Layer

CONVS = ("conv", "depthwise_conv", "separable_conv")
WINDOWED = (*CONVS, *POOLS)
GLOBAL = ("global_avgpool", "global_maxpool")
ADAPTIVE = ("adaptive_avgpool", "adaptive_maxpool")
NORMS = ("batchnorm", "layernorm")

LONG_SUM = 24
"""Of a sum of more terms the first ones and the last are written."""

# The operations of counting


def _op(name: str, of: Callable[..., Any], notation: Any, **kwargs: Any) -> Op:
    def compute(_: Any, *x: Array) -> Array:
        return np.asarray(reduced(of(*(each.item() for each in x))), dtype=object)

    return Op(name, compute, lambda *_: (), notation, work=lambda *_: 0, **kwargs)


def reduced(x: Any) -> Any:
    """A fraction that is whole as an integer."""
    return x.numerator if isinstance(x, Fraction) and x.denominator == 1 else x


def _shortened(*terms: Expr) -> Expr:
    return apply(TERMS, *terms[:3], Sym("⋯"), terms[-1])


def _factor_slips(*factors: Expr) -> Iterator[Slip]:
    for place, factor in enumerate(factors):
        rest = [*factors[:place], *factors[place + 1 :]]
        yield Slip("dropped-factor", product(*rest), f"drop-{place}:factors", factor, PLAIN)
        yield Slip("repeated-factor", product(*factors, factor), f"twice-{place}:factors", factor, LIKELY)
        if isinstance(factor, Apply) and factor.op is TERMS:
            first, *others = factor.args
            yield Slip("brackets", total(product(first, *rest), *others), "open:factors", factor, PLAIN)
    yield Slip("other-operation", total(*factors), "plus:factors", None, POSSIBLE)


def _term_slips(*terms: Expr) -> Iterator[Slip]:
    first, *others = terms
    if isinstance(first, Apply) and first.op is FACTORS:
        for place in range(1, len(first.args)):  # the bias inside other brackets
            before, after = first.args[:place], first.args[place:]
            inner = product(total(product(*before), *others), *after)
            yield Slip("brackets", inner, f"early-{place}:terms", None, LIKELY, ("extra-factor",))
            outer = product(*before, total(product(*after), *others))
            yield Slip("brackets", outer, f"late-{place}:terms", None, LIKELY, ("extra-factor",))
    for place, term in enumerate(terms):
        rest = [*terms[:place], *terms[place + 1 :]]
        yield Slip("dropped-term", total(*rest), f"drop-{place}:terms", term, PLAIN)
        changed = [*terms[:place], -term, *terms[place + 1 :]]
        yield Slip("sign", total(*changed), f"sign-{place}:terms", term, LIKELY, ("other-operation",))


FACTORS = _op(
    "factors",
    lambda *x: math.prod(x),
    Formula(lambda *x: reduce(lambda a, b: a * b, x)),
    at_once=True,
    slips=_factor_slips,
)
TERMS = _op("terms", lambda *x: sum(x), Terms(), at_once=True, slips=_term_slips)
LONG_TERMS = _op("long_terms", lambda *x: sum(x), Formula(_shortened), at_once=True)
LARGEST_OF = _op("largest", max, Function("max"))


def product(*factors: Operand) -> Expr:
    """Factors in a row, multiplied at once."""
    return apply(FACTORS, *factors) if len(factors) > 1 else const(factors[0])


def total(*terms: Operand) -> Expr:
    """Terms in a row, added at once."""
    return apply(TERMS, *terms) if len(terms) > 1 else const(terms[0])


def long_total(terms: Sequence[Expr]) -> Expr:
    """A sum; in the middle of a very long one stands ⋯."""
    if len(terms) > LONG_SUM:
        return apply(LONG_TERMS, *terms)
    return total(*terms) if terms else number(0)


def entry(name: str, index: int) -> Expr:
    return Sym(name)[index]


# The formulas, for numbers and for letters


def places(n: Expr, k: Expr, p: Expr, s: Expr, d: Expr | None, up: bool) -> Expr:
    """How many places a window has: ⌊(n + 2p − k)/s⌋ + 1; a dilated one covers d (k − 1) + 1."""
    padded = n + product(2, p)
    room = padded - k if d is None else padded - product(d, k - 1) - 1
    return apply(CEILED if up else FLOORED, room, s) + 1


def transposed(n: Expr, k: Expr, p: Expr, s: Expr, d: Expr | None = None, more: Operand = 0) -> Expr:
    """The size behind a transposed convolution: (n − 1) s − 2p + k."""
    window = (k,) if d is None else (product(d, k - 1), 1)
    return total(product(n - 1, s), -product(2, p), *window, *([more] if more else []))


def with_bias(weights: Sequence[Operand], filters: Operand, biased: bool) -> Expr:
    """The weights of a filter and its bias, for all filters."""
    return product(total(product(*weights), 1), filters) if biased else product(*weights, filters)


def parameters(
    layer: Layer, before: Sequence[Expr], window: Sequence[Operand], F: Operand, biased: bool
) -> Expr:
    """How many parameters a layer has: the kernel of a filter, `window`, is k, k; F are filters or units."""
    C = before[-1]
    match layer.what:
        case "conv" | "conv_transpose":
            return with_bias((*window, C if layer.groups == 1 else apply(OVER, C, layer.groups)), F, biased)
        case "depthwise_conv":
            return with_bias(window, multiplied(C, layer), biased)
        case "separable_conv":
            wide = multiplied(C, layer)
            return product(*window, wide) + with_bias((wide,), F, biased)
        case "dense":
            return with_bias(before, F, biased)
        case "batchnorm" | "layernorm":
            return product(2, C)
        case "embedding":
            return product(layer.vocabulary, layer.units)
    return number(0)


def multiplications(layer: Layer, before: Sequence[Expr], after: Sequence[Expr]) -> Expr:
    """How many products of two numbers a layer computes."""
    k, F, C = layer.window, layer.filters, before[-1]
    per_group = C if layer.groups == 1 else apply(OVER, C, layer.groups)
    match layer.what:
        case "conv":
            return product(*after[:2], F, *k, per_group)
        case "conv_transpose":
            return product(*before[:2], F, *k, per_group)
        case "depthwise_conv":
            return product(*after, *k)
        case "separable_conv":
            wide = multiplied(C, layer)
            return product(*after[:2], wide, *k) + product(*after[:2], wide, F)
        case "dense":
            return product(*before, layer.units)
    return number(0)


def multiplied(channels: Expr, layer: Layer) -> Expr:
    return channels if layer.multiplier == 1 else product(channels, layer.multiplier)
