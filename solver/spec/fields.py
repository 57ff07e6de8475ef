"""The fields of a problem as pydantic models: typed leaves, and every fault with its place.

A kind declares its data as a subclass of `Fields`, with the types of this file for the leaves. A model is
validated from the nodes of a YAML file, so that each fault knows its line and column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError, core_schema

from solver.errors import SolverError, did_you_mean, listed, quoted
from solver.expr.nodes import Expr
from solver.expr.parse import FormulaError, parse
from solver.expr.values import Value, exact
from solver.spec import yaml
from solver.spec.numbers import as_fraction, read_array
from solver.spec.yaml import Items, Node, Pairs


class Fault(NamedTuple):
    """What is wrong with a value at a path of fields and indices, found where fields are compared."""

    path: tuple[str | int, ...]
    message: str
    hint: str | None = None


class Fields(BaseModel):
    """Named fields of a problem file. Unknown names are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)

    def faults(self) -> Iterator[Fault]:
        """What is wrong although each field by itself is right."""
        return iter(())

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, node: Any) -> Any:
        """An optional field that is null is left out."""
        if not isinstance(node, Pairs) or not any(_is_null(child) for child in node.values()):
            return node
        fields = named(cls)
        return {
            name: child
            for name, child in node.items()
            if not _is_null(child) or name not in fields or fields[name].is_required()
        }

    @model_validator(mode="after")
    def _compare(self) -> Fields:
        faults = list(self.faults())
        if faults:
            raise PydanticCustomError("faults", "the fields do not fit together", {"faults": faults})
        return self


def named(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the names that are typed."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _is_null(node: Any) -> bool:
    return isinstance(node, yaml.Scalar) and node.is_null


def field(description: str, default: Any = ..., name: str | None = None) -> Any:
    """A field with its description; without a default it is required. `name` is typed where Python has none such."""
    return Field(default, description=description, alias=name)


def comma_hint(value: Value, wanted: int) -> str | None:
    """A way out where a list is just twice as long as it should be: 1,9 typed for 1.9."""
    return "is a comma meant as a decimal point? write 1.9, not 1,9" if value.size == 2 * wanted else None


# The leaves


class Leaf:
    """How a leaf of a problem file is read: a function of its node, and its JSON Schema.

    It stands in an annotation, `Annotated[Value, array(1)]`.
    """

    def __init__(self, read: Callable[[Any], Any], schema: dict[str, Any]) -> None:
        self.read = read
        self.schema = schema

    def __get_pydantic_core_schema__(self, _: Any, __: Any) -> core_schema.CoreSchema:
        def validate(node: Any) -> Any:
            try:
                return self.read(node)
            except SolverError as error:
                faults = list(error.errors)
            raise PydanticCustomError("read", "not readable", {"errors": faults})

        return core_schema.no_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(self, _: Any, __: Any) -> dict[str, Any]:
        return dict(self.schema)


NUMBER_SCHEMA: dict[str, Any] = {"type": ["number", "string"]}
_LIST: dict[str, Any] = {
    "anyOf": [{"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}, {"type": "string"}]
}
_ROWS: dict[str, Any] = {
    "anyOf": [{"type": "array", "items": _LIST, "minItems": 1}, {"type": "string"}],
}
VECTOR_SCHEMA: dict[str, Any] = {"anyOf": [NUMBER_SCHEMA, _LIST]}
"""A list of numbers, or one number."""

_BLOCK: dict[str, Any] = {"type": "array", "items": _ROWS, "minItems": 1}
_SCHEMAS = {0: NUMBER_SCHEMA, 1: _LIST, 2: _ROWS, 3: _BLOCK}
_SCHEMAS[4] = {"type": "array", "items": _BLOCK, "minItems": 1}


def array(*dimensions: int) -> Leaf:
    """A number, a vector, a matrix: an array of one of the numbers of dimensions."""
    schemas = [_SCHEMAS[n] for n in dimensions]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return Leaf(lambda node: read_array(node, dimensions), schema)


Number = Annotated[Value, array(0)]
Vector = Annotated[Value, array(1)]
Matrix = Annotated[Value, array(2)]
VectorOrMatrix = Annotated[Value, array(1, 2)]
MaybeNumber = Annotated[Value | None, array(0)]
MaybeVector = Annotated[Value | None, array(1)]
MaybeMatrix = Annotated[Value | None, array(2)]
MaybeVectorOrMatrix = Annotated[Value | None, array(1, 2)]

ZERO = exact(0)


def scalar(node: Node, what: str) -> yaml.Scalar:
    """The node as a single value."""
    if isinstance(node, yaml.Scalar):
        return node
    kind = "a list" if isinstance(node, Items) else "a mapping"
    raise SolverError(f"{what} is needed here, not {kind}", node.span)


def _text(node: Node) -> str:
    leaf = scalar(node, "a text")
    if leaf.is_null:
        raise SolverError("a text is missing here", leaf.span)
    return leaf.text


Text = Annotated[str, Leaf(_text, {"type": "string"})]


def _flag(node: Node) -> bool:
    leaf = scalar(node, "true or false")
    if leaf.plain and leaf.text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return leaf.text.lower() == "true"
    hint = (
        "write true or false" if leaf.text.lower() in ("yes", "no", "on", "off", "y", "n", "0", "1") else None
    )
    raise SolverError(f"true or false is needed here, not {quoted(leaf.text)}", leaf.span, hint)


Flag = Annotated[bool, Leaf(_flag, {"type": "boolean"})]


def whole(least: int, most: int) -> Leaf:
    """A whole number in a range."""

    def read(node: Node) -> int:
        leaf = scalar(node, "a whole number")
        number = as_fraction(read_array(leaf, [0]).item())
        if number.denominator != 1:
            raise SolverError(f"a whole number is needed here, not {quoted(leaf.text)}", leaf.span)
        if not least <= number <= most:
            raise SolverError(f"{quoted(leaf.text)} is not between {least} and {most}", leaf.span)
        return int(number)

    return Leaf(read, {"type": ["integer", "string"], "minimum": least, "maximum": most})


def choice(*words: str) -> Leaf:
    """One of some words."""

    def read(node: Node) -> str:
        leaf = scalar(node, listed(words))
        if leaf.text.lower() in words:
            return leaf.text.lower()
        if leaf.text not in words:
            hint = did_you_mean(leaf.text, words) or f"write {listed(words)}"
            raise SolverError(f"{quoted(leaf.text)} is not one of {listed(words)}", leaf.span, hint)
        return leaf.text

    return Leaf(read, {"enum": [*words, *(int(word) for word in words if word.isdecimal())]})


def fraction(least: Fraction | int | None = None) -> Leaf:
    """An exact number, such as points."""

    def read(node: Node) -> Fraction:
        leaf = scalar(node, "a number")
        number = as_fraction(read_array(leaf, [0]).item())
        if least is not None and number < least:
            raise SolverError(f"{quoted(leaf.text)} is less than {least}", leaf.span)
        return number

    return Leaf(read, NUMBER_SCHEMA)


def names(node: Node) -> tuple[str, ...]:
    """A list of names, or one name."""
    if isinstance(node, yaml.Scalar):
        return (_text(node),)
    if isinstance(node, Pairs):
        raise SolverError("a list of names is needed here, not a mapping", node.span)
    return tuple(_text(child) for child in node)


Names = Annotated[
    tuple[str, ...],
    Leaf(names, {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}),
]


class Formula(NamedTuple):
    """A typed formula in one name, as text and as an expression."""

    text: str
    expr: Expr


def read_formula(node: yaml.Scalar, known: Mapping[str, Expr]) -> Formula:
    """A formula over some names, its faults placed inside the text."""
    try:
        return Formula(node.text, parse(node.text, known))
    except FormulaError as error:
        span = node.span
        if "\n" not in node.text and span.line == span.end_line:
            shift = node.start + (0 if node.plain else 1)
            inside = node.source.text[shift : shift + len(node.text)] == node.text
            if inside:
                span = node.source.span(shift + error.start, shift + max(error.end, error.start + 1))
        raise SolverError(f"in the formula {quoted(node.text)}: {error.message}", span, error.hint) from None
