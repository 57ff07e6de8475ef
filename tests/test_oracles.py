"""The oracles agree with a second route: differences, mpmath, scikit-learn, cases worked by hand."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import batches, distance, number, numbers, plain, quantities
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPRegressor
from strategies import problems_logistic, problems_mlp, problems_softmax

thorough = settings(deadline=None, max_examples=150)


def largest(value: Any) -> float:
    return float(np.max(np.abs(np.array(value, float)), initial=0))


def slope(problem: dict[str, Any], name: str, place: tuple[int, ...], quantity: str, h: float = 1e-5) -> Any:
    """Central difference of a quantity in one entry of a given value."""
    sides = []
    for step in (h, -h):
        moved = copy.deepcopy(problem)
        entry = np.array(moved["given"][name], float)
        entry[place] += step
        moved["given"][name] = entry.tolist()
        sides.append(np.array(quantities(moved)[quantity], float))
    return (sides[0] - sides[1]) / (2 * h)


def slopes(problem: dict[str, Any], name: str, quantity: str) -> Any:
    """All central differences of a quantity; the given value's axes come last."""
    shape = np.shape(problem["given"][name])
    columns = [slope(problem, name, place, quantity) for place in np.ndindex(shape)]
    return np.moveaxis(np.array(columns), 0, -1).reshape(columns[0].shape + shape).tolist()


# ---------------------------------------------------------------- numbers as typed


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        *((3, 3), ("-2", -2), ("1/3", 1 / 3), ("-2/5", -0.4), ("1e-3", 0.001), (".5", 0.5), ("50%", 0.5)),
        *(("sqrt(2)", 2**0.5), ("exp(-1)", np.exp(-1)), ("ln(2)", np.log(2)), ("2^3", 8), ("0,25", 0.25)),
        *(
            ("3 3; 0 -4", [[3, 3], [0, -4]]),
            ("3,3;0,-4", [[3, 3], [0, -4]]),
            ("3, 3; 0, -4", [[3, 3], [0, -4]]),
        ),
        ("0,1 0,4; 1 2", [[0.1, 0.4], [1, 2]]),
        ("1/2 -1", [0.5, -1]),
        (r"\begin{bmatrix} 3 & 3 \\ 0 & -4 \end{bmatrix}", [[3, 3], [0, -4]]),
        ([["1/2", 1], [0, "25%"]], [[0.5, 1], [0, 0.25]]),
    ],
)
def test_numbers_as_typed(typed: Any, value: Any) -> None:
    assert distance(numbers(typed), value) < 1e-15


# ---------------------------------------------------------------- logistic regression


def test_batches_start_again_at_the_first_row() -> None:
    assert [rows.tolist() for rows in batches(5, 2, 5)] == [[0, 1], [2, 3], [4], [0, 1], [2, 3]]
    assert [rows.tolist() for rows in batches(2, None, 3)] == [[0, 1]] * 3


@thorough
@given(problems_logistic())
def test_logistic_gradient_is_the_slope_of_the_loss(problem: dict[str, Any]) -> None:
    problem = plain(problem)
    problem["given"].update(iterations=0)
    found = quantities(problem)
    assume(largest(problem["given"]["X"]) < 10)
    assert distance(slopes(problem, "w", "loss(0)"), found["grad(0)"]) < 1e-6
    if "b" in problem["given"]:
        assert distance(slopes(problem, "b", "loss(0)"), found["grad_b(0)"]) < 1e-6


@thorough
@given(problems_logistic())
@mp.workdps(40)
def test_logistic_iterations_by_definition(problem: dict[str, Any]) -> None:
    """Every iterate once more, in mpmath with loops, from the oracle's own w(t)."""
    given_, found = plain(problem)["given"], quantities(problem)
    rows, labels, n = given_["X"], given_["y"], len(given_["y"])
    size = n if given_.get("batch", "full") == "full" else given_["batch"]
    l2, rate, start = given_.get("l2", 0), given_.get("learning_rate", 0), 0
    for t in range(given_["iterations"] + 1):
        last = t == given_["iterations"]
        part = range(n) if last else range(start, min(start + size, n))
        start = part.stop % n
        w, b = found[f"w({t})"], found.get(f"b({t})", 0)
        z = [mp.fdot(rows[i], w) + b for i in part]
        y = [1 if labels[i] == 1 else 0 for i in part]
        each = [
            -mp.log(mp.mpf(1) / (1 + mp.exp(-s))) if c else s + mp.log(1 + mp.exp(-s))
            for s, c in zip(z, y, strict=True)
        ]
        scale = 1 if given_.get("loss") == "sum" else mp.mpf(1) / len(part)
        assert distance([float(s) for s in z], found[f"z({t})"]) < 1e-12
        assert distance([float(1 / (1 + mp.exp(-s))) for s in z], found[f"p({t})"]) < 1e-12
        loss = scale * mp.fsum(each) + mp.mpf(l2) / 2 * mp.fdot(w, w)
        assert distance(float(loss), found[f"loss({t})"]) < 1e-12
        if last:
            break
        error = [1 / (1 + mp.exp(-s)) - c for s, c in zip(z, y, strict=True)]
        grad = [
            scale * mp.fsum(e * rows[i][j] for e, i in zip(error, part, strict=True)) + l2 * w[j]
            for j in range(len(w))
        ]
        assert distance([float(g) for g in grad], found[f"grad({t})"]) < 1e-9
        assert (
            distance([float(v - rate * g) for v, g in zip(w, grad, strict=True)], found[f"w({t + 1})"]) < 1e-9
        )
        if "b" in given_:
            assert distance(float(scale * mp.fsum(error)), found[f"grad_b({t})"]) < 1e-9
            assert distance(float(b - rate * scale * mp.fsum(error)), found[f"b({t + 1})"]) < 1e-9


@thorough
@given(problems_logistic())
def test_logistic_loss_is_scikit_learns(problem: dict[str, Any]) -> None:
    problem["given"].pop("l2", None)
    given_, found = plain(problem)["given"], quantities(problem)
    T = given_["iterations"]
    p = np.array(found[f"p({T})"])
    assume(np.all((p > 1e-9) & (p < 1 - 1e-9)))
    y = (np.array(given_["y"]) == 1).astype(int)
    expected = log_loss(y, p, labels=[0, 1], normalize=given_.get("loss", "mean") == "mean")
    assert found[f"loss({T})"] == pytest.approx(expected, rel=1e-6)


@settings(deadline=None, max_examples=40)
@given(problems_logistic(), st.booleans())
def test_one_row_at_a_time_is_scikit_learns_sgd(problem: dict[str, Any], intercept: bool) -> None:
    given_ = plain(problem)["given"]
    assume(len(set(given_["y"])) == 2)
    X, y = np.array(given_["X"], float), np.array(given_["y"])
    l2 = given_.get("l2", 0)
    given_.update(batch=1, iterations=len(y), learning_rate=0.1, b=0.25)
    if not intercept:
        given_.pop("b")
    found = quantities({"kind": "logistic-gd", "given": given_})
    model = SGDClassifier(
        **{
            "loss": "log_loss",
            "penalty": "l2" if l2 else None,
            "alpha": l2 or 1,
            "learning_rate": "constant",
        },
        **{"eta0": 0.1, "shuffle": False, "max_iter": 1, "tol": None, "fit_intercept": intercept},
    )
    start = {"coef_init": np.array([given_["w"]], float), "intercept_init": np.array([0.25 * intercept])}
    model.fit(X, y, **start)
    assert distance(model.coef_[0].tolist(), found[f"w({len(y)})"]) < 1e-7
    if intercept:
        assert distance(model.intercept_[0].item(), found[f"b({len(y)})"]) < 1e-7


# ---------------------------------------------------------------- a multilayer perceptron, forwards

SLOW = {
    "identity": lambda z: z,
    "relu": lambda z: max(z, mp.mpf(0)),
    "leaky-relu": lambda z: z if z > 0 else z * mp.mpf(0.01),
    "leaky-relu(0.1)": lambda z: z if z > 0 else z * mp.mpf(0.1),
    "leaky-relu(0.5)": lambda z: z if z > 0 else z / 2,
    "elu": lambda z: z if z > 0 else mp.exp(z) - 1,
    "gelu": lambda z: z / 2 * mp.erfc(-z / mp.sqrt(2)),
    "softplus": lambda z: mp.log(1 + mp.exp(z)),
    "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
    "tanh": mp.tanh,
    "step": lambda z: mp.mpf(z >= 0),
    "sign": mp.sign,
    "z^2": lambda z: z * z,
    "z*sigmoid(z)": lambda z: z / (1 + mp.exp(-z)),
    "max(z, 0)": lambda z: max(z, mp.mpf(0)),
    "1/(1 + exp(-z))": lambda z: 1 / (1 + mp.exp(-z)),
    "z/(1 + abs(z))": lambda z: z / (1 + abs(z)),
    "1/2 + z/(4 + 4*abs(z))": lambda z: mp.mpf(1) / 2 + z / (4 + 4 * abs(z)),
    "1 if z == 0 else 0": lambda z: mp.mpf(z == 0),
    "1[z > 0]": lambda z: mp.mpf(z > 0),
    "z if z >= 1 else 0": lambda z: z if z >= 1 else mp.mpf(0),
    "1 if z >= 0 else -1": lambda z: mp.mpf(1) if z >= 0 else mp.mpf(-1),
}


def slow_softmax(z: list[Any]) -> list[Any]:
    powers = [mp.exp(s - max(z)) for s in z]
    return [power / mp.fsum(powers) for power in powers]


def slow_loss(name: str, target: Any, activation: str, z: list[Any], a: list[Any]) -> Any:
    if name == "cross-entropy":
        y = [int(j == target) for j in range(len(a))] if isinstance(target, int) else target
        return -mp.fsum(part * mp.log(p) for part, p in zip(y, a, strict=True) if part)
    y = target if isinstance(target, list) else [target]
    if name == "binary-cross-entropy":
        rest = [1 / (1 + mp.exp(s)) for s in z] if activation == "sigmoid" else [1 - p for p in a]
        return -mp.fsum(
            v * mp.log(p) + (1 - v) * mp.log(q) for v, p, q in zip(y, a, rest, strict=True)
        ) / len(a)
    squares = mp.fsum((p - v) ** 2 for p, v in zip(a, y, strict=True))
    return squares * {"mse": mp.mpf(1) / len(a), "half-squared-error": mp.mpf(0.5), "squared-error": 1}[name]


@pytest.mark.parametrize("name", SLOW)
def test_every_activation(name: str) -> None:
    z = [-40, -3, -1, -0.5, 0, 0.5, 1, 3, 40]
    expected = [[float(SLOW[name](mp.mpf(one)))] for one in z]
    layer = {"W": [[1]], "activation": name}
    found = quantities({"kind": "mlp-forward", "given": {"x": [[one] for one in z], "layers": [layer]}})
    assert distance(found["y_hat"], expected) < 1e-12


@thorough
@given(problems_mlp())
def test_mlp_by_definition(problem: dict[str, Any]) -> None:
    """The whole net once more, one unit after the other, in mpmath."""
    given_, found = plain(problem)["given"], quantities(problem)
    single = not isinstance(given_["x"][0], list)
    samples = [[mp.mpf(v) for v in row] for row in ([given_["x"]] if single else given_["x"])]
    z, a, activation, total = samples, samples, "identity", 0
    with mp.workdps(40):
        for i, layer in enumerate(given_["layers"], start=1):
            units = (
                layer["W"]
                if given_.get("form") != "x W + b"
                else [list(u) for u in zip(*layer["W"], strict=True)]
            )
            b = layer.get("b", [0] * len(units))
            z = [[mp.fdot(unit, row) + c for unit, c in zip(units, b, strict=True)] for row in a]
            activation = layer.get("activation", "identity")
            a = [slow_softmax(r) if activation == "softmax" else [SLOW[activation](s) for s in r] for r in z]
            for name, value in ((f"z{i}", z), (f"a{i}", a)):
                rows = [[float(v) for v in row] for row in value]
                assert distance(rows[0] if single else rows, found[name]) < 1e-9
            assert found[f"W{i}.params"] == np.prod(found[f"W{i}.shape"])
            total += found[f"W{i}.params"] + found.get(f"b{i}.params", 0)
        assert found["y_hat"] == found[f"a{len(given_['layers'])}"]
        assert found["total_params"] == total
        if "loss" in given_:
            targets = [given_["target"]] if single else given_["target"]
            losses = [
                slow_loss(given_["loss"], y, activation, s, p) for y, s, p in zip(targets, z, a, strict=True)
            ]
            expected = mp.fsum(losses) / (1 if given_.get("reduction") == "sum" else len(losses))
            assert distance(float(expected), found["loss"]) < 1e-9
            assert single or distance([float(one) for one in losses], found["losses"]) < 1e-9


@settings(deadline=None, max_examples=30)
@given(problems_mlp(), st.sampled_from(["relu", "tanh", "logistic", "identity"]))
def test_mlp_is_scikit_learns(problem: dict[str, Any], name: str) -> None:
    given_ = plain(problem)["given"]
    for field in ("target", "loss", "reduction"):
        given_.pop(field, None)
    layers = given_["layers"]
    for layer in layers:
        layer["activation"] = "sigmoid" if name == "logistic" else name
        layer.setdefault("b", [0] * len(layer["W"][0] if given_.get("form") == "x W + b" else layer["W"]))
    layers[-1]["activation"] = "identity"
    given_["x"] = np.atleast_2d(np.array(given_["x"], float)).tolist()
    weights = [np.array(layer["W"], float) for layer in layers]
    if given_.get("form") != "x W + b":
        weights = [W.T for W in weights]
    model = MLPRegressor(
        hidden_layer_sizes=tuple(W.shape[1] for W in weights[:-1]), activation=name, max_iter=1, solver="sgd"
    )
    outputs = np.zeros((2, weights[-1].shape[1]))
    model.partial_fit(np.zeros((2, weights[0].shape[0])), outputs if outputs.shape[1] > 1 else outputs[:, 0])
    model.coefs_, model.intercepts_ = weights, [np.array(layer["b"], float) for layer in layers]
    y_hat = np.array(quantities({"kind": "mlp-forward", "given": given_})["y_hat"])
    assert distance(model.predict(given_["x"]).reshape(y_hat.shape).tolist(), y_hat.tolist()) < 1e-9


# ---------------------------------------------------------------- softmax and cross-entropy


@thorough
@given(problems_softmax())
def test_softmax_slopes(problem: dict[str, Any]) -> None:
    """grad, the three gradients of a made z and the Jacobian, against central differences."""
    problem = plain(problem)
    given_, found = problem["given"], quantities(problem)
    assume("probabilities" not in given_)
    variable = "logits" if "logits" in given_ else "x"
    assume(largest(given_.get("logits", found.get("z"))) / given_.get("temperature", 1) < 50)
    pairs = [("x", "dL/dx"), ("W", "dL/dW"), ("b", "dL/db")] if variable == "x" else [("logits", "grad")]
    for name, gradient in pairs:
        if gradient in found:
            assert distance(slopes(problem, name, "loss"), found[gradient]) < 1e-5
    if variable == "logits":
        rows = np.array(slopes(problem, "logits", "p"))
        own = rows if rows.ndim == 2 else np.array([rows[i, :, i, :] for i in range(len(rows))])
        assert distance(own.tolist(), found["jacobian"]) < 1e-5


@thorough
@given(problems_softmax())
def test_softmax_by_definition(problem: dict[str, Any]) -> None:
    given_, found = plain(problem)["given"], quantities(problem)
    source = found.get("z", given_.get("logits", given_.get("probabilities")))
    single = not isinstance(source[0], list)
    base = {"2": mp.mpf(2), "10": mp.mpf(10), "e": mp.e}[str(given_.get("log", "e"))]
    losses, p_rows, log_rows = [], [], []
    with mp.workdps(1500):  # exp(-16000) is not lost
        for i, row in enumerate([source] if single else source):
            z = [mp.mpf(s) / mp.mpf(given_.get("temperature", 1)) for s in row]
            p = z if "probabilities" in given_ else [mp.exp(s) / mp.fsum(map(mp.exp, z)) for s in z]
            p_rows.append([float(v) for v in p])
            log_rows.append([float(mp.log(v, base)) for v in p])
            if "target" in given_:
                target = given_["target"] if single else given_["target"][i]
                y = [int(j == target) for j in range(len(p))] if isinstance(target, int) else target
                losses.append(float(-mp.fsum(part * mp.log(v, base) for part, v in zip(y, p, strict=True))))
        assert distance(p_rows[0] if single else p_rows, found["p"]) < 1e-12
        assert distance(log_rows[0] if single else log_rows, found["log_p"]) < 1e-12
    classes = [row.index(max(row)) for row in ([source] if single else source)]
    if "predicted" in found:
        assert found["predicted"] == (classes[0] if single else classes)
    if losses:
        assert (
            distance(np.sum(losses) / (1 if given_.get("reduction") == "sum" else len(losses)), found["loss"])
            < 1e-9
        )
        assert single or distance(losses, found["losses"]) < 1e-9


def test_softmax_loss_is_scikit_learns() -> None:
    logits = [[2, 1, 0.1], [0.5, -1, 3], [0, 0, 0]]
    found = quantities({"kind": "softmax-ce", "given": {"logits": logits, "target": [0, 2, 1]}})
    assert found["loss"] == pytest.approx(log_loss([0, 2, 1], found["p"]))


def test_a_probability_of_zero_costs_nothing_where_the_target_is_zero() -> None:
    found = quantities({"kind": "softmax-ce", "given": {"probabilities": [0.05, 0.95, 0], "target": 1}})
    assert found["loss"] == pytest.approx(0.0513, abs=5e-5)
    assert "log_p" not in found


# ---------------------------------------------------------------- cases worked by hand

DIFFERENCES = [
    [1 if j == a else -1 if j == b else 0 for j in range(4)] for a, b in itertools.combinations(range(4), 2)
]
EQUAL = "1 if z == 0 else 0"
ALL_DIFFERENT = [
    ([-1, -1, 2.5, 2.5], [0, -3.5, -3.5, -3.5, -3.5, 0], [1, 0, 0, 0, 0, 1], 0),
    ([6, 4, 2, 6], [2, 4, 0, 2, -2, -4], [0, 0, 1, 0, 0, 0], 0),
    ([-10, 0, 0, -10], [-10, -10, 0, 0, 10, 10], [0, 0, 1, 1, 0, 0], 0),
    ([-1, 0, 1, 0.5], [-1, -2, -1.5, -1, -0.5, 0.5], [0, 0, 0, 0, 0, 0], 1),
]
CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {
            "kind": "logistic-gd",
            "given": {
                **{"X": [[3, 3], [0, -4]], "y": [1, 0], "w": [-2, -2]},
                **{"learning_rate": 0.1, "iterations": 3, "loss": "sum"},
            },
        },
        {
            "z(0)": [-12, 8],
            "p(0)": [6.144174602214718e-06, 0.9996646498695336],
            "grad(0)": [-2.999981567476193, -6.998640166954328],
            "w(1)": [-1.7000018432523807, -1.3001359833045671],
            "grad(1)": [-2.999629969284972, -6.977696641727032],
            "w(2)": [-1.4000388463238835, -0.6023663191318639],
            "z(2)": [-6.007215496367242, 2.4094652765274556],
            "p(2)": [0.0024548898058211924, 0.9175462363239393],
            "grad(2)": [-2.9926353305825364, -6.6628202758782935],
            "w(3)": [-1.10077531326563, 0.0639157084559655],
        },
    ),
    (
        {
            "kind": "mlp-forward",
            "given": {
                **{"x": [2, 3], "form": "x W + b"},
                "layers": [
                    {"W": "4 0 4 1; 3 4 2 2", "b": [0, 1, 3, 2], "activation": "relu"},
                    {"W": "3 0 2; 1 3 0; 1 1 1; 0 1 4", "b": [0, 4, 3], "activation": "softmax"},
                ],
            },
        },
        {
            **{"z1": [17, 13, 17, 10], "z2": [81, 70, 94], "total_params": 27, "predicted": 2},
            "y_hat": [2.260324297818244e-06, 3.7751260111082436e-11, 0.9999977396379509],
        },
    ),
    *(
        (
            {
                "kind": "mlp-forward",
                "given": {
                    "x": x,
                    "layers": [
                        {"W": DIFFERENCES, "b": [0] * 6, "activation": EQUAL},
                        {"W": [[1] * 6], "b": [0], "activation": EQUAL},
                    ],
                },
            },
            {"z1": z1, "a1": a1, "z2": [sum(a1)], "y_hat": [y_hat]},
        )
        for x, z1, a1, y_hat in ALL_DIFFERENT
    ),
    (
        {"kind": "softmax-ce", "given": {"logits": [2, 1, 0.1], "target": 0, "symbolic": True}},
        {
            "p": [0.6590011388859679, 0.2424329707047139, 0.09856589040931818],
            "loss": 0.4170300162778335,
            "grad": [-0.3409988611140321, 0.2424329707047139, 0.09856589040931818],
            "jacobian": [
                [0.22471863783296514, -0.15976360379791496, -0.06495503403505018],
                [-0.15976360379791496, 0.18365922542000124, -0.023895621622086274],
                [-0.06495503403505018, -0.023895621622086274, 0.08885065565713646],
            ],
        },
    ),
]


@pytest.mark.parametrize(("problem", "expected"), CASES)
def test_cases_worked_by_hand(problem: dict[str, Any], expected: dict[str, Any]) -> None:
    found = quantities(problem)
    assert {name: distance(found[name], value) for name, value in expected.items()} == pytest.approx(
        dict.fromkeys(expected, 0.0), abs=1e-12
    )


def test_distance_sees_a_wrong_shape() -> None:
    assert distance([1, 2], [1, 2, 3]) == distance([1], 1) == distance([[1]], [1]) == np.inf
    assert distance([1, 2e6], [1, 2e6 + 1]) == pytest.approx(5e-7)
    assert number("-2/5") == -0.4
