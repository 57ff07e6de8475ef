"""Marking finds the mistakes that people make, and no others.

The cases are those of `mistakes/cases.yaml`: wrong answers computed by making the mistake, in plain numpy. Here
every twelfth one is marked, with `-m fuzz` all of them; `tests.benchmarks.confusion` prints what was taken for what.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from conftest import solved
from mistakes import make
from mistakes.files import CASES, cases, data_of, text_of
from mistakes.marked import Marked, Outcome, can_mark, marked, sure
from mistakes.paper import WORST, Unfit, judgements

from solver import kinds

KINDS = ("logistic-gd", "mlp-forward", "softmax-ce", "conv2d", "pool2d", "cnn-shapes", "info-gain")
marking = pytest.mark.skipif(not can_mark(), reason="the program does not mark answers yet")


def share(outcomes: Sequence[Outcome], good: Sequence[Outcome]) -> str:
    """For a test that fails: the share, and what went wrong."""
    bad = [outcome.told() for outcome in outcomes if outcome not in good]
    return "\n".join([f"{len(good)} of {len(outcomes)}", *bad[:60], *(["…"] if len(bad) > 60 else [])])


# ---------------------------------------------------------------- the cases themselves


def test_the_file_is_what_the_scripts_make() -> None:
    assert CASES.read_text("utf-8") == make.text(), "run python -m tests.mistakes.make"


def test_numbers_keep_their_digits() -> None:
    text = "a: [1.50, -0.270, 3, 1/2]\nb: 168,540\n"
    assert text_of(data_of(text)) == text
    assert data_of(text)["a"][0] == "1.50"


def test_there_are_cases_of_every_kind_and_verdict() -> None:
    found = cases()
    assert len(found) >= 260
    for kind in KINDS:
        own = [case for case in found if case["problem"]["kind"] == kind]
        verdicts = {said["verdict"] for case in own for said in case["expect"].values()}
        assert verdicts >= {"correct", "mistake", "wrong"}, kind
    every = {said["verdict"] for case in found for said in case["expect"].values()}
    assert every == {"correct", "carried", "imprecise", "mistake", "wrong", "blank", "unreadable"}


def test_the_cases_agree_with_the_program_on_what_is_right() -> None:
    """What a case calls correct is what the program computes, and what it calls a mistake is not."""
    known: dict[str, dict[str, Any]] = {}
    for case in cases():
        problem = {key: case["problem"][key] for key in ("kind", "given")}
        key = json.dumps(problem)
        if key not in known:
            values = solved(yaml.safe_load(text_of(problem))).derivation.quantities
            known[key] = {name: value.plain() for name, value in values.items()}
        for name, said in case["expect"].items():
            assert name in known[key], (case["id"], name)
            if (
                case["id"].startswith(("honest", "blank", "unreadable", "shape"))
                or said["verdict"] == "blank"
            ):
                continue
            try:
                found = judgements(case["answers"][name], known[key][name])
            except Unfit:
                continue
            worst = {"correct": "correct", "imprecise": "imprecise"}.get(said["verdict"], "wrong")
            repeated = {"imprecise"} if said.get("repeat") else set()  # a repeat earns more
            assert max(found, key=WORST.index) in {worst} | repeated, (case["id"], name)


# fmt: off
COMMON = frozenset({
    "brackets", "transpose", "sign", "dropped-term", "extra-term", "dropped-factor", "extra-factor",
    "repeated-factor", "swapped-operands", "other-operation", "other-function",
    "function-forgotten", "other-quantity", "previous-iterate", "updated-value", "off-by-one",
    "wrong-index", "rounding-direction", "kernel-flipped", "stride-ignored", "padding-ignored",
    "dilation-ignored", "rows-for-columns", "other-axis",
})
# fmt: on
"""The names of mistakes that all kinds share."""


def test_a_name_of_its_own_stands_in_the_docs_of_a_kind() -> None:
    own = {
        (case["problem"]["kind"], answer["mistake"][0])
        for case in cases()
        for answer in case["expect"].values()
        if answer.get("mistake") and answer["mistake"][0] not in COMMON
    }
    assert own
    for kind, name in sorted(own):
        assert name in kinds.find(kind).docs, (kind, name)


# ---------------------------------------------------------------- marking


@pytest.fixture(scope="module")
def papers() -> list[Marked]:
    """Every twelfth case, marked."""
    return [marked(case) for case in cases()[::12]]


def check(papers: Sequence[Marked]) -> None:
    """The promises of the project, on the answers that are not in doubt."""
    faults = [f"{paper.case['id']}: {paper.fault}" for paper in papers if paper.fault]
    assert not faults, "\n".join(faults[:20])
    outcomes = list(sure(papers))
    right = [outcome for outcome in outcomes if outcome.right]
    assert len(right) >= 0.97 * len(outcomes), share(outcomes, right)
    mistakes = [outcome for outcome in outcomes if outcome.expected["verdict"] == "mistake"]
    diagnosed = [outcome for outcome in mistakes if outcome.diagnosed]
    assert len(diagnosed) >= 0.90 * len(mistakes), share(mistakes, diagnosed)
    claims = [outcome for outcome in outcomes if outcome.claims]
    true = [outcome for outcome in claims if not outcome.false]
    assert len(claims) - len(true) <= 0.02 * len(claims), share(claims, true)
    carried = [outcome for outcome in outcomes if outcome.expected["verdict"] == "carried"]
    kept = [outcome for outcome in carried if outcome.right]
    assert len(kept) >= 0.97 * len(carried), share(carried, kept)
    sums = [paper for paper in papers if "points" in paper.case and not paper.case.get("unsure")]
    unpaid = [
        f"{paper.case['id']}: {paper.points}, not {paper.case['points']}" for paper in sums if not paper.paid
    ]
    assert len(unpaid) <= 0.03 * len(sums), "\n".join(unpaid)


@marking
def test_the_promises_hold(papers: list[Marked]) -> None:
    check(papers)


@marking
def test_a_right_answer_is_never_called_a_mistake(papers: list[Marked]) -> None:
    honest = [outcome for outcome in sure(papers) if outcome.expected["verdict"] in ("correct", "imprecise")]
    assert [outcome.told() for outcome in honest if outcome.named] == []


@marking
def test_wrong_and_blank_entries_are_listed(papers: list[Marked]) -> None:
    for outcome in sure(papers):
        for key in ("wrong_entries", "blank_entries"):
            if key in outcome.expected and outcome.right:
                assert outcome.given.get(key) == outcome.expected[key], outcome.told()


@marking
@pytest.mark.fuzz
def test_the_promises_hold_on_all_cases() -> None:
    check([marked(case) for case in cases()])
