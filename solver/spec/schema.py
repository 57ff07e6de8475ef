"""JSON Schema of problem files, in the form that editors report best: one condition for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from solver.spec.fields import Fields
from solver.spec.problem import ExamFrame, Frame

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Without the titles that pydantic makes of names; defaults are told in the descriptions."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 - pydantic's form

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema(kinds: Mapping[str, tuple[str, type[Fields]]]) -> dict[str, Any]:
    """The schema of problem and exam files for kinds: their names with a title and the type of their data."""
    definitions: dict[str, Any] = {}
    problem = _of(Frame, definitions)
    problem["properties"]["kind"] |= {"enum": list(kinds)}
    conditions = []
    for name, (title, given) in kinds.items():
        definitions[name] = _of(given, definitions, f"{name}.") | {"title": title}
        conditions.append(
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {"properties": {"given": {"$ref": f"#/$defs/{name}"}}},
            }
        )
    problem["allOf"] = conditions
    exam = _of(ExamFrame, definitions)
    exam["properties"]["problems"]["items"] = {"$ref": "#/$defs/problem"}
    definitions |= {"problem": problem, "exam": exam}
    return {
        "$schema": DIALECT,
        "title": "A problem file",
        "type": "object",
        "if": {"required": ["problems"]},
        "then": {"$ref": "#/$defs/exam"},
        "else": {"$ref": "#/$defs/problem"},
        "$defs": definitions,
    }


def _of(model: type[Fields], definitions: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The schema of a model; those of models inside it join the definitions, under a prefix."""
    made = model.model_json_schema(schema_generator=_Plain, ref_template="#/$defs/" + prefix + "{model}")
    definitions |= {prefix + name: _without_defaults(inner) for name, inner in made.pop("$defs", {}).items()}
    made.pop("title", None)
    made.pop("description", None)
    plain: dict[str, Any] = _without_defaults(made)
    return plain


def _without_defaults(node: Any) -> Any:
    if isinstance(node, dict):
        for name, field in node.get("properties", {}).items() if "additionalProperties" in node else ():
            if name not in node.get("required", ()):  # what is optional may also be null
                described = {"description": field.pop("description")} if "description" in field else {}
                node["properties"][name] = {**described, "anyOf": [field, {"type": "null"}]}
        return {key: _without_defaults(value) for key, value in node.items() if key != "default"}
    return [_without_defaults(value) for value in node] if isinstance(node, list) else node
