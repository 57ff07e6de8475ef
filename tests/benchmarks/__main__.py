"""Prints how long a small problem and a long descent take, against plain Python doing the same.

a small problem against importing its libraries     at most 1.4
1,000 iterations on 1,000 × 20 numbers              within 3 × the numpy loop + 1 second
the exponent of time against iterations             at most 1.1
"""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

SOLVE = (sys.executable, "-m", "solver.cli.main")
IMPORTS = (sys.executable, "-c", "import numpy, typer, pydantic, rich.console, yaml")
SMALL = "kind: softmax-ce\ngiven: {logits: [2, 1, 0.1], target: 0}\n"
LOOP = """
import sys, numpy as np, yaml
given = yaml.load(open(sys.argv[1]), yaml.CSafeLoader)["given"]
X, y, w = np.array(given["X"]), np.array(given["y"]), np.array(given["w"], float)
for t in range(given["iterations"]):
    z = X @ w
    p = 1 / (1 + np.exp(-z))
    loss = (np.logaddexp(0, z) - y * z).mean()
    w = w - given["learning_rate"] * (X.T @ (p - y)) / len(y)
print(w, loss)
"""
ROUNDS = 9


def seconds(command: Sequence[str]) -> float:
    """How long a command takes; its output is thrown away."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def paired(first: Sequence[str], second: Sequence[str], rounds: int = ROUNDS) -> tuple[float, float, float]:
    """The medians of two commands run in turn, and of the ratio of each pair."""
    seconds(first), seconds(second)
    pairs = [(seconds(first), seconds(second)) for _ in range(rounds)]
    columns = [*zip(*pairs, strict=True)]
    return (*map(statistics.median, columns), statistics.median(a / b for a, b in pairs))  # type: ignore[return-value]


def descent(folder: Path, iterations: int) -> str:
    """A file with a logistic regression on 1,000 samples of 20 features."""
    choose = np.random.default_rng(0)
    X = choose.normal(size=(1000, 20)).round(3)
    y = (X @ choose.normal(size=20) + choose.normal(size=1000) > 0).astype(int)
    given = {"X": X.tolist(), "y": y.tolist(), "w": [0] * 20, "learning_rate": 0.1, "iterations": iterations}
    path = folder / f"descent-{iterations}.yaml"
    path.write_text(yaml.safe_dump({"kind": "logistic-gd", "given": given}, default_flow_style=None))
    return str(path)


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """The slope of log time against log size, what is paid once taken off."""
    once = max(0.0, times[0] - (times[-1] - times[0]) * sizes[0] / (sizes[-1] - sizes[0]))
    return float(np.polyfit([math.log(n) for n in sizes], [math.log(t - once) for t in times], 1)[0])


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        small = folder / "small.yaml"
        small.write_text(SMALL)
        ours, theirs, ratio = paired((*SOLVE, str(small)), IMPORTS)
        print(
            f"a small problem        {ours:6.3f} s   its imports    {theirs:6.3f} s   ratio {ratio:5.2f}  (≤ 1.4)"
        )

        path = descent(folder, 1000)
        ours, theirs, _ = paired((*SOLVE, path), (sys.executable, "-c", LOOP, path), rounds=5)
        allowed = 3 * theirs + 1
        print(
            f"1,000 iterations       {ours:6.3f} s   the numpy loop {theirs:6.3f} s   3 × + 1 s = {allowed:5.2f} s"
        )
        page = subprocess.run((*SOLVE, path), check=True, capture_output=True, encoding="utf-8").stdout
        print(f"its page               {page.count(chr(10))} lines  (< 2,000)")

        sizes = (250, 500, 1000, 2000, 4000)
        times = [statistics.median(seconds((*SOLVE, descent(folder, n))) for _ in range(5)) for n in sizes]
        shown = "  ".join(f"{n}: {t:.2f} s" for n, t in zip(sizes, times, strict=True))
        print(f"time against iterations  {shown}   exponent {exponent(sizes, times):.2f}  (≤ 1.1)")


if __name__ == "__main__":
    main()
