"""Information gain and its relatives, and small trees, with the mistakes of first courses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .paper import Case, Keep, Values, at_places, case, decimals, same, some, to

Counts = Sequence[int]
Measure = Callable[[Counts], float]


def shares(counts: Counts) -> list[float]:
    return [n / sum(counts) for n in counts if n]


def entropy(counts: Counts) -> float:
    return abs(-sum(p * math.log2(p) for p in shares(counts)))


def gini(counts: Counts) -> float:
    return 1 - sum(p * p for p in shares(counts))


def error(counts: Counts) -> float:
    return 1 - max(shares(counts))


MEASURES: Mapping[str, Measure] = {"entropy": entropy, "gain-ratio": entropy, "gini": gini, "error": error}
NAMES = {
    "entropy": ("H", "gain"),
    "gain-ratio": ("H", "gain"),
    "gini": ("gini", "gini_gain"),
    "error": ("error", "error_gain"),
}


class Data(NamedTuple):
    """How often each class occurs, in all and in the branches of each feature."""

    counts: list[int]
    splits: dict[str, dict[str, list[int]]]
    criterion: str = "entropy"
    table: str = ""
    target: str = ""
    ignore: tuple[str, ...] = ()

    def problem(self, *ask: str, **more: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"counts": self.counts, "splits": self.splits}
        if self.table:
            given = {"table": self.table, "target": self.target}
            given |= {"ignore": list(self.ignore)} if self.ignore else {}
        given |= {"criterion": self.criterion} if self.criterion != "entropy" else {}
        return {"kind": "info-gain", "given": given | more, "ask": list(ask), "points": 4}


def gained(
    data: Data,
    keep: Keep = same,
    measure: Measure | None = None,
    root: Measure | None = None,
    weigh: Callable[[list[float], list[int]], float] | None = None,
    gain: Callable[[float, float], float] | None = None,
    split: Measure = entropy,
    ratio: Callable[[float, float, float], float] = lambda gain, split, H: gain / split,
    branch: Callable[[Counts, int], float] | None = None,
    rest: Callable[[list[list[int]]], float] | None = None,
    slips: Mapping[str, float] | None = None,
) -> Values:
    """All values of the root; each argument is a step that the student may do in another way."""
    first, won = NAMES[data.criterion]
    measure, wrong = measure or MEASURES[data.criterion], slips or {}
    found, scores = Values(), {}
    H = found[first] = wrong.get(first, keep((root or measure)(data.counts)))
    for column, branches in data.splits.items():
        parts, sizes = [], []
        for value, counts in branches.items():
            name = f"{first}({column}={value})"
            impurity = branch(counts, sum(data.counts)) if branch else measure(counts)
            found[name] = wrong.get(name, keep(impurity))
            parts.append(found[name])
            sizes.append(sum(counts))
        average = sum(p * n for p, n in zip(parts, sizes, strict=True)) / sum(sizes)
        average = keep(rest(list(branches.values())) if rest else weigh(parts, sizes) if weigh else average)
        left = found[f"remainder({column})"] = wrong.get(f"remainder({column})", average)
        name = f"{won}({column})"
        found[name] = scores[column] = wrong.get(name, keep(gain(H, left) if gain else H - left))
        if data.criterion == "gain-ratio":
            info = found[f"split_info({column})"] = keep(split(sizes))
            won_ratio = keep(ratio(found[name], info, H))
            name = f"gain_ratio({column})"
            found[name] = scores[column] = wrong.get(name, won_ratio)
    found["best"] = max(scores, key=lambda column: scores[column])
    return found


TENNIS_TABLE = """Day  Outlook   Temperature  Humidity  Wind    PlayTennis
D1   Sunny     Hot          High      Weak    No
D2   Sunny     Hot          High      Strong  No
D3   Overcast  Hot          High      Weak    Yes
D4   Rain      Mild         High      Weak    Yes
D5   Rain      Cool         Normal    Weak    Yes
D6   Rain      Cool         Normal    Strong  No
D7   Overcast  Cool         Normal    Strong  Yes
D8   Sunny     Mild         High      Weak    No
D9   Sunny     Cool         Normal    Weak    Yes
D10  Rain      Mild         Normal    Weak    Yes
D11  Sunny     Mild         Normal    Strong  Yes
D12  Overcast  Mild         High      Strong  Yes
D13  Overcast  Hot          Normal    Weak    Yes
D14  Rain      Mild         High      Strong  No
"""
LOANS_TABLE = """age     job  house  credit  approved
young   no   no     fair    no
young   no   no     good    no
young   yes  no     good    yes
young   yes  yes    fair    yes
young   no   no     fair    no
middle  no   no     fair    no
middle  no   no     good    no
middle  yes  yes    good    yes
middle  no   yes    great   yes
middle  no   yes    great   yes
old     no   yes    great   yes
old     no   yes    good    yes
old     yes  no     good    yes
old     yes  no     great   yes
old     no   no     fair    no
"""
SHAPES_TABLE = """colour, size, shape, bought
red, small, round, yes
red, large, round, yes
blue, small, square, no
blue, large, round, yes
green, small, square, no
green, large, square, yes
red, small, square, no
blue, large, square, yes
"""


def tabled(text: str, target: str, ignore: tuple[str, ...] = (), criterion: str = "entropy") -> Data:
    """The counts of a table."""
    cells = [
        [cell.strip() for cell in (line.split(",") if "," in line else line.split())]
        for line in text.splitlines()
    ]
    header, rows = cells[0], cells[1:]
    goal = header.index(target)
    labels = list(dict.fromkeys(row[goal] for row in rows))

    def count(chosen: list[list[str]]) -> list[int]:
        return [sum(row[goal] == label for row in chosen) for label in labels]

    splits = {
        name: {
            value: count([row for row in rows if row[i] == value])
            for value in dict.fromkeys(row[i] for row in rows)
        }
        for i, name in enumerate(header)
        if i != goal and name not in ignore
    }
    return Data(count(rows), splits, criterion, text, target, ignore)


TENNIS = tabled(TENNIS_TABLE, "PlayTennis", ("Day",))
LOANS = tabled(LOANS_TABLE, "approved")
SHAPES = tabled(SHAPES_TABLE, "bought")
SIXTY_FOUR = Data([29, 35], {"A1": {"t": [21, 5], "f": [8, 30]}, "A2": {"t": [18, 33], "f": [11, 2]}})
WIND = Data(
    [9, 5], {"wind": {"weak": [6, 2], "strong": [3, 3]}, "sky": {"a": [2, 3], "b": [4, 0], "c": [3, 2]}}
)
CLASSES = Data([5, 4, 3], {"F": {"x": [4, 1, 0], "y": [1, 3, 3]}, "G": {"p": [3, 2, 1], "q": [2, 2, 2]}})
DEPARTMENTS = Data(
    [12, 9, 7],
    {
        "floor": {"1": [8, 1, 2], "2": [3, 6, 1], "3": [1, 2, 4]},
        "shift": {"day": [7, 5, 5], "night": [5, 4, 2]},
    },
)
EIGHTY = Data(
    [40, 40], {"A": {"left": [30, 10], "right": [10, 30]}, "B": {"left": [20, 40], "right": [20, 0]}}, "gini"
)


def by(data: Data, criterion: str) -> Data:
    return data._replace(criterion=criterion)


Wrong = tuple[str, str, dict[str, Any], str, tuple[str, ...], tuple[Data, ...]]


def in_base(base: float) -> Measure:
    return lambda counts: entropy(counts) * math.log(2) / math.log(base)


def out_of_all(counts: Counts, n: int) -> float:
    """The shares of a branch taken out of all samples; that it is pure is seen at once."""
    there = [c / n for c in counts if c]
    return -sum(p * math.log2(p) for p in there) if len(there) > 1 else 0.0


def all_out_of_all(counts: Counts, n: int) -> float:
    """The same, of pure branches too."""
    return -sum(c / n * math.log2(c / n) for c in counts if c)


def crossed(counts: Counts) -> float:
    """Each share times the logarithm of the other one."""
    p, q = shares(counts)
    return -p * math.log2(q) - q * math.log2(p)


def of_first_label(branches: list[list[int]]) -> float:
    """Each branch weighted by its share of the first label."""
    n = sum(counts[0] for counts in branches)
    return sum(counts[0] / n * entropy(counts) for counts in branches)


def column_itself(branches: list[list[int]]) -> float:
    """The entropy of the column."""
    return entropy([sum(counts) for counts in branches])


def exchanged(parts: list[float], sizes: list[int]) -> float:
    """The first two weights exchanged."""
    sizes = [sizes[1], sizes[0], *sizes[2:]]
    return sum(p * n for p, n in zip(parts, sizes, strict=True)) / sum(sizes)


def values_within_labels(branches: list[list[int]]) -> float:
    """The entropy of the column within each label."""
    labels = [list(each) for each in zip(*branches, strict=True)]
    weighted: float = sum(sum(each) * entropy(each) for each in labels)
    return weighted / sum(map(sum, labels))


def together(branches: list[list[int]]) -> float:
    """The entropy of column and label together."""
    return entropy([count for counts in branches for count in counts])


MISTAKES: list[Wrong] = [
    (
        "ln",
        "Natural logarithms throughout.",
        {"measure": in_base(math.e)},
        "H",
        ("other-function",),
        (TENNIS, SIXTY_FOUR, CLASSES),
    ),
    (
        "log10",
        "Logarithms to the base 10 throughout.",
        {"measure": in_base(10)},
        "H",
        ("other-function",),
        (LOANS, SIXTY_FOUR),
    ),
    (
        "ln-at-the-root",
        "H with the natural logarithm, the branches in bits.",
        {"root": in_base(math.e)},
        "H",
        ("other-function",),
        (WIND, SHAPES),
    ),
    (
        "minus",
        "The minus of the entropy is lost.",
        {"root": lambda c: -entropy(c)},
        "H",
        ("sign",),
        (SIXTY_FOUR, CLASSES),
    ),
    (
        "one-class",
        "Only the first class is counted in H.",
        {"root": lambda c: -c[0] / sum(c) * math.log2(c[0] / sum(c))},
        "H",
        ("dropped-term",),
        (SIXTY_FOUR, TENNIS),
    ),
    (
        "unweighted",
        "The plain mean of the branches' entropies.",
        {"weigh": lambda p, n: sum(p) / len(p)},
        "remainder",
        ("dropped-factor", "other-operation", "other-quantity", "extra-factor", "other-function"),
        (LOANS, WIND, CLASSES),
    ),
    (
        "added",
        "The branches' entropies are added without weights.",
        {"weigh": lambda p, n: sum(p)},
        "remainder",
        ("dropped-factor",),
        (SIXTY_FOUR, TENNIS, SHAPES),
    ),
    (
        "undivided",
        "Weighted by counts, not by shares.",
        {"weigh": lambda p, n: sum(a * b for a, b in zip(p, n, strict=True))},
        "remainder",
        ("dropped-factor",),
        (SIXTY_FOUR, WIND),
    ),
    (
        "first-branch",
        "Only the first branch is counted.",
        {"weigh": lambda p, n: p[0] * n[0] / sum(n)},
        "remainder",
        ("dropped-term",),
        (SIXTY_FOUR, CLASSES),
    ),
    (
        "remainder",
        "The remainder is given as the gain.",
        {"gain": lambda H, rest: rest},
        "gain",
        ("dropped-term", "other-quantity", "sign"),
        (SIXTY_FOUR, LOANS, SHAPES),
    ),
    (
        "negative",
        "Remainder − H.",
        {"gain": lambda H, rest: rest - H},
        "gain",
        ("swapped-operands", "sign"),
        (SIXTY_FOUR, TENNIS),
    ),
    (
        "plus",
        "H + remainder.",
        {"gain": lambda H, rest: H + rest},
        "gain",
        ("sign", "other-operation"),
        (WIND, CLASSES),
    ),
    (
        "without-H",
        "H is forgotten: the gain is minus the remainder.",
        {"gain": lambda H, rest: -rest},
        "gain",
        ("dropped-term",),
        (SIXTY_FOUR, SHAPES),
    ),
    (
        "gini-not-from-one",
        "∑p², not 1 − ∑p².",
        {"measure": lambda c: sum(p * p for p in shares(c))},
        "gini",
        ("dropped-term", "sign"),
        (by(TENNIS, "gini"), by(CLASSES, "gini"), by(LOANS, "gini")),
    ),
    (
        "gini-one-class",
        "1 − p² of the first class only.",
        {"root": lambda c: 1 - (c[0] / sum(c)) ** 2},
        "gini",
        ("dropped-term",),
        (by(SIXTY_FOUR, "gini"), by(CLASSES, "gini")),
    ),
    (
        "gini-plus",
        "1 + ∑p².",
        {"root": lambda c: 1 + sum(p * p for p in shares(c))},
        "gini",
        ("sign", "other-operation"),
        (by(CLASSES, "gini"),),
    ),
    (
        "entropy-for-gini",
        "Entropy where the Gini index is asked.",
        {"measure": entropy},
        "gini",
        ("other-function",),
        (by(SIXTY_FOUR, "gini"), by(CLASSES, "gini")),
    ),
    (
        "gini-unweighted",
        "The plain mean of the branches.",
        {"weigh": lambda p, n: sum(p) / len(p)},
        "remainder",
        ("dropped-factor", "other-operation", "other-quantity", "extra-factor", "other-function"),
        (EIGHTY, by(SHAPES, "gini")),
    ),
    (
        "gini-remainder",
        "The remainder is given as the gain.",
        {"gain": lambda H, rest: rest},
        "gini_gain",
        ("dropped-term", "other-quantity", "sign"),
        (EIGHTY, by(CLASSES, "gini")),
    ),
    (
        "share-for-error",
        "The largest share, not 1 minus it.",
        {"measure": lambda c: max(shares(c))},
        "error",
        ("dropped-term", "sign"),
        (by(TENNIS, "error"), by(CLASSES, "error")),
    ),
    (
        "ratio-by-H",
        "The gain is divided by H, not by the split's information.",
        {"ratio": lambda g, s, H: g / H},
        "gain_ratio",
        ("other-quantity",),
        (by(TENNIS, "gain-ratio"), by(SIXTY_FOUR, "gain-ratio")),
    ),
    (
        "ratio-times",
        "Multiplied by the split's information.",
        {"ratio": lambda g, s, H: g * s},
        "gain_ratio",
        ("other-operation",),
        (by(TENNIS, "gain-ratio"), by(LOANS, "gain-ratio")),
    ),
    (
        "ratio-turned",
        "Split information over gain.",
        {"ratio": lambda g, s, H: s / g},
        "gain_ratio",
        ("swapped-operands",),
        (by(SIXTY_FOUR, "gain-ratio"), by(SHAPES, "gain-ratio")),
    ),
    (
        "ratio-is-gain",
        "The gain is given, undivided.",
        {"ratio": lambda g, s, H: g},
        "gain_ratio",
        ("dropped-factor", "other-quantity"),
        (by(LOANS, "gain-ratio"), by(WIND, "gain-ratio")),
    ),
    (
        "split-ln",
        "The split's information with natural logarithms.",
        {"split": in_base(math.e)},
        "split_info",
        ("other-function",),
        (by(TENNIS, "gain-ratio"), by(WIND, "gain-ratio")),
    ),
    (
        "base-of-labels",
        "Logarithms to the base of as many as there are labels.",
        {"measure": in_base(3)},
        "H",
        ("other-function", "extra-factor"),
        (DEPARTMENTS, DEPARTMENTS),
    ),
    (
        "logs-of-counts",
        "The logarithm of the counts in place of the shares.",
        {"root": lambda c: -sum(n / sum(c) * math.log2(n) for n in c)},
        "H",
        ("dropped-factor", "other-quantity"),
        (CLASSES, TENNIS),
    ),
    (
        "logs-unweighted",
        "−∑ log p.",
        {"root": lambda c: -sum(map(math.log2, shares(c)))},
        "H",
        ("dropped-factor",),
        (LOANS, CLASSES),
    ),
    (
        "branches-out-of-all",
        "The shares within a branch are out of all samples.",
        {"branch": out_of_all},
        "H(",
        ("other-quantity", "dropped-factor"),
        (TENNIS, SIXTY_FOUR, SHAPES, CLASSES),
    ),
    (
        "ones",
        "Each branch has the weight 1/n.",
        {"weigh": lambda p, n: sum(p) / sum(n)},
        "remainder",
        ("dropped-factor",),
        (TENNIS, SIXTY_FOUR, CLASSES),
    ),
    (
        "exchanged",
        "The weights of two branches are exchanged.",
        {"weigh": exchanged},
        "remainder",
        ("swapped-operands", "wrong-index", "other-quantity"),
        (WIND, DEPARTMENTS, LOANS),
    ),
    (
        "rows-for-columns",
        "The values within each label, not the labels within each value.",
        {"rest": values_within_labels},
        "remainder",
        ("rows-for-columns", "swapped-operands"),
        (SIXTY_FOUR, CLASSES),
    ),
    (
        "together",
        "The entropy of column and label together is given for what is left.",
        {"rest": together},
        "remainder",
        ("other-quantity",),
        (TENNIS, SIXTY_FOUR),
    ),
    (
        "from-one",
        "1 − remainder.",
        {"gain": lambda H, rest: 1 - rest},
        "gain",
        ("other-quantity",),
        (TENNIS, SHAPES, CLASSES),
    ),
    (
        "relative",
        "The gain as a share of H.",
        {"gain": lambda H, rest: (H - rest) / H},
        "gain",
        ("extra-factor", "dropped-factor", "other-quantity"),
        (CLASSES, TENNIS),
    ),
    (
        "gini-one-product",
        "p (1 − p) of one label.",
        {"measure": lambda c: c[0] * c[1] / sum(c) ** 2},
        "gini",
        ("dropped-factor", "dropped-term", "function-forgotten"),
        (by(TENNIS, "gini"), by(SIXTY_FOUR, "gini"), by(SHAPES, "gini")),
    ),
    (
        "rarest-for-error",
        "The share of the rarest label.",
        {"measure": lambda c: min(shares(c)) if len(shares(c)) > 1 else 0.0},
        "error",
        ("other-quantity", "wrong-index"),
        (by(CLASSES, "error"), by(DEPARTMENTS, "error")),
    ),
    (
        "gini-for-error",
        "The Gini index where the classification error is asked.",
        {"measure": gini},
        "error",
        ("other-function",),
        (by(TENNIS, "error"), by(CLASSES, "error")),
    ),
    (
        "entropy-for-error",
        "The entropy where the classification error is asked.",
        {"measure": entropy},
        "error",
        ("other-function",),
        (by(SHAPES, "error"), by(SIXTY_FOUR, "error")),
    ),
    (
        "split-even",
        "The logarithm of the number of branches for the split's information.",
        {"split": lambda sizes: math.log2(len(sizes))},
        "split_info",
        ("other-quantity", "unweighted", "other-function"),
        (by(DEPARTMENTS, "gain-ratio"), by(DEPARTMENTS, "gain-ratio")),
    ),
    (
        "ratio-minus",
        "The split's information is subtracted.",
        {"ratio": lambda g, s, H: g - s},
        "gain_ratio",
        ("other-operation", "sign"),
        (by(SIXTY_FOUR, "gain-ratio"), by(TENNIS, "gain-ratio")),
    ),
    (
        "crossed",
        "Each share times the logarithm of the other one.",
        {"root": crossed},
        "H",
        ("swapped-operands", "wrong-index", "other-quantity"),
        (TENNIS, LOANS),
    ),
    (
        "pure-branches-out-of-all",
        "The shares within a branch are out of all samples, of pure branches too.",
        {"branch": all_out_of_all},
        "H(",
        ("other-quantity", "dropped-factor"),
        (TENNIS, SHAPES),
    ),
    (
        "pure-is-one",
        "The entropy of a pure branch is given as 1.",
        {"measure": lambda c: entropy(c) if len(shares(c)) > 1 else 1},
        "H(",
        ("other-quantity",),
        (TENNIS,),
    ),
    (
        "pure-gini-is-one",
        "The Gini index of a pure branch is given as 1.",
        {"measure": lambda c: gini(c) if len(shares(c)) > 1 else 1},
        "gini(",
        ("other-quantity", "dropped-term"),
        (by(TENNIS, "gini"),),
    ),
    (
        "half",
        "The entropy of two equal shares is given as 1/2.",
        {"measure": lambda c: entropy(c) if len({*shares(c)}) > 1 else 0.5 * (len(shares(c)) > 1)},
        "H(",
        ("other-function", "other-quantity"),
        (TENNIS,),
    ),
    (
        "weighted-by-a-label",
        "Each branch is weighted by its share of one label.",
        {"rest": of_first_label},
        "remainder",
        ("other-quantity", "dropped-factor"),
        (TENNIS, SIXTY_FOUR),
    ),
    (
        "column-for-remainder",
        "The entropy of the column itself is given for what is left.",
        {"rest": column_itself},
        "remainder",
        ("other-quantity", "other-function"),
        (TENNIS, LOANS),
    ),
    (
        "divided",
        "H over the remainder.",
        {"gain": lambda H, rest: H / rest},
        "gain",
        ("other-operation",),
        (WIND, CLASSES),
    ),
    (
        "error-for-gini",
        "The classification error where the Gini index is asked.",
        {"measure": error},
        "gini",
        ("other-function",),
        (by(LOANS, "gini"), by(SIXTY_FOUR, "gini")),
    ),
    (
        "error-for-entropy",
        "The classification error where the entropy is asked.",
        {"measure": error},
        "H",
        ("other-function",),
        (LOANS, SIXTY_FOUR),
    ),
    (
        "gini-at-the-root",
        "The Gini index of all samples, entropies of the branches.",
        {"root": gini},
        "H",
        ("other-function",),
        (TENNIS, WIND),
    ),
    (
        "gini-for-ratio",
        "The gain ratio from Gini indices.",
        {"measure": gini},
        "H",
        ("other-function",),
        (by(TENNIS, "gain-ratio"), by(LOANS, "gain-ratio")),
    ),
    (
        "gain-ratio-lg",
        "Entropies with logarithms to the base 10, the split's information in bits.",
        {"measure": in_base(10)},
        "H",
        ("other-function",),
        (by(LOANS, "gain-ratio"), by(TENNIS, "gain-ratio")),
    ),
]


RARE = {
    *("logs-of-counts", "ones", "rows-for-columns", "together", "relative"),
    *("weighted-by-a-label", "column-for-remainder"),
}
"""What few people do: of a single number at the end nobody would believe it."""


def root() -> Iterator[Case]:
    """Each mistake with everything, and with H and the gains only; gains follow, also through later repeats."""
    for key, why, changes, where, names, sets in MISTAKES:
        for number, data in enumerate(sets, 1):
            keep, write_as = (decimals(4), at_places(4)) if number == 2 else (same, to(4 + number % 3))
            truth, own = gained(data), gained(data, keep, **changes)
            again = [name for name in own if name.startswith(f"{where.removesuffix('(')}(")]
            first = next(name for name in own if name.startswith(where) and own[name] != truth[name])
            last = [name for name in own if name.startswith(NAMES[data.criterion][1] + "(")]
            asked = [name for name in own if name.startswith("gain_ratio(")] or last
            yield from some(
                f"gain/{key}-{number}",
                f"{why} Everything is written down.",
                data.problem(*asked, "best"),
                truth,
                own,
                by=write_as,
                mistake=names,
                at=[first],
                again=[a for a in again if a != first],
            )
            if key in RARE:
                continue
            if where not in ("remainder", "gain", "H", "gini_gain") or number == 3 or "measure" in changes:
                continue
            only, exact = asked[:1], gained(data, **changes)
            yield from some(
                f"gain/{key}-{number}-end",
                f"{why} Only one gain is written down.",
                data.problem(*only),
                truth,
                exact,
                write=only,
                by=to(6),
                mistake=(*names, "other-quantity"),
                at=[first, *only],
            )


def slips() -> Iterator[Case]:
    """One number is wrong, nobody knows why, and what follows from it is consistent."""
    wrong: list[tuple[str, Data, str, float]] = [
        ("A branch's entropy is read off wrongly.", SIXTY_FOUR, "H(A1=t)", 0.7602),
        ("A branch's entropy is read off wrongly.", TENNIS, "H(Humidity=High)", 0.8935),
        ("A branch's entropy is read off wrongly.", LOANS, "H(credit=good)", 0.8327),
        ("H is copied wrongly.", SIXTY_FOUR, "H", 0.9396),
        ("H is copied wrongly.", WIND, "H", 0.8713),
        ("A remainder is added up wrongly.", TENNIS, "remainder(Outlook)", 0.7935),
        ("A remainder is added up wrongly.", CLASSES, "remainder(F)", 1.2306),
        ("A branch's Gini index is squared wrongly.", EIGHTY, "gini(A=left)", 0.4275),
        ("A gain is subtracted wrongly, and another feature wins.", SIXTY_FOUR, "gain(A2)", 0.3317),
        ("A gain is subtracted wrongly, and another feature wins.", TENNIS, "gain(Wind)", 0.3849),
        ("A remainder is added up wrongly.", by(TENNIS, "gain-ratio"), "remainder(Outlook)", 0.5763),
        ("A branch's entropy is read off wrongly.", TENNIS, "H(Humidity=High)", 0.8127),
        ("H is worked out wrongly.", DEPARTMENTS, "H", 1.4263),
        ("A remainder is added up wrongly.", DEPARTMENTS, "remainder(floor)", 1.4418),
        ("A gain is subtracted wrongly.", CLASSES, "gain(F)", 0.4138),
        ("A gain is divided wrongly.", by(TENNIS, "gain-ratio"), "gain_ratio(Outlook)", 0.2143),
        ("The Gini index is squared wrongly.", by(TENNIS, "gini"), "gini", 0.3827),
    ]
    for number, (why, data, name, value) in enumerate(wrong, 1):
        truth, own = gained(data), gained(data, slips={name: value})
        last = [key for key in own if key.startswith(("gain(", "gini_gain(", "gain_ratio("))]
        yield case(
            f"gain/slip-{number}",
            f"{why} The rest follows.",
            data.problem(*dict.fromkeys((name, *last[-2:], "best"))),
            truth,
            own,
            by=at_places(4),
            slips=[name],
        )


# ---------------------------------------------------------------- the labels of another column, the choice


def columns() -> Iterator[Case]:
    """The entropy of a column for that of the labels; the gains go on from it."""
    for number, (data, column) in enumerate(
        ((TENNIS, "Outlook"), (WIND, "sky"), (LOANS, "age"), (by(SIXTY_FOUR, "gini"), "A2")), 1
    ):
        first, won = NAMES[data.criterion]
        sizes = [sum(counts) for counts in data.splits[column].values()]
        if len(set(sizes)) == 1:  # as many of each: a round number
            continue
        truth, own = gained(data), gained(data, slips={first: MEASURES[data.criterion](sizes)})
        gains = [name for name in own if name.startswith(f"{won}(")]
        yield from some(
            f"gain/of-a-column-{number}",
            f"The impurity of {column} is given for that of the labels.",
            data.problem(first, *gains),
            truth,
            own,
            write=[first, *gains],
            by=to(4),
            mistake=["other-quantity"],
            at=[first],
        )


def divisors() -> Iterator[Case]:
    """The gain is divided by the number of branches."""
    for number, data in enumerate((by(TENNIS, "gain-ratio"), by(LOANS, "gain-ratio")), 1):
        truth = gained(data)
        by_branches = {
            f"gain_ratio({name})": truth[f"gain({name})"] / len(values)
            for name, values in data.splits.items()
        }
        ratios = list(by_branches)
        yield from some(
            f"gain/ratio-by-branches-{number}",
            "The gain is divided by the number of branches.",
            data.problem(*ratios, "best"),
            truth,
            gained(data, slips=by_branches),
            by=to(5),
            mistake=["other-quantity"],
            at=ratios[:1],
            again=ratios[1:],
        )


def turned() -> Iterator[Case]:
    """The counts of two labels and two values read the other way."""
    for number, (data, column) in enumerate(((TENNIS, "Humidity"), (SIXTY_FOUR, "A2")), 1):
        truth, branches = gained(data), data.splits[column]
        wrong = {
            f"H({column}={value})": entropy(each)
            for value, each in zip(branches, zip(*branches.values(), strict=True), strict=True)
        }
        yield from some(
            f"gain/table-turned-{number}",
            "The table of counts is read the other way.",
            data.problem(*wrong, f"gain({column})"),
            truth,
            gained(data, slips=wrong),
            write=[*wrong, f"remainder({column})", f"gain({column})"],
            by=at_places(4),
            mistake=["rows-for-columns", "swapped-operands", "other-quantity"],
            at=list(wrong),
            again=list(wrong),
        )


def choices() -> Iterator[Case]:
    """All gains are right; another column is taken for the best."""
    lead = Data(
        [8, 8],
        {
            "P": {"a": [4, 0], "b": [0, 3], "c": [2, 2], "d": [2, 3]},
            "Q": {"x": [7, 2], "y": [1, 6]},
            "R": {"u": [5, 4], "v": [3, 4]},
        },
        "gain-ratio",
    )
    for number, (data, by_what, names) in enumerate(
        (
            (TENNIS, "least", ("other-function", "sign")),
            (LOANS, "least", ("other-function", "sign")),
            (by(SHAPES, "gini"), "least", ("other-function", "sign")),
            (lead, "gain", ("other-quantity",)),
            (TENNIS, "second", ()),
            (LOANS, "second", ()),
        ),
        1,
    ):
        truth = gained(data)
        won = "gain_ratio" if data.criterion == "gain-ratio" else NAMES[data.criterion][1]
        scores = {name: truth[f"{won}({name})"] for name in data.splits}
        gains = {name: truth[f"gain({name})"] for name in data.splits} if by_what == "gain" else scores
        order = sorted(gains, key=lambda name: gains[name], reverse=True)
        taken = {"least": order[-1], "gain": order[0], "second": order[1]}[by_what]
        asked = [name for name in truth if name.startswith(("gain", "gini_gain"))]
        yield from some(
            f"gain/choice-{number}",
            {
                "least": "The column with the smallest gain is taken.",
                "gain": "The gain decides in place of the gain ratio.",
                "second": "Another column is taken, nobody knows why.",
            }[by_what],
            data.problem(*asked, "best"),
            truth,
            truth | {"best": taken},
            write=[*asked, "best"],
            by=at_places(4),
            mistake=names,
            at=["best"],
            slips=() if names else ["best"],
        )


# ---------------------------------------------------------------- columns of numbers


AGES_TABLE = """age member buys
31.5 no no
36.1 no no
41.7 yes yes
52.3 no yes
55.8 yes yes
61.4 yes no
61.4 no yes
70.2 yes no
"""
DOSES_TABLE = """dose sex cured
2.35 f no
3.1 m no
4.85 f no
6.6 m yes
7.05 f yes
7.05 m no
9.4 f yes
"""
HEATS_TABLE = """heat wet keeps
12.5 no yes
14.2 yes yes
17.8 no no
21.3 no yes
23.9 yes no
26.4 no no
29.7 yes no
31.1 no yes
34.6 yes no
"""


def halves(text: str) -> tuple[Values, list[float], list[list[int]]]:
    """A table with a column of numbers first and one of words: the values, the numbers, the counts at each."""
    rows = [line.split() for line in text.splitlines()]
    (number, word, _), rows = rows[0], rows[1:]
    labels = list(dict.fromkeys(row[2] for row in rows))

    def count(chosen: list[list[str]]) -> list[int]:
        return [sum(row[2] == each for row in chosen) for each in labels]

    def left(parts: list[list[int]]) -> float:
        return sum(sum(part) * entropy(part) for part in parts) / len(rows)

    numbers = sorted({float(row[0]) for row in rows})
    found = Values(H=entropy(count(rows)))
    best = min(
        ((a + b) / 2 for a, b in itertools.pairwise(numbers)),
        key=lambda t: left(
            [count([r for r in rows if (float(r[0]) <= t) == side]) for side in (True, False)]
        ),
    )
    parts = [count([r for r in rows if (float(r[0]) <= best) == side]) for side in (True, False)]
    found[f"threshold({number})"] = best
    found[f"remainder({number})"] = left(parts)
    found[f"gain({number})"] = found["H"] - left(parts)
    words = [count([r for r in rows if r[1] == each]) for each in dict.fromkeys(row[1] for row in rows)]
    found[f"remainder({word})"] = left(words)
    found[f"gain({word})"] = found["H"] - left(words)
    each = [count([r for r in rows if float(r[0]) == x]) for x in numbers]
    return found, [float(row[0]) for row in rows], each


def each_pure() -> Iterator[Case]:
    """A branch for each number, where no two are equal: nothing is left, and the gain is all of H."""
    truth, _, _ = halves(HEATS_TABLE)
    problem = {
        "kind": "info-gain",
        "given": {"table": HEATS_TABLE, "target": "keeps"},
        "ask": ["H", "gain(heat)"],
        "points": 2,
    }
    yield from some(
        "gain/each-number-pure",
        "The column of numbers has a branch for each of its numbers, so that nothing is left.",
        problem,
        truth,
        truth | {"remainder(heat)": 0.0, "gain(heat)": truth["H"]},
        write=["H", "gain(heat)"],
        by=at_places(4),
        mistake=["threshold-ignored", "dropped-term", "other-operation"],
        at=["threshold(heat)", "remainder(heat)", "gain(heat)"],
    )


def numbers() -> Iterator[Case]:
    """A threshold that is a value of the column, or its middle; a branch for each number."""
    for text, target, column in ((AGES_TABLE, "buys", "age"), (DOSES_TABLE, "cured", "dose")):
        truth, xs, each = halves(text)
        limit, gain = f"threshold({column})", f"gain({column})"
        problem = {
            "kind": "info-gain",
            "given": {"table": text, "target": target},
            "ask": [limit, "H", gain],
            "points": 3,
        }
        below, above = max(x for x in xs if x < truth[limit]), min(x for x in xs if x > truth[limit])
        middle = sum(xs) / len(xs)
        worse = (xs[0] + xs[1]) / 2
        for key, x, why, names in (
            ("lower", below, "The value below in place of the middle.", ("not-midway", "other-quantity")),
            ("upper", above, "The value above in place of the middle.", ("not-midway", "other-quantity")),
            ("mean", middle, "The mean of the column.", ("other-quantity",)),
            ("worse", worse, "Another threshold, which gains less.", ("other-quantity", "wrong-index")),
        ):
            yield from some(
                f"gain/threshold-{column}-{key}",
                why,
                problem,
                truth,
                truth | {limit: x},
                write=[limit],
                by=to(4) if key == "mean" else at_places(2),
                mistake=names,
                at=[limit],
            )
        yield from some(
            f"gain/threshold-{column}-slip",
            "A threshold that nobody knows the reason of.",
            problem,
            truth,
            truth | {limit: truth[limit] * 1.1337},
            write=[limit],
            by=at_places(2),
            slips=[limit],
        )
        n = sum(map(sum, each))
        left = sum(sum(part) * entropy(part) for part in each) / n
        for write in ([f"remainder({column})", gain], [gain]):
            yield from some(
                f"gain/each-number-{column}-{len(write)}",
                "The column of numbers has a branch for each of its numbers.",
                problem,
                truth,
                truth | {f"remainder({column})": left, gain: truth["H"] - left},
                write=["H", *write],
                by=at_places(4),
                mistake=["threshold-ignored", "other-operation"],
                at=[limit, f"remainder({column})", gain],
            )


# ---------------------------------------------------------------- below the root


def below() -> Iterator[Case]:
    """At a node: the entropy, the weights or the gain of the whole table."""
    for number, (data, column, value, other) in enumerate(
        (
            (TENNIS, "Outlook", "Rain", "Wind"),
            (LOANS, "house", "no", "credit"),
            (TENNIS, "Outlook", "Sunny", "Wind"),
        ),
        1,
    ):
        cells = [line.split() for line in data.table.splitlines()]
        header, rows = cells[0], cells[1:]
        inside = "\n".join(
            "  ".join(row) for row in [header, *(r for r in rows if r[header.index(column)] == value)]
        )
        node = gained(tabled(inside, data.target, (*data.ignore, column)))
        root, path = gained(data), f"{column}={value}/"
        n = [sum(counts) for counts in data.splits[column].values()]
        share = sum(data.splits[column][value]) / sum(n)
        truth = Values({path + name: x for name, x in node.items() if name == "H" or f"({other}" in name})
        asked = [f"{path}H", f"{path}remainder({other})", f"{path}gain({other})"]
        H, rest, gain = asked
        problem = data.problem(*asked, task="tree") | {"points": 3}
        wrongs: list[tuple[str, str, dict[str, float]]] = [
            ("entropy", "The entropy of the whole table stands for that of the node.", {H: root["H"]}),
            ("weights", "The weights are out of the whole table.", {rest: truth[rest] * share}),
            ("remainder", "The remainder is that of the root.", {rest: root[f"remainder({other})"]}),
            ("gain", "The gain starts from the entropy of the whole table.", {gain: root["H"] - truth[rest]}),
            ("root", "The gain is that of the root.", {gain: root[f"gain({other})"]}),
            (
                "weights-unseen",
                "The weights are out of the whole table; the remainder is not written.",
                {gain: truth[H] - truth[rest] * share},
            ),
        ]
        for key, why, wrong in wrongs:
            own = truth | wrong
            if gain not in wrong:
                own = own | {gain: own[H] - own[rest]}
            weights = key.startswith("weights")
            yield from some(
                f"gain/below-{key}-{number}",
                why,
                problem,
                truth,
                own,
                write=[H, gain] if key == "weights-unseen" else asked,
                by=at_places(4),
                mistake=["other-quantity", *(["dropped-factor"] if weights else [])],
                at=[*wrong],
            )


# Trees. The paper's root is another feature than the best one, and the tree below is right for that root.

TREES: list[tuple[str, Data, dict[str, Any], Any, Any]] = [
    (
        "The gain of shape is wrong, so that shape stands at the root; the tree below is right.",
        SHAPES,
        {"gain(shape)": 0.6917},
        {"size": {"small": {"shape": {"round": "yes", "square": "no"}}, "large": "yes"}},
        {"shape": {"round": "yes", "square": {"size": {"small": "no", "large": "yes"}}}},
    ),
    (
        "The gain of job is wrong, so that job stands at the root; the tree below is right.",
        LOANS,
        {"gain(job)": 0.5241},
        {"house": {"no": {"job": {"no": "no", "yes": "yes"}}, "yes": "yes"}},
        {"job": {"no": {"house": {"no": "no", "yes": "yes"}}, "yes": "yes"}},
    ),
    (
        "The gain of Humidity is wrong, so that Humidity stands at the root; the tree below is right.",
        TENNIS,
        {"gain(Humidity)": 0.2515},
        {
            "Outlook": {
                "Sunny": {"Humidity": {"High": "No", "Normal": "Yes"}},
                "Overcast": "Yes",
                "Rain": {"Wind": {"Weak": "Yes", "Strong": "No"}},
            }
        },
        {
            "Humidity": {
                "High": {
                    "Outlook": {
                        "Sunny": "No",
                        "Overcast": "Yes",
                        "Rain": {"Wind": {"Weak": "Yes", "Strong": "No"}},
                    }
                },
                "Normal": {
                    "Outlook": {
                        "Sunny": "Yes",
                        "Overcast": "Yes",
                        "Rain": {"Wind": {"Weak": "Yes", "Strong": "No"}},
                    }
                },
            }
        },
    ),
]


def trees() -> Iterator[Case]:
    for number, (why, data, wrong, tree, other) in enumerate(TREES, 1):
        truth = gained(data) | {"tree": tree}
        name = next(iter(wrong))
        own = gained(data, slips=wrong) | {"tree": other}
        yield case(
            f"gain/tree-carried-{number}",
            why,
            data.problem("best", "tree", task="tree"),
            truth,
            own,
            write=[*(key for key in own if key.startswith("gain(")), "best", "tree"],
            by=at_places(4),
            slips=[name],
        )
        honest = case(
            f"gain/tree-right-{number}",
            "The right tree.",
            data.problem("best", "tree", task="tree"),
            truth,
            truth,
            write=["H", "best", "tree"],
            by=at_places(3),
        )
        yield honest
        own = truth | {"best": next(iter(other)), "tree": other}
        yield case(
            f"gain/tree-of-another-root-{number}",
            "The gains are right, but another feature is taken for the best.",
            data.problem("best", "tree", task="tree"),
            truth,
            own,
            write=[*(key for key in own if key.startswith("gain(")), "best", "tree"],
            by=at_places(4),
            slips=["best"],
        )


def all_cases() -> Iterator[Case]:
    yield from root()
    yield from slips()
    yield from columns()
    yield from turned()
    yield from divisors()
    yield from choices()
    yield from numbers()
    yield from each_pure()
    yield from below()
    yield from trees()
