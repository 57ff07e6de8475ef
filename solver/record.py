"""Frozen records: classes whose instances are their fields.

They are what frozen dataclasses are, without their code generation: half a millisecond for each of some
seventy classes would be a fifth of the time that a small problem takes from start to end.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, dataclass_transform


@dataclass_transform(frozen_default=True, eq_default=True)
class Record:
    """The base of a record; its annotated fields, with their defaults, are its parameters.

    Two records are equal if they are of one class with equal fields; with `identity=True` only if they are one.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, identity: bool = False) -> None:
        own = tuple(
            name
            for name, kind in cls.__annotations__.items()
            if not str(kind).startswith(("ClassVar", "typing.ClassVar"))
        )
        inherited = cls.__match_args__
        cls.__match_args__ = (*inherited, *(name for name in own if name not in inherited))  # type: ignore[misc]
        cls._defaults = {name: getattr(cls, name) for name in cls.__match_args__ if hasattr(cls, name)}
        if identity:
            cls.__eq__ = object.__eq__  # type: ignore[method-assign]
            cls.__hash__ = object.__hash__  # type: ignore[method-assign]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names = self.__match_args__
        if len(args) == len(names) and not kwargs:
            self.__dict__.update(zip(names, args, strict=True))
            return
        fields = {**self._defaults, **dict(zip(names, args, strict=False)), **kwargs}
        if len(args) > len(names) or len(fields) != len(names) or not fields.keys() <= set(names):
            raise TypeError(f"{type(self).__name__} takes {', '.join(names)}; got {args!r}, {kwargs!r}")
        self.__dict__.update(fields)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *(self.__dict__[name] for name in self.__match_args__)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({fields})"

    def but(self, **changes: Any) -> Self:
        """The record with some fields changed."""
        return type(self)(**{**{name: self.__dict__[name] for name in self.__match_args__}, **changes})
