"""Prints how long the program takes on small and on large problems, against plain scripts doing the same.

a small problem against importing its libraries     at most 1.4
a large problem                                     within 3 × the plain script + 1 second
its page, and its memory                            less than 2,000 lines, less than 1,000 MB
the exponent of time against size                   at most 1.1

The two of a pair run in turn. The plain scripts are those of `plain.py`; that they compute the same is tested
first, on smaller problems.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from tests.benchmarks import classroom, confusion

SOLVE = (sys.executable, "-m", "solver.cli.main")
PLAIN = (sys.executable, str(Path(__file__).with_name("plain.py")))
IMPORTS = (sys.executable, "-c", "import numpy, typer, pydantic, rich.console, yaml")
SMALL = "kind: softmax-ce\ngiven: {logits: [2, 1, 0.1], target: 0}\n"
# A process starts with the memory of the one that starts it: a small one has to.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
ROUNDS = 9


# Measurements


def seconds(command: Sequence[str]) -> float:
    """How long a command takes; its output is thrown away."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def work(command: Sequence[str]) -> float:
    """The processor's seconds for a command, which other programs disturb less."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def paired(first: Sequence[str], second: Sequence[str], rounds: int = ROUNDS) -> tuple[float, float, float]:
    """The medians of two commands run in turn, and of the ratio of each pair."""
    seconds(first), seconds(second)
    pairs = [(seconds(first), seconds(second)) for _ in range(rounds)]
    columns = [*zip(*pairs, strict=True)]
    return (*map(statistics.median, columns), statistics.median(a / b for a, b in pairs))


def output(command: Sequence[str]) -> str:
    """What a command prints."""
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def megabytes(command: Sequence[str]) -> float:
    """The largest memory of a command."""
    peak = int(output((sys.executable, "-c", PEAK, *command)))
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """The exponent of the curve `once + slope × size ** exponent` that is nearest to the times."""
    n, t = np.array(sizes) / sizes[-1], np.array(times)
    tried = []
    for power in np.arange(0.05, 3, 0.01):
        curve = n**power
        slope = max(0.0, np.cov(curve, t)[0, 1] / curve.var(ddof=1))
        once = t.mean() - slope * curve.mean()
        if once < 0:
            once, slope = 0.0, float(curve @ t / (curve @ curve))
        tried.append((float(((once + slope * curve - t) ** 2).sum()), float(power)))
    return min(tried)[1]


# Problems of any size


def written(folder: Path, stem: str, kind: str, given: Mapping[str, Any]) -> str:
    """The path of a problem file."""
    path = folder / f"{stem}.yaml"
    problem = {"kind": kind, "given": given}
    path.write_text(yaml.dump(problem, Dumper=yaml.CSafeDumper, default_flow_style=None))
    return str(path)


def descent(folder: Path, iterations: int) -> str:
    """A file with a logistic regression on 1,000 samples of 20 features."""
    choose = np.random.default_rng(0)
    X = choose.normal(size=(1000, 20)).round(3)
    y = (X @ choose.normal(size=20) + choose.normal(size=1000) > 0).astype(int)
    given = {"X": X.tolist(), "y": y.tolist(), "w": [0] * 20, "learning_rate": 0.1, "iterations": iterations}
    return written(folder, f"descent-{iterations}", "logistic-gd", given)


def convolution(folder: Path, side: int, decimals: int = 0) -> str:
    """A file with a square image of 3 channels and 16 filters of 3 × 3."""
    choose = np.random.default_rng(side)

    def array(*shape: int) -> list[Any]:
        numbers: list[Any] = (choose.normal(size=shape) * 9).round(decimals).tolist()
        return numbers if decimals else np.array(numbers, int).tolist()

    given = {"input": array(3, side, side), "kernel": array(16, 3, 3, 3)}
    return written(folder, f"convolution-{side}-{decimals}", "conv2d", given)


def decimal_convolution(folder: Path, side: int) -> str:
    """The same with numbers of two decimals."""
    return convolution(folder, side, 2)


def network(folder: Path, layers: int) -> str:
    """A file with a residual network of so many layers."""
    typed: list[Any] = ["conv7-64 /2 pad 3", "batchnorm", "relu"]
    typed.append({"maxpool": {"size": 3, "stride": 2, "padding": 1}})
    filters = 64
    while len(typed) < layers - 9:
        if filters < 64 << 4 * len(typed) // layers:
            filters *= 2
            typed.append(f"conv3-{filters} /2 pad 1")
        block = [f"conv3-{filters} pad 1", "batchnorm", "relu", f"conv3-{filters} pad 1", "batchnorm"]
        typed += [*block, {"add": {"from": [-1, -6]}}, "relu"]
    typed += ["relu"] * (layers - 2 - len(typed))
    given = {"input": "224x224x3", "layers": [*typed, "global_avgpool", "FC-1000"]}
    return written(folder, f"network-{layers}", "cnn-shapes", given)


def gains(folder: Path, rows: int, task: str = "gain") -> str:
    """A file with a table of six columns of words, four of numbers, and a label that depends on some of them."""
    choose = np.random.default_rng(rows)
    words = [choose.integers(0, values, rows) for values in (2, 3, 4, 5, 6, 8)]
    numbers = [
        choose.normal(size=rows).round(2),
        choose.integers(0, 100, rows),
        choose.uniform(0, 50, rows).round(1),
        choose.exponential(20, rows).round(1),
    ]
    score = words[0] + 0.8 * (words[1] == 2) - 0.7 * (words[3] == 0) + 0.6 * numbers[0]
    score += 0.9 * (numbers[1] > 60) - 0.8 * (numbers[3] > 25) + 0.3 * choose.normal(size=rows)
    columns = {
        **{f"word{place}": [f"v{code}" for code in codes] for place, codes in enumerate(words, 1)},
        **{f"number{place}": [*map(str, column.tolist())] for place, column in enumerate(numbers, 1)},
        "label": np.where(score > 0.6, "yes", "no").tolist(),
    }
    lines = [[*columns], *zip(*columns.values(), strict=True)]
    (folder / f"{task}-{rows}.csv").write_text("".join(",".join(line) + "\n" for line in lines))
    given = {"csv": f"{task}-{rows}.csv", "target": "label", "task": task}
    return written(folder, f"{task}-{rows}", "info-gain", given)


def tree(folder: Path, rows: int) -> str:
    """The same, for the whole tree."""
    return gains(folder, rows, "tree")


class Large(NamedTuple):
    """A large problem, and the smaller and larger ones of the same sort."""

    title: str
    file: Callable[[Path, int], str]
    size: int
    sizes: Sequence[int]
    measure: str = ""
    power: int = 1
    """The time is held against this power of the sizes: the area of an image, not its side."""


SIDES = (32, 64, 91, 111, 128)
LARGE = (
    Large("1,000 iterations", descent, 1000, (250, 500, 1000, 2000, 4000), "iterations"),
    Large("a convolution, whole", convolution, 128, SIDES, "area, side", 2),
    Large("… of two decimals", decimal_convolution, 128, SIDES, "area, side", 2),
    Large("200 layers", network, 200, (50, 100, 200, 400, 800), "layers"),
    Large("gains of 100,000 rows", gains, 100_000, (12_500, 25_000, 50_000, 100_000, 200_000), "rows"),
    Large("a tree on 5,000 rows", tree, 5_000, (1_000, 2_000, 4_000, 8_000, 16_000), "rows"),
)


# What is printed


def difference(path: str) -> float:
    """How far the values of a problem are from those of the plain script, at most; infinite for other words."""
    stated = json.loads(output((*SOLVE, "--format", "json", path)))["problems"][0]["quantities"]
    worst = 0.0
    for name, value in json.loads(output((*PLAIN, path, "--json"))).items():
        if isinstance(value, (str, dict)):
            worst = max(worst, 0.0 if stated[name] == value else np.inf)
        else:
            ours, theirs = np.array(stated[name], float), np.array(value, float)
            worst = max(worst, float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max())))
    return worst


def measure(large: Large, folder: Path) -> None:
    """Print the time, the lines and the memory of a large problem."""
    path = large.file(folder, large.size)
    command = (*SOLVE, path)
    ours, theirs, _ = paired(command, (*PLAIN, path), rounds=5)
    lines, peak = output(command).count("\n"), megabytes(command)
    print(
        f"{large.title:22} {ours:6.3f} s   plain {theirs:6.3f} s   3 × + 1 s = {3 * theirs + 1:5.2f} s"
        f"   {lines:5,} lines  {peak:5.0f} MB",
        flush=True,
    )


def grow(large: Large, folder: Path) -> None:
    """Print the processor's times of problems of several sizes, the least of a few, and their exponent."""
    commands = [(*SOLVE, large.file(folder, size)) for size in large.sizes]
    times = [min(column) for column in zip(*(map(work, commands) for _ in range(3)), strict=True)]
    shown = "  ".join(f"{size:,}: {t:.2f} s" for size, t in zip(large.sizes, times, strict=True))
    found = exponent([size**large.power for size in large.sizes], times)
    print(f"{large.title:22} by {large.measure} {shown}   exponent {found:.2f}", flush=True)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        small = folder / "small.yaml"
        small.write_text(SMALL)
        ours, theirs, ratio = paired((*SOLVE, str(small)), IMPORTS)
        print(f"a small problem {ours:.3f} s   its imports {theirs:.3f} s   ratio {ratio:.2f}  (≤ 1.4)\n")

        print("The same values as a plain script, on smaller problems; the largest difference:")
        for large in LARGE:
            print(f"{large.title:22} {difference(large.file(folder, large.sizes[0])):.0e}", flush=True)
        print("\nAgainst the plain script (less than 2,000 lines, less than 1,000 MB):")
        for large in LARGE:
            measure(large, folder)
        print("\nThe processor's time against size (≤ 1.1):")
        for large in LARGE:
            grow(large, folder)
    print()
    classroom.main()
    print()
    confusion.main()


if __name__ == "__main__":
    main()
