"""Solutions for programs: one JSON document, formulas as LaTeX, numbers at full double precision."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from solver.derivation import Derivation, Identity, Section, Step, Text
from solver.errors import SolverError
from solver.expr.nodes import symbols
from solver.page.from_derivation import Author, Sheet
from solver.render.latex import latex_chain
from solver.render.linear import linear

FORMAT = 1


def document(problems: Sequence[Mapping[str, Any]]) -> str:
    """The document as text."""
    return json.dumps({"format": FORMAT, "problems": problems}, ensure_ascii=False, allow_nan=False) + "\n"


def solution(id_: str, kind: str, derivation: Derivation, sheet: Sheet) -> dict[str, Any]:
    """A solved problem: what was asked, every quantity, every step, every check."""
    quantities = {name: value.plain() for name, value in derivation.quantities.items()}
    exact = {
        name: value.fractions()
        for name, value in derivation.quantities.items()
        if value.exact and any(x.denominator != 1 for x in value.array.flat)
    }
    return {
        "id": id_,
        "kind": kind,
        "title": sheet.title,
        "ask": list(sheet.ask),
        "answers": {name: quantities[name] for name in sheet.ask},
        "quantities": quantities,
        "exact": exact,
        "steps": list(_steps(derivation, sheet)),
        "checks": [{"name": check.name, "ok": check.ok, "error": check.error} for check in derivation.checks],
    }


def failure(id_: str, kind: str, errors: Sequence[SolverError], file: str = "") -> dict[str, Any]:
    """A problem that could not be solved, with all its faults; `file` is for those without a place."""
    described = [({"file": file} if file else {}) | described_error(error) for error in errors]
    return {"id": id_, "kind": kind, "error": described[0], "errors": described}


def described_error(error: SolverError) -> dict[str, Any]:
    """A fault: what, where, and a hint if there is one."""
    described: dict[str, Any] = {"message": error.message}
    if error.span is not None:
        described |= {"file": error.span.source.name, "line": error.span.line, "column": error.span.column}
    if error.hint:
        described["hint"] = error.hint
    return described


def _steps(derivation: Derivation, sheet: Sheet) -> Iterable[dict[str, Any]]:
    author = Author(derivation, sheet)
    section = ""
    for item in derivation.items:
        if isinstance(item, Section):
            section = _text(author, item.title)
        elif isinstance(item, Step) and (not sheet.only or item.name in sheet.only):
            lines = latex_chain(author.chain(item))
            yield {
                "name": item.name,
                "section": section,
                "title": _text(author, item.title),
                "why": _text(author, item.why),
                "formula": lines[0],
                "lines": lines,
                "value": item.value.plain(),
                "shape": list(item.value.shape),
                "exact": item.value.exact,
                "depends": list(symbols(item.expr)),
            }
        elif isinstance(item, Identity) and not sheet.only:
            lines = latex_chain(author.identity(item))
            yield {
                "name": item.name,
                "section": section,
                "title": _text(author, item.title),
                "why": _text(author, item.why),
                "formula": lines[0],
                "lines": lines,
            }


def _text(author: Author, text: Text) -> str:
    return "".join(part if isinstance(part, str) else linear(part) for part in author.prose(text))
