"""A class of any size that answers the midterm: 60 % right, 30 % with a mistake carried forward, 10 % hostile.

`python -m tests.benchmarks.classroom [PAPERS]` has it marked as YAML files and as one CSV, and compares the time with
that of reading the files with PyYAML's C event stream.
"""

from __future__ import annotations

import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml

PROBLEMS = Path(__file__).parents[2] / "problems"
MIDTERM = PROBLEMS / "midterm.yaml"
NAMES = ("midterm-1", "midterm-2", "midterm-3", "midterm-4")
Answers = dict[str, dict[str, str]]

HOSTILE = (
    "answers: {midterm-1: {w(3): [[[[[[[[1]]]]]]]]}}",
    "answers: {midterm-1: {w(3): about 3}, midterm-3: {Y: \"=cmd|' /C calc'!A0\"}}",
    "answers: [1, 2",
    "answers: {midterm-2: {z1: \"__import__('os').system('true')\", y_hat: .nan}}",
    "answers: &a {midterm-1: *a}",
    'student: "\\e[31m"\nanswers: {midterm-4: {conv1.params: 1e999}}',
    "\tanswers: {}",
    "answers: {midterm-1: {w(9): 3, w(3): [1, 2, 3]}}",
)


def digits(values: object, places: int) -> str:
    """Numbers as a student types them."""
    array = np.asarray(values, dtype=float)
    if array.ndim:
        return "[" + ", ".join(digits(entry, places) for entry in array) + "]"
    number = float(array)
    if number == round(number) and abs(number) < 1e6:
        return str(round(number))
    return f"{number:.{places}f}" if abs(number) >= 0.1 else f"{number:.{places}g}"


def descent(start: np.ndarray, steps: int) -> np.ndarray:
    X, y, w = np.array([[3.0, 3], [0, -4]]), np.array([1.0, 0]), start
    for _ in range(steps):
        w = w - 0.1 * X.T @ (1 / (1 + np.exp(-X @ w)) - y)
    return w


def network(z1: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    W2 = np.array([[3.0, 0, 2], [1, 3, 0], [1, 1, 1], [0, 1, 4]])
    z2 = np.maximum(z1, 0) @ W2 + [0, 4, 3]
    powers = np.exp(z2 - z2.max())
    return z2, powers / powers.sum()


def right(choose: random.Random) -> Answers:
    places = choose.choice((2, 3, 4))
    z1 = np.array([2.0, 3]) @ np.array([[4.0, 0, 4, 1], [3, 4, 2, 2]]) + [0, 1, 3, 2]
    z2, y_hat = network(z1)
    return {
        "midterm-1": {"w(3)": digits(descent(np.array([-2.0, -2]), 3), max(places, 3))},
        "midterm-2": {"z1": digits(z1, places), "z2": digits(z2, places), "y_hat": digits(y_hat, places)},
        "midterm-3": {"Y": "[[12, 8, 12], [6, 6, 5], [8, 5, 7]]"},
        "midterm-4": {
            "conv1.shape": choose.choice(("[126, 126, 64]", "126x126x64")),
            "conv1.params": choose.choice(("4864", "'4,864'")),
            "conv2.shape": "[122, 122, 2]",
            "conv2.params": "3202",
            "flatten.shape": "[29768]",
            "total_params": "8066",
        },
    }


def mistaken(choose: random.Random, distinct: bool) -> Answers:
    """One slip, and what follows from it."""
    answers = right(choose)
    slip = choose.uniform(0.05, 3) if distinct else choose.choice((1.0, 2.0))
    kind = choose.randrange(4)
    if kind == 0:
        gradient = np.array([-3 + slip, -6.9986])
        w1 = np.array([-2.0, -2]) - 0.1 * gradient
        answers["midterm-1"] = {
            "grad(0)": digits(gradient, 4),
            "w(1)": digits(w1, 4),
            "w(3)": digits(descent(w1, 2), 4),
        }
    elif kind == 1:
        z1 = np.array([17 + round(slip, 2), 13, 17, 10])
        z2, y_hat = network(z1)
        answers["midterm-2"] = {"z1": digits(z1, 2), "z2": digits(z2, 2), "y_hat": digits(y_hat, 4)}
    elif kind == 2:
        grid = [[12, 8, 12], [6, 6, 5], [8, 5, 7]]
        grid[choose.randrange(3)][choose.randrange(3)] += 1 + int(slip * 40)
        answers["midterm-3"] = {"Y": str(grid)}
    else:
        size = 126 + 1 + int(slip * 40)
        after = size - 4
        answers["midterm-4"] |= {
            "conv1.shape": f"[{size}, {size}, 64]",
            "conv2.shape": f"[{after}, {after}, 2]",
            "flatten.shape": f"[{after * after * 2}]",
        }
    return answers


def papers(count: int, seed: int = 7) -> Iterator[Answers | str]:
    """The papers of a class; a text is a hostile file."""
    choose = random.Random(seed)
    for place in range(count):
        lot = place % 10
        if lot == 9:
            yield choose.choice(HOSTILE)
        elif lot >= 6:
            yield mistaken(choose, distinct=lot % 2 == 0 if lot < 8 else bool(choose.randrange(2)))
        else:
            yield right(choose)


def text(paper: Answers, student: str) -> str:
    lines = [f"exam: midterm\nstudent: {student}\nanswers:"]
    for problem, answers in paper.items():
        lines.append(f"  {problem}:")
        lines += [f"    {name}: {typed}" for name, typed in answers.items()]
    return "\n".join(lines) + "\n"


def write(folder: Path, count: int) -> tuple[Path, Path]:
    """The class as a folder of YAML files and as one CSV."""
    sheets, table = folder / f"papers-{count}", folder / f"class-{count}.csv"
    sheets.mkdir()
    columns = [
        *("midterm-1/grad(0)", "midterm-1/w(1)", "midterm-1/w(3)"),
        *(f"midterm-2/{name}" for name in ("z1", "z2", "y_hat")),
        "midterm-3/Y",
        *(f"midterm-4/{name}" for name in right(random.Random(0))["midterm-4"]),
    ]
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", *columns])
        for place, paper in enumerate(papers(count)):
            student = f"s{place:05}"
            if isinstance(paper, str):
                (sheets / f"{student}.yaml").write_text(paper, "utf-8")
                writer.writerow([student, *(paper[:60] for _ in columns)])
                continue
            (sheets / f"{student}.yaml").write_text(text(paper, student), "utf-8")
            typed = {
                f"{problem}/{name}": cell.strip("'")
                for problem in paper
                for name, cell in paper[problem].items()
            }
            writer.writerow([student, *(typed.get(column, "") for column in columns)])
    return sheets, table


def events(folder: Path) -> float:
    """Seconds that PyYAML's C event stream takes to read all files."""
    started = time.perf_counter()
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            try:
                for _ in yaml.parse(file, yaml.CLoader):
                    pass
            except yaml.YAMLError:
                pass
    return time.perf_counter() - started


def graded(solve: str, answers: Path, *options: str) -> tuple[float, float]:
    """Seconds and megabytes of the command."""
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL,"
        " stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    started = time.perf_counter()
    command = [solve, "grade", str(MIDTERM), "--answers", str(answers), "--format", "json", *options]
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    return time.perf_counter() - started, int(done.stdout) / 1024


def main(count: int = 10_000) -> None:
    solve = str(Path(sys.executable).with_name("solve"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sheets, table = write(folder, count)
        fewer, _ = write(folder, max(count // 10, 1))
        base = min(events(sheets) for _ in range(3))
        options = ["--jobs", "2"]
        took, memory = min(graded(solve, sheets, *options) for _ in range(3))
        again, _ = graded(solve, sheets, *options, "--resume", str(folder / "journal"))
        of_csv, _ = min(graded(solve, table, *options) for _ in range(3))
        _, less = graded(solve, fewer, *options)
        print(f"{count:,} papers of four problems, two workers ({os.cpu_count()} processors):")
        print(f"  events of the YAML files {base:6.2f} s")
        print(f"  as YAML files            {took:6.2f} s   {took / base:.1f} × (≤ 5)   {memory:.0f} MB")
        print(f"  … with a journal         {again:6.2f} s")
        print(f"  as one CSV               {of_csv:6.2f} s   (less than the YAML files)")
        print(f"  memory                   {memory / less:6.2f} × that of {max(count // 10, 1):,} (≤ 1.2)")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(*map(int, sys.argv[1:]))
