"""A kind that someone else wrote, installed beside ours, is one of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import as_yaml, environment, run

from solver import kinds

COIN = '''\
"""A coin thrown several times.

What it solves
    The probability of heads every time.

Method
    P = p^n

Source
    Set for this test.
"""

from typing import Annotated

from solver.derivation import Board
from solver.expr.nodes import Sym
from solver.kinds import Kind
from solver.spec.fields import Fields, Number, field, whole


class Given(Fields):
    """The data of a coin."""

    p: Number = field("the probability of heads")
    throws: Annotated[int, whole(1, 100)] = field("how often it is thrown")


def solve(given: Given, board: Board) -> None:
    p = board.given("p", given.p)
    board.let("always", p**given.throws, "Heads every time: the throws are independent.")
    board.check("the chance is no larger than p", lambda: float(board.floats("always") > board.floats("p")))


kind = Kind(
    name="coin",
    given=Given,
    solve=solve,
    ask=lambda given: ["always"],
    title="A coin thrown several times",
    quantities={"always": "the probability of heads every time; asked"},
    example="kind: coin\\ngiven:\\n  p: 1/2\\n  throws: 3\\n",
    docs=__doc__,
)
'''
THROWN = {"kind": "coin", "given": {"p": "1/3", "throws": 4}}
SOFTMAX = {"kind": "softmax-ce", "given": {"logits": [1, 2]}}
OURS = kinds.names()


def install(site: Path, package: str, code: str, kinds: Mapping[str, str]) -> dict[str, str | None]:
    """Puts a distribution of one module into a folder; the environment in which it is installed."""
    site.mkdir(exist_ok=True)
    (site / f"{package}.py").write_text(code, encoding="utf-8")
    about = site / f"{package}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    entries = "".join(f"{name} = {target}\n" for name, target in kinds.items())
    (about / "entry_points.txt").write_text(f"[solver.kinds]\n{entries}")
    return {"PYTHONPATH": str(site)}


@pytest.fixture
def coin(tmp_path: Path) -> dict[str, str | None]:
    return install(tmp_path / "site", "coins", COIN, {"coin": "coins:kind"})


def listed(env: Mapping[str, str | None]) -> list[str]:
    """The kinds that the program lists."""
    return [line.split()[0] for line in run("kinds", env=env).stdout.splitlines()]


def test_it_is_solved(coin: dict[str, str | None]) -> None:
    done = run("-", "--format", "json", stdin=as_yaml(THROWN), env=coin)
    assert (done.returncode, done.stderr) == (0, "")
    (found,) = json.loads(done.stdout)["problems"]
    assert found["exact"]["always"] == "1/81"
    assert found["ask"] == ["always"]
    page = run("-", stdin=as_yaml(THROWN), env=coin)
    assert "A coin thrown several times" in page.stdout
    assert "1/81" in page.stdout or "──" in page.stdout
    assert "1 check" in page.stdout


def test_it_is_told_about(coin: dict[str, str | None]) -> None:
    assert listed(coin) == sorted(["coin", *OURS])
    told = run("kinds", "coin", env=coin).stdout
    assert "Set for this test." in told
    assert "how often it is thrown" in told
    made = run("new", "coin", env=coin).stdout
    assert run("-", stdin=made, env=coin).returncode == 0
    schema = json.loads(run("schema", env=coin).stdout)
    assert schema["$defs"]["problem"]["properties"]["kind"]["enum"] == sorted(["coin", *OURS])
    assert schema["$defs"]["coin"]["properties"]["throws"]["maximum"] == 100


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            {"kind": "coin", "given": {"p": "1/3", "throws": 0}},
            "`given.throws`: `0` is not between 1 and 100",
        ),
        ({"kind": "coin", "given": {"p": "1/3", "throw": 4}}, "did you mean `throws`?"),
        ({"kind": "coni", "given": {}}, "did you mean `coin`?"),
    ],
)
def test_its_faults_have_places(coin: dict[str, str | None], problem: dict[str, Any], told: str) -> None:
    done = run("-", stdin=as_yaml(problem), env=coin)
    assert done.returncode == 2
    assert done.stderr.startswith("<stdin>:")
    assert told in done.stderr


def test_without_it_its_name_is_unknown() -> None:
    done = run("-", stdin=as_yaml(THROWN))
    assert done.returncode == 2
    assert "there is no kind `coin`" in done.stderr


def test_two_of_one_name(tmp_path: Path) -> None:
    """An error that names both; problems of other kinds are solved all the same."""
    site = tmp_path / "site"
    install(site, "coins", COIN, {"coin": "coins:kind"})
    env = install(site, "tokens", COIN, {"coin": "tokens:kind"})
    done = run("-", stdin=f"{as_yaml(THROWN)}---\n{as_yaml(SOFTMAX)}", env=env)
    assert done.returncode == 2
    assert "coins:kind" in done.stderr
    assert "tokens:kind" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Answer" in done.stdout
    kinds = run("kinds", env=env)
    assert kinds.returncode == 2
    assert "coins:kind" in kinds.stderr


def test_none_takes_the_place_of_ours(tmp_path: Path) -> None:
    impostor = COIN.replace('name="coin"', 'name="softmax-ce"')
    env = install(tmp_path / "site", "impostor", impostor, {"softmax-ce": "impostor:kind"})
    done = run("-", stdin=as_yaml(SOFTMAX), env=env)
    assert done.returncode == 0
    assert "impostor:kind" in run("kinds", env=env).stderr


@pytest.mark.parametrize(
    ("code", "target", "told"),
    [
        ("import no_such_library\n", "broken:kind", "no_such_library"),
        ("raise RuntimeError('not today')\n", "broken:kind", "not today"),
        ("def nothing(:\n", "broken:kind", "syntax"),
        ("kind = 1\n", "broken:other", "other"),
        ("kind = 1\n", "broken:kind", "register an object of `Kind`"),
        ("import sys\nsys.exit(3)\n", "broken:kind", "broken"),
    ],
)
def test_a_broken_one_breaks_no_other(tmp_path: Path, code: str, target: str, told: str) -> None:
    site = tmp_path / "site"
    install(site, "coins", COIN, {"coin": "coins:kind"})
    env = install(site, "broken", code, {"broken": target})
    two = f"{as_yaml(SOFTMAX)}---\n{as_yaml({'kind': 'broken', 'given': {}})}---\n{as_yaml(THROWN)}"
    done = run("-", stdin=two, env=env)
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
    assert done.stdout.count("Answer") == 2
    assert "broken" in done.stderr
    assert told in done.stderr.lower() or told in done.stderr


def test_a_broken_one_is_left_out_of_lists(tmp_path: Path) -> None:
    env = install(tmp_path / "site", "broken", "import no_such_library\n", {"broken": "broken:kind"})
    assert [kind for kind in listed(env) if kind != "broken"] == OURS
    assert set(OURS) <= set(json.loads(run("schema", env=env).stdout)["$defs"])


def test_one_that_fails_while_it_solves(tmp_path: Path) -> None:
    code = COIN.replace("    p = board.given", "    raise KeyError('oops')\n    p = board.given")
    env = install(tmp_path / "site", "coins", code, {"coin": "coins:kind"})
    done = run("-", stdin=f"{as_yaml(THROWN)}---\n{as_yaml(SOFTMAX)}", env=env)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "oops" in done.stderr
    assert "Answer" in done.stdout


def test_one_that_checks_itself(coin: dict[str, str | None], tmp_path: Path) -> None:
    """Its author proves it fit with one call."""
    test = tmp_path / "test_coin.py"
    test.write_text("from coins import kind\nfrom solver.testing import check_kind\n\ncheck_kind(kind)\n")
    done = subprocess.run([sys.executable, test], capture_output=True, text=True, env=environment(coin))
    assert (done.returncode, done.stderr) == (0, "")
