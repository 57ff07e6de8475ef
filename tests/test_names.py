"""Names of quantities: escaped and taken apart, and laid out for a page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import as_yaml, call, solved
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import clean
from solver.kinds import find
from solver.page.letters import Letters
from solver.page.math import Fence, Letter, Number, Row, Scripts, Sign, Word
from solver.render.latex import latex
from solver.render.linear import linear
from solver.spec.names import escaped, split, unescaped

texts = st.text(max_size=12) | st.text("A1=/\\() .dL|", max_size=8)
nodes = st.builds(
    lambda column, sign, value: escaped(column) + sign + escaped(value),
    *(texts, st.sampled_from(["=", "<=", ">"]), texts),
)
quantities = st.builds(
    lambda quantity, inside: quantity.format(inside) if "{" in quantity else quantity,
    *(
        st.sampled_from(["H", "best", "tree", "conv1.shape", "w(1)", "gain({})", "H({}=x)"]),
        texts.map(escaped),
    ),
)


# ---------------------------------------------------------------- escaping and taking apart


@given(texts)
def test_what_is_escaped_comes_back(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert re.search(r"[)/\\]", re.sub(r"\\.", "", escaped(text), flags=re.DOTALL)) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("A1", "A1"), ("Car Type", "Car Type"), ("km/h", r"km\/h"), ("size (cm)", r"size (cm\)")),
        *(("a\\b", r"a\\b"), ("\\", r"\\"), ("\\/", r"\\\/"), ("色/泽", r"色\/泽"), ("a=b", "a=b"), ("", "")),
    ],
)
def test_escaped(text: str, name: str) -> None:
    assert escaped(text) == name
    assert unescaped(name) == text


@given(st.lists(nodes, max_size=4), quantities)
def test_a_path_is_taken_apart(path: list[str], name: str) -> None:
    assert split("/".join([*path, name])) == (tuple(path), name)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=3), texts)
def test_columns_and_values_come_back_from_a_name(path: list[tuple[str, str]], column: str) -> None:
    """Whatever brackets, slashes and backslashes they hold."""
    parts = [f"{escaped(each)}={escaped(value)}" for each, value in path]
    found, name = split("/".join([*parts, f"gain({escaped(column)})"]))
    assert [unescaped(part) for part in found] == [f"{each}={value}" for each, value in path]
    assert unescaped(name.removeprefix("gain(").removesuffix(")")) == column


@given(st.text("ab=(/\\", max_size=12))
def test_any_text_is_taken_apart_without_loss(text: str) -> None:
    path, name = split(text)
    assert "/".join([*path, name]) == text


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        *(("gain(A1)", []), ("A2=1/gain(A3)", ["A2=1"]), ("A<=75/B>1.5/H", ["A<=75", "B>1.5"])),
        *((r"km\/h=1/H", [r"km\/h=1"]), (r"gain(km\/h)", []), (r"a\\=1/H", [r"a\\=1"])),
        *(
            (r"a=\\\//H(b=\))", [r"a=\\\/"]),
            ("dA=1/dB=2/H", ["dA=1", "dB=2"]),
            ("d=x/dL", ["d=x"]),
            ("H", []),
        ),
    ],
)
def test_split(name: str, parts: list[str]) -> None:
    assert split(name)[0] == tuple(parts)


@pytest.mark.parametrize(
    "name", ["dL/dW", "dL/dW2", "dL/da1", "dL/dz2(1)", "dloss/dW_xh", "dL/db1(10)", "dL/dα", "dE/dw"]
)
def test_a_derivative_has_no_path(name: str) -> None:
    assert split(name) == ((), name)


# ---------------------------------------------------------------- on the page


def letters(kind: str) -> Letters:
    return Letters(find(kind).letters, {})


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("info-gain", "gain(A1)", "gain(A1)"),
        ("info-gain", "H(A1=0)", "H(A1=0)"),
        ("info-gain", "H(A<=77.5)", "H(A<=77.5)"),
        ("info-gain", "H(A=a|b c)", "H(A=a|b c)"),
        ("info-gain", "gini(A1=0)", "Gini(A1=0)"),
        ("info-gain", "gain_ratio(x_2)", "gain ratio(x_2)"),
        ("info-gain", "training_error", "training error"),
        ("info-gain", "A2=1/gain(A3)", "gain(A3) where A2=1"),
        ("info-gain", "A2=1/A<=7.5/H", "H where A2=1, A<=7.5"),
        ("info-gain", "A=petal.width/H", "H where A=petal.width"),
        ("info-gain", "petal.width<=0.8/best", "best where petal.width<=0.8"),
        ("info-gain", "gain(petal.width)", "gain(petal.width)"),
        ("info-gain", r"gain(km\/h)", "gain(km/h)"),
        ("info-gain", r"km\/h=w\/o/gain(size (cm\))", "gain(size (cm)) where km/h=w/o"),
        ("info-gain", r"H(a\\b=\))", r"H(a\b=))"),
        ("info-gain", r"gain(dL\/dW)", "gain(dL/dW)"),
        ("info-gain", "gain(w(1\\))", "gain(w(1))"),
        ("info-gain", "gain(天气)", "gain(天气)"),
        ("cnn-shapes", "conv1.params", "parameters of conv1"),
        ("cnn-shapes", "conv10.shape", "shape of conv10"),
        ("cnn-shapes", "my-block_2.receptive_field", "receptive field of my-block_2"),
        ("conv2d", "Y.height", "rows of Y"),
        ("conv2d", "maxpool2.width", "columns of maxpool2"),
        ("conv2d", "X_padded", "X′"),
        ("conv2d", "maxpool2", "maxpool₂"),
        ("mlp-forward", "W1.shape", "shape of W₁"),
        ("mlp-forward", "b12.shape", "shape of b₁₂"),
        ("mlp-forward", "dL/dW2", "∂L/∂W₂"),
        ("mlp-forward", "W1(0)", "W₁⁽⁰⁾"),
        ("logistic-gd", "w(1)", "w⁽¹⁾"),
        ("logistic-gd", "grad(10)", "∇L⁽¹⁰⁾"),
    ],
)
def test_a_name_on_the_page(kind: str, name: str, text: str) -> None:
    assert linear(letters(kind).layout(name)) == text


def test_layouts_of_names() -> None:
    assert letters("info-gain").layout("gain(A1)") == Row((Word("gain"), Fence("(", Word("A1"), ")")))
    assert letters("info-gain").layout("H(A1=0)") == Row((Letter("H"), Fence("(", Word("A1=0"), ")")))
    assert letters("info-gain").layout("A2=1/H") == Row((Letter("H"), Sign("where"), Word("A2=1")))
    assert letters("cnn-shapes").layout("conv1.shape") == Row((Word("shape"), Sign("of"), Word("conv1")))
    first = Scripts(Letter("W"), sub=Number("1"))
    assert letters("mlp-forward").layout("W1.shape") == Row((Word("shape"), Sign("of"), first))
    raised = Row((Sign("(", "mark"), Word("1"), Sign(")", "mark")))
    assert letters("logistic-gd").layout("w(1)") == Scripts(Letter("w"), sup=raised)


@pytest.mark.parametrize("column", ["1", "2", "10"])
def test_a_column_called_by_a_number_is_no_iterate(column: str) -> None:
    assert linear(letters("info-gain").layout(f"gain({column})")) == f"gain({column})"
    assert (
        linear(letters("info-gain").layout(f"x=0/split_info({column})")) == f"split info({column}) where x=0"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(
            ("A2=1/gain(A3)", "gain(A3)"),
            ("A2=1/H(A3=0)", "H(A3=0)"),
            ("gain(A1)", "gain(A1)"),
            ("A2=1/H", "H"),
        ),
        *(("A2=1/A3=0/H", "H where A3=0"), ("A2=0/H", "H where A2=0"), ("H(A2=1)", "H(A2=1)")),
    ],
)
def test_names_within_a_path(name: str, text: str) -> None:
    assert linear(letters("info-gain").within("A2=1/").layout(name)) == text


def test_within_no_path_again() -> None:
    inside = letters("info-gain").within("A2=1/")
    assert inside.within("A2=1/") is inside
    assert linear(inside.within("").layout("A2=1/gini(A3)")) == "Gini(A3) where A2=1"
    assert linear(inside.within("A2=1/A3=0/").layout("A2=1/A3=0/H")) == "H"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(
            ("H", "E"),
            ("H(A1=0)", "E(A1=0)"),
            ("gain(A2)", "IG(A2)"),
            ("gain(A1)", "g₁"),
            ("A=1/H", "E where A=1"),
        ),
        *(("A=1/gain(A1)", "g₁ where A=1"), ("gain_ratio(A1)", "gain ratio(A1)"), ("best", "best")),
    ],
)
def test_letters_of_the_reader(name: str, text: str) -> None:
    chosen = Letters(find("info-gain").letters, {"H": "E", "gain": "IG", "gain(A1)": "g_1"})
    assert linear(chosen.layout(name)) == text


@given(texts, texts, texts)
def test_columns_are_shown_as_they_are_called(column: str, value: str, other: str) -> None:
    found = letters("info-gain")
    inside = clean(f"{column}={value}")
    assert linear(found.layout(f"H({escaped(column)}={escaped(value)})")) == f"H({inside})"
    path = f"{escaped(column)}={escaped(value)}/"
    name = f"gain({escaped(other)})"
    if not other.isdecimal():
        assert linear(found.layout(path + name)) == f"gain({clean(other)}) where {inside}"
        assert linear(found.within(path).layout(path + name)) == f"gain({clean(other)})"
    assert linear(found.layout(path + name), ascii=True).isascii()
    assert not re.search(r"[\x00-\x1f]", latex(found.layout(path + name)))


# ---------------------------------------------------------------- from a file to the answer

TABLE = [
    {"km/h": "w/o", "size (cm)": "a)", "a\\b": "0", "y": "1"},
    {"km/h": "w/o", "size (cm)": "b", "a\\b": "1", "y": "0"},
    {"km/h": "with", "size (cm)": "a)", "a\\b": "0", "y": "0"},
    {"km/h": "with", "size (cm)": "b", "a\\b": "0", "y": "0"},
]
ODD = {"kind": "info-gain", "given": {"rows": TABLE, "target": "y", "task": "tree"}}
DEEP = r"km\/h=w\/o/H(size (cm\)=a\))"


def test_odd_columns_have_their_quantities() -> None:
    solution = solved(ODD)
    found = solution.derivation.quantities
    assert solution.ask == ("H", r"gain(km\/h)", r"gain(size (cm\))", r"gain(a\\b)", "best", "tree")
    assert found[DEEP].plain() == 0
    assert found["tree"].plain() == {"km/h": {"w/o": {"size (cm)": {"a)": "1", "b": "0"}}, "with": "0"}}


def test_odd_columns_on_the_command_line(tmp_path: Path) -> None:
    """Their names are those of JSON, and may be asked for."""
    path = tmp_path / "odd.yaml"
    path.write_text(as_yaml({**ODD, "ask": ["best", DEEP]}), "utf-8")
    page = call(path)
    assert (page.returncode, page.stderr) == (0, "")
    assert "H(size (cm)=a)) where km/h=w/o = 0" in page.stdout
    (problem,) = json.loads(call(path, "--format", "json", "--only", DEEP).stdout)["problems"]
    assert problem["answers"] == {DEEP: 0}
    assert call(path, "--only", r"gain(a\\b)").stdout.count(r"gain(a\b)") > 1
