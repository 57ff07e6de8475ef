"""Layers of a convolutional network as people type them: `conv3-64 /2`, `maxpool`, `{dense: 1000}`.

They are only read here: their options, their names, what they take their input from, and blocks that repeat.
What a layer makes of its input is for the kind to say. Everything raises `SolverErrors` with all faults.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from solver.errors import SolverError, SolverErrors, Span, did_you_mean, quoted
from solver.record import Record
from solver.spec import yaml
from solver.spec.fields import Leaf, scalar, whole
from solver.spec.numbers import as_fraction, read_array
from solver.spec.yaml import Items, Node, Pairs

MOST_LAYERS = 10_000
"""So many layers a network has at most, after its blocks are repeated."""

LARGEST = 10**9
"""No typed size is larger."""

Path = tuple[str | int, ...]
Pair = tuple[int, int]
"""A number for the rows and one for the columns."""

INPUT = -1
"""The place of the input, in front of the first layer."""


class Layer(Record):
    """A layer with its options; those that it does not have keep their defaults.

    `sources` are the places of the layers whose outputs it takes. `path` leads to its node, and `at` from there to
    options that are typed by themselves. `padding` may be a word; `bias` is None where nothing is said.
    """

    what: str
    name: str = ""
    sources: tuple[int, ...] = ()
    path: Path = ()
    at: Mapping[str, Path] = MappingProxyType({})
    filters: int = 0
    window: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair | str = (0, 0)
    dilation: Pair = (1, 1)
    output_padding: Pair = (0, 0)
    groups: int = 1
    multiplier: int = 1
    ceil: bool = False
    bias: bool | None = None
    units: int = 0
    vocabulary: int = 0
    frozen: bool = False


# Readers of options


_count = whole(1, LARGEST).read
_amount = whole(0, LARGEST).read
_SIZE = re.compile(r"([^x×]+)[x×]([^x×]+)", re.IGNORECASE)


def _pair(read: Callable[[Any], int]) -> Callable[[Node], Pair]:
    """A number for both axes, or two: `[4, 3]`, `4x3`."""

    def pair(node: Node) -> Pair:
        if isinstance(node, Items):
            if len(node) != 2:
                raise SolverError(f"rows and columns are two numbers, not {len(node)}", node.span)
            return read(node[0]), read(node[1])
        leaf = scalar(node, "a number, or [rows, columns]")
        found = _SIZE.fullmatch(leaf.text)
        parts = [_part(leaf, text) for text in found.groups()] if found else [leaf, leaf]
        return read(parts[0]), read(parts[1])

    return pair


def _part(leaf: yaml.Scalar, text: str) -> yaml.Scalar:
    """A part of a text as a value that stands where the whole text stands."""
    return yaml.Scalar(text.strip(), True, leaf.source, leaf.start, leaf.end)


def _padding(node: Node) -> Pair | str:
    if isinstance(node, yaml.Scalar):
        word = node.text.strip().lower()
        if word in ("same", "valid", "full"):
            return (0, 0) if word == "valid" else word
        if re.fullmatch(r"[a-z]+", word):
            hint = did_you_mean(word, ("same", "valid", "full")) or "write a number, `same` or `valid`"
            raise SolverError(f"{quoted(node.text)} is no padding", node.span, hint)
    return _pair(_amount)(node)


def _flag(node: Node) -> bool:
    leaf = scalar(node, "true or false")
    if leaf.plain and leaf.text.lower() in ("true", "false"):
        return leaf.text.lower() == "true"
    raise SolverError(f"true or false is needed here, not {quoted(leaf.text)}", leaf.span)


def _number(node: Node) -> Fraction:
    return as_fraction(read_array(scalar(node, "a number"), [0]).item())


def _rate(node: Node) -> Fraction:
    rate = _number(node)
    if not 0 <= rate < 1:
        raise SolverError("the share that is dropped is from 0 to 1", node.span, "write 0.5")
    return rate


def _name(node: Node) -> yaml.Scalar:
    """A name that a person chose for a layer."""
    leaf = scalar(node, "a name")
    if leaf.text == "input" or not re.fullmatch(r"[^\W\d]\w*(?:-\w+)*", leaf.text):
        hint = "`input` is that of the network" if leaf.text == "input" else "write letters, digits, _ and -"
        raise SolverError(f"{quoted(leaf.text)} cannot be the name of a layer", leaf.span, hint)
    return leaf


def _sources(node: Node) -> tuple[yaml.Scalar, ...]:
    """The layers, by names or by numbers, that a layer takes its input from."""
    if not isinstance(node, Items):
        return (scalar(node, "the name of a layer"),)
    if not node:
        raise SolverError("the list is empty", node.span, "write the names of layers")
    return tuple(scalar(child, "the name of a layer") for child in node)


class Option(Record):
    """How an option is read, and what it is."""

    read: Callable[[Any], Any]
    says: str


_LENGTH, _LENGTHS = "a number", "a number, or [rows, columns]"
OPTIONS: Mapping[str, Option] = {
    "filters": Option(_count, "how many filters, a number"),
    "kernel": Option(_pair(_count), f"the size of the window: {_LENGTHS}"),
    "size": Option(_pair(_count), f"the size: {_LENGTHS}"),
    "stride": Option(_pair(_count), f"how far the window moves: {_LENGTHS}"),
    "padding": Option(_padding, f"what is added on each side: {_LENGTHS}, `same` or `valid`"),
    "dilation": Option(_pair(_count), f"1 for a window without gaps: {_LENGTHS}"),
    "output_padding": Option(_pair(_amount), f"what is added to the size of the output: {_LENGTHS}"),
    "groups": Option(_count, "into how many groups channels and filters are divided"),
    "multiplier": Option(_count, "how many filters each channel has"),
    "bias": Option(_flag, "true or false"),
    "ceil": Option(_flag, "true or false: whether the size is rounded up"),
    "count_padding": Option(_flag, "true or false: whether the average counts the padding"),
    "units": Option(_count, "how many units, a number"),
    "rate": Option(_rate, "the share that is dropped, from 0 to 1"),
    "slope": Option(_number, "the slope for negative numbers"),
    "factor": Option(_pair(_count), f"how many times as large: {_LENGTHS}"),
    "margin": Option(_pair(_amount), f"what is added on each side: {_LENGTHS}"),
    "vocabulary": Option(_count, "how many words there are"),
    "entries": Option(_count, "how many numbers a word becomes"),
    "frozen": Option(_flag, "true or false: whether its parameters stay as they are"),
    "name": Option(_name, "a name of your own: letters, digits, _ and -"),
    "from": Option(
        _sources, "the name of a layer before it, several for add and concat, or -2 to count back"
    ),
}

KEPT = {"kernel": "window", "size": "window", "factor": "window", "margin": "padding", "entries": "units"}
"""Options that a layer keeps under another name."""

NEAR = {"kernel": "size", "size": "kernel", "pad": "padding", "window": "size", "channels": "filters"}
"""Other names of options, where a layer has no option of that name."""

FORGOTTEN = ("rate", "slope", "count_padding")
"""Options that change neither a shape nor a count."""


# The layers


class Form(Record):
    """How a layer is typed: its options, those that it needs, and the letters of its default name.

    `alone` is the option that a single value stands for (`dense: 1000`), `size` that of the number right behind
    the name (`conv3`), `count` that of the number behind a hyphen (`conv3-64`). `shown` are options as they are
    typed where they are not called what they are here.
    """

    called: str
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    alone: str = ""
    size: str = ""
    count: str = ""
    sample: str = ""
    shown: Mapping[str, str] = MappingProxyType({})


_CONV = ("filters", "kernel", "stride", "padding", "dilation", "groups", "bias")
_DEPTHWISE = ("kernel", "multiplier", "stride", "padding", "dilation", "bias")
_POOL = ("size", "stride", "padding", "dilation", "ceil")
_BOTH = ("filters", "kernel")

FORMS: dict[str, Form] = {
    "conv": Form("conv", _CONV, _BOTH, size="kernel", count="filters", sample="conv3-64 /2 pad 1"),
    "depthwise_conv": Form(
        "depthwise", _DEPTHWISE, ("kernel",), "kernel", "kernel", sample="depthwise_conv: {kernel: 3}"
    ),
    "separable_conv": Form(
        "separable",
        ("filters", *_DEPTHWISE),
        _BOTH,
        size="kernel",
        count="filters",
        sample="separable_conv: {filters: 64, kernel: 3}",
    ),
    "conv_transpose": Form(
        "convt",
        (*_CONV, "output_padding"),
        _BOTH,
        size="kernel",
        count="filters",
        sample="conv_transpose: {filters: 64, kernel: 2, stride: 2}",
    ),
    "maxpool": Form("pool", _POOL, (), "size", "size", sample="maxpool: {size: 3, stride: 2}"),
    "avgpool": Form(
        "pool", (*_POOL, "count_padding"), (), "size", "size", sample="avgpool: {size: 3, stride: 2}"
    ),
    "global_avgpool": Form("pool"),
    "global_maxpool": Form("pool"),
    "adaptive_avgpool": Form("pool", ("size",), ("size",), "size", "size", sample="adaptive_avgpool: 7"),
    "adaptive_maxpool": Form("pool", ("size",), ("size",), "size", "size", sample="adaptive_maxpool: 7"),
    "dense": Form("fc", ("units", "bias"), ("units",), "units", "units", sample="FC-1000"),
    "flatten": Form("flatten"),
    "batchnorm": Form("bn"),
    "layernorm": Form("ln"),
    "dropout": Form("dropout", ("rate",), (), "rate", "rate"),
    "upsample": Form("up", ("factor",), ("factor",), "factor", "factor", sample="upsample: 2"),
    "pad": Form(
        "pad", ("margin",), ("margin",), "margin", "margin", sample="pad: 1", shown={"margin": "size"}
    ),
    "add": Form("add", alone="from", sample="add: {from: [relu1, conv3]}"),
    "concat": Form("concat", alone="from", sample="concat: {from: [relu1, conv3]}"),
    "embedding": Form(
        "embedding",
        ("vocabulary", "entries"),
        ("vocabulary", "entries"),
        sample="embedding: {vocabulary: 10000, size: 128}",
        shown={"entries": "size"},
    ),
}
ACTIVATIONS = (
    *("identity", "relu", "relu6", "leaky-relu", "elu", "selu", "gelu", "silu", "swish", "mish"),
    *("hardswish", "softplus", "sigmoid", "tanh", "step", "sign", "softmax"),
)
FORMS |= {name: Form(name.replace("-", "_")) for name in ACTIVATIONS}
FORMS["leaky-relu"] = Form("leaky_relu", ("slope",), (), "slope")

POOLS = ("maxpool", "avgpool")
JOINS = ("add", "concat")
"""The layers with several inputs."""

COMMON = ("name", "from", "frozen")
"""What every layer may say."""

_OTHERS = {
    "conv": "convolution",
    "depthwise_conv": "depthwise dwconv",
    "separable_conv": "separable sepconv depthwiseseparableconv",
    "conv_transpose": "convtranspose transposedconv convtransposed deconv deconvolution upconv",
    "maxpool": "maxpooling",
    "avgpool": "avgpooling averagepool averagepooling meanpool",
    "global_avgpool": "globalavgpooling globalaveragepool globalaveragepooling gap",
    "global_maxpool": "globalmaxpooling gmp",
    "adaptive_avgpool": "adaptiveaveragepool adaptiveavgpooling",
    "dense": "fc linear fullyconnected",
    "batchnorm": "bn batchnormalization batchnormalisation",
    "layernorm": "ln layernormalization layernormalisation",
    "upsample": "upsampling",
    "pad": "zeropad zeropadding",
    "concat": "concatenate cat",
    "leaky-relu": "lrelu",
}


def _key(text: str) -> str:
    """A name without what people separate its words by."""
    return re.sub(r"[\s_-]+", "", text.lower())


KEYS = {_key(name): name for name in FORMS}
KEYS |= {other: name for name, others in _OTHERS.items() for other in others.split()}


# The shorthand


LONGEST = 80
"""No shorthand has more characters."""

_SEPARATE = r"[\s_-]*"
_ONE = r"(?:\d+(?:\.\d+)?|\.\d+)%?"
_TWO = rf"{_ONE}(?:\s*[x×]\s*\d+)?"
_WORDS = "stride|padding|pad|dilation|groups"
_OPTION = (
    rf"\s*/\s*(?P<stride>{_TWO})|\s+(?:padding\s+)?(?P<word>same|valid|full)\b|"
    rf"\s+(?P<name>{_WORDS}|s|p)\s*(?P<value>{_TWO})"
)
_SHORT = re.compile(rf"(.+?)((?:{re.sub('P<[a-z]+>', ':', _OPTION)})*)", re.IGNORECASE)
_CALL = re.compile(r"([a-z][a-z\s_-]*?)(?:2d)?\s*\(([^()]*)\)", re.IGNORECASE)
_HEAD = re.compile(
    rf"([a-z][a-z\s_-]*?)(?:{_SEPARATE}2d)?{_SEPARATE}({_TWO})?(?:\s*-\s*(\d+))?", re.IGNORECASE
)


class _Short(Record):
    """What a shorthand says: the layer and its options, still as text."""

    what: str
    options: Mapping[str, str] = MappingProxyType({})


@lru_cache(1000)
def _short(text: str) -> _Short | None:
    """The shorthand in a text; None where it names no layer that there is."""
    found = _SHORT.fullmatch(text.strip().replace("–", "-")) if len(text) <= LONGEST else None
    if not found:
        return None
    head, behind = found[1].strip(), _options(found[2])
    if _key(head) in KEYS:
        what, numbers = KEYS[_key(head)], {}
    elif (call := _CALL.fullmatch(head)) and _key(call[1]) in KEYS:  # dropout(0.5)
        what = KEYS[_key(call[1])]
        numbers = {FORMS[what].alone: call[2]}
    elif (parts := _HEAD.fullmatch(head)) and _key(parts[1]) in KEYS:
        what = KEYS[_key(parts[1])]
        form = FORMS[what]
        numbers = {name: text for name, text in ((form.size, parts[2]), (form.count, parts[3])) if text}
    else:
        return None
    if behind is None or "" in numbers or numbers.keys() & behind:
        return None
    return _Short(what, numbers | behind)


def _options(text: str) -> dict[str, str] | None:
    """The options behind a name, ` /2 same`; None where one stands twice."""
    options: dict[str, str] = {}
    for stride, word, name, value in re.findall(_OPTION, text, re.IGNORECASE):
        short = {"pad": "padding", "p": "padding", "s": "stride"}
        option = "stride" if stride else "padding" if word else short.get(name.lower(), name.lower())
        if option in options:
            return None
        options[option] = stride or word or value
    return options


def _unknown(text: str, span: Span) -> SolverError:
    """The fault of a text that is no layer."""
    found = re.match(r"[^\d/(]*", text.strip())
    word = _key(found[0]) if found else ""
    if word in KEYS:
        what = KEYS[word]
        message = f"{quoted(text)} cannot be read as a layer"
        return SolverError(message, span, f"write {FORMS[what].sample or what}")
    hint = did_you_mean(word, FORMS) or f"layers: {', '.join(FORMS)}"
    if word == "pool":
        hint = "write maxpool or avgpool"
    return SolverError(f"there is no layer {quoted(text)}", span, hint)


# From nodes to layers


class _Typed(Record):
    """A layer as it stands in the file: its name and its sources are still to be worked out."""

    layer: Layer
    node: Node
    name: yaml.Scalar | None
    sources: Node | None


class _Block(Record):
    """Layers that are repeated, and how many there are in all."""

    times: int
    inner: tuple[_Typed | _Block, ...]
    layers: int
    node: Pairs


class _Typing(Record):
    """An option where it was typed: its value, the path to it, and what goes before a fault of it."""

    node: Node
    path: Path
    label: str


class _Faulty:
    """What keeps faults."""

    def __init__(self) -> None:
        self.faults: list[SolverError] = []

    def fault(self, message: str, span: Span | None, hint: str | None = None) -> None:
        self.faults.append(SolverError(message, span, hint))


class _Reader(_Faulty):
    """Reads a list of layers and keeps what is wrong with it."""

    def blocks(self, node: Node, path: Path) -> tuple[_Typed | _Block, ...]:
        """The layers and blocks of a list."""
        if not isinstance(node, Items):
            self.fault("a list of layers is needed here", node.span, "write [conv3-64, maxpool]")
            return ()
        if not node:
            self.fault("the list is empty", node.span, "a network has one layer or more")
        read: list[_Typed | _Block] = []
        for place, child in enumerate(node):
            try:
                read.append(self.block(child, (*path, place)))
            except SolverError as error:
                self.faults += error.errors if isinstance(error, SolverErrors) else [error]
        return tuple(read)

    def block(self, node: Node, path: Path) -> _Typed | _Block:
        """A layer, or a block that is repeated."""
        if isinstance(node, Items):
            raise SolverError("a layer is needed here, not a list", node.span, "take the inner brackets away")
        if isinstance(node, Pairs):
            return self.repeated(node, path) if "repeat" in node else self.mapping(node, path)
        if node.is_null:
            raise SolverError("a layer is missing here", node.span, "write conv3-64, maxpool or FC-1000")
        short = _short(node.text)
        if short is None:
            raise _unknown(node.text, node.span)
        return self.typed(short.what, self.shorthand(short, node), node, path, node.span)

    def repeated(self, node: Pairs, path: Path) -> _Block:
        hint = "write {repeat: 3, layers: [conv3-64, relu]}"
        for key in node:
            if key not in ("repeat", "layers"):
                self.fault(f"a block has no field {quoted(key)}", node.key_span(key), hint)
        if "layers" not in node:
            raise SolverError("`layers` is missing: what is repeated", node.key_span("repeat"), hint)
        inner = self.blocks(node["layers"], (*path, "layers"))
        try:
            times = whole(1, MOST_LAYERS).read(node["repeat"])
        except SolverError as error:
            raise SolverError(f"`repeat`: {error.message}", error.span, error.hint or hint) from None
        return _Block(times, inner, times * _counted(inner), node)

    def mapping(self, node: Pairs, path: Path) -> _Typed:
        """A layer whose key is its name or a shorthand; options stand in its value or beside it."""
        layers = {key: short for key in node if key not in COMMON and (short := _short(key)) is not None}
        if len(layers) > 1:
            message = f"two layers in one entry: {' and '.join(map(quoted, layers))}"
            hint = "put each on a line of its own, with a dash"
            raise SolverError(message, node.key_span(next(iter(layers))), hint)
        if not layers:
            keys = [key for key in node if key not in OPTIONS]
            if keys:
                raise _unknown(keys[0], node.key_span(keys[0]))
            hint = "write conv: {filters: 64, kernel: 3}"
            raise SolverError("the name of a layer is missing here", node.span, hint)
        ((key, short),) = layers.items()
        form, value = FORMS[short.what], node[key]
        options = self.shorthand(short, yaml.Scalar(key, True, node.source, *node.key_spans[key]))
        if isinstance(value, Pairs):
            self.join(options, self.options(short.what, value, (key,)))
        elif not (isinstance(value, yaml.Scalar) and value.is_null):
            if not form.alone:
                what = "a mapping of its options" if form.options else "no value"
                hint = f"write {form.sample or key}"
                raise SolverError(f"{quoted(key)} takes {what}", value.span, hint)
            self.join(options, {form.alone: _Typing(value, (key,), f"{quoted(key)}: ")})
        self.join(options, self.options(short.what, node, (), key))
        return self.typed(short.what, options, node, path, node.key_span(key))

    def shorthand(self, short: _Short, leaf: yaml.Scalar) -> dict[str, _Typing]:
        """The options of a shorthand as values that stand where it stands."""
        options, found = FORMS[short.what].options, {}
        for name, text in short.options.items():
            if name in options:
                found[name] = _Typing(_part(leaf, text), (), f"{quoted(leaf.text)}: `{name}`: ")
                continue
            hint = f"options of {short.what}: {', '.join(options)}" if options else f"write {short.what}"
            self.fault(f"{quoted(leaf.text)}: {short.what} has no `{name}`", leaf.span, hint)
        return found

    def options(self, what: str, pairs: Pairs, path: Path, layer: str = "") -> dict[str, _Typing]:
        """The options that stand in a mapping, under the names that they have here; the key `layer` is none."""
        form, found = FORMS[what], {}
        here = {form.shown.get(name, name): name for name in form.options} | {name: name for name in COMMON}
        for key, node in pairs.items():
            if key in here:
                if not (isinstance(node, yaml.Scalar) and node.is_null):
                    found[here[key]] = _Typing(node, (*path, key), f"`{key}`: ")
            elif key != layer:
                meant = NEAR.get(key, key)
                hint = f"did you mean {quoted(meant)}?" if meant in here else did_you_mean(key, here)
                hint = hint or f"options of {what}: {', '.join(here)}"
                self.fault(f"{what} has no option {quoted(key)}", pairs.key_span(key), hint)
        return found

    def join(self, options: dict[str, _Typing], more: Mapping[str, _Typing]) -> None:
        """Add options from another place; none may stand in both."""
        for name in options.keys() & more.keys():
            self.fault(f"`{name}` is given twice", more[name].node.span, "write it once")
        options |= more

    def typed(self, what: str, options: Mapping[str, _Typing], node: Node, path: Path, span: Span) -> _Typed:
        """The layer of some options, each read."""
        form = FORMS[what]
        missing = [f"`{form.shown.get(name, name)}`" for name in form.needs if name not in options]
        if missing:
            self.fault(f"{what} needs {' and '.join(missing)}", span, f"write {form.sample}")
        kept: dict[str, Any] = {}
        for option, typing in options.items():
            try:
                kept[KEPT.get(option, option)] = OPTIONS[option].read(typing.node)
            except SolverError as error:
                hint = error.hint or f"{form.shown.get(option, option)}: {OPTIONS[option].says}"
                self.fault(typing.label + error.message, error.span, hint)
        if what in POOLS:
            kept.setdefault("window", (2, 2))
            kept.setdefault("stride", kept["window"])
        name = kept.pop("name", None)
        sources = options["from"].node if kept.pop("from", None) is not None else None
        for option in FORGOTTEN:
            kept.pop(option, None)
        at = {option: typing.path for option, typing in options.items() if typing.path}
        return _Typed(Layer(what, path=path, at=at, **kept), node, name, sources)


def _counted(blocks: Sequence[_Typed | _Block]) -> int:
    return sum(each.layers if isinstance(each, _Block) else 1 for each in blocks)


# Names and sources


def read_layers(node: Node) -> tuple[Layer, ...]:
    """The layers of a network in order, blocks repeated, each with its name and the places of its sources."""
    reader = _Reader()
    blocks = reader.blocks(node, ("layers",))
    if not reader.faults and _counted(blocks) > MOST_LAYERS:
        hint = f"a network has at most {MOST_LAYERS:,} layers"
        large = [each.node for each in blocks if isinstance(each, _Block) and each.layers > MOST_LAYERS]
        for block in large:
            reader.fault("`repeat`: this block makes too many layers", block["repeat"].span, hint)
        if not large:
            reader.fault(f"these are {_counted(blocks):,} layers", node.span, hint)
    if reader.faults:
        raise SolverErrors(reader.faults)
    return _Namer().layers(blocks)


class _Namer(_Faulty):
    """Gives names to layers, and finds what they take their input from."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[tuple[str, bool]] = Counter()
        self.owners: dict[str, Node] = {}
        """The node of every layer that has a name."""
        self.places: dict[str, int] = {"input": INPUT}
        """Of every name; one that was typed in a block that is repeated means its latest layer."""

    def layers(self, blocks: Sequence[_Typed | _Block]) -> tuple[Layer, ...]:
        done: list[Layer] = []
        told: set[int] = set()
        for typed in _unrolled(blocks):
            before = len(self.faults)
            sources = self.sources(typed, len(done))
            name = self.name(typed, len(done))
            done.append(typed.layer.but(name=name, sources=sources))
            if id(typed.node) in told:
                del self.faults[before:]  # a fault of a block is told once
            elif len(self.faults) > before:
                told.add(id(typed.node))
        if self.faults:
            raise SolverErrors(self.faults)
        return tuple(done)

    def name(self, typed: _Typed, place: int) -> str:
        """The name of a layer: the next free one of its kind, or what was typed, numbered where it repeats."""
        if typed.name is None:
            called = FORMS[typed.layer.what].called
            name = self.free(called, called == "flatten")
        else:
            called = typed.name.text
            if self.owners.get(called, typed.node) is not typed.node:
                self.fault(f"the name {quoted(called)} is taken by a layer before", typed.name.span)
            name = self.free(called, True)
            self.places[called] = place
        self.owners[name] = typed.node
        self.places[name] = place
        return name

    def free(self, called: str, bare: bool) -> str:
        """The next name that is not taken: conv1, conv2; where it may stand `bare`, flatten, flatten2."""
        while True:
            self.counts[called, bare] += 1
            count = self.counts[called, bare]
            name = called if bare and count == 1 else f"{called}{count}"
            if name not in self.owners:
                return name

    def sources(self, typed: _Typed, place: int) -> tuple[int, ...]:
        """The places of what a layer takes; one name for a layer that joins is joined to the layer before."""
        what, node = typed.layer.what, typed.sources
        if node is None:
            if what in JOINS:
                self.fault(
                    f"{what} needs `from`: what it joins", typed.node.span, f"write {FORMS[what].sample}"
                )
            return (place - 1,)
        found = tuple(self.source(leaf, place) for leaf in _sources(node))
        if what in JOINS and len(found) == 1:
            if found[0] != place - 1:
                return (place - 1, *found)
            self.fault(f"`from`: {what} needs two inputs or more", node.span, "name another layer")
        if what not in JOINS and len(found) > 1:
            hint = "join them with add or concat first"
            self.fault(f"`from`: {what} takes one input, not {len(found)}", node.span, hint)
        return found

    def source(self, leaf: yaml.Scalar, place: int) -> int:
        """The place that a name, or a number that counts back, stands for."""
        text = leaf.text.strip().replace("−", "-")
        if text in self.places:
            return self.places[text]
        message = f"`from`: there is no layer {quoted(leaf.text)} before this one"
        hint = did_you_mean(text, self.places) or f"before it: {', '.join(list(self.places)[-20:])}"
        if re.fullmatch(r"-[1-9]\d{0,5}", text):
            if place + int(text) >= INPUT:
                return place + int(text)
            message = f"`from`: {quoted(leaf.text)} counts back beyond the input"
            hint = "write `input`"
        elif re.fullmatch(r"-?\d+", text):
            hint = "write its name, or a negative number that counts back"
        self.fault(message, leaf.span, hint)
        return INPUT


def _unrolled(blocks: Sequence[_Typed | _Block]) -> Iterator[_Typed]:
    for each in blocks:
        if isinstance(each, _Block):
            for _ in range(each.times):
                yield from _unrolled(each.inner)
        else:
            yield each


# The input


def read_input(node: Node) -> tuple[int, ...]:
    """The sizes of the input: `256x256x3`, `[256, 256, 3]`, `28x28`, or one number, of a vector."""
    hint = "write 256x256x3, or 4096 for a vector"
    if isinstance(node, Items):
        parts: list[Node] = list(node)
    else:
        leaf = scalar(node, "a size such as 256x256x3")
        if leaf.is_null:
            raise SolverError("a size is missing here", leaf.span, hint)
        inside = re.fullmatch(r"[(\[](.*?),?\s*[)\]]", leaf.text.strip())
        between = r"\s*[x×*,]\s*" if inside else r"\s*[x×*]\s*"
        texts = re.split(between, inside[1] if inside else leaf.text.strip(), flags=re.IGNORECASE)
        if not all(re.fullmatch(r"[\d.,+−-]+", text) for text in texts):
            raise SolverError(f"{quoted(leaf.text)} is no size", leaf.span, hint)
        parts = [_part(leaf, text) for text in texts]
    if not 1 <= len(parts) <= 3:
        said = f"{quoted(node.text)}: " if isinstance(node, yaml.Scalar) else ""
        hint = "leave the number of images out" if len(parts) == 4 else hint
        raise SolverError(f"{said}one to three sizes are needed here, not {len(parts)}", node.span, hint)
    try:
        return tuple(map(_count, parts))
    except SolverError as error:
        said = f"{quoted(node.text)}: " if isinstance(node, yaml.Scalar) and len(parts) > 1 else ""
        raise SolverError(said + error.message, error.span, error.hint or hint) from None


# How files are described to editors

_VALUE: dict[str, Any] = {"type": ["object", "array", "string", "number", "null"]}
_SOURCE: dict[str, Any] = {
    "type": ["string", "integer", "array"],
    "description": "the layer it takes its input from, or several; a negative number counts back",
}
_ENTRY: dict[str, Any] = {
    "anyOf": [
        {
            "type": "string",
            "description": "a layer as exam sheets write it: conv<size>-<filters>[ /stride][ same| pad N]",
            "examples": ["conv3-64", "conv5-64 /2", "maxpool", "maxpool3 /2", "FC-1000", *FORMS],
        },
        {
            "type": "object",
            "minProperties": 1,
            "properties": {
                **{name: {**_VALUE, "description": form.sample or name} for name, form in FORMS.items()},
                "name": {"type": "string", "description": "the name of the layer"},
                "from": _SOURCE,
                "frozen": {"type": ["boolean", "null"], "description": "its parameters are not trained"},
                "repeat": {"type": ["integer", "string"], "description": "how often `layers` are repeated"},
                "layers": {"type": "array", "description": "the layers that are repeated"},
            },
        },
    ]
}
LAYERS = Leaf(read_layers, {"type": "array", "minItems": 1, "items": _ENTRY})
SIZE = Leaf(
    read_input,
    {
        "anyOf": [
            {"type": "string", "examples": ["256x256x3", "28x28", "4096"]},
            {"type": "integer", "minimum": 1},
            {"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 1, "maxItems": 3},
        ]
    },
)
