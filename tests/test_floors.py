"""The house stands: imports go down only, and the heavy things are not carried upstairs."""

from __future__ import annotations

import ast
from pathlib import Path

SOLVER = Path(__file__).parent.parent / "solver"

FLOORS = (
    "record",
    "errors",
    "expr",
    "spec",
    "derivation",
    "parts",
    "kinds",
    "grading",
    "page",
    "render",
    "testing",
    "cli",
)
"""From the ground up: a file imports from its own floor and from those below it."""

NARROWER = {
    "expr": {"record", "errors"},
    "spec": {"record", "errors", "expr"},
    "derivation": {"record", "expr"},
    "parts": {"record", "errors", "expr", "spec", "derivation"},
    "page": {"record", "errors", "expr", "spec", "derivation", "grading"},
    "render": {"record", "errors", "expr", "derivation", "grading", "page"},
}
"""What a floor may use of those below it, where that is not all."""

ONLY_IN = {"rich": {"render/terminal.py"}, "typer": {"cli/app.py"}, "yaml": {"spec/yaml.py"}}


def _imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{name.name}" for name in node.names]
        elif isinstance(node, ast.Import):
            found += [name.name for name in node.names]
    return found


def _files() -> list[Path]:
    return [path for path in sorted(SOLVER.rglob("*.py")) if path != SOLVER / "__init__.py"]


def _floor(path: Path) -> str:
    return path.relative_to(SOLVER).parts[0].removesuffix(".py")


def test_imports_go_down_only() -> None:
    for path in _files():
        floor = _floor(path)
        below = set(FLOORS[: FLOORS.index(floor)])
        allowed = NARROWER.get(floor, below) | {floor, "__version__"}
        assert NARROWER.get(floor, set()) <= below
        for name in _imports(path):
            if name.startswith("solver."):
                assert name.split(".")[1] in allowed, f"{path.relative_to(SOLVER)} imports {name}"


def test_kinds_do_not_import_each_other_nor_the_page() -> None:
    for path in (SOLVER / "kinds").glob("*.py"):
        for name in _imports(path):
            assert not name.startswith(("solver.page", "solver.render")), f"{path.name} imports {name}"
            other = (
                name.removeprefix("solver.kinds.").split(".")[0] if name.startswith("solver.kinds.") else ""
            )
            assert not (SOLVER / "kinds" / f"{other}.py").exists() or not other, f"{path.name} imports {name}"


def test_heavy_libraries_stay_where_they_are_used() -> None:
    for path in _files():
        place = path.relative_to(SOLVER).as_posix()
        for name in _imports(path):
            package = name.split(".")[0]
            assert place in ONLY_IN.get(package, {place}), f"{place} imports {name}"


def test_only_the_command_line_prints_or_exits() -> None:
    for path in _files():
        if _floor(path) == "cli":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            assert not (isinstance(called, ast.Name) and called.id in {"print", "exit", "eval", "exec"}), path
