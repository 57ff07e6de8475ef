"""The JSON Schema: up to date, valid, and of one mind with the program about problem files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PROBLEMS, as_yaml, call, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from strategies import problems_logistic, problems_mlp, problems_softmax
from strategies_cnn import problems_cnn_shapes
from strategies_conv import problems_conv2d, problems_pool2d
from strategies_gain import problems_info_gain

from solver import kinds
from solver.cli.files import problem_files

HERE = Path(__file__).parent
SCHEMA = json.loads(call("schema").stdout)
VALIDATOR = Draft202012Validator(SCHEMA)
FILES = [Path(name).relative_to(PROBLEMS).as_posix() for name in problem_files([str(PROBLEMS)])]
KINDS = tuple(kinds.names())
PROBLEM_STRATEGIES = (
    problems_logistic,
    problems_mlp,
    problems_softmax,
    problems_cnn_shapes,
    problems_conv2d,
    problems_pool2d,
    problems_info_gain,
)

STRUCTURAL = (
    *("any-answers-a-list", "any-answers-a-number", "any-ask-a-mapping", "any-exam-problems-a-mapping"),
    *("any-exam-without-problems", "any-field-of-given-outside", "any-given-a-list", "any-given-empty"),
    *("any-given-missing", "any-given-misspelt", "any-kind-a-list", "any-kind-in-capitals"),
    *("any-kind-missing", "any-kind-misspelt", "any-kind-of-another-program", "any-rounding-a-number"),
    *("any-rounding-each-step-word", "any-rounding-fractional", "any-rounding-misspelt"),
    *("any-rounding-negative", "any-rounding-zero-significant", "any-symbols-a-list"),
    *("any-symbols-a-number", "any-title-a-list", "any-unknown-field", "logistic-X-a-number"),
    *("logistic-X-missing", "logistic-X-too-deep", "logistic-b-a-list", "logistic-batch-a-fraction"),
    *("logistic-batch-zero", "logistic-field-of-another-kind", "logistic-iterations-a-fraction"),
    *("logistic-iterations-missing", "logistic-iterations-negative", "logistic-learning-rate-a-list"),
    *("logistic-learning-rate-misspelt", "logistic-loss-a-number", "logistic-loss-unknown"),
    *("logistic-w-a-matrix", "logistic-w-missing", "logistic-y-a-matrix", "logistic-y-missing"),
    *("mlp-W-a-vector", "mlp-activation-a-list", "mlp-layer-misspelt", "mlp-loss-unknown"),
)
"""The malformed files that are wrong in their structure, which a schema can say."""


def plain(text: str) -> list[Any]:
    """The documents of a YAML text as JSON has them; a date or the like stays the text that was typed."""
    return list(yaml.load_all(text, Loader=Loader))


class Loader(yaml.SafeLoader):
    """YAML as editors read it: the types of JSON, texts as keys."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":value"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if first not in "yYnNoO"
}


def faults(document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def test_the_schema_is_a_schema() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_in_the_repository_is_up_to_date() -> None:
    """`make golden` writes it anew."""
    assert (PROBLEMS / "schema.json").read_text(encoding="utf-8") == call("schema").stdout


def test_every_field_is_described() -> None:
    for name, definition in SCHEMA["$defs"].items():
        for field, told in definition["properties"].items():
            assert told.get("description") or "$ref" in told, f"{name}.{field}"


def test_references_lead_somewhere() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                assert node["$ref"].removeprefix("#/$defs/") in SCHEMA["$defs"], node["$ref"]
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(SCHEMA)


@pytest.mark.parametrize("file", FILES)
def test_our_problems(file: str) -> None:
    text = (PROBLEMS / file).read_text(encoding="utf-8")
    for document in plain(text):
        assert faults(document) == []
    depth = "../" * file.count("/")
    assert text.startswith(f"# yaml-language-server: $schema={depth}schema.json\n")


def test_published_problems() -> None:
    for path in sorted((HERE / "published").glob("*.yaml")):
        for case in plain(path.read_text(encoding="utf-8"))[0]:
            assert faults(case["problem"]) == [], case["source"]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of([make() for make in PROBLEM_STRATEGIES]))
def test_what_is_solved_is_valid(problem: dict[str, Any]) -> None:
    (document,) = plain(as_yaml(problem))
    assert faults(document) == []


@pytest.mark.parametrize("kind", KINDS)
def test_new_files_and_one_kind_alone(kind: str) -> None:
    (document,) = plain(call("new", kind).stdout)
    assert faults(document) == []
    alone = json.loads(call("schema", kind).stdout)
    Draft202012Validator.check_schema(alone)
    assert list(Draft202012Validator(alone).iter_errors(document)) == []
    others = [other for other in KINDS if other != kind]
    assert list(Draft202012Validator(alone).iter_errors({**document, "kind": others[0]})) != []


@pytest.mark.parametrize(
    "given_",
    [
        {"X": "3 3; 0 -4", "y": "1 0", "w": ["1/3", "sqrt(2)"], "learning_rate": "10%", "iterations": 3},
        {"X": [[1]], "y": [1], "w": [0], "b": None, "iterations": "2", "learning_rate": "0,1"},
        {"X": [[3, "1/2"]], "y": [1], "w": [0, 0], "iterations": 0, "batch": "full", "predict": None},
        {"X": [[1]], "y": [1], "w": [0], "iterations": 0, "batch": 1, "loss": None},
    ],
)
def test_other_ways_of_typing_are_valid_where_the_program_takes_them(given_: dict[str, Any]) -> None:
    problem = {"kind": "logistic-gd", "given": given_}
    read(problem)
    assert faults(problem) == []


def test_the_frame() -> None:
    problem = {
        "kind": "softmax-ce",
        "id": "q-1",
        "title": "Softmax",
        "source": "A book",
        "statement": "Compute $p$.",
        "given": {"logits": [1, 2], "target": 0},
        "ask": "p",
        "points": "3/2",
        "rounding": {"decimals": 3, "each_step": False},
        "symbols": {"p": "q"},
        "answers": {"p": [0.269, None]},
        "grading": {"tolerance": "1%"},
    }
    read(problem)
    assert faults(problem) == []
    assert faults({"title": "Exam", "problems": [problem], "grading": {}}) == []
    assert faults({"problems": [problem, {"kind": "softmax-ce"}]}) != []


@pytest.mark.parametrize("name", STRUCTURAL)
def test_structural_faults(name: str) -> None:
    (document,) = plain((HERE / "malformed" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert faults(document) != []


def test_what_an_editor_says_already() -> None:
    """The list above is a sample: so many of our malformed files fail the schema."""
    files = [path for path in (HERE / "malformed").glob("*.yaml") if not path.stem.startswith("yaml-")]
    failing = {path.stem for path in files if any(map(faults, plain(path.read_text(encoding="utf-8"))))}
    assert len(failing) > 70
