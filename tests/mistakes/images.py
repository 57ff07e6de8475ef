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
    layers["flatten"] = lambda y: y.reshape(-1)
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
FULL = [[4, 1, 7], [2, 9, 5], [6, 3, 8]]
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

WHITE = Conv([IMAGE5], [[[[0, 1, 0], [2, 4, 2], [0, 1, 0]]]])
SOFT = Conv([REAL], [[[[0.5, -0.25], [1.5, 0.75]]]], padding=(1, 1))
SEEN = Conv([IMAGE4], [[SKEW]], padding=(2, 2))

ONE: Pair = (1, 1)
NONE: Pair = (0, 0)


def framed(data: Conv, rows: Pair, columns: Pair, mode: Any = "constant") -> Values:
    """Y with another frame around the image."""
    image = np.pad(np.array(data.image), (NONE, rows, columns), mode)
    return convolved(data, image=image.tolist(), padding=NONE)


def reworked(values: Values, how: Callable[[Any], Any]) -> Values:
    """Y in the end changed by hand."""
    return {name: how(np.array(value)).tolist() for name, value in values.items()}


def cornered(data: Conv) -> Values:
    """As many windows as there should be, each one cell further."""
    height, width = np.shape(convolved(data)["Y"])[-2:]
    return reworked(convolved(data, stride=ONE), lambda y: y[..., :height, :width])


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
    (
        "mirrored",
        "A true convolution is asked, the kernel is mirrored in one direction only.",
        lambda d: convolved(d, flipped=False, kernel=np.array(d.kernel)[..., ::-1].tolist()),
        ("kernel-flipped",),
        (TRUE, TRUE2),
    ),
    (
        "transposed-for-flipped",
        "A true convolution is asked, the kernel's rows and columns are exchanged.",
        lambda d: convolved(d, flipped=False, kernel=np.array(d.kernel).swapaxes(-1, -2).tolist()),
        ("transpose", "kernel-flipped"),
        (TRUE, TRUE2),
    ),
    (
        "stride-across",
        "The stride is heeded along the rows only.",
        lambda d: convolved(d, stride=(1, d.stride[1])),
        ("stride-ignored",),
        (MOVED, FRAMED),
    ),
    (
        "stride-as-kernel",
        "The windows are laid side by side, as in pooling.",
        lambda d: convolved(d, stride=np.shape(d.kernel)[-2:]),
        ("stride-ignored",),
        (GREY, FRACTIONS),
    ),
    (
        "stride-corner",
        "The size is right, but the windows move on by one cell.",
        cornered,
        ("stride-ignored",),
        (MOVED, FRAMED),
    ),
    (
        "stride-between",
        "A stride of 2 taken as 2 cells between.",
        lambda d: convolved(d, stride=(d.stride[0] + 1, d.stride[1] + 1)),
        ("off-by-one",),
        (MOVED, FRAMED),
    ),
    (
        "gaps",
        "A dilation of 2 taken as 2 cells between.",
        lambda d: convolved(d, dilation=d.dilation + 1),
        ("off-by-one",),
        (SPREAD,),
    ),
    (
        "padding-added",
        "Zeros are put around though none are asked for.",
        lambda d: convolved(d, padding=ONE),
        ("padding-added", "extra-term"),
        (PLAIN, GREY),
    ),
    (
        "rounded-up",
        "The last windows, which do not fit, are filled up with zeros.",
        lambda d: framed(d, (0, 1), (0, 1)),
        ("rounding-direction", "padding-added"),
        (MOVED, Conv([IMAGE5], [[SMALL]], stride=(2, 2))),
    ),
    (
        "padding-above",
        "Zeros are put above and on the left only.",
        lambda d: framed(d, (d.padding[0], 0), (d.padding[1], 0)),
        ("padding-halved", "dropped-term", "dropped-factor"),
        (EDGED, SOFT),
    ),
    (
        "padding-beside",
        "Zeros are put on the left and on the right only.",
        lambda d: framed(d, NONE, (d.padding[1], d.padding[1])),
        ("padding-halved",),
        (EDGED, FRAMED),
    ),
    (
        "padding-in-all",
        "Two zeros in all, one on each side, where it is two on each side.",
        lambda d: convolved(d, padding=ONE),
        ("padding-halved", "other-padding", "dropped-factor"),
        (SEEN,),
    ),
    (
        "padding-copied",
        "The border is copied outwards.",
        lambda d: framed(d, (d.padding[0],) * 2, (d.padding[1],) * 2, "edge"),
        ("padding-not-zero", "other-function"),
        (EDGED, FRAMED),
    ),
    (
        "short",
        "The size is counted without + 1: no last row, no last column.",
        lambda d: reworked(convolved(d), lambda y: y[..., :-1, :-1]),
        ("dropped-term", "off-by-one"),
        (PLAIN, GREY),
    ),
    (
        "unsigned",
        "The signs of the kernel are lost.",
        lambda d: convolved(d, kernel=np.abs(d.kernel).tolist()),
        ("sign",),
        (GREY, FRACTIONS, NETWORK3._replace(then=())),
    ),
    (
        "mean",
        "The sum is divided by the number of the kernel's cells.",
        lambda d: convolved(d, sum=lambda cut, k: np.einsum("ijchw,fchw->fij", cut, k) / k[0, 0].size),
        ("extra-factor",),
        (WHITE, PLAIN, EDGED),
    ),
    (
        "matrices",
        "Window and kernel are multiplied as matrices.",
        lambda d: convolved(d, sum=lambda cut, k: np.einsum("ijchw,fcwv->fij", cut, k)),
        ("other-operation",),
        (PLAIN, FRACTIONS),
    ),
    (
        "one-part",
        "The kernel's first channel serves for all.",
        lambda d: convolved(d, sum=lambda cut, k: np.einsum("ijchw,fhw->fij", cut, k[:, 0])),
        ("wrong-index",),
        (COLOURED, COLOURED1),
    ),
    (
        "bias-each-channel",
        "The bias is added for each channel.",
        lambda d: convolved(d, bias=[3 * b for b in d.bias]),
        ("extra-factor", "extra-term"),
        (COLOURED, COLOURED1._replace(bias=[4])),
    ),
    (
        "bias-each-product",
        "The bias is added to each product.",
        lambda d: convolved(d, bias=[9 * b for b in d.bias]),
        ("extra-factor", "extra-term", "brackets"),
        (EDGED, FRAMED),
    ),
    (
        "bias-exchanged",
        "The two biases are exchanged.",
        lambda d: convolved(d, bias=d.bias[::-1]),
        ("wrong-index", "swapped-operands"),
        (COLOURED,),
    ),
    (
        "bias-of-first",
        "The first filter's bias is added to both maps.",
        lambda d: convolved(d, bias=d.bias[:1] * 2),
        ("wrong-index",),
        (COLOURED,),
    ),
    (
        "maps-added",
        "The maps of both filters are added up.",
        lambda d: reworked(convolved(d), lambda y: y.sum(axis=0)),
        ("maps-added", "other-axis", "extra-term"),
        (COLOURED,),
    ),
    (
        "channels-apart",
        "Each channel keeps a map of its own.",
        lambda d: convolved(
            d,
            bias=3 * (d.bias or [0]),
            kernel=np.array(d.kernel)[0][:, None].tolist(),
            sum=lambda cut, k: np.einsum("ijchw,chw->cij", cut, k[:, 0]),
        ),
        ("channels-apart", "other-axis"),
        (COLOURED1,),
    ),
    (
        "clipped",
        "Negative numbers are set to 0.",
        lambda d: reworked(convolved(d), lambda y: np.maximum(y, 0)),
        ("relu-added", "other-function"),
        (GREY, NETWORK3._replace(then=())),
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
    for data, key, why, rule, names in (
        (NETWORK, "absolute", "The ReLU takes away the signs.", np.abs, ("other-function", "sign")),
        (NETWORK3, "absolute", "The ReLU takes away the signs.", np.abs, ("other-function", "sign")),
        (
            NETWORK,
            "below",
            "The ReLU keeps what is negative.",
            lambda y: np.minimum(y, 0),
            ("other-function",),
        ),
        (NETWORK3, "leaky", "A leaky ReLU.", lambda y: np.where(y > 0, y, y / 10), ("other-function",)),
    ):
        chains.append((key, why, data, convolved(data, {"relu": rule}), "relu", names))
    late = convolved(NETWORK3._replace(then=("avgpool", "relu")))
    chains.append(
        (
            "late-relu",
            "The average comes before the ReLU.",
            NETWORK3,
            {"Y": late["Y"], "avgpool": late["relu"]},
            "avgpool",
            ("swapped-operands",),
        )
    )
    for data in (NETWORK, NETWORK3):
        bare = data._replace(then=data.then[1:])
        chains.append(
            (
                "relu-unasked",
                "A ReLU that nobody asked for comes before the pooling.",
                bare,
                {name: value for name, value in convolved(data).items() if name != "relu"},
                bare.then[0],
                ("relu-added", "extra-term"),
            )
        )
    down = {"flatten": lambda y: y.swapaxes(-1, -2).reshape(-1)}
    for data in (
        NETWORK3._replace(then=("relu", "avgpool", "flatten")),
        COLOURED._replace(then=("flatten",)),
    ):
        why = "The map is read column after column."
        chains.append(
            ("columns", why, data, convolved(data, down), "flatten", ("rows-for-columns", "transpose"))
        )
    behind = {"flatten": lambda y: np.moveaxis(y, 0, -1).reshape(-1)}
    data = COLOURED._replace(then=("relu", "flatten"))
    why = "The maps are read cell by cell, not one after the other."
    chains.append(("cell-by-cell", why, data, convolved(data, behind), "flatten", ("other-axis",)))
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


# ---------------------------------------------------------------- transposed


def laid(image: Any, kernel: Any, stride: int, cut: int, added: bool = True, more: int = 0) -> Values:
    """Each number of the image lays its multiple of the kernel; `cut` rows and columns go on each side."""
    x, k = np.array(image), np.array(kernel)
    height, width = ((n - 1) * stride + size + more for n, size in zip(x.shape, k.shape, strict=True))
    Y = np.zeros((height, width))
    for i, j in product(*map(range, x.shape)):
        top, left = i * stride, j * stride
        here = Y[top : top + len(k), left : left + len(k[0])]
        here[...] = here * added + x[i, j] * k
    return {"Y": Y[cut : height - cut, cut : width - cut].tolist()}


def transposed() -> Iterator[Case]:
    """The other way round: what is laid, what is cut off."""
    small, wide = [[1, 2, 0], [3, -1, 2], [0, 1, 4]], [[2, 1], [3, 5]]
    for number, (image, kernel, stride, cut, more) in enumerate(
        ((small, SMALL, 1, 0, 0), (small, FULL, 2, 1, 1), (wide, SKEW, 2, 0, 0), (small, SKEW, 1, 1, 0)), 1
    ):
        given = {"input": image, "kernel": kernel, "stride": stride, "padding": cut, "mode": "transposed"}
        given |= {"output_padding": more} if more else {}
        problem = {"kind": "conv2d", "given": given, "ask": ["Y"], "points": 3}
        turned = np.array(kernel)[::-1, ::-1]
        wrongs: list[tuple[str, str, Values, tuple[str, ...]]] = [
            (
                "overwritten",
                "What is laid last stays.",
                laid(image, kernel, stride, cut, False, more),
                ("other-operation",),
            ),
            (
                "flipped",
                "The kernel is turned.",
                laid(image, turned, stride, cut, True, more),
                ("kernel-flipped",),
            ),
        ]
        if cut:
            why, own = "Nothing is cut off.", laid(image, kernel, stride, 0, True, more)
            wrongs.append(("uncut", why, own, ("padding-ignored",)))
        if more:
            why, own = "The output padding is left out.", laid(image, kernel, stride, cut)
            wrongs.append(("without-more", why, own, ("dropped-term", "padding-ignored")))
        if stride > 1:
            why, own = "The stride is 1.", laid(image, kernel, 1, cut, True, more)
            wrongs.append(("stride", why, own, ("stride-ignored",)))
        if len(image) + 2 * cut >= len(kernel):
            why = "The kernel slides over the image, as in an ordinary convolution."
            own = convolved(Conv([image], [[kernel]], stride=(stride, stride), padding=(cut, cut)))
            wrongs.append(("ordinary", why, own, ("other-operation",)))
        truth = laid(image, kernel, stride, cut, True, more)
        for key, why, own, names in wrongs:
            at = ["Y", "Y.height"]
            yield from some(f"conv/transposed-{key}-{number}", why, problem, truth, own, mistake=names, at=at)


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
        "window-as-stride",
        "A window as large as the stride.",
        lambda d: pooled(d, size=d.stride),
        ("other-quantity",),
        (MAX_STEP, MEAN_STEP),
        "",
    ),
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
        ("padding-counted", *PAD_NAMES),
        (MEAN_EDGE,),
        "",
    ),
    (
        "padding-not-counted",
        "The zeros of the padding are not counted.",
        lambda d: pooled(d, counted=False),
        ("padding-counted", "padding-ignored", *PAD_NAMES),
        (MEAN_COUNTED,),
        "",
    ),
    (
        "zeros-win",
        "The padding's zeros win among negative cells.",
        lambda d: np.maximum(pooled(d), [[0, 0, 0], [0, -99, 0], [0, 0, 0]]).tolist(),
        ("padding-counted", "extra-term"),
        (MAX_SIGNED,),
        "",
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
    (
        "divided-by-side",
        "The sum is divided by k, not by k².",
        lambda d: pooled(d, lambda w: sum(w) / d.size),
        ("dropped-factor", "extra-factor"),
        (MEAN, MEAN6, MEAN_REAL),
        "",
    ),
    (
        "divided-by-all",
        "Windows that do not fit are divided by k² too.",
        lambda d: pooled(d, lambda w: sum(w) / d.size**2),
        ("padding-counted", "extra-factor"),
        (MEAN_UP, Pool(IMAGE4, "avg", 3, 2, ceil=True)),
        "",
    ),
    (
        "median",
        "The middle number is taken.",
        lambda d: pooled(d, lambda w: float(np.median(w))),
        ("other-function",),
        (MEAN, MEAN_REAL),
        "",
    ),
    (
        "first-cell",
        "The first number of each window is kept.",
        lambda d: pooled(d, lambda w: w[0]),
        ("wrong-index", "other-function"),
        (MAX, MEAN_REAL),
        "",
    ),
    (
        "absolute",
        "The largest absolute value is taken.",
        lambda d: pooled(d, lambda w: max(map(abs, w))),
        ("other-function", "sign"),
        (MAX_SIGNED, Pool(WIDE, "max", 2, 2)),
        "",
    ),
    (
        "farthest",
        "The number farthest from 0 is taken.",
        lambda d: pooled(d, lambda w: max(w, key=abs)),
        ("other-function", "sign"),
        (MAX_SIGNED,),
        "",
    ),
    (
        "short",
        "The size is counted without + 1.",
        lambda d: np.array(pooled(d))[:-1, :-1].tolist(),
        ("dropped-term", "off-by-one"),
        (MAX6, MEAN_REAL._replace(size=2, stride=1), Pool(IMAGE6, "max", 3, 1)),
        "",
    ),
    (
        "corner",
        "The size is right, but the windows move on by one cell.",
        lambda d: np.array(pooled(d, stride=1))[: len(pooled(d)), : len(pooled(d)[0])].tolist(),
        ("stride-ignored",),
        (MAX6, MEAN6, MEAN_STEP),
        "",
    ),
]


def places(data: Pool) -> Any:
    """The place of the largest number in each window, the first of equal ones."""
    image, found = np.array(data.image), np.array(pooled(data))
    at = np.zeros((*found.shape, 2), int)
    for i, j in np.ndindex(*found.shape):
        top, left = i * data.stride - data.padding, j * data.stride - data.padding
        cells = product(range(top, top + data.size), range(left, left + data.size))
        inside = [c for c in cells if 0 <= c[0] < image.shape[0] and 0 <= c[1] < image.shape[1]]
        at[i, j] = max(inside, key=lambda c: image[c])
    return at


def argmaxima() -> Iterator[Case]:
    """Places in another order, counted from elsewhere."""
    for number, data in enumerate((MAX6, MAX, MAX_STEP, MAX_EDGE, MAX_SIGNED), 1):
        true = places(data)
        starts = np.moveaxis(np.indices(true.shape[:2]), 0, -1) * data.stride - data.padding
        problem = data.problem() | {"ask": ["Y", "argmax"]}
        Y = pooled(data)
        for key, why, own, names in (
            ("turned", "The column comes first.", true[..., ::-1], ("rows-for-columns", "swapped-operands")),
            ("from-one", "Counted from 1.", true + 1, ("off-by-one", "wrong-index")),
            ("inside", "Counted inside the window.", true - starts, ("wrong-index",)),
            (
                "inside-one",
                "Counted inside the window, from 1.",
                true - starts + 1,
                ("wrong-index", "off-by-one"),
            ),
        ):
            values = {"Y": Y, "argmax": own.tolist()}
            truth = {"Y": Y, "argmax": true.tolist()}
            yield from some(f"pool/argmax-{key}-{number}", why, problem, truth, values, mistake=names)
        one = true.copy()
        one[0, 1, 1] += 2
        values = {"Y": Y, "argmax": one.tolist()}
        why = "One place is wrong."
        yield from some(
            f"pool/argmax-one-{number}",
            why,
            problem,
            {"Y": Y, "argmax": true.tolist()},
            values,
            slips=["argmax"],
        )


def grouped() -> Iterator[Case]:
    """A filter for each channel."""
    images, kernels = np.array(COLOUR), np.array([[[1, -1], [0, 2]], [[1, 1], [1, 1]], [[2, 0], [-1, 1]]])
    for number, (count, bias) in enumerate(((2, None), (3, [1, 0, -2])), 1):
        x, k = images[:count], kernels[:count]
        given: dict[str, Any] = {"input": x.tolist(), "kernel": k.tolist(), "groups": count}
        given |= {"bias": bias} if bias else {}
        problem = {"kind": "conv2d", "given": given, "ask": ["Y"], "points": 3}
        Y = np.einsum("ijchw,chw->cij", windows(x, (2, 2), ONE), k) + np.reshape(
            bias or [0] * count, (-1, 1, 1)
        )
        truth, names = {"Y": Y.tolist()}, ("maps-added", "groups-ignored")
        own, why = {"Y": Y.sum(axis=0).tolist()}, "The maps of all groups are added up."
        yield from some(f"conv/groups-added-{number}", why, problem, truth, own, mistake=names)
        yield from some(f"conv/groups-right-{number}", "All is right.", problem, truth, truth)
        slip = Y.sum(axis=0)
        slip[0, 1] += 3
        slip[1, 0] -= 2
        why, own = "One map of numbers that nothing explains.", {"Y": slip.tolist()}
        yield from some(f"conv/groups-random-{number}", why, problem, truth, own, slips=["Y"])


def channels_together() -> Iterator[Case]:
    """All channels pooled as one."""
    images = np.array([IMAGE4, [row[::-1] for row in EVEN]])
    for number, kind in enumerate(("max", "avg"), 1):
        pick = POOLS[f"{kind}pool"]
        each = [in_windows(pick)(image[None])[0] for image in images]
        given = {"input": images.tolist(), "type": kind, "size": 2}
        problem = {"kind": "pool2d", "given": given, "ask": ["Y"], "points": 2}
        truth, own = {"Y": np.array(each).tolist()}, {"Y": pick(np.array(each), axis=0).tolist()}
        why = "The channels are pooled together."
        yield from some(f"pool/channels-{number}", why, problem, truth, own, mistake=("other-axis",))
        given = {"input": images.tolist(), "type": kind, "global": True}
        whole = {"Y": [float(pick(image.ravel())) for image in images]}
        one = {"Y": float(pick(images.ravel()))}
        why = "One number for all channels."
        problem = problem | {"given": given}
        yield from some(f"pool/channels-global-{number}", why, problem, whole, one, mistake=("other-axis",))


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


def plain() -> Iterator[Case]:
    """What is right under options that are easily misread, and wrong numbers near such mistakes."""
    for number, (data, options) in enumerate(
        (
            (EDGED, {"padding": "same"}),
            (SEEN, {"padding": "full"}),
            (TRUE, {}),
            (MOVED, {}),
            (SPREAD3, {}),
            (COLOURED, {}),
        ),
        1,
    ):
        problem = data.problem("Y")
        problem["given"] |= options
        truth = convolved(data)
        yield from some(f"conv/right-{number}", "All is right.", problem, truth, truth)
        if "padding" in options:
            own, names = convolved(data, padding=NONE), ("padding-ignored",)
            why = "The padding is ignored."
            at = ["X_padded"]
            yield from some(f"conv/word-ignored-{number}", why, problem, truth, own, mistake=names, at=at)
    word = SEEN.problem("Y")
    word["given"]["padding"] = "full"
    same, names = convolved(SEEN, padding=ONE), ("other-padding",)
    why = "`same` for `full`."
    at = ["X_padded"]
    yield from some("conv/same-for-full", why, word, convolved(SEEN), same, mistake=names, at=at)
    even = Conv([IMAGE4], [[SMALL]], padding=ONE)
    word = even.problem("Y")
    word["given"]["padding"] = "full"
    below = framed(even, (0, 1), (0, 1))
    yield from some("conv/same-for-full-even", why, word, convolved(even), below, mistake=names, at=at)
    wrongs: tuple[tuple[Conv, dict[Pair, float]], ...] = (
        (GREY, {(0, 0): 0, (1, 2): 7}),
        (EDGED, {(0, 1): 5, (2, 2): 12, (3, 0): 1}),
        (TRUE, {(0, 0): 20, (1, 1): 3, (2, 0): 31}),
        (FRACTIONS, {(0, 1): 1.25, (1, 1): 0.4}),
    )
    for number, (data, errors) in enumerate(wrongs, 1):
        truth, slip = convolved(data), np.array(convolved(data)["Y"])
        for place, value in errors.items():
            slip[place] = value
        own = {"Y": slip.tolist()}
        why = "Some windows are wrong, for no reason."
        yield from some(f"conv/random-{number}", why, data.problem("Y"), truth, own, slips=["Y"])
    poolings: tuple[tuple[Pool, dict[Pair, float]], ...] = (
        (MAX_SIGNED, {(0, 0): 0, (1, 1): 2}),
        (MEAN, {(0, 0): 14, (1, 1): 21.5}),
        (MEAN_UP, {(0, 2): 3, (2, 2): 7}),
        (MAX_STEP, {(0, 0): 68, (1, 0): 110}),
    )
    for number, (pool, errors) in enumerate(poolings, 1):
        best, slip = {"Y": pooled(pool)}, np.array(pooled(pool))
        yield from some(f"pool/right-{number}", "All is right.", pool.problem(), best, best)
        for place, value in errors.items():
            slip[place] = value
        why, own = "Some windows are wrong, for no reason.", {"Y": slip.tolist()}
        yield from some(f"pool/random-{number}", why, pool.problem(), best, own, slips=["Y"])


def all_cases() -> Iterator[Case]:
    yield from convolutions()
    yield from transposed()
    yield from poolings()
    yield from argmaxima()
    yield from grouped()
    yield from channels_together()
    yield from plain()
