"""What `solve` is measured against: short scripts with numpy that read the same file and compute the same values.

`python tests/benchmarks/plain.py FILE` computes everything and prints how many values there are; with `--json`
it prints them, under the names that `solve --format json` gives them.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

Given = Mapping[str, Any]
Values = dict[str, Any]
Array = NDArray[Any]


def descent(given: Given) -> Values:
    """Logistic regression by gradient descent: the mean loss, its gradient and the weights of every iteration."""
    X, y, w = np.array(given["X"]), np.array(given["y"]), np.array(given["w"], float)
    values: Values = {}
    for t in range(given["iterations"]):
        z = X @ w
        p = 1 / (1 + np.exp(-z))
        values[f"loss({t})"] = (np.logaddexp(0, z) - y * z).mean()
        values[f"grad({t})"] = X.T @ (p - y) / len(y)
        w = w - given["learning_rate"] * values[f"grad({t})"]
        values[f"w({t + 1})"] = w
    return values


def convolution(given: Given) -> Values:
    """The cross-correlation of an image with several channels and filters, without padding."""
    X, K = np.array(given["input"]), np.array(given["kernel"])
    windows = np.lib.stride_tricks.sliding_window_view(X, K.shape[2:], axis=(1, 2))
    return {"Y": np.einsum("cijab,fcab->fij", windows, K, optimize=True)}


SHORT = re.compile(r"(conv|FC)(\d+)?-(\d+)(?: /(\d+))?(?: pad (\d+))?")
PREFIXES = {"batchnorm": "bn", "maxpool": "pool", "global_avgpool": "pool", "dense": "fc"}


def network(given: Given) -> Values:
    """Shapes, parameters, multiplications and receptive fields of the layers of a network."""
    maps = [tuple(map(int, given["input"].split("x")))]
    fields, jumps = [1], [1]
    values: Values = {}
    seen: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for typed in given["layers"]:
        what, options = (typed, {}) if isinstance(typed, str) else next(iter(typed.items()))
        if found := SHORT.fullmatch(what):
            what = "conv" if found[1] == "conv" else "dense"
            k, F, s, p = (int(number or 0) for number in found.groups()[1:])
            s = s or 1
        elif what == "maxpool":
            k, s, p = options["size"], options["stride"], options["padding"]
        (h, w, C), r, j = maps[-1], fields[-1], jumps[-1]
        params = macs = 0
        shape: tuple[int, ...] = (h, w, C)
        if what in ("conv", "maxpool"):
            shape = ((h + 2 * p - k) // s + 1, (w + 2 * p - k) // s + 1, F if what == "conv" else C)
            r, j = r + (k - 1) * j, j * s
        if what == "conv":
            params = F * (k * k * C + 1)
            macs = shape[0] * shape[1] * F * k * k * C
        elif what == "batchnorm":
            params = 2 * C
            totals["non_trainable_params"] += 2 * C
        elif what == "add":
            r = max(fields[place] for place in options["from"])
        elif what == "global_avgpool":
            shape, r = (1, 1, C), r + (h - 1) * j
        elif what == "dense":
            shape, params, macs = (1, 1, F), F * (h * w * C + 1), h * w * C * F
        prefix = PREFIXES.get(what, what)
        seen[prefix] += 1
        name = f"{prefix}{seen[prefix]}"
        values[f"{name}.shape"] = shape[2:] if what in ("global_avgpool", "dense") else shape
        size = shape[0] * shape[1] * shape[2]
        values |= {f"{name}.params": params, f"{name}.macs": macs, f"{name}.size": size}
        values[f"{name}.receptive_field"] = r
        totals.update(total_params=params, total_macs=macs, total_size=size)
        maps, fields, jumps = [*maps[-7:], shape], [*fields[-7:], r], [*jumps[-7:], j]
    return {**values, **totals}


def entropies(counts: Array) -> Array:
    """The entropies of many counts of labels, all of which have at least one sample."""
    shares = counts / counts.sum(axis=-1, keepdims=True)
    return np.asarray(-(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=-1))


class Gains:
    """The gains of all columns of a CSV file, at the root or at all nodes of a tree."""

    def __init__(self, given: Given) -> None:
        with open(given["csv"], encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        self.numbers: dict[str, Array] = {}
        self.words: dict[str, tuple[list[str], Array]] = {}
        for name, cells in zip(header, zip(*rows, strict=True), strict=True):
            try:
                self.numbers[name] = np.array(cells, float)
            except ValueError:
                places: dict[str, int] = {}
                codes = [places.setdefault(cell, len(places)) for cell in cells]
                self.words[name] = [*places], np.array(codes)
        self.labels, self.y = self.words.pop(given["target"])
        self.columns = [name for name in header if name != given["target"]]
        self.values: Values = {}
        self.wrong = 0

    def counts(self, rows: Array) -> Array:
        return np.bincount(self.y[rows], minlength=len(self.labels))

    def parts(self, path: str, name: str, rows: Array) -> tuple[list[str], Array, list[Array], Array]:
        """How a column splits some rows: the branches, values × labels, and for each branch its code."""
        width = len(self.labels)
        if name in self.words:
            texts, codes = self.words[name][0], self.words[name][1][rows]
        else:
            there, codes = np.unique(self.numbers[name][rows], return_inverse=True)
            texts = [f"{x:.12g}" for x in there[:1]]
        values = len(texts) if name in self.words else len(there)
        joint = np.bincount(codes * width + self.y[rows], minlength=values * width).reshape(-1, width)
        if name in self.words or len(there) == 1:
            kept = np.flatnonzero(joint.any(axis=1))
            return [f"={texts[code]}" for code in kept], joint[kept], [*kept], codes
        below = joint.cumsum(axis=0)[:-1]
        sides = np.stack([below, joint.sum(axis=0) - below], axis=1)
        left = (sides.sum(axis=2) * entropies(sides)).sum(axis=1) / len(rows)
        place = int(np.flatnonzero(left <= left.min() + 1e-12)[0])
        limit = (there[place] + there[place + 1]) / 2
        self.values[f"{path}threshold({name})"] = limit
        text = f"{limit:.12g}"
        return [f"<={text}", f">{text}"], sides[place], [np.array(0), np.array(1)], codes > place

    def node(self, path: str, rows: Array, columns: list[str], majority: str, grow: bool) -> Any:
        """The gains at a node, and what is below it."""
        values, counts = self.values, self.counts(rows)
        H = values[f"{path}H"] = float(entropies(counts))
        splits, gains = [], []
        for name in columns:
            texts, joint, codes, of_rows = self.parts(path, name, rows)
            H_of = entropies(joint)
            values |= {
                f"{path}H({name}{text})": worth for text, worth in zip(texts, H_of.tolist(), strict=True)
            }
            remainder = float(joint.sum(axis=1) @ H_of) / len(rows)
            values[f"{path}remainder({name})"] = remainder
            values[f"{path}gain({name})"] = H - remainder
            splits.append((texts, joint, codes, of_rows))
            gains.append(H - remainder if len(texts) > 1 or not path else -1)
        place = next(place for place, gain in enumerate(gains) if gain >= max(gains) - 1e-12)
        best = values[f"{path}best"] = columns[place]
        if not grow:
            return None
        texts, joint, codes, of_rows = splits[place]
        left = [name for name in columns if name != best or name in self.numbers]
        below: Values = {}
        for text, own, code in zip(texts, joint, codes, strict=True):
            inside = rows[of_rows == code]
            often = [label for label, count in zip(self.labels, own, strict=True) if count == own.max()]
            most = majority if majority in often else often[0]
            key = text.removeprefix("=")
            if (own > 0).sum() < 2 or not any(self.varies(name, inside) for name in left):
                self.wrong += int(own.sum() - own[self.labels.index(most)])
                below[key] = most
            else:
                below[key] = self.node(f"{path}{best}{text}/", inside, left, most, grow)
        return {best: below}

    def varies(self, name: str, rows: Array) -> bool:
        entries = self.numbers[name][rows] if name in self.numbers else self.words[name][1][rows]
        return bool((entries != entries[0]).any())


def gains(given: Given) -> Values:
    """Every entropy, remainder, gain and threshold; with `task: tree` those of all nodes, and the tree."""
    found = Gains(given)
    rows = np.arange(len(found.y))
    tree = found.node("", rows, found.columns, found.labels[0], given["task"] == "tree")
    if tree is not None:
        found.values |= {"tree": tree, "training_error": found.wrong / len(rows)}
    return found.values


KINDS: dict[str, Callable[[Given], Values]] = {
    "logistic-gd": descent,
    "conv2d": convolution,
    "cnn-shapes": network,
    "info-gain": gains,
}


def main(path: str, *options: str) -> None:
    """Compute the values of a problem file."""
    with open(path, encoding="utf-8") as file:
        problem = yaml.load(file, yaml.CSafeLoader)
    given = problem["given"]
    if "csv" in given:
        given["csv"] = Path(path).parent / given["csv"]
    values = KINDS[problem["kind"]](given)
    print(json.dumps(values, default=lambda array: array.tolist()) if options else len(values))


if __name__ == "__main__":
    main(*sys.argv[1:])
