"""Problem and exam files: the frame around a kind's own data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import PurePath
from typing import Annotated, Any

from solver.errors import SolverError, SolverErrors, Source, clean, did_you_mean, place_of, quoted
from solver.expr.rounding import Rounding
from solver.record import Record
from solver.spec import yaml
from solver.spec.fields import (
    Fault,
    Fields,
    Flag,
    Leaf,
    Names,
    Text,
    field,
    fraction,
    scalar,
    whole,
)
from solver.spec.marking import Grading
from solver.spec.validation import validated
from solver.spec.yaml import Items, Node, Pairs

MAX_LETTER = 24

OTHER_NAMES = {
    **dict.fromkeys(("convolution", "conv", "crosscorrelation", "filter"), "conv2d"),
    **dict.fromkeys(("pooling", "pool", "maxpool", "maxpooling", "avgpool"), "pool2d"),
    **dict.fromkeys(("cnn", "convnet", "shapes", "cnnparameters", "parameters"), "cnn-shapes"),
    **dict.fromkeys(
        ("decisiontree", "tree", "id3", "c45", "cart", "entropy", "informationgain"), "info-gain"
    ),
    **dict.fromkeys(("logisticregression", "gradientdescent", "logistic"), "logistic-gd"),
    **dict.fromkeys(("mlp", "forward", "neuralnetwork", "perceptron"), "mlp-forward"),
    **dict.fromkeys(("softmax", "crossentropy"), "softmax-ce"),
}
"""What people call the kinds."""

NO_PROBLEM = "this is no problem: a mapping with `kind` and `given` is needed"


class RoundingFields(Fields):
    """How numbers are rounded."""

    decimals: Annotated[int | None, whole(0, 15)] = field("digits behind the decimal point", None)
    significant: Annotated[int | None, whole(1, 15)] = field("significant digits", None)
    each_step: Flag = field("round every step, and go on with the rounded value, as on paper", False)

    def faults(self) -> Iterator[Fault]:
        if (self.decimals is None) == (self.significant is None):
            if self.decimals is not None:
                yield Fault(("significant",), "`decimals` is given already", "write one of them")
            else:
                yield Fault(("decimals",), "it is missing, and `significant` too", "write {decimals: 4}")


def _mapping(node: Node) -> Pairs:
    if isinstance(node, Pairs):
        return node
    what = "a list" if isinstance(node, Items) else quoted(node.text) if not node.is_null else "nothing"
    raise SolverError(f"a mapping is needed here, not {what}", node.span)


def _letters(node: Node) -> dict[str, str]:
    letters = {}
    for name, child in _mapping(node).items():
        leaf = scalar(child, "a letter")
        text = leaf.text.strip()
        if not text or len(text) > MAX_LETTER or any(sign.isspace() for sign in text):
            raise SolverError(
                f"{quoted(leaf.text)} is not a letter", leaf.span, "write θ, theta, \\theta, x_new or W^{(1)}"
            )
        letters[name] = clean(text)
    return letters


_ANYTHING: dict[str, Any] = {"type": "object"}
_LETTERS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}


class Frame(Fields):
    """What a problem file says around its data."""

    kind: Text = field("the kind of problem, one of `solve kinds`")
    given: Annotated[Pairs, Leaf(_mapping, _ANYTHING)] = field("the data of the question")
    id: Annotated[str | None, Leaf(lambda node: _name(node), {"type": "string"})] = field(
        "the name that answers refer to; the file's name otherwise", None
    )
    title: Annotated[str | None, Leaf(lambda node: _line(node), {"type": "string"})] = field(
        "the heading of the solution", None
    )
    source: Text = field("where the problem comes from", "")
    statement: Text = field("the question as it was set, Markdown with $maths$", "")
    ask: Names = field("the quantities that answer the question; by default the kind's own", ())
    points: Annotated[Fraction | None, fraction(0)] = field("what the problem is worth", None)
    rounding: RoundingFields | None = field("how the answer is rounded", None)
    symbols: Annotated[dict[str, str], Leaf(_letters, _LETTERS)] = field(
        "the letters of the reader's course, by the names of quantities", {}
    )
    answers: Annotated[Pairs | None, Leaf(_mapping, _ANYTHING)] = field(
        "what a book or a student answered, by the names of quantities", None
    )
    grading: Grading | None = field("how answers are marked", None)


class ExamFrame(Fields):
    """An exam: several problems in one file."""

    title: Text = field("the title of the exam", "")
    problems: Annotated[Items, Leaf(lambda node: _problems(node), {"type": "array", "minItems": 1})] = field(
        "the problems"
    )
    grading: Grading | None = field("how answers are marked", None)


def _problems(node: Node) -> Items:
    if isinstance(node, Items) and node:
        return node
    raise SolverError("a list of problems is needed here", node.span)


def _name(node: Node) -> str:
    leaf = scalar(node, "a name")
    if leaf.is_null or not leaf.text.strip():
        raise SolverError("a name is missing here", leaf.span)
    return leaf.text.strip()


def _line(node: Node) -> str:
    return " ".join(scalar(node, "a text").text.split())


class Problem(Record):
    """One problem: its frame, its typed data, and where it was written."""

    id: str
    kind: str
    frame: Frame
    given: Fields
    node: Pairs
    exam: Grading | None = None
    """How answers are marked in the exam, where the problem does not say."""

    @property
    def grading(self) -> Grading:
        return (self.frame.grading or Grading()).within(self.exam)

    @property
    def rounding(self) -> Rounding:
        asked = self.frame.rounding
        return Rounding(asked.decimals, asked.significant, asked.each_step) if asked else Rounding()


class Unreadable(Record):
    """A problem with faults, in the place of the problem that it would have been."""

    id: str
    kind: str
    errors: tuple[SolverError, ...]
    file: str = ""
    """The path that could not be read."""


def read_problems(
    source: Source, fields_of: Callable[[str], type[Fields]], kinds: Callable[[], list[str]]
) -> list[Problem | Unreadable]:
    """The problems of a file: a problem, an exam, or a stream of either.

    `fields_of` finds the data of a kind by its name and raises `LookupError` for an unknown one; `kinds` lists
    the names for a hint.
    """
    documents, faults = yaml.read(source)
    found = list(faults)
    nodes: list[Node] = []
    policies: list[Grading | None] = []
    for document in documents:
        policy, inside_it = _of_document(document, faults)
        nodes += inside_it
        policies += [policy] * len(inside_it)
    stem = PurePath(source.name).stem.strip("<>")
    read: list[Problem | Unreadable] = []
    for place, node in enumerate(nodes):
        default = stem if place == 0 else f"{stem}#{place + 1}"
        inside = [fault for fault in found if _inside(fault, node)]
        if inside:  # a file that YAML itself does not take whole has holes: what else is wrong is not known
            read.append(Unreadable(default, "", tuple(inside)))
            faults = [fault for fault in faults if fault not in inside]
        else:
            problem = _read_problem(node, default, fields_of, kinds)
            read.append(problem.but(exam=policies[place]) if isinstance(problem, Problem) else problem)
    _refuse_twins(read, faults)
    if faults:
        read.append(Unreadable(stem, "", tuple(faults)))
    return read


def _about(error: SolverError, names: Iterable[str]) -> bool:
    """Whether an error is about one of some fields of the frame."""
    return any(error.message.startswith((f"`{name}`", f"unknown field `{name}`")) for name in names)


def _inside(fault: SolverError, node: Node) -> bool:
    span = node.span
    return (span.line, span.column) <= place_of(fault) <= (span.end_line, span.end_column)


def _of_document(document: Node, faults: list[SolverError]) -> tuple[Grading | None, list[Node]]:
    """The problems of a document, and the policy of marking that they share."""
    if not isinstance(document, Pairs):
        faults.append(SolverError(NO_PROBLEM, document.span, "`solve new logistic-gd` prints one to fill in"))
        return None, []
    if "problems" not in document:
        return None, [document]
    try:
        exam = validated(ExamFrame, document)
        return exam.grading, list(exam.problems)
    except SolverErrors as errors:
        faults += errors.errors
        problems = document["problems"]
        return None, list(problems) if isinstance(problems, Items) else []


def _read_problem(
    node: Node, default: str, fields_of: Callable[[str], type[Fields]], kinds: Callable[[], list[str]]
) -> Problem | Unreadable:
    if not isinstance(node, Pairs):
        error = SolverError(NO_PROBLEM, node.span, "`solve new logistic-gd` prints one to fill in")
        return Unreadable(default, "", (error,))
    errors: list[SolverError] = []
    frame = given = None
    try:
        frame = validated(Frame, node)
    except SolverErrors as found:
        errors += found.errors
    name, data = node.get("kind"), node.get("given")
    kind = name.text if isinstance(name, yaml.Scalar) else ""
    if kind and not (isinstance(name, yaml.Scalar) and name.is_null):
        try:
            model = fields_of(kind)
        except LookupError:
            known = kinds()
            meant = OTHER_NAMES.get(re.sub(r"[^a-z0-9]", "", kind.lower()), kind)
            hint = did_you_mean(meant, known) or f"kinds: {', '.join(known)}"
            errors.append(
                SolverError(f"`kind`: there is no kind {quoted(kind)}", yaml.at(node, ["kind"]), hint)
            )
        except SolverError as error:
            errors.append(SolverError(f"`kind`: {error.message}", yaml.at(node, ["kind"]), error.hint))
        else:
            outside = [key for key in node if key in model.model_fields and key not in Frame.model_fields]
            if outside:
                errors = [error for error in errors if not _about(error, ("given", *outside))]
                words = ", ".join(f"`{key}`" for key in outside)
                hint = "put `given:` on a line of its own, and indent them below it"
                errors.append(SolverError(f"{words} belong under `given`", node.key_span(outside[0]), hint))
            elif isinstance(data, Pairs):
                try:
                    given = validated(model, data, ("given",), node.key_span("given"))
                except SolverErrors as found:
                    errors += found.errors
    typed = node.get("id")
    id_ = typed.text.strip() if isinstance(typed, yaml.Scalar) and not typed.is_null else default
    if errors or frame is None or given is None:
        return Unreadable(id_, kind, tuple(sorted(errors, key=place_of)))
    return Problem(id_, kind, frame, given, node)


def _refuse_twins(read: list[Problem | Unreadable], faults: list[SolverError]) -> None:
    seen: set[str] = set()
    for problem in read:
        if problem.id in seen and isinstance(problem, Problem) and problem.frame.id:
            span = yaml.at(problem.node, ["id"])
            faults.append(SolverError(f"`id`: {quoted(problem.id)} names two problems of this file", span))
        seen.add(problem.id)
