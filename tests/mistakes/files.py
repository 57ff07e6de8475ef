"""Reads and writes `cases.yaml` so that numbers keep the digits they are written with: 1.50 is not 1.5."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

CASES = Path(__file__).with_name("cases.yaml")


class Typed(str):
    """A number as somebody typed it; it goes to the file without quotes."""


class Line(dict[str, Any]):
    """A mapping that is written on one line."""


class Reader(yaml.CSafeLoader):
    """Numbers with a point are kept as text."""


class Writer(yaml.CSafeDumper):
    """Texts of several lines stand as they are, nothing is abbreviated."""

    def ignore_aliases(self, data: Any) -> bool:
        """Every value is written out."""
        return True


def _typed(writer: Writer, text: Typed) -> yaml.Node:
    tag: str = writer.resolve(yaml.ScalarNode, str(text), (True, False))  # type: ignore[no-untyped-call]
    return writer.represent_scalar(tag, str(text))


def _line(writer: Writer, mapping: Line) -> yaml.Node:
    return writer.represent_mapping("tag:yaml.org,2002:map", mapping, flow_style=True)


def _text(writer: Writer, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Writer.add_representer(Typed, _typed)
Writer.add_representer(Line, _line)
Writer.add_representer(str, _text)
Reader.add_constructor("tag:yaml.org,2002:float", lambda _, node: Typed(node.value))


def text_of(data: Any) -> str:
    """The YAML text of plain data and typed numbers."""
    return yaml.dump(
        data, Dumper=Writer, sort_keys=False, allow_unicode=True, default_flow_style=None, width=108
    )


def data_of(text: str) -> Any:
    """What a YAML text says, numbers with a point as they are written."""
    return yaml.load(text, Loader=Reader)


@cache
def cases() -> list[dict[str, Any]]:
    """All cases, in the order of the file."""
    found: list[dict[str, Any]] = data_of(CASES.read_text("utf-8"))
    return found
