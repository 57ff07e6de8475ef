"""Independent truth for `info-gain`: every quantity, by brute force and to sixty digits.

Nothing of `solver` is imported here. `quantities(problem)` takes the plain dict of a problem and returns the
values under the names of the contract: numbers as floats, `best` and labels as text, `tree` as a mapping.
Entropies are decimals of sixty digits, and two scores are a tie when fifty of them agree; Gini index and
error are fractions.

Where the contract is silent, these choices are made (and only these):

- a table's text is split at bars when its first line has one, else at commas, else at white space; a line of
  dashes below the header (as in Markdown) is no row;
- columns stand in the order of `features`, or of the table, or of `splits`; values in that of their first row;
- at the root every column is listed, below it only those with two or more values at that node; a column with
  one value is best only when there is no other;
- groups of values are joined by `|`, the group with the value seen first is named first; of equal groupings
  the one with the smallest group wins, then the one whose values were seen first;
- of the labels that tie at a leaf, the parent's most frequent one wins, then the one seen first in the table;
- `/` and `)` in the name of a column or value take a backslash.

`doubtful` finds the problems in which another reading of the two rules on ties, of groupings and of labels at a
leaf, would change a value.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import cache, wraps
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, NamedTuple

Problem = Mapping[str, Any]
Quantities = dict[str, Any]
Row = dict[str, str]
Counts = tuple[int, ...]
Groups = dict[str, Counts]
"""How often each label occurs in each branch; a branch goes by its name, with `=`, `<=` or `>` before it."""
Measure = Decimal | Fraction

DIGITS = Context(prec=60)
TIE = 1e-50
NAMES = {
    "entropy": ("H", "gain"),
    "gain-ratio": ("H", "gain"),
    "gini": ("gini", "gini_gain"),
    "error": ("error", "error_gain"),
}


class Reading(NamedTuple):
    """How a sentence that can be read in two ways is read."""

    inherited: bool = False
    """A tie at a leaf goes to the label that the parent would have, if it is one of those that tie."""
    growing: bool = False
    """Groupings are listed by the group of the value seen first, from that value alone upwards."""


USUAL = Reading()
OTHERS = (Reading(inherited=True), Reading(growing=True))

# ---------------------------------------------------------------- measures


def in_all_digits(measure: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, in decimals of sixty digits."""

    @wraps(measure)
    def exact(*args: Any) -> Any:
        with localcontext(DIGITS):
            return measure(*args)

    return exact


@cache
@in_all_digits
def log2(n: int) -> Any:
    return Decimal(n).ln() / Decimal(2).ln()


@cache
@in_all_digits
def entropy(counts: Counts) -> Any:
    """Bits: -Σ p log p over the labels that occur."""
    n = sum(counts)
    return sum((Decimal(c) / n * (log2(n) - log2(c)) for c in counts if 0 < c < n), Decimal(0))


def gini(counts: Counts) -> Fraction:
    return 1 - sum((Fraction(c, sum(counts)) ** 2 for c in counts), Fraction(0))


def error(counts: Counts) -> Fraction:
    return 1 - Fraction(max(counts), sum(counts))


def impurity(criterion: str, counts: Counts) -> Any:
    return {"gini": gini, "error": error}.get(criterion, entropy)(counts)


@in_all_digits
def remainder(criterion: str, groups: Groups) -> Any:
    """The mean impurity of the branches, weighted by their sizes."""
    parts = [sum(counts) * impurity(criterion, counts) for counts in groups.values()]
    return sum(parts[1:], parts[0]) / sum(map(sum, groups.values()))


def split_info(groups: Groups) -> Any:
    return entropy(tuple(map(sum, groups.values())))


@in_all_digits
def gain(criterion: str, groups: Groups) -> Any:
    total = tuple(map(sum, zip(*groups.values(), strict=True)))
    return impurity(criterion, total) - remainder(criterion, groups)


@in_all_digits
def score(criterion: str, groups: Groups) -> Any:
    """What the best column, threshold and grouping have most of."""
    found = gain(criterion, groups)
    if criterion != "gain-ratio":
        return found
    info = split_info(groups)
    return found / info if info else Decimal(0)


def first_largest(scores: Iterable[Measure]) -> int:
    best: Any = None
    place = -1
    for i, each in enumerate(scores):
        if best is None or float(each - best) > TIE:
            best, place = each, i
    return place


def plain(value: Measure) -> float:
    found = float(value)
    return 0.0 if abs(found) < TIE else found


# ---------------------------------------------------------------- what was typed


def text(cell: Any) -> str:
    assert isinstance(cell, str | int | float), cell
    assert not isinstance(cell, bool), cell
    return str(cell).strip()


def number(cell: str) -> Fraction | None:
    """The number that a cell is, or None."""
    typed = cell.replace("\N{MINUS SIGN}", "-")
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", typed):
        return Fraction(typed)
    return Fraction(typed) if re.fullmatch(r"[+-]?\d+/[1-9]\d*", typed) else None


def shortest(value: Fraction) -> str:
    """A number in as few characters as it needs: 77.5, 75."""
    if value.denominator == 1:
        return str(value.numerator)
    return format(Decimal(repr(float(value))).normalize(), "f")


def split_line(line: str, separator: str | None) -> list[str]:
    if separator == "|":
        line = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip() for cell in line.split(separator)]


def table_rows(typed: str) -> list[Row]:
    lines = [line for line in typed.splitlines() if line.strip()]
    separator = "|" if "|" in lines[0] else "," if "," in lines[0] else None
    header, *rows = [
        split_line(line, separator) for line in lines if not re.fullmatch(r"[\s|:-]*-+[\s|:-]*", line)
    ]
    return [dict(zip(header, row, strict=True)) for row in rows]


def csv_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header, *rows = [[cell.strip() for cell in row] for row in csv.reader(lines) if row]
    return [dict(zip(header, row, strict=True)) for row in rows]


def rows_of(given: Problem, folder: Path | None) -> list[Row]:
    if "table" in given:
        return table_rows(given["table"])
    if "csv" in given:
        return csv_rows((folder or Path()) / given["csv"])
    return [{str(name): text(cell) for name, cell in row.items()} for row in given["rows"]]


def names(typed: Any) -> list[str]:
    return [str(name) for name in (typed if isinstance(typed, list | tuple) else [typed])]


def escaped(name: str) -> str:
    return name.replace("/", r"\/").replace(")", r"\)")


# ---------------------------------------------------------------- a table and its splits


class Table:
    """What the nodes of a tree have in common: columns, their values in order, the criterion."""

    def __init__(self, given: Problem, folder: Path | None, reading: Reading) -> None:
        self.rows = rows_of(given, folder)
        self.target = str(given["target"])
        left_out = {self.target, *names(given.get("ignore", []))}
        listed = names(given["features"]) if "features" in given else list(self.rows[0])
        self.features = [name for name in listed if name not in left_out]
        self.values = {name: unique(row[name] for row in self.rows) for name in self.rows[0]}
        self.labels = self.values[self.target]
        self.criterion = given.get("criterion", "entropy")
        self.binary = given.get("binary", False)
        self.reading = reading
        numeric, categorical = names(given.get("numeric", [])), names(given.get("categorical", []))
        self.numeric = {
            name
            for name in self.features
            if name in numeric or (name not in categorical and self.looks_numeric(name))
        }

    def looks_numeric(self, name: str) -> bool:
        found = [number(value) for value in self.values[name]]
        return None not in found and len(set(found)) > 2

    def counts(self, rows: Iterable[Row]) -> Counts:
        seen = [row[self.target] for row in rows]
        return tuple(map(seen.count, self.labels))

    def several(self, name: str, rows: Sequence[Row]) -> bool:
        """Whether a column has two values or more in these rows."""
        key = number if name in self.numeric else str
        return len({key(row[name]) for row in rows}) > 1

    def threshold(self, name: str, rows: Sequence[Row]) -> Fraction | None:
        """The best midpoint of neighbouring values, the smallest of equal ones."""
        values = sorted({self.at(row, name) for row in rows})
        middles = [(a + b) / 2 for a, b in pairwise(values)]
        if not middles:
            return None
        tried = (self.groups(self.halves(name, rows, middle)) for middle in middles)
        return middles[first_largest(score(self.criterion, groups) for groups in tried)]

    def at(self, row: Row, name: str) -> Fraction:
        found = number(row[name])
        assert found is not None, row
        return found

    def halves(self, name: str, rows: Sequence[Row], middle: Fraction) -> dict[str, list[Row]]:
        return {
            f"<={shortest(middle)}": [row for row in rows if self.at(row, name) <= middle],
            f">{shortest(middle)}": [row for row in rows if self.at(row, name) > middle],
        }

    def branches(self, name: str, rows: Sequence[Row]) -> dict[str, list[Row]]:
        """The rows of each branch of a column; there is none for a numeric column with one value."""
        if name in self.numeric:
            middle = self.threshold(name, rows)
            return {} if middle is None else self.halves(name, rows, middle)
        single = {
            f"={value}": [row for row in rows if row[name] == value]
            for value in self.values[name]
            if any(row[name] == value for row in rows)
        }
        if not self.binary or len(single) < 2:
            return single
        sides = best_grouping(self.criterion, self.groups(single), self.reading)
        return {joined(side): [row for branch in side for row in single[branch]] for side in sides}

    def groups(self, branches: dict[str, list[Row]]) -> Groups:
        return {branch: self.counts(rows) for branch, rows in branches.items()}


def unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def joined(branches: Sequence[str]) -> str:
    """The name of a group: `=a|b`."""
    return "=" + "|".join(branch.removeprefix("=") for branch in branches)


def groupings(branches: Sequence[str], growing: bool) -> Iterator[Sequence[str]]:
    """One side of every division into two, small ones first."""
    first, *rest = branches
    if growing:
        for size in range(len(rest)):
            yield from ((first, *chosen) for chosen in combinations(rest, size))
        return
    for size in range(1, len(branches) // 2 + 1):
        for chosen in combinations(branches, size):
            if 2 * size < len(branches) or first in chosen:
                yield chosen


def best_grouping(criterion: str, single: Groups, reading: Reading) -> list[Sequence[str]]:
    """The two groups of branches with the highest score; the group of the first branch comes first."""
    order = list(single)
    divided = []
    for chosen in groupings(order, reading.growing):
        others = [branch for branch in order if branch not in chosen]
        divided.append(sorted((chosen, others), key=lambda side: order.index(side[0])))
    scores = (score(criterion, together(single, sides)) for sides in divided)
    return divided[first_largest(scores)]


def together(single: Groups, sides: Iterable[Sequence[str]]) -> Groups:
    """What the labels of each group add up to."""
    return {
        joined(side): tuple(map(sum, zip(*(single[branch] for branch in side), strict=True)))
        for side in sides
    }


# ---------------------------------------------------------------- the quantities


def describe(criterion: str, total: Counts, splits: Mapping[str, Groups], path: str = "") -> Quantities:
    """What a node says of itself and of each column."""
    letter, gained = NAMES[criterion]
    found: Quantities = {f"{path}{letter}": plain(impurity(criterion, total))}
    for name, groups in splits.items():
        column = escaped(name)
        for branch, counts in groups.items():
            found[f"{path}{letter}({column}{escaped(branch)})"] = plain(impurity(criterion, counts))
        whole = groups or {"": total}
        found[f"{path}remainder({column})"] = plain(remainder(criterion, whole))
        found[f"{path}{gained}({column})"] = plain(gain(criterion, whole))
        if criterion == "gain-ratio":
            found[f"{path}split_info({column})"] = plain(split_info(whole))
            found[f"{path}gain_ratio({column})"] = plain(score(criterion, whole))
    candidates = [name for name, groups in splits.items() if len(groups) > 1] or list(splits)
    if candidates:
        scores = [score(criterion, splits[name] or {"": total}) for name in candidates]
        found[f"{path}best"] = candidates[first_largest(scores)]
    return found


def node(table: Table, rows: Sequence[Row], columns: Sequence[str], path: str = "") -> Quantities:
    splits = {name: table.groups(table.branches(name, rows)) for name in columns}
    found = describe(table.criterion, table.counts(rows), splits, path)
    for name in columns:
        if name in table.numeric and (middle := table.threshold(name, rows)) is not None:
            found[f"{path}threshold({escaped(name)})"] = float(middle)
    return found


class Grown(NamedTuple):
    """A subtree: itself, how many rows it gets wrong, and what its inner nodes say."""

    tree: Any
    wrong: int
    quantities: Quantities


def grow(
    table: Table,
    given: Problem,
    rows: Sequence[Row],
    columns: Sequence[str],
    parents: tuple[list[Row], ...] = (),
    path: str = "",
) -> Grown:
    """The tree of some rows; `parents` holds the rows of every node above, the root's first."""
    total = table.counts(rows)
    splitting = [name for name in columns if table.several(name, rows)]
    found = node(table, rows, splitting if path else columns, path)
    leaf = max(total) == len(rows) or not splitting or len(rows) < given.get("min_samples", 0)
    if leaf or len(parents) >= given.get("max_depth", math.inf):
        return Grown(majority(table, rows, parents), len(rows) - max(total), {} if path else found)
    best = found[f"{path}best"]
    again = table.binary or best in table.numeric
    below = [name for name in columns if again or name != best]
    tree, wrong = {}, 0
    for branch, part in table.branches(best, rows).items():
        step = f"{path}{escaped(best)}{escaped(branch)}/"
        grown = grow(table, given, part, below, (*parents, list(rows)), step)
        tree[branch.removeprefix("=")] = grown.tree
        wrong += grown.wrong
        found |= grown.quantities
    return Grown({best: tree}, wrong, found)


def majority(table: Table, rows: Sequence[Row], parents: tuple[list[Row], ...]) -> str:
    """The most frequent label; a tie goes up to the parent, then to the label seen first."""
    total = table.counts(rows)
    tied = [label for label, count in zip(table.labels, total, strict=True) if count == max(total)]
    if len(tied) == 1 or not parents:
        return tied[0]
    if table.reading.inherited:
        above = majority(table, parents[-1], parents[:-1])
        return above if above in tied else tied[0]
    before = dict(zip(table.labels, table.counts(parents[-1]), strict=True))
    return max(tied, key=lambda label: before[label])


def of_counts(given: Problem, reading: Reading) -> Quantities:
    """The quantities of a problem that gives how often each label occurs, and no table."""
    criterion = given.get("criterion", "entropy")
    splits = {}
    for name, typed in given.get("splits", {}).items():
        single: Groups = {f"={value}": tuple(map(int, counts)) for value, counts in typed.items()}
        if given.get("binary") and len(single) > 1:
            single = together(single, best_grouping(criterion, single, reading))
        splits[str(name)] = single
    return describe(criterion, tuple(map(int, given["counts"])), splits)


def quantities(problem: Problem, folder: Path | None = None, reading: Reading = USUAL) -> Quantities:
    """Every quantity of the problem, by the contract's name; `folder` is the one that holds its `csv`."""
    given = problem["given"]
    if "counts" in given:
        return of_counts(given, reading)
    table = Table(given, folder, reading)
    if given.get("task", "gain") == "gain":
        return node(table, table.rows, table.features)
    grown = grow(table, given, table.rows, table.features)
    return {**grown.quantities, "tree": grown.tree, "training_error": grown.wrong / len(table.rows)}


def doubtful(problem: Problem, folder: Path | None = None) -> bool:
    """Whether the problem turns on a tie that the contract leaves open."""
    expected = quantities(problem, folder)
    return any(quantities(problem, folder, other) != expected for other in OTHERS)


# ---------------------------------------------------------------- comparing


def distance(left: Any, right: Any) -> float:
    """Largest difference of two values, relative where they are larger than 1; infinite for other words."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        if set(left) != set(right):
            return math.inf
        return max((distance(left[key], right[key]) for key in left), default=0.0)
    if isinstance(left, str | Mapping) or isinstance(right, str | Mapping):
        return 0.0 if left == right else math.inf
    return abs(float(left) - float(right)) / max(1.0, abs(float(left)), abs(float(right)))
