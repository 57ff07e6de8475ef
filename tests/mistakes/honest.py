"""Right answers in every dress, slips that are carried, guesses, blanks and what nobody can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_DOWN
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from . import gains, images, logistic, networks, shapes
from .files import Line, Typed
from .paper import (
    Case,
    Keep,
    Unfit,
    Values,
    at_places,
    decimals,
    finished,
    judgements,
    places,
    same,
    significantly,
    some,
    to,
    typed,
)

Run = Callable[[Keep], Values]


class Question(NamedTuple):
    """A problem, and how it is worked through; a step's value goes through `keep` in the order of the names."""

    name: str
    problem: dict[str, Any]
    run: Run
    steps: bool = True


def always(values: Values) -> Run:
    """Work in which nothing is rounded."""
    return lambda keep: values


def questions() -> list[Question]:
    """One or more of each kind."""
    found: list[Question] = []
    for name, data in vars(logistic).items():
        if isinstance(data, logistic.Data) and name not in ("ONE", "SQUARE3"):
            last = [f"w({data.steps})"] + ([f"b({data.steps})"] if data.b is not None else [])
            run: Run = partial(logistic.descend, data)
            found.append(Question(f"logistic-{name.lower()}", data.problem(*last), run))
    for name, net in vars(networks).items():
        if isinstance(net, networks.Net):
            run = partial(networks.forward, net)
            found.append(Question(f"mlp-{name.lower()}", net.problem("y_hat", "loss"), run))
        if isinstance(net, networks.Scores) and name != "BITS":
            run = partial(networks.scored, net)
            found.append(Question(f"softmax-{name.lower()}", net.problem("p", "loss", "grad"), run))
    for name, conv in vars(images).items():
        if isinstance(conv, images.Conv) and name in ("GREY", "FRACTIONS", "COLOURED", "NETWORK3", "SPREAD3"):
            run = always(images.convolved(conv))
            found.append(Question(f"conv-{name.lower()}", conv.problem(("Y", *conv.then)[-1]), run, False))
        if isinstance(conv, images.Pool) and name in ("MEAN_STEP", "MAX_REAL", "MEAN_COUNTED", "MEAN_REAL"):
            run = always({"Y": images.pooled(conv)})
            found.append(Question(f"pool-{name.lower()}", conv.problem(), run, False))
    for name, layers in vars(shapes).items():
        if isinstance(layers, shapes.Net) and name in ("MIDTERM", "LENET", "ALEX", "SPREAD"):
            run = always(shapes.counted(layers))
            found.append(
                Question(f"shapes-{name.lower()}", layers.problem("conv2.shape", "total_params"), run, False)
            )
    sets = {"tennis": gains.TENNIS, "sixty-four": gains.SIXTY_FOUR, "gini": gains.by(gains.CLASSES, "gini")}
    sets |= {"ratio": gains.by(gains.TENNIS, "gain-ratio"), "loans": gains.LOANS}
    for name, table in sets.items():
        run = partial(gains.gained, table)
        values = run(same)
        won = "gain_ratio(" if table.criterion == "gain-ratio" else f"{gains.NAMES[table.criterion][1]}("
        asked = [key for key in values if key.startswith(won)]
        found.append(Question(f"gain-{name}", table.problem(*asked, "best"), run))
    return found


# ---------------------------------------------------------------- dress


def commas(value: Any) -> Any:
    """0,5 0,25; 1 2: a text with decimal commas."""
    if isinstance(value, list):
        if any(isinstance(part, list) and any(isinstance(deep, list) for deep in part) for part in value):
            raise Unfit("a text has two axes")
        rows = [commas(row) if isinstance(row, list) else str(row).replace(".", ",") for row in value]
        return "; ".join(rows) if isinstance(value[0], list) else " ".join(rows)
    return str(value).replace(".", ",") if isinstance(value, Typed) else value


def column(value: Any) -> Any:
    """A vector written as a column."""
    return (
        [[entry] for entry in value] if isinstance(value, list) and not isinstance(value[0], list) else value
    )


def one_row(value: Any) -> Any:
    """A vector written as a matrix of one row."""
    return [value] if isinstance(value, list) and not isinstance(value[0], list) else value


def signs(value: Any) -> Any:
    """U+2212 for minus, and a plus before what is positive."""
    if isinstance(value, list):
        return [signs(entry) for entry in value]
    if not isinstance(value, (Typed, int)) or value == 0:
        return value
    text = str(value)
    return f"−{text[1:]}" if text.startswith("-") else f"+{text}"


def latex(value: Any) -> Any:
    """A pasted bmatrix."""
    if not isinstance(value, list) or any(
        isinstance(part, list) and isinstance(part[0], list) for part in value
    ):
        return value
    rows = value if isinstance(value[0], list) else [[entry] for entry in value]
    body = " \\\\ ".join(" & ".join(map(str, row)) for row in rows)
    return f"\\begin{{bmatrix}} {body} \\end{{bmatrix}}"


def text(value: Any) -> Any:
    """1 2; 3 4: a text."""
    if not isinstance(value, list) or any(
        isinstance(part, list) and isinstance(part[0], list) for part in value
    ):
        return value
    rows = [" ".join(map(str, row)) if isinstance(row, list) else str(row) for row in value]
    return "; ".join(rows) if isinstance(value[0], list) else " ".join(rows)


def percent(value: Any) -> Any:
    """Numbers between 0 and 1 as percentages."""
    if isinstance(value, list):
        return [percent(entry) for entry in value]
    if isinstance(value, Typed) and 0 < float(value) < 1 and len(value) == 6:
        return f"{float(value) * 100:.2f}%"
    return value


DRESSES: list[tuple[str, str, Callable[[float], Any], Callable[[Any], Any]]] = [
    ("six", "Right, with six digits.", to(6), lambda value: value),
    ("four", "Right, with four decimals.", at_places(4), lambda value: value),
    ("three", "Right, with three significant digits.", to(3), lambda value: value),
    ("two", "Right, with two significant digits.", to(2), lambda value: value),
    ("commas", "Right, with decimal commas, as text.", to(4), commas),
    ("columns", "Right, vectors written as columns.", to(4), column),
    ("rows", "Right, vectors written as matrices of one row.", to(5), one_row),
    ("signs", "Right, with the minus sign of a typesetter, and plus signs.", to(4), signs),
    ("latex", "Right, pasted as LaTeX.", to(4), latex),
    ("text", "Right, as text with spaces and semicolons.", to(4), text),
    ("percent", "Right, as percentages.", at_places(4), percent),
]


def dressed() -> Iterator[Case]:
    """Every question in some of the dresses, with and without its working."""
    for i, question in enumerate(questions()):
        truth = question.run(same)
        few = [dress for dress in DRESSES if dress[0] in ("six", "signs", "text")]
        dresses = few if question.name.startswith("shapes") else DRESSES
        for j in range(2):
            key, why, by, dress = dresses[(3 * i + 4 * j + i // 4) % len(dresses)]
            name, write = f"honest/{question.name}-{key}", question.problem["ask"] if j else []
            for found in some(name, why, question.problem, truth, truth, write=write, by=by):
                try:
                    answers = {key: dress(value) for key, value in found["answers"].items()}
                except Unfit:
                    continue
                yield found | {"answers": answers}
        if question.steps:
            count = 3 + i % 2
            honest = some(
                f"honest/{question.name}-each-step-{count}",
                f"Right, every step rounded to {count} decimals.",
                question.problem,
                truth,
                question.run(decimals(count)),
                by=at_places(count),
            )
            verdicts = {said["verdict"] for made in honest for said in made["expect"].values()}
            yield from honest if verdicts == {"correct"} else []


def exactly() -> Iterator[Case]:
    """Fractions, roots and logarithms typed as such; counts with their thousands; shapes as words."""
    gini = gains.by(gains.CLASSES, "gini")
    half = gains.Data([4, 4], {"A": {"a": [3, 1], "b": [1, 3]}, "B": {"a": [4, 0], "b": [0, 4]}})
    net, zero = shapes.LENET, networks.Scores([0, 0], 0)
    big = shapes.Net(
        (224, 224, 3), (shapes.conv(3, 64, 1, 1), shapes.pool(2, 2), shapes.FLAT, shapes.fc(4096))
    )
    start = logistic.Data([[1, 2], [3, -1]], [1, 0], [0, 0], 0.5, 1)
    signed = logistic.Data([[1, 2], [2, 0.5], [-1, 1.5], [0.5, -2]], [1, -1, 1, -1], [0.1, -0.2], 0.4, 1)
    known = logistic.descend(logistic.TALL._replace(steps=1))
    known = {name: typed(known[name], to(4)) for name in ("p(0)", "loss(0)", "grad(0)", "w(1)")}
    sums = np.round(np.array(images.pooled(images.MEAN_STEP)) * 9).astype(int).tolist()
    ninths = [[f"{entry}/9" for entry in row] for row in sums]
    halves = {"p(0)": ["1/2", ".5"], "grad(0)": ["1/2", "-3/4"], "w(1)": ["-1/4", "3/8"]}
    says: list[tuple[str, str, dict[str, Any], Values]] = [
        ("gini-fractions", "Fractions.", gini.problem("gini"), {"gini": "47/72", "gini(F=x)": "8/25"}),
        ("whole-entropies", "Whole entropies.", half.problem("H"), {"H": "1.0", "gain(B)": 1, "best": "b"}),
        ("lower-case", "A label in another case.", gains.TENNIS.problem("best"), {"best": " outlook "}),
        ("thousands-comma", "Thousands, with a comma.", net.problem("fc1.params"), {"fc1.params": "48,120"}),
        ("thousands-space", "Thousands, with a space.", net.problem("fc1.params"), {"fc1.params": "48 120"}),
        ("millions", "Millions.", big.problem("fc1.params"), {"fc1.params": "3,288,338,432"}),
        ("shape-as-a-word", "A shape as it is said.", net.problem("conv1.shape"), {"conv1.shape": "28x28x6"}),
        (
            "shape-with-spaces",
            "A shape, with spaces.",
            net.problem("pool2.shape"),
            {"pool2.shape": "5 x 5 x 16"},
        ),
        ("shape-with-times", "A shape, with ×.", net.problem("conv1.shape"), {"conv1.shape": "28×28×6"}),
        ("number-for-a-list", "400 for [400].", net.problem("flatten.shape"), {"flatten.shape": 400}),
        ("list-for-a-number", "[51902] for 51902.", net.problem("total_params"), {"total_params": [51902]}),
        ("logarithm", "ln(2).", zero.problem("loss"), {"loss": "ln(2)", "p": ["1/2", "1/2"]}),
        ("minus-logarithm", "-ln(0.5).", zero.problem("loss"), {"loss": "-ln(0.5)"}),
        ("halves", "Percentages.", zero.problem("p"), {"p": ["50%", "50%"], "grad": ["-1/2", "1/2"]}),
        ("w-fractions", "Fractions.", start.problem("w(1)"), halves),
        (
            "w-mixed",
            "A fraction beside a decimal.",
            start.problem("w(1)"),
            {"w(1)": ["-1/4", Typed("0.375")]},
        ),
        ("w-exponents", "Powers of ten.", start.problem("w(1)"), {"w(1)": ["-2.5e-1", "3.75e-1"]}),
        ("ninths", "Ninths, left as they are.", images.MEAN_STEP.problem(), {"Y": ninths}),
        ("labels-plus-minus", "Labels −1 and +1.", signed.problem("w(1)"), known),
    ]
    for name, why, problem, answers in says:
        expect = {key: Line(verdict="correct") for key in answers}
        yield finished(f"honest/{name}", why, problem, answers, expect)


def imprecise() -> Iterator[Case]:
    """The right value with one digit, or cut off."""
    wanted = (
        "logistic-midterm",
        "logistic-tall",
        "mlp-classes",
        "mlp-mazur",
        "softmax-cat",
        "softmax-batch",
        "gain-tennis",
    )
    for question in questions():
        if question.name not in wanted:
            continue
        truth = question.run(same)
        one, cut = at_places(1), lambda number: places(number, 2, ROUND_DOWN)
        for key, why, by in (
            ("one-digit", "Rounded to one decimal.", one),
            ("cut", "Cut off after two decimals.", cut),
        ):
            write = [name for name in question.problem["ask"] if _fits(truth[name], by)][:1]
            name, problem = f"imprecise/{question.name}-{key}", question.problem | {"ask": write}
            yield from some(name, why, problem, truth, truth, write=write, by=by) if write else []
    sheet = {"z(0)": [-12, 8], "p(0)": [0, 1], "grad(0)": [-3, -7], "w(1)": [Typed("-1.7"), Typed("-1.3")]}
    verdicts = {"p(0)": Line(verdict="imprecise")}
    yield finished(
        "imprecise/zero-and-one",
        "0 and 1 for 6.1e-6 and 0.99966; what follows is right.",
        logistic.MIDTERM._replace(steps=1).problem("p(0)", "w(1)"),
        sheet,
        {name: verdicts.get(name, Line(verdict="correct")) for name in sheet},
    )


def _fits(value: Any, by: Callable[[float], Any]) -> bool:
    """Whether the answer is right or imprecise when it is written so."""
    try:
        return "wrong" not in judgements(typed(value, by), value)
    except Unfit:
        return False


# ---------------------------------------------------------------- slips


def slipped(run: Run, changes: Mapping[str, Callable[[Any], Any]], rounds: Keep = same) -> Values:
    """The work of a student who makes slips at these names and goes on consistently."""
    order = iter(list(run(same)))

    def keep(value: Any) -> Any:
        name = next(order)
        return rounds(changes[name](np.array(value, float)) if name in changes else value)

    return run(keep)


def bump(place: int, error: float) -> Callable[[Any], Any]:
    """One entry is off by `error`."""

    def change(value: Any) -> Any:
        flat = value.reshape(-1).copy()
        flat[place % len(flat)] += error
        return flat.reshape(value.shape) if value.shape else float(flat[0])

    return change


def chains() -> Iterator[Case]:
    """Slips that nothing explains, with what follows from them."""
    by_name = {question.name: question for question in questions()}
    single: list[tuple[str, str, int, float]] = [
        *(("logistic-midterm", "z(0)", 0, 1.0), ("logistic-midterm", "grad(0)", 1, 2.3)),
        *(
            ("logistic-midterm", "w(1)", 0, -0.37),
            ("logistic-tall", "z(0)", 2, 0.43),
            ("logistic-tall", "p(1)", 0, -0.13),
        ),
        *(
            ("logistic-tall", "grad(1)", 1, 0.27),
            ("logistic-tall", "w(2)", 0, 0.117),
            ("logistic-bias", "z(0)", 1, -0.61),
        ),
        *(
            ("logistic-bias", "grad_b(0)", 0, 0.137),
            ("logistic-ridge", "grad(0)", 0, -0.43),
            ("logistic-wide", "p(0)", 1, 0.21),
        ),
        *(("logistic-square", "w(1)", 1, 0.31), ("logistic-bias_sum", "p(0)", 3, -0.19)),
        *(
            ("mlp-classes", "z1", 0, 0.7),
            ("mlp-three", "z1", 1, 1.3),
            ("mlp-mazur", "a1", 0, -0.17),
            ("mlp-rows", "z2", 3, 0.55),
        ),
        *(
            ("mlp-unlike", "z2", 1, -0.37),
            ("mlp-many", "a1", 1, 0.29),
            ("mlp-values", "z1", 0, 1.1),
            ("mlp-probable", "z2", 0, 0.63),
        ),
        *(("mlp-three", "y_hat", 2, 0.137), ("softmax-cat", "p", 0, 0.137), ("softmax-four", "p", 1, 0.0713)),
        *(
            ("softmax-batch", "p", 2, 0.117),
            ("softmax-soft", "p", 1, -0.083),
            ("softmax-warm", "p", 2, 0.077),
        ),
    ]
    for number, (name, where, place, error) in enumerate(single, 1):
        question = by_name[name]
        truth, own = question.run(same), slipped(question.run, {where: bump(place, error)})
        near = slipped(question.run, {where: bump(place, error)}, significantly(4))
        digits = to(4 + number % 3)
        write = [key for key in own if not key.startswith("loss(")]
        yield from some(
            f"chain/slip-{number}-{question.name}",
            f"A slip at {where} that nothing explains; the rest follows.",
            question.problem,
            truth,
            own,
            write=write,
            by=digits,
            slips=[where],
            near=near,
        )
    double: list[tuple[str, tuple[str, int, float], tuple[str, int, float]]] = [
        ("logistic-tall", ("z(0)", 1, 0.53), ("grad(1)", 0, -0.37)),
        ("logistic-midterm", ("grad(0)", 0, 1.7), ("w(2)", 1, 0.57)),
        ("logistic-bias", ("p(0)", 2, -0.23), ("b(1)", 0, 0.171)),
        ("logistic-wide", ("z(0)", 0, 0.77), ("w(1)", 3, 0.43)),
        ("mlp-three", ("z1", 0, 1.37), ("z2", 1, -0.83)),
        ("mlp-unlike", ("a1", 1, 0.19), ("y_hat", 0, -0.23)),
        ("mlp-mazur", ("z1", 1, 0.27), ("z2", 0, 0.43)),
        ("softmax-cat", ("p", 1, -0.213), ("grad", 2, 0.317)),
        ("softmax-batch", ("p", 0, 0.131), ("loss", 0, 0.417)),
    ]
    for number, (name, *both) in enumerate(double, 1):
        question = by_name[name]
        truth = question.run(same)
        own = slipped(question.run, {where: bump(place, error) for where, place, error in both})
        write = [key for key in own if not key.startswith("loss(")]
        yield from some(
            f"chain/two-slips-{number}-{question.name}",
            "Two slips that have nothing to do with each other.",
            question.problem,
            truth,
            own,
            write=write,
            by=to(5),
            slips=[where for where, *_ in both],
        )
    yield from copied(by_name)
    yield from compound()


def copied(by_name: Mapping[str, Question]) -> Iterator[Case]:
    """Right working with a wrong number at the end, and wrong working with a right one."""
    for number, (name, error) in enumerate(
        (
            ("logistic-midterm", 0.9),
            ("logistic-tall", 0.045),
            ("mlp-three", 0.27),
            ("mlp-mazur", -0.18),
            ("softmax-four", 0.18),
        ),
        1,
    ):
        question = by_name[name]
        truth = question.run(same)
        last = question.problem["ask"][0]
        own = truth | {last: bump(0, error)(np.array(truth[last], float))}
        write = [key for key in own if not key.startswith("loss")]
        ask = [last]
        yield from some(
            f"chain/copied-{number}-{question.name}",
            "The working is right, the last number is copied wrongly.",
            question.problem | {"ask": ask},
            truth,
            own,
            write=[key for key in write if list(own).index(key) <= list(own).index(last)],
            by=to(5),
            slips=[last],
        )
        early = next(iter(truth))
        wrong = truth | {early: bump(0, 1.3)(np.array(truth[early], float))}
        yield from some(
            f"chain/right-end-{number}-{question.name}",
            f"{early} is wrong, the answer is right all the same.",
            question.problem | {"ask": [last]},
            truth,
            wrong,
            write=list(dict.fromkeys((early, last))),
            by=to(5),
            slips=[early],
        )


def compound() -> Iterator[Case]:
    """A slip and then a mistake in the student's own numbers; two different mistakes."""
    brackets: logistic.Parts = {"slope": lambda X, p, y, scale, w: scale * (X.T @ p - y)}
    uphill: logistic.Parts = {"step": lambda w, g, rate: w + rate * g}
    backwards: logistic.Parts = {"slope": lambda X, p, y, scale, w: scale * X.T @ (y - p)}
    for number, (data, where, parts, shows, names) in enumerate(
        (
            (logistic.SQUARE, ("z(0)", 0, 0.73), brackets, "grad(0)", ["brackets"]),
            (logistic.SQUARE, ("p(0)", 1, -0.21), uphill, "w(1)", ["sign", "other-operation"]),
            (logistic.TALL, ("z(0)", 3, 0.87), backwards, "grad(0)", ["sign", "swapped-operands"]),
            (logistic.WIDE, ("grad(0)", 2, 0.37), uphill, "w(1)", ["sign", "other-operation"]),
            (logistic.MIDTERM, ("z(0)", 1, -7.3), brackets, "grad(0)", ["brackets"]),
        ),
        1,
    ):
        data = data._replace(steps=1)
        place, entry, error = where
        own = slipped(partial(logistic.descend, data, **parts), {place: bump(entry, error)})
        yield from some(
            f"chain/slip-then-mistake-{number}",
            f"A slip at {place}, and then a mistake at {shows}.",
            data.problem("w(1)"),
            logistic.descend(data),
            own,
            write=["z(0)", "p(0)", "grad(0)", "w(1)"],
            by=to(5),
            slips=[place],
            other={shows: names},
        )
    for number, data in enumerate((logistic.SQUARE, logistic.MIDTERM, logistic.SQUARE3), 1):
        data = data._replace(steps=1)
        both = brackets | uphill
        own = logistic.descend(data, **both)
        yield from some(
            f"chain/two-mistakes-{number}",
            "The brackets are lost, and then the step goes up.",
            data.problem("grad(0)", "w(1)"),
            logistic.descend(data),
            own,
            write=["p(0)", "grad(0)", "w(1)"],
            by=to(5),
            other={"grad(0)": ["brackets"], "w(1)": ["sign", "other-operation"]},
        )
    sheet: Values = {
        "z(0)": [-12, 8],
        "p(0)": [0, 1],
        "grad(0)": [-1, -4],
        "w(1)": ["-1.9", "-1.6"],
        "p(1)": [0, 1],
    }
    sheet |= {
        "grad(1)": [-1, -4],
        "w(2)": ["-1.8", "-1.2"],
        "p(2)": [0, 1],
        "grad(2)": [-1, -4],
        "w(3)": ["-1.7", "-0.8"],
    }
    answers = {key: [Typed(n) if isinstance(n, str) else n for n in value] for key, value in sheet.items()}
    brackets_at = Line(verdict="mistake", mistake=["brackets"], at=["grad(0)"])
    carried, again = Line(verdict="carried"), Line(verdict="carried", repeat=True)
    expect = dict.fromkeys(answers, carried) | {
        "z(0)": Line(verdict="correct"),
        "p(0)": Line(verdict="imprecise"),
    }
    expect |= {"grad(0)": brackets_at, "grad(1)": again, "grad(2)": again}
    note = "0 and 1 are imprecise for the true p(t) and for the student's own: which verdict?"
    expect |= {key: Line(verdict="imprecise", unsure=note) for key in ("p(1)", "p(2)")}
    for key, ask in (("all", ["w(1)", "w(2)", "w(3)"]), ("last", ["w(3)"])):
        yield finished(
            f"chain/sheet-{key}",
            "The solution sheet of a midterm: brackets lost, p rounded to 0 and 1.",
            logistic.MIDTERM.problem(*ask),
            answers,
            expect,
        ) | ({"points": "3/2"} if key == "last" else {})
    short = {name: answers[name] for name in ("grad(0)", "w(1)", "w(3)")}
    yield finished(
        "chain/sheet-short",
        "The same sheet, with fewer steps written down; w(3) needs the mistake twice more.",
        logistic.MIDTERM.problem("w(3)"),
        short,
        {"grad(0)": brackets_at, "w(1)": carried, "w(3)": carried},
    ) | {"points": "3/2"}


# ---------------------------------------------------------------- guesses, blanks, noise


def guesses() -> Iterator[Case]:
    """Plausible numbers out of the air."""
    lots = np.random.default_rng(4)
    for i, question in enumerate(questions()):
        if i % 2 and not question.name.startswith(("conv", "pool")):
            continue
        truth = question.run(same)
        name = question.problem["ask"][0]
        value = truth[name]
        if isinstance(value, str) or "shapes" in question.name:
            continue
        scale = max(float(np.mean(np.abs(np.array(value, float)))), 0.1)
        guess = (lots.normal(0, 1, np.shape(value)) * scale * 1.3).tolist()
        if "softmax" in question.name or "mlp" in question.name:
            guess = np.abs(np.array(guess)).tolist()
        by = to(2 + i % 2)
        answer = typed(guess, by)
        if "wrong" not in judgements(answer, value) or len(set(judgements(answer, value))) > 1:
            continue
        problem = question.problem | {"ask": [name]}
        expect = {name: Line(verdict="wrong")}
        yield finished(f"guess/{question.name}", "A number out of the air.", problem, {name: answer}, expect)
        early = next(iter(truth))
        both = typed({}, by) or {early: typed(bump(0, 1.7)(np.array(truth[early], float)), by), name: answer}
        if early == name or "wrong" not in judgements(both[early], truth[early]):
            continue
        two = {early: Line(verdict="wrong"), name: Line(verdict="wrong")}
        yield finished(f"guess/{question.name}-two", "Two numbers out of the air.", problem, both, two)
    for number, (key, value) in enumerate(
        (("total_params", 51000), ("fc1.params", 47911), ("conv2.params", 2391)), 1
    ):
        problem = shapes.LENET.problem(key)
        expect = {key: Line(verdict="wrong")}
        yield finished(f"guess/count-{number}", "A count out of the air.", problem, {key: value}, expect)


UNREADABLE = [
    "see the next page",
    "about right",
    "__import__('os').system('id')",
    "x + 1",
    "NaN",
    "inf",
    "cannot do it",
    "??",
]


def noise() -> Iterator[Case]:
    """What was left empty, and what nobody can read."""
    asked = {question.name: question for question in questions()}
    names = (
        "logistic-tall",
        "mlp-classes",
        "softmax-cat",
        "conv-fractions",
        "pool-mean_real",
        "shapes-lenet",
        "gain-tennis",
    )
    for number, name in enumerate(names):
        problem, truth = asked[name].problem, asked[name].run(same)
        first = problem["ask"][0]
        answer = typed(truth[first], to(4))
        for key, empty in (("null", None), ("text", "")):
            if (number + (key == "text")) % 2:
                continue
            expect = {first: Line(verdict="blank")}
            yield finished(
                f"blank/{name}-{key}",
                "The answer was left empty.",
                problem | {"ask": [first]},
                {first: empty},
                expect,
            ) | {"points": "0"}
        yield finished(
            f"blank/{name}-nothing", "Nothing was handed in.", problem | {"ask": [first]}, {}, {}
        ) | {"points": "0"}
        word = UNREADABLE[number % len(UNREADABLE)]
        yield finished(
            f"unreadable/{name}",
            "No number can be read; the rest is marked.",
            problem | {"ask": [first]},
            {first: word},
            {first: Line(verdict="unreadable")},
        )
        if isinstance(answer, list) and not isinstance(answer[0], list) and "shapes" not in name:
            hole = [*answer[:-1], None]
            hollow = Line(verdict="blank", blank_entries=[[len(hole) - 1]])
            yield finished(
                f"blank/{name}-entry",
                "One entry was left empty.",
                problem | {"ask": [first]},
                {first: hole},
                {first: hollow},
            )
            longer = [*answer, answer[-1]]
            yield finished(
                f"shape/{name}-longer",
                "One entry too many.",
                problem | {"ask": [first]},
                {first: longer},
                {first: Line(verdict="wrong")},
            ) | {"points": "0"}
            yield finished(
                f"shape/{name}-number",
                "A number where a vector is asked.",
                problem | {"ask": [first]},
                {first: answer[0]},
                {first: Line(verdict="wrong")},
            ) | {"points": "0"}
    data = logistic.TALL._replace(steps=1)
    truth = logistic.descend(data)
    good = {name: typed(truth[name], to(4)) for name in ("z(0)", "p(0)", "grad(0)", "w(1)")}
    for number, (key, word) in enumerate(
        (("p(0)", "sigmoid of z"), ("grad(0)", "X^T(p-y)"), ("z(0)", "NaN")), 1
    ):
        says: Values = {name: Line(verdict="unreadable" if name == key else "correct") for name in good}
        yield finished(
            f"unreadable/working-{number}",
            "One step cannot be read; what depends on it is marked from the true value.",
            data.problem("w(1)"),
            good | {key: word},
            says,
        ) | {"points": "3"}
    zeros = good | {"grad(0)": [0, 0], "w(1)": [Typed("0.1"), Typed("-0.2")]}
    says = {name: Line(verdict="correct") for name in ("z(0)", "p(0)")} | {"grad(0)": Line(verdict="wrong")}
    note = "a gradient of zeros stands in for nothing; w(1) = w(0) may be called previous-iterate"
    yield finished(
        "guess/zeros",
        "A gradient of zeros, so that nothing moves: not to be carried.",
        data.problem("grad(0)", "w(1)"),
        zeros,
        says | {"w(1)": Line(verdict="wrong", unsure=note)},
    )
    ambiguous = {"w(1)": "0,1; 1,0"}
    yield finished(
        "unreadable/commas",
        "A text whose commas can be read in two ways.",
        data.problem("w(1)"),
        ambiguous,
        {"w(1)": Line(verdict="unreadable")},
        unsure="refused in a problem; in an answer one of the readings has the right shape",
    )


def ties() -> Iterator[Case]:
    """Of equal winners each is right."""
    half = gains.Data([4, 4], {"A": {"a": [3, 1], "b": [1, 3]}, "B": {"a": [1, 3], "b": [3, 1]}})
    for number, name in enumerate(("A", "B"), 1):
        answers = {"gain(A)": Typed("0.1887"), "gain(B)": Typed("0.1887"), "best": name}
        expect = {key: Line(verdict="correct") for key in answers}
        problem = half.problem("gain(A)", "gain(B)", "best")
        yield finished(f"honest/tie-{number}", "Two features gain the same.", problem, answers, expect) | {
            "points": "4"
        }


def all_cases() -> Iterator[Case]:
    yield from dressed()
    yield from exactly()
    yield from imprecise()
    yield from ties()
    yield from chains()
    yield from guesses()
    yield from noise()
