"""Writes `cases.yaml`: `python -m tests.mistakes.make`. The same scripts give the same file."""

from __future__ import annotations

from collections import Counter
from typing import Any

from . import gains, honest, images, logistic, networks, shapes
from .files import CASES, text_of
from .paper import Case

HEADER = """\
# Answers with mistakes that people make, and right answers in every dress; written by make.py, do not edit.
# `mistake` lists every name that honestly describes the mistake, `at` every step where it may be said to be.
# What has `unsure` (a whole case, or one answer) is left out of the percentages; it says why.
"""


def all_cases() -> list[Case]:
    """Every case of every script, each name once."""
    made = [
        case for script in (logistic, networks, images, shapes, gains, honest) for case in script.all_cases()
    ]
    twice = [name for name, count in Counter(case["id"] for case in made).items() if count > 1]
    if twice:
        raise ValueError(f"named twice: {', '.join(twice)}")
    return [
        {key: plain(value) if key in ("problem", "answers") else value for key, value in case.items()}
        for case in made
    ]


def plain(value: Any) -> Any:
    """Whole floats of the data as integers, which is how one types them."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return int(value) if isinstance(value, float) and value == int(value) else value


def text() -> str:
    """The file."""
    return HEADER + "\n".join(text_of([case]) for case in all_cases())


def main() -> None:
    CASES.write_text(text(), "utf-8")
    made = all_cases()
    verdicts = Counter(said["verdict"] for case in made for said in case["expect"].values())
    print(len(made), "cases;", ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common()))


if __name__ == "__main__":
    main()
