"""Information gain and decision trees.

What it solves
    Which column of a table says most about the labels: the entropy of the labels, the entropy that is left
    after each split, the gains side by side, and the choice; or the whole tree, node by node. Also by gain
    ratio, by Gini index and by classification error, for columns of words and of numbers.

Method
    With the share pᵢ of each label among n samples:

        H = −∑ pᵢ log₂ pᵢ      gini = 1 − ∑ pᵢ²      error = 1 − max pᵢ

    A column A splits the samples into those with A = v for each of its values. What is left and what is gained:

        remainder(A) = ∑ᵥ nᵥ/n H(A=v)      gain(A) = H − remainder(A)

    The gain ratio divides the gain by split_info(A) = −∑ᵥ nᵥ/n log₂(nᵥ/n); it is 0 where that is 0. A column
    of numbers with more than two values is split at the best threshold midway between neighbouring values,
    by the same criterion; `binary` splits a column of words into the best two groups of values (CART). Equal
    gains, compared exactly, go to the column that stands first.

    A tree splits every node again by the columns that are left (ID3), until its labels agree, no column splits
    it, or `max_depth` or `min_samples` forbids. A leaf has the most frequent label; of equally frequent ones
    that of the node above, then the one that is seen first. It has branches for the values that occur.

Legend
    H entropy in bits, A a column, v a value, n samples; `A2=1/H` is a quantity at the node where A2 is 1.

Mistakes
    Marking knows, besides those of all kinds: unweighted (branches that count alike), threshold-ignored (numbers
    taken for words), not-midway (a value of the column as the threshold), values-grouped, groups-ignored.

Source
    Quinlan: Induction of decision trees (1986), C4.5 (1993); Breiman, Friedman, Olshen, Stone: Classification
    and regression trees (1984); Mitchell: Machine Learning, chapter 3; Russell, Norvig: Artificial
    Intelligence, 19.3.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, NamedTuple

import numpy as np

from solver.derivation import Board, Cell, Message, Result, Stopped, Text, Worked, say
from solver.errors import SolverError, SolverErrors, counted, did_you_mean, listed, quoted
from solver.expr.edits import LIKELY, PLAIN, POSSIBLE, Slip
from solver.expr.nodes import Const, Expr, Sym, apply
from solver.expr.ops import largest, log2, number, terms, total
from solver.expr.values import Array, Scalar, double, gather, label
from solver.kinds import Kind, Mistake, taken
from solver.parts.impurity import (
    CHOOSE,
    CRITERIA,
    FORMULAS,
    MISTAKEN,
    SHARE_OF,
    TAKEN_FOR,
    TREE,
    Criterion,
    criterion_of,
    entropy,
    first_of_largest,
    mixed_up,
)
from solver.parts.splits import (
    MOST_COUNTS,
    Candidates,
    Part,
    Said,
    Samples,
    Split,
    evaluated,
    grouped,
    midway,
    shortest,
)
from solver.parts.windows import OVER
from solver.spec.fields import Fault, Fields, Flag, Leaf, Names, choice, field, names, scalar, whole
from solver.spec.names import escaped
from solver.spec.numbers import as_fraction, read_array
from solver.spec.table import Column as Cells
from solver.spec.table import Table, read_csv, read_rows, read_text
from solver.spec.yaml import Items, Node, Pairs

DEEPEST = 200
"""A deeper tree is no use to anybody."""

SHOWN_SAMPLES = 30
SHOWN_COLUMNS = 12
SHOWN_CANDIDATES = 12
"""So many thresholds or groupings of a column are listed; of more, the best ones."""

LEAST_NODES = 5
"""So many are shown in any case: a page leaves nothing out of a series so short."""
MOST_NODES = 12
MOST_TABLES = 40
"""So many nodes of a tree are worked out on the page, and so many columns at them."""

MOST_COLUMNS = 12
"""Of more columns the first ones are worked out on the page."""
MOST_BELOW = 18
"""So many at a node below the root of a long table, each counted once for every label."""
LONG_TABLE = 100

CLOSE = 1e-4
"""Gains that differ by less may look equal."""

MOST_LABELS = 200

MOST_VALUES = 16
"""All groupings of so many values are tried."""


# Fields


def _counts(node: Node) -> tuple[int, ...]:
    """The counts of the labels."""
    if isinstance(node, Pairs):
        raise SolverError("a list of counts is needed here", node.span, "such as [9, 5]")
    counts = read_array(node, [1])
    for place, count in enumerate(counts.array):
        if as_fraction(count).denominator != 1 or count < 0:
            span = node[place].span if isinstance(node, Items) else node.span
            raise SolverError(f"{quoted(str(counts.plain()[place]))} is no count", span)
    return tuple(int(count) for count in counts.array)


def _splits(node: Node) -> Mapping[str, Mapping[str, tuple[int, ...]]]:
    """The counts of the labels for each value of each column."""
    if not isinstance(node, Pairs) or not node:
        raise SolverError("a mapping of columns is needed here", node.span, "such as {wind: {weak: [6, 2]}}")
    found: dict[str, Mapping[str, tuple[int, ...]]] = {}
    faults: list[SolverError] = []
    for name, values in node.items():
        if not isinstance(values, Pairs) or not values:
            message = f"{quoted(name)} needs the counts of each of its values"
            faults.append(SolverError(message, values.span, "such as {weak: [6, 2], strong: [3, 3]}"))
            continue
        parts: dict[str, tuple[int, ...]] = {}
        found[name] = parts
        for value, counts in values.items():
            try:
                parts[value] = _counts(counts)
            except SolverError as error:
                faults += error.errors
    if faults:
        raise SolverErrors(faults)
    return found


_COUNTS: dict[str, Any] = {
    "anyOf": [{"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 1}, {"type": "string"}]
}
_SPLIT = {"type": "object", "additionalProperties": _COUNTS}
_ROW = {"type": "object", "minProperties": 2}
TEXT = Leaf(read_text, {"type": "string"})
ROWS = Leaf(read_rows, {"type": "array", "items": _ROW, "minItems": 1})
CSV = Leaf(read_csv, {"type": "string"})
COUNTS = Leaf(_counts, _COUNTS)
SPLITS = Leaf(_splits, {"type": "object", "additionalProperties": _SPLIT})
NAME = Leaf(lambda node: scalar(node, "the name of a column").text.strip(), {"type": ["string", "number"]})
NONE: tuple[str, ...] = ()


def _features(node: Node) -> tuple[str, ...]:
    if isinstance(node, Items) and not node:
        raise SolverError("the list is empty", node.span, "leave it out for all columns")
    return names(node)


FEATURES = Leaf(
    _features, {"anyOf": [{"type": "array", "items": {"type": "string"}, "minItems": 1}, {"type": "string"}]}
)


class Given(Fields):
    """The data of a choice between columns."""

    table: Annotated[Table | None, TEXT] = field(
        "the samples as text: a header row, then rows; columns by commas, bars or white space", None
    )
    rows: Annotated[Table | None, ROWS] = field("the samples as a list of mappings", None)
    csv: Annotated[Table | None, CSV] = field("the samples in a CSV file in the problem file's folder", None)
    counts: Annotated[tuple[int, ...] | None, COUNTS] = field(
        "in place of samples: how many there are of each label", None
    )
    splits: Annotated[Mapping[str, Mapping[str, tuple[int, ...]]] | None, SPLITS] = field(
        "with counts: the counts of the labels for each value of each column", None
    )
    target: Annotated[str | None, NAME] = field("the column of the labels", None)
    features: Annotated[tuple[str, ...], FEATURES] = field(
        "the columns to choose from (default: all others)", NONE
    )
    ignore: Names = field("columns that are left out", NONE)
    criterion: Annotated[str, choice(*CRITERIA)] = field(
        "entropy (default), gain-ratio, gini or error", "entropy"
    )
    task: Annotated[str, choice("gain", "tree")] = field("gain (default) or tree", "gain")
    max_depth: Annotated[int | None, whole(1, DEEPEST)] = field(
        "the depth of a tree, the root being 0 (default: no limit)", None
    )
    min_samples: Annotated[int, whole(1, 10**9)] = field("a node with fewer samples is a leaf (default 2)", 2)
    binary: Flag = field("whether words are split into two groups of values, as CART does", False)
    numeric: Names = field("columns that are numbers, whatever they look like", NONE)
    categorical: Names = field("columns that are words, even if they look like numbers", NONE)

    @property
    def samples(self) -> Table | None:
        """The table, however it was given."""
        return next((each for each in (self.table, self.rows, self.csv) if each is not None), None)

    def faults(self) -> Iterator[Fault]:
        sources = [name for name in ("table", "rows", "csv", "counts") if getattr(self, name) is not None]
        if len(sources) != 1:
            if sources:
                yield Fault((sources[1],), f"{listed(sources, 'and')} are given, one of them is enough")
            else:
                hint = "the samples: give `table`, `rows`, `csv`, or `counts` and `splits`"
                yield Fault(("table",), "it is missing", hint)
            return
        if self.counts is not None:
            yield from self._count_faults(self.counts)
            return
        if self.splits is not None:
            yield Fault(("splits",), "they belong to `counts`, not to a table")
        if (samples := self.samples) is not None:
            yield from self._column_faults(samples)

    def _count_faults(self, counts: Sequence[int]) -> Iterator[Fault]:
        if self.splits is None:
            yield Fault(
                ("splits",), "it is missing", "the counts of the labels for each value of each column"
            )
            return
        if not sum(counts):
            yield Fault(("counts",), "there are no samples")
        if self.task == "tree":
            yield Fault(("task",), "a tree needs the samples, not only their counts")
        if self.binary and (
            many := [name for name, values in self.splits.items() if len(values) > MOST_VALUES]
        ):
            yield self._too_many(many[0], len(self.splits[many[0]]))
        for name in ("target", "features", "ignore", "numeric", "categorical"):
            if getattr(self, name):
                yield Fault((name,), "it belongs to a table")
        for name, values in self.splits.items():
            short = [value for value, part in values.items() if len(part) != len(counts)]
            for value in short:
                message = f"{counted(len(values[value]), 'count')} for {counted(len(counts), 'label')}"
                yield Fault(("splits", name, value), message)
            for value, part in values.items():
                if not sum(part):
                    yield Fault(("splits", name, value), "there are no samples", "leave the value out")
            sums = [sum(column) for column in zip(*values.values(), strict=False)]
            if not short and sums != list(counts):
                message = f"the counts of {quoted(name)} add up to {sums}, not to {list(counts)}"
                yield Fault(("splits", name), message)

    def _column_faults(self, samples: Table) -> Iterator[Fault]:
        names = list(samples.columns)
        if self.target is None:
            yield Fault(("target",), "it is missing", f"the column of the labels: {listed(names)}")
            return
        if self.target not in names:
            yield self._unknown(("target",), self.target, names)
        elif (labels := len(samples.columns[self.target].values)) > MOST_LABELS:
            hint = "labels are classes, at most 200: is this a column of numbers, or of names?"
            yield Fault(("target",), f"{quoted(self.target)} has {labels} different labels", hint)
        for of in ("features", "ignore", "numeric", "categorical"):
            given: tuple[str, ...] = getattr(self, of)
            for place, name in enumerate(given):
                path = (of, place)
                if name not in names:
                    yield self._unknown(path, name, names)
                elif name == self.target and of != "ignore":
                    yield Fault(path, f"{quoted(name)} is the target")
                elif name in given[:place]:
                    yield Fault(path, f"{quoted(name)} is named twice")
                elif of == "numeric" and samples.columns[name].floats is None:
                    cells = samples.columns[name]
                    odd = next(
                        text for text in cells.values if Cells(name, cells.codes, (text,)).floats is None
                    )
                    yield Fault(path, f"{quoted(name)} holds {quoted(odd)}, which is no number")
                elif of == "categorical" and name in self.numeric:
                    yield Fault(path, f"{quoted(name)} is `numeric` already")
        for place, name in enumerate(self.ignore):
            if name in self.features:
                yield Fault(("ignore", place), f"{quoted(name)} is one of `features`")
            if name == self.target:
                yield Fault(("ignore", place), f"{quoted(name)} is the target")
        if self.target in names and not self.chosen(samples):
            source = "features" if self.features else "ignore" if self.ignore else None
            named = next(name for name in ("table", "rows", "csv") if getattr(self, name) is not None)
            yield Fault((source or named,), "no column is left to choose from")
        for name in self.chosen(samples) if self.binary else ():
            cells = samples.columns[name]
            if not self.is_numeric(cells) and len(cells.values) > MOST_VALUES:
                yield self._too_many(name, len(cells.values))

    @staticmethod
    def _too_many(name: str, count: int) -> Fault:
        message = f"{quoted(name)} has {count} values, too many to group"
        return Fault(("binary",), message, f"at most {MOST_VALUES}; leave the column out")

    @staticmethod
    def _unknown(path: tuple[str | int, ...], name: str, names: Sequence[str]) -> Fault:
        return Fault(
            path,
            f"there is no column {quoted(name)}",
            did_you_mean(name, names) or f"columns: {', '.join(names)}",
        )

    def chosen(self, samples: Table) -> list[str]:
        """The columns to choose from, in the order of the table."""
        wanted = set(self.features or samples.columns) - {self.target, *self.ignore}
        return [name for name in samples.columns if name in wanted]

    def is_numeric(self, cells: Cells) -> bool:
        """Whether a column is split at a threshold."""
        if cells.name in self.numeric:
            return True
        if cells.name in self.categorical or cells.floats is None:
            return False
        return len(set(cells.floats.tolist())) > 2


class Inner(NamedTuple):
    """A node of the tree that is split, or may be."""

    path: str
    where: tuple[str, ...]
    rows: Array
    counts: tuple[int, ...]
    features: tuple[str, ...]
    majority: str
    known: str
    """The quantity that its impurity is already."""
    above: int = 0
    """How many samples there are at the node above."""

    @property
    def depth(self) -> int:
        return len(self.where)


class End(NamedTuple):
    """A leaf of the tree: its label, and how many of its samples have another."""

    label: str
    wrong: int


Branches = list[tuple[Part, Inner | End]]


# The solution


def solve(given: Given, board: Board) -> None:
    """Write the gains at the root, and with `task: tree` those at every inner node."""
    criterion = criterion_of(given.criterion)
    _method(criterion, board)
    if given.counts is not None and given.splits is not None:
        _solve_counts(given.counts, given.splits, given.binary, criterion, board)
        return
    table = given.samples
    assert table is not None
    numeric = {name: given.is_numeric(table.columns[name]) for name in given.chosen(table)}
    samples = Samples(table, given.target or "", numeric, criterion, given.binary)
    _show_samples(samples, board)
    if given.task == "tree":
        _Grower(given, samples, board).grow()
    else:
        rows = np.arange(table.rows)
        splits = [samples.split(feature, rows) for feature in samples.features]
        _write_node(board, samples, _root(samples), splits)
    board.check("the gains recomputed from the table", lambda: _gain_error(samples, board), 1e-9)


def _solve_counts(
    counts: tuple[int, ...],
    columns: Mapping[str, Mapping[str, tuple[int, ...]]],
    binary: bool,
    criterion: Criterion,
    board: Board,
) -> None:
    names = [f"label {place + 1}" for place in range(len(counts))]
    said = Said(names, [f"with {name}" for name in names])
    sizes = [[sum(part) for part in values.values()] for values in columns.values()]
    _write_impurity(criterion, board, "", counts, said, "", sizes)
    splits = []
    for name, values in columns.items():
        split = Split(name, [Part(value, part) for value, part in values.items()])
        if binary and len(values) > 1:
            each = np.array([*values.values()])
            split = grouped(criterion, name, list(values), each, np.arange(len(each)))
            _show_groups(criterion, board, split)
        _write_split(criterion, board, "", counts, said, split)
        splits.append(split)
    _write_choice(criterion, board, "", splits)
    board.check("the parts add up to the whole", lambda: _sums_error(counts, splits), 0)


def _root(samples: Samples) -> Inner:
    rows = np.arange(samples.table.rows)
    counts = samples.counts(rows)
    return Inner("", (), rows, counts, samples.features, _majority(samples, counts, ""), "")


def _majority(samples: Samples, counts: Sequence[int], above: str) -> str:
    """The most frequent label; of equally frequent ones that of the node above, then the first seen."""
    labels = [text for text, count in zip(samples.labels, counts, strict=True) if count == max(counts)]
    return above if above in labels else labels[0]


def _write_node(board: Board, samples: Samples, node: Inner, splits: list[Split]) -> Split:
    """The impurity at a node, each column, and the choice between them; the chosen split comes back.

    Where a threshold on the board is another than was found (rounded, or a student's own), it is the one used.
    """
    criterion, path = samples.criterion, node.path
    shown = _worked_out(samples, node, splits)
    sizes = [[sum(part.counts) for part in split.parts] for split in splits]
    larger = tuple(dict.fromkeys((samples.table.rows, node.above))) if node.where else ()
    _write_impurity(criterion, board, path, node.counts, samples.said, node.known, sizes)
    for place, split in enumerate(map(samples.named, splits)):
        quiet = place not in shown
        if split.limit is not None and len(split.parts) > 1:
            split = _write_threshold(board, samples, node, split, quiet)
        elif split.candidates is not None and not quiet:
            _show_groups(criterion, board, split)
        _write_split(criterion, board, path, node.counts, samples.said, split, larger, quiet)
        splits[place] = split
    if len(shown) < len(splits):
        others = counted(len(splits) - len(shown), "other column")
        board.note(say("{others}: worked out in the same way.", others=others))
    splitting = [split for split in splits if len(split.parts) > 1]
    best = _write_choice(criterion, board, path, splitting if splitting and node.depth else splits)
    return next(split for split in splits if split.feature == best)


def _worked_out(samples: Samples, node: Inner, splits: Sequence[Split]) -> set[int]:
    """The places of the columns that are worked out on the page: of many the first ones and the best."""
    most = MOST_COLUMNS
    if node.where and samples.table.rows > LONG_TABLE:
        most = min(6, max(2, MOST_BELOW // len(node.counts)))
    if len(splits) <= most:
        return set(range(len(splits)))
    best = samples.best(splits)
    return {*range(most - 1), max(best, most - 1)}


def _write_threshold(board: Board, samples: Samples, node: Inner, split: Split, quiet: bool) -> Split:
    """The threshold of a column of numbers, and the split at it."""
    found, criterion = split.candidates, samples.criterion
    assert found is not None
    if not quiet:
        _show_thresholds(board, samples, split)
    title = say(
        "Split {feature} midway between two neighbouring values, where the {by} is largest.",
        feature=split.feature,
        by=_GAINS[criterion.chosen_by],
    )
    if len(found.equal) > 1 and not quiet:
        equal = [
            shortest(evaluated(midway(samples.ends(split.feature, found.between, at)))) for at in found.equal
        ]
        board.note(say("{thresholds} are equally good; the smallest is taken.", thresholds=_joined(equal)))
    ends = samples.ends(split.feature, found.between, found.best)
    name = f"{node.path}threshold({escaped(split.feature)})"
    numbers = samples.floats(split.feature, node.rows)
    limit = board.value(
        board.let(
            name,
            midway(ends),
            title,
            quiet=quiet,
            bare=True,
            exactly=True,
            equals=lambda: [
                midway(samples.ends(split.feature, found.between, place)) for place in found.equal
            ],
            slips=lambda: _slips_of_threshold(samples, split, ends, numbers),
        )
    )
    if float(limit.floats) == split.limit:
        return split
    low = numbers <= float(limit.floats)
    return samples.at_threshold(
        split, limit.item(), samples.counts(node.rows[low]), samples.counts(node.rows[~low])
    )


def _method(criterion: Criterion, board: Board) -> None:
    names = ("p", "sizes", f"{criterion.measure}_parts", "q")
    p, sizes, parts, q = (board.letter(name, (2,)) for name in names)
    n = board.letter("n", ())
    formulas = {"H": -total(p * log2(p)), "gini": 1 - total(p**2), "error": 1 - largest(p)}
    board.method(Sym(criterion.measure), formulas[criterion.measure])
    board.method(Sym("remainder(A)"), total(apply(OVER, sizes, n) * parts, letter="v"))
    board.method(Sym(f"{criterion.gain}(A)"), Sym(criterion.measure) - Sym("remainder(A)"))
    if criterion.ratio:
        board.method(
            Sym("split_info(A)"),
            -total(q * log2(q), letter="v"),
        )
        board.method(Sym("gain_ratio(A)"), Sym("gain(A)") / Sym("split_info(A)"))
    what = "pᵢ: share of a label; nᵥ of the n samples have A = v, {measure}ᵥ is theirs"
    what += "; qᵥ = nᵥ/n" if criterion.ratio else ""
    board.note(say(what + ".", measure=criterion.letter))


def _sums_error(counts: Sequence[int], splits: Sequence[Split]) -> float:
    sums = [
        [sum(column) for column in zip(*(part.counts for part in split.parts), strict=True)]
        for split in splits
    ]
    return float(sum(each != list(counts) for each in sums))


def _show_samples(samples: Samples, board: Board) -> None:
    """The table itself, of a long one the first rows."""
    names = list(samples.features)
    more = len(names) - SHOWN_COLUMNS
    names = [*(names[:SHOWN_COLUMNS] if more > 0 else names), samples.target]
    rows = samples.table.rows
    shown = rows if rows <= SHOWN_SAMPLES else 6
    columns = [samples.table.columns[name] for name in names]
    title = say("The {count}.", count=counted(rows, "sample"))
    if shown < rows:
        title = say("The first {shown} of {count} samples.", shown=shown, count=f"{rows:,}")
    cells = [
        (str(row + 1), *(column.values[column.codes[row]] for column in columns)) for row in range(shown)
    ]
    board.table(title, ("", *names), cells)
    if more > 0:
        board.note(say("{count} more columns are not shown.", count=more))


def _write_impurity(
    criterion: Criterion,
    board: Board,
    path: str,
    counts: Sequence[int],
    said: Said,
    known: str,
    sizes: Sequence[Sequence[int]],
) -> None:
    """That of the labels at a node; `sizes` are those of the parts that each column makes."""
    title = say("The {noun} of the labels: {counts}.", noun=criterion.noun, counts=said(counts))
    expr = Sym(known) if known else criterion.impurity(counts)
    board.let(
        f"{path}{criterion.measure}",
        expr,
        title,
        criterion.rule,
        bare=not known,
        slips=lambda: _slips_of_impurity(criterion, counts, known, sizes),
    )


def _name(path: str, quantity: str, split: Split, part: Part | None = None) -> str:
    feature = escaped(split.feature)
    return (
        f"{path}{quantity}({feature}{part.sign}{escaped(part.text)})"
        if part
        else f"{path}{quantity}({feature})"
    )


def _write_split(
    criterion: Criterion,
    board: Board,
    path: str,
    counts: Sequence[int],
    said: Said,
    split: Split,
    larger: Sequence[int] = (),
    quiet: bool = False,
) -> None:
    """The counts and the impurity of each part, what is left, and what is gained.

    `larger` are the numbers of samples of the whole table and at the node above, below the root.
    """
    measure, n = criterion.measure, sum(counts)
    names = []
    for part in split.parts:
        names.append(_name(path, measure, split, part))
        title = say("The {noun} of the samples with {part}.", noun=criterion.noun, part=_branch(split, part))
        board.let(
            names[-1],
            criterion.impurity(part.counts),
            title,
            quiet=True,
            bare=True,
            slips=partial(_slips_of_part, criterion, path, split, part, n),
        )
    few = len(counts) <= MOST_COUNTS
    heads = [split.feature, *(said.heads if few else ()), "samples", criterion.noun]
    shown = split.parts if len(split.parts) <= 40 else split.parts[:37]
    rows = [
        (
            part.text if part.sign == "=" else f"{_SIGNS[part.sign]} {part.text}",
            *(map(str, part.counts) if few else ()),
            str(sum(part.counts)),
            Worked(name),
        )
        for part, name in zip(shown, names, strict=False)
    ]
    title = say("Split by {feature}.", feature=split.feature)
    if len(shown) < len(split.parts):
        title = say(
            "Split by {feature}, the first {shown} of {count} values.",
            feature=split.feature,
            shown=len(shown),
            count=len(split.parts),
        )
    if not quiet:
        board.table(title, heads, rows)
    sizes = [sum(part.counts) for part in split.parts]
    remainder = board.let(
        _name(path, "remainder", split),
        terms(*(apply(SHARE_OF, size, n, Sym(name)) for size, name in zip(sizes, names, strict=True))),
        "What is left: the mean over the parts, each weighted by its share of the samples.",
        quiet=quiet,
        slips=lambda: _slips_of_remainder(criterion, path, split, names, larger),
    )
    gain = board.let(
        _name(path, criterion.gain, split),
        Sym(f"{path}{measure}") - remainder,
        "What the split gains.",
        quiet=quiet,
        slips=lambda: _slips_of_gain(criterion, path, split, names, remainder, larger),
    )
    if not criterion.ratio:
        return
    info = board.let(
        _name(path, "split_info", split),
        entropy(sizes),
        "The entropy of the split itself.",
        "It is large for a column with many values, which splits finely without saying more.",
        quiet=quiet,
        bare=True,
        slips=lambda: _slips_of_split_info(path, sizes, remainder),
    )
    splits = sum(size > 0 for size in sizes) > 1
    board.let(
        _name(path, "gain_ratio", split),
        gain / info if splits else number(0),
        "The gain ratio." if splits else "A column with one value does not split: its gain ratio is 0.",
        quiet=quiet,
        slips=lambda: _slips_of_ratio(path, gain, info, len(sizes)) if splits else (),
    )


_SIGNS = {"=": "=", "<=": "≤", ">": ">"}


def _branch(split: Split, part: Part) -> str:
    return f"{split.feature} {_SIGNS[part.sign]} {part.text}"


def _write_choice(criterion: Criterion, board: Board, path: str, splits: Sequence[Split]) -> str:
    """The gains side by side, and the column with the largest; the page says so where there are several."""
    by = criterion.chosen_by
    scores = [_name(path, by, split) for split in splits]
    columns = ["", "gain", "gain ratio"] if criterion.ratio else ["", _GAINS[criterion.gain]]
    if len(splits) > 1:
        rows = [
            (
                split.feature,
                *((Result(_name(path, "gain", split)),) if criterion.ratio else ()),
                Result(score),
            )
            for split, score in zip(splits, scores, strict=True)
        ]
        board.table("The columns side by side.", columns, rows)
    labels = tuple(split.feature for split in splits)
    best = board.let(
        f"{path}best",
        apply(CHOOSE, *map(Sym, scores), labels=labels, by=_GAINS[by]),
        say("The column with the largest {by}.", by=_GAINS[by]),
        exactly=True,
        slips=lambda: _slips_of_choice(criterion, path, splits),
    )
    values = [board.value(score).item() for score in scores]
    ties = [labels[place] for place in first_of_largest(values)]
    if len(ties) > 1:
        board.note(
            say(
                "{columns} are equally good; the column that stands first is taken.",
                columns=_joined(ties),
            )
        )
    found: str = board.value(best).item()  # type: ignore[assignment]
    others = [as_fraction(value) for text, value in zip(labels, values, strict=True) if text not in ties]
    if others and (lead := float(max(map(as_fraction, values)) - max(others))) < CLOSE:
        board.note(say("The next best is behind by only {lead}.", lead=Const(double(lead))))
    if found not in labels:
        raise Stopped(f"{path}best", f"there is no column {quoted(str(found))} to split by")
    return found


def _joined(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


_GAINS = {"gain": "gain", "gain_ratio": "gain ratio", "gini_gain": "Gini gain", "error_gain": "error gain"}


def _show_thresholds(board: Board, samples: Samples, split: Split) -> None:
    """The thresholds with what each would gain, of many the best ones."""
    found, criterion = split.candidates, samples.criterion
    assert found is not None
    if len(found.scores) < 2:
        return
    places = _listed(found)
    title = say("Thresholds of {feature}, midway between neighbouring values.", feature=split.feature)
    if len(places) < len(found.scores):
        title = say(
            "The best of {count} thresholds of {feature}, midway between neighbouring values.",
            count=f"{len(found.scores):,}",
            feature=split.feature,
        )

    def rows() -> Iterator[tuple[Cell, ...]]:
        for place in places:
            parts = (tuple(found.left[place].tolist()), tuple(found.right[place].tolist()))
            yield (
                Const(board.value(midway(samples.ends(split.feature, found.between, place)))),
                *(samples.said(part) for part in parts),
                Const(board.value(criterion.score(parts))),
            )

    board.table(title, ("threshold", "≤ threshold", "> threshold", _GAINS[criterion.chosen_by]), rows)


def _listed(found: Candidates) -> list[int]:
    """The candidates that are shown."""
    if len(found.scores) <= SHOWN_CANDIDATES:
        return list(range(len(found.scores)))
    top = np.argsort(-found.scores, kind="stable")[:5]
    return sorted({*top.tolist(), found.best})


def _show_groups(criterion: Criterion, board: Board, split: Split) -> None:
    """The ways to group the values with what each would gain, of many the best ones."""
    found = split.candidates
    assert found is not None
    if len(found.scores) < 2:
        return
    places, what = _listed(found), "The ways"
    if len(places) < len(found.scores):
        what = f"The best of {len(found.scores):,} ways"

    def rows() -> Iterator[tuple[Cell, ...]]:
        for place in places:
            parts = (tuple(found.left[place].tolist()), tuple(found.right[place].tolist()))
            sides = [
                "|".join(itertools.compress(split.values, found.between[place] == side)) for side in (1, 0)
            ]
            yield (*sides, Const(board.value(criterion.score(parts))))

    title = say("{what} to put the values of {feature} into two groups.", what=what, feature=split.feature)
    board.table(title, ("group", "the others", _GAINS[criterion.chosen_by]), rows)
    if len(found.equal) > 1:
        board.note(say("{count} of these are equally good; the first is taken.", count=len(found.equal)))


class _Grower:
    """Grows the tree from the root, one node after the other."""

    def __init__(self, given: Given, samples: Samples, board: Board) -> None:
        self.given, self.samples, self.board = given, samples, board
        self.shown = max(LEAST_NODES, min(MOST_NODES, MOST_TABLES // len(samples.features)))
        self.grown: list[tuple[Inner, str, Branches]] = []

    def grow(self) -> None:
        root = _root(self.samples)
        waiting = [root]
        later: list[int] = []
        try:
            while waiting:
                node = waiting.pop()
                splits = [self.samples.split(feature, node.rows) for feature in node.features]
                if len(self.grown) < self.shown or self.board.whole:
                    chosen = self.write(node, splits)
                    branches = self.branches(node, chosen)
                    self.show_branches(chosen, branches)
                else:
                    splitting = [split for split in splits if len(split.parts) > 1]
                    chosen = self.samples.named(splitting[self.samples.best(splitting)])
                    later.append(self.steps(node, splits))
                    branches = self.branches(node, chosen)
                if branches or not node.where:
                    self.grown.append((node, chosen.feature, branches))
                waiting += [below for _, below in reversed(branches) if isinstance(below, Inner)]
        finally:
            if later:
                self.board.leave_out(len(later), sum(later))
        self.finish(root)

    def steps(self, node: Inner, splits: Sequence[Split]) -> int:
        """The numbered steps of a node that is not written."""
        each = 4 if self.samples.criterion.ratio else 2
        shown = [splits[place] for place in _worked_out(self.samples, node, splits)]
        thresholds = sum(split.limit is not None and len(split.parts) > 1 for split in shown)
        return 2 + each * len(shown) + thresholds

    def write(self, node: Inner, splits: list[Split]) -> Split:
        title: Message | str = "The root: all samples"
        if node.where:
            count = counted(sum(node.counts), "sample")
            title = say("Where {where}: {count}", where=" and ".join(node.where), count=count)
        self.board.section(title, series="nodes", first=self.shown, last=0, within=node.path)
        if len(self.grown) == 1:
            self.board.note("From here on, all quantities are those of the samples at the node.")
        return _write_node(self.board, self.samples, node, splits)

    def branches(self, node: Inner, split: Split) -> Branches:
        """What is below a node."""
        if len(split.parts) < 2 or self.is_leaf(node.counts, node.depth):
            return []
        rows = self.samples.rows_of(split, node.rows)
        return [
            (part, self.below(node, split, part, own)) for part, own in zip(split.parts, rows, strict=True)
        ]

    def is_leaf(self, counts: Sequence[int], depth: int) -> bool:
        """Whether a node is not split: pure, too small, or deep enough."""
        deepest = self.given.max_depth
        pure = sum(count > 0 for count in counts) < 2
        return pure or sum(counts) < self.given.min_samples or (deepest is not None and depth >= deepest)

    def below(self, node: Inner, split: Split, part: Part, rows: Array) -> Inner | End:
        """What is below a branch: a leaf, or a node to be split."""
        samples = self.samples
        majority = _majority(samples, part.counts, node.majority)
        again = split.limit is not None or self.given.binary
        features = tuple(each for each in node.features if again or each != split.feature)
        if self.is_leaf(part.counts, node.depth + 1) or not any(
            samples.varies(each, rows) for each in features
        ):
            return End(majority, sum(part.counts) - part.counts[samples.labels.index(majority)])
        if node.depth + 1 >= DEEPEST:
            message = f"the tree is deeper than {DEEPEST} levels"
            raise Stopped(f"{node.path}best", message, "set `max_depth` or `min_samples`", ("task",))
        key = f"{escaped(split.feature)}{part.sign}{escaped(part.text)}"
        known = _name(node.path, samples.criterion.measure, split, part)
        where = (*node.where, _branch(split, part))
        path, above = f"{node.path}{key}/", sum(node.counts)
        return Inner(path, where, rows, part.counts, features, majority, known, above)

    def leaf(self, node: Inner) -> End:
        """A node that no column splits after all: a threshold of a student's own may lie outside."""
        return End(node.majority, sum(node.counts) - node.counts[self.samples.labels.index(node.majority)])

    def show_branches(self, split: Split, branches: Branches) -> None:
        rows = [
            (
                _branch(split, part),
                self.samples.said(part.counts),
                self.becomes(part, below),
            )
            for part, below in branches
        ]
        if rows:
            self.board.table("The branches.", ("", "labels", ""), rows)

    def becomes(self, part: Part, below: Inner | End) -> Text:
        if isinstance(below, Inner):
            return "split again"
        tied = sum(count == max(part.counts) for count in part.counts) > 1
        return say("leaf: {label} (a tie)" if tied else "leaf: {label}", label=below.label)

    def finish(self, root: Inner) -> None:
        """The tree from its leaves up, and its errors on its own table."""
        board, samples = self.board, self.samples
        trees: dict[str, Expr] = {}
        wrong = 0
        for node, feature, branches in reversed(self.grown):
            if not branches:
                continue
            branches = [
                (part, below if isinstance(below, End) or below.path in trees else self.leaf(below))
                for part, below in branches
            ]
            wrong += sum(below.wrong for _, below in branches if isinstance(below, End))
            parts = [
                Const(label(below.label)) if isinstance(below, End) else trees[below.path]
                for _, below in branches
            ]
            texts = tuple(part.text if part.sign == "=" else part.sign + part.text for part, _ in branches)
            best = f"{node.path}best"
            if best in board.derivation.quantities:
                expr = apply(TREE, Sym(best), *parts, values=texts)
                trees[node.path] = board.let(
                    f"{node.path}tree", expr, "The tree below.", quiet=True, exactly=True
                )
            else:  # of a node that is left out, as are those below it
                below = [part.value.item() for part in parts if isinstance(part, Const)]
                trees[node.path] = Const(label({feature: dict(zip(texts, below, strict=True))}))
        if "" not in trees:
            wrong = sum(root.counts) - root.counts[samples.labels.index(root.majority)]
            board.let("tree", Const(label(root.majority)), "The tree is a single leaf.", exactly=True)
        board.section("The tree")
        board.let(
            "training_error",
            number(wrong) / sum(root.counts),
            "The share of its own samples that the tree classifies wrongly.",
            bare=True,
            slips=lambda: _slips_of_error(wrong, sum(root.counts)),
        )
        board.check("the tree classifies its table", lambda: _tree_error(samples, board), 0)


def _gain_error(samples: Samples, board: Board) -> float:
    """Each gain at the root once more from the table, in doubles: as the mutual information of two columns."""
    worst = 0.0
    for feature in samples.features:
        if samples.numeric[feature] or samples.binary:
            continue
        codes = samples.table.columns[feature].codes
        joint = np.zeros((int(codes.max()) + 1, len(samples.labels)))
        np.add.at(joint, (codes, samples.y), 1)
        stated = float(board.floats(f"{samples.criterion.gain}({escaped(feature)})"))
        worst = max(worst, abs(stated - _gain(joint, samples.criterion.measure)))
    return worst


def _tree_error(samples: Samples, board: Board) -> float:
    """How many of the samples the nested mapping classifies wrongly, against the number that is stated."""
    wrong = 0
    waiting: list[tuple[Any, Array]] = [(board.value("tree").item(), np.arange(samples.table.rows))]
    while waiting:
        node, rows = waiting.pop()
        if not isinstance(node, dict):
            wrong += int((samples.y[rows] != samples.labels.index(node)).sum())
            continue
        ((feature, branches),) = node.items()
        waiting += [
            (below, rows[_on_branch(samples, feature, rows, text)]) for text, below in branches.items()
        ]
    return float(abs(wrong - round(float(board.floats("training_error")) * samples.table.rows)))


def _on_branch(samples: Samples, feature: str, rows: Array, text: str) -> Array:
    if samples.numeric[feature]:
        sign = ">" if text.startswith(">") else "<="
        x, limit = samples.floats(feature, rows), float(Fraction(text.removeprefix(sign)))
        return np.asarray(x <= limit if sign == "<=" else x > limit)
    cells = samples.table.columns[feature]
    wanted = {text, *text.split("|")} if samples.binary else {text}
    return np.isin(cells.codes[rows], [place for place, value in enumerate(cells.values) if value in wanted])


def _gain(joint: Array, measure: str) -> float:
    shares = joint / joint.sum()
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    if measure == "H":
        together = np.outer(rows, columns)
        there = shares > 0
        return float((shares[there] * np.log2(shares[there] / together[there])).sum())
    if measure == "gini":
        return float((shares**2 / rows[:, None]).sum() - (columns**2).sum())
    return float(shares.max(axis=1).sum() - columns.max())


# What students do by mistake


def mistakes(given: Given) -> Iterator[Mistake]:
    """Another logarithm, another impurity, parts of another kind."""
    samples = given.samples
    labels = len(given.counts or ()) if samples is None else len(samples.columns[given.target or ""].values)
    for name in TAKEN_FOR[given.criterion]:
        mistaken = MISTAKEN[name]
        if labels in mistaken.labels:
            yield taken(given, mistaken.name, mistaken.says, *mistaken.also, criterion=name)
    widths = [len(values) for values in (given.splits or {}).values()]
    if samples is not None:
        columns = [samples.columns[name] for name in given.chosen(samples)]
        widths = [len(column.values) for column in columns if not given.is_numeric(column)]
    if given.binary and max(widths, default=0) > 2:
        says = "The values are put into two groups here: there is no branch for each value."
        yield taken(given, "groups-ignored", says, "other-operation", binary=False, task="gain")
    elif 2 < max(widths, default=0) <= MOST_GROUPED:
        says = "Here each value has a branch of its own: the values are not put into two groups."
        yield taken(given, "values-grouped", says, "other-operation", binary=True, task="gain")


MOST_SPLIT = 100
"""A column of numbers with more values is not split into all of them by mistake."""

MOST_GROUPED = 6
"""Nor is one of words with more values put into groups."""

MOST_OTHERS = 8
"""The entropies of so many columns are taken for that of the labels."""

_THRESHOLD = "A column of numbers is split in two at a threshold: it has no branch for each value."
_NODE = "At a node only its own samples count, not those of the whole table."


def _slips_of_impurity(
    criterion: Criterion, counts: Sequence[int], known: str, sizes: Sequence[Sequence[int]]
) -> Iterator[Slip]:
    if known:
        yield Slip("other-quantity", Sym(criterion.measure), "root:impurity", None, PLAIN, (), _NODE)
        return
    yield from _slips_of_measure(criterion, counts)
    says = f"That is the {criterion.noun} of a column: what is asked for is that of the labels."
    for each in sizes[:MOST_OTHERS]:
        yield Slip("other-quantity", criterion.impurity(each), "column:impurity", None, LIKELY, (), says)


def _slips_of_measure(criterion: Criterion, counts: Sequence[int]) -> Iterator[Slip]:
    yield from _slips_of_entropy(criterion, counts)
    right = next(name for name in FORMULAS if CRITERIA[name].measure == criterion.measure)
    for wrong in FORMULAS:
        if wrong != right:
            other, says = CRITERIA[wrong].impurity(counts), mixed_up(right, wrong)
            yield Slip("other-function", other, f"{wrong}:measure", None, LIKELY, (), says)


def _slips_of_entropy(criterion: Criterion, counts: Sequence[int]) -> Iterator[Slip]:
    if criterion.measure != "H":
        return
    right = criterion.impurity(counts)
    says = "The minus before the sum is missing: logarithms of shares are negative, an entropy is not."
    yield Slip("sign", -right, "minus:entropy", None, PLAIN, (), says)
    says = "The entropy is −∑ p log₂ p itself; it is the Gini index that begins with 1 −."
    yield Slip("extra-term", 1 - right, "complement:entropy", None, POSSIBLE, (), says)
    there = [count for count in counts if count]
    if len(there) != 2:
        return
    if there[0] == there[1]:
        half, name = number(Fraction(1, 2)), "other-function"
        says = "Two equal shares have an entropy of 1; 1/2 is each share, and their Gini index."
        yield Slip(name, half, "half:entropy", None, PLAIN, ("other-quantity",), says, fact=True)
    p, q = (apply(OVER, count, sum(there)) for count in there)
    says = "Each share is multiplied by the logarithm of itself, not of the other one."
    also = ("wrong-index", "other-quantity")
    yield Slip("swapped-operands", -p * log2(q) - q * log2(p), "crossed:entropy", None, LIKELY, also, says)


def _slips_of_part(criterion: Criterion, path: str, split: Split, part: Part, n: int) -> Iterator[Slip]:
    yield from _slips_of_measure(criterion, part.counts)
    pure = sum(count > 0 for count in part.counts) == 1
    if pure:
        says = f"Where all labels agree the {criterion.noun} is 0: there is nothing left to find out."
        yield Slip(
            "other-quantity", number(1), "one:part", None, PLAIN, ("swapped-operands",), says, fact=True
        )
    says = "The shares within a branch are out of its own samples, not out of all."
    wrong, key = criterion.impurity(part.counts, n), "all-pure:part" if pure else "all:part"
    yield Slip("other-quantity", wrong, key, None, LIKELY, ("dropped-factor",), says)
    if len(split.parts) == len(part.counts):
        column = [each.counts[split.parts.index(part)] for each in split.parts]
        says = "You read the table the other way: count the labels in each branch, not the branches of each label."
        also = ("swapped-operands", "other-quantity")
        if any(column):
            wrong = criterion.impurity(column)
            yield Slip("rows-for-columns", wrong, "turned:part", None, LIKELY, also, says)
    if path and split.candidates is None:
        root = Sym(_name("", criterion.measure, split, part))
        yield Slip("other-quantity", root, "root:part", None, LIKELY, (), _NODE)


def _slips_of_remainder(
    criterion: Criterion, path: str, split: Split, names: Sequence[str], larger: Sequence[int]
) -> Iterator[Slip]:
    parts = [part.counts for part in split.parts]
    sizes = [sum(part) for part in parts]
    for n, says in zip(larger, _WEIGHTS, strict=False):
        wrong = _weighted(sizes, n, names)
        yield Slip("other-quantity", wrong, "all:remainder", None, LIKELY, ("dropped-factor",), says)
    if path:
        root = Sym(_name("", "remainder", split))
        yield Slip("other-quantity", root, "root:remainder", None, LIKELY, (), _NODE)
    if each := _each_number(split):
        also = ("other-operation",)
        wrong, pure = _remainder(criterion, each), _all_pure(each)
        says = _NOTHING_LEFT if pure else _THRESHOLD
        yield Slip("threshold-ignored", wrong, "each:remainder", None, PLAIN, also, says, fact=pure)
    own = criterion.impurity(sizes)
    says = f"That is the {criterion.noun} of the column itself: take that of the labels in each branch."
    yield Slip("other-quantity", own, "column:remainder", None, LIKELY, ("other-function",), says)
    of_label = [column for column in zip(*parts, strict=True) if any(column)]
    says = "You weighted by shares of one label: each branch counts with its share of all samples."
    for column in of_label if len(of_label) <= MOST_WEIGHED else ():
        wrong = _weighted(column, sum(column), names)
        yield Slip("other-quantity", wrong, "label:remainder", None, LIKELY, ("dropped-factor",), says)
    cells = criterion.impurity([count for part in parts for count in part])
    says = f"You took the {criterion.noun} of column and labels together: take that of each branch by itself."
    yield Slip("other-quantity", cells, "together:remainder", None, POSSIBLE, (), says)
    wrong = _remainder(criterion, of_label)
    says = "Rows and columns are exchanged: count the labels within each value of the column."
    yield Slip("rows-for-columns", wrong, "turned:remainder", None, POSSIBLE, ("swapped-operands",), says)


MOST_WEIGHED = 3
"""Of so many labels each one's shares are taken for the weights."""

_WEIGHTS = (
    "The weights at a node are out of its own samples, not out of the whole table.",
    "The weights at a node are out of its own samples, not out of those at the node above.",
)
_NOTHING_LEFT = (
    "Only with a branch for each number would nothing be left:"
    " a column of numbers is split in two at a threshold."
)


def _weighted(sizes: Sequence[int], n: int, names: Sequence[str]) -> Expr:
    return terms(*(apply(SHARE_OF, size, n, Sym(name)) for size, name in zip(sizes, names, strict=True)))


def _all_pure(parts: Sequence[Sequence[int]]) -> bool:
    return all(sum(count > 0 for count in part) < 2 for part in parts)


def _remainder(criterion: Criterion, parts: Sequence[Sequence[int]]) -> Expr:
    n = sum(map(sum, parts))
    return terms(*(apply(SHARE_OF, sum(part), n, criterion.impurity(part)) for part in parts))


def _each_number(split: Split) -> list[list[int]]:
    """The counts of the labels for each value of a column of numbers."""
    found = split.candidates
    if split.limit is None or found is None or not 2 < len(found.between) <= MOST_SPLIT:
        return []
    counts: list[list[int]] = np.diff(found.left, axis=0, prepend=0).tolist()
    return [*counts, found.right[-1].tolist()]


def _slips_of_gain(
    criterion: Criterion,
    path: str,
    split: Split,
    names: Sequence[str],
    remainder: Expr,
    larger: Sequence[int],
) -> Iterator[Slip]:
    whole = Sym(f"{path}{criterion.measure}")
    if each := _each_number(split):
        wrong, pure = whole - _remainder(criterion, each), _all_pure(each)
        also, says = ("other-operation", "dropped-term"), _NOTHING_LEFT if pure else _THRESHOLD
        yield Slip("threshold-ignored", wrong, "each:gain", None, PLAIN, also, says, fact=pure)
    says = "That is the remainder, what is left after the split: the gain is what the split takes away."
    yield Slip("other-quantity", remainder, "remainder:gain", None, PLAIN, ("dropped-term",), says)
    sizes = [sum(part.counts) for part in split.parts]
    first, *others = (
        apply(SHARE_OF, size, sum(sizes), Sym(name)) for size, name in zip(sizes, names, strict=True)
    )
    if others:
        says = "All of the remainder is subtracted: every one of its terms has a minus."
        yield Slip("brackets", terms(whole - first, *others), "open:gain", remainder, PLAIN, ("sign",), says)
    for n, says in zip(larger, _WEIGHTS, strict=False):
        wrong = whole - _weighted(sizes, n, names)
        yield Slip("other-quantity", wrong, "all:gain", None, LIKELY, ("dropped-factor",), says)
    if path:
        wrong = Sym(criterion.measure) - remainder
        yield Slip("other-quantity", wrong, "from-root:gain", None, LIKELY, (), _NODE)
        root = Sym(_name("", criterion.gain, split))
        yield Slip("other-quantity", root, "root:gain", None, LIKELY, (), _NODE)
    if criterion.measure == "H":
        says = "You subtracted from 1: the gain starts from the entropy of the labels."
        yield Slip("other-quantity", 1 - remainder, "one:gain", None, LIKELY, (), says)
        says = "The gain is the difference itself: it is not divided by the entropy."
        wrong = (whole - remainder) / whole
        yield Slip("extra-factor", wrong, "relative:gain", None, POSSIBLE, (), says)
    says = "You divided: the gain is the difference."
    yield Slip("other-operation", whole / remainder, "divided:gain", None, LIKELY, (), says)


def _slips_of_split_info(path: str, sizes: Sequence[int], remainder: Expr) -> Iterator[Slip]:
    yield from _slips_of_entropy(CRITERIA["entropy"], sizes)
    branches = [size for size in sizes if size]
    says = "You took log₂ of the number of branches: that is right only where all of them are equally large."
    also = ("unweighted", "other-function")
    yield Slip("other-quantity", log2(number(len(branches))), "even:split_info", None, LIKELY, also, says)
    says = "The split info is the entropy of the sizes of the branches: the labels do not count there."
    yield Slip("other-quantity", Sym(f"{path}H"), "labels:split_info", None, LIKELY, (), says)
    yield Slip("other-quantity", remainder, "remainder:split_info", None, LIKELY, (), says)


def _slips_of_ratio(path: str, gain: Expr, info: Expr, branches: int) -> Iterator[Slip]:
    says = "You gave the gain itself: for the gain ratio it is divided by the split info."
    yield Slip("dropped-factor", gain, "drop:ratio", info, PLAIN, ("other-quantity",), says)
    says = "You divided by the entropy of the labels: it is the split info that the gain is divided by."
    yield Slip("other-quantity", gain / Sym(f"{path}H"), "labels:ratio", None, PLAIN, (), says)
    says = "You divided by the number of branches: it is the split info that the gain is divided by."
    yield Slip("other-quantity", gain / branches, "branches:ratio", None, POSSIBLE, (), says)
    says = "The gain is divided by the split info; you subtracted it."
    yield Slip("other-operation", gain - info, "minus:ratio", None, LIKELY, (), says)
    says = "You multiplied: the gain is divided by the split info."
    yield Slip("other-operation", gain * info, "times:ratio", None, LIKELY, (), says)
    says = "The two are exchanged: the gain is divided by the split info, not the other way."
    yield Slip("swapped-operands", info / gain, "swap:ratio", None, LIKELY, (), says)


def _slips_of_choice(criterion: Criterion, path: str, splits: Sequence[Split]) -> Iterator[Slip]:
    labels, by = tuple(split.feature for split in splits), criterion.chosen_by

    def first(scores: Iterable[Expr]) -> Expr:
        return apply(CHOOSE, *scores, labels=labels, by=_GAINS[by])

    if criterion.ratio:
        wrong = first(Sym(_name(path, "gain", split)) for split in splits)
        says = "That column has the largest gain: it is the gain ratio that decides here."
        yield Slip("other-quantity", wrong, "gain:best", None, PLAIN, (), says)
    wrong = first(-Sym(_name(path, by, split)) for split in splits)
    says = f"That column has the smallest {_GAINS[by]}: the one with the largest is chosen."
    yield Slip("other-function", wrong, "least:best", None, PLAIN, ("sign",), says)


def _slips_of_threshold(
    samples: Samples, split: Split, ends: Sequence[Scalar], numbers: Array
) -> Iterator[Slip]:
    """A value of the column itself, the middle of all, or another threshold than the best."""
    lower, upper = (Const(gather([end], ())) for end in ends)
    says = "That value makes the same split, but the threshold asked for is midway between it and the next."
    yield Slip("not-midway", lower, "lower:threshold", None, PLAIN, ("other-quantity",), says, fact=True)
    says = "That is the first value above the threshold, which is midway between it and the one before."
    yield Slip("not-midway", upper, "upper:threshold", None, PLAIN, ("other-quantity",), says, fact=True)
    found, says = split.candidates, "There the split gains less: the threshold is where it gains most."
    if found is not None and len(found.scores) <= SHOWN_CANDIDATES:
        for place in range(len(found.scores)):
            if place not in found.equal:
                wrong = midway(samples.ends(split.feature, found.between, place))
                also = ("wrong-index",)
                yield Slip("other-quantity", wrong, "worse:threshold", None, LIKELY, also, says, fact=True)
    for middle, called in ((numbers.mean(), "mean"), (np.median(numbers), "median")):
        wrong = Const(double(np.asarray(middle)))
        says = f"That is the {called} of the column: the threshold is where the split gains most."
        yield Slip("other-quantity", wrong, f"{called}:threshold", None, LIKELY, (), says)


def _slips_of_error(wrong: int, n: int) -> Iterator[Slip]:
    right = number(n - wrong) / n
    says = "That is the share of the samples that the tree classifies rightly: the error is the rest."
    yield Slip("other-quantity", right, "accuracy:error", None, PLAIN, ("dropped-term",), says)


def _columns(given: Given) -> Sequence[str]:
    samples = given.samples
    return list(given.splits or ()) if samples is None else given.chosen(samples)


def ask(given: Given) -> Sequence[str]:
    """The impurity, each gain, the best column; the tree."""
    criterion = criterion_of(given.criterion)
    features = _columns(given)
    gains = [f"{criterion.chosen_by}({escaped(feature)})" for feature in features]
    if criterion.ratio:
        gains = [f"{gain}({escaped(feature)})" for gain in ("gain", "gain_ratio") for feature in features]
    return [criterion.measure, *gains, "best", *(["tree"] if given.task == "tree" else [])]


EXAMPLE = """\
kind: info-gain
title: Which question splits five samples best?
given:
  table: |
    A1 A2 A3 y
    1  0  0  0
    1  0  1  0
    0  1  0  0
    1  1  1  1
    1  1  0  1
  target: y
  task: tree
"""

kind = Kind(
    name="info-gain",
    title="Information gain and decision trees",
    given=Given,
    solve=solve,
    ask=ask,
    letters={
        "gain_ratio": "gain ratio",
        "split_info": "split info",
        "gini_gain": "Gini gain",
        "error_gain": "error gain",
        "gini": "Gini",
        "training_error": "training error",
        "sizes": "n",
        "H_parts": "H",
        "gini_parts": "Gini",
        "error_parts": "error",
    },
    quantities={
        "H": "the entropy of the labels (`gini`, `error` by these criteria); asked",
        "H(A=v)": "that of the samples in which the column A is v; `H(A<=75)` below a threshold",
        "threshold(A)": "where a column of numbers is split",
        "remainder(A)": "what is left after the split by A",
        "gain(A)": "what the split gains (`gini_gain(A)`, `error_gain(A)`); asked",
        "split_info(A)": "the entropy of the split itself (gain ratio)",
        "gain_ratio(A)": "the gain over the split info; asked by this criterion",
        "best": "the column that is chosen; asked",
        "A2=1/gain(A3)": "a quantity at the node where A2 is 1 (tree); likewise `A<=75/H`",
        "tree": "the tree as {column: {value: tree or label}}; asked with `task: tree`",
        "training_error": "the share of its own samples that the tree classifies wrongly",
    },
    example=EXAMPLE,
    docs=__doc__ or "",
    mistakes=mistakes,
)
