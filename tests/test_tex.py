"""LaTeX in the statements of problems, read for the terminal."""

from __future__ import annotations

import re
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.page.blocks import Statement
from solver.render.terminal import terminal
from solver.render.tex import readable

PROBLEMS = Path(__file__).parent.parent / "problems"

IN_PROBLEMS = {
    r"L(w) = -\sum_i \left[ y_i \ln \hat y_i + (1 - y_i) \ln (1 - \hat y_i) \right]": (
        "L(w) = −∑ᵢ [yᵢ ln ŷᵢ + (1 − yᵢ) ln(1 − ŷᵢ)]"
    ),
    r"\frac1n \sum_i \ln(1 + e^{-y_i w^\top x_i})": "(1/n) ∑ᵢ ln(1 + e^(−yᵢ wᵀ xᵢ))",
    r"\frac{\lambda}{2}\lVert w\rVert^2": "(λ/2) ‖w‖²",
    r"\frac12\lVert y - t\rVert^2": "(1/2) ‖y − t‖²",
    r"w^{(0)} = (-2, -2)^\top": "w⁽⁰⁾ = (−2, −2)ᵀ",
    r"w = (1, 2)^\top": "w = (1, 2)ᵀ",
    r"(1, -2)^\top": "(1, −2)ᵀ",
    r"w^{(3)}": "w⁽³⁾",
    r"\alpha = 0{,}1": "α = 0,1",
    r"\hat\beta_0 = -6": "β̂₀ = −6",
    r"\hat\beta_1 = 0.05": "β̂₁ = 0.05",
    r"\hat\beta_2 = 1": "β̂₂ = 1",
    r"\hat y = \sigma(X w)": "ŷ = σ(X w)",
    r"\hat y = (0.8429, 0.1571)": "ŷ = (0.8429, 0.1571)",
    r"y_i \in \{-1, +1\}": "yᵢ ∈ {−1, +1}",
    r"f = \sigma(w_0 x_0 + w_1 x_1 + w_2)": "f = σ(w₀ x₀ + w₁ x₁ + w₂)",
    r"f_i(x) = e^{x_i} / \sum_j e^{x_j}": "fᵢ(x) = e^(xᵢ) / ∑ⱼ e^(xⱼ)",
    r"g(x) = -\sum_i H_i \ln f_i(x)": "g(x) = −∑ᵢ Hᵢ ln fᵢ(x)",
    r"\partial f_i / \partial x_j": "∂fᵢ / ∂xⱼ",
    r"\partial g / \partial x_j": "∂g / ∂xⱼ",
    r"z\,\Phi(z)": "z Φ(z)",
    r"\ln(1 + e^z)": "ln(1 + eᶻ)",
    r"\log_{10}": "log₁₀",
    r"e^{789}": "e⁷⁸⁹",
    r"z = W x + b": "z = W x + b",
    r"x = (3, 2, 1, 3, 0, 4.19)": "x = (3, 2, 1, 3, 0, 4.19)",
    r"-10.6513": "−10.6513",
    r"\eta = 0.1": "η = 0.1",
    r"\alpha = 0.1": "α = 0.1",
    r"\lambda = 0.1": "λ = 0.1",
}
"""What the statements of the problems have in them, but for plain numbers, letters and vectors."""

CASES = {
    # Fractions and roots
    r"\frac{a+b}{c d} - \frac{1}{2n}\|w\|^2": "(a + b)/(c d) − (1/(2n)) ‖w‖²",
    r"\frac{1}{1+e^{-z}}": "1/(1 + e⁻ᶻ)",
    r"\frac{\ln x}{2} + \ln\frac{p}{1-p}": "(ln x)/2 + ln(p/(1 − p))",
    r"\frac{\tanh(x)}{2}, a/\frac{b}{c}": "tanh(x)/2, a/(b/c)",
    r"\frac{\partial L}{\partial w_i} = \frac{dL}{dw}": "∂L/∂wᵢ = dL/dw",
    r"\frac{\partial}{\partial x} f": "(∂/∂x) f",
    r"\frac{1}{xy}, \frac{\frac ab}{c}": "1/(xy), (a/b)/c",
    r"\frac{e^{z_i}}{\sum_{j=1}^K e^{z_j}}": "e^(zᵢ)/(∑ⱼ₌₁ᴷ e^(zⱼ))",
    r"\sqrt{x} + \sqrt{x + 1} + \sqrt{xy} + \sqrt[3]{x}": "√x + √(x + 1) + √(xy) + x^(1/3)",
    # Scripts and accents
    r"x_{i,j}^{(t+1)} \leftarrow w_{ij} W_{hy}": "x_(i,j)⁽ᵗ⁺¹⁾ ← wᵢⱼ W_hy",
    r"x^2y^2 - 3x": "x² y² − 3x",
    r"e^{x^2} A^{-1} A^{-\top} \theta^* f'(x)": "e^(x²) A⁻¹ A⁻ᵀ θ* f′(x)",
    r"\bar{x}, \tilde y_{i}^2, \hat{\mathbf{y}}, 30^\circ": "x̄, ỹᵢ², ŷ, 30°",
    r"{xy}^2 (a+b)^2": "(xy)²(a + b)²",
    r"L_{\text{train}} + x_{\max}": "Lₜᵣₐᵢₙ + xₘₐₓ",
    # Letters, words and spaces
    r"x \in \mathbb{R}^{n \times d}, \mathbb E[X]": "x ∈ ℝⁿˣᵈ, 𝔼[X]",
    r"\mathbf{w}^\top \mathbf{x} + \mathrm{bias}": "wᵀ x + bias",
    r"\operatorname*{argmin}_w \operatorname{softmax}(z)_i": "argmin_w softmax(z)ᵢ",
    r"-\ln p\text{ where }p > 0, n\text{-th}": "−ln p where p > 0, n-th",
    r"y\ln p+(1-y)\ln\!\left(1-p\right)": "y ln p + (1 − y) ln(1 − p)",
    r"\lim_{x \to 0} \max(x, 0), \quad f: X \to Y": "lim_(x→0) max(x, 0), f: X → Y",
    r"\foo x + \foo{y} + o": "foo x + foo y + o",
    r"50\% of \$5, \{x \mid x\ge 0\}": "50% of $5, {x ∣ x ≥ 0}",
    r"1,2,\dots,n; 10\,000 \approx .5": "1, 2, …, n; 10 000 ≈ .5",
    # Signs
    r"-x - (-1) \cdot -y = \pm 1": "−x − (−1) · −y = ±1",
    r"\nabla L, \nabla_w L, \Delta w, a \odot b, \infty": "∇L, ∇_w L, Δw, a ⊙ b, ∞",
    r"w := w - \eta\,\nabla L \implies x \leq y": "w := w − η ∇L ⇒ x ≤ y",
    r"\int_0^1 f(x)\,dx": "∫₀¹ f(x) dx",
    r"α·x² − ∑ᵢ xᵢ": "α · x² − ∑ᵢ xᵢ",
    # Brackets
    r"|x| + |y|x - ||x|| + |x||y|": "|x| + |y| x − ‖x‖ + |x||y|",
    r"P(y|x) + P(y | x) + 2|x|, [0, 1), (x": "P(y|x) + P(y | x) + 2|x|, [0, 1), (x",
    r"\left.\frac{df}{dx}\right|_{x=0}": "df/dx|ₓ₌₀",
    r"\langle w, x \rangle + \lfloor x \rfloor": "<w, x> + ⌊x⌋",
    # Environments
    r"\begin{bmatrix}1 & -2 \\ 3 & 4\end{bmatrix}\begin{pmatrix} x_1 \\ x_2 \\ \end{pmatrix}": (
        "[1, −2; 3, 4] [x₁; x₂]"
    ),
    r"\begin{vmatrix}a & b \\ c & d\end{vmatrix}": "|a, b; c, d|",
    r"f(x) = \begin{cases} x & \text{if } x > 0 \\ -1 & \text{otherwise} \end{cases}": (
        "f(x) = {x if x > 0; −1 otherwise}"
    ),
    r"\begin{aligned} z &= W x \\ a &= \sigma(z) \end{aligned}": "z = W x; a = σ(z)",
    "a = b \\\\\n c = d": "a = b; c = d",
}

ODD = [
    *(r"\frac{1}{2", "}a{", "x^", "x_", r"\hat", r"\sqrt", "{", "a_b_c", r"\begin{bmatrix}1", r"\end{cases}"),
    *(r"\begin{cases} 1 \end{bmatrix}", "{" * 100 + "x" + "}" * 100, "x" + "+x" * 3000, "(" * 40),
]


@pytest.mark.parametrize(("tex", "text"), (IN_PROBLEMS | CASES).items())
def test_unicode(tex: str, text: str) -> None:
    assert readable(tex) == unicodedata.normalize("NFC", text)
    assert readable(tex, ascii=True).isascii()


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"y_i \ln \hat y_i - \alpha x", "y_i ln y_hat_i - alpha x"),
        (r"\frac1n \sum_{i=1}^{n+1} x_i", "(1/n) sum_(i=1)^(n+1) x_i"),
        (r"w^{(0)} \in \mathbb{R}^3, \sqrt{x} \le e^{-z}", "w^(0) in R^3, sqrt(x) <= e^(-z)"),
        (r"\frac{\lambda}{2}\lVert w\rVert^2", "(lambda/2) ||w||^2"),
    ],
)
def test_ascii(tex: str, text: str) -> None:
    assert readable(tex, ascii=True) == text


@pytest.mark.parametrize("tex", ODD)
def test_odd_stays(tex: str) -> None:
    assert readable(tex) == tex


@pytest.mark.parametrize("path", sorted(PROBLEMS.glob("**/*.yaml")), ids=lambda path: path.stem)
def test_problems(path: Path) -> None:
    for tex in re.findall(r"\$([^$]+)\$", path.read_text(encoding="utf-8")):
        assert tex in IN_PROBLEMS or not re.search(r"[\\^]", tex), f"not checked by eye: {tex}"
        assert not re.search(r"[\\{}-]", readable(tex).replace("{−1, +1}", "")), tex


def test_statement() -> None:
    statement = Statement(
        "Take $w^{(0)} = (-2, -2)^\\top$ and\n$$\\frac1n\n\\sum_i x_i$$\nfor \\$5 - or $\\$6$."
    )
    lines = ["".join(text for _, text in line) for line in terminal((statement,), 80)]
    assert lines == ["Take w⁽⁰⁾ = (−2, −2)ᵀ and (1/n) ∑ᵢ xᵢ for $5 - or $6."]
    lines = ["".join(text for _, text in line) for line in terminal((statement,), 80, ascii=True)]
    assert lines == ["Take w^(0) = (-2, -2)^T and (1/n) sum_i x_i for $5 - or $6."]


MARKS = r"""
\frac \sqrt \sqrt[3] \hat \bar \text{a} \mathbb \mathrm{ab} \left( \right) \left. \right| \sum \ln
\begin{bmatrix} \end{bmatrix} \begin{cases} \end{cases} \begin \end & \\ \{ \} \| | || ( ) [ ]
{ } ^ _ ' '' ^\circ \circ + - = , : / 1 0.5 {,} x xy α ∑ \alpha \nabla \, \quad \foo \
"""
PIECES = [*MARKS.split(), " ", "\n", "\x1b", "\u202e", "\x00", "\ud800", "\u0302"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join), st.booleans())
def test_anything(tex: str, ascii: bool) -> None:
    text = readable(tex, ascii)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)
    assert text.isascii() or not ascii


@pytest.mark.parametrize("piece", [*PIECES, "{(", r"\hat{", "x_{", "x^x", "|(", r"\frac1", "a_1^", "x''^2' "])
def test_much(piece: str) -> None:
    start = time.perf_counter()
    for much in (piece * (4000 // len(piece)), "x" + piece * 20, piece * 20 + "x" + "}" * 20):
        readable(much)
        readable(much, ascii=True)
    assert time.perf_counter() - start < 2
