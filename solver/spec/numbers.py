"""Numbers and arrays as people type them: `1/3`, `50%`, `sqrt(2)`, `"3 3; 0 -4"`, a pasted bmatrix.

Everything here raises `SolverError` with the place of the entry that is wrong, or `SolverErrors` with all.
"""

from __future__ import annotations

import decimal
import re
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction

from solver.errors import SolverError, SolverErrors, Span, counted, quoted
from solver.expr.evaluate import Evaluator
from solver.expr.parse import FormulaError, number_text, parse
from solver.expr.values import PRECISION, Scalar, Shape, Undefined, Value, gather, to_decimal
from solver.spec import yaml
from solver.spec.yaml import Items, Node, Pairs

LARGEST = sys.float_info.max

_INTEGER = re.compile(r"[+-]?[0-9]{1,300}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?\.?(?:nan|inf(?:inity)?)|[+-]?∞", re.IGNORECASE)
_LATEX = re.compile(r"\s*\$*\s*\\begin\{([bpvB]?matrix)\}(?P<body>.*)\\end\{\1\}\s*\$*\s*", re.DOTALL)
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")
_COMMA_NUMBER = re.compile(r"[+-]?[0-9]+,[0-9]+")


def read_number(text: str, node: yaml.Scalar) -> Scalar:
    """One number, exact where it is a fraction; `node` is where it was written."""
    typed = text.strip().replace("−", "-")
    if _INTEGER.fullmatch(typed):
        return int(typed)
    if re.fullmatch(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}", typed):
        whole, point = typed.replace(",", ""), typed.replace(",", ".")
        message = f"the comma of {quoted(text)} can be read in two ways"
        raise SolverError(message, node.span, f"write {whole} (thousands) or {point} (decimal comma)")
    if _COMMA_NUMBER.fullmatch(typed):
        typed = typed.replace(",", ".")
    if _NOT_FINITE.fullmatch(typed):
        raise SolverError(f"{quoted(text)} is not a finite number", node.span)
    try:
        if _DECIMAL.fullmatch(typed):
            size = number_text(typed.lstrip("+-"))
            number: Scalar = -size if typed.startswith("-") else size
        else:
            number = Evaluator().value(parse(typed, {}), {}).item()
        finite = -LARGEST <= number <= LARGEST
    except FormulaError as error:
        raise _not_a_number(text, node.span, error) from None
    except (Undefined, ValueError) as error:
        raise SolverError(f"{quoted(text)} is not a number: {error}", node.span) from None
    if not finite:
        raise SolverError(f"{quoted(text)} is too large a number", node.span, "the largest is about 1.8e308")
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number


def _not_a_number(text: str, span: Span, error: FormulaError) -> SolverError:
    if not text.strip():
        return SolverError("a number is missing", span)
    typed = text.strip()
    hint = error.hint if "(" in typed or not re.search("[^\\W\\d]", typed) else None
    if re.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:\s+[+-]?[0-9.]+)+", typed):
        hint = "is a comma missing between two numbers?"
    elif re.fullmatch(r"[0-9]{1,3}(?:[_'][0-9]{3})+", typed):
        hint = f"write {re.sub('[^0-9]', '', typed)}"
    return SolverError(f"{quoted(text)} is not a number ({error.message})", span, hint)


def read_array(node: Node, dimensions: Sequence[int]) -> Value:
    """A number, vector, matrix, … of one of the numbers of dimensions, from YAML lists or from text."""
    if isinstance(node, Pairs):
        raise SolverError(f"{_wanted(dimensions)} is needed here, not a mapping", node.span)
    if isinstance(node, Items):
        return _from_items(node, dimensions)
    if node.is_null:
        raise SolverError(f"{_wanted(dimensions)} is missing", node.span)
    if 0 in dimensions:
        try:
            return gather([read_number(node.text, node)], ())
        except SolverError:
            if max(dimensions) == 0 or not re.search(r"[\s;&,]", node.text.strip()):
                raise
    elif node.plain and _is_number(node.text):
        raise SolverError(
            f"{_wanted(dimensions)} is needed here, not the number {quoted(node.text)}",
            node.span,
            f"write [{node.text}]" if 1 in dimensions else f"write [[{node.text}]]",
        )
    return _from_text(node, dimensions)


def _is_number(text: str) -> bool:
    return bool(_DECIMAL.fullmatch(text.strip()))


def _wanted(dimensions: Sequence[int]) -> str:
    words = {0: "a number", 1: "a list of numbers", 2: "a matrix (a list of rows)"}
    return " or ".join(words.get(n, f"an array of {n} dimensions") for n in dimensions)


def _from_items(node: Items, dimensions: Sequence[int]) -> Value:
    if max(dimensions) > 2:
        node = _matrices_of_text(node)
    if any(isinstance(child, yaml.Scalar) and _is_row(child) for child in node):
        node = _rows_of_text(node)
    shape = _measured(node)
    faults: list[SolverError] = []
    scalars: list[Scalar] = []
    _collect(node, shape, scalars, faults)
    if faults:
        raise SolverErrors(faults)
    if len(shape) not in dimensions:
        got = f"an array of {len(shape)} dimensions" if len(shape) > 2 else _wanted([len(shape)])
        hint = None
        if len(shape) == 1 and 2 in dimensions:
            hint = "a matrix is a list of rows: [[1, 2], [3, 4]]"
        raise SolverError(f"{_wanted(dimensions)} is needed here, not {got}", node.span, hint)
    return gather(scalars, shape)


def _is_row(child: yaml.Scalar) -> bool:
    return bool(re.search(r"\S[\s,]+\S", child.text)) and not child.plain


def _matrices_of_text(node: Items) -> Items:
    """A list, or lists in lists, of matrices that are written as text: ["1 2; 3 4", "5 6; 7 8"]."""
    if not any(isinstance(child, Items) or _is_matrix(child) for child in node):
        return node
    children: list[Node] = []
    for child in node:
        if isinstance(child, yaml.Scalar) and _is_matrix(child):
            place = (child.source, child.start, child.end)
            rows = [
                [yaml.Scalar(text, True, *place) for text in row] for row in _split(child.text, child.span)
            ]
            children.append(Items([Items(row, *place) for row in rows], *place))
        else:
            children.append(_matrices_of_text(child) if isinstance(child, Items) else child)
    return Items(children, node.source, node.start, node.end)


def _is_matrix(node: Node) -> bool:
    return isinstance(node, yaml.Scalar) and (";" in node.text or "\\begin" in node.text)


def _rows_of_text(node: Items) -> Items:
    """A list of rows that are written as text: ["3 3", "0 -4"]."""
    rows: list[Node] = []
    for child in node:
        if isinstance(child, yaml.Scalar) and _is_row(child):
            texts = _split(child.text, child.span)
            if len(texts) != 1:
                message = f"one row is needed here, not the {len(texts)} rows of {quoted(child.text)}"
                raise SolverError(
                    message, child.span, "write the whole matrix as one text, or its rows one by one"
                )
            cells = [yaml.Scalar(text, True, child.source, child.start, child.end) for text in texts[0]]
            rows.append(Items(cells, child.source, child.start, child.end))
        else:
            rows.append(child)
    return Items(rows, node.source, node.start, node.end)


def _measured(node: Node) -> Shape:
    sizes = []
    while isinstance(node, Items):
        sizes.append(len(node))
        if not node:
            raise SolverError("the list is empty", node.span)
        node = node[0]
    return tuple(sizes)


def _collect(node: Node, shape: Shape, into: list[Scalar], faults: list[SolverError]) -> None:
    if not shape:
        if isinstance(node, yaml.Scalar):
            if node.is_null:
                faults.append(SolverError("a number is missing here", node.span))
                return
            try:
                into.append(read_number(node.text, node))
            except SolverError as error:
                faults.append(error)
        else:
            kind = "a list" if isinstance(node, Items) else "a mapping"
            faults.append(SolverError(f"a number is needed here, not {kind}", node.span))
        return
    if not isinstance(node, Items):
        what = quoted(node.text) if isinstance(node, yaml.Scalar) else "a mapping"
        faults.append(SolverError(f"a list of {shape[0]} is needed here, not {what}", node.span))
        return
    if len(node) != shape[0]:
        noun = "number" if len(shape) == 1 else "row"
        hint = None
        if len(node) == 2 * shape[0] and len(shape) == 1:
            hint = "is a comma meant as a decimal point? write 1.9, not 1,9"
        faults.append(
            SolverError(f"this row has {counted(len(node), noun)}, the first has {shape[0]}", node.span, hint)
        )
        return
    for child in node:
        _collect(child, shape[1:], into, faults)


def _from_text(node: yaml.Scalar, dimensions: Sequence[int]) -> Value:
    text, span = node.text, node.span
    rows = _split(text, span)
    faults: list[SolverError] = []
    numbers: list[list[Scalar]] = []
    for row in rows:
        numbers.append([])
        for entry in row:
            try:
                numbers[-1].append(read_number(entry, node))
            except SolverError as error:
                faults.append(error)
    if faults:
        raise SolverErrors(faults)
    sizes = {len(row) for row in numbers}
    if len(sizes) > 1:
        described = ", ".join(str(len(row)) for row in numbers)
        raise SolverError(f"the rows of {quoted(text)} have different lengths ({described})", span)
    shape = (len(numbers), sizes.pop())
    flat = [number for row in numbers for number in row]
    if len(rows) == 1 and 1 in dimensions:
        return gather(flat, (len(flat),))
    if shape[1] == 1 and 2 not in dimensions and 1 in dimensions:
        return gather(flat, (len(flat),))  # a column typed for a vector
    if 2 in dimensions:
        return gather(flat, shape)
    raise SolverError(f"{_wanted(dimensions)} is needed here, not {quoted(text)}", span)


def _split(text: str, span: Span) -> list[list[str]]:
    """The entries of each row of a matrix written as text."""
    latex = _LATEX.fullmatch(text)
    if latex:
        body = latex["body"].replace("\\left", "").replace("\\right", "").replace("\\,", " ")
        body = _LATEX_FRACTION.sub(r"(\1)/(\2)", body)
        return [[cell.strip() for cell in row.split("&")] for row in _parts(body, "\\\\")]
    if "\\begin" in text:
        raise SolverError(f"{quoted(text)} is no complete matrix", span, "paste the whole bmatrix or pmatrix")
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        text = re.sub(r"\]\s*,?\s*\[", ";", text).strip("[] ")
    rows = _parts(text, ";")
    if not rows:
        raise SolverError("a number is missing here", span)
    if any("," in row for row in rows):
        rows = _commas(text, rows, span)
    return [_entries(row) for row in rows]


def _parts(text: str, separator: str) -> list[str]:
    return [row.strip() for row in text.split(separator) if row.strip()]


def _commas(text: str, rows: list[str], span: Span) -> list[str]:
    """The rows with decimal commas turned into points, or refused where a comma could be either."""
    entries = [entry for row in rows for entry in row.split()]
    spaced = any(re.search(r"[^\s,]\s+[^\s,]", row) for row in rows)
    if spaced and all("," not in entry or _COMMA_NUMBER.fullmatch(entry) for entry in entries):
        return [row.replace(",", ".") for row in rows]
    if not spaced and all(_COMMA_NUMBER.fullmatch(row) for row in rows):
        points = "; ".join(row.replace(",", ".") for row in rows)
        apart = "; ".join(row.replace(",", ", ") for row in rows)
        raise SolverError(
            f"the commas of {quoted(text)} can be read in two ways",
            span,
            f'write "{points}" (decimal commas) or "{apart}" (separators)',
        )
    return rows


def _entries(row: str) -> list[str]:
    """Entries separated by commas or spaces, but not inside brackets."""
    return list(_entries_of(row))


def _entries_of(row: str) -> Iterator[str]:
    depth, entry = 0, ""
    row = re.sub(r"\s*([/^*])\s*", r"\1", row)
    for sign in row:
        depth += (sign == "(") - (sign == ")")
        if depth <= 0 and (sign.isspace() or sign == ","):
            if entry:
                yield entry
            entry = ""
        else:
            entry += sign
    if entry:
        yield entry


def as_fraction(number: Scalar) -> Fraction:
    """An exact number as it stands, another to 50 digits."""
    with decimal.localcontext(PRECISION):
        return Fraction(number if isinstance(number, (int, Fraction)) else to_decimal(number))
