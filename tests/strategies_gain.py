"""Random problems of `info-gain`: small tables in every form, with many ties, over all options.

The problems are plain dicts, ready to be dumped as YAML or JSON. A column with one value only stands last and
is never numeric or grouped, a tree's root is never a leaf, and `oracles_gain.doubtful` keeps out the ties that
the contract leaves open: in these the program may do as it likes.
"""

from __future__ import annotations

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from oracles_gain import doubtful

Draw = st.DrawFn
Problem = dict[str, Any]
Cell = str | int | float
Columns = dict[str, list[Cell]]

CRITERIA = ["entropy", "gain-ratio", "gini", "error"]
ONE_WORD = ["A1", "A2", "A3", "outlook", "x", "Humidity", "色泽", "x_2"]
SPACED = ["Car Type", "A", "B", "km/h", "marital status", "là học sinh"]
WORDS = [
    *(["no", "yes"], ["T", "F"], ["sunny", "overcast", "rain"], ["$", "$$", "$$$"], ["a", "b", "c", "d"]),
    *(
        ["清晰", "稍糊", "模糊"],
        ["None", "Some", "Full"],
        ["0-10", "10-30", "30-60", ">60"],
        ["true", "false"],
    ),
]
SPACED_WORDS = [["very good", "good"], ["low", "not so low", "high"], ["w/o", "with"]]
LABELS: list[list[Cell]] = [["no", "yes"], [0, 1], ["+", "-1"], ["是", "否"], ["a", "b", "c"], [1, 2, 3]]
POOLS: list[st.SearchStrategy[Cell]] = [
    st.integers(-3, 12),
    st.integers(60, 100),
    st.integers(-20, 40).map(lambda n: n / 10),
    st.integers(1, 99).map(lambda n: n / 100),
    st.one_of(st.integers(0, 5), st.sampled_from([0.5, 1.5, 2.25])),
]


@st.composite
def cells(draw: Draw, n: int, values: list[Any], several: bool) -> list[Any]:
    """A column of some of the values; of two or more of them if `several` are wanted."""
    column = draw(st.lists(st.sampled_from(values), min_size=n, max_size=n))
    if several and len(set(column)) == 1:
        place = draw(st.integers(0, n - 1))
        column[place] = draw(st.sampled_from([value for value in values if value != column[0]]))
    return column


@st.composite
def palettes(draw: Draw, one_word: bool) -> list[Any]:
    """The values that a column may have."""
    way = draw(st.sampled_from(["words", "words", "bits", "numbers", "numbers"]))
    if way == "bits":
        return [0, 1]
    if way == "words":
        return draw(st.sampled_from(WORDS if one_word else WORDS + SPACED_WORDS))
    pool = draw(st.sampled_from(POOLS))
    return draw(st.lists(pool, min_size=2, max_size=6, unique=True))


def as_table(columns: Columns, separator: str) -> str:
    lines = [list(columns), *zip(*columns.values(), strict=True)]
    texts = [[str(cell) for cell in line] for line in lines]
    if separator == "markdown":
        texts.insert(1, ["---"] * len(columns))
        return "\n".join("| " + " | ".join(line) + " |" for line in texts) + "\n"
    if separator == "aligned":
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in texts]
        return "\n".join("  ".join(line).rstrip() for line in padded)
    return "\n".join(separator.join(line) for line in texts)


@st.composite
def tables(draw: Draw, binary: bool, task: str) -> tuple[Columns, str, bool]:
    """The columns in order, the name of the target, and whether all names and values are single words."""
    n = draw(st.sampled_from([12, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]))
    width = draw(st.sampled_from([3, 1, 2, 4, 4]))
    one_word = draw(st.booleans())
    known = ONE_WORD if one_word else ONE_WORD + SPACED
    features = draw(st.lists(st.sampled_from(known), min_size=width, max_size=width, unique=True))
    columns: Columns = {}
    for name in features:
        varied = name != features[-1] or width == 1 or binary or draw(st.integers(0, 3)) > 0
        palette = draw(palettes(one_word))
        columns[name] = draw(cells(n, palette, several=varied))
    target = draw(st.sampled_from(["y", "play", "class"]))
    labels = draw(cells(n, draw(st.sampled_from(LABELS)), several=task == "tree"))
    place = draw(st.sampled_from([width, width, width, 0, width // 2]))
    ordered = list(columns.items())
    ordered.insert(place, (target, labels))
    return dict(ordered), target, one_word


def is_number(cell: Cell) -> bool:
    return not isinstance(cell, str)


@st.composite
def from_a_table(draw: Draw) -> Problem:
    task = draw(st.sampled_from(["tree", "gain", "tree"]))
    binary = draw(st.sampled_from([False, False, True]))
    columns, target, one_word = draw(tables(binary, task))
    n = len(columns[target])
    features = [name for name in columns if name != target]
    given: Problem = {}
    if draw(st.integers(0, 3)) == 0:
        columns = {"day": [f"D{i + 1}" for i in range(n)], **columns}
        if draw(st.booleans()):
            given["ignore"] = ["day"]
        else:
            given["features"] = features
    elif len(features) > 2 and draw(st.integers(0, 4)) == 0:
        given["ignore"] = [features.pop(draw(st.integers(0, len(features) - 2)))]

    kinds: dict[str, list[str]] = {"numeric": [], "categorical": []}
    for name in features:
        distinct = len(set(columns[name]))
        if all(map(is_number, columns[name])) and distinct > 1 and draw(st.integers(0, 2)) == 0:
            kinds[draw(st.sampled_from(["numeric", "categorical"]))].append(name)
    given |= {kind: chosen for kind, chosen in kinds.items() if chosen}

    separators = ["rows", "rows", ", ", ",", "markdown", "|", " | "] + [" ", "aligned", "\t"] * one_word
    way = draw(st.sampled_from(separators))
    if way == "rows":
        given["rows"] = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    else:
        given["table"] = as_table(columns, way)
    given["target"] = target
    if draw(st.booleans()) or task == "tree":
        given["task"] = task
    if task == "tree":
        if draw(st.integers(0, 2)) == 0:
            given["max_depth"] = draw(st.integers(1, 3))
        if draw(st.integers(0, 2)) == 0:
            given["min_samples"] = draw(st.integers(1, min(n, 4)))
    if binary or draw(st.integers(0, 4)) == 0:
        given["binary"] = binary
    return given


@st.composite
def from_counts(draw: Draw) -> Problem:
    labels, wanted = draw(st.integers(2, 3)), draw(st.integers(1, 3))
    total = draw(
        st.lists(st.integers(0, 9), min_size=labels, max_size=labels).filter(lambda each: sum(each) > 1)
    )
    samples = [label for label, count in enumerate(total) for _ in range(count)]
    known = st.sampled_from(ONE_WORD + SPACED)
    splits: Problem = {}
    for name in draw(st.lists(known, min_size=wanted, max_size=wanted, unique=True)):
        values = draw(st.sampled_from([*WORDS, *SPACED_WORDS, ["0", "1"]]))
        column = draw(cells(len(samples), values, several=True))
        pairs = list(zip(column, samples, strict=True))
        splits[name] = {
            value: [pairs.count((value, label)) for label in range(labels)]
            for value in values
            if value in column
        }
    given: Problem = {"counts": total, "splits": splits}
    if draw(st.integers(0, 2)) == 0:
        given["binary"] = draw(st.booleans())
    return given


@st.composite
def problems_info_gain(draw: Draw) -> Problem:
    given = draw(st.one_of(from_a_table(), from_a_table(), from_a_table(), from_counts()))
    if draw(st.integers(0, 3)):
        given["criterion"] = draw(st.sampled_from(CRITERIA))
    problem = {"kind": "info-gain", "given": given}
    assume(not doubtful(problem))
    return problem
