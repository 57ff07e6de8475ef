"""Everything in the repository that the program itself writes: pages, README blocks, the schema.

`make golden` writes them anew; the tests compare. Read the difference line by line before you commit it: is each
line right, and would you show it to a class?
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from solver.kinds import names

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
README = ROOT / "README.md"

BLOCK = re.compile(
    r"(<!-- (?P<command>solve [^\n]*?)(?: \| (?P<cut>[^\n]*?))? -->\n```\w*\n)(?P<text>.*?)(```\n)", re.DOTALL
)
"""A block of the README and the command that prints it; `| 12 lines` keeps the first ones, `| lines 3-9` some."""

PAGES = {
    "narrow": ("problems/midterm.yaml", "COLUMNS=40"),
    "wide": ("problems/midterm.yaml", "COLUMNS=120"),
    "ascii": ("problems/midterm.yaml", "PYTHONIOENCODING=ascii"),
    "brief": ("problems/midterm.yaml --detail brief", ""),
    "full": ("problems/midterm.yaml --detail full", ""),
    "digits": ("problems/midterm.yaml --digits 3", ""),
    "only": ("problems/midterm.yaml --only grad(1)", ""),
    "json": ("problems/midterm.yaml --format json", ""),
}
"""Further pages of one file: their arguments and their environment."""

COMMANDS = {
    "help": "--help",
    "kinds": "kinds",
    **{f"{command}-{kind}": f"{command} {kind}" for command in ("kinds", "new") for kind in names()},
    "examples": "examples",
}
"""What the commands print that tell about the program."""


def printed(arguments: str, environment: str = "") -> str:
    """What `solve` prints on standard output, at 80 columns without colour."""
    clean = {
        name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "PYTHONIOENCODING")
    }
    clean |= {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONUTF8": "1", "TERMINAL_WIDTH": "80"}
    clean |= dict(part.split("=") for part in environment.split())
    command = [
        sys.executable,
        "-m",
        "solver.cli.main",
        *shlex.split(arguments.replace("(", "\\(").replace(")", "\\)")),
    ]
    run = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, encoding="utf-8", check=False)
    return run.stdout


def generated() -> Iterator[tuple[Path, str]]:
    """Each generated file with the text that it should have."""
    yield ROOT / "problems" / "schema.json", printed("schema")
    for path in sorted((ROOT / "problems").rglob("*.yaml")):
        name = path.relative_to(ROOT / "problems").with_suffix(".txt")
        yield GOLDEN / "pages" / name, printed(path.relative_to(ROOT).as_posix())
    for name, (arguments, environment) in PAGES.items():
        yield GOLDEN / "midterm" / f"{name}.txt", printed(arguments, environment)
    for name, arguments in COMMANDS.items():
        yield GOLDEN / "commands" / f"{name}.txt", printed(arguments)
    yield README, readme(README.read_text(encoding="utf-8"))


def readme(text: str) -> str:
    """The README with each block printed anew."""

    def again(block: re.Match[str]) -> str:
        lines = printed(block["command"].removeprefix("solve ")).splitlines(keepends=True)
        return block[1] + "".join(_cut(lines, block["cut"])) + block[5]

    return BLOCK.sub(again, text)


def _cut(lines: list[str], cut: str | None) -> list[str]:
    if cut is None:
        return lines
    first, _, last = cut.removeprefix("lines ").partition("-")
    return lines[int(first) - 1 : int(last)]


def main() -> None:
    """Write every generated file."""
    for path, text in generated():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
