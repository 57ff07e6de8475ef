"""YAML text to a tree of nodes, every one of which knows its place.

The tree is built from PyYAML's stream of events: its loaders crash on deep nesting, drop duplicate keys
without a word and read `1e3` as text. Here nothing is typed yet: a scalar keeps the text that was written,
so that numbers can be read as people type them. A file from a stranger may be hostile: size, depth,
number of values and what aliases expand to are limited.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.reader import ReaderError

from solver.errors import SolverError, Source, Span, place_of, quoted

MAX_BYTES = 5_000_000
MAX_DEPTH = 64
MAX_NODES = 1_000_000
MAX_EXPANDED = 100_000
MAX_SCALAR = 1_000_000
MAX_FAULTS = 100

_CORE = tuple(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map"))
_STR = _CORE[0]
_TAG_HINT = "leave it out, or put quotes around a text that starts with `!`"
_BACKSLASH_HINT = "use single quotes, or `|`, for a text with backslashes"
_TAG = re.compile(r"![^\s,\[\]{}]*")
# What YAML forbids in a file, and a byte order mark anywhere but at its start.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
# A backslash of LaTeX that double quotes turn into a control character without a word.
_LATEX = re.compile(
    r"(?<!\\)(?:\\\\)*(\\(?:[abefvLNP][A-Za-z]+"
    r"|(?:nabla|neq|rho|right|tanh|tau|text|textbf|theta|tilde|times)(?![A-Za-z])))"
)
_COLON_WITHOUT_SPACE = re.compile(r"\s*(?:- +)*([^\s:#'\"\[{][^\s:]*:(?!//)\S+)")


class _Placed:
    """A node's place: offsets into the text of its source, which are cheap to keep."""

    __slots__ = ()
    source: Source
    start: int
    end: int

    @property
    def span(self) -> Span:
        """The place of the node in its file."""
        return self.source.span(self.start, self.end)


class Scalar(_Placed):
    """A value that is neither list nor mapping: its text as it was written, without the quotes.

    `plain` says that it was not quoted, so that it may be a number, a truth value or null.
    """

    __slots__ = ("end", "plain", "source", "start", "text")

    def __init__(self, text: str, plain: bool, source: Source, start: int, end: int) -> None:
        self.text = text
        self.plain = plain
        self.source = source
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"Scalar({self.text!r}, plain={self.plain})"

    @property
    def is_null(self) -> bool:
        """Whether nothing was written, or YAML's word for it."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


class Items(list["Node"], _Placed):
    """A list of nodes."""

    __slots__ = ("end", "source", "start")

    def __init__(self, nodes: Iterable[Node], source: Source, start: int, end: int) -> None:
        super().__init__(nodes)
        self.source = source
        self.start = start
        self.end = end


class Pairs(dict[str, "Node"], _Placed):
    """A mapping from texts to nodes, in the order of the file; `key_spans` has the offsets of each key."""

    __slots__ = ("end", "key_spans", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        super().__init__()
        self.key_spans: dict[str, tuple[int, int]] = {}
        self.source = source
        self.start = start
        self.end = end

    def key_span(self, key: str) -> Span:
        """The place of a key; KeyError when the mapping does not have it."""
        return self.source.span(*self.key_spans[key])


Node = Scalar | Items | Pairs


def decode(data: bytes, name: str) -> Source:
    """The text of a file: UTF-8, with or without a byte order mark. Raises SolverError."""
    nowhere = Source(name, "").span(0, 0)
    if len(data) > MAX_BYTES:
        raise _too_big(nowhere)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0\0" in (data[0:4:2], data[1:4:2]):
        raise SolverError("the file is UTF-16, not UTF-8", nowhere, "save it as UTF-8")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        source = Source(name, data.decode())
    except UnicodeDecodeError as error:
        place = len(data[: error.start].decode())
        byte = data[error.start]
        raise SolverError(
            f"the byte 0x{byte:02x} is not UTF-8",
            Source(name, data.decode(errors="replace")).span(place, place + 1),
            f"save the file as UTF-8; in Latin-1 this byte is `{chr(byte)}`"
            if byte >= 0xA0
            else "save it as UTF-8",
        ) from None
    if fault := _forbidden(source):
        raise fault
    return source


def read(source: Source) -> tuple[list[Node], list[SolverError]]:
    """All documents of a YAML stream that could be read, and its faults in the order of the file.

    After a syntax error, a limit or `MAX_FAULTS` faults nothing more is read. Other faults leave a hole
    that is filled: of duplicate keys the first stands, an alias to nothing is null.
    """
    reader = _Reader(source)
    try:
        if len(source.text) > MAX_BYTES:
            raise _too_big(source.span(0, 0))
        reader.read()
    except SolverError as fault:
        reader.faults.append(fault)
    except (ReaderError, UnicodeEncodeError):
        reader.faults.append(_forbidden(source) or SolverError("not a text", source.span(0, 0)))
    except yaml.MarkedYAMLError as error:
        reader.faults.append(_syntax_error(source, error, reader.opened))
    except (ValueError, OverflowError):  # PyYAML without libyaml leaves this to `chr`
        reader.faults.append(SolverError("an escape that is not a character of Unicode", source.span(0, 0)))
    if not reader.documents and not reader.faults:
        reader.faults.append(
            SolverError(
                "the file is empty", source.span(0, 0), "`solve new logistic-gd` prints one to fill in"
            )
        )
    return reader.documents, sorted(reader.faults, key=place_of)


def at(node: Node, path: Iterable[str | int]) -> Span:
    """The place of the value at a path of keys and indices.

    Where the path leads to nothing, the last key that exists is the place, or the start of the list
    entry or document that lacks the rest.
    """
    lacking = node.source.span(node.start, node.start)
    for step in path:
        if isinstance(node, Pairs) and str(step) in node:
            lacking = node.key_span(str(step))
            node = node[str(step)]
        elif isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node):
            node = node[step]
            lacking = node.source.span(node.start, node.start)
        else:
            return lacking
    return node.span


class _Open:
    """A document, list or mapping whose end has not been read yet.

    `children` is the list itself, or the keys and values of a mapping in turn; `before` counts the nodes
    of all that was closed before it; `height` is that of its tallest part so far.
    """

    __slots__ = ("before", "children", "event", "height")

    def __init__(self, event: Any, children: list[Node], before: int) -> None:
        self.event = event
        self.children = children
        self.before = before
        self.height = 0


class _Anchored:
    """A value that aliases repeat: its weight (its nodes, and one more for 100 characters) and height."""

    __slots__ = ("height", "node", "weight")

    def __init__(self, node: Node, nodes: int, height: int) -> None:
        self.node = node
        self.weight = nodes + (node.end - node.start) // 100
        self.height = height


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.documents: list[Node] = []
        self.faults: list[SolverError] = []
        self.opened = [_Open(None, [], 0)]  # the document, then what is open in it
        self.anchors: dict[str, _Anchored | None] = {}  # None while the value is still open
        self.nodes = 0  # in all that is closed
        self.expanded = 0

    def read(self) -> None:
        """Build the documents; raises SolverError at a limit and yaml.YAMLError at a syntax error."""
        loader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
        next_event = loader(self.source.text).get_event
        source = self.source
        long = len(source.text) > MAX_SCALAR
        append = self.opened[0].children.append
        while (event := next_event()) is not None:
            kind = event.__class__
            if kind is ScalarEvent:  # the inner loop of a big matrix
                style = event.style
                scalar = Scalar(event.value, not style, source, event.start_mark.index, event.end_mark.index)
                append(scalar)
                if style or long or event.anchor or event.tag:
                    self.check_scalar(event, scalar)
                continue
            if kind is SequenceStartEvent or kind is MappingStartEvent:
                self.open(event)
            elif kind is SequenceEndEvent or kind is MappingEndEvent:
                self.close(event)
            elif kind is AliasEvent:
                self.repeat(event)
            elif kind is DocumentEndEvent:
                self.end_document(event)
            append = self.opened[-1].children.append

    def open(self, event: Any) -> None:
        """Begin a list or mapping."""
        self.check_depth(event, 1)
        if event.tag is not None:
            self.check_tag(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        start = event.start_mark.index
        children = Items([], self.source, start, start) if event.__class__ is SequenceStartEvent else []
        self.opened.append(_Open(event, children, self.nodes))

    def close(self, event: Any) -> None:
        """Put the finished list or mapping into what it stands in."""
        closed = self.opened.pop()
        children, opening = closed.children, closed.event
        start, end = opening.start_mark.index, event.end_mark.index
        if not opening.flow_style:
            # The event's end is where the next thing starts, below comments and empty lines.
            end = max(start, children[-1].end) if children else start
        if isinstance(children, Items):
            node: Node = children
            node.end = end
        else:
            node = self.pairs(closed, start, end)
        self.count(len(children), end)
        parent = self.opened[-1]
        parent.children.append(node)
        height = closed.height + 1
        if parent.height < height:
            parent.height = height
        if opening.anchor is not None:
            self.anchors[opening.anchor] = _Anchored(node, self.nodes - closed.before + 1, height)

    def end_document(self, event: Any) -> None:
        """Keep a document; one with nothing in it, as after a last `---`, is none."""
        root = self.opened[0].children.pop()
        if not (isinstance(root, Scalar) and root.plain and not root.text):
            self.documents.append(root)
        self.anchors.clear()
        self.count(1, event.start_mark.index)

    def repeat(self, event: Any) -> None:
        """Put in the very node that an alias repeats, or null when that is a fault."""
        name = event.anchor
        start, end = event.start_mark.index, event.end_mark.index
        target = self.anchors.get(name)
        if target is None:
            if name in self.anchors:
                message = f"the alias {quoted('*' + name)} stands inside the value that it repeats"
            else:
                message = f"no value before this is marked {quoted('&' + name)}"
            hint = "put quotes around a text that starts with `*`"
            self.fault(message, self.source.span(start, end), hint)
            target = _Anchored(Scalar("", True, self.source, start, end), 1, 0)
        self.expanded += target.weight
        if self.expanded > MAX_EXPANDED:
            raise self.limit(f"aliases expand to more than {MAX_EXPANDED:,} values", start)
        self.check_depth(event, target.height)
        parent = self.opened[-1]
        parent.children.append(target.node)
        parent.height = max(parent.height, target.height)
        self.count(target.weight - 1, start)

    def count(self, nodes: int, place: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self.limit(f"more than {MAX_NODES:,} values", place)

    def limit(self, message: str, start: int) -> SolverError:
        return SolverError(message, self.source.span(start, start + 1))

    def fault(self, message: str, span: Span, hint: str | None = None) -> None:
        if len(self.faults) == MAX_FAULTS:
            raise SolverError(f"more than {MAX_FAULTS} faults: the rest is not read", span)
        self.faults.append(SolverError(message, span, hint))

    def pairs(self, closed: _Open, start: int, end: int) -> Pairs:
        """The mapping made of keys and values in turn."""
        pairs = Pairs(self.source, start, end)
        halves = iter(closed.children)
        for key, value in zip(halves, halves, strict=True):
            if not isinstance(key, Scalar):
                message = f"a key is a text, not a {'list' if isinstance(key, Items) else 'mapping'}"
                self.fault(message, key.span, "put quotes around a text with brackets")
            elif key.plain and key.text == "<<":
                hint = "write the fields out; an alias may repeat a whole value"
                self.fault("merge keys (`<<`) are not supported", key.span, hint)
            elif key.plain and key.text == "":
                self.fault("a key is missing before the colon", key.span)
            elif key.text in pairs:
                first, second = pairs.key_span(key.text).line, key.span.line
                where = f"on line {first}" if first == second else f"on lines {first} and {second}"
                self.fault(
                    f"the key {quoted(key.text)} stands twice, {where}", key.span, "keep one of the two"
                )
            elif closed.event.flow_style and key.plain and key.end == value.end and ":" in key.text:
                # `{a:1}` is YAML for the key `a:1` without a value.
                self.fault(f"a space is missing after the colon in {quoted(key.text)}", key.span)
            else:
                pairs[key.text] = value
                pairs.key_spans[key.text] = key.start, key.end
        return pairs

    def check_depth(self, event: Any, height: int) -> None:
        if len(self.opened) - 1 + height > MAX_DEPTH:
            raise self.limit(f"more than {MAX_DEPTH} levels, one inside the other", event.start_mark.index)

    def check_scalar(self, event: Any, scalar: Scalar) -> None:
        """What seldom happens to a scalar: an anchor, a tag, quotes, a length without end."""
        if scalar.end - scalar.start > MAX_SCALAR:
            raise self.limit(f"a text of more than {MAX_SCALAR:,} characters", scalar.start)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(scalar, 1, 0)
        if event.tag is not None:
            self.check_tag(event)
            scalar.plain = scalar.plain and event.tag != _STR
        if event.style == '"':
            self.check_escapes(scalar)

    def check_tag(self, event: Any) -> None:
        if event.tag in _CORE:
            return
        found = _TAG.search(self.source.text, event.start_mark.index)
        start, end = found.span() if found else (event.start_mark.index, event.end_mark.index)
        tag = self.source.text[start:end]
        self.fault(f"the tag {quoted(tag)} is not supported", self.source.span(start, end), _TAG_HINT)

    def check_escapes(self, node: Scalar) -> None:
        written = self.source.text[node.start : node.end]
        if "\\" not in written:
            return
        if found := _LATEX.search(written):
            start, end = found.span(1)
            span = self.source.span(node.start + start, node.start + end)
            message = f"in double quotes {quoted(found[1])} begins with a control character"
            self.fault(message, span, _BACKSLASH_HINT)
        elif _FORBIDDEN.search(node.text) and re.search("[\ud800-\udfff]", node.text):
            self.fault("an escape that is not a character of Unicode", node.span)


def _too_big(span: Span) -> SolverError:
    return SolverError(f"the file is larger than {MAX_BYTES / 1e6:.0f} MB", span)


def _forbidden(source: Source) -> SolverError | None:
    """The fault of the first character that YAML forbids, if there is one."""
    if not (found := _FORBIDDEN.search(source.text)):
        return None
    code = ord(found[0])
    message = f"the control character U+{code:04X} is not allowed"
    if code == 0xFEFF:
        message = "a byte order mark (U+FEFF) inside the file"
    return SolverError(message, source.span(*found.span()), "delete it; many editors do not show it")


def _syntax_error(source: Source, error: yaml.MarkedYAMLError, frames: list[_Open]) -> SolverError:
    """PyYAML's complaint in the words of a person who types problem files."""
    text = source.text
    context, problem = error.context or "", error.problem or ""
    stop = error.problem_mark.index if error.problem_mark else 0
    start = error.context_mark.index if error.context_mark else stop
    here, there = source.span(stop, stop), source.span(start, start)
    character, opener = text[stop : stop + 1], text[start : start + 1]
    line = source.line(here.line)
    before = line[: here.column - 1]

    def fault(message: str, begin: int, length: int = 1, hint: str | None = None) -> SolverError:
        return SolverError(message, source.span(begin, min(begin + length, len(text))), hint)

    def unspaced(number: int) -> SolverError | None:
        """The fault of a line in which no space follows the colon."""
        if not (found := _COLON_WITHOUT_SPACE.match(source.line(number))):
            return None
        length = len(found[1])
        span = Span(source, number, found.start(1) + 1, number, found.start(1) + 1 + length)
        return SolverError(f"a space is missing after the colon in {quoted(found[1])}", span)

    quotes = "put the text in quotes"
    if character == "\t":
        return fault("a tab is used for indentation", stop, hint="indent with spaces")
    if problem.startswith("mapping keys are not allowed"):
        return fault("an unquoted text cannot start with `?` and a space", stop, hint=quotes)
    if "cannot start any token" in problem or "directive" in context or "YAML document" in problem:
        first = stop if "token" in problem else start
        what = "a backtick" if text[first] == "`" else f"`{text[first]}`"
        return fault(f"an unquoted text cannot start with {what}", first, hint=quotes)
    if context.endswith(("an alias", "an anchor")):
        return fault(f"an unquoted text cannot start with `{opener}`", start, hint=quotes)
    if context.endswith(" tag") or "tag handle" in problem:
        found = _TAG.match(text, start)
        tag: str = found[0] if found else opener
        return fault(f"the tag {quoted(tag)} is not supported", start, len(tag), _TAG_HINT)
    if context.endswith("a block scalar"):
        return fault(
            f"the text of `{opener}` starts on the line below it", stop, hint=f"{quotes} if it is part of it"
        )
    if context.endswith("quoted scalar"):
        if "unexpected" in problem:
            hint = f"write `{opener}` at the end of the text"
            if opener == "'":
                hint += "; inside it, '' stands for one"
            return fault(f"the quote `{opener}` is never closed", start, hint=hint)
        begin = text.rfind("\\", 0, stop + 1)
        escape = text[begin : begin + 2]
        return fault(f"{quoted(escape)} is not an escape of double quotes", begin, 2, _BACKSLASH_HINT)
    if "mapping values are not allowed" in problem:
        if re.search(r":\s", before):
            hint = "put the value in quotes, or below the line after `|`"
            return fault("an unquoted value cannot contain a colon and a space", stop, hint=hint)
        above = here.line - 1
        while above > 1 and not source.line(above).strip():
            above -= 1
        if len(before) > 1000:
            return fault("a key of more than 1,024 characters", stop - len(before.lstrip()))
        hint = "start the line below the first letter of the field it stands with"
        return unspaced(above) or fault(
            "this line is indented too far", stop - len(before.lstrip()), hint=hint
        )
    if "expected ':'" in problem:
        words = source.line(there.line)[there.column - 1 :].rstrip()
        hint = "indent the line if it belongs to the text above"
        return unspaced(there.line) or fault(
            f"a colon is missing after {quoted(words)}", start, len(words), hint
        )
    flow = [frame.event for frame in frames[1:] if frame.event.flow_style]
    # A pair without braces in a list is a mapping too, but one that starts with nothing.
    brackets = [event.end_mark.index - 1 for event in flow if event.end_mark.index > event.start_mark.index]
    if brackets:
        start = brackets[-1]
        there, opener = source.span(start, start), text[start]
        closer = "]" if opener == "[" else "}"
        separated = context.endswith(("a flow sequence", "a flow mapping"))
        outdented = here.line > there.line and _indent(line) <= _indent(source.line(there.line))
        # A list item, a line `---` or the end of the file cannot stand inside brackets.
        ended = not character or line.lstrip().startswith("- ")
        ended = ended or (here.column == 1 and line.startswith(("---", "...")))
        if ended or (separated and outdented and character not in "]}"):
            hint = f"write `{closer}` at its end"
            return fault(f"the bracket `{opener}` is never closed", start, hint=hint)
        if separated and character in "]}":
            return fault(f"`{character}` cannot close the bracket `{opener}` of line {there.line}", stop)
        if separated and character == ":":
            hint = "put a comma before the next entry, or quotes around a text with a colon"
            return fault(f"expected `,` or `{closer}` before this colon", stop, hint=hint)
        if separated:
            return fault(f"expected `,` or `{closer}`", stop, hint="put a comma between two entries")
    if character == ":" and ("node content" in problem or context.endswith("a block mapping")):
        return fault("a key is missing before the colon", stop)
    if "node content" in problem:
        if character == ",":
            return fault("an entry is missing before the comma", stop, hint="an entry left blank is `null`")
        if character in ("]", "}"):
            return fault(f"`{character}` closes no bracket", stop, hint=f"{quotes} if it is part of one")
        if character == "-":
            hint = "a negative number has no space after the sign"
            return fault("a list with dashes cannot stand inside brackets", stop, hint=hint)
    if "block sequence entries" in problem or "sequence entries are not allowed" in problem:
        hint = "start the list on the line below; a negative number has no space after the sign"
        return fault("a list cannot start here", stop, hint=hint)
    if "document start" in problem:
        return fault(
            "the document has ended above this line", stop, hint="start the next one with a line `---`"
        )
    if context.endswith(("a block mapping", "a block collection")):
        if character in ("]", "}"):
            return fault(f"`{character}` closes no bracket", stop)
        if before.strip():
            last = frames[-1].children[-1] if frames[-1].children else None
            if isinstance(last, Scalar) and (quote := text[last.start]) in "'\"":
                span = last.span
                if span.line < span.end_line == here.line:
                    message = f"the quote `{quote}` is closed only on line {here.line}"
                    return fault(message, last.start, hint=f"write `{quote}` at the end of the text")
            hint = "put the whole value in quotes; inside single quotes, '' stands for one"
            return fault("the value has ended before this", stop, hint=hint)
        if here.column == there.column and (character == "-") == context.endswith("mapping"):
            message = "a list item cannot stand among fields"
            if character != "-":
                message = "a field cannot stand among list items"
            return fault(message, stop, hint="indent it if it belongs to the line above")
        hint = "start it below the first letter, or the dash, of what it stands with"
        return fault("the indentation of this line fits none above", stop, hint=hint)
    return fault(f"not valid YAML: {problem}", stop)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
