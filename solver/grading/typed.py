"""What a student typed, read in any honest form, with the digits as they were written.

Nothing is marked here. The expected shape only decides between readings: a list that is too short comes back
too short. A text is brought to plain signs first; then its brackets make a tree, its commas are tried as
separators, as decimal points and as thousands, and the reading that has the expected shape is taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any

from solver.errors import Source, Span, clean, counted, quoted
from solver.expr.evaluate import Evaluator
from solver.expr.parse import FormulaError, number_text, parse
from solver.expr.values import Shape, Undefined
from solver.record import Record
from solver.spec import yaml
from solver.spec.numbers import LARGEST, as_fraction
from solver.spec.yaml import Items, Node, Pairs

MAX_ENTRIES = 100_000
MAX_LENGTH = 10_000
"""Characters of one entry."""
MAX_TEXT = 1_000_000
MAX_LEVELS = 8
"""Brackets of lists, one inside the other."""
MAX_DEPTH = 60
"""Brackets of any sort."""
MAX_TREE = 10_000
"""Branches and leaves of a tree."""
SHOWN = 200
"""Characters of an answer that are shown again."""
EXACT = 1000
"""As many digits has a number that is not rounded: `1/3`, `sqrt(2)`."""


TINY = -300
"""Ten to this power is 0."""


class Entry(Record):
    """One number: its exact value (of a square root and the like 50 digits) and how it was written.

    `places` are the decimals written: 2 of `1.50`, 3 of `1e-3`, -2 of `1.2e3`; None when nothing was rounded.
    `digits` are the significant ones: 3 of `1.50`, 2 of `0.013`, none of `0`.
    """

    value: Fraction | None
    text: str
    places: int | None
    digits: int
    blank: bool


class Typed(Record):
    """Numbers, row by row. `other` is another honest reading: a comma may be a point or group thousands."""

    shape: Shape
    entries: tuple[Entry, ...]
    text: str
    note: str = ""
    other: Typed | None = None

    def plain(self) -> Any:
        """Nested lists for JSON: whole numbers as such, null where an entry was left blank."""
        flat: list[Any] = [_plain(entry.value) for entry in self.entries]
        for size in reversed(self.shape[1:]):
            flat = [flat[start : start + size] for start in range(0, len(flat), size)]
        return flat if self.shape else flat[0]


class Words(Record):
    """A label, or a tree `{feature: {value: subtree or label}}`; a leaf that was left blank is empty."""

    text: str
    tree: dict[str, Any] | None = None

    def plain(self) -> Any:
        """The same for JSON."""
        return self.text if self.tree is None else self.tree


class Illegible(Record):
    """An answer that waits for a person, and why."""

    reason: str
    text: str
    span: Span


class _Unread(Exception):
    """Why a text is no number or array; `entry` says that the reason names one of several entries."""

    def __init__(self, reason: str, entry: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.entry = entry


BLANK = Entry(None, "", None, 0, True)

_NULLS = frozenset(("", "~", "null", "Null", "NULL", "[]", "()", "{}"))


def read(
    node: Node, shape: Shape, whole: bool = False, label: bool = False
) -> Typed | Words | Illegible | None:
    """An answer of an expected shape; None when it was left blank.

    `whole`: the expected values are whole, so that `168,540` groups thousands. `label`: a word or a tree is
    expected.
    """
    if _is_blank(node):
        return None
    try:
        if label:
            return _words(node)
        found = _simple(node, shape, whole)
        if found is None:
            found = _numbers(node, shape, whole)
    except _Unread as error:
        return Illegible(error.reason, _shown(node), node.span)
    except RecursionError:
        return Illegible("it is nested too deeply", _shown(node), node.span)
    return None if all(entry.blank for entry in found.entries) else found


def _is_blank(node: Node) -> bool:
    if isinstance(node, yaml.Scalar):
        return node.text in _NULLS or node.text.strip() in _NULLS
    return not node


def _plain(value: Fraction | None) -> int | float | None:
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else float(value)


# Words


def _words(node: Node) -> Words:
    if isinstance(node, Items):
        if len(node) != 1 or not isinstance(node[0], yaml.Scalar):
            raise _Unread(f"a word is needed here, not a list of {len(node)}")
        node = node[0]
    if isinstance(node, Pairs):
        return _grown(node, node)
    if len(node.text) > MAX_TEXT or (node.text.lstrip()[:1] != "{" and len(node.text) > MAX_LENGTH):
        raise _Unread(f"it has more than {MAX_LENGTH:,} characters")
    typed = node.text.strip()
    if typed.startswith("{"):
        documents, faults = yaml.read(Source(node.source.name, typed))
        if faults:  # {outlook:{sunny:no}}
            documents, again = yaml.read(Source(node.source.name, re.sub(":(?=\\S)", ": ", typed)))
            faults = faults if again else []
        if faults or len(documents) != 1:
            why = f": {faults[0].message}" if faults else ""
            raise _Unread(f"{quoted(typed)} is not a tree{why}")
        if isinstance(documents[0], Pairs):
            return _grown(documents[0], node)
    return Words(clean(" ".join(typed.split())))


def _grown(pairs: Pairs, node: Node) -> Words:
    left = MAX_TREE

    def grown(part: Node) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise _Unread(f"a tree of more than {MAX_TREE:,} branches and leaves")
        if isinstance(part, Pairs):
            return {clean(" ".join(key.split())): grown(child) for key, child in part.items()}
        if isinstance(part, Items):
            if len(part) != 1:
                raise _Unread(f"a label or a branch is needed in a tree, not a list of {len(part)}")
            return grown(part[0])
        if len(part.text) > MAX_LENGTH:
            raise _Unread(f"a label has more than {MAX_LENGTH:,} characters")
        return "" if _is_blank(part) else clean(" ".join(part.text.split()))

    tree = grown(pairs)
    return Words(_shown(node), tree)


# Numbers in plain lists, as nearly all answers are


_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,5}))?( ?%)?")
_ONE = r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
_ROW = rf"{_ONE}(?:(?: ?, ?| ){_ONE})*+"
_LINES = re.compile(rf" *(?:\[ *{_ROW} *\]|\( *{_ROW} *\)|{_ROW}(?: ?; ?{_ROW})*+) *")
_GRID = re.compile(rf" *\[ *(\[ *{_ROW} *\](?: ?,? ?\[ *{_ROW} *\])*+) *\] *")
_BETWEEN = re.compile(r"\] ?,? ?\[")
_DOTTED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+")


def _simple(node: Node, shape: Shape, whole: bool) -> Typed | None:
    """A number, or lists of numbers without anything that needs a second look."""
    entries: list[Entry] = []
    found = _collected(node, entries, whole, 0)
    if found is None and isinstance(node, yaml.Scalar):
        found = _collected_text(node.text, entries, whole)
    if found is None or (found != shape and len(entries) > 1 and _could_be_commas(found, shape)):
        return None
    return _fitted(found, entries, shape, _shown(node))


def _collected_text(text: str, entries: list[Entry], whole: bool) -> Shape | None:
    """The same of `-1 -4`, `[-1, -4]`, `3 3; 0 -4` and `[[3, 3], [0, -4]]`."""
    if len(text) > 500:
        return None
    grid = _GRID.fullmatch(text)
    if grid is None and not _LINES.fullmatch(text):
        return None
    lines = _BETWEEN.split(grid[1]) if grid else text.split(";")
    rows = [line.strip("[( )]").replace(",", " ").split() for line in lines]
    for row in rows:
        for part in row:
            if whole and _DOTTED.fullmatch(part):
                return None
            entry = _decimal(part)
            if entry is None:
                return None
            entries.append(entry)
    sizes = {len(row) for row in rows}
    if len(sizes) > 1:
        return None
    if grid:
        return len(rows), *sizes
    return (len(rows), *sizes) if len(rows) > 1 and sizes != {1} else (len(entries),)


def _could_be_commas(found: Shape, shape: Shape) -> bool:
    return not shape or len(found) != len(shape) or found[-1] > shape[-1]


def _collected(node: Node, entries: list[Entry], whole: bool, level: int) -> Shape | None:
    if isinstance(node, yaml.Scalar):
        text = node.text
        if whole and _DOTTED.fullmatch(text):
            return None
        entry = BLANK if text in _NULLS else _decimal(text)
        if entry is None:
            return None
        entries.append(entry)
        return ()
    if isinstance(node, Pairs) or not node or level == MAX_LEVELS or len(entries) > MAX_ENTRIES:
        return None
    first = _collected(node[0], entries, whole, level + 1)
    if first is None:
        return None
    for child in node[1:]:
        if _collected(child, entries, whole, level + 1) != first:
            return None
    return (len(node), *first) if len(entries) <= MAX_ENTRIES else None


def _decimal(text: str) -> Entry | None:
    """A number in decimal notation, with an exponent or percent sign if need be."""
    return _short_decimal(text) if len(text) <= 60 else _any_decimal(text)


def _any_decimal(text: str) -> Entry | None:
    found = _DECIMAL.fullmatch(text)
    if found is None:
        return None
    sign, before, behind, exponent, percent = found.groups("")
    digits = before + behind
    if not digits:
        return None
    try:
        tiny = int(exponent or 0) < TINY and len(before) < EXACT
        value = Fraction(0) if tiny else number_text(f"{before or 0}.{behind}e{exponent or 0}")
    except ValueError as error:
        raise _Unread(str(error)) from None
    if value > LARGEST:
        raise _Unread("it is too large a number")
    places = len(behind) - int(exponent or 0)
    if percent:
        value, places = value / 100, places + 2
    return Entry(-value if sign == "-" else value, clean(text), places, len(digits.lstrip("0")), False)


_short_decimal = lru_cache(maxsize=20_000)(_any_decimal)


# Everything else: signs, brackets, readings

_Reading = Callable[[str], str]
"""What a text is with commas, spaces or dots inside its numbers taken for what they may be."""


def _numbers(node: Node, shape: Shape, whole: bool) -> Typed:
    tree, turned = _tree(node)
    shown = _shown(node)
    order: tuple[_Reading, ...] = (_apart, _points, _comma_groups, _space_groups, _dot_groups)
    if whole:
        order = (_apart, _comma_groups, _space_groups, _dot_groups, _points, _dot_group)
    fault: _Unread | None = None
    read: list[tuple[_Reading, Any, Typed]] = []
    for reading in order:
        changed = tree if reading is _apart else _changed(tree, reading)
        if reading is not _apart and changed == tree:
            continue
        try:
            read.append((reading, changed, _as_typed(node, _measured(changed, shape, shown, turned))))
        except _Unread as error:
            fault = fault or error
    fitting = [(reading, changed, typed) for reading, changed, typed in read if typed.shape == shape]
    if not fitting:
        if twofold := _commas_for_points(node, shape, whole) or _signs_for_operators(node, shape):
            raise _Unread(twofold)
        if not read or read[0][0] is not _apart:
            raise _in_words(node, fault, shape)
        same = [typed for reading, changed, typed in read if len(typed.shape) == len(shape)]
        best = [typed for reading, changed, typed in read if reading is _points and not _commas(changed)]
        return next((typed for typed in best if typed in same), (same or [read[0][2]])[0])
    reading, changed, typed = fitting[0]
    if reading in (_points, _comma_groups) and _commas(changed):
        raise _Unread(_both(tree, changed))
    for _, _, other in fitting[1:]:
        if [entry.value for entry in other.entries] != [entry.value for entry in typed.entries]:
            return typed.but(other=other)
    return typed


_GERMAN = re.compile(r"(?<![\w.,])([0-9]{1,3}(?:\.[0-9]{3})+)(?=,[0-9])")
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_COMMA_GROUPS = re.compile(r"(?<![\w.,])[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9])")
_SPACE_GROUPS = re.compile(r"(?<![\w.,])[1-9][0-9]{0,2}(?: [0-9]{3})+(?![0-9])")
_DOT_GROUPS = re.compile(r"(?<![\w.,])[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?![\w.])")
_DOT_GROUP = re.compile(r"(?<![\w.,])[1-9][0-9]{0,2}\.[0-9]{3}(?![\w.])")


def _apart(text: str) -> str:
    """Commas as separators."""
    return text


def _points(text: str) -> str:
    """Commas as decimal points: `0,5`, `1.234,5`."""
    return _COMMA.sub(".", _GERMAN.sub(lambda found: found[0].replace(".", ""), text))


def _comma_groups(text: str) -> str:
    return _COMMA_GROUPS.sub(lambda found: found[0].replace(",", ""), text)


def _space_groups(text: str) -> str:
    return _SPACE_GROUPS.sub(lambda found: found[0].replace(" ", ""), text)


def _dot_groups(text: str) -> str:
    return _DOT_GROUPS.sub(lambda found: found[0].replace(".", ""), text)


def _dot_group(text: str) -> str:
    """`168.540` as thousands: never the first reading, as programs print 12 as `12.000`."""
    return _DOT_GROUP.sub(lambda found: found[0].replace(".", ""), text)


def _changed(tree: Any, reading: _Reading) -> Any:
    if isinstance(tree, str):
        return reading(tree)
    return None if tree is None else [_changed(child, reading) for child in tree]


def _commas(tree: Any) -> bool:
    if isinstance(tree, str):
        return "," in tree
    return tree is not None and any(map(_commas, tree))


def _both(tree: Any, changed: Any) -> str:
    typed, meant = _spelled(tree), _spelled(changed)
    return f"the commas of {quoted(typed)} can be read in two ways: as separators, or as in {quoted(meant)}"


def _spelled(tree: Any) -> str:
    """The text of a tree again, `SHOWN` characters of it."""
    if tree is None or isinstance(tree, str):
        return (tree or "null")[:SHOWN]
    text = ", ".join(_spelled(child) for child in tree[:SHOWN])
    return f"[{text}]"[:SHOWN]


def _commas_for_points(node: Node, shape: Shape, whole: bool) -> str | None:
    """Why a list may have been typed with decimal commas (`[-1,9, -1,6]` for two numbers), or None."""
    if not isinstance(node, Items):
        tree = _tree(node)[0]
        return _paired(tree, shape, whole) if _commas(tree) else None
    written = node.source.text[node.start : node.end]
    if written.startswith("[") and "," in written and len(written) <= MAX_TEXT:
        for reading in (_comma_groups, _points) if whole else (_points,):
            try:
                tree, turned = _tree_of_text(written)
                changed = _changed(tree, reading)
                if changed != tree and _measured(changed, shape, "", turned).shape == shape:
                    return _both(tree, changed)
            except _Unread:
                continue
    return _paired(_tree(node)[0], shape, whole)


def _signs_for_operators(node: Node, shape: Shape) -> str | None:
    """Why a `-` with spaces around it may be the sign of an entry (`-1 - 4` for two numbers), or None."""
    if not isinstance(node, yaml.Scalar):
        return None
    apart = re.sub(r" ([+−–-]) (?=[0-9.])", r" \1", node.text)
    if apart == node.text:
        return None
    try:
        if _measured(_tree_of_text(apart)[0], shape, "", False).shape == shape:
            return f"the signs of {quoted(node.text)} can be read in two ways: as operators, or as in {quoted(apart)}"
    except _Unread:
        pass
    return None


def _paired(tree: Any, shape: Shape, whole: bool) -> str | None:
    """Why a list twice as long as expected may be one of whole parts and decimals in turn, or None."""
    wanted = shape[-1] if shape else 1
    if whole or len(shape) > 1 or tree is None:
        return None
    entries = _entries(tree) if isinstance(tree, str) else tree
    if len(entries) == 1 and isinstance(entries[0], str):
        entries = _entries(entries[0])
    if len(entries) != 2 * wanted or not all(isinstance(entry, str) for entry in entries):
        return None
    pairs = list(zip(entries[::2], entries[1::2], strict=True))
    if not all(re.fullmatch("[+-]?[0-9]+", left) and re.fullmatch("[0-9]+", right) for left, right in pairs):
        return None
    points = ", ".join(f"{left}.{right}" for left, right in pairs)
    return _both(list(entries), points if len(pairs) == 1 else f"[{points}]")


def _in_words(node: Node, fault: _Unread | None, shape: Shape) -> _Unread:
    """Why nothing can be read, said of the whole answer where it is not an array at all."""
    assert fault is not None
    if isinstance(node, yaml.Scalar) and fault.entry:
        typed = " ".join(node.text.split())
        if prod(shape) == 1:
            return _Unread(f"{quoted(typed)} is not a number")
        if not re.search(r"\d", typed):
            return _Unread(f"{quoted(typed)} is not an array of {counted(prod(shape), 'number')}")
    return fault


def _as_typed(node: Node, typed: Typed) -> Typed:
    """The numbers with the very text of each, where each was typed on its own."""
    texts = [clean(text.strip()[:SHOWN]) for text in _texts(node, len(typed.entries))]
    if len(texts) != len(typed.entries):
        return typed
    entries = [
        entry if entry.blank or entry.text == text else entry.but(text=text)
        for entry, text in zip(typed.entries, texts, strict=True)
    ]
    return typed.but(entries=tuple(entries))


def _texts(node: Node, most: int) -> list[str]:
    if isinstance(node, yaml.Scalar):
        return [node.text]
    texts: list[str] = []
    for child in node if isinstance(node, Items) else ():
        if len(texts) <= most:
            texts += _texts(child, most)
    return texts


def _fitted(found: Shape, entries: Sequence[Entry], shape: Shape, shown: str) -> Typed:
    """The numbers in the expected shape where only the way of writing differs: a row for a column, `[700]`."""
    note = ""
    if found != shape:
        size = len(entries)
        line = len(found) == 2 and 1 in found
        way = "typed as a column" if found[1:] == (1,) else "typed as a row"
        if size == 1 and prod(shape) == 1:
            found = shape
        elif len(shape) == 1 and line:
            found, note = (size,), way
        elif len(shape) == 2 and 1 in shape and shape != (1, 1) and (line or len(found) == 1):
            note = way if line and (found[0] == 1) != (shape[0] == 1) else ""
            found = (1, size) if shape[0] == 1 else (size, 1)
    return Typed(found, tuple(entries), shown, note, None)


def _measured(tree: Any, shape: Shape, shown: str, turned: bool) -> Typed:
    """The array that a tree of brackets and texts stands for."""
    texts: list[str | None] = []
    found = _laid_out(tree, texts, shape)
    entries = []
    for place, text in enumerate(texts):
        try:
            entries.append(BLANK if text is None or text in _NULLS else _number(text))
        except _Unread as error:
            assert text is not None
            if not found:
                raise
            named = _named(place, found)
            raise _Unread(f"{named}, {quoted(text)}, {_without(error.reason)}", True) from None
    if turned and len(found) == 2:
        rows, columns = found
        entries = [entries[row * columns + column] for column in range(columns) for row in range(rows)]
        found = (columns, rows)
        if 1 in found:  # nobody means a row when a vector is asked
            found = (len(entries),)
    return _fitted(found, entries, shape, shown)


def _without(reason: str) -> str:
    """What is wrong with a number, without the number."""
    return re.sub(r"^(?:`.*` |it )", "", reason, flags=re.DOTALL)


def _named(place: int, shape: Shape) -> str:
    """An entry in words, counted from 1."""
    index = []
    for size in reversed(shape):
        place, rest = divmod(place, size)
        index.append(rest + 1)
    index.reverse()
    if len(index) == 2:
        return f"row {index[0]}, column {index[1]}"
    return f"entry {', '.join(map(str, index))}"


def _laid_out(tree: Any, texts: list[str | None], shape: Shape) -> Shape:
    if tree is None:
        texts.append(None)
        return ()
    if isinstance(tree, str):
        rows = [_entries(row, shape) for row in re.split("[;\n]", tree) if row.strip()]
        if not rows or not all(rows):
            raise _Unread("a number is missing")
        if len(texts) + sum(map(len, rows)) > MAX_ENTRIES:
            raise _Unread(f"more than {MAX_ENTRIES:,} numbers")
        for row in rows:
            texts += row
        sizes = [len(row) for row in rows]
        if len(set(sizes)) > 1:
            raise _Unread(_uneven(sizes))
        if len(rows) == 1:
            return (sizes[0],) if sizes[0] > 1 else ()
        return (len(rows),) if sizes[0] == 1 else (len(rows), sizes[0])
    if len(tree) == 1 and isinstance(tree[0], str):
        return _laid_out(tree[0], texts, shape) or (1,)
    shapes = [_laid_out(child, texts, shape) for child in tree]
    if len(texts) > MAX_ENTRIES:
        raise _Unread(f"more than {MAX_ENTRIES:,} numbers")
    if not shapes:
        raise _Unread("a bracket with nothing in it")
    if len(set(shapes)) > 1:
        for place, child in enumerate(tree):
            if isinstance(child, str) and " " in child and re.search("[^\\W\\d]{2}", child):
                raise _Unread(f"entry {place + 1}, {quoted(child)}, is not a number", True)
        raise _Unread(_uneven([size[0] if size else 1 for size in shapes]))
    return (len(shapes), *shapes[0])


def _uneven(sizes: Sequence[int]) -> str:
    if len(set(sizes)) == 1:
        return "numbers and lists stand side by side"
    described = ", ".join(map(str, sizes[:12])) + (", …" if len(sizes) > 12 else "")
    return f"the rows have different lengths ({described})"


# From a text to a tree of brackets


def _tree(node: Node) -> tuple[Any, bool]:
    """Brackets as lists, the texts in them, None for a blank; and whether it is marked as transposed."""
    if isinstance(node, Pairs):
        if any(not (isinstance(value, yaml.Scalar) and value.is_null) for value in node.values()):
            raise _Unread("a mapping stands where numbers are asked")
        return [_plain_signs(key) for key in node], False  # `{1, 2}`
    if isinstance(node, yaml.Scalar):
        return _tree_of_text(node.text)
    left = MAX_ENTRIES

    def listed(items: Items, level: int) -> Any:
        nonlocal left
        left -= len(items)
        if left < 0:
            raise _Unread(f"more than {MAX_ENTRIES:,} numbers")
        if level > MAX_LEVELS:
            raise _Unread("it is nested too deeply")
        tree: list[Any] = []
        for child in items:
            if isinstance(child, Items):
                tree.append(listed(child, level + 1))
            elif isinstance(child, Pairs):
                raise _Unread("a mapping stands where numbers are asked")
            else:
                tree.append(None if _is_blank(child) else _tree_of_text(child.text)[0])
        return tree

    return listed(node, 1), False


_TRANSPOSED = re.compile(r"(?<=[\])}])\s*(?:\.T|\^\s*[({]?\s*(?:T|t|⊤|\\top|\\mathsf\{T\})\s*[)}]?|ᵀ|')$")
_MATRIX = re.compile(r"\\begin\{([a-zA-Z]{0,20})\*?\}(?:\{[clr| ]{0,100}\})?(.*?)\\end\{\1\*?\}", re.DOTALL)
_CALLS = re.compile(
    r"(?:(?:np|numpy|jnp|torch|tf)\.)?(?:array|asarray|tensor|Tensor|matrix|mat|Matrix|vector|list|tuple)\s*(?=\()"
)
_OPTIONS = re.compile(r",\s*(?:dtype|shape|device|requires_grad|grad_fn)\s*=[^\n]{0,200}\)$")
_NUMPY_NUMBER = re.compile(r"\b(?:np|numpy)\.(?:float|int|uint)[0-9]{1,3}\(([^()]{0,100})\)")
_SHAPE = re.compile(r"[(\[]?\s*[1-9][0-9]*(?:\s*[xX*]\s*[1-9][0-9]*)+\s*[)\]]?")


def _tree_of_text(typed: str) -> tuple[Any, bool]:
    return _tree_of_short(typed) if len(typed) <= MAX_LENGTH else _tree_of_any(typed)


def _tree_of_any(typed: str) -> tuple[Any, bool]:
    if len(typed) > MAX_TEXT:
        raise _Unread(f"it has more than {MAX_TEXT:,} characters")
    if _decimal(text := typed.strip()) is not None:
        return text, False
    if text[0] in "'\"" or text.startswith('="'):  # a guard of spreadsheets
        text = text.removeprefix("=")
        text = text[1:-1] if len(text) > 1 and text[-1] == text[0] else text[1:]
    found = _TRANSPOSED.search(text[-40:].rstrip("$ "))
    if found:
        text = text.rstrip("$ ")
        text = text[: len(text) - len(found[0])].rstrip()
    if "\\" in text:
        text = _without_latex(text)
        if matrix := _MATRIX.fullmatch(text):
            cells = [[cell.strip() for cell in row.split("&")] for row in matrix[2].split("\\\\")]
            if cells[-1] == [""]:
                cells.pop()
            return [[_plain_signs(cell) or None for cell in row] for row in cells], bool(found)
        if "\\begin" in text:
            raise _Unread("it is no complete matrix")
    text = _plain_signs(text)
    if "(" in text:
        text = _NUMPY_NUMBER.sub(r"\1", text)
        if call := _CALLS.match(text):
            text = _OPTIONS.sub(")", text[call.end() :]).removeprefix("(").removesuffix(")")
    return _bracketed(text), bool(found)


_tree_of_short = lru_cache(maxsize=64)(_tree_of_any)
"""What is no answer often stands in every column."""


_OPENING = {"]": "[", ")": "(", "}": "{"}
_OPERATORS = frozenset("+-*/^%")


def _bracketed(text: str) -> Any:
    """The tree of brackets; round ones of a formula stay in its text."""
    if not (lists := _lists(text)):
        return text
    ends = set(lists.values())
    tree: list[Any] = []
    above: list[list[Any]] = []
    last = 0
    for place in sorted([*lists, *ends]):
        _add(tree, text[last:place], not above)
        last = place + 1
        if place in lists:
            above.append(tree)
            tree = []
            if len(above) > MAX_LEVELS:
                raise _Unread("it is nested too deeply")
        else:
            inner, tree = tree, above.pop()
            tree.append(inner)
    _add(tree, text[last:], True)
    return tree[0] if len(tree) == 1 else tree


def _lists(text: str) -> dict[int, int]:
    """Where the brackets of lists open and close. Round ones are such if they hold a separator, or only a list."""
    if sum(map(text.count, "[({")) > MAX_ENTRIES:
        raise _Unread(f"more than {MAX_ENTRIES:,} brackets")
    lists: dict[int, int] = {}
    opened: list[int] = []
    separated: set[int] = set()
    for found in re.finditer(r"[\[\](){}]|[,;]|\s+", text):
        place, sign = found.start(), found[0]
        if sign in ("[", "(", "{"):
            opened.append(place)
            if len(opened) > MAX_DEPTH:
                raise _Unread("it is nested too deeply")
        elif sign in _OPENING:
            if not opened or text[opened[-1]] != _OPENING[sign]:
                raise _Unread(f"the bracket `{sign}` closes nothing")
            start = opened.pop()
            if sign != ")" or _holds_list(text, start, place, start in separated, lists):
                lists[start] = place
        elif opened and not (
            sign.isspace() and (text[place - 1] in "[({" or text[found.end() : found.end() + 1] in "])}")
        ):
            separated.add(opened[-1])
    if opened:
        raise _Unread(f"the bracket `{text[opened[-1]]}` is never closed")
    return lists


def _holds_list(text: str, start: int, end: int, separated: bool, lists: dict[int, int]) -> bool:
    """Whether round brackets hold a list, as in `(1, 2)`, and are not part of a formula, as in `(1 + 2)/3`."""
    before, behind = text[max(0, start - 1) : start], text[end + 1 : end + 2]
    if before.isalnum() or before in ("_", ")", *_OPERATORS) or (behind in _OPERATORS and behind):
        return False
    inner = start + 1 + text[start + 1 : start + 2].isspace()
    return separated or lists.get(inner) == end - 1 - text[end - 1].isspace()


def _add(tree: list[Any], text: str, outside: bool) -> None:
    if re.search(r"[^\s,;]", text):
        # Beside an inner bracket a comma only separates, and `(5,)` is a list.
        text = (text.lstrip(",; \n") if tree else text).rstrip(",; \n")
        tree.append(text if outside else " ".join(text.split()))


def _entries(row: str, shape: Shape = ()) -> list[str]:
    """The entries of a row: separated by commas or spaces, but not inside round brackets."""
    row = row.strip()
    if row.endswith(","):
        row = row[:-1]
    if re.search(r",\s*(?:,|$)|^,", row):
        raise _Unread("an entry is missing beside a comma")
    if len(shape) == 1 and shape != (1,) and _SHAPE.fullmatch(row):
        return re.split(r"\s*[xX*]\s*", row.strip("[]() "))  # 31x24x16
    if "(" not in row:
        return re.split(r"\s*,\s*|\s+", row) if row else []
    return list(_outside_brackets(row))


def _outside_brackets(row: str) -> Iterator[str]:
    depth = start = 0
    for found in re.finditer(r"[(\[]|[)\]]|\s*,\s*|\s+", row):
        sign = found[0]
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif depth == 0:
            if found.start() > start:
                yield row[start : found.start()]
            start = found.end()
    if start < len(row):
        yield row[start:]


# From signs that people and programs write to plain ones


_SIGNS = str.maketrans(
    {
        **dict.fromkeys("−–—‒―‐‑﹣－⁃˗", "-"),
        **dict.fromkeys("×·⋅∙•✕✖∗＊", "*"),
        **dict.fromkeys("÷∕⁄", "/"),
        **dict.fromkeys("，、،", ","),
        **dict.fromkeys("；؛", ";"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u2066\u2067\u2068\u2069\u00ad", None),
        **dict.fromkeys("’‘ʼ", "'"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("⟨〈", "("),
        **dict.fromkeys("⟩〉", ")"),
        **dict.fromkeys("≈≃≅∼≐", "~"),
        "٫": ".",
        "٬": "'",
        "٪": "%",
        "。": ".",
    }
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_VULGAR = re.compile("([0-9]?)([¼½¾⅐-⅞])")
_NAMED = re.compile(r"[^\W\d]\w{0,30}(?:\([\w.,<> ]{0,30}\)|\^\S{1,10})?'? ?=+ ?(?=\S)")
_BINARY = re.compile(r"(?<=[\w)%.])[ \t]+([+-])[ \t]+(?=[\w(.])")
_LOOSE_SIGN = re.compile(r"(^|[\[({,;\s])([+-])[ \t]+(?=[0-9.(])")
_TIGHT = re.compile(r"[ \t]*(\*\*|[/^*])[ \t]*")
_TIMES_TEN = re.compile(r"(?<=[0-9.])[ \t]*[xX][ \t]*(?=10[ \t]*(?:\^|\*\*))")
_EXPONENT = r"10(?:\^|\*\*)(?:\(([+-]?[0-9]{1,5})\)|([+-]?[0-9]{1,5}))(?![\w.(^]|\*\*)"
_SCIENTIFIC = re.compile(r"(?<![\w.)/^])((?:[0-9]+(?:[.,][0-9]+)?\.?|\.[0-9]+))\*" + _EXPONENT)
_POWER_OF_TEN = re.compile(r"(?<![\w.)/^*])" + _EXPONENT)
_APOSTROPHES = re.compile(r"(?<=[0-9])['_](?=[0-9]{3}(?![0-9]))")
_ROOT = re.compile(r"√ ?(?:(?=\()|([0-9]+(?:\.[0-9]+)?))")
_UNIT = re.compile(r"(?<=[0-9)])\s*(?:bits?|params?|parameters?)\.?$")


def _plain_signs(text: str) -> str:
    """The text in plain signs: one minus, one dot, ASCII digits, `6.1e-6` for 6.1·10⁻⁶."""
    if not text.isascii():
        text = _VULGAR.sub(_vulgar, text.translate(_SIGNS))
        text = _SUPERSCRIPT.sub(lambda found: f"^({found[0].translate(_RAISED)})", text)
        text = re.sub(r"[^\x00-\x7f]", lambda found: _ascii(found[0]), text)
        text = _ROOT.sub(lambda found: f"sqrt({found[1]})" if found[1] else "sqrt", text)
    text = re.sub(r"[ \t]+", " ", text.replace("\r\n", "\n").replace("{,}", ","))
    text = text.strip().strip("`$").lstrip("=~ ")
    if found := _NAMED.match(text):
        text = text[found.end() :]
    text = text.lstrip("=~ ").rstrip()
    if text.endswith(".") and not text.endswith("..") and _DECIMAL.fullmatch(text) is None:
        text = text[:-1]
    text = _UNIT.sub("", text)
    text = _TIGHT.sub(r"\1", _TIMES_TEN.sub("*", text))
    text = _LOOSE_SIGN.sub(r"\1\2", _BINARY.sub(r"\1", text))
    if "10" in text:
        text = _SCIENTIFIC.sub(lambda found: f"{found[1]}e{found[2] or found[3]}", text)
        text = _POWER_OF_TEN.sub(lambda found: f"1e{found[1] or found[2]}", text)
    text = re.sub(r"(?<=[0-9]) +%", "%", text)
    text = re.sub(r"(?<=[0-9])(?=π|sqrt\b|pi\b)", "*", text)
    text = re.sub(r"(?<=[,;\[({])( ?)[=~]+ ?(?=[0-9.+-])|(?<=\s)~(?=[0-9.+-])", r"\1", text)
    return _APOSTROPHES.sub("", text)


@lru_cache(maxsize=1_000)
def _ascii(sign: str) -> str:
    """The sign of ASCII that another one stands for: a digit of another script, a wide letter, a space."""
    if sign.isspace():
        return "\n" if sign in "\u2028\u2029\x85" else " "
    digit = unicodedata.decimal(sign, None)
    narrow = unicodedata.normalize("NFKC", sign) if digit is None else str(digit)
    return narrow if len(narrow) == 1 and narrow.isascii() else sign


def _vulgar(found: re.Match[str]) -> str:
    fraction = unicodedata.normalize("NFKC", found[2]).replace("⁄", "/")
    return f"({found[1]}+{fraction})" if found[1] else f"({fraction})"


_LATEX_SIGNS = (
    (re.compile(r"\\(?:left|right|displaystyle|mathbf|mathrm|,|;|:|!|quad|qquad|[()\[\]])(?![A-Za-z])"), " "),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\\(?:cdot|times|ast)(?![A-Za-z])"), "*"),
    (re.compile(r"\\(?:approx|simeq)(?![A-Za-z])"), "="),
    (re.compile(r"\\(ln|log|exp|sqrt|pi)(?![A-Za-z])"), r"\1"),
    (re.compile(r"\blog_(?:\{(2|10)\}|(2))"), r"log\1\2"),
    (re.compile(r"\^\s*\{([^{}]{0,200})\}"), r"^(\1)"),
    (re.compile(r"\bsqrt\s*\{([^{}]{0,200})\}"), r"sqrt(\1)"),
    (re.compile(r"\\[dt]?frac\s*\{([^{}]{0,200})\}\s*\{([^{}]{0,200})\}"), r"((\1)/(\2))"),
    (re.compile(r"\\[dt]?frac\s*([0-9])\s*([0-9])"), r"(\1/\2)"),
)


def _without_latex(text: str) -> str:
    text = re.sub(r"[ \t]+", " ", text).strip().strip("$").strip()
    for _ in range(4):
        before = text
        for pattern, plain in _LATEX_SIGNS:
            text = pattern.sub(plain, text)
        if text == before:
            break
    return text.strip().lstrip("=~ ")


# One number


_NOT_FINITE = re.compile(r"[+-]?\.?(?:nan|inf(?:inity)?)|[+-]?∞", re.IGNORECASE)
_COMPARING = re.compile(r"[<>=!\[\]@]|\bif\b|\belse\b")
_SMALLEST = Fraction(1, 10**400)
_HEXADECIMAL = re.compile(r"(?<![0-9.])0[xX]")


def _number(text: str) -> Entry:
    entry = _decimal(text)
    if entry is not None:
        return entry
    if len(text) > MAX_LENGTH:
        raise _Unread(f"it has more than {MAX_LENGTH:,} characters")
    return _computed(text)


@lru_cache(maxsize=2_000)
def _computed(text: str) -> Entry:
    """The value of `1/3`, `sqrt(2)` and the like, by the whitelist of formulas."""
    if _NOT_FINITE.fullmatch(text):
        raise _Unread(f"{quoted(text)} is not a finite number")
    if _COMPARING.search(text) or _HEXADECIMAL.search(text) or ("%" in text and "/" in text):
        raise _Unread(f"{quoted(text)} is not a number")
    formula = re.sub(r"(?<=[0-9)])[xX](?=[0-9(])", "*", text)
    try:
        number = as_fraction(Evaluator().value(parse(formula, {}), {}).item())
    except FormulaError:
        raise _Unread(f"{quoted(text)} is not a number") from None
    except (Undefined, ValueError, ArithmeticError) as error:
        raise _Unread(f"{quoted(text)} is not a number: {error}") from None
    if abs(number) > LARGEST:
        raise _Unread(f"{quoted(text)} is too large a number")
    return Entry(number if abs(number) > _SMALLEST else Fraction(0), clean(text), None, EXACT, False)


# An answer on one line


def _shown(node: Node) -> str:
    """The answer as it was written, on one line, at most `SHOWN` characters of it."""
    if isinstance(node, yaml.Scalar):
        text = node.text
    else:
        text = node.source.text[node.start : min(node.end, node.start + 5 * SHOWN)]
        if text[:1] not in "[{":
            text = _flow(node, SHOWN)
    if len(text) > SHOWN or not text.isprintable():
        text = clean(" ".join(text[: 5 * SHOWN].split()))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _flow(node: Node, room: int) -> str:
    """A list or mapping in brackets, cut where it becomes too long."""
    if isinstance(node, yaml.Scalar):
        return node.text or "null"
    parts: list[str] = []
    keyed = isinstance(node, Pairs)
    for key, child in node.items() if isinstance(node, Pairs) else (("", child) for child in node):
        if room <= 0:
            break
        parts.append(f"{key}: {_flow(child, room)}" if keyed else _flow(child, room))
        room -= len(parts[-1]) + 2
    text = ", ".join(parts)
    return f"{{{text}}}" if keyed else f"[{text}]"
