"""Whatever stands in a file, the program solves it or says what is wrong, soon and in words."""

from __future__ import annotations

import io
import random
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import accidents
import pytest
from accidents import A_NUMBER, flipped, joined
from conftest import PROBLEMS

from solver import kinds
from solver.cli.files import problem_files
from solver.cli.solve import Options, _sheet
from solver.errors import SolverError, draw
from solver.page.from_derivation import page
from solver.render.json import document, failure, solution
from solver.render.terminal import write
from solver.spec.problem import Problem, read_problems
from solver.spec.yaml import decode

pytestmark = pytest.mark.filterwarnings("error")  # they would stand between the lines of a page

MALFORMED = Path(__file__).parent / "malformed"
SEEDS = [Path(name).read_bytes() for name in problem_files([str(PROBLEMS)])]
SEEDS += [path.read_bytes() for path in sorted(MALFORMED.glob("*.yaml"))]
LONGEST = 5.0
"""Seconds that one file may take."""

NUMBERS = (
    *("1e308", "-1e308", "1e-308", "1e309", "9**9**9", "2^-9999", "-0", "0", "-1", "1/0", "0/0", "1/3"),
    *("9" * 5000, "0." + "3" * 5000, "1e999999999", "sqrt(-1)", "exp(800)", "exp(exp(9))", "ln(0)", "nan"),
    *(".inf", "50%", "1,5", "1_000", "0x1F", "010", "1e3", "+-+-1", "exp(-1e9)", "1e308*1e308", "-800"),
    *("1e15", "123456789012345678901234567890", "0.1", "log10(1e-300)", "2^0.5", "(-8)^(1/3)", "1e-320"),
)
TOKENS = (
    *("[", "]", "{", "}", ":", "- ", ",", "#", "&a", "*a", "!!python/name:os.system", "|", ">", "'", '"'),
    *("---", "...", "null", "~", "true", "yes", "?", "%YAML 1.1", "<<: *a", "\t", "\ufeff", "\0", "\x1b[2J"),
    *("softmax", "logistic-gd", "mlp-forward", "softmax-ce", "z if z > 0 else 1/z", "__import__('os')"),
    *("exp(z)", "ln(z)", "z^z^z", "1/z", "each_step: true", "{decimals: 15}", "x W + b", "\\frac{1}{2}"),
    *("[" * 200, "{a: " * 70, "((((" * 100, "- " * 100, "σ", "𝕏", "\u202e", "é", "٣", "−1", "1 2 3; 4 5"),
    *("\\begin{bmatrix} 1 & 2 \\\\ 3 \\end{bmatrix}", "''", "'" * 9, "lambda: 0", "z.real", "1[z > 0]"),
)
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
TOKEN = re.compile(r"[A-Za-z_]+|-?\d[\d.]*(?:e-?\d+)?|\s+|.", re.DOTALL)


def mutated(chance: random.Random) -> bytes:
    """A problem file after one to four accidents."""
    data = chance.choice(SEEDS)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(ACCIDENTS)(chance, data)
    return data[:20_000]


def renumbered(chance: random.Random, data: bytes) -> bytes:
    text = data.decode(errors="surrogateescape")
    places = [found.span() for found in A_NUMBER.finditer(text)]
    if not places:
        return data
    start, end = chance.choice(places)
    return joined(text[:start], chance.choice(NUMBERS), text[end:])


retokened = partial(accidents.retokened, token=TOKEN, others=TOKENS)
relined = partial(accidents.relined, others=SEEDS)
ACCIDENTS = (flipped, renumbered, renumbered, retokened, retokened, relined)


def survived(data: bytes) -> Iterator[str]:
    """What the program makes of a file, as text; raises what the program should not."""
    try:
        source = decode(data, "mutated.yaml")
    except SolverError as error:
        yield draw(error)
        return
    options = Options("terminal", None, "normal", None, (), False)
    for problem in read_problems(source, kinds.fields_of, kinds.names):
        if not isinstance(problem, Problem):
            assert problem.errors
            yield "\n".join(map(draw, problem.errors))
            yield document([failure(problem.id, problem.kind, problem.errors)])
            continue
        try:
            solved = kinds.solve(problem)
            sheet = _sheet(solved, options)
            stream = io.StringIO()
            write(page(solved.derivation, sheet), stream, 80)
            if solved.error is None:
                yield document([solution(problem.id, problem.kind, solved.derivation, sheet)])
        except SolverError as error:
            yield draw(error)
        else:
            yield stream.getvalue()


def tried(data: bytes, what: str) -> None:
    """Fails where something else than a `SolverError` comes out, or a control character, or nothing soon."""
    started = time.process_time()
    try:
        for text in survived(data):
            assert not STEERING.search(text), "a control character"
            assert "mistake of the program" not in text, text
        took = time.process_time() - started
        assert took < LONGEST, f"{took:.1f} s"
    except Exception as error:
        error.add_note(f"{what}:\n{data!r}")
        raise


def fuzz(seed: int, count: int) -> None:
    chance = random.Random(seed)
    for number in range(count):
        tried(mutated(chance), f"mutation {number} of seed {seed}")


@pytest.mark.parametrize("seed", range(4))
def test_two_thousand_accidents(seed: int) -> None:
    fuzz(seed, 500)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(100, 140))
def test_a_hundred_thousand_accidents(seed: int) -> None:
    fuzz(seed, 2500)


FRAMES = (
    "kind: softmax-ce\ngiven: {{logits: [1, {0}], target: 0}}\n",
    "kind: softmax-ce\ngiven: {{logits: [1, 2], temperature: {0}}}\n",
    "kind: softmax-ce\ngiven: {{x: [{0}, 1], W: [[1, {0}], [0, 1]], b: [{0}, 0], target: 1}}\n",
    "kind: softmax-ce\ngiven: {{logits: [1, {0}], target: 0, symbolic: true, log: 2}}\n",
    "kind: softmax-ce\ngiven: {{probabilities: [1/2, {0}], target: [{0}, 1/2]}}\n",
    "kind: logistic-gd\ngiven: {{X: [[{0}]], y: [1], w: [{0}], learning_rate: 1, iterations: 2}}\n",
    "kind: logistic-gd\ngiven: {{X: [[1]], y: [1], w: [0], learning_rate: {0}, l2: {0}, iterations: 3}}\n",
    "kind: logistic-gd\ngiven: {{X: [[1], [1]], y: [0, 0], w: [{0}], b: 0, iterations: 0, predict: [[1/2]]}}\n",
    "kind: logistic-gd\ngiven: {{X: [[1]], y: [{0}], w: [0], iterations: {0}, batch: {0}}}\n",
    "kind: mlp-forward\ngiven: {{x: [{0}], layers: [{{W: [[{0}]], b: [{0}], activation: gelu}}]}}\n",
    "kind: mlp-forward\ngiven: {{x: [{0}], layers: [{{W: [[1]], activation: 'exp(exp(z))'}}]}}\n",
    "kind: mlp-forward\ngiven: {{x: [{0}], layers: [{{W: [[1]], activation: 'leaky-relu({0})'}}]}}\n",
    "kind: mlp-forward\ngiven: {{x: [1], layers: [{{W: [[{0}], [1]], activation: softmax}}], target: 0,\n"
    "  loss: cross-entropy}}\n",
    "kind: logistic-gd\ngiven: {{X: [[1], [2], [{0}]], y: [1, 0, 0], w: [1], b: 0, learning_rate: 1, l2: {0},\n"
    "  iterations: 3, batch: 2}}\n",
    "kind: softmax-ce\ngiven: {{logits: [1, 2]}}\nrounding: {{decimals: {0}, each_step: true}}\npoints: {0}\n",
)


@pytest.mark.parametrize("frame", FRAMES, ids=range(len(FRAMES)))
def test_a_hostile_number_in_every_place(frame: str) -> None:
    for number in NUMBERS:
        tried(frame.format(number).encode(), f"the number {number[:60]}")


HEAVY = (
    "kind: logistic-gd\n"
    "given: {X: [[1, 710], [5, -745], [4, 710]], y: [-1, 1, -1], w: [-40, -745], b: 1, l2: 0.1, batch: 2,\n"
    "  learning_rate: 1000, iterations: 1, loss: sum, predict: [[-40, 1]]}\n",
    "kind: mlp-forward\ngiven:\n  x: [1/3]\n  layers:\n" + "    - {W: [[1/7]], activation: z^9}\n" * 12,
    "kind: mlp-forward\ngiven:\n  x: [7/3]\n  layers:\n" + "    - {W: [[1/7]], activation: exp(-z*z)}\n" * 60,
    "kind: logistic-gd\n"
    "given: {X: [[1, 2], [5, -1]], y: [0, 1], w: [0, 0], b: 0, learning_rate: 0.1, iterations: 150}\n",
    f"kind: softmax-ce\ngiven: {{logits: {list(range(300))}, target: 0, symbolic: true}}\n",
    f"kind: softmax-ce\ngiven: {{logits: {[[place % 7 for place in range(60)]] * 60}, temperature: 1/3}}\n",
    "kind: softmax-ce\ngiven: {logits: [1, 2], target: 0}\n---\n" * 50,
)


@pytest.mark.parametrize("text", HEAVY, ids=range(len(HEAVY)))
def test_what_is_large_or_tiny_is_soon_done(text: str) -> None:
    tried(text.encode(), "a heavy problem")
