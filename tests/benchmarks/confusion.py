"""Prints what marking takes for what: `python -m tests.benchmarks.confusion [--failures]`.

Two tables over `tests/mistakes/cases.yaml`: the expected verdict against the one given, and the expected name of
a mistake against the one given; then the promises, kind by kind.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.mistakes.files import cases
from tests.mistakes.marked import ABSENT, Marked, Outcome, can_mark, marked, sure

VERDICTS = ("correct", "carried", "imprecise", "mistake", "wrong", "blank", "unreadable")


def table(rows: Sequence[str], columns: Sequence[str], counts: Counter[tuple[str, str]]) -> str:
    """Counts by row and column; a dot for none."""
    left = max(map(len, rows), default=0)
    lines = [" " * left + "  " + "  ".join(columns)]
    for row in rows:
        cells = (str(counts[row, column] or "·").rjust(len(column)) for column in columns)
        lines.append(f"{row:<{left}}  " + "  ".join(cells))
    return "\n".join(lines)


def verdicts(outcomes: Iterable[Outcome]) -> str:
    """Expected verdicts in rows, given ones in columns."""
    counts = Counter((outcome.expected["verdict"], outcome.given["verdict"]) for outcome in outcomes)
    columns = [*VERDICTS, *([ABSENT] if any(given == ABSENT for _, given in counts) else [])]
    return table(VERDICTS, columns, counts)


def names(outcomes: Iterable[Outcome]) -> str:
    """The expected name of each mistake, and what it was called instead where it was called something else."""
    lines = []
    groups: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        if outcome.expected["verdict"] != "mistake":
            key = f"({outcome.expected['verdict']})"
            if outcome.claims:
                groups.setdefault(key, Counter())[f"called {outcome.named[0]}"] += 1
            continue
        given = outcome.named[0] if outcome.claims else outcome.given["verdict"]
        said = (
            "right"
            if outcome.diagnosed
            else f"{given} at {outcome.given.get('at')}"
            if outcome.claims
            else given
        )
        groups.setdefault(outcome.expected["mistake"][0], Counter())[said] += 1
    for name, counts in sorted(groups.items()):
        lines.append(f"{name:<20} " + ", ".join(f"{said} {count}" for said, count in counts.most_common()))
    return "\n".join(lines)


def percent(part: int, whole: int) -> str:
    """A share with its counts."""
    return f"{part}/{whole} ({part / whole:.1%})" if whole else "none"


def promises(papers: Sequence[Marked]) -> str:
    """The four percentages and the points, for all cases and kind by kind."""
    kinds = sorted({paper.case["problem"]["kind"] for paper in papers})
    lines = []
    for kind in ("all", *kinds):
        chosen = [paper for paper in papers if kind in ("all", paper.case["problem"]["kind"])]
        found = list(sure(chosen))
        mistakes = [outcome for outcome in found if outcome.expected["verdict"] == "mistake"]
        carried = [outcome for outcome in found if outcome.expected["verdict"] == "carried"]
        claims = [outcome for outcome in found if outcome.claims]
        sums = [paper for paper in chosen if "points" in paper.case and not paper.case.get("unsure")]
        cells = [
            f"verdicts {percent(sum(outcome.right for outcome in found), len(found))}",
            f"diagnosed {percent(sum(outcome.diagnosed for outcome in mistakes), len(mistakes))}",
            f"false {percent(sum(outcome.false for outcome in claims), len(claims))}",
            f"carried {percent(sum(outcome.right for outcome in carried), len(carried))}",
            f"points {percent(sum(paper.paid for paper in sums), len(sums))}",
        ]
        lines.append(f"{kind:<12} {len(chosen):>4} papers: " + ", ".join(cells))
    return "\n".join(lines)


def main() -> None:
    if not can_mark():
        sys.exit("the program does not mark answers yet")
    papers = [marked(case) for case in cases()]
    outcomes = list(sure(papers))
    print("Verdicts: expected in rows, given in columns\n")
    print(verdicts(outcomes))
    print("\nMistakes: the expected name, and what was said\n")
    print(names(outcomes))
    print("\nPromises: verdicts 97 %, diagnosed 90 %, false at most 2 %, carried 97 %\n")
    print(promises(papers))
    if "--failures" in sys.argv[1:]:
        for paper in papers:
            told = [
                outcome.told()
                for outcome in paper.outcomes
                if outcome.sure and not (outcome.right or outcome.diagnosed)
            ]
            print(
                "\n".join([*([f"{paper.case['id']}: {paper.fault}"] if paper.fault else []), *told]),
                end="\n" * bool(told),
            )


if __name__ == "__main__":
    main()
