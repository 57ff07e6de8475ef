"""From nodes to models: every fault of a mapping at once, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from solver.errors import SolverError, SolverErrors, Span, did_you_mean, listed, place_of, quoted
from solver.record import Record
from solver.spec import yaml
from solver.spec.fields import Fault, Fields, Leaf, named
from solver.spec.yaml import Items, Node, Pairs

Path = tuple[str | int, ...]

SYNONYMS = {
    "lr": "learning_rate",
    "eta": "learning_rate",
    "alpha": "learning_rate",
    "step_size": "learning_rate",
    "epochs": "iterations",
    "steps": "iterations",
    "max_iter": "iterations",
    "n_iter": "iterations",
    "lambda": "l2",
    "regularization": "l2",
    "labels": "y",
    "weights": "w",
    "bias": "b",
    "input": "x",
    "inputs": "x",
    "scores": "logits",
    "probs": "probabilities",
    "label": "target",
    "targets": "target",
    "digits": "significant",
    "places": "decimals",
}
"""Other words of the field, and the names that they have here."""

M = TypeVar("M", bound=Fields)


def validated(model: type[M], node: Pairs, path: Path = (), key: Span | None = None) -> M:
    """The model filled from the nodes of a mapping; `path` and `key` are where the mapping itself stands.

    Raises `SolverErrors` with every fault, in the order of the file: those of single fields, and those of fields
    that do not fit together, as far as they can be compared.
    """
    try:
        return model.model_validate(node)
    except ValidationError as error:
        mapping = _Mapping(model, node, path, key)
        details = error.errors(include_url=False)
        faults = [fault for each in sorted(details, key=_missing_last) for fault in mapping.errors(each)]
        if not any(each["type"] == "faults" and not each["loc"] for each in details):
            rest = _faults_of_the_rest(model, node, details)
            faults += (mapping.compared(fault) for fault in rest if not mapping.misspelt(fault.path))
        raise SolverErrors(sorted(faults, key=place_of)) from None


def _missing_last(each: ErrorDetails) -> bool:
    return each["type"] == "missing"


def _faults_of_the_rest(model: type[Fields], node: Pairs, details: Iterable[ErrorDetails]) -> Iterator[Fault]:
    """What the comparisons find among the fields that are right, until one needs a field that is not."""
    wrong = {each["loc"][0] for each in details if each["loc"]}
    known: dict[str, Any] = {}
    for name, info in named(model).items():
        leaf = next((each for each in info.metadata if isinstance(each, Leaf)), None)
        if name in wrong or (leaf is None and name in node):
            continue
        if name in node and leaf is not None:
            with suppress(SolverError):  # null, which stands for a field that is left out
                known[name] = leaf.read(node[name])
        elif not info.is_required():
            known[name] = info.get_default()
    partial = model.model_construct(set(), **known)
    for name, info in model.model_fields.items():
        if (info.alias or name) not in known:
            partial.__dict__.pop(name, None)
    try:
        yield from partial.faults()
    except (AttributeError, TypeError, SolverError):
        return


class _Mapping(Record):
    """A mapping that was validated: its model, its node, and where it stands."""

    model: type[BaseModel]
    node: Pairs
    path: Path
    key: Span | None

    def errors(self, each: ErrorDetails) -> Iterator[SolverError]:
        """What pydantic found at one place, in our words."""
        loc: Path = tuple(each["loc"])
        name = dotted((*self.path, *loc))
        match each["type"]:
            case "read":
                for error in each["ctx"]["errors"]:
                    hint = error.hint or self.description(loc)
                    yield SolverError(f"`{name}`: {error.message}", error.span, hint)
            case "faults":
                for fault in each["ctx"]["faults"]:
                    yield self.compared(Fault((*loc, *fault.path), fault.message, fault.hint))
            case "missing":
                if not self.misspelt(loc):
                    inside = dotted((*self.path, *loc[:-1]))
                    message = f"`{loc[-1]}` is missing" + (f" in `{inside}`" if inside else "")
                    place = self.place(loc)
                    if len(loc) > 1 and self.unknown(loc):  # in a list: beside what stands there instead
                        place = self.key_span((*loc[:-1], self.unknown(loc)[0]))
                    yield SolverError(message, place, self.description(loc))
            case "extra_forbidden":
                known = self.fields(loc)
                hint = self.meant(str(loc[-1]), known) or (f"fields here: {listed(known)}" if known else None)
                yield SolverError(f"unknown field `{name}`", self.key_span(loc), hint)
            case kind:
                wanted = {"model_type": "a mapping", "list_type": "a list"}.get(kind, each["msg"])
                found = _said(_node_at(self.node, loc))
                message = f"`{name}`: {wanted} is needed here, not {found}"
                yield SolverError(message, self.place(loc), self.description(loc))

    def compared(self, fault: Fault) -> SolverError:
        """A fault found by comparing fields; it quotes the value that it is about."""
        node = _node_at(self.node, fault.path)
        said = quoted(node.text) if isinstance(node, yaml.Scalar) and node.text not in fault.message else ""
        message = f"{said}: {fault.message}" if said else fault.message
        name = dotted((*self.path, *fault.path))
        hint = fault.hint or self.description(fault.path)
        return SolverError(f"`{name}`: {message}", self.place(fault.path), hint)

    def place(self, loc: Path) -> Span:
        """The place of a value; of one that is missing, the key of the mapping that lacks it."""
        if self.key is not None and (not loc or (len(loc) == 1 and str(loc[0]) not in self.node)):
            return self.key
        return yaml.at(self.node, loc)

    def key_span(self, loc: Path) -> Span:
        """The place of a key."""
        holder = _node_at(self.node, loc[:-1])
        assert isinstance(holder, Pairs)
        return holder.key_span(str(loc[-1]))

    def misspelt(self, loc: Path) -> bool:
        """Whether a missing field is there under a name that is nearly its own."""
        if not loc or _node_at(self.node, loc) is not None:
            return False
        meant = did_you_mean(str(loc[-1]), self.fields(loc))
        return any(self.meant(name, self.fields(loc)) == meant for name in self.unknown(loc))

    def meant(self, name: str, known: list[str]) -> str | None:
        """The field that a misspelt name, or another word of the field's language, stands for."""
        word = SYNONYMS.get(name.lower().replace("-", "_"))
        return did_you_mean(word if word in known else name, known)

    def unknown(self, loc: Path) -> list[str]:
        """The names beside a place that its model does not have."""
        holder, known = _node_at(self.node, loc[:-1]), self.fields(loc)
        return [name for name in holder if name not in known] if isinstance(holder, Pairs) else []

    def fields(self, loc: Path) -> list[str]:
        """The names of the fields of the model that holds a place."""
        holder = self.holder(loc)
        return list(named(holder)) if holder else []

    def description(self, loc: Path) -> str | None:
        """What the field at a place, or around it, is for."""
        while loc and isinstance(loc[-1], int):
            loc = loc[:-1]
        if not loc:
            return None
        holder = self.holder(loc)
        info = named(holder).get(str(loc[-1])) if holder else None
        return f"{loc[-1]}: {info.description}" if info and info.description else None

    def holder(self, loc: Path) -> type[BaseModel] | None:
        """The model that holds the last step of a place."""
        model: type[BaseModel] | None = self.model
        for step in loc[:-1]:
            if model is not None and not isinstance(step, int):
                info = named(model).get(step)
                model = inner_model(info.annotation) if info else None
        return model


def inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as `list[Layer]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(inner_model, getattr(annotation, "__args__", ()))), None)


def dotted(path: Path) -> str:
    """`given.layers[0].W`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _node_at(node: Node, path: Path) -> Node | None:
    found: Node | None = node
    for step in path:
        if isinstance(found, Pairs):
            found = found.get(str(step))
        elif isinstance(found, Items) and isinstance(step, int) and step < len(found):
            found = found[step]
        else:
            return None
    return found


def _said(node: Node | None) -> str:
    if isinstance(node, yaml.Scalar):
        return "nothing" if node.is_null else quoted(node.text)
    return "a list" if isinstance(node, Items) else "a mapping"
