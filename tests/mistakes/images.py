"""Convolution and pooling with loops, and the windows that people put in the wrong place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from .paper import Case, Unfit, Values, at_places, some, to

Pair = tuple[int, int]


def padded(x: Any, p: Pair) -> Any:
    """Zeros around every channel."""
    return np.pad(x, ((0, 0), (p[0], p[0]), (p[1], p[1])))


def windows(x: Any, k: Pair, s: Pair, d: int = 1) -> Any:
    """The windows of C×H×W by row and column: H'×W'×C×h×w."""
    height, width = (
        (x.shape[1] - d * (k[0] - 1) - 1) // s[0] + 1,
        (x.shape[2] - d * (k[1] - 1) - 1) // s[1] + 1,
    )
    found = np.zeros((height, width, x.shape[0], *k))
    for i, j in product(range(height), range(width)):
        top, left = i * s[0], j * s[1]
        found[i, j] = x[:, top : top + d * (k[0] - 1) + 1 : d, left : left + d * (k[1] - 1) + 1 : d]
    return found


class Conv(NamedTuple):
    """An image (C×H×W), filters (F×C×h×w) and how they are laid."""

    image: list[Any]
    kernel: list[Any]
    bias: Any = None
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: int = 1
    flipped: bool = False
    then: tuple[str, ...] = ()

    def problem(self, *ask: str) -> dict[str, Any]:
        """With the axes that a person would type."""
        image, kernel = np.array(self.image), np.array(self.kernel)
        image = image[0] if len(image) == 1 else image
        kernel = kernel[:, 0] if image.ndim == 2 else kernel
        kernel = kernel[0] if len(kernel) == 1 else kernel
        given: dict[str, Any] = {"input": image.tolist(), "kernel": kernel.tolist()}
        if self.bias is not None:
            given["bias"] = self.bias[0] if len(self.bias) == 1 else self.bias
        for name, pair, usual in (("stride", self.stride, (1, 1)), ("padding", self.padding, (0, 0))):
            if pair != usual:
                given[name] = pair[0] if pair[0] == pair[1] else list(pair)
        if self.dilation != 1:
            given["dilation"] = self.dilation
        if self.flipped:
            given["mode"] = "convolution"
        if self.then:
            given["then"] = [{name: 2} if "pool" in name else name for name in self.then]
        return {"kind": "conv2d", "given": given, "ask": list(ask), "points": 3}


POOLS: dict[str, Callable[..., Any]] = {"maxpool": np.max, "avgpool": np.mean}


def in_windows(pick: Callable[..., Any], stride: Pair = (2, 2)) -> Callable[[Any], Any]:
    """What is picked from the windows of 2 × 2 in every channel."""
    return lambda y: pick(windows(y, (2, 2), stride), axis=(3, 4)).transpose(2, 0, 1)


def convolved(data: Conv, then: Any = None, fed: str = "", **changes: Any) -> Values:
    """Y and what follows; `changes` are settings that the student does not heed, `then` replaces a layer."""
    did = data._replace(**{name: value for name, value in changes.items() if name != "sum"})
    image, kernel = np.array(did.image, float), np.array(did.kernel, float)
    kernel = kernel[:, :, ::-1, ::-1] if did.flipped else kernel
    cut = windows(padded(image, did.padding), kernel.shape[2:], did.stride, did.dilation)
    total = changes.get("sum", lambda cut, k: np.einsum("ijchw,fchw->fij", cut, k))
    Y = total(cut, kernel) + np.reshape(did.bias or [0] * len(kernel), (-1, 1, 1))
    found: Values = {"Y": Y}
    layers: dict[str, Callable[[Any], Any]] = {"relu": lambda y: np.maximum(y, 0)}
    layers |= {name: in_windows(pick) for name, pick in POOLS.items()}
    layers |= then or {}
    for name in did.then:
        before = list(found.values())[-1]
        found[name] = layers[name](found["Y"] if fed == name else before)
    return {name: (y[0] if len(y) == 1 else y).tolist() for name, y in found.items()}


IMAGE5 = [[4, 1, 4, 3, 4], [2, 4, 0, 2, 3], [4, 3, 0, 1, 3], [0, 5, 2, 0, 1], [1, 0, 2, 4, 3]]
IMAGE4 = [[1, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 0, 1]]
IMAGE6 = [[3, 0, 1, 2, 7, 4], [1, 5, 8, 9, 3, 1], [2, 7, 2, 5, 1, 3], [0, 1, 3, 1, 7, 8], [4, 2, 1, 6, 2, 8]]
IMAGE6 = [*IMAGE6, [2, 4, 5, 2, 3, 9]]
WIDE = [[1, 0, 2, -1, 3, 1], [2, 1, -2, 0, 1, 4], [0, 3, 1, 1, -1, 2], [1, -1, 0, 2, 5, 0]]
REAL = [[0.5, -1.2, 0.3, 2.1], [1.4, 0.2, -0.7, 0.9], [-0.3, 1.1, 0.8, -1.5], [0.6, 0.4, -0.2, 1.3]]
SOBEL = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
SKEW = [[2, 0, 1], [0, 1, 2], [1, 0, 3]]
SMALL = [[1, 2], [0, -1]]
THIN = [[1, -2, 3], [0, 1, 2]]
COLOUR = [
    [[1, 2, 0], [0, 1, 3], [2, 1, 1]],
    [[0, 1, 1], [2, 0, 1], [1, 3, 0]],
    [[3, 1, 0], [1, 2, 1], [0, 1, 2]],
]
FILTERS = [
    [[[1, 0], [2, 1]], [[0, 1], [-1, 1]], [[1, 1], [0, -2]]],
    [[[0, 2], [1, 0]], [[1, 0], [1, 3]], [[-1, 0], [2, 1]]],
]

PLAIN = Conv([IMAGE5], [[SKEW]])
GREY = Conv([IMAGE6], [[SOBEL]])
MOVED = Conv([IMAGE6], [[SKEW]], stride=(2, 2))
EDGED = Conv([IMAGE4], [[SKEW]], bias=[3], padding=(1, 1))
FRAMED = Conv([IMAGE5], [[SKEW]], stride=(2, 2), padding=(1, 1), bias=[-2])
SPREAD = Conv([IMAGE6], [[SMALL]], dilation=2)
SPREAD3 = Conv([IMAGE6], [[SKEW]], dilation=2, bias=[1])
TRUE = Conv([IMAGE5], [[SKEW]], flipped=True)
TRUE2 = Conv([IMAGE4], [[SMALL]], flipped=True, bias=[0.5])
FRACTIONS = Conv([REAL], [[[[0.5, -0.25], [1.5, 0.75]]]], bias=[0.1])
OBLONG = Conv([WIDE], [[THIN]], stride=(1, 3))
SKEWED = Conv([WIDE], [[SMALL]], stride=(2, 1), padding=(0, 1))
COLOURED = Conv(COLOUR, FILTERS, bias=[1, -2])
COLOURED1 = Conv(COLOUR, FILTERS[:1])
NETWORK = Conv(
    [IMAGE4], [[[[2, 0, 1], [0, 1, 2], [1, 0, 2]]]], bias=[-10], padding=(1, 1), then=("relu", "maxpool")
)
NETWORK2 = Conv([WIDE], [[[[1, -2], [2, -1]]]], bias=[0.5], then=("relu",))
NETWORK3 = Conv(
    [REAL], [[[[1, -1, 0.5], [0.5, 1, -1], [-1, 0, 1]]]], padding=(1, 1), then=("relu", "avgpool")
)

ONE: Pair = (1, 1)
NONE: Pair = (0, 0)


def turned(values: Values) -> Values:
    """Every matrix with rows for columns."""
    return {name: np.array(value).swapaxes(-1, -2).tolist() for name, value in values.items()}


CONVOLUTIONS: list[tuple[str, str, Callable[[Conv], Values], tuple[str, ...], tuple[Conv, ...]]] = [
    (
        "flipped",
        "The kernel is flipped, though a correlation is asked.",
        lambda d: convolved(d, flipped=True),
        ("kernel-flipped",),
        (PLAIN, GREY, MOVED, COLOURED, FRACTIONS),
    ),
    (
        "not-flipped",
        "A true convolution is asked, the kernel is not flipped.",
        lambda d: convolved(d, flipped=False),
        ("kernel-flipped",),
        (TRUE, TRUE2),
    ),
    (
        "turned-kernel",
        "The kernel is laid on with its rows as columns.",
        lambda d: convolved(d, kernel=np.array(d.kernel).swapaxes(-1, -2).tolist()),
        ("transpose", "rows-for-columns"),
        (GREY, FRACTIONS, COLOURED1),
    ),
    (
        "stride",
        "The stride is ignored.",
        lambda d: convolved(d, stride=ONE),
        ("stride-ignored",),
        (MOVED, FRAMED, OBLONG),
    ),
    (
        "padding",
        "The padding is ignored.",
        lambda d: convolved(d, padding=NONE),
        ("padding-ignored",),
        (EDGED, FRAMED, SKEWED),
    ),
    (
        "dilation",
        "The dilation is ignored.",
        lambda d: convolved(d, dilation=1),
        ("dilation-ignored",),
        (SPREAD, SPREAD3),
    ),
    (
        "bias",
        "The bias is forgotten.",
        lambda d: convolved(d, bias=None),
        ("dropped-term",),
        (EDGED, FRAMED, COLOURED, FRACTIONS),
    ),
    (
        "bias-minus",
        "The bias is subtracted.",
        lambda d: convolved(d, bias=[-b for b in d.bias]),
        ("sign", "other-operation"),
        (EDGED, COLOURED),
    ),
    (
        "channel",
        "Only the first channel is convolved.",
        lambda d: convolved(d, sum=lambda cut, k: np.einsum("ijhw,fhw->fij", cut[:, :, 0], k[:, 0])),
        ("dropped-term",),
        (COLOURED, COLOURED1),
    ),
    (
        "channel-mean",
        "The channels are averaged, not added.",
        lambda d: convolved(d, sum=lambda cut, k: np.einsum("ijchw,fchw->fij", cut, k) / k.shape[1]),
        ("extra-factor", "other-function"),
        (COLOURED1,),
    ),
    (
        "turned",
        "The output is written with its rows as columns.",
        lambda d: turned(convolved(d)),
        ("transpose", "rows-for-columns"),
        (PLAIN, GREY, FRACTIONS),
    ),
    (
        "pair-turned",
        "The stride's rows and columns are taken for each other.",
        lambda d: convolved(d, stride=d.stride[::-1]),
        ("rows-for-columns",),
        (Conv([IMAGE6], [[SMALL]], stride=(2, 4)), SKEWED),
    ),
]


def convolutions() -> Iterator[Case]:
    for i, (key, why, wrong, names, sets) in enumerate(CONVOLUTIONS):
        for number, data in enumerate(sets, 1):
            truth, own = convolved(data), wrong(data)
            by = to(3 + (i + number) % 3)
            yield from some(
                f"conv/{key}-{number}",
                why,
                data.problem("Y"),
                truth,
                own,
                by=by,
                mistake=names,
                at=["Y", "Y.height", "Y.width", "X_padded", "K'"],
            )
    identity = {"relu": lambda y: y}
    lowest = {
        "maxpool": in_windows(np.min),
        "avgpool": in_windows(np.sum),
    }
    mean = {"maxpool": in_windows(np.mean)}
    most = {"avgpool": in_windows(np.max)}
    beside = {name: in_windows(pick, ONE) for name, pick in POOLS.items()}
    added = {"avgpool": lowest["avgpool"]}
    smallest = {"maxpool": lowest["maxpool"]}
    chains: list[tuple[str, str, Conv, Values, str, tuple[str, ...]]] = []
    for data in (NETWORK, NETWORK2, NETWORK3):
        forgot = ("function-forgotten", "other-quantity")
        chains.append(("relu", "The ReLU is forgotten.", data, convolved(data, identity), "relu", forgot))
    for data in (NETWORK, NETWORK3):
        last = data.then[-1]
        chains.append(
            (
                "past-relu",
                "Pooling takes Y, not what the ReLU made of it.",
                data,
                convolved(data, fed=last),
                last,
                ("other-quantity", "function-forgotten"),
            )
        )
        chains.append(
            (
                "overlap",
                "The windows overlap: stride 1.",
                data,
                convolved(data, beside),
                last,
                ("stride-ignored",),
            )
        )
        chains.append(
            (
                "bias-then",
                "The bias is forgotten; the rest follows.",
                data,
                convolved(data, bias=None),
                "Y",
                ("dropped-term",),
            )
        )
        chains.append(
            (
                "flip-then",
                "The kernel is flipped; the rest follows.",
                data,
                convolved(data, flipped=True),
                "Y",
                ("kernel-flipped",),
            )
        )
    chains.append(
        (
            "min",
            "The smallest is taken.",
            NETWORK,
            convolved(NETWORK, smallest),
            "maxpool",
            ("other-function",),
        )
    )
    chains.append(
        (
            "mean",
            "The mean for the maximum.",
            NETWORK,
            convolved(NETWORK, mean),
            "maxpool",
            ("other-function",),
        )
    )
    chains.append(
        (
            "max",
            "The maximum for the mean.",
            NETWORK3,
            convolved(NETWORK3, most),
            "avgpool",
            ("other-function",),
        )
    )
    chains.append(
        (
            "sum",
            "The sum for the mean.",
            NETWORK3,
            convolved(NETWORK3, added),
            "avgpool",
            ("other-function", "dropped-factor"),
        )
    )
    for number, (key, why, data, own, where, names) in enumerate(chains, 1):
        truth = convolved(data)
        yield from some(
            f"conv/then-{key}-{number}",
            why,
            data.problem(data.then[-1]),
            truth,
            own,
            by=at_places(3),
            mistake=names,
            at=[where, f"{where}.height", f"{where}.width", "K'", "relu"],
        )
    for number, (data, place, error) in enumerate(
        (
            (PLAIN, (1, 2), 1),
            (GREY, (0, 3), -2),
            (EDGED, (2, 1), 10),
            (FRACTIONS, (2, 0), 0.35),
            (NETWORK, (1, 1), -3),
        ),
        1,
    ):
        truth, slip = convolved(data), np.array(convolved(data)["Y"])
        slip[place] += error
        own = truth | {"Y": slip.tolist()}
        if data.then:
            own["relu"] = np.maximum(slip, 0).tolist()
            own["maxpool"] = (
                windows(np.array([own["relu"]]), (2, 2), (2, 2)).max(axis=(3, 4))[:, :, 0].tolist()
            )
        yield from some(
            f"conv/one-window-{number}",
            "One window is added up wrongly.",
            data.problem("Y"),
            truth,
            own,
            by=to(4),
            slips=["Y"],
        )


# ---------------------------------------------------------------- pooling


class Pool(NamedTuple):
    """An image, the window, and what is taken from it."""

    image: list[Any]
    kind: str
    size: int
    stride: int
    padding: int = 0
    counted: bool = False
    ceil: bool = False

    def problem(self) -> dict[str, Any]:
        given: dict[str, Any] = {"input": self.image, "type": self.kind, "size": self.size}
        given |= {"stride": self.stride} if self.stride != self.size else {}
        given |= {"padding": self.padding} if self.padding else {}
        given |= {"count_padding": True} if self.counted else {}
        given |= {"ceil": True} if self.ceil else {}
        return {"kind": "pool2d", "given": given, "ask": ["Y"], "points": 2}


def pooled(data: Pool, pick: Callable[[Any], float] | None = None, **changes: Any) -> Any:
    """Y, window by window; a window takes only cells of the image, unless padding is counted."""
    did, image = data._replace(**changes), np.array(data.image, float)
    k, s, p = did.size, did.stride, did.padding
    sizes = []
    for n in image.shape:
        room = n + 2 * p - k
        count = -(-room // s) + 1 if did.ceil else room // s + 1
        sizes.append(count - (did.ceil and (count - 1) * s >= n + p))
    Y = np.zeros(sizes)
    for i, j in product(*map(range, sizes)):
        rows = range(i * s - p, i * s - p + k)
        columns = range(j * s - p, j * s - p + k)
        inside = [
            image[a, b]
            for a, b in product(rows, columns)
            if 0 <= a < image.shape[0] and 0 <= b < image.shape[1]
        ]
        cells = sum(a < image.shape[0] + p and b < image.shape[1] + p for a, b in product(rows, columns))
        usual = max(inside) if did.kind == "max" else sum(inside) / (cells if did.counted else len(inside))
        Y[i, j] = usual if pick is None else pick(inside)
    return Y.tolist()


BIG = [[12, 20, 30, 1, 5], [8, 12, 2, 7, 3], [34, 70, 37, 4, 9], [112, 100, 25, 12, 6], [1, 13, 8, 2, 11]]
EVEN = [[12, 20, 30, 0], [8, 12, 2, 1], [34, 70, 37, 4], [112, 100, 25, 12]]
SIGNED = [
    [-3, -1, -2, -5, -7],
    [-4, -6, -9, -8, -1],
    [-2, -3, -5, -4, -6],
    [-7, -1, -8, -3, -2],
    [-5, -9, -4, -6, -3],
]
DECIMAL = [[0.2, 1.7, -0.4, 0.9], [1.1, 0.3, 2.6, -1.2], [0.8, -0.5, 1.9, 0.7], [2.2, 1.4, 0.1, 0.6]]

MAX, MEAN = Pool(EVEN, "max", 2, 2), Pool(EVEN, "avg", 2, 2)
MAX6, MEAN6 = Pool(IMAGE6, "max", 2, 2), Pool(IMAGE6, "avg", 3, 3)
MAX_STEP, MEAN_STEP = Pool(BIG, "max", 3, 2), Pool(BIG, "avg", 3, 2)
MAX_EDGE, MEAN_EDGE = Pool(BIG, "max", 3, 2, 1), Pool(BIG, "avg", 3, 2, 1)
MEAN_COUNTED = Pool(IMAGE6, "avg", 2, 2, 1, counted=True)
MAX_UP, MEAN_UP = Pool(BIG, "max", 2, 2, ceil=True), Pool(BIG, "avg", 2, 2, ceil=True)
MAX_REAL, MEAN_REAL = Pool(DECIMAL, "max", 2, 2), Pool(DECIMAL, "avg", 2, 2)
MAX_SIGNED = Pool(SIGNED, "max", 3, 2, 1)

PAD_NAMES = (
    "extra-term",
    "extra-factor",
    "dropped-factor",
    "other-function",
    "other-operation",
    "other-quantity",
)
POOLINGS: list[tuple[str, str, Callable[[Pool], Any], tuple[str, ...], tuple[Pool, ...], str]] = [
    (
        "max-for-mean",
        "The maximum is taken, not the mean.",
        lambda d: pooled(d, max),
        ("other-function",),
        (MEAN, MEAN6, MEAN_REAL),
        "",
    ),
    (
        "mean-for-max",
        "The mean is taken, not the maximum.",
        lambda d: pooled(d, lambda w: sum(w) / len(w)),
        ("other-function",),
        (MAX, MAX_REAL, MAX_STEP),
        "",
    ),
    (
        "min-for-max",
        "The minimum is taken, not the maximum.",
        lambda d: pooled(d, min),
        ("other-function",),
        (MAX, MAX6, MAX_STEP),
        "",
    ),
    (
        "sum-for-mean",
        "The sum is taken, not the mean.",
        lambda d: pooled(d, sum),
        ("other-function", "dropped-factor"),
        (MEAN, MEAN_REAL, MEAN_STEP),
        "",
    ),
    (
        "overlap",
        "The windows move by one cell only.",
        lambda d: pooled(d, stride=1),
        ("stride-ignored",),
        (MAX, MEAN6, MAX_STEP, MEAN_STEP),
        "",
    ),
    (
        "stride-is-size",
        "The windows are laid side by side, the stride is ignored.",
        lambda d: pooled(d, stride=d.size),
        ("stride-ignored",),
        (MAX_STEP, MEAN_STEP),
        "the stride is replaced by its default, not by 1",
    ),
    (
        "padding",
        "The padding is ignored.",
        lambda d: pooled(d, padding=0),
        ("padding-ignored",),
        (MAX_EDGE, MEAN_EDGE, MEAN_COUNTED),
        "",
    ),
    (
        "padding-counted",
        "The zeros of the padding are counted.",
        lambda d: pooled(d, counted=True),
        PAD_NAMES,
        (MEAN_EDGE,),
        "which name: a kind's own?",
    ),
    (
        "padding-not-counted",
        "The zeros of the padding are not counted.",
        lambda d: pooled(d, counted=False),
        ("padding-ignored", *PAD_NAMES),
        (MEAN_COUNTED,),
        "which name: a kind's own?",
    ),
    (
        "zeros-win",
        "The padding's zeros win among negative cells.",
        lambda d: np.maximum(pooled(d), [[0, 0, 0], [0, -99, 0], [0, 0, 0]]).tolist(),
        ("extra-term",),
        (MAX_SIGNED,),
        "which name: a kind's own?",
    ),
    (
        "floor-for-ceil",
        "The size is rounded down, though up is asked.",
        lambda d: pooled(d, ceil=False),
        ("rounding-direction",),
        (MAX_UP, MEAN_UP),
        "",
    ),
    (
        "ceil-for-floor",
        "The size is rounded up.",
        lambda d: pooled(d, ceil=True),
        ("rounding-direction",),
        (Pool(BIG, "max", 2, 2), Pool(BIG, "avg", 2, 2)),
        "",
    ),
    (
        "turned",
        "Rows are written as columns.",
        lambda d: np.transpose(pooled(d)).tolist(),
        ("transpose", "rows-for-columns"),
        (MAX6, MEAN_REAL),
        "",
    ),
]


def poolings() -> Iterator[Case]:
    for i, (key, why, wrong, names, sets, unsure) in enumerate(POOLINGS):
        for number, data in enumerate(sets, 1):
            truth, own = {"Y": pooled(data)}, {"Y": wrong(data)}
            yield from some(
                f"pool/{key}-{number}",
                why,
                data.problem(),
                truth,
                own,
                by=to(3 + (i + number) % 3),
                mistake=names,
                at=["Y", "Y.height", "Y.width", "X_padded"],
                unsure=unsure,
            )
    for number, (data, place, error) in enumerate(
        ((MAX6, (1, 1), -1), (MEAN, (0, 1), 2.5), (MAX_STEP, (0, 1), 9), (MEAN_REAL, (1, 0), 0.3)), 1
    ):
        truth, slip = {"Y": pooled(data)}, np.array(pooled(data))
        slip[place] += error
        if np.any(slip[place] == np.array(data.image)) and data.kind == "avg":
            raise Unfit("the wrong window looks like another mistake")
        yield from some(
            f"pool/one-window-{number}",
            "One window is wrong.",
            data.problem(),
            truth,
            {"Y": slip.tolist()},
            by=to(4),
            slips=["Y"],
        )


def all_cases() -> Iterator[Case]:
    yield from convolutions()
    yield from poolings()
