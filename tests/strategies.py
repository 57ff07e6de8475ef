"""Random problems with numbers as exams have them, over all options of a kind.

The problems are plain dicts, ready to be dumped as YAML or JSON. Numbers are whole, short decimals or typed
as text ("1/3"); `oracles.plain` reads them. Where an activation jumps (step, sign, a formula with `==`)
all numbers are multiples of 1/2, so that both sides of a comparison have the same sign of z. Where p is
compared with a threshold, `oracles` leaves out what rounding decides.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

Draw = st.DrawFn
Problem = dict[str, Any]

WHOLE = st.integers(-5, 5)
HALVES = st.integers(-8, 8).map(lambda n: n / 2 if n % 2 else n // 2)
TENTHS = st.integers(-30, 30).map(lambda n: n / 10)
HUNDREDTHS = st.integers(-300, 300).map(lambda n: n / 100)
TYPED = st.sampled_from(
    ["1/3", "-2/5", "3/4", "-1/7", "1e-3", ".5", "50%", "sqrt(2)", "exp(-1)", "ln(2)", "2^3", "pi/4", "0,25"]
)
NUMBER = st.one_of(WHOLE, TENTHS, HUNDREDTHS, TYPED)
FAMILIES = [WHOLE, TENTHS, HUNDREDTHS, st.one_of(WHOLE, TENTHS), NUMBER]
EXTREME = st.sampled_from([-800, 800, 710, -745, 0, 1, 37, -40])

SMOOTH = [
    *("identity", "relu", "leaky-relu", "leaky-relu(0.1)", "elu", "gelu", "softplus", "sigmoid", "tanh"),
    *("softmax", "z^2", "z*sigmoid(z)", "max(z, 0)", "1/(1 + exp(-z))", "z/(1 + abs(z))"),
]
BOUNDED = ["relu", "sigmoid", "tanh", "gelu", "elu", "softplus"]
JUMPING = ["step", "sign", "1 if z == 0 else 0", "1[z > 0]", "z if z >= 1 else 0", "1 if z >= 0 else -1"]
EXACT = ["identity", "relu", "leaky-relu(0.5)", "max(z, 0)", *JUMPING]  # keep multiples of powers of 1/2
PROBABILITIES = ["sigmoid", "sigmoid", "1/2 + z/(4 + 4*abs(z))"]  # a typed 1/(1 + exp(-z)) rounds to 1


def vectors(numbers: st.SearchStrategy[Any], size: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(numbers, min_size=size, max_size=size)


def matrices(numbers: st.SearchStrategy[Any], rows: int, columns: int) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(vectors(numbers, columns), min_size=rows, max_size=rows)


def as_text(matrix: list[list[Any]]) -> str:
    return "; ".join(" ".join(str(entry) for entry in row) for row in matrix)


def as_latex(matrix: list[list[Any]]) -> str:
    rows = r" \\ ".join(" & ".join(str(entry) for entry in row) for row in matrix)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


@st.composite
def typed_matrix(draw: Draw, matrix: list[list[Any]]) -> Any:
    """The same matrix as a list of rows, or as text (two rows or more: one row of text is a vector)."""
    way = draw(st.sampled_from(["list", "list", "list", "text", "latex"]))
    commas = any(isinstance(entry, str) and "," in entry for row in matrix for entry in row)
    if way == "list" or len(matrix) < 2 or commas:
        return matrix
    return as_text(matrix) if way == "text" else as_latex(matrix)


@st.composite
def distributions(draw: Draw, k: int) -> list[Any]:
    """k tenths that sum to 1, as decimals or fractions."""
    cuts = sorted(draw(vectors(st.integers(0, 10), k - 1)))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, 10], strict=True)]
    fractions = draw(st.booleans())
    return [f"{part}/10" if fractions else part / 10 for part in parts]


@st.composite
def classes(draw: Draw, k: int, distributed: bool = True) -> Any:
    """A class: index from 0, one-hot or (if allowed) a distribution."""
    index = draw(st.integers(0, k - 1))
    ways: list[Any] = [index, [int(j == index) for j in range(k)]]
    if distributed and k > 1:
        ways.append(draw(distributions(k)))
    return draw(st.sampled_from(ways))


def optional(draw: Draw, given: Problem, name: str, values: st.SearchStrategy[Any]) -> None:
    if draw(st.booleans()):
        given[name] = draw(values)


@st.composite
def problems_logistic(draw: Draw) -> Problem:
    n, d = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    numbers = draw(st.sampled_from(FAMILIES))
    iterations = draw(st.integers(0, 4))
    labels = draw(st.sampled_from([[0, 1], [-1, 1]]))
    rates = st.sampled_from([0.1, 1, 0.5, 0.01, "1/3", "10%", 2])
    if draw(st.integers(0, 9)) == 0:  # saturated scores, one large step
        numbers, rates = st.one_of(WHOLE, EXTREME), st.sampled_from([100, 1000])
        iterations = min(iterations, 1)
    given: Problem = {
        "X": draw(typed_matrix(draw(matrices(numbers, n, d)))),
        "y": draw(vectors(st.sampled_from(labels), n)),
        "w": draw(st.one_of(vectors(WHOLE, d), vectors(numbers, d), st.just([0] * d))),
        "iterations": iterations,
    }
    if iterations or draw(st.booleans()):
        given["learning_rate"] = draw(rates)
    optional(draw, given, "b", numbers)
    optional(draw, given, "loss", st.sampled_from(["sum", "mean"]))
    optional(draw, given, "l2", st.sampled_from([0, 0.1, 1, 0.01, "1/2"]))
    optional(draw, given, "batch", st.one_of(st.just("full"), st.integers(1, n)))
    if draw(st.booleans()):
        given["predict"] = draw(matrices(numbers, draw(st.integers(1, 3)), d))
        optional(draw, given, "threshold", st.sampled_from([0.5, 0.3, 0.75, "2/3"]))
    return {"kind": "logistic-gd", "given": given}


@st.composite
def problems_mlp(draw: Draw) -> Problem:
    jumping = draw(st.integers(0, 3)) == 0
    numbers = HALVES if jumping else draw(st.sampled_from(FAMILIES))
    extreme = not jumping and draw(st.integers(0, 9)) == 0
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    rows = draw(st.one_of(st.none(), st.integers(1, 4)))
    given: Problem = {
        "x": draw(vectors(numbers, sizes[0]) if rows is None else matrices(numbers, rows, sizes[0])),
    }
    optional(draw, given, "form", st.sampled_from(["W x + b", "x W + b"]))
    turned = given.get("form", "W x + b") == "x W + b"
    loss = draw(
        st.sampled_from(
            [None, "cross-entropy", "binary-cross-entropy", "mse", "half-squared-error", "squared-error"]
        )
    )
    layers: list[Problem] = []
    for i, (inputs, units) in enumerate(pairwise(sizes)):
        last = i == len(sizes) - 2
        shape = (inputs, units) if turned else (units, inputs)
        weights = st.one_of(WHOLE, EXTREME) if extreme and last else numbers
        layer: Problem = {"W": draw(typed_matrix(draw(matrices(weights, *shape))))}
        optional(draw, layer, "b", vectors(weights, units))
        if last and loss == "cross-entropy":
            layer["activation"] = "softmax"
        elif last and loss == "binary-cross-entropy":
            layer["activation"] = "sigmoid" if extreme else draw(st.sampled_from(PROBABILITIES))
        elif extreme:  # keep formulas such as exp(-z) out of the range where they overflow
            layer["activation"] = draw(
                st.sampled_from(["relu", "sigmoid", "tanh", "gelu", "elu", "softplus"])
            )
        else:
            allowed = EXACT if jumping and not last else EXACT + SMOOTH if jumping else SMOOTH
            optional(draw, layer, "activation", st.sampled_from(allowed))
        layers.append(layer)
    given["layers"] = layers
    if loss is None:
        return {"kind": "mlp-forward", "given": given}

    k = sizes[-1]
    targets: st.SearchStrategy[Any]
    if loss == "cross-entropy":
        targets = classes(k)
    else:
        values = st.sampled_from([0, 1, 1, 0.5, 0.25]) if loss == "binary-cross-entropy" else numbers
        targets = st.one_of(values, vectors(values, k)) if k == 1 else vectors(values, k)
    given["loss"] = loss
    given["target"] = draw(targets if rows is None else st.lists(targets, min_size=rows, max_size=rows))
    optional(draw, given, "reduction", st.sampled_from(["mean", "sum"]))
    return {"kind": "mlp-forward", "given": given}


@st.composite
def problems_softmax(draw: Draw) -> Problem:
    k, rows = draw(st.integers(2, 5)), draw(st.one_of(st.none(), st.integers(1, 4)))
    numbers = draw(st.sampled_from(FAMILIES))
    way = draw(st.sampled_from(["logits", "logits", "made", "probabilities"]))
    given: Problem = {}
    if way == "logits":
        scores = st.one_of(numbers, EXTREME) if draw(st.integers(0, 4)) == 0 else numbers
        given["logits"] = draw(vectors(scores, k) if rows is None else matrices(scores, rows, k))
    elif way == "made":
        d = draw(st.integers(1, 4))
        given["x"] = draw(vectors(numbers, d) if rows is None else matrices(numbers, rows, d))
        given["W"] = draw(typed_matrix(draw(matrices(numbers, k, d))))
        optional(draw, given, "b", vectors(numbers, k))
    else:
        one = distributions(k).filter(lambda p: not any(str(part) in ("0.0", "0/10") for part in p))
        given["probabilities"] = draw(one if rows is None else st.lists(one, min_size=rows, max_size=rows))
    if draw(st.integers(0, 3)):
        target = classes(k)
        given["target"] = draw(target if rows is None else st.lists(target, min_size=rows, max_size=rows))
    if way != "probabilities":
        optional(draw, given, "temperature", st.sampled_from([1, 2, 0.5, 0.1, 10, "1/3"]))
    optional(draw, given, "log", st.sampled_from([2, 10, "e"]))
    optional(draw, given, "reduction", st.sampled_from(["mean", "sum"]))
    optional(draw, given, "symbolic", st.booleans())
    return {"kind": "softmax-ce", "given": given}
