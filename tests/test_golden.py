"""What the program prints is what was read and found right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generated import GOLDEN, README, ROOT, generated

EXPECTED = dict(generated())


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_generated_file_is_up_to_date(path: Path) -> None:
    assert path.exists(), "run `make golden` and read what it writes"
    assert path.read_text(encoding="utf-8") == EXPECTED[path], "run `make golden` and read the difference"


def test_no_golden_page_is_left_over() -> None:
    assert {path for path in GOLDEN.rglob("*") if path.is_file()} <= set(EXPECTED)


def test_no_page_is_wider_than_its_terminal() -> None:
    widths = {"narrow": 40, "wide": 120}
    for path in EXPECTED:
        if GOLDEN in path.parents and "commands" not in path.parts and path.stem != "json":
            for line in EXPECTED[path].splitlines():
                assert len(line) <= widths.get(path.stem, 80), f"{path}: {line}"


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 150
