"""`solve new`, `kinds`, `schema` and `examples`: what the program tells about itself."""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from solver import kinds as registry
from solver.cli import files, streams
from solver.errors import SolverError, did_you_mean, draw, quoted
from solver.kinds import Kind
from solver.spec.fields import named
from solver.spec.problem import Frame, Problem
from solver.spec.schema import schema as schema_of
from solver.spec.validation import inner_model


def _kind(name: str) -> Kind:
    try:
        return registry.find(name)
    except LookupError:
        known = registry.names()
        hint = did_you_mean(name, known) or f"kinds: {', '.join(known)}"
        raise SolverError(f"there is no kind {quoted(name)}", hint=hint) from None


def _installed() -> tuple[list[Kind], list[SolverError]]:
    """All kinds that can be used; what is wrong with the others is told."""
    every, faults = registry.installed()
    for fault in faults:
        print(draw(fault), file=sys.stderr)
    return every, faults


def kinds(name: str | None) -> int:
    """List the kinds, or tell all about one."""
    if name is None:
        every, faults = _installed()
        width = max(len(kind.name) for kind in every)
        for kind in every:
            print(f"{kind.name:{width}}  {kind.title}")
        return 2 if faults else 0
    kind = _kind(name)
    parts = [
        "\n".join(_reflowed(kind.docs.strip())),
        "Fields of `given`\n" + "\n".join(_described(kind.given, "    ")),
        "Quantities\n" + "\n".join(_listed(kind.quantities)),
        "Example\n" + textwrap.indent(kind.example, "    ").rstrip(),
    ]
    streams.show("\n\n".join(parts) + "\n", paged=True)
    return 0


def _reflowed(docs: str) -> Iterator[str]:
    """Documentation at the width of the terminal: paragraphs wrapped, rows of formulas one below the other."""
    for (indent, _), lines in groupby(docs.splitlines(), lambda row: (_indent(row), not row)):
        margin = " " * indent
        if indent in (0, 4):
            text = " ".join(row.strip() for row in lines)
            yield textwrap.fill(text, streams.width(), initial_indent=margin, subsequent_indent=margin)
        else:
            for row in lines:
                wide = len(row) > streams.width()
                yield from (margin + part for part in re.split(r" {4,}", row.strip())) if wide else [row]


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip())


def _described(model: type[BaseModel], indent: str) -> Iterator[str]:
    width = max(map(len, named(model)))
    for name, info in named(model).items():
        text = info.description or ""
        if info.is_required():
            text += " (required)"
        yield from _hanging(f"{indent}{name:{width}}  ", text)
        inner = inner_model(info.annotation)
        if inner is not None:
            yield from _described(inner, indent + "  ")


def _listed(entries: Any) -> Iterator[str]:
    width = max(len(name) for name in entries)
    for name, text in entries.items():
        yield from _hanging(f"    {name:{width}}  ", text)


def _hanging(head: str, text: str) -> list[str]:
    room = max(streams.width(), len(head) + 20)
    return textwrap.wrap(text, room, initial_indent=head, subsequent_indent=" " * len(head)) or [
        head.rstrip()
    ]


def new(name: str, output: str | None) -> int:
    """Print a commented problem file of a kind."""
    text = "\n".join(_template(_kind(name))) + "\n"
    if output is None:
        sys.stdout.write(text)
        return 0
    path = Path(output)
    _refuse_existing(path)
    path.write_text(text, encoding="utf-8")
    print(f"{output} written; fill it in, then: solve {output}", file=sys.stderr)
    return 0


def _template(kind: Kind) -> Iterator[str]:
    yield f"# {kind.title}. Put your own numbers in, then: solve FILE"
    yield "# For completion in editors: solve schema > schema.json, and keep the next line."
    yield "# yaml-language-server: $schema=schema.json"
    example = kind.example.rstrip().splitlines()
    for place, row in enumerate(example):
        indent = _indent(row)
        model: type[BaseModel] = kind.given if indent else Frame
        info = named(model).get(row.strip().partition(":")[0]) if indent in (0, 2) else None
        if info is not None:
            yield f"{' ' * indent}# {info.description}"
        yield row
        if indent and (place + 1 == len(example) or not example[place + 1].startswith(" ")):
            yield from _left_out(kind)
    yield "# What follows is optional."
    present = set(_keys(kind.example))
    for each, info in named(Frame).items():
        if each not in present:
            yield f"# {each}: {SAMPLES.get(each, '…')}  # {info.description}"


def _left_out(kind: Kind) -> Iterator[str]:
    """The optional fields that the example does not use."""
    present = set(_keys(kind.example))
    for each, info in named(kind.given).items():
        if each not in present:
            yield f"  # {each}: …  # {info.description}"


def _keys(example: str) -> list[str]:
    return [row.strip().partition(":")[0] for row in example.splitlines() if _indent(row) <= 2]


SAMPLES = {
    "id": "midterm-1",
    "source": "Midterm, problem 1",
    "statement": '"The question, with $maths$"',
    "ask": "[…]",
    "points": "3",
    "rounding": "{decimals: 4}",
    "symbols": "{learning_rate: η}",
    "answers": "{…}",
    "grading": "{tolerance: 1%}",
}


def schema(name: str | None) -> int:
    """Print the JSON Schema for one kind or all."""
    every, faults = ([_kind(name)], []) if name else _installed()
    made = schema_of({kind.name: (kind.title, kind.given) for kind in every})
    print(json.dumps(made, ensure_ascii=False, indent=1))
    return 2 if faults else 0


def examples(name: str | None) -> int:
    """List the problems that come with the program, or copy one here."""
    folder = problems_folder()
    found = {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in map(Path, files.problem_files([str(folder)]))
    }
    if name is None:
        width = max(map(len, found))
        for each, path in found.items():
            print(f"{each:{width}}  {_title(path)}")
        return 0
    wanted = name.removesuffix(".yaml")
    matches = [each for each in found if wanted in (each, each.rpartition("/")[2])]
    if len(matches) != 1:
        hint = did_you_mean(wanted, [*found, *(each.rpartition("/")[2] for each in found)])
        raise SolverError(f"there is no example {quoted(name)}", hint=hint or "`solve examples` lists them")
    source = found[matches[0]]
    target = Path(source.name)
    _refuse_existing(target)
    shutil.copyfile(source, target)
    print(f"{target} copied here; now: solve {target}", file=sys.stderr)
    return 0


def _title(path: Path) -> str:
    """The title of a file's first problem, and how many more there are."""
    first, *others = files.read_file(str(path))
    title = (first.frame.title if isinstance(first, Problem) else None) or first.id
    return title + (f" (and {len(others)} more)" if others else "")


def problems_folder() -> Path:
    """Where the problems are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    return package / "problems" if (package / "problems").is_dir() else package.parent / "problems"


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise SolverError(
            f"{quoted(str(path))} exists already", hint="it is not overwritten; move it away first"
        )
